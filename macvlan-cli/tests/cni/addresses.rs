//! The addresses and routes that the lease store gives.

use macvlan_tests::{Outcome, ip_addresses, ip_do, ip_lines, ping};
use serde_json::json;

use crate::common::{Call, Pod, Scene, merged};

fn pods_reach_each_other() -> Outcome {
    let scene = Scene::set()?;
    let config = scene.leased(&json!({
        "subnet": null,
        "ranges": [
            [{ "subnet": "10.1.0.0/24", "rangeStart": "10.1.0.20", "gateway": "10.1.0.254" }],
            [{ "subnet": "fd10::/64" }],
        ],
        "routes": [{ "dst": "0.0.0.0/0" }, { "dst": "::/0" }],
    }));
    let pods: Vec<Pod> = ["c1", "c2"].iter().map(|id| Scene::pod(id)).collect::<Outcome<_>>()?;
    for pod in &pods {
        let result = scene.ok(&Call::of("ADD", &config, pod))?;
        assert_eq!(result["ips"][0]["gateway"], "10.1.0.254");
        assert_eq!(result["routes"].as_array().map(Vec::len), Some(2), "{result}");
    }
    assert_eq!(ip_addresses(&pods[1].netns, "eth0"), ["10.1.0.21/24", "fd10::3/64"]);
    let default = ip_lines(&pods[1].netns, "route show default");
    assert_eq!(default, ["default via 10.1.0.254 dev eth0 proto 109"]);
    assert!(ping(&pods[1].netns, "10.1.0.20").is_some());
    assert!(ping(&pods[1].netns, "fd10::2").is_some());
    Ok(())
}

fn an_address_is_asked_for_in_three_ways() -> Outcome {
    let scene = Scene::set()?;
    let config = scene.leased(&json!({}));
    let ways = [
        (json!({}), "IP=10.1.0.30", "10.1.0.30/24"),
        (json!({ "args": { "cni": { "ips": ["10.1.0.31"] } } }), "IP=10.1.0.9", "10.1.0.31/24"),
        (json!({ "runtimeConfig": { "ips": ["10.1.0.32/24"] } }), "", "10.1.0.32/24"),
    ];
    for (at, (more, arguments, expected)) in ways.into_iter().enumerate() {
        let pod = Scene::pod(&format!("c{at}"))?;
        let call = Call::of("ADD", &merged(config.clone(), &more), &pod);
        let result = scene.ok(&call.with("CNI_ARGS", arguments))?;
        assert_eq!(result["ips"][0]["address"], expected);
        // It is another's from now on; the first one's namespace is kept until then.
        let other = Scene::pod(&format!("d{at}"))?;
        let asked = format!("IP={}", expected.trim_end_matches("/24"));
        scene.fails(209, &Call::of("ADD", &config, &other).with("CNI_ARGS", &asked))?;
        scene.ok(&Call::of("DEL", &config, &other))?;
    }
    let pod = Scene::pod("c9")?;
    let outside = Call::of("ADD", &config, &pod).with("CNI_ARGS", "IP=10.2.0.1");
    scene.fails(211, &outside)?;
    Ok(())
}

fn other_default_routes_stay() -> Outcome {
    let (scene, pod) = (Scene::set()?, Scene::pod("c1")?);
    ip_do(&pod.netns, "link add first up type veth peer name other");
    ip_do(&pod.netns, "link set other up");
    ip_do(&pod.netns, "address add 10.5.0.2/24 dev first");
    ip_do(&pod.netns, "route add default via 10.5.0.1");
    let config = scene.leased(&json!({ "routes": [{ "dst": "0.0.0.0/0" }] }));
    let result = scene.ok(&Call::of("ADD", &config, &pod))?;
    assert_eq!(result.get("routes"), None, "{result}");
    assert_eq!(ip_lines(&pod.netns, "route show default"), ["default via 10.5.0.1 dev first"]);
    // Without a default route in the configuration, there is none either, as with host-local.
    let (config, other) = (scene.leased(&json!({})), Scene::pod("c2")?);
    scene.ok(&Call::of("ADD", &config, &other))?;
    assert_eq!(ip_lines(&other.netns, "route show default"), Vec::<String>::new());
    Ok(())
}

