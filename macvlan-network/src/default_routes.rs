//! Chooses the network that a container's default routes lead through.
//!
//! The choice is not stored, since it follows from the container's leases: the default route of a
//! family leads through the network with the highest priority that has a gateway of this family,
//! and among equals through the one that was connected first. So the result does not depend on the
//! order of earlier changes. Callers hold the container's namespace.
//!
//! Our routes lead through our interfaces and have the protocol [`Endpoint::PROTOCOL`]. Other
//! routes belong to other programs. The routes of a network that no longer has them are deleted too.

use std::net::IpAddr;

use ipnet::IpNet;
use macvlan_core::{
    Attachment, Endpoint, ErrorKind as CoreKind, Handle, Host, LinkId, LinkInfo, NetNs, Route,
    RouteFilter, RouteInfo, RouteKind,
};

use crate::alive::NetNsMark;
use crate::error::{Error, ErrorKind, Result};
use crate::lease::Lease;
use crate::mark::Mark;
use crate::network::Network;
use crate::record::NetworkRecord;
use crate::session::Session;

/// The routing table that `ip route` calls `main`.
const MAIN: u32 = 254;
/// The table with the addresses of the machine itself, and the one with notes about shared routes.
const OTHERS: [u32; 2] = [255, 109];
/// The protocol of routes that the kernel adds for router advertisements (linux/rtnetlink.h).
const RTPROT_RA: u8 = 9;
/// The number of attempts, since the kernel may add an advertised route each time.
const ATTEMPTS: usize = 16;

/// A network that a container is connected to, and its interface there.
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

impl Place {
    /// Returns whether this is a route of the network through its interface that the network no
    /// longer has.
    fn had(&self, info: &RouteInfo) -> bool {
        let place = |route: &Route| {
            let (destination, table) = (route.get_destination(), route.get_table());
            (destination, table, route.get_gateway(), route.get_actual_metric())
        };
        let is_kept = |route: &Route| {
            OTHERS.contains(&route.get_table()) || route.is_default() && route.get_table() == MAIN
        };
        let has = |route: &Route| place(route) == place(&info.route);
        info.protocol == Endpoint::PROTOCOL
            && !is_kept(&info.route)
            && info.route.get_device() == Some(LinkId::Index(self.link))
            && !self.network.config.get_routes().iter().any(has)
    }
}

impl NetworkRecord {
    /// Returns the gateway of a family for these addresses; `None` in an internal network.
    pub(crate) fn gateway(&self, addresses: &[IpNet], v6: bool) -> Option<IpAddr> {
        let of_family = addresses.iter().filter(|net| net.addr().is_ipv6() == v6);
        let mut gateways = of_family.filter_map(|net| self.subnet_of(net.addr())?.1.get_gateway());
        gateways.next().filter(|_| !self.config.get_internal())
    }

    /// Returns the default route of a family for a lease; `None` if it cannot lead through its
    /// interface.
    pub(crate) fn default_route(&self, lease: &Lease, v6: bool) -> Option<Route> {
        let gateway = self.gateway(&lease.addresses, v6).filter(|_| lease.default_route)?;
        let is_link_local = matches!(gateway, IpAddr::V6(v6) if v6.is_unicast_link_local());
        let is_covered = lease.addresses.iter().any(|net| net.contains(&gateway));
        let route = Route::default_via(gateway).on_link(!is_covered && !is_link_local);
        Some(self.config.get_metric().map_or(route, |metric| route.metric(metric)))
    }
}

