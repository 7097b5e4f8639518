//! Networks on one host: created, connected to and removed.
#![deny(dead_code)]

use crate::common::{
    Scene, behind, default_routes, ended, ip, on_ens33, started, subnet, with_scenes,
};
use macvlan_core::{Detached, Mode};
use macvlan_network::{ConnectOptions, ErrorKind, MacFrom, NetworkConfig};
use macvlan_tests::{
    Need, Outcome, Snapshot, eventually, ip_addresses, ip_do, ip_lines, ip_link, need, ping, silent,
};

/// The shortest complete path.
fn a_container_is_connected_and_disconnected() -> Outcome {
    with_scenes(|scene| {
        let lan = scene.networks.create(
            &NetworkConfig::new("lan").parent("ens33").subnet(
                subnet("192.168.15.0/24")?
                    .gateway(ip("192.168.15.2"))
                    .reserve("host a", ip("192.168.15.1")),
            ),
        )?;
        let (_container, inside) = started()?;
        let before = Snapshot::of(&scene.lab.a.netns);
        let connection = lan.connect(&ConnectOptions::new("c1").name("test101"), &inside)?;
        assert_eq!(connection.addresses(), [ip("192.168.15.3")]);
        assert_eq!(connection.mac().to_string(), "02:42:c0:a8:0f:03");
        assert_eq!(ip_link(&inside, "eth0")["address"], "02:42:c0:a8:0f:03");
        assert_eq!(ip_addresses(&inside, "eth0"), ["192.168.15.3/24"]);
        assert_eq!(default_routes(&inside), ["192.168.15.2 dev eth0"]);
        assert!(ping(&inside, "192.168.15.2").is_some());

        let error = scene.networks.network("lan")?.remove().unwrap_err();
        assert_eq!(error.kind(), ErrorKind::NetworkInUse);
        assert!(error.to_string().contains("container \"c1\""), "{error}");

        assert_eq!(lan.disconnect("c1")?, Detached::Removed);
        assert_eq!(ip_lines(&inside, "-o link show").len(), 1);
        before.assert_same(&scene.lab.a.netns);
        assert_eq!(lan.leases()?, []);
        let error = lan.disconnect("c1").unwrap_err();
        assert_eq!(error.kind(), ErrorKind::NotConnected, "{error}");
        let same = scene.networks.with_record(lan.record().clone());
        lan.remove()?;
        assert_eq!(same.remove().unwrap_err().kind(), ErrorKind::NetworkNotFound);
        assert!(scene.networks.list()?.is_empty());
        assert_eq!(scene.leases()?, 0);
        Ok(())
    })
}

fn what_cannot_be_is_refused_with_its_reason() -> Outcome {
    with_scenes(|scene| {
        let networks = &scene.networks;
        networks.create(&on_ens33("lan", "10.0.0.0/16")?)?;
        networks.create(
            &NetworkConfig::new("alone")
                .parent("eth7")
                .mode(Mode::Passthru)
                .subnet(subnet("10.9.0.0/24")?),
        )?;
        let outside = subnet("10.1.0.0/24")?.gateway(ip("10.2.0.1"));
        let not_within = subnet("10.1.0.0/24")?.range("10.2.0.0/25".parse()?);
        for (config, kind, words) in [
            (
                on_ens33("lan", "10.1.0.0/24")?,
                ErrorKind::NetworkExists,
                "a network with this name exists",
            ),
            (
                on_ens33("lan2", "10.0.10.0/24")?,
                ErrorKind::SubnetOverlaps,
                "10.0.10.0/24 overlaps 10.0.0.0/16 of network \"lan\"",
            ),
            (
                on_ens33("lan2", "10.1.0.0/24")?.mode(Mode::Passthru),
                ErrorKind::ParentClash,
                "parent \"ens33\" is also that of network \"lan\"",
            ),
            (
                NetworkConfig::new("lan2").parent("eth7").subnet(subnet("10.1.0.0/24")?),
                ErrorKind::ParentClash,
                "of that network",
            ),
            (
                NetworkConfig::new("lan2").parent("ens33").subnet(outside),
                ErrorKind::InvalidValue,
                "gateway 10.2.0.1 is outside",
            ),
            (
                NetworkConfig::new("lan2").parent("ens33").subnet(not_within),
                ErrorKind::InvalidValue,
                "range 10.2.0.0/25 is outside of the subnet",
            ),
        ] {
            let error = networks.create(&config).unwrap_err();
            assert_eq!(error.kind(), kind, "{error}");
            assert!(error.to_string().contains(words), "no {words:?} in: {error}");
        }
        let error = networks.network("wan").unwrap_err();
        assert_eq!(error.kind(), ErrorKind::NetworkNotFound, "{error}");
        assert_eq!(networks.list()?.len(), 2, "nothing came of what was refused");
        Ok(())
    })
}

