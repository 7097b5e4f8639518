//! The marks by which interfaces are recognized, which a container cannot abuse.
#![deny(dead_code)]

use std::net::Ipv4Addr;

use crate::common::{default_routes, ended, ip, on_ens33, started, subnet, with_stores};
use macvlan_core::{Detached, Handle, NetNs};
use macvlan_network::{
    ConnectOptions, ErrorKind, MacFrom, Network, NetworkConfig, Networks, Reconciled,
};
use macvlan_tests::{Outcome, ip_addresses, ip_do, ip_lines};

fn alias(netns: &NetNs, link: &str) -> Outcome<String> {
    Ok(Handle::in_netns(netns)?.link(link)?.alias.unwrap_or_default())
}

fn set_alias(netns: &NetNs, link: &str, alias: &str) -> Outcome {
    Ok(Handle::in_netns(netns)?.set_alias(link, alias)?)
}

/// Loses a lease in the store, but not in the kernel.
fn lose(networks: &Networks, network: &Network, container: &str) -> Outcome {
    let lease = network.lease(container)?.ok_or("it has no lease")?;
    assert!(networks.store().release(network.record(), &lease)?);
    Ok(())
}

fn texts(done: &[Reconciled]) -> Vec<String> {
    done.iter().map(ToString::to_string).collect()
}

/// A process with all rights in its container's namespace.
fn a_forged_mark_gives_nobody_a_lease() -> Outcome {
    with_stores(|networks| {
        let lan = networks.create(&on_ens33("lan", "10.1.0.0/24")?)?;
        let (_container, inside) = started()?;
        lan.connect(&ConnectOptions::new("c").name("web"), &inside)?;
        let real = alias(&inside, "eth0")?;
        let [of_store, network, container, name, seal] = real
            .strip_prefix("macvlan-network/")
            .ok_or("another alias")?
            .split('/')
            .collect::<Vec<_>>()[..]
        else {
            return Err(format!("{real:?}").into());
        };
        assert_eq!((of_store, container, name), (networks.store().id(), "c", "web"));
        assert!(lan.id().starts_with(network) && seal.len() == 24, "{real}");
        let begins = format!("macvlan-network/{of_store}/{network}");
        let forged = [
            format!("{begins}/victim"),
            format!("{begins}/victim/"),
            format!("{begins}/victim//{seal}"),
            format!("{begins}/victim/web/{seal}"),
            format!("{begins}/c/other/{seal}"),
            format!("{begins}/x/../y/{seal}"),
            format!("{begins}/a\nb 6.6.6.6 evil"),
            format!("macvlan-network/{of_store}/000000000000/c/web/{seal}"),
            format!("macvlan-network/{of_store}//c"),
            real.clone(),
        ];
        for (number, forged) in forged.iter().enumerate() {
            ip_do(&inside, &format!("link add link eth0 name s{number} type macvlan mode bridge"));
            ip_do(&inside, &format!("address add 10.1.0.{}/24 dev s{number}", 100 + number));
            set_alias(&inside, &format!("s{number}"), forged)?;
        }
        let leases = lan.leases()?;
        // A mark of the container is ignored while the container has a lease here, and so is one
        // that no store has made.
        for _ in 0..2 {
            let done = networks.reconcile()?;
            assert!(done.iter().all(|one| matches!(one, Reconciled::Failed(_))), "{done:?}");
            let done = texts(&done);
            assert_eq!(done.len(), forged.len() - 3, "{done:#?}");
            for line in done {
                assert!(line.contains("was not written by this store"), "{line}");
                assert!(!line.contains('\n'), "{line}");
            }
        }
        assert_eq!(lan.leases()?, leases);
        let links = Handle::in_netns(&inside)?.links()?;
        assert_eq!(links.len(), 2 + forged.len(), "all of them are left as they are");
        let victim = NetNs::anonymous()?;
        let options = ConnectOptions::new("victim").address(ip("10.1.0.100"));
        lan.connect(&options, &victim)?;
        Ok(())
    })
}

/// A mark is valid for one interface and its addresses.
fn a_mark_is_not_another_address_s() -> Outcome {
    with_stores(|networks| {
        let lan = networks.create(&on_ens33("lan", "10.1.0.0/24")?)?;
        let (_container, inside) = started()?;
        lan.connect(&ConnectOptions::new("c"), &inside)?;
        lose(networks, &lan, "c")?;
        for change in
            ["address replace 10.1.0.77/24 dev eth0", "link set eth0 address 02:00:00:00:00:77"]
        {
            ip_do(&inside, "address flush dev eth0 scope global");
            ip_do(&inside, change);
            let done = networks.reconcile()?;
            let [Reconciled::Failed(why)] = done.as_slice() else {
                return Err(format!("{done:?}").into());
            };
            assert!(why.contains("not for this MAC address and these addresses"), "{why}");
            assert_eq!(lan.leases()?, []);
            ip_do(&inside, "address flush dev eth0 scope global");
            ip_do(&inside, "address add 10.1.0.2/24 dev eth0");
        }
        Ok(())
    })
}

