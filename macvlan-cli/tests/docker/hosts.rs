//! Many hosts with one store, and a store that is away.

use macvlan_tests::{Etcd, Outcome, eventually};
use serde_json::{Value, json};

use crate::call::{Inside, Scene, of};

/// The store does not answer: nothing starts, everything can end, and all heals.
fn store_away() -> Outcome {
    let (mut scene, inside, etcd) = (Scene::without_plugin()?, Inside::start()?, Etcd::start()?);
    scene.use_etcd(&etcd, "one")?;
    scene.start()?;
    let pool = scene.lan("n1", &json!({}))?;
    let joined = scene.join("n1", "e1", &pool, &inside)?;
    eventually("the lease is not bound", || {
        Ok(scene.network("leases")?[0]["state"] == "connected")
    })?;
    etcd.hang()?;
    let request = json!({ "PoolID": pool, "Address": "" });
    assert!(!scene.fails("IpamDriver.RequestAddress", &request)?.is_empty());
    let link = joined["InterfaceName"]["SrcName"].as_str().ok_or("no link")?;
    inside.give(scene.host(), link);
    scene.leave("n1", "e1", &pool, &json!("192.168.15.64/24"))?;
    etcd.go_on()?;
    eventually("the lease is left", || Ok(scene.leases()? == json!([])))?;
    let links = macvlan_tests::ip_lines(scene.host(), "link show type macvlan");
    assert!(links.is_empty(), "{links:?}");
    Ok(())
}

/// Two hosts share the addresses of a network by its name.
fn one_network_of_two_hosts() -> Outcome {
    let etcd = Etcd::start()?;
    let (mut one, mut other) = (Scene::without_plugin()?, Scene::without_plugin()?);
    one.use_etcd(&etcd, "one")?;
    other.use_etcd(&etcd, "other")?;
    one.start()?;
    other.start()?;
    let options = json!({ "name": "lan" });
    let pools = [one.lan("n1", &options)?, other.lan("n2", &options)?];
    let mut all = Vec::new();
    for _ in 0..4 {
        all.push(one.address(&pools[0], "")?.to_string());
        all.push(other.address(&pools[1], "")?.to_string());
    }
    all.sort();
    all.dedup();
    assert_eq!(all.len(), 8, "{all:?}");
    let taken = json!({ "PoolID": pools[1], "Address": all[0].trim_matches('"') });
    let why = other.fails("IpamDriver.RequestAddress", &taken)?;
    assert!(why.contains("on host \"one\" has 192.168.15."), "{why}");
    // Each of the two is deleted by itself, the last one with the addresses.
    for (scene, pool) in [(&one, &pools[0]), (&other, &pools[1])] {
        for address in &all {
            let address: Value = serde_json::from_str(address)?;
            let request = json!({ "PoolID": pool, "Address": address });
            scene.ok("IpamDriver.ReleaseAddress", &request)?;
        }
    }
    one.ok("NetworkDriver.DeleteNetwork", &json!({ "NetworkID": "n1" }))?;
    let inside = Inside::start()?;
    other.join("n2", "e1", &pools[1], &inside)?;
    eventually("the lease is not bound", || {
        Ok(other.network("leases")?[0]["state"] == "connected")
    })?;
    let in_use = other.fails("NetworkDriver.DeleteNetwork", &json!({ "NetworkID": "n2" }))?;
    assert!(in_use.contains("e1"), "{in_use}");
    other.ok("NetworkDriver.DeleteEndpoint", &of("n2", "e1", ""))?;
    other.ok("NetworkDriver.DeleteNetwork", &json!({ "NetworkID": "n2" }))?;
    assert_eq!(other.network("list")?, json!([]));
    Ok(())
}

macvlan_tests::tests! {
    same_on_every_kernel:
    store_away,
    one_network_of_two_hosts,
}
