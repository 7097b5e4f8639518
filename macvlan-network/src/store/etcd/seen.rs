//! The data that was read for one change, each key only once.

use std::cell::RefCell;
use std::collections::HashMap;

use crate::error::Result;

use super::wire::{Get, Item, OPERATIONS, Wire};

/// Data from etcd that a change is conditional on.
pub(super) struct Seen<'a> {
    wire: &'a Wire,
    answers: RefCell<HashMap<Get, Vec<Item>>>,
}

impl<'a> Seen<'a> {
    pub(super) fn new(wire: &'a Wire) -> Self {
        Self { wire, answers: RefCell::default() }
    }

    /// Reads data that was not read yet, in one round trip unless it is very much.
    pub(super) fn fetch(&self, wanted: &[Get]) -> Result<()> {
        let mut answers = self.answers.borrow_mut();
        let mut missing: Vec<Get> = Vec::new();
        for get in wanted {
            if !answers.contains_key(get) && !missing.contains(get) {
                missing.push(get.clone());
            }
        }
        for some in missing.chunks(OPERATIONS) {
            let read = self.wire.read(some.to_vec())?;
            answers.extend(some.iter().cloned().zip(read));
        }
        Ok(())
    }

    /// Reads one item, if it was not read yet.
    pub(super) fn get(&self, get: &Get) -> Result<Vec<Item>> {
        self.fetch(std::slice::from_ref(get))?;
        Ok(self.answers.borrow().get(get).cloned().unwrap_or_default())
    }
}