/// Addresses that are added to an interface do not hide those of its lease; the name is restored
/// too.
fn a_lease_that_was_lost_comes_back_whole() -> Outcome {
    with_stores(|networks| {
        let config = on_ens33("lan", "10.1.0.0/24")?.subnet(subnet("fd00:1::/64")?);
        let lan = networks.create(&config)?;
        let (_one, one) = started()?;
        let (_two, two) = started()?;
        let (_other, other) = started()?;
        let id = "i".repeat(128);
        let name = "n".repeat(63);
        let had = lan.connect(&ConnectOptions::new(&id).name(&name), &one)?.lease().clone();
        lan.connect(&ConnectOptions::new("c2").name("taken"), &two)?;
        lose(networks, &lan, &id)?;
        lose(networks, &lan, "c2")?;
        ip_do(&one, "address add 10.1.0.99/24 dev eth0");
        ip_do(&one, "address add fd00:1::99/64 dev eth0 nodad");
        let fixed = [ip("10.1.0.50"), ip("fd00:1::50")];
        let third = ConnectOptions::new("c3").name("taken").address(fixed[0]).address(fixed[1]);
        lan.connect(&third, &other)?;
        let done = texts(&networks.reconcile()?);
        assert_eq!(done.len(), 3, "{done:#?}");
        let told: Vec<_> = done.iter().filter(|line| line.contains("has the name")).collect();
        assert_eq!(told.len(), 1, "{done:#?}");
        assert!(
            told[0].contains("container \"c3\" on host \"a\" has the name \"taken\""),
            "{}",
            told[0]
        );
        let again = lan.lease(&id)?.ok_or("it has no lease")?;
        assert_eq!(
            (again.name.as_deref(), &again.addresses),
            (Some(name.as_str()), &had.addresses)
        );
        assert_eq!((again.mac, again.default_route), (had.mac, had.default_route));
        assert_eq!(lan.resolve(&name)?, [ip("10.1.0.2"), ip("fd00:1::2")]);
        assert_eq!(lan.lease("c2")?.and_then(|lease| lease.name), None);
        assert!(networks.reconcile()?.is_empty());
        Ok(())
    })
}

/// With any number of addresses of its own, and some that were added.
fn a_lease_of_many_addresses_comes_back_whole() -> Outcome {
    with_stores(|networks| {
        let config = on_ens33("lan", "10.1.0.0/24")?.subnet(subnet("fd00:1::/64")?);
        let lan = networks.create(&config)?;
        for (count, added) in [(8, 2), (10, 0), (10, 3), (40, 2)] {
            let (_container, inside) = started()?;
            let mut options = ConnectOptions::new("c");
            for number in 1..count {
                options = options.address(ip(&format!("10.1.0.{}", 10 + number)));
            }
            let had = lan.connect(&options, &inside)?.lease().addresses.clone();
            assert_eq!(had.len(), count);
            lose(networks, &lan, "c")?;
            for number in 0..added {
                ip_do(&inside, &format!("address add 10.1.0.{}/24 dev eth0", 100 + number));
            }
            let done = networks.reconcile()?;
            assert!(matches!(&done[..], [Reconciled::Adopted(_)]), "{count}: {done:?}");
            let mut has = lan.lease("c")?.ok_or("it has no lease")?.addresses;
            has.sort();
            assert_eq!(has, had, "{count} and {added}");
            assert!(networks.reconcile()?.is_empty());
            lan.disconnect("c")?;
        }
        Ok(())
    })
}

