//! Decodes links, after their `struct ifinfomsg`.

use std::net::Ipv6Addr;

use nix::libc::{
    IFLA_ADDRESS, IFLA_AF_SPEC, IFLA_ALLMULTI, IFLA_ALT_IFNAME, IFLA_CARRIER, IFLA_GRO_MAX_SIZE,
    IFLA_GROUP, IFLA_GSO_MAX_SEGS, IFLA_GSO_MAX_SIZE, IFLA_IFALIAS, IFLA_IFNAME, IFLA_INFO_DATA,
    IFLA_INFO_KIND, IFLA_LINK, IFLA_LINK_NETNSID, IFLA_LINKINFO, IFLA_MASTER, IFLA_MAX_MTU,
    IFLA_MIN_MTU, IFLA_MTU, IFLA_NUM_RX_QUEUES, IFLA_NUM_TX_QUEUES, IFLA_OPERSTATE,
    IFLA_PROMISCUITY, IFLA_PROP_LIST, IFLA_QDISC, IFLA_STATS64, IFLA_TSO_MAX_SEGS,
    IFLA_TSO_MAX_SIZE, IFLA_TXQLEN,
};

use crate::netlink::attributes::{attributes, i32_of, text_of, u16_of, u32_of};
use crate::rtnl::decode::mac_of;
use crate::rtnl::uapi::{
    AF_INET, AF_INET6, DEVCONF_ACCEPT_RA, DEVCONF_AUTOCONF, DEVCONF_DISABLE_IPV6,
    DEVCONF_NDISC_NOTIFY, IFLA_CARRIER_DOWN_COUNT, IFLA_GRO_IPV4_MAX_SIZE, IFLA_GSO_IPV4_MAX_SIZE,
    IFLA_INET_CONF, IFLA_INET6_ADDR_GEN_MODE, IFLA_INET6_CONF, IFLA_INET6_TOKEN,
    IFLA_MACVLAN_BC_CUTOFF, IFLA_MACVLAN_BC_QUEUE_LEN, IFLA_MACVLAN_FLAGS,
    IFLA_MACVLAN_MACADDR_DATA, IFLA_MACVLAN_MODE, IFLA_PROTO_DOWN, IFLA_PROTO_DOWN_REASON,
    IFLA_PROTO_DOWN_REASON_VALUE, IFLA_VLAN_EGRESS_QOS, IFLA_VLAN_FLAGS, IFLA_VLAN_ID,
    IFLA_VLAN_INGRESS_QOS, IFLA_VLAN_PROTOCOL, IFLA_XDP, IFLA_XDP_ATTACHED,
    IPV4_DEVCONF_ARP_NOTIFY, IPV4_DEVCONF_ARPFILTER,
};
use crate::value::link::{
    AcceptRa, AddrGenMode, LinkInfo, LinkStatistics, MacvlanOptions, Mode, VlanOptions,
    VlanProtocol,
};

/// Returns the index of a link (`struct ifinfomsg`).
pub(crate) fn link_index(payload: &[u8]) -> Option<u32> {
    payload.get(4..8)?.try_into().ok().map(u32::from_ne_bytes)
}

/// Returns how often a link has lost its carrier since it was created.
pub(crate) fn carrier_losses(payload: &[u8]) -> Option<u32> {
    let find = |(kind, _): &(u16, &[u8])| *kind == IFLA_CARRIER_DOWN_COUNT;
    attributes(payload.get(16..)?).find(find).and_then(|(_, count)| u32_of(count))
}

/// Decodes a link, after its `struct ifinfomsg`.
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
            // The kernel reports 0 for a lower link that no longer exists.
            IFLA_LINK => info.parent = u32_of(value).filter(|index| *index != 0),
            IFLA_QDISC => info.qdisc = Some(text_of(value)),
            IFLA_MASTER => info.controller = u32_of(value),
            IFLA_TXQLEN => info.tx_queue_len = number(),
            IFLA_OPERSTATE => info.state = value.first().copied().unwrap_or_default().into(),
            IFLA_LINKINFO => link_kind(&mut info, value),
            IFLA_IFALIAS => info.alias = Some(text_of(value)).filter(|alias| !alias.is_empty()),
            IFLA_STATS64 => info.statistics = statistics(value),
            IFLA_AF_SPEC => {
                ipv4(&mut info, value);
                ipv6(&mut info, value);
            }
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

/// Settings that a [`LinkInfo`] does not have, because no one sets them through this library.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct OtherSettings {
    /// The interface identifier of addresses from router advertisements.
    pub(crate) token: Option<Ipv6Addr>,
    /// The reasons for which the link has no carrier, if it has none on request.
    pub(crate) proto_down: Option<u32>,
    pub(crate) has_xdp: bool,
}

