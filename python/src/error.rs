//! What the core refuses is raised as one of the exceptions of `macvlan/_errors.py`.

use macvlan_core::{Error, ErrorKind, Holder};
use pyo3::intern;
use pyo3::prelude::*;
use pyo3::sync::PyOnceLock;
use pyo3::types::{PyDict, PyTuple};

use crate::output::mac;

/// The exception for an error of the core.
pub(crate) fn raised(py: Python<'_>, error: &Error) -> PyErr {
    raised_for(py, None, error)
}

/// The exception for an argument whose value the core refuses.
pub(crate) fn raised_for(py: Python<'_>, argument: Option<&str>, error: &Error) -> PyErr {
    let family = match error {
        _ if error.is_exists() => "exists",
        _ if error.is_not_found() => "not-found",
        _ if error.is_permission_denied() => "permission-denied",
        _ if error.is_invalid_value() => "invalid-value",
        _ if error.kind() == ErrorKind::TimedOut => "timed-out",
        _ => "other",
    };
    let build = || -> PyResult<PyErr> {
        let report = PyDict::new(py);
        report.set_item(intern!(py, "kind"), error.kind().as_str())?;
        report.set_item(intern!(py, "message"), error.to_string())?;
        report.set_item(intern!(py, "operation"), error.operation())?;
        report.set_item(intern!(py, "link"), error.link())?;
        report.set_item(intern!(py, "parent"), error.parent())?;
        report.set_item(intern!(py, "netns"), error.netns())?;
        report.set_item(intern!(py, "kernel_message"), error.kernel_message())?;
        report.set_item(intern!(py, "hint"), error.hint())?;
        report.set_item(intern!(py, "leftovers"), PyTuple::new(py, error.leftovers())?)?;
        report.set_item(intern!(py, "argument"), argument)?;
        let holder = error.holder().map(|who| holder(py, who)).transpose()?;
        report.set_item(intern!(py, "holder"), holder)?;
        exception(py, family, error.errno(), error.cause(), &report)
    };
    build().unwrap_or_else(|failure| failure)
}

/// Who has an address, as the class of `macvlan/_values.py`.
pub(crate) fn holder(py: Python<'_>, holder: Holder) -> PyResult<Bound<'_, PyAny>> {
    static CLASS: PyOnceLock<Py<PyAny>> = PyOnceLock::new();
    let mac = holder.mac.map(|one| mac(py, one)).transpose()?;
    CLASS.import(py, "macvlan._values", "Holder")?.call1((holder.address, mac))
}

/// The `InvalidError` for an argument whose value is nothing that the core could be asked about.
pub(crate) fn invalid(py: Python<'_>, argument: &str, operation: &str, cause: &str) -> PyErr {
    let build = || -> PyResult<PyErr> {
        let report = PyDict::new(py);
        report.set_item(intern!(py, "kind"), "invalid-value")?;
        report.set_item(intern!(py, "message"), format!("cannot {operation}: {cause}"))?;
        report.set_item(intern!(py, "operation"), operation)?;
        report.set_item(intern!(py, "argument"), argument)?;
        exception(py, "invalid-value", None, cause, &report)
    };
    build().unwrap_or_else(|failure| failure)
}

fn exception(
    py: Python<'_>,
    family: &str,
    errno: Option<i32>,
    cause: &str,
    report: &Bound<'_, PyDict>,
) -> PyResult<PyErr> {
    static MAKE: PyOnceLock<Py<PyAny>> = PyOnceLock::new();
    let make = MAKE.import(py, "macvlan._errors", "make")?;
    Ok(PyErr::from_value(make.call((family, errno, cause), Some(report))?))
}

/// Raises what a result of the core refuses.
pub(crate) trait OrRaise<T> {
    fn or_raise(self, py: Python<'_>) -> PyResult<T>;
}

impl<T> OrRaise<T> for macvlan_core::Result<T> {
    fn or_raise(self, py: Python<'_>) -> PyResult<T> {
        self.map_err(|error| raised(py, &error))
    }
}
