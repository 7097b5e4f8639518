//! What a namespace knows of its neighbours' MAC addresses.

use std::fmt;
use std::net::IpAddr;

use crate::value::mac::MacAddr;

/// An entry of the neighbour tables: ARP's for IPv4, neighbour discovery's for IPv6.
#[doc(alias = "RTM_NEWNEIGH")]
#[derive(Debug, Clone, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
#[non_exhaustive]
pub struct NeighbourInfo {
    /// The neighbour's address.
    #[doc(alias = "NDA_DST")]
    pub ip: IpAddr,
    /// The neighbour's MAC address; none while it is being asked for.
    #[doc(alias = "NDA_LLADDR")]
    pub mac: Option<MacAddr>,
    /// The index of the link that it is reached by.
    pub link: u32,
    /// How sure the entry is.
    pub state: NeighbourState,
}

/// How sure a neighbour entry is (RFC 4861).
#[doc(alias = "ndm_state")]
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
#[non_exhaustive]
pub enum NeighbourState {
    /// Being asked for.
    Incomplete,
    /// Confirmed lately.
    Reachable,
    /// Confirmed some time ago; used, and checked when used.
    Stale,
    /// About to be checked.
    Delay,
    /// Being checked.
    Probe,
    /// It did not answer.
    Failed,
    /// Needs no asking, on a link that knows no such thing.
    Noarp,
    /// Somebody said so.
    Permanent,
    /// None of these.
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

impl fmt::Display for NeighbourState {
    /// As `ip neighbour` shows it.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::Incomplete => "INCOMPLETE",
            Self::Reachable => "REACHABLE",
            Self::Stale => "STALE",
            Self::Delay => "DELAY",
            Self::Probe => "PROBE",
            Self::Failed => "FAILED",
            Self::Noarp => "NOARP",
            Self::Permanent => "PERMANENT",
            Self::None => "NONE",
        })
    }
}
