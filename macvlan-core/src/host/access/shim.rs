//! The host's own macvlan on a parent.

use std::net::IpAddr;
use std::sync::Arc;

use ipnet::IpNet;
use nix::errno::Errno;
use nix::libc::RTPROT_KERNEL;

use crate::endpoint::{self, Attachment, Endpoint, EndpointKind, Parent};
use crate::error::{Error, Result};
use crate::explain::{Attempt, Place};
use crate::host::Host;
use crate::host::access::change::Link;
use crate::host::access::lend;
use crate::host::access::mark::{Mark, name_taken};
use crate::host::access::options::Access;
use crate::host::access::parent::Known;
use crate::host::access::presence::Presence;
use crate::lan::announce::{Announce, Announcement};
use crate::netlink::{Connection, Failure};
use crate::netns::NetNs;
use crate::rtnl::encode::LinkChange;
use crate::rtnl::{RTPROT_MACVLAN, decode, encode};
use crate::value::filter::RouteFilter;
use crate::value::link::{AcceptRa, LinkInfo, MacvlanOptions, Mode};
use crate::value::name::{LinkId, LinkName};
use crate::value::route::{Route, RouteInfo};

pub(super) struct Shim {
    netns: NetNs,
    attachment: Attachment,
    presence: Arc<Presence>,
    /// The borrowed addresses that this session has added.
    borrowed: Vec<IpAddr>,
    /// True if routes through the link may have been lost since this session last used it.
    has_lost_routes: bool,
}

impl Shim {
    /// Creates the link, or finds and updates an existing one; `known` and `before` are this
    /// session's previous parent and link. Fails if the parent has no address to lend, unless that
    /// is allowed and the link existed. The caller holds the lock of the host's namespace.
    pub(super) fn make(
        host: &Host,
        access: &Access,
        known: &mut Known,
        before: Option<&Self>,
        may_have_none: bool,
    ) -> Result<Self> {
        let netns = host.netns();
        let connection = netns.connection()?;
        let parent = known.find(netns, &access.parent)?;
        // A VLAN made on demand may not exist yet, and then has no addresses to lend.
        let found = match endpoint::find_parent(netns, &parent)? {
            Some(found) => find(connection, found.index)?,
            None if parent.on_demand().is_some() => None,
            None => return Err(endpoint::missing_parent(netns, &parent)),
        };
        let there = match &found {
            Some(parent) => Self::find_beside(netns, parent.index, before)?,
            None => None,
        };
        let name = match &there {
            Some(there) => there.name.parse()?,
            None => new_name(connection, access, &parent, found.as_ref())?,
        };
        let mut mark = there.as_ref().map_or(Ok(Mark::default()), Mark::of)?;
        // Before anything is changed.
        mark.own = !access.addresses.is_empty()
            || match &there {
                Some(there) if mark.own => has_own(connection, there.index)?,
                _ => false,
            };
        // Without an alias, its creator was interrupted.
        let is_new = there.as_ref().is_none_or(|there| there.alias.is_none());
        mark.transient = access.transient && (is_new || mark.transient);
        let needs = !mark.own && mark.moved.is_none() && (there.is_none() || !may_have_none);
        if needs {
            let lent = found.as_ref().map(|parent| lend::lendable(connection, parent, 0));
            if lent.transpose()?.is_none_or(|lent| lent.is_empty()) {
                return Err(no_address(access));
            }
        }
        let endpoint = Endpoint::new(name, parent)?
            .mode(Mode::Bridge)?
            .alias(mark.alias())
            .group(endpoint::ACCESS_GROUP)
            .lo_up(false)
            .accept_ra(AcceptRa::Never)
            .autoconf(false)
            .arp_filter();
        // Containers have the MAC address of a deleted link in their neighbour tables, so it is
        // used again.
        let endpoint = match before.filter(|_| there.is_none()) {
            Some(before) => endpoint.mac(before.attachment.mac()),
            None => endpoint,
        };
        let attachment = endpoint::ensure(netns, &endpoint, netns, false, &[])?.attachment;
        let furnished = Self::furnish(netns, access, before, attachment.clone()).and_then(|shim| {
            known.know(netns, &access.parent, shim.parent_index())?;
            Ok(shim)
        });
        furnished.map_err(|error| {
            let undone = match &there {
                None => endpoint::detach(netns, &attachment).map(drop),
                Some(there) => restore_mark(connection, there),
            };
            match undone {
                Ok(()) => error,
                Err(other) => error.leaves_too(other),
            }
        })
    }

