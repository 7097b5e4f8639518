//! `macvlan_options`: the options of a macvlan or macvtap.

use std::ffi::c_int;

use macvlan_core::{Macvlan, Mode};

use crate::base::boundary::{answer, boundary, free};
use crate::base::kernel::EnumMode;
use crate::base::mac::{mac, mac_out, put};
use crate::base::object::{exclusive, give, object, out, shared};
use crate::base::report::macvlan_error;

/// The options of a macvlan or macvtap: mode, flags, source MAC addresses, broadcast queue. Made
/// with macvlan_options_new() and freed with macvlan_options_free(), or a part of a
/// macvlan_link_info.
///
/// An endpoint's can also be set one by one, by macvlan_endpoint_set_mode() and the like.
///
/// Threads: concurrent reads are safe; a change needs exclusive access.
pub struct macvlan_options {
    _opaque: (),
}
object!(macvlan_options, Macvlan);

// The header has the modes from the kernel's own.
const _: () = assert!(
    Mode::Private as u32 == 1
        && Mode::Vepa as u32 == 2
        && Mode::Bridge as u32 == 4
        && Mode::Passthru as u32 == 8
        && Mode::Source as u32 == 16
);

/// Returns the options of a macvlan in a mode, all others as the kernel has them by itself.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn macvlan_options_new(
    mode: EnumMode,
    options: *mut *mut macvlan_options,
    error: *mut *mut macvlan_error,
) -> c_int {
    boundary!(error, {
        let options = out!(options);
        give(options, Macvlan::new(crate::base::kernel::mode(mode)?));
    })
}

/// In mode passthru, leaves the parent as promiscuous as it was. Defaults to false.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn macvlan_options_set_nopromisc(
    options: *mut macvlan_options,
    nopromisc: bool,
    error: *mut *mut macvlan_error,
) -> c_int {
    boundary!(error, {
        let options = exclusive!(options);
        *options = options.clone().nopromisc(nopromisc);
    })
}

/// In mode source, looks at source addresses alone: frames from the list come in even when they are
/// sent to another MAC address (Linux 5.13 and later; older kernels refuse it). Defaults to false.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn macvlan_options_set_nodst(
    options: *mut macvlan_options,
    nodst: bool,
    error: *mut *mut macvlan_error,
) -> c_int {
    boundary!(error, {
        let options = exclusive!(options);
        *options = options.clone().nodst(nodst);
    })
}

/// In mode source, one more MAC address that frames may come from.
/// cbindgen:ptrs-as-arrays=[[mac;6]]
#[unsafe(no_mangle)]
pub unsafe extern "C" fn macvlan_options_add_source_mac(
    options: *mut macvlan_options,
    mac: *const u8,
    error: *mut *mut macvlan_error,
) -> c_int {
    boundary!(error, {
        let options = exclusive!(options);
        *options = options.clone().source_mac(mac!(mac));
    })
}

/// How many broadcast and multicast frames may wait to be handed to the siblings. Defaults to 1000.
/// The kernel keeps one queue for all on a parent and uses the largest length that any of them asks
/// for.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn macvlan_options_set_bc_queue_len(
    options: *mut macvlan_options,
    frames: u32,
    error: *mut *mut macvlan_error,
) -> c_int {
    boundary!(error, {
        let options = exclusive!(options);
        *options = options.clone().bc_queue_len(frames);
    })
}

/// A multicast frame that more than this many siblings want goes through the broadcast queue, others
/// are delivered at once; -1 always delivers at once. 1 when not set.
///
/// The kernel keeps it per parent: whoever sets it last sets it for all siblings. Linux 6.4 and later;
/// older kernels ignore it without a word.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn macvlan_options_set_bc_cutoff(
    options: *mut macvlan_options,
    siblings: i32,
    error: *mut *mut macvlan_error,
) -> c_int {
    boundary!(error, {
        let options = exclusive!(options);
        *options = options.clone().bc_cutoff(siblings);
    })
}

/// Refuses options that do not go together, which the kernel would refuse with a bare "invalid
/// argument", or not heed. Attaching and making a link do the same.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn macvlan_options_check(
    options: *const macvlan_options,
    error: *mut *mut macvlan_error,
) -> c_int {
    boundary!(error, {
        shared!(options).check()?;
    })
}

/// Returns the mode: one of enum macvlan_mode; 0 if the options are invalid.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn macvlan_options_mode(options: *const macvlan_options) -> u32 {
    answer(0, || Ok(shared!(options).mode() as u32))
}

/// Returns whether the parent is left as promiscuous as it was.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn macvlan_options_is_nopromisc(options: *const macvlan_options) -> bool {
    answer(false, || Ok(shared!(options).is_nopromisc()))
}

/// Returns whether source addresses alone are looked at.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn macvlan_options_is_nodst(options: *const macvlan_options) -> bool {
    answer(false, || Ok(shared!(options).is_nodst()))
}

/// How many MAC addresses frames may come from, in mode source.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn macvlan_options_source_mac_count(
    options: *const macvlan_options,
) -> usize {
    answer(0, || Ok(shared!(options).source_macs().len()))
}

/// Returns one of the MAC addresses that frames may come from, counted from 0. Whether there is
/// one; zeroes if not.
/// cbindgen:ptrs-as-arrays=[[mac;6]]
#[unsafe(no_mangle)]
pub unsafe extern "C" fn macvlan_options_source_mac(
    options: *const macvlan_options,
    index: usize,
    mac: *mut u8,
) -> bool {
    answer(false, || {
        let mac = mac_out!(mac);
        *mac = [0; 6];
        let found = shared!(options).source_macs().get(index);
        if let Some(found) = found {
            put(*found, mac);
        }
        Ok(found.is_some())
    })
}

/// Returns the broadcast queue's length in frames. Whether it is known: it is not if it was not
/// set.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn macvlan_options_bc_queue_len(
    options: *const macvlan_options,
    frames: *mut u32,
) -> bool {
    answer(false, || {
        let frames = out!(frames = 0);
        let length = shared!(options).get_bc_queue_len();
        *frames = length.unwrap_or(0);
        Ok(length.is_some())
    })
}

/// Returns the broadcast cutoff. Whether it is known: it is not if it was not set, or the kernel
/// has none.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn macvlan_options_bc_cutoff(
    options: *const macvlan_options,
    siblings: *mut i32,
) -> bool {
    answer(false, || {
        let siblings = out!(siblings = 0);
        let cutoff = shared!(options).get_bc_cutoff();
        *siblings = cutoff.unwrap_or(0);
        Ok(cutoff.is_some())
    })
}

/// Frees options. NULL is ignored.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn macvlan_options_free(options: *mut macvlan_options) {
    // SAFETY: the header requires that no other thread uses them.
    unsafe { free(options) }
}
