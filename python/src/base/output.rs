//! Converts values of the core to Python's: members of enumerations, `ipaddress` objects, MAC
//! addresses.

use std::fmt::Display;

use ipnet::IpNet;
use macvlan_core::{Address, LinkId, MacAddr};
use pyo3::prelude::*;
use pyo3::sync::PyOnceLock;
use pyo3::types::{PyDict, PyTuple, PyType};

/// An enumeration that Python has in `macvlan/_enums.py`.
pub(crate) trait Enumeration: Display {
    fn class(py: Python<'_>) -> PyResult<&Bound<'_, PyType>>;

    fn to_member<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
        Self::class(py)?.call1((self.to_string(),))
    }
}

macro_rules! enumerations {
    ($($type:ty = $class:literal),+ $(,)?) => {$(
        impl $crate::base::output::Enumeration for $type {
            fn class(
                py: pyo3::Python<'_>,
            ) -> pyo3::PyResult<&pyo3::Bound<'_, pyo3::types::PyType>> {
                static CLASS: pyo3::sync::PyOnceLock<pyo3::Py<pyo3::types::PyType>> =
                    pyo3::sync::PyOnceLock::new();
                CLASS.import(py, "macvlan._enums", $class)
            }
        }
    )+};
}
pub(crate) use enumerations;

/// Returns the kind of an attachment.
pub(crate) fn endpoint_kind<'py>(py: Python<'py>, kind: &str) -> PyResult<Bound<'py, PyAny>> {
    static CLASS: PyOnceLock<Py<PyType>> = PyOnceLock::new();
    CLASS.import(py, "macvlan._enums", "EndpointKind")?.call1((kind,))
}

/// Returns whether it is an `ipaddress.IPv4Address` or `IPv6Address`; the interfaces are subclasses
/// of these.
pub(crate) fn is_address(value: &Bound<'_, PyAny>) -> PyResult<bool> {
    static CLASSES: [PyOnceLock<Py<PyType>>; 2] = [const { PyOnceLock::new() }; 2];
    is_instance(value, &CLASSES, ["IPv4Address", "IPv6Address"])
}

pub(crate) fn is_interface(value: &Bound<'_, PyAny>) -> PyResult<bool> {
    static CLASSES: [PyOnceLock<Py<PyType>>; 2] = [const { PyOnceLock::new() }; 2];
    is_instance(value, &CLASSES, ["IPv4Interface", "IPv6Interface"])
}

pub(crate) fn is_network(value: &Bound<'_, PyAny>) -> PyResult<bool> {
    static CLASSES: [PyOnceLock<Py<PyType>>; 2] = [const { PyOnceLock::new() }; 2];
    is_instance(value, &CLASSES, ["IPv4Network", "IPv6Network"])
}

fn is_instance(
    value: &Bound<'_, PyAny>,
    classes: &'static [PyOnceLock<Py<PyType>>; 2],
    names: [&str; 2],
) -> PyResult<bool> {
    for (class, name) in classes.iter().zip(names) {
        if value.is_instance(class.import(value.py(), "ipaddress", name)?)? {
            return Ok(true);
        }
    }
    Ok(false)
}

/// Converts an address: to an `ipaddress.IPv4Interface`, or to `macvlan.Address6`, an
/// `IPv6Interface` with a mode of duplicate address detection.
pub(crate) fn address<'py>(py: Python<'py>, address: &Address) -> PyResult<Bound<'py, PyAny>> {
    static V4: PyOnceLock<Py<PyType>> = PyOnceLock::new();
    static V6: PyOnceLock<Py<PyType>> = PyOnceLock::new();
    let class = if address.ip().is_ipv4() {
        V4.import(py, "ipaddress", "IPv4Interface")?
    } else {
        V6.import(py, "macvlan._values", "Address6")?
    };
    class.call1((address.to_string(),))
}

pub(crate) fn addresses<'py>(py: Python<'py>, list: &[Address]) -> PyResult<Bound<'py, PyTuple>> {
    let list = list.iter().map(|one| address(py, one)).collect::<PyResult<Vec<_>>>()?;
    PyTuple::new(py, list)
}

