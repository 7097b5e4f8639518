//! The results of transactions.

use std::borrow::Cow;

use rusqlite::{OptionalExtension as _, Transaction};

use crate::error::Error;
use crate::record::NetworkRecord;
use crate::store::Unreadable;
use crate::store::format;
use crate::store::refusal::no_network;
use crate::time;

/// The reason why a transaction is rolled back: a refusal, or a failure of SQLite.
pub(super) enum Stop {
    Refused(Error),
    /// The file cannot be used at all.
    Unusable(Error),
    Failed(rusqlite::Error),
}

pub(super) type Attempt<T> = std::result::Result<T, Stop>;

impl From<Error> for Stop {
    fn from(error: Error) -> Self {
        Self::Refused(error)
    }
}

impl From<Unreadable> for Stop {
    fn from(unreadable: Unreadable) -> Self {
        Self::Refused(unreadable.error)
    }
}

impl From<rusqlite::Error> for Stop {
    fn from(error: rusqlite::Error) -> Self {
        Self::Failed(error)
    }
}

pub(super) fn now() -> i64 {
    i64::try_from(time::seconds()).unwrap_or(i64::MAX)
}

/// Returns a network's current record and its row id.
///
/// A record that cannot be read is taken to be the caller's.
pub(super) fn current<'a>(
    transaction: &Transaction<'_>,
    network: &'a NetworkRecord,
) -> Attempt<(i64, Cow<'a, NetworkRecord>)> {
    let mut statement =
        transaction.prepare_cached("SELECT number, config FROM network WHERE id = ?")?;
    let mut rows = statement.query([&network.id])?;
    let row = rows.next()?.ok_or_else(|| no_network(network.name()))?;
    let found = row.get_ref(1)?.as_str().ok().and_then(|config| format::read(config).ok());
    let now = match found.filter(|config| *config != network.config) {
        Some(config) => Cow::Owned(NetworkRecord { config, ..network.clone() }),
        None => Cow::Borrowed(network),
    };
    Ok((row.get(0)?, now))
}

/// Returns the row id of a network, which the other tables refer to.
pub(super) fn number(transaction: &Transaction<'_>, network: &NetworkRecord) -> Attempt<i64> {
    let mut statement = transaction.prepare_cached("SELECT number FROM network WHERE id = ?")?;
    let number = statement.query_row([&network.id], |row| row.get(0)).optional()?;
    number.ok_or_else(|| no_network(network.name()).into())
}
