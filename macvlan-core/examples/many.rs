//! Attaches many containers in one call, which has one result for each:
//! `many PARENT ADDRESS/LENGTH PID [ADDRESS/LENGTH PID]...`
//!
//! A container that cannot be attached does not stop the others.

use std::error::Error;
use std::io::stdin;

use macvlan_core::{Attachment, Endpoint, Host, NetNs};

fn main() {
    if let Err(error) = run() {
        eprintln!("{error}");
        std::process::exit(1);
    }
}

fn run() -> Result<(), Box<dyn Error>> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [parent, containers @ ..] = &arguments[..] else {
        return Err("usage: many PARENT ADDRESS/LENGTH PID [ADDRESS/LENGTH PID]...".into());
    };
    let host = Host::open()?;
    let mut wanted = Vec::new();
    for container in containers.chunks_exact(2) {
        let endpoint = Endpoint::new("eth0", parent)?.address(container[0].parse()?);
        wanted.push((endpoint, NetNs::from_pid(container[1].parse()?)?));
    }
    let results = host.attach_all(wanted.iter().map(|(endpoint, netns)| (endpoint, netns)));
    let mut attached: Vec<Attachment> = Vec::new();
    for result in results {
        match result {
            Ok(eth0) => attached.push(eth0),
            Err(error) => println!("{error}"),
        }
    }
    println!("{} of {} are attached; press Enter to detach them", attached.len(), wanted.len());
    stdin().read_line(&mut String::new())?;
    // In parallel, because the kernel takes 16 ms to remove a link.
    for detached in host.detach_all(&attached) {
        detached?;
    }
    println!("{} are detached", attached.len());
    Ok(())
}
