//! What earlier versions have stored is read by this one: a sample of each, which is never changed.
#![deny(dead_code)]

use std::time::Duration;

use crate::common::{behind, ip, session, sound, subnet};
use macvlan_core::{Mode, NetNs};
use macvlan_network::{MacFrom, Member, NetworkConfig, Networks, Order};
use macvlan_tests::{Directory, Lab, Outcome};

/// What is in all samples.
fn assert_read(networks: &Networks) -> Outcome {
    let full = networks.network("full")?;
    let wanted = NetworkConfig::new("full")
        .parent("ens33")
        .mode(Mode::Private)
        .subnet(
            subnet("10.1.0.0/16")?
                .gateway(ip("10.1.0.254"))
                .range("10.1.4.0/24".parse()?)
                .reserve("printer", ip("10.1.4.9")),
        )
        .subnet(subnet("fd00:1::/64")?.without_gateway())
        .internal(true)
        .mtu(1400)
        .order(Order::Next)
        .mac_from(MacFrom::Container)
        .duplicate_detection(true)
        .share(64)
        .keep(Duration::from_millis(3_600_500))
        .option("o", "1")
        .label("l", "2");
    assert_eq!(*full.config(), wanted);
    assert!(full.created().starts_with("2026-11-29T13:42:5"), "{}", full.created());
    let plain = networks.network("plain")?;
    let wanted = NetworkConfig::new("plain").parent("ens33").subnet(subnet("10.2.0.0/24")?);
    assert_eq!(*plain.config(), wanted);
    let foreign: Vec<_> = plain.foreign()?.iter().map(|one| one.address).collect();
    assert_eq!(foreign, [ip("10.2.0.77")]);
    let lease = full.lease("c1")?.ok_or("c1 has a lease")?;
    let words: Vec<String> = lease.addresses.iter().map(ToString::to_string).collect();
    assert_eq!(words, ["10.1.4.0/16", "fd00:1::1/64"]);
    assert_eq!((lease.name.as_deref(), lease.host.as_str()), (Some("web"), "a"));
    assert_eq!((lease.network.as_str(), lease.endpoint.len()), (full.id(), 64));
    assert!(lease.mac.is_some() && !lease.default_route);
    assert_eq!(lease.netns.boot, "5a1e2b8c-0000-0000-0000-000000000000");
    assert!(lease.netns.cookie.is_some());
    let lease = plain.lease("c2")?.ok_or("c2 has a lease")?;
    assert!(lease.name.is_none() && lease.default_route);
    Ok(())
}

/// And it is written to as one of this version is.
fn assert_written(networks: &Networks) -> Outcome {
    let inside = NetNs::anonymous()?;
    let full = networks.network("full")?;
    let kept = full.connect(&Member::new("c3"), &inside)?;
    assert_eq!(kept.addresses(), [ip("10.1.4.1"), ip("fd00:1::2")], "they were kept for it");
    full.disconnect("c3")?;
    networks.create(&NetworkConfig::new("new").parent("ens33").subnet(subnet("10.3.0.0/24")?))?;
    assert_eq!(networks.list()?.len(), 3);
    assert_read(networks)
}

fn a_file_of_version_1_is_read() -> Outcome {
    let (lab, directory) = (Lab::new()?, Directory::new()?);
    behind(&directory)?.execute_batch(include_str!("../samples/sqlite-1.sql"))?;
    let networks = session(&lab.a, &directory, "a")?;
    assert_read(&networks)?;
    let version = || -> Outcome<i32> {
        Ok(behind(&directory)?.pragma_query_value(None, "user_version", |row| row.get(0))?)
    };
    assert_eq!(version()?, 1, "what only reads changes nothing");
    let before = networks.store().id().to_owned();
    assert_written(&networks)?;
    assert_eq!(version()?, 2);
    // By which the interfaces of its containers are known.
    assert_eq!((before.as_str(), networks.store().id()), ("70563c2c", "70563c2c"));
    let again = session(&lab.a, &directory, "a")?;
    assert_eq!(again.store().id(), "70563c2c");
    assert_read(&again)?;
    assert_eq!(sound(&directory)?, 3);
    Ok(())
}

fn what_version_1_has_in_etcd_is_read() -> Outcome {
    let (lab, etcd) = (Lab::new()?, macvlan_tests::Etcd::start()?);
    for line in include_str!("../samples/etcd-1.txt").lines() {
        let (key, value) = line.split_once(' ').ok_or("KEY VALUE")?;
        crate::common::put(&etcd, key, value)?;
    }
    let networks = crate::common::in_etcd(&lab.a, &etcd, "a")?;
    assert_eq!(networks.store().id(), "477488ff");
    assert_read(&networks)?;
    assert_written(&networks)
}

macvlan_tests::tests! {
    same_on_every_kernel:
    a_file_of_version_1_is_read,
    what_version_1_has_in_etcd_is_read,
}
