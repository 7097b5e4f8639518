//! `macvlan.Endpoint`: the description of a container interface.

use std::time::Duration;

use macvlan_core::{
    Assignment, Endpoint as Core, EndpointType, LinkName, LinkType, MacvlanOptions as CoreMacvlan,
    Parent as CoreParent,
};
use pyo3::prelude::*;
use pyo3::types::{PyDict, PyTuple};

use crate::base::argument::{Arg, Refusal, Take, maybe, take};
use crate::base::data::data;
use crate::base::error::OrRaise;
use crate::base::output::{Enumeration, addresses, call_text, mac, replaced};
use crate::endpoint::announce::{self, Announce};
use crate::endpoint::probe::{self, Probe};
use crate::value::macvlan::MacvlanOptions;
use crate::value::options::Options;
use crate::value::parent::plain;
use crate::value::rate::Rate;
use crate::value::route::Route;
use crate::value::vlan::VlanOptions;

/// The description of a container interface: a value, validated without any system call.
///
/// `name` is the name in the container, `parent` the link on the host: a name, an index or a
/// Parent; "ens33.100" is VLAN 100 of ens33. Host.attach() creates the interface in a container's
/// namespace.
///
/// kind: "macvlan", "macvtap" (for a VM monitor) or "vlan". Defaults to the kind of the options, or
///     "macvlan".
/// mode: the macvlan mode. Defaults to "bridge".
/// options: all options of the kind: MacvlanOptions(…), including the mode, or VlanOptions(…),
///     which a VLAN needs.
/// mac: the MAC address. Defaults to the parent's in mode passthru and for a VLAN, otherwise to a
///     random one.
/// mtu: the MTU in bytes, at most the parent's. Defaults to the parent's.
/// addresses: "10.0.0.2/24", "fd00::2/64 nodad", or ipaddress interfaces. "@GATEWAY" at the end, as
///     in pipework's notation, adds the gateway.
/// gateways: the gateways of the default routes, at most one per address family.
/// on_link_gateways: whether gateways outside all subnets are assumed to be on the link. Defaults
///     to False: the kernel then refuses them unless a route leads to them.
/// gateway_metric: the metric of the gateways' default routes. Defaults to the kernel's, 0 for IPv4
///     and 1024 for IPv6.
/// routes: further routes, as Route or in the format of `ip route`.
/// promisc: whether the link is promiscuous. Defaults to False.
/// allmulticast: whether the link receives all multicast frames. By default a flag that is set in
///     the container is kept.
/// lo_up: whether the container's lo is set up. Defaults to True.
/// replace_default_route: whether the container's default routes of the gateways' families are
///     replaced. Defaults to False.
/// source_routing: the routing table for packets from the endpoint's addresses, which then leave
///     through the endpoint. By default there is none.
/// alias, alternative_names, group, tx_queue_len (packets), queues (transmit, receive): as in
///     ip-link(8).
/// addr_gen_mode: how the IPv6 link-local address is made; "none" for no address. Defaults to the
///     namespace's default.
/// accept_ra: whether router advertisements are accepted: "never", "unless-forwarding" or "always".
///     Defaults to the container's default. With "never" the container has only the endpoint's
///     addresses and routes, apart from the link-local address.
/// autoconf: whether addresses are configured from advertised prefixes. Defaults to the container's
///     default.
/// disable_ipv6: whether IPv6 is disabled on the link. Defaults to the container's default.
/// mac_conflict_timeout: how long to retry while another link on the parent has the MAC address, in
///     seconds or as a timedelta. Defaults to 0. That link is often one of a container that is being
///     removed.
/// probe: how the addresses are probed on the network before they are used: "quick", "rfc" or a
///     Probe. By default they are not. The exception has the holder of an address in use.
/// announce: how the addresses are announced to the neighbours: "once", "rfc" or an Announce. By
///     default they are not.
/// rate: the rate limit for sent packets: "10mbit", bits per second, or a Rate. By default there is
///     none.
#[pyclass(frozen, eq, hash, module = "macvlan")]
#[derive(PartialEq, Eq, Hash)]
pub(crate) struct Endpoint(pub(crate) Core);

// The combination of the values is validated now rather than by attach.
data!(Endpoint => Core::plan);

