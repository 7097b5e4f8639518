//! The getters of `macvlan_network_config`.

use std::ffi::{c_char, c_int};
use std::ptr::null;

use crate::base::boundary::{answer, boundary};
use crate::base::object::{give, nth, out, shared};
use crate::base::report::macvlan_error;
use crate::network::config::macvlan_network_config;
use crate::network::subnet::macvlan_subnet;
use crate::value::parent::macvlan_parent;

/// Returns the network's name. This and all other texts, and the subnets, belong to the object,
/// until it is changed or freed. NULL if the object is invalid.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn macvlan_network_config_name(
    config: *const macvlan_network_config,
) -> *const c_char {
    answer(null(), || {
        let described = shared!(config);
        Ok(described.texts.name.of(described.config.get_name()))
    })
}

/// Returns the parent; NULL if there is none.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn macvlan_network_config_parent(
    config: *const macvlan_network_config,
) -> *const c_char {
    answer(null(), || {
        let described = shared!(config);
        Ok(described.texts.parent.of_some(described.config.get_parent()))
    })
}

/// Makes a copy of the parent, which the caller frees with macvlan_parent_free(). NULL without an
/// error if there is none.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn macvlan_network_config_parent_object(
    config: *const macvlan_network_config,
    parent: *mut *mut macvlan_parent,
    error: *mut *mut macvlan_error,
) -> c_int {
    boundary!(error, {
        let parent = out!(parent);
        if let Some(own) = shared!(config).config.get_parent() {
            give(parent, own.clone().into());
        }
    })
}

/// Returns whether the containers' interfaces have no addresses from the network.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn macvlan_network_config_is_without_addresses(
    config: *const macvlan_network_config,
) -> bool {
    answer(false, || Ok(shared!(config).config.get_without_addresses()))
}

/// Returns whether an IPv6 subnet is chosen if none is added.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn macvlan_network_config_is_ipv6(
    config: *const macvlan_network_config,
) -> bool {
    answer(false, || Ok(shared!(config).config.get_ipv6()))
}

/// Returns the mode: one of enum macvlan_mode; 0 if the object is invalid.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn macvlan_network_config_mode(config: *const macvlan_network_config) -> u32 {
    answer(0, || Ok(shared!(config).config.get_mode() as u32))
}

/// Returns the number of subnets. A chosen one is only in the network's own configuration.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn macvlan_network_config_subnet_count(
    config: *const macvlan_network_config,
) -> usize {
    answer(0, || Ok(shared!(config).subnets.len()))
}

/// Returns one of the subnets, counted from 0. NULL past the end.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn macvlan_network_config_subnet(
    config: *const macvlan_network_config,
    index: usize,
) -> *const macvlan_subnet {
    answer(null(), || Ok(nth(&shared!(config).subnets, index)))
}

/// Returns whether containers get no default route through the network.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn macvlan_network_config_is_internal(
    config: *const macvlan_network_config,
) -> bool {
    answer(false, || Ok(shared!(config).config.get_internal()))
}

/// Returns the MTU of the containers' interfaces in bytes; 0 if it was not set.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn macvlan_network_config_mtu(config: *const macvlan_network_config) -> u32 {
    answer(0, || Ok(shared!(config).config.get_mtu().unwrap_or(0)))
}

/// Returns the number of routes, without the gateways' default routes.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn macvlan_network_config_route_count(
    config: *const macvlan_network_config,
) -> usize {
    answer(0, || Ok(shared!(config).config.get_routes().len()))
}

/// Returns one of the routes, counted from 0. NULL past the end.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn macvlan_network_config_route(
    config: *const macvlan_network_config,
    index: usize,
) -> *const c_char {
    answer(null(), || {
        let described = shared!(config);
        Ok(described.texts.routes.of(described.config.get_routes(), index))
    })
}

/// Writes the metric of the default routes, and returns whether it was set.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn macvlan_network_config_metric(
    config: *const macvlan_network_config,
    metric: *mut u32,
) -> bool {
    answer(false, || {
        let metric = out!(metric = 0);
        let own = shared!(config).config.get_metric();
        *metric = own.unwrap_or(0);
        Ok(own.is_some())
    })
}

/// Returns whether IPv6 is disabled on the containers' interfaces, 0 or 1; -1 if it was not set.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn macvlan_network_config_disable_ipv6(
    config: *const macvlan_network_config,
) -> c_int {
    answer(-1, || Ok(shared!(config).config.get_disable_ipv6().map_or(-1, c_int::from)))
}

