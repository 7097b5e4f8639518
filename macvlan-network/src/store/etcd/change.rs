//! A transaction under construction: its conditions and its operations.

use std::collections::BTreeMap;
use std::time::Duration;

use etcd_client::{Compare, DeleteOptions, TxnOp};

use crate::error::{Error, ErrorKind, Result};
use crate::pool::Gap;
use crate::random;

use super::keys::{self, Keys, end_of};
use super::seen::Seen;
use super::trouble::Trouble;
use super::wire::{Get, Item, Wire, none_within, unchanged, within};

/// The number of attempts if other processes are faster.
const TRIES: u32 = 2000;

/// The comparisons and operations of one transaction, each key at most once.
#[derive(Default)]
pub(super) struct Change {
    pub(super) when: Vec<Compare>,
    puts: BTreeMap<String, Option<String>>,
    /// The prefixes of the keys to be deleted.
    gone: Vec<String>,
}

impl Change {
    pub(super) fn put(&mut self, key: String, value: String) {
        self.puts.insert(key, Some(value));
    }

    pub(super) fn delete(&mut self, key: String) {
        self.puts.entry(key).or_insert(None);
    }

    /// Puts keys with a common prefix, and deletes those without a value.
    pub(super) fn put_all(
        &mut self,
        prefix: &str,
        all: impl IntoIterator<Item = (String, Option<String>)>,
    ) {
        let all = all.into_iter().map(|(place, value)| (format!("{prefix}{place}"), value));
        self.puts.extend(all);
    }

    /// Deletes all keys with a prefix, none of which this change puts.
    pub(super) fn delete_all(&mut self, prefix: String) {
        self.gone.push(prefix);
    }

    /// Takes a whole gap.
    pub(super) fn take_all(&mut self, from: &Found) {
        self.when.push(unchanged(from.key.clone(), from.changed));
        self.delete(from.key.clone());
    }

    /// Removes and returns the gap around a number that this change itself leaves in one pool.
    fn take_left(&mut self, gaps: &str, at: u128) -> Result<Option<Gap>> {
        for (key, value) in self.puts.iter_mut().filter(|(key, _)| key.starts_with(gaps)) {
            let Some(last) = value else { continue };
            let gap = Gap { first: keys::number(end_of(key))?, last: keys::number(last)? };
            if gap.holds(at) {
                *value = None;
                return Ok(Some(gap));
            }
        }
        Ok(None)
    }

    pub(super) fn commit(self, wire: &Wire) -> std::result::Result<bool, Trouble> {
        let operation = |(key, value): (String, Option<String>)| match value {
            Some(value) => TxnOp::put(key, value, None),
            None => TxnOp::delete(key, None),
        };
        let delete_all =
            |prefix: String| TxnOp::delete(prefix, Some(DeleteOptions::new().with_prefix()));
        let then = self.puts.into_iter().map(operation);
        wire.commit(self.when, then.chain(self.gone.into_iter().map(delete_all)).collect())
    }
}

/// A gap, and the key that it was read from.
pub(super) struct Found {
    pub(super) gap: Gap,
    key: String,
    changed: i64,
}

pub(super) fn found(item: &Item) -> Result<Found> {
    let gap = Gap { first: keys::number(end_of(&item.key))?, last: keys::number(&item.value)? };
    Ok(Found { gap, key: item.key.clone(), changed: item.changed })
}

/// The gaps of one owner in one pool.
pub(super) struct Pool<'a> {
    pub(super) keys: &'a Keys,
    pub(super) seen: &'a Seen<'a>,
    /// The id under which the network has them.
    pub(super) gaps: &'a str,
    pub(super) number: usize,
    pub(super) owner: &'a str,
}

