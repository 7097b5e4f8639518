//! `macvlan.Difference`: a difference between an endpoint and the actual state.

use macvlan_core::{Change, Difference as Core, DifferenceKind};
use pyo3::prelude::*;

use crate::base::output::{Enumeration, address, attributes_text, enumerations, mac};
use crate::value::rate::Rate;
use crate::value::route::Route;
use crate::value::rule::Rule;
use crate::value::vlan::VlanOptions;

enumerations!(DifferenceKind = "DifferenceKind");

/// A difference between an endpoint and the actual state. Its text, str(), is a sentence.
#[pyclass(frozen, eq, module = "macvlan")]
#[derive(PartialEq, Eq)]
pub(crate) struct Difference(pub(crate) Core);

#[pymethods]
impl Difference {
    /// Returns the kind of the difference.
    #[getter]
    fn kind<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
        self.0.kind().to_member(py)
    }

    /// Returns the actual value of a MAC address, MTU, rate or sysctl; None for other kinds. A
    /// sysctl is text, "accept_ra=1".
    #[getter]
    fn found<'py>(&self, py: Python<'py>) -> PyResult<Option<Bound<'py, PyAny>>> {
        match &self.0 {
            Core::Change { found: Some(found), .. } => value(py, found),
            Core::Sysctl { found, .. } => Ok(Some(found.to_string().into_pyobject(py)?.into_any())),
            _ => Ok(None),
        }
    }

    /// Returns the requested value, or the missing object; None if the kind says it all.
    #[getter]
    fn wanted<'py>(&self, py: Python<'py>) -> PyResult<Option<Bound<'py, PyAny>>> {
        match &self.0 {
            Core::Change { change, .. } => value(py, change),
            Core::Sysctl { sysctl, .. } => {
                Ok(Some(sysctl.to_string().into_pyobject(py)?.into_any()))
            }
            Core::Duplicate(one) | Core::Tentative(one) => address(py, one).map(Some),
            _ => Ok(None),
        }
    }

    /// Returns whether only a replacement of the link resolves the difference.
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

/// Returns the value that a change sets or adds; `None` if it has none.
fn value<'py>(py: Python<'py>, change: &Change) -> PyResult<Option<Bound<'py, PyAny>>> {
    Ok(Some(match change {
        Change::SetName(name) => name.as_str().into_pyobject(py)?.into_any(),
        Change::SetMac(wanted) => mac(py, *wanted)?,
        Change::SetVlan(vlan) => VlanOptions(vlan.clone()).into_pyobject(py)?.into_any(),
        Change::SetPromisc(on) => on.into_pyobject(py)?.to_owned().into_any(),
        Change::SetAlias(text) | Change::AddAlternativeName(text) => {
            text.into_pyobject(py)?.into_any()
        }
        Change::SetMtu(number) | Change::SetGroup(number) | Change::SetTxQueueLen(number) => {
            number.into_pyobject(py)?.into_any()
        }
        Change::SetAddrGenMode(mode) => mode.to_member(py)?,
        Change::SetRate(rate) => Rate(*rate).into_pyobject(py)?.into_any(),
        Change::AddAddress(one) | Change::AddConnectedRoute(one) => address(py, one)?,
        Change::AddRoute(route) => Route(*route).into_pyobject(py)?.into_any(),
        Change::AddRule(rule) => Rule(*rule).into_pyobject(py)?.into_any(),
        _ => return Ok(None),
    }))
}