/// Returns whether the containers' interfaces accept router advertisements, a value of the sysctl
/// accept_ra; -1 if it was not set.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn macvlan_network_config_accept_ra(
    config: *const macvlan_network_config,
) -> c_int {
    answer(-1, || Ok(shared!(config).config.get_accept_ra().map_or(-1, |accept| accept as c_int)))
}

/// Returns whether the container's own sysctls of IPv6 apply, except for those that were set.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn macvlan_network_config_is_leave_ipv6(
    config: *const macvlan_network_config,
) -> bool {
    answer(false, || Ok(shared!(config).config.get_leave_ipv6()))
}

/// Returns whether the containers' interfaces receive all multicast frames, 0 or 1; -1 if it was
/// not set.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn macvlan_network_config_allmulticast(
    config: *const macvlan_network_config,
) -> c_int {
    answer(-1, || Ok(shared!(config).config.get_allmulticast().map_or(-1, c_int::from)))
}

/// Returns the order in which free addresses are assigned: one of enum macvlan_order; 0 if the
/// object is invalid.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn macvlan_network_config_order(
    config: *const macvlan_network_config,
) -> u32 {
    answer(0, || Ok(shared!(config).config.get_order() as u32))
}

/// Returns the source of a container's MAC address: one of enum macvlan_mac_from; 0 if the object
/// is invalid.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn macvlan_network_config_mac_from(
    config: *const macvlan_network_config,
) -> u32 {
    answer(0, || Ok(shared!(config).config.get_mac_from() as u32))
}

/// Returns whether an address is probed on the LAN before it is assigned.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn macvlan_network_config_is_probe(
    config: *const macvlan_network_config,
) -> bool {
    answer(false, || Ok(shared!(config).config.get_probe()))
}

/// Returns whether the kernel checks IPv6 addresses for duplicates on the LAN.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn macvlan_network_config_is_duplicate_detection(
    config: *const macvlan_network_config,
) -> bool {
    answer(false, || Ok(shared!(config).config.get_duplicate_detection()))
}

/// Returns the number of addresses that a host reserves at a time; 0 if it was not set.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn macvlan_network_config_block_size(
    config: *const macvlan_network_config,
) -> u32 {
    answer(0, || Ok(shared!(config).config.get_block_size().unwrap_or(0)))
}

/// Returns for how many seconds a released address stays reserved for its container; 0 if it was
/// not set.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn macvlan_network_config_reservation_ttl(
    config: *const macvlan_network_config,
) -> u64 {
    answer(0, || Ok(shared!(config).config.get_reservation_ttl().as_secs()))
}

/// Returns the number of options.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn macvlan_network_config_option_count(
    config: *const macvlan_network_config,
) -> usize {
    answer(0, || Ok(shared!(config).config.get_options().len()))
}

/// Returns the key of one of the options, counted from 0. NULL past the end.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn macvlan_network_config_option_key(
    config: *const macvlan_network_config,
    index: usize,
) -> *const c_char {
    answer(null(), || {
        let described = shared!(config);
        Ok(described.texts.option_keys.of_each(described.config.get_options().keys(), index))
    })
}

/// Returns the value of that option. NULL past the end.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn macvlan_network_config_option_value(
    config: *const macvlan_network_config,
    index: usize,
) -> *const c_char {
    answer(null(), || {
        let described = shared!(config);
        Ok(described.texts.option_values.of_each(described.config.get_options().values(), index))
    })
}

/// Returns the number of labels.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn macvlan_network_config_label_count(
    config: *const macvlan_network_config,
) -> usize {
    answer(0, || Ok(shared!(config).config.get_labels().len()))
}

/// Returns the key of one of the labels, counted from 0. NULL past the end.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn macvlan_network_config_label_key(
    config: *const macvlan_network_config,
    index: usize,
) -> *const c_char {
    answer(null(), || {
        let described = shared!(config);
        Ok(described.texts.label_keys.of_each(described.config.get_labels().keys(), index))
    })
}

/// Returns the value of that label. NULL past the end.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn macvlan_network_config_label_value(
    config: *const macvlan_network_config,
    index: usize,
) -> *const c_char {
    answer(null(), || {
        let described = shared!(config);
        Ok(described.texts.label_values.of_each(described.config.get_labels().values(), index))
    })
}
