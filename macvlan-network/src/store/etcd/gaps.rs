//! The gaps of a network's pools, each owned by a host or shared by all.

use std::net::IpAddr;

use crate::error::Result;
use crate::pool::{self, Gap, Order};
use crate::record::NetworkRecord;

use super::change::{Change, Pool, retry};
use super::keys::{self, EVERYBODY};
use super::seen::Seen;
use super::store::EtcdStore;
use super::wire::Get;

impl EtcdStore {
    pub(super) fn pool<'a>(
        &'a self,
        seen: &'a Seen<'a>,
        network: &'a NetworkRecord,
        pool: usize,
        owner: &'a str,
    ) -> Pool<'a> {
        Pool { keys: &self.keys, seen, gaps: network.gaps(), number: pool, owner }
    }

    /// Returns the owner of the gaps that this host takes addresses from.
    pub(super) fn owner<'a>(&'a self, network: &NetworkRecord) -> &'a str {
        if network.config.get_block_size().is_some() { &self.host } else { EVERYBODY }
    }

    /// Returns the address from which the search for a free one starts.
    pub(super) fn start(
        &self,
        seen: &Seen<'_>,
        network: &NetworkRecord,
        pool: usize,
    ) -> Result<u128> {
        let order = network.config.get_order();
        let last = match order {
            Order::Next => {
                let found = seen.get(&self.get_last(network, pool))?;
                found.first().map(|item| keys::number(&item.value)).transpose()?
            }
            _ => None,
        };
        let given = network.config.given().nth(pool);
        Ok(given.map_or(0, |given| given.start(order, last)))
    }

    pub(super) fn get_last(&self, network: &NetworkRecord, pool: usize) -> Get {
        Get::Key(self.keys.last(&network.id, pool, self.owner(network)))
    }

    /// Moves some addresses from the common pool into this host's share; false if none are left.
    ///
    /// The network's record is a condition, since the network may have other gaps by now.
    pub(super) fn claim(&self, network: &NetworkRecord, pool: usize, share: u32) -> Result<bool> {
        retry(|| {
            let seen = Seen::new(&self.wire);
            let found = self.wire.get(Get::Key(self.keys.network(&network.id)))?;
            let (there, now) = self.current(network, &found);
            if *now != *network {
                // The network has changed, so its gaps are read again.
                return Ok(Some(true));
            }
            let everybody = self.pool(&seen, network, pool, EVERYBODY);
            let Some((_, from)) = everybody.first_free(0)? else { return Ok(Some(false)) };
            let last = from.gap.last.min(from.gap.first.saturating_add(u128::from(share) - 1));
            let mut change = Change::default();
            change.when.push(there);
            change.take_all(&from);
            if last < from.gap.last {
                let key = self.keys.gap(network.gaps(), pool, EVERYBODY, last + 1);
                change.put(key, format!("{:032x}", from.gap.last));
            }
            self.pool(&seen, network, pool, &self.host)
                .give_back(&mut change, Gap { first: from.gap.first, last })?;
            Ok(change.commit(&self.wire)?.then_some(true))
        })
    }

    /// Returns an address to the gaps, if the network gives it without a request.
    pub(super) fn give_back(
        &self,
        network: &NetworkRecord,
        address: IpAddr,
        owner: &str,
        change: &mut Change,
    ) -> Result<()> {
        let Some((pool, _)) = network.subnet_of(address).filter(|_| network.gives(address)) else {
            return Ok(());
        };
        let seen = Seen::new(&self.wire);
        let gap = Gap::of(pool::number(address));
        self.pool(&seen, network, pool, owner).give_back(change, gap)
    }
}
