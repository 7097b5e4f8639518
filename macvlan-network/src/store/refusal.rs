//! Errors that both stores return.

use std::net::IpAddr;

use crate::error::{Error, ErrorKind};
use crate::record::NetworkRecord;

/// Returns the error if no address is left.
pub(crate) fn exhausted(network: &NetworkRecord, v6: bool) -> Error {
    let subnets: Vec<String> = network
        .config
        .get_subnets()
        .iter()
        .filter(|subnet| subnet.get_net().addr().is_ipv6() == v6)
        .flat_map(|subnet| match subnet.get_ranges() {
            [] => vec![subnet.to_string()],
            ranges => ranges.iter().map(ToString::to_string).collect(),
        })
        .collect();
    Error::new(
        ErrorKind::PoolExhausted,
        "find a free address",
        format!("no address is left in {}", subnets.join(", ")),
    )
    .with_hint("disconnect containers, or `collect` the leases of those that are gone")
    .in_network(network.name())
}

/// Returns the error if a container or another host has an address.
pub(crate) fn taken(network: &NetworkRecord, address: IpAddr, holder: Option<&str>) -> Error {
    let operation = format!("give out {address}");
    match holder {
        Some(container) => Error::new(
            ErrorKind::AddressTaken,
            operation,
            format!("container {container:?} has {address}"),
        ),
        None => Error::new(
            ErrorKind::AddressConflict,
            operation,
            format!("a host on the LAN that is not a container of this network has {address}"),
        )
        .with_hint("when that is over, delete the record of the conflict"),
    }
    .in_network(network.name())
}

/// Returns the error if a lease to take is not pending.
pub(crate) fn not_pending(network: &NetworkRecord, id: &str) -> Error {
    let why = format!("lease {id} is not pending: another has taken it, or it was taken back");
    Error::new(ErrorKind::LeaseLost, "take the lease", why)
        .with_hint("allocate addresses again")
        .in_network(network.name())
}

/// Returns the error if this host has an address itself.
pub(crate) fn is_the_hosts(network: &NetworkRecord, address: IpAddr) -> Error {
    let why = format!("a link of this host has {address}");
    Error::new(ErrorKind::AddressConflict, format!("give out {address}"), why)
        .in_network(network.name())
}

/// Returns the error if a name is in use.
pub(crate) fn name_taken(network: &NetworkRecord, name: &str, holder: &str) -> Error {
    Error::new(
        ErrorKind::NameTaken,
        format!("call a container {name:?}"),
        format!("container {holder:?} is called {name:?}"),
    )
    .with_hint("disconnect that one first; if it is gone, `collect` its lease")
    .in_network(network.name())
}

/// Returns the error if the network does not exist.
pub(crate) fn no_network(name: &str) -> Error {
    Error::new(ErrorKind::NetworkNotFound, "use the network", "there is no such network")
        .in_network(name)
}

/// Returns the error if the network was changed by another process.
pub(crate) fn changed(network: &NetworkRecord) -> Error {
    Error::new(
        ErrorKind::Contended,
        "change the network",
        "others have changed it since it was read",
    )
    .with_hint("find it again, and change what it is now")
    .in_network(network.name())
}

/// Returns the error if containers are still connected.
pub(crate) fn in_use(network: &NetworkRecord, holders: usize, one: &str) -> Error {
    let others = match holders {
        0 | 1 => String::new(),
        more => format!(" and {} more", more - 1),
    };
    Error::new(
        ErrorKind::NetworkInUse,
        "remove the network",
        format!("container {one:?}{others} are connected to it"),
    )
    .with_hint("disconnect them first; `collect` takes away those that are gone")
    .in_network(network.name())
}
