//! The addresses that a subnet gives, also if several networks share it, with both kinds of store.
#![deny(dead_code)]

use crate::common::with_stores;
use crate::common::{ip, on_ens33, started, subnet};
use crate::leases::People;
use macvlan_core::NetNs;
use macvlan_network::{ConnectOptions, ErrorKind, NetworkConfig, Networks, Order, Subnet};
use macvlan_tests::Outcome;

fn on(name: &str, parent: &str, subnet: Subnet) -> NetworkConfig {
    NetworkConfig::new(name).parent(parent).subnet(subnet)
}

fn several_ranges_and_excluded_addresses() -> Outcome {
    with_stores(|networks| {
        let parts = subnet("10.1.0.0/24")?
            .range("10.1.0.250-10.1.0.255".parse()?)
            .range("10.1.0.8/30".parse()?)
            .exclude("10.1.0.9".parse()?)
            .exclude("10.1.0.252-10.1.0.253".parse()?)
            .exclude("10.1.0.100/30".parse()?);
        let mut people = People::default();
        let all = ["10.1.0.8", "10.1.0.10", "10.1.0.11", "10.1.0.250", "10.1.0.251", "10.1.0.254"];
        for order in [Order::First, Order::Next, Order::Random] {
            let name = format!("by-{order}");
            let lan = networks.create(&on(&name, "ens33", parts.clone()).order(order))?;
            let mut got = Vec::new();
            for number in 0..all.len() {
                got.push(people.one(&lan, &format!("c{number}"))?);
            }
            if order == Order::Random {
                got.sort_by_key(|address| ip(address));
            }
            assert_eq!(got, all, "{order}");
            let error =
                lan.connect(&ConnectOptions::new("late"), &NetNs::anonymous()?).unwrap_err();
            assert_eq!(error.kind(), ErrorKind::PoolExhausted, "{error}");
            let words = "no address is left in 10.1.0.250-10.1.0.255, 10.1.0.8/30";
            assert!(error.to_string().contains(words), "{error}");
            // An excluded address is given to no container, and returns to no gap.
            let options = ConnectOptions::new("fixed").address(ip("10.1.0.101"));
            let error = lan.connect(&options, &NetNs::anonymous()?).unwrap_err();
            assert_eq!(error.kind(), ErrorKind::AddressUnusable, "{error}");
            assert!(error.to_string().contains("10.1.0.101 is excluded"), "{error}");
            people.join(&lan, &ConnectOptions::new("out").address(ip("10.1.0.200")))?;
            lan.disconnect("out")?;
            lan.disconnect("c3")?;
            people.one(&lan, "next")?;
            lan.connect(&ConnectOptions::new("late"), &NetNs::anonymous()?).unwrap_err();
            for number in [0, 1, 2, 4, 5] {
                lan.disconnect(&format!("c{number}"))?;
            }
            lan.disconnect("next")?;
            lan.remove()?;
        }
        Ok(())
    })
}

/// The same subnet on different LANs is independent; on one LAN it can be divided.
fn one_subnet_in_several_networks() -> Outcome {
    with_stores(|networks| {
        let part = |text: &str| -> Outcome<Subnet> {
            Ok(subnet("10.1.0.0/24")?.gateway(ip("10.1.0.254")).range(text.parse()?))
        };
        let low = networks.create(&on("low", "ens33", part("10.1.0.0/25")?))?;
        let high = networks.create(&on("high", "ens33", part("10.1.0.128-10.1.0.199")?))?;
        for parent in ["ens33.10", "ens33.20", "ens34"] {
            networks.create(&on(&parent.replace('.', "-"), parent, subnet("10.1.0.0/24")?))?;
        }
        for (name, net, words) in [
            ("all", subnet("10.1.0.0/24")?, "overlaps 10.1.0.0/24 of network"),
            ("wide", subnet("10.0.0.0/8")?, "could lease"),
            ("some", part("10.1.0.127-10.1.0.130")?, "could lease"),
            // The other network's gateway.
            ("router", part("10.1.0.250-10.1.0.254")?.without_gateway(), "could lease 10.1.0.254"),
        ] {
            let error = networks.create(&on(name, "ens33", net)).unwrap_err();
            assert_eq!(error.kind(), ErrorKind::SubnetOverlaps, "{error}");
            assert!(error.to_string().contains(words), "{error}");
        }

        // No address is given twice, not even on request.
        let mut people = People::default();
        assert_eq!(people.one(&low, "c1")?, "10.1.0.1");
        assert_eq!(people.one(&high, "c1")?, "10.1.0.128");
        let fixed = |address: &str| ConnectOptions::new("fixed").address(ip(address));
        let error = low.connect(&fixed("10.1.0.150"), &NetNs::anonymous()?).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::AddressUnusable, "{error}");
        assert!(error.to_string().contains("network \"high\" on the same parent"), "{error}");
        people.join(&low, &ConnectOptions::new("c2").address(ip("10.1.0.210")))?;
        let error = high.connect(&fixed("10.1.0.210"), &NetNs::anonymous()?).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::AddressTaken, "{error}");
        let error = networks.create(&on("top", "ens33", part("10.1.0.208/28")?)).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::SubnetOverlaps, "{error}");
        assert!(error.to_string().contains("10.1.0.210 is already leased"), "{error}");
        let top = part("10.1.0.208/28")?.exclude("10.1.0.210".parse()?);
        networks.create(&on("top", "ens33", top))?;
        // A container that returns gets another address if its former one belongs to another
        // network now.
        people.join(&low, &ConnectOptions::new("c3").address(ip("10.1.0.230")))?;
        low.disconnect("c3")?;
        people.join(&high, &ConnectOptions::new("c4").address(ip("10.1.0.230")))?;
        assert_eq!(people.one(&low, "c3")?, "10.1.0.2");
        Ok(())
    })
}

