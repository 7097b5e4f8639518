//! Locks a container's namespace while the container is connected, disconnected or repaired.

use std::time::Duration;

use macvlan_core::{NetNs, NetNsLock};

use crate::error::{Error, ErrorKind, Result};

/// The time limit for callers that handle many containers.
const BRIEFLY: Duration = Duration::from_secs(5);

/// Waits until no other process holds the namespace.
pub(crate) fn alone(netns: &NetNs) -> Result<NetNsLock> {
    netns.lock().map_err(contended)
}

/// Waits like [`alone`], but for a shorter time.
pub(crate) fn alone_soon(netns: &NetNs) -> Result<NetNsLock> {
    netns.lock_within(BRIEFLY).map_err(contended)
}

fn contended(error: macvlan_core::Error) -> Error {
    let operation = "lock the container's namespace";
    match error.kind() {
        macvlan_core::ErrorKind::Interrupted => {
            Error::new(ErrorKind::Contended, operation, error.to_string())
        }
        _ => Error::kernel(operation, error),
    }
}
