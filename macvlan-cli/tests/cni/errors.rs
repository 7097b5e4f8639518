//! Errors, by their codes; each leaves everything as it was.

use macvlan_tests::{Outcome, Snapshot, ip_do, ip_link, takes_long_in_the_guest};
use serde_json::{Value, json};

use crate::common::{Call, Scene, merged, with_valid};

fn every_code() -> Outcome {
    let (scene, pod) = (Scene::set()?, Scene::pod("c1")?);
    let (plain, leased) = (Scene::plain(&json!({})), scene.leased(&json!({})));
    let with = |more: Value| merged(plain.clone(), &more);
    let ipam = |more: Value| scene.leased(&more);
    let add = |config: &Value| Call::of("ADD", config, &pod);
    let text = |text: &str| Value::String(text.to_owned());
    let other = scene.path("other");
    std::fs::write(&other, "a text that is not a database, and longer than the header of one")?;
    let host = format!("/proc/{}/ns/net", "self");
    let before = (Snapshot::of(scene.host()), Snapshot::of(&pod.netns));
    #[rustfmt::skip]
    let table = [
        (1, add(&with(json!({ "cniVersion": "1.2.0" }))), "cannot use cniVersion 1.2.0: not supported; use "),
        (1, add(&with(json!({ "cniVersion": "new" }))), "cannot use cniVersion new: not supported"),
        (1, Call::of("CHECK", &with(json!({ "cniVersion": "0.3.1" })), &pod), "cannot run CHECK: the verb needs cniVersion 0.4.0"),
        (1, Call::new("GC", &with(json!({ "cniVersion": "1.0.0" }))), "cannot run GC: the verb needs cniVersion 1.1.0"),
        (3, add(&plain).with("CNI_NETNS", "/proc/1/task/no"), "the file does not exist"),
        (4, Call::new("ERASE", &plain), "cannot use CNI_COMMAND \"ERASE\": expected ADD"),
        (4, Call::new("", &plain), "CNI_COMMAND"),
        (4, add(&plain).with("CNI_CONTAINERID", ""), "CNI_CONTAINERID is not set"),
        (4, add(&plain).with("CNI_CONTAINERID", "../c1"), "CNI_CONTAINERID"),
        (4, add(&plain).with("CNI_NETNS", ""), "CNI_NETNS is not set"),
        (4, add(&plain).with("CNI_NETNS", &host), "CNI_NETNS"),
        (4, add(&plain).with("CNI_NETNS", "/etc/passwd"), "not a network namespace"),
        (4, add(&plain).with("CNI_IFNAME", ""), "CNI_IFNAME is not set"),
        (4, add(&plain).with("CNI_IFNAME", "a/b"), "CNI_IFNAME"),
        (4, add(&plain).with("CNI_IFNAME", "sixteen-letters-"), "CNI_IFNAME"),
        (4, add(&plain).with("CNI_ARGS", "A=1;B=2"), "unknown keys: A, B"),
        (4, add(&with(json!({ "ipam": { "type": "other" } }))).with("CNI_PATH", ""), "cannot find plugin other of ipam: CNI_PATH is not set"),
        (6, add(&text("{")), "cannot read the configuration"),
        (6, add(&text("")), "cannot read the configuration"),
        (6, add(&json!([])), "not an object"),
        (6, add(&with(json!({ "prevResult": { "ips": [{ "address": "x" }] } }))), "prevResult"),
        (7, add(&with(json!({ "name": null }))), "no name"),
        (7, add(&with(json!({ "name": "a/b" }))), "a/b"),
        (7, add(&with(json!({ "cniVersion": 1 }))), "cniVersion 1"),
        (7, add(&with(json!({ "mode": "fast" }))), "fast"),
        (7, add(&with(json!({ "kind": "macvtap" }))), "expected macvlan or vlan"),
        (7, add(&with(json!({ "kind": "vlan" }))), "vlanId is missing"),
        (7, add(&with(json!({ "vlanId": 4095 }))), "vlanId 4095"),
        (7, add(&with(json!({ "vlanId": 100, "mode": "bridge" }))), "for macvlans on that VLAN"),
        (7, add(&with(json!({ "mtu": -1 }))), "mtu -1"),
        (7, add(&with(json!({ "mtu": "big" }))), "mtu \"big\""),
        (7, add(&with(json!({ "mtu": 9000 }))), "MTU 9000 is above the parent's 1500"),
        (7, add(&with(json!({ "mac": "zz" }))), "zz"),
        (7, add(&with(json!({ "runtimeConfig": 1 }))), "runtimeConfig 1"),
        (7, add(&with(json!({ "runtimeConfig": { "mac": 1 } }))), "runtimeConfig.mac 1"),
        (7, add(&with(json!({ "sysctl": { "net.ipv4.ip_forward": "1" } }))), "use the plugin tuning"),
        (7, add(&with(json!({ "probe": { "count": 0 } }))), "probe"),
        (7, add(&with(json!({ "announce": "loud" }))), "announce"),
        (7, add(&with(json!({ "ipam": [] }))), "ipam"),
        (7, add(&with(json!({ "ipam": { "type": "../x" } }))), "../x"),
        (7, add(&with(json!({ "ipam": { "type": "missing" } }))), "cannot find plugin missing of ipam: not in CNI_PATH"),
        (7, add(&plain).with("CNI_ARGS", "IP=10.1.0.9"), "has no ipam"),
        (7, add(&ipam(json!({ "subnet": "10.1.0.5/24" }))), "10.1.0.5/24"),
        (7, add(&ipam(json!({ "rangeStart": "10.2.0.1" }))), "10.2.0.1"),
        (7, add(&ipam(json!({ "gateway": "10.2.0.1" }))), "10.2.0.1"),
        (7, add(&ipam(json!({ "exclude": ["10.2.0.0/24"] }))), "exclude 10.2.0.0/24: it is in none"),
        (7, add(&ipam(json!({ "exclude": ["10.0.0.0/8"] }))), "no address is left"),
        (7, add(&ipam(json!({ "subnet": null, "exclude": ["10.1.0.7"] }))), "exclude 10.1.0.7"),
        (7, add(&ipam(json!({ "reserved": { "web": "10.2.0.9" } }))), "reserved web 10.2.0.9"),
        (7, add(&ipam(json!({ "subnet": null, "rangeStart": "10.1.0.5" }))), "rangeStart: subnet is missing"),
        (7, add(&ipam(json!({ "subnet": null, "gateway": "10.1.0.5" }))), "gateway: subnet is missing"),
        (7, add(&ipam(json!({ "range_end": "10.1.0.5" }))), "range_end: range is missing"),
        (7, add(&ipam(json!({ "ranges": [[{ "subnet": "10.2.0.0/24" }]] }))), "one address of each family"),
        (7, add(&ipam(json!({ "subnet": null, "ranges": [[{ "subnet": "10.2.0.0/24" }, { "subnet": "fd10::/64" }]] }))), "both families"),
        (7, add(&ipam(json!({ "resolvConf": "/etc/resolv.conf" }))), "resolvConf"),
        (7, add(&ipam(json!({ "gwPriority": 5 }))), "gwPriority: routes has no default route"),
        (7, add(&ipam(json!({ "etcd": ["http://127.0.0.1:1"] }))), "both ipam db and etcd"),
        (7, add(&ipam(json!({ "routes": [{ "dst": "0.0.0.0/0", "table": 100 }] }))), "main table, not 100"),
        (7, add(&ipam(json!({ "routes": [{ "dst": "0.0.0.0/0", "mtu": 1300 }] }))), "no mtu, such as 1300"),
        (7, add(&ipam(json!({ "routes": [{ "dst": "0.0.0.0/0", "advmss": 1200 }] }))), "no advmss, such as 1200"),
        (7, add(&ipam(json!({ "routes": [{ "dst": "0.0.0.0/0" }, { "dst": "0.0.0.0/0", "priority": 5 }] }))), "0.0.0.0/0: it is given twice"),
        (7, add(&ipam(json!({ "routes": [{ "dst": "::/0" }] }))), "::/0: the network has no subnet of this family"),
        (7, add(&ipam(json!({ "ipv6": true, "routes": [{ "dst": "0.0.0.0/0" }] }))), "give the subnet"),
        (7, add(&ipam(json!({ "ipv6": true, "routes": [{ "dst": "0.0.0.0/0", "priority": 5 }, { "dst": "::/0" }] }))), "priorities"),
        (7, add(&ipam(json!({ "subnet": null, "routes": [{ "dst": "10.9.0.0/16" }] }))), "10.9.0.0/16 without gw"),
        (7, add(&with(json!({ "macFrom": "address" }))), "macFrom"),
        (7, add(&with(json!({ "access": true }))), "cannot use access: the configuration has no ipam"),
        (7, add(&with(json!({ "sourceRouting": 100 }))), "sourceRouting"),
        (7, add(&with(json!({ "probe": true }))), "cannot use probe"),
        (7, add(&with(json!({ "vlanId": 100, "bcqueuelen": 500 }))), "bcqueuelen"),
        (7, add(&merged(leased.clone(), &json!({ "runtimeConfig": { "ips": ["10.1.0.7", "10.1.0.7/24"] } }))), "address 10.1.0.7 is given twice"),
        (7, add(&merged(ipam(json!({ "subnet": null })), &json!({ "capabilities": { "ipRanges": true } }))), "the runtime has given none"),
        (7, add(&merged(leased.clone(), &json!({ "vlanId": 100 }))), "set kind macvlan"),
        (7, add(&merged(leased.clone(), &json!({ "linkInContainer": true }))), "linkInContainer"),
        (7, Call::of("CHECK", &plain, &pod), "no prevResult"),
        (7, Call::new("GC", &plain), "no cni.dev/valid-attachments"),
        (50, Call::new("STATUS", &with(json!({ "master": "gone0" }))), "gone0"),
        (50, Call::new("STATUS", &ipam(json!({ "db": other }))), "not a database"),
        (102, add(&with(json!({ "master": "gone0" }))), "gone0"),
        // Another container than the one that was added.
        (100, Call::of("CHECK", &with(json!({ "prevResult": {} })), &pod), "no interface of this name"),
    ];
    for (code, call, words) in table {
        let said = scene.fails(code, &call)?;
        assert!(said.contains(words), "no {words:?} in {said}");
    }
    before.0.assert_same(scene.host());
    before.1.assert_same(&pod.netns);
    Ok(())
}

