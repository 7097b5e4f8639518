//! The options of a macvlan.

use std::fmt::Write as _;

use crate::error::{Error, Result};
use crate::value::mac::MacAddr;
use crate::value::text::named;

/// The mode of a macvlan, which determines the hosts that it reaches.
///
/// The numbers are the kernel's (`enum macvlan_mode` in `linux/if_link.h`).
#[doc(alias = "IFLA_MACVLAN_MODE")]
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
#[repr(u32)]
pub enum Mode {
    /// Reaches the network, but no other macvlan on the same parent.
    #[doc(alias = "MACVLAN_MODE_PRIVATE")]
    Private = 1,
    /// Reaches the network, and macvlans on the same parent if the switch reflects their frames
    /// (802.1Qbg reflective relay).
    #[doc(alias = "MACVLAN_MODE_VEPA")]
    Vepa = 2,
    /// Reaches the network and, directly, other macvlans on the same parent.
    ///
    /// The mode of `docker network create -d macvlan`.
    #[default]
    #[doc(alias = "MACVLAN_MODE_BRIDGE")]
    Bridge = 4,
    /// Has the parent for itself and shares its MAC address.
    #[doc(alias = "MACVLAN_MODE_PASSTHRU")]
    Passthru = 8,
    /// Receives only frames from a list of source MAC addresses.
    #[doc(alias = "MACVLAN_MODE_SOURCE")]
    Source = 16,
}

named!(
    Mode,
    "macvlan mode",
    [
        Private = "private",
        Vepa = "vepa",
        Bridge = "bridge",
        Passthru = "passthru",
        Source = "source",
    ]
);

impl Mode {
    /// Returns the mode for one of the kernel's numbers.
    pub fn from_kernel(number: u32) -> Option<Self> {
        [Self::Private, Self::Vepa, Self::Bridge, Self::Passthru, Self::Source]
            .into_iter()
            .find(|mode| *mode as u32 == number)
    }
}

/// The options of a macvlan or macvtap.
///
/// ```
/// use macvlan_core::{MacvlanOptions, Mode};
/// let options = MacvlanOptions::new(Mode::Bridge).bc_queue_len(2000);
/// assert_eq!(options.get_mode(), Mode::Bridge);
/// // For passthru only:
/// assert!(MacvlanOptions::new(Mode::Bridge).nopromisc(true).check().is_err());
/// ```
#[derive(Debug, Clone, Default, PartialEq, Eq, Hash)]
#[must_use]
pub struct MacvlanOptions {
    mode: Mode,
    nopromisc: bool,
    nodst: bool,
    source_macs: Vec<MacAddr>,
    bc_queue_len: Option<u32>,
    bc_cutoff: Option<i32>,
}

impl MacvlanOptions {
    /// Makes options with a mode and the kernel's defaults.
    #[doc(alias = "IFLA_MACVLAN_MODE")]
    pub fn new(mode: Mode) -> Self {
        Self { mode, ..Self::default() }
    }

    pub(crate) fn set_mode(&mut self, mode: Mode) {
        self.mode = mode;
    }

    /// Sets whether the parent is not made promiscuous, in mode passthru. Defaults to false.
    #[doc(alias = "MACVLAN_FLAG_NOPROMISC")]
    pub fn nopromisc(mut self, nopromisc: bool) -> Self {
        self.nopromisc = nopromisc;
        self
    }

    /// Sets whether destination addresses are ignored, in mode source. Defaults to false.
    ///
    /// Frames from the list are then received even if they are sent to another MAC address. Linux
    /// 5.13 and later; older kernels refuse it.
    #[doc(alias = "MACVLAN_FLAG_NODST")]
    pub fn nodst(mut self, nodst: bool) -> Self {
        self.nodst = nodst;
        self
    }

    /// Adds a MAC address from which frames are received, in mode source; at most 5455.
    #[doc(alias = "IFLA_MACVLAN_MACADDR_DATA")]
    pub fn source_mac(mut self, mac: MacAddr) -> Self {
        self.source_macs.push(mac);
        self
    }

