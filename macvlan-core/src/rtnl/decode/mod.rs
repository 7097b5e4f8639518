//! From the kernel's messages to our types.
//!
//! Every attribute is looked at by itself: one that is unknown, or malformed, is left out and does
//! not spoil the others.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use ipnet::IpNet;
use netlink_packet_core::{NLA_HEADER_SIZE, NlasIterator, Parseable};
use netlink_packet_route::address::AddressMessage;
use netlink_packet_route::route::{RouteAttribute, RouteFlags, RouteMessage, RouteNextHopFlags};

use crate::rtnl::encode::rate::{TC_H_ROOT, TCA_KIND, TCA_OPTIONS, TCA_TBF_PARMS, TCA_TBF_RATE64};
use crate::value::address::{Address, AddressInfo, DuplicateDetection};
use crate::value::link::{
    AddrGenMode, LinkInfo, LinkStatistics, Macvlan, Mode, Vlan, VlanProtocol,
};
use crate::value::mac::MacAddr;
use crate::value::name::LinkId;
use crate::value::neighbour::NeighbourInfo;
use crate::value::rate::Rate;
use crate::value::route::{NextHop, Route, RouteInfo, RouteKind};
use crate::value::rule::Rule;
use crate::value::scope::Scope;

/// The attributes in a message or in another attribute, as type and value; what is malformed ends
/// the walk.
pub(crate) fn attributes(bytes: &[u8]) -> impl Iterator<Item = (u16, &[u8])> {
    NlasIterator::new(bytes).map_while(Result::ok).map(|attribute| {
        let (kind, end) = (attribute.kind(), usize::from(attribute.length()));
        (kind, attribute.into_inner().get(NLA_HEADER_SIZE..end).unwrap_or_default())
    })
}

fn u32_of(value: &[u8]) -> Option<u32> {
    value.first_chunk().copied().map(u32::from_ne_bytes)
}

fn u16_of(value: &[u8]) -> Option<u16> {
    value.first_chunk().copied().map(u16::from_ne_bytes)
}

fn i32_of(value: &[u8]) -> Option<i32> {
    value.first_chunk().copied().map(i32::from_ne_bytes)
}

pub(crate) fn text_of(value: &[u8]) -> String {
    let text = value.split(|byte| *byte == 0).next().unwrap_or_default();
    String::from_utf8_lossy(text).into_owned()
}

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

// linux/if_link.h
const IFLA_ADDRESS: u16 = 1;
const IFLA_IFNAME: u16 = 3;
const IFLA_MTU: u16 = 4;
const IFLA_LINK: u16 = 5;
const IFLA_QDISC: u16 = 6;
const IFLA_MASTER: u16 = 10;
const IFLA_TXQLEN: u16 = 13;
const IFLA_OPERSTATE: u16 = 16;
const IFLA_LINKINFO: u16 = 18;
const IFLA_IFALIAS: u16 = 20;
const IFLA_STATS64: u16 = 23;
const IFLA_AF_SPEC: u16 = 26;
const IFLA_GROUP: u16 = 27;
const IFLA_PROMISCUITY: u16 = 30;
const IFLA_NUM_TX_QUEUES: u16 = 31;
const IFLA_NUM_RX_QUEUES: u16 = 32;
const IFLA_CARRIER: u16 = 33;
const IFLA_LINK_NETNSID: u16 = 37;
const IFLA_GSO_MAX_SEGS: u16 = 40;
const IFLA_GSO_MAX_SIZE: u16 = 41;
const IFLA_MIN_MTU: u16 = 50;
const IFLA_MAX_MTU: u16 = 51;
const IFLA_PROP_LIST: u16 = 52;
const IFLA_ALT_IFNAME: u16 = 53;
const IFLA_GRO_MAX_SIZE: u16 = 58;
const IFLA_TSO_MAX_SIZE: u16 = 59;
const IFLA_TSO_MAX_SEGS: u16 = 60;
const IFLA_ALLMULTI: u16 = 61;
const IFLA_GSO_IPV4_MAX_SIZE: u16 = 63;
const IFLA_GRO_IPV4_MAX_SIZE: u16 = 64;
const IFLA_INFO_KIND: u16 = 1;
const IFLA_INFO_DATA: u16 = 2;
const IFLA_MACVLAN_MODE: u16 = 1;
const IFLA_MACVLAN_FLAGS: u16 = 2;
const IFLA_MACVLAN_MACADDR_DATA: u16 = 5;
const IFLA_MACVLAN_BC_QUEUE_LEN: u16 = 7;
const IFLA_MACVLAN_BC_CUTOFF: u16 = 9;
const IFLA_VLAN_ID: u16 = 1;
const IFLA_VLAN_FLAGS: u16 = 2;
const IFLA_VLAN_EGRESS_QOS: u16 = 3;
const IFLA_VLAN_INGRESS_QOS: u16 = 4;
const IFLA_VLAN_PROTOCOL: u16 = 5;
const IFLA_INET6_ADDR_GEN_MODE: u16 = 8;

