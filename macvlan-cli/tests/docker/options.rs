//! Options of networks and endpoints.

use std::net::Ipv4Addr;

use macvlan_tests::{Need, Outcome, eventually, ip, ip_addresses, ip_lines, ip_link, need, ping};
use serde_json::{Value, json};

use crate::call::{Inside, Scene, endpoint, network, of};

/// Returns the link of a new endpoint in the host.
fn link(scene: &Scene, options: &Value) -> Outcome<Value> {
    let pool = scene.lan("n1", options)?;
    let address = scene.address(&pool, "")?;
    let interface = json!({ "Address": address });
    scene.ok("NetworkDriver.CreateEndpoint", &endpoint("n1", "e1", &interface))?;
    let joined = scene.ok("NetworkDriver.Join", &of("n1", "e1", "/nowhere"))?;
    let name = joined["InterfaceName"]["SrcName"].as_str().ok_or("no link")?;
    let link = ip_link(scene.host(), name);
    scene.leave("n1", "e1", &pool, &address)?;
    scene.ok("NetworkDriver.DeleteNetwork", &json!({ "NetworkID": "n1" }))?;
    Ok(json!({ "link": link, "joined": joined, "address": address }))
}

fn of_the_link() -> Outcome {
    let scene = Scene::set()?;
    let private = link(&scene, &json!({ "macvlan_mode": "private" }))?;
    assert_eq!(private["link"]["linkinfo"]["info_data"]["mode"], "private");
    let small = link(&scene, &json!({ "com.docker.network.driver.mtu": "1400" }))?;
    assert_eq!(small["link"]["mtu"], 1400);
    let by_address = link(&scene, &json!({}))?;
    let [.., c, d] = Ipv4Addr::new(192, 168, 15, 64).octets();
    let mac = by_address["link"]["address"].as_str().unwrap_or_default().to_owned();
    assert!(mac.ends_with(&format!("{c:02x}:{d:02x}")), "{mac}");
    let by_container = link(&scene, &json!({ "mac_from": "container" }))?;
    assert_ne!(by_container["link"]["address"], mac);
    Ok(())
}

fn of_addresses() -> Outcome {
    let scene = Scene::set()?;
    let last = link(&scene, &json!({ "exclude": "192.168.15.64-192.168.15.126" }))?;
    assert_eq!(last["address"], "192.168.15.127/24");
    let (_, data) = scene.pool("192.168.15.0/24", "192.168.15.64/26", "")?;
    let mut with_aux = data;
    with_aux["AuxAddresses"] = json!({ "router": "192.168.15.64/24" });
    // The plugin has to be asked for it first.
    let request = network("n1", &[with_aux], &json!({ "parent": "ens33" }), false);
    assert!(scene.fails("NetworkDriver.CreateNetwork", &request)?.contains("create it again"));
    Ok(())
}

/// The gateway of a route is another host, so no container gets its address.
fn gateways_of_routes() -> Outcome {
    let scene = Scene::set()?;
    let pool = scene.lan("n1", &json!({ "routes": "10.9.0.0/16 via 192.168.15.65" }))?;
    assert_eq!(scene.address(&pool, "")?, "192.168.15.64/24");
    assert_eq!(scene.address(&pool, "")?, "192.168.15.66/24");
    let asked = json!({ "PoolID": pool, "Address": "192.168.15.65" });
    let why = scene.fails("IpamDriver.RequestAddress", &asked)?;
    assert!(why.contains("192.168.15.65 is the gateway of the route to 10.9.0.0/16"), "{why}");
    Ok(())
}

