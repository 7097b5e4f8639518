//! DEL in every state, and GC.

use macvlan_tests::{Outcome, Stop, ip_do, ip_lines, ip_try, is_guest};
use serde_json::{Value, json};

use crate::common::{Call, Pod, Scene, merged, with_valid};

/// Returns the containers with leases, in the order of their addresses.
fn leases(scene: &Scene) -> Outcome<Vec<String>> {
    let mut command = std::process::Command::new(env!("CARGO_BIN_EXE_macvlan"));
    command.args(["network", "--db", &scene.path("n.db"), "leases", "--json"]);
    let output = scene.host().run(|| command.output())??;
    let listed: Value = serde_json::from_slice(&output.stdout)?;
    let all = listed.as_array().ok_or("not a list")?.iter();
    Ok(all.filter_map(|lease| Some(lease["container"].as_str()?.to_owned())).collect())
}

fn del(config: &Value, pod: &Pod) -> Call<'static> {
    Call::of("DEL", config, pod)
}

fn del_succeeds_in_every_state() -> Outcome {
    let scene = Scene::set()?;
    let config = scene.leased(&json!({}));
    // Before anything was made.
    scene.ok(&del(&config, &Scene::pod("c0")?))?;
    assert!(!std::path::Path::new(&scene.path("n.db")).exists());
    let add = |id: &str| -> Outcome<Pod> {
        let pod = Scene::pod(id)?;
        scene.ok(&Call::of("ADD", &config, &pod))?;
        Ok(pod)
    };
    let twice = |call: Call<'_>| -> Outcome {
        scene.ok(&call)?;
        assert_eq!(leases(&scene)?, Vec::<String>::new());
        scene.ok(&call)?;
        Ok(())
    };
    // The interface is gone.
    let pod = add("c1")?;
    ip_do(&pod.netns, "link del eth0");
    twice(del(&config, &pod))?;
    // No namespace is named, but there is one.
    let pod = add("c2")?;
    twice(del(&config, &pod).with("CNI_NETNS", ""))?;
    assert!(ip_try(&pod.netns, "link show eth0").is_err());
    // The namespace is gone.
    let pod = add("c3")?;
    let (with, without) = (del(&config, &pod), del(&config, &pod).with("CNI_NETNS", ""));
    drop((pod.netns, pod.process));
    twice(with)?;
    scene.ok(&without)?;
    // The path leads to another namespace by now.
    let (pod, other) = (add("c4")?, Scene::pod("c4")?);
    twice(del(&config, &other))?;
    assert!(ip_try(&pod.netns, "link show eth0").is_err());
    // The store is gone. Only the result of ADD tells that the interface is of this network.
    let pod = Scene::pod("c5")?;
    let result = scene.ok(&Call::of("ADD", &config, &pod))?;
    for end in ["", "-wal", "-shm"] {
        let _ = std::fs::remove_file(scene.path(&format!("n.db{end}")));
    }
    scene.ok(&del(&config, &pod))?;
    assert!(ip_try(&pod.netns, "link show eth0").is_ok());
    let given = merged(config.clone(), &json!({ "prevResult": result }));
    scene.ok(&del(&given, &pod).with("CNI_CONTAINERID", "c6"))?;
    assert!(ip_try(&pod.netns, "link show eth0").is_ok());
    scene.ok(&del(&given, &pod))?;
    assert!(ip_try(&pod.netns, "link show eth0").is_err());
    Ok(())
}

