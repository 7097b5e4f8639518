//! Hosts without a permanent process, such as those with one for each call of a plugin.
#![deny(dead_code)]

use std::time::Duration;

use crate::common::{Scene as OneHost, ask, in_etcd, ip, keys, on_ens33, started};
use crate::machine::become_machine;
use macvlan_core::{Host, NetNs};
use macvlan_network::{
    ConnectOptions, ErrorKind, EtcdOptions, EtcdStore, Network, Networks, Reconciled,
};
use macvlan_tests::{
    Actor, Container, Etcd, Lab, Outcome, PATIENCE, eventually, ip_addresses, path_of,
};

const ONLY_MARK: [&str; 1] = ["/macvlan/host/a/~"];

/// Opens a session on host a, optionally on another machine, connects a container, and ends.
fn connects(arguments: &[String]) -> Outcome {
    let [machine, etcd, host, persistent, id, inside] = arguments else {
        return Err("MACHINE ETCD HOST PERSISTENT ID INSIDE".into());
    };
    if !machine.is_empty() {
        become_machine(machine, machine)?;
    }
    let host = Host::in_netns(&NetNs::from_path(host)?)?;
    let options = EtcdOptions::new("a", [Etcd::ENDPOINT]).timeout(PATIENCE);
    let options = options.ttl(Duration::from_secs(2)).persistent(persistent.parse()?);
    match NetNs::from_path(etcd)?.run(|| EtcdStore::open(&options))? {
        Ok(store) => {
            let lan = Networks::new(host, store)?.network("lan")?;
            lan.connect(&ConnectOptions::new(id), &NetNs::from_path(inside)?)?;
            println!("connected");
        }
        Err(error) => println!("{}: {error}", error.kind()),
    }
    Ok(())
}

struct Scene {
    lab: Lab,
    etcd: Etcd,
    b: Networks,
    on_b: Network,
}

impl Scene {
    /// Makes two hosts; host b creates the network.
    fn set() -> Outcome<Self> {
        let (lab, etcd) = (Lab::with_addresses(&[], &[])?, Etcd::start()?);
        let b = in_etcd(&lab.b, &etcd, "b")?;
        let on_b = b.create(&on_ens33("lan", "10.1.0.0/24")?)?;
        Ok(Self { lab, etcd, b, on_b })
    }

    /// Lets a process on host a, on a machine, connect a container, and returns its output.
    fn say(&self, machine: &str, persistent: bool, id: &str, inside: &NetNs) -> Outcome<String> {
        let (etcd, host) = (path_of(self.etcd.netns()), path_of(&self.lab.a.netns));
        let persistent = persistent.to_string();
        let arguments = [machine, &etcd, &host, &persistent, id, &path_of(inside)];
        Ok(Actor::start("connects", &arguments)?.finish()?.join("\n"))
    }

    fn connect(&self, persistent: bool, id: &str) -> Outcome<(Container, NetNs)> {
        let (container, inside) = started()?;
        assert_eq!(self.say("", persistent, id, &inside)?, "connected");
        Ok((container, inside))
    }

    fn no_process_is_left(&self, but: &[&str]) -> Outcome {
        eventually("processes of host a count as alive", || {
            Ok(keys(&self.etcd, "/macvlan/host/a/")? == but)
        })
    }
}

fn leases_outlive_the_process() -> Outcome {
    let scene = Scene::set()?;
    let first = scene.connect(true, "c1")?;
    // Another process without the option changes nothing.
    let second = scene.connect(false, "c2")?;
    scene.no_process_is_left(&ONLY_MARK)?;
    assert_eq!(scene.b.collect()?.leases, []);
    assert_eq!(scene.b.store().living_hosts()?, Some(vec!["a".to_owned(), "b".to_owned()]));
    let error = scene.on_b.disconnect("c1").unwrap_err();
    assert_eq!(error.kind(), ErrorKind::AlreadyConnected, "{error}");
    let wished = ConnectOptions::new("c3").address(ip("10.1.0.2"));
    let error = scene.on_b.connect(&wished, &NetNs::anonymous()?).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::AddressTaken, "{error}");

    drop(second);
    let a = in_etcd(&scene.lab.a, &scene.etcd, "a")?;
    let done = a.reconcile()?;
    assert!(
        matches!(&done[..], [Reconciled::Released(lease)] if lease.container == "c2"),
        "{done:?}"
    );
    assert_eq!(ip_addresses(&first.1, "eth0"), ["10.1.0.2/24"]);
    assert!(a.reconcile()?.is_empty());
    Ok(())
}

