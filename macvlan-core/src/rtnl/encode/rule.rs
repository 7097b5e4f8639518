//! Policy rules: `ip rule`.

use netlink_packet_route::rule::{RuleAction, RuleAttribute, RuleMessage};
use netlink_packet_route::{AddressFamily, RouteNetlinkMessage as Message};

use nix::libc::RTPROT_UNSPEC;

use crate::error::Result;
use crate::netlink::Request;
use crate::rtnl::encode::family::family_of;
use crate::value::filter::Family;
use crate::value::rule::Rule;

/// `ip rule … protocol`; 0 sends none, which matches any when a rule is deleted.
pub(crate) fn rule(rule: &Rule, protocol: u8) -> Result<RuleMessage> {
    rule.check()?;
    let mut message = RuleMessage::default();
    message.header.family =
        if rule.get_ipv6() { AddressFamily::Inet6 } else { AddressFamily::Inet };
    message.header.action = RuleAction::ToTable;
    if let Some(from) = rule.get_from() {
        message.header.src_len = from.prefix_len();
        message.attributes.push(RuleAttribute::Source(from.addr()));
    }
    if let Some(to) = rule.get_to() {
        message.header.dst_len = to.prefix_len();
        message.attributes.push(RuleAttribute::Destination(to.addr()));
    }
    match u8::try_from(rule.get_table()) {
        Ok(table) => message.header.table = table,
        Err(_) => message.attributes.push(RuleAttribute::Table(rule.get_table())),
    }
    message.attributes.extend(rule.get_priority().map(RuleAttribute::Priority));
    if protocol != RTPROT_UNSPEC {
        message.attributes.push(RuleAttribute::Protocol(protocol.into()));
    }
    Ok(message)
}

/// `ip rule show`.
pub(crate) fn get_rules(family: Option<Family>) -> Request {
    let mut message = RuleMessage::default();
    message.header.family = family_of(family);
    Request::new(Message::GetRule(message))
}
