//! One at a time: whoever attaches, ensures or detaches holds the container's namespace meanwhile, so
//! that nobody meets another's half-done work, in whatever thread or process.
//!
//! What is held is a lock (`flock(2)`) on the namespace's own file in the kernel: there is nothing to be
//! made and nothing to be left behind, it goes with its holder, and everybody on the machine who can
//! open the namespace can have the lock. That is root, the container itself, and, for a namespace with
//! a name, whoever may look into `/run/netns`: one who holds on keeps others from it for as long.

use std::os::fd::AsFd;
use std::time::Duration;

use nix::errno::Errno;

use crate::error::{Error, ErrorKind, Result};
use crate::netns::NetNs;

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
        self.lock_within(PATIENCE)
    }

    /// As [`NetNs::lock`], waiting for this long at most.
    #[doc(hidden)]
    pub fn lock_within(&self, patience: Duration) -> Result<NetNsLock> {
        match self.0.held.hold(self.as_fd(), patience) {
            Ok(()) => Ok(NetNsLock { netns: self.clone() }),
            Err(Errno::EWOULDBLOCK) => Err(self.is_held(patience)),
            Err(errno) => Err(Error::system(format!("hold {}", self.in_words()), errno)),
        }
    }

    fn is_held(&self, patience: Duration) -> Error {
        let why = format!(
            "another process, or the container itself, has held it for {} s",
            patience.as_secs_f32()
        );
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
            assert!(error.to_string().contains("has held it for 0.02 s"), "{error}");
        }
        drop(first);
        assert!(same.lock_within(Duration::ZERO).is_err());
        drop(again);
        let _held = same.lock_within(Duration::ZERO).unwrap();
    }
}
