//! STATUS, which fails if and only if an ADD would.

use std::process::Stdio;
use std::time::{Duration, Instant};

use macvlan_tests::{Etcd, Need, Outcome, eventually, ip_do, need};
use serde_json::{Value, json};

use crate::common::{Call, Pod, Scene, addresses, merged};

/// The ranges are at the end of subnets that nobody can walk through.
fn addresses_are_not_counted_one_by_one() -> Outcome {
    let (scene, pod) = (Scene::set()?, Scene::pod("c1")?);
    for (name, ipam) in [
        (
            "v6",
            json!({ "subnet": "fd77::/64", "rangeStart": "fd77::1:0:0:10", "rangeEnd": "fd77::1:0:0:10" }),
        ),
        ("v4", json!({ "subnet": "11.0.0.0/8", "rangeStart": "11.255.255.254" })),
    ] {
        let config = merged(scene.leased(&ipam), &json!({ "name": name }));
        let started = Instant::now();
        scene.ok(&Call::new("STATUS", &config))?;
        scene.ok(&Call::of("ADD", &config, &pod).with("CNI_IFNAME", name))?;
        let said = scene.fails(50, &Call::new("STATUS", &config))?;
        assert!(said.contains("has none left"), "{said}");
        assert!(started.elapsed() < Duration::from_secs(30), "{name}: {:?}", started.elapsed());
    }
    assert_eq!(addresses(&pod), ["fd77::1:0:0:10/64", "11.255.255.254/8"]);
    Ok(())
}

fn containers_that_ended_have_no_address() -> Outcome {
    let (scene, pod) = (Scene::set()?, Scene::pod("c1")?);
    let config = scene.leased(&json!({ "subnet": "10.1.0.0/30" }));
    scene.ok(&Call::of("ADD", &config, &pod))?;
    scene.fails(50, &Call::new("STATUS", &config))?;
    drop(pod);
    eventually("the address is not free", || {
        let output = scene.run(&Call::new("STATUS", &config))?;
        Ok(output.status.success())
    })?;
    let pod = Scene::pod("c2")?;
    scene.ok(&Call::of("ADD", &config, &pod))?;
    assert_eq!(addresses(&pod), ["10.1.0.2/30"]);
    Ok(())
}

/// Returns the code and the message of a failure; `None` if the call succeeds.
fn outcome(scene: &Scene, call: &Call<'_>) -> Outcome<Option<(u64, String)>> {
    let output = scene.run(call)?;
    if output.status.success() {
        return Ok(None);
    }
    let error: Value = serde_json::from_slice(&output.stdout)?;
    let code = error["code"].as_u64().ok_or("no code")?;
    Ok(Some((code, error["msg"].as_str().unwrap_or_default().to_owned())))
}

fn a_change_that_add_refuses() -> Outcome {
    let (scene, pod, other) = (Scene::set()?, Scene::pod("c1")?, Scene::pod("c2")?);
    let config = scene.leased(&json!({}));
    scene.ok(&Call::of("ADD", &config, &pod))?;
    let moved = scene.leased(&json!({ "subnet": "10.2.0.0/24" }));
    let foreign = merged(config.clone(), &json!({ "name": "foreign" }));
    let mut command = std::process::Command::new(env!("CARGO_BIN_EXE_macvlan"));
    let create = ["create", "foreign", "--parent", "ens33", "--subnet", "10.7.0.0/24"];
    command.args(["network", "--db", &scene.path("n.db")]).args(create);
    assert!(scene.host().run(|| command.output())??.status.success());
    let with = |more: Value| merged(config.clone(), &more);
    for (config, code, words) in [
        (moved.clone(), 50, "10.1.0.2"),
        (foreign, 50, "choose another name"),
        (with(json!({ "mtu": 9000 })), 7, "MTU 9000 is above the parent's 1500"),
        (with(json!({ "linkInContainer": true })), 7, "linkInContainer"),
        (with(json!({ "sysctl": { "net.ipv4.ip_forward": "1" } })), 7, "use the plugin tuning"),
        (with(json!({ "vlanId": 100 })), 7, "set kind macvlan"),
        (with(json!({ "master": "gone0" })), 50, "gone0"),
    ] {
        let (found, said) = outcome(&scene, &Call::new("STATUS", &config))?.ok_or("it succeeds")?;
        assert!(found == code && said.contains(words), "{found} {said}");
        assert!(outcome(&scene, &Call::of("ADD", &config, &other))?.is_some(), "{said}");
    }
    // The container has ended, and its lease is in the way no longer.
    drop(pod);
    eventually("the network cannot be changed", || {
        Ok(outcome(&scene, &Call::new("STATUS", &moved))?.is_none())
    })?;
    scene.ok(&Call::of("ADD", &moved, &other))?;
    assert_eq!(addresses(&other), ["10.2.0.2/24"]);
    Ok(())
}

