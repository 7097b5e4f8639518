//! Checks that existing addresses are usable.

use std::time::Duration;

use ipnet::IpNet;
use nix::time::{ClockId, clock_gettime};

use crate::endpoint::change::Change;
use crate::endpoint::difference::Difference;
use crate::netlink::{Connection, Failure};
use crate::rtnl::{decode, encode};
use crate::value::address::{Address, AddressInfo, DETECTION_ENDS};
use crate::value::filter::RouteFilter;
use crate::value::link::LinkInfo;
use crate::value::name::LinkId;
use crate::value::numbers::MAIN;
use crate::value::route::{RouteInfo, RouteKind};

/// Returns the reasons why addresses of a link are not usable.
pub(crate) fn unusable_addresses(
    inside: &Connection,
    link: &LinkInfo,
    addresses: &[Address],
) -> Result<Vec<Difference>, Failure> {
    let found = with_ages(inside, link.index)?;
    let routes = inside.dump(&encode::get_routes(&RouteFilter::new(), None), decode::route)?;
    let of = |wanted: &Address| {
        let (found, age) = found.iter().find(|(info, _)| info.address.net() == wanted.net())?;
        unusable(wanted, found, *age, link, &routes)
    };
    Ok(addresses.iter().filter_map(of).collect())
}

/// Lists the addresses of a link and their ages.
pub(super) fn with_ages(
    inside: &Connection,
    link: u32,
) -> Result<Vec<(AddressInfo, Duration)>, Failure> {
    let now = clock_gettime(ClockId::CLOCK_MONOTONIC).map_err(Failure::NotSent)?;
    #[allow(clippy::cast_possible_truncation)] // the kernel's number wraps as well
    let now = (Duration::from(now).as_millis() / 10) as u32;
    inside.dump(&encode::get_addresses(None, Some(link)), |payload| {
        let age = now.wrapping_sub(decode::address_added(payload)?);
        // The kernel's clock may be slightly ahead.
        let age = if age > u32::MAX / 2 { 0 } else { age };
        Some((decode::address(payload)?, Duration::from_millis(age.into()) * 10))
    })
}

/// Returns the reason why an existing address on a link that is up is not usable.
pub(super) fn unusable(
    address: &Address,
    found: &AddressInfo,
    age: Duration,
    link: &LinkInfo,
    routes: &[RouteInfo],
) -> Option<Difference> {
    let subnet = address.net().trunc();
    let has_route = |found: &RouteInfo| {
        // The kernel adds it to the main table; one in another table is for other packets.
        found.route.get_kind() == RouteKind::Unicast
            && found.route.get_table() == MAIN
            && found.route.get_destination() == subnet
            && found.route.get_device() == Some(LinkId::Index(link.index))
            && found.route.get_gateway().is_none()
    };
    // `fib_add_ifaddr` in the kernel's `net/ipv4/fib_frontend.c`.
    let has_none = match subnet {
        IpNet::V4(subnet) => subnet.prefix_len() == 32 || subnet.addr().octets()[0] == 0,
        IpNet::V6(_) => false,
    };
    // A VRF has its ports' routes in a table of its own.
    let is_routed = has_none || link.controller.is_some() || routes.iter().any(has_route);
    if !link.is_up() {
        None
    } else if found.is_duplicate() {
        Some(Difference::Duplicate(*address))
    } else if found.is_tentative() && age > DETECTION_ENDS {
        Some(Difference::Tentative(*address))
    } else if found.expires() {
        Some(Difference::Expiring(*address))
    } else {
        (!is_routed).then_some(Difference::missing(Change::AddConnectedRoute(*address)))
    }
}
