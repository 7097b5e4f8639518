//! Changes of networks with connected containers, and stored parents, with both kinds of store.
#![deny(dead_code)]

use std::collections::HashSet;
use std::time::Duration;

use crate::common::with_stores;
use crate::common::{ip, on_ens33, subnet};
use crate::leases::People;
use macvlan_core::{Mode, NetNs, Parent, VlanProtocol};
use macvlan_network::{
    ConnectOptions, ErrorKind, Lease, Network, NetworkConfig, Networks, Reconciled, Subnet,
};
use macvlan_tests::{Need, Outcome, ip_link, ip_try, need};

fn on(name: &str, subnet: Subnet) -> NetworkConfig {
    NetworkConfig::new(name).parent("ens33").subnet(subnet)
}

fn containers(leases: &[Lease]) -> Vec<&str> {
    let mut who: Vec<&str> = leases.iter().map(|lease| lease.container.as_str()).collect();
    who.sort_unstable();
    who
}

fn subnets_change_around_who_is_connected() -> Outcome {
    with_stores(|networks| {
        let lan = networks.create(&on_ens33("lan", "10.1.0.0/24")?)?;
        let mut people = People::default();
        people.one(&lan, "c1")?;
        people.join(&lan, &ConnectOptions::new("c2").address(ip("10.1.0.100")))?;
        // Containers keep their addresses. An address that is no longer given is not given again
        // after its release.
        let narrow = || -> Outcome<Subnet> {
            Ok(subnet("10.1.0.0/24")?.range("10.1.0.100-10.1.0.102".parse()?))
        };
        let updated = lan.update(&on("lan", narrow()?))?;
        assert_eq!(containers(&updated.unaffected), ["c1", "c2"]);
        assert!(updated.outdated.is_empty());
        let now = updated.network;
        assert_eq!(now.config().get_subnets(), [narrow()?]);
        assert_eq!(*networks.network("lan")?.config(), *now.config());
        assert_eq!(people.one(&lan, "c3")?, "10.1.0.101", "by a handle on it as it was");
        lan.disconnect("c1")?;
        assert_eq!(people.one(&now, "c4")?, "10.1.0.102");
        let error = now.connect(&ConnectOptions::new("c5"), &NetNs::anonymous()?).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::PoolExhausted, "{error}");

        // A change is refused if a container has an address that the network would no longer have.
        let nothing = |net: &str| -> Outcome<NetworkConfig> { on_ens33("lan", net) };
        let without = |text: &str| -> Outcome<NetworkConfig> {
            Ok(on("lan", narrow()?.exclude(text.parse()?)))
        };
        for (config, words) in [
            (nothing("10.2.0.0/24")?, "10.1.0.1"),
            (nothing("10.1.0.0/16")?, "its address would become 10.1.0.10"),
            (without("10.1.0.101")?, "container \"c3\" has 10.1.0.101/24: 10.1.0.101 is excluded"),
            (on("lan", narrow()?.gateway(ip("10.1.0.102"))), "10.1.0.102 is the gateway"),
            (on("lan", narrow()?.reserve("x", ip("10.1.0.100"))), "reserved for \"x\""),
            (
                NetworkConfig::new("lan").parent("ens33").without_addresses(),
                "no subnet of the network contains",
            ),
            (
                on("lan", narrow()?).mode(Mode::Passthru),
                "is connected with the old kind of addresses",
            ),
        ] {
            let error = now.update(&config).unwrap_err();
            assert_eq!(error.kind(), ErrorKind::NetworkInUse, "{error}");
            assert!(error.to_string().contains(words), "no {words:?} in {error}");
        }
        let error = now.update(&on_ens33("other", "10.1.0.0/24")?).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::InvalidValue, "{error}");
        assert_eq!(*networks.network("lan")?.config(), *now.config(), "nothing came of it");

        // One more subnet, and a wider range; handles with the earlier record must read it again.
        let wider = subnet("10.1.0.0/24")?.range("10.1.0.100-10.1.0.103".parse()?);
        let two = now.update(&on("lan", wider).subnet(subnet("10.2.0.0/30")?))?.network;
        assert_eq!(people.one(&two, "c5")?, "10.1.0.103");
        assert_eq!(people.one(&two, "c6")?, "10.2.0.2");
        let error = now.update(now.config()).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Contended, "{error}");
        assert!(error.to_string().contains("the network was changed since"), "{error}");
        for container in ["c2", "c3", "c4", "c5", "c6"] {
            lan.disconnect(container)?;
        }
        now.remove()?;
        Ok(())
    })
}

