//! Containers that have just ended, whose interfaces the kernel deletes a moment later.
#![deny(dead_code)]

use std::process::Command;

use crate::common::{ip, on_ens33, started, subnet, with_scenes};
use crate::update::another_parent;
use macvlan_core::{Handle, Link, MacAddr, MacvlanOptions, Mode, NetNs};
use macvlan_network::{ConnectOptions, ErrorKind, MacFrom, Network, NetworkConfig};
use macvlan_tests::{Outcome, eventually, ip_do};

/// Returns whether a link on `ens33` with a MAC address is up, judged by the parent's filter list.
fn is_up(host: &NetNs, mac: MacAddr) -> Outcome<bool> {
    let mut bridge = Command::new("bridge");
    bridge.args(["fdb", "show", "dev", "ens33"]);
    let output = host.run(|| bridge.output())??;
    assert!(output.status.success(), "{output:?}");
    Ok(String::from_utf8(output.stdout)?.contains(&mac.to_string()))
}

/// Connects a container, which then ends, and returns the MAC address that it had.
fn ended(lan: &Network, host: &NetNs) -> Outcome<MacAddr> {
    let (_container, inside) = started()?;
    let mac = lan.connect(&ConnectOptions::new("former").address(ip("10.1.0.9")), &inside)?.mac();
    assert!(is_up(host, mac)?);
    Ok(mac)
}

/// An address leaves the store after it has left the kernel, even without a detach.
fn an_address_is_given_when_its_former_interface_is_gone() -> Outcome {
    with_scenes(|scene| {
        let host = &scene.lab.a.netns;
        let config = on_ens33("lan", "10.1.0.0/24")?.mac_from(MacFrom::Container);
        let lan = scene.networks.create(&config)?;
        let next = ConnectOptions::new("next").address(ip("10.1.0.9"));
        for round in 0..4 {
            let mac = ended(&lan, host)?;
            let (_container, inside) = started()?;
            let wished = || match lan.connect(&next, &inside) {
                Err(error) if error.kind() == ErrorKind::AddressTaken => Ok(false),
                connected => Ok(connected.map(|_| true)?),
            };
            let collected = || Ok(!scene.networks.collect()?.leases.is_empty());
            if round % 2 == 0 {
                eventually("the address is not given", wished)?;
            } else {
                eventually("the lease is not collected", collected)?;
            }
            assert!(!is_up(host, mac)?, "in round {round}");
            match lan.disconnect("next") {
                Err(error) if error.kind() == ErrorKind::NotConnected => {}
                done => drop(done?),
            }
        }
        Ok(())
    })
}

/// An interface that the kernel does not delete is one that another namespace has.
fn an_interface_that_stays_keeps_its_lease() -> Outcome {
    with_scenes(|scene| {
        let host = &scene.lab.a.netns;
        let lan = scene.networks.create(&on_ens33("lan", "10.1.0.0/24")?)?;
        let (container, inside) = started()?;
        let options = ConnectOptions::new("former").address(ip("10.1.0.9"));
        let mac = lan.connect(&options, &inside)?.mac();
        drop((container, inside));
        eventually("it is still up", || Ok(!is_up(host, mac)?))?;
        let elsewhere = NetNs::anonymous()?;
        let link = Link::macvlan("eth0", "ens33", MacvlanOptions::new(Mode::Bridge))?;
        Handle::in_netns(host)?.add_link(&link.mac(mac).netns(&elsewhere).up(true))?;

        assert_eq!(scene.networks.collect()?.leases, []);
        let retained = lan.retain::<&str>([])?;
        assert!(retained.released.is_empty() && retained.failed.is_empty(), "{retained:?}");
        let disconnected = lan.disconnect("former").map_err(|one| one.kind());
        assert_eq!(disconnected.err(), Some(ErrorKind::Contended));
        let (_container, inside) = started()?;
        let next =
            |options: ConnectOptions| lan.connect(&options, &inside).map_err(|one| one.kind());
        let wished = || ConnectOptions::new("next").address(ip("10.1.0.9"));
        assert_eq!(next(wished()).err(), Some(ErrorKind::AddressTaken));
        assert_eq!(next(ConnectOptions::new("former")).err(), Some(ErrorKind::AlreadyConnected));
        assert_eq!(lan.leases()?.len(), 1);

        // A link that is down does not answer.
        ip_do(&elsewhere, "link set eth0 down");
        assert_eq!(next(wished()).map(|one| one.addresses()), Ok(vec![ip("10.1.0.9")]));
        Ok(())
    })
}