fn del_does_without_a_log_and_a_result() -> Outcome {
    let (scene, pod) = (Scene::set()?, Scene::pod("c1")?);
    std::fs::create_dir(scene.path("logs"))?;
    let config = merged(scene.leased(&json!({})), &json!({ "log": scene.path("logs/log") }));
    let odd = [
        json!({ "ips": [{ "address": "10.1.0.2/24", "interface": -1 }] }),
        json!({ "routes": [{ "dst": "0.0.0.0/0", "scope": 300 }] }),
        json!([]),
    ];
    for result in odd {
        std::fs::create_dir_all(scene.path("logs"))?;
        scene.ok(&Call::of("ADD", &config, &pod))?;
        std::fs::remove_dir_all(scene.path("logs"))?;
        let given = merged(config.clone(), &json!({ "prevResult": result }));
        let output = scene.run(&del(&given, &pod))?;
        assert!(output.status.success(), "{output:?}");
        assert!(output.stderr.starts_with(b"macvlan: DEL blue c1/eth0: done"), "{output:?}");
        assert!(ip_try(&pod.netns, "link show eth0").is_err());
        assert_eq!(leases(&scene)?, Vec::<String>::new());
        scene.fails(6, &Call::of("CHECK", &given, &pod))?;
    }
    let output = scene.run(&Call::new("GC", &with_valid(&config, &[])))?;
    assert!(output.status.success(), "{output:?}");
    Ok(())
}

/// A store that cannot be written, in a mount namespace of the call.
fn del_with_a_store_that_is_read_only() -> Outcome {
    let (scene, pod) = (Scene::set()?, Scene::pod("c1")?);
    let config = scene.leased(&json!({}));
    scene.ok(&Call::of("ADD", &config, &pod))?;
    let there = scene.directory.path().display().to_string();
    let run = |call: &Call<'_>| -> Outcome<std::process::Output> {
        std::fs::write(scene.path("config.json"), call.text())?;
        let binary = env!("CARGO_BIN_EXE_macvlan");
        let script = format!(
            "mount --bind {there} {there} && mount -o remount,bind,ro {there} && exec {binary}"
        );
        let mut command = std::process::Command::new("unshare");
        command
            .args(["--mount", "sh", "-c", &script])
            .envs(scene.variables(call))
            .stdin(std::fs::File::open(scene.path("config.json"))?);
        Ok(scene.host().run(|| command.output())??)
    };
    // The interface has the address, so the lease must not be lost.
    let output = run(&del(&config, &pod))?;
    assert!(!output.status.success(), "{output:?}");
    assert_eq!(leases(&scene)?, ["c1"]);
    drop((pod.netns, pod.process));
    let gone = Call::new("DEL", &config).with("CNI_CONTAINERID", "c1").with("CNI_IFNAME", "eth0");
    let output = run(&gone)?;
    assert!(output.status.success() && output.stdout.is_empty(), "{output:?}");
    assert_eq!(leases(&scene)?, ["c1"]);
    scene.ok(&gone)?;
    assert_eq!(leases(&scene)?, Vec::<String>::new());
    Ok(())
}

fn del_with_a_store_that_is_away() -> Outcome {
    let (scene, pod) = (Scene::set()?, Scene::pod("c1")?);
    let away = json!({ "etcd": ["http://127.0.0.1:1"], "hostName": "a", "db": null });
    let config = scene.leased(&away);
    // The interface may have the address.
    scene.fails(11, &del(&config, &pod))?;
    // It has ended with the namespace.
    scene.ok(&del(&config, &pod).with("CNI_NETNS", ""))?;
    scene.fails(50, &Call::new("STATUS", &config))?;
    // A file that is not a store would lose the lease for good.
    std::fs::write(scene.path("n.db"), "something else, longer than a header of a database")?;
    scene.fails(217, &del(&scene.leased(&json!({})), &pod).with("CNI_NETNS", ""))?;
    Ok(())
}

fn gc_leaves_what_is_valid() -> Outcome {
    let scene = Scene::set()?;
    let config = scene.leased(&json!({}));
    let red = merged(scene.leased(&json!({ "subnet": "10.3.0.0/24" })), &json!({ "name": "red" }));
    let pods: Vec<Pod> =
        ["c1", "c2", "c3"].iter().map(|id| Scene::pod(id)).collect::<Outcome<_>>()?;
    for pod in &pods {
        scene.ok(&Call::of("ADD", &config, pod))?;
    }
    let other = Scene::pod("c4")?;
    scene.ok(&Call::of("ADD", &red, &other))?;
    scene.ok(&Call::new("GC", &with_valid(&config, &[&pods[1]])))?;
    assert_eq!(leases(&scene)?, ["c2", "c4"]);
    assert!(ip_try(&pods[0].netns, "link show eth0").is_err());
    assert!(ip_try(&pods[1].netns, "link show eth0").is_ok());
    scene.ok(&Call::new("GC", &with_valid(&config, &[])))?;
    assert_eq!(leases(&scene)?, ["c4"]);
    Ok(())
}