/// Another host has the address, like that of the subnet's gateway.
fn gateways_of_routes_are_leased_to_nobody() -> Outcome {
    with_stores(|networks| {
        let via = |gateway: &str| -> Outcome<NetworkConfig> {
            let both = on("lan", subnet("10.1.0.0/29")?).subnet(subnet("fd00:1::/64")?);
            let both = both.route(format!("10.9.0.0/16 via {gateway}").parse()?);
            Ok(both.route("fd00:9::/64 via fd00:1::2".parse()?))
        };
        let lan = networks.create(&via("10.1.0.3")?)?;
        let mut people = People::default();
        let got = people.join(&lan, &ConnectOptions::new("c1"))?;
        assert_eq!(got, [ip("10.1.0.2"), ip("fd00:1::3")]);
        let got = people.join(&lan, &ConnectOptions::new("c2"))?;
        assert_eq!(got, [ip("10.1.0.4"), ip("fd00:1::4")]);
        let asked = ConnectOptions::new("c3").address(ip("10.1.0.3"));
        let error = lan.connect(&asked, &NetNs::anonymous()?).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::AddressUnusable, "{error}");
        let words = "10.1.0.3 is the gateway of the route to 10.9.0.0/16";
        assert!(error.to_string().contains(words), "{error}");

        // A change of the routes alone changes the addresses that are given.
        let error = lan.update(&via("10.1.0.4")?).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::NetworkInUse, "{error}");
        let words = "container \"c2\" has 10.1.0.4/29: 10.1.0.4 is the gateway of the route";
        assert!(error.to_string().contains(words), "{error}");
        let lan = lan.update(&via("10.1.0.5")?)?.network;
        people.join(&lan, &ConnectOptions::new("c3"))?;
        assert_eq!(people.join(&lan, &ConnectOptions::new("c4"))?[0], ip("10.1.0.6"));
        let held = lan.lease("c3")?.ok_or("c3 has no lease")?;
        assert_eq!(held.addresses[0].addr(), ip("10.1.0.3"), "it is free again");
        let error = lan.connect(&ConnectOptions::new("c5"), &NetNs::anonymous()?).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::PoolExhausted, "{error}");

        // One that another network on the parent could lease is refused there.
        let low = subnet("10.1.0.0/24")?.range("10.1.0.0/25".parse()?).without_gateway();
        for (gateway, is_refused) in [("10.2.0.9", false), ("10.1.0.9", true)] {
            let beside = subnet("10.2.0.0/24")?.gateway(ip("10.2.0.1"));
            let high = subnet("10.1.0.0/24")?.range("10.1.0.128/25".parse()?).without_gateway();
            let route = format!("10.8.0.0/16 via {gateway}").parse()?;
            let config = on("high", high).subnet(beside).route(route);
            networks.create(&NetworkConfig::new("low").parent("ens33.7").subnet(low.clone()))?;
            let made = networks.create(&config.parent("ens33.7"));
            assert_eq!(made.is_err(), is_refused, "{made:?}");
            if let Err(error) = made {
                assert_eq!(error.kind(), ErrorKind::SubnetOverlaps, "{error}");
                assert!(error.to_string().contains("10.1.0.9"), "{error}");
            } else {
                networks.network("high")?.remove()?;
            }
            networks.network("low")?.remove()?;
        }
        Ok(())
    })
}

