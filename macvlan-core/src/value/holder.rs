//! The host that has an address on the network.

use std::fmt;
use std::net::IpAddr;

use crate::error::Error;
use crate::value::mac::MacAddr;

/// The host that was found to have an address.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[non_exhaustive]
pub struct Holder {
    /// The address.
    pub address: IpAddr,
    /// The MAC address of the host; `None` if it did not answer the kernel's detection.
    pub mac: Option<MacAddr>,
}

impl fmt::Display for Holder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.mac {
            Some(mac) => write!(f, "{} has {}", mac, self.address),
            None => write!(f, "another host has {}", self.address),
        }
    }
}

impl Error {
    /// Returns the other host that has the address, for
    /// [`ErrorKind::AddressInUse`](crate::ErrorKind::AddressInUse).
    pub fn holder(&self) -> Option<Holder> {
        let (address, mac) = self.raw_holder()?;
        Some(Holder { address, mac: mac.and_then(|octets| MacAddr::new(octets).ok()) })
    }

    pub(crate) fn held_by(self, holder: Holder) -> Self {
        self.has_holder(holder.address, holder.mac.map(MacAddr::octets))
    }
}
