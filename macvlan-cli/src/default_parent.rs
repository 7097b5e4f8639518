//! The parent of a network whose description names none.

use macvlan_core::{Host, LinkId, Parent, RouteFilter, RouteInfo};

use crate::failure::{Done, Failure};
use crate::value::MAIN_TABLE;

/// Returns the link that the host's default route leads through: of IPv4, or else of IPv6.
pub(crate) fn of(host: &Host) -> Done<Parent> {
    let handle = host.handle()?;
    let routes = handle.find_routes(&RouteFilter::new().table(MAIN_TABLE))?;
    let leads = |v6: bool| {
        let defaults = routes.iter().filter(move |info| {
            info.route.is_default() && info.route.get_destination().addr().is_ipv6() == v6
        });
        let with_link = defaults.filter_map(|info| Some((metric(info), link(info)?)));
        with_link.min().map(|(_, link)| link)
    };
    let Some(link) = leads(false).or_else(|| leads(true)) else {
        return Err(Failure::not_found(
            "cannot choose the parent: the host has no default route; name the parent",
        ));
    };
    Ok(handle.link(link)?.name.parse()?)
}

fn metric(info: &RouteInfo) -> u32 {
    info.route.get_metric().unwrap_or(0)
}

/// Returns the link of a route, or of the first next hop of a multipath route.
fn link(info: &RouteInfo) -> Option<u32> {
    match info.route.get_device() {
        Some(LinkId::Index(index)) => Some(index),
        _ => info.next_hops.first().map(|hop| hop.link),
    }
}
