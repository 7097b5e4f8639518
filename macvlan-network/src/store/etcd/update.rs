//! What is changed of a lease that stands.

use crate::error::Result;
use crate::lease::Lease;
use crate::record::NetworkRecord;
use crate::store::format;
use crate::store::refusal::name_taken;

use super::change::Change;
use super::store::EtcdStore;
use super::wire::{Get, absent, unchanged};

impl EtcdStore {
    /// Changes what a lease says without touching addresses and link.
    pub(super) fn try_update(
        &self,
        network: &NetworkRecord,
        lease: &Lease,
    ) -> Result<Option<bool>> {
        let (id, container) = (network.id.as_str(), lease.container.as_str());
        let key = self.keys.lease(id, container);
        let name = lease.name.as_deref().unwrap_or("");
        let [held, named, host] = self.wire.read_all([
            Get::Key(key.clone()),
            Get::Key(self.keys.name(id, name)),
            Get::Key(self.registration.key.clone()),
        ])?;
        let Some(item) = held.first() else { return Ok(Some(false)) };
        let held: Lease = format::read(&item.value)?;
        if held.endpoint != lease.endpoint {
            return Ok(Some(false));
        }
        let Some(host) = host.first() else {
            self.register()?;
            return Ok(None);
        };
        Self::check_size(lease)?;
        let mut change = Change::default();
        change.when.push(unchanged(host.key.clone(), host.changed));
        change.when.push(unchanged(key.clone(), item.changed));
        if held.name != lease.name {
            if let (Some(holder), false) = (named.first(), name.is_empty()) {
                return Err(name_taken(network, name, &holder.value));
            }
            if let Some(name) = &lease.name {
                change.when.push(absent(self.keys.name(id, name)));
                change.put(self.keys.name(id, name), container.to_owned());
            }
            if let Some(name) = &held.name {
                change.delete(self.keys.name(id, name));
            }
        }
        for alias in &lease.aliases {
            change.put(self.keys.alias(id, alias, container), String::new());
        }
        for alias in &held.aliases {
            change.delete(self.keys.alias(id, alias, container));
        }
        let changed = Lease {
            name: lease.name.clone(),
            aliases: lease.aliases.clone(),
            default_route: lease.default_route,
            gw_priority: lease.gw_priority,
            ..held
        };
        let value = format::write_again(&item.value, &changed)?;
        change.put(key, value.clone());
        change.put(self.keys.member(container, id), value);
        Ok(self.decide(change)?.then_some(true))
    }
}
