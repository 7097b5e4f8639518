//! The CNI plugin: tasks of containerd, and the reference plugins.

use macvlan_tests::{Debian, Machine, Outcome, ip, ping};
use serde_json::{Value, json};

use crate::common::{machine, scenes};

/// The network, with its addresses from the store.
const LEASED: &str = r#"{
  "cniVersion": "1.0.0", "name": "lan1",
  "plugins": [{
    "type": "lan", "master": "ens33",
    "ipam": {
      "type": "lan", "subnet": "172.16.104.0/24", "rangeStart": "172.16.104.100",
      "routes": [{ "dst": "0.0.0.0/0", "gw": "172.16.104.1" }]
    }
  }]
}"#;

/// Makes the plugin known to a machine, beside the reference plugins.
pub(crate) fn install(machine: &Machine) -> Outcome {
    machine.ok("mkdir -p /opt/cni/bin && cp /usr/lib/cni/* /opt/cni/bin")?;
    machine.ok("ln -s /usr/local/bin/macvlan /opt/cni/bin/lan")?;
    Ok(())
}

/// Returns the number of leases in the store, and of macvlans on the machine in all namespaces.
fn leases(machine: &Machine) -> Outcome<usize> {
    let listed: Value = serde_json::from_str(&machine.ok("macvlan network leases --json")?)?;
    Ok(listed.as_array().map_or(0, Vec::len))
}

fn a_task_of_containerd(debian: Debian) -> Outcome {
    let machine = machine(debian)?;
    install(&machine)?;
    machine.write("/etc/cni/net.d/10-lan.conflist", LEASED)?;
    machine.start_containerd()?;
    machine.ok("ctr run -d --cni --rootfs /srv/busybox web /bin/sleep 1000")?;
    machine.ok("ctr task exec --exec-id ping web /bin/ping -c 1 -W 5 172.16.104.1")?;
    assert!(ping(&machine.lab.b.netns, "172.16.104.100").is_some());
    assert_eq!(leases(&machine)?, 1);
    // containerd runs DEL when the task has ended, and its namespace with it.
    let shown = machine.ok(
        "ctr run --rm --cni --rootfs /srv/busybox once /bin/sh -c 'ip address show eth0; ping -c 1 -W 5 172.16.104.100'",
    )?;
    assert!(shown.contains("172.16.104.101/24"), "{shown}");
    assert_eq!(leases(&machine)?, 1);
    // Of a task in the background it runs none: GC, or the one who needs the address, collects it.
    machine.ok("ctr task kill -s KILL web && sleep 1 && ctr task rm web")?;
    machine.ok("macvlan network collect")?;
    assert_eq!(leases(&machine)?, 0);
    assert_eq!(ip(&machine.lab.a.netns, "link show type macvlan"), json!([]));
    Ok(())
}

/// Calls the plugin with a configuration, for a namespace that is made for it.
pub(crate) fn call(machine: &Machine, verb: &str, config: &Value) -> Outcome<String> {
    machine.write("/tmp/config", &config.to_string())?;
    machine.ok("test -e /run/netns/pod || ip netns add pod")?;
    machine.ok(&format!(
        "CNI_COMMAND={verb} CNI_CONTAINERID=c1 CNI_NETNS=/run/netns/pod CNI_IFNAME=eth0 \
         CNI_PATH=/opt/cni/bin /opt/cni/bin/lan < /tmp/config"
    ))
}

fn addresses_of_the_reference_plugins(debian: Debian) -> Outcome {
    let machine = machine(debian)?;
    install(&machine)?;
    let static_addresses = json!([{ "address": "172.16.104.77/24", "gateway": "172.16.104.1" }]);
    for (ipam, address) in [
        (
            json!({ "type": "host-local", "subnet": "172.16.104.0/24", "rangeStart": "172.16.104.50" }),
            "172.16.104.50",
        ),
        (json!({ "type": "static", "addresses": static_addresses }), "172.16.104.77"),
    ] {
        // As for the reference plugin `macvlan`, but for the type.
        let config = json!({
            "cniVersion": "1.0.0", "name": "old", "type": "lan", "master": "ens33",
            "mode": "bridge", "mtu": 1400, "ipam": ipam,
        });
        let result: Value = serde_json::from_str(&call(&machine, "ADD", &config)?)?;
        assert_eq!(result["ips"][0]["address"], format!("{address}/24"), "{result}");
        assert!(ping(&machine.lab.b.netns, address).is_some());
        let mut given = config.clone();
        given["prevResult"] = result;
        call(&machine, "CHECK", &given)?;
        for _ in 0..2 {
            call(&machine, "DEL", &given)?;
        }
        let left = machine.ok(
            "ip netns exec pod ip -o link show; ls /var/lib/cni/networks/old 2> /dev/null || true",
        )?;
        assert!(!left.contains("eth0") && !left.contains("172.16.104.50"), "{left}");
    }
    Ok(())
}

scenes! {
    a_task_of_containerd,
    addresses_of_the_reference_plugins,
}
