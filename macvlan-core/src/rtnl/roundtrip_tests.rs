//! What is written can be read again, whatever it is: values as text, and messages as the kernel
//! would tell what we have told it. Proptest makes up the values.

use std::fmt::{Debug, Display};
use std::net::IpAddr;
use std::str::FromStr;

use ipnet::IpNet;
use netlink_packet_route::RouteNetlinkMessage as Message;
use nix::libc::RTPROT_BOOT;
use proptest::collection::vec;
use proptest::option;
use proptest::prelude::*;

use crate::endpoint::Parent;
use crate::netlink::{Batch, Request, ack};
use crate::rtnl::{RTPROT_MACVLAN, decode, encode};
use crate::value::address::{Address, Assignment, DuplicateDetection};
use crate::value::link::{AddrGenMode, Link, Macvlan, Mode, Vlan, VlanProtocol};
use crate::value::mac::MacAddr;
use crate::value::name::{LinkId, LinkName};
use crate::value::route::{Route, RouteKind};
use crate::value::rule::Rule;
use crate::value::scope::Scope;

fn as_text<T: Display + Debug + FromStr<Err: Debug> + PartialEq>(value: &T) {
    let text = value.to_string();
    assert_eq!(&text.parse::<T>().unwrap_or_else(|error| panic!("{text:?}: {error:?}")), value);
}

/// The payload of the one message that a request is.
fn payload(request: Request) -> Vec<u8> {
    let mut batch = Batch::new();
    batch.push(request);
    let found: Vec<Vec<u8>> =
        ack::replies(batch.bytes()).map(|reply| reply.payload.to_vec()).collect();
    assert_eq!(found.len(), 1);
    found.concat()
}

fn mac() -> impl Strategy<Value = MacAddr> {
    any::<[u8; 6]>().prop_filter_map("no link's", |bytes| MacAddr::new(bytes).ok())
}

fn name() -> impl Strategy<Value = LinkName> {
    "[!-~]{1,15}".prop_filter_map("no link's", |text| LinkName::new(&text).ok())
}

fn link_id() -> impl Strategy<Value = LinkId> {
    // What looks like an index, or has a colon, is not told from what it looks like.
    let named = "[a-z][a-z0-9_-]{0,14}".prop_filter_map("no link's", |t| LinkName::new(&t).ok());
    prop_oneof![named.prop_map(LinkId::Name), (1_u32..=i32::MAX as u32).prop_map(LinkId::Index)]
}

fn net() -> impl Strategy<Value = IpNet> {
    let v4 = (any::<[u8; 4]>(), 0_u8..=32).prop_map(|(ip, length)| (IpAddr::from(ip), length));
    let v6 = (any::<[u8; 16]>(), 0_u8..=128).prop_map(|(ip, length)| (IpAddr::from(ip), length));
    prop_oneof![v4, v6].prop_filter_map("no subnet", |(ip, length)| IpNet::new(ip, length).ok())
}

fn ip_like(v4: bool) -> BoxedStrategy<IpAddr> {
    let usable = |ip: &IpAddr| !ip.is_unspecified() && !ip.is_multicast();
    if v4 {
        any::<[u8; 4]>().prop_map(IpAddr::from).prop_filter("not usable", usable).boxed()
    } else {
        any::<[u8; 16]>().prop_map(IpAddr::from).prop_filter("not usable", usable).boxed()
    }
}

fn address() -> impl Strategy<Value = Address> {
    (net(), 0..3).prop_filter_map("no link's", |(net, how)| {
        let address = Address::new(net).ok()?;
        let how = match how {
            0 => return Some(address),
            1 => DuplicateDetection::Skip,
            _ => DuplicateDetection::Optimistic,
        };
        address.with_duplicate_detection(how).ok()
    })
}

fn route() -> impl Strategy<Value = Route> {
    (net(), 1_u32..255, option::of(1..u32::MAX), any::<bool>(), any::<bool>()).prop_flat_map(
        |(net, table, metric, via, more)| {
            let net = net.trunc();
            let v4 = net.addr().is_ipv4();
            (ip_like(v4), ip_like(v4), 68_u32..9000, 100_u32..9000).prop_filter_map(
                "no route",
                move |(gateway, source, mtu, advmss)| {
                    let mut route = Route::new(net).ok()?.table(table);
                    route = if via { route.gateway(gateway) } else { route };
                    if let Some(metric) = metric {
                        route = route.metric(metric);
                    }
                    if more {
                        route = route.source(source).mtu(mtu).advmss(advmss);
                    }
                    route.check().is_ok().then_some(route)
                },
            )
        },
    )
}

fn rule() -> impl Strategy<Value = Rule> {
    (net(), option::of(1..32766_u32), 1..u32::MAX, any::<bool>()).prop_filter_map(
        "no rule",
        |(net, priority, table, from)| {
            let rule = Rule::new(table);
            let rule = if from { rule.from(net.trunc()) } else { rule.to(net.trunc()) };
            let rule = priority.map_or(rule, |priority| rule.priority(priority));
            rule.check().is_ok().then_some(rule)
        },
    )
}

