//! `macvlan network update`.

use clap::Args;

use crate::failure::Done;
use crate::verbs::network::clear::{List, clear};
use crate::verbs::network::context::Context;
use crate::verbs::network::describe::print;
use crate::verbs::network::options::NetworkOptions;

/// Change a network; options that are not given keep their values.
#[derive(Args)]
pub(super) struct Update {
    /// The network's name or id
    network: String,
    /// Empty a list before others are added to it (repeatable)
    #[arg(long, value_name = "LIST")]
    clear: Vec<List>,
    #[command(flatten)]
    options: NetworkOptions,
}

impl Update {
    pub(super) fn run(self, context: &Context<'_>) -> Done {
        let network = context.networks.network(&self.network)?;
        let config = self.options.change(clear(network.config().clone(), &self.clear))?;
        print(context, &network.update(&config)?)
    }
}
