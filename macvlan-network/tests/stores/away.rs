//! A host that was away for longer than it counts as alive, so that other hosts have taken its
//! leases.
#![deny(dead_code)]

use std::net::IpAddr;
use std::path::PathBuf;
use std::time::Duration;
use std::{fs, path::Path};

use crate::common::{default_routes, in_etcd, ip, on_ens33, started, subnet};
use macvlan_core::{Detached, Host, NetNs, Parent};
use macvlan_network::{
    AddressProbe, ConnectOptions, ErrorKind, EtcdOptions, EtcdStore, MacFrom, Network, Networks,
    Reconciled,
};
use macvlan_tests::{
    Actor, Container, Directory, Etcd, Lab, Outcome, PATIENCE, eventually, ip_addresses, ip_lines,
    path_of, ping,
};
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;

/// The time that the absent host counts as alive.
const BRIEF: Duration = Duration::from_secs(2);

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
        let config = on_ens33("lan", "10.1.0.0/24")?.subnet(subnet("fd00:1::/64")?);
        let on_b = b.create(&config.mac_from(MacFrom::Container))?;
        Ok(Self { lab, etcd, b, on_b })
    }

    fn brief_a(&self) -> Outcome<Networks> {
        let options = EtcdOptions::new("a", [Etcd::ENDPOINT]).timeout(PATIENCE).ttl(BRIEF);
        let store = self.etcd.netns().run(|| EtcdStore::open(&options))??;
        Ok(Networks::new(self.lab.a.host.clone(), store)?)
    }

    /// Connects containers on host a, which then goes away, so that b collects their leases.
    fn leave(&self, members: &[ConnectOptions]) -> Outcome<Vec<(Container, NetNs)>> {
        let a = self.brief_a()?;
        let lan = a.network("lan")?;
        let mut people = Vec::new();
        for options in members {
            let (container, inside) = started()?;
            lan.connect(options, &inside)?;
            people.push((container, inside));
        }
        drop((lan, a));
        self.collects(members.len())?;
        Ok(people)
    }

    fn collects(&self, wanted: usize) -> Outcome {
        let mut collected = 0;
        eventually("b collects too few leases", || {
            collected += self.b.collect()?.leases.len();
            Ok(collected >= wanted)
        })
    }
}

fn what_others_got_since_is_taken_away() -> Outcome {
    let scene = Scene::set()?;
    let people = scene.leave(&[
        ConnectOptions::new("moved").name("web"),
        ConnectOptions::new("stays").name("db"),
        ConnectOptions::new("half"),
        ConnectOptions::new("whole"),
    ])?;
    let [moved, stays, half, whole] = people.as_slice() else { return Err("four".into()) };
    let mut on_b = Vec::new();
    let whole_has: [IpAddr; 2] = [ip("10.1.0.5"), ip("fd00:1::5")];
    for options in [
        ConnectOptions::new("moved").name("web"),
        ConnectOptions::new("y").address(ip("10.1.0.4")).address(ip("fd00:1::77")),
        ConnectOptions::new("z").address(whole_has[0]).address(whole_has[1]),
    ] {
        let (container, inside) = started()?;
        scene.on_b.connect(&options, &inside)?;
        on_b.push((container, inside));
    }

    let a = in_etcd(&scene.lab.a, &scene.etcd, "a")?;
    let lan = a.network("lan")?;
    let done = a.reconcile()?;
    let mut lines: Vec<String> = done.iter().map(ToString::to_string).collect();
    lines.sort();
    let in_lan = "on host \"a\" in network \"lan\"";
    assert_eq!(
        lines,
        [
            "interface \"eth0\" of container \"half\" has a lease again".to_owned(),
            "interface \"eth0\" of container \"stays\" has a lease again".to_owned(),
            format!(
                "removed \"eth0\" of container \"moved\" {in_lan}: container \"moved\" on host \"b\" has the lease"
            ),
            format!(
                "removed \"eth0\" of container \"whole\" {in_lan}: container \"z\" on host \"b\" has 10.1.0.5, container \"z\" on host \"b\" has fd00:1::5"
            ),
            format!(
                "removed 10.1.0.4 from \"eth0\" of container \"half\" {in_lan}: container \"y\" on host \"b\" has it"
            ),
        ]
    );
    let displaced = done.iter().filter(|one| matches!(one, Reconciled::Displaced { .. }));
    assert_eq!(displaced.count(), 3);
    for gone in [&moved.1, &whole.1] {
        assert_eq!(ip_lines(gone, "-o link show").len(), 1);
    }
    assert_eq!(ip_addresses(&half.1, "eth0"), ["fd00:1::4/64"]);
    assert_eq!(ip_addresses(&stays.1, "eth0"), ["10.1.0.3/24", "fd00:1::3/64"]);
    for session in [&a, &scene.b] {
        let done = session.reconcile()?;
        assert!(done.is_empty(), "{done:?}");
    }
    // On both hosts, names resolve to their present holders.
    for network in [&lan, &scene.on_b] {
        assert_eq!(network.resolve("db")?, [ip("10.1.0.3"), ip("fd00:1::3")]);
        assert_eq!(network.resolve("web")?, [ip("10.1.0.2"), ip("fd00:1::2")]);
    }
    assert_eq!(ip_addresses(&on_b[0].1, "eth0"), ["10.1.0.2/24", "fd00:1::2/64"]);
    for address in ["10.1.0.2", "10.1.0.4", "10.1.0.5", "fd00:1::4"] {
        assert!(ping(&stays.1, address).is_some(), "{address}");
    }
    assert_eq!(lan.disconnect("half")?, Detached::Removed);
    Ok(())
}

