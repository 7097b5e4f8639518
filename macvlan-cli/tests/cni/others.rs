//! Verbs that remove leave what other networks, runtimes and programs have made.

use macvlan_core::{Access, Host};
use macvlan_tests::{Outcome, Snapshot, eventually, ip_do, ip_lines, ip_link, ip_try};
use serde_json::{Value, json};

use crate::common::{Call, Pod, Scene, addresses, merged, with_valid};
use crate::foreign;

/// Runs the command on the host, with the scene's store.
#[track_caller]
pub(crate) fn network(scene: &Scene, arguments: &str) -> Outcome<String> {
    command(scene, &format!("network --db {} {arguments}", scene.path("n.db")))
}

#[track_caller]
fn command(scene: &Scene, arguments: &str) -> Outcome<String> {
    let mut command = std::process::Command::new(env!("CARGO_BIN_EXE_macvlan"));
    command.args(arguments.split(' '));
    let output = scene.host().run(|| command.output())??;
    assert!(output.status.success(), "{arguments}: {output:?}");
    Ok(String::from_utf8(output.stdout)?)
}

fn has(pod: &Pod, interface: &str) -> bool {
    ip_try(&pod.netns, &format!("link show {interface}")).is_ok()
}

/// Returns the routes through the host's link, which may be missing.
fn access_routes(scene: &Scene) -> Vec<String> {
    if ip_try(scene.host(), "link show ens33-host").is_err() {
        return Vec::new();
    }
    let lines = ip_lines(scene.host(), "route show dev ens33-host").into_iter();
    lines.filter_map(|line| Some(line.split(' ').next()?.to_owned())).collect()
}

fn with_result(config: &Value, result: &Value) -> Value {
    merged(config.clone(), &json!({ "prevResult": result }))
}

fn a_network_of_another_runtime() -> Outcome {
    let (scene, pod) = (Scene::set()?, Scene::pod("c1")?);
    for (label, subnet, interface) in
        [("a=b", "10.1.0.0/24", "eth0"), ("macvlan.runtime=netavark", "10.2.0.0/24", "eth1")]
    {
        let name = format!("of-{interface}");
        network(
            &scene,
            &format!("create {name} --parent ens33 --subnet {subnet} --label {label}"),
        )?;
        let pid = pod.process.pid();
        network(&scene, &format!("connect {name} web {pid} --interface {interface}"))?;
        let config = merged(scene.leased(&json!({ "subnet": subnet })), &json!({ "name": name }));
        let of = |verb: &'static str| {
            let call = Call::of(verb, &config, &pod).with("CNI_IFNAME", interface);
            call.with("CNI_CONTAINERID", "web")
        };
        let (before, leases) = (Snapshot::of(&pod.netns), network(&scene, "leases")?);
        let said = scene.fails(100, &of("ADD"))?;
        assert!(said.contains("choose another name"), "{said}");
        let said = scene.fails(50, &Call::new("STATUS", &config))?;
        assert!(said.contains("choose another name"), "{said}");
        scene.ok(&Call::new("GC", &with_valid(&config, &[])))?;
        scene.ok(&of("DEL"))?;
        scene.ok(&of("DEL").with("CNI_NETNS", ""))?;
        scene.ok(&of("DEL").with("CNI_CONTAINERID", "never-added"))?;
        before.assert_same(&pod.netns);
        assert_eq!(network(&scene, "leases")?, leases);
    }
    Ok(())
}

/// A runtime runs DEL after a failed ADD.
fn an_interface_of_another_network() -> Outcome {
    let (scene, pod) = (Scene::set()?, Scene::pod("c1")?);
    let blue = scene.leased(&json!({}));
    let red = merged(scene.leased(&json!({ "subnet": "10.2.0.0/24" })), &json!({ "name": "red" }));
    let elsewhere = json!({ "subnet": "10.2.0.0/24", "db": scene.path("other.db") });
    let elsewhere = merged(scene.leased(&elsewhere), &json!({ "name": "red" }));
    let plain = merged(Scene::plain(&json!({})), &json!({ "name": "red" }));
    let result = scene.ok(&Call::of("ADD", &blue, &pod))?;
    let (before, leases) = (Snapshot::of(&pod.netns), network(&scene, "leases")?);
    for config in [&red, &elsewhere, &plain] {
        scene.fails(106, &Call::of("ADD", config, &pod))?;
        scene.ok(&Call::of("DEL", config, &pod))?;
        scene.ok(&Call::of("DEL", config, &pod).with("CNI_CONTAINERID", "c2"))?;
        scene.ok(&Call::new("GC", &with_valid(config, &[])))?;
        before.assert_same(&pod.netns);
        assert_eq!(network(&scene, "leases")?, leases);
    }
    // Even if the runtime takes the other network's result for this one's.
    scene.ok(&Call::of("DEL", &with_result(&red, &result), &pod))?;
    scene.ok(&Call::of("DEL", &blue, &pod).with("CNI_CONTAINERID", "c2"))?;
    before.assert_same(&pod.netns);
    scene.ok(&Call::of("DEL", &blue, &pod))?;
    assert!(!has(&pod, "eth0"));
    Ok(())
}

