//! `macvlan docker`.

mod described;
mod migrate;
mod request;
mod steps;

use clap::{Args, Subcommand};

use crate::failure::Done;
use crate::session::Session;

/// Move networks of Docker to the plugin.
#[derive(Args)]
pub(crate) struct Docker {
    #[command(subcommand)]
    verb: DockerVerb,
}

#[derive(Subcommand)]
enum DockerVerb {
    /// Print, or do, what moves a macvlan network with its containers to the plugin
    Migrate(migrate::Migrate),
}

impl Docker {
    pub(crate) fn run(self, session: &Session) -> Done {
        match self.verb {
            DockerVerb::Migrate(verb) => verb.run(session),
        }
    }
}
