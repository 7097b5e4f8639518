//! Values that only the process that made them can use.
//!
//! A forked child has a copy, but not the threads, file locks and replies that belong to it.

use std::mem;

use macvlan_core::Owner;

use crate::error::{Error, Result};

/// A value of one process. A forked child cannot access it, and does not drop it.
#[derive(Debug)]
pub(crate) struct Owned<T> {
    /// `Some` until it is dropped.
    value: Option<T>,
    owner: Owner,
}

impl<T> Owned<T> {
    pub(crate) fn new(value: T) -> Self {
        Self { value: Some(value), owner: Owner::here() }
    }

    pub(crate) fn get(&self, operation: &'static str) -> Result<&T> {
        self.value.as_ref().filter(|_| self.owner.is_here()).ok_or_else(|| {
            let why = "the store was opened by the parent process, before a fork";
            Error::invalid(operation, why).with_hint("open it again in this process")
        })
    }
}

impl<T> Drop for Owned<T> {
    fn drop(&mut self) {
        if !self.owner.is_here() {
            mem::forget(self.value.take());
        }
    }
}
