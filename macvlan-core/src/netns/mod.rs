//! Network namespaces: handles on them, and the only place that enters one.

mod held;
#[allow(clippy::disallowed_methods)] // a hint alone, from text of /proc
mod holder;
mod lock;
mod named;
#[allow(clippy::disallowed_methods)] // what is not known for certain is no absence
mod presence;
#[allow(clippy::disallowed_methods)] // text of /proc
mod sys;
#[allow(clippy::disallowed_methods)] // text of /proc
mod unseen;
#[allow(clippy::disallowed_methods)] // what cannot be looked at is in `unseen`
pub(crate) mod visible;
mod weak;

use std::fmt;
use std::os::fd::{AsFd, AsRawFd, BorrowedFd, OwnedFd};
use std::path::{Path, PathBuf};
use std::sync::{Arc, OnceLock};

use nix::NixPath;
use nix::errno::Errno;
use nix::fcntl::OFlag;
use nix::libc;
use nix::sched::{CloneFlags, setns, unshare};
use nix::sys::stat::{FileStat, fstat, stat};

pub use lock::NetNsLock;
pub use presence::Presence;
pub use visible::{VisibleNamespaces, VisibleNetNs};
pub(crate) use visible::{Way, ways};
pub use weak::WeakNetNs;

use crate::error::{Error, ErrorKind, Result, errno_of};
use crate::netlink::Connection;
use crate::netns::held::Held;
use crate::netns::sys::{
    OF_THIS_THREAD, has_ended, inode_of_this_thread, namespace_type, owning_user_namespace, pid_of,
    pidfd_net_namespace, pidfd_open,
};

/// A handle on a network namespace: a container's, a sandbox's, the host's.
///
/// It holds the namespace open: as long as a handle lives, so does the namespace with everything in
/// it, even when no process is left inside. Clones share one open file.
///
/// ```no_run
/// use macvlan_core::NetNs;
/// let container = NetNs::from_pid(2084)?;
/// let tables = container.run(|| std::fs::read_to_string("/proc/thread-self/net/route"))?;
/// # Ok::<(), macvlan_core::Error>(())
/// ```
#[derive(Clone)]
pub struct NetNs(Arc<Shared>);

struct Shared {
    fd: OwnedFd,
    identity: Arc<Identity>,
    inside: Inside,
    held: Held,
}

/// What identifies a namespace, also when no handle on it is left.
struct Identity {
    id: NetNsId,
    origin: Origin,
    /// The kernel's cookie for it, which no second one gets; asked for when the last handle goes.
    cookie: OnceLock<u64>,
}

/// A netlink socket inside, made when first needed: entering costs more than sending. A forked child,
/// which would get its parent's answers, has one of its own.
type Inside = OnceLock<Box<Opened>>;

struct Opened {
    connection: Connection,
    /// The process that opened it.
    process: u32,
    of_child: Inside,
}

/// How the caller came to a namespace, which is how errors name it.
enum Origin {
    Pid(u32),
    PidFd(OwnedFd),
    Name(String),
    Path(PathBuf),
    Fd,
    Current,
    Anonymous,
}

/// What tells one network namespace from all others that exist at the same time.
///
/// Displayed as the kernel shows it: `net:[4026531840]`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[non_exhaustive]
pub struct NetNsId {
    /// The device number of the kernel's nsfs.
    pub device: u64,
    /// The inode number on it.
    pub inode: u64,
}

impl NetNsId {
    fn of(stat: &FileStat) -> Self {
        Self { device: stat.st_dev, inode: stat.st_ino }
    }
}

impl fmt::Display for NetNsId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "net:[{}]", self.inode)
    }
}

impl NetNs {
    /// The namespace of a process.
    ///
    /// The process is pinned by a pidfd before its namespace is looked up, so that a pid that is
    /// given to another process in between cannot lead to the wrong namespace.
    #[doc(alias = "PIDFD_GET_NET_NAMESPACE")]
    pub fn from_pid(pid: u32) -> Result<Self> {
        let operation = || format!("open the network namespace of pid {pid}");
        let gone = |errno| {
            Error::new(ErrorKind::NamespaceGone, operation(), "there is no such process")
                .errno_is(errno)
        };
        let raw_pid = match libc::pid_t::try_from(pid) {
            Ok(pid) if pid > 0 => pid,
            _ => return Err(Error::invalid(operation(), "it is no pid")),
        };
        let pidfd = pidfd_open(raw_pid).map_err(|errno| match errno {
            Errno::ESRCH => gone(errno),
            // Until Linux 6.9 EINVAL, since then ENOENT.
            Errno::EINVAL | Errno::ENOENT => {
                Error::new(ErrorKind::NamespaceGone, operation(), "it is a thread, not a process")
                    .errno_is(errno)
                    .with_hint("give the pid of the process, its Tgid in /proc/PID/status")
            }
            _ => Error::system(operation(), errno),
        })?;
        Self::of_process(pidfd.as_fd(), Some(pid), Origin::Pid(pid), &operation)
    }

