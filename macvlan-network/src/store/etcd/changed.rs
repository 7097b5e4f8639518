//! Changing a network, beside others and with who is connected to it.

use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;

use etcd_client::Compare;
use ipnet::IpNet;

use crate::error::{Error, ErrorKind, Result};
use crate::lease::Lease;
use crate::pool::{self, Gap};
use crate::record::NetworkRecord;
use crate::store::refusal::{changed, no_network};
use crate::store::{clash, format};

use super::change::{Change, insist};
use super::keys::{self, EVERYBODY, Holder, end_of};
use super::store::EtcdStore;
use super::wire::{Get, OPERATIONS, none_since, unchanged};

impl EtcdStore {
    /// That no network has come, gone or changed since now.
    pub(super) fn guarded(&self) -> Result<Compare> {
        let guard = self.wire.get(Get::Key(self.keys.guard()))?;
        Ok(unchanged(self.keys.guard(), guard.first().map_or(0, |guard| guard.changed)))
    }

    /// Refuses a network that cannot be beside the others, and tells what that rests on beside the guard.
    pub(super) fn check(
        &self,
        operation: &'static str,
        network: &NetworkRecord,
        alone: &[IpNet],
        ours: &BTreeSet<IpAddr>,
        when: &mut Vec<Compare>,
    ) -> Result<()> {
        let others = self.all_networks()?;
        for other in clash::check(operation, network, &others, alone)? {
            let theirs: Vec<IpAddr> = self.held(&other.id, false, when)?.into_iter().collect();
            clash::check_held(operation, network, other, &theirs, ours)?;
        }
        Ok(())
    }

    /// The addresses that somebody has in a network, or also those that are kept for somebody, and what that
    /// rests on.
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
        insist(|| {
            let found = self.wire.get(Get::Key(key.clone()))?;
            let found = found.first().ok_or_else(|| no_network(new.name()))?;
            if format::read::<NetworkRecord>(&found.value)?.config != old.config {
                return Err(changed(old));
            }
            let mut change = Change::default();
            change.when.extend([unchanged(key.clone(), found.changed), self.guarded()?]);
            change.put(self.keys.guard(), new.id.clone());
            change.put(key.clone(), format::write(new)?);
            change.put(self.keys.network_name(new.name()), new.id.clone());
            let ours = self.held(&new.id, false, &mut change.when)?;
            self.check(operation, new, alone, &ours, &mut change.when)?;
            let prefix = self.keys.leases(&new.id);
            let (leases, revision) = self.wire.all_at(&prefix)?;
            change.when.push(none_since(prefix, revision));
            let read = leases.iter().map(|item| format::read::<Lease>(&item.value));
            let leases: Vec<Lease> = read.collect::<Result<_>>()?;
            leases.iter().try_for_each(|lease| lease.check_in(new))?;
            if old.config.get_subnets() != new.config.get_subnets() {
                self.change_pools(old, new, &mut change)?;
            }
            if change.len() > OPERATIONS {
                let why = format!("its free addresses are in more than {OPERATIONS} parts");
                return Err(Error::new(ErrorKind::InvalidValue, operation, why)
                    .with_hint("change less at a time")
                    .in_network(new.name()));
            }
            Ok(change.commit(&self.wire)?.then_some(leases))
        })
    }

    /// Makes the gaps anew, between what somebody has or is kept for somebody. What is a host's share and is
    /// still given stays its share.
    fn change_pools(
        &self,
        old: &NetworkRecord,
        new: &NetworkRecord,
        change: &mut Change,
    ) -> Result<()> {
        let held = self.held(&new.id, true, &mut change.when)?;
        let held: Vec<Gap> = held.into_iter().map(pool::number).map(Gap::of).collect();
        let prefix = self.keys.all_gaps(&new.id);
        let (found, revision) = self.wire.all_at(&prefix)?;
        change.when.push(none_since(prefix.clone(), revision));
        // Whose gaps they are, by the subnet that they are in.
        let mut shares: BTreeMap<(IpNet, &str), Vec<Gap>> = BTreeMap::new();
        for item in &found {
            let mut place = item.key.strip_prefix(&prefix).unwrap_or_default().split('/');
            let pool = place.next().and_then(|pool| usize::from_str_radix(pool, 16).ok());
            let subnet = pool.and_then(|pool| old.config.get_subnets().get(pool));
            if let (Some(subnet), Some(owner)) = (subnet, place.next()) {
                let (first, last) = (keys::number(end_of(&item.key))?, keys::number(&item.value)?);
                shares.entry((subnet.net(), owner)).or_default().push(Gap { first, last });
            }
        }
        let mut fresh: BTreeMap<String, String> = BTreeMap::new();
        let mut put = |pool: usize, owner: &str, gaps: &[Gap]| {
            for gap in gaps {
                let key = self.keys.gap(&new.id, pool, owner, gap.first);
                fresh.insert(key, format!("{:032x}", gap.last));
            }
        };
        for (pool, subnet) in new.config.get_subnets().iter().enumerate() {
            let mut free = pool::without(subnet.gaps(), held.iter().copied());
            let theirs = shares
                .iter()
                .filter(|((net, owner), _)| *net == subnet.net() && *owner != EVERYBODY);
            for ((_, owner), gaps) in theirs {
                let still = pool::within(gaps, &free);
                free = pool::without(free, still.iter().copied());
                put(pool, owner, &still);
            }
            put(pool, EVERYBODY, &free);
        }
        // What stays as it is takes no operation.
        for item in found {
            match fresh.get(&item.key) {
                Some(value) if *value == item.value => drop(fresh.remove(&item.key)),
                Some(_) => {}
                None => change.delete(item.key),
            }
        }
        for (key, value) in fresh {
            change.put(key, value);
        }
        Ok(())
    }
}
