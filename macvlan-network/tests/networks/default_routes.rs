//! The network that a container's default routes lead through, in any order of changes.
#![deny(dead_code)]

use crate::common::{Scene, default_routes, ip, on_ens33, started, subnet};
use macvlan_core::{Detached, NetNs};
use macvlan_network::{
    ConnectOptions, ErrorKind, MacFrom, Network, NetworkConfig, Networks, Reconciled, Subnet,
};
use macvlan_tests::{Outcome, ip_do, ip_lines, ip_try_all};

fn dual(name: &str, number: u8) -> Outcome<NetworkConfig> {
    let config = on_ens33(name, &format!("10.{number}.0.0/24"))?;
    Ok(config.subnet(subnet(&format!("fd00:{number}::/64"))?))
}

fn no_routes() -> Vec<String> {
    Vec::new()
}

/// The first network with a gateway, for each family, and the next one after a disconnect.
fn they_lead_through_the_first_and_then_the_next() -> Outcome {
    let scene = Scene::set()?;
    let networks = &scene.networks;
    let inner = networks.create(&on_ens33("inner", "10.20.0.0/24")?.internal(true))?;
    let without = networks.create(
        &NetworkConfig::new("without")
            .parent("ens33")
            .subnet(subnet("10.50.0.0/24")?.without_gateway()),
    )?;
    let v4 = networks.create(&on_ens33("v4", "10.1.0.0/24")?)?;
    let both = networks.create(&dual("both", 2)?)?;
    let (_container, inside) = started()?;
    let options = ConnectOptions::new("c1");
    let default = || default_routes(&inside);
    for (network, routes) in [
        (&inner, no_routes()),
        (&without, no_routes()),
        (&v4, vec!["10.1.0.1 dev eth2".to_owned()]),
        (&both, vec!["10.1.0.1 dev eth2".to_owned(), "fd00:2::1 dev eth3".to_owned()]),
    ] {
        network.connect(&options, &inside)?;
        assert_eq!(default(), routes, "{}", network.name());
        assert!(networks.reconcile()?.is_empty());
    }
    v4.disconnect("c1")?;
    assert_eq!(default(), ["10.2.0.1 dev eth3", "fd00:2::1 dev eth3"]);
    assert!(networks.reconcile()?.is_empty());
    // It is connected again, now as the last one.
    v4.connect(&options, &inside)?;
    assert_eq!(default(), ["10.2.0.1 dev eth3", "fd00:2::1 dev eth3"]);
    both.disconnect("c1")?;
    assert_eq!(default(), ["10.1.0.1 dev eth2"]);
    v4.disconnect("c1")?;
    assert_eq!(default(), no_routes());
    assert!(networks.reconcile()?.is_empty());
    Ok(())
}

/// The network with the highest priority; a network can ask to come first, or never to be used.
fn they_move_to_the_network_that_asks() -> Outcome {
    let scene = Scene::set()?;
    let networks = &scene.networks;
    let one = networks.create(&dual("one", 1)?)?;
    let two = networks.create(&dual("two", 2)?)?;
    let three = networks.create(&on_ens33("three", "10.3.0.0/24")?)?;
    let (_container, inside) = started()?;
    let options = || ConnectOptions::new("c1");
    let default = || default_routes(&inside);
    one.connect(&options(), &inside)?;
    two.connect(&options().gw_priority(-1), &inside)?;
    assert_eq!(default(), ["10.1.0.1 dev eth0", "fd00:1::1 dev eth0"]);
    three.connect(&options().gw_priority(7), &inside)?;
    assert_eq!(default(), ["10.3.0.1 dev eth2", "fd00:1::1 dev eth0"]);
    // On a second connect.
    assert_eq!(two.connect(&options().default_route(true), &inside)?.lease().gw_priority, 8);
    assert_eq!(default(), ["10.2.0.1 dev eth1", "fd00:2::1 dev eth1"]);
    two.connect(&options().default_route(true), &inside)?;
    assert_eq!(two.lease("c1")?.map(|lease| lease.gw_priority), Some(8), "it is in front already");
    assert!(networks.reconcile()?.is_empty());
    two.connect(&options().default_route(false), &inside)?;
    assert_eq!(default(), ["10.3.0.1 dev eth2", "fd00:1::1 dev eth0"]);
    three.disconnect("c1")?;
    one.disconnect("c1")?;
    assert_eq!(default(), no_routes(), "never, it was said");
    assert!(networks.reconcile()?.is_empty());
    two.connect(&options().gw_priority(0), &inside)?;
    assert_eq!(default(), ["10.2.0.1 dev eth1", "fd00:2::1 dev eth1"]);

    // Routes of router advertisements are replaced.
    ip_do(&inside, "-6 route delete default");
    ip_do(&inside, "-6 route add default via fe80::1 dev eth1 proto ra");
    two.connect(&options(), &inside)?;
    assert_eq!(default(), ["10.2.0.1 dev eth1", "fd00:2::1 dev eth1"]);
    Ok(())
}

