//! Addresses and names of leases, with both kinds of store.
#![deny(dead_code)]

use std::collections::HashSet;
use std::net::IpAddr;
use std::time::Duration;

use crate::common::{ended, ip, on_ens33, started, subnet, with_stores};
use macvlan_core::NetNs;
use macvlan_network::{ConnectOptions, ErrorKind, Network, NetworkConfig, Order};
use macvlan_tests::{Outcome, eventually, ip_addresses, ip_do, ip_lines};

/// Containers that exist until this is dropped.
#[derive(Default)]
pub(crate) struct People(Vec<NetNs>);

impl People {
    pub(crate) fn join(
        &mut self,
        network: &Network,
        options: &ConnectOptions,
    ) -> Outcome<Vec<IpAddr>> {
        let netns = NetNs::anonymous()?;
        let connection = network.connect(options, &netns)?;
        self.0.push(netns);
        Ok(connection.addresses())
    }

    pub(crate) fn one(&mut self, network: &Network, container: &str) -> Outcome<String> {
        let addresses = self.join(network, &ConnectOptions::new(container))?;
        Ok(addresses[0].to_string())
    }
}

fn the_lowest_free_address() -> Outcome {
    with_stores(|networks| {
        // .2 to .6
        let lan = networks.create(&on_ens33("lan", "10.1.0.0/29")?)?;
        let mut people = People::default();
        for (container, address) in [("c1", "10.1.0.2"), ("c2", "10.1.0.3"), ("c3", "10.1.0.4")] {
            assert_eq!(people.one(&lan, container)?, address);
        }
        lan.disconnect("c2")?;
        // .3 rests for c2 as long as there is another address.
        for (container, address) in [("c4", "10.1.0.5"), ("c5", "10.1.0.6"), ("c6", "10.1.0.3")] {
            assert_eq!(people.one(&lan, container)?, address);
        }
        let error = people.one(&lan, "c2").unwrap_err();
        assert!(format!("{error:?}").contains("no address is left"), "{error:?}");
        Ok(())
    })
}

fn the_next_address() -> Outcome {
    with_stores(|networks| {
        let lan = networks.create(&on_ens33("lan", "10.1.0.0/29")?.order(Order::Next))?;
        let mut people = People::default();
        // .2 to .6, wrapping around; a container that returns gets its former address.
        for (container, address) in
            [("c1", "10.1.0.2"), ("c2", "10.1.0.3"), ("c3", "10.1.0.4"), ("c4", "10.1.0.5")]
        {
            assert_eq!(people.one(&lan, container)?, address);
            lan.disconnect(container)?;
        }
        assert_eq!(people.one(&lan, "c2")?, "10.1.0.3");
        assert_eq!(people.one(&lan, "c5")?, "10.1.0.6");
        assert_eq!(people.one(&lan, "c6")?, "10.1.0.2");
        assert_eq!(people.one(&lan, "c7")?, "10.1.0.4", ".3 is c2's");
        Ok(())
    })
}

fn any_address() -> Outcome {
    with_stores(|networks| {
        let lan = networks.create(
            &on_ens33("lan", "10.1.0.0/27")?.subnet(subnet("fd00:1::/64")?).order(Order::Random),
        )?;
        let mut people = People::default();
        let (mut v4, mut v6) = (HashSet::new(), HashSet::new());
        for number in 0..29 {
            let got = people.join(&lan, &ConnectOptions::new(format!("c{number}")))?;
            assert!(v4.insert(got[0]) && v6.insert(got[1]));
        }
        let high = v6.iter().filter(|address| **address > ip("fd00:1::1:0:0:0")).count();
        assert!(high > 25, "{v6:?}");
        let error = people.one(&lan, "late").unwrap_err();
        assert!(format!("{error:?}").contains("no address is left in 10.1.0.0/27"), "{error:?}");
        lan.disconnect("c7")?;
        people.one(&lan, "late")?;
        Ok(())
    })
}

