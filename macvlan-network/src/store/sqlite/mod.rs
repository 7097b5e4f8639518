//! The store for one host: an SQLite file.
//!
//! Every call is one transaction that takes the write lock at its beginning, so that the data it
//! has read is still valid when it writes. A result survives the process. Networks also survive a
//! power failure as soon as they are written; leases may not, because they end with their boot.

mod cause;
mod change;
mod file;
mod former;
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
use rusqlite::{Transaction, params};

use crate::error::{Error, Result};
use crate::former::Ending;
use crate::lease::{ConflictingAddress, Lease, LeaseRequest};
use crate::owned::Owned;
use crate::pool;
use crate::record::NetworkRecord;
use crate::store::secret::Secret;
use crate::store::{Found, LeaseOutcome, Sealed, Store, Unreadable, format};

use file::{Access, Contents, File};
use library::Library;
use transaction::{Attempt, Stop, current, now, number};

/// A store in an SQLite file, which many processes of one machine can use at once.
///
/// ```no_run
/// use macvlan_core::Host;
/// use macvlan_network::{Networks, SqliteStore};
///
/// let store = SqliteStore::open("/var/lib/macvlan/networks.db")?;
/// let networks = Networks::new(Host::open()?, store)?;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug)]
pub struct SqliteStore {
    path: PathBuf,
    moved: bool,
    leaves_log: bool,
    id: OnceLock<String>,
    secret: OnceLock<Secret>,
    /// `None` until it is used. A forked child would release its parent's locks.
    file: Owned<(Mutex<Option<File>>, Library)>,
}

impl SqliteStore {
    /// Opens a store in a file on a local file system.
    ///
    /// If the file does not exist, the first write creates it, with its directory if only that is
    /// missing. Both are accessible to their owner only. A file that is not a store is left
    /// unchanged.
    ///
    /// # Errors
    ///
    /// - [`ErrorKind::InvalidValue`](crate::ErrorKind::InvalidValue): the path is empty, `:memory:`
    ///   or a URI; or this is a child of a process that has stores open.
    /// - [`ErrorKind::File`](crate::ErrorKind::File): the file system refuses, or the parent of the
    ///   file's directory does not exist; [`Error::errno`] returns the cause.
    /// - [`ErrorKind::StoreUnusable`](crate::ErrorKind::StoreUnusable): the file is not a store, or
    ///   one of a later version.
    /// - [`ErrorKind::OtherMachine`](crate::ErrorKind::OtherMachine): another machine wrote it
    ///   last, with another boot id (`/proc/sys/kernel/random/boot_id`) and another machine-id
    ///   (`/etc/machine-id`).
    pub fn open(path: impl AsRef<Path>) -> Result<Self> {
        Self::open_as(path.as_ref(), false)
    }

    /// Opens a store that may have been moved here from another machine.
    ///
    /// The next write makes it this machine's. This is also needed if this machine's machine-id has
    /// changed. The containers of the other machine count as gone, and
    /// [`Networks::collect`](crate::Networks::collect) releases their leases. Two machines must not
    /// use one file.
    ///
    /// # Errors
    ///
    /// As for [`SqliteStore::open`], except for
    /// [`ErrorKind::OtherMachine`](crate::ErrorKind::OtherMachine).
    pub fn open_moved(path: impl AsRef<Path>) -> Result<Self> {
        Self::open_as(path.as_ref(), true)
    }

    fn open_as(path: &Path, moved: bool) -> Result<Self> {
        let path = file::check(path)?;
        let library = Library::enter()
            .map_err(|error| error.during(format!("open the store {}", path.display())))?;
        let file = Owned::new((Mutex::new(None), library));
        let store = Self {
            path,
            moved,
            leaves_log: false,
            id: OnceLock::new(),
            secret: OnceLock::new(),
            file,
        };
        store.read("open the store", |_| Ok(()))?;
        Ok(store)
    }

