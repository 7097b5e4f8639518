//! Many leases of containers that are gone are released together.
#![deny(dead_code)]

use std::collections::BTreeSet;

use crate::common::{Scene, behind, ip, on_ens33, sound, subnet, with_stores};
use macvlan_core::NetNs;
use macvlan_network::{Allocation, ConnectOptions, Network};
use macvlan_tests::Outcome;

/// Connects containers that are gone, each with two addresses, a name and an alias.
fn gone(lan: &Network, many: u32) -> Outcome {
    let mut inside = Vec::new();
    for number in 0..many {
        let netns = NetNs::anonymous()?;
        let options = ConnectOptions::new(format!("dead{number}"));
        let options = options.name(format!("name{number}")).alias("all");
        lan.connect(&options, &netns)?;
        inside.push(netns);
    }
    Ok(())
}

fn left(lan: &Network) -> Outcome<BTreeSet<String>> {
    Ok(lan.leases()?.into_iter().map(|lease| lease.container).collect())
}

/// More than fit into one transaction of etcd, in two networks, and one container twice.
fn only_those_that_are_gone() -> Outcome {
    with_stores(|networks| {
        let lan =
            networks.create(&on_ens33("lan", "10.1.0.0/24")?.subnet(subnet("fd00:1::/64")?))?;
        let other = networks.create(&on_ens33("other", "10.2.0.0/24")?)?;
        let inside = NetNs::anonymous()?;
        lan.connect(&ConnectOptions::new("stays").name("here").alias("all"), &inside)?;
        let promised = lan.allocate(&Allocation::new())?;
        gone(&lan, 25)?;
        gone(&other, 3)?;
        let twice = NetNs::anonymous()?;
        for interface in ["eth0", "eth1"] {
            let options = ConnectOptions::new("twice").interface(interface).name("both");
            lan.connect(&options.alias("all"), &twice)?;
        }
        drop(twice);
        let collected = networks.collect()?.leases;
        let all: BTreeSet<(&str, &str)> =
            collected.iter().map(|lease| (lease.container.as_str(), &*lease.endpoint)).collect();
        assert_eq!((collected.len(), all.len()), (25 + 3 + 2, 25 + 3 + 2));
        assert_eq!(left(&lan)?, BTreeSet::from(["stays".to_owned(), promised.container]));
        assert!(left(&other)?.is_empty());
        assert!(networks.collect()?.leases.is_empty());
        // Their names and addresses are free, and those of the others are not.
        for name in ["name0", "name24", "both"] {
            assert!(lan.resolve(name)?.is_empty(), "{name}");
        }
        assert_eq!(lan.resolve("all")?, lan.resolve("here")?);
        let returns = lan.connect(&ConnectOptions::new("dead7"), &NetNs::anonymous()?)?;
        let had = collected.iter().find(|one| one.container == "dead7" && one.network == lan.id());
        assert_eq!(had.map(|lease| &lease.addresses), Some(&returns.lease().addresses));
        let options = ConnectOptions::new("new").name("both").address(ip("10.1.0.4"));
        lan.connect(&options, &NetNs::anonymous()?)?;
        Ok(())
    })
}

/// All or none of a network, so that nothing is half done if it is interrupted.
fn one_that_fails_is_repeated() -> Outcome {
    let scene = Scene::set()?;
    let lan = scene.networks.create(&on_ens33("lan", "10.1.0.0/24")?)?;
    gone(&lan, 5)?;
    let file = behind(&scene.directory)?;
    file.execute_batch(
        "CREATE TRIGGER stop BEFORE DELETE ON lease WHEN old.container = 'dead3' \
         BEGIN SELECT RAISE(ABORT, 'no'); END",
    )?;
    scene.networks.collect().unwrap_err();
    assert_eq!(left(&lan)?.len(), 5);
    file.execute_batch("DROP TRIGGER stop")?;
    assert_eq!(scene.networks.collect()?.leases.len(), 5);
    assert!(left(&lan)?.is_empty());
    assert_eq!(sound(&scene.directory)?, 0);
    Ok(())
}

macvlan_tests::tests! {
    same_on_every_kernel:
    only_those_that_are_gone,
    one_that_fails_is_repeated,
}
