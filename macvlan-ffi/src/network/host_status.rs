//! The hosts of a store for many hosts.

use std::ffi::{c_char, c_int};
use std::ptr::null;

use ::macvlan_network::HostStatus;

use crate::base::boundary::{answer, boundary, free};
use crate::base::object::{give, object, out, shared};
use crate::base::record::record;
use crate::base::report::macvlan_error;
use crate::base::view::{Arena, Output, View, nth_record, views};
use crate::network::networks::macvlan_networks;

/// The state of a host in a store for many hosts.
#[derive(Clone, Copy)]
#[repr(C)]
pub struct macvlan_host_status {
    /// The size of the struct.
    pub size: usize,
    /// The host's name.
    pub name: *const c_char,
    /// True if the host counts as alive.
    pub is_alive: bool,
    /// True if the host is declared, see macvlan_networks_declare_host().
    pub is_declared: bool,
    /// The number of its agents that count as alive.
    pub agents: usize,
    /// The number of its other processes that count as alive.
    pub processes: usize,
    /// The machine that has the name, by its machine-id and its boot id; NULL if none has it yet.
    pub machine: *const c_char,
}
record!(macvlan_host_status);

impl Output for HostStatus {
    type Record = macvlan_host_status;

    fn record(&self, arena: &mut Arena) -> macvlan_host_status {
        macvlan_host_status {
            name: arena.text(&self.name),
            is_alive: self.is_alive,
            is_declared: self.is_declared,
            agents: self.agents,
            processes: self.processes,
            machine: arena.text_of(self.machine.as_ref()),
            ..macvlan_host_status::new()
        }
    }
}

/// The hosts of a store, from macvlan_networks_hosts(). Freed with macvlan_host_status_list_free().
///
/// Threads: immutable, so any number of threads may use it at once.
pub struct macvlan_host_status_list {
    _opaque: (),
}
object!(macvlan_host_status_list, Vec<View<HostStatus>>);

/// Lists the hosts that the store knows, also dead ones, ordered by name. In a store for one machine
/// there are none. The caller frees the list with macvlan_host_status_list_free().
#[unsafe(no_mangle)]
pub unsafe extern "C" fn macvlan_networks_hosts(
    networks: *const macvlan_networks,
    list: *mut *mut macvlan_host_status_list,
    error: *mut *mut macvlan_error,
) -> c_int {
    boundary!(error, {
        let list = out!(list);
        give(list, views(shared!(networks).networks.hosts()?));
    })
}

/// Returns the number of hosts.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn macvlan_host_status_list_count(
    list: *const macvlan_host_status_list,
) -> usize {
    answer(0, || Ok(shared!(list).len()))
}

/// Returns one of the hosts, counted from 0. It belongs to the list. NULL past the end.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn macvlan_host_status_list_get(
    list: *const macvlan_host_status_list,
    index: usize,
) -> *const macvlan_host_status {
    answer(null(), || Ok(nth_record(shared!(list), index)))
}

/// Frees a list. NULL is ignored.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn macvlan_host_status_list_free(list: *mut macvlan_host_status_list) {
    // SAFETY: the header requires that no other thread uses it.
    unsafe { free(list) }
}
