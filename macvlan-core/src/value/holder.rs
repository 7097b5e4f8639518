//! Who has an address on the network.

use std::fmt;
use std::net::IpAddr;

use crate::value::mac::MacAddr;

/// Who has an address.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
#[non_exhaustive]
pub struct Holder {
    /// The address.
    pub address: IpAddr,
    /// The MAC address of the one that has it; none if the kernel found the duplicate, and nobody was
    /// heard.
    pub mac: Option<MacAddr>,
}

impl fmt::Display for Holder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.mac {
            Some(mac) => write!(f, "{} has {}", mac, self.address),
            None => write!(f, "somebody has {}", self.address),
        }
    }
}
