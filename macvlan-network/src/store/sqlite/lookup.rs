//! Which leases a name or an address leads to, and what is changed of one that stands.

use std::net::IpAddr;

use rusqlite::{Transaction, params};

use crate::lease::Lease;
use crate::pool;
use crate::record::NetworkRecord;
use crate::store::Found;

use super::gaps::{self, Holder};
use super::leases::{self, read_all, select};
use super::names;
use super::transaction::{Attempt, number};

/// Changes what a lease says without touching addresses and link. False if there is no such lease.
pub(super) fn update(
    transaction: &Transaction<'_>,
    network: &NetworkRecord,
    lease: &Lease,
) -> Attempt<bool> {
    let number = number(transaction, network)?;
    names::refuse_taken(transaction, network, number, lease)?;
    let changed = transaction
        .prepare_cached(
            "UPDATE lease SET name = ?, aliases = '', default_route = ?, gw_priority = ? \
             WHERE endpoint = ?",
        )?
        .execute(params![lease.name, lease.default_route, lease.gw_priority, lease.endpoint])?;
    if changed == 0 {
        return Ok(false);
    }
    transaction
        .prepare_cached("DELETE FROM alias WHERE endpoint = ?")?
        .execute([&lease.endpoint])?;
    names::set_aliases(transaction, number, lease)?;
    Ok(true)
}

/// The leases that have a name, then those that have it as an alias; those of that container, if there
/// are none.
pub(super) fn named(
    transaction: &Transaction<'_>,
    network: &NetworkRecord,
    name: &str,
) -> Attempt<Vec<Lease>> {
    let number = number(transaction, network)?;
    let ask = |select: &str| -> Attempt<Vec<Lease>> {
        let found = read_all(transaction, select, params![number, name])?;
        Ok(found.into_iter().filter_map(Found::ok).collect())
    };
    let mut found = ask(select!("WHERE network = ? AND name = ?"))?;
    let mut aliased = ask(select!(
        "WHERE endpoint IN (SELECT endpoint FROM alias WHERE network = ? AND alias = ?)"
    ))?;
    aliased.sort_by(|one, other| one.container.cmp(&other.container));
    found.extend(aliased.into_iter().filter(|lease| lease.name.as_deref() != Some(name)));
    if found.is_empty() {
        return ask(select!("WHERE network = ? AND container = ?"));
    }
    Ok(found)
}

/// The lease that has an address.
pub(super) fn holding(
    transaction: &Transaction<'_>,
    network: &NetworkRecord,
    address: IpAddr,
) -> Attempt<Option<Lease>> {
    match gaps::holder(transaction, number(transaction, network)?, pool::number(address))? {
        Holder::Container(container) => leases::find(transaction, network, &container),
        _ => Ok(None),
    }
}
