//! Starts many containers quickly, each in a namespace that was prepared with its link:
//! `pool PARENT COUNT`
//!
//! Creating a link takes the kernel most of the time of an attach. A pool does it in advance.

use std::error::Error;
use std::net::Ipv4Addr;
use std::process::Command;
use std::time::Instant;

use macvlan_core::{Address, Endpoint, Host};

fn main() {
    if let Err(error) = run() {
        eprintln!("{error}");
        std::process::exit(1);
    }
}

fn run() -> Result<(), Box<dyn Error>> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [parent, count] = &arguments[..] else {
        return Err("usage: pool PARENT COUNT".into());
    };
    let count: u8 = count.parse()?;
    let pool = Host::open()?.pool(parent, count.into())?;
    for number in 1..=count {
        let address: Address = format!("{}/16", Ipv4Addr::new(10, 0, 1, number)).parse()?;
        let endpoint = Endpoint::new("eth0", parent)?.address(address);
        let started = Instant::now();
        let (netns, eth0) = pool.attach(&endpoint)?;
        println!("{} has {address} after {:?}", eth0.mac(), started.elapsed());
        // The container's process starts in its namespace.
        netns
            .run(|| Command::new("ip").args(["-oneline", "address", "show", "eth0"]).status())??;
    }
    println!("{} are left; {} are made", pool.len(), pool.fill()?);
    Ok(())
}
