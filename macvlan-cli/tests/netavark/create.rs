//! Networks: what is answered, what is refused, and which other networks give way.

use macvlan_tests::{Outcome, ip_do, ip_lines};
use serde_json::{Value, json};

use crate::call::{Inside, Scene, network, request};

fn one_subnet() -> Value {
    json!([{ "subnet": "10.1.0.0/24" }])
}

/// Fields of Podman are unchanged, and chosen values are in the answer.
fn the_answer_is_the_network() -> Outcome {
    let scene = Scene::set()?;
    let mut asked = network("lan", &one_subnet(), &json!({ "parent": "ens33", "mtu": "1400" }));
    asked["labels"] = json!({ "team": "web" });
    asked["later"] = json!({ "versions": ["may", "add", "this"] });
    let mut expected = asked.clone();
    expected["ipam_options"] = json!({ "driver": "none" });
    expected["dns_enabled"] = json!(false);
    expected["subnets"] = json!([{ "subnet": "10.1.0.0/24", "gateway": "10.1.0.1" }]);
    assert_eq!(scene.create(&asked)?, expected);
    // The network is in the store, and a second time it is the same.
    let inspected = scene.network("inspect lan")?;
    assert_eq!(scene.create(&asked)?, expected);
    assert_eq!(scene.network("inspect lan")?, inspected);
    // So it is when Podman has stored it: setup changes nothing.
    let inside = Inside::start()?;
    expected["ipv6_enabled"] = json!(false);
    let request = request("a", "a", &expected, &json!({}));
    scene.setup(&inside.path, &request)?;
    scene.teardown(&inside.path, &request)?;
    assert_eq!(scene.network("inspect lan")?, inspected);
    Ok(())
}

fn subnets_are_chosen() -> Outcome {
    let scene = Scene::set()?;
    let mut asked = network("lan", &Value::Null, &json!({ "parent": "ens33" }));
    asked["ipv6_enabled"] = json!(true);
    let lan = scene.create(&asked)?;
    let subnets = &lan["subnets"];
    assert_eq!(subnets[0], json!({ "subnet": "172.17.0.0/16", "gateway": "172.17.0.1" }));
    assert!(subnets[1]["subnet"].as_str().is_some_and(|net| net.starts_with("fd")), "{lan}");
    let inspected = scene.network("inspect lan")?;
    let inside = Inside::start()?;
    let answer = scene.setup(&inside.path, &request("a", "a", &lan, &json!({})))?;
    assert_eq!(answer["interfaces"]["eth0"]["subnets"][0]["ipnet"], "172.17.0.2/16");
    assert_eq!(answer["interfaces"]["eth0"]["subnets"][1]["gateway"], subnets[1]["gateway"]);
    assert_eq!(scene.network("inspect lan")?[0]["IPAM"], inspected[0]["IPAM"]);
    Ok(())
}

/// As with Podman's own driver, the parent is an option, `--interface-name`, or by default the link
/// of the default route.
fn the_parent() -> Outcome {
    let scene = Scene::set()?;
    scene.lab.cable("ens34")?;
    let refused = scene.fails(&["create"], &network("lan", &one_subnet(), &json!({})))?;
    assert!(refused.contains("no default route; name the parent"), "{refused}");
    ip_do(scene.host(), "address add 192.168.34.1/24 dev ens34");
    ip_do(scene.host(), "route add default via 192.168.34.2 metric 10");
    ip_do(scene.host(), "route add default via 192.168.15.2 metric 20");
    let lan = scene.create(&network("lan", &one_subnet(), &json!({})))?;
    assert_eq!(lan["network_interface"], "ens34");
    assert_eq!(scene.network("list")?[0]["Parent"], "ens34");
    // It stays, whatever happens to the default route.
    ip_do(scene.host(), "route delete default metric 10");
    let inside = Inside::start()?;
    scene.setup(&inside.path, &request("a", "a", &lan, &json!({})))?;
    assert_eq!(scene.network("list")?[0]["Parent"], "ens34");
    let mut named = network("named", &json!([{ "subnet": "10.2.0.0/24" }]), &json!({}));
    named["network_interface"] = json!("ens33");
    assert_eq!(scene.create(&named)?["network_interface"], "ens33");
    named["options"] = json!({ "parent": "ens34" });
    let refused = scene.fails(&["create"], &named)?;
    assert!(refused.contains("both option parent=ens34 and interface name ens33"), "{refused}");
    Ok(())
}

