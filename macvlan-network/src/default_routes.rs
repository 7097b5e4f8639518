//! Which of its networks a container's default routes lead through.
//!
//! It is not stored: it follows from the leases that the container has. Of the networks that have a gateway
//! of a family, that with the highest priority gets the default route of the family; of several, the one
//! that was connected first. So whatever comes and goes, in whatever order, is the same as if it had been
//! so from the beginning. Whoever connects or disconnects has the container's namespace for itself.
//!
//! Our routes lead through our interfaces and carry [`Endpoint::PROTOCOL`]; others are somebody else's.

use std::net::IpAddr;

use ipnet::IpNet;
use macvlan_core::{
    Endpoint, ErrorKind as CoreKind, Handle, LinkId, LinkInfo, NetNs, Route, RouteFilter,
    RouteInfo, RouteKind,
};

use crate::alive::NetNsMark;
use crate::error::{Error, Result};
use crate::lease::Lease;
use crate::mark::Mark;
use crate::network::Network;
use crate::record::NetworkRecord;
use crate::session::Session;

/// What `ip route` calls `main`.
const MAIN: u32 = 254;
/// The protocol of routes that the kernel adds for a router that advertises itself (linux/rtnetlink.h).
const RTPROT_RA: u8 = 9;
/// How often the kernel may be faster with another advertisement.
const ATTEMPTS: usize = 16;

/// A network that a container is in, and the interface that it has there.
pub(crate) struct Place {
    pub(crate) network: NetworkRecord,
    pub(crate) lease: Lease,
    pub(crate) link: u32,
}

impl Place {
    fn route(&self, v6: bool) -> Option<Route> {
        let route = self.network.default_route(&self.lease, v6)?;
        Some(route.device(LinkId::Index(self.link)).protocol(Endpoint::PROTOCOL))
    }
}

impl NetworkRecord {
    /// The gateway of a family for who has these addresses; none in an internal network.
    pub(crate) fn gateway(&self, addresses: &[IpNet], v6: bool) -> Option<IpAddr> {
        let of_family = addresses.iter().filter(|net| net.addr().is_ipv6() == v6);
        let mut gateways = of_family.filter_map(|net| self.subnet_of(net.addr())?.1.get_gateway());
        gateways.next().filter(|_| !self.config.is_internal())
    }

    /// The default route of a family that can lead through the interface of a lease; none if it cannot lead
    /// there.
    pub(crate) fn default_route(&self, lease: &Lease, v6: bool) -> Option<Route> {
        let gateway = self.gateway(&lease.addresses, v6).filter(|_| lease.default_route)?;
        let is_link_local = matches!(gateway, IpAddr::V6(v6) if v6.is_unicast_link_local());
        let is_covered = lease.addresses.iter().any(|net| net.contains(&gateway));
        let route = Route::default_via(gateway).on_link(!is_covered && !is_link_local);
        Some(self.config.get_metric().map_or(route, |metric| route.metric(metric)))
    }
}

/// Makes the default routes of a container lead where they should. Returns in words what was done.
///
/// Where somebody else has added one of the family and we have not, it stays, and none is added, unless
/// the network whose interface has just been made, `own`, replaces it.
///
/// The interface of another network may be half made, as a killed process leaves it: it leads nowhere until it
/// is repaired, and the next one does.
fn set(places: &[Place], netns: &NetNs, own: Option<&str>, replaces: bool) -> Result<Vec<String>> {
    let set = || -> macvlan_core::Result<Vec<String>> {
        let handle = Handle::in_netns(netns)?;
        let mut all = handle.find_routes(&RouteFilter::new().table(MAIN))?;
        all.retain(|info| info.route.is_default() && info.route.get_kind() == RouteKind::Unicast);
        let mut done = Vec::new();
        for v6 in [false, true] {
            let of_family = |info: &&RouteInfo| info.route.destination().addr().is_ipv6() == v6;
            let found = Found::of(places, all.iter().filter(of_family));
            let ways = places.iter().filter_map(|place| Some((place, place.route(v6)?)));
            let mut ways: Vec<(&Place, Route)> = ways.collect();
            ways.sort_by(|(one, _), (other, _)| other.lease.rank().cmp(&one.lease.rank()));
            loop {
                let best = ways.pop();
                let is_own = best.is_some_and(|(place, _)| Some(&*place.network.id) == own);
                let wanted = best.map(|(_, route)| route);
                match found.lead(&handle, wanted, is_own && replaces) {
                    Err(error) if best.is_some() && !is_own && leads_nowhere(&error) => {}
                    led => {
                        done.extend(led?);
                        break;
                    }
                }
            }
        }
        Ok(done)
    };
    set().map_err(|error| Error::kernel("set the default routes", error))
}

