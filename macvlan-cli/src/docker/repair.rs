//! Releases leases of endpoints that Docker has deleted while the plugin was away.

use std::collections::HashMap;
use std::mem;
use std::time::{Duration, Instant};

use macvlan_network::{Lease, Network};

use crate::container::endpoints_in;
use crate::docker::RUNTIME;
use crate::docker::leased::{disconnect, is_allocated};
use crate::docker::stored::{Stored, dockers};
use crate::failure::Done;
use crate::runtime_network;
use crate::store::is_here;

/// The time after which an endpoint that Docker does not have is gone; it may just be creating one.
const AGE: Duration = Duration::from_secs(20);

/// The endpoints that Docker does not have, and since when.
#[derive(Debug, Default)]
pub(crate) struct Repair(HashMap<String, Instant>);

impl Repair {
    /// Disconnects the endpoints that Docker no longer has, and returns the faults.
    pub(super) fn pass(&mut self, stored: &Stored) -> Vec<String> {
        let before = mem::take(&mut self.0);
        let missing = match missing(stored) {
            Ok(missing) => missing,
            Err(failure) => return vec![failure.in_one_line()],
        };
        let mut faults = Vec::new();
        for (docker, endpoint) in missing {
            let since = before.get(&endpoint).copied().unwrap_or_else(Instant::now);
            if since.elapsed() >= AGE {
                if let Err(failure) = disconnect(stored, &docker, &endpoint, |_, _| {}) {
                    faults.push(failure.in_one_line());
                }
            }
            self.0.insert(endpoint, since);
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
        let asked = dockers(&network).map(|(id, _)| Ok((id, endpoints_in(id)?)));
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
    let networks = stored.networks()?;
    let mut leases = network.leases()?;
    leases.retain(|lease| is_here(networks, lease) && !is_allocated(lease));
    Ok(leases)
}
