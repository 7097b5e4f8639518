//! Leases that are not bound to a namespace yet.

use std::time::Duration;

use crate::error::Result;
use crate::machine::Machine;
use crate::time;

/// The default limit on how long a lease may be pending.
pub(crate) const AGE: Duration = Duration::from_secs(600);

/// The time since when a lease is pending.
#[derive(Debug, Clone, PartialEq, Eq, Hash, serde::Serialize, serde::Deserialize)]
#[non_exhaustive]
pub struct Pending {
    /// The boot in which it was made (`/proc/sys/kernel/random/boot_id`), with which it ends.
    pub boot: String,
    /// The time when it was made, in seconds since 1970.
    pub since: u64,
    /// The time when it was made, in seconds since that boot, which clock changes do not affect.
    pub(crate) uptime: u64,
}

impl Pending {
    pub(crate) fn now() -> Result<Self> {
        let (boot, uptime) = (Machine::here()?.boot.clone(), time::since_boot().as_secs());
        Ok(Self { boot, since: time::seconds(), uptime })
    }

    /// Returns for how long the lease has been pending.
    ///
    /// For a lease of another host, this compares the clocks of both hosts.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::File`](crate::ErrorKind::File) if the boot id cannot be read.
    pub fn age(&self) -> Result<Duration> {
        let seconds = if self.is_of_this_boot()? {
            time::since_boot().as_secs().saturating_sub(self.uptime)
        } else {
            time::seconds().saturating_sub(self.since)
        };
        Ok(Duration::from_secs(seconds))
    }

    pub(crate) fn is_of_this_boot(&self) -> Result<bool> {
        Ok(self.boot == Machine::here()?.boot)
    }

    /// Returns whether a lease of this host has expired, by its age or because its boot has ended.
    pub(crate) fn is_over(&self, age: Duration) -> Result<bool> {
        Ok(!self.is_of_this_boot()? || self.age()? >= age)
    }
}
