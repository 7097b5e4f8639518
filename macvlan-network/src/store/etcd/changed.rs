//! Changes a network, with regard to other networks and its leases.

use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;

use etcd_client::Compare;
use ipnet::IpNet;

use crate::error::Result;
use crate::lease::Lease;
use crate::pool::{self, Gap};
use crate::random;
use crate::record::NetworkRecord;
use crate::store::refusal::{changed, no_network};
use crate::store::{clash, format};

use super::change::{Change, retry};
use super::keys::{self, EVERYBODY, Holder, end_of};
use super::making::{Gaps, Making, changes, entry};
use super::store::EtcdStore;
use super::wire::{Get, Item, OPERATIONS, none_since, unchanged};

impl EtcdStore {
    /// Returns the condition that no network is added, removed or changed after this read.
    pub(super) fn guarded(&self) -> Result<Compare> {
        let guard = self.wire.get(Get::Key(self.keys.guard()))?;
        Ok(unchanged(self.keys.guard(), guard.first().map_or(0, |guard| guard.changed)))
    }

    /// Refuses a network that conflicts with others, and adds the conditions beyond the guard.
    pub(super) fn check(
        &self,
        operation: &'static str,
        network: &NetworkRecord,
        alone: &[IpNet],
        ours: &BTreeSet<IpAddr>,
        when: &mut Vec<Compare>,
    ) -> Result<()> {
        let others = self.all_networks()?;
        let parents = |other: &NetworkRecord| self.parents(other);
        for other in clash::check(operation, network, &others, alone, parents)? {
            let theirs: Vec<IpAddr> = self.held(&other.id, false, when)?.into_iter().collect();
            clash::check_held(operation, network, other, &theirs, ours)?;
        }
        Ok(())
    }

    /// Returns the parents that the interfaces of a network's containers are on, as they are stored.
    ///
    /// No condition is needed: interfaces only leave a parent that is not the network's.
    pub(super) fn parents(&self, network: &NetworkRecord) -> Result<Vec<String>> {
        let (found, _) = self.wire.all_at(&self.keys.leases(&network.id))?;
        let leases = found.iter().filter_map(|item| format::read::<Lease>(&item.value).ok());
        Ok(leases.filter_map(|lease| lease.parent.0).collect())
    }

    /// Returns the addresses that have a holder in a network, optionally with those that are kept,
    /// and adds the conditions.
    fn held(&self, id: &str, kept: bool, when: &mut Vec<Compare>) -> Result<BTreeSet<IpAddr>> {
        let addresses = self.keys.addresses(id);
        let (found, revision) = self.wire.all_at(&addresses)?;
        when.push(none_since(addresses, revision));
        let is_held = |value: &str| kept || !matches!(keys::read(value), Ok(Holder::Kept { .. }));
        let held = found.iter().filter(|item| is_held(&item.value));
        held.map(|item| keys::number(end_of(&item.key)).map(pool::address)).collect()
    }

    pub(super) fn change(
        &self,
        old: &NetworkRecord,
        new: &NetworkRecord,
        alone: &[IpNet],
    ) -> Result<Vec<Lease>> {
        let (operation, key) = ("change the network", self.keys.network(&new.id));
        let mut making = Making::new(self, random::id());
        let changed = retry(|| {
            let found = self.wire.get(Get::Key(key.clone()))?;
            let found = found.first().ok_or_else(|| no_network(new.name()))?;
            let now: NetworkRecord = format::read(&found.value)?;
            if now.config != old.config {
                return Err(changed(old));
            }
            let mut new = NetworkRecord { gaps: now.gaps.clone(), ..new.clone() };
            let mut change = Change::default();
            change.when.extend([unchanged(key.clone(), found.changed), self.guarded()?]);
            let ours = self.held(&new.id, false, &mut change.when)?;
            self.check(operation, &new, alone, &ours, &mut change.when)?;
            let prefix = self.keys.leases(&new.id);
            let (leases, revision) = self.wire.all_at(&prefix)?;
            change.when.push(none_since(prefix, revision));
            let read = leases.iter().map(|item| format::read::<Lease>(&item.value));
            let leases: Vec<Lease> = read.collect::<Result<_>>()?;
            leases.iter().try_for_each(|lease| lease.check_in(&new))?;
            if !now.config.gives_as(&new.config) {
                let (has, wanted) = self.gaps_of(&now, &new, &mut change)?;
                let place = self.keys.all_gaps(now.gaps());
                let changes = changes(&has, &wanted);
                if changes.len() <= OPERATIONS {
                    change.put_all(&place, changes);
                } else if making.finish(&wanted, &mut change)? {
                    change.delete_all(place);
                    new.gaps = Some(making.id().to_owned());
                } else {
                    return Ok(None);
                }
            }
            change.put(self.keys.guard(), new.id.clone());
            change.put(key.clone(), format::write(&new)?);
            change.put(self.keys.network_name(new.name()), new.id.clone());
            Ok(change.commit(&self.wire)?.then_some(leases))
        });
        making.end();
        changed
    }

    /// Returns the current gaps of a network, and those after the change: the addresses that are
    /// neither held nor kept.
    ///
    /// Addresses in a host's share remain in it, if the network still gives them.
    fn gaps_of(
        &self,
        old: &NetworkRecord,
        new: &NetworkRecord,
        change: &mut Change,
    ) -> Result<(Gaps, Gaps)> {
        let held = self.held(&new.id, true, &mut change.when)?;
        let held: Vec<Gap> = held.into_iter().map(pool::number).map(Gap::of).collect();
        let prefix = self.keys.all_gaps(old.gaps());
        let (found, revision) = self.wire.all_at(&prefix)?;
        change.when.push(none_since(prefix.clone(), revision));
        let (mut has, mut wanted) = (Gaps::new(), Gaps::new());
        // The current owners of the gaps, by subnet.
        let mut shares: BTreeMap<(IpNet, String), Vec<Gap>> = BTreeMap::new();
        for Item { key, value, .. } in found {
            let place = key.strip_prefix(&prefix).unwrap_or_default();
            let mut parts = place.split('/');
            let pool = parts.next().and_then(|pool| usize::from_str_radix(pool, 16).ok());
            let subnet = pool.and_then(|pool| old.config.get_subnets().get(pool));
            if let (Some(subnet), Some(owner)) = (subnet, parts.next()) {
                let gap = Gap { first: keys::number(end_of(&key))?, last: keys::number(&value)? };
                shares.entry((subnet.get_net(), owner.to_owned())).or_default().push(gap);
            }
            has.insert(place.to_owned(), value);
        }
        for (pool, given) in new.config.given().enumerate() {
            let mut free = pool::without(given.gaps(), held.iter().copied());
            let theirs = shares
                .iter()
                .filter(|((net, owner), _)| *net == given.subnet.get_net() && owner != EVERYBODY);
            for ((_, owner), gaps) in theirs {
                let still = pool::within(gaps, &free);
                free = pool::without(free, still.iter().copied());
                wanted.extend(still.into_iter().map(|gap| entry(pool, owner, gap)));
            }
            wanted.extend(free.into_iter().map(|gap| entry(pool, EVERYBODY, gap)));
        }
        Ok((has, wanted))
    }
}
