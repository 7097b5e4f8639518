//! A router that sends advertisements.

use std::net::{Ipv6Addr, SocketAddrV6};
use std::os::fd::AsRawFd;

use macvlan_core::{Handle, NetNs};
use nix::errno::Errno;
use nix::sys::socket::sockopt::Ipv6MulticastHops;
use nix::sys::socket::{
    AddressFamily, MsgFlags, SockFlag, SockProtocol, SockType, SockaddrIn6, sendto, setsockopt,
    socket,
};

use crate::harness::Outcome;

/// Announces a /64 subnet on a link, once, for address autoconfiguration (RFC 4861). The link needs
/// a working link-local address.
pub fn advertise(netns: &NetNs, link: &str, subnet: &str) -> Outcome {
    // Router advertisement: hop limit 64, a lifetime of half an hour.
    let mut message = vec![134, 0, 0, 0, 64, 0, 7, 8, 0, 0, 0, 0, 0, 0, 0, 0];
    // Prefix information: 64 bits, on-link and for addresses, both lifetimes a day.
    message.extend([3, 4, 64, 0xc0, 0, 1, 0x51, 0x80, 0, 1, 0x51, 0x80, 0, 0, 0, 0]);
    message.extend(subnet.parse::<Ipv6Addr>()?.octets());
    let link = Handle::in_netns(netns)?.link(link)?.index;
    let everybody = SockaddrIn6::from(SocketAddrV6::new("ff02::1".parse()?, 0, 0, link));
    let sent = netns.run(|| {
        let flags = SockFlag::SOCK_CLOEXEC;
        let socket = socket(AddressFamily::Inet6, SockType::Raw, flags, SockProtocol::IcmpV6)?;
        setsockopt(&socket, Ipv6MulticastHops, &255)?;
        sendto(socket.as_raw_fd(), &message, &everybody, MsgFlags::empty())
    });
    match sent? {
        Ok(_) => Ok(()),
        Err(Errno::EADDRNOTAVAIL) => Err("the link has no link-local address".into()),
        Err(errno) => Err(errno.into()),
    }
}
