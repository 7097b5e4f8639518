//! containerd, by the state of its tasks: `NAMESPACE/ID/init.pid`.

use std::collections::HashMap;
use std::fs;
use std::io;
use std::path::Path;

use crate::container::candidate::{Candidate, is_plain};
use crate::failure::{Done, Failure};

/// The directories of containerd and of K3s's.
const TASKS: [&str; 2] = [
    "/run/containerd/io.containerd.runtime.v2.task",
    "/run/k3s/containerd/io.containerd.runtime.v2.task",
];
/// The beginning of an id is accepted from this length.
const SHORTEST: usize = 4;

/// Finds a task by its id, a beginning of it, or `NAMESPACE/ID`.
pub(super) fn find(text: &str) -> Done<Vec<Candidate>> {
    let mut found = Vec::new();
    for tasks in TASKS {
        found.extend(find_in(Path::new(tasks), text)?);
    }
    Ok(found)
}

/// Returns the ids of all tasks by their pids; empty if they cannot be read.
pub(super) fn by_pid() -> HashMap<u32, String> {
    let tasks = TASKS.iter().filter_map(|tasks| tasks_in(Path::new(tasks), |_, _| true).ok());
    tasks.flatten().map(|task| (task.pid, task.id)).collect()
}

fn find_in(tasks: &Path, text: &str) -> Done<Vec<Candidate>> {
    let (only, id) = match text.rsplit_once('/') {
        Some((namespace, id)) => (Some(namespace), id),
        None => (None, text),
    };
    if !is_plain(id) {
        return Ok(Vec::new());
    }
    let begins = |task: &str| task == id || task.starts_with(id) && id.len() >= SHORTEST;
    let mut found = tasks_in(tasks, |namespace, task| {
        only.is_none_or(|only| only == namespace) && begins(task)
    })?;
    if found.iter().any(|one| one.id == id) {
        found.retain(|one| one.id == id);
    }
    Ok(found)
}

/// Returns the tasks that are wanted by their namespaces and ids.
fn tasks_in(tasks: &Path, is_wanted: impl Fn(&str, &str) -> bool) -> Done<Vec<Candidate>> {
    let mut found = Vec::new();
    for namespace in list(tasks)? {
        for id in list(&tasks.join(&namespace))? {
            if !is_wanted(&namespace, &id) {
                continue;
            }
            let pid = fs::read_to_string(tasks.join(&namespace).join(&id).join("init.pid"));
            // A task that is being created or deleted has none.
            if let Some(pid) = pid.ok().and_then(|pid| pid.trim().parse().ok()) {
                found.push(Candidate { id, name: None, pid, namespace: Some(namespace.clone()) });
            }
        }
    }
    Ok(found)
}

fn list(directory: &Path) -> Done<Vec<String>> {
    let fails = |error: &io::Error| Failure::file(&format!("list {}", directory.display()), error);
    let entries = match fs::read_dir(directory) {
        Ok(entries) => entries,
        Err(error)
            if matches!(error.kind(), io::ErrorKind::NotFound | io::ErrorKind::NotADirectory) =>
        {
            return Ok(Vec::new());
        }
        Err(error) => return Err(fails(&error)),
    };
    let mut names = Vec::new();
    for entry in entries {
        names.extend(entry.map_err(|error| fails(&error))?.file_name().into_string());
    }
    names.sort_unstable();
    Ok(names)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tasks_are_found_by_their_ids() {
        let directory = std::env::temp_dir().join(format!("macvlan-tasks-{}", std::process::id()));
        for (task, pid) in [
            ("default/web-1", "7\n"),
            ("k8s.io/web-2", "8"),
            ("k8s.io/web", "9"),
            ("default/new", ""),
        ] {
            let path = directory.join(task);
            fs::create_dir_all(&path).unwrap();
            if !pid.is_empty() {
                fs::write(path.join("init.pid"), pid).unwrap();
            }
        }
        let pids = |text| {
            let found = find_in(&directory, text).unwrap();
            found.iter().map(|one| one.pid).collect::<Vec<_>>()
        };
        assert_eq!(pids("web-1"), [7]);
        assert_eq!(pids("web"), [9]);
        assert_eq!(pids("web-"), [7, 8]);
        assert_eq!(pids("k8s.io/web-2"), [8]);
        for none in ["default/web-2", "new", "we", "", "../default/web-1"] {
            assert_eq!(pids(none), [0; 0], "{none}");
        }
        fs::remove_dir_all(&directory).unwrap();
        assert_eq!(pids("web-1"), [0; 0]);
    }
}
