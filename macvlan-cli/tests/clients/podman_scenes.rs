//! Scenes of Podman's networks, whether by netavark or by CNI, on a network `lan` and a network `second`
//! of the LAN of a machine.

use macvlan_tests::{Machine, Outcome, ip, ip_lines};
use serde_json::{Value, json};

use crate::common::leases;

/// Starts a container that stays, and returns its id.
pub(crate) fn run(machine: &Machine, options: &str) -> Outcome<String> {
    machine.ok(&format!("podman run -d --cap-add NET_RAW {options} busybox sleep 1000"))
}

/// Returns the networks of a container, as Podman shows them.
pub(crate) fn inspect(machine: &Machine, name: &str) -> Outcome<Value> {
    let text = machine.ok(&format!("podman inspect {name}"))?;
    let mut all: Value = serde_json::from_str(&text)?;
    Ok(all[0]["NetworkSettings"]["Networks"].take())
}

/// Returns `ip -j -d address` of a container, by the interface.
pub(crate) fn inside(machine: &Machine, name: &str, interface: &str) -> Outcome<Value> {
    let pid = machine.ok(&format!("podman inspect --format '{{{{.State.Pid}}}}' {name}"))?;
    let netns = machine.netns_of(&pid)?;
    Ok(ip(&netns, &format!("address show dev {interface}"))[0].take())
}

/// Nothing is left: no lease, and no link in any namespace.
pub(crate) fn clean(machine: &Machine) -> Outcome {
    assert_eq!(leases(machine)?, json!([]));
    assert_eq!(machine.ok("macvlan show")?, "");
    Ok(())
}

/// Podman shows what a container has on the network `lan`.
pub(crate) fn shows_what_it_has(machine: &Machine, name: &str, address: &str) -> Outcome {
    let (told, eth0) = (inspect(machine, name)?["lan"].clone(), inside(machine, name, "eth0")?);
    assert_eq!((&told["IPAddress"], &told["IPPrefixLen"]), (&json!(address), &json!(24)));
    assert_eq!(told["Gateway"], "172.16.104.1");
    assert_eq!(told["MacAddress"], eth0["address"]);
    assert_eq!(told["GlobalIPv6Address"], eth0["addr_info"][1]["local"]);
    assert_eq!(eth0["addr_info"][0]["local"], address);
    assert_eq!(eth0["linkinfo"]["info_kind"], "macvlan");
    Ok(())
}

/// The default route of a container leads through its first interface, in whatever order Podman adds
/// the networks `lan` and `second`; a network can be added and removed later.
pub(crate) fn two_networks(machine: &Machine) -> Outcome {
    for round in 0..4 {
        run(machine, "--name a --network lan --network second")?;
        let pid = machine.ok("podman inspect --format '{{.State.Pid}}' a")?;
        let routes = ip_lines(&machine.netns_of(&pid)?, "-4 route show default");
        assert_eq!(routes.len(), 1, "round {round}: {routes:?}");
        let told = inspect(machine, "a")?;
        let by_eth0 = if told["lan"]["MacAddress"] == inside(machine, "a", "eth0")?["address"] {
            "default via 172.16.104.1 dev eth0"
        } else {
            "default via 10.2.0.1 dev eth0"
        };
        assert!(routes[0].starts_with(by_eth0), "round {round}: {routes:?}");
        machine.ok("podman rm -f -t 0 a")?;
        clean(machine)?;
    }
    // A network later, and not any longer.
    run(machine, "--name a --network lan")?;
    machine.ok("podman network connect second a")?;
    let address = inspect(machine, "a")?["second"]["IPAddress"].clone();
    assert_eq!(inside(machine, "a", "eth1")?["addr_info"][0]["local"], address);
    machine.ok("podman network disconnect second a")?;
    machine.ok("podman exec a ping -c 1 -W 5 172.16.104.1")?;
    assert_eq!(leases(machine)?.as_array().map(Vec::len), Some(1));
    Ok(())
}

pub(crate) fn a_restart_keeps_the_address(machine: &Machine) -> Outcome {
    run(machine, "--name a --network lan")?;
    let before = inspect(machine, "a")?["lan"].clone();
    for verb in [
        "podman restart -t 0 a",
        "podman stop -t 0 a && podman run -d --network lan busybox sleep 1000 && podman start a",
        "podman network reload a",
    ] {
        machine.ok(verb)?;
        let after = inspect(machine, "a")?["lan"].clone();
        for key in ["IPAddress", "MacAddress", "GlobalIPv6Address"] {
            assert_eq!(after[key], before[key], "{verb}: {key}");
        }
        machine.ok("podman exec a ping -c 1 -W 5 172.16.104.1")?;
    }
    Ok(())
}
