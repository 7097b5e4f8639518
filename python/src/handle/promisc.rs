//! `macvlan.PromiscGuard`: holds a link promiscuous.

use std::os::fd::{AsFd, AsRawFd, RawFd};

use macvlan_core::PromiscGuard as Core;
use pyo3::prelude::*;

use crate::base::closable::Closable;

/// Holds a link promiscuous until it is closed or collected, or its process ends. The kernel counts
/// the holders.
#[pyclass(frozen, module = "macvlan")]
pub(crate) struct PromiscGuard(Closable<Core>);

impl PromiscGuard {
    pub(crate) fn new(guard: Core) -> Self {
        Self(Closable::new("PromiscGuard", guard))
    }
}

#[pymethods]
impl PromiscGuard {
    /// Returns the file descriptor, which stays the guard's.
    fn fileno(&self) -> PyResult<RawFd> {
        self.0.with(|guard| guard.as_fd().as_raw_fd())
    }

    /// Releases the link.
    fn close(&self, py: Python<'_>) {
        self.0.close(py);
    }

    /// Returns whether it is closed.
    #[getter]
    fn closed(&self) -> bool {
        self.0.is_closed()
    }

    fn __repr__(&self) -> &'static str {
        if self.0.is_closed() { "<PromiscGuard, closed>" } else { "<PromiscGuard>" }
    }

    fn __enter__(slf: Py<Self>) -> PyResult<Py<Self>> {
        slf.get().fileno()?;
        Ok(slf)
    }

    #[pyo3(signature = (kind, error, traceback, /))]
    fn __exit__(
        &self,
        py: Python<'_>,
        kind: &Bound<'_, PyAny>,
        error: &Bound<'_, PyAny>,
        traceback: &Bound<'_, PyAny>,
    ) {
        let _ = (kind, error, traceback);
        self.close(py);
    }
}