/// The MAC address is derived from the address.
fn an_interface_with_the_same_mac_address() -> Outcome {
    let (scene, pod) = (Scene::set()?, Scene::pod("c1")?);
    ip_do(scene.host(), "link add ens34 up type veth peer name cable34");
    ip_do(scene.host(), "link set cable34 up");
    let blue = scene.leased(&json!({}));
    let red = merged(scene.leased(&json!({})), &json!({ "name": "red", "master": "ens34" }));
    scene.ok(&Call::of("ADD", &blue, &pod))?;
    let of_red = |verb| Call::of(verb, &red, &pod).with("CNI_IFNAME", "eth1");
    let link = ip_link(&pod.netns, "eth0");
    for by_gc in [false, true] {
        scene.ok(&of_red("ADD"))?;
        assert_eq!(ip_link(&pod.netns, "eth1")["address"], link["address"]);
        if by_gc {
            scene.ok(&Call::new("GC", &with_valid(&red, &[])))?;
        } else {
            scene.ok(&of_red("DEL"))?;
        }
        assert!(has(&pod, "eth0") && !has(&pod, "eth1"));
    }
    assert_eq!(addresses(&pod), ["10.1.0.2/24"]);
    Ok(())
}

fn a_macvlan_of_another_program() -> Outcome {
    let (scene, pod) = (Scene::set()?, Scene::pod("c1")?);
    let config = Scene::plain(&json!({}));
    let pid = pod.process.pid();
    let make = || {
        ip_do(scene.host(), &format!("link add link ens33 name eth0 netns {pid} type macvlan"));
    };
    let del = |config: &Value| scene.ok(&Call::of("DEL", config, &pod));
    let result = |mac: &Value| {
        json!({ "cniVersion": "1.1.0",
            "interfaces": [{ "name": "eth0", "mac": mac, "sandbox": pod.path }] })
    };
    make();
    scene.fails(106, &Call::of("ADD", &config, &pod))?;
    del(&config)?;
    del(&with_result(&config, &result(&json!("02:00:00:00:00:01"))))?;
    assert!(has(&pod, "eth0"));
    let mac = ip_link(&pod.netns, "eth0")["address"].clone();
    ip_do(&pod.netns, "link set eth0 alias my-other-tool");
    del(&with_result(&config, &result(&mac)))?;
    scene.ok(&Call::new("GC", &with_valid(&config, &[])))?;
    assert!(has(&pod, "eth0"));
    // The reference plugin leaves no alias, and its result.
    ip_do(&pod.netns, "link del eth0");
    make();
    let mac = ip_link(&pod.netns, "eth0")["address"].clone();
    del(&with_result(&config, &result(&mac)))?;
    assert!(!has(&pod, "eth0"));
    Ok(())
}

fn a_valid_interface_that_was_changed_inside() -> Outcome {
    let (scene, pod) = (Scene::set()?, Scene::pod("c1")?);
    let config = foreign::configured(&scene)?;
    let gc = || scene.ok(&Call::new("GC", &with_valid(&config, &[&pod])));
    let result = scene.ok(&Call::of("ADD", &config, &pod))?;
    ip_do(&pod.netns, "link set eth0 down");
    ip_do(&pod.netns, "link set eth0 name inside up");
    gc()?;
    assert!(has(&pod, "inside") && foreign::is_given(&scene));
    scene.ok(&Call::of("DEL", &config, &pod))?;
    assert!(!has(&pod, "inside") && !foreign::is_given(&scene));
    // Without an alias, ADD's result tells.
    let again = scene.ok(&Call::of("ADD", &config, &pod))?;
    assert_eq!(again["ips"], result["ips"]);
    let pid = pod.process.pid();
    let cleared = std::process::Command::new("nsenter")
        .args(["-t", &pid.to_string(), "-n", "ip", "link", "set", "eth0", "alias", ""])
        .status()?;
    assert!(cleared.success());
    assert_eq!(ip_link(&pod.netns, "eth0").get("ifalias"), None);
    gc()?;
    assert!(has(&pod, "eth0"));
    scene.ok(&Call::of("DEL", &with_result(&config, &again), &pod))?;
    assert!(!has(&pod, "eth0"));
    Ok(())
}

