//! Updates the details of a lease.

use crate::error::Result;
use crate::lease::Lease;
use crate::record::NetworkRecord;
use crate::store::format;
use crate::store::refusal::changed;

use super::change::Change;
use super::held::AllHeld;
use super::store::EtcdStore;
use super::wire::{Get, unchanged};

impl EtcdStore {
    /// Updates the details of a lease that do not concern addresses or the link.
    pub(super) fn try_update(
        &self,
        network: &NetworkRecord,
        lease: &Lease,
    ) -> Result<Option<bool>> {
        let (id, container) = (network.id.as_str(), lease.container.as_str());
        let name = lease.name.as_deref().unwrap_or("");
        let [first, further] = AllHeld::gets(&self.keys, id, container);
        let [first, further, named, host, there] = self.wire.read_all([
            first,
            further,
            Get::Key(self.keys.name(id, name)),
            Get::Key(self.registration.key.clone()),
            Get::Key(self.keys.network(id)),
        ])?;
        let mut others = AllHeld::read(&self.keys, id, container, [&*first, &*further])?;
        let Some(held) = others.take(&lease.endpoint) else { return Ok(Some(false)) };
        let Some(host) = host.first() else {
            self.register()?;
            return Ok(None);
        };
        Self::check_size(lease)?;
        let mut change = Change::default();
        change.when.push(unchanged(host.key.clone(), host.changed));
        change.when.push(unchanged(held.item.key.clone(), held.item.changed));
        change.when.extend(others.unchanged_beside(&held));
        if held.lease.parent.0 != lease.parent.0 {
            let (there, now) = self.current(network, &there);
            if lease.parent.0 != now.stored_parent() {
                return Err(changed(network));
            }
            change.when.push(there);
        }
        if held.lease.name != lease.name {
            if let Some(name) = &lease.name {
                self.put_name(&mut change, network, (name, container), named.first())?;
            }
        }
        for alias in &lease.aliases {
            change.put(self.keys.alias(id, alias, container), String::new());
        }
        // Keys that are put again must not be deleted.
        let mut before = held.lease.clone();
        if before.name == lease.name {
            before.name = None;
        }
        self.delete_names(&mut change, &before, &others);
        let now = Lease {
            name: lease.name.clone(),
            aliases: lease.aliases.clone(),
            default_route: lease.default_route,
            gw_priority: lease.gw_priority,
            parent: lease.parent.clone(),
            ..held.lease
        };
        let value = format::write_again(&held.item.value, &now)?;
        change.put(held.item.key, value.clone());
        change.put(format!("{}{}", self.keys.member(container, id), held.suffix), value);
        Ok(self.decide(change)?.then_some(true))
    }
}
