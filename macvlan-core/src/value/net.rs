//! Parsers for addresses, subnets and numbers.

use std::net::{AddrParseError, IpAddr};
use std::str::FromStr;

use ipnet::IpNet;

use crate::error::{Error, Result};

/// Parses a decimal number without sign or leading zeros, which `ip` would read as octal.
pub(crate) fn parse_number<T: FromStr>(text: &str) -> Option<T> {
    let digits = text.bytes().all(|byte| byte.is_ascii_digit());
    let padded = text.len() > 1 && text.starts_with('0');
    text.parse().ok().filter(|_| digits && !padded)
}

/// Parses an IP address of any or of one family: `10.0.0.2`, `fd00::2`.
///
/// # Errors
///
/// [`ErrorKind::InvalidValue`](crate::ErrorKind::InvalidValue) for any other text, for example with
/// leading zeros, white space, a prefix length or a zone.
pub fn parse_ip<T: FromStr<Err = AddrParseError>>(text: &str) -> Result<T> {
    text.parse().map_err(|cause: AddrParseError| {
        Error::invalid(format!("parse address {text:?}"), cause.to_string())
    })
}

/// Parses an address with its prefix length, or a subnet: `10.0.0.2/24`, `fd00::/64`.
///
/// # Errors
///
/// [`ErrorKind::InvalidValue`](crate::ErrorKind::InvalidValue) for any other text; the prefix
/// length is required.
pub fn parse_net(text: &str) -> Result<IpNet> {
    net_in(text, &|| format!("parse subnet {text:?}"))
}

/// Parses the address in a longer text, which the operation names.
pub(crate) fn ip_in(text: &str, operation: &dyn Fn() -> String) -> Result<IpAddr> {
    text.parse().map_err(|_| Error::invalid(operation(), format!("{text:?} is not an IP address")))
}

/// Parses the address with prefix length in a longer text, which the operation names.
pub(crate) fn net_in(text: &str, operation: &dyn Fn() -> String) -> Result<IpNet> {
    let (ip, prefix) = text.split_once('/').map_or((text, None), |(ip, len)| (ip, Some(len)));
    let ip = ip_in(ip, operation)?;
    let (all, family) = if ip.is_ipv4() { (32, "IPv4") } else { (128, "IPv6") };
    let Some(prefix) = prefix else {
        return Err(Error::invalid(operation(), "the prefix length is missing")
            .with_hint(format!("write {ip}/{all} for a single address")));
    };
    parse_number(prefix).and_then(|prefix| IpNet::new(ip, prefix).ok()).ok_or_else(|| {
        let why = format!("the prefix length of {family} must be a number from 0 to {all}");
        Error::invalid(operation(), why)
    })
}

#[cfg(feature = "serde")]
impl crate::document::FromText for IpAddr {
    fn from_text(text: &str) -> std::result::Result<Self, String> {
        parse_ip(text).map_err(|error| error.to_string())
    }
}

#[cfg(feature = "serde")]
impl crate::document::FromText for IpNet {
    fn from_text(text: &str) -> std::result::Result<Self, String> {
        parse_net(text).map_err(|error| error.to_string())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_has_one_reading() {
        for text in ["10.0.0.1/8", "0.0.0.0/0", "fd00::2/64", "::1.2.3.4/96", "fe80::1/128"] {
            assert!(parse_net(text).is_ok(), "{text:?}");
        }
        for text in [
            "010.0.0.1/8",
            "10.0.0.01/8",
            "10.0.0.1/08",
            "10.0.0.1/008",
            "10.0.0.1/00",
            "10.0.0.1/+8",
            "10.0.0.1/",
            "10.0.0.1/8/8",
            " 10.0.0.1/8",
            "10.0.0.1/8 ",
            "10.0.0.1 /8",
            "10.0.0.1/ 8",
            "10.0.0.1/8\n",
            "10.1/8",
            "1.2.3/8",
            "0x0a.0.0.1/8",
            "fe80::1%eth0/64",
            "fe80::1/064",
            "[fd00::1]/64",
            "10.0.0.1/33",
            "fd00::1/129",
            "10.0.0.1/300",
        ] {
            assert!(parse_net(text).is_err(), "{text:?} was taken");
        }
        for text in ["", " 10.0.0.1", "10.0.0.1 ", "010.0.0.1", "10.0.0.1/32", "fe80::1%eth0"] {
            assert!(parse_ip::<IpAddr>(text).is_err(), "{text:?} was taken");
        }
    }

    #[test]
    fn a_refusal_names_the_text_and_the_family() {
        let refused = |error: Error| error.to_string();
        assert_eq!(
            refused(parse_ip::<std::net::Ipv4Addr>("fd00::1").unwrap_err()),
            "cannot parse address \"fd00::1\": invalid IPv4 address syntax"
        );
        assert_eq!(
            refused(parse_net("much").unwrap_err()),
            "cannot parse subnet \"much\": \"much\" is not an IP address"
        );
    }

    #[test]
    fn a_number_has_one_reading() {
        assert_eq!(parse_number("0"), Some(0_u32));
        assert_eq!(parse_number("4294967295"), Some(u32::MAX));
        for text in ["", "+1", "-1", "01", "00", " 1", "1 ", "0x1", "4294967296"] {
            assert_eq!(parse_number::<u32>(text), None, "{text:?}");
        }
    }
}
