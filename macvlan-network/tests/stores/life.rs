//! Hosts whose leases outlive the processes that made them: by an agent, or by a declaration.
#![deny(dead_code)]

use std::time::Duration;

use crate::common::{Scene as OneHost, ask, in_etcd, ip, keys, on_ens33, started};
use crate::machine::become_machine;
use macvlan_core::{Host, NetNs};
use macvlan_network::{
    Allocation, ConnectOptions, ErrorKind, EtcdOptions, EtcdStore, HostStatus, Life, Network,
    Networks, Reconciled, Store as _,
};
use macvlan_tests::{
    Actor, Container, Etcd, Lab, LabHost, Outcome, PATIENCE, eventually, ip_addresses, path_of,
};

const ONLY_DECLARED: [&str; 1] = ["/macvlan/host/a/~"];
/// The time for which a host that is to die counts as alive.
const TTL: Duration = Duration::from_secs(2);

/// Opens a session on host a, optionally on another machine; does what is asked; and ends.
fn on_a(arguments: &[String]) -> Outcome {
    let [machine, etcd, host, life, does, id, inside] = arguments else {
        return Err("MACHINE ETCD HOST LIFE DOES ID INSIDE".into());
    };
    if let Some((boot, id)) = machine.split_once(' ') {
        become_machine(boot, id)?;
    }
    let host = Host::in_netns(&NetNs::from_path(host)?)?;
    let options = EtcdOptions::new("a", [Etcd::ENDPOINT]).timeout(PATIENCE).ttl(TTL);
    let options = options.life(life.parse()?).agent(does == "keep");
    let opened = NetNs::from_path(etcd)?.run(|| EtcdStore::open(&options))?;
    let inside = if inside.is_empty() { NetNs::anonymous() } else { NetNs::from_path(inside) }?;
    let work = || -> macvlan_network::Result<String> {
        let networks = Networks::new(host, opened?)?;
        match does.as_str() {
            "connect" => {
                networks.network("lan")?.connect(&ConnectOptions::new(id), &inside)?;
            }
            "disconnect" => drop(networks.network("lan")?.disconnect(id)?),
            "check" => networks.check_life()?,
            "collect" => return Ok(networks.collect()?.leases.len().to_string()),
            "keep" => {
                println!("kept");
                // Until it is killed.
                loop {
                    std::thread::park();
                }
            }
            _ => unreachable!("{does}"),
        }
        Ok("done".to_owned())
    };
    match work() {
        Ok(done) => println!("{done}"),
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

    fn start(
        &self,
        machine: &str,
        life: Life,
        does: &str,
        id: &str,
        inside: &str,
    ) -> Outcome<Actor> {
        let (etcd, host) = (path_of(self.etcd.netns()), path_of(&self.lab.a.netns));
        Actor::start("on_a", &[machine, &etcd, &host, &life.to_string(), does, id, inside])
    }

    /// Lets a process on host a do something, and returns its output.
    fn say(&self, life: Life, does: &str, id: &str, inside: &str) -> Outcome<String> {
        Ok(self.start("", life, does, id, inside)?.finish()?.join("\n"))
    }

    fn connect(&self, life: Life, id: &str) -> Outcome<(Container, NetNs)> {
        let (container, inside) = started()?;
        assert_eq!(self.say(life, "connect", id, &path_of(&inside))?, "done");
        Ok((container, inside))
    }

    /// Starts an agent on host a, which is killed when it is dropped.
    fn agent(&self) -> Outcome<Actor> {
        let mut agent = self.start("", Life::Agent, "keep", "", "")?;
        assert_eq!(agent.line()?, "kept");
        Ok(agent)
    }

    fn a(&self) -> Outcome<HostStatus> {
        let found = self.b.hosts()?.into_iter().find(|host| host.name == "a");
        Ok(found.ok_or("host a is not known")?)
    }

    fn no_process_is_left(&self, but: &[&str]) -> Outcome {
        eventually("processes of host a count as alive", || {
            Ok(keys(&self.etcd, "/macvlan/host/a/")? == but)
        })
    }
}

fn assert_forgetting_is_refused(networks: &Networks, host: &str) {
    let error = networks.forget_host(host).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::HostAlive, "{error}");
    assert!(error.to_string().contains(&format!("cannot forget host {host:?}")), "{error}");
}

