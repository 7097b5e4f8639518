//! What a network should be: a value, as an endpoint is one.

use std::collections::BTreeMap;
use std::net::IpAddr;
use std::time::Duration;

use ipnet::IpNet;
use macvlan_core::{AcceptRa, IntoParent, Mode, Parent, Route};

use crate::mac::MacFrom;
use crate::pool::Order;
use crate::subnet::Subnet;

/// What a network should be; [`Networks::create`](crate::Networks::create) makes it so.
///
/// ```
/// use macvlan_network::{NetworkConfig, Subnet};
/// let vlan10 = NetworkConfig::new("vlan10")
///     .parent("ens33.10")
///     .subnet(Subnet::new("10.0.10.0/24")?)
///     .subnet(Subnet::new("fd00:10::/64")?);
/// # let _ = vlan10;
/// # Ok::<(), macvlan_network::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
#[must_use]
#[allow(clippy::struct_excessive_bools)] // independent switches, not a state machine
pub struct NetworkConfig {
    pub(crate) name: String,
    /// What was said and is none: why not.
    pub(crate) parent: Option<std::result::Result<Parent, String>>,
    pub(crate) mode: Mode,
    pub(crate) subnets: Vec<Subnet>,
    pub(crate) without_addresses: bool,
    pub(crate) ipv6: bool,
    pub(crate) internal: bool,
    pub(crate) mtu: Option<u32>,
    pub(crate) routes: Vec<Route>,
    pub(crate) metric: Option<u32>,
    pub(crate) disable_ipv6: Option<bool>,
    pub(crate) accept_ra: Option<AcceptRa>,
    pub(crate) leave_ipv6: bool,
    pub(crate) allmulticast: Option<bool>,
    pub(crate) order: Order,
    pub(crate) mac_from: MacFrom,
    pub(crate) probe: bool,
    pub(crate) duplicate_detection: bool,
    pub(crate) share: Option<u32>,
    pub(crate) keep: Duration,
    pub(crate) options: BTreeMap<String, String>,
    pub(crate) labels: BTreeMap<String, String>,
}

impl NetworkConfig {
    /// A network without a parent, in mode bridge, whose subnet is chosen unless it is given one.
    pub fn new(name: impl Into<String>) -> Self {
        Self {
            name: name.into(),
            parent: None,
            mode: Mode::Bridge,
            subnets: Vec::new(),
            without_addresses: false,
            ipv6: false,
            internal: false,
            mtu: None,
            routes: Vec::new(),
            metric: None,
            disable_ipv6: None,
            accept_ra: None,
            leave_ipv6: false,
            allmulticast: None,
            order: Order::First,
            mac_from: MacFrom::Address,
            probe: false,
            duplicate_detection: false,
            share: None,
            keep: Duration::ZERO,
            options: BTreeMap::new(),
            labels: BTreeMap::new(),
        }
    }

    /// The link on the host that its containers hang on: `"ens33"`, or in VLAN notation
    /// `"ens33.100"`, which is made when the first container needs it and removed with the last.
    ///
    /// Without a parent the network is isolated: its containers hang on a dummy link of its own,
    /// `dm-` and the beginning of its id, which goes with the last container of a host and comes again with the
    /// next, and reach one another on one host and nobody else.
    ///
    /// A [`Parent`] can say what text cannot: a VLAN's own name, or its protocol. What can be no parent is
    /// refused when the network is created.
    pub fn parent(mut self, parent: impl IntoParent) -> Self {
        let parent = parent.try_into().map_err(Into::into);
        self.parent = Some(parent.map_err(|error: macvlan_core::Error| error.to_string()));
        self
    }

    /// Who its containers may talk to; [`Mode::Bridge`] when not given.
    #[doc(alias = "macvlan_mode")]
    pub fn mode(mut self, mode: Mode) -> Self {
        self.mode = mode;
        self
    }

    /// One more subnet, of either family. A container gets one address of each family, from the
    /// first of its subnets that has one left.
    pub fn subnet(mut self, subnet: Subnet) -> Self {
        self.subnets.push(subnet);
        self
    }

    /// Gives its containers interfaces without addresses, and no subnet is chosen for it: they get their
    /// addresses from outside, by DHCP or router advertisements, or have none. The container's own sysctls
    /// of IPv6 hold.
    pub fn without_addresses(mut self) -> Self {
        self.without_addresses = true;
        self
    }

