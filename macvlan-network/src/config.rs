//! The configuration of a network.

use std::collections::BTreeMap;
use std::net::IpAddr;
use std::time::Duration;

use ipnet::IpNet;
use macvlan_core::{AcceptRa, IntoParent, Mode, Parent, Route};

use crate::given::Given;
use crate::mac::MacFrom;
use crate::parent_form::is_same;
use crate::pool::Order;
use crate::subnet::Subnet;

/// The configuration of a network, which [`Networks::create`](crate::Networks::create) creates.
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
    /// The parent, or why the value that was given is not one.
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
    pub(crate) block_size: Option<u32>,
    pub(crate) reservation_ttl: Duration,
    pub(crate) options: BTreeMap<String, String>,
    pub(crate) labels: BTreeMap<String, String>,
}

impl NetworkConfig {
    /// Makes a configuration in mode bridge, without a parent and without subnets.
    ///
    /// [`Networks::create`](crate::Networks::create) then chooses an IPv4 subnet.
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
            block_size: None,
            reservation_ttl: Duration::ZERO,
            options: BTreeMap::new(),
            labels: BTreeMap::new(),
        }
    }

    /// Sets the link on the host that the containers' interfaces are created on.
    ///
    /// This is a name such as `"ens33"`, or in VLAN notation `"ens33.100"`. A VLAN is created when
    /// the first container needs it, and removed with the last one.
    ///
    /// Defaults to none. The network is then isolated: its containers are on a dummy link of its
    /// own, named `dm-` and the beginning of the network's id, and reach only one another, on one
    /// host. The dummy link is removed with the last container of a host, and created again with
    /// the next one.
    ///
    /// A [`Parent`] can express more than text: the name of a VLAN, or its protocol. A value that
    /// cannot be a parent is refused when the network is created.
    pub fn parent(mut self, parent: impl IntoParent) -> Self {
        let parent = parent.try_into().map_err(Into::into);
        self.parent = Some(parent.map_err(|error: macvlan_core::Error| error.to_string()));
        self
    }

    /// Sets the macvlan mode. Defaults to [`Mode::Bridge`].
    #[doc(alias = "macvlan_mode")]
    pub fn mode(mut self, mode: Mode) -> Self {
        self.mode = mode;
        self
    }

    /// Adds a subnet, of either family.
    ///
    /// A container gets one address of each family, from the first of its subnets that has a free
    /// one.
    pub fn subnet(mut self, subnet: Subnet) -> Self {
        self.subnets.push(subnet);
        self
    }

    /// Removes the subnets, and undoes [`NetworkConfig::without_addresses`].
    ///
    /// As in a new configuration, a subnet is then chosen, unless others are added.
    pub fn clear_subnets(mut self) -> Self {
        self.subnets.clear();
        self.without_addresses = false;
        self
    }

    /// Leaves the containers' interfaces without addresses, and chooses no subnet.
    ///
    /// The containers get their addresses from outside, by DHCP or router advertisements, or have
    /// none. The container's own IPv6 sysctls apply.
    pub fn without_addresses(mut self) -> Self {
        self.without_addresses = true;
        self
    }

    /// Sets whether an IPv6 subnet is chosen if none is given. Defaults to false.
    ///
    /// The subnet is a /64 of the store's own unique local /48 (RFC 4193) that does not overlap any
    /// network, or any link or route of this host.
    #[doc(alias = "--ipv6")]
    pub fn ipv6(mut self, ipv6: bool) -> Self {
        self.ipv6 = ipv6;
        self
    }

    /// Sets whether the network is internal, without default routes through it. Defaults to false.
    ///
    /// The subnets of an internal network have a gateway only if one is given, so their first
    /// address can be given to a container. When the network is changed to be no longer internal
    /// ([`Network::update`](crate::Network::update)), its subnets get the default gateway; this is
    /// refused if a container has that address.
    pub fn internal(mut self, internal: bool) -> Self {
        self.internal = internal;
        self
    }

    /// Sets the MTU of the containers' interfaces, in bytes. Defaults to the parent's.
    pub fn mtu(mut self, mtu: u32) -> Self {
        self.mtu = Some(mtu);
        self
    }

    /// Adds a route that each container gets: `10.9.0.0/16 via 10.0.10.254 metric 50`.
    ///
    /// If its gateway is in one of the subnets, only the containers with an address in that subnet
    /// get the route, and no container gets the gateway's address. Default routes are refused: they
    /// follow from the subnets' gateways.
    pub fn route(mut self, route: Route) -> Self {
        self.routes.push(route);
        self
    }

    /// Removes the routes.
    pub fn clear_routes(mut self) -> Self {
        self.routes.clear();
        self
    }

    /// Sets the metric of the default routes. Defaults to the kernel's: 0 for IPv4, 1024 for IPv6.
    pub fn metric(mut self, metric: u32) -> Self {
        self.metric = Some(metric);
        self
    }

    /// Sets whether IPv6 is disabled on the containers' interfaces.
    ///
    /// Defaults to true if the network has no IPv6 subnet and accepts no router advertisements.
    /// Otherwise IPv6 is enabled, even if the container's default disables it.
    #[doc(alias = "net.ipv6.conf.LINK.disable_ipv6")]
    pub fn disable_ipv6(mut self, disable: bool) -> Self {
        self.disable_ipv6 = Some(disable);
        self
    }

    /// Sets whether the containers' interfaces accept router advertisements.
    ///
    /// They then get addresses and routes that are not the network's. Defaults to
    /// [`AcceptRa::Never`].
    #[doc(alias = "net.ipv6.conf.LINK.accept_ra")]
    pub fn accept_ra(mut self, accept: AcceptRa) -> Self {
        self.accept_ra = Some(accept);
        self
    }

    /// Sets whether the container's own IPv6 sysctls are left unchanged.
    ///
    /// Those that are set here are still changed.
    ///
    /// Defaults to false.
    pub fn leave_ipv6(mut self, leave: bool) -> Self {
        self.leave_ipv6 = leave;
        self
    }

    /// Sets whether the containers' interfaces receive all multicast frames.
    ///
    /// By default they receive the frames of the groups that are joined on them.
    #[doc(alias = "IFF_ALLMULTI")]
    pub fn allmulticast(mut self, on: bool) -> Self {
        self.allmulticast = Some(on);
        self
    }

    /// Sets the order in which free addresses are given. Defaults to [`Order::First`].
    pub fn order(mut self, order: Order) -> Self {
        self.order = order;
        self
    }

    /// Sets how a container's MAC address is derived. Defaults to [`MacFrom::Address`].
    pub fn mac_from(mut self, from: MacFrom) -> Self {
        self.mac_from = from;
        self
    }

    /// Sets whether an address is probed on the LAN before it is given. Defaults to false.
    ///
    /// An address that another host has is skipped and recorded as conflicting. A probe takes a
    /// quarter of a second, unless the session has another [`AddressProbe`](crate::AddressProbe).
    pub fn probe(mut self, probe: bool) -> Self {
        self.probe = probe;
        self
    }

    /// Sets whether the kernel's IPv6 duplicate address detection is on.
    ///
    /// Defaults to false, as in Docker.
    ///
    /// It takes the kernel one or two seconds, during which the addresses cannot be used.
    pub fn duplicate_detection(mut self, detect: bool) -> Self {
        self.duplicate_detection = detect;
        self
    }

    /// Sets how many addresses a host takes at a time, if many hosts share one store.
    ///
    /// A host's part of each subnet grows by this number whenever it has no free address left. By
    /// default, all hosts take addresses from one common pool. Has no effect in a store for a
    /// single host.
    pub fn block_size(mut self, addresses: u32) -> Self {
        self.block_size = Some(addresses);
        self
    }

    /// Sets how long a released address is kept for its container. Defaults to zero.
    ///
    /// A kept address is given to another container only if no other address is left. With zero, a
    /// container that returns still gets its address back if it is free.
    pub fn reservation_ttl(mut self, ttl: Duration) -> Self {
        self.reservation_ttl = ttl;
        self
    }

    /// Adds an option, which is only shown by [`Network::inspect`](crate::Network::inspect).
    pub fn option(mut self, key: impl Into<String>, value: impl Into<String>) -> Self {
        self.options.insert(key.into(), value.into());
        self
    }

    /// Removes the options.
    pub fn clear_options(mut self) -> Self {
        self.options.clear();
        self
    }

    /// Adds a label, which is only shown by [`Network::inspect`](crate::Network::inspect).
    pub fn label(mut self, key: impl Into<String>, value: impl Into<String>) -> Self {
        self.labels.insert(key.into(), value.into());
        self
    }

    /// Removes the labels.
    pub fn clear_labels(mut self) -> Self {
        self.labels.clear();
        self
    }

    /// Returns the name.
    pub fn get_name(&self) -> &str {
        &self.name
    }

    /// Returns the parent, or `None` for an isolated network.
    pub fn get_parent(&self) -> Option<&Parent> {
        self.parent.as_ref()?.as_ref().ok()
    }

    /// Returns the subnets, with the addresses that each of them gives.
    pub(crate) fn given(&self) -> impl Iterator<Item = Given<'_>> + Clone {
        self.subnets.iter().map(|subnet| Given { subnet, routes: &self.routes })
    }

    /// Returns whether a container can get this address without requesting it.
    ///
    /// It is in the ranges of a subnet, and it is neither excluded, reserved nor the gateway of the
    /// subnet or of a route.
    pub fn gives(&self, address: IpAddr) -> bool {
        self.given().any(|given| given.gives(address))
    }

    fn gateways(&self) -> impl Iterator<Item = IpAddr> {
        let of_routes = self.routes.iter().filter_map(Route::get_gateway);
        self.subnets.iter().filter_map(Subnet::get_gateway).chain(of_routes)
    }

    fn reserved(&self) -> impl Iterator<Item = IpAddr> {
        self.subnets.iter().flat_map(|subnet| subnet.reserved.values().copied())
    }

    /// Returns the single addresses that no container gets without a request: the gateways and the
    /// reserved addresses of all subnets.
    pub(crate) fn kept_back(&self) -> impl Iterator<Item = IpAddr> {
        self.gateways().chain(self.reserved())
    }

    /// Returns whether a container of another network on the same parent may not have an address,
    /// because this one keeps it back.
    ///
    /// An address that both have reserved, such as that of a printer, goes to the container of
    /// either network that asks first.
    pub(crate) fn keeps_back_from(&self, other: &Self, address: IpAddr) -> bool {
        let reserves = |one: &Self| one.reserved().any(|reserved| reserved == address);
        self.gateways().any(|gateway| gateway == address) || reserves(self) && !reserves(other)
    }

    /// Returns an address that one network keeps back, and that the other gives without a request.
    pub(crate) fn kept_clash(&self, other: &Self) -> Option<IpAddr> {
        let kept = |one: &Self, by: &Self| one.kept_back().find(|address| by.gives(*address));
        kept(self, other).or_else(|| kept(other, self))
    }

    /// Returns whether both give the same addresses, by the numbers of the subnets.
    pub(crate) fn gives_as(&self, other: &Self) -> bool {
        let gaps = |given: Given<'_>| (given.subnet.net, given.gaps());
        self.given().map(gaps).eq(other.given().map(gaps))
    }

    /// Returns whether both networks have the same parent, judged by its description.
    #[doc(hidden)]
    pub fn shares_parent(&self, other: &Self) -> bool {
        let parents = self.get_parent().zip(other.get_parent());
        parents.is_some_and(|(ours, theirs)| is_same(ours, theirs))
    }

    /// Returns whether both networks could lease an address on the same parent.
    #[doc(hidden)]
    pub fn clashes_with(&self, other: &Self) -> bool {
        let clash = |ours: Given<'_>| other.given().any(|theirs| ours.clash(&theirs).is_some());
        self.shares_parent(other) && (self.given().any(clash) || self.kept_clash(other).is_some())
    }

    /// Returns the macvlan mode.
    pub fn get_mode(&self) -> Mode {
        self.mode
    }

    /// Returns the subnets.
    pub fn get_subnets(&self) -> &[Subnet] {
        &self.subnets
    }

    /// Returns whether the containers' interfaces are left without addresses.
    pub fn get_without_addresses(&self) -> bool {
        self.without_addresses
    }

    /// Returns whether an IPv6 subnet is chosen if none is given.
    pub fn get_ipv6(&self) -> bool {
        self.ipv6
    }

    /// Returns whether the network is internal.
    pub fn get_internal(&self) -> bool {
        self.internal
    }

    /// Returns the MTU in bytes, if it was set.
    pub fn get_mtu(&self) -> Option<u32> {
        self.mtu
    }

    /// Returns the routes, without the default routes.
    pub fn get_routes(&self) -> &[Route] {
        &self.routes
    }

    /// Returns the metric of the default routes, if it was set.
    pub fn get_metric(&self) -> Option<u32> {
        self.metric
    }

    /// Returns whether IPv6 is disabled on the containers' interfaces, if this was set.
    pub fn get_disable_ipv6(&self) -> Option<bool> {
        self.disable_ipv6
    }

    /// Returns whether the containers' interfaces accept router advertisements, if this was set.
    pub fn get_accept_ra(&self) -> Option<AcceptRa> {
        self.accept_ra
    }

    /// Returns whether the container's own IPv6 sysctls are left unchanged.
    pub fn get_leave_ipv6(&self) -> bool {
        self.leave_ipv6
    }

    /// Returns whether the containers' interfaces receive all multicast frames, if this was set.
    pub fn get_allmulticast(&self) -> Option<bool> {
        self.allmulticast
    }

    /// Returns the order in which free addresses are given.
    pub fn get_order(&self) -> Order {
        self.order
    }

    /// Returns how a container's MAC address is derived.
    pub fn get_mac_from(&self) -> MacFrom {
        self.mac_from
    }

    /// Returns whether an address is probed on the parent's network before it is given.
    pub fn get_probe(&self) -> bool {
        self.probe
    }

    /// Returns whether the kernel's duplicate address detection is on for IPv6.
    pub fn get_duplicate_detection(&self) -> bool {
        self.duplicate_detection
    }

    /// Returns how many addresses a host takes at a time, if this was set.
    pub fn get_block_size(&self) -> Option<u32> {
        self.block_size
    }

    /// Returns how long a released address is kept for its container.
    pub fn get_reservation_ttl(&self) -> Duration {
        self.reservation_ttl
    }

    /// Returns the options.
    pub fn get_options(&self) -> &BTreeMap<String, String> {
        &self.options
    }

    /// Returns the labels.
    pub fn get_labels(&self) -> &BTreeMap<String, String> {
        &self.labels
    }

    /// Returns the configuration that is stored when the network is created or changed.
    pub(crate) fn settled(mut self) -> Self {
        let subnets = self.subnets.into_iter();
        self.subnets = subnets.map(|subnet| subnet.settled(self.internal)).collect();
        self
    }

    /// Returns whether there is a subnet of this family.
    pub(crate) fn has_family(&self, v6: bool) -> bool {
        self.subnets.iter().any(|subnet| subnet.get_net().addr().is_ipv6() == v6)
    }

    /// Returns whether the interfaces have IPv6 disabled; `None` if the container's own sysctl
    /// applies.
    pub(crate) fn is_without_ipv6(&self) -> Option<bool> {
        let wanted =
            self.has_family(true) || self.accept_ra.is_some_and(|ra| ra != AcceptRa::Never);
        let ours = !self.leave_ipv6 && !self.without_addresses;
        self.disable_ipv6.or(ours.then_some(!wanted))
    }

    /// Returns whether the interfaces accept router advertisements; `None` if the container's own
    /// sysctl applies.
    pub(crate) fn accepts_ra(&self) -> Option<AcceptRa> {
        let by_itself = !self.leave_ipv6 && self.is_without_ipv6() == Some(false);
        self.accept_ra.or(by_itself.then_some(AcceptRa::Never))
    }

    /// Returns whether a container with these addresses gets a route, because it can reach the
    /// gateway.
    pub(crate) fn reaches(route: &Route, addresses: &[IpNet]) -> bool {
        match route.get_gateway() {
            Some(IpAddr::V6(gateway)) if gateway.is_unicast_link_local() => true,
            Some(gateway) => {
                route.get_on_link() || addresses.iter().any(|net| net.contains(&gateway))
            }
            None => true,
        }
    }
}
