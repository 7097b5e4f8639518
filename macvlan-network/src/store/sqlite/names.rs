//! By which names a lease is found, and what else is changed of one that stands.

use std::net::IpAddr;

use rusqlite::{OptionalExtension as _, Transaction, params};

use crate::lease::Lease;
use crate::pool;
use crate::record::NetworkRecord;
use crate::store::Found;
use crate::store::refusal::name_taken;

use super::gaps::{self, Holder};
use super::leases::{self, read_all, select, words};
use super::transaction::{Attempt, number};

/// The name belongs to one container alone.
pub(super) fn refuse_taken(
    transaction: &Transaction<'_>,
    network: &NetworkRecord,
    number: i64,
    lease: &Lease,
) -> Attempt<()> {
    let Some(name) = &lease.name else { return Ok(()) };
    let mut statement = transaction.prepare_cached(
        "SELECT container FROM lease WHERE network = ? AND name = ? AND container != ?",
    )?;
    let holder: Option<String> =
        statement.query_row(params![number, name, lease.container], |row| row.get(0)).optional()?;
    match holder {
        Some(holder) => Err(name_taken(network, name, &holder).into()),
        None => Ok(()),
    }
}

/// Writes a lease's aliases, where they are listed with it, and where they are found.
pub(super) fn set_aliases(
    transaction: &Transaction<'_>,
    number: i64,
    lease: &Lease,
) -> Attempt<()> {
    if lease.aliases.is_empty() {
        return Ok(());
    }
    transaction
        .prepare_cached("UPDATE lease SET aliases = ? WHERE endpoint = ?")?
        .execute(params![words(&lease.aliases), lease.endpoint])?;
    for alias in &lease.aliases {
        transaction
            .prepare_cached("INSERT INTO alias (network, alias, endpoint) VALUES (?, ?, ?)")?
            .execute(params![number, alias, lease.endpoint])?;
    }
    Ok(())
}

/// Changes what a lease says without touching addresses and link. False if there is no such lease.
pub(super) fn update(
    transaction: &Transaction<'_>,
    network: &NetworkRecord,
    lease: &Lease,
) -> Attempt<bool> {
    let number = number(transaction, network)?;
    refuse_taken(transaction, network, number, lease)?;
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
    set_aliases(transaction, number, lease)?;
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
    let aliased = ask(select!(
        "WHERE endpoint IN (SELECT endpoint FROM alias WHERE network = ? AND alias = ?)"
    ))?;
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
