//! Networks of Podman by the plugin of netavark, and netavark alone.

use macvlan_tests::{Debian, Machine, Outcome, eventually};
use serde_json::{Value, json};

use crate::common::{block, leases, machine};
use crate::podman_scenes::{self, clean, inside, inspect, run, shows_what_it_has};

/// Podman with the plugin, as docs/podman.md installs it.
pub(crate) fn podman() -> Outcome<Machine> {
    let machine = machine(Debian::Trixie)?;
    machine.set_up_podman()?;
    machine.ok("mkdir -p /usr/local/libexec/netavark")?;
    machine.ok("ln -s /usr/local/bin/macvlan /usr/local/libexec/netavark/lan")?;
    Ok(machine)
}

/// Creates a network on the LAN of the machine.
pub(crate) fn create_lan(machine: &Machine) -> Outcome<String> {
    machine.ok("podman network create -d lan -o parent=ens33 --subnet 172.16.104.0/24 \
         --ip-range 172.16.104.64/26 --subnet fd15::/64 lan")
}

/// Returns the number of macvlans that the parent has, in all namespaces.
fn shown(machine: &Machine) -> Outcome<String> {
    machine.ok("macvlan show")
}

fn two_containers() -> Outcome {
    let machine = podman()?;
    assert_eq!(create_lan(&machine)?, "lan");
    let id = run(&machine, "--name a --network lan")?;
    run(&machine, "--name b --network lan")?;
    machine.ok("podman exec a ping -c 1 -W 5 172.16.104.66")?;
    machine.ok("podman exec b ping -c 1 -W 5 172.16.104.1")?;
    machine.ok("podman exec b ping -c 1 -W 5 fd15::1")?;
    shows_what_it_has(&machine, "a", "172.16.104.65")?;
    // Leases are in the order of ids, which Podman chooses.
    let leased = leases(&machine)?;
    assert!(leased.as_array().is_some_and(|all| all.iter().any(|one| one["container"] == id)));
    assert_eq!(machine.ok("macvlan network resolve lan a")?.lines().next(), Some("172.16.104.65"));
    // Nothing is left.
    machine.ok("podman rm -f -t 0 a b")?;
    clean(&machine)?;
    machine.ok("podman network rm lan")?;
    // It can be created again at once, in another way.
    machine.ok("podman network create -d lan -o parent=ens33 --subnet 172.16.104.0/25 wan")?;
    Ok(())
}

fn a_static_address_and_mac() -> Outcome {
    let machine = podman()?;
    create_lan(&machine)?;
    let fixed = "--network lan --ip 172.16.104.70 --ip6 fd15::70 --mac-address 02:00:00:00:00:70";
    run(&machine, &format!("--name a {fixed} --network-alias www"))?;
    let (told, eth0) = (inspect(&machine, "a")?["lan"].clone(), inside(&machine, "a", "eth0")?);
    assert_eq!(told["IPAddress"], "172.16.104.70");
    assert_eq!(
        (&told["MacAddress"], &eth0["address"]),
        (&json!("02:00:00:00:00:70"), &json!("02:00:00:00:00:70"))
    );
    assert_eq!(eth0["addr_info"][1]["local"], "fd15::70");
    assert_eq!(machine.ok("macvlan network resolve lan www")?, "172.16.104.70\nfd15::70");
    // The user is told a conflict word for word.
    let (_, said) =
        machine.fails("podman run --rm --network lan --ip 172.16.104.70 busybox sh -c :")?;
    let words = "Error: netavark: plugin \"lan\" failed: exit code 1, message: network \"lan\": ";
    assert!(said.starts_with(words) && said.ends_with("\" has 172.16.104.70"), "{said}");
    // So is an address that a host on the LAN has.
    machine.ok(
        "podman network create -d lan -o parent=ens33 -o probe=on --subnet 172.16.104.0/26 small",
    )?;
    let (_, said) =
        machine.fails("podman run --rm --network small --ip 172.16.104.1 busybox sh -c :")?;
    assert!(said.contains("172.16.104.1"), "{said}");
    assert_eq!(leases(&machine)?.as_array().map(Vec::len), Some(1));
    Ok(())
}

fn two_networks() -> Outcome {
    let machine = podman()?;
    create_lan(&machine)?;
    machine.ok("podman network create -d lan -o parent=ens33 --subnet 10.2.0.0/24 second")?;
    podman_scenes::two_networks(&machine)
}

fn a_restart_keeps_the_address() -> Outcome {
    let machine = podman()?;
    create_lan(&machine)?;
    podman_scenes::a_restart_keeps_the_address(&machine)
}

