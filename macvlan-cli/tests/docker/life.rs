//! A container from its address to the release of it.

use std::time::{Duration, Instant};

use macvlan_tests::{Outcome, Wire, eventually, ip_addresses, ip_lines, ip_link, ping};
use serde_json::{Value, json};

use crate::call::{Inside, Scene, endpoint, network, of};

fn capabilities() -> Outcome {
    let scene = Scene::set()?;
    let all = scene.ok("Plugin.Activate", &Value::Null)?;
    assert_eq!(all, json!({ "Implements": ["NetworkDriver", "IpamDriver"] }));
    // Docker sends no body for it.
    assert_eq!(scene.post("Plugin.Activate", "")?, (200, all));
    let network = scene.ok("NetworkDriver.GetCapabilities", &json!({}))?;
    assert_eq!((&network["Scope"], &network["GwAllocChecker"]), (&json!("local"), &json!(true)));
    let ipam = scene.ok("IpamDriver.GetCapabilities", &json!({}))?;
    assert_eq!(ipam["RequiresMACAddress"], false);
    assert_eq!(scene.post("NetworkDriver.Unknown", "{}")?.0, 404);
    let check =
        |options: Value| scene.ok("NetworkDriver.GwAllocCheck", &json!({ "Options": options }));
    let none = json!({ "com.docker.network.generic": { "gateway": "none" } });
    assert_eq!(check(none)?, json!({ "SkipIPv4": true, "SkipIPv6": true }));
    assert_eq!(check(Value::Null)?["SkipIPv4"], false);
    Ok(())
}

fn from_start_to_end() -> Outcome {
    let (scene, inside) = (Scene::set()?, Inside::start()?);
    let pool = scene.lan("n1", &json!({}))?;
    let address = scene.address(&pool, "")?;
    assert_eq!(address, "192.168.15.64/24");
    let interface = json!({ "Address": address, "AddressIPv6": "", "MacAddress": "" });
    let made = scene.ok("NetworkDriver.CreateEndpoint", &endpoint("n1", "e1", &interface))?;
    let joined = scene.ok("NetworkDriver.Join", &of("n1", "e1", &inside.path))?;
    let link = joined["InterfaceName"]["SrcName"].as_str().ok_or("no link")?;
    assert_eq!(
        joined,
        json!({
            "InterfaceName": { "SrcName": link, "DstPrefix": "eth" },
            "Gateway": "192.168.15.1",
            "StaticRoutes": [],
            "DisableGatewayService": true,
        })
    );
    let shown = ip_link(scene.host(), link);
    assert_eq!(made["Interface"], json!({ "MacAddress": shown["address"] }));
    assert_eq!(
        (&shown["linkinfo"]["info_kind"], &shown["operstate"]),
        (&json!("macvlan"), &json!("DOWN"))
    );
    assert_eq!(scene.leases()?, json!([["e1", ["192.168.15.64/24"]]]));
    // As Docker ends an endpoint that was never moved.
    scene.leave("n1", "e1", &pool, &address)?;
    assert_eq!(scene.leases()?, json!([]));
    let links = ip_lines(scene.host(), "link show");
    assert!(!links.iter().any(|line| line.contains(link)), "{links:?}");
    // Again, moved in and back.
    let joined = scene.join("n1", "e2", &pool, &inside)?;
    let link = joined["InterfaceName"]["SrcName"].as_str().ok_or("no link")?;
    assert!(ping(&inside.netns, "192.168.15.2").is_some());
    eventually("the lease is not bound", || {
        Ok(scene.network("leases")?[0]["state"] == "connected")
    })?;
    assert_eq!(scene.network("leases")?[0]["interface"], "eth0");
    inside.give(scene.host(), link);
    scene.leave("n1", "e2", &pool, &address)?;
    let links = ip_lines(scene.host(), "link show");
    assert!(!links.iter().any(|line| line.contains(link)), "{links:?}");
    scene.ok("NetworkDriver.DeleteNetwork", &json!({ "NetworkID": "n1" }))?;
    scene.ok("IpamDriver.ReleasePool", &json!({ "PoolID": pool }))?;
    assert_eq!(scene.network("list")?, json!([]));
    Ok(())
}

