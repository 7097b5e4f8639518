//! Gives a process's network namespace an interface and removes it again:
//! `attach PID PARENT ADDRESS/LENGTH[@GATEWAY]`
//!
//! Needs root. `tests/support/strace-faults` runs it with failing system calls.

use std::error::Error;

use macvlan_core::{Endpoint, Host, NetNs};

fn main() -> Result<(), Box<dyn Error>> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [pid, parent, assignment] = &arguments[..] else {
        return Err("usage: attach PID PARENT ADDRESS/LENGTH[@GATEWAY]".into());
    };
    let host = Host::open()?;
    let container = NetNs::from_pid(pid.parse()?)?;
    let endpoint = Endpoint::new("eth0", parent.as_str())?.assignment(assignment.parse()?);
    let attachment = host.attach(&endpoint, &container).map_err(|error| error.to_string())?;
    println!("{} has {}", attachment.name(), attachment.mac());
    host.detach(&attachment).map_err(|error| error.to_string())?;
    Ok(())
}
