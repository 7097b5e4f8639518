//! The networks that container runtimes describe, each by a file of its own.
//!
//! A runtime says that a network is needed, with its description, but not that it was deleted. So a
//! network that no container uses is only a memory of addresses, and gives way to another one. Only
//! Docker describes a network once, and says when it is deleted.

use std::net::IpAddr;

use ipnet::IpNet;
use macvlan_core::NetNs;
use macvlan_network::{
    Collected, ConnectOptions, Connection, Error, ErrorKind, Network, NetworkConfig, Networks,
    Updated,
};

use crate::failure::{Done, Failure, status};
use crate::host_access;

/// The label with the runtime that describes the network.
const LABEL: &str = "macvlan.runtime";
/// The name of the runtime that describes a network once.
pub(crate) const DOCKER: &str = "docker";

/// Ensures that the network of a runtime exists as described.
///
/// A network that others have created is refused, even if it has the same name.
pub(crate) fn ensure(
    networks: &Networks,
    config: NetworkConfig,
    runtime: &'static str,
) -> Done<Updated> {
    refuse_others(networks, config.get_name(), runtime)?;
    let (config, mut collected) = (config.label(LABEL, runtime), false);
    loop {
        match networks.ensure(&config) {
            Err(error) if !clear(networks, &config, &error, &mut collected)? => {
                return Err(error.into());
            }
            Err(_) => {}
            Ok(ensured) => return Ok(ensured),
        }
    }
}

/// Returns the network of this name that a runtime has described, for verbs that change or remove
/// parts of it.
///
/// One of others is not it, as [`ensure`] refuses it.
pub(crate) fn find(networks: &Networks, name: &str, runtime: &str) -> Done<Option<Network>> {
    Ok(find_any(networks, name)?.filter(|network| is_of(network, runtime)))
}

/// Returns the network of this name, not of an id that begins so.
fn find_any(networks: &Networks, name: &str) -> Done<Option<Network>> {
    let found = networks.store().find_networks(name)?.into_iter();
    Ok(found.map(|record| networks.with_record(record)).find(|network| network.name() == name))
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
) -> Done<Connection> {
    match network.connect(options, netns) {
        Err(error) if error.kind() == ErrorKind::PoolExhausted => {
            collect(networks)?;
            Ok(network.connect(options, netns)?)
        }
        connected => Ok(connected?),
    }
}

/// Releases the leases of containers that are gone, and removes the host's access to them.
pub(crate) fn collect(networks: &Networks) -> Done<Collected> {
    let collected = networks.collect()?;
    if !collected.leases.is_empty() {
        host_access::take_all_stale(networks, &collected.leases)?;
    }
    Ok(collected)
}

/// Connects a container as the one of this name, by which others find it.
///
/// The names of runtimes are not those of DNS, and other hosts may have the same ones. Like Docker's,
/// a container whose name cannot be used has none, and `warn` gets the reason, unless an address is
/// reserved for the name.
pub(crate) fn connect_named(
    networks: &Networks,
    network: &Network,
    (options, name): (ConnectOptions, &str),
    netns: &NetNs,
    warn: impl Fn(&str),
) -> Done<Connection> {
    let without = |why: &str| warn(&format!("{why}; the container is connected without a name"));
    let named = options.clone().runtime_name(name);
    if named == options && !name.is_empty() {
        without(&format!("cannot use {name:?} as a container's name: DNS cannot have it"));
    }
    let is_taken = |failure: &Failure| failure.kind() == Some(ErrorKind::NameTaken as u32);
    match connect(networks, network, &named, netns) {
        Err(failure) if is_taken(&failure) && !reserves(network, name) => {
            without(&failure.in_one_line());
            connect(networks, network, &options, netns)
        }
        connected => connected,
    }
}

fn reserves(network: &Network, name: &str) -> bool {
    let mut names = network.config().get_subnets().iter().flat_map(|one| one.get_reserved().keys());
    names.any(|reserved| reserved.eq_ignore_ascii_case(name))
}

/// Changes the network of this name to what is described of it as it is, or creates it.
///
/// The description is read again if others have changed the network at the same time.
pub(crate) fn put(
    networks: &Networks,
    name: &str,
    runtime: &'static str,
    describe: impl Fn(Option<&Network>) -> Done<NetworkConfig>,
) -> Done<Network> {
    let mut collected = false;
    loop {
        refuse_others(networks, name, runtime)?;
        let had = find(networks, name, runtime)?;
        let config = describe(had.as_ref())?.label(LABEL, runtime);
        let put = match had {
            Some(network) => network.update(&config).map(|updated| updated.network),
            None => networks.create(&config),
        };
        match put {
            Err(error)
                if matches!(
                    error.kind(),
                    ErrorKind::NetworkExists | ErrorKind::NetworkNotFound | ErrorKind::Contended
                ) => {}
            Err(error) if !clear(networks, &config, &error, &mut collected)? => {
                return Err(error.into());
            }
            Err(_) => {}
            Ok(network) => return Ok(network),
        }
    }
}

