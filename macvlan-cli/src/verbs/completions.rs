//! `macvlan completions`.

use clap::{Args, CommandFactory as _};
use clap_complete::{Shell, generate};

use crate::cli::Cli;
use crate::failure::Done;
use crate::output;

/// Print the completions for a shell.
#[derive(Args)]
pub(crate) struct Completions {
    /// The shell
    shell: Shell,
}

impl Completions {
    pub(crate) fn run(self) -> Done {
        let mut script = Vec::new();
        generate(self.shell, &mut Cli::command(), "macvlan", &mut script);
        output::print(&String::from_utf8_lossy(&script))
    }
}
