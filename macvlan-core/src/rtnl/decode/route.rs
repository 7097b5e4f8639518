//! Decodes routes, after their `struct rtmsg`.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use ipnet::IpNet;
use nix::libc::{
    RTA_DST, RTA_GATEWAY, RTA_METRICS, RTA_MULTIPATH, RTA_OIF, RTA_PREFSRC, RTA_PRIORITY,
    RTA_TABLE, RTM_F_CLONED, RTN_BLACKHOLE, RTN_LOCAL, RTN_PROHIBIT, RTN_UNICAST, RTN_UNREACHABLE,
};

use crate::netlink::attributes::{attributes, u32_of};
use crate::rtnl::decode::ip_of;
use crate::rtnl::uapi::{RTA_VIA, RTAX_ADVMSS, RTAX_MTU, RTNH_F_ONLINK};
use crate::value::name::LinkId;
use crate::value::route::{NextHop, Route, RouteInfo, RouteKind};
use crate::value::scope::Scope;

/// Decodes a route, after its `struct rtmsg`; `None` for other families and types, such as the
/// kernel's local and broadcast routes, and for cached routes.
pub(crate) fn route(payload: &[u8]) -> Option<RouteInfo> {
    let (header, rest) = payload.split_first_chunk::<12>()?;
    let v4 = match i32::from(header[0]) {
        nix::libc::AF_INET => true,
        nix::libc::AF_INET6 => false,
        _ => return None,
    };
    let flags = u32_of(&header[8..])?;
    let kind = match header[7] {
        RTN_UNICAST => RouteKind::Unicast,
        RTN_BLACKHOLE => RouteKind::Blackhole,
        RTN_UNREACHABLE => RouteKind::Unreachable,
        RTN_PROHIBIT => RouteKind::Prohibit,
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
    // IPv6 reports `lo` as the link of a route that drops packets.
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
    Some(RouteInfo { route, link_name: None, protocol: header[5], next_hops })
}

/// Decodes the next hops of a multipath route (`struct rtnexthop`).
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
        found.push(NextHop { link, link_name: None, gateway, weight: u16::from(header[3]) + 1 });
        bytes = bytes.get(length.next_multiple_of(4)..).unwrap_or_default();
    }
    found
}

/// The way of packets, in the answer to `ip route get`.
pub(crate) struct Way {
    pub(crate) device: Option<u32>,
    pub(crate) gateway: Option<IpAddr>,
}

/// Decodes the answer to `ip route get`; without a device if the packets are dropped.
pub(crate) fn way(payload: &[u8]) -> Option<Way> {
    let (header, rest) = payload.split_first_chunk::<12>()?;
    let mut way = Way { device: None, gateway: None };
    for (kind, value) in attributes(rest) {
        match kind {
            // IPv6 reports `lo` as the link of a route that drops packets.
            RTA_OIF if header[7] == RTN_UNICAST => way.device = u32_of(value),
            RTA_GATEWAY => way.gateway = ip_of(value),
            RTA_VIA => way.gateway = value.get(2..).and_then(ip_of),
            _ => {}
        }
    }
    Some(way)
}

/// Returns the address of a local route.
pub(crate) fn local_route(payload: &[u8]) -> Option<IpAddr> {
    let (header, rest) = payload.split_first_chunk::<12>()?;
    let destination = attributes(rest).find_map(|(kind, value)| (kind == RTA_DST).then_some(value));
    ip_of(destination?).filter(|_| header[7] == RTN_LOCAL)
}