/// Whether a route cannot lead through a link as that is now: it has no address yet, is down, or is gone.
fn leads_nowhere(error: &macvlan_core::Error) -> bool {
    let is_down = error.errno() == Some(libc::ENETDOWN);
    error.kind() == CoreKind::GatewayUnreachable || is_down || error.is_not_found()
}

/// Whether default routes in a namespace lead through networks.
pub(crate) fn are_ours(netns: &NetNs) -> Result<bool> {
    let find = || -> macvlan_core::Result<bool> {
        let ours = RouteFilter::new().table(MAIN).protocol(Endpoint::PROTOCOL);
        let found = Handle::in_netns(netns)?.find_routes(&ours)?;
        Ok(found.iter().any(|info| info.route.is_default()))
    };
    find().map_err(|error| Error::kernel("look at the default routes", error))
}

/// The default routes that a container has of one family, without those that a router has advertised on our
/// interfaces: they make way for ours.
struct Found<'a> {
    links: Vec<LinkId>,
    ours: Vec<&'a RouteInfo>,
    others: Vec<&'a RouteInfo>,
}

impl<'a> Found<'a> {
    fn of(places: &[Place], routes: impl Iterator<Item = &'a RouteInfo>) -> Self {
        let links: Vec<LinkId> = places.iter().map(|place| LinkId::Index(place.link)).collect();
        let is_ours =
            |info: &&RouteInfo| info.route.get_device().is_some_and(|link| links.contains(&link));
        let (ours, mut others): (Vec<_>, Vec<_>) =
            routes.partition(|info| info.protocol == Endpoint::PROTOCOL && is_ours(info));
        others.retain(|info| info.protocol != RTPROT_RA || !is_ours(info));
        Self { links, ours, others }
    }

    /// Has one route of ours, or none.
    fn lead(
        &self,
        handle: &Handle,
        wanted: Option<Route>,
        replaced: bool,
    ) -> macvlan_core::Result<Vec<String>> {
        let mut done = Vec::new();
        let mut gone = self.ours.clone();
        if let Some(wanted) = wanted {
            let there = gone.iter().position(|info| is_same(&wanted, &info.route));
            if let Some(there) = there {
                gone.swap_remove(there);
            } else if (!gone.is_empty() || self.others.is_empty() || replaced)
                && self.put(handle, &wanted, replaced)?
            {
                done.push(format!("the {} is missing", words(&wanted)));
            }
        }
        if replaced {
            gone.extend(&self.others);
        }
        for info in gone {
            match handle.delete_route(&info.route.protocol(info.protocol)) {
                Ok(()) => done.push(format!("the {} is one too many", words(&info.route))),
                // One that had its metric has taken its place.
                Err(error) if error.is_not_found() => {}
                Err(error) => return Err(error),
            }
        }
        Ok(done)
    }

    /// Puts a route where there is none, or instead of one with the same metric, without a moment that has
    /// neither; false if it would be instead of somebody else's.
    fn put(&self, handle: &Handle, wanted: &Route, replaced: bool) -> macvlan_core::Result<bool> {
        let in_the_way =
            |all: &[&RouteInfo]| all.iter().any(|info| metric(&info.route) == metric(wanted));
        let is_anothers = in_the_way(&self.others);
        if is_anothers && !replaced {
            // The kernel would take either.
            return Ok(false);
        }
        if is_anothers || in_the_way(&self.ours) {
            return handle.replace_route(wanted).map(|()| true);
        }
        for _ in 0..ATTEMPTS {
            match handle.add_route(wanted) {
                Err(error) if error.kind() == CoreKind::RouteExists => {
                    let advertised = RouteFilter::new().table(MAIN).protocol(RTPROT_RA);
                    let all = handle.find_routes(&advertised)?.into_iter();
                    let is_here = |info: &RouteInfo| {
                        info.route.is_default()
                            && info.protocol == RTPROT_RA
                            && info
                                .route
                                .get_device()
                                .is_some_and(|link| self.links.contains(&link))
                    };
                    let Some(info) = all.into_iter().find(is_here) else { return Err(error) };
                    match handle.delete_route(&info.route.protocol(RTPROT_RA)) {
                        Err(error) if !error.is_not_found() => return Err(error),
                        _ => {}
                    }
                }
                done => return done.map(|()| true),
            }
        }
        handle.add_route(wanted).map(|()| true)
    }
}

