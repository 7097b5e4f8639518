//! The store for many hosts: etcd.
//!
//! Every change is one etcd transaction with its conditions: that an address has no holder, that a
//! gap is unchanged, that the host is alive. If another process was faster, the data is read again.
//! So an address is given only once, however many hosts ask at the same time; and if etcd cannot be
//! reached, none is given.

mod change;
mod changed;
mod client;
mod create;
mod former;
mod gaps;
mod held;
mod host;
mod keys;
mod leases;
mod life;
mod making;
mod options;
mod pending;
mod pick;
mod rest;
mod seen;
mod store;
mod trouble;
mod update;
mod wire;

use std::collections::{BTreeSet, HashMap};
use std::net::IpAddr;
use std::sync::PoisonError;
use std::sync::atomic::Ordering;
use std::time::Duration;

use ipnet::IpNet;

use crate::error::{Error, Result};
use crate::former::Ending;
use crate::lease::{ConflictingAddress, Lease, LeaseRequest};
use crate::life::HostStatus;
use crate::pool;
use crate::record::NetworkRecord;
use crate::store::refusal::{in_use, no_network};
use crate::store::{Found, LeaseOutcome, Sealed, Store, Unreadable, format, is_id};

pub use options::{EtcdOptions, Pem};
pub use store::EtcdStore;

use change::{Change, retry};
use held::AllHeld;
use keys::{Holder, end_of};
use trouble::Trouble;
use wire::{Get, Item, OPERATIONS, absent};

impl EtcdStore {
    /// Undoes changes that etcd may or may not have made when it could not be reached, unless
    /// another caller has found and confirmed them since.
    fn settle(&self) -> std::result::Result<(), Trouble> {
        self.wire.check()?;
        let unanswered = self.unanswered.load(Ordering::Acquire);
        if self.fenced.load(Ordering::Acquire) < unanswered {
            // Requests that are still on their way are conditional on the old registration.
            self.register()?;
            self.fenced.fetch_max(unanswered, Ordering::AcqRel);
        }
        let doubtful = || self.doubtful.lock().unwrap_or_else(PoisonError::into_inner);
        loop {
            let Some((network, lease, taken)) = doubtful().pop() else { return Ok(()) };
            let is_unconfirmed = |item: &Item| item.made == item.changed;
            let undone = (&*taken, Ending::Undone);
            match self.take_back(&network, &lease, undone, is_unconfirmed) {
                Err(trouble) if trouble.is_passing() => {
                    doubtful().push((network, lease, taken));
                    return Err(trouble);
                }
                // A record that cannot be read now cannot be read later either.
                _ => {}
            }
        }
    }
}

impl EtcdStore {
    /// Settles like [`EtcdStore::settle`], but ignores a refusal, which does not affect a caller
    /// that only reads.
    fn settle_first(&self) -> Result<()> {
        match self.settle() {
            Err(trouble) if trouble.is_refusal => Ok(()),
            result => Ok(result?),
        }
    }

    pub(super) fn all_networks(&self) -> Result<Vec<Found<NetworkRecord>>> {
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
                let container = container.split('/').next().unwrap_or(container);
                Unreadable::new(network, Some(container), error.cause())
            })
        };
        Ok(self.wire.all(&prefix)?.iter().map(read).collect())
    }
}

impl Sealed for EtcdStore {}

impl Store for EtcdStore {
    fn id(&self) -> &str {
        &self.id
    }

    fn seal(&self, text: &str) -> Option<String> {
        Some(self.secret.seal(text))
    }

    fn host_name(&self) -> Option<&str> {
        Some(&self.host)
    }

    fn counts_as_alive_until(&self) -> Option<Duration> {
        Some(self.registration.lasts_until())
    }

    fn add_network(&self, network: &NetworkRecord, alone: &[IpNet]) -> Result<()> {
        self.settle()?;
        self.create(network, alone)
    }

