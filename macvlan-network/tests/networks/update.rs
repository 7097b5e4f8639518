//! The effect of a network's changes on its containers' interfaces.
#![deny(dead_code)]

use std::time::{Duration, Instant};

use crate::common::{default_routes, ip, on_ens33, started, subnet, with_scenes};
use macvlan_core::{Endpoint, NetNs};
use macvlan_network::{ConnectOptions, NetworkConfig, Reconciled};
use macvlan_tests::{Outcome, ip_addresses, ip_do, ip_lines, ip_link};

/// Creates a link that can be a parent, and returns its index.
pub(crate) fn another_parent(host: &NetNs, name: &str) -> u64 {
    ip_do(host, &format!("link add {name} type veth peer name {name}-peer"));
    ip_do(host, &format!("link set {name} up"));
    ip_do(host, &format!("link set {name}-peer up"));
    ip_link(host, name)["ifindex"].as_u64().unwrap_or_default()
}

fn a_network_moves_to_another_parent() -> Outcome {
    with_scenes(|scene| {
        let host = &scene.lab.a.netns;
        let lan = scene.networks.create(&on_ens33("lan", "10.1.0.0/24")?)?;
        let (_one, one) = started()?;
        let (_two, two) = started()?;
        let first = lan.connect(&ConnectOptions::new("c1"), &one)?;
        lan.connect(&ConnectOptions::new("c2"), &two)?;
        let index = another_parent(host, "ens34");
        let parent = |inside: &NetNs| ip_link(inside, "eth0")["link_index"].as_u64();
        let before = parent(&one);
        assert_ne!(before, Some(index));

        let updated = lan.set_parent("ens34")?;
        assert_eq!((updated.outdated.len(), updated.unaffected.len()), (2, 0));
        assert!(updated.network.warnings().is_empty());
        assert_eq!((parent(&one), parent(&two)), (before, before), "they are as they were");
        // Connecting again with the old handle, or reconciling, updates them.
        let again = lan.connect(&ConnectOptions::new("c1"), &one)?;
        assert_eq!((again.lease(), again.mac()), (first.lease(), first.mac()));
        assert_eq!((parent(&one), parent(&two)), (Some(index), before));
        let done = scene.networks.reconcile()?;
        assert!(
            matches!(&done[..], [Reconciled::Repaired(lease, _)] if lease.container == "c2"),
            "{done:?}"
        );
        assert_eq!(parent(&two), Some(index));
        assert_eq!(ip_addresses(&two, "eth0"), ["10.1.0.3/24"]);

        let gone = scene.networks.network("lan")?.set_parent("ens35")?;
        assert!(
            gone.network.warnings()[0].contains("ens35 does not exist"),
            "{:?}",
            gone.network.warnings()
        );
        Ok(())
    })
}

