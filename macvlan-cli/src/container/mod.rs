//! Containers as people name them: pids, names of `ip netns`, paths, and names of runtimes.

mod candidate;
mod cgroup;
mod containerd;
pub(crate) mod docker;
mod engine;
mod http;
mod lxc;
mod machine;
pub(crate) mod name;
mod podman;

pub(crate) use engine::{Endpoint, Stopped, endpoints_in, stopped_in};
use std::fmt;

use macvlan_core::{ErrorKind, NetNs};

use crate::container::candidate::{Candidate, Source};
use crate::failure::{Done, Failure, status};

/// A container that was found.
#[derive(Debug)]
pub(crate) struct Container {
    pub(crate) netns: NetNs,
    /// The id that stays the same when the container returns; `None` for a pid or a path.
    pub(crate) id: Option<String>,
    /// The name, if it is another than the id.
    pub(crate) name: Option<String>,
    /// The words for a list of candidates: `docker:web`.
    said: String,
}

impl fmt::Display for Container {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.said)
    }
}

/// The sources of a name without a prefix.
const BY_NAME: [Source; 6] = [
    Source::NetNs,
    Source::Docker,
    Source::Podman,
    Source::Containerd,
    Source::Machine,
    Source::Lxc,
];

impl Source {
    fn of_prefix(prefix: &str) -> Option<Self> {
        let all = [Self::Pid, Self::Path].into_iter().chain(BY_NAME);
        all.into_iter().find(|source| source.prefix() == prefix)
    }

    /// Returns the words for a name that the source does not know.
    fn unknown(self) -> &'static str {
        match self {
            Self::Docker => "no running container of Docker has",
            Self::Podman => "no running container of Podman has",
            Self::Containerd => "no running task of containerd has",
            Self::Machine => "no running machine of systemd-nspawn has",
            Self::Lxc => "no running container of LXC or Incus has",
            Self::NetNs => "no namespace of `ip netns` has",
            // Both find one, or fail; their containers have no id.
            Self::Pid | Self::Path => "no container with a permanent id has",
        }
    }

    /// Returns the containers of this name; several for the beginning of several ids.
    fn find(self, text: &str) -> Done<Vec<Container>> {
        match self {
            Self::Pid => by_pid(text).map(|found| vec![found]),
            Self::Path => {
                let netns = NetNs::from_path(text)?;
                Ok(vec![Container { netns, id: None, name: None, said: text.to_owned() }])
            }
            Self::NetNs => Ok(by_netns_name(text)?.into_iter().collect()),
            _ => self.candidates(text)?.into_iter().map(|one| self.open(one)).collect(),
        }
    }

    /// Returns the containers of a runtime, which may not run.
    fn candidates(self, text: &str) -> Done<Vec<Candidate>> {
        match self {
            Self::Pid | Self::Path | Self::NetNs => Ok(Vec::new()),
            Self::Docker | Self::Podman => engine::find(self, text),
            Self::Containerd => containerd::find(text),
            Self::Machine => machine::find(text),
            Self::Lxc => Ok(lxc::find(text).into_iter().collect()),
        }
    }

    /// Returns the permanent ids of the containers of this name, with the words for each.
    fn ids(self, text: &str) -> Done<Vec<(String, String)>> {
        if self == Self::NetNs {
            let found = by_netns_name(text)?.into_iter();
            return Ok(found.map(|one| (text.to_owned(), one.said)).collect());
        }
        let found = self.candidates(text)?.into_iter();
        Ok(found.map(|one| (one.id.clone(), self.words(&one))).collect())
    }

    fn words(self, candidate: &Candidate) -> String {
        let within = candidate.namespace.as_ref().map(|name| format!("{name}/"));
        let name = candidate.name.as_ref().unwrap_or(&candidate.id);
        format!("{}:{}{name}", self.prefix(), within.unwrap_or_default())
    }

    fn open(self, candidate: Candidate) -> Done<Container> {
        let said = self.words(&candidate);
        let Candidate { id, name, pid, .. } = candidate;
        if pid == 0 {
            return Err(Failure::not_found(format!(
                "cannot find the namespace of {said}: the container does not run; start it first"
            )));
        }
        Ok(Container { netns: NetNs::from_pid(pid)?, id: Some(id), name, said })
    }
}

