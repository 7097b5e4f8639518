//! Host access: a macvlan of the host beside those of its containers, which it cannot reach through
//! the parent.

mod change;
mod confirm;
#[cfg(feature = "serde")]
mod form;
mod lend;
mod mark;
mod moving;
mod options;
mod parent;
mod presence;
mod reach;
mod remove;
mod routes;
mod shim;
mod state;

use std::fmt;
use std::net::IpAddr;
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::Duration;

use ipnet::IpNet;

pub use confirm::PendingMove;
pub use options::Access;

use crate::endpoint::{
    Attachment, Detached, Endpoint, EndpointKind, IntoParent, find_parent, is_macvlan,
    missing_parent,
};
use crate::error::{Error, Result};
use crate::host::Host;
use crate::host::access::confirm::{Moved, lock};
use crate::host::access::moving::Back;
use crate::host::access::reach::Reach;
use crate::host::access::shim::Shim;
use crate::host::access::state::{Routes, State};
use crate::netns::NetNs;
use crate::owner::Owner;
use crate::value::address::Address;
use crate::value::link::Mode;
use crate::value::name::LinkName;
use crate::wait::Cancel;

/// The host's access to the containers on one parent, through a macvlan of its own (a shim).
///
/// The host can reach containers that are attached with [`HostAccess::attach`], and these can reach
/// the host at the parent's addresses. Both sides must be in mode bridge. The host's link is
/// deleted when the last container is detached or the access is dropped, and created again with the
/// next container. Other sessions on the parent, in any process, share the link and keep it.
///
/// A parent has one such link, identified by a mark. Renaming the link or the parent does not
/// matter. A parent that was removed is found again as by a [`Keeper`](crate::Keeper).
///
/// Attaching, adding and moving restore a deleted link and update its borrowed addresses. Between
/// such calls, [`HostAccess::refresh`] does this.
///
/// The link answers ARP only for addresses that the host reaches through it (`arp_filter`), so that
/// other hosts keep using the parent. IPv6 has no such filter: other hosts may learn either MAC
/// address for a borrowed address, and both lead to the host. When the link is deleted, the parent
/// announces its addresses.
///
/// ```no_run
/// use macvlan_core::{Endpoint, Host, NetNs};
/// let host = Host::open()?;
/// let access = host.access("ens33")?;
/// let endpoint = Endpoint::new("eth0", "ens33")?.address("192.168.15.5/24".parse()?);
/// let attachment = access.attach(&endpoint, &NetNs::from_pid(2084)?)?;
/// access.detach(&attachment)?;
/// access.close()?;
/// # Ok::<(), macvlan_core::Error>(())
/// ```
pub struct HostAccess {
    host: Host,
    access: Access,
    state: Mutex<State>,
    moved: Arc<Mutex<Moved>>,
    owner: Owner,
}

impl Host {
    /// Gives the host access to the containers on a parent, with the parent's addresses.
    ///
    /// [`Host::access_by`] has more options.
    ///
    /// # Errors
    ///
    /// As for [`Host::access_by`].
    #[doc(alias = "macvlan shim")]
    pub fn access(&self, parent: impl IntoParent) -> Result<HostAccess> {
        self.access_by(Access::on(parent)?)
    }

    /// Gives the host access to the containers on a parent, with options.
    ///
    /// Creates the host's link, or finds one that was kept. If that has its own addresses and the
    /// options name none, it keeps them.
    ///
    /// On a failure nothing is changed.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::NameTaken`](crate::ErrorKind::NameTaken) if another link has the name of the
    /// link to be created; [`ErrorKind::InvalidValue`](crate::ErrorKind::InvalidValue) if the
    /// parent has no address to borrow; otherwise as for [`Host::attach`].
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
    /// Returns the last known name of the host's link; `None` while there is no container.
    pub fn name(&self) -> Option<LinkName> {
        self.seen(|state| state.shim.as_ref().map(Shim::name))
    }

    /// Returns the index of the host's link; `None` while there is no link.
    pub fn index(&self) -> Option<u32> {
        self.seen(|state| state.shim.as_ref().map(Shim::index))
    }

