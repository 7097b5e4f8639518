//! The plugin of netavark, which sets up the networks of Podman's containers.
//!
//! netavark calls it with a verb, and JSON on standard input; the answer is JSON on standard output.
//! `docs/podman.md` in the repository is its manual.

mod create;
mod description;
mod options;
mod request;
mod setup;
mod status;
mod teardown;

use std::ffi::{OsStr, OsString};
use std::io;
use std::path::Path;

use serde::de::DeserializeOwned;
use serde_json::{Value, json};

use crate::failure::{Done, Failure};
use crate::output;

/// The version of the protocol.
const API: &str = "1.0.0";

/// Returns whether netavark calls plugins with this word.
pub(crate) fn is_verb(word: &OsStr) -> bool {
    ["info", "create", "setup", "teardown"].iter().any(|verb| word == *verb)
}

/// Runs a verb and returns the exit status; a failure is an answer too.
pub(crate) fn run(arguments: &[OsString]) -> u8 {
    let answered = answer(arguments).and_then(|answer| match answer {
        Value::Null => Ok(()),
        answer => output::print(&format!("{answer}\n")),
    });
    match answered {
        Ok(()) => 0,
        Err(failure) => {
            let answer = json!({ "error": failure.in_one_line() });
            // If there is no reader, there is no other place either.
            let _ = output::print(&format!("{answer}\n"));
            1
        }
    }
}

fn answer(arguments: &[OsString]) -> Done<Value> {
    let words: Vec<&OsStr> = arguments.iter().map(OsString::as_os_str).collect();
    match (words[0].to_str(), &words[1..]) {
        (Some("info"), []) => {
            Ok(json!({ "version": env!("CARGO_PKG_VERSION"), "api_version": API }))
        }
        (Some("create"), []) => create::run(read()?),
        (Some("setup"), [netns]) => setup::run(Path::new(netns), &read()?),
        (Some("teardown"), [netns]) => {
            teardown::run(Path::new(netns), &read()?).map(|()| Value::Null)
        }
        (Some(verb @ ("setup" | "teardown")), []) => {
            Err(Failure::usage(format!("cannot run {verb}: the path of the namespace is missing")))
        }
        (verb, _) => {
            let verb = verb.unwrap_or_default();
            Err(Failure::usage(format!(
                "cannot run {verb:?}: unknown verb, or more arguments than it has"
            )))
        }
    }
}

/// Reads the request.
fn read<T: DeserializeOwned>() -> Done<T> {
    serde_json::from_reader(io::stdin().lock())
        .map_err(|error| Failure::usage(format!("cannot read the request: {error}")))
}
