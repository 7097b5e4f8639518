//! `macvlan.Subnet`: a subnet from which a network assigns addresses.

use std::hash::{Hash, Hasher};
use std::net::IpAddr;

use macvlan_network::{AddressRange, Subnet as Core};
use pyo3::prelude::*;
use pyo3::types::{PyDict, PyString, PyTuple};

use crate::base::argument::{Arg, Refusal, Take, many, pairs, take, text};
use crate::base::output::{call_text, is_address, is_network, network};

/// A subnet from which a network assigns addresses: a value.
///
/// gateway: the gateway's address; "first" for the subnet's first address, like Docker's; or None:
///     no default route, and the first address may be assigned to a container. It is in the subnet,
///     or a link-local IPv6 address. Defaults to "first".
/// on_link_gateway: whether a gateway outside the subnet is assumed to be on the link (onlink).
///     Defaults to False.
/// ip_range: the range of the subnet from which addresses are assigned, or a sequence of ranges:
///     "10.0.0.64/26", "10.0.0.10-10.0.0.99", or of ipaddress. Defaults to the whole subnet.
/// exclude: addresses that are never assigned to a container, as ranges or single ones.
/// reserved: addresses that only the container with a name gets: {"printer": "10.0.0.9"}.
///
/// Gateway, ranges and reserved addresses are validated when a network is created.
#[pyclass(frozen, eq, hash, module = "macvlan")]
#[derive(PartialEq, Eq)]
pub(crate) struct Subnet(pub(crate) Core);

impl Hash for Subnet {
    fn hash<H: Hasher>(&self, state: &mut H) {
        (self.0.get_net(), self.0.get_gateway(), self.0.get_on_link_gateway()).hash(state);
        (self.0.get_ranges(), self.0.get_excluded(), self.0.get_reserved()).hash(state);
    }
}

/// The gateway of a subnet.
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

impl Take for AddressRange {
    const EXPECTED: &'static str = "addresses as str, or a network or address of ipaddress";
    fn take(value: &Bound<'_, PyAny>) -> Result<Self, Refusal> {
        if !value.is_instance_of::<PyString>() && !is_network(value)? && !is_address(value)? {
            return Err(Refusal::Type);
        }
        Ok(value.str()?.to_cow()?.parse()?)
    }
}

/// Converts one range, or a sequence of them.
fn ranges(name: &str, value: &Bound<'_, PyAny>) -> PyResult<Vec<AddressRange>> {
    match AddressRange::take(value) {
        Err(Refusal::Type) if !value.is_none() => many(name, value),
        Err(_) => take(name, value).map(|one| vec![one]),
        Ok(one) => Ok(vec![one]),
    }
}

/// Converts a range for Python: to a network if it is one, or to text.
fn range_out<'py>(py: Python<'py>, range: &AddressRange) -> PyResult<Bound<'py, PyAny>> {
    match range.net() {
        Some(net) => network(py, net),
        None => Ok(PyString::new(py, &range.to_string()).into_any()),
    }
}

fn ranges_out<'py>(py: Python<'py>, ranges: &[AddressRange]) -> PyResult<Bound<'py, PyTuple>> {
    let each = ranges.iter().map(|range| range_out(py, range));
    PyTuple::new(py, each.collect::<PyResult<Vec<_>>>()?)
}

/// Returns ranges as arguments.
fn texts(ranges: &[AddressRange]) -> Vec<String> {
    ranges.iter().map(ToString::to_string).collect()
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
        signature = (
            subnet, *, gateway=Arg::Missing, on_link_gateway=Arg::Missing, ip_range=None,
            exclude=Arg::Missing, reserved=Arg::Missing
        ),
        text_signature = "(subnet, *, gateway='first', on_link_gateway=False, ip_range=None, exclude=(), \
                          reserved=())"
    )]
    fn new(
        subnet: &Bound<'_, PyAny>,
        gateway: Arg<'_, '_>,
        on_link_gateway: Arg<'_, '_>,
        ip_range: Option<&Bound<'_, PyAny>>,
        exclude: Arg<'_, '_>,
        reserved: Arg<'_, '_>,
    ) -> PyResult<Self> {
        let mut made: Core = take("subnet", subnet)?;
        made = match gateway.or("gateway", Gateway::First)? {
            Gateway::First => made,
            Gateway::None => made.without_gateway(),
            Gateway::At(address) => made.gateway(address),
        };
        made = made.on_link_gateway(on_link_gateway.or("on_link_gateway", false)?);
        if let Some(parts) = ip_range {
            made = ranges("ip_range", parts)?.into_iter().fold(made, Core::range);
        }
        if let Arg::Given(excluded) = exclude {
            made = ranges("exclude", &excluded)?.into_iter().fold(made, Core::exclude);
        }
        for (name, address) in pairs::<String, IpAddr>("reserved", reserved)? {
            made = made.reserve(name, address);
        }
        Ok(Self(made))
    }

    /// Returns the subnet.
    #[getter]
    fn net<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
        network(py, self.0.get_net())
    }

    /// Returns the gateway's address; None if there is none.
    #[getter]
    fn gateway(&self) -> Option<IpAddr> {
        self.0.get_gateway()
    }

    /// Returns whether a gateway outside the subnet is assumed to be on the link.
    #[getter]
    fn on_link_gateway(&self) -> bool {
        self.0.get_on_link_gateway()
    }

    /// Returns the first range from which addresses are assigned; None for the whole subnet. A
    /// range that is not a subnet is text: "10.0.0.10-10.0.0.99".
    #[getter]
    fn ip_range<'py>(&self, py: Python<'py>) -> PyResult<Option<Bound<'py, PyAny>>> {
        self.0.get_ranges().first().map(|range| range_out(py, range)).transpose()
    }

    /// Returns the ranges from which addresses are assigned; empty for the whole subnet.
    #[getter]
    fn ip_ranges<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyTuple>> {
        ranges_out(py, self.0.get_ranges())
    }

    /// Returns the addresses that are never assigned.
    #[getter]
    fn excluded<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyTuple>> {
        ranges_out(py, self.0.get_excluded())
    }

    /// Returns the reserved addresses, by the container's name.
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

    /// Returns the arguments that make an equal object, without those that equal the defaults.
    fn __getnewargs_ex__<'py>(
        &self,
        py: Python<'py>,
    ) -> PyResult<(Bound<'py, PyTuple>, Bound<'py, PyDict>)> {
        let named = PyDict::new(py);
        let mut plain = Core::from(self.0.get_net()).on_link_gateway(self.0.get_on_link_gateway());
        plain = self.0.get_ranges().iter().copied().fold(plain, Core::range);
        plain = self.0.get_excluded().iter().copied().fold(plain, Core::exclude);
        for (name, address) in self.0.get_reserved() {
            plain = plain.reserve(name, *address);
        }
        if plain != self.0 {
            let gateway = self.0.get_gateway().map(|address| address.to_string());
            named.set_item("gateway", gateway)?;
        }
        if self.0.get_on_link_gateway() {
            named.set_item("on_link_gateway", true)?;
        }
        match self.0.get_ranges() {
            [] => {}
            [one] => named.set_item("ip_range", one.to_string())?,
            several => named.set_item("ip_range", texts(several))?,
        }
        if !self.0.get_excluded().is_empty() {
            named.set_item("exclude", texts(self.0.get_excluded()))?;
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