/// Other programs' routes stay, and none is added beside them, unless requested. Then they are not
/// restored.
fn somebody_elses_stay() -> Outcome {
    let scene = Scene::set()?;
    let networks = &scene.networks;
    let lan = networks.create(&dual("lan", 1)?)?;
    let other = networks.create(&on_ens33("other", "10.2.0.0/24")?)?;
    for metric in ["", " metric 50"] {
        let (_container, inside) = started()?;
        ip_do(&inside, "link add d0 type veth peer name d1");
        ip_do(&inside, "link set d0 up");
        ip_do(&inside, "link set d1 up");
        ip_do(&inside, "address add 172.17.0.2/16 dev d0");
        ip_do(&inside, &format!("route add default via 172.17.0.1{metric}"));
        let theirs = "172.17.0.1 dev d0 by boot";
        let options = ConnectOptions::new("c1");
        let default = || default_routes(&inside);
        lan.connect(&options, &inside)?;
        assert_eq!(default(), [theirs, "fd00:1::1 dev eth0"]);
        other.connect(&options.clone().default_route(true), &inside)?;
        assert_eq!(default(), [theirs, "fd00:1::1 dev eth0"]);
        assert!(networks.reconcile()?.is_empty());
        // Either the network's route is used, or nothing changes.
        lan.connect(&options.clone().replace_default_route(true), &inside)?;
        assert_eq!(default(), [theirs, "fd00:1::1 dev eth0"]);
        other.connect(&options.clone().replace_default_route(true), &inside)?;
        assert_eq!(default(), ["10.2.0.1 dev eth1", "fd00:1::1 dev eth0"]);
        assert!(networks.reconcile()?.is_empty());
        other.disconnect("c1")?;
        assert_eq!(default(), ["10.1.0.1 dev eth0", "fd00:1::1 dev eth0"]);
        // A route that is added later is not ours either.
        ip_do(&inside, "route add default via 172.17.0.9 metric 9");
        lan.disconnect("c1")?;
        assert_eq!(default(), ["172.17.0.9 dev d0 by boot"]);
    }
    Ok(())
}

/// A refusal leaves nothing behind: the gateway cannot be reached, so the kernel refuses the route.
/// A killed process may leave the interface of a network without its addresses, or down; it is
/// skipped until it is repaired.
fn one_that_is_half_made_leads_nowhere() -> Outcome {
    let scene = Scene::set()?;
    let one = scene.networks.create(&dual("one", 1)?)?;
    let two = scene.networks.create(&dual("two", 2)?)?;
    let (_container, inside) = started()?;
    let options = ConnectOptions::new("c1");
    for half in ["address flush dev eth0", "link set dev eth0 down"] {
        one.connect(&options, &inside)?;
        ip_try_all(&inside, &["route del default", "route del default via fd00:1::1", half]);
        two.connect(&options, &inside)?;
        assert_eq!(default_routes(&inside), ["10.2.0.1 dev eth1", "fd00:2::1 dev eth1"]);
        two.disconnect("c1")?;
        assert_eq!(default_routes(&inside), no_routes());
        two.connect(&options, &inside)?;
        let done = one.reconcile()?;
        assert_eq!(done.len(), 1, "{done:?}");
        assert_eq!(default_routes(&inside), ["10.1.0.1 dev eth0", "fd00:1::1 dev eth0"]);
        one.disconnect("c1")?;
        two.disconnect("c1")?;
    }
    Ok(())
}

