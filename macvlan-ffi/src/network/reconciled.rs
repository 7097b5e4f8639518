//! `macvlan_reconciled`: a change that reconciled kernel and store; and `macvlan_collected`.

use std::ffi::{CString, c_char, c_int};
use std::ptr::null;

use macvlan_network::{Collected, Reconciled, ReconciledKind};

use crate::base::boundary::{answer, free};
use crate::base::kernel::number;
use crate::base::object::{Tagged, nth, object, part, parts, shared};
use crate::base::text::c_string;
use crate::network::lease::{self, Held, macvlan_lease};

/// A change that reconciled kernel and store: a part of a macvlan_reconciled_list, with which it is
/// freed.
///
/// Threads: immutable, so any number of threads may use it at once.
pub struct macvlan_reconciled {
    _opaque: (),
}
object!(macvlan_reconciled, Done);

/// The changes that reconciled kernel and store, from macvlan_networks_reconcile(). Freed with
/// macvlan_reconciled_list_free().
///
/// Threads: immutable, so any number of threads may use it at once.
pub struct macvlan_reconciled_list {
    _opaque: (),
}
object!(macvlan_reconciled_list, Vec<Tagged<Done>>);

/// The released leases, from macvlan_networks_collect(). Freed with macvlan_collected_free().
///
/// Threads: immutable, so any number of threads may use it at once.
pub struct macvlan_collected {
    _opaque: (),
}
object!(macvlan_collected, TakenBack);

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

pub(crate) struct Done {
    kind: ReconciledKind,
    text: CString,
    lease: Option<Tagged<Held>>,
    interface: Option<CString>,
    container: Option<CString>,
    expired: usize,
}

impl From<Reconciled> for Done {
    fn from(done: Reconciled) -> Self {
        Self {
            kind: done.kind(),
            text: c_string(&done),
            lease: done.lease().map(|lease| part::<macvlan_lease>(lease.clone().into())),
            interface: done.interface().map(c_string),
            container: done.container().map(c_string),
            expired: done.expired(),
        }
    }
}

pub(crate) fn list(done: Vec<Reconciled>) -> Vec<Tagged<Done>> {
    parts::<macvlan_reconciled>(done.into_iter().map(Done::from))
}

pub(crate) struct TakenBack {
    leases: Vec<Tagged<Held>>,
    expired: usize,
}

impl From<Collected> for TakenBack {
    fn from(collected: Collected) -> Self {
        Self { leases: lease::list(collected.leases), expired: collected.expired }
    }
}

/// Returns the kind of the change: one of enum macvlan_reconciled_kinds.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn macvlan_reconciled_kind(done: *const macvlan_reconciled) -> c_int {
    answer(0, || Ok(number(shared!(done).kind as u32)))
}

/// Returns a description of the change. It belongs to the list. NULL for NULL.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn macvlan_reconciled_text(done: *const macvlan_reconciled) -> *const c_char {
    answer(null(), || Ok(shared!(done).text.as_ptr()))
}

/// Returns the lease that was released or made, or whose interface was repaired; NULL if there is
/// none. It belongs to the list.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn macvlan_reconciled_lease(
    done: *const macvlan_reconciled,
) -> *const macvlan_lease {
    answer(null(), || Ok(shared!(done).lease.as_ref().map_or(null(), Tagged::pointer)))
}

/// Returns the name of the interface; NULL if there is none.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn macvlan_reconciled_interface(
    done: *const macvlan_reconciled,
) -> *const c_char {
    answer(null(), || Ok(shared!(done).interface.as_ref().map_or(null(), |text| text.as_ptr())))
}

/// Returns the id of the container; NULL if there is none.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn macvlan_reconciled_container(
    done: *const macvlan_reconciled,
) -> *const c_char {
    answer(null(), || Ok(shared!(done).container.as_ref().map_or(null(), |text| text.as_ptr())))
}

/// Returns the number of reserved addresses that are free again; 0 for other kinds.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn macvlan_reconciled_expired(done: *const macvlan_reconciled) -> usize {
    answer(0, || Ok(shared!(done).expired))
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
    answer(null(), || Ok(nth(shared!(list), index)))
}

/// Frees a list. NULL is ignored.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn macvlan_reconciled_list_free(list: *mut macvlan_reconciled_list) {
    // SAFETY: the header requires that no other thread uses it.
    unsafe { free(list) }
}

/// Returns the number of released leases.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn macvlan_collected_lease_count(
    collected: *const macvlan_collected,
) -> usize {
    answer(0, || Ok(shared!(collected).leases.len()))
}

/// Returns one of these leases, counted from 0. It belongs to the object. NULL past the end.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn macvlan_collected_lease(
    collected: *const macvlan_collected,
    index: usize,
) -> *const macvlan_lease {
    answer(null(), || Ok(nth(&shared!(collected).leases, index)))
}

/// Returns the number of addresses that were reserved for containers that did not return in time.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn macvlan_collected_expired(collected: *const macvlan_collected) -> usize {
    answer(0, || Ok(shared!(collected).expired))
}

/// Frees the result of a collection. NULL is ignored.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn macvlan_collected_free(collected: *mut macvlan_collected) {
    // SAFETY: the header requires that no other thread uses it.
    unsafe { free(collected) }
}