    /// Opens a namespace by its name or, if there is a `/` in it, by its path.
    ///
    /// # Errors
    ///
    /// Those of [`NetNs::from_name`] and [`NetNs::from_path`].
    pub fn from_name_or_path(text: &str) -> Result<Self> {
        if text.contains('/') { Self::from_path(text) } else { Self::from_name(text) }
    }

    /// The namespace of the process that a pidfd stands for; the pidfd stays the caller's.
    pub fn from_pidfd(pidfd: impl AsFd) -> Result<Self> {
        let operation = || "open the network namespace of a pidfd".to_owned();
        let own = pidfd.as_fd().try_clone_to_owned();
        let own = own.map_err(|error| Error::system(operation(), errno_of(&error)))?;
        Self::of_process(pidfd.as_fd(), None, Origin::PidFd(own), &operation)
    }

    fn of_process(
        pidfd: BorrowedFd<'_>,
        pid: Option<u32>,
        origin: Origin,
        operation: &dyn Fn() -> String,
    ) -> Result<Self> {
        let gone = || {
            Error::new(ErrorKind::NamespaceGone, operation(), "the process has ended")
                .errno_is(Errno::ESRCH)
        };
        match pidfd_net_namespace(pidfd) {
            Ok(fd) => return Self::known(fd, origin, operation),
            Err(Errno::ESRCH) => return Err(gone()),
            // Before Linux 6.11 a pidfd knows no such request.
            Err(Errno::ENOTTY | Errno::EINVAL | Errno::EOPNOTSUPP | Errno::ENOSYS) => {}
            Err(errno) => {
                return Err(Error::system(operation(), errno).with_hint(
                    "it takes the right to trace the process (CAP_SYS_PTRACE, or the same user)",
                ));
            }
        }
        let pid = match pid {
            Some(pid) => pid,
            None => match pid_of(pidfd).map(u32::try_from) {
                Some(Ok(pid)) => pid,
                Some(Err(_ended)) => return Err(gone()),
                None => {
                    return Err(Error::invalid(operation(), "the file descriptor is no pidfd"));
                }
            },
        };
        let opened = open_file(Path::new(&format!("/proc/{pid}/ns/net")));
        // The path may already have led to a successor of that pid; not if the process still lives.
        if has_ended(pidfd) {
            return Err(gone());
        }
        let fd = opened.map_err(|errno| match errno {
            Errno::ENOENT | Errno::ESRCH => gone(),
            _ => Error::system(operation(), errno).with_hint(
                "it takes the right to trace the process (CAP_SYS_PTRACE, or the same user)",
            ),
        })?;
        Self::checked(fd, origin, operation)
    }

    /// A namespace by a path, such as a container runtime's `/var/run/docker/netns/…` or
    /// `/proc/2084/ns/net`.
    pub fn from_path(path: impl AsRef<Path>) -> Result<Self> {
        let path = path.as_ref();
        let operation = || format!("open the network namespace at {}", path.display());
        let fd = open_file(path).map_err(|errno| match errno {
            Errno::ENOENT => {
                Error::new(ErrorKind::NamespaceGone, operation(), "there is no such file")
                    .errno_is(errno)
            }
            // A socket file, for example, cannot be opened at all.
            Errno::ENXIO => not_a_namespace(operation(), errno),
            _ => Error::system(operation(), errno),
        })?;
        Self::checked(fd, Origin::Path(path.to_owned()), &operation)
    }

    /// A namespace by an open file descriptor, which stays the caller's.
    pub fn from_fd(fd: impl AsFd) -> Result<Self> {
        let operation = || "use a file descriptor as a network namespace".to_owned();
        let fd = fd.as_fd();
        // Opened anew, since two that share an open file would share its lock.
        let path = format!("/proc/thread-self/fd/{}", fd.as_raw_fd());
        let fd = open_file(Path::new(&path))
            .or_else(|_| fd.try_clone_to_owned().map_err(|error| errno_of(&error)))
            .map_err(|errno| Error::system(operation(), errno))?;
        Self::checked(fd, Origin::Fd, &operation)
    }

