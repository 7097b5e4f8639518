//! Converts listed objects into messages that create them again.

use netlink_packet_core::Parseable;
use netlink_packet_route::AddressFamily;
use netlink_packet_route::address::AddressMessage;
use netlink_packet_route::neighbour::{
    NeighbourAttribute, NeighbourFlags, NeighbourMessage, NeighbourState,
};
use netlink_packet_route::route::{
    RouteAttribute, RouteFlags, RouteMessage, RouteNextHopFlags, RouteProtocol,
};

use crate::rtnl::decode::route;
use crate::value::route::RouteInfo;

/// Returns the message that creates a default route of table main again, for these families (true
/// is IPv4).
pub(crate) fn default_route(payload: &[u8], families: &[bool]) -> Option<RouteMessage> {
    let (RouteInfo { route: found, .. }, message) = raw_route(payload)?;
    let wanted = found.is_default()
        && found.get_table() == Some(crate::rtnl::encode::MAIN_TABLE)
        && families.contains(&found.get_destination().addr().is_ipv4());
    wanted.then_some(message)
}

/// Returns an address as a message that adds it again.
pub(crate) fn raw_address(payload: &[u8]) -> Option<AddressMessage> {
    AddressMessage::parse(payload).ok()
}

/// Returns a route, and a message that adds it again.
pub(crate) fn raw_route(payload: &[u8]) -> Option<(RouteInfo, RouteMessage)> {
    let found = route(payload)?;
    let mut message = RouteMessage::parse(payload).ok()?;
    // The kernel reports the link's state in flags that it refuses in requests.
    message.header.flags &= RouteFlags::Onlink;
    repeatable(&mut message.attributes);
    Some((found, message))
}

/// Returns a message that adds a route of any type again; `None` for routes that the kernel adds
/// with an address.
pub(crate) fn made_route(payload: &[u8]) -> Option<RouteMessage> {
    let mut message = RouteMessage::parse(payload).ok()?;
    let header = &mut message.header;
    let is_listed = matches!(header.address_family, AddressFamily::Inet | AddressFamily::Inet6)
        && !header.flags.contains(RouteFlags::Cloned)
        && !matches!(header.protocol, RouteProtocol::Kernel | RouteProtocol::IcmpRedirect);
    header.flags &= RouteFlags::Onlink;
    repeatable(&mut message.attributes);
    is_listed.then_some(message)
}

/// As [`made_route`], for routes through a link; `None` for those from router advertisements.
pub(crate) fn route_through(payload: &[u8], link: u32) -> Option<RouteMessage> {
    // `made_route` removes the state of next hops, so the links are read before.
    let found = RouteMessage::parse(payload).ok()?;
    let through = found.attributes.iter().any(|attribute| match attribute {
        RouteAttribute::Oif(index) => *index == link,
        RouteAttribute::MultiPath(hops) => hops.iter().any(|hop| hop.interface_index == link),
        _ => false,
    });
    made_route(payload).filter(|route| through && route.header.protocol != RouteProtocol::Ra)
}

/// Returns a message that adds a neighbour entry of a link again, if it was added by an
/// administrator; of a bridge's table only the link's own entries.
pub(crate) fn made_neighbour(payload: &[u8], link: u32) -> Option<NeighbourMessage> {
    let mut message = NeighbourMessage::parse(payload).ok()?;
    let header = &message.header;
    let is_made = if header.family == AddressFamily::Bridge {
        let is_unicast = message.attributes.iter().any(|attribute| {
            matches!(attribute, NeighbourAttribute::LinkLayerAddress(mac) if mac.first().is_some_and(|first| first & 1 == 0))
        });
        header.flags.contains(NeighbourFlags::Own) && is_unicast
    } else {
        header.state == NeighbourState::Permanent
            || header.flags.intersects(NeighbourFlags::Proxy | NeighbourFlags::ExtLearned)
    };
    let is_made = is_made && header.ifindex == link;
    message.attributes.retain(|attribute| {
        !matches!(attribute, NeighbourAttribute::CacheInfo(_) | NeighbourAttribute::Probes(_))
    });
    is_made.then_some(message)
}

/// Returns whether two messages describe the same route; the remaining lifetime may differ.
pub(crate) fn is_same_message(one: &RouteMessage, other: &RouteMessage) -> bool {
    let lasting = |route: &RouteMessage| {
        let counts_down = |of: &RouteAttribute| {
            matches!(of, RouteAttribute::CacheInfo(_) | RouteAttribute::Expires(_))
        };
        let attributes = route.attributes.iter().filter(|of| !counts_down(of)).cloned();
        attributes.collect::<Vec<_>>()
    };
    one.header == other.header && lasting(one) == lasting(other)
}

/// Removes what the kernel reports but does not accept: the state of next hops, details of next hop
/// objects, and the expiry, which a request has in another attribute.
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
    // Reported in hundredths of a second (USER_HZ), set in seconds.
    attributes.extend(expires.map(|left| RouteAttribute::Expires(left.div_ceil(100))));
}