/// The MAC address of a container that is gone may be that of another one by now.
fn a_mac_address_that_another_container_has_keeps_no_lease() -> Outcome {
    with_scenes(|scene| {
        let host = &scene.lab.a.netns;
        let lan = scene.networks.create(&on_ens33("lan", "10.1.0.0/24")?)?;
        let mac = ended(&lan, host)?;
        let (_container, inside) = started()?;
        lan.connect(&ConnectOptions::new("next").mac(mac), &inside)?;
        let collected = scene.networks.collect()?.leases;
        assert_eq!(collected.iter().map(|one| &*one.container).collect::<Vec<_>>(), ["former"]);
        assert!(is_up(host, mac)?);
        Ok(())
    })
}

/// The namespace exists, but its interface was moved out of it and still answers.
fn an_interface_that_was_moved_keeps_its_lease() -> Outcome {
    with_scenes(|scene| {
        let host = &scene.lab.a.netns;
        let lan = scene.networks.create(&on_ens33("lan", "10.1.0.0/24")?)?;
        let (_container, inside) = started()?;
        let mac = lan.connect(&ConnectOptions::new("c1"), &inside)?.mac();
        let (holder, elsewhere) = started()?;
        ip_do(&inside, &format!("link set eth0 netns {} name moved", holder.pid()));
        ip_do(&elsewhere, "address add 10.1.0.2/24 dev moved");
        ip_do(&elsewhere, "link set moved up");
        assert!(is_up(host, mac)?);
        let retained = lan.retain::<&str>([])?;
        assert!(retained.released.is_empty() && retained.failed.is_empty(), "{retained:?}");
        let error = lan.disconnect("c1").unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Contended, "{error}");
        assert_eq!(lan.leases()?.len(), 1);
        ip_do(&elsewhere, "link delete moved");
        assert_eq!(lan.retain::<&str>([])?.released.len(), 1);
        assert!(lan.leases()?.is_empty());
        Ok(())
    })
}

/// A container on another parent has the same address, and so the same MAC address.
fn a_mac_address_on_another_parent_hides_no_interface() -> Outcome {
    with_scenes(|scene| {
        let host = &scene.lab.a.netns;
        another_parent(host, "ens34");
        let lan = scene.networks.create(&on_ens33("lan", "10.1.0.0/24")?)?;
        let config = NetworkConfig::new("other").parent("ens34").subnet(subnet("10.1.0.0/24")?);
        let other = scene.networks.create(&config)?;
        let (container, inside) = started()?;
        let mac = lan.connect(&ConnectOptions::new("former"), &inside)?.mac();
        let (_other, other_inside) = started()?;
        assert_eq!(other.connect(&ConnectOptions::new("c2"), &other_inside)?.mac(), mac);
        crate::common::ended(container, inside)?;
        eventually("it is still up", || Ok(!is_up(host, mac)?))?;
        // In place of one that the kernel has not deleted.
        let elsewhere = NetNs::anonymous()?;
        let link = Link::macvlan("eth0", "ens33", MacvlanOptions::new(Mode::Bridge))?;
        Handle::in_netns(host)?.add_link(&link.mac(mac).netns(&elsewhere).up(true))?;
        assert_eq!(scene.networks.collect()?.leases, []);
        // The lease knows which parent the interface is on, also when the network has another one.
        another_parent(host, "ens35");
        lan.set_parent("ens35")?;
        assert_eq!(scene.networks.collect()?.leases, []);
        ip_do(&elsewhere, "link delete eth0");
        assert_eq!(scene.networks.collect()?.leases.len(), 1);
        Ok(())
    })
}

macvlan_tests::tests! {
    same_on_every_kernel:
    an_address_is_given_when_its_former_interface_is_gone,
    an_interface_that_stays_keeps_its_lease,
    a_mac_address_that_another_container_has_keeps_no_lease,
    an_interface_that_was_moved_keeps_its_lease,
    a_mac_address_on_another_parent_hides_no_interface,
}
