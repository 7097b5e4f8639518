//! A policy rule, which selects a routing table.

use std::fmt;
use std::str::FromStr;

use ipnet::IpNet;

use crate::error::{Error, Result};
use crate::value::net::{net_in, parse_number};
use crate::value::numbers::TABLES;
use crate::value::text::serde_as_text;

/// A policy rule: matching packets are routed by a routing table.
///
/// The text form is that of `ip rule`: `from 10.0.0.2/32 table 100`, `from all to fd00::/64 table
/// 100 priority 500`.
///
/// ```
/// use macvlan_core::Rule;
/// let rule = Rule::new(100).from("10.0.0.2/32".parse()?);
/// assert_eq!(rule.to_string(), "from 10.0.0.2/32 table 100");
/// # Ok::<(), macvlan_core::Error>(())
/// ```
#[doc(alias = "RTM_NEWRULE")]
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[must_use]
pub struct Rule {
    from: Option<IpNet>,
    to: Option<IpNet>,
    table: u32,
    priority: Option<u32>,
    v6: bool,
}

impl Rule {
    /// Makes a rule for all IPv4 packets, with a routing table.
    ///
    /// [`Rule::from`] and [`Rule::to`] restrict it and set the family.
    #[doc(alias = "lookup")]
    #[doc(alias = "FRA_TABLE")]
    pub fn new(table: u32) -> Self {
        Self { from: None, to: None, table, priority: None, v6: false }
    }

    /// Matches packets with a source address in a subnet.
    ///
    /// `0.0.0.0/0` and `::/0` only set the family.
    #[doc(alias = "FRA_SRC")]
    pub fn from(mut self, net: IpNet) -> Self {
        self.from = Some(net).filter(|net| net.prefix_len() != 0);
        self.v6 = net.addr().is_ipv6();
        self
    }

    /// Matches packets with a destination address in a subnet.
    ///
    /// `0.0.0.0/0` and `::/0` only set the family.
    #[doc(alias = "FRA_DST")]
    pub fn to(mut self, net: IpNet) -> Self {
        self.to = Some(net).filter(|net| net.prefix_len() != 0);
        self.v6 = net.addr().is_ipv6();
        self
    }

    /// Makes this a rule for IPv6 packets, if it has no source or destination that sets the family.
    pub fn ipv6(mut self) -> Self {
        self.v6 = true;
        self
    }

    /// Sets the priority; rules with lower numbers are evaluated first.
    ///
    /// By default the kernel chooses one before all others except 0.
    #[doc(alias = "FRA_PRIORITY")]
    #[doc(alias = "preference")]
    pub fn priority(mut self, priority: u32) -> Self {
        self.priority = Some(priority);
        self
    }

    /// Returns the source subnet.
    #[doc(alias = "FRA_SRC")]
    pub fn get_from(&self) -> Option<IpNet> {
        self.from
    }

    /// Returns the destination subnet.
    #[doc(alias = "FRA_DST")]
    pub fn get_to(&self) -> Option<IpNet> {
        self.to
    }

    /// Returns the routing table.
    pub fn get_table(&self) -> u32 {
        self.table
    }

    /// Returns the priority, if it was set.
    #[doc(alias = "FRA_PRIORITY")]
    pub fn get_priority(&self) -> Option<u32> {
        self.priority
    }

    /// Returns whether the rule is for IPv6.
    pub fn get_ipv6(&self) -> bool {
        self.v6
    }

    /// Validates the rule, as adding it does before any system call.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::InvalidValue`](crate::ErrorKind::InvalidValue) if source and destination are of
    /// different families, or if the table is 0.
    pub fn check(&self) -> Result<()> {
        if self.table == 0 {
            return Err(Error::invalid(format!("use rule {self}"), "the table must not be 0"));
        }
        let mut nets = [self.from, self.to].into_iter().flatten();
        if nets.any(|net| net.addr().is_ipv6() != self.v6) {
            return Err(Error::invalid(
                format!("use rule {self}"),
                "the source and the destination are of different families",
            ));
        }
        Ok(())
    }
}

impl fmt::Display for Rule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (self.from, self.to) {
            (Some(from), _) => write!(f, "from {from}")?,
            // "all" does not say the family.
            (None, None) if self.v6 => f.write_str("from ::/0")?,
            (None, _) => f.write_str("from all")?,
        }
        if let Some(to) = self.to {
            write!(f, " to {to}")?;
        }
        write!(f, " table {}", TABLES.of(self.table))?;
        self.priority.map_or(Ok(()), |priority| write!(f, " priority {priority}"))
    }
}

impl FromStr for Rule {
    type Err = Error;
    fn from_str(text: &str) -> Result<Self> {
        let operation = || format!("parse rule {text:?}");
        let mut rule = Self::new(0);
        let mut words = text.split_ascii_whitespace();
        while let Some(key) = words.next() {
            let value = words
                .next()
                .ok_or_else(|| Error::invalid(operation(), format!("{key:?} has no value")))?;
            let number = || {
                parse_number::<u32>(value).ok_or_else(|| {
                    Error::invalid(
                        operation(),
                        format!("{key} {value:?} is not a number from 0 to {}", u32::MAX),
                    )
                })
            };
            match key {
                "from" | "to" if value == "all" => {}
                "from" if value == "::/0" => rule = rule.ipv6(),
                "from" => rule = rule.from(net_in(value, &operation)?),
                "to" => rule = rule.to(net_in(value, &operation)?),
                "table" | "lookup" => rule.table = TABLES.parse(value).map_or_else(number, Ok)?,
                "priority" | "preference" => rule = rule.priority(number()?),
                _ => {
                    return Err(Error::invalid(operation(), format!("unknown keyword {key:?}")));
                }
            }
        }
        if rule.table == 0 {
            return Err(Error::invalid(operation(), "the table is missing"));
        }
        rule.check()?;
        Ok(rule)
    }
}

serde_as_text!(Rule);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn round_trip() {
        for text in [
            "from 10.0.0.2/32 table 100",
            "from all to 10.0.0.0/8 table 7 priority 500",
            "from fd00::2/128 to fd01::/64 table 4000000000",
            "from ::/0 table 9",
            "from all table main priority 0",
        ] {
            assert_eq!(text.parse::<Rule>().unwrap().to_string(), text);
        }
    }

    #[test]
    fn refused() {
        for text in [
            "",
            "from 10.0.0.2/32",
            "from 10.0.0.2 table 1",
            "from 10.0.0.2/32 to fd00::/64 table 1",
            "from all table x",
            "from all table 0",
            "from all table 010",
            "from 10.0.0.2/032 table 1",
            "from all table 1 priority",
            "iif eth0 table 1",
        ] {
            assert!(text.parse::<Rule>().is_err(), "{text:?} was taken");
        }
    }
}
