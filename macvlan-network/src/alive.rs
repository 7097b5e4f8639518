//! Finds out whether a container's namespace still exists, even from a process that never had a
//! handle on it, and after a reboot.
//!
//! A namespace is identified by the boot in which it was created and by its cookie, which the
//! kernel never uses again. It is found by its inode number, which the kernel does use again.

use macvlan_core::{NetNs, Presence};

use crate::error::{Error, Result};
use crate::machine::Machine;

/// The identity of a network namespace, which is unique over time.
#[derive(Debug, Clone, PartialEq, Eq, Hash, serde::Serialize, serde::Deserialize)]
#[non_exhaustive]
pub struct NetNsMark {
    /// The boot in which it was created (`/proc/sys/kernel/random/boot_id`).
    pub boot: String,
    /// The inode number, by which it can be found.
    pub inode: u64,
    /// The kernel's cookie of the namespace; `None` before Linux 5.14.
    pub cookie: Option<u64>,
}

impl NetNsMark {
    /// Returns the identity of a namespace.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Kernel`](crate::ErrorKind::Kernel) if the kernel refuses;
    /// [`ErrorKind::File`](crate::ErrorKind::File) if the boot id cannot be read.
    pub fn of(netns: &NetNs) -> Result<Self> {
        let operation = "identify the container's namespace";
        let cookie = netns.cookie().map_err(|error| Error::kernel(operation, error))?;
        Ok(Self { boot: Machine::here()?.boot.clone(), inode: netns.id().inode, cookie })
    }

    /// Returns whether the namespace was created in this boot.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::File`](crate::ErrorKind::File) if the boot id cannot be read.
    pub fn is_of_this_boot(&self) -> Result<bool> {
        Ok(self.boot == Machine::here()?.boot)
    }
}

/// Returns whether a namespace exists.
///
/// Does not search the machine if the path that the namespace was opened by still refers to it.
pub(crate) fn find(mark: &NetNsMark, path: Option<&str>) -> Result<Presence> {
    if let (Some(path), true) = (path, mark.is_of_this_boot()?) {
        match NetNs::from_path(path) {
            Ok(netns) if netns.id().inode == mark.inode && NetNsMark::of(&netns)? == *mark => {
                return Ok(Presence::There(netns));
            }
            // It may still exist under another path.
            _ => {}
        }
    }
    let mut found = Presence::Gone;
    find_all(&[mark], |_, presence| found = presence)?;
    Ok(found)
}

/// Calls `say` with the index of each namespace and whether it exists, after one search of the
/// machine for all of them.
pub(crate) fn find_all(marks: &[&NetNsMark], mut say: impl FnMut(usize, Presence)) -> Result<()> {
    let boot = &Machine::here()?.boot;
    let (mut places, mut wanted) = (Vec::new(), Vec::new());
    for (at, mark) in marks.iter().enumerate() {
        if mark.boot == *boot {
            places.push(at);
            wanted.push((mark.inode, mark.cookie));
        } else {
            say(at, Presence::Gone);
        }
    }
    NetNs::find_all(&wanted, |at, presence| say(places[at], presence));
    Ok(())
}

/// Returns the error for a container whose namespace may or may not exist.
pub(crate) fn unknown(error: macvlan_core::Error) -> Error {
    Error::kernel("check whether the container's namespace exists", error)
}
