//! `setup`: connects a container.

use std::collections::BTreeSet;
use std::path::Path;

use macvlan_core::{Cancel, Host, NetNs};
use macvlan_network::{ConnectOptions, Connection, Network};
use serde_json::Value;

use crate::failure::{Done, warn};
use crate::host_access;
use crate::netavark::description::{Description, RUNTIME, idle_dns_server};
use crate::netavark::options::of_container;
use crate::netavark::request::Container;
use crate::netavark::status;
use crate::network_options::NetworkOptions;
use crate::runtime_network;
use crate::signal::Signals;
use crate::store::StoreOptions;

/// Connects a container and answers its interface.
pub(super) fn run(netns: &Path, container: &Container) -> Done<Value> {
    let signals = Signals::catch()?;
    let host = Host::open()?.cancelled_by(signals.cancel());
    let Description { config, options } = Description::of_created(&container.network, &host)?;
    let connect = connect_options(container, options.default_route)?;
    if container.port_mappings.as_ref().is_some_and(|ports| !ports.is_empty()) {
        warn("warning: published ports have no effect: the container is on the LAN");
    }
    // Podman adds them to a network without a call of the plugin.
    if let Some(why) = idle_dns_server(&container.network) {
        warn(&format!("warning: {why}"));
    }
    let netns = NetNs::from_path(netns)?;
    let networks = StoreOptions::of_plugin().open(host.clone())?;
    let network = runtime_network::ensure(&networks, config, RUNTIME)?.network;
    let named = (connect, container.container_name.as_str());
    let warn = |why: &str| warn(&format!("warning: {why}"));
    let connection = runtime_network::connect_named(&networks, &network, named, &netns, warn)?;
    finish(&host, &network, &connection, &options, signals.cancel()).map_err(|failure| {
        let one = (connection.lease().container.as_str(), connection.lease().interface.as_str());
        match network.disconnect_from(one, &netns) {
            Ok(_) => failure,
            Err(error) => failure.and(error.into()),
        }
    })?;
    Ok(status::of(&connection, network.config()))
}

/// Does what is not part of a connection.
fn finish(
    host: &Host,
    network: &Network,
    connection: &Connection,
    options: &NetworkOptions,
    cancel: &Cancel,
) -> Done {
    let mut attachment = connection.attachment().clone();
    if let Some(announce) = options.announce {
        attachment.refresh()?;
        attachment.announce(announce)?.run_until(cancel)?;
    }
    if let Some(parent) = network.config().get_parent().filter(|_| options.access) {
        host_access::give(host, parent, &attachment, Some(connection.lease()))?;
    }
    Ok(())
}

fn connect_options(container: &Container, default_route: bool) -> Done<ConnectOptions> {
    let asked = &container.network_options;
    let mut options = ConnectOptions::new(&container.container_id).interface(&asked.interface_name);
    if let Some(mac) = asked.static_mac.as_deref().filter(|mac| !mac.is_empty()) {
        options = options.mac(mac.parse()?);
    }
    // Podman may name one twice: by option, and by itself.
    let aliases: BTreeSet<&String> = asked.aliases.iter().flatten().collect();
    options = aliases.into_iter().fold(options, ConnectOptions::alias);
    let addresses = asked.static_ips.iter().flatten().copied();
    options = addresses.fold(options, ConnectOptions::address);
    let own = asked.options.as_ref();
    let says_itself = |key| own.is_some_and(|options| options.contains_key(key));
    if !says_itself("gw_priority") && !says_itself("default_route") {
        options = if default_route {
            options.gw_priority(runtime_network::priority(&asked.interface_name))
        } else {
            options.default_route(false)
        };
    }
    of_container(options, own)
}
