//! The names that leases are found by.

use rusqlite::{OptionalExtension as _, Transaction, params};

use crate::lease::Lease;
use crate::record::NetworkRecord;
use crate::store::refusal::name_taken;

use super::transaction::Attempt;

pub(super) fn words(all: &[impl ToString]) -> String {
    let words: Vec<String> = all.iter().map(ToString::to_string).collect();
    words.join(" ")
}

/// Returns the other container that has a name.
pub(super) fn holder(
    transaction: &Transaction<'_>,
    number: i64,
    (name, container): (&str, &str),
) -> Attempt<Option<String>> {
    let mut statement = transaction.prepare_cached(
        "SELECT container FROM lease WHERE network = ? AND name = ? AND container != ?",
    )?;
    Ok(statement.query_row(params![number, name, container], |row| row.get(0)).optional()?)
}

/// Refuses a name that another container has.
pub(super) fn refuse_taken(
    transaction: &Transaction<'_>,
    network: &NetworkRecord,
    number: i64,
    lease: &Lease,
) -> Attempt<()> {
    let Some(name) = &lease.name else { return Ok(()) };
    match holder(transaction, number, (name, &lease.container))? {
        Some(holder) => Err(name_taken(network, name, &holder).into()),
        None => Ok(()),
    }
}

/// Replaces a lease's aliases, in its own row and in the table for lookups.
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