fn fixed_reserved_and_foreign_addresses() -> Outcome {
    with_stores(|networks| {
        let lan = networks.create(&NetworkConfig::new("lan").parent("ens33").subnet(
            subnet("10.1.0.0/24")?.range("10.1.0.0/29".parse()?).reserve("printer", ip("10.1.0.3")),
        ))?;
        let mut people = People::default();
        let fixed = |address: &str| ConnectOptions::new("fixed").address(ip(address));
        for (address, kind, words) in [
            ("10.1.0.1", ErrorKind::AddressUnusable, "10.1.0.1 is the gateway"),
            ("10.1.0.3", ErrorKind::AddressUnusable, "reserved for \"printer\""),
            ("10.1.0.255", ErrorKind::AddressUnusable, "not a host address"),
            ("10.2.0.1", ErrorKind::AddressUnusable, "no subnet of the network contains"),
        ] {
            let error = lan.connect(&fixed(address), &NetNs::anonymous()?).unwrap_err();
            assert_eq!(error.kind(), kind, "{error}");
            assert!(error.to_string().contains(words), "{error}");
        }
        // Inside of the range, and outside of it.
        people.join(&lan, &ConnectOptions::new("in").address(ip("10.1.0.4")))?;
        people.join(&lan, &ConnectOptions::new("out").address(ip("10.1.0.200")))?;
        let error = lan.connect(&fixed("10.1.0.200"), &NetNs::anonymous()?).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::AddressTaken, "{error}");
        assert!(error.to_string().contains("container \"out\" has 10.1.0.200"), "{error}");
        assert_eq!(people.one(&lan, "c1")?, "10.1.0.2");

        lan.add_conflicting_address(ip("10.1.0.5"))?;
        assert_eq!(
            lan.add_conflicting_address(ip("10.1.0.2")).unwrap_err().kind(),
            ErrorKind::AddressTaken
        );
        let error = lan.connect(&fixed("10.1.0.5"), &NetNs::anonymous()?).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::AddressConflict, "{error}");
        assert_eq!(people.one(&lan, "c2")?, "10.1.0.6", "past .3, .4 and .5");
        assert_eq!(people.one(&lan, "c3")?, "10.1.0.7");
        assert_eq!(
            lan.conflicting_addresses()?.iter().map(|one| one.address).collect::<Vec<_>>(),
            [ip("10.1.0.5")]
        );
        let error = lan.connect(&ConnectOptions::new("late"), &NetNs::anonymous()?).unwrap_err();
        let words = "no address is left in 10.1.0.0/29, and 1 is recorded as conflicting; delete";
        assert!(error.to_string().contains(words), "{error}");
        assert!(lan.remove_conflicting_address(ip("10.1.0.5"))?);
        assert!(!lan.remove_conflicting_address(ip("10.1.0.5"))?);
        assert_eq!(people.one(&lan, "late")?, "10.1.0.5");
        // An address outside of the range is not chosen, even after it was released.
        lan.disconnect("out")?;
        let error = lan.connect(&ConnectOptions::new("later"), &NetNs::anonymous()?).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::PoolExhausted, "{error}");
        Ok(())
    })
}

/// A container that returns gets its address if it is free, and in any case while it is kept for
/// it.
fn addresses_stay_with_containers() -> Outcome {
    with_stores(|networks| {
        let lan = networks.create(&on_ens33("lan", "10.1.0.0/24")?)?;
        let mut people = People::default();
        people.one(&lan, "c1")?;
        assert_eq!(people.one(&lan, "c2")?, "10.1.0.3");
        lan.disconnect("c1")?;
        lan.disconnect("c2")?;
        assert_eq!(people.one(&lan, "c2")?, "10.1.0.3");
        assert_eq!(people.one(&lan, "c3")?, "10.1.0.4", "nobody has had it");
        assert_eq!(people.one(&lan, "c1")?, "10.1.0.2");

        // .2 to .6
        let kept = networks
            .create(&on_ens33("kept", "10.2.0.0/29")?.reservation_ttl(Duration::from_secs(3600)))?;
        assert_eq!(people.one(&kept, "c1")?, "10.2.0.2");
        kept.disconnect("c1")?;
        for (container, address) in [("c2", "10.2.0.3"), ("c3", "10.2.0.4"), ("c1", "10.2.0.2")] {
            assert_eq!(people.one(&kept, container)?, address);
        }
        kept.disconnect("c2")?;
        for (container, address) in [("c4", "10.2.0.5"), ("c5", "10.2.0.6")] {
            assert_eq!(people.one(&kept, container)?, address);
        }
        assert_eq!(people.one(&kept, "c6")?, "10.2.0.3", "nothing else is left");
        let error = kept.connect(&ConnectOptions::new("c7"), &NetNs::anonymous()?).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::PoolExhausted, "{error}");

        let brief = networks
            .create(&on_ens33("brief", "10.3.0.0/29")?.reservation_ttl(Duration::from_secs(2)))?;
        people.one(&brief, "c1")?;
        brief.disconnect("c1")?;
        assert_eq!(people.one(&brief, "c2")?, "10.3.0.3");
        let mut expired = 0;
        eventually("it is kept for ever", || {
            expired = networks.collect()?.expired;
            Ok(expired > 0)
        })?;
        assert_eq!(expired, 1);
        assert_eq!(networks.collect()?.expired, 0, "it is told once");
        assert_eq!(people.one(&brief, "c3")?, "10.3.0.4");
        assert_eq!(people.one(&brief, "c1")?, "10.3.0.2");
        Ok(())
    })
}

