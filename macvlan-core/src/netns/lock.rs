//! Serializes work on a container: attach, ensure and detach lock its namespace, so that no thread
//! or process sees the intermediate state of another.
//!
//! The lock is `flock(2)` on the namespace's file in the kernel's nsfs. It needs no file on disk,
//! leaves nothing behind, and is released when the holder ends. Any process that can open the
//! namespace can hold it: root, each process inside, and for a named namespace each process that
//! may read `/run/netns`. A lock file that only root can lock would not be visible in other mount
//! namespaces. Therefore the error after a timeout names the holder.

use std::os::fd::AsFd;
use std::time::Duration;

use nix::errno::Errno;

use crate::error::{Error, ErrorKind, Result};
use crate::netns::NetNs;
use crate::netns::holder::holder;
use crate::wait::Cancel;

/// The time to wait for another holder: an attach takes less than a millisecond, or some seconds if
/// it probes the network or waits for a MAC address.
const PATIENCE: Duration = Duration::from_secs(20);

/// The operation, as in errors, which name the namespace too.
const LOCK: &str = "lock the namespace";

/// A lock on a network namespace, released when dropped.
#[derive(Debug)]
#[must_use = "the lock is released when this is dropped"]
pub struct NetNsLock {
    netns: NetNs,
}

impl NetNs {
    /// Locks the namespace, waiting while another thread or process has the lock.
    ///
    /// A thread may lock it several times through clones of one handle.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Interrupted`] if it was not free within 20 s.
    #[doc(hidden)] // for macvlan-network
    pub fn lock(&self) -> Result<NetNsLock> {
        self.lock_unless(&[])
    }

    /// As [`NetNs::lock`], but can be cancelled.
    pub(crate) fn lock_unless(&self, cancels: &[Cancel]) -> Result<NetNsLock> {
        self.wait_for(PATIENCE, cancels)
    }

    /// As [`NetNs::lock`], with a timeout.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Interrupted`] if it was not free in time.
    #[doc(hidden)]
    pub fn lock_within(&self, patience: Duration) -> Result<NetNsLock> {
        self.wait_for(patience, &[])
    }

    fn wait_for(&self, patience: Duration, cancels: &[Cancel]) -> Result<NetNsLock> {
        match self.0.held.hold(self.as_fd(), patience, cancels) {
            Ok(()) => Ok(NetNsLock { netns: self.clone() }),
            Err(Errno::EWOULDBLOCK) => Err(self.is_held(patience)),
            Err(errno) => Err(Error::system(LOCK, errno).in_netns(self.describe())),
        }
    }

    fn is_held(&self, patience: Duration) -> Error {
        let unknown = || "another process or the container itself".to_owned();
        let who = holder(self.id()).unwrap_or_else(unknown);
        let why = format!("{who} has held it for {} s", patience.as_secs_f32());
        Error::new(ErrorKind::Interrupted, LOCK, why).in_netns(self.describe())
    }
}

impl NetNsLock {
    /// Returns the locked namespace.
    #[doc(hidden)]
    pub fn netns(&self) -> &NetNs {
        &self.netns
    }
}

impl Drop for NetNsLock {
    fn drop(&mut self) {
        self.netns.0.held.let_go(self.netns.as_fd());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_at_a_time() {
        let netns = NetNs::current().unwrap();
        let first = netns.lock().unwrap();
        let again = netns.clone().lock_within(Duration::ZERO).unwrap();
        let same = NetNs::from_path("/proc/self/ns/net").unwrap();
        for netns in [&netns, &same] {
            let error = std::thread::scope(|scope| {
                let other = scope.spawn(|| netns.lock_within(Duration::from_millis(20)));
                other.join().unwrap().unwrap_err()
            });
            assert_eq!(error.kind(), ErrorKind::Interrupted);
            let held =
                "cannot lock the namespace: another thread of this process has held it for 0.02 s";
            assert!(error.to_string().contains(held), "{error}");
        }
        drop(first);
        assert!(same.lock_within(Duration::ZERO).is_err());
        drop(again);
        let _held = same.lock_within(Duration::ZERO).unwrap();
    }
}
