//! Namespaces that have a name, as `ip netns` keeps them.

use std::fs::{DirBuilder, File, OpenOptions};
use std::os::fd::{AsFd, AsRawFd};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

use nix::errno::Errno;
use nix::fcntl::{Flock, FlockArg};
use nix::mount::{MntFlags, MsFlags, mount, umount2};

use crate::error::{Error, ErrorKind, Result, errno_of};
use crate::netns::{NetNs, Origin, open_file};

/// Where `ip netns` keeps named namespaces.
pub(super) const NAMED: &str = "/run/netns";

impl NetNs {
    /// Returns the absolute path by which it was found, if it was by one: by it another process may find it, and has to
    /// see whether it is still this one.
    #[doc(hidden)] // for the crate of networks
    pub fn found_by(&self) -> Option<PathBuf> {
        match &self.0.identity.origin {
            Origin::Pid(pid) => Some(PathBuf::from(format!("/proc/{pid}/ns/net"))),
            Origin::Name(name) => Some(Path::new(NAMED).join(name)),
            Origin::Path(path) => path.is_absolute().then(|| path.clone()),
            Origin::PidFd(_) | Origin::Fd | Origin::Current | Origin::Anonymous => None,
        }
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
