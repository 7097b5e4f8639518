//! Finds the process that holds the lock of a namespace, for the error after a timeout.
//!
//! This happens after the fact, so a process is only named if it was found with certainty.

use std::fs;
use std::io::ErrorKind;
use std::os::unix::fs::MetadataExt;

use nix::sys::stat::{major, minor};

use crate::netns::NetNsId;

/// Returns a description of the holder, or `None` if it is not visible from here.
pub(super) fn holder(netns: NetNsId) -> Option<String> {
    let locks = fs::read("/proc/locks").ok()?;
    let locks = String::from_utf8_lossy(&locks);
    let pid = pids(&locks, netns).find(|pid| has_open(*pid, netns))?;
    if pid == std::process::id() {
        return Some("another thread of this process".to_owned());
    }
    // The name is chosen by the process, so it is escaped.
    let name = fs::read(format!("/proc/{pid}/comm")).ok();
    let name =
        name.map(|name| String::from_utf8_lossy(&name).trim_end().escape_debug().to_string());
    Some(name.map_or(format!("process {pid}"), |name| format!("process {pid} ({name})")))
}

/// Iterates over the processes that hold a lock on a namespace's file according to `/proc/locks`,
/// without those that wait for one.
fn pids(locks: &str, netns: NetNsId) -> impl Iterator<Item = u32> {
    let (major, minor) = (major(netns.device), minor(netns.device));
    let file = format!("{major:02x}:{minor:02x}:{}", netns.inode);
    locks.lines().filter_map(move |line| {
        let words: Vec<&str> = line.split_whitespace().collect();
        match words[..] {
            [_, "FLOCK", _, _, pid, its, ..] if its == file => pid.parse().ok(),
            _ => None,
        }
    })
}

/// Returns whether a process has the namespace's file open, as far as it is visible.
///
/// The process that took the lock may have ended and left it to a child, and its pid may be reused.
fn has_open(pid: u32, netns: NetNsId) -> bool {
    let files = match fs::read_dir(format!("/proc/{pid}/fd")) {
        Ok(files) => files,
        Err(error) => return error.kind() == ErrorKind::PermissionDenied,
    };
    let is_it = |file: fs::DirEntry| {
        let file = fs::metadata(file.path());
        file.is_ok_and(|file| (file.dev(), file.ino()) == (netns.device, netns.inode))
    };
    files.flatten().any(is_it)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn holders_are_those_of_this_very_file() {
        let locks = "\
1: FLOCK  ADVISORY  WRITE 11 00:05:4026531840 0 EOF
2: POSIX  ADVISORY  WRITE 12 00:04:4026531840 0 EOF
3: FLOCK  ADVISORY  WRITE 13 00:04:4026531840 0 EOF
3: -> FLOCK  ADVISORY  WRITE 14 00:04:4026531840 0 EOF
4: FLOCK  ADVISORY  READ  15 00:04:40265318401 0 EOF
5: FLOCK  ADVISORY  READ  -1 00:04:4026531840 0 EOF
6: FLOCK
";
        let netns = NetNsId { device: 4, inode: 4_026_531_840 };
        assert_eq!(pids(locks, netns).collect::<Vec<_>>(), [13]);
        assert_eq!(pids("", netns).next(), None);
    }
}