/// A container writes another one's name into the alias of its interface.
fn a_forged_mark() -> Outcome {
    let (scene, pod, forger) = (Scene::set()?, Scene::pod("c1")?, Scene::pod("c2")?);
    let config = foreign::configured(&scene)?;
    scene.ok(&Call::of("ADD", &config, &pod))?;
    let pid = forger.process.pid();
    ip_do(scene.host(), &format!("link add link ens33 name eth9 netns {pid} type macvlan"));
    for mark in ["macvlan-cni/blue/c1", "macvlan-cni/blue/c1/eth9"] {
        ip_do(&forger.netns, &format!("link set eth9 alias {mark}"));
        scene.ok(&Call::new("GC", &with_valid(&config, &[&pod])))?;
        assert!(foreign::is_given(&scene) && has(&pod, "eth0"), "{mark}");
        if !has(&forger, "eth9") {
            ip_do(scene.host(), &format!("link add link ens33 name eth9 netns {pid} type macvlan"));
        }
    }
    Ok(())
}

fn with_access(config: &Value) -> Value {
    merged(config.clone(), &json!({ "access": true }))
}

fn the_hosts_own_link() -> Outcome {
    let (scene, pod) = (Scene::set()?, Scene::pod("c1")?);
    let leased = with_access(&scene.leased(&json!({})));
    let plain = with_access(&foreign::configured(&scene)?);
    let both = |check: &dyn Fn() -> Outcome| -> Outcome {
        for config in [&leased, &plain] {
            let before = Snapshot::of(scene.host());
            let result = scene.ok(&Call::of("ADD", config, &pod))?;
            assert_eq!(access_routes(&scene).len(), 1);
            check()?;
            scene.ok(&Call::of("DEL", &with_result(config, &result), &pod))?;
            before.assert_same(scene.host());
        }
        Ok(())
    };
    // Made by the plugin, and removed with the last pod.
    both(&|| Ok(()))?;
    command(&scene, "access ens33 --address 192.168.15.9")?;
    both(&|| Ok(()))?;
    assert!(
        ip_try(scene.host(), "address show dev ens33-host")
            .is_ok_and(|all| all.contains("192.168.15.9"))
    );
    // Another process uses it, as the agent does.
    let host = Host::in_netns(scene.host())?;
    let used = host.access_by(Access::on("ens33")?.keep(true))?;
    both(&|| Ok(()))?;
    drop(used);
    command(&scene, "access remove ens33")?;
    // Made by the plugin, and taken over by the user.
    let result = scene.ok(&Call::of("ADD", &leased, &pod))?;
    command(&scene, "access ens33")?;
    scene.ok(&Call::of("DEL", &with_result(&leased, &result), &pod))?;
    assert!(access_routes(&scene).is_empty());
    assert!(ip_try(scene.host(), "link show ens33-host").is_ok());
    Ok(())
}

/// A further DEL finds no lease, and looks for routes that are left.
fn a_network_leaves_the_routes_of_another() -> Outcome {
    let scene = Scene::set()?;
    let of = |name: &str, first: &str, last: &str| {
        let ours = scene.leased(&json!({ "rangeStart": first, "rangeEnd": last }));
        with_access(&merged(ours, &json!({ "name": name })))
    };
    let one = of("one", "10.1.0.64", "10.1.0.127");
    let other = of("other", "10.1.0.128", "10.1.0.191");
    let (first, second) = (Scene::pod("c1")?, Scene::pod("c2")?);
    scene.ok(&Call::of("ADD", &one, &first))?;
    scene.ok(&Call::of("ADD", &other, &second))?;
    assert_eq!(access_routes(&scene), ["10.1.0.64", "10.1.0.128"]);
    for _ in 0..2 {
        scene.ok(&Call::of("DEL", &one, &first))?;
        assert_eq!(access_routes(&scene), ["10.1.0.128"]);
    }
    scene.ok(&Call::new("GC", &with_valid(&one, &[])))?;
    network(&scene, "reconcile")?;
    assert_eq!(access_routes(&scene), ["10.1.0.128"]);
    Ok(())
}

