//! Links that are created in the host's namespace, to be moved by a runtime, with both kinds of
//! store.
#![deny(dead_code)]

use std::time::Duration;

use crate::common::{Scene, ended, ip, on_ens33, started, subnet, with_stores};
use macvlan_core::{Detached, Handle, Host, Mode, NetNs};
use macvlan_network::{
    Allocation, ConnectOptions, ErrorKind, NetworkConfig, Networks, Reconciled, SqliteStore,
};
use macvlan_tests::{
    Actor, Need, Outcome, PATIENCE, Snapshot, ip as ask_ip, ip_addresses, ip_do, ip_lines, ip_link,
    need, path_of, ping,
};

/// Moves a link like a runtime: to another namespace, with a name and an address, and up.
fn hand_over(host: &NetNs, link: &str, inside: &NetNs, name: &str, address: &str) -> Outcome {
    Handle::in_netns(host)?.move_link(link, inside, Some(name.parse()?))?;
    ip_do(inside, &format!("address add {address} dev {name}"));
    ip_do(inside, &format!("link set {name} up"));
    Ok(())
}

/// Returns the host's links that a network has created.
fn links(host: &NetNs) -> Vec<String> {
    let all = ip_lines(host, "-o link show type macvlan");
    all.into_iter().filter(|line| line.contains("mv-")).collect()
}

fn without_age(networks: &Networks) -> Networks {
    networks.clone().with_pending_age(Duration::ZERO)
}

fn it_is_created_moved_and_removed() -> Outcome {
    with_stores(|networks| {
        let host = networks.host().netns();
        let config = on_ens33("lan", "192.168.15.0/24")?.subnet(subnet("fd00:1::/64")?);
        let config = config.mtu(1400).route("10.9.0.0/16 via 192.168.15.9".parse()?);
        let lan = networks.create(&config)?;
        let before = Snapshot::of(host);
        let options = ConnectOptions::new("c1").name("web").address(ip("192.168.15.77"));
        let link = lan.create_link(&options)?;
        let name = link.name();
        assert!(name.as_str().starts_with("mv-") && name.as_str().len() == 15, "{name}");
        assert_eq!(link.gateways(), [ip("192.168.15.1"), ip("fd00:1::1")]);
        assert!(!link.lease().default_route);
        let first = lan.create_link(&ConnectOptions::new("first").gw_priority(3))?;
        assert!(first.lease().default_route, "the priority implies it");
        lan.disconnect("first")?;
        assert_eq!(link.routes(), lan.config().get_routes());
        assert_eq!(link.addresses(), link.lease().addresses);
        assert!(link.lease().pending().is_some() && link.lease().link == Some(name));
        let seen = ip_link(host, name.as_str());
        assert_eq!(seen["ifindex"], link.index());
        assert_eq!(seen["address"], link.mac().to_string());
        assert_eq!(seen["address"], "02:42:c0:a8:0f:4d");
        assert_eq!((&seen["mtu"], &seen["link"]), (&1400.into(), &"ens33".into()));
        assert!(!seen["flags"].to_string().contains("\"UP\""), "{seen}");
        assert!(ip_addresses(host, name.as_str()).is_empty());
        let told = ask_ip(host, &format!("link show dev {name}")).to_string();
        assert!(told.contains("macvlan-network/"), "{told}");
        assert!(networks.reconcile()?.is_empty() && networks.collect()?.leases.is_empty());

        // A second link is refused, and so is connecting until the link is moved.
        let (_container, inside) = started()?;
        let refused = [
            lan.create_link(&options).map(drop).unwrap_err(),
            lan.connect(&options, &inside).map(drop).unwrap_err(),
        ];
        for error in refused {
            assert_eq!(error.kind(), ErrorKind::AlreadyConnected, "{error}");
            assert!(error.to_string().contains(name.as_str()), "{error}");
        }
        let error = lan.bind("c1", &inside).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::NotConnected, "{error}");
        let error = lan.bind("c1", host).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::InvalidValue, "{error}");

        hand_over(host, name.as_str(), &inside, "eth5", "192.168.15.77/24")?;
        let bound = lan.bind("c1", &inside)?;
        assert_eq!((bound.interface.as_str(), bound.pending()), ("eth5", None));
        assert_eq!(bound.endpoint, link.lease().endpoint);
        assert_eq!(lan.leases()?, std::slice::from_ref(&bound));
        assert_eq!(lan.bind("c1", &inside)?, bound);
        assert!(ping(&inside, "192.168.15.2").is_some());
        // The settings inside belong to the runtime.
        assert!(networks.reconcile()?.is_empty());
        assert!(ip_lines(&inside, "route show default").is_empty());
        assert_eq!(lan.resolve("web")?, [ip("192.168.15.77"), ip("fd00:1::2")]);
        assert_eq!(without_age(networks).collect()?.leases, []);
        assert_eq!(lan.disconnect("c1")?, Detached::Removed);
        assert_eq!(ip_lines(&inside, "-o link show").len(), 1, "lo");
        before.assert_same(host);
        Ok(())
    })
}

