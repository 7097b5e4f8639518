//! Addresses that containers had, which are first kept for them, then rest until no other is left.

use std::net::IpAddr;

use crate::error::Result;
use crate::pool;
use crate::record::NetworkRecord;
use crate::time::seconds as now;

use super::change::{Change, retry};
use super::keys::{self, Holder, Was, end_of};
use super::pick::Pick;
use super::seen::Seen;
use super::store::EtcdStore;
use super::wire::{Get, Item, unchanged, within};

/// The time in seconds for which a container's former addresses are remembered.
const MEMORY: u64 = 30 * 24 * 3600;

impl EtcdStore {
    fn rest_key(&self, network: &NetworkRecord, address: IpAddr, until: u64) -> Option<String> {
        let (pool, _) = network.subnet_of(address)?;
        Some(self.keys.rest(&network.id, pool, until, pool::number(address)))
    }

    /// Keeps an address for the container that had it.
    ///
    /// An address that is not kept, and that the network does not give without a request, is freed.
    pub(super) fn keep(
        &self,
        network: &NetworkRecord,
        address: IpAddr,
        holder: &Holder,
        change: &mut Change,
    ) -> Result<()> {
        let place = self.keys.address(&network.id, pool::number(address));
        let Holder::Kept { until, rests, .. } = *holder else { return Ok(()) };
        if !network.gives(address) && rests {
            change.delete(place);
            return Ok(());
        }
        change.put(place, keys::write(holder)?);
        if let Some(key) = self.rest_key(network, address, until).filter(|_| network.gives(address))
        {
            change.put(key, String::new());
        }
        Ok(())
    }

    /// Removes an address from the list of those that are kept or rest.
    pub(super) fn unlist(
        &self,
        network: &NetworkRecord,
        address: IpAddr,
        until: u64,
        change: &mut Change,
    ) {
        if let Some(key) = self.rest_key(network, address, until) {
            change.delete(key);
        }
    }

    /// Returns the read for the address that has rested longest.
    pub(super) fn get_rested(&self, network: &NetworkRecord, pool: usize) -> Get {
        let (from, end) = within(&self.keys.rests(&network.id, pool));
        Get::First(from, end)
    }

    /// Chooses the address that has rested longest, or else the kept one that expires first.
    pub(super) fn pick_rested(
        &self,
        seen: &Seen<'_>,
        network: &NetworkRecord,
        v6: bool,
        change: &mut Change,
    ) -> Result<Option<Pick>> {
        let subnets = network.config.get_subnets().iter().enumerate();
        let mut listed: Option<Item> = None;
        for (pool, _) in subnets.filter(|(_, subnet)| subnet.get_net().addr().is_ipv6() == v6) {
            let first = seen.get(&self.get_rested(network, pool))?.into_iter().next();
            // Ordered by time, which follows the pool's number in the key.
            let time = |item: &Item| item.key.rsplit('/').nth(1).map(str::to_owned);
            if let Some(first) =
                first.filter(|one| listed.as_ref().is_none_or(|other| time(one) < time(other)))
            {
                listed = Some(first);
            }
        }
        let Some(listed) = listed else { return self.pick_unlisted(network, v6, change) };
        let at = keys::number(end_of(&listed.key))?;
        let items = seen.get(&Get::Key(self.keys.address(&network.id, at)))?;
        if let Some(item) = items.first() {
            if let Holder::Kept { until, owner, .. } = keys::read(&item.value)? {
                let address = pool::address(at);
                let key = self.rest_key(network, address, until);
                if key.as_ref() == Some(&listed.key) && network.gives(address) {
                    change.when.push(unchanged(item.key.clone(), item.changed));
                    change.delete(listed.key);
                    return Ok(Some(Pick::Taken(network.with_prefix(address)?, owner)));
                }
            }
        }
        // A host of an earlier version, which does not maintain these keys, has given it, or the
        // network was changed.
        let mut stale = Change::default();
        stale.when.push(unchanged(listed.key.clone(), listed.changed));
        stale.delete(listed.key);
        stale.commit(&self.wire)?;
        Ok(Some(Pick::Again))
    }

    /// Chooses an address that hosts of an earlier version have kept without listing it.
    fn pick_unlisted(
        &self,
        network: &NetworkRecord,
        v6: bool,
        change: &mut Change,
    ) -> Result<Option<Pick>> {
        let mut kept = Vec::new();
        for item in self.wire.all(&self.keys.addresses(&network.id))? {
            let address = pool::address(keys::number(end_of(&item.key))?);
            if let Ok(Holder::Kept { until, owner, .. }) = keys::read(&item.value) {
                if address.is_ipv6() == v6 && network.gives(address) {
                    kept.push((until, address, owner, item));
                }
            }
        }
        let first = kept.into_iter().min_by_key(|(until, address, ..)| (*until, *address));
        let Some((_, address, owner, item)) = first else { return Ok(None) };
        change.when.push(unchanged(item.key, item.changed));
        Ok(Some(Pick::Taken(network.with_prefix(address)?, owner)))
    }

    /// Lets kept addresses rest when their time is over, returns the shares of dead hosts to the
    /// common pool, and deletes old memories.
    pub(super) fn free_what_is_over(&self, network: &NetworkRecord) -> Result<usize> {
        let mut over = 0;
        let is_forgotten = |since: u64| since.saturating_add(MEMORY) < now();
        let may_go =
            |holder: &Holder| matches!(holder, Holder::Kept { until, .. } if *until <= now());
        for item in self.wire.all(&self.keys.addresses(&network.id))? {
            // A record that cannot be read stays as it is, with its address.
            let Ok(Holder::Kept { container, until, owner, rests }) = keys::read(&item.value)
            else {
                continue;
            };
            if until > now() {
                continue;
            }
            let address = pool::address(keys::number(end_of(&item.key))?);
            if is_forgotten(until) || !network.gives(address) {
                retry(|| self.try_free(network, address, &may_go))?;
            } else if !rests {
                let mut change = Change::default();
                change.when.push(unchanged(item.key.clone(), item.changed));
                let resting = Holder::Kept { container, until, owner, rests: true };
                self.keep(network, address, &resting, &mut change)?;
                change.commit(&self.wire)?;
            }
            over += usize::from(!rests);
        }
        for pool in 0..network.config.get_subnets().len() {
            self.return_shares(network, pool)?;
        }
        // Addresses are remembered for as long as they are kept.
        let kept = network.config.get_reservation_ttl().as_secs();
        for item in self.wire.all(&self.keys.was(&network.id, ""))? {
            let is_over = |was: Was| {
                let kept = if was.addresses.is_empty() { 0 } else { kept };
                is_forgotten(was.released.saturating_add(kept))
            };
            if keys::read::<Was>(&item.value).is_ok_and(is_over) {
                let mut change = Change::default();
                change.when.push(unchanged(item.key.clone(), item.changed));
                change.delete(item.key);
                change.commit(&self.wire)?;
            }
        }
        Ok(over)
    }
}
