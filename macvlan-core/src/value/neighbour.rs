//! Entries of the neighbour tables.

use std::net::IpAddr;

use crate::value::mac::MacAddr;
use crate::value::text::named;

/// An entry of the neighbour tables, as reported by the kernel.
///
/// The tables are ARP's for IPv4 and those of neighbour discovery for IPv6.
#[doc(alias = "RTM_NEWNEIGH")]
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[non_exhaustive]
pub struct NeighbourInfo {
    /// The neighbour's address.
    #[doc(alias = "NDA_DST")]
    pub ip: IpAddr,
    /// The neighbour's MAC address; `None` while it is being resolved.
    #[doc(alias = "NDA_LLADDR")]
    pub mac: Option<MacAddr>,
    /// The index of the link.
    pub link: u32,
    /// The state of the entry.
    pub state: NeighbourState,
}

/// The state of a neighbour entry (RFC 4861), an `NUD_…` value of the kernel.
///
/// The text form is that of `ip neighbour`.
#[doc(alias = "ndm_state")]
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum NeighbourState {
    /// The MAC address is being resolved.
    Incomplete,
    /// The neighbour was reachable recently.
    Reachable,
    /// The neighbour was reachable some time ago; the entry is used and verified when used.
    Stale,
    /// The entry is about to be verified.
    Delay,
    /// The entry is being verified.
    Probe,
    /// The neighbour did not answer.
    Failed,
    /// The entry needs no verification, on a link without ARP.
    Noarp,
    /// The entry was added by an administrator.
    Permanent,
    /// None of these states.
    None,
}

impl From<u16> for NeighbourState {
    fn from(bits: u16) -> Self {
        match bits {
            0x01 => Self::Incomplete,
            0x02 => Self::Reachable,
            0x04 => Self::Stale,
            0x08 => Self::Delay,
            0x10 => Self::Probe,
            0x20 => Self::Failed,
            0x40 => Self::Noarp,
            0x80 => Self::Permanent,
            _ => Self::None,
        }
    }
}

named!(
    NeighbourState,
    "neighbour state",
    [
        Incomplete = "INCOMPLETE",
        Reachable = "REACHABLE",
        Stale = "STALE",
        Delay = "DELAY",
        Probe = "PROBE",
        Failed = "FAILED",
        Noarp = "NOARP",
        Permanent = "PERMANENT",
        None = "NONE",
    ]
);
