//! Which runtime's container a process is in, by its control group.

use std::fs;

use crate::container::candidate::Source;

/// Returns the runtime and the container's id or name.
pub(super) fn of_process(pid: u32) -> Option<(Source, String)> {
    let groups = fs::read_to_string(format!("/proc/{pid}/cgroup")).ok()?;
    groups.lines().find_map(|line| of_path(line.splitn(3, ':').nth(2)?))
}

/// Reads a path such as `/system.slice/docker-ID.scope`, innermost part first.
fn of_path(path: &str) -> Option<(Source, String)> {
    let parts: Vec<&str> = path.split('/').collect();
    for (at, part) in parts.iter().enumerate().rev() {
        let name = part.strip_suffix(".scope").unwrap_or(part);
        let named = |source, name: &str| Some((source, name.to_owned()));
        if let Some(id) = name.strip_prefix("docker-").filter(|id| is_id(id)) {
            return named(Source::Docker, id);
        }
        if let Some(id) = name.strip_prefix("libpod-").filter(|id| is_id(id)) {
            return named(Source::Podman, id);
        }
        if let Some(id) = name.strip_prefix("cri-containerd-").filter(|id| is_id(id)) {
            return named(Source::Containerd, id);
        }
        if let Some(name) = name.strip_prefix("lxc.payload.") {
            return named(Source::Lxc, name);
        }
        if let Some(name) = name.strip_prefix("machine-").filter(|_| name.len() < part.len()) {
            return named(Source::Machine, &unescaped(name));
        }
        let service =
            part.strip_suffix(".service").and_then(|one| one.strip_prefix("systemd-nspawn@"));
        if let Some(name) = service {
            return named(Source::Machine, &unescaped(name));
        }
        // The driver cgroupfs.
        if is_id(part) && at > 0 && parts[at - 1] == "docker" {
            return named(Source::Docker, part);
        }
    }
    None
}

fn is_id(text: &str) -> bool {
    text.len() == 64 && text.bytes().all(|byte| byte.is_ascii_hexdigit())
}

/// Undoes systemd's escaping of a unit's name, which writes `-` as `\x2d`.
fn unescaped(name: &str) -> String {
    name.replace("\\x2d", "-")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn groups_name_their_containers() {
        let id = "0123456789abcdef".repeat(4);
        for (path, source, name) in [
            (format!("/system.slice/docker-{id}.scope"), Source::Docker, id.as_str()),
            (format!("/docker/{id}"), Source::Docker, &id),
            (format!("/docker/{id}/init.scope"), Source::Docker, &id),
            (format!("/machine.slice/libpod-{id}.scope/container"), Source::Podman, &id),
            (
                format!("/kubepods/besteffort/pod1/cri-containerd-{id}.scope"),
                Source::Containerd,
                &id,
            ),
            (
                "/machine.slice/machine-deb\\x2d12.scope/payload".to_owned(),
                Source::Machine,
                "deb-12",
            ),
            (
                "/machine.slice/systemd-nspawn@web.service/payload".to_owned(),
                Source::Machine,
                "web",
            ),
            ("/lxc.payload.c1/init.scope".to_owned(), Source::Lxc, "c1"),
        ] {
            assert_eq!(of_path(&path), Some((source, name.to_owned())), "{path}");
        }
        for path in
            ["/", "/user.slice/session-1.scope", "/system.slice/docker.service", "/docker/x"]
        {
            assert_eq!(of_path(path), None, "{path}");
        }
    }
}