fn macvlan() -> impl Strategy<Value = Macvlan> {
    let modes = prop_oneof![
        Just(Mode::Private),
        Just(Mode::Vepa),
        Just(Mode::Bridge),
        Just(Mode::Passthru),
        Just(Mode::Source),
    ];
    (modes, any::<(bool, bool)>(), vec(mac(), 0..20), option::of(any::<u32>())).prop_map(
        |(mode, (nopromisc, nodst), macs, frames)| {
            let mut options = Macvlan::new(mode).nopromisc(nopromisc).nodst(nodst);
            for mac in macs {
                options = options.source_mac(mac);
            }
            frames.map_or(options.clone(), |frames| options.bc_queue_len(frames))
        },
    )
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn values_as_text(
        mac in mac(), name in name(), link in link_id(), address in address(), route in route(),
        rule in rule(), scope in any::<u8>(), id in 1_u16..4095,
    ) {
        as_text(&mac);
        as_text(&name);
        as_text(&link);
        as_text(&address);
        as_text(&route);
        as_text(&rule);
        as_text(&Scope::from(scope));
        as_text(&Parent::link(link));
        if let LinkId::Name(name) = link {
            as_text(&name.to_string().parse::<Parent>().unwrap());
            if let Ok(parent) = format!("{name}.{id}").parse::<Parent>() {
                as_text(&parent);
            }
        }
        if let Ok(assignment) = Assignment::new(address, route.get_gateway()) {
            as_text(&assignment);
        }
    }

    /// Text of any kind is a value or is refused; none of it makes a parser panic.
    #[test]
    fn any_text(text in "\\PC{0,40}|[0-9a-f:./@# ]{0,40}|(default|via|dev|from|to|table|src|[0-9./:a-f]{1,20}| ){0,12}") {
        let _ = text.parse::<MacAddr>();
        let _ = text.parse::<LinkName>();
        let _ = text.parse::<LinkId>();
        let _ = text.parse::<Parent>().map(|parent| as_text(&parent));
        let _ = text.parse::<Address>().map(|address| as_text(&address));
        let _ = text.parse::<Assignment>().map(|assignment| as_text(&assignment));
        let _ = text.parse::<Route>().map(|route| as_text(&route));
        let _ = text.parse::<Rule>().map(|rule| as_text(&rule));
    }

    #[test]
    fn addresses_as_messages(address in address(), link in 1..u32::MAX) {
        let told = decode::address(&payload(encode::add_address(link, &address))).unwrap();
        prop_assert_eq!(told.address.net(), address.net());
        prop_assert_eq!(told.link, link);
        prop_assert_eq!(told.broadcast, address.broadcast());
        if address.ip().is_ipv6() {
            prop_assert_eq!(told.address, address);
        }
    }

    #[test]
    fn routes_as_messages(route in route(), device in 1_u32..=i32::MAX as u32) {
        let request = encode::add_route(&route, Some(device), RTPROT_BOOT).unwrap();
        let told = decode::route(&payload(request)).unwrap();
        let mut expected = route.device(LinkId::Index(device));
        // The route leaves the scope to us.
        if let Some(scope) = told.route.get_scope() {
            expected = expected.scope(scope);
        }
        prop_assert_eq!(told.route, expected);
    }

    #[test]
    fn rules_as_messages(rule in rule()) {
        let message = Message::NewRule(encode::rule(&rule, RTPROT_MACVLAN).unwrap());
        let payload = payload(Request::create(message));
        let told = decode::rule(&payload).unwrap();
        prop_assert_eq!(decode::marked_rule(&payload), Some(told));
        prop_assert_eq!(told.priority(7), rule.priority(7));
    }

    #[test]
    fn links_as_messages(
        name in name(), mac in mac(), mtu in 68_u32..65536, options in macvlan(),
        index in 1_u32..=i32::MAX as u32, parent in 1_u32..=i32::MAX as u32,
    ) {
        let mut link = Link::macvlan(name, parent, options.clone()).unwrap();
        (link.mac, link.mtu, link.index) = (Some(mac), Some(mtu), Some(index));
        let told = decode::link(&payload(encode::create_link(&link, Some(parent)))).unwrap();
        prop_assert_eq!(told.name, name.as_str());
        prop_assert_eq!((told.index, told.parent), (index, Some(parent)));
        prop_assert_eq!((told.mac, told.mtu), (Some(mac), mtu));
        prop_assert_eq!(told.macvlan, Some(options));
    }

    #[test]
    fn vlans_as_messages(
        id in 1_u16..4095, ad in any::<bool>(), flags in any::<[bool; 4]>(),
        maps in vec((0_u8..8, any::<u32>()), 0..20),
    ) {
        let protocol = if ad { VlanProtocol::Dot1ad } else { VlanProtocol::Dot1q };
        let [reorder, gvrp, mvrp, loose] = flags;
        let mut vlan = Vlan::new(id).unwrap().protocol(protocol).reorder_hdr(reorder);
        vlan = vlan.gvrp(gvrp).mvrp(mvrp).loose_binding(loose).bridge_binding(false);
        for (tag, inside) in maps {
            vlan = vlan.ingress_qos(tag, inside).unwrap().egress_qos(inside, tag).unwrap();
        }
        let link = Link::vlan("eth0", 7, vlan.clone()).unwrap();
        let told = decode::link(&payload(encode::create_link(&link, Some(7)))).unwrap();
        prop_assert_eq!(told.vlan, Some(vlan));
    }
}

/// The named ones, all of them.
#[test]
fn names_as_text() {
    [Mode::Private, Mode::Vepa, Mode::Bridge, Mode::Passthru, Mode::Source]
        .iter()
        .for_each(as_text);
    [VlanProtocol::Dot1q, VlanProtocol::Dot1ad].iter().for_each(as_text);
    [AddrGenMode::Eui64, AddrGenMode::None].iter().for_each(as_text);
    [RouteKind::Unicast, RouteKind::Blackhole, RouteKind::Unreachable, RouteKind::Prohibit]
        .iter()
        .for_each(as_text);
    [DuplicateDetection::Kernel, DuplicateDetection::Skip, DuplicateDetection::Optimistic]
        .iter()
        .for_each(as_text);
}
