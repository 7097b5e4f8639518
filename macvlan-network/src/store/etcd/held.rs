//! A container's leases in a network.
//!
//! The first is under the container's key, where hosts of an earlier version find it; further ones
//! are below it, by interface.

use etcd_client::Compare;

use crate::error::Result;
use crate::lease::Lease;
use crate::store::format;

use super::change::Change;
use super::keys::Keys;
use super::wire::{Get, Item, absent, unchanged};

/// A lease with its key.
pub(super) struct Held {
    pub(super) item: Item,
    pub(super) lease: Lease,
    /// The part of its keys after the container: empty or `/INTERFACE`.
    pub(super) suffix: String,
}

/// All leases of a container in a network.
pub(super) struct AllHeld {
    /// The container's key.
    base: String,
    pub(super) all: Vec<Held>,
}

impl AllHeld {
    /// Returns the reads for a container's leases.
    pub(super) fn gets(keys: &Keys, id: &str, container: &str) -> [Get; 2] {
        let base = keys.lease(id, container);
        [Get::Key(base.clone()), Get::prefix(&format!("{base}/"))]
    }

    pub(super) fn read(
        keys: &Keys,
        id: &str,
        container: &str,
        found: [&[Item]; 2],
    ) -> Result<Self> {
        let base = keys.lease(id, container);
        let read = |item: &Item| -> Result<Held> {
            let suffix = item.key.strip_prefix(&base).unwrap_or_default().to_owned();
            Ok(Held { item: item.clone(), lease: format::read(&item.value)?, suffix })
        };
        let all = found.into_iter().flatten().map(read).collect::<Result<_>>()?;
        Ok(Self { base, all })
    }

    pub(super) fn leases(&self) -> Vec<Lease> {
        self.all.iter().map(|held| held.lease.clone()).collect()
    }

    /// Removes and returns the lease with an endpoint.
    pub(super) fn take(&mut self, endpoint: &str) -> Option<Held> {
        let at = self.all.iter().position(|held| held.lease.endpoint == endpoint)?;
        Some(self.all.swap_remove(at))
    }

    /// Returns whether one of the leases has a name or alias.
    pub(super) fn has_name(&self, name: &str) -> bool {
        self.all.iter().any(|held| held.lease.name.as_deref() == Some(name))
    }

    pub(super) fn has_alias(&self, alias: &str) -> bool {
        self.all.iter().any(|held| held.lease.aliases.iter().any(|one| one == alias))
    }

    fn base(&self) -> Option<&Item> {
        self.all.iter().map(|held| &held.item).find(|item| item.key == self.base)
    }

    /// Returns the conditions that the leases are unchanged. As adding one writes the container's
    /// key, none was added either.
    pub(super) fn unchanged(&self) -> Vec<Compare> {
        let all = self.all.iter().map(|held| &held.item);
        all.map(|item| unchanged(item.key.clone(), item.changed)).collect()
    }

    /// Returns the conditions like [`AllHeld::unchanged`], except for the key of a lease that was
    /// removed, which is compared elsewhere.
    pub(super) fn unchanged_beside(&self, own: &Held) -> Vec<Compare> {
        let mut when = self.unchanged();
        if self.base().is_none() && own.item.key != self.base {
            when.push(absent(self.base.clone()));
        }
        when
    }

    /// Returns the place for a further lease with this interface, and adds the conditions.
    pub(super) fn place_for(&self, interface: &str, change: &mut Change) -> String {
        let further = format!("/{interface}");
        change.when.extend(self.unchanged());
        if let Some(base) = self.base() {
            change.when.push(absent(format!("{}{further}", self.base)));
            change.put(base.key.clone(), base.value.clone());
            return further;
        }
        change.when.push(absent(self.base.clone()));
        change.when.push(if self.all.is_empty() {
            absent(format!("{}/", self.base)).with_prefix()
        } else {
            absent(format!("{}{further}", self.base))
        });
        String::new()
    }
}