    /// Returns the destinations that the host reaches through the link.
    pub fn routes(&self) -> Vec<IpNet> {
        self.seen(|state| self.known_routes(state))
    }

    fn known_routes(&self, state: &State) -> Vec<IpNet> {
        self.access.prefixes.iter().copied().chain(state.routes()).collect()
    }

    /// Attaches an endpoint, like [`Host::attach`], and adds routes to its addresses on the host.
    ///
    /// On a failure nothing is changed.
    ///
    /// The endpoint must be a macvlan or macvtap in mode bridge on the same parent.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::InvalidValue`](crate::ErrorKind::InvalidValue) for other endpoints, if an
    /// address is the host's or a gateway's, and in a forked child;
    /// [`ErrorKind::RouteExists`](crate::ErrorKind::RouteExists) if the host has another route to an
    /// address; otherwise as for [`Host::attach`].
    pub fn attach(&self, endpoint: &Endpoint, netns: &NetNs) -> Result<Attachment> {
        self.attach_by(&self.host, endpoint, netns)
    }

    /// As [`HostAccess::attach`], but can be cancelled.
    ///
    /// # Errors
    ///
    /// As for [`HostAccess::attach`].
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
        match endpoint.get_kind() {
            EndpointKind::Macvlan(options) | EndpointKind::Macvtap(options)
                if options.get_mode() == Mode::Bridge => {}
            EndpointKind::Vlan(_) => return refuse("a VLAN cannot reach a macvlan on its parent"),
            _ => return refuse("only macvlans in mode bridge can reach each other"),
        }
        // The routes come first: deleting them leaves no trace in the container.
        let mut state = self.lock()?;
        let is_beside = |shim: &Shim| self.find_beside(shim, endpoint);
        let chosen = (endpoint.get_addresses(), true);
        let (parent, routes) = self.lead_to(&mut state, chosen, is_beside)?;
        let attached = host.attach(endpoint, netns).and_then(|attachment| {
            // Names may have been swapped since.
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
                let before = state.enter(&attachment, routes);
                // An earlier link with this index was not detached by this session.
                let _ = delete_unused(&state, &before);
                Ok(attachment)
            }
            Err(error) => Err(match self.take_back(&mut state, &routes) {
                Ok(()) => error,
                Err(other) => error.leaves_too(other),
            }),
        }
    }

    /// Returns the index of an endpoint's parent, if links on it are beside the host's link.
    fn find_beside(&self, shim: &Shim, endpoint: &Endpoint) -> Result<u32> {
        let (netns, parent) = (self.host.netns(), endpoint.get_parent());
        match find_parent(netns, parent)? {
            Some(found) if shim.is_beside(found.index)? => Ok(found.index),
            None if parent.get_base().is_none() => Err(missing_parent(netns, parent)),
            _ => Err(refused(endpoint, ANOTHER_PARENT)),
        }
    }

    /// Adds routes to the addresses of a container that is already attached.
    ///
    /// If the container was added before, routes to addresses that it no longer has are deleted
    /// afterwards; those to the others stay.
    ///
    /// A container can give its interface any address, and [`Host::attachments`] returns it. So
    /// addresses outside the parent's subnets, and those that the host or a gateway of it has, get
    /// no route. Other addresses get one, also that of another machine in the subnet: add an
    /// attachment from [`Host::attach`], whose addresses are the endpoint's, if you do not trust the
    /// container.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::InvalidValue`](crate::ErrorKind::InvalidValue) if it is attached to another
    /// parent or none of its addresses may get a route; as for [`Attachment::netns`] if its namespace is not found; otherwise as for
    /// [`HostAccess::attach`].
    pub fn add(&self, attachment: &Attachment) -> Result<()> {
        self.add_addresses(attachment, attachment.addresses(), false)
    }

    /// As [`HostAccess::add`], with these of its addresses; those that were `given` to the container
    /// by the caller may be outside the parent's subnets.
    ///
    /// # Errors
    ///
    /// As for [`HostAccess::add`].
    #[doc(hidden)] // for the command
    pub fn add_addresses(
        &self,
        attachment: &Attachment,
        addresses: &[Address],
        given: bool,
    ) -> Result<()> {
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
        let ((), routes) = self.lead_to(&mut state, (addresses, given), is_beside)?;
        let before = state.enter(attachment, routes);
        delete_unused(&state, &before)
    }

    /// Updates the borrowed addresses of the host's link, and restores a deleted link.
    ///
    /// Only reads if there is nothing to do. Does nothing while there is no container and so no
    /// link. Call it after events, since a DHCP client may change the parent's addresses:
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
    ///
    /// # Errors
    ///
    /// [`ErrorKind::ParentNotFound`](crate::ErrorKind::ParentNotFound) if the parent was removed;
    /// [`ErrorKind::InvalidValue`](crate::ErrorKind::InvalidValue) in a forked child; otherwise as
    /// for [`Host::access_by`].
    pub fn refresh(&self) -> Result<()> {
        let mut state = self.lock()?;
        if state.shim.is_none() {
            return Ok(());
        }
        let _alone = self.host.netns().lock()?;
        self.put_right(&mut state, true).map(drop)
    }

    /// Creates the link if it is missing, and updates its addresses and routes.
    fn put_right<'a>(&self, state: &'a mut State, may_have_none: bool) -> Result<&'a mut Shim> {
        let known = self.known_routes(state);
        let (parent, before) = (&mut state.parent, state.shim.as_ref());
        let shim = Shim::make(&self.host, &self.access, parent, before, may_have_none)?;
        // A link on a parent that was replaced is useless.
        if let Some(old) = state.shim.as_ref().filter(|old| old.index() != shim.index()) {
            if old.mark()?.moved.is_none() && !old.has_company()? {
                old.delete()?;
            }
        }
        let shim = state.shim.insert(shim);
        shim.restore_routes(&known)?;
        Ok(shim)
    }

    /// Updates the link and, if it passes the check, adds a route to each address of a container
    /// that has none; `chosen` says that the caller has chosen the addresses.
    fn lead_to<T>(
        &self,
        state: &mut State,
        (addresses, chosen): (&[Address], bool),
        check: impl FnOnce(&Shim) -> Result<T>,
    ) -> Result<(T, Routes)> {
        let _alone = self.host.netns().lock()?;
        let with_link = state.shim.is_none();
        let shim = self.put_right(state, false)?;
        let covered = |ip: IpAddr| self.access.prefixes.iter().any(|prefix| prefix.contains(&ip));
        let rest: Vec<Address> =
            addresses.iter().copied().filter(|address| !covered(address.ip())).collect();
        let lead = |passed| {
            let reach = Reach::read(self.host.netns(), shim)?;
            let usable = reach.usable(&rest, chosen);
            let usable = usable.map_err(|error| error.on_parent(self.access.parent.to_string()))?;
            let all: Vec<IpNet> = usable.into_iter().map(IpNet::from).collect();
            let added = shim.add_routes(&all)?;
            Ok((passed, Routes { all, added, with_link }))
        };
        check(shim).and_then(lead).map_err(|error| {
            let nothing = Routes { with_link, ..Routes::default() };
            match self.take_back(state, &nothing) {
                Ok(()) => error,
                Err(other) => error.leaves_too(other),
            }
        })
    }

    /// Undoes the additions for a container.
    fn take_back(&self, state: &mut State, routes: &Routes) -> Result<()> {
        match &state.shim {
            Some(shim) if !routes.with_link || self.access.keep => {
                shim.delete_routes(&routes.added)
            }
            _ => self.take_down(state),
        }
    }

    /// Detaches an attachment, like [`Host::detach`], and deletes the host's routes to it.
    ///
    /// With the last container, this also deletes the host's link, unless [`Access::keep`] is set.
    ///
    /// # Errors
    ///
    /// As for [`Host::detach`]; [`ErrorKind::InvalidValue`](crate::ErrorKind::InvalidValue) in a
    /// forked child.
    pub fn detach(&self, attachment: &Attachment) -> Result<Detached> {
        let removed = self.remove(attachment);
        let detached = self.host.detach(attachment);
        match (detached, removed) {
            (Ok(detached), Ok(())) => Ok(detached),
            (Err(error), Ok(())) | (Ok(_), Err(error)) => Err(error),
            (Err(error), Err(other)) => Err(error.leaves_too(other)),
        }
    }

    /// Deletes the host's routes to a container without a change in the container.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::InvalidValue`](crate::ErrorKind::InvalidValue) in a forked child;
    /// [`ErrorKind::System`](crate::ErrorKind::System) and
    /// [`ErrorKind::Protocol`](crate::ErrorKind::Protocol) if the kernel refuses a deletion.
    pub fn remove(&self, attachment: &Attachment) -> Result<()> {
        let mut state = self.lock()?;
        let Some(routes) = state.leave(attachment) else { return Ok(()) };
        let mut removed = delete_unused(&state, &routes);
        if state.is_empty() && !self.access.keep {
            removed = removed.and(self.take_down(&mut state));
        }
        // To be repeated.
        removed.inspect_err(|_| drop(state.enter(attachment, routes)))
    }

    /// Returns the destinations of our routes through the link that lead to single addresses and are
    /// not this session's: those that earlier sessions have left. None while there are other
    /// sessions, which may be about to attach the containers.
    ///
    /// # Errors
    ///
    /// As for [`HostAccess::remove`].
    #[doc(hidden)] // for the command
    pub fn unknown_routes(&self) -> Result<Vec<IpNet>> {
        let state = self.lock()?;
        let Some(shim) = &state.shim else { return Ok(Vec::new()) };
        let mut found = shim.routes_to_containers()?;
        // After the list: a session that has added a route of it goes on, or has ended.
        if shim.has_company()? {
            return Ok(Vec::new());
        }
        let known = self.known_routes(&state);
        found.retain(|destination| !known.contains(destination));
        Ok(found)
    }

    /// Deletes routes that [`HostAccess::unknown_routes`] has found.
    ///
    /// # Errors
    ///
    /// As for [`HostAccess::remove`].
    #[doc(hidden)] // for the command
    pub fn delete_routes(&self, destinations: &[IpNet]) -> Result<()> {
        match &self.lock()?.shim {
            Some(shim) => shim.delete_routes(destinations),
            None => Ok(()),
        }
    }

    /// Moves the parent's addresses and routes to the host's link.
    ///
    /// Host and containers are then ordinary neighbours in one connected subnet.
    ///
    /// The host has its addresses at all times: first they are added to the link, then the routes
    /// change over, then they are deleted from the parent. On a failure nothing is changed. Unless
    /// [`PendingMove::confirm`] is called before the deadline, the addresses are moved back, so an
    /// administrator who is cut off only has to wait; a thread of the [`PendingMove`] does this. If
    /// the process is killed, [`HostAccess::move_back`] of another one finds what was moved by its
    /// marks.
    ///
    /// For IPv4 and IPv6. Addresses that the kernel has added (link-local or from router
    /// advertisements) and routes from router advertisements are not moved. A DHCP client or
    /// network manager has to be reconfigured separately.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::InvalidValue`](crate::ErrorKind::InvalidValue) if the addresses are already
    /// moved; [`ErrorKind::NotFound`](crate::ErrorKind::NotFound) if the parent has none;
    /// [`ErrorKind::Unsupported`](crate::ErrorKind::Unsupported) for routes with next hop objects
    /// and on kernels without marks on addresses; [`ErrorKind::System`](crate::ErrorKind::System)
    /// and [`ErrorKind::Protocol`](crate::ErrorKind::Protocol) if the kernel refuses a change.
    pub fn move_addresses(&self, deadline: Duration) -> Result<PendingMove> {
        let mut state = self.lock()?;
        let _alone = self.host.netns().lock()?;
        let shim = self.put_right(&mut state, false)?;
        let mut moved = lock(&self.moved);
        let mark = shim.mark()?;
        if moved.is_moved() || mark.moved.is_some() {
            return Err(Error::invalid("move the addresses", "the addresses are already moved")
                .with_hint("move them back first"));
        }
        let (netns, parent, link) = (self.host.netns(), shim.parent()?, shim.link()?);
        let done = moving::move_to_host_link(netns, parent, link, mark.own)?;
        let number = moved.begin(done);
        drop(moved);
        PendingMove::watch(&self.host, &self.moved, number, deadline)
    }

    /// Moves the addresses and routes back to the parent, whichever process has moved them.
    ///
    /// # Errors
    ///
    /// The kernel's refusal, with the addresses that were not moved back in
    /// [`Error::leftovers`](crate::Error::leftovers).
    pub fn move_back(&self) -> Result<()> {
        let mut state = self.lock()?;
        let _alone = self.host.netns().lock()?;
        let Some(shim) = &mut state.shim else { return Ok(()) };
        self.move_back_from(shim)?;
        // Borrows the addresses again that gave way to the moved ones.
        shim.lend_again(&self.access)
    }

    fn move_back_from(&self, shim: &Shim) -> Result<()> {
        let host = self.host.netns();
        let record = lock(&self.moved).end();
        if let Moved::Pending(_, done) = record {
            return done.undo(host);
        }
        // Confirmed moves and those of other processes are found by their marks.
        let mark = shim.mark()?;
        if mark.moved.is_none() {
            return Ok(());
        }
        let borrows = self.access.addresses.is_empty() && !mark.own;
        moving::move_back(host, shim.link()?, shim.moved_from(mark)?, Back { mark, borrows })
    }

    /// Deletes the host's link and its routes, unless [`Access::keep`] is set.
    ///
    /// Dropping does the same without the result.
    ///
    /// Moves addresses back first.
    ///
    /// # Errors
    ///
    /// As for [`HostAccess::move_back`] and [`HostAccess::detach`].
    pub fn close(mut self) -> Result<()> {
        self.end()
    }

    fn end(&mut self) -> Result<()> {
        // In a forked child, the link is the parent process's.
        if !self.owner.is_here() {
            return Ok(());
        }
        let mut state = self.lock()?;
        if !self.access.keep {
            return self.take_down(&mut state);
        }
        // An unconfirmed move is undone.
        let pending = lock(&self.moved).is_pending();
        let Some(shim) = state.shim.take().filter(|_| pending) else { return Ok(()) };
        let _alone = self.host.netns().lock()?;
        self.move_back_from(&shim)
    }

    /// Deletes the link, or only this session's routes and addresses if another session uses the
    /// link.
    fn take_down(&self, state: &mut State) -> Result<()> {
        let Some(shim) = &state.shim else { return Ok(()) };
        let _alone = self.host.netns().lock()?;
        let is_shared = shim.has_company()?;
        // The addresses on the link would be deleted with it.
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

    /// Locks the state; an error in a forked child, whose parent may have held the lock during the
    /// fork.
    fn lock(&self) -> Result<MutexGuard<'_, State>> {
        self.owner.check("use the host access")?;
        Ok(lock(&self.state))
    }

    /// Reads the state, which is empty in a forked child.
    fn seen<T: Default>(&self, look: impl FnOnce(&State) -> T) -> T {
        if self.owner.is_here() { look(&lock(&self.state)) } else { T::default() }
    }
}

const OPERATION: &str = "give the host access to the container";
const ANOTHER_PARENT: &str = "the endpoint is on another parent";

/// Deletes the routes that a container had, except those that lead to one now.
fn delete_unused(state: &State, before: &Routes) -> Result<()> {
    let is_unused = |destination: &IpNet| !state.routes().any(|used| used == *destination);
    let mut unused: Vec<IpNet> = before.all.iter().copied().filter(is_unused).collect();
    let Some(shim) = state.shim.as_ref().filter(|_| !unused.is_empty()) else { return Ok(()) };
    if shim.has_company()? {
        // Another session may have routes to the same container.
        unused.retain(|destination| before.added.contains(destination));
    }
    shim.delete_routes(&unused)
}

fn refused(endpoint: &Endpoint, why: &'static str) -> Error {
    Error::invalid(OPERATION, why)
        .on_link(endpoint.get_name().as_str())
        .on_parent(endpoint.get_parent().to_string())
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
