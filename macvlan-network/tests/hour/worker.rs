//! A process of a host that performs random operations on networks.

use std::collections::HashSet;
use std::fs;
use std::net::IpAddr;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use fastrand::Rng;
use macvlan_core::{Host, NetNs};
use macvlan_network::{
    ConnectOptions, Error, ErrorKind, EtcdOptions, EtcdStore, Network, Networks, Result,
    SqliteStore,
};
use macvlan_tests::Outcome;

use crate::agree::pool;
use crate::common::with_few_descriptors;
use crate::diary::Diary;
use crate::fork::in_child;
use crate::{NETWORKS, TIMEOUT, TTL, slot_path};

/// Opens a session like a process of a host: in `etcd` by an endpoint, or in a `file`. It waits for
/// etcd for some time.
pub(crate) fn open(
    kind: &str,
    place: &str,
    host: Host,
    name: &str,
    timeout: Duration,
) -> Result<Networks> {
    if kind == "file" {
        return Networks::new(host, SqliteStore::open(place)?)?.with_host_name(name);
    }
    let options = EtcdOptions::new(name, [place]).timeout(timeout).ttl(TTL);
    Networks::new(host, EtcdStore::open(&options)?)
}

/// Returns the open descriptors of this process, and its number of threads.
fn what_is_open() -> Outcome<(Vec<String>, usize)> {
    let mut open = Vec::new();
    for entry in fs::read_dir("/proc/self/fd")? {
        // The directory's own descriptor is closed by then.
        if let Ok(to) = fs::read_link(entry?.path()) {
            open.push(to.display().to_string());
        }
    }
    open.sort();
    Ok((open, fs::read_dir("/proc/self/task")?.count()))
}

/// The number of checks for leaked descriptors.
const PAUSES: u32 = 200;

struct Worker {
    is_file: bool,
    networks: Networks,
    all: Vec<Network>,
    host: String,
    directory: PathBuf,
    ids: Vec<String>,
    /// Odd while few descriptors are left.
    scarce: AtomicU64,
}

/// Runs as a worker.
pub(crate) fn works(arguments: &[String]) -> Outcome {
    let [kind, place, netns, name, directory, who, seed, stop] = arguments else {
        return Err("KIND PLACE NETNS NAME DIRECTORY WHO SEED STOP".into());
    };
    let directory = Path::new(directory);
    let diary = Diary::open(&directory.join("diary"), who)?;
    let on = Host::in_netns(&NetNs::from_path(netns)?)?;
    let open = || -> Result<(Networks, Vec<Network>)> {
        let networks = open(kind, place, on.clone(), name, TIMEOUT)?;
        let all = NETWORKS.iter().map(|name| networks.network(name)).collect::<Result<_>>()?;
        Ok((networks, all))
    };
    let (networks, all) = loop {
        match open() {
            // Its connection to etcd may be cut.
            Err(error) if error.kind() == ErrorKind::StoreUnavailable => {}
            opened => break opened?,
        }
        if Path::new(stop).exists() {
            return Ok(());
        }
    };
    let mut ids = Vec::new();
    for entry in fs::read_dir(slot_path(directory, name))? {
        ids.push(entry?.file_name().to_string_lossy().into_owned());
    }
    ids.retain(|id| !id.contains('.'));
    ids.sort();
    let (is_file, host, directory) = (kind == "file", name.clone(), directory.to_owned());
    let worker = Worker { is_file, networks, all, host, directory, ids, scarce: AtomicU64::new(0) };
    let seed: u64 = seed.parse()?;
    worker.warm_up();
    let diaries = [diary.called(&format!("{who}.0"))?, diary.called(&format!("{who}.1"))?];
    // The connection to etcd may just have been cut.
    let (before, more) = (what_is_open()?, usize::from(kind != "file"));
    std::thread::scope(|scope| {
        let work = |number: u64| {
            let (worker, diary) = (&worker, &diaries[usize::from(number == 1)]);
            move || {
                let mut rng = Rng::with_seed(seed.wrapping_mul(2).wrapping_add(number));
                while !Path::new(stop).exists() {
                    let done = worker.something(&mut rng, number == 0, diary);
                    done.map_err(|stop| format!("{stop:?}"))?;
                }
                Ok::<_, String>(())
            }
        };
        let threads = [scope.spawn(work(0)), scope.spawn(work(1))];
        let ended = threads.map(|thread| thread.join().map_err(|_| "a thread panicked".to_owned()));
        ended.into_iter().try_for_each(|ended| ended?)
    })?;
    // The kernel and other threads may need a moment.
    for _ in 0..PAUSES {
        let now = what_is_open()?;
        if now.0.len() <= before.0.len() + more && now.1 <= before.1 {
            return Ok(());
        }
        std::thread::sleep(Duration::from_millis(100));
    }
    let now = what_is_open()?;
    Err(format!("descriptors or threads are left: {now:?}, and before {before:?}").into())
}

