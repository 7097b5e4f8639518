//! Networks that were changed, and leases as JSON.

use macvlan_network::{Lease, Network, Updated};
use serde_json::{Value, json};

use crate::failure::{Done, warn};
use crate::output::{lines, texts};
use crate::verbs::network::context::Context;

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

/// Prints the network's id, and the interfaces that differ from the new configuration.
pub(super) fn print(context: &Context<'_>, updated: &Updated) -> Done {
    warn_of(&updated.network);
    let name = |lease: &Lease| format!("{}/{}", lease.container, lease.interface);
    let outdated: Vec<String> = updated.outdated.iter().map(name).collect();
    context.session.print(
        || {
            let outdated = outdated.iter().map(|one| format!("outdated: {one}"));
            lines(std::iter::once(updated.network.id().to_owned()).chain(outdated))
        },
        || {
            json!({
                "name": updated.network.name(),
                "id": updated.network.id(),
                "created": updated.created,
                "outdated": outdated,
            })
        },
    )
}

/// Prints the warnings about a network.
pub(super) fn warn_of(network: &Network) {
    for warning in network.warnings() {
        warn(&format!("warning: {warning}"));
    }
}
