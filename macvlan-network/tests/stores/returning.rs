//! Containers that return, as after a reboot: their names and settings survive the release of their
//! leases.
#![deny(dead_code)]

use std::time::Duration;

use crate::common::{
    ask, behind, default_routes, ended, in_etcd, ip, keys, on_ens33, pairs, put, session, started,
    with_stores,
};
use crate::pending::{open, with_places};
use macvlan_core::NetNs;
use macvlan_network::{
    ConnectOptions, ErrorKind, Lease, Network, NetworkConfig, Networks, Reconciled,
};
use macvlan_tests::{
    Actor, Directory, Etcd, Lab, Outcome, eventually, ip_addresses, ip_do, is_long,
};

/// Releases the leases of containers that have ended.
fn reconcile_all(networks: &Networks, count: usize) -> Outcome {
    let mut released = 0;
    eventually("a lease is left", || {
        let done = networks.reconcile()?;
        assert!(done.iter().all(|one| matches!(one, Reconciled::Released(_))), "{done:?}");
        released += done.len();
        Ok(released >= count)
    })?;
    assert_eq!(released, count);
    Ok(())
}

/// Returns a lease's name, aliases and settings for default routes.
fn settings(lease: &Lease) -> (Option<&str>, Vec<&str>, bool, i32) {
    let aliases = lease.aliases.iter().map(String::as_str).collect();
    (lease.name.as_deref(), aliases, lease.default_route, lease.gw_priority)
}

fn web() -> ConnectOptions {
    ConnectOptions::new("c1").name("web").alias("www").alias("api")
}

fn is_web(lease: &Lease) {
    assert_eq!(settings(lease), (Some("web"), vec!["www", "api"], true, 5));
}

/// Everything that a container was connected with, through two reconciles.
fn names_and_settings_survive_a_reconcile() -> Outcome {
    with_stores(|networks| {
        let lan = networks.create(&on_ens33("lan", "10.1.0.0/24")?)?;
        let other = networks.create(&on_ens33("other", "10.2.0.0/24")?)?;
        let never = networks.create(&on_ens33("never", "10.3.0.0/24")?)?;
        let bare =
            networks.create(&NetworkConfig::new("bare").parent("ens33").without_addresses())?;
        let (container, inside) = started()?;
        let link_local = ip("169.254.7.7");
        lan.connect(&web().link_local_address(link_local).gw_priority(5), &inside)?;
        other.connect(&ConnectOptions::new("c1").alias("www").default_route(true), &inside)?;
        never.connect(&ConnectOptions::new("c1").default_route(false), &inside)?;
        bare.connect(&ConnectOptions::new("c1").name("layer2"), &inside)?;
        ended(container, inside)?;
        for _ in 0..2 {
            reconcile_all(networks, 4)?;
            assert_eq!((lan.leases()?, lan.resolve("web")?), (vec![], vec![]));
            let (container, inside) = started()?;
            let options = ConnectOptions::new("c1");
            let lease = lan.connect(&options, &inside)?.lease().clone();
            is_web(&lease);
            assert_eq!(lease.link_local, [link_local]);
            for name in ["web", "www", "api"] {
                assert_eq!(lan.resolve(name)?, [ip("10.1.0.2")], "{name}");
            }
            let never = never.connect(&options, &inside)?;
            assert_eq!(settings(never.lease()), (None, vec![], false, 0));
            let lease = other.connect(&options, &inside)?.lease().clone();
            assert_eq!(settings(&lease), (None, vec!["www"], true, 6));
            let bare = bare.connect(&options, &inside)?;
            assert_eq!(bare.lease().name.as_deref(), Some("layer2"));
            assert_eq!(default_routes(&inside), ["10.2.0.1 dev eth2"]);
            assert!(networks.reconcile()?.is_empty());
            ended(container, inside)?;
        }
        Ok(())
    })
}

