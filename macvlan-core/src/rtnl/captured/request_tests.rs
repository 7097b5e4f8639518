//! Each request that adds or deletes an address, a route or a rule equals that of `ip`.
//!
//! The values are parsed from the command. Where ours differs, the test changes the request of `ip`
//! into ours and says why.

use netlink_packet_core::NLM_F_REQUEST;
use netlink_packet_route::RouteNetlinkMessage as Netlink;
use nix::libc::{
    IFA_BROADCAST, RTA_DST, RTA_PRIORITY, RTM_DELROUTE, RTN_UNICAST, RTPROT_BOOT, RTPROT_UNSPEC,
};

use super::Captured;
use super::message::{Message, sent};
use crate::netlink::Request;
use crate::rtnl::encode;
use crate::rtnl::uapi::{FR_ACT_TO_TBL, FRA_SRC};
use crate::value::address::Address;
use crate::value::route::{Route, RouteKind};
use crate::value::rule::Rule;

// The links of `scenarios.py`.
const LO: u32 = 1;
const ENS33: u32 = 2;

const RTM_TYPE: usize = 7;
const FRH_ACTION: usize = 7;

#[test]
fn addresses() {
    for (command, bytes) in Captured::read(include_str!("address-requests.txt")).take_all() {
        let ip = Message::parse(&bytes);
        let (verb, rest) = command.strip_prefix("ip address ").unwrap().split_once(' ').unwrap();
        let (address, device) = rest.split_once(" dev ").unwrap();
        let address: Address = address.trim_end_matches(" broadcast +").parse().unwrap();
        let device = if device == "lo" { LO } else { ENS33 };
        let request = match verb {
            "add" => encode::add_address(device, &address),
            "replace" => encode::replace_address(device, &address),
            "delete" => encode::delete_address(device, &address),
            _ => panic!("{command}"),
        };
        let ip = match (verb, address.broadcast()) {
            // Our address has a broadcast address, which the kernel ignores in a deletion.
            ("delete", Some(broadcast)) => ip.with(&[IFA_BROADCAST], &broadcast.octets()),
            _ => ip,
        };
        assert_eq!(sent(request), ip, "{command}");
    }
}

#[test]
fn routes() {
    for (command, bytes) in Captured::read(include_str!("route-requests.txt")).take_all() {
        let ip = Message::parse(&bytes);
        let (family, rest) = command.strip_prefix("ip ").unwrap().split_once("route ").unwrap();
        let (verb, route) = rest.split_once(' ').unwrap();
        let route: Route = match family {
            "-6 " => route.replace("default", "::/0").parse().unwrap(),
            _ => route.parse().unwrap(),
        };
        let device = route.get_device().map(|_| ENS33);
        let request = match verb {
            "add" => encode::add_route(&route, device, RTPROT_BOOT),
            "replace" => encode::replace_route(&route, device),
            "delete" => encode::delete_route(&route, device),
            _ => panic!("{command}"),
        }
        .unwrap();
        let ip = if verb == "delete" && route.get_kind() == RouteKind::Unicast {
            // Without a type, `ip` deletes a route of any type. Ours names the type unicast.
            ip.header(RTM_TYPE, &[RTN_UNICAST])
        } else if !family.is_empty() {
            // With the family, `ip` sends the address of a default route, which is all zero.
            ip.without(&[RTA_DST])
        } else {
            ip
        };
        assert_eq!(sent(request), ip, "{command}");
    }
}

/// To delete a route that was added without a metric, its default metric is sent.
#[test]
fn a_route_to_be_taken_back() {
    let mut captured = Captured::read(include_str!("route-requests.txt"));
    for (text, metric) in [
        ("fd01::/32 dev ens33", Some(1024_u32)),
        ("fd02::/32 via fd00::1 dev ens33 metric 100 src fd00::5 mtu 1400", None),
        ("10.1.0.0/16 dev ens33", None),
    ] {
        let request =
            encode::delete_route_exactly(&text.parse().unwrap(), Some(ENS33), RTPROT_BOOT).unwrap();
        let ip = Message::parse(&captured.take(&format!("ip route add {text}")));
        let mut ip = metric
            .into_iter()
            .fold(ip, |ip, metric| ip.with(&[RTA_PRIORITY], &metric.to_le_bytes()));
        (ip.kind, ip.flags) = (RTM_DELROUTE, NLM_F_REQUEST);
        assert_eq!(sent(request), ip);
    }
}

#[test]
fn rules() {
    for (command, bytes) in Captured::read(include_str!("rule-requests.txt")).take_all() {
        let ip = Message::parse(&bytes);
        let (family, rest) = command.strip_prefix("ip ").unwrap().split_once("rule ").unwrap();
        let (verb, rule) = rest.split_once(' ').unwrap();
        let rule: Rule = rule.parse().unwrap();
        let rule = if family == "-6 " { rule.ipv6() } else { rule };
        let message = encode::rule(&rule, RTPROT_UNSPEC).unwrap();
        let (request, ip) = match verb {
            "add" => (Request::create(Netlink::NewRule(message)), ip),
            // `ip` deletes a rule of any action. Ours names the action of selecting a table.
            "delete" => {
                (Request::new(Netlink::DelRule(message)), ip.header(FRH_ACTION, &[FR_ACT_TO_TBL]))
            }
            _ => panic!("{command}"),
        };
        // `ip` sends "all" as an address of length 0.
        let ip = if command.contains("from all") { ip.without(&[FRA_SRC]) } else { ip };
        assert_eq!(sent(request), ip, "{command}");
    }
}
