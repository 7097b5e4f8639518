//! `macvlan network hosts`.

use std::path::PathBuf;

use clap::Args;
use serde_json::json;

use crate::failure::Done;
use crate::verbs::network::context::Context;

/// Print lines for /etc/hosts, or write them into a file.
#[derive(Args)]
pub(super) struct Hosts {
    /// The network's name or id
    network: String,
    /// Write the lines into this file, in place of those of the last time
    #[arg(short, long, value_name = "PATH")]
    write: Option<PathBuf>,
}

impl Hosts {
    pub(super) fn run(self, context: &Context<'_>) -> Done {
        let network = context.networks.network(&self.network)?;
        if let Some(path) = &self.write {
            network.write_hosts(path)?;
            return context.session.print(String::new, || json!({ "path": path }));
        }
        let hosts = network.hosts()?;
        let lines = || hosts.lines().map(str::to_owned).collect::<Vec<_>>();
        context.session.print(|| hosts.clone(), || json!(lines()))
    }
}