/// More than fit into an etcd transaction when they are released.
fn more_than_can_be_given_back_is_refused() -> Outcome {
    let (lab, etcd) = (macvlan_tests::Lab::new()?, macvlan_tests::Etcd::start()?);
    let networks = crate::common::in_etcd(&lab.a, &etcd, "a")?;
    let lan = networks.create(&on_ens33("lan", "10.1.0.0/16")?)?;
    let inside = NetNs::anonymous()?;
    let many = |count: u32, step: u32| {
        let address = |number| Ipv4Addr::from_bits(0x0a01_0000 + 9 + number * step);
        (1..=count)
            .fold(ConnectOptions::new("c"), |options, one| options.address(address(one).into()))
    };
    let aliases =
        (0..120).fold(ConnectOptions::new("c"), |options, one| options.alias(format!("a{one}")));
    for options in [many(57, 1), aliases] {
        let error = lan.connect(&options, &inside).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::InvalidValue, "{error}");
        assert!(error.to_string().contains("exceed one transaction of etcd"), "{error}");
        assert_eq!((lan.leases()?, ip_lines(&inside, "-o link show").len()), (vec![], 1));
    }
    for options in [many(56, 1), many(56, 2)] {
        lan.connect(&options, &inside)?;
        assert_eq!(lan.disconnect_from("c", &inside)?, Detached::Removed);
    }
    Ok(())
}

/// In the format of earlier versions.
fn marks_without_a_seal() -> Outcome {
    with_stores(|networks| {
        let lan = networks.create(&on_ens33("lan", "10.1.0.0/24")?)?;
        let (_one, one) = started()?;
        let (_two, two) = started()?;
        lan.connect(&ConnectOptions::new("c1"), &one)?;
        lan.connect(&ConnectOptions::new("c2"), &two)?;
        let sealed = alias(&one, "eth0")?;
        for (inside, container) in [(&one, "c1"), (&two, "c2")] {
            let old = format!(
                "macvlan-network/{}/{}/{container}",
                networks.store().id(),
                &lan.id()[..12]
            );
            set_alias(inside, "eth0", &old)?;
        }
        lose(networks, &lan, "c2")?;
        let done = networks.reconcile()?;
        let [Reconciled::Repaired(lease, what), Reconciled::Failed(why)] = done.as_slice() else {
            return Err(format!("{done:?}").into());
        };
        assert_eq!((lease.container.as_str(), what.len()), ("c1", 1), "{what:?}");
        assert_eq!(alias(&one, "eth0")?, sealed);
        assert!(why.contains("container \"c2\"") && why.contains("connect the container"), "{why}");
        assert_eq!(ip_addresses(&two, "eth0"), ["10.1.0.3/24"]);
        // This resolves it.
        lan.connect(&ConnectOptions::new("c2"), &two)?;
        assert_eq!(ip_lines(&two, "-o link show type macvlan").len(), 1);
        assert!(networks.reconcile()?.is_empty());
        Ok(())
    })
}

/// A container that moves its mark to an interface of its own does not keep an address by this.
fn a_mark_on_another_interface_hides_none() -> Outcome {
    with_stores(|networks| {
        let lan = networks.create(&on_ens33("lan", "10.1.0.0/24")?)?;
        let (_container, inside) = started()?;
        lan.connect(&ConnectOptions::new("c"), &inside)?;
        let real = alias(&inside, "eth0")?;
        ip_do(&inside, "link set eth0 alias mine");
        ip_do(&inside, "link add link eth0 name fake type macvlan mode bridge");
        set_alias(&inside, "fake", &real)?;
        assert_eq!(lan.disconnect("c")?, Detached::Removed);
        assert_eq!(ip_lines(&inside, "-o link show").len(), 1);
        Ok(())
    })
}

/// A container that is restarted without giving its names and priorities keeps them.
fn a_container_that_returns_keeps_what_it_said() -> Outcome {
    with_stores(|networks| {
        let lan = networks.create(&on_ens33("lan", "10.1.0.0/24")?)?;
        let other = networks.create(&on_ens33("other", "10.2.0.0/24")?)?;
        let never = networks.create(&on_ens33("never", "10.3.0.0/24")?)?;
        let (first, inside) = started()?;
        let link_local = ip("169.254.7.7");
        let options = ConnectOptions::new("c1").name("web").alias("www").alias("api");
        let options = options.link_local_address(link_local);
        lan.connect(&options.gw_priority(-3), &inside)?;
        other.connect(&ConnectOptions::new("c1").alias("www").gw_priority(7), &inside)?;
        never.connect(&ConnectOptions::new("c1").default_route(false), &inside)?;
        assert_eq!(default_routes(&inside), ["10.2.0.1 dev eth1"]);
        ended(first, inside)?;
        let (second, inside) = started()?;
        let options = ConnectOptions::new("c1");
        never.connect(&options, &inside)?;
        let lease = lan.connect(&options, &inside)?.lease().clone();
        other.connect(&options, &inside)?;
        assert_eq!((lease.name.as_deref(), lease.gw_priority), (Some("web"), -3));
        assert_eq!(lease.aliases, ["www", "api"]);
        assert_eq!(lease.link_local, [link_local]);
        for name in ["web", "www", "api"] {
            assert_eq!(lan.resolve(name)?, [ip("10.1.0.2")], "{name}");
        }
        assert_eq!(other.resolve("www")?, [ip("10.2.0.2")]);
        assert_eq!(default_routes(&inside), ["10.2.0.1 dev eth2"]);
        other.disconnect("c1")?;
        assert_eq!(default_routes(&inside), ["10.1.0.1 dev eth1"]);

        // Values that it gives replace them.
        ended(second, inside)?;
        let (_third, inside) = started()?;
        let options = options.name("db").alias("sql").gw_priority(1);
        let lease = lan.connect(&options, &inside)?.lease().clone();
        assert_eq!((lease.name.as_deref(), lease.gw_priority), (Some("db"), 1));
        assert_eq!(lease.aliases, ["sql"]);
        assert!(lan.resolve("www")?.is_empty() && lan.resolve("web")?.is_empty());
        Ok(())
    })
}