    /// Sets the length of the queue of broadcast and multicast frames to other macvlans.
    ///
    /// Defaults to 1000.
    ///
    /// The kernel has one queue per parent and uses the largest length that any macvlan on it
    /// requests.
    #[doc(alias = "IFLA_MACVLAN_BC_QUEUE_LEN")]
    #[doc(alias = "bcqueuelen")]
    pub fn bc_queue_len(mut self, frames: u32) -> Self {
        self.bc_queue_len = Some(frames);
        self
    }

    /// Sets the number of macvlans above which a multicast frame is queued instead of delivered
    /// directly.
    ///
    /// -1 disables the queue.
    ///
    /// Defaults to 1.
    ///
    /// The kernel has one value per parent, the last one set, so setting it affects all macvlans on
    /// it, and endpoints with different values on one parent undo each other. Linux 6.4 and later;
    /// older kernels silently ignore it.
    #[doc(alias = "IFLA_MACVLAN_BC_CUTOFF")]
    #[doc(alias = "bclim")]
    pub fn bc_cutoff(mut self, siblings: i32) -> Self {
        self.bc_cutoff = Some(siblings);
        self
    }

    /// Returns the mode.
    pub fn get_mode(&self) -> Mode {
        self.mode
    }

    /// Returns whether the parent is not made promiscuous.
    #[doc(alias = "MACVLAN_FLAG_NOPROMISC")]
    pub fn get_nopromisc(&self) -> bool {
        self.nopromisc
    }

    /// Returns whether destination addresses are ignored.
    #[doc(alias = "MACVLAN_FLAG_NODST")]
    pub fn get_nodst(&self) -> bool {
        self.nodst
    }

    /// Returns the MAC addresses from which frames are received in mode source.
    pub fn get_source_macs(&self) -> &[MacAddr] {
        &self.source_macs
    }

    /// Returns the length of the broadcast queue in frames.
    #[doc(alias = "IFLA_MACVLAN_BC_QUEUE_LEN")]
    pub fn get_bc_queue_len(&self) -> Option<u32> {
        self.bc_queue_len
    }

    /// Returns the broadcast cutoff.
    #[doc(alias = "IFLA_MACVLAN_BC_CUTOFF")]
    pub fn get_bc_cutoff(&self) -> Option<i32> {
        self.bc_cutoff
    }

    /// Returns the flags as the kernel encodes them.
    #[doc(alias = "IFLA_MACVLAN_FLAGS")]
    pub(crate) fn flags(&self) -> u16 {
        u16::from(self.nopromisc) | u16::from(self.nodst) << 1
    }

    /// Formats the options as `ip link add … type macvlan` takes them.
    pub(crate) fn describe(&self) -> String {
        let mut words = format!(" mode {}", self.mode);
        if self.nopromisc {
            words.push_str(" nopromisc");
        }
        if self.nodst {
            words.push_str(" nodst");
        }
        if let Some(frames) = self.bc_queue_len {
            let _ = write!(words, " bcqueuelen {frames}");
        }
        if let Some(siblings) = self.bc_cutoff {
            let _ = write!(words, " bclim {siblings}");
        }
        if !self.source_macs.is_empty() {
            push_source_macs(&mut words, "set", &self.source_macs);
        }
        words
    }

    /// Validates the options, as creating the link does before any system call.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::InvalidValue`](crate::ErrorKind::InvalidValue) if an option does not apply to
    /// the mode, or if there are too many source MAC addresses.
    pub fn check(&self) -> Result<()> {
        check_list(&self.source_macs)?;
        let has_list = !self.source_macs.is_empty();
        check_mode(self.mode, has_list, self.nopromisc, self.nodst)
    }
}

/// Adds a change of the source MAC addresses, as `ip link` takes it.
fn push_source_macs(words: &mut String, verb: &str, macs: &[MacAddr]) {
    let _ = write!(words, " macaddr {verb}");
    for mac in macs {
        let _ = write!(words, " {mac}");
    }
}

