//! The state of the plugin. All of it may be lost.

use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};
use std::time::{Duration, Instant};

use macvlan_core::Host;
use macvlan_network::{ConnectOptions, Network, Networks};
use serde_json::Value;

use crate::docker::finish::Finisher;
use crate::docker::pools::Pools;
use crate::docker::remembered::Remembered;
use crate::docker::repair::Repair;
use crate::docker::stored::Stored;
use crate::failure::Done;

/// The time in which Docker releases the addresses of an endpoint that it has deleted.
const RELEASE: Duration = Duration::from_secs(60);

/// An answer: JSON, as text when it is written.
pub(super) type Answer = Value;

/// The plugin. Requests come from several threads.
pub(crate) struct Plugin {
    pub(super) stored: Stored,
    pub(super) pools: Pools,
    /// Endpoints that are to be made inside their container when it is known.
    pub(super) direct: Mutex<HashMap<String, ConnectOptions>>,
    /// Addresses that were released with their endpoint, and that Docker is going to release.
    released: Mutex<HashMap<(String, IpAddr), Instant>>,
    /// The addresses of stopped containers.
    pub(super) remembered: Mutex<Remembered>,
    pub(super) finisher: Finisher,
    repair: Mutex<Repair>,
}

/// Locks a state, none of whose changes can be cut off.
pub(super) fn lock<T>(state: &Mutex<T>) -> MutexGuard<'_, T> {
    state.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Plugin {
    /// Makes the plugin of a host, whose store may be opened later.
    pub(crate) fn new(host: Host, networks: Arc<OnceLock<Networks>>) -> Done<Self> {
        let stored = Stored::new(host, networks);
        let finisher = Finisher::start(stored.clone())?;
        let (pools, direct, released) = Default::default();
        let (remembered, repair) = Default::default();
        Ok(Self { stored, pools, direct, released, remembered, finisher, repair })
    }

    /// Releases leases of endpoints that Docker no longer has, and returns the faults.
    pub(crate) fn repair(&self) -> Vec<String> {
        lock(&self.repair).pass(&self.stored)
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