fn of_routes() -> Outcome {
    let scene = Scene::set()?;
    let routes = link(&scene, &json!({ "routes": "10.9.0.0/16 via 192.168.15.2, 10.8.0.0/16" }))?;
    assert_eq!(
        routes["joined"]["StaticRoutes"],
        json!([
            { "Destination": "10.9.0.0/16", "RouteType": 0, "NextHop": "192.168.15.2" },
            { "Destination": "10.8.0.0/16", "RouteType": 1 },
        ])
    );
    for (options, gateway) in [
        (json!({}), Some(&json!("192.168.15.1"))),
        (json!({ "gateway": "none" }), None),
        (json!({ "no_default_route": "on" }), None),
    ] {
        let joined = link(&scene, &options)?["joined"].clone();
        assert_eq!(joined.get("Gateway"), gateway, "{options}");
        assert_eq!(joined["DisableGatewayService"], true);
    }
    Ok(())
}

/// On the LAN the first address is usually the router's, which no container gets.
fn gateways_of_internal_networks() -> Outcome {
    let scene = Scene::set()?;
    let asked = |pool: &str| json!({ "PoolID": pool, "Address": "10.7.0.1" });
    // Docker requests a gateway before 28, and none since.
    for (options, requests, first) in [
        (json!({}), true, "10.7.0.2/24"),
        (json!({}), false, "10.7.0.2/24"),
        (json!({ "gateway": "none" }), true, "10.7.0.1/24"),
        (json!({ "gateway": "none" }), false, "10.7.0.1/24"),
    ] {
        let (pool, data) = if requests {
            scene.pool("10.7.0.0/24", "", "")?
        } else {
            let pool = json!({ "AddressSpace": "macvlan", "Pool": "10.7.0.0/24", "V6": false });
            let pool = scene.ok("IpamDriver.RequestPool", &pool)?;
            let data = json!({ "AddressSpace": "macvlan", "Pool": "10.7.0.0/24" });
            (pool["PoolID"].as_str().ok_or("no pool")?.to_owned(), data)
        };
        let mut options = options.clone();
        options["parent"] = json!("ens33");
        let request = network("n1", &[data], &options, true);
        scene.ok("NetworkDriver.CreateNetwork", &request)?;
        if first != "10.7.0.1/24" {
            let why = scene.fails("IpamDriver.RequestAddress", &asked(&pool))?;
            assert!(why.contains("10.7.0.1 is the gateway"), "{why}");
        }
        let inside = Inside::start()?;
        let joined = scene.join("n1", "e1", &pool, &inside)?;
        assert_eq!(joined.get("Gateway"), None, "{joined}");
        assert_eq!(ip_addresses(&inside.netns, "eth0"), [first], "{options} {requests}");
        scene.leave("n1", "e1", &pool, &json!(first))?;
        scene.ok("NetworkDriver.DeleteNetwork", &json!({ "NetworkID": "n1" }))?;
        scene.ok("IpamDriver.ReleasePool", &json!({ "PoolID": pool }))?;
    }
    Ok(())
}

fn of_endpoints() -> Outcome {
    let scene = Scene::set()?;
    let pool = scene.lan("n1", &json!({}))?;
    for (name, prefix) in [("wan7", "wan"), ("eth7", "eth"), ("eth0", "eth"), ("7", "eth")] {
        let address = scene.address(&pool, "")?;
        let mut request = endpoint("n1", "e1", &json!({ "Address": address }));
        request["Options"]["com.docker.network.endpoint.ifname"] = json!(name);
        request["Options"]["com.docker.network.endpoint.sysctls"] =
            json!("net.ipv4.conf.IFNAME.log_martians=1");
        scene.ok("NetworkDriver.CreateEndpoint", &request)?;
        let joined = scene.ok("NetworkDriver.Join", &of("n1", "e1", "/nowhere"))?;
        let names = &joined["InterfaceName"];
        assert_eq!((&names["DstName"], &names["DstPrefix"]), (&json!(name), &json!(prefix)));
        scene.leave("n1", "e1", &pool, &address)?;
    }
    for (key, value) in [
        ("colour", json!("red")),
        ("com.docker.network.endpoint.colour", json!("red")),
        ("com.docker.network.endpoint.ifname", json!("eth")),
        ("com.docker.network.endpoint.ifname", json!("a/b")),
        ("com.docker.network.endpoint.ifname", json!(7)),
    ] {
        let mut request = endpoint("n1", "e2", &json!({ "Address": "192.168.15.99/24" }));
        request["Options"][key] = value;
        assert!(scene.fails("NetworkDriver.CreateEndpoint", &request)?.contains(key));
    }
    assert_eq!(scene.leases()?, json!([]));
    Ok(())
}

