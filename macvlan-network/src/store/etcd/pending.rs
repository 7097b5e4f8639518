//! Takes pending leases for a container, or binds them to a namespace.

use ipnet::IpNet;

use crate::error::Result;
use crate::lease::Lease;
use crate::pool;
use crate::record::NetworkRecord;
use crate::store::format;

use super::change::Change;
use super::held::AllHeld;
use super::keys::{self, EVERYBODY, Holder};
use super::seen::Seen;
use super::store::EtcdStore;
use super::wire::{Get, Item, absent, unchanged};

impl EtcdStore {
    /// Removes a pending lease and its addresses, if unchanged; `None` if it is not pending.
    pub(super) fn take_pending(
        &self,
        seen: &Seen<'_>,
        network: &NetworkRecord,
        item: &Item,
        addresses: &mut Vec<(IpNet, String)>,
        change: &mut Change,
    ) -> Result<Option<Lease>> {
        let pending: Lease = format::read(&item.value)?;
        if pending.pending().is_none() || pending.container != pending.endpoint {
            return Ok(None);
        }
        change.when.push(unchanged(item.key.clone(), item.changed));
        change.delete(item.key.clone());
        change.delete(self.keys.member(&pending.container, &network.id));
        for net in &pending.addresses {
            let at = pool::number(net.addr());
            let place = seen.get(&Get::Key(self.keys.address(&network.id, at)))?;
            let holder: Option<Holder> =
                place.first().map(|item| keys::read(&item.value)).transpose()?;
            let owner = holder.map_or_else(|| EVERYBODY.to_owned(), |one| one.owner().to_owned());
            addresses.push((*net, owner));
        }
        Ok(Some(pending))
    }

    /// Adds the operations that write a pending lease, except for its addresses.
    pub(super) fn put_pending(&self, pending: &Lease, change: &mut Change) -> Result<()> {
        let (value, key) =
            (format::write(pending)?, self.keys.lease(&pending.network, &pending.container));
        change.when.push(absent(key.clone()));
        change.put(key, value.clone());
        change.put(self.keys.member(&pending.container, &pending.network), value);
        Ok(())
    }

    /// Binds a pending lease to a namespace.
    pub(super) fn try_bind(&self, network: &NetworkRecord, lease: &Lease) -> Result<Option<bool>> {
        let (id, container) = (network.id.as_str(), lease.container.as_str());
        let [first, further] = AllHeld::gets(&self.keys, id, container);
        let host = Get::Key(self.registration.key.clone());
        let [first, further, host] = self.wire.read_all([first, further, host])?;
        let mut others = AllHeld::read(&self.keys, id, container, [&*first, &*further])?;
        let Some(held) = others.take(&lease.endpoint) else { return Ok(Some(false)) };
        if held.lease.pending().is_none() {
            return Ok(Some(false));
        }
        lease.check_interface(network, &others.leases())?;
        let Some(host) = host.first() else {
            self.register()?;
            return Ok(None);
        };
        let mut change = Change::default();
        change.when.push(unchanged(host.key.clone(), host.changed));
        change.when.push(unchanged(held.item.key.clone(), held.item.changed));
        change.when.extend(others.unchanged_beside(&held));
        let (interface, state) = (lease.interface, lease.state.clone());
        // Writes a new record, without the pending state of the old one.
        let value = format::write(&Lease { interface, state, ..held.lease })?;
        let (base, member) = (self.keys.lease(id, container), self.keys.member(container, id));
        let mut suffix = held.suffix.clone();
        if !suffix.is_empty() && suffix != format!("/{interface}") {
            suffix = format!("/{interface}");
            change.when.push(absent(format!("{base}{suffix}")));
            change.delete(held.item.key);
            change.delete(format!("{member}{}", held.suffix));
        }
        change.put(format!("{base}{suffix}"), value.clone());
        change.put(format!("{member}{suffix}"), value);
        Ok(self.decide(change)?.then_some(true))
    }
}
