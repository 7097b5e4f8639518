//! `macvlan.HostLink`: a link that is created in the host's namespace, for others to move it to the container.

use macvlan_network::HostLink as Core;
use pyo3::prelude::*;
use pyo3::types::PyTuple;

use crate::base::output::{attributes_text, interfaces, mac};
use crate::network::lease::Lease;
use crate::value::route::Route;

/// A link in the host's namespace that is to be moved to a container, and what it is to have there.
#[pyclass(frozen, module = "macvlan")]
pub(crate) struct HostLink(pub(crate) Core);

#[pymethods]
impl HostLink {
    /// What the store has of it.
    #[getter]
    fn lease(&self) -> Lease {
        Lease(self.0.lease().clone())
    }

    /// Its name in the host's namespace: "mv-" and 12 hexadecimal digits.
    #[getter]
    fn name(&self) -> String {
        self.0.name().to_string()
    }

    /// Its index in the host's namespace.
    #[getter]
    fn index(&self) -> u32 {
        self.0.index()
    }

    /// Its MAC address, which stays when it is moved.
    #[getter]
    fn mac<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
        mac(py, self.0.mac())
    }

    /// The addresses that it is to have inside, each with the prefix length of its subnet.
    #[getter]
    fn addresses<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyTuple>> {
        interfaces(py, self.0.addresses())
    }

    /// The gateways of its subnets, one of each family that has one; none in an internal network.
    #[getter]
    fn gateways<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyTuple>> {
        PyTuple::new(py, self.0.gateways())
    }

    /// The network's routes that are to lead through it.
    #[getter]
    fn routes<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyTuple>> {
        PyTuple::new(py, self.0.routes().iter().map(|one| Route(*one)).collect::<Vec<_>>())
    }

    fn __repr__(slf: &Bound<'_, Self>) -> PyResult<String> {
        attributes_text(slf, &["name", "mac", "addresses", "lease"])
    }
}