/// The default routes led through a network in which the container is connected elsewhere by now.
fn default_routes_lead_through_the_other_network_at_once() -> Outcome {
    let scene = Scene::set()?;
    let second = on_ens33("second", "10.2.0.0/24")?.subnet(subnet("fd00:2::/64")?);
    scene.b.create(&second.mac_from(MacFrom::Container))?;
    let mut people = Vec::new();
    let a = scene.brief_a()?;
    for container in ["c1", "c2"] {
        let (process, inside) = started()?;
        for network in ["lan", "second"] {
            a.network(network)?.connect(&ConnectOptions::new(container), &inside)?;
        }
        assert_eq!(default_routes(&inside), ["10.1.0.1 dev eth0", "fd00:1::1 dev eth0"]);
        people.push((process, inside));
    }
    drop(a);
    scene.collects(4)?;
    let elsewhere = NetNs::anonymous()?;
    scene.on_b.connect(&ConnectOptions::new("c1"), &elsewhere)?;
    let a = in_etcd(&scene.lab.a, &scene.etcd, "a")?;
    a.reconcile()?;
    assert_eq!(default_routes(&people[0].1), ["10.2.0.1 dev eth1", "fd00:2::1 dev eth1"]);
    assert_eq!(default_routes(&people[1].1), ["10.1.0.1 dev eth0", "fd00:1::1 dev eth0"]);
    let done = a.reconcile()?;
    assert!(done.is_empty(), "{done:?}");
    Ok(())
}

/// The container has an interface without a lease, or a lease that is elsewhere.
fn disconnecting_takes_away_what_has_no_lease() -> Outcome {
    let scene = Scene::set()?;
    let members = ["c1", "c2", "c3", "c4"].map(ConnectOptions::new);
    let people = scene.leave(&members)?;
    let mut on_b = Vec::new();
    for options in &members[..2] {
        let (container, inside) = started()?;
        scene.on_b.connect(options, &inside)?;
        on_b.push((container, inside));
    }
    let a = in_etcd(&scene.lab.a, &scene.etcd, "a")?;
    let lan = a.network("lan")?;
    assert_eq!(lan.disconnect("c1")?, Detached::Removed);
    assert_eq!(lan.disconnect_from("c2", &people[1].1)?, Detached::Removed);
    assert_eq!(lan.disconnect("c3")?, Detached::Removed);
    assert_eq!(lan.disconnect_from("c4", &people[3].1)?, Detached::Removed);
    for (_, inside) in &people {
        assert_eq!(ip_lines(inside, "-o link show").len(), 1);
    }
    for (at, kind, words) in [
        (0, ErrorKind::AlreadyConnected, "connected on host \"b\""),
        (1, ErrorKind::AlreadyConnected, "connected on host \"b\""),
        (2, ErrorKind::NotConnected, "not connected"),
        (3, ErrorKind::NotConnected, "not connected"),
    ] {
        let container = format!("c{}", at + 1);
        for error in [
            lan.disconnect(&container).unwrap_err(),
            lan.disconnect_from(&container, &people[at].1).unwrap_err(),
        ] {
            assert_eq!(error.kind(), kind, "{error}");
            assert!(error.to_string().contains(words), "{error}");
        }
    }
    for (at, (_, inside)) in on_b.iter().enumerate() {
        assert!(scene.on_b.lease(&format!("c{}", at + 1))?.is_some());
        assert_eq!(ip_addresses(inside, "eth0").len(), 2);
    }
    Ok(())
}

