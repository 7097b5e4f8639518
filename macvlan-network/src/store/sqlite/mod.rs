//! The store for one host: a SQLite file.
//!
//! Every call is one transaction that takes the write lock at its beginning, so that what it read
//! still holds when it writes. The journal is written ahead and synced at each commit: what a call
//! returned survives the process and a power loss.

mod gaps;
mod leases;
mod library;
mod transaction;

use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use rusqlite::{Connection, ErrorCode, Transaction, TransactionBehavior, params};

use crate::error::{Error, ErrorKind, Result};
use crate::lease::{Foreign, Lease, Wish};
use crate::owned::Owned;
use crate::pool;
use crate::random;
use crate::record::NetworkRecord;
use crate::store::refusal::in_use;
use crate::store::{Granted, Store, check_clash};

use library::Library;
use transaction::{Attempt, Stop, now, number};

/// The version of the tables in `schema.sql`, kept in the file's `user_version`; its `application_id` is
/// the store's id.
const VERSION: i32 = 1;
/// How long others may hold the file before it is given up, in milliseconds.
const PATIENCE: i32 = 60_000;

/// Networks and leases in one SQLite file, which many processes may use at once.
#[derive(Debug)]
pub struct SqliteStore {
    path: PathBuf,
    id: String,
    /// A forked child would undo the locks of its parent.
    connection: Owned<(Mutex<Connection>, Library)>,
}

impl SqliteStore {
    /// Opens a file, and makes it if there is none. It has to lie on a file system of this machine.
    pub fn open(path: impl AsRef<Path>) -> Result<Self> {
        let path = path.as_ref().to_owned();
        let operation = || format!("open the store {}", path.display());
        let library = Library::enter().map_err(|error| error.during(operation()))?;
        let open = || -> rusqlite::Result<(Connection, i32, i32)> {
            let mut connection = Connection::open(&path)?;
            connection.busy_handler(Some(wait))?;
            connection.set_prepared_statement_cache_capacity(64);
            connection.pragma_update(None, "journal_mode", "wal")?;
            connection.pragma_update(None, "synchronous", "full")?;
            connection.pragma_update(None, "foreign_keys", true)?;
            let version = |connection: &Connection| {
                connection.pragma_query_value(None, "user_version", |row| row.get(0))
            };
            if version(&connection)? == 0 {
                let transaction =
                    connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
                // Somebody else may have made them meanwhile.
                if version(&transaction)? == 0 {
                    transaction.execute_batch(include_str!("schema.sql"))?;
                    transaction.pragma_update(None, "user_version", VERSION)?;
                    let [a, b, c, d, ..] = random::number().to_ne_bytes();
                    let id = i32::from_ne_bytes([a, b, c, d]);
                    transaction.pragma_update(None, "application_id", id)?;
                }
                transaction.commit()?;
            }
            let version = version(&connection)?;
            let id: i32 =
                connection.pragma_query_value(None, "application_id", |row| row.get(0))?;
            Ok((connection, version, id))
        };
        let (connection, version, id) = open().map_err(|error| explain(operation(), error))?;
        if version != VERSION {
            let why =
                format!("its tables have version {version}, and this library knows {VERSION}");
            return Err(Error::new(ErrorKind::StoreUnusable, operation(), why));
        }
        let connection = Owned::new((Mutex::new(connection), library));
        Ok(Self { path, id: format!("{id:08x}"), connection })
    }

