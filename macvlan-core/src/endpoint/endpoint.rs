//! The description of a container interface.

use std::net::IpAddr;
use std::time::Duration;

use crate::endpoint::parent::{IntoParent, Parent};
use crate::error::{Error, Result};
use crate::lan::announce::Announce;
use crate::lan::probe::Probe;
use crate::rtnl::RTPROT_MACVLAN;
use crate::value::address::{Address, Assignment};
use crate::value::link::{
    AcceptRa, AddrGenMode, EndpointType, IntoLinkName, Ipv6Sysctl, LinkKind, MacvlanOptions, Mode,
    VlanOptions,
};
use crate::value::mac::MacAddr;
use crate::value::name::LinkName;
use crate::value::rate::Rate;
use crate::value::route::Route;

/// The description of a container interface, made without any system call.
///
/// [`Host::attach`](crate::Host::attach) creates the interface in a container's namespace.
///
/// ```
/// use macvlan_core::{Endpoint, Mode};
/// let endpoint = Endpoint::new("eth0", "ens33")?
///     .mode(Mode::Bridge)?
///     .address("172.16.213.180/16".parse()?)
///     .gateway("172.16.213.2".parse()?);
/// println!("{}", endpoint.plan()?);
/// # Ok::<(), macvlan_core::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
#[must_use]
#[allow(clippy::struct_excessive_bools)] // independent switches, not a state machine
pub struct Endpoint {
    pub(super) name: LinkName,
    pub(super) parent: Parent,
    pub(super) kind: EndpointKind,
    pub(super) mac: Option<MacAddr>,
    pub(super) mtu: Option<u32>,
    pub(super) addresses: Vec<Address>,
    pub(super) gateways: Vec<IpAddr>,
    pub(super) on_link_gateways: bool,
    pub(super) gateway_metric: Option<u32>,
    pub(super) routes: Vec<Route>,
    pub(super) source_routing: Option<u32>,
    pub(super) promisc: bool,
    pub(super) allmulticast: Option<bool>,
    pub(super) lo_up: bool,
    pub(super) replace_default_route: bool,
    pub(super) alias: Option<String>,
    pub(super) alternative_names: Vec<String>,
    pub(super) group: Option<u32>,
    pub(super) tx_queue_len: Option<u32>,
    pub(super) queues: Option<(u32, u32)>,
    pub(super) addr_gen_mode: Option<AddrGenMode>,
    pub(super) accept_ra: Option<AcceptRa>,
    pub(super) autoconf: Option<bool>,
    pub(super) disable_ipv6: Option<bool>,
    pub(super) mac_conflict_timeout: Duration,
    pub(super) probe: Option<Probe>,
    pub(super) announce: Option<Announce>,
    pub(super) rate: Option<Rate>,
    /// True if ARP is answered only for addresses that are routed through the link.
    pub(super) arp_filter: bool,
    pub(super) left_down: bool,
    /// True if rules for its addresses are set by others, so that an endpoint without any is not
    /// repaired by deleting them.
    pub(super) leaves_rules: bool,
}

/// The kind of link of an endpoint, with its options.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum EndpointKind {
    /// A macvlan: a link with its own MAC address on the parent's network.
    Macvlan(MacvlanOptions),
    /// A macvtap: a macvlan whose frames a VM monitor exchanges through a device file.
    Macvtap(MacvlanOptions),
    /// A VLAN link on the parent, without a macvlan.
    Vlan(VlanOptions),
}

impl EndpointKind {
    /// Returns the kind without its options.
    pub fn endpoint_type(&self) -> EndpointType {
        match self {
            Self::Macvlan(_) => EndpointType::Macvlan,
            Self::Macvtap(_) => EndpointType::Macvtap,
            Self::Vlan(_) => EndpointType::Vlan,
        }
    }

