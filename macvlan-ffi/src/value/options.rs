//! `macvlan_options`: the options of a macvlan or macvtap.

use std::ffi::c_int;

use macvlan_core::{MacvlanOptions, Mode};

use crate::base::boundary::{answer, boundary, free};
use crate::base::kernel::EnumMode;
use crate::base::mac::{mac, mac_out, put};
use crate::base::object::{exclusive, give, object, out, shared};
use crate::base::report::macvlan_error;

/// The options of a macvlan or macvtap: mode, flags, source MAC addresses, broadcast queue. From
/// macvlan_options_new() and freed with macvlan_options_free(), or a part of a macvlan_link_info.
///
/// Those of an endpoint can also be set one by one, with macvlan_endpoint_set_mode() and others.
///
/// Threads: concurrent reads are safe; a change needs exclusive access.
pub struct macvlan_options {
    _opaque: (),
}
object!(macvlan_options, MacvlanOptions);

// The header uses the kernel's enumeration of modes.
const _: () = assert!(
    Mode::Private as u32 == 1
        && Mode::Vepa as u32 == 2
        && Mode::Bridge as u32 == 4
        && Mode::Passthru as u32 == 8
        && Mode::Source as u32 == 16
);

/// Makes options with a mode, and otherwise the kernel's defaults. The caller frees them with
/// macvlan_options_free().
#[unsafe(no_mangle)]
pub unsafe extern "C" fn macvlan_options_new(
    mode: EnumMode,
    options: *mut *mut macvlan_options,
    error: *mut *mut macvlan_error,
) -> c_int {
    boundary!(error, {
        let options = out!(options);
        give(options, MacvlanOptions::new(crate::base::kernel::mode(mode)?));
    })
}

/// Sets whether mode passthru leaves the parent as promiscuous as it is (MACVLAN_FLAG_NOPROMISC).
/// Defaults to false.
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

/// Sets whether mode source checks only the source address. Defaults to false.
///
/// Frames from the listed MAC addresses are then accepted whatever their destination is (Linux 5.13
/// and later; older kernels refuse it).
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

/// Adds a MAC address from which frames are accepted in mode source.
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

/// Sets the length of the broadcast queue in frames, for broadcast and multicast frames to other
/// links on the parent. Defaults to 1000. The kernel has one queue for each parent and uses the
/// largest requested length.
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

/// Sets the number of receivers above which a multicast frame goes through the broadcast queue
/// instead of being delivered at once; -1 for never. Defaults to 1.
///
/// The kernel has one value for each parent, so this changes it for all links on it. Linux 6.4 and
/// later; older kernels ignore it silently.
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

/// Checks options for combinations that the kernel refuses with EINVAL or ignores. Attaching and
/// creating a link do the same.
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
    answer(0, || Ok(shared!(options).get_mode() as u32))
}

/// Returns whether mode passthru leaves the parent as promiscuous as it is.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn macvlan_options_is_nopromisc(options: *const macvlan_options) -> bool {
    answer(false, || Ok(shared!(options).get_nopromisc()))
}

/// Returns whether mode source checks only the source address.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn macvlan_options_is_nodst(options: *const macvlan_options) -> bool {
    answer(false, || Ok(shared!(options).get_nodst()))
}

/// Returns the number of MAC addresses from which frames are accepted in mode source.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn macvlan_options_source_mac_count(
    options: *const macvlan_options,
) -> usize {
    answer(0, || Ok(shared!(options).get_source_macs().len()))
}

/// Writes one of the MAC addresses from which frames are accepted, counted from 0, and returns
/// whether there is one; zeroes if not.
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
        let found = shared!(options).get_source_macs().get(index);
        if let Some(found) = found {
            put(*found, mac);
        }
        Ok(found.is_some())
    })
}

/// Writes the broadcast queue's length in frames, and returns whether it is known; it is not if it
/// was not set.
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

/// Writes the broadcast cutoff, and returns whether it is known; it is not if it was not set, or
/// the kernel has none.
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
