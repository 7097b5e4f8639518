//! VLANs: as interfaces, and as parents on demand.

use macvlan_tests::{Need, Outcome, ip, ip_do, ip_link, ip_try, need, ping};
use serde_json::json;

use crate::common::{Call, Pod, Scene, merged, with_valid};

fn a_vlan_is_the_interface() -> Outcome {
    need(Need::Vlan)?;
    let (scene, pod) = (Scene::set()?, Scene::pod("c1")?);
    let config = Scene::plain(&json!({ "vlanId": 100, "mtu": 1400 }));
    let result = scene.ok(&Call::of("ADD", &config, &pod))?;
    let link = ip_link(&pod.netns, "eth0");
    assert_eq!(link["linkinfo"]["info_data"]["id"], 100);
    assert_eq!(link["mtu"], 1400);
    assert_eq!(result["interfaces"][0]["mac"], link["address"]);
    let given = merged(config.clone(), &json!({ "prevResult": result }));
    scene.ok(&Call::of("CHECK", &given, &pod))?;
    // As with the reference plugin, a parent has one VLAN link of an id.
    let other = Scene::pod("c2")?;
    let output = scene.run(&Call::of("ADD", &config, &other))?;
    assert!(!output.status.success(), "{output:?}");
    for _ in 0..2 {
        scene.ok(&Call::of("DEL", &given, &pod))?;
    }
    assert!(ip_try(&pod.netns, "link show eth0").is_err());
    scene.ok(&Call::of("ADD", &config, &other))?;
    Ok(())
}

fn a_vlan_on_demand_is_shared() -> Outcome {
    need(Need::Vlan)?;
    let scene = Scene::set()?;
    ip_do(&scene.lab.b.netns, "link add link ens33 name ens33.100 up type vlan id 100");
    ip_do(&scene.lab.b.netns, "address add 10.1.0.1/24 dev ens33.100");
    let leased = merged(scene.leased(&json!({})), &json!({ "master": "ens33.100" }));
    // The same in other words.
    let red = Scene::plain(&json!({ "name": "red", "kind": "macvlan", "vlanId": 100 }));
    let pods: Vec<Pod> =
        ["c1", "c2", "c3"].iter().map(|id| Scene::pod(id)).collect::<Outcome<_>>()?;
    scene.ok(&Call::new("STATUS", &leased))?;
    scene.ok(&Call::of("ADD", &leased, &pods[0]))?;
    scene.ok(&Call::of("ADD", &leased, &pods[1]))?;
    scene.ok(&Call::of("ADD", &red, &pods[2]))?;
    let vlans = || ip(scene.host(), "link show type vlan").as_array().map_or(0, Vec::len);
    assert_eq!(vlans(), 1);
    assert!(ping(&pods[0].netns, "10.1.0.1").is_some());
    assert!(ping(&pods[0].netns, "10.1.0.3").is_some());
    scene.ok(&Call::of("DEL", &leased, &pods[0]))?;
    scene.ok(&Call::of("DEL", &red, &pods[2]))?;
    assert_eq!(vlans(), 1);
    scene.ok(&Call::new("GC", &with_valid(&leased, &[])))?;
    assert_eq!(vlans(), 0);
    Ok(())
}

macvlan_tests::tests! {
    a_vlan_is_the_interface,
    a_vlan_on_demand_is_shared,
}
