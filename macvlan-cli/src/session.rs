//! The parts that the verbs share: the host, and the form of the output.

use clap::{Args, ValueEnum};
use macvlan_core::Host;
use serde_json::Value;

use crate::container;
use crate::failure::{Done, Failure};
use crate::output;

/// Options of every verb.
#[derive(Args)]
pub(crate) struct Common {
    /// The namespace with the parents, as for a container [default: the one that this runs in]
    #[arg(long, global = true, value_name = "CONTAINER", help_heading = "Common options")]
    pub(crate) host: Option<String>,
    /// The form of the output: for people, for programs, or for Graphviz (show)
    #[arg(
        long,
        global = true,
        value_enum,
        default_value_t,
        hide_default_value = true,
        help_heading = "Common options"
    )]
    pub(crate) format: Format,
    /// Short for --format json
    #[arg(long, global = true, help_heading = "Common options", conflicts_with = "format")]
    pub(crate) json: bool,
}

/// The form of the output. (Help for each value would make all help long.)
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, ValueEnum)]
pub(crate) enum Format {
    #[default]
    Plain,
    Json,
    Dot,
}

/// A run of the command.
pub(crate) struct Session {
    host: Option<String>,
    format: Format,
}

impl Session {
    pub(crate) fn new(common: Common) -> Self {
        let format = if common.json { Format::Json } else { common.format };
        Self { host: common.host, format }
    }

    /// Opens the host.
    pub(crate) fn host(&self) -> Done<Host> {
        match &self.host {
            Some(host) => Ok(Host::in_netns(&container::find(host)?.netns)?),
            None => Ok(Host::open()?),
        }
    }

    pub(crate) fn format(&self) -> Format {
        self.format
    }

    /// Prints a result in the form that was asked for.
    pub(crate) fn print(
        &self,
        plain: impl FnOnce() -> String,
        json: impl FnOnce() -> Value,
    ) -> Done {
        self.print_text(plain, || format!("{:#}\n", json()))
    }

    /// Prints an event: as JSON, an object in one line.
    pub(crate) fn print_event(
        &self,
        plain: impl FnOnce() -> String,
        json: impl FnOnce() -> Value,
    ) -> Done {
        self.print_text(plain, || format!("{}\n", json()))
    }

    fn print_text(&self, plain: impl FnOnce() -> String, json: impl FnOnce() -> String) -> Done {
        match self.format {
            Format::Plain => output::print(&ended(plain())),
            Format::Json => output::print(&json()),
            Format::Dot => Err(dot()),
        }
    }

    /// Refuses a form that the verb does not have, before it does anything.
    pub(crate) fn refuse_dot(&self) -> Done {
        if self.format == Format::Dot { Err(dot()) } else { Ok(()) }
    }
}

/// Ends the last line.
fn ended(mut text: String) -> String {
    if !text.is_empty() && !text.ends_with('\n') {
        text.push('\n');
    }
    text
}

fn dot() -> Failure {
    Failure::usage("--format dot is for show")
}