fn values_that_are_given_replace_them() -> Outcome {
    with_stores(|networks| {
        let lan = networks.create(&on_ens33("lan", "10.1.0.0/24")?)?;
        let (container, inside) = started()?;
        lan.connect(&web().gw_priority(5), &inside)?;
        ended(container, inside)?;
        reconcile_all(networks, 1)?;
        let (container, inside) = started()?;
        let given = ConnectOptions::new("c1").name("db").gw_priority(1);
        let lease = lan.connect(&given, &inside)?.lease().clone();
        assert_eq!(settings(&lease), (Some("db"), vec!["www", "api"], true, 1));
        ended(container, inside)?;
        reconcile_all(networks, 1)?;
        let (_container, inside) = started()?;
        let lease = lan.connect(&ConnectOptions::new("c1"), &inside)?.lease().clone();
        assert_eq!(settings(&lease), (Some("db"), vec!["www", "api"], true, 1));
        // Disconnecting forgets them, but not the address.
        lan.disconnect("c1")?;
        let lease = lan.connect(&ConnectOptions::new("c1"), &inside)?.lease().clone();
        assert_eq!(settings(&lease), (None, vec![], true, 0));
        assert_eq!(lease.addresses, ["10.1.0.2/24".parse()?]);
        Ok(())
    })
}

/// A connect is never refused because of a remembered name.
fn a_name_that_another_has_is_not_taken() -> Outcome {
    with_stores(|networks| {
        let config = on_ens33("lan", "10.1.0.0/24")?;
        let lan = networks.create(&config)?;
        let (container, inside) = started()?;
        lan.connect(&web().gw_priority(5), &inside)?;
        ended(container, inside)?;
        reconcile_all(networks, 1)?;
        let (_other, other) = started()?;
        lan.connect(&ConnectOptions::new("c2").name("web").alias("api"), &other)?;
        let (container, inside) = started()?;
        let lease = lan.connect(&ConnectOptions::new("c1"), &inside)?.lease().clone();
        assert_eq!(settings(&lease), (None, vec!["www", "api"], true, 5));
        assert_eq!(lan.resolve("web")?, [ip("10.1.0.3")]);
        assert_eq!(lan.resolve("api")?, [ip("10.1.0.2"), ip("10.1.0.3")]);
        // A name that is given is refused, as ever.
        ended(container, inside)?;
        let (_container, inside) = started()?;
        let error = lan.connect(&web(), &inside).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::NameTaken, "{error}");
        lan.disconnect("c2")?;
        lan.connect(&web(), &inside)?;
        Ok(())
    })
}

/// An address that is reserved for the name is the container's again.
fn a_reserved_name_gets_its_address() -> Outcome {
    with_stores(|networks| {
        let subnet = crate::common::subnet("10.1.0.0/24")?.reserve("printer", ip("10.1.0.9"));
        let lan = networks.create(&NetworkConfig::new("lan").parent("ens33").subnet(subnet))?;
        let (container, inside) = started()?;
        let options = ConnectOptions::new("c1").name("printer");
        assert_eq!(lan.connect(&options, &inside)?.addresses(), [ip("10.1.0.9")]);
        ended(container, inside)?;
        reconcile_all(networks, 1)?;
        let (_container, inside) = started()?;
        let connection = lan.connect(&ConnectOptions::new("c1"), &inside)?;
        assert_eq!(connection.addresses(), [ip("10.1.0.9")]);
        assert_eq!(connection.lease().name.as_deref(), Some("printer"));
        // A host on the LAN has the address by now.
        lan.disconnect("c1")?;
        let (container, inside) = started()?;
        lan.connect(&options, &inside)?;
        ended(container, inside)?;
        reconcile_all(networks, 1)?;
        lan.add_conflicting_address(ip("10.1.0.9"))?;
        let (_container, inside) = started()?;
        let error = lan.connect(&options, &inside).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::AddressConflict, "{error}");
        let connection = lan.connect(&ConnectOptions::new("c1"), &inside)?;
        assert_eq!(connection.addresses(), [ip("10.1.0.2")]);
        assert_eq!(connection.lease().name, None);
        Ok(())
    })
}

