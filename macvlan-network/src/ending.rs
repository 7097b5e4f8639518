//! Waits until the interface of a container that is gone has left the parent.
//!
//! When a namespace has ended, the kernel deletes its interfaces a moment later, on a busy machine
//! much later. Until then they are up and answer for their addresses, which therefore remain leased.

use std::thread;
use std::time::{Duration, Instant};

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
    /// Releases the lease of a container that is gone; false if its interface is still being deleted
    /// at the deadline, or if the lease was released by another process.
    pub(crate) fn release_gone(&self, lease: &Lease, until: Instant) -> Result<bool> {
        Ok(self.clear_away(lease, until)? && self.session.store.release(&self.record, lease)?)
    }

    /// Waits until the interface of a lease whose container is gone has left the parent, so that the
    /// lease may be released; false at the deadline.
    ///
    /// The link may have been moved back to the host before the namespace ended, and is deleted
    /// there. An interface on a dead host cannot be examined and counts as gone, as does one of an
    /// earlier boot.
    pub(crate) fn clear_away(&self, lease: &Lease, until: Instant) -> Result<bool> {
        let may_be_there = match &lease.state {
            LeaseState::Connected { netns, .. } => netns.is_of_this_boot()?,
            LeaseState::Pending(pending) => lease.link.is_some() && pending.is_of_this_boot()?,
        };
        if !may_be_there || !self.session.is_here(lease) {
            return Ok(true);
        }
        self.remove_host_link(lease)?;
        // In mode passthru the MAC address is the parent's.
        let Some(mac) = lease.mac else { return Ok(true) };
        let is_up = || {
            let parent = self.record.link();
            let is_up = parent.and_then(|parent| self.session.host.has_in_filter(&parent, mac));
            is_up.map_err(|error| Error::kernel("look for the former interface", error))
        };
        // Another link may have the MAC address by now.
        if !is_up()? || self.is_mac_held(lease)? {
            return Ok(true);
        }
        while Instant::now() < until {
            thread::sleep(SLICE);
            if !is_up()? {
                return Ok(true);
            }
        }
        Ok(false)
    }
}
