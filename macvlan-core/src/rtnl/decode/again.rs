//! What the kernel has listed, as messages that make it again.

use ipnet::IpNet;
use netlink_packet_core::Parseable;
use netlink_packet_route::address::AddressMessage;
use netlink_packet_route::route::{RouteAttribute, RouteFlags, RouteMessage, RouteNextHopFlags};
use nix::libc::RTPROT_KERNEL;

use crate::rtnl::decode::route;
use crate::rtnl::uapi::RTPROT_RA;
use crate::value::name::LinkId;
use crate::value::route::{Route, RouteInfo, RouteKind};

/// A default route of table main and one of the families (true is IPv4), as the message that would
/// make it again.
pub(crate) fn default_route(payload: &[u8], families: &[bool]) -> Option<RouteMessage> {
    let (RouteInfo { route: found, .. }, message) = raw_route(payload)?;
    let wanted = found.is_default()
        && found.get_table() == Some(crate::rtnl::encode::MAIN_TABLE)
        && families.contains(&found.destination().addr().is_ipv4());
    wanted.then_some(message)
}

/// An address as it was told, to be told again.
pub(crate) fn raw_address(payload: &[u8]) -> Option<AddressMessage> {
    AddressMessage::parse(payload).ok()
}

/// A route as it was told, to be told again, and what it says.
pub(crate) fn raw_route(payload: &[u8]) -> Option<(RouteInfo, RouteMessage)> {
    let told = route(payload)?;
    let mut message = RouteMessage::parse(payload).ok()?;
    // The kernel tells of the link's state in flags that it refuses to be told.
    message.header.flags &= RouteFlags::Onlink;
    repeatable(&mut message.attributes);
    Some((told, message))
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
    let (told, message) = raw_route(payload)?;
    let through = told.route.get_device() == Some(LinkId::Index(link))
        || told.next_hops.iter().any(|next_hop| next_hop.link == link);
    let wanted = match told.protocol {
        RTPROT_KERNEL => by_hand.contains(&told.route.destination()),
        RTPROT_RA => false,
        _ => told.route.get_kind() == RouteKind::Unicast && !stays(&told.route),
    };
    (through && wanted).then_some(message)
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