fn a_host_is_forgotten_when_it_is_gone() -> Outcome {
    let scene = Scene::set()?;
    let (_container, inside) = scene.connect(true, "c1")?;
    let is_refused = |networks: &Networks, host: &str| {
        let error = networks.forget_host(host).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::HostAlive, "{error}");
        assert!(error.to_string().contains(&format!("cannot forget host {host:?}")), "{error}");
    };
    let stays = in_etcd(&scene.lab.a, &scene.etcd, "a")?;
    is_refused(&scene.b, "a");
    is_refused(&scene.b, "b");
    assert!(!scene.b.forget_host("nobody")?);
    drop(stays);
    assert!(scene.b.forget_host("a")?);
    assert!(!scene.b.forget_host("a")?);
    let collected = scene.b.collect()?.leases;
    assert_eq!(collected.len(), 1);
    assert_eq!(collected[0].container, "c1");
    // It was not gone, gets its lease again, and again outlives its processes.
    let (_other, _) = scene.connect(true, "c2")?;
    let a = in_etcd(&scene.lab.a, &scene.etcd, "a")?;
    is_refused(&scene.b, "a");
    let done = a.reconcile()?;
    assert!(
        matches!(&done[..], [Reconciled::Adopted(lease)] if lease.container == "c1"),
        "{done:?}"
    );
    assert_eq!(ip_addresses(&inside, "eth0"), ["10.1.0.2/24"]);
    assert_eq!(keys(&scene.etcd, ONLY_MARK[0])?, ONLY_MARK);
    Ok(())
}

/// The end of a process is recorded at once only if its host continues to count as alive. Otherwise
/// another process may continue with its leases.
fn a_process_that_ends_leaves_no_word() -> Outcome {
    let scene = Scene::set()?;
    let open = |persistent: bool| -> Outcome<EtcdStore> {
        let options = EtcdOptions::new("a", [Etcd::ENDPOINT]).timeout(PATIENCE);
        let options = options.ttl(10 * PATIENCE).persistent(persistent);
        Ok(scene.etcd.netns().run(|| EtcdStore::open(&options))??)
    };
    let words = || keys(&scene.etcd, "/macvlan/host/a/");
    drop(open(false)?);
    assert_eq!(words()?.len(), 1, "it counts as alive for its time");
    let (first, second) = (open(true)?, open(false)?);
    assert_eq!(words()?.len(), 4);
    drop(second);
    assert_eq!(words()?.len(), 3);
    drop(first);
    let left = words()?;
    assert_eq!((left.len(), left[1].as_str()), (2, ONLY_MARK[0]));
    // Like that of the first one, when its time is over.
    let first = left[0].clone();
    ask(&scene.etcd, |mut client| async move { client.delete(first, None).await.map(drop) })?;
    assert!(scene.b.forget_host("a")?);

    // The key of a process that was killed remains, and etcd may be away.
    let mut etcd = scene.etcd;
    let options = EtcdOptions::new("a", [Etcd::ENDPOINT]).persistent(true);
    let store = etcd.netns().run(|| EtcdStore::open(&options))??;
    etcd.hang()?;
    drop(store);
    etcd.go_on()?;
    etcd.stop()?;
    Ok(())
}

fn its_name_is_its_machines_until_then() -> Outcome {
    let scene = Scene::set()?;
    let (one, other) = ("1".repeat(32), "2".repeat(32));
    let (inside, second) = (NetNs::anonymous()?, NetNs::anonymous()?);
    assert_eq!(scene.say(&one, true, "c1", &inside)?, "connected");
    scene.no_process_is_left(&ONLY_MARK)?;
    let error = scene.say(&other, true, "c2", &second)?;
    assert!(error.starts_with("network-other-machine: "), "{error}");
    assert!(error.contains("forget a persistent host"), "{error}");
    assert!(scene.b.forget_host("a")?);
    assert_eq!(scene.say(&other, true, "c2", &second)?, "connected");
    Ok(())
}

/// Without the option, a host without a process is dead, and a file has no other hosts.
fn others_are_not_persistent() -> Outcome {
    let scene = Scene::set()?;
    let _container = scene.connect(false, "c1")?;
    scene.no_process_is_left(&[])?;
    assert!(!scene.b.forget_host("a")?);
    assert_eq!(scene.b.collect()?.leases.len(), 1);
    assert!(!OneHost::set()?.networks.forget_host("a")?);
    Ok(())
}

macvlan_tests::tests! {
    same_on_every_kernel:
    leases_outlive_the_process,
    a_host_is_forgotten_when_it_is_gone,
    a_process_that_ends_leaves_no_word,
    its_name_is_its_machines_until_then,
    others_are_not_persistent;
    parts: connects,
}
