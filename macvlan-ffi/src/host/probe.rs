//! Probes of addresses before their use, and `macvlan_holder_list`, their holders.

use std::ffi::{c_char, c_int};
use std::net::IpAddr;
use std::ptr::null;

use macvlan_core::{Holder, parse_ip};

use crate::base::boundary::{answer, boundary, free};
use crate::base::holder::macvlan_holder;
use crate::base::input::input;
use crate::base::object::{give, object, out, shared};
use crate::base::report::macvlan_error;
use crate::base::text::{text, texts_at};
use crate::base::view::{View, nth_record, views};
use crate::endpoint::probe::macvlan_probe;
use crate::host::macvlan_host;

/// The holders of probed addresses, in the order of the addresses, from macvlan_host_probe_addresses().
/// Freed with macvlan_holder_list_free().
///
/// Threads: immutable, so any number of threads may use it at once.
pub struct macvlan_holder_list {
    _opaque: (),
}
object!(macvlan_holder_list, Vec<View<Holder>>);

/// Probes `count` addresses of both families on a parent's network at once, and lists those in use
/// with their holders; addresses that are not in the list are free. The parent is as in
/// macvlan_endpoint_new().
///
/// The probes are sent through a macvlan in a namespace of its own, both of which are removed
/// before this returns, because probes from the parent itself would not reach the containers on it.
/// Containers in modes private and vepa do not receive them either. The parent's own addresses are
/// looked up. A parent that has a container in mode passthru is refused. Neighbour tables are not
/// changed.
///
/// The caller frees the list with macvlan_holder_list_free(). Returns -EINTR if the host is
/// cancelled.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn macvlan_host_probe_addresses(
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
        let found = shared!(host).probe_addresses(text!(parent), &addresses, &input!(probe))?;
        give(holders, views(found));
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
    answer(null(), || Ok(nth_record(shared!(list), index)))
}

/// Frees a list. NULL is ignored.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn macvlan_holder_list_free(list: *mut macvlan_holder_list) {
    // SAFETY: the header requires that no other thread uses it.
    unsafe { free(list) }
}
