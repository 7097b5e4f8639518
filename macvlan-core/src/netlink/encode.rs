//! From our types to the kernel's messages, with the attributes that `ip` would send.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::os::fd::{AsFd, AsRawFd};

use ipnet::IpNet;
use netlink_packet_core::DefaultNla;
use netlink_packet_route::address::{AddressHeaderFlags, AddressMessage, AddressScope};
use netlink_packet_route::link::{
    self as packet, AfSpecInet6, AfSpecUnspec, In6AddrGenMode, InfoData, InfoKind, InfoMacVlan,
    InfoVeth, InfoVlan, LinkAttribute, LinkInfo, LinkMessage, MacVlanFlags, MacVlanMacAddressMode,
    MacVlanMode, Prop, VlanFlags, VlanQosMapping,
};
use netlink_packet_route::neighbour::{NeighbourAttribute, NeighbourMessage};
use netlink_packet_route::nsid::{NsidAttribute, NsidMessage};
use netlink_packet_route::route::{
    RouteAttribute, RouteHeader, RouteMessage, RouteMetric, RouteProtocol, RouteScope, RouteType,
    RouteVia,
};
use netlink_packet_route::rule::{RuleAction, RuleAttribute, RuleMessage};
use netlink_packet_route::{AddressFamily, RouteNetlinkMessage as Message};
use rtnetlink::{AddressMessageBuilder, LinkMessageBuilder, LinkUnspec, RouteMessageBuilder};

use crate::address::{Address, DuplicateDetection};
use crate::error::Result;
use crate::filter::{Family, RouteFilter};
use crate::link::{AddrGenMode, Link, LinkKind, Macvlan, MacvlanChange, Mode, SourceMacs, Vlan};
use crate::mac::MacAddr;
use crate::name::LinkName;
use crate::netlink::Request;
use crate::netns::NetNs;
use crate::route::{Route, RouteKind, Scope};
use crate::rule::Rule;

const IFLA_ALT_IFNAME: u16 = 53;