/// Sets the default routes of a container, and returns a description of each change.
///
/// If another program has added a default route of a family and this library has not, that route
/// stays and none is added, unless `replaces` is set for the network whose interface was just
/// attached, `own`.
///
/// A process that was killed may have left the interface of another network incomplete. That
/// network is skipped until it is repaired, and the next one is used.
fn set(
    host: &Host,
    (places, netns): (&[Place], &NetNs),
    own: Option<&str>,
    replaces: bool,
) -> Result<Vec<String>> {
    let set = || -> macvlan_core::Result<Vec<String>> {
        let handle = Handle::in_netns(netns)?;
        let mut all = handle.find_routes(&RouteFilter::new().table(MAIN))?;
        all.retain(|info| info.route.get_kind() == RouteKind::Unicast && info.route.is_default());
        // The network's routes may be in other tables.
        let marked = handle.find_routes(&RouteFilter::new().protocol(Endpoint::PROTOCOL))?;
        let mut done = Vec::new();
        let marked = marked.iter().filter(|info| info.route.get_kind() == RouteKind::Unicast);
        let former = marked.filter(|info| places.iter().any(|place| place.had(info)));
        let former: Vec<&RouteInfo> = former.collect();
        if !former.is_empty() && are_all(places, &host.attachments(netns)?) {
            for info in former {
                done.extend(remove(&handle, info)?);
            }
        }
        for v6 in [false, true] {
            let of_family = |info: &&RouteInfo| info.route.get_destination().addr().is_ipv6() == v6;
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

/// Returns whether all interfaces of this library in a container are those of its leases.
///
/// Otherwise another endpoint may have requested a route through one of them.
fn are_all(places: &[Place], attachments: &[Attachment]) -> bool {
    let is_place = |one: &Attachment| places.iter().any(|place| place.link == one.index());
    attachments.iter().all(is_place)
}

/// Returns whether a route was refused because its link has no address yet, is down, or is gone.
fn leads_nowhere(error: &macvlan_core::Error) -> bool {
    let is_down = error.errno() == Some(libc::ENETDOWN);
    error.kind() == CoreKind::GatewayUnreachable || is_down || error.is_not_found()
}

/// Returns whether a namespace has default routes of this library.
pub(crate) fn are_ours(netns: &NetNs) -> Result<bool> {
    let find = || -> macvlan_core::Result<bool> {
        let ours = RouteFilter::new().table(MAIN).protocol(Endpoint::PROTOCOL);
        let found = Handle::in_netns(netns)?.find_routes(&ours)?;
        Ok(found.iter().any(|info| info.route.is_default()))
    };
    find().map_err(|error| Error::kernel("list the default routes", error))
}

/// The default routes of one family in a container.
///
/// Routes that a router has advertised on our interfaces are left out, as ours replace them.
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

    /// Sets one default route, or none, and deletes our others.
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
            done.extend(remove(handle, info)?);
        }
        Ok(done)
    }

    /// Adds a route, or replaces one with the same metric atomically.
    ///
    /// Returns false if it would replace a route of another program.
    fn put(&self, handle: &Handle, wanted: &Route, replaced: bool) -> macvlan_core::Result<bool> {
        let in_the_way = |all: &[&RouteInfo]| {
            all.iter().any(|info| info.route.get_actual_metric() == wanted.get_actual_metric())
        };
        let is_anothers = in_the_way(&self.others);
        if is_anothers && !replaced {
            // The kernel would replace any route with this metric.
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

/// Returns whether a route that was found is the wanted one.
fn is_same(wanted: &Route, found: &Route) -> bool {
    let way = |route: &Route| (route.get_gateway(), route.get_device(), route.get_actual_metric());
    way(wanted) == way(found)
}

/// Deletes a route, and returns a description, unless it is already gone.
fn remove(handle: &Handle, info: &RouteInfo) -> macvlan_core::Result<Option<String>> {
    match handle.delete_route(&info.route.protocol(info.protocol)) {
        Ok(()) => Ok(Some(format!("the {} is unexpected", words(&info.route)))),
        // A route with the same metric has already replaced it.
        Err(error) if error.is_not_found() => Ok(None),
        Err(error) => Err(error),
    }
}

fn words(route: &Route) -> String {
    let gateway = route.get_gateway().map(|gateway| format!(" via {gateway}")).unwrap_or_default();
    if route.is_default() {
        return format!("default route{gateway}");
    }
    format!("route {}{gateway}", route.get_destination())
}

impl Network {
    /// Sets the default routes of a container with this lease and others, after an attach or a
    /// repair.
    ///
    /// The caller holds the namespace. `link` is the index of the lease's interface, if known.
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
        set(&self.session.host, (&places, netns), Some(self.id()), replaces)
    }
}

impl Session {
    /// Sets the default routes of a container from its leases, after one of its interfaces has
    /// changed.
    ///
    /// The caller holds the namespace.
    pub(crate) fn settle_default_routes(&self, container: &str, netns: &NetNs) -> Result<()> {
        let leases = self.store.leases_of(container)?;
        // Usually: most containers are in one network only.
        if leases.is_empty() {
            return Ok(());
        }
        let here = NetNsMark::of(netns)?;
        let here: Vec<&Lease> = leases.iter().filter(|lease| lease.is_in(&here)).collect();
        if here.is_empty() {
            return Ok(());
        }
        let places = self.places(&here, netns)?;
        set(&self.host, (&places, netns), None, false).map(drop)
    }

    /// Finds a container's interfaces by their leases.
    pub(crate) fn places(&self, leases: &[&Lease], netns: &NetNs) -> Result<Vec<Place>> {
        let (mut places, mut links) = (Vec::new(), None);
        for lease in leases {
            let found = match self.store.find_networks(&lease.network) {
                // The routes of a network that cannot be read count as another program's.
                Err(error) if error.kind() == ErrorKind::StoreUnusable => continue,
                found => found?,
            };
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
            // A container may have several interfaces in one network.
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
