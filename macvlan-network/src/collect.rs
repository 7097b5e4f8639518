//! Taking back what belongs to containers that are gone.

use std::collections::HashSet;

use macvlan_core::Presence;

use crate::alive;
use crate::error::{Error, Result};
use crate::lease::Lease;
use crate::networks::Networks;
use crate::record::NetworkRecord;

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
    /// A lease that is pending for too long ([`Networks::with_pending_age`]) or since another boot is taken back,
    /// and the link that was created for it; if that link is in a container, the lease is bound to it instead.
    ///
    /// A namespace is gone when no process is in it or has it open, and it is mounted nowhere. It takes
    /// the right to see that: root's on the host, not in a container.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Kernel`](crate::ErrorKind::Kernel) if it cannot be told of a container whether its
    /// namespace is gone; the message says what could not be looked at, and nothing was taken back.
    pub fn collect(&self) -> Result<Collected> {
        let (mut gone, mut here, mut pending) = (Vec::new(), Vec::new(), Vec::new());
        let records = self.store().networks()?;
        for record in &records {
            let leases = self.store().leases(Some(record))?;
            // Asked after what is asked about: a host may just have come.
            let hosts = self.store().living_hosts()?;
            for lease in leases {
                if self.0.is_here(&lease) {
                    let list = if lease.netns().is_some() { &mut here } else { &mut pending };
                    list.push((record, lease));
                } else if lease.is_of_the_dead(hosts.as_deref()) {
                    gone.push((record, lease));
                }
            }
        }
        gone.extend(without_namespace(here)?);
        for (record, lease) in pending {
            if self.is_over(record, &lease)? {
                gone.push((record, lease));
            }
        }
        let mut collected = Collected::default();
        for (record, lease) in gone {
            if lease.link.is_some() && self.0.is_here(&lease) {
                // It may have been moved back before the namespace ended.
                self.with_record(record.clone()).remove_host_link(&lease)?;
            }
            if self.store().release(record, &lease)? {
                collected.leases.push(lease);
            }
        }
        for record in &records {
            collected.expired += self.store().expire(record)?;
        }
        if !collected.leases.is_empty() {
            // Their VLANs may have been the last ones' parents.
            self.0.remove_unused_parents()?;
        }
        Ok(collected)
    }

    /// Whether a pending lease of this host is to be taken back; its link is removed then.
    fn is_over(&self, record: &NetworkRecord, lease: &Lease) -> Result<bool> {
        let Some(pending) = lease.pending() else { return Ok(false) };
        if !pending.is_over(self.0.pending_age)? {
            return Ok(false);
        }
        self.with_record(record.clone()).remove_unclaimed(lease).map_err(|error| {
            let operation = format!("collect the pending lease of container {:?}", lease.container);
            error.during(operation).in_network(record.name())
        })
    }

    /// Forgets a host that counts as alive without a process
    /// (`EtcdOptions::persistent`) and is gone for good: from now on others
    /// collect its containers' leases, and another machine may have its name. False if no such host is known, as
    /// in a store for one machine.
    ///
    /// Its containers' addresses are given to others then, so they may run no more. If the host comes back, it
    /// is as one that was away: see [`Networks::reconcile`].
    ///
    /// # Errors
    ///
    /// [`ErrorKind::HostAlive`](crate::ErrorKind::HostAlive) while a process of it has the store open, and
    /// where one was killed, for as long as a host counts as alive.
    pub fn forget_host(&self, name: &str) -> Result<bool> {
        self.store().forget_host(name)
    }
}

/// A lease, and the network that it is in.
type Held<'a> = (&'a NetworkRecord, Lease);

/// Those whose namespaces are gone.
fn without_namespace(leases: Vec<Held<'_>>) -> Result<Vec<Held<'_>>> {
    let marks: Vec<_> = leases.iter().filter_map(|(_, lease)| lease.netns()).collect();
    let (mut gone, mut unknown) = (HashSet::new(), None);
    alive::find_all(&marks, |at, presence| match presence {
        Presence::There(_) => {}
        Presence::Gone => drop(gone.insert(at)),
        Presence::Unknown(error) => unknown = Some((at, error)),
    })?;
    if let Some((at, error)) = unknown {
        let (record, lease) = &leases[at];
        let operation = format!("collect the lease of container {:?}", lease.container);
        return Err(Error::kernel(operation, error).in_network(record.name()));
    }
    let leases = leases.into_iter().enumerate();
    Ok(leases.filter(|(at, _)| gone.contains(at)).map(|(_, lease)| lease).collect())
}