/// Finds a container.
pub(crate) fn find(text: &str) -> Done<Container> {
    if let Some((prefix, rest)) = text.split_once(':') {
        if let Some(source) = Source::of_prefix(prefix) {
            let found = source.find(rest)?;
            if found.is_empty() {
                return Err(Failure::not_found(format!(
                    "cannot find container {text:?}: {} that name; use a pid or a path",
                    source.unknown()
                )));
            }
            return one(text, found, &[]);
        }
    }
    if text.contains('/') {
        return one(text, Source::Path.find(text)?, &[]);
    }
    if !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit()) {
        return by_pid(text);
    }
    let (mut found, mut refused) = (Vec::new(), Vec::new());
    for source in BY_NAME {
        match source.find(text) {
            Ok(more) => found.extend(more),
            Err(failure) => refused.push(failure),
        }
    }
    one(text, found, &refused)
}

/// Finds the permanent id of a container, which need not run, with the words for it; `None` if its
/// name has none.
///
/// A source that is not named and does not answer has no such container.
pub(crate) fn find_id(text: &str) -> Done<Option<(String, String)>> {
    let named = text.split_once(':');
    let named = named.and_then(|(prefix, name)| Some((Source::of_prefix(prefix)?, name)));
    let mut found = match named {
        // The id is the name, also of a namespace that does not exist any more.
        Some((Source::NetNs, name)) => vec![(name.to_owned(), text.to_owned())],
        Some((source, name)) => {
            let found = source.ids(name)?;
            if found.is_empty() {
                return Err(Failure::not_found(format!(
                    "cannot find container {text:?}: {} that name; use id:ID, with its id as \
                     `macvlan network leases` lists it",
                    source.unknown()
                )));
            }
            found
        }
        None => BY_NAME.iter().filter_map(|source| source.ids(text).ok()).flatten().collect(),
    };
    if found.iter().any(|(id, _)| *id != found[0].0) {
        let said: Vec<String> = found.into_iter().map(|(_, said)| said).collect();
        return Err(Failure::usage(format!(
            "cannot find container {text:?}: several have that name; use one of {}",
            said.join(", ")
        )));
    }
    Ok(found.pop())
}

/// Returns the only container, which several sources may know, or an error.
fn one(text: &str, mut found: Vec<Container>, refused: &[Failure]) -> Done<Container> {
    let mut said: Vec<String> = Vec::new();
    for container in &found {
        if !said.contains(&container.said) {
            said.push(container.said.clone());
        }
    }
    let is_same = |one: &Container| one.netns.same_as(&found[0].netns);
    if !found.is_empty() && found.iter().all(is_same) {
        return Ok(found.swap_remove(0));
    }
    if !found.is_empty() {
        return Err(Failure::usage(format!(
            "cannot find container {text:?}: several have that name; use one of {}",
            said.join(", ")
        )));
    }
    match refused.first() {
        Some(failure) if refused.len() == 1 => Err(failure.clone()),
        Some(_) => {
            let all: Vec<&str> = refused.iter().map(Failure::first_message).collect();
            let status = if refused.iter().all(Failure::is_permission) {
                status::PERMISSION
            } else {
                status::NOT_FOUND
            };
            Err(Failure::new(
                status,
                format!("cannot find container {text:?}: not found; {}", all.join(", ")),
            ))
        }
        None => Err(Failure::not_found(format!(
            "cannot find container {text:?}: no namespace of `ip netns` and no running container of \
             Docker, Podman, containerd, systemd-nspawn or LXC has that name; use a pid or a path"
        ))),
    }
}

fn by_pid(text: &str) -> Done<Container> {
    let pid = text
        .parse()
        .map_err(|_| Failure::usage(format!("cannot parse pid {text:?}: not a pid")))?;
    let netns = NetNs::from_pid(pid)?;
    Ok(Container { netns, id: None, name: None, said: format!("pid:{pid}") })
}

/// Returns the namespace of this name, if there is one.
fn by_netns_name(text: &str) -> Done<Option<Container>> {
    match NetNs::from_name(text) {
        Ok(netns) => {
            let said = format!("netns:{text}");
            Ok(Some(Container { netns, id: Some(text.to_owned()), name: None, said }))
        }
        Err(error) if error.kind() == ErrorKind::NamespaceGone => Ok(None),
        Err(error) => Err(error.into()),
    }
}
