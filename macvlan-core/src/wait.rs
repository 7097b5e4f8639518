//! Waits for descriptors, with a deadline and cancellation.

use std::os::fd::{AsFd, BorrowedFd};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use nix::errno::Errno;
use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
use nix::sys::eventfd::{EfdFlags, EventFd};

use crate::error::{Error, Result};
use crate::owner::Owner;

/// The interval at which conditions without a descriptor are polled.
pub(crate) const SLICE: Duration = Duration::from_millis(10);

/// A token that cancels waiting operations, from another thread or a signal handler.
///
/// Given to [`Host::cancelled_by`](crate::Host::cancelled_by) or
/// [`Watch::set_cancel`](crate::Watch::set_cancel), it ends probes, duplicate address detection,
/// announcements, waiting for a namespace or a MAC address in use, and waiting for events. The
/// operation undoes its changes and fails with
/// [`ErrorKind::Cancelled`](crate::ErrorKind::Cancelled). Operations that do not wait are
/// completed.
///
/// Clones share one state, which stays cancelled.
///
/// ```no_run
/// use macvlan_core::{Cancel, Endpoint, Host, NetNs, Probe};
/// let cancel = Cancel::new()?;
/// let host = Host::open()?.cancelled_by(&cancel);
/// let endpoint = Endpoint::new("eth0", "ens33")?
///     .address("192.168.15.5/24".parse()?)
///     .probe(Probe::rfc());
/// std::thread::spawn(move || {
///     std::thread::sleep(std::time::Duration::from_secs(1));
///     cancel.cancel();
/// });
/// let error = host.attach(&endpoint, &NetNs::from_pid(2084)?).unwrap_err();
/// # Ok::<(), macvlan_core::Error>(())
/// ```
#[derive(Debug, Clone)]
pub struct Cancel(Arc<State>);

#[derive(Debug)]
struct State {
    cancelled: AtomicBool,
    event: EventFd,
    /// A forked child has its own flag, but shares the descriptor with its parent.
    owner: Owner,
}

impl Cancel {
    /// Makes a token, with a file descriptor (`eventfd(2)`) that is closed on exec.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::System`](crate::ErrorKind::System) if no more files may be opened.
    pub fn new() -> Result<Self> {
        let event = EventFd::from_flags(EfdFlags::EFD_CLOEXEC | EfdFlags::EFD_NONBLOCK)
            .map_err(|errno| Error::system("create an eventfd", errno))?;
        let (cancelled, owner) = (AtomicBool::new(false), Owner::here());
        Ok(Self(Arc::new(State { cancelled, event, owner })))
    }

    /// Cancels all current and later operations that have this token.
    ///
    /// Safe to call in a signal handler: it sets a flag and writes eight bytes. In a forked child
    /// it cancels the child's operations only.
    pub fn cancel(&self) {
        self.0.cancelled.store(true, Ordering::Release);
        if self.is_of_this_process() {
            // Fails only after 2^64 - 2 writes.
            let _written = self.0.event.write(1);
        }
    }

    /// Returns whether [`Cancel::cancel`] was called.
    pub fn is_cancelled(&self) -> bool {
        self.0.cancelled.load(Ordering::Acquire)
    }

    fn is_of_this_process(&self) -> bool {
        self.0.owner.is_here()
    }
}

/// Fails with `ECANCELED` if one of the tokens is cancelled.
pub(crate) fn check(cancels: &[Cancel]) -> nix::Result<()> {
    if cancels.iter().any(Cancel::is_cancelled) { Err(Errno::ECANCELED) } else { Ok(()) }
}

/// Waits until a descriptor is readable; returns false at the deadline. Fails with `ECANCELED` if
/// cancelled; a signal does not end the wait.
pub(crate) fn readable(
    descriptors: &[BorrowedFd<'_>],
    until: Option<Instant>,
    cancels: &[Cancel],
) -> nix::Result<bool> {
    let (ours, others): (Vec<_>, Vec<_>) =
        cancels.iter().partition(|cancel| cancel.is_of_this_process());
    // Tokens of the parent process have no descriptor in a forked child.
    let longest = (!others.is_empty()).then_some(SLICE);
    let mut polled: Vec<PollFd<'_>> = descriptors
        .iter()
        .copied()
        .chain(ours.iter().map(|cancel| cancel.0.event.as_fd()))
        .map(|descriptor| PollFd::new(descriptor, PollFlags::POLLIN))
        .collect();
    loop {
        check(cancels)?;
        let left = until.map(|until| until.saturating_duration_since(Instant::now()));
        let slice = [left, longest].into_iter().flatten().min();
        match poll(&mut polled, timeout(slice)) {
            Ok(0) if left.is_some_and(|left| left.is_zero()) => return Ok(false),
            Ok(0) | Err(Errno::EINTR) => {}
            Ok(_) => {
                let (of_caller, _) = polled.split_at(descriptors.len());
                if of_caller.iter().any(|polled| polled.any() != Some(false)) {
                    return Ok(true);
                }
            }
            Err(errno) => return Err(errno),
        }
    }
}

/// Sleeps, unless cancelled.
pub(crate) fn pause(time: Duration, cancels: &[Cancel]) -> nix::Result<()> {
    readable(&[], Instant::now().checked_add(time), cancels).map(drop)
}

/// Converts a timeout, rounded up so that the last millisecond is not spent polling.
fn timeout(left: Option<Duration>) -> PollTimeout {
    left.map_or(PollTimeout::NONE, |left| {
        match PollTimeout::try_from(left.as_micros().div_ceil(1000)) {
            Ok(left) => left,
            Err(_too_long) => PollTimeout::MAX,
        }
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_wait_ends_when_it_is_cancelled() {
        let cancel = Cancel::new().unwrap();
        assert_eq!(pause(Duration::from_millis(1), std::slice::from_ref(&cancel)), Ok(()));
        std::thread::scope(|scope| {
            let waits = scope.spawn(|| readable(&[], None, std::slice::from_ref(&cancel)));
            cancel.clone().cancel();
            assert_eq!(waits.join().unwrap(), Err(Errno::ECANCELED));
        });
        assert!(cancel.is_cancelled());
        assert_eq!(pause(Duration::ZERO, &[cancel]), Err(Errno::ECANCELED));
    }

    #[test]
    fn readable_descriptors_are_found() {
        let event = EventFd::new().unwrap();
        let until = Some(Instant::now() + Duration::from_millis(2));
        assert_eq!(readable(&[event.as_fd()], until, &[]), Ok(false));
        event.write(1).unwrap();
        assert_eq!(readable(&[event.as_fd()], until, &[]), Ok(true));
    }
}
