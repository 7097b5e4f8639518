//! `macvlan.Route`: a route.

use ipnet::IpNet;
use macvlan_core::{Route as Core, RouteKind};
use pyo3::prelude::*;
use pyo3::types::{PyDict, PyString, PyTuple};

use crate::base::argument::{Arg, Refusal, Take, maybe, parse, take};
use crate::base::error::OrRaise;
use crate::base::output::{Enumeration, call_text, link, network};
use crate::value::enumerations::scope as scope_of;

/// A route, as in `ip route`.
///
/// destination: a subnet, or "default", whose family is the gateway's, and IPv4 without one. An
///     IPv4 destination may have an IPv6 gateway; the IPv4 default route with one is
///     Route("0.0.0.0/0", gateway="fe80::1").
/// device: the link through which packets leave. Defaults to the endpoint's in an endpoint's
///     routes.
/// metric, table, source, mtu (bytes), advmss (bytes), scope: as in ip-route(8).
/// protocol: the number of the routing protocol, the route's origin. Defaults to 3 (boot). A route
///     that is to be deleted must have it.
/// on_link: whether the gateway is assumed to be on the link, whatever the addresses are.
/// kind: "unicast", "blackhole", "unreachable" or "prohibit".
///
/// Route.parse() reads the format of `ip route`, and str() returns it.
#[pyclass(frozen, eq, hash, module = "macvlan")]
#[derive(PartialEq, Eq, Hash)]
pub(crate) struct Route(pub(crate) Core);

