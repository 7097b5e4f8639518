//! `macvlan.Subnet`: a subnet that a network gives addresses from.

use std::hash::{Hash, Hasher};
use std::net::IpAddr;

use macvlan_network::Subnet as Core;
use pyo3::prelude::*;
use pyo3::types::{PyDict, PyString, PyTuple};

use crate::base::argument::{Arg, Refusal, Take, maybe, pairs, take, text};
use crate::base::output::{call_text, is_network, network};

/// A subnet that a network gives addresses from; a value.
///
/// gateway: its router: an address; "first", which is the subnet's first address, as Docker has it; or
///     None: no default route, and the first address can be given to a container.
/// ip_range: the part of the subnet that addresses are given from, all of it when not given.
/// reserved: addresses that are not given to a container, and whose they are: {"printer": "10.0.0.9"}.
///
/// Whether gateway, range and reserved addresses fit is checked when a network is created.
#[pyclass(frozen, eq, hash, module = "macvlan")]
#[derive(PartialEq, Eq)]
pub(crate) struct Subnet(pub(crate) Core);

impl Hash for Subnet {
    fn hash<H: Hasher>(&self, state: &mut H) {
        (self.0.net(), self.0.get_gateway(), self.0.get_range(), self.0.get_reserved()).hash(state);
    }
}

/// Who is the router of a subnet.
enum Gateway {
    First,
    None,
    At(IpAddr),
}

impl Take for Gateway {
    const EXPECTED: &'static str = "an IP address as str or of ipaddress, \"first\" or None";
    fn take(value: &Bound<'_, PyAny>) -> Result<Self, Refusal> {
        if value.is_none() {
            return Ok(Self::None);
        }
        if text(value)?.is_some_and(|text| text == "first") {
            return Ok(Self::First);
        }
        IpAddr::take(value).map(Self::At)
    }
}

impl Take for Core {
    const EXPECTED: &'static str = "a subnet as str or of ipaddress, or a Subnet";
    fn take(value: &Bound<'_, PyAny>) -> Result<Self, Refusal> {
        if let Ok(subnet) = value.cast::<Subnet>() {
            return Ok(subnet.get().0.clone());
        }
        if !value.is_instance_of::<PyString>() && !is_network(value)? {
            return Err(Refusal::Type);
        }
        Ok(Self::new(&value.str()?.to_cow()?)?)
    }
}

#[pymethods]
impl Subnet {
    #[new]
    #[pyo3(
        signature = (subnet, *, gateway=Arg::Missing, ip_range=None, reserved=Arg::Missing),
        text_signature = "(subnet, *, gateway='first', ip_range=None, reserved=())"
    )]
    fn new(
        subnet: &Bound<'_, PyAny>,
        gateway: Arg<'_, '_>,
        ip_range: Option<&Bound<'_, PyAny>>,
        reserved: Arg<'_, '_>,
    ) -> PyResult<Self> {
        let mut made: Core = take("subnet", subnet)?;
        made = match gateway.or("gateway", Gateway::First)? {
            Gateway::First => made,
            Gateway::None => made.without_gateway(),
            Gateway::At(address) => made.gateway(address),
        };
        if let Some(range) = maybe("ip_range", ip_range)? {
            made = made.range(range);
        }
        for (name, address) in pairs::<String, IpAddr>("reserved", reserved)? {
            made = made.reserve(name, address);
        }
        Ok(Self(made))
    }

    /// The subnet.
    #[getter]
    fn net<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
        network(py, self.0.net())
    }

    /// The router's address; None if there is none.
    #[getter]
    fn gateway(&self) -> Option<IpAddr> {
        self.0.get_gateway()
    }

    /// The part that addresses are given from; None if it is all of it.
    #[getter]
    fn ip_range<'py>(&self, py: Python<'py>) -> PyResult<Option<Bound<'py, PyAny>>> {
        self.0.get_range().map(|range| network(py, range)).transpose()
    }

    /// Addresses that are given to nobody, by name.
    #[getter]
    fn reserved<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyDict>> {
        let reserved = PyDict::new(py);
        for (name, address) in self.0.get_reserved() {
            reserved.set_item(name, address)?;
        }
        Ok(reserved)
    }

    fn __str__(&self) -> String {
        self.0.to_string()
    }

    fn __repr__(&self, py: Python<'_>) -> PyResult<String> {
        let (positional, named) = self.__getnewargs_ex__(py)?;
        call_text("Subnet", &positional, &named)
    }

    /// The arguments that make the same, without those that say what is meant anyway.
    fn __getnewargs_ex__<'py>(
        &self,
        py: Python<'py>,
    ) -> PyResult<(Bound<'py, PyTuple>, Bound<'py, PyDict>)> {
        let named = PyDict::new(py);
        let mut plain = Core::from(self.0.net());
        if let Some(range) = self.0.get_range() {
            plain = plain.range(range);
        }
        for (name, address) in self.0.get_reserved() {
            plain = plain.reserve(name, *address);
        }
        if plain != self.0 {
            let gateway = self.0.get_gateway().map(|address| address.to_string());
            named.set_item("gateway", gateway)?;
        }
        if let Some(range) = self.0.get_range() {
            named.set_item("ip_range", range.to_string())?;
        }
        if !self.0.get_reserved().is_empty() {
            let reserved = PyDict::new(py);
            for (name, address) in self.0.get_reserved() {
                reserved.set_item(name, address.to_string())?;
            }
            named.set_item("reserved", reserved)?;
        }
        Ok((PyTuple::new(py, [self.0.to_string()])?, named))
    }
}
