//! Gaps that are written before a network has them.
//!
//! One transaction of etcd's has room for so many operations. More gaps than that are written first, by an id
//! that no network tells, and the transaction that has a network tell it puts them to use: a network that is
//! created tells its own, one that is changed another one. Until then there is a key that says who writes
//! them. If that one is gone, the next one to look deletes what it has left.

use std::collections::BTreeMap;

use etcd_client::{Compare, DeleteOptions, TxnOp};

use crate::error::Result;
use crate::pool::Gap;

use super::change::Change;
use super::keys::{self, end_of};
use super::store::EtcdStore;
use super::wire::{Get, OPERATIONS, absent, exists, unchanged};

/// The last addresses of gaps, by what is behind the id in their keys: pool, owner and first address.
pub(super) type Gaps = BTreeMap<String, String>;
/// What makes gaps others: a new last address, or none where there is no such gap any more.
pub(super) type Changes = BTreeMap<String, Option<String>>;

static NONE: Gaps = Gaps::new();

/// A gap as it is among [`Gaps`].
pub(super) fn entry(pool: usize, owner: &str, gap: Gap) -> (String, String) {
    (keys::place(pool, owner, gap.first), format!("{:032x}", gap.last))
}

/// What is to be changed; what is the same in both takes no operation.
pub(super) fn changes(from: &Gaps, to: &Gaps) -> Changes {
    let gone = from.keys().filter(|place| !to.contains_key(*place));
    let put = to.iter().filter(|(place, last)| from.get(*place) != Some(*last));
    let gone = gone.map(|place| (place.clone(), None));
    gone.chain(put.map(|(place, last)| (place.clone(), Some(last.clone())))).collect()
}

/// Gaps that are no network's yet.
pub(super) struct Making<'a> {
    store: &'a EtcdStore,
    id: String,
    /// What is written, as soon as there is a key that says so.
    written: Option<Gaps>,
}

impl<'a> Making<'a> {
    pub(super) fn new(store: &'a EtcdStore, id: String) -> Self {
        Self { store, id, written: None }
    }

    /// The id that a network has to tell.
    pub(super) fn id(&self) -> &str {
        &self.id
    }

    /// Adds to a change that has the network tell the id what makes the gaps these. False if so many were
    /// missing that they were written now: what the change rests on is to be read again.
    pub(super) fn finish(&mut self, wanted: &Gaps, change: &mut Change) -> Result<bool> {
        let making = self.store.keys.making(&self.id);
        if self.written.is_some() && self.store.wire.get(Get::Key(making.clone()))?.is_empty() {
            // Others have deleted all of it, since this host counted as dead.
            self.written = None;
        }
        let missing = changes(self.written.as_ref().unwrap_or(&NONE), wanted);
        if missing.len() > OPERATIONS {
            self.write(missing, wanted)?;
            return Ok(false);
        }
        change.put_all(&self.store.keys.all_gaps(&self.id), missing);
        if self.written.is_some() {
            change.when.push(exists(making.clone()));
            change.delete(making);
        }
        Ok(true)
    }

    /// Writes what is missing, in pieces, or as much of it as others let this host write.
    fn write(&mut self, missing: Changes, wanted: &Gaps) -> Result<()> {
        let Self { store, id, written } = self;
        let (making, place) = (store.keys.making(id), store.keys.all_gaps(id));
        if written.is_none() {
            let maker = store.registration.key.clone();
            let begin = TxnOp::put(making.clone(), maker.clone(), None);
            if !store.wire.commit(vec![exists(maker)], vec![begin])? {
                store.register()?;
                return Ok(());
            }
            *written = Some(Gaps::new());
        }
        let missing: Vec<_> = missing.into_iter().collect();
        for some in missing.chunks(OPERATIONS) {
            let mut piece = Change::default();
            piece.when.push(exists(making.clone()));
            piece.put_all(&place, some.to_vec());
            if !piece.commit(&store.wire)? {
                *written = None;
                return Ok(());
            }
        }
        *written = Some(wanted.clone());
        Ok(())
    }

    /// Deletes what was written, unless it is in use.
    pub(super) fn end(self) {
        if self.written.is_some() {
            // If it cannot be done now, it is done by others when this process has ended.
            let _ = self.store.abandon(&self.id, vec![exists(self.store.keys.making(&self.id))]);
        }
    }
}

impl EtcdStore {
    /// Deletes what those have left who are gone.
    pub(super) fn sweep(&self) -> Result<()> {
        for left in self.wire.all(&self.keys.makings())? {
            let is_left = vec![unchanged(left.key.clone(), left.changed), absent(left.value)];
            self.abandon(end_of(&left.key), is_left)?;
        }
        Ok(())
    }

    fn abandon(&self, id: &str, when: Vec<Compare>) -> Result<bool> {
        let with_prefix = Some(DeleteOptions::new().with_prefix());
        let then = vec![
            TxnOp::delete(self.keys.all_gaps(id), with_prefix),
            TxnOp::delete(self.keys.making(id), None),
        ];
        Ok(self.wire.commit(when, then)?)
    }
}
