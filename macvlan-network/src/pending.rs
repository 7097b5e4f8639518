//! Leases that are not bound to a namespace yet, and for how long they may be so.

use std::time::Duration;

use crate::error::Result;
use crate::machine::Machine;
use crate::time;

/// For how long a lease may be pending where nothing else is said.
pub(crate) const AGE: Duration = Duration::from_secs(600);

/// Since when a lease is pending.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Pending {
    /// The boot that it was made in (`/proc/sys/kernel/random/boot_id`). It ends with that one.
    pub boot: String,
    /// When it was made, in seconds since 1970.
    pub since: u64,
    /// The same in seconds since that boot, which no change of the clock touches.
    pub(crate) uptime: u64,
}

impl Pending {
    pub(crate) fn now() -> Result<Self> {
        let (boot, uptime) = (Machine::here()?.boot.clone(), time::since_boot().as_secs());
        Ok(Self { boot, since: time::seconds(), uptime })
    }

    /// Returns for how long it is pending; by the clocks of two hosts if it is another host's.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::File`](crate::ErrorKind::File): `/proc` cannot be read.
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

    /// Whether one of this host's is not taken any more: it is as old as that, or of another boot.
    pub(crate) fn is_over(&self, age: Duration) -> Result<bool> {
        Ok(!self.is_of_this_boot()? || self.age()? >= age)
    }
}
