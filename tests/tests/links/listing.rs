//! Lists filtered by the kernel, and the owners of a container's interfaces; `ip` lists the same.
#![deny(dead_code)]

use std::collections::BTreeSet;
use std::sync::atomic::{AtomicBool, Ordering};

use macvlan_core::{
    AddressFilter, Attachment, Detached, Endpoint, Family, Handle, Link, LinkFilter, LinkId,
    LinkInfo, LinkName, MacvlanOptions, Mode, NeighbourFilter, NeighbourState, NetNs, RouteFilter,
    RouteKind, VlanOptions,
};
use macvlan_tests::{
    Container, Lab, Need, Outcome, Snapshot, eventually, ip, ip_do, ip_lines, ip_link, is_guest,
    need, on_each_kernel, ping, settle, silent,
};
use serde_json::Value;

/// Returns the list of `ip`, with one text per entry.
fn listed(netns: &NetNs, command: &str, tell: impl Fn(&Value) -> Vec<String>) -> BTreeSet<String> {
    ip(netns, command).as_array().into_iter().flatten().flat_map(tell).collect()
}

fn field(value: &Value, name: &str) -> String {
    value[name].as_str().unwrap_or_default().to_owned()
}

/// A lab with several of each object on host a.
fn full_lab() -> Outcome<Lab> {
    for what in [Need::Bridge, Need::Ipv6] {
        need(what)?;
    }
    let lab = Lab::new()?;
    lab.cable("ens34")?;
    let a = &lab.a.handle;
    a.add_link(&Link::bridge("br0")?.up(true))?;
    for name in ["mv0", "mv1"] {
        a.add_link(&Link::macvlan(name, "ens33", MacvlanOptions::new(Mode::Bridge))?.up(true))?;
    }
    ip_do(&lab.a.netns, "link add port0 type veth peer name port1");
    ip_do(&lab.a.netns, "link set port0 master br0");
    ip_do(&lab.a.netns, "link set mv1 master br0");
    for (link, address) in [("ens34", "10.34.0.1/24"), ("ens34", "fd34::1/64 nodad")] {
        a.add_address(link, &address.parse()?)?;
    }
    for command in [
        "route add 10.1.0.0/16 via 192.168.15.2",
        "route add 10.2.0.0/16 via 10.34.0.2 table 77",
        "route add blackhole 10.3.0.0/16 table 77",
        "route add 10.4.0.0/16 dev ens34 proto static",
        "route add fd01::/32 via fd15::2",
        "route add fd02::/32 via fd34::2 table 77",
        "route add unreachable fd03::/32 proto static",
        "route add fd04::/32 via fd34::2 table 78",
        "neighbour add 192.168.15.77 lladdr 02:00:00:00:00:77 dev ens33 nud permanent",
        "neighbour add 10.34.0.77 lladdr 02:00:00:00:00:78 dev ens34 nud stale",
        "neighbour add fd34::77 lladdr 02:00:00:00:00:79 dev ens34 nud permanent",
    ] {
        ip_do(&lab.a.netns, command);
    }
    settle(&lab.a.netns);
    Ok(lab)
}

fn name(link: &str) -> LinkName {
    link.parse().unwrap_or_else(|error| panic!("{error}"))
}

/// Only the kernel filters here. It must exclude what `ip` excludes, and no more.
fn links_and_addresses_that_are_wanted() -> Outcome {
    on_each_kernel();
    let lab = full_lab()?;
    let (a, netns) = (&lab.a.handle, &lab.a.netns);
    let links = [
        ("link show", LinkFilter::new(), 8),
        ("link show type macvlan", LinkFilter::new().kind("macvlan"), 2),
        ("link show type veth", LinkFilter::new().kind("veth"), 4),
        ("link show master br0", LinkFilter::new().controller(name("br0")), 2),
        (
            "link show master br0 type macvlan",
            LinkFilter::new().controller(name("br0")).kind("macvlan"),
            1,
        ),
        ("link show", LinkFilter::new().kind("never-heard-of"), 8),
    ];
    for (command, wanted, count) in links {
        let found = a.find_links(&wanted)?.into_iter().map(|link| link.name);
        let found: BTreeSet<_> = found.collect();
        assert_eq!(found, listed(netns, command, |link| vec![field(link, "ifname")]), "{command}");
        assert_eq!(found.len(), count, "{command}: {found:?}");
    }
    let all = AddressFilter::new;
    let addresses = [
        ("address show", all()),
        ("-4 address show", all().family(Family::V4)),
        ("-6 address show", all().family(Family::V6)),
        ("address show dev ens34", all().link(name("ens34"))),
        ("-4 address show dev ens34", all().link(name("ens34")).family(Family::V4)),
        ("-6 address show dev lo", all().link(name("lo")).family(Family::V6)),
    ];
    for (command, wanted) in addresses {
        let found =
            a.find_addresses(&wanted)?.into_iter().map(|info| info.address.net().to_string());
        let found: BTreeSet<_> = found.collect();
        let told = listed(netns, command, |link| {
            let addresses = link["addr_info"].as_array().into_iter().flatten();
            let text = |one: &Value| format!("{}/{}", field(one, "local"), one["prefixlen"]);
            addresses.map(text).collect()
        });
        assert_eq!(found, told, "{command}");
        assert!(!found.is_empty(), "{command}");
    }
    Ok(())
}

