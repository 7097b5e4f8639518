//! Leases in their tables.

use std::borrow::Cow;
use std::net::IpAddr;
use std::str::FromStr;

use ipnet::IpNet;
use macvlan_core::LinkName;
use rusqlite::types::Type;
use rusqlite::{Row, ToSql, Transaction, params};

use crate::alive::NetNsMark;
use crate::lease::{Lease, LeaseState, Wish};
use crate::pending::Pending;
use crate::pool;
use crate::record::NetworkRecord;
use crate::store::refusal::{exhausted, taken};
use crate::store::{Found, Granted, Unreadable, clash};

use super::gaps::{self, Holder, blob, from_blob};
use super::names;
use super::networks;
use super::pending;
use super::transaction::{Attempt, Stop, current, now, number};

/// How long it is remembered whose an address was that nobody else has got since.
const MEMORY: i64 = 30 * 24 * 3600;

/// What is read of a lease, in the order in which [`from_row`] takes it. The network's id is looked up
/// once for many rows, which a join would do for each.
macro_rules! select {
    ($rest:literal) => {
        concat!(
            "SELECT container, lease.name, host, endpoint, interface, mac, addresses, \
             default_route, boot, inode, cookie, network, aliases, link_local, gw_priority, sequence, \
             netns_path, since, uptime, link FROM lease ",
            $rest
        )
    };
}

pub(super) use select;

/// Gives a container its place.
pub(super) fn lease(
    transaction: &Transaction<'_>,
    network: &NetworkRecord,
    wish: &Wish,
) -> Attempt<Granted> {
    let (number, now) = current(transaction, network)?;
    if let Cow::Owned(changed) = now {
        return Ok(Granted::Changed(changed));
    }
    let (ours, mut others): (Vec<Lease>, Vec<Lease>) = of_container(transaction, &wish.container)?
        .into_iter()
        .partition(|lease| lease.network == network.id);
    let meant = wish.meant(network, &ours)?;
    others.extend(ours.iter().cloned());
    if let Some(lease) = meant.map(|at| ours[at].clone()) {
        others.retain(|other| other.endpoint != lease.endpoint);
        return Ok(Granted::Held { lease, others });
    }
    let (mut taken, mut addresses) = (Vec::new(), Vec::new());
    for id in &wish.take {
        let pending = pending::take(transaction, network, number, id)?;
        addresses.extend(pending.addresses.iter().copied());
        taken.push(pending);
    }
    for v6 in [false, true] {
        let fixed = wish.fixed(network, v6)?;
        for address in &fixed {
            addresses.push(take_fixed(transaction, network, number, *address)?);
        }
        if fixed.is_empty() && wish.chooses(network, v6) {
            addresses.push(take_any(transaction, network, number, wish, v6)?);
        }
    }
    let lease = wish.granted(network, addresses, &others, &taken);
    insert(transaction, network, number, &lease)?;
    Ok(Granted::New { lease, others, taken })
}

/// The leases of a container, in all networks.
pub(super) fn of_container(transaction: &Transaction<'_>, container: &str) -> Attempt<Vec<Lease>> {
    let found = read_all(transaction, select!("WHERE container = ?"), params![container])?;
    Ok(found.into_iter().collect::<Found<_>>()?)
}

/// Enters a lease and whose its addresses are; these are in no gap any more.
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
             since, uptime, link) \
             VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
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

/// Takes the address that was asked for, also one outside the range, or kept for somebody.
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
        for other in clash::neighbours_with(network, &others, address)? {
            let number = self::number(transaction, other)?;
            refuse_taken(transaction, network, number, address)?;
        }
    }
    if let Some((pool, _)) = network.subnet_of(address) {
        gaps::take(transaction, number, pool, pool::number(address))?;
    }
    Ok(found)
}

/// Refuses an address that somebody has in this network, or in another on the same wire.
fn refuse_taken(
    transaction: &Transaction<'_>,
    network: &NetworkRecord,
    number: i64,
    address: IpAddr,
) -> Attempt<()> {
    match gaps::holder(transaction, number, pool::number(address))? {
        Holder::Nobody => Ok(()),
        Holder::Foreigner => Err(taken(network, address, None).into()),
        Holder::Container(holder) => Err(taken(network, address, Some(&holder)).into()),
    }
}

/// Takes the address that the container had, or the next that is free, or the one that has been kept
/// longest for somebody else.
fn take_any(
    transaction: &Transaction<'_>,
    network: &NetworkRecord,
    number: i64,
    wish: &Wish,
    v6: bool,
) -> Attempt<IpNet> {
    for address in remembered(transaction, number, wish)? {
        let may = network.check_reserved(address, wish.name.as_deref()).is_ok();
        if address.is_ipv6() == v6 && may {
            match take_fixed(transaction, network, number, address) {
                Err(Stop::Refused(_)) => {}
                done => return done,
            }
        }
    }
    let subnets = network.config.get_subnets().iter().enumerate();
    for (pool, subnet) in subnets.filter(|(_, subnet)| subnet.net().addr().is_ipv6() == v6) {
        let last: Option<[u8; 16]> = transaction
            .prepare_cached("SELECT given_last FROM pool WHERE network = ? AND pool = ?")?
            .query_row(params![number, pool], |row| row.get(0))?;
        let start = subnet.start(network.config.get_order(), last.map(from_blob));
        if let Some(at) = gaps::first_free(transaction, number, pool, start)? {
            gaps::take(transaction, number, pool, at)?;
            transaction
                .prepare_cached("UPDATE pool SET given_last = ? WHERE network = ? AND pool = ?")?
                .execute(params![blob(at), number, pool])?;
            return Ok(network.with_prefix(pool::address(at))?);
        }
    }
    // Then the one that has rested longest, and of those that are kept the one for the shortest time.
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
    Err(exhausted(network, v6).into())
}

