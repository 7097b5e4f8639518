//! The host's own macvlan on a parent.

use std::net::IpAddr;
use std::sync::Arc;

use ipnet::IpNet;
use nix::errno::Errno;

use crate::endpoint::{self, Attachment, Endpoint, EndpointKind, Parent};
use crate::error::{Error, Result};
use crate::explain::{Attempt, Place};
use crate::host::Host;
use crate::host::access::change::Link;
use crate::host::access::lend;
use crate::host::access::mark::{GROUP, Mark, name_taken};
use crate::host::access::options::Access;
use crate::host::access::parent::Known;
use crate::host::access::presence::Presence;
use crate::lan::announce::{Announce, Announcement};
use crate::netlink::{Connection, Failure};
use crate::netns::NetNs;
use crate::rtnl::{RTPROT_MACVLAN, decode, encode};
use crate::value::filter::RouteFilter;
use crate::value::link::{AcceptRa, LinkInfo, Macvlan, Mode};
use crate::value::name::{LinkId, LinkName};
use crate::value::route::{Route, RouteInfo};

pub(super) struct Shim {
    netns: NetNs,
    attachment: Attachment,
    presence: Arc<Presence>,
    /// The parent's addresses that this session has given it.
    borrowed: Vec<IpAddr>,
    /// Whether routes through it may have gone since this session last had it.
    has_lost_routes: bool,
}