/// Podman adds the networks of a container in any order.
fn the_first_interface_has_the_default_route() -> Outcome {
    let (scene, pod) = (Scene::set()?, Scene::pod("c1")?);
    for (interface, subnet, through) in [
        ("eth1", "10.2.0.0/24", "default via 10.2.0.1 dev eth1"),
        ("eth0", "10.3.0.0/24", "default via 10.3.0.1 dev eth0"),
    ] {
        let ipam = json!({ "subnet": subnet, "routes": [{ "dst": "0.0.0.0/0" }] });
        let config = merged(scene.leased(&ipam), &json!({ "name": interface }));
        scene.ok(&Call::of("ADD", &config, &pod).with("CNI_IFNAME", interface))?;
        let routes = ip_lines(&pod.netns, "route show default");
        assert!(routes.len() == 1 && routes[0].starts_with(through), "{routes:?}");
    }
    Ok(())
}

fn a_network_of_others_is_left() -> Outcome {
    let (scene, pod) = (Scene::set()?, Scene::pod("c1")?);
    let mut command = std::process::Command::new(env!("CARGO_BIN_EXE_macvlan"));
    let create = ["create", "blue", "--parent", "ens33", "--subnet", "10.1.0.0/24"];
    command.args(["network", "--db", &scene.path("n.db")]).args(create);
    assert!(scene.host().run(|| command.output())??.status.success());
    let said = scene.fails(100, &Call::of("ADD", &scene.leased(&json!({})), &pod))?;
    assert!(said.contains("choose another name"), "{said}");
    Ok(())
}

/// Each process syncs what it has changed once, and creates and deletes no file.
fn a_call_waits_for_no_disk() -> Outcome {
    if is_guest()? {
        return Err(Stop::Ignored("strace does not work in the guest".to_owned()));
    }
    let (scene, pods) = (Scene::set()?, [Scene::pod("c0")?, Scene::pod("c1")?]);
    let config = scene.leased(&json!({ "routes": [{ "dst": "0.0.0.0/0" }] }));
    // It makes the network and the store.
    scene.ok(&Call::of("ADD", &config, &pods[0]))?;
    for verb in ["ADD", "DEL"] {
        let call = Call::of(verb, &config, &pods[1]);
        let (report, text) = (scene.path("trace"), scene.path("config.json"));
        std::fs::write(&text, call.text())?;
        let mut strace = std::process::Command::new("strace");
        strace
            .args(["-f", "-qq", "-e", "trace=fsync,fdatasync,unlink,rename,ftruncate", "-y"])
            .args(["-o", &report, env!("CARGO_BIN_EXE_macvlan")])
            .envs(scene.variables(&call))
            .stdin(std::fs::File::open(text)?);
        let output = match scene.host().run(|| strace.output())? {
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
                return Err(Stop::Ignored("strace is missing".to_owned()));
            }
            output => output?,
        };
        assert!(output.status.success(), "{output:?}");
        let calls = std::fs::read_to_string(&report)?;
        let of = |file: &str| calls.lines().filter(|line| line.contains(file)).count();
        let count = (of("n.db-wal>)"), of("n.db>"), of("unlink"), of("sync("));
        assert_eq!(count, (0, 0, 0, 0), "{verb}: {calls}");
    }
    Ok(())
}

macvlan_tests::tests! {
    same_on_every_kernel:
    a_call_waits_for_no_disk,
    a_network_of_others_is_left,
    the_first_interface_has_the_default_route,
    del_does_without_a_log_and_a_result,
    del_succeeds_in_every_state,
    del_with_a_store_that_is_read_only,
    del_with_a_store_that_is_away,
    gc_leaves_what_is_valid,
}