#[pymethods]
impl Endpoint {
    #[new]
    #[pyo3(
        signature = (
            name, *, parent, kind=None, mode=None, options=None, mac=None, mtu=None,
            addresses=Arg::Missing, gateways=Arg::Missing, routes=Arg::Missing,
            on_link_gateways=Arg::Missing, promisc=Arg::Missing, lo_up=Arg::Missing,
            replace_default_route=Arg::Missing, source_routing=None, alias=None,
            alternative_names=Arg::Missing, group=None, tx_queue_len=None, queues=None,
            addr_gen_mode=None, accept_ra=None, autoconf=None, disable_ipv6=None,
            mac_conflict_timeout=Arg::Missing, probe=None, announce=None, rate=None, gateway_metric=None,
            allmulticast=None
        ),
        text_signature = "(name, *, parent, kind=None, mode=None, options=None, mac=None, mtu=None, \
            addresses=(), gateways=(), routes=(), on_link_gateways=False, promisc=False, \
            lo_up=True, replace_default_route=False, source_routing=None, alias=None, \
            alternative_names=(), group=None, tx_queue_len=None, queues=None, addr_gen_mode=None, \
            accept_ra=None, autoconf=None, disable_ipv6=None, \
            mac_conflict_timeout=0.0, probe=None, announce=None, rate=None, gateway_metric=None, \
            allmulticast=None)"
    )]
    #[allow(clippy::too_many_arguments)] // keywords in Python
    fn new(
        name: &Bound<'_, PyAny>,
        parent: &Bound<'_, PyAny>,
        kind: Option<&Bound<'_, PyAny>>,
        mode: Option<&Bound<'_, PyAny>>,
        options: Option<&Bound<'_, PyAny>>,
        mac: Option<&Bound<'_, PyAny>>,
        mtu: Option<&Bound<'_, PyAny>>,
        addresses: Arg<'_, '_>,
        gateways: Arg<'_, '_>,
        routes: Arg<'_, '_>,
        on_link_gateways: Arg<'_, '_>,
        promisc: Arg<'_, '_>,
        lo_up: Arg<'_, '_>,
        replace_default_route: Arg<'_, '_>,
        source_routing: Option<&Bound<'_, PyAny>>,
        alias: Option<&Bound<'_, PyAny>>,
        alternative_names: Arg<'_, '_>,
        group: Option<&Bound<'_, PyAny>>,
        tx_queue_len: Option<&Bound<'_, PyAny>>,
        queues: Option<&Bound<'_, PyAny>>,
        addr_gen_mode: Option<&Bound<'_, PyAny>>,
        accept_ra: Option<&Bound<'_, PyAny>>,
        autoconf: Option<bool>,
        disable_ipv6: Option<bool>,
        mac_conflict_timeout: Arg<'_, '_>,
        probe: Option<&Bound<'_, PyAny>>,
        announce: Option<&Bound<'_, PyAny>>,
        rate: Option<&Bound<'_, PyAny>>,
        gateway_metric: Option<&Bound<'_, PyAny>>,
        allmulticast: Option<bool>,
    ) -> PyResult<Self> {
        let py = name.py();
        let name: LinkName = take("name", name)?;
        let parent: CoreParent = take("parent", parent)?;
        let options = Options { mode, options };
        let implied = match options.kind() {
            Some(LinkType::Vlan) => EndpointType::Vlan,
            _ => EndpointType::Macvlan,
        };
        let mut endpoint = match maybe("kind", kind)?.unwrap_or(implied) {
            EndpointType::Vlan => Core::vlan(name, parent, options.of_vlan()?),
            EndpointType::Macvtap => {
                let options = options.of_macvlan(LinkType::Macvtap)?;
                Core::macvtap(name, parent).and_then(|endpoint| endpoint.options(options))
            }
            _ => {
                let options = options.of_macvlan(LinkType::Macvlan)?;
                Core::new(name, parent).and_then(|endpoint| endpoint.options(options))
            }
        }
        .or_raise(py)?;
        if let Some(mac) = maybe("mac", mac)? {
            endpoint = endpoint.mac(mac);
        }
        if let Some(mtu) = maybe("mtu", mtu)? {
            endpoint = endpoint.mtu(mtu);
        }
        for assignment in addresses.many::<Assignment>("addresses")? {
            endpoint = endpoint.assignment(assignment);
        }
        for gateway in gateways.many("gateways")? {
            endpoint = endpoint.gateway(gateway);
        }
        for route in routes.many("routes")? {
            endpoint = endpoint.route(route);
        }
        endpoint = endpoint
            .on_link_gateways(on_link_gateways.or("on_link_gateways", false)?)
            .promisc(promisc.or("promisc", false)?)
            .lo_up(lo_up.or("lo_up", true)?)
            .replace_default_route(replace_default_route.or("replace_default_route", false)?)
            .mac_conflict_timeout(mac_conflict_timeout.or("mac_conflict_timeout", Duration::ZERO)?);
        if let Some(table) = maybe("source_routing", source_routing)? {
            endpoint = endpoint.source_routing(table);
        }
        if let Some(alias) = maybe::<String>("alias", alias)? {
            endpoint = endpoint.alias(alias);
        }
        for name in alternative_names.many::<String>("alternative_names")? {
            endpoint = endpoint.alternative_name(name);
        }
        if let Some(group) = maybe("group", group)? {
            endpoint = endpoint.group(group);
        }
        if let Some(packets) = maybe("tx_queue_len", tx_queue_len)? {
            endpoint = endpoint.tx_queue_len(packets);
        }
        if let Some((transmit, receive)) = maybe("queues", queues)? {
            endpoint = endpoint.queues(transmit, receive);
        }
        if let Some(mode) = maybe("addr_gen_mode", addr_gen_mode)? {
            endpoint = endpoint.addr_gen_mode(mode);
        }
        if let Some(accept) = maybe("accept_ra", accept_ra)? {
            endpoint = endpoint.accept_ra(accept);
        }
        if let Some(on) = autoconf {
            endpoint = endpoint.autoconf(on);
        }
        if let Some(disable) = disable_ipv6 {
            endpoint = endpoint.disable_ipv6(disable);
        }
        if let Some(probe) = maybe("probe", probe)? {
            endpoint = endpoint.probe(probe);
        }
        if let Some(announce) = maybe("announce", announce)? {
            endpoint = endpoint.announce(announce);
        }
        if let Some(rate) = maybe("rate", rate)? {
            endpoint = endpoint.rate(rate);
        }
        if let Some(metric) = maybe("gateway_metric", gateway_metric)? {
            endpoint = endpoint.gateway_metric(metric);
        }
        if let Some(on) = allmulticast {
            endpoint = endpoint.allmulticast(on);
        }
        endpoint.plan().or_raise(py)?;
        Ok(Self(endpoint))
    }

    /// The protocol number of the policy rules, and of those routes that the kernel does not delete
    /// with the link.
    #[classattr]
    const PROTOCOL: u8 = Core::PROTOCOL;

    /// The priority of the rules of source_routing.
    #[classattr]
    const RULE_PRIORITY: u32 = Core::RULE_PRIORITY;

    /// Makes a copy with other values for these arguments. New options replace the mode as well.
    #[pyo3(signature = (**changes))]
    fn replace<'py>(
        slf: &Bound<'py, Self>,
        changes: Option<&Bound<'py, PyDict>>,
    ) -> PyResult<Bound<'py, PyAny>> {
        if let Some(changes) = changes {
            if changes.contains("options")? && !changes.contains("mode")? {
                changes.set_item("mode", slf.py().None())?;
            }
        }
        replaced(slf, "name", changes)
    }

    /// Makes a copy for copy.replace() of Python 3.13.
    #[pyo3(signature = (**changes))]
    fn __replace__<'py>(
        slf: &Bound<'py, Self>,
        changes: Option<&Bound<'py, PyDict>>,
    ) -> PyResult<Bound<'py, PyAny>> {
        Self::replace(slf, changes)
    }

    /// Returns the steps of an attach as the equivalent `ip` commands.
    fn plan(&self, py: Python<'_>) -> PyResult<String> {
        self.0.plan().or_raise(py).map(|plan| plan.to_string())
    }

    /// Returns the name in the container.
    #[getter]
    fn name(&self) -> String {
        self.0.get_name().to_string()
    }

    /// Returns the parent on the host. It is a name, an index, or a Parent if these are not
    /// sufficient.
    #[getter]
    fn parent<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
        plain(py, self.0.get_parent())
    }

    /// Returns the kind of link.
    #[getter]
    fn kind<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
        self.0.get_kind().endpoint_type().to_member(py)
    }

    /// Returns the mode of a macvlan or macvtap; None for a VLAN.
    #[getter]
    fn mode<'py>(&self, py: Python<'py>) -> PyResult<Option<Bound<'py, PyAny>>> {
        self.0.get_options().map(|options| options.get_mode().to_member(py)).transpose()
    }

    /// Returns the options of the kind, as a MacvlanOptions or a VlanOptions.
    #[getter]
    fn options<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
        if let Ok(vlan) = self.0.get_kind().vlan() {
            return Ok(VlanOptions(vlan.clone()).into_pyobject(py)?.into_any());
        }
        let options = self.0.get_options().cloned().unwrap_or_default();
        Ok(MacvlanOptions(options).into_pyobject(py)?.into_any())
    }

    /// Returns the MAC address, if it was set.
    #[getter]
    fn mac<'py>(&self, py: Python<'py>) -> PyResult<Option<Bound<'py, PyAny>>> {
        self.0.get_mac().map(|one| mac(py, one)).transpose()
    }

    /// Returns the MTU in bytes, if it was set.
    #[getter]
    fn mtu(&self) -> Option<u32> {
        self.0.get_mtu()
    }

    /// Returns the addresses, as ipaddress.IPv4Interface and Address6.
    #[getter]
    fn addresses<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyTuple>> {
        addresses(py, self.0.get_addresses())
    }

    /// Returns the gateways of the default routes.
    #[getter]
    fn gateways<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyTuple>> {
        PyTuple::new(py, self.0.get_gateways())
    }

    /// Returns the routes, without the gateways' default routes.
    #[getter]
    fn routes<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyTuple>> {
        PyTuple::new(py, self.0.get_routes().iter().map(|route| Route(*route)).collect::<Vec<_>>())
    }

    /// Returns whether gateways outside all subnets are assumed to be on the link.
    #[getter]
    fn on_link_gateways(&self) -> bool {
        self.0.get_on_link_gateways()
    }

    /// Returns the metric of the gateways' default routes, if it was set.
    #[getter]
    fn gateway_metric(&self) -> Option<u32> {
        self.0.get_gateway_metric()
    }

    /// Returns whether the link receives all multicast frames, if it was set.
    #[getter]
    fn allmulticast(&self) -> Option<bool> {
        self.0.get_allmulticast()
    }

    /// Returns whether the link is promiscuous.
    #[getter]
    fn promisc(&self) -> bool {
        self.0.get_promisc()
    }

    /// Returns whether the container's lo is set up.
    #[getter]
    fn lo_up(&self) -> bool {
        self.0.get_lo_up()
    }

    /// Returns whether the container's default routes are replaced.
    #[getter]
    fn replace_default_route(&self) -> bool {
        self.0.get_replace_default_route()
    }

    /// Returns the table of the source routing, if it was set.
    #[getter]
    fn source_routing(&self) -> Option<u32> {
        self.0.get_source_routing()
    }

    /// Returns the alias, if it was set.
    #[getter]
    fn alias(&self) -> Option<&str> {
        self.0.get_alias()
    }

    /// Returns the alternative names.
    #[getter]
    fn alternative_names<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyTuple>> {
        PyTuple::new(py, self.0.get_alternative_names())
    }

    /// Returns the group, if it was set.
    #[getter]
    fn group(&self) -> Option<u32> {
        self.0.get_group()
    }

    /// Returns the length of the transmit queue in packets, if it was set.
    #[getter]
    fn tx_queue_len(&self) -> Option<u32> {
        self.0.get_tx_queue_len()
    }

    /// Returns the number of transmit and receive queues, if they were set.
    #[getter]
    fn queues(&self) -> Option<(u32, u32)> {
        self.0.get_queues()
    }

    /// Returns how the IPv6 link-local address is made, if it was set.
    #[getter]
    fn addr_gen_mode<'py>(&self, py: Python<'py>) -> PyResult<Option<Bound<'py, PyAny>>> {
        self.0.get_addr_gen_mode().map(|mode| mode.to_member(py)).transpose()
    }

    /// Returns whether router advertisements are accepted, if it was set.
    #[getter]
    fn accept_ra<'py>(&self, py: Python<'py>) -> PyResult<Option<Bound<'py, PyAny>>> {
        self.0.get_accept_ra().map(|accept| accept.to_member(py)).transpose()
    }

    /// Returns whether addresses are configured from advertised prefixes, if it was set.
    #[getter]
    fn autoconf(&self) -> Option<bool> {
        self.0.get_autoconf()
    }

    /// Returns whether IPv6 is disabled on the link, if it was set.
    #[getter]
    fn disable_ipv6(&self) -> Option<bool> {
        self.0.get_disable_ipv6()
    }

    /// Returns how long to retry while another link has the MAC address, in seconds.
    #[getter]
    fn mac_conflict_timeout(&self) -> f64 {
        self.0.get_mac_conflict_timeout().as_secs_f64()
    }

    /// Returns how the addresses are probed, if it was set.
    #[getter]
    fn probe(&self) -> Option<Probe> {
        self.0.get_probe().map(Probe)
    }

    /// Returns how the addresses are announced, if it was set.
    #[getter]
    fn announce(&self) -> Option<Announce> {
        self.0.get_announce().map(Announce)
    }

    /// Returns the rate limit for sent packets, if it was set.
    #[getter]
    fn rate(&self) -> Option<Rate> {
        self.0.get_rate().map(Rate)
    }

    fn __repr__(&self, py: Python<'_>) -> PyResult<String> {
        let (positional, named) = self.__getnewargs_ex__(py)?;
        call_text("Endpoint", &positional, &named)
    }

    /// Returns the arguments that make an equal object, without those that equal the defaults.
    fn __getnewargs_ex__<'py>(
        &self,
        py: Python<'py>,
    ) -> PyResult<(Bound<'py, PyTuple>, Bound<'py, PyDict>)> {
        let endpoint = &self.0;
        let named = PyDict::new(py);
        named.set_item("parent", plain(py, endpoint.get_parent())?)?;
        let kind = endpoint.get_kind().endpoint_type();
        if kind == EndpointType::Macvtap {
            named.set_item("kind", kind.as_str())?;
        }
        match endpoint.get_options() {
            Some(options) if *options == CoreMacvlan::default() => {}
            Some(options) if *options == CoreMacvlan::new(options.get_mode()) => {
                named.set_item("mode", options.get_mode().to_string())?;
            }
            _ => named.set_item("options", self.options(py)?)?,
        }
        let texts = |name: &str, texts: Vec<String>| match texts.as_slice() {
            [] => Ok(()),
            texts => named.set_item(name, PyTuple::new(py, texts)?),
        };
        if let Some(mac) = endpoint.get_mac() {
            named.set_item("mac", mac.to_string())?;
        }
        if let Some(mtu) = endpoint.get_mtu() {
            named.set_item("mtu", mtu)?;
        }
        texts("addresses", endpoint.get_addresses().iter().map(ToString::to_string).collect())?;
        texts("gateways", endpoint.get_gateways().iter().map(ToString::to_string).collect())?;
        texts("routes", endpoint.get_routes().iter().map(ToString::to_string).collect())?;
        for (name, on, unless_said) in [
            ("on_link_gateways", endpoint.get_on_link_gateways(), false),
            ("promisc", endpoint.get_promisc(), false),
            ("lo_up", endpoint.get_lo_up(), true),
            ("replace_default_route", endpoint.get_replace_default_route(), false),
        ] {
            if on != unless_said {
                named.set_item(name, on)?;
            }
        }
        if let Some(table) = endpoint.get_source_routing() {
            named.set_item("source_routing", table)?;
        }
        if let Some(alias) = endpoint.get_alias() {
            named.set_item("alias", alias)?;
        }
        if let Some(accept) = endpoint.get_accept_ra() {
            named.set_item("accept_ra", accept.to_string())?;
        }
        if let Some(on) = endpoint.get_autoconf() {
            named.set_item("autoconf", on)?;
        }
        if let Some(disable) = endpoint.get_disable_ipv6() {
            named.set_item("disable_ipv6", disable)?;
        }
        texts("alternative_names", endpoint.get_alternative_names().to_vec())?;
        if let Some(group) = endpoint.get_group() {
            named.set_item("group", group)?;
        }
        if let Some(packets) = endpoint.get_tx_queue_len() {
            named.set_item("tx_queue_len", packets)?;
        }
        if let Some(queues) = endpoint.get_queues() {
            named.set_item("queues", queues)?;
        }
        if let Some(mode) = endpoint.get_addr_gen_mode() {
            named.set_item("addr_gen_mode", mode.to_string())?;
        }
        if !endpoint.get_mac_conflict_timeout().is_zero() {
            named.set_item(
                "mac_conflict_timeout",
                endpoint.get_mac_conflict_timeout().as_secs_f64(),
            )?;
        }
        if let Some(probe) = endpoint.get_probe() {
            match probe::word(&probe) {
                Some(word) => named.set_item("probe", word)?,
                None => named.set_item("probe", Probe(probe))?,
            }
        }
        if let Some(announce) = endpoint.get_announce() {
            match announce::word(&announce) {
                Some(word) => named.set_item("announce", word)?,
                None => named.set_item("announce", Announce(announce))?,
            }
        }
        if let Some(rate) = endpoint.get_rate() {
            named.set_item("rate", rate.to_string())?;
        }
        if let Some(metric) = endpoint.get_gateway_metric() {
            named.set_item("gateway_metric", metric)?;
        }
        if let Some(on) = endpoint.get_allmulticast() {
            named.set_item("allmulticast", on)?;
        }
        Ok((PyTuple::new(py, [endpoint.get_name().to_string()])?, named))
    }
}

impl Take for Core {
    const EXPECTED: &'static str = "an Endpoint";
    fn take(value: &Bound<'_, PyAny>) -> Result<Self, Refusal> {
        let endpoint = value.cast::<Endpoint>().map_err(|_| Refusal::Type)?;
        Ok(endpoint.get().0.clone())
    }
}
