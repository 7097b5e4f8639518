//! The command `macvlan`.

use std::process::ExitCode;

fn main() -> ExitCode {
    ExitCode::from(macvlan_cli::run(std::env::args_os()))
}