/// A probe that finds no host, and returns once a file exists.
#[derive(Debug)]
struct Waits(PathBuf);

impl AddressProbe for Waits {
    fn taken(&self, _: &Host, _: &Parent, _: &[IpAddr]) -> macvlan_core::Result<Vec<IpAddr>> {
        println!("leased");
        while !self.0.exists() {
            std::thread::sleep(Duration::from_millis(10));
        }
        Ok(Vec::new())
    }
}

/// Connects a container on host a, and waits between lease and interface.
fn is_slow(arguments: &[String]) -> Outcome {
    let [etcd, host, inside, sign] = arguments else {
        return Err("ETCD HOST INSIDE SIGN".into());
    };
    let host = Host::in_netns(&NetNs::from_path(host)?)?;
    let options = EtcdOptions::new("a", [Etcd::ENDPOINT]).timeout(PATIENCE).ttl(BRIEF);
    let store = NetNs::from_path(etcd)?.run(|| EtcdStore::open(&options))??;
    let networks = Networks::new(host, store)?.with_probe(Waits(sign.into()));
    match networks.network("lan")?.connect(&ConnectOptions::new("c"), &NetNs::from_path(inside)?) {
        Ok(connection) => println!("{:?}", connection.addresses()),
        Err(error) => println!("{}: {error}", error.kind()),
    }
    Ok(())
}

/// Stops a process between lease and interface until its host counts as dead, runs `work`, and
/// returns the process's output and the parents of the containers' interfaces.
fn while_stopped(
    inside: &NetNs,
    then: impl FnOnce(&Networks, &Network) -> Outcome,
) -> Outcome<(String, Lab)> {
    let (lab, etcd, signs) = (Lab::with_addresses(&[], &[])?, Etcd::start()?, Directory::new()?);
    let b = in_etcd(&lab.b, &etcd, "b")?;
    let lan =
        b.create(&on_ens33("lan", "10.1.0.0/24")?.mac_from(MacFrom::Container).probe(true))?;
    let sign: &Path = &signs.path().join("sign");
    let (at, host) = (path_of(etcd.netns()), path_of(&lab.a.netns));
    let arguments = [&at, &host, &path_of(inside), &sign.display().to_string()];
    let mut actor = Actor::start("is_slow", &arguments.map(String::as_str))?;
    assert_eq!(actor.line()?, "leased");
    let pid = Pid::from_raw(i32::try_from(actor.pid())?);
    kill(pid, Signal::SIGSTOP)?;
    eventually("it does not die", || Ok(b.store().living_hosts()? == Some(vec!["b".to_owned()])))?;
    then(&b, &lan)?;
    fs::write(sign, "")?;
    kill(pid, Signal::SIGCONT)?;
    Ok((actor.finish()?.join("\n"), lab))
}

fn connecting_with_a_lease_that_was_lost_fails() -> Outcome {
    let (inside, other) = (NetNs::anonymous()?, NetNs::anonymous()?);
    let (said, _lab) = while_stopped(&inside, |b, lan| {
        assert_eq!(b.collect()?.leases.len(), 1);
        let quick = b.clone().with_probe(Waits("/".into())).network("lan")?;
        let taken = ConnectOptions::new("d").address(ip("10.1.0.2"));
        assert_eq!(quick.connect(&taken, &other)?.addresses(), [ip("10.1.0.2")]);
        assert_eq!(lan.leases()?.len(), 1);
        Ok(())
    })?;
    assert!(said.starts_with("network-lease-lost: network \"lan\": cannot connect"), "{said}");
    assert!(said.contains("connect it again"), "{said}");
    assert_eq!(ip_lines(&inside, "-o link show").len(), 1);
    assert_eq!(ip_addresses(&other, "eth0"), ["10.1.0.2/24"]);
    Ok(())
}

/// The lease was not taken.
fn connecting_with_a_lease_that_stands_goes_on() -> Outcome {
    let inside = NetNs::anonymous()?;
    let (said, _lab) = while_stopped(&inside, |_, _| Ok(()))?;
    assert_eq!(said, "[10.1.0.2]");
    assert_eq!(ip_addresses(&inside, "eth0"), ["10.1.0.2/24"]);
    Ok(())
}

macvlan_tests::tests! {
    same_on_every_kernel:
    what_others_got_since_is_taken_away,
    default_routes_lead_through_the_other_network_at_once,
    disconnecting_takes_away_what_has_no_lease,
    connecting_with_a_lease_that_was_lost_fails,
    connecting_with_a_lease_that_stands_goes_on;
    parts: is_slow,
}