fn direct() -> Outcome {
    let (scene, inside) = (Scene::set()?, Inside::start()?);
    let pool = scene.lan("n1", &json!({ "direct": "true" }))?;
    let joined = scene.join("n1", "e1", &pool, &inside)?;
    assert_eq!((joined.get("InterfaceName"), &joined["Gateway"]), (None, &json!("192.168.15.1")));
    assert_eq!(ip_addresses(&inside.netns, "lan0"), ["192.168.15.64/24"]);
    assert!(ping(&inside.netns, "192.168.15.2").is_some());
    // Docker sets the default route itself.
    assert!(ip_lines(&inside.netns, "route show default").is_empty());
    let second = Inside::start()?;
    let joined = scene.join("n1", "e2", &pool, &second)?;
    assert_eq!(joined.get("InterfaceName"), None);
    scene.leave("n1", "e1", &pool, &json!("192.168.15.64/24"))?;
    assert_eq!(ip(&inside.netns, "link show").as_array().map(Vec::len), Some(1));
    assert_eq!(scene.leases()?, json!([["e2", ["192.168.15.65/24"]]]));
    // Without a namespace it is moved.
    let address = scene.address(&pool, "")?;
    let interface = json!({ "Address": address });
    let made = scene.ok("NetworkDriver.CreateEndpoint", &endpoint("n1", "e3", &interface))?;
    let joined = scene.ok("NetworkDriver.Join", &of("n1", "e3", "/nowhere"))?;
    let link = joined["InterfaceName"]["SrcName"].as_str().ok_or("no link")?;
    assert_eq!(ip_link(scene.host(), link)["address"], made["Interface"]["MacAddress"]);
    scene.leave("n1", "e3", &pool, &address)?;
    Ok(())
}

/// A name that the user has given is that of an interface that is made inside, or refused.
fn direct_with_a_name() -> Outcome {
    let (scene, inside) = (Scene::set()?, Inside::start()?);
    let pool = scene.lan("n1", &json!({ "direct": "on" }))?;
    let join = |id: &str, key: &str, value: &str| -> Outcome<(u16, Value)> {
        let address = scene.address(&pool, "")?;
        let interface = json!({ "Address": address, "MacAddress": "" });
        let mut request = endpoint("n1", id, &interface);
        request["Options"][key] = json!(value);
        let made = scene.post("NetworkDriver.CreateEndpoint", &request.to_string())?;
        if made.1.get("Err").is_some() {
            return Ok(made);
        }
        scene.post("NetworkDriver.Join", &of("n1", id, &inside.path).to_string())
    };
    let name = "com.docker.network.endpoint.ifname";
    let (_, joined) = join("e1", name, "wan7")?;
    assert_eq!((joined.get("Err"), joined.get("InterfaceName")), (None, None), "{joined}");
    assert_eq!(ip_addresses(&inside.netns, "wan7"), ["192.168.15.64/24"]);
    let (_, refused) = join("e2", name, "wan7")?;
    assert!(refused["Err"].as_str().is_some_and(|why| why.contains("wan7")), "{refused}");
    let sysctls = "com.docker.network.endpoint.sysctls";
    let (_, refused) = join("e3", sysctls, "net.ipv4.conf.IFNAME.log_martians=1")?;
    let why = refused["Err"].as_str().unwrap_or_default();
    assert!(why.contains(&format!("cannot use option {sysctls}=")), "{refused}");
    Ok(())
}

