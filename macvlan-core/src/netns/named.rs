//! Named namespaces, as managed by `ip netns`.

use std::fs::{DirBuilder, File, OpenOptions};
use std::os::fd::{AsFd, AsRawFd};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

use nix::errno::Errno;
use nix::fcntl::{Flock, FlockArg};
use nix::mount::{MntFlags, MsFlags, mount, umount2};

use crate::error::{Error, ErrorKind, Result, errno_of};
use crate::netns::{NetNs, Origin, open_file};

/// The directory of named namespaces.
pub(super) const NAMED: &str = "/run/netns";

impl NetNs {
    /// Returns the absolute path by which the namespace was opened, if any.
    ///
    /// Another process may find it by this path and has to check that it is still the same.
    #[doc(hidden)] // for macvlan-network
    pub fn found_by(&self) -> Option<PathBuf> {
        match &self.0.identity.origin {
            Origin::Pid(pid) => Some(PathBuf::from(format!("/proc/{pid}/ns/net"))),
            Origin::Name(name) => Some(Path::new(NAMED).join(name)),
            Origin::Path(path) => path.is_absolute().then(|| path.clone()),
            Origin::PidFd(_) | Origin::Fd | Origin::Current | Origin::Anonymous => None,
        }
    }

    /// Opens a named namespace, created by [`NetNs::create`] or `ip netns add`.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::NamespaceGone`] if the name does not exist; [`ErrorKind::InvalidValue`] if it
    /// is not a single path component; [`ErrorKind::NotANamespace`] if the file is not a network
    /// namespace.
    pub fn from_name(name: &str) -> Result<Self> {
        let operation = || format!("open the network namespace named {name:?}");
        let path = named_path(name, &operation)
            .map_err(|error| error.with_hint("open it by its path instead"))?;
        let fd = open_file(&path).map_err(|errno| match errno {
            Errno::ENOENT => Error::new(
                ErrorKind::NamespaceGone,
                operation(),
                format!("{} does not exist", path.display()),
            )
            .errno_is(errno)
            .with_hint("`ip netns list` shows the existing names"),
            _ => Error::system(operation(), errno),
        })?;
        Self::checked(fd, Origin::Name(name.to_owned()), &operation)
    }

    /// Creates a network namespace named `name`, like `ip netns add`.
    ///
    /// It exists until it is deleted with [`NetNs::delete`] or `ip netns delete`, even without a
    /// handle.
    ///
    /// ```no_run
    /// use macvlan_core::NetNs;
    /// let blue = NetNs::create("blue")?;
    /// assert!(blue.same_as(&NetNs::from_name("blue")?));
    /// NetNs::delete("blue")?;
    /// # Ok::<(), macvlan_core::Error>(())
    /// ```
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Exists`] if the name is in use; [`ErrorKind::InvalidValue`] if it is not a
    /// single path component; [`ErrorKind::PermissionDenied`] without `CAP_SYS_ADMIN`.
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
                .with_hint("delete it first, or open it by its name"));
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

    /// Deletes a namespace's name, like `ip netns delete`.
    ///
    /// The namespace itself exists until the last handle is dropped and the last process in it
    /// ends. Also removes what an interrupted [`NetNs::create`] left behind.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::NamespaceGone`] if the name does not exist; [`ErrorKind::InvalidValue`] if it
    /// is not a single path component; [`ErrorKind::PermissionDenied`] without `CAP_SYS_ADMIN`.
    #[doc(alias = "ip netns delete")]
    pub fn delete(name: &str) -> Result<()> {
        let operation = || format!("delete the network namespace {name:?}");
        let path = named_path(name, &operation)?;
        let _directory =
            lock_named_directory().map_err(|errno| Error::system(operation(), errno))?;
        match umount2(&path, MntFlags::MNT_DETACH) {
            // EINVAL: nothing is mounted there, because the creation was interrupted.
            Ok(()) | Err(Errno::EINVAL) => {}
            Err(Errno::ENOENT) => {
                return Err(Error::new(
                    ErrorKind::NamespaceGone,
                    operation(),
                    format!("{} does not exist", path.display()),
                )
                .errno_is(Errno::ENOENT));
            }
            Err(errno) => return Err(Error::system(operation(), errno)),
        }
        std::fs::remove_file(&path).map_err(|error| Error::system(operation(), errno_of(&error)))
    }
}

fn named_path(name: &str, operation: &dyn Fn() -> String) -> Result<PathBuf> {
    // The rule of `ip netns`: one path component, not "." or "..".
    if name.is_empty()
        || name.len() > 255
        || name.contains(['/', '\0'])
        || name == "."
        || name == ".."
    {
        return Err(Error::invalid(operation(), "a name must be a single path component"));
    }
    Ok(Path::new(NAMED).join(name))
}

/// Makes `/run/netns` a shared mount, as `ip netns add` does, so that new names are visible in
/// other mount namespaces. Locks the directory against concurrent changes by `ip` and others.
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
        // Not yet a mount point.
        Err(Errno::EINVAL) => {
            let flags = MsFlags::MS_BIND | MsFlags::MS_REC;
            mount(Some(NAMED), NAMED, Some("none"), flags, None::<&str>)?;
            share()?;
        }
        other => other?,
    }
    Ok(locked)
}
