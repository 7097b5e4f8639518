//! The fields of the configuration, by their effects.

use macvlan_tests::{Outcome, Snapshot, ip, ip_do, ip_lines, ip_link, ping, silent};
use serde_json::{Value, json};

use crate::common::{Call, Scene, merged};
use crate::others::network;

fn the_link_is_as_configured() -> Outcome {
    let scene = Scene::set()?;
    let mac = "02:00:00:00:00:77";
    let fields = json!({ "mode": "private", "mtu": 1400, "bcqueuelen": 500, "mac": mac });
    for config in [
        Scene::plain(&json!({})),
        merged(scene.leased(&json!({})), &json!({ "macFrom": "container" })),
    ] {
        let pod = Scene::pod("c1")?;
        let config = merged(config, &fields);
        let result = scene.ok(&Call::of("ADD", &config, &pod))?;
        let link = ip_link(&pod.netns, "eth0");
        assert_eq!((&link["mtu"], &link["address"]), (&json!(1400), &json!(mac)));
        let data = &link["linkinfo"]["info_data"];
        assert_eq!((&data["mode"], &data["bcqueuelen"]), (&json!("private"), &json!(500)));
        assert_eq!(result["interfaces"][0]["mac"], mac);
        assert_eq!(result["interfaces"][0]["sandbox"], pod.path.as_str());
        let given = merged(config.clone(), &json!({ "prevResult": result }));
        scene.ok(&Call::of("CHECK", &given, &pod))?;
        scene.ok(&Call::of("DEL", &config, &pod))?;
    }
    Ok(())
}

fn the_runtimes_mac_comes_first() -> Outcome {
    let scene = Scene::set()?;
    let mac = |last: u8| format!("02:00:00:00:00:{last:02x}");
    let config = Scene::plain(&json!({ "mac": mac(1) }));
    let args = json!({ "args": { "cni": { "mac": mac(3) } } });
    let capability = json!({ "runtimeConfig": { "mac": mac(4) } });
    let by_args = merged(config.clone(), &args);
    for (config, arguments, expected) in [
        (config.clone(), String::new(), 1),
        (config, format!("MAC={}", mac(2)), 2),
        (by_args.clone(), format!("MAC={}", mac(2)), 3),
        (merged(by_args, &capability), String::new(), 4),
    ] {
        let pod = Scene::pod("c1")?;
        scene.ok(&Call::of("ADD", &config, &pod).with("CNI_ARGS", &arguments))?;
        assert_eq!(ip_link(&pod.netns, "eth0")["address"], mac(expected));
        scene.ok(&Call::of("DEL", &config, &pod))?;
    }
    Ok(())
}

/// The reference plugins take the forms that Go's `net.ParseMAC` does.
fn a_mac_address_in_other_forms() -> Outcome {
    let scene = Scene::set()?;
    let by_capability = |mac: &str| json!({ "runtimeConfig": { "mac": mac } });
    for (form, mac) in
        [("02-42-AC-11-00-09", "02:42:ac:11:00:09"), ("0242.ac11.000A", "02:42:ac:11:00:0a")]
    {
        for (fields, arguments) in [
            (json!({ "mac": form }), String::new()),
            (by_capability(form), String::new()),
            (json!({}), format!("MAC={form}")),
        ] {
            let pod = Scene::pod("c1")?;
            let config = merged(scene.leased(&json!({})), &fields);
            let add = Call::of("ADD", &config, &pod).with("CNI_ARGS", &arguments);
            let mut result = scene.ok(&add)?;
            assert_eq!(ip_link(&pod.netns, "eth0")["address"], mac);
            assert_eq!(result["interfaces"][0]["mac"], mac);
            // The plugin tuning answers it as it was given.
            result["interfaces"][0]["mac"] = json!(form);
            let given = merged(config, &json!({ "prevResult": result }));
            scene.ok(&Call::of("CHECK", &given, &pod))?;
            scene.ok(&Call::of("DEL", &given, &pod))?;
        }
    }
    let pod = Scene::pod("c1")?;
    for wrong in [
        "02-42:ac-11-00-09",
        "02-42-ac-11-00",
        "0242.ac11.0",
        "0242-ac11-0009",
        "02.42.ac.11.00.09",
        "02-42-ac-11-00-+9",
        "03-42-ac-11-00-09",
        "0242.ac11.000ä",
    ] {
        let config = Scene::plain(&by_capability(wrong));
        let said = scene.fails(7, &Call::of("ADD", &config, &pod))?;
        assert!(said.contains("MAC address"), "{said}");
    }
    Ok(())
}