fn reconcile_finds_it_where_it_is() -> Outcome {
    with_stores(|networks| {
        let host = networks.host().netns();
        let lan = networks.create(&on_ens33("lan", "10.1.0.0/24")?)?;
        let (_container, inside) = started()?;
        let link = lan.create_link(&ConnectOptions::new("c1"))?;
        hand_over(host, link.name().as_str(), &inside, "eth0", "10.1.0.2/24")?;
        let done = networks.reconcile()?;
        assert!(
            matches!(&done[..], [Reconciled::Adopted(lease)]
            if lease.endpoint == link.lease().endpoint && lease.pending().is_none()),
            "{done:?}"
        );
        assert!(networks.reconcile()?.is_empty());

        // The runtime moves the link back to the host, with its old name, before it reports that
        // the container is gone.
        Handle::in_netns(&inside)?.move_link("eth0", host, Some(link.name()))?;
        assert!(networks.reconcile()?.is_empty());
        assert_eq!(links(host).len(), 1);
        assert_eq!(lan.disconnect("c1")?, Detached::Removed);
        assert!(links(host).is_empty() && lan.leases()?.is_empty());

        // A link on the host without a lease is deleted.
        let link = lan.create_link(&ConnectOptions::new("c1"))?;
        assert!(networks.store().release(lan.record(), link.lease())?);
        let done = networks.reconcile()?;
        assert!(matches!(&done[..], [Reconciled::Displaced { .. }]), "{done:?}");
        assert!(links(host).is_empty());
        Ok(())
    })
}

/// A link that is not moved in time is deleted; one that was moved is bound.
fn what_is_over_is_collected() -> Outcome {
    with_stores(|networks| {
        let (host, old) = (networks.host().netns(), without_age(networks));
        let lan = networks.create(&on_ens33("lan", "10.1.0.0/24")?)?;
        let before = Snapshot::of(host);
        let link = lan.create_link(&ConnectOptions::new("c1"))?;
        assert!(networks.collect()?.leases.is_empty());
        assert_eq!(old.collect()?.leases, [link.lease().clone()]);
        before.assert_same(host);

        let (container, inside) = started()?;
        let moved = lan.create_link(&ConnectOptions::new("c1"))?;
        hand_over(host, moved.name().as_str(), &inside, "eth0", "10.1.0.2/24")?;
        assert_eq!(old.collect()?.leases, []);
        let lease = lan.lease("c1")?.ok_or("it has a lease")?;
        assert!(lease.pending().is_none(), "{lease:?}");
        assert_eq!(ip_addresses(&inside, "eth0"), ["10.1.0.2/24"]);

        // It was deleted with a container that it was never bound to.
        let (other, beside) = started()?;
        let never = lan.create_link(&ConnectOptions::new("c2"))?;
        hand_over(host, never.name().as_str(), &beside, "eth0", "10.1.0.3/24")?;
        drop((container, inside, other, beside));
        macvlan_tests::eventually("a lease is left", || match old.collect() {
            // Another test's process may hide a namespace from all others for a moment.
            Err(error) if error.to_string().contains("could not be inspected") => Ok(false),
            collected => collected.map(|_| Ok(lan.leases()?.is_empty()))?,
        })?;
        assert!(links(host).is_empty());
        Ok(())
    })
}

