//! Networks of Docker's plugin over two hosts of a LAN, each with a daemon of its own.

use std::collections::BTreeSet;

use macvlan_tests::{Etcd, Machine, Outcome, eventually, ip_do, path_of};
use serde_json::{Value, json};

use crate::common::{block, leases, start_plugin, two_machines};
use crate::dns::finds;
use crate::docker_plugin::{LAN, clean, inspect, kill_agent, links, log, named, run};

const PAGE: &str = include_str!("../../../docs/docker.md");
/// The beginning of its blocks that create a network.
const CREATE: &str = "docker network create -d lan --ipam-driver lan";

/// Connects two machines with an etcd, by a network of their own, and configures them; also for how
/// long a host counts as alive without its agent.
fn share(machines: &[Machine; 2], ttl: &str) -> Outcome<Etcd> {
    let etcd = Etcd::with_options(["--listen-client-urls", "http://0.0.0.0:2379"])?;
    for (at, machine) in machines.iter().enumerate() {
        let to = path_of(&machine.netns);
        ip_do(etcd.netns(), &format!("link add host{at} type veth peer name etcd netns {to}"));
        for (netns, link, address) in
            [(etcd.netns(), &*format!("host{at}"), 1), (&machine.netns, "etcd", 2)]
        {
            ip_do(netns, &format!("address add 10.0.{at}.{address}/24 dev {link}"));
            ip_do(netns, &format!("link set {link} up"));
        }
        machine.write(
            "/etc/macvlan.toml",
            &format!(
                "[etcd]\nendpoints = [\"http://10.0.{at}.1:2379\"]\nttl = {ttl:?}\n\
                 [agent]\naccess = [\"ens33\"]\n[agent.dns]\nlisten = [\"access\"]\n"
            ),
        )?;
    }
    Ok(etcd)
}

/// Starts the plugin and Docker on both.
fn start(machines: &[Machine; 2]) -> Outcome {
    for machine in machines {
        start_plugin(machine)?;
        machine.start_docker()?;
    }
    Ok(())
}

/// Returns a container's address and MAC address in network `lan`.
fn of(machine: &Machine, name: &str) -> Outcome<(Value, Value)> {
    let mut lan = inspect(machine, name)?["lan"].take();
    Ok((lan["IPAddress"].take(), lan["MacAddress"].take()))
}

fn address(machine: &Machine, name: &str) -> Outcome<String> {
    Ok(of(machine, name)?.0.as_str().ok_or("no address")?.to_owned())
}

/// Checks that all running containers of all machines have addresses of their own; returns these.
fn all_different(machines: &[Machine; 2]) -> Outcome<BTreeSet<String>> {
    let (mut all, mut count) = (BTreeSet::new(), 0);
    for machine in machines {
        for id in machine.ok("docker ps -q")?.lines() {
            all.insert(address(machine, id)?);
            count += 1;
        }
    }
    assert_eq!(all.len(), count, "{all:?}");
    Ok(all)
}

/// One network of two hosts in etcd, as docs/docker.md creates it.
fn one_network_in_etcd() -> Outcome {
    let machines = two_machines()?;
    let _etcd = share(&machines, "60s")?;
    start(&machines)?;
    let [one, two] = &machines;
    let lines = block(PAGE, &format!("{CREATE} -o parent=ens33 -o name=office"))?;
    one.ok(lines)?;
    two.ok(lines)?;
    run(one, "--network lan --dns 172.16.104.2 --name test101")?;
    run(two, "--network lan --dns 172.16.104.3 --name test201")?;
    let (test101, test201) = (address(one, "test101")?, address(two, "test201")?);
    assert_eq!((&*test101, &*test201), ("172.16.104.64", "172.16.104.65"));
    one.ok(&format!("docker exec test101 ping -c 1 -W 5 {test201}"))?;

    // By name, from both.
    finds(one, "docker exec test101", "test201", &test201)?;
    finds(two, "docker exec test201", "test101.office", &test101)?;
    one.ok("docker exec test101 ping -c 1 -W 5 test201")?;

    // What the other host's container has is refused, and its network is in use.
    let (_, why) =
        one.fails(&format!("docker run --rm --network lan --ip {test201} busybox true"))?;
    let says =
        format!("network \"office\": container \"test201\" on host \"machine-b\" has {test201}");
    assert!(why.contains(&says), "{why}");

    // Both start containers at the same time.
    let start =
        "for at in 2 3 4; do docker run -d --network lan --name c$at busybox sleep 1000; done";
    let mut both = [one.command(start).spawn()?, two.command(start).spawn()?];
    for one in &mut both {
        assert!(one.wait()?.success());
    }
    assert_eq!(all_different(&machines)?.len(), 8);

    // Each gets its address again, while a lower one is free; also the one whose name the other has.
    eventually("not all containers are known", || {
        let all = leases(one)?;
        Ok(all.as_array().into_iter().flatten().all(|lease| lease["aliases"][0].is_string()))
    })?;
    one.ok("docker rm -f test101")?;
    for machine in &machines {
        let before = of(machine, "c4")?;
        machine.ok("docker restart -t 0 c4")?;
        assert_eq!(of(machine, "c4")?, before, "{}", log(machine)?);
    }
    removed(&machines)
}

