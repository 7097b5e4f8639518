//! `macvlan_retained`: the result of disconnecting all containers except some.

use std::ffi::{c_char, c_int};
use std::ptr::null;

use ::macvlan_network::Retained;

use crate::base::boundary::{answer, boundary, free};
use crate::base::object::{give, object, out, shared};
use crate::base::record::record;
use crate::base::report::{Report, macvlan_error};
use crate::base::text::texts_at;
use crate::base::view::{Arena, Output, View};
use crate::network::lease::{Held, macvlan_lease};
use crate::network::macvlan_network;

/// The result of disconnecting all containers except some, from macvlan_network_retain(). Freed
/// with macvlan_retained_free().
///
/// Threads: immutable, so any number of threads may use it at once.
pub struct macvlan_retained {
    _opaque: (),
}
object!(macvlan_retained, View<Retained>);

/// The contents of such a result.
#[derive(Clone, Copy)]
#[repr(C)]
pub struct macvlan_retained_info {
    /// The size of the struct.
    pub size: usize,
    /// The released leases.
    pub released: *const *const macvlan_lease,
    /// The number of these.
    pub released_count: usize,
    /// The leases that could not be released.
    pub failed: *const *const macvlan_lease,
    /// The errors of these, in the same order.
    pub errors: *const *const macvlan_error,
    /// The number of both.
    pub failed_count: usize,
}
record!(macvlan_retained_info);

impl Output for Retained {
    type Record = macvlan_retained_info;

    fn record(&self, arena: &mut Arena) -> macvlan_retained_info {
        let released = self.released.iter().cloned().map(Held::from);
        let failed = self.failed.iter().map(|(lease, _)| lease.clone().into());
        let errors = self.failed.iter().map(|(_, error)| Report::of_network(error).into());
        let (released, released_count) = arena.objects(released);
        let (failed, _) = arena.objects(failed);
        let (errors, failed_count) = arena.objects(errors);
        macvlan_retained_info {
            released,
            released_count,
            failed,
            errors,
            failed_count,
            ..macvlan_retained_info::new()
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
        give(retained, shared!(network).value.retain(valid)?.into());
    })
}

/// Returns the contents of the result, which belong to it. NULL if the object is invalid.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn macvlan_retained_get(
    retained: *const macvlan_retained,
) -> *const macvlan_retained_info {
    answer(null(), || Ok(shared!(retained).record()))
}

/// Frees the result. NULL is ignored.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn macvlan_retained_free(retained: *mut macvlan_retained) {
    // SAFETY: the header requires that no other thread uses it.
    unsafe { free(retained) }
}
