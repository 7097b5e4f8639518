//! Networks on a VLAN that is created on demand: in the guest, whose kernel has 802.1Q.

use macvlan_core::NetNs;
use macvlan_tests::{Debian, Machine, Need, Outcome, ip_do, ip_try, need, ping};
use serde_json::json;

use crate::common::{start, start_plugin};

/// A machine in whose LAN the router has VLAN 100, as 10.100.0.1.
fn machine() -> Outcome<Machine> {
    need(Need::Vlan)?;
    let machine = start(Debian::Bookworm)?;
    let router = &machine.lab.b.netns;
    ip_do(router, "link add link ens33 name ens33.100 up type vlan id 100");
    ip_do(router, "address add 10.100.0.1/24 dev ens33.100");
    Ok(machine)
}

fn has_vlan(machine: &Machine) -> bool {
    ip_try(&machine.lab.a.netns, "link show ens33.100").is_ok()
}

/// The VLAN is there while a container is on it, and lets frames through in both directions.
fn check(machine: &Machine, engine: &str, options: &str) -> Outcome {
    for name in ["c1", "c2"] {
        machine.ok(&format!("{engine} run -d {options} --name {name} busybox sleep 1000"))?;
    }
    assert!(has_vlan(machine));
    machine.ok(&format!("{engine} exec c1 ping -c 1 -W 20 10.100.0.1"))?;
    let router: &NetNs = &machine.lab.b.netns;
    for address in ["10.100.0.2", "10.100.0.3"] {
        assert!(ping(router, address).is_some(), "{address}");
    }
    machine.ok(&format!("{engine} restart -t 0 c2"))?;
    machine.ok(&format!("{engine} exec c2 ping -c 1 -W 20 10.100.0.2"))?;
    machine.ok(&format!("{engine} rm -f c1 c2"))?;
    assert_eq!(machine.ok("macvlan network leases --json")?, "[]");
    assert_eq!(machine.ok("macvlan show")?, "");
    assert!(!has_vlan(machine));
    Ok(())
}

fn docker() -> Outcome {
    let machine = machine()?;
    start_plugin(&machine)?;
    machine.start_docker()?;
    machine.ok("docker network create -d lan --ipam-driver lan -o parent=ens33.100 \
         --subnet 10.100.0.0/24 --gateway 10.100.0.1 vlan100")?;
    check(&machine, "docker", "--network vlan100")
}

fn podman() -> Outcome {
    let machine = machine()?;
    machine.set_up_podman()?;
    machine.ok("mkdir -p /opt/cni/bin && ln -s /usr/local/bin/macvlan /opt/cni/bin/lan")?;
    let ipam = json!({
        "type": "lan", "subnet": "10.100.0.0/24", "routes": [{ "dst": "0.0.0.0/0" }],
    });
    let list = json!({
        "cniVersion": "1.0.0", "name": "vlan100",
        "plugins": [{ "type": "lan", "master": "ens33.100", "ipam": ipam }],
    });
    machine.write("/etc/cni/net.d/vlan100.conflist", &list.to_string())?;
    check(&machine, "podman", "--cap-add NET_RAW --network vlan100")
}

macvlan_tests::tests! {
    only_with_long:
    docker,
    podman,
}
