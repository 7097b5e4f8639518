//! The table of networks.

use std::collections::BTreeSet;
use std::net::IpAddr;

use ipnet::IpNet;
use rusqlite::{ToSql, Transaction, params};

use crate::record::NetworkRecord;
use crate::store::refusal::in_use;
use crate::store::{Found, Unreadable, clash, format, is_id};

use super::gaps;
use super::transaction::{Attempt, number};

/// The operation in error messages.
pub(super) const CREATE: &str = "create the network";

/// Returns all networks, ordered by name.
pub(super) fn all(transaction: &Transaction<'_>) -> Attempt<Vec<Found<NetworkRecord>>> {
    read(transaction, "SELECT id, created, config FROM network ORDER BY name", params![])
}

/// Returns the network of that name, or else those whose ids begin with it.
pub(super) fn find(transaction: &Transaction<'_>, name_or_id: &str) -> Attempt<Vec<NetworkRecord>> {
    let find = |select, params: &[&dyn ToSql]| -> Attempt<Vec<NetworkRecord>> {
        let found = read(transaction, select, params)?;
        Ok(found.into_iter().collect::<Found<_>>()?)
    };
    let select = "SELECT id, created, config FROM network WHERE name = ?";
    let named = find(select, params![name_or_id])?;
    if !named.is_empty() || !is_id(name_or_id) {
        return Ok(named);
    }
    // A range over the index finds all ids with this prefix.
    let select =
        "SELECT id, created, config FROM network WHERE id >= ? AND id < ? ORDER BY id LIMIT 8";
    find(select, params![name_or_id, format!("{name_or_id}g")])
}

fn read(
    transaction: &Transaction<'_>,
    select: &str,
    params: &[&dyn ToSql],
) -> Attempt<Vec<Found<NetworkRecord>>> {
    let mut statement = transaction.prepare_cached(select)?;
    let mut rows = statement.query(params)?;
    let mut found = Vec::new();
    while let Some(row) = rows.next()? {
        let id: String = row.get(0)?;
        let created: String = row.get(1)?;
        let config = row.get_ref(2)?.as_str().map_err(|error| error.to_string());
        let config = config
            .and_then(|config| format::read(config).map_err(|error| error.cause().to_owned()));
        found.push(match config {
            Ok(config) => Ok(NetworkRecord { id, created, config, gaps: None }),
            Err(why) => Err(Unreadable::new(&id, None, &why)),
        });
    }
    Ok(found)
}

/// Adds a network whose configuration has been serialized.
pub(super) fn add(
    transaction: &Transaction<'_>,
    network: &NetworkRecord,
    config: &str,
    alone: &[IpNet],
) -> Attempt<()> {
    check(transaction, CREATE, network, alone, &BTreeSet::new())?;
    transaction.execute(
        "INSERT INTO network (id, name, created, config) VALUES (?, ?, ?, ?)",
        params![network.id, network.name(), network.created, config],
    )?;
    let number = transaction.last_insert_rowid();
    for (pool, given) in network.config.given().enumerate() {
        transaction
            .execute("INSERT INTO pool (network, pool) VALUES (?, ?)", params![number, pool])?;
        for gap in given.gaps() {
            gaps::add(transaction, number, pool, gap)?;
        }
    }
    Ok(())
}

/// Refuses a network that conflicts with others.
pub(super) fn check(
    transaction: &Transaction<'_>,
    operation: &'static str,
    network: &NetworkRecord,
    alone: &[IpNet],
    ours: &BTreeSet<IpAddr>,
) -> Attempt<()> {
    let others = all(transaction)?;
    let parents = |other: &NetworkRecord| parents(transaction, other);
    for other in clash::check(operation, network, &others, alone, parents)? {
        let theirs = held(transaction, number(transaction, other)?)?;
        clash::check_held(operation, network, other, &theirs, ours)?;
    }
    Ok(())
}

/// Returns the parents that the interfaces of a network's containers are on, as they are stored.
pub(super) fn parents(
    transaction: &Transaction<'_>,
    network: &NetworkRecord,
) -> Attempt<Vec<String>> {
    let mut statement = transaction.prepare_cached(
        "SELECT DISTINCT parent FROM lease WHERE network = ? AND parent IS NOT NULL",
    )?;
    let found = statement.query_map([number(transaction, network)?], |row| row.get(0))?;
    Ok(found.collect::<rusqlite::Result<_>>()?)
}

/// Returns the addresses in a network that have a holder.
pub(super) fn held(transaction: &Transaction<'_>, number: i64) -> Attempt<Vec<IpAddr>> {
    let mut statement =
        transaction.prepare_cached("SELECT address FROM address WHERE network = ?")?;
    let found = statement.query_map([number], gaps::address)?;
    Ok(found.collect::<rusqlite::Result<_>>()?)
}

/// Removes a network without leases.
pub(super) fn remove(transaction: &Transaction<'_>, network: &NetworkRecord) -> Attempt<()> {
    let number = number(transaction, network)?;
    let (holders, one): (usize, Option<String>) = transaction.query_row(
        "SELECT count(*), min(container) FROM lease WHERE network = ?",
        [number],
        |row| Ok((row.get(0)?, row.get(1)?)),
    )?;
    if let Some(one) = one {
        return Err(in_use(network, holders, &one).into());
    }
    transaction.execute("DELETE FROM network WHERE number = ?", [number])?;
    Ok(())
}
