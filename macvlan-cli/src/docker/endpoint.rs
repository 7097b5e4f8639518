//! The network driver: endpoints, which are the interfaces of containers.

use std::net::IpAddr;
use std::path::Path;
use std::time::Instant;

use ipnet::IpNet;
use macvlan_network::{ConnectOptions, Lease, Network};
use serde_json::{Value, json};
use tracing::warn;

use crate::docker::PREFIX;
use crate::docker::ipam::optional;
use crate::docker::leased::{disconnect, disconnect_from, is_allocated, log, sandbox, short};
use crate::docker::options::{DockerOptions, EndpointOptions};
use crate::docker::plugin::{Answer, Direct, Plugin, lock};
use crate::docker::request::{CreateEndpoint, OfEndpoint};
use crate::failure::{Done, Failure};
use crate::runtime_network;

/// The key of Docker's requests with the ports of `-p`.
const PORTS: &str = "com.docker.network.portmap";
/// The name of an interface that is made inside, of which Docker knows nothing.
const INSIDE: &str = "lan";

pub(super) fn create(plugin: &Plugin, request: &CreateEndpoint) -> Done<Answer> {
    let started = Instant::now();
    let network = plugin.stored.existing(&request.network)?;
    let options = EndpointOptions::read(&request.options)?;
    let is_direct = DockerOptions::of(network.config())?.direct;
    if is_direct {
        options.refuse_of_moved()?;
    }
    let ports = request.options.get(PORTS).and_then(Value::as_array);
    if ports.is_some_and(|ports| !ports.is_empty()) {
        let (network, endpoint) = (network.name(), short(&request.endpoint));
        warn!(network, endpoint, "published ports have no effect: the container is on the LAN");
    }
    // Docker repeats a request that was not answered.
    disconnect_from(&plugin.stored, &network, &request.endpoint, |_, _| {})?;
    let asked = &request.interface;
    let mut connect = ConnectOptions::new(&request.endpoint).default_route(false);
    let name = options.interface.as_ref().map_or(PREFIX, |name| name.as_str());
    connect = connect.interface(name);
    let mac = if asked.mac.is_empty() { options.mac()? } else { Some(asked.mac.parse()?) };
    connect = mac.into_iter().fold(connect, ConnectOptions::mac);
    let mut promised = None;
    for text in [&asked.v4, &asked.v6] {
        let Some(address) = optional(text)? else { continue };
        // A lease of Docker's own IPAM driver is only made now.
        connect = match plugin.stored.holder(&network, address)?.filter(is_allocated) {
            Some(lease) => {
                promised = promised.or(lease.mac);
                connect.take(&lease.endpoint)
            }
            None => connect.address(address),
        };
    }
    let mac = if let Some(mac) = mac.or(promised).filter(|_| is_direct) {
        let direct = Direct { options: connect.mac(mac), interface: options.interface };
        lock(&plugin.direct).insert(request.endpoint.clone(), direct);
        mac
    } else {
        let link = network.create_link(&connect)?;
        log(&network, link.lease(), started, "connected an endpoint");
        link.mac()
    };
    let chosen =
        if asked.mac.is_empty() { json!({ "MacAddress": mac.to_string() }) } else { json!({}) };
    Ok(json!({ "Interface": chosen }))
}

