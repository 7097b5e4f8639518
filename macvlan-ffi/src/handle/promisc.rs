//! `macvlan_promisc`: holds a link promiscuous.

use std::ffi::c_int;
use std::os::fd::{AsFd, AsRawFd};

use macvlan_core::PromiscGuard;

use crate::base::boundary::{answer, free};
use crate::base::object::{object, shared};

/// A guard that holds a link promiscuous, from macvlan_handle_hold_promisc(). Freed with
/// macvlan_promisc_free().
///
/// The kernel counts the holders, and one less when the guard is freed or its process ends, even by
/// SIGKILL.
///
/// Threads: immutable, so any number of threads may use it at once, until one frees it.
pub struct macvlan_promisc {
    _opaque: (),
}
object!(macvlan_promisc, PromiscGuard);

/// Returns the socket that holds the link promiscuous. It stays the guard's. A process that
/// inherits or receives it (SCM_RIGHTS) holds the link promiscuous as well. -1 if the guard is
/// invalid.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn macvlan_promisc_fd(promisc: *const macvlan_promisc) -> c_int {
    answer(-1, || Ok(shared!(promisc).as_fd().as_raw_fd()))
}

/// Releases the link. NULL is ignored.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn macvlan_promisc_free(promisc: *mut macvlan_promisc) {
    // SAFETY: the header requires that no other thread uses it.
    unsafe { free(promisc) }
}
