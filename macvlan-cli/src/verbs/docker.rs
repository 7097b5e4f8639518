//! `macvlan docker`.

use clap::Args;

use crate::agent::Options;
use crate::failure::Done;
use crate::session::Session;

/// Serve the Docker plugin, with the agent of this host.
///
/// This is `macvlan agent --docker`.
#[derive(Args)]
pub(crate) struct Docker {
    #[command(flatten)]
    options: Options,
}

impl Docker {
    pub(crate) fn run(self, session: &Session) -> Done {
        self.options.with_docker().run(session)
    }
}
