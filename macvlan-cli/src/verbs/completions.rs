//! `macvlan completions`.

use clap::{Args, Command};
use clap_complete::{Shell, generate};

use crate::failure::Done;
use crate::output;

/// Print the completions for a shell.
#[derive(Args)]
pub(crate) struct Completions {
    /// The shell
    shell: Shell,
}

impl Completions {
    pub(crate) fn run(self, mut command: Command) -> Done {
        let mut script = Vec::new();
        generate(self.shell, &mut command, "macvlan", &mut script);
        output::print(&String::from_utf8_lossy(&script))
    }
}
