//! The systemd units of the Docker plugin, in a guest that boots: Debian with Docker as its package
//! starts it.

use macvlan_tests::{Booted, Outcome, eventually};
use serde_json::Value;

use crate::common::{command, only_here};

const UNITS: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/systemd");
/// A network on the LAN of the guest.
const LAN: &str = "-d lan --ipam-driver lan -o parent=ens33 --subnet 172.16.104.0/24 \
     --gateway 172.16.104.1";
const STARTS: &str = "systemctl enable --now macvlan-docker.socket";

/// Runs a container that Docker starts again when it starts.
fn run(machine: &mut Booted, options: &str) -> Outcome {
    // `sleep` does not end by the signal that Docker sends first.
    machine.ok(&format!(
        "docker run -d --restart always --stop-signal KILL {options} busybox sleep 1000000"
    ))?;
    Ok(())
}

/// Returns the address that a running container has, and its MAC address, as `ip` shows them.
fn addresses(machine: &mut Booted, name: &str) -> Outcome<[Value; 2]> {
    eventually_runs(machine, name)?;
    let pid = machine.ok(&format!("docker inspect -f '{{{{.State.Pid}}}}' {name}"))?;
    let shown = machine.ok(&format!("nsenter -t {pid} -n ip -json address show dev eth0"))?;
    let eth0: Value = serde_json::from_str(&shown)?;
    Ok([eth0[0]["addr_info"][0]["local"].clone(), eth0[0]["address"].clone()])
}

/// Waits until a container runs and reaches the router.
fn eventually_runs(machine: &mut Booted, name: &str) -> Outcome {
    let ping = format!("docker exec {name} ping -c 1 -W 20 172.16.104.1");
    eventually(&format!("{name} does not reach the router"), || Ok(machine.run(&ping)?.0 == 0))
}

/// Returns the value of a unit's property.
fn property(machine: &mut Booted, unit: &str, name: &str) -> Outcome<String> {
    machine.ok(&format!("systemctl show --property {name} --value {unit}"))
}

/// Returns the names of the leases, once all have one.
fn leases(machine: &mut Booted) -> Outcome<Vec<String>> {
    let mut names = Vec::new();
    eventually("a lease has no name, or is left", || {
        let all: Value = serde_json::from_str(&machine.ok("macvlan network leases --json")?)?;
        let all = all.as_array().map(Vec::as_slice).unwrap_or_default();
        names = all.iter().filter_map(|one| one["name"].as_str()).map(str::to_owned).collect();
        names.sort();
        Ok(names.len() == all.len())
    })?;
    Ok(names)
}

/// The socket, by which Docker's first request starts the agent; the agent killed, Docker restarted,
/// and booted with the socket and without.
fn units() -> Outcome {
    only_here()?;
    let mut machine = Booted::start(&command(), UNITS)?;
    let machine = &mut machine;
    machine.ok("docker import /srv/busybox.tar busybox")?;
    machine.ok(STARTS)?;
    assert_eq!(property(machine, "macvlan-agent", "ActiveState")?, "inactive");
    assert_eq!(machine.ok("stat -c '%a %U' /run/docker/plugins/lan.sock")?, "600 root");

    machine.ok(&format!("docker network create {LAN} --ip-range 172.16.104.64/26 lan"))?;
    assert_eq!(property(machine, "macvlan-agent", "ActiveState")?, "active");
    run(machine, "--network lan --name web")?;
    assert_eq!(addresses(machine, "web")?, ["172.16.104.64", "02:42:ac:10:68:40"]);

    killed(machine)?;
    let before = addresses(machine, "web")?;
    machine.ok("systemctl restart docker")?;
    assert_eq!(addresses(machine, "web")?, before);
    assert_eq!(leases(machine)?, ["web"]);
    hardened(machine)?;

    // When all containers start at once, only a chosen address is certainly the same.
    run(machine, "--network lan --name db --ip 172.16.104.9")?;
    assert_eq!(addresses(machine, "db")?, ["172.16.104.9", "02:42:ac:10:68:09"]);
    machine.reboot()?;
    let since = |machine: &mut Booted, unit: &str, name: &str| -> Outcome<u64> {
        Ok(property(machine, unit, name)?.parse()?)
    };
    let socket = since(machine, "macvlan-docker.socket", "ActiveEnterTimestampMonotonic")?;
    let docker = since(machine, "docker.service", "InactiveExitTimestampMonotonic")?;
    let agent = since(machine, "macvlan-agent.service", "InactiveExitTimestampMonotonic")?;
    assert!(socket < docker && docker < agent, "{socket} {docker} {agent}");
    assert_eq!(addresses(machine, "db")?, ["172.16.104.9", "02:42:ac:10:68:09"]);
    eventually_runs(machine, "web")?;
    assert_eq!(leases(machine)?, ["db", "web"]);
    without_the_socket(machine)
}

/// The agent is killed: systemd starts it again, and all goes on.
fn killed(machine: &mut Booted) -> Outcome {
    machine.ok("kill -KILL $(systemctl show --property MainPID --value macvlan-agent)")?;
    eventually("systemd does not start the agent again", || {
        Ok(property(machine, "macvlan-agent", "NRestarts")? == "1"
            && property(machine, "macvlan-agent", "ActiveState")? == "active")
    })?;
    eventually_runs(machine, "web")?;
    machine.ok("docker restart web")?;
    assert_eq!(addresses(machine, "web")?, ["172.16.104.64", "02:42:ac:10:68:40"]);
    Ok(())
}

/// Everything that the agent can do, it can do as a service: change links of the host and inside of
/// containers, and answer queries at port 53.
fn hardened(machine: &mut Booted) -> Outcome {
    machine.ok("cat >/etc/macvlan.toml <<END\n\
         [agent]\naccess = [\"ens33\"]\n[agent.dns]\nlisten = [\"172.16.104.2\"]\nEND")?;
    machine.ok("systemctl restart macvlan-agent")?;
    machine.ok("docker exec web ping -c 1 -W 20 172.16.104.2")?;
    let answer = machine.ok("busybox nslookup web 172.16.104.2")?;
    assert!(answer.contains("172.16.104.64"), "{answer}");
    machine.ok(&format!(
        "docker network create {LAN} --ip-range 172.16.104.128/26 -o direct=on -o probe=on direct"
    ))?;
    machine.ok("docker network connect direct web")?;
    let inside = machine.ok("docker exec web ip address show dev lan0")?;
    assert!(inside.contains("172.16.104.128/24"), "{inside}");
    machine.ok("docker network disconnect direct web && docker network rm direct")?;
    machine.ok("rm /etc/macvlan.toml && systemctl restart macvlan-agent")?;
    Ok(())
}

/// Booted without the socket, so that Docker starts no container of the network; the socket comes
/// later.
fn without_the_socket(machine: &mut Booted) -> Outcome {
    machine.ok("systemctl disable macvlan-docker.socket")?;
    machine.reboot()?;
    assert_eq!(property(machine, "macvlan-docker.socket", "ActiveState")?, "inactive");
    assert_eq!(machine.ok("docker ps --quiet")?, "");
    machine.ok(STARTS)?;
    machine.ok("docker start web db")?;
    assert_eq!(addresses(machine, "db")?, ["172.16.104.9", "02:42:ac:10:68:09"]);
    eventually_runs(machine, "web")?;
    assert_eq!(leases(machine)?, ["db", "web"]);
    machine.ok("docker rm -f web db && docker network rm lan")?;
    assert_eq!(machine.ok("macvlan network list --json")?, "[]");
    Ok(())
}

macvlan_tests::tests! {
    only_with_long:
    units,
}
