//! Ranges of addresses.

use std::fmt;
use std::net::IpAddr;
use std::str::FromStr;

use ipnet::IpNet;
use macvlan_core::{parse_ip, parse_net};

use crate::error::{Error, Result};
use crate::pool::{self, Gap};

/// A range of addresses, including its first and its last one.
///
/// The text form is `10.0.0.10-10.0.0.99`, a subnet `10.0.0.64/26`, or a single address `10.0.0.7`.
///
/// ```
/// use macvlan_network::AddressRange;
///
/// let range: AddressRange = "10.0.0.64/26".parse()?;
/// assert_eq!(range.last(), "10.0.0.127".parse::<std::net::IpAddr>()?);
/// # Ok::<(), macvlan_network::Error>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct AddressRange {
    first: IpAddr,
    last: IpAddr,
}

impl AddressRange {
    /// Makes a range from its first and its last address.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::InvalidValue`](crate::ErrorKind::InvalidValue) if the addresses are of
    /// different families, or the last is before the first.
    pub fn new(first: IpAddr, last: IpAddr) -> Result<Self> {
        let refuse = |why: &'static str| {
            Err(Error::invalid(format!("use {first}-{last} as a range of addresses"), why))
        };
        if first.is_ipv4() != last.is_ipv4() {
            return refuse("one address is IPv4 and the other IPv6");
        }
        if last < first {
            return refuse("the last address is before the first");
        }
        Ok(Self { first, last })
    }

    /// Returns the first address.
    pub fn first(&self) -> IpAddr {
        self.first
    }

    /// Returns the last address.
    pub fn last(&self) -> IpAddr {
        self.last
    }

    /// Returns the subnet with exactly these addresses, if there is one.
    pub fn net(&self) -> Option<IpNet> {
        let Gap { first, last } = self.gap();
        let (all, host_bits) = (if self.first.is_ipv4() { 32 } else { 128 }, first ^ last);
        let is_net = host_bits & host_bits.wrapping_add(1) == 0 && first & host_bits == 0;
        let bits = u8::try_from(host_bits.count_ones()).ok().filter(|bits| *bits <= all)?;
        IpNet::new(self.first, all - bits).ok().filter(|_| is_net)
    }

    pub(crate) fn gap(self) -> Gap {
        Gap { first: pool::number(self.first), last: pool::number(self.last) }
    }
}

/// Converts a subnet, ignoring its host bits like [`Subnet::from`](crate::Subnet).
impl From<IpNet> for AddressRange {
    fn from(net: IpNet) -> Self {
        Self { first: net.network(), last: net.broadcast() }
    }
}

impl From<IpAddr> for AddressRange {
    fn from(address: IpAddr) -> Self {
        Self { first: address, last: address }
    }
}

impl FromStr for AddressRange {
    type Err = Error;
    fn from_str(text: &str) -> Result<Self> {
        let refuse =
            |why: String| Error::invalid(format!("use {text:?} as a range of addresses"), why);
        let unreadable = |error: macvlan_core::Error| refuse(error.cause().to_owned());
        if let Some((first, last)) = text.split_once('-') {
            return Self::new(
                parse_ip(first).map_err(unreadable)?,
                parse_ip(last).map_err(unreadable)?,
            );
        }
        if !text.contains('/') {
            return parse_ip(text).map(|address: IpAddr| address.into()).map_err(unreadable);
        }
        let net = parse_net(text).map_err(unreadable)?;
        if net.addr() != net.network() {
            return Err(refuse(format!("host bits are set; the subnet is {}", net.trunc())));
        }
        Ok(net.into())
    }
}

impl fmt::Display for AddressRange {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.net() {
            _ if self.first == self.last => self.first.fmt(f),
            Some(net) => net.fmt(f),
            None => write!(f, "{}-{}", self.first, self.last),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_range_is_its_text() {
        for text in
            ["10.0.0.10-10.0.0.99", "10.0.0.64/26", "10.0.0.7", "fd00::/64", "fd00::1-fd00::f"]
        {
            assert_eq!(text.parse::<AddressRange>().unwrap().to_string(), text);
        }
        for (text, same) in [
            ("10.0.0.64-10.0.0.127", "10.0.0.64/26"),
            ("10.0.0.7/32", "10.0.0.7"),
            ("10.0.0.7-10.0.0.7", "10.0.0.7"),
        ] {
            assert_eq!(text.parse::<AddressRange>().unwrap().to_string(), same);
        }
        let all =
            |text: &str| text.parse::<IpNet>().map(AddressRange::from).unwrap().net().unwrap();
        assert_eq!(all("0.0.0.0/0").to_string(), "0.0.0.0/0");
        assert_eq!(all("::/0").to_string(), "::/0");
    }

    #[test]
    fn what_is_refused_says_why() {
        for (text, words) in [
            ("10.0.0.9-10.0.0.8", "before the first"),
            ("10.0.0.9-fd00::1", "one address is IPv4"),
            ("10.0.0.65/26", "the subnet is 10.0.0.64/26"),
            ("10.0.0.1 - 10.0.0.9", "10.0.0.1 - 10.0.0.9"),
            ("10.0.0.01-10.0.0.9", "10.0.0.01"),
            ("10.0.0.1-10.0.0.9-10.0.0.11", "10.0.0.11"),
            ("", "as a range"),
        ] {
            let error = text.parse::<AddressRange>().unwrap_err();
            assert!(error.is_invalid_value() && error.to_string().contains(words), "{error}");
        }
    }
}
