//! `macvlan.Cancel`: ends what takes its time.

use macvlan_core::Cancel as Core;
use pyo3::prelude::*;

use crate::base::argument::{Refusal, Take};
use crate::base::error::OrRaise;

/// Ends what takes its time, from another thread: what is done by a host that Host.cancelled_by() gave.
///
/// What waits then raises a MacvlanError of the kind CANCELLED, when it has undone what it had begun; what
/// does not wait is carried out. It stays cancelled for ever. Ctrl-C needs none of it.
#[pyclass(frozen, module = "macvlan")]
pub(crate) struct Cancel(Core);

#[pymethods]
impl Cancel {
    #[new]
    fn new(py: Python<'_>) -> PyResult<Self> {
        Core::new().or_raise(py).map(Self)
    }

    /// Cancels everything that it was given to, now and later.
    fn cancel(&self) {
        self.0.cancel();
    }

    /// Whether cancel() was called.
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