    fn change_network(
        &self,
        old: &NetworkRecord,
        new: &NetworkRecord,
        alone: &[IpNet],
    ) -> Result<Vec<Lease>> {
        self.settle()?;
        self.change(old, new, alone)
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
        // The network may have been removed by a host that does not maintain the keys of names.
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
        retry(|| {
            let found = self.wire.get(Get::Key(key.clone()))?;
            if found.is_empty() {
                return Err(no_network(network.name()));
            }
            let (there, now) = self.current(network, &found);
            let mut change = Change::default();
            change.when.push(there);
            change.when.push(absent(self.keys.leases(&network.id)).with_prefix());
            change.put(self.keys.guard(), network.id.clone());
            change.delete(key.clone());
            change.delete(self.keys.network_name(network.name()));
            change.delete_all(self.keys.all_gaps(now.gaps()));
            for prefix in self.keys.of_network(&network.id) {
                change.delete_all(prefix);
            }
            if change.commit(&self.wire)? {
                return Ok(Some(()));
            }
            match self.wire.all(&self.keys.leases(&network.id))?.as_slice() {
                [] => Ok(None),
                held @ [one, ..] => {
                    let place = one.key.strip_prefix(&self.keys.leases(&network.id));
                    let container = place.and_then(|place| place.split('/').next());
                    Err(in_use(network, held.len(), container.unwrap_or_default()))
                }
            }
        })
    }

    fn lease(&self, network: &NetworkRecord, request: &LeaseRequest) -> Result<LeaseOutcome> {
        self.settle()?;
        self.grant(network, request)
    }

    fn take_up(&self, network: &NetworkRecord, lease: &Lease) -> Result<bool> {
        self.settle()?;
        retry(|| {
            let [first, further] = AllHeld::gets(&self.keys, &network.id, &lease.container);
            let host = Get::Key(self.registration.key.clone());
            let [first, further, host] = self.wire.read_all([first, further, host])?;
            let found = [&*first, &*further];
            let mut all = AllHeld::read(&self.keys, &network.id, &lease.container, found)?;
            let Some(held) = all.take(&lease.endpoint) else { return Ok(Some(false)) };
            let Some(host) = host.first() else {
                // While the host counts as dead, others may take the lease.
                self.register()?;
                return Ok(None);
            };
            Ok(self.write_anew(&held.item, host)?.then_some(true))
        })
    }

    fn undo_lease(&self, network: &NetworkRecord, lease: &Lease, taken: &[Lease]) -> Result<bool> {
        self.settle()?;
        Ok(self.take_back(network, lease, (taken, Ending::Undone), |_| true)?)
    }

    fn release(&self, network: &NetworkRecord, lease: &Lease) -> Result<bool> {
        self.settle()?;
        Ok(self.take_back(network, lease, (&[], Ending::Disconnected), |_| true)?)
    }

    fn release_gone(&self, network: &NetworkRecord, leases: Vec<Lease>) -> Result<Vec<Lease>> {
        self.settle()?;
        self.take_back_all(network, leases)
    }

    fn update(&self, network: &NetworkRecord, lease: &Lease) -> Result<bool> {
        self.settle()?;
        retry(|| self.try_update(network, lease))
    }

    fn adopt(&self, network: &NetworkRecord, lease: Lease) -> Result<Lease> {
        self.settle()?;
        self.enter(network, &lease)
    }

    fn bind(&self, network: &NetworkRecord, lease: &Lease) -> Result<bool> {
        self.settle()?;
        retry(|| self.try_bind(network, lease))
    }

    fn find(&self, network: &NetworkRecord, container: &str) -> Result<Vec<Lease>> {
        self.settle_first()?;
        let [first, further] =
            self.wire.read_all(AllHeld::gets(&self.keys, &network.id, container))?;
        let found = [&*first, &*further];
        Ok(AllHeld::read(&self.keys, &network.id, container, found)?.leases())
    }

    fn leases_of(&self, container: &str) -> Result<Vec<Lease>> {
        self.settle()?;
        let found = self.wire.get(Get::prefix(&self.keys.members(container)))?;
        found.iter().map(|item| format::read(&item.value)).collect()
    }