/// Decodes the other settings of a link, after its `struct ifinfomsg`.
pub(crate) fn other_settings(payload: &[u8]) -> Option<OtherSettings> {
    let mut settings = OtherSettings::default();
    let (mut is_down, mut reasons) = (false, 0);
    let is_set = |value: &[u8]| value.first().is_some_and(|value| *value != 0);
    for (kind, value) in attributes(payload.get(16..)?) {
        let find = |wanted| attributes(value).find(|(kind, _)| *kind == wanted);
        match kind {
            IFLA_AF_SPEC => {
                let token = of_family(value, AF_INET6).find(|(kind, _)| *kind == IFLA_INET6_TOKEN);
                let token = token.and_then(|(_, token)| token.first_chunk::<16>().copied());
                settings.token = token.map(Ipv6Addr::from).filter(|token| !token.is_unspecified());
            }
            IFLA_PROTO_DOWN => is_down = is_set(value),
            IFLA_PROTO_DOWN_REASON => {
                let found = find(IFLA_PROTO_DOWN_REASON_VALUE);
                reasons = found.and_then(|(_, value)| u32_of(value)).unwrap_or_default();
            }
            IFLA_XDP => {
                settings.has_xdp = find(IFLA_XDP_ATTACHED).is_some_and(|(_, mode)| is_set(mode));
            }
            _ => {}
        }
    }
    settings.proto_down = is_down.then_some(reasons);
    Some(settings)
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

fn macvlan(data: &[u8]) -> Option<MacvlanOptions> {
    let find = |wanted| attributes(data).find(|(kind, _)| *kind == wanted).map(|(_, value)| value);
    let mode = find(IFLA_MACVLAN_MODE).and_then(u32_of).and_then(Mode::from_kernel)?;
    let flags = find(IFLA_MACVLAN_FLAGS).and_then(u16_of).unwrap_or_default();
    let mut macvlan = MacvlanOptions::new(mode).nopromisc(flags & 1 != 0).nodst(flags & 2 != 0);
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

fn vlan(data: &[u8]) -> Option<VlanOptions> {
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
        VlanOptions::of(find(IFLA_VLAN_ID).and_then(u16_of)?)
            .protocol(protocol.unwrap_or_default())
            .with_flags(find(IFLA_VLAN_FLAGS).and_then(u32_of).unwrap_or_default())
            .with_qos(ingress.collect(), egress.collect()),
    )
}

/// Iterates over a link's attributes of an address family.
fn of_family(families: &[u8], family: u16) -> impl Iterator<Item = (u16, &[u8])> {
    let found = attributes(families).find(move |(other, _)| *other == family);
    found.into_iter().flat_map(|(_, data)| attributes(data))
}

fn ipv4(info: &mut LinkInfo, families: &[u8]) {
    for (_, value) in of_family(families, AF_INET).filter(|(kind, _)| *kind == IFLA_INET_CONF) {
        // An array of numbers; the constants IPV4_DEVCONF_... start at 1.
        let at = |constant: u16| (usize::from(constant) - 1) * size_of::<i32>();
        let is_on = |constant| i32_of(value.get(at(constant)..)?).map(|number| number != 0);
        info.arp_filter = is_on(IPV4_DEVCONF_ARPFILTER);
        info.arp_notify = is_on(IPV4_DEVCONF_ARP_NOTIFY);
    }
}

fn ipv6(info: &mut LinkInfo, families: &[u8]) {
    for (kind, value) in of_family(families, AF_INET6) {
        match kind {
            IFLA_INET6_ADDR_GEN_MODE => {
                info.addr_gen_mode = value.first().copied().and_then(AddrGenMode::from_kernel);
            }
            IFLA_INET6_CONF => {
                // An array of numbers, indexed by the constants DEVCONF_....
                let number = |at: usize| i32_of(value.get(at * size_of::<i32>()..)?);
                let accept_ra = number(DEVCONF_ACCEPT_RA).and_then(|number| number.try_into().ok());
                info.accept_ra = accept_ra.and_then(AcceptRa::from_kernel);
                info.autoconf = number(DEVCONF_AUTOCONF).map(|number| number != 0);
                info.disable_ipv6 = number(DEVCONF_DISABLE_IPV6).map(|number| number != 0);
                info.ndisc_notify = number(DEVCONF_NDISC_NOTIFY).map(|number| number != 0);
            }
            _ => {}
        }
    }
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
