//! `macvlan.Cancel`: cancels functions that wait.

use macvlan_core::Cancel as Core;
use pyo3::prelude::*;

use crate::base::argument::{Refusal, Take};
use crate::base::error::OrRaise;

/// A token that cancels functions that wait, from another thread.
///
/// It cancels those of a host from Host.cancelled_by(). A function that waits undoes its changes
/// and raises a MacvlanError of the kind CANCELLED. A function that does not need to wait is
/// carried out. A token stays cancelled. Ctrl-C does not need one.
#[pyclass(frozen, module = "macvlan")]
pub(crate) struct Cancel(Core);

#[pymethods]
impl Cancel {
    #[new]
    fn new(py: Python<'_>) -> PyResult<Self> {
        Core::new().or_raise(py).map(Self)
    }

    /// Cancels all functions that wait with this token, now and in the future.
    fn cancel(&self) {
        self.0.cancel();
    }

    /// Returns whether cancel() was called.
    #[getter]
    fn cancelled(&self) -> bool {
        self.0.is_cancelled()
    }

    fn __repr__(&self) -> &'static str {
        if self.0.is_cancelled() { "<Cancel, cancelled>" } else { "<Cancel>" }
    }
}

impl Take for Core {
    const EXPECTED: &'static str = "a Cancel";
    fn take(value: &Bound<'_, PyAny>) -> Result<Self, Refusal> {
        let cancel = value.cast::<Cancel>().map_err(|_| Refusal::Type)?;
        Ok(cancel.get().0.clone())
    }
}