fn it_stays_beside_the_others() -> Outcome {
    with_stores(|networks| {
        let lan = networks.create(&on_ens33("lan", "10.1.0.0/24")?)?;
        let same = NetworkConfig::new("same").parent("ens33.20").subnet(subnet("10.1.0.0/24")?);
        let same = networks.create(&same)?;
        let error = same.set_parent("ens33").unwrap_err();
        assert_eq!(error.kind(), ErrorKind::SubnetOverlaps, "{error}");
        assert!(error.to_string().contains("cannot change the network"), "{error}");
        let named = Parent::vlan("ens33", 20)?.name("lan20")?;
        assert_eq!(same.set_parent(&named)?.network.parent(), "lan20");
        let more = NetworkConfig::new("more").parent("ens33.20").subnet(subnet("10.1.0.0/25")?);
        let error = networks.create(&more).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::SubnetOverlaps, "it is that VLAN: {error}");

        // A container's address is in no range, and the other network would give it.
        let high = subnet("10.1.0.0/24")?.range("10.1.0.128/25".parse()?);
        let mut people = People::default();
        people.join(&lan, &ConnectOptions::new("c1").address(ip("10.1.0.200")))?;
        let low = subnet("10.1.0.0/24")?.range("10.1.0.0/25".parse()?);
        let lan = lan.update(&on("lan", low))?.network;
        let same = networks.network("same")?;
        let error = same.update(&on("same", high.clone())).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::SubnetOverlaps, "{error}");
        assert!(error.to_string().contains("10.1.0.200"), "{error}");
        lan.disconnect("c1")?;
        let same = same.update(&on("same", high))?.network;
        assert_eq!(people.one(&same, "c1")?, "10.1.0.128");
        Ok(())
    })
}

/// Containers stay on the former parent until they are reconciled or connected again.
fn addresses_on_the_former_parent_are_not_leased_again() -> Outcome {
    with_stores(|networks| {
        let host = networks.host().netns();
        // With the second store, it is there already.
        let _ = ip_try(host, "link add ens34 up type veth peer name ens34-peer");
        let lan = networks.create(&on_ens33("lan", "10.1.0.0/24")?)?;
        let mut people = People::default();
        assert_eq!(people.one(&lan, "c1")?, "10.1.0.2");
        lan.set_parent("ens34")?;
        let all = || on_ens33("new", "10.1.0.0/24");
        let refused = |error: macvlan_network::Error| {
            assert_eq!(error.kind(), ErrorKind::SubnetOverlaps, "{error}");
            let words = "10.1.0.2 is already leased in network \"lan\" on the same parent";
            assert!(error.to_string().contains(words), "{error}");
        };
        refused(networks.create(&all()?).unwrap_err());
        let new = on("new", subnet("10.1.0.0/24")?.range("10.1.0.64/26".parse()?));
        let new = networks.create(&new)?;
        let fixed = ConnectOptions::new("c2").address(ip("10.1.0.2"));
        let error = new.connect(&fixed, &NetNs::anonymous()?).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::AddressTaken, "{error}");
        refused(new.update(&all()?).unwrap_err());

        let done = networks.reconcile()?;
        assert!(done.iter().all(|one| matches!(one, Reconciled::Repaired(..))), "{done:?}");
        let new = new.update(&all()?)?.network;
        assert_eq!(people.one(&new, "c2")?, "10.1.0.2", "c1 has it on another LAN");
        Ok(())
    })
}

