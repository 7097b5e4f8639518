//! `macvlan_network_config`: what a network should be.

use std::ffi::{c_char, c_int};
use std::time::Duration;

use macvlan_core::{Parent, Route};
use macvlan_network::{MacFrom, NetworkConfig, Order};

use crate::base::boundary::{boundary, free};
use crate::base::kernel::{EnumMacFrom, EnumMode, EnumOrder, accept_ra, no};
use crate::base::object::{Tagged, exclusive, give, object, out, parts, shared};
use crate::base::report::macvlan_error;
use crate::base::text::{self, text};
use crate::network::subnet::{self, macvlan_subnet};
use crate::value::parent::macvlan_parent;

/// What a network should be: a value, as an endpoint is one. macvlan_networks_create() makes it so.
/// Freed with macvlan_network_config_free(), unless it is a part of a macvlan_network.
///
/// Threads: concurrent reads are safe; a change needs exclusive access.
pub struct macvlan_network_config {
    _opaque: (),
}
object!(macvlan_network_config, Described);

/// Which free address a network gives next.
#[repr(C)]
pub enum macvlan_order {
    /// The lowest that is free.
    MACVLAN_ORDER_FIRST = 1,
    /// The next after the one that was given last, and the lowest again after the highest: an address
    /// that was given back rests as long as it can.
    MACVLAN_ORDER_NEXT = 2,
    /// Any, by chance.
    MACVLAN_ORDER_RANDOM = 3,
}

/// What a container's MAC address follows from, when it is given none.
#[repr(C)]
pub enum macvlan_mac_from {
    /// Its IPv4 address, as Docker has it: 02:42: and the four bytes. Without one, as
    /// MACVLAN_MAC_FROM_CONTAINER.
    MACVLAN_MAC_FROM_ADDRESS = 1,
    /// The network and the container's id: it stays when the address changes.
    MACVLAN_MAC_FROM_CONTAINER = 2,
}

pub(crate) struct Described {
    pub(crate) config: NetworkConfig,
    pub(crate) subnets: Vec<Tagged<subnet::Described>>,
    pub(crate) texts: Texts,
}

/// Made at the first request.
#[derive(Default)]
pub(crate) struct Texts {
    pub(crate) name: text::Text,
    pub(crate) parent: text::Text,
    pub(crate) routes: text::Texts,
    pub(crate) option_keys: text::Texts,
    pub(crate) option_values: text::Texts,
    pub(crate) label_keys: text::Texts,
    pub(crate) label_values: text::Texts,
}

impl From<NetworkConfig> for Described {
    fn from(config: NetworkConfig) -> Self {
        let subnets = config.get_subnets().iter().cloned().map(subnet::Described::from);
        let subnets = parts::<macvlan_subnet>(subnets);
        Self { config, subnets, texts: Texts::default() }
    }
}

impl Described {
    /// Changes it in one point; what was given of it is not valid any more.
    fn change(&mut self, change: impl FnOnce(NetworkConfig) -> NetworkConfig) {
        *self = change(self.config.clone()).into();
    }
}

/// A network without a parent, in mode bridge, whose subnet is chosen unless it is given one.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn macvlan_network_config_new(
    name: *const c_char,
    config: *mut *mut macvlan_network_config,
    error: *mut *mut macvlan_error,
) -> c_int {
    boundary!(error, {
        let config = out!(config);
        give(config, NetworkConfig::new(text!(name)).into());
    })
}

/// Makes a copy, to be changed by itself; also of a network's.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn macvlan_network_config_clone(
    config: *const macvlan_network_config,
    clone: *mut *mut macvlan_network_config,
    error: *mut *mut macvlan_error,
) -> c_int {
    boundary!(error, {
        let clone = out!(clone);
        give(clone, shared!(config).config.clone().into());
    })
}

/// Sets the link on the host that its containers hang on: "ens33", or in VLAN notation "ens33.100",
/// which is made when the first container needs it and removed with the last.
///
/// Without a parent the network is isolated: its containers hang on a dummy link of its own, "dm-"
/// and the beginning of its id, and reach one another on one host and nobody else.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn macvlan_network_config_set_parent(
    config: *mut macvlan_network_config,
    parent: *const c_char,
    error: *mut *mut macvlan_error,
) -> c_int {
    boundary!(error, {
        let parent: Parent = text!(parent).parse()?;
        exclusive!(config).change(|config| config.parent(parent));
    })
}

/// Sets the link on the host that its containers hang on, which is copied, where text does not say all: a VLAN
/// under a name of its own, or with the service tag.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn macvlan_network_config_set_parent_object(
    config: *mut macvlan_network_config,
    parent: *const macvlan_parent,
    error: *mut *mut macvlan_error,
) -> c_int {
    boundary!(error, {
        let parent: &Parent = &shared!(parent).parent;
        exclusive!(config).change(|config| config.parent(parent));
    })
}

