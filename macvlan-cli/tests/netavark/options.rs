//! Every option of a network and of a container, with `ip` or the store as the witness.

use std::time::Duration;

use macvlan_core::AcceptRa;
use macvlan_network::{Order, SqliteStore, Store as _};
use macvlan_tests::{Outcome, Wire, ip, ip_addresses, ip_lines, ip_link, ping};
use serde_json::{Value, json};

use crate::call::{Inside, Scene, network, request};

/// Creates a network with these options, connects a container, and returns both.
fn with(options: &Value, asked: &Value) -> Outcome<(Scene, Inside, Value)> {
    let (scene, inside) = (Scene::set()?, Inside::start()?);
    let mut all = json!({ "parent": "ens33" });
    if let (Some(all), Some(options)) = (all.as_object_mut(), options.as_object()) {
        all.extend(options.clone());
    }
    let subnets = json!([{ "subnet": "10.1.0.0/24" }, { "subnet": "fd10::/64" }]);
    let lan = scene.create(&network("lan", &subnets, &all))?;
    assert_eq!(lan["options"], all, "as the user gave them");
    let answer = scene.setup(&inside.path, &request("a", "web", &lan, asked))?;
    Ok((scene, inside, answer))
}

fn of_the_link() -> Outcome {
    let options = json!({ "mode": "private", "mtu": "1400", "allmulticast": "on" });
    let (_scene, inside, _) = with(&options, &json!({}))?;
    let eth0 = ip_link(&inside.netns, "eth0");
    assert_eq!(
        (&eth0["mtu"], &eth0["linkinfo"]["info_data"]["mode"]),
        (&json!(1400), &json!("private"))
    );
    assert!(
        eth0["flags"].as_array().is_some_and(|flags| flags.contains(&json!("ALLMULTI"))),
        "{eth0}"
    );
    Ok(())
}

/// `podman network update` changes the network without a call of the plugin.
fn a_dns_server_that_was_added_later() -> Outcome {
    let (scene, inside) = (Scene::set()?, Inside::start()?);
    let subnets = json!([{ "subnet": "10.1.0.0/24" }]);
    let mut lan = scene.create(&network("lan", &subnets, &json!({ "parent": "ens33" })))?;
    lan["network_dns_servers"] = json!(["1.1.1.1"]);
    let asked = request("a", "web", &lan, &json!({}));
    let output = scene.call(&["setup", &inside.path], &asked.to_string())?;
    assert!(output.status.success(), "{output:?}");
    let answer: Value = serde_json::from_slice(&output.stdout)?;
    assert_eq!(answer["dns_server_ips"], json!([]));
    let said = String::from_utf8(output.stderr)?;
    let words = "macvlan: warning: cannot use DNS server 1.1.1.1 of the network: ";
    assert!(said.starts_with(words) && said.lines().count() == 1, "{said}");
    assert_eq!(ip_addresses(&inside.netns, "eth0"), ["10.1.0.2/24"]);
    scene.teardown(&inside.path, &asked)
}

/// A container gets one address of each family, and others if it asks for them.
fn several_subnets_of_one_family() -> Outcome {
    let scene = Scene::set()?;
    let subnets = json!([{ "subnet": "10.1.0.0/29" }, { "subnet": "10.2.0.0/24" }]);
    let lan = scene.create(&network("lan", &subnets, &json!({ "parent": "ens33" })))?;
    let both = json!({ "static_ips": ["10.1.0.6", "10.2.0.9"] });
    for (id, asked, addresses) in
        [("a", json!({}), vec!["10.1.0.2/29"]), ("b", both, vec!["10.1.0.6/29", "10.2.0.9/24"])]
    {
        let inside = Inside::start()?;
        scene.setup(&inside.path, &request(id, id, &lan, &asked))?;
        assert_eq!(ip_addresses(&inside.netns, "eth0"), addresses);
    }
    Ok(())
}

/// The gateway of a route is another host, so no container gets its address.
fn gateways_of_routes() -> Outcome {
    let scene = Scene::set()?;
    let mut lan = network("lan", &json!([{ "subnet": "10.1.0.0/24" }]), &json!({}));
    lan["options"] = json!({ "parent": "ens33" });
    lan["routes"] = json!([{ "destination": "10.9.0.0/16", "gateway": "10.1.0.3" }]);
    let lan = scene.create(&lan)?;
    for (id, address) in [("a", "10.1.0.2/24"), ("b", "10.1.0.4/24")] {
        let inside = Inside::start()?;
        scene.setup(&inside.path, &request(id, id, &lan, &json!({})))?;
        assert_eq!(ip_addresses(&inside.netns, "eth0"), [address]);
    }
    Ok(())
}

