//! Lists the network namespaces that this process can see.
//!
//! The kernel has no list of them. A namespace exists while a thread is in it, a descriptor is open
//! on it, or it is mounted, so these are the places that are inspected.

use std::collections::{HashMap, HashSet};
use std::ffi::{OsStr, OsString};
use std::fmt;
use std::fs;
use std::io;
use std::ops::ControlFlow;
use std::os::unix::ffi::{OsStrExt as _, OsStringExt as _};
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};

use nix::errno::Errno;
use nix::libc;
use nix::sys::stat::stat;

use crate::error::{Error, ErrorKind, Result, errno_of};
use crate::netns::named::NAMED;
use crate::netns::sys::{OF_THIS_THREAD, inode_in};
use crate::netns::{NetNs, NetNsId};

/// The result of [`NetNs::visible`]: network namespaces, and the files that could not be inspected.
#[derive(Debug, Clone, Default)]
#[non_exhaustive]
pub struct VisibleNamespaces {
    /// The namespaces, each once.
    pub namespaces: Vec<VisibleNetNs>,
    /// The files and directories that could not be inspected, such as `/proc/2084` for a process of
    /// another user.
    ///
    /// They may lead to further namespaces.
    pub unseen: Vec<PathBuf>,
    /// The reasons, by path.
    pub(super) causes: HashMap<PathBuf, Cause>,
}

/// The reason why a file could not be inspected.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Cause {
    Refused(Errno),
    /// The namespace with this inode number is mounted there, but another mount covers it.
    Covered(u64),
}

/// The files that could not be inspected, with the reasons.
pub(crate) type Unseen = Vec<(PathBuf, Cause)>;

/// A network namespace with its names, processes and paths.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct VisibleNetNs {
    /// The identity of the namespace.
    pub id: NetNsId,
    /// The names, as listed by `ip netns`.
    pub names: Vec<String>,
    /// The processes whose main thread is in the namespace.
    pub pids: Vec<u32>,
    /// Further files that lead to the namespace.
    ///
    /// These are threads in another namespace than their main thread
    /// (`/proc/2084/task/2085/ns/net`), open descriptors (`/proc/2084/fd/7`), and mount points,
    /// which begin with `/proc/2084/root` if they are in another mount namespace.
    pub paths: Vec<PathBuf>,
}

impl VisibleNetNs {
    /// Opens the namespace, by the first name, process or path that still leads to it.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::NamespaceGone`] if none of them does any more, otherwise the error of the last
    /// one that could not be opened.
    pub fn open(&self) -> Result<NetNs> {
        let operation = || format!("open the network namespace {}", self.id);
        let mut refused = None;
        let ways = self.names.iter().cloned().map(Way::Name);
        let ways = ways.chain(self.pids.iter().copied().map(Way::Pid));
        for way in ways.chain(self.paths.iter().cloned().map(Way::Path)) {
            match way.open() {
                Ok(netns) if netns.id() == self.id => return Ok(netns),
                Ok(_) => {}
                Err(error) if has_ended(&error) => {}
                Err(error) => refused = Some(error),
            }
        }
        Err(refused.unwrap_or_else(|| {
            Error::new(
                ErrorKind::NamespaceGone,
                operation(),
                "no name, process or path leads to it any more",
            )
        }))
    }
}

impl NetNs {
    /// Lists the network namespaces with a name, a thread inside, an open descriptor or a mount.
    ///
    /// Files that could not be inspected are in [`VisibleNamespaces::unseen`]. Processes that
    /// `/proc` does not show, such as those of parent PID namespaces, are not included, nor is a
    /// descriptor that is being passed through a socket.
    ///
    /// ```no_run
    /// use macvlan_core::NetNs;
    /// for found in NetNs::visible().namespaces {
    ///     println!("{} {:?} {:?} {:?}", found.id, found.names, found.pids, found.paths);
    /// }
    /// ```
    #[doc(alias = "ip netns list")]
    #[doc(alias = "lsns")]
    pub fn visible() -> VisibleNamespaces {
        Self::visible_until(|_| false)
    }

