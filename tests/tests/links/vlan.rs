//! VLANs between two hosts, over a single cable that carries all of them.
#![deny(dead_code)]

use macvlan_core::{Endpoint, Link, NetNs, Parent, VlanOptions, VlanProtocol};
use macvlan_tests::{
    Container, Lab, LabHost, Matrix, Need, Outcome, Place, Wire, ip, ip_addresses, ip_lines,
    ip_link, need, ping, settle, silent, sysctl,
};

/// Starts a container with an interface.
fn start(host: &LabHost, endpoint: &Endpoint) -> Outcome<Container> {
    let container = Container::start()?;
    host.host.attach(endpoint, &container.netns()?)?;
    Ok(container)
}

/// VLAN 100 as a link on both hosts, each with an address on it, and containers on macvlans over
/// it.
fn containers_on_a_vlan_of_two_hosts() -> Outcome {
    need(Need::Vlan)?;
    let lab = Lab::new()?;
    for (host, number) in [(&lab.a, 1), (&lab.b, 2)] {
        host.handle
            .add_link(&Link::vlan("ens33.100", "ens33", VlanOptions::new(100)?)?.up(true))?;
        for address in [format!("192.168.100.{number}/24"), format!("fd00:100::{number}/64 nodad")]
        {
            host.handle.add_address("ens33.100", &address.parse()?)?;
        }
        let vlan = ip_link(&host.netns, "ens33.100");
        assert_eq!(vlan["linkinfo"]["info_data"]["id"], 100);
        assert_eq!(vlan["link"], "ens33");
    }
    // Name, host, number: the last one is in another subnet.
    let people = [
        ("a1", &lab.a, 11),
        ("a2", &lab.a, 12),
        ("b1", &lab.b, 21),
        ("b2", &lab.b, 22),
        ("stranger", &lab.a, 31),
    ];
    let mut containers = Vec::new();
    for (name, host, number) in people {
        let subnet = if name == "stranger" { 101 } else { 100 };
        let endpoint = Endpoint::new("eth0", "ens33.100")?
            .address(format!("192.168.{subnet}.{number}/24").parse()?)
            .address(format!("fd00:{subnet}::{number}/64 nodad").parse()?);
        containers.push(start(host, &endpoint)?);
    }

    let owner = [0, 1, 0, 0, 1, 1, 0];
    let is_host = |place| place < 2;
    let stranger = 6;
    for v6 in [false, true] {
        let address = |subnet: u8, number: u8| {
            if v6 {
                format!("fd00:{subnet}::{number}")
            } else {
                format!("192.168.{subnet}.{number}")
            }
        };
        let mut places = vec![
            Place::new("host a", &lab.a.netns, address(100, 1).as_str()),
            Place::new("host b", &lab.b.netns, address(100, 2).as_str()),
        ];
        for ((name, _, number), container) in people.iter().zip(&containers) {
            let subnet = if *name == "stranger" { 101 } else { 100 };
            let ip = address(subnet, *number);
            places.push(Place::new(name, &container.netns()?, ip.as_str()));
        }
        let matrix = Matrix::ping(&places, |from, to| {
            let stranger = (from == stranger) != (to == stranger);
            let own_container = owner[from] == owner[to] && is_host(from) != is_host(to);
            !stranger && !own_container
        });
        assert!(matrix.surprises().is_empty(), "{}\n{matrix}", matrix.surprises().join(", "));
    }
    // The hosts' addresses outside the VLAN are another subnet, too, on the same cable.
    for container in &containers {
        for ip in ["192.168.15.1", "192.168.15.2", "fd15::1", "fd15::2"] {
            assert!(silent(&container.netns()?, ip), "{ip}");
        }
    }
    assert!(ping(&lab.a.netns, "192.168.15.2").is_some(), "beside the VLAN");
    Ok(())
}

