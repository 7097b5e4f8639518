//! Makes an ordinary user root in a user namespace.

use std::fs;

use nix::sched::{CloneFlags, unshare};
use nix::unistd::{getegid, geteuid};

use crate::harness::Outcome;

/// The capabilities for namespaces and links (`linux/capability.h`): `CAP_NET_ADMIN` and
/// `CAP_SYS_ADMIN`.
const NEEDED: u64 = 1 << 12 | 1 << 21;

/// Continues as root in a new user namespace, unless the process already has the capabilities.
/// There it can create and change network namespaces, but not change the machine's.
///
/// Call it before the process has a second thread: afterwards the kernel refuses it.
pub fn become_root() -> Outcome {
    let status = fs::read_to_string("/proc/self/status")?;
    let line = status.lines().find_map(|line| line.strip_prefix("CapEff:"));
    let effective = u64::from_str_radix(line.unwrap_or("0").trim(), 16)?;
    if effective & NEEDED == NEEDED {
        return Ok(());
    }
    let (user, group) = (geteuid(), getegid());
    unshare(CloneFlags::CLONE_NEWUSER).map_err(|errno| {
        format!("cannot enter a user namespace of one's own, so it takes root: {errno}")
    })?;
    // A process that may not set groups may still map its own (user_namespaces(7)).
    fs::write("/proc/self/setgroups", "deny")?;
    fs::write("/proc/self/uid_map", format!("0 {user} 1"))?;
    fs::write("/proc/self/gid_map", format!("0 {group} 1"))?;
    Ok(())
}
