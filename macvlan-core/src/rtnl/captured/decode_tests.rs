//! Reports of addresses, routes, neighbours, rules and namespaces are decoded as the kernel means
//! them.

use super::{Captured, decoded};
use crate::rtnl::decode;
use crate::value::address::AddressInfo;
use crate::value::neighbour::{NeighbourInfo, NeighbourState};
use crate::value::route::{NextHop, RouteInfo};
use crate::value::rule::Rule;
use crate::value::scope::Scope;

// linux/if_addr.h
const SECONDARY: u32 = 0x1;
const NODAD: u32 = 0x2;
const DEPRECATED: u32 = 0x20;
const TENTATIVE: u32 = 0x40;
const PERMANENT: u32 = 0x80;

#[test]
fn addresses() {
    let mut captured = Captured::read(include_str!("addresses.txt"));
    let told = decoded(&captured.take("ip address show dev ens33"), decode::address);
    captured.nothing_is_left();

    let v4 = |text: &str, label: &str, flags| AddressInfo {
        address: text.parse().unwrap(),
        link: 2,
        scope: Scope::Global,
        label: Some(label.into()),
        broadcast: None,
        flags: flags | PERMANENT,
        protocol: None,
    };
    let v6 = |text: &str, flags| AddressInfo { label: None, ..v4(text, "", flags) };
    assert_eq!(
        told,
        [
            AddressInfo { scope: Scope::Link, ..v4("10.6.0.0/31", "ens33", 0) },
            AddressInfo {
                broadcast: Some([172, 16, 255, 255].into()),
                ..v4("172.16.213.180/16", "ens33", 0)
            },
            // The prefix is that of the peer, 10.5.0.2.
            v4("10.5.0.1/24", "ens33", 0),
            v4("172.16.213.181/16", "ens33:1", SECONDARY),
            v6("fd00::3/64", TENTATIVE),
            v6("fd00::7/64 nodad", DEPRECATED | NODAD),
            v6("fd00::5/128 nodad", NODAD),
            v6("fd00::2/64 nodad", NODAD),
            AddressInfo {
                scope: Scope::Link,
                protocol: Some(3),
                ..v6("fe80::42:acff:fe10:d5b4/64", TENTATIVE)
            },
        ]
    );
    assert_eq!(told.iter().filter(|info| info.is_tentative()).count(), 2);
}

const PROTO_KERNEL: u8 = 2;
const PROTO_BOOT: u8 = 3;

/// Makes a route from its text and its protocol number.
fn route(text: &str, protocol: u8) -> RouteInfo {
    RouteInfo { route: text.parse().unwrap(), link_name: None, protocol, next_hops: Vec::new() }
}

fn next_hop(link: u32, gateway: &str, weight: u16) -> NextHop {
    NextHop { link, link_name: None, gateway: Some(gateway.parse().unwrap()), weight }
}

#[test]
fn routes_v4() {
    let mut captured = Captured::read(include_str!("routes-v4.txt"));
    let mut told = |command: &str| decoded(&captured.take(command), decode::route);
    assert_eq!(
        told("ip -4 route show table main"),
        [
            route("default via 10.0.0.1 dev if2 scope global", PROTO_BOOT),
            route("default via 192.168.0.1 dev if2 scope global metric 7 onlink", PROTO_BOOT),
            route("default via inet6 fe80::1 dev if2 scope global metric 8", PROTO_BOOT),
            RouteInfo {
                next_hops: vec![next_hop(2, "10.0.0.1", 2), next_hop(2, "fe80::2", 256)],
                ..route("0.0.0.0/0 scope global metric 9", PROTO_BOOT)
            },
            route("blackhole 0.0.0.0/0 scope global metric 10", PROTO_BOOT),
            RouteInfo {
                next_hops: vec![next_hop(2, "10.0.0.1", 1), next_hop(20, "10.20.0.1", 1)],
                ..route("0.0.0.0/0 scope global metric 11", PROTO_BOOT)
            },
            route("default via 10.0.0.9 dev if2 scope global metric 12", PROTO_BOOT),
            route("10.0.0.0/24 dev if2 scope link src 10.0.0.5", PROTO_KERNEL),
            route("10.1.0.0/16 dev if2 scope link src 10.0.0.5 metric 100", PROTO_BOOT),
            route("10.2.0.0/16 via 10.0.0.2 dev if2 scope global mtu 1400 advmss 1360", PROTO_BOOT),
            route("unreachable 10.4.0.0/16 scope global", PROTO_BOOT),
            route("10.20.0.0/24 dev if20 scope link src 10.20.0.5", PROTO_KERNEL),
        ]
    );
    assert_eq!(
        told("ip -4 route show table 1000"),
        [route("10.3.0.0/16 via 10.0.0.2 dev if2 table 1000 scope global", PROTO_BOOT)]
    );
    // The kernel's own routes are of the types local and broadcast.
    assert_eq!(told("ip -4 route show table local"), []);
    // The result of a lookup is not a configured route.
    assert_eq!(told("ip route get 10.3.0.1"), []);
    captured.nothing_is_left();
}

