//! Network namespaces: handles on them, and the only place that enters one.

#![allow(unsafe_code)] // what nix does not wrap, and a readlink that allocates nothing

use std::ffi::CStr;
use std::fmt;
use std::fs::{DirBuilder, File, OpenOptions};
use std::os::fd::{AsFd, AsRawFd, BorrowedFd, FromRawFd, OwnedFd};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::{Path, PathBuf};
use std::sync::{Arc, OnceLock};

use nix::NixPath;
use nix::errno::Errno;
use nix::fcntl::{Flock, FlockArg, OFlag};
use nix::libc;
use nix::mount::{MntFlags, MsFlags, mount, umount2};
use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
use nix::sched::{CloneFlags, setns, unshare};
use nix::sys::stat::{FileStat, fstat, stat};

use crate::error::{Error, ErrorKind, Result};
use crate::netlink::Connection;

/// Where `ip netns` keeps named namespaces.
const NAMED: &str = "/run/netns";
/// The calling thread's namespace; `/proc/self` would be the main thread's.
const OF_THIS_THREAD: &CStr = c"/proc/thread-self/ns/net";

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
    id: NetNsId,
    origin: Origin,
    /// A netlink socket inside, made when first needed: entering costs more than sending.
    inside: OnceLock<Connection>,
}