    /// Returns the kernel's name for the kind, such as `"macvlan"`.
    pub fn as_str(&self) -> &'static str {
        self.endpoint_type().as_str()
    }

    /// Returns the options of a macvlan or macvtap.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::InvalidValue`](crate::ErrorKind::InvalidValue) for a VLAN.
    pub fn macvlan(&self) -> Result<&MacvlanOptions> {
        match self {
            Self::Macvlan(options) | Self::Macvtap(options) => Ok(options),
            Self::Vlan(_) => Err(self.lacks("macvlan options")),
        }
    }

    /// Returns the options of a VLAN.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::InvalidValue`](crate::ErrorKind::InvalidValue) for a macvlan or macvtap.
    pub fn vlan(&self) -> Result<&VlanOptions> {
        match self {
            Self::Vlan(options) => Ok(options),
            Self::Macvlan(_) | Self::Macvtap(_) => Err(self.lacks("VLAN options")),
        }
    }

    fn lacks(&self, what: &str) -> Error {
        let why = format!("an endpoint of kind {} has none", self.as_str());
        Error::invalid(format!("use {what}"), why)
    }

    /// Returns whether the link takes its parent's MAC address in any case (mode passthru).
    pub(super) fn is_passthru(&self) -> bool {
        match self {
            Self::Macvlan(options) | Self::Macvtap(options) => options.get_mode() == Mode::Passthru,
            Self::Vlan(_) => false,
        }
    }
}

impl From<&EndpointKind> for LinkKind {
    fn from(kind: &EndpointKind) -> Self {
        match kind {
            EndpointKind::Macvlan(options) => Self::Macvlan(options.clone()),
            EndpointKind::Macvtap(options) => Self::Macvtap(options.clone()),
            EndpointKind::Vlan(options) => Self::Vlan(options.clone()),
        }
    }
}

impl Endpoint {
    /// Makes an endpoint: a macvlan in mode bridge.
    ///
    /// It has a name in the container and a parent on the host, such as `ens33`, or `ens33.100` for
    /// VLAN 100 of it (see [`Parent`]).
    ///
    /// # Errors
    ///
    /// [`ErrorKind::InvalidValue`](crate::ErrorKind::InvalidValue) if a name is invalid.
    pub fn new(name: impl IntoLinkName, parent: impl IntoParent) -> Result<Self> {
        Self::of(name, parent, EndpointKind::Macvlan(MacvlanOptions::default()))
    }

    /// Makes an endpoint: a macvtap in mode bridge, for a VM monitor in the container.
    ///
    /// See [`Attachment::open_tap`](crate::Attachment::open_tap).
    ///
    /// # Errors
    ///
    /// [`ErrorKind::InvalidValue`](crate::ErrorKind::InvalidValue) if a name is invalid.
    pub fn macvtap(name: impl IntoLinkName, parent: impl IntoParent) -> Result<Self> {
        Self::of(name, parent, EndpointKind::Macvtap(MacvlanOptions::default()))
    }

    /// Makes an endpoint that is a VLAN of the parent.
    ///
    /// It has the parent's MAC address by default. A parent that was made on demand is then never
    /// removed, because the kernel does not show whether such a VLAN still exists.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::InvalidValue`](crate::ErrorKind::InvalidValue) if a name is invalid.
    pub fn vlan(
        name: impl IntoLinkName,
        parent: impl IntoParent,
        vlan: VlanOptions,
    ) -> Result<Self> {
        Self::of(name, parent, EndpointKind::Vlan(vlan))
    }

    /// The protocol number of the endpoint's rules, and of its routes that do not lead through its
    /// link.
    ///
    /// It is their `FRA_PROTOCOL` and `RTA_PROTOCOL`.
    ///
    /// Detach deletes only rules and routes with this number.
    ///
    /// For iproute2 to show a name, put `109 macvlan` into a file in `/etc/iproute2/rt_protos.d`.
    pub const PROTOCOL: u8 = RTPROT_MACVLAN;

    /// The priority of the rules of [`Endpoint::source_routing`].
    pub const RULE_PRIORITY: u32 = 30_000;