/// By the lease, or by the container that it was moved to, before this is known.
fn it_is_disconnected_wherever_it_is() -> Outcome {
    with_stores(|networks| {
        let host = networks.host().netns();
        let lan = networks.create(&on_ens33("lan", "10.1.0.0/24")?)?;
        let (_container, inside) = started()?;
        lan.create_link(&ConnectOptions::new("c1"))?;
        assert_eq!(lan.disconnect("c1")?, Detached::Removed);
        assert!(links(host).is_empty());
        for from in [None, Some(&inside)] {
            lan.connect(&ConnectOptions::new("c1").interface("eth0"), &inside)?;
            let further = lan.create_link(&ConnectOptions::new("c1").interface("net1"))?;
            hand_over(host, further.name().as_str(), &inside, "net1", "10.1.0.3/24")?;
            let gone = match from {
                None => lan.disconnect(("c1", "net1"))?,
                Some(netns) => lan.disconnect_from(("c1", "net1"), netns)?,
            };
            assert_eq!(gone, Detached::Removed);
            assert_eq!(ip_lines(&inside, "-o link show").len(), 2, "lo and eth0");
            assert_eq!(lan.leases()?.len(), 1);
        }
        // Connecting binds it where it is, and completes it.
        lan.disconnect("c1")?;
        let link = lan.create_link(&ConnectOptions::new("c1"))?;
        hand_over(host, link.name().as_str(), &inside, "eth0", "10.1.0.99/24")?;
        let connection = lan.connect(&ConnectOptions::new("c1"), &inside)?;
        assert_eq!(connection.lease().endpoint, link.lease().endpoint);
        let address = connection.lease().addresses[0].to_string();
        assert!(ip_addresses(&inside, "eth0").contains(&address));
        Ok(())
    })
}

/// Its namespace ended after it was moved back, and another container takes its address, or its own
/// returns.
fn a_link_that_was_moved_back_goes_with_its_lease() -> Outcome {
    with_stores(|networks| {
        let host = networks.host().netns();
        let lan = networks.create(&on_ens33("lan", "10.1.0.0/24")?)?;
        let wished = |id| ConnectOptions::new(id).address(ip("10.1.0.2"));
        for (next, is_busy) in
            [("c2", ErrorKind::AddressTaken), ("c1", ErrorKind::AlreadyConnected)]
        {
            let (container, inside) = started()?;
            let link = lan.create_link(&wished("c1"))?;
            hand_over(host, link.name().as_str(), &inside, "eth0", "10.1.0.2/24")?;
            lan.bind("c1", &inside)?;
            Handle::in_netns(&inside)?.move_link("eth0", host, Some(link.name()))?;
            ip_do(host, &format!("link set {} up", link.name()));
            ended(container, inside)?;
            let (_container, inside) = started()?;
            // The kernel may still be ending the namespace.
            macvlan_tests::eventually("the address is not given", || {
                match lan.connect(&wished(next), &inside) {
                    Err(error) if error.kind() == is_busy => Ok(false),
                    done => Ok(done.map(|_| true)?),
                }
            })?;
            assert!(links(host).is_empty(), "{next}");
            assert_eq!(ip_addresses(&inside, "eth0"), ["10.1.0.2/24"]);
            let address = &ip_link(&inside, "eth0")["address"];
            assert_eq!(address, "02:42:0a:01:00:02", "the MAC address is free");
            lan.disconnect(next)?;
        }
        Ok(())
    })
}

