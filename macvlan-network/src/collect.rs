//! Releases the leases of containers that are gone.

use std::collections::{HashMap, HashSet};

use macvlan_core::Presence;

use crate::alive;
use crate::ending;
use crate::error::{Error, ErrorKind, Result};
use crate::lease::Lease;
use crate::networks::Networks;
use crate::record::NetworkRecord;

/// The result of [`Networks::collect`].
#[derive(Debug, Clone, Default)]
#[non_exhaustive]
pub struct Collected {
    /// The leases that were released, because their namespace or their host is gone.
    pub leases: Vec<Lease>,
    /// The number of kept addresses that are free again, because their container did not return.
    pub expired: usize,
}

impl Networks {
    /// Releases the leases of containers that are gone, and addresses that were kept long enough.
    ///
    /// A container is gone if its namespace no longer exists, also after a reboot, or if its host
    /// is dead according to the store. Since Linux 6.18 the kernel says whether a namespace exists.
    /// On earlier kernels, all processes and mounts are searched for it, which needs root on the
    /// host, not in a container.
    ///
    /// A lease remains until the next call if the kernel has not deleted the interface of the ended
    /// namespace after two seconds.
    ///
    /// A lease that is pending for too long ([`Networks::with_pending_age`]) or since an earlier
    /// boot is released too, and its link is deleted. If that link is in a container, the lease is
    /// bound to it instead.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Kernel`](crate::ErrorKind::Kernel) if it is unknown whether a container's
    /// namespace exists, in which case no such lease is released; otherwise as for every
    /// [`Store`](crate::Store#errors).
    pub fn collect(&self) -> Result<Collected> {
        let (mut gone, mut here, mut pending) = (Vec::new(), Vec::new(), Vec::new());
        let records = self.store().networks()?;
        for record in &records {
            let leases = unless_removed(self.store().leases(Some(record)))?;
            // Read after the leases, since a host may just have started.
            let hosts = self.store().living_hosts()?;
            for lease in leases {
                if self.0.is_here(&lease) {
                    let list = if lease.netns().is_some() { &mut here } else { &mut pending };
                    list.push((record, lease));
                } else if self.0.dead_hosts && lease.is_of_the_dead(hosts.as_deref()) {
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
        // Leases of one network are released together, since each change of the store is synced.
        let mut by_network: HashMap<&str, Vec<Lease>> = HashMap::new();
        for (record, lease) in gone {
            by_network.entry(&record.id).or_default().push(lease);
        }
        let (mut collected, until) = (Collected::default(), ending::deadline());
        for record in &records {
            if let Some(leases) = by_network.remove(&*record.id) {
                let network = self.with_record(record.clone());
                collected.leases.extend(unless_removed(network.release_gone(leases, until))?);
            }
        }
        for record in &records {
            collected.expired += unless_removed(self.store().expire(record))?;
        }
        if !collected.leases.is_empty() {
            // Their VLANs may have lost their last container.
            self.0.remove_unused_parents()?;
        }
        Ok(collected)
    }

    /// Returns whether a pending lease of this host is to be released, after deleting its link.
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
}

/// Returns nothing for a network that was removed in the meantime.
pub(crate) fn unless_removed<T: Default>(done: Result<T>) -> Result<T> {
    match done {
        Err(error) if error.kind() == ErrorKind::NetworkNotFound => Ok(T::default()),
        done => done,
    }
}

/// A lease and its network.
type Held<'a> = (&'a NetworkRecord, Lease);

/// Returns the leases whose namespaces no longer exist.
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
