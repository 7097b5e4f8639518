//! Addresses: `ip address`.

use std::net::IpAddr;

use netlink_packet_route::RouteNetlinkMessage;
use netlink_packet_route::address::AddressMessage;
use nix::libc::{IFA_ADDRESS, IFA_BROADCAST, IFA_LOCAL, RTM_DELADDR, RTM_NEWADDR};

use crate::netlink::Request;
use crate::netlink::attributes::Payload;
use crate::rtnl::encode::family::{family_number, family_of, with_octets};
use crate::rtnl::uapi::{IFA_F_NODAD, IFA_F_OPTIMISTIC};
use crate::value::address::{Address, DuplicateDetection};
use crate::value::filter::Family;
use crate::value::scope::Scope;

/// `ip address add … broadcast +`.
pub(crate) fn add_address(link: u32, address: &Address) -> Request {
    Request::create((RTM_NEWADDR, self::address(link, address)))
}

/// `ip address replace … broadcast +`.
pub(crate) fn replace_address(link: u32, address: &Address) -> Request {
    Request::replace((RTM_NEWADDR, self::address(link, address)))
}

/// `ip address delete`.
pub(crate) fn delete_address(link: u32, address: &Address) -> Request {
    Request::new((RTM_DELADDR, self::address(link, address)))
}

/// Writes `struct ifaddrmsg` and the attributes.
fn address(link: u32, address: &Address) -> Payload {
    let flags = match address.duplicate_detection() {
        DuplicateDetection::Kernel => 0,
        DuplicateDetection::Skip => IFA_F_NODAD,
        DuplicateDetection::Optimistic => IFA_F_OPTIMISTIC,
    };
    let scope = match address.ip() {
        IpAddr::V4(ip) if ip.is_loopback() => Scope::Host,
        _ => Scope::Global,
    };
    let (ip, prefix_length) = (address.ip(), address.net().prefix_len());
    let header = [family_number(ip.is_ipv4()), prefix_length, flags, scope.into()];
    let mut message = Payload::new(&[&header, &link.to_ne_bytes()]);
    with_octets(ip, |octets| {
        message.attribute(IFA_ADDRESS, octets);
        message.attribute(IFA_LOCAL, octets);
    });
    if let Some(broadcast) = address.broadcast() {
        message.attribute(IFA_BROADCAST, &broadcast.octets());
    }
    message
}

/// `ip address show [dev LINK]`.
pub(crate) fn get_addresses(family: Option<Family>, link: Option<u32>) -> Request {
    let mut message = AddressMessage::default();
    message.header.family = family_of(family);
    message.header.index = link.unwrap_or_default();
    Request::new(RouteNetlinkMessage::GetAddress(message))
}
