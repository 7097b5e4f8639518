//! `macvlan_network_config`: the configuration of a network.

use std::ffi::c_char;
use std::time::Duration;

use macvlan_core::Route;
use macvlan_network::{MacFrom, NetworkConfig, Order};

use crate::base::input::{Input, inputs_at};
use crate::base::kernel::{accept_ra, mode, no};
use crate::base::optional::{Bool, macvlan_opt_bool, macvlan_opt_u32, nonzero};
use crate::base::record::record;
use crate::base::report::Failure;
use crate::base::text::{text_at, texts_at};
use crate::base::view::{Arena, Output};
use crate::network::subnet::{macvlan_pair, macvlan_subnet, pairs, pairs_at};
use crate::value::parent::{macvlan_parent, parent_at};

/// The order in which a network assigns free addresses.
#[repr(C)]
pub enum macvlan_order {
    /// The lowest free address.
    MACVLAN_ORDER_FIRST = 1,
    /// The next free address after the last assigned one, and from the lowest again after the
    /// highest: a released address stays unused for as long as possible.
    MACVLAN_ORDER_NEXT = 2,
    /// A random free address.
    MACVLAN_ORDER_RANDOM = 3,
}

/// The source of a container's MAC address, if none is set.
#[repr(C)]
pub enum macvlan_mac_from {
    /// The container's IPv4 address, like Docker: 02:42: and the four bytes. Without one, as
    /// MACVLAN_MAC_FROM_CONTAINER.
    MACVLAN_MAC_FROM_ADDRESS = 1,
    /// The network and the container's id: it does not change with the address.
    MACVLAN_MAC_FROM_CONTAINER = 2,
}

/// The configuration of a network, for macvlan_networks_create(). All zero but the name: without a
/// parent, in mode bridge, with a subnet that is chosen.
#[derive(Clone, Copy)]
#[repr(C)]
pub struct macvlan_network_config {
    /// The size of the struct.
    pub size: usize,
    /// The network's name.
    pub name: *const c_char,
    /// The parent, the link on the host that the containers' links are on, "ens33". In VLAN
    /// notation it is "ens33.100", which is created for the first container and removed with the
    /// last one.
    ///
    /// Without a parent the network is isolated: its containers are on a dummy link of its own,
    /// "dm-" and the beginning of its id, and reach only one another, on one host.
    pub parent: *const c_char,
    /// The parent with more options, instead of the text.
    pub parent_options: *const macvlan_parent,
    /// The subnets, of either family. A container gets one address of each family, from the first
    /// of its subnets that has a free one.
    pub subnets: *const *const macvlan_subnet,
    /// The number of subnets.
    pub subnet_count: usize,
    /// Routes that each container gets on its interface: "10.9.0.0/16 via 10.0.10.254 metric 50".
    /// One with a gateway in a subnet is only for containers with an address in it. Default routes
    /// follow from the gateways.
    pub routes: *const *const c_char,
    /// The number of routes.
    pub route_count: usize,
    /// Options for readers of macvlan_network_inspect(). They have no effect here.
    pub options: *const macvlan_pair,
    /// The number of options.
    pub option_count: usize,
    /// Labels for readers of macvlan_network_inspect(). They have no effect here.
    pub labels: *const macvlan_pair,
    /// The number of labels.
    pub label_count: usize,
    /// For how many seconds a released address stays reserved for its container, unless no other
    /// address is left. By default a container that returns gets its address again if it was not
    /// leased to another one.
    pub reservation_ttl_s: u64,
    /// The macvlan mode: one of enum macvlan_mode. Defaults to MACVLAN_MODE_BRIDGE.
    pub mode: u32,
    /// The MTU of the containers' interfaces in bytes. Defaults to the parent's.
    pub mtu: u32,
    /// The order in which free addresses are assigned: one of enum macvlan_order. Defaults to
    /// MACVLAN_ORDER_FIRST.
    pub order: u32,
    /// The source of a container's MAC address: one of enum macvlan_mac_from. Defaults to
    /// MACVLAN_MAC_FROM_ADDRESS.
    pub mac_from: u32,
    /// The number of addresses that a host reserves at a time for its containers, if several hosts
    /// use one store. Its share of each subnet grows by this number when it has no free one left.
    /// By default all hosts assign addresses from one pool. A store of a single host does not need
    /// it.
    pub block_size: u32,
    /// The metric of the default routes; routes with a lower one are preferred. Defaults to the
    /// kernel's, 0 for IPv4 and 1024 for IPv6.
    pub metric: macvlan_opt_u32,
    /// Acceptance of router advertisements: the values of the sysctl
    /// accept_ra, 0 never, 1 unless the interface forwards, 2 always. Defaults to 0.
    pub accept_ra: macvlan_opt_u32,
    /// True if IPv6 is disabled on the containers' interfaces. By default it is disabled if the
    /// network has no IPv6 subnet and accepts no router advertisements, and otherwise enabled, even
    /// if the container's default is off.
    pub disable_ipv6: macvlan_opt_bool,
    /// True if the containers' interfaces receive all multicast frames. By default they receive
    /// those of the groups that are joined on them.
    pub allmulticast: macvlan_opt_bool,
    /// True if the containers' interfaces have no addresses from the network, and no subnet is
    /// chosen: they get addresses by DHCP or router advertisements, or have none. The container's
    /// own sysctls of IPv6 apply.
    pub without_addresses: Bool,
    /// True if an IPv6 subnet is chosen if none is given. It is a /64 of the store's /48 of unique
    /// local addresses (RFC 4193) that is not used by another network or by a link or route of this
    /// host.
    pub ipv6: Bool,
    /// True if the network is internal: containers get no default route through it.
    pub internal: Bool,
    /// True if the container's own sysctls of IPv6 apply, except for those that are set here.
    pub leave_ipv6: Bool,
    /// True if an address is probed on the LAN before it is assigned; one that is in use is skipped
    /// and recorded as conflicting. Takes a quarter of a second, unless changed by
    /// macvlan_networks_set_probe().
    pub probe: Bool,
    /// True if the kernel checks IPv6 addresses for duplicates on the LAN, during which they cannot
    /// be used for one or two seconds. Docker does not do this either.
    pub duplicate_detection: Bool,
}
record!(macvlan_network_config);