    pub(super) fn of(
        name: impl IntoLinkName,
        parent: impl IntoParent,
        kind: EndpointKind,
    ) -> Result<Self> {
        Ok(Self {
            name: name.try_into().map_err(Into::into)?,
            parent: parent.try_into().map_err(Into::into)?,
            kind,
            mac: None,
            mtu: None,
            addresses: Vec::new(),
            gateways: Vec::new(),
            on_link_gateways: false,
            gateway_metric: None,
            routes: Vec::new(),
            source_routing: None,
            promisc: false,
            allmulticast: None,
            lo_up: true,
            replace_default_route: false,
            alias: None,
            alternative_names: Vec::new(),
            group: None,
            tx_queue_len: None,
            queues: None,
            addr_gen_mode: None,
            accept_ra: None,
            autoconf: None,
            disable_ipv6: None,
            mac_conflict_timeout: Duration::ZERO,
            probe: None,
            announce: None,
            rate: None,
            arp_filter: false,
            left_down: false,
            leaves_rules: false,
        })
    }

    /// Sets the macvlan mode. Defaults to [`Mode::Bridge`].
    ///
    /// Keeps the other options; [`Endpoint::options`] sets all of them.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::InvalidValue`](crate::ErrorKind::InvalidValue) for a VLAN, which has no mode.
    #[doc(alias = "IFLA_MACVLAN_MODE")]
    pub fn mode(mut self, mode: Mode) -> Result<Self> {
        self.macvlan_options()?.set_mode(mode);
        Ok(self)
    }

    /// Sets all options of a macvlan or macvtap.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::InvalidValue`](crate::ErrorKind::InvalidValue) for a VLAN, whose options are an
    /// argument of [`Endpoint::vlan`].
    #[doc(alias = "IFLA_INFO_DATA")]
    pub fn options(self, macvlan: MacvlanOptions) -> Result<Self> {
        self.change_options(|_| macvlan)
    }

    /// Changes the options of a macvlan or macvtap.
    ///
    /// # Errors
    ///
    /// As for [`Endpoint::options`].
    pub fn change_options(
        mut self,
        change: impl FnOnce(MacvlanOptions) -> MacvlanOptions,
    ) -> Result<Self> {
        let options = self.macvlan_options()?;
        *options = change(std::mem::take(options));
        Ok(self)
    }

    fn macvlan_options(&mut self) -> Result<&mut MacvlanOptions> {
        match &mut self.kind {
            EndpointKind::Macvlan(options) | EndpointKind::Macvtap(options) => Ok(options),
            kind @ EndpointKind::Vlan(_) => {
                Err(kind.lacks("macvlan options").on_link(self.name.as_str()))
            }
        }
    }

    /// Sets the MAC address.
    ///
    /// Defaults to the parent's in mode passthru and for a VLAN, otherwise to a random one.
    ///
    /// In mode passthru, a MAC address set here becomes the parent's while the link exists.
    #[doc(alias = "IFLA_ADDRESS")]
    pub fn mac(mut self, mac: MacAddr) -> Self {
        self.mac = Some(mac);
        self
    }

    /// Sets how long to retry while another link on the parent has the MAC address.
    ///
    /// Defaults to zero.
    ///
    /// That link is often one of a container that is being removed, which takes the kernel some tens
    /// of milliseconds.
    #[doc(alias = "EADDRINUSE")]
    pub fn mac_conflict_timeout(mut self, at_most: Duration) -> Self {
        self.mac_conflict_timeout = at_most;
        self
    }

    /// Sets the MTU in bytes, at most the parent's. Defaults to the parent's.
    #[doc(alias = "IFLA_MTU")]
    pub fn mtu(mut self, mtu: u32) -> Self {
        self.mtu = Some(mtu);
        self
    }

    /// Adds an address.
    #[doc(alias = "IFA_LOCAL")]
    pub fn address(mut self, address: Address) -> Self {
        self.addresses.push(address);
        self
    }

