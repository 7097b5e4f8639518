//! Raises the errors of the core and the networks as one of the exceptions of `macvlan/_errors.py`.

use macvlan_core::{Error, ErrorKind, Holder};
use macvlan_network::{Error as NetworkError, ErrorKind as NetworkKind};
use pyo3::intern;
use pyo3::prelude::*;
use pyo3::sync::PyOnceLock;
use pyo3::types::{PyDict, PyTuple};

use crate::base::output::mac;

/// An error that Python has an exception for.
pub(crate) trait Raise {
    fn raise(&self, py: Python<'_>, argument: Option<&str>) -> PyErr;
}

/// Makes the exception for an error.
pub(crate) fn raised(py: Python<'_>, error: &impl Raise) -> PyErr {
    error.raise(py, None)
}

/// Makes the exception for an argument whose value is refused.
pub(crate) fn raised_for(py: Python<'_>, argument: Option<&str>, error: &impl Raise) -> PyErr {
    error.raise(py, argument)
}

/// Selects the exception for an error that has the core's predicates, and may contain one of the
/// core's.
macro_rules! class {
    ($error:expr, $core:expr) => {
        match $error {
            error if error.is_exists() => "ExistsError",
            error if error.is_not_found() => "NotFoundError",
            error if error.is_permission_denied() => "PermissionDenied",
            error if error.is_invalid_value() => "InvalidError",
            _ if $core.is_some_and(|core| core.kind() == ErrorKind::TimedOut) => "TimedOut",
            _ => "MacvlanError",
        }
    };
}

impl Raise for Error {
    fn raise(&self, py: Python<'_>, argument: Option<&str>) -> PyErr {
        let class = class!(self, Some(self));
        let errno = self.errno().unwrap_or(self.kind().errno());
        let build = || -> PyResult<PyErr> {
            let report = report(py, self)?;
            report.set_item(intern!(py, "kind"), self.kind().as_str())?;
            report.set_item(intern!(py, "message"), message(argument, class, &self.to_string()))?;
            report.set_item(intern!(py, "operation"), self.operation())?;
            report.set_item(intern!(py, "hint"), self.hint())?;
            report.set_item(intern!(py, "leftovers"), PyTuple::new(py, self.leftovers())?)?;
            report.set_item(intern!(py, "argument"), argument)?;
            exception(py, class, errno, self.cause(), &report)
        };
        build().unwrap_or_else(|failure| failure)
    }
}

/// After a refusal by the kernel, the message is the network's, and the cause the core's.
impl Raise for NetworkError {
    fn raise(&self, py: Python<'_>, argument: Option<&str>) -> PyErr {
        let core = self.core();
        let class = class!(self, core);
        let (kind, errno) = match core.map(Error::kind) {
            Some(kind) => (kind.as_str(), kind.errno()),
            None => (self.kind().as_str(), self.kind().errno()),
        };
        let errno = self.errno().unwrap_or(errno);
        let build = || -> PyResult<PyErr> {
            let report = core.map_or_else(|| Ok(PyDict::new(py)), |core| report(py, core))?;
            report.set_item(intern!(py, "kind"), kind)?;
            report.set_item(intern!(py, "message"), message(argument, class, &self.to_string()))?;
            report.set_item(intern!(py, "operation"), self.operation())?;
            report.set_item(intern!(py, "network"), self.network())?;
            report.set_item(intern!(py, "hint"), self.hint())?;
            let leftovers = PyTuple::new(py, self.leftovers().collect::<Vec<_>>())?;
            report.set_item(intern!(py, "leftovers"), leftovers)?;
            report.set_item(intern!(py, "argument"), argument)?;
            exception(py, class, errno, self.cause(), &report)
        };
        build().unwrap_or_else(|failure| failure)
    }
}

/// Collects the place of the error and the reports of the kernel and the network.
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

/// Converts the holder of an address to the class of `macvlan/_values.py`.
pub(crate) fn holder(py: Python<'_>, holder: Holder) -> PyResult<Bound<'_, PyAny>> {
    static CLASS: PyOnceLock<Py<PyAny>> = PyOnceLock::new();
    let mac = holder.mac.map(|one| mac(py, one)).transpose()?;
    CLASS.import(py, "macvlan._values", "Holder")?.call1((holder.address, mac))
}

/// Makes the `InvalidError` for an argument whose value cannot be passed to the core.
pub(crate) fn invalid(py: Python<'_>, argument: &str, operation: &str, cause: &str) -> PyErr {
    let build = || -> PyResult<PyErr> {
        let report = PyDict::new(py);
        let (class, kind) = ("InvalidError", ErrorKind::InvalidValue);
        let text = message(Some(argument), class, &format!("cannot {operation}: {cause}"));
        report.set_item(intern!(py, "kind"), kind.as_str())?;
        report.set_item(intern!(py, "message"), text)?;
        report.set_item(intern!(py, "operation"), operation)?;
        report.set_item(intern!(py, "argument"), argument)?;
        exception(py, class, kind.errno(), cause, &report)
    };
    build().unwrap_or_else(|failure| failure)
}

/// Makes the exception for a feature that this build of the module lacks.
#[cfg(not(feature = "etcd"))]
pub(crate) fn unsupported(py: Python<'_>, operation: &str, cause: &str, hint: &str) -> PyErr {
    let build = || -> PyResult<PyErr> {
        let report = PyDict::new(py);
        let kind = ErrorKind::Unsupported;
        report.set_item(intern!(py, "kind"), kind.as_str())?;
        report.set_item(intern!(py, "message"), format!("cannot {operation}: {cause}; {hint}"))?;
        report.set_item(intern!(py, "operation"), operation)?;
        report.set_item(intern!(py, "hint"), hint)?;
        exception(py, "MacvlanError", kind.errno(), cause, &report)
    };
    build().unwrap_or_else(|failure| failure)
}

/// Makes a message, with the argument whose value is refused.
fn message(argument: Option<&str>, class: &str, text: &str) -> String {
    match argument.filter(|_| class == "InvalidError") {
        Some(argument) => format!("argument '{argument}': {text}"),
        None => text.to_owned(),
    }
}

fn exception(
    py: Python<'_>,
    class: &str,
    errno: i32,
    cause: &str,
    report: &Bound<'_, PyDict>,
) -> PyResult<PyErr> {
    let class = py.import(intern!(py, "macvlan._errors"))?.getattr(class)?;
    Ok(PyErr::from_value(class.call((errno, cause), Some(report))?))
}

/// Returns all kinds of errors with their error numbers, for comparison with `ErrorKind`.
#[pyfunction]
pub(crate) fn error_kinds() -> Vec<(&'static str, i32)> {
    let core = ErrorKind::ALL.iter().map(|kind| (kind.as_str(), kind.errno()));
    let networks = NetworkKind::ALL.iter().filter(|kind| **kind != NetworkKind::InvalidValue);
    core.chain(networks.map(|kind| (kind.as_str(), kind.errno()))).collect()
}

/// Raises the error of a result.
pub(crate) trait OrRaise<T> {
    fn or_raise(self, py: Python<'_>) -> PyResult<T>;

    /// Raises the error of a result, for an argument whose value is refused.
    fn or_raise_for(self, py: Python<'_>, argument: &str) -> PyResult<T>;
}

impl<T, E: Raise> OrRaise<T> for Result<T, E> {
    fn or_raise(self, py: Python<'_>) -> PyResult<T> {
        self.map_err(|error| raised(py, &error))
    }

    fn or_raise_for(self, py: Python<'_>, argument: &str) -> PyResult<T> {
        self.map_err(|error| raised_for(py, Some(argument), &error))
    }
}