fn without_a_master_it_is_the_default_routes_link() -> Outcome {
    let scene = Scene::set()?;
    let mut config = scene.leased(&json!({}));
    config.as_object_mut().ok_or("not an object")?.remove("master");
    let pod = Scene::pod("c1")?;
    let said = scene.fails(100, &Call::of("ADD", &config, &pod))?;
    assert!(said.contains("no default route"), "{said}");
    ip_do(scene.host(), "route add default via 192.168.15.2 metric 100");
    // As of a VPN, whose rules decide when it is used.
    ip_do(scene.host(), "link add wg0 up type veth peer name other");
    ip_do(scene.host(), "route add default dev wg0 table 51820");
    scene.ok(&Call::of("ADD", &config, &pod))?;
    // The network keeps its parent.
    ip_do(scene.host(), "route del default table main");
    let other = Scene::pod("c2")?;
    scene.ok(&Call::of("ADD", &config, &other))?;
    assert!(ping(&pod.netns, "10.1.0.3").is_some());
    Ok(())
}

/// The interface stays where it is when the default route changes.
fn check_without_a_master() -> Outcome {
    let (scene, pod) = (Scene::set()?, Scene::pod("c1")?);
    let mut config = Scene::plain(&json!({}));
    config.as_object_mut().ok_or("not an object")?.remove("master");
    ip_do(scene.host(), "route add default via 192.168.15.2");
    let result = scene.ok(&Call::of("ADD", &config, &pod))?;
    let given = merged(config, &json!({ "prevResult": result }));
    ip_do(scene.host(), "link add ens34 up type veth peer name other");
    ip_do(scene.host(), "link set other up");
    ip_do(scene.host(), "route replace default dev ens34");
    scene.ok(&Call::of("CHECK", &given, &pod))?;
    ip_do(&pod.netns, "link del eth0");
    let said = scene.fails(100, &Call::of("CHECK", &given, &pod))?;
    assert!(said.contains("the link does not exist"), "{said}");
    Ok(())
}

fn a_link_in_the_container() -> Outcome {
    let (scene, pod) = (Scene::set()?, Scene::pod("c1")?);
    ip_do(&pod.netns, "link add ens9 up type veth peer name other");
    ip_do(&pod.netns, "link set other up");
    ip_do(&pod.netns, "link set lo up");
    let before = Snapshot::of(&pod.netns);
    let config = Scene::plain(&json!({ "master": "ens9", "linkInContainer": true }));
    let result = scene.ok(&Call::of("ADD", &config, &pod))?;
    assert_eq!(ip_link(&pod.netns, "eth0")["link"], "ens9");
    let given = merged(config.clone(), &json!({ "prevResult": result }));
    scene.ok(&Call::of("CHECK", &given, &pod))?;
    for _ in 0..2 {
        scene.ok(&Call::of("DEL", &config, &pod))?;
    }
    before.assert_same(&pod.netns);
    drop(pod.process);
    scene
        .ok(&Call::new("DEL", &config).with("CNI_CONTAINERID", "c1").with("CNI_IFNAME", "eth0"))?;
    Ok(())
}

fn sysctls_and_source_routing() -> Outcome {
    let (scene, pod) = (Scene::set()?, Scene::pod("c1")?);
    let outside = Snapshot::of(scene.host());
    let config = merged(
        scene.leased(&json!({ "routes": [{ "dst": "0.0.0.0/0" }] })),
        &json!({
            "sysctl": {
                "net.ipv4.conf.IFNAME.arp_ignore": "2", "net.ipv6.conf.IFNAME.disable_ipv6": "0",
            },
            "sourceRouting": 77, "announce": true,
        }),
    );
    let result = scene.ok(&Call::of("ADD", &config, &pod))?;
    let sysctl = || std::fs::read_to_string("/proc/sys/net/ipv4/conf/eth0/arp_ignore");
    assert_eq!(pod.netns.run(sysctl)??.trim(), "2");
    assert_eq!(ip_lines(&pod.netns, "route show default"), Vec::<String>::new());
    let table = ip_lines(&pod.netns, "route show table 77");
    assert!(table.iter().any(|route| route.starts_with("default via 10.1.0.1")), "{table:?}");
    let rules = ip(&pod.netns, "rule show");
    assert!(rules.as_array().is_some_and(|all| all.iter().any(|rule| rule["table"] == "77")));
    let given = merged(config.clone(), &json!({ "prevResult": result }));
    scene.ok(&Call::of("CHECK", &given, &pod))?;
    // The network's own repair leaves what the configuration has beside it.
    assert_eq!(network(&scene, "reconcile")?, "");
    scene.ok(&Call::of("CHECK", &given, &pod))?;
    scene.ok(&Call::of("DEL", &config, &pod))?;
    assert_eq!(ip_lines(&pod.netns, "route show table 77"), Vec::<String>::new());
    outside.assert_same(scene.host());
    Ok(())
}