    /// Leaves the log beside the file when this store is closed, unless it is long.
    ///
    /// For a process that makes one change, such as a plugin: it waits for no disk, and creates and
    /// deletes no files. Until another process closes the file, it is incomplete without its log.
    #[doc(hidden)] // for the plugins of macvlan-cli
    pub fn leave_log(&mut self) {
        self.leaves_log = true;
    }

    /// Returns the path of the file.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Runs `body` in a transaction that can write, and syncs it.
    fn write<T>(
        &self,
        operation: &'static str,
        body: impl FnOnce(&Transaction<'_>) -> Attempt<T>,
    ) -> Result<T> {
        self.transact(operation, Access::Write, body)
    }

    /// Runs `body` in a transaction that can write leases, and does not sync it.
    fn write_leases<T>(
        &self,
        operation: &'static str,
        body: impl FnOnce(&Transaction<'_>) -> Attempt<T>,
    ) -> Result<T> {
        self.transact(operation, Access::WriteUnsynced, body)
    }

    /// Runs `body` in a transaction that only reads.
    fn read<T>(
        &self,
        operation: &'static str,
        body: impl FnOnce(&Transaction<'_>) -> Attempt<T>,
    ) -> Result<T> {
        self.transact(operation, Access::Read, body)
    }

    fn transact<T>(
        &self,
        operation: &'static str,
        access: Access,
        body: impl FnOnce(&Transaction<'_>) -> Attempt<T>,
    ) -> Result<T> {
        let (file, _) = self.file.get(operation)?;
        let writes = access != Access::Read;
        // A poisoned lock is harmless, since a panic rolls the transaction back.
        let mut kept = file.lock().unwrap_or_else(PoisonError::into_inner);
        let mut file = self.open_file(kept.take(), writes).map_err(|stop| match stop {
            Stop::Failed(_) => self.explain("open the store", stop),
            _ => self.explain(format!("open the store {}", self.path.display()), stop),
        })?;
        file.leaves_log = self.leaves_log;
        let done = file.transact(&self.path, access, body);
        if let Some(Contents { id, secret, .. }) = file.contents() {
            self.id.get_or_init(|| id.clone());
            if let Some(secret) = secret {
                self.secret.get_or_init(|| secret.clone());
            }
        }
        *kept = Some(file).filter(|file| file.lasts);
        done.map_err(|stop| self.explain(operation, stop))
    }

    /// Returns the file that was kept open, or opens it.
    ///
    /// If it was replaced, the new one has to be the same store, such as a backup. Once it is
    /// known, it is not created again.
    fn open_file(&self, kept: Option<File>, writes: bool) -> Attempt<File> {
        if let Some(file) = kept {
            if !file.is_replaced(&self.path)? {
                return Ok(file);
            }
        }
        let id = self.id.get();
        let file = File::open(&self.path, self.moved, writes && id.is_none())?;
        let is_known = |id: &String| file.contents().is_some_and(|found| found.id == *id);
        if id.is_none_or(is_known) { Ok(file) } else { Err(file::replaced()) }
    }

    fn explain(&self, operation: impl Into<Cow<'static, str>>, stop: Stop) -> Error {
        match stop {
            Stop::Refused(error) => error,
            Stop::Unusable(error) => error.during(operation),
            Stop::Failed(error) => cause::explain(&self.path, operation, error),
        }
    }
}

impl Sealed for SqliteStore {}

impl Store for SqliteStore {
    /// Returns the id; empty while there is no file.
    fn id(&self) -> &str {
        self.id.get().map_or("", String::as_str)
    }

    fn seal(&self, text: &str) -> Option<String> {
        self.secret.get().map(|secret| secret.seal(text))
    }

    fn make(&self) -> Result<()> {
        self.write("create the store", |_| Ok(()))
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

    fn lease(&self, network: &NetworkRecord, request: &LeaseRequest) -> Result<LeaseOutcome> {
        self.write_leases("lease addresses", |transaction| {
            leases::lease(transaction, network, request)
        })
    }

    /// Only checks that the lease exists, since no change is ever left unanswered here.
    fn take_up(&self, network: &NetworkRecord, lease: &Lease) -> Result<bool> {
        let found = self.find(network, &lease.container)?;
        Ok(found.iter().any(|found| found.endpoint == lease.endpoint))
    }

    fn undo_lease(&self, network: &NetworkRecord, lease: &Lease, taken: &[Lease]) -> Result<bool> {
        self.write_leases("release a lease", |transaction| {
            let leases = vec![lease.clone()];
            let released = leases::release(transaction, network, leases, Ending::Undone)?;
            let released = !released.is_empty();
            for pending in taken.iter().filter(|_| released) {
                leases::adopt(transaction, network, pending.clone())?;
            }
            Ok(released)
        })
    }

    fn release(&self, network: &NetworkRecord, lease: &Lease) -> Result<bool> {
        self.write_leases("release a lease", |transaction| {
            let leases = vec![lease.clone()];
            let released = leases::release(transaction, network, leases, Ending::Disconnected)?;
            Ok(!released.is_empty())
        })
    }

    fn release_gone(&self, network: &NetworkRecord, leases: Vec<Lease>) -> Result<Vec<Lease>> {
        self.write_leases("release leases", |transaction| {
            leases::release(transaction, network, leases, Ending::Gone)
        })
    }

    fn update(&self, network: &NetworkRecord, lease: &Lease) -> Result<bool> {
        self.write_leases("change a lease", |transaction| {
            lookup::update(transaction, network, lease)
        })
    }

    fn adopt(&self, network: &NetworkRecord, lease: Lease) -> Result<Lease> {
        self.write_leases("add a lease", |transaction| leases::adopt(transaction, network, lease))
    }

    fn bind(&self, network: &NetworkRecord, lease: &Lease) -> Result<bool> {
        self.write_leases("bind a lease", |transaction| pending::bind(transaction, network, lease))
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
        self.read("find the lease of an address", |transaction| {
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
        self.read("list the leases", |transaction| rows::readable(transaction, network))
    }

    fn unreadable(&self) -> Result<Vec<Unreadable>> {
        self.read("list unreadable records", |transaction| {
            let networks = networks::all(transaction)?.into_iter().filter_map(Found::err);
            let leases = rows::list(transaction, None)?.into_iter().filter_map(Found::err);
            Ok(networks.chain(leases).collect())
        })
    }

    fn add_conflicting_address(
        &self,
        network: &NetworkRecord,
        address: std::net::IpAddr,
    ) -> Result<bool> {
        self.write_leases("record a conflicting address", |transaction| {
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

    fn remove_conflicting_address(
        &self,
        network: &NetworkRecord,
        address: std::net::IpAddr,
    ) -> Result<bool> {
        self.write_leases("delete the record of a conflicting address", |transaction| {
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

    fn conflicting_addresses(&self, network: &NetworkRecord) -> Result<Vec<ConflictingAddress>> {
        self.read("list the conflicting addresses", |transaction| {
            gaps::conflicting(transaction, number(transaction, network)?)
        })
    }

    fn remembers(&self, network: &NetworkRecord, container: &str) -> Result<bool> {
        self.read("look up a former lease", |transaction| {
            let number = number(transaction, network)?;
            let mut statement = transaction.prepare_cached(
                "SELECT EXISTS (SELECT 1 FROM memory WHERE network = ?1 AND container = ?2) \
                 OR EXISTS (SELECT 1 FROM former WHERE network = ?1 AND container = ?2)",
            )?;
            Ok(statement.query_row(params![number, container], |row| row.get(0))?)
        })
    }

    fn has_free(&self, network: &NetworkRecord, v6: bool) -> Result<bool> {
        self.read("look for a free address", |transaction| {
            leases::has_free(transaction, network, v6)
        })
    }

    fn check_write(&self) -> Result<()> {
        self.write_leases("write to the store", |transaction| Ok(file::write_again(transaction)?))
    }

    fn expire(&self, network: &NetworkRecord) -> Result<usize> {
        self.write_leases("release kept addresses", |transaction| {
            leases::expire(transaction, network)
        })
    }

    fn living_hosts(&self) -> Result<Option<Vec<String>>> {
        Ok(None)
    }
}
