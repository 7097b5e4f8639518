//! Docker's networks in the store.

use std::net::IpAddr;
use std::sync::{Arc, OnceLock};

use macvlan_core::Host;
use macvlan_network::{Lease, Network, Networks};

use crate::docker::RUNTIME;
use crate::docker::options::NETWORK;
use crate::failure::{Done, Failure, status};
use crate::runtime_network;

/// The host, and its store once it was opened.
#[derive(Debug, Clone)]
pub(super) struct Stored {
    pub(super) host: Host,
    networks: Arc<OnceLock<Networks>>,
}

impl Stored {
    pub(super) fn new(host: Host, networks: Arc<OnceLock<Networks>>) -> Self {
        Self { host, networks }
    }

    /// Returns the networks of the store.
    pub(super) fn networks(&self) -> Done<&Networks> {
        self.networks.get().ok_or_else(|| {
            Failure::new(status::OTHER, "cannot use the store: it could not be opened yet")
        })
    }

    /// Returns the network that is Docker's network of this id.
    pub(super) fn network(&self, id: &str) -> Done<Option<Network>> {
        self.find(|key, _| key.strip_prefix(NETWORK) == Some(id))
    }

    /// Returns the network that has a pool.
    pub(super) fn network_of_pool(&self, pool: &str) -> Done<Option<Network>> {
        self.find(|key, pools| key.starts_with(NETWORK) && pools.split(',').any(|one| one == pool))
    }

    fn find(&self, is_it: impl Fn(&str, &str) -> bool) -> Done<Option<Network>> {
        let mut all = runtime_network::of(self.networks()?, RUNTIME)?.into_iter();
        Ok(all.find(|network| {
            network.config().get_options().iter().any(|(key, value)| is_it(key, value))
        }))
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
