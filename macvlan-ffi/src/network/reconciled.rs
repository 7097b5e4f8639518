//! `macvlan_reconciled`: a change that reconciled kernel and store; and `macvlan_collected`.

use std::ffi::c_char;
use std::ptr::null;

use macvlan_network::{Collected, Reconciled};

use crate::base::boundary::{answer, free};
use crate::base::object::{object, shared};
use crate::base::record::record;
use crate::base::view::{Arena, Output, View, nth_record};
use crate::network::lease::{Held, macvlan_lease};

/// The changes that reconciled kernel and store, from macvlan_networks_reconcile(). Freed with
/// macvlan_reconciled_list_free().
///
/// Threads: immutable, so any number of threads may use it at once.
pub struct macvlan_reconciled_list {
    _opaque: (),
}
object!(macvlan_reconciled_list, Vec<View<Reconciled>>);

/// The released leases, from macvlan_networks_collect(). Freed with macvlan_collected_free().
///
/// Threads: immutable, so any number of threads may use it at once.
pub struct macvlan_collected {
    _opaque: (),
}
object!(macvlan_collected, View<Collected>);

/// The kind of a change that reconciled kernel and store. Later versions may add some, so a program
/// has to expect numbers that are not listed here.
#[repr(C)]
pub enum macvlan_reconciled_kinds {
    /// A change for which this version has no number.
    MACVLAN_RECONCILED_OTHER = 0,
    /// A lease whose namespace or host no longer exists was released.
    MACVLAN_RECONCILED_RELEASED = 1,
    /// The interface of a lease was missing or changed, and was repaired.
    MACVLAN_RECONCILED_REPAIRED = 2,
    /// An interface that was not stored, of an existing network, has a lease now.
    MACVLAN_RECONCILED_ADOPTED = 3,
    /// An interface of a container in a network that no longer exists was deleted.
    MACVLAN_RECONCILED_REMOVED = 4,
    /// A difference could not be resolved; the others were. The text has the reason.
    MACVLAN_RECONCILED_FAILED = 5,
    /// Addresses that were reserved for containers are free again.
    MACVLAN_RECONCILED_EXPIRED = 6,
    /// The interface of a container, or one of its addresses, was deleted because it now belongs to
    /// another one: its host had been considered dead. The text names both.
    MACVLAN_RECONCILED_DISPLACED = 7,
}

/// A change that reconciled kernel and store.
#[derive(Clone, Copy)]
#[repr(C)]
pub struct macvlan_reconciled {
    /// The size of the struct.
    pub size: usize,
    /// A description of the change.
    pub text: *const c_char,
    /// The lease that was released or made, or whose interface was repaired; NULL if there is none.
    pub lease: *const macvlan_lease,
    /// The name of the interface; NULL if there is none.
    pub interface: *const c_char,
    /// The id of the container; NULL if there is none.
    pub container: *const c_char,
    /// The number of reserved addresses that are free again; 0 for other kinds.
    pub expired: usize,
    /// The kind: one of enum macvlan_reconciled_kinds.
    pub kind: u32,
}
record!(macvlan_reconciled);

/// The contents of a collection.
#[derive(Clone, Copy)]
#[repr(C)]
pub struct macvlan_collected_info {
    /// The size of the struct.
    pub size: usize,
    /// The released leases.
    pub leases: *const *const macvlan_lease,
    /// The number of these.
    pub lease_count: usize,
    /// The number of addresses that were reserved for containers that did not return in time.
    pub expired: usize,
}
record!(macvlan_collected_info);

impl Output for Reconciled {
    type Record = macvlan_reconciled;

    fn record(&self, arena: &mut Arena) -> macvlan_reconciled {
        macvlan_reconciled {
            text: arena.text(self),
            lease: arena.object_of(self.lease().cloned().map(Held::from)),
            interface: arena.text_of(self.interface()),
            container: arena.text_of(self.container()),
            expired: self.expired(),
            kind: self.kind() as u32,
            ..macvlan_reconciled::new()
        }
    }
}

impl Output for Collected {
    type Record = macvlan_collected_info;

    fn record(&self, arena: &mut Arena) -> macvlan_collected_info {
        let (leases, lease_count) = arena.objects(self.leases.iter().cloned().map(Held::from));
        macvlan_collected_info {
            leases,
            lease_count,
            expired: self.expired,
            ..macvlan_collected_info::new()
        }
    }
}

/// Returns the number of changes; 0 if there were none.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn macvlan_reconciled_list_count(
    list: *const macvlan_reconciled_list,
) -> usize {
    answer(0, || Ok(shared!(list).len()))
}

/// Returns one of the changes, counted from 0. It belongs to the list. NULL past the end.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn macvlan_reconciled_list_get(
    list: *const macvlan_reconciled_list,
    index: usize,
) -> *const macvlan_reconciled {
    answer(null(), || Ok(nth_record(shared!(list), index)))
}

/// Frees a list. NULL is ignored.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn macvlan_reconciled_list_free(list: *mut macvlan_reconciled_list) {
    // SAFETY: the header requires that no other thread uses it.
    unsafe { free(list) }
}

/// Returns the contents of a collection, which belong to it. NULL if the object is invalid.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn macvlan_collected_get(
    collected: *const macvlan_collected,
) -> *const macvlan_collected_info {
    answer(null(), || Ok(shared!(collected).record()))
}

/// Frees the result of a collection. NULL is ignored.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn macvlan_collected_free(collected: *mut macvlan_collected) {
    // SAFETY: the header requires that no other thread uses it.
    unsafe { free(collected) }
}