fn a_parent_by_two_names() -> Outcome {
    with_stores(|networks| {
        // With the second store, it has the name already.
        let _ = ip_try(networks.host().netns(), "link property add dev ens33 altname enp2s1");
        networks.create(&on_ens33("lan", "10.1.0.0/24")?)?;
        let named = |name: &str, net: &str| -> Outcome<NetworkConfig> {
            Ok(NetworkConfig::new("other").parent(name).subnet(subnet(net)?))
        };
        for name in
            ["enp2s1", &format!("#{}", ip_link(networks.host().netns(), "ens33")["ifindex"])]
        {
            let error = networks.create(&named(name, "10.1.0.0/25")?).unwrap_err();
            assert_eq!(error.kind(), ErrorKind::ParentClash, "{error}");
            let words = format!("{name} leads to the same LAN as ens33 of network \"lan\"");
            assert!(error.to_string().contains(&words), "{error}");
        }
        let other = networks.create(&named("enp2s1", "10.2.0.0/24")?)?;
        let error = other.update(&named("enp2s1", "10.1.0.0/25")?).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::ParentClash, "{error}");
        Ok(())
    })
}

/// As it is below a macvlan, and under the new name of a parent that containers are still on.
fn a_parent_under_another_name() -> Outcome {
    with_stores(|networks| {
        let host = networks.host().netns();
        let lan = networks.create(&on_ens33("lan", "10.1.0.0/24")?)?;
        let other = |parent: &str| -> Outcome<NetworkConfig> {
            Ok(NetworkConfig::new("other").parent(parent).subnet(subnet("10.1.0.0/25")?))
        };
        let refused = |parent: &str, words: &str| -> Outcome {
            let error = networks.create(&other(parent)?).unwrap_err();
            assert_eq!(error.kind(), ErrorKind::ParentClash, "{error}");
            assert!(error.to_string().contains(words), "{error}");
            Ok(())
        };
        ip_try(host, "link add shim link ens33 type macvlan mode bridge")?;
        refused("shim", "parent shim leads to the same LAN as ens33 of network \"lan\"")?;
        ip_try(host, "link del shim")?;

        let rename = |from: &str, to: &str| -> Outcome {
            ip_try(host, &format!("link set {from} down"))?;
            ip_try(host, &format!("link set {from} name {to} up"))?;
            Ok(())
        };
        let mut people = People::default();
        people.one(&lan, "c1")?;
        rename("ens33", "lan0")?;
        refused("lan0", "parent ens33 of network \"lan\", whose subnet overlaps, does not exist")?;
        let there = networks
            .create(&NetworkConfig::new("there").parent("ens34").subnet(subnet("10.1.0.0/24")?))?;
        let error = there.set_parent("lan0").unwrap_err();
        assert_eq!(error.kind(), ErrorKind::ParentClash, "{error}");
        // With the parent that its containers are on, the ranges are compared.
        lan.set_parent("lan0")?;
        let error = networks.create(&other("lan0")?).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::SubnetOverlaps, "{error}");
        rename("lan0", "ens33")
    })
}

fn a_vlan_under_another_name() -> Outcome {
    need(Need::Vlan)?;
    with_stores(|networks| {
        let host = networks.host().netns();
        let _ = ip_try(host, "link add iot link ens33 type vlan id 60");
        networks
            .create(&NetworkConfig::new("lan").parent("ens33.60").subnet(subnet("10.1.0.0/24")?))?;
        let other = |parent: &str| -> Outcome<NetworkConfig> {
            Ok(NetworkConfig::new("other").parent(parent).subnet(subnet("10.1.0.0/24")?))
        };
        let error = networks.create(&other("iot")?).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::ParentClash, "{error}");
        networks.create(&other("ens33")?)?;
        Ok(())
    })
}