/// The agent of one of two hosts is away, for longer than the host counts as alive: its containers
/// run on, and nothing of theirs is given to others.
fn one_agent_away() -> Outcome {
    let machines = two_machines()?;
    let _etcd = share(&machines, "4s")?;
    start(&machines)?;
    let [one, two] = &machines;
    // Four addresses.
    let create =
        format!("docker network create {LAN} --ip-range 172.16.104.64/30 -o name=office lan");
    one.ok(&create)?;
    two.ok(&create)?;
    run(one, "--network lan --dns 172.16.104.2 --name test101")?;
    for name in ["test201", "test202"] {
        run(two, &format!("--network lan --name {name}"))?;
        named(two, name)?;
    }
    kill_agent(two)?;
    eventually("the host counts as alive", || {
        let hosts: Value = serde_json::from_str(&one.ok("macvlan network host list --json")?)?;
        let mut hosts = hosts.as_array().into_iter().flatten();
        Ok(hosts.any(|host| host["host"] == "machine-b" && host["alive"] == false))
    })?;
    let test201 = address(two, "test201")?;
    let (_, why) =
        one.fails(&format!("docker run --rm --network lan --ip {test201} busybox true"))?;
    assert!(why.contains(&format!("on host \"machine-b\" has {test201}")), "{why}");
    run(one, "--network lan --name test102")?;
    assert_eq!(all_different(&machines)?.len(), 4);
    let (_, why) = one.fails("docker run --rm --network lan busybox true")?;
    assert!(why.contains("no address is left"), "{why}");
    // It is still found, and reached.
    finds(one, "docker exec test101", "test201", &test201)?;
    one.ok("docker exec test101 ping -c 1 -W 5 test201")?;

    // When it is back, all is as before.
    start_plugin(two)?;
    two.ok("docker rm -f test202")?;
    run(one, "--network lan --name test103")?;
    assert_eq!(all_different(&machines)?.len(), 4);
    removed(&machines)
}

/// Removes all containers, and the network on both: nothing is left.
fn removed(machines: &[Machine; 2]) -> Outcome {
    for machine in machines {
        machine.ok("docker rm -f $(docker ps -aq)")?;
    }
    let [one, two] = machines;
    assert_eq!(leases(one)?, json!([]), "{} {}", log(one)?, log(two)?);
    for machine in machines {
        assert_eq!(links(machine), Vec::<String>::new());
        machine.ok("docker network rm lan")?;
    }
    assert_eq!(one.ok("macvlan network list --json")?, "[]");
    Ok(())
}

/// Two hosts with a database each, and each with its part of the subnet, as docs/docker.md has it.
fn a_range_for_each_host() -> Outcome {
    let machines = two_machines()?;
    start(&machines)?;
    let [one, two] = &machines;
    for (machine, range) in [(one, "172.16.104.64/26"), (two, "172.16.104.128/26")] {
        machine.ok(block(PAGE, &format!("{CREATE} --ip-range {range}"))?)?;
        for name in ["c1", "c2"] {
            run(machine, &format!("--network lan --name {name}"))?;
        }
    }
    assert_eq!(address(one, "c2")?, "172.16.104.65");
    assert_eq!(address(two, "c2")?, "172.16.104.129");
    one.ok("docker exec c1 ping -c 1 -W 5 172.16.104.129")?;
    two.ok("docker exec c1 ping -c 1 -W 5 172.16.104.65")?;

    // An address of the other host's part: refused while a container there has it, and skipped there
    // if a container here has it.
    let (_, why) = one.fails("docker run --rm --network lan --ip 172.16.104.129 busybox true")?;
    let says = "a host on the LAN that is not a container of this network has 172.16.104.129";
    assert!(why.contains(says), "{why}");
    run(one, "--network lan --ip 172.16.104.130 --name c3")?;
    run(two, "--network lan --name c3")?;
    assert_eq!(address(two, "c3")?, "172.16.104.131");
    let (_, why) = two.fails("docker run --rm --network lan --ip 172.16.104.130 busybox true")?;
    assert!(why.contains("has 172.16.104.130"), "{why}");
    for machine in &machines {
        machine.ok("docker rm -f c1 c2 c3")?;
        clean(machine)?;
    }
    Ok(())
}

macvlan_tests::tests! {
    one_network_in_etcd,
    one_agent_away,
    a_range_for_each_host,
}