/// Whether a route that was found is the one that is wanted.
fn is_same(wanted: &Route, found: &Route) -> bool {
    let way = |route: &Route| (route.get_gateway(), route.get_device(), metric(route));
    way(wanted) == way(found)
}

fn words(route: &Route) -> String {
    let gateway = route.get_gateway().map(|gateway| format!(" via {gateway}")).unwrap_or_default();
    format!("default route{gateway}")
}

/// The metric of a route, or that which the kernel gives it.
fn metric(route: &Route) -> u32 {
    match (route.destination(), route.get_metric()) {
        (IpNet::V6(_), None | Some(0)) => 1024,
        (_, metric) => metric.unwrap_or(0),
    }
}

impl Network {
    /// Sets the default routes of a container that holds this lease and others. Whoever asks has its
    /// namespace; `link` is the interface of this lease, where that is known.
    pub(crate) fn set_default_routes(
        &self,
        (lease, link): (&Lease, Option<u32>),
        others: &[Lease],
        netns: &NetNs,
        replaces: bool,
    ) -> Result<Vec<String>> {
        let place = |link| Place { network: self.record.clone(), lease: lease.clone(), link };
        let others: Vec<&Lease> = others.iter().filter(|other| other.is_beside(lease)).collect();
        let mut places = match link {
            Some(link) => vec![place(link)],
            None => Vec::new(),
        };
        places.extend(self.session.places(&others, netns)?);
        set(&places, netns, Some(self.id()), replaces)
    }
}

impl Session {
    /// Sets the default routes of a container by the interfaces of its leases that are there, after another
    /// was taken away, or came. Whoever asks has its namespace.
    pub(crate) fn settle_default_routes(&self, container: &str, netns: &NetNs) -> Result<()> {
        let leases = self.store.leases_of(container)?;
        let here = NetNsMark::of(netns)?;
        let here: Vec<&Lease> = leases.iter().filter(|lease| lease.is_in(&here)).collect();
        if here.is_empty() {
            return Ok(());
        }
        let places = self.places(&here, netns)?;
        set(&places, netns, None, false).map(drop)
    }

    /// Where a container has the interfaces of these leases.
    pub(crate) fn places(&self, leases: &[&Lease], netns: &NetNs) -> Result<Vec<Place>> {
        let (mut places, mut links) = (Vec::new(), None);
        for lease in leases {
            // A network that cannot be read leaves its routes to somebody else.
            let Ok(found) = self.store.find_networks(&lease.network) else { continue };
            let Some(network) = found.into_iter().find(|one| one.id == lease.network) else {
                continue;
            };
            if links.is_none() {
                let list = || Handle::in_netns(netns)?.links();
                let fails = |error| Error::kernel("list the container's links", error);
                links = Some(list().map_err(fails)?);
            }
            let links: &[LinkInfo] = links.as_deref().unwrap_or_default();
            let is_marked = |link: &&LinkInfo| {
                let mark = link.alias.as_deref().and_then(|alias| Mark::read(alias, &*self.store));
                mark.is_some_and(|mark| mark.is_of(&network, &lease.container))
            };
            // The container may have several interfaces in the network.
            let is_its = |link: &LinkInfo, lease: &Lease| match lease.mac {
                Some(mac) => link.mac == Some(mac),
                None => lease.interface == *link.name,
            };
            let of_sibling = |link: &LinkInfo| {
                leases.iter().any(|other| other.is_sibling_of(lease) && is_its(link, other))
            };
            let both = links.iter().find(|link| is_its(link, lease) && is_marked(link));
            let marked = || links.iter().find(|link| is_marked(link) && !of_sibling(link));
            let its = || links.iter().find(|link| is_its(link, lease));
            if let Some(link) = both.or_else(marked).or_else(its) {
                let lease = Lease::clone(lease);
                places.push(Place { network, lease, link: link.index });
            }
        }
        Ok(places)
    }
}
