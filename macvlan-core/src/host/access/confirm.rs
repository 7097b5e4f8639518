//! A change that undoes itself unless it is confirmed in time.

use std::fmt;
use std::sync::mpsc::{RecvTimeoutError, Sender, channel};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread::JoinHandle;
use std::time::Duration;

use crate::error::errno_of;
use crate::error::{Error, ErrorKind, Result};
use crate::host::Host;
use crate::host::access::moving::Done;
use crate::owner::Owner;

/// Whether this session has moved addresses.
#[derive(Default)]
pub(super) enum Moved {
    #[default]
    No,
    /// Not confirmed yet; the number tells one move from the next.
    Pending(u64, Done),
    /// Confirmed.
    Yes(Done),
}

impl Moved {
    pub(super) fn is_moved(&self) -> bool {
        !matches!(self, Self::No)
    }

    pub(super) fn is_pending(&self) -> bool {
        matches!(self, Self::Pending(..))
    }

    /// Takes note of a move, and numbers it.
    pub(super) fn begin(&mut self, done: Done) -> u64 {
        use std::sync::atomic::{AtomicU64, Ordering};
        static NUMBER: AtomicU64 = AtomicU64::new(0);
        let number = NUMBER.fetch_add(1, Ordering::Relaxed);
        *self = Self::Pending(number, done);
        number
    }

    /// From now on nothing is moved; what was before.
    pub(super) fn end(&mut self) -> Self {
        std::mem::replace(self, Self::No)
    }

    /// This very move's record, if it is still to be confirmed.
    fn take_pending(&mut self, number: u64) -> Option<Done> {
        match std::mem::replace(self, Self::No) {
            Self::Pending(pending, done) if pending == number => Some(done),
            other => {
                *self = other;
                None
            }
        }
    }
}

/// Addresses that have been moved, to be confirmed: [`HostAccess::move_addresses`].
///
/// Dropped without [`Moving::confirm`], it moves them back at once; at its deadline it does so by
/// itself.
///
/// [`HostAccess::move_addresses`]: crate::HostAccess::move_addresses
#[must_use = "dropped, it moves the addresses back"]
pub struct Moving {
    host: Host,
    moved: Arc<Mutex<Moved>>,
    number: u64,
    deadline: Duration,
    stop: Option<Sender<()>>,
    thread: Option<JoinHandle<Result<()>>>,
    /// The thread is not in a forked child, and the move is not its own.
    owner: Owner,
}

impl Moving {
    /// Starts the thread that undoes the move when the time is over. Where none can be started, the
    /// move is undone here and now.
    pub(super) fn watch(
        host: &Host,
        moved: &Arc<Mutex<Moved>>,
        number: u64,
        deadline: Duration,
    ) -> Result<Self> {
        let (stop, stopped) = channel::<()>();
        let (there, its) = (host.netns().clone(), Arc::clone(moved));
        let wait = move || match stopped.recv_timeout(deadline) {
            Err(RecvTimeoutError::Timeout) => {
                let _alone = there.lock();
                // Held until it is done, so that nobody confirms what is being undone.
                let mut moved = lock(&its);
                moved.take_pending(number).map_or(Ok(()), |done| done.undo(&there))
            }
            Ok(()) | Err(RecvTimeoutError::Disconnected) => Ok(()),
        };
        let spawned = std::thread::Builder::new().name("macvlan-confirm".to_owned()).spawn(wait);
        let (host, moved) = (host.clone(), Arc::clone(moved));
        let (stop, owner) = (Some(stop), Owner::here());
        let mut moving = Self { host, moved, number, deadline, stop, thread: None, owner };
        match spawned {
            Ok(thread) => {
                moving.thread = Some(thread);
                Ok(moving)
            }
            Err(error) => {
                let error = Error::system("start a thread", errno_of(&error));
                Err(match moving.take_back() {
                    Ok(()) => error,
                    Err(other) => error.leaves_too(other),
                })
            }
        }
    }

    /// Leaves the addresses where they are. Too late, when they have been moved back already, is
    /// [`ErrorKind::TimedOut`].
    pub fn confirm(mut self) -> Result<()> {
        self.owner.check("confirm that the addresses stay moved")?;
        {
            let mut moved = lock(&self.moved);
            if let Some(done) = moved.take_pending(self.number) {
                *moved = Moved::Yes(done);
                drop(moved);
                return self.end_thread();
            }
        }
        self.end_thread()?;
        Err(Error::new(
            ErrorKind::TimedOut,
            "confirm that the addresses stay moved",
            format!("nobody did within {:?}, and they have been moved back", self.deadline),
        ))
    }

    /// Moves the addresses back now.
    pub fn undo(mut self) -> Result<()> {
        self.owner.check("move the addresses back")?;
        self.take_back()
    }

    /// Whether they are still moved and to be confirmed.
    pub fn is_pending(&self) -> bool {
        matches!(&*lock(&self.moved), Moved::Pending(number, _) if *number == self.number)
    }

    fn take_back(&mut self) -> Result<()> {
        let pending = lock(&self.moved).take_pending(self.number);
        let undone = pending.map_or(Ok(()), |done| done.undo(self.host.netns()));
        undone.and(self.end_thread())
    }

    /// What the thread has to say, if it has done something.
    fn end_thread(&mut self) -> Result<()> {
        drop(self.stop.take());
        match self.thread.take() {
            Some(thread) => thread.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic)),
            None => Ok(()),
        }
    }
}

impl Drop for Moving {
    fn drop(&mut self) {
        if !self.owner.is_here() {
            std::mem::forget(self.thread.take());
        } else if self.thread.is_some() {
            let _ = self.take_back();
        }
    }
}

impl fmt::Debug for Moving {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Moving(to be confirmed within {:?})", self.deadline)
    }
}

pub(super) fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