/// The cause for options that apply to one mode only.
pub(crate) const LIST_OUTSIDE_SOURCE: &str = "source MAC addresses are for mode source only";

/// The maximum number of source MAC addresses. The length of an attribute has 16 bits, and the
/// attribute with all options has 12 bytes for each address and, in the kernel's reports, at most
/// 72 for the rest.
const MOST_SOURCE_MACS: usize = (u16::MAX as usize - 72) / 12;

fn check_list(macs: &[MacAddr]) -> Result<()> {
    if macs.len() <= MOST_SOURCE_MACS {
        return Ok(());
    }
    let why = format!("the kernel's messages have room for {MOST_SOURCE_MACS} at most");
    Err(Error::invalid(format!("use a list of {} source MAC addresses", macs.len()), why))
}

fn check_mode(mode: Mode, has_list: bool, nopromisc: bool, nodst: bool) -> Result<()> {
    let refuse = |why: &'static str| Err(Error::invalid("use the macvlan options", why));
    match mode {
        Mode::Source if nopromisc => refuse("nopromisc is for mode passthru only"),
        Mode::Source => Ok(()),
        _ if has_list => refuse(LIST_OUTSIDE_SOURCE),
        _ if nodst => refuse("nodst is for mode source only"),
        Mode::Passthru => Ok(()),
        _ if nopromisc => refuse("nopromisc is for mode passthru only"),
        _ => Ok(()),
    }
}

/// A change of an existing macvlan or macvtap. Options that are not set keep their values.
///
/// ```
/// use macvlan_core::{MacvlanChange, Mode};
/// let change = MacvlanChange::new().mode(Mode::Private).bc_queue_len(2000);
/// # let _ = change;
/// ```
#[derive(Debug, Clone, Default, PartialEq, Eq, Hash)]
#[must_use]
pub struct MacvlanChange {
    pub(crate) mode: Option<Mode>,
    pub(crate) flags: Option<u16>,
    pub(crate) bc_queue_len: Option<u32>,
    pub(crate) bc_cutoff: Option<i32>,
    pub(crate) source_macs: Option<SourceMacs>,
}

/// A change of a list of source MAC addresses.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum SourceMacs {
    /// Adds an address (`ip link set … type macvlan macaddr add`).
    #[doc(alias = "MACVLAN_MACADDR_ADD")]
    Add(MacAddr),
    /// Deletes an address (`macaddr del`).
    #[doc(alias = "MACVLAN_MACADDR_DEL")]
    Delete(MacAddr),
    /// Replaces the list (`macaddr set`); at most 5455 addresses.
    #[doc(alias = "MACVLAN_MACADDR_SET")]
    Set(Vec<MacAddr>),
    /// Deletes all addresses (`macaddr flush`).
    #[doc(alias = "MACVLAN_MACADDR_FLUSH")]
    Flush,
}

impl SourceMacs {
    /// Returns the change for a number of `enum macvlan_macaddr_mode` (`linux/if_link.h`).
    ///
    /// # Errors
    ///
    /// [`ErrorKind::InvalidValue`](crate::ErrorKind::InvalidValue) if the kernel has no such
    /// number, or if the number of addresses does not fit: one to add or delete, none to flush.
    pub fn from_kernel(number: u32, macs: Vec<MacAddr>) -> Result<Self> {
        let refuse = |why| Err(Error::invalid("change source MAC addresses", why));
        match (number, &macs[..]) {
            (0, [mac]) => Ok(Self::Add(*mac)),
            (1, [mac]) => Ok(Self::Delete(*mac)),
            (2, []) => Ok(Self::Flush),
            (3, _) => Ok(Self::Set(macs)),
            (0..=2, _) => {
                refuse(format!("mode {number} does not take {} MAC addresses", macs.len()))
            }
            _ => refuse(format!("{number} is not in enum macvlan_macaddr_mode")),
        }
    }
}

