//! `macvlan_moving`: addresses that have been moved, to be confirmed.

use std::ffi::c_int;

use macvlan_core::Moving;

use crate::base::boundary::{answer, boundary, free};
use crate::base::object::{exclusive, object, shared};
use crate::base::report::{Failure, macvlan_error};

/// Addresses that have been moved, to be confirmed: given by macvlan_access_move_addresses(). At its
/// deadline it moves them back by itself. Freed with macvlan_moving_free(), which moves them back at
/// once if they were not confirmed.
///
/// Threads: any number may ask whether it is pending; whoever confirms, undoes or frees it needs it
/// alone.
pub struct macvlan_moving {
    _opaque: (),
}
// None when it has been confirmed or undone.
object!(macvlan_moving, Option<Moving>);

fn take(moving: &mut Option<Moving>) -> Result<Moving, Failure> {
    moving.take().ok_or_else(|| Failure::misuse("moving has been confirmed or undone already"))
}

/// Leaves the addresses where they are, once. Too late, when they have been moved back already, is
/// MACVLAN_ERROR_TIMED_OUT.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn macvlan_moving_confirm(
    moving: *mut macvlan_moving,
    error: *mut *mut macvlan_error,
) -> c_int {
    boundary!(error, {
        take(exclusive!(moving))?.confirm()?;
    })
}

/// Moves the addresses back now, and tells how that went.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn macvlan_moving_undo(
    moving: *mut macvlan_moving,
    error: *mut *mut macvlan_error,
) -> c_int {
    boundary!(error, {
        take(exclusive!(moving))?.undo()?;
    })
}

/// Returns whether they are still moved and to be confirmed.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn macvlan_moving_is_pending(moving: *const macvlan_moving) -> bool {
    answer(false, || Ok(shared!(moving).as_ref().is_some_and(Moving::is_pending)))
}

/// Frees it, and moves the addresses back if they were not confirmed. NULL is ignored.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn macvlan_moving_free(moving: *mut macvlan_moving) {
    // SAFETY: the header requires that no other thread uses it.
    unsafe { free(moving) }
}