fn what_cannot_be_is_refused() -> Outcome {
    let scene = Scene::set()?;
    let with = |key: &str, value: Value| {
        let mut network = network("lan", &one_subnet(), &json!({ "parent": "ens33" }));
        network[key] = value;
        network
    };
    let range = |start: &str, end: &str| {
        let range = json!({ "start_ip": start, "end_ip": end });
        with("subnets", json!([{ "subnet": "10.1.0.0/24", "lease_range": range }]))
    };
    for (asked, words) in [
        (with("subnets", json!([{ "subnet": "10.1.0.5/24" }])), "the subnet is 10.1.0.0/24"),
        (with("subnets", json!([{ "subnet": "127.0.0.0/8" }])), "127.0.0.0/8"),
        (with("subnets", json!([{ "subnet": "much" }])), "much"),
        (
            with("subnets", json!([{ "subnet": "10.1.0.0/24", "gateway": "10.2.0.1" }])),
            "gateway 10.2.0.1 is outside of the subnet",
        ),
        (
            with("subnets", json!([{ "subnet": "10.1.0.0/24" }, { "subnet": "10.1.0.0/25" }])),
            "overlap",
        ),
        (range("10.1.0.9", "10.1.0.8"), "the last address is before the first"),
        (range("10.1.0.9", "10.1.9.8"), "10.1.0.9-10.1.9.8"),
        (with("ipam_options", json!({ "driver": "dhcp" })), "cannot use IPAM driver dhcp"),
        (with("options", json!({ "parent": "ens34" })), "parent ens34 does not exist on this host"),
        (with("options", json!({ "parent": "ens33.4095" })), "4095 is not an id from 1 to 4094"),
        (
            with("options", json!({ "parent": "ens33", "mtu": "9000" })),
            "MTU 9000 is above the 1500",
        ),
        (with("routes", json!([{ "destination": "0.0.0.0/0", "gateway": "10.1.0.9" }])), "default"),
        (
            with("network_dns_servers", json!(["10.1.0.53"])),
            "cannot use DNS server 10.1.0.53 of the network",
        ),
        (
            with("ipam_options", json!({ "driver": "host-local", "colour": "red" })),
            "cannot use IPAM option colour=red",
        ),
        (
            with("options", json!({ "parent": "ens33", "access": "on", "mode": "private" })),
            "cannot use option access=on: the host reaches no container in mode private",
        ),
        (
            {
                let options = json!({ "parent": "ens33", "gateway": "none" });
                let given = json!([{ "subnet": "10.1.0.0/24", "gateway": "10.1.0.7" }]);
                network("lan", &given, &options)
            },
            "cannot use option gateway=none: the gateway 10.1.0.7 is given",
        ),
        (with("name", json!("a/b")), "a/b"),
        (with("name", json!(7)), "cannot read the network: "),
    ] {
        let error = scene.fails(&["create"], &asked)?;
        assert!(error.contains(words), "{asked}: {error}");
        assert_eq!(scene.network("list")?, json!([]), "{error}");
    }
    Ok(())
}

/// Podman itself adds a gateway to a network that is to have none.
fn a_gateway_that_podman_adds() -> Outcome {
    let (scene, inside) = (Scene::set()?, Inside::start()?);
    let options = json!({ "parent": "ens33", "gateway": "none" });
    let mut lan = scene.create(&network("lan", &one_subnet(), &options))?;
    lan["subnets"][0]["gateway"] = json!("10.1.0.1");
    let answer = scene.setup(&inside.path, &request("a", "a", &lan, &json!({})))?;
    assert_eq!(answer["interfaces"]["eth0"]["subnets"][0]["gateway"], Value::Null);
    assert!(ip_lines(&inside.netns, "route show default").is_empty());
    // Ports have no effect, which netavark's log says.
    let mut with_ports = request("b", "b", &lan, &json!({}));
    with_ports["port_mappings"] = json!([{ "container_port": 80, "host_ip": "", "host_port": 80,
        "protocol": "tcp", "range": 1 }]);
    let other = Inside::start()?;
    let output = scene.call(&["setup", &other.path], &with_ports.to_string())?;
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(output.status.success() && said.contains("published ports have no effect"), "{said}");
    Ok(())
}

/// Podman does not say that a network was removed, so one without containers gives way.
fn a_network_without_containers_gives_way() -> Outcome {
    let (scene, inside) = (Scene::set()?, Inside::start()?);
    let options = json!({ "parent": "ens33" });
    let names = || -> Outcome<Vec<Value>> {
        let list = scene.network("list")?;
        Ok(list.as_array().into_iter().flatten().map(|one| one["Name"].clone()).collect())
    };
    let old = scene.create(&network("old", &one_subnet(), &options))?;
    let other = json!([{ "subnet": "10.2.0.0/24" }]);
    scene.create(&network("other", &other, &options))?;
    let new = scene.create(&network("new", &one_subnet(), &options))?;
    assert_eq!(names()?, ["new", "other"]);
    scene.setup(&inside.path, &request("a", "a", &new, &json!({})))?;
    // It is in use now: the former one cannot come back, in either way.
    let words = "subnet 10.1.0.0/24 overlaps 10.1.0.0/24 of network \"new\"";
    let error = scene.fails(&["create"], &network("old", &one_subnet(), &options))?;
    assert!(error.contains(words), "{error}");
    let container = Inside::start()?;
    let error = scene.fails(&["setup", &container.path], &request("b", "b", &old, &json!({})))?;
    assert!(error.contains(words), "{error}");
    assert_eq!(names()?, ["new", "other"]);
    Ok(())
}

/// A network of the same name that is not Podman's is never changed.
fn a_network_of_others_is_refused() -> Outcome {
    let (scene, inside) = (Scene::set()?, Inside::start()?);
    scene.network("create lan --parent ens33 --subnet 10.9.0.0/24")?;
    let before = scene.network("inspect lan")?;
    let lan = network("lan", &one_subnet(), &json!({ "parent": "ens33" }));
    for arguments in [&["create"][..], &["setup", &inside.path]] {
        let asked =
            if arguments.len() == 1 { lan.clone() } else { request("a", "a", &lan, &json!({})) };
        let error = scene.fails(arguments, &asked)?;
        assert!(error.contains("created by another program; choose another name"), "{error}");
    }
    // Nor does it give way.
    let overlapping =
        network("x", &json!([{ "subnet": "10.9.0.0/24" }]), &json!({ "parent": "ens33" }));
    let error = scene.fails(&["create"], &overlapping)?;
    assert!(error.contains("overlaps"), "{error}");
    assert_eq!(scene.network("inspect lan")?, before);
    Ok(())
}

macvlan_tests::tests! {
    same_on_every_kernel:
    the_answer_is_the_network,
    subnets_are_chosen,
    the_parent,
    what_cannot_be_is_refused,
    a_gateway_that_podman_adds,
    a_network_without_containers_gives_way,
    a_network_of_others_is_refused,
}
