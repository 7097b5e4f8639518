//! The state of the plugin. All of it may be lost.

use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};
use std::time::{Duration, Instant};

use macvlan_core::{Host, LinkName};
use macvlan_network::{ConnectOptions, Network, Networks};
use serde_json::Value;

use crate::docker::finish::{Announced, Finisher};
use crate::docker::pools::Pools;
use crate::docker::remembered::Remembered;
use crate::docker::repair::Repair;
use crate::docker::stored::Stored;

/// The time in which Docker releases the addresses of an endpoint that it has deleted.
const RELEASE: Duration = Duration::from_secs(60);

/// An answer: JSON, as text when it is written.
pub(super) type Answer = Value;

/// The plugin. Requests come from several threads.
pub(crate) struct Plugin {
    pub(super) stored: Stored,
    pub(super) pools: Pools,
    /// Endpoints that are to be made inside their container when it is known.
    pub(super) direct: Mutex<HashMap<String, Direct>>,
    /// Addresses that were released with their endpoint, and that Docker is going to release.
    released: Mutex<HashMap<(String, IpAddr), Instant>>,
    /// The addresses of stopped containers.
    pub(super) remembered: Mutex<Remembered>,
    pub(super) finisher: Finisher,
    announced: Announced,
    repair: Mutex<Repair>,
}

/// An endpoint that is to be made inside its container.
#[derive(Debug)]
pub(super) struct Direct {
    pub(super) options: ConnectOptions,
    /// The interface's name, if the user has given one.
    pub(super) interface: Option<LinkName>,
}

/// Locks a state, none of whose changes can be cut off.
pub(super) fn lock<T>(state: &Mutex<T>) -> MutexGuard<'_, T> {
    state.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Plugin {
    /// Makes the plugin of a host, whose store may be opened later.
    pub(crate) fn new(host: Host, networks: Arc<OnceLock<Networks>>) -> Self {
        let stored = Stored::new(host, networks);
        let announced = Announced::default();
        let finisher = Finisher::new(stored.clone(), announced.clone());
        let (pools, direct, released) = Default::default();
        let (remembered, repair) = Default::default();
        Self { stored, pools, direct, released, remembered, finisher, announced, repair }
    }

    /// Does what was left undone, as when a plugin was killed, and returns the faults.
    pub(crate) fn repair(&self) -> Vec<String> {
        lock(&self.repair).pass(&self.stored, &self.announced)
    }

    /// Remembers that Docker is going to release addresses that are released already.
    pub(super) fn expect_release(
        &self,
        network: &Network,
        addresses: impl Iterator<Item = IpAddr>,
    ) {
        let now = Instant::now();
        let mut released = lock(&self.released);
        released.retain(|_, since| now.duration_since(*since) < RELEASE);
        released.extend(addresses.map(|address| ((network.id().to_owned(), address), now)));
    }

    /// Returns whether an address was released with its endpoint.
    pub(super) fn was_released(&self, network: &Network, address: IpAddr) -> bool {
        lock(&self.released).remove(&(network.id().to_owned(), address)).is_some()
    }
}