pub(super) fn join(plugin: &Plugin, request: &OfEndpoint) -> Done<Answer> {
    let network = plugin.stored.existing(&request.network)?;
    let direct = lock(&plugin.direct).remove(&request.endpoint);
    if let Some(direct) = direct {
        join_inside(&network, &direct, request)?;
    }
    let lease = network.lease(&request.endpoint)?.ok_or_else(|| {
        Failure::not_found(format!(
            "cannot join endpoint {}: it has no lease; start the container again",
            request.endpoint
        ))
    })?;
    let options = DockerOptions::of(network.config())?;
    let mut answer = json!({
        "StaticRoutes": routes(&network, &lease),
        // Else a container without a gateway gets one of Docker's, by a bridge.
        "DisableGatewayService": true,
    });
    if let Some(link) = lease.link {
        let name = lease.interface.as_str();
        let mut names = json!({ "SrcName": link.as_str(), "DstPrefix": PREFIX });
        if name != PREFIX {
            names["DstName"] = json!(name);
            // Docker before 28 knows no whole names, and numbers every interface.
            let prefix = name.trim_end_matches(|one: char| one.is_ascii_digit());
            names["DstPrefix"] = json!(if prefix.is_empty() { PREFIX } else { prefix });
        }
        answer["InterfaceName"] = names;
    }
    for net in lease.addresses.iter().filter(|_| options.shared.default_route) {
        if let Some(gateway) = runtime_network::gateway(net, network.config()) {
            let key = if net.addr().is_ipv6() { "GatewayIPv6" } else { "Gateway" };
            answer[key] = json!(gateway.to_string());
        }
    }
    plugin.finisher.joined(&request.network, &request.endpoint, &request.sandbox);
    Ok(answer)
}

/// Makes an interface inside the container; in the host, if there is no container yet.
fn join_inside(network: &Network, direct: &Direct, request: &OfEndpoint) -> Done {
    let started = Instant::now();
    let Some(netns) = sandbox(Path::new(&request.sandbox))? else {
        let link = network.create_link(&direct.options)?;
        log(network, link.lease(), started, "connected an endpoint, to be moved");
        return Ok(());
    };
    let mut number = 0;
    let connection = loop {
        let chosen = || format!("{INSIDE}{number}");
        let name = direct.interface.map_or_else(chosen, |name| name.to_string());
        match network.connect(&direct.options.clone().interface(name), &netns) {
            Err(error)
                if number < 64
                    && direct.interface.is_none()
                    && error.core().is_some_and(|error| {
                        error.kind() == macvlan_core::ErrorKind::NameTaken
                    }) =>
            {
                number += 1;
            }
            connection => break connection?,
        }
    };
    log(network, connection.lease(), started, "connected an endpoint inside");
    Ok(())
}

/// Deletes an endpoint, now or later: Docker does not expect a failure.
pub(super) fn delete(plugin: &Plugin, request: &OfEndpoint) {
    lock(&plugin.direct).remove(&request.endpoint);
    let before = |network: &Network, lease: &Lease| {
        // Docker releases the addresses next, when others may have them.
        plugin.expect_release(network, lease.addresses.iter().map(IpNet::addr));
        lock(&plugin.remembered).add(lease);
    };
    if let Err(failure) = disconnect(&plugin.stored, &request.network, &request.endpoint, before) {
        let why = failure.in_one_line();
        let endpoint = short(&request.endpoint);
        warn!(endpoint, "cannot disconnect an endpoint yet: {why}");
        plugin.finisher.disconnect(&request.network, &request.endpoint);
    }
}

/// Returns the routes that Docker is to add.
fn routes(network: &Network, lease: &Lease) -> Vec<Value> {
    let config = network.config();
    let is_for = |gateway: IpAddr| {
        let mut subnets =
            config.get_subnets().iter().filter(|one| one.get_net().contains(&gateway));
        let has = |net: &IpNet| lease.addresses.iter().any(|one| one.trunc() == *net);
        // One that is in no subnet is reached through another route.
        subnets.next().is_none_or(|subnet| has(&subnet.get_net()))
    };
    let all = config.get_routes().iter();
    let its = all.filter(|route| route.get_gateway().is_none_or(is_for));
    let described = its.map(|route| {
        let destination = route.get_destination().to_string();
        match route.get_gateway() {
            Some(gateway) => {
                json!({ "Destination": destination, "RouteType": 0, "NextHop": gateway.to_string() })
            }
            None => json!({ "Destination": destination, "RouteType": 1 }),
        }
    });
    described.collect()
}