/// Default gateways are added and removed; one whose address a container has is refused.
fn a_network_is_internal_for_some_time() -> Outcome {
    with_stores(|networks| {
        let both = || -> Outcome<NetworkConfig> {
            Ok(on_ens33("lan", "10.1.0.0/24")?.subnet(subnet("fd00:1::/64")?))
        };
        let gateways = |network: &Network| -> Vec<_> {
            network.config().get_subnets().iter().filter_map(Subnet::get_gateway).collect()
        };
        let lan = networks.create(&both()?.internal(true))?;
        let mut people = People::default();
        let options = ConnectOptions::new("c1").address(ip("10.1.0.5")).address(ip("fd00:1::5"));
        people.join(&lan, &options)?;
        let without_subnets = NetworkConfig::new("lan").parent("ens33");
        for config in [lan.config().clone().internal(false), both()?, without_subnets] {
            assert!(gateways(&networks.network("lan")?).is_empty());
            let updated = networks.ensure(&config)?;
            assert_eq!(gateways(&updated.network), [ip("10.1.0.1"), ip("fd00:1::1")]);
            assert_eq!(containers(&updated.outdated), ["c1"]);
            let now = networks.network("lan")?;
            assert_eq!(now.config(), updated.network.config());
            let taken = ConnectOptions::new("c2").address(ip("10.1.0.1"));
            let error = now.connect(&taken, &NetNs::anonymous()?).unwrap_err();
            assert_eq!(error.kind(), ErrorKind::AddressUnusable, "{error}");
            let updated = now.update(&now.config().clone().internal(true))?;
            assert_eq!(containers(&updated.outdated), ["c1"]);
            assert!(networks.ensure(&both()?.internal(true))?.unaffected.is_empty(), "it is so");
        }
        assert_eq!(people.one(&lan, "c2")?, "10.1.0.1");
        let now = networks.network("lan")?;
        let error = now.update(&now.config().clone().internal(false)).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::NetworkInUse, "{error}");
        let words = "container \"c2\" has 10.1.0.1/24: 10.1.0.1 is the gateway";
        assert!(error.to_string().contains(words), "{error}");
        let elsewhere = subnet("10.1.0.0/24")?.gateway(ip("10.1.0.254"));
        let now =
            now.update(&on("lan", elsewhere).subnet(subnet("fd00:1::/64")?.without_gateway()));
        let now = now?.network;
        assert_eq!(gateways(&now), [ip("10.1.0.254")]);
        // An explicit value stays.
        for internal in [true, false] {
            let now = networks.network("lan")?;
            let now = now.update(&now.config().clone().internal(internal))?.network;
            assert_eq!(gateways(&now), [ip("10.1.0.254")]);
        }
        Ok(())
    })
}

/// Former addresses of containers are given according to the changed network, each once.
fn addresses_that_rest_follow_the_change() -> Outcome {
    with_stores(|networks| {
        let small = || subnet("10.1.0.0/29");
        let whole = on_ens33("lan", "10.2.0.0/30")?.subnet(small()?);
        let lan = networks.create(&whole)?;
        let all = ["10.2.0.2", "10.1.0.2", "10.1.0.3", "10.1.0.4", "10.1.0.5", "10.1.0.6"];
        let mut people = People::default();
        for address in all {
            assert_eq!(people.one(&lan, address)?, address);
        }
        all.iter().try_for_each(|container| lan.disconnect(container).map(drop))?;

        let lan = lan.update(&on("lan", small()?.exclude("10.1.0.2".parse()?)))?.network;
        let mut given = HashSet::new();
        for number in 0..4 {
            given.insert(people.one(&lan, &format!("n{number}"))?);
        }
        assert_eq!(given, HashSet::from(["3", "4", "5", "6"].map(|end| format!("10.1.0.{end}"))));
        let error = lan.connect(&ConnectOptions::new("late"), &NetNs::anonymous()?).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::PoolExhausted, "{error}");

        let lan = lan.update(&whole)?.network;
        let given = HashSet::from([people.one(&lan, "n4")?, people.one(&lan, "n5")?]);
        assert_eq!(given, HashSet::from(["10.1.0.2", "10.2.0.2"].map(str::to_owned)));
        let error = lan.connect(&ConnectOptions::new("late"), &NetNs::anonymous()?).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::PoolExhausted, "{error}");
        networks
            .store()
            .leases(None)?
            .iter()
            .try_for_each(|one| lan.disconnect(&one.container).map(drop))?;
        Ok(())
    })
}

