//! `macvlan.NeighbourInfo`: an entry of the neighbour tables.

use std::net::IpAddr;

use macvlan_core::NeighbourInfo as Core;
use pyo3::prelude::*;

use crate::base::output::{Enumeration, attributes_text, mac};

/// An entry of the neighbour tables: ARP's for IPv4, neighbour discovery's for IPv6.
#[pyclass(frozen, eq, module = "macvlan")]
#[derive(PartialEq, Eq)]
pub(crate) struct NeighbourInfo(pub(crate) Core);

#[pymethods]
impl NeighbourInfo {
    /// The neighbour's address.
    #[getter]
    fn ip(&self) -> IpAddr {
        self.0.ip
    }

    /// The neighbour's MAC address; None while it is being asked for.
    #[getter]
    fn mac<'py>(&self, py: Python<'py>) -> PyResult<Option<Bound<'py, PyAny>>> {
        self.0.mac.map(|one| mac(py, one)).transpose()
    }

    /// The index of the link that it is reached by.
    #[getter]
    fn link(&self) -> u32 {
        self.0.link
    }

    /// How sure the entry is.
    #[getter]
    fn state<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
        self.0.state.to_member(py)
    }

    fn __repr__(slf: &Bound<'_, Self>) -> PyResult<String> {
        attributes_text(slf, &["ip", "mac", "link", "state"])
    }
}
