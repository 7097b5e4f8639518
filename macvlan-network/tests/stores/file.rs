//! The file of a store: its permissions, files that are never changed, and errors if it cannot be
//! used.
#![deny(dead_code)]

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::net::Ipv4Addr;
use std::os::unix::fs::{PermissionsExt as _, symlink};
use std::path::Path;
use std::time::Duration;

use crate::common::{on_ens33, on_small_disk, sound};
use macvlan_core::NetNs;
use macvlan_network::{ConnectOptions, Error, ErrorKind, Networks, SqliteStore};
use macvlan_tests::{Actor, Directory, Lab, Outcome, eventually};
use nix::errno::Errno;
use nix::mount::{MsFlags, mount};
use rusqlite::Connection;

fn open(lab: &Lab, path: &Path) -> Outcome<Networks> {
    Ok(Networks::new(lab.a.host.clone(), SqliteStore::open(path)?)?.with_host_name("a")?)
}

fn mode(path: &Path) -> Outcome<u32> {
    Ok(fs::metadata(path)?.permissions().mode() & 0o7777)
}

#[track_caller]
fn assert_file_error(error: &Error, errno: Errno) {
    let told = (error.kind(), error.errno());
    assert_eq!(told, (ErrorKind::File, Some(errno as i32)), "{error}");
}

/// Returns all files below a directory, with their contents.
fn all_of(directory: &Path) -> Outcome<BTreeMap<String, Vec<u8>>> {
    let mut found = BTreeMap::new();
    for entry in fs::read_dir(directory)? {
        let entry = entry?;
        let name = entry.file_name().to_string_lossy().into_owned();
        // A reader of another program's database writes its lock there.
        let is_lock = name.ends_with("-shm");
        found.insert(name, if is_lock { Vec::new() } else { fs::read(entry.path())? });
    }
    Ok(found)
}

fn a_file_is_its_owners_alone() -> Outcome {
    let (lab, directory) = (Lab::new()?, Directory::new()?);
    let inside = directory.path().join("macvlan");
    let path = inside.join("networks.db");
    let networks = open(&lab, &path)?;
    networks.create(&on_ens33("lan", "10.1.0.0/24")?)?;
    assert_eq!(mode(&inside)?, 0o700);
    let companions = ["networks.db", "networks.db-shm", "networks.db-wal"];
    let names: Vec<String> = all_of(&inside)?.into_keys().collect();
    assert_eq!(names, companions);
    for name in companions {
        assert_eq!(mode(&inside.join(name))?, 0o600, "{name}");
        fs::set_permissions(inside.join(name), fs::Permissions::from_mode(0o644))?;
    }
    // As an earlier version has created it.
    let again = open(&lab, &path)?;
    assert_eq!(again.list()?.len(), 1);
    for name in companions {
        assert_eq!(mode(&inside.join(name))?, 0o600, "{name}");
    }
    Ok(())
}

fn what_only_reads_makes_nothing() -> Outcome {
    let (lab, directory) = (Lab::new()?, Directory::new()?);
    let path = directory.path().join("macvlan/networks.db");
    let networks = open(&lab, &path)?;
    assert!(networks.list()?.is_empty());
    assert_eq!(networks.network("lan").unwrap_err().kind(), ErrorKind::NetworkNotFound);
    assert!(networks.collect()?.leases.is_empty());
    assert!(networks.reconcile()?.is_empty());
    assert!(all_of(directory.path())?.is_empty());
    // An empty file also stays empty.
    let empty = directory.path().join("empty.db");
    fs::write(&empty, "")?;
    assert!(open(&lab, &empty)?.list()?.is_empty());
    assert_eq!(all_of(directory.path())?, BTreeMap::from([("empty.db".to_owned(), Vec::new())]));
    // Both are stores after the first write, which sessions that were already open see.
    for path in [&path, &empty] {
        open(&lab, path)?.create(&on_ens33("lan", "10.1.0.0/24")?)?;
        assert_eq!(open(&lab, path)?.list()?.len(), 1);
    }
    assert_eq!(networks.list()?.len(), 1);
    Ok(())
}

