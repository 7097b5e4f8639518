//! The host's own way to its containers: it cannot reach the macvlans on its parent, but a macvlan of
//! its own beside them can.

mod confirm;
mod moving;
mod options;
mod shim;

use std::fmt;
use std::net::IpAddr;
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::Duration;

use ipnet::IpNet;

pub use confirm::Moving;
pub use options::Access;

use crate::endpoint::{Attachment, Detached, Endpoint, EndpointKind, IntoParent};
use crate::error::{Error, Result};
use crate::host::Host;
use crate::host::access::confirm::{Moved, lock};
use crate::host::access::moving::Own;
use crate::host::access::shim::Shim;
use crate::netns::NetNsId;
use crate::value::address::{Address, is_link_local};
use crate::value::link::Mode;
use crate::value::name::LinkName;

/// A host's way to the containers on one parent, by a macvlan beside them.
///
/// Containers that are attached through it ([`HostAccess::attach`]) can be reached from the host, and
/// can reach it at the parent's addresses. It has to be mode bridge on both sides. When the last
/// container is detached through it, or it is dropped, the host's link goes, and comes back with the
/// next container.
///
/// The link answers ARP only for what the host reaches by it (`arp_filter`), so that others on the
/// network go on using the parent. IPv6 knows no such thing: with borrowed addresses, others may learn
/// either MAC address, and both lead to the host; when the link goes, the parent announces itself.
pub struct HostAccess {
    host: Host,
    access: Access,
    state: Mutex<State>,
    moved: Arc<Mutex<Moved>>,
    process: u32,
}

#[derive(Default)]
struct State {
    shim: Option<Shim>,
    containers: Vec<Container>,
}

/// A container that the host has routes to.
struct Container {
    netns: NetNsId,
    index: u32,
    routes: Vec<IpNet>,
}

impl Container {
    fn of(attachment: &Attachment, routes: Vec<IpNet>) -> Self {
        Self { netns: attachment.netns_id(), index: attachment.index(), routes }
    }
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
    pub fn access_by(&self, access: Access) -> Result<HostAccess> {
        let shim = Shim::make(self, &access)?;
        let moved = Arc::new(Mutex::new(Moved::found(shim.has_subnets())));
        let state = State { shim: Some(shim), containers: Vec::new() };
        let (host, state, process) = (self.clone(), Mutex::new(state), std::process::id());
        Ok(HostAccess { host, access, state, moved, process })
    }
}

impl HostAccess {
    /// The name of the host's link; none while there is none, because the last container has gone.
    pub fn name(&self) -> Option<LinkName> {
        self.lock().shim.as_ref().map(Shim::name)
    }

    /// The index of the host's link.
    pub fn index(&self) -> Option<u32> {
        self.lock().shim.as_ref().map(Shim::index)
    }

    /// The destinations that the host reaches by it.
    pub fn routes(&self) -> Vec<IpNet> {
        let state = self.lock();
        let of_containers = state.containers.iter().flat_map(|one| one.routes.iter().copied());
        self.access.prefixes.iter().copied().chain(of_containers).collect()
    }

