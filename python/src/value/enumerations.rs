//! The enumerations of `macvlan/_enums.py`, as arguments and results.

use macvlan_core::{
    AcceptRa, AddrGenMode, DifferenceKind, DuplicateDetection, EndpointType, Family, FindingKind,
    KeepEventKind, LinkState, LinkType, Mode, NeighbourState, RouteKind, Scope, VlanProtocol,
};
use macvlan_network::{Life, MacFrom, Order, ReconciledKind};
use pyo3::prelude::*;
use pyo3::sync::PyOnceLock;
use pyo3::types::{PyBool, PyInt, PyString, PyType};

use crate::base::argument::{Refusal, Take, member};
use crate::base::output::{Enumeration, enumerations};

macro_rules! take_members {
    ($($type:ty = $class:literal),+ $(,)?) => {
        enumerations!($($type = $class),+);
        $(
            impl Take for $type {
                const EXPECTED: &'static str = concat!($class, " or its name");
                fn take(value: &Bound<'_, PyAny>) -> Result<Self, Refusal> {
                    member(value)
                }
            }
        )+
    };
}

take_members!(
    AcceptRa = "AcceptRa",
    AddrGenMode = "AddrGenMode",
    DuplicateDetection = "DuplicateDetection",
    EndpointType = "EndpointKind",
    FindingKind = "FindingKind",
    Life = "Life",
    LinkType = "LinkKind",
    MacFrom = "MacFrom",
    Mode = "Mode",
    Order = "Order",
    RouteKind = "RouteKind",
    VlanProtocol = "VlanProtocol",
);
enumerations!(LinkState = "LinkState", NeighbourState = "NeighbourState", Scope = "Scope");

/// Converts a scope, or the number of one that has no name.
pub(crate) fn scope(py: Python<'_>, scope: Scope) -> PyResult<Bound<'_, PyAny>> {
    match scope {
        Scope::Other(number) => number.into_pyobject(py).map(Bound::into_any).map_err(Into::into),
        named => named.to_member(py),
    }
}

impl Take for Scope {
    const EXPECTED: &'static str = "a Scope, its name or its number";
    fn take(value: &Bound<'_, PyAny>) -> Result<Self, Refusal> {
        if value.is_instance_of::<PyInt>() {
            return u8::take(value).map(Self::from);
        }
        member(value)
    }
}

impl Take for Family {
    const EXPECTED: &'static str = "4, 6 or a Family";
    fn take(value: &Bound<'_, PyAny>) -> Result<Self, Refusal> {
        static CLASS: PyOnceLock<Py<PyType>> = PyOnceLock::new();
        if value.is_instance_of::<PyString>() {
            let class = CLASS.import(value.py(), "macvlan._enums", "Family")?;
            return match class.call1((value,)) {
                Ok(family) => Self::take(&family),
                Err(_) => Err(Refusal::Value("neither ipv4 nor ipv6".to_owned())),
            };
        }
        if value.is_instance_of::<PyBool>() || !value.is_instance_of::<PyInt>() {
            return Err(Refusal::Type);
        }
        match value.extract() {
            Ok(4) => Ok(Self::V4),
            Ok(6) => Ok(Self::V6),
            _ => Err(Refusal::Value("neither 4 nor 6".to_owned())),
        }
    }
}

/// Returns the names of all members in order, by class, for comparison with `_enums.py`.
#[pyfunction]
pub(crate) fn names() -> Vec<(&'static str, Vec<String>)> {
    fn names<T: ToString>(all: &[T]) -> Vec<String> {
        all.iter().map(ToString::to_string).collect()
    }
    vec![
        ("DifferenceKind", names(DifferenceKind::ALL)),
        ("EndpointKind", names(EndpointType::ALL)),
        ("FindingKind", names(FindingKind::ALL)),
        ("KeepEventKind", names(KeepEventKind::ALL)),
        ("Life", names(Life::ALL)),
        ("LinkKind", names(LinkType::ALL)),
        ("MacFrom", names(MacFrom::ALL)),
        ("Order", names(Order::ALL)),
        ("ReconciledKind", names(ReconciledKind::ALL)),
    ]
}
