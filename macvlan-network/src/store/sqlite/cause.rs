//! Finds the cause of an SQLite failure. Its codes seldom include the kernel's error, which is
//! looked for afterwards.

use std::borrow::Cow;
use std::fs;
use std::io;
use std::path::Path;

use nix::Error as Errno;
use nix::unistd::{AccessFlags, eaccess};
use rusqlite::ErrorCode;

use crate::error::{Error, ErrorKind};

/// Returns the reason why this process cannot read or write a file.
pub(super) fn obstacle(path: &Path) -> Option<io::Error> {
    match fs::metadata(path) {
        Err(error) => return Some(error),
        Ok(found) if found.is_dir() => return Some(Errno::EISDIR.into()),
        Ok(_) => {}
    }
    let both = AccessFlags::R_OK | AccessFlags::W_OK;
    let directory = path.parent().unwrap_or(path);
    let may = eaccess(path, both).and_then(|()| eaccess(directory, AccessFlags::W_OK));
    may.err().map(io::Error::from).or_else(|| is_full(path))
}

/// Returns whether the failure is of a kind that the kernel usually causes.
pub(super) fn is_refused(error: &rusqlite::Error) -> bool {
    matches!(
        error.sqlite_error_code(),
        Some(
            ErrorCode::CannotOpen
                | ErrorCode::ReadOnly
                | ErrorCode::PermissionDenied
                | ErrorCode::SystemIoFailure
                | ErrorCode::DiskFull
        )
    )
}

/// Makes the error of an operation on a store's file.
pub(super) fn explain(
    path: &Path,
    operation: impl Into<Cow<'static, str>>,
    error: rusqlite::Error,
) -> Error {
    let kind = match error.sqlite_error_code() {
        Some(ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked) => {
            let why = "timed out waiting for the database lock";
            return Error::new(ErrorKind::Contended, operation, why)
                .with_hint("end the process that has held it for a minute, or try again")
                .caused_by(error);
        }
        Some(ErrorCode::DatabaseCorrupt | ErrorCode::NotADatabase | ErrorCode::TypeMismatch) => {
            ErrorKind::StoreUnusable
        }
        Some(ErrorCode::DiskFull) => return of_file(path, operation, Errno::ENOSPC.into()),
        Some(_) if is_refused(&error) => match obstacle(path) {
            Some(found) => return of_file(path, operation, found),
            None => ErrorKind::StoreUnavailable,
        },
        Some(_) => ErrorKind::StoreUnavailable,
        // The error is not SQLite's: a value cannot be parsed.
        None => ErrorKind::StoreUnusable,
    };
    let why = format!("{}: {error}", path.display());
    Error::new(kind, operation, why).caused_by(error)
}

/// Makes the error of a file operation that the kernel refused.
pub(super) fn of_file(
    path: &Path,
    operation: impl Into<Cow<'static, str>>,
    error: io::Error,
) -> Error {
    let why = format!("{}: {}", path.display(), macvlan_core::plain(&error));
    Error::new(ErrorKind::File, operation, why).caused_by(error)
}

/// Returns an error if the file system is full, since SQLite reports some such failures without a
/// cause.
fn is_full(path: &Path) -> Option<io::Error> {
    let found = nix::sys::statvfs::statvfs(path).ok()?;
    (found.blocks_available() == 0).then(|| Errno::ENOSPC.into())
}
