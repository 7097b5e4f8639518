//! The state of a session: a host and a store.

use std::sync::Arc;
use std::time::Duration;

use macvlan_core::{Host, Link, Parent, Presence};

use crate::error::{Error, Result};
use crate::lease::Lease;
use crate::probe::AddressProbe;
use crate::record::NetworkRecord;
use crate::store::Store;

/// The state that [`Networks`](crate::Networks) and each [`Network`](crate::Network) share.
#[derive(Debug, Clone)]
pub(crate) struct Session {
    pub(crate) host: Host,
    pub(crate) host_name: String,
    pub(crate) store: Arc<dyn Store>,
    pub(crate) probe: Arc<dyn AddressProbe>,
    /// The limit on how long a lease may be pending.
    pub(crate) pending_age: Duration,
    /// True if the leases of dead hosts are released, too.
    pub(crate) dead_hosts: bool,
}

impl Session {
    /// Returns whether a lease is of this host.
    ///
    /// A store without host names serves one machine, so all its leases are of this host, even if
    /// its host name has changed.
    pub(crate) fn is_here(&self, lease: &Lease) -> bool {
        self.store.host_name().is_none() || lease.host == self.host_name
    }

    /// Returns whether the container of a lease is gone, because its namespace or its host is gone.
    ///
    /// A pending lease is gone when it has expired, unless a link was created for it, which may be
    /// in a container. Whether those of dead hosts are may be left to a person.
    pub(crate) fn is_gone(&self, lease: &Lease) -> Result<bool> {
        if !self.is_here(lease) {
            return Ok(self.dead_hosts && self.is_host_dead(lease)?);
        }
        match lease.pending().filter(|_| lease.link.is_none()) {
            Some(pending) => pending.is_over(self.pending_age),
            None => Ok(matches!(lease.presence()?, Some(Presence::Gone))),
        }
    }

    /// Returns whether a lease is of this host, and its container may still exist.
    pub(crate) fn may_be_here(&self, lease: &Lease) -> Result<bool> {
        Ok(self.is_here(lease) && !self.is_gone(lease)?)
    }

    /// Returns whether the host of a lease is dead according to the store.
    pub(crate) fn is_host_dead(&self, lease: &Lease) -> Result<bool> {
        Ok(lease.is_of_the_dead(self.store.living_hosts()?.as_deref()))
    }

    /// Creates the dummy link of an isolated network; false if it exists. It is removed with the
    /// last container on this host.
    pub(crate) fn make_dummy(&self, record: &NetworkRecord) -> Result<bool> {
        let make = || -> macvlan_core::Result<bool> {
            let link =
                Link::dummy(record.dummy().as_str())?.up(true).group(Parent::ON_DEMAND_GROUP);
            match self.host.handle()?.add_link(&link) {
                Ok(()) => Ok(true),
                Err(error) if error.is_exists() => Ok(false),
                Err(error) => Err(error),
            }
        };
        make().map_err(|error| {
            Error::kernel("create the network's own link", error).in_network(record.name())
        })
    }

    /// Removes unused parents that were made on demand.
    ///
    /// They remain from containers that are gone, and from networks that were deleted on another
    /// host.
    pub(crate) fn remove_unused_parents(&self) -> Result<()> {
        self.host
            .remove_unused_parents()
            .map_err(|error| Error::kernel("remove unused parents", error))
    }

    pub(crate) fn remove_dummy(&self, record: &NetworkRecord) -> Result<()> {
        if !record.is_isolated() {
            return Ok(());
        }
        let dummy = record.dummy();
        let remove = || self.host.handle()?.delete_link(dummy.as_str());
        match remove() {
            Err(error) if !error.is_not_found() => {
                Err(Error::kernel("delete the network's own link", error)
                    .in_network(record.name())
                    .leaves(format!("link {dummy:?}")))
            }
            _ => Ok(()),
        }
    }
}
