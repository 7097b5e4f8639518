//! Neighbour discovery for IPv6 (RFC 4861, RFC 4862): solicitations and advertisements.

use std::net::Ipv6Addr;

use crate::packet::ethernet::{ETHERNET, behind_ethernet, ethernet};
use crate::value::mac::MacAddr;

pub(crate) const ETHERTYPE_IPV6: u16 = 0x86dd;

const IPV6_HEADER: usize = 40;
const ICMPV6: u8 = 58;
/// A message with this hop limit was not routed, so the sender is on the link.
const HOP_LIMIT: u8 = 255;
const SOLICITATION: u8 = 135;
const ADVERTISEMENT: u8 = 136;
const OVERRIDE: u8 = 0x20;
const SOURCE_LINK_LAYER: u8 = 1;
const TARGET_LINK_LAYER: u8 = 2;

/// A neighbour solicitation or advertisement.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Ndp {
    kind: u8,
    flags: u8,
    pub(crate) sender: Ipv6Addr,
    receiver: Ipv6Addr,
    pub(crate) target: Ipv6Addr,
    /// The sender's MAC address, if the message has this option.
    link_layer: Option<[u8; 6]>,
}

/// Returns the MAC address of the all-nodes multicast group.
pub(crate) fn everybody() -> [u8; 6] {
    [0x33, 0x33, 0, 0, 0, 1]
}

fn all_nodes() -> Ipv6Addr {
    Ipv6Addr::new(0xff02, 0, 0, 0, 0, 0, 0, 1)
}

/// Returns the solicited-node multicast group of an address.
fn solicited_group(ip: Ipv6Addr) -> Ipv6Addr {
    let [.., a, b, c] = ip.octets();
    Ipv6Addr::new(0xff02, 0, 0, 0, 0, 1, 0xff00 | u16::from(a), u16::from_be_bytes([b, c]))
}

/// Returns the MAC address of the solicited-node multicast group of an address.
pub(crate) fn solicited_node(ip: Ipv6Addr) -> [u8; 6] {
    let [.., a, b, c] = ip.octets();
    [0x33, 0x33, 0xff, a, b, c]
}

impl Ndp {
    /// Makes a probe, a solicitation without a sender address (RFC 4862).
    pub(crate) fn probe(ip: Ipv6Addr) -> Self {
        Self {
            kind: SOLICITATION,
            flags: 0,
            sender: Ipv6Addr::UNSPECIFIED,
            receiver: solicited_group(ip),
            target: ip,
            link_layer: None,
        }
    }

    /// Makes a solicitation with a sender address.
    pub(crate) fn solicitation(target: Ipv6Addr, sender: Ipv6Addr, asker: MacAddr) -> Self {
        Self { sender, link_layer: Some(asker.octets()), ..Self::probe(target) }
    }

    /// Makes an unsolicited advertisement with the override flag.
    pub(crate) fn announcement(ip: Ipv6Addr, owner: MacAddr) -> Self {
        Self {
            kind: ADVERTISEMENT,
            flags: OVERRIDE,
            sender: ip,
            receiver: all_nodes(),
            target: ip,
            link_layer: Some(owner.octets()),
        }
    }

    /// Returns whether this is an advertisement.
    pub(crate) fn is_advertisement(&self) -> bool {
        self.kind == ADVERTISEMENT
    }

    /// Returns the address that the sender has or probes for, and the sender's MAC address. A
    /// solicitation with a sender address makes no claim on its target.
    pub(super) fn claims(&self, frame: &[u8]) -> Option<(Ipv6Addr, [u8; 6])> {
        let sender = frame.get(6..12)?.try_into().ok()?;
        let claims = self.is_advertisement() || self.sender.is_unspecified();
        claims.then(|| (self.target, self.link_layer.unwrap_or(sender)))
    }

    pub(crate) fn frame(&self, to: [u8; 6], from: MacAddr) -> Vec<u8> {
        let mut message = vec![self.kind, 0, 0, 0, self.flags, 0, 0, 0];
        message.extend(self.target.octets());
        if let Some(mac) = self.link_layer {
            let advertisement = self.is_advertisement();
            message.push(if advertisement { TARGET_LINK_LAYER } else { SOURCE_LINK_LAYER });
            message.push(1);
            message.extend(mac);
        }
        let sum = checksum(self.sender, self.receiver, &message).to_be_bytes();
        message[2..4].copy_from_slice(&sum);
        let mut frame = ethernet(to, from, ETHERTYPE_IPV6);
        frame.extend([0x60, 0, 0, 0]);
        #[allow(clippy::cast_possible_truncation)] // 32 at most
        frame.extend((message.len() as u16).to_be_bytes());
        frame.extend([ICMPV6, HOP_LIMIT]);
        frame.extend(self.sender.octets());
        frame.extend(self.receiver.octets());
        frame.extend(message);
        frame
    }

