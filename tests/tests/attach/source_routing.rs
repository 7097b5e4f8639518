//! A container in two networks answers on the interface that received the request, not by its
//! default route.
#![deny(dead_code)]

use macvlan_core::{AddrGenMode, Attachment, Endpoint, ErrorKind, Host, Link, NetNs, Result};
use macvlan_tests::{
    Container, Lab, Need, Outcome, Snapshot, Stop, Wire, eventually, ip_do, ip_lines, need,
    on_each_kernel, ping, ping_from, silent, sysctl,
};

/// Host b is a router between two networks, on the cables `ens33` and `ens34`, and a distant host.
/// The container on host a is in both networks; its default routes lead over `ens33`.
struct Stage {
    lab: Lab,
    far: NetNs,
    _container: Container,
    inside: NetNs,
}

/// The addresses of the distant host, and of the container in the second network.
const FAR: [&str; 2] = ["10.99.0.5", "fd99::5"];
const SECOND: [&str; 2] = ["10.34.0.10", "fd34::10"];

impl Stage {
    fn set() -> Outcome<Self> {
        need(Need::Ipv6)?;
        let (lab, container) = (Lab::new()?, Container::start()?);
        let inside = container.netns()?;
        lab.cable("ens34")?;
        let far = NetNs::anonymous()?;
        let b = &lab.b.handle;
        b.add_link(&Link::veth("far", "eth0", Some(&far))?.up(true))?;
        for (link, address) in [
            ("ens34", "10.34.0.2/24"),
            ("ens34", "fd34::2/64 nodad"),
            ("far", "10.99.0.1/24"),
            ("far", "fd99::1/64 nodad"),
        ] {
            b.add_address(link, &address.parse()?)?;
        }
        for command in [
            "link set eth0 up",
            "address add 10.99.0.5/24 dev eth0",
            "address add fd99::5/64 dev eth0 nodad",
            "route add default via 10.99.0.1",
            "route add default via fd99::1",
        ] {
            ip_do(&far, command);
        }
        for (name, value) in [
            ("ipv4/ip_forward", "1"),
            ("ipv6/conf/all/forwarding", "1"),
            // Packets from a network must arrive over its cable.
            ("ipv4/conf/all/rp_filter", "1"),
        ] {
            sysctl(&lab.b.netns, name, value);
        }
        // Without an automatic address, which could appear between two snapshots.
        let first = Endpoint::new("eth0", "ens33")?
            .addr_gen_mode(AddrGenMode::None)
            .assignment("192.168.15.10/24@192.168.15.2".parse()?)
            .address("fd15::10/64 nodad".parse()?)
            .gateway("fd15::2".parse()?);
        lab.a.host.attach(&first, &inside)?;
        // The router would not even answer a spoofed request for its MAC address.
        for gateway in ["192.168.15.2", "fd15::2"] {
            assert!(ping(&inside, gateway).is_some());
        }
        Ok(Self { lab, far, _container: container, inside })
    }

    /// Pings the second network from the distant host, and returns the cable of the answer. It must
    /// arrive, or be dropped by the router.
    fn ask(&self, v6: bool, arrives: bool) -> Outcome<&'static str> {
        let listen = |link| Ok::<_, Stop>((link, Wire::listen(&self.lab.b.netns, link)?));
        let wires = [listen("ens33")?, listen("ens34")?];
        let (question, reply) = (SECOND[usize::from(v6)], if v6 { 129 } else { 0 });
        if arrives {
            assert!(ping(&self.far, question).is_some(), "no answer arrives from {question}");
        } else {
            assert!(silent(&self.far, question), "the router lets {question}'s answer pass");
        }
        // The IP header follows 14 bytes of Ethernet, and has a known length.
        let is_answer = |frame: &[u8]| {
            let (kind, at) = if v6 { ([0x86, 0xdd], 14 + 40) } else { ([8, 0], 14 + 20) };
            frame.get(12..14) == Some(&kind[..]) && frame.get(at) == Some(&reply)
        };
        let mut way = None;
        eventually("nobody answers", || {
            for (link, wire) in &wires {
                if wire.find_now(is_answer)?.is_some() {
                    way = Some(*link);
                    break;
                }
            }
            Ok(way.is_some())
        })?;
        Ok(way.ok_or("nobody answers")?)
    }
}

/// The second interface, with its own routes.
fn second() -> Outcome<Endpoint> {
    Ok(Endpoint::new("eth1", "ens34")?
        .assignment("10.34.0.10/24@10.34.0.2".parse()?)
        .address("fd34::10/64 nodad".parse()?)
        .gateway("fd34::2".parse()?))
}

fn without_it_answers_go_the_wrong_way() -> Outcome {
    let stage = Stage::set()?;
    // Gateways would be a second pair of default routes.
    let endpoint = Endpoint::new("eth1", "ens34")?
        .address("10.34.0.10/24".parse()?)
        .address("fd34::10/64 nodad".parse()?);
    stage.lab.a.host.attach(&endpoint, &stage.inside)?;
    // The router treats it as spoofed; it does not for IPv6.
    assert_eq!(stage.ask(false, false)?, "ens33");
    assert_eq!(stage.ask(true, true)?, "ens33");
    Ok(())
}

