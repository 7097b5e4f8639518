//! Compares the plugin with netavark's own driver: `netavark [--rounds N] PLUGIN NETAVARK [ARGUMENT]…`,
//! called by `benches/run netavark`. PLUGIN is the program `macvlan`, NETAVARK the command that runs
//! netavark. Prints the times of whole processes of netavark as Markdown.
//!
//! In each round both take turns, each with a container of its own. netavark's own driver is given
//! its address, which Podman chooses and stores before; the plugin chooses and stores it itself.

use std::io::Write as _;
use std::os::unix::fs::symlink;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use macvlan_benches::{Outcome, Quantiles, Stage};
use macvlan_tests::{Directory, ip_addresses};
use serde_json::{Value, json};

/// A driver of netavark.
struct Driver {
    name: &'static str,
    network: Value,
    set_up: Vec<Duration>,
    torn_down: Vec<Duration>,
}

impl Driver {
    fn new(name: &'static str, driver: &str, ipam: &str, subnets: &Value) -> Self {
        let network = json!({
            "name": driver, "id": "1".repeat(64), "driver": driver, "network_interface": "ens33",
            "subnets": subnets, "ipv6_enabled": true, "internal": false, "dns_enabled": false,
            "ipam_options": { "driver": ipam },
        });
        Self { name, network, set_up: Vec::new(), torn_down: Vec::new() }
    }

    /// Returns the request for a container; Podman has chosen its addresses for netavark's own
    /// driver.
    fn request(&self, round: usize) -> String {
        let name = self.network["name"].as_str().unwrap_or_default();
        let mut options = json!({ "interface_name": "eth0" });
        if name == "macvlan" {
            options["static_ips"] = json!(["10.1.0.2", "fd01::2"]);
        }
        json!({
            "container_id": format!("{round:064}"),
            "container_name": format!("c{round}"),
            "networks": { name: options },
            "network_info": { name: self.network },
        })
        .to_string()
    }
}

/// netavark, with a directory for its files.
struct Netavark {
    command: Vec<String>,
    directory: Directory,
}

impl Netavark {
    /// Runs a verb for a container, and returns how long the process took.
    fn run(&self, verb: &str, pid: u32, request: &str) -> Outcome<Duration> {
        let directory = self.directory.path();
        let mut command = Command::new(&self.command[0]);
        command
            .args(&self.command[1..])
            .args([directory.join("run").as_os_str(), verb.as_ref()])
            .arg(format!("/proc/{pid}/ns/net"))
            .env("MACVLAN_DB", directory.join("n.db"))
            .stdin(Stdio::piped())
            .stdout(Stdio::piped());
        let started = Instant::now();
        let mut child = command.spawn()?;
        child.stdin.take().map_or(Ok(()), |mut pipe| pipe.write_all(request.as_bytes()))?;
        let output = child.wait_with_output()?;
        let took = started.elapsed();
        if output.status.success() {
            return Ok(took);
        }
        Err(format!("netavark {verb}: {}", String::from_utf8_lossy(&output.stdout)).into())
    }
}

fn main() -> Outcome {
    let mut arguments = std::env::args().skip(1).peekable();
    let mut rounds = 200;
    if arguments.next_if(|argument| argument == "--rounds").is_some() {
        rounds = arguments.next().ok_or("--rounds needs a value")?.parse()?;
    }
    let plugin = arguments.next().ok_or("netavark [--rounds N] PLUGIN NETAVARK [ARGUMENT]…")?;
    let directory = Directory::new().map_err(|stop| format!("{stop:?}"))?;
    std::fs::create_dir(directory.path().join("plugins"))?;
    symlink(std::fs::canonicalize(plugin)?, directory.path().join("plugins/lan"))?;
    let mut command: Vec<String> = arguments.collect();
    command.push("--plugin-directory".to_owned());
    command.push(directory.path().join("plugins").display().to_string());
    command.push("--config".to_owned());
    let netavark = Netavark { command, directory };
    let subnets = |v4: &str, v6: &str| json!([{ "subnet": v4 }, { "subnet": v6 }]);
    let mut both = [
        Driver::new(
            "the plugin, with its lease",
            "lan",
            "none",
            &subnets("10.2.0.0/16", "fd02::/64"),
        ),
        Driver::new(
            "its own driver `macvlan`, with given addresses",
            "macvlan",
            "host-local",
            &json!([
                { "subnet": "10.1.0.0/16", "gateway": "10.1.0.1" },
                { "subnet": "fd01::/64", "gateway": "fd01::1" },
            ]),
        ),
    ];
    let stage = Stage::with_siblings(0)?;
    stage.netns().run(|| race(&mut both, rounds, &netavark))??;
    println!(
        "| netavark, whole processes | setup median ms | p99 ms | teardown median ms | p99 ms | of |"
    );
    println!("|---|---|---|---|---|---|");
    for Driver { name, set_up, torn_down, .. } in both {
        let (up, down) = (Quantiles::of(name, set_up), Quantiles::of(name, torn_down));
        let [a, b, c, d] = [up.median, up.p99, down.median, down.p99].map(|time| time / 1000.0);
        println!("| {name} | {a:.2} | {b:.2} | {c:.2} | {d:.2} | {} |", up.count);
    }
    Ok(())
}

fn race(both: &mut [Driver; 2], rounds: usize, netavark: &Netavark) -> Outcome {
    for round in 0..rounds {
        both.reverse();
        for driver in both.iter_mut() {
            let containers = Stage::containers(1)?;
            let (pid, request) = (containers[0].pid(), driver.request(round));
            let set_up = netavark.run("setup", pid, &request)?;
            let found = ip_addresses(&containers[0].netns()?, "eth0");
            if found.len() != 2 {
                return Err(format!("{}: {found:?}", driver.name).into());
            }
            let torn_down = netavark.run("teardown", pid, &request)?;
            // The first one makes the network and the store.
            if round > 0 || rounds == 1 {
                driver.set_up.push(set_up);
                driver.torn_down.push(torn_down);
            }
        }
    }
    both.sort_by_key(|driver| driver.name);
    Ok(())
}
