//! `macvlan_change`: what is to be changed on a macvlan that exists.

use std::ffi::c_int;

use macvlan_core::{MacvlanChange, SourceMacs};

use crate::base::boundary::{boundary, free};
use crate::base::kernel::{EnumMacaddrMode, EnumMode};
use crate::base::object::{exclusive, give, object, out};
use crate::base::report::macvlan_error;

/// What is to be changed on a macvlan or macvtap that exists, by macvlan_handle_set_macvlan(); what
/// is not set stays as it is. Freed with macvlan_change_free().
///
/// Threads: concurrent reads are safe; a change needs exclusive access.
pub struct macvlan_change {
    _opaque: (),
}
object!(macvlan_change, MacvlanChange);

/// Nothing is to be changed yet.
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

/// Another mode. The kernel refuses to change to passthru or from it; leaving mode source flushes the
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

/// Both flags anew; the kernel knows no way to change one alone.
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

/// Another broadcast queue length in frames; see macvlan_options_set_bc_queue_len().
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

/// Another broadcast cutoff, for all on the parent; see macvlan_options_set_bc_cutoff().
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

/// Changes the list of source MAC addresses; the link must be in mode source. MACVLAN_MACADDR_ADD and
/// MACVLAN_MACADDR_DEL take one MAC address, MACVLAN_MACADDR_SET those that the list is to have and no
/// others, MACVLAN_MACADDR_FLUSH none. `macs` leads to `count` times six bytes.
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

/// `enum macvlan_macaddr_mode` of `linux/if_link.h`: add, delete, flush, set.
/// Frees a change; does nothing to NULL.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn macvlan_change_free(change: *mut macvlan_change) {
    // SAFETY: the header requires that no other thread uses it.
    unsafe { free(change) }
}
