//! Locks a container's namespace while the container is connected, disconnected or repaired.

use std::collections::HashMap;
use std::time::Duration;

use macvlan_core::{NetNs, NetNsId, NetNsLock};

use crate::error::{Error, ErrorKind, Result};

/// The time limit for callers that handle many containers.
const BRIEFLY: Duration = Duration::from_secs(5);

/// Waits until no other process holds the namespace.
pub(crate) fn alone(netns: &NetNs) -> Result<NetNsLock> {
    netns.lock().map_err(contended)
}

/// The namespaces that others held for too long, for which one operation does not wait again.
#[derive(Default)]
pub(crate) struct Busy(HashMap<NetNsId, Error>);

impl Busy {
    /// Waits like [`alone`], but for a shorter time, and only once for each namespace.
    pub(crate) fn lock(&mut self, netns: &NetNs) -> Result<NetNsLock> {
        if let Some(error) = self.0.get(&netns.id()) {
            return Err(error.clone());
        }
        let held = netns.lock_within(BRIEFLY).map_err(contended);
        if let Err(error) = &held {
            if error.kind() == ErrorKind::Contended {
                self.0.insert(netns.id(), error.clone());
            }
        }
        held
    }
}

fn contended(error: macvlan_core::Error) -> Error {
    let operation = format!("lock {}", error.netns().unwrap_or("the container's namespace"));
    match error.kind() {
        macvlan_core::ErrorKind::Interrupted => {
            Error::new(ErrorKind::Contended, operation, error.cause().to_owned())
        }
        _ => Error::kernel(operation, error),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_error_names_the_namespace_once() {
        let netns = NetNs::current().unwrap();
        let _held = netns.lock().unwrap();
        let error = std::thread::scope(|scope| {
            let other = scope.spawn(|| netns.lock_within(Duration::from_millis(20)));
            contended(other.join().unwrap().unwrap_err())
        });
        assert_eq!(error.kind(), ErrorKind::Contended);
        assert_eq!(
            error.to_string(),
            "cannot lock this network namespace: another thread of this process has held it for \
             0.02 s"
        );
    }
}