/// The addresses that a container had, those of the interface that is said first.
fn remembered(transaction: &Transaction<'_>, number: i64, wish: &Wish) -> Attempt<Vec<IpAddr>> {
    let mut statement = transaction.prepare_cached(
        "SELECT address FROM memory WHERE network = ? AND container = ? \
         ORDER BY interface IS ? DESC, released DESC",
    )?;
    let interface = wish.interface.as_ref().map(LinkName::as_str);
    let params = params![number, wish.container, interface];
    let found = statement.query_map(params, gaps::address)?;
    Ok(found.collect::<rusqlite::Result<_>>()?)
}

/// Takes a lease back.
pub(super) fn release(
    transaction: &Transaction<'_>,
    network: &NetworkRecord,
    lease: &Lease,
) -> Attempt<bool> {
    let (number, network) = current(transaction, network)?;
    // One that was pending may be bound by now.
    let mut statement = transaction
        .prepare_cached("DELETE FROM lease WHERE endpoint = ? AND (inode IS NULL) = ?")?;
    if statement.execute(params![lease.endpoint, lease.pending().is_some()])? == 0 {
        return Ok(false);
    }
    let keep = i64::try_from(network.config.get_keep().as_secs()).unwrap_or(i64::MAX);
    let until = (keep > 0).then(|| now().saturating_add(keep));
    for address in &lease.addresses {
        transaction
            .prepare_cached(
                "INSERT INTO memory (network, address, container, released, until, rests, interface) \
                 VALUES (?, ?, ?, ?, ?, ?, ?)",
            )?
            .execute(params![
                number,
                blob(pool::number(address.addr())),
                lease.container,
                now(),
                until,
                network.gives(address.addr()),
                lease.interface.as_str()
            ])?;
    }
    Ok(true)
}

/// Keeps no longer what was kept long enough, and forgets whose it was what has been over for very long.
pub(super) fn expire(transaction: &Transaction<'_>, network: &NetworkRecord) -> Attempt<usize> {
    let (number, network) = current(transaction, network)?;
    let over = transaction
        .prepare_cached("UPDATE memory SET until = NULL WHERE network = ? AND until <= ?")?
        .execute(params![number, now()])?;
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
    lease: &Lease,
) -> Attempt<()> {
    let (number, network) = current(transaction, network)?;
    let network = &*network;
    lease.check_interface(network, &find(transaction, network, &lease.container)?)?;
    for address in &lease.addresses {
        take_fixed(transaction, network, number, address.addr())?;
    }
    insert(transaction, network, number, lease)
}

pub(super) fn find(
    transaction: &Transaction<'_>,
    network: &NetworkRecord,
    container: &str,
) -> Attempt<Vec<Lease>> {
    let number = number(transaction, network)?;
    let select = select!("WHERE network = ? AND container = ?");
    let found = read_all(transaction, select, params![number, container])?;
    Ok(found.into_iter().collect::<Found<_>>()?)
}

pub(super) fn list(
    transaction: &Transaction<'_>,
    network: Option<&NetworkRecord>,
) -> Attempt<Vec<Found<Lease>>> {
    let Some(network) = network else {
        return read_all(transaction, select!("ORDER BY network"), params![]);
    };
    let number = number(transaction, network)?;
    read_all(transaction, select!("WHERE network = ?"), params![number])
}

/// The leases that a [`select!`] finds, those of one network behind each other if they are many.
pub(super) fn read_all(
    transaction: &Transaction<'_>,
    select: &str,
    params: &[&dyn ToSql],
) -> Attempt<Vec<Found<Lease>>> {
    let mut ids = transaction.prepare_cached("SELECT id FROM network WHERE number = ?")?;
    let mut statement = transaction.prepare_cached(select)?;
    let mut rows = statement.query(params)?;
    let (mut found, mut id) = (Vec::new(), (0, String::new()));
    while let Some(row) = rows.next()? {
        let number: i64 = row.get(11)?;
        if id.0 != number || found.is_empty() {
            id = (number, ids.query_row([number], |row| row.get(0))?);
        }
        found.push(match from_row(row, &id.1) {
            Ok(lease) => Ok(lease),
            // Not SQLite's: a value that cannot be read as what it should be.
            Err(error) if error.sqlite_error_code().is_none() => {
                let container = row.get_ref(0)?.as_bytes().unwrap_or_default();
                let container = String::from_utf8_lossy(container);
                Err(Unreadable::new(&id.1, Some(&container), &error.to_string()))
            }
            Err(error) => return Err(error.into()),
        });
    }
    Ok(found)
}

/// Texts that are parsed are looked at where SQLite has them: copying them first would take longer
/// than parsing them.
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

/// Addresses that are separated by spaces.
fn addresses<T>(row: &Row<'_>, column: usize) -> rusqlite::Result<Vec<T>>
where
    T: FromStr<Err: std::error::Error + Send + Sync + 'static>,
{
    let words = row.get_ref(column)?.as_str()?.split_ascii_whitespace();
    words.map(|one| parse(column, one)).collect()
}

fn parse<T>(column: usize, text: &str) -> rusqlite::Result<T>
where
    T: FromStr<Err: std::error::Error + Send + Sync + 'static>,
{
    text.parse().map_err(|error| {
        rusqlite::Error::FromSqlConversionFailure(column, Type::Text, Box::new(error))
    })
}
