//! Routes: `ip route`.

use std::net::IpAddr;

use netlink_packet_route::RouteNetlinkMessage as Message;
use netlink_packet_route::route::{RouteAttribute, RouteHeader, RouteMessage, RouteType};
use nix::libc::{
    RTA_DST, RTA_GATEWAY, RTA_METRICS, RTA_OIF, RTA_PREFSRC, RTA_PRIORITY, RTA_SRC, RTA_TABLE,
    RTM_DELROUTE, RTM_GETROUTE, RTM_NEWROUTE, RTPROT_BOOT, RTPROT_UNSPEC,
};

use crate::error::Result;
use crate::netlink::Request;
use crate::netlink::attributes::Payload;
use crate::rtnl::encode::family::{family_number, family_of, flag, with_octets};
use crate::rtnl::uapi::{RTA_VIA, RTAX_ADVMSS, RTAX_MTU, RTNH_F_ONLINK};
use crate::value::filter::RouteFilter;
use crate::value::route::{IP6_RT_PRIO_USER, Route, RouteKind};
use crate::value::scope::Scope;

// `ip route add`; `device` and `protocol` are defaults for those that the route does not have.
pub(crate) fn add_route(route: &Route, device: Option<u32>, protocol: u8) -> Result<Request> {
    Ok(Request::create((RTM_NEWROUTE, self::route(route, device, Verb::Add, protocol)?)))
}

/// `ip route prepend`: adds it before routes with the same destination and metric.
pub(crate) fn prepend_route(route: &Route, device: Option<u32>) -> Result<Request> {
    Ok(Request::beside((RTM_NEWROUTE, self::route(route, device, Verb::Add, RTPROT_BOOT)?)))
}

/// `ip route replace`.
pub(crate) fn replace_route(route: &Route, device: Option<u32>) -> Result<Request> {
    Ok(Request::replace((RTM_NEWROUTE, self::route(route, device, Verb::Add, RTPROT_BOOT)?)))
}

/// `ip route delete`; fields that are not set match anything.
pub(crate) fn delete_route(route: &Route, device: Option<u32>) -> Result<Request> {
    Ok(Request::new((RTM_DELROUTE, self::route(route, device, Verb::Delete, RTPROT_UNSPEC)?)))
}

/// Deletes a route that was added with this protocol, and matches no other.
pub(crate) fn delete_route_exactly(
    route: &Route,
    device: Option<u32>,
    protocol: u8,
) -> Result<Request> {
    Ok(Request::new((RTM_DELROUTE, self::route(route, device, Verb::DeleteExactly, protocol)?)))
}

/// The operation on a route, as far as the message depends on it.
#[derive(Clone, Copy, PartialEq)]
enum Verb {
    Add,
    Delete,
    DeleteExactly,
}

/// Writes `struct rtmsg` and the attributes.
fn route(route: &Route, device: Option<u32>, verb: Verb, protocol: u8) -> Result<Payload> {
    route.check()?;
    let destination = route.get_destination();
    let v4 = destination.addr().is_ipv4();
    // A table above 255 is in an attribute; the header then has "unspec".
    let table = route.get_table();
    let in_header = u8::try_from(table).unwrap_or(RouteHeader::RT_TABLE_UNSPEC);
    let scope = match verb {
        // IPv6 has no scopes; `ip` sends 0.
        Verb::Delete if route.get_scope().is_none() && v4 => Scope::Nowhere,
        _ => scope_of(route),
    };
    let header = [
        family_number(v4),
        destination.prefix_len(),
        0,
        0,
        in_header,
        route.get_protocol().unwrap_or(protocol),
        scope.into(),
        route_type(route.get_kind()).into(),
    ];
    let flags = flag(RTNH_F_ONLINK, route.get_on_link());
    let mut message = Payload::new(&[&header, &flags.to_ne_bytes()]);
    if !route.is_default() {
        with_octets(destination.addr(), |octets| message.attribute(RTA_DST, octets));
    }
    match route.get_gateway() {
        Some(IpAddr::V6(gateway)) if v4 => message.nested(RTA_VIA, |via| {
            via.push(&u16::from(family_number(false)).to_ne_bytes());
            via.push(&gateway.octets());
        }),
        Some(gateway) => with_octets(gateway, |octets| message.attribute(RTA_GATEWAY, octets)),
        None => {}
    }
    // To delete an IPv6 route, its default metric has to be sent.
    let metric =
        route.get_metric().or((verb == Verb::DeleteExactly && !v4).then_some(IP6_RT_PRIO_USER));
    for (kind, number) in [
        (RTA_OIF, device),
        (RTA_TABLE, (table > u8::MAX.into()).then_some(table)),
        (RTA_PRIORITY, metric),
    ] {
        if let Some(number) = number {
            message.number(kind, number);
        }
    }
    if let Some(source) = route.get_source() {
        with_octets(source, |octets| message.attribute(RTA_PREFSRC, octets));
    }
    if route.get_mtu().is_some() || route.get_advmss().is_some() {
        message.nested(RTA_METRICS, |metrics| {
            for (kind, number) in [(RTAX_MTU, route.get_mtu()), (RTAX_ADVMSS, route.get_advmss())] {
                if let Some(number) = number {
                    metrics.number(kind, number);
                }
            }
        });
    }
    Ok(message)
}

/// Returns the scope that `ip route` chooses by default.
fn scope_of(route: &Route) -> Scope {
    route.get_scope().unwrap_or({
        let direct = route.get_gateway().is_none() && route.get_kind() == RouteKind::Unicast;
        if direct && route.get_destination().addr().is_ipv4() { Scope::Link } else { Scope::Global }
    })
}

/// `RT_TABLE_MAIN`.
pub(crate) const MAIN_TABLE: u32 = RouteHeader::RT_TABLE_MAIN as u32;

/// `ip route show table …`.
pub(crate) fn get_routes(wanted: &RouteFilter, device: Option<u32>) -> Request {
    let mut message = RouteMessage::default();
    message.header.address_family = family_of(wanted.family);
    message.header.kind = wanted.kind.map_or(RouteType::Unspec, route_type);
    message.header.protocol = wanted.protocol.unwrap_or_default().into();
    message.attributes.extend(wanted.table.map(RouteAttribute::Table));
    message.attributes.extend(device.map(RouteAttribute::Oif));
    Request::new(Message::GetRoute(message))
}

/// `ip route get ADDRESS [from SOURCE] [oif DEVICE]`.
pub(crate) fn get_route_to(
    address: IpAddr,
    source: Option<IpAddr>,
    device: Option<u32>,
) -> Request {
    let bits = if address.is_ipv4() { 32 } else { 128 };
    let from = if source.is_some() { bits } else { 0 };
    let header = [family_number(address.is_ipv4()), bits, from, 0, 0, 0, 0, 0];
    let mut message = Payload::new(&[&header, &0_u32.to_ne_bytes()]);
    with_octets(address, |octets| message.attribute(RTA_DST, octets));
    if let Some(source) = source {
        with_octets(source, |octets| message.attribute(RTA_SRC, octets));
    }
    if let Some(device) = device {
        message.number(RTA_OIF, device);
    }
    Request::new((RTM_GETROUTE, message))
}

fn route_type(kind: RouteKind) -> RouteType {
    match kind {
        RouteKind::Unicast => RouteType::Unicast,
        RouteKind::Blackhole => RouteType::BlackHole,
        RouteKind::Unreachable => RouteType::Unreachable,
        RouteKind::Prohibit => RouteType::Prohibit,
    }
}