/// The host reaches the container, until it ends.
fn access_and_announcements() -> Outcome {
    let (scene, inside) = (Scene::set()?, Inside::start()?);
    let pool = scene.lan("n1", &json!({ "access": "on", "announce": "once" }))?;
    let joined = scene.join("n1", "e1", &pool, &inside)?;
    eventually("the host does not reach the container", || {
        Ok(ping(scene.host(), "192.168.15.64").is_some())
    })?;
    let link = joined["InterfaceName"]["SrcName"].as_str().ok_or("no link")?;
    inside.give(scene.host(), link);
    scene.leave("n1", "e1", &pool, &json!("192.168.15.64/24"))?;
    let routes = ip_lines(scene.host(), "route show 192.168.15.64");
    assert!(routes.is_empty(), "{routes:?}");
    assert_eq!(ip_lines(scene.host(), "link show type macvlan"), Vec::<String>::new());
    Ok(())
}

/// A VLAN is made for the first container, and removed with the last one.
fn vlan_parent() -> Outcome {
    need(Need::Vlan)?;
    let (scene, inside) = (Scene::set()?, Inside::start()?);
    let (pool, data) = scene.pool("10.0.100.0/24", "", "")?;
    scene.create("n1", &[data], &json!({ "parent": "ens33.100" }))?;
    let joined = scene.join("n1", "e1", &pool, &inside)?;
    assert_eq!(ip_link(scene.host(), "ens33.100")["linkinfo"]["info_data"]["id"], 100);
    let link = joined["InterfaceName"]["SrcName"].as_str().ok_or("no link")?;
    inside.give(scene.host(), link);
    scene.leave("n1", "e1", &pool, &json!("10.0.100.2/24"))?;
    eventually("the VLAN is left", || Ok(ip_lines(scene.host(), "link show type vlan").is_empty()))
}

/// Without a parent, an internal network is an island, as with Docker's own driver.
fn island() -> Outcome {
    need(Need::Dummy)?;
    let (scene, one, other) = (Scene::set()?, Inside::start()?, Inside::start()?);
    let (pool, data) = scene.pool("10.9.0.0/24", "", "")?;
    scene.ok("NetworkDriver.CreateNetwork", &network("n1", &[data], &json!({}), true))?;
    scene.join("n1", "e1", &pool, &one)?;
    scene.join("n1", "e2", &pool, &other)?;
    assert!(ping(&one.netns, "10.9.0.3").is_some(), "10.9.0.1 is kept for a gateway");
    Ok(())
}