/// Several subnets of one family: the next one is used when one is full.
fn several_subnets() -> Outcome {
    with_stores(|networks| {
        let lan = networks.create(
            &on_ens33("lan", "10.1.0.0/30")?
                .subnet(subnet("10.2.0.0/30")?)
                .subnet(subnet("fd00::/126")?),
        )?;
        let mut people = People::default();
        assert_eq!(people.join(&lan, &ConnectOptions::new("c1"))?, [ip("10.1.0.2"), ip("fd00::2")]);
        assert_eq!(people.join(&lan, &ConnectOptions::new("c2"))?, [ip("10.2.0.2"), ip("fd00::3")]);
        let options = ConnectOptions::new("c3");
        let error = lan.connect(&options, &NetNs::anonymous()?).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::PoolExhausted, "{error}");
        assert!(error.to_string().contains("10.1.0.0/30, 10.2.0.0/30"), "{error}");
        // The IPv4 address is not lost if there is no IPv6 address left.
        lan.disconnect("c1")?;
        lan.add_conflicting_address(ip("fd00::2"))?;
        let error = lan.connect(&options, &NetNs::anonymous()?).unwrap_err();
        assert!(error.to_string().contains("no address is left in fd00::/126"), "{error}");
        lan.remove_conflicting_address(ip("fd00::2"))?;
        assert_eq!(people.join(&lan, &options)?, [ip("10.1.0.2"), ip("fd00::2")]);
        Ok(())
    })
}

/// Several addresses of one family, adjacent in one gap or not; and link-local ones, which two
/// containers may have.
fn several_addresses() -> Outcome {
    with_stores(|networks| {
        let lan =
            networks.create(&on_ens33("lan", "10.1.0.0/24")?.subnet(subnet("fd00:1::/64")?))?;
        let mut people = People::default();
        let wanted = ["10.1.0.9", "10.1.0.10", "10.1.0.77", "fd00:1::7"].map(ip);
        let options =
            wanted.iter().fold(ConnectOptions::new("c1"), |options, ip| options.address(*ip));
        let own = ["169.254.7.7", "fe80::7"].map(ip);
        let options = own.iter().fold(options, |options, ip| options.link_local_address(*ip));
        let netns = NetNs::anonymous()?;
        let connection = lan.connect(&options, &netns)?;
        assert_eq!(connection.addresses(), wanted);
        assert_eq!(connection.lease().link_local, own);
        let there = ip_addresses(&netns, "eth0");
        for address in ["10.1.0.9/24", "10.1.0.77/24", "fd00:1::7/64", "169.254.7.7/16"] {
            assert!(there.contains(&address.to_owned()), "no {address} in {there:?}");
        }
        let link_local = ip_lines(&netns, "-o -6 address show dev eth0 scope link");
        assert!(link_local.iter().any(|line| line.contains("fe80::7/64")), "{link_local:?}");
        let reconciled = lan.reconcile()?;
        assert!(reconciled.is_empty(), "{reconciled:?}");
        let other = ConnectOptions::new("c2").link_local_address(own[0]);
        assert_eq!(people.join(&lan, &other)?, [ip("10.1.0.2"), ip("fd00:1::2")]);
        let error =
            lan.connect(&ConnectOptions::new("c3").address(wanted[1]), &NetNs::anonymous()?);
        assert_eq!(error.unwrap_err().kind(), ErrorKind::AddressTaken);
        lan.disconnect("c1")?;
        assert_eq!(people.join(&lan, &ConnectOptions::new("c3").address(wanted[1]))?[0], wanted[1]);
        for options in [
            ConnectOptions::new("c4").address(wanted[0]).address(wanted[0]),
            ConnectOptions::new("c4").link_local_address(ip("10.1.0.1")),
        ] {
            let error = lan.connect(&options, &NetNs::anonymous()?).unwrap_err();
            assert_eq!(error.kind(), ErrorKind::InvalidValue, "{error}");
        }
        Ok(())
    })
}

