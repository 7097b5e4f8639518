//! Releases leases of endpoints that Docker has deleted while the plugin was away.

use std::collections::HashSet;
use std::mem;

use macvlan_network::{Lease, Network};

use crate::container::endpoints_in;
use crate::docker::RUNTIME;
use crate::docker::endpoint::disconnect;
use crate::docker::ipam::is_allocated;
use crate::docker::options::NETWORK;
use crate::docker::stored::Stored;
use crate::failure::Done;
use crate::runtime_network;

/// The endpoints that Docker did not have when it was asked last.
///
/// Docker may be creating one at that time, so only one that is missing twice is gone.
#[derive(Debug, Default)]
pub(crate) struct Repair(HashSet<String>);

impl Repair {
    /// Disconnects the endpoints that Docker no longer has, and returns the faults.
    pub(super) fn pass(&mut self, stored: &Stored) -> Vec<String> {
        let before = mem::take(&mut self.0);
        let mut faults = Vec::new();
        for (docker, endpoint) in missing(stored).unwrap_or_else(|failure| {
            faults.push(failure.in_one_line("interrupted by a signal"));
            Vec::new()
        }) {
            if !before.contains(&endpoint) {
                self.0.insert(endpoint);
            } else if let Err(failure) = disconnect(stored, &docker, &endpoint, |_, _| {}) {
                faults.push(failure.in_one_line("interrupted by a signal"));
            }
        }
        faults
    }
}

/// Returns the endpoints with leases on this host that Docker does not have, with its networks.
fn missing(stored: &Stored) -> Done<Vec<(String, String)>> {
    let mut missing = Vec::new();
    for network in runtime_network::of(stored.networks()?, RUNTIME)? {
        let leases = of_this_host(stored, &network)?;
        if leases.is_empty() {
            continue;
        }
        // Of networks that this host's Docker does not have, it says nothing.
        let keys = network.config().get_options().keys();
        let dockers: Vec<&str> = keys.filter_map(|key| key.strip_prefix(NETWORK)).collect();
        let asked = dockers.iter().map(|id| Ok((*id, endpoints_in(id)?)));
        let known: Vec<(&str, Option<Vec<String>>)> = asked.collect::<Done<_>>()?;
        let has = |lease: &Lease| {
            known.iter().any(|(_, all)| all.iter().flatten().any(|one| *one == lease.container))
        };
        let Some((docker, _)) = known.iter().find(|(_, all)| all.is_some()) else { continue };
        let gone = leases.into_iter().filter(|lease| !has(lease));
        missing.extend(gone.map(|lease| ((*docker).to_owned(), lease.container)));
    }
    Ok(missing)
}

fn of_this_host(stored: &Stored, network: &Network) -> Done<Vec<Lease>> {
    let host = stored.networks()?.host_name();
    let mut leases = network.leases()?;
    leases.retain(|lease| lease.host == host && !is_allocated(lease));
    Ok(leases)
}
