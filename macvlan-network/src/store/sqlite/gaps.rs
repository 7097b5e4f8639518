//! The table of the gaps in a network's pools.

use std::net::IpAddr;

use rusqlite::{OptionalExtension as _, Row, Transaction, params};

use crate::lease::ConflictingAddress;
use crate::pool::{self, Gap};
use crate::record::NetworkRecord;

use super::transaction::Attempt;

pub(super) fn blob(number: u128) -> [u8; 16] {
    number.to_be_bytes()
}

pub(super) fn from_blob(bytes: [u8; 16]) -> u128 {
    u128::from_be_bytes(bytes)
}

/// Returns the address in the first column.
pub(super) fn address(row: &Row<'_>) -> rusqlite::Result<IpAddr> {
    Ok(pool::address(from_blob(row.get(0)?)))
}

fn gap(row: &Row<'_>) -> rusqlite::Result<Gap> {
    Ok(Gap { first: from_blob(row.get(0)?), last: from_blob(row.get(1)?) })
}

pub(super) fn add(
    transaction: &Transaction<'_>,
    network: i64,
    pool: usize,
    gap: Gap,
) -> Attempt<()> {
    transaction
        .prepare_cached("INSERT INTO gap (network, pool, first, last) VALUES (?, ?, ?, ?)")?
        .execute(params![network, pool, blob(gap.first), blob(gap.last)])?;
    Ok(())
}

fn remove(transaction: &Transaction<'_>, network: i64, pool: usize, gap: Gap) -> Attempt<()> {
    transaction
        .prepare_cached("DELETE FROM gap WHERE network = ? AND pool = ? AND first = ?")?
        .execute(params![network, pool, blob(gap.first)])?;
    Ok(())
}

/// Returns the last gap that begins at or before a number.
fn at_or_before(
    transaction: &Transaction<'_>,
    network: i64,
    pool: usize,
    at: u128,
) -> Attempt<Option<Gap>> {
    let mut statement = transaction.prepare_cached(
        "SELECT first, last FROM gap WHERE network = ? AND pool = ? AND first <= ? \
         ORDER BY first DESC LIMIT 1",
    )?;
    Ok(statement.query_row(params![network, pool, blob(at)], gap).optional()?)
}

/// Returns the first gap that begins after a number.
fn behind(
    transaction: &Transaction<'_>,
    network: i64,
    pool: usize,
    at: u128,
) -> Attempt<Option<Gap>> {
    let mut statement = transaction.prepare_cached(
        "SELECT first, last FROM gap WHERE network = ? AND pool = ? AND first > ? \
         ORDER BY first LIMIT 1",
    )?;
    Ok(statement.query_row(params![network, pool, blob(at)], gap).optional()?)
}

/// Returns the first free address from a number on, or else from the beginning.
pub(super) fn first_free(
    transaction: &Transaction<'_>,
    network: i64,
    pool: usize,
    start: u128,
) -> Attempt<Option<u128>> {
    if at_or_before(transaction, network, pool, start)?.is_some_and(|gap| gap.holds(start)) {
        return Ok(Some(start));
    }
    let next = match behind(transaction, network, pool, start)? {
        Some(gap) => Some(gap),
        None => behind(transaction, network, pool, 0)?,
    };
    Ok(next.map(|gap| gap.first))
}

/// Takes an address out of the gaps; false if it was in none.
pub(super) fn take(
    transaction: &Transaction<'_>,
    network: i64,
    pool: usize,
    at: u128,
) -> Attempt<bool> {
    let gap = at_or_before(transaction, network, pool, at)?.filter(|gap| gap.holds(at));
    let Some(gap) = gap else { return Ok(false) };
    remove(transaction, network, pool, gap)?;
    for rest in gap.without(at).into_iter().flatten() {
        add(transaction, network, pool, rest)?;
    }
    Ok(true)
}

/// Returns an address to the gaps, if the network gives it without a request.
pub(super) fn give_back(
    transaction: &Transaction<'_>,
    network: &NetworkRecord,
    number: i64,
    address: IpAddr,
) -> Attempt<()> {
    let at = pool::number(address);
    let Some((pool, _)) = network.subnet_of(address).filter(|_| network.gives(address)) else {
        return Ok(());
    };
    let before = at_or_before(transaction, number, pool, at)?;
    if before.is_some_and(|gap| gap.holds(at)) {
        return Ok(());
    }
    let after = behind(transaction, number, pool, at)?;
    let whole = Gap::around(at, before, after);
    for old in [before, after].into_iter().flatten().filter(|old| whole.holds(old.first)) {
        remove(transaction, number, pool, old)?;
    }
    add(transaction, number, pool, whole)
}

/// The holder of an address.
pub(super) enum Holder {
    Nobody,
    /// A host outside of the network.
    Foreigner,
    Container(String),
}

/// Returns the holder of an address.
pub(super) fn holder(transaction: &Transaction<'_>, network: i64, at: u128) -> Attempt<Holder> {
    let mut statement = transaction.prepare_cached(
        "SELECT lease.container FROM address LEFT JOIN lease USING (endpoint) \
         WHERE address.network = ? AND address.address = ?",
    )?;
    let found: Option<Option<String>> =
        statement.query_row(params![network, blob(at)], |row| row.get(0)).optional()?;
    Ok(match found {
        None => Holder::Nobody,
        Some(None) => Holder::Foreigner,
        Some(Some(container)) => Holder::Container(container),
    })
}

/// Returns the addresses that hosts outside of the network have.
pub(super) fn conflicting(
    transaction: &Transaction<'_>,
    network: i64,
) -> Attempt<Vec<ConflictingAddress>> {
    let mut statement = transaction.prepare_cached(
        "SELECT address, since FROM address WHERE network = ? AND endpoint IS NULL",
    )?;
    let found = statement.query_map([network], |row| {
        let found: i64 = row.get(1)?;
        Ok(ConflictingAddress { address: address(row)?, found: found.unsigned_abs() })
    })?;
    Ok(found.collect::<rusqlite::Result<_>>()?)
}
