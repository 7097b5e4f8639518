//! `macvlan network remove` and `prune`.

use clap::Args;
use serde_json::json;

use crate::failure::{Done, Failure, parted, warn};
use crate::output::lines;
use crate::runtime_network;
use crate::verbs::network::context::Context;

/// Delete networks without containers.
#[derive(Args)]
pub(super) struct Remove {
    /// The networks' names or ids
    #[arg(required = true, value_name = "NETWORK")]
    networks: Vec<String>,
}

impl Remove {
    pub(super) fn run(self, context: &Context<'_>) -> Done {
        let remove = |name: &String| {
            let network = context.networks.network(name)?;
            let name = network.name().to_owned();
            network.remove()?;
            Ok(name)
        };
        let (removed, failures) = parted(self.networks.iter().map(remove));
        context.session.print(String::new, || json!(removed))?;
        Failure::all(failures)
    }
}

/// Deletes all networks without containers, except those that a runtime still counts on.
pub(super) fn prune(context: &Context<'_>) -> Done {
    let mut kept = Vec::new();
    let removed = context.networks.prune_if(|network| {
        let stays = runtime_network::is_counted_on(network);
        kept.extend(stays.then(|| network.name().to_owned()));
        !stays
    })?;
    for name in kept {
        warn(&format!(
            "warning: network {name:?} is kept: it is Docker's; delete it by `docker network rm`, or \
             by `macvlan network remove` if Docker no longer has it"
        ));
    }
    context.session.print(|| lines(&removed), || json!(removed))
}
