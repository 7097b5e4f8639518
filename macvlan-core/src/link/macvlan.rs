//! What a macvlan can be told.

use crate::text::named;

/// Who a macvlan may talk to.
///
/// The numbers are the kernel's (`enum macvlan_mode` in `linux/if_link.h`).
#[doc(alias = "IFLA_MACVLAN_MODE")]
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
#[repr(u32)]
pub enum Mode {
    /// Everybody on the wire, but no sibling on the same parent.
    #[doc(alias = "MACVLAN_MODE_PRIVATE")]
    Private = 1,
    /// Siblings too, if the switch outside sends their frames back (802.1Qbg reflective relay).
    #[doc(alias = "MACVLAN_MODE_VEPA")]
    Vepa = 2,
    /// Siblings directly, and everybody on the wire. What `docker network create -d macvlan` uses.
    #[default]
    #[doc(alias = "MACVLAN_MODE_BRIDGE")]
    Bridge = 4,
    /// The parent is this link's alone, which has the parent's MAC address.
    #[doc(alias = "MACVLAN_MODE_PASSTHRU")]
    Passthru = 8,
    /// Only frames from a list of MAC addresses come in.
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
    /// The mode of one of the kernel's numbers.
    pub fn from_kernel(number: u32) -> Option<Self> {
        [Self::Private, Self::Vepa, Self::Bridge, Self::Passthru, Self::Source]
            .into_iter()
            .find(|mode| *mode as u32 == number)
    }
}

/// The options of a macvlan.
#[derive(Debug, Clone, Default, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[must_use]
pub struct Macvlan {
    pub(crate) mode: Mode,
}

impl Macvlan {
    /// A macvlan in a mode.
    pub fn new(mode: Mode) -> Self {
        Self { mode }
    }

    /// The mode.
    pub fn mode(&self) -> Mode {
        self.mode
    }
}

#[cfg(test)]
mod tests {
    use super::*;

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
            "cannot parse macvlan mode \"bridged\": it is none of private, vepa, bridge, passthru, source"
        );
    }
}
