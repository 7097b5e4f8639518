//! `macvlan_connect_options`: the options of a connection of a container to a network.

use std::ffi::{c_char, c_int};

use macvlan_network::ConnectOptions;

use macvlan_core::parse_ip;

use crate::base::boundary::{boundary, free};
use crate::base::mac::mac;
use crate::base::object::{exclusive, give, object, out};
use crate::base::report::macvlan_error;
use crate::base::text::text;

/// The options of a connection of a container to a network: a value, for macvlan_network_connect().
/// Freed with macvlan_connect_options_free().
///
/// Threads: concurrent reads are safe; a change needs exclusive access.
pub struct macvlan_connect_options {
    _opaque: (),
}
object!(macvlan_connect_options, ConnectOptions);

/// Makes the options for a container, by an id that does not change: when it returns, it gets its
/// addresses again. The caller frees them with macvlan_connect_options_free().
#[unsafe(no_mangle)]
pub unsafe extern "C" fn macvlan_connect_options_new(
    container: *const c_char,
    options: *mut *mut macvlan_connect_options,
    error: *mut *mut macvlan_error,
) -> c_int {
    boundary!(error, {
        let options = out!(options);
        give(options, ConnectOptions::new(text!(container)));
    })
}

/// Sets the name by which others find the container, which is unique in the network. By default it
/// has none. Names are compared like DNS names, and stored in lower case.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn macvlan_connect_options_set_name(
    options: *mut macvlan_connect_options,
    name: *const c_char,
    error: *mut *mut macvlan_error,
) -> c_int {
    boundary!(error, {
        let options = exclusive!(options);
        *options = options.clone().name(text!(name));
    })
}

/// Adds a further name by which others find the container. Several containers may share one: it
/// resolves to the addresses of all of them.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn macvlan_connect_options_add_alias(
    options: *mut macvlan_connect_options,
    alias: *const c_char,
    error: *mut *mut macvlan_error,
) -> c_int {
    boundary!(error, {
        let options = exclusive!(options);
        *options = options.clone().alias(text!(alias));
    })
}

/// Adds a link-local address, in 169.254.0.0/16 or fe80::/10. The network does not check that it is
/// unique.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn macvlan_connect_options_add_link_local_address(
    options: *mut macvlan_connect_options,
    address: *const c_char,
    error: *mut *mut macvlan_error,
) -> c_int {
    boundary!(error, {
        let options = exclusive!(options);
        *options = options.clone().link_local_address(parse_ip(text!(address))?);
    })
}

/// Adds a requested address, "10.0.10.7". One is chosen of each family without a requested one.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn macvlan_connect_options_add_address(
    options: *mut macvlan_connect_options,
    address: *const c_char,
    error: *mut *mut macvlan_error,
) -> c_int {
    boundary!(error, {
        let options = exclusive!(options);
        *options = options.clone().address(parse_ip(text!(address))?);
    })
}

/// Adds a pending lease, by its id, whose addresses and MAC address the container takes: see
/// macvlan_network_allocate(). Then no address is chosen.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn macvlan_connect_options_take(
    options: *mut macvlan_connect_options,
    id: *const c_char,
    error: *mut *mut macvlan_error,
) -> c_int {
    boundary!(error, {
        let options = exclusive!(options);
        *options = options.clone().take(text!(id));
    })
}

/// Sets the interface's name in the container, which identifies it among the container's interfaces
/// in the network. A new name stands for a further interface, with addresses of its own.
///
/// By default the existing interface is meant, or, if there is none, a new one with the first free
/// "ethN".
#[unsafe(no_mangle)]
pub unsafe extern "C" fn macvlan_connect_options_set_interface(
    options: *mut macvlan_connect_options,
    name: *const c_char,
    error: *mut *mut macvlan_error,
) -> c_int {
    boundary!(error, {
        let options = exclusive!(options);
        *options = options.clone().interface(text!(name));
    })
}

/// Sets the interface's MAC address. Defaults to a derived one, see
/// macvlan_network_config_set_mac_from().
/// cbindgen:ptrs-as-arrays=[[mac;6]]
#[unsafe(no_mangle)]
pub unsafe extern "C" fn macvlan_connect_options_set_mac(
    options: *mut macvlan_connect_options,
    mac: *const u8,
    error: *mut *mut macvlan_error,
) -> c_int {
    boundary!(error, {
        let options = exclusive!(options);
        *options = options.clone().mac(mac!(mac));
    })
}

/// Sets whether the container's default routes lead through this network. They never do, if false;
/// if true, they do before all other networks of the container, with a priority that is one above
/// theirs. By default macvlan_connect_options_set_gw_priority() decides.
///
/// Default routes do not lead through a network that is internal or has no gateway of the family.
/// When their network is disconnected, the next one replaces it.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn macvlan_connect_options_set_default_route(
    options: *mut macvlan_connect_options,
    default_route: bool,
    error: *mut *mut macvlan_error,
) -> c_int {
    boundary!(error, {
        let options = exclusive!(options);
        *options = options.clone().default_route(default_route);
    })
}

/// Sets the network's priority for the container's default routes. The network with the highest one
/// gets them, among equal ones the first that was connected. Defaults to 0.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn macvlan_connect_options_set_gw_priority(
    options: *mut macvlan_connect_options,
    priority: i32,
    error: *mut *mut macvlan_error,
) -> c_int {
    boundary!(error, {
        let options = exclusive!(options);
        *options = options.clone().gw_priority(priority);
    })
}

/// Sets whether other default routes of the container, which this library did not add, are
/// replaced. Defaults to false: they stay, and none of their family is added. They are not restored
/// when the container is disconnected.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn macvlan_connect_options_set_replace_default_route(
    options: *mut macvlan_connect_options,
    replace: bool,
    error: *mut *mut macvlan_error,
) -> c_int {
    boundary!(error, {
        let options = exclusive!(options);
        *options = options.clone().replace_default_route(replace);
    })
}

/// Frees the options. NULL is ignored.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn macvlan_connect_options_free(options: *mut macvlan_connect_options) {
    // SAFETY: the header requires that no other thread uses it.
    unsafe { free(options) }
}
