//! From our types to the kernel's messages, with the attributes that `ip` would send.

use std::net::IpAddr;
use std::os::fd::{AsFd, AsRawFd};

use ipnet::IpNet;
use netlink_packet_route::RouteNetlinkMessage;
use netlink_packet_route::address::{AddressHeaderFlags, AddressMessage, AddressScope};
use netlink_packet_route::link::{
    InfoData, InfoKind, InfoMacVlan, InfoVeth, LinkMessage, MacVlanMode,
};
use netlink_packet_route::route::{
    RouteAttribute, RouteHeader, RouteMessage, RouteMetric, RouteProtocol, RouteScope, RouteType,
};
use rtnetlink::{AddressMessageBuilder, LinkMessageBuilder, LinkUnspec, RouteMessageBuilder};

use crate::address::{Address, DuplicateDetection};
use crate::error::Result;
use crate::link::{Link, LinkKind, Macvlan};
use crate::mac::MacAddr;
use crate::name::LinkName;
use crate::netlink::Request;
use crate::netns::NetNs;
use crate::route::{Route, RouteKind};

/// `ip link add`.
///
/// Always with `NLM_F_EXCL`: without it, a link of that name in the sender's namespace would be
/// moved into the target's, and the kernel would call that a success.
pub(crate) fn create_link(link: &Link, parent: Option<u32>) -> Request {
    let mut builder = match &link.kind {
        LinkKind::Macvlan(options) => {
            of_kind(InfoKind::MacVlan).set_info_data(InfoData::MacVlan(macvlan_data(options)))
        }
        LinkKind::Veth { peer, peer_netns } => {
            let mut end = LinkMessageBuilder::<LinkUnspec>::new().name(peer.as_str());
            if let Some(netns) = peer_netns {
                end = end.setns_by_fd(netns.as_fd().as_raw_fd());
            }
            of_kind(InfoKind::Veth).set_info_data(InfoData::Veth(InfoVeth::Peer(end.build())))
        }
        LinkKind::Dummy => of_kind(InfoKind::Dummy),
        LinkKind::Bridge => of_kind(InfoKind::Bridge),
    };
    builder = builder.name(link.name.as_str());
    if let Some(parent) = parent {
        builder = builder.link(parent);
    }
    if let Some(index) = link.index {
        builder = builder.index(index);
    }
    if let Some(mac) = link.mac {
        builder = builder.address(mac.octets().to_vec());
    }
    if let Some(mtu) = link.mtu {
        builder = builder.mtu(mtu);
    }
    if let Some(netns) = &link.netns {
        builder = builder.setns_by_fd(netns.as_fd().as_raw_fd());
    }
    if link.up {
        builder = builder.up();
    }
    if link.promisc {
        builder = builder.promiscuous(true);
    }
    Request::create(RouteNetlinkMessage::NewLink(builder.build()))
}

fn of_kind(kind: InfoKind) -> LinkMessageBuilder<LinkUnspec> {
    LinkMessageBuilder::new_with_info_kind(kind)
}

fn macvlan_data(options: &Macvlan) -> Vec<InfoMacVlan> {
    vec![InfoMacVlan::Mode(MacVlanMode::from(options.mode as u32))]
}

/// `ip link set`: one request that changes one link.
pub(crate) fn set_link(index: u32, change: &LinkChange<'_>) -> Request {
    let builder = LinkMessageBuilder::<LinkUnspec>::new().index(index);
    let message = match change {
        LinkChange::Up(true) => builder.up(),
        LinkChange::Up(false) => builder.down(),
        LinkChange::Promisc(on) => builder.promiscuous(*on),
        LinkChange::AllMulticast(on) => builder.allmulticast(*on),
        LinkChange::Name(name) => builder.name(name.as_str()),
        LinkChange::Mac(mac) => builder.address(mac.octets().to_vec()),
        LinkChange::Mtu(mtu) => builder.mtu(*mtu),
        LinkChange::NetNs(netns, name) => {
            let builder = builder.setns_by_fd(netns.as_fd().as_raw_fd());
            match name {
                Some(name) => builder.name(name.as_str()),
                None => builder,
            }
        }
    };
    // As `ip` does: RTM_NEWLINK without NLM_F_CREATE. RTM_SETLINK is the same to the kernel.
    Request::new(RouteNetlinkMessage::NewLink(message.build()))
}

/// What can be changed on a link that exists.
pub(crate) enum LinkChange<'a> {
    Up(bool),
    Promisc(bool),
    AllMulticast(bool),
    Name(LinkName),
    Mac(MacAddr),
    Mtu(u32),
    NetNs(&'a NetNs, Option<LinkName>),
}

/// `ip link delete`.
pub(crate) fn delete_link(index: u32) -> Request {
    Request::new(RouteNetlinkMessage::DelLink(by_index(index)))
}

/// `ip link show dev`.
pub(crate) fn get_link(index: u32) -> Request {
    Request::new(RouteNetlinkMessage::GetLink(by_index(index)))
}

/// `ip link show`.
pub(crate) fn get_links() -> Request {
    get_link(0)
}

fn by_index(index: u32) -> LinkMessage {
    LinkMessageBuilder::<LinkUnspec>::new().index(index).build()
}

