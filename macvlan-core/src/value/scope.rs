//! The scope of addresses and routes.

use std::fmt;
use std::str::FromStr;

use crate::error::{Error, Result};
use crate::value::net::parse_number;
use crate::value::text::serde_as_text;

/// The scope of an address or a route: the distance to the destination.
///
/// For routes it matters to IPv4 only.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum Scope {
    /// Any destination, through a gateway.
    #[doc(alias = "RT_SCOPE_UNIVERSE")]
    Global,
    /// A destination inside this site.
    #[doc(alias = "RT_SCOPE_SITE")]
    Site,
    /// A destination directly on the link.
    #[doc(alias = "RT_SCOPE_LINK")]
    Link,
    /// A destination on this machine.
    #[doc(alias = "RT_SCOPE_HOST")]
    Host,
    /// A destination that does not exist.
    #[doc(alias = "RT_SCOPE_NOWHERE")]
    Nowhere,
    /// A number without a name.
    Other(u8),
}

impl Scope {
    const NAMED: [(Self, &'static str); 5] = [
        (Self::Global, "global"),
        (Self::Site, "site"),
        (Self::Link, "link"),
        (Self::Host, "host"),
        (Self::Nowhere, "nowhere"),
    ];
}

serde_as_text!(Scope);

impl FromStr for Scope {
    type Err = Error;
    fn from_str(text: &str) -> Result<Self> {
        if let Some(number) = parse_number::<u8>(text) {
            return Ok(Self::from(number));
        }
        Self::NAMED.iter().find(|(_, name)| *name == text).map(|(scope, _)| *scope).ok_or_else(
            || {
                Error::invalid(
                    format!("parse scope {text:?}"),
                    "expected global, site, link, host, nowhere or a number from 0 to 255",
                )
            },
        )
    }
}

impl fmt::Display for Scope {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (self, Self::NAMED.iter().find(|(scope, _)| scope == self)) {
            (Self::Other(number), _) => write!(f, "{number}"),
            (_, Some((_, name))) => f.write_str(name),
            (_, None) => Ok(()),
        }
    }
}

impl From<u8> for Scope {
    fn from(number: u8) -> Self {
        match number {
            0 => Self::Global,
            200 => Self::Site,
            253 => Self::Link,
            254 => Self::Host,
            255 => Self::Nowhere,
            other => Self::Other(other),
        }
    }
}

impl From<Scope> for u8 {
    fn from(scope: Scope) -> Self {
        match scope {
            Scope::Global => 0,
            Scope::Site => 200,
            Scope::Link => 253,
            Scope::Host => 254,
            Scope::Nowhere => 255,
            Scope::Other(number) => number,
        }
    }
}
