//! Frames on a link, as they are on the wire: ARP and neighbour discovery, asked and heard by packet
//! sockets. Private; what it is for is in `probe`, `announce` and `diagnose`.

mod arp;
mod ethernet;
mod ndp;
mod socket;

use std::net::IpAddr;

use crate::value::mac::MacAddr;

pub(crate) use arp::{Arp, ETHERTYPE_ARP};
pub(crate) use ndp::{ETHERTYPE_IPV6, Ndp, everybody, solicited_node};
pub(crate) use socket::{PacketSocket, promiscuous};

/// The MAC address of all.
pub(crate) const BROADCAST: [u8; 6] = [0xff; 6];

/// Asks whether anybody has an address, without saying who asks: the question changes nobody's
/// neighbour table (RFC 5227 for IPv4, RFC 4862 for IPv6).
pub(crate) fn probe(ip: IpAddr, asker: MacAddr) -> Vec<u8> {
    match ip {
        IpAddr::V4(ip) => Arp::probe(ip, asker).frame(BROADCAST),
        IpAddr::V6(ip) => Ndp::probe(ip).frame(solicited_node(ip), asker),
    }
}

/// Says who has an address, to everybody: an ARP announcement, or an unsolicited neighbour
/// advertisement that overrides what is known.
pub(crate) fn announcement(ip: IpAddr, owner: MacAddr) -> Vec<u8> {
    match ip {
        IpAddr::V4(ip) => Arp::announcement(ip, owner).frame(BROADCAST),
        IpAddr::V6(ip) => Ndp::announcement(ip, owner).frame(everybody(), owner),
    }
}

/// Whether a frame shows that somebody else has an address, or is asking for it at this moment in
/// order to have it: which address, and who.
pub(crate) fn claim(frame: &[u8], we: MacAddr) -> Option<(IpAddr, MacAddr)> {
    let (ip, mac) = if let Some(arp) = Arp::read(frame) {
        (IpAddr::V4(arp.claims()), arp.sender_mac)
    } else {
        let (ip, mac) = Ndp::read(frame)?.claims(frame)?;
        (IpAddr::V6(ip), mac)
    };
    let mac = MacAddr::new(mac).ok()?;
    (mac != we).then_some((ip, mac))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn mac(last: u8) -> MacAddr {
        MacAddr::new([2, 0, 0, 0, 0, last]).unwrap()
    }

    #[test]
    fn who_answers_or_asks_for_the_same_claims_it() {
        for ip in ["192.168.15.5", "fd15::5"] {
            let ip: IpAddr = ip.parse().unwrap();
            for frame in [probe(ip, mac(1)), announcement(ip, mac(1))] {
                assert_eq!(claim(&frame, mac(2)), Some((ip, mac(1))), "{ip}");
                assert_eq!(claim(&frame, mac(1)), None, "our own");
                for length in 0..frame.len() {
                    claim(&frame[..length], mac(2)); // must not panic
                }
            }
        }
    }
}
