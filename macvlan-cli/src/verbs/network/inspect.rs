//! `macvlan network inspect`.

use clap::Args;
use serde_json::Value;

use crate::failure::Done;
use crate::output;
use crate::verbs::network::context::Context;

/// Print networks as `docker network inspect` does.
#[derive(Args)]
pub(super) struct Inspect {
    /// The networks' names or ids
    #[arg(required = true, value_name = "NETWORK")]
    networks: Vec<String>,
}

impl Inspect {
    pub(super) fn run(self, context: &Context<'_>) -> Done {
        let all = self.networks.iter().map(|name| Ok(context.networks.network(name)?.inspect()?));
        let all: Value = all.collect::<Done<Vec<Value>>>()?.into();
        output::print(&format!("{all:#}\n"))
    }
}
