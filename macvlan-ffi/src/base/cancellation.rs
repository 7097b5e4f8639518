//! `macvlan_cancellation`: cancels functions that wait.

use std::ffi::c_int;

use macvlan_core::Cancel;

use crate::base::boundary::{answer, boundary, free};
use crate::base::object::{give, object, out, shared};
use crate::base::report::macvlan_error;

/// A token that cancels functions that wait, from another thread or from a signal handler. These
/// are the functions of a host from macvlan_host_cancelled_by(), and those of a watch after
/// macvlan_watch_set_cancellation(). Freed with macvlan_cancellation_free().
///
/// Threads: any number of threads may use it at once, until one frees it; a signal handler must not
/// use it afterwards.
pub struct macvlan_cancellation {
    _opaque: (),
}
object!(macvlan_cancellation, Cancel);

/// Makes a cancellation, which has a file descriptor of its own (eventfd(2)).
///
/// Returns 0 or a negative errno. The caller frees it with macvlan_cancellation_free().
#[unsafe(no_mangle)]
pub unsafe extern "C" fn macvlan_cancellation_new(
    cancellation: *mut *mut macvlan_cancellation,
    error: *mut *mut macvlan_error,
) -> c_int {
    boundary!(error, {
        give(out!(cancellation), Cancel::new()?);
    })
}

/// Cancels all functions that wait with this cancellation, now and in the future.
///
/// A function that waits undoes its changes and returns -EINTR, with an error of the kind
/// MACVLAN_ERROR_CANCELLED. A function that does not need to wait is carried out.
///
/// It is async-signal-safe, the only function of this library that a signal handler may call: it
/// sets a flag and writes eight bytes. In a forked child it cancels the functions of the child, not
/// those of the parent.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn macvlan_cancel(cancellation: *const macvlan_cancellation) {
    answer((), || {
        shared!(cancellation).cancel();
        Ok(())
    });
}

/// Returns whether macvlan_cancel() was called; false if the cancellation is invalid.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn macvlan_cancellation_is_cancelled(
    cancellation: *const macvlan_cancellation,
) -> bool {
    answer(false, || Ok(shared!(cancellation).is_cancelled()))
}

/// Frees a cancellation. NULL is ignored. Functions that wait with it continue, and can no longer
/// be cancelled by it.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn macvlan_cancellation_free(cancellation: *mut macvlan_cancellation) {
    // SAFETY: the header requires that no other thread uses it.
    unsafe { free(cancellation) }
}
