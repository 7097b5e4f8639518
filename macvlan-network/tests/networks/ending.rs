//! Containers that have just ended, whose interfaces the kernel deletes a moment later.
#![deny(dead_code)]

use std::process::Command;

use crate::common::{Scene, ip, on_ens33, started};
use macvlan_core::{MacAddr, NetNs};
use macvlan_network::{ConnectOptions, ErrorKind, MacFrom, Network};
use macvlan_tests::{Outcome, eventually};

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
    let scene = Scene::set()?;
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
}

macvlan_tests::tests! {
    an_address_is_given_when_its_former_interface_is_gone,
}
