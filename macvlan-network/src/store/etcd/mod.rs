//! The store for many hosts: etcd.
//!
//! Every change is one transaction of etcd's that compares what it rests on: that an address has no
//! holder, that a gap is as it was read, that the host is alive. If somebody was faster, it is read
//! again. So an address is given once, however many hosts ask at the same time; and when etcd cannot
//! be reached, none is given.

mod change;
mod gaps;
mod host;
mod keys;
mod leases;
mod options;
mod rest;
mod seen;
mod store;
mod update;
mod wire;

use std::collections::{BTreeSet, HashMap};
use std::net::IpAddr;
use std::sync::PoisonError;
use std::sync::atomic::Ordering;

use etcd_client::{DeleteOptions, TxnOp};

use crate::error::{Error, ErrorKind, Result};
use crate::lease::{Foreign, Lease, Wish};
use crate::pool;
use crate::record::NetworkRecord;
use crate::store::refusal::{in_use, no_network};
use crate::store::{Found, Granted, Store, Unreadable, check_clash, format, is_id};

pub use options::EtcdOptions;
pub use store::EtcdStore;

use change::insist;
use keys::{Holder, end_of};
use leases::half_an_answer;
use wire::{Get, Item, OPERATIONS, absent, exists, unchanged};

impl EtcdStore {
    /// Takes back what etcd may or may not have taken when it last could not be reached, and nobody
    /// else has found and taken up since.
    fn settle(&self) -> Result<()> {
        self.wire.check()?;
        let unanswered = self.unanswered.load(Ordering::Acquire);
        if self.fenced.load(Ordering::Acquire) < unanswered {
            // What is still on its way, or waits for etcd's disk, rests on the old registration.
            self.register()?;
            self.fenced.fetch_max(unanswered, Ordering::AcqRel);
        }
        let doubtful = || self.doubtful.lock().unwrap_or_else(PoisonError::into_inner);
        loop {
            let Some((network, lease)) = doubtful().pop() else { return Ok(()) };
            match self.take_back(&network, &lease, |item| item.made == item.changed) {
                Err(error)
                    if matches!(
                        error.kind(),
                        ErrorKind::StoreUnavailable | ErrorKind::Contended
                    ) =>
                {
                    doubtful().push((network, lease));
                    return Err(error);
                }
                // What cannot be read will not be read the next time.
                _ => {}
            }
        }
    }
}

impl EtcdStore {
    fn all_networks(&self) -> Result<Vec<Found<NetworkRecord>>> {
        let read = |item: &Item| {
            format::read(&item.value)
                .map_err(|error| Unreadable::new(end_of(&item.key), None, error.cause()))
        };
        Ok(self.wire.all(&self.keys.networks())?.iter().map(read).collect())
    }

    fn all_leases(&self, network: Option<&NetworkRecord>) -> Result<Vec<Found<Lease>>> {
        let all = self.keys.all_leases();
        let prefix = network.map_or_else(|| all.clone(), |network| self.keys.leases(&network.id));
        let read = |item: &Item| {
            format::read(&item.value).map_err(|error| {
                let place = item.key.strip_prefix(&all).and_then(|place| place.split_once('/'));
                let (network, container) = place.unwrap_or_default();
                Unreadable::new(network, Some(container), error.cause())
            })
        };
        Ok(self.wire.all(&prefix)?.iter().map(read).collect())
    }
}

impl Store for EtcdStore {
    fn id(&self) -> &str {
        &self.id
    }

    fn host_name(&self) -> Option<&str> {
        Some(&self.host)
    }

    fn add_network(&self, network: &NetworkRecord) -> Result<()> {
        self.settle()?;
        let config = format::write(network)?;
        insist(|| {
            let guard = self.wire.get(Get::Key(self.keys.guard()))?;
            let guard = guard.first().map_or(0, |guard| guard.changed);
            check_clash(network, &self.all_networks()?)?;
            let mut then = vec![
                TxnOp::put(self.keys.guard(), network.id.clone(), None),
                TxnOp::put(self.keys.network(&network.id), config.clone(), None),
                TxnOp::put(self.keys.network_name(network.name()), network.id.clone(), None),
            ];
            for (pool, subnet) in network.config.get_subnets().iter().enumerate() {
                for gap in subnet.gaps() {
                    let key = self.keys.gap(&network.id, pool, keys::EVERYBODY, gap.first);
                    then.push(TxnOp::put(key, format!("{:032x}", gap.last), None));
                }
            }
            let when = vec![unchanged(self.keys.guard(), guard)];
            Ok(self.wire.commit(when, then)?.then_some(()))
        })
    }

