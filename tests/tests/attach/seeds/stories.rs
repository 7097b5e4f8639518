//! The three scenarios from which this library started: `seeds.rs` runs them as root, `rootless.rs`
//! in a user namespace.

use macvlan_core::{Endpoint, MacAddr, NetNs};
use macvlan_tests::{
    Container, Lab, Matrix, Outcome, Place, ip_addresses, ip_do, ip_lines, ip_link, ping, silent,
};

/// Two hosts with two containers each, in one subnet: all reach each other, except a host and its
/// own containers.
pub(crate) fn four_containers_on_two_hosts() -> Outcome {
    let lab = Lab::new()?;
    let mut places = vec![
        Place::new("host a", &lab.a.netns, "192.168.15.1"),
        Place::new("host b", &lab.b.netns, "192.168.15.2"),
    ];
    let mut containers = Vec::new();
    for (name, host, ip) in [
        ("a1", &lab.a, "192.168.15.11"),
        ("a2", &lab.a, "192.168.15.12"),
        ("b1", &lab.b, "192.168.15.21"),
        ("b2", &lab.b, "192.168.15.22"),
    ] {
        let container = Container::start()?;
        let endpoint = Endpoint::new("eth0", "ens33")?.address(format!("{ip}/24").parse()?);
        host.host.attach(&endpoint, &container.netns()?)?;
        places.push(Place::new(name, &container.netns()?, ip));
        containers.push(container);
    }
    let owner = [0, 1, 0, 0, 1, 1];
    let is_host = |place| place < 2;
    let matrix =
        Matrix::ping(&places, |from, to| owner[from] != owner[to] || is_host(from) == is_host(to));
    assert!(matrix.surprises().is_empty(), "{}\n{matrix}", matrix.surprises().join(", "));
    Ok(())
}

/// A container that was started without a network gets, by its pid, an address in the host's
/// subnet, a default route, and the MAC address that Docker would derive. The parent is made
/// promiscuous, as virtual switches below it require.
pub(crate) fn a_container_gets_its_place_by_pid() -> Outcome {
    let lab = Lab::with_addresses(&["172.16.213.1/16"], &["172.16.213.2/16", "10.99.0.1/32"])?;
    let container = Container::start()?;
    let inside = NetNs::from_pid(container.pid())?;
    lab.a.handle.set_promisc("ens33", true)?;
    assert_eq!(ip_link(&lab.a.netns, "ens33")["promiscuity"], 1);
    let endpoint = Endpoint::new("eth0", "ens33")?
        .mac(MacAddr::from_ipv4([172, 16, 213, 180].into()))
        .address("172.16.213.180/16".parse()?)
        .gateway("172.16.213.2".parse()?);
    let attachment = lab.a.host.attach(&endpoint, &inside)?;

    let eth0 = ip_link(&inside, "eth0");
    assert_eq!(eth0["address"], "02:42:ac:10:d5:b4");
    assert_eq!(attachment.mac().to_string(), "02:42:ac:10:d5:b4");
    assert_eq!(eth0["linkinfo"]["info_kind"], "macvlan");
    assert_eq!(eth0["linkinfo"]["info_data"]["mode"], "bridge");
    assert_eq!(ip_addresses(&inside, "eth0"), ["172.16.213.180/16"]);
    assert_eq!(
        ip_lines(&inside, "-4 route show"),
        [
            "default via 172.16.213.2 dev eth0",
            "172.16.0.0/16 dev eth0 proto kernel scope link src 172.16.213.180",
        ]
    );
    assert!(
        ip_link(&lab.a.netns, "ens33")["flags"]
            .as_array()
            .is_some_and(|flags| flags.contains(&"PROMISC".into()))
    );

    assert!(ping(&inside, "172.16.213.2").is_some(), "the gateway, on the other host");
    assert!(ping(&inside, "10.99.0.1").is_some(), "what lies behind the gateway");
    assert!(ping(&lab.b.netns, "172.16.213.180").is_some(), "from the other host");
    assert!(silent(&inside, "172.16.213.1"), "its own host");

    lab.a.host.detach(&attachment)?;
    assert!(silent(&lab.b.netns, "172.16.213.180"));
    Ok(())
}

/// `pipework ens33 test1 172.16.104.10/24@172.16.104.1`: a second interface, `eth1`, in a container
/// whose default route leads through the first. Afterwards it leads through the new one.
pub(crate) fn pipework_moves_the_default_route() -> Outcome {
    let lab = Lab::with_addresses(
        &["192.168.15.1/24"],
        &["192.168.15.2/24", "172.16.104.1/24", "10.99.0.1/32"],
    )?;
    let test1 = Container::start()?;
    let inside = NetNs::from_pid(test1.pid())?;
    let first =
        Endpoint::new("eth0", "ens33")?.assignment("192.168.15.10/24@192.168.15.2".parse()?);
    lab.a.host.attach(&first, &inside)?;
    ip_do(&inside, "route add 10.7.0.0/16 via 192.168.15.2"); // not a default route: stays
    assert_eq!(ip_lines(&inside, "route show default"), ["default via 192.168.15.2 dev eth0"]);

    let second = Endpoint::new("eth1", "ens33")?
        .assignment("172.16.104.10/24@172.16.104.1".parse()?)
        .replace_default_route(true);
    let attachment = lab.a.host.attach(&second, &inside)?;

    assert_eq!(
        ip_lines(&inside, "-4 route show"),
        [
            "default via 172.16.104.1 dev eth1",
            "10.7.0.0/16 via 192.168.15.2 dev eth0",
            "172.16.104.0/24 dev eth1 proto kernel scope link src 172.16.104.10",
            "192.168.15.0/24 dev eth0 proto kernel scope link src 192.168.15.10",
        ]
    );
    assert_eq!(
        attachment.routes().iter().map(ToString::to_string).collect::<Vec<_>>(),
        ["default via 172.16.104.1"]
    );
    assert_eq!(ip_addresses(&inside, "eth1"), ["172.16.104.10/24"]);
    assert!(ping(&inside, "172.16.104.1").is_some(), "the new gateway");
    assert!(ping(&inside, "10.99.0.1").is_some(), "what lies behind it");
    assert!(ping(&inside, "192.168.15.2").is_some(), "the first interface still works");
    Ok(())
}
