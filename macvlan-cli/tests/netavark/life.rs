//! A container from setup to teardown.

use macvlan_core::NetNs;
use macvlan_tests::{Need, Outcome, ip, ip_addresses, ip_lines, ip_link, need, ping, silent};
use serde_json::{Value, json};

use crate::call::{Inside, Scene, network, request};

/// The LAN of the lab, without the addresses of its hosts.
fn lan() -> Value {
    let subnets = json!([
        { "subnet": "192.168.15.0/24",
          "lease_range": { "start_ip": "192.168.15.64", "end_ip": "192.168.15.127" } },
        { "subnet": "fd15::/64", "lease_range": { "start_ip": "fd15::64", "end_ip": "fd15::ff" } },
    ]);
    network("lan", &subnets, &json!({ "parent": "ens33" }))
}

fn links(netns: &NetNs) -> usize {
    ip(netns, "link show").as_array().map_or(0, Vec::len)
}

fn version() -> Outcome {
    let scene = Scene::set()?;
    let info = scene.ok(&["info"], &Value::Null)?;
    assert_eq!(info, json!({ "version": env!("CARGO_PKG_VERSION"), "api_version": "1.0.0" }));
    Ok(())
}

fn from_setup_to_teardown() -> Outcome {
    let (scene, inside) = (Scene::set()?, Inside::start()?);
    let lan = scene.create(&lan())?;
    let request = request("4f1c9a", "Web", &lan, &json!({}));
    let answer = scene.setup(&inside.path, &request)?;
    let eth0 = ip_link(&inside.netns, "eth0");
    assert_eq!(
        answer,
        json!({
            "dns_search_domains": [],
            "dns_server_ips": [],
            "interfaces": { "eth0": {
                "mac_address": eth0["address"],
                "subnets": [
                    { "ipnet": "192.168.15.64/24", "gateway": "192.168.15.1" },
                    { "ipnet": "fd15::64/64", "gateway": "fd15::1" },
                ],
            } },
        })
    );
    assert_eq!(eth0["linkinfo"]["info_kind"], "macvlan");
    assert_eq!(eth0["linkinfo"]["info_data"]["mode"], "bridge");
    assert_eq!(ip_addresses(&inside.netns, "eth0"), ["192.168.15.64/24", "fd15::64/64"]);
    assert_eq!(
        ip_lines(&inside.netns, "-4 route show default"),
        ["default via 192.168.15.1 dev eth0 proto 109"]
    );
    assert!(ping(&inside.netns, "192.168.15.2").is_some());
    assert!(ping(&inside.netns, "fd15::2").is_some());
    assert_eq!(scene.leases()?, json!([["4f1c9a", ["192.168.15.64/24", "fd15::64/64"]]]));
    assert_eq!(scene.network("resolve lan web")?, json!(["192.168.15.64", "fd15::64"]));
    // The second finds nothing, which is success too.
    for _ in 0..2 {
        scene.teardown(&inside.path, &request)?;
        assert_eq!(links(&inside.netns), 1, "only lo");
        assert_eq!(scene.leases()?, json!([]));
    }
    Ok(())
}

fn an_address_a_mac_address_and_names() -> Outcome {
    let (scene, inside, other) = (Scene::set()?, Inside::start()?, Inside::start()?);
    let lan = scene.create(&lan())?;
    let asked = json!({
        "interface_name": "lan0",
        "static_ips": ["192.168.15.70", "fd15::70"],
        "static_mac": "02:00:00:00:00:70",
        "aliases": ["4f1c9a", "www", "www"],
    });
    let web = request("4f1c9a", "web", &lan, &asked);
    let answer = scene.setup(&inside.path, &web)?;
    assert_eq!(answer["interfaces"]["lan0"]["mac_address"], "02:00:00:00:00:70");
    assert_eq!(ip_link(&inside.netns, "lan0")["address"], "02:00:00:00:00:70");
    assert_eq!(ip_addresses(&inside.netns, "lan0"), ["192.168.15.70/24", "fd15::70/64"]);
    for name in ["web", "www", "4f1c9a"] {
        assert_eq!(scene.network(&format!("resolve lan {name}"))?[0], "192.168.15.70", "{name}");
    }
    // A conflict is answered in words, and leaves nothing.
    for (asked, words) in [
        (
            json!({ "static_ips": ["192.168.15.70"] }),
            "network \"lan\": cannot connect container \"b\": container \"4f1c9a\" has 192.168.15.70",
        ),
        (json!({ "static_ips": ["192.168.15.1"] }), "192.168.15.1"),
        (json!({ "static_ips": ["10.9.9.9"] }), "10.9.9.9"),
        (json!({ "static_mac": "02:00:00:00:00:70" }), "another link on it has this MAC address"),
        (json!({ "static_mac": "much" }), "much"),
    ] {
        let refused = request("b", "b", &lan, &asked);
        let error = scene.fails(&["setup", &other.path], &refused)?;
        assert!(error.contains(words), "{asked}: {error}");
        assert_eq!(links(&other.netns), 1, "{error}");
        assert_eq!(scene.leases()?.as_array().map(Vec::len), Some(1), "{error}");
    }
    // After a restart, the first one's name is free.
    let second = request("b", "WEB", &lan, &json!({}));
    let output = scene.call(&["setup", &other.path], &second.to_string())?;
    let warned = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success() && warned.contains("\"4f1c9a\" has the name"), "{warned}");
    assert_eq!(scene.network("resolve lan web")?[0], "192.168.15.70");
    for (path, request) in [(&inside.path, &web), (&other.path, &second)] {
        scene.teardown(path, request)?;
    }
    scene.setup(&other.path, &second)?;
    assert_eq!(scene.network("resolve lan web")?[0], "192.168.15.64");
    Ok(())
}

