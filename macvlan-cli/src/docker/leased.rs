//! Endpoints with their leases: whether they have a container, its namespace, and their end.

use std::path::Path;
use std::slice;
use std::time::Instant;

use macvlan_core::NetNs;
use macvlan_network::{ErrorKind, Lease, Network};
use tracing::{debug, info, warn};

use crate::container::Endpoint;
use crate::docker::options::DockerOptions;
use crate::docker::stored::Stored;
use crate::failure::Done;
use crate::host_access;
use crate::sandbox::open_if_there;

/// Opens a container's namespace; `None` if it does not exist yet.
pub(super) fn sandbox(path: &Path) -> Done<Option<NetNs>> {
    if let Some(netns) = open_if_there(path)? {
        return Ok(Some(netns));
    }
    // A managed plugin sees the files that Docker makes only in the place of the first process.
    // There, /var/run is a link that leads back to this root.
    let inside =
        path.strip_prefix("/var/run").map_or(path.to_owned(), |rest| Path::new("/run").join(rest));
    let of_init = Path::new("/proc/1/root").join(inside.strip_prefix("/").unwrap_or(&inside));
    let opened = NetNs::from_path(of_init);
    if let Some(error) = opened.as_ref().err().filter(|error| !error.is_not_found()) {
        // It need not be one that this process may see.
        debug!("{error}");
    }
    Ok(opened.ok())
}

/// Disconnects an endpoint and releases its lease, after calling a function, if it has one.
pub(super) fn disconnect(
    stored: &Stored,
    network: &str,
    endpoint: &str,
    before: impl Fn(&Network, &Lease),
) -> Done {
    let Some(network) = stored.network(network)? else { return Ok(()) };
    disconnect_from(stored, &network, endpoint, before)
}

/// Disconnects an endpoint from a network, as [`disconnect`].
///
/// Without a lease there is nothing to do: to disconnect would search the namespaces of all processes.
pub(super) fn disconnect_from(
    stored: &Stored,
    network: &Network,
    endpoint: &str,
    before: impl Fn(&Network, &Lease),
) -> Done {
    let started = Instant::now();
    let Some(lease) = network.lease(endpoint)? else { return Ok(()) };
    before(network, &lease);
    // First, since nothing shows what is left of it when the lease is gone.
    let has_access = DockerOptions::of(network.config())?.shared.access;
    let given = if has_access { slice::from_ref(&lease) } else { &[] };
    let taken = host_access::take_from(&stored.host, network, given);
    match network.disconnect(endpoint) {
        Err(error) if error.kind() == ErrorKind::NotConnected => {}
        done => drop(done?),
    }
    log(network, &lease, started, "disconnected an endpoint");
    taken
}

/// Returns whether a lease has no name of its container yet, or the one of before a `docker rename`.
///
/// The alias shows that the name is Docker's.
pub(super) fn lacks_name(lease: &Lease, of: &Endpoint) -> bool {
    lease.aliases.is_empty() || lease.aliases == aliases(of) && lease.name != name_of(of)
}

/// Gives a lease the name of its container, and its id as an alias; false if another lease has the
/// name, and then takes away the one it had.
pub(super) fn name(
    stored: &Stored,
    network: &Network,
    lease: &mut Lease,
    of: &Endpoint,
) -> Done<bool> {
    let (started, had) = (Instant::now(), lease.clone());
    lease.aliases = aliases(of);
    lease.name = name_of(of);
    let store = stored.networks()?.store();
    let is_named = match store.update(network.record(), lease) {
        // Another host's container has the name, or one that has not been collected yet.
        Err(error) if error.kind() == ErrorKind::NameTaken => {
            lease.name = None;
            if *lease != had {
                warn!(endpoint = short(&lease.container), "{error}; it is found by its id");
                store.update(network.record(), lease)?;
            }
            false
        }
        updated => updated.map(|_| true)?,
    };
    if *lease != had {
        log(network, lease, started, "found the container of an endpoint");
    }
    Ok(is_named)
}

/// Returns the further names of a container's lease, as in Docker's own DNS.
fn aliases(of: &Endpoint) -> Vec<String> {
    vec![short(&of.container).to_owned()]
}

fn name_of(of: &Endpoint) -> Option<String> {
    Some(of.name.to_lowercase()).filter(|name| !name.is_empty())
}

/// Returns whether a lease has no container yet.
pub(super) fn is_allocated(lease: &Lease) -> bool {
    lease.pending().is_some() && lease.container == lease.endpoint
}

/// Logs a change of an endpoint.
pub(super) fn log(network: &Network, lease: &Lease, started: Instant, done: &str) {
    let addresses: Vec<String> = lease.addresses.iter().map(ToString::to_string).collect();
    let name = lease.name.as_deref();
    let (network, endpoint) = (network.name(), short(&lease.container));
    let (addresses, took) = (addresses.join(","), started.elapsed());
    info!(network, endpoint, container = name, addresses, ?took, "{done}");
}

/// Returns the beginning of an id.
pub(super) fn short(id: &str) -> &str {
    id.get(..12).unwrap_or(id)
}
