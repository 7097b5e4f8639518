//! Checks which subnets a LAN can have.

use std::net::{Ipv4Addr, Ipv6Addr};

use ipnet::{IpNet, Ipv4Net, Ipv6Net};

pub(crate) const fn v4(a: u8, b: u8, prefix: u8) -> IpNet {
    IpNet::V4(Ipv4Net::new_assert(Ipv4Addr::new(a, b, 0, 0), prefix))
}

const fn v6(first: u16, sixth: u16, prefix: u8) -> IpNet {
    IpNet::V6(Ipv6Net::new_assert(Ipv6Addr::new(first, 0, 0, 0, 0, sixth, 0, 0), prefix))
}

/// The subnets that no host on a LAN can have an address in.
const NEVER: [(IpNet, &str); 9] = [
    (v4(0, 0, 8), "unspecified"),
    (v4(127, 0, 8), "loopback"),
    (v4(169, 254, 16), "link-local"),
    (v4(224, 0, 4), "multicast"),
    (v4(240, 0, 4), "reserved (class E)"),
    // This includes the loopback address and the deprecated IPv4-compatible addresses.
    (v6(0, 0, 96), "unspecified"),
    (v6(0, 0xffff, 96), "IPv4-mapped"),
    (v6(0xfe80, 0, 10), "link-local"),
    (v6(0xff00, 0, 8), "multicast"),
];

/// Returns whether two subnets overlap.
pub(crate) fn overlap(one: IpNet, other: IpNet) -> bool {
    one.contains(&other) || other.contains(&one)
}

/// Refuses a subnet that a LAN cannot have.
pub(crate) fn check_net(net: IpNet) -> std::result::Result<(), String> {
    match NEVER.iter().find(|(never, _)| overlap(net, *never)) {
        Some((never, what)) => Err(format!("{never} is {what}, and not for hosts")),
        None => Ok(()),
    }
}
