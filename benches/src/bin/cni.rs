//! Compares the CNI plugin with the reference plugins: `cni [--rounds N] OURS PLUGINS`, called by
//! `benches/run cni`. OURS is the program, PLUGINS the directory with `macvlan` and `host-local`.
//! Prints the times of whole processes as Markdown.
//!
//! Both write below one temporary directory. In each round, all take turns in random order, each
//! with a container of its own.

use std::io::Write as _;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use macvlan_benches::{Outcome, Quantiles, Stage};
use macvlan_tests::{Directory, ip_addresses};
use serde_json::{Value, json};

/// A plugin with a configuration.
struct Plugin<'a> {
    name: &'static str,
    program: &'a Path,
    config: Value,
    addresses: usize,
    /// Takes part once in this many rounds.
    every: usize,
    added: Vec<Duration>,
    deleted: Vec<Duration>,
}

impl Plugin<'_> {
    /// Runs a verb for a container, and returns how long the process took.
    fn run(&self, verb: &str, id: &str, pid: u32, path: &Path) -> Outcome<Duration> {
        let mut command = Command::new(self.program);
        command
            .env("CNI_COMMAND", verb)
            .env("CNI_CONTAINERID", id)
            .env("CNI_NETNS", format!("/proc/{pid}/ns/net"))
            .env("CNI_IFNAME", "eth0")
            .env("CNI_PATH", path)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped());
        let config = self.config.to_string();
        let started = Instant::now();
        let mut child = command.spawn()?;
        child.stdin.take().map_or(Ok(()), |mut pipe| pipe.write_all(config.as_bytes()))?;
        let output = child.wait_with_output()?;
        let took = started.elapsed();
        if output.status.success() {
            return Ok(took);
        }
        let said = String::from_utf8_lossy(&output.stdout);
        Err(format!("{} {verb}: {said}", self.name).into())
    }
}

fn main() -> Outcome {
    let mut arguments = std::env::args().skip(1).peekable();
    let mut rounds = 200;
    if arguments.next_if(|argument| argument == "--rounds").is_some() {
        rounds = arguments.next().ok_or("--rounds needs a value")?.parse()?;
    }
    let usage = "cni [--rounds N] OURS PLUGINS";
    let (ours, plugins) = (arguments.next().ok_or(usage)?, arguments.next().ok_or(usage)?);
    let (ours, plugins) = (Path::new(&ours), Path::new(&plugins));
    let directory = Directory::new().map_err(|stop| format!("{stop:?}"))?;
    let reference = plugins.join("macvlan");
    let data = directory.path().join("host-local").display().to_string();
    let db = directory.path().join("n.db").display().to_string();
    let ipam = |of_us: bool, more: Value| {
        let mut ipam = if of_us {
            json!({ "type": "lan", "db": db })
        } else {
            json!({ "type": "host-local", "dataDir": data })
        };
        for (key, value) in more.as_object().into_iter().flatten() {
            ipam[key] = value.clone();
        }
        ipam
    };
    let v4 = |net: &str| json!({ "subnet": net, "routes": [{ "dst": "0.0.0.0/0" }] });
    let dual = |net: &str, v6: &str| {
        json!({
            "ranges": [[{ "subnet": net }], [{ "subnet": v6 }]],
            "routes": [{ "dst": "0.0.0.0/0" }, { "dst": "::/0" }],
        })
    };
    let plugin = |name, of_us: bool, network: &str, (addresses, every), more| Plugin {
        name,
        program: if of_us { ours } else { &reference },
        config: json!({
            "cniVersion": "1.0.0", "name": network, "type": "lan", "master": "ens33",
            "ipam": ipam(of_us, more),
        }),
        addresses,
        every,
        added: Vec::new(),
        deleted: Vec::new(),
    };
    let mut all = [
        plugin("IPv4, the plugin", true, "a", (1, 1), v4("10.1.0.0/16")),
        plugin("IPv4, macvlan and host-local", false, "b", (1, 1), v4("10.2.0.0/16")),
        plugin("IPv4 and IPv6, the plugin", true, "c", (2, 1), dual("10.3.0.0/16", "fd03::/64")),
        plugin(
            "IPv4 and IPv6, macvlan and host-local",
            false,
            "d",
            (2, 20),
            dual("10.4.0.0/16", "fd04::/64"),
        ),
    ];
    let stage = Stage::with_siblings(0)?;
    stage.netns().run(|| race(&mut all, rounds, plugins))??;
    println!(
        "| ADD and DEL, whole processes | ADD median ms | p99 ms | DEL median ms | p99 ms | of |"
    );
    println!("|---|---|---|---|---|---|");
    for Plugin { name, added, deleted, .. } in all {
        let (add, del) = (Quantiles::of(name, added), Quantiles::of(name, deleted));
        let [a, b, c, d] = [add.median, add.p99, del.median, del.p99].map(|time| time / 1000.0);
        println!("| {name} | {a:.2} | {b:.2} | {c:.2} | {d:.2} | {} |", add.count);
    }
    Ok(())
}

fn race(all: &mut [Plugin<'_>], rounds: usize, path: &Path) -> Outcome {
    for round in 0..rounds {
        // Each follows each of the others equally often.
        let first = round % all.len();
        let order = if (round / all.len()) % 2 == 0 { 1 } else { all.len() - 1 };
        for at in 0..all.len() {
            let plugin = &mut all[(first + at * order) % all.len()];
            if round % plugin.every != 0 {
                continue;
            }
            let containers = Stage::containers(1)?;
            let (pid, id) = (containers[0].pid(), format!("c{round}"));
            let added = plugin.run("ADD", &id, pid, path)?;
            let found = ip_addresses(&containers[0].netns()?, "eth0");
            if found.len() != plugin.addresses {
                return Err(format!("{}: {found:?}", plugin.name).into());
            }
            let deleted = plugin.run("DEL", &id, pid, path)?;
            // The first one makes the network and the store.
            if round > 0 || rounds == 1 {
                plugin.added.push(added);
                plugin.deleted.push(deleted);
            }
        }
    }
    Ok(())
}
