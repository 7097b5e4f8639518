//! `macvlan network update`.

use clap::Args;
use macvlan_network::{Lease, Updated};
use serde_json::json;

use crate::failure::Done;
use crate::verbs::network::Context;
use crate::verbs::network::create::warn_of;
use crate::verbs::network::options::NetworkOptions;

/// Change a network; options that are not given keep their values.
#[derive(Args)]
pub(super) struct Update {
    /// The network's name or id
    network: String,
    #[command(flatten)]
    options: NetworkOptions,
}

impl Update {
    pub(super) fn run(self, context: &Context<'_>) -> Done {
        let network = context.networks.network(&self.network)?;
        let config = self.options.change(network.config())?;
        print(context, &network.update(&config)?)
    }
}

/// Prints the network's id, and the interfaces that differ from the new configuration.
pub(super) fn print(context: &Context<'_>, updated: &Updated) -> Done {
    warn_of(&updated.network);
    let name = |lease: &Lease| format!("{}/{}", lease.container, lease.interface);
    let outdated: Vec<String> = updated.outdated.iter().map(name).collect();
    context.session.print(
        || {
            let outdated = outdated.iter().map(|one| format!("outdated: {one}\n"));
            std::iter::once(format!("{}\n", updated.network.id())).chain(outdated).collect()
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