/// A link's index alone (`struct ifinfomsg`).
pub(crate) fn link_index(payload: &[u8]) -> Option<u32> {
    payload.get(4..8)?.try_into().ok().map(u32::from_ne_bytes)
}

/// A link, behind its `struct ifinfomsg`.
pub(crate) fn link(payload: &[u8]) -> Option<LinkInfo> {
    let (header, rest) = payload.split_first_chunk::<16>()?;
    let mut info = LinkInfo {
        index: u32_of(&header[4..])?,
        flags: u32_of(&header[8..])?,
        ..LinkInfo::default()
    };
    for (kind, value) in attributes(rest) {
        let number = || u32_of(value).unwrap_or_default();
        match kind {
            IFLA_ADDRESS => info.mac = mac_of(value),
            IFLA_IFNAME => info.name = text_of(value),
            IFLA_MTU => info.mtu = number(),
            // The kernel says 0 for a link below that no longer exists.
            IFLA_LINK => info.parent = u32_of(value).filter(|index| *index != 0),
            IFLA_QDISC => info.qdisc = Some(text_of(value)),
            IFLA_MASTER => info.controller = u32_of(value),
            IFLA_TXQLEN => info.tx_queue_len = number(),
            IFLA_OPERSTATE => info.state = value.first().copied().unwrap_or_default().into(),
            IFLA_LINKINFO => link_kind(&mut info, value),
            IFLA_IFALIAS => info.alias = Some(text_of(value)).filter(|alias| !alias.is_empty()),
            IFLA_STATS64 => info.statistics = statistics(value),
            IFLA_AF_SPEC => info.addr_gen_mode = addr_gen_mode(value),
            IFLA_GROUP => info.group = number(),
            IFLA_PROMISCUITY => info.promiscuity = number(),
            IFLA_NUM_TX_QUEUES => info.tx_queues = number(),
            IFLA_NUM_RX_QUEUES => info.rx_queues = number(),
            IFLA_CARRIER => info.carrier = value.first().map(|carrier| *carrier != 0),
            IFLA_LINK_NETNSID => info.parent_netns = i32_of(value),
            IFLA_GSO_MAX_SEGS => info.offloads.gso_max_segs = u32_of(value),
            IFLA_GSO_MAX_SIZE => info.offloads.gso_max_size = u32_of(value),
            IFLA_MIN_MTU => info.min_mtu = number(),
            IFLA_MAX_MTU => info.max_mtu = number(),
            IFLA_PROP_LIST => {
                let names = attributes(value).filter(|(kind, _)| *kind == IFLA_ALT_IFNAME);
                info.alternative_names = names.map(|(_, name)| text_of(name)).collect();
            }
            IFLA_GRO_MAX_SIZE => info.offloads.gro_max_size = u32_of(value),
            IFLA_TSO_MAX_SIZE => info.offloads.tso_max_size = u32_of(value),
            IFLA_TSO_MAX_SEGS => info.offloads.tso_max_segs = u32_of(value),
            IFLA_ALLMULTI => info.allmulticast_count = u32_of(value),
            IFLA_GSO_IPV4_MAX_SIZE => info.offloads.gso_ipv4_max_size = u32_of(value),
            IFLA_GRO_IPV4_MAX_SIZE => info.offloads.gro_ipv4_max_size = u32_of(value),
            _ => {}
        }
    }
    Some(info)
}

/// A link of an event: none for what bridges tell of their ports in a family of their own.
pub(crate) fn link_event(payload: &[u8]) -> Option<LinkInfo> {
    let family = i32::from(*payload.first()?);
    (family == nix::libc::AF_UNSPEC).then(|| link(payload)).flatten()
}