/// The first process creates it, the others find it.
fn many_make_one_file() -> Outcome {
    let (lab, directory) = (Lab::new()?, Directory::new()?);
    let path = directory.path().join("networks.db");
    let networks: Vec<Networks> = (0..8).map(|_| open(&lab, &path)).collect::<Result<_, _>>()?;
    std::thread::scope(|scope| {
        let create = |(number, networks): (usize, Networks)| {
            let config = on_ens33(&format!("lan{number}"), &format!("10.{number}.0.0/24"));
            scope.spawn(move || networks.create(&config.unwrap()).map(drop))
        };
        let all: Vec<_> = networks.iter().cloned().enumerate().map(create).collect();
        all.into_iter().try_for_each(|one| one.join().unwrap())
    })?;
    assert_eq!(networks[0].list()?.len(), 8);
    let ids: Vec<&str> = networks.iter().map(|one| one.store().id()).collect();
    assert!(ids.iter().all(|id| id.len() == 8 && *id == ids[0]), "{ids:?}");
    drop(networks);
    let names: Vec<String> = all_of(directory.path())?.into_keys().collect();
    assert_eq!(names, ["networks.db"]);
    assert_eq!(sound(&directory)?, 0);
    Ok(())
}

/// The log stays when a store is closed, with what was written last. A long one is written back.
fn the_log_of_a_closed_file_stays_short() -> Outcome {
    let (lab, directory) = (Lab::new()?, Directory::new()?);
    let path = directory.path().join("networks.db");
    let log = directory.path().join("networks.db-wal");
    open(&lab, &path)?.create(&on_ens33("lan", "10.1.0.0/16")?)?;
    assert!(!log.exists());
    let as_plugin = || -> Outcome<Networks> {
        let mut store = SqliteStore::open(&path)?;
        store.leave_log();
        Ok(Networks::new(lab.a.host.clone(), store)?.with_host_name("a")?)
    };
    let mut written_back = 0;
    for number in 0..100_u8 {
        let address = Ipv4Addr::new(10, 1, 2, number).into();
        as_plugin()?.network("lan")?.add_conflicting_address(address)?;
        match fs::metadata(&log) {
            Ok(log) => assert!(log.len() < 600 * 1024, "{log:?}"),
            Err(_) => written_back += 1,
        }
    }
    assert!((1..20).contains(&written_back), "{written_back}");
    assert!(log.exists());
    assert_eq!(as_plugin()?.network("lan")?.conflicting_addresses()?.len(), 100);
    // After a power failure, the index may be missing.
    fs::remove_file(directory.path().join("networks.db-shm"))?;
    assert_eq!(as_plugin()?.network("lan")?.conflicting_addresses()?.len(), 100);
    // Any other process completes the file.
    assert_eq!(open(&lab, &path)?.network("lan")?.conflicting_addresses()?.len(), 100);
    assert!(!log.exists());
    assert_eq!(sound(&directory)?, 0);
    Ok(())
}

/// The end of the log, which is not synced, may be missing after a power failure.
fn a_power_failure_undoes_the_latest_leases() -> Outcome {
    let (lab, directory) = (Lab::new()?, Directory::new()?);
    let path = directory.path().join("networks.db");
    let networks = open(&lab, &path)?;
    let lan = networks.create(&on_ens33("lan", "10.1.0.0/24")?)?;
    let synced = fs::read(directory.path().join("networks.db-wal"))?.len();
    let containers = [NetNs::anonymous()?, NetNs::anonymous()?, NetNs::anonymous()?];
    for (number, inside) in containers.iter().enumerate() {
        lan.connect(&ConnectOptions::new(format!("c{number}")), inside)?;
    }
    let (file, log) = (fs::read(&path)?, fs::read(directory.path().join("networks.db-wal"))?);
    drop(containers);
    let mut counts = BTreeSet::new();
    for left in (synced..=log.len()).step_by(log.len() / 16).chain([log.len()]) {
        let after = Directory::new()?;
        fs::write(after.path().join("networks.db"), &file)?;
        fs::write(after.path().join("networks.db-wal"), &log[..left])?;
        let lan = open(&lab, &after.path().join("networks.db"))?.network("lan")?;
        let leases = lan.leases()?;
        let names: Vec<&str> = leases.iter().map(|lease| lease.container.as_str()).collect();
        assert_eq!(names, ["c0", "c1", "c2"][..names.len()], "after {left} bytes");
        // The next address is the first that no lease has.
        let next = lan.connect(&ConnectOptions::new("next"), &NetNs::anonymous()?)?;
        assert!(leases.iter().all(|lease| lease.addresses != next.lease().addresses));
        drop((lan, next));
        assert_eq!(sound(&after)?, leases.len() + 1);
        counts.insert(leases.len());
    }
    assert_eq!(counts, BTreeSet::from([0, 1, 2, 3]));
    Ok(())
}

