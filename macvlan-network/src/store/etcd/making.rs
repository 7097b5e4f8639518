//! Gaps that are written before a network uses them.
//!
//! An etcd transaction is limited in size. If there are more gaps than fit into it, they are
//! written first, under an id that no network uses yet. The final transaction then puts them into
//! use: a network that is created uses its own id, one that is changed refers to another id. Until
//! then, a key names the process that writes them. If that process ends, the next one to look
//! deletes them.

use std::collections::BTreeMap;

use etcd_client::{Compare, DeleteOptions, TxnOp};

use crate::error::Result;
use crate::pool::Gap;

use super::change::Change;
use super::keys::{self, end_of};
use super::store::EtcdStore;
use super::wire::{Get, OPERATIONS, absent, exists, unchanged};

/// The last addresses of gaps, by the part of their keys after the id: pool, owner and first
/// address.
pub(super) type Gaps = BTreeMap<String, String>;
/// Changes of gaps: a new last address, or `None` to delete a gap.
pub(super) type Changes = BTreeMap<String, Option<String>>;

static NONE: Gaps = Gaps::new();

/// Returns a gap as an entry of [`Gaps`].
pub(super) fn entry(pool: usize, owner: &str, gap: Gap) -> (String, String) {
    (keys::place(pool, owner, gap.first), format!("{:032x}", gap.last))
}

/// Returns the changes from one set of gaps to another; equal gaps take no operation.
pub(super) fn changes(from: &Gaps, to: &Gaps) -> Changes {
    let gone = from.keys().filter(|place| !to.contains_key(*place));
    let put = to.iter().filter(|(place, last)| from.get(*place) != Some(*last));
    let gone = gone.map(|place| (place.clone(), None));
    gone.chain(put.map(|(place, last)| (place.clone(), Some(last.clone())))).collect()
}

/// Gaps that no network uses yet.
pub(super) struct Making<'a> {
    store: &'a EtcdStore,
    id: String,
    /// The gaps that are written, once the key that names this process exists.
    written: Option<Gaps>,
}

impl<'a> Making<'a> {
    pub(super) fn new(store: &'a EtcdStore, id: String) -> Self {
        Self { store, id, written: None }
    }

    /// Returns the id that the network must use.
    pub(super) fn id(&self) -> &str {
        &self.id
    }

    /// Adds the remaining changes of gaps to the change that makes the network use them.
    ///
    /// Returns false if there were so many that they were written now; the caller then reads its
    /// conditions again.
    pub(super) fn finish(&mut self, wanted: &Gaps, change: &mut Change) -> Result<bool> {
        let making = self.store.keys.making(&self.id);
        if self.written.is_some() && self.store.wire.get(Get::Key(making.clone()))?.is_empty() {
            // Other hosts have deleted the gaps, since this host counted as dead.
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

    /// Writes missing gaps in several transactions, as far as other hosts allow.
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

    /// Deletes the written gaps, unless they are in use.
    pub(super) fn end(self) {
        if self.written.is_some() {
            // If this fails, another process does it after this one has ended.
            let _ = self.store.abandon(&self.id, vec![exists(self.store.keys.making(&self.id))]);
        }
    }
}

impl EtcdStore {
    /// Deletes the gaps of processes that have ended.
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