    /// Sets whether an IPv6 subnet is chosen for it if it has none: a /64 of the store's own /48 of unique
    /// local addresses (RFC 4193) that no network and no link or route of this host has. Defaults to false.
    #[doc(alias = "--ipv6")]
    pub fn ipv6(mut self, ipv6: bool) -> Self {
        self.ipv6 = ipv6;
        self
    }

    /// Whether no container gets a default route through it; no when not given. Then no subnet has a
    /// gateway unless it is given one, and its first address is a container's. A network that is internal no
    /// more ([`Network::update`](crate::Network::update)) has such a gateway, if no container has the address.
    pub fn internal(mut self, internal: bool) -> Self {
        self.internal = internal;
        self
    }

    /// The MTU of its containers' interfaces; the parent's when not given.
    pub fn mtu(mut self, mtu: u32) -> Self {
        self.mtu = Some(mtu);
        self
    }

    /// Adds a route that each container gets on its interface: `10.9.0.0/16 via 10.0.10.254 metric 50`.
    ///
    /// One with a gateway in a subnet is for the containers that have an address there. Default routes are
    /// the gateways'.
    pub fn route(mut self, route: Route) -> Self {
        self.routes.push(route);
        self
    }

    /// Sets the metric of its default routes. Defaults to the kernel's, 0 for IPv4 and 1024 for IPv6.
    pub fn metric(mut self, metric: u32) -> Self {
        self.metric = Some(metric);
        self
    }

    /// Sets whether its containers' interfaces are without IPv6. Defaults to whether it has no IPv6 subnet
    /// and accepts no router advertisements; with one, IPv6 is on where the container's default is off, too.
    #[doc(alias = "net.ipv6.conf.LINK.disable_ipv6")]
    pub fn disable_ipv6(mut self, disable: bool) -> Self {
        self.disable_ipv6 = Some(disable);
        self
    }

    /// Sets whether its containers' interfaces accept router advertisements, and with them addresses and
    /// routes that the network does not give. Defaults to [`AcceptRa::Never`].
    #[doc(alias = "net.ipv6.conf.LINK.accept_ra")]
    pub fn accept_ra(mut self, accept: AcceptRa) -> Self {
        self.accept_ra = Some(accept);
        self
    }

    /// Sets whether the container's own sysctls of IPv6 hold, but for those that were said. Defaults to
    /// false.
    pub fn leave_ipv6(mut self, leave: bool) -> Self {
        self.leave_ipv6 = leave;
        self
    }

    /// Sets whether its containers' interfaces take all multicast frames. Defaults to those of the groups
    /// that are joined on them.
    #[doc(alias = "IFF_ALLMULTI")]
    pub fn allmulticast(mut self, on: bool) -> Self {
        self.allmulticast = Some(on);
        self
    }

    /// Which free address is given next; the lowest when not said.
    pub fn order(mut self, order: Order) -> Self {
        self.order = order;
        self
    }

    /// What a container's MAC address follows from.
    pub fn mac_from(mut self, from: MacFrom) -> Self {
        self.mac_from = from;
        self
    }

    /// Whether an address is looked for on the wire before it is given, so that one that somebody
    /// else has is skipped, and remembered as foreign; no when not said. Takes a quarter of a second,
    /// unless the session has another [`Probe`](crate::Probe).
    pub fn probe(mut self, probe: bool) -> Self {
        self.probe = probe;
        self
    }

    /// Whether the kernel checks IPv6 addresses on the wire, which takes it a second or two in which
    /// they cannot be used; no when not said, as Docker has it.
    pub fn duplicate_detection(mut self, detect: bool) -> Self {
        self.duplicate_detection = detect;
        self
    }

    /// How many addresses a host takes at a time for its containers, where many hosts have one
    /// store: its share of each subnet grows by so many when it has none left. When not given, all
    /// hosts give from one pool. A store of a single host has no use for it.
    pub fn share(mut self, addresses: u32) -> Self {
        self.share = Some(addresses);
        self
    }

    /// How long an address that is given back stays its container's, and is given to no other unless
    /// nothing else is left. When not given, a container that returns gets its address again if
    /// nobody else got it meanwhile.
    pub fn keep(mut self, keep: Duration) -> Self {
        self.keep = keep;
        self
    }

    /// One more option, for whoever reads it with `inspect`; it means nothing here.
    pub fn option(mut self, key: impl Into<String>, value: impl Into<String>) -> Self {
        self.options.insert(key.into(), value.into());
        self
    }

    /// One more label, likewise.
    pub fn label(mut self, key: impl Into<String>, value: impl Into<String>) -> Self {
        self.labels.insert(key.into(), value.into());
        self
    }

