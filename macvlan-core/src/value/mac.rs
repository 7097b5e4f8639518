//! Ethernet addresses.

use std::fmt;
use std::net::Ipv4Addr;
use std::str::FromStr;

use crate::error::{Error, Result};
use crate::value::text::serde_as_text;

/// A MAC address of a link: a unicast address that is not zero.
///
/// ```
/// use macvlan_core::MacAddr;
/// let mac = MacAddr::from_ipv4([172, 16, 213, 180].into());
/// assert_eq!(mac.to_string(), "02:42:ac:10:d5:b4");
/// assert_eq!("02:42:ac:10:d5:b4".parse::<MacAddr>()?, mac);
/// # Ok::<(), macvlan_core::Error>(())
/// ```
#[doc(alias = "IFLA_ADDRESS")]
#[doc(alias = "lladdr")]
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct MacAddr([u8; 6]);

impl MacAddr {
    /// Makes a MAC address from six bytes.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::InvalidValue`](crate::ErrorKind::InvalidValue) for the zero address and
    /// multicast addresses, as the kernel's `is_valid_ether_addr`.
    pub fn new(bytes: [u8; 6]) -> Result<Self> {
        let refuse = |why: &'static str| {
            Err(Error::invalid(format!("use {} as a MAC address", Self(bytes)), why))
        };
        if bytes == [0; 6] {
            return refuse("the address is zero");
        }
        if bytes[0] & 1 != 0 {
            return refuse("the address is multicast (lowest bit of the first byte)");
        }
        Ok(Self(bytes))
    }

    /// Returns `02:42:` followed by the four bytes of the address, as Docker derives it.
    ///
    /// The same IP address always gives the same MAC address, so neighbour entries stay valid when
    /// a container is created again.
    pub fn from_ipv4(address: Ipv4Addr) -> Self {
        let [a, b, c, d] = address.octets();
        Self([0x02, 0x42, a, b, c, d])
    }

    /// Makes a locally administered unicast address from random bytes, as the kernel's
    /// `eth_hw_addr_random` does.
    pub(crate) fn from_random(mut bytes: [u8; 6]) -> Self {
        bytes[0] = bytes[0] & !1 | 2;
        Self(bytes)
    }

    /// Makes a MAC address from bytes that were validated before or received in a frame.
    pub(crate) fn as_is(bytes: [u8; 6]) -> Self {
        Self(bytes)
    }

    /// Returns the six bytes in network order.
    pub fn octets(self) -> [u8; 6] {
        self.0
    }
}

impl fmt::Display for MacAddr {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.0.map(|byte| format!("{byte:02x}")).join(":"))
    }
}

impl fmt::Debug for MacAddr {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl FromStr for MacAddr {
    type Err = Error;

    /// Parses six groups of two hexadecimal digits, separated by `:`.
    fn from_str(text: &str) -> Result<Self> {
        let malformed = || {
            Error::invalid(
                format!("parse MAC address {text:?}"),
                "expected six groups of two hexadecimal digits separated by \":\"",
            )
        };
        // The fast path for reading a store with thousands of them: two digits and a colon, six
        // times, without the last colon.
        let text: &[u8; 17] = text.as_bytes().try_into().map_err(|_| malformed())?;
        let mut bytes = [0; 6];
        for (byte, group) in bytes.iter_mut().zip(text.chunks(3)) {
            let digit = |at: usize| char::from(group[at]).to_digit(16).ok_or_else(malformed);
            let both = digit(0)? << 4 | digit(1)?;
            *byte = u8::try_from(both).map_err(|_| malformed())?;
            if group.get(2).is_some_and(|colon| *colon != b':') {
                return Err(malformed());
            }
        }
        Self::new(bytes)
    }
}

serde_as_text!(MacAddr);

impl TryFrom<[u8; 6]> for MacAddr {
    type Error = Error;
    fn try_from(bytes: [u8; 6]) -> Result<Self> {
        Self::new(bytes)
    }
}

impl From<MacAddr> for [u8; 6] {
    fn from(mac: MacAddr) -> Self {
        mac.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn round_trip() {
        for text in ["02:42:ac:10:d5:b4", "00:00:00:00:00:01", "fe:ff:ff:ff:ff:ff"] {
            assert_eq!(text.parse::<MacAddr>().unwrap().to_string(), text);
        }
        assert_eq!(
            "0A:0B:0C:0D:0E:0F".parse::<MacAddr>().unwrap().to_string(),
            "0a:0b:0c:0d:0e:0f"
        );
    }

    #[test]
    fn refused() {
        for text in [
            "",
            "02",
            "02:42:ac:10:d5",
            "02:42:ac:10:d5:b4:01",
            "2:42:ac:10:d5:b4",
            "02-42-ac-10-d5-b4",
            "0g:42:ac:10:d5:b4",
            "+2:42:ac:10:d5:b4",
            "00:00:00:00:00:00",
            "ff:ff:ff:ff:ff:ff",
            "01:00:5e:00:00:01",
            "33:33:00:00:00:01",
        ] {
            assert!(text.parse::<MacAddr>().is_err(), "{text:?} was taken");
        }
    }

    #[test]
    fn random_ones_are_local_and_unicast() {
        for first in 0..=255 {
            let mac = MacAddr::from_random([first, 0, 0, 0, 0, 0]);
            assert!(MacAddr::new(mac.octets()).is_ok());
            assert_eq!(mac.octets()[0] & 3, 2);
        }
    }
}
