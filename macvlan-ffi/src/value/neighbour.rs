//! `macvlan_neighbour_info`: a neighbour entry; lists and filters.

use std::ffi::{c_char, c_int};
use std::ptr::null;

use macvlan_core::{LinkId, NeighbourFilter, NeighbourInfo};

use crate::base::boundary::{answer, boundary, free};
use crate::base::mac::{mac_out, put};
use crate::base::object::{Tagged, exclusive, give, nth, object, out, shared};
use crate::base::report::macvlan_error;
use crate::base::text::{Text, text};

/// A neighbour entry, of ARP for IPv4 and of neighbour discovery for IPv6: a part of a
/// macvlan_neighbour_list, with which it is freed.
///
/// Threads: immutable, so any number of threads may use it at once.
pub struct macvlan_neighbour_info {
    _opaque: (),
}
object!(macvlan_neighbour_info, Told);

/// The neighbour entries of a namespace, from macvlan_handle_neighbours(). Freed with
/// macvlan_neighbour_list_free().
///
/// Threads: immutable, so any number of threads may use it at once.
pub struct macvlan_neighbour_list {
    _opaque: (),
}
object!(macvlan_neighbour_list, Vec<Tagged<Told>>);

/// A filter for neighbour entries, applied by the kernel; without settings it accepts all. Freed
/// with macvlan_neighbour_filter_free().
///
/// Threads: concurrent reads are safe; a change needs exclusive access.
pub struct macvlan_neighbour_filter {
    _opaque: (),
}
object!(macvlan_neighbour_filter, NeighbourFilter);

pub(crate) struct Told {
    info: NeighbourInfo,
    ip: Text,
    state: Text,
}

impl From<NeighbourInfo> for Told {
    fn from(info: NeighbourInfo) -> Self {
        Self { info, ip: Text::default(), state: Text::default() }
    }
}

/// Returns the neighbour's address, "10.0.0.1". It belongs to the object. NULL if the object is
/// invalid.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn macvlan_neighbour_info_ip(
    neighbour: *const macvlan_neighbour_info,
) -> *const c_char {
    answer(null(), || {
        let neighbour = shared!(neighbour);
        Ok(neighbour.ip.of(neighbour.info.ip))
    })
}

/// Writes the neighbour's MAC address, and returns whether it is known; zeroes if not, as during
/// its resolution.
/// cbindgen:ptrs-as-arrays=[[mac;6]]
#[unsafe(no_mangle)]
pub unsafe extern "C" fn macvlan_neighbour_info_mac(
    neighbour: *const macvlan_neighbour_info,
    mac: *mut u8,
) -> bool {
    answer(false, || {
        let mac = mac_out!(mac);
        *mac = [0; 6];
        let own = shared!(neighbour).info.mac;
        if let Some(own) = own {
            put(own, mac);
        }
        Ok(own.is_some())
    })
}

/// Returns the index of the link.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn macvlan_neighbour_info_link(
    neighbour: *const macvlan_neighbour_info,
) -> u32 {
    answer(0, || Ok(shared!(neighbour).info.link))
}

/// Returns the state of the entry (RFC 4861), as in `ip neighbour`: "REACHABLE", "STALE", "FAILED".
/// It belongs to the object.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn macvlan_neighbour_info_state(
    neighbour: *const macvlan_neighbour_info,
) -> *const c_char {
    answer(null(), || {
        let neighbour = shared!(neighbour);
        Ok(neighbour.state.of(neighbour.info.state))
    })
}

/// Returns the number of neighbours.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn macvlan_neighbour_list_count(
    list: *const macvlan_neighbour_list,
) -> usize {
    answer(0, || Ok(shared!(list).len()))
}

/// Returns one of the neighbours, counted from 0. It belongs to the list. NULL past the end.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn macvlan_neighbour_list_get(
    list: *const macvlan_neighbour_list,
    index: usize,
) -> *const macvlan_neighbour_info {
    answer(null(), || Ok(nth(shared!(list), index)))
}

/// Frees a list. NULL is ignored.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn macvlan_neighbour_list_free(list: *mut macvlan_neighbour_list) {
    // SAFETY: the header requires that no other thread uses it.
    unsafe { free(list) }
}

/// Makes a filter that accepts all neighbour entries. The caller frees it with
/// macvlan_neighbour_filter_free().
#[unsafe(no_mangle)]
pub unsafe extern "C" fn macvlan_neighbour_filter_new(
    filter: *mut *mut macvlan_neighbour_filter,
    error: *mut *mut macvlan_error,
) -> c_int {
    boundary!(error, {
        let filter = out!(filter);
        give(filter, NeighbourFilter::new());
    })
}

/// Restricts the filter to a family: AF_INET or AF_INET6.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn macvlan_neighbour_filter_set_family(
    filter: *mut macvlan_neighbour_filter,
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
pub unsafe extern "C" fn macvlan_neighbour_filter_set_link(
    filter: *mut macvlan_neighbour_filter,
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
pub unsafe extern "C" fn macvlan_neighbour_filter_free(filter: *mut macvlan_neighbour_filter) {
    // SAFETY: the header requires that no other thread uses it.
    unsafe { free(filter) }
}
