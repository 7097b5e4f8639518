//! Taking out of a network, on this host, who is not known to be in it any more.

use std::collections::HashSet;

use macvlan_core::{NetNs, Presence};

use crate::alive;
use crate::alone::alone_soon;
use crate::error::{Error, Result};
use crate::lease::Lease;
use crate::network::Network;

/// What came of [`Network::retain`].
#[derive(Debug, Default)]
#[non_exhaustive]
pub struct Retained {
    /// The leases that were taken back, and whose interfaces are gone.
    pub released: Vec<Lease>,
    /// The leases of which something failed, and why: a namespace could not be looked at, or an interface not be
    /// detached.
    pub failed: Vec<(Lease, Error)>,
}

impl Network {
    /// Disconnects all containers on this host but those with these ids, and returns what was released and what
    /// failed. For a runtime that knows which of its containers exist, such as CNI's GC.
    ///
    /// As [`Network::disconnect`]: a lease is taken back where the interface was detached or the namespace is
    /// known to be gone. Leases of other hosts, and containers that were connected since this began, stay.
    ///
    /// # Errors
    ///
    /// - [`ErrorKind::StoreUnavailable`](crate::ErrorKind::StoreUnavailable) or [`ErrorKind::File`](crate::ErrorKind::File): the leases cannot be read.
    /// - [`ErrorKind::Kernel`](crate::ErrorKind::Kernel): parents that nobody uses any more could not be removed.
    pub fn retain<C: AsRef<str>>(&self, valid: impl IntoIterator<Item = C>) -> Result<Retained> {
        let valid: Vec<C> = valid.into_iter().collect();
        let valid: HashSet<&str> = valid.iter().map(AsRef::as_ref).collect();
        let mut leases = self.leases()?;
        leases.retain(|one| self.session.is_here(one) && !valid.contains(one.container.as_str()));
        let marks: Vec<_> = leases.iter().map(|lease| &lease.netns).collect();
        let (mut retained, mut are_gone) = (Retained::default(), false);
        alive::find_all(&marks, |at, presence| {
            let lease = &leases[at];
            let released = match presence {
                Presence::There(netns) => self.let_go(lease, &netns),
                Presence::Gone => {
                    are_gone = true;
                    self.session.store.release(&self.record, lease)
                }
                Presence::Unknown(error) => Err(alive::unknown(error)),
            };
            match released {
                Ok(true) => retained.released.push(lease.clone()),
                // Somebody was faster.
                Ok(false) => {}
                Err(error) => {
                    let operation = format!("disconnect container {:?}", lease.container);
                    let error = error.during(operation).in_network(self.name());
                    retained.failed.push((lease.clone(), error));
                }
            }
        })?;
        if are_gone {
            self.session.remove_unused_parents()?;
        }
        Ok(retained)
    }
    /// Takes a lease back, and the interface in its namespace; false if somebody was faster.
    fn let_go(&self, lease: &Lease, netns: &NetNs) -> Result<bool> {
        let _alone = alone_soon(netns)?;
        // The container may have been connected again since it was listed.
        let now = self.lease(&lease.container)?.filter(|now| now.endpoint == lease.endpoint);
        let Some(lease) = now else { return Ok(false) };
        self.detach(&lease, netns)?;
        if !self.session.store.release(&self.record, &lease)? {
            return Ok(false);
        }
        self.session.settle_default_routes(&lease.container, netns)?;
        Ok(true)
    }
}
