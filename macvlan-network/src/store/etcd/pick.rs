//! Chooses the addresses of a container, and the gaps that they are taken out of.

use std::collections::BTreeMap;
use std::net::IpAddr;

use etcd_client::Compare;
use ipnet::IpNet;

use crate::error::{Error, ErrorKind, Result};
use crate::lease::LeaseRequest;
use crate::pool::{self, Order};
use crate::record::NetworkRecord;
use crate::store::refusal::{exhausted, no_network, taken};
use crate::store::{Store as _, clash};
use crate::subnet::Subnet;

use super::change::{Change, found};
use super::keys::{self, EVERYBODY, Holder, Was};
use super::seen::Seen;
use super::store::EtcdStore;
use super::wire::{Get, absent, none_since, unchanged};

/// Returns whether only this address was refused, so that another one may be given.
fn is_of_an_address(error: &Error) -> bool {
    matches!(error.kind(), ErrorKind::AddressConflict | ErrorKind::AddressUnusable)
}

/// Returns the pools from which addresses may be chosen for a request.
fn pools(network: &NetworkRecord, request: &LeaseRequest) -> impl Iterator<Item = usize> {
    let is_chosen = [false, true].map(|v6| {
        request.chooses(network, v6)
            && request.fixed(network, v6).is_ok_and(|fixed| fixed.is_empty())
    });
    let subnets = network.config.get_subnets().iter().enumerate();
    let is_such = move |subnet: &Subnet| is_chosen[usize::from(subnet.get_net().addr().is_ipv6())];
    subnets.filter(move |(_, subnet)| is_such(subnet)).map(|(pool, _)| pool)
}

/// Returns the owner of a gap from its key.
fn owner_in<'a>(pool: &str, key: &'a str) -> Option<&'a str> {
    key.strip_prefix(pool).and_then(|rest| rest.split('/').next())
}

/// An address that was chosen.
pub(super) enum Pick {
    Taken(IpNet, String),
    /// Another process was faster, or the share had to grow, so the data must be read again.
    Again,
}

impl EtcdStore {
    /// Chooses the requested address, in any owner's gap, or kept for a container.
    pub(super) fn pick_fixed(
        &self,
        seen: &Seen<'_>,
        network: &NetworkRecord,
        address: IpAddr,
        change: &mut Change,
    ) -> Result<Pick> {
        let net = network.with_prefix(address)?;
        let at = pool::number(address);
        let key = self.keys.address(&network.id, at);
        if !network.gives(address) {
            change.when.extend(self.free_at_neighbours(network, address)?);
        }
        if let Some(item) = seen.get(&Get::Key(key.clone()))?.first() {
            match keys::read(&item.value)? {
                Holder::Lease { container, .. } => {
                    return Err(taken(network, address, Some(&container)));
                }
                Holder::Foreign { .. } => return Err(taken(network, address, None)),
                Holder::Kept { owner, until, .. } => {
                    change.when.push(unchanged(key, item.changed));
                    self.unlist(network, address, until, change);
                    return Ok(Pick::Taken(net, owner));
                }
            }
        }
        change.when.push(absent(key));
        let owner = self.take_from_any(seen, network, address, change)?;
        Ok(Pick::Taken(net, owner.unwrap_or_else(|| EVERYBODY.to_owned())))
    }

    /// Refuses an address that another network on the same LAN gives or has given. Returns the
    /// conditions.
    fn free_at_neighbours(&self, network: &NetworkRecord, address: IpAddr) -> Result<Vec<Compare>> {
        let mut when = vec![self.guarded()?];
        let others = self.all_networks()?;
        let parents = |other: &NetworkRecord| self.parents(other);
        for other in clash::neighbours_with(network, &others, address, parents)? {
            let key = self.keys.address(&other.id, pool::number(address));
            let found = self.wire.get(Get::Key(key.clone()))?;
            let holder = found.first().map(|item| keys::read(&item.value)).transpose()?;
            match holder {
                Some(Holder::Lease { container, .. }) => {
                    return Err(taken(network, address, Some(&container)));
                }
                Some(Holder::Foreign { .. }) => return Err(taken(network, address, None)),
                Some(Holder::Kept { .. }) | None => {}
            }
            when.push(unchanged(key, found.first().map_or(0, |item| item.changed)));
        }
        Ok(when)
    }

