//! Several processes that handle one container at the same time.
#![deny(dead_code)]

use std::sync::Barrier;

use crate::common::{Scene, ip, on_ens33, started, with_scenes};
use macvlan_core::NetNs;
use macvlan_network::{ConnectOptions, Connection, ErrorKind, Network, Networks, Result};
use macvlan_tests::{Outcome, ip_addresses, ip_lines, is_long};

/// The number of rounds.
fn rounds() -> usize {
    if is_long() { 2000 } else { 15 }
}

/// Runs closures that start at the same moment, each with a session of its own, like processes, and
/// returns their results.
fn at_once<T: Send>(
    sessions: &[Networks],
    work: impl Fn(usize, Network) -> Result<T> + Sync,
) -> Vec<Result<T>> {
    let ready = Barrier::new(sessions.len());
    std::thread::scope(|scope| {
        let start = |(number, one): (usize, &'_ Networks)| {
            let (one, ready, work) = (one.clone(), &ready, &work);
            scope.spawn(move || {
                let lan = one.network("lan");
                ready.wait();
                work(number, lan?)
            })
        };
        let threads: Vec<_> = sessions.iter().enumerate().map(start).collect();
        threads.into_iter().map(|thread| thread.join().unwrap()).collect()
    })
}

fn sessions(scene: &Scene) -> Outcome<Vec<Networks>> {
    (0..3).map(|_| scene.session()).collect()
}

fn connect(lan: &Network, inside: &NetNs) -> Result<Connection> {
    lan.connect(&ConnectOptions::new("c1"), inside)
}

/// All get the same lease and interface.
fn connected_by_three() -> Outcome {
    with_scenes(|scene| {
        let (lan, sessions) =
            (scene.networks.create(&on_ens33("lan", "10.1.0.0/24")?)?, sessions(scene)?);
        for _ in 0..rounds() {
            let (_container, inside) = started()?;
            let told = at_once(&sessions, |_, lan| connect(&lan, &inside));
            let lease = lan.lease("c1")?.ok_or("no lease")?;
            for connection in told {
                assert_eq!(connection?.lease(), &lease);
            }
            assert_eq!(ip_addresses(&inside, "eth0"), ["10.1.0.2/24"]);
            assert_eq!(ip_lines(&inside, "-o link show").len(), 2, "lo and eth0");
            lan.disconnect_from("c1", &inside)?;
        }
        assert_eq!(scene.leases()?, 0);
        Ok(())
    })
}

/// One connects, one disconnects, one reconciles. In the end there is a lease with its interface,
/// or neither.
fn connected_disconnected_and_reconciled() -> Outcome {
    with_scenes(|scene| {
        let (lan, sessions) =
            (scene.networks.create(&on_ens33("lan", "10.1.0.0/24")?)?, sessions(scene)?);
        let mut ends = [0, 0];
        for round in 0..rounds() {
            let (_container, inside) = started()?;
            if round % 2 == 0 {
                connect(&lan, &inside)?;
            }
            let told = at_once(&sessions, |number, lan| match number {
                0 => connect(&lan, &inside).map(|_| ()),
                1 => match lan.disconnect("c1") {
                    Err(error) if error.kind() == ErrorKind::NotConnected => Ok(()),
                    result => result.map(|_| ()),
                },
                // Nothing half done is found.
                _ => lan.reconcile().map(|done| assert!(done.is_empty(), "{done:?}")),
            });
            told.into_iter().collect::<Result<Vec<()>>>()?;
            let links = ip_lines(&inside, "-o link show").len();
            let connected = lan.lease("c1")?.is_some();
            ends[usize::from(connected)] += 1;
            if connected {
                assert_eq!(ip_addresses(&inside, "eth0"), ["10.1.0.2/24"]);
                lan.disconnect_from("c1", &inside)?;
            }
            assert_eq!(links, 1 + usize::from(connected), "lo, and eth0 where there is a lease");
        }
        assert_eq!(scene.leases()?, 0);
        println!("{} ended disconnected, {} connected", ends[0], ends[1]);
        Ok(())
    })
}

/// The store has lost the lease, but the interface exists: it is deleted before there is a new one,
/// which may have another address.
fn connected_and_forgotten() -> Outcome {
    with_scenes(|scene| {
        let config = on_ens33("lan", "10.1.0.0/24")?;
        let lan = scene.networks.create(&config.probe(true))?;
        let (_container, inside) = started()?;
        for address in ["10.1.0.2", "10.1.0.2", "10.1.0.9"] {
            let options = ConnectOptions::new("c1").address(ip(address));
            let connection = lan.connect(&options, &inside)?;
            assert_eq!(ip_addresses(&inside, "eth0"), [format!("{address}/24")]);
            assert_eq!(ip_lines(&inside, "-o link show").len(), 2, "lo and eth0");
            scene.networks.store().release(lan.record(), connection.lease())?;
        }
        assert_eq!(lan.conflicting_addresses()?, []);
        // Reconciled instead, the interface remains and has a lease again.
        assert_eq!(lan.reconcile()?.len(), 1);
        assert_eq!(ip_addresses(&inside, "eth0"), ["10.1.0.9/24"]);
        lan.disconnect_from("c1", &inside)?;
        Ok(())
    })
}

macvlan_tests::tests! {
    same_on_every_kernel:
    connected_by_three,
    connected_disconnected_and_reconciled,
    connected_and_forgotten,
}
