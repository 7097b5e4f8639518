//! Which network namespaces exist, as far as this process can see.
//!
//! The kernel has no list of them. A namespace lives as long as a thread is in it, a descriptor is open
//! on it, or it is mounted, so these are the places to look at.

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

/// The network namespaces that [`NetNs::visible`] found.
#[derive(Debug, Clone, Default)]
#[non_exhaustive]
pub struct VisibleNamespaces {
    /// Each namespace once.
    pub namespaces: Vec<VisibleNetNs>,
    /// The files and directories that could not be looked at, such as `/proc/2084` for a process of
    /// another user. There may be further namespaces behind them.
    pub unseen: Vec<PathBuf>,
    /// Why that is so, by those paths.
    pub(super) causes: HashMap<PathBuf, Cause>,
}

/// Why something could not be looked at.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Cause {
    Refused(Errno),
    /// The namespace with this inode number is mounted there, and something else covers it.
    Covered(u64),
}

/// What could not be looked at.
pub(crate) type Unseen = Vec<(PathBuf, Cause)>;

/// A network namespace that exists, and the ways that lead to it.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct VisibleNetNs {
    /// What identifies it.
    pub id: NetNsId,
    /// Its names, as `ip netns` lists them.
    pub names: Vec<String>,
    /// The processes whose main thread is in it.
    pub pids: Vec<u32>,
    /// The files that lead to it besides those: threads in another namespace than their main thread
    /// (`/proc/2084/task/2085/ns/net`), open descriptors (`/proc/2084/fd/7`), and mount points, which
    /// begin with `/proc/2084/root` if another mount namespace has them.
    pub paths: Vec<PathBuf>,
}

impl VisibleNetNs {
    /// Opens the namespace by the first way that still leads to it.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::NamespaceGone`] if all of them lead elsewhere or nowhere by now; what the last one
    /// was refused for if one could not be opened.
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
            Error::new(ErrorKind::NamespaceGone, operation(), "no way leads to it any more")
        }))
    }
}

impl NetNs {
    /// Lists the network namespaces that have a name, a thread inside, an open descriptor or a mount.
    ///
    /// What cannot be read is left out, and is in [`VisibleNamespaces::unseen`]. Processes that `/proc`
    /// does not show, those of other PID namespaces above all, are not even there; nor is a descriptor
    /// on its way through a socket.
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

    /// As [`NetNs::visible`], but looks no further once one was found with which it is enough.
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
                // A name is a mount as well, and may be mounted twice at one place.
                Way::Path(path) => {
                    let is_name = |name: &String| path == Path::new(NAMED).join(name);
                    if !found.names.iter().any(is_name) && !found.paths.contains(&path) {
                        found.paths.push(path);
                    }
                }
            }
            if enough(id) { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
        });
        // What is covered at one place may be found at another.
        unseen.retain(|(_, cause)| match cause {
            Cause::Covered(inode) => !namespaces.iter().any(|found| found.id.inode == *inode),
            Cause::Refused(_) => true,
        });
        visible.unseen = unseen.iter().map(|(path, _)| path.clone()).collect();
        visible.causes = unseen.into_iter().collect();
        visible
    }
}

/// A way to a network namespace.
pub(crate) enum Way {
    Name(String),
    Pid(u32),
    Path(PathBuf),
}

impl Way {
    /// Opens it by its file: what matters is the namespace, and not which process was in it.
    pub(crate) fn open(&self) -> Result<NetNs> {
        match self {
            Self::Name(name) => NetNs::from_name(name),
            Self::Pid(pid) => NetNs::from_path(format!("/proc/{pid}/ns/net")),
            Self::Path(path) => NetNs::from_path(path),
        }
    }
}

/// Words for messages, as the handle's that it opens.
impl fmt::Display for Way {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Name(name) => write!(f, "the network namespace {name:?}"),
            Self::Pid(pid) => write!(f, "the network namespace of pid {pid}"),
            Self::Path(path) => write!(f, "the network namespace {}", path.display()),
        }
    }
}

/// Visits the ways to visible namespaces, cheap ones first, until the visitor has enough; most
/// namespaces come several times. What could not be looked at is added to `unseen`.
pub(crate) fn ways<T>(
    unseen: &mut Unseen,
    visit: impl FnMut(NetNsId, Way) -> ControlFlow<T>,
) -> ControlFlow<T> {
    let mut walk = Walk { unseen, visit, device: 0 };
    // Those with a name or a process take a link for each process.
    let near = walk.near()?;
    // Those that only a thread, a mount or a descriptor leads to take every descriptor of every process.
    walk.far(near)
}