    /// As [`NetNs::visible`], but stops as soon as `enough` returns true.
    pub(super) fn visible_until(mut enough: impl FnMut(NetNsId) -> bool) -> VisibleNamespaces {
        let mut visible = VisibleNamespaces::default();
        let mut places = HashMap::new();
        let (namespaces, mut unseen) = (&mut visible.namespaces, Unseen::new());
        let _: ControlFlow<()> = ways(&mut unseen, |id, way| {
            let place = *places.entry(id).or_insert_with(|| {
                let (names, pids, paths) = (Vec::new(), Vec::new(), Vec::new());
                namespaces.push(VisibleNetNs { id, names, pids, paths });
                namespaces.len() - 1
            });
            let found = &mut namespaces[place];
            match way {
                Way::Name(name) => found.names.push(name),
                Way::Pid(pid) => found.pids.push(pid),
                // A name is a mount as well, and may be mounted twice.
                Way::Path(path) => {
                    let is_name = |name: &String| path == Path::new(NAMED).join(name);
                    if !found.names.iter().any(is_name) && !found.paths.contains(&path) {
                        found.paths.push(path);
                    }
                }
            }
            if enough(id) { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
        });
        // A namespace that is covered at one place may be found at another.
        unseen.retain(|(_, cause)| match cause {
            Cause::Covered(inode) => !namespaces.iter().any(|found| found.id.inode == *inode),
            Cause::Refused(_) => true,
        });
        visible.unseen = unseen.iter().map(|(path, _)| path.clone()).collect();
        visible.causes = unseen.into_iter().collect();
        visible
    }
}

/// A name, a process or a path that leads to a network namespace.
pub(crate) enum Way {
    Name(String),
    Pid(u32),
    Path(PathBuf),
}

impl Way {
    /// Opens the namespace by the file, no matter which process it belonged to.
    pub(crate) fn open(&self) -> Result<NetNs> {
        match self {
            Self::Name(name) => NetNs::from_name(name),
            Self::Pid(pid) => NetNs::from_path(format!("/proc/{pid}/ns/net")),
            Self::Path(path) => NetNs::from_path(path),
        }
    }
}

/// Formats the description for messages, which equals that of the opened handle.
impl fmt::Display for Way {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Name(name) => write!(f, "the network namespace {name:?}"),
            Self::Pid(pid) => write!(f, "the network namespace of pid {pid}"),
            Self::Path(path) => write!(f, "the network namespace {}", path.display()),
        }
    }
}

/// Visits the ways to visible namespaces, cheap ones first, until the visitor breaks; most
/// namespaces are visited several times. Adds files that could not be inspected to `unseen`.
pub(crate) fn ways<T>(
    unseen: &mut Unseen,
    visit: impl FnMut(NetNsId, Way) -> ControlFlow<T>,
) -> ControlFlow<T> {
    let mut walk = Walk { unseen, visit, device: 0 };
    // Names and main threads take one link per process.
    let near = walk.near()?;
    // Threads, mounts and descriptors take every descriptor of every process.
    walk.far(near)
}

/// The processes whose links in `/proc` are readable, and the namespaces of their main threads.
type Near = (Vec<PathBuf>, Vec<(u32, Option<u64>)>);

struct Walk<'a, V> {
    unseen: &'a mut Unseen,
    visit: V,
    /// The device number of nsfs, which has the files of all namespaces.
    device: u64,
}

