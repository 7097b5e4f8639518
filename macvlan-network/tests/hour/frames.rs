//! ARP and neighbour discovery requests for an address, byte for byte, and the replies.
//!
//! Each round of requests has a source address of its own, to which the replies are sent, so that
//! each reply can be assigned to its request.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

const ARP: [u8; 2] = [0x08, 0x06];
const IPV6: [u8; 2] = [0x86, 0xdd];
const ICMPV6: u8 = 58;
const SOLICITATION: u8 = 135;
const ADVERTISEMENT: u8 = 136;

pub(crate) type Mac = [u8; 6];

fn mac_of(round: u16) -> Mac {
    let [high, low] = round.to_be_bytes();
    [0x02, 0x77, 0, 0, high, low]
}

fn ip_of(round: u16) -> Ipv6Addr {
    Ipv6Addr::new(0xfe80, 0, 0, 0, 0, 0, 0x77, round)
}

/// Returns a request for an address.
pub(crate) fn question(address: IpAddr, round: u16) -> Vec<u8> {
    match address {
        IpAddr::V4(address) => arp(address, mac_of(round)),
        IpAddr::V6(address) => solicitation(address, mac_of(round), ip_of(round)),
    }
}

/// Returns an ARP probe (RFC 5227), which leaves no neighbour entry behind.
fn arp(address: Ipv4Addr, from: Mac) -> Vec<u8> {
    let mut frame = [[0xff; 6], from].concat();
    frame.extend(ARP);
    frame.extend([0, 1, 8, 0, 6, 4, 0, 1]);
    frame.extend(from);
    frame.extend([0; 4 + 6]);
    frame.extend(address.octets());
    frame
}

fn solicitation(address: Ipv6Addr, from: Mac, source: Ipv6Addr) -> Vec<u8> {
    let [.., a, b, c] = address.octets();
    let group = Ipv6Addr::from_bits(0xff02_0000_0000_0000_0000_0001_ff00_0000);
    let mut group = group.octets();
    group[13..].copy_from_slice(&[a, b, c]);
    let mut message = vec![SOLICITATION, 0, 0, 0, 0, 0, 0, 0];
    message.extend(address.octets());
    message.extend([1, 1]);
    message.extend(from);
    let mut sum: u32 = u32::from(ICMPV6) + 32;
    for half in [&source.octets()[..], &group, &message].concat().chunks_exact(2) {
        sum += u32::from(u16::from_be_bytes([half[0], half[1]]));
    }
    while sum > 0xffff {
        sum = (sum & 0xffff) + (sum >> 16);
    }
    let [_, _, high, low] = (!sum).to_be_bytes();
    message[2..4].copy_from_slice(&[high, low]);
    let mut frame = vec![0x33, 0x33, 0xff, a, b, c];
    frame.extend(from);
    frame.extend(IPV6);
    frame.extend([0x60, 0, 0, 0, 0, 32, ICMPV6, 255]);
    frame.extend(source.octets());
    frame.extend(group);
    frame.extend(message);
    frame
}

/// A reply: the address, and the round that it belongs to.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Answer {
    pub(crate) round: u16,
    pub(crate) address: IpAddr,
    pub(crate) mac: Mac,
}

/// Parses a reply; `None` for other frames.
pub(crate) fn answer(frame: &[u8]) -> Option<Answer> {
    let part = |at: usize, length: usize| frame.get(at..at + length);
    let (to, mac) = (part(0, 6)?, part(6, 6)?.try_into().ok()?);
    let round = u16::from_be_bytes([to[4], to[5]]);
    if to != mac_of(round) {
        return None;
    }
    let kind = part(12, 2)?;
    let address = if kind == ARP && part(20, 2)? == [0, 2] {
        IpAddr::from(<[u8; 4]>::try_from(part(28, 4)?).ok()?)
    } else if kind == IPV6 && part(20, 1)? == [ICMPV6] && part(54, 1)? == [ADVERTISEMENT] {
        IpAddr::from(<[u8; 16]>::try_from(part(62, 16)?).ok()?)
    } else {
        return None;
    };
    Some(Answer { round, address, mac })
}
