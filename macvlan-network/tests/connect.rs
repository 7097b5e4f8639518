//! Networks with a SQLite store, on the kernel: created, connected to, and removed again.
#![deny(dead_code)]

use std::net::IpAddr;
use std::path::PathBuf;

use macvlan_core::{Detached, NetNs};
use macvlan_network::{
    ErrorKind, MacFrom, Member, Network, NetworkConfig, Networks, Order, SqliteStore, Subnet,
};
use macvlan_tests::{
    Container, Lab, LabHost, Need, Outcome, ip_addresses, ip_do, ip_lines, ip_link, need, ping,
    silent,
};

/// A directory that goes with the test.
struct Directory(PathBuf);

impl Directory {
    fn new() -> Outcome<Self> {
        use std::sync::atomic::{AtomicU32, Ordering};
        static NUMBER: AtomicU32 = AtomicU32::new(0);
        let number = NUMBER.fetch_add(1, Ordering::Relaxed);
        let name = format!("macvlan-network-{}-{number}", std::process::id());
        let path = std::env::temp_dir().join(name);
        std::fs::create_dir(&path)?;
        Ok(Self(path))
    }

    fn networks(&self, host: &LabHost) -> Outcome<Networks> {
        let store = SqliteStore::open(self.0.join("networks.db"))?;
        Ok(Networks::new(host.host.clone(), store)?.with_host_name("a")?)
    }
}

impl Drop for Directory {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

fn subnet(text: &str) -> Outcome<Subnet> {
    Ok(Subnet::new(text)?)
}

fn ip(text: &str) -> IpAddr {
    text.parse().unwrap()
}

/// The thinnest whole way.
fn a_container_is_connected_and_disconnected() -> Outcome {
    let (lab, directory) = (Lab::new()?, Directory::new()?);
    let networks = directory.networks(&lab.a)?;
    let lan = networks.create(
        &NetworkConfig::new("lan")
            .parent("ens33")
            .subnet(subnet("192.168.15.0/24")?.gateway(ip("192.168.15.2"))),
    )?;
    let container = Container::start()?;
    let inside = container.netns()?;
    let before = ip_lines(&inside, "-o link show");
    let connection = lan.connect(&Member::new("c1").name("test101"), &inside)?;
    // .1 is host a's own: nobody looked, as with Docker. .2 is the gateway.
    assert_eq!(connection.addresses(), [ip("192.168.15.1")]);
    assert_eq!(connection.mac().to_string(), "02:42:c0:a8:0f:01");
    assert_eq!(ip_addresses(&inside, "eth0"), ["192.168.15.1/24"]);
    assert_eq!(ip_lines(&inside, "-4 route show default"), ["default via 192.168.15.2 dev eth0"]);
    assert!(ping(&inside, "192.168.15.2").is_some());
    let error = networks.network("lan")?.remove().unwrap_err();
    assert_eq!(error.kind(), ErrorKind::NetworkInUse, "{error}");
    assert_eq!(lan.disconnect("c1")?, Detached::Removed);
    assert_eq!(ip_lines(&inside, "-o link show").len(), before.len());
    assert_eq!(lan.leases()?, []);
    lan.remove()?;
    assert!(networks.list()?.is_empty());
    Ok(())
}

macvlan_tests::tests! {
    a_container_is_connected_and_disconnected,
}