/// A network of Docker stays until Docker deletes it, with or without endpoints.
fn a_network_without_endpoints_stays() -> Outcome {
    let (scene, inside) = (Scene::set()?, Inside::start()?);
    let pool = scene.lan("n1", &json!({}))?;
    scene.network("create idle --parent ens33 --subnet 10.9.0.0/24")?;
    assert_eq!(scene.network("prune")?, json!(["idle"]));
    let mut prune = scene.command("network prune");
    let said = scene.runs_in().run(|| prune.output())??;
    let (out, err) = (String::from_utf8(said.stdout)?, String::from_utf8(said.stderr)?);
    assert!(said.status.success() && out.is_empty(), "{out} {err}");
    assert!(err.contains("network \"n1\" is kept: it is Docker's"), "{err}");
    // Nor does it give way to another one.
    let (_, data) = scene.pool("192.168.15.0/24", "192.168.15.64/26", "")?;
    let other = network("n2", &[data], &json!({ "parent": "ens33" }), false);
    let error = scene.fails("NetworkDriver.CreateNetwork", &other)?;
    assert!(error.contains("n1"), "{error}");
    scene.join("n1", "e1", &pool, &inside)?;
    assert!(ping(&inside.netns, "192.168.15.2").is_some());
    assert_eq!(ip_addresses(&inside.netns, "eth0"), ["192.168.15.64/24"]);
    // It is deleted by name.
    scene.ok("NetworkDriver.Leave", &of("n1", "e1", ""))?;
    scene.ok("NetworkDriver.DeleteEndpoint", &of("n1", "e1", ""))?;
    eventually("it is in use", || {
        let mut remove = scene.command("network remove n1");
        Ok(scene.runs_in().run(|| remove.output())??.status.success())
    })?;
    assert_eq!(scene.network("list")?, json!([]));
    Ok(())
}

/// Docker repeats requests that were not answered, and ends endpoints that do not exist.
fn repeated() -> Outcome {
    let (mut scene, inside) = (Scene::set()?, Inside::start()?);
    let (_, data) = scene.pool("192.168.16.0/24", "", "192.168.16.1")?;
    let asked = network("n0", &[data], &json!({ "parent": "ens33" }), false);
    scene.ok("NetworkDriver.CreateNetwork", &asked)?;
    scene.kill()?;
    scene.start()?;
    scene.ok("NetworkDriver.CreateNetwork", &asked)?;
    scene.ok("NetworkDriver.DeleteNetwork", &json!({ "NetworkID": "n0" }))?;
    let pool = scene.lan("n1", &json!({}))?;
    let address = scene.address(&pool, "192.168.15.70")?;
    // Another container cannot have it.
    let asked = json!({ "PoolID": pool, "Address": "192.168.15.70" });
    assert!(scene.fails("IpamDriver.RequestAddress", &asked)?.contains("192.168.15.70"));
    // But the request that was not answered can, because the plugin was killed.
    scene.kill()?;
    std::thread::sleep(Duration::from_millis(3500));
    scene.start()?;
    assert_eq!(scene.address(&pool, "192.168.15.70")?, address);
    let interface = json!({ "Address": address, "MacAddress": "02:00:00:00:00:07" });
    let request = endpoint("n1", "e1", &interface);
    for _ in 0..2 {
        let made = scene.ok("NetworkDriver.CreateEndpoint", &request)?;
        assert_eq!(made, json!({ "Interface": {} }), "only what was not given is answered");
    }
    for _ in 0..2 {
        let joined = scene.ok("NetworkDriver.Join", &of("n1", "e1", &inside.path))?;
        let link = joined["InterfaceName"]["SrcName"].as_str().ok_or("no link")?;
        assert_eq!(ip_link(scene.host(), link)["address"], "02:00:00:00:00:07");
    }
    for _ in 0..2 {
        scene.leave("n1", "e1", &pool, &address)?;
    }
    scene.leave("n9", "e9", "4-unknown", &json!("10.0.0.9/24"))?;
    scene.ok("NetworkDriver.DeleteNetwork", &json!({ "NetworkID": "n9" }))?;
    scene.ok("IpamDriver.ReleasePool", &json!({ "PoolID": "4-unknown" }))?;
    assert_eq!(scene.leases()?, json!([]));
    // An address that no container has taken is released with the network.
    scene.address(&pool, "")?;
    scene.ok("NetworkDriver.DeleteNetwork", &json!({ "NetworkID": "n1" }))?;
    assert_eq!(scene.network("list")?, json!([]));
    for (method, request) in [
        ("NetworkDriver.Join", of("n1", "e9", &inside.path)),
        ("NetworkDriver.Join", of("n9", "e9", &inside.path)),
        ("NetworkDriver.CreateEndpoint", endpoint("n9", "e9", &interface)),
        ("IpamDriver.RequestAddress", json!({ "PoolID": "4-unknown" })),
    ] {
        scene.fails(method, &request)?;
    }
    Ok(())
}

