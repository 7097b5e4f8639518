//! `kill -9` in the middle of an ADD: GC takes away all that it leaves.

use std::os::unix::process::ExitStatusExt as _;
use std::time::Instant;

use macvlan_tests::{Need, Outcome, Snapshot, is_guest, is_long, need};
use serde_json::{Value, json};

use crate::common::{Call, Scene, merged, with_valid};

/// Kills ADDs at moments spread over the time that one takes, and compares with the state before.
fn kill(scene: &Scene, config: &Value) -> Outcome {
    let pod = Scene::pod("c1")?;
    // The network and the store are made by the first one.
    let gc = Call::new("GC", &with_valid(config, &[]));
    let add = Call::of("ADD", config, &pod);
    scene.ok(&add)?;
    scene.ok(&gc)?;
    let started = Instant::now();
    scene.ok(&add)?;
    let takes = started.elapsed();
    scene.ok(&gc)?;
    let before = (Snapshot::of(scene.host()), Snapshot::of(&pod.netns));
    let number = match (is_long(), is_guest()?) {
        (true, false) => 500,
        (true, true) => 50,
        (false, false) => 20,
        (false, true) => 3,
    };
    let mut killed = 0;
    for at in 0..number {
        let mut child = scene.start(&add)?;
        std::thread::sleep(takes.mul_f64(f64::from(at) / f64::from(number)));
        child.kill()?;
        killed += u32::from(child.wait()?.signal().is_some());
        scene.ok(&gc)?;
        before.0.assert_same(scene.host());
        before.1.assert_same(&pod.netns);
        // Nothing is given twice, and nothing is lost.
        let result = scene.ok(&add)?;
        if config["ipam"].is_object() {
            assert_eq!(result["ips"][0]["address"], "10.1.0.2/24");
        }
        scene.ok(&gc)?;
    }
    assert!(killed > 0, "no ADD was killed, and one takes {takes:?}");
    Ok(())
}

fn with_leases() -> Outcome {
    let scene = Scene::set()?;
    kill(&scene, &scene.leased(&json!({ "routes": [{ "dst": "0.0.0.0/0" }] })))
}

fn of_layer_2() -> Outcome {
    let scene = Scene::set()?;
    kill(&scene, &Scene::plain(&json!({})))
}

fn on_a_vlan_on_demand() -> Outcome {
    need(Need::Vlan)?;
    let scene = Scene::set()?;
    kill(&scene, &merged(scene.leased(&json!({})), &json!({ "master": "ens33.100" })))
}

macvlan_tests::tests! {
    same_on_every_kernel:
    of_layer_2,
    on_a_vlan_on_demand,
    with_leases,
}
