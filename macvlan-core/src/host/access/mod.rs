//! The host's own way to its containers: it cannot reach the macvlans on its parent, but a macvlan of
//! its own beside them can.

mod change;
mod confirm;
mod lend;
mod mark;
mod moving;
mod options;
mod parent;
mod presence;
mod routes;
mod shim;
mod state;

use std::fmt;
use std::net::IpAddr;
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::Duration;

use ipnet::IpNet;

pub use confirm::Moving;
pub use options::Access;

use crate::endpoint::{
    Attachment, Detached, Endpoint, EndpointKind, IntoParent, find_parent, is_macvlan,
    missing_parent,
};
use crate::error::{Error, Result};
use crate::host::Host;
use crate::host::access::confirm::{Moved, lock};
use crate::host::access::moving::Back;
use crate::host::access::shim::Shim;
use crate::host::access::state::{Routes, State};
use crate::netns::NetNs;
use crate::owner::Owner;
use crate::value::address::{Address, is_link_local};
use crate::value::link::Mode;
use crate::value::name::LinkName;
use crate::wait::Cancel;

/// A host's way to the containers on one parent, by a macvlan beside them.
///
/// Containers that are attached through it ([`HostAccess::attach`]) can be reached from the host, and
/// can reach it at the parent's addresses. It has to be mode bridge on both sides. When the last
/// container is detached through it, or it is dropped, the host's link goes, and comes back with the
/// next container. While another session on the parent uses the link, in whatever process, it stays.
///
/// A parent has one such link, which carries a mark, and the session stays with its parent, whatever that
/// and the link are called later. A parent that has left is found again as a
/// [`Keeper`](crate::Keeper) finds it.
///
/// Attaching, adding and moving make a link again that somebody has deleted, and give it the addresses
/// that the parent has by then. Between these calls [`HostAccess::refresh`] does.
///
/// The link answers ARP only for what the host reaches by it (`arp_filter`), so that others on the
/// network go on using the parent. IPv6 knows no such thing: with borrowed addresses, others may learn
/// either MAC address, and both lead to the host; when the link goes, the parent announces itself.
pub struct HostAccess {
    host: Host,
    access: Access,
    state: Mutex<State>,
    moved: Arc<Mutex<Moved>>,
    owner: Owner,
}

impl Host {
    /// Lets this host reach the containers on a parent, with the parent's own addresses; see
    /// [`Host::access_by`] for more.
    #[doc(alias = "macvlan shim")]
    pub fn access(&self, parent: impl IntoParent) -> Result<HostAccess> {
        self.access_by(Access::on(parent)?)
    }

    /// Lets this host reach the containers on a parent: makes the link, or finds the one that was kept.
    /// If any of it fails, nothing has changed.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::NameTaken`](crate::ErrorKind::NameTaken) if the link has to be made, and another link
    /// has the name.
    pub fn access_by(&self, access: Access) -> Result<HostAccess> {
        let _alone = self.netns.lock()?;
        let mut state = State::default();
        state.shim = Some(Shim::make(self, &access, &mut state.parent, None, false)?);
        let moved = Arc::default();
        let (host, state, owner) = (self.clone(), Mutex::new(state), Owner::here());
        Ok(HostAccess { host, access, state, moved, owner })
    }
}

impl HostAccess {
    /// Returns the name that the host's link had when this session last looked at it; none while there is
    /// none, because the last container has gone.
    pub fn name(&self) -> Option<LinkName> {
        self.seen(|state| state.shim.as_ref().map(Shim::name))
    }

    /// The index of the host's link.
    pub fn index(&self) -> Option<u32> {
        self.seen(|state| state.shim.as_ref().map(Shim::index))
    }

    /// The destinations that the host reaches by it.
    pub fn routes(&self) -> Vec<IpNet> {
        self.seen(|state| self.known_routes(state))
    }

    fn known_routes(&self, state: &State) -> Vec<IpNet> {
        self.access.prefixes.iter().copied().chain(state.routes()).collect()
    }

    /// As [`Host::attach`], and the host has a route to each of the container's addresses; all of it,
    /// or nothing. The endpoint has to be a macvlan or macvtap in mode bridge on the same parent.
    pub fn attach(&self, endpoint: &Endpoint, netns: &NetNs) -> Result<Attachment> {
        self.attach_by(&self.host, endpoint, netns)
    }