fn link_kind(info: &mut LinkInfo, value: &[u8]) {
    let find = |wanted| attributes(value).find(|(kind, _)| *kind == wanted).map(|(_, value)| value);
    info.kind = find(IFLA_INFO_KIND).map(text_of);
    let data = find(IFLA_INFO_DATA).unwrap_or_default();
    match info.kind.as_deref() {
        Some("macvlan" | "macvtap") => info.macvlan = macvlan(data),
        Some("vlan") => info.vlan = vlan(data),
        _ => {}
    }
}

fn macvlan(data: &[u8]) -> Option<Macvlan> {
    let find = |wanted| attributes(data).find(|(kind, _)| *kind == wanted).map(|(_, value)| value);
    let mode = find(IFLA_MACVLAN_MODE).and_then(u32_of).and_then(Mode::from_kernel)?;
    let flags = find(IFLA_MACVLAN_FLAGS).and_then(u16_of).unwrap_or_default();
    let mut macvlan = Macvlan::new(mode).nopromisc(flags & 1 != 0).nodst(flags & 2 != 0);
    for (_, value) in attributes(find(IFLA_MACVLAN_MACADDR_DATA).unwrap_or_default()) {
        if let Some(mac) = mac_of(value) {
            macvlan = macvlan.source_mac(mac);
        }
    }
    if let Some(frames) = find(IFLA_MACVLAN_BC_QUEUE_LEN).and_then(u32_of) {
        macvlan = macvlan.bc_queue_len(frames);
    }
    if let Some(siblings) = find(IFLA_MACVLAN_BC_CUTOFF).and_then(i32_of) {
        macvlan = macvlan.bc_cutoff(siblings);
    }
    Some(macvlan)
}

fn vlan(data: &[u8]) -> Option<Vlan> {
    let find = |wanted| attributes(data).find(|(kind, _)| *kind == wanted).map(|(_, value)| value);
    let protocol = find(IFLA_VLAN_PROTOCOL)
        .and_then(|value| value.first_chunk().copied().map(u16::from_be_bytes))
        .and_then(VlanProtocol::from_kernel);
    // struct ifla_vlan_qos_mapping: from, to.
    let map = |wanted| {
        let mappings = attributes(find(wanted).unwrap_or_default());
        mappings.filter_map(|(_, value)| Some((u32_of(value)?, u32_of(value.get(4..)?)?)))
    };
    let tag = |priority: u32| u8::try_from(priority).ok();
    let ingress = map(IFLA_VLAN_INGRESS_QOS).filter_map(|(from, to)| Some((tag(from)?, to)));
    let egress = map(IFLA_VLAN_EGRESS_QOS).filter_map(|(from, to)| Some((from, tag(to)?)));
    Some(
        Vlan::of(find(IFLA_VLAN_ID).and_then(u16_of)?)
            .protocol(protocol.unwrap_or_default())
            .with_flags(find(IFLA_VLAN_FLAGS).and_then(u32_of).unwrap_or_default())
            .with_qos(ingress.collect(), egress.collect()),
    )
}

fn addr_gen_mode(af_spec: &[u8]) -> Option<AddrGenMode> {
    let (_, inet6) =
        attributes(af_spec).find(|(family, _)| i32::from(*family) == nix::libc::AF_INET6)?;
    let (_, mode) = attributes(inet6).find(|(kind, _)| *kind == IFLA_INET6_ADDR_GEN_MODE)?;
    AddrGenMode::from_kernel(*mode.first()?)
}

fn statistics(value: &[u8]) -> LinkStatistics {
    let mut counters = value
        .chunks_exact(8)
        .map(|counter| counter.first_chunk().copied().map_or(0, u64::from_ne_bytes));
    let mut next = || counters.next().unwrap_or_default();
    // In the order of struct rtnl_link_stats64.
    LinkStatistics {
        rx_packets: next(),
        tx_packets: next(),
        rx_bytes: next(),
        tx_bytes: next(),
        rx_errors: next(),
        tx_errors: next(),
        rx_dropped: next(),
        tx_dropped: next(),
        multicast: next(),
        collisions: next(),
    }
}

// linux/if_addr.h
const IFA_ADDRESS: u16 = 1;
const IFA_LOCAL: u16 = 2;
const IFA_LABEL: u16 = 3;
const IFA_BROADCAST: u16 = 4;
const IFA_FLAGS: u16 = 8;
const IFA_PROTO: u16 = 11;