fn routes_and_neighbours_that_are_wanted() -> Outcome {
    on_each_kernel();
    let lab = full_lab()?;
    let (a, netns) = (&lab.a.handle, &lab.a.netns);
    let all = RouteFilter::new;
    let routes = [
        ("route show table all", all(), 0),
        ("-4 route show table all", all().family(Family::V4), 0),
        ("-6 route show table 77", all().table(77).family(Family::V6), 1),
        ("route show table 77", all().table(77), 3),
        ("route show table all dev ens34", all().link(name("ens34")), 0),
        ("route show table 77 dev ens34", all().link(name("ens34")).table(77), 2),
        ("route show table all type blackhole", all().kind(RouteKind::Blackhole), 1),
        ("route show table all type unreachable", all().kind(RouteKind::Unreachable), 1),
        ("route show table all type prohibit", all().kind(RouteKind::Prohibit), 0),
        ("route show table all proto static", all().protocol(4), 2),
    ];
    for (command, wanted, count) in routes {
        let found = a.find_routes(&wanted)?.into_iter().map(|info| {
            let route = info.route;
            format!("{} {} {}", route.get_kind(), route.get_destination(), route.get_table())
        });
        let found: BTreeSet<_> = found.collect();
        let families = match command.strip_prefix("-4 ").or(command.strip_prefix("-6 ")) {
            Some(_) => vec![command.to_owned()],
            None => vec![format!("-4 {command}"), format!("-6 {command}")],
        };
        let told = families
            .iter()
            .flat_map(|command| listed(netns, command, |route| shown_route(route, command)));
        assert_eq!(found, told.collect(), "{command}");
        assert!(count == 0 || found.len() == count, "{command}: {found:?}");
    }

    // In words they are as `ip` has them, which shortens host routes and adds the state.
    let words = |line: &str| {
        let line = line.replace("default ", "0.0.0.0/0 ").replace(" pref medium", "");
        let without_state = line.replace(" linkdown", "");
        without_state.trim_end().to_owned()
    };
    let told: BTreeSet<_> = ip_lines(netns, "-4 route show table all")
        .iter()
        .filter(|line| !line.starts_with("local") && !line.starts_with("broadcast"))
        .map(|line| words(line))
        .collect();
    let found = a.find_routes(&all().family(Family::V4))?;
    let found: BTreeSet<_> = found.iter().map(|info| words(&info.to_string())).collect();
    assert_eq!(found, told);
    assert!(found.iter().any(|line| line.contains(" dev ens34 proto kernel scope link ")));

    // A table of one family, or one that does not exist, is not an error.
    for (table, count) in [(78, 1), (79, 0)] {
        assert_eq!(a.find_routes(&all().table(table))?.len(), count, "table {table}");
        assert_eq!(a.find_routes(&all().table(table).family(Family::V4))?.len(), 0);
    }

    assert!(ping(netns, "192.168.15.2").is_some());
    assert!(silent(netns, "10.34.0.99"));
    let all = NeighbourFilter::new;
    let neighbours = [
        ("neighbour show nud all", all()),
        ("-4 neighbour show nud all", all().family(Family::V4)),
        ("-6 neighbour show nud all", all().family(Family::V6)),
        ("neighbour show dev ens34 nud all", all().link(name("ens34"))),
        ("-4 neighbour show dev ens33 nud all", all().link(name("ens33")).family(Family::V4)),
    ];
    for (command, wanted) in neighbours {
        // The kernel adds some by itself, such as those of multicast groups.
        eventually(&format!("we see others than ip {command}"), || {
            let found = a.find_neighbours(&wanted)?.into_iter().map(|info| {
                format!("{} {}", info.ip, info.mac.map(|mac| mac.to_string()).unwrap_or_default())
            });
            let told = listed(netns, command, |entry| {
                // The addresses that `ip` shows for multicast entries do not belong to a host.
                let mac = field(entry, "lladdr");
                let mac =
                    if mac.parse::<macvlan_core::MacAddr>().is_ok() { mac } else { String::new() };
                vec![format!("{} {mac}", field(entry, "dst"))]
            });
            assert!(!told.is_empty(), "{command}");
            Ok(found.collect::<BTreeSet<_>>() == told)
        })?;
    }
    let state = |ip: &str| -> Outcome<NeighbourState> {
        let ip = ip.parse::<std::net::IpAddr>()?;
        let found = a.neighbours()?.into_iter().find(|info| info.ip == ip);
        Ok(found.ok_or("no such neighbour")?.state)
    };
    assert_eq!(state("fd34::77")?, NeighbourState::Permanent);
    assert_eq!(state("10.34.0.77")?, NeighbourState::Stale);
    assert_eq!(state("192.168.15.2")?, NeighbourState::Reachable);
    assert!(matches!(state("10.34.0.99")?, NeighbourState::Incomplete | NeighbourState::Failed));
    Ok(())
}

