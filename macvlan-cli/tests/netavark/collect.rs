//! Containers that ended without a teardown, or with one that finds less than it expects.

use macvlan_core::NetNs;
use macvlan_tests::{Outcome, eventually, ip_do};
use serde_json::{Value, json};

use crate::call::{Inside, Scene, network, request};

fn lan(scene: &Scene) -> Outcome<Value> {
    let subnets = json!([{ "subnet": "10.1.0.0/24" }]);
    scene.create(&network("lan", &subnets, &json!({ "parent": "ens33" })))
}

/// The plugin was missing when the container was removed.
fn the_next_teardown_collects() -> Outcome {
    let (scene, gone, inside) = (Scene::set()?, Inside::start()?, Inside::start()?);
    let lan = lan(&scene)?;
    scene.setup(&gone.path, &request("gone", "gone", &lan, &json!({})))?;
    gone.end();
    let next = request("next", "next", &lan, &json!({}));
    eventually("the lease is not collected", || {
        scene.setup(&inside.path, &next)?;
        let leases = scene.leases()?;
        scene.teardown(&inside.path, &next)?;
        Ok(leases.as_array().map(Vec::len) == Some(1))
    })
}

/// The only address is that of a container that ended.
fn so_does_a_setup_that_finds_no_address() -> Outcome {
    let (scene, gone, inside) = (Scene::set()?, Inside::start()?, Inside::start()?);
    let subnets = json!([{ "subnet": "10.1.0.0/30" }]);
    let lan = scene.create(&network("lan", &subnets, &json!({ "parent": "ens33" })))?;
    let first = scene.setup(&gone.path, &request("gone", "gone", &lan, &json!({})))?;
    gone.end();
    let second = scene.setup(&inside.path, &request("next", "next", &lan, &json!({})))?;
    let address = |answer: &Value| answer["interfaces"]["eth0"]["subnets"].clone();
    assert_eq!(address(&second), address(&first));
    assert_eq!(scene.leases()?, json!([["next", ["10.1.0.2/30"]]]));
    Ok(())
}

/// The network is changed, and the container that ended has an address that it no longer has.
fn so_does_a_change_of_the_network() -> Outcome {
    let (scene, gone) = (Scene::set()?, Inside::start()?);
    let lan = lan(&scene)?;
    scene.setup(&gone.path, &request("gone", "gone", &lan, &json!({})))?;
    let subnets = json!([{ "subnet": "10.9.0.0/24" }]);
    let changed = network("lan", &subnets, &json!({ "parent": "ens33" }));
    let error = scene.fails(&["create"], &changed)?;
    assert!(error.contains("\"gone\" has 10.1.0.2"), "{error}");
    gone.end();
    eventually("the network cannot be changed", || {
        Ok(scene.call(&["create"], &changed.to_string())?.status.success())
    })?;
    assert_eq!(scene.leases()?, json!([]));
    Ok(())
}

fn so_does_the_command() -> Outcome {
    let (scene, gone) = (Scene::set()?, Inside::start()?);
    let lan = lan(&scene)?;
    scene.setup(&gone.path, &request("gone", "gone", &lan, &json!({})))?;
    gone.end();
    eventually("the lease is not collected", || {
        scene.network("collect")?;
        Ok(scene.leases()? == json!([]))
    })
}

/// Its name and its address can be used at once, by a container that requests them.
fn a_name_and_an_address_of_one_that_is_gone() -> Outcome {
    let (scene, gone, inside) = (Scene::set()?, Inside::start()?, Inside::start()?);
    let lan = lan(&scene)?;
    let asked = json!({ "static_ips": ["10.1.0.7"], "static_mac": "02:00:00:00:00:07" });
    let first = scene.setup(&gone.path, &request("old", "web", &lan, &asked))?;
    gone.end();
    // Podman gives a container that is made again another id.
    assert_eq!(scene.setup(&inside.path, &request("new", "web", &lan, &asked))?, first);
    assert_eq!(scene.leases()?, json!([["new", ["10.1.0.7/24"]]]));
    Ok(())
}

