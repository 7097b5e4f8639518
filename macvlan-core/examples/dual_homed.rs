//! Connects a container to two LANs, and it answers each over the interface that was asked:
//! `dual_homed PID PARENT ADDRESS/LENGTH@GATEWAY PARENT2 ADDRESS2/LENGTH@GATEWAY2`
//!
//! The default route leads over the first LAN. The second has a routing table of its own, and a rule
//! that sends packets from its address there. Without it, an answer to a request through the second
//! router would leave through the first, which drops it.

use std::error::Error;
use std::io::stdin;

use macvlan_core::{Assignment, Endpoint, Host, NetNs};

fn main() {
    if let Err(error) = run() {
        eprintln!("{error}");
        std::process::exit(1);
    }
}

fn run() -> Result<(), Box<dyn Error>> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [pid, first, on_first, second, on_second] = &arguments[..] else {
        return Err(
            "usage: dual_homed PID PARENT ADDRESS/LENGTH@GATEWAY PARENT2 ADDRESS2/LENGTH@GATEWAY2"
                .into(),
        );
    };
    let host = Host::open()?;
    let container = NetNs::from_pid(pid.parse()?)?;
    let eth0 = Endpoint::new("eth0", first)?.assignment(on_first.parse()?);
    let on_second: Assignment = on_second.parse()?;
    let eth1 = Endpoint::new("eth1", second)?.assignment(on_second).source_routing(100);

    let attached = [host.attach(&eth0, &container)?, host.attach(&eth1, &container)?];
    for interface in &attached {
        println!("{} has {}", interface.name(), interface.addresses()[0]);
    }
    println!("press Enter to detach both");
    stdin().read_line(&mut String::new())?;
    for detached in host.detach_all(&attached) {
        detached?;
    }
    Ok(())
}
