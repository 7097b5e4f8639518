//! Networks of Docker's plugin on VLANs, which are made on demand. The guest has them, and is slow.

use macvlan_tests::{
    Machine, Outcome, eventually, ip_addresses, ip_do, ip_lines, ip_link, is_long, ping, silent,
};
use serde_json::Value;

use crate::common::{block, command, start_plugin};
use crate::docker_plugin::{clean, inspect, kill_agent, leases, netns, restart_dockerd, run};

/// Two VLANs, and a container on both, as docs/docker.md has them.
fn a_container_on_both() -> Outcome {
    let machine = Machine::with_vlans(&command())?;
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
    run(&machine, "--network vlan10 --name web")?;
    for id in [10, 20] {
        let link = ip_link(&machine.netns, &format!("ens33.{id}"));
        assert_eq!(link["linkinfo"]["info_data"]["id"], id, "{link}");
    }
    let (db, web) = (netns(&machine, "db")?, netns(&machine, "web")?);
    assert_eq!(ip_addresses(&db, "eth0"), ["10.0.10.2/24"]);
    assert_eq!(ip_addresses(&db, "eth1"), ["10.0.20.2/24"]);
    reaches_all(&machine)?;
    assert!(ping(&web, "10.0.10.2").is_some());
    // The router does not lead from one to the other.
    assert!(silent(&web, "10.0.20.2"));
    if is_long() {
        restarts(&machine)?;
    }

    // Each VLAN goes with its last container.
    machine.ok("docker network disconnect vlan20 db")?;
    let vlans = ip_lines(&machine.netns, "link show type vlan");
    assert!(vlans.len() == 1 && vlans[0].contains("ens33.10@"), "{vlans:?}");
    machine.ok("docker rm -f db web")?;
    assert_eq!(ip_lines(&machine.netns, "link show type vlan"), Vec::<String>::new());
    clean(&machine)
}

/// The container on both VLANs reaches both routers, and the other container.
fn reaches_all(machine: &Machine) -> Outcome {
    let db = netns(machine, "db")?;
    for address in ["10.0.10.1", "10.0.10.3", "10.0.20.1"] {
        assert!(ping(&db, address).is_some(), "{address}");
    }
    Ok(())
}

/// Another network on the same VLAN; the container and all daemons are restarted.
fn restarts(machine: &Machine) -> Outcome {
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
    reaches_all(machine)?;

    kill_agent(machine)?;
    restart_dockerd(machine, "KILL", "--live-restore")?;
    start_plugin(machine)?;
    reaches_all(machine)?;
    assert_eq!(addresses()?, before);
    machine.ok("docker rm -f other")?;
    Ok(())
}

macvlan_tests::tests! {
    a_container_on_both,
}
