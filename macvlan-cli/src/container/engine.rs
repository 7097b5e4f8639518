//! Docker and Podman, by the API that both have on a Unix socket. A Podman without one is found by its
//! processes.

use std::collections::HashMap;
use std::env;
use std::io;
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use serde_json::Value;

use crate::container::candidate::{Candidate, Source, is_plain};
use crate::container::{http, podman};
use crate::failure::{Done, Failure, status};

/// The time in which an engine answers that is not asked again.
const SOON: Duration = Duration::from_millis(200);

/// Finds a container by its name, its id or a unique beginning of its id.
pub(super) fn find(source: Source, text: &str) -> Done<Vec<Candidate>> {
    if !is_plain(text) {
        return Ok(Vec::new());
    }
    let (mut found, mut has_answered) = (Vec::new(), false);
    for socket in sockets(source) {
        let operation = || format!("ask {} at {}", source.prefix(), socket.display());
        let Some(answer) = ask(&socket, &format!("/containers/{text}/json"), &operation)? else {
            continue;
        };
        has_answered = true;
        match answer.status {
            200 => found.push(candidate(&answer.json()).ok_or_else(|| {
                Failure::new(
                    status::OTHER,
                    format!("cannot {}: the answer has no pid", operation()),
                )
            })?),
            404 => {}
            _ => {
                let why = answer.refusal();
                return Err(Failure::usage(format!("cannot {}: {why}", operation())));
            }
        }
    }
    if source == Source::Podman && !has_answered {
        found = podman::find(text);
    }
    Ok(found)
}

/// Returns the names of an engine's containers by their ids; empty if it does not answer.
pub(super) fn names(source: Source) -> HashMap<String, String> {
    let (mut names, mut has_answered) = (HashMap::new(), false);
    for socket in sockets(source) {
        let Ok(answer) = http::get(&socket, "/containers/json", http::TIMEOUT) else { continue };
        has_answered = true;
        for one in answer.json().as_array().into_iter().flatten() {
            if let (Some(id), Some(name)) = (one["Id"].as_str(), one["Names"][0].as_str()) {
                names.insert(id.to_owned(), name.trim_start_matches('/').to_owned());
            }
        }
    }
    if source == Source::Podman && !has_answered {
        let running = podman::running().into_iter();
        names.extend(running.filter_map(|one| Some((one.id, one.name?))));
    }
    names
}

/// An endpoint that a container of Docker has in a network.
#[derive(Debug)]
pub(crate) struct Endpoint {
    pub(crate) id: String,
    /// The container's id.
    pub(crate) container: String,
    /// The container's name.
    pub(crate) name: String,
}

/// Returns the endpoints that containers have in a network of Docker; `None` if Docker does not have
/// the network, or does not run.
pub(crate) fn endpoints_in(network: &str) -> Done<Option<Vec<Endpoint>>> {
    let Some(all) = containers_in(network)? else { return Ok(None) };
    let all = all.as_object().into_iter().flatten().filter(|(id, _)| has_container(id));
    let read = |(container, one): (&String, &Value)| {
        let name = one["Name"].as_str().unwrap_or_default().to_owned();
        Some(Endpoint {
            id: one["EndpointID"].as_str()?.to_owned(),
            container: container.clone(),
            name,
        })
    };
    Ok(Some(all.filter_map(read).collect()))
}

/// Returns whether the key of an endpoint is the id of its container; it may have none yet, or be left
/// of a Docker that was ended.
fn has_container(id: &str) -> bool {
    !id.starts_with("ep-")
}

/// Returns the containers of a network of Docker, with their endpoints.
fn containers_in(network: &str) -> Done<Option<Value>> {
    for socket in sockets(Source::Docker) {
        let operation = || format!("ask docker at {}", socket.display());
        let path = format!("/networks/{network}");
        let Some(answer) = ask(&socket, &path, &operation)? else { continue };
        if answer.status == 404 {
            continue;
        }
        let body = answer.json();
        if answer.status == 200 && body["Containers"].is_object() {
            return Ok(Some(body["Containers"].clone()));
        }
        let why = body["message"].as_str().unwrap_or("the answer is not a network");
        return Err(Failure::new(status::OTHER, format!("cannot {}: {why}", operation())));
    }
    Ok(None)
}

