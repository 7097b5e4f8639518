//! `macvlan_promisc`: holds a link promiscuous.

use std::ffi::c_int;
use std::os::fd::{AsFd, AsRawFd};

use macvlan_core::PromiscGuard;

use crate::base::boundary::{answer, free};
use crate::base::object::{object, shared};

/// Holds a link promiscuous until it is freed with macvlan_promisc_free(), given by
/// macvlan_handle_hold_promisc().
///
/// The kernel counts the holders, and counts one less when the guard is freed or its process ends,
/// even by kill -9.
///
/// Threads: immutable, so any number of threads may use it at once, until one frees it.
pub struct macvlan_promisc {
    _opaque: (),
}
object!(macvlan_promisc, PromiscGuard);

/// Returns the socket that holds the link promiscuous; it stays the guard's. A process that
/// inherits or is sent it (SCM_RIGHTS) holds the link promiscuous, too. -1 if the guard is invalid.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn macvlan_promisc_fd(promisc: *const macvlan_promisc) -> c_int {
    answer(-1, || Ok(shared!(promisc).as_fd().as_raw_fd()))
}

/// Lets the link go; does nothing to NULL.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn macvlan_promisc_free(promisc: *mut macvlan_promisc) {
    // SAFETY: the header requires that no other thread uses it.
    unsafe { free(promisc) }
}
