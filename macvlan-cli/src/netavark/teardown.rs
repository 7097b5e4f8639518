//! `teardown`: disconnects a container.

use std::path::Path;

use macvlan_core::{Host, NetNs};
use macvlan_network::{ErrorKind, Lease, NetNsMark, Network};

use crate::failure::{Done, warn};
use crate::host_access;
use crate::netavark::description::RUNTIME;
use crate::netavark::request::Container;
use crate::network_options::has_access;
use crate::runtime_network;
use crate::sandbox;
use crate::signal::Signals;
use crate::store::StoreOptions;

/// Disconnects a container. If it is not connected, nothing is left to be done.
pub(super) fn run(netns: &Path, container: &Container) -> Done {
    let signals = Signals::catch()?;
    let netns = sandbox::open_if_there(netns)?;
    let disconnected = disconnect(netns.as_ref(), container, &signals);
    match disconnected {
        // The kernel deletes the interface with the namespace, and the lease is collected later.
        Err(failure) if netns.is_none() => {
            warn(&format!("warning: {}", failure.in_one_line()));
            Ok(())
        }
        disconnected => disconnected,
    }
}

fn disconnect(netns: Option<&NetNs>, container: &Container, signals: &Signals) -> Done {
    let host = Host::open()?.cancelled_by(signals.cancel());
    let networks = StoreOptions::of_plugin().open(host.clone())?;
    let Some(network) = runtime_network::find(&networks, &container.network.name, RUNTIME)? else {
        return Ok(());
    };
    let disconnected = disconnect_from(&network, netns, container, &host);
    // Containers that ended without a teardown; this one does not depend on it.
    if let Err(failure) = runtime_network::collect(&networks) {
        warn(&format!("warning: {}", failure.in_one_line()));
    }
    disconnected
}

fn disconnect_from(
    network: &Network,
    netns: Option<&NetNs>,
    container: &Container,
    host: &Host,
) -> Done {
    let interface = container.network_options.interface_name.as_str();
    let one = (container.container_id.as_str(), interface);
    let has_access = has_access(container.network.options.as_ref());
    if has_access {
        // It may be connected elsewhere by now.
        let here = netns.map(NetNsMark::of).transpose()?;
        let is_its = |lease: &Lease| here.as_ref().is_none_or(|here| lease.netns() == Some(here));
        let lease = network.lease(one)?.filter(is_its);
        host_access::take_from(host, network, lease.as_slice())?;
    }
    let disconnected = match netns {
        Some(netns) => network.disconnect_from(one, netns),
        None => network.disconnect(one),
    };
    match disconnected {
        // It may be connected elsewhere by now.
        Err(error) if error.kind() == ErrorKind::NotConnected => Ok(()),
        disconnected => Ok(disconnected.map(drop)?),
    }
}
