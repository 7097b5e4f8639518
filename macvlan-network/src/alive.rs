//! Whether a container's namespace still exists, also in a process that never had a handle on it,
//! and after a reboot.
//!
//! A namespace is told from all others by the boot in which it was made and by its cookie, which the
//! kernel gives to no second one; the inode number, by which it is found, is used again.

use std::fs;
use std::sync::OnceLock;

use macvlan_core::{Handle, NetNs, VisibleNetNs};

use crate::cookie;
use crate::error::{Error, ErrorKind, Result};

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
        // Any socket inside will do. `NetNs::run` would start a thread to open one, which takes longer
        // than all the rest of a connect beside attaching.
        let watch = Handle::in_netns(netns).and_then(|handle| handle.watch());
        let watch = watch.map_err(|error| Error::kernel(operation, error))?;
        let cookie = cookie::of(&watch)
            .map_err(|errno| Error::new(ErrorKind::Kernel, operation, errno.desc()))?;
        Ok(Self { boot: boot()?.to_owned(), inode: netns.id().inode, cookie })
    }

    /// Whether it is of this boot.
    pub fn is_of_this_boot(&self) -> Result<bool> {
        Ok(self.boot == boot()?)
    }
}

/// This boot's id.
fn boot() -> Result<&'static str> {
    static BOOT: OnceLock<String> = OnceLock::new();
    if let Some(boot) = BOOT.get() {
        return Ok(boot);
    }
    let path = "/proc/sys/kernel/random/boot_id";
    let boot =
        fs::read_to_string(path).map_err(|error| Error::file(format!("read {path}"), error))?;
    Ok(BOOT.get_or_init(|| boot.trim().to_owned()))
}

/// A handle on the namespace that has this mark, if it exists.
pub(crate) fn open(mark: &NetNsMark) -> Result<Option<NetNs>> {
    Living::find().look_twice(mark)
}

/// The network namespaces that exist.
pub(crate) struct Living(Vec<VisibleNetNs>);

impl Living {
    pub(crate) fn find() -> Self {
        Self(NetNs::visible().namespaces)
    }

    /// As [`Living::open`], but what is not found is looked for once more: one that is handed from one
    /// process to another while we look may be seen with neither.
    pub(crate) fn look_twice(&mut self, mark: &NetNsMark) -> Result<Option<NetNs>> {
        let found = self.open(mark)?;
        if found.is_some() || !mark.is_of_this_boot()? {
            return Ok(found);
        }
        *self = Self::find();
        self.open(mark)
    }

    /// A handle on the namespace that has this mark, if it exists.
    pub(crate) fn open(&self, mark: &NetNsMark) -> Result<Option<NetNs>> {
        if !mark.is_of_this_boot()? {
            return Ok(None);
        }
        let found = self.0.iter().find(|one| one.id.inode == mark.inode);
        let Some(netns) = found.and_then(|found| found.open().ok()) else { return Ok(None) };
        Ok((NetNsMark::of(&netns)? == *mark).then_some(netns))
    }

    /// Handles on all of them, as far as they can be opened.
    pub(crate) fn all(&self) -> impl Iterator<Item = NetNs> {
        self.0.iter().filter_map(|one| one.open().ok())
    }
}