/// Routes that the network no longer has are removed by a reconcile and by connecting again, and
/// those of other programs stay.
fn routes_that_the_network_no_longer_has_are_removed() -> Outcome {
    with_scenes(|scene| {
        let config = |routes: &[&str]| -> Outcome<_> {
            let config = on_ens33("lan", "10.1.0.0/24")?.subnet(subnet("fd00:1::/64")?);
            let parsed = routes.iter().map(|route| route.parse());
            let parsed: Vec<_> = parsed.collect::<Result<_, macvlan_core::Error>>()?;
            Ok(parsed.into_iter().fold(config, NetworkConfig::route))
        };
        let (first, second, metric) = (
            "10.8.0.0/16 via 10.1.0.254",
            "10.9.0.0/16 via 10.1.0.254",
            "10.9.0.0/16 via 10.1.0.254 metric 9",
        );
        let six = "fd00:9::/48 via fd00:1::9";
        let lan = scene.networks.create(&config(&[first, second, six])?)?;
        let wan = scene
            .networks
            .create(&on_ens33("wan", "10.2.0.0/24")?.route("10.7.0.0/16 via 10.2.0.9".parse()?))?;
        let (_one, one) = started()?;
        let (_two, two) = started()?;
        for (container, inside) in [("c1", &one), ("c2", &two)] {
            lan.connect(&ConnectOptions::new(container), inside)?;
            wan.connect(&ConnectOptions::new(container), inside)?;
            ip_do(inside, "route add 10.6.0.0/16 via 10.1.0.254 dev eth0");
            ip_do(inside, "route add 10.5.0.0/16 via 10.1.0.254 dev eth0 proto static");
        }
        let routes = |inside: &NetNs| {
            let mut all = ip_lines(inside, "-4 route show");
            all.extend(ip_lines(inside, "-6 route show"));
            let kept = |line: &&String| line.contains(" via ") && !line.starts_with("default");
            let words = |line: &String| line.split(" dev").next().unwrap_or_default().to_owned();
            all.iter().filter(kept).map(words).collect::<Vec<_>>()
        };
        let (static_, other, others) = (
            "10.5.0.0/16 via 10.1.0.254",
            "10.6.0.0/16 via 10.1.0.254",
            "10.7.0.0/16 via 10.2.0.9",
        );
        assert_eq!(routes(&one), [static_, other, others, first, second, six]);
        // An earlier version did not mark them.
        ip_do(&one, "-4 route replace 10.8.0.0/16 via 10.1.0.254 dev eth0");
        ip_do(&one, "-6 route replace fd00:9::/48 via fd00:1::9 dev eth0");
        assert_eq!(scene.networks.reconcile()?.len(), 1);
        for (family, net) in [("-4", "10.8.0.0/16"), ("-6", "fd00:9::/48")] {
            let found = ip_lines(&one, &format!("{family} route show {net}"));
            assert!(matches!(&found[..], [one] if one.contains("proto 109")), "{found:?}");
        }
        let lan = lan.update(&config(&[metric])?)?.network;
        let done: Vec<String> =
            scene.networks.reconcile()?.iter().map(ToString::to_string).collect();
        assert!(
            done.iter()
                .any(|one| one.contains("the route 10.8.0.0/16 via 10.1.0.254 is unexpected")),
            "{done:?}"
        );
        assert_eq!(routes(&one), [static_, other, others, second]);
        assert!(ip_lines(&one, "route show 10.9.0.0/16")[0].contains("metric 9"));
        assert!(scene.networks.reconcile()?.is_empty());
        // Connecting again does the same, also for a network whose container is connected to another.
        let lan = lan.update(&config(&[first])?)?.network;
        lan.connect(&ConnectOptions::new("c2"), &two)?;
        assert_eq!(routes(&two), [static_, other, others, first]);
        lan.update(&config(&[])?)?;
        // Another endpoint may have requested it.
        let plain = Endpoint::new("other", "ens33")?.address("10.3.0.2/24".parse()?);
        let plain = scene.networks.host().attach(&plain, &two)?;
        wan.connect(&ConnectOptions::new("c2"), &two)?;
        assert_eq!(routes(&two), [static_, other, others, first]);
        scene.networks.host().detach(&plain)?;
        wan.connect(&ConnectOptions::new("c2"), &two)?;
        assert_eq!(routes(&two), [static_, other, others]);
        Ok(())
    })
}

fn options_change_and_who_is_outdated_is_told() -> Outcome {
    with_scenes(|scene| {
        let lan = scene.networks.create(&on_ens33("lan", "10.1.0.0/24")?)?;
        let (_one, one) = started()?;
        let (_two, two) = started()?;
        lan.connect(&ConnectOptions::new("c1"), &one)?;
        lan.connect(&ConnectOptions::new("c2").default_route(false), &two)?;
        let config = || lan.config().clone();
        let labelled = lan.update(&config().label("who", "us"))?;
        assert_eq!((labelled.outdated.len(), labelled.unaffected.len()), (0, 2));
        let subnet = lan.config().get_subnets()[0].clone().gateway(ip("10.1.0.254"));
        let elsewhere = macvlan_network::NetworkConfig::new("lan").parent("ens33").subnet(subnet);
        let routed = labelled.network.update(&elsewhere)?;
        let outdated: Vec<&str> =
            routed.outdated.iter().map(|one| one.container.as_str()).collect();
        assert_eq!(outdated, ["c1"], "the default route of the other leads elsewhere");
        lan.connect(&ConnectOptions::new("c1"), &one)?;
        assert_eq!(
            ip_lines(&one, "-4 route show default"),
            ["default via 10.1.0.254 dev eth0 proto 109"]
        );
        let small = routed.network.update(&elsewhere.mtu(1400))?;
        assert_eq!(small.outdated.len(), 2);
        scene.networks.reconcile()?;
        assert_eq!(
            (&ip_link(&one, "eth0")["mtu"], &ip_link(&two, "eth0")["mtu"]),
            (&1400.into(), &1400.into())
        );
        Ok(())
    })
}

