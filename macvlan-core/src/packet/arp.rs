//! ARP for IPv4 on Ethernet (RFC 826, RFC 5227).

use std::net::Ipv4Addr;

use crate::packet::ethernet::{behind_ethernet, ethernet};
use crate::value::mac::MacAddr;

pub(crate) const ETHERTYPE_ARP: u16 = 0x0806;

/// The header for Ethernet and IPv4, with the lengths of their addresses.
const HEADER: [u8; 6] = [0, 1, 8, 0, 6, 4];
const REQUEST: u16 = 1;
const REPLY: u16 = 2;

/// An ARP message.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Arp {
    operation: u16,
    pub(crate) sender_mac: [u8; 6],
    pub(crate) sender: Ipv4Addr,
    pub(crate) target_mac: [u8; 6],
    pub(crate) target: Ipv4Addr,
}

impl Arp {
    /// Makes a probe, a request without a sender address (RFC 5227).
    pub(crate) fn probe(ip: Ipv4Addr, asker: MacAddr) -> Self {
        Self::request(ip, Ipv4Addr::UNSPECIFIED, asker)
    }

    /// Makes a request with a sender address.
    pub(crate) fn request(target: Ipv4Addr, sender: Ipv4Addr, asker: MacAddr) -> Self {
        let sender_mac = asker.octets();
        Self { operation: REQUEST, sender_mac, sender, target_mac: [0; 6], target }
    }

    /// Makes an announcement, a request for the sender's own address.
    pub(crate) fn announcement(ip: Ipv4Addr, owner: MacAddr) -> Self {
        Self::request(ip, ip, owner)
    }

    /// Returns whether this is a reply.
    pub(crate) fn is_reply(&self) -> bool {
        self.operation == REPLY
    }

    /// Returns the address that the sender has or probes for.
    pub(super) fn claims(&self) -> Ipv4Addr {
        if self.sender.is_unspecified() { self.target } else { self.sender }
    }

    pub(crate) fn frame(&self, to: [u8; 6]) -> Vec<u8> {
        let from = MacAddr::as_is(self.sender_mac);
        let mut frame = ethernet(to, from, ETHERTYPE_ARP);
        frame.extend(HEADER);
        frame.extend(self.operation.to_be_bytes());
        frame.extend(self.sender_mac);
        frame.extend(self.sender.octets());
        frame.extend(self.target_mac);
        frame.extend(self.target.octets());
        frame
    }

    /// Reads the message in a frame; `None` if it is not ARP for IPv4 on Ethernet.
    pub(crate) fn read(frame: &[u8]) -> Option<Self> {
        let (header, rest) = behind_ethernet(frame, ETHERTYPE_ARP)?.split_first_chunk::<6>()?;
        if *header != HEADER {
            return None;
        }
        let (operation, rest) = rest.split_first_chunk::<2>()?;
        let (sender_mac, rest) = rest.split_first_chunk::<6>()?;
        let (sender, rest) = rest.split_first_chunk::<4>()?;
        let (target_mac, rest) = rest.split_first_chunk::<6>()?;
        let (target, _padding) = rest.split_first_chunk::<4>()?;
        Some(Self {
            operation: u16::from_be_bytes(*operation),
            sender_mac: *sender_mac,
            sender: (*sender).into(),
            target_mac: *target_mac,
            target: (*target).into(),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_probe_is_laid_out_as_the_rfc_has_it() {
        let mac = MacAddr::new([2, 0x42, 0, 0, 0, 7]).unwrap();
        let arp = Arp::probe([192, 168, 15, 5].into(), mac);
        let frame = arp.frame([0xff; 6]);
        // As `arping -D` sends it (tcpdump: "ARP, Request who-has 192.168.15.5 tell 0.0.0.0").
        assert_eq!(
            frame,
            [
                0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 2, 0x42, 0, 0, 0, 7, 8, 6, // Ethernet
                0, 1, 8, 0, 6, 4, 0, 1, // request
                2, 0x42, 0, 0, 0, 7, 0, 0, 0, 0, // sender: no address yet
                0, 0, 0, 0, 0, 0, 192, 168, 15, 5, // target
            ]
        );
        assert_eq!(Arp::read(&frame), Some(arp));
        assert!(!arp.is_reply());
    }

    #[test]
    fn other_frames_are_none() {
        let mac = MacAddr::new([2, 0, 0, 0, 0, 7]).unwrap();
        let mut frame = Arp::announcement([10, 0, 0, 1].into(), mac).frame([0xff; 6]);
        frame.extend([0; 18]); // padding, as on the wire
        assert!(Arp::read(&frame).is_some());
        for (at, byte) in [(13, 0), (15, 6), (17, 1), (18, 8), (19, 16)] {
            let mut other = frame.clone();
            other[at] = byte;
            assert_eq!(Arp::read(&other), None, "byte {at}");
        }
    }
}