fn declared(host: &LabHost, etcd: &Etcd) -> Outcome<Networks> {
    let networks = in_etcd(host, etcd, "a")?;
    assert!(networks.declare_host("a")?);
    Ok(networks)
}

/// Without an agent and a declaration, there is no lease; everything else works.
fn without_either_there_is_no_lease() -> Outcome {
    let scene = Scene::set()?;
    let inside = NetNs::anonymous()?;
    for (life, words) in [
        (
            Life::Agent,
            "neither an agent nor a declaration keeps host \"a\" alive; start an agent, or declare the host",
        ),
        (Life::Declared, "host \"a\" is not declared; declare it"),
    ] {
        for does in ["check", "connect"] {
            let error = scene.say(life, does, "c1", &path_of(&inside))?;
            assert!(error.starts_with("network-host-not-alive: "), "{does}: {error}");
            assert!(error.contains(words), "no {words:?} in: {error}");
        }
    }
    assert!(macvlan_tests::ip(&inside, "link show").as_array().is_some_and(|all| all.len() == 1));
    assert_eq!(scene.on_b.leases()?, []);
    // What has a lease can be disconnected, and what is connected stays so.
    let (_container, inside) = scene.connect(Life::Process, "c1")?;
    assert_eq!(scene.say(Life::Agent, "connect", "c1", &path_of(&inside))?, "done");
    assert_eq!(scene.say(Life::Agent, "disconnect", "c1", "")?, "done");
    // An agent is not a declaration.
    let _agent = scene.agent()?;
    assert_eq!(scene.say(Life::Agent, "check", "", "")?, "done");
    let error = scene.say(Life::Declared, "check", "", "")?;
    assert!(error.starts_with("network-host-not-alive: "), "{error}");
    // A file needs neither.
    let one = OneHost::set()?.networks;
    one.check_life()?;
    assert_eq!(one.hosts()?, []);
    assert_eq!(one.declare_host("a").unwrap_err().kind(), ErrorKind::InvalidValue);
    assert!(!one.forget_host("a")?);
    Ok(())
}

fn an_agent_keeps_leases() -> Outcome {
    let scene = Scene::set()?;
    let agent = scene.agent()?;
    let (_first, inside) = scene.connect(Life::Agent, "c1")?;
    // The process has ended, and left no key.
    let host = scene.a()?;
    assert_eq!((host.agents, host.processes, host.is_declared), (1, 0, false));
    std::thread::sleep(TTL + TTL / 2);
    assert_eq!(scene.b.collect()?.leases, []);
    assert_forgetting_is_refused(&scene.b, "a");

    // The next agent starts in time.
    agent.kill()?;
    let next = scene.agent()?;
    eventually("the first agent counts as alive", || Ok(scene.a()?.agents == 1))?;
    std::thread::sleep(TTL);
    assert_eq!(scene.b.collect()?.leases, []);

    // It is killed too, and nobody starts another one.
    next.kill()?;
    eventually("it counts as alive", || Ok(!scene.a()?.is_alive))?;
    // A program that calls it regularly need not decide that.
    let careful = scene.b.clone().with_dead_hosts(false);
    assert_eq!(careful.collect()?.leases, []);
    let options = ConnectOptions::new("c2").address("10.1.0.2".parse()?);
    let error = careful.network("lan")?.connect(&options, &NetNs::anonymous()?).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::AddressTaken, "{error}");
    assert_eq!(scene.b.collect()?.leases.len(), 1);
    let error = scene.say(Life::Agent, "check", "", "")?;
    assert!(error.starts_with("network-host-not-alive: "), "{error}");
    // The container was not gone.
    let a = in_etcd(&scene.lab.a, &scene.etcd, "a")?;
    assert!(matches!(&a.reconcile()?[..], [Reconciled::Adopted(lease)] if lease.container == "c1"));
    assert_eq!(ip_addresses(&inside, "eth0"), ["10.1.0.2/24"]);
    Ok(())
}

/// A process whose agent ends before it does counts as alive for its time, as the agent would.
fn an_agent_that_ends_takes_no_process_along() -> Outcome {
    let scene = Scene::set()?;
    let agent = scene.agent()?;
    let options = EtcdOptions::new("a", [Etcd::ENDPOINT]).timeout(PATIENCE).ttl(10 * PATIENCE);
    let store = scene.etcd.netns().run(|| EtcdStore::open(&options.life(Life::Agent)))??;
    let a = Networks::new(scene.lab.a.host.clone(), store)?;
    agent.kill()?;
    eventually("the agent counts as alive", || Ok(scene.a()?.agents == 0))?;
    let inside = NetNs::anonymous()?;
    let error = a.network("lan")?.connect(&ConnectOptions::new("c1"), &inside).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::HostNotAlive, "{error}");
    drop(a);
    assert_eq!(scene.a()?.processes, 1, "what it did must not be lost at once");
    Ok(())
}

