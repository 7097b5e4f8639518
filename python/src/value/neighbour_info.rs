//! `macvlan.NeighbourInfo`: a neighbour entry.

use std::net::IpAddr;

use macvlan_core::NeighbourInfo as Core;
use pyo3::prelude::*;

use crate::base::data::data;
use crate::base::output::{Enumeration, attributes_text, mac};

/// A neighbour entry, of ARP for IPv4 and of neighbour discovery for IPv6.
#[pyclass(frozen, eq, hash, module = "macvlan")]
#[derive(PartialEq, Eq, Hash)]
pub(crate) struct NeighbourInfo(pub(crate) Core);

data!(NeighbourInfo);

#[pymethods]
impl NeighbourInfo {
    /// Returns the neighbour's address.
    #[getter]
    fn ip(&self) -> IpAddr {
        self.0.ip
    }

    /// Returns the neighbour's MAC address; None during its resolution.
    #[getter]
    fn mac<'py>(&self, py: Python<'py>) -> PyResult<Option<Bound<'py, PyAny>>> {
        self.0.mac.map(|one| mac(py, one)).transpose()
    }

    /// Returns the index of the link.
    #[getter]
    fn link(&self) -> u32 {
        self.0.link
    }

    /// Returns the state of the entry (RFC 4861).
    #[getter]
    fn state<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
        self.0.state.to_member(py)
    }

    fn __repr__(slf: &Bound<'_, Self>) -> PyResult<String> {
        attributes_text(slf, &["ip", "mac", "link", "state"])
    }
}
