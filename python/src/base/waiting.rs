//! Waits that Ctrl-C, and whatever else a signal's handler raises, can end: what takes long is done on
//! a thread of its own, and the caller's looks for signals meanwhile.

use std::sync::mpsc::{self, Receiver, RecvTimeoutError};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use pyo3::exceptions::PyRuntimeError;
use pyo3::prelude::*;

/// How long a wait goes on until it looks whether a signal has come.
const BETWEEN_SIGNALS: Duration = Duration::from_millis(50);

/// Waits for its result, or leaves it to its thread when a signal comes.
pub(crate) fn or_leave<T: Send + 'static>(
    py: Python<'_>,
    work: impl FnOnce() -> T + Send + 'static,
) -> PyResult<T> {
    Waiting::start(py, work, drop)?.result(py)
}

/// Waits for its result. When a signal comes, its end is waited for all the same, so that no half of
/// it stays behind when the program ends now, and it is undone; at a second signal its thread does so.
pub(crate) fn or_undo<T: Send + 'static>(
    py: Python<'_>,
    work: impl FnOnce() -> T + Send + 'static,
    undo: impl FnOnce(T) + Clone + Send + 'static,
) -> PyResult<T> {
    let mut waiting = Waiting::start(py, work, undo.clone())?;
    waiting.result(py).or_else(|signal| {
        let result = waiting.result(py)?;
        py.detach(|| undo(result));
        Err(signal)
    })
}

struct Waiting<T> {
    told: Receiver<T>,
    thread: Option<JoinHandle<()>>,
}

impl<T: Send + 'static> Waiting<T> {
    fn start(
        py: Python<'_>,
        work: impl FnOnce() -> T + Send + 'static,
        unheard: impl FnOnce(T) + Send + 'static,
    ) -> PyResult<Self> {
        let (tell, told) = mpsc::channel();
        let start = || {
            thread::Builder::new().spawn(move || {
                // Nobody listens any more after a signal.
                if let Err(mpsc::SendError(result)) = tell.send(work()) {
                    unheard(result);
                }
            })
        };
        Ok(Self { told, thread: Some(py.detach(start)?) })
    }

    fn result(&mut self, py: Python<'_>) -> PyResult<T> {
        loop {
            let told = &mut self.told;
            match py.detach(move || told.recv_timeout(BETWEEN_SIGNALS)) {
                Ok(result) => {
                    // It ends now, and is not to be seen any more.
                    let thread = self.thread.take();
                    py.detach(|| thread.map(JoinHandle::join));
                    return Ok(result);
                }
                Err(RecvTimeoutError::Timeout) => py.check_signals()?,
                Err(RecvTimeoutError::Disconnected) => {
                    return Err(PyRuntimeError::new_err("what was called ended in a panic"));
                }
            }
        }
    }
}
