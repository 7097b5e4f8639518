//! Addresses from a DHCP server on the LAN: by the reference plugin, and by a client in a container.

use macvlan_tests::{Machine, Outcome, ip, ping};
use serde_json::{Value, json};

use crate::cni::{call, install};
use crate::common::two_machines;

/// Starts a server on a host, as on a router at home.
fn serve(router: &Machine) -> Outcome {
    router.write(
        "/etc/udhcpd.conf",
        "start 172.16.104.60\nend 172.16.104.69\ninterface ens33\nlease_file /run/dhcp.leases\n\
         pidfile /run/udhcpd.pid\noption subnet 255.255.255.0\noption router 172.16.104.3\n",
    )?;
    router.ok("touch /run/dhcp.leases")?;
    router.daemon("busybox udhcpd -f /etc/udhcpd.conf", "test -s /run/udhcpd.pid")
}

fn by_the_reference_plugin() -> Outcome {
    let [machine, router] = two_machines()?;
    serve(&router)?;
    install(&machine)?;
    machine.daemon("/opt/cni/bin/dhcp daemon", "test -S /run/cni/dhcp.sock")?;

    let config = json!({
        "cniVersion": "1.0.0", "name": "lan1", "type": "lan", "master": "ens33",
        "ipam": { "type": "dhcp" },
    });
    let result: Value = serde_json::from_str(&call(&machine, "ADD", &config)?)?;
    let address = result["ips"][0]["address"].as_str().unwrap_or_default().to_owned();
    let ip = address.strip_suffix("/24").unwrap_or_default();
    assert!(ip.starts_with("172.16.104.6"), "{result}");
    assert_eq!(result["ips"][0]["gateway"], "172.16.104.3", "{result}");
    assert!(ping(&router.netns, ip).is_some());

    let mut given = config.clone();
    given["prevResult"] = result;
    call(&machine, "CHECK", &given)?;
    for _ in 0..2 {
        call(&machine, "DEL", &given)?;
    }
    assert!(!machine.ok("ip netns exec pod ip -o link show")?.contains("eth0"));

    // An address that is not given undoes the interface.
    machine.ok("kill $(busybox pidof dhcp) && rm /run/cni/dhcp.sock")?;
    let (_, errors) = machine.fails(
        "CNI_COMMAND=ADD CNI_CONTAINERID=c1 CNI_NETNS=/run/netns/pod CNI_IFNAME=eth0 \
         CNI_PATH=/opt/cni/bin /opt/cni/bin/lan < /tmp/config > /tmp/answer",
    )?;
    assert_eq!(errors, "");
    let answer: Value = serde_json::from_str(&machine.ok("cat /tmp/answer")?)?;
    assert!(answer["msg"].as_str().is_some_and(|msg| msg.contains("dhcp.sock")), "{answer}");
    assert!(!machine.ok("ip netns exec pod ip -o link show")?.contains("eth0"));
    Ok(())
}

/// The lines of the cookbook, with the client of busybox.
fn by_a_client_in_the_container() -> Outcome {
    let [machine, router] = two_machines()?;
    serve(&router)?;
    machine.write(
        "/usr/local/bin/bound",
        "#!/bin/sh\n[ \"$1\" != bound ] || ip address replace \"$ip/$mask\" dev \"$interface\"",
    )?;
    machine.ok("chmod +x /usr/local/bin/bound && ip netns add db")?;
    let mut given = Vec::new();
    for _ in 0..2 {
        machine.ok("macvlan attach ens33 db --mac 02:42:ac:10:68:0a")?;
        machine.ok("ip netns exec db busybox udhcpc -i eth0 -n -q -s /usr/local/bin/bound 2>&1")?;
        let shown = machine.ok("ip -n db -4 -o address show dev eth0")?;
        let address = shown.split_whitespace().find(|word| word.starts_with("172.16.104.6"));
        let address = address.ok_or_else(|| format!("no address: {shown}"))?.to_owned();
        let ip = address.split('/').next().unwrap_or_default();
        assert!(ping(&router.netns, ip).is_some());
        given.push(address);
        machine.ok("macvlan detach db")?;
    }
    assert_eq!(given[0], given[1], "a fixed MAC address has the same lease");
    assert_eq!(ip(&machine.netns, "link show type macvlan"), json!([]));
    Ok(())
}

macvlan_tests::tests! {
    by_the_reference_plugin,
    by_a_client_in_the_container,
}