fn teardown_of_less_than_there_was() -> Outcome {
    let scene = Scene::set()?;
    let none = network("lan", &json!([{ "subnet": "10.1.0.0/24" }]), &json!({ "parent": "ens33" }));
    let web = |lan: &Value| request("4f1c9a", "web", lan, &json!({}));
    // No store, no network, no namespace.
    scene.teardown("/proc/0/ns/net", &web(&none))?;
    assert!(!std::fs::exists(scene.db())?, "a teardown creates no store");
    let lan = lan(&scene)?;
    scene.teardown("/proc/0/ns/net", &web(&lan))?;
    scene.teardown("/proc/0/ns/net", &web(&network("wan", &Value::Null, &json!({}))))?;
    // The link is gone.
    let inside = Inside::start()?;
    scene.setup(&inside.path, &web(&lan))?;
    ip_do(&inside.netns, "link delete eth0");
    scene.teardown(&inside.path, &web(&lan))?;
    assert_eq!(scene.leases()?, json!([]));
    // The namespace is gone, and what is there in its place is not one.
    scene.setup(&inside.path, &web(&lan))?;
    let left = scene.directory.path().join("netns-left");
    std::fs::write(&left, "")?;
    inside.end();
    eventually("the lease is not released", || {
        scene.teardown(&left.display().to_string(), &web(&lan))?;
        Ok(scene.leases()? == json!([]))
    })?;
    // The description of the network is no longer valid: what there is is torn down.
    let inside = Inside::start()?;
    scene.setup(&inside.path, &web(&lan))?;
    let mut changed = lan;
    changed["options"] = json!({ "colour": "red" });
    scene.teardown(&inside.path, &web(&changed))?;
    assert_eq!(scene.leases()?, json!([]));
    Ok(())
}

/// A teardown that comes after the container was set up elsewhere does not touch it.
fn a_late_teardown() -> Outcome {
    let (scene, before, after) = (Scene::set()?, Inside::start()?, Inside::start()?);
    let lan = lan(&scene)?;
    let web = request("4f1c9a", "web", &lan, &json!({}));
    scene.setup(&after.path, &web)?;
    scene.teardown(&before.path, &web)?;
    assert_eq!(scene.leases()?, json!([["4f1c9a", ["10.1.0.2/24"]]]));
    // Set up in two namespaces at once is refused.
    let error = scene.fails(&["setup", &before.path], &web)?;
    assert!(error.contains("already connected in another namespace"), "{error}");
    Ok(())
}

/// Killed at any moment, a setup leaves nothing that a teardown or the next setup does not find.
fn killed_in_the_middle() -> Outcome {
    let (scene, inside) = (Scene::set()?, Inside::start()?);
    let lan = lan(&scene)?;
    let web = request("4f1c9a", "web", &lan, &json!({}));
    let first = scene.setup(&inside.path, &web)?;
    scene.teardown(&inside.path, &web)?;
    for round in 0..40 {
        let mut child = scene.start(&["setup", &inside.path], &web.to_string())?;
        std::thread::sleep(std::time::Duration::from_micros(250 * round));
        child.kill()?;
        child.wait()?;
        if round % 2 == 0 {
            assert_eq!(scene.setup(&inside.path, &web)?, first, "after {round}");
        }
        scene.teardown(&inside.path, &web)?;
        assert_eq!(scene.leases()?, json!([]), "after {round}");
        assert!(is_empty(&inside.netns), "after {round}");
    }
    Ok(())
}

fn is_empty(netns: &NetNs) -> bool {
    macvlan_tests::ip(netns, "link show").as_array().map(Vec::len) == Some(1)
}

macvlan_tests::tests! {
    same_on_every_kernel:
    the_next_teardown_collects,
    so_does_a_setup_that_finds_no_address,
    so_does_a_change_of_the_network,
    so_does_the_command,
    a_name_and_an_address_of_one_that_is_gone,
    teardown_of_less_than_there_was,
    a_late_teardown,
    killed_in_the_middle,
}
