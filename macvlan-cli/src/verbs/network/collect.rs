//! `macvlan network collect`.

use clap::Args;
use macvlan_network::Lease;
use serde_json::json;

use crate::failure::Done;
use crate::progress::Progress;
use crate::verbs::attach::texts;
use crate::verbs::network::context::Context;

/// Release the leases of containers that have ended.
#[derive(Args)]
pub(super) struct Collect {}

impl Collect {
    pub(super) fn run(self, context: &Context<'_>) -> Done {
        let progress = Progress::start("collecting");
        let collected = context.networks.collect()?;
        drop(progress);
        let line = |lease: &Lease| {
            let addresses = texts(&lease.addresses).join(" ");
            format!("{}/{} {addresses}\n", lease.container, lease.interface)
        };
        context.session.print(
            || collected.leases.iter().map(line).collect(),
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
}
