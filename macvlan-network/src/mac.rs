//! Derives a container's MAC address, which does not change over time.

use std::fmt;
use std::net::IpAddr;
use std::str::FromStr;

use macvlan_core::MacAddr;

use crate::error::{Error, Result};

/// The source of a container's MAC address, if none is requested.
///
/// The numbers are stable and appear in the C ABI.
#[derive(
    Debug, Clone, Copy, Default, PartialEq, Eq, Hash, serde::Serialize, serde::Deserialize,
)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
#[repr(u32)]
pub enum MacFrom {
    /// The IPv4 address: `02:42:` and its four bytes, as Docker did.
    ///
    /// Without an IPv4 address, like [`MacFrom::Container`].
    #[default]
    Address = 1,
    /// The network and the container's id, so that it stays the same if the address changes.
    Container = 2,
}

impl MacFrom {
    /// All sources, ordered by number.
    pub const ALL: &[Self] = &[Self::Address, Self::Container];
}

impl fmt::Display for MacFrom {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::Address => "address",
            Self::Container => "container",
        })
    }
}

impl FromStr for MacFrom {
    type Err = Error;
    fn from_str(text: &str) -> Result<Self> {
        match text {
            "address" => Ok(Self::Address),
            "container" => Ok(Self::Container),
            _ => Err(Error::invalid(
                format!("parse the source of MAC addresses {text:?}"),
                "the source must be address or container",
            )),
        }
    }
}

impl MacFrom {
    pub(crate) fn derive(self, network: &str, container: &str, addresses: &[IpAddr]) -> MacAddr {
        let v4 = addresses.iter().find_map(|address| match address {
            IpAddr::V4(v4) => Some(*v4),
            IpAddr::V6(_) => None,
        });
        match (self, v4) {
            (Self::Address, Some(v4)) => MacAddr::from_ipv4(v4),
            _ => hashed(network, container),
        }
    }
}

/// Returns `0a:` and 40 bits of a hash (FNV-1a): locally administered, unicast and not Docker's
/// `02:42`.
fn hashed(network: &str, container: &str) -> MacAddr {
    let bytes = network.bytes().chain([0]).chain(container.bytes());
    let hash = bytes.fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| {
        (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)
    });
    // The lowest bits of the hash are the weakest, so the upper half is added to them.
    let hash = hash ^ (hash >> 29);
    let mut mac = [0x0a; 6];
    mac[1..].copy_from_slice(&hash.to_be_bytes()[3..]);
    // It begins with 0a, so it is neither zero nor multicast.
    MacAddr::new(mac).unwrap_or_else(|error| unreachable!("{error}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_is_its_name() {
        for &from in MacFrom::ALL {
            assert_eq!(from.to_string().parse::<MacFrom>().unwrap(), from);
            assert_eq!(serde_json::to_value(from).unwrap(), from.to_string());
        }
        assert!("host".parse::<MacFrom>().unwrap_err().is_invalid_value());
    }

    #[test]
    fn the_same_place_has_the_same_address() {
        let v4 = ["fd00::2".parse().unwrap(), "10.0.10.2".parse().unwrap()];
        let from = |from: MacFrom, container: &str| from.derive("net", container, &v4).to_string();
        assert_eq!(from(MacFrom::Address, "c1"), "02:42:0a:00:0a:02");
        assert_eq!(from(MacFrom::Container, "c1"), from(MacFrom::Container, "c1"));
        assert_ne!(from(MacFrom::Container, "c1"), from(MacFrom::Container, "c2"));
        let v6 = MacFrom::Address.derive("net", "c1", &v4[..1]);
        assert_eq!(v6.octets()[0], 0x0a);
        let all: std::collections::HashSet<_> =
            (0..20_000).map(|number| hashed("net", &format!("c{number}"))).collect();
        assert_eq!(all.len(), 20_000);
    }
}
