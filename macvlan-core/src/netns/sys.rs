//! System calls on namespaces and processes that nix does not wrap.

#![allow(unsafe_code)] // ioctls, and a readlink that allocates nothing

use std::ffi::CStr;
use std::os::fd::{AsRawFd, BorrowedFd, FromRawFd, OwnedFd};

use nix::errno::Errno;
use nix::libc;
use nix::poll::{PollFd, PollFlags, PollTimeout, poll};

/// The calling thread's namespace; `/proc/self` would be that of the main thread.
pub(super) const OF_THIS_THREAD: &CStr = c"/proc/thread-self/ns/net";

/// Returns the inode number of the calling thread's namespace from the text of its link in `/proc`.
/// Reading the text takes two thirds of the time of following the link.
pub(super) fn inode_of_this_thread() -> Option<u64> {
    let mut text = [0_u8; 32];
    let room = text.len();
    // SAFETY: the path is zero-terminated, and the buffer has the length that is passed.
    let length = unsafe { libc::readlink(OF_THIS_THREAD.as_ptr(), text.as_mut_ptr().cast(), room) };
    inode_in(text.get(..usize::try_from(length).ok()?)?)
}

/// Parses the inode number in `net:[4026531840]`.
pub(super) fn inode_in(link: &[u8]) -> Option<u64> {
    let digits = link.strip_prefix(b"net:[")?.strip_suffix(b"]")?;
    digits.iter().try_fold(0_u64, |number, digit| {
        let digit = digit.is_ascii_digit().then(|| u64::from(digit - b'0'))?;
        number.checked_mul(10)?.checked_add(digit)
    })
}

/// Returns the process of a pidfd from `/proc/self/fdinfo`: -1 if it has ended, `None` if the
/// descriptor is not a pidfd.
pub(super) fn pid_of(pidfd: BorrowedFd<'_>) -> Option<libc::pid_t> {
    let info = std::fs::read_to_string(format!("/proc/self/fdinfo/{}", pidfd.as_raw_fd())).ok()?;
    info.lines().find_map(|line| line.strip_prefix("Pid:"))?.trim().parse().ok()
}

/// Returns whether the process has ended, which makes a pidfd readable.
pub(super) fn has_ended(pidfd: BorrowedFd<'_>) -> bool {
    let mut fds = [PollFd::new(pidfd, PollFlags::POLLIN)];
    !matches!(poll(&mut fds, PollTimeout::ZERO), Ok(0))
}

pub(super) fn pidfd_open(pid: libc::pid_t) -> nix::Result<OwnedFd> {
    // SAFETY: the call takes two integers and no pointer.
    let fd = Errno::result(unsafe { libc::syscall(libc::SYS_pidfd_open, pid, 0) })?;
    owned(fd)
}

pub(super) fn pidfd_net_namespace(pidfd: BorrowedFd<'_>) -> nix::Result<OwnedFd> {
    const PIDFD_GET_NET_NAMESPACE: libc::Ioctl = nix::request_code_none!(0xff, 4) as libc::Ioctl;
    // SAFETY: the request takes no argument (linux/pidfd.h) and returns a new descriptor.
    let fd = Errno::result(unsafe { libc::ioctl(pidfd.as_raw_fd(), PIDFD_GET_NET_NAMESPACE, 0) })?;
    owned(fd.into())
}

/// Returns `CLONE_NEWNET` for a network namespace, and an error if it is not a namespace.
pub(super) fn namespace_type(fd: BorrowedFd<'_>) -> nix::Result<libc::c_int> {
    const NS_GET_NSTYPE: libc::Ioctl = nix::request_code_none!(0xb7, 3) as libc::Ioctl;
    // SAFETY: the request takes no argument (ioctl_nsfs(2)) and returns a number.
    Errno::result(unsafe { libc::ioctl(fd.as_raw_fd(), NS_GET_NSTYPE) })
}

pub(super) fn owning_user_namespace(fd: BorrowedFd<'_>) -> nix::Result<OwnedFd> {
    const NS_GET_USERNS: libc::Ioctl = nix::request_code_none!(0xb7, 1) as libc::Ioctl;
    // SAFETY: the request takes no argument (ioctl_nsfs(2)) and returns a new descriptor.
    let fd = Errno::result(unsafe { libc::ioctl(fd.as_raw_fd(), NS_GET_USERNS) })?;
    owned(fd.into())
}

/// Opens a network namespace by its id in the kernel (the cookie) and its inode number. Fails with
/// `EBADF` before Linux 6.18, and with `ESTALE` if it does not exist.
pub(super) fn open_by_id(id: u64, inode: u64) -> nix::Result<OwnedFd> {
    const FD_NSFS_ROOT: libc::c_int = -10003;
    const FILEID_NSFS: libc::c_int = 0xf1;
    /// `struct file_handle`, which contains `struct nsfs_file_handle` (linux/nsfs.h).
    #[repr(C)]
    struct Handle {
        length: libc::c_uint,
        kind: libc::c_int,
        id: u64,
        namespace: libc::c_int,
        inode: u32,
    }
    let inode = u32::try_from(inode).map_err(|_| Errno::ESTALE)?;
    let namespace = libc::CLONE_NEWNET;
    let handle = Handle { length: 16, kind: FILEID_NSFS, id, namespace, inode };
    let flags = libc::O_RDONLY | libc::O_CLOEXEC;
    // SAFETY: the handle has its header and the 16 bytes that the header announces, and lives
    // until the call returns.
    let fd = unsafe {
        libc::syscall(libc::SYS_open_by_handle_at, FD_NSFS_ROOT, &raw const handle, flags)
    };
    owned(Errno::result(fd)?)
}

fn owned(fd: libc::c_long) -> nix::Result<OwnedFd> {
    let fd = libc::c_int::try_from(fd).map_err(|_| Errno::EBADF)?;
    // SAFETY: the kernel has just returned this descriptor, so it has no other owner.
    Ok(unsafe { OwnedFd::from_raw_fd(fd) })
}