/// Podman restarts a container by a teardown and a setup, in another namespace.
fn a_restart_keeps_address_and_mac() -> Outcome {
    let (scene, before, other) = (Scene::set()?, Inside::start()?, Inside::start()?);
    let lan = scene.create(&lan())?;
    let web = request("4f1c9a", "web", &lan, &json!({}));
    let first = scene.setup(&before.path, &web)?;
    scene.teardown(&before.path, &web)?;
    before.end();
    let another = scene.setup(&other.path, &request("77aa", "db", &lan, &json!({})))?;
    assert_ne!(another["interfaces"], first["interfaces"]);
    let after = Inside::start()?;
    assert_eq!(scene.setup(&after.path, &web)?, first);
    // `podman network reload`: in the same namespace, with the same addresses requested.
    scene.teardown(&after.path, &web)?;
    assert_eq!(scene.setup(&after.path, &web)?, first);
    assert_eq!(scene.setup(&after.path, &web)?, first, "setup again repairs");
    Ok(())
}

fn without_addresses() -> Outcome {
    let (scene, inside) = (Scene::set()?, Inside::start()?);
    let mut plain = network("plain", &Value::Null, &json!({ "parent": "ens33" }));
    plain["ipam_options"] = json!({ "driver": "none" });
    let plain = scene.create(&plain)?;
    assert_eq!((&plain["subnets"], &plain["ipv6_enabled"]), (&Value::Null, &json!(false)));
    let answer = scene.setup(&inside.path, &request("a", "a", &plain, &json!({})))?;
    assert_eq!(answer["interfaces"]["eth0"]["subnets"], json!([]));
    assert_eq!(ip_addresses(&inside.netns, "eth0"), [""; 0]);
    Ok(())
}

/// VLANs are made for the first container, and removed with the last one.
fn vlans_on_demand() -> Outcome {
    need(Need::Vlan)?;
    let scene = Scene::set()?;
    let mut all = Vec::new();
    for vlan in [10, 20] {
        let subnets = json!([{ "subnet": format!("10.0.{vlan}.0/24") }]);
        let parent = format!("ens33.{vlan}");
        let options = json!({ "parent": parent });
        let lan = scene.create(&network(&format!("vlan{vlan}"), &subnets, &options))?;
        assert_eq!(
            ip(scene.host(), "link show type vlan").as_array().map(Vec::len),
            Some(all.len())
        );
        let inside = Inside::start()?;
        let request = request(&format!("c{vlan}"), &format!("c{vlan}"), &lan, &json!({}));
        let answer = scene.setup(&inside.path, &request)?;
        assert_eq!(
            answer["interfaces"]["eth0"]["subnets"][0]["ipnet"],
            format!("10.0.{vlan}.2/24")
        );
        assert_eq!(ip_link(scene.host(), &parent)["linkinfo"]["info_data"]["id"], vlan);
        all.push((inside, request));
    }
    // One VLAN does not reach the other.
    let [first, second] = [&all[0].0, &all[1].0];
    macvlan_tests::ip_do(&second.netns, "address add 10.0.10.9/24 dev eth0");
    assert!(silent(&first.netns, "10.0.10.9"));
    for (inside, request) in &all {
        scene.teardown(&inside.path, request)?;
    }
    assert_eq!(ip(scene.host(), "link show type vlan"), json!([]));
    Ok(())
}

macvlan_tests::tests! {
    same_on_every_kernel:
    version,
    from_setup_to_teardown,
    an_address_a_mac_address_and_names,
    a_restart_keeps_address_and_mac,
    without_addresses,
    vlans_on_demand,
}
