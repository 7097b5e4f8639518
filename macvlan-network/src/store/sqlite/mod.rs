//! The store for one host: a SQLite file.
//!
//! Every call is one transaction that takes the write lock at its beginning, so that what it read
//! still holds when it writes. The journal is written ahead and synced at each commit: what a call
//! returned survives the process and a power loss.

mod cause;
mod change;
mod file;
mod gaps;
mod leases;
mod library;
mod lookup;
mod names;
mod networks;
mod owner;
mod pending;
mod rows;
mod transaction;

use std::borrow::Cow;
use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, OnceLock, PoisonError};

use ipnet::IpNet;
use rusqlite::{Transaction, TransactionBehavior, params};

use crate::error::{Error, Result};
use crate::lease::{Foreign, Lease, Wish};
use crate::owned::Owned;
use crate::pool;
use crate::record::NetworkRecord;
use crate::store::secret::Secret;
use crate::store::{Found, Granted, Store, Unreadable, format};

use file::{Contents, File};
use library::Library;
use transaction::{Attempt, Stop, current, now, number};

/// Networks and leases in one SQLite file, which many processes may use at once.
#[derive(Debug)]
pub struct SqliteStore {
    path: PathBuf,
    moved: bool,
    id: OnceLock<String>,
    secret: OnceLock<Secret>,
    /// None as long as there is none. A forked child would undo the locks of its parent.
    file: Owned<(Mutex<Option<File>>, Library)>,
}

impl SqliteStore {
    /// Opens a file on a file system of this machine, which serves this machine alone. Where there is none, the first write makes it and,
    /// if only the last part of its path is missing, the directory that it is in; both are for their owner
    /// alone. A file with anything else in it than a store is left as it is.
    ///
    /// # Errors
    ///
    /// - [`ErrorKind::InvalidValue`](crate::ErrorKind::InvalidValue): the path is empty, `:memory:` or a URI.
    /// - [`ErrorKind::File`](crate::ErrorKind::File): the file system refuses, or the directory that the file's would be in is
    ///   missing. [`Error::errno`] says which.
    /// - [`ErrorKind::StoreUnusable`](crate::ErrorKind::StoreUnusable): the file is not a store, or one of a later version.
    /// - [`ErrorKind::OtherMachine`](crate::ErrorKind::OtherMachine): another machine wrote it last: one of another boot
    ///   (`/proc/sys/kernel/random/boot_id`) and another machine-id (`/etc/machine-id`).
    pub fn open(path: impl AsRef<Path>) -> Result<Self> {
        Self::open_as(path.as_ref(), false)
    }

    /// Opens a file as [`SqliteStore::open`] does, also one that another machine wrote last, which the next write
    /// makes this machine's: one that was moved here for good, or whose machine got another machine-id.
    ///
    /// Containers of the other machine count as gone, and `collect` releases their leases. No two machines
    /// may use one file.
    ///
    /// # Errors
    ///
    /// As [`SqliteStore::open`], except for [`ErrorKind::OtherMachine`](crate::ErrorKind::OtherMachine).
    pub fn open_moved(path: impl AsRef<Path>) -> Result<Self> {
        Self::open_as(path.as_ref(), true)
    }

    fn open_as(path: &Path, moved: bool) -> Result<Self> {
        let path = file::check(path)?;
        let library = Library::enter()
            .map_err(|error| error.during(format!("open the store {}", path.display())))?;
        let file = Owned::new((Mutex::new(None), library));
        let store = Self { path, moved, id: OnceLock::new(), secret: OnceLock::new(), file };
        store.read("open the store", |_| Ok(()))?;
        Ok(store)
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
        let (file, _) = self.file.get(operation)?;
        let writes = !matches!(behavior, TransactionBehavior::Deferred);
        // A transaction that nothing was done in is as good as none.
        let mut kept = file.lock().unwrap_or_else(PoisonError::into_inner);
        let mut file = match kept.take() {
            Some(file) => file,
            None => File::open(&self.path, self.moved, writes).map_err(|stop| match stop {
                Stop::Failed(_) => self.explain("open the store", stop),
                _ => self.explain(format!("open the store {}", self.path.display()), stop),
            })?,
        };
        let done = file.transact(&self.path, behavior, body);
        if let Some(Contents { id, secret, .. }) = file.contents() {
            self.id.get_or_init(|| id.clone());
            if let Some(secret) = secret {
                self.secret.get_or_init(|| secret.clone());
            }
        }
        *kept = Some(file).filter(|file| file.lasts);
        done.map_err(|stop| self.explain(operation, stop))
    }

    fn explain(&self, operation: impl Into<Cow<'static, str>>, stop: Stop) -> Error {
        match stop {
            Stop::Refused(error) => error,
            Stop::Unusable(error) => error.during(operation),
            Stop::Failed(error) => cause::explain(&self.path, operation, error),
        }
    }
}

impl Store for SqliteStore {
    /// Empty as long as there is no file.
    fn id(&self) -> &str {
        self.id.get().map_or("", String::as_str)
    }