/// `ip link add`.
///
/// Always with `NLM_F_EXCL`: without it, a link of that name in the sender's namespace would be
/// moved into the target's, and the kernel would call that a success.
pub(crate) fn create_link(link: &Link, parent: Option<u32>) -> Request {
    let mut builder = match &link.kind {
        LinkKind::Macvlan(options) => macvlan(InfoKind::MacVlan, macvlan_data(options)),
        LinkKind::Macvtap(options) => macvlan(InfoKind::MacVtap, macvlan_data(options)),
        LinkKind::Vlan(options) => {
            of_kind(InfoKind::Vlan).set_info_data(InfoData::Vlan(vlan_data(options)))
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
    if let Some(group) = link.group {
        builder = builder.link_group(group);
    }
    if let Some(packets) = link.tx_queue_len {
        builder = builder.txqueuelen(packets);
    }
    if let Some(queues) = link.tx_queues {
        builder = builder.append_extra_attribute(LinkAttribute::NumTxQueues(queues));
    }
    if let Some(queues) = link.rx_queues {
        builder = builder.append_extra_attribute(LinkAttribute::NumRxQueues(queues));
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
    Request::create(Message::NewLink(builder.build()))
}

fn of_kind(kind: InfoKind) -> LinkMessageBuilder<LinkUnspec> {
    LinkMessageBuilder::new_with_info_kind(kind)
}

/// Macvlan and macvtap have the same attributes, in types of their own.
fn macvlan(kind: InfoKind, data: Vec<InfoMacVlan>) -> LinkMessageBuilder<LinkUnspec> {
    of_kind(kind).set_info_data(InfoData::MacVlan(data))
}

fn macvlan_data(options: &Macvlan) -> Vec<InfoMacVlan> {
    let mut data = vec![mode_attribute(options.mode())];
    if options.flags() != 0 {
        data.push(InfoMacVlan::Flags(MacVlanFlags::from_bits_retain(options.flags())));
    }
    if !options.source_macs().is_empty() {
        data.extend(source_macs(&SourceMacs::Set(options.source_macs().to_vec())));
    }
    data.extend(options.get_bc_queue_len().map(InfoMacVlan::BcQueueLen));
    data.extend(options.get_bc_cutoff().map(InfoMacVlan::BcCutoff));
    data
}

fn mode_attribute(mode: Mode) -> InfoMacVlan {
    InfoMacVlan::Mode(MacVlanMode::from(mode as u32))
}

fn source_macs(change: &SourceMacs) -> Vec<InfoMacVlan> {
    let address = |mac: &MacAddr| InfoMacVlan::MacAddr(mac.octets());
    match change {
        SourceMacs::Add(mac) => {
            vec![InfoMacVlan::MacAddrMode(MacVlanMacAddressMode::Add), address(mac)]
        }
        SourceMacs::Delete(mac) => {
            vec![InfoMacVlan::MacAddrMode(MacVlanMacAddressMode::Del), address(mac)]
        }
        SourceMacs::Set(macs) => vec![
            InfoMacVlan::MacAddrMode(MacVlanMacAddressMode::Set),
            InfoMacVlan::MacAddrData(macs.iter().map(address).collect()),
        ],
        SourceMacs::Flush => vec![InfoMacVlan::MacAddrMode(MacVlanMacAddressMode::Flush)],
    }
}

fn vlan_data(options: &Vlan) -> Vec<InfoVlan> {
    let mut data = vec![
        InfoVlan::Protocol(packet::VlanProtocol::from(options.get_protocol() as u16)),
        InfoVlan::Id(options.id()),
    ];
    let (flags, mask) = options.flags();
    if mask != 0 {
        let bits = VlanFlags::from_bits_retain;
        data.push(InfoVlan::Flags((bits(flags), bits(mask))));
    }
    let ingress = options.get_ingress_qos().iter();
    let ingress: Vec<_> =
        ingress.map(|(from, to)| VlanQosMapping::Mapping((*from).into(), *to)).collect();
    let egress = options.get_egress_qos().iter();
    let egress: Vec<_> =
        egress.map(|(from, to)| VlanQosMapping::Mapping(*from, (*to).into())).collect();
    if !ingress.is_empty() {
        data.push(InfoVlan::IngressQos(ingress));
    }
    if !egress.is_empty() {
        data.push(InfoVlan::EgressQos(egress));
    }
    data
}

/// What can be changed on a link that exists.
pub(crate) enum LinkChange<'a> {
    Up(bool),
    Promisc(bool),
    AllMulticast(bool),
    Name(LinkName),
    Mac(MacAddr),
    Mtu(u32),
    Alias(&'a str),
    Group(u32),
    TxQueueLen(u32),
    AddrGenMode(AddrGenMode),
    NetNs(&'a NetNs, Option<LinkName>),
    /// For a link of this kind, macvlan or macvtap.
    Macvlan(&'a str, &'a MacvlanChange),
    Vlan(&'a Vlan),
}

/// `ip link set`: one request that changes one link.
pub(crate) fn set_link(index: u32, change: &LinkChange<'_>) -> Request {
    let builder = match change {
        LinkChange::Macvlan("macvtap", change) => {
            macvlan(InfoKind::MacVtap, macvlan_change(change))
        }
        LinkChange::Macvlan(_, change) => macvlan(InfoKind::MacVlan, macvlan_change(change)),
        LinkChange::Vlan(options) => {
            // Id and protocol cannot be changed.
            let data = vlan_data(options).split_off(2);
            of_kind(InfoKind::Vlan).set_info_data(InfoData::Vlan(data))
        }
        _ => LinkMessageBuilder::<LinkUnspec>::new(),
    };
    let builder = builder.index(index);
    let message = match change {
        LinkChange::Up(true) => builder.up(),
        LinkChange::Up(false) => builder.down(),
        LinkChange::Promisc(on) => builder.promiscuous(*on),
        LinkChange::AllMulticast(on) => builder.allmulticast(*on),
        LinkChange::Name(name) => builder.name(name.as_str()),
        LinkChange::Mac(mac) => builder.address(mac.octets().to_vec()),
        LinkChange::Mtu(mtu) => builder.mtu(*mtu),
        LinkChange::Alias(alias) => builder.alias(*alias),
        LinkChange::Group(group) => builder.link_group(*group),
        LinkChange::TxQueueLen(packets) => builder.txqueuelen(*packets),
        LinkChange::AddrGenMode(mode) => {
            let mode = AfSpecInet6::AddrGenMode(In6AddrGenMode::from(*mode as u8));
            builder.append_extra_attribute(LinkAttribute::AfSpecUnspec(vec![AfSpecUnspec::Inet6(
                vec![mode],
            )]))
        }
        LinkChange::NetNs(netns, name) => {
            let builder = builder.setns_by_fd(netns.as_fd().as_raw_fd());
            match name {
                Some(name) => builder.name(name.as_str()),
                None => builder,
            }
        }
        LinkChange::Macvlan(..) | LinkChange::Vlan(_) => builder,
    };
    // As `ip` does: RTM_NEWLINK without NLM_F_CREATE. RTM_SETLINK is the same to the kernel.
    Request::new(Message::NewLink(message.build()))
}

fn macvlan_change(change: &MacvlanChange) -> Vec<InfoMacVlan> {
    let mut data = Vec::new();
    data.extend(change.mode.map(mode_attribute));
    data.extend(
        change.flags.map(|flags| InfoMacVlan::Flags(MacVlanFlags::from_bits_retain(flags))),
    );
    data.extend(change.source_macs.iter().flat_map(source_macs));
    data.extend(change.bc_queue_len.map(InfoMacVlan::BcQueueLen));
    data.extend(change.bc_cutoff.map(InfoMacVlan::BcCutoff));
    data
}

/// `ip link property add altname`.
pub(crate) fn add_altname(index: u32, name: &str) -> Request {
    Request::create_or_append(Message::NewLinkProp(altname(index, name)))
}

/// `ip link property delete altname`.
pub(crate) fn delete_altname(index: u32, name: &str) -> Request {
    Request::new(Message::DelLinkProp(altname(index, name)))
}

fn altname(index: u32, name: &str) -> LinkMessage {
    let names = vec![Prop::AltIfName(name.to_owned())];
    LinkMessageBuilder::<LinkUnspec>::new()
        .index(index)
        .append_extra_attribute(LinkAttribute::PropList(names))
        .build()
}

/// `ip link delete` by an alternative name alone: if the name is gone, nothing is deleted.
pub(crate) fn delete_link_by_altname(name: &str) -> Request {
    let name = DefaultNla::new(IFLA_ALT_IFNAME, [name.as_bytes(), b"\0"].concat());
    let message = LinkMessageBuilder::<LinkUnspec>::new()
        .append_extra_attribute(LinkAttribute::Other(name))
        .build();
    Request::new(Message::DelLink(message))
}

/// `ip link delete`.
pub(crate) fn delete_link(index: u32) -> Request {
    Request::new(Message::DelLink(by_index(index)))
}

/// `ip link delete group`.
pub(crate) fn delete_group(group: u32) -> Request {
    let message = LinkMessageBuilder::<LinkUnspec>::new().link_group(group).build();
    Request::new(Message::DelLink(message))
}

/// `ip link show dev`.
pub(crate) fn get_link(index: u32) -> Request {
    Request::new(Message::GetLink(by_index(index)))
}

/// `ip link show [type KIND] [master LINK]`.
pub(crate) fn get_links(kind: Option<&str>, controller: Option<u32>) -> Request {
    let mut message = by_index(0);
    message.attributes.extend(controller.map(LinkAttribute::Controller));
    if let Some(kind) = kind {
        let kind = InfoKind::Other(kind.to_owned());
        message.attributes.push(LinkAttribute::LinkInfo(vec![LinkInfo::Kind(kind)]));
    }
    Request::new(Message::GetLink(message))
}

fn by_index(index: u32) -> LinkMessage {
    LinkMessageBuilder::<LinkUnspec>::new().index(index).build()
}

/// `ip address add … broadcast +`.
pub(crate) fn address(link: u32, address: &Address) -> AddressMessage {
    let mut message = match address.net() {
        IpNet::V4(net) => AddressMessageBuilder::<Ipv4Addr>::new()
            .index(link)
            .address(net.addr(), net.prefix_len())
            .build(),
        IpNet::V6(net) => AddressMessageBuilder::<Ipv6Addr>::new()
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

/// `ip address show [dev LINK]`.
pub(crate) fn get_addresses(family: Option<Family>, link: Option<u32>) -> Request {
    let mut message = AddressMessage::default();
    message.header.family = family_of(family);
    message.header.index = link.unwrap_or_default();
    Request::new(Message::GetAddress(message))
}

fn family_of(family: Option<Family>) -> AddressFamily {
    match family {
        None => AddressFamily::Unspec,
        Some(Family::V4) => AddressFamily::Inet,
        Some(Family::V6) => AddressFamily::Inet6,
    }
}

/// `ip neighbour show [dev LINK]`.
pub(crate) fn get_neighbours(family: Option<Family>, link: Option<u32>) -> Request {
    let mut message = NeighbourMessage::default();
    message.header.family = family_of(family);
    message.attributes.extend(link.map(NeighbourAttribute::IfIndex));
    Request::new(Message::GetNeighbour(message))
}

/// `ip rule`.
pub(crate) fn rule(rule: &Rule) -> Result<RuleMessage> {
    rule.check()?;
    let mut message = RuleMessage::default();
    message.header.family = if rule.is_ipv6() { AddressFamily::Inet6 } else { AddressFamily::Inet };
    message.header.action = RuleAction::ToTable;
    if let Some(from) = rule.get_from() {
        message.header.src_len = from.prefix_len();
        message.attributes.push(RuleAttribute::Source(from.addr()));
    }
    if let Some(to) = rule.get_to() {
        message.header.dst_len = to.prefix_len();
        message.attributes.push(RuleAttribute::Destination(to.addr()));
    }
    match u8::try_from(rule.table()) {
        Ok(table) => message.header.table = table,
        Err(_) => message.attributes.push(RuleAttribute::Table(rule.table())),
    }
    message.attributes.extend(rule.get_priority().map(RuleAttribute::Priority));
    Ok(message)
}

/// `ip rule show`.
pub(crate) fn get_rules(family: Option<Family>) -> Request {
    let mut message = RuleMessage::default();
    message.header.family = family_of(family);
    Request::new(Message::GetRule(message))
}

/// How `from` numbers the namespace `netns`, if it does.
pub(crate) fn get_netns_id(netns: &NetNs) -> Request {
    let mut message = NsidMessage::default();
    let fd = netns.as_fd().as_raw_fd();
    message.attributes.push(NsidAttribute::Fd(u32::try_from(fd).unwrap_or_default()));
    Request::new(Message::GetNsId(message))
}

/// `ip route add`, `device` being what the route itself does not say.
pub(crate) fn route(route: &Route, device: Option<u32>) -> Result<RouteMessage> {
    route.check()?;
    let destination = route.destination();
    let mut builder = RouteMessageBuilder::<IpAddr>::new().protocol(RouteProtocol::Boot);
    // The families were checked, and the destination sets the message's.
    let set = builder.get_mut();
    set.header.address_family =
        if destination.addr().is_ipv4() { AddressFamily::Inet } else { AddressFamily::Inet6 };
    set.header.destination_prefix_length = destination.prefix_len();
    set.header.scope = RouteScope::from(u8::from(scope_of(route)));
    if !route.is_default() {
        set.attributes.push(RouteAttribute::Destination(destination.addr().into()));
    }
    builder = builder.kind(route_type(route.get_kind()));
    if let Some(gateway) = route.get_gateway() {
        let via = match (destination.addr(), gateway) {
            (IpAddr::V4(_), IpAddr::V6(v6)) => RouteAttribute::Via(RouteVia::Inet6(v6)),
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
fn scope_of(route: &Route) -> Scope {
    route.get_scope().unwrap_or({
        let direct = route.get_gateway().is_none() && route.get_kind() == RouteKind::Unicast;
        if direct && route.destination().addr().is_ipv4() { Scope::Link } else { Scope::Global }
    })
}

/// For deletion, what is not said must match anything.
pub(crate) fn route_to_delete(route: &Route, device: Option<u32>) -> Result<RouteMessage> {
    let mut message = self::route(route, device)?;
    message.header.protocol = RouteProtocol::Unspec;
    // IPv6 has no scopes, and `ip` sends 0 there.
    if route.get_scope().is_none() && route.destination().addr().is_ipv4() {
        message.header.scope = RouteScope::NoWhere;
    }
    Ok(message)
}

/// A route that was added, so that its deletion can match no other: the metric that IPv6 gives when
/// none is given (`IP6_RT_PRIO_USER`), to be deleted, has to be said.
pub(crate) fn exactly(mut route: RouteMessage) -> RouteMessage {
    let v6 = route.header.address_family == netlink_packet_route::AddressFamily::Inet6;
    let is_metric = |attribute: &RouteAttribute| matches!(attribute, RouteAttribute::Priority(_));
    if v6 && !route.attributes.iter().any(is_metric) {
        route.attributes.push(RouteAttribute::Priority(1024));
    }
    route
}

/// `RT_TABLE_MAIN`.
pub(crate) const MAIN_TABLE: u32 = RouteHeader::RT_TABLE_MAIN as u32;

/// `ip route show table …`; everything when nothing is said.
pub(crate) fn get_routes(wanted: &RouteFilter, device: Option<u32>) -> Request {
    let mut message = RouteMessage::default();
    message.header.address_family = family_of(wanted.family);
    message.header.kind = wanted.kind.map_or(RouteType::Unspec, route_type);
    message.header.protocol = wanted.protocol.unwrap_or_default().into();
    message.attributes.extend(wanted.table.map(RouteAttribute::Table));
    message.attributes.extend(device.map(RouteAttribute::Oif));
    Request::new(Message::GetRoute(message))
}

fn route_type(kind: RouteKind) -> RouteType {
    match kind {
        RouteKind::Unicast => RouteType::Unicast,
        RouteKind::Blackhole => RouteType::BlackHole,
        RouteKind::Unreachable => RouteType::Unreachable,
        RouteKind::Prohibit => RouteType::Prohibit,
    }
}
