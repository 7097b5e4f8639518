//! Prevents the use of SQLite in a forked child. SQLite records a process's locks in memory, so a
//! child would believe that it holds its parent's.

use std::sync::atomic::{AtomicU64, Ordering};

use crate::error::{Error, Result};

/// The process that has stores open, in the upper half, and their number.
static OPEN: AtomicU64 = AtomicU64::new(0);

/// A guard for one open store.
#[derive(Debug)]
pub(super) struct Library(());

impl Library {
    /// Makes a guard. Refuses this in a child of a process that had stores open.
    pub(super) fn enter() -> Result<Self> {
        let here = u64::from(std::process::id()) << 32;
        let enter = |open: u64| match open & u64::from(u32::MAX) {
            0 => Some(here + 1),
            _ if open & !u64::from(u32::MAX) == here => Some(open + 1),
            _ => None,
        };
        OPEN.fetch_update(Ordering::AcqRel, Ordering::Acquire, enter).map(|_| Self(())).map_err(
            |_| {
                let why = "a store was opened by the parent process, before a fork";
                Error::invalid("open a store", why)
                    .with_hint("open stores only after forking, or execute a program in the child")
            },
        )
    }
}

impl Drop for Library {
    fn drop(&mut self) {
        OPEN.fetch_sub(1, Ordering::AcqRel);
    }
}
