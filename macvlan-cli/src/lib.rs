//! The command `macvlan`, for people at a shell, as a function that programs can call as well.
//!
//! `docs/command.md` in the repository is its manual; `docs/cni.md`, `docs/podman.md` and
//! `docs/docker.md` are those of the plugins.

mod agent;
mod called;
mod cli;
mod cni;
mod config;
mod container;
mod default_parent;
mod deferred;
mod dns;
mod docker;
mod driver_option;
mod endpoint;
mod escape;
mod failure;
mod host_access;
mod log;
mod netavark;
mod network_options;
mod output;
mod progress;
mod runtime_network;
mod sandbox;
mod session;
mod signal;
mod store;
mod subnet_options;
mod topology;
mod value;
mod verbs;

use std::ffi::OsString;

use clap::Parser as _;
use clap::error::ErrorKind;

use crate::cli::Cli;
use crate::failure::Failure;

/// Runs the command and returns its exit status.
///
/// The arguments begin with the program's name, as those of a process.
///
/// If the program is called as a runtime calls its plugins, it is that plugin instead.
pub fn run(arguments: impl IntoIterator<Item = OsString>) -> u8 {
    let arguments: Vec<OsString> = arguments.into_iter().collect();
    if let Some(status) = called::as_plugin(&arguments) {
        return status;
    }
    let done = match Cli::try_parse_from(arguments) {
        Ok(cli) => cli.run(),
        Err(error) => parsed(&error),
    };
    match done {
        Ok(()) => 0,
        Err(failure) => failure.report(),
    }
}

/// Prints what was asked for instead of a verb, such as help; or converts the error.
fn parsed(error: &clap::Error) -> Result<(), Failure> {
    let text = error.render().to_string();
    match error.kind() {
        ErrorKind::DisplayHelp | ErrorKind::DisplayVersion => output::print(&text),
        ErrorKind::DisplayHelpOnMissingArgumentOrSubcommand => Err(Failure::help(text)),
        _ => Err(Failure::usage(in_one_line(&text))),
    }
}

/// Returns the message as one line without clap's usage, with its tip if that names something
/// similar.
fn in_one_line(text: &str) -> String {
    let text = text.strip_prefix("error: ").unwrap_or(text);
    let lines: Vec<&str> =
        text.lines().take_while(|line| !line.trim().is_empty()).map(str::trim).collect();
    let mut tips = text.lines().filter_map(|line| line.trim().strip_prefix("tip: "));
    let hint = tips.find(|tip| tip.contains("similar")).unwrap_or("see --help");
    format!("{}; {hint}", lines.join(" "))
}
