//! Connects a container to a network with an address from its pool, and finds it by its name:
//! `one_host DATABASE PARENT SUBNET PID NAME`
//!
//! The networks and leases of the host are in one SQLite file, which many processes can use.

use std::error::Error;

use macvlan_core::{Host, NetNs};
use macvlan_network::{ConnectOptions, NetworkConfig, Networks, SqliteStore, Subnet};

fn main() {
    if let Err(error) = run() {
        eprintln!("{error}");
        std::process::exit(1);
    }
}

fn run() -> Result<(), Box<dyn Error>> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [database, parent, subnet, pid, name] = &arguments[..] else {
        return Err("usage: one_host DATABASE PARENT SUBNET PID NAME".into());
    };
    let networks = Networks::new(Host::open()?, SqliteStore::open(database)?)?;
    // Creates the network, or finds it as it is described.
    let lan = NetworkConfig::new("lan").parent(parent).subnet(Subnet::new(subnet)?);
    let lan = networks.ensure(&lan)?.network;
    let connection =
        lan.connect(&ConnectOptions::new(name).name(name), &NetNs::from_pid(pid.parse()?)?)?;
    println!("{} has {:?}", connection.interface(), connection.addresses());
    println!("{name} is at {:?}", lan.resolve(name)?);
    // `lan.disconnect(name)` takes the interface and releases the addresses, also after the
    // container's end.
    Ok(())
}
