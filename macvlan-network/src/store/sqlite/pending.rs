//! Takes pending leases for a container, or binds them to a namespace.

use rusqlite::{Transaction, params};

use crate::lease::Lease;
use crate::record::NetworkRecord;
use crate::store::refusal::not_pending;

use super::rows::{self, read_all, select};
use super::transaction::Attempt;

/// Removes a pending lease. Its addresses are then neither free nor leased.
pub(super) fn take(
    transaction: &Transaction<'_>,
    network: &NetworkRecord,
    number: i64,
    id: &str,
) -> Attempt<Lease> {
    let found = read_all(
        transaction,
        select!("WHERE network = ? AND container = ? AND inode IS NULL"),
        params![number, id],
    )?;
    let found = found.into_iter().next().ok_or_else(|| not_pending(network, id))??;
    if found.endpoint != id {
        return Err(not_pending(network, id).into());
    }
    transaction.prepare_cached("DELETE FROM lease WHERE endpoint = ?")?.execute([id])?;
    Ok(found)
}

/// Binds a pending lease to a namespace; false if it is no longer pending.
pub(super) fn bind(
    transaction: &Transaction<'_>,
    network: &NetworkRecord,
    lease: &Lease,
) -> Attempt<bool> {
    let siblings = rows::find(transaction, network, &lease.container)?;
    lease.check_interface(network, &siblings)?;
    let Some(netns) = lease.netns() else { return Ok(false) };
    let bound = transaction
        .prepare_cached(
            "UPDATE lease SET interface = ?, boot = ?, inode = ?, cookie = ?, netns_path = ?, \
             since = NULL, uptime = NULL WHERE endpoint = ? AND inode IS NULL",
        )?
        .execute(params![
            lease.interface.as_str(),
            netns.boot,
            netns.inode,
            netns.cookie,
            lease.netns_path(),
            lease.endpoint
        ])?;
    Ok(bound > 0)
}
