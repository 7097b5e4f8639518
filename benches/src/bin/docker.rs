//! Compares the Docker plugin with Docker's own macvlan driver: `docker COMMAND ROUNDS CONTAINERS`,
//! called by `benches/run docker`. COMMAND is the program `macvlan`. Prints the times of requests to
//! Docker's daemon as Markdown.
//!
//! In each round all networks take turns: a container that runs is connected and disconnected. Then
//! CONTAINERS are started in each network, by turns too.

use std::io::{Read as _, Write as _};
use std::os::unix::net::UnixStream;
use std::path::PathBuf;
use std::time::{Duration, Instant};

use macvlan_benches::{Outcome, Quantiles};
use macvlan_tests::{Debian, Machine, Stop, eventually};
use serde_json::{Value, json};

/// A network of Docker, and the times of its requests.
struct Network {
    name: &'static str,
    id: &'static str,
    connected: Vec<Duration>,
    disconnected: Vec<Duration>,
    started: Vec<Duration>,
}

/// The networks, and how they are created.
const NETWORKS: [(&str, &str, &str); 4] = [
    ("own", "Docker's own macvlan driver", "-d macvlan -o parent=ens33 --subnet 10.1.0.0/16"),
    ("moved", "the plugin", "-d lan --ipam-driver lan -o parent=ens33 --subnet 10.2.0.0/16"),
    (
        "direct",
        "the plugin, `-o direct=on`",
        "-d lan --ipam-driver lan -o parent=ens33 -o direct=on --subnet 10.3.0.0/16",
    ),
    (
        "ipam",
        "the plugin, with Docker's IPAM driver",
        "-d lan -o parent=ens33 --subnet 10.4.0.0/16",
    ),
];

/// Docker's daemon.
struct Daemon(PathBuf);

impl Daemon {
    /// Sends a request, and returns the answer and the time that it took.
    fn post(&self, path: &str, body: &Value) -> Outcome<(Value, Duration)> {
        let body = body.to_string();
        let request = format!(
            "POST {path} HTTP/1.0\r\nHost: docker\r\nContent-Type: application/json\r\n\
             Content-Length: {}\r\n\r\n{body}",
            body.len()
        );
        let started = Instant::now();
        let mut stream = UnixStream::connect(&self.0)?;
        stream.write_all(request.as_bytes())?;
        let mut answer = String::new();
        stream.read_to_string(&mut answer)?;
        let took = started.elapsed();
        let (head, body) = answer.split_once("\r\n\r\n").ok_or("the answer is not HTTP")?;
        let status = head.split(' ').nth(1).unwrap_or_default();
        if !status.starts_with('2') {
            return Err(format!("{path}: {status} {body}").into());
        }
        Ok((serde_json::from_str(body).unwrap_or_default(), took))
    }
}

fn main() -> Outcome {
    let mut arguments = std::env::args().skip(1);
    let mut next = || arguments.next().ok_or("docker COMMAND ROUNDS CONTAINERS");
    let (command, rounds, containers) = (next()?, next()?.parse()?, next()?.parse()?);
    let networks = measure(&command, rounds, containers);
    let networks = networks.map_err(|stop: Stop| format!("{stop:?}"))?;
    println!("| requests to dockerd, ms | connect | p99 | disconnect | p99 | start | p99 |");
    println!("|---|---|---|---|---|---|---|");
    for Network { name, connected, disconnected, started, .. } in networks {
        let all = [connected, disconnected, started].map(|times| Quantiles::of(name, times));
        let cells = all.map(|one| format!("{:.1} | {:.1}", one.median / 1000.0, one.p99 / 1000.0));
        println!("| {name} | {} |", cells.join(" | "));
    }
    Ok(())
}

fn measure(command: &str, rounds: usize, containers: usize) -> Result<Vec<Network>, Stop> {
    let machine = Machine::start(Debian::Trixie, command)?;
    machine.ok("macvlan docker >/var/log/agent.log 2>&1 </dev/null &")?;
    eventually("the plugin does not listen", || {
        Ok(machine.run("test -S /run/docker/plugins/lan.sock")?.status.success())
    })?;
    machine.start_docker()?;
    machine.ok("docker network create --subnet 10.9.0.0/24 bridge1")?;
    machine.ok("docker run -d --network bridge1 --name c1 busybox sleep 100000")?;
    let daemon = Daemon(machine.root().join("run/docker.sock"));
    let mut networks = Vec::new();
    for (id, name, options) in NETWORKS {
        machine.ok(&format!("docker network create {options} {id}"))?;
        let (connected, disconnected, started) = Default::default();
        networks.push(Network { name, id, connected, disconnected, started });
    }
    for round in 0..=rounds {
        for network in &mut networks {
            let request = json!({ "Container": "c1" });
            let path = |verb: &str| format!("/networks/{}/{verb}", network.id);
            let connected = daemon.post(&path("connect"), &request)?.1;
            let disconnected = daemon.post(&path("disconnect"), &request)?.1;
            // The first one is of a plugin that Docker does not know yet.
            if round > 0 {
                network.connected.push(connected);
                network.disconnected.push(disconnected);
            }
        }
        networks.rotate_left(1);
    }
    // All of them stay, so that each start is beside as many others as those of the other networks.
    for at in 0..containers {
        for network in &mut networks {
            let name = format!("{}{at}", network.id);
            let container = json!({
                "Image": "busybox", "Cmd": ["sleep", "100000"],
                "HostConfig": { "NetworkMode": network.id },
            });
            daemon.post(&format!("/containers/create?name={name}"), &container)?;
            let start = format!("/containers/{name}/start");
            network.started.push(daemon.post(&start, &Value::Null)?.1);
        }
        networks.rotate_left(1);
    }
    networks.sort_by_key(|network| NETWORKS.iter().position(|(id, ..)| *id == network.id));
    Ok(networks)
}
