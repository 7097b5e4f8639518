//! The ranges, reserved addresses, default routes and names of a configuration with leases.

use macvlan_tests::{Outcome, ip_lines};
use serde_json::json;

use crate::common::{Call, Scene, addresses, merged};

fn ranges_in_every_form() -> Outcome {
    let scene = Scene::set()?;
    let part = |first: &str, last: &str| json!({ "subnet": "10.1.0.0/24", "rangeStart": first, "rangeEnd": last });
    let by_runtime = json!({
        "capabilities": { "ipRanges": true },
        "runtimeConfig": { "ipRanges": [[part("10.1.0.70", "10.1.0.79")]] },
    });
    let none = json!({ "subnet": null });
    for (at, (ipam, more, expected)) in [
        // Several ranges of one subnet.
        (
            json!({ "ranges": [[part("10.1.0.20", "10.1.0.20"), part("10.1.0.40", "10.1.0.41")]] }),
            json!({}),
            ["10.1.0.20/24", "10.1.0.40/24"],
        ),
        // Ranges that exceed the subnet are excluded as far as it has them.
        (
            json!({ "subnet": "10.1.0.0/24", "exclude": ["10.0.255.0-10.1.0.50", "10.1.0.52/31"] }),
            json!({}),
            ["10.1.0.51/24", "10.1.0.54/24"],
        ),
        // As in the examples of whereabouts.
        (
            json!({ "ipRanges": [{ "range": "10.1.0.64/24", "exclude": ["10.1.0.1/29"] }] }),
            json!({}),
            ["10.1.0.8/24", "10.1.0.9/24"],
        ),
        (json!({}), by_runtime, ["10.1.0.70/24", "10.1.0.71/24"]),
    ]
    .into_iter()
    .enumerate()
    {
        let config = merged(scene.leased(&merged(none.clone(), &ipam)), &more);
        let config = merged(config, &json!({ "name": format!("n{at}") }));
        let mut pods = Vec::new();
        for (id, expected) in ["c1", "c2"].iter().zip(expected) {
            let pod = Scene::pod(&format!("{id}-{at}"))?;
            scene.ok(&Call::of("ADD", &config, &pod))?;
            assert_eq!(addresses(&pod), [expected], "{config}");
            pods.push(pod);
        }
        // Without the ranges, which the runtime only gives to ADD.
        let config = merged(config, &json!({ "runtimeConfig": null }));
        scene.ok(&Call::new("STATUS", &config))?;
        for pod in &pods {
            scene.ok(&Call::of("DEL", &config, pod))?;
            assert_eq!(addresses(pod), Vec::<String>::new());
        }
    }
    Ok(())
}

fn default_routes_of_the_families_that_have_one() -> Outcome {
    let scene = Scene::set()?;
    for (at, (routes, v4, v6)) in [
        (json!([{ "dst": "0.0.0.0/0" }]), "default via 10.1.0.1 dev eth0 proto 109", ""),
        (json!([{ "dst": "::/0" }]), "", "default via fd10::1 dev eth0 proto 109 metric 1024"),
        (
            json!([{ "dst": "0.0.0.0/0", "priority": 7 }, { "dst": "::/0", "priority": 7 }]),
            "default via 10.1.0.1 dev eth0 proto 109 metric 7",
            "default via fd10::1 dev eth0 proto 109 metric 7",
        ),
    ]
    .into_iter()
    .enumerate()
    {
        let pod = Scene::pod(&format!("c{at}"))?;
        let config = scene.leased(&json!({
            "subnet": null,
            "ranges": [[{ "subnet": "10.1.0.0/24" }], [{ "subnet": "fd10::/64" }]],
            "routes": routes,
        }));
        let config = merged(config, &json!({ "name": format!("n{at}") }));
        let result = scene.ok(&Call::of("ADD", &config, &pod))?;
        // The gateways are told, and not given to a pod, as with host-local.
        assert_eq!(result["ips"][0]["gateway"], "10.1.0.1");
        assert_eq!(result["ips"][1]["gateway"], "fd10::1");
        assert_eq!(addresses(&pod), ["10.1.0.2/24", "fd10::2/64"]);
        for (option, expected) in [("-4", v4), ("-6", v6)] {
            let lines = ip_lines(&pod.netns, &format!("{option} route show default"));
            let ours = lines.iter().map(|line| line.split(" pref").next().unwrap_or_default());
            let found: Vec<&str> = ours.map(str::trim).collect();
            let expected: Vec<&str> =
                [expected].into_iter().filter(|one| !one.is_empty()).collect();
            assert_eq!(found, expected);
        }
        let given = merged(config.clone(), &json!({ "prevResult": result }));
        scene.ok(&Call::of("CHECK", &given, &pod))?;
        scene.ok(&Call::of("DEL", &config, &pod))?;
    }
    Ok(())
}

