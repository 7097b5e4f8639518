//! LXC and Incus, by the control group of a container.

use std::fs;
use std::path::{Path, PathBuf};

use crate::container::candidate::{Candidate, is_plain};

/// The places of a container's group: version 2, and the unified part of a mixed setup.
const ROOTS: [&str; 2] = ["/sys/fs/cgroup", "/sys/fs/cgroup/unified"];

/// Finds a container by its name.
pub(super) fn find(text: &str) -> Option<Candidate> {
    if !is_plain(text) {
        return None;
    }
    let groups = ROOTS.iter().map(|root| Path::new(root).join(format!("lxc.payload.{text}")));
    let pid = groups.into_iter().find_map(first_process);
    pid.map(|pid| Candidate { id: text.to_owned(), name: None, pid, namespace: None })
}

/// Returns the lowest pid in a group or the groups below, which is the container's first process.
fn first_process(group: PathBuf) -> Option<u32> {
    let (mut groups, mut lowest) = (vec![group], None);
    while let Some(group) = groups.pop() {
        let pids = fs::read_to_string(group.join("cgroup.procs")).unwrap_or_default();
        let least =
            pids.lines().filter_map(|pid| pid.parse::<u32>().ok()).filter(|pid| *pid > 0).min();
        lowest = [lowest, least].into_iter().flatten().min();
        let entries = fs::read_dir(&group).into_iter().flatten().flatten();
        groups.extend(
            entries
                .filter(|one| one.file_type().is_ok_and(|kind| kind.is_dir()))
                .map(|one| one.path()),
        );
    }
    lowest
}
