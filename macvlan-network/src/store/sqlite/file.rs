//! The file, which the first write creates, which is only opened if it is a store, and watched
//! while it is open.
//!
//! Only SQLite opens it: closing any other descriptor of it would release this process's locks on
//! it.

use std::borrow::Cow;
use std::ffi::OsString;
use std::fmt::Write as _;
use std::fs;
use std::io;
use std::os::unix::ffi::OsStrExt as _;
use std::os::unix::fs::{DirBuilderExt as _, MetadataExt as _, PermissionsExt as _};
use std::path::{Path, PathBuf};
use std::time::Duration;

use nix::sys::stat::{Mode, SFlag, mknod};
use rusqlite::backup::Backup;
use rusqlite::config::DbConfig;
use rusqlite::{Connection, ErrorCode, OpenFlags, Transaction, TransactionBehavior};

use crate::error::{Error, ErrorKind, Result};
use crate::file_lock;
use crate::machine::Machine;
use crate::random;
use crate::store::secret::Secret;

use super::cause::{is_refused, obstacle, of_file};
use super::owner;
use super::transaction::{Attempt, Stop};

/// The `application_id` of a store's file: "mvln". `file(1)` shows it.
const OURS: i32 = 0x6d76_6c6e;
/// The scripts that make each version's tables from those of the version before. `user_version` is
/// the version.
const VERSIONS: [&str; 6] = [
    include_str!("version-1.sql"),
    include_str!("version-2.sql"),
    include_str!("version-3.sql"),
    include_str!("version-4.sql"),
    include_str!("version-5.sql"),
    include_str!("version-6.sql"),
];
/// The time to wait for other processes that hold the file, in milliseconds.
const PATIENCE: i32 = 60_000;
/// The length of a write-ahead log that closing the file leaves in place, in bytes.
///
/// A change takes about 28 KiB. A process that finds no other on the file reads the log, which takes
/// 0.3 ms for this length; writing it back takes five syncs.
const LOG: u64 = 512 * 1024;

/// The value of `synchronous` with which each commit is synced.
const FULL: &str = "full";

/// The size of the cache in kibibytes, negative: twenty thousand leases are read from the file once.
const CACHE: i32 = -8192;

/// An open store file.
#[derive(Debug)]
#[allow(clippy::struct_excessive_bools)] // they are independent
pub(super) struct File {
    connection: Connection,
    /// Device and inode; `None` if there is no file, which reads as an empty store.
    identity: Option<(u64, u64)>,
    /// The contents; `None` if there is no file.
    contents: Option<Contents>,
    /// True if the file may belong to another machine until it is written to.
    moved: bool,
    /// True if the file is known to belong to this machine and boot.
    claimed: bool,
    /// The value of the pragma.
    synchronous: &'static str,
    /// True if closing the file leaves its log in place.
    pub(super) leaves_log: bool,
    /// True if the file can be kept open.
    ///
    /// A read-only file is opened for each use, because without locks the changes of other
    /// processes are not seen, and because it may be writable by then.
    pub(super) lasts: bool,
}

/// The access that a transaction needs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Access {
    Read,
    /// Write data that survives a power failure as soon as it is committed.
    Write,
    /// Write data that a power failure may undo, together with everything written later.
    WriteUnsynced,
}

/// The header of a store.
#[derive(Debug)]
pub(super) struct Contents {
    version: usize,
    pub(super) id: String,
    owner: Option<Machine>,
    pub(super) secret: Option<Secret>,
}

/// Checks a path, as far as this is possible before the file exists.
pub(super) fn check(path: &Path) -> Result<PathBuf> {
    let operation = format!("open the store {}", path.display());
    let bytes = path.as_os_str().as_bytes();
    if bytes.is_empty() || bytes == b":memory:" || bytes.starts_with(b"file:") {
        let why = format!("{:?} is not the path of a file", path.display().to_string());
        return Err(Error::invalid("open the store", why).with_hint("a store outlives the process"));
    }
    let fails = |error| Error::file(operation.clone(), error);
    let path = std::path::absolute(path).map_err(fails)?;
    let Some(directory) = path.parent() else { return Ok(path) };
    if !directory.try_exists().map_err(fails)? {
        // The directory is created with the file, but the one above it is not.
        let above = directory.parent().unwrap_or(directory);
        fs::metadata(above).map_err(|error| {
            let hint = format!("create {}, or choose another path", above.display());
            fails(error).with_hint(hint)
        })?;
    }
    Ok(path)
}