fn the_host_reaches_its_pods() -> Outcome {
    let scene = Scene::set()?;
    let outside = Snapshot::of(scene.host());
    let (pod, other) = (Scene::pod("c1")?, Scene::pod("c2")?);
    let ours = json!({ "subnet": "192.168.15.0/24", "rangeStart": "192.168.15.10" });
    let config = merged(scene.leased(&ours), &json!({ "access": true }));
    for pod in [&pod, &other] {
        scene.ok(&Call::of("ADD", &config, pod))?;
    }
    assert!(ping(scene.host(), "192.168.15.10").is_some());
    assert!(ping(&other.netns, "192.168.15.1").is_some());
    scene.ok(&Call::of("DEL", &config, &pod))?;
    assert!(ping(scene.host(), "192.168.15.11").is_some());
    scene.ok(&Call::of("DEL", &config, &other))?;
    outside.assert_same(scene.host());
    Ok(())
}

fn an_address_of_another_host_is_skipped() -> Outcome {
    let scene = Scene::set()?;
    ip_do(&scene.lab.b.netns, "address add 10.1.0.2/24 dev ens33");
    let config = merged(scene.leased(&json!({})), &json!({ "probe": "quick" }));
    let pod = Scene::pod("c1")?;
    let result = scene.ok(&Call::of("ADD", &config, &pod))?;
    assert_eq!(result["ips"][0]["address"], "10.1.0.3/24");
    let other = Scene::pod("c2")?;
    let taken = Call::of("ADD", &config, &other).with("CNI_ARGS", "IP=10.1.0.2");
    let said = scene.fails(210, &taken)?;
    assert!(said.contains("10.1.0.2"), "{said}");
    Ok(())
}

fn a_change_of_the_configuration_changes_the_network() -> Outcome {
    let scene = Scene::set()?;
    let (pod, other) = (Scene::pod("c1")?, Scene::pod("c2")?);
    let config = scene.leased(&json!({}));
    scene.ok(&Call::of("ADD", &config, &pod))?;
    let changed = merged(config.clone(), &json!({ "mtu": 1300 }));
    scene.ok(&Call::of("ADD", &changed, &other))?;
    assert_eq!(ip_link(&other.netns, "eth0")["mtu"], 1300);
    assert!(!silent(&other.netns, "10.1.0.2"));
    // The first container's address would be in no subnet.
    let moved = scene.leased(&json!({ "subnet": "10.2.0.0/24" }));
    let third = Scene::pod("c3")?;
    let said = scene.fails(204, &Call::of("ADD", &moved, &third))?;
    assert!(said.contains("10.1.0.2"), "{said}");
    for pod in [&pod, &other] {
        scene.ok(&Call::of("DEL", &config, pod))?;
    }
    let result: Value = scene.ok(&Call::of("ADD", &moved, &pod))?;
    assert_eq!(result["ips"][0]["address"], "10.2.0.2/24");
    Ok(())
}

macvlan_tests::tests! {
    same_on_every_kernel:
    a_change_of_the_configuration_changes_the_network,
    a_link_in_the_container,
    check_without_a_master,
    an_address_of_another_host_is_skipped,
    sysctls_and_source_routing,
    the_host_reaches_its_pods,
    the_link_is_as_configured,
    the_runtimes_mac_comes_first,
    a_mac_address_in_other_forms,
    without_a_master_it_is_the_default_routes_link,
}