    /// Finds the host's link on a parent under any name: the one of this session, or of another.
    fn find_beside(netns: &NetNs, parent: u32, before: Option<&Self>) -> Result<Option<LinkInfo>> {
        let connection = netns.connection()?;
        let lowest = endpoint::lowest(netns, parent)?;
        let is_it = |link: &LinkInfo| {
            endpoint::is_access_link(link)
                && (link.parent, link.parent_netns) == (Some(lowest.index), lowest.netns)
        };
        let known = before.map(|before| find(connection, before.index())).transpose()?.flatten();
        if let Some(known) = known.filter(is_it) {
            return Ok(Some(known));
        }
        let macvlans = encode::get_links(Some("macvlan"), None);
        let marked = connection
            .dump(&macvlans, |payload| decode::link(payload).filter(is_it))
            .map_err(|failure| failure.into_error("find the host's link"))?;
        Ok(marked.into_iter().min_by_key(|link| link.index))
    }

    /// Finds the host's link on a parent and changes nothing.
    pub(super) fn find(netns: &NetNs, parent: u32) -> Result<Option<Self>> {
        let Some(there) = Self::find_beside(netns, parent, None)? else { return Ok(None) };
        let Some(attachment) = endpoint::access_link(netns, there.index)? else {
            return Ok(None);
        };
        let presence = Arc::new(Presence::on(netns, there.index)?);
        let (netns, borrowed) = (netns.clone(), Vec::new());
        Ok(Some(Self { netns, attachment, presence, borrowed, has_lost_routes: false }))
    }

    /// Makes the settings of the link that an attach does not.
    fn furnish(
        netns: &NetNs,
        access: &Access,
        before: Option<&Self>,
        attachment: Attachment,
    ) -> Result<Self> {
        let index = attachment.index();
        let same = before.filter(|before| before.index() == index);
        let mut shim = Self {
            netns: netns.clone(),
            presence: match same {
                Some(before) => Arc::clone(&before.presence),
                None => Arc::new(Presence::on(netns, index)?),
            },
            borrowed: same.map(|before| before.borrowed.clone()).unwrap_or_default(),
            has_lost_routes: before.is_some_and(|before| same.is_none() || before.has_lost_routes),
            attachment,
        };
        // The routes can be undone exactly, so they come first.
        let routes: &[IpNet] = if same.is_none() { &access.prefixes } else { &[] };
        let added = shim.add_routes(routes)?;
        let lent = shim.lend_again(access).and_then(|()| {
            if shim.has_lost_routes { shim.add_routes(routes).map(drop) } else { Ok(()) }
        });
        match lent {
            Ok(()) => Ok(shim),
            Err(error) => Err(match shim.delete_routes(&added) {
                Ok(()) => error,
                Err(other) => error.leaves_too(other),
            }),
        }
    }

