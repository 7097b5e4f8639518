//! The process that opened an object. A forked child inherits a copy, which it must not use.

use crate::error::{Error, Result};

/// The process that opened an object.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[doc(hidden)] // for macvlan-network
pub struct Owner(u32);

impl Owner {
    /// Returns the calling process.
    #[doc(hidden)]
    pub fn here() -> Self {
        Self(std::process::id())
    }

    /// Returns whether this is the calling process.
    #[doc(hidden)]
    pub fn is_here(self) -> bool {
        self == Self::here()
    }

    /// Returns an error in any process but the owner.
    pub(crate) fn check(self, operation: &'static str) -> Result<()> {
        if self.is_here() {
            return Ok(());
        }
        let why = "the object was opened by the parent process, before a fork";
        Err(Error::invalid(operation, why).with_hint("open a new one in this process"))
    }
}
