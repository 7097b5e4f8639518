//! The addresses that the host's routes to its containers may lead to.
//!
//! A container can give its interface any address. A route to the host's router, to a server
//! elsewhere, or to the host itself would send the host's traffic to the container.

use std::net::IpAddr;

use ipnet::IpNet;

use crate::error::{Error, Result};
use crate::host::access::shim::Shim;
use crate::netns::NetNs;
use crate::rtnl::{RTPROT_MACVLAN, decode, encode};
use crate::value::address::{Address, is_link_local};
use crate::value::filter::RouteFilter;
use crate::value::name::LinkId;
use crate::value::route::{RouteInfo, RouteKind};

/// The host's addresses and routes, by which addresses of containers are judged.
pub(super) struct Reach {
    /// The addresses of all links.
    own: Vec<IpAddr>,
    gateways: Vec<IpAddr>,
    /// The subnets that are connected by the parent or the host's link.
    subnets: Vec<IpNet>,
}

impl Reach {
    pub(super) fn read(host: &NetNs, shim: &Shim) -> Result<Self> {
        let connection = host.connection()?;
        let (link, parent) = (shim.index(), shim.parent_index());
        let mut found = Self { own: Vec::new(), gateways: Vec::new(), subnets: Vec::new() };
        let addresses = connection
            .dump(&encode::get_addresses(None, None), decode::address)
            .map_err(|failure| failure.into_error("list the addresses"))?;
        for info in addresses {
            found.own.push(info.address.ip());
            if [link, parent].contains(&info.link) {
                found.subnets.push(info.address.net().trunc());
            }
        }
        let routes = connection
            .dump(&encode::get_routes(&RouteFilter::new(), None), decode::route)
            .map_err(|failure| failure.into_error("list the routes"))?;
        // Through the host's link, a gateway may be a container; if addresses were moved there, it
        // may also be the router.
        let is_moved = shim.mark()?.moved.is_some();
        for info in &routes {
            let device = info.route.get_device();
            if is_moved || device != Some(LinkId::Index(link)) {
                found.gateways.extend(info.route.get_gateway());
            }
            found.gateways.extend(info.next_hops.iter().filter_map(|hop| hop.gateway));
            let is_beside = [link, parent].map(LinkId::Index).map(Some).contains(&device);
            if is_beside && is_subnet(info) {
                found.subnets.push(info.route.get_destination());
            }
        }
        found.subnets.retain(|net| net.prefix_len() > 0 && net.prefix_len() < net.max_prefix_len());
        Ok(found)
    }

    /// Returns the addresses among these that a route may lead to; an error if there is none.
    ///
    /// If they were `chosen` by the caller, one of the host or its gateway is an error, and the others
    /// may be outside the parent's subnets.
    pub(super) fn usable(&self, addresses: &[Address], chosen: bool) -> Result<Vec<IpAddr>> {
        let (mut usable, mut first) = (Vec::new(), None);
        for address in addresses.iter().filter(|address| !is_link_local(address.ip())) {
            let ip = address.ip();
            let refused = |why| {
                let operation = "give the host access to the container";
                Error::invalid(operation, format!("its address {ip} {why}"))
            };
            let mut subnets = self.subnets.iter();
            let error = if let Some(why) = self.why_not(ip) {
                if chosen {
                    return Err(refused(why));
                }
                refused(why)
            } else if chosen || subnets.any(|net| net.contains(&ip)) {
                usable.push(ip);
                continue;
            } else {
                refused("is in no subnet of the parent")
                    .with_hint("give the access a route to its subnet")
            };
            first.get_or_insert(error);
        }
        first.filter(|_| usable.is_empty()).map_or(Ok(usable), Err)
    }

    /// Returns the reason why an address cannot be a container's.
    fn why_not(&self, ip: IpAddr) -> Option<&'static str> {
        if ip.is_loopback() || ip.is_multicast() || ip.is_unspecified() {
            Some("cannot be a container's")
        } else if self.own.contains(&ip) {
            Some("is also an address of the host")
        } else if self.gateways.contains(&ip) {
            Some("is that of a gateway of the host")
        } else {
            None
        }
    }
}

/// Returns whether a route leads to a subnet that is connected. Our routes to single addresses are
/// those to containers.
fn is_subnet(info: &RouteInfo) -> bool {
    let route = &info.route;
    let destination = route.get_destination();
    route.get_kind() == RouteKind::Unicast
        && route.get_gateway().is_none()
        && info.next_hops.is_empty()
        && (info.protocol != RTPROT_MACVLAN
            || destination.prefix_len() < destination.max_prefix_len())
}
