//! Gateways outside of the subnet, and subnets of one address.
#![deny(dead_code)]

use crate::common::{Scene, ip, started, subnet};
use macvlan_network::{ConnectOptions, NetworkConfig, Subnet};
use macvlan_tests::{Outcome, eventually, ip_addresses, ip_do, ip_lines, ping};

fn on_ens33(scene: &Scene, name: &str, subnet: Subnet) -> Outcome<macvlan_network::Network> {
    Ok(scene.networks.create(&NetworkConfig::new(name).parent("ens33").subnet(subnet))?)
}

/// Most IPv6 routers are reached by a link-local address.
fn a_link_local_gateway() -> Outcome {
    let scene = Scene::set()?;
    let beyond = &scene.lab.b.netns;
    ip_do(beyond, "address add fe80::1/64 dev ens33 nodad");
    ip_do(beyond, "address add 2001:db8::1/128 dev lo");
    ip_do(beyond, "-6 route add fd00:10::/64 dev ens33");
    let lan = on_ens33(&scene, "lan", subnet("fd00:10::/64")?.gateway(ip("fe80::1")))?;
    let (_container, inside) = started()?;
    assert_eq!(lan.connect(&ConnectOptions::new("c1"), &inside)?.addresses(), [ip("fd00:10::1")]);
    let routes = ip_lines(&inside, "-6 route show default");
    assert!(
        routes.len() == 1 && routes[0].starts_with("default via fe80::1 dev eth0"),
        "{routes:?}"
    );
    eventually("the router does not answer", || Ok(ping(&inside, "2001:db8::1").is_some()))?;
    assert!(scene.networks.reconcile()?.is_empty(), "it is as it should be");
    Ok(())
}

/// Some hosting providers route single addresses.
fn a_gateway_elsewhere_and_single_addresses() -> Outcome {
    let scene = Scene::set()?;
    let beyond = &scene.lab.b.netns;
    ip_do(beyond, "route add 203.0.113.0/24 dev ens33");
    let elsewhere = |net: &str| -> Outcome<Subnet> {
        Ok(subnet(net)?.gateway(ip("192.168.15.2")).on_link_gateway(true))
    };
    let some = on_ens33(&scene, "some", elsewhere("203.0.113.16/28")?)?;
    let single = NetworkConfig::new("single")
        .parent("ens33")
        .subnet(elsewhere("203.0.113.40/32")?)
        .subnet(elsewhere("203.0.113.50/32")?)
        .subnet(subnet("2001:db8:5::7/128")?.gateway(ip("2001:db8::1")).on_link_gateway(true));
    let single = scene.networks.create(&single)?;
    let (_one, one) = started()?;
    assert_eq!(some.connect(&ConnectOptions::new("c1"), &one)?.addresses(), [ip("203.0.113.17")]);
    let routes = ip_lines(&one, "-4 route show default");
    assert_eq!(routes, ["default via 192.168.15.2 dev eth0 proto 109 onlink"]);
    assert!(ping(&one, "192.168.15.2").is_some());
    let (_two, two) = started()?;
    let both = [ip("203.0.113.40"), ip("2001:db8:5::7")];
    assert_eq!(single.connect(&ConnectOptions::new("c2"), &two)?.addresses(), both);
    assert_eq!(ip_addresses(&two, "eth0")[..1], ["203.0.113.40/32"]);
    assert_eq!(
        ip_lines(&two, "-4 route show"),
        ["default via 192.168.15.2 dev eth0 proto 109 onlink"]
    );
    let routes = ip_lines(&two, "-6 route show default");
    assert!(routes[0].starts_with("default via 2001:db8::1 dev eth0"), "{routes:?}");
    assert!(ping(&two, "192.168.15.2").is_some());
    assert!(scene.networks.reconcile()?.is_empty(), "it is as it should be");
    Ok(())
}

macvlan_tests::tests! {
    same_on_every_kernel:
    a_link_local_gateway,
    a_gateway_elsewhere_and_single_addresses,
}