impl<T, V: FnMut(NetNsId, Way) -> ControlFlow<T>> Walk<'_, V> {
    fn near(&mut self) -> ControlFlow<T, Near> {
        self.names()?;
        let ours = match stat(OF_THIS_THREAD) {
            Ok(ours) => ours,
            Err(errno) => {
                self.unseen.push(("/proc".into(), Cause::Refused(errno)));
                return ControlFlow::Continue(Near::default());
            }
        };
        self.device = ours.st_dev;
        let (mut holders, mut processes) = (Vec::new(), Vec::new());
        for pid in self.numbers(Path::new("/proc")) {
            let process = PathBuf::from(format!("/proc/{pid}"));
            match fs::read_link(process.join("ns/net")) {
                Ok(target) => {
                    let inode = inode_in(target.as_os_str().as_bytes());
                    if let Some(inode) = inode {
                        self.found(inode, Way::Pid(pid))?;
                    }
                    holders.push(process);
                    processes.push((pid, inode));
                }
                // The main thread has ended, but others may be running.
                Err(error) if is_gone(&error) => {
                    for task in self.numbers(&process.join("task")) {
                        let task = process.join(format!("task/{task}"));
                        if self.link(task.join("ns/net"))?.is_some() {
                            holders.push(task);
                        }
                    }
                }
                Err(error) => self.refused(process, &error),
            }
        }
        ControlFlow::Continue((holders, processes))
    }

    fn far(&mut self, (holders, processes): Near) -> ControlFlow<T> {
        self.mounts(&holders)?;
        for (pid, inode) in processes {
            for task in self.numbers(Path::new(&format!("/proc/{pid}/task"))) {
                let path = PathBuf::from(format!("/proc/{pid}/task/{task}/ns/net"));
                // The other threads are usually in the main thread's namespace.
                if task != pid && self.inode(&path).is_some_and(|found| Some(found) != inode) {
                    self.link(path)?;
                }
            }
        }
        for holder in holders {
            let directory = holder.join("fd");
            for fd in self.numbers(&directory) {
                self.link(directory.join(fd.to_string()))?;
            }
        }
        ControlFlow::Continue(())
    }

    fn found(&mut self, inode: u64, way: Way) -> ControlFlow<T> {
        (self.visit)(NetNsId { device: self.device, inode }, way)
    }

    fn names(&mut self) -> ControlFlow<T> {
        // Other names are found by their mounts.
        let names = self.entries(Path::new(NAMED)).into_iter();
        let mut names: Vec<String> = names.filter_map(|name| name.into_string().ok()).collect();
        names.sort_unstable();
        for name in names {
            match NetNs::from_name(&name) {
                Ok(netns) => (self.visit)(netns.id(), Way::Name(name))?,
                Err(error) if has_ended(&error) => {}
                Err(error) => {
                    let errno = error.errno().map_or(Errno::UnknownErrno, Errno::from_raw);
                    self.unseen.push((Path::new(NAMED).join(name), Cause::Refused(errno)));
                }
            }
        }
        ControlFlow::Continue(())
    }

    /// Inspects the mounts, once per mount namespace.
    fn mounts(&mut self, holders: &[PathBuf]) -> ControlFlow<T> {
        let mut looked_at = HashSet::new();
        // The view of this thread does not depend on a process that may end.
        let ours = (PathBuf::from("/proc/thread-self"), PathBuf::from("/"));
        let theirs = holders.iter().map(|holder| (holder.clone(), holder.join("root")));
        for (holder, root) in [ours].into_iter().chain(theirs) {
            // A process that has changed its root sees only a part of its mount namespace.
            let view = fs::read_link(holder.join("ns/mnt")).and_then(|namespace| {
                let root = fs::metadata(&root)?;
                Ok((namespace, root.dev(), root.ino()))
            });
            if view.as_ref().is_ok_and(|view| looked_at.contains(view)) {
                continue;
            }
            let mountinfo = holder.join("mountinfo");
            let read = view.and_then(|view| Ok((fs::read(&mountinfo)?, view)));
            let Some((text, view)) = self.inspected(&mountinfo, read) else { continue };
            looked_at.insert(view);
            let path = |point: &Path| root.join(point.strip_prefix("/").unwrap_or(point));
            let mut missed = HashSet::new();
            for (inode, point) in mounted(&text) {
                let path = path(&point);
                let leads_there = fs::metadata(&path)
                    .is_ok_and(|found| (found.dev(), found.ino()) == (self.device, inode));
                if leads_there {
                    self.found(inode, Way::Path(path))?;
                } else {
                    missed.insert((inode, point));
                }
            }
            if missed.is_empty() {
                continue;
            }
            // Another mount covers them, unless they were unmounted since.
            let read = fs::read(&mountinfo);
            let Some(now) = self.inspected(&mountinfo, read) else { continue };
            for (inode, point) in mounted(&now).filter(|mount| missed.contains(mount)) {
                self.not_seen(path(&point), Cause::Covered(inode));
            }
        }
        ControlFlow::Continue(())
    }

    /// Visits the target of a link if it is a network namespace; returns its inode number.
    fn link(&mut self, path: PathBuf) -> ControlFlow<T, Option<u64>> {
        let inode = self.inode(&path);
        if let Some(inode) = inode {
            self.found(inode, Way::Path(path))?;
        }
        ControlFlow::Continue(inode)
    }

    /// Returns the inode number of the network namespace that a link leads to.
    fn inode(&mut self, path: &Path) -> Option<u64> {
        let target = self.inspected(path, fs::read_link(path))?;
        inode_in(target.as_os_str().as_bytes())
    }

    /// Returns the entries of a directory whose names are numbers.
    fn numbers(&mut self, directory: &Path) -> Vec<u32> {
        let entries = self.entries(directory).into_iter();
        entries.filter_map(|name| name.to_str()?.parse().ok()).collect()
    }

    fn entries(&mut self, directory: &Path) -> Vec<OsString> {
        let mut names = Vec::new();
        let mut read = || -> io::Result<()> {
            for entry in fs::read_dir(directory)? {
                names.push(entry?.file_name());
            }
            Ok(())
        };
        // A process that ends during the reading ends the list.
        let done = read();
        self.inspected(directory, done);
        names
    }

    /// Records a file that could not be inspected, if it still exists. The links of a process that
    /// has ended since it was listed give EACCES (`proc_ns_readlink` in the kernel's
    /// `fs/proc/namespaces.c`).
    fn not_seen(&mut self, path: PathBuf, cause: Cause) {
        let has_ended = process_of(&path).is_some_and(|process| {
            fs::symlink_metadata(process).is_err_and(|error| is_gone(&error))
        });
        if !has_ended {
            self.unseen.push((path, cause));
        }
    }

    /// Returns the result of inspecting a file; `None` if that failed, which is recorded unless the
    /// file no longer exists.
    fn inspected<R>(&mut self, path: &Path, result: io::Result<R>) -> Option<R> {
        let refusal = result.as_ref().err().filter(|error| !is_gone(error));
        if let Some(error) = refusal {
            self.refused(path.to_owned(), error);
        }
        result.ok()
    }

    fn refused(&mut self, path: PathBuf, error: &io::Error) {
        self.not_seen(path, Cause::Refused(errno_of(error)));
    }
}

