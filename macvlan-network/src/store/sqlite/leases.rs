//! The tables of leases.

use std::borrow::Cow;
use std::net::IpAddr;

use ipnet::IpNet;
use macvlan_core::LinkName;
use rusqlite::{Transaction, params};

use crate::former::Ending;
use crate::given::Given;
use crate::lease::{Lease, LeaseRequest};
use crate::pool;
use crate::record::NetworkRecord;
use crate::store::refusal::{changed, exhausted, taken as taken_by};
use crate::store::{LeaseOutcome, clash};

use super::former;
use super::gaps::{self, Holder, blob, from_blob};
use super::names;
use super::networks;
use super::pending;
use super::rows;
use super::transaction::{Attempt, Stop, current, now, number};

/// The time in seconds for which a container's former address is remembered, if it stays free.
const MEMORY: i64 = 30 * 24 * 3600;

/// Grants a lease.
pub(super) fn lease(
    transaction: &Transaction<'_>,
    network: &NetworkRecord,
    request: &LeaseRequest,
) -> Attempt<LeaseOutcome> {
    let (number, now) = current(transaction, network)?;
    if let Cow::Owned(changed) = now {
        return Ok(LeaseOutcome::Changed(changed));
    }
    let (ours, mut others): (Vec<Lease>, Vec<Lease>) =
        rows::of_container(transaction, &request.container)?
            .into_iter()
            .partition(|lease| lease.network == network.id);
    let meant = request.meant(network, &ours)?;
    others.extend(ours.iter().cloned());
    if let Some(lease) = meant.map(|at| ours[at].clone()) {
        others.retain(|other| other.endpoint != lease.endpoint);
        return Ok(LeaseOutcome::Held { lease, others });
    }
    let request = &former::completed(transaction, (number, network), request, &others)?;
    let (mut taken, mut addresses) = (Vec::new(), Vec::new());
    for id in &request.take {
        let pending = pending::take(transaction, network, number, id)?;
        addresses.extend(pending.addresses.iter().copied());
        taken.push(pending);
    }
    for v6 in [false, true] {
        let fixed = request.fixed(network, v6)?;
        for address in &fixed {
            if let Some(pending) = taken.iter().find(|pending| pending.has(*address)) {
                return Err(taken_by(network, *address, Some(&pending.container)).into());
            }
            addresses.push(take_fixed(transaction, network, number, *address)?);
        }
        if fixed.is_empty() && request.chooses(network, v6) {
            addresses.push(take_any(transaction, network, number, (request, &others), v6)?);
        }
    }
    let lease = request.granted(network, addresses, &others, &taken);
    insert(transaction, network, number, &lease)?;
    Ok(LeaseOutcome::New { lease, others, taken })
}