impl MacvlanChange {
    /// Makes a change that sets no option.
    pub fn new() -> Self {
        Self::default()
    }

    /// Sets the mode.
    ///
    /// The kernel refuses to change to or from passthru. A change from mode source flushes the list
    /// of source MAC addresses.
    #[doc(alias = "IFLA_MACVLAN_MODE")]
    pub fn mode(mut self, mode: Mode) -> Self {
        self.mode = Some(mode);
        self
    }

    /// Sets both flags; the kernel cannot change one alone.
    #[doc(alias = "IFLA_MACVLAN_FLAGS")]
    pub fn flags(mut self, nopromisc: bool, nodst: bool) -> Self {
        self.flags = Some(MacvlanOptions::default().nopromisc(nopromisc).nodst(nodst).flags());
        self
    }

    /// Sets the length of the broadcast queue in frames; see [`MacvlanOptions::bc_queue_len`].
    #[doc(alias = "IFLA_MACVLAN_BC_QUEUE_LEN")]
    pub fn bc_queue_len(mut self, frames: u32) -> Self {
        self.bc_queue_len = Some(frames);
        self
    }

    /// Sets the broadcast cutoff of the parent; see [`MacvlanOptions::bc_cutoff`].
    #[doc(alias = "IFLA_MACVLAN_BC_CUTOFF")]
    pub fn bc_cutoff(mut self, siblings: i32) -> Self {
        self.bc_cutoff = Some(siblings);
        self
    }

    /// Changes the list of source MAC addresses; the link must be in mode source.
    #[doc(alias = "IFLA_MACVLAN_MACADDR_MODE")]
    pub fn source_macs(mut self, change: SourceMacs) -> Self {
        self.source_macs = Some(change);
        self
    }

    /// Formats the change as `ip link set … type macvlan` takes it, each word with a leading space.
    pub(crate) fn describe(&self) -> String {
        let mut words = String::new();
        if let Some(mode) = self.mode {
            let _ = write!(words, " mode {mode}");
        }
        if let Some(flags) = self.flags {
            let all = [(1, "nopromisc"), (2, "nodst")];
            let set: Vec<&str> =
                all.iter().filter(|(bit, _)| flags & bit != 0).map(|(_, name)| *name).collect();
            let set = if set.is_empty() { "null".to_owned() } else { set.join(" flag ") };
            let _ = write!(words, " flag {set}");
        }
        if let Some(frames) = self.bc_queue_len {
            let _ = write!(words, " bcqueuelen {frames}");
        }
        if let Some(siblings) = self.bc_cutoff {
            let _ = write!(words, " bclim {siblings}");
        }
        let (verb, macs) = match &self.source_macs {
            Some(SourceMacs::Add(mac)) => ("add", std::slice::from_ref(mac)),
            Some(SourceMacs::Delete(mac)) => ("del", std::slice::from_ref(mac)),
            Some(SourceMacs::Set(macs)) => ("set", &macs[..]),
            Some(SourceMacs::Flush) => ("flush", &[][..]),
            None => return words,
        };
        push_source_macs(&mut words, verb, macs);
        words
    }

