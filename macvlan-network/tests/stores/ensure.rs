//! Networks that are created or changed to match a configuration, with both kinds of store.
#![deny(dead_code)]

use std::collections::HashSet;

use crate::common::{on_ens33, subnet, with_stores};
use crate::leases::People;
use crate::seen::open;
use macvlan_network::{ErrorKind, NetworkConfig};
use macvlan_tests::{Actor, Directory, Etcd, Lab, Outcome, path_of};

/// The number of processes, and of the calls of each.
const CROWD: usize = 6;
const TIMES: usize = 8;

fn twice_is_once() -> Outcome {
    with_stores(|networks| {
        let config = || NetworkConfig::new("lan").parent("ens33").ipv6(true);
        let first = networks.ensure(&config())?;
        assert!(first.created);
        assert_eq!(first.network.config().get_subnets().len(), 2, "they were chosen");
        let mut people = People::default();
        people.one(&first.network, "c1")?;
        let again = networks.ensure(&config())?;
        assert!(!again.created);
        assert_eq!(again.network.record(), first.network.record());
        assert_eq!((again.outdated.len(), again.unaffected.len()), (0, 0));
        // One of the chosen subnets may also be given explicitly.
        let v4 = first.network.config().get_subnets()[0].clone();
        let said = networks.ensure(&config().subnet(v4))?.network;
        assert_eq!(said.record(), first.network.record());
        assert_eq!(networks.list()?.len(), 1);
        Ok(())
    })
}

fn what_changed_is_changed() -> Outcome {
    with_stores(|networks| {
        let config = || NetworkConfig::new("lan").parent("ens33");
        let first = networks.ensure(&config())?.network;
        let mut people = People::default();
        people.one(&first, "c1")?;
        let second = networks.ensure(&config().mtu(1400).label("who", "us"))?;
        assert!(!second.created);
        assert_eq!(second.outdated[0].container, "c1");
        let now = networks.network("lan")?;
        assert_eq!((now.id(), now.config().get_mtu()), (first.id(), Some(1400)));
        assert_eq!(now.config().get_subnets(), first.config().get_subnets());
        // A network whose id begins with that name is a different one.
        let name = &first.id()[..8];
        assert!(networks.ensure(&on_ens33(name, "10.9.0.0/24")?)?.created);
        Ok(())
    })
}

fn what_an_update_refuses_is_refused() -> Outcome {
    with_stores(|networks| {
        let lan = networks.ensure(&on_ens33("lan", "10.1.0.0/24")?)?.network;
        networks.ensure(&on_ens33("other", "10.2.0.0/24")?)?;
        let mut people = People::default();
        people.one(&lan, "c1")?;
        for (config, kind) in [
            (on_ens33("lan", "10.3.0.0/24")?.mtu(1400), ErrorKind::NetworkInUse),
            (NetworkConfig::new("lan").without_addresses(), ErrorKind::NetworkInUse),
            (lan.config().clone().subnet(subnet("10.2.0.0/24")?), ErrorKind::SubnetOverlaps),
            (lan.config().clone().mtu(1), ErrorKind::InvalidValue),
            (on_ens33("new", "10.1.0.0/24")?, ErrorKind::SubnetOverlaps),
            (NetworkConfig::new("a/b"), ErrorKind::InvalidValue),
        ] {
            let error = networks.ensure(&config).unwrap_err();
            assert_eq!(error.kind(), kind, "{error}");
        }
        assert_eq!(networks.network("lan")?.record(), lan.record());
        assert_eq!(networks.list()?.len(), 2);
        Ok(())
    })
}

/// Ensures a network with a given MTU repeatedly.
fn ensures(arguments: &[String]) -> Outcome {
    let [kind, place, host, mtu] = arguments else { return Err("KIND PLACE HOST MTU".into()) };
    let networks = open(kind, place, host)?;
    let config = NetworkConfig::new("lan").parent("ens33").mtu(mtu.parse()?);
    for _ in 0..TIMES {
        let ensured = networks.ensure(&config)?;
        assert_eq!(ensured.network.config().get_mtu(), config.get_mtu());
        let subnets = ensured.network.config().get_subnets();
        println!("{} {} {subnets:?}", ensured.created, ensured.network.id());
    }
    Ok(())
}

fn many_processes_at_once() -> Outcome {
    let (lab, directory, etcd) = (Lab::new()?, Directory::new()?, Etcd::start()?);
    let file = directory.path().join("networks.db").display().to_string();
    for (kind, place) in [("sqlite", file), ("etcd", path_of(etcd.netns()))] {
        let host = path_of(&lab.a.netns);
        let mut actors = Vec::new();
        for number in 0..CROWD {
            // Two processes each have the same configuration.
            let mtu = (1400 + number / 2).to_string();
            actors.push(Actor::start("ensures", &[kind, &place, &host, &mtu])?);
        }
        let mut lines = Vec::new();
        for actor in actors {
            lines.extend(actor.finish()?);
        }
        assert_eq!(lines.len(), CROWD * TIMES, "{kind}");
        let created = lines.iter().filter(|line| line.starts_with("true ")).count();
        assert_eq!(created, 1, "{kind}");
        let same: HashSet<&str> =
            lines.iter().filter_map(|line| line.split_once(' ').map(|(_, rest)| rest)).collect();
        assert_eq!(same.len(), 1, "{kind}: {same:?}");
        assert_eq!(open(kind, &place, &host)?.list()?.len(), 1, "{kind}");
    }
    Ok(())
}

macvlan_tests::tests! {
    same_on_every_kernel:
    twice_is_once,
    what_changed_is_changed,
    what_an_update_refuses_is_refused,
    many_processes_at_once;
    parts: ensures,
}
