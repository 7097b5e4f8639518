//! The host's own macvlan on a parent.

use std::net::IpAddr;
use std::sync::Arc;

use ipnet::IpNet;
use nix::errno::Errno;

use crate::endpoint::{self, Attachment, Endpoint, Parent};
use crate::error::{Error, Result};
use crate::explain::{Attempt, Place};
use crate::host::Host;
use crate::host::access::lend;
use crate::host::access::mark::{GROUP, Mark};
use crate::host::access::options::Access;
use crate::host::access::presence::Presence;
use crate::lan::announce::{Announce, Announcement};
use crate::netlink::{Connection, Failure};
use crate::netns::NetNs;
use crate::rtnl::{RTPROT_MACVLAN, decode, encode};
use crate::value::filter::RouteFilter;
use crate::value::link::{AcceptRa, LinkInfo, Mode};
use crate::value::name::{LinkId, LinkName};
use crate::value::route::{Route, RouteInfo};

pub(super) struct Shim {
    netns: NetNs,
    attachment: Attachment,
    parent_name: LinkName,
    presence: Arc<Presence>,
    /// The parent's addresses that this session has given it.
    borrowed: Vec<IpAddr>,
    /// Whether routes through it may have gone since this session last had it.
    pub(super) has_lost_routes: bool,
}

impl Shim {
    /// Makes the link, or finds the one that is there and puts it right; `before` is what this session
    /// had until now. The caller holds the host's namespace.
    pub(super) fn make(host: &Host, access: &Access, before: Option<&Self>) -> Result<Self> {
        let netns = host.netns();
        let connection = netns.connection()?;
        // What this session had is known by its index, whatever it and its parent are called now.
        let known = before.map(|before| find(connection, before.index())).transpose()?.flatten();
        let known = known.filter(Mark::is_on);
        let parent: Parent = match known.as_ref().and_then(|link| link.parent) {
            Some(index) if access.parent.on_demand().is_none() => index.into(),
            _ => access.parent.clone(),
        };
        // A VLAN that is made on demand may not be there yet, and has nothing to lend then.
        let found = match endpoint::find_parent(netns, &parent)? {
            Some(found) => find(connection, found.index)?,
            None if parent.on_demand().is_some() => None,
            None => return Err(endpoint::missing_parent(netns, &parent)),
        };
        let name = match (&known, access.name, &found) {
            (Some(known), ..) => known.name.parse()?,
            (None, Some(name), _) => name,
            (None, None, Some(parent)) => name_for(&parent.name, parent.index)?,
            (None, None, None) => name_for(&parent.to_string(), 0)?,
        };
        let there = match known {
            Some(known) => Some(known),
            None => find(connection, name)?,
        };
        let mark = there.as_ref().map_or(Ok(Mark::default()), Mark::of)?;
        if access.addresses.is_empty() && !mark.moved {
            let lent = match &found {
                Some(parent) => lend::lendable(connection, (parent.index, &parent.name), 0)?,
                None => Vec::new(),
            };
            if lent.is_empty() && there.is_none() {
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
        let attachment = endpoint::ensure(netns, &endpoint, netns, false, &[])?.attachment;
        let is_new = there.is_none();
        let outcome = Self::furnish(netns, access, before, attachment.clone());
        outcome.map_err(|error| match is_new.then(|| endpoint::detach(netns, &attachment)) {
            Some(Err(other)) => error.leaves_too(other),
            _ => error,
        })
    }

    /// Gives the link what an attachment does not.
    fn furnish(
        netns: &NetNs,
        access: &Access,
        before: Option<&Self>,
        attachment: Attachment,
    ) -> Result<Self> {
        let connection = netns.connection()?;
        let index = attachment.index();
        let parent = find(connection, attachment.parent_index())?;
        let parent = parent.ok_or_else(|| endpoint::missing_parent(netns, &access.parent))?;
        let parent_name = parent.name.parse()?;
        let same = before.filter(|before| before.index() == index);
        let mut shim = Self {
            netns: netns.clone(),
            presence: match same {
                Some(before) => Arc::clone(&before.presence),
                None => Arc::new(Presence::on(netns, index)?),
            },
            borrowed: same.map(|before| before.borrowed.clone()).unwrap_or_default(),
            has_lost_routes: before.is_some() && same.is_none(),
            attachment,
            parent_name,
        };
        shim.refresh(access)?;
        if same.is_none() {
            shim.add_routes(&access.prefixes)?;
        }
        Ok(shim)
    }

    /// Gives the link its own addresses, or those that its parent has now.
    pub(super) fn refresh(&mut self, access: &Access) -> Result<()> {
        self.lend_again(access)?;
        let lends = access.addresses.is_empty() && !self.mark()?.moved;
        if lends && self.borrowed.is_empty() { Err(no_address(access)) } else { Ok(()) }
    }

    /// As [`Shim::refresh`], also where its parent has none now.
    pub(super) fn lend_again(&mut self, access: &Access) -> Result<()> {
        let (connection, index) = (self.netns.connection()?, self.index());
        let wanted = if !access.addresses.is_empty() {
            lend::owned(&access.addresses, index)
        } else if self.mark()?.moved {
            return Ok(());
        } else {
            lend::lendable(connection, (self.parent_index(), self.parent_name.as_str()), index)?
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
        if std::mem::take(&mut self.has_lost_routes) {
            self.add_routes(routes)?;
        }
        Ok(())
    }

    pub(super) fn name(&self) -> LinkName {
        self.attachment.name()
    }

    pub(super) fn index(&self) -> u32 {
        self.attachment.index()
    }

    pub(super) fn link(&self) -> (u32, LinkName) {
        (self.index(), self.name())
    }

    pub(super) fn parent(&self) -> (u32, LinkName) {
        (self.parent_index(), self.parent_name)
    }

    pub(super) fn parent_index(&self) -> u32 {
        self.attachment.parent_index()
    }

    /// What the link says about itself now; it may have gone.
    pub(super) fn mark(&self) -> Result<Mark> {
        let link = find(self.netns.connection()?, self.index())?;
        link.as_ref().map_or(Ok(Mark::default()), Mark::of)
    }

    /// Whether the link is there.
    pub(super) fn is_there(&self) -> Result<bool> {
        Ok(find(self.netns.connection()?, self.index())?.is_some())
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
        let (netns, parent) = (&self.netns, self.attachment.parent_index());
        endpoint::detach(netns, &self.attachment)?;
        if !self.borrowed.is_empty() {
            // They would find it out by themselves within some seconds.
            let ips = self.borrowed.clone();
            let told = Announcement::of(Announce::once(), netns, self.parent_name, parent, ips);
            let _ = told.and_then(|told| told.send());
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

fn name_for(parent: &str, index: u32) -> Result<LinkName> {
    let long = format!("{parent}-host");
    LinkName::new(&long).or_else(|_| LinkName::new(&format!("mvh{index}")))
}
