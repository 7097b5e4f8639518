//! A network's settings for interfaces: routes, metrics, IPv6, MTU, multicast; and networks without
//! addresses.
#![deny(dead_code)]

use crate::common::{Scene, default_routes, ip, on_ens33, started, subnet, with_scenes};
use macvlan_core::{AcceptRa, Handle, NetNs};
use macvlan_network::{ConnectOptions, ErrorKind, Network, NetworkConfig, Reconciled};
use macvlan_tests::{Outcome, ip_addresses, ip_do, ip_lines, ip_link, sysctl};
use serde_json::Value;

fn disable_ipv6(inside: &NetNs, link: &str) -> Outcome<Option<bool>> {
    Ok(Handle::in_netns(inside)?.link(link)?.disable_ipv6)
}

fn routes_and_a_metric() -> Outcome {
    let scene = Scene::set()?;
    let lan = scene.networks.create(
        &on_ens33("lan", "10.1.0.0/24")?
            .subnet(subnet("10.2.0.0/24")?.range("10.2.0.8-10.2.0.9".parse()?))
            .subnet(subnet("fd00:1::/64")?.gateway(ip("fe80::1")))
            .metric(50)
            .route("10.9.0.0/16 via 10.1.0.254 metric 7".parse()?)
            .route("10.8.0.0/16 via 10.2.0.254".parse()?)
            .route("blackhole 10.7.0.0/16".parse()?)
            .route("fd00:9::/48 via fe80::9".parse()?),
    )?;
    let (_container, inside) = started()?;
    lan.connect(&ConnectOptions::new("c1"), &inside)?;
    let v4 = |what: &str| ip_lines(&inside, &format!("-4 route show {what}"));
    assert_eq!(v4("default"), ["default via 10.1.0.1 dev eth0 proto 109 metric 50"]);
    assert_eq!(v4("10.9.0.0/16"), ["10.9.0.0/16 via 10.1.0.254 dev eth0 proto 109 metric 7"]);
    assert_eq!(v4("10.8.0.0/16").len(), 0, "it has no address in that gateway's subnet");
    assert_eq!(v4("type blackhole").len(), 1);
    let v6 = ip_lines(&inside, "-6 route show");
    for begins in
        ["default via fe80::1 dev eth0 proto 109 metric 50", "fd00:9::/48 via fe80::9 dev eth0"]
    {
        assert!(v6.iter().any(|line| line.starts_with(begins)), "no {begins:?} in {v6:?}");
    }
    // A container with an address in the other subnet gets that subnet's gateway and routes.
    let (_other, other) = started()?;
    lan.connect(&ConnectOptions::new("c2").address(ip("10.2.0.8")), &other)?;
    let routes = ip_lines(&other, "-4 route show");
    assert!(
        routes.contains(&"default via 10.2.0.1 dev eth0 proto 109 metric 50".to_owned()),
        "{routes:?}"
    );
    assert!(
        routes.contains(&"10.8.0.0/16 via 10.2.0.254 dev eth0 proto 109".to_owned()),
        "{routes:?}"
    );
    assert!(!routes.iter().any(|line| line.starts_with("10.9")), "{routes:?}");
    ip_do(&inside, "route del 10.9.0.0/16");
    assert_eq!(scene.networks.reconcile()?.len(), 1);
    assert_eq!(v4("10.9.0.0/16").len(), 1);
    lan.disconnect("c1")?;
    assert_eq!(v4("type blackhole").len(), 0);
    Ok(())
}

/// IPv6 is off without an IPv6 subnet, on with one, and left to the container if requested.
fn ipv6_follows_the_subnets() -> Outcome {
    let scene = Scene::set()?;
    let create = |config: NetworkConfig| scene.networks.create(&config);
    let v4 = create(on_ens33("v4", "10.1.0.0/24")?)?;
    let dual = create(on_ens33("dual", "10.2.0.0/24")?.subnet(subnet("fd00:2::/64")?))?;
    let left = create(on_ens33("left", "10.3.0.0/24")?.leave_ipv6(true))?;
    let told = create(on_ens33("told", "10.4.0.0/24")?.accept_ra(AcceptRa::UnlessForwarding))?;
    let (_container, inside) = started()?;
    for (network, link) in [(&v4, "v4"), (&dual, "dual"), (&left, "left"), (&told, "told")] {
        network.connect(&ConnectOptions::new("c1").interface(link), &inside)?;
    }
    let has_link_local =
        |link: &str| !ip_lines(&inside, &format!("-6 address show {link}")).is_empty();
    assert_eq!((disable_ipv6(&inside, "v4")?, has_link_local("v4")), (Some(true), false));
    assert_eq!((disable_ipv6(&inside, "dual")?, has_link_local("dual")), (Some(false), true));
    assert_eq!((disable_ipv6(&inside, "left")?, has_link_local("left")), (Some(false), true));
    let links = Handle::in_netns(&inside)?;
    let accepts = |link: &str| -> Outcome<_> { Ok(links.link(link)?.accept_ra) };
    assert_eq!(accepts("dual")?, Some(AcceptRa::Never));
    assert_eq!(accepts("left")?, Some(AcceptRa::UnlessForwarding), "it is the kernel's default");
    assert_eq!(accepts("told")?, Some(AcceptRa::UnlessForwarding));

    // If IPv6 is disabled in the container, a network that needs it enables it on its own interface
    // only.
    let (_without, without) = started()?;
    sysctl(&without, "ipv6/conf/default/disable_ipv6", "1");
    dual.connect(&ConnectOptions::new("c2"), &without)?;
    assert_eq!(ip_addresses(&without, "eth0")[..2], ["10.2.0.3/24", "fd00:2::3/64"]);
    left.connect(&ConnectOptions::new("c2"), &without)?;
    assert_eq!(disable_ipv6(&without, "eth1")?, Some(true));
    Ok(())
}