fn a_route_that_is_refused_undoes_the_connect() -> Outcome {
    let scene = Scene::set()?;
    let lan = scene.networks.create(&on_ens33("lan", "10.1.0.0/24")?)?;
    let (_container, inside) = started()?;
    // This is the only route to 10.1.0.1.
    ip_do(&inside, "rule add priority 1 to 10.1.0.1 prohibit");
    let error = lan.connect(&ConnectOptions::new("c1"), &inside).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Kernel, "{error}");
    assert!(error.to_string().contains("10.1.0.1"), "{error}");
    assert_eq!(ip_lines(&inside, "-o link show").len(), 1);
    assert_eq!(lan.leases()?, []);
    Ok(())
}

/// Computes a container's default routes from its leases alone.
fn expected(leases: &[(&Network, i32)], inside: &NetNs) -> Outcome<Vec<String>> {
    let mut found = Vec::new();
    for v6 in [false, true] {
        let mut best: Option<(i32, String)> = None;
        for (network, priority) in leases {
            let mut subnets = network.config().get_subnets().iter();
            let subnet = subnets.find(|one| one.get_net().addr().is_ipv6() == v6);
            let Some(gateway) = subnet.and_then(Subnet::get_gateway) else { continue };
            if network.config().get_internal()
                || best.as_ref().is_some_and(|(best, _)| best >= priority)
            {
                continue;
            }
            let lease = network.lease("c1")?.ok_or("it is connected")?;
            assert_eq!(lease.netns(), Some(&macvlan_network::NetNsMark::of(inside)?));
            best = Some((*priority, format!("{gateway} dev {}", lease.interface)));
        }
        found.extend(best.map(|(_, route)| route));
    }
    Ok(found)
}

/// Five networks are connected and disconnected at random, with their priorities; there is never
/// anything to repair.
fn in_any_order(networks: &Networks) -> Outcome {
    let all = [
        networks.create(&dual("n1", 1)?)?,
        networks.create(&dual("n2", 2)?)?,
        networks.create(&on_ens33("n3", "10.3.0.0/24")?)?,
        networks.create(&on_ens33("n4", "fd00:4::/64")?)?,
        networks.create(&dual("n5", 5)?.internal(true))?,
    ];
    let (_container, inside) = started()?;
    let mut connected: Vec<(&Network, i32)> = Vec::new();
    // A generator of our own, so that a failure can be reproduced.
    let mut state = 0x2545_f491_4f6c_dd1d_u64;
    let mut chance = |below: u64| {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        state % below
    };
    let times = if macvlan_tests::is_long() { 1000 } else { 20 };
    for time in 0..times {
        let network = &all[usize::try_from(chance(5))?];
        let at = connected.iter().position(|(one, _)| one.id() == network.id());
        match (at, chance(3)) {
            (Some(at), 0 | 1) => {
                connected.remove(at);
                network.disconnect("c1")?;
            }
            (at, _) => {
                let priority = i32::try_from(chance(3))? - 1;
                let options = ConnectOptions::new("c1").gw_priority(priority);
                network.connect(&options, &inside)?;
                match at {
                    Some(at) => connected[at].1 = priority,
                    None => connected.push((network, priority)),
                }
            }
        }
        assert_eq!(default_routes(&inside), expected(&connected, &inside)?, "after {time}");
        assert!(networks.reconcile()?.is_empty(), "after {time}");
    }
    for (network, _) in connected {
        network.disconnect("c1")?;
    }
    Ok(())
}

fn in_any_order_with_a_file() -> Outcome {
    in_any_order(&Scene::set()?.networks)
}

