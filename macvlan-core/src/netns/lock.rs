//! One at a time: attaching, ensuring and detaching lock the container's namespace, so that no thread or
//! process sees the half-done work of another.
//!
//! The lock is `flock(2)` on the namespace's file in the kernel. It needs no file of its own, leaves
//! nothing behind, and is released when its holder ends. Any process that can open the namespace can hold
//! it: root, every process that is in it, with or without rights, and, for a namespace with a name, those
//! that may read `/run/netns`. A file of ours that only root may lock would not be seen from other mount
//! namespaces; so the error of one that waited in vain names the holder.

use std::os::fd::AsFd;
use std::time::Duration;

use nix::errno::Errno;

use crate::error::{Error, ErrorKind, Result};
use crate::netns::NetNs;
use crate::netns::holder::holder;
use crate::wait::Cancel;

/// How long another may have the namespace: attaching takes less than a millisecond, and some seconds
/// where the network is asked or a MAC address waited for.
const PATIENCE: Duration = Duration::from_secs(20);

/// A namespace that nobody else works on until this is dropped.
#[derive(Debug)]
#[must_use = "the namespace is held only as long as this lives"]
pub struct NetNsLock {
    netns: NetNs,
}

impl NetNs {
    /// Waits until no other thread or process holds the namespace, and holds it. A thread may hold it
    /// several times by clones of one handle.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Interrupted`] if it was not free for 20 s.
    #[doc(hidden)] // for the crate of networks
    pub fn lock(&self) -> Result<NetNsLock> {
        self.lock_unless(&[])
    }

    /// As [`NetNs::lock`], unless that is cancelled.
    pub(crate) fn lock_unless(&self, cancels: &[Cancel]) -> Result<NetNsLock> {
        self.wait_for(PATIENCE, cancels)
    }

    /// As [`NetNs::lock`], waiting for this long at most.
    #[doc(hidden)]
    pub fn lock_within(&self, patience: Duration) -> Result<NetNsLock> {
        self.wait_for(patience, &[])
    }

    fn wait_for(&self, patience: Duration, cancels: &[Cancel]) -> Result<NetNsLock> {
        match self.0.held.hold(self.as_fd(), patience, cancels) {
            Ok(()) => Ok(NetNsLock { netns: self.clone() }),
            Err(Errno::EWOULDBLOCK) => Err(self.is_held(patience)),
            Err(errno) => Err(Error::system(format!("hold {}", self.in_words()), errno)),
        }
    }

    fn is_held(&self, patience: Duration) -> Error {
        let unknown = || "another process, or the container itself,".to_owned();
        let who = holder(self.id()).unwrap_or_else(unknown);
        let why = format!("{who} has held it for {} s", patience.as_secs_f32());
        Error::new(ErrorKind::Interrupted, format!("hold {}", self.in_words()), why)
            .in_netns(self.in_words())
    }
}

impl NetNsLock {
    /// Returns the namespace that is held.
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
            let held = "another thread of this process has held it for 0.02 s";
            assert!(error.to_string().contains(held), "{error}");
        }
        drop(first);
        assert!(same.lock_within(Duration::ZERO).is_err());
        drop(again);
        let _held = same.lock_within(Duration::ZERO).unwrap();
    }
}