/// `ip address add … broadcast +`.
pub(crate) fn address(link: u32, address: &Address) -> AddressMessage {
    let mut message = match address.net() {
        IpNet::V4(net) => AddressMessageBuilder::<std::net::Ipv4Addr>::new()
            .index(link)
            .address(net.addr(), net.prefix_len())
            .build(),
        IpNet::V6(net) => AddressMessageBuilder::<std::net::Ipv6Addr>::new()
            .index(link)
            .address(net.addr(), net.prefix_len())
            .build(),
    };
    if matches!(address.ip(), IpAddr::V4(ip) if ip.is_loopback()) {
        message.header.scope = AddressScope::Host;
    }
    message.header.flags = match address.duplicate_detection() {
        DuplicateDetection::Kernel => AddressHeaderFlags::empty(),
        DuplicateDetection::Skip => AddressHeaderFlags::Nodad,
        DuplicateDetection::Optimistic => AddressHeaderFlags::Optimistic,
    };
    message
}

/// `ip address show`, one family or both.
pub(crate) fn get_addresses(link: u32) -> Request {
    let mut message = AddressMessage::default();
    message.header.index = link;
    Request::new(RouteNetlinkMessage::GetAddress(message))
}

/// `ip route add`, `device` being what the route itself does not say.
pub(crate) fn route(route: &Route, device: Option<u32>) -> Result<RouteMessage> {
    route.check()?;
    let destination = route.destination();
    let mut builder = RouteMessageBuilder::<IpAddr>::new().protocol(RouteProtocol::Boot);
    // The families were checked, and the destination sets the message's.
    let set = builder.get_mut();
    set.header.address_family = if destination.addr().is_ipv4() {
        netlink_packet_route::AddressFamily::Inet
    } else {
        netlink_packet_route::AddressFamily::Inet6
    };
    set.header.destination_prefix_length = destination.prefix_len();
    set.header.scope = RouteScope::from(u8::from(scope_of(route)));
    if !route.is_default() {
        set.attributes.push(RouteAttribute::Destination(destination.addr().into()));
    }
    builder = builder.kind(match route.get_kind() {
        RouteKind::Unicast => RouteType::Unicast,
        RouteKind::Blackhole => RouteType::BlackHole,
        RouteKind::Unreachable => RouteType::Unreachable,
        RouteKind::Prohibit => RouteType::Prohibit,
    });
    if let Some(gateway) = route.get_gateway() {
        let via = match (destination.addr(), gateway) {
            (IpAddr::V4(_), IpAddr::V6(v6)) => {
                RouteAttribute::Via(netlink_packet_route::route::RouteVia::Inet6(v6))
            }
            _ => RouteAttribute::Gateway(gateway.into()),
        };
        builder.get_mut().attributes.push(via);
    }
    if let Some(device) = device {
        builder = builder.output_interface(device);
    }
    if let Some(table) = route.get_table() {
        // What does not fit the header's byte goes into an attribute, the header then saying "unspec".
        builder = builder.table_id(table);
        if table > u8::MAX.into() {
            builder.get_mut().header.table = RouteHeader::RT_TABLE_UNSPEC;
        }
    }
    if let Some(metric) = route.get_metric() {
        builder = builder.priority(metric);
    }
    if let Some(source) = route.get_source() {
        builder.get_mut().attributes.push(RouteAttribute::PrefSource(source.into()));
    }
    if route.is_on_link() {
        builder = builder.onlink();
    }
    let metrics: Vec<_> =
        [route.get_mtu().map(RouteMetric::Mtu), route.get_advmss().map(RouteMetric::Advmss)]
            .into_iter()
            .flatten()
            .collect();
    if !metrics.is_empty() {
        builder.get_mut().attributes.push(RouteAttribute::Metrics(metrics));
    }
    Ok(builder.build())
}

/// As `ip route` chooses it when it is not told.
fn scope_of(route: &Route) -> crate::route::Scope {
    use crate::route::Scope;
    route.get_scope().unwrap_or({
        let direct = route.get_gateway().is_none() && route.get_kind() == RouteKind::Unicast;
        if direct && route.destination().addr().is_ipv4() { Scope::Link } else { Scope::Global }
    })
}

/// For deletion, what is not said must match anything.
pub(crate) fn route_to_delete(route: &Route, device: Option<u32>) -> Result<RouteMessage> {
    let mut message = self::route(route, device)?;
    message.header.protocol = RouteProtocol::Unspec;
    if route.get_scope().is_none() {
        message.header.scope = RouteScope::NoWhere;
    }
    Ok(message)
}

/// `RT_TABLE_MAIN`.
pub(crate) const MAIN_TABLE: u32 = RouteHeader::RT_TABLE_MAIN as u32;

/// `ip route show table …`; everything when nothing is said.
pub(crate) fn get_routes(table: Option<u32>, device: Option<u32>) -> Request {
    let mut message = RouteMessage::default();
    if let Some(table) = table {
        message.attributes.push(RouteAttribute::Table(table));
    }
    if let Some(device) = device {
        message.attributes.push(RouteAttribute::Oif(device));
    }
    Request::new(RouteNetlinkMessage::GetRoute(message))
}
