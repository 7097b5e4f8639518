//! Leases as JSON.

use macvlan_network::Lease;
use serde_json::{Value, json};

use crate::verbs::attach::texts;

/// Returns a lease as JSON.
pub(super) fn lease(lease: &Lease, network: &str) -> Value {
    json!({
        "network": network,
        "container": lease.container,
        "name": lease.name,
        "aliases": lease.aliases,
        "host": lease.host,
        "endpoint": lease.endpoint,
        "interface": lease.interface.as_str(),
        "mac": lease.mac.map(|mac| mac.to_string()),
        "addresses": texts(&lease.addresses),
        "link_local": texts(&lease.link_local),
        "default_route": lease.default_route,
        "gw_priority": lease.gw_priority,
        "state": state(lease),
    })
}

/// Returns whether a lease is bound to a namespace.
pub(super) fn state(lease: &Lease) -> &'static str {
    if lease.pending().is_some() { "pending" } else { "connected" }
}
