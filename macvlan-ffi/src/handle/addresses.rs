//! The commands of `ip address` and `ip neighbour`.

use std::ffi::{c_char, c_int};

use macvlan_core::{Address, parse_ip};

use crate::base::boundary::boundary;
use crate::base::input::input_or_default;
use crate::base::object::{give, out, shared};
use crate::base::report::macvlan_error;
use crate::base::text::text;
use crate::base::view::views;
use crate::handle::macvlan_handle;
use crate::value::address::{macvlan_address_filter, macvlan_address_list};
use crate::value::neighbour::{macvlan_neighbour_filter, macvlan_neighbour_list};

/// Adds an address to a link, like `ip address add ADDRESS dev LINK`: "10.0.0.2/24", "fd00::2/64
/// nodad".
#[unsafe(no_mangle)]
pub unsafe extern "C" fn macvlan_handle_add_address(
    handle: *const macvlan_handle,
    link: *const c_char,
    address: *const c_char,
    error: *mut *mut macvlan_error,
) -> c_int {
    boundary!(error, {
        let address: Address = text!(address).parse()?;
        shared!(handle).add_address(text!(link), &address)?;
    })
}

/// Adds an address to a link or updates an existing one, like `ip address replace ADDRESS dev
/// LINK`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn macvlan_handle_replace_address(
    handle: *const macvlan_handle,
    link: *const c_char,
    address: *const c_char,
    error: *mut *mut macvlan_error,
) -> c_int {
    boundary!(error, {
        let address: Address = text!(address).parse()?;
        shared!(handle).replace_address(text!(link), &address)?;
    })
}

/// Deletes an address from a link, like `ip address delete ADDRESS dev LINK`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn macvlan_handle_delete_address(
    handle: *const macvlan_handle,
    link: *const c_char,
    address: *const c_char,
    error: *mut *mut macvlan_error,
) -> c_int {
    boundary!(error, {
        let address: Address = text!(address).parse()?;
        shared!(handle).delete_address(text!(link), &address)?;
    })
}

/// Lists addresses, like `ip [-4|-6] address show [dev LINK]`; all if the filter is NULL. The
/// caller frees the list with macvlan_address_list_free().
#[unsafe(no_mangle)]
pub unsafe extern "C" fn macvlan_handle_addresses(
    handle: *const macvlan_handle,
    filter: *const macvlan_address_filter,
    addresses: *mut *mut macvlan_address_list,
    error: *mut *mut macvlan_error,
) -> c_int {
    boundary!(error, {
        let addresses = out!(addresses);
        let found = shared!(handle).find_addresses(&input_or_default!(filter))?;
        give(addresses, views(found.into_iter().map(Into::into)));
    })
}

/// Writes whether an address is local, which means that a link of the namespace has it: whether the
/// kernel answers "local" to `ip route get ADDRESS`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn macvlan_handle_is_local(
    handle: *const macvlan_handle,
    address: *const c_char,
    is: *mut bool,
    error: *mut *mut macvlan_error,
) -> c_int {
    boundary!(error, {
        let is = out!(is = false);
        *is = shared!(handle).is_local(parse_ip(text!(address))?)?;
    })
}

/// Lists neighbour entries, like `ip [-4|-6] neighbour show [dev LINK]`; all if the filter is NULL.
/// The caller frees the list with macvlan_neighbour_list_free().
#[unsafe(no_mangle)]
pub unsafe extern "C" fn macvlan_handle_neighbours(
    handle: *const macvlan_handle,
    filter: *const macvlan_neighbour_filter,
    neighbours: *mut *mut macvlan_neighbour_list,
    error: *mut *mut macvlan_error,
) -> c_int {
    boundary!(error, {
        let neighbours = out!(neighbours);
        give(neighbours, views(shared!(handle).find_neighbours(&input_or_default!(filter))?));
    })
}