/// The default route is added when the network is no longer internal, and deleted again.
fn an_internal_network_is_opened() -> Outcome {
    with_scenes(|scene| {
        let lan = scene.networks.create(&on_ens33("lan", "10.1.0.0/24")?.internal(true))?;
        let (_one, one) = started()?;
        let (_two, two) = started()?;
        lan.connect(&ConnectOptions::new("c1").address(ip("10.1.0.5")), &one)?;
        lan.connect(&ConnectOptions::new("c2").address(ip("10.1.0.6")).default_route(false), &two)?;
        let none: [&str; 0] = [];
        for internal in [false, true] {
            let now = scene.networks.network("lan")?;
            let updated = now.update(&now.config().clone().internal(internal))?;
            let outdated: Vec<&str> =
                updated.outdated.iter().map(|one| one.container.as_str()).collect();
            assert_eq!(outdated, ["c1"]);
            let done = scene.networks.reconcile()?;
            assert!(matches!(&done[..], [Reconciled::Repaired(..)]), "{done:?}");
            let routes = default_routes(&one);
            if internal {
                assert_eq!(routes, none);
            } else {
                assert_eq!(routes, ["10.1.0.1 dev eth0"]);
            }
            assert_eq!(default_routes(&two), none);
            assert!(scene.networks.reconcile()?.is_empty());
        }
        Ok(())
    })
}

/// The network gets another parent while a reconcile waits for its container.
fn a_repair_uses_the_network_as_it_is() -> Outcome {
    with_scenes(|scene| {
        let host = &scene.lab.a.netns;
        let lan = scene.networks.create(&on_ens33("lan", "10.1.0.0/24")?)?;
        let (_container, inside) = started()?;
        lan.connect(&ConnectOptions::new("c1"), &inside)?;
        let index = another_parent(host, "ens34");
        let held = inside.lock()?;
        let done = std::thread::scope(|scope| -> Outcome<_> {
            let reconciling = scope.spawn(|| scene.networks.reconcile());
            std::thread::sleep(Duration::from_secs(1));
            assert!(!reconciling.is_finished(), "it waits");
            lan.set_parent("ens34")?;
            drop(held);
            Ok(reconciling.join().map_err(|_| "it panicked")??)
        })?;
        assert!(matches!(&done[..], [Reconciled::Repaired(..)]), "{done:?}");
        assert_eq!(ip_link(&inside, "eth0")["link_index"].as_u64(), Some(index));
        assert!(scene.networks.reconcile()?.is_empty());
        Ok(())
    })
}

/// An interface without a lease is on the former parent, whose addresses another network has.
fn an_interface_is_adopted_on_the_parent_of_its_network() -> Outcome {
    with_scenes(|scene| {
        let host = &scene.lab.a.netns;
        let lan = scene.networks.create(&on_ens33("lan", "10.1.0.0/24")?)?;
        let (_container, inside) = started()?;
        lan.connect(&ConnectOptions::new("c1"), &inside)?;
        let lease = lan.lease("c1")?.ok_or("it has no lease")?;
        assert!(scene.networks.store().release(lan.record(), &lease)?);
        let index = another_parent(host, "ens34");
        lan.set_parent("ens34")?;
        let done = scene.networks.reconcile()?;
        assert!(matches!(&done[..], [Reconciled::Adopted(..)]), "{done:?}");
        assert_eq!(ip_link(&inside, "eth0")["link_index"].as_u64(), Some(index));
        assert_eq!(ip_addresses(&inside, "eth0"), ["10.1.0.2/24"]);
        let new = scene.networks.create(&on_ens33("new", "10.1.0.0/24")?)?;
        let (_other, other) = started()?;
        let fixed = ConnectOptions::new("c2").address(ip("10.1.0.2"));
        assert_eq!(new.connect(&fixed, &other)?.addresses(), [ip("10.1.0.2")]);
        let done = scene.networks.reconcile()?;
        assert!(done.is_empty(), "{done:?}");
        Ok(())
    })
}

