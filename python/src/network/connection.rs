//! `macvlan.Connection`: a container that is connected to a network.

use macvlan_network::Connection as Core;
use pyo3::prelude::*;
use pyo3::types::PyTuple;

use crate::base::output::{attributes_text, mac};
use crate::endpoint::attachment::Attachment;
use crate::network::lease::Lease;

/// A container that is connected to a network: its lease and its attachment.
#[pyclass(frozen, module = "macvlan")]
pub(crate) struct Connection(pub(crate) Core);

#[pymethods]
impl Connection {
    /// Returns the lease, as stored.
    #[getter]
    fn lease(&self) -> Lease {
        Lease(self.0.lease().clone())
    }

    /// Returns the attachment.
    #[getter]
    fn attachment(&self) -> Attachment {
        Attachment::new(self.0.attachment().clone())
    }

    /// Returns the addresses.
    #[getter]
    fn addresses<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyTuple>> {
        PyTuple::new(py, self.0.addresses())
    }

    /// Returns the interface's name in the container.
    #[getter]
    fn interface(&self) -> String {
        self.0.interface().to_string()
    }

    /// Returns the interface's MAC address.
    #[getter]
    fn mac<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
        mac(py, self.0.mac())
    }

    fn __repr__(slf: &Bound<'_, Self>) -> PyResult<String> {
        attributes_text(slf, &["interface", "mac", "addresses", "lease"])
    }
}
