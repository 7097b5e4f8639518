//! The network driver: networks.

use std::time::Instant;

use ipnet::IpNet;
use macvlan_core::Host;
use macvlan_network::{ErrorKind, Network, NetworkConfig, Subnet};
use serde_json::{Map, Value, json};
use tracing::info;

use crate::default_parent;
use crate::docker::options::{DockerOptions, NETWORK, given};
use crate::docker::plugin::{Answer, Plugin, lock};
use crate::docker::pools::Pool;
use crate::docker::request::{CreateNetwork, DeleteNetwork, GwAllocCheck, PoolData};
use crate::docker::{RUNTIME, ipam};
use crate::failure::{Done, Failure, status};
use crate::runtime_network;
use crate::store::is_here;

/// The key of Docker's requests that says whether a network is internal.
const INTERNAL: &str = "com.docker.network.internal";
/// The address space of Docker's IPAM driver `null`, which gives no addresses.
const NULL: &str = "null";
/// The number of digits of Docker's ids that the command `docker` shows.
const SHORT_ID: usize = 12;

/// Says whether Docker is to choose a gateway (since 28).
pub(super) fn check_gateway(request: &GwAllocCheck) -> Done<Answer> {
    let skip = is_internal(&request.options)
        || given(&request.options)?.get("gateway").is_some_and(|gateway| gateway == "none");
    Ok(json!({ "SkipIPv4": skip, "SkipIPv6": skip }))
}

pub(super) fn create(plugin: &Plugin, request: &CreateNetwork) -> Done<Answer> {
    let started = Instant::now();
    check_id(&request.network)?;
    let networks = plugin.stored.networks()?;
    if plugin.stored.network(&request.network)?.is_some() {
        // Docker repeats a request whose answer it did not get.
        return Ok(json!({}));
    }
    let options = given(&request.options)?;
    let short = request.network.get(..SHORT_ID).unwrap_or(&request.network);
    let (driver, mut config) = DockerOptions::read(short, &options)?;
    let (mut subnets, mut pools) = (Vec::new(), Vec::new());
    for data in request.v4.iter().chain(&request.v6) {
        if data.space == NULL {
            continue;
        }
        let pool = (data.space == ipam::SPACE).then(|| plugin.pools.take(data)).transpose()?;
        let named = pool.as_ref().and_then(|pool| pool.gateway).filter(|(_, is_named)| *is_named);
        driver.shared.check_gateway(named.map(|(gateway, _)| gateway))?;
        let internal = is_internal(&request.options);
        subnets.push(subnet(data, pool.as_ref(), driver.shared.gateway, internal)?);
        pools.extend(pool.map(|pool| pool.id));
    }
    if subnets.is_empty() {
        config = config.without_addresses();
    }
    let subnets = driver.shared.with_subnets(subnets)?;
    config = subnets.into_iter().fold(config, NetworkConfig::subnet);
    config = config.internal(is_internal(&request.options));
    config = with_parent(config, &plugin.stored.host)?;
    driver.shared.check(&config)?;
    config = options.iter().fold(config, |config, (key, value)| config.option(key, value));
    let name = config.get_name().to_owned();
    let network = runtime_network::put(networks, &name, RUNTIME, |had| {
        let mut config = config.clone().option(of(&request.network), pools.join(","));
        if let Some(had) = had {
            if !is_shared(had, &driver) {
                return Err(exists(&name));
            }
            let others = had.config().get_options().iter();
            for (key, pools) in others.filter(|(key, _)| key.starts_with(NETWORK)) {
                if *key != of(&request.network) {
                    config = config.option(key, pools);
                }
            }
        }
        Ok(config)
    })?;
    if let Some(first) = network.warnings().first() {
        // No container could be connected, and Docker shows no warnings of plugins.
        let failure = Failure::new(status::OTHER, first.clone());
        return Err(match remove(plugin, &request.network) {
            Ok(_) => failure,
            Err(other) => failure.and(other),
        });
    }
    let subnets: Vec<String> =
        network.config().get_subnets().iter().map(ToString::to_string).collect();
    info!(
        network = network.name(),
        parent = network.parent(),
        subnets = subnets.join(","),
        took = ?started.elapsed(),
        "created a network"
    );
    Ok(json!({}))
}

pub(super) fn delete(plugin: &Plugin, request: &DeleteNetwork) -> Done<Answer> {
    let started = Instant::now();
    if let Some(name) = remove(plugin, &request.network)? {
        info!(network = name, took = ?started.elapsed(), "deleted a network");
    }
    Ok(json!({}))
}