    /// Checks the length of the list, and the options against the new mode, if one is set.
    pub(crate) fn check(&self) -> Result<()> {
        if let Some(SourceMacs::Set(macs)) = &self.source_macs {
            check_list(macs)?;
        }
        let Some(mode) = self.mode else { return Ok(()) };
        let flags = self.flags.unwrap_or_default();
        check_mode(mode, self.source_macs.is_some(), flags & 1 != 0, flags & 2 != 0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn options_are_refused_outside_their_mode() {
        let mac = MacAddr::from_ipv4([10, 0, 0, 1].into());
        assert!(MacvlanOptions::new(Mode::Bridge).source_mac(mac).check().is_err());
        assert!(MacvlanOptions::new(Mode::Source).source_mac(mac).nodst(true).check().is_ok());
        assert!(MacvlanOptions::new(Mode::Private).nodst(true).check().is_err());
        assert!(MacvlanOptions::new(Mode::Private).nopromisc(true).check().is_err());
        assert!(MacvlanOptions::new(Mode::Passthru).nopromisc(true).check().is_ok());
    }

    #[test]
    fn a_change_prints_as_options() {
        let mac = MacAddr::from_ipv4([10, 0, 0, 1].into());
        let change = MacvlanChange::new();
        for (change, words) in [
            (change.clone().mode(Mode::Private), " mode private"),
            (change.clone().flags(true, true), " flag nopromisc flag nodst"),
            (change.clone().flags(false, false), " flag null"),
            (change.clone().bc_queue_len(5).bc_cutoff(-1), " bcqueuelen 5 bclim -1"),
            (
                change.clone().source_macs(SourceMacs::Set(vec![mac, mac])),
                " macaddr set 02:42:0a:00:00:01 02:42:0a:00:00:01",
            ),
            (change.clone().source_macs(SourceMacs::Add(mac)), " macaddr add 02:42:0a:00:00:01"),
            (change.clone().source_macs(SourceMacs::Delete(mac)), " macaddr del 02:42:0a:00:00:01"),
            (change.source_macs(SourceMacs::Flush), " macaddr flush"),
        ] {
            assert_eq!(change.describe(), words);
        }
    }

    #[test]
    fn a_number_of_the_kernel_s_is_for_so_many_source_macs() {
        let mac = MacAddr::from_ipv4([10, 0, 0, 1].into());
        let change = |number, macs: &[MacAddr]| SourceMacs::from_kernel(number, macs.to_vec()).ok();
        assert_eq!(change(0, &[mac]), Some(SourceMacs::Add(mac)));
        assert_eq!(change(1, &[mac]), Some(SourceMacs::Delete(mac)));
        assert_eq!(change(2, &[]), Some(SourceMacs::Flush));
        assert_eq!(change(3, &[mac, mac]), Some(SourceMacs::Set(vec![mac, mac])));
        for (number, macs) in [(0, &[][..]), (1, &[mac, mac]), (2, &[mac]), (4, &[mac])] {
            assert_eq!(change(number, macs), None, "{number}");
        }
    }

    #[test]
    fn a_list_is_as_long_as_a_message_can_tell() {
        assert_eq!(MOST_SOURCE_MACS, 5455);
        let macs: Vec<MacAddr> =
            (0..5456_u32).map(|number| MacAddr::from_ipv4(number.into())).collect();
        let all = |macs: &[MacAddr]| {
            macs.iter().fold(MacvlanOptions::new(Mode::Source), |link, mac| link.source_mac(*mac))
        };
        let set =
            |macs: &[MacAddr]| MacvlanChange::new().source_macs(SourceMacs::Set(macs.to_vec()));
        all(&macs[1..]).check().unwrap();
        set(&macs[1..]).check().unwrap();
        set(&macs[1..]).mode(Mode::Source).check().unwrap();
        for error in [all(&macs).check(), set(&macs).check(), set(&macs).mode(Mode::Source).check()]
        {
            let error = error.unwrap_err();
            assert_eq!(error.kind(), crate::ErrorKind::InvalidValue);
            assert!(error.to_string().contains("room for 5455 at most"), "{error}");
        }
    }

    #[test]
    fn modes_round_trip_as_text_and_as_numbers() {
        for (text, number) in
            [("private", 1), ("vepa", 2), ("bridge", 4), ("passthru", 8), ("source", 16)]
        {
            let mode: Mode = text.parse().unwrap();
            assert_eq!(mode.to_string(), text);
            assert_eq!(mode as u32, number);
            assert_eq!(Mode::from_kernel(number), Some(mode));
        }
        assert_eq!(Mode::from_kernel(3), None);
        assert_eq!(
            "bridged".parse::<Mode>().unwrap_err().to_string(),
            "cannot parse macvlan mode \"bridged\": expected one of private, vepa, bridge, passthru, source"
        );
    }
}
