//! How an ordinary user gets to be root: in a user namespace.

use std::fs;

use nix::sched::{CloneFlags, unshare};
use nix::unistd::{getegid, geteuid};

use crate::harness::Outcome;

/// What namespaces and links take (`linux/capability.h`): `CAP_NET_ADMIN` and `CAP_SYS_ADMIN`.
const NEEDED: u64 = 1 << 12 | 1 << 21;

/// Goes on as root in a user namespace of the process's own, unless it has what it takes already.
/// There it can make network namespaces and do in them as it likes, but not touch the machine's.
///
/// To be called before the process has a second thread: the kernel refuses it after.
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
    // Who may not set groups may map its own (user_namespaces(7)).
    fs::write("/proc/self/setgroups", "deny")?;
    fs::write("/proc/self/uid_map", format!("0 {user} 1"))?;
    fs::write("/proc/self/gid_map", format!("0 {group} 1"))?;
    Ok(())
}
