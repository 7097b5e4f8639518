//! Waits until the interfaces of containers that are gone have left the parent.
//!
//! When a namespace has ended, the kernel deletes its interfaces a moment later, on a busy machine
//! much later. Until then they are up and answer for their addresses, which therefore remain leased.

use std::collections::{HashMap, HashSet};
use std::thread;
use std::time::{Duration, Instant};

use macvlan_core::{Detached, MacAddr};

use crate::error::{Error, Result};
use crate::interface::MAC_PATIENCE;
use crate::lease::{Lease, LeaseState};
use crate::network::Network;

/// The interval at which the parent is asked.
const SLICE: Duration = Duration::from_millis(2);

/// Returns the time until which an operation waits for all interfaces that are being deleted.
pub(crate) fn deadline() -> Instant {
    Instant::now() + MAC_PATIENCE
}

impl Network {
    /// Releases the leases of containers that are gone, together if the store can, and returns
    /// those that were released.
    ///
    /// A lease remains if its interface is still being deleted at the deadline. It is not returned
    /// either if another process has released it.
    pub(crate) fn release_gone(&self, leases: Vec<Lease>, until: Instant) -> Result<Vec<Lease>> {
        let cleared = self.cleared(leases, until)?;
        if cleared.is_empty() {
            return Ok(cleared);
        }
        self.session.store.release_gone(&self.record, cleared)
    }

    /// Returns whether a lease may be released after an attempt to detach its interface, and what
    /// was removed; `None` if the interface is still up on the parent at the deadline, wherever it
    /// is.
    ///
    /// A link that was moved back to the host is deleted there.
    pub(crate) fn has_left(
        &self,
        lease: &Lease,
        detached: Detached,
        until: Instant,
    ) -> Result<Option<Detached>> {
        if self.remove_host_link(lease)? || detached == Detached::Removed {
            return Ok(Some(Detached::Removed));
        }
        Ok(self.clear_away(lease, until)?.then_some(detached))
    }

    /// Waits until the interface of a lease whose container is gone has left the parent, so that the
    /// lease may be released; false at the deadline.
    pub(crate) fn clear_away(&self, lease: &Lease, until: Instant) -> Result<bool> {
        Ok(!self.cleared(vec![lease.clone()], until)?.is_empty())
    }

    /// Returns the leases whose interfaces have left the parent, at the latest at the deadline.
    ///
    /// A link may have been moved back to the host before its namespace ended, and is deleted there.
    /// An interface on a dead host cannot be examined and counts as gone, as does one of an earlier
    /// boot.
    fn cleared(&self, leases: Vec<Lease>, until: Instant) -> Result<Vec<Lease>> {
        // In mode passthru the MAC address is the parent's.
        let mut up: HashMap<Option<String>, HashSet<MacAddr>> = HashMap::new();
        for lease in &leases {
            let may_be_there = match &lease.state {
                LeaseState::Connected { netns, .. } => netns.is_of_this_boot()?,
                LeaseState::Pending(pending) => {
                    lease.link.is_some() && pending.is_of_this_boot()?
                }
            };
            if may_be_there && self.session.is_here(lease) {
                self.remove_host_link(lease)?;
                if let Some(mac) = lease.mac {
                    up.entry(self.parent_of(lease)).or_default().insert(mac);
                }
            }
        }
        self.retain_up(&mut up)?;
        for (parent, macs) in &mut up {
            // Other links may have some of the MAC addresses by now.
            let held = self.held_macs(&leases, macs, parent.as_deref())?;
            macs.retain(|mac| !held.contains(mac));
        }
        up.retain(|_, macs| !macs.is_empty());
        while !up.is_empty() && Instant::now() < until {
            thread::sleep(SLICE);
            self.retain_up(&mut up)?;
        }
        let is_up = |lease: &Lease| {
            let macs = up.get(&self.parent_of(lease)).zip(lease.mac);
            macs.is_some_and(|(macs, mac)| macs.contains(&mac))
        };
        Ok(leases.into_iter().filter(|lease| !is_up(lease)).collect())
    }

    /// Retains the MAC addresses of links that are up, by the parent that they were on.
    fn retain_up(&self, up: &mut HashMap<Option<String>, HashSet<MacAddr>>) -> Result<()> {
        for (parent, macs) in &mut *up {
            let all = self.link_of(parent.as_deref());
            let all = all.and_then(|parent| self.session.host.filtered_macs(&parent));
            let all = all.map_err(|error| Error::kernel("look for the former interface", error))?;
            let all: HashSet<MacAddr> = all.into_iter().collect();
            macs.retain(|mac| all.contains(mac));
        }
        up.retain(|_, macs| !macs.is_empty());
        Ok(())
    }
}
