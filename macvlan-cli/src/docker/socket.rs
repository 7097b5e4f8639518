//! The socket on which Docker's daemon calls the plugin.

use std::fs::{self, Permissions};
use std::io::{Error, ErrorKind, Result};
use std::os::unix::fs::PermissionsExt as _;
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::{Path, PathBuf};
use std::process;

use listenfd::ListenFd;

use crate::failure::{Done, Failure};

/// Where the daemon looks for plugins. The file's name is the driver's.
pub(crate) const DEFAULT: &str = "/run/docker/plugins/lan.sock";

/// A socket that listens, and its file if it is to be removed at the end.
pub(crate) struct Socket {
    pub(super) listener: UnixListener,
    file: Option<PathBuf>,
}

impl Socket {
    /// Takes over the socket that systemd has opened for this service, or else opens the one of a
    /// path; `None` if there is neither.
    pub(crate) fn open(path: Option<&Path>) -> Done<Option<Self>> {
        let of_systemd = ListenFd::from_env()
            .take_unix_listener(0)
            .map_err(|error| Failure::file("take over the socket of systemd", &error))?;
        if let Some(listener) = of_systemd {
            return Ok(Some(Self { listener, file: None }));
        }
        let open = |path: &Path| {
            Self::bind(path)
                .map_err(|error| Failure::file(&format!("open {}", path.display()), &error))
        };
        path.map(open).transpose()
    }

    /// Opens a socket that only root can connect to, in the place of one that nobody serves.
    fn bind(path: &Path) -> Result<Self> {
        match UnixStream::connect(path) {
            Ok(_) => {
                let why = "another process serves it";
                return Err(Error::new(ErrorKind::AddrInUse, why));
            }
            Err(error)
                if matches!(error.kind(), ErrorKind::NotFound | ErrorKind::ConnectionRefused) => {}
            Err(error) => return Err(error),
        }
        if let Some(directory) = path.parent() {
            fs::create_dir_all(directory)?;
        }
        // Nobody can connect before the permissions are set, since nobody knows the name.
        let hidden = path.with_extension(format!("{}.tmp", process::id()));
        let _ = fs::remove_file(&hidden);
        let listener = UnixListener::bind(&hidden)?;
        let placed = fs::set_permissions(&hidden, Permissions::from_mode(0o600))
            .and_then(|()| fs::rename(&hidden, path));
        if let Err(error) = placed {
            let _ = fs::remove_file(&hidden);
            return Err(error);
        }
        Ok(Self { listener, file: Some(path.to_owned()) })
    }
}

impl Drop for Socket {
    fn drop(&mut self) {
        if let Some(file) = &self.file {
            // Docker then says that there is no such plugin, and not that it does not answer.
            let _ = fs::remove_file(file);
        }
    }
}