fn access_ends_with_the_pod() -> Outcome {
    let scene = Scene::set()?;
    let before = Snapshot::of(scene.host());
    let leased = with_access(&scene.leased(&json!({})));
    let plain = with_access(&foreign::configured(&scene)?);
    let add = |config: &Value, version: &str, id: &str| -> Outcome<Pod> {
        let pod = Scene::pod(id)?;
        let config = merged(config.clone(), &json!({ "cniVersion": version }));
        scene.ok(&Call::of("ADD", &config, &pod))?;
        assert_eq!(access_routes(&scene).len(), 1);
        Ok(pod)
    };
    // The lease is released by others.
    let ends: [(&str, &dyn Fn() -> Outcome); 3] = [
        ("collect", &|| network(&scene, "collect").map(drop)),
        ("reconcile", &|| network(&scene, "reconcile").map(drop)),
        ("GC", &|| scene.ok(&Call::new("GC", &with_valid(&leased, &[]))).map(drop)),
    ];
    for (by, end) in ends {
        drop(add(&leased, "1.1.0", by)?);
        end()?;
        assert_eq!(network(&scene, "leases")?, "", "{by}");
        before.assert_same(scene.host());
    }
    // By a program that knows nothing of access.
    let pod = add(&leased, "1.1.0", "c1")?;
    network(&scene, &format!("disconnect blue {}", pod.id))?;
    assert_eq!(access_routes(&scene).len(), 1);
    scene.ok(&Call::of("DEL", &leased, &pod))?;
    before.assert_same(scene.host());
    // Runtimes give no result before 0.4.0.
    let pod = add(&plain, "0.3.1", "c2")?;
    let config = merged(plain.clone(), &json!({ "cniVersion": "0.3.1" }));
    scene.ok(&Call::of("DEL", &config, &pod))?;
    before.assert_same(scene.host());
    let pod = add(&plain, "1.1.0", "c3")?;
    scene.ok(&Call::new("GC", &with_valid(&plain, &[])))?;
    before.assert_same(scene.host());
    drop(pod);
    // The interface has ended with its namespace.
    let pod = Scene::pod("c4")?;
    let result = scene.ok(&Call::of("ADD", &plain, &pod))?;
    let del = Call::of("DEL", &with_result(&plain, &result), &pod);
    drop((pod.netns, pod.process));
    scene.ok(&del)?;
    // The kernel is done with it a moment later.
    let has_left = || Ok(ip_link(scene.host(), "ens33")["promiscuity"] == 0);
    eventually("the interface is still on the parent", has_left)?;
    before.assert_same(scene.host());
    // The same by a runtime that gives no result.
    let pod = add(&plain, "1.1.0", "c7")?;
    let del_without_result = Call::of("DEL", &plain, &pod);
    drop((pod.netns, pod.process));
    scene.ok(&del_without_result)?;
    eventually("the interface is still on the parent", has_left)?;
    before.assert_same(scene.host());
    // By now, another pod has the address.
    let pod = add(&plain, "1.1.0", "c5")?;
    scene.ok(&del)?;
    assert_eq!(access_routes(&scene), ["10.4.0.10"]);
    // A pod can have any address that it likes.
    let odd = Scene::pod("c6")?;
    let layer_2 = merged(Scene::plain(&json!({})), &json!({ "name": "red" }));
    let removed = with_access(&layer_2);
    for by_gc in [false, true] {
        scene.ok(&Call::of("ADD", &layer_2, &odd))?;
        ip_do(&odd.netns, "address add 10.4.0.10/24 dev eth0");
        if by_gc {
            scene.ok(&Call::new("GC", &with_valid(&removed, &[])))?;
        } else {
            scene.ok(&Call::of("DEL", &removed, &odd))?;
        }
        assert!(!has(&odd, "eth0"));
        assert_eq!(access_routes(&scene), ["10.4.0.10"]);
    }
    scene.ok(&Call::of("DEL", &plain, &pod))?;
    before.assert_same(scene.host());
    Ok(())
}

fn two_adds_at_once() -> Outcome {
    let (scene, pod) = (Scene::set()?, Scene::pod("c1")?);
    let config = merged(scene.leased(&json!({})), &json!({ "probe": "quick" }));
    let calls = [
        scene.start(&Call::of("ADD", &config, &pod))?,
        scene.start(&Call::of("ADD", &config, &pod))?,
    ];
    let mut said = Vec::new();
    for call in calls {
        let output = call.wait_with_output()?;
        said.push((output.status.success(), String::from_utf8(output.stdout)?));
    }
    said.sort();
    assert!(!said[0].0 && said[0].1.contains("run DEL first"), "{said:?}");
    assert!(said[1].0, "{said:?}");
    assert_eq!(addresses(&pod), ["10.1.0.2/24"]);
    Ok(())
}

macvlan_tests::tests! {
    same_on_every_kernel:
    a_forged_mark,
    a_macvlan_of_another_program,
    a_network_of_another_runtime,
    a_valid_interface_that_was_changed_inside,
    a_network_leaves_the_routes_of_another,
    access_ends_with_the_pod,
    an_interface_of_another_network,
    an_interface_with_the_same_mac_address,
    the_hosts_own_link,
    two_adds_at_once,
}
