//! The kernel's own `/dev`, wherever the tests run.

use nix::errno::Errno;
use nix::mount::{MsFlags, mount};
use nix::sched::{CloneFlags, unshare};

use crate::harness::Outcome;

/// Does something where `/dev` is the kernel's devtmpfs, which it need not be (in a container, or a
/// guest that has another machine's files): on a thread with a mount namespace of its own.
pub fn with_devices<T: Send>(work: impl FnOnce() -> T + Send) -> Outcome<T> {
    let in_there = || -> nix::Result<T> {
        unshare(CloneFlags::CLONE_FS | CloneFlags::CLONE_NEWNS)?;
        let nothing = None::<&str>;
        mount(nothing, "/", nothing, MsFlags::MS_REC | MsFlags::MS_PRIVATE, nothing)?;
        match mount(Some("devtmpfs"), "/dev", Some("devtmpfs"), MsFlags::empty(), nothing) {
            // EBUSY: it is there already.
            Ok(()) | Err(Errno::EBUSY) => Ok(work()),
            Err(errno) => Err(errno),
        }
    };
    let done = std::thread::scope(|scope| scope.spawn(in_there).join());
    Ok(done.unwrap_or_else(|panic| std::panic::resume_unwind(panic))?)
}
