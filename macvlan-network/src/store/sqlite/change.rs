//! Changes a network's configuration and pools.

use std::net::IpAddr;

use ipnet::IpNet;
use rusqlite::{Transaction, params};

use crate::lease::Lease;
use crate::pool::{self, Gap};
use crate::record::NetworkRecord;
use crate::store::Found;
use crate::store::refusal::changed;

use super::transaction::{Attempt, current};
use super::{gaps, networks, rows};

/// The operation in error messages.
pub(super) const CHANGE: &str = "change the network";

/// Changes a network whose new configuration has been serialized, and returns its leases.
pub(super) fn change(
    transaction: &Transaction<'_>,
    (old, new): (&NetworkRecord, &NetworkRecord),
    config: &str,
    alone: &[IpNet],
) -> Attempt<Vec<Lease>> {
    let (number, now) = current(transaction, old)?;
    if now.config != old.config {
        return Err(changed(old).into());
    }
    let leases = rows::list(transaction, Some(old))?;
    let leases: Vec<Lease> = leases.into_iter().collect::<Found<_>>()?;
    leases.iter().try_for_each(|lease| lease.check_in(new))?;
    let held = networks::held(transaction, number)?;
    networks::check(transaction, CHANGE, new, alone, &held.iter().copied().collect())?;
    transaction
        .execute("UPDATE network SET config = ? WHERE number = ?", params![config, number])?;
    if !old.config.gives_as(&new.config) {
        pools(transaction, new, number, held)?;
    }
    Ok(leases)
}

/// Replaces the gaps by those between the addresses that are leased, kept, resting or conflicting.
fn pools(
    transaction: &Transaction<'_>,
    network: &NetworkRecord,
    number: i64,
    mut held: Vec<IpAddr>,
) -> Attempt<()> {
    let remembered: Vec<IpAddr> = transaction
        .prepare_cached("SELECT address FROM memory WHERE network = ?")?
        .query_map([number], gaps::address)?
        .collect::<rusqlite::Result<_>>()?;
    for address in remembered {
        transaction
            .prepare_cached("UPDATE memory SET rests = ? WHERE network = ? AND address = ?")?
            .execute(params![network.gives(address), number, gaps::blob(pool::number(address))])?;
        held.push(address);
    }
    let held: Vec<Gap> = held.into_iter().map(pool::number).map(Gap::of).collect();
    transaction.execute("DELETE FROM gap WHERE network = ?", [number])?;
    for (pool, given) in network.config.given().enumerate() {
        transaction.execute(
            "INSERT OR IGNORE INTO pool (network, pool) VALUES (?, ?)",
            params![number, pool],
        )?;
        for gap in pool::without(given.gaps(), held.iter().copied()) {
            gaps::add(transaction, number, pool, gap)?;
        }
    }
    Ok(())
}
