//! The answer to `setup`.

use macvlan_network::{Connection, NetworkConfig};
use serde_json::{Value, json};

use crate::runtime_network::gateway;

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
