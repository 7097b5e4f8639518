//! Asking for addresses before they are used, and `macvlan_holder_list`: who has which.

use std::ffi::{c_char, c_int};
use std::net::IpAddr;
use std::ptr::null;

use macvlan_core::parse_ip;

use crate::base::boundary::{answer, boundary, free};
use crate::base::object::{Tagged, give, nth, object, out, parts, shared};
use crate::base::report::{Held, macvlan_error, macvlan_holder};
use crate::base::text::{text, texts_at};
use crate::endpoint::probe::macvlan_probe;
use crate::host::macvlan_host;

/// Who has which of the addresses that were asked for, in the order of the addresses, given by
/// macvlan_host_probe_free(). Freed with macvlan_holder_list_free().
///
/// Threads: immutable, so any number of threads may use it at once.
pub struct macvlan_holder_list {
    _opaque: (),
}
object!(macvlan_holder_list, Vec<Tagged<Held>>);

/// Asks on a parent's network for `count` addresses of both families at once, and tells who has which;
/// those that are not in the list are free. For pools of addresses. The parent is as in
/// macvlan_endpoint_new().
///
/// It is asked through a macvlan in a namespace of its own, both gone when this returns, because a
/// question from the parent itself would not reach the containers on it. Those in modes private and
/// vepa do not hear it either; the parent's own addresses are looked up. A parent that has a container
/// in mode passthru is refused. Nobody's neighbour table changes.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn macvlan_host_probe_free(
    host: *const macvlan_host,
    parent: *const c_char,
    addresses: *const *const c_char,
    count: usize,
    probe: *const macvlan_probe,
    holders: *mut *mut macvlan_holder_list,
    error: *mut *mut macvlan_error,
) -> c_int {
    boundary!(error, {
        let holders = out!(holders);
        // SAFETY: the header requires that the array has so many texts.
        let addresses = unsafe { texts_at(addresses, count, "addresses")? };
        let addresses = addresses.into_iter().map(parse_ip);
        let addresses = addresses.collect::<Result<Vec<IpAddr>, _>>()?;
        let held = shared!(host).probe_free(text!(parent), &addresses, shared!(probe))?;
        give(holders, parts::<macvlan_holder>(held.into_iter().map(Held::from)));
    })
}

/// Returns the number of holders; 0 if all addresses are free.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn macvlan_holder_list_count(list: *const macvlan_holder_list) -> usize {
    answer(0, || Ok(shared!(list).len()))
}

/// Returns one of the holders, counted from 0. It belongs to the list. NULL past the end.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn macvlan_holder_list_get(
    list: *const macvlan_holder_list,
    index: usize,
) -> *const macvlan_holder {
    answer(null(), || Ok(nth(shared!(list), index)))
}

/// Frees a list. NULL is ignored.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn macvlan_holder_list_free(list: *mut macvlan_holder_list) {
    // SAFETY: the header requires that no other thread uses it.
    unsafe { free(list) }
}