fn what_is_not_ours_is_not_touched() -> Outcome {
    let (lab, directory) = (Lab::new()?, Directory::new()?);
    let ours = directory.path().join("ours.db");
    open(&lab, &ours)?.create(&on_ens33("lan", "10.1.0.0/24")?)?;
    let ours = fs::read(ours)?;
    for (what, script) in [
        ("a table", "CREATE TABLE moz_places (a)"),
        ("a table that is called as one of ours", "CREATE TABLE network (a)"),
        ("a table, and the number of our version", "CREATE TABLE a (a); PRAGMA user_version = 1"),
        ("an application_id", "PRAGMA application_id = 252006673"),
        ("a version", "PRAGMA user_version = 1"),
        ("our application_id", "PRAGMA application_id = 1836477550; PRAGMA user_version = 2"),
        ("a view", "CREATE VIEW a AS SELECT 1"),
        ("a write-ahead log", "PRAGMA journal_mode = wal; CREATE TABLE a (a)"),
        ("ours: another application_id", "PRAGMA application_id = 7"),
        ("ours: no application_id", "PRAGMA application_id = 0"),
        ("ours: one more table", "CREATE TABLE a (a)"),
        ("ours: one table less", "DROP TABLE gap"),
        ("ours: a later version", "PRAGMA user_version = 99"),
    ] {
        let directory = Directory::new()?;
        let path = directory.path().join("networks.db");
        if what.starts_with("ours") {
            fs::write(&path, &ours)?;
        }
        let file = Connection::open(&path)?;
        file.execute_batch(script)?;
        let held = what.contains("write-ahead").then_some(file);
        assert_not_touched(&lab, &path, what)?;
        drop(held);
    }
    for (what, bytes) in [
        ("a text", "not a database\n".repeat(300)),
        ("a short text", "127.0.0.1".to_owned()),
        ("half a header", "SQLite format 3\0".to_owned()),
    ] {
        let directory = Directory::new()?;
        let path = directory.path().join("networks.db");
        fs::write(&path, bytes)?;
        assert_not_touched(&lab, &path, what)?;
    }
    Ok(())
}

fn assert_not_touched(lab: &Lab, path: &Path, what: &str) -> Outcome {
    let directory = path.parent().ok_or("it is in a directory")?;
    let (before, mode_before) = (all_of(directory)?, mode(path)?);
    let error = SqliteStore::open(path).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::StoreUnusable, "{what}: {error}");
    assert!(error.to_string().contains("networks.db"), "{what}: {error}");
    // Nor is a file that appears while a session waits for its file.
    let aside = path.with_extension("aside");
    fs::rename(path, &aside)?;
    let networks = open(lab, path)?;
    fs::rename(&aside, path)?;
    let error = networks.create(&on_ens33("lan", "10.1.0.0/24")?).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::StoreUnusable, "{what}: {error}");
    assert!(all_of(directory)? == before && mode(path)? == mode_before, "{what} was changed");
    Ok(())
}

fn what_is_no_path_is_refused() -> Outcome {
    for path in ["", ":memory:", "file:networks.db", "file::memory:?cache=shared"] {
        let error = SqliteStore::open(path).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::InvalidValue, "{error}");
    }
    // Characters with a meaning in a URI have none in a path.
    let (lab, directory) = (Lab::new()?, Directory::new()?);
    let path = directory.path().join("100% macvlan?mode=memory#1.db");
    open(&lab, &path)?.create(&on_ens33("lan", "10.1.0.0/24")?)?;
    assert!(path.exists());
    let link = directory.path().join("link.db");
    symlink(&path, &link)?;
    assert_eq!(open(&lab, &link)?.list()?.len(), 1);
    // One to nothing is not replaced, as it may lead to a file system that is not mounted.
    let nowhere = directory.path().join("nowhere.db");
    symlink(directory.path().join("away/networks.db"), &nowhere)?;
    let error = open(&lab, &nowhere)?.create(&on_ens33("lan", "10.1.0.0/24")?).unwrap_err();
    assert_file_error(&error, Errno::ENOENT);
    Ok(())
}

