//! Networks of Docker by its plugin, with the real daemon.

use std::collections::BTreeSet;
use std::time::Duration;

use macvlan_core::NetNs;
use macvlan_tests::{Debian, Machine, Outcome, eventually, ip, ip_lines, is_long};
use serde_json::{Value, json};

use crate::common::{leases, machine, machine_or_vlan, scenes, start_plugin};

/// The options of a network on the machine's LAN.
pub(crate) const LAN: &str = "-d lan --ipam-driver lan -o parent=ens33 --subnet 172.16.104.0/24 \
     --gateway 172.16.104.1";

/// A machine with Docker and the plugin, as docs/docker.md starts it.
fn docker(debian: Debian) -> Outcome<Machine> {
    started(machine(debian)?)
}

/// The same in the guest too, on a VLAN.
fn docker_on_vlan(debian: Debian) -> Outcome<Machine> {
    started(machine_or_vlan(debian)?)
}

fn started(machine: Machine) -> Outcome<Machine> {
    start_plugin(&machine)?;
    machine.start_docker()?;
    Ok(machine)
}

pub(crate) fn log(machine: &Machine) -> Outcome<String> {
    // That of the managed plugin is Docker's.
    machine.ok("cat /var/log/agent.log 2>/dev/null || grep plugin= /var/log/dockerd.log")
}

/// Starts a container that stays, and returns its id.
pub(crate) fn run(machine: &Machine, options: &str) -> Outcome<String> {
    machine.ok(&format!("docker run -d {options} busybox sleep 1000"))
}

pub(crate) fn inspect(machine: &Machine, name: &str) -> Outcome<Value> {
    let mut all: Value = serde_json::from_str(&machine.ok(&format!("docker inspect {name}"))?)?;
    Ok(all[0]["NetworkSettings"]["Networks"].take())
}

/// Returns the namespace of a container.
pub(crate) fn netns(machine: &Machine, name: &str) -> Outcome<NetNs> {
    machine.netns_of(&machine.ok(&format!("docker inspect -f '{{{{.State.Pid}}}}' {name}"))?)
}

/// Returns the host's links that are not the machine's own.
pub(crate) fn links(machine: &Machine) -> Vec<String> {
    let all = ip_lines(&machine.netns, "link show");
    all.into_iter().filter(|line| line.contains("mv-") || line.contains("docker")).collect()
}

/// Waits until a lease has its container's name, which Docker tells after the start.
pub(crate) fn named(machine: &Machine, name: &str) -> Outcome<Value> {
    let mut found = Value::Null;
    let has = || {
        let all = leases(machine)?;
        let one = all.as_array().and_then(|all| all.iter().find(|one| one["name"] == name));
        found = one.cloned().unwrap_or_default();
        Ok(!found.is_null())
    };
    match eventually(&format!("no lease has the name {name}"), has) {
        Ok(()) => Ok(found),
        Err(stop) => Err(format!("{stop:?}: {}", log(machine).unwrap_or_default()).into()),
    }
}

/// Returns the IPv4 address of a container's lease.
fn leased(machine: &Machine, name: &str) -> Outcome<Value> {
    let lease = named(machine, name)?;
    let address = lease["addresses"][0].as_str().unwrap_or_default();
    Ok(json!(address.split('/').next()))
}

/// Waits until the plugin has released what Docker did not tell it of.
pub(crate) fn released(machine: &Machine) -> Outcome {
    match eventually("a lease is left", || Ok(leases(machine)? == json!([]))) {
        Ok(()) => Ok(()),
        Err(stop) => {
            let told = machine.ok("docker network inspect n1")?;
            Err(format!("{stop:?}: {}: {told}: {}", leases(machine)?, log(machine)?).into())
        }
    }
}

/// Nothing is left: no lease, no link in the host, no bridge of Docker's.
pub(crate) fn clean(machine: &Machine) -> Outcome {
    assert_eq!(leases(machine)?, json!([]), "{}", log(machine).unwrap_or_default());
    assert_eq!(links(machine), Vec::<String>::new());
    let shown = machine.ok("macvlan show")?;
    assert!(!shown.contains("macvlan"), "{shown}");
    Ok(())
}

