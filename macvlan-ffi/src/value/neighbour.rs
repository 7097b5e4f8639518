//! `macvlan_neighbour`: a neighbour entry; lists and filters of them.

use std::ffi::c_char;
use std::ptr::null;

use macvlan_core::{LinkId, NeighbourFilter, NeighbourInfo};

use crate::base::boundary::{answer, free};
use crate::base::input::Input;
use crate::base::kernel::family;
use crate::base::object::{object, shared};
use crate::base::optional::macvlan_opt_mac;
use crate::base::record::record;
use crate::base::report::Failure;
use crate::base::text::field;
use crate::base::view::{Arena, Output, View, nth_record};

/// A neighbour entry, of ARP for IPv4 and of neighbour discovery for IPv6.
#[derive(Clone, Copy)]
#[repr(C)]
pub struct macvlan_neighbour {
    /// The size of the struct.
    pub size: usize,
    /// The neighbour's address, "10.0.0.1".
    pub ip: *const c_char,
    /// The state of the entry (RFC 4861), as in `ip neighbour`: "REACHABLE", "STALE", "FAILED".
    pub state: *const c_char,
    /// The index of the link.
    pub link: u32,
    /// The neighbour's MAC address; not set if it is not known, as during its resolution.
    pub mac: macvlan_opt_mac,
}
record!(macvlan_neighbour);

/// The neighbour entries of a namespace, from macvlan_handle_neighbours(). Freed with
/// macvlan_neighbour_list_free().
///
/// Threads: immutable, so any number of threads may use it at once.
pub struct macvlan_neighbour_list {
    _opaque: (),
}
object!(macvlan_neighbour_list, Vec<View<NeighbourInfo>>);

/// A filter for neighbour entries, applied by the kernel. All zero: it accepts all.
#[derive(Clone, Copy)]
#[repr(C)]
pub struct macvlan_neighbour_filter {
    /// The size of the struct.
    pub size: usize,
    /// The link, by name or "#" and index.
    pub link: *const c_char,
    /// The family: AF_INET or AF_INET6; 0 for both.
    pub family: i32,
}
record!(macvlan_neighbour_filter);

impl Output for NeighbourInfo {
    type Record = macvlan_neighbour;

    fn record(&self, arena: &mut Arena) -> macvlan_neighbour {
        macvlan_neighbour {
            ip: arena.text(self.ip),
            state: arena.text(self.state),
            link: self.link,
            mac: self.mac.into(),
            ..macvlan_neighbour::new()
        }
    }
}

impl Input for macvlan_neighbour_filter {
    type Value = NeighbourFilter;

    unsafe fn value(&self, argument: &str) -> Result<NeighbourFilter, Failure> {
        let mut filter = NeighbourFilter::new();
        if let Some(family) = family(self.family)? {
            filter = filter.family(family);
        }
        // SAFETY: guaranteed by the caller.
        if let Some(link) = unsafe { field(self.link, argument, "link")? } {
            filter = filter.link(link.parse::<LinkId>()?);
        }
        Ok(filter)
    }
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
) -> *const macvlan_neighbour {
    answer(null(), || Ok(nth_record(shared!(list), index)))
}

/// Frees a list. NULL is ignored.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn macvlan_neighbour_list_free(list: *mut macvlan_neighbour_list) {
    // SAFETY: the header requires that no other thread uses it.
    unsafe { free(list) }
}