    /// Adds an address and its gateway, if it has one (`172.16.104.10/24@172.16.104.1`).
    pub fn assignment(mut self, assignment: Assignment) -> Self {
        self.addresses.push(assignment.address());
        self.gateways.extend(assignment.gateway());
        self
    }

    /// Adds a default route via a gateway; at most one per address family.
    #[doc(alias = "RTA_GATEWAY")]
    #[doc(alias = "via")]
    pub fn gateway(mut self, gateway: IpAddr) -> Self {
        self.gateways.push(gateway);
        self
    }

    /// Sets whether gateways outside all subnets are assumed to be on the link (`onlink`).
    ///
    /// Defaults to false: the kernel then refuses them unless a route leads to them.
    #[doc(alias = "RTNH_F_ONLINK")]
    pub fn on_link_gateways(mut self, on_link: bool) -> Self {
        self.on_link_gateways = on_link;
        self
    }

    /// Sets the metric of the gateways' default routes; routes with a lower one are preferred.
    ///
    /// Defaults to the kernel's, 0 for IPv4 and 1024 for IPv6.
    #[doc(alias = "RTA_PRIORITY")]
    pub fn gateway_metric(mut self, metric: u32) -> Self {
        self.gateway_metric = Some(metric);
        self
    }

    /// Adds a route, after the addresses and the gateways' default routes.
    ///
    /// It leads through the endpoint's link unless it names another one. Detach deletes it in
    /// either case.
    pub fn route(mut self, route: Route) -> Self {
        self.routes.push(route);
        self
    }

    /// Sets whether the link is promiscuous (`ip link set eth0 promisc on`).
    ///
    /// The parent is then promiscuous as well while the link is up.
    ///
    /// Defaults to false.
    #[doc(alias = "IFF_PROMISC")]
    pub fn promisc(mut self, promisc: bool) -> Self {
        self.promisc = promisc;
        self
    }

    /// Sets whether the link receives all multicast frames (`ip link set eth0 allmulticast on`).
    ///
    /// The parent then receives them as well while the link is up.
    ///
    /// By default it receives those of the groups that are joined on it, and a flag that is set in
    /// the container is kept.
    #[doc(alias = "IFF_ALLMULTI")]
    pub fn allmulticast(mut self, on: bool) -> Self {
        self.allmulticast = Some(on);
        self
    }

    /// Sets whether the container's `lo` is set up, which is down in a new namespace.
    ///
    /// Defaults to true.
    pub fn lo_up(mut self, lo_up: bool) -> Self {
        self.lo_up = lo_up;
        self
    }

    /// Sets whether the container's default routes of the gateways' families are replaced.
    ///
    /// This concerns table `main`, as with pipework.
    ///
    /// Defaults to false: attach then fails if one has the same metric.
    ///
    /// If attach fails, they are restored.
    #[doc(alias = "ip route replace default")]
    pub fn replace_default_route(mut self, replace: bool) -> Self {
        self.replace_default_route = replace;
        self
    }

    /// Sets a routing table for packets *from* the endpoint's addresses.
    ///
    /// These packets leave through the endpoint, whatever the other routes are.
    ///
    /// The gateways' default routes are added to this table instead of `main`, with a route to each
    /// subnet, and for each address a rule with [`Endpoint::RULE_PRIORITY`] selects the table. A
    /// container in two networks thus answers through the interface on which it was asked. Use a
    /// different table for each network that is not to have the default route: 1 to 252 except 109,
    /// or above 255. Detach deletes the rules, which the kernel does not delete with the link.
    #[doc(alias = "ip rule add from")]
    pub fn source_routing(mut self, table: u32) -> Self {
        self.source_routing = Some(table);
        self
    }

    /// Sets the alias that `ip link` shows, up to 255 bytes.
    #[doc(alias = "IFLA_IFALIAS")]
    pub fn alias(mut self, alias: impl Into<String>) -> Self {
        self.alias = Some(alias.into());
        self
    }

