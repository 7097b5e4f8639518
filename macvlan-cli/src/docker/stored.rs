//! Docker's networks in the store.

use std::net::IpAddr;
use std::sync::{Arc, OnceLock};
use std::thread;
use std::time::{Duration, Instant};

use macvlan_core::Host;
use macvlan_network::{Lease, Network, Networks};

use crate::docker::RUNTIME;
use crate::docker::options::NETWORK;
use crate::failure::{Done, Failure, status};
use crate::runtime_network;

/// The time in which a store is opened that is not away: systemd starts the plugin with a request.
const OPENING: Duration = Duration::from_secs(5);
const SLICE: Duration = Duration::from_millis(5);

/// The host, and its store once it was opened.
#[derive(Debug, Clone)]
pub(super) struct Stored {
    pub(super) host: Host,
    networks: Arc<OnceLock<Networks>>,
    pub(super) started: Instant,
}

impl Stored {
    pub(super) fn new(host: Host, networks: Arc<OnceLock<Networks>>) -> Self {
        Self { host, networks, started: Instant::now() }
    }

    /// Returns the networks of the store, which the first request may have to wait for.
    pub(super) fn networks(&self) -> Done<&Networks> {
        loop {
            if let Some(networks) = self.networks.get() {
                return Ok(networks);
            }
            if self.started.elapsed() > OPENING {
                let why = "cannot use the store: it could not be opened yet";
                return Err(Failure::new(status::OTHER, why));
            }
            thread::sleep(SLICE);
        }
    }

    /// Returns the network that is Docker's network of this id.
    pub(super) fn network(&self, id: &str) -> Done<Option<Network>> {
        self.find(|network| dockers(network).any(|(one, _)| one == id))
    }

    /// Returns the network that has a pool.
    pub(super) fn network_of_pool(&self, pool: &str) -> Done<Option<Network>> {
        self.find(|network| docker_of(network, pool).is_some())
    }

    fn find(&self, is_it: impl FnMut(&Network) -> bool) -> Done<Option<Network>> {
        Ok(runtime_network::of(self.networks()?, RUNTIME)?.into_iter().find(is_it))
    }

    /// Returns the lease that has an address.
    pub(super) fn holder(&self, network: &Network, address: IpAddr) -> Done<Option<Lease>> {
        Ok(self.networks()?.store().holding(network.record(), address)?)
    }

    /// Returns Docker's network of this id, which has to exist.
    pub(super) fn existing(&self, id: &str) -> Done<Network> {
        self.network(id)?.ok_or_else(|| {
            Failure::not_found(format!(
                "cannot find network {id}: the store has none for it; remove Docker's network and \
                 create it again"
            ))
        })
    }
}

/// Returns the id of the network of Docker, on any host, that a pool was requested for.
pub(super) fn docker_of<'a>(network: &'a Network, pool: &str) -> Option<&'a str> {
    dockers(network).find_map(|(id, pools)| pools.split(',').any(|one| one == pool).then_some(id))
}

/// Returns the ids of the networks of Docker that a network is, on all hosts, with their pools.
pub(super) fn dockers(network: &Network) -> impl Iterator<Item = (&str, &str)> {
    let options = network.config().get_options().iter();
    options.filter_map(|(key, pools)| Some((key.strip_prefix(NETWORK)?, pools.as_str())))
}