/// An option that cannot be changed while the container is connected is refused by name.
fn other_wishes_of_a_container_that_is_connected() -> Outcome {
    with_stores(|networks| {
        let lan = networks.create(&on_ens33("lan", "10.1.0.0/24")?)?;
        let inside = NetNs::anonymous()?;
        let options = ConnectOptions::new("c1").interface("eth0").mac("02:00:00:00:00:01".parse()?);
        let first = lan.connect(&options, &inside)?;
        assert_eq!(lan.connect(&options, &inside)?.lease(), first.lease());
        let again = || ConnectOptions::new("c1");
        for (options, words) in [
            (again().mac("02:00:00:00:00:02".parse()?), "with MAC address 02:00:00:00:00:01"),
            (again().address(ip("10.1.0.99")), "without address 10.1.0.99"),
            (again().link_local_address(ip("169.254.1.1")), "without address 169.254.1.1"),
            (
                again().interface("eth0").mac("02:00:00:00:00:02".parse()?).address(ip("10.1.0.9")),
                "without address 10.1.0.9 and with MAC address 02:00:00:00:00:01",
            ),
        ] {
            let error = lan.connect(&options, &inside).unwrap_err();
            assert_eq!(error.kind(), ErrorKind::AlreadyConnected, "{error}");
            assert!(error.to_string().contains(words), "no {words:?} in: {error}");
        }
        assert_eq!(lan.lease("c1")?.as_ref(), Some(first.lease()));
        Ok(())
    })
}

/// An address and a name of a container that is gone are given when requested.
fn what_the_dead_have_is_given() -> Outcome {
    with_stores(|networks| {
        let lan = networks.create(&on_ens33("lan", "10.1.0.0/24")?)?;
        let options = |id: &str| ConnectOptions::new(id).name("web").address(ip("10.1.0.9"));
        let (ends, was_inside) = started()?;
        lan.connect(&options("c1"), &was_inside)?;
        let (_stays, inside) = started()?;
        for (options, kind) in [
            (ConnectOptions::new("c2").address(ip("10.1.0.9")), ErrorKind::AddressTaken),
            (ConnectOptions::new("c2").name("web"), ErrorKind::NameTaken),
        ] {
            assert_eq!(lan.connect(&options, &inside).unwrap_err().kind(), kind);
        }
        ended(ends, was_inside)?;
        assert_eq!(lan.connect(&options("c2"), &inside)?.addresses(), [ip("10.1.0.9")]);
        let all: Vec<String> = lan.leases()?.into_iter().map(|lease| lease.container).collect();
        assert_eq!(all, ["c2"]);
        Ok(())
    })
}