    /// Adds an alternative name of up to 127 bytes (Linux 5.5 and later).
    #[doc(alias = "altname")]
    #[doc(alias = "IFLA_ALT_IFNAME")]
    pub fn alternative_name(mut self, name: impl Into<String>) -> Self {
        self.alternative_names.push(name.into());
        self
    }

    /// Sets the link group. Defaults to 0.
    #[doc(alias = "IFLA_GROUP")]
    pub fn group(mut self, group: u32) -> Self {
        self.group = Some(group);
        self
    }

    /// Sets the length of the transmit queue in packets. By default the kernel chooses it.
    #[doc(alias = "txqueuelen")]
    #[doc(alias = "IFLA_TXQLEN")]
    pub fn tx_queue_len(mut self, packets: u32) -> Self {
        self.tx_queue_len = Some(packets);
        self
    }

    /// Sets the number of transmit and receive queues. By default the kernel chooses them.
    #[doc(alias = "IFLA_NUM_TX_QUEUES")]
    #[doc(alias = "IFLA_NUM_RX_QUEUES")]
    pub fn queues(mut self, transmit: u32, receive: u32) -> Self {
        self.queues = Some((transmit, receive));
        self
    }

    /// Sets how the IPv6 link-local address is made; [`AddrGenMode::None`] for no address.
    ///
    /// Defaults to the namespace's default.
    #[doc(alias = "addrgenmode")]
    #[doc(alias = "IFLA_INET6_ADDR_GEN_MODE")]
    pub fn addr_gen_mode(mut self, mode: AddrGenMode) -> Self {
        self.addr_gen_mode = Some(mode);
        self
    }

    /// Sets whether router advertisements are accepted on the link.
    ///
    /// They configure default routes, other routes and addresses.
    ///
    /// Defaults to the container's `net.ipv6.conf.default.accept_ra`, which is
    /// [`AcceptRa::UnlessForwarding`] unless it was changed.
    ///
    /// With [`AcceptRa::Never`] the container has only the endpoint's addresses and routes, apart
    /// from the link-local address (see [`Endpoint::addr_gen_mode`]). Otherwise every host on the
    /// LAN can become its router (CVE-2020-10749, CVE-2020-13401). Set before the link is up, which
    /// adds a visit to the container's namespace to an attach.
    #[doc(alias = "net.ipv6.conf.LINK.accept_ra")]
    pub fn accept_ra(mut self, accept: AcceptRa) -> Self {
        self.accept_ra = Some(accept);
        self
    }

    /// Sets whether addresses are configured from advertised prefixes (RFC 4862).
    ///
    /// Defaults to the container's `net.ipv6.conf.default.autoconf`, which is true unless it was
    /// changed.
    ///
    /// Set before the link is up, as [`Endpoint::accept_ra`].
    #[doc(alias = "net.ipv6.conf.LINK.autoconf")]
    pub fn autoconf(mut self, on: bool) -> Self {
        self.autoconf = Some(on);
        self
    }

    /// Sets whether IPv6 is disabled on the link.
    ///
    /// Defaults to the container's `net.ipv6.conf.default.disable_ipv6`; `false` enables IPv6 even
    /// if the container has none.
    ///
    /// Set before the link is up, as [`Endpoint::accept_ra`]. With `true`, planning or attaching an
    /// endpoint that has IPv6 addresses or gateways fails with
    /// [`ErrorKind::InvalidValue`](crate::ErrorKind::InvalidValue).
    #[doc(alias = "net.ipv6.conf.LINK.disable_ipv6")]
    pub fn disable_ipv6(mut self, disable: bool) -> Self {
        self.disable_ipv6 = Some(disable);
        self
    }

