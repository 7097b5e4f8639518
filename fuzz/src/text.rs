//! Any text from a user: a parser either refuses it, or its value is displayed as a text that
//! parses to the same value. The first byte selects the parser.

use std::fmt::{Debug, Display};
use std::net::IpAddr;
use std::str::FromStr;

use macvlan_core::{
    AcceptRa, AddrGenMode, Address, Assignment, DifferenceKind, DuplicateDetection, EndpointType,
    EventKind, FindingKind, KeepEventKind, LinkId, LinkName, LinkType, MacAddr, Mode, Parent, Rate,
    Route, RouteKind, Rule, Scope, VlanOptions, VlanProtocol, parse_ip, parse_net,
};
use macvlan_network::{MacFrom, Order, Subnet};

fn parse<T: Debug + Display + FromStr<Err: Debug + Display> + PartialEq>(text: &str) {
    match text.parse::<T>() {
        Ok(value) => {
            let written = value.to_string();
            assert_eq!(written.parse::<T>().as_ref().ok(), Some(&value), "{written:?}");
        }
        Err(error) => assert!(!error.to_string().is_empty()),
    }
}

pub fn check(bytes: &[u8]) {
    let Some((first, rest)) = bytes.split_first() else { return };
    let Ok(text) = std::str::from_utf8(rest) else { return };
    match first {
        b'a' => parse::<Address>(text),
        b'b' => parse::<Assignment>(text),
        b'c' => parse::<Route>(text),
        b'd' => parse::<Rule>(text),
        b'e' => parse::<MacAddr>(text),
        b'f' => parse::<LinkName>(text),
        b'g' => parse::<LinkId>(text),
        b'h' => parse::<Parent>(text),
        b'i' => parse::<Rate>(text),
        b'j' => parse::<Scope>(text),
        b'k' => {
            parse::<Mode>(text);
            parse::<RouteKind>(text);
            parse::<VlanProtocol>(text);
            parse::<AddrGenMode>(text);
            parse::<DuplicateDetection>(text);
            parse::<AcceptRa>(text);
            parse::<DifferenceKind>(text);
            parse::<EventKind>(text);
            parse::<FindingKind>(text);
            parse::<KeepEventKind>(text);
            parse::<EndpointType>(text);
            parse::<LinkType>(text);
            parse::<MacFrom>(text);
            parse::<Order>(text);
        }
        b'l' => {
            let ip = parse_ip::<IpAddr>(text).ok();
            assert_eq!(ip.and_then(|ip| parse_ip(&ip.to_string()).ok()), ip);
        }
        b'm' => {
            let net = parse_net(text).ok();
            assert_eq!(net.and_then(|net| parse_net(&net.to_string()).ok()), net);
            assert!(net.is_some() || Subnet::new(text).is_err());
        }
        b'n' => {
            let id = text.parse::<VlanOptions>().map(|vlan| vlan.get_id());
            assert!(id.map_or(true, |id| id <= VlanOptions::MAX_ID));
        }
        _ => {}
    }
}
