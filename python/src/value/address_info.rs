//! `macvlan.AddressInfo`: an address as the kernel describes it.

use std::net::Ipv4Addr;

use macvlan_core::AddressInfo as Core;
use pyo3::prelude::*;

use crate::base::output::{address, attributes_text};
use crate::value::enumerations::scope;

/// An address as the kernel describes it.
#[pyclass(frozen, eq, module = "macvlan")]
#[derive(PartialEq, Eq)]
pub(crate) struct AddressInfo(pub(crate) Core);

#[pymethods]
impl AddressInfo {
    /// The address with its prefix length.
    #[getter]
    fn address<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
        address(py, &self.0.address)
    }

    /// The index of the link that has it.
    #[getter]
    fn link(&self) -> u32 {
        self.0.link
    }

    /// How far it is valid.
    #[getter]
    fn scope<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
        scope(py, self.0.scope)
    }

    /// Its label, IPv4 only.
    #[getter]
    fn label(&self) -> Option<&str> {
        self.0.label.as_deref()
    }

    /// The broadcast address, IPv4 only.
    #[getter]
    fn broadcast(&self) -> Option<Ipv4Addr> {
        self.0.broadcast
    }

    /// The kernel's IFA_F_… bits.
    #[getter]
    fn flags(&self) -> u32 {
        self.0.flags
    }

    /// Who made it: 1 the kernel for lo, 2 the kernel because of a router's advertisement, 3 the kernel
    /// as a link-local one; None where nobody said so, and before Linux 5.18.
    #[getter]
    fn protocol(&self) -> Option<u8> {
        self.0.protocol
    }

    /// Whether the kernel is still checking that nobody else has it.
    #[getter]
    fn is_tentative(&self) -> bool {
        self.0.is_tentative()
    }

    /// Whether the kernel found that somebody else has it.
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