    /// Sets how the addresses are probed on the network before they are used.
    ///
    /// By default they are not.
    ///
    /// The link is created and set up, all addresses are probed at the same time, and only then
    /// they are added with the routes. If another host has one, everything is undone, and attach
    /// fails with [`ErrorKind::AddressInUse`](crate::ErrorKind::AddressInUse) and the host's MAC
    /// address. The parent's own addresses count as well. On an existing link,
    /// [`Host::ensure`](crate::Host::ensure) probes missing IPv4 addresses. See [`Probe`].
    #[doc(alias = "arping -D")]
    pub fn probe(mut self, probe: Probe) -> Self {
        self.probe = Some(probe);
        self
    }

    /// Sets how the addresses are announced to the neighbours when they become usable.
    ///
    /// By default they are not.
    ///
    /// The kernel sends the first announcement (sysctls `arp_notify` and `ndisc_notify`), and again
    /// whenever the link comes up or its MAC address changes. This library sends those that the
    /// kernel leaves out: of IPv4 addresses that were probed and of IPv6 addresses with `nodad`.
    /// See [`Announce`] for repeated announcements.
    #[doc(alias = "ndisc_notify")]
    pub fn announce(mut self, announce: Announce) -> Self {
        self.announce = Some(announce);
        self
    }

    /// Sets the rate limit for sent packets. By default there is none.
    ///
    /// Enforced by the kernel's token bucket filter (`tbf`); a kernel without it refuses the attach
    /// with [`ErrorKind::Unsupported`](crate::ErrorKind::Unsupported). Received packets are not
    /// limited. The burst and the queue follow from the rate.
    #[doc(alias = "TCA_TBF_PARMS")]
    #[doc(alias = "tc qdisc add tbf")]
    pub fn rate(mut self, egress: Rate) -> Self {
        self.rate = Some(egress);
        self
    }

    /// Returns the name in the container.
    pub fn get_name(&self) -> LinkName {
        self.name
    }

    /// Returns the parent on the host.
    pub fn get_parent(&self) -> &Parent {
        &self.parent
    }

    /// Returns the options of a macvlan or macvtap; `None` for a VLAN.
    #[doc(alias = "IFLA_INFO_DATA")]
    pub fn get_options(&self) -> Option<&MacvlanOptions> {
        match &self.kind {
            EndpointKind::Macvlan(options) | EndpointKind::Macvtap(options) => Some(options),
            EndpointKind::Vlan(_) => None,
        }
    }

    /// Returns whether an attach may have to wait, as for a probe or a MAC address in use.
    pub fn waits(&self) -> bool {
        self.probe.is_some()
            || self.announce.is_some_and(|announce| announce.get_blocking())
            || !self.mac_conflict_timeout.is_zero()
    }

    /// Returns the MAC address, if it was set.
    #[doc(alias = "IFLA_ADDRESS")]
    pub fn get_mac(&self) -> Option<MacAddr> {
        self.mac
    }

    /// Returns how long to retry while another link has the MAC address.
    pub fn get_mac_conflict_timeout(&self) -> Duration {
        self.mac_conflict_timeout
    }

    /// Returns the MTU in bytes, if it was set.
    #[doc(alias = "IFLA_MTU")]
    pub fn get_mtu(&self) -> Option<u32> {
        self.mtu
    }

    /// Returns the addresses.
    pub fn get_addresses(&self) -> &[Address] {
        &self.addresses
    }

    /// Returns the gateways of the default routes.
    pub fn get_gateways(&self) -> &[IpAddr] {
        &self.gateways
    }

    /// Returns whether gateways outside all subnets are assumed to be on the link.
    #[doc(alias = "RTNH_F_ONLINK")]
    pub fn get_on_link_gateways(&self) -> bool {
        self.on_link_gateways
    }

    /// Returns the metric of the gateways' default routes, if it was set.
    #[doc(alias = "RTA_PRIORITY")]
    pub fn get_gateway_metric(&self) -> Option<u32> {
        self.gateway_metric
    }

    /// Returns the routes, without the gateways' default routes.
    pub fn get_routes(&self) -> &[Route] {
        &self.routes
    }

    /// Returns whether the link is promiscuous.
    #[doc(alias = "IFF_PROMISC")]
    pub fn get_promisc(&self) -> bool {
        self.promisc
    }