/// Those whose links in `/proc` can be read, and the main threads among them with what they are in.
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
                // The main thread has ended, but others may go on.
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
                // The others are usually where the main thread is.
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
        // Others are found by their mount.
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

    /// Looks at what is mounted: once for all those who see the same.
    fn mounts(&mut self, holders: &[PathBuf]) -> ControlFlow<T> {
        let mut looked_at = HashSet::new();
        // What this thread sees needs no detour through a process that may end.
        let ours = (PathBuf::from("/proc/thread-self"), PathBuf::from("/"));
        let theirs = holders.iter().map(|holder| (holder.clone(), holder.join("root")));
        for (holder, root) in [ours].into_iter().chain(theirs) {
            // One that has changed its root sees less of the same mount namespace.
            let view = fs::read_link(holder.join("ns/mnt")).and_then(|namespace| {
                let root = fs::metadata(&root)?;
                Ok((namespace, root.dev(), root.ino()))
            });
            if view.as_ref().is_ok_and(|view| looked_at.contains(view)) {
                continue;
            }
            let mountinfo = holder.join("mountinfo");
            let read = view.and_then(|view| Ok((fs::read(&mountinfo)?, view)));
            let text = match read {
                Ok((text, view)) => {
                    looked_at.insert(view);
                    text
                }
                Err(error) if is_gone(&error) => continue,
                Err(error) => {
                    self.refused(mountinfo, &error);
                    continue;
                }
            };
            for (inode, point) in mounted(&text) {
                let path = root.join(point.strip_prefix("/").unwrap_or(&point));
                // A mount may lie under another.
                let leads_there = fs::metadata(&path)
                    .is_ok_and(|found| (found.dev(), found.ino()) == (self.device, inode));
                if leads_there {
                    self.found(inode, Way::Path(path))?;
                } else {
                    self.not_seen(path, Cause::Covered(inode));
                }
            }
        }
        ControlFlow::Continue(())
    }

    /// Visits what a link leads to if that is a network namespace; which one.
    fn link(&mut self, path: PathBuf) -> ControlFlow<T, Option<u64>> {
        let inode = self.inode(&path);
        if let Some(inode) = inode {
            self.found(inode, Way::Path(path))?;
        }
        ControlFlow::Continue(inode)
    }

    /// The network namespace that a link leads to.
    fn inode(&mut self, path: &Path) -> Option<u64> {
        match fs::read_link(path) {
            Ok(target) => inode_in(target.as_os_str().as_bytes()),
            Err(error) => {
                if !is_gone(&error) {
                    self.refused(path.to_owned(), &error);
                }
                None
            }
        }
    }

    /// The entries of a directory whose names are numbers.
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
        // What goes while it is read ends the list.
        if let Err(error) =
            read().or_else(|error| if is_gone(&error) { Ok(()) } else { Err(error) })
        {
            self.refused(directory.to_owned(), &error);
        }
        names
    }

    /// Takes note of what could not be looked at, if it is still there: the links of a process that has ended
    /// since it was listed give EACCES (`proc_ns_readlink` of the kernel's `fs/proc/namespaces.c`).
    fn not_seen(&mut self, path: PathBuf, cause: Cause) {
        let has_ended = process_of(&path).is_some_and(|process| {
            fs::symlink_metadata(process).is_err_and(|error| is_gone(&error))
        });
        if !has_ended {
            self.unseen.push((path, cause));
        }
    }

    fn refused(&mut self, path: PathBuf, error: &io::Error) {
        self.not_seen(path, Cause::Refused(errno_of(error)));
    }
}

/// Whether a file in `/proc` or a name is not there any more: its process or thread has ended, or has
/// let go of everything (EINVAL, for what is mounted).
pub(super) fn is_gone(error: &io::Error) -> bool {
    matches!(error.raw_os_error(), Some(libc::ENOENT | libc::ESRCH | libc::EINVAL))
}

/// Returns the directory in `/proc` of the process or thread that a path leads through.
fn process_of(path: &Path) -> Option<PathBuf> {
    let words: Vec<&OsStr> = path.strip_prefix("/proc").ok()?.iter().collect();
    let of_process = match words[..] {
        [pid, task, thread, ..] if task == "task" => Path::new(pid).join(task).join(thread),
        [pid, ..] => pid.into(),
        [] => return None,
    };
    Some(Path::new("/proc").join(of_process))
}

/// Whether a way leads to no network namespace any more.
fn has_ended(error: &Error) -> bool {
    matches!(error.kind(), ErrorKind::NamespaceGone | ErrorKind::NotANamespace)
}

/// The network namespaces in `/proc/PID/mountinfo`, with their mount points.
pub(crate) fn mounted(mountinfo: &[u8]) -> impl Iterator<Item = (u64, PathBuf)> {
    mountinfo.split(|byte| *byte == b'\n').filter_map(|line| {
        // Its own number, its parent's, the device, what is mounted, and where.
        let mut words = line.split(|byte| *byte == b' ').skip(3);
        let inode = inode_in(words.next()?)?;
        Some((inode, PathBuf::from(OsString::from_vec(unescaped(words.next()?)))))
    })
}

/// A text without the kernel's escapes: `\040` for a space, `\011`, `\012`, `\134`.
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
