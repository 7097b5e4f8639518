//! One at a time: whoever connects, disconnects or repairs a container holds its namespace meanwhile.

use std::time::Duration;

use macvlan_core::{NetNs, NetNsLock};

use crate::error::{Error, ErrorKind, Result};

/// For one who looks after many containers.
const BRIEFLY: Duration = Duration::from_secs(5);

/// Waits until nobody else has the namespace.
pub(crate) fn alone(netns: &NetNs) -> Result<NetNsLock> {
    netns.lock().map_err(contended)
}

/// Waits, but not for as long.
pub(crate) fn alone_soon(netns: &NetNs) -> Result<NetNsLock> {
    netns.lock_within(BRIEFLY).map_err(contended)
}

fn contended(error: macvlan_core::Error) -> Error {
    let operation = "wait for the container";
    match error.kind() {
        macvlan_core::ErrorKind::Interrupted => {
            Error::new(ErrorKind::Contended, operation, error.to_string())
        }
        _ => Error::kernel(operation, error),
    }
}
