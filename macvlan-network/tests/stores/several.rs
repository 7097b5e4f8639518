//! Several interfaces of one container in one network, with both kinds of store.
#![deny(dead_code)]

use crate::common::{ended, ip, on_ens33, started, with_stores};
use macvlan_core::{Detached, Handle, NetNs};
use macvlan_network::{ConnectOptions, ErrorKind, Lease, Network, Reconciled};
use macvlan_tests::{Outcome, ip_addresses, ip_lines};

fn interfaces(leases: &[Lease]) -> Vec<&str> {
    leases.iter().map(|lease| lease.interface.as_str()).collect()
}

/// Connects a container by two interfaces, in this order.
fn by_two(lan: &Network, inside: &NetNs, names: [&str; 2]) -> Outcome<[Lease; 2]> {
    let connect = |name: &str| lan.connect(&ConnectOptions::new("c1").interface(name), inside);
    let [first, second] = names.map(connect);
    Ok([first?.lease().clone(), second?.lease().clone()])
}

fn each_has_its_own_lease() -> Outcome {
    with_stores(|networks| {
        let config = on_ens33("lan", "10.1.0.0/24")?.route("10.9.0.0/16 via 10.1.0.254".parse()?);
        let lan = networks.create(&config)?;
        let (_container, inside) = started()?;
        let named = ConnectOptions::new("c1").name("web").alias("www");
        let first = lan.connect(&named, &inside)?.lease().clone();
        let second =
            lan.connect(&ConnectOptions::new("c1").interface("net1"), &inside)?.lease().clone();
        assert_eq!(ip_addresses(&inside, "eth0"), ["10.1.0.2/24"]);
        assert_eq!(ip_addresses(&inside, "net1"), ["10.1.0.3/24"]);
        assert_ne!((first.mac, &first.endpoint), (second.mac, &second.endpoint));
        let links = Handle::in_netns(&inside)?.links()?;
        let aliases: Vec<_> = links.iter().filter_map(|link| link.alias.clone()).collect();
        assert!(aliases.len() == 2 && aliases[0] != aliases[1], "{aliases:?}");
        // The network's routes and the default routes lead through the first one.
        let routes = || ip_lines(&inside, "-o route show 10.9.0.0/16");
        assert_eq!(routes(), ["10.9.0.0/16 via 10.1.0.254 dev eth0 proto 109"]);
        assert!(networks.reconcile()?.is_empty());

        // Both are found by name, whichever interface has it.
        let both = [ip("10.1.0.2"), ip("10.1.0.3")];
        for name in ["web", "www", "c1", "web.lan"] {
            assert_eq!(lan.resolve(name)?, both, "{name}");
        }
        let hosts = lan.hosts()?;
        assert_eq!(hosts.lines().count(), 2, "{hosts}");
        assert!(hosts.lines().all(|line| line.contains("web")), "{hosts}");
        let told = lan.inspect()?;
        assert_eq!(told["Containers"]["c1"]["Interface"], "eth0");
        assert_eq!(told["Containers"]["c1/net1"]["IPv4Address"], "10.1.0.3/24");

        // The interface must be given, and then the result is the same.
        let error = lan.connect(&ConnectOptions::new("c1"), &inside).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::AlreadyConnected, "{error}");
        assert!(error.to_string().contains("by several interfaces: eth0, net1"), "{error}");
        assert_eq!(by_two(&lan, &inside, ["eth0", "net1"])?, [first.clone(), second.clone()]);
        assert_eq!(lan.lease("c1")?.as_ref(), Some(&first));
        assert_eq!(lan.lease(("c1", "net1"))?.as_ref(), Some(&second));
        assert_eq!(lan.lease(("c1", "net2"))?, None);
        assert_eq!(lan.leases_of("c1")?, [first, second]);

        // The name belongs to the container as long as one of its interfaces has it.
        let (_other, other) = started()?;
        let error = lan.connect(&ConnectOptions::new("c2").name("web"), &other).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::NameTaken, "{error}");
        lan.connect(
            &ConnectOptions::new("c1").interface("net1").name("web").alias("www"),
            &inside,
        )?;
        assert_eq!(lan.disconnect(("c1", "eth0"))?, Detached::Removed);
        assert_eq!(interfaces(&lan.leases()?), ["net1"]);
        assert_eq!((lan.resolve("web")?, lan.resolve("www")?), (vec![both[1]], vec![both[1]]));
        assert_eq!(ip_lines(&inside, "-o link show").len(), 2, "lo and net1");
        let error = lan.disconnect(("c1", "eth0")).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::NotConnected, "{error}");
        assert_eq!(ip_addresses(&inside, "net1"), ["10.1.0.3/24"]);
        // The only one left is meant again, and has the routes.
        assert_eq!(lan.connect(&ConnectOptions::new("c1"), &inside)?.interface(), "net1");
        assert_eq!(routes(), ["10.9.0.0/16 via 10.1.0.254 dev net1 proto 109"]);
        lan.disconnect("c1")?;
        assert!(lan.leases()?.is_empty() && lan.resolve("web")?.is_empty());
        lan.connect(&ConnectOptions::new("c2").name("web"), &other)?;
        Ok(())
    })
}

