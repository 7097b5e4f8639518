//! Whether a container's namespace still exists, also in a process that never had a handle on it,
//! and after a reboot.
//!
//! A namespace is told from all others by the boot in which it was made and by its cookie, which the
//! kernel gives to no second one; the inode number, by which it is found, is used again.

use macvlan_core::{NetNs, Presence};

use crate::error::{Error, Result};
use crate::machine::Machine;

/// What tells one network namespace from all others that ever were.
#[derive(Debug, Clone, PartialEq, Eq, Hash, serde::Serialize, serde::Deserialize)]
#[non_exhaustive]
pub struct NetNsMark {
    /// The boot that it was made in (`/proc/sys/kernel/random/boot_id`).
    pub boot: String,
    /// Its inode number, by which it can be found.
    pub inode: u64,
    /// The kernel's cookie for it; none before Linux 5.14.
    pub cookie: Option<u64>,
}

impl NetNsMark {
    /// The mark of a namespace.
    pub fn of(netns: &NetNs) -> Result<Self> {
        let operation = "tell the container's namespace from others";
        let cookie = netns.cookie().map_err(|error| Error::kernel(operation, error))?;
        Ok(Self { boot: Machine::here()?.boot.clone(), inode: netns.id().inode, cookie })
    }

    /// Whether it is of this boot.
    pub fn is_of_this_boot(&self) -> Result<bool> {
        Ok(self.boot == Machine::here()?.boot)
    }
}

/// What is known of the namespace that has this mark. Where the path by which it was found once still leads
/// there, nothing is looked through.
pub(crate) fn find(mark: &NetNsMark, path: Option<&str>) -> Result<Presence> {
    if let (Some(path), true) = (path, mark.is_of_this_boot()?) {
        match NetNs::from_path(path) {
            Ok(netns) if netns.id().inode == mark.inode && NetNsMark::of(&netns)? == *mark => {
                return Ok(Presence::There(netns));
            }
            // It may be found in another way.
            _ => {}
        }
    }
    let mut found = Presence::Gone;
    find_all(&[mark], |_, presence| found = presence)?;
    Ok(found)
}

/// Says what is known of each of the namespaces that have these marks, by its place: the machine is
/// looked through for all of them at once.
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

/// The error where it is not known whether a container's namespace exists.
pub(crate) fn unknown(error: macvlan_core::Error) -> Error {
    Error::kernel("find out whether the container's namespace exists", error)
}
