//! Waits that Ctrl-C, and whatever else a signal's handler raises, can end: for an event, by its
//! descriptor; and for what takes long, which is done on a thread of its own.

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

/// Where events come from, with a descriptor that becomes readable.
pub(crate) trait Source: AsFd + Send + 'static {
    type Event: Send + 'static;

    /// Returns the next event, if one is there already.
    fn next(&mut self) -> Result<Option<Self::Event>>;

    /// Returns how long to wait at most until `next` is called again, though the descriptor has not
    /// become readable; `None` for ever.
    fn patience(&self) -> Option<Duration> {
        None
    }

    /// Returns whether `next` may take long, unless it is cancelled.
    fn takes_time(&self) -> bool {
        false
    }

    /// Has what takes time end when it is cancelled by this, and by no other that was set before.
    fn set_cancel(&mut self, _cancel: &Cancel) {}
}

/// A source that one waits for at a time, and that can be closed while it is waited for.
pub(crate) struct Waited<S: Source> {
    source: Arc<Closable<S>>,
    /// Events that came when a signal had ended the call that was to return them.
    unheard: Arc<Mutex<VecDeque<S::Event>>>,
    /// The other end of it becomes readable when this one is gone.
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

    /// Does something short with the source, as [`Closable::with`] does.
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

    /// Returns a descriptor that becomes readable when the source is closed, which is the caller's.
    pub(crate) fn closing(&self) -> io::Result<OwnedFd> {
        self.closing.as_fd().try_clone_to_owned()
    }

    fn is_closing(&self) -> bool {
        self.open.lock().unwrap_or_else(PoisonError::into_inner).is_none()
    }

    /// Waits for the next event, and for no longer than this. The source's lock is held while it works,
    /// so it is never waited for with the interpreter held.
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
            // Another thread may close the source during the wait, and its number be given to another
            // file.
            let look = |source: &mut S| (source.as_fd().try_clone_to_owned(), source.patience());
            let (fd, patience) = py.detach(|| self.source.with(look))?;
            // One may have come since the interpreter was let go last, and would not interrupt the wait.
            py.check_signals()?;
            let at_most = [left, patience].into_iter().flatten().min();
            readable(py, &[fd?.as_fd(), self.closing.as_fd()], at_most)?;
        }
    }
}

impl<S: Source> Waited<S> {
    /// Returns the next event, if one is there already.
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

    /// Returns what does something with the source until it is cancelled, and leaves it as it was.
    fn cancellable<R, W: FnOnce(&mut S) -> Result<R>>(
        &self,
        work: W,
    ) -> impl FnOnce(&Cancel) -> PyResult<Result<R>> + use<R, W, S> {
        let source = Arc::clone(&self.source);
        move |cancel| {
            source.with(|source| {
                // One that was cancelled is so for ever.
                let after = Cancel::new()?;
                source.set_cancel(cancel);
                let done = work(source);
                source.set_cancel(&after);
                done
            })
        }
    }

    /// Does something that takes time with the source, which a signal ends.
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

/// The right to wait: of two who wait, each event wakes both and is for one.
struct Claim<'a>(&'a AtomicBool);

impl<'a> Claim<'a> {
    fn on(is_waited_for: &'a AtomicBool) -> PyResult<Self> {
        if is_waited_for.swap(true, Ordering::AcqRel) {
            return Err(PyRuntimeError::new_err("another thread waits for the next event already"));
        }
        Ok(Self(is_waited_for))
    }
}

impl Drop for Claim<'_> {
    fn drop(&mut self) {
        self.0.store(false, Ordering::Release);
    }
}

/// Returns what waits for the next event in the running asyncio loop, to be awaited.
pub(crate) fn in_asyncio<'py>(source: &Bound<'py, PyAny>) -> PyResult<Bound<'py, PyAny>> {
    static NEXT: PyOnceLock<Py<PyAny>> = PyOnceLock::new();
    NEXT.import(source.py(), "macvlan._aio", "next_event")?.call1((source,))
}

/// Waits until a descriptor is readable, the time is over, or a signal has come.
fn readable(py: Python<'_>, fds: &[BorrowedFd<'_>], timeout: Option<Duration>) -> PyResult<()> {
    // Rounded up, or the last millisecond would be spent turning round.
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

/// How long to wait. What is left of a time may be less than nothing, which is no time.
pub(crate) struct Timeout(Duration);

impl Take for Timeout {
    const EXPECTED: &'static str = Duration::EXPECTED;
    fn take(value: &Bound<'_, PyAny>) -> std::result::Result<Self, Refusal> {
        let sign = value.getattr("days").unwrap_or_else(|_| value.clone());
        let is_over = sign.lt(0).unwrap_or(false);
        if is_over { Ok(Self(Duration::ZERO)) } else { Duration::take(value).map(Self) }
    }
}

/// How long a wait goes on at most until it looks whether a signal has come: one that comes right before
/// the wait does not interrupt it.
const BETWEEN_SIGNALS: Duration = Duration::from_millis(50);

/// Waits for its result, or leaves it to its thread when a signal comes.
pub(crate) fn or_leave<T: Send + 'static>(
    py: Python<'_>,
    work: impl FnOnce() -> T + Send + 'static,
) -> PyResult<T> {
    Waiting::start(py, work, drop)?.result(py)
}

/// Waits for its result. When a signal comes, it is cancelled, and its end is waited for so that no half
/// of it stays behind when the program ends now; if it comes to a result all the same, that is undone. At
/// a second signal its thread does so.
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
    /// Readable when the thread is at its end, in whatever way: it has the other end.
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
                // Nobody listens any more after a signal.
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
                    // It ends now, and is not to be seen any more.
                    let thread = self.thread.take();
                    py.detach(|| thread.map(JoinHandle::join));
                    return Ok(result);
                }
                Err(TryRecvError::Empty) => {
                    readable(py, &[self.ended.as_fd()], Some(BETWEEN_SIGNALS))?;
                    py.check_signals()?;
                }
                Err(TryRecvError::Disconnected) => {
                    return Err(PyRuntimeError::new_err("what was called ended in a panic"));
                }
            }
        }
    }
}