fn refused() -> Outcome {
    let scene = Scene::set()?;
    for (options, words) in [
        (json!({ "colour": "red" }), "cannot use option colour=red: not an option of a network"),
        (json!({ "ipvlan_mode": "l2" }), "ipvlan_mode=l2: not an option of a network"),
        (
            json!({ "gateway": "10.0.0.1" }),
            "cannot use option gateway=10.0.0.1: expected none; give an address by --gateway",
        ),
        (json!({ "accept_ra": "always" }), "Docker itself configures the container's interface"),
        (json!({ "direct": "maybe" }), "cannot use option direct=maybe: not on or off"),
        (json!({ "keep": "long" }), "cannot use option keep=long"),
        (json!({ "routes": "10.0.0.0/8 metric 5" }), "DESTINATION [via GATEWAY] only"),
        (json!({ "routes": "blackhole 10.0.0.0/8" }), "DESTINATION [via GATEWAY] only"),
        (json!({ "name": "a/b" }), "a/b"),
        (json!({ "parent": "nowhere" }), "nowhere"),
        (json!({ "parent": "lo" }), "parent lo is not an Ethernet link"),
        (json!({ "mtu": 1400 }), "cannot read the options"),
        (
            json!({ "access": "on", "mode": "private" }),
            "cannot use option access=on: the host reaches no container in mode private",
        ),
        (json!({ "access": "on", "mode": "passthru" }), "cannot use option access=on: the host"),
    ] {
        let (pool, data) = scene.pool("192.168.15.0/24", "192.168.15.64/26", "")?;
        let mut all = json!({ "parent": "ens33" });
        for (key, value) in options.as_object().into_iter().flatten() {
            all[key] = value.clone();
        }
        let why =
            scene.fails("NetworkDriver.CreateNetwork", &network("n1", &[data], &all, false))?;
        assert!(why.contains(words), "{options}: {why}");
        scene.ok("IpamDriver.ReleasePool", &json!({ "PoolID": pool }))?;
    }
    // A gateway that the user has named, and that Docker has asked for itself, as it always does.
    let none = json!({ "parent": "ens33", "gateway": "none" });
    let (_, data) = scene.pool("192.168.15.0/24", "", "192.168.15.254")?;
    let why = scene.fails("NetworkDriver.CreateNetwork", &network("n1", &[data], &none, false))?;
    assert!(why.contains("gateway=none: the gateway 192.168.15.254 is given"), "{why}");
    let null = json!({ "AddressSpace": "null", "Pool": "0.0.0.0/0", "Gateway": null });
    for (key, value, words) in [
        ("access", "on", "cannot use option access=on: its containers have no addresses"),
        ("exclude", "192.168.15.9", "192.168.15.9"),
    ] {
        let options = json!({ "parent": "ens33", key: value });
        let asked = network("n1", std::slice::from_ref(&null), &options, false);
        let why = scene.fails("NetworkDriver.CreateNetwork", &asked)?;
        assert!(why.contains(words), "{why}");
    }
    let (_, data) = scene.pool("10.9.0.0/24", "", "")?;
    let island = network("n1", &[data], &json!({ "access": "on" }), true);
    let why = scene.fails("NetworkDriver.CreateNetwork", &island)?;
    assert!(why.contains("cannot use option access=on: the network has no parent"), "{why}");
    assert_eq!(scene.network("list")?, json!([]));
    Ok(())
}

/// The kernel would refuse it only when the link is set up, and without the container's name.
fn a_mac_address_of_another_container() -> Outcome {
    let scene = Scene::set()?;
    scene.lab.cable("ens34")?;
    let pool = scene.lan("n1", &json!({}))?;
    let (other, data) = scene.pool("10.9.0.0/24", "", "")?;
    scene.create("n2", &[data], &json!({ "parent": "ens34" }))?;
    let asked = |network: &str, id: &str, pool: &str| -> Outcome<Value> {
        let interface =
            json!({ "Address": scene.address(pool, "")?, "MacAddress": "02:00:00:00:00:07" });
        Ok(endpoint(network, id, &interface))
    };
    scene.ok("NetworkDriver.CreateEndpoint", &asked("n1", "e1", &pool)?)?;
    let (second, before) = (asked("n1", "e2", &pool)?, scene.leases()?);
    let why = scene.fails("NetworkDriver.CreateEndpoint", &second)?;
    assert!(why.contains("container \"e1\" has the MAC address 02:00:00:00:00:07"), "{why}");
    assert_eq!(scene.leases()?, before);
    // Another parent may have it too, and so may the next container.
    scene.ok("NetworkDriver.CreateEndpoint", &asked("n2", "e3", &other)?)?;
    scene.ok("NetworkDriver.DeleteEndpoint", &of("n1", "e1", ""))?;
    scene.ok("NetworkDriver.CreateEndpoint", &second)?;
    Ok(())
}

macvlan_tests::tests! {
    same_on_every_kernel:
    of_the_link,
    of_addresses,
    of_routes,
    gateways_of_internal_networks,
    gateways_of_routes,
    of_endpoints,
    direct,
    direct_with_a_name,
    access_and_announcements,
    vlan_parent,
    island,
    a_mac_address_of_another_container,
    refused,
}
