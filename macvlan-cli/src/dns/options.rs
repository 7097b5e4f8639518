//! The options of names by DNS.

use std::net::{IpAddr, SocketAddr};
use std::str::FromStr;

use clap::Args;
use serde::Deserialize;

use crate::failure::{Done, Failure};

/// The port of DNS.
pub(super) const PORT: u16 = 53;
/// The word for the host's addresses on the parents with access.
const ACCESS: &str = "access";

/// The options on the command line, which come before the configuration.
#[derive(Args)]
#[command(next_help_heading = "DNS options")]
pub(crate) struct DnsOptions {
    /// Answer queries for the names of containers at this address of the host, or at its addresses
    /// on the parents with access (repeatable)
    #[arg(long, value_name = "ADDRESS[:PORT]|access", value_parser = str::parse::<Listen>)]
    dns: Vec<Listen>,
    /// Forward other queries to this server (repeatable) [default: those of /etc/resolv.conf]
    #[arg(long, value_name = "ADDRESS[:PORT]", value_parser = address)]
    forward: Vec<SocketAddr>,
    /// Answer only for the names in this network (repeatable) [default: all]
    #[arg(long, value_name = "NETWORK")]
    dns_network: Vec<String>,
}

/// The configuration, `[agent.dns]`.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct Configured {
    /// The addresses at which queries are answered.
    listen: Vec<String>,
    /// The servers for other queries.
    forward: Vec<String>,
    /// The networks whose names are answered.
    networks: Vec<String>,
}

/// Where to listen.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Listen {
    Access,
    At(SocketAddr),
}

/// Both together.
pub(super) struct Chosen {
    pub(super) listen: Vec<Listen>,
    pub(super) forward: Vec<SocketAddr>,
    pub(super) networks: Vec<String>,
}

impl DnsOptions {
    pub(super) fn or(self, configured: &Configured) -> Done<Chosen> {
        let Self { dns, forward, dns_network } = self;
        Ok(Chosen {
            listen: given_or(dns, &configured.listen, str::parse)?,
            forward: given_or(forward, &configured.forward, address)?,
            networks: given_or(dns_network, &configured.networks, |one| Ok(one.to_owned()))?,
        })
    }
}

fn given_or<T>(
    given: Vec<T>,
    configured: &[String],
    parse: impl Fn(&str) -> Result<T, String>,
) -> Done<Vec<T>> {
    if !given.is_empty() {
        return Ok(given);
    }
    let parse = |text: &String| {
        parse(text).map_err(|why| Failure::usage(format!("cannot use {text:?} for DNS: {why}")))
    };
    configured.iter().map(parse).collect()
}

impl FromStr for Listen {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        if text == ACCESS {
            return Ok(Self::Access);
        }
        address(text).map(Self::At).map_err(|why| format!("{why}, or {ACCESS}"))
    }
}

/// Parses an address, with or without a port.
fn address(text: &str) -> Result<SocketAddr, String> {
    let plain = || text.parse().ok().map(|ip: IpAddr| (ip, PORT).into());
    let parsed: Option<SocketAddr> = text.parse().ok().or_else(plain);
    match parsed {
        // An answer to a query for one address would come from another.
        Some(at) if at.ip().is_unspecified() || at.ip().is_multicast() || at.port() == 0 => {
            Err("expected the address of one host".to_owned())
        }
        Some(at) => Ok(at),
        None => {
            Err("expected ADDRESS or ADDRESS:PORT, such as 10.0.10.2 or [fd00::2]:53".to_owned())
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_may_have_a_port() {
        for (text, expected) in [
            ("10.0.10.2", "10.0.10.2:53"),
            ("10.0.10.2:5353", "10.0.10.2:5353"),
            ("fd00::2", "[fd00::2]:53"),
            ("[fd00::2]:5353", "[fd00::2]:5353"),
        ] {
            assert_eq!(text.parse(), Ok(Listen::At(expected.parse().unwrap())), "{text}");
        }
        assert_eq!("access".parse(), Ok(Listen::Access));
        for text in ["", "dns", "0.0.0.0", "[::]:53", "224.0.0.251", "10.0.10.2:0", "10.0.10.2:x"] {
            assert!(text.parse::<Listen>().is_err() && address(text).is_err(), "{text}");
        }
    }

    #[test]
    fn options_come_before_the_configuration() {
        let configured = Configured {
            listen: vec!["access".to_owned()],
            forward: vec!["10.0.0.1".to_owned()],
            networks: Vec::new(),
        };
        let none = DnsOptions { dns: Vec::new(), forward: Vec::new(), dns_network: Vec::new() };
        let chosen = none.or(&configured).unwrap();
        assert_eq!((&chosen.listen[..], chosen.forward.len()), (&[Listen::Access][..], 1));
        let listen = Listen::At("[::1]:53".parse().unwrap());
        let given = DnsOptions { dns: vec![listen], forward: Vec::new(), dns_network: Vec::new() };
        assert_eq!(given.or(&configured).unwrap().listen, [listen]);
        let wrong = Configured { forward: vec!["dns".to_owned()], ..Configured::default() };
        let none = DnsOptions { dns: Vec::new(), forward: Vec::new(), dns_network: Vec::new() };
        let failure = none.or(&wrong).err().unwrap();
        assert!(
            failure.first_message().starts_with("cannot use \"dns\" for DNS: expected ADDRESS")
        );
    }
}
