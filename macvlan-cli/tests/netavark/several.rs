//! Several networks in one container, and many containers at once.

use std::collections::BTreeSet;

use macvlan_tests::{Outcome, ip_do, ip_lines};
use serde_json::{Value, json};

use crate::call::{Inside, Scene, answer, network, request};

/// Two networks with gateways, each on the parent.
fn two(scene: &Scene) -> Outcome<[Value; 2]> {
    let create = |name, net| {
        let subnets = json!([{ "subnet": net }]);
        scene.create(&network(name, &subnets, &json!({ "parent": "ens33" })))
    };
    Ok([create("one", "10.1.0.0/24")?, create("two", "10.2.0.0/24")?])
}

fn default_routes(inside: &Inside) -> Vec<String> {
    ip_lines(&inside.netns, "-4 route show default")
}

fn one_default_route() -> Outcome {
    let (scene, inside) = (Scene::set()?, Inside::start()?);
    let [one, two] = two(&scene)?;
    let first = request("a", "a", &one, &json!({}));
    let second = request("a", "a", &two, &json!({ "interface_name": "eth1" }));
    scene.setup(&inside.path, &first)?;
    let answer = scene.setup(&inside.path, &second)?;
    assert_eq!(answer["interfaces"]["eth1"]["subnets"][0]["gateway"], "10.2.0.1");
    assert_eq!(default_routes(&inside), ["default via 10.1.0.1 dev eth0 proto 109"]);
    assert_eq!(
        ip_lines(&inside.netns, "-4 route show 10.2.0.0/24"),
        ["10.2.0.0/24 dev eth1 proto kernel scope link src 10.2.0.2"]
    );
    // `podman network disconnect`: the other one leads on.
    scene.teardown(&inside.path, &first)?;
    assert_eq!(default_routes(&inside), ["default via 10.2.0.1 dev eth1 proto 109"]);
    Ok(())
}

/// netavark sets networks up in any order: the first interface leads.
fn the_first_interface_leads_in_any_order() -> Outcome {
    let scene = Scene::set()?;
    let [one, two] = two(&scene)?;
    let first = request("a", "a", &one, &json!({}));
    let second = request("a", "a", &two, &json!({ "interface_name": "eth1" }));
    for both in [[&first, &second], [&second, &first]] {
        let inside = Inside::start()?;
        for request in both {
            scene.setup(&inside.path, request)?;
        }
        assert_eq!(default_routes(&inside), ["default via 10.1.0.1 dev eth0 proto 109"]);
        for request in both {
            scene.teardown(&inside.path, request)?;
        }
    }
    Ok(())
}

/// The default route of a bridge that netavark itself has set up stays.
fn a_default_route_of_others_stays() -> Outcome {
    let (scene, inside) = (Scene::set()?, Inside::start()?);
    let [one, _] = two(&scene)?;
    ip_do(&inside.netns, "link add eth9 type veth peer eth8");
    ip_do(&inside.netns, "link set eth9 up");
    ip_do(&inside.netns, "link set eth8 up");
    ip_do(&inside.netns, "address add 10.88.0.2/16 dev eth9");
    ip_do(&inside.netns, "route add default via 10.88.0.1 metric 100");
    let request = request("a", "a", &one, &json!({}));
    scene.setup(&inside.path, &request)?;
    assert_eq!(default_routes(&inside), ["default via 10.88.0.1 dev eth9 metric 100"]);
    scene.teardown(&inside.path, &request)?;
    assert_eq!(default_routes(&inside), ["default via 10.88.0.1 dev eth9 metric 100"]);
    Ok(())
}

/// Fifty containers at once: no address twice, and afterwards nothing is left.
fn at_once() -> Outcome {
    let scene = Scene::set()?;
    let lan = network("lan", &json!([{ "subnet": "10.1.0.0/24" }]), &json!({ "parent": "ens33" }));
    let lan = scene.create(&lan)?;
    let containers = (0..50).map(|at| {
        Ok((Inside::start()?, request(&format!("c{at}"), &format!("web{at}"), &lan, &json!({}))))
    });
    let containers = containers.collect::<Outcome<Vec<(Inside, Value)>>>()?;
    let all = |verb: &str| -> Outcome<Vec<Value>> {
        let start = |(inside, request): &(Inside, Value)| {
            scene.start(&[verb, &inside.path], &request.to_string())
        };
        let started = containers.iter().map(start).collect::<Outcome<Vec<_>>>()?;
        started.into_iter().map(|child| answer(&[verb], &child.wait_with_output()?)).collect()
    };
    let answers = all("setup")?;
    let addresses = answers.iter().map(|one| &one["interfaces"]["eth0"]["subnets"][0]["ipnet"]);
    let addresses: BTreeSet<String> = addresses.map(Value::to_string).collect();
    assert_eq!(addresses.len(), containers.len());
    all("teardown")?;
    assert_eq!(scene.leases()?, json!([]));
    Ok(())
}

macvlan_tests::tests! {
    same_on_every_kernel:
    one_default_route,
    the_first_interface_leads_in_any_order,
    a_default_route_of_others_stays,
    at_once,
}