/// An address that was released with its endpoint may be another container's by the time when
/// Docker releases it.
fn released_late() -> Outcome {
    let scene = Scene::set()?;
    let pool = scene.lan("n1", &json!({}))?;
    let address = scene.address(&pool, "")?;
    let interface = json!({ "Address": address });
    scene.ok("NetworkDriver.CreateEndpoint", &endpoint("n1", "e1", &interface))?;
    scene.ok("NetworkDriver.DeleteEndpoint", &of("n1", "e1", ""))?;
    assert_eq!(scene.address(&pool, "192.168.15.64")?, address);
    let release = json!({ "PoolID": pool, "Address": address });
    scene.ok("IpamDriver.ReleaseAddress", &release)?;
    assert_eq!(scene.network("leases")?.as_array().map(Vec::len), Some(1));
    // The second one is that of the other container.
    scene.ok("IpamDriver.ReleaseAddress", &release)?;
    assert_eq!(scene.leases()?, json!([]));
    Ok(())
}

/// Docker was killed before it released an address, and so the next release is the next
/// container's, which never started.
fn released_once() -> Outcome {
    let scene = Scene::set()?;
    let pool = scene.lan("n1", &json!({}))?;
    let address = scene.address(&pool, "")?;
    let interface = json!({ "Address": address });
    scene.ok("NetworkDriver.CreateEndpoint", &endpoint("n1", "e1", &interface))?;
    scene.ok("NetworkDriver.DeleteEndpoint", &of("n1", "e1", ""))?;
    let release = json!({ "PoolID": pool, "Address": address });
    assert_eq!(scene.address(&pool, "192.168.15.64")?, address);
    scene.ok("IpamDriver.ReleaseAddress", &release)?;
    assert_eq!(scene.network("leases")?.as_array().map(Vec::len), Some(1));
    std::thread::sleep(Duration::from_secs(20));
    eventually("the address is leased", || Ok(scene.leases()? == json!([])))?;
    // An endpoint that has taken it keeps it.
    scene.address(&pool, "192.168.15.64")?;
    scene.ok("NetworkDriver.CreateEndpoint", &endpoint("n1", "e2", &interface))?;
    scene.ok("NetworkDriver.DeleteEndpoint", &of("n1", "e2", ""))?;
    scene.address(&pool, "192.168.15.64")?;
    scene.ok("IpamDriver.ReleaseAddress", &release)?;
    scene.ok("NetworkDriver.CreateEndpoint", &endpoint("n1", "e3", &interface))?;
    std::thread::sleep(Duration::from_secs(22));
    assert_eq!(scene.leases()?, json!([["e3", ["192.168.15.64/24"]]]));
    Ok(())
}

/// The plugin is killed between the answer to Join and the container's start.
fn killed_before_the_end_of_a_start() -> Outcome {
    let (mut scene, inside) = (Scene::set()?, Inside::start()?);
    let wire = Wire::listen(&scene.lab.b.netns, "ens33")?;
    let pool = scene.lan("n1", &json!({ "access": "on", "announce": "once" }))?;
    let address = scene.address(&pool, "")?;
    let asked = endpoint("n1", "e1", &json!({ "Address": address }));
    scene.ok("NetworkDriver.CreateEndpoint", &asked)?;
    let joined = scene.ok("NetworkDriver.Join", &of("n1", "e1", &inside.path))?;
    scene.kill()?;
    let link = joined["InterfaceName"]["SrcName"].as_str().ok_or("no link")?;
    inside.take(scene.host(), link, "192.168.15.64/24");
    scene.start()?;
    eventually("the host does not reach the container", || {
        Ok(ip_lines(scene.host(), "route show 192.168.15.64").len() == 1)
    })?;
    assert!(ping(scene.host(), "192.168.15.64").is_some());
    let is_announcement = |frame: &[u8]| {
        let ip = [192, 168, 15, 64];
        frame[12..14] == [8, 6] && frame[28..32] == ip && frame[38..42] == ip
    };
    eventually("it is not announced", || Ok(wire.find_now(is_announcement)?.is_some()))?;
    // Once is enough.
    std::thread::sleep(Duration::from_millis(2500));
    assert!(wire.find_now(is_announcement)?.is_none());
    Ok(())
}

