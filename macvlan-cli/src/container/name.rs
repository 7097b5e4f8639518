//! Names of namespaces, as people know them.

use std::collections::HashMap;
use std::fs;

use macvlan_core::VisibleNetNs;

use crate::container::candidate::Source;
use crate::container::{cgroup, containerd, engine};

/// Finds the names of namespaces; the engines are asked once, and only if they have a container.
#[derive(Default)]
pub(crate) struct Names {
    docker: Option<HashMap<String, String>>,
    podman: Option<HashMap<String, String>>,
    containerd: Option<HashMap<u32, String>>,
}

impl Names {
    /// Returns the container that is in a namespace, as `docker:web`, if there is one.
    pub(crate) fn container(&mut self, place: &VisibleNetNs) -> Option<String> {
        let pid = place.pids.iter().min()?;
        let Some((source, id)) = cgroup::of_process(*pid) else {
            // The group of a task of containerd has any name.
            let id = self.containerd.get_or_insert_with(containerd::by_pid).get(pid)?;
            return Some(format!("{}:{id}", Source::Containerd.prefix()));
        };
        let known = match source {
            Source::Docker => Some(self.docker.get_or_insert_with(|| engine::names(source))),
            Source::Podman => Some(self.podman.get_or_insert_with(|| engine::names(source))),
            _ => None,
        };
        let name = known.and_then(|known| known.get(&id)).unwrap_or(&id);
        Some(format!("{}:{name}", source.prefix()))
    }
}

/// Returns the words for a namespace: its names, its container, its first process, or a path.
pub(crate) fn words(place: &VisibleNetNs, container: Option<&str>) -> String {
    if let Some(container) = container {
        return container.to_owned();
    }
    if !place.names.is_empty() {
        return place.names.join(" ");
    }
    let Some(pid) = place.pids.iter().min() else {
        return place
            .paths
            .first()
            .map_or_else(|| place.id.to_string(), |path| path.display().to_string());
    };
    match fs::read_to_string(format!("/proc/{pid}/comm")) {
        Ok(command) => format!("pid {pid} ({})", command.trim_end()),
        // It has just ended.
        Err(_) => format!("pid {pid}"),
    }
}
