//! Keeps a container attached while its parent goes and comes back, as a USB adapter or a bond does:
//! `keep PID PARENT ADDRESS/LENGTH`
//!
//! Ends with the container.

use std::error::Error;

use macvlan_core::{Endpoint, Host, KeepEventKind, NetNs};

fn main() {
    if let Err(error) = run() {
        eprintln!("{error}");
        std::process::exit(1);
    }
}

fn run() -> Result<(), Box<dyn Error>> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [pid, parent, address] = &arguments[..] else {
        return Err("usage: keep PID PARENT ADDRESS/LENGTH".into());
    };
    let endpoint = Endpoint::new("eth0", parent)?.address(address.parse()?);
    let keeper = Host::open()?.keep([(endpoint, NetNs::from_pid(pid.parse()?)?)])?;
    for eth0 in keeper.attachments() {
        println!("{} has {}", eth0.name(), eth0.mac());
    }
    for event in keeper {
        let event = event?;
        println!("{event}");
        if event.kind() == KeepEventKind::Ended {
            break;
        }
    }
    Ok(())
}
