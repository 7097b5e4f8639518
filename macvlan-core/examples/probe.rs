//! Checks that nobody on the LAN has an address before a container gets it, and then announces it:
//! `probe PID PARENT ADDRESS/LENGTH`
//!
//! If another machine answers, the container gets nothing, and the error names that machine. The
//! announcement corrects neighbours that remember another MAC address for it.

use std::error::Error;

use macvlan_core::{Announce, Endpoint, Host, NetNs, Probe};

fn main() {
    if let Err(error) = run() {
        eprintln!("{error}");
        std::process::exit(1);
    }
}

fn run() -> Result<(), Box<dyn Error>> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [pid, parent, address] = &arguments[..] else {
        return Err("usage: probe PID PARENT ADDRESS/LENGTH".into());
    };
    let endpoint = Endpoint::new("eth0", parent)?
        .address(address.parse()?)
        .probe(Probe::quick()) // 0.3 s at most; Probe::rfc() takes the 4 to 9 s of RFC 5227
        .announce(Announce::once());
    let container = NetNs::from_pid(pid.parse()?)?;
    match Host::open()?.attach(&endpoint, &container) {
        Ok(eth0) => println!("{address} was free; {} has it now", eth0.mac()),
        Err(error) => match error.holder() {
            Some(holder) => println!("taken: {holder}"),
            None => return Err(error.into()),
        },
    }
    Ok(())
}
