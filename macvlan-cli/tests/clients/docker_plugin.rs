//! Networks of Docker by its plugin, with the real daemon.

use macvlan_core::NetNs;
use macvlan_tests::{Machine, Outcome, eventually, ip, ip_lines};
use serde_json::{Value, json};

use crate::common::machine;

/// The options of a network on the machine's LAN.
const LAN: &str = "-d lan --ipam-driver lan -o parent=ens33 --subnet 172.16.104.0/24 \
     --gateway 172.16.104.1";

/// A machine with Docker and the plugin, as docs/docker.md starts it.
fn docker() -> Outcome<Machine> {
    let machine = machine()?;
    start_agent(&machine)?;
    machine.start_docker()?;
    Ok(machine)
}

fn start_agent(machine: &Machine) -> Outcome {
    machine.ok(
        "MACVLAN_LOG=debug macvlan agent --docker >>/var/log/agent.log 2>&1 </dev/null & \
         echo $! >/run/agent.pid",
    )?;
    eventually("the plugin does not listen", || {
        Ok(machine.run("test -S /run/docker/plugins/lan.sock")?.status.success())
    })
}

fn log(machine: &Machine) -> Outcome<String> {
    machine.ok("cat /var/log/agent.log")
}

/// Starts a container that stays, and returns its id.
fn run(machine: &Machine, options: &str) -> Outcome<String> {
    machine.ok(&format!("docker run -d {options} busybox sleep 1000"))
}

fn inspect(machine: &Machine, name: &str) -> Outcome<Value> {
    let mut all: Value = serde_json::from_str(&machine.ok(&format!("docker inspect {name}"))?)?;
    Ok(all[0]["NetworkSettings"]["Networks"].take())
}

/// Returns the namespace of a container.
fn netns(machine: &Machine, name: &str) -> Outcome<NetNs> {
    machine.netns_of(&machine.ok(&format!("docker inspect -f '{{{{.State.Pid}}}}' {name}"))?)
}

fn leases(machine: &Machine) -> Outcome<Value> {
    Ok(serde_json::from_str(&machine.ok("macvlan network leases --json")?)?)
}

/// Returns the host's links that are not the machine's own.
fn links(machine: &Machine) -> Outcome<Vec<String>> {
    let all = ip_lines(&machine.lab.a.netns, "link show");
    Ok(all.into_iter().filter(|line| line.contains("mv-") || line.contains("docker")).collect())
}

/// Waits until a lease has its container's name, which Docker tells after the start.
fn named(machine: &Machine, name: &str) -> Outcome<Value> {
    let mut found = Value::Null;
    let has = || {
        let all = leases(machine)?;
        let one = all.as_array().and_then(|all| all.iter().find(|one| one["name"] == name));
        found = one.cloned().unwrap_or_default();
        Ok(!found.is_null())
    };
    match eventually(&format!("no lease has the name {name}"), has) {
        Ok(()) => Ok(found),
        Err(stop) => Err(format!("{stop:?}: {}", log(machine)?).into()),
    }
}

/// Nothing is left: no lease, no link in the host, no bridge of Docker's.
fn clean(machine: &Machine) -> Outcome {
    assert_eq!(leases(machine)?, json!([]), "{}", log(machine)?);
    assert_eq!(links(machine)?, Vec::<String>::new());
    assert_eq!(machine.ok("macvlan show")?, "");
    Ok(())
}

fn two_containers() -> Outcome {
    let machine = docker()?;
    machine.ok(&format!("docker network create {LAN} --ip-range 172.16.104.64/26 n1"))?;
    run(&machine, "--network n1 --name c1")?;
    run(&machine, "--network n1 --name c2")?;
    machine.ok("docker exec c1 ping -c 1 -W 5 172.16.104.1")?;
    // By Docker's own DNS.
    machine.ok("docker exec c1 ping -c 1 -W 5 c2")?;
    let (told, eth0) =
        (inspect(&machine, "c1")?["n1"].clone(), ip(&netns(&machine, "c1")?, "address show dev eth0"));
    assert_eq!((&told["IPAddress"], &told["IPPrefixLen"]), (&json!("172.16.104.64"), &json!(24)));
    assert_eq!(told["Gateway"], "172.16.104.1");
    assert_eq!(told["MacAddress"], eth0[0]["address"]);
    assert_eq!(eth0[0]["addr_info"][0]["local"], "172.16.104.64");
    assert_eq!(eth0[0]["linkinfo"]["info_kind"], "macvlan");
    // The lease is the container's when Docker has told its name.
    named(&machine, "c1")?;
    assert_eq!(leases(&machine)?[0]["interface"], "eth0");
    machine.ok("docker rm -f c1 c2")?;
    clean(&machine)?;
    machine.ok("docker network rm n1")?;
    assert_eq!(machine.ok("macvlan network list --json")?, "[]");
    Ok(())
}

macvlan_tests::tests! {
    two_containers,
}
