//! Complete scenarios: one subnet on two hosts, VLANs on a trunk with a router, and an address that
//! is already in use on the LAN.
#![deny(dead_code)]

use crate::common::{default_routes, ip, on_ens33, plug, session, started, subnet};
use macvlan_core::{Handle, Host, Link, NetNs, VlanOptions};
use macvlan_network::{
    ConnectOptions, ErrorKind, EtcdOptions, EtcdStore, Network, NetworkConfig, Networks,
};
use macvlan_tests::{
    Directory, Etcd, Lab, Matrix, Need, Outcome, Place, ip_do, ip_lines, need, ping, sysctl,
};

/// Two independent hosts, each with its own file and its own range of one subnet.
fn one_subnet_over_two_hosts_with_split_ranges() -> Outcome {
    let lab = Lab::with_addresses(&[], &[])?;
    let (on_a, on_b) = (Directory::new()?, Directory::new()?);
    let lan = |range: &str| -> Outcome<NetworkConfig> {
        let net = subnet("192.168.15.0/24")?.gateway(ip("192.168.15.254")).range(range.parse()?);
        Ok(NetworkConfig::new("lan").parent("ens33").subnet(net))
    };
    let a = session(&lab.a, &on_a, "a")?.create(&lan("192.168.15.64/26")?)?;
    let b = session(&lab.b, &on_b, "b")?.create(&lan("192.168.15.128/26")?)?;
    let mut people = Vec::new();
    for (number, network) in [&a, &b, &a, &b].into_iter().enumerate() {
        let (container, inside) = started()?;
        let got = network.connect(&ConnectOptions::new(format!("c{number}")), &inside)?.addresses();
        people.push((container, inside, got[0].to_string()));
    }
    let got: Vec<&str> = people.iter().map(|(_, _, ip)| ip.as_str()).collect();
    assert_eq!(got, ["192.168.15.64", "192.168.15.128", "192.168.15.65", "192.168.15.129"]);
    let places: Vec<Place> =
        people.iter().map(|(_, inside, ip)| Place::new(ip, inside, ip.as_str())).collect();
    let matrix = Matrix::ping(&places, |_, _| true);
    assert!(matrix.surprises().is_empty(), "{matrix}");
    Ok(())
}

/// Docker starts at .2 without checking. Here .2 and .4 are in use.
fn an_address_that_somebody_has_is_skipped() -> Outcome {
    let (lab, directory) = (Lab::new()?, Directory::new()?);
    ip_do(&lab.b.netns, "address add 192.168.15.4/24 dev ens33");
    let networks = session(&lab.a, &directory, "a")?;
    let lan = networks.create(&on_ens33("lan", "192.168.15.0/24")?.probe(true))?;
    let (_one, one) = started()?;
    let (_two, two) = started()?;
    assert_eq!(lan.connect(&ConnectOptions::new("c1"), &one)?.addresses(), [ip("192.168.15.3")]);
    assert_eq!(lan.connect(&ConnectOptions::new("c2"), &two)?.addresses(), [ip("192.168.15.5")]);
    let foreign: Vec<_> = lan.conflicting_addresses()?.into_iter().map(|one| one.address).collect();
    assert_eq!(foreign, [ip("192.168.15.2"), ip("192.168.15.4")]);
    assert!(ping(&one, "192.168.15.2").is_some() && ping(&two, "192.168.15.4").is_some());
    let (_three, three) = started()?;
    let options = ConnectOptions::new("c3").address(ip("192.168.15.2"));
    let error = lan.connect(&options, &three).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::AddressConflict, "{error}");
    assert_eq!(ip_lines(&three, "-o link show").len(), 1);
    Ok(())
}

