//! `macvlan.Diagnosis` and `Finding`: why a LAN stays dark.

use macvlan_core::{Diagnosis as Core, Finding as CoreFinding};
use pyo3::prelude::*;
use pyo3::types::PyTuple;

use crate::base::argument::take;
use crate::base::output::{Enumeration, attributes_text};

/// What Host.diagnose() has found out; str() is the findings with their remedies and the facts, a line
/// each.
#[pyclass(frozen, eq, module = "macvlan")]
#[derive(PartialEq, Eq)]
pub(crate) struct Diagnosis(pub(crate) Core);

#[pymethods]
impl Diagnosis {
    /// Whether the peer, or the gateway that leads to it, has answered the container.
    #[getter]
    fn answered(&self) -> bool {
        self.0.answered
    }

    /// What is not as it should be, what hinders most first; empty if all is well.
    #[getter]
    fn findings<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyTuple>> {
        PyTuple::new(py, self.0.findings.iter().cloned().map(Finding).collect::<Vec<_>>())
    }

    /// What was seen, in words: states of links, neighbour entries, frames, VLANs.
    #[getter]
    fn facts<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyTuple>> {
        PyTuple::new(py, &self.0.facts)
    }

    /// Whether there is a finding of this kind.
    fn has(&self, kind: &Bound<'_, PyAny>) -> PyResult<bool> {
        Ok(self.0.has(take("kind", kind)?))
    }

    fn __str__(&self) -> String {
        self.0.to_string()
    }

    fn __repr__(slf: &Bound<'_, Self>) -> PyResult<String> {
        attributes_text(slf, &["answered", "findings", "facts"])
    }
}

/// Something that is not as it should be; str() says it in words.
#[pyclass(frozen, eq, module = "macvlan")]
#[derive(PartialEq, Eq)]
pub(crate) struct Finding(CoreFinding);

#[pymethods]
impl Finding {
    /// What it is, for a program.
    #[getter]
    fn kind<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
        self.0.kind.to_member(py)
    }

    /// What it is, in words.
    #[getter]
    fn text(&self) -> &str {
        &self.0.text
    }

    /// What can be done about it.
    #[getter]
    fn remedy(&self) -> &str {
        &self.0.remedy
    }

    fn __str__(&self) -> String {
        self.0.to_string()
    }

    fn __repr__(slf: &Bound<'_, Self>) -> PyResult<String> {
        attributes_text(slf, &["kind", "text", "remedy"])
    }
}
