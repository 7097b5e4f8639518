//! Lets the host and its container reach each other, which macvlan alone does not:
//! `host_access PID PARENT ADDRESS/LENGTH`
//!
//! The host gets a macvlan of its own on the parent, and a route to the container over it.

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
    let [pid, parent, address] = &arguments[..] else {
        return Err("usage: host_access PID PARENT ADDRESS/LENGTH".into());
    };
    let access = Host::open()?.access(parent)?;
    let endpoint = Endpoint::new("eth0", parent)?.address(address.parse()?);
    let eth0 = access.attach(&endpoint, &NetNs::from_pid(pid.parse()?)?)?;
    for route in access.routes() {
        println!("the host reaches {route}");
    }
    println!("press Enter to detach");
    stdin().read_line(&mut String::new())?;
    access.detach(&eth0)?;
    access.close()?; // removes the host's link
    Ok(())
}