    /// Takes an address out of the gap that contains it, and returns that gap's owner.
    pub(super) fn take_from_any(
        &self,
        seen: &Seen<'_>,
        network: &NetworkRecord,
        address: IpAddr,
        change: &mut Change,
    ) -> Result<Option<String>> {
        let Some((pool, _)) = network.subnet_of(address) else { return Ok(None) };
        let at = pool::number(address);
        if network.config.get_block_size().is_none() {
            let gaps = self.pool(seen, network, pool, EVERYBODY);
            let found = gaps.first_free(at)?.filter(|(_, from)| from.gap.holds(at));
            let Some((_, from)) = found else { return Ok(None) };
            gaps.take(change, &from, at)?;
            return Ok(Some(EVERYBODY.to_owned()));
        }
        // All gaps as they were at one time, since addresses move between their owners.
        let prefix = self.keys.pool(network.gaps(), pool);
        let (all, revision) = self.wire.all_at(&prefix)?;
        for item in &all {
            let from = found(item)?;
            if from.gap.holds(at) {
                let owner = owner_in(&prefix, &item.key).unwrap_or(EVERYBODY);
                self.pool(seen, network, pool, owner).take(change, &from, at)?;
                return Ok(Some(owner.to_owned()));
            }
        }
        if network.gives(address) {
            // No gap with it may be added.
            change.when.push(none_since(prefix, revision));
        }
        Ok(None)
    }

    /// Returns all owners of gaps in a pool.
    pub(super) fn owners(&self, network: &NetworkRecord, pool: usize) -> Result<Vec<String>> {
        if network.config.get_block_size().is_none() {
            return Ok(vec![EVERYBODY.to_owned()]);
        }
        let prefix = self.keys.pool(network.gaps(), pool);
        let mut owners: Vec<String> = Vec::new();
        for item in self.wire.all(&prefix)? {
            if let Some(owner) = owner_in(&prefix, &item.key)
                .filter(|owner| owners.last().is_none_or(|last| last != owner))
            {
                owners.push(owner.to_owned());
            }
        }
        Ok(owners)
    }

    /// Returns the addresses from which the search starts, for the pools that may be needed, and the
    /// reads of these pools. The order `Next` has to read first where to start.
    pub(super) fn known_pools(
        &self,
        seen: &Seen<'_>,
        network: &NetworkRecord,
        request: &LeaseRequest,
    ) -> Result<(BTreeMap<usize, u128>, Vec<Get>)> {
        if network.config.get_order() != Order::Next {
            let starts = self.starts(seen, network, request)?;
            let gets = self.pool_gets(seen, network, request, &starts);
            return Ok((starts, gets));
        }
        let starts = BTreeMap::new();
        let mut gets = self.pool_gets(seen, network, request, &starts);
        gets.extend(pools(network, request).map(|pool| self.get_last(network, pool)));
        Ok((starts, gets))
    }

    /// Reads the rest that a choice depends on, in one request: the gaps around the address that was
    /// given last, the container's former addresses, and the holder of its former name. Returns all
    /// starts.
    pub(super) fn fetch_rest(
        &self,
        seen: &Seen<'_>,
        network: &NetworkRecord,
        request: &LeaseRequest,
        (was, named, mut starts): (Option<&Was>, Option<Get>, BTreeMap<usize, u128>),
    ) -> Result<BTreeMap<usize, u128>> {
        let mut gets = Vec::new();
        if network.config.get_order() == Order::Next {
            starts = self.starts(seen, network, request)?;
            gets = self.pool_gets(seen, network, request, &starts);
        }
        let had = was.iter().flat_map(|was| &was.addresses);
        gets.extend(had.map(|had| Get::Key(self.keys.address(&network.id, pool::number(*had)))));
        gets.extend(named);
        seen.fetch(&gets)?;
        Ok(starts)
    }

    fn starts(
        &self,
        seen: &Seen<'_>,
        network: &NetworkRecord,
        request: &LeaseRequest,
    ) -> Result<BTreeMap<usize, u128>> {
        let start = |pool| Ok((pool, self.start(seen, network, pool)?));
        pools(network, request).map(start).collect()
    }

