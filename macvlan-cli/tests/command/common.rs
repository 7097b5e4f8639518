//! Runs the command on a host of the lab.

use std::process::{Command, Output, Stdio};

use macvlan_core::NetNs;
use macvlan_tests::Outcome;
use serde_json::Value;

/// Returns the command with arguments, separated by spaces; single quotes hold words together.
pub(crate) fn command(arguments: &str) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_macvlan"));
    command.args(words(arguments)).current_dir("/").stdin(Stdio::null()).env("LC_ALL", "C.UTF-8");
    for variable in ["MACVLAN_DB", "MACVLAN_CONFIG", "NO_COLOR", "DOCKER_HOST", "CONTAINER_HOST"] {
        command.env_remove(variable);
    }
    command
}

fn words(text: &str) -> Vec<String> {
    let mut all = Vec::new();
    for (at, part) in text.split('\'').enumerate() {
        if at % 2 == 1 {
            all.push(part.to_owned());
        } else {
            all.extend(part.split_whitespace().map(str::to_owned));
        }
    }
    all
}

/// Runs a command in a namespace, until it ends.
pub(crate) fn output(host: &NetNs, mut command: Command) -> Outcome<Output> {
    Ok(host.run(|| command.output())??)
}

/// Runs the command, which has to succeed without a message, and returns its output.
#[track_caller]
pub(crate) fn ok(host: &NetNs, arguments: &str) -> Outcome<String> {
    let output = output(host, command(arguments))?;
    let (out, err) = texts(&output);
    assert!(output.status.success() && err.is_empty(), "{arguments}: {output:?}");
    Ok(out)
}

/// Runs the command with `--json`, and returns its output.
#[track_caller]
pub(crate) fn json(host: &NetNs, arguments: &str) -> Outcome<Value> {
    Ok(serde_json::from_str(&ok(host, &format!("{arguments} --json"))?)?)
}

/// Runs the command, which has to fail with this status, without output and with a message of one
/// line, which is returned.
#[track_caller]
pub(crate) fn fails(host: &NetNs, status: i32, arguments: &str) -> Outcome<String> {
    let output = output(host, command(arguments))?;
    let (out, err) = texts(&output);
    assert_eq!((output.status.code(), out.as_str()), (Some(status), ""), "{arguments}: {err}");
    assert!(err.starts_with("macvlan: ") && err.lines().count() == 1, "{arguments}: {err}");
    Ok(err)
}

/// Runs the command, which has to end with this status and without a message, and returns its
/// output.
#[track_caller]
pub(crate) fn ends(host: &NetNs, status: i32, arguments: &str) -> Outcome<String> {
    let output = output(host, command(arguments))?;
    let (out, err) = texts(&output);
    assert_eq!((output.status.code(), err.as_str()), (Some(status), ""), "{arguments}");
    Ok(out)
}

/// Returns the output and the errors as texts.
pub(crate) fn texts(output: &Output) -> (String, String) {
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    (text(&output.stdout), text(&output.stderr))
}
