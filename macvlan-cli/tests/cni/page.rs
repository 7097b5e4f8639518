//! The examples of docs/cni.md.

use std::os::unix::fs::PermissionsExt as _;
use std::process::{Command, Output};

use macvlan_tests::{Etcd, Need, Outcome, ip_do, ip_try, need};
use serde_json::{Value, json};

use crate::common::{Call, Scene, merged};
use crate::strict;

const PAGE: &str = include_str!("../../../docs/cni.md");

/// Returns the examples, each as what follows `json` in its first line, and the text.
fn examples() -> Vec<(&'static str, &'static str)> {
    let blocks = PAGE.split("```json").skip(1);
    blocks
        .filter_map(|block| {
            let (kind, example) = block.split_once('\n')?;
            Some((kind.trim(), example.split_once("```")?.0))
        })
        .collect()
}

/// Returns the plugins' configurations, as a runtime makes them of a list.
fn configurations(example: &str) -> Outcome<Vec<Value>> {
    let json: Value = serde_json::from_str(example)?;
    let Some(plugins) = json["plugins"].as_array() else { return Ok(vec![json]) };
    let common = json!({ "cniVersion": json["cniVersion"], "name": json["name"] });
    Ok(plugins.iter().map(|plugin| merged(plugin.clone(), &common)).collect())
}

fn each_works() -> Outcome {
    let scene = Scene::set()?;
    // The reference plugin, as far as the examples have it: the subnet's second address.
    let host_local = scene.path("host-local");
    std::fs::write(
        &host_local,
        "#!/bin/sh\n[ \"$CNI_COMMAND\" = ADD ] || exit 0\nsed -n 's|.*\"subnet\":\"\\([0-9.]*\\)0/24\".*|{\"cniVersion\":\"1.0.0\",\"ips\":[{\"version\":\"4\",\"address\":\"\\12/24\"}]}|p'\n",
    )?;
    std::fs::set_permissions(&host_local, std::fs::Permissions::from_mode(0o755))?;
    let (mut worked, all) = (0, examples());
    for (kind, example) in all.iter().filter(|(kind, _)| kind.is_empty()) {
        for mut config in configurations(example)? {
            let is_vlan = example.contains("vlanId") || example.contains("ens33.");
            if is_vlan && need(Need::Vlan).is_err() {
                continue;
            }
            if config["ipam"]["type"] == "lan" {
                config["ipam"]["db"] = scene.path("n.db").into();
            }
            let pod = Scene::pod("c1")?;
            let result = scene.ok(&Call::of("ADD", &config, &pod))?;
            strict::check(config["cniVersion"].as_str().unwrap_or(kind), &result);
            scene.ok(&Call::of("DEL", &config, &pod))?;
            assert!(ip_try(&pod.netns, "link show eth0").is_err(), "{example}");
            worked += 1;
        }
    }
    assert!(worked >= 2, "{worked} of {}", all.len());
    Ok(())
}

fn with_etcd() -> Outcome {
    need(Need::Etcd)?;
    let (scene, etcd) = (Scene::set()?, Etcd::start()?);
    ip_do(etcd.netns(), "link add ens33 up type veth peer name other");
    ip_do(etcd.netns(), "link set other up");
    let (_, example) = examples().into_iter().find(|(kind, _)| *kind == "etcd").ok_or("none")?;
    let config: Value = serde_json::from_str(example)?;
    assert_eq!(config["ipam"]["etcd"], json!([Etcd::ENDPOINT]));
    let mut given = Vec::new();
    // Two hosts, by their names.
    for (host, id) in [("host-a", "c1"), ("host-b", "c2")] {
        let pod = Scene::pod(id)?;
        let mut config = config.clone();
        config["ipam"]["hostName"] = host.into();
        let run = |verb| -> Outcome<Output> {
            let child = scene.start_on(etcd.netns(), &Call::of(verb, &config, &pod))?;
            Ok(child.wait_with_output()?)
        };
        let output = run("ADD")?;
        let error: Value = serde_json::from_slice(&output.stdout)?;
        assert_eq!((output.status.code(), &error["code"]), (Some(1), &json!(11)), "{error}");
        let declare =
            ["network", "host", "add", host, "--host-name", host, "--etcd", Etcd::ENDPOINT];
        let mut command = Command::new(env!("CARGO_BIN_EXE_macvlan"));
        assert!(etcd.netns().run(|| command.args(declare).status())??.success());
        let output = run("ADD")?;
        assert!(output.status.success() && output.stderr.is_empty(), "{output:?}");
        let result: Value = serde_json::from_slice(&output.stdout)?;
        strict::check("1.0.0", &result);
        given.push((result["ips"][0]["address"].clone(), pod, config));
    }
    assert_eq!((&given[0].0, &given[1].0), (&json!("10.5.0.2/16"), &json!("10.5.0.3/16")));
    for (_, pod, config) in &given {
        for _ in 0..2 {
            let child = scene.start_on(etcd.netns(), &Call::of("DEL", config, pod))?;
            let output = child.wait_with_output()?;
            assert!(output.status.success(), "{output:?}");
        }
        assert!(ip_try(&pod.netns, "link show eth0").is_err());
    }
    Ok(())
}

macvlan_tests::tests! {
    same_on_every_kernel:
    each_works,
    with_etcd,
}
