//! Forks while other threads are running.

use macvlan_tests::Outcome;
use nix::libc;
use nix::sys::wait::{WaitStatus, waitpid};
use nix::unistd::{ForkResult, fork};

/// Runs `work` in a forked child, waits for its end, and fails if it failed.
#[allow(unsafe_code)]
pub(crate) fn in_child(work: impl FnOnce() -> Outcome) -> Outcome {
    // SAFETY: the child uses nothing that another thread may have locked, except the allocator,
    // whose locks the C library takes for the fork, and what the library itself has to handle.
    match unsafe { fork() }? {
        ForkResult::Child => {
            let failed = i32::from(work().is_err());
            // SAFETY: this only ends the process.
            unsafe { libc::_exit(failed) }
        }
        ForkResult::Parent { child } => match waitpid(child, None)? {
            WaitStatus::Exited(_, 0) => Ok(()),
            other => Err(format!("a child ended so: {other:?}").into()),
        },
    }
}
