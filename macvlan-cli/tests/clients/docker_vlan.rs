//! Networks of Docker's plugin on VLANs, which are made on demand: in the guest, whose kernel has
//! 802.1Q.

use macvlan_tests::{
    Debian, Machine, Need, Outcome, eventually, ip, ip_addresses, ip_do, ip_link, need, ping,
    silent,
};
use serde_json::Value;

use crate::common::{block, leases, start, start_plugin};
use crate::docker_plugin::{clean, inspect, kill_agent, netns, restart_dockerd, run};

/// Two VLANs, and a container on both, as docs/docker.md has them.
fn a_container_on_both() -> Outcome {
    need(Need::Vlan)?;
    let machine = start(Debian::Trixie)?;
    start_plugin(&machine)?;
    machine.start_docker()?;
    let router = &machine.lab.b.netns;
    for id in [10, 20] {
        ip_do(router, &format!("link add link ens33 name ens33.{id} type vlan id {id}"));
        ip_do(router, &format!("address add 10.0.{id}.1/24 dev ens33.{id}"));
        ip_do(router, &format!("link set ens33.{id} up"));
    }
    machine.ok(block(
        include_str!("../../../docs/docker.md"),
        "docker network create -d lan --ipam-driver lan -o parent=ens33.10",
    )?)?;
    for id in [10, 20] {
        let link = ip_link(&machine.netns, &format!("ens33.{id}"));
        assert_eq!(link["linkinfo"]["info_data"]["id"], id, "{link}");
    }
    let db = netns(&machine, "db")?;
    assert_eq!(ip_addresses(&db, "eth0"), ["10.0.10.2/24"]);
    assert_eq!(ip_addresses(&db, "eth1"), ["10.0.20.2/24"]);
    reaches_both(&machine)?;
    restarts(&machine)?;

    // Each VLAN goes with its last container.
    machine.ok("docker network disconnect vlan20 db")?;
    assert_eq!(vlans(&machine), ["ens33.10"]);
    machine.ok("docker rm -f db")?;
    assert_eq!(vlans(&machine), Vec::<String>::new());
    clean(&machine)
}

/// Returns the names of the host's VLANs.
fn vlans(machine: &Machine) -> Vec<String> {
    let all = ip(&machine.netns, "link show type vlan");
    let names = all.as_array().into_iter().flatten().filter_map(|link| link["ifname"].as_str());
    names.map(str::to_owned).collect()
}

/// The container on both VLANs reaches the router on both.
fn reaches_both(machine: &Machine) -> Outcome {
    let db = netns(machine, "db")?;
    for address in ["10.0.10.1", "10.0.20.1"] {
        assert!(ping(&db, address).is_some(), "{address}");
    }
    Ok(())
}

/// More containers, also of another network on the same VLAN; all daemons are restarted.
fn restarts(machine: &Machine) -> Outcome {
    run(machine, "--network vlan10 --name web")?;
    let web = netns(machine, "web")?;
    assert!(ping(&web, "10.0.10.2").is_some());
    // The router does not lead from one VLAN to the other.
    assert!(silent(&web, "10.0.20.2"));
    machine.ok("docker network create -d lan --ipam-driver lan -o parent=ens33.10 \
         --subnet 10.0.11.0/24 --gateway 10.0.11.1 vlan10b")?;
    ip_do(&machine.lab.b.netns, "address add 10.0.11.1/24 dev ens33.10");
    run(machine, "--network vlan10b --name other")?;
    assert!(ping(&netns(machine, "other")?, "10.0.11.1").is_some());
    eventually("the leases have no names", || {
        let all = leases(machine)?;
        Ok(all.as_array().into_iter().flatten().all(|lease| lease["name"].is_string()))
    })?;

    let addresses = || -> Outcome<[Value; 4]> {
        let all = inspect(machine, "db")?;
        let of = |network: &str, key: &str| all[network][key].clone();
        Ok([
            of("vlan10", "IPAddress"),
            of("vlan10", "MacAddress"),
            of("vlan20", "IPAddress"),
            of("vlan20", "MacAddress"),
        ])
    };
    let before = addresses()?;
    machine.ok("docker restart -t 0 db")?;
    assert_eq!(addresses()?, before);
    reaches_both(machine)?;

    kill_agent(machine)?;
    restart_dockerd(machine, "KILL", "--live-restore")?;
    start_plugin(machine)?;
    reaches_both(machine)?;
    assert_eq!(addresses()?, before);
    machine.ok("docker rm -f web other")?;
    Ok(())
}

macvlan_tests::tests! {
    only_with_long:
    a_container_on_both,
}
