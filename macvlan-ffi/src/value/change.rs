//! `macvlan_change`: a change of an existing macvlan.

use std::ffi::c_int;

use macvlan_core::{MacvlanChange, SourceMacs};

use crate::base::boundary::{boundary, free};
use crate::base::kernel::{EnumMacaddrMode, EnumMode};
use crate::base::object::{exclusive, give, object, out};
use crate::base::report::macvlan_error;

/// A change of an existing macvlan or macvtap, for macvlan_handle_set_macvlan(); options that are
/// not set stay unchanged. Freed with macvlan_change_free().
///
/// Threads: concurrent reads are safe; a change needs exclusive access.
pub struct macvlan_change {
    _opaque: (),
}
object!(macvlan_change, MacvlanChange);

/// Makes a change without any options. The caller frees it with macvlan_change_free().
#[unsafe(no_mangle)]
pub unsafe extern "C" fn macvlan_change_new(
    change: *mut *mut macvlan_change,
    error: *mut *mut macvlan_error,
) -> c_int {
    boundary!(error, {
        let change = out!(change);
        give(change, MacvlanChange::new());
    })
}

/// Sets the mode. The kernel refuses a change to or from passthru; leaving mode source clears the
/// list of source MAC addresses.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn macvlan_change_set_mode(
    change: *mut macvlan_change,
    mode: EnumMode,
    error: *mut *mut macvlan_error,
) -> c_int {
    boundary!(error, {
        let change = exclusive!(change);
        *change = change.clone().mode(crate::base::kernel::mode(mode)?);
    })
}

/// Sets both flags; the kernel cannot change one alone.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn macvlan_change_set_flags(
    change: *mut macvlan_change,
    nopromisc: bool,
    nodst: bool,
    error: *mut *mut macvlan_error,
) -> c_int {
    boundary!(error, {
        let change = exclusive!(change);
        *change = change.clone().flags(nopromisc, nodst);
    })
}

/// Sets the broadcast queue length in frames; see macvlan_options_set_bc_queue_len().
#[unsafe(no_mangle)]
pub unsafe extern "C" fn macvlan_change_set_bc_queue_len(
    change: *mut macvlan_change,
    frames: u32,
    error: *mut *mut macvlan_error,
) -> c_int {
    boundary!(error, {
        let change = exclusive!(change);
        *change = change.clone().bc_queue_len(frames);
    })
}

/// Sets the broadcast cutoff, for all links on the parent; see macvlan_options_set_bc_cutoff().
#[unsafe(no_mangle)]
pub unsafe extern "C" fn macvlan_change_set_bc_cutoff(
    change: *mut macvlan_change,
    siblings: i32,
    error: *mut *mut macvlan_error,
) -> c_int {
    boundary!(error, {
        let change = exclusive!(change);
        *change = change.clone().bc_cutoff(siblings);
    })
}

/// Changes the list of source MAC addresses of a link in mode source. MACVLAN_MACADDR_ADD and
/// MACVLAN_MACADDR_DEL need one MAC address, MACVLAN_MACADDR_SET the complete new list,
/// MACVLAN_MACADDR_FLUSH none. `macs` has `count` times six bytes.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn macvlan_change_set_source_macs(
    change: *mut macvlan_change,
    how: EnumMacaddrMode,
    macs: *const u8,
    count: usize,
    error: *mut *mut macvlan_error,
) -> c_int {
    boundary!(error, {
        let change = exclusive!(change);
        // SAFETY: the header requires that it leads to so many MAC addresses.
        let macs = unsafe { crate::base::mac::macs(macs, count, "macs") }?;
        *change = change.clone().source_macs(SourceMacs::from_kernel(how, macs)?);
    })
}

/// Frees a change. NULL is ignored.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn macvlan_change_free(change: *mut macvlan_change) {
    // SAFETY: the header requires that no other thread uses it.
    unsafe { free(change) }
}
