//! `macvlan.Difference`: one thing that is not as an endpoint says.

use macvlan_core::{Difference as Core, DifferenceKind};
use pyo3::prelude::*;

use crate::base::output::{Enumeration, address, attributes_text, enumerations, mac};
use crate::value::rate::Rate;
use crate::value::route::Route;
use crate::value::rule::Rule;
use crate::value::vlan::Vlan;

enumerations!(DifferenceKind = "DifferenceKind");

/// One thing that is not as an endpoint says; str() says it in words.
#[pyclass(frozen, eq, module = "macvlan")]
#[derive(PartialEq, Eq)]
pub(crate) struct Difference(pub(crate) Core);

#[pymethods]
impl Difference {
    /// What differs.
    #[getter]
    fn kind<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
        self.0.kind().to_member(py)
    }

    /// What it is, of a MAC address, MTU or rate; None of all others.
    #[getter]
    fn found<'py>(&self, py: Python<'py>) -> PyResult<Option<Bound<'py, PyAny>>> {
        match &self.0 {
            Core::Mac { found, .. } => found.map(|found| mac(py, found)).transpose(),
            Core::Mtu { found, .. } => Ok(Some(found.into_pyobject(py)?.into_any())),
            Core::Rate { found: Some(found), .. } => {
                Ok(Some(Rate(*found).into_pyobject(py)?.into_any()))
            }
            _ => Ok(None),
        }
    }

    /// What it should be, or what is missing; None where kind says all.
    #[getter]
    fn wanted<'py>(&self, py: Python<'py>) -> PyResult<Option<Bound<'py, PyAny>>> {
        Ok(Some(match &self.0 {
            Core::Mac { wanted, .. } => mac(py, *wanted)?,
            Core::Mtu { wanted, .. } => wanted.into_pyobject(py)?.into_any(),
            Core::Vlan(vlan) => Vlan(vlan.clone()).into_pyobject(py)?.into_any(),
            Core::Promisc(on) => on.into_pyobject(py)?.to_owned().into_any(),
            Core::Alias(text) | Core::AlternativeName(text) => text.into_pyobject(py)?.into_any(),
            Core::Group(number) | Core::TxQueueLen(number) => number.into_pyobject(py)?.into_any(),
            Core::AddrGenMode(mode) => mode.to_member(py)?,
            Core::AddressMissing(one) => address(py, one)?,
            Core::RouteMissing(route) => Route(*route).into_pyobject(py)?.into_any(),
            Core::Rate { wanted, .. } => Rate(*wanted).into_pyobject(py)?.into_any(),
            Core::RuleMissing(rule) => Rule(*rule).into_pyobject(py)?.into_any(),
            _ => return Ok(None),
        }))
    }

    /// Whether it cannot be changed on the link as it is.
    #[getter]
    fn needs_replacement(&self) -> bool {
        self.0.needs_replacement()
    }

    fn __str__(&self) -> String {
        self.0.to_string()
    }

    fn __repr__(slf: &Bound<'_, Self>) -> PyResult<String> {
        attributes_text(slf, &["kind", "found", "wanted", "needs_replacement"])
    }
}