/// Inserts a lease and its addresses, which are in no gap any longer.
fn insert(
    transaction: &Transaction<'_>,
    network: &NetworkRecord,
    number: i64,
    lease: &Lease,
) -> Attempt<()> {
    names::refuse_taken(transaction, network, number, lease)?;
    let (netns, pending) = (lease.netns(), lease.pending());
    transaction
        .prepare_cached(
            "INSERT INTO lease (network, container, name, host, endpoint, interface, mac, addresses, \
             default_route, boot, inode, cookie, link_local, gw_priority, sequence, netns_path, \
             since, uptime, link, parent) \
             VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        )?
        .execute(params![
            number,
            lease.container,
            lease.name,
            lease.host,
            lease.endpoint,
            lease.interface.as_str(),
            lease.mac.map(|mac| mac.to_string()),
            names::words(&lease.addresses),
            lease.default_route,
            netns.map_or_else(|| pending.map(|pending| &pending.boot), |netns| Some(&netns.boot)),
            netns.map(|netns| netns.inode),
            netns.and_then(|netns| netns.cookie),
            names::words(&lease.link_local),
            lease.gw_priority,
            lease.sequence,
            lease.netns_path(),
            pending.map(|pending| pending.since),
            pending.map(|pending| pending.uptime),
            lease.link.as_ref().map(LinkName::as_str),
            lease.parent.0,
        ])?;
    names::set_aliases(transaction, number, lease)?;
    for address in &lease.addresses {
        let at = blob(pool::number(address.addr()));
        transaction
            .prepare_cached(
                "INSERT INTO address (network, address, endpoint, since) VALUES (?, ?, ?, ?)",
            )?
            .execute(params![number, at, lease.endpoint, now()])?;
        transaction
            .prepare_cached("DELETE FROM memory WHERE network = ? AND address = ?")?
            .execute(params![number, at])?;
    }
    Ok(())
}

/// Takes a requested address, which may be outside of the range, or kept for another container.
fn take_fixed(
    transaction: &Transaction<'_>,
    network: &NetworkRecord,
    number: i64,
    address: IpAddr,
) -> Attempt<IpNet> {
    let found = network.with_prefix(address)?;
    refuse_taken(transaction, network, number, address)?;
    if !network.gives(address) {
        let others = networks::all(transaction)?;
        let parents = |other: &NetworkRecord| networks::parents(transaction, other);
        for other in clash::neighbours_with(network, &others, address, parents)? {
            let number = self::number(transaction, other)?;
            refuse_taken(transaction, network, number, address)?;
        }
    }
    if let Some((pool, _)) = network.subnet_of(address) {
        gaps::take(transaction, number, pool, pool::number(address))?;
    }
    Ok(found)
}

/// Refuses an address that has a holder in this network, or in another one on the same LAN.
fn refuse_taken(
    transaction: &Transaction<'_>,
    network: &NetworkRecord,
    number: i64,
    address: IpAddr,
) -> Attempt<()> {
    match gaps::holder(transaction, number, pool::number(address))? {
        Holder::Nobody => Ok(()),
        Holder::Foreigner => Err(taken_by(network, address, None).into()),
        Holder::Container(holder) => Err(taken_by(network, address, Some(&holder)).into()),
    }
}

/// Takes the address that the container had, or else the next free one, or else a resting or kept
/// one.
fn take_any(
    transaction: &Transaction<'_>,
    network: &NetworkRecord,
    number: i64,
    (request, others): (&LeaseRequest, &[Lease]),
    v6: bool,
) -> Attempt<IpNet> {
    for address in remembered(transaction, (number, network), request, others)? {
        if address.is_ipv6() == v6 && network.gives(address) {
            match take_fixed(transaction, network, number, address) {
                Err(Stop::Refused(_)) => {}
                done => return done,
            }
        }
    }
    let pools = network.config.given().enumerate();
    let is_such = |given: &Given<'_>| given.subnet.get_net().addr().is_ipv6() == v6;
    for (pool, given) in pools.filter(|(_, given)| is_such(given)) {
        let last: Option<[u8; 16]> = transaction
            .prepare_cached("SELECT given_last FROM pool WHERE network = ? AND pool = ?")?
            .query_row(params![number, pool], |row| row.get(0))?;
        let start = given.start(network.config.get_order(), last.map(from_blob));
        if let Some(at) = gaps::first_free(transaction, number, pool, start)? {
            gaps::take(transaction, number, pool, at)?;
            transaction
                .prepare_cached("UPDATE pool SET given_last = ? WHERE network = ? AND pool = ?")?
                .execute(params![blob(at), number, pool])?;
            return Ok(network.with_prefix(pool::address(at))?);
        }
    }
    // The one that has rested longest comes first, then the kept one that expires first.
    let mut rested = transaction.prepare_cached(
        "SELECT address FROM memory WHERE network = ? AND rests = 1 ORDER BY until, released",
    )?;
    let mut rows = rested.query([number])?;
    while let Some(row) = rows.next()? {
        let address = gaps::address(row)?;
        if address.is_ipv6() == v6 && network.gives(address) {
            return take_fixed(transaction, network, number, address);
        }
    }
    Err(exhausted(network, v6, &gaps::conflicting(transaction, number)?).into())
}

/// Returns whether [`take_any`] would find an address.
pub(super) fn has_free(
    transaction: &Transaction<'_>,
    network: &NetworkRecord,
    v6: bool,
) -> Attempt<bool> {
    let (number, network) = current(transaction, network)?;
    let subnets = network.config.get_subnets().iter().enumerate();
    for (pool, _) in subnets.filter(|(_, subnet)| subnet.get_net().addr().is_ipv6() == v6) {
        if gaps::first_free(transaction, number, pool, 0)?.is_some() {
            return Ok(true);
        }
    }
    let mut rested =
        transaction.prepare_cached("SELECT address FROM memory WHERE network = ? AND rests = 1")?;
    let mut rows = rested.query([number])?;
    while let Some(row) = rows.next()? {
        let address = gaps::address(row)?;
        if address.is_ipv6() == v6 && network.gives(address) {
            return Ok(true);
        }
    }
    Ok(false)
}

/// Returns the addresses that a container had by the interface that the request gets.
///
/// If it has no lease in the network, those of its other interfaces follow, the last ones first.
fn remembered(
    transaction: &Transaction<'_>,
    (number, network): (i64, &NetworkRecord),
    request: &LeaseRequest,
    others: &[Lease],
) -> Attempt<Vec<IpAddr>> {
    // Earlier versions have not stored the interface.
    let mut statement = transaction.prepare_cached(
        "SELECT address FROM memory WHERE network = ?1 AND container = ?2 \
         AND (?4 OR interface IS NULL OR interface = ?3) \
         ORDER BY interface IS ?3 DESC, released DESC, address",
    )?;
    let interface = request.interface_beside(others);
    let is_first = !others.iter().any(|lease| lease.network == network.id);
    let params = params![number, request.container, interface.as_str(), is_first];
    let found = statement.query_map(params, gaps::address)?;
    Ok(found.collect::<rusqlite::Result<_>>()?)
}

/// Releases leases, and returns those that existed.
pub(super) fn release(
    transaction: &Transaction<'_>,
    network: &NetworkRecord,
    leases: Vec<Lease>,
    ending: Ending,
) -> Attempt<Vec<Lease>> {
    let (number, network) = current(transaction, network)?;
    let keep = i64::try_from(network.config.get_reservation_ttl().as_secs()).unwrap_or(i64::MAX);
    let until = (keep > 0).then(|| now().saturating_add(keep));
    // A lease that was pending may be bound by now.
    let mut delete = transaction
        .prepare_cached("DELETE FROM lease WHERE endpoint = ? AND (inode IS NULL) = ?")?;
    let mut remember = transaction.prepare_cached(
        "INSERT INTO memory (network, address, container, released, until, rests, interface) \
         VALUES (?, ?, ?, ?, ?, ?, ?)",
    )?;
    let mut released = Vec::with_capacity(leases.len());
    for lease in leases {
        if delete.execute(params![lease.endpoint, lease.pending().is_some()])? == 0 {
            continue;
        }
        for address in &lease.addresses {
            remember.execute(params![
                number,
                blob(pool::number(address.addr())),
                lease.container,
                now(),
                until,
                network.gives(address.addr()),
                lease.interface.as_str()
            ])?;
        }
        former::end(transaction, number, &lease, ending)?;
        released.push(lease);
    }
    Ok(released)
}

/// Frees addresses that were kept for long enough, and forgets former holders after a long time.
pub(super) fn expire(transaction: &Transaction<'_>, network: &NetworkRecord) -> Attempt<usize> {
    let (number, network) = current(transaction, network)?;
    let over = transaction
        .prepare_cached("UPDATE memory SET until = NULL WHERE network = ? AND until <= ?")?
        .execute(params![number, now()])?;
    former::expire(transaction, number, now() - MEMORY)?;
    let mut statement = transaction.prepare_cached(
        "SELECT address FROM memory WHERE network = ? AND until IS NULL AND released < ?",
    )?;
    let forgotten: Vec<IpAddr> = statement
        .query_map(params![number, now() - MEMORY], gaps::address)?
        .collect::<rusqlite::Result<_>>()?;
    for address in forgotten {
        gaps::give_back(transaction, &network, number, address)?;
        transaction.execute(
            "DELETE FROM memory WHERE network = ? AND address = ?",
            params![number, blob(pool::number(address))],
        )?;
    }
    Ok(over)
}

pub(super) fn adopt(
    transaction: &Transaction<'_>,
    network: &NetworkRecord,
    mut lease: Lease,
) -> Attempt<Lease> {
    let (number, network) = current(transaction, network)?;
    let network = &*network;
    if lease.parent.0 != network.stored_parent() {
        return Err(changed(network).into());
    }
    former::restore(transaction, number, &mut lease)?;
    lease.check_interface(network, &rows::find(transaction, network, &lease.container)?)?;
    for address in &lease.addresses {
        network.check_reserved(address.addr(), lease.name.as_deref())?;
        take_fixed(transaction, network, number, address.addr())?;
    }
    insert(transaction, network, number, &lease)?;
    Ok(lease)
}
