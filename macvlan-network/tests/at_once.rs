//! Two processes that connect one container at the same time: what happens between the lease and the
//! link of the one is done by the other.
#![deny(dead_code)]

mod common;

use std::net::IpAddr;
use std::sync::Barrier;
use std::sync::atomic::{AtomicBool, Ordering};

use common::{Scene, ip, on_ens33, session, sound, started, subnet};
use macvlan_core::{Host, Parent};
use macvlan_network::{
    Foreign, Granted, Lease, Member, NetworkConfig, NetworkRecord, Networks, Result, SqliteStore,
    Store, Wish,
};
use macvlan_tests::{Outcome, ip_addresses, ip_lines, is_long};

/// The other one sees the lease before the link is there, and makes it: both have the same.
fn the_link_is_made_by_another() -> Outcome {
    let scene = Scene::set()?;
    let config = NetworkConfig::new("lan").parent("ens33").subnet(subnet("10.1.0.0/24")?);
    scene.networks.create(&config.probe(true))?;
    let mut containers = Vec::new();
    for (id, reconciles) in [("c1", false), ("c2", true)] {
        let (container, inside) = started()?;
        containers.push(container);
        let other = session(&scene.lab.a, &scene.directory, "a")?;
        // The wire is asked when there is a lease and no link.
        let meanwhile = {
            let inside = inside.clone();
            move |_: &Host, _: &Parent, _: &[IpAddr]| {
                if reconciles {
                    assert_eq!(other.reconcile().unwrap().len(), 1);
                } else {
                    other.network("lan").unwrap().connect(&Member::new(id), &inside).unwrap();
                }
                Ok(Vec::new())
            }
        };
        let one = session(&scene.lab.a, &scene.directory, "a")?.with_probe(meanwhile);
        let connection = one.network("lan")?.connect(&Member::new(id), &inside)?;
        let address = connection.lease().addresses[0];
        assert_eq!(ip_addresses(&inside, "eth0"), [address.to_string()]);
        assert_eq!(ip_lines(&inside, "-o link show").len(), 2, "lo and eth0");
        assert_eq!(scene.networks.network("lan")?.lease(id)?.as_ref(), Some(connection.lease()));
    }
    assert_eq!(sound(&scene.directory)?, 2);
    Ok(())
}

/// The other one has the lease, and takes it back when its link cannot be made: just after this one has
/// made the link, which must not stay without a lease.
fn the_lease_is_taken_back_by_another() -> Outcome {
    let scene = Scene::set()?;
    let lan = scene.networks.create(&on_ens33("lan", "10.1.0.0/24")?)?;
    let (_container, inside) = started()?;
    let path = scene.directory.path().join("networks.db");
    let store = TakesBack { store: SqliteStore::open(path)?, done: AtomicBool::new(false) };
    let one = Networks::new(scene.lab.a.host.clone(), store)?.with_host_name("a")?;
    let held = lan.connect(&Member::new("c1"), &inside)?;
    let connection = one.network("lan")?.connect(&Member::new("c1"), &inside)?;
    assert_ne!(connection.lease().endpoint, held.lease().endpoint, "it is another lease");
    assert_eq!(lan.lease("c1")?.as_ref(), Some(connection.lease()));
    assert_eq!(connection.addresses(), [ip("10.1.0.2")]);
    assert_eq!(ip_addresses(&inside, "eth0"), ["10.1.0.2/24"]);
    Ok(())
}

/// Nobody says who comes first: whatever each is told, there is no interface without a lease, and no
/// second one.
fn three_at_once() -> Outcome {
    let scene = Scene::set()?;
    let lan = scene.networks.create(&on_ens33("lan", "10.1.0.0/24")?)?;
    let sessions = (0..3).map(|_| session(&scene.lab.a, &scene.directory, "a"));
    let sessions: Vec<Networks> = sessions.collect::<Outcome<_>>()?;
    let mut connected = 0;
    for _ in 0..if is_long() { 2000 } else { 40 } {
        let (_container, inside) = started()?;
        let ready = Barrier::new(sessions.len());
        let connect = |one: &Networks| {
            let lan = one.network("lan")?;
            ready.wait();
            lan.connect(&Member::new("c1"), &inside)
        };
        connected += std::thread::scope(|scope| {
            let threads: Vec<_> =
                sessions.iter().map(|one| scope.spawn(move || connect(one).is_ok())).collect();
            threads.into_iter().map(|thread| usize::from(thread.join().unwrap())).sum::<usize>()
        });
        let links = ip_lines(&inside, "-o link show").len();
        match lan.lease("c1")? {
            Some(_) => {
                assert_eq!(ip_addresses(&inside, "eth0"), ["10.1.0.2/24"]);
                assert_eq!(links, 2, "lo and eth0");
                lan.disconnect_from("c1", &inside)?;
            }
            None => assert_eq!(links, 1, "lo"),
        }
    }
    assert!(connected > 0);
    assert_eq!(sound(&scene.directory)?, 0);
    Ok(())
}

/// A store out of which the lease that is looked for has just been taken, once.
#[derive(Debug)]
struct TakesBack {
    store: SqliteStore,
    done: AtomicBool,
}

impl Store for TakesBack {
    fn find(&self, network: &NetworkRecord, container: &str) -> Result<Option<Lease>> {
        let found = self.store.find(network, container)?;
        match found {
            Some(lease) if !self.done.swap(true, Ordering::SeqCst) => {
                assert!(self.store.release(network, &lease)?);
                self.store.find(network, container)
            }
            found => Ok(found),
        }
    }

    fn add_network(&self, network: &NetworkRecord) -> Result<()> {
        self.store.add_network(network)
    }

    fn networks(&self) -> Result<Vec<NetworkRecord>> {
        self.store.networks()
    }

    fn remove_network(&self, network: &NetworkRecord) -> Result<()> {
        self.store.remove_network(network)
    }

    fn lease(&self, network: &NetworkRecord, wish: &Wish) -> Result<Granted> {
        self.store.lease(network, wish)
    }

    fn release(&self, network: &NetworkRecord, lease: &Lease) -> Result<bool> {
        self.store.release(network, lease)
    }

    fn adopt(&self, network: &NetworkRecord, lease: &Lease) -> Result<()> {
        self.store.adopt(network, lease)
    }

    fn leases(&self, network: Option<&NetworkRecord>) -> Result<Vec<Lease>> {
        self.store.leases(network)
    }

    fn add_foreign(&self, network: &NetworkRecord, address: IpAddr) -> Result<bool> {
        self.store.add_foreign(network, address)
    }

    fn forget_foreign(&self, network: &NetworkRecord, address: IpAddr) -> Result<bool> {
        self.store.forget_foreign(network, address)
    }

    fn foreign(&self, network: &NetworkRecord) -> Result<Vec<Foreign>> {
        self.store.foreign(network)
    }

    fn expire(&self, network: &NetworkRecord) -> Result<usize> {
        self.store.expire(network)
    }

    fn living_hosts(&self) -> Result<Option<Vec<String>>> {
        self.store.living_hosts()
    }
}

macvlan_tests::tests! {
    the_link_is_made_by_another,
    the_lease_is_taken_back_by_another,
    three_at_once,
}