/// A connect that fails leaves them as they were, whatever it asked for.
fn a_failed_connect_forgets_nothing() -> Outcome {
    with_stores(|networks| {
        let lan = networks.create(&on_ens33("lan", "10.1.0.0/24")?)?;
        let (container, inside) = started()?;
        lan.connect(&web().gw_priority(5), &inside)?;
        ended(container, inside)?;
        let (_container, inside) = started()?;
        ip_do(&inside, "link add eth7 type bridge");
        for options in [ConnectOptions::new("c1"), ConnectOptions::new("c1").name("x").alias("y")] {
            // The first one finds the lease, the second one what is remembered of it.
            let error = lan.connect(&options.interface("eth7"), &inside).unwrap_err();
            assert_eq!(error.kind(), ErrorKind::Kernel, "{error}");
            assert_eq!(lan.leases()?, []);
        }
        is_web(lan.connect(&ConnectOptions::new("c1"), &inside)?.lease());
        Ok(())
    })
}

/// Each interface has its own settings, in whatever order they return.
fn several_interfaces_return() -> Outcome {
    with_stores(|networks| {
        let lan = networks.create(&on_ens33("lan", "10.1.0.0/24")?)?;
        let (container, inside) = started()?;
        let by = |name: &str| ConnectOptions::new("c1").interface(name);
        lan.connect(&web().gw_priority(5), &inside)?;
        lan.connect(&by("net1").alias("backup").gw_priority(2), &inside)?;
        lan.connect(&by("net2"), &inside)?;
        ended(container, inside)?;
        reconcile_all(networks, 3)?;
        let (container, inside) = started()?;
        let net2 = lan.connect(&by("net2"), &inside)?.lease().clone();
        // Until the first one is back, it has the container's names.
        assert_eq!(settings(&net2), (Some("web"), vec!["www", "api"], true, 0));
        let net1 = lan.connect(&by("net1"), &inside)?.lease().clone();
        assert_eq!(settings(&net1), (None, vec!["backup"], true, 2));
        is_web(lan.connect(&by("eth0"), &inside)?.lease());
        // Disconnecting one forgets only its own, the last one all.
        lan.disconnect("c1/net1")?;
        ended(container, inside)?;
        reconcile_all(networks, 2)?;
        let (_container, inside) = started()?;
        is_web(lan.connect(&ConnectOptions::new("c1"), &inside)?.lease());
        let net1 = lan.connect(&by("net1"), &inside)?.lease().clone();
        assert_eq!(settings(&net1), (None, vec![], true, 0));
        lan.disconnect("c1")?;
        let net2 = lan.connect(&by("net2"), &inside)?.lease().clone();
        assert_eq!(settings(&net2), (None, vec![], true, 0));
        // One that returns under another name is the same, one with a name of its own has the names.
        lan.disconnect("c1")?;
        let back = ConnectOptions::new("c2");
        for (name, priority) in [(None, 5), (Some("lan1"), 0)] {
            let (container, inside) = started()?;
            let first = back.clone().name("db").interface("lan0").gw_priority(5);
            lan.connect(&first, &inside)?;
            ended(container, inside)?;
            reconcile_all(networks, 1)?;
            let (_container, inside) = started()?;
            let named = name.map_or(back.clone(), |name| back.clone().interface(name));
            let lease = lan.connect(&named, &inside)?.lease().clone();
            assert_eq!(settings(&lease), (Some("db"), vec![], true, priority));
            lan.disconnect("c2")?;
        }
        Ok(())
    })
}