/// A container's interface in VLAN 10 or 20, with the router of that VLAN as its gateway.
fn in_vlan(name: &str, vlan: u8, number: u8) -> Outcome<Endpoint> {
    Ok(Endpoint::new(name, format!("ens33.{vlan}"))?
        .address(format!("10.{vlan}.0.{number}/24").parse()?)
        .address(format!("fd00:{vlan}::{number}/64 nodad").parse()?))
}

fn with_gateway(endpoint: Endpoint, vlan: u8) -> Outcome<Endpoint> {
    Ok(endpoint
        .gateway(format!("10.{vlan}.0.254").parse()?)
        .gateway(format!("fd00:{vlan}::254").parse()?))
}

/// The routes of table main: through this interface in this VLAN, and whether also the default one.
fn routes(interface: &str, vlan: u8, number: u8, default: bool) -> (Vec<String>, Vec<String>) {
    let mut v4 = Vec::new();
    let mut v6 = vec![
        format!("fd00:{vlan}::/64 dev {interface} proto kernel metric 256 pref medium"),
        format!("fe80::/64 dev {interface} proto kernel metric 256 pref medium"),
    ];
    if default {
        v4.push(format!("default via 10.{vlan}.0.254 dev {interface}"));
        v6.push(format!("default via fd00:{vlan}::254 dev {interface} metric 1024 pref medium"));
    }
    v4.push(format!(
        "10.{vlan}.0.0/24 dev {interface} proto kernel scope link src 10.{vlan}.0.{number}"
    ));
    (v4, v6)
}

#[track_caller]
fn assert_routes(netns: &NetNs, expected: &[(Vec<String>, Vec<String>)]) {
    let sorted = |mut lines: Vec<String>| {
        lines.sort();
        lines
    };
    settle(netns);
    let v4 = expected.iter().flat_map(|(v4, _)| v4.clone()).collect();
    let v6 = expected.iter().flat_map(|(_, v6)| v6.clone()).collect();
    assert_eq!(sorted(ip_lines(netns, "-4 route show")), sorted(v4));
    assert_eq!(sorted(ip_lines(netns, "-6 route show")), sorted(v6));
}

/// Returns the TTL or hop limit of the answers, from one to the other.
fn hops(from: &NetNs, ips: [&str; 2]) -> [Option<u8>; 2] {
    ips.map(|ip| ping(from, ip).map(|echo| echo.ttl))
}