    /// Adds the link's own addresses, or updates the borrowed ones. A link that was given its own
    /// addresses by others borrows none.
    pub(super) fn lend_again(&mut self, access: &Access) -> Result<()> {
        let (connection, index) = (self.netns.connection()?, self.index());
        let mark = self.mark()?;
        let wanted = if !access.addresses.is_empty() {
            lend::owned(&access.addresses, index)
        } else if mark.moved.is_some() || mark.own && self.borrowed.is_empty() {
            return Ok(());
        } else {
            match find(connection, self.parent_index())? {
                Some(parent) => lend::lendable(connection, &parent, index)?,
                None => Vec::new(),
            }
        };
        let is_shared = self.has_company()?;
        let given = std::mem::take(&mut self.borrowed);
        // Another session may have added own addresses.
        let may_go = |ip: IpAddr| !is_shared || given.contains(&ip);
        let name = self.name();
        let went = lend::give(&self.netns, (index, &name), &wanted, &may_go);
        if access.addresses.is_empty() {
            self.borrowed = wanted.iter().filter_map(lend::ip_of).collect();
        }
        self.has_lost_routes |= went?;
        Ok(())
    }

    /// Adds these routes again, if some may have been deleted with an address or with the link.
    pub(super) fn restore_routes(&mut self, routes: &[IpNet]) -> Result<()> {
        if self.has_lost_routes {
            self.add_routes(routes)?;
            self.has_lost_routes = false;
        }
        Ok(())
    }

    pub(super) fn name(&self) -> LinkName {
        self.attachment.name()
    }

    pub(super) fn index(&self) -> u32 {
        self.attachment.index()
    }

    /// Returns the link with its current name.
    pub(super) fn link(&self) -> Result<Link> {
        self.called(self.index())
    }

    /// Returns the parent with its current name.
    pub(super) fn parent(&self) -> Result<Link> {
        self.called(self.parent_index())
    }

    /// Returns the link from which addresses were moved, or the parent if that no longer exists.
    pub(super) fn moved_from(&self, mark: Mark) -> Result<Link> {
        let connection = self.netns.connection()?;
        let from = mark.moved.map(|index| find(connection, index)).transpose()?.flatten();
        self.called(from.map_or(self.parent_index(), |from| from.index))
    }

    fn called(&self, index: u32) -> Result<Link> {
        let link = self.netns.connection()?.link(index);
        let link = link.map_err(|failure| failure.into_error("read the host's link"))?;
        Ok((index, link.name.parse()?))
    }

    pub(super) fn parent_index(&self) -> u32 {
        self.attachment.parent_index()
    }

    /// Returns the current mark of the link, which may no longer exist.
    pub(super) fn mark(&self) -> Result<Mark> {
        let link = find(self.netns.connection()?, self.index())?;
        link.as_ref().map_or(Ok(Mark::default()), Mark::of)
    }

    /// Returns whether links on this link of the host are beside the host's link.
    pub(super) fn is_beside(&self, parent: u32) -> Result<bool> {
        let (netns, own) = (&self.netns, self.parent_index());
        Ok(parent == own || endpoint::lowest(netns, parent)? == endpoint::lowest(netns, own)?)
    }

    /// Returns whether a macvlan of a container is beside the host's link.
    pub(super) fn is_beside_in(&self, container: &NetNs, link: &LinkInfo) -> Result<bool> {
        let kind = EndpointKind::Macvlan(MacvlanOptions::new(Mode::Bridge));
        endpoint::is_on(&self.netns, container, link, (self.parent_index(), &kind))
    }

    /// Returns whether another session uses the link.
    pub(super) fn has_company(&self) -> Result<bool> {
        self.presence.has_company(&self.netns, self.index())
    }

    /// Returns whether a route leads through the link that the kernel has not added by itself.
    pub(super) fn is_routed_through(&self) -> Result<bool> {
        let routes = self.routes(self.netns.connection()?)?;
        Ok(routes.iter().any(|info| info.protocol != RTPROT_KERNEL))
    }

    /// Returns the addresses that routes of ours lead to.
    pub(super) fn reached(&self) -> Result<Vec<IpAddr>> {
        let routes = self.routes(self.netns.connection()?)?.into_iter();
        let ours = routes.filter(|info| info.protocol == RTPROT_MACVLAN);
        let nets = ours.map(|info| info.route.get_destination());
        Ok(nets
            .filter(|net| net.prefix_len() == net.max_prefix_len())
            .map(|net| net.addr())
            .collect())
    }