fn of_routes() -> Outcome {
    let (_scene, inside, _) = with(&json!({ "metric": "50" }), &json!({}))?;
    assert_eq!(
        ip_lines(&inside.netns, "-4 route show default"),
        ["default via 10.1.0.1 dev eth0 proto 109 metric 50"]
    );
    for (options, asked) in [
        (json!({ "no_default_route": "true" }), json!({})),
        (json!({}), json!({ "options": { "default_route": "off" } })),
    ] {
        let (_scene, inside, answer) = with(&options, &asked)?;
        assert_eq!(ip_lines(&inside.netns, "-4 route show default"), [""; 0]);
        assert_eq!(answer["interfaces"]["eth0"]["subnets"][0]["gateway"], "10.1.0.1");
    }
    let (_scene, inside, answer) = with(&json!({ "gateway": "none" }), &json!({}))?;
    assert_eq!(ip_lines(&inside.netns, "-4 route show default"), [""; 0]);
    let subnets = &answer["interfaces"]["eth0"]["subnets"];
    assert_eq!(subnets[0], json!({ "ipnet": "10.1.0.1/24", "gateway": null }));
    Ok(())
}

/// `--internal` and `--route`, and an MTU in Docker's words.
fn what_podman_has_itself() -> Outcome {
    let (scene, inside) = (Scene::set()?, Inside::start()?);
    let options = json!({ "parent": "ens33", "com.docker.network.driver.mtu": "1300" });
    let mut lan = network("lan", &json!([{ "subnet": "10.1.0.0/24" }]), &options);
    lan["internal"] = json!(true);
    lan["routes"] = json!([
        { "destination": "10.9.0.0/16", "gateway": "10.1.0.254", "metric": 7 },
        { "destination": "10.8.0.0/16", "route_type": "blackhole" },
    ]);
    let lan = scene.create(&lan)?;
    assert_eq!(lan["subnets"], json!([{ "subnet": "10.1.0.0/24" }]), "no gateway");
    scene.setup(&inside.path, &request("a", "a", &lan, &json!({})))?;
    assert_eq!(ip_link(&inside.netns, "eth0")["mtu"], 1300);
    let routes = ip_lines(&inside.netns, "-4 route show");
    let has = |route: &str| routes.iter().any(|one| one.starts_with(route));
    assert!(
        has("10.9.0.0/16 via 10.1.0.254 dev eth0") && has("blackhole 10.8.0.0/16"),
        "{routes:?}"
    );
    assert!(!has("default"), "{routes:?}");
    Ok(())
}

fn of_addresses() -> Outcome {
    let options = json!({ "exclude": "10.1.0.2,10.1.0.4/30", "mac_from": "container" });
    let (_scene, inside, answer) = with(&options, &json!({}))?;
    assert_eq!(answer["interfaces"]["eth0"]["subnets"][0]["ipnet"], "10.1.0.3/24");
    let mac = ip_link(&inside.netns, "eth0")["address"].clone();
    assert!(mac.as_str().is_some_and(|mac| !mac.starts_with("02:42:0a:01")), "{mac}");
    let options = json!({ "aux_address": "db=10.1.0.2,web=10.1.0.7" });
    let (_scene, _inside, answer) = with(&options, &json!({}))?;
    assert_eq!(answer["interfaces"]["eth0"]["subnets"][0]["ipnet"], "10.1.0.7/24");
    let (_scene, inside, _) =
        with(&json!({}), &json!({ "options": { "link_local_ip": "169.254.7.7,fe80::7" } }))?;
    assert!(ip_addresses(&inside.netns, "eth0").contains(&"169.254.7.7/16".to_owned()));
    Ok(())
}

fn of_the_store() -> Outcome {
    let options = json!({ "order": "next", "reservation_ttl": "2h", "block_size": "16",
        "duplicate_detection": "on", "disable_ipv6": "off", "accept_ra": "never", "leave_ipv6": "off" });
    let (scene, ..) = with(&options, &json!({}))?;
    let records = SqliteStore::open(scene.db())?.networks()?;
    let config = &records[0].config;
    assert_eq!((config.get_order(), config.get_block_size()), (Order::Next, Some(16)));
    assert_eq!(config.get_reservation_ttl(), Duration::from_secs(7200));
    assert_eq!(config.get_accept_ra(), Some(AcceptRa::Never));
    assert_eq!((config.get_disable_ipv6(), config.get_leave_ipv6()), (Some(false), false));
    assert!(config.get_duplicate_detection());
    Ok(())
}

