//! `macvlan.AddressInfo`: an address as reported by the kernel.

use std::net::Ipv4Addr;

use macvlan_core::AddressInfo as Core;
use pyo3::prelude::*;

use crate::base::data::data;
use crate::base::output::{address, attributes_text};
use crate::value::enumerations::scope;

/// An address as reported by the kernel.
#[pyclass(frozen, eq, hash, module = "macvlan")]
#[derive(PartialEq, Eq, Hash)]
pub(crate) struct AddressInfo(pub(crate) Core);

data!(AddressInfo);

#[pymethods]
impl AddressInfo {
    /// Returns the address with its prefix length.
    #[getter]
    fn address<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
        address(py, &self.0.address)
    }

    /// Returns the index of its link.
    #[getter]
    fn link(&self) -> u32 {
        self.0.link
    }

    /// Returns the scope.
    #[getter]
    fn scope<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
        scope(py, self.0.scope)
    }

    /// Returns the label, IPv4 only.
    #[getter]
    fn label(&self) -> Option<&str> {
        self.0.label.as_deref()
    }

    /// Returns the broadcast address, IPv4 only.
    #[getter]
    fn broadcast(&self) -> Option<Ipv4Addr> {
        self.0.broadcast
    }

    /// Returns the kernel's IFA_F_… bits.
    #[getter]
    fn flags(&self) -> u32 {
        self.0.flags
    }

    /// Returns the origin (IFA_PROTO). It is 1 for the kernel on lo, 2 for a router advertisement, 3
    /// for a link-local address by the kernel; None if it was not set, and before Linux 5.18.
    #[getter]
    fn protocol(&self) -> Option<u8> {
        self.0.protocol
    }

    /// Returns whether the kernel is still checking the address for duplicates (tentative).
    #[getter]
    fn is_tentative(&self) -> bool {
        self.0.is_tentative()
    }

    /// Returns whether the kernel has found that another host has the address.
    #[getter]
    fn is_duplicate(&self) -> bool {
        self.0.is_duplicate()
    }

    fn __repr__(slf: &Bound<'_, Self>) -> PyResult<String> {
        const SHOWN: [&str; 7] =
            ["address", "link", "scope", "label", "broadcast", "flags", "protocol"];
        attributes_text(slf, &SHOWN)
    }
}