    /// Lists the routes through the link.
    fn routes(&self, connection: &Connection) -> Result<Vec<RouteInfo>> {
        let through = encode::get_routes(&RouteFilter::new(), Some(self.index()));
        let routes = connection
            .dump(&through, decode::route)
            .map_err(|failure| failure.into_error("list the routes"))?;
        let leads_through = |info: &RouteInfo| {
            info.route.get_device() == Some(LinkId::Index(self.index()))
                || info.next_hops.iter().any(|hop| hop.link == self.index())
        };
        Ok(routes.into_iter().filter(leads_through).collect())
    }

    /// Adds all routes, or none. Returns those that are new.
    pub(super) fn add_routes(&self, destinations: &[IpNet]) -> Result<Vec<IpNet>> {
        let mut added = Vec::new();
        for destination in destinations {
            match self.add_route(*destination) {
                Ok(true) => added.push(*destination),
                Ok(false) => {}
                Err(error) => {
                    return Err(match self.delete_routes(&added) {
                        Ok(()) => error,
                        Err(other) => error.leaves_too(other),
                    });
                }
            }
        }
        Ok(added)
    }

    /// Adds a route; returns whether it is new.
    fn add_route(&self, destination: IpNet) -> Result<bool> {
        let route = Route::new(destination)?;
        let connection = self.netns.connection()?;
        let request = encode::add_route(&route, Some(self.index()), RTPROT_MACVLAN)?;
        let Err(failure) = connection.submit_one(request) else { return Ok(true) };
        if matches!(failure, Failure::Refused { errno: Errno::EEXIST, .. })
            && self.leads_to(connection, destination)?
        {
            return Ok(false);
        }
        let attempt = Attempt::Route("add", &route, Some(LinkId::Name(self.name())));
        let is_lost = matches!(failure, Failure::NoAnswer(_));
        let error = attempt.explain(failure, &Place::host(&self.netns));
        // It is unknown whether the route was added.
        Err(match is_lost.then(|| self.delete_routes(&[destination])) {
            Some(Err(other)) => error.leaves_too(other),
            _ => error,
        })
    }

    /// Returns whether a route through the link to this destination exists, from an earlier run or
    /// another session.
    fn leads_to(&self, connection: &Connection, destination: IpNet) -> Result<bool> {
        let ours = |info: &RouteInfo| {
            info.route.get_destination() == destination
                && info.route.get_device() == Some(LinkId::Index(self.index()))
                && info.route.get_table() == encode::MAIN_TABLE
                && info.route.get_gateway().is_none()
        };
        Ok(self.routes(connection)?.iter().any(ours))
    }

    /// Lists the destinations of our routes through the link that lead to single addresses.
    pub(super) fn routes_to_containers(&self) -> Result<Vec<IpNet>> {
        let ours = RouteFilter::new().protocol(RTPROT_MACVLAN).table(encode::MAIN_TABLE);
        let ours = encode::get_routes(&ours, Some(self.index()));
        let destination = |payload: &[u8]| {
            let info = decode::route(payload)?;
            let destination = info.route.get_destination();
            let is_single = destination.prefix_len() == destination.max_prefix_len();
            let is_ours = info.protocol == RTPROT_MACVLAN
                && info.route.get_device() == Some(LinkId::Index(self.index()))
                && info.route.get_table() == encode::MAIN_TABLE
                && info.route.get_gateway().is_none();
            (is_single && is_ours).then_some(destination)
        };
        self.netns
            .connection()?
            .dump(&ours, destination)
            .map_err(|failure| failure.into_error("list the routes"))
    }

