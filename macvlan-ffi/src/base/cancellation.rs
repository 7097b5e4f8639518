//! `macvlan_cancellation`: ends what takes its time.

use std::ffi::c_int;

use macvlan_core::Cancel;

use crate::base::boundary::{answer, boundary, free};
use crate::base::object::{give, object, out, shared};
use crate::base::report::macvlan_error;

/// Ends what takes its time, from another thread or from a signal handler: what is done by a host that
/// macvlan_host_cancelled_by() gave, and what a watch waits for after macvlan_watch_set_cancellation().
/// Freed with macvlan_cancellation_free().
///
/// Threads: any number may use it at once; it is freed when nobody does, nor a signal handler could.
pub struct macvlan_cancellation {
    _opaque: (),
}
object!(macvlan_cancellation, Cancel);

/// Makes one, with a file descriptor of its own (eventfd(2)).
#[unsafe(no_mangle)]
pub unsafe extern "C" fn macvlan_cancellation_new(
    cancellation: *mut *mut macvlan_cancellation,
    error: *mut *mut macvlan_error,
) -> c_int {
    boundary!(error, {
        give(out!(cancellation), Cancel::new()?);
    })
}

/// Cancels everything that it was given to, now and later. What waits then returns -EINTR, with an error
/// of the kind MACVLAN_ERROR_CANCELLED, when it has undone what it had begun. What does not wait is
/// carried out.
///
/// It is async-signal-safe, the only function here that a signal handler may call: it sets a flag and
/// writes eight bytes. In a forked child it cancels what the child does, and not what the parent does.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn macvlan_cancel(cancellation: *const macvlan_cancellation) {
    answer((), || {
        shared!(cancellation).cancel();
        Ok(())
    });
}

/// Whether macvlan_cancel() was called; false if the cancellation is none.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn macvlan_cancellation_is_cancelled(
    cancellation: *const macvlan_cancellation,
) -> bool {
    answer(false, || Ok(shared!(cancellation).is_cancelled()))
}

/// Frees a cancellation; does nothing to NULL. What it was given to goes on, and is not cancelled any
/// more if it was not.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn macvlan_cancellation_free(cancellation: *mut macvlan_cancellation) {
    // SAFETY: the header says that nobody else uses it.
    unsafe { free(cancellation) }
}
