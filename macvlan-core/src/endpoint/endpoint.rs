//! What one container interface should be.

use std::net::IpAddr;
use std::time::Duration;

use crate::endpoint::parent::{IntoParent, Parent};
use crate::error::{Error, Result};
use crate::lan::announce::Announce;
use crate::lan::probe::Probe;
use crate::rtnl::RTPROT_MACVLAN;
use crate::value::address::{Address, Assignment};
use crate::value::link::{
    AcceptRa, AddrGenMode, EndpointType, IntoLinkName, Ipv6Sysctl, LinkKind, Macvlan, Mode, Vlan,
};
use crate::value::mac::MacAddr;
use crate::value::name::LinkName;
use crate::value::rate::Rate;
use crate::value::route::Route;

/// What one container interface should be: a value, made without any system call.
///
/// Given to [`Host::attach`](crate::Host::attach), which makes it so in a container's namespace.
///
/// ```
/// use macvlan_core::{Endpoint, Mode};
/// let endpoint = Endpoint::new("eth0", "ens33")?
///     .mode(Mode::Bridge)?
///     .address("172.16.213.180/16".parse()?)
///     .gateway("172.16.213.2".parse().unwrap());
/// println!("{}", endpoint.plan()?);
/// # Ok::<(), macvlan_core::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
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
    pub(super) mac_patience: Duration,
    pub(super) probe: Option<Probe>,
    pub(super) announce: Option<Announce>,
    pub(super) rate: Option<Rate>,
    /// Whether it answers ARP only for what is reached by it.
    #[cfg_attr(feature = "serde", serde(skip))]
    pub(super) arp_filter: bool,
    #[cfg_attr(feature = "serde", serde(skip))]
    pub(super) left_down: bool,
}

/// The kind of link that an endpoint is.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[non_exhaustive]
pub enum EndpointKind {
    /// A macvlan: a MAC address of its own on the parent's wire.
    Macvlan(Macvlan),
    /// A macvtap: the same, and a VM monitor reads and writes its frames.
    Macvtap(Macvlan),
    /// A VLAN of the parent, and nothing in between.
    Vlan(Vlan),
}

impl EndpointKind {
    /// Returns which kind it is, without its options.
    pub fn endpoint_type(&self) -> EndpointType {
        match self {
            Self::Macvlan(_) => EndpointType::Macvlan,
            Self::Macvtap(_) => EndpointType::Macvtap,
            Self::Vlan(_) => EndpointType::Vlan,
        }
    }