/// An address that the changed network no longer gives is not given back to its former container
/// either, so that another network on the parent can give it.
fn former_addresses_outside_of_the_range_are_not_given() -> Outcome {
    with_stores(|networks| {
        for (number, ttl) in [0, 3600].into_iter().enumerate() {
            let name = format!("lan{number}");
            let net = || subnet(&format!("10.{number}.0.0/24"));
            let at = |end: u8| format!("10.{number}.0.{end}");
            let config =
                |subnet: Subnet| on(&name, subnet).reservation_ttl(Duration::from_secs(ttl));
            let mut people = People::default();
            let lan = networks.create(&config(net()?))?;
            let (early, late) = (ConnectOptions::new("early"), ConnectOptions::new("late"));
            // One is released before the change, one afterwards, one has requested its address.
            people.join(&lan, &early)?;
            people.join(&lan, &late)?;
            lan.disconnect("early")?;
            let high = net()?.range(format!("{}-{}", at(128), at(200)).parse()?);
            let lan = lan.update(&config(high.clone()))?.network;
            lan.disconnect("late")?;
            let asked = ConnectOptions::new("asked");
            people.join(&lan, &asked.clone().address(ip(&at(100))))?;
            lan.disconnect("asked")?;

            let low = net()?.range(format!("{}-{}", at(1), at(127)).parse()?);
            let other = networks.create(&on(&format!("other{number}"), low))?;
            let others = [people.one(&other, "o1")?, people.one(&other, "o2")?];
            assert_eq!(others, [at(2), at(3)]);
            for (options, end) in [(&early, 128), (&late, 129), (&asked, 130)] {
                assert_eq!(people.join(&lan, options)?, [ip(&at(end))], "{options:?}");
            }
            // The same holds for an address that is excluded, or now reserved.
            lan.disconnect("early")?;
            lan.disconnect("late")?;
            let less = high.exclude(at(128).parse()?).reserve("x", ip(&at(129)));
            let lan = lan.update(&config(less))?.network;
            for (options, end) in [(&early, 131), (&late, 132)] {
                assert_eq!(people.join(&lan, options)?, [ip(&at(end))], "{options:?}");
            }
            let named = ConnectOptions::new("named").name("x");
            assert_eq!(people.join(&lan, &named)?, [ip(&at(129))]);
        }
        Ok(())
    })
}

/// Changes a network back and forth while containers are connected and disconnected, and asserts
/// that each lease has its own address.
pub(crate) fn change_while_containers_come_and_go(
    networks: &Networks,
    configs: &[NetworkConfig; 2],
    at_least: usize,
) -> Outcome {
    let lan = networks.create(&configs[0])?;
    let come_and_go = |who: usize| -> Result<(), String> {
        for round in 0..8 {
            let netns = NetNs::anonymous().map_err(|error| error.to_string())?;
            let container = format!("c{who}-{round}");
            let connected = lan.connect(&ConnectOptions::new(&container), &netns);
            connected.map_err(|error| error.to_string())?;
            if round % 2 == 0 {
                lan.disconnect_from(&container, &netns).map_err(|error| error.to_string())?;
            }
        }
        Ok(())
    };
    std::thread::scope(|scope| -> Outcome {
        let threads: Vec<_> = (0..3).map(|who| scope.spawn(move || come_and_go(who))).collect();
        let mut changes = 0;
        while changes < at_least || threads.iter().any(|thread| !thread.is_finished()) {
            changes += 1;
            networks.network("lan")?.update(&configs[changes % 2])?;
        }
        for thread in threads {
            thread.join().map_err(|_| "it panicked")??;
        }
        Ok(())
    })?;
    let leases = networks.network("lan")?.leases()?;
    let all: HashSet<_> = leases.iter().flat_map(|lease| &lease.addresses).collect();
    assert_eq!((leases.len(), all.len()), (12, 12));
    Ok(())
}

