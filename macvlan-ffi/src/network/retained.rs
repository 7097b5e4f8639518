//! `macvlan_retained`: the result of disconnecting all containers except some.

use std::ffi::{c_char, c_int};
use std::ptr::null;

use ::macvlan_network::Retained;

use crate::base::boundary::{answer, boundary, free};
use crate::base::object::{Tagged, give, nth, object, out, parts, shared};
use crate::base::report::{Report, macvlan_error};
use crate::base::text::texts_at;
use crate::network::lease::{self, Held, macvlan_lease};
use crate::network::macvlan_network;

/// The result of disconnecting all containers except some, from macvlan_network_retain(). Freed
/// with macvlan_retained_free().
///
/// Threads: immutable, so any number of threads may use it at once.
pub struct macvlan_retained {
    _opaque: (),
}
object!(macvlan_retained, Done);

pub(crate) struct Done {
    released: Vec<Tagged<Held>>,
    failed: Vec<Tagged<Held>>,
    errors: Vec<Tagged<Report>>,
}

impl From<Retained> for Done {
    fn from(retained: Retained) -> Self {
        let (failed, errors): (Vec<_>, Vec<_>) = retained.failed.into_iter().unzip();
        let reports = errors.iter().map(Report::of_network);
        Self {
            released: lease::list(retained.released),
            failed: lease::list(failed),
            errors: parts::<macvlan_error>(reports),
        }
    }
}

/// Disconnects all containers on this host except the `count` ones with these ids or interfaces
/// ("ID/INTERFACE"). For a runtime that has a list of its containers, such as the GC of CNI.
/// `valid` can be NULL if `count` is 0.
///
/// The result has the released leases and the failed ones; a failed one is not an error of this
/// function. The caller frees it with macvlan_retained_free().
///
/// Like macvlan_network_disconnect(), releases a lease only if the interface was detached or the
/// namespace no longer exists. Leases of other hosts, pending ones, and those of containers that
/// were connected after the start of the call, stay.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn macvlan_network_retain(
    network: *const macvlan_network,
    valid: *const *const c_char,
    count: usize,
    retained: *mut *mut macvlan_retained,
    error: *mut *mut macvlan_error,
) -> c_int {
    boundary!(error, {
        let retained = out!(retained);
        // SAFETY: the header requires that the array has so many texts.
        let valid = unsafe { texts_at(valid, count, "valid")? };
        give(retained, shared!(network).network.retain(valid)?.into());
    })
}

/// Returns the number of released leases.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn macvlan_retained_released_count(
    retained: *const macvlan_retained,
) -> usize {
    answer(0, || Ok(shared!(retained).released.len()))
}

/// Returns one of the released leases, counted from 0. It belongs to the object. NULL past the end.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn macvlan_retained_released(
    retained: *const macvlan_retained,
    index: usize,
) -> *const macvlan_lease {
    answer(null(), || Ok(nth(&shared!(retained).released, index)))
}

/// Returns the number of failed leases.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn macvlan_retained_failed_count(retained: *const macvlan_retained) -> usize {
    answer(0, || Ok(shared!(retained).failed.len()))
}

/// Returns one of the failed leases, counted from 0. It belongs to the object. NULL past the end.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn macvlan_retained_failed(
    retained: *const macvlan_retained,
    index: usize,
) -> *const macvlan_lease {
    answer(null(), || Ok(nth(&shared!(retained).failed, index)))
}

/// Returns the error of one of the failed leases, counted from 0. It belongs to the object. NULL
/// past the end.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn macvlan_retained_error(
    retained: *const macvlan_retained,
    index: usize,
) -> *const macvlan_error {
    answer(null(), || Ok(nth(&shared!(retained).errors, index)))
}

/// Frees the result. NULL is ignored.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn macvlan_retained_free(retained: *mut macvlan_retained) {
    // SAFETY: the header requires that no other thread uses it.
    unsafe { free(retained) }
}
