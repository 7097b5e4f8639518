//! Addresses of another plugin, which is run as the specification says.
//!
//! It is a small one of its own: a file for each container, in a directory. The reference plugins
//! are run in the test program `clients`.

use std::os::unix::fs::PermissionsExt as _;

use macvlan_tests::{Outcome, Snapshot, ip_addresses, ip_do, ip_lines, ip_try};
use serde_json::{Value, json};

use crate::common::{Call, Scene, merged, with_valid};

/// Gives 10.4.0.10 to one container at a time, with a default route. `fail` in the container's id
/// makes ADD fail after it has given the address.
const PLUGIN: &str = r#"#!/bin/sh
here=${0%/*}/given
config=$(cat)
echo "$CNI_COMMAND $CNI_CONTAINERID $CNI_IFNAME" >> "${0%/*}/calls"
error() {
    echo "{\"cniVersion\":\"1.1.0\",\"code\":$1,\"msg\":\"$2\"}"
    exit 1
}
case $CNI_COMMAND in
ADD)
    (set -C; echo "$CNI_CONTAINERID" > "$here") 2> /dev/null || error 142 "the address is taken"
    case $CNI_CONTAINERID in
    *fail*) error 143 "failed afterwards" ;;
    *odd*) echo "no JSON"; exit 0 ;;
    *far*) gateway=10.99.0.1 ;;
    *own*) gateway=10.4.0.1 more=',{"dst":"10.4.0.0/24"}' ;;
    *full*) gateway=10.4.0.1 more=',{"dst":"10.9.0.0/16","priority":50,"table":100,"mtu":1400}' ;;
    *) gateway=10.4.0.1 ;;
    esac
    echo "{\"cniVersion\":\"1.1.0\",\"ips\":[{\"address\":\"10.4.0.10/24\",\"gateway\":\"$gateway\"}],
        \"routes\":[{\"dst\":\"0.0.0.0/0\"}$more],\"dns\":{\"domain\":\"lan\"}}"
    ;;
DEL)
    [ "$(cat "$here" 2> /dev/null)" = "$CNI_CONTAINERID" ] && rm "$here"
    exit 0
    ;;
CHECK)
    [ "$(cat "$here" 2> /dev/null)" = "$CNI_CONTAINERID" ] || error 144 "it has no address"
    ;;
STATUS) [ ! -e "$here" ] || error 50 "no address is left" ;;
esac
"#;

/// Puts the plugin where it is found, and returns a configuration that names it.
pub(crate) fn configured(scene: &Scene) -> Outcome<Value> {
    let path = scene.path("small");
    std::fs::write(&path, PLUGIN)?;
    std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o755))?;
    Ok(Scene::plain(&json!({ "ipam": { "type": "small" } })))
}

pub(crate) fn is_given(scene: &Scene) -> bool {
    std::path::Path::new(&scene.path("given")).exists()
}

fn every_verb_is_delegated() -> Outcome {
    let (scene, pod) = (Scene::set()?, Scene::pod("c1")?);
    let config = configured(&scene)?;
    scene.ok(&Call::new("STATUS", &config))?;
    let result = scene.ok(&Call::of("ADD", &config, &pod))?;
    crate::strict::check("1.1.0", &result);
    assert_eq!(
        result["ips"],
        json!([{ "address": "10.4.0.10/24", "gateway": "10.4.0.1", "interface": 0 }])
    );
    assert_eq!(result["dns"], json!({ "domain": "lan" }));
    assert_eq!(ip_addresses(&pod.netns, "eth0"), ["10.4.0.10/24"]);
    let default = ip_lines(&pod.netns, "route show default");
    assert!(default.len() == 1 && default[0].starts_with("default via 10.4.0.1 dev eth0"));
    let given = merged(config.clone(), &json!({ "prevResult": result }));
    scene.ok(&Call::of("CHECK", &given, &pod))?;
    assert_eq!(scene.fails(50, &Call::new("STATUS", &config))?, "no address is left; ");
    scene.ok(&Call::new("GC", &with_valid(&config, &[&pod])))?;
    assert!(is_given(&scene) && ip_try(&pod.netns, "link show eth0").is_ok());
    for _ in 0..2 {
        scene.ok(&Call::of("DEL", &given, &pod))?;
        assert!(!is_given(&scene) && ip_try(&pod.netns, "link show eth0").is_err());
    }
    scene.fails(144, &Call::of("CHECK", &given, &pod))?;
    let calls = std::fs::read_to_string(scene.path("calls"))?;
    let verbs: Vec<&str> = calls.lines().filter_map(|line| line.split(' ').next()).collect();
    let expected = ["STATUS", "ADD", "CHECK", "STATUS", "GC", "DEL", "DEL", "CHECK"];
    assert_eq!(verbs, expected);
    Ok(())
}

/// A result of a version before 1.1 has only the destination and the gateway of a route.
fn the_routes_of_any_version_are_checked() -> Outcome {
    let (scene, pod) = (Scene::set()?, Scene::pod("full")?);
    let config = configured(&scene)?;
    for version in ["0.4.0", "1.0.0", "1.1.0"] {
        let config = merged(config.clone(), &json!({ "cniVersion": version }));
        let result = scene.ok(&Call::of("ADD", &config, &pod))?;
        crate::strict::check(version, &result);
        assert_eq!(result["routes"][1]["priority"].is_u64(), version == "1.1.0", "{result}");
        let route = ip_lines(&pod.netns, "route show table 100");
        assert!(route[0].contains("metric 50 mtu 1400"), "{route:?}");
        let given = merged(config, &json!({ "prevResult": result }));
        scene.ok(&Call::of("CHECK", &given, &pod))?;
        ip_do(&pod.netns, "route del 10.9.0.0/16 table 100");
        let said = scene.fails(100, &Call::of("CHECK", &given, &pod))?;
        assert!(said.contains("10.9.0.0/16") && said.contains("is missing"), "{said}");
        scene.ok(&Call::of("DEL", &given, &pod))?;
    }
    Ok(())
}

/// The file's name is the plugin's type, so that ipam can name the plugin itself.
fn the_plugin_itself_gives_no_addresses() -> Outcome {
    let (scene, pod) = (Scene::set()?, Scene::pod("c1")?);
    std::os::unix::fs::symlink(env!("CARGO_BIN_EXE_macvlan"), scene.path("mylan"))?;
    let config = Scene::plain(&json!({ "type": "mylan", "ipam": { "type": "mylan" } }));
    let before = Snapshot::of(&pod.netns);
    for call in [
        Call::new("STATUS", &config),
        Call::of("ADD", &config, &pod),
        Call::of("DEL", &config, &pod),
        Call::new("GC", &with_valid(&config, &[])),
    ] {
        let said = scene.fails(7, &call)?;
        assert!(said.contains("it is this plugin itself"), "{said}");
    }
    before.assert_same(&pod.netns);
    Ok(())
}

fn a_failure_of_either_leaves_nothing() -> Outcome {
    let scene = Scene::set()?;
    let config = configured(&scene)?;
    for (id, code) in [("fail", 143), ("odd", 6), ("far", 110)] {
        let pod = Scene::pod(id)?;
        let before = Snapshot::of(&pod.netns);
        scene.fails(code, &Call::of("ADD", &config, &pod))?;
        before.assert_same(&pod.netns);
        assert!(!is_given(&scene), "{id}");
    }
    // Nothing is asked for an interface that cannot be made.
    let before = std::fs::read_to_string(scene.path("calls"))?;
    let pod = Scene::pod("c1")?;
    ip_do(&pod.netns, "link add eth0 type veth peer name other");
    scene.fails(106, &Call::of("ADD", &config, &pod))?;
    assert_eq!(std::fs::read_to_string(scene.path("calls"))?, before);
    Ok(())
}

/// Its address is still that of the interface, so nobody else may get it.
fn what_is_not_detached_keeps_its_address() -> Outcome {
    let (scene, pod) = (Scene::set()?, Scene::pod("c1")?);
    let config = configured(&scene)?;
    scene.ok(&Call::of("ADD", &config, &pod))?;
    for call in [Call::of("DEL", &config, &pod), Call::new("GC", &with_valid(&config, &[]))] {
        let output = scene.run_without_net_admin(&call)?;
        assert!(!output.status.success(), "{output:?}");
        assert_eq!(ip_addresses(&pod.netns, "eth0"), ["10.4.0.10/24"]);
        assert!(is_given(&scene));
    }
    scene.ok(&Call::of("DEL", &config, &pod))?;
    assert!(!is_given(&scene));
    Ok(())
}

fn a_default_route_that_exists_stays() -> Outcome {
    let (scene, pod) = (Scene::set()?, Scene::pod("c1")?);
    ip_do(&pod.netns, "link add first up type veth peer name other");
    ip_do(&pod.netns, "link set other up");
    ip_do(&pod.netns, "address add 10.5.0.2/24 dev first");
    ip_do(&pod.netns, "route add default via 10.5.0.1");
    let result = scene.ok(&Call::of("ADD", &configured(&scene)?, &pod))?;
    assert_eq!(result.get("routes"), None, "{result}");
    assert_eq!(ip_lines(&pod.netns, "route show default"), ["default via 10.5.0.1 dev first"]);
    Ok(())
}

/// The kernel adds it with the address.
fn a_route_to_the_own_subnet() -> Outcome {
    let scene = Scene::set()?;
    let leased = json!({ "routes": [{ "dst": "0.0.0.0/0" }, { "dst": "10.1.0.0/24" }] });
    for (config, net) in [(configured(&scene)?, "10.4.0"), (scene.leased(&leased), "10.1.0")] {
        let pod = Scene::pod("own")?;
        let result = scene.ok(&Call::of("ADD", &config, &pod))?;
        let listed = result["routes"].as_array().into_iter().flatten();
        assert_eq!(listed.map(|route| &route["dst"]).collect::<Vec<_>>(), ["0.0.0.0/0"]);
        let routes = ip_lines(&pod.netns, "-4 route show");
        assert!(routes.len() == 2 && routes[0].starts_with(&format!("default via {net}.1 ")));
        assert!(routes[1].starts_with(&format!("{net}.0/24 dev eth0 proto kernel")), "{routes:?}");
        let given = merged(config, &json!({ "prevResult": result }));
        scene.ok(&Call::of("CHECK", &given, &pod))?;
        scene.ok(&Call::of("DEL", &given, &pod))?;
    }
    Ok(())
}

fn gc_releases_what_a_kill_has_left() -> Outcome {
    let (scene, pod) = (Scene::set()?, Scene::pod("c1")?);
    let config = configured(&scene)?;
    scene.ok(&Call::of("ADD", &config, &pod))?;
    scene.ok(&Call::new("GC", &with_valid(&config, &[])))?;
    assert!(!is_given(&scene) && ip_try(&pod.netns, "link show eth0").is_err());
    // A link that has no alias yet.
    ip_do(
        scene.host(),
        &format!(
            "link add link ens33 name eth0 netns {} group 6516329 type macvlan mode bridge",
            pod.process.pid()
        ),
    );
    scene.ok(&Call::new("GC", &with_valid(&config, &[&pod])))?;
    assert!(ip_try(&pod.netns, "link show eth0").is_err());
    Ok(())
}

macvlan_tests::tests! {
    same_on_every_kernel:
    what_is_not_detached_keeps_its_address,
    a_default_route_that_exists_stays,
    a_route_to_the_own_subnet,
    the_plugin_itself_gives_no_addresses,
    a_failure_of_either_leaves_nothing,
    every_verb_is_delegated,
    the_routes_of_any_version_are_checked,
    gc_releases_what_a_kill_has_left,
}
