//! The independent witness: `ip`, run inside a namespace. What it says is what is there.

use std::fmt;
use std::io::{self, Write as _};
use std::process::{Command, Output, Stdio};

use macvlan_core::NetNs;
use serde_json::Value;

/// `ip -d -j …` inside a namespace, as JSON.
///
/// # Panics
/// If `ip` refuses; the test fails with its words.
#[track_caller]
pub fn ip(netns: &NetNs, arguments: &str) -> Value {
    let text = must(ip_try(netns, &format!("-d -j {arguments}")));
    // `ip` prints nothing at all where there is nothing to list.
    if text.trim().is_empty() {
        return Value::Array(Vec::new());
    }
    must(serde_json::from_str(&text).map_err(|error| format!("ip {arguments}: {error}: {text}")))
}

/// `ip …` inside a namespace, to set something.
///
/// # Panics
/// If `ip` refuses.
#[track_caller]
pub fn ip_do(netns: &NetNs, arguments: &str) {
    must(ip_try(netns, arguments));
}

/// `ip …` inside a namespace: what it prints, line by line without the white space at the ends.
///
/// # Panics
/// If `ip` refuses.
#[track_caller]
pub fn ip_lines(netns: &NetNs, arguments: &str) -> Vec<String> {
    let text = must(ip_try(netns, arguments));
    text.lines().map(str::trim).filter(|line| !line.is_empty()).map(str::to_owned).collect()
}

/// `ip -d -j link show dev …`: the one link.
///
/// # Panics
/// If the link does not exist.
#[track_caller]
pub fn ip_link(netns: &NetNs, name: &str) -> Value {
    ip(netns, &format!("link show dev {name}"))[0].take()
}

/// `ip address show dev …`: the addresses as `10.0.0.2/24`, without those that the kernel makes by
/// itself for IPv6 (`fe80::`).
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

/// `ip … -batch -` inside a namespace: what it prints to several commands.
///
/// # Panics
/// If `ip` refuses one.
#[track_caller]
pub fn ip_batch(netns: &NetNs, options: &str, commands: &[&str]) -> String {
    must(run_ip(netns, &format!("{options} -batch -"), &(commands.join("\n") + "\n")))
}

/// `ip -force -batch -` inside a namespace: as many of the commands as it lets through.
pub fn ip_try_all(netns: &NetNs, commands: &[&str]) {
    let _ = run_ip(netns, "-force -batch -", &(commands.join("\n") + "\n"));
}

/// `ip …` inside a namespace: what it prints, or its complaint.
pub fn ip_try(netns: &NetNs, arguments: &str) -> Result<String, String> {
    run_ip(netns, arguments, "")
}

fn run_ip(netns: &NetNs, arguments: &str, input: &str) -> Result<String, String> {
    let complaint = |what: &dyn fmt::Display| format!("`ip {arguments}` in {netns}: {what}");
    let start = || -> io::Result<Output> {
        // A child begins in the namespace of the thread that starts it.
        let mut child = Command::new("ip")
            .args(arguments.split_whitespace())
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()?;
        // So little fits into a pipe, and `ip` need not read it.
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

/// Sets a sysctl under `net.` inside a namespace, named as its path: `ipv6/conf/all/forwarding`.
///
/// # Panics
/// If the kernel refuses it.
#[track_caller]
pub fn sysctl(netns: &NetNs, name: &str, value: &str) {
    // `/proc/sys/net` shows every thread its own namespace's.
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
