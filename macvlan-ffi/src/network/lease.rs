//! `macvlan_lease`: the addresses of one interface of a container in a network; and lists of them.

use std::ffi::{c_char, c_int};
use std::ptr::null;

use macvlan_network::{Lease, NetNsMark};

use crate::base::boundary::{answer, boundary, free};
use crate::base::mac::{mac_out, put};
use crate::base::object::{Tagged, nth, object, out, parts, shared};
use crate::base::report::macvlan_error;
use crate::base::text;
use crate::handle::netns::macvlan_netns;

/// The lease of one interface of a container in one network, as stored, from
/// macvlan_network_lease(). Freed with macvlan_lease_free(), unless it is a part of another object.
///
/// Threads: immutable, so any number of threads may use it at once.
pub struct macvlan_lease {
    _opaque: (),
}
object!(macvlan_lease, Held);

/// Leases, from macvlan_network_leases(). Freed with macvlan_lease_list_free().
///
/// Threads: immutable, so any number of threads may use it at once.
pub struct macvlan_lease_list {
    _opaque: (),
}
object!(macvlan_lease_list, Vec<Tagged<Held>>);

pub(crate) struct Held {
    lease: Lease,
    texts: Texts,
}

/// Made at the first request.
#[derive(Default)]
struct Texts {
    network: text::Text,
    container: text::Text,
    name: text::Text,
    host: text::Text,
    endpoint: text::Text,
    interface: text::Text,
    boot: text::Text,
    netns_path: text::Text,
    link: text::Text,
    addresses: text::Texts,
    aliases: text::Texts,
    link_local: text::Texts,
}

impl From<Lease> for Held {
    fn from(lease: Lease) -> Self {
        Self { lease, texts: Texts::default() }
    }
}

pub(crate) fn list(leases: Vec<Lease>) -> Vec<Tagged<Held>> {
    parts::<macvlan_lease>(leases.into_iter().map(Held::from))
}

/// Returns the network's id. This and all other texts belong to the lease. NULL if the lease is
/// invalid.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn macvlan_lease_network(lease: *const macvlan_lease) -> *const c_char {
    answer(null(), || {
        let held = shared!(lease);
        Ok(held.texts.network.of(&held.lease.network))
    })
}

/// Returns the container's id, as given by the caller; for addresses that were allocated without a
/// container, the lease's own id.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn macvlan_lease_container(lease: *const macvlan_lease) -> *const c_char {
    answer(null(), || {
        let held = shared!(lease);
        Ok(held.texts.container.of(&held.lease.container))
    })
}

/// Returns the name by which others find the container; NULL if it has none.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn macvlan_lease_name(lease: *const macvlan_lease) -> *const c_char {
    answer(null(), || {
        let held = shared!(lease);
        Ok(held.texts.name.of_some(held.lease.name.as_ref()))
    })
}

/// Returns the name of the host that the container runs on.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn macvlan_lease_host(lease: *const macvlan_lease) -> *const c_char {
    answer(null(), || {
        let held = shared!(lease);
        Ok(held.texts.host.of(&held.lease.host))
    })
}

/// Returns the lease's id, which is different for every lease of the container, past or future.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn macvlan_lease_endpoint(lease: *const macvlan_lease) -> *const c_char {
    answer(null(), || {
        let held = shared!(lease);
        Ok(held.texts.endpoint.of(&held.lease.endpoint))
    })
}

/// Returns the interface's name in the container.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn macvlan_lease_interface(lease: *const macvlan_lease) -> *const c_char {
    answer(null(), || {
        let held = shared!(lease);
        Ok(held.texts.interface.of(held.lease.interface))
    })
}

/// Writes the interface's MAC address, and returns whether it has one of its own; zeroes if not: in
/// mode passthru it is the parent's.
/// cbindgen:ptrs-as-arrays=[[mac;6]]
#[unsafe(no_mangle)]
pub unsafe extern "C" fn macvlan_lease_mac(lease: *const macvlan_lease, mac: *mut u8) -> bool {
    answer(false, || {
        let mac = mac_out!(mac);
        *mac = [0; 6];
        let own = shared!(lease).lease.mac;
        if let Some(own) = own {
            put(own, mac);
        }
        Ok(own.is_some())
    })
}

/// Returns the number of addresses.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn macvlan_lease_address_count(lease: *const macvlan_lease) -> usize {
    answer(0, || Ok(shared!(lease).lease.addresses.len()))
}

/// Returns one of the addresses with the prefix length of its subnet, "10.0.10.2/24", counted from
/// 0. NULL past the end.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn macvlan_lease_address(
    lease: *const macvlan_lease,
    index: usize,
) -> *const c_char {
    answer(null(), || {
        let held = shared!(lease);
        Ok(held.texts.addresses.of(&held.lease.addresses, index))
    })
}

/// Returns the number of aliases: further names, which several containers may share.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn macvlan_lease_alias_count(lease: *const macvlan_lease) -> usize {
    answer(0, || Ok(shared!(lease).lease.aliases.len()))
}

/// Returns one of the aliases, counted from 0. NULL past the end.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn macvlan_lease_alias(
    lease: *const macvlan_lease,
    index: usize,
) -> *const c_char {
    answer(null(), || {
        let held = shared!(lease);
        Ok(held.texts.aliases.of(&held.lease.aliases, index))
    })
}

/// Returns the number of link-local addresses.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn macvlan_lease_link_local_count(lease: *const macvlan_lease) -> usize {
    answer(0, || Ok(shared!(lease).lease.link_local.len()))
}