fn a_pod_is_found_by_its_name() -> Outcome {
    let scene = Scene::set()?;
    let config = scene.leased(&json!({ "reserved": { "db": "10.1.0.99" } }));
    for (id, arguments) in [
        ("c1", "IgnoreUnknown=1;K8S_POD_NAMESPACE=blue;K8S_POD_NAME=web-0;K8S_POD_UID=1"),
        ("c2", "IgnoreUnknown=1;K8S_POD_NAMESPACE=red;K8S_POD_NAME=web-0"),
        ("c3", "K8S_POD_NAME=db"),
        // Kubernetes allows longer parts than DNS does; such a pod has no name.
        ("c4", &format!("K8S_POD_NAMESPACE=blue;K8S_POD_NAME={}", "long-".repeat(20))),
    ] {
        let pod = Scene::pod(id)?;
        scene.ok(&Call::of("ADD", &config, &pod).with("CNI_ARGS", arguments))?;
    }
    let arguments = ["network", "--db", &scene.path("n.db"), "resolve", "blue"];
    for (name, address) in
        [("web-0.blue", "10.1.0.2"), ("web-0.red", "10.1.0.3"), ("db", "10.1.0.99")]
    {
        let mut command = std::process::Command::new(env!("CARGO_BIN_EXE_macvlan"));
        command.args(arguments).arg(name);
        let output = scene.host().run(|| command.output())??;
        assert_eq!(String::from_utf8_lossy(&output.stdout).trim(), address, "{output:?}");
    }
    Ok(())
}

fn a_full_network_says_so() -> Outcome {
    let scene = Scene::set()?;
    let config = scene.leased(&json!({ "rangeStart": "10.1.0.5", "rangeEnd": "10.1.0.6" }));
    let pods: Vec<Pod> =
        ["c1", "c2", "c3"].iter().map(|id| Scene::pod(id)).collect::<Outcome<_>>()?;
    scene.ok(&Call::new("STATUS", &config))?;
    for pod in &pods[..2] {
        scene.ok(&Call::of("ADD", &config, pod))?;
    }
    let said = scene.fails(50, &Call::new("STATUS", &config))?;
    assert!(said.contains("has none left"), "{said}");
    scene.fails(208, &Call::of("ADD", &config, &pods[2]))?;
    // A container that ends without DEL gives its address back when it is needed.
    let mut pods = pods;
    drop(pods.remove(0));
    let result = scene.ok(&Call::of("ADD", &config, &pods[1]))?;
    assert_eq!(result["ips"][0]["address"], "10.1.0.5/24");
    Ok(())
}

fn a_pod_may_be_in_one_network_twice() -> Outcome {
    let (scene, pod) = (Scene::set()?, Scene::pod("c1")?);
    let config = scene.leased(&json!({}));
    scene.ok(&Call::of("ADD", &config, &pod))?;
    let second = |verb| Call::of(verb, &config, &pod).with("CNI_IFNAME", "net1");
    let result = scene.ok(&second("ADD"))?;
    assert_eq!(result["ips"][0]["address"], "10.1.0.3/24");
    scene.ok(&Call::of("DEL", &config, &pod))?;
    assert_eq!(ip_addresses(&pod.netns, "net1"), ["10.1.0.3/24"]);
    scene.ok(&second("DEL"))?;
    Ok(())
}

macvlan_tests::tests! {
    same_on_every_kernel:
    a_full_network_says_so,
    a_pod_is_found_by_its_name,
    a_pod_may_be_in_one_network_twice,
    an_address_is_asked_for_in_three_ways,
    other_default_routes_stay,
    pods_reach_each_other,
}
