//! Connects a container to a network that many hosts share, each with containers of its own:
//! `many_hosts HOST ETCD PARENT SUBNET PID NAME`
//!
//! Started on each host with another name for HOST and the same etcd, for example
//! `http://10.0.0.7:2379`. No address is given twice, and each host finds the containers of all.

use std::error::Error;
use std::io::stdin;

use macvlan_core::{Host, NetNs};
use macvlan_network::{ConnectOptions, EtcdOptions, EtcdStore, NetworkConfig, Networks, Subnet};

fn main() {
    if let Err(error) = run() {
        eprintln!("{error}");
        std::process::exit(1);
    }
}

fn run() -> Result<(), Box<dyn Error>> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [host, etcd, parent, subnet, pid, name] = &arguments[..] else {
        return Err("usage: many_hosts HOST ETCD PARENT SUBNET PID NAME".into());
    };
    let store = EtcdStore::open(&EtcdOptions::new(host, [etcd]))?;
    let networks = Networks::new(Host::open()?, store)?;
    let lan = NetworkConfig::new("lan").parent(parent).subnet(Subnet::new(subnet)?);
    let lan = networks.ensure(&lan)?.network;
    let connection =
        lan.connect(&ConnectOptions::new(name).name(name), &NetNs::from_pid(pid.parse()?)?)?;
    println!("{} has {:?}", connection.interface(), connection.addresses());
    for lease in lan.leases()? {
        println!("{} is on {}", lease.container, lease.host);
    }
    // The host counts as alive while this process has the store open, and its leases are kept.
    println!("press Enter to disconnect");
    stdin().read_line(&mut String::new())?;
    lan.disconnect(name)?;
    Ok(())
}