/// Returns a route of `ip` as the same text; `None` for kinds that the library omits. `ip` does not
/// print the requested table.
fn shown_route(route: &Value, command: &str) -> Vec<String> {
    let kind = field(route, "type");
    if !["unicast", "blackhole", "unreachable", "prohibit"].contains(&kind.as_str()) {
        return Vec::new();
    }
    let destination = match field(route, "dst") {
        all if all == "default" && route["pref"].is_null() => "0.0.0.0/0".to_owned(),
        all if all == "default" => "::/0".to_owned(),
        net if net.contains('/') => net,
        host if host.contains(':') => format!("{host}/128"),
        host => format!("{host}/32"),
    };
    let table = match field(route, "table").as_str() {
        "" if command.contains("table 77") => 77,
        "" | "main" => 254,
        "local" => 255,
        number => number.parse::<u32>().unwrap_or_default(),
    };
    vec![format!("{kind} {destination} {table}")]
}

/// Returns an attachment's properties after [`Attachment::refresh`], for comparison.
fn told(attachment: &Attachment) -> String {
    let mut routes: Vec<_> = attachment.routes().iter().map(ToString::to_string).collect();
    routes.sort();
    format!(
        "{} {} {} {} {:?} on {} {}: {:?} {routes:?} {:?}",
        attachment.name(),
        attachment.kind(),
        attachment.index(),
        attachment.mac(),
        attachment.mtu(),
        attachment.parent(),
        attachment.parent_index(),
        attachment.addresses(),
        attachment.rules(),
    )
}

/// Whatever process created them, but only those on this host's links.
fn the_attachments_of_a_container() -> Outcome {
    on_each_kernel();
    need(Need::Macvtap)?;
    let lab = Lab::new()?;
    let container = Container::start()?;
    let inside = container.netns()?;
    let before = Snapshot::of(&inside);
    let mut made = Vec::new();
    let eth0 = Endpoint::new("eth0", "ens33")?
        .assignment("192.168.15.10/24@192.168.15.2".parse()?)
        .address("fd15::10/64 nodad".parse()?)
        .route("10.1.0.0/16 via 192.168.15.2".parse()?);
    let eth1 = Endpoint::new("eth1", "ens33")?
        .mac("02:42:0a:00:00:01".parse()?)
        .assignment("10.0.0.10/24@10.0.0.1".parse()?)
        .source_routing(100);
    for endpoint in [eth0, eth1, Endpoint::macvtap("tap0", "ens33")?] {
        made.push(lab.a.host.attach(&endpoint.lo_up(false), &inside)?);
    }
    if need(Need::Vlan).is_ok() {
        let vlan = Endpoint::vlan("vlan30", "ens33", VlanOptions::new(30)?)?.lo_up(false);
        made.push(lab.a.host.attach(&vlan, &inside)?);
    }
    let on_b = lab.b.host.attach(&Endpoint::new("eth9", "ens33")?.lo_up(false), &inside)?;
    // By others; and a cable, which is on no other link.
    let words = format!("link add link ens33 name by-ip netns {} type macvlan", container.pid());
    ip_do(&lab.a.netns, &words);
    ip_do(
        &lab.a.netns,
        &format!("link add to-inside type veth peer name cable netns {}", container.pid()),
    );

    settle(&inside);
    let found = lab.a.host.attachments(&inside)?;
    let mut expected = BTreeSet::new();
    for attachment in &mut made {
        attachment.refresh()?;
        expected.insert(told(attachment));
    }
    let (others, ours): (Vec<_>, Vec<_>) = found.into_iter().partition(|one| one.name() == "by-ip");
    assert_eq!(ours.iter().map(told).collect::<BTreeSet<_>>(), expected);
    assert_eq!(others.len(), 1);
    assert_eq!(others[0].index(), ip_link(&inside, "by-ip")["ifindex"]);
    assert_eq!(others[0].parent(), LinkId::Name(name("ens33")));
    let elsewhere = lab.b.host.attachments(&inside)?;
    assert_eq!(elsewhere.iter().map(Attachment::index).collect::<Vec<_>>(), [on_b.index()]);
    assert!(lab.a.host.attachments(&Container::start()?.netns()?)?.is_empty());

    // A found attachment works like one returned by attaching.
    for attachment in ours.into_iter().chain(others).chain(elsewhere) {
        assert_eq!(lab.a.host.detach(&attachment)?, Detached::Removed);
    }
    ip_do(&inside, "link delete cable");
    before.assert_same(&inside);
    Ok(())
}

