//! `macvlan_pending_move`: a move of addresses that is to be confirmed.

use std::ffi::c_int;

use macvlan_core::PendingMove;

use crate::base::boundary::{answer, boundary, free};
use crate::base::object::{exclusive, object, shared};
use crate::base::report::{Failure, macvlan_error};

/// A move of addresses that is to be confirmed, from macvlan_access_move_addresses(). If it is not
/// confirmed until the deadline, the addresses are moved back. Freed with macvlan_pending_move_free(),
/// which moves them back if they were not confirmed.
///
/// Threads: macvlan_pending_move_is_pending() may be called by any number of threads at once; other
/// functions need exclusive access.
pub struct macvlan_pending_move {
    _opaque: (),
}
// `None` after it was confirmed or undone.
object!(macvlan_pending_move, Option<PendingMove>);

fn take(pending: &mut Option<PendingMove>) -> Result<PendingMove, Failure> {
    pending.take().ok_or_else(|| Failure::misuse("the move has already been confirmed or undone"))
}

/// Confirms the move, once, so that the addresses stay. Fails with MACVLAN_ERROR_TIMED_OUT if they
/// were moved back at the deadline.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn macvlan_pending_move_confirm(
    pending: *mut macvlan_pending_move,
    error: *mut *mut macvlan_error,
) -> c_int {
    boundary!(error, {
        take(exclusive!(pending))?.confirm()?;
    })
}

/// Moves the addresses back now, and returns the result of that.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn macvlan_pending_move_undo(
    pending: *mut macvlan_pending_move,
    error: *mut *mut macvlan_error,
) -> c_int {
    boundary!(error, {
        take(exclusive!(pending))?.undo()?;
    })
}

/// Returns whether the move is neither confirmed nor undone.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn macvlan_pending_move_is_pending(
    pending: *const macvlan_pending_move,
) -> bool {
    answer(false, || Ok(shared!(pending).as_ref().is_some_and(PendingMove::is_pending)))
}

/// Frees it, and moves the addresses back if they were not confirmed. NULL is ignored.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn macvlan_pending_move_free(pending: *mut macvlan_pending_move) {
    // SAFETY: the header requires that no other thread uses it.
    unsafe { free(pending) }
}
