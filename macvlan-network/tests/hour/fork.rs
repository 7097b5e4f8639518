//! A child of a process whose other threads are at work.

use macvlan_tests::Outcome;
use nix::libc;
use nix::sys::wait::{WaitStatus, waitpid};
use nix::unistd::{ForkResult, fork};

/// Does something in a forked child, and waits until it has ended; fails if it failed there.
#[allow(unsafe_code)]
pub(crate) fn in_child(work: impl FnOnce() -> Outcome) -> Outcome {
    // SAFETY: the child uses nothing that another thread may have locked, but the allocator, whose locks
    // the C library takes for the fork, and what the library itself is to look after.
    match unsafe { fork() }? {
        ForkResult::Child => {
            let failed = i32::from(work().is_err());
            // SAFETY: it ends this process, and nothing else.
            unsafe { libc::_exit(failed) }
        }
        ForkResult::Parent { child } => match waitpid(child, None)? {
            WaitStatus::Exited(_, 0) => Ok(()),
            other => Err(format!("a child ended so: {other:?}").into()),
        },
    }
}