/// If the kernel refuses, neither it nor the store keeps a trace.
fn what_the_kernel_refuses_leaves_no_lease() -> Outcome {
    with_scenes(|scene| {
        let gone = scene
            .networks
            .create(&NetworkConfig::new("gone").parent("eth7").subnet(subnet("10.1.0.0/24")?))?;
        let large = scene.networks.create(&on_ens33("large", "10.2.0.0/24")?.mtu(9000))?;
        let (_container, inside) = started()?;
        let (outside, within) = (Snapshot::of(&scene.lab.a.netns), Snapshot::of(&inside));
        for (network, kind, words) in [
            (&gone, macvlan_core::ErrorKind::ParentNotFound, "eth7"),
            (&large, macvlan_core::ErrorKind::MtuTooLarge, "9000"),
        ] {
            let error = network.connect(&ConnectOptions::new("c1").name("x"), &inside).unwrap_err();
            assert_eq!(error.kind(), ErrorKind::Kernel, "{error}");
            assert_eq!(error.core().map(macvlan_core::Error::kind), Some(kind), "{error}");
            let message = error.to_string();
            let subject = format!("network {:?}: cannot connect container \"c1\"", network.name());
            assert!(message.starts_with(&subject) && message.contains(words), "{message}");
            assert_eq!(network.leases()?, []);
            outside.assert_same(&scene.lab.a.netns);
            within.assert_same(&inside);
        }
        for options in [
            ConnectOptions::new("a/b"),
            ConnectOptions::new("c1").name("two words"),
            ConnectOptions::new("c1").interface("a name that is too long"),
            ConnectOptions::new("c1").default_route(true).gw_priority(1),
            ConnectOptions::new("c1").alias("two words"),
        ] {
            let error = large.connect(&options, &inside).unwrap_err();
            assert_eq!(error.kind(), ErrorKind::InvalidValue, "{error}");
        }
        let error = large.connect(&ConnectOptions::new("c1"), &scene.lab.a.netns).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::InvalidValue, "{error}");
        assert!(error.to_string().contains("host's own network namespace"), "{error}");
        assert_eq!(scene.leases()?, 0);
        Ok(())
    })
}