/// A host's own links on its links.
fn the_attachments_of_a_host() -> Outcome {
    let lab = Lab::new()?;
    let link = Link::macvlan("mv0", "ens33", MacvlanOptions::new(Mode::Private))?;
    lab.a.handle.add_link(&link)?;
    let found = lab.a.host.attachments(&lab.a.netns)?;
    assert_eq!(found.iter().map(Attachment::name).collect::<Vec<_>>(), ["mv0"]);
    assert!(lab.a.host.attachments(&lab.b.netns)?.is_empty(), "the cable is no attachment");
    Ok(())
}

/// A link that is deleted after it was listed, and before its addresses are, is left out.
fn attachments_are_listed_while_others_are_deleted() -> Outcome {
    let lab = Lab::new()?;
    let link = |name: &str| Link::macvlan(name, "ens33", MacvlanOptions::new(Mode::Bridge));
    lab.a.handle.add_link(&link("stays")?)?;
    let others: Vec<String> = (0..8).map(|number| format!("other{number}")).collect();
    let ended = AtomicBool::new(false);
    std::thread::scope(|scope| {
        let (handle, ended) = (Handle::in_netns(&lab.a.netns)?, &ended);
        scope.spawn(move || {
            while !ended.load(Ordering::Relaxed) {
                for other in &others {
                    handle.add_link(&link(other).expect("no name")).expect("not added");
                }
                // The last ones first, because they are the last to be read.
                for other in others.iter().rev() {
                    handle.delete_link(other.as_str()).expect("not deleted");
                }
            }
        });
        let listed = || -> Outcome {
            for _ in 0..100 {
                let found = lab.a.host.attachments(&lab.a.netns)?;
                if !found.iter().any(|one| one.name() == "stays") {
                    return Err(format!("{found:?}").into());
                }
            }
            Ok(())
        };
        let outcome = listed();
        ended.store(true, Ordering::Relaxed);
        outcome
    })
}

/// The kernel reports that a listing was inconsistent. However often that happens, all links that
/// existed all the time are listed once.
fn links_are_listed_while_others_are_added() -> Outcome {
    let lab = Lab::new()?;
    let many = if is_guest()? { 150 } else { 1_500 };
    let link = |name: &str| Link::macvlan(name, "ens33", MacvlanOptions::new(Mode::Bridge));
    for number in 0..many {
        lab.a.handle.add_link(&link(&format!("mv{number}"))?)?;
    }
    let indexes = |links: Vec<LinkInfo>| -> Vec<u32> {
        let stays = |link: &LinkInfo| !link.name.starts_with("other");
        links.into_iter().filter(stays).map(|link| link.index).collect()
    };
    let all: BTreeSet<u32> = indexes(lab.a.handle.links()?).into_iter().collect();
    assert!(all.len() > many);
    let ended = AtomicBool::new(false);
    std::thread::scope(|scope| {
        for who in 0..2 {
            let (handle, link, ended) = (Handle::in_netns(&lab.a.netns), &link, &ended);
            scope.spawn(move || {
                let handle = handle.expect("no handle");
                for number in 0.. {
                    if ended.load(Ordering::Relaxed) {
                        break;
                    }
                    let name = format!("other{who}n{number}");
                    handle.add_link(&link(&name).expect("no name")).expect("not added");
                }
            });
        }
        let listed: Vec<_> = (0..20).map(|_| lab.a.handle.links()).collect();
        ended.store(true, Ordering::Relaxed);
        for listed in listed {
            let listed = indexes(listed?);
            assert_eq!(listed.len(), all.len(), "a link comes twice, or not at all");
            assert_eq!(listed.into_iter().collect::<BTreeSet<u32>>(), all);
        }
        Ok(())
    })
}

macvlan_tests::tests! {
    same_on_every_kernel:
    links_are_listed_while_others_are_added,
    links_and_addresses_that_are_wanted,
    routes_and_neighbours_that_are_wanted,
    the_attachments_of_a_container,
    the_attachments_of_a_host,
    attachments_are_listed_while_others_are_deleted,
}