/// A container that holds the lock of its namespace keeps none but itself waiting.
fn a_held_namespace() -> Outcome {
    let (scene, held, free) = (Scene::set()?, Inside::start()?, Inside::start()?);
    let pool = scene.lan("n1", &json!({}))?;
    let lock = held.netns.lock()?;
    scene.join("n1", "e1", &pool, &held)?;
    std::thread::sleep(Duration::from_millis(200));
    let started = Instant::now();
    scene.join("n1", "e2", &pool, &free)?;
    let is_connected = |scene: &Scene, id: &str| -> Outcome<bool> {
        let leases = scene.network("leases")?;
        let mut all = leases.as_array().into_iter().flatten();
        Ok(all.any(|one| one["container"] == id && one["state"] == "connected"))
    };
    eventually("the other one is not bound", || is_connected(&scene, "e2"))?;
    assert!(started.elapsed() < Duration::from_secs(4), "{:?}", started.elapsed());
    assert!(!is_connected(&scene, "e1")?);
    drop(lock);
    eventually("it is not bound", || is_connected(&scene, "e1"))
}

/// The pools of a network are known by their addresses, and only until the plugin ends.
fn pools() -> Outcome {
    let mut scene = Scene::set()?;
    let (_, data) = scene.pool("192.168.15.0/24", "", "192.168.15.1")?;
    scene.kill()?;
    scene.start()?;
    let asked = network("n1", &[data], &json!({ "parent": "ens33" }), false);
    let why = scene.fails("NetworkDriver.CreateNetwork", &asked)?;
    assert!(why.contains("create it again"), "{why}");
    let outside = json!({ "Pool": "192.168.15.0/24", "SubPool": "10.0.0.0/28" });
    assert!(scene.fails("IpamDriver.RequestPool", &outside)?.contains("outside of the subnet"));
    // One that Docker has left does not stand in the way of the next, of the same range or not.
    for (id, range, first) in [("n1", "192.168.15.64/27", "64"), ("n2", "192.168.15.96/27", "96")] {
        scene.pool("192.168.15.0/24", "192.168.15.64/27", "")?;
        let (pool, data) = scene.pool("192.168.15.0/24", range, "")?;
        scene.create(id, &[data], &json!({ "parent": "ens33" }))?;
        assert_eq!(scene.address(&pool, "")?, format!("192.168.15.{first}/24"));
    }
    Ok(())
}

/// Networks with one subnet, on several parents, that are created at the same time.
fn networks_at_the_same_time() -> Outcome {
    let scene = Scene::set()?;
    scene.lab.cable("ens34")?;
    let parents = ["ens33", "ens34"];
    let create = &|at: usize| -> Outcome<String> {
        let (pool, data) = scene.pool("10.1.0.0/24", "", "")?;
        let parent = parents[at % 2];
        scene.create(&format!("n{at}"), &[data], &json!({ "parent": parent }))?;
        Ok(pool)
    };
    let started = Instant::now();
    let pools = std::thread::scope(|scope| {
        let threads = [0, 1].map(|at| scope.spawn(move || create(at)));
        threads.map(|thread| thread.join().unwrap_or_else(|_| Err("a panic".into())))
    });
    // None of them waits for more than the other's creation.
    assert!(started.elapsed() < Duration::from_secs(5), "{:?}", started.elapsed());
    for (at, pool) in pools.into_iter().enumerate() {
        let (network, endpoint_id) = (format!("n{at}"), format!("e{at}"));
        let address = scene.address(&pool?, "")?;
        assert_eq!(address, "10.1.0.2/24", "each has its own addresses");
        let asked = endpoint(&network, &endpoint_id, &json!({ "Address": address }));
        scene.ok("NetworkDriver.CreateEndpoint", &asked)?;
        let joined = scene.ok("NetworkDriver.Join", &of(&network, &endpoint_id, "/nowhere"))?;
        let link = joined["InterfaceName"]["SrcName"].as_str().ok_or("no link")?;
        assert_eq!(ip_link(scene.host(), link)["link"], parents[at]);
    }
    assert_eq!(scene.network("leases")?.as_array().map(Vec::len), Some(2));
    Ok(())
}

/// A container whose end the plugin was not told of.
fn ended_without_the_plugin() -> Outcome {
    let (mut scene, mut inside) = (Scene::set()?, Inside::start()?);
    let pool = scene.lan("n1", &json!({}))?;
    scene.join("n1", "e1", &pool, &inside)?;
    eventually("the lease is not bound", || {
        Ok(scene.network("leases")?[0]["state"] == "connected")
    })?;
    scene.kill()?;
    drop(inside.container.take());
    drop(inside);
    scene.start()?;
    eventually("the lease is left", || Ok(scene.leases()? == json!([])))?;
    eventually("it is not logged", || Ok(scene.logged()?.contains("released")))
}

