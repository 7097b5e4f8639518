//! Whether a lease still stands. Where there are many hosts, others take the leases of one that they have not
//! heard of for too long, and it may have slept: a stopped process, a machine that was suspended.

use std::time::Duration;

use macvlan_core::NetNs;

use crate::error::{Error, ErrorKind, Result};
use crate::lease::Lease;
use crate::network::Network;
use crate::store::Store;
use crate::time::since_boot;

/// Until when a lease stands that is asked for afterwards, whatever becomes of this process.
pub(crate) struct Standing(Option<Duration>);

impl Standing {
    pub(crate) fn begin(store: &dyn Store) -> Self {
        Self(store.counts_as_alive_until())
    }

    /// Makes sure that a lease stands, by asking the store if so much time has gone by that it may not.
    fn look(&mut self, network: &Network, lease: &Lease) -> Result<()> {
        if self.0.is_none_or(|until| since_boot() < until) {
            return Ok(());
        }
        let store = &*network.session.store;
        *self = Self::begin(store);
        if store.take_up(&network.record, lease)? {
            return Ok(());
        }
        let why = "its lease was given up: this process was stopped for longer than its host counts \
                   as alive";
        Err(Error::new(ErrorKind::LeaseLost, "keep the lease", why)
            .with_hint("connect it again, which may give it other addresses"))
    }
}

impl Network {
    /// Does something in a container's namespace that rests on its lease. If the lease is lost, the interface
    /// is taken away; a new one's also where it cannot be found out.
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

    /// Takes the interface of a lease away after an error, and returns it with what stays.
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