/// `container0` is in VLAN 10, `container2` in VLAN 20, and `container1` in both. Traffic between
/// the VLANs is possible only with a router in both.
fn two_vlans_and_a_router() -> Outcome {
    need(Need::Vlan)?;
    let lab = Lab::new()?;
    let container0 = start(&lab.a, &with_gateway(in_vlan("eth0", 10, 10)?, 10)?)?.netns()?;
    let first = start(&lab.b, &with_gateway(in_vlan("eth0", 10, 11)?, 10)?)?;
    let container1 = first.netns()?;
    lab.b.host.attach(&in_vlan("eth1", 20, 11)?, &container1)?;
    let container2 = start(&lab.a, &with_gateway(in_vlan("eth0", 20, 12)?, 20)?)?.netns()?;

    let names = |netns: &NetNs| -> Vec<String> {
        let links = ip(netns, "link show").as_array().cloned().unwrap_or_default();
        links.iter().filter_map(|link| link["ifname"].as_str().map(str::to_owned)).collect()
    };
    for (netns, interfaces) in [
        (&container0, &[("eth0", 10, 10, true)][..]),
        (&container1, &[("eth0", 10, 11, true), ("eth1", 20, 11, false)]),
        (&container2, &[("eth0", 20, 12, true)]),
    ] {
        let mut expected_names = vec!["lo".to_owned()];
        let mut expected_routes = Vec::new();
        for (name, vlan, number, default) in interfaces {
            expected_names.push((*name).to_owned());
            expected_routes.push(routes(name, *vlan, *number, *default));
            assert_eq!(
                ip_addresses(netns, name),
                [format!("10.{vlan}.0.{number}/24"), format!("fd00:{vlan}::{number}/64")]
            );
            assert_eq!(ip_link(netns, name)["linkinfo"]["info_kind"], "macvlan");
        }
        let mut found = names(netns);
        found.sort_by_key(|name| name != "lo");
        found[1..].sort();
        assert_eq!(found, expected_names);
        assert_routes(netns, &expected_routes);
    }

    // Inside each VLAN.
    let direct = [Some(64), Some(64)];
    assert_eq!(hops(&container0, ["10.10.0.11", "fd00:10::11"]), direct);
    assert_eq!(hops(&container1, ["10.10.0.10", "fd00:10::10"]), direct);
    assert_eq!(hops(&container1, ["10.20.0.12", "fd00:20::12"]), direct);
    assert_eq!(hops(&container2, ["10.20.0.11", "fd00:20::11"]), direct);
    // Between them: to the one, and to the other VLAN's side of the one that is in both.
    let across = [
        (&container0, ["10.20.0.12", "fd00:20::12"]),
        (&container2, ["10.10.0.10", "fd00:10::10"]),
        (&container0, ["10.20.0.11", "fd00:20::11"]),
        (&container2, ["10.10.0.11", "fd00:10::11"]),
    ];
    for (from, ips) in across {
        for ip in ips {
            assert!(silent(from, ip), "{ip}");
        }
    }

    let router = Container::start()?;
    for (name, vlan) in [("lan10", 10), ("lan20", 20)] {
        lab.b.host.attach(&in_vlan(name, vlan, 254)?, &router.netns()?)?;
    }
    sysctl(&router.netns()?, "ipv4/ip_forward", "1");
    sysctl(&router.netns()?, "ipv6/conf/all/forwarding", "1");
    for (from, ips) in &across[..2] {
        assert_eq!(hops(from, *ips), [Some(63), Some(63)], "{ips:?}");
    }
    // The router itself is still one hop away, and inside a VLAN the state is the same.
    assert_eq!(hops(&container0, ["10.10.0.254", "fd00:10::254"]), direct);
    assert_eq!(hops(&container0, ["10.10.0.11", "fd00:10::11"]), direct);
    Ok(())
}

/// The tags of a frame, outermost first, as EtherType, priority and id.
fn tags(mut frame: &[u8]) -> Vec<(u16, u8, u16)> {
    let mut found = Vec::new();
    while let Some([a, b, c, d]) = frame.get(12..).and_then(|tag| tag.first_chunk()) {
        let kind = u16::from_be_bytes([*a, *b]);
        if kind != 0x8100 && kind != 0x88a8 {
            break;
        }
        let control = u16::from_be_bytes([*c, *d]);
        found.push((kind, c >> 5, control & 0xfff));
        frame = &frame[4..];
    }
    found
}

/// Pings, captures frames at the other end of the cable, and returns the tags of the echo request.
fn tags_of_a_ping(lab: &Lab, from: &NetNs, to: [u8; 4]) -> Outcome<Vec<(u16, u8, u16)>> {
    let wire = Wire::listen(&lab.b.netns, "ens33")?;
    assert!(ping(from, std::net::IpAddr::from(to)).is_some());
    // An IPv4 header without options ends with the destination, followed by the echo request.
    let wanted = [&to[..], &[8, 0]].concat();
    let frame = wire.find(|frame| frame.windows(6).any(|part| part == wanted))?;
    Ok(tags(&frame.ok_or("the ping is not on the wire")?))
}

