//! A move that is undone unless it is confirmed in time.

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

/// The state of a session's move of addresses.
#[derive(Default)]
pub(super) enum Moved {
    #[default]
    No,
    /// Moved and not yet confirmed; the number distinguishes moves.
    Pending(u64, Done),
    /// Moved and confirmed. Others may have changed the addresses since.
    Yes,
}

impl Moved {
    pub(super) fn is_moved(&self) -> bool {
        !matches!(self, Self::No)
    }

    pub(super) fn is_pending(&self) -> bool {
        matches!(self, Self::Pending(..))
    }

    /// Records a move and returns its number.
    pub(super) fn begin(&mut self, done: Done) -> u64 {
        use std::sync::atomic::{AtomicU64, Ordering};
        static NUMBER: AtomicU64 = AtomicU64::new(0);
        let number = NUMBER.fetch_add(1, Ordering::Relaxed);
        *self = Self::Pending(number, done);
        number
    }

    /// Records that nothing is moved, and returns the previous state.
    pub(super) fn end(&mut self) -> Self {
        std::mem::replace(self, Self::No)
    }

    /// Returns the record of this move, if it is not yet confirmed.
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

/// A move of addresses that is to be confirmed, from [`HostAccess::move_addresses`].
///
/// If it is not confirmed with [`PendingMove::confirm`] until the deadline, or is dropped, the
/// addresses are moved back.
///
/// ```no_run
/// # use macvlan_core::Host;
/// use std::time::Duration;
/// # let access = Host::open()?.access("ens33")?;
/// let moving = access.move_addresses(Duration::from_secs(30))?;
/// // Check that this machine is still reachable, then:
/// moving.confirm()?;
/// # Ok::<(), macvlan_core::Error>(())
/// ```
///
/// [`HostAccess::move_addresses`]: crate::HostAccess::move_addresses
#[must_use = "dropped, it moves the addresses back"]
pub struct PendingMove {
    host: Host,
    moved: Arc<Mutex<Moved>>,
    number: u64,
    deadline: Duration,
    stop: Option<Sender<()>>,
    thread: Option<JoinHandle<Result<()>>>,
    /// A forked child has neither the thread nor the move.
    owner: Owner,
}

impl PendingMove {
    /// Starts a thread that undoes the move at the deadline. If none can be started, the move is
    /// undone now.
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
                // Locked until the undo is done, so that it cannot be confirmed in between.
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

    /// Confirms the move, so that the addresses stay.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::TimedOut`] if they were moved back at the deadline; [`ErrorKind::InvalidValue`]
    /// in a forked child.
    pub fn confirm(mut self) -> Result<()> {
        self.owner.check("confirm the move of the addresses")?;
        {
            let mut moved = lock(&self.moved);
            if moved.take_pending(self.number).is_some() {
                *moved = Moved::Yes;
                drop(moved);
                return self.end_thread();
            }
        }
        self.end_thread()?;
        Err(Error::new(
            ErrorKind::TimedOut,
            "confirm the move of the addresses",
            format!("the addresses were moved back after {:?}", self.deadline),
        ))
    }

    /// Moves the addresses back now.
    ///
    /// # Errors
    ///
    /// The kernel's refusal, with the addresses that were not moved back in
    /// [`Error::leftovers`](crate::Error::leftovers); [`ErrorKind::InvalidValue`] in a forked
    /// child.
    pub fn undo(mut self) -> Result<()> {
        self.owner.check("move the addresses back")?;
        self.take_back()
    }

    /// Returns whether the move is neither confirmed nor undone.
    pub fn is_pending(&self) -> bool {
        matches!(&*lock(&self.moved), Moved::Pending(number, _) if *number == self.number)
    }

    fn take_back(&mut self) -> Result<()> {
        let pending = lock(&self.moved).take_pending(self.number);
        let undone = pending.map_or(Ok(()), |done| done.undo(self.host.netns()));
        undone.and(self.end_thread())
    }

    /// Ends the thread and returns its result.
    fn end_thread(&mut self) -> Result<()> {
        drop(self.stop.take());
        match self.thread.take() {
            Some(thread) => thread.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic)),
            None => Ok(()),
        }
    }
}

impl Drop for PendingMove {
    fn drop(&mut self) {
        if !self.owner.is_here() {
            std::mem::forget(self.thread.take());
        } else if self.thread.is_some() {
            let _ = self.take_back();
        }
    }
}

impl fmt::Debug for PendingMove {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "PendingMove(to be confirmed within {:?})", self.deadline)
    }
}

pub(super) fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