    fn named(&self, network: &NetworkRecord, name: &str) -> Result<Vec<Lease>> {
        let id = &network.id;
        let [first, further] = AllHeld::gets(&self.keys, id, name);
        let [named, aliased, first, further] = self.wire.read_all([
            Get::Key(self.keys.name(id, name)),
            Get::prefix(&self.keys.aliases(id, name)),
            first,
            further,
        ])?;
        let mut containers: Vec<&str> = named.iter().map(|item| item.value.as_str()).collect();
        containers.extend(aliased.iter().map(|item| end_of(&item.key)));
        let mut places = BTreeSet::new();
        containers.retain(|container| places.insert(*container));
        let readable = |item: &Item| format::read::<Lease>(&item.value).ok();
        if containers.is_empty() {
            return Ok(first.iter().chain(&further).filter_map(readable).collect());
        }
        let mut found = Vec::new();
        for some in containers.chunks(OPERATIONS / 2) {
            let gets = some.iter().flat_map(|container| AllHeld::gets(&self.keys, id, container));
            let read = self.wire.read(gets.collect())?;
            found.extend(read.iter().flatten().filter_map(readable));
        }
        Ok(found)
    }

    fn holding(&self, network: &NetworkRecord, address: IpAddr) -> Result<Option<Lease>> {
        let key = self.keys.address(&network.id, pool::number(address));
        let found = self.wire.get(Get::Key(key))?;
        match found.first().map(|item| keys::read(&item.value)).transpose()? {
            Some(Holder::Lease { container, .. }) => {
                let found = self.find(network, &container)?;
                Ok(found.into_iter().find(|lease| lease.has(address)))
            }
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
        self.settle_first()?;
        let found = self.all_leases(network)?;
        Ok(found.into_iter().filter_map(Found::ok).collect())
    }

    fn unreadable(&self) -> Result<Vec<Unreadable>> {
        let networks = self.all_networks()?.into_iter().filter_map(Found::err);
        let leases = self.all_leases(None)?.into_iter().filter_map(Found::err);
        Ok(networks.chain(leases).collect())
    }

    fn add_conflicting_address(&self, network: &NetworkRecord, address: IpAddr) -> Result<bool> {
        retry(|| self.try_add_conflicting_address(network, address))
    }

    fn remove_conflicting_address(&self, network: &NetworkRecord, address: IpAddr) -> Result<bool> {
        let is_foreign = |holder: &Holder| matches!(holder, Holder::Foreign { .. });
        retry(|| self.try_free(network, address, &is_foreign))
    }

    fn conflicting_addresses(&self, network: &NetworkRecord) -> Result<Vec<ConflictingAddress>> {
        let mut conflicting = Vec::new();
        for item in self.wire.all(&self.keys.addresses(&network.id))? {
            if let Ok(Holder::Foreign { found, .. }) = keys::read(&item.value) {
                let address = pool::address(keys::number(end_of(&item.key))?);
                conflicting.push(ConflictingAddress { address, found });
            }
        }
        Ok(conflicting)
    }

    fn remembers(&self, network: &NetworkRecord, container: &str) -> Result<bool> {
        let was = self.keys.was(&network.id, container);
        let gets = [Get::prefix(&format!("{was}/")), Get::Key(was)];
        Ok(!self.wire.read_all(gets)?.iter().all(Vec::is_empty))
    }

    fn has_free(&self, network: &NetworkRecord, v6: bool) -> Result<bool> {
        retry(|| self.has_any(network, v6))
    }

    fn expire(&self, network: &NetworkRecord) -> Result<usize> {
        self.settle()?;
        self.sweep()?;
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

    fn hosts(&self) -> Result<Vec<HostStatus>> {
        self.all_hosts()
    }

    fn check_life(&self) -> Result<()> {
        let found = match self.life_gets() {
            gets if gets.is_empty() => Vec::new(),
            gets => self.wire.read(gets)?,
        };
        self.check_life_in(&found).map(drop)
    }

    fn declare_host(&self, host: &str) -> Result<bool> {
        self.settle()?;
        self.declare(host)
    }

    fn forget_host(&self, host: &str) -> Result<bool> {
        self.settle()?;
        self.forget(host)
    }
}