/// Impossible settings are reported on creation, not by the first container.
fn mtus_and_multicast() -> Outcome {
    let scene = Scene::set()?;
    let error = scene.networks.create(&on_ens33("a", "10.1.0.0/24")?.mtu(67)).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::InvalidValue, "{error}");
    let small =
        scene.networks.create(&on_ens33("small", "10.1.0.0/24")?.mtu(1000).allmulticast(true))?;
    assert!(small.warnings().is_empty(), "{:?}", small.warnings());
    let (_container, inside) = started()?;
    small.connect(&ConnectOptions::new("c1"), &inside)?;
    assert_eq!(ip_link(&inside, "eth0")["mtu"], 1000);
    let flags = ip_link(&inside, "eth0")["flags"].to_string();
    assert!(flags.contains("ALLMULTI"), "{flags}");
    ip_do(&inside, "link set eth0 allmulticast off");
    let done = scene.networks.reconcile()?;
    assert!(done.len() == 1 && done[0].to_string().contains("allmulticast is off"), "{done:?}");
    let large = scene.networks.create(&on_ens33("large", "10.2.0.0/24")?.mtu(9000))?;
    assert!(large.warnings()[0].contains("MTU 9000 is above the 1500 of ens33"));
    assert!(scene.networks.network("large")?.warnings().is_empty());
    Ok(())
}

/// Layer 2 alone: another host gives the addresses, or none does.
fn a_network_without_addresses() -> Outcome {
    with_scenes(|scene| {
        let wire = scene
            .networks
            .create(&NetworkConfig::new("wire").parent("ens33").without_addresses())?;
        assert!(wire.config().get_subnets().is_empty());
        let lan = scene.networks.create(&on_ens33("lan", "10.1.0.0/24")?)?;
        let (_container, inside) = started()?;
        let connection = wire.connect(&ConnectOptions::new("c1").name("bare"), &inside)?;
        assert!(connection.addresses().is_empty());
        assert_eq!(ip_lines(&inside, "-4 address show eth0").len(), 0);
        assert_eq!(disable_ipv6(&inside, "eth0")?, Some(false), "that is the container's matter");
        assert_eq!(ip_link(&inside, "eth0")["address"], connection.mac().to_string());
        lan.connect(&ConnectOptions::new("c1"), &inside)?;
        assert_eq!(
            ip_lines(&inside, "-4 route show default"),
            ["default via 10.1.0.1 dev eth1 proto 109"]
        );
        // An address from outside is left alone.
        ip_do(&inside, "address add 192.168.15.77/24 dev eth0");
        assert!(scene.networks.reconcile()?.is_empty());
        assert_eq!(ip_addresses(&inside, "eth0")[0], "192.168.15.77/24");
        let options = ConnectOptions::new("c2").address(ip("10.1.0.9"));
        let error = wire.connect(&options, &NetNs::anonymous()?).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::AddressUnusable, "{error}");
        wire.disconnect("c1")?;
        wire.remove()?;
        Ok(())
    })
}

