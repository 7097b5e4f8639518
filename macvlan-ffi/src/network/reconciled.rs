//! `macvlan_reconciled`: what was done to bring kernel and store together; and `macvlan_collected`.

use std::ffi::{CString, c_char, c_int};
use std::ptr::null;

use macvlan_network::{Collected, Reconciled, ReconciledKind};

use crate::base::boundary::{answer, free};
use crate::base::kernel::number;
use crate::base::object::{Tagged, nth, object, part, parts, shared};
use crate::base::text::c_string;
use crate::network::lease::{self, Held, macvlan_lease};

/// One thing that was done to bring kernel and store together: a part of a macvlan_reconciled_list,
/// which it is freed with.
///
/// Threads: immutable, so any number of threads may use it at once.
pub struct macvlan_reconciled {
    _opaque: (),
}
object!(macvlan_reconciled, Done);

/// What was done, given by macvlan_networks_reconcile(). Freed with macvlan_reconciled_list_free().
///
/// Threads: immutable, so any number of threads may use it at once.
pub struct macvlan_reconciled_list {
    _opaque: (),
}
object!(macvlan_reconciled_list, Vec<Tagged<Done>>);

/// What was taken back, given by macvlan_networks_collect(). Freed with macvlan_collected_free().
///
/// Threads: immutable, so any number of threads may use it at once.
pub struct macvlan_collected {
    _opaque: (),
}
object!(macvlan_collected, TakenBack);

/// What was done to bring kernel and store together. More may come: a program has to expect numbers
/// that are not listed here.
#[repr(C)]
pub enum macvlan_reconciled_kinds {
    /// Something that this version has no number for.
    MACVLAN_RECONCILED_OTHER = 0,
    /// A lease whose namespace is gone, or whose host is, was taken back.
    MACVLAN_RECONCILED_RELEASED = 1,
    /// The interface of a lease was missing or changed, and is as it should be again.
    MACVLAN_RECONCILED_REPAIRED = 2,
    /// An interface that the store did not know, of a network that exists, has a lease now.
    MACVLAN_RECONCILED_ADOPTED = 3,
    /// An interface of a container in a network that does not exist any more was taken away.
    MACVLAN_RECONCILED_REMOVED = 4,
    /// Something could not be brought together; the rest was. The text says why.
    MACVLAN_RECONCILED_FAILED = 5,
    /// Addresses that were kept for containers are free again.
    MACVLAN_RECONCILED_EXPIRED = 6,
    /// The interface of a container, or an address of it, was removed since it is another's by now: its
    /// host had counted as dead. The text names both.
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

/// What was done: one of enum macvlan_reconciled_kinds.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn macvlan_reconciled_kind(done: *const macvlan_reconciled) -> c_int {
    answer(0, || Ok(number(shared!(done).kind as u32)))
}

/// What was done, in words. It belongs to the list. NULL for NULL.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn macvlan_reconciled_text(done: *const macvlan_reconciled) -> *const c_char {
    answer(null(), || Ok(shared!(done).text.as_ptr()))
}

/// Returns the lease that was taken back, entered, or whose interface was repaired; NULL if it is
/// about no lease. It belongs to the list.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn macvlan_reconciled_lease(
    done: *const macvlan_reconciled,
) -> *const macvlan_lease {
    answer(null(), || Ok(shared!(done).lease.as_ref().map_or(null(), Tagged::pointer)))
}

/// Returns the name of the interface that it is about; NULL if it is about none.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn macvlan_reconciled_interface(
    done: *const macvlan_reconciled,
) -> *const c_char {
    answer(null(), || Ok(shared!(done).interface.as_ref().map_or(null(), |text| text.as_ptr())))
}

/// Returns the id of the container that it is about; NULL if it is about none.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn macvlan_reconciled_container(
    done: *const macvlan_reconciled,
) -> *const c_char {
    answer(null(), || Ok(shared!(done).container.as_ref().map_or(null(), |text| text.as_ptr())))
}

/// How many addresses that were kept are free again; 0 if it is about something else.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn macvlan_reconciled_expired(done: *const macvlan_reconciled) -> usize {
    answer(0, || Ok(shared!(done).expired))
}

/// How many things were done; 0 if all was right.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn macvlan_reconciled_list_count(
    list: *const macvlan_reconciled_list,
) -> usize {
    answer(0, || Ok(shared!(list).len()))
}

/// Returns one of the things that were done, counted from 0. It belongs to the list. NULL past the
/// end.
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

/// How many leases were taken back, since their namespace is gone, or their host.
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

/// How many addresses were kept for containers that did not return in time.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn macvlan_collected_expired(collected: *const macvlan_collected) -> usize {
    answer(0, || Ok(shared!(collected).expired))
}

/// Frees what was told of a collection. NULL is ignored.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn macvlan_collected_free(collected: *mut macvlan_collected) {
    // SAFETY: the header requires that no other thread uses it.
    unsafe { free(collected) }
}