/// Networks that request one subnet at the same time: on one parent, only one gets it.
fn the_same_subnet_at_the_same_time() -> Outcome {
    with_stores(|networks| {
        let create = |number: usize, networks: &Networks| {
            networks.create(&on_ens33(&format!("n{number}"), "10.1.0.0/24").ok()?).ok()
        };
        let made = std::thread::scope(|scope| {
            let threads: Vec<_> =
                (0..6).map(|number| scope.spawn(move || create(number, networks))).collect();
            threads.into_iter().filter_map(|one| one.join().ok().flatten()).count()
        });
        assert_eq!(made, 1);
        let chosen = |number: usize, networks: &Networks| {
            let config = NetworkConfig::new(format!("m{number}")).parent(format!("eth{number}"));
            networks.create(&config).ok().map(|one| one.config().get_subnets()[0].get_net())
        };
        let mut made = std::thread::scope(|scope| {
            let threads: Vec<_> =
                (0..6).map(|number| scope.spawn(move || chosen(number, networks))).collect();
            let made = threads.into_iter().filter_map(|one| one.join().ok().flatten());
            made.collect::<Vec<_>>()
        });
        made.sort_unstable();
        made.dedup();
        assert_eq!(made.len(), 6, "a subnet that was chosen is nobody else's: {made:?}");
        Ok(())
    })
}

/// A reserved address is for the container of that name.
fn a_reserved_name_takes_its_address() -> Outcome {
    with_stores(|networks| {
        let lan = networks.create(&on(
            "lan",
            "ens33",
            subnet("10.1.0.0/24")?
                .reserve("printer", ip("10.1.0.9"))
                .reserve("web", ip("10.1.0.2")),
        ))?;
        let mut people = People::default();
        assert_eq!(people.one(&lan, "c1")?, "10.1.0.3");
        let options = || ConnectOptions::new("p1").name("printer");
        assert_eq!(people.join(&lan, &options())?, [ip("10.1.0.9")]);
        lan.disconnect("p1")?;
        // It is kept for that name, and given neither to the next container nor to this one without
        // its name.
        assert_eq!(people.one(&lan, "p1")?, "10.1.0.4");
        lan.disconnect("p1")?;
        let asked = ConnectOptions::new("p2").address(ip("10.1.0.9"));
        let error = lan.connect(&asked, &NetNs::anonymous()?).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::AddressUnusable, "{error}");
        assert!(error.to_string().contains("connect a container with this name"), "{error}");
        assert_eq!(people.join(&lan, &asked.name("printer"))?, [ip("10.1.0.9")]);
        let named = ConnectOptions::new("w1").name("web").address(ip("10.1.0.77"));
        assert_eq!(people.join(&lan, &named)?, [ip("10.1.0.77")], "it may have another");
        Ok(())
    })
}

/// If no default route leads through a network, no address is kept for a gateway.
fn an_internal_network_keeps_no_gateway() -> Outcome {
    with_stores(|networks| {
        let inner = networks.create(&on_ens33("inner", "10.1.0.0/30")?.internal(true))?;
        assert_eq!(inner.config().get_subnets()[0].get_gateway(), None);
        let mut people = People::default();
        assert_eq!(people.one(&inner, "c1")?, "10.1.0.1");
        let said = subnet("10.2.0.0/30")?.gateway(ip("10.2.0.1"));
        let said = networks.create(&on("said", "ens33", said).internal(true))?;
        assert_eq!(people.one(&said, "c1")?, "10.2.0.2");
        Ok(())
    })
}

