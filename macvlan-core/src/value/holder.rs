//! Who has an address on the network.

use std::fmt;
use std::net::IpAddr;

use crate::error::Error;
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

impl Error {
    /// Who has the address, where somebody else on the network was found to have it
    /// ([`ErrorKind::AddressInUse`](crate::ErrorKind::AddressInUse)).
    pub fn holder(&self) -> Option<Holder> {
        let (address, mac) = self.raw_holder()?;
        Some(Holder { address, mac: mac.and_then(|octets| MacAddr::new(octets).ok()) })
    }

    pub(crate) fn held_by(self, holder: Holder) -> Self {
        self.has_holder(holder.address, holder.mac.map(MacAddr::octets))
    }
}
