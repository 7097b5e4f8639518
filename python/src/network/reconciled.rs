//! `macvlan.Reconciled`: one thing in which kernel and store were brought together.

use macvlan_network::{Reconciled as Core, ReconciledKind};
use pyo3::prelude::*;
use pyo3::types::PyTuple;

use crate::base::output::{Enumeration, attributes_text, enumerations};
use crate::network::lease::Lease;

enumerations!(ReconciledKind = "ReconciledKind");

/// One thing in which Networks.reconcile() brought kernel and store together; str() says it in words.
#[pyclass(frozen, module = "macvlan")]
pub(crate) struct Reconciled(pub(crate) Core);

#[pymethods]
impl Reconciled {
    /// What was done.
    #[getter]
    fn kind<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
        self.0.kind().to_member(py)
    }

    /// The lease, of RELEASED, REPAIRED and ADOPTED.
    #[getter]
    fn lease(&self) -> Option<Lease> {
        self.0.lease().cloned().map(Lease)
    }

    /// The container's id, where it is about one.
    #[getter]
    fn container(&self) -> Option<&str> {
        self.0.container()
    }

    /// The interface's name inside, where it is about one.
    #[getter]
    fn interface(&self) -> Option<&str> {
        self.0.interface()
    }

    /// What was not as it should be and is now, in words, of REPAIRED.
    #[getter]
    fn repaired<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyTuple>> {
        match &self.0 {
            Core::Repaired(_, what) => PyTuple::new(py, what),
            _ => Ok(PyTuple::empty(py)),
        }
    }

    /// How many addresses that had been kept are free again, of EXPIRED.
    #[getter]
    fn expired(&self) -> usize {
        self.0.expired()
    }

    fn __str__(&self) -> String {
        self.0.to_string()
    }

    fn __repr__(slf: &Bound<'_, Self>) -> PyResult<String> {
        attributes_text(slf, &["kind", "container", "interface", "repaired", "expired"])
    }
}
