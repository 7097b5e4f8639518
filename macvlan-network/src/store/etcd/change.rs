//! A change that is being put together: what it rests on, and what it does.

use std::collections::BTreeMap;

use etcd_client::{Compare, TxnOp};

use crate::error::Result;
use crate::pool::{Gap, Order};
use crate::record::NetworkRecord;

use super::keys::{self, EVERYBODY, Keys, end_of};
use super::wire::{Get, Item, Wire, within};
use super::{EtcdStore, insist, unchanged};

/// Compares and operations of one transaction; each key in it once.
#[derive(Default)]
pub(super) struct Change {
    pub(super) when: Vec<Compare>,
    puts: BTreeMap<String, Option<String>>,
}

impl Change {
    pub(super) fn put(&mut self, key: String, value: String) {
        self.puts.insert(key, Some(value));
    }

    pub(super) fn delete(&mut self, key: String) {
        self.puts.entry(key).or_insert(None);
    }

    /// Takes a whole gap.
    pub(super) fn take_all(&mut self, from: &Found) {
        self.when.push(unchanged(from.key.clone(), from.changed));
        self.delete(from.key.clone());
    }

    pub(super) fn commit(self, wire: &Wire) -> Result<bool> {
        let operation = |(key, value): (String, Option<String>)| match value {
            Some(value) => TxnOp::put(key, value, None),
            None => TxnOp::delete(key, None),
        };
        let then = self.puts.into_iter().map(operation).collect();
        wire.commit(self.when, then)
    }
}

/// A gap, and the key that it was read from.
pub(super) struct Found {
    pub(super) gap: Gap,
    key: String,
    changed: i64,
}

fn found(item: &Item) -> Result<Found> {
    let gap = Gap { first: keys::number(end_of(&item.key))?, last: keys::number(&item.value)? };
    Ok(Found { gap, key: item.key.clone(), changed: item.changed })
}

/// One owner's gaps in one pool.
pub(super) struct Pool<'a> {
    pub(super) keys: &'a Keys,
    pub(super) wire: &'a Wire,
    pub(super) network: &'a str,
    pub(super) number: usize,
    pub(super) owner: &'a str,
}

impl Pool<'_> {
    fn key(&self, first: u128) -> String {
        self.keys.gap(self.network, self.number, self.owner, first)
    }

    /// The gap at a number or before it, the next behind it, and the first of all.
    fn around(&self, at: u128) -> Result<[Option<Found>; 3]> {
        let (from, end) = within(&self.keys.gaps(self.network, self.number, self.owner));
        // The first key behind one is that key and a zero.
        let behind = format!("{}\0", self.key(at));
        let read = self.wire.read(vec![
            Get::Last(from.clone(), behind.clone()),
            Get::First(behind, end.clone()),
            Get::First(from, end),
        ])?;
        let mut places = read.iter().map(|items| items.first().map(found).transpose());
        let mut next = || places.next().transpose().map(Option::flatten);
        Ok([next()?, next()?, next()?])
    }

    /// A free address from a number on, and from the beginning if there is none behind it.
    pub(super) fn first_free(&self, start: u128) -> Result<Option<(u128, Found)>> {
        let [here, behind, first] = self.around(start)?;
        if let Some(here) = here.filter(|found| found.gap.holds(start)) {
            return Ok(Some((start, here)));
        }
        Ok(behind.or(first).map(|found| (found.gap.first, found)))
    }

    /// Takes an address out of a gap.
    pub(super) fn take(&self, change: &mut Change, from: &Found, at: u128) {
        change.take_all(from);
        for rest in from.gap.without(at).into_iter().flatten() {
            change.put(self.key(rest.first), format!("{:032x}", rest.last));
        }
    }

    /// Puts gaps back that touch none of each other, and closes them up with what they touch.
    pub(super) fn give_back(&self, change: &mut Change, at: Gap) -> Result<()> {
        let [before, behind, _] = self.around(at.first)?;
        let mut whole = at;
        for neighbour in [before, behind].into_iter().flatten() {
            let gap = neighbour.gap;
            if gap.last.checked_add(1) == Some(at.first) {
                whole.first = gap.first;
            } else if at.last.checked_add(1) == Some(gap.first) {
                whole.last = gap.last;
            } else {
                continue;
            }
            change.when.push(unchanged(neighbour.key.clone(), neighbour.changed));
            change.delete(neighbour.key);
        }
        // That nobody has put another there meanwhile: then it would have been ours.
        if whole.first == at.first {
            change.when.push(super::absent(self.key(at.first)));
        }
        change.put(self.key(whole.first), format!("{:032x}", whole.last));
        Ok(())
    }
}

impl EtcdStore {
    pub(super) fn pool<'a>(
        &'a self,
        network: &'a NetworkRecord,
        pool: usize,
        owner: &'a str,
    ) -> Pool<'a> {
        Pool { keys: &self.keys, wire: &self.wire, network: &network.id, number: pool, owner }
    }

    /// Whose gaps this host takes addresses from.
    pub(super) fn owner<'a>(&'a self, network: &NetworkRecord) -> &'a str {
        if network.config.get_share().is_some() { &self.host } else { EVERYBODY }
    }

    /// Where a free address is looked for.
    pub(super) fn start(&self, network: &NetworkRecord, pool: usize) -> Result<u128> {
        let order = network.config.get_order();
        let given = network.config.get_subnets()[pool].given();
        let last = match order {
            Order::Next => {
                let key = self.keys.last(&network.id, pool, self.owner(network));
                let found = self.wire.get(Get::Key(key))?;
                found.first().map(|item| keys::number(&item.value)).transpose()?
            }
            _ => None,
        };
        Ok(order.start(given, last))
    }

    /// Moves some addresses from everybody's into this host's share; false if there are none left.
    pub(super) fn claim(&self, network: &NetworkRecord, pool: usize, share: u32) -> Result<bool> {
        insist(|| {
            let everybody = self.pool(network, pool, EVERYBODY);
            let Some((_, from)) = everybody.first_free(0)? else { return Ok(Some(false)) };
            let last = from.gap.last.min(from.gap.first.saturating_add(u128::from(share) - 1));
            let mut change = Change::default();
            change.when.push(super::exists(self.keys.network(&network.id)));
            change.take_all(&from);
            if last < from.gap.last {
                let key = self.keys.gap(&network.id, pool, EVERYBODY, last + 1);
                change.put(key, format!("{:032x}", from.gap.last));
            }
            self.pool(network, pool, &self.host)
                .give_back(&mut change, Gap { first: from.gap.first, last })?;
            Ok(change.commit(&self.wire)?.then_some(true))
        })
    }
}
