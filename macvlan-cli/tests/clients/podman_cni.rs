//! Networks of Podman 4 by its CNI backend.

use macvlan_tests::{Debian, Machine, Outcome, ip_lines};
use serde_json::{Value, json};

use crate::common::{block, leases, machine};
use crate::podman_scenes::{self, clean, inside, inspect, run, shows_what_it_has};

/// Podman with two networks on the LAN of the machine, as docs/podman.md installs them.
pub(crate) fn podman() -> Outcome<Machine> {
    let machine = machine(Debian::Bookworm)?;
    machine.set_up_podman()?;
    machine.ok("mkdir -p /opt/cni/bin && ln -s /usr/local/bin/macvlan /opt/cni/bin/lan")?;
    let ranges = json!([
        [{ "subnet": "172.16.104.0/24", "rangeStart": "172.16.104.64" }],
        [{ "subnet": "fd15::/64" }],
    ]);
    write_network(&machine, "lan", json!({ "ranges": ranges }))?;
    write_network(&machine, "second", json!({ "subnet": "10.2.0.0/24" }))?;
    Ok(machine)
}

/// Writes a network's configuration, whose addresses and default routes are from the store.
fn write_network(machine: &Machine, name: &str, mut ipam: Value) -> Outcome {
    ipam["type"] = "lan".into();
    ipam["routes"] = json!([{ "dst": "0.0.0.0/0" }, { "dst": "::/0" }]);
    let plugin = json!({ "type": "lan", "master": "ens33", "ipam": ipam });
    let list = json!({ "cniVersion": "1.0.0", "name": name, "plugins": [plugin] });
    machine.write(&format!("/etc/cni/net.d/{name}.conflist"), &list.to_string())
}

fn two_containers() -> Outcome {
    let machine = podman()?;
    let backend = machine.ok("podman info --format '{{.Host.NetworkBackend}}'")?;
    assert_eq!(backend, "cni");
    let id = run(&machine, "--name a --network lan")?;
    run(&machine, "--name b --network lan")?;
    machine.ok("podman exec a ping -c 1 -W 5 172.16.104.65")?;
    machine.ok("podman exec b ping -c 1 -W 5 172.16.104.1")?;
    machine.ok("podman exec b ping -c 1 -W 5 fd15::1")?;
    shows_what_it_has(&machine, "a", "172.16.104.64")?;
    // The lease is the container's, by its id and by its name.
    let is_its = |one: &Value| one["container"] == id && one["name"] == "a";
    assert!(leases(&machine)?.as_array().is_some_and(|all| all.iter().any(is_its)));
    machine.ok("podman rm -f -t 0 a b")?;
    clean(&machine)?;
    machine.ok("podman network rm lan && macvlan network prune")?;
    assert_eq!(machine.ok("macvlan network list --json")?, "[]");
    Ok(())
}

fn a_static_address_and_mac() -> Outcome {
    let machine = podman()?;
    run(&machine, "--name a --network lan --ip 172.16.104.70 --mac-address 02:00:00:00:00:70")?;
    let (told, eth0) = (inspect(&machine, "a")?["lan"].clone(), inside(&machine, "a", "eth0")?);
    assert_eq!(told["IPAddress"], "172.16.104.70");
    assert_eq!(
        (&told["MacAddress"], &eth0["address"]),
        (&json!("02:00:00:00:00:70"), &json!("02:00:00:00:00:70"))
    );
    // One of each family.
    run(&machine, "--name b --network lan --ip 172.16.104.71 --ip6 fd15::71")?;
    let eth0 = inside(&machine, "b", "eth0")?;
    assert_eq!(eth0["addr_info"][0]["local"], "172.16.104.71");
    assert_eq!(eth0["addr_info"][1]["local"], "fd15::71");
    Ok(())
}

/// The user is told a conflict word for word, and nothing is left of the container.
fn conflicts() -> Outcome {
    let machine = podman()?;
    let id = run(&machine, "--name a --network lan --ip 172.16.104.70")?;
    let fails = |network: &str, address: &str| -> Outcome<String> {
        let line = format!("podman run --rm --network {network} --ip {address} busybox sh -c :");
        Ok(machine.fails(&line)?.1)
    };
    let said = fails("lan", "172.16.104.70")?;
    let words = "Error: plugin type=\"lan\" failed (add): cni plugin lan failed: network \"lan\": ";
    let why = format!("container \"{id}\" has 172.16.104.70");
    assert!(said.contains(words) && said.ends_with(&why), "{said}");
    // An address that this host has, and one that another host on the LAN has.
    let said = fails("lan", "172.16.104.2")?;
    assert!(said.contains("a link of this host has 172.16.104.2"), "{said}");
    let ipam = json!({ "type": "lan", "subnet": "172.16.104.0/26" });
    let probing = json!({
        "cniVersion": "1.0.0", "name": "small",
        "plugins": [{ "type": "lan", "master": "ens33", "probe": true, "ipam": ipam }],
    });
    machine.write("/etc/cni/net.d/small.conflist", &probing.to_string())?;
    ip_lines(&machine.lab.b.netns, "address add 172.16.104.9/24 dev ens33");
    let said = fails("small", "172.16.104.9")?;
    assert!(said.contains("172.16.104.9"), "{said}");
    assert_eq!(leases(&machine)?.as_array().map(Vec::len), Some(1));
    assert_eq!(machine.ok("podman ps -a --format '{{.Names}}'")?, "a");
    Ok(())
}

fn two_networks() -> Outcome {
    podman_scenes::two_networks(&podman()?)
}

fn a_restart_keeps_the_address() -> Outcome {
    podman_scenes::a_restart_keeps_the_address(&podman()?)
}

fn removed_while_the_plugin_was_missing() -> Outcome {
    let machine = podman()?;
    run(&machine, "--name a --network lan")?;
    machine.ok("mv /opt/cni/bin/lan /root/lan")?;
    machine.run("podman rm -f -t 0 a")?;
    assert_eq!(machine.ok("podman ps -a --quiet")?, "", "it is gone all the same");
    machine.ok("mv /root/lan /opt/cni/bin/lan")?;
    assert_eq!(leases(&machine)?.as_array().map(Vec::len), Some(1));
    machine.ok("macvlan network collect")?;
    clean(&machine)
}

/// The lines of docs/podman.md, as they are there.
fn the_documentation() -> Outcome {
    let machine = machine(Debian::Bookworm)?;
    machine.set_up_podman()?;
    let lines = block(include_str!("../../../docs/podman.md"), "mkdir -p /opt/cni/bin")?;
    machine.ok(&format!("set -e\n{lines}"))?;
    assert_eq!(leases(&machine)?.as_array().map(Vec::len), Some(2));
    Ok(())
}

macvlan_tests::tests! {
    only_with_long:
    the_documentation,
    two_containers,
    a_static_address_and_mac,
    conflicts,
    two_networks,
    a_restart_keeps_the_address,
    removed_while_the_plugin_was_missing,
}