/// Returns the networks that a runtime has described.
pub(crate) fn of(networks: &Networks, runtime: &str) -> Done<Vec<Network>> {
    let mut all = networks.list()?;
    all.retain(|network| is_of(network, runtime));
    Ok(all)
}

/// Returns the gateway of an address; none in an internal network.
pub(crate) fn gateway(address: &IpNet, config: &NetworkConfig) -> Option<IpAddr> {
    let mut subnets = config.get_subnets().iter();
    let subnet = subnets.find(|subnet| subnet.get_net() == address.trunc())?;
    subnet.get_gateway().filter(|_| !config.get_internal())
}

/// Refuses to make the network of a runtime another one, whose containers the runtime could then
/// neither find nor disconnect.
pub(crate) fn refuse_described(networks: &Networks, config: &NetworkConfig) -> Done {
    let label = |config: &NetworkConfig| config.get_labels().get(LABEL).cloned();
    let Some(network) = find_any(networks, config.get_name())? else { return Ok(()) };
    match label(network.config()) {
        Some(by) if label(config).as_ref() != Some(&by) => Err(Failure::new(
            status::EXISTS,
            format!(
                "cannot change network {:?}: it was created by {by}; change it there, or single \
                 options with `macvlan network update`",
                network.name()
            ),
        )),
        _ => Ok(()),
    }
}

/// Fails if others have created the network of this name.
pub(crate) fn refuse_others(networks: &Networks, name: &str, runtime: &str) -> Done {
    let Some(others) = find_any(networks, name)?.filter(|network| !is_of(network, runtime)) else {
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

/// Returns whether a runtime counts on a network, even if no container uses it, until the runtime
/// deletes it.
pub(crate) fn is_counted_on(network: &Network) -> bool {
    is_of(network, DOCKER)
}

fn is_of(network: &Network, runtime: &str) -> bool {
    network.config().get_labels().get(LABEL).is_some_and(|label| label == runtime)
}

/// Removes hindrances of a network that was refused; false if there are none.
///
/// Leases of containers that ended unnoticed can be such a hindrance, in this network or in another
/// one. They are looked for once, and only after a refusal, as in [`connect`].
fn clear(
    networks: &Networks,
    config: &NetworkConfig,
    error: &Error,
    collected: &mut bool,
) -> Done<bool> {
    if make_way(networks, config, error)? {
        return Ok(true);
    }
    let may_be_held = matches!(
        error.kind(),
        ErrorKind::NetworkInUse | ErrorKind::SubnetOverlaps | ErrorKind::ParentClash
    );
    if !may_be_held || *collected {
        return Ok(false);
    }
    *collected = true;
    collect(networks)?;
    Ok(true)
}

/// Deletes the networks that are in the way of this one, if they are all of runtimes and no container
/// uses them; otherwise none, and returns false.
fn make_way(networks: &Networks, config: &NetworkConfig, error: &Error) -> Done<bool> {
    let is_in_the_way = |other: &NetworkConfig| match error.kind() {
        ErrorKind::SubnetOverlaps => config.clashes_with(other),
        ErrorKind::ParentClash => config.shares_parent(other),
        _ => false,
    };
    let mut others = networks.list()?;
    others.retain(|other| other.name() != config.get_name() && is_in_the_way(other.config()));
    let may_go =
        |other: &Network| other.config().get_labels().contains_key(LABEL) && !is_counted_on(other);
    if others.is_empty() || !others.iter().all(may_go) {
        return Ok(false);
    }
    for other in &others {
        if !other.leases()?.is_empty() {
            return Ok(false);
        }
    }
    for other in others {
        match other.remove() {
            // Another process was faster.
            Err(error) if error.kind() == ErrorKind::NetworkNotFound => {}
            Err(error) if error.kind() == ErrorKind::NetworkInUse => return Ok(false),
            removed => drop(removed?),
        }
    }
    Ok(true)
}

/// Returns the priority for default routes: Podman sets networks up in any order, but they are to lead
/// through the first interface that can.
pub(crate) fn priority(interface: &str) -> i32 {
    let number = interface.strip_prefix("eth").and_then(|number| number.parse::<u16>().ok());
    number.map_or(0, |number| -i32::from(number))
}