fn an_interface_of_that_name_is_left() -> Outcome {
    let (scene, pod) = (Scene::set()?, Scene::pod("c1")?);
    ip_do(&pod.netns, "link add eth0 type veth peer name other");
    let before = Snapshot::of(&pod.netns);
    for config in [Scene::plain(&json!({})), scene.leased(&json!({}))] {
        let said = scene.fails(106, &Call::of("ADD", &config, &pod))?;
        assert!(said.contains("a link with this name exists"), "{said}");
        // A runtime runs DEL after a failed ADD.
        scene.ok(&Call::of("DEL", &config, &pod))?;
    }
    before.assert_same(&pod.netns);
    Ok(())
}

fn an_interface_is_not_added_twice() -> Outcome {
    takes_long_in_the_guest()?;
    let (scene, pod) = (Scene::set()?, Scene::pod("c1")?);
    for (code, config) in [(106, Scene::plain(&json!({}))), (100, scene.leased(&json!({})))] {
        scene.ok(&Call::of("ADD", &config, &pod))?;
        let before = Snapshot::of(&pod.netns);
        scene.fails(code, &Call::of("ADD", &config, &pod))?;
        before.assert_same(&pod.netns);
        scene.ok(&Call::of("DEL", &config, &pod))?;
    }
    Ok(())
}