/// Returns whether a file in `/proc` or a name has disappeared: its process or thread has ended, or
/// has released its resources (EINVAL, for mounts).
pub(super) fn is_gone(error: &io::Error) -> bool {
    matches!(error.raw_os_error(), Some(libc::ENOENT | libc::ESRCH | libc::EINVAL))
}

/// Returns the directory in `/proc` of the process or thread of a path.
fn process_of(path: &Path) -> Option<PathBuf> {
    let words: Vec<&OsStr> = path.strip_prefix("/proc").ok()?.iter().collect();
    let of_process = match words[..] {
        [pid, task, thread, ..] if task == "task" => Path::new(pid).join(task).join(thread),
        [pid, ..] => pid.into(),
        [] => return None,
    };
    Some(Path::new("/proc").join(of_process))
}

/// Returns whether the file no longer leads to a network namespace.
fn has_ended(error: &Error) -> bool {
    matches!(error.kind(), ErrorKind::NamespaceGone | ErrorKind::NotANamespace)
}

/// Iterates over the network namespaces in `/proc/PID/mountinfo`, with their mount points.
pub(crate) fn mounted(mountinfo: &[u8]) -> impl Iterator<Item = (u64, PathBuf)> {
    mountinfo.split(|byte| *byte == b'\n').filter_map(|line| {
        // The fields: mount id, parent id, device, root, mount point.
        let mut words = line.split(|byte| *byte == b' ').skip(3);
        let inode = inode_in(words.next()?)?;
        Some((inode, PathBuf::from(OsString::from_vec(unescaped(words.next()?)))))
    })
}