/// Two networks on one parent, and a container in both.
fn a_container_in_two_networks() -> Outcome {
    with_scenes(|scene| {
        let one = scene.networks.create(&on_ens33("one", "10.1.0.0/24")?)?;
        let two = scene.networks.create(&on_ens33("two", "10.2.0.0/24")?)?;
        let inner = scene.networks.create(&on_ens33("inner", "10.3.0.0/24")?.internal(true))?;
        let (_container, inside) = started()?;
        let default = || default_routes(&inside);

        let first = inner.connect(&ConnectOptions::new("c1"), &inside)?;
        assert_eq!((first.interface().as_str(), default()), ("eth0", Vec::new()));
        let second = one.connect(&ConnectOptions::new("c1"), &inside)?;
        assert_eq!(second.interface(), "eth1");
        let third = two.connect(&ConnectOptions::new("c1"), &inside)?;
        assert_eq!(third.interface(), "eth2");
        assert_eq!(default(), ["10.1.0.1 dev eth1"], "the first that has one gives it");
        one.disconnect("c1")?;
        two.disconnect("c1")?;
        // An option decides.
        one.connect(&ConnectOptions::new("c1").default_route(false), &inside)?;
        two.connect(&ConnectOptions::new("c1").interface("wan").default_route(true), &inside)?;
        assert_eq!(default(), ["10.2.0.1 dev wan"]);

        // Links of other programs are skipped.
        let (_other, inside) = started()?;
        ip_do(&inside, "link add eth0 type veth peer name eth9");
        let passed = one.connect(&ConnectOptions::new("c2"), &inside)?;
        assert_eq!(passed.interface(), "eth1");
        assert_eq!(one.lease("c2")?.map(|lease| lease.interface), Some(passed.interface()));
        let error = two.connect(&ConnectOptions::new("c2").interface("eth0"), &inside).unwrap_err();
        let core = error.core().map(macvlan_core::Error::kind);
        assert_eq!(core, Some(macvlan_core::ErrorKind::NameTaken), "{error}");
        assert_eq!(two.lease("c2")?, None);
        assert_eq!(scene.leases()?, 4);
        Ok(())
    })
}

/// Connecting again changes nothing, repairs missing parts, and never moves a container.
fn connected_again() -> Outcome {
    with_scenes(|scene| {
        let lan = scene.networks.create(&on_ens33("lan", "10.1.0.0/24")?)?;
        let (_container, inside) = started()?;
        let options = ConnectOptions::new("c1").name("test101");
        let first = lan.connect(&options, &inside)?;
        let again = lan.connect(&options, &inside)?;
        assert_eq!(first.lease(), again.lease());
        ip_do(&inside, "link delete eth0");
        // From another process.
        let other = scene.session()?.network("lan")?;
        assert_eq!(other.connect(&options, &inside)?.lease(), first.lease());
        assert_eq!(ip_addresses(&inside, "eth0"), ["10.1.0.2/24"]);

        let error = lan.connect(&options.clone().address(ip("10.1.0.9")), &inside).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::AlreadyConnected, "{error}");
        let (_elsewhere, elsewhere) = started()?;
        let error = lan.connect(&options, &elsewhere).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::AlreadyConnected, "{error}");
        let error =
            lan.connect(&ConnectOptions::new("c2").name("test101"), &elsewhere).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::NameTaken, "{error}");
        assert!(error.to_string().contains("container \"c1\" has the name \"test101\""), "{error}");
        let error = lan.disconnect_from("c1", &elsewhere).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::NotConnected, "{error}");
        assert!(error.to_string().contains("connected in another namespace, net:["), "{error}");
        assert_eq!(lan.disconnect_from("c1", &inside)?, Detached::Removed);

        // A container whose namespace is gone can be disconnected from any process.
        let (gone, was_inside) = started()?;
        lan.connect(&options, &was_inside)?;
        ended(gone, was_inside)?;
        assert_eq!(lan.disconnect_from("c1", &elsewhere)?, Detached::AlreadyGone);
        Ok(())
    })
}

