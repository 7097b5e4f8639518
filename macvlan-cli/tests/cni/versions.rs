//! Every verb in every version.

use macvlan_tests::{Outcome, ip_addresses, ip_try, takes_long_in_the_guest};
use serde_json::{Value, json};

use crate::common::{Call, Scene, merged, with_valid};
use crate::strict;

const VERSIONS: [&str; 7] = ["0.1.0", "0.2.0", "0.3.0", "0.3.1", "0.4.0", "1.0.0", "1.1.0"];

fn version_says_all_versions() -> Outcome {
    let scene = Scene::set()?;
    for (config, echoed) in [
        (json!({ "cniVersion": "0.4.0" }), "0.4.0"),
        (json!({ "cniVersion": "1.1.0", "name": "x", "type": "lan" }), "1.1.0"),
        (json!({}), "1.1.0"),
        (Value::String(String::new()), "1.1.0"),
    ] {
        // Podman names a namespace that does not exist.
        let call = Call::new("VERSION", &config).with("CNI_NETNS", "/no/such/namespace");
        let said = scene.ok(&call)?;
        assert_eq!(said, json!({ "cniVersion": echoed, "supportedVersions": VERSIONS }));
    }
    Ok(())
}

fn every_verb_in_every_version() -> Outcome {
    let scene = Scene::set()?;
    let ipam = json!({
        "ranges": [[{ "subnet": "10.1.0.0/24" }], [{ "subnet": "fd10::/64" }]],
        "subnet": null,
        "routes": [{ "dst": "0.0.0.0/0" }, { "dst": "10.9.0.0/16", "gw": "10.1.0.9" }],
    });
    let leased = merged(scene.leased(&ipam), &json!({ "dns": { "nameservers": ["10.1.0.53"] } }));
    let plain = Scene::plain(&json!({ "name": "red" }));
    for version in VERSIONS {
        for config in [&leased, &plain] {
            let pod = Scene::pod("c1")?;
            let config = merged(config.clone(), &json!({ "cniVersion": version }));
            let result = scene.ok(&Call::of("ADD", &config, &pod))?;
            strict::check(version, &result);
            let has_leases = config["ipam"].is_object();
            let expected: &[&str] = if has_leases { &["10.1.0.2/24", "fd10::2/64"] } else { &[] };
            assert_eq!(ip_addresses(&pod.netns, "eth0"), expected, "{version}");
            let given = json!({ "prevResult": result });
            let call = Call::of("CHECK", &config, &pod);
            if version < "0.4.0" {
                scene.fails(1, &call)?;
            } else {
                scene.fails(7, &call)?;
                scene.ok(&Call::of("CHECK", &merged(config.clone(), &given), &pod))?;
            }
            for verb in ["STATUS", "GC"] {
                let call = Call::new(verb, &with_valid(&config, &[&pod]));
                if version < "1.1.0" {
                    scene.fails(1, &call)?;
                } else {
                    assert_eq!(scene.ok(&call)?, Value::Null);
                }
            }
            // The GC has left it.
            assert!(ip_try(&pod.netns, "link show eth0").is_ok());
            let del = Call::of("DEL", &merged(config.clone(), &given), &pod);
            assert_eq!(scene.ok(&del)?, Value::Null);
            assert!(ip_try(&pod.netns, "link show eth0").is_err(), "{version}");
            assert_eq!(scene.ok(&del)?, Value::Null, "{version}: the second DEL");
        }
    }
    Ok(())
}

fn without_a_version_it_is_the_oldest() -> Outcome {
    takes_long_in_the_guest()?;
    let (scene, pod) = (Scene::set()?, Scene::pod("c1")?);
    let mut config = scene.leased(&json!({}));
    config.as_object_mut().ok_or("not an object")?.remove("cniVersion");
    let result = scene.ok(&Call::of("ADD", &config, &pod))?;
    strict::check("0.1.0", &result);
    assert_eq!(result["ip4"]["ip"], "10.1.0.2/24");
    Ok(())
}

fn a_chain_passes_on_what_came_before() -> Outcome {
    let (scene, pod) = (Scene::set()?, Scene::pod("c1")?);
    let first = scene.leased(&json!({}));
    let before = scene.ok(&Call::of("ADD", &first, &pod))?;
    let second = Scene::plain(&json!({ "name": "red", "prevResult": before }));
    let result = scene.ok(&Call::of("ADD", &second, &pod).with("CNI_IFNAME", "net1"))?;
    strict::check("1.1.0", &result);
    let names: Vec<&Value> =
        result["interfaces"].as_array().into_iter().flatten().map(|one| &one["name"]).collect();
    assert_eq!(names, ["eth0", "net1"]);
    assert_eq!(result["ips"], before["ips"]);
    Ok(())
}

macvlan_tests::tests! {
    same_on_every_kernel:
    a_chain_passes_on_what_came_before,
    every_verb_in_every_version,
    version_says_all_versions,
    without_a_version_it_is_the_oldest,
}