impl Worker {
    /// Opens everything that stays open.
    fn warm_up(&self) {
        let _ = self.networks.reconcile();
        let _ = self.networks.summary();
        if let Ok(inside) = NetNs::anonymous() {
            let id = format!("warm-{}", std::process::id());
            let _ = self.all[0].connect(&ConnectOptions::new(&id), &inside);
            let _ = self.all[0].disconnect_from(&id, &inside);
        }
    }

    fn something(&self, rng: &mut Rng, is_first: bool, diary: &Diary) -> Outcome {
        let epoch = self.scarce.load(Ordering::Acquire);
        let (what, done) = match rng.u8(0..100) {
            0..4 if is_first => return self.forked(rng, diary),
            4..9 if is_first => return self.with_few_descriptors(rng, diary),
            _ => self.anything(rng, diary),
        };
        let epochs = (epoch, self.scarce.load(Ordering::Acquire));
        let was_scarce = epochs != (epoch, epoch) || epoch % 2 == 1;
        match done {
            Ok(done) => diary.note(&format!("{what}: {done}")),
            Err(error) => {
                diary.note(&format!("{what}: {} {error}", error.kind()));
                if !was_scarce && !self.may(&error) {
                    return Err(format!("{what}: {}: {error}", error.kind()).into());
                }
            }
        }
        Ok(())
    }

    /// Returns whether the error can be caused by the concurrent operations of others.
    fn may(&self, error: &Error) -> bool {
        match error.kind() {
            ErrorKind::AlreadyConnected
            | ErrorKind::NotConnected
            | ErrorKind::PoolExhausted
            | ErrorKind::AddressTaken
            | ErrorKind::NameTaken
            | ErrorKind::Contended => true,
            ErrorKind::StoreUnavailable | ErrorKind::LeaseLost => !self.is_file,
            ErrorKind::Kernel => {
                let kind = error.core().map(macvlan_core::Error::kind);
                kind == Some(macvlan_core::ErrorKind::NamespaceGone)
            }
            _ => false,
        }
    }

    /// Performs a random operation, and returns it with its result.
    fn anything(&self, rng: &mut Rng, diary: &Diary) -> (String, Result<String>) {
        let network = &self.all[rng.usize(..self.all.len())];
        let id = &self.ids[rng.usize(..self.ids.len())];
        let on = format!("{id} {}", network.name());
        let begun = |what: String| {
            diary.note(&format!("{what} …"));
            what
        };
        let said = |done: &dyn std::fmt::Debug| format!("{done:?}");
        match rng.u8(0..100) {
            0..46 => {
                let Ok(inside) = self.inside(id) else { return (on, Ok("has ended".to_owned())) };
                let options = Self::options(id, network, rng);
                let what = begun(format!("connect {on} in {}", inside.id()));
                let done = network.connect(&options, &inside);
                (what, done.map(|one| format!("{} {:?}", one.interface(), one.addresses())))
            }
            46..62 => {
                let what = begun(format!("disconnect {on}"));
                (what, network.disconnect(id).map(|done| said(&done)))
            }
            62..72 => {
                let Ok(inside) = self.inside(id) else { return (on, Ok("has ended".to_owned())) };
                let what = begun(format!("disconnect {on} from {}", inside.id()));
                (what, network.disconnect_from(id, &inside).map(|done| said(&done)))
            }
            72..79 => {
                let what = begun("reconcile".to_owned());
                let text = |done: Vec<macvlan_network::Reconciled>| {
                    let all: Vec<String> = done.iter().map(ToString::to_string).collect();
                    all.join("; ")
                };
                (what, self.networks.reconcile().map(text))
            }
            79..87 => {
                let what = begun("collect".to_owned());
                let text = |done: macvlan_network::Collected| {
                    let all = done.leases.iter();
                    let all = all.map(|one| format!("{} {:?}", one.container, one.addresses));
                    all.collect::<Vec<_>>().join("; ")
                };
                (what, self.networks.collect().map(text))
            }
            87..89 => {
                let valid: HashSet<&String> = self.ids.iter().filter(|_| rng.bool()).collect();
                let what = begun(format!("retain {valid:?} in {}", network.name()));
                let text = |done: macvlan_network::Retained| {
                    let all: Vec<&str> =
                        done.released.iter().map(|one| one.container.as_str()).collect();
                    format!("{all:?}, {} failed", done.failed.len())
                };
                (what, network.retain(valid).map(text))
            }
            89..93 => ("list".to_owned(), network.leases().map(|all| all.len().to_string())),
            93..96 => (format!("resolve {on}"), network.resolve(id).map(|all| said(&all))),
            96..98 => (format!("inspect {on}"), network.inspect().map(|_| String::new())),
            _ => ("summary".to_owned(), self.networks.summary().map(|_| String::new())),
        }
    }

