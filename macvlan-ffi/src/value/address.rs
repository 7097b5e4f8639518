//! `macvlan_address_info`: an address as reported by the kernel; lists and filters.

use std::ffi::{c_char, c_int};
use std::ptr::null;

use macvlan_core::{AddressFilter, AddressInfo, LinkId};

use crate::base::boundary::{answer, boundary, free};
use crate::base::object::{Tagged, exclusive, give, nth, object, out, shared};
use crate::base::report::macvlan_error;
use crate::base::text::{Text, text};

/// An address as reported by the kernel: a part of a macvlan_address_list or of a macvlan_event,
/// with which it is freed.
///
/// Threads: immutable, so any number of threads may use it at once.
pub struct macvlan_address_info {
    _opaque: (),
}
object!(macvlan_address_info, Told);

/// The addresses of a namespace, from macvlan_handle_addresses(). Freed with
/// macvlan_address_list_free().
///
/// Threads: immutable, so any number of threads may use it at once.
pub struct macvlan_address_list {
    _opaque: (),
}
object!(macvlan_address_list, Vec<Tagged<Told>>);

/// A filter for addresses, applied by the kernel; without settings it accepts all. Freed with
/// macvlan_address_filter_free().
///
/// Threads: concurrent reads are safe; a change needs exclusive access.
pub struct macvlan_address_filter {
    _opaque: (),
}
object!(macvlan_address_filter, AddressFilter);

pub(crate) struct Told {
    info: AddressInfo,
    text: Text,
    scope: Text,
    label: Text,
    broadcast: Text,
}

impl From<AddressInfo> for Told {
    fn from(info: AddressInfo) -> Self {
        Self {
            info,
            text: Text::default(),
            scope: Text::default(),
            label: Text::default(),
            broadcast: Text::default(),
        }
    }
}

/// Returns the address in the format of macvlan_endpoint_add_address(): "10.0.0.2/24". This and all
/// other texts belong to the object. NULL if the object is invalid.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn macvlan_address_info_text(
    address: *const macvlan_address_info,
) -> *const c_char {
    answer(null(), || {
        let address = shared!(address);
        Ok(address.text.of(address.info.address))
    })
}

/// Returns the index of its link.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn macvlan_address_info_link(address: *const macvlan_address_info) -> u32 {
    answer(0, || Ok(shared!(address).info.link))
}

/// Returns the scope: "global", "link", "host".
#[unsafe(no_mangle)]
pub unsafe extern "C" fn macvlan_address_info_scope(
    address: *const macvlan_address_info,
) -> *const c_char {
    answer(null(), || {
        let address = shared!(address);
        Ok(address.scope.of(address.info.scope))
    })
}

/// Returns the label, IPv4 only: the link's name by default. NULL for IPv6.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn macvlan_address_info_label(
    address: *const macvlan_address_info,
) -> *const c_char {
    answer(null(), || {
        let address = shared!(address);
        Ok(address.label.of_some(address.info.label.as_ref()))
    })
}

/// Returns the broadcast address, IPv4 only; NULL if there is none.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn macvlan_address_info_broadcast(
    address: *const macvlan_address_info,
) -> *const c_char {
    answer(null(), || {
        let address = shared!(address);
        Ok(address.broadcast.of_some(address.info.broadcast))
    })
}

/// Returns the kernel's IFA_F_... bits.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn macvlan_address_info_flags(address: *const macvlan_address_info) -> u32 {
    answer(0, || Ok(shared!(address).info.flags))
}

/// Returns whether the kernel is still checking the address for duplicates (tentative).
#[unsafe(no_mangle)]
pub unsafe extern "C" fn macvlan_address_info_is_tentative(
    address: *const macvlan_address_info,
) -> bool {
    answer(false, || Ok(shared!(address).info.is_tentative()))
}

/// Returns whether the kernel has found that another host has the address.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn macvlan_address_info_is_duplicate(
    address: *const macvlan_address_info,
) -> bool {
    answer(false, || Ok(shared!(address).info.is_duplicate()))
}

/// Returns the number of addresses.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn macvlan_address_list_count(list: *const macvlan_address_list) -> usize {
    answer(0, || Ok(shared!(list).len()))
}

/// Returns one of the addresses, counted from 0. It belongs to the list. NULL past the end.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn macvlan_address_list_get(
    list: *const macvlan_address_list,
    index: usize,
) -> *const macvlan_address_info {
    answer(null(), || Ok(nth(shared!(list), index)))
}

/// Frees a list. NULL is ignored.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn macvlan_address_list_free(list: *mut macvlan_address_list) {
    // SAFETY: the header requires that no other thread uses it.
    unsafe { free(list) }
}

/// Makes a filter that accepts all addresses. The caller frees it with
/// macvlan_address_filter_free().
#[unsafe(no_mangle)]
pub unsafe extern "C" fn macvlan_address_filter_new(
    filter: *mut *mut macvlan_address_filter,
    error: *mut *mut macvlan_error,
) -> c_int {
    boundary!(error, {
        let filter = out!(filter);
        give(filter, AddressFilter::new());
    })
}

/// Restricts the filter to a family: AF_INET or AF_INET6.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn macvlan_address_filter_set_family(
    filter: *mut macvlan_address_filter,
    family: c_int,
    error: *mut *mut macvlan_error,
) -> c_int {
    boundary!(error, {
        let filter = exclusive!(filter);
        *filter = filter.clone().family(crate::base::kernel::family(family)?);
    })
}

/// Restricts the filter to a link, by name or "#" and index.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn macvlan_address_filter_set_link(
    filter: *mut macvlan_address_filter,
    link: *const c_char,
    error: *mut *mut macvlan_error,
) -> c_int {
    boundary!(error, {
        let filter = exclusive!(filter);
        *filter = filter.clone().link(text!(link).parse::<LinkId>()?);
    })
}

/// Frees a filter. NULL is ignored.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn macvlan_address_filter_free(filter: *mut macvlan_address_filter) {
    // SAFETY: the header requires that no other thread uses it.
    unsafe { free(filter) }
}
