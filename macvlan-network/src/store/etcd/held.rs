//! The leases that a container has in a network. The first is under the container's key, where hosts of an
//! earlier version find it, further ones below it, by their interfaces.

use etcd_client::Compare;

use crate::error::Result;
use crate::lease::Lease;
use crate::store::format;

use super::change::Change;
use super::keys::Keys;
use super::wire::{Get, Item, absent, unchanged};

/// A lease as it was read.
pub(super) struct Held {
    pub(super) item: Item,
    pub(super) lease: Lease,
    /// What is behind the container in its keys: nothing, or `/INTERFACE`.
    pub(super) suffix: String,
}

/// All leases of a container in a network, as they were read.
pub(super) struct AllHeld {
    /// The container's key.
    base: String,
    pub(super) all: Vec<Held>,
}

impl AllHeld {
    /// What is read for them.
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

    /// Takes one out, told by its endpoint.
    pub(super) fn take(&mut self, endpoint: &str) -> Option<Held> {
        let at = self.all.iter().position(|held| held.lease.endpoint == endpoint)?;
        Some(self.all.swap_remove(at))
    }

    /// Whether one of them has a name or an alias.
    pub(super) fn has_name(&self, name: &str) -> bool {
        self.all.iter().any(|held| held.lease.name.as_deref() == Some(name))
    }

    pub(super) fn has_alias(&self, alias: &str) -> bool {
        self.all.iter().any(|held| held.lease.aliases.iter().any(|one| one == alias))
    }

    fn base(&self) -> Option<&Item> {
        self.all.iter().map(|held| &held.item).find(|item| item.key == self.base)
    }

    /// That they are as they were read. Whoever adds one writes the container's key, so none has come either.
    pub(super) fn unchanged(&self) -> Vec<Compare> {
        let all = self.all.iter().map(|held| &held.item);
        all.map(|item| unchanged(item.key.clone(), item.changed)).collect()
    }

    /// As [`AllHeld::unchanged`], where one was taken out and its key is compared as well.
    pub(super) fn unchanged_beside(&self, own: &Held) -> Vec<Compare> {
        let mut when = self.unchanged();
        if self.base().is_none() && own.item.key != self.base {
            when.push(absent(self.base.clone()));
        }
        when
    }

    /// Finds a place for a further one with this interface, and tells what that rests on.
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