/// A chosen MAC address that is in use is chosen again; a requested one is refused at once.
fn a_mac_address_that_is_taken() -> Outcome {
    with_stores(|networks| {
        let lan = networks.create(&on_ens33("lan", "10.1.0.0/24")?)?;
        let mut people = People::default();
        // The MAC address that is derived from .3.
        let taken = "02:42:0a:01:00:03".parse()?;
        people.join(&lan, &ConnectOptions::new("c1").mac(taken))?;
        for (container, address) in [("c2", "10.1.0.3"), ("c3", "10.1.0.4")] {
            assert_eq!(people.one(&lan, container)?, address);
        }
        let mac = |id: &str| -> Outcome<_> { Ok(lan.lease(id)?.and_then(|lease| lease.mac)) };
        assert!(mac("c2")?.is_some_and(|mac| mac != taken && mac.octets()[0] == 0x0a));
        assert_eq!(mac("c3")?, Some("02:42:0a:01:00:04".parse()?));
        let error =
            lan.connect(&ConnectOptions::new("c4").mac(taken), &NetNs::anonymous()?).unwrap_err();
        let kind = error.core().map(macvlan_core::Error::kind);
        assert_eq!(kind, Some(macvlan_core::ErrorKind::MacInUse), "{error}");

        // Another program's, on the host.
        let host = networks.host().netns();
        ip_do(host, "link add other link ens33 address 02:42:0a:01:00:05 type macvlan mode bridge");
        ip_do(host, "link set other up");
        assert_eq!(people.one(&lan, "c4")?, "10.1.0.5");
        assert!(mac("c4")?.is_some_and(|mac| mac.octets()[0] == 0x0a));
        ip_do(host, "link delete other");
        Ok(())
    })
}

/// The host's own addresses are not given.
fn the_host_has_addresses_itself() -> Outcome {
    with_stores(|networks| {
        let host = networks.host().netns();
        ip_do(host, "address add 10.1.0.2/32 dev lo");
        ip_do(host, "address add fd00:1::2/64 dev ens33 nodad");
        // The kernel adds the route that says so a moment later.
        let is_there = || Ok(networks.host().handle()?.is_local(ip("fd00:1::2"))?);
        eventually("the address is not the host's", is_there)?;
        let lan =
            networks.create(&on_ens33("lan", "10.1.0.0/24")?.subnet(subnet("fd00:1::/64")?))?;
        let mut people = People::default();
        assert_eq!(
            people.join(&lan, &ConnectOptions::new("c1"))?,
            [ip("10.1.0.3"), ip("fd00:1::3")]
        );
        ip_do(host, "address add 10.1.0.77/32 dev lo");
        // One that was added since, and one that was skipped.
        for address in ["10.1.0.77", "10.1.0.2"] {
            let options = ConnectOptions::new("c2").address(ip(address));
            let error = lan.connect(&options, &NetNs::anonymous()?).unwrap_err();
            assert_eq!(error.kind(), ErrorKind::AddressConflict, "{error}");
            let words = format!("a link of this host has {address}");
            assert!(error.to_string().contains(&words), "{error}");
        }
        let options = ConnectOptions::new("c2").address(ip("10.1.0.77"));
        for address in ["10.1.0.2/32 dev lo", "10.1.0.77/32 dev lo", "fd00:1::2/64 dev ens33"] {
            ip_do(host, &format!("address delete {address}"));
        }
        assert_eq!(people.join(&lan, &options)?[0], ip("10.1.0.77"), "it was not remembered");
        Ok(())
    })
}

/// By name, by id, and by a unique prefix of an id.
fn networks_are_found() -> Outcome {
    with_stores(|networks| {
        let mut ids = Vec::new();
        // Of seventeen ids, two begin with the same digit.
        for number in 0..17 {
            let made = networks
                .create(&on_ens33(&format!("n{number}"), &format!("10.{number}.0.0/24"))?)?;
            ids.push(made.id().to_owned());
        }
        for (number, id) in ids.iter().enumerate() {
            assert_eq!(networks.network(&format!("n{number}"))?.id(), id);
            assert_eq!(networks.network(id)?.id(), id);
            assert_eq!(networks.network(&id[..16])?.id(), id);
        }
        let twice = ids.iter().find(|id| ids.iter().filter(|one| one[..1] == id[..1]).count() > 1);
        let twice = twice.ok_or("seventeen ids begin with as many digits")?;
        let error = networks.network(&twice[..1]).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::InvalidValue, "{error}");
        assert!(error.to_string().contains(&twice[..12]), "{error}");
        for nobody in ["none", "", "g", &"0".repeat(64)] {
            let error = networks.network(nobody).unwrap_err();
            assert_eq!(error.kind(), ErrorKind::NetworkNotFound, "{error}");
        }
        // A name has priority over an id.
        let name = twice[..12].to_owned();
        let named = networks.create(&on_ens33(&name, "10.200.0.0/24")?)?;
        assert_eq!(networks.network(&name)?.id(), named.id());
        named.remove()?;
        assert_eq!(networks.network(&name)?.id(), twice);
        Ok(())
    })
}