/// So does an ADD by itself, whichever network the lease is in.
fn leases_of_ended_containers_are_not_in_the_way() -> Outcome {
    let scene = Scene::set()?;
    let config = scene.leased(&json!({}));
    let moved = scene.leased(&json!({ "subnet": "10.2.0.0/24" }));
    let red = merged(moved.clone(), &json!({ "name": "red" }));
    for (id, before, after) in [("c1", &config, &moved), ("c3", &moved, &red)] {
        let pod = Scene::pod(id)?;
        scene.ok(&Call::of("ADD", before, &pod))?;
        let next = Scene::pod("next")?;
        let said = scene.run(&Call::of("ADD", after, &next))?;
        assert!(!said.status.success(), "{said:?}");
        drop(pod);
        eventually("the lease is in the way", || {
            Ok(outcome(&scene, &Call::of("ADD", after, &next))?.is_none())
        })?;
        assert_eq!(addresses(&next), ["10.2.0.2/24"]);
        scene.ok(&Call::of("DEL", after, &next))?;
    }
    Ok(())
}

fn a_chosen_parent_that_is_gone() -> Outcome {
    let scene = Scene::set()?;
    let mut config = scene.leased(&json!({}));
    config.as_object_mut().ok_or("not an object")?.remove("master");
    let said = scene.fails(50, &Call::new("STATUS", &config))?;
    assert!(said.contains("no default route"), "{said}");
    ip_do(scene.host(), "route add default via 192.168.15.2");
    let pod = Scene::pod("c1")?;
    scene.ok(&Call::of("ADD", &config, &pod))?;
    scene.ok(&Call::of("DEL", &config, &pod))?;
    // The network keeps its parent while that is there.
    ip_do(scene.host(), "route del default");
    scene.ok(&Call::new("STATUS", &config))?;
    ip_do(scene.host(), "link set ens33 down");
    ip_do(scene.host(), "link set ens33 name lan7");
    let said = scene.fails(50, &Call::new("STATUS", &config))?;
    assert!(said.contains("no default route"), "{said}");
    ip_do(scene.host(), "link set lan7 up");
    ip_do(scene.host(), "route add default via 192.168.15.2");
    scene.ok(&Call::new("STATUS", &config))?;
    scene.ok(&Call::of("ADD", &config, &pod))?;
    assert_eq!(addresses(&pod), ["10.1.0.2/24"]);
    Ok(())
}

/// Calls ADD, and then STATUS and ADD with a full disk and with one that cannot be written.
const DISK: &str = r#"
mount -t tmpfs -o size=400k tmpfs "$PLACE"
call() {
    CNI_COMMAND=$1 CNI_CONTAINERID=$2 CNI_IFNAME=$2 "$PROGRAM" < "$CONFIG" > "$CONFIG.said" ||
        grep -o '"code":[0-9]*' "$CONFIG.said"
    echo "$1"
}
call ADD c1
call STATUS
dd if=/dev/zero of="$PLACE/fill" bs=1k count=400 2> /dev/null || true
call STATUS
call ADD c2
rm "$PLACE/fill"
call STATUS
mount -o remount,ro "$PLACE"
call STATUS
call ADD c3
"#;

