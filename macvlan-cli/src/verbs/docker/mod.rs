//! `macvlan docker`.

mod described;
mod migrate;
mod request;
mod steps;

use clap::{Args, Subcommand};

use crate::agent::Options;
use crate::failure::Done;
use crate::session::Session;

/// Serve the Docker plugin, with the agent of this host.
///
/// This is `macvlan agent --docker`.
#[derive(Args)]
#[command(args_conflicts_with_subcommands = true, subcommand_negates_reqs = true)]
pub(crate) struct Docker {
    #[command(flatten)]
    options: Options,
    #[command(subcommand)]
    verb: Option<DockerVerb>,
}

#[derive(Subcommand)]
enum DockerVerb {
    /// Print, or do, what moves a macvlan network with its containers to the plugin
    Migrate(migrate::Migrate),
}

impl Docker {
    pub(crate) fn run(self, session: &Session) -> Done {
        match self.verb {
            Some(DockerVerb::Migrate(verb)) => verb.run(session),
            None => self.options.with_docker().run(session),
        }
    }
}
