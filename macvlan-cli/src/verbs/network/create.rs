//! `macvlan network create` and `ensure`.

use clap::Args;
use serde_json::json;

use crate::failure::Done;
use crate::runtime_network;
use crate::verbs::network::context::Context;
use crate::verbs::network::describe::{print, warn_of};
use crate::verbs::network::options::NetworkOptions;

/// Create a network.
#[derive(Args)]
pub(super) struct Create {
    /// The network's name
    network: String,
    #[command(flatten)]
    options: NetworkOptions,
}

impl Create {
    pub(super) fn run(self, context: &Context<'_>) -> Done {
        let config = self.options.config(&self.network)?;
        let network = context.networks.create(&config)?;
        warn_of(&network);
        let described = json!({ "name": network.name(), "id": network.id() });
        context.session.print(|| network.id().to_owned(), || described)
    }
}

/// Create a network, or change it to match.
#[derive(Args)]
pub(super) struct Ensure {
    /// The network's name
    network: String,
    #[command(flatten)]
    options: NetworkOptions,
}

impl Ensure {
    pub(super) fn run(self, context: &Context<'_>) -> Done {
        let config = self.options.config(&self.network)?;
        runtime_network::refuse_described(&context.networks, &config)?;
        let ensured = context.networks.ensure(&config)?;
        print(context, &ensured)
    }
}
