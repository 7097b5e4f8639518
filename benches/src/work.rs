//! The work of each contender: one container's interface, addresses and default routes.

use std::net::{Ipv4Addr, Ipv6Addr};

use macvlan_core::{Endpoint, Result};

/// The interface's name inside.
pub const NAME: &str = "eth0";
/// Its IPv4 address and prefix.
pub const V4: (Ipv4Addr, u8) = (Ipv4Addr::new(10, 77, 0, 2), 16);
/// Its IPv6 address and prefix.
pub const V6: (Ipv6Addr, u8) = (Ipv6Addr::new(0xfd77, 0, 0, 0, 0, 0, 0, 2), 64);
/// The gateways of both default routes.
pub const GATEWAYS: (Ipv4Addr, Ipv6Addr) =
    (Ipv4Addr::new(10, 77, 0, 1), Ipv6Addr::new(0xfd77, 0, 0, 0, 0, 0, 0, 1));

/// The work as an endpoint: a macvlan in mode bridge, up; both addresses, the IPv6 one without
/// duplicate detection; both default routes; `lo` up.
pub fn endpoint(parent: &str) -> Result<Endpoint> {
    Ok(Endpoint::new(NAME, parent)?
        .address(format!("{}/{}", V4.0, V4.1).parse()?)
        .address(format!("{}/{} nodad", V6.0, V6.1).parse()?)
        .gateway(GATEWAYS.0.into())
        .gateway(GATEWAYS.1.into()))
}