fn removed_while_the_plugin_was_missing() -> Outcome {
    let machine = podman()?;
    create_lan(&machine)?;
    for collects in ["podman run --rm --network lan busybox sh -c :", "macvlan network collect"] {
        run(&machine, "--name a --network lan")?;
        machine.ok("mv /usr/local/libexec/netavark/lan /root/lan")?;
        machine.run("podman rm -f -t 0 a")?;
        assert_eq!(machine.ok("podman ps -a --quiet")?, "", "it is gone all the same");
        machine.ok("mv /root/lan /usr/local/libexec/netavark/lan")?;
        assert_eq!(leases(&machine)?.as_array().map(Vec::len), Some(1));
        eventually("the lease is not collected", || {
            machine.ok(collects)?;
            Ok(leases(&machine)? == json!([]))
        })?;
        assert_eq!(shown(&machine)?, "");
    }
    Ok(())
}

fn networks_that_cannot_be() -> Outcome {
    let machine = podman()?;
    for (options, words) in [
        ("-o parent=ens34 --subnet 10.1.0.0/24", "parent ens34 does not exist on this host"),
        (
            "-o parent=ens33 -o colour=red",
            "cannot use option colour=red: not an option of a network",
        ),
        ("-o parent=ens33 --subnet 10.1.0.7/24", "the subnet is 10.1.0.0/24"),
        ("-o parent=ens33 --ipam-driver dhcp", "cannot use IPAM driver dhcp"),
    ] {
        let (_, said) = machine.fails(&format!("podman network create -d lan {options} x"))?;
        assert!(said.contains(words), "{options}: {said}");
    }
    assert_eq!(machine.ok("macvlan network list --json")?, "[]");
    assert_eq!(machine.ok("podman network ls --quiet")?, "podman");
    // What is chosen is shown.
    machine.ok("podman network create -d lan -o parent=ens33 --ipv6 x")?;
    let network: Value = serde_json::from_str(&machine.ok("podman network inspect x")?)?;
    assert_eq!(
        network[0]["subnets"][0],
        json!({ "subnet": "172.17.0.0/16", "gateway": "172.17.0.1" })
    );
    assert_eq!(
        (&network[0]["dns_enabled"], &network[0]["ipv6_enabled"]),
        (&json!(false), &json!(true))
    );
    run(&machine, "--name a --network x")?;
    assert_eq!(inspect(&machine, "a")?["x"]["IPAddress"], "172.17.0.2");
    Ok(())
}

/// Without Podman, as other engines may call it.
fn netavark_alone() -> Outcome {
    let machine = podman()?;
    create_lan(&machine)?;
    let network: Value = serde_json::from_str(&machine.ok("podman network inspect lan")?)?;
    let request = json!({
        "container_id": "4f1c9a",
        "container_name": "a",
        "networks": { "lan": { "interface_name": "eth7", "static_ips": ["172.16.104.77"] } },
        "network_info": { "lan": network[0] },
    });
    machine.write("/root/request", &request.to_string())?;
    machine.ok("ip netns add blue")?;
    let netavark = |verb: &str| {
        machine.ok(&format!(
            "/usr/lib/podman/netavark --config /run/netavark --file /root/request \
             --plugin-directory /usr/local/libexec/netavark {verb} /run/netns/blue"
        ))
    };
    let answer: Value = serde_json::from_str(&netavark("setup")?)?;
    assert_eq!(answer["lan"]["interfaces"]["eth7"]["subnets"][0]["ipnet"], "172.16.104.77/24");
    machine.ok("ip netns exec blue busybox ping -c 1 -W 5 172.16.104.1")?;
    netavark("teardown")?;
    assert_eq!(leases(&machine)?, json!([]));
    assert_eq!(machine.ok("ip -n blue -br link")?.lines().count(), 1);
    Ok(())
}

/// The first lines of docs/podman.md, as they are there.
fn the_documentation() -> Outcome {
    let machine = machine(Debian::Trixie)?;
    machine.set_up_podman()?;
    let lines = block(include_str!("../../../docs/podman.md"), "mkdir")?;
    machine.ok(&format!("set -e\n{lines}"))?;
    assert_eq!(leases(&machine)?.as_array().map(Vec::len), Some(2));
    Ok(())
}

fn the_readme() -> Outcome {
    let machine = machine(Debian::Trixie)?;
    machine.set_up_podman()?;
    let lines = block(include_str!("../../../README.md"), "mkdir")?;
    machine.ok(&format!("set -e\n{lines}"))?;
    assert_eq!(leases(&machine)?.as_array().map(Vec::len), Some(1));
    Ok(())
}

macvlan_tests::tests! {
    the_documentation,
    the_readme,
    two_containers,
    a_static_address_and_mac,
    two_networks,
    a_restart_keeps_the_address,
    removed_while_the_plugin_was_missing,
    networks_that_cannot_be,
    netavark_alone,
}