    fn networks(&self) -> Result<Vec<NetworkRecord>> {
        let found = self.all_networks()?.into_iter().filter_map(Found::ok);
        let mut all: Vec<NetworkRecord> = found.collect();
        all.sort_by(|one, other| one.name().cmp(other.name()));
        Ok(all)
    }

    fn find_networks(&self, name_or_id: &str) -> Result<Vec<NetworkRecord>> {
        let by_id = |id: &str| {
            let begins = self.keys.network(id);
            Get::All(begins.clone(), format!("{begins}g"))
        };
        let mut gets = vec![Get::Key(self.keys.network_name(name_or_id))];
        gets.extend(is_id(name_or_id).then(|| by_id(name_or_id)));
        let mut read = self.wire.read(gets)?;
        let by_given_id = if is_id(name_or_id) { read.pop() } else { None };
        let named = read.pop().unwrap_or_default();
        let items = match named.first() {
            Some(item) => self.wire.get(by_id(&item.value))?,
            None => by_given_id.unwrap_or_default(),
        };
        let read = |item: &Item| {
            let hidden =
                |error: Error| Unreadable::new(end_of(&item.key), None, error.cause()).error;
            format::read::<NetworkRecord>(&item.value).map_err(hidden)
        };
        let found: Vec<NetworkRecord> = items.iter().map(read).collect::<Result<_>>()?;
        // What its name leads to may have been removed by a host that knows no such keys.
        let is_whole_id = found.len() == 1 && found.iter().any(|one| one.id == name_or_id);
        if !is_whole_id && found.iter().all(|one| one.name() != name_or_id) {
            let others = self.all_networks()?.into_iter().filter_map(Found::ok);
            if let Some(named) = others.into_iter().find(|one| one.name() == name_or_id) {
                return Ok(vec![named]);
            }
        }
        Ok(found)
    }

    fn remove_network(&self, network: &NetworkRecord) -> Result<()> {
        self.settle()?;
        let key = self.keys.network(&network.id);
        insist(|| {
            let mut then = vec![
                TxnOp::put(self.keys.guard(), network.id.clone(), None),
                TxnOp::delete(key.clone(), None),
                TxnOp::delete(self.keys.network_name(network.name()), None),
            ];
            for prefix in self.keys.of_network(&network.id) {
                then.push(TxnOp::delete(prefix, Some(DeleteOptions::new().with_prefix())));
            }
            let no_leases = absent(self.keys.leases(&network.id)).with_prefix();
            if self.wire.commit(vec![exists(key.clone()), no_leases], then)? {
                return Ok(Some(()));
            }
            if self.wire.get(Get::Key(key.clone()))?.is_empty() {
                return Err(no_network(network.name()));
            }
            match self.wire.all(&self.keys.leases(&network.id))?.as_slice() {
                [] => Ok(None),
                held @ [one, ..] => Err(in_use(network, held.len(), end_of(&one.key))),
            }
        })
    }

    fn lease(&self, network: &NetworkRecord, wish: &Wish) -> Result<Granted> {
        self.settle()?;
        self.grant(network, wish)
    }

    fn take_up(&self, network: &NetworkRecord, lease: &Lease) -> Result<bool> {
        self.settle()?;
        insist(|| {
            let found = self.wire.get(Get::Key(self.keys.lease(&network.id, &lease.container)))?;
            let Some(held) = found.first() else { return Ok(Some(false)) };
            if format::read::<Lease>(&held.value)?.endpoint != lease.endpoint {
                return Ok(Some(false));
            }
            Ok(self.write_anew(held)?.then_some(true))
        })
    }

    fn release(&self, network: &NetworkRecord, lease: &Lease) -> Result<bool> {
        self.settle()?;
        self.take_back(network, lease, |_| true)
    }

    fn update(&self, network: &NetworkRecord, lease: &Lease) -> Result<bool> {
        self.settle()?;
        insist(|| self.try_update(network, lease))
    }

    fn adopt(&self, network: &NetworkRecord, lease: &Lease) -> Result<()> {
        self.settle()?;
        self.enter(network, lease)
    }

