//! Containers of runtimes, and where they are looked up.

/// A container of a runtime: its id, its name and its first process.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Candidate {
    pub(crate) id: String,
    pub(crate) name: Option<String>,
    pub(crate) pid: u32,
    /// The namespace of containerd that it is in.
    pub(crate) namespace: Option<String>,
}

/// Where a name is looked up.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Source {
    Pid,
    NetNs,
    Path,
    Docker,
    Podman,
    Containerd,
    Machine,
    Lxc,
}

impl Source {
    pub(crate) fn prefix(self) -> &'static str {
        match self {
            Self::Pid => "pid",
            Self::NetNs => "netns",
            Self::Path => "path",
            Self::Docker => "docker",
            Self::Podman => "podman",
            Self::Containerd => "containerd",
            Self::Machine => "machine",
            Self::Lxc => "lxc",
        }
    }
}

/// Returns whether a text can be a container's name or id in a runtime.
pub(super) fn is_plain(text: &str) -> bool {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"_.-".contains(&byte);
    !text.is_empty() && !text.starts_with('.') && text.bytes().all(plain)
}