fn a_file_that_is_gone_is_noticed() -> Outcome {
    let (lab, directory) = (Lab::new()?, Directory::new()?);
    let path = directory.path().join("networks.db");
    let networks = open(&lab, &path)?;
    let lan = networks.create(&on_ens33("lan", "10.1.0.0/24")?)?;
    let inside = NetNs::anonymous()?;
    lan.connect(&ConnectOptions::new("c0"), &inside)?;
    for replaced in [false, true] {
        fs::rename(&path, directory.path().join("moved.db"))?;
        if replaced {
            open(&lab, &path)?.create(&on_ens33("lan", "10.1.0.0/24")?)?;
        }
        let errors = [
            lan.connect(&ConnectOptions::new("c1"), &inside).unwrap_err(),
            lan.leases().unwrap_err(),
            networks.list().unwrap_err(),
        ];
        for error in errors {
            let told = (error.kind(), error.errno());
            assert_eq!(told, (ErrorKind::StoreUnavailable, Some(libc::ESTALE)), "{error}");
            assert!(error.to_string().contains("deleted or replaced"), "{error}");
        }
        if replaced {
            // Remains of the other file are not taken for this one's.
            assert!(open(&lab, &path)?.network("lan")?.leases()?.is_empty());
        } else {
            fs::rename(directory.path().join("moved.db"), &path)?;
            assert_eq!(lan.leases()?.len(), 1);
        }
    }
    Ok(())
}

/// A backup of the same store takes the file's place while sessions have it open.
fn a_backup_is_put_back() -> Outcome {
    let (lab, directory) = (Lab::new()?, Directory::new()?);
    let (path, copy) = (directory.path().join("networks.db"), directory.path().join("backup.db"));
    let networks = open(&lab, &path)?;
    let lan = networks.create(&on_ens33("lan", "10.1.0.0/24")?)?;
    let (first, second) = (NetNs::anonymous()?, NetNs::anonymous()?);
    lan.connect(&ConnectOptions::new("c1"), &first)?;
    Connection::open(&path)?.execute("VACUUM INTO ?", [copy.to_str().ok_or("text")?])?;
    // A long log, which closing the former file must not exchange for the new one's.
    for number in 0..40 {
        networks.create(&on_ens33(&format!("n{number}"), &format!("10.2.{number}.0/24"))?)?;
    }
    lan.connect(&ConnectOptions::new("c2"), &second)?;
    for journal in ["networks.db-wal", "networks.db-shm"] {
        fs::remove_file(directory.path().join(journal))?;
    }
    fs::rename(&copy, &path)?;
    let other = open(&lab, &path)?;
    other.create(&on_ens33("other", "10.3.0.0/24")?)?;

    let containers = |networks: &Networks| -> Outcome<Vec<String>> {
        let leases = networks.network("lan")?.leases()?;
        Ok(leases.into_iter().map(|lease| lease.container).collect())
    };
    assert_eq!(containers(&networks)?, ["c1"]);
    assert_eq!(networks.list()?.len(), 2);
    networks.reconcile()?;
    assert_eq!(containers(&other)?, ["c1", "c2"], "its interface has its lease again");
    lan.disconnect("c2")?;
    drop((networks, lan, other));
    assert_eq!(sound(&directory)?, 1);
    assert_eq!(open(&lab, &path)?.list()?.len(), 2);
    Ok(())
}

fn the_true_cause_is_named() -> Outcome {
    let (lab, directory) = (Lab::new()?, Directory::new()?);
    let path = directory.path().join("no/such/networks.db");
    let error = SqliteStore::open(&path).unwrap_err();
    assert_file_error(&error, Errno::ENOENT);
    assert!(error.is_not_found());
    assert_file_error(&SqliteStore::open(directory.path()).unwrap_err(), Errno::EISDIR);
    let path = directory.path().join("networks.db");
    open(&lab, &path)?.create(&on_ens33("lan", "10.1.0.0/24")?)?;
    let file = path.join("networks.db");
    assert_file_error(&SqliteStore::open(file).unwrap_err(), Errno::ENOTDIR);
    // Another user's file, for a process without privileges, and a directory of others.
    fs::set_permissions(directory.path(), fs::Permissions::from_mode(0o755))?;
    let place = directory.path().to_string_lossy().into_owned();
    Actor::start("is_nobody", &[&place])?.finish()?;
    Ok(())
}