/// A route's gateway inside of the subnet is another host's address.
fn the_gateway_of_a_route_is_leased_to_no_pod() -> Outcome {
    let scene = Scene::set()?;
    let config = scene.leased(&json!({ "routes": [{ "dst": "10.9.0.0/16", "gw": "10.1.0.3" }] }));
    for (id, address) in [("c1", "10.1.0.2/24"), ("c2", "10.1.0.4/24")] {
        let pod = Scene::pod(id)?;
        scene.ok(&Call::of("ADD", &config, &pod))?;
        assert_eq!(addresses(&pod), [address]);
        let routes = ip_lines(&pod.netns, "-4 route show 10.9.0.0/16");
        assert_eq!(routes, ["10.9.0.0/16 via 10.1.0.3 dev eth0 proto 109"]);
    }
    Ok(())
}

/// Returns the addresses of a name in the network `blue`, as `network resolve` prints them.
fn resolved(scene: &Scene, name: &str) -> Outcome<String> {
    let mut command = std::process::Command::new(env!("CARGO_BIN_EXE_macvlan"));
    command.args(["network", "--db", &scene.path("n.db"), "resolve", "blue", name]);
    let output = scene.host().run(|| command.output())??;
    Ok(String::from_utf8(output.stdout)?.trim().to_owned())
}

fn an_address_is_reserved_for_a_pod() -> Outcome {
    let scene = Scene::set()?;
    let reserved = json!({ "web-0": "10.1.0.9", "web-0.red": "10.1.0.10" });
    let config = scene.leased(&json!({ "reserved": reserved }));
    let mut pods = Vec::new();
    for (namespace, expected) in [("blue", "10.1.0.9"), ("red", "10.1.0.10")] {
        let pod = Scene::pod(namespace)?;
        let arguments = format!("IgnoreUnknown=1;K8S_POD_NAMESPACE={namespace};K8S_POD_NAME=web-0");
        scene.ok(&Call::of("ADD", &config, &pod).with("CNI_ARGS", &arguments))?;
        assert_eq!(addresses(&pod), [format!("{expected}/24")]);
        assert_eq!(resolved(&scene, &format!("web-0.{namespace}"))?, expected);
        pods.push(pod);
    }
    assert_eq!(resolved(&scene, "web-0")?, "10.1.0.9");
    // A third pod of this name gets no other address instead.
    let pod = Scene::pod("third")?;
    let arguments = "IgnoreUnknown=1;K8S_POD_NAMESPACE=green;K8S_POD_NAME=web-0";
    scene.fails(209, &Call::of("ADD", &config, &pod).with("CNI_ARGS", arguments))?;
    Ok(())
}

fn a_name_that_dns_cannot_have() -> Outcome {
    let scene = Scene::set()?;
    let log = scene.path("log");
    let config = merged(scene.leased(&json!({})), &json!({ "log": log }));
    let many = "a".repeat(240);
    let mut pods = Vec::new();
    // The last one is the first one's in DNS.
    for (at, name) in ["web", &many, "localhost", "10.9.9.9", "WEB"].into_iter().enumerate() {
        let pod = Scene::pod(&format!("c{at}"))?;
        let arguments = format!("K8S_POD_NAME={name}");
        scene.ok(&Call::of("ADD", &config, &pod).with("CNI_ARGS", &arguments))?;
        assert_eq!(addresses(&pod), [format!("10.1.0.{}/24", at + 2)]);
        pods.push(pod);
    }
    assert_eq!(resolved(&scene, "web")?, "10.1.0.2");
    let log = std::fs::read_to_string(&log)?;
    let warned = |words: &str| log.lines().filter(|line| line.contains(words)).count();
    assert_eq!(warned("DNS cannot have it; the container is connected without a name"), 3, "{log}");
    assert_eq!(warned("container \"c0\" has the name \"web\""), 1, "{log}");
    Ok(())
}

macvlan_tests::tests! {
    same_on_every_kernel:
    a_name_that_dns_cannot_have,
    the_gateway_of_a_route_is_leased_to_no_pod,
    an_address_is_reserved_for_a_pod,
    default_routes_of_the_families_that_have_one,
    ranges_in_every_form,
}
