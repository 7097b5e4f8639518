//! Helpers for the tests of networks.
#![allow(dead_code)] // not every test program uses all helpers

#[cfg(feature = "etcd")]
use std::collections::BTreeMap;
use std::net::IpAddr;
use std::os::fd::AsRawFd as _;
use std::path::{Path, PathBuf};

use macvlan_core::{Handle, Link, NetNs, Presence};
#[cfg(feature = "etcd")]
use macvlan_network::{EtcdOptions, EtcdStore};
use macvlan_network::{NetNsMark, NetworkConfig, Networks, SqliteStore, Subnet};
#[cfg(feature = "etcd")]
use macvlan_tests::Etcd;
use macvlan_tests::{Container, Directory, Lab, LabHost, Outcome, eventually, ip_do, ip_lines};
use nix::mount::{MsFlags, mount};
use nix::sched::{CloneFlags, unshare};
use nix::sys::resource::{Resource, getrlimit, setrlimit};
use rusqlite::params;

/// A lab, with a store for its host a: a file in the directory, or etcd.
pub(crate) struct Scene {
    pub(crate) lab: Lab,
    pub(crate) directory: Directory,
    pub(crate) networks: Networks,
    #[cfg(feature = "etcd")]
    etcd: Option<Etcd>,
}

impl Scene {
    pub(crate) fn set() -> Outcome<Self> {
        let (lab, directory) = (Lab::new()?, Directory::new()?);
        let networks = session(&lab.a, &directory, "a")?;
        Ok(Self {
            lab,
            directory,
            networks,
            #[cfg(feature = "etcd")]
            etcd: None,
        })
    }

    #[cfg(feature = "etcd")]
    fn set_with_etcd() -> Outcome<Self> {
        let (lab, etcd) = (Lab::new()?, Etcd::start()?);
        let networks = in_etcd(&lab.a, &etcd, "a")?;
        Ok(Self { lab, directory: Directory::new()?, networks, etcd: Some(etcd) })
    }

    /// Returns whether the store is a file, which only this host has.
    pub(crate) fn is_a_file(&self) -> bool {
        #[cfg(feature = "etcd")]
        if self.etcd.is_some() {
            return false;
        }
        true
    }

    /// Opens a further session on host a, as another process would.
    pub(crate) fn session(&self) -> Outcome<Networks> {
        #[cfg(feature = "etcd")]
        if let Some(etcd) = &self.etcd {
            return in_etcd(&self.lab.a, etcd, "a");
        }
        session(&self.lab.a, &self.directory, "a")
    }

    /// Returns the number of leases, after checking the file, if the store is one.
    pub(crate) fn leases(&self) -> Outcome<usize> {
        if self.is_a_file() {
            return sound(&self.directory);
        }
        Ok(self.networks.store().leases(None)?.len())
    }

    /// Copies everything in the store, as a backup does.
    pub(crate) fn back_up(&self) -> Outcome<Backup> {
        #[cfg(feature = "etcd")]
        if let Some(etcd) = &self.etcd {
            return Ok(Backup::Pairs(pairs(etcd, "/macvlan/")?));
        }
        let copy = Directory::new()?;
        let at = copy.path().join("copy.db");
        behind(&self.directory)?.execute("VACUUM INTO ?", [at.to_str()])?;
        Ok(Backup::File(copy, at))
    }

