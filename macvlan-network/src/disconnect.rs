//! Taking a container out of a network.

use macvlan_core::{Detached, NetNs, NetNsLock, Presence};

use crate::alive::{self, NetNsMark};
use crate::alone::alone;
use crate::container_ref::ContainerRef;
use crate::error::{Error, ErrorKind, Result};
use crate::lease::Lease;
use crate::network::Network;
use crate::pending::Pending;

impl Network {
    /// Takes a container out of the network, or one of its interfaces if one is said: `disconnect("c1")`,
    /// `disconnect("c1/eth1")`. Detaches its interfaces, and gives its addresses back.
    /// Its namespace is looked for; if it is gone, nothing is left to be detached. Where that cannot be
    /// told, it stays connected.
    ///
    /// A pending lease is given back, by the container that it is for, or by its own id if it is for none. A
    /// link that was created for it in the host's namespace is removed, there or where it was moved to.
    ///
    /// On another host than the one that it runs on it is refused while that host lives. Where this host has an
    /// interface of it that its lease is not of, as after this host was away for too long, that interface is
    /// taken away, and the lease stays.
    pub fn disconnect<'a>(&self, of: impl Into<ContainerRef<'a>>) -> Result<Detached> {
        self.disconnect_in(of.into(), None)
    }

    /// As [`Network::disconnect`], by one who has a handle on the namespace, which saves looking for
    /// it; refused if the container is connected in another one by now, as after a restart of which
    /// whoever cleans up is late to hear.
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
                    let why = "it is not connected";
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
                        // What was read may have changed while others had it.
                        Some(Presence::There(found)) => {
                            drop(held.take());
                            held = Some(alone(&found)?);
                            continue;
                        }
                    },
                };
                let is_back = self.remove_host_link(lease)?;
                let released = self.session.store.release(&self.record, lease)?;
                if released || self.session.is_here(lease) {
                    if let Some(held) = &held {
                        self.session.settle_default_routes(&lease.container, held.netns())?;
                    }
                    let removed = is_back || before == Some(Detached::Removed);
                    let detached = if removed { Detached::Removed } else { detached };
                    // One that was bound in this moment is not released.
                    if released && meant.next().is_none() {
                        return Ok(detached);
                    }
                    before = Some(detached);
                }
                // Its host lives again, or there is another one.
            }
        };
        done().map_err(|error: Error| error.during(operation()).in_network(self.name()))
    }

    /// Removes the link of a pending lease, wherever it is; this namespace is held.
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
        let why = format!("it runs on host {:?}", lease.host);
        Err(Error::new(ErrorKind::AlreadyConnected, "disconnect", why)
            .with_hint("only there its interface can be taken away"))
    }
}

fn elsewhere(lease: &Lease) -> Error {
    let inode = lease.netns().map_or(0, |netns| netns.inode);
    let why = format!("it is connected in another namespace, net:[{inode}]");
    Error::new(ErrorKind::NotConnected, "disconnect", why)
        .with_hint("disconnect it there, or without a namespace")
}
