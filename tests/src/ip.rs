//! Runs `ip` inside a namespace, to check results independently of the library.

use std::fmt;
use std::io::{self, Write as _};
use std::process::{Command, Output, Stdio};

use macvlan_core::NetNs;
use serde_json::Value;

/// Returns the output of `ip -d -j …` inside a namespace, as JSON, with links by their indexes.
///
/// # Panics
/// If `ip` fails; the panic shows its message.
#[track_caller]
pub fn ip(netns: &NetNs, arguments: &str) -> Value {
    let text = must(ip_try(netns, &format!("-d -j {arguments}")));
    // `ip` prints no output if the list is empty.
    if text.trim().is_empty() {
        return Value::Array(Vec::new());
    }
    let told = serde_json::from_str(&text);
    let mut told = must(told.map_err(|error| format!("ip {arguments}: {error}: {text}")));
    sort_links(&mut told);
    told
}

/// Sorts links by their indexes, as newer kernels list them. An older one lists them in the order
/// of a hash of the indexes, which attached links have at random.
pub(crate) fn sort_links(told: &mut Value) {
    if let Value::Array(links) = told {
        links.sort_by_key(|link| link["ifindex"].as_u64().unwrap_or(u64::MAX));
    }
}

/// Runs `ip …` inside a namespace, to change something.
///
/// # Panics
/// If `ip` fails.
#[track_caller]
pub fn ip_do(netns: &NetNs, arguments: &str) {
    must(ip_try(netns, arguments));
}

/// Returns the output of `ip …` inside a namespace, as trimmed lines.
///
/// # Panics
/// If `ip` fails.
#[track_caller]
pub fn ip_lines(netns: &NetNs, arguments: &str) -> Vec<String> {
    let text = must(ip_try(netns, arguments));
    text.lines().map(str::trim).filter(|line| !line.is_empty()).map(str::to_owned).collect()
}

/// Returns the link of `ip -d -j link show dev …`.
///
/// # Panics
/// If the link does not exist.
#[track_caller]
pub fn ip_link(netns: &NetNs, name: &str) -> Value {
    ip(netns, &format!("link show dev {name}"))[0].take()
}

/// Returns the addresses of `ip address show dev …`, as `10.0.0.2/24`, without the kernel's own
/// IPv6 addresses (`fe80::`).
///
/// # Panics
/// If the link does not exist.
#[track_caller]
pub fn ip_addresses(netns: &NetNs, name: &str) -> Vec<String> {
    let links = ip(netns, &format!("address show dev {name}"));
    let addresses = links[0]["addr_info"].as_array().cloned().unwrap_or_default();
    addresses
        .iter()
        .filter(|address| address["protocol"] != "kernel_ll")
        .filter_map(|address| Some((address["local"].as_str()?, &address["prefixlen"])))
        .filter(|(local, _)| !local.starts_with("fe80:"))
        .map(|(local, length)| format!("{local}/{length}"))
        .collect()
}

/// Returns the output of `ip … -batch -` inside a namespace, for several commands.
///
/// # Panics
/// If a command fails.
#[track_caller]
pub fn ip_batch(netns: &NetNs, options: &str, commands: &[&str]) -> String {
    must(run_ip(netns, &format!("{options} -batch -"), &(commands.join("\n") + "\n")))
}

/// Runs `ip -force -batch -` inside a namespace, which continues after a failed command.
pub fn ip_try_all(netns: &NetNs, commands: &[&str]) {
    let _ = run_ip(netns, "-force -batch -", &(commands.join("\n") + "\n"));
}

/// Returns the output of `ip …` inside a namespace, or its error message.
pub fn ip_try(netns: &NetNs, arguments: &str) -> Result<String, String> {
    run_ip(netns, arguments, "")
}

fn run_ip(netns: &NetNs, arguments: &str, input: &str) -> Result<String, String> {
    let complaint = |what: &dyn fmt::Display| format!("`ip {arguments}` in {netns}: {what}");
    let start = || -> io::Result<Output> {
        // A child starts in the namespace of the thread that creates it.
        let mut child = Command::new("ip")
            .args(arguments.split_whitespace())
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()?;
        // So few bytes fit into a pipe, even if `ip` does not read them.
        let _ = child.stdin.take().map(|mut pipe| pipe.write_all(input.as_bytes()));
        child.wait_with_output()
    };
    let output =
        netns.run(start).map_err(|error| complaint(&error))?.map_err(|error| complaint(&error))?;
    if output.status.success() {
        Ok(String::from_utf8_lossy(&output.stdout).into_owned())
    } else {
        Err(complaint(&String::from_utf8_lossy(&output.stderr).trim()))
    }
}

/// Sets a sysctl under `net.` inside a namespace, given by its path: `ipv6/conf/all/forwarding`.
///
/// # Panics
/// If the kernel refuses it.
#[track_caller]
pub fn sysctl(netns: &NetNs, name: &str, value: &str) {
    // `/proc/sys/net` shows each thread its own namespace.
    let written = netns.run(|| std::fs::write(format!("/proc/sys/net/{name}"), value));
    let complaint = |error: &dyn fmt::Display| format!("sysctl net/{name}={value}: {error}");
    must(
        written
            .map_err(|error| complaint(&error))
            .and_then(|written| written.map_err(|error| complaint(&error))),
    );
}

#[track_caller]
fn must<T>(result: Result<T, String>) -> T {
    match result {
        Ok(value) => value,
        Err(complaint) => panic!("{complaint}"),
    }
}
