//! Finds leases by name or address, and updates their details.

use std::collections::HashSet;
use std::net::IpAddr;

use rusqlite::{OptionalExtension as _, Transaction, params};

use crate::lease::Lease;
use crate::pool;
use crate::record::NetworkRecord;
use crate::store::Found;
use crate::store::refusal::changed;

use super::gaps::{self, Holder};
use super::names;
use super::rows::{self, read_all, select};
use super::transaction::{Attempt, current, number};

/// Updates the details of a lease that do not concern addresses or the link; false if it does not
/// exist.
pub(super) fn update(
    transaction: &Transaction<'_>,
    network: &NetworkRecord,
    lease: &Lease,
) -> Attempt<bool> {
    let (number, now) = current(transaction, network)?;
    names::refuse_taken(transaction, network, number, lease)?;
    let parent: Option<Option<String>> = transaction
        .prepare_cached("SELECT parent FROM lease WHERE endpoint = ?")?
        .query_row([&lease.endpoint], |row| row.get(0))
        .optional()?;
    if parent.is_some_and(|parent| parent != lease.parent.0)
        && lease.parent.0 != now.stored_parent()
    {
        return Err(changed(network).into());
    }
    let done = transaction
        .prepare_cached(
            "UPDATE lease SET name = ?, aliases = '', default_route = ?, gw_priority = ?, \
             parent = ? WHERE endpoint = ?",
        )?
        .execute(params![
            lease.name,
            lease.default_route,
            lease.gw_priority,
            lease.parent.0,
            lease.endpoint
        ])?;
    if done == 0 {
        return Ok(false);
    }
    transaction
        .prepare_cached("DELETE FROM alias WHERE endpoint = ?")?
        .execute([&lease.endpoint])?;
    names::set_aliases(transaction, number, lease)?;
    Ok(true)
}

/// Returns the leases with a name, followed by those with it as an alias, or else those of the
/// container with this id.
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
    // A container's names are valid for all of its interfaces.
    let mut found = ask(select!(
        "WHERE network = ?1 AND container IN \
         (SELECT container FROM lease WHERE network = ?1 AND name = ?2) ORDER BY sequence"
    ))?;
    let mut aliased = ask(select!(
        "WHERE network = ?1 AND container IN (SELECT container FROM lease WHERE endpoint IN \
         (SELECT endpoint FROM alias WHERE network = ?1 AND alias = ?2))"
    ))?;
    aliased.sort_by(|one, other| {
        (&one.container, one.sequence).cmp(&(&other.container, other.sequence))
    });
    let named: HashSet<String> = found.iter().map(|lease| lease.endpoint.clone()).collect();
    found.extend(aliased.into_iter().filter(|lease| !named.contains(&lease.endpoint)));
    if found.is_empty() {
        return ask(select!("WHERE network = ? AND container = ? ORDER BY sequence"));
    }
    Ok(found)
}

/// Returns the lease that has an address.
pub(super) fn holding(
    transaction: &Transaction<'_>,
    network: &NetworkRecord,
    address: IpAddr,
) -> Attempt<Option<Lease>> {
    match gaps::holder(transaction, number(transaction, network)?, pool::number(address))? {
        Holder::Container(container) => {
            let found = rows::find(transaction, network, &container)?;
            Ok(found.into_iter().find(|lease| lease.has(address)))
        }
        _ => Ok(None),
    }
}
