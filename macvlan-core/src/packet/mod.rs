//! ARP and neighbour discovery: frames, and packet sockets that send and receive them.

mod arp;
mod ethernet;
mod ndp;
mod socket;

use std::net::IpAddr;

use nix::errno::Errno;

use crate::error::{Error, ErrorKind};
use crate::value::mac::MacAddr;

pub(crate) use arp::{Arp, ETHERTYPE_ARP};
pub(crate) use ndp::{ETHERTYPE_IPV6, Ndp, everybody, solicited_node};
pub(crate) use socket::{PacketSocket, promiscuous};

/// Makes the error for a failed operation on a packet socket, which needs a capability of its own.
pub(crate) fn refused(operation: &'static str, errno: Errno) -> Error {
    let error = Error::system(operation, errno);
    if errno != Errno::EPERM {
        return error;
    }
    let cause = "the process lacks CAP_NET_RAW, which packet sockets require";
    error.because(ErrorKind::PermissionDenied, cause).with_hint("run as root or with CAP_NET_RAW")
}

/// The broadcast MAC address.
pub(crate) const BROADCAST: [u8; 6] = [0xff; 6];

/// Makes a probe for an address. It has no sender address, so it changes no neighbour table (RFC
/// 5227 for IPv4, RFC 4862 for IPv6).
pub(crate) fn probe(ip: IpAddr, asker: MacAddr) -> Vec<u8> {
    match ip {
        IpAddr::V4(ip) => Arp::probe(ip, asker).frame(BROADCAST),
        IpAddr::V6(ip) => Ndp::probe(ip).frame(solicited_node(ip), asker),
    }
}

/// Makes an announcement of an address: an ARP announcement, or an unsolicited neighbour
/// advertisement with the override flag.
pub(crate) fn announcement(ip: IpAddr, owner: MacAddr) -> Vec<u8> {
    match ip {
        IpAddr::V4(ip) => Arp::announcement(ip, owner).frame(BROADCAST),
        IpAddr::V6(ip) => Ndp::announcement(ip, owner).frame(everybody(), owner),
    }
}

/// Returns the address and the MAC address of another host that has an address or probes for it,
/// according to a frame.
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
    fn answers_and_probes_claim_an_address() {
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
