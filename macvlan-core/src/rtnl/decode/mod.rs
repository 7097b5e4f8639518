//! Converts messages of the kernel into values.
//!
//! Every attribute is decoded separately: an unknown or malformed one is left out and does not
//! affect the others.

mod address;
mod event;
mod link;
mod neighbour;
mod rate;
mod restore;
mod route;
mod rule;

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use crate::netlink::attributes::{attributes, i32_of};
use crate::rtnl::uapi::NETNSA_NSID;
use crate::value::mac::MacAddr;

pub(crate) use address::{address, address_added};
pub(crate) use event::{ended, event};
pub(crate) use link::{OtherSettings, carrier_losses, link, link_index, other_settings};
pub(crate) use neighbour::{filtered_mac, neighbour};
pub(crate) use rate::{foreign_qdisc, has_own_parameters, rate};
pub(crate) use restore::{
    default_route, is_same_message, made_neighbour, made_route, raw_address, raw_route,
    route_through,
};
pub(crate) use route::{Way, local_route, route, way};
pub(crate) use rule::{marked_rule, rule};

fn mac_of(value: &[u8]) -> Option<MacAddr> {
    MacAddr::new(value.try_into().ok()?).ok()
}

fn ip_of(value: &[u8]) -> Option<IpAddr> {
    match value.len() {
        4 => value.first_chunk::<4>().map(|bytes| Ipv4Addr::from(*bytes).into()),
        16 => value.first_chunk::<16>().map(|bytes| Ipv6Addr::from(*bytes).into()),
        _ => None,
    }
}

/// Returns the id of a namespace, after a `struct rtgenmsg`; negative if it has none.
pub(crate) fn netns_id(payload: &[u8]) -> Option<i32> {
    let (_, id) = attributes(payload.get(4..)?).find(|(kind, _)| *kind == NETNSA_NSID)?;
    i32_of(id)
}
