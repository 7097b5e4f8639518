//! Gives a container, found by the pid of one of its processes, an interface on the LAN:
//! `attach PID PARENT ADDRESS/LENGTH[@GATEWAY]`
//!
//! The pid of a Docker container is printed by `docker inspect -f '{{.State.Pid}}' NAME`.
//! `tests/support/strace-faults` runs it with failing system calls.

use std::error::Error;
use std::io::stdin;

use macvlan_core::{Endpoint, Host, NetNs};

fn main() {
    if let Err(error) = run() {
        eprintln!("{error}");
        std::process::exit(1);
    }
}

fn run() -> Result<(), Box<dyn Error>> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [pid, parent, assignment] = &arguments[..] else {
        return Err("usage: attach PID PARENT ADDRESS/LENGTH[@GATEWAY]".into());
    };
    let host = Host::open()?;
    let container = NetNs::from_pid(pid.parse()?)?;
    let endpoint = Endpoint::new("eth0", parent)?.assignment(assignment.parse()?);
    let eth0 = host.attach(&endpoint, &container)?;
    println!("{} has {}; press Enter to detach it", eth0.name(), eth0.mac());
    stdin().read_line(&mut String::new())?;
    host.detach(&eth0)?;
    Ok(())
}
