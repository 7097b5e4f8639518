//! What the core and the networks refuse is raised as one of the exceptions of `macvlan/_errors.py`.

use macvlan_core::{Error, ErrorKind, Holder};
use macvlan_network::Error as NetworkError;
use pyo3::intern;
use pyo3::prelude::*;
use pyo3::sync::PyOnceLock;
use pyo3::types::{PyDict, PyTuple};

use crate::base::output::mac;

/// An error that Python has an exception for.
pub(crate) trait Raise {
    fn raise(&self, py: Python<'_>, argument: Option<&str>) -> PyErr;
}

/// The exception for an error.
pub(crate) fn raised(py: Python<'_>, error: &impl Raise) -> PyErr {
    error.raise(py, None)
}

/// The exception for an argument whose value is refused.
pub(crate) fn raised_for(py: Python<'_>, argument: Option<&str>, error: &impl Raise) -> PyErr {
    error.raise(py, argument)
}

/// Which of the exceptions it is, of an error that has the core's predicates and perhaps lies on one of
/// the core's.
macro_rules! family {
    ($error:expr, $core:expr) => {
        match $error {
            error if error.is_exists() => "exists",
            error if error.is_not_found() => "not-found",
            error if error.is_permission_denied() => "permission-denied",
            error if error.is_invalid_value() => "invalid-value",
            _ if $core.is_some_and(|core| core.kind() == ErrorKind::TimedOut) => "timed-out",
            _ => "other",
        }
    };
}

impl Raise for Error {
    fn raise(&self, py: Python<'_>, argument: Option<&str>) -> PyErr {
        let family = family!(self, Some(self));
        let build = || -> PyResult<PyErr> {
            let report = report(py, self)?;
            report.set_item(intern!(py, "kind"), self.kind().as_str())?;
            report.set_item(intern!(py, "message"), self.to_string())?;
            report.set_item(intern!(py, "operation"), self.operation())?;
            report.set_item(intern!(py, "hint"), self.hint())?;
            report.set_item(intern!(py, "leftovers"), PyTuple::new(py, self.leftovers())?)?;
            report.set_item(intern!(py, "argument"), argument)?;
            exception(py, family, self.errno(), self.cause(), &report)
        };
        build().unwrap_or_else(|failure| failure)
    }
}

/// Where the kernel refuses, the message is the network's, and the cause the core's.
impl Raise for NetworkError {
    fn raise(&self, py: Python<'_>, argument: Option<&str>) -> PyErr {
        let core = self.core();
        let family = family!(self, core);
        let build = || -> PyResult<PyErr> {
            let report = core.map_or_else(|| Ok(PyDict::new(py)), |core| report(py, core))?;
            let kind = core.map_or(self.kind().as_str(), |core| core.kind().as_str());
            let leftovers = core.into_iter().flat_map(Error::leftovers).chain(self.leftovers());
            report.set_item(intern!(py, "kind"), kind)?;
            report.set_item(intern!(py, "message"), self.to_string())?;
            report.set_item(intern!(py, "operation"), self.operation())?;
            report.set_item(intern!(py, "network"), self.network())?;
            report.set_item(intern!(py, "hint"), self.hint().or(core.and_then(Error::hint)))?;
            let leftovers = PyTuple::new(py, leftovers.collect::<Vec<_>>())?;
            report.set_item(intern!(py, "leftovers"), leftovers)?;
            report.set_item(intern!(py, "argument"), argument)?;
            exception(py, family, self.errno(), self.cause(), &report)
        };
        build().unwrap_or_else(|failure| failure)
    }
}

/// Where it was attempted, and what the kernel and the wire said.
fn report<'py>(py: Python<'py>, error: &Error) -> PyResult<Bound<'py, PyDict>> {
    let report = PyDict::new(py);
    report.set_item(intern!(py, "link"), error.link())?;
    report.set_item(intern!(py, "parent"), error.parent())?;
    report.set_item(intern!(py, "netns"), error.netns())?;
    report.set_item(intern!(py, "kernel_message"), error.kernel_message())?;
    let holder = error.holder().map(|who| holder(py, who)).transpose()?;
    report.set_item(intern!(py, "holder"), holder)?;
    Ok(report)
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

/// The exception for what this build of the module lacks.
#[cfg(not(feature = "etcd"))]
pub(crate) fn unsupported(py: Python<'_>, operation: &str, cause: &str, hint: &str) -> PyErr {
    let build = || -> PyResult<PyErr> {
        let report = PyDict::new(py);
        report.set_item(intern!(py, "kind"), "unsupported")?;
        report.set_item(intern!(py, "message"), format!("cannot {operation}: {cause}; {hint}"))?;
        report.set_item(intern!(py, "operation"), operation)?;
        report.set_item(intern!(py, "hint"), hint)?;
        exception(py, "other", None, cause, &report)
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

/// Raises what a result refuses.
pub(crate) trait OrRaise<T> {
    fn or_raise(self, py: Python<'_>) -> PyResult<T>;
}

impl<T, E: Raise> OrRaise<T> for Result<T, E> {
    fn or_raise(self, py: Python<'_>) -> PyResult<T> {
        self.map_err(|error| raised(py, &error))
    }
}