/// An address that a host on the LAN has.
fn a_probe_finds_a_conflict() -> Outcome {
    let (scene, inside) = (Scene::set()?, Inside::start()?);
    let options = json!({ "parent": "ens33", "probe": "on" });
    let lan = network("lan", &json!([{ "subnet": "192.168.15.0/24" }]), &options);
    let lan = scene.create(&lan)?;
    let asked = json!({ "static_ips": ["192.168.15.2"] });
    let error = scene.fails(&["setup", &inside.path], &request("a", "a", &lan, &asked))?;
    assert!(error.contains("192.168.15.2"), "{error}");
    // Chosen addresses leave it out.
    let answer = scene.setup(&inside.path, &request("a", "a", &lan, &json!({})))?;
    assert_eq!(answer["interfaces"]["eth0"]["subnets"][0]["ipnet"], "192.168.15.3/24");
    Ok(())
}

/// The host reaches its container, and the other way around, which a macvlan alone cannot.
fn access() -> Outcome {
    let (scene, inside) = (Scene::set()?, Inside::start()?);
    let range = json!({ "start_ip": "192.168.15.64", "end_ip": "192.168.15.127" });
    let subnets = json!([{ "subnet": "192.168.15.0/24", "lease_range": range }]);
    let options = json!({ "parent": "ens33", "access": "on", "announce": "once" });
    let lan = scene.create(&network("lan", &subnets, &options))?;
    let web = request("a", "a", &lan, &json!({}));
    let before = ip_lines(scene.host(), "-4 route show");
    for _ in 0..2 {
        scene.setup(&inside.path, &web)?;
        assert!(ping(scene.host(), "192.168.15.64").is_some());
        assert!(ping(&inside.netns, "192.168.15.1").is_some());
        scene.teardown(&inside.path, &web)?;
        assert_eq!(ip_lines(scene.host(), "-4 route show"), before);
        assert_eq!(ip(scene.host(), "link show type macvlan"), json!([]));
    }
    Ok(())
}

fn announcements() -> Outcome {
    let (scene, inside) = (Scene::set()?, Inside::start()?);
    let wire = Wire::listen(&scene.lab.b.netns, "ens33")?;
    let subnets = json!([{ "subnet": "10.1.0.0/24" }]);
    let options = json!({ "parent": "ens33", "announce": "rfc,count=2,interval=10ms" });
    let lan = scene.create(&network("lan", &subnets, &options))?;
    scene.setup(&inside.path, &request("a", "a", &lan, &json!({})))?;
    let is_announcement = |frame: &[u8]| {
        frame[12..14] == [8, 6] && frame[28..32] == [10, 1, 0, 2] && frame[38..42] == [10, 1, 0, 2]
    };
    for _ in 0..2 {
        assert!(wire.find_now(is_announcement)?.is_some());
    }
    Ok(())
}

fn others_are_refused_by_name() -> Outcome {
    let (scene, inside) = (Scene::set()?, Inside::start()?);
    let subnets = json!([{ "subnet": "10.1.0.0/24" }]);
    for (key, value, words) in [
        ("colour", "red", "cannot use option colour=red: not an option of a network"),
        ("bclim", "5", "bclim=5: not an option of a network"),
        ("mtu", "much", "cannot use option mtu=much: not a number"),
        ("mode", "ring", "cannot use option mode=ring: "),
        ("gateway", "10.1.0.9", "cannot use option gateway=10.1.0.9: "),
        ("no_default_route", "maybe", "not on or off"),
        ("exclude", "10.1.0.9,much", "much"),
        ("exclude", "10.9.0.9", "it is in none of the network's subnets"),
        ("aux_address", "web", "expected KEY=VALUE"),
    ] {
        let options = json!({ "parent": "ens33", key: value });
        let error = scene.fails(&["create"], &network("lan", &subnets, &options))?;
        assert!(error.contains(words), "{key}={value}: {error}");
        assert_eq!(scene.network("list")?, json!([]), "{error}");
    }
    let lan = scene.create(&network("lan", &subnets, &json!({ "parent": "ens33" })))?;
    let asked = json!({ "options": { "colour": "red" } });
    let error = scene.fails(&["setup", &inside.path], &request("a", "a", &lan, &asked))?;
    assert!(error.contains(": not an option of a container"), "{error}");
    assert_eq!(scene.leases()?, json!([]));
    Ok(())
}

macvlan_tests::tests! {
    same_on_every_kernel:
    of_the_link,
    of_routes,
    gateways_of_routes,
    several_subnets_of_one_family,
    a_dns_server_that_was_added_later,
    what_podman_has_itself,
    of_addresses,
    of_the_store,
    a_probe_finds_a_conflict,
    access,
    announcements,
    others_are_refused_by_name,
}