/// Without an interface name all are disconnected, with and without a namespace.
fn all_of_them_go() -> Outcome {
    with_stores(|networks| {
        let lan = networks.create(&on_ens33("lan", "10.1.0.0/24")?)?;
        let (_container, inside) = started()?;
        for from in [None, Some(&inside)] {
            by_two(&lan, &inside, ["eth0", "net1"])?;
            let done = match from {
                None => lan.disconnect("c1")?,
                Some(netns) => lan.disconnect_from("c1", netns)?,
            };
            assert_eq!(done, Detached::Removed);
            assert!(lan.leases()?.is_empty());
            assert_eq!(ip_lines(&inside, "-o link show").len(), 1, "lo");
        }
        by_two(&lan, &inside, ["eth0", "net1"])?;
        let retained = lan.retain([("c1", "net1"), ("c2", "eth0")])?;
        assert_eq!(interfaces(&retained.released), ["eth0"]);
        assert!(lan.retain(["c1"])?.released.is_empty());
        assert_eq!(ip_addresses(&inside, "net1"), ["10.1.0.3/24"]);
        Ok(())
    })
}

/// In another namespace each gets its former addresses, in any order.
fn they_return_with_their_addresses() -> Outcome {
    with_stores(|networks| {
        let lan = networks.create(&on_ens33("lan", "10.1.0.0/24")?)?;
        let (first, inside) = started()?;
        by_two(&lan, &inside, ["eth0", "net1"])?;
        let (_elsewhere, elsewhere) = started()?;
        let further = ConnectOptions::new("c1").interface("net2");
        let error = lan.connect(&further, &elsewhere).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::AlreadyConnected, "{error}");
        assert!(error.to_string().contains("in another namespace"), "{error}");
        ended(first, inside)?;
        let (_again, again) = started()?;
        by_two(&lan, &again, ["net1", "eth0"])?;
        assert_eq!(ip_addresses(&again, "eth0"), ["10.1.0.2/24"]);
        assert_eq!(ip_addresses(&again, "net1"), ["10.1.0.3/24"]);
        assert_eq!(lan.leases()?.len(), 2);
        Ok(())
    })
}

/// The store has lost one lease, or both.
fn they_are_adopted_one_by_one() -> Outcome {
    with_stores(|networks| {
        let lan = networks.create(&on_ens33("lan", "10.1.0.0/24")?)?;
        let (_container, inside) = started()?;
        let both = by_two(&lan, &inside, ["eth0", "net1"])?;
        for lost in [&both[1..], &both[..1], &both[..]] {
            for lease in lost {
                let now = lan.lease(("c1", lease.interface.as_str()))?.ok_or("it has a lease")?;
                assert!(networks.store().release(lan.record(), &now)?);
            }
            let done = networks.reconcile()?;
            assert_eq!(done.len(), lost.len(), "{done:?}");
            assert!(done.iter().all(|one| matches!(one, Reconciled::Adopted(_))), "{done:?}");
            assert!(networks.reconcile()?.is_empty());
            let addresses = |name| Ok(lan.lease(("c1", name))?.map(|lease| lease.addresses));
            let addresses = |name| -> Outcome<_> { addresses(name) };
            assert_eq!(addresses("eth0")?.as_ref(), Some(&both[0].addresses));
            assert_eq!(addresses("net1")?.as_ref(), Some(&both[1].addresses));
        }
        // The interface without a lease is replaced, and the other one stays.
        let lease = lan.lease(("c1", "net1"))?.ok_or("it has a lease")?;
        assert!(networks.store().release(lan.record(), &lease)?);
        lan.connect(&ConnectOptions::new("c1").interface("net1").address(ip("10.1.0.9")), &inside)?;
        assert_eq!(ip_addresses(&inside, "eth0"), ["10.1.0.2/24"]);
        assert_eq!(ip_addresses(&inside, "net1"), ["10.1.0.9/24"]);
        Ok(())
    })
}

macvlan_tests::tests! {
    same_on_every_kernel:
    each_has_its_own_lease,
    all_of_them_go,
    they_return_with_their_addresses,
    they_are_adopted_one_by_one,
}
