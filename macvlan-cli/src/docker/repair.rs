//! Does what the plugin was killed before: releases leases of endpoints that Docker has deleted, and
//! finishes those that have joined a container. Docker tells of a rename of a container only here.

use std::collections::{HashMap, HashSet};
use std::mem;
use std::time::{Duration, Instant};

use ipnet::IpNet;
use macvlan_core::{Endpoint, NetNs, Parent, Presence, RouteFilter};
use macvlan_network::{Lease, Network};

use crate::container::{self, endpoints_in};
use crate::docker::RUNTIME;
use crate::docker::finish::{Announced, ready, settle};
use crate::docker::leased::{disconnect, is_allocated, lacks_name, name};
use crate::docker::options::DockerOptions;
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
    /// Finishes endpoints, and disconnects those that Docker no longer has; returns the faults.
    pub(super) fn pass(&mut self, stored: &Stored, announced: &Announced) -> Vec<String> {
        let mut faults = Vec::new();
        let before = mem::take(&mut self.0);
        let networks = stored.networks().and_then(|all| runtime_network::of(all, RUNTIME));
        let networks = networks.unwrap_or_else(|failure| {
            faults.push(failure.in_one_line());
            Vec::new()
        });
        let (mut endpoints, mut all_read) = (HashSet::new(), faults.is_empty());
        for network in networks {
            let mut tried = |done: Done| {
                faults.extend(done.err().map(|failure| failure.in_one_line()));
            };
            let leases = match of_this_host(stored, &network) {
                Ok(leases) => leases,
                Err(failure) => {
                    all_read = false;
                    tried(Err(failure));
                    continue;
                }
            };
            if leases.is_empty() {
                continue;
            }
            endpoints.extend(leases.iter().map(|lease| lease.container.clone()));
            settle_all(stored, &network, &leases, announced, &mut tried);
            let (docker, known) = match known(&network) {
                // Of networks that this host's Docker does not have, it says nothing.
                Ok(None) => continue,
                Ok(Some(known)) => known,
                Err(failure) => {
                    tried(Err(failure));
                    continue;
                }
            };
            let mut unnamed = Vec::new();
            for lease in leases {
                match known.iter().find(|one| one.id == lease.container) {
                    // Until it is bound, its container is starting.
                    Some(its) if lease.netns().is_some() && lacks_name(&lease, its) => {
                        unnamed.push((lease, its));
                    }
                    Some(_) => {}
                    None => {
                        let since =
                            before.get(&lease.container).copied().unwrap_or_else(Instant::now);
                        if since.elapsed() >= AGE {
                            tried(disconnect(stored, &docker, &lease.container, |_, _| {}));
                        }
                        self.0.insert(lease.container, since);
                    }
                }
            }
            name_all(stored, &network, unnamed, &mut tried);
        }
        if all_read {
            announced.retain(|endpoint| endpoints.contains(endpoint));
        }
        faults
    }
}

/// Gives leases the names of their containers, again as long as that frees names: containers may have
/// exchanged theirs.
fn name_all(
    stored: &Stored,
    network: &Network,
    mut unnamed: Vec<(Lease, &container::Endpoint)>,
    tried: &mut impl FnMut(Done),
) {
    let mut before = 0;
    while unnamed.len() != before {
        before = unnamed.len();
        unnamed.retain_mut(|(lease, its)| match name(stored, network, lease, its) {
            Ok(is_named) => !is_named,
            Err(failure) => {
                tried(Err(failure));
                false
            }
        });
    }
}

/// Returns the endpoints of a network that this host's Docker has, with its id of the network.
fn known(network: &Network) -> Done<Option<(String, Vec<container::Endpoint>)>> {
    let (mut docker, mut all) = (None, Vec::new());
    for (id, _) in dockers(network) {
        if let Some(known) = endpoints_in(id)? {
            docker.get_or_insert_with(|| id.to_owned());
            all.extend(known);
        }
    }
    Ok(docker.map(|docker| (docker, all)))
}

/// Settles the endpoints of a network whose addresses were not announced, as far as this process
/// knows, before their containers had a name, and those to which the host has no route.
fn settle_all(
    stored: &Stored,
    network: &Network,
    leases: &[Lease],
    announced: &Announced,
    tried: &mut impl FnMut(Done),
) {
    let wanted = || -> Done<Vec<&Lease>> {
        let options = DockerOptions::of(network.config())?.shared;
        let routes = match network.config().get_parent().filter(|_| options.access) {
            Some(parent) => Some(routes(stored, parent)?),
            None => None,
        };
        let is_wanted = |lease: &&Lease| {
            let has = |net: &IpNet| {
                routes.as_ref().is_none_or(|routes| routes.contains(&IpNet::from(net.addr())))
            };
            let is_silent = options.announce.is_some()
                && lease.aliases.is_empty()
                && !announced.has(&lease.container);
            is_silent || !lease.addresses.iter().all(has)
        };
        Ok(leases.iter().filter(is_wanted).collect())
    };
    let (mut wanted, mut marks) = match wanted() {
        Ok(wanted) => (wanted, Vec::new()),
        Err(failure) => return tried(Err(failure)),
    };
    wanted.retain(|lease| match lease.netns() {
        Some(mark) if mark.is_of_this_boot().unwrap_or(false) => {
            marks.push((mark.inode, mark.cookie));
            true
        }
        _ => false,
    });
    NetNs::find_all(&marks, |at, presence| {
        // One that has ended, or that is not found, is none of this pass.
        let Presence::There(netns) = presence else { return };
        let settled = ready(stored, wanted[at], &netns).and_then(|attachment| match attachment {
            Some(attachment) => settle(stored, network, wanted[at], &attachment, announced),
            None => Ok(()),
        });
        tried(settled);
    });
}

/// Returns the destinations to which the host has routes by its link on a parent.
fn routes(stored: &Stored, parent: &Parent) -> Done<HashSet<IpNet>> {
    let Some(link) = stored.host.find_access(parent)? else { return Ok(HashSet::new()) };
    let filter = RouteFilter::new().link(link).protocol(Endpoint::PROTOCOL);
    let routes = stored.host.handle()?.find_routes(&filter)?;
    Ok(routes.iter().map(|info| info.route.get_destination()).collect())
}

fn of_this_host(stored: &Stored, network: &Network) -> Done<Vec<Lease>> {
    let networks = stored.networks()?;
    let mut leases = network.leases()?;
    leases.retain(|lease| is_here(networks, lease) && !is_allocated(lease));
    Ok(leases)
}
