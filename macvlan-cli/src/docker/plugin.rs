//! The plugin: its state, and the methods that Docker calls.

use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};
use std::time::Instant;

use macvlan_core::Host;
use macvlan_network::{Network, Networks};
use serde::de::DeserializeOwned;
use serde_json::{Value, json};
use tracing::warn;

use crate::docker::finish::Finisher;
use crate::docker::pools::Pools;
use crate::docker::remembered::Remembered;
use crate::docker::repair::Repair;
use crate::docker::stored::Stored;
use crate::docker::{endpoint, ipam, network};
use crate::failure::{Done, Failure};

/// An answer: JSON, as text when it is written.
pub(super) type Answer = Value;

/// The plugin. Requests come from several threads.
pub(crate) struct Plugin {
    pub(super) stored: Stored,
    pub(super) started: Instant,
    pools: Mutex<Pools>,
    /// Endpoints that are to be made inside their container when it is known.
    pub(super) direct: Mutex<HashMap<String, endpoint::Direct>>,
    /// Addresses that were released with their endpoint, and that Docker is going to release.
    released: Mutex<HashMap<(String, IpAddr), Instant>>,
    /// What stopped containers had.
    pub(super) remembered: Mutex<Remembered>,
    pub(super) finisher: Finisher,
    repair: Mutex<Repair>,
}

/// Locks a state, none of whose changes can be cut off.
pub(super) fn lock<T>(state: &Mutex<T>) -> MutexGuard<'_, T> {
    state.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Returns the answer for a failure; a network driver's and an IPAM driver's have different keys.
pub(super) fn failed(why: &str) -> Answer {
    json!({ "Err": why, "Error": why })
}

impl Plugin {
    /// Makes the plugin of a host, whose store may be opened later.
    pub(crate) fn new(host: Host, networks: Arc<OnceLock<Networks>>) -> Done<Self> {
        let stored = Stored::new(host, networks);
        let finisher = Finisher::start(stored.clone())?;
        let (pools, direct, released) = Default::default();
        let (remembered, repair) = Default::default();
        let started = Instant::now();
        Ok(Self { stored, started, pools, direct, released, remembered, finisher, repair })
    }

    /// Releases leases of endpoints that Docker no longer has, and returns the faults.
    pub(crate) fn repair(&self) -> Vec<String> {
        lock(&self.repair).pass(&self.stored)
    }

    /// Answers a request; `None` if there is no such method.
    pub(super) fn call(&self, path: &str, body: &[u8]) -> Option<Answer> {
        let method = path.strip_prefix('/').unwrap_or(path);
        let started = Instant::now();
        let answered = match method {
            "Plugin.Activate" => Ok(json!({ "Implements": ["NetworkDriver", "IpamDriver"] })),
            "NetworkDriver.GetCapabilities" => Ok(json!({
                "Scope": "local", "ConnectivityScope": "global", "GwAllocChecker": true,
            })),
            "IpamDriver.GetCapabilities" => Ok(json!({ "RequiresMACAddress": false })),
            "IpamDriver.GetDefaultAddressSpaces" => Ok(json!({
                "LocalDefaultAddressSpace": ipam::SPACE, "GlobalDefaultAddressSpace": ipam::SPACE,
            })),
            "IpamDriver.RequestPool" => with(body, |request| ipam::request_pool(self, request)),
            "IpamDriver.ReleasePool" => done(body, |request| ipam::release_pool(self, request)),
            "IpamDriver.RequestAddress" => {
                with(body, |request| ipam::request_address(self, request))
            }
            "IpamDriver.ReleaseAddress" => {
                done(body, |request| ipam::release_address(self, request))
            }
            "NetworkDriver.GwAllocCheck" => with(body, network::check_gateway),
            "NetworkDriver.CreateNetwork" => with(body, |request| network::create(self, request)),
            "NetworkDriver.DeleteNetwork" => with(body, |request| network::delete(self, request)),
            "NetworkDriver.CreateEndpoint" => with(body, |request| endpoint::create(self, request)),
            "NetworkDriver.Join" => with(body, |request| endpoint::join(self, request)),
            "NetworkDriver.DeleteEndpoint" => done(body, |request| endpoint::delete(self, request)),
            "NetworkDriver.EndpointOperInfo" => Ok(json!({ "Value": {} })),
            // At Leave, the link is still inside; it comes back before the endpoint is deleted.
            "NetworkDriver.Leave"
            | "NetworkDriver.ProgramExternalConnectivity"
            | "NetworkDriver.RevokeExternalConnectivity"
            | "NetworkDriver.DiscoverNew"
            | "NetworkDriver.DiscoverDelete" => Ok(json!({})),
            _ => return None,
        };
        let took = started.elapsed();
        Some(answered.unwrap_or_else(|failure| {
            let why = failure.in_one_line("interrupted by a signal");
            warn!(method, ?took, "refused: {why}");
            failed(&why)
        }))
    }

    pub(super) fn pools(&self) -> MutexGuard<'_, Pools> {
        lock(&self.pools)
    }

    /// Remembers that Docker is going to release addresses that are released already.
    pub(super) fn expect_release(
        &self,
        network: &Network,
        addresses: impl Iterator<Item = IpAddr>,
    ) {
        let now = Instant::now();
        let mut released = lock(&self.released);
        released.retain(|_, since| now.duration_since(*since) < ipam::RELEASE);
        released.extend(addresses.map(|address| ((network.id().to_owned(), address), now)));
    }

    /// Returns whether an address was released with its endpoint.
    pub(super) fn was_released(&self, network: &Network, address: IpAddr) -> bool {
        lock(&self.released).remove(&(network.id().to_owned(), address)).is_some()
    }
}

/// Reads a request and answers it.
fn with<T: DeserializeOwned + Default>(
    body: &[u8],
    answer: impl FnOnce(&T) -> Done<Answer>,
) -> Done<Answer> {
    // Docker sends no body for a request without fields.
    let request = if body.is_empty() {
        T::default()
    } else {
        serde_json::from_slice(body)
            .map_err(|error| Failure::usage(format!("cannot read the request: {error}")))?
    };
    answer(&request)
}

/// Reads a request and does what cannot fail.
fn done<T: DeserializeOwned + Default>(body: &[u8], act: impl FnOnce(&T)) -> Done<Answer> {
    with(body, |request| {
        act(request);
        Ok(json!({}))
    })
}
