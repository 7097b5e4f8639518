//! Checks that networks do not give the same address twice on one LAN.

use std::collections::BTreeSet;
use std::net::IpAddr;

use ipnet::IpNet;

use crate::error::{Error, ErrorKind, Result};
use crate::record::NetworkRecord;

use super::{Found, Unreadable};

/// Refuses a network that conflicts with others, or whose subnets in `alone` overlap any of theirs.
///
/// `parents` returns the parents that the interfaces of a network's leases are on. They may differ
/// from the network's own for as long as interfaces are left on its former one.
///
/// Returns the networks on the same LAN with an overlapping subnet, or with a gateway or a reserved
/// address in one, whose leases are for [`check_held`].
pub(crate) fn check<'a, E: From<Error>>(
    operation: &'static str,
    network: &NetworkRecord,
    others: &'a [Found<NetworkRecord>],
    alone: &[IpNet],
    mut parents: impl FnMut(&NetworkRecord) -> std::result::Result<Vec<String>, E>,
) -> std::result::Result<Vec<&'a NetworkRecord>, E> {
    let refuse = |kind, why: String| Error::new(kind, operation, why).in_network(network.name());
    let mut neighbours = Vec::new();
    for other in others_than(operation, network, others) {
        let other = other?;
        let name = other.name();
        if name == network.name() {
            let why = "a network with this name exists".to_owned();
            return Err(refuse(ErrorKind::NetworkExists, why).into());
        }
        let shared = network.shares_wire(other);
        let mut overlaps = false;
        for ours in network.config.given() {
            for theirs in other.config.given() {
                let (subnet, its) = (ours.subnet, theirs.subnet);
                if !subnet.overlaps(its) {
                    continue;
                }
                let words = format!("subnet {subnet} overlaps {its} of network {name:?}");
                if alone.contains(&subnet.get_net()) {
                    return Err(refuse(ErrorKind::SubnetOverlaps, words).into());
                }
                if let Some(address) = ours.clash(&theirs).filter(|_| shared) {
                    let why = format!("{words}, and both could lease {address}");
                    return Err(refuse(ErrorKind::SubnetOverlaps, why)
                        .with_hint("use ranges without common addresses")
                        .into());
                }
                overlaps = true;
            }
        }
        if let Some(address) = network.config.kept_clash(&other.config).filter(|_| shared) {
            let why = format!(
                "a container could lease {address}, a gateway or reserved in this network or in \
                 network {name:?} on the same parent"
            );
            return Err(refuse(ErrorKind::SubnetOverlaps, why)
                .with_hint("exclude the address, or use another one")
                .into());
        }
        let reaches = |one: &NetworkRecord, by: &NetworkRecord| {
            one.config.kept_back().any(|kept| by.subnet_of(kept).is_some())
        };
        let touches = overlaps || reaches(network, other) || reaches(other, network);
        if touches && (shared || are_left(network, &parents(other)?)) {
            neighbours.push(other);
        }
        let alone = [network, other].into_iter().find(|one| shared && one.is_passthru());
        if let Some(alone) = alone {
            return Err(refuse(
                ErrorKind::ParentClash,
                format!(
                    "parent {:?} is also that of network {name:?}, and mode passthru of {} needs it \
                     exclusively",
                    network.parent(),
                    if alone.id == other.id { "that network" } else { "this network" }
                ),
            )
            .into());
        }
    }
    Ok(neighbours)
}

/// Refuses a network if another one on the same LAN gives an address that a container of this one
/// has, or keeps it back, or the other way around, or if containers of both have it.
pub(crate) fn check_held(
    operation: &'static str,
    network: &NetworkRecord,
    other: &NetworkRecord,
    theirs: &[IpAddr],
    ours: &BTreeSet<IpAddr>,
) -> Result<()> {
    let name = other.name();
    let could = |one: &NetworkRecord, by: &NetworkRecord, address: &IpAddr| {
        one.gives(*address) || one.config.keeps_back_from(&by.config, *address)
    };
    let held = |address: &&IpAddr| could(network, other, address) || ours.contains(*address);
    let why = if let Some(address) = theirs.iter().find(held) {
        format!("{address} is already leased in network {name:?} on the same parent")
    } else if let Some(address) =
        ours.iter().find(|address| network.shares_wire(other) && could(other, network, address))
    {
        format!(
            "{address} is leased, and in the range of network {name:?} on the same parent, or a \
             gateway or reserved there"
        )
    } else {
        return Ok(());
    };
    Err(Error::new(ErrorKind::SubnetOverlaps, operation, why)
        .with_hint("exclude the address, or disconnect the container that has it")
        .in_network(network.name()))
}

/// Returns whether interfaces of another network are left on this one's parent.
fn are_left(network: &NetworkRecord, parents: &[String]) -> bool {
    parents.iter().any(|parent| network.has_parent(parent))
}

/// Returns the other networks on the same LAN with a subnet that contains an address.
///
/// Refuses the address if one of them gives it or keeps it back. This is only for addresses that
/// the network does not give itself, since the others do neither with those.
pub(crate) fn neighbours_with<'a, E: From<Error>>(
    network: &NetworkRecord,
    others: &'a [Found<NetworkRecord>],
    address: IpAddr,
    mut parents: impl FnMut(&NetworkRecord) -> std::result::Result<Vec<String>, E>,
) -> std::result::Result<Vec<&'a NetworkRecord>, E> {
    let mut neighbours = Vec::new();
    for other in others_than("lease an address", network, others) {
        let other = other?;
        let shared = network.shares_wire(other);
        let keeps = other.config.keeps_back_from(&network.config, address);
        if shared && (keeps || other.gives(address)) {
            let is = if keeps { "a gateway or reserved in" } else { "in the range of" };
            let why = format!("{address} is {is} network {:?} on the same parent", other.name());
            return Err(Error::new(ErrorKind::AddressUnusable, format!("lease {address}"), why)
                .in_network(network.name())
                .into());
        }
        if other.subnet_of(address).is_some() && (shared || are_left(network, &parents(other)?)) {
            neighbours.push(other);
        }
    }
    Ok(neighbours)
}

/// Returns the other networks, or an error for one that cannot be read, since it may conflict.
fn others_than<'a>(
    operation: &'static str,
    network: &NetworkRecord,
    others: &'a [Found<NetworkRecord>],
) -> impl Iterator<Item = Result<&'a NetworkRecord>> {
    let (id, name) = (network.id.clone(), network.name().to_owned());
    others.iter().filter_map(move |other| match other {
        Ok(other) => (other.id != id).then_some(Ok(other)),
        Err(Unreadable { network: hidden, error, .. }) => {
            let why = format!("network {hidden} cannot be read: {}", error.cause());
            Some(Err(Error::new(ErrorKind::StoreUnusable, operation, why).in_network(&name)))
        }
    })
}
