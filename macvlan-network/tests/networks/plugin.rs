//! The guarantees that plugins of container runtimes rely on, such as CNI's DEL and GC, with both
//! kinds of store.
#![deny(dead_code)]

use macvlan_core::{Detached, NetNs};
use macvlan_network::{
    Allocation, ConnectOptions, ErrorKind, Lease, Network, Networks, SqliteStore,
};
use macvlan_tests::{
    Directory, Etcd, Lab, Outcome, eventually, ip_do, ip_lines, takes_long_in_the_guest,
};

use crate::common::{in_etcd, on_ens33, started, with_stores};

/// Connects a container's interface.
fn add(lan: &Network, id: &str, interface: &str, inside: &NetNs) -> Outcome {
    lan.connect(&ConnectOptions::new(id).interface(interface), inside)?;
    Ok(())
}

/// Disconnects by the container's id and the interface alone; `None` if there was nothing to do.
fn delete(networks: &Networks, id: &str, interface: &str) -> Outcome<Option<Detached>> {
    let lan = match networks.network("lan") {
        Err(error) if error.kind() == ErrorKind::NetworkNotFound => return Ok(None),
        found => found?,
    };
    match lan.disconnect((id, interface)) {
        Err(error) if error.kind() == ErrorKind::NotConnected => Ok(None),
        done => Ok(Some(done?)),
    }
}

fn places(leases: &[Lease]) -> Vec<String> {
    let place = |lease: &Lease| format!("{}/{}", lease.container, lease.interface);
    let mut all: Vec<String> = leases.iter().map(place).collect();
    all.sort_unstable();
    all
}

fn deleting_by_id_and_interface_is_idempotent() -> Outcome {
    takes_long_in_the_guest()?;
    with_stores(|networks| {
        assert_eq!(delete(networks, "c1", "eth0")?, None, "without a network");
        let lan = networks.create(&on_ens33("lan", "10.1.0.0/24")?)?;
        assert_eq!(delete(networks, "c1", "eth0")?, None, "an unknown container");
        let (_container, inside) = started()?;
        let deletes = |detached: Detached| -> Outcome {
            assert_eq!(delete(networks, "c1", "eth0")?, Some(detached));
            assert_eq!(places(&lan.leases()?), ["c1/net1"], "another interface stays");
            assert_eq!(ip_lines(&inside, "-o link show").len(), 2, "lo and net1");
            Ok(())
        };
        add(&lan, "c1", "net1", &inside)?;

        add(&lan, "c1", "eth0", &inside)?;
        deletes(Detached::Removed)?;
        // The link is gone.
        add(&lan, "c1", "eth0", &inside)?;
        ip_do(&inside, "link delete eth0");
        deletes(Detached::AlreadyGone)?;
        // The lease is gone.
        add(&lan, "c1", "eth0", &inside)?;
        let lease = lan.lease(("c1", "eth0"))?.ok_or("it has a lease")?;
        assert!(networks.store().release(lan.record(), &lease)?);
        ip_do(&inside, "link show eth0");
        deletes(Detached::Removed)?;
        assert_eq!(delete(networks, "c1", "eth0")?, None, "it was deleted");
        // The namespace is gone.
        let (ends, within) = started()?;
        add(&lan, "c2", "eth0", &within)?;
        drop((ends, within));
        eventually("the kernel keeps the interface", || match delete(networks, "c2", "eth0") {
            Ok(done) => {
                assert_eq!(done, Some(Detached::AlreadyGone));
                Ok(true)
            }
            // It is still deleting it.
            Err(_) => Ok(false),
        })?;
        assert_eq!(delete(networks, "c2", "eth0")?, None);
        // A pending lease, and the network with the last one.
        lan.create_link(&ConnectOptions::new("c3").interface("eth0"))?;
        assert_eq!(delete(networks, "c3", "eth0")?, Some(Detached::Removed));
        assert_eq!(delete(networks, "c1", "net1")?, Some(Detached::Removed));
        lan.remove()?;
        assert_eq!(delete(networks, "c1", "net1")?, None);
        Ok(())
    })
}

