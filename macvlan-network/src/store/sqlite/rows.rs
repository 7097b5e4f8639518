//! Reads leases from their table.

use std::str::FromStr;

use rusqlite::types::Type;
use rusqlite::{Row, ToSql, Transaction, params};

use crate::alive::NetNsMark;
use crate::lease::{Lease, LeaseState, OnParent};
use crate::pending::Pending;
use crate::record::NetworkRecord;
use crate::store::{Found, Unreadable};

use super::transaction::{Attempt, number};

/// The columns of a lease, in the order that [`from_row`] reads.
///
/// The network's id is looked up once for many rows, whereas a join would do it for each.
macro_rules! select {
    ($rest:literal) => {
        concat!(
            "SELECT container, lease.name, host, endpoint, interface, mac, addresses, \
             default_route, boot, inode, cookie, network, aliases, link_local, gw_priority, sequence, \
             netns_path, since, uptime, link, lease.parent FROM lease ",
            $rest
        )
    };
}

pub(super) use select;

/// Returns a container's leases in all networks.
pub(super) fn of_container(transaction: &Transaction<'_>, container: &str) -> Attempt<Vec<Lease>> {
    Ok(all_of(transaction, container)?.into_iter().collect::<Found<_>>()?)
}

/// Returns a container's leases in a network.
pub(super) fn find(
    transaction: &Transaction<'_>,
    network: &NetworkRecord,
    container: &str,
) -> Attempt<Vec<Lease>> {
    number(transaction, network)?;
    let is_in = |lease: &Found<Lease>| match lease {
        Ok(lease) => lease.network == network.id,
        Err(unreadable) => unreadable.network == network.id,
    };
    Ok(all_of(transaction, container)?.into_iter().filter(is_in).collect::<Found<_>>()?)
}

/// Reads a container's leases, which are few, by one statement that a process prepares once.
fn all_of(transaction: &Transaction<'_>, container: &str) -> Attempt<Vec<Found<Lease>>> {
    read_all(transaction, select!("WHERE container = ?"), params![container])
}

pub(super) fn list(
    transaction: &Transaction<'_>,
    network: Option<&NetworkRecord>,
) -> Attempt<Vec<Found<Lease>>> {
    let mut found = Vec::new();
    each(transaction, network, |one| found.push(one))?;
    Ok(found)
}

/// Returns the leases that can be read.
pub(super) fn readable(
    transaction: &Transaction<'_>,
    network: Option<&NetworkRecord>,
) -> Attempt<Vec<Lease>> {
    let mut found = Vec::new();
    each(transaction, network, |one| found.extend(one))?;
    Ok(found)
}

fn each(
    transaction: &Transaction<'_>,
    network: Option<&NetworkRecord>,
    take: impl FnMut(Found<Lease>),
) -> Attempt<()> {
    let Some(network) = network else {
        return read(transaction, select!("ORDER BY network"), params![], take);
    };
    let number = number(transaction, network)?;
    read(transaction, select!("WHERE network = ?"), params![number], take)
}

/// Returns the leases that a [`select!`] finds.
pub(super) fn read_all(
    transaction: &Transaction<'_>,
    select: &str,
    params: &[&dyn ToSql],
) -> Attempt<Vec<Found<Lease>>> {
    let mut found = Vec::new();
    read(transaction, select, params, |one| found.push(one))?;
    Ok(found)
}

/// Reads the leases that a [`select!`] finds, which is fast if those of a network are adjacent.
fn read(
    transaction: &Transaction<'_>,
    select: &str,
    params: &[&dyn ToSql],
    mut take: impl FnMut(Found<Lease>),
) -> Attempt<()> {
    let mut ids = transaction.prepare_cached("SELECT id FROM network WHERE number = ?")?;
    let mut statement = transaction.prepare_cached(select)?;
    let mut rows = statement.query(params)?;
    let mut id: Option<(i64, String)> = None;
    while let Some(row) = rows.next()? {
        let number: i64 = row.get(11)?;
        let network = match &mut id {
            Some((of, id)) if *of == number => id,
            other => {
                let id = ids.query_row([number], |row| row.get(0))?;
                &mut other.insert((number, id)).1
            }
        };
        take(match from_row(row, network) {
            Ok(lease) => Ok(lease),
            // The error is not SQLite's: a value cannot be parsed.
            Err(error) if error.sqlite_error_code().is_none() => {
                let container = row.get_ref(0)?.as_bytes().unwrap_or_default();
                let container = String::from_utf8_lossy(container);
                Err(Unreadable::new(network, Some(&container), &error.to_string()))
            }
            Err(error) => return Err(error.into()),
        });
    }
    Ok(())
}

/// Reads a lease from a row. Texts are parsed in SQLite's buffer, since copying them takes longer
/// than parsing.
fn from_row(row: &Row<'_>, network: &str) -> rusqlite::Result<Lease> {
    let mac = row.get_ref(5)?.as_str_or_null()?.map(|mac| parse(5, mac)).transpose()?;
    Ok(Lease {
        network: network.to_owned(),
        container: row.get(0)?,
        name: row.get(1)?,
        aliases: row.get_ref(12)?.as_str()?.split_ascii_whitespace().map(str::to_owned).collect(),
        host: row.get(2)?,
        endpoint: row.get(3)?,
        interface: parse(4, row.get_ref(4)?.as_str()?)?,
        mac,
        addresses: addresses(row, 6)?,
        link_local: addresses(row, 13)?,
        default_route: row.get(7)?,
        gw_priority: row.get(14)?,
        sequence: row.get(15)?,
        state: state(row)?,
        link: row.get_ref(19)?.as_str_or_null()?.map(|link| parse(19, link)).transpose()?,
        parent: OnParent(row.get(20)?),
    })
}

fn state(row: &Row<'_>) -> rusqlite::Result<LeaseState> {
    let boot = row.get(8)?;
    Ok(match row.get::<_, Option<u64>>(9)? {
        Some(inode) => LeaseState::Connected {
            netns: NetNsMark { boot, inode, cookie: row.get(10)? },
            path: row.get(16)?,
        },
        None => LeaseState::Pending(Pending { boot, since: row.get(17)?, uptime: row.get(18)? }),
    })
}

/// Parses addresses that are separated by spaces.
fn addresses<T>(row: &Row<'_>, column: usize) -> rusqlite::Result<Vec<T>>
where
    T: FromStr<Err: std::error::Error + Send + Sync + 'static>,
{
    let text = row.get_ref(column)?.as_str()?;
    if text.is_empty() {
        return Ok(Vec::new());
    }
    // Most leases have one or two, for which a growing list would reserve too much.
    let spaces = text.bytes().filter(|byte| *byte == b' ').count();
    let mut all = Vec::with_capacity(1 + spaces);
    for word in text.split_ascii_whitespace() {
        all.push(parse(column, word)?);
    }
    Ok(all)
}

fn parse<T>(column: usize, text: &str) -> rusqlite::Result<T>
where
    T: FromStr<Err: std::error::Error + Send + Sync + 'static>,
{
    text.parse().map_err(|error| {
        rusqlite::Error::FromSqlConversionFailure(column, Type::Text, Box::new(error))
    })
}
