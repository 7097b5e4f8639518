//! A network as `docker network inspect` would print it, for tools that read that.

use serde_json::{Map, Value, json};

use crate::error::Result;
use crate::lease::Lease;
use crate::network::Network;
use crate::range::AddressRange;
use crate::subnet::Subnet;

impl Network {
    /// The object that `docker network inspect` prints for a network, with its containers on all
    /// hosts.
    pub fn inspect(&self) -> Result<Value> {
        let config = self.config();
        let containers: Map<String, Value> = self
            .leases()?
            .iter()
            .map(|lease| (lease.container.clone(), container(lease)))
            .collect();
        let mut options = Map::new();
        options.insert("macvlan_mode".to_owned(), config.get_mode().to_string().into());
        options.insert("parent".to_owned(), self.parent().into());
        if let Some(mtu) = config.get_mtu() {
            options.insert("com.docker.network.driver.mtu".to_owned(), mtu.to_string().into());
        }
        for (key, value) in config.get_options() {
            options.insert(key.clone(), value.clone().into());
        }
        Ok(json!({
            "Name": self.name(),
            "Id": self.id(),
            "Created": self.created(),
            "Scope": if self.session.store.living_hosts()?.is_some() { "global" } else { "local" },
            "Driver": "macvlan",
            "EnableIPv4": config.has_family(false),
            "EnableIPv6": config.has_family(true),
            "IPAM": {
                "Driver": "default",
                "Options": {},
                "Config": config.get_subnets().iter().map(subnet).collect::<Vec<_>>(),
            },
            "Internal": config.is_internal(),
            "Attachable": false,
            "Ingress": false,
            "ConfigFrom": { "Network": "" },
            "ConfigOnly": false,
            "Containers": containers,
            "Options": options,
            "Labels": config.get_labels(),
        }))
    }
}

/// As Docker does, what was not given is left out.
fn subnet(subnet: &Subnet) -> Value {
    let mut made = Map::new();
    made.insert("Subnet".to_owned(), subnet.net().to_string().into());
    if !subnet.get_ranges().is_empty() {
        let ranges: Vec<String> = subnet.get_ranges().iter().map(text_of_range).collect();
        made.insert("IPRange".to_owned(), ranges.join(",").into());
    }
    if let Some(gateway) = subnet.get_gateway() {
        made.insert("Gateway".to_owned(), gateway.to_string().into());
    }
    if !subnet.get_reserved().is_empty() {
        made.insert("AuxiliaryAddresses".to_owned(), json!(subnet.get_reserved()));
    }
    made.into()
}

/// A single address as Docker writes it, too: `10.0.0.7/32`.
fn text_of_range(range: &AddressRange) -> String {
    range.net().map_or_else(|| range.to_string(), |net| net.to_string())
}

fn container(lease: &Lease) -> Value {
    let address = |v6: bool| {
        let found = lease.addresses.iter().find(|one| one.addr().is_ipv6() == v6);
        found.map(ToString::to_string).unwrap_or_default()
    };
    json!({
        "Name": lease.name.as_deref().unwrap_or(&lease.container),
        "EndpointID": lease.endpoint,
        "MacAddress": lease.mac.map(|mac| mac.to_string()).unwrap_or_default(),
        "IPv4Address": address(false),
        "IPv6Address": address(true),
    })
}
