//! Names by DNS, as containers of Docker and Podman see them.

use macvlan_tests::{Debian, Machine, Outcome, eventually};

use crate::common::{machine, scenes, start_plugin};
use crate::{netavark, podman_cni};

/// Writes the configuration of an agent with names at the host's address.
fn configure(machine: &Machine) -> Outcome {
    machine.write(
        "/etc/macvlan.toml",
        "[agent]\ninterval = \"1s\"\naccess = [\"ens33\"]\n[agent.dns]\nlisten = [\"access\"]\n",
    )
}

/// Starts the agent.
fn serve(machine: &Machine) -> Outcome {
    configure(machine)?;
    machine.ok("macvlan agent >/var/log/agent.log 2>&1 </dev/null &")?;
    Ok(())
}

/// Waits until a container finds a name.
#[track_caller]
pub(crate) fn finds(machine: &Machine, enter: &str, name: &str, address: &str) -> Outcome {
    let line = format!("{enter} busybox nslookup {name}");
    let found = || {
        let output = machine.run(&line)?;
        Ok(String::from_utf8_lossy(&output.stdout).contains(&format!(": {address}")))
    };
    match eventually("the name is not found", found) {
        Ok(()) => Ok(()),
        Err(stop) => {
            let output = machine.run(&line)?;
            let log = machine.ok("cat /var/log/agent.log")?;
            Err(format!("{stop:?}: {line}: {output:?}: {log}").into())
        }
    }
}

fn a_container_of_docker(debian: Debian) -> Outcome {
    let machine = machine(debian)?;
    machine.start_docker()?;
    machine.ok("macvlan network create vlan10 -o parent=ens33 --subnet 172.16.104.0/24 \
         --gateway 172.16.104.1 --ip-range 172.16.104.128/26")?;
    serve(&machine)?;
    // With an interface of ours alone.
    for (name, address) in [("test101", "172.16.104.130"), ("test201", "172.16.104.131")] {
        machine.ok(&format!(
            "docker run -d --network none --dns 172.16.104.2 --name {name} busybox sleep 1000"
        ))?;
        machine.ok(&format!("macvlan network connect vlan10 {name} --ip {address}"))?;
    }
    finds(&machine, "docker exec test101", "test201", "172.16.104.131")?;
    finds(&machine, "docker exec test101", "test201.vlan10", "172.16.104.131")?;

    // In a network of Docker's own, whose server in the container asks ours.
    machine.ok("docker network create -d macvlan -o parent=ens33 --subnet 172.16.104.0/24 \
         --gateway 172.16.104.1 --ip-range 172.16.104.192/26 dockers")?;
    machine
        .ok("docker run -d --network dockers --dns 172.16.104.2 --name other busybox sleep 1000")?;
    finds(&machine, "docker exec other", "test101", "172.16.104.130")?;
    Ok(())
}

/// Docker's own server does not know the containers of other networks.
fn a_container_of_the_plugin(debian: Debian) -> Outcome {
    let machine = machine(debian)?;
    configure(&machine)?;
    start_plugin(&machine)?;
    machine.start_docker()?;
    for (network, name, range, address) in [
        ("n1", "test101", "172.16.104.64/26", "172.16.104.70"),
        ("n2", "test201", "172.16.104.128/26", "172.16.104.130"),
    ] {
        machine.ok(&format!(
            "docker network create -d lan --ipam-driver lan -o parent=ens33 -o name={network} \
             --subnet 172.16.104.0/24 --gateway 172.16.104.1 --ip-range {range} {network}"
        ))?;
        machine.ok(&format!(
            "docker run -d --network {network} --ip {address} --dns 172.16.104.2 --name {name} busybox sleep 1000"
        ))?;
    }
    finds(&machine, "docker exec test101", "test201", "172.16.104.130")?;
    finds(&machine, "docker exec test201", "test101.n1", "172.16.104.70")?;
    Ok(())
}

fn a_container_of_podman(debian: Debian) -> Outcome {
    let machine = match debian {
        Debian::Bookworm => podman_cni::podman()?,
        Debian::Trixie => {
            let machine = netavark::podman()?;
            netavark::create_lan(&machine)?;
            machine
        }
    };
    serve(&machine)?;
    for (name, address) in [("test101", "172.16.104.70"), ("test201", "172.16.104.71")] {
        machine.ok(&format!(
            "podman run -d --network lan --ip {address} --dns 172.16.104.2 --name {name} busybox sleep 1000"
        ))?;
    }
    finds(&machine, "podman exec test101", "test201", "172.16.104.71")?;
    finds(&machine, "podman exec test201", "test101.lan", "172.16.104.70")?;
    Ok(())
}

scenes! {
    a_container_of_docker,
    a_container_of_the_plugin,
    a_container_of_podman,
}
