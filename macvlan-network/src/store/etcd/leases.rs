//! Leases in etcd.

use std::borrow::Cow;
use std::collections::{BTreeMap, HashSet};
use std::net::IpAddr;

use etcd_client::Compare;
use ipnet::IpNet;

use crate::error::{Error, Result};
use crate::former::{Ending, Former};
use crate::lease::{Lease, LeaseRequest};
use crate::pool;
use crate::record::NetworkRecord;
use crate::store::refusal::{changed, name_taken, no_network, not_pending};
use crate::store::{LeaseOutcome, Store as _, format};
use crate::time::seconds as now;

use super::change::{Change, retry, retry_or};
use super::former;
use super::held::{AllHeld, Held};
use super::keys::{self, EVERYBODY, Holder, Was};
use super::pick::Pick;
use super::seen::Seen;
use super::store::EtcdStore;
use super::trouble::Trouble;
use super::wire::{Get, Item, OPERATIONS, absent, exists, unchanged};

impl EtcdStore {
    /// Grants a lease.
    pub(super) fn grant(
        &self,
        network: &NetworkRecord,
        request: &LeaseRequest,
    ) -> Result<LeaseOutcome> {
        retry(|| self.try_grant(network, request))
    }

    fn try_grant(
        &self,
        network: &NetworkRecord,
        request: &LeaseRequest,
    ) -> Result<Option<LeaseOutcome>> {
        let (id, container) = (network.id.as_str(), request.container.as_str());
        let seen = Seen::new(&self.wire);
        let [first, further] = AllHeld::gets(&self.keys, id, container);
        let was = self.keys.was(id, container);
        let gets = [
            Get::Key(self.keys.network(id)),
            first,
            further,
            Get::prefix(&self.keys.members(container)),
            Get::prefix(&format!("{was}/")),
            Get::Key(was),
            Get::Key(self.registration.key.clone()),
            self.name_get(id, request),
        ];
        let wanted = request.take.iter().map(|one| Get::Key(self.keys.lease(id, one)));
        let wanted: Vec<Get> = wanted.collect();
        let life = self.life_gets();
        // Also reads the parts of the pools that will be needed, as far as they are known.
        let (starts, pools) = self.known_pools(&seen, network, request)?;
        seen.fetch(&[&gets[..], &wanted, &life, &pools].concat())?;
        let mut read = gets.iter().map(|get| seen.get(get));
        let mut found = || read.next().unwrap_or_else(|| Ok(Vec::new()));
        let (there, first, further, others) = (found()?, found()?, found()?, found()?);
        let (remembered, was, host) = (found()?, found()?, found()?);
        let there = there.first().ok_or_else(|| no_network(network.name()))?;
        let now: NetworkRecord = format::read(&there.value)?;
        if now != *network {
            return Ok(Some(LeaseOutcome::Changed(now)));
        }
        let Some(host) = host.first() else {
            // etcd could not be reached for so long that this host counts as dead.
            self.register()?;
            return Ok(None);
        };
        let others = others.iter().map(|item| format::read(&item.value));
        let mut others: Vec<Lease> = others.collect::<Result<_>>()?;
        others.retain(|lease| lease.network != network.id);
        let held = AllHeld::read(&self.keys, id, container, [&*first, &*further])?;
        let ours = held.leases();
        let meant = request.meant(network, &ours)?;
        others.extend(ours);
        if let Some(Held { item, lease, .. }) = meant.map(|at| &held.all[at]) {
            let is_there = request.is_beside(lease);
            if is_there && !self.write_anew(item, host)? {
                return Ok(None);
            }
            others.retain(|other| other.endpoint != lease.endpoint);
            return Ok(Some(LeaseOutcome::Held { lease: lease.clone(), others }));
        }
        let life = life.iter().map(|get| seen.get(get)).collect::<Result<Vec<_>>>()?;
        let outlives = self.check_life_in(&life);
        let outlives = outlives.map_err(|error| error.in_network(network.name()))?;
        let (formers, further) = self.split_remembered(id, container, remembered);
        let was = former::was(&further, was.first(), network, request, &others)?;
        let former = Former::of_returning(former::all(&formers), network, request, &others);
        let named = former.as_ref().map(|former| self.former_name_get(id, former));
        let starts = self.fetch_rest(&seen, network, request, (was.as_ref(), named, starts))?;
        let mut request = request.clone();
        if let Some(mut former) = former {
            if request.name.is_none() {
                self.drop_taken_name(&seen, (id, container), &mut former)?;
                self.drop_name_without_address(&seen, network, &request, &mut former)?;
            }
            former.complete(&mut request);
        }
        let request = &request;
        let mut change = Change::default();
        let (mut taken, mut addresses) = (Vec::new(), Vec::new());
        for (get, one) in wanted.iter().zip(&request.take) {
            let item = seen.get(get)?.into_iter().next();
            let item = item.ok_or_else(|| not_pending(network, one))?;
            let pending = self.take_pending(&seen, network, &item, &mut addresses, &mut change)?;
            taken.push(pending.ok_or_else(|| not_pending(network, one))?);
        }
        let from = (was.as_ref(), &starts);
        let Some(picked) = self.pick_all(&seen, network, request, from, &mut change)? else {
            return Ok(None);
        };
        addresses.extend(picked);
        let plain = addresses.iter().map(|(net, _)| *net).collect();
        let lease = request.granted(network, plain, &others, &taken);
        let named = seen.get(&self.name_get(id, request))?;
        self.put_lease(&mut change, network, &lease, &addresses, (&held, named.first()))?;
        change.when.push(unchanged(self.registration.key.clone(), host.changed));
        change.when.push(unchanged(there.key.clone(), there.changed));
        change.when.extend(outlives);
        match self.decide(change) {
            Ok(true) => Ok(Some(LeaseOutcome::New { lease, others, taken })),
            Ok(false) => Ok(None),
            Err(trouble) => {
                if !trouble.is_refusal {
                    // It is unknown whether the change was made. The caller gets an error, so it
                    // has to be undone.
                    self.doubt(network, lease, taken);
                }
                Err(trouble.into())
            }
        }
    }

