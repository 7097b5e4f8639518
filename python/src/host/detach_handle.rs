//! `macvlan.DetachHandle`: a detach in the background.

use std::sync::{Mutex, OnceLock, PoisonError};

use macvlan_core::{DetachHandle as Core, Detached, Result};
use pyo3::exceptions::PyRuntimeError;
use pyo3::prelude::*;

use crate::base::error::raised;
use crate::base::output::{Enumeration, enumerations};

enumerations!(Detached = "Detached");

/// A detach in the background, from Host.detach_later(). It continues if this object is dropped.
#[pyclass(frozen, module = "macvlan")]
pub(crate) struct DetachHandle {
    running: Mutex<Option<Core>>,
    result: OnceLock<Result<Detached>>,
}

impl DetachHandle {
    pub(crate) fn new(detaching: Core) -> Self {
        Self { running: Mutex::new(Some(detaching)), result: OnceLock::new() }
    }
}

#[pymethods]
impl DetachHandle {
    /// Returns whether the detach has finished, successfully or not.
    #[getter]
    fn is_finished(&self) -> bool {
        // Locked: another thread waits for it.
        self.result.get().is_some()
            || self
                .running
                .try_lock()
                .is_ok_and(|running| running.as_ref().is_some_and(Core::is_finished))
    }

    /// Waits for the end of the detach, and returns its result or raises its exception.
    fn wait<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
        py.detach(|| {
            let mut running = self.running.lock().unwrap_or_else(PoisonError::into_inner);
            if let Some(detaching) = running.take() {
                let _ = self.result.set(detaching.wait());
            }
        });
        match self.result.get() {
            Some(Ok(detached)) => detached.to_member(py),
            Some(Err(error)) => Err(raised(py, error)),
            None => Err(PyRuntimeError::new_err("the detachment ended in a panic")),
        }
    }

    fn __repr__(&self) -> &'static str {
        if self.is_finished() { "<DetachHandle, finished>" } else { "<DetachHandle>" }
    }
}
