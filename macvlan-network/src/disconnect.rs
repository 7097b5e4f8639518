//! Taking a container out of a network.

use macvlan_core::{Detached, NetNs, NetNsLock, Presence};

use crate::alive::{self, NetNsMark};
use crate::alone::alone;
use crate::error::{Error, ErrorKind, Result};
use crate::lease::Lease;
use crate::network::Network;

impl Network {
    /// Takes a container out of the network: detaches its interface, and gives its addresses back.
    /// Its namespace is looked for; if it is gone, nothing is left to be detached. Where that cannot be
    /// told, it stays connected.
    ///
    /// On another host than the one that it runs on it is refused while that host lives. Where this host has an
    /// interface of it that its lease is not of, as after this host was away for too long, that interface is
    /// taken away, and the lease stays.
    pub fn disconnect(&self, container: &str) -> Result<Detached> {
        self.disconnect_in(container, None)
    }

    /// As [`Network::disconnect`], by one who has a handle on the namespace, which saves looking for
    /// it; refused if the container is connected in another one by now, as after a restart of which
    /// whoever cleans up is late to hear.
    pub fn disconnect_from(&self, container: &str, netns: &NetNs) -> Result<Detached> {
        self.disconnect_in(container, Some(netns))
    }

    fn disconnect_in(&self, container: &str, netns: Option<&NetNs>) -> Result<Detached> {
        let operation = format!("disconnect container {container:?}");
        let done = || {
            let mut held = netns.map(alone).transpose()?;
            loop {
                let inside = held.as_ref().map(NetNsLock::netns);
                let strays = |lease| self.remove_strays(container, inside, lease);
                let Some(lease) = self.lease(container)? else {
                    let why = "it is not connected";
                    let error = Error::new(ErrorKind::NotConnected, "disconnect", why);
                    return strays(None)?.then_some(Detached::Removed).ok_or(error);
                };
                if let Err(error) = self.refuse_elsewhere(&lease) {
                    return strays(Some(&lease))?.then_some(Detached::Removed).ok_or(error);
                }
                let detached = match &held {
                    Some(held) if NetNsMark::of(held.netns())? == lease.netns => {
                        self.detach(&lease, held.netns())?
                    }
                    _ => match lease.presence()? {
                        Presence::Gone => Detached::AlreadyGone,
                        Presence::Unknown(error) => return Err(alive::unknown(error)),
                        Presence::There(_) if netns.is_some() => {
                            let error = elsewhere(&lease);
                            return strays(Some(&lease))?.then_some(Detached::Removed).ok_or(error);
                        }
                        // What was read may have changed while others had it.
                        Presence::There(found) => {
                            drop(held.take());
                            held = Some(alone(&found)?);
                            continue;
                        }
                    },
                };
                let released = self.session.store.release(&self.record, &lease)?;
                if released || self.session.is_here(&lease) {
                    if let Some(held) = &held {
                        self.session.settle_default_routes(container, held.netns())?;
                    }
                    return Ok(detached);
                }
                // Its host lives again.
            }
        };
        done().map_err(|error: Error| error.during(operation).in_network(self.name()))
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
    let why = format!("it is connected in another namespace, net:[{}]", lease.netns.inode);
    Error::new(ErrorKind::NotConnected, "disconnect", why)
        .with_hint("disconnect it there, or without a namespace")
}
