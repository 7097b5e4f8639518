//! Network namespaces: handles, and the only code that enters one.

mod held;
#[allow(clippy::disallowed_methods)] // reads text of /proc, for a hint only
mod holder;
mod lock;
mod named;
#[allow(clippy::disallowed_methods)] // errors become `Presence::Unknown`
mod presence;
#[allow(clippy::disallowed_methods)] // reads text of /proc
mod sys;
#[allow(clippy::disallowed_methods)] // reads text of /proc
mod unseen;
#[allow(clippy::disallowed_methods)] // errors become entries of `unseen`
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

/// A handle on a network namespace of a container, a sandbox or the host.
///
/// The handle keeps the namespace and its links in existence, even without a process inside. Clones
/// share one open file.
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

/// The identity of a namespace, which remains known after its last handle is dropped.
struct Identity {
    id: NetNsId,
    origin: Origin,
    /// The kernel's cookie of the namespace, which is never reused; read when the last handle is
    /// dropped.
    cookie: OnceLock<u64>,
}

/// A netlink socket inside the namespace, opened on first use, because entering costs more than
/// sending. A forked child, which would receive its parent's replies, opens its own.
type Inside = OnceLock<Box<Opened>>;

struct Opened {
    connection: Connection,
    /// The process that opened the socket.
    process: u32,
    of_child: Inside,
}

/// The way in which the caller opened a namespace, for error messages.
enum Origin {
    Pid(u32),
    PidFd(OwnedFd),
    Name(String),
    Path(PathBuf),
    Fd,
    Current,
    Anonymous,
}

/// The identity of a network namespace, unique among those that exist at the same time.
///
/// Displayed as in `/proc/PID/ns/net`: `net:[4026531840]`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[non_exhaustive]
pub struct NetNsId {
    /// The device number of the kernel's nsfs.
    pub device: u64,
    /// The inode number on nsfs.
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
    /// Opens the namespace of a process.
    ///
    /// The process is pinned by a pidfd before its namespace is looked up, so a reused pid cannot
    /// lead to the wrong namespace.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::NamespaceGone`] if the process does not exist or the pid is a thread's;
    /// [`ErrorKind::InvalidValue`] for 0 and numbers that are not pids;
    /// [`ErrorKind::PermissionDenied`] without the right to trace the process.
    #[doc(alias = "PIDFD_GET_NET_NAMESPACE")]
    pub fn from_pid(pid: u32) -> Result<Self> {
        let operation = || format!("open the network namespace of pid {pid}");
        let gone = |errno| {
            Error::new(ErrorKind::NamespaceGone, operation(), "the process does not exist")
                .errno_is(errno)
        };
        let raw_pid = match libc::pid_t::try_from(pid) {
            Ok(pid) if pid > 0 => pid,
            _ => return Err(Error::invalid(operation(), "not a pid")),
        };
        let pidfd = pidfd_open(raw_pid).map_err(|errno| match errno {
            Errno::ESRCH => gone(errno),
            // EINVAL before Linux 6.9, ENOENT since.
            Errno::EINVAL | Errno::ENOENT => Error::new(
                ErrorKind::NamespaceGone,
                operation(),
                "the pid is a thread's, not a process's",
            )
            .errno_is(errno)
            .with_hint("use the pid of the process (Tgid in /proc/PID/status)"),
            _ => Error::system(operation(), errno),
        })?;
        Self::of_process(pidfd.as_fd(), Some(pid), Origin::Pid(pid), &operation)
    }

    /// Opens a namespace by its name or, if the text contains a `/`, by its path.
    ///
    /// # Errors
    ///
    /// As for [`NetNs::from_name`] and [`NetNs::from_path`].
    pub fn from_name_or_path(text: &str) -> Result<Self> {
        if text.contains('/') { Self::from_path(text) } else { Self::from_name(text) }
    }

