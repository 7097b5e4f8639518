//! The kernel's cookie for a network namespace: the one thing here that takes an unsafe call.

use std::os::fd::{AsFd, AsRawFd as _};

use nix::errno::Errno;

/// `SO_NETNS_COOKIE` in `asm-generic/socket.h`; on the few architectures that number socket options
/// in their own way it is refused as unknown.
const SO_NETNS_COOKIE: libc::c_int = 71;

/// The cookie of the namespace that a socket was opened in; none before Linux 5.14.
#[allow(unsafe_code)] // no crate has this socket option
pub(crate) fn of(socket: &impl AsFd) -> nix::Result<Option<u64>> {
    let mut cookie = 0_u64;
    let mut length: libc::socklen_t = 8;
    // SAFETY: the descriptor is open, `cookie` has the eight bytes that `length` says, and both live
    // until the call returns.
    let result = unsafe {
        libc::getsockopt(
            socket.as_fd().as_raw_fd(),
            libc::SOL_SOCKET,
            SO_NETNS_COOKIE,
            (&raw mut cookie).cast(),
            &raw mut length,
        )
    };
    match Errno::result(result) {
        Ok(_) if length == 8 => Ok(Some(cookie)),
        Ok(_) | Err(Errno::ENOPROTOOPT) => Ok(None),
        Err(errno) => Err(errno),
    }
}