/// VLANs 10 and 20, of both families, on a trunk with three hosts and a router; one etcd; and a
/// container in both VLANs.
fn vlans_on_a_trunk_of_three_hosts_and_a_router() -> Outcome {
    for what in [Need::Vlan, Need::Root, Need::Macvlan, Need::Bridge, Need::Ipv6, Need::Etcd] {
        need(what)?;
    }
    let switch = NetNs::anonymous()?;
    Handle::in_netns(&switch)?.add_link(&Link::bridge("br0")?.up(true))?;
    let hosts = [plug(&switch, "p1")?, plug(&switch, "p2")?, plug(&switch, "p3")?];
    let router = plug(&switch, "p4")?;
    sysctl(&router, "ipv4/ip_forward", "1");
    sysctl(&router, "ipv6/conf/all/forwarding", "1");
    let handle = Handle::in_netns(&router)?;
    for vlan in [10_u16, 20] {
        let name = format!("ens33.{vlan}");
        let link = Link::vlan(name.as_str(), "ens33", VlanOptions::new(vlan)?)?.up(true);
        handle.add_link(&link)?;
        handle.add_address(name.as_str(), &format!("10.0.{vlan}.1/24").parse()?)?;
        handle.add_address(name.as_str(), &format!("fd00:{vlan}::1/64 nodad").parse()?)?;
    }

    let etcd = Etcd::start()?;
    let mut sessions = Vec::new();
    for (number, host) in hosts.iter().enumerate() {
        let options = EtcdOptions::new(format!("host{number}"), [Etcd::ENDPOINT]);
        let store = etcd.netns().run(|| EtcdStore::open(&options))??;
        sessions.push(Networks::new(Host::in_netns(host)?, store)?);
    }
    for vlan in [10, 20] {
        sessions[0].create(
            &NetworkConfig::new(format!("vlan{vlan}"))
                .parent(format!("ens33.{vlan}"))
                .subnet(subnet(&format!("10.0.{vlan}.0/24"))?)
                .subnet(subnet(&format!("fd00:{vlan}::/64"))?),
        )?;
    }
    // Each host has a container in VLAN 10 and one in 20, and the last host one in both.
    let mut people = Vec::new();
    let vlan = |host: usize, name: &str| -> Outcome<Network> { Ok(sessions[host].network(name)?) };
    for host in 0..3 {
        for name in ["vlan10", "vlan20"] {
            let (container, inside) = started()?;
            let id = format!("h{host}-{name}");
            vlan(host, name)?.connect(&ConnectOptions::new(&id).name(&id), &inside)?;
            people.push((id, inside, container));
        }
    }
    let (_both, both) = started()?;
    vlan(2, "vlan10")?.connect(&ConnectOptions::new("both").name("both"), &both)?;
    vlan(2, "vlan20")?.connect(&ConnectOptions::new("both").name("both"), &both)?;
    assert_eq!(default_routes(&both), ["10.0.10.1 dev eth0", "fd00:10::1 dev eth0"]);

    for v6 in [false, true] {
        let mut places = Vec::new();
        for (id, inside, _) in &people {
            // Resolved on a host other than its own.
            let name = if id.ends_with("10") { "vlan10" } else { "vlan20" };
            let found = vlan(1, name)?.resolve(id)?;
            let address = found.iter().find(|one| one.is_ipv6() == v6).ok_or("it has none")?;
            places.push(Place::new(id, inside, address.to_string().as_str()));
        }
        for name in ["vlan10", "vlan20"] {
            let found = vlan(0, name)?.resolve("both")?;
            let address = found.iter().find(|one| one.is_ipv6() == v6).ok_or("it has none")?;
            places.push(Place::new("both", &both, address.to_string().as_str()));
        }
        // Through the router from one VLAN to the other.
        let matrix = Matrix::ping(&places, |_, _| true);
        assert!(matrix.surprises().is_empty(), "{}\n{matrix}", matrix.surprises().join(", "));
    }
    // The VLANs were made on demand, and are removed with the last container.
    for (host, session) in sessions.iter().enumerate() {
        for network in session.list()? {
            for lease in network.leases()? {
                if lease.host == session.host_name() {
                    network.disconnect(&lease.container)?;
                }
            }
        }
        let vlans = ip_lines(&hosts[host], "-o link show type vlan");
        assert!(vlans.is_empty(), "{vlans:?}");
    }
    for network in sessions[1].list()? {
        network.remove()?;
    }
    Ok(())
}

/// An isolated network on two hosts: each has a link for it while it has containers, and none
/// remains.
fn an_isolated_network_on_two_hosts() -> Outcome {
    need(Need::Dummy)?;
    let (lab, etcd) = (Lab::new()?, Etcd::start()?);
    let a = crate::common::in_etcd(&lab.a, &etcd, "a")?;
    let b = crate::common::in_etcd(&lab.b, &etcd, "b")?;
    let dummies = |host: &NetNs| ip_lines(host, "-o link show type dummy").len();
    for probe in [false, true] {
        let config = NetworkConfig::new("inner").subnet(subnet("10.1.0.0/24")?).probe(probe);
        let on_a = a.create(&config)?;
        let on_b = b.network("inner")?;
        let (_one, one) = started()?;
        let (_two, two) = started()?;
        assert_eq!(on_b.connect(&ConnectOptions::new("c2"), &two)?.addresses(), [ip("10.1.0.2")]);
        assert_eq!(on_a.connect(&ConnectOptions::new("c1"), &one)?.addresses(), [ip("10.1.0.3")]);
        assert_eq!((dummies(&lab.a.netns), dummies(&lab.b.netns)), (1, 1));
        on_b.disconnect("c2")?;
        assert_eq!((dummies(&lab.a.netns), dummies(&lab.b.netns)), (1, 0));
        on_a.disconnect("c1")?;
        assert_eq!(dummies(&lab.a.netns), 0);
        on_a.remove()?;
    }
    // A network that was never used on the host that created it, and is removed on the other.
    a.create(&NetworkConfig::new("unused").subnet(subnet("10.1.0.0/24")?))?;
    assert_eq!(dummies(&lab.a.netns), 1);
    b.network("unused")?.remove()?;
    a.reconcile()?;
    assert_eq!((dummies(&lab.a.netns), dummies(&lab.b.netns)), (0, 0));
    Ok(())
}

macvlan_tests::tests! {
    same_on_every_kernel:
    one_subnet_over_two_hosts_with_split_ranges,
    an_address_that_somebody_has_is_skipped,
    vlans_on_a_trunk_of_three_hosts_and_a_router;
    long: an_isolated_network_on_two_hosts,
}
