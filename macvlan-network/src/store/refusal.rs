//! Errors that both stores return.

use std::net::IpAddr;

use crate::error::{Error, ErrorKind};
use crate::lease::ConflictingAddress;
use crate::record::NetworkRecord;

/// Returns the error if no address is left, some of which other hosts may have.
pub(crate) fn exhausted(
    network: &NetworkRecord,
    v6: bool,
    conflicts: &[ConflictingAddress],
) -> Error {
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
    let left = format!("no address is left in {}", subnets.join(", "));
    let (why, hint) = match conflicts.iter().filter(|one| one.address.is_ipv6() == v6).count() {
        0 => (left, "disconnect containers, or release the leases of those that have ended"),
        some => {
            let are = if some == 1 { "is" } else { "are" };
            let hint = "delete the records of conflicts that are over, or disconnect containers";
            (format!("{left}, and {some} {are} recorded as conflicting"), hint)
        }
    };
    Error::new(ErrorKind::PoolExhausted, "find a free address", why)
        .with_hint(hint)
        .in_network(network.name())
}

/// Returns the error if a container or another host has an address.
pub(crate) fn taken(network: &NetworkRecord, address: IpAddr, holder: Option<&str>) -> Error {
    let operation = format!("lease {address}");
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
        .with_hint("once that host no longer has it, delete the record of the conflict"),
    }
    .in_network(network.name())
}

/// Returns the error if a lease to take is not pending.
pub(crate) fn not_pending(network: &NetworkRecord, id: &str) -> Error {
    let why = format!("lease {id} is not pending: it was taken or released");
    Error::new(ErrorKind::LeaseLost, "take the lease", why)
        .with_hint("allocate addresses again")
        .in_network(network.name())
}

/// Returns the error if this host has an address itself.
pub(crate) fn is_the_hosts(network: &NetworkRecord, address: IpAddr) -> Error {
    let why = format!("a link of this host has {address}");
    Error::new(ErrorKind::AddressConflict, format!("lease {address}"), why)
        .in_network(network.name())
}

/// Returns the error if a name is in use.
pub(crate) fn name_taken(network: &NetworkRecord, name: &str, holder: &str) -> Error {
    Error::new(
        ErrorKind::NameTaken,
        format!("use {name:?} as a container's name"),
        format!("container {holder:?} has the name {name:?}"),
    )
    .with_hint("disconnect that container first, or release its lease if it has ended")
    .in_network(network.name())
}

/// Returns the error if the network does not exist.
pub(crate) fn no_network(name: &str) -> Error {
    Error::new(ErrorKind::NetworkNotFound, "use the network", "the network does not exist")
        .in_network(name)
}

/// Returns the error if the network was changed by another process.
pub(crate) fn changed(network: &NetworkRecord) -> Error {
    Error::new(
        ErrorKind::Contended,
        "change the network",
        "the network was changed since it was read",
    )
    .with_hint("look it up again, and repeat the change")
    .in_network(network.name())
}

/// Returns the error if containers are still connected.
pub(crate) fn in_use(network: &NetworkRecord, holders: usize, one: &str) -> Error {
    let connected = match holders {
        0 | 1 => "is connected".to_owned(),
        more => format!("and {} more are connected", more - 1),
    };
    Error::new(
        ErrorKind::NetworkInUse,
        "remove the network",
        format!("container {one:?} {connected}"),
    )
    .with_hint("disconnect them first, and release the leases of those that have ended")
    .in_network(network.name())
}
