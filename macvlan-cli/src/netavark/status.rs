//! The answer to `setup`.

use std::net::IpAddr;

use ipnet::IpNet;
use macvlan_network::{Connection, NetworkConfig};
use serde_json::{Value, json};

/// Returns a container's interface, which `podman inspect` shows.
pub(super) fn of(connection: &Connection, config: &NetworkConfig) -> Value {
    let addresses = connection.lease().addresses.iter();
    let subnets = addresses.map(|net| {
        let gateway = gateway(net, config).map(|gateway| gateway.to_string());
        json!({ "ipnet": net.to_string(), "gateway": gateway })
    });
    let interface = json!({
        "mac_address": connection.mac().to_string(),
        "subnets": subnets.collect::<Vec<_>>(),
    });
    json!({
        "dns_search_domains": [],
        "dns_server_ips": [],
        "interfaces": { connection.interface().to_string(): interface },
    })
}

fn gateway(address: &IpNet, config: &NetworkConfig) -> Option<IpAddr> {
    let mut subnets = config.get_subnets().iter();
    let subnet = subnets.find(|subnet| subnet.get_net() == address.trunc())?;
    subnet.get_gateway().filter(|_| !config.get_internal())
}