    /// Returns the current namespace of a container.
    fn inside(&self, id: &str) -> Outcome<NetNs> {
        let text = fs::read_to_string(slot_path(&self.directory, &self.host).join(id))?;
        let (pid, inode) = text.trim().split_once(' ').ok_or("no pid and inode")?;
        let netns = NetNs::from_pid(pid.parse()?)?;
        // The pid may be another process's by now.
        if netns.id().inode.to_string() == inode { Ok(netns) } else { Err("it has ended".into()) }
    }

    fn options(id: &str, network: &Network, rng: &mut Rng) -> ConnectOptions {
        let mut options = ConnectOptions::new(id);
        if rng.u8(..10) < 3 {
            options = options.name(format!("name{}", rng.u8(..8)));
        }
        if rng.u8(..10) < 2 {
            options = options.alias(format!("alias{}", rng.u8(..4)));
        }
        if rng.u8(..10) < 2 {
            options = options.gw_priority(rng.i32(0..3));
        }
        if rng.u8(..10) < 2 {
            let all: Vec<IpAddr> = pool(network).collect();
            options = options.address(all[rng.usize(..all.len())]);
        }
        options
    }

    /// Performs an operation while only a few more descriptors can be opened.
    fn with_few_descriptors(&self, rng: &mut Rng, diary: &Diary) -> Outcome {
        let few = rng.u64(0..8);
        self.scarce.fetch_add(1, Ordering::AcqRel);
        let (what, done) = with_few_descriptors(few, || self.anything(rng, diary))?;
        self.scarce.fetch_add(1, Ordering::AcqRel);
        let done = done.unwrap_or_else(|error| format!("{} {error}", error.kind()));
        diary.note(&format!("with {few} descriptors: {what}: {done}"));
        Ok(())
    }

    /// A child is refused the store, and does not harm its parent.
    fn forked(&self, rng: &mut Rng, diary: &Diary) -> Outcome {
        let (network, id) = (&self.all[rng.usize(..self.all.len())], rng.choice(&self.ids));
        let id = id.ok_or("no containers")?;
        let Ok(inside) = self.inside(id) else { return Ok(()) };
        let kind = rng.u8(0..4);
        diary.note(&format!("fork {kind} {id} …"));
        let work = || -> Outcome {
            let refused = match kind {
                0 => network.connect(&ConnectOptions::new(id), &inside).map(drop),
                1 => network.disconnect(id).map(drop),
                2 => self.networks.reconcile().map(drop),
                _ => {
                    std::thread::sleep(Duration::from_millis(200));
                    self.networks.collect().map(drop)
                }
            };
            match refused {
                Err(error) if error.kind() == ErrorKind::InvalidValue => Ok(()),
                other => {
                    diary.note(&format!("in a child: {other:?}"));
                    Err("a child was not refused".into())
                }
            }
        };
        in_child(work)
    }
}