    fn seal(&self, text: &str) -> Option<String> {
        self.secret.get().map(|secret| secret.seal(text))
    }

    fn make(&self) -> Result<()> {
        self.write("make the store", |_| Ok(()))
    }

    fn add_network(&self, network: &NetworkRecord, alone: &[IpNet]) -> Result<()> {
        let config = format::write(&network.config)?;
        self.write(networks::CREATE, |transaction| {
            networks::add(transaction, network, &config, alone)
        })
    }

    fn change_network(
        &self,
        old: &NetworkRecord,
        new: &NetworkRecord,
        alone: &[IpNet],
    ) -> Result<Vec<Lease>> {
        let config = format::write(&new.config)?;
        self.write(change::CHANGE, |transaction| {
            change::change(transaction, (old, new), &config, alone)
        })
    }

    fn networks(&self) -> Result<Vec<NetworkRecord>> {
        let found = self.read("list the networks", networks::all)?;
        Ok(found.into_iter().filter_map(Found::ok).collect())
    }

    fn find_networks(&self, name_or_id: &str) -> Result<Vec<NetworkRecord>> {
        self.read("find the network", |transaction| networks::find(transaction, name_or_id))
    }

    fn remove_network(&self, network: &NetworkRecord) -> Result<()> {
        self.write("remove the network", |transaction| networks::remove(transaction, network))
    }

    fn lease(&self, network: &NetworkRecord, wish: &Wish) -> Result<Granted> {
        self.write("lease addresses", |transaction| leases::lease(transaction, network, wish))
    }

    /// Nothing is ever left undecided here.
    fn take_up(&self, network: &NetworkRecord, lease: &Lease) -> Result<bool> {
        let found = self.find(network, &lease.container)?;
        Ok(found.iter().any(|found| found.endpoint == lease.endpoint))
    }

    fn release(&self, network: &NetworkRecord, lease: &Lease) -> Result<bool> {
        self.write("release a lease", |transaction| leases::release(transaction, network, lease))
    }

    fn update(&self, network: &NetworkRecord, lease: &Lease) -> Result<bool> {
        self.write("change a lease", |transaction| lookup::update(transaction, network, lease))
    }

    fn adopt(&self, network: &NetworkRecord, lease: &Lease) -> Result<()> {
        self.write("enter a lease", |transaction| leases::adopt(transaction, network, lease))
    }

    fn bind(&self, network: &NetworkRecord, lease: &Lease) -> Result<bool> {
        self.write("bind a lease", |transaction| pending::bind(transaction, network, lease))
    }

    fn find(&self, network: &NetworkRecord, container: &str) -> Result<Vec<Lease>> {
        self.read("look up a lease", |transaction| rows::find(transaction, network, container))
    }

    fn leases_of(&self, container: &str) -> Result<Vec<Lease>> {
        self.read("list a container's leases", |transaction| {
            rows::of_container(transaction, container)
        })
    }

    fn named(&self, network: &NetworkRecord, name: &str) -> Result<Vec<Lease>> {
        self.read("find a name", |transaction| lookup::named(transaction, network, name))
    }

    fn holding(&self, network: &NetworkRecord, address: std::net::IpAddr) -> Result<Option<Lease>> {
        self.read("find who has an address", |transaction| {
            lookup::holding(transaction, network, address)
        })
    }

    fn count(&self) -> Result<HashMap<String, usize>> {
        self.read("count the leases", |transaction| {
            let mut statement = transaction.prepare_cached(
                "SELECT id, count(*) FROM lease JOIN network ON number = network GROUP BY network",
            )?;
            let found = statement.query_map([], |row| Ok((row.get(0)?, row.get(1)?)))?;
            Ok(found.collect::<rusqlite::Result<_>>()?)
        })
    }

    fn leases(&self, network: Option<&NetworkRecord>) -> Result<Vec<Lease>> {
        let found = self.read("list the leases", |transaction| rows::list(transaction, network))?;
        Ok(found.into_iter().filter_map(Found::ok).collect())
    }

    fn unreadable(&self) -> Result<Vec<Unreadable>> {
        self.read("list what cannot be read", |transaction| {
            let networks = networks::all(transaction)?.into_iter().filter_map(Found::err);
            let leases = rows::list(transaction, None)?.into_iter().filter_map(Found::err);
            Ok(networks.chain(leases).collect())
        })
    }

    fn add_foreign(&self, network: &NetworkRecord, address: std::net::IpAddr) -> Result<bool> {
        self.write("remember a foreign address", |transaction| {
            let (number, network) = current(transaction, network)?;
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
            let (number, network) = current(transaction, network)?;
            let at = pool::number(address);
            let forgotten = transaction.execute(
                "DELETE FROM address WHERE network = ? AND address = ? AND endpoint IS NULL",
                params![number, gaps::blob(at)],
            )?;
            if forgotten > 0 {
                gaps::give_back(transaction, &network, number, address)?;
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
                Ok(Foreign { address: gaps::address(row)?, found: found.unsigned_abs() })
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