/// A lease remains that could not be released, and another program's link has the name of its
/// interface.
fn a_link_of_another_program_stays() -> Outcome {
    let scene = Scene::set()?;
    let lan = scene.networks.create(&on_ens33("lan", "10.1.0.0/24")?)?;
    let (container, inside) = started()?;
    let host = &scene.lab.a.netns;
    ip_do(host, "link add theirs link ens33 address 02:00:00:00:00:77 type macvlan mode bridge");
    ip_do(host, &format!("link set theirs netns {} name eth0", container.pid()));
    ip_do(&inside, "link set eth0 up");
    let before = Snapshot::settled(&inside);
    let file = behind(&scene.directory)?;
    file.execute_batch(
        "CREATE TRIGGER stop BEFORE DELETE ON lease BEGIN SELECT RAISE(ABORT, 'no'); END",
    )?;
    // The name would be chosen again, so the store is what is in the way.
    let error = lan.connect(&ConnectOptions::new("c1"), &inside).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::StoreUnavailable, "{error}");
    assert_eq!(error.leftovers().collect::<Vec<_>>(), ["a lease of \"c1\""]);
    file.execute_batch("DROP TRIGGER stop")?;
    let words = "\"eth0\" in the container is another program's link";
    let done = scene.networks.reconcile()?;
    assert!(done.len() == 1 && done[0].to_string().contains(words), "{done:?}");
    let error = lan.connect(&ConnectOptions::new("c1"), &inside).unwrap_err();
    assert!(error.to_string().contains(words), "{error}");
    before.assert_same(&inside);
    assert_eq!(lan.disconnect("c1")?, Detached::AlreadyGone);
    let connection = lan.connect(&ConnectOptions::new("c1"), &inside)?;
    assert_eq!(connection.interface().as_str(), "eth1");
    assert_eq!(ip_link(&inside, "eth0")["address"], "02:00:00:00:00:77");
    Ok(())
}

/// Without a parent, the containers of one host reach only one another.
fn an_isolated_network() -> Outcome {
    need(Need::Dummy)?;
    let scene = Scene::set()?;
    let inner =
        scene.networks.create(&NetworkConfig::new("inner").subnet(subnet("10.1.0.0/24")?))?;
    let (_one, one) = started()?;
    let (_two, two) = started()?;
    let dummies = || -> Vec<String> {
        let all = ip_lines(&scene.lab.a.netns, "-o link show group 1835098998");
        all.into_iter().filter(|line| line.contains("dm-")).collect()
    };
    inner.connect(&ConnectOptions::new("c1"), &one)?;
    assert_eq!(dummies().len(), 1);
    // As after a reboot: the network's own link is gone, and the first container creates it again.
    ip_do(&scene.lab.a.netns, &format!("link delete {}", inner.parent()));
    inner.disconnect("c1")?;
    inner.connect(&ConnectOptions::new("c1"), &one)?;
    inner.connect(&ConnectOptions::new("c2"), &two)?;
    assert!(ping(&one, "10.1.0.3").is_some());
    assert!(silent(&one, "192.168.15.2"));
    assert!(ip_link(&scene.lab.a.netns, &inner.parent())["ifname"].is_string());
    inner.disconnect("c1")?;
    assert_eq!(dummies().len(), 1, "it stays for the other");
    inner.disconnect("c2")?;
    assert!(dummies().is_empty(), "and goes with the last");
    // The remains of a container that was not disconnected are deleted once it is known to be gone.
    let (gone, was_inside) = started()?;
    inner.connect(&ConnectOptions::new("c3"), &was_inside)?;
    drop((gone, was_inside));
    eventually("it is not gone", || Ok(scene.networks.collect()?.leases.len() == 1))?;
    eventually("its link stays", || {
        scene.networks.reconcile()?;
        Ok(dummies().is_empty())
    })?;
    assert_eq!(scene.networks.prune()?, ["inner"]);
    Ok(())
}

/// The same subnet in two isolated networks, with a probe before an address is given.
fn isolated_networks_with_a_probe() -> Outcome {
    need(Need::Dummy)?;
    let scene = Scene::set()?;
    let isolated = |name: &str| -> Outcome<macvlan_network::Network> {
        let config = NetworkConfig::new(name).subnet(subnet("10.1.0.0/24")?).probe(true);
        Ok(scene.networks.create(&config)?)
    };
    let (inner, other) = (isolated("inner")?, isolated("other")?);
    let (_one, one) = started()?;
    let (_two, two) = started()?;
    let (_three, three) = started()?;
    assert_eq!(inner.connect(&ConnectOptions::new("c1"), &one)?.addresses(), [ip("10.1.0.2")]);
    // Another host on the network's own link has the next address.
    ip_do(&one, "address add 10.1.0.3/24 dev eth0");
    assert_eq!(inner.connect(&ConnectOptions::new("c2"), &two)?.addresses(), [ip("10.1.0.4")]);
    assert_eq!(other.connect(&ConnectOptions::new("c3"), &three)?.addresses(), [ip("10.1.0.2")]);
    assert!(ping(&one, "10.1.0.4").is_some());
    assert!(silent(&three, "10.1.0.4"));
    Ok(())
}