    /// Opens the namespace of a process by a pidfd, which remains the caller's.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::NamespaceGone`] if the process has ended; [`ErrorKind::InvalidValue`] if the
    /// descriptor is not a pidfd; [`ErrorKind::PermissionDenied`] without the right to trace the
    /// process.
    #[doc(alias = "PIDFD_GET_NET_NAMESPACE")]
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
            // Before Linux 6.11 the request does not exist.
            Err(Errno::ENOTTY | Errno::EINVAL | Errno::EOPNOTSUPP | Errno::ENOSYS) => {}
            Err(errno) => {
                return Err(Error::system(operation(), errno).with_hint(
                    "run with the right to trace the process (CAP_SYS_PTRACE or the same user)",
                ));
            }
        }
        let pid = match pid {
            Some(pid) => pid,
            None => match pid_of(pidfd).map(u32::try_from) {
                Some(Ok(pid)) => pid,
                Some(Err(_ended)) => return Err(gone()),
                None => {
                    return Err(Error::invalid(operation(), "the file descriptor is not a pidfd"));
                }
            },
        };
        let opened = open_file(Path::new(&format!("/proc/{pid}/ns/net")));
        // The path may have led to another process with a reused pid, but not if the process still
        // lives.
        if has_ended(pidfd) {
            return Err(gone());
        }
        let fd = opened.map_err(|errno| match errno {
            Errno::ENOENT | Errno::ESRCH => gone(),
            _ => Error::system(operation(), errno).with_hint(
                "run with the right to trace the process (CAP_SYS_PTRACE or the same user)",
            ),
        })?;
        Self::checked(fd, origin, operation)
    }

    /// Opens a namespace by a path, such as `/proc/2084/ns/net` or `/var/run/docker/netns/…`.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::NamespaceGone`] if the file does not exist; [`ErrorKind::NotANamespace`] if it
    /// is not a network namespace; [`ErrorKind::PermissionDenied`] if it may not be opened.
    pub fn from_path(path: impl AsRef<Path>) -> Result<Self> {
        let path = path.as_ref();
        let operation = || format!("open the network namespace at {}", path.display());
        let fd = open_file(path).map_err(|errno| match errno {
            Errno::ENOENT => {
                Error::new(ErrorKind::NamespaceGone, operation(), "the file does not exist")
                    .errno_is(errno)
            }
            // A socket file, for example, cannot be opened at all.
            Errno::ENXIO => not_a_namespace(operation(), errno),
            _ => Error::system(operation(), errno),
        })?;
        Self::checked(fd, Origin::Path(path.to_owned()), &operation)
    }

    /// Opens a namespace by an open file descriptor, which remains the caller's.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::NotANamespace`] if it is not a network namespace; [`ErrorKind::System`] if no
    /// more files may be opened.
    pub fn from_fd(fd: impl AsFd) -> Result<Self> {
        let operation = || "use a file descriptor as a network namespace".to_owned();
        let fd = fd.as_fd();
        // Reopened, because descriptors of one open file would share its lock.
        let path = format!("/proc/thread-self/fd/{}", fd.as_raw_fd());
        let fd = open_file(Path::new(&path))
            .or_else(|_| fd.try_clone_to_owned().map_err(|error| errno_of(&error)))
            .map_err(|errno| Error::system(operation(), errno))?;
        Self::checked(fd, Origin::Fd, &operation)
    }

    /// Opens the namespace of the calling thread.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::System`] if `/proc` is not mounted or no more files may be opened.
    pub fn current() -> Result<Self> {
        let operation = || "open the calling thread's network namespace".to_owned();
        let fd = open_file(OF_THIS_THREAD).map_err(|errno| Error::system(operation(), errno))?;
        Self::checked(fd, Origin::Current, &operation)
    }

    /// Creates a namespace without a name.
    ///
    /// It exists until the last handle is dropped and the last process in it ends.
    ///
    /// It contains only `lo`, which is down. Needs `CAP_SYS_ADMIN`.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::PermissionDenied`] without `CAP_SYS_ADMIN`.
    #[doc(alias = "CLONE_NEWNET")]
    pub fn anonymous() -> Result<Self> {
        let operation = || "create a network namespace".to_owned();
        let fd = on_its_own_thread(|| -> nix::Result<OwnedFd> {
            unshare(CloneFlags::CLONE_NEWNET)?;
            open_file(OF_THIS_THREAD)
        })?
        .map_err(|errno| match errno {
            Errno::EPERM => Error::system(operation(), errno)
                .with_hint("run with CAP_SYS_ADMIN, as root or in a user namespace"),
            _ => Error::system(operation(), errno),
        })?;
        Self::checked(fd, Origin::Anonymous, &operation)
    }

    /// Returns the namespace's identity.
    pub fn id(&self) -> NetNsId {
        self.0.identity.id
    }

    /// Returns whether both are handles on the same namespace.
    pub fn same_as(&self, other: &NetNs) -> bool {
        self.id() == other.id()
    }

    /// Runs a closure in the namespace, on a new thread, and returns its result.
    ///
    /// Sockets that it opens and processes that it starts belong to the namespace. Unlike
    /// `ip netns exec`, this does not remount `/sys`. If the closure panics, so does this function.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::PermissionDenied`] without `CAP_SYS_ADMIN` here and in the user namespace that
    /// owns the namespace; [`ErrorKind::System`] if no thread can be started.
    #[doc(alias = "ip netns exec")]
    pub fn run<T: Send>(&self, closure: impl FnOnce() -> T + Send) -> Result<T> {
        on_its_own_thread(|| {
            setns(self, CloneFlags::CLONE_NEWNET).map_err(|errno| self.cannot_enter(errno))?;
            Ok(closure())
        })?
    }

    /// Returns the netlink socket in the namespace, opened on first use.
    pub(crate) fn connection(&self) -> Result<&Connection> {
        self.connection_from(None)
    }

    /// As [`NetNs::connection`], but with a guess of the calling thread's current namespace.
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

    /// Runs a short closure in the namespace: on this thread if it can return, else on a new one.
    pub(crate) fn visit<T: Send>(&self, closure: impl FnOnce() -> T + Send) -> Result<T> {
        self.visit_from(None, closure)
    }

    /// As [`NetNs::visit`]. If `likely_home` is the thread's current namespace, it is used to
    /// return, which saves opening a handle.
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
        // Entering the current namespace needs the same rights as returning and changes nothing.
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

    /// Returns whether the calling thread's user namespace owns this namespace; `None` if unknown.
    pub(crate) fn belongs_to_our_user_namespace(&self) -> Option<bool> {
        match owning_user_namespace(self.as_fd()) {
            Ok(owner) => {
                let (Ok(owner), Ok(ours)) = (fstat(&owner), stat("/proc/thread-self/ns/user"))
                else {
                    return None;
                };
                Some((owner.st_dev, owner.st_ino) == (ours.st_dev, ours.st_ino))
            }
            // The owner is not visible: neither ours nor a descendant of ours.
            Err(Errno::EPERM) => Some(false),
            Err(_) => None,
        }
    }

    /// Returns a description for messages: `the network namespace of pid 2084`.
    pub(crate) fn describe(&self) -> String {
        self.0.identity.describe()
    }

    fn cannot_enter(&self, errno: Errno) -> Error {
        let error = Error::system(format!("enter {}", self.describe()), errno);
        match errno {
            Errno::EPERM => error.with_hint(
                "run with CAP_SYS_ADMIN here and in the user namespace that owns the network namespace",
            ),
            _ => error,
        }
    }

    /// Makes a handle of an open file after checking that it is a network namespace.
    fn checked(fd: OwnedFd, origin: Origin, operation: &dyn Fn() -> String) -> Result<Self> {
        match namespace_type(fd.as_fd()) {
            Ok(libc::CLONE_NEWNET) => {}
            Ok(_) => {
                return Err(Error::new(
                    ErrorKind::NotANamespace,
                    operation(),
                    "a namespace of another type, not a network namespace",
                ));
            }
            Err(errno) => return Err(not_a_namespace(operation(), errno)),
        }
        Self::known(fd, origin, operation)
    }

    /// Makes a handle of an open file that is known to be a network namespace.
    fn known(fd: OwnedFd, origin: Origin, operation: &dyn Fn() -> String) -> Result<Self> {
        let stat = fstat(&fd).map_err(|errno| Error::system(operation(), errno))?;
        let id = NetNsId::of(&stat);
        let identity = Arc::new(Identity { id, origin, cookie: OnceLock::new() });
        let (inside, held) = (OnceLock::new(), Held::new());
        Ok(Self(Arc::new(Shared { fd, identity, inside, held })))
    }
}

impl Identity {
    fn describe(&self) -> String {
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
        write!(f, "NetNs({}, {})", self.describe(), self.id())
    }
}

impl fmt::Display for NetNs {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.describe())
    }
}

/// Runs a closure on a new thread, so that a failure to leave a namespace affects no other code.
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
    // O_NONBLOCK: opening a FIFO must not block.
    nix::fcntl::open(
        path,
        OFlag::O_RDONLY | OFlag::O_CLOEXEC | OFlag::O_NONBLOCK | OFlag::O_NOCTTY,
        nix::sys::stat::Mode::empty(),
    )
}

fn not_a_namespace(operation: String, errno: Errno) -> Error {
    Error::new(ErrorKind::NotANamespace, operation, "not a network namespace").errno_is(errno)
}