    /// Returns the reads of the pools for a request, as far as they are known in advance.
    fn pool_gets(
        &self,
        seen: &Seen<'_>,
        network: &NetworkRecord,
        request: &LeaseRequest,
        starts: &BTreeMap<usize, u128>,
    ) -> Vec<Get> {
        let mut gets = Vec::new();
        for (pool, start) in starts {
            let gaps = self.pool(seen, network, *pool, self.owner(network));
            gets.extend(gaps.gets_around(*start));
            gets.push(self.get_rested(network, *pool));
        }
        let fixed = [false, true].map(|v6| request.fixed(network, v6).unwrap_or_default());
        for address in fixed.into_iter().flatten() {
            let at = pool::number(address);
            gets.push(Get::Key(self.keys.address(&network.id, at)));
            if let Some((pool, _)) = network.subnet_of(address) {
                let owner = EVERYBODY;
                gets.extend(self.pool(seen, network, pool, owner).gets_around(at));
            }
        }
        gets
    }

    /// Returns whether [`EtcdStore::pick_any`] would find an address; `None` if that must be tried
    /// again.
    pub(super) fn has_any(&self, network: &NetworkRecord, v6: bool) -> Result<Option<bool>> {
        let found = self.wire.get(Get::Key(self.keys.network(&network.id)))?;
        if found.is_empty() {
            return Err(no_network(network.name()));
        }
        let (_, network) = self.current(network, &found);
        let seen = Seen::new(&self.wire);
        // A share that is used up grows from the common pool.
        for owner in [self.owner(&network), EVERYBODY] {
            let subnets = network.config.get_subnets().iter().enumerate();
            for (pool, _) in subnets.filter(|(_, one)| one.get_net().addr().is_ipv6() == v6) {
                if self.pool(&seen, &network, pool, owner).first_free(0)?.is_some() {
                    return Ok(Some(true));
                }
            }
        }
        Ok(match self.pick_rested(&seen, &network, v6, &mut Change::default())? {
            Some(Pick::Taken(..)) => Some(true),
            Some(Pick::Again) => None,
            None => Some(false),
        })
    }

    /// Chooses the address that the container had, or else the next free one, or else one that is
    /// kept for another container.
    pub(super) fn pick_any(
        &self,
        seen: &Seen<'_>,
        network: &NetworkRecord,
        request: &LeaseRequest,
        (v6, was, starts): (bool, Option<&Was>, &BTreeMap<usize, u128>),
        change: &mut Change,
    ) -> Result<Pick> {
        let mut had = was.iter().flat_map(|was| &was.addresses).copied();
        let had = had.find(|address| address.is_ipv6() == v6 && network.gives(*address));
        if let Some(address) = had {
            let key = self.keys.address(&network.id, pool::number(address));
            let holder = seen.get(&Get::Key(key))?;
            let holder = holder.first().map(|item| keys::read(&item.value)).transpose()?;
            let is_ours = match holder {
                None => true,
                Some(Holder::Kept { container: kept_for, .. }) => kept_for == request.container,
                Some(_) => false,
            };
            if is_ours {
                match self.pick_fixed(seen, network, address, change) {
                    // It was free a moment ago, so another process was faster.
                    Err(error) if error.kind() == ErrorKind::AddressTaken => {
                        return Ok(Pick::Again);
                    }
                    Err(error) if is_of_an_address(&error) => {}
                    result => return result,
                }
            }
        }
        let owner = self.owner(network);
        let subnets = network.config.get_subnets();
        for (pool, start) in
            starts.iter().filter(|(pool, _)| subnets[**pool].get_net().addr().is_ipv6() == v6)
        {
            let gaps = self.pool(seen, network, *pool, owner);
            let Some((at, from)) = gaps.first_free(*start)? else {
                match network.config.get_block_size() {
                    Some(share) if self.claim(network, *pool, share)? => return Ok(Pick::Again),
                    _ => continue,
                }
            };
            gaps.take(change, &from, at)?;
            change.when.push(absent(self.keys.address(&network.id, at)));
            if network.config.get_order() == Order::Next {
                change.put(self.keys.last(&network.id, *pool, owner), format!("{at:032x}"));
            }
            return Ok(Pick::Taken(network.with_prefix(pool::address(at))?, owner.to_owned()));
        }
        if let Some(pick) = self.pick_rested(seen, network, v6, change)? {
            return Ok(pick);
        }
        Err(exhausted(network, v6, &self.conflicting_addresses(network)?))
    }
}
