//! Attaches containers on two connected hosts to their network: each has its own MAC and IP
//! address, and all ping each other.
//!
//! `cargo run --release --example quickstart`, as root or as an ordinary user. Everything is in new
//! network namespaces, which end with the program.

use macvlan_core::{Endpoint, NetNs};
use macvlan_tests::{Container, Lab, Matrix, Outcome, Place, become_root, table};

fn main() -> Outcome {
    become_root()?; // an ordinary user becomes root in a user namespace
    let lab = Lab::new()?; // host a and host b, with a cable between their links ens33

    let mut rows = vec![["container", "interface", "MAC", "address", "parent"].map(String::from)];
    let mut places = vec![
        Place::new("host a", &lab.a.netns, "192.168.15.1"),
        Place::new("host b", &lab.b.netns, "192.168.15.2"),
    ];
    let mut running = Vec::new();
    for (name, host, address) in [
        ("a1", &lab.a, "192.168.15.11/24"),
        ("a2", &lab.a, "192.168.15.12/24"),
        ("b1", &lab.b, "192.168.15.21/24"),
        ("b2", &lab.b, "192.168.15.22/24"),
    ] {
        let container = Container::start()?; // a process in an empty network namespace
        let netns = NetNs::from_pid(container.pid())?;
        let endpoint = Endpoint::new("eth0", "ens33")?.address(address.parse()?);
        let eth0 = host.host.attach(&endpoint, &netns)?;

        rows.push([
            format!("{name} (pid {})", container.pid()),
            eth0.name().to_string(),
            eth0.mac().to_string(),
            eth0.addresses()[0].to_string(),
            format!("{} on host {}", eth0.parent(), &name[..1]),
        ]);
        places.push(Place::new(name, &netns, eth0.addresses()[0].ip()));
        running.push((host, eth0, container));
    }
    println!("{}", table(&rows));

    // The kernel separates a host from its own macvlans; all others reach each other.
    let owner = [0, 1, 0, 0, 1, 1]; // of each place
    let is_host = |place| place < 2;
    let matrix =
        Matrix::ping(&places, |from, to| owner[from] != owner[to] || is_host(from) == is_host(to));
    println!("{matrix}");

    for (host, eth0, _container) in running {
        host.host.detach(&eth0)?;
    }
    match matrix.surprises() {
        none if none.is_empty() => Ok(()),
        surprises => Err(surprises.join(", ").into()),
    }
}
