//! Reads the configuration of a network from its description.

use macvlan_core::{Host, Route};
use macvlan_network::{AddressRange, NetworkConfig, Subnet};

use crate::default_parent;
use crate::failure::{Done, Failure};
use crate::netavark::request;
use crate::network_options::NetworkOptions;

/// The runtime's name, on the networks that it describes.
pub(super) const RUNTIME: &str = "netavark";

/// The description of a network.
pub(super) struct Description {
    pub(super) config: NetworkConfig,
    /// The options that are not part of the configuration.
    pub(super) options: NetworkOptions,
}

impl Description {
    /// Reads the description of a network that is being created.
    ///
    /// If it has no subnets, some are chosen, unless it has no address management.
    pub(super) fn of_new(network: &request::Network, host: &Host) -> Done<Self> {
        let chooses = chooses_addresses(network)?;
        if let Some(why) = idle_dns_server(network) {
            return Err(Failure::usage(why));
        }
        let new = Self::read(network, chooses, host)?;
        // Later, Podman adds a gateway itself.
        for subnet in network.subnets.iter().flatten() {
            new.options.check_gateway(subnet.gateway)?;
        }
        Ok(new)
    }

    /// Reads the description of a network that was created with the subnets in it, or without any.
    pub(super) fn of_created(network: &request::Network, host: &Host) -> Done<Self> {
        Self::read(network, false, host)
    }

    fn read(network: &request::Network, chooses: bool, host: &Host) -> Done<Self> {
        let (options, config) = NetworkOptions::read(&network.name, network.options.as_ref())?;
        let mut config = with_parent(config, network.network_interface.as_deref(), host)?;
        let given = network.subnets.iter().flatten();
        let subnets = given.map(|one| subnet(one, options.gateway)).collect::<Done<_>>()?;
        let subnets = options.with_subnets(subnets)?;
        if subnets.is_empty() && !chooses {
            config = config.without_addresses();
        } else {
            let has_v6 = subnets.iter().any(|subnet| subnet.get_net().addr().is_ipv6());
            config = config.ipv6(network.ipv6_enabled || has_v6);
        }
        config = subnets.into_iter().fold(config.internal(network.internal), NetworkConfig::subnet);
        for one in network.routes.iter().flatten() {
            config = config.route(route(one)?);
        }
        options.check(&config)?;
        Ok(Self { config, options })
    }
}

/// Returns why a DNS server of the network has no effect, if it has one.
pub(super) fn idle_dns_server(network: &request::Network) -> Option<String> {
    let server = network.network_dns_servers.iter().flatten().next()?;
    Some(format!(
        "cannot use DNS server {server} of the network: the containers ask no DNS server of Podman, \
         which would forward to it; give it to each container, by podman run --dns"
    ))
}

/// Sets the parent to the link that the network names, or else to that of the default route.
fn with_parent(config: NetworkConfig, link: Option<&str>, host: &Host) -> Done<NetworkConfig> {
    let link = link.filter(|name| !name.is_empty());
    Ok(match (config.get_parent(), link) {
        (Some(parent), Some(link)) if parent.to_string() != link => {
            return Err(Failure::usage(format!(
                "cannot use both option parent={parent} and interface name {link}; give one"
            )));
        }
        (Some(_), _) => config,
        (None, Some(link)) => config.parent(link),
        (None, None) => config.parent(default_parent::of(host)?),
    })
}

/// Returns whether containers get addresses.
fn chooses_addresses(network: &request::Network) -> Done<bool> {
    let options = network.ipam_options.as_ref();
    let mut others = options.into_iter().flatten().filter(|(key, _)| *key != "driver");
    if let Some((key, value)) = others.next() {
        return Err(Failure::usage(format!(
            "cannot use IPAM option {key}={value}: not an option of a network; give options by -o"
        )));
    }
    let driver = options.and_then(|options| options.get("driver"));
    match driver.map_or("", String::as_str) {
        "" | "host-local" => Ok(true),
        "none" => Ok(false),
        other => Err(Failure::usage(format!(
            "cannot use IPAM driver {other}: containers get addresses of the subnets, or none; give \
             --subnet, or --ipam-driver none"
        ))),
    }
}

fn subnet(given: &request::Subnet, has_gateway: bool) -> Done<Subnet> {
    let subnet = Subnet::new(&given.subnet)?;
    let subnet = match given.gateway {
        _ if !has_gateway => subnet.without_gateway(),
        Some(gateway) => subnet.gateway(gateway),
        None => subnet,
    };
    let Some(range) = &given.lease_range else { return Ok(subnet) };
    let net = subnet.get_net();
    let first = range.start_ip.unwrap_or(net.network());
    let last = range.end_ip.unwrap_or(net.broadcast());
    Ok(subnet.range(AddressRange::new(first, last)?))
}

fn route(given: &request::Route) -> Done<Route> {
    let kind = given.route_type.as_deref().unwrap_or("unicast");
    let gateway = given.gateway.map(|gateway| format!(" via {gateway}")).unwrap_or_default();
    let metric = given.metric.map(|metric| format!(" metric {metric}")).unwrap_or_default();
    Ok(format!("{kind} {}{gateway}{metric}", given.destination).parse()?)
}
