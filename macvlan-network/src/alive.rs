//! Whether a container's namespace still exists, also in a process that never had a handle on it,
//! and after a reboot.
//!
//! A namespace is told from all others by the boot in which it was made and by its cookie, which the
//! kernel gives to no second one; the inode number, by which it is found, is used again. It is looked
//! for where namespaces are held: in processes, in their descriptors, and in mounts.

use std::collections::{HashMap, HashSet};
use std::fs;
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};
use std::sync::OnceLock;

use macvlan_core::{Handle, NetNs};

use crate::cookie;
use crate::error::{Error, ErrorKind, Result};

/// How many ways to a namespace are remembered.
const WAYS: usize = 4;

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

/// The network namespaces that somebody holds.
#[derive(Debug)]
pub(crate) struct Living {
    /// Some ways to each, by inode number: whoever holds it may end before it is opened.
    paths: HashMap<u64, Vec<PathBuf>>,
}

impl Living {
    /// Looks at all processes that it may look at: where they are, what they have open, and what is
    /// mounted where they are.
    pub(crate) fn find() -> Self {
        let mut found = Self { paths: HashMap::new() };
        let mut mounts = HashSet::new();
        let processes = fs::read_dir("/proc").into_iter().flatten().flatten().filter(|entry| {
            entry
                .file_name()
                .to_str()
                .is_some_and(|name| name.bytes().all(|byte| byte.is_ascii_digit()))
        });
        for process in processes {
            let process = process.path();
            found.link(process.join("ns/net"));
            for directory in ["fd", "task"] {
                for entry in fs::read_dir(process.join(directory)).into_iter().flatten().flatten() {
                    match directory {
                        "fd" => found.link(entry.path()),
                        _ => found.link(entry.path().join("ns/net")),
                    }
                }
            }
            // Many processes see the same mounts.
            if fs::read_link(process.join("ns/mnt")).is_ok_and(|mnt| mounts.insert(mnt)) {
                found.mounted(&process);
            }
        }
        found
    }

    fn link(&mut self, path: PathBuf) {
        let inode = fs::read_link(&path).ok().and_then(|target| {
            target.to_str()?.strip_prefix("net:[")?.strip_suffix(']')?.parse().ok()
        });
        if let Some(inode) = inode {
            self.add(inode, path);
        }
    }

    fn add(&mut self, inode: u64, path: PathBuf) {
        let paths = self.paths.entry(inode).or_default();
        if paths.len() < WAYS {
            paths.push(path);
        }
    }

    /// Named namespaces: files of nsfs, mounted.
    fn mounted(&mut self, process: &Path) {
        let mounts = fs::read_to_string(process.join("mountinfo")).unwrap_or_default();
        for line in mounts.lines() {
            let mut words = line.split(' ').skip(3);
            let (Some(root), Some(point)) = (words.next(), words.next()) else { continue };
            let inode = root.strip_prefix("net:[").and_then(|root| root.strip_suffix(']'));
            let Some(inode) = inode.and_then(|inode| inode.parse().ok()) else { continue };
            let point = point.trim_start_matches('/');
            let path = process.join("root").join(point);
            // A mount may lie under another.
            if fs::metadata(&path).is_ok_and(|found| found.ino() == inode) {
                self.add(inode, path);
            }
        }
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
        let paths = self.paths.get(&mark.inode).into_iter().flatten();
        for netns in paths.filter_map(|path| NetNs::from_path(path).ok()) {
            if netns.id().inode == mark.inode && NetNsMark::of(&netns)? == *mark {
                return Ok(Some(netns));
            }
        }
        Ok(None)
    }

    /// Handles on all of them, as far as they can be opened.
    pub(crate) fn all(&self) -> impl Iterator<Item = NetNs> {
        self.paths.iter().filter_map(|(inode, paths)| {
            let mut handles = paths.iter().filter_map(|path| NetNs::from_path(path).ok());
            handles.find(|netns| netns.id().inode == *inode)
        })
    }
}
