//! Converts values into messages of the kernel, with the attributes that `ip` sends.
//!
//! The messages of an attach (links and their settings, addresses, routes, a rate) and the request
//! for one link are written directly; the others are serialized by `netlink-packet-route` and
//! rtnetlink's builders.

mod address;
mod change;
mod family;
mod ipv4;
mod kind;
mod link;
pub(super) mod rate;
mod route;
mod rule;

use std::os::fd::{AsFd, AsRawFd};

use netlink_packet_route::AddressFamily;
use netlink_packet_route::RouteNetlinkMessage as Message;
use netlink_packet_route::neighbour::{NeighbourAttribute, NeighbourFlags, NeighbourMessage};
use netlink_packet_route::nsid::{NsidAttribute, NsidMessage};

use crate::netlink::Request;
use crate::netns::NetNs;
use crate::value::filter::Family;
use family::family_of;

pub(crate) use address::{add_address, delete_address, get_addresses, replace_address};
pub(crate) use change::{LinkChange, set_link};
pub(crate) use link::{
    create_link, delete_group, delete_link, delete_link_by_altname, get_link, get_link_in,
    get_link_index, get_links,
};
pub(crate) use rate::get_qdiscs;
pub(crate) use route::{
    MAIN_TABLE, add_route, delete_route, delete_route_exactly, get_route_to, get_routes,
    prepend_route, replace_route,
};
pub(crate) use rule::{get_rules, rule};

/// `ip neighbour show [dev LINK]`.
pub(crate) fn get_neighbours(family: Option<Family>, link: Option<u32>) -> Request {
    let mut message = NeighbourMessage::default();
    message.header.family = family_of(family);
    message.attributes.extend(link.map(NeighbourAttribute::IfIndex));
    Request::new(Message::GetNeighbour(message))
}

/// Lists a link's other neighbour entries: proxy entries, and the forwarding entries of its own.
pub(crate) fn get_other_neighbours(link: u32) -> [Request; 2] {
    let mut proxies = NeighbourMessage::default();
    proxies.header.flags = NeighbourFlags::Proxy;
    [Request::new(Message::GetNeighbour(proxies)), get_forwarding(link)]
}

/// `bridge fdb show dev LINK`.
pub(crate) fn get_forwarding(link: u32) -> Request {
    let mut message = NeighbourMessage::default();
    message.header.family = AddressFamily::Bridge;
    message.header.ifindex = link;
    Request::new(Message::GetNeighbour(message))
}

/// Requests the id that the sender's namespace has assigned to `netns`.
pub(crate) fn get_netns_id(netns: &NetNs) -> Request {
    Request::new(Message::GetNsId(by_fd(netns)))
}

/// `ip netns set NAME auto`: assigns an id to `netns` in the sender's namespace, as the kernel does
/// when it first needs one.
pub(crate) fn new_netns_id(netns: &NetNs) -> Request {
    let mut message = by_fd(netns);
    message.attributes.push(NsidAttribute::Id(-1));
    Request::new(Message::NewNsId(message))
}

fn by_fd(netns: &NetNs) -> NsidMessage {
    let mut message = NsidMessage::default();
    let fd = netns.as_fd().as_raw_fd();
    message.attributes.push(NsidAttribute::Fd(u32::try_from(fd).unwrap_or_default()));
    message
}
