//! Calls that are not those of netavark.

use macvlan_tests::{Outcome, ip_link};
use serde_json::{Value, json};

use crate::call::{Inside, Scene, error, network, request};

fn calls_in_another_form() -> Outcome {
    let (scene, inside) = (Scene::set()?, Inside::start()?);
    let lan = network("lan", &json!([{ "subnet": "10.1.0.0/24" }]), &json!({ "parent": "ens33" }));
    let web = request("4f1c9a", "web", &lan, &json!({}));
    let mut without_id = web.clone();
    without_id["container_id"] = json!("");
    let mut without_interface = web.clone();
    without_interface["network_options"]["interface_name"] = json!("much/too/strange");
    for (arguments, request, words) in [
        (&["create"][..], String::new(), "cannot read the request: EOF"),
        (&["create"], "[1".to_owned(), "cannot read the request: "),
        (&["create"], "{}".to_owned(), "missing field `name`"),
        (&["setup", &inside.path], "{}".to_owned(), "missing field `container_id`"),
        (&["setup"], web.to_string(), "cannot run setup: the path of the namespace is missing"),
        (
            &["teardown"],
            web.to_string(),
            "cannot run teardown: the path of the namespace is missing",
        ),
        (
            &["info", "more"],
            String::new(),
            "cannot run \"info\": unknown verb, or more arguments than it has",
        ),
        (
            &["setup", &inside.path, "more"],
            web.to_string(),
            "cannot run \"setup\": unknown verb, or more arguments than it has",
        ),
        (&["setup", "/proc/0/ns/net"], web.to_string(), "the file does not exist"),
        (&["setup", "/proc/version"], web.to_string(), "/proc/version"),
        (&["setup", &inside.path], without_id.to_string(), "a container's id"),
        (&["setup", &inside.path], without_interface.to_string(), "much/too/strange"),
    ] {
        let error = error(arguments, &scene.call(arguments, &request)?)?;
        assert!(error.contains(words), "{arguments:?}: {error}");
        assert_eq!(scene.leases()?, json!([]), "{error}");
    }
    Ok(())
}

/// Podman has names that DNS cannot have, and containers with such names are set up without one.
fn names_that_dns_cannot_have() -> Outcome {
    let scene = Scene::set()?;
    let lan = network("lan", &json!([{ "subnet": "10.1.0.0/24" }]), &json!({ "parent": "ens33" }));
    let lan = scene.create(&lan)?;
    let mut insides = Vec::new();
    for (at, (name, words)) in [
        ("web", ""),
        ("Web", "container \"0\" has the name \"web\""),
        ("10.9.9.9", "cannot use \"10.9.9.9\" as a container's name: DNS cannot have it"),
        ("localhost", "cannot use \"localhost\" as a container's name: DNS cannot have it"),
        ("a..b", "cannot use \"a..b\" as a container's name: DNS cannot have it"),
    ]
    .into_iter()
    .enumerate()
    {
        let inside = Inside::start()?;
        let request = request(&at.to_string(), name, &lan, &json!({}));
        let output = scene.call(&["setup", &inside.path], &request.to_string())?;
        let warned = String::from_utf8(output.stderr)?;
        assert!(output.status.success() && warned.contains(words), "{name}: {warned}");
        assert_eq!(warned.lines().count(), usize::from(!words.is_empty()), "{warned}");
        let answer: serde_json::Value = serde_json::from_slice(&output.stdout)?;
        let net = &answer["interfaces"]["eth0"]["subnets"][0]["ipnet"];
        assert_eq!(*net, json!(format!("10.1.0.{}/24", at + 2)));
        insides.push(inside);
    }
    let leases = scene.network("leases")?;
    let names: Vec<&str> =
        leases.as_array().into_iter().flatten().filter_map(|one| one["name"].as_str()).collect();
    assert_eq!(names, ["web"]);
    Ok(())
}

/// The host's own namespace is not a container.
fn the_host_is_not_a_container() -> Outcome {
    let scene = Scene::set()?;
    let lan = network("lan", &json!([{ "subnet": "10.1.0.0/24" }]), &json!({ "parent": "ens33" }));
    let lan = scene.create(&lan)?;
    let web = request("4f1c9a", "web", &lan, &json!({}));
    // As netavark's child it is in the host's namespace.
    let error = scene.fails(&["setup", "/proc/self/ns/net"], &web)?;
    assert!(error.contains("the host's own network namespace"), "{error}");
    Ok(())
}

/// An interface of this name that others have made stays as it is.
fn an_interface_of_others() -> Outcome {
    let (scene, inside) = (Scene::set()?, Inside::start()?);
    let lan = network("lan", &json!([{ "subnet": "10.1.0.0/24" }]), &json!({ "parent": "ens33" }));
    let lan = scene.create(&lan)?;
    macvlan_tests::ip_do(&inside.netns, "link add eth0 type veth peer eth1");
    let before = ip_link(&inside.netns, "eth0");
    let web = request("4f1c9a", "web", &lan, &json!({}));
    let error = scene.fails(&["setup", &inside.path], &web)?;
    assert!(error.contains("eth0"), "{error}");
    scene.teardown(&inside.path, &web)?;
    assert_eq!(ip_link(&inside.netns, "eth0"), before);
    assert_eq!(scene.leases()?, json!([]));
    Ok(())
}

/// The store is not a store: nothing is made, and Podman is told.
fn a_store_that_cannot_be_used() -> Outcome {
    let (scene, inside) = (Scene::set()?, Inside::start()?);
    std::fs::create_dir(scene.directory.path().join("store"))?;
    std::fs::write(scene.db(), "not a database, but longer than the header of one; ".repeat(20))?;
    let lan = network("lan", &json!([{ "subnet": "10.1.0.0/24" }]), &json!({ "parent": "ens33" }));
    let web = request("4f1c9a", "web", &lan, &json!({}));
    for (arguments, request) in [
        (&["create"][..], &lan),
        (&["setup", &inside.path], &web),
        (&["teardown", &inside.path], &web),
    ] {
        let error = scene.fails(arguments, request)?;
        assert!(error.contains("networks.db"), "{arguments:?}: {error}");
    }
    // Without a namespace there is nothing to be lost, so the container can be removed.
    let ended = scene.call(&["teardown", "/proc/0/ns/net"], &web.to_string())?;
    assert!(ended.status.success() && ended.stdout.is_empty(), "{ended:?}");
    assert!(String::from_utf8_lossy(&ended.stderr).starts_with("macvlan: warning: "), "{ended:?}");
    assert_eq!(macvlan_tests::ip(&inside.netns, "link show").as_array().map(Vec::len), Some(1));
    Ok(())
}

/// By its own name it is the command, whatever the first word is.
fn by_its_own_name_it_is_the_command() -> Outcome {
    let scene = Scene::set()?;
    let version = scene.network("list")?;
    assert_eq!(version, json!([]));
    let ended = scene.call_as("/usr/bin/macvlan", &["info"], "")?;
    assert_eq!((ended.status.code(), ended.stdout.is_empty()), (Some(2), true), "{ended:?}");
    let ended = scene.call_as("lan", &["--version"], "")?;
    assert!(String::from_utf8_lossy(&ended.stdout).starts_with("macvlan "), "{ended:?}");
    assert_eq!(scene.ok(&["info"], &Value::Null)?["api_version"], "1.0.0");
    Ok(())
}

macvlan_tests::tests! {
    same_on_every_kernel:
    calls_in_another_form,
    names_that_dns_cannot_have,
    the_host_is_not_a_container,
    an_interface_of_others,
    a_store_that_cannot_be_used,
    by_its_own_name_it_is_the_command,
}
