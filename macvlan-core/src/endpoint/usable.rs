//! Whether an address that is there can be used.

use std::time::Duration;

use ipnet::IpNet;
use nix::libc::IFA_F_NOPREFIXROUTE;
use nix::time::{ClockId, clock_gettime};

use crate::endpoint::change::Change;
use crate::endpoint::difference::Difference;
use crate::netlink::{Connection, Failure};
use crate::rtnl::{decode, encode};
use crate::value::address::{Address, AddressInfo, DETECTION_ENDS};
use crate::value::filter::RouteFilter;
use crate::value::link::LinkInfo;
use crate::value::name::LinkId;
use crate::value::route::RouteInfo;

/// Returns why those of these addresses that a link has cannot be used.
pub(crate) fn unusable_addresses(
    inside: &Connection,
    link: &LinkInfo,
    addresses: &[Address],
) -> Result<Vec<Difference>, Failure> {
    let found = inside.dump(&encode::get_addresses(None, Some(link.index)), with_age)?;
    let routes = inside.dump(&encode::get_routes(&RouteFilter::new(), None), decode::route)?;
    let of = |wanted: &Address| {
        let (found, age) = found.iter().find(|(info, _)| info.address.net() == wanted.net())?;
        unusable(wanted, found, *age, link, &routes)
    };
    Ok(addresses.iter().filter_map(of).collect())
}

/// An address, and how long ago it was added.
pub(super) fn with_age(payload: &[u8]) -> Option<(AddressInfo, Duration)> {
    let info = decode::address(payload)?;
    let now = clock_gettime(ClockId::CLOCK_MONOTONIC).ok()?;
    let now = Duration::from(now).as_millis() / 10;
    // The kernel's number wraps, and its ticks may be a moment ahead.
    let now = u32::try_from(now & u128::from(u32::MAX)).ok()?;
    let age = now.wrapping_sub(decode::address_added(payload)?);
    let age = i32::try_from(age).map_or(0, i32::unsigned_abs);
    Some((info, Duration::from_millis(age.into()) * 10))
}

/// Returns why an address that is there cannot be used on a link that is up.
pub(super) fn unusable(
    address: &Address,
    found: &AddressInfo,
    age: Duration,
    link: &LinkInfo,
    routes: &[RouteInfo],
) -> Option<Difference> {
    let subnet = address.net().trunc();
    let has_route = |found: &RouteInfo| {
        found.route.destination() == subnet
            && found.route.get_device() == Some(LinkId::Index(link.index))
            && found.route.get_gateway().is_none()
    };
    // `fib_add_ifaddr` of the kernel's `net/ipv4/fib_frontend.c`.
    let has_none = match subnet {
        IpNet::V4(subnet) => subnet.prefix_len() == 32 || subnet.addr().octets()[0] == 0,
        IpNet::V6(_) => false,
    };
    // A VRF has the routes of its ports in a table of its own.
    let is_routed = has_none
        || found.flags & IFA_F_NOPREFIXROUTE != 0
        || link.controller.is_some()
        || routes.iter().any(has_route);
    if !link.is_up() {
        None
    } else if found.is_duplicate() {
        Some(Difference::Duplicate(*address))
    } else if found.is_tentative() && age > DETECTION_ENDS {
        Some(Difference::Tentative(*address))
    } else {
        (!is_routed).then_some(Difference::missing(Change::AddConnectedRoute(*address)))
    }
}
