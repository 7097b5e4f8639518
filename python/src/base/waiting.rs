//! Waits that Ctrl-C, and other exceptions of signal handlers, can end: for an event, by its
//! descriptor; and for long operations, which run on a thread of their own.

use std::collections::VecDeque;
use std::io;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::os::unix::net::UnixStream;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{self, Receiver, TryRecvError};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use macvlan_core::{Cancel, Result};
use nix::errno::Errno;
use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
use pyo3::exceptions::PyRuntimeError;
use pyo3::prelude::*;
use pyo3::sync::PyOnceLock;

use crate::base::argument::{Refusal, Take};
use crate::base::closable::Closable;
use crate::base::error::OrRaise;

/// A source of events, with a descriptor that becomes readable.
pub(crate) trait Source: AsFd + Send + 'static {
    type Event: Send + 'static;

    /// Returns the next event, if there is one.
    fn next(&mut self) -> Result<Option<Self::Event>>;

    /// Returns the time after which `next` has to be called even if the descriptor is not readable;
    /// `None` for no limit.
    fn patience(&self) -> Option<Duration> {
        None
    }

    /// Returns whether `next` may take long, unless it is cancelled.
    fn takes_time(&self) -> bool {
        false
    }

    /// Sets the token that cancels long operations, in place of an earlier one.
    fn set_cancel(&mut self, _cancel: &Cancel) {}
}

/// A source that is waited for by one caller at a time, and can be closed during a wait.
pub(crate) struct Waited<S: Source> {
    source: Arc<Closable<S>>,
    /// Events that arrived when a signal had ended the call that was to return them.
    unheard: Arc<Mutex<VecDeque<S::Event>>>,
    /// The other end becomes readable when this one is closed.
    open: Mutex<Option<UnixStream>>,
    closing: UnixStream,
    is_waited_for: AtomicBool,
}

impl<S: Source> Waited<S> {
    pub(crate) fn new(what: &'static str, source: S) -> PyResult<Self> {
        let (open, closing) = UnixStream::pair()?;
        let (source, open) = (Arc::new(Closable::new(what, source)), Mutex::new(Some(open)));
        let (unheard, is_waited_for) = (Arc::default(), AtomicBool::new(false));
        Ok(Self { source, unheard, open, closing, is_waited_for })
    }

    /// Does a short operation with the source, as [`Closable::with`].
    pub(crate) fn with<R>(&self, work: impl FnOnce(&mut S) -> R) -> PyResult<R> {
        self.source.with(work)
    }

    pub(crate) fn is_closed(&self) -> bool {
        self.source.is_closed()
    }

    /// Closes the source, which ends a wait for it.
    pub(crate) fn close(&self, py: Python<'_>) {
        drop(self.open.lock().unwrap_or_else(PoisonError::into_inner).take());
        self.source.close(py);
    }

    /// Returns a descriptor that becomes readable when the source is closed, and belongs to the
    /// caller.
    pub(crate) fn closing(&self) -> io::Result<OwnedFd> {
        self.closing.as_fd().try_clone_to_owned()
    }

    fn is_closing(&self) -> bool {
        self.open.lock().unwrap_or_else(PoisonError::into_inner).is_none()
    }

    /// Waits for the next event, at most for this time. The source's lock is held while it works,
    /// so it is never awaited with the interpreter held.
    pub(crate) fn next(
        &self,
        py: Python<'_>,
        timeout: Option<Timeout>,
    ) -> PyResult<Option<S::Event>> {
        let deadline = timeout.and_then(|timeout| Instant::now().checked_add(timeout.0));
        let mut claim = None;
        loop {
            let event = self.now(py)?;
            let left = deadline.map(|deadline| deadline.saturating_duration_since(Instant::now()));
            if event.is_some() || left.is_some_and(|left| left.is_zero()) {
                return Ok(event);
            }
            if claim.is_none() {
                claim = Some(Claim::on(&self.is_waited_for)?);
            }
            // Another thread may close the source during the wait, and another file may get its
            // number.
            let look = |source: &mut S| (source.as_fd().try_clone_to_owned(), source.patience());
            let (fd, patience) = py.detach(|| self.source.with(look))?;
            // A signal may have come since the interpreter was last released, and would not
            // interrupt the wait.
            py.check_signals()?;
            let at_most = [left, patience].into_iter().flatten().min();
            readable(py, &[fd?.as_fd(), self.closing.as_fd()], at_most)?;
        }
    }
}

