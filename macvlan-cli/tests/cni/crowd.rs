//! Many pods at once.

use std::collections::HashSet;
use std::os::unix::process::ExitStatusExt as _;

use macvlan_core::Host;
use macvlan_network::{Networks, SqliteStore};
use macvlan_tests::{Outcome, ip, is_guest, ping};
use serde_json::{Value, json};

use crate::common::{Call, Pod, Scene, addresses, with_valid};

fn fifty_pods_at_once() -> Outcome {
    let scene = Scene::set()?;
    let number = if is_guest()? { 10 } else { 50 };
    let config = scene.leased(&json!({}));
    let pods: Vec<Pod> =
        (0..number).map(|at| Scene::pod(&format!("c{at}"))).collect::<Outcome<_>>()?;
    let started: Vec<_> = pods
        .iter()
        .map(|pod| scene.start(&Call::of("ADD", &config, pod)))
        .collect::<Outcome<_>>()?;
    let mut given = HashSet::new();
    for child in started {
        let output = child.wait_with_output()?;
        assert!(output.status.success(), "{output:?}");
        let result: Value = serde_json::from_slice(&output.stdout)?;
        given.insert(result["ips"][0]["address"].as_str().unwrap_or_default().to_owned());
    }
    assert_eq!(given.len(), number);
    for address in &given {
        let ip = address.trim_end_matches("/24");
        let from = if ip == "10.1.0.2" { &pods[1] } else { &pods[0] };
        let own = addresses(from).concat();
        assert!(own == *address || ping(&from.netns, ip).is_some(), "{address}");
    }
    let started: Vec<_> = pods
        .iter()
        .map(|pod| scene.start(&Call::of("DEL", &config, pod)))
        .collect::<Outcome<_>>()?;
    for child in started {
        let output = child.wait_with_output()?;
        assert!(output.status.success(), "{output:?}");
    }
    scene.ok(&Call::new("GC", &with_valid(&config, &[])))?;
    for pod in &pods {
        let links = ip(&pod.netns, "link show type macvlan");
        assert_eq!(links, json!([]));
    }
    Ok(())
}

/// Some of many ADDs at once are killed: no address is given twice, and GC leaves those that ended.
fn some_of_fifty_are_killed() -> Outcome {
    let scene = Scene::set()?;
    let number = if is_guest()? { 10 } else { 50 };
    let config = scene.leased(&json!({}));
    let first = Scene::pod("first")?;
    scene.ok(&Call::of("ADD", &config, &first))?;
    let pods: Vec<Pod> =
        (0..number).map(|at| Scene::pod(&format!("c{at}"))).collect::<Outcome<_>>()?;
    let adds = pods.iter().map(|pod| scene.start(&Call::of("ADD", &config, pod)));
    let mut adds: Vec<_> = adds.collect::<Outcome<_>>()?;
    // One after the other, while the others run.
    for add in adds.iter_mut().step_by(3) {
        add.kill()?;
        add.wait()?;
    }
    let mut given = HashSet::from([addresses(&first).concat()]);
    let (mut valid, mut killed) = (vec![&first], 0);
    for (pod, add) in pods.iter().zip(adds) {
        let output = add.wait_with_output()?;
        let address = addresses(pod).concat();
        if output.status.signal().is_some() {
            killed += 1;
        } else {
            assert!(output.status.success() && !address.is_empty(), "{output:?}");
            valid.push(pod);
        }
        // An interface of one that was killed may have its address already.
        assert!(address.is_empty() || given.insert(address.clone()), "{address} twice");
    }
    assert!(killed > 0);
    scene.ok(&Call::new("GC", &with_valid(&config, &valid)))?;
    for pod in &pods {
        let is_valid = valid.iter().any(|one| one.id == pod.id);
        assert_eq!(!addresses(pod).is_empty(), is_valid, "{}", pod.id);
    }
    let store = SqliteStore::open(scene.path("n.db"))?;
    let networks = Networks::new(Host::in_netns(scene.host())?, store)?;
    let leases = networks.network("blue")?.leases()?;
    let mut holders: Vec<&str> = leases.iter().map(|lease| &*lease.container).collect();
    let mut expected: Vec<&str> = valid.iter().map(|pod| &*pod.id).collect();
    holders.sort_unstable();
    expected.sort_unstable();
    assert_eq!(holders, expected);
    Ok(())
}

macvlan_tests::tests! {
    same_on_every_kernel:
    fifty_pods_at_once,
    some_of_fifty_are_killed,
}