    /// Makes the store as it was when it was copied.
    pub(crate) fn restore(&self, backup: &Backup) -> Outcome {
        match backup {
            Backup::File(_, at) => {
                let file = behind(&self.directory)?;
                file.pragma_update(None, "foreign_keys", false)?;
                file.execute("ATTACH ? AS copy", [at.to_str()])?;
                let mut named =
                    file.prepare("SELECT name FROM copy.sqlite_master WHERE type = 'table'")?;
                let tables: Vec<String> =
                    named.query_map([], |row| row.get(0))?.collect::<Result<_, _>>()?;
                let steps = tables.iter().map(|table| {
                    format!(
                        "DELETE FROM main.{table}; INSERT INTO {table} SELECT * FROM copy.{table};"
                    )
                });
                file.execute_batch(&format!("BEGIN; {} COMMIT", steps.collect::<String>()))?;
            }
            #[cfg(feature = "etcd")]
            Backup::Pairs(was) => {
                let etcd = self.etcd.as_ref().ok_or("the copy is of another store")?;
                let is = pairs(etcd, "/macvlan/")?;
                for key in is.keys().filter(|key| !was.contains_key(*key)) {
                    ask(etcd, |mut client| async move { client.delete(&**key, None).await })?;
                }
                for (key, value) in was.iter().filter(|(key, value)| is.get(*key) != Some(value)) {
                    put(etcd, key, value)?;
                }
            }
        }
        Ok(())
    }

    /// Changes the namespace of leases, as if they were of another boot or another namespace.
    pub(crate) fn change_netns(&self, from: &NetNsMark, to: &NetNsMark) -> Outcome {
        #[cfg(feature = "etcd")]
        if let Some(etcd) = &self.etcd {
            let (from, to) = (serde_json::to_string(from)?, serde_json::to_string(to)?);
            for (key, value) in pairs(etcd, "/macvlan/")? {
                if value.contains(&from) {
                    put(etcd, &key, &value.replace(&from, &to))?;
                }
            }
            return Ok(());
        }
        behind(&self.directory)?.execute(
            "UPDATE lease SET boot = ?, inode = ?, cookie = ? \
             WHERE boot = ? AND inode = ? AND cookie IS ?",
            params![to.boot, to.inode, to.cookie, from.boot, from.inode, from.cookie],
        )?;
        Ok(())
    }
}

/// A copy of everything in a store.
pub(crate) enum Backup {
    File(Directory, PathBuf),
    #[cfg(feature = "etcd")]
    Pairs(BTreeMap<String, String>),
}

/// Opens a session on a host with a store in a directory, as another process would.
pub(crate) fn session(host: &LabHost, directory: &Directory, name: &str) -> Outcome<Networks> {
    let store = SqliteStore::open(directory.path().join("networks.db"))?;
    Ok(Networks::new(host.host.clone(), store)?.with_host_name(name)?)
}

/// Opens a store's file directly, without the library.
pub(crate) fn behind(directory: &Directory) -> Outcome<rusqlite::Connection> {
    Ok(rusqlite::Connection::open(directory.path().join("networks.db"))?)
}

pub(crate) fn subnet(text: &str) -> Outcome<Subnet> {
    Ok(Subnet::new(text)?)
}

/// Returns the configuration of a network on `ens33`, with one subnet.
pub(crate) fn on_ens33(name: &str, net: &str) -> Outcome<NetworkConfig> {
    Ok(NetworkConfig::new(name).parent("ens33").subnet(subnet(net)?))
}

#[track_caller]
pub(crate) fn ip(text: &str) -> IpAddr {
    text.parse().unwrap()
}

/// Makes a host on a switch: the peer of its `ens33` is a port of the bridge `br0`.
pub(crate) fn plug(switch: &NetNs, port: &str) -> Outcome<NetNs> {
    let host = NetNs::anonymous()?;
    let handle = Handle::in_netns(&host)?;
    handle.set_up("lo")?;
    handle.add_link(&Link::veth("ens33", port, Some(switch))?.up(true))?;
    ip_do(switch, &format!("link set {port} up master br0"));
    Ok(host)
}

/// Runs `work` while only `few` more descriptors can be opened.
pub(crate) fn with_few_descriptors<T>(few: u64, work: impl FnOnce() -> T) -> Outcome<T> {
    let (soft, hard) = getrlimit(Resource::RLIMIT_NOFILE)?;
    // The next descriptor gets the lowest free number.
    let lowest = std::fs::File::open("/dev/null")?.as_raw_fd();
    setrlimit(Resource::RLIMIT_NOFILE, u64::try_from(lowest)? + few, hard)?;
    let done = work();
    setrlimit(Resource::RLIMIT_NOFILE, soft, hard)?;
    Ok(done)
}

