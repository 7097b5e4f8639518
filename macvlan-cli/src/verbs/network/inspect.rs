//! `macvlan network inspect`.

use clap::Args;
use serde_json::Value;

use crate::failure::{Done, Failure, parted};
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
        let inspect = |name: &String| Ok(context.networks.network(name)?.inspect()?);
        let (all, failures) = parted(self.networks.iter().map(inspect));
        if !all.is_empty() {
            output::print(&format!("{:#}\n", Value::from(all)))?;
        }
        Failure::all(failures)
    }
}
