//! One at a time: whoever connects, disconnects or repairs a container holds its namespace meanwhile,
//! so that nobody meets another's half-done work, in whatever process.
//!
//! What is held is a lock (`flock(2)`) on the namespace's own file in the kernel: there is nothing to be
//! made and nothing to be left behind, it goes with its holder, and everybody on the machine who can
//! open the namespace can have the lock. That is root, the container itself, and, for a namespace with
//! a name, whoever may look into `/run/netns`: one who holds on keeps the container from being connected
//! and disconnected for as long.

use std::fs::File;
use std::os::fd::{AsFd as _, AsRawFd as _};
use std::time::{Duration, Instant};

use macvlan_core::NetNs;
use nix::errno::Errno;
use nix::fcntl::{Flock, FlockArg};

use crate::error::{Error, ErrorKind, Result};

/// How long somebody else may have the namespace; connecting takes some milliseconds, and a second or
/// two where the wire is asked or a MAC address waited for.
const PATIENCE: Duration = Duration::from_secs(20);
/// The same for one who looks after many containers.
const BRIEFLY: Duration = Duration::from_secs(5);

/// A container's namespace, held until this is dropped.
pub(crate) struct Alone {
    netns: NetNs,
    _lock: Flock<File>,
}

impl Alone {
    /// Waits until nobody else has the namespace.
    pub(crate) fn with(netns: &NetNs) -> Result<Self> {
        Self::within(PATIENCE, netns)
    }

    /// Waits, but not for as long.
    pub(crate) fn briefly(netns: &NetNs) -> Result<Self> {
        Self::within(BRIEFLY, netns)
    }

    fn within(patience: Duration, netns: &NetNs) -> Result<Self> {
        let operation = "hold the container's namespace";
        // Opened anew: threads that share a descriptor would share the lock.
        let path = format!("/proc/thread-self/fd/{}", netns.as_fd().as_raw_fd());
        let mut file = File::open(path).map_err(|error| Error::file(operation, error))?;
        let began = Instant::now();
        loop {
            file = match Flock::lock(file, FlockArg::LockExclusiveNonblock) {
                Ok(lock) => return Ok(Self { netns: netns.clone(), _lock: lock }),
                Err((file, Errno::EWOULDBLOCK)) => file,
                Err((_, errno)) => return Err(Error::file(operation, errno.into())),
            };
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

    /// The namespace that is held.
    pub(crate) fn netns(&self) -> &NetNs {
        &self.netns
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_at_a_time() {
        let netns = NetNs::current().unwrap();
        let first = Alone::with(&netns).unwrap();
        let same = NetNs::from_path("/proc/self/ns/net").unwrap();
        let error = Alone::within(Duration::from_millis(20), &same).err().unwrap();
        assert_eq!(error.kind(), ErrorKind::Contended);
        assert!(error.to_string().contains("has held its namespace for 0.02 s"), "{error}");
        drop(first);
        Alone::within(Duration::ZERO, &same).unwrap();
    }
}