/// Inside its container, an interface may have any name.
fn an_interface_that_was_renamed() -> Outcome {
    with_scenes(|scene| {
        let lan = scene.networks.create(&on_ens33("lan", "10.1.0.0/24")?)?;
        let wan = scene.networks.create(&on_ens33("wan", "10.2.0.0/24")?)?;
        let (_container, inside) = started()?;
        lan.connect(&ConnectOptions::new("c1"), &inside)?;
        wan.connect(&ConnectOptions::new("c1"), &inside)?;
        // Each has the name that the other one had.
        for line in [
            "link set eth0 down",
            "link set eth1 down",
            "link set eth0 name other",
            "link set eth1 name eth0",
            "link set other name eth1",
            "link set eth0 up",
        ] {
            ip_do(&inside, line);
        }
        let found = |network: &Network| Ok(network.inspect()?["Containers"]["c1"]["Link"].clone());
        let found = |network: &Network| -> Outcome<Value> { found(network) };
        assert_eq!((found(&lan)?, found(&wan)?), ("eth1".into(), "eth0".into()));
        let done: Vec<String> =
            scene.networks.reconcile()?.iter().map(ToString::to_string).collect();
        let [repaired] = done.as_slice() else { return Err(format!("{done:?}").into()) };
        assert!(repaired.starts_with("repaired \"eth0\" of container \"c1\": the link is down"));
        assert_eq!(ip_addresses(&inside, "eth1"), ["10.1.0.2/24"]);
        assert_eq!(ip_addresses(&inside, "eth0"), ["10.2.0.2/24"]);
        assert_eq!(default_routes(&inside), ["10.1.0.1 dev eth1"]);
        assert!(scene.networks.reconcile()?.is_empty());
        ip_do(&inside, "address flush dev eth1");
        let connection = lan.connect(&ConnectOptions::new("c1").interface("eth0"), &inside)?;
        assert_eq!(connection.interface().as_str(), "eth1");
        assert_eq!(ip_addresses(&inside, "eth1"), ["10.1.0.2/24"]);
        lan.disconnect("c1/eth0")?;
        assert_eq!(ip_lines(&inside, "-o link show type macvlan").len(), 1);
        assert_eq!(default_routes(&inside), ["10.2.0.1 dev eth0"]);
        assert_eq!(ip_addresses(&inside, "eth0"), ["10.2.0.2/24"]);
        // Another program's link has its name now.
        ip_do(&inside, "link set eth0 name wan0");
        ip_do(&inside, "link add eth1 type bridge");
        assert!(scene.networks.reconcile()?.is_empty());
        assert_eq!(found(&wan)?, "wan0");
        ip_do(&inside, "link delete wan0");
        assert_eq!(found(&wan)?, Value::Null);
        let done = scene.networks.reconcile()?;
        let [Reconciled::Failed(why)] = done.as_slice() else {
            return Err(format!("{done:?}").into());
        };
        assert!(why.contains("\"eth1\" in the container is another program's link"), "{why}");
        Ok(())
    })
}

/// Into another namespace, by hand.
fn an_interface_that_was_moved() -> Outcome {
    with_scenes(|scene| {
        let lan = scene.networks.create(&on_ens33("lan", "10.1.0.0/24")?)?;
        let (container, inside) = started()?;
        let (elsewhere, other) = started()?;
        lan.connect(&ConnectOptions::new("c1"), &inside)?;
        let (here, there) = (container.pid(), elsewhere.pid());
        let place = format!("in {} (/proc/{there}/ns/net)", other.id());
        let move_it = |address: &str| {
            ip_do(&inside, &format!("link set eth0 netns {there}"));
            ip_do(&other, &format!("address add {address} dev eth0"));
            ip_do(&other, "link set eth0 up");
        };
        move_it("10.1.0.99/24");
        assert!(lan.inspect()?["Containers"]["c1"]["Link"].is_null());
        let error = lan.connect(&ConnectOptions::new("c1"), &inside).unwrap_err().to_string();
        let expected = format!("its interface is not in the container, but is \"eth0\" {place}");
        assert!(error.contains(&expected) && error.contains("move it back"), "{error}");
        let done: Vec<String> =
            scene.networks.reconcile()?.iter().map(ToString::to_string).collect();
        let [not_repaired, not_adopted] = done.as_slice() else {
            return Err(format!("{done:?}").into());
        };
        assert!(not_repaired.contains(&expected), "{not_repaired}");
        let expected = format!(
            "cannot adopt \"eth0\" {place}: it has the alias and the MAC address of container \"c1\", \
         which is connected in {}; delete it here",
            inside.id()
        );
        assert!(not_adopted.contains(&expected), "{not_adopted}");
        // Moved back, it is repaired.
        ip_do(&other, &format!("link set eth0 netns {here}"));
        assert_eq!(scene.networks.reconcile()?.len(), 1);
        assert_eq!(ip_addresses(&inside, "eth0"), ["10.1.0.2/24"]);
        // With its own address, the store knows it again, and the container has the lease.
        move_it("10.1.0.2/24");
        let done = scene.networks.reconcile()?;
        assert!(
            matches!(&done[..], [Reconciled::Failed(_), Reconciled::Displaced { .. }]),
            "{done:?}"
        );
        assert_eq!(ip_lines(&other, "-o link show").len(), 1);
        assert_eq!(scene.networks.reconcile()?.len(), 1);
        assert_eq!(ip_addresses(&inside, "eth0"), ["10.1.0.2/24"]);
        assert!(scene.networks.reconcile()?.is_empty());
        Ok(())
    })
}

macvlan_tests::tests! {
    same_on_every_kernel:
    an_interface_that_was_renamed,
    an_interface_that_was_moved,
    routes_and_a_metric,
    ipv6_follows_the_subnets,
    mtus_and_multicast,
    a_network_without_addresses,
}