/// Starts a container, and returns it with its namespace.
pub(crate) fn started() -> Outcome<(Container, NetNs)> {
    let container = Container::start()?;
    let inside = container.netns()?;
    Ok((container, inside))
}

/// Ends a container, and waits until its namespace no longer exists: a process that another test starts
/// has a descriptor of it until it runs its program.
pub(crate) fn ended(container: Container, inside: NetNs) -> Outcome {
    let mark = [(inside.id().inode, inside.cookie()?)];
    drop((container, inside));
    eventually("the namespace stays", || {
        let mut gone = false;
        NetNs::find_all(&mark, |_, presence| gone = matches!(presence, Presence::Gone));
        Ok(gone)
    })
}

/// Returns a container's default routes of both families as `ip` shows them: `10.1.0.1 dev eth0`.
///
/// Routes without this library's protocol are followed by their protocol.
pub(crate) fn default_routes(inside: &NetNs) -> Vec<String> {
    let mut found = ip_lines(inside, "-d -4 route show default");
    found.extend(ip_lines(inside, "-d -6 route show default"));
    let told = |line: &String| {
        let words: Vec<&str> = line.split_whitespace().collect();
        let behind = |word: &str| {
            let at = words.iter().position(|one| *one == word);
            at.and_then(|at| words.get(at + 1)).copied().unwrap_or("none")
        };
        let made = format!("{} dev {}", behind("via"), behind("dev"));
        if behind("proto") == "109" { made } else { format!("{made} by {}", behind("proto")) }
    };
    let routes = found.iter().filter(|line| line.contains(" via "));
    routes.map(told).collect()
}

/// Checks a store's file: with SQLite's own check, and that gaps and holders contain each address
/// once.
///
/// Returns the number of leases.
pub(crate) fn sound(directory: &Directory) -> Outcome<usize> {
    let file = behind(directory)?;
    let word: String = file.query_row("PRAGMA integrity_check", [], |row| row.get(0))?;
    assert_eq!(word, "ok");
    let mut gaps = file.prepare("SELECT network, first, last FROM gap ORDER BY network, first")?;
    let gaps: Vec<(i64, [u8; 16], [u8; 16])> = gaps
        .query_map([], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)))?
        .collect::<Result<_, _>>()?;
    for pair in gaps.windows(2) {
        let ((one, _, last), (other, first, _)) = (&pair[0], &pair[1]);
        let (last, first) = (u128::from_be_bytes(*last), u128::from_be_bytes(*first));
        assert!(one != other || last + 1 < first, "gaps overlap or touch: {pair:?}");
    }
    let mut held = file.prepare("SELECT network, address FROM address")?;
    let held: Vec<(i64, [u8; 16])> =
        held.query_map([], |row| Ok((row.get(0)?, row.get(1)?)))?.collect::<Result<_, _>>()?;
    for (network, address) in &held {
        let behind = gaps.partition_point(|(of, first, _)| (of, first) <= (network, address));
        let free =
            gaps[..behind].last().is_some_and(|(of, _, last)| of == network && address <= last);
        assert!(!free, "an address is held and free: {address:?}");
    }
    let leases: usize = file.query_row("SELECT count(*) FROM lease", [], |row| row.get(0))?;
    let mut listed = file.prepare("SELECT addresses FROM lease")?;
    let mut all: Vec<String> = Vec::new();
    for line in listed.query_map([], |row| row.get::<_, String>(0))? {
        all.extend(line?.split_whitespace().map(str::to_owned));
    }
    let held_by_leases: usize =
        file.query_row("SELECT count(*) FROM address WHERE endpoint IS NOT NULL", [], |row| {
            row.get(0)
        })?;
    assert_eq!(all.len(), held_by_leases, "leases have other addresses than are held");
    Ok(leases)
}