/// How the caller came to a namespace, which is how errors name it.
#[derive(Clone)]
enum Origin {
    Pid(u32),
    PidFd,
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
        let raw_pid = libc::pid_t::try_from(pid).ok().filter(|pid| *pid > 0);
        let Some(raw_pid) = raw_pid else {
            return Err(Error::invalid(operation(), "it is no pid"));
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

    /// The namespace of the process that a pidfd stands for; the pidfd stays the caller's.
    pub fn from_pidfd(pidfd: impl AsFd) -> Result<Self> {
        Self::of_process(pidfd.as_fd(), None, Origin::PidFd, &|| {
            "open the network namespace of a pidfd".to_owned()
        })
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

    /// A namespace that has a name: made by [`NetNs::create`] or `ip netns add`.
    pub fn from_name(name: &str) -> Result<Self> {
        let operation = || format!("open the network namespace named {name:?}");
        let path = named_path(name, &operation)?;
        let fd = open_file(&path).map_err(|errno| match errno {
            Errno::ENOENT => Error::new(
                ErrorKind::NamespaceGone,
                operation(),
                format!("there is no {}", path.display()),
            )
            .errno_is(errno)
            .with_hint("`ip netns list` shows the names that exist"),
            _ => Error::system(operation(), errno),
        })?;
        Self::checked(fd, Origin::Name(name.to_owned()), &operation)
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
        let fd = fd
            .as_fd()
            .try_clone_to_owned()
            .map_err(|error| Error::system(operation(), errno_of(&error)))?;
        Self::checked(fd, Origin::Fd, &operation)
    }

    /// Those that have a name, as far as they can be opened.
    pub(crate) fn named() -> impl Iterator<Item = Self> {
        file_names(NAMED).filter_map(|name| Self::from_name(&name).ok())
    }

    /// Those that processes are in, as far as we may look; one that several are in comes as often.
    pub(crate) fn of_processes() -> impl Iterator<Item = Self> {
        file_names("/proc").filter_map(|name| Self::from_pid(name.parse().ok()?).ok())
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

    /// A new namespace with a name, as `ip netns add NAME` makes it; `ip netns` sees it.
    ///
    /// It lives until it is deleted, by [`NetNs::delete`] or `ip netns delete`, also without a handle.
    #[doc(alias = "ip netns add")]
    pub fn create(name: &str) -> Result<Self> {
        let operation = || format!("create the network namespace {name:?}");
        let fails = |errno| Error::system(operation(), errno);
        let path = named_path(name, &operation)?;
        let _directory = lock_named_directory().map_err(fails)?;
        match OpenOptions::new().write(true).create_new(true).mode(0o0).open(&path) {
            Ok(_mount_point) => {}
            Err(error) if error.kind() == std::io::ErrorKind::AlreadyExists => {
                return Err(Error::new(
                    ErrorKind::Exists,
                    operation(),
                    format!("{} exists", path.display()),
                )
                .errno_is(Errno::EEXIST)
                .with_hint("delete it first, or use it by its name"));
            }
            Err(error) => return Err(fails(errno_of(&error))),
        }
        let created = Self::anonymous().and_then(|namespace| {
            let source = format!("/proc/self/fd/{}", namespace.as_fd().as_raw_fd());
            mount(Some(source.as_str()), &path, Some("none"), MsFlags::MS_BIND, None::<&str>)
                .map_err(fails)?;
            Self::checked(
                namespace.as_fd().try_clone_to_owned().map_err(|error| fails(errno_of(&error)))?,
                Origin::Name(name.to_owned()),
                &operation,
            )
        });
        created.inspect_err(|_| {
            let _ = umount2(&path, MntFlags::MNT_DETACH);
            let _ = std::fs::remove_file(&path);
        })
    }

    /// Takes a namespace's name away, as `ip netns delete NAME` does.
    ///
    /// The namespace itself lives on while a process or a handle is in it. What an interrupted
    /// creation left behind is removed too.
    #[doc(alias = "ip netns delete")]
    pub fn delete(name: &str) -> Result<()> {
        let operation = || format!("delete the network namespace {name:?}");
        let path = named_path(name, &operation)?;
        let _directory =
            lock_named_directory().map_err(|errno| Error::system(operation(), errno))?;
        match umount2(&path, MntFlags::MNT_DETACH) {
            // EINVAL: nothing is mounted there, so its creator was interrupted.
            Ok(()) | Err(Errno::EINVAL) => {}
            Err(Errno::ENOENT) => {
                return Err(Error::new(
                    ErrorKind::NamespaceGone,
                    operation(),
                    format!("there is no {}", path.display()),
                )
                .errno_is(Errno::ENOENT));
            }
            Err(errno) => return Err(Error::system(operation(), errno)),
        }
        std::fs::remove_file(&path).map_err(|error| Error::system(operation(), errno_of(&error)))
    }

    /// What identifies the namespace as long as it exists.
    pub fn id(&self) -> NetNsId {
        self.0.id
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
        if let Some(connection) = self.0.inside.get() {
            return Ok(connection);
        }
        let opened = self.visit_from(likely_home, Connection::open)??;
        Ok(self.0.inside.get_or_init(|| opened))
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
        if setns(home, CloneFlags::CLONE_NEWNET).is_err() {
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
                let owner = fstat(&owner).ok()?;
                let ours = stat("/proc/thread-self/ns/user").ok()?;
                Some((owner.st_dev, owner.st_ino) == (ours.st_dev, ours.st_ino))
            }
            // The owner is out of our sight: not ours, nor a descendant of it.
            Err(Errno::EPERM) => Some(false),
            Err(_) => None,
        }
    }

    /// Words for messages: `the network namespace of pid 2084`.
    pub(crate) fn in_words(&self) -> String {
        match &self.0.origin {
            Origin::Pid(pid) => format!("the network namespace of pid {pid}"),
            Origin::PidFd => "the network namespace of a pidfd".to_owned(),
            Origin::Name(name) => format!("the network namespace {name:?}"),
            Origin::Path(path) => format!("the network namespace {}", path.display()),
            Origin::Fd | Origin::Anonymous => format!("the network namespace {}", self.0.id),
            Origin::Current => "this network namespace".to_owned(),
        }
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
        Ok(Self(Arc::new(Shared { fd, id, origin, inside: OnceLock::new() })))
    }
}

impl AsFd for NetNs {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.0.fd.as_fd()
    }
}

impl fmt::Debug for NetNs {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "NetNs({}, {})", self.in_words(), self.0.id)
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

/// The inode number of the namespace that the calling thread is in, by the text of its link in `/proc`:
/// reading that takes two thirds of the time of following it.
fn inode_of_this_thread() -> Option<u64> {
    let mut text = [0_u8; 32];
    let room = text.len();
    // SAFETY: the path ends with a zero, and the buffer has as much room as is said.
    let length = unsafe { libc::readlink(OF_THIS_THREAD.as_ptr(), text.as_mut_ptr().cast(), room) };
    let text = text.get(..usize::try_from(length).ok()?)?;
    let digits = text.strip_prefix(b"net:[")?.strip_suffix(b"]")?;
    digits.iter().try_fold(0_u64, |number, digit| {
        let digit = digit.is_ascii_digit().then(|| u64::from(digit - b'0'))?;
        number.checked_mul(10)?.checked_add(digit)
    })
}

fn file_names(directory: &str) -> impl Iterator<Item = String> {
    let entries = std::fs::read_dir(directory).into_iter().flatten().flatten();
    entries.filter_map(|entry| entry.file_name().into_string().ok())
}

fn named_path(name: &str, operation: &dyn Fn() -> String) -> Result<PathBuf> {
    // As `ip netns` does: one component of a path, and not "." or "..".
    if name.is_empty()
        || name.len() > 255
        || name.contains(['/', '\0'])
        || name == "."
        || name == ".."
    {
        return Err(Error::invalid(operation(), "a name is one component of a path")
            .with_hint("use from_path for a path"));
    }
    Ok(Path::new(NAMED).join(name))
}

/// Makes `/run/netns` a shared mount, as `ip netns add` does, so that names made here are seen in
/// other mount namespaces; locked against `ip` and others doing the same at this moment.
fn lock_named_directory() -> nix::Result<Flock<File>> {
    DirBuilder::new()
        .recursive(true)
        .mode(0o755)
        .create(NAMED)
        .map_err(|error| errno_of(&error))?;
    let directory = File::open(NAMED).map_err(|error| errno_of(&error))?;
    let locked = Flock::lock(directory, FlockArg::LockExclusive).map_err(|(_, errno)| errno)?;
    let share = || {
        let flags = MsFlags::MS_SHARED | MsFlags::MS_REC;
        mount(None::<&str>, NAMED, None::<&str>, flags, None::<&str>)
    };
    match share() {
        // It is no mount point yet.
        Err(Errno::EINVAL) => {
            let flags = MsFlags::MS_BIND | MsFlags::MS_REC;
            mount(Some(NAMED), NAMED, Some("none"), flags, None::<&str>)?;
            share()?;
        }
        other => other?,
    }
    Ok(locked)
}

fn not_a_namespace(operation: String, errno: Errno) -> Error {
    Error::new(ErrorKind::NotANamespace, operation, "it is no network namespace").errno_is(errno)
}

/// The process behind a pidfd, as `/proc/self/fdinfo` tells it: -1 if it has ended; none if it is no
/// pidfd.
fn pid_of(pidfd: BorrowedFd<'_>) -> Option<libc::pid_t> {
    let info = std::fs::read_to_string(format!("/proc/self/fdinfo/{}", pidfd.as_raw_fd())).ok()?;
    info.lines().find_map(|line| line.strip_prefix("Pid:"))?.trim().parse().ok()
}

/// A pidfd becomes readable when its process ends.
fn has_ended(pidfd: BorrowedFd<'_>) -> bool {
    let mut fds = [PollFd::new(pidfd, PollFlags::POLLIN)];
    !matches!(poll(&mut fds, PollTimeout::ZERO), Ok(0))
}

pub(crate) fn errno_of(error: &std::io::Error) -> Errno {
    error.raw_os_error().map_or(Errno::UnknownErrno, Errno::from_raw)
}

fn pidfd_open(pid: libc::pid_t) -> nix::Result<OwnedFd> {
    // SAFETY: the call takes two integers and no pointer.
    let fd = Errno::result(unsafe { libc::syscall(libc::SYS_pidfd_open, pid, 0) })?;
    owned(fd)
}

fn pidfd_net_namespace(pidfd: BorrowedFd<'_>) -> nix::Result<OwnedFd> {
    const PIDFD_GET_NET_NAMESPACE: libc::Ioctl = nix::request_code_none!(0xff, 4) as libc::Ioctl;
    // SAFETY: the request takes no argument (linux/pidfd.h) and returns a new descriptor.
    let fd = Errno::result(unsafe { libc::ioctl(pidfd.as_raw_fd(), PIDFD_GET_NET_NAMESPACE, 0) })?;
    owned(fd.into())
}

/// `CLONE_NEWNET` for a network namespace; an error for what is no namespace at all.
fn namespace_type(fd: BorrowedFd<'_>) -> nix::Result<libc::c_int> {
    const NS_GET_NSTYPE: libc::Ioctl = nix::request_code_none!(0xb7, 3) as libc::Ioctl;
    // SAFETY: the request takes no argument (ioctl_nsfs(2)) and returns a number.
    Errno::result(unsafe { libc::ioctl(fd.as_raw_fd(), NS_GET_NSTYPE) })
}

fn owning_user_namespace(fd: BorrowedFd<'_>) -> nix::Result<OwnedFd> {
    const NS_GET_USERNS: libc::Ioctl = nix::request_code_none!(0xb7, 1) as libc::Ioctl;
    // SAFETY: the request takes no argument (ioctl_nsfs(2)) and returns a new descriptor.
    let fd = Errno::result(unsafe { libc::ioctl(fd.as_raw_fd(), NS_GET_USERNS) })?;
    owned(fd.into())
}

fn owned(fd: libc::c_long) -> nix::Result<OwnedFd> {
    let fd = libc::c_int::try_from(fd).map_err(|_| Errno::EBADF)?;
    // SAFETY: the kernel has just returned this descriptor, and nobody else knows it.
    Ok(unsafe { OwnedFd::from_raw_fd(fd) })
}
