//! The requests of netavark: networks and containers as Podman describes them.
#![allow(clippy::struct_field_names)] // the protocol's

use std::net::IpAddr;

use serde::Deserialize;
use serde::de::IgnoredAny;

use crate::network_options::Options;

/// A network, without fields that are for others, such as labels.
#[derive(Debug, Deserialize)]
pub(super) struct Network {
    pub(super) name: String,
    pub(super) network_interface: Option<String>,
    pub(super) subnets: Option<Vec<Subnet>>,
    pub(super) routes: Option<Vec<Route>>,
    #[serde(default)]
    pub(super) ipv6_enabled: bool,
    #[serde(default)]
    pub(super) internal: bool,
    pub(super) options: Option<Options>,
    pub(super) ipam_options: Option<Options>,
    pub(super) network_dns_servers: Option<Vec<IpAddr>>,
}

#[derive(Debug, Deserialize)]
pub(super) struct Subnet {
    pub(super) subnet: String,
    pub(super) gateway: Option<IpAddr>,
    pub(super) lease_range: Option<LeaseRange>,
}

/// The first and the last address to be given; without one, that of the subnet.
#[derive(Debug, Deserialize)]
pub(super) struct LeaseRange {
    pub(super) start_ip: Option<IpAddr>,
    pub(super) end_ip: Option<IpAddr>,
}

#[derive(Debug, Deserialize)]
pub(super) struct Route {
    pub(super) destination: String,
    pub(super) gateway: Option<IpAddr>,
    pub(super) metric: Option<u32>,
    /// `unicast`, `blackhole`, `unreachable` or `prohibit`, since netavark 1.15.
    pub(super) route_type: Option<String>,
}

/// A container in a network.
#[derive(Debug, Deserialize)]
pub(super) struct Container {
    pub(super) container_id: String,
    pub(super) container_name: String,
    pub(super) network: Network,
    pub(super) network_options: PerNetwork,
    /// Ports of the host, `-p`.
    pub(super) port_mappings: Option<Vec<IgnoredAny>>,
}

/// The interface that a container has in one network.
#[derive(Debug, Deserialize)]
pub(super) struct PerNetwork {
    pub(super) aliases: Option<Vec<String>>,
    pub(super) interface_name: String,
    pub(super) static_ips: Option<Vec<IpAddr>>,
    pub(super) static_mac: Option<String>,
    pub(super) options: Option<Options>,
}