fn what_changed_inside_is_found_by_check() -> Outcome {
    takes_long_in_the_guest()?;
    let (scene, pod) = (Scene::set()?, Scene::pod("c1")?);
    let leased = scene.leased(&json!({ "routes": [{ "dst": "10.9.0.0/16", "gw": "10.1.0.9" }] }));
    for (change, words) in [
        ("route del 10.9.0.0/16", "the route 10.9.0.0/16 via 10.1.0.9 is missing"),
        ("address del 10.1.0.2/24 dev eth0", "the address 10.1.0.2/24 is missing"),
        ("link set eth0 down", "down"),
        ("link set eth0 type macvlan mode private", "the macvlan options differ"),
        ("link del eth0", "the link does not exist"),
    ] {
        let result = scene.ok(&Call::of("ADD", &leased, &pod))?;
        let given = merged(leased.clone(), &json!({ "prevResult": result }));
        scene.ok(&Call::of("CHECK", &given, &pod))?;
        ip_do(&pod.netns, change);
        let said = scene.fails(100, &Call::of("CHECK", &given, &pod))?;
        assert!(said.contains(words), "no {words:?} in {said}");
        scene.ok(&Call::of("DEL", &given, &pod))?;
        scene.fails(100, &Call::of("CHECK", &given, &pod))?;
    }
    Ok(())
}

/// Another plugin of the chain may make the interface promiscuous, such as `tuning`.
fn settings_of_others_are_left_by_check() -> Outcome {
    let (scene, pod) = (Scene::set()?, Scene::pod("c1")?);
    for config in [Scene::plain(&json!({})), scene.leased(&json!({}))] {
        let result = scene.ok(&Call::of("ADD", &config, &pod))?;
        for change in ["promisc on", "allmulticast on", "txqueuelen 7"] {
            ip_do(&pod.netns, &format!("link set eth0 {change}"));
        }
        assert!(ip_link(&pod.netns, "eth0")["flags"].to_string().contains("PROMISC"));
        let given = merged(config, &json!({ "prevResult": result }));
        scene.ok(&Call::of("CHECK", &given, &pod))?;
        scene.ok(&Call::of("DEL", &given, &pod))?;
    }
    Ok(())
}

