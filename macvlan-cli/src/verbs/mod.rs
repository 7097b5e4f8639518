//! The verbs, one file each.

pub(crate) mod access;
pub(crate) mod announce;
pub(crate) mod attach;
pub(crate) mod check;
pub(crate) mod completions;
pub(crate) mod detach;
pub(crate) mod diagnose;
pub(crate) mod ensure;
pub(crate) mod keep;
pub(crate) mod man;
pub(crate) mod netns;
pub(crate) mod network;
pub(crate) mod parents;
pub(crate) mod probe;
pub(crate) mod select;
pub(crate) mod show;
pub(crate) mod watch;

use crate::cli::{Cli, Verb};
use crate::failure::Done;
use crate::session::Session;

/// Runs a verb.
pub(crate) fn run(cli: Cli) -> Done {
    let session = Session::new(cli.common);
    if !matches!(cli.verb, Verb::Show(_)) {
        session.refuse_dot()?;
    }
    match cli.verb {
        Verb::Attach(verb) => verb.run(&session),
        Verb::Detach(verb) => verb.run(&session),
        Verb::Ensure(verb) => verb.run(&session),
        Verb::Check(verb) => verb.run(&session),
        Verb::Show(verb) => verb.run(&session),
        Verb::Keep(verb) => verb.run(&session),
        Verb::Watch(verb) => verb.run(&session),
        Verb::Probe(verb) => verb.run(&session),
        Verb::Announce(verb) => verb.run(&session),
        Verb::Access(verb) => verb.run(&session),
        Verb::Diagnose(verb) => verb.run(&session),
        Verb::Network(verb) => verb.run(&session),
        Verb::Parents(verb) => verb.run(&session),
        Verb::Netns(verb) => verb.run(&session),
        Verb::Completions(verb) => verb.run(),
        Verb::Man(verb) => verb.run(),
    }
}