    /// Returns the read for the holder of a requested name.
    fn name_get(&self, id: &str, request: &LeaseRequest) -> Get {
        Get::Key(self.keys.name(id, request.name.as_deref().unwrap_or_default()))
    }

    /// Chooses the addresses that are not taken from pending leases, with the owners of their gaps;
    /// `None` if the data must be read again.
    fn pick_all(
        &self,
        seen: &Seen<'_>,
        network: &NetworkRecord,
        request: &LeaseRequest,
        (was, starts): (Option<&Was>, &BTreeMap<usize, u128>),
        change: &mut Change,
    ) -> Result<Option<Vec<(IpNet, String)>>> {
        let mut addresses = Vec::new();
        for v6 in [false, true] {
            let mut picks = Vec::new();
            for address in request.fixed(network, v6)? {
                picks.push(self.pick_fixed(seen, network, address, change)?);
            }
            if picks.is_empty() && request.chooses(network, v6) {
                picks.push(self.pick_any(seen, network, request, (v6, was, starts), change)?);
            }
            for pick in picks {
                match pick {
                    Pick::Taken(net, owner) => addresses.push((net, owner)),
                    Pick::Again => return Ok(None),
                }
            }
        }
        Ok(Some(addresses))
    }

    /// Returns a network's current record and the condition that it is unchanged.
    ///
    /// A record that cannot be read is taken to be the caller's.
    pub(super) fn current<'a>(
        &self,
        network: &'a NetworkRecord,
        found: &[Item],
    ) -> (Compare, Cow<'a, NetworkRecord>) {
        let found = found.first();
        let there = unchanged(self.keys.network(&network.id), found.map_or(0, |item| item.changed));
        let now = found.and_then(|item| format::read(&item.value).ok());
        (there, now.map_or(Cow::Borrowed(network), Cow::Owned))
    }

    /// Rewrites a lease for one more caller; false if it has changed.
    ///
    /// Earlier changes that are still unanswered were conditional on the previous revision, so they
    /// fail from now on. The new revision also keeps them from being undone as doubtful. The host's
    /// registration is a condition.
    pub(super) fn write_anew(&self, held: &Item, host: &Item) -> Result<bool> {
        let mut change = Change::default();
        change.when.push(unchanged(host.key.clone(), host.changed));
        change.when.push(unchanged(held.key.clone(), held.changed));
        change.put(held.key.clone(), held.value.clone());
        Ok(change.commit(&self.wire)?)
    }

    /// Returns the most operations that the release of a lease takes: two for each address, one for
    /// each alias, and some for the lease.
    fn size(lease: &Lease) -> usize {
        2 * lease.addresses.len() + lease.aliases.len() + 8
    }

    /// Refuses a lease that would not fit into one transaction when it is released.
    pub(super) fn check_size(lease: &Lease) -> Result<()> {
        if Self::size(lease) <= OPERATIONS {
            return Ok(());
        }
        let (addresses, aliases) = (lease.addresses.len(), lease.aliases.len());
        let why =
            format!("{addresses} addresses and {aliases} aliases exceed one transaction of etcd");
        Err(Error::invalid("lease the addresses", why).with_hint("use fewer of them"))
    }

    /// Adds the operations that write a lease, and their conditions except for the host's
    /// registration: the container's other leases in the network, and the holder of its name.
    fn put_lease(
        &self,
        change: &mut Change,
        network: &NetworkRecord,
        lease: &Lease,
        addresses: &[(IpNet, String)],
        (held, named): (&AllHeld, Option<&Item>),
    ) -> Result<()> {
        Self::check_size(lease)?;
        let (id, container) = (lease.network.as_str(), lease.container.as_str());
        let value = format::write(lease)?;
        change.when.push(exists(self.keys.network(id)));
        let suffix = held.place_for(lease.interface.as_str(), change);
        change.put(format!("{}{suffix}", self.keys.lease(id, container)), value.clone());
        change.put(format!("{}{suffix}", self.keys.member(container, id)), value);
        if let Some(name) = &lease.name {
            self.put_name(change, network, (name, container), named)?;
        }
        for alias in &lease.aliases {
            change.put(self.keys.alias(id, alias, container), String::new());
        }
        for (net, owner) in addresses {
            let holder = Holder::Lease { container: container.to_owned(), owner: owner.clone() };
            let at = pool::number(net.addr());
            change.put(self.keys.address(id, at), keys::write(&holder)?);
        }
        Ok(())
    }

    /// Gives a name to a container, on the condition that its holder is unchanged.
    pub(super) fn put_name(
        &self,
        change: &mut Change,
        network: &NetworkRecord,
        (name, container): (&str, &str),
        named: Option<&Item>,
    ) -> Result<()> {
        if let Some(holder) = named.filter(|holder| holder.value != container) {
            return Err(name_taken(network, name, &holder.value));
        }
        let key = self.keys.name(&network.id, name);
        change.when.push(unchanged(key.clone(), named.map_or(0, |item| item.changed)));
        change.put(key, container.to_owned());
        Ok(())
    }

    /// Deletes the names of a lease that no other lease of its container has.
    pub(super) fn delete_names(&self, change: &mut Change, lease: &Lease, others: &AllHeld) {
        let id = &lease.network;
        if let Some(name) = lease.name.as_ref().filter(|name| !others.has_name(name)) {
            change.delete(self.keys.name(id, name));
        }
        for alias in lease.aliases.iter().filter(|alias| !others.has_alias(alias)) {
            change.delete(self.keys.alias(id, alias, &lease.container));
        }
    }

    /// Releases a lease, if it is unchanged and may be released. The leases that it has taken are
    /// pending again.
    pub(super) fn take_back(
        &self,
        network: &NetworkRecord,
        lease: &Lease,
        how: (&[Lease], Ending),
        may: impl Fn(&Item) -> bool,
    ) -> std::result::Result<bool, Trouble> {
        let released = self.take_back_some(network, std::slice::from_ref(lease), how, may)?;
        Ok(released.contains(&true))
    }

    /// Releases leases of containers that are gone, as many in one transaction as fit into it.
    pub(super) fn take_back_all(
        &self,
        network: &NetworkRecord,
        leases: Vec<Lease>,
    ) -> Result<Vec<Lease>> {
        let mut released = Vec::new();
        let mut rest = leases.into_iter().peekable();
        while rest.peek().is_some() {
            let (mut some, mut containers, mut size) = (Vec::new(), HashSet::new(), 0);
            // Two leases of one container have the same names.
            while let Some(lease) = rest.next_if(|lease| {
                size += Self::size(lease);
                let fits = size <= OPERATIONS && !containers.contains(&lease.container);
                fits || some.is_empty()
            }) {
                containers.insert(lease.container.clone());
                some.push(lease);
            }
            let done = self.take_back_some(network, &some, (&[], Ending::Gone), |_| true)?;
            released
                .extend(some.into_iter().zip(done).filter_map(|(one, done)| done.then_some(one)));
        }
        Ok(released)
    }

    /// Releases leases of different containers in one transaction, and returns which of them
    /// existed and could be released.
    fn take_back_some(
        &self,
        network: &NetworkRecord,
        leases: &[Lease],
        (taken, ending): (&[Lease], Ending),
        may: impl Fn(&Item) -> bool,
    ) -> std::result::Result<Vec<bool>, Trouble> {
        let id = network.id.as_str();
        retry_or(|| {
            let host = self.registration.key.clone();
            let mut gets = vec![Get::Key(self.keys.network(id)), Get::Key(host.clone())];
            for lease in leases {
                gets.extend(AllHeld::gets(&self.keys, id, &lease.container));
                for net in &lease.addresses {
                    gets.push(Get::Key(self.keys.address(id, pool::number(net.addr()))));
                }
            }
            let mut read = self.wire.read(gets)?.into_iter();
            let mut next = || read.next().unwrap_or_default();
            let (found, registered) = (next(), next());
            let (there, current) = self.current(network, &found);
            let (mut change, seen) = (Change::default(), Seen::new(&self.wire));
            change.when.push(there);
            let registered = registered.first().map_or(0, |host| host.changed);
            change.when.push(unchanged(host, registered));
            let mut released = Vec::new();
            for lease in leases {
                let held = [next(), next()];
                let places: Vec<Vec<Item>> = lease.addresses.iter().map(|_| next()).collect();
                let others =
                    AllHeld::read(&self.keys, id, &lease.container, [&*held[0], &*held[1]])?;
                let found = (others, &*places);
                let lease = (lease, taken, ending);
                released.push(self.release(&seen, &current, lease, found, &may, &mut change)?);
            }
            if !released.contains(&true) {
                return Ok(Some(released));
            }
            Ok(self.decide(change)?.then_some(released))
        })
    }

    /// Adds the release of a lease to a change; false if it may not be released.
    fn release(
        &self,
        seen: &Seen<'_>,
        network: &NetworkRecord,
        (lease, taken, ending): (&Lease, &[Lease], Ending),
        (mut others, places): (AllHeld, &[Vec<Item>]),
        may: impl Fn(&Item) -> bool,
        change: &mut Change,
    ) -> std::result::Result<bool, Trouble> {
        let (id, container) = (network.id.as_str(), lease.container.as_str());
        // Its names may have changed in the meantime.
        let Some(held) = others.take(&lease.endpoint) else { return Ok(false) };
        let is_bound = lease.pending().is_some() && held.lease.pending().is_none();
        if is_bound || !may(&held.item) {
            return Ok(false);
        }
        if lease.host != self.host {
            let theirs = self.keys.host(&lease.host, "");
            if !seen.get(&Get::prefix(&theirs))?.is_empty() {
                return Ok(false);
            }
            change.when.push(absent(theirs).with_prefix());
        }
        change.when.push(unchanged(held.item.key.clone(), held.item.changed));
        change.when.extend(others.unchanged_beside(&held));
        change.delete(held.item.key.clone());
        change.delete(format!("{}{}", self.keys.member(container, id), held.suffix));
        self.delete_names(change, &held.lease, &others);
        self.end_settings(&held.lease, &others, ending, change)?;
        for pending in taken {
            self.put_pending(pending, change)?;
        }
        let keep = network.config.get_reservation_ttl().as_secs();
        let mut addresses: Vec<IpAddr> = lease.addresses.iter().map(IpNet::addr).collect();
        for (address, place) in addresses.iter().zip(places) {
            let owner = match place.first() {
                Some(item) => keys::read::<Holder>(&item.value)?.owner().to_owned(),
                None => EVERYBODY.to_owned(),
            };
            if let Some(pending) = taken.iter().find(|pending| pending.has(*address)) {
                let holder = Holder::Lease { container: pending.container.clone(), owner };
                let at = pool::number(*address);
                change.put(self.keys.address(id, at), keys::write(&holder)?);
                continue;
            }
            let (rests, container) = (keep == 0, container.to_owned());
            let until = now().saturating_add(keep);
            let kept = Holder::Kept { container, until, owner, rests };
            self.keep(network, *address, &kept, change)?;
        }
        addresses.retain(|address| !taken.iter().any(|pending| pending.has(*address)));
        if !addresses.is_empty() {
            let was = keys::write(&Was { addresses, released: now() })?;
            let key = self.keys.was(id, container);
            // Hosts of an earlier version look where the lease was.
            change.put(format!("{key}{}", held.suffix), was.clone());
            change.put(format!("{key}/{}", held.lease.interface), was);
        }
        Ok(true)
    }

    /// Enters a lease that was lost, and returns it.
    pub(super) fn enter(&self, network: &NetworkRecord, lost: &Lease) -> Result<Lease> {
        retry(|| {
            let mut lease = lost.clone();
            let host = self.registration.key.clone();
            let [first, further] = AllHeld::gets(&self.keys, &network.id, &lease.container);
            let mut gets = vec![
                Get::Key(self.keys.network(&network.id)),
                Get::Key(host.clone()),
                first,
                further,
                self.former_get(&network.id, &lease.container),
            ];
            gets.extend(self.life_gets());
            let mut read = self.wire.read(gets)?.into_iter();
            let mut take = || read.next().unwrap_or_default();
            let (there, registered, first, further, formers) =
                (take(), take(), take(), take(), take());
            let outlives = self.check_life_in(&read.collect::<Vec<_>>())?;
            if there.is_empty() {
                return Err(no_network(network.name()));
            }
            let (there, network) = self.current(network, &there);
            let network = &network;
            if lease.parent.0 != network.stored_parent() {
                return Err(changed(network));
            }
            let Some(registered) = registered.first() else {
                self.register()?;
                return Ok(None);
            };
            let found = [&*first, &*further];
            let held = AllHeld::read(&self.keys, &network.id, &lease.container, found)?;
            lease.check_interface(network, &held.leases())?;
            let mut change = Change::default();
            let seen = Seen::new(&self.wire);
            self.restore(&seen, &formers, &mut lease)?;
            let mut addresses = Vec::new();
            for net in &lease.addresses {
                network.check_reserved(net.addr(), lease.name.as_deref())?;
                match self.pick_fixed(&seen, network, net.addr(), &mut change)? {
                    Pick::Taken(net, owner) => addresses.push((net, owner)),
                    Pick::Again => return Ok(None),
                }
            }
            let name = lease.name.as_deref().unwrap_or_default();
            let named = seen.get(&Get::Key(self.keys.name(&network.id, name)))?;
            let rests_on = (&held, named.first());
            self.put_lease(&mut change, network, &lease, &addresses, rests_on)?;
            change.when.push(unchanged(host, registered.changed));
            change.when.push(there);
            change.when.extend(outlives);
            Ok(self.decide(change)?.then_some(lease))
        })
    }

    pub(super) fn try_add_conflicting_address(
        &self,
        network: &NetworkRecord,
        address: IpAddr,
    ) -> Result<Option<bool>> {
        let key = self.keys.address(&network.id, pool::number(address));
        let mut change = Change::default();
        let [there, held] = self
            .wire
            .read_all([Get::Key(self.keys.network(&network.id)), Get::Key(key.clone())])?;
        if there.is_empty() {
            return Err(no_network(network.name()));
        }
        let (there, network) = self.current(network, &there);
        let owner = match held.first() {
            None => {
                change.when.push(absent(key.clone()));
                self.take_from_any(&Seen::new(&self.wire), &network, address, &mut change)?
            }
            Some(item) => match keys::read(&item.value)? {
                Holder::Lease { .. } => return Ok(Some(false)),
                Holder::Foreign { .. } => return Ok(Some(true)),
                Holder::Kept { owner, until, .. } => {
                    change.when.push(unchanged(key.clone(), item.changed));
                    self.unlist(&network, address, until, &mut change);
                    Some(owner)
                }
            },
        };
        let owner = owner.unwrap_or_else(|| EVERYBODY.to_owned());
        change.when.push(there);
        change.put(key, keys::write(&Holder::Foreign { found: now(), owner })?);
        Ok(change.commit(&self.wire)?.then_some(true))
    }

    /// Frees an address that has no lease, if its holder satisfies a condition.
    pub(super) fn try_free(
        &self,
        network: &NetworkRecord,
        address: IpAddr,
        is_such: &dyn Fn(&Holder) -> bool,
    ) -> Result<Option<bool>> {
        let key = self.keys.address(&network.id, pool::number(address));
        let [held, found] = self
            .wire
            .read_all([Get::Key(key.clone()), Get::Key(self.keys.network(&network.id))])?;
        let (there, network) = self.current(network, &found);
        let Some(item) = held.first() else { return Ok(Some(false)) };
        let holder: Holder = keys::read(&item.value)?;
        if !is_such(&holder) {
            return Ok(Some(false));
        }
        let mut change = Change::default();
        change.when.extend([unchanged(key.clone(), item.changed), there]);
        change.delete(key);
        if let Holder::Kept { until, .. } = holder {
            self.unlist(&network, address, until, &mut change);
        }
        self.give_back(&network, address, holder.owner(), &mut change)?;
        Ok(change.commit(&self.wire)?.then_some(true))
    }

    pub(super) fn return_shares(&self, network: &NetworkRecord, pool: usize) -> Result<()> {
        let living = self.living_hosts()?.unwrap_or_default();
        for owner in self.owners(network, pool)? {
            if owner == EVERYBODY || living.contains(&owner) {
                continue;
            }
            retry(|| {
                let seen = Seen::new(&self.wire);
                let theirs = self.pool(&seen, network, pool, &owner);
                let Some((_, from)) = theirs.first_free(0)? else { return Ok(Some(())) };
                let mut change = Change::default();
                change.take_all(&from);
                self.pool(&seen, network, pool, EVERYBODY).give_back(&mut change, from.gap)?;
                change.commit(&self.wire)?;
                Ok(None)
            })?;
        }
        Ok(())
    }
}