/// Another host has collected the lease of a container that still runs.
fn an_adopted_lease_has_all_of_them() -> Outcome {
    with_stores(|networks| {
        let lan = networks.create(&on_ens33("lan", "10.1.0.0/24")?)?;
        let (_container, inside) = started()?;
        let link_local = ip("169.254.7.7");
        let options = web().link_local_address(link_local).gw_priority(5);
        let had = lan.connect(&options, &inside)?.lease().clone();
        let released = networks.store().release_gone(lan.record(), vec![had.clone()])?;
        assert_eq!(released, std::slice::from_ref(&had));
        let done = networks.reconcile()?;
        let [Reconciled::Adopted(lease)] = done.as_slice() else {
            return Err(format!("{done:?}").into());
        };
        is_web(lease);
        let now = lan.lease("c1")?.ok_or("it has a lease")?;
        assert_eq!((&now, &now.link_local), (lease, &had.link_local));
        assert_eq!(lan.resolve("www")?, [ip("10.1.0.2")]);
        assert!(networks.reconcile()?.is_empty());
        assert_eq!(ip_addresses(&inside, "eth0"), ["10.1.0.2/24", "169.254.7.7/16"]);
        Ok(())
    })
}

/// Names and addresses are forgotten after thirty days.
fn they_are_forgotten_in_time() -> Outcome {
    let options = || web().gw_priority(5);
    let returns = |lan: &Network| -> Outcome<Lease> {
        let (_container, inside) = started()?;
        Ok(lan.connect(&ConnectOptions::new("c1"), &inside)?.lease().clone())
    };
    let set = |networks: &Networks| -> Outcome<Network> {
        let lan = networks.create(&on_ens33("lan", "10.1.0.0/24")?)?;
        let (container, inside) = started()?;
        lan.connect(&options(), &inside)?;
        ended(container, inside)?;
        reconcile_all(networks, 1)?;
        Ok(lan)
    };
    let (lab, directory) = (Lab::new()?, Directory::new()?);
    let networks = session(&lab.a, &directory, "a")?;
    let lan = set(&networks)?;
    let age = |days: i32| {
        let file = behind(&directory)?;
        let mut kept = 0;
        for table in ["former", "memory"] {
            let sql = format!("UPDATE {table} SET released = unixepoch() - 86400 * {days}");
            file.execute(&sql, [])?;
        }
        networks.collect()?;
        for table in ["former", "memory"] {
            let sql = format!("SELECT count(*) FROM {table}");
            kept += file.query_row(&sql, [], |row| row.get::<_, u32>(0))?;
        }
        Ok(kept)
    };
    let age = |days| -> Outcome<u32> { age(days) };
    assert_eq!(age(29)?, 2);
    is_web(&returns(&lan)?);
    reconcile_all(&networks, 1)?;
    assert_eq!(age(31)?, 0);
    assert_eq!(settings(&returns(&lan)?), (None, vec![], true, 0));

    let etcd = Etcd::start()?;
    let networks = in_etcd(&lab.a, &etcd, "a")?;
    let lan = set(&networks)?;
    let key = format!("/macvlan/was/{}/c1/~/eth0", lan.id());
    assert_eq!(keys(&etcd, &key)?, std::slice::from_ref(&key));
    put(&etcd, &key, r#"{"addresses":[],"interface":"eth0","name":"web","released":7}"#)?;
    networks.collect()?;
    assert_eq!(keys(&etcd, &key)?, [""; 0]);
    assert_eq!(settings(&returns(&lan)?), (None, vec![], true, 0));
    // A record that cannot be read keeps nobody away.
    reconcile_all(&networks, 1)?;
    put(&etcd, &key, "{")?;
    assert_eq!(settings(&returns(&lan)?), (None, vec![], true, 0));
    // Nor is anything left of a network.
    reconcile_all(&networks, 1)?;
    lan.remove()?;
    assert_eq!(keys(&etcd, "/macvlan/was/")?, [""; 0]);
    Ok(())
}

/// The machine boots, `reconcile` runs, and all containers come back in another order.
fn a_reboot() -> Outcome {
    let (lab, directory) = (Lab::new()?, Directory::new()?);
    let networks = session(&lab.a, &directory, "a")?;
    let lan = networks.create(&on_ens33("lan", "10.1.0.0/24")?)?;
    let numbers = 1..=20;
    let mut people = Vec::new();
    for number in numbers.clone() {
        let (container, inside) = started()?;
        let options = ConnectOptions::new(format!("c{number}")).name(format!("n{number}"));
        lan.connect(&options.alias("all").gw_priority(number), &inside)?;
        people.push((container, inside));
    }
    drop(people);
    let file = behind(&directory)?;
    file.execute("UPDATE lease SET boot = '5a1e2b8c-0000-0000-0000-000000000000'", [])?;
    reconcile_all(&networks, 20)?;
    let mut people = Vec::new();
    for number in numbers.rev() {
        let (container, inside) = started()?;
        let options = ConnectOptions::new(format!("c{number}"));
        let lease = lan.connect(&options, &inside)?.lease().clone();
        let name = format!("n{number}");
        assert_eq!(settings(&lease), (Some(&*name), vec!["all"], true, number));
        assert_eq!(lan.resolve(&name)?, [ip(&format!("10.1.0.{}", number + 1))]);
        people.push((container, inside));
    }
    assert_eq!(lan.resolve("all")?.len(), 20);
    Ok(())
}

/// Restarts a container again and again, and fails to connect it in between.
fn restarts(arguments: &[String]) -> Outcome {
    let [kind, place, host] = arguments else { return Err("KIND PLACE HOST".into()) };
    let lan = open(kind, place, host)?;
    println!("begin");
    loop {
        let inside = NetNs::anonymous()?;
        ip_do(&inside, "link add eth7 type bridge");
        lan.connect(&ConnectOptions::new("c1").name("x").interface("eth7"), &inside).unwrap_err();
        is_web(lan.connect(&ConnectOptions::new("c1"), &inside)?.lease());
    }
}

/// Wherever the process that connects the container again is killed, the container has its name
/// afterwards.
fn who_is_killed_forgets_nothing() -> Outcome {
    with_places(|networks, place| {
        let lan = networks.create(&on_ens33("lan", "10.1.0.0/24")?)?;
        let (container, inside) = started()?;
        lan.connect(&web().gw_priority(5), &inside)?;
        ended(container, inside)?;
        let kills = if is_long() { 200 } else { 15 };
        for number in 0..kills {
            let mut victim = Actor::start("restarts", &place)?;
            assert_eq!(victim.line()?, "begin");
            std::thread::sleep(Duration::from_micros(number * 7919 % 40_000));
            victim.kill()?;
            if number % 2 == 0 {
                networks.collect()?;
            }
            let inside = NetNs::anonymous()?;
            // The victim's namespace may still be there, or its last request be executed.
            eventually("the container does not return", || {
                match lan.connect(&ConnectOptions::new("c1"), &inside) {
                    Ok(connection) => {
                        is_web(connection.lease());
                        Ok(true)
                    }
                    Err(error) if error.kind() == ErrorKind::AlreadyConnected => Ok(false),
                    Err(error) => Err(error.into()),
                }
            })?;
        }
        Ok(())
    })
}

/// Each interface has its own address again, whichever is connected first, and the last one it had.
fn each_interface_returns_with_its_own_address() -> Outcome {
    with_stores(|networks| {
        let lan = networks.create(&on_ens33("lan", "10.1.0.0/24")?)?;
        let c1 = || ConnectOptions::new("c1");
        let by = |options: ConnectOptions, inside: &NetNs| -> Outcome<String> {
            Ok(lan.connect(&options, inside)?.addresses()[0].to_string())
        };
        let (container, inside) = started()?;
        by(c1().address(ip("10.1.0.9")), &inside)?;
        by(c1().interface("eth1").address(ip("10.1.0.3")), &inside)?;
        ended(container, inside)?;
        reconcile_all(networks, 2)?;
        let (container, inside) = started()?;
        assert_eq!(by(c1(), &inside)?, "10.1.0.9", "that of eth0");
        assert_eq!(by(c1().interface("eth2"), &inside)?, "10.1.0.2", "that of no other one");
        assert_eq!(by(c1().interface("eth1"), &inside)?, "10.1.0.3");
        ended(container, inside)?;
        reconcile_all(networks, 3)?;

        // Now eth1 is the first one, with another address.
        let (container, inside) = started()?;
        by(c1().interface("eth1").address(ip("10.1.0.77")), &inside)?;
        // A time is remembered in seconds.
        std::thread::sleep(Duration::from_millis(1100));
        ended(container, inside)?;
        reconcile_all(networks, 1)?;
        let (_container, inside) = started()?;
        assert_eq!(by(c1().interface("eth1"), &inside)?, "10.1.0.77");
        assert_eq!(by(c1().interface("eth0"), &inside)?, "10.1.0.9");
        Ok(())
    })
}

/// Hosts of an earlier version have written the addresses of one interface without its name.
fn addresses_without_an_interface_are_read() -> Outcome {
    let (lab, etcd) = (Lab::new()?, Etcd::start()?);
    let networks = in_etcd(&lab.a, &etcd, "a")?;
    let lan = networks.create(&on_ens33("lan", "10.1.0.0/24")?)?;
    let inside = NetNs::anonymous()?;
    let connect = |options: ConnectOptions| -> Outcome<String> {
        Ok(lan.connect(&options, &inside)?.addresses()[0].to_string())
    };
    connect(ConnectOptions::new("c1").address(ip("10.1.0.9")))?;
    connect(ConnectOptions::new("c1").interface("eth1").address(ip("10.1.0.3")))?;
    lan.disconnect("c1")?;
    let named = keys(&etcd, "/macvlan/was/")?.into_iter().find(|key| key.ends_with("/c1/eth0"));
    let named = named.ok_or("it is not remembered by its name")?;
    ask(&etcd, |mut client| async move { client.delete(named, None).await.map(drop) })?;
    assert_eq!(connect(ConnectOptions::new("c1").interface("eth1"))?, "10.1.0.3");
    assert_eq!(connect(ConnectOptions::new("c1").interface("eth0"))?, "10.1.0.9");
    Ok(())
}

/// The address is kept for longer than the time for which others are remembered.
fn an_address_is_remembered_for_as_long_as_it_is_kept() -> Outcome {
    let (lab, etcd) = (Lab::new()?, Etcd::start()?);
    let networks = in_etcd(&lab.a, &etcd, "a")?;
    let day = Duration::from_secs(24 * 3600);
    let lan = networks.create(&on_ens33("lan", "10.1.0.0/24")?.reservation_ttl(60 * day))?;
    let (one, two) = (NetNs::anonymous()?, NetNs::anonymous()?);
    lan.connect(&ConnectOptions::new("c1"), &one)?;
    lan.disconnect("c1")?;
    let age = |days: u64| -> Outcome<usize> {
        let all = pairs(&etcd, "/macvlan/was/")?;
        for (key, value) in &all {
            let mut was: serde_json::Value = serde_json::from_str(value)?;
            let released = was["released"].as_u64().ok_or("it has no time")?;
            was["released"] = (released - days * day.as_secs()).into();
            put(&etcd, key, &was.to_string())?;
        }
        Ok(all.len())
    };
    assert!(age(31)? > 0);
    networks.collect()?;
    assert_eq!(lan.connect(&ConnectOptions::new("c2"), &two)?.addresses(), [ip("10.1.0.3")]);
    assert_eq!(lan.connect(&ConnectOptions::new("c1"), &one)?.addresses(), [ip("10.1.0.2")]);
    lan.disconnect("c1")?;
    assert!(age(91)? > 0);
    networks.collect()?;
    assert_eq!(keys(&etcd, "/macvlan/was/")?.len(), 0);
    Ok(())
}

macvlan_tests::tests! {
    same_on_every_kernel:
    names_and_settings_survive_a_reconcile,
    values_that_are_given_replace_them,
    a_name_that_another_has_is_not_taken,
    a_reserved_name_gets_its_address,
    a_failed_connect_forgets_nothing,
    several_interfaces_return,
    each_interface_returns_with_its_own_address,
    addresses_without_an_interface_are_read,
    an_address_is_remembered_for_as_long_as_it_is_kept,
    an_adopted_lease_has_all_of_them,
    they_are_forgotten_in_time,
    a_reboot,
    who_is_killed_forgets_nothing;
    parts: restarts,
}
