//! The addresses that stopped containers had, which they get again.
//!
//! Docker does not say for which container it requests an address. So it is asked which containers
//! of the network do not run, and only if one of them is certainly meant, it gets its address again.

use std::collections::HashMap;
use std::net::IpAddr;
use std::time::{Duration, Instant};

use macvlan_network::Lease;

use crate::container::Stopped;

/// The number of containers that are remembered in each network.
const MOST: usize = 4096;
/// A container that was stopped within this time is the one that starts: it is being restarted.
const RESTART: Duration = Duration::from_secs(10);
/// Docker tells the time of a creation in whole seconds.
const SECOND: Duration = Duration::from_secs(1);

/// The addresses of a stopped container.
#[derive(Debug)]
struct Had {
    /// The beginning of its id.
    container: String,
    addresses: Vec<IpAddr>,
    since: Instant,
}

/// Stopped containers by networks.
#[derive(Debug, Default)]
pub(super) struct Remembered(HashMap<String, Vec<Had>>);

impl Remembered {
    /// Remembers the lease of a container that has been stopped, if it is known which one it is.
    pub(super) fn add(&mut self, lease: &Lease) {
        let Some(container) = lease.aliases.first().cloned() else { return };
        let all = self.0.entry(lease.network.clone()).or_default();
        all.retain(|had| had.container != container);
        all.drain(..(all.len() + 1).saturating_sub(MOST));
        let addresses = lease.addresses.iter().map(ipnet::IpNet::addr).collect();
        all.push(Had { container, addresses, since: Instant::now() });
    }

    /// Forgets a network.
    pub(super) fn remove(&mut self, network: &str) {
        self.0.remove(network);
    }

    /// Returns whether anything is remembered of a network.
    pub(super) fn has(&self, network: &str) -> bool {
        self.0.get(network).is_some_and(|all| !all.is_empty())
    }

    /// Returns the address that the container had for which one is requested, if that is certain.
    ///
    /// While Docker starts, it does not answer. Then it is certain if only one was stopped.
    pub(super) fn find(
        &self,
        network: &str,
        v6: bool,
        stopped: Option<&[Stopped]>,
    ) -> Option<IpAddr> {
        let all = self.0.get(network)?;
        let of_family = |had: &Had| had.addresses.iter().copied().find(|one| one.is_ipv6() == v6);
        let Some(stopped) = stopped else {
            let [only] = &all[..] else { return None };
            return of_family(only);
        };
        let is = |had: &Had, one: &Stopped| one.id.starts_with(&had.container);
        let mut known = all.iter().filter(|had| stopped.iter().any(|one| is(had, one)));
        let last = known.next_back()?;
        let since = last.since.elapsed();
        let is_restart = since < RESTART;
        // One that has never run is more likely to be started than one that was stopped, unless that
        // was just now, and after it was created.
        let is_likelier = |age: Duration| !is_restart || age < since + SECOND;
        let is_new = |one: &&Stopped| !all.iter().any(|had| is(had, one));
        if stopped.iter().filter(is_new).filter_map(|one| one.new).any(is_likelier) {
            return None;
        }
        let is_certain = known.next().is_none() || is_restart;
        of_family(last).filter(|_| is_certain)
    }
}