    /// Its name.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Its parent, if it has one.
    pub fn get_parent(&self) -> Option<&Parent> {
        self.parent.as_ref()?.as_ref().ok()
    }

    /// Its mode.
    pub fn get_mode(&self) -> Mode {
        self.mode
    }

    /// Its subnets.
    pub fn get_subnets(&self) -> &[Subnet] {
        &self.subnets
    }

    /// Returns whether its containers' interfaces have no addresses of the network's.
    pub fn is_without_addresses(&self) -> bool {
        self.without_addresses
    }

    /// Returns whether an IPv6 subnet is chosen for it if it has none.
    pub fn is_ipv6(&self) -> bool {
        self.ipv6
    }

    /// Whether no container gets a default route through it.
    pub fn is_internal(&self) -> bool {
        self.internal
    }

    /// The MTU that was given.
    pub fn get_mtu(&self) -> Option<u32> {
        self.mtu
    }

    /// Returns its routes, without the default routes of its gateways.
    pub fn get_routes(&self) -> &[Route] {
        &self.routes
    }

    /// Returns the metric of its default routes, if it was said.
    pub fn get_metric(&self) -> Option<u32> {
        self.metric
    }

    /// Returns whether its containers' interfaces are without IPv6, if that was said.
    pub fn get_disable_ipv6(&self) -> Option<bool> {
        self.disable_ipv6
    }

    /// Returns whether its containers' interfaces accept router advertisements, if that was said.
    pub fn get_accept_ra(&self) -> Option<AcceptRa> {
        self.accept_ra
    }

    /// Returns whether the container's own sysctls of IPv6 hold, but for those that were said.
    pub fn is_leave_ipv6(&self) -> bool {
        self.leave_ipv6
    }

    /// Returns whether its containers' interfaces take all multicast frames, if that was said.
    pub fn get_allmulticast(&self) -> Option<bool> {
        self.allmulticast
    }

    /// Which free address is given next.
    pub fn get_order(&self) -> Order {
        self.order
    }

    /// What a container's MAC address follows from.
    pub fn get_mac_from(&self) -> MacFrom {
        self.mac_from
    }

    /// Whether an address is looked for on the wire before it is given.
    pub fn is_probe(&self) -> bool {
        self.probe
    }

    /// Whether the kernel checks IPv6 addresses on the wire.
    pub fn is_duplicate_detection(&self) -> bool {
        self.duplicate_detection
    }

    /// How many addresses a host takes at a time, if that was said.
    pub fn get_share(&self) -> Option<u32> {
        self.share
    }

    /// How long an address that is given back stays its container's.
    pub fn get_keep(&self) -> Duration {
        self.keep
    }

    /// Its options.
    pub fn get_options(&self) -> &BTreeMap<String, String> {
        &self.options
    }

    /// Its labels.
    pub fn get_labels(&self) -> &BTreeMap<String, String> {
        &self.labels
    }

    /// What it is created as, or changed to.
    pub(crate) fn settled(mut self) -> Self {
        let subnets = self.subnets.into_iter();
        self.subnets = subnets.map(|subnet| subnet.settled(self.internal)).collect();
        self
    }

    /// Whether it has a subnet of this family.
    pub(crate) fn has_family(&self, v6: bool) -> bool {
        self.subnets.iter().any(|subnet| subnet.net().addr().is_ipv6() == v6)
    }

    /// Whether its containers' interfaces are to be without IPv6; none where that is the container's matter.
    pub(crate) fn is_without_ipv6(&self) -> Option<bool> {
        let wanted =
            self.has_family(true) || self.accept_ra.is_some_and(|ra| ra != AcceptRa::Never);
        let ours = !self.leave_ipv6 && !self.without_addresses;
        self.disable_ipv6.or(ours.then_some(!wanted))
    }

    /// Whether they are to accept router advertisements; none likewise.
    pub(crate) fn accepts_ra(&self) -> Option<AcceptRa> {
        let by_itself = !self.leave_ipv6 && self.is_without_ipv6() == Some(false);
        self.accept_ra.or(by_itself.then_some(AcceptRa::Never))
    }

    /// Whether a container with these addresses gets a route: it can reach the gateway.
    pub(crate) fn reaches(route: &Route, addresses: &[IpNet]) -> bool {
        match route.get_gateway() {
            Some(IpAddr::V6(gateway)) if gateway.is_unicast_link_local() => true,
            Some(gateway) => {
                route.is_on_link() || addresses.iter().any(|net| net.contains(&gateway))
            }
            None => true,
        }
    }
}