/// The subnet if none is given: Docker's first that is free.
fn a_subnet_is_chosen() -> Outcome {
    with_scenes(|scene| {
        let chosen = |name: &str| -> Outcome<String> {
            let network = scene.networks.create(&NetworkConfig::new(name).parent("ens33"))?;
            Ok(network.config().get_subnets()[0].to_string())
        };
        assert_eq!(chosen("one")?, "172.17.0.0/16");
        assert_eq!(chosen("two")?, "172.18.0.0/16");
        // Subnets of a link of the host and of a route are avoided.
        ip_do(&scene.lab.a.netns, "address add 172.19.5.1/24 dev ens33");
        ip_do(&scene.lab.a.netns, "route add 172.16.0.0/14 via 192.168.15.2");
        ip_do(&scene.lab.a.netns, "route add default via 192.168.15.2");
        assert_eq!(chosen("three")?, "172.20.0.0/16");
        // .15 is the lab's own.
        for number in 21..=31 {
            assert_eq!(chosen(&format!("n{number}"))?, format!("172.{number}.0.0/16"));
        }
        for number in 1..16 {
            assert_eq!(chosen(&format!("m{number}"))?, format!("192.168.{}.0/20", number * 16));
        }
        let error = scene.networks.create(&NetworkConfig::new("more")).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::NoFreeSubnet, "{error}");
        Ok(())
    })
}

/// MAC addresses, derived from the IPv4 address or the container, or requested.
fn mac_addresses_stay() -> Outcome {
    with_scenes(|scene| {
        let lan =
            scene.networks.create(&on_ens33("lan", "10.1.0.0/24")?.mac_from(MacFrom::Container))?;
        let (_container, inside) = started()?;
        let first = lan.connect(&ConnectOptions::new("c1"), &inside)?.mac();
        lan.disconnect("c1")?;
        let second =
            lan.connect(&ConnectOptions::new("c1").address(ip("10.1.0.77")), &inside)?.mac();
        assert_eq!(first, second);
        assert_eq!(ip_link(&inside, "eth0")["address"], first.to_string());
        let (_other, other) = started()?;
        let said =
            lan.connect(&ConnectOptions::new("c2").mac("02:00:00:00:00:07".parse()?), &other)?;
        assert_eq!(ip_link(&other, "eth0")["address"], "02:00:00:00:00:07");
        assert_eq!(said.mac().to_string(), "02:00:00:00:00:07");
        Ok(())
    })
}

