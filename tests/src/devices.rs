//! The kernel's own `/dev`, wherever the tests run.

use nix::errno::Errno;
use nix::mount::{MsFlags, mount};
use nix::sched::{CloneFlags, unshare};

use crate::harness::Outcome;

/// Runs a function on a thread with its own mount namespace, in which `/dev` is the kernel's
/// devtmpfs. Elsewhere it may not be, in a container or in a guest with another machine's files.
pub fn with_devices<T: Send>(work: impl FnOnce() -> T + Send) -> Outcome<T> {
    let in_there = || -> nix::Result<T> {
        unshare(CloneFlags::CLONE_FS | CloneFlags::CLONE_NEWNS)?;
        let nothing = None::<&str>;
        mount(nothing, "/", nothing, MsFlags::MS_REC | MsFlags::MS_PRIVATE, nothing)?;
        match mount(Some("devtmpfs"), "/dev", Some("devtmpfs"), MsFlags::empty(), nothing) {
            // EBUSY: already mounted.
            Ok(()) | Err(Errno::EBUSY) => Ok(work()),
            Err(errno) => Err(errno),
        }
    };
    let done = std::thread::scope(|scope| scope.spawn(in_there).join());
    Ok(done.unwrap_or_else(|panic| std::panic::resume_unwind(panic))?)
}