    /// As [`Host::attach`], and the host has a route to each of the container's addresses; all of it,
    /// or nothing. The endpoint has to be a macvlan or macvtap in mode bridge on the same parent.
    pub fn attach(&self, endpoint: &Endpoint, netns: &crate::netns::NetNs) -> Result<Attachment> {
        let refuse = |why: &'static str| {
            Err(Error::invalid("let the host reach the container", why)
                .on_link(endpoint.name().as_str())
                .on_parent(endpoint.parent().to_string()))
        };
        if *endpoint.parent() != self.access.parent {
            return refuse("the endpoint is on another parent");
        }
        match endpoint.kind() {
            EndpointKind::Macvlan(options) | EndpointKind::Macvtap(options)
                if options.mode() == Mode::Bridge => {}
            EndpointKind::Vlan(_) => return refuse("a VLAN has no way to a macvlan of its parent"),
            _ => return refuse("only macvlans in mode bridge reach each other"),
        }
        // The routes first: to take them back leaves no trace in the container.
        let mut state = self.lock();
        let routes = self.lead_to(&mut state, endpoint.get_addresses())?;
        match self.host.attach(endpoint, netns) {
            Ok(attachment) => {
                state.containers.push(Container::of(&attachment, routes));
                Ok(attachment)
            }
            Err(error) => {
                let alone = state.containers.is_empty() && !self.access.keep;
                let undone = match &state.shim {
                    Some(shim) if !alone => shim.delete_routes(&routes),
                    _ => self.take_down(&mut state),
                };
                Err(match undone {
                    Ok(()) => error,
                    Err(other) => error.leaves_too(other),
                })
            }
        }
    }

    /// Lets the host reach a container that is attached already.
    pub fn add(&self, attachment: &Attachment) -> Result<()> {
        let mut state = self.lock();
        let routes = self.lead_to(&mut state, attachment.addresses())?;
        state.containers.push(Container::of(attachment, routes));
        Ok(())
    }

    /// Adds a route to each of a container's addresses that has none yet, and the link if there is
    /// none; the routes that were added.
    fn lead_to(&self, state: &mut State, addresses: &[Address]) -> Result<Vec<IpNet>> {
        let fresh = state.shim.is_none();
        if fresh {
            state.shim = Some(Shim::make(&self.host, &self.access)?);
        }
        let Some(shim) = &state.shim else { return Ok(Vec::new()) };
        let covered = |ip: &IpAddr| self.access.prefixes.iter().any(|prefix| prefix.contains(ip));
        let ips = addresses.iter().map(Address::ip);
        let routes: Vec<IpNet> =
            ips.filter(|ip| !is_link_local(*ip) && !covered(ip)).map(IpNet::from).collect();
        match shim.add_routes(&routes) {
            Ok(()) => Ok(routes),
            Err(error) if fresh => Err(self.give_up(state, error)),
            Err(error) => Err(error),
        }
    }

    /// As [`Host::detach`], and the host's routes to the container go; with the last container, the
    /// host's link too, unless it is to be kept.
    pub fn detach(&self, attachment: Attachment) -> Result<Detached> {
        let removed = self.remove(&attachment);
        let detached = self.host.detach(attachment);
        match (detached, removed) {
            (Ok(detached), Ok(())) => Ok(detached),
            (Err(error), Ok(())) | (Ok(_), Err(error)) => Err(error),
            (Err(error), Err(other)) => Err(error.leaves_too(other)),
        }
    }

    /// Takes the host's routes to a container away, and leaves the container as it is.
    pub fn remove(&self, attachment: &Attachment) -> Result<()> {
        let mut state = self.lock();
        let is_it =
            |one: &Container| one.netns == attachment.netns_id() && one.index == attachment.index();
        let Some(at) = state.containers.iter().position(is_it) else { return Ok(()) };
        let container = state.containers.remove(at);
        if state.containers.is_empty() && !self.access.keep {
            return self.take_down(&mut state);
        }
        let Some(shim) = &state.shim else { return Ok(()) };
        shim.delete_routes(&container.routes)
    }

    /// Moves the parent's addresses, and the routes through it, to the host's link: from then on host
    /// and containers are plain neighbours, with one connected subnet.
    ///
    /// There is no moment without an address: first the link has them too, then the routes change over,
    /// then the parent loses them. If any of it fails, everything is as before. Unless
    /// [`Moving::confirm`] is called before the time is over, it undoes itself, so that who has cut
    /// himself off only has to wait; the thread that sees to it ends with the [`Moving`]. A process
    /// that is killed leaves what it has done.
    ///
    /// IPv4 and IPv6; addresses that the kernel made by itself (link-local, by a router's
    /// advertisement) stay, and so do the routes that come from such advertisements. A DHCP client or a
    /// network manager has to be told itself.
    pub fn move_addresses(&self, deadline: Duration) -> Result<Moving> {
        let mut state = self.lock();
        if state.shim.is_none() {
            state.shim = Some(Shim::make(&self.host, &self.access)?);
        }
        let Some(shim) = &state.shim else { return Err(nothing_to_move()) };
        let done = {
            let mut moved = lock(&self.moved);
            if moved.is_moved() {
                return Err(Error::invalid("move the addresses", "they have been moved already"));
            }
            let done = moving::move_over(
                self.host.netns(),
                (shim.parent_index(), shim.parent_name()),
                (shim.index(), shim.name()),
                None,
            )?;
            moved.begin(done)
        };
        Moving::watch(&self.host, &self.moved, done, deadline)
    }

    /// Moves the addresses and routes back to the parent, if they have been moved, by this process or,
    /// with a link that was kept, by another.
    pub fn move_back(&self) -> Result<()> {
        let state = self.lock();
        let Some(shim) = &state.shim else { return Ok(()) };
        self.move_back_from(shim)
    }

    fn move_back_from(&self, shim: &Shim) -> Result<()> {
        let host = self.host.netns();
        let record = lock(&self.moved).end();
        match record {
            Moved::No => Ok(()),
            Moved::Pending(_, done) | Moved::Yes(Some(done)) => done.undo(host),
            // What somebody else has moved is found on the link.
            Moved::Yes(None) => moving::move_over(
                host,
                (shim.index(), shim.name()),
                (shim.parent_index(), shim.parent_name()),
                Some(&Own(&self.access.prefixes)),
            )
            .map(drop),
        }
    }

    /// Takes the host's link away with its routes, if it is not to be kept, and tells how that went;
    /// dropping does the same. Addresses that were moved are moved back before.
    pub fn close(mut self) -> Result<()> {
        self.end()
    }

    fn end(&mut self) -> Result<()> {
        let mut state = self.lock();
        // What nobody has confirmed does not stay.
        let pending = lock(&self.moved).is_pending();
        if self.access.keep {
            return match &state.shim {
                Some(shim) if pending => self.move_back_from(shim),
                _ => Ok(()),
            };
        }
        self.take_down(&mut state)
    }

    fn take_down(&self, state: &mut State) -> Result<()> {
        let Some(shim) = state.shim.take() else { return Ok(()) };
        // Deleted with the addresses on it, the link would take them along.
        if let Err(error) = self.move_back_from(&shim) {
            state.shim = Some(shim);
            return Err(error);
        }
        state.containers.clear();
        shim.delete(&self.host)
    }

    fn give_up(&self, state: &mut State, error: Error) -> Error {
        match self.take_down(state) {
            Ok(()) => error,
            Err(other) => error.leaves_too(other),
        }
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        lock(&self.state)
    }
}

impl Drop for HostAccess {
    fn drop(&mut self) {
        // In a forked child it is its parent's.
        if self.process == std::process::id() {
            let _ = self.end();
        }
    }
}

impl fmt::Debug for HostAccess {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "HostAccess({}, {} routes)", self.access.parent, self.routes().len())
    }
}

fn nothing_to_move() -> Error {
    Error::invalid("move the addresses", "there is no link to move them to")
}
