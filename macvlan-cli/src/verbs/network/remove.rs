//! `macvlan network remove` and `prune`.

use clap::Args;
use serde_json::json;

use crate::failure::{Done, Failure, parted};
use crate::output::lines;
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

/// Deletes all networks without containers.
pub(super) fn prune(context: &Context<'_>) -> Done {
    let removed = context.networks.prune()?;
    context.session.print(|| lines(&removed), || json!(removed))
}