    /// The file.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Does something whole or not at all.
    fn write<T>(
        &self,
        operation: &'static str,
        body: impl FnOnce(&Transaction<'_>) -> Attempt<T>,
    ) -> Result<T> {
        self.transact(operation, TransactionBehavior::Immediate, body)
    }

    /// Reads what belongs together.
    fn read<T>(
        &self,
        operation: &'static str,
        body: impl FnOnce(&Transaction<'_>) -> Attempt<T>,
    ) -> Result<T> {
        self.transact(operation, TransactionBehavior::Deferred, body)
    }

    fn transact<T>(
        &self,
        operation: &'static str,
        behavior: TransactionBehavior,
        body: impl FnOnce(&Transaction<'_>) -> Attempt<T>,
    ) -> Result<T> {
        let (connection, _) = self.connection.get(operation)?;
        // A transaction that nothing was done in is as good as none.
        let mut connection = connection.lock().unwrap_or_else(PoisonError::into_inner);
        let attempt = || -> Attempt<T> {
            let transaction = connection.transaction_with_behavior(behavior)?;
            let done = body(&transaction)?;
            transaction.commit()?;
            Ok(done)
        };
        attempt().map_err(|stop| match stop {
            Stop::Refused(error) => error,
            Stop::Failed(error) => explain(operation.to_owned(), error),
        })
    }
}

/// Called when somebody else has the file: a transaction takes them about a millisecond.
fn wait(times: i32) -> bool {
    std::thread::sleep(Duration::from_millis(1));
    times < PATIENCE
}

fn explain(operation: String, error: rusqlite::Error) -> Error {
    let (kind, hint) = match error.sqlite_error_code() {
        Some(ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked) => {
            (ErrorKind::Contended, Some("somebody has had the store's file for very long"))
        }
        Some(ErrorCode::DatabaseCorrupt | ErrorCode::NotADatabase | ErrorCode::TypeMismatch) => {
            (ErrorKind::StoreUnusable, None)
        }
        Some(_) => (ErrorKind::StoreUnavailable, None),
        // Not SQLite's: a value that cannot be read as what it should be.
        None => (ErrorKind::StoreUnusable, None),
    };
    let made = Error::new(kind, operation, error.to_string());
    let made = hint.into_iter().fold(made, Error::with_hint);
    made.caused_by(error)
}

fn all_networks(transaction: &Transaction<'_>) -> Attempt<Vec<NetworkRecord>> {
    let mut statement =
        transaction.prepare_cached("SELECT id, created, config FROM network ORDER BY name")?;
    let mut rows = statement.query([])?;
    let mut found = Vec::new();
    while let Some(row) = rows.next()? {
        let config: String = row.get(2)?;
        let config = serde_json::from_str(&config).map_err(|error| {
            Error::new(ErrorKind::StoreUnusable, "read a network", error.to_string())
        })?;
        found.push(NetworkRecord { id: row.get(0)?, created: row.get(1)?, config });
    }
    Ok(found)
}

impl Store for SqliteStore {
    fn id(&self) -> &str {
        &self.id
    }

    fn add_network(&self, network: &NetworkRecord) -> Result<()> {
        let config = serde_json::to_string(&network.config)
            .map_err(|error| Error::invalid("create the network", error.to_string()))?;
        self.write("create the network", |transaction| {
            check_clash(network, &all_networks(transaction)?)?;
            transaction.execute(
                "INSERT INTO network (id, name, created, config) VALUES (?, ?, ?, ?)",
                params![network.id, network.name(), network.created, config],
            )?;
            let number = transaction.last_insert_rowid();
            for (pool, subnet) in network.config.get_subnets().iter().enumerate() {
                transaction.execute(
                    "INSERT INTO pool (network, pool) VALUES (?, ?)",
                    params![number, pool],
                )?;
                for gap in subnet.gaps() {
                    gaps::add(transaction, number, pool, gap)?;
                }
            }
            Ok(())
        })
    }

    fn networks(&self) -> Result<Vec<NetworkRecord>> {
        self.read("list the networks", all_networks)
    }

    fn remove_network(&self, network: &NetworkRecord) -> Result<()> {
        self.write("remove the network", |transaction| {
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
        })
    }

    fn lease(&self, network: &NetworkRecord, wish: &Wish) -> Result<Granted> {
        self.write("lease addresses", |transaction| leases::lease(transaction, network, wish))
    }

    /// Nothing is ever left undecided here.
    fn take_up(&self, network: &NetworkRecord, lease: &Lease) -> Result<bool> {
        let found = self.find(network, &lease.container)?;
        Ok(found.is_some_and(|found| found.endpoint == lease.endpoint))
    }

    fn release(&self, network: &NetworkRecord, lease: &Lease) -> Result<bool> {
        self.write("release a lease", |transaction| leases::release(transaction, network, lease))
    }

    fn adopt(&self, network: &NetworkRecord, lease: &Lease) -> Result<()> {
        self.write("enter a lease", |transaction| leases::adopt(transaction, network, lease))
    }

    fn find(&self, network: &NetworkRecord, container: &str) -> Result<Option<Lease>> {
        self.read("look up a lease", |transaction| leases::find(transaction, network, container))
    }

    fn leases(&self, network: Option<&NetworkRecord>) -> Result<Vec<Lease>> {
        self.read("list the leases", |transaction| leases::list(transaction, network))
    }

    fn add_foreign(&self, network: &NetworkRecord, address: std::net::IpAddr) -> Result<bool> {
        self.write("remember a foreign address", |transaction| {
            let number = number(transaction, network)?;
            let at = pool::number(address);
            match gaps::holder(transaction, number, at)? {
                gaps::Holder::Container(_) => return Ok(false),
                gaps::Holder::Foreigner => return Ok(true),
                gaps::Holder::Nobody => {}
            }
            if let Some((pool, _)) = network.subnet_of(address) {
                gaps::take(transaction, number, pool, at)?;
            }
            transaction.execute(
                "DELETE FROM memory WHERE network = ? AND address = ?",
                params![number, gaps::blob(at)],
            )?;
            transaction.execute(
                "INSERT INTO address (network, address, endpoint, since) VALUES (?, ?, NULL, ?)",
                params![number, gaps::blob(at), now()],
            )?;
            Ok(true)
        })
    }

    fn forget_foreign(&self, network: &NetworkRecord, address: std::net::IpAddr) -> Result<bool> {
        self.write("forget a foreign address", |transaction| {
            let number = number(transaction, network)?;
            let at = pool::number(address);
            let forgotten = transaction.execute(
                "DELETE FROM address WHERE network = ? AND address = ? AND endpoint IS NULL",
                params![number, gaps::blob(at)],
            )?;
            if forgotten > 0 {
                gaps::give_back(transaction, network, number, address)?;
            }
            Ok(forgotten > 0)
        })
    }

    fn foreign(&self, network: &NetworkRecord) -> Result<Vec<Foreign>> {
        self.read("list the foreign addresses", |transaction| {
            let mut statement = transaction.prepare_cached(
                "SELECT address, since FROM address WHERE network = ? AND endpoint IS NULL",
            )?;
            let found = statement.query_map([number(transaction, network)?], |row| {
                let found: i64 = row.get(1)?;
                Ok(Foreign {
                    address: pool::address(gaps::from_blob(row.get(0)?)),
                    found: found.unsigned_abs(),
                })
            })?;
            Ok(found.collect::<rusqlite::Result<_>>()?)
        })
    }

    fn expire(&self, network: &NetworkRecord) -> Result<usize> {
        self.write("free what was kept", |transaction| leases::expire(transaction, network))
    }

    fn living_hosts(&self) -> Result<Option<Vec<String>>> {
        Ok(None)
    }
}