/// An address, behind its `struct ifaddrmsg`.
pub(crate) fn address(payload: &[u8]) -> Option<AddressInfo> {
    let (header, rest) = payload.split_first_chunk::<8>()?;
    let prefix_len = header[1];
    let mut flags = u32::from(header[2]);
    let (mut local, mut peer, mut label, mut broadcast) = (None, None, None, None);
    let mut protocol = None;
    for (kind, value) in attributes(rest) {
        match kind {
            IFA_LOCAL => local = ip_of(value),
            IFA_ADDRESS => peer = ip_of(value),
            IFA_LABEL => label = Some(text_of(value)),
            IFA_BROADCAST => broadcast = ip_of(value),
            IFA_FLAGS => flags = u32_of(value).unwrap_or(flags),
            IFA_PROTO => protocol = value.first().copied(),
            _ => {}
        }
    }
    // IPv6 leaves IFA_LOCAL out unless there is a peer.
    let net = IpNet::new(local.or(peer)?, prefix_len).ok()?;
    let mut address = Address::as_told(net);
    if flags & nix::libc::IFA_F_OPTIMISTIC != 0 {
        address = address.as_told_with(DuplicateDetection::Optimistic);
    } else if flags & nix::libc::IFA_F_NODAD != 0 {
        address = address.as_told_with(DuplicateDetection::Skip);
    }
    Some(AddressInfo {
        address,
        link: u32_of(&header[4..])?,
        scope: Scope::from(header[3]),
        label,
        broadcast: match broadcast {
            Some(IpAddr::V4(ip)) => Some(ip),
            _ => None,
        },
        flags,
        protocol,
    })
}

// linux/rtnetlink.h
const RTA_DST: u16 = 1;
const RTA_OIF: u16 = 4;
const RTA_GATEWAY: u16 = 5;
const RTA_PRIORITY: u16 = 6;
const RTA_PREFSRC: u16 = 7;
const RTA_METRICS: u16 = 8;
const RTA_MULTIPATH: u16 = 9;
const RTA_TABLE: u16 = 15;
const RTA_VIA: u16 = 18;
const RTAX_MTU: u16 = 2;
const RTAX_ADVMSS: u16 = 8;
const RTNH_F_ONLINK: u32 = 4;
const RTM_F_CLONED: u32 = 0x200;

/// A route, behind its `struct rtmsg`; none for routes of other families and other kinds, such as
/// the kernel's own local and broadcast routes, and for cached ones.
pub(crate) fn route(payload: &[u8]) -> Option<RouteInfo> {
    let (header, rest) = payload.split_first_chunk::<12>()?;
    let v4 = match i32::from(header[0]) {
        nix::libc::AF_INET => true,
        nix::libc::AF_INET6 => false,
        _ => return None,
    };
    let flags = u32_of(&header[8..])?;
    let kind = match header[7] {
        1 => RouteKind::Unicast,
        6 => RouteKind::Blackhole,
        7 => RouteKind::Unreachable,
        8 => RouteKind::Prohibit,
        _ => return None,
    };
    if flags & RTM_F_CLONED != 0 {
        return None;
    }
    let mut destination =
        if v4 { IpAddr::V4(Ipv4Addr::UNSPECIFIED) } else { IpAddr::V6(Ipv6Addr::UNSPECIFIED) };
    let mut table = u32::from(header[4]);
    let (mut gateway, mut device, mut metric, mut source) = (None, None, None, None);
    let (mut mtu, mut advmss) = (None, None);
    let mut next_hops = Vec::new();
    for (kind, value) in attributes(rest) {
        match kind {
            RTA_DST => destination = ip_of(value)?,
            RTA_OIF => device = u32_of(value),
            RTA_GATEWAY => gateway = ip_of(value),
            RTA_VIA => gateway = value.get(2..).and_then(ip_of),
            RTA_PRIORITY => metric = u32_of(value),
            RTA_PREFSRC => source = ip_of(value),
            RTA_TABLE => table = u32_of(value).unwrap_or(table),
            RTA_METRICS => {
                for (kind, value) in attributes(value) {
                    match kind {
                        RTAX_MTU => mtu = u32_of(value),
                        RTAX_ADVMSS => advmss = u32_of(value),
                        _ => {}
                    }
                }
            }
            RTA_MULTIPATH => next_hops = multipath(value),
            _ => {}
        }
    }
    let mut route = Route::to(IpNet::new(destination, header[1]).ok()?)
        .kind(kind)
        .table(table)
        .on_link(gateway.is_some() && flags & RTNH_F_ONLINK != 0);
    if v4 {
        route = route.scope(Scope::from(header[6]));
    }
    if let Some(gateway) = gateway {
        route = route.gateway(gateway);
    }
    // A route to nowhere has `lo` as its link in IPv6, which nobody asked for.
    if let Some(device) = device.filter(|_| kind == RouteKind::Unicast) {
        route = route.device(LinkId::Index(device));
    }
    if let Some(metric) = metric {
        route = route.metric(metric);
    }
    if let Some(source) = source {
        route = route.source(source);
    }
    if let Some(mtu) = mtu {
        route = route.mtu(mtu);
    }
    if let Some(advmss) = advmss {
        route = route.advmss(advmss);
    }
    Some(RouteInfo { route, protocol: header[5], next_hops })
}