/// The container gets its name after the link got its alias, and changes the MAC address.
fn it_is_found_by_what_does_not_change() -> Outcome {
    with_stores(|networks| {
        let host = networks.host().netns();
        for mode in [Mode::Passthru, Mode::Bridge] {
            let lan = networks.create(&on_ens33("lan", "10.1.0.0/24")?.mode(mode))?;
            let before = Snapshot::of(host);
            let (_container, inside) = started()?;
            let link = lan.create_link(&ConnectOptions::new("c1").interface("eth"))?;
            let mut named = link.lease().clone();
            named.name = Some("web".to_owned());
            assert!(networks.store().update(lan.record(), &named)?);
            hand_over(host, link.name().as_str(), &inside, "eth0", "10.1.0.2/24")?;
            if mode == Mode::Bridge {
                ip_do(&inside, "link set eth0 address 02:00:00:00:00:77");
            }
            let done = networks.reconcile()?;
            assert!(matches!(&*done, [Reconciled::Adopted(_)]), "{mode}: {done:?}");
            let bound = lan.leases()?.remove(0);
            assert_eq!((bound.interface.as_str(), bound.name.as_deref()), ("eth0", Some("web")));
            assert!(bound.netns().is_some() && bound.endpoint == named.endpoint, "{bound:?}");
            assert!(networks.reconcile()?.is_empty());
            assert_eq!(ip_addresses(&inside, "eth0"), ["10.1.0.2/24"]);
            Handle::in_netns(&inside)?.move_link("eth0", host, Some(link.name()))?;
            assert_eq!(lan.disconnect("c1")?, Detached::Removed, "{mode}");
            before.assert_same(host);
            lan.remove()?;
        }
        Ok(())
    })
}

/// The store has lost the lease of the interface that a container runs with, and the container has
/// another one with the address.
fn an_interface_of_the_holder_itself_stays() -> Outcome {
    with_stores(|networks| {
        let host = networks.host().netns();
        let lan = networks.create(&on_ens33("lan", "10.1.0.0/24")?)?;
        let (_container, inside) = started()?;
        let options = ConnectOptions::new("c1").interface("eth").address(ip("10.1.0.2"));
        let link = lan.create_link(&options)?;
        hand_over(host, link.name().as_str(), &inside, "eth0", "10.1.0.2/24")?;
        assert!(networks.store().release(lan.record(), link.lease())?);
        lan.create_link(&options.mac("02:00:00:00:00:77".parse()?))?;
        for _ in 0..2 {
            let done = networks.reconcile()?;
            let [Reconciled::Failed(why)] = &*done else { panic!("{done:?}") };
            assert!(why.contains("the container itself has a lease for 10.1.0.2"), "{why}");
            assert_eq!(ip_addresses(&inside, "eth0"), ["10.1.0.2/24"]);
        }
        Ok(())
    })
}

fn it_takes_what_was_allocated() -> Outcome {
    with_stores(|networks| {
        let lan = networks.create(&on_ens33("lan", "10.1.0.0/24")?)?;
        let pending = lan.allocate(&Allocation::new().address(ip("10.1.0.50")))?;
        let link = lan.create_link(&ConnectOptions::new("c1").take(&pending.endpoint))?;
        assert_eq!(link.lease().addresses, pending.addresses);
        assert_eq!(Some(link.mac()), pending.mac);
        assert_eq!(lan.leases()?, [link.lease().clone()]);
        Ok(())
    })
}