/// A default route that prevResult has; it may lead through another network of the container.
fn a_default_route_that_is_gone_is_found_by_check() -> Outcome {
    let (scene, pod) = (Scene::set()?, Scene::pod("c1")?);
    let default = json!([{ "dst": "0.0.0.0/0" }]);
    let added = |subnet: &str, name: &'static str| -> Outcome<(Value, &'static str)> {
        let ipam = json!({ "subnet": subnet, "routes": default });
        let config = merged(scene.leased(&ipam), &json!({ "name": name }));
        let call = Call::of("ADD", &config, &pod).with("CNI_IFNAME", name);
        Ok((merged(config, &json!({ "prevResult": scene.ok(&call)? })), name))
    };
    let check = |(given, name): &(Value, &'static str)| {
        Call::of("CHECK", given, &pod).with("CNI_IFNAME", name)
    };
    let second = added("10.2.0.0/24", "eth1")?;
    assert_eq!(second.0["prevResult"]["routes"], json!([{ "dst": "0.0.0.0/0", "gw": "10.2.0.1" }]));
    scene.ok(&check(&second))?;
    let first = added("10.1.0.0/24", "eth0")?;
    scene.ok(&check(&first))?;
    scene.ok(&check(&second))?;
    ip_do(&pod.netns, "route del default");
    for (one, words) in [(&first, "route via 10.1.0.1"), (&second, "route via 10.2.0.1")] {
        let said = scene.fails(100, &check(one))?;
        assert!(said.contains(&format!("the default {words} is missing")), "{said}");
    }
    Ok(())
}

/// Only the oldest interface of a container in a network has the network's routes.
fn the_second_interface_has_no_routes_to_check() -> Outcome {
    let (scene, pod) = (Scene::set()?, Scene::pod("c1")?);
    let config = merged(
        scene.leased(&json!({ "routes": [{ "dst": "10.99.0.0/16" }] })),
        &json!({ "bcqueuelen": 500 }),
    );
    let call = |verb, config: &Value, name| Call::of(verb, config, &pod).with("CNI_IFNAME", name);
    for (name, routes) in [("eth0", 1), ("net1", 0)] {
        let result = scene.ok(&call("ADD", &config, name))?;
        assert_eq!(result["routes"].as_array().map_or(0, Vec::len), routes, "{result}");
        let queue = &ip_link(&pod.netns, name)["linkinfo"]["info_data"]["bcqueuelen"];
        assert_eq!(*queue, json!(500));
        let given = merged(config.clone(), &json!({ "prevResult": result }));
        scene.ok(&call("CHECK", &given, name))?;
        if name == "net1" {
            // The routes are those of the lease, also when the other one has gone.
            scene.ok(&call("DEL", &config, "eth0"))?;
            scene.ok(&call("CHECK", &given, name))?;
        }
    }
    Ok(())
}

fn the_log_is_on_request() -> Outcome {
    takes_long_in_the_guest()?;
    let (scene, pod) = (Scene::set()?, Scene::pod("c1")?);
    let path = scene.path("log");
    let config = Scene::plain(&json!({ "log": path }));
    scene.ok(&Call::of("ADD", &config, &pod))?;
    scene.fails(106, &Call::of("ADD", &config, &pod))?;
    scene.ok(&Call::of("DEL", &config, &pod))?;
    scene.ok(&Call::new("GC", &with_valid(&config, &[])))?;
    let log = std::fs::read_to_string(&path)?;
    let lines: Vec<&str> = log.lines().collect();
    assert_eq!(lines.len(), 4, "{log}");
    assert!(lines[0].starts_with("macvlan: ADD blue c1/eth0: {"), "{log}");
    assert!(lines[1].contains("a link with this name exists"), "{log}");
    assert!(lines[3].starts_with("macvlan: GC blue: done"), "{log}");
    let config = Scene::plain(&json!({ "log": "stderr" }));
    let output = scene.run(&Call::of("DEL", &config, &pod))?;
    assert!(output.status.success() && output.stdout.is_empty());
    assert!(output.stderr.starts_with(b"macvlan: DEL blue c1/eth0: done"), "{output:?}");
    scene.fails(5, &Call::of("ADD", &Scene::plain(&json!({ "log": "/proc/no/log" })), &pod))?;
    Ok(())
}

/// Pods have their addresses, but reach no one.
fn the_parent_is_down() -> Outcome {
    let scene = Scene::set()?;
    let config = Scene::plain(&json!({}));
    scene.ok(&Call::new("STATUS", &config))?;
    ip_do(scene.host(), "link set ens33 down");
    let said = scene.fails(51, &Call::new("STATUS", &config))?;
    assert!(said.contains("link \"ens33\" is down"), "{said}");
    Ok(())
}

macvlan_tests::tests! {
    same_on_every_kernel:
    a_default_route_that_is_gone_is_found_by_check,
    the_second_interface_has_no_routes_to_check,
    an_interface_is_not_added_twice,
    an_interface_of_that_name_is_left,
    every_code,
    the_log_is_on_request,
    the_parent_is_down,
    what_changed_inside_is_found_by_check,
    settings_of_others_are_left_by_check,
}
