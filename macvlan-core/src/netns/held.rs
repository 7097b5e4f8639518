//! A lock on an open file, shared by the threads of a process through one descriptor.

use std::fs::File;
use std::os::fd::{AsFd, AsRawFd, BorrowedFd};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread::ThreadId;
use std::time::{Duration, Instant};

use nix::errno::Errno;
use nix::fcntl::FlockArg;

use crate::error::errno_of;
use crate::wait::{self, Cancel};

/// The lock of an open file. All users of the descriptor share one `flock(2)` lock.
#[derive(Debug)]
pub(super) struct Held {
    state: Mutex<State>,
    free: Condvar,
    /// The process that opened the file. A forked child shares the open file and would share its
    /// lock.
    process: u32,
}

#[derive(Debug, Default)]
struct State {
    holder: Option<Holder>,
    waiting: usize,
    /// The file as reopened by a forked child, and the child's pid.
    reopened: Option<(u32, Arc<File>)>,
}

#[derive(Debug)]
struct Holder {
    thread: ThreadId,
    /// A forked child inherits this state, but not its parent's threads.
    process: u32,
    times: usize,
}

impl Held {
    pub(super) fn new() -> Self {
        let (state, free) = (Mutex::default(), Condvar::new());
        Self { state, free, process: std::process::id() }
    }

    /// Waits until no other thread or process has the lock, and takes it. A thread may take it
    /// several times. Fails with `EWOULDBLOCK` after `patience`, and with `ECANCELED` if cancelled.
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
        let own = self.own(&mut state, file, process)?;
        let file = own.as_ref().map_or(file, |own| own.as_fd());
        state.holder = Some(Holder { thread, process, times: 1 });
        // The mutex is not held while waiting for other processes: a child forked at that time
        // would find it locked forever.
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

    /// Releases the lock once.
    pub(super) fn let_go(&self, file: BorrowedFd<'_>) {
        let mut state = self.state();
        let process = std::process::id();
        let ours = |holder: &&mut Holder| holder.process == process;
        let Some(holder) = state.holder.as_mut().filter(ours) else { return };
        holder.times -= 1;
        if holder.times == 0 {
            let own = state.reopened.clone().filter(|(opener, _)| *opener == process);
            let file = own.as_ref().map_or(file, |(_, own)| own.as_fd());
            // Cannot fail on an open file.
            let _unlocked = flock(file, FlockArg::Unlock);
            self.free(state);
        }
    }

    /// Returns the file as reopened by this process, if this is a forked child of the opener.
    fn own(
        &self,
        state: &mut State,
        file: BorrowedFd<'_>,
        process: u32,
    ) -> nix::Result<Option<Arc<File>>> {
        if self.process == process {
            return Ok(None);
        }
        let known = state.reopened.as_ref().filter(|(opener, _)| *opener == process);
        if let Some((_, known)) = known {
            return Ok(Some(Arc::clone(known)));
        }
        let opened = File::open(format!("/proc/self/fd/{}", file.as_raw_fd()));
        let opened = Arc::new(opened.map_err(|error| errno_of(&error))?);
        state.reopened = Some((process, Arc::clone(&opened)));
        Ok(Some(opened))
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

/// Locks a borrowed descriptor; `nix::fcntl::Flock` takes an owned one, which would have to be
/// duplicated each time.
#[allow(deprecated)]
fn flock(file: BorrowedFd<'_>, how: FlockArg) -> nix::Result<()> {
    nix::fcntl::flock(file.as_raw_fd(), how)
}