/// Networks without containers are deleted together; the others are counted.
fn unused_networks_are_pruned() -> Outcome {
    with_stores(|networks| {
        let lan = networks.create(&on_ens33("lan", "10.1.0.0/24")?)?;
        networks.create(&on_ens33("unused", "10.2.0.0/24")?)?;
        let inside = [NetNs::anonymous()?, NetNs::anonymous()?];
        lan.connect(&ConnectOptions::new("c1"), &inside[0])?;
        lan.connect(&ConnectOptions::new("c2"), &inside[1])?;
        let told = networks.summary()?;
        let told: Vec<String> = told
            .as_array()
            .into_iter()
            .flatten()
            .map(|one| format!("{} {} {}", one["Name"], one["Parent"], one["Containers"]))
            .collect();
        assert_eq!(told, ["\"lan\" \"ens33\" 2", "\"unused\" \"ens33\" 0"]);
        assert_eq!(networks.prune()?, ["unused"]);
        assert_eq!(networks.list()?.len(), 1);
        assert!(networks.prune()?.is_empty());
        Ok(())
    })
}

/// The same with both stores: refusals and removal.
fn networks_come_and_go() -> Outcome {
    with_stores(|networks| {
        let lan = networks.create(&on_ens33("lan", "10.1.0.0/24")?)?;
        for (config, kind) in [
            (on_ens33("lan", "10.2.0.0/24")?, ErrorKind::NetworkExists),
            (on_ens33("lan2", "10.1.0.0/25")?, ErrorKind::SubnetOverlaps),
        ] {
            assert_eq!(networks.create(&config).unwrap_err().kind(), kind);
        }
        let (_container, inside) = started()?;
        lan.connect(&ConnectOptions::new("c1").name("x"), &inside)?;
        let error =
            lan.connect(&ConnectOptions::new("c2").name("x"), &NetNs::anonymous()?).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::NameTaken, "{error}");
        assert_eq!(lan.clone().remove().unwrap_err().kind(), ErrorKind::NetworkInUse);
        lan.disconnect("c1")?;
        let gone = lan.clone();
        lan.remove()?;
        let error = gone.connect(&ConnectOptions::new("c1"), &inside).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::NetworkNotFound, "{error}");
        // The name and the subnet are free again, and the old network is forgotten.
        let lan = networks.create(&on_ens33("lan", "10.1.0.0/24")?)?;
        assert_ne!(lan.id(), gone.id());
        assert_eq!(lan.connect(&ConnectOptions::new("c9"), &inside)?.addresses(), [ip("10.1.0.2")]);
        Ok(())
    })
}

/// An address that is reserved for a name, like one that is requested.
fn a_reserved_address_of_the_dead_is_given() -> Outcome {
    with_stores(|networks| {
        let reserved = subnet("10.1.0.0/24")?.reserve("printer", ip("10.1.0.9"));
        let lan = networks.create(&NetworkConfig::new("lan").parent("ens33").subnet(reserved))?;
        let printer = |id: &str| ConnectOptions::new(id).name("printer");
        let (ends, was_inside) = started()?;
        assert_eq!(lan.connect(&printer("c1"), &was_inside)?.addresses(), [ip("10.1.0.9")]);
        let (_stays, inside) = started()?;
        let error = lan.connect(&printer("c2"), &inside).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::AddressTaken, "{error}");
        ended(ends, was_inside)?;
        assert_eq!(lan.connect(&printer("c2"), &inside)?.addresses(), [ip("10.1.0.9")]);
        assert_eq!(lan.leases()?.len(), 1);
        Ok(())
    })
}

macvlan_tests::tests! {
    same_on_every_kernel:
    the_lowest_free_address,
    the_next_address,
    any_address,
    fixed_reserved_and_foreign_addresses,
    addresses_stay_with_containers,
    several_subnets,
    several_addresses,
    other_wishes_of_a_container_that_is_connected,
    what_the_dead_have_is_given,
    a_reserved_address_of_the_dead_is_given,
    a_mac_address_that_is_taken,
    the_host_has_addresses_itself,
    networks_are_found,
    unused_networks_are_pruned,
    networks_come_and_go,
}