/// Ranges change back and forth while containers are connected and disconnected: no address is
/// given twice or lost.
fn while_containers_come_and_go() -> Outcome {
    with_stores(|networks| {
        let range = |text: &str| -> Outcome<NetworkConfig> {
            Ok(on("lan", subnet("10.1.0.0/26")?.range(text.parse()?)))
        };
        let configs = [range("10.1.0.0/27")?, range("10.1.0.16-10.1.0.62")?];
        change_while_containers_come_and_go(networks, &configs, 6)?;
        networks.collect()?;
        // All addresses of the range are free again, and no others.
        let lan = networks.network("lan")?.update(&range("10.1.0.2-10.1.0.9")?)?.network;
        let mut people = People::default();
        for number in 0..8 {
            people.one(&lan, &format!("n{number}"))?;
        }
        let error = lan.connect(&ConnectOptions::new("late"), &NetNs::anonymous()?).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::PoolExhausted, "{error}");
        Ok(())
    })
}

/// Parents that text cannot express are stored and read.
fn parents_are_stored() -> Outcome {
    with_stores(|networks| {
        let service = Parent::vlan("ens33", 20)?.protocol(VlanProtocol::Dot1ad)?;
        let parents = [
            Parent::vlan(&service, 200)?.name("customer")?,
            Parent::alternative_name("an-alternative-name-of-ens33")?,
            service,
            Parent::vlan("ens33", 20)?,
        ];
        for (number, parent) in parents.iter().enumerate() {
            let name = format!("n{number}");
            // All of them are different LANs.
            networks
                .create(&NetworkConfig::new(&name).parent(parent).subnet(subnet("10.1.0.0/24")?))?;
            assert_eq!(networks.network(&name)?.config().get_parent(), Some(parent));
        }
        Ok(())
    })
}

/// The store's own unique local addresses, one /64 after the other.
fn an_ipv6_subnet_is_chosen() -> Outcome {
    with_stores(|networks| {
        let mut chosen = Vec::new();
        for (name, config) in [
            ("one", NetworkConfig::new("one").parent("ens33")),
            ("two", on_ens33("two", "10.1.0.0/24")?),
            ("three", on_ens33("three", "10.2.0.0/24")?.subnet(subnet("fd00:3::/64")?)),
        ] {
            let network = networks.create(&config.ipv6(true))?;
            let nets: Vec<String> =
                network.config().get_subnets().iter().map(ToString::to_string).collect();
            assert_eq!(nets.len(), 2, "{name}: {nets:?}");
            chosen.extend(nets);
        }
        assert_eq!(chosen[0], "172.17.0.0/16");
        assert_eq!(chosen[4..], ["10.2.0.0/24", "fd00:3::/64"]);
        let prefix = chosen[1].strip_suffix("::/64").ok_or("it is the first")?;
        assert!(prefix.starts_with("fd"), "{prefix}");
        assert_eq!(chosen[3], format!("{prefix}:1::/64"));
        let more = networks.create(&on_ens33("more", "10.4.0.0/24")?)?;
        let more = more.update(&more.config().clone().ipv6(true))?.network;
        assert_eq!(more.config().get_subnets()[1].to_string(), format!("{prefix}:2::/64"));
        Ok(())
    })
}

macvlan_tests::tests! {
    same_on_every_kernel:
    subnets_change_around_who_is_connected,
    gateways_of_routes_are_leased_to_nobody,
    it_stays_beside_the_others,
    addresses_on_the_former_parent_are_not_leased_again,
    a_parent_by_two_names,
    a_parent_under_another_name,
    a_vlan_under_another_name,
    a_network_is_internal_for_some_time,
    addresses_that_rest_follow_the_change,
    former_addresses_outside_of_the_range_are_not_given,
    while_containers_come_and_go,
    parents_are_stored,
    an_ipv6_subnet_is_chosen,
}