/// Gateways and reserved addresses of one network are not those of another one's containers.
fn what_a_neighbour_keeps_back_is_leased_to_nobody() -> Outcome {
    with_stores(|networks| {
        let in_lan = |range: &str, gateway: &str| -> Outcome<Subnet> {
            Ok(subnet("10.1.0.0/24")?.range(range.parse()?).gateway(ip(gateway)))
        };
        let on = |name: &str, subnet: Subnet| on(name, "ens33", subnet);
        let low = in_lan("10.1.0.10-10.1.0.127", "10.1.0.254")?;
        let a = networks.create(&on("a", low.clone().reserve("db", ip("10.1.0.9"))))?;
        let high = in_lan("10.1.0.128-10.1.0.200", "10.1.0.1")?;
        let b = networks.create(&on("b", high.clone()))?;
        let (_one, one) = started()?;
        for address in ["10.1.0.254", "10.1.0.9"] {
            let fixed = ConnectOptions::new("c1").address(ip(address));
            let error = b.connect(&fixed, &one).unwrap_err();
            assert_eq!(error.kind(), ErrorKind::AddressUnusable, "{error}");
            let words = format!("{address} is a gateway or reserved in network \"a\"");
            assert!(error.to_string().contains(&words), "{error}");
        }
        // The other way around, for what a container already has.
        b.connect(&ConnectOptions::new("c1").address(ip("10.1.0.5")), &one)?;
        for changed in
            [low.clone().gateway(ip("10.1.0.5")), low.clone().reserve("x", ip("10.1.0.5"))]
        {
            let error = a.update(&on("a", changed)).unwrap_err();
            assert_eq!(error.kind(), ErrorKind::SubnetOverlaps, "{error}");
            assert!(error.to_string().contains("10.1.0.5 is already leased"), "{error}");
        }
        let (_two, two) = started()?;
        let db = a.connect(&ConnectOptions::new("db").name("db"), &two)?;
        assert_eq!(db.addresses(), [ip("10.1.0.9")]);
        // Docker's users reserve the addresses of others in each network.
        let b = b.update(&on("b", high.reserve("other", ip("10.1.0.9"))))?.network;
        let other = ConnectOptions::new("other").name("other");
        let error = b.connect(&other, &NetNs::anonymous()?).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::AddressTaken, "{error}");
        a.disconnect("db")?;
        let (_other, inside) = started()?;
        assert_eq!(b.connect(&other, &inside)?.addresses(), [ip("10.1.0.9")]);

        // A gateway outside of the network's own subnets.
        let beyond = subnet("203.0.113.16/28")?.gateway(ip("10.99.0.1")).on_link_gateway(true);
        let there = subnet("10.99.0.0/24")?.gateway(ip("10.99.0.254"));
        let beyond = networks.create(&on("beyond", beyond))?;
        let error = networks.create(&on("there", there.clone())).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::SubnetOverlaps, "{error}");
        assert!(error.to_string().contains("could lease 10.99.0.1"), "{error}");
        let there = networks.create(&on("there", there.range("10.99.0.64/26".parse()?)))?;
        let fixed = ConnectOptions::new("c3").address(ip("10.99.0.1"));
        let error = there.connect(&fixed, &NetNs::anonymous()?).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::AddressUnusable, "{error}");
        beyond.remove()?;
        let (_three, three) = started()?;
        there.connect(&fixed, &three)?;
        let beyond =
            on("beyond", subnet("203.0.113.16/28")?.gateway(ip("10.99.0.1")).on_link_gateway(true));
        let error = networks.create(&beyond).unwrap_err();
        assert!(error.to_string().contains("10.99.0.1 is already leased"), "{error}");
        Ok(())
    })
}

/// The gateway of one subnet in another subnet of the same network.
fn a_gateway_in_another_subnet_is_leased_to_nobody() -> Outcome {
    with_stores(|networks| {
        let first = subnet("203.0.113.16/28")?.gateway(ip("10.0.0.1")).on_link_gateway(true);
        let second =
            subnet("10.0.0.0/24")?.range("10.0.0.64/26".parse()?).gateway(ip("10.0.0.254"));
        let config = NetworkConfig::new("lan").parent("ens33").subnet(first).subnet(second);
        let lan = networks.create(&config)?;
        let fixed = ConnectOptions::new("c1").address(ip("10.0.0.1"));
        let error = lan.connect(&fixed, &NetNs::anonymous()?).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::AddressUnusable, "{error}");
        assert!(error.to_string().contains("10.0.0.1 is the gateway"), "{error}");
        Ok(())
    })
}

macvlan_tests::tests! {
    same_on_every_kernel:
    several_ranges_and_excluded_addresses,
    one_subnet_in_several_networks,
    the_same_subnet_at_the_same_time,
    a_reserved_name_takes_its_address,
    an_internal_network_keeps_no_gateway,
    what_a_neighbour_keeps_back_is_leased_to_nobody,
    a_gateway_in_another_subnet_is_leased_to_nobody,
}