impl<S: Source> Waited<S> {
    /// Returns the next event, if there is one.
    fn now(&self, py: Python<'_>) -> PyResult<Option<S::Event>> {
        if let Some(event) = first(&self.unheard) {
            return Ok(Some(event));
        }
        let next = if py.detach(|| self.source.with(|source| source.takes_time()))? {
            let unheard = Arc::clone(&self.unheard);
            or_undo(py, self.cancellable(S::next), move |result| {
                if let Ok(Ok(Some(event))) = result {
                    unheard.lock().unwrap_or_else(PoisonError::into_inner).push_back(event);
                }
            })?
        } else {
            py.detach(|| self.source.with(S::next))
        };
        match next? {
            Err(_) if self.is_closing() => Err(self.source.closed()),
            event => event.or_raise(py),
        }
    }

    /// Returns a function that does an operation with the source until it is cancelled, and leaves
    /// the source usable.
    fn cancellable<R, W: FnOnce(&mut S) -> Result<R>>(
        &self,
        work: W,
    ) -> impl FnOnce(&Cancel) -> PyResult<Result<R>> + use<R, W, S> {
        let source = Arc::clone(&self.source);
        move |cancel| {
            source.with(|source| {
                // A cancelled token stays cancelled.
                let after = Cancel::new()?;
                source.set_cancel(cancel);
                let done = work(source);
                source.set_cancel(&after);
                done
            })
        }
    }

    /// Does a long operation with the source, which a signal ends.
    pub(crate) fn work<R: Send + 'static>(
        &self,
        py: Python<'_>,
        work: impl FnOnce(&mut S) -> Result<R> + Send + 'static,
    ) -> PyResult<Result<R>> {
        or_undo(py, self.cancellable(work), drop)?
    }
}

fn first<T>(waiting: &Mutex<VecDeque<T>>) -> Option<T> {
    waiting.lock().unwrap_or_else(PoisonError::into_inner).pop_front()
}

/// The right to wait: each event would wake two callers, but is for one.
struct Claim<'a>(&'a AtomicBool);

impl<'a> Claim<'a> {
    fn on(is_waited_for: &'a AtomicBool) -> PyResult<Self> {
        if is_waited_for.swap(true, Ordering::AcqRel) {
            return Err(PyRuntimeError::new_err("another thread already waits for the next event"));
        }
        Ok(Self(is_waited_for))
    }
}

impl Drop for Claim<'_> {
    fn drop(&mut self) {
        self.0.store(false, Ordering::Release);
    }
}

/// Returns an awaitable for the next event in the running asyncio loop.
pub(crate) fn in_asyncio<'py>(source: &Bound<'py, PyAny>) -> PyResult<Bound<'py, PyAny>> {
    static NEXT: PyOnceLock<Py<PyAny>> = PyOnceLock::new();
    NEXT.import(source.py(), "macvlan._aio", "next_event")?.call1((source,))
}

