//! The names and settings of containers that are gone.

use std::str::FromStr;

use rusqlite::{Row, Transaction, params};

use crate::former::{Ending, Former};
use crate::lease::{Lease, LeaseRequest};
use crate::record::NetworkRecord;
use crate::time;

use super::names;
use super::transaction::Attempt;

/// Remembers or forgets the settings of a lease that was released.
pub(super) fn end(
    transaction: &Transaction<'_>,
    number: i64,
    lease: &Lease,
    ending: Ending,
) -> Attempt<()> {
    let (container, interface) = (&lease.container, lease.interface.as_str());
    match (ending, Former::of(lease, time::seconds())) {
        (Ending::Undone, _) => {}
        (Ending::Gone, Some(former)) => {
            transaction
                .prepare_cached(
                    "INSERT OR REPLACE INTO former (network, container, interface, name, aliases, \
                     link_local, default_route, gw_priority, sequence, released) \
                     VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
                )?
                .execute(params![
                    number,
                    container,
                    interface,
                    former.name,
                    names::words(&former.aliases),
                    names::words(&former.link_local),
                    former.default_route,
                    former.gw_priority,
                    former.sequence,
                    former.released,
                ])?;
        }
        (Ending::Gone, None) => {
            transaction
                .prepare_cached(
                    "DELETE FROM former WHERE network = ? AND container = ? AND interface = ?",
                )?
                .execute(params![number, container, interface])?;
        }
        // With the last interface, also those of interfaces that it no longer had.
        (Ending::Disconnected, _) => {
            transaction
                .prepare_cached(
                    "DELETE FROM former WHERE network = ?1 AND container = ?2 AND (interface = ?3 \
                     OR NOT EXISTS (SELECT 1 FROM lease WHERE network = ?1 AND container = ?2))",
                )?
                .execute(params![number, container, interface])?;
        }
    }
    Ok(())
}

/// Returns the request with the settings that are remembered for its container.
pub(super) fn completed(
    transaction: &Transaction<'_>,
    (number, network): (i64, &NetworkRecord),
    request: &LeaseRequest,
    others: &[Lease],
) -> Attempt<LeaseRequest> {
    let mut request = request.clone();
    let all = all(transaction, number, &request.container)?;
    if let Some(mut former) = Former::of_returning(all, network, &request, others) {
        if request.name.is_none() {
            drop_taken(transaction, number, &request.container, &mut former)?;
        }
        former.complete(&mut request);
    }
    Ok(request)
}

/// Gives a lease that was lost the settings that are remembered for its interface.
pub(super) fn restore(
    transaction: &Transaction<'_>,
    number: i64,
    lease: &mut Lease,
) -> Attempt<()> {
    let all = all(transaction, number, &lease.container)?;
    if let Some(mut former) = all.into_iter().find(|one| lease.interface == *one.interface) {
        drop_taken(transaction, number, &lease.container, &mut former)?;
        former.restore(lease);
    }
    Ok(())
}

/// Forgets the settings of containers that have not returned since a time.
pub(super) fn expire(transaction: &Transaction<'_>, number: i64, before: i64) -> Attempt<()> {
    transaction
        .prepare_cached("DELETE FROM former WHERE network = ? AND released < ?")?
        .execute(params![number, before])?;
    Ok(())
}

/// Drops the name if another container has it by now.
fn drop_taken(
    transaction: &Transaction<'_>,
    number: i64,
    container: &str,
    former: &mut Former,
) -> Attempt<()> {
    if let Some(name) = &former.name {
        if names::holder(transaction, number, (name, container))?.is_some() {
            former.name = None;
        }
    }
    Ok(())
}

fn all(transaction: &Transaction<'_>, number: i64, container: &str) -> Attempt<Vec<Former>> {
    let mut statement = transaction.prepare_cached(
        "SELECT interface, name, aliases, link_local, default_route, gw_priority, sequence, released \
         FROM former WHERE network = ? AND container = ?",
    )?;
    let found = statement.query_map(params![number, container], from_row)?;
    Ok(found.collect::<rusqlite::Result<_>>()?)
}

fn from_row(row: &Row<'_>) -> rusqlite::Result<Former> {
    Ok(Former {
        interface: row.get(0)?,
        name: row.get(1)?,
        aliases: words(row.get_ref(2)?.as_str()?),
        link_local: words(row.get_ref(3)?.as_str()?),
        default_route: row.get(4)?,
        gw_priority: row.get(5)?,
        sequence: row.get(6)?,
        released: row.get(7)?,
    })
}

/// Parses words that are separated by spaces. One that cannot be read is left out, since the
/// container can be connected without it.
fn words<T: FromStr>(text: &str) -> Vec<T> {
    text.split_ascii_whitespace().filter_map(|word| word.parse().ok()).collect()
}