impl File {
    /// Opens a file, and creates it for writing if it does not exist.
    pub(super) fn open(path: &Path, moved: bool, writes: bool) -> Attempt<Self> {
        if let Some(file) = Self::find(path, moved)? {
            return Ok(file);
        }
        if writes {
            create(path)?;
            return Self::find(path, moved)?.ok_or_else(|| failed(nix::Error::ESTALE.into()));
        }
        let mut connection = Connection::open_in_memory()?;
        fill(&mut connection)?;
        let (identity, contents) = (None, None);
        Ok(Self {
            connection,
            identity,
            contents,
            moved,
            claimed: false,
            synchronous: FULL,
            leaves_log: false,
            lasts: false,
        })
    }

    /// Opens a file, if it exists and is not empty.
    ///
    /// A file that is not a store is not changed, nor is a journal beside it.
    fn find(path: &Path, moved: bool) -> Attempt<Option<Self>> {
        if !path.try_exists().map_err(failed)? {
            return Ok(None);
        }
        let found = fs::metadata(path).map_err(failed)?;
        if found.is_dir() {
            return Err(failed(nix::Error::EISDIR.into()));
        }
        if !found.is_file() {
            return Err(not_ours("the file is not a regular file"));
        }
        let identity = Some((found.dev(), found.ino()));
        if !is_logged(path)? {
            match look(&as_it_lies(path)?) {
                Ok(None) if !has_journal(path) => return Ok(None),
                // Another process may just have opened it.
                Err(_) if is_logged(path)? => {}
                Err(stop) => return Err(stop),
                Ok(_) => {}
            }
        }
        let live = connect(path)?;
        let (connection, contents) = match look(&live) {
            Ok(contents) => (live, contents),
            // A reader would have to create the shared-memory file, if no writer has done so.
            Err(Stop::Failed(error)) if is_refused(&error) && !has_journal(path) => {
                let still = as_it_lies(path)?;
                let contents = look(&still)?;
                (still, contents)
            }
            Err(stop) => return Err(stop),
        };
        let lasts = !connection.is_readonly("main")?;
        let Some(contents) = contents else { return Ok(None) };
        let owner = contents.owner.as_ref();
        owner.filter(|_| !moved).map_or(Ok(()), owner::check)?;
        let here = Machine::here().map_err(Stop::Unusable)?;
        let claimed = owner.is_some_and(|owner| owner.boot == here.boot);
        if lasts {
            keep_private(path, &found).map_err(failed)?;
            connection.set_db_config(DbConfig::SQLITE_DBCONFIG_ENABLE_FKEY, true)?;
            write_ahead(&connection)?;
            connection.pragma_update(None, "synchronous", FULL)?;
            connection.pragma_update(None, "cache_size", CACHE)?;
        }
        let contents = Some(contents);
        Ok(Some(Self {
            connection,
            identity,
            contents,
            moved,
            claimed,
            synchronous: FULL,
            leaves_log: false,
            lasts,
        }))
    }

    /// Returns whether another file is in the place of this one, or none.
    pub(super) fn is_replaced(&self, path: &Path) -> Attempt<bool> {
        is_replaced(self.identity, path)
    }

    /// Returns the header, as it was read or last written; `None` if there is no file.
    pub(super) fn contents(&self) -> Option<&Contents> {
        self.contents.as_ref()
    }