/// Returns one of the link-local addresses, without a prefix length, counted from 0. NULL past the
/// end.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn macvlan_lease_link_local(
    lease: *const macvlan_lease,
    index: usize,
) -> *const c_char {
    answer(null(), || {
        let held = shared!(lease);
        Ok(held.texts.link_local.of(&held.lease.link_local, index))
    })
}

/// Returns the network's priority for the container's default routes.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn macvlan_lease_gw_priority(lease: *const macvlan_lease) -> i32 {
    answer(0, || Ok(shared!(lease).lease.gw_priority))
}

/// Returns the sequence number of the connection among those of the container; later ones are
/// higher.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn macvlan_lease_sequence(lease: *const macvlan_lease) -> u32 {
    answer(0, || Ok(shared!(lease).lease.sequence))
}

/// Returns whether the container's default routes may lead through this network. They lead through
/// the one with the highest priority of those that may and that have a gateway of the family.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn macvlan_lease_is_default_route(lease: *const macvlan_lease) -> bool {
    answer(false, || Ok(shared!(lease).lease.default_route))
}

/// Returns the id of the boot in which the container's namespace was created
/// (/proc/sys/kernel/random/boot_id), or, for a pending lease, in which the lease was made.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn macvlan_lease_netns_boot(lease: *const macvlan_lease) -> *const c_char {
    answer(null(), || {
        let held = shared!(lease);
        let pending = || held.lease.pending().map(|pending| &pending.boot);
        let boot = held.lease.netns().map(|netns| &netns.boot).or_else(pending);
        Ok(held.texts.boot.of_some(boot))
    })
}

/// Returns the inode number of the container's namespace; 0 if the lease is invalid or pending.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn macvlan_lease_netns_inode(lease: *const macvlan_lease) -> u64 {
    answer(0, || Ok(shared!(lease).lease.netns().map_or(0, |netns| netns.inode)))
}

/// Returns the kernel's cookie of the container's namespace, which is unique during a boot; 0
/// before Linux 5.14.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn macvlan_lease_netns_cookie(lease: *const macvlan_lease) -> u64 {
    answer(0, || {
        let cookie = shared!(lease).lease.netns().and_then(|netns| netns.cookie);
        Ok(cookie.unwrap_or(0))
    })
}

/// Returns the path by which the container's namespace was found, which may have come to lead to
/// another one; NULL if it was not found by a path.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn macvlan_lease_netns_path(lease: *const macvlan_lease) -> *const c_char {
    answer(null(), || {
        let held = shared!(lease);
        Ok(held.texts.netns_path.of_some(held.lease.netns_path()))
    })
}

/// Returns whether the lease is pending: not yet bound to a namespace.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn macvlan_lease_is_pending(lease: *const macvlan_lease) -> bool {
    answer(false, || Ok(shared!(lease).lease.pending().is_some()))
}

/// Returns since when the lease is pending, in seconds since 1970; 0 if it is not.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn macvlan_lease_pending_since(lease: *const macvlan_lease) -> u64 {
    answer(0, || Ok(shared!(lease).lease.pending().map_or(0, |pending| pending.since)))
}

/// Writes for how long the lease is pending, in seconds; 0 if it is not. For a lease of another
/// host this compares the clocks of both.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn macvlan_lease_pending_age(
    lease: *const macvlan_lease,
    age: *mut u64,
    error: *mut *mut macvlan_error,
) -> c_int {
    boundary!(error, {
        let age = out!(age = 0);
        if let Some(pending) = shared!(lease).lease.pending() {
            *age = pending.age()?.as_secs();
        }
    })
}

/// Returns the name of the link in the host's namespace, if it was created there
/// (macvlan_network_create_link()); NULL if it was not.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn macvlan_lease_link(lease: *const macvlan_lease) -> *const c_char {
    answer(null(), || {
        let held = shared!(lease);
        Ok(held.texts.link.of_some(held.lease.link.as_ref()))
    })
}

/// Returns whether the container's namespace was created since the last boot of this machine; false
/// for a pending lease.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn macvlan_lease_is_of_this_boot(
    lease: *const macvlan_lease,
    is: *mut bool,
    error: *mut *mut macvlan_error,
) -> c_int {
    boundary!(error, {
        let is = out!(is = false);
        if let Some(netns) = shared!(lease).lease.netns() {
            *is = netns.is_of_this_boot()?;
        }
    })
}

/// Returns whether the container's namespace is this one.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn macvlan_lease_is_of_netns(
    lease: *const macvlan_lease,
    netns: *const macvlan_netns,
    is: *mut bool,
    error: *mut *mut macvlan_error,
) -> c_int {
    boundary!(error, {
        let is = out!(is = false);
        let mark = NetNsMark::of(&shared!(netns).netns)?;
        *is = shared!(lease).lease.netns() == Some(&mark);
    })
}

/// Frees a lease. NULL and parts of other objects are ignored. The stored lease is unaffected.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn macvlan_lease_free(lease: *mut macvlan_lease) {
    // SAFETY: the header requires that no other thread uses it.
    unsafe { free(lease) }
}

/// Returns the number of leases.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn macvlan_lease_list_count(list: *const macvlan_lease_list) -> usize {
    answer(0, || Ok(shared!(list).len()))
}

/// Returns one of the leases, counted from 0. It belongs to the list. NULL past the end.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn macvlan_lease_list_get(
    list: *const macvlan_lease_list,
    index: usize,
) -> *const macvlan_lease {
    answer(null(), || Ok(nth(shared!(list), index)))
}

/// Frees a list. NULL is ignored.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn macvlan_lease_list_free(list: *mut macvlan_lease_list) {
    // SAFETY: the header requires that no other thread uses it.
    unsafe { free(list) }
}
