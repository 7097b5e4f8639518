//! `macvlan_change`: a change of an existing macvlan.

use macvlan_core::{MacvlanChange, SourceMacs};

use crate::base::input::Input;
use crate::base::mac::macs;
use crate::base::optional::{macvlan_opt_i32, macvlan_opt_u32};
use crate::base::record::record;
use crate::base::report::Failure;

/// A change of an existing macvlan or macvtap, for macvlan_handle_set_macvlan(). Options that are
/// not set stay unchanged.
#[derive(Clone, Copy)]
#[repr(C)]
pub struct macvlan_change {
    /// The size of the struct.
    pub size: usize,
    /// The mode: one of enum macvlan_mode; 0 to keep it. The kernel refuses a change to or from
    /// passthru; leaving mode source clears the list of source MAC addresses.
    pub mode: u32,
    /// The flags: MACVLAN_FLAG_NOPROMISC and MACVLAN_FLAG_NODST. The kernel cannot change one alone.
    pub flags: macvlan_opt_u32,
    /// The broadcast queue's length in frames; see macvlan_options.
    pub bc_queue_len: macvlan_opt_u32,
    /// The broadcast cutoff, for all links on the parent; see macvlan_options.
    pub bc_cutoff: macvlan_opt_i32,
    /// The change of the list of source MAC addresses of a link in mode source: one of enum
    /// macvlan_macaddr_mode. MACVLAN_MACADDR_ADD and MACVLAN_MACADDR_DEL need one MAC address,
    /// MACVLAN_MACADDR_SET the complete new list, MACVLAN_MACADDR_FLUSH none.
    pub macaddr_mode: macvlan_opt_u32,
    /// The MAC addresses for it: six bytes each.
    pub source_macs: *const u8,
    /// The number of these.
    pub source_mac_count: usize,
}
record!(macvlan_change);

/// MACVLAN_FLAG_NOPROMISC and MACVLAN_FLAG_NODST of `linux/if_link.h`.
const FLAGS: [u32; 2] = [1, 2];

impl Input for macvlan_change {
    type Value = MacvlanChange;

    unsafe fn value(&self, argument: &str) -> Result<MacvlanChange, Failure> {
        let mut change = MacvlanChange::new();
        if self.mode != 0 {
            change = change.mode(crate::base::kernel::mode(self.mode)?);
        }
        if let Some(flags) = self.flags.get() {
            let [nopromisc, nodst] = FLAGS;
            if flags & !(nopromisc | nodst) != 0 {
                let why = format!("{argument}.flags has flags other than MACVLAN_FLAG_...");
                return Err(Failure::misuse(why));
            }
            change = change.flags(flags & nopromisc != 0, flags & nodst != 0);
        }
        if let Some(frames) = self.bc_queue_len.get() {
            change = change.bc_queue_len(frames);
        }
        if let Some(siblings) = self.bc_cutoff.get() {
            change = change.bc_cutoff(siblings);
        }
        if let Some(how) = self.macaddr_mode.get() {
            let name = format!("{argument}.source_macs");
            // SAFETY: guaranteed by the caller.
            let macs = unsafe { macs(self.source_macs, self.source_mac_count, &name)? };
            change = change.source_macs(SourceMacs::from_kernel(how, macs)?);
        }
        Ok(change)
    }
}