/// Removes Docker's network of this id, and returns its name in the store.
///
/// The one in the store is removed with the last of Docker's.
fn remove(plugin: &Plugin, id: &str) -> Done<Option<String>> {
    let mut collected = false;
    loop {
        let Some(network) = plugin.stored.network(id)? else { return Ok(None) };
        let (name, store_id) = (network.name().to_owned(), network.id().to_owned());
        let (in_use, mut options) = (network.clone(), network.config().get_options().clone());
        options.remove(&of(id));
        let removed = if options.keys().any(|key| key.starts_with(NETWORK)) {
            let config = network.config().clone().clear_options();
            let config =
                options.iter().fold(config, |config, (key, value)| config.option(key, value));
            network.update(&config).map(drop)
        } else {
            network.remove()
        };
        match removed {
            Ok(()) => {
                lock(&plugin.remembered).remove(&store_id);
                return Ok(Some(name));
            }
            Err(error) if error.kind() == ErrorKind::NetworkInUse && !collected => {
                // Containers that ended while the plugin was away, and addresses of those that never
                // started: Docker only deletes a network that no container is in.
                runtime_network::collect(plugin.stored.networks()?)?;
                release_pending(plugin, &in_use)?;
                collected = true;
            }
            Err(error)
                if matches!(error.kind(), ErrorKind::Contended | ErrorKind::NetworkNotFound) => {}
            Err(error) => return Err(error.into()),
        }
    }
}

/// Releases the leases of this host that have no container.
fn release_pending(plugin: &Plugin, network: &Network) -> Done {
    let networks = plugin.stored.networks()?;
    for lease in network.leases()? {
        if lease.pending().is_none() || !is_here(networks, &lease) {
            continue;
        }
        match network.disconnect(&lease.container) {
            Err(error) if error.kind() == ErrorKind::NotConnected => {}
            done => drop(done?),
        }
    }
    Ok(())
}

/// Returns the option of a network in the store for Docker's network of this id.
fn of(id: &str) -> String {
    format!("{NETWORK}{id}")
}

fn check_id(id: &str) -> Done {
    if !id.is_empty() && id.bytes().all(|byte| byte.is_ascii_alphanumeric()) {
        return Ok(());
    }
    Err(Failure::usage(format!("cannot create a network: its id {id:?} is not one of Docker's")))
}

/// Returns whether a network in the store may be that of another Docker as well.
fn is_shared(had: &Network, options: &DockerOptions) -> bool {
    options.name.is_some() && had.config().get_options().get("name") == options.name.as_ref()
}

fn exists(name: &str) -> Failure {
    let why = "the store has a network of this name";
    Failure::new(status::EXISTS, format!("cannot create network {name:?}: {why}"))
}

fn is_internal(options: &Map<String, Value>) -> bool {
    options.get(INTERNAL).and_then(Value::as_bool).unwrap_or_default()
}

/// Sets the parent to the link of the default route, if none is given; an internal network without
/// one is isolated, as with Docker's own driver.
fn with_parent(config: NetworkConfig, host: &Host) -> Done<NetworkConfig> {
    if config.get_parent().is_some() || config.get_internal() {
        return Ok(config);
    }
    Ok(config.parent(default_parent::of(host)?))
}

fn subnet(data: &PoolData, pool: Option<&Pool>, has_gateway: bool, internal: bool) -> Done<Subnet> {
    let net = data
        .pool
        .ok_or_else(|| Failure::usage("cannot create a network: one of its subnets is missing"))?;
    let mut subnet = Subnet::new(&net.to_string())?;
    subnet = match data.gateway.map(|gateway| gateway.addr()) {
        // Before 28, Docker requests one also then.
        _ if !has_gateway => subnet.without_gateway(),
        Some(gateway) => subnet.gateway(gateway),
        // On the LAN it is usually a router's, so it is kept back, as Docker's own driver does.
        None if internal => subnet.get_gateway().into_iter().fold(subnet, Subnet::gateway),
        None => subnet.without_gateway(),
    };
    if let Some(range) = pool.and_then(|pool| pool.range) {
        subnet = subnet.range(range);
    }
    let aux = data.aux.iter().map(|(name, address): (&String, &IpNet)| (name, address.addr()));
    Ok(aux.fold(subnet, |subnet, (name, address)| subnet.reserve(name, address)))
}