/// Runs a test in a lab with each kind of store.
pub(crate) fn with_scenes(test: impl Fn(&Scene) -> Outcome) -> Outcome {
    test(&Scene::set()?)?;
    #[cfg(feature = "etcd")]
    test(&Scene::set_with_etcd()?)?;
    Ok(())
}

/// Runs a test with each kind of store.
#[cfg(feature = "etcd")]
pub(crate) fn with_stores(test: impl Fn(&Networks) -> Outcome) -> Outcome {
    let (lab, directory) = (Lab::new()?, Directory::new()?);
    test(&session(&lab.a, &directory, "a")?)?;
    sound(&directory)?;
    let etcd = Etcd::start()?;
    test(&in_etcd(&lab.a, &etcd, "a")?)
}

/// Opens a session on a host with a store in etcd, as another process would.
#[cfg(feature = "etcd")]
pub(crate) fn in_etcd(host: &LabHost, etcd: &Etcd, name: &str) -> Outcome<Networks> {
    let store =
        etcd.netns().run(|| EtcdStore::open(&EtcdOptions::new(name, [Etcd::ENDPOINT])))??;
    Ok(Networks::new(host.host.clone(), store)?)
}

/// Sends requests to etcd directly, without the library.
#[cfg(feature = "etcd")]
pub(crate) fn ask<T, F>(
    etcd: &Etcd,
    request: impl FnOnce(etcd_client::Client) -> F + Send,
) -> Outcome<T>
where
    T: Send,
    F: Future<Output = Result<T, etcd_client::Error>> + Send,
{
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let asking = async {
        let client = etcd_client::Client::connect([Etcd::ENDPOINT], None).await;
        request(client.map_err(Box::new)?).await.map_err(Box::new)
    };
    Ok(etcd.netns().run(|| runtime.block_on(asking))??)
}

/// Writes a key in etcd directly, without the library.
#[cfg(feature = "etcd")]
pub(crate) fn put(etcd: &Etcd, key: &str, value: &str) -> Outcome {
    ask(etcd, |mut client| async move { client.put(key, value, None).await.map(drop) })
}

/// Returns the keys in etcd with a prefix.
#[cfg(feature = "etcd")]
pub(crate) fn keys(etcd: &Etcd, prefix: &str) -> Outcome<Vec<String>> {
    Ok(pairs(etcd, prefix)?.into_keys().collect())
}

/// Returns the keys in etcd with a prefix, and their values.
#[cfg(feature = "etcd")]
pub(crate) fn pairs(etcd: &Etcd, prefix: &str) -> Outcome<BTreeMap<String, String>> {
    let options = etcd_client::GetOptions::new().with_prefix();
    let found = ask(etcd, |mut client| async move { client.get(prefix, Some(options)).await })?;
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    Ok(found.kvs().iter().map(|kv| (text(kv.key()), text(kv.value()))).collect())
}

/// Runs a test with a small file system, mounted where only this thread sees it.
pub(crate) fn on_small_disk(size: &str, test: impl FnOnce(&Path) -> Outcome + Send) -> Outcome {
    let directory = Directory::new()?;
    let place = directory.path();
    let done = std::thread::scope(|scope| {
        let inside = || -> Result<(), String> {
            let run = || -> Outcome {
                unshare(CloneFlags::CLONE_FS | CloneFlags::CLONE_NEWNS)?;
                let none = None::<&str>;
                mount(none, "/", none, MsFlags::MS_REC | MsFlags::MS_PRIVATE, none)?;
                mount(Some("tmpfs"), place, Some("tmpfs"), MsFlags::empty(), Some(size))?;
                test(place)
            };
            run().map_err(|stop| format!("{stop:?}"))
        };
        scope.spawn(inside).join()
    });
    Ok(done.map_err(|_| "it panicked")??)
}