fn a_declared_host_ends_by_no_time() -> Outcome {
    let scene = Scene::set()?;
    drop(declared(&scene.lab.a, &scene.etcd)?);
    let first = scene.connect(Life::Declared, "c1")?;
    let second = scene.connect(Life::Agent, "c2")?;
    scene.no_process_is_left(&ONLY_DECLARED)?;
    std::thread::sleep(TTL + TTL / 2);
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
    let stays = declared(&scene.lab.a, &scene.etcd)?;
    let (_container, inside) = scene.connect(Life::Declared, "c1")?;
    assert_forgetting_is_refused(&scene.b, "a");
    assert!(!scene.b.forget_host("b")?, "it is not declared");
    assert!(!scene.b.forget_host("nobody")?);
    drop(stays);
    assert!(scene.b.forget_host("a")?);
    assert!(!scene.b.forget_host("a")?);
    let collected = scene.b.collect()?.leases;
    assert_eq!(collected.len(), 1);
    assert_eq!(collected[0].container, "c1");
    // No process declares it again; it was not gone, and gets its lease again.
    let error = scene.say(Life::Declared, "connect", "c1", &path_of(&inside))?;
    assert!(error.starts_with("network-host-not-alive: "), "{error}");
    let a = declared(&scene.lab.a, &scene.etcd)?;
    assert_forgetting_is_refused(&scene.b, "a");
    let done = a.reconcile()?;
    assert!(
        matches!(&done[..], [Reconciled::Adopted(lease)] if lease.container == "c1"),
        "{done:?}"
    );
    assert_eq!(ip_addresses(&inside, "eth0"), ["10.1.0.2/24"]);
    assert_eq!(keys(&scene.etcd, ONLY_DECLARED[0])?, ONLY_DECLARED);
    Ok(())
}

/// A host that gets an agent, or no more containers, is no longer declared.
fn a_host_ends_its_own_declaration() -> Outcome {
    let scene = Scene::set()?;
    let a = declared(&scene.lab.a, &scene.etcd)?;
    assert!(!a.declare_host("a")?);
    let _container = scene.connect(Life::Declared, "c1")?;
    let error = a.forget_host("a").unwrap_err();
    assert_eq!(error.kind(), ErrorKind::HostAlive, "{error}");
    assert!(error.to_string().contains("1 of its leases remain, one of them of container \"c1\""));
    let agent = scene.agent()?;
    assert!(a.forget_host("a")?);
    assert!(!a.forget_host("a")?);
    assert_eq!(scene.say(Life::Agent, "check", "", "")?, "done");
    agent.kill()?;
    assert!(a.declare_host("a")?);
    a.network("lan")?.disconnect("c1")?;
    assert!(a.forget_host("a")?);
    Ok(())
}

/// The end of a process is recorded at once only if its host continues to count as alive. Otherwise
/// another process may continue with its leases.
fn a_process_that_ends_leaves_no_key() -> Outcome {
    let scene = Scene::set()?;
    let open = |agent: bool| -> Outcome<EtcdStore> {
        let options = EtcdOptions::new("a", [Etcd::ENDPOINT]).timeout(PATIENCE);
        let options = options.ttl(10 * PATIENCE).agent(agent);
        Ok(scene.etcd.netns().run(|| EtcdStore::open(&options))??)
    };
    let all = || keys(&scene.etcd, "/macvlan/host/a/");
    drop(open(false)?);
    let left = all()?;
    assert_eq!(left.len(), 1, "it counts as alive for its time");
    let (agent, process) = (open(true)?, open(false)?);
    assert_eq!(all()?.len(), 3);
    drop(process);
    assert_eq!(all()?.len(), 2);
    drop(agent);
    assert_eq!(all()?.len(), 2, "the next agent has time to start");
    let (agent, process) = (open(true)?, open(false)?);
    assert!(process.declare_host("a")?);
    drop((process, agent));
    let remain = all()?;
    assert_eq!((remain.len(), remain[2].as_str()), (3, ONLY_DECLARED[0]));
    // Like those of the first ones, when their time is over.
    for key in &remain[..2] {
        let key = key.clone();
        ask(&scene.etcd, |mut client| async move { client.delete(key, None).await.map(drop) })?;
    }
    assert!(scene.b.forget_host("a")?);

    // The key of a process that was killed remains, and etcd may be away.
    let store = open(false)?;
    assert!(store.declare_host("a")?);
    let mut etcd = scene.etcd;
    etcd.hang()?;
    drop(store);
    etcd.go_on()?;
    etcd.stop()?;
    Ok(())
}

