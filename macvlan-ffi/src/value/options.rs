//! `macvlan_options`: the options of a macvlan or macvtap.

use std::ffi::c_int;

use macvlan_core::{MacvlanOptions, Mode};

use crate::base::boundary::boundary;
use crate::base::input::{Input, input};
use crate::base::mac::macs;
use crate::base::optional::{Bool, macvlan_opt_i32, macvlan_opt_u32};
use crate::base::record::record;
use crate::base::report::{Failure, macvlan_error};
use crate::base::view::{Arena, Output};

/// The options of a macvlan or macvtap. All zero: the kernel's defaults, in mode bridge.
#[derive(Clone, Copy)]
#[repr(C)]
pub struct macvlan_options {
    /// The size of the struct.
    pub size: usize,
    /// The mode: one of enum macvlan_mode. Defaults to MACVLAN_MODE_BRIDGE.
    pub mode: u32,
    /// True if mode passthru leaves the parent as promiscuous as it is (MACVLAN_FLAG_NOPROMISC).
    pub nopromisc: Bool,
    /// True if mode source checks only the source address (MACVLAN_FLAG_NODST). Frames from the
    /// listed MAC addresses are then accepted whatever their destination is (Linux 5.13 and later;
    /// older kernels refuse it).
    pub nodst: Bool,
    /// The MAC addresses from which frames are accepted in mode source: six bytes each.
    pub source_macs: *const u8,
    /// The number of these.
    pub source_mac_count: usize,
    /// The length of the broadcast queue in frames, for broadcast and multicast frames to other
    /// links on the parent. Defaults to 1000. The kernel has one queue for each parent and uses the
    /// largest requested length.
    pub bc_queue_len: macvlan_opt_u32,
    /// The number of receivers above which a multicast frame goes through the broadcast queue
    /// instead of being delivered at once; -1 for never. Defaults to 1. The kernel has one value
    /// for each parent, so this changes it for all links on it. Linux 6.4 and later; older kernels
    /// ignore it silently.
    pub bc_cutoff: macvlan_opt_i32,
}
record!(macvlan_options);

// The header uses the kernel's enumeration of modes.
const _: () = assert!(
    Mode::Private as u32 == 1
        && Mode::Vepa as u32 == 2
        && Mode::Bridge as u32 == 4
        && Mode::Passthru as u32 == 8
        && Mode::Source as u32 == 16
);

impl Input for macvlan_options {
    type Value = MacvlanOptions;

    unsafe fn value(&self, argument: &str) -> Result<MacvlanOptions, Failure> {
        let mut options = MacvlanOptions::new(crate::base::kernel::mode(self.mode)?)
            .nopromisc(self.nopromisc != 0)
            .nodst(self.nodst != 0);
        let name = format!("{argument}.source_macs");
        // SAFETY: guaranteed by the caller.
        for mac in unsafe { macs(self.source_macs, self.source_mac_count, &name)? } {
            options = options.source_mac(mac);
        }
        if let Some(frames) = self.bc_queue_len.get() {
            options = options.bc_queue_len(frames);
        }
        if let Some(siblings) = self.bc_cutoff.get() {
            options = options.bc_cutoff(siblings);
        }
        Ok(options)
    }
}

impl Output for MacvlanOptions {
    type Record = macvlan_options;

    fn record(&self, arena: &mut Arena) -> macvlan_options {
        let macs = self.get_source_macs();
        let (source_macs, _) = arena.array(macs.iter().flat_map(|mac| mac.octets()).collect());
        macvlan_options {
            mode: self.get_mode() as u32,
            nopromisc: self.get_nopromisc().into(),
            nodst: self.get_nodst().into(),
            source_macs,
            source_mac_count: macs.len(),
            bc_queue_len: self.get_bc_queue_len().into(),
            bc_cutoff: self.get_bc_cutoff().into(),
            ..macvlan_options::new()
        }
    }
}

/// Checks options for combinations that the kernel refuses with EINVAL or ignores. Attaching and
/// creating a link do the same. Returns 0 or a negative errno.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn macvlan_options_check(
    options: *const macvlan_options,
    error: *mut *mut macvlan_error,
) -> c_int {
    boundary!(error, {
        input!(options).check()?;
    })
}