impl Input for macvlan_network_config {
    type Value = NetworkConfig;

    unsafe fn value(&self, argument: &str) -> Result<NetworkConfig, Failure> {
        let named = |name: &str| format!("{argument}.{name}");
        // SAFETY: guaranteed by the caller.
        let (name, parent, subnets, routes, options, labels) = unsafe {
            (
                text_at(self.name, &named("name"))?,
                parent_at(self.parent, self.parent_options, argument)?,
                inputs_at(self.subnets, self.subnet_count, &named("subnets"))?,
                texts_at(self.routes, self.route_count, &named("routes"))?,
                pairs_at(self.options, self.option_count, &named("options"))?,
                pairs_at(self.labels, self.label_count, &named("labels"))?,
            )
        };
        let mut config = NetworkConfig::new(name)
            .mode(mode(self.mode)?)
            .ipv6(self.ipv6 != 0)
            .internal(self.internal != 0)
            .leave_ipv6(self.leave_ipv6 != 0)
            .probe(self.probe != 0)
            .duplicate_detection(self.duplicate_detection != 0)
            .reservation_ttl(Duration::from_secs(self.reservation_ttl_s));
        if let Some(parent) = parent {
            config = config.parent(parent);
        }
        for subnet in subnets {
            config = config.subnet(subnet);
        }
        for route in routes {
            config = config.route(route.parse::<Route>()?);
        }
        for (key, value) in options {
            config = config.option(key, value);
        }
        for (key, value) in labels {
            config = config.label(key, value);
        }
        if self.without_addresses != 0 {
            config = config.without_addresses();
        }
        if let Some(mtu) = nonzero(self.mtu) {
            config = config.mtu(mtu);
        }
        if let Some(addresses) = nonzero(self.block_size) {
            config = config.block_size(addresses);
        }
        if let Some(number) = nonzero(self.order) {
            let order = Order::ALL.iter().find(|one| **one as u32 == number);
            config = config.order(*order.ok_or_else(|| no(number, "enum macvlan_order"))?);
        }
        if let Some(number) = nonzero(self.mac_from) {
            let from = MacFrom::ALL.iter().find(|one| **one as u32 == number);
            config = config.mac_from(*from.ok_or_else(|| no(number, "enum macvlan_mac_from"))?);
        }
        if let Some(metric) = self.metric.get() {
            config = config.metric(metric);
        }
        if let Some(accept) = self.accept_ra.get() {
            config = config.accept_ra(accept_ra(accept)?);
        }
        if let Some(disable) = self.disable_ipv6.get() {
            config = config.disable_ipv6(disable);
        }
        if let Some(on) = self.allmulticast.get() {
            config = config.allmulticast(on);
        }
        Ok(config)
    }
}

impl Output for NetworkConfig {
    type Record = macvlan_network_config;

    fn record(&self, arena: &mut Arena) -> macvlan_network_config {
        let (subnets, subnet_count) = arena.parts(self.get_subnets());
        let (routes, route_count) = arena.texts(self.get_routes());
        let (options, option_count) = pairs(arena, self.get_options());
        let (labels, label_count) = pairs(arena, self.get_labels());
        macvlan_network_config {
            name: arena.text(self.get_name()),
            parent: arena.text_of(self.get_parent()),
            parent_options: arena.part_of(self.get_parent()),
            subnets,
            subnet_count,
            routes,
            route_count,
            options,
            option_count,
            labels,
            label_count,
            reservation_ttl_s: self.get_reservation_ttl().as_secs(),
            mode: self.get_mode() as u32,
            mtu: self.get_mtu().unwrap_or(0),
            order: self.get_order() as u32,
            mac_from: self.get_mac_from() as u32,
            block_size: self.get_block_size().unwrap_or(0),
            metric: self.get_metric().into(),
            accept_ra: self.get_accept_ra().map(|accept| accept as u32).into(),
            disable_ipv6: self.get_disable_ipv6().into(),
            allmulticast: self.get_allmulticast().into(),
            without_addresses: self.get_without_addresses().into(),
            ipv6: self.get_ipv6().into(),
            internal: self.get_internal().into(),
            leave_ipv6: self.get_leave_ipv6().into(),
            probe: self.get_probe().into(),
            duplicate_detection: self.get_duplicate_detection().into(),
            ..macvlan_network_config::new()
        }
    }
}
