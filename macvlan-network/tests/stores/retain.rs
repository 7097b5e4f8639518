//! Disconnects this host's containers that are no longer valid, with both kinds of store.
#![deny(dead_code)]

use crate::common::{default_routes, ended, in_etcd, on_ens33, started, with_stores};
use macvlan_core::NetNs;
use macvlan_network::{ConnectOptions, Lease, NetworkConfig, Subnet};
use macvlan_tests::{Etcd, Lab, Need, Outcome, ip_lines, need};

fn containers(leases: &[Lease]) -> Vec<&str> {
    let mut who: Vec<&str> = leases.iter().map(|lease| lease.container.as_str()).collect();
    who.sort_unstable();
    who
}

fn who_is_not_valid_goes() -> Outcome {
    with_stores(|networks| {
        let lan = networks.create(&on_ens33("lan", "10.1.0.0/24")?)?;
        let other = networks.create(&on_ens33("other", "10.2.0.0/24")?)?;
        let (_valid, valid) = started()?;
        let (_over, over) = started()?;
        let (gone, gone_inside) = started()?;
        lan.connect(&ConnectOptions::new("valid"), &valid)?;
        lan.connect(&ConnectOptions::new("over"), &over)?;
        other.connect(&ConnectOptions::new("over"), &over)?;
        lan.connect(&ConnectOptions::new("gone"), &gone_inside)?;
        ended(gone, gone_inside)?;
        let retained = lan.retain(["valid", "unknown"])?;
        assert!(retained.failed.is_empty(), "{:?}", retained.failed);
        assert_eq!(containers(&retained.released), ["gone", "over"]);
        assert_eq!(containers(&lan.leases()?), ["valid"]);
        assert_eq!(containers(&other.leases()?), ["over"]);
        assert_eq!(ip_lines(&valid, "-o link show").len(), 2);
        assert_eq!(ip_lines(&over, "-o link show").len(), 2, "lo, and eth1 in the other network");
        assert_eq!(default_routes(&over), ["10.2.0.1 dev eth1"]);
        let again = lan.retain(["valid"])?;
        assert!(again.released.is_empty() && again.failed.is_empty());
        assert_eq!(containers(&lan.retain::<&str>([])?.released), ["valid"]);
        assert!(networks.reconcile()?.is_empty());
        Ok(())
    })
}

/// If only containers that are gone are left, the parent is removed too.
fn the_parent_goes_with_the_last() -> Outcome {
    need(Need::Vlan)?;
    with_stores(|networks| {
        let config = NetworkConfig::new("vlan").parent("ens33.10");
        let vlan = networks.create(&config.subnet(Subnet::new("10.3.0.0/24")?))?;
        let (container, inside) = started()?;
        vlan.connect(&ConnectOptions::new("c1"), &inside)?;
        ended(container, inside)?;
        assert_eq!(vlan.retain::<&str>([])?.released.len(), 1);
        let host = networks.host().netns();
        assert!(ip_lines(host, "-o link show type vlan").is_empty());
        Ok(())
    })
}

fn other_hosts_stay() -> Outcome {
    let (lab, etcd) = (Lab::with_addresses(&[], &[])?, Etcd::start()?);
    let (a, b) = (in_etcd(&lab.a, &etcd, "a")?, in_etcd(&lab.b, &etcd, "b")?);
    a.create(&on_ens33("lan", "10.1.0.0/24")?)?;
    let (one, two) = (NetNs::anonymous()?, NetNs::anonymous()?);
    a.network("lan")?.connect(&ConnectOptions::new("on-a"), &one)?;
    b.network("lan")?.connect(&ConnectOptions::new("on-b"), &two)?;
    let retained = a.network("lan")?.retain::<&str>([])?;
    assert_eq!(containers(&retained.released), ["on-a"]);
    assert!(retained.failed.is_empty());
    assert_eq!(containers(&b.network("lan")?.leases()?), ["on-b"]);
    assert_eq!(ip_lines(&two, "-o link show").len(), 2);
    Ok(())
}

macvlan_tests::tests! {
    same_on_every_kernel:
    who_is_not_valid_goes,
    the_parent_goes_with_the_last,
    other_hosts_stay,
}