    /// The namespace that the calling thread is in.
    pub fn current() -> Result<Self> {
        let operation = || "open the calling thread's network namespace".to_owned();
        let fd = open_file(OF_THIS_THREAD).map_err(|errno| Error::system(operation(), errno))?;
        Self::checked(fd, Origin::Current, &operation)
    }

    /// A new namespace without a name, which lives as long as the handle and whoever is inside.
    ///
    /// Needs `CAP_SYS_ADMIN`. Its `lo` is down, and nothing else is in it.
    pub fn anonymous() -> Result<Self> {
        let operation = || "make a network namespace".to_owned();
        let fd = on_its_own_thread(|| -> nix::Result<OwnedFd> {
            unshare(CloneFlags::CLONE_NEWNET)?;
            open_file(OF_THIS_THREAD)
        })?
        .map_err(|errno| match errno {
            Errno::EPERM => Error::system(operation(), errno).with_hint(
                "it takes CAP_SYS_ADMIN, which root in a user namespace of its own has too",
            ),
            _ => Error::system(operation(), errno),
        })?;
        Self::checked(fd, Origin::Anonymous, &operation)
    }

    /// What identifies the namespace as long as it exists.
    pub fn id(&self) -> NetNsId {
        self.0.identity.id
    }

    /// Whether both are handles on one namespace.
    pub fn same_as(&self, other: &NetNs) -> bool {
        self.id() == other.id()
    }

    /// Runs a closure inside, on a thread of its own that ends with it; what the closure returns is
    /// returned, and if it panics, so does this call.
    ///
    /// Sockets opened inside stay inside, and processes started inside begin there. `/sys` is not
    /// remounted, as `ip netns exec` would.
    #[doc(alias = "ip netns exec")]
    pub fn run<T: Send>(&self, closure: impl FnOnce() -> T + Send) -> Result<T> {
        on_its_own_thread(|| {
            setns(self, CloneFlags::CLONE_NEWNET).map_err(|errno| self.cannot_enter(errno))?;
            Ok(closure())
        })?
    }

    /// The netlink socket inside, opened when first asked for.
    pub(crate) fn connection(&self) -> Result<&Connection> {
        self.connection_from(None)
    }

    /// As [`NetNs::connection`], by a thread that is likely to be in this other namespace.
    pub(crate) fn connection_from(&self, likely_home: Option<&NetNs>) -> Result<&Connection> {
        let process = std::process::id();
        let mut inside = &self.0.inside;
        while let Some(opened) = inside.get() {
            if opened.process == process {
                return Ok(&opened.connection);
            }
            inside = &opened.of_child;
        }
        let connection = self.visit_from(likely_home, Connection::open)??;
        let opened = Opened { connection, process, of_child: OnceLock::new() };
        Ok(&inside.get_or_init(|| Box::new(opened)).connection)
    }

    /// Runs something short inside: on this thread if it can return home, else on its own.
    pub(crate) fn visit<T: Send>(&self, closure: impl FnOnce() -> T + Send) -> Result<T> {
        self.visit_from(None, closure)
    }

    /// As [`NetNs::visit`]. If this thread is where it is likely to be, that handle leads back, which
    /// saves opening one.
    fn visit_from<T: Send>(
        &self,
        likely_home: Option<&NetNs>,
        closure: impl FnOnce() -> T + Send,
    ) -> Result<T> {
        let Some(here) = inode_of_this_thread() else {
            return self.run(closure);
        };
        if here == self.id().inode {
            return Ok(closure());
        }
        let opened;
        let home = match likely_home.filter(|likely| likely.id().inode == here) {
            Some(likely) => likely.as_fd(),
            None => match open_file(OF_THIS_THREAD) {
                Ok(fd) => {
                    opened = fd;
                    opened.as_fd()
                }
                Err(_) => return self.run(closure),
            },
        };
        // Entering where one already is takes the same rights as coming back, and changes nothing.
        if let Err(_refused) = setns(home, CloneFlags::CLONE_NEWNET) {
            return self.run(closure);
        }
        setns(self, CloneFlags::CLONE_NEWNET).map_err(|errno| self.cannot_enter(errno))?;
        let result = closure();
        setns(home, CloneFlags::CLONE_NEWNET).map_err(|errno| {
            Error::system("return to the thread's own network namespace", errno)
                .leaves("the calling thread is in another network namespace")
        })?;
        Ok(result)
    }