    /// Reads the message in a frame; `None` if it is truncated or was routed.
    pub(crate) fn read(frame: &[u8]) -> Option<Self> {
        let packet = behind_ethernet(frame, ETHERTYPE_IPV6)?;
        let (header, rest) = packet.split_first_chunk::<IPV6_HEADER>()?;
        if header[0] >> 4 != 6 || header[6] != ICMPV6 || header[7] != HOP_LIMIT {
            return None;
        }
        let message = rest.get(..usize::from(u16::from_be_bytes([header[4], header[5]])))?;
        let address = |at: usize| -> Option<Ipv6Addr> {
            let octets: [u8; 16] = packet.get(at..at + 16)?.try_into().ok()?;
            Some(octets.into())
        };
        let (sender, receiver) = (address(8)?, address(24)?);
        let (start, options) = message.split_first_chunk::<24>()?;
        if checksum(sender, receiver, message) != 0 {
            return None;
        }
        let kind = start[0];
        if ![SOLICITATION, ADVERTISEMENT].contains(&kind) {
            return None;
        }
        let target: [u8; 16] = start[8..].try_into().ok()?;
        Some(Self {
            kind,
            flags: start[4],
            sender,
            receiver,
            target: target.into(),
            link_layer: link_layer(options),
        })
    }
}

/// Returns the MAC address in the options of a message.
fn link_layer(mut options: &[u8]) -> Option<[u8; 6]> {
    while let [kind, length, ..] = *options {
        let option = options.get(..usize::from(length) * 8).filter(|option| !option.is_empty())?;
        if [SOURCE_LINK_LAYER, TARGET_LINK_LAYER].contains(&kind) {
            return option.get(2..8)?.try_into().ok();
        }
        options = &options[option.len()..];
    }
    None
}

/// Computes the Internet checksum over the pseudo header and the message (RFC 8200, 8.1); 0 for a
/// message that contains its checksum.
fn checksum(sender: Ipv6Addr, receiver: Ipv6Addr, message: &[u8]) -> u16 {
    let mut sum = u32::from(ICMPV6);
    #[allow(clippy::cast_possible_truncation)] // a packet's length
    let length = message.len() as u32;
    sum += length;
    let octets = [sender.octets(), receiver.octets()].concat();
    for pair in octets.chunks(2).chain(message.chunks(2)) {
        sum += u32::from(pair[0]) << 8 | pair.get(1).copied().map_or(0, u32::from);
    }
    while sum > 0xffff {
        sum = (sum & 0xffff) + (sum >> 16);
    }
    #[allow(clippy::cast_possible_truncation)] // folded
    let folded = sum as u16;
    !folded
}

// The offsets are relative to the end of the Ethernet header.
const _: () = assert!(ETHERNET == 14);

#[cfg(test)]
mod tests {
    use super::*;

    fn mac() -> MacAddr {
        MacAddr::new([2, 0x42, 0, 0, 0, 7]).unwrap()
    }

    #[test]
    fn probes_equal_the_kernels() {
        // Captured by `tcpdump -xx icmp6`: duplicate detection of fd15::5 by Linux, without its
        // nonce.
        let ip: Ipv6Addr = "fd15::5".parse().unwrap();
        let frame = Ndp::probe(ip).frame(solicited_node(ip), mac());
        assert_eq!(frame[..6], [0x33, 0x33, 0xff, 0, 0, 5]);
        assert_eq!(frame[14..22], [0x60, 0, 0, 0, 0, 24, 58, 255]);
        assert_eq!(frame[38..54], "ff02::1:ff00:5".parse::<Ipv6Addr>().unwrap().octets());
        assert_eq!(frame[54], 135);
        assert_eq!(Ndp::read(&frame), Some(Ndp::probe(ip)));
    }

    #[test]
    fn an_announcement_overrides() {
        let ip: Ipv6Addr = "fd15::5".parse().unwrap();
        let frame = Ndp::announcement(ip, mac()).frame(everybody(), mac());
        assert_eq!(frame[54], 136);
        assert_eq!(frame[58], OVERRIDE);
        assert_eq!(frame[78..], [TARGET_LINK_LAYER, 1, 2, 0x42, 0, 0, 0, 7]);
        assert!(Ndp::read(&frame).unwrap().is_advertisement());
        let mut broken = frame.clone();
        broken[60] ^= 1;
        assert_eq!(Ndp::read(&broken), None, "the checksum is looked at");
        let mut routed = frame;
        routed[21] = 254;
        assert_eq!(Ndp::read(&routed), None, "it comes from elsewhere");
    }

    #[test]
    fn solicitations_with_a_source_claim_nothing() {
        let (a, b) = ("fd15::5".parse().unwrap(), "fd15::6".parse().unwrap());
        let frame = Ndp::solicitation(a, b, mac()).frame(solicited_node(a), mac());
        assert_eq!(Ndp::read(&frame).unwrap().claims(&frame), None);
    }
}