// linux/neighbour.h
const NDA_DST: u16 = 1;
const NDA_LLADDR: u16 = 2;

/// A neighbour, behind its `struct ndmsg`; none for bridges' tables.
pub(crate) fn neighbour(payload: &[u8]) -> Option<NeighbourInfo> {
    let (header, rest) = payload.split_first_chunk::<12>()?;
    let (mut ip, mut mac) = (None, None);
    for (kind, value) in attributes(rest) {
        match kind {
            NDA_DST => ip = ip_of(value),
            NDA_LLADDR => mac = mac_of(value),
            _ => {}
        }
    }
    let state = u16_of(&header[8..])?.into();
    Some(NeighbourInfo { ip: ip?, mac, link: u32_of(&header[4..])?, state })
}

// linux/fib_rules.h
const FRA_DST: u16 = 1;
const FRA_SRC: u16 = 2;
const FRA_PRIORITY: u16 = 6;
const FRA_TABLE: u16 = 15;
const FR_ACT_TO_TBL: u8 = 1;

/// A rule that leads to a table, behind its `struct fib_rule_hdr`.
pub(crate) fn rule(payload: &[u8]) -> Option<Rule> {
    let (header, rest) = payload.split_first_chunk::<12>()?;
    if header[7] != FR_ACT_TO_TBL {
        return None;
    }
    let v6 = match i32::from(header[0]) {
        nix::libc::AF_INET => false,
        nix::libc::AF_INET6 => true,
        _ => return None,
    };
    let (mut from, mut to, mut priority, mut table) = (None, None, 0, u32::from(header[4]));
    for (kind, value) in attributes(rest) {
        match kind {
            FRA_SRC => from = IpNet::new(ip_of(value)?, header[2]).ok(),
            FRA_DST => to = IpNet::new(ip_of(value)?, header[1]).ok(),
            // The first rule's priority, 0, is not told.
            FRA_PRIORITY => priority = u32_of(value)?,
            FRA_TABLE => table = u32_of(value)?,
            _ => {}
        }
    }
    let mut rule = Rule::new(table).priority(priority);
    if v6 {
        rule = rule.ipv6();
    }
    if let Some(from) = from {
        rule = rule.from(from);
    }
    if let Some(to) = to {
        rule = rule.to(to);
    }
    Some(rule)
}

/// The link whose root discipline is a token bucket filter, and how much that lets through, behind
/// a `struct tcmsg`.
pub(crate) fn rate(payload: &[u8]) -> Option<(u32, Rate)> {
    let (header, rest) = payload.split_first_chunk::<20>()?;
    let is_tbf = attributes(rest).any(|(kind, value)| kind == TCA_KIND && text_of(value) == "tbf");
    if !is_tbf || u32_of(&header[12..])? != TC_H_ROOT {
        return None;
    }
    let (_, options) = attributes(rest).find(|(kind, _)| *kind == TCA_OPTIONS)?;
    let mut bytes = None;
    for (kind, value) in attributes(options) {
        match kind {
            // Which of both comes first does not matter: the larger number is the one that is meant.
            TCA_TBF_PARMS => bytes = bytes.max(value.get(8..).and_then(u32_of).map(u64::from)),
            TCA_TBF_RATE64 => {
                bytes = bytes.max(value.first_chunk().copied().map(u64::from_ne_bytes));
            }
            _ => {}
        }
    }
    let rate = Rate::bits_per_second(bytes?.saturating_mul(8)).ok()?;
    Some((u32_of(&header[4..])?, rate))
}

/// The number of a namespace, behind a `struct rtgenmsg`; negative where it has none.
pub(crate) fn netns_id(payload: &[u8]) -> Option<i32> {
    const NETNSA_NSID: u16 = 1;
    let (_, id) = attributes(payload.get(4..)?).find(|(kind, _)| *kind == NETNSA_NSID)?;
    i32_of(id)
}