/// Waits until a descriptor is readable, the timeout ends, or a signal comes.
fn readable(py: Python<'_>, fds: &[BorrowedFd<'_>], timeout: Option<Duration>) -> PyResult<()> {
    // Rounded up, so that the loop does not spin in the last millisecond.
    let up = |timeout: Duration| timeout.as_nanos().div_ceil(1_000_000);
    let timeout = timeout.map_or(PollTimeout::NONE, |timeout| {
        PollTimeout::try_from(up(timeout)).unwrap_or(PollTimeout::MAX)
    });
    let mut fds: Vec<_> = fds.iter().map(|fd| PollFd::new(*fd, PollFlags::POLLIN)).collect();
    match py.detach(|| poll(&mut fds, timeout)) {
        Ok(_) => Ok(()),
        Err(Errno::EINTR) => py.check_signals(),
        Err(errno) => Err(io::Error::from(errno).into()),
    }
}

/// A timeout. A negative one, as computed from a deadline, is zero.
pub(crate) struct Timeout(Duration);

impl Take for Timeout {
    const EXPECTED: &'static str = Duration::EXPECTED;
    fn take(value: &Bound<'_, PyAny>) -> std::result::Result<Self, Refusal> {
        let sign = value.getattr("days").unwrap_or_else(|_| value.clone());
        let is_over = sign.lt(0).unwrap_or(false);
        if is_over { Ok(Self(Duration::ZERO)) } else { Duration::take(value).map(Self) }
    }
}

/// The interval at which a wait checks for signals: one that comes right before the wait does not
/// interrupt it.
const BETWEEN_SIGNALS: Duration = Duration::from_millis(50);

/// Waits for the result, or leaves the operation to its thread when a signal comes.
pub(crate) fn or_leave<T: Send + 'static>(
    py: Python<'_>,
    work: impl FnOnce() -> T + Send + 'static,
) -> PyResult<T> {
    Waiting::start(py, work, drop)?.result(py)
}

/// Waits for the result. When a signal comes, the operation is cancelled, and its end is awaited so
/// that nothing partial remains if the program then ends; a result that comes all the same is
/// undone. After a second signal, its thread does so.
pub(crate) fn or_undo<T: Send + 'static>(
    py: Python<'_>,
    work: impl FnOnce(&Cancel) -> T + Send + 'static,
    undo: impl FnOnce(T) + Clone + Send + 'static,
) -> PyResult<T> {
    let cancel = Cancel::new().or_raise(py)?;
    let its = cancel.clone();
    let mut waiting = Waiting::start(py, move || work(&its), undo.clone())?;
    waiting.result(py).or_else(|signal| {
        cancel.cancel();
        let result = waiting.result(py)?;
        py.detach(|| undo(result));
        Err(signal)
    })
}

struct Waiting<T> {
    results: Receiver<T>,
    /// Readable when the thread has ended, which has the other end.
    ended: UnixStream,
    thread: Option<JoinHandle<()>>,
}

impl<T: Send + 'static> Waiting<T> {
    fn start(
        py: Python<'_>,
        work: impl FnOnce() -> T + Send + 'static,
        unheard: impl FnOnce(T) + Send + 'static,
    ) -> PyResult<Self> {
        let (send, results) = mpsc::channel();
        let (ended, end) = UnixStream::pair()?;
        let start = || {
            thread::Builder::new().spawn(move || {
                let _end = end;
                // After a signal, the result is not received any more.
                if let Err(mpsc::SendError(result)) = send.send(work()) {
                    unheard(result);
                }
            })
        };
        Ok(Self { results, ended, thread: Some(py.detach(start)?) })
    }

    fn result(&mut self, py: Python<'_>) -> PyResult<T> {
        loop {
            match self.results.try_recv() {
                Ok(result) => {
                    // It ends now, and is not used any more.
                    let thread = self.thread.take();
                    py.detach(|| thread.map(JoinHandle::join));
                    return Ok(result);
                }
                Err(TryRecvError::Empty) => {
                    readable(py, &[self.ended.as_fd()], Some(BETWEEN_SIGNALS))?;
                    py.check_signals()?;
                }
                Err(TryRecvError::Disconnected) => {
                    return Err(PyRuntimeError::new_err("the call ended in a panic"));
                }
            }
        }
    }
}
