//! `macvlan network collect`.

use macvlan_network::Lease;
use serde_json::json;

use crate::failure::Done;
use crate::output::{lines, texts};
use crate::progress::Progress;
use crate::runtime_network;
use crate::verbs::network::context::Context;

/// Releases the leases of containers that have ended.
pub(super) fn run(context: &Context<'_>) -> Done {
    let progress = Progress::start("collecting");
    let collected = runtime_network::collect(&context.networks)?;
    drop(progress);
    let line = |lease: &Lease| {
        let addresses = texts(&lease.addresses).join(" ");
        format!("{}/{} {addresses}", lease.container, lease.interface)
    };
    context.session.print(
        || lines(collected.leases.iter().map(line)),
        || {
            let released = collected.leases.iter().map(|lease| {
                json!({
                    "network": lease.network,
                    "container": lease.container,
                    "interface": lease.interface.as_str(),
                    "addresses": texts(&lease.addresses),
                })
            });
            json!({ "released": released.collect::<Vec<_>>(), "expired": collected.expired })
        },
    )
}
