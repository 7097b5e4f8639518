//! Podman without its socket, which few hosts have enabled: by the process `conmon` that watches each
//! running container, whose arguments are the container's id, its name and the file with its pid.

use std::env;
use std::fs;
use std::path::Path;

use crate::container::candidate::Candidate;

/// Podman's directory of what runs; without it no container does.
const RUNNING: &str = "/run/libpod";

/// Finds the containers with this name or id, or whose ids begin so.
pub(super) fn find(text: &str) -> Vec<Candidate> {
    let mut all = running();
    let is_exact = |one: &Candidate| one.id == text || one.name.as_deref() == Some(text);
    let exact = all.iter().any(is_exact);
    all.retain(|one| if exact { is_exact(one) } else { one.id.starts_with(text) });
    all
}

/// Returns all running containers, also those of other users.
pub(super) fn running() -> Vec<Candidate> {
    let of_user = env::var_os("XDG_RUNTIME_DIR").map(|run| Path::new(&run).join("libpod"));
    if !Path::new(RUNNING).exists() && !of_user.is_some_and(|path| path.exists()) {
        return Vec::new();
    }
    let processes = fs::read_dir("/proc").into_iter().flatten().flatten();
    let pids = processes.filter_map(|one| one.file_name().to_str()?.parse::<u32>().ok());
    let mut all: Vec<Candidate> = pids.filter_map(watched_by).collect();
    all.sort_unstable_by(|one, other| one.id.cmp(&other.id));
    all
}

/// Returns the container that a process watches, if it is a conmon and the container still runs.
fn watched_by(conmon: u32) -> Option<Candidate> {
    let command = fs::read_to_string(format!("/proc/{conmon}/comm")).ok()?;
    if command.trim_end() != "conmon" {
        return None;
    }
    let arguments = fs::read_to_string(format!("/proc/{conmon}/cmdline")).ok()?;
    let Arguments { id, name, pid_file } = read(&arguments)?;
    let pid: u32 = fs::read_to_string(pid_file).ok()?.trim().parse().ok()?;
    // The pid of a container that has ended may be another process's by now.
    let status = fs::read_to_string(format!("/proc/{pid}/status")).ok()?;
    let parent = status.lines().find_map(|line| line.strip_prefix("PPid:"))?.trim();
    (parent == conmon.to_string()).then(|| Candidate {
        id: id.to_owned(),
        name: name.map(str::to_owned),
        pid,
        namespace: None,
    })
}

#[derive(Debug, PartialEq, Eq)]
struct Arguments<'a> {
    id: &'a str,
    name: Option<&'a str>,
    pid_file: &'a str,
}

/// Reads the arguments of a conmon; `None` if it watches a `podman exec`.
fn read(arguments: &str) -> Option<Arguments<'_>> {
    let (mut id, mut name, mut pid_file) = (None, None, None);
    let mut words = arguments.split('\0').skip(1);
    while let Some(word) = words.next() {
        match word {
            "-c" | "--cid" => id = words.next(),
            "-n" | "--name" => name = words.next(),
            "-p" | "--container-pidfile" => pid_file = words.next(),
            "-e" | "--exec" | "--exec-process-spec" => return None,
            // Arguments for others begin here.
            "--exit-command" => break,
            _ => {}
        }
    }
    Some(Arguments { id: id?, name, pid_file: pid_file? })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn conmon_knows_its_container() {
        let text = "/usr/bin/conmon\0--api-version\x001\0-c\x004f1c9a\0-u\x004f1c9a\0-r\0/usr/bin/crun\0\
                    -p\0/run/pidfile\0-n\0web\0--exit-command\0podman\0-n\0other\0";
        let web = Arguments { id: "4f1c9a", name: Some("web"), pid_file: "/run/pidfile" };
        assert_eq!(read(text), Some(web));
        assert_eq!(read("conmon\0-c\x004f1c9a\0-p\0/run/pidfile\0-e\0"), None);
        assert_eq!(read("conmon\0--version\0"), None);
        assert_eq!(read(""), None);
    }
}