/// Converts addresses with the prefix length of their subnets: to `ipaddress.IPv4Interface`,
/// `IPv6Interface`.
pub(crate) fn interfaces<'py>(py: Python<'py>, nets: &[IpNet]) -> PyResult<Bound<'py, PyTuple>> {
    static V4: PyOnceLock<Py<PyType>> = PyOnceLock::new();
    static V6: PyOnceLock<Py<PyType>> = PyOnceLock::new();
    let interface = |net: &IpNet| {
        let class = match net {
            IpNet::V4(_) => V4.import(py, "ipaddress", "IPv4Interface")?,
            IpNet::V6(_) => V6.import(py, "ipaddress", "IPv6Interface")?,
        };
        class.call1((net.to_string(),))
    };
    PyTuple::new(py, nets.iter().map(interface).collect::<PyResult<Vec<_>>>()?)
}

pub(crate) fn network(py: Python<'_>, net: IpNet) -> PyResult<Bound<'_, PyAny>> {
    static V4: PyOnceLock<Py<PyType>> = PyOnceLock::new();
    static V6: PyOnceLock<Py<PyType>> = PyOnceLock::new();
    let class = match net {
        IpNet::V4(_) => V4.import(py, "ipaddress", "IPv4Network")?,
        IpNet::V6(_) => V6.import(py, "ipaddress", "IPv6Network")?,
    };
    // The kernel reports only subnets, but a rule may have been given with host bits.
    class.call1((net.trunc().to_string(),))
}

pub(crate) fn mac(py: Python<'_>, mac: MacAddr) -> PyResult<Bound<'_, PyAny>> {
    static CLASS: PyOnceLock<Py<PyType>> = PyOnceLock::new();
    CLASS.import(py, "macvlan._values", "MacAddr")?.call1((mac.to_string(),))
}

/// Converts a link: to its name, or to its index as an int.
pub(crate) fn link(py: Python<'_>, link: LinkId) -> PyResult<Bound<'_, PyAny>> {
    match link {
        LinkId::Name(name) => Ok(name.as_str().into_pyobject(py)?.into_any()),
        LinkId::Index(index) => Ok(index.into_pyobject(py)?.into_any()),
    }
}

/// Returns `Class(value, …, name=value, …)`, which makes an equal object.
pub(crate) fn call_text(
    class: &str,
    positional: &Bound<'_, PyTuple>,
    named: &Bound<'_, PyDict>,
) -> PyResult<String> {
    let mut arguments = Vec::with_capacity(positional.len() + named.len());
    for value in positional {
        arguments.push(value.repr()?.to_string());
    }
    for (name, value) in named {
        arguments.push(format!("{name}={}", value.repr()?));
    }
    Ok(format!("{class}({})", arguments.join(", ")))
}

/// Makes a copy with other values for these arguments; `first` is the name of the positional one.
pub(crate) fn replaced<'py>(
    object: &Bound<'py, PyAny>,
    first: &str,
    changes: Option<&Bound<'py, PyDict>>,
) -> PyResult<Bound<'py, PyAny>> {
    let arguments = object.call_method0("__getnewargs_ex__")?;
    let (positional, named): (Bound<'py, PyTuple>, Bound<'py, PyDict>) = arguments.extract()?;
    named.set_item(first, positional.get_item(0)?)?;
    if let Some(changes) = changes {
        named.update(changes.as_mapping())?;
    }
    object.get_type().call((), Some(&named))
}

/// Returns `Class(name=value, …)` with an object's attributes, for people.
pub(crate) fn attributes_text(object: &Bound<'_, PyAny>, names: &[&str]) -> PyResult<String> {
    let attributes = names
        .iter()
        .map(|name| Ok(format!("{name}={}", object.getattr(*name)?.repr()?)))
        .collect::<PyResult<Vec<_>>>()?;
    Ok(format!("{}({})", object.get_type().name()?, attributes.join(", ")))
}