#[pymethods]
impl Route {
    #[new]
    #[pyo3(
        signature = (
            destination, *, gateway=None, device=None, metric=None, table=None, source=None,
            scope=None, mtu=None, advmss=None, on_link=Arg::Missing, kind=Arg::Missing,
            protocol=None
        ),
        text_signature = "(destination, *, gateway=None, device=None, metric=None, table=None, \
            source=None, scope=None, mtu=None, advmss=None, on_link=False, kind='unicast', \
            protocol=None)"
    )]
    #[allow(clippy::too_many_arguments)] // keywords in Python
    fn new(
        destination: &Bound<'_, PyAny>,
        gateway: Option<&Bound<'_, PyAny>>,
        device: Option<&Bound<'_, PyAny>>,
        metric: Option<&Bound<'_, PyAny>>,
        table: Option<&Bound<'_, PyAny>>,
        source: Option<&Bound<'_, PyAny>>,
        scope: Option<&Bound<'_, PyAny>>,
        mtu: Option<&Bound<'_, PyAny>>,
        advmss: Option<&Bound<'_, PyAny>>,
        on_link: Arg<'_, '_>,
        kind: Arg<'_, '_>,
        protocol: Option<&Bound<'_, PyAny>>,
    ) -> PyResult<Self> {
        let py = destination.py();
        let gateway = maybe("gateway", gateway)?;
        let destination_text = match destination.cast::<PyString>() {
            Ok(_) => take("destination", destination)?,
            Err(_) => take::<IpNet>("destination", destination)?.to_string(),
        };
        let route = Core::toward(&destination_text, gateway);
        let mut route = route.or_raise_for(py, "destination")?;
        if let Some(device) = maybe::<macvlan_core::LinkId>("device", device)? {
            route = route.device(device);
        }
        if let Some(metric) = maybe("metric", metric)? {
            route = route.metric(metric);
        }
        if let Some(table) = maybe("table", table)? {
            route = route.table(table);
        }
        if let Some(source) = maybe("source", source)? {
            route = route.source(source);
        }
        if let Some(scope) = maybe("scope", scope)? {
            route = route.scope(scope);
        }
        if let Some(mtu) = maybe("mtu", mtu)? {
            route = route.mtu(mtu);
        }
        if let Some(advmss) = maybe("advmss", advmss)? {
            route = route.advmss(advmss);
        }
        if let Some(protocol) = maybe("protocol", protocol)? {
            route = route.protocol(protocol);
        }
        route =
            route.on_link(on_link.or("on_link", false)?).kind(kind.or("kind", RouteKind::Unicast)?);
        route.check().or_raise(py)?;
        Ok(Self(route))
    }

    /// Parses a route in the format of `ip route`: "default via 10.0.0.1 metric 100".
    #[staticmethod]
    fn parse(text: &Bound<'_, PyAny>) -> PyResult<Self> {
        let text_alone: String = take("text", text)?;
        let route: macvlan_core::Result<Core> = text_alone.parse();
        route.map(Self).or_raise_for(text.py(), "text")
    }

    /// Returns the destination.
    #[getter]
    fn destination<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
        network(py, self.0.get_destination())
    }

    /// Returns whether it is a default route.
    #[getter]
    fn is_default(&self) -> bool {
        self.0.is_default()
    }

    /// Returns the gateway.
    #[getter]
    fn gateway(&self) -> Option<std::net::IpAddr> {
        self.0.get_gateway()
    }

    /// Returns the link through which packets leave: a name, or an index.
    #[getter]
    fn device<'py>(&self, py: Python<'py>) -> PyResult<Option<Bound<'py, PyAny>>> {
        self.0.get_device().map(|device| link(py, device)).transpose()
    }

    /// Returns the metric.
    #[getter]
    fn metric(&self) -> Option<u32> {
        self.0.get_metric()
    }

    /// Returns the routing table.
    #[getter]
    fn table(&self) -> Option<u32> {
        self.0.get_table()
    }

    /// Returns the preferred source address.
    #[getter]
    fn source(&self) -> Option<std::net::IpAddr> {
        self.0.get_source()
    }

    /// Returns the scope; a number if it has no name.
    #[getter]
    fn scope<'py>(&self, py: Python<'py>) -> PyResult<Option<Bound<'py, PyAny>>> {
        self.0.get_scope().map(|scope| scope_of(py, scope)).transpose()
    }

    /// Returns the path MTU in bytes.
    #[getter]
    fn mtu(&self) -> Option<u32> {
        self.0.get_mtu()
    }

    /// Returns the advertised maximum segment size in bytes.
    #[getter]
    fn advmss(&self) -> Option<u32> {
        self.0.get_advmss()
    }

    /// Returns whether the gateway is assumed to be on the link.
    #[getter]
    fn on_link(&self) -> bool {
        self.0.get_on_link()
    }

    /// Returns the number of the routing protocol, if it was set.
    #[getter]
    fn protocol(&self) -> Option<u8> {
        self.0.get_protocol()
    }

    /// Returns the type of the route.
    #[getter]
    fn kind<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
        self.0.get_kind().to_member(py)
    }

    fn __str__(&self) -> String {
        self.0.to_string()
    }

    fn __repr__(&self, py: Python<'_>) -> PyResult<String> {
        let (positional, named) = self.__getnewargs_ex__(py)?;
        call_text("Route", &positional, &named)
    }

    fn __getnewargs_ex__<'py>(
        &self,
        py: Python<'py>,
    ) -> PyResult<(Bound<'py, PyTuple>, Bound<'py, PyDict>)> {
        let route = &self.0;
        let named = PyDict::new(py);
        if let Some(gateway) = route.get_gateway() {
            named.set_item("gateway", gateway.to_string())?;
        }
        if let Some(device) = route.get_device() {
            named.set_item("device", link(py, device)?)?;
        }
        if let Some(source) = route.get_source() {
            named.set_item("source", source.to_string())?;
        }
        if let Some(scope) = route.get_scope() {
            named.set_item("scope", u8::from(scope))?;
        }
        let numbers = [
            ("metric", route.get_metric()),
            ("table", route.get_table()),
            ("mtu", route.get_mtu()),
            ("advmss", route.get_advmss()),
            ("protocol", route.get_protocol().map(u32::from)),
        ];
        for (name, number) in numbers {
            if let Some(number) = number {
                named.set_item(name, number)?;
            }
        }
        if route.get_on_link() {
            named.set_item("on_link", true)?;
        }
        if route.get_kind() != RouteKind::Unicast {
            named.set_item("kind", route.get_kind().to_string())?;
        }
        let of_gateways_family = route
            .get_gateway()
            .is_some_and(|gateway| gateway.is_ipv4() == route.get_destination().addr().is_ipv4());
        let destination = if route.is_default() && of_gateways_family {
            "default".to_owned()
        } else {
            route.get_destination().to_string()
        };
        Ok((PyTuple::new(py, [destination])?, named))
    }
}

impl Take for Core {
    const EXPECTED: &'static str = "a Route, or its text as `ip route` has it";
    fn take(value: &Bound<'_, PyAny>) -> Result<Self, Refusal> {
        value.cast::<Route>().map_or_else(|_| parse(value), |route| Ok(route.get().0))
    }
}