impl Pool<'_> {
    fn key(&self, first: u128) -> String {
        self.keys.gap(self.gaps, self.number, self.owner, first)
    }

    /// Returns the reads for the gaps around a number: the last one at or before it, the first one
    /// after it, and the first of all.
    pub(super) fn gets_around(&self, at: u128) -> [Get; 3] {
        let (from, end) = within(&self.keys.gaps(self.gaps, self.number, self.owner));
        // The next possible key after a key is that key followed by a zero byte.
        let behind = format!("{}\0", self.key(at));
        [
            Get::Last(from.clone(), behind.clone()),
            Get::First(behind, end.clone()),
            Get::First(from, end),
        ]
    }

    fn around(&self, at: u128) -> Result<[Option<Found>; 3]> {
        let gets = self.gets_around(at);
        self.seen.fetch(&gets)?;
        let mut next = gets.into_iter().map(|get| {
            let items = self.seen.get(&get)?;
            items.first().map(found).transpose()
        });
        let mut next = || next.next().transpose().map(Option::flatten);
        Ok([next()?, next()?, next()?])
    }

    /// Returns the first free address from a number on, or else from the beginning.
    pub(super) fn first_free(&self, start: u128) -> Result<Option<(u128, Found)>> {
        let [here, behind, first] = self.around(start)?;
        if let Some(here) = here.filter(|found| found.gap.holds(start)) {
            return Ok(Some((start, here)));
        }
        Ok(behind.or(first).map(|found| (found.gap.first, found)))
    }

    /// Takes an address out of a gap, from which this change may already have taken another.
    pub(super) fn take(&self, change: &mut Change, from: &Found, at: u128) -> Result<()> {
        change.take_all(from);
        let left = change.take_left(&self.keys.gaps(self.gaps, self.number, self.owner), at)?;
        for rest in left.unwrap_or(from.gap).without(at).into_iter().flatten() {
            change.put(self.key(rest.first), format!("{:032x}", rest.last));
        }
        Ok(())
    }

    /// Returns a gap to the pool, joined with the gaps that it touches.
    ///
    /// The conditions are that the gap before it is unchanged, and that no gap was added up to the
    /// number after it.
    pub(super) fn give_back(&self, change: &mut Change, gap: Gap) -> Result<()> {
        let (begin, end) = within(&self.keys.gaps(self.gaps, self.number, self.owner));
        let [before, behind, _] = self.around(gap.first)?;
        if before.as_ref().is_some_and(|before| before.gap.holds(gap.first)) {
            return Ok(());
        }
        let next = gap.last.checked_add(1);
        let behind = behind.filter(|behind| next == Some(behind.gap.first));
        let from = before.as_ref().map_or(begin, |before| format!("{}\0", before.key));
        let to = match next {
            Some(next) if behind.is_some() => self.key(next),
            Some(next) => format!("{}\0", self.key(next)),
            None => end,
        };
        change.when.push(none_within(from, to));
        let touches = |before: &&Found| before.gap.last.checked_add(1) == Some(gap.first);
        let first = before.as_ref().filter(touches).map_or(gap.first, |before| before.gap.first);
        let last = behind.as_ref().map_or(gap.last, |behind| behind.gap.last);
        for neighbour in [&before, &behind].into_iter().flatten() {
            change.when.push(unchanged(neighbour.key.clone(), neighbour.changed));
        }
        if let Some(behind) = behind {
            change.delete(behind.key);
        }
        change.put(self.key(first), format!("{last:032x}"));
        Ok(())
    }
}

/// Repeats an attempt until no other process was faster.
pub(super) fn retry<T>(attempt: impl FnMut() -> Result<Option<T>>) -> Result<T> {
    retry_or(attempt)
}

/// Repeats an attempt like [`retry`], with another type of error.
pub(super) fn retry_or<T, E: From<Error>>(
    mut attempt: impl FnMut() -> std::result::Result<Option<T>, E>,
) -> std::result::Result<T, E> {
    for tries in 0..TRIES {
        if let Some(done) = attempt()? {
            return Ok(done);
        }
        // A random delay lets another process go first.
        let most = 1 << tries.min(5);
        let some = u64::try_from(random::number() % most).unwrap_or_default();
        std::thread::sleep(Duration::from_millis(some));
    }
    Err(Error::new(
        ErrorKind::Contended,
        "change the store in etcd",
        format!("other processes changed the same data {TRIES} times"),
    )
    .into())
}