fn two_containers(debian: Debian) -> Outcome {
    let machine = docker_on_vlan(debian)?;
    machine.ok(&format!("docker network create {LAN} --ip-range 172.16.104.64/26 n1"))?;
    run(&machine, "--network n1 --name c1")?;
    run(&machine, "--network n1 --name c2")?;
    machine.ok("docker exec c1 ping -c 1 -W 5 172.16.104.1")?;
    // By Docker's own DNS.
    machine.ok("docker exec c1 ping -c 1 -W 5 c2")?;
    let (told, eth0) = (
        inspect(&machine, "c1")?["n1"].clone(),
        ip(&netns(&machine, "c1")?, "address show dev eth0"),
    );
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

/// Every option of Docker's commands that is about addresses.
fn addresses(debian: Debian) -> Outcome {
    let machine = docker(debian)?;
    machine.ok(&format!(
        "docker network create {LAN} --ip-range 172.16.104.64/26 --aux-address router=172.16.104.64 \
         --ipv6 --subnet fd15::/64 --gateway fd15::1 dual"
    ))?;
    run(&machine, "--network dual --name c1 --sysctl net.ipv6.conf.all.disable_ipv6=0")?;
    let told = inspect(&machine, "c1")?["dual"].clone();
    assert_eq!(told["IPAddress"], "172.16.104.65", "the aux address is not given");
    assert_eq!(
        (&told["IPv6Gateway"], &told["GlobalIPv6PrefixLen"]),
        (&json!("fd15::1"), &json!(64))
    );
    machine.ok("docker exec c1 ping -c 1 -W 5 172.16.104.1")?;
    machine.ok("docker exec c1 ping -c 1 -W 5 fd15::1")?;
    run(
        &machine,
        "--network dual --name c2 --ip 172.16.104.9 --ip6 fd15::9 --mac-address 02:00:00:00:00:09",
    )?;
    let inside = ip(&netns(&machine, "c2")?, "address show dev eth0");
    assert_eq!(inside[0]["address"], "02:00:00:00:00:09");
    assert_eq!(inside[0]["addr_info"][0]["local"], "172.16.104.9");
    assert_eq!(inside[0]["addr_info"][1]["local"], "fd15::9");
    named(&machine, "c2")?;
    // An address that another container has, and one that is reserved.
    let (_, why) = machine.fails("docker run --network dual --ip 172.16.104.9 busybox true")?;
    assert!(why.contains("container \"c2\" has 172.16.104.9"), "{why}");
    let (_, why) = machine.fails("docker run --network dual --ip 172.16.104.64 busybox true")?;
    assert!(why.contains("172.16.104.64 is reserved for \"router\""), "{why}");
    machine.ok("docker rm -f c1 c2")?;
    clean(&machine)?;
    // IPv6 alone cannot be said before Docker 28; without addresses it can.
    machine.ok("docker network create -d lan --ipam-driver null -o parent=ens33 bare")?;
    run(&machine, "--network bare --name c3")?;
    let inside = ip(&netns(&machine, "c3")?, "address show dev eth0");
    assert_eq!(inside[0]["addr_info"].as_array().map(Vec::len), Some(0), "{inside}");
    machine.ok("docker rm -f c3")?;
    machine.ok("docker network rm bare dual")?;
    clean(&machine)
}

/// Docker's own IPAM driver chooses the addresses, if ours is not asked for.
fn addresses_of_docker(debian: Debian) -> Outcome {
    let machine = docker(debian)?;
    machine.ok("docker network create -d lan -o parent=ens33 --subnet 172.16.104.0/24 \
         --ip-range 172.16.104.64/26 n1")?;
    run(&machine, "--network n1 --name c1")?;
    run(&machine, "--network n1 --name c2")?;
    assert_eq!(inspect(&machine, "c1")?["n1"]["IPAddress"], leased(&machine, "c1")?);
    machine.ok("docker exec c1 ping -c 1 -W 5 c2")?;
    // The host's own, which Docker does not know.
    let (_, why) = machine.fails("docker run --network n1 --ip 172.16.104.2 busybox true")?;
    assert!(why.contains("a link of this host has 172.16.104.2"), "{why}");
    machine.ok("docker rm -f c1 c2")?;
    clean(&machine)
}

fn internal_and_without_gateway(debian: Debian) -> Outcome {
    let machine = docker_on_vlan(debian)?;
    machine.ok(&format!("docker network create {LAN} --ip-range 172.16.104.64/27 --internal i"))?;
    let without = LAN.replace(" --gateway 172.16.104.1", "");
    machine.ok(&format!(
        "docker network create {without} --ip-range 172.16.104.96/27 -o gateway=none g"
    ))?;
    for (network, name) in [("i", "c1"), ("g", "c2")] {
        run(&machine, &format!("--network {network} --name {name}"))?;
        let routes = ip_lines(&netns(&machine, name)?, "route show");
        assert_eq!(routes.len(), 1, "{routes:?}");
        assert!(routes[0].starts_with("172.16.104.0/24 dev eth0"), "{routes:?}");
        assert_eq!(ip(&netns(&machine, name)?, "link show").as_array().map(Vec::len), Some(2));
        machine.ok(&format!("docker exec {name} ping -c 1 -W 5 172.16.104.1"))?;
    }
    machine.ok("docker rm -f c1 c2")?;
    clean(&machine)?;
    machine.ok("docker network rm i g")?;
    clean(&machine)
}

/// Many users ask for this: two networks on one parent with one subnet.
fn two_networks_one_subnet(debian: Debian) -> Outcome {
    let machine = docker_on_vlan(debian)?;
    machine.ok(&format!("docker network create {LAN} --ip-range 172.16.104.64/26 n1"))?;
    machine.ok(&format!("docker network create {LAN} --ip-range 172.16.104.128/26 n2"))?;
    run(&machine, "--network n1 --name c1")?;
    run(&machine, "--network n2 --name c2")?;
    assert_eq!(inspect(&machine, "c1")?["n1"]["IPAddress"], "172.16.104.64");
    assert_eq!(inspect(&machine, "c2")?["n2"]["IPAddress"], "172.16.104.128");
    machine.ok("docker exec c1 ping -c 1 -W 5 172.16.104.128")?;
    // With common addresses they are refused, and nothing is left of the third one.
    let (_, why) =
        machine.fails(&format!("docker network create {LAN} --ip-range 172.16.104.96/27 n3"))?;
    assert!(why.contains("both could lease 172.16.104.96"), "{why}");
    machine.ok(&format!("docker network create {LAN} --ip-range 172.16.104.192/27 n3"))?;
    machine.ok("docker rm -f c1 c2")?;
    machine.ok("docker network rm n1 n2 n3")?;
    clean(&machine)
}

/// Each of many containers has an address of its own, and all find their way out.
fn many_in_a_row(debian: Debian) -> Outcome {
    let count = if is_long() { 200 } else { 6 };
    let machine = docker(debian)?;
    machine.ok(&format!("docker network create {LAN} n1"))?;
    machine.ok(&format!(
        "set -e; for at in $(seq {count}); do \
         docker run -d --network n1 --name c$at busybox sleep 10000; done"
    ))?;
    let told: Value = serde_json::from_str(&machine.ok("docker inspect $(docker ps -q)")?)?;
    let of = |key: &str| -> BTreeSet<String> {
        let all = told.as_array().into_iter().flatten();
        all.map(|one| one["NetworkSettings"]["Networks"]["n1"][key].to_string()).collect()
    };
    assert_eq!((of("IPAddress").len(), of("MacAddress").len()), (count, count));
    eventually("not all leases have names", || {
        let all = leases(&machine)?;
        let names: BTreeSet<&str> =
            all.as_array().into_iter().flatten().filter_map(|one| one["name"].as_str()).collect();
        Ok(names.len() == count)
    })?;
    machine.ok(&format!("docker exec c1 ping -c 1 -W 5 c{count}"))?;
    machine.ok("docker rm -f $(docker ps -q)")?;
    released(&machine)?;
    clean(&machine)?;
    machine.ok("docker network rm n1")?;
    Ok(())
}

/// An address that another host of the LAN has is skipped, or told word for word.
fn conflict(debian: Debian) -> Outcome {
    let machine = docker_on_vlan(debian)?;
    machine
        .ok(&format!("docker network create {LAN} --ip-range 172.16.104.64/26 -o probe=true n1"))?;
    ip_lines(&machine.lab.b.netns, "address add 172.16.104.64/24 dev ens33");
    let (_, why) = machine.fails("docker run --network n1 --ip 172.16.104.64 busybox true")?;
    assert!(why.contains("172.16.104.64") && why.contains("network"), "{why}");
    run(&machine, "--network n1 --name c1")?;
    assert_eq!(inspect(&machine, "c1")?["n1"]["IPAddress"], "172.16.104.65");
    machine.ok("docker rm -f c1")?;
    clean(&machine)
}

/// Connected and disconnected while it runs, beside Docker's own networks.
fn connect_and_disconnect(debian: Debian) -> Outcome {
    let machine = docker_on_vlan(debian)?;
    machine.ok(&format!("docker network create {LAN} --ip-range 172.16.104.64/26 n1"))?;
    machine.ok("docker network create --subnet 10.8.0.0/24 bridge1")?;
    machine.ok("docker network create -d macvlan -o parent=ens33 --subnet 10.7.0.0/24 own")?;
    run(&machine, "--network bridge1 --name c1")?;
    for _ in 0..3 {
        machine.ok("docker network connect n1 c1")?;
        machine.ok("docker network connect own c1")?;
        machine.ok("docker exec c1 ping -c 1 -W 5 172.16.104.1")?;
        machine.ok("docker network disconnect n1 c1")?;
        machine.ok("docker network disconnect own c1")?;
        clean(&machine)
            .or_else(|_| eventually("something is left", || Ok(links(&machine).is_empty())))?;
        assert_eq!(ip(&netns(&machine, "c1")?, "link show").as_array().map(Vec::len), Some(2));
    }
    machine.ok("docker network connect --ip 172.16.104.80 n1 c1")?;
    machine.ok("docker rm -f c1")?;
    clean(&machine)
}

/// Made inside the container, where Docker has its namespace before it asks for the link.
fn direct(debian: Debian) -> Outcome {
    let machine = docker(debian)?;
    machine.ok(&format!(
        "docker network create {LAN} --ip-range 172.16.104.64/26 -o direct=true n1"
    ))?;
    machine.ok("docker network create --subnet 10.8.0.0/24 bridge1")?;
    run(&machine, "--network bridge1 --name c1")?;
    machine.ok("docker network connect n1 c1")?;
    let (told, lan0) = (
        inspect(&machine, "c1")?["n1"].clone(),
        ip(&netns(&machine, "c1")?, "address show dev lan0"),
    );
    assert_eq!(told["MacAddress"], lan0[0]["address"]);
    assert_eq!(told["IPAddress"], lan0[0]["addr_info"][0]["local"]);
    machine.ok("docker exec c1 ping -c 1 -W 5 172.16.104.1")?;
    named(&machine, "c1")?;
    machine.ok("docker network disconnect n1 c1")?;
    clean(&machine)?;
    assert_eq!(ip(&netns(&machine, "c1")?, "link show").as_array().map(Vec::len), Some(2));
    // Before 28, the namespace of a container that starts does not exist yet.
    run(&machine, "--network n1 --name c2")?;
    machine.ok("docker exec c2 ping -c 1 -W 5 172.16.104.1")?;
    machine.ok("docker rm -f c1 c2")?;
    clean(&machine)
}

/// A container has its address and MAC address again after it was restarted.
fn restarted(debian: Debian) -> Outcome {
    let machine = docker_on_vlan(debian)?;
    machine.ok(&format!("docker network create {LAN} --ip-range 172.16.104.64/26 n1"))?;
    for name in ["c1", "c2", "c3"] {
        run(&machine, &format!("--network n1 --name {name}"))?;
    }
    named(&machine, "c1")?;
    named(&machine, "c2")?;
    named(&machine, "c3")?;
    machine.ok("docker rm -f c1")?;
    let before = inspect(&machine, "c2")?["n1"].clone();
    assert_eq!(before["IPAddress"], "172.16.104.65");
    // Also while there is a container that has never run, such as one that could not be started.
    machine.fails("docker run --network n1 --name c0 --ip 172.16.104.65 busybox true")?;
    std::thread::sleep(Duration::from_secs(1));
    machine.ok("docker restart -t 0 c2")?;
    let after = inspect(&machine, "c2")?["n1"].clone();
    assert_eq!(
        (&after["IPAddress"], &after["MacAddress"]),
        (&before["IPAddress"], &before["MacAddress"])
    );
    machine.ok("docker rm c0")?;
    // Another one is started while it does not run: it gets another address.
    machine.ok("docker stop -t 0 c2")?;
    run(&machine, "--network n1 --name c4")?;
    assert_ne!(inspect(&machine, "c4")?["n1"]["IPAddress"], before["IPAddress"]);
    machine.ok("docker start c2")?;
    assert_eq!(inspect(&machine, "c2")?["n1"]["IPAddress"], before["IPAddress"]);
    machine.ok("docker rm -f c4")?;
    machine.ok("docker stop -t 0 c2 c3")?;
    clean(&machine)?;
    machine.ok("docker start c2 c3")?;
    machine.ok("docker exec c3 ping -c 1 -W 5 c2")?;
    machine.ok("docker rm -f c2 c3")?;
    clean(&machine)
}

/// An interface's name before Docker 28, and its sysctls before 27.
fn the_interface(debian: Debian) -> Outcome {
    let machine = docker(debian)?;
    machine.ok(&format!("docker network create {LAN} --ip-range 172.16.104.64/26 n1"))?;
    let option = "driver-opt=com.docker.network.endpoint.ifname=lan7";
    run(&machine, &format!("--network name=n1,{option} --name c1"))?;
    let inside = ip(&netns(&machine, "c1")?, "address show dev lan0");
    assert_eq!(inside[0]["addr_info"][0]["local"], "172.16.104.64");
    named(&machine, "c1")?;
    assert_eq!(leases(&machine)?[0]["interface"], "lan0");
    run(&machine, "--network n1 --sysctl net.ipv4.conf.eth0.log_martians=1 --name c2")?;
    let value = machine.ok("docker exec c2 cat /proc/sys/net/ipv4/conf/eth0/log_martians")?;
    assert_eq!(value, "1");
    machine.ok("docker rm -f c1 c2")?;
    clean(&machine)
}

fn refused(debian: Debian) -> Outcome {
    let machine = docker(debian)?;
    for (options, words) in [
        ("-o colour=red", "cannot use option colour=red: not an option of a network"),
        ("-o metric=5", "Docker itself configures the container's interface"),
        ("-o parent=nowhere", "nowhere"),
        ("-o macvlan_mode=ring", "cannot use option macvlan_mode=ring"),
        ("-o routes=10.0.0.0/8,metric", "cannot use option routes"),
        ("--ipam-opt parent=ens33", "cannot use --ipam-opt parent=ens33"),
        ("--ip-range 172.16.105.0/24", "172.16.105.0"),
    ] {
        let (_, why) = machine.fails(&format!("docker network create {LAN} {options} n1"))?;
        assert!(why.contains(words), "{options}: {why}");
        assert_eq!(machine.ok("macvlan network list --json")?, "[]", "{options}");
    }
    let (_, why) =
        machine.fails("docker network create -d lan --ipam-driver lan -o parent=ens33 n1")?;
    assert!(why.contains("only that of the LAN can be used; give it by --subnet"), "{why}");
    machine.ok(&format!("docker network create {LAN} n1"))?;
    let (_, why) =
        machine.fails("docker run --network name=n1,driver-opt=colour=red busybox true")?;
    assert!(why.contains(": not an option of an endpoint"), "{why}");
    clean(&machine)?;
    // A port has no effect, as with Docker's own driver.
    run(&machine, "--network n1 -p 80:80 --name c1")?;
    assert!(log(&machine)?.contains("published ports have no effect"), "{}", log(&machine)?);
    machine.ok("docker rm -f c1")?;
    clean(&machine)
}

/// In mode passthru a link has the parent's MAC address, and the parent for itself.
fn passthru(debian: Debian) -> Outcome {
    let machine = docker(debian)?;
    let options = "--ip-range 172.16.104.64/26 -o macvlan_mode=passthru";
    machine.ok(&format!("docker network create {LAN} {options} n1"))?;
    let lasts = || -> Outcome {
        let had = named(&machine, "c1")?;
        // Several passes of the agent.
        std::thread::sleep(Duration::from_secs(5));
        machine.ok("docker exec c1 ping -c 1 -W 5 172.16.104.1")?;
        let lease = named(&machine, "c1")?;
        assert_eq!((&lease["state"], &lease["interface"]), (&json!("connected"), &json!("eth0")));
        assert_eq!(lease["endpoint"], had["endpoint"], "{lease}");
        Ok(())
    };
    run(&machine, "--network n1 --name c1")?;
    lasts()?;
    machine.ok("docker restart -t 0 c1 && docker restart -t 0 c1")?;
    // The plugin is killed before it has bound the lease.
    machine.ok(&format!("docker restart -t 0 c1 && {KILL_AGENT}"))?;
    start_plugin(&machine)?;
    lasts()?;
    machine.ok("docker rm -f c1")?;
    clean(&machine)?;
    machine.ok("docker network rm n1")?;
    Ok(())
}

/// A link that Docker moves back goes with its endpoint, also with another MAC address than its own.
fn a_changed_mac_address(debian: Debian) -> Outcome {
    let machine = docker(debian)?;
    machine.ok(&format!("docker network create {LAN} --ip-range 172.16.104.64/26 n1"))?;
    run(&machine, "--network n1 --cap-add NET_ADMIN --name c1")?;
    named(&machine, "c1")?;
    machine.ok("docker exec c1 ip link set eth0 address 02:00:00:00:00:77")?;
    machine.ok("docker stop -t 0 c1")?;
    clean(&machine)?;
    machine.ok("docker rm c1 && docker network rm n1")?;
    Ok(())
}

/// Names follow `docker rename`, with the agent's next pass.
fn renamed(debian: Debian) -> Outcome {
    let machine = docker(debian)?;
    let options = "--ip-range 172.16.104.64/26 -o name=office";
    machine.ok(&format!("docker network create {LAN} {options} n1"))?;
    run(&machine, "--network n1 --name Web")?;
    named(&machine, "web")?;
    machine.ok("docker rename Web other")?;
    run(&machine, "--network n1 --name Web")?;
    let resolved = || -> Outcome {
        for (container, name) in [("other", "other"), ("Web", "web")] {
            let address = inspect(&machine, container)?["n1"]["IPAddress"].clone();
            eventually(&format!("{name} is not {address}"), || {
                let found = machine.run(&format!("macvlan network resolve office {name}"))?;
                let found = String::from_utf8(found.stdout)?;
                Ok(address == found.trim())
            })?;
        }
        Ok(())
    };
    resolved()?;
    machine.ok("docker rename other old && docker rename Web other && docker rename old Web")?;
    resolved()?;
    machine.ok("docker rm -f Web other")?;
    clean(&machine)
}

/// Kills the agent, and waits until its socket has gone with it.
const KILL_AGENT: &str = "agent=$(cat /run/agent.pid); kill -9 $agent; \
                          while kill -0 $agent 2>/dev/null; do sleep 0.01; done";

pub(crate) fn kill_agent(machine: &Machine) -> Outcome {
    machine.ok(KILL_AGENT)?;
    Ok(())
}

/// Ends dockerd by a signal, and starts it again.
pub(crate) fn restart_dockerd(machine: &Machine, signal: &str, options: &str) -> Outcome {
    machine.ok(&format!("kill -{signal} $(cat /run/docker.pid)"))?;
    eventually("dockerd does not end", || {
        Ok(!machine.run("kill -0 $(cat /run/docker.pid)")?.status.success())
    })?;
    machine.ok("rm -f /run/docker.pid")?;
    machine.daemon(&format!("{DOCKERD} {options}"), "docker version")
}

const DOCKERD: &str =
    "dockerd --iptables=false --ip6tables=false --bridge=none --storage-driver=vfs";

/// The plugin is killed and started again: containers run on, and all heals.
fn plugin_killed(debian: Debian) -> Outcome {
    let machine = docker(debian)?;
    machine.ok(&format!("docker network create {LAN} --ip-range 172.16.104.64/26 n1"))?;
    run(&machine, "--network n1 --name c1")?;
    run(&machine, "--network n1 --name c2")?;
    kill_agent(&machine)?;
    machine.ok("docker exec c1 ping -c 1 -W 5 172.16.104.1")?;
    // A container that ends without the plugin can still be removed.
    machine.ok("docker kill c2")?;
    start_plugin(&machine)?;
    run(&machine, "--network n1 --name c3")?;
    machine.ok("docker exec c3 ping -c 1 -W 5 c1")?;
    let addresses =
        |name: &str| -> Outcome<Value> { Ok(inspect(&machine, name)?["n1"]["IPAddress"].clone()) };
    assert_ne!(addresses("c3")?, addresses("c1")?);
    machine.ok("docker rm -f c1 c2 c3")?;
    released(&machine)?;
    clean(&machine)?;
    machine.ok("docker network rm n1")?;
    Ok(())
}

/// The plugin is killed at the end of a start: the next one does what it has left.
fn plugin_killed_in_a_start(debian: Debian) -> Outcome {
    let machine = docker(debian)?;
    let options = "--ip-range 172.16.104.64/26 -o access=on -o announce=once";
    machine.ok(&format!("docker network create {LAN} {options} n1"))?;
    machine
        .ok(&format!("docker run -d --network n1 --name c1 busybox sleep 1000 && {KILL_AGENT}"))?;
    start_plugin(&machine)?;
    named(&machine, "c1")?;
    let address = inspect(&machine, "c1")?["n1"]["IPAddress"].clone();
    let address = address.as_str().unwrap_or_default();
    let reaches = || Ok(macvlan_tests::ping(&machine.lab.a.netns, address).is_some());
    eventually("the host does not reach c1", reaches)?;
    machine.ok("docker rm -f c1")?;
    clean(&machine)?;
    assert!(!machine.ok("ls /sys/class/net")?.contains("ens33-host"));
    Ok(())
}

/// The plugin is killed again and again while containers start and stop.
fn plugin_killed_at_any_moment(debian: Debian) -> Outcome {
    let machine = docker(debian)?;
    machine.ok(&format!("docker network create {LAN} --ip-range 172.16.104.64/26 n1"))?;
    let rounds = if is_long() { 6 } else { 3 };
    let mut load = machine.command(&format!(
        "for round in $(seq {rounds}); do for name in k1 k2 k3; do \
         docker run -d --network n1 --name $name$round busybox sleep 1000; done; \
         docker rm -f k1$round k3$round; done >/dev/null 2>&1",
    ));
    let mut load = load.spawn()?;
    let mut kills = 0;
    while load.try_wait()?.is_none() {
        std::thread::sleep(Duration::from_millis(150 + 37 * (kills % 7)));
        kill_agent(&machine)?;
        start_plugin(&machine)?;
        kills += 1;
    }
    assert!(kills > 3, "{kills}");
    // Each container that runs has an address of its own.
    let running = machine.ok("docker ps -q")?;
    let mut all: Vec<String> = Vec::new();
    for id in running.lines() {
        all.push(inspect(&machine, id)?["n1"]["IPAddress"].to_string());
        machine.ok(&format!("docker exec {id} ping -c 1 -W 5 172.16.104.1"))?;
    }
    let count = all.len();
    all.sort();
    all.dedup();
    assert_eq!(all.len(), count);
    machine.ok("docker rm -f $(docker ps -aq)")?;
    // Leases of requests that were cut off wait for ten minutes; each of them is pending.
    machine.ok("macvlan network reconcile")?;
    let leases = leases(&machine)?;
    let left = leases.as_array().map_or(0, Vec::len);
    assert!(left <= usize::try_from(kills)?, "{leases}");
    assert!(
        leases.as_array().into_iter().flatten().all(|one| one["state"] == "pending"),
        "{leases}"
    );
    Ok(())
}

/// dockerd is restarted and killed, with live-restore and without.
fn dockerd_restarted(debian: Debian) -> Outcome {
    let machine = docker(debian)?;
    machine.ok(&format!("docker network create {LAN} --ip-range 172.16.104.64/26 n1"))?;
    run(&machine, "--network n1 --name c1 --restart=always")?;
    named(&machine, "c1")?;
    let before = inspect(&machine, "c1")?["n1"].clone();
    let same = || -> Outcome {
        eventually("c1 does not run", || {
            Ok(machine.run("docker exec c1 ping -c 1 -W 5 172.16.104.1")?.status.success())
        })?;
        let after = inspect(&machine, "c1")?["n1"].clone();
        assert_eq!(
            (&after["IPAddress"], &after["MacAddress"]),
            (&before["IPAddress"], &before["MacAddress"]),
            "{}",
            log(&machine)?
        );
        assert_eq!(leases(&machine)?.as_array().map(Vec::len), Some(1));
        Ok(())
    };
    restart_dockerd(&machine, "TERM", "")?;
    same()?;
    restart_dockerd(&machine, "TERM", "--live-restore")?;
    same()?;
    let pid = machine.ok("docker inspect -f '{{.State.Pid}}' c1")?;
    restart_dockerd(&machine, "KILL", "--live-restore")?;
    same()?;
    assert_eq!(machine.ok("docker inspect -f '{{.State.Pid}}' c1")?, pid, "it ran on");
    run(&machine, "--network n1 --name c2")?;
    machine.ok("docker exec c2 ping -c 1 -W 5 c1")?;
    machine.ok("docker rm -f c1 c2")?;
    clean(&machine)
}

/// dockerd starts while the plugin is down, which comes later.
fn booted_without_the_plugin(debian: Debian) -> Outcome {
    let machine = docker(debian)?;
    machine.ok(&format!("docker network create {LAN} --ip-range 172.16.104.64/26 n1"))?;
    run(&machine, "--network n1 --name c1")?;
    // In a PID namespace, a link that was not seen is not known to be gone.
    named(&machine, "c1")?;
    kill_agent(&machine)?;
    restart_dockerd(&machine, "TERM", "")?;
    start_plugin(&machine)?;
    machine.ok("docker start c1")?;
    machine.ok("docker exec c1 ping -c 1 -W 5 172.16.104.1")?;
    machine.ok("docker rm -f c1")?;
    released(&machine)?;
    clean(&machine)
}

/// The managed plugin, which Docker starts itself before everything else.
fn managed(debian: Debian) -> Outcome {
    let machine = machine(debian)?;
    let config = include_str!("../../docker-plugin/config.json");
    machine.write("/srv/plugin/config.json", config)?;
    // The test's binary may need libraries; the plugin's is static.
    machine.ok(
        "mkdir -p /var/lib/macvlan /srv/plugin/rootfs/etc /srv/plugin/rootfs/var/lib/macvlan \
         /srv/plugin/rootfs/run/docker/plugins && \
         cp /usr/local/bin/macvlan /srv/plugin/rootfs/macvlan && cd /srv/plugin/rootfs && \
         for file in $(ldd /usr/local/bin/macvlan | grep -o '/[^ ]*'); do \
         cp --parents -L $file . ; done",
    )?;
    machine.start_docker()?;
    machine.ok("docker plugin create lan /srv/plugin && \
         docker plugin set lan MACVLAN_LOG=debug && docker plugin enable lan")?;
    // Docker knows it only with its tag.
    let lan = LAN.replace(" lan", " lan:latest");
    machine.ok(&format!("docker network create {lan} --ip-range 172.16.104.64/26 n1"))?;
    run(&machine, "--network n1 --name c1 --restart=always")?;
    machine.ok("docker exec c1 ping -c 1 -W 5 172.16.104.1")?;
    named(&machine, "c1")?;
    let before = inspect(&machine, "c1")?["n1"]["IPAddress"].clone();
    restart_dockerd(&machine, "TERM", "")?;
    eventually("c1 does not run again", || {
        Ok(machine.run("docker exec c1 ping -c 1 -W 5 172.16.104.1")?.status.success())
    })?;
    assert_eq!(leases(&machine)?.as_array().map(Vec::len), Some(1), "{before}");
    machine.ok("docker rm -f c1")?;
    machine.ok("docker network rm n1")?;
    clean(&machine)
}

/// The first lines of docs/docker.md, as they are there.
fn the_documentation(debian: Debian) -> Outcome {
    let machine = machine(debian)?;
    machine.start_docker()?;
    let page = include_str!("../../../docs/docker.md");
    let lines = page.split("```sh\n").nth(1).and_then(|rest| rest.split("```").next());
    let lines =
        lines.ok_or("no lines of sh")?.replace(" &  ", " >/var/log/agent.log 2>&1 </dev/null &  ");
    machine.ok(&format!("set -e\n{lines}"))?;
    assert_eq!(leases(&machine)?.as_array().map(Vec::len), Some(1));
    let status = machine.ok("macvlan agent status")?;
    assert!(
        status.contains("Docker plugin served") && status.contains("172.16.104.0/24"),
        "{status}"
    );
    Ok(())
}

/// The address of a stopped container is kept for it.
fn kept(debian: Debian) -> Outcome {
    let machine = docker(debian)?;
    machine
        .ok(&format!("docker network create {LAN} --ip-range 172.16.104.64/30 -o keep=true n1"))?;
    for name in ["c1", "c2"] {
        run(&machine, &format!("--network n1 --name {name}"))?;
        named(&machine, name)?;
    }
    let address =
        |name: &str| -> Outcome<Value> { Ok(inspect(&machine, name)?["n1"]["IPAddress"].clone()) };
    let before = address("c1")?;
    machine.ok("docker stop -t 0 c1")?;
    for name in ["c3", "c4"] {
        run(&machine, &format!("--network n1 --name {name}"))?;
        assert_ne!(address(name)?, before);
    }
    machine.ok("docker start c1")?;
    assert_eq!(address("c1")?, before);
    // It is given to another one when no other is left.
    machine.ok("docker stop -t 0 c1")?;
    run(&machine, "--network n1 --name c5")?;
    assert_eq!(address("c5")?, before);
    let (_, why) = machine.fails("docker start c1")?;
    assert!(why.contains("no address is left"), "{why}");
    Ok(())
}

scenes! {
    the_documentation,
    two_containers,
    addresses,
    addresses_of_docker,
    internal_and_without_gateway,
    two_networks_one_subnet,
    many_in_a_row,
    conflict,
    connect_and_disconnect,
    direct,
    restarted,
    kept,
    the_interface,
    refused,
    passthru,
    a_changed_mac_address,
    renamed,
    plugin_killed,
    plugin_killed_in_a_start,
    plugin_killed_at_any_moment,
    dockerd_restarted,
    booted_without_the_plugin,
    managed,
}