fn in_the_shape_of_docker() -> Outcome {
    with_scenes(|scene| {
        let lan = scene.networks.create(
            &NetworkConfig::new("lan")
                .parent("ens33")
                .subnet(
                    subnet("10.1.0.0/24")?
                        .range("10.1.0.64/26".parse()?)
                        .reserve("printer", ip("10.1.0.70")),
                )
                .subnet(subnet("fd00:1::/64")?)
                .mtu(1400)
                .label("who", "us"),
        )?;
        let (container, inside) = started()?;
        let connection = lan.connect(&ConnectOptions::new("4f1c").name("test101"), &inside)?;
        let mut told = lan.inspect()?;
        assert!(
            told["Created"].as_str().is_some_and(|text| text.ends_with('Z') && text.len() == 20)
        );
        assert_eq!(told["Id"].as_str().map(str::len), Some(64));
        assert_eq!(told["Containers"]["4f1c"]["EndpointID"], connection.lease().endpoint);
        let scope = if scene.is_a_file() { "local" } else { "global" };
        for key in ["Created", "Id"] {
            told[key].take();
        }
        told["Containers"]["4f1c"]["EndpointID"].take();
        assert_eq!(
            told,
            serde_json::json!({
                "Name": "lan", "Id": null, "Created": null, "Scope": scope, "Driver": "macvlan",
                "EnableIPv4": true, "EnableIPv6": true,
                "IPAM": { "Driver": "default", "Options": {}, "Config": [
                    {
                        "Subnet": "10.1.0.0/24", "IPRange": "10.1.0.64/26", "Gateway": "10.1.0.1",
                        "AuxiliaryAddresses": { "printer": "10.1.0.70" }
                    },
                    { "Subnet": "fd00:1::/64", "Gateway": "fd00:1::1" }
                ] },
                "Internal": false, "Attachable": false, "Ingress": false,
                "ConfigFrom": { "Network": "" }, "ConfigOnly": false,
                "Containers": { "4f1c": {
                    "Name": "test101", "EndpointID": null, "MacAddress": "02:42:0a:01:00:40",
                    "IPv4Address": "10.1.0.64/24", "IPv6Address": "fd00:1::2/64",
                    "Host": "a", "Interface": "eth0", "Namespace": "there", "GwPriority": 0
                } },
                "Options": {
                    "macvlan_mode": "bridge", "parent": "ens33", "com.docker.network.driver.mtu": "1400"
                },
                "Labels": { "who": "us" }
            })
        );
        drop((container, inside));
        eventually("the namespace stays", || {
            Ok(lan.inspect()?["Containers"]["4f1c"]["Namespace"] == "gone")
        })
    })
}

fn names_are_resolved() -> Outcome {
    with_scenes(|scene| {
        let lan = scene
            .networks
            .create(&on_ens33("lan", "10.1.0.0/24")?.subnet(subnet("fd00:1::/64")?))?;
        let (_one, one) = started()?;
        let (_two, two) = started()?;
        lan.connect(&ConnectOptions::new("c1").name("test101"), &one)?;
        lan.connect(&ConnectOptions::new("c2"), &two)?;
        let both = [ip("10.1.0.2"), ip("fd00:1::2")];
        for name in ["test101", "test101.lan", "c1"] {
            assert_eq!(lan.resolve(name)?, both, "{name}");
        }
        assert_eq!(lan.resolve("c2")?, [ip("10.1.0.3"), ip("fd00:1::3")]);
        assert!(lan.resolve("nobody")?.is_empty());
        assert_eq!(lan.hosts()?, "10.1.0.2\ttest101 test101.lan\nfd00:1::2\ttest101 test101.lan\n");
        let file = scene.directory.path().join("hosts");
        std::fs::write(&file, "127.0.0.1\tlocalhost\n")?;
        lan.write_hosts(&file)?;
        let written = std::fs::read_to_string(&file)?;
        assert!(written.starts_with("127.0.0.1\tlocalhost\n") && written.contains(&lan.hosts()?));
        lan.disconnect("c1")?;
        lan.write_hosts(&file)?;
        assert_eq!(std::fs::read_to_string(&file)?, "127.0.0.1\tlocalhost\n");
        Ok(())
    })
}

macvlan_tests::tests! {
    same_on_every_kernel:
    a_link_of_another_program_stays,
    a_container_is_connected_and_disconnected,
    what_cannot_be_is_refused_with_its_reason,
    what_the_kernel_refuses_leaves_no_lease,
    a_container_in_two_networks,
    connected_again,
    an_isolated_network,
    isolated_networks_with_a_probe,
    a_subnet_is_chosen,
    mac_addresses_stay,
    in_the_shape_of_docker,
    names_are_resolved,
}
