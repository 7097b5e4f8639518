//! `macvlan network remove` and `prune`.

use clap::Args;
use serde_json::json;

use crate::failure::{Done, Failure};
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
        let remove = |name: &String| context.networks.network(name)?.remove();
        let removed = self.networks.iter().map(|name| remove(name).map_err(Failure::from));
        Failure::all(removed.filter_map(Result::err).collect())
    }
}

/// Deletes all networks without containers.
pub(super) fn prune(context: &Context<'_>) -> Done {
    let removed = context.networks.prune()?;
    context.session.print(|| lines(&removed), || json!(removed))
}