fn with_it_they_leave_by_the_link_that_was_asked() -> Outcome {
    on_each_kernel();
    let stage = Stage::set()?;
    let before = Snapshot::of(&stage.inside);
    let endpoint = second()?.source_routing(100);
    let attachment = stage.lab.a.host.attach(&endpoint, &stage.inside)?;
    for v6 in [false, true] {
        assert_eq!(stage.ask(v6, true)?, "ens34");
        // And connections from the container itself, with and without that address.
        let far = FAR[usize::from(v6)];
        assert!(ping_from(&stage.inside, SECOND[usize::from(v6)], far).is_some());
        assert!(ping(&stage.inside, far).is_some(), "by the default route");
    }
    let inside = |command: &str| ip_lines(&stage.inside, command);
    assert_eq!(
        inside("-4 route show table 100"),
        ["default via 10.34.0.2 dev eth1", "10.34.0.0/24 dev eth1 scope link"]
    );
    assert_eq!(
        inside("-6 route show table 100"),
        [
            "fd34::/64 dev eth1 metric 1024 pref medium",
            "default via fd34::2 dev eth1 metric 1024 pref medium",
        ]
    );
    let rules = |family: &str| {
        let mut rules = inside(&format!("{family} rule show"));
        rules.retain(|rule| rule.contains("lookup 100"));
        rules
            .iter()
            .map(|rule| rule.split_once(':').map(|(_, rule)| rule.trim().to_owned()))
            .collect()
    };
    let rules: [Vec<Option<String>>; 2] = [rules("-4"), rules("-6")];
    assert_eq!(rules[0], [Some("from 10.34.0.10 lookup 100 proto 109".to_owned())]);
    assert_eq!(rules[1], [Some("from fd34::10 lookup 100 proto 109".to_owned())]);
    let told: Vec<_> = attachment.rules().iter().map(ToString::to_string).collect();
    assert_eq!(
        told,
        [
            "from 10.34.0.10/32 table 100 priority 30000",
            "from fd34::10/128 table 100 priority 30000",
        ]
    );

    stage.lab.a.host.detach(&attachment)?;
    before.assert_same(&stage.inside);
    assert!(silent(&stage.far, SECOND[0]));
    Ok(())
}

/// Each interface has its own table: the container has no default route in the main table, and
/// answers all requests.
fn every_interface_with_a_table_of_its_own() -> Outcome {
    let stage = Stage::set()?;
    for family in ["-4", "-6"] {
        ip_do(&stage.inside, &format!("{family} route delete default"));
    }
    let other = Container::start()?.netns()?;
    let first = Endpoint::new("eth0", "ens33")?
        .assignment("192.168.15.11/24@192.168.15.2".parse()?)
        .source_routing(1);
    let endpoints = [first, second()?.source_routing(100_000)];
    let before = Snapshot::of(&other);
    let mut attachments = Vec::new();
    for endpoint in endpoints {
        attachments.push(stage.lab.a.host.attach(&endpoint.lo_up(false), &other)?);
    }
    for ip in ["192.168.15.11", SECOND[0], SECOND[1]] {
        assert!(ping(&stage.far, ip).is_some(), "{ip}");
    }
    assert!(silent(&other, FAR[0]), "it has no address that it would choose by itself");
    // Another process, which knows only the container, cleans up.
    drop(attachments);
    let host = Host::in_netns(&stage.lab.a.netns)?;
    let found = host.attachments(&other)?;
    assert_eq!(found.iter().map(|one| one.rules().len()).sum::<usize>(), 3);
    let detached: Result<Vec<_>> =
        found.into_iter().map(|one: Attachment| host.detach(&one)).collect();
    assert_eq!(detached?.len(), 2);
    before.assert_same(&other);
    Ok(())
}

/// Rules are not deleted with their link, so they have to be undone one by one.
fn a_failed_attach_leaves_no_rules() -> Outcome {
    let stage = Stage::set()?;
    ip_do(&stage.inside, "route add blackhole 10.77.0.0/16");
    ip_do(&stage.inside, "rule add from 10.34.0.10 table 7"); // added by others
    let before = (Snapshot::of(&stage.inside), Snapshot::of(&stage.lab.a.netns));
    for (endpoint, kind) in [
        (second()?.route("blackhole 10.77.0.0/16".parse()?), ErrorKind::RouteExists),
        (
            second()?.address("10.35.0.1/24".parse()?).gateway("10.9.9.9".parse()?),
            ErrorKind::InvalidValue,
        ),
        (second()?.route("10.78.0.0/16 via 10.9.9.9".parse()?), ErrorKind::GatewayUnreachable),
    ] {
        let endpoint = endpoint.source_routing(100);
        let error = stage.lab.a.host.attach(&endpoint, &stage.inside).unwrap_err();
        assert_eq!(error.kind(), kind, "{error}");
        assert!(error.leftovers().is_empty(), "{error}");
        before.0.assert_same(&stage.inside);
    }
    before.1.assert_same(&stage.lab.a.netns);
    Ok(())
}

macvlan_tests::tests! {
    same_on_every_kernel:
    without_it_answers_go_the_wrong_way,
    with_it_they_leave_by_the_link_that_was_asked,
    every_interface_with_a_table_of_its_own,
    a_failed_attach_leaves_no_rules,
}