/// Decodes the kernel's escapes: `\040` for a space, `\011`, `\012`, `\134`.
fn unescaped(mut text: &[u8]) -> Vec<u8> {
    let mut plain = Vec::with_capacity(text.len());
    while let [first, rest @ ..] = text {
        let (byte, rest) = match text {
            [b'\\', a @ b'0'..=b'3', b @ b'0'..=b'7', c @ b'0'..=b'7', rest @ ..] => {
                (((a - b'0') << 6) | ((b - b'0') << 3) | (c - b'0'), rest)
            }
            _ => (*first, rest),
        };
        plain.push(byte);
        text = rest;
    }
    plain
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn mount_points_are_unescaped() {
        let text = b"22 1 0:4 net:[4026532201] /run/netns/web rw shared:5 - nsfs nsfs rw\n\
            23 1 0:21 / /sys rw - sysfs sysfs rw\n\
            24 1 0:4 mnt:[4026532202] /run/mnt rw - nsfs nsfs rw\n\
            25 1 0:4 net:[4026532203] /a\\040b\\011c\\012d\\134e\\0400/\xff\\x rw - nsfs nsfs rw\n\
            26 1 0:4 net:[4026532204]\n\
            \n\
            27 1 0:4 net:[many] /run/x rw - nsfs nsfs rw";
        let found: Vec<_> = mounted(text).collect();
        let odd = OsString::from_vec(b"/a b\tc\nd\\e 0/\xff\\x".to_vec());
        assert_eq!(
            found,
            [(4_026_532_201, "/run/netns/web".into()), (4_026_532_203, PathBuf::from(odd))]
        );
        assert_eq!(unescaped(br"\"), br"\");
        assert_eq!(unescaped(br"\04"), br"\04");
        assert_eq!(unescaped(br"\400"), br"\400");
        assert_eq!(unescaped(br"\377\000"), [0xff, 0]);
    }

    #[test]
    fn processes_and_threads_are_told_from_their_files() {
        for (path, process) in [
            ("/proc/7/ns/net", Some("/proc/7")),
            ("/proc/7/root/run/netns/9", Some("/proc/7")),
            ("/proc/7/task/8/ns/net", Some("/proc/7/task/8")),
            ("/proc/7/task", Some("/proc/7")),
            ("/proc", None),
            ("/run/netns/web", None),
        ] {
            assert_eq!(process_of(Path::new(path)), process.map(PathBuf::from), "{path}");
        }
    }

    #[test]
    fn only_network_namespaces_are_read() {
        assert_eq!(inode_in(b"net:[4026531840]"), Some(4_026_531_840));
        for other in ["mnt:[4026531840]", "net:[18446744073709551616]", "/net:[1]", ""] {
            assert_eq!(inode_in(other.as_bytes()), None, "{other}");
        }
    }

    #[test]
    fn this_namespace_is_visible() {
        let ours = NetNs::current().unwrap();
        let visible = NetNs::visible();
        let found: Vec<_> = visible.namespaces.iter().filter(|one| one.id == ours.id()).collect();
        assert_eq!(found.len(), 1);
        assert!(found[0].pids.contains(&std::process::id()), "{found:?}");
        assert!(found[0].open().unwrap().same_as(&ours));
        let nothing = ControlFlow::Break(());
        assert_eq!(ways(&mut Vec::new(), |_, _| nothing), nothing);
    }
}