/// Gives its containers interfaces without addresses, and no subnet is chosen for it: they get their addresses
/// from outside, by DHCP or router advertisements, or have none. The container's own sysctls of IPv6 hold.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn macvlan_network_config_set_without_addresses(
    config: *mut macvlan_network_config,
    error: *mut *mut macvlan_error,
) -> c_int {
    boundary!(error, {
        exclusive!(config).change(NetworkConfig::without_addresses);
    })
}

/// Sets whether an IPv6 subnet is chosen for it if it has none: a /64 of the store's own /48 of unique local
/// addresses (RFC 4193) that no network and no link or route of this host has. Defaults to false.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn macvlan_network_config_set_ipv6(
    config: *mut macvlan_network_config,
    ipv6: bool,
    error: *mut *mut macvlan_error,
) -> c_int {
    boundary!(error, {
        exclusive!(config).change(|config| config.ipv6(ipv6));
    })
}

/// Who its containers may talk to. Defaults to MACVLAN_MODE_BRIDGE.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn macvlan_network_config_set_mode(
    config: *mut macvlan_network_config,
    mode: EnumMode,
    error: *mut *mut macvlan_error,
) -> c_int {
    boundary!(error, {
        let described = exclusive!(config);
        let mode = crate::base::kernel::mode(mode)?;
        described.change(|config| config.mode(mode));
    })
}

/// Adds a further subnet, of either family, which is copied. A container gets one address of each
/// family, from the first of its subnets that has one left.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn macvlan_network_config_add_subnet(
    config: *mut macvlan_network_config,
    subnet: *const macvlan_subnet,
    error: *mut *mut macvlan_error,
) -> c_int {
    boundary!(error, {
        let subnet = shared!(subnet).subnet.clone();
        exclusive!(config).change(|config| config.subnet(subnet));
    })
}

/// Sets whether no container gets a default route through it. Defaults to false.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn macvlan_network_config_set_internal(
    config: *mut macvlan_network_config,
    internal: bool,
    error: *mut *mut macvlan_error,
) -> c_int {
    boundary!(error, {
        exclusive!(config).change(|config| config.internal(internal));
    })
}

/// Sets the MTU of its containers' interfaces. Defaults to the parent's.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn macvlan_network_config_set_mtu(
    config: *mut macvlan_network_config,
    mtu: u32,
    error: *mut *mut macvlan_error,
) -> c_int {
    boundary!(error, {
        exclusive!(config).change(|config| config.mtu(mtu));
    })
}

/// Adds a route that each container gets on its interface: "10.9.0.0/16 via 10.0.10.254 metric 50". One with a
/// gateway in a subnet is for the containers that have an address there. Default routes are the gateways'.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn macvlan_network_config_add_route(
    config: *mut macvlan_network_config,
    route: *const c_char,
    error: *mut *mut macvlan_error,
) -> c_int {
    boundary!(error, {
        let route: Route = text!(route).parse()?;
        exclusive!(config).change(|config| config.route(route));
    })
}

/// Sets the metric of its default routes. Defaults to the kernel's, 0 for IPv4 and 1024 for IPv6.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn macvlan_network_config_set_metric(
    config: *mut macvlan_network_config,
    metric: u32,
    error: *mut *mut macvlan_error,
) -> c_int {
    boundary!(error, {
        exclusive!(config).change(|config| config.metric(metric));
    })
}

/// Sets whether its containers' interfaces are without IPv6. Defaults to whether it has no IPv6 subnet and
/// accepts no router advertisements; with one, IPv6 is on where the container's default is off, too.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn macvlan_network_config_set_disable_ipv6(
    config: *mut macvlan_network_config,
    disable: bool,
    error: *mut *mut macvlan_error,
) -> c_int {
    boundary!(error, {
        exclusive!(config).change(|config| config.disable_ipv6(disable));
    })
}

/// Sets whether its containers' interfaces accept router advertisements: the values of the sysctl accept_ra, 0
/// for never, 1 unless the interface forwards, 2 always. Defaults to 0.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn macvlan_network_config_set_accept_ra(
    config: *mut macvlan_network_config,
    accept: c_int,
    error: *mut *mut macvlan_error,
) -> c_int {
    boundary!(error, {
        let (described, accept) = (exclusive!(config), accept_ra(accept)?);
        described.change(|config| config.accept_ra(accept));
    })
}

