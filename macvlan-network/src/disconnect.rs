//! Disconnects a container from a network.

use macvlan_core::{Detached, NetNs, NetNsLock, Presence};

use crate::alive::{self, NetNsMark};
use crate::alone::alone;
use crate::container_ref::ContainerRef;
use crate::ending;
use crate::error::{Error, ErrorKind, Result};
use crate::lease::Lease;
use crate::network::Network;
use crate::pending::Pending;

impl Network {
    /// Disconnects a container (`disconnect("c1")`) or an interface (`disconnect("c1/eth1")`).
    ///
    /// Detaches the interfaces and releases their addresses. The container's namespace is searched
    /// for by the lease; if it no longer exists, there is nothing to detach. If this cannot be
    /// determined, the container stays connected.
    ///
    /// A pending lease is released too, by the id of its container, or by its own id if it has
    /// none. A link that was created for it is deleted, in the host's namespace or in the one it
    /// was moved to.
    ///
    /// If this host was away for too long, it may have an interface of the container that has no
    /// lease. That interface is deleted, and the lease, which is another host's, remains.
    ///
    /// # Errors
    ///
    /// - [`ErrorKind::NotConnected`]: the container has no lease in this network.
    /// - [`ErrorKind::AlreadyConnected`]: the container is on another host, which is alive.
    /// - [`ErrorKind::Kernel`]: the interface could not be detached, or it is unknown whether the
    ///   namespace still exists.
    /// - [`ErrorKind::Contended`]: another process held the container's namespace for too long, or
    ///   the interface is still up after two seconds, since the kernel has not deleted it with its
    ///   namespace, or since it was moved to another one.
    /// - Otherwise as for every [`Store`](crate::Store#errors).
    pub fn disconnect<'a>(&self, of: impl Into<ContainerRef<'a>>) -> Result<Detached> {
        self.disconnect_in(of.into(), None)
    }

    /// Disconnects a container in a given namespace, which need not be searched for.
    ///
    /// Otherwise like [`Network::disconnect`].
    ///
    /// # Errors
    ///
    /// [`ErrorKind::NotConnected`] also if the container is connected in another namespace, such as
    /// after a restart that happened before this cleanup; otherwise as for [`Network::disconnect`].
    pub fn disconnect_from<'a>(
        &self,
        of: impl Into<ContainerRef<'a>>,
        netns: &NetNs,
    ) -> Result<Detached> {
        self.disconnect_in(of.into(), Some(netns))
    }

    fn disconnect_in(&self, of: ContainerRef<'_>, netns: Option<&NetNs>) -> Result<Detached> {
        let operation = || format!("disconnect {}", of.words());
        let done = || {
            let mut held = netns.map(alone).transpose()?;
            let mut before = None;
            loop {
                let inside = held.as_ref().map(NetNsLock::netns);
                let all = self.session.store.find(&self.record, of.container)?;
                let strays = || self.remove_strays(of, inside, &all);
                let mut meant = all.iter().filter(|lease| of.means(lease));
                let Some(lease) = meant.next() else {
                    if let Some(detached) = before {
                        return Ok(detached);
                    }
                    let why = "not connected";
                    let error = Error::new(ErrorKind::NotConnected, "disconnect", why);
                    return strays()?.then_some(Detached::Removed).ok_or(error);
                };
                if let Err(error) = self.refuse_elsewhere(lease) {
                    return strays()?.then_some(Detached::Removed).ok_or(error);
                }
                let detached = match (&held, lease.netns()) {
                    (_, None) => self.remove_pending(lease, inside)?,
                    (Some(held), Some(mark)) if NetNsMark::of(held.netns())? == *mark => {
                        self.detach(lease, &all, held.netns())?
                    }
                    _ => match lease.presence()? {
                        Some(Presence::Gone) | None => Detached::AlreadyGone,
                        Some(Presence::Unknown(error)) => return Err(alive::unknown(error)),
                        Some(Presence::There(_)) if netns.is_some() => {
                            let error = elsewhere(lease);
                            return strays()?.then_some(Detached::Removed).ok_or(error);
                        }
                        // The lease may have changed while another process held the namespace.
                        Some(Presence::There(found)) => {
                            drop(held.take());
                            held = Some(alone(&found)?);
                            continue;
                        }
                    },
                };
                let Some(detached) = self.has_left(lease, detached, ending::deadline())? else {
                    let why = "its interface is still up: it was moved, or is being deleted";
                    return Err(Error::new(ErrorKind::Contended, "disconnect", why)
                        .with_hint("disconnect it again later, or delete a moved interface"));
                };
                let released = self.session.store.release(&self.record, lease)?;
                if released || self.session.is_here(lease) {
                    if let Some(held) = &held {
                        self.session.settle_default_routes(&lease.container, held.netns())?;
                    }
                    let removed = before == Some(Detached::Removed);
                    let detached = if removed { Detached::Removed } else { detached };
                    // A lease that was bound in the meantime is not released.
                    if released && meant.next().is_none() {
                        return Ok(detached);
                    }
                    before = Some(detached);
                }
                // The lease's host is alive again, or there is another lease.
            }
        };
        done().map_err(|error: Error| error.during(operation()).in_network(self.name()))
    }

    /// Deletes the link of a pending lease, wherever it is; the caller holds the given namespace.
    fn remove_pending(&self, lease: &Lease, held: Option<&NetNs>) -> Result<Detached> {
        let is_of_this_boot = lease.pending().map_or(Ok(true), Pending::is_of_this_boot)?;
        if lease.link.is_none() || !is_of_this_boot || !self.session.is_here(lease) {
            return Ok(Detached::AlreadyGone);
        }
        let removed_there = || held.map_or(Ok(false), |netns| self.remove_link_in(lease, netns));
        if self.remove_host_link(lease)? || removed_there()? {
            return Ok(Detached::Removed);
        }
        let found = self.find_link(lease)?;
        let is_held = |netns: &NetNs| held.is_some_and(|held| held.same_as(netns));
        let Some(netns) = found.filter(|netns| !is_held(netns)) else {
            return Ok(Detached::AlreadyGone);
        };
        let _alone = alone(&netns)?;
        let removed = self.remove_link_in(lease, &netns)?;
        Ok(if removed { Detached::Removed } else { Detached::AlreadyGone })
    }

    fn refuse_elsewhere(&self, lease: &Lease) -> Result<()> {
        if self.session.is_here(lease) || self.session.is_host_dead(lease)? {
            return Ok(());
        }
        let why = format!("connected on host {:?}", lease.host);
        Err(Error::new(ErrorKind::AlreadyConnected, "disconnect", why)
            .with_hint("disconnect it on that host"))
    }
}

fn elsewhere(lease: &Lease) -> Error {
    let inode = lease.netns().map_or(0, |netns| netns.inode);
    let why = format!("connected in another namespace, net:[{inode}]");
    Error::new(ErrorKind::NotConnected, "disconnect", why)
        .with_hint("disconnect it from that namespace, or give no namespace")
}