/// A default route of table main and one of the families (true is IPv4), as the message that would
/// make it again.
pub(crate) fn default_route(payload: &[u8], families: &[bool]) -> Option<RouteMessage> {
    let found = route(payload)?.route;
    let wanted = found.is_default()
        && found.get_table() == Some(super::encode::MAIN_TABLE)
        && families.contains(&found.destination().addr().is_ipv4());
    let mut message = RouteMessage::parse(payload).ok().filter(|_| wanted)?;
    // The kernel tells of the link's state in flags that it refuses to be told.
    message.header.flags &= RouteFlags::Onlink;
    repeatable(&mut message.attributes);
    Some(message)
}

/// An address as it was told, to be told again.
pub(crate) fn raw_address(payload: &[u8]) -> Option<AddressMessage> {
    AddressMessage::parse(payload).ok()
}

/// A unicast route through a link that somebody has made, to be told again; not those that come from
/// a router's advertisements, nor those that the kernel makes with an address, unless they are to one
/// of these subnets, nor those that are to stay.
pub(crate) fn route_through(
    payload: &[u8],
    link: u32,
    by_hand: &[IpNet],
    stays: &dyn Fn(&Route) -> bool,
) -> Option<RouteMessage> {
    const RTPROT_KERNEL: u8 = 2;
    const RTPROT_RA: u8 = 9;
    let told = route(payload)?;
    let through = told.route.get_device() == Some(LinkId::Index(link))
        || told.next_hops.iter().any(|next_hop| next_hop.link == link);
    let wanted = match told.protocol {
        RTPROT_KERNEL => by_hand.contains(&told.route.destination()),
        RTPROT_RA => false,
        _ => told.route.get_kind() == RouteKind::Unicast && !stays(&told.route),
    };
    let mut message = RouteMessage::parse(payload).ok().filter(|_| through && wanted)?;
    message.header.flags &= RouteFlags::Onlink;
    repeatable(&mut message.attributes);
    Some(message)
}

/// The address that a local route is for.
pub(crate) fn local_route(payload: &[u8]) -> Option<IpAddr> {
    const RTN_LOCAL: u8 = 2;
    let (header, rest) = payload.split_first_chunk::<12>()?;
    let destination = attributes(rest).find_map(|(kind, value)| (kind == RTA_DST).then_some(value));
    ip_of(destination?).filter(|_| header[7] == RTN_LOCAL)
}

/// The kernel tells more than it takes: how the links of several next hops are, what a next hop object
/// says beside its number, and when a route expires in another attribute than the one that sets it.
fn repeatable(attributes: &mut Vec<RouteAttribute>) {
    for attribute in attributes.iter_mut() {
        if let RouteAttribute::MultiPath(next_hops) = attribute {
            for next_hop in next_hops {
                next_hop.flags &= RouteNextHopFlags::Onlink;
            }
        }
    }
    if attributes.iter().any(|attribute| matches!(attribute, RouteAttribute::NhId(_))) {
        attributes.retain(|attribute| {
            !matches!(
                attribute,
                RouteAttribute::Oif(_)
                    | RouteAttribute::Gateway(_)
                    | RouteAttribute::Via(_)
                    | RouteAttribute::MultiPath(_)
            )
        });
    }
    let expires = attributes.iter().find_map(|attribute| match attribute {
        RouteAttribute::CacheInfo(info) if info.expires > 0 => Some(info.expires),
        _ => None,
    });
    // Told in hundredths of a second (USER_HZ), set in seconds.
    attributes.extend(expires.map(|left| RouteAttribute::Expires(left.div_ceil(100))));
}

/// The next hops of a multipath route (`struct rtnexthop`).
fn multipath(mut bytes: &[u8]) -> Vec<NextHop> {
    let mut found = Vec::new();
    while let Some(header) = bytes.first_chunk::<8>() {
        let length = usize::from(u16::from_ne_bytes([header[0], header[1]]));
        let Some(rest) = bytes.get(8..length) else { break };
        let Some(link) = u32_of(&header[4..]) else { break };
        let mut gateway = None;
        for (kind, value) in attributes(rest) {
            match kind {
                RTA_GATEWAY => gateway = ip_of(value),
                RTA_VIA => gateway = value.get(2..).and_then(ip_of),
                _ => {}
            }
        }
        found.push(NextHop { link, gateway, weight: u16::from(header[3]) + 1 });
        bytes = bytes.get(length.next_multiple_of(4)..).unwrap_or_default();
    }
    found
}