/// A container of Docker that does not run.
#[derive(Debug)]
pub(crate) struct Stopped {
    pub(crate) id: String,
    /// The time since it was created, up to a second too long, if it has never run.
    pub(crate) new: Option<Duration>,
}

/// Returns Docker's containers in a network that do not run; `None` if it does not answer at once.
pub(crate) fn stopped_in(network: &str) -> Option<Vec<Stopped>> {
    // {"status":["created","exited","restarting"]}
    let filters = "%7B%22status%22%3A%5B%22created%22%2C%22exited%22%2C%22restarting%22%5D%7D";
    let path = format!("/containers/json?all=1&filters={filters}");
    let answer = sockets(Source::Docker)
        .iter()
        .find_map(|socket| http::get(socket, &path, SOON).ok())
        .filter(|answer| answer.status == 200)?;
    let all: Vec<Value> = serde_json::from_slice(&answer.body).ok()?;
    let now = SystemTime::now().duration_since(UNIX_EPOCH).ok()?;
    let read = |one: &Value| {
        let is_new = one["State"] == "created";
        let created = Duration::from_secs(one["Created"].as_u64().unwrap_or_default());
        let new = is_new.then(|| now.saturating_sub(created));
        // Of one that has never run, only the networks' names are known.
        let mut of = one["NetworkSettings"]["Networks"].as_object()?.values();
        let is_in = of.any(|one| one["NetworkID"] == network || is_new && one["NetworkID"] == "");
        is_in.then(|| Some(Stopped { id: one["Id"].as_str()?.to_owned(), new }))?
    };
    Some(all.iter().filter_map(read).collect())
}

/// Asks an engine; `None` if it does not run.
fn ask(socket: &Path, path: &str, operation: &impl Fn() -> String) -> Done<Option<http::Answer>> {
    match http::get(socket, path, http::TIMEOUT) {
        Ok(answer) => Ok(Some(answer)),
        Err(error) => match error.kind() {
            io::ErrorKind::NotFound | io::ErrorKind::ConnectionRefused => Ok(None),
            _ => Err(Failure::file(&operation(), &error)),
        },
    }
}

fn candidate(body: &Value) -> Option<Candidate> {
    let name = body["Name"].as_str().map(|name| name.trim_start_matches('/').to_owned());
    let pid = body["State"]["Pid"].as_u64().and_then(|pid| u32::try_from(pid).ok())?;
    Some(Candidate { id: body["Id"].as_str()?.to_owned(), name, pid, namespace: None })
}

/// Returns the sockets of an engine: the one that its own client uses, or root's and the user's.
pub(super) fn sockets(source: Source) -> Vec<PathBuf> {
    let (variable, system, user) = match source {
        Source::Podman => ("CONTAINER_HOST", "/run/podman/podman.sock", "podman/podman.sock"),
        _ => ("DOCKER_HOST", "/run/docker.sock", "docker.sock"),
    };
    if let Some(host) = env::var(variable).ok().filter(|host| !host.is_empty()) {
        // A remote engine's containers are not on this machine.
        return host.strip_prefix("unix://").map(PathBuf::from).into_iter().collect();
    }
    let of_user = env::var_os("XDG_RUNTIME_DIR").map(|run| Path::new(&run).join(user));
    std::iter::once(PathBuf::from(system)).chain(of_user).collect()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_container_is_read_from_its_description() {
        let body = json!({"Id": "4f1c9a", "Name": "/web", "State": {"Pid": 2084, "Running": true}});
        let web = Candidate {
            id: "4f1c9a".to_owned(),
            name: Some("web".to_owned()),
            pid: 2084,
            namespace: None,
        };
        assert_eq!(candidate(&body), Some(web));
        assert_eq!(candidate(&json!({"message": "no such container"})), None);
    }
}
