//! The process that something belongs to: a forked child has a copy of it, and must leave it alone.

use crate::error::{Error, Result};

/// A process.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[doc(hidden)] // for the crate of networks
pub struct Owner(u32);

impl Owner {
    /// Returns this process.
    #[doc(hidden)]
    pub fn here() -> Self {
        Self(std::process::id())
    }

    /// Returns whether it is this process.
    #[doc(hidden)]
    pub fn is_here(self) -> bool {
        self == Self::here()
    }

    /// Refuses an operation in any other process.
    pub(crate) fn check(self, operation: &'static str) -> Result<()> {
        if self.is_here() {
            return Ok(());
        }
        let why = "it belongs to the process that this one was forked from";
        Err(Error::invalid(operation, why).with_hint("open another in this process"))
    }
}