/// GC gives pairs of containers and interfaces.
fn what_is_not_among_the_valid_pairs_goes() -> Outcome {
    takes_long_in_the_guest()?;
    with_stores(|networks| {
        let lan = networks.create(&on_ens33("lan", "10.1.0.0/24")?)?;
        let other = networks.create(&on_ens33("other", "10.2.0.0/24")?)?;
        let (_container, inside) = started()?;
        for interface in ["eth0", "net1"] {
            add(&lan, "c1", interface, &inside)?;
        }
        add(&other, "c1", "other0", &inside)?;
        // The link, the namespace, and the id of another container.
        let (_linkless, linkless) = started()?;
        add(&lan, "c2", "eth0", &linkless)?;
        ip_do(&linkless, "link delete eth0");
        let (ends, ended) = started()?;
        add(&lan, "c3", "eth0", &ended)?;
        crate::common::ended(ends, ended)?;
        let (_similar, similar) = started()?;
        add(&lan, "c11", "eth0", &similar)?;
        let pending = lan.allocate(&Allocation::new())?;

        let valid = [("c1", "net1"), ("c2", "net1"), ("gone", "eth0")];
        let mut released = Vec::new();
        eventually("the kernel keeps an interface", || {
            let retained = lan.retain(valid)?;
            assert!(retained.failed.is_empty(), "{:?}", retained.failed);
            released.extend(retained.released);
            Ok(released.len() >= 4)
        })?;
        assert_eq!(places(&released), ["c1/eth0", "c11/eth0", "c2/eth0", "c3/eth0"]);
        let left = lan.leases()?;
        assert_eq!(left.len(), 2);
        assert!(left.contains(&pending) && lan.lease(("c1", "net1"))?.is_some(), "{left:?}");
        assert_eq!(places(&other.leases()?), ["c1/other0"]);
        assert_eq!(ip_lines(&inside, "-o link show").len(), 3, "lo, net1 and other0");
        assert_eq!(ip_lines(&similar, "-o link show").len(), 1, "lo");
        assert!(lan.retain(valid)?.released.is_empty());
        Ok(())
    })
}

/// Without etcd nothing is changed, and afterwards all is as before.
fn without_the_store_nothing_is_lost() -> Outcome {
    takes_long_in_the_guest()?;
    let (lab, mut etcd) = (Lab::new()?, Etcd::start()?);
    let networks = in_etcd(&lab.a, &etcd, "a")?;
    let lan = networks.create(&on_ens33("lan", "10.1.0.0/24")?)?;
    let (_container, inside) = started()?;
    add(&lan, "c1", "eth0", &inside)?;
    let (ends, ended) = started()?;
    add(&lan, "c2", "eth0", &ended)?;
    crate::common::ended(ends, ended)?;
    etcd.stop()?;
    for id in ["c1", "c2"] {
        let error = lan.disconnect((id, "eth0")).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::StoreUnavailable, "{error}");
        assert!(error.to_string().contains(Etcd::ENDPOINT), "{error}");
    }
    let error = lan.retain([("c1", "eth0")]).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::StoreUnavailable, "{error}");
    assert_eq!(ip_lines(&inside, "-o link show").len(), 2, "lo and eth0");
    etcd.start_again()?;
    let mut released = Vec::new();
    eventually("the lease of an ended container is not released", || {
        // The first requests may still meet the old connection.
        released.extend(lan.retain([("c1", "eth0")]).map(|done| done.released).unwrap_or_default());
        Ok(!released.is_empty())
    })?;
    assert_eq!(places(&released), ["c2/eth0"]);
    assert_eq!(lan.disconnect(("c1", "eth0"))?, Detached::Removed);

    // A file that is missing is an empty store, and stays missing.
    let directory = Directory::new()?;
    let file = directory.path().join("networks.db");
    let networks = Networks::new(lab.a.host.clone(), SqliteStore::open(&file)?)?;
    assert_eq!(delete(&networks, "c1", "eth0")?, None);
    assert!(!file.exists());
    Ok(())
}

macvlan_tests::tests! {
    deleting_by_id_and_interface_is_idempotent,
    what_is_not_among_the_valid_pairs_goes,
    without_the_store_nothing_is_lost,
}
