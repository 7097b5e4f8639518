//! The networks that container runtimes describe, each by a file of its own.
//!
//! A runtime says that a network is needed, with its description, but not that it was deleted. So a
//! network that no container uses is only a memory of addresses, and gives way to another one.

use ipnet::IpNet;
use macvlan_core::NetNs;
use macvlan_network::{
    ConnectOptions, Connection, Error, ErrorKind, Network, NetworkConfig, Networks, Subnet, Updated,
};

use crate::failure::{Done, Failure, status};

/// The label with the runtime that describes the network.
const LABEL: &str = "macvlan.runtime";

/// Ensures that the network of a runtime exists as described.
///
/// A network that others have created is refused, even if it has the same name.
pub(crate) fn ensure(
    networks: &Networks,
    config: NetworkConfig,
    runtime: &'static str,
) -> Done<Updated> {
    refuse_others(networks, config.get_name(), runtime)?;
    let config = config.label(LABEL, runtime);
    loop {
        match networks.ensure(&config) {
            Err(error) if !make_way(networks, &config, &error)? => return Err(error.into()),
            Err(_) => {}
            Ok(ensured) => return Ok(ensured),
        }
    }
}

/// Returns the network of this name, not of an id that begins so.
pub(crate) fn find(networks: &Networks, name: &str) -> Done<Option<Network>> {
    match networks.network(name) {
        Err(error) if error.kind() == ErrorKind::NetworkNotFound => Ok(None),
        found => Ok(Some(found?).filter(|network| network.name() == name)),
    }
}

/// Connects a container.
///
/// If no address is free, those of containers that ended unnoticed are released first. To look for
/// such containers takes a look at every process of the machine, so it is not done before.
pub(crate) fn connect(
    networks: &Networks,
    network: &Network,
    options: &ConnectOptions,
    netns: &NetNs,
) -> macvlan_network::Result<Connection> {
    match network.connect(options, netns) {
        Err(error) if error.kind() == ErrorKind::PoolExhausted => {
            networks.collect()?;
            network.connect(options, netns)
        }
        connected => connected,
    }
}

fn refuse_others(networks: &Networks, name: &str, runtime: &str) -> Done {
    let Some(others) = find(networks, name)?.filter(|network| !is_of(network, runtime)) else {
        return Ok(());
    };
    let by = others.config().get_labels().get(LABEL);
    let by = by.map_or("another program", String::as_str);
    Err(Failure::new(
        status::EXISTS,
        format!(
            "cannot use network {name:?}: the store has a network of this name that was created \
             by {by}; choose another name"
        ),
    ))
}

fn is_of(network: &Network, runtime: &str) -> bool {
    network.config().get_labels().get(LABEL).is_some_and(|label| label == runtime)
}

/// Deletes networks of runtimes that no container uses and that are in the way of this one; false
/// if there are none.
fn make_way(networks: &Networks, config: &NetworkConfig, error: &Error) -> Done<bool> {
    let is_in_the_way = |other: &NetworkConfig| match error.kind() {
        ErrorKind::SubnetOverlaps => overlap(config, other),
        ErrorKind::ParentClash => config.get_parent() == other.get_parent(),
        _ => false,
    };
    if !is_in_the_way(config) {
        return Ok(false);
    }
    let mut gone = false;
    for other in networks.list()? {
        let is_ours = other.config().get_labels().contains_key(LABEL);
        if !is_ours || other.name() == config.get_name() || !is_in_the_way(other.config()) {
            continue;
        }
        match other.remove() {
            // Or another process was faster.
            Err(error) if error.kind() == ErrorKind::NetworkNotFound => gone = true,
            Err(error) if error.kind() == ErrorKind::NetworkInUse => {}
            removed => {
                removed?;
                gone = true;
            }
        }
    }
    Ok(gone)
}

fn overlap(one: &NetworkConfig, other: &NetworkConfig) -> bool {
    let nets = |config: &NetworkConfig| {
        config.get_subnets().iter().map(Subnet::get_net).collect::<Vec<IpNet>>()
    };
    let others = nets(other);
    let overlaps = |net: &IpNet| others.iter().any(|one| one.contains(net) || net.contains(one));
    nets(one).iter().any(overlaps)
}