/// Neither a link nor a lease remains, and an allocated lease is pending as before.
fn what_fails_leaves_nothing() -> Outcome {
    with_stores(|networks| {
        let lan = networks
            .create(&NetworkConfig::new("lan").parent("ens77").subnet(subnet("10.1.0.0/24")?))?;
        let before = Snapshot::of(networks.host().netns());
        let pending = lan.allocate(&Allocation::new())?;
        for options in
            [ConnectOptions::new("c1"), ConnectOptions::new("c1").take(&pending.endpoint)]
        {
            let error = lan.create_link(&options).unwrap_err();
            assert_eq!(error.kind(), ErrorKind::Kernel, "{error}");
            assert!(error.to_string().contains("create a link for container \"c1\""), "{error}");
            assert_eq!(lan.leases()?, std::slice::from_ref(&pending));
        }
        before.assert_same(networks.host().netns());
        Ok(())
    })
}

/// A VLAN is created with its first link on the host, and removed with the last one.
fn the_parent_is_made_and_goes() -> Outcome {
    need(Need::Vlan)?;
    let scene = Scene::set()?;
    let host = &scene.lab.a.netns;
    let config = NetworkConfig::new("vlan").parent("ens33.10").subnet(subnet("10.1.0.0/24")?);
    let vlan = scene.networks.create(&config)?;
    let before = Snapshot::of(host);
    vlan.create_link(&ConnectOptions::new("c1"))?;
    vlan.create_link(&ConnectOptions::new("c2"))?;
    assert_eq!(ip_link(host, "ens33.10")["ifname"], "ens33.10");
    vlan.disconnect("c1")?;
    assert_eq!(ip_link(host, "ens33.10")["ifname"], "ens33.10");
    assert_eq!(without_age(&scene.networks).collect()?.leases.len(), 1);
    before.assert_same(host);
    Ok(())
}

fn creates(arguments: &[String]) -> Outcome {
    let [place, host] = arguments else { return Err("PLACE HOST".into()) };
    let host = Host::in_netns(&NetNs::from_path(host)?)?;
    let networks = Networks::new(host, SqliteStore::open(place)?)?.with_host_name("a")?;
    for number in 0.. {
        networks.network("lan")?.create_link(&ConnectOptions::new(format!("c{number}")))?;
        println!("{number}");
        if number == 200 {
            std::thread::sleep(PATIENCE);
        }
    }
    Ok(())
}

/// Wherever the process was killed, there is no link without a lease, and both are collected.
fn who_is_killed_leaves_what_is_collected() -> Outcome {
    let scene = Scene::set()?;
    let host = &scene.lab.a.netns;
    let lan = scene.networks.create(&on_ens33("lan", "10.1.0.0/24")?)?;
    let before = Snapshot::of(host);
    let file = scene.directory.path().join("networks.db");
    for lines in 1..=8 {
        let mut actor = Actor::start("creates", &[&file.to_string_lossy(), &path_of(host)])?;
        for _ in 0..lines {
            actor.line()?;
        }
        actor.kill()?;
        let leases = lan.leases()?;
        let of_lease = |line: &String| {
            leases.iter().any(|lease| lease.link.is_some_and(|link| line.contains(link.as_str())))
        };
        let made = links(host);
        assert!(made.len() >= lines && made.iter().all(of_lease), "{made:?} {leases:?}");
        assert!(scene.networks.reconcile()?.is_empty());
        assert_eq!(without_age(&scene.networks).collect()?.leases.len(), leases.len());
        before.assert_same(host);
        assert_eq!(crate::common::sound(&scene.directory)?, 0);
    }
    Ok(())
}

macvlan_tests::tests! {
    same_on_every_kernel:
    it_is_created_moved_and_removed,
    reconcile_finds_it_where_it_is,
    what_is_over_is_collected,
    it_is_disconnected_wherever_it_is,
    a_link_that_was_moved_back_goes_with_its_lease,
    it_is_found_by_what_does_not_change,
    an_interface_of_the_holder_itself_stays,
    it_takes_what_was_allocated,
    what_fails_leaves_nothing,
    the_parent_is_made_and_goes,
    who_is_killed_leaves_what_is_collected;
    parts: creates,
}