    fn find(&self, network: &NetworkRecord, container: &str) -> Result<Option<Lease>> {
        self.settle()?;
        let found = self.wire.get(Get::Key(self.keys.lease(&network.id, container)))?;
        found.first().map(|item| format::read(&item.value)).transpose()
    }

    fn leases_of(&self, container: &str) -> Result<Vec<Lease>> {
        self.settle()?;
        let found = self.wire.get(Get::prefix(&self.keys.members(container)))?;
        found.iter().map(|item| format::read(&item.value)).collect()
    }

    fn named(&self, network: &NetworkRecord, name: &str) -> Result<Vec<Lease>> {
        let id = &network.id;
        let read = self.wire.read(vec![
            Get::Key(self.keys.name(id, name)),
            Get::prefix(&self.keys.aliases(id, name)),
            Get::Key(self.keys.lease(id, name)),
        ])?;
        let [named, aliased, lease] = read.as_slice() else { return Err(half_an_answer()) };
        let mut containers: Vec<&str> = named.iter().map(|item| item.value.as_str()).collect();
        containers.extend(aliased.iter().map(|item| end_of(&item.key)));
        let mut places = BTreeSet::new();
        containers.retain(|container| places.insert(*container));
        let readable = |item: &Item| format::read::<Lease>(&item.value).ok();
        if containers.is_empty() {
            return Ok(lease.iter().filter_map(readable).collect());
        }
        let mut found = Vec::new();
        for some in containers.chunks(OPERATIONS) {
            let gets = some.iter().map(|container| Get::Key(self.keys.lease(id, container)));
            let read = self.wire.read(gets.collect())?;
            found.extend(read.iter().flatten().filter_map(readable));
        }
        Ok(found)
    }

    fn holding(&self, network: &NetworkRecord, address: IpAddr) -> Result<Option<Lease>> {
        let key = self.keys.address(&network.id, pool::number(address));
        let found = self.wire.get(Get::Key(key))?;
        match found.first().map(|item| keys::read(&item.value)).transpose()? {
            Some(Holder::Lease { container, .. }) => self.find(network, &container),
            _ => Ok(None),
        }
    }

    fn count(&self) -> Result<HashMap<String, usize>> {
        let prefix = self.keys.all_leases();
        let mut found = HashMap::new();
        for key in self.wire.all_keys(&prefix)? {
            if let Some((network, _)) =
                key.strip_prefix(&prefix).and_then(|key| key.split_once('/'))
            {
                *found.entry(network.to_owned()).or_default() += 1;
            }
        }
        Ok(found)
    }

    fn leases(&self, network: Option<&NetworkRecord>) -> Result<Vec<Lease>> {
        self.settle()?;
        let found = self.all_leases(network)?;
        Ok(found.into_iter().filter_map(Found::ok).collect())
    }

    fn unreadable(&self) -> Result<Vec<Unreadable>> {
        let networks = self.all_networks()?.into_iter().filter_map(Found::err);
        let leases = self.all_leases(None)?.into_iter().filter_map(Found::err);
        Ok(networks.chain(leases).collect())
    }

    fn add_foreign(&self, network: &NetworkRecord, address: IpAddr) -> Result<bool> {
        insist(|| self.try_add_foreign(network, address))
    }

    fn forget_foreign(&self, network: &NetworkRecord, address: IpAddr) -> Result<bool> {
        let is_foreign = |holder: &Holder| matches!(holder, Holder::Foreign { .. });
        insist(|| self.try_free(network, address, &is_foreign))
    }

    fn foreign(&self, network: &NetworkRecord) -> Result<Vec<Foreign>> {
        let mut foreign = Vec::new();
        for item in self.wire.all(&self.keys.addresses(&network.id))? {
            if let Ok(Holder::Foreign { found, .. }) = keys::read(&item.value) {
                let address = pool::address(keys::number(end_of(&item.key))?);
                foreign.push(Foreign { address, found });
            }
        }
        Ok(foreign)
    }

    fn expire(&self, network: &NetworkRecord) -> Result<usize> {
        self.settle()?;
        self.free_what_is_over(network)
    }

    fn living_hosts(&self) -> Result<Option<Vec<String>>> {
        let prefix = self.keys.hosts();
        let mut hosts: Vec<String> = self
            .wire
            .all(&prefix)?
            .iter()
            .filter_map(|item| Some(item.key.strip_prefix(&prefix)?.split('/').next()?.to_owned()))
            .collect();
        hosts.dedup();
        Ok(Some(hosts))
    }
}