/// Another program's default route leads out of the container, so there is none of the network.
fn an_adopted_lease_may_have_the_default_route() -> Outcome {
    with_stores(|networks| {
        let lan = networks.create(&on_ens33("lan", "10.1.0.0/24")?)?;
        let (_container, inside) = started()?;
        ip_do(&inside, "link add d0 type veth peer name d1");
        ip_do(&inside, "link set d1 up");
        ip_do(&inside, "address add 10.50.0.2/24 dev d0");
        ip_do(&inside, "link set d0 up");
        ip_do(&inside, "route add default via 10.50.0.1");
        let had = lan.connect(&ConnectOptions::new("c1").name("web"), &inside)?.lease().clone();
        assert_eq!(default_routes(&inside), ["10.50.0.1 dev d0 by boot"]);
        let gone = networks.store().release_gone(lan.record(), vec![had.clone()])?;
        assert_eq!(gone.len(), 1);
        let done = networks.reconcile()?;
        assert!(matches!(&done[..], [Reconciled::Adopted(_)]), "{done:?}");
        let lease = lan.lease("c1")?.ok_or("it has no lease")?;
        assert_eq!((lease.default_route, lease.gw_priority), (true, 0));
        assert_eq!((lease.name, lease.addresses), (had.name, had.addresses));
        assert_eq!(default_routes(&inside), ["10.50.0.1 dev d0 by boot"]);
        ip_do(&inside, "route delete default");
        networks.reconcile()?;
        assert_eq!(default_routes(&inside), ["10.1.0.1 dev eth0"]);
        Ok(())
    })
}

/// An address was reserved for another container while its holder had no lease.
fn an_address_that_is_reserved_since_is_not_adopted() -> Outcome {
    with_stores(|networks| {
        let config = on_ens33("lan", "10.1.0.0/24")?.mac_from(MacFrom::Container);
        let lan = networks.create(&config)?;
        let (_container, inside) = started()?;
        lan.connect(&ConnectOptions::new("c1").name("web"), &inside)?;
        lose(networks, &lan, "c1")?;
        let reserved = subnet("10.1.0.0/24")?.reserve("db", ip("10.1.0.2"));
        let config = NetworkConfig::new("lan").parent("ens33").mac_from(MacFrom::Container);
        let config = config.subnet(reserved);
        let lan = lan.update(&config)?.network;
        let done = texts(&networks.reconcile()?);
        assert!(matches!(&done[..], [one] if one.contains("reserved for \"db\"")), "{done:?}");
        assert_eq!(lan.leases()?, []);
        let (_db, db) = started()?;
        let got = lan.connect(&ConnectOptions::new("c2").name("db"), &db)?;
        assert_eq!(got.addresses(), [ip("10.1.0.2")]);
        let lan = lan.update(&config.mtu(1400))?.network;
        // By now another container has it.
        let done = networks.reconcile()?;
        assert!(done.iter().any(|one| matches!(one, Reconciled::Displaced { .. })), "{done:?}");
        assert_eq!(ip_lines(&inside, "-o link show").len(), 1);
        assert_eq!(lan.leases()?.len(), 1);
        Ok(())
    })
}

macvlan_tests::tests! {
    same_on_every_kernel:
    a_forged_mark_gives_nobody_a_lease,
    a_mark_is_not_another_address_s,
    a_lease_that_was_lost_comes_back_whole,
    an_adopted_lease_may_have_the_default_route,
    an_address_that_is_reserved_since_is_not_adopted,
    a_lease_of_many_addresses_comes_back_whole,
    more_than_can_be_given_back_is_refused,
    marks_without_a_seal,
    a_mark_on_another_interface_hides_none,
    a_container_that_returns_keeps_what_it_said,
}