#[test]
fn routes_v6() {
    let mut captured = Captured::read(include_str!("routes-v6.txt"));
    let mut told = |command: &str| decoded(&captured.take(command), decode::route);
    assert_eq!(
        told("ip -6 route show table main"),
        [
            route("fd00::/64 dev if2 metric 256", PROTO_KERNEL),
            // The kernel reports `lo` as its link.
            route("blackhole fd04::/32 metric 1024", PROTO_BOOT),
            route("fe80::/64 dev if2 metric 256", PROTO_KERNEL),
            route("fe80::/64 dev if3 metric 256", PROTO_KERNEL),
            route("default via fe80::1 dev if2 metric 7 mtu 1400 onlink", PROTO_BOOT),
            RouteInfo {
                next_hops: vec![next_hop(2, "fd00::2", 2), next_hop(2, "fd00::3", 1)],
                ..route("::/0 metric 8", PROTO_BOOT)
            },
            route("default via fd00::9 dev if2 metric 9", PROTO_BOOT),
            route("default via fd00::1 dev if2 metric 10", PROTO_BOOT),
            route("default via fd00::1 dev if2 metric 1024", PROTO_BOOT),
        ]
    );
    assert_eq!(
        told("ip -6 route show table 1000"),
        [route("fd05::/32 via fd00::2 dev if2 table 1000 metric 1024", PROTO_BOOT)]
    );
    captured.nothing_is_left();
}

#[test]
fn neighbours() {
    let mut captured = Captured::read(include_str!("neighbours.txt"));
    let told = decoded(&captured.take("ip neighbour show dev ens33"), decode::neighbour);
    captured.nothing_is_left();
    let neighbour = |ip: &str, mac: Option<&str>, state| NeighbourInfo {
        ip: ip.parse().unwrap(),
        mac: mac.map(|mac| mac.parse().unwrap()),
        link: 2,
        state,
    };
    // The kernel also lists multicast groups, whose MAC addresses a link cannot have.
    let (told, groups): (Vec<_>, Vec<_>) =
        told.into_iter().partition(|info| !info.ip.is_multicast());
    assert_eq!(
        told,
        [
            neighbour("10.0.0.9", Some("02:00:00:00:00:09"), NeighbourState::Permanent),
            neighbour("10.0.0.7", None, NeighbourState::Failed),
            neighbour("fd00::9", Some("02:00:00:00:00:0a"), NeighbourState::Stale),
        ]
    );
    assert_eq!(
        groups,
        [
            neighbour("ff02::16", None, NeighbourState::Noarp),
            neighbour("ff02::2", None, NeighbourState::Noarp),
            neighbour("ff02::1:ff00:2", None, NeighbourState::Noarp),
        ]
    );
}

#[test]
fn rules() {
    let mut captured = Captured::read(include_str!("rules.txt"));
    let mut told = |command: &str| decoded(&captured.take(command), decode::rule);
    let rule = |text: &str| text.parse::<Rule>().unwrap();
    // Except the one that drops packets and selects no table.
    assert_eq!(
        told("ip -4 rule show"),
        [
            rule("from all table 255 priority 0"),
            rule("from 10.0.0.2/32 to 10.1.0.0/16 table 1000 priority 500"),
            rule("from all table 254 priority 32766"),
            rule("from all table 253 priority 32767"),
        ]
    );
    assert_eq!(
        told("ip -6 rule show"),
        [
            rule("from all table 255 priority 0").ipv6(),
            rule("from all table 254 priority 32766").ipv6(),
        ]
    );
    captured.nothing_is_left();
}

#[test]
fn netns_ids() {
    let mut captured = Captured::read(include_str!("netns-ids.txt"));
    let mut told = |command: &str| decoded(&captured.take(command), decode::netns_id);
    assert_eq!(told("ip netns list"), [-1]);
    assert_eq!(told("ip netns"), [0]);
    captured.nothing_is_left();
}
