//! A lock on an open file that threads of one process share by its descriptor.

use std::os::fd::{AsRawFd, BorrowedFd};
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::thread::ThreadId;
use std::time::{Duration, Instant};

use nix::errno::Errno;
use nix::fcntl::FlockArg;

use crate::wait::{self, Cancel};

/// Who holds an open file, which has one lock whoever shares it.
#[derive(Debug, Default)]
pub(super) struct Held {
    state: Mutex<State>,
    free: Condvar,
}

#[derive(Debug, Default)]
struct State {
    holder: Option<Holder>,
    waiting: usize,
}

#[derive(Debug)]
struct Holder {
    thread: ThreadId,
    /// A forked child inherits what its parent's threads held.
    process: u32,
    times: usize,
}

impl Held {
    /// Waits until no other thread or process holds the file, and holds it; `EWOULDBLOCK` if that takes
    /// longer than this, `ECANCELED` if it is cancelled. A thread may hold it several times.
    pub(super) fn hold(
        &self,
        file: BorrowedFd<'_>,
        patience: Duration,
        cancels: &[Cancel],
    ) -> nix::Result<()> {
        let began = Instant::now();
        let (thread, process) = (std::thread::current().id(), std::process::id());
        let mut state = self.state();
        loop {
            match &mut state.holder {
                Some(holder) if holder.process == process => {
                    if holder.thread == thread {
                        holder.times += 1;
                        return Ok(());
                    }
                }
                _ => break,
            }
            let left = patience.saturating_sub(began.elapsed());
            if left.is_zero() {
                return Err(Errno::EWOULDBLOCK);
            }
            wait::check(cancels)?;
            state.waiting += 1;
            let slice = if cancels.is_empty() { left } else { left.min(wait::SLICE) };
            let waited = self.free.wait_timeout(state, slice);
            state = waited.unwrap_or_else(PoisonError::into_inner).0;
            state.waiting -= 1;
        }
        state.holder = Some(Holder { thread, process, times: 1 });
        // The mutex is not held while waiting for other processes: a child forked in that time would find
        // it locked for ever.
        drop(state);
        let locked = loop {
            match flock(file, FlockArg::LockExclusiveNonblock) {
                Err(Errno::EWOULDBLOCK) if began.elapsed() < patience => {
                    if let Err(cancelled) = wait::pause(Duration::from_millis(1), cancels) {
                        break Err(cancelled);
                    }
                }
                done => break done,
            }
        };
        locked.inspect_err(|_| self.free(self.state()))
    }

    /// Takes back one [`Held::hold`].
    pub(super) fn let_go(&self, file: BorrowedFd<'_>) {
        let mut state = self.state();
        let ours = |holder: &&mut Holder| holder.process == std::process::id();
        let Some(holder) = state.holder.as_mut().filter(ours) else { return };
        holder.times -= 1;
        if holder.times == 0 {
            // It does not fail on a file that is open.
            let _unlocked = flock(file, FlockArg::Unlock);
            self.free(state);
        }
    }

    fn free(&self, mut state: MutexGuard<'_, State>) {
        state.holder = None;
        if state.waiting > 0 {
            self.free.notify_one();
        }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// `nix::fcntl::Flock` wants to own a descriptor, which would have to be duplicated each time.
#[allow(deprecated)]
fn flock(file: BorrowedFd<'_>, how: FlockArg) -> nix::Result<()> {
    nix::fcntl::flock(file.as_raw_fd(), how)
}
