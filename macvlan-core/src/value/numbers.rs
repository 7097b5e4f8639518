//! Numbers that have names in texts, as in `ip`: routing tables and routing protocols.

use std::borrow::Cow;

use crate::value::net::parse_number;

/// The table that routes are in unless they name another.
pub(crate) const MAIN: u32 = 254;

/// The kernel's own tables.
pub(crate) const TABLES: Names = Names(&[(253, "default"), (MAIN, "main"), (255, "local")]);

/// The origins of routes that `linux/rtnetlink.h` lists (`RTPROT_…`).
pub(crate) const PROTOCOLS: Names = Names(&[
    (1, "redirect"),
    (2, "kernel"),
    (3, "boot"),
    (4, "static"),
    (8, "gated"),
    (9, "ra"),
    (10, "mrt"),
    (11, "zebra"),
    (12, "bird"),
    (13, "dnrouted"),
    (14, "xorp"),
    (15, "ntk"),
    (16, "dhcp"),
    (17, "mrouted"),
    (18, "keepalived"),
    (42, "babel"),
    (99, "openr"),
    (186, "bgp"),
    (187, "isis"),
    (188, "ospf"),
    (189, "rip"),
    (192, "eigrp"),
]);

pub(crate) struct Names(&'static [(u32, &'static str)]);

impl Names {
    /// Parses a number or a name.
    pub(crate) fn parse(&self, text: &str) -> Option<u32> {
        let named = self.0.iter().find(|(_, name)| *name == text);
        named.map(|(number, _)| *number).or_else(|| parse_number(text))
    }

    /// Returns a number in the form in which it is displayed: as its name if it has one.
    pub(crate) fn of(&self, number: u32) -> Cow<'static, str> {
        let named = self.0.iter().find(|(known, _)| *known == number);
        named.map_or_else(|| number.to_string().into(), |(_, name)| (*name).into())
    }
}