fn is_nobody(arguments: &[String]) -> Outcome {
    let [place] = arguments else { return Err("PLACE".into()) };
    let lab = Lab::new()?;
    let nobody = nix::unistd::Uid::from_raw(65534);
    nix::unistd::setresuid(nobody, nobody, nobody)?;
    let error = SqliteStore::open(Path::new(place).join("networks.db")).unwrap_err();
    assert_file_error(&error, Errno::EACCES);
    assert!(error.is_permission_denied());
    let networks = open(&lab, &Path::new(place).join("mine.db"))?;
    let error = networks.create(&on_ens33("lan", "10.1.0.0/24")?).unwrap_err();
    assert_file_error(&error, Errno::EACCES);
    // Skips the removal of the directory, which this user may not do.
    std::process::exit(0)
}

fn what_cannot_be_written_can_be_listed() -> Outcome {
    let lab = Lab::new()?;
    on_small_disk("size=512k", |place| {
        let path = place.join("networks.db");
        let networks = open(&lab, &path)?;
        let lan = networks.create(&on_ens33("lan", "10.1.0.0/24")?)?;
        let (one, two) = (NetNs::anonymous()?, NetNs::anonymous()?);
        lan.connect(&ConnectOptions::new("c1"), &one)?;
        drop((lan, networks));
        let none = None::<&str>;
        let read_only = MsFlags::MS_REMOUNT | MsFlags::MS_RDONLY;
        // A process that another test is starting may still have our file open.
        eventually("the disk is busy", || Ok(mount(none, place, none, read_only, none).is_ok()))?;
        let networks = open(&lab, &path)?;
        for _ in 0..2 {
            let lan = networks.network("lan")?;
            assert_eq!(lan.leases()?.len(), 1);
            assert_file_error(
                &lan.connect(&ConnectOptions::new("c2"), &two).unwrap_err(),
                Errno::EROFS,
            );
        }
        let error = networks.create(&on_ens33("lan2", "10.2.0.0/24")?).unwrap_err();
        assert_file_error(&error, Errno::EROFS);
        let new = open(&lab, &place.join("new.db"))?;
        let error = new.create(&on_ens33("lan", "10.1.0.0/24")?).unwrap_err();
        assert_file_error(&error, Errno::EROFS);
        // Later writes of other processes are seen, and the file can be written again.
        mount(none, place, none, MsFlags::MS_REMOUNT, none)?;
        let writer = open(&lab, &path)?;
        writer.network("lan")?.connect(&ConnectOptions::new("c2"), &two)?;
        assert_eq!(networks.network("lan")?.leases()?.len(), 2);
        networks.create(&on_ens33("lan2", "10.2.0.0/24")?)?;
        Ok(())
    })
}

fn a_full_disk_is_named_and_loses_nothing() -> Outcome {
    let lab = Lab::new()?;
    on_small_disk("size=512k", |place| {
        let networks = open(&lab, &place.join("networks.db"))?;
        let lan = networks.create(&on_ens33("lan", "10.1.0.0/24")?)?;
        let (one, two) = (NetNs::anonymous()?, NetNs::anonymous()?);
        lan.connect(&ConnectOptions::new("c1"), &one)?;
        let filler = place.join("filler");
        fs::write(&filler, vec![1; 1 << 20]).unwrap_err();
        let error = loop {
            match lan.connect(&ConnectOptions::new("c2"), &two) {
                // There was space in blocks that were already written.
                Ok(_) => drop(lan.disconnect("c2")),
                Err(error) => break error,
            }
        };
        assert_file_error(&error, Errno::ENOSPC);
        assert_eq!(lan.lease("c1")?.map(|lease| lease.container), Some("c1".to_owned()));
        let new = open(&lab, &place.join("new.db"))?;
        let error = new.create(&on_ens33("lan", "10.1.0.0/24")?).unwrap_err();
        assert_file_error(&error, Errno::ENOSPC);
        let names: Vec<String> = all_of(place)?.into_keys().collect();
        assert!(!names.iter().any(|name| name.starts_with("new.db")), "{names:?}");
        fs::remove_file(&filler)?;
        lan.connect(&ConnectOptions::new("c2"), &two)?;
        assert!(lan.leases()?.len() >= 2);
        new.create(&on_ens33("lan", "10.1.0.0/24")?)?;
        Ok(())
    })
}