impl Shim {
    /// Makes the link, or finds the one that is there and puts it right; `known` and `before` are the parent
    /// and the link that this session had until now. Fails where the parent has no address to lend, unless
    /// that may be and the link was there. The caller holds the host's namespace.
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
        // A VLAN that is made on demand may not be there yet, and has nothing to lend then.
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
        let mark = there.as_ref().map_or(Ok(Mark::default()), Mark::of)?;
        if access.addresses.is_empty() && there.is_none() {
            let lends = match &found {
                Some(parent) => !lend::lendable(connection, parent, 0)?.is_empty(),
                None => false,
            };
            if !lends {
                return Err(no_address(access));
            }
        }
        let endpoint = Endpoint::new(name, parent)?
            .mode(Mode::Bridge)?
            .alias(mark.alias())
            .group(GROUP)
            .lo_up(false)
            .accept_ra(AcceptRa::Never)
            .autoconf(false)
            .arp_filter();
        // The containers have the MAC address of a link that was deleted in their caches.
        let endpoint = match before.filter(|_| there.is_none()) {
            Some(before) => endpoint.mac(before.attachment.mac()),
            None => endpoint,
        };
        let attachment = endpoint::ensure(netns, &endpoint, netns, false, &[])?.attachment;
        let is_new = there.is_none();
        let furnished = Self::furnish(netns, access, before, attachment.clone()).and_then(|shim| {
            known.know(netns, &access.parent, shim.parent_index())?;
            let needs =
                access.addresses.is_empty() && mark.moved.is_none() && (is_new || !may_have_none);
            if needs && shim.borrowed.is_empty() { Err(no_address(access)) } else { Ok(shim) }
        });
        furnished.map_err(|error| match is_new.then(|| endpoint::detach(netns, &attachment)) {
            Some(Err(other)) => error.leaves_too(other),
            _ => error,
        })
    }

    /// Finds the host's link beside those that hang on a parent, whatever both are called: the one that this
    /// session had, or that of another.
    fn find_beside(netns: &NetNs, parent: u32, before: Option<&Self>) -> Result<Option<LinkInfo>> {
        let connection = netns.connection()?;
        let lowest = endpoint::lowest(netns, parent)?;
        let is_it = |link: &LinkInfo| {
            Mark::is_on(link)
                && (link.parent, link.parent_netns) == (Some(lowest.index), lowest.netns)
        };
        let known = before.map(|before| find(connection, before.index())).transpose()?.flatten();
        if let Some(known) = known.filter(is_it) {
            return Ok(Some(known));
        }
        let macvlans = encode::get_links(Some("macvlan"), None);
        let marked = connection
            .dump(&macvlans, |payload| decode::link(payload).filter(is_it))
            .map_err(|failure| failure.into_error("look for the host's link"))?;
        Ok(marked.into_iter().min_by_key(|link| link.index))
    }

    /// Gives the link what an attachment does not.
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
        shim.lend_again(access)?;
        if same.is_none() {
            shim.add_routes(&access.prefixes)?;
        }
        Ok(shim)
    }

    /// Gives the link its own addresses, or those that its parent has now.
    pub(super) fn lend_again(&mut self, access: &Access) -> Result<()> {
        let (connection, index) = (self.netns.connection()?, self.index());
        let wanted = if !access.addresses.is_empty() {
            lend::owned(&access.addresses, index)
        } else if self.mark()?.moved.is_some() {
            return Ok(());
        } else {
            match find(connection, self.parent_index())? {
                Some(parent) => lend::lendable(connection, &parent, index)?,
                None => Vec::new(),
            }
        };
        let is_shared = self.has_company()?;
        let given = std::mem::take(&mut self.borrowed);
        // Another session may have given the link addresses of its own.
        let may_go = |ip: IpAddr| !is_shared || given.contains(&ip);
        let name = self.name();
        let went = lend::give(&self.netns, (index, &name), &wanted, &may_go);
        if access.addresses.is_empty() {
            self.borrowed = wanted.iter().filter_map(lend::ip_of).collect();
        }
        self.has_lost_routes |= went?;
        Ok(())
    }

    /// Adds these routes again, if some may have gone with an address or with the link.
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

    /// The link, as it is called now.
    pub(super) fn link(&self) -> Result<Link> {
        self.called(self.index())
    }

    /// The parent, as it is called now.
    pub(super) fn parent(&self) -> Result<Link> {
        self.called(self.parent_index())
    }

    /// The link that addresses were moved from, or the parent if that is gone.
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

    /// What the link says about itself now; it may have gone.
    pub(super) fn mark(&self) -> Result<Mark> {
        let link = find(self.netns.connection()?, self.index())?;
        link.as_ref().map_or(Ok(Mark::default()), Mark::of)
    }

    /// Whether what hangs on this link of the host is beside the link.
    pub(super) fn is_beside(&self, parent: u32) -> Result<bool> {
        let (netns, own) = (&self.netns, self.parent_index());
        Ok(parent == own || endpoint::lowest(netns, parent)? == endpoint::lowest(netns, own)?)
    }

    /// Whether a macvlan of a container is beside the link.
    pub(super) fn is_beside_in(&self, container: &NetNs, link: &LinkInfo) -> Result<bool> {
        let kind = EndpointKind::Macvlan(Macvlan::new(Mode::Bridge));
        endpoint::is_on(&self.netns, container, link, (self.parent_index(), &kind))
    }

    /// Whether another session uses the link too.
    pub(super) fn has_company(&self) -> Result<bool> {
        self.presence.has_company(&self.netns, self.index())
    }

    /// Adds them all, or none. Returns those that were not there.
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

    /// Returns whether it was not there.
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
        // Nobody knows whether it was done.
        Err(match is_lost.then(|| self.delete_routes(&[destination])) {
            Some(Err(other)) => error.leaves_too(other),
            _ => error,
        })
    }

    /// Whether a route through the link leads to this destination already, from an earlier run or
    /// another session.
    fn leads_to(&self, connection: &Connection, destination: IpNet) -> Result<bool> {
        let through = encode::get_routes(&RouteFilter::new(), Some(self.index()));
        let through = connection
            .dump(&through, decode::route)
            .map_err(|failure| failure.into_error("list the routes"))?;
        let ours = |info: &RouteInfo| {
            info.route.destination() == destination
                && info.route.get_device() == Some(LinkId::Index(self.index()))
                && info.route.get_table() == Some(encode::MAIN_TABLE)
                && info.route.get_gateway().is_none()
        };
        Ok(through.iter().any(ours))
    }

    /// Deletes as many as can be deleted; what is gone already is no failure.
    pub(super) fn delete_routes(&self, destinations: &[IpNet]) -> Result<()> {
        let connection = self.netns.connection()?;
        let mut outcome: Result<()> = Ok(());
        for destination in destinations {
            let route = Route::new(*destination)?;
            let request = encode::delete_route_exactly(&route, Some(self.index()), RTPROT_MACVLAN)?;
            let failure = match connection.retry(&request) {
                Ok(())
                | Err(Failure::Refused {
                    errno: Errno::ESRCH | Errno::ENODEV | Errno::ENOENT,
                    ..
                }) => continue,
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

    /// Deletes the link, with which its routes go. Who has learned its MAC address for the parent's
    /// IPv6 addresses learns the parent's again.
    pub(super) fn delete(&self) -> Result<()> {
        let netns = &self.netns;
        endpoint::detach(netns, &self.attachment)?;
        if !self.borrowed.is_empty() {
            // They would find it out by themselves within some seconds.
            let ips = self.borrowed.clone();
            let _ = self.parent().and_then(|(parent, name)| {
                Announcement::of(Announce::once(), netns, name, parent, ips)?.send()
            });
        }
        Ok(())
    }
}

/// A link of the host; none if it does not exist.
fn find(connection: &Connection, link: impl Into<LinkId>) -> Result<Option<LinkInfo>> {
    connection.find_link(link).map_err(|failure| failure.into_error("read the host's link"))
}

fn no_address(access: &Access) -> Error {
    Error::invalid("let the host reach its containers", "the parent has no address to borrow")
        .on_parent(access.parent.to_string())
        .with_hint("give the host's link an address of its own")
}

/// Chooses what a new link is called: as was said, or after its parent, by its name or its index. A name
/// that the link beside another parent has, which may have been called so before, is passed over.
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
    Err(name_taken(name.as_str(), "is beside the containers of another parent"))
}

fn random_number() -> Result<u32> {
    let mut random = [0; 4];
    getrandom::fill(&mut random)
        .map_err(|_| Error::system("choose a name at random", Errno::EIO))?;
    Ok(u32::from_ne_bytes(random))
}
