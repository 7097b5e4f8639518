//! `macvlan_lease`: the addresses of one interface of a container in a network; and lists of them.

use std::ffi::{c_char, c_int};
use std::ptr::null;

use macvlan_network::{Lease, NetNsMark};

use crate::base::boundary::{answer, boundary, free};
use crate::base::object::{Tagged, nth, object, out, parts, shared};
use crate::base::optional::{Bool, macvlan_opt_mac};
use crate::base::record::record;
use crate::base::report::macvlan_error;
use crate::base::view::{Arena, Output, View};
use crate::handle::netns::macvlan_netns;

/// The lease of one interface of a container in one network, as stored, from
/// macvlan_network_lease(). Freed with macvlan_lease_free(), unless it is a part of another object.
///
/// Threads: immutable, so any number of threads may use it at once.
pub struct macvlan_lease {
    _opaque: (),
}
object!(macvlan_lease, Held);

pub(crate) type Held = View<Lease>;

/// Leases, from macvlan_network_leases(). Freed with macvlan_lease_list_free().
///
/// Threads: immutable, so any number of threads may use it at once.
pub struct macvlan_lease_list {
    _opaque: (),
}
object!(macvlan_lease_list, Vec<Tagged<Held>>);

/// The contents of a lease.
#[derive(Clone, Copy)]
#[repr(C)]
pub struct macvlan_lease_info {
    /// The size of the struct.
    pub size: usize,
    /// The network's id.
    pub network: *const c_char,
    /// The container's id, as given by the caller; for addresses that were allocated without a
    /// container, the lease's own id.
    pub container: *const c_char,
    /// The name by which others find the container; NULL if it has none.
    pub name: *const c_char,
    /// Further names, which several containers may share.
    pub aliases: *const *const c_char,
    /// The number of aliases.
    pub alias_count: usize,
    /// The name of the host that the container runs on.
    pub host: *const c_char,
    /// The lease's id, which is different for every lease of the container, past or future.
    pub endpoint: *const c_char,
    /// The interface's name in the container.
    pub interface: *const c_char,
    /// The addresses with the prefix lengths of their subnets, "10.0.10.2/24".
    pub addresses: *const *const c_char,
    /// The number of addresses.
    pub address_count: usize,
    /// The link-local addresses, without prefix lengths.
    pub link_local: *const *const c_char,
    /// The number of link-local addresses.
    pub link_local_count: usize,
    /// The id of the boot in which the container's namespace was created
    /// (/proc/sys/kernel/random/boot_id), or, for a pending lease, in which the lease was made.
    pub netns_boot: *const c_char,
    /// The path by which the container's namespace was found, which may have come to lead to
    /// another one; NULL if it was not found by a path.
    pub netns_path: *const c_char,
    /// The name of the link in the host's namespace, if it was created there
    /// (macvlan_network_create_link()); NULL if it was not.
    pub link: *const c_char,
    /// The inode number of the container's namespace; 0 if the lease is pending.
    pub netns_inode: u64,
    /// The kernel's cookie of the container's namespace, which is unique during a boot; 0 before
    /// Linux 5.14.
    pub netns_cookie: u64,
    /// Since when the lease is pending, in seconds since 1970; 0 if it is not.
    pub pending_since: u64,
    /// The network's priority for the container's default routes.
    pub gw_priority: i32,
    /// The sequence number of the connection among those of the container; later ones are higher.
    pub sequence: u32,
    /// The interface's MAC address; not set if it has none of its own: in mode passthru it is the
    /// parent's.
    pub mac: macvlan_opt_mac,
    /// True if the container's default routes may lead through this network. They lead through the
    /// one with the highest priority of those that may and that have a gateway of the family.
    pub default_route: Bool,
    /// True if the lease is pending: not yet bound to a namespace.
    pub is_pending: Bool,
}
record!(macvlan_lease_info);

impl Output for Lease {
    type Record = macvlan_lease_info;

    fn record(&self, arena: &mut Arena) -> macvlan_lease_info {
        let (netns, pending) = (self.netns(), self.pending());
        let boot = netns.map(|netns| &netns.boot).or(pending.map(|pending| &pending.boot));
        let (aliases, alias_count) = arena.texts(&self.aliases);
        let (addresses, address_count) = arena.texts(&self.addresses);
        let (link_local, link_local_count) = arena.texts(&self.link_local);
        macvlan_lease_info {
            network: arena.text(&self.network),
            container: arena.text(&self.container),
            name: arena.text_of(self.name.as_ref()),
            aliases,
            alias_count,
            host: arena.text(&self.host),
            endpoint: arena.text(&self.endpoint),
            interface: arena.text(self.interface),
            addresses,
            address_count,
            link_local,
            link_local_count,
            netns_boot: arena.text_of(boot),
            netns_path: arena.text_of(self.netns_path()),
            link: arena.text_of(self.link.as_ref()),
            netns_inode: netns.map_or(0, |netns| netns.inode),
            netns_cookie: netns.and_then(|netns| netns.cookie).unwrap_or(0),
            pending_since: pending.map_or(0, |pending| pending.since),
            gw_priority: self.gw_priority,
            sequence: self.sequence,
            mac: self.mac.into(),
            default_route: self.default_route.into(),
            is_pending: pending.is_some().into(),
            ..macvlan_lease_info::new()
        }
    }
}

pub(crate) fn list(leases: Vec<Lease>) -> Vec<Tagged<Held>> {
    parts::<macvlan_lease>(leases.into_iter().map(Held::from))
}

/// Returns the lease's contents, which belong to it. NULL if the lease is invalid.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn macvlan_lease_get(
    lease: *const macvlan_lease,
) -> *const macvlan_lease_info {
    answer(null(), || Ok(shared!(lease).record()))
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
        if let Some(pending) = shared!(lease).value.pending() {
            *age = pending.age()?.as_secs();
        }
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
        if let Some(netns) = shared!(lease).value.netns() {
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
        *is = shared!(lease).value.netns() == Some(&mark);
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
