//! What C programs learn of the errors that only networks have, which the core knows nothing of.

use std::ffi::c_int;

use macvlan_network::{Error, ErrorKind};

use crate::error::{self, Report};

/// How an error's kind is numbered in C, where the core's kinds are below 100.
const BEYOND: u32 = 100;

/// An error without one of the core's below it: its kind, name and number.
pub(crate) fn report(error: &Error) -> Report {
    let kind = error.kind();
    if kind == ErrorKind::InvalidValue {
        let same = macvlan_core::ErrorKind::InvalidValue;
        return Report::bare(same as u32, [false, false, false, true], same, error::errno(same));
    }
    // Some are called as kinds of the core's are, which are other ones.
    let name = kind.as_str();
    let name = format!("network-{}", name.strip_prefix("network-").unwrap_or(name));
    let errno = error.errno().filter(|errno| *errno > 0).unwrap_or_else(|| errno(kind));
    let (exists, not_found) = (error.is_exists(), error.is_not_found());
    let families = [exists, not_found, error.is_permission_denied(), false];
    Report::bare(BEYOND + kind as u32, families, name, errno)
}

/// The number for a kind where no file and no kernel gave one.
fn errno(kind: ErrorKind) -> c_int {
    match kind {
        ErrorKind::InvalidValue => libc::EINVAL,
        ErrorKind::NetworkExists | ErrorKind::NameTaken => libc::EEXIST,
        ErrorKind::NetworkNotFound => libc::ENOENT,
        ErrorKind::NetworkInUse | ErrorKind::ParentClash => libc::EBUSY,
        ErrorKind::SubnetOverlaps | ErrorKind::AddressTaken | ErrorKind::AddressForeign => {
            libc::EADDRINUSE
        }
        ErrorKind::NoFreeSubnet | ErrorKind::PoolExhausted => libc::ENOSPC,
        ErrorKind::AddressUnusable => libc::EADDRNOTAVAIL,
        ErrorKind::AlreadyConnected => libc::EISCONN,
        ErrorKind::NotConnected => libc::ENOTCONN,
        ErrorKind::StoreUnavailable | ErrorKind::Contended => libc::EAGAIN,
        ErrorKind::StoreUnusable => libc::EBADMSG,
        _ => libc::EIO,
    }
}