    /// Whether the user namespace that owns it is the calling thread's; none if that cannot be told.
    pub(crate) fn belongs_to_our_user_namespace(&self) -> Option<bool> {
        match owning_user_namespace(self.as_fd()) {
            Ok(owner) => {
                let (Ok(owner), Ok(ours)) = (fstat(&owner), stat("/proc/thread-self/ns/user"))
                else {
                    return None;
                };
                Some((owner.st_dev, owner.st_ino) == (ours.st_dev, ours.st_ino))
            }
            // The owner is out of our sight: not ours, nor a descendant of it.
            Err(Errno::EPERM) => Some(false),
            Err(_) => None,
        }
    }

    /// Words for messages: `the network namespace of pid 2084`.
    pub(crate) fn in_words(&self) -> String {
        self.0.identity.in_words()
    }

    fn cannot_enter(&self, errno: Errno) -> Error {
        let error = Error::system(format!("enter {}", self.in_words()), errno);
        match errno {
            Errno::EPERM => error.with_hint(
                "it takes CAP_SYS_ADMIN here and in the user namespace that owns the network namespace",
            ),
            _ => error,
        }
    }

    /// A handle on an open file, if that is a network namespace.
    fn checked(fd: OwnedFd, origin: Origin, operation: &dyn Fn() -> String) -> Result<Self> {
        match namespace_type(fd.as_fd()) {
            Ok(libc::CLONE_NEWNET) => {}
            Ok(_) => {
                return Err(Error::new(
                    ErrorKind::NotANamespace,
                    operation(),
                    "it is a namespace of another type, not a network namespace",
                ));
            }
            Err(errno) => return Err(not_a_namespace(operation(), errno)),
        }
        Self::known(fd, origin, operation)
    }

    /// A handle on what is known to be a network namespace.
    fn known(fd: OwnedFd, origin: Origin, operation: &dyn Fn() -> String) -> Result<Self> {
        let stat = fstat(&fd).map_err(|errno| Error::system(operation(), errno))?;
        let id = NetNsId::of(&stat);
        let identity = Arc::new(Identity { id, origin, cookie: OnceLock::new() });
        let (inside, held) = (OnceLock::new(), Held::new());
        Ok(Self(Arc::new(Shared { fd, identity, inside, held })))
    }
}

impl Identity {
    fn in_words(&self) -> String {
        match &self.origin {
            Origin::Pid(pid) => format!("the network namespace of pid {pid}"),
            Origin::PidFd(_) => "the network namespace of a pidfd".to_owned(),
            Origin::Name(name) => format!("the network namespace {name:?}"),
            Origin::Path(path) => format!("the network namespace {}", path.display()),
            Origin::Fd | Origin::Anonymous => format!("the network namespace {}", self.id),
            Origin::Current => "this network namespace".to_owned(),
        }
    }
}

impl AsFd for NetNs {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.0.fd.as_fd()
    }
}

impl fmt::Debug for NetNs {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "NetNs({}, {})", self.in_words(), self.id())
    }
}

impl fmt::Display for NetNs {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.in_words())
    }
}

/// Runs a closure on a thread that ends with it, so that whatever namespace the thread is in then
/// does not matter to anybody.
fn on_its_own_thread<T: Send>(closure: impl FnOnce() -> T + Send) -> Result<T> {
    std::thread::scope(|scope| {
        let thread = std::thread::Builder::new()
            .name("macvlan-netns".to_owned())
            .spawn_scoped(scope, closure)
            .map_err(|error| Error::system("start a thread", errno_of(&error)))?;
        thread.join().or_else(|panic| std::panic::resume_unwind(panic))
    })
}

fn open_file(path: &(impl NixPath + ?Sized)) -> nix::Result<OwnedFd> {
    // O_NONBLOCK: a path that turns out to be a FIFO must not stop us.
    nix::fcntl::open(
        path,
        OFlag::O_RDONLY | OFlag::O_CLOEXEC | OFlag::O_NONBLOCK | OFlag::O_NOCTTY,
        nix::sys::stat::Mode::empty(),
    )
}

fn not_a_namespace(operation: String, errno: Errno) -> Error {
    Error::new(ErrorKind::NotANamespace, operation, "it is no network namespace").errno_is(errno)
}
