//! `macvlan_network_config`: the configuration of a network.

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

/// The configuration of a network: a value, for macvlan_networks_create(). Freed with
/// macvlan_network_config_free(), unless it is a part of a macvlan_network.
///
/// Threads: concurrent reads are safe; a change needs exclusive access.
pub struct macvlan_network_config {
    _opaque: (),
}
object!(macvlan_network_config, Described);

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
    /// Changes one value, and drops the texts.
    fn change(&mut self, change: impl FnOnce(NetworkConfig) -> NetworkConfig) {
        *self = change(self.config.clone()).into();
    }
}

/// Makes the configuration of a network without a parent, in mode bridge, with a subnet that is
/// chosen unless one is added. The caller frees it with macvlan_network_config_free().
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

/// Makes a copy, which the caller frees with macvlan_network_config_free(); also of a network's
/// configuration.
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

/// Sets the parent, the link on the host that the containers' links are on, "ens33". In VLAN
/// notation it is "ens33.100", which is created for the first container and removed with the last
/// one.
///
/// Without a parent the network is isolated: its containers are on a dummy link of its own, "dm-"
/// and the beginning of its id, and reach only one another, on one host.
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

/// Sets the parent to an object, which is copied and can be a VLAN with another name or with the
/// service tag. Otherwise like macvlan_network_config_set_parent().
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

/// Sets that the containers' interfaces have no addresses from the network, and that no subnet is
/// chosen: they get addresses by DHCP or router advertisements, or have none. The container's own
/// sysctls of IPv6 apply.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn macvlan_network_config_set_without_addresses(
    config: *mut macvlan_network_config,
    error: *mut *mut macvlan_error,
) -> c_int {
    boundary!(error, {
        exclusive!(config).change(NetworkConfig::without_addresses);
    })
}

/// Sets whether an IPv6 subnet is chosen if none is added. Defaults to false.
///
/// It is a /64 of the store's /48 of unique local addresses (RFC 4193) that is not used by another
/// network or by a link or route of this host.
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

/// Sets the macvlan mode. Defaults to MACVLAN_MODE_BRIDGE.
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

/// Adds a subnet of either family, which is copied. A container gets one address of each family,
/// from the first of its subnets that has a free one.
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

/// Sets whether the network is internal: containers get no default route through it. Defaults to
/// false.
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

/// Sets the MTU of the containers' interfaces in bytes. Defaults to the parent's.
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

/// Adds a route that each container gets on its interface: "10.9.0.0/16 via 10.0.10.254 metric 50".
/// One with a gateway in a subnet is only for containers with an address in it. Default routes
/// follow from the gateways.
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

/// Sets the metric of the default routes; routes with a lower one are preferred. Defaults to the
/// kernel's, 0 for IPv4 and 1024 for IPv6.
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

/// Sets whether IPv6 is disabled on the containers' interfaces.
///
/// By default it is disabled if the network has no IPv6 subnet and accepts no router
/// advertisements, and otherwise enabled, even if the container's default is off.
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

/// Sets whether the containers' interfaces accept router advertisements: the values of the sysctl
/// accept_ra, 0 never, 1 unless the interface forwards, 2 always. Defaults to 0.
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

/// Sets whether the container's own sysctls of IPv6 apply, except for those that are set here.
/// Defaults to false.
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

/// Sets whether the containers' interfaces receive all multicast frames. By default they receive
/// those of the groups that are joined on them.
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

/// Sets the order in which free addresses are assigned. Defaults to MACVLAN_ORDER_FIRST.
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

/// Sets the source of a container's MAC address. Defaults to MACVLAN_MAC_FROM_ADDRESS.
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

/// Sets whether an address is probed on the LAN before it is assigned; one that is in use is
/// skipped and recorded as conflicting. Defaults to false.
///
/// Takes a quarter of a second, unless changed by macvlan_networks_set_probe().
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

/// Sets whether the kernel checks IPv6 addresses for duplicates on the LAN, during which they
/// cannot be used for one or two seconds. Defaults to false, like Docker.
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

/// Sets the number of addresses that a host reserves at a time for its containers, if several hosts
/// use one store. Its share of each subnet grows by this number when it has no free one left.
///
/// By default all hosts assign addresses from one pool. A store of a single host does not need it.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn macvlan_network_config_set_block_size(
    config: *mut macvlan_network_config,
    addresses: u32,
    error: *mut *mut macvlan_error,
) -> c_int {
    boundary!(error, {
        exclusive!(config).change(|config| config.block_size(addresses));
    })
}

/// Sets for how many seconds a released address stays reserved for its container, unless no other
/// address is left.
///
/// By default a container that returns gets its address again if it was not leased to another one.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn macvlan_network_config_set_reservation_ttl(
    config: *mut macvlan_network_config,
    seconds: u64,
    error: *mut *mut macvlan_error,
) -> c_int {
    boundary!(error, {
        exclusive!(config).change(|config| config.reservation_ttl(Duration::from_secs(seconds)));
    })
}

/// Adds an option for readers of macvlan_network_inspect(). It has no effect here.
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

/// Adds a label for readers of macvlan_network_inspect(). It has no effect here.
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

/// Frees a configuration. NULL is ignored.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn macvlan_network_config_free(config: *mut macvlan_network_config) {
    // SAFETY: the header requires that no other thread uses it.
    unsafe { free(config) }
}
