//! Addresses in a network's subnets that are used by other machines than its containers.

use std::ffi::{c_char, c_int};
use std::ptr::null;

use ::macvlan_network::ConflictingAddress;
use macvlan_core::parse_ip;

use crate::base::boundary::{answer, boundary, free};
use crate::base::object::{give, object, out, shared};
use crate::base::record::record;
use crate::base::report::macvlan_error;
use crate::base::text::text;
use crate::base::view::{Arena, Output, View, nth_record, views};
use crate::network::macvlan_network;

/// An address that is used by a machine on the LAN that is not a container of the network.
#[derive(Clone, Copy)]
#[repr(C)]
pub struct macvlan_conflicting_address {
    /// The size of the struct.
    pub size: usize,
    /// The address, without a prefix length.
    pub address: *const c_char,
    /// The time at which it was found, in seconds since 1970.
    pub found: u64,
}
record!(macvlan_conflicting_address);

impl Output for ConflictingAddress {
    type Record = macvlan_conflicting_address;

    fn record(&self, arena: &mut Arena) -> macvlan_conflicting_address {
        macvlan_conflicting_address {
            address: arena.text(self.address),
            found: self.found,
            ..macvlan_conflicting_address::new()
        }
    }
}

/// Addresses that are used by machines on the LAN that are not containers of the network, from
/// macvlan_network_conflicting_addresses(). Freed with macvlan_conflicting_address_list_free().
///
/// Threads: immutable, so any number of threads may use it at once.
pub struct macvlan_conflicting_address_list {
    _opaque: (),
}
object!(macvlan_conflicting_address_list, Vec<View<ConflictingAddress>>);

/// Records an address as used by a machine that is not a container of this network: it is no longer
/// assigned. Refused if a container has it. With the probe of macvlan_network_config this is done
/// automatically.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn macvlan_network_add_conflicting_address(
    network: *const macvlan_network,
    address: *const c_char,
    error: *mut *mut macvlan_error,
) -> c_int {
    boundary!(error, {
        shared!(network).value.add_conflicting_address(parse_ip(text!(address))?)?;
    })
}

/// Deletes the record of an address. `was_known`, which can be NULL, is set to whether there was
/// one.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn macvlan_network_remove_conflicting_address(
    network: *const macvlan_network,
    address: *const c_char,
    was_known: *mut bool,
    error: *mut *mut macvlan_error,
) -> c_int {
    boundary!(error, {
        let known = shared!(network).value.remove_conflicting_address(parse_ip(text!(address))?)?;
        if !was_known.is_null() {
            // SAFETY: it is not null, and the header requires that an answer can be put there.
            unsafe { was_known.write(known) };
        }
    })
}

/// Lists the addresses that are recorded as used by machines that are not containers of this
/// network. The caller frees the list with macvlan_conflicting_address_list_free().
#[unsafe(no_mangle)]
pub unsafe extern "C" fn macvlan_network_conflicting_addresses(
    network: *const macvlan_network,
    list: *mut *mut macvlan_conflicting_address_list,
    error: *mut *mut macvlan_error,
) -> c_int {
    boundary!(error, {
        let list = out!(list);
        give(list, views(shared!(network).value.conflicting_addresses()?));
    })
}

/// Returns the number of addresses.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn macvlan_conflicting_address_list_count(
    list: *const macvlan_conflicting_address_list,
) -> usize {
    answer(0, || Ok(shared!(list).len()))
}

/// Returns one of the addresses, counted from 0. It belongs to the list. NULL past the end.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn macvlan_conflicting_address_list_get(
    list: *const macvlan_conflicting_address_list,
    index: usize,
) -> *const macvlan_conflicting_address {
    answer(null(), || Ok(nth_record(shared!(list), index)))
}

/// Frees a list. NULL is ignored.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn macvlan_conflicting_address_list_free(
    list: *mut macvlan_conflicting_address_list,
) {
    // SAFETY: the header requires that no other thread uses it.
    unsafe { free(list) }
}
