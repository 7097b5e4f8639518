//! Encodes addresses, families and flags.

use std::net::IpAddr;

use netlink_packet_route::AddressFamily;

use crate::value::filter::Family;

pub(super) fn family_number(v4: bool) -> u8 {
    u8::from(if v4 { AddressFamily::Inet } else { AddressFamily::Inet6 })
}

pub(super) fn with_octets<T>(ip: IpAddr, write: impl FnOnce(&[u8]) -> T) -> T {
    match ip {
        IpAddr::V4(ip) => write(&ip.octets()),
        IpAddr::V6(ip) => write(&ip.octets()),
    }
}

pub(super) fn family_of(family: Option<Family>) -> AddressFamily {
    match family {
        None => AddressFamily::Unspec,
        Some(Family::V4) => AddressFamily::Inet,
        Some(Family::V6) => AddressFamily::Inet6,
    }
}

/// Returns a flag, or 0 if it is not set.
pub(super) fn flag(flag: u32, set: bool) -> u32 {
    if set { flag } else { 0 }
}
