//! Taking back what belongs to containers that are gone.

use crate::alive::Living;
use crate::error::{Error, Result};
use crate::lease::Lease;
use crate::networks::Networks;

/// What [`Networks::collect`] took back.
#[derive(Debug, Clone, Default)]
#[non_exhaustive]
pub struct Collected {
    /// Leases whose namespace is gone, or whose host is.
    pub leases: Vec<Lease>,
    /// How many addresses were kept for containers that did not return in time.
    pub expired: usize,
}

impl Networks {
    /// Takes back the leases of this host's containers whose namespace is gone, also by a reboot; of
    /// hosts that the store says are dead; and addresses that were kept long enough.
    ///
    /// A namespace is gone when no process is in it or has it open, and it is mounted nowhere, as far
    /// as this process may look: let one with root's rights on the host call this, not one in
    /// a container.
    pub fn collect(&self) -> Result<Collected> {
        let mut collected = Collected::default();
        let mut living = None;
        for record in self.store().networks()? {
            let leases = self.store().leases(Some(&record))?;
            // Asked after what is asked about: a host may just have come.
            let hosts = self.store().living_hosts()?;
            for lease in leases {
                let gone = if lease.host == self.host_name() {
                    let living = living.get_or_insert_with(Living::find);
                    living.look_twice(&lease.netns)?.is_none()
                } else {
                    hosts.as_ref().is_some_and(|hosts| !hosts.contains(&lease.host))
                };
                if gone && self.store().release(&record, &lease)? {
                    collected.leases.push(lease);
                }
            }
            collected.expired += self.store().expire(&record)?;
        }
        if !collected.leases.is_empty() {
            // Their VLANs may have been the last ones' parents.
            self.host().remove_unused_parents().map_err(|error| {
                Error::kernel("remove parents that nobody uses any more", error)
            })?;
        }
        Ok(collected)
    }
}
