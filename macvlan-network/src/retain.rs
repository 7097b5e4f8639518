//! Disconnects the containers on this host that a runtime no longer knows.

use std::collections::HashSet;
use std::time::Instant;

use macvlan_core::{NetNs, Presence};

use crate::alive;
use crate::alone::Busy;
use crate::container_ref::ContainerRef;
use crate::ending;
use crate::error::{Error, Result};
use crate::lease::Lease;
use crate::network::Network;

/// The result of [`Network::retain`].
#[derive(Debug, Clone, Default)]
#[non_exhaustive]
pub struct Retained {
    /// The leases that were released, and whose interfaces were detached.
    pub released: Vec<Lease>,
    /// The leases that could not be released, each with the error.
    pub failed: Vec<(Lease, Error)>,
}

impl Network {
    /// Disconnects all containers on this host except those with these ids.
    ///
    /// An id may be that of an interface: `"c1/eth0"`. This is for a runtime that knows which of
    /// its containers exist, such as CNI's GC.
    ///
    /// Like [`Network::disconnect`], this releases a lease only if the interface was detached or
    /// the namespace no longer exists. If the interface is still up after two seconds, because the
    /// kernel has not deleted it or because it was moved, its lease remains until the next call.
    /// Leases of other hosts, pending leases, and containers that are connected during the call
    /// remain.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Kernel`](crate::ErrorKind::Kernel) if unused parents cannot be removed;
    /// otherwise as for every [`Store`](crate::Store#errors). Failures of single containers are in
    /// [`Retained::failed`].
    pub fn retain<'a, C: Into<ContainerRef<'a>>>(
        &self,
        valid: impl IntoIterator<Item = C>,
    ) -> Result<Retained> {
        let valid: HashSet<ContainerRef<'_>> = valid.into_iter().map(Into::into).collect();
        let is_valid = |lease: &Lease| {
            let (container, interface) = (lease.container.as_str(), lease.interface.as_str());
            let all = ContainerRef::from(container);
            valid.contains(&all) || valid.contains(&(container, interface).into())
        };
        let mut leases = self.leases()?;
        leases.retain(|one| self.session.is_here(one) && one.netns().is_some() && !is_valid(one));
        let marks: Vec<_> = leases.iter().filter_map(Lease::netns).collect();
        let (mut retained, mut are_gone) = (Retained::default(), false);
        let mut busy = Busy::default();
        let until = ending::deadline();
        alive::find_all(&marks, |at, presence| {
            let lease = &leases[at];
            let released = match presence {
                Presence::There(netns) => self.let_go(lease, &netns, (&mut busy, until)),
                Presence::Gone => {
                    are_gone = true;
                    self.release_gone(vec![lease.clone()], until)
                        .map(|released| !released.is_empty())
                }
                Presence::Unknown(error) => Err(alive::unknown(error)),
            };
            match released {
                Ok(true) => retained.released.push(lease.clone()),
                // Another process was faster, or the interface is still up.
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

    /// Releases a lease and detaches its interface; false if another process was faster, or if the
    /// interface was moved and is still up.
    fn let_go(
        &self,
        lease: &Lease,
        netns: &NetNs,
        (busy, until): (&mut Busy, Instant),
    ) -> Result<bool> {
        let _alone = busy.lock(netns)?;
        // The container may have been connected again since it was listed.
        let Some((lease, others)) = self.still(lease)? else { return Ok(false) };
        let detached = self.detach(&lease, &others, netns)?;
        if self.has_left(&lease, detached, until)?.is_none()
            || !self.session.store.release(&self.record, &lease)?
        {
            return Ok(false);
        }
        self.session.settle_default_routes(&lease.container, netns)?;
        Ok(true)
    }
}