    /// Returns whether the link receives all multicast frames, if it was set.
    #[doc(alias = "IFF_ALLMULTI")]
    pub fn get_allmulticast(&self) -> Option<bool> {
        self.allmulticast
    }

    /// Returns whether the container's `lo` is set up.
    pub fn get_lo_up(&self) -> bool {
        self.lo_up
    }

    /// Returns whether the container's default routes are replaced.
    pub fn get_replace_default_route(&self) -> bool {
        self.replace_default_route
    }

    /// Returns the table of the source routing, if it was set.
    pub fn get_source_routing(&self) -> Option<u32> {
        self.source_routing
    }

    /// Returns the alias, if it was set.
    #[doc(alias = "IFLA_IFALIAS")]
    pub fn get_alias(&self) -> Option<&str> {
        self.alias.as_deref()
    }

    /// Returns the alternative names.
    pub fn get_alternative_names(&self) -> &[String] {
        &self.alternative_names
    }

    /// Returns the group, if it was set.
    #[doc(alias = "IFLA_GROUP")]
    pub fn get_group(&self) -> Option<u32> {
        self.group
    }

    /// Returns the length of the transmit queue in packets, if it was set.
    #[doc(alias = "IFLA_TXQLEN")]
    pub fn get_tx_queue_len(&self) -> Option<u32> {
        self.tx_queue_len
    }

    /// Returns the number of transmit and receive queues, if they were set.
    #[doc(alias = "IFLA_NUM_TX_QUEUES")]
    #[doc(alias = "IFLA_NUM_RX_QUEUES")]
    pub fn get_queues(&self) -> Option<(u32, u32)> {
        self.queues
    }

    /// Returns how the addresses are probed, if it was set.
    pub fn get_probe(&self) -> Option<Probe> {
        self.probe
    }

    /// Returns how the addresses are announced, if it was set.
    pub fn get_announce(&self) -> Option<Announce> {
        self.announce
    }

    /// Returns the rate limit, if it was set.
    #[doc(alias = "TCA_TBF_PARMS")]
    pub fn get_rate(&self) -> Option<Rate> {
        self.rate
    }

    /// Returns how the IPv6 link-local address is made, if it was set.
    #[doc(alias = "IFLA_INET6_ADDR_GEN_MODE")]
    pub fn get_addr_gen_mode(&self) -> Option<AddrGenMode> {
        self.addr_gen_mode
    }

    /// Returns whether router advertisements are accepted, if it was set.
    pub fn get_accept_ra(&self) -> Option<AcceptRa> {
        self.accept_ra
    }

    /// Returns whether addresses are configured from advertised prefixes, if it was set.
    pub fn get_autoconf(&self) -> Option<bool> {
        self.autoconf
    }

    /// Returns whether IPv6 is disabled on the link, if it was set.
    pub fn get_disable_ipv6(&self) -> Option<bool> {
        self.disable_ipv6
    }

    /// Returns the sysctls that were set.
    pub(super) fn ipv6_sysctls(&self) -> impl Iterator<Item = Ipv6Sysctl> {
        (self.accept_ra.map(Ipv6Sysctl::AcceptRa).into_iter())
            .chain(self.autoconf.map(Ipv6Sysctl::Autoconf))
            .chain(self.disable_ipv6.map(Ipv6Sysctl::DisableIpv6))
    }

    pub(crate) fn arp_filter(mut self) -> Self {
        self.arp_filter = true;
        self
    }

    /// Leaves the link down when it is attached, for a caller that moves it, which takes it down in any case.
    #[doc(hidden)] // for the crate of networks
    pub fn left_down(mut self) -> Self {
        self.left_down = true;
        self
    }

    /// Leaves policy rules for the addresses as they are, as others set them.
    #[doc(hidden)] // for the crate of networks
    pub fn leaving_rules(mut self) -> Self {
        self.leaves_rules = true;
        self
    }

