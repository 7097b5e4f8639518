//! Checks that a lease is still valid. In a store for many hosts, other hosts take the leases of
//! one that is silent for too long, as when its process is stopped or the machine suspended.

use std::time::Duration;

use macvlan_core::NetNs;

use crate::error::{Error, ErrorKind, Result};
use crate::lease::Lease;
use crate::network::Network;
use crate::store::Store;
use crate::time::since_boot;

/// The time until which a lease is certainly valid, if it is obtained or checked after this.
pub(crate) struct Standing(Option<Duration>);

impl Standing {
    pub(crate) fn begin(store: &dyn Store) -> Self {
        Self(store.counts_as_alive_until())
    }

    /// Ensures that a lease is valid, by asking the store if that time is over.
    fn look(&mut self, network: &Network, lease: &Lease) -> Result<()> {
        if self.0.is_none_or(|until| since_boot() < until) {
            return Ok(());
        }
        let store = &*network.session.store;
        *self = Self::begin(store);
        if store.take_up(&network.record, lease)? {
            return Ok(());
        }
        let why =
            "the lease was lost: this process was stopped for longer than its host counts as alive";
        Err(Error::new(ErrorKind::LeaseLost, "keep the lease", why)
            .with_hint("connect it again; its addresses may change"))
    }
}

impl Network {
    /// Runs `work`, which depends on a lease, in a container's namespace.
    ///
    /// If the lease is lost, its interface is removed. A new interface is also removed if it is
    /// unknown whether the lease is lost.
    pub(crate) fn while_standing<T>(
        &self,
        standing: &mut Standing,
        (lease, others, netns): (&Lease, &[Lease], &NetNs),
        is_new: bool,
        work: impl FnOnce() -> Result<T>,
    ) -> Result<T> {
        let undo = |error: Error| {
            if !is_new && error.kind() != ErrorKind::LeaseLost {
                return error;
            }
            self.take_back(lease, others, netns, error)
        };
        standing.look(self, lease).map_err(undo)?;
        let done = work()?;
        standing.look(self, lease).map_err(undo)?;
        Ok(done)
    }

    /// Removes the interface of a lease after an error, and returns the error with its leftovers.
    pub(crate) fn take_back(
        &self,
        lease: &Lease,
        others: &[Lease],
        netns: &NetNs,
        error: Error,
    ) -> Error {
        if let Err(stays) = self.detach(lease, others, netns) {
            return error.leaves(format!("interface {:?} ({stays})", lease.interface));
        }
        match self.session.settle_default_routes(&lease.container, netns) {
            Ok(()) => error,
            Err(stays) => error.leaves(format!("default routes ({stays})")),
        }
    }
}
