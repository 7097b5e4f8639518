//! The names and settings of containers that are gone.

use crate::error::Result;
use crate::former::{Ending, Former};
use crate::lease::{Lease, LeaseRequest};
use crate::pool;
use crate::record::NetworkRecord;
use crate::time::seconds as now;

use super::change::Change;
use super::held::AllHeld;
use super::keys::{self, Holder, Was, WasSet, end_of};
use super::seen::Seen;
use super::store::EtcdStore;
use super::wire::{Get, Item};

impl EtcdStore {
    /// Returns the read for the settings that are remembered for a container.
    pub(super) fn former_get(&self, id: &str, container: &str) -> Get {
        Get::prefix(&self.keys.formers(id, container))
    }

    /// Splits what is remembered for a container's interfaces into settings and addresses.
    pub(super) fn split_remembered(
        &self,
        id: &str,
        container: &str,
        found: Vec<Item>,
    ) -> (Vec<Item>, Vec<Item>) {
        let formers = self.keys.formers(id, container);
        found.into_iter().partition(|item| item.key.starts_with(&formers))
    }

    /// Remembers or forgets the settings of a lease that is released; `others` are those that the
    /// container still has in the network.
    pub(super) fn end_settings(
        &self,
        lease: &Lease,
        others: &AllHeld,
        ending: Ending,
        change: &mut Change,
    ) -> Result<()> {
        let (id, container) = (lease.network.as_str(), lease.container.as_str());
        let key = self.keys.former(id, container, lease.interface.as_str());
        match (ending, Former::of(lease, now())) {
            (Ending::Undone, _) => {}
            (Ending::Gone, Some(former)) => {
                change.put(key, keys::write(&WasSet { addresses: Vec::new(), former })?);
            }
            // With the last interface, also those of interfaces that it no longer had.
            (Ending::Disconnected, _) if others.all.is_empty() => {
                change.delete_all(self.keys.formers(id, container));
            }
            (Ending::Gone, None) | (Ending::Disconnected, _) => change.delete(key),
        }
        Ok(())
    }

    /// Returns the read for the holder of a name that would be restored.
    pub(super) fn former_name_get(&self, id: &str, former: &Former) -> Get {
        Get::Key(self.keys.name(id, former.name.as_deref().unwrap_or_default()))
    }

    /// Drops the name if another container has it by now.
    pub(super) fn drop_taken_name(
        &self,
        seen: &Seen<'_>,
        (id, container): (&str, &str),
        former: &mut Former,
    ) -> Result<()> {
        let holder = seen.get(&self.former_name_get(id, former))?;
        if holder.first().is_some_and(|holder| holder.value != container) {
            former.name = None;
        }
        Ok(())
    }

    /// Drops the name if an address that is reserved for it cannot be given.
    pub(super) fn drop_name_without_address(
        &self,
        seen: &Seen<'_>,
        network: &NetworkRecord,
        request: &LeaseRequest,
        former: &mut Former,
    ) -> Result<()> {
        for address in former.reserved(network, request) {
            let key = self.keys.address(&network.id, pool::number(address));
            let holder = seen.get(&Get::Key(key))?;
            let holder = holder.first().map(|item| keys::read(&item.value)).transpose()?;
            if !matches!(holder, None | Some(Holder::Kept { .. })) {
                former.name = None;
            }
        }
        Ok(())
    }

    /// Gives a lease that was lost the settings that are remembered for its interface.
    pub(super) fn restore(&self, seen: &Seen<'_>, found: &[Item], lease: &mut Lease) -> Result<()> {
        let former = all(found).into_iter().find(|one| lease.interface == *one.interface);
        if let Some(mut former) = former {
            let (id, container) = (lease.network.clone(), lease.container.clone());
            self.drop_taken_name(seen, (&id, &container), &mut former)?;
            former.restore(lease);
        }
        Ok(())
    }
}

/// Returns the addresses that a container had by the interface that a request gets.
///
/// If it has no lease in the network, they may be those that were released last. Hosts of an
/// earlier version have written those of one interface without its name, to `unnamed`.
pub(super) fn was(
    by_interface: &[Item],
    unnamed: Option<&Item>,
    network: &NetworkRecord,
    request: &LeaseRequest,
    others: &[Lease],
) -> Result<Option<Was>> {
    let interface = request.interface_beside(others);
    let read = |item: &Item| keys::read::<Was>(&item.value);
    if let Some(own) = by_interface.iter().find(|item| interface == *end_of(&item.key)) {
        return read(own).map(Some);
    }
    let all: Vec<Was> = by_interface.iter().map(read).collect::<Result<_>>()?;
    let unnamed = unnamed.map(read).transpose()?;
    if others.iter().any(|lease| lease.network == network.id) {
        let is_of_none = |was: &Was| all.iter().all(|one| one.addresses != was.addresses);
        return Ok(unnamed.filter(is_of_none));
    }
    Ok(all.into_iter().chain(unnamed).max_by_key(|was| was.released))
}

/// Reads what is remembered. A record that cannot be read is left out, since the container can be
/// connected without it.
pub(super) fn all(found: &[Item]) -> Vec<Former> {
    let read = |item: &Item| keys::read::<WasSet>(&item.value).ok().map(|one| one.former);
    found.iter().filter_map(read).collect()
}