    /// As [`HostAccess::attach`], unless it is cancelled.
    #[doc(hidden)] // for Python
    pub fn attach_cancelled_by(
        &self,
        endpoint: &Endpoint,
        netns: &NetNs,
        cancel: &Cancel,
    ) -> Result<Attachment> {
        self.attach_by(&self.host.cancelled_by(cancel), endpoint, netns)
    }

    fn attach_by(&self, host: &Host, endpoint: &Endpoint, netns: &NetNs) -> Result<Attachment> {
        let refuse = |why| Err(refused(endpoint, why));
        match endpoint.kind() {
            EndpointKind::Macvlan(options) | EndpointKind::Macvtap(options)
                if options.mode() == Mode::Bridge => {}
            EndpointKind::Vlan(_) => return refuse("a VLAN has no way to a macvlan of its parent"),
            _ => return refuse("only macvlans in mode bridge reach each other"),
        }
        // The routes first: to take them back leaves no trace in the container.
        let mut state = self.lock()?;
        let is_beside = |shim: &Shim| self.find_beside(shim, endpoint);
        let (parent, routes) = self.lead_to(&mut state, endpoint.get_addresses(), is_beside)?;
        let attached = host.attach(endpoint, netns).and_then(|attachment| {
            // Names may have been exchanged since.
            if attachment.parent_index() == parent {
                return Ok(attachment);
            }
            let error = refused(endpoint, ANOTHER_PARENT);
            Err(match host.detach(&attachment) {
                Ok(_gone) => error,
                Err(other) => error.leaves_too(other),
            })
        });
        match attached {
            Ok(attachment) => {
                state.enter(&attachment, routes);
                Ok(attachment)
            }
            Err(error) => Err(match self.take_back(&mut state, &routes) {
                Ok(()) => error,
                Err(other) => error.leaves_too(other),
            }),
        }
    }

    /// Returns the index of an endpoint's parent, if what hangs on it is beside the host's link.
    fn find_beside(&self, shim: &Shim, endpoint: &Endpoint) -> Result<u32> {
        let (netns, parent) = (self.host.netns(), endpoint.parent());
        match find_parent(netns, parent)? {
            Some(found) if shim.is_beside(found.index)? => Ok(found.index),
            None if parent.get_base().is_none() => Err(missing_parent(netns, parent)),
            _ => Err(refused(endpoint, ANOTHER_PARENT)),
        }
    }

    /// Lets the host reach a container that is attached already.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::InvalidValue`](crate::ErrorKind::InvalidValue) if it is attached to another parent, and
    /// those of [`Attachment::netns`].
    pub fn add(&self, attachment: &Attachment) -> Result<()> {
        let mut state = self.lock()?;
        let netns = attachment.netns()?;
        let is_beside = |shim: &Shim| {
            let link = netns.connection()?.link(attachment.index());
            let link = link.map_err(|failure| failure.into_error(OPERATION))?;
            if is_macvlan(&link) && shim.is_beside_in(&netns, &link)? {
                return Ok(());
            }
            Err(Error::invalid(OPERATION, ANOTHER_PARENT)
                .on_link(attachment.name().as_str())
                .on_parent(attachment.parent().to_string()))
        };
        let ((), routes) = self.lead_to(&mut state, attachment.addresses(), is_beside)?;
        state.enter(attachment, routes);
        Ok(())
    }

    /// Lends the addresses that the parent has now, and makes the host's link again if it was deleted, with
    /// its routes. Where all is right it only looks; while there is no link, because the last container has
    /// gone, it does nothing.
    ///
    /// A program that watches the host so follows the parent, whose addresses a DHCP client may change:
    ///
    /// ```no_run
    /// use macvlan_core::{Event, Host};
    /// let host = Host::open()?;
    /// let access = host.access("ens33")?;
    /// for event in host.handle()?.watch()? {
    ///     match event? {
    ///         Event::NewRoute(_) | Event::DelRoute(_) | Event::NewLink(_) => {}
    ///         _ => access.refresh()?,
    ///     }
    /// }
    /// # Ok::<(), macvlan_core::Error>(())
    /// ```
    pub fn refresh(&self) -> Result<()> {
        let mut state = self.lock()?;
        if state.shim.is_none() {
            return Ok(());
        }
        let _alone = self.host.netns().lock()?;
        self.put_right(&mut state, true).map(drop)
    }

