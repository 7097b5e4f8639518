//! `macvlan.Reconciled`: a change that reconciled kernel and store.

use macvlan_network::{Reconciled as Core, ReconciledKind};
use pyo3::prelude::*;
use pyo3::types::PyTuple;

use crate::base::output::{Enumeration, attributes_text, enumerations};
use crate::network::lease::Lease;

enumerations!(ReconciledKind = "ReconciledKind");

/// A change that reconciled kernel and store, from Networks.reconcile(). Its text, str(), is a
/// sentence.
#[pyclass(frozen, module = "macvlan")]
pub(crate) struct Reconciled(pub(crate) Core);

#[pymethods]
impl Reconciled {
    /// Returns the kind of the change.
    #[getter]
    fn kind<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
        self.0.kind().to_member(py)
    }

    /// Returns the lease for RELEASED, REPAIRED and ADOPTED; None for other kinds.
    #[getter]
    fn lease(&self) -> Option<Lease> {
        self.0.lease().cloned().map(Lease)
    }

    /// Returns the container's id, if there is one.
    #[getter]
    fn container(&self) -> Option<&str> {
        self.0.container()
    }

    /// Returns the interface's name in the container, if there is one.
    #[getter]
    fn interface(&self) -> Option<&str> {
        self.0.interface()
    }

    /// Returns descriptions of the repaired differences for REPAIRED.
    #[getter]
    fn repaired<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyTuple>> {
        match &self.0 {
            Core::Repaired(_, what) => PyTuple::new(py, what),
            _ => Ok(PyTuple::empty(py)),
        }
    }

    /// Returns the number of reserved addresses that are free again for EXPIRED.
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