    /// Deletes as many routes as possible; routes that do not exist are skipped.
    pub(super) fn delete_routes(&self, destinations: &[IpNet]) -> Result<()> {
        let connection = self.netns.connection()?;
        let mut outcome: Result<()> = Ok(());
        for destination in destinations {
            let route = Route::new(*destination)?;
            let request = encode::delete_route_exactly(&route, Some(self.index()), RTPROT_MACVLAN)?;
            let failure = match connection.retry(&request) {
                Ok(()) => continue,
                Err(failure) if failure.says_gone() => continue,
                Err(failure) => failure,
            };
            let attempt = Attempt::Route("delete", &route, Some(LinkId::Name(self.name())));
            let error = attempt.explain(failure, &Place::host(&self.netns));
            let error = error.leaves(format!("route {route} in {}", self.netns));
            outcome = Err(match outcome {
                Ok(()) => error,
                Err(first) => first.leaves_too(error),
            });
        }
        outcome
    }

    /// Deletes the link, and with it its routes. Announces the parent's MAC address to neighbours
    /// that have learned the link's for an IPv6 address.
    pub(super) fn delete(&self) -> Result<()> {
        let netns = &self.netns;
        endpoint::detach(netns, &self.attachment)?;
        if !self.borrowed.is_empty() {
            // Otherwise they would notice within some seconds.
            let ips = self.borrowed.clone();
            let _ = self.parent().and_then(|(parent, name)| {
                Announcement::of(Announce::once(), netns, name, parent, ips)?.send()
            });
        }
        Ok(())
    }
}

/// Returns a link of the host, or `None` if it does not exist.
fn find(connection: &Connection, link: impl Into<LinkId>) -> Result<Option<LinkInfo>> {
    connection.find_link(link).map_err(|failure| failure.into_error("read the host's link"))
}

/// Sets the mark that a link had; one without a mark was just created by another process.
fn restore_mark(connection: &Connection, link: &LinkInfo) -> Result<()> {
    let Some(alias) = &link.alias else { return Ok(()) };
    let request = encode::set_link(link.index, &LinkChange::Alias(alias));
    connection.retry(&request).map_err(|failure| {
        failure.into_error("restore the mark of the host's link").on_link(link.name.as_str())
    })
}

/// Returns whether a link still has an address of its own, by the prefix length as kernels before
/// Linux 5.18 have no marks on addresses.
fn has_own(connection: &Connection, link: u32) -> Result<bool> {
    Ok(lend::described(connection, link)?.iter().any(lend::Described::is_for_a_host))
}

fn no_address(access: &Access) -> Error {
    Error::invalid("give the host access to its containers", "the parent has no address to borrow")
        .on_parent(access.parent.to_string())
        .with_hint("set an address for the host's link")
}

/// Chooses the name of a new link: the requested one, or one derived from the parent's name or
/// index. Skips a name that another parent's link has, which may result from a rename.
fn new_name(
    connection: &Connection,
    access: &Access,
    wanted: &Parent,
    parent: Option<&LinkInfo>,
) -> Result<LinkName> {
    let is_free = |name: LinkName| match find(connection, name)? {
        Some(other) => Mark::of(&other).map(|_ours| false),
        None => Ok(true),
    };
    let name = if let Some(name) = access.name {
        name
    } else {
        let called = parent.map_or_else(|| wanted.to_string(), |parent| parent.name.clone());
        match LinkName::new(&format!("{called}-host")) {
            Ok(name) if is_free(name)? => return Ok(name),
            _taken_or_too_long => {
                let number = parent.map_or_else(random_number, |parent| Ok(parent.index))?;
                LinkName::new(&format!("mvh{number}"))?
            }
        }
    };
    if is_free(name)? {
        return Ok(name);
    }
    Err(name_taken(name.as_str(), "belongs to another parent"))
}

fn random_number() -> Result<u32> {
    let mut random = [0; 4];
    getrandom::fill(&mut random)
        .map_err(|_| Error::system("choose a name at random", Errno::EIO))?;
    Ok(u32::from_ne_bytes(random))
}