fn a_store_that_cannot_be_written() -> Outcome {
    let (scene, pod) = (Scene::set()?, Scene::pod("c1")?);
    let place = scene.path("disk");
    std::fs::create_dir(&place)?;
    let config = scene.leased(&json!({ "db": format!("{place}/n.db") }));
    std::fs::write(scene.path("config"), config.to_string())?;
    let mut command = std::process::Command::new("unshare");
    command
        .args(["--mount", "sh", "-e", "-c", DISK])
        .envs(scene.variables(&Call::of("ADD", &config, &pod)))
        .env("PLACE", &place)
        .env("CONFIG", scene.path("config"))
        .env("PROGRAM", env!("CARGO_BIN_EXE_macvlan"))
        .stderr(Stdio::inherit());
    let output = scene.host().run(|| command.output())??;
    let said = String::from_utf8(output.stdout)?;
    let expected = [
        "ADD",
        "STATUS",
        "\"code\":50",
        "STATUS",
        "\"code\":219",
        "ADD",
        "STATUS",
        "\"code\":50",
        "STATUS",
        "\"code\":219",
        "ADD",
    ];
    assert_eq!(said.lines().collect::<Vec<_>>(), expected);
    Ok(())
}

/// A host takes addresses from its share and from the common pool, not from another host's share.
fn shares_of_hosts() -> Outcome {
    need(Need::Etcd)?;
    let (scene, etcd) = (Scene::set()?, Etcd::start()?);
    ip_do(etcd.netns(), "link add ens33 up type veth peer name other");
    ip_do(etcd.netns(), "link set other up");
    let run = |verb, host: &str, pod: &Pod| -> Outcome<Option<u64>> {
        let config = scene.leased(&json!({
            "db": null, "etcd": [Etcd::ENDPOINT], "hostName": host,
            "subnet": "10.5.0.0/29", "blockSize": 4,
        }));
        let output =
            scene.start_on(etcd.netns(), &Call::of(verb, &config, pod))?.wait_with_output()?;
        if output.status.success() {
            return Ok(None);
        }
        let error: Value = serde_json::from_slice(&output.stdout)?;
        Ok(error["code"].as_u64())
    };
    let pods: Vec<Pod> =
        ["c1", "c2", "c3"].iter().map(|id| Scene::pod(id)).collect::<Outcome<_>>()?;
    for host in ["a", "b"] {
        assert_eq!(run("STATUS", host, &pods[0])?, Some(50), "it does not count as alive");
        let declare =
            ["network", "host", "add", host, "--host-name", host, "--etcd", Etcd::ENDPOINT];
        let mut command = std::process::Command::new(env!("CARGO_BIN_EXE_macvlan"));
        assert!(etcd.netns().run(|| command.args(declare).status())??.success());
    }
    for (verb, host, pod, expected) in [
        ("STATUS", "a", 0, None),
        ("ADD", "a", 0, None),
        ("STATUS", "b", 1, None),
        // The last one of the pool.
        ("ADD", "b", 1, None),
        ("STATUS", "b", 2, Some(50)),
        ("ADD", "b", 2, Some(208)),
        ("STATUS", "a", 2, None),
        ("ADD", "a", 2, None),
        ("DEL", "b", 1, None),
        ("STATUS", "b", 1, None),
        ("ADD", "b", 1, None),
    ] {
        assert_eq!(run(verb, host, &pods[pod])?, expected, "{verb} {host}");
    }
    assert_eq!(addresses(&pods[2]), ["10.5.0.3/29"]);
    Ok(())
}

macvlan_tests::tests! {
    same_on_every_kernel:
    a_change_that_add_refuses,
    a_chosen_parent_that_is_gone,
    a_store_that_cannot_be_written,
    addresses_are_not_counted_one_by_one,
    containers_that_ended_have_no_address,
    leases_of_ended_containers_are_not_in_the_way,
    shares_of_hosts,
}