/// QinQ: VLAN 200 of the service VLAN 20 (802.1ad), with both tags on the wire.
fn a_vlan_in_a_service_vlan() -> Outcome {
    need(Need::Vlan)?;
    let lab = Lab::new()?;
    let service =
        || -> Outcome<Parent> { Ok(Parent::vlan("ens33", 20)?.protocol(VlanProtocol::Dot1ad)?) };
    let mut containers = Vec::new();
    for (host, number) in [(&lab.a, 1), (&lab.b, 2)] {
        let endpoint = Endpoint::new("eth0", Parent::vlan(service()?, 200)?)?
            .address(format!("10.200.0.{number}/24").parse()?);
        containers.push(start(host, &endpoint)?);
        for (name, below, protocol, id) in
            [("ens33.20", "ens33", "802.1ad", 20), ("ens33.20.200", "ens33.20", "802.1Q", 200)]
        {
            let vlan = ip_link(&host.netns, name);
            assert_eq!(vlan["link"], below);
            assert_eq!(vlan["linkinfo"]["info_data"]["protocol"], protocol);
            assert_eq!(vlan["linkinfo"]["info_data"]["id"], id);
        }
    }
    assert_eq!(
        tags_of_a_ping(&lab, &containers[0].netns()?, [10, 200, 0, 2])?,
        [(0x88a8, 0, 20), (0x8100, 0, 200)]
    );
    // Containers only in the service VLAN, or only in VLAN 200, are in other networks.
    for parent in [service()?, Parent::vlan("ens33", 200)?] {
        let endpoint = Endpoint::new("eth0", parent)?.address("10.200.0.3/24".parse()?);
        let outsider = start(&lab.a, &endpoint)?.netns()?;
        assert!(silent(&outsider, "10.200.0.1") && silent(&outsider, "10.200.0.2"));
    }
    Ok(())
}

/// A VLAN as the container's own interface, without a macvlan. The tags of its frames have the
/// priority of its map; so do those of a link that sets priorities without a VLAN.
fn a_vlan_as_the_containers_own_interface() -> Outcome {
    need(Need::Vlan)?;
    let lab = Lab::new()?;
    let plain = Endpoint::vlan("eth0", "ens33", VlanOptions::new(30)?)?;
    let other = start(&lab.b, &plain.address("10.30.0.2/24".parse()?))?;
    let endpoint = Endpoint::vlan("eth0", "ens33", VlanOptions::new(30)?.egress_qos(0, 5)?)?
        .mac("02:42:0a:1e:00:01".parse()?)
        .assignment("10.30.0.1/24@10.30.0.2".parse()?);
    let container = Container::start()?;
    let inside = container.netns()?;
    let attachment = lab.a.host.attach(&endpoint, &inside)?;

    assert_eq!(attachment.kind(), "vlan");
    let link = ip_link(&inside, "eth0");
    assert_eq!(link["address"], "02:42:0a:1e:00:01");
    assert_eq!(link["linkinfo"]["info_data"]["id"], 30);
    assert_eq!(ip_lines(&inside, "route show default"), ["default via 10.30.0.2 dev eth0"]);
    // Without a MAC address of its own it has its parent's.
    let parents = ip_link(&lab.b.netns, "ens33")["address"].clone();
    assert_eq!(ip_link(&other.netns()?, "eth0")["address"], parents);
    assert_eq!(tags_of_a_ping(&lab, &inside, [10, 30, 0, 2])?, [(0x8100, 5, 30)]);

    let tagged = Link::vlan("prio0", "ens33", VlanOptions::priority_tags().egress_qos(0, 6)?)?;
    lab.a.handle.add_link(&tagged.up(true))?;
    lab.a.handle.add_address("prio0", &"10.31.0.1/24".parse()?)?;
    lab.b.handle.add_address("ens33", &"10.31.0.2/24".parse()?)?;
    lab.b.handle.add_route(&"10.31.0.1/32 dev ens33".parse()?)?;
    let wire = Wire::listen(&lab.b.netns, "ens33")?;
    // The answer has no tag, and so does not reach this link: the request is checked.
    assert!(silent(&lab.a.netns, "10.31.0.2"));
    let arp = wire.find(|frame| frame.get(16..18) == Some(&[8, 6]))?.ok_or("no ARP request")?;
    assert_eq!(tags(&arp), [(0x8100, 6, 0)]);

    lab.a.host.detach(&attachment)?;
    assert!(silent(&other.netns()?, "10.30.0.1"));
    Ok(())
}

macvlan_tests::tests! {
    containers_on_a_vlan_of_two_hosts,
    two_vlans_and_a_router,
    a_vlan_in_a_service_vlan,
    a_vlan_as_the_containers_own_interface,
}