fn six_alone_and_without_addresses() -> Outcome {
    let (scene, inside) = (Scene::set()?, Inside::start()?);
    let (pool, data) = scene.pool("fd15::/64", "fd15::40/122", "")?;
    scene.create("n6", &[data], &json!({ "parent": "ens33" }))?;
    let joined = scene.join("n6", "e1", &pool, &inside)?;
    assert_eq!((&joined["GatewayIPv6"], joined.get("Gateway")), (&json!("fd15::1"), None));
    assert_eq!(ip_addresses(&inside.netns, "eth0")[0], "fd15::40/64");
    assert!(ping(&inside.netns, "fd15::2").is_some());
    let null = json!({ "AddressSpace": "null", "Pool": "0.0.0.0/0", "Gateway": null });
    scene.create("n0", &[null], &json!({ "parent": "ens33" }))?;
    let interface = json!({ "Address": "", "AddressIPv6": "", "MacAddress": "" });
    let made = scene.ok("NetworkDriver.CreateEndpoint", &endpoint("n0", "e2", &interface))?;
    assert!(made["Interface"]["MacAddress"].is_string(), "{made}");
    let joined = scene.ok("NetworkDriver.Join", &of("n0", "e2", &inside.path))?;
    assert_eq!((joined.get("Gateway"), &joined["DisableGatewayService"]), (None, &json!(true)));
    Ok(())
}

/// The agent says what there is, and what waits to be repaired.
fn status() -> Outcome {
    let (mut scene, mut inside) = (Scene::set()?, Inside::start()?);
    let status = |scene: &Scene| -> Outcome<Value> {
        let mut command = scene.command("agent status --json");
        let output = scene.runs_in().run(|| command.output())??;
        assert!(output.status.success(), "{output:?}");
        Ok(serde_json::from_slice(&output.stdout)?)
    };
    let pool = scene.lan("n1", &json!({ "name": "lan" }))?;
    scene.address(&pool, "")?;
    scene.join("n1", "e1", &pool, &inside)?;
    eventually("the lease is not bound", || {
        let leases = scene.network("leases")?;
        let leases = leases.as_array();
        Ok(leases.is_some_and(|all| all.iter().any(|one| one["state"] == "connected")))
    })?;
    let told = status(&scene)?;
    assert_eq!(
        told["networks"],
        json!([{
            "network": "lan", "parent": "ens33", "subnets": ["192.168.15.0/24"],
            "leases": 2, "here": 2,
        }])
    );
    // All leases of a database are of this host, whatever it is called now.
    let mut command = scene.command("agent status --json --host-name renamed");
    let output = scene.runs_in().run(|| command.output())??;
    let renamed: Value = serde_json::from_slice(&output.stdout)?;
    assert_eq!(renamed["networks"], told["networks"], "{renamed}");
    let socket = scene.socket().display().to_string();
    let mut command = scene.command(&format!("agent status --docker {socket}"));
    let output = scene.runs_in().run(|| command.output())??;
    let text = String::from_utf8(output.stdout)?;
    assert!(text.contains(&format!("Docker plugin served at {socket}\n")), "{text}");
    let waits = told["waits"].to_string();
    assert!(waits.contains("has waited for its container for"), "{told}");
    scene.kill()?;
    drop(inside.container.take());
    drop(inside);
    eventually("the container does not end", || {
        Ok(status(&scene)?["waits"].to_string().contains("network \\\"lan\\\": e1 has ended"))
    })?;
    // Where the plugin listens is said, or found.
    let shown = |arguments: &str| -> Outcome<String> {
        let mut command = scene.command(arguments);
        let output = scene.runs_in().run(|| command.output())??;
        Ok(String::from_utf8(output.stdout)?)
    };
    let text = shown("agent status")?;
    assert!(text.contains("Docker plugin not served at /run/docker/plugins/lan.sock"), "{text}");
    // In the form for people.
    let mut command = scene.command("agent status");
    let output = scene.runs_in().run(|| command.output())??;
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    assert!(text.contains("waits: network \"lan\": e1 has ended"), "{text}");
    Ok(())
}

macvlan_tests::tests! {
    same_on_every_kernel:
    status,
    capabilities,
    from_start_to_end,
    a_network_without_endpoints_stays,
    repeated,
    released_late,
    released_once,
    killed_before_the_end_of_a_start,
    a_held_namespace,
    pools,
    networks_at_the_same_time,
    ended_without_the_plugin,
    six_alone_and_without_addresses,
}
