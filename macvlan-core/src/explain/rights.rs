//! Explains missing capabilities.

use std::fmt::Write as _;

use crate::error::{Error, ErrorKind};
use crate::netns::NetNs;

/// Explains where `CAP_NET_ADMIN` is missing, which all operations need.
pub(super) fn permission(error: Error, host: &NetNs, target: &NetNs) -> Error {
    if !has_net_admin() {
        return error
            .because(ErrorKind::PermissionDenied, "the process lacks CAP_NET_ADMIN")
            .with_hint("run as root or with CAP_NET_ADMIN");
    }
    let mut foreign = String::new();
    for netns in [host, target] {
        if netns.belongs_to_our_user_namespace() == Some(false)
            && !foreign.contains(&netns.describe())
        {
            let and = if foreign.is_empty() { "" } else { " and " };
            let _ = write!(foreign, "{and}{}", netns.describe());
        }
    }
    if foreign.is_empty() {
        return error;
    }
    let cause = format!(
        "CAP_NET_ADMIN is missing in the user namespace that owns {foreign}; the process has it only in its own"
    );
    error
        .because(ErrorKind::PermissionDenied, cause)
        .with_hint("a rootless program can use parents in its own network namespaces, not those of the machine")
}

fn has_net_admin() -> bool {
    const CAP_NET_ADMIN: u32 = 12;
    std::fs::read_to_string("/proc/thread-self/status")
        .ok()
        .and_then(|status| {
            let line = status.lines().find_map(|line| line.strip_prefix("CapEff:"))?;
            u64::from_str_radix(line.trim(), 16).ok()
        })
        .is_some_and(|effective| effective & 1 << CAP_NET_ADMIN != 0)
}