    /// Runs `body` in a transaction.
    pub(super) fn transact<T>(
        &mut self,
        path: &Path,
        access: Access,
        body: impl FnOnce(&Transaction<'_>) -> Attempt<T>,
    ) -> Attempt<T> {
        let writes = access != Access::Read;
        if writes && self.connection.is_readonly("main")? {
            let why = obstacle(path).unwrap_or_else(|| nix::Error::EROFS.into());
            return Err(Stop::Unusable(of_file(path, "", why)));
        }
        let mut copy = None;
        if self.contents.as_ref().is_some_and(|found| found.version < VERSIONS.len()) {
            if writes {
                fill(&mut self.connection)?;
                self.contents = look(&self.connection)?;
            } else {
                copy = Some(copied(&self.connection)?);
            }
        }
        let synchronous = if access == Access::WriteUnsynced { "normal" } else { FULL };
        if writes && synchronous != self.synchronous {
            self.connection.pragma_update(None, "synchronous", synchronous)?;
            self.synchronous = synchronous;
        }
        let behavior =
            if writes { TransactionBehavior::Immediate } else { TransactionBehavior::Deferred };
        let connection = copy.as_mut().unwrap_or(&mut self.connection);
        let transaction = connection.transaction_with_behavior(behavior)?;
        // It may have been replaced while the lock was waited for.
        if is_replaced(self.identity, path)? {
            return Err(replaced());
        }
        if writes && !self.claimed {
            owner::claim(&transaction, self.moved)?;
        }
        let done = body(&transaction)?;
        transaction.commit()?;
        self.claimed |= writes;
        Ok(done)
    }
}

impl Drop for File {
    /// Closes the file. The last process writes the log back, so that the file is complete without
    /// it; one that leaves the log does so only if it is long.
    fn drop(&mut self) {
        let Some(path) = self.connection.path().map(PathBuf::from) else { return };
        let is_long = || fs::metadata(beside(&path, "-wal")).is_ok_and(|log| log.len() > LOG);
        let completes = self.lasts && (!self.leaves_log || is_long());
        // Closing it after writing back deletes the log, which is another file's if it was replaced.
        if completes && self.is_replaced(&path).is_ok_and(|replaced| !replaced) {
            let keep = DbConfig::SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE;
            // Otherwise the next process writes it back.
            let _ = self.connection.set_db_config(keep, false);
        }
    }
}

/// Copies a file of an earlier version into memory and upgrades the copy, since reading does not
/// change the file.
fn copied(from: &Connection) -> Attempt<Connection> {
    let mut copy = Connection::open_in_memory()?;
    Backup::new(from, &mut copy)?.run_to_completion(i32::MAX, Duration::ZERO, None)?;
    fill(&mut copy)?;
    Ok(copy)
}

fn is_replaced(was: Option<(u64, u64)>, path: &Path) -> Attempt<bool> {
    Ok(was.is_some() && was != identity(path).map_err(failed)?)
}

/// Returns the error for a file that was deleted or replaced by another store.
pub(super) fn replaced() -> Stop {
    let words = "the store's file was deleted or replaced while it was open";
    Stop::Unusable(
        Error::new(ErrorKind::StoreUnavailable, "", words)
            .with_hint("open the store again")
            .caused_by(io::Error::from(nix::Error::ESTALE)),
    )
}

fn failed(error: io::Error) -> Stop {
    Stop::Unusable(Error::file("", error))
}

fn not_ours(why: impl Into<Cow<'static, str>>) -> Stop {
    Stop::Unusable(Error::new(ErrorKind::StoreUnusable, "", why))
}

fn identity(path: &Path) -> io::Result<Option<(u64, u64)>> {
    match fs::metadata(path) {
        Ok(found) => Ok(Some((found.dev(), found.ino()))),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(error),
    }
}

/// Returns a path with a suffix.
fn beside(path: &Path, suffix: &str) -> PathBuf {
    let mut name = OsString::from(path);
    name.push(suffix);
    name.into()
}

/// Returns whether a file beside a database may hold some of its data.
fn has_journal(path: &Path) -> bool {
    let path = fs::canonicalize(path).unwrap_or_else(|_| path.to_owned());
    ["-wal", "-journal"].iter().any(|suffix| {
        fs::metadata(beside(&path, suffix)).map_or_else(
            |error| error.kind() != io::ErrorKind::NotFound,
            |journal| journal.len() > 0,
        )
    })
}

/// Returns whether a file is marked as a store and is incomplete without its journal, so that only
/// opening it tells more.
fn is_logged(path: &Path) -> Attempt<bool> {
    if !has_journal(path) {
        return Ok(false);
    }
    let file = as_it_lies(path)?;
    // Another process may be writing the log back, the first page before those that it counts.
    // SQLite then finds the file too short, unless the schema may be repaired.
    file.pragma_update(None, "writable_schema", true)?;
    Ok(header(&file, "application_id")? == OURS)
}

/// Opens a database without locks and without its journal.
fn as_it_lies(path: &Path) -> Attempt<Connection> {
    let mut uri = String::from("file:");
    for byte in path.as_os_str().as_bytes() {
        // Writing to a string does not fail.
        let _ = write!(uri, "%{byte:02x}");
    }
    uri.push_str("?immutable=1");
    let flags = OpenFlags::SQLITE_OPEN_READ_ONLY
        | OpenFlags::SQLITE_OPEN_URI
        | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    Ok(Connection::open_with_flags(uri, flags)?)
}

/// Opens a database for writing if permitted. Closing it does not write back its log.
fn connect(path: &Path) -> Attempt<Connection> {
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let connection = Connection::open_with_flags(path, flags)?;
    connection.set_db_config(DbConfig::SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, true)?;
    connection.busy_handler(Some(wait))?;
    connection.set_prepared_statement_cache_capacity(64);
    Ok(connection)
}

/// Switches a database to write-ahead logging, in which it stays.
///
/// SQLite does not call the busy handler here, so the second of two processes that open a new file
/// at once would be refused.
fn write_ahead(connection: &Connection) -> rusqlite::Result<()> {
    let mut times = 0;
    loop {
        match connection.pragma_update(None, "journal_mode", "wal") {
            Err(error) if error.sqlite_error_code() == Some(ErrorCode::DatabaseBusy) => {
                if !wait(times) {
                    return Err(error);
                }
                times += 1;
            }
            done => return done,
        }
    }
}

/// Waits if another process holds the file, whose transactions take about a millisecond.
fn wait(times: i32) -> bool {
    std::thread::sleep(Duration::from_millis(1));
    times < PATIENCE
}

/// Reads a number from the header of a database.
fn header(connection: &Connection, name: &str) -> rusqlite::Result<i32> {
    connection.pragma_query_value(None, name, |row| row.get(0))
}

/// Reads the header of a database; `None` if it is empty. Refuses one that is not a known store.
fn look(connection: &Connection) -> Attempt<Option<Contents>> {
    let (application, version) =
        (header(connection, "application_id")?, header(connection, "user_version")?);
    let mut statement = connection.prepare(
        "SELECT name FROM sqlite_schema WHERE type IN ('table', 'view') \
         AND name NOT LIKE 'sqlite\\_%' ESCAPE '\\' ORDER BY name",
    )?;
    let tables: Vec<String> =
        statement.query_map([], |row| row.get(0))?.collect::<rusqlite::Result<_>>()?;
    let known = usize::try_from(version).unwrap_or(usize::MAX);
    if application == OURS && known > VERSIONS.len() {
        return Err(not_ours(format!(
            "its tables have version {version}, and this library reads up to {}",
            VERSIONS.len()
        )));
    }
    let first = ["address", "gap", "lease", "memory", "network", "pool"];
    let has = |more: &[&str]| {
        let mut wanted = [&first[..], more].concat();
        wanted.sort_unstable();
        tables == wanted
    };
    match known {
        0 if application == 0 && tables.is_empty() => Ok(None),
        // In this version the `application_id` was the store's id.
        1 if has(&[]) => {
            let id = format!("{application:08x}");
            Ok(Some(Contents { version: 1, id, owner: None, secret: None }))
        }
        2..=6
            if application == OURS
                && has(&["store", "alias", "former"][..[1, 2, 2, 3, 3][known - 2]]) =>
        {
            let columns =
                if known < 3 { "id, NULL, NULL, NULL" } else { "id, boot, machine, secret" };
            let select = format!("SELECT {columns} FROM store");
            Ok(Some(connection.query_row(&select, [], |row| {
                Ok(Contents {
                    version: known,
                    id: row.get(0)?,
                    owner: owner::machine(row.get(1)?, row.get(2)?),
                    secret: row.get::<_, Option<_>>(3)?.map(Secret),
                })
            })?))
        }
        _ => Err(not_ours("the file is another program's database")),
    }
}

/// Writes a value that the file has, so that the log is written.
pub(super) fn write_again(transaction: &Transaction<'_>) -> rusqlite::Result<()> {
    transaction.pragma_update(None, "user_version", VERSIONS.len())
}

/// Creates or upgrades the tables of a database that is empty or of an earlier version.
fn fill(connection: &mut Connection) -> Attempt<()> {
    // Recreating a table would otherwise delete the rows that refer to it.
    connection.pragma_update(None, "foreign_keys", false)?;
    let filled = make_tables(connection);
    connection.pragma_update(None, "foreign_keys", true)?;
    filled
}

fn make_tables(connection: &mut Connection) -> Attempt<()> {
    let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
    // Another process may have done it in the meantime.
    let found = look(&transaction)?;
    let version = found.as_ref().map_or(0, |found| found.version);
    for script in VERSIONS.iter().skip(version) {
        transaction.execute_batch(script)?;
    }
    if version < 2 {
        let id = found.map_or_else(|| random::id()[..8].to_owned(), |found| found.id);
        transaction.execute("INSERT INTO store (id) VALUES (?)", [id])?;
    }
    if version < 3 {
        transaction.execute("UPDATE store SET secret = ?", [Secret::new().0])?;
    }
    transaction.pragma_update(None, "user_version", VERSIONS.len())?;
    transaction.pragma_update(None, "application_id", OURS)?;
    transaction.commit()?;
    Ok(())
}

/// Creates a file and its directory. The file gets its name only when it is complete.
fn create(path: &Path) -> Attempt<()> {
    if path.try_exists().map_err(failed)? {
        // It exists, but is empty.
        return fill(&mut connect(path)?);
    }
    if path.is_symlink() {
        return Err(failed(nix::Error::ENOENT.into()));
    }
    let directory = path.parent().unwrap_or(path);
    if !directory.try_exists().map_err(failed)? {
        match fs::DirBuilder::new().mode(0o700).create(directory) {
            Err(error) if error.kind() != io::ErrorKind::AlreadyExists => {
                return Err(failed(error));
            }
            _ => {}
        }
    }
    let aside = beside(path, &format!(".{}", &random::id()[..8]));
    let place = || -> Attempt<()> {
        mknod(&aside, SFlag::S_IFREG, Mode::S_IRUSR | Mode::S_IWUSR, 0)
            .map_err(|errno| failed(errno.into()))?;
        let mut connection = connect(&aside)?;
        fill(&mut connection)?;
        drop(connection);
        // Makes others wait that create the same file.
        let directory = fs::File::open(directory).map_err(failed)?;
        let directory = file_lock::lock(directory, String::new).map_err(Stop::Unusable)?;
        publish(&aside, path).and_then(|()| directory.sync_all()).map_err(failed)
    };
    let done = place();
    // It may not have been created.
    let _ = fs::remove_file(&aside);
    done
}

/// Gives a file its name, unless another file has it.
///
/// Companions of a deleted database would be taken for this one's. Since they may be all that is
/// left of it, they are renamed and kept.
fn publish(aside: &Path, path: &Path) -> io::Result<()> {
    if path.try_exists()? {
        return Ok(());
    }
    for suffix in ["-wal", "-shm", "-journal"] {
        let left = beside(path, suffix);
        if left.try_exists()? {
            fs::rename(&left, beside(&left, &format!(".{}", &random::id()[..8])))?;
        }
    }
    fs::hard_link(aside, path)
}

/// Restricts the permissions of a file and its companions to the owner, because a process that can
/// read the file can lock it.
fn keep_private(path: &Path, found: &fs::Metadata) -> io::Result<()> {
    let others = found.mode() & 0o077;
    if others == 0 {
        return Ok(());
    }
    let path = fs::canonicalize(path)?;
    for suffix in ["", "-wal", "-shm"] {
        let closed = fs::set_permissions(beside(&path, suffix), fs::Permissions::from_mode(0o600));
        match closed.map_err(|error| (error.kind(), error)) {
            // The companion does not exist, or the file belongs to another user.
            Err((io::ErrorKind::NotFound | io::ErrorKind::PermissionDenied, _)) | Ok(()) => {}
            Err((_, error)) => return Err(error),
        }
    }
    Ok(())
}