    pub(crate) fn with_parent(mut self, parent: Parent) -> Self {
        self.parent = parent;
        self
    }

    pub(crate) fn without_addr_gen_mode(mut self) -> Self {
        self.addr_gen_mode = None;
        self
    }

    /// Returns whether two endpoints agree in everything that is fixed when the link is created.
    pub(crate) fn is_made_like(&self, other: &Self) -> bool {
        let made = |endpoint: &Self| {
            (
                endpoint.mtu,
                endpoint.queues,
                endpoint.group,
                endpoint.tx_queue_len,
                endpoint.promisc,
                endpoint.allmulticast,
                endpoint.lo_up,
            )
        };
        self.parent == other.parent && self.kind == other.kind && made(self) == made(other)
    }

    /// Returns the kind of link, with its options.
    pub fn get_kind(&self) -> &EndpointKind {
        &self.kind
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_mode_leaves_the_other_options_alone() {
        let options = MacvlanOptions::new(Mode::Bridge).bc_queue_len(2000);
        let endpoint = Endpoint::new("eth0", "ens33").unwrap().options(options).unwrap();
        let EndpointKind::Macvlan(private) =
            endpoint.mode(Mode::Private).unwrap().get_kind().clone()
        else {
            panic!("the kind has changed");
        };
        assert_eq!(private, MacvlanOptions::new(Mode::Private).bc_queue_len(2000));
    }

    #[test]
    fn an_endpoint_says_whether_attaching_it_waits() {
        let endpoint = || Endpoint::new("eth0", "ens33").unwrap();
        assert!(!endpoint().waits() && !endpoint().announce(Announce::rfc()).waits());
        assert!(endpoint().announce(Announce::rfc().blocking(true)).waits());
        assert!(endpoint().probe(Probe::quick()).waits());
        assert!(endpoint().mac_conflict_timeout(Duration::from_millis(1)).waits());
    }

    #[test]
    fn getters_return_set_values() {
        let endpoint = Endpoint::new("eth0", "ens33.100")
            .unwrap()
            .mtu(1400)
            .address("10.0.0.2/24".parse().unwrap())
            .gateway("10.0.0.1".parse().unwrap())
            .route("10.1.0.0/16 via 10.0.0.3".parse().unwrap())
            .alias("a")
            .queues(2, 3);
        assert_eq!(endpoint.get_options(), Some(&MacvlanOptions::default()));
        assert_eq!(endpoint.get_mtu(), Some(1400));
        assert_eq!(endpoint.get_addresses(), ["10.0.0.2/24".parse().unwrap()]);
        assert_eq!(endpoint.get_gateways(), ["10.0.0.1".parse::<IpAddr>().unwrap()]);
        assert_eq!(endpoint.get_routes(), ["10.1.0.0/16 via 10.0.0.3".parse().unwrap()]);
        assert_eq!(endpoint.get_alias(), Some("a"));
        assert_eq!(endpoint.get_queues(), Some((2, 3)));
        assert!(endpoint.get_lo_up() && !endpoint.get_promisc());
        assert_eq!((endpoint.get_mac(), endpoint.get_group()), (None, None));
    }

    #[test]
    fn a_vlan_has_no_options_of_a_macvlan() {
        let vlan = || Endpoint::vlan("eth0", "ens33", VlanOptions::new(100).unwrap()).unwrap();
        assert_eq!(vlan().get_kind().vlan().unwrap().get_id(), 100);
        let macvlan = Endpoint::new("eth0", "ens33").unwrap();
        assert_eq!(macvlan.get_kind().macvlan().unwrap(), &MacvlanOptions::default());
        assert!(vlan().get_kind().macvlan().is_err() && macvlan.get_kind().vlan().is_err());
        for error in [vlan().mode(Mode::Private), vlan().options(MacvlanOptions::default())] {
            let error = error.unwrap_err();
            assert!(error.is_invalid_value(), "{error}");
            assert!(error.to_string().contains("of kind vlan"), "{error}");
        }
    }
}