    /// Returns the kernel's name for it: `"macvlan"`.
    pub fn as_str(&self) -> &'static str {
        self.endpoint_type().as_str()
    }

    /// Returns the options of a macvlan or macvtap.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::InvalidValue`](crate::ErrorKind::InvalidValue) for a VLAN.
    pub fn macvlan(&self) -> Result<&Macvlan> {
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
    pub fn vlan(&self) -> Result<&Vlan> {
        match self {
            Self::Vlan(options) => Ok(options),
            Self::Macvlan(_) | Self::Macvtap(_) => Err(self.lacks("VLAN options")),
        }
    }

    fn lacks(&self, what: &str) -> Error {
        let why = format!("the endpoint is of kind {}, which has none", self.as_str());
        Error::invalid(format!("use {what}"), why)
    }

    /// Whether the link takes its parent's MAC address whatever it is given (mode passthru).
    pub(super) fn is_passthru(&self) -> bool {
        match self {
            Self::Macvlan(options) | Self::Macvtap(options) => options.mode() == Mode::Passthru,
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
    /// A macvlan called `name` inside, on a parent link on the host; in mode bridge.
    pub fn new(name: impl IntoLinkName, parent: impl IntoParent) -> Result<Self> {
        Self::of(name, parent, EndpointKind::Macvlan(Macvlan::default()))
    }

    /// A macvtap called `name` inside, for a VM monitor there; in mode bridge. See
    /// [`Attachment::open_tap`](crate::Attachment::open_tap).
    pub fn macvtap(name: impl IntoLinkName, parent: impl IntoParent) -> Result<Self> {
        Self::of(name, parent, EndpointKind::Macvtap(Macvlan::default()))
    }

    /// A VLAN of the parent, called `name` inside.
    ///
    /// It has the parent's MAC address unless it is given another. On a parent that was made on
    /// demand, that parent is then kept for good: the kernel does not tell when such a VLAN is gone.
    pub fn vlan(name: impl IntoLinkName, parent: impl IntoParent, vlan: Vlan) -> Result<Self> {
        Self::of(name, parent, EndpointKind::Vlan(vlan))
    }

    /// The protocol number that marks the endpoint's policy rules, and those of its routes that do not go
    /// through its link, as ours (`RTA_PROTOCOL`, `FRA_PROTOCOL`): detaching deletes nothing else. For
    /// iproute2 to show a name, put `109 macvlan` into a file in `/etc/iproute2/rt_protos.d`.
    pub const PROTOCOL: u8 = RTPROT_MACVLAN;

    /// The priority of the rules of [`Endpoint::source_routing`].
    pub const RULE_PRIORITY: u32 = 30_000;

    fn of(name: impl IntoLinkName, parent: impl IntoParent, kind: EndpointKind) -> Result<Self> {
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
            mac_patience: Duration::ZERO,
            probe: None,
            announce: None,
            rate: None,
            arp_filter: false,
            left_down: false,
        })
    }

    /// Sets who it may talk to, of a macvlan or macvtap. Defaults to [`Mode::Bridge`].
    ///
    /// The other options stay; [`Endpoint::options`] sets all at once.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::InvalidValue`](crate::ErrorKind::InvalidValue) for a VLAN, which has no mode.
    #[doc(alias = "IFLA_MACVLAN_MODE")]
    pub fn mode(mut self, mode: Mode) -> Result<Self> {
        self.macvlan_options()?.set_mode(mode);
        Ok(self)
    }

    /// Sets all options of a macvlan or macvtap: mode, flags, source MAC addresses, broadcast queue.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::InvalidValue`](crate::ErrorKind::InvalidValue) for a VLAN, whose options
    /// [`Endpoint::vlan`] takes.
    pub fn options(self, macvlan: Macvlan) -> Result<Self> {
        self.change_options(|_| macvlan)
    }

    /// Changes the options of a macvlan or macvtap.
    ///
    /// # Errors
    ///
    /// As of [`Endpoint::options`].
    pub fn change_options(mut self, change: impl FnOnce(Macvlan) -> Macvlan) -> Result<Self> {
        let options = self.macvlan_options()?;
        *options = change(std::mem::take(options));
        Ok(self)
    }

    fn macvlan_options(&mut self) -> Result<&mut Macvlan> {
        match &mut self.kind {
            EndpointKind::Macvlan(options) | EndpointKind::Macvtap(options) => Ok(options),
            kind @ EndpointKind::Vlan(_) => {
                Err(kind.lacks("macvlan options").on_link(self.name.as_str()))
            }
        }
    }

    /// Its MAC address. When not given, a random one, locally administered; in mode passthru, the
    /// parent's.
    ///
    /// In mode passthru a MAC address given here becomes the parent's as long as the link exists.
    #[doc(alias = "IFLA_ADDRESS")]
    pub fn mac(mut self, mac: MacAddr) -> Self {
        self.mac = Some(mac);
        self
    }

    /// How long to try again while somebody else on the parent has the MAC address: often a
    /// container that is just dying, whose namespace takes some tens of milliseconds for it. Not at
    /// all when not given.
    #[doc(alias = "EADDRINUSE")]
    pub fn wait_for_mac(mut self, at_most: Duration) -> Self {
        self.mac_patience = at_most;
        self
    }

    /// Its MTU in bytes, at most the parent's; the parent's when not given.
    #[doc(alias = "IFLA_MTU")]
    pub fn mtu(mut self, mtu: u32) -> Self {
        self.mtu = Some(mtu);
        self
    }

    /// One more address.
    pub fn address(mut self, address: Address) -> Self {
        self.addresses.push(address);
        self
    }

    /// An address and, if it has one, its gateway, in pipework's notation
    /// `172.16.104.10/24@172.16.104.1`.
    pub fn assignment(mut self, assignment: Assignment) -> Self {
        self.addresses.push(assignment.address());
        self.gateways.extend(assignment.gateway());
        self
    }

    /// The gateway of the default route of its family; one a family.
    pub fn gateway(mut self, gateway: IpAddr) -> Self {
        self.gateways.push(gateway);
        self
    }

    /// Takes gateways that lie outside the subnet of every address to be directly on the link
    /// (`onlink`). Without, the kernel refuses them unless a route says where they are.
    #[doc(alias = "RTNH_F_ONLINK")]
    pub fn on_link_gateways(mut self, on_link: bool) -> Self {
        self.on_link_gateways = on_link;
        self
    }

    /// Sets the metric of the gateways' default routes: of several, the one with the smallest is used.
    /// Defaults to the kernel's, 0 for IPv4 and 1024 for IPv6.
    #[doc(alias = "RTA_PRIORITY")]
    pub fn gateway_metric(mut self, metric: u32) -> Self {
        self.gateway_metric = Some(metric);
        self
    }

    /// One more route, after the addresses and the gateways' default routes; through this link,
    /// unless it names another. What leads elsewhere goes, too, when the interface is detached.
    pub fn route(mut self, route: Route) -> Self {
        self.routes.push(route);
        self
    }

    /// Whether the link is promiscuous, which makes the parent promiscuous too while it is up
    /// (`ip link set eth0 promisc on`); no when not given.
    #[doc(alias = "IFF_PROMISC")]
    pub fn promisc(mut self, promisc: bool) -> Self {
        self.promisc = promisc;
        self
    }

    /// Sets whether the link takes all multicast frames, which makes the parent take them too while it is up
    /// (`ip link set eth0 allmulticast on`). Defaults to those of the groups that are joined on it; then
    /// what somebody sets inside stays.
    #[doc(alias = "IFF_ALLMULTI")]
    pub fn allmulticast(mut self, on: bool) -> Self {
        self.allmulticast = Some(on);
        self
    }

    /// Whether the container's `lo` is set up as well, as a new namespace's is not; yes when not
    /// given.
    pub fn lo_up(mut self, lo_up: bool) -> Self {
        self.lo_up = lo_up;
        self
    }

    /// Whether the default routes that the container already has in table `main`, of the gateways'
    /// families, go (as pipework has it); no when not given, and then one with the same metric is
    /// in the way. If attaching fails, they are as they were.
    pub fn replace_default_route(mut self, replace: bool) -> Self {
        self.replace_default_route = replace;
        self
    }

    /// Lets packets *from* its addresses leave by it, whatever the other routes say: the gateways'
    /// default routes go into this table instead of `main`, with a route to each subnet, and for
    /// each address a rule sends to it, with [`Endpoint::RULE_PRIORITY`].
    ///
    /// So a container in two networks answers on the interface that was asked. Give each network
    /// that is not to have the default route a table of its own, 1 to 252 or above 255. The rules go
    /// when it is detached; the kernel does not take them away with the link.
    pub fn source_routing(mut self, table: u32) -> Self {
        self.source_routing = Some(table);
        self
    }

    /// What `ip link` shows as its alias, up to 255 bytes.
    #[doc(alias = "IFLA_IFALIAS")]
    pub fn alias(mut self, alias: impl Into<String>) -> Self {
        self.alias = Some(alias.into());
        self
    }

    /// One more name, up to 127 bytes (Linux 5.5 and later).
    #[doc(alias = "IFLA_ALT_IFNAME")]
    pub fn alternative_name(mut self, name: impl Into<String>) -> Self {
        self.alternative_names.push(name.into());
        self
    }

    /// The link group; 0 when not given.
    #[doc(alias = "IFLA_GROUP")]
    pub fn group(mut self, group: u32) -> Self {
        self.group = Some(group);
        self
    }

    /// The transmit queue's length in packets; the kernel's choice when not given.
    #[doc(alias = "IFLA_TXQLEN")]
    pub fn tx_queue_len(mut self, packets: u32) -> Self {
        self.tx_queue_len = Some(packets);
        self
    }

    /// The number of transmit and receive queues; the kernel's choice when not given.
    #[doc(alias = "IFLA_NUM_TX_QUEUES")]
    #[doc(alias = "IFLA_NUM_RX_QUEUES")]
    pub fn queues(mut self, transmit: u32, receive: u32) -> Self {
        self.queues = Some((transmit, receive));
        self
    }

    /// How its IPv6 link-local address is made; [`AddrGenMode::None`] for no `fe80::` address. The
    /// namespace's default when not given.
    #[doc(alias = "IFLA_INET6_ADDR_GEN_MODE")]
    pub fn addr_gen_mode(mut self, mode: AddrGenMode) -> Self {
        self.addr_gen_mode = Some(mode);
        self
    }

    /// Sets whether router advertisements are accepted on the link, and so default routes, other routes
    /// and addresses that nobody asked for. Defaults to the container's `net.ipv6.conf.default.accept_ra`,
    /// which is [`AcceptRa::UnlessForwarding`] unless somebody changed it.
    ///
    /// With [`AcceptRa::Never`] the container has the addresses and routes of the endpoint and no others,
    /// but for the link-local address (see [`Endpoint::addr_gen_mode`]). Otherwise every host on the LAN
    /// can become its router (CVE-2020-10749, CVE-2020-13401). Set before the link is up; costs an attach
    /// one visit to the container's namespace.
    #[doc(alias = "net.ipv6.conf.LINK.accept_ra")]
    pub fn accept_ra(mut self, accept: AcceptRa) -> Self {
        self.accept_ra = Some(accept);
        self
    }

    /// Sets whether the kernel adds addresses of the prefixes that routers advertise (RFC 4862). Defaults
    /// to the container's `net.ipv6.conf.default.autoconf`, which is true unless somebody changed it. Set
    /// before the link is up, as [`Endpoint::accept_ra`].
    #[doc(alias = "net.ipv6.conf.LINK.autoconf")]
    pub fn autoconf(mut self, on: bool) -> Self {
        self.autoconf = Some(on);
        self
    }

    /// Sets whether the link is without IPv6. Defaults to the container's
    /// `net.ipv6.conf.default.disable_ipv6`; `false` gives the link IPv6 where the container has none. Set
    /// before the link is up, as [`Endpoint::accept_ra`].
    ///
    /// Planning or attaching an endpoint that has IPv6 addresses or gateways nevertheless fails with
    /// [`ErrorKind::InvalidValue`](crate::ErrorKind::InvalidValue).
    #[doc(alias = "net.ipv6.conf.LINK.disable_ipv6")]
    pub fn disable_ipv6(mut self, disable: bool) -> Self {
        self.disable_ipv6 = Some(disable);
        self
    }

    /// Has every address asked for on the network before it is used; not asked for when not given.
    ///
    /// The link is made and set up, all addresses are asked for at the same time, and only then are
    /// they added, and the routes. When somebody else has one, everything is as before, and the error
    /// is [`ErrorKind::AddressInUse`](crate::ErrorKind::AddressInUse) and names the holder. The
    /// parent's own addresses count too. [`Host::ensure`](crate::Host::ensure) asks for IPv4
    /// addresses that are missing on a link that is there. See [`Probe`].
    #[doc(alias = "arping -D")]
    pub fn probe(mut self, probe: Probe) -> Self {
        self.probe = Some(probe);
        self
    }

    /// Has the neighbours told where its addresses are now, as soon as each can be used; they are not
    /// told when not given.
    ///
    /// The kernel does it by itself, by `arp_notify` and `ndisc_notify`, which stay set: it does so
    /// again whenever the link comes up or gets another MAC address. What it leaves out (IPv4
    /// addresses that were asked for first, by [`Endpoint::probe`], and IPv6 addresses that are
    /// `nodad`) is announced by a frame of our own. See [`Announce`] for more than one.
    #[doc(alias = "ndisc_notify")]
    pub fn announce(mut self, announce: Announce) -> Self {
        self.announce = Some(announce);
        self
    }

    /// How fast it may send at most; as fast as its parent when not given.
    ///
    /// By the kernel's token bucket filter (`tbf`); a kernel without it refuses with
    /// [`ErrorKind::Unsupported`](crate::ErrorKind::Unsupported), and nothing remains. What it
    /// receives is the senders' business. [`Host::check`](crate::Host::check) does not look at it.
    #[doc(alias = "tc qdisc add tbf")]
    pub fn rate(mut self, egress: Rate) -> Self {
        self.rate = Some(egress);
        self
    }

    /// The name inside.
    pub fn name(&self) -> LinkName {
        self.name
    }

    /// The parent on the host.
    pub fn parent(&self) -> &Parent {
        &self.parent
    }

    /// The options of a macvlan or macvtap; none for a VLAN.
    pub fn get_options(&self) -> Option<&Macvlan> {
        match &self.kind {
            EndpointKind::Macvlan(options) | EndpointKind::Macvtap(options) => Some(options),
            EndpointKind::Vlan(_) => None,
        }
    }

    /// Returns whether attaching it may take longer than the kernel needs: it asks the network for its
    /// addresses, announces them several times, or waits for its MAC address.
    pub fn waits(&self) -> bool {
        self.probe.is_some()
            || self.announce.is_some_and(|announce| announce.is_blocking())
            || !self.mac_patience.is_zero()
    }

    /// Its MAC address, if one was given.
    pub fn get_mac(&self) -> Option<MacAddr> {
        self.mac
    }

    /// How long to try again while somebody else has the MAC address.
    pub fn get_wait_for_mac(&self) -> Duration {
        self.mac_patience
    }

    /// Its MTU in bytes, if one was given.
    pub fn get_mtu(&self) -> Option<u32> {
        self.mtu
    }

    /// Its addresses.
    pub fn get_addresses(&self) -> &[Address] {
        &self.addresses
    }

    /// The gateways of its default routes.
    pub fn get_gateways(&self) -> &[IpAddr] {
        &self.gateways
    }

    /// Whether gateways outside every subnet are taken to be on the link.
    pub fn is_on_link_gateways(&self) -> bool {
        self.on_link_gateways
    }

    /// Returns the metric of the gateways' default routes, if it was said.
    pub fn get_gateway_metric(&self) -> Option<u32> {
        self.gateway_metric
    }

    /// Its routes, without the default routes of its gateways.
    pub fn get_routes(&self) -> &[Route] {
        &self.routes
    }

    /// Whether it is promiscuous.
    pub fn is_promisc(&self) -> bool {
        self.promisc
    }

    /// Returns whether it takes all multicast frames, if that was said.
    pub fn get_allmulticast(&self) -> Option<bool> {
        self.allmulticast
    }

    /// Whether the container's `lo` is set up as well.
    pub fn is_lo_up(&self) -> bool {
        self.lo_up
    }

    /// Whether the container's default routes are replaced.
    pub fn is_replace_default_route(&self) -> bool {
        self.replace_default_route
    }

    /// The table of its source routing.
    pub fn get_source_routing(&self) -> Option<u32> {
        self.source_routing
    }

    /// Its alias.
    pub fn get_alias(&self) -> Option<&str> {
        self.alias.as_deref()
    }

    /// Its further names.
    pub fn get_alternative_names(&self) -> &[String] {
        &self.alternative_names
    }

    /// Its group, if one was given.
    pub fn get_group(&self) -> Option<u32> {
        self.group
    }

    /// Its transmit queue's length in packets, if one was given.
    pub fn get_tx_queue_len(&self) -> Option<u32> {
        self.tx_queue_len
    }

    /// Its numbers of transmit and receive queues, if they were given.
    pub fn get_queues(&self) -> Option<(u32, u32)> {
        self.queues
    }

    /// How its addresses are asked for before they are used.
    pub fn get_probe(&self) -> Option<Probe> {
        self.probe
    }

    /// How the neighbours are told of its addresses.
    pub fn get_announce(&self) -> Option<Announce> {
        self.announce
    }

    /// How fast it may send at most, if that was said.
    pub fn get_rate(&self) -> Option<Rate> {
        self.rate
    }

    /// How its IPv6 link-local address is made, if that was said.
    pub fn get_addr_gen_mode(&self) -> Option<AddrGenMode> {
        self.addr_gen_mode
    }

    /// Returns whether router advertisements are accepted, if that was said.
    pub fn get_accept_ra(&self) -> Option<AcceptRa> {
        self.accept_ra
    }

    /// Returns whether the kernel adds addresses of advertised prefixes, if that was said.
    pub fn get_autoconf(&self) -> Option<bool> {
        self.autoconf
    }

    /// Returns whether the link is without IPv6, if that was said.
    pub fn get_disable_ipv6(&self) -> Option<bool> {
        self.disable_ipv6
    }

    /// Returns the sysctls that were said.
    pub(super) fn ipv6_sysctls(&self) -> impl Iterator<Item = Ipv6Sysctl> {
        (self.accept_ra.map(Ipv6Sysctl::AcceptRa).into_iter())
            .chain(self.autoconf.map(Ipv6Sysctl::Autoconf))
            .chain(self.disable_ipv6.map(Ipv6Sysctl::DisableIpv6))
    }

    pub(crate) fn arp_filter(mut self) -> Self {
        self.arp_filter = true;
        self
    }

    /// Leaves the link down when it is attached: it is to be moved by somebody else, whose move takes it down in any
    /// case.
    #[doc(hidden)] // for the crate of networks
    pub fn left_down(mut self) -> Self {
        self.left_down = true;
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

    /// Whether two endpoints have in common what can only be said when the link is made.
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

    /// The kind of link, with its options.
    pub fn kind(&self) -> &EndpointKind {
        &self.kind
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_mode_leaves_the_other_options_alone() {
        let options = Macvlan::new(Mode::Bridge).bc_queue_len(2000);
        let endpoint = Endpoint::new("eth0", "ens33").unwrap().options(options).unwrap();
        let EndpointKind::Macvlan(private) = endpoint.mode(Mode::Private).unwrap().kind().clone()
        else {
            panic!("the kind has changed");
        };
        assert_eq!(private, Macvlan::new(Mode::Private).bc_queue_len(2000));
    }

    #[test]
    fn an_endpoint_says_whether_attaching_it_waits() {
        let endpoint = || Endpoint::new("eth0", "ens33").unwrap();
        assert!(!endpoint().waits() && !endpoint().announce(Announce::rfc()).waits());
        assert!(endpoint().announce(Announce::rfc().blocking(true)).waits());
        assert!(endpoint().probe(Probe::quick()).waits());
        assert!(endpoint().wait_for_mac(Duration::from_millis(1)).waits());
    }

    #[test]
    fn what_was_told_is_read_back() {
        let endpoint = Endpoint::new("eth0", "ens33.100")
            .unwrap()
            .mtu(1400)
            .address("10.0.0.2/24".parse().unwrap())
            .gateway("10.0.0.1".parse().unwrap())
            .route("10.1.0.0/16 via 10.0.0.3".parse().unwrap())
            .alias("a")
            .queues(2, 3);
        assert_eq!(endpoint.get_options(), Some(&Macvlan::default()));
        assert_eq!(endpoint.get_mtu(), Some(1400));
        assert_eq!(endpoint.get_addresses(), ["10.0.0.2/24".parse().unwrap()]);
        assert_eq!(endpoint.get_gateways(), ["10.0.0.1".parse::<IpAddr>().unwrap()]);
        assert_eq!(endpoint.get_routes(), ["10.1.0.0/16 via 10.0.0.3".parse().unwrap()]);
        assert_eq!(endpoint.get_alias(), Some("a"));
        assert_eq!(endpoint.get_queues(), Some((2, 3)));
        assert!(endpoint.is_lo_up() && !endpoint.is_promisc());
        assert_eq!((endpoint.get_mac(), endpoint.get_group()), (None, None));
    }

    #[test]
    fn a_vlan_has_no_options_of_a_macvlan() {
        let vlan = || Endpoint::vlan("eth0", "ens33", Vlan::new(100).unwrap()).unwrap();
        assert_eq!(vlan().kind().vlan().unwrap().id(), 100);
        let macvlan = Endpoint::new("eth0", "ens33").unwrap();
        assert_eq!(macvlan.kind().macvlan().unwrap(), &Macvlan::default());
        assert!(vlan().kind().macvlan().is_err() && macvlan.kind().vlan().is_err());
        for error in [vlan().mode(Mode::Private), vlan().options(Macvlan::default())] {
            let error = error.unwrap_err();
            assert!(error.is_invalid_value(), "{error}");
            assert!(error.to_string().contains("of kind vlan"), "{error}");
        }
    }
}
