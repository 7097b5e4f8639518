//! `macvlan network resolve`.

use clap::Args;
use serde_json::json;

use crate::failure::{Done, Failure};
use crate::output::texts;
use crate::verbs::network::context::Context;

/// Print the addresses of a container by its name, alias or id.
#[derive(Args)]
pub(super) struct Resolve {
    /// The network's name or id
    network: String,
    /// The name
    name: String,
}

impl Resolve {
    pub(super) fn run(self, context: &Context<'_>) -> Done {
        let network = context.networks.network(&self.network)?;
        let addresses = texts(network.resolve(&self.name)?);
        if addresses.is_empty() {
            return Err(Failure::not_found(format!(
                "network {:?}: cannot resolve {:?}: no container has that name",
                network.name(),
                self.name
            )));
        }
        context.session.print(|| addresses.join("\n"), || json!(addresses))
    }
}
