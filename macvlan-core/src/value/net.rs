//! Subnets, and addresses with a prefix length, as text.

use std::net::IpAddr;

use ipnet::IpNet;

use crate::error::{Error, Result};

/// `10.0.0.2/24`; a missing prefix length is refused rather than guessed.
pub(crate) fn parse_net(text: &str, operation: &dyn Fn() -> String) -> Result<IpNet> {
    text.parse().map_err(|_| {
        let (ip, prefix) = text.split_once('/').map_or((text, None), |(ip, len)| (ip, Some(len)));
        let Ok(ip) = ip.parse::<IpAddr>() else {
            return Error::invalid(operation(), format!("{ip:?} is no IP address"));
        };
        let (all, family) = if ip.is_ipv4() { (32, "IPv4") } else { (128, "IPv6") };
        match prefix {
            None => Error::invalid(operation(), "the prefix length is missing")
                .with_hint(format!("write {ip}/{all} if just this address is meant")),
            Some(_) => Error::invalid(
                operation(),
                format!("the prefix length is no number from 0 to {all}, the bits of {family}"),
            ),
        }
    })
}
