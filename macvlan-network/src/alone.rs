//! One at a time: whoever connects, disconnects or repairs a container holds its namespace meanwhile,
//! so that nobody meets another's half-done work, in whatever process.
//!
//! What is held is a lock (`flock(2)`) on the namespace's own file in the kernel: there is nothing to be
//! made and nothing to be left behind, it goes with its holder, and everybody on the machine who has
//! the namespace has the lock. So has the container itself: one that holds its own namespace keeps
//! itself from being connected and disconnected as long as it lives, and nobody else.

use std::fs::File;
use std::os::fd::{AsFd as _, AsRawFd as _};
use std::time::{Duration, Instant};

use macvlan_core::{NetNs, NetNsId};
use nix::errno::Errno;
use nix::fcntl::{Flock, FlockArg};

use crate::error::{Error, ErrorKind, Result};

/// How long somebody else may have the namespace: as long as it takes to ask the wire, to wait for
/// a MAC address and for a store that is in demand.
const PATIENCE: Duration = Duration::from_secs(20);

/// A container's namespace, held until this is dropped.
pub(crate) struct Alone {
    id: NetNsId,
    _lock: Flock<File>,
}

impl Alone {
    /// Waits until nobody else has the namespace.
    pub(crate) fn with(netns: &NetNs) -> Result<Self> {
        Self::within(PATIENCE, netns)
    }

    fn within(patience: Duration, netns: &NetNs) -> Result<Self> {
        let began = Instant::now();
        loop {
            if let Some(alone) = Self::at_once(netns)? {
                return Ok(alone);
            }
            if began.elapsed() > patience {
                let why = format!(
                    "somebody else, or the container itself, has held its namespace for {} s",
                    patience.as_secs_f32()
                );
                return Err(Error::new(ErrorKind::Contended, "wait for the container", why));
            }
            std::thread::sleep(Duration::from_millis(1));
        }
    }

    /// Holds the namespace if nobody else does.
    pub(crate) fn at_once(netns: &NetNs) -> Result<Option<Self>> {
        let operation = "hold the container's namespace";
        // Opened anew: threads that share a descriptor would share the lock.
        let path = format!("/proc/self/fd/{}", netns.as_fd().as_raw_fd());
        let file = File::open(path).map_err(|error| Error::file(operation, error))?;
        match Flock::lock(file, FlockArg::LockExclusiveNonblock) {
            Ok(lock) => Ok(Some(Self { id: netns.id(), _lock: lock })),
            Err((_, Errno::EWOULDBLOCK)) => Ok(None),
            Err((_, errno)) => Err(Error::file(operation, errno.into())),
        }
    }

    /// Whether this is the namespace that is held.
    pub(crate) fn is_with(&self, netns: &NetNs) -> bool {
        self.id == netns.id()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_at_a_time() {
        let netns = NetNs::current().unwrap();
        let first = Alone::with(&netns).unwrap();
        assert!(first.is_with(&netns));
        let same = NetNs::from_path("/proc/self/ns/net").unwrap();
        assert!(Alone::at_once(&same).unwrap().is_none());
        let error = Alone::within(Duration::from_millis(20), &same).err().unwrap();
        assert_eq!(error.kind(), ErrorKind::Contended);
        assert!(error.to_string().contains("has held its namespace for 0.02 s"), "{error}");
        drop(first);
        assert!(Alone::at_once(&same).unwrap().is_some());
    }
}
