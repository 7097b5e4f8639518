//! Decodes policy rules, after their `struct fib_rule_hdr`.

use ipnet::IpNet;

use crate::netlink::attributes::{attributes, u32_of};
use crate::rtnl::decode::ip_of;
use crate::rtnl::uapi::{
    FR_ACT_TO_TBL, FRA_DST, FRA_PRIORITY, FRA_PROTOCOL, FRA_SRC, FRA_TABLE, RTPROT_MACVLAN,
};
use crate::value::rule::Rule;

/// As [`rule`], for rules with our protocol number.
pub(crate) fn marked_rule(payload: &[u8]) -> Option<Rule> {
    let protocol = attributes(payload.get(12..)?).find(|(kind, _)| *kind == FRA_PROTOCOL);
    protocol.filter(|(_, value)| *value == [RTPROT_MACVLAN]).and_then(|_| rule(payload))
}

/// Decodes a rule that selects a table, after its `struct fib_rule_hdr`.
pub(crate) fn rule(payload: &[u8]) -> Option<Rule> {
    let (header, rest) = payload.split_first_chunk::<12>()?;
    if header[7] != FR_ACT_TO_TBL {
        return None;
    }
    let v6 = match i32::from(header[0]) {
        nix::libc::AF_INET => false,
        nix::libc::AF_INET6 => true,
        _ => return None,
    };
    let (mut from, mut to, mut priority, mut table) = (None, None, 0, u32::from(header[4]));
    for (kind, value) in attributes(rest) {
        match kind {
            FRA_SRC => from = IpNet::new(ip_of(value)?, header[2]).ok(),
            FRA_DST => to = IpNet::new(ip_of(value)?, header[1]).ok(),
            // The priority 0 of the first rule is not reported.
            FRA_PRIORITY => priority = u32_of(value)?,
            FRA_TABLE => table = u32_of(value)?,
            _ => {}
        }
    }
    let mut rule = Rule::new(table).priority(priority);
    if v6 {
        rule = rule.ipv6();
    }
    if let Some(from) = from {
        rule = rule.from(from);
    }
    if let Some(to) = to {
        rule = rule.to(to);
    }
    Some(rule)
}
