//! What the kernel is asked about namespaces and processes that nix does not wrap.

#![allow(unsafe_code)] // ioctls, and a readlink that allocates nothing

use std::ffi::CStr;
use std::os::fd::{AsRawFd, BorrowedFd, FromRawFd, OwnedFd};

use nix::errno::Errno;
use nix::libc;
use nix::poll::{PollFd, PollFlags, PollTimeout, poll};

/// The calling thread's namespace; `/proc/self` would be the main thread's.
pub(super) const OF_THIS_THREAD: &CStr = c"/proc/thread-self/ns/net";

/// The inode number of the namespace that the calling thread is in, by the text of its link in `/proc`:
/// reading that takes two thirds of the time of following it.
pub(super) fn inode_of_this_thread() -> Option<u64> {
    let mut text = [0_u8; 32];
    let room = text.len();
    // SAFETY: the path ends with a zero, and the buffer has as much room as is said.
    let length = unsafe { libc::readlink(OF_THIS_THREAD.as_ptr(), text.as_mut_ptr().cast(), room) };
    inode_in(text.get(..usize::try_from(length).ok()?)?)
}

/// The inode number in `net:[4026531840]`.
pub(super) fn inode_in(link: &[u8]) -> Option<u64> {
    let digits = link.strip_prefix(b"net:[")?.strip_suffix(b"]")?;
    digits.iter().try_fold(0_u64, |number, digit| {
        let digit = digit.is_ascii_digit().then(|| u64::from(digit - b'0'))?;
        number.checked_mul(10)?.checked_add(digit)
    })
}

/// The process behind a pidfd, as `/proc/self/fdinfo` tells it: -1 if it has ended; none if it is no
/// pidfd.
pub(super) fn pid_of(pidfd: BorrowedFd<'_>) -> Option<libc::pid_t> {
    let info = std::fs::read_to_string(format!("/proc/self/fdinfo/{}", pidfd.as_raw_fd())).ok()?;
    info.lines().find_map(|line| line.strip_prefix("Pid:"))?.trim().parse().ok()
}

/// A pidfd becomes readable when its process ends.
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

/// `CLONE_NEWNET` for a network namespace; an error for what is no namespace at all.
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

/// Opens the network namespace that has this number of the kernel's, which is its cookie, and this inode
/// number; `EBADF` before Linux 6.18, `ESTALE` if there is none.
pub(super) fn open_by_id(id: u64, inode: u64) -> nix::Result<OwnedFd> {
    const FD_NSFS_ROOT: libc::c_int = -10003;
    const FILEID_NSFS: libc::c_int = 0xf1;
    /// `struct file_handle` and within it `struct nsfs_file_handle` (linux/nsfs.h).
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
    // SAFETY: the handle has the sixteen bytes that it says, after the eight of its head, and lives
    // until the call returns.
    let fd = unsafe {
        libc::syscall(libc::SYS_open_by_handle_at, FD_NSFS_ROOT, &raw const handle, flags)
    };
    owned(Errno::result(fd)?)
}

fn owned(fd: libc::c_long) -> nix::Result<OwnedFd> {
    let fd = libc::c_int::try_from(fd).map_err(|_| Errno::EBADF)?;
    // SAFETY: the kernel has just returned this descriptor, and nobody else knows it.
    Ok(unsafe { OwnedFd::from_raw_fd(fd) })
}