fn in_any_order_with_etcd() -> Outcome {
    let (lab, etcd) = (macvlan_tests::Lab::new()?, macvlan_tests::Etcd::start()?);
    in_any_order(&crate::common::in_etcd(&lab.a, &etcd, "a")?)
}

/// After a kill or a change from inside, `reconcile` repairs them.
fn reconciled() -> Outcome {
    let scene = Scene::set()?;
    let one = scene.networks.create(&dual("one", 1)?)?;
    let two = scene.networks.create(&dual("two", 2)?)?;
    let (_container, inside) = started()?;
    one.connect(&ConnectOptions::new("c1"), &inside)?;
    two.connect(&ConnectOptions::new("c1"), &inside)?;
    let right = ["10.1.0.1 dev eth0", "fd00:1::1 dev eth0"];
    for change in [
        "route delete default",
        "-6 route delete default",
        "route replace default via 10.2.0.1 dev eth1 proto 109",
        "-6 route add default via fd00:2::1 dev eth1 proto 109 metric 7",
        "link delete eth0",
        "link set eth1 down",
    ] {
        ip_do(&inside, change);
        assert!(!scene.networks.reconcile()?.is_empty(), "{change}");
        assert_eq!(default_routes(&inside), right, "{change}");
        assert!(scene.networks.reconcile()?.is_empty(), "{change}");
    }
    Ok(())
}

/// An interface whose lease is lost has them until it is deleted, and keeps them if it gets a lease
/// again.
fn they_move_when_what_has_no_lease_goes() -> Outcome {
    let scene = Scene::set()?;
    let networks = &scene.networks;
    let one = networks.create(&dual("one", 1)?.mac_from(MacFrom::Container))?;
    let two = networks.create(&dual("two", 2)?)?;
    let (_container, inside) = started()?;
    let options = ConnectOptions::new("c1");
    let (by_one, by_two) =
        (["10.1.0.1 dev eth0", "fd00:1::1 dev eth0"], ["10.2.0.1 dev eth1", "fd00:2::1 dev eth1"]);
    let lose = || -> Outcome {
        let lease = one.lease("c1")?.ok_or("it has no lease")?;
        assert!(networks.store().release(one.record(), &lease)?);
        assert_eq!(default_routes(&inside), by_one);
        Ok(())
    };
    one.connect(&options, &inside)?;
    two.connect(&options, &inside)?;
    lose()?;
    let done = networks.reconcile()?;
    assert!(done.iter().any(|one| matches!(one, Reconciled::Adopted(_))), "{done:?}");
    assert_eq!(default_routes(&inside), by_one);
    assert!(networks.reconcile()?.is_empty());

    lose()?;
    let (_other, other) = started()?;
    let taken = ConnectOptions::new("c2").address(ip("10.1.0.2")).address(ip("fd00:1::2"));
    one.connect(&taken, &other)?;
    let done = networks.reconcile()?;
    assert!(done.iter().any(|one| matches!(one, Reconciled::Displaced { .. })), "{done:?}");
    assert_eq!(default_routes(&inside), by_two);
    assert!(networks.reconcile()?.is_empty());

    for by_id in [true, false] {
        one.connect(&options.clone().default_route(true), &inside)?;
        lose()?;
        let gone = if by_id { one.disconnect("c1")? } else { one.disconnect_from("c1", &inside)? };
        assert_eq!(gone, Detached::Removed);
        assert_eq!(default_routes(&inside), by_two);
        assert!(networks.reconcile()?.is_empty());
    }
    Ok(())
}

macvlan_tests::tests! {
    same_on_every_kernel:
    they_lead_through_the_first_and_then_the_next,
    they_move_to_the_network_that_asks,
    somebody_elses_stay,
    one_that_is_half_made_leads_nowhere,
    a_route_that_is_refused_undoes_the_connect,
    they_move_when_what_has_no_lease_goes,
    in_any_order_with_a_file,
    in_any_order_with_etcd,
    reconciled,
}