    /// Makes the link where there is none, and gives it the addresses and routes that it should have now.
    fn put_right<'a>(&self, state: &'a mut State, may_have_none: bool) -> Result<&'a mut Shim> {
        let known = self.known_routes(state);
        let (parent, before) = (&mut state.parent, state.shim.as_ref());
        let shim = Shim::make(&self.host, &self.access, parent, before, may_have_none)?;
        // One that was left on a parent that has been replaced is of no use to anybody.
        if let Some(old) = state.shim.as_ref().filter(|old| old.index() != shim.index()) {
            if old.mark()?.moved.is_none() && !old.has_company()? {
                old.delete()?;
            }
        }
        let shim = state.shim.insert(shim);
        shim.restore_routes(&known)?;
        Ok(shim)
    }

    /// Puts the link right and, if it passes the check, adds a route to each of a container's addresses that
    /// has none yet.
    fn lead_to<T>(
        &self,
        state: &mut State,
        addresses: &[Address],
        check: impl FnOnce(&Shim) -> Result<T>,
    ) -> Result<(T, Routes)> {
        let _alone = self.host.netns().lock()?;
        let with_link = state.shim.is_none();
        let shim = self.put_right(state, false)?;
        let covered = |ip: &IpAddr| self.access.prefixes.iter().any(|prefix| prefix.contains(ip));
        let ips = addresses.iter().map(Address::ip);
        let all: Vec<IpNet> =
            ips.filter(|ip| !is_link_local(*ip) && !covered(ip)).map(IpNet::from).collect();
        match check(shim).and_then(|passed| Ok((passed, shim.add_routes(&all)?))) {
            Ok((passed, added)) => Ok((passed, Routes { all, added, with_link })),
            Err(error) => {
                let nothing = Routes { with_link, ..Routes::default() };
                Err(match self.take_back(state, &nothing) {
                    Ok(()) => error,
                    Err(other) => error.leaves_too(other),
                })
            }
        }
    }

    /// Takes back what was done to reach a container.
    fn take_back(&self, state: &mut State, routes: &Routes) -> Result<()> {
        match &state.shim {
            Some(shim) if !routes.with_link || self.access.keep => {
                shim.delete_routes(&routes.added)
            }
            _ => self.take_down(state),
        }
    }

    /// As [`Host::detach`], and the host's routes to the container go; with the last container, the
    /// host's link too, unless it is to be kept.
    pub fn detach(&self, attachment: &Attachment) -> Result<Detached> {
        let removed = self.remove(attachment);
        let detached = self.host.detach(attachment);
        match (detached, removed) {
            (Ok(detached), Ok(())) => Ok(detached),
            (Err(error), Ok(())) | (Ok(_), Err(error)) => Err(error),
            (Err(error), Err(other)) => Err(error.leaves_too(other)),
        }
    }

    /// Takes the host's routes to a container away, and leaves the container as it is.
    pub fn remove(&self, attachment: &Attachment) -> Result<()> {
        let mut state = self.lock()?;
        let Some(routes) = state.leave(attachment) else { return Ok(()) };
        let Some(shim) = &state.shim else { return Ok(()) };
        // Another session may lead to the same container.
        let ours = if shim.has_company()? { &routes.added } else { &routes.all };
        let deleted = shim.delete_routes(ours);
        if state.is_empty() && !self.access.keep {
            return deleted.and(self.take_down(&mut state));
        }
        deleted
    }

    /// Moves the parent's addresses, and the routes through it, to the host's link: from then on host
    /// and containers are plain neighbours, with one connected subnet.
    ///
    /// There is no moment without an address: first the link has them too, then the routes change over,
    /// then the parent loses them. If any of it fails, everything is as before. Unless
    /// [`Moving::confirm`] is called before the time is over, it undoes itself, so that who has cut
    /// himself off only has to wait; the thread that sees to it ends with the [`Moving`]. A process
    /// that is killed leaves what it has done, with marks by which [`HostAccess::move_back`] of another
    /// undoes it.
    ///
    /// IPv4 and IPv6; addresses that the kernel made by itself (link-local, by a router's
    /// advertisement) stay, and so do the routes that come from such advertisements. A DHCP client or a
    /// network manager has to be told itself.
    pub fn move_addresses(&self, deadline: Duration) -> Result<Moving> {
        let mut state = self.lock()?;
        let _alone = self.host.netns().lock()?;
        let shim = self.put_right(&mut state, false)?;
        let mut moved = lock(&self.moved);
        if moved.is_moved() || shim.mark()?.moved.is_some() {
            return Err(Error::invalid("move the addresses", "they have been moved already"));
        }
        let done = moving::move_to_host_link(self.host.netns(), shim.parent()?, shim.link()?)?;
        let number = moved.begin(done);
        drop(moved);
        Moving::watch(&self.host, &self.moved, number, deadline)
    }

    /// Moves the addresses and routes back to the parent, if they have been moved, by this process or
    /// by another.
    pub fn move_back(&self) -> Result<()> {
        let mut state = self.lock()?;
        let _alone = self.host.netns().lock()?;
        let Some(shim) = &mut state.shim else { return Ok(()) };
        self.move_back_from(shim)?;
        // What made place for the parent's is lent again.
        shim.lend_again(&self.access)
    }

    fn move_back_from(&self, shim: &Shim) -> Result<()> {
        let host = self.host.netns();
        let record = lock(&self.moved).end();
        if let Moved::Pending(_, done) | Moved::Yes(done) = record {
            return done.undo(host);
        }
        // What another process has moved is found by its marks.
        let mark = shim.mark()?;
        if mark.moved.is_none() {
            return Ok(());
        }
        let borrows = self.access.addresses.is_empty();
        moving::move_back(host, shim.link()?, shim.moved_from(mark)?, Back { mark, borrows })
    }

    /// Takes the host's link away with its routes, if it is not to be kept, and tells how that went;
    /// dropping does the same. Addresses that were moved are moved back before.
    pub fn close(mut self) -> Result<()> {
        self.end()
    }

    fn end(&mut self) -> Result<()> {
        // In a forked child it is its parent's.
        if !self.owner.is_here() {
            return Ok(());
        }
        let mut state = self.lock()?;
        if !self.access.keep {
            return self.take_down(&mut state);
        }
        // What nobody has confirmed does not stay.
        let pending = lock(&self.moved).is_pending();
        let Some(shim) = state.shim.take().filter(|_| pending) else { return Ok(()) };
        let _alone = self.host.netns().lock()?;
        self.move_back_from(&shim)
    }

    /// Takes the link away, or, where another session uses it too, only what this one has added.
    fn take_down(&self, state: &mut State) -> Result<()> {
        let Some(shim) = &state.shim else { return Ok(()) };
        let _alone = self.host.netns().lock()?;
        let is_shared = shim.has_company()?;
        // Deleted with the addresses on it, the link would take them along.
        if !is_shared || lock(&self.moved).is_moved() {
            self.move_back_from(shim)?;
        }
        if is_shared {
            shim.delete_routes(&state.added())?;
        } else {
            shim.delete()?;
        }
        state.end();
        Ok(())
    }

    /// Refused in a forked child, whose parent may have held the lock at that moment.
    fn lock(&self) -> Result<MutexGuard<'_, State>> {
        self.owner.check("use the host's access")?;
        Ok(lock(&self.state))
    }

    /// Looks at the state; a forked child sees none.
    fn seen<T: Default>(&self, look: impl FnOnce(&State) -> T) -> T {
        if self.owner.is_here() { look(&lock(&self.state)) } else { T::default() }
    }
}

const OPERATION: &str = "let the host reach the container";
const ANOTHER_PARENT: &str = "the endpoint is on another parent";

fn refused(endpoint: &Endpoint, why: &'static str) -> Error {
    Error::invalid(OPERATION, why)
        .on_link(endpoint.name().as_str())
        .on_parent(endpoint.parent().to_string())
}

impl Drop for HostAccess {
    fn drop(&mut self) {
        let _ = self.end();
    }
}

impl fmt::Debug for HostAccess {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "HostAccess({}, {} routes)", self.access.parent, self.routes().len())
    }
}
