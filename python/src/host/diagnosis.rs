//! `macvlan.Diagnosis` and `Finding`: reasons why a container does not reach a peer.

use macvlan_core::{Diagnosis as Core, Finding as CoreFinding};
use pyo3::prelude::*;
use pyo3::types::PyTuple;

use crate::base::argument::take;
use crate::base::data::data;
use crate::base::output::{Enumeration, attributes_text};

/// The result of Host.diagnose(). Its text, str(), has the findings with their remedies, and the
/// facts, one on each line.
#[pyclass(frozen, eq, hash, module = "macvlan")]
#[derive(PartialEq, Eq, Hash)]
pub(crate) struct Diagnosis(pub(crate) Core);

#[pymethods]
impl Diagnosis {
    /// Returns whether the peer, or the gateway to it, has answered the container.
    #[getter]
    fn answered(&self) -> bool {
        self.0.answered
    }

    /// Returns the findings, the most severe first; empty if no problems were found.
    #[getter]
    fn findings<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyTuple>> {
        PyTuple::new(py, self.0.findings.iter().cloned().map(Finding).collect::<Vec<_>>())
    }

    /// Returns the facts, for people: states of links, neighbour entries, frames, VLANs.
    #[getter]
    fn facts<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyTuple>> {
        PyTuple::new(py, &self.0.facts)
    }

    /// Returns whether there is a finding of this kind.
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

/// A problem. str() returns its description.
#[pyclass(frozen, eq, hash, module = "macvlan")]
#[derive(PartialEq, Eq, Hash)]
pub(crate) struct Finding(CoreFinding);

data!(Diagnosis, Finding);

#[pymethods]
impl Finding {
    /// Returns the kind of the finding.
    #[getter]
    fn kind<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
        self.0.kind.to_member(py)
    }

    /// Returns a description of the problem.
    #[getter]
    fn text(&self) -> &str {
        &self.0.text
    }

    /// Returns a remedy for the problem.
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