fn what_is_on_a_full_disk_can_be_listed() -> Outcome {
    let lab = Lab::new()?;
    on_small_disk("size=512k", |place| {
        let path = place.join("networks.db");
        open(&lab, &path)?.create(&on_ens33("lan", "10.1.0.0/24")?)?;
        fs::write(place.join("filler"), vec![1; 1 << 20]).unwrap_err();
        let networks = open(&lab, &path)?;
        assert_eq!(networks.list()?.len(), 1);
        let error = networks.create(&on_ens33("lan2", "10.2.0.0/24")?).unwrap_err();
        assert_file_error(&error, Errno::ENOSPC);
        fs::remove_file(place.join("filler"))?;
        networks.create(&on_ens33("lan2", "10.2.0.0/24")?)?;
        Ok(())
    })
}

fn a_file_that_is_held_can_be_read() -> Outcome {
    let (lab, directory) = (Lab::new()?, Directory::new()?);
    let path = directory.path().join("networks.db");
    let lan = open(&lab, &path)?.create(&on_ens33("lan", "10.1.0.0/24")?)?;
    let other = Connection::open(&path)?;
    other.execute_batch("BEGIN IMMEDIATE")?;
    assert!(lan.leases()?.is_empty());
    assert_eq!(open(&lab, &path)?.list()?.len(), 1);
    if macvlan_tests::is_long() {
        let error = lan.connect(&ConnectOptions::new("c1"), &NetNs::anonymous()?).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Contended, "{error}");
    }
    Ok(())
}

/// The log is written back in the order of the pages, the first of which counts them.
fn a_file_that_grows_can_be_opened() -> Outcome {
    let (lab, directory) = (Lab::new()?, Directory::new()?);
    let path = directory.path().join("networks.db");
    open(&lab, &path)?.create(&on_ens33("lan", "10.1.0.0/24")?)?;
    let file = Connection::open(&path)?;
    file.pragma_update(None, "synchronous", "off")?;
    let grows = std::thread::spawn(move || -> rusqlite::Result<()> {
        for _ in 0..6 {
            file.execute_batch(
                "WITH RECURSIVE row(at) AS (VALUES(1) UNION ALL SELECT at + 1 FROM row LIMIT 4000) \
                 INSERT INTO memory (network, address, container, released) \
                 SELECT 1, randomblob(16), hex(randomblob(400)), 0 FROM row;",
            )?;
            file.query_row("PRAGMA wal_checkpoint(PASSIVE)", [], |_| Ok(()))?;
        }
        Ok(())
    });
    let mut opened = 0;
    while !grows.is_finished() {
        SqliteStore::open(&path)?;
        opened += 1;
    }
    grows.join().map_err(|_| "the thread has panicked")??;
    assert!(opened > 5, "{opened}");
    Ok(())
}

/// As a file is until its first opening, which another process may be doing.
fn a_file_without_a_log_that_is_held_is_waited_for() -> Outcome {
    let (lab, directory) = (Lab::new()?, Directory::new()?);
    let path = directory.path().join("networks.db");
    open(&lab, &path)?.create(&on_ens33("lan", "10.1.0.0/24")?)?;
    let file = Connection::open(&path)?;
    file.pragma_update(None, "journal_mode", "delete")?;
    file.execute_batch("BEGIN IMMEDIATE")?;
    std::thread::scope(|scope| -> Outcome {
        let opens = scope.spawn(|| SqliteStore::open(&path).map(drop));
        std::thread::sleep(Duration::from_millis(100));
        assert!(!opens.is_finished());
        file.execute_batch("COMMIT")?;
        Ok(opens.join().map_err(|_| "the thread has panicked")??)
    })?;
    let mode: String =
        Connection::open(&path)?.query_row("PRAGMA journal_mode", [], |row| row.get(0))?;
    assert_eq!(mode, "wal");
    Ok(())
}

macvlan_tests::tests! {
    same_on_every_kernel:
    a_file_is_its_owners_alone,
    what_only_reads_makes_nothing,
    many_make_one_file,
    the_log_of_a_closed_file_stays_short,
    a_file_that_grows_can_be_opened,
    a_file_without_a_log_that_is_held_is_waited_for,
    a_power_failure_undoes_the_latest_leases,
    what_is_not_ours_is_not_touched,
    what_is_no_path_is_refused,
    a_file_that_is_gone_is_noticed,
    a_backup_is_put_back,
    the_true_cause_is_named,
    what_cannot_be_written_can_be_listed,
    a_full_disk_is_named_and_loses_nothing,
    what_is_on_a_full_disk_can_be_listed,
    a_file_that_is_held_can_be_read;
    parts: is_nobody
}
