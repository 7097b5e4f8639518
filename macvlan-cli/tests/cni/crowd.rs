//! Many pods at once.

use std::collections::HashSet;

use macvlan_tests::{Outcome, ip, is_guest, ping};
use serde_json::{Value, json};

use crate::common::{Call, Pod, Scene, with_valid};

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
        let own = ip_addresses_of(from);
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

fn ip_addresses_of(pod: &Pod) -> String {
    macvlan_tests::ip_addresses(&pod.netns, "eth0").join(" ")
}

macvlan_tests::tests! {
    same_on_every_kernel:
    fifty_pods_at_once,
}
