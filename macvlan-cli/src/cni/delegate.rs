//! Runs another plugin, which gives the addresses.

use std::env;
use std::io::Write as _;
use std::path::PathBuf;
use std::process::{Command, Output, Stdio};
use std::thread;

use serde_json::Value;

use crate::cni::config::Request;
use crate::cni::environment::IS_IPAM;
use crate::cni::error::{Code, Error, Result};
use crate::cni::result::Answer;

/// Runs the plugin's ADD and returns its result.
///
/// If it fails, its DEL is run, as it may have done a part.
pub(super) fn add(plugin: &str, request: &Request) -> Result<Answer> {
    let added = run(plugin, "ADD", request).and_then(|output| {
        let unreadable = |error: serde_json::Error| {
            let why = format!("cannot read the result of plugin {plugin}: {error}");
            Error::new(Code::DECODE, why)
        };
        let json: Value = serde_json::from_slice(&output).map_err(unreadable)?;
        let answer = Answer::parse(&json, request.version, &format!("the result of {plugin}"))?;
        if answer.ips.is_empty() {
            return Err(Error::new(
                Code::DECODE,
                format!("cannot use plugin {plugin}: its result has no addresses"),
            ));
        }
        Ok(answer)
    });
    added.map_err(|error| give_back(plugin, request, error))
}

/// Runs the plugin's DEL after a failure, and returns the failure.
fn give_back(plugin: &str, request: &Request, error: Error) -> Error {
    match run(plugin, "DEL", request) {
        Ok(_) => error,
        Err(other) => error.and(&other),
    }
}

/// Runs a plugin with the environment and the configuration of this one.
pub(super) fn run(plugin: &str, verb: &str, request: &Request) -> Result<Vec<u8>> {
    run_for(plugin, verb, request, &[])
}

/// Runs a plugin's DEL for another attachment than that of the environment.
pub(super) fn del_for(
    plugin: &str,
    request: &Request,
    (container, interface): (&str, &str),
) -> Result {
    let variables = [("CNI_CONTAINERID", container), ("CNI_IFNAME", interface), ("CNI_NETNS", "")];
    run_for(plugin, "DEL", request, &variables).map(drop)
}

fn run_for(
    plugin: &str,
    verb: &str,
    request: &Request,
    variables: &[(&str, &str)],
) -> Result<Vec<u8>> {
    let mut command = Command::new(find(plugin)?);
    command.env("CNI_COMMAND", verb).env(IS_IPAM, "1").envs(variables.iter().copied());
    let output = output(&mut command, &request.text)
        .map_err(|error| Error::new(Code::IO, format!("cannot run plugin {plugin}: {error}")))?;
    if output.status.success() {
        return Ok(output.stdout);
    }
    // Its own error says more to the runtime.
    let printed: Option<Value> = serde_json::from_slice(&output.stdout).ok();
    if let Some(printed) = printed.filter(|printed| printed["code"].is_u64()) {
        let message = printed["msg"].as_str().unwrap_or_default();
        let message = format!("plugin {plugin}: {message}");
        return Err(Error::foreign(printed, message));
    }
    let said = String::from_utf8_lossy(&output.stdout);
    let why = format!("cannot run plugin {plugin}: {}: {}", output.status, said.trim());
    Err(Error::new(Code::OTHER, why))
}

fn output(command: &mut Command, input: &[u8]) -> std::io::Result<Output> {
    // Its standard error is this program's.
    let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn()?;
    let mut stdin = child.stdin.take();
    thread::scope(|scope| {
        // A plugin may end without reading all of it.
        scope.spawn(move || stdin.take().map(|mut pipe| pipe.write_all(input)));
        child.wait_with_output()
    })
}

/// Finds a plugin in the directories of `CNI_PATH`.
fn find(plugin: &str) -> Result<PathBuf> {
    let path = env::var_os("CNI_PATH").unwrap_or_default();
    if path.is_empty() {
        let why = format!("cannot find plugin {plugin} of ipam: CNI_PATH is not set");
        return Err(Error::new(Code::ENVIRONMENT, why));
    }
    env::split_paths(&path)
        .map(|directory| directory.join(plugin))
        .find(|file| file.is_file())
        .ok_or_else(|| {
            let path = path.to_string_lossy();
            Error::config(format!("cannot find plugin {plugin} of ipam: not in CNI_PATH {path}"))
        })
}
