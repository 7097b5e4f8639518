//! The settings of containers whose leases were released, for when they return.

use std::cmp::Reverse;
use std::net::IpAddr;

use serde::{Deserialize, Serialize};

use crate::lease::{Lease, LeaseRequest};
use crate::record::NetworkRecord;

/// The reason for releasing a lease, which decides whether its settings are remembered.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Ending {
    /// The container is gone and may return, so they are remembered.
    Gone,
    /// The container was disconnected, so they are forgotten.
    Disconnected,
    /// It could not be connected, so the ones remembered before stay.
    Undone,
}

/// The names and settings of a released lease.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub(crate) struct Former {
    pub(crate) interface: String,
    pub(crate) name: Option<String>,
    pub(crate) aliases: Vec<String>,
    pub(crate) link_local: Vec<IpAddr>,
    /// `None` if it was the default, with the default priority, for a link that is not moved.
    pub(crate) default_route: Option<bool>,
    pub(crate) gw_priority: Option<i32>,
    pub(crate) sequence: u32,
    /// The time of the release, in seconds since 1970.
    pub(crate) released: u64,
}

impl Former {
    /// Returns the settings of a lease; `None` if all are the defaults.
    pub(crate) fn of(lease: &Lease, released: u64) -> Option<Self> {
        // A link that is moved has other defaults.
        let routes = (lease.default_route, lease.gw_priority);
        let are_set = routes != (true, 0) || lease.link.is_some();
        let former = Self {
            interface: lease.interface.to_string(),
            name: lease.name.clone(),
            aliases: lease.aliases.clone(),
            link_local: lease.link_local.clone(),
            default_route: are_set.then_some(routes.0),
            gw_priority: are_set.then_some(routes.1),
            sequence: lease.sequence,
            released,
        };
        let is_set = are_set
            || former.name.is_some()
            || !former.aliases.is_empty()
            || !former.link_local.is_empty();
        is_set.then_some(former)
    }

    /// Returns the settings for a requested lease, out of all that are remembered for its container
    /// in the network. `others` are the container's leases.
    ///
    /// They are those of the same interface. If it has none, and the container no lease in the
    /// network, they are those of the interface that was released last: all of them if the request
    /// names no interface, otherwise the names, which belong to the container.
    pub(crate) fn of_returning(
        mut all: Vec<Self>,
        network: &NetworkRecord,
        request: &LeaseRequest,
        others: &[Lease],
    ) -> Option<Self> {
        let interface = request.interface_beside(others);
        if let Some(at) = all.iter().position(|one| interface == *one.interface) {
            return Some(all.swap_remove(at));
        }
        if others.iter().any(|lease| lease.network == network.id) {
            return None;
        }
        let last = all.into_iter().min_by_key(|one| (Reverse(one.released), one.sequence))?;
        if request.interface.is_none() {
            return Some(last);
        }
        Some(Self { name: last.name, aliases: last.aliases, ..Self::default() })
    }

    /// Returns the addresses that are reserved for the name, and that a request would get with it.
    ///
    /// If one of them cannot be given, the container is connected without the name.
    pub(crate) fn reserved(&self, network: &NetworkRecord, request: &LeaseRequest) -> Vec<IpAddr> {
        let is_open = |v6: &bool| {
            let mut given = request.addresses.iter();
            request.chooses(network, *v6) && !given.any(|one| one.is_ipv6() == *v6)
        };
        let open = [false, true].into_iter().filter(is_open);
        open.filter_map(|v6| network.reserved_for(self.name.as_deref(), v6)).collect()
    }

    /// Sets the values that a request leaves open.
    pub(crate) fn complete(self, request: &mut LeaseRequest) {
        request.name = request.name.take().or(self.name);
        if request.aliases.is_empty() {
            request.aliases = self.aliases;
        }
        if request.link_local.is_empty() {
            request.link_local = self.link_local;
        }
        if request.default_route.is_none() && request.gw_priority.is_none() {
            (request.default_route, request.gw_priority) = (self.default_route, self.gw_priority);
        }
    }

    /// Sets the values of a lease of the same interface that was lost, if it does not have others.
    pub(crate) fn restore(self, lease: &mut Lease) {
        lease.name = lease.name.take().or(self.name);
        if lease.aliases.is_empty() {
            lease.aliases = self.aliases;
        }
        if lease.link_local.is_empty() {
            lease.link_local = self.link_local;
        }
        // Settings that are remembered as the defaults are set to these, wherever routes lead now.
        lease.default_route = self.default_route.unwrap_or(true);
        lease.gw_priority = self.gw_priority.unwrap_or(0);
    }
}