/// Routes in other tables are also those of the network.
fn routes_in_other_tables_are_removed() -> Outcome {
    with_scenes(|scene| {
        let config = |routes: &[&str]| -> Outcome<_> {
            let parsed = routes.iter().map(|route| route.parse());
            let parsed: Vec<_> = parsed.collect::<Result<_, macvlan_core::Error>>()?;
            let config = on_ens33("lan", "10.1.0.0/24")?;
            Ok(parsed.into_iter().fold(config, NetworkConfig::route))
        };
        let [one, moved, there] = [
            "10.8.0.0/16 via 10.1.0.254 table 100",
            "10.9.0.0/16 via 10.1.0.254",
            "10.9.0.0/16 via 10.1.0.254 table 1000",
        ];
        let lan = scene.networks.create(&config(&[one, moved])?)?;
        let (_container, inside) = started()?;
        lan.connect(&ConnectOptions::new("c1"), &inside)?;
        ip_do(&inside, "route add 10.7.0.0/16 via 10.1.0.254 dev eth0 table 100");
        let via = |table: &str| -> Vec<String> {
            let all = ip_lines(&inside, &format!("-4 route show table {table}"));
            let ways = all.iter().filter(|line| line.contains(" via "));
            ways.filter_map(|line| Some(line.split_once(" via ")?.0.to_owned())).collect()
        };
        assert_eq!(via("100"), ["10.7.0.0/16", "10.8.0.0/16"]);
        assert_eq!(via("main"), ["default", "10.9.0.0/16"]);
        lan.update(&config(&[there])?)?;
        assert_eq!(scene.networks.reconcile()?.len(), 1);
        assert_eq!(via("100"), ["10.7.0.0/16"]);
        assert_eq!(
            (via("main"), via("1000")),
            (vec!["default".into()], vec!["10.9.0.0/16".into()])
        );
        assert!(scene.networks.reconcile()?.is_empty());
        Ok(())
    })
}

/// A reconcile waits only once for a namespace that is held for too long.
fn one_that_is_held_is_left_after_one_wait() -> Outcome {
    with_scenes(|scene| {
        let networks = &scene.networks;
        let (_container, inside) = started()?;
        for (number, name) in ["one", "two", "three"].into_iter().enumerate() {
            let lan = networks.create(&on_ens33(name, &format!("10.{number}.0.0/24"))?)?;
            lan.connect(&ConnectOptions::new("c1"), &inside)?;
        }
        let held = inside.lock()?;
        let began = Instant::now();
        let done = std::thread::scope(|scope| {
            scope.spawn(|| networks.reconcile()).join().map_err(|_| "it panicked")
        })??;
        // Each of three repairs and of three marks would wait for five seconds.
        assert!(began.elapsed() < Duration::from_secs(15), "{:?}", began.elapsed());
        assert!(
            matches!(&done[..], [Reconciled::Failed(_), .., Reconciled::Failed(_)]),
            "{done:?}"
        );
        assert_eq!(done.len(), 4, "{done:?}");
        drop(held);
        assert!(networks.reconcile()?.is_empty());
        Ok(())
    })
}

macvlan_tests::tests! {
    same_on_every_kernel:
    a_network_moves_to_another_parent,
    a_repair_uses_the_network_as_it_is,
    an_interface_is_adopted_on_the_parent_of_its_network,
    routes_in_other_tables_are_removed,
    one_that_is_held_is_left_after_one_wait,
    routes_that_the_network_no_longer_has_are_removed,
    options_change_and_who_is_outdated_is_told,
    an_internal_network_is_opened,
}