/// Sets whether the container's own sysctls of IPv6 hold, but for those that were set. Defaults to false.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn macvlan_network_config_set_leave_ipv6(
    config: *mut macvlan_network_config,
    leave: bool,
    error: *mut *mut macvlan_error,
) -> c_int {
    boundary!(error, {
        exclusive!(config).change(|config| config.leave_ipv6(leave));
    })
}

/// Sets whether its containers' interfaces take all multicast frames. Defaults to those of the groups that are
/// joined on them.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn macvlan_network_config_set_allmulticast(
    config: *mut macvlan_network_config,
    on: bool,
    error: *mut *mut macvlan_error,
) -> c_int {
    boundary!(error, {
        exclusive!(config).change(|config| config.allmulticast(on));
    })
}

/// Which free address is given next. Defaults to MACVLAN_ORDER_FIRST.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn macvlan_network_config_set_order(
    config: *mut macvlan_network_config,
    order: EnumOrder,
    error: *mut *mut macvlan_error,
) -> c_int {
    boundary!(error, {
        let described = exclusive!(config);
        let found = Order::ALL.iter().find(|one| **one as u32 == order);
        let found = found.ok_or_else(|| no(order, "enum macvlan_order"))?;
        described.change(|config| config.order(*found));
    })
}

/// What a container's MAC address follows from. Defaults to MACVLAN_MAC_FROM_ADDRESS.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn macvlan_network_config_set_mac_from(
    config: *mut macvlan_network_config,
    from: EnumMacFrom,
    error: *mut *mut macvlan_error,
) -> c_int {
    boundary!(error, {
        let described = exclusive!(config);
        let found = MacFrom::ALL.iter().find(|one| **one as u32 == from);
        let found = found.ok_or_else(|| no(from, "enum macvlan_mac_from"))?;
        described.change(|config| config.mac_from(*found));
    })
}

/// Sets whether an address is looked for on the wire before it is given, so that one that somebody
/// else has is skipped, and remembered as foreign. Defaults to false. Takes a quarter of a second,
/// unless macvlan_networks_set_probe() says otherwise.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn macvlan_network_config_set_probe(
    config: *mut macvlan_network_config,
    probe: bool,
    error: *mut *mut macvlan_error,
) -> c_int {
    boundary!(error, {
        exclusive!(config).change(|config| config.probe(probe));
    })
}

/// Sets whether the kernel checks IPv6 addresses on the wire, which takes it a second or two in
/// which they cannot be used; no when not set, as Docker has it.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn macvlan_network_config_set_duplicate_detection(
    config: *mut macvlan_network_config,
    detect: bool,
    error: *mut *mut macvlan_error,
) -> c_int {
    boundary!(error, {
        exclusive!(config).change(|config| config.duplicate_detection(detect));
    })
}

/// How many addresses a host takes at a time for its containers, where many hosts have one store: its
/// share of each subnet grows by so many when it has none left. When not set, all hosts give from one
/// pool. A store of a single host has no use for it.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn macvlan_network_config_set_share(
    config: *mut macvlan_network_config,
    addresses: u32,
    error: *mut *mut macvlan_error,
) -> c_int {
    boundary!(error, {
        exclusive!(config).change(|config| config.share(addresses));
    })
}

/// How many seconds an address that is given back stays its container's, and is given to no other
/// unless nothing else is left. When not set, a container that returns gets its address again if
/// nobody else got it meanwhile.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn macvlan_network_config_set_keep(
    config: *mut macvlan_network_config,
    seconds: u64,
    error: *mut *mut macvlan_error,
) -> c_int {
    boundary!(error, {
        exclusive!(config).change(|config| config.keep(Duration::from_secs(seconds)));
    })
}

/// Adds a further option, for whoever reads it with macvlan_network_inspect(); it means nothing
/// here.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn macvlan_network_config_add_option(
    config: *mut macvlan_network_config,
    key: *const c_char,
    value: *const c_char,
    error: *mut *mut macvlan_error,
) -> c_int {
    boundary!(error, {
        let (key, value) = (text!(key), text!(value));
        exclusive!(config).change(|config| config.option(key, value));
    })
}

/// Adds a further label, likewise.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn macvlan_network_config_add_label(
    config: *mut macvlan_network_config,
    key: *const c_char,
    value: *const c_char,
    error: *mut *mut macvlan_error,
) -> c_int {
    boundary!(error, {
        let (key, value) = (text!(key), text!(value));
        exclusive!(config).change(|config| config.label(key, value));
    })
}

/// Frees a description of a network. NULL is ignored.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn macvlan_network_config_free(config: *mut macvlan_network_config) {
    // SAFETY: the header requires that no other thread uses it.
    unsafe { free(config) }
}