fn its_name_is_its_machines_until_then() -> Outcome {
    let scene = Scene::set()?;
    let (one, other) = ("1".repeat(32), "2".repeat(32));
    let (inside, second) = (path_of(&NetNs::anonymous()?), NetNs::anonymous()?);
    let on = |boot: &str, machine: &str, does: &str, id: &str, inside: &str| -> Outcome<String> {
        let machine = format!("{boot} {machine}");
        Ok(scene.start(&machine, Life::Declared, does, id, inside)?.finish()?.join("\n"))
    };
    // Declared ahead, it is the first machine's that uses it.
    assert!(scene.b.declare_host("a")?);
    let kept = NetNs::anonymous()?;
    assert_eq!(on("b1", &one, "connect", "c1", &path_of(&kept))?, "done");
    drop(inside);
    scene.no_process_is_left(&ONLY_DECLARED)?;
    let error = on("b2", &other, "connect", "c2", &path_of(&second))?;
    assert!(error.starts_with("network-other-machine: "), "{error}");
    assert!(error.contains("forget a declared host"), "{error}");
    // After a reboot, its containers are known to be gone.
    assert_eq!(on("b3", &one, "collect", "", "")?, "1");
    scene.no_process_is_left(&ONLY_DECLARED)?;
    assert!(scene.b.forget_host("a")?);
    // Declared once more, it is free for another machine.
    assert!(scene.b.declare_host("a")?);
    assert_eq!(on("b2", &other, "connect", "c2", &path_of(&second))?, "done");
    let machine = scene.a()?.machine.unwrap_or_default();
    assert!(machine.contains(&other) && machine.contains("b2"), "{machine}");
    Ok(())
}

/// One of both is refused: otherwise nothing keeps the host of the lease alive.
fn forgetting_a_host_beside_a_lease() -> Outcome {
    let (lab, etcd) = (Lab::with_addresses(&[], &[])?, Etcd::start()?);
    let open = || -> Outcome<Networks> {
        let options = EtcdOptions::new("a", [Etcd::ENDPOINT]).timeout(PATIENCE);
        let options = options.life(Life::Declared);
        let store = etcd.netns().run(|| EtcdStore::open(&options))??;
        Ok(Networks::new(lab.a.host.clone(), store)?)
    };
    let (one, other) = (open()?, open()?);
    let lan = one.create(&on_ens33("lan", "10.1.0.0/24")?)?;
    for round in 0..100 {
        one.declare_host("a")?;
        let (leased, forgotten) = std::thread::scope(|scope| {
            let leasing = scope.spawn(|| lan.allocate(&Allocation::new()));
            std::thread::sleep(Duration::from_micros(100 * (round % 25)));
            let forgotten = other.forget_host("a");
            (leasing.join().map_err(|_| "it panicked"), forgotten)
        });
        match (leased?, forgotten) {
            (Ok(lease), Err(error)) => {
                assert_eq!(error.kind(), ErrorKind::HostAlive, "{error}");
                lan.disconnect(&lease.container)?;
            }
            (Err(error), Ok(true)) => {
                assert_eq!(error.kind(), ErrorKind::HostNotAlive, "{error}");
            }
            both => return Err(format!("in round {round}: {both:?}").into()),
        }
    }
    Ok(())
}

macvlan_tests::tests! {
    same_on_every_kernel:
    without_either_there_is_no_lease,
    an_agent_keeps_leases,
    an_agent_that_ends_takes_no_process_along,
    a_declared_host_ends_by_no_time,
    a_host_is_forgotten_when_it_is_gone,
    a_host_ends_its_own_declaration,
    forgetting_a_host_beside_a_lease,
    a_process_that_ends_leaves_no_key,
    its_name_is_its_machines_until_then;
    parts: on_a,
}
