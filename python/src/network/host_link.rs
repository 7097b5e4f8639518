//! `macvlan.HostLink`: a link in the host's namespace that the caller moves to the container.

use macvlan_network::HostLink as Core;
use pyo3::prelude::*;
use pyo3::types::PyTuple;

use crate::base::output::{attributes_text, interfaces, mac};
use crate::network::lease::Lease;
use crate::value::route::Route;

/// A link in the host's namespace that the caller moves to a container. It has the configuration
/// for the container.
#[pyclass(frozen, module = "macvlan")]
pub(crate) struct HostLink(pub(crate) Core);

#[pymethods]
impl HostLink {
    /// Returns the lease, as stored.
    #[getter]
    fn lease(&self) -> Lease {
        Lease(self.0.lease().clone())
    }

    /// Returns the link's name in the host's namespace: "mv-" and 12 hexadecimal digits.
    #[getter]
    fn name(&self) -> String {
        self.0.name().to_string()
    }

    /// Returns the link's index in the host's namespace.
    #[getter]
    fn index(&self) -> u32 {
        self.0.index()
    }

    /// Returns the link's MAC address, which it keeps when it is moved.
    #[getter]
    fn mac<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
        mac(py, self.0.mac())
    }

    /// Returns the addresses for the container, each with the prefix length of its subnet.
    #[getter]
    fn addresses<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyTuple>> {
        interfaces(py, self.0.addresses())
    }

    /// Returns the gateways of the subnets, one of each family that has one. An internal network
    /// has none.
    #[getter]
    fn gateways<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyTuple>> {
        PyTuple::new(py, self.0.gateways())
    }

    /// Returns the routes of the network that lead through the link.
    #[getter]
    fn routes<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyTuple>> {
        PyTuple::new(py, self.0.routes().iter().map(|one| Route(*one)).collect::<Vec<_>>())
    }

    fn __repr__(slf: &Bound<'_, Self>) -> PyResult<String> {
        attributes_text(slf, &["name", "mac", "addresses", "lease"])
    }
}
