//! Hosts with containers and processes, and the events that happen to them.

use std::collections::BTreeSet;
use std::fs;
use std::net::IpAddr;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::time::{Duration, Instant};

use fastrand::Rng;
use macvlan_core::{Host, NetNs};
use macvlan_network::{ErrorKind, MacFrom, NetworkConfig, Networks, Order, Subnet};
use macvlan_tests::{
    Actor, Container, Directory, Etcd, Need, Outcome, PATIENCE, eventually, need, path_of, sysctl,
};
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;

use crate::deaths::Deaths;
use crate::diary::Diary;
use crate::lan::Lan;
use crate::proxy::Proxy;
use crate::trouble::Undo;
use crate::witness::{Count, Witness};
use crate::{POOL, TTL, slot_path, worker};

/// The number of processes of a host.
const WORKERS: usize = 2;
/// The number of a host's own containers.
const CONTAINERS: usize = 5;
/// Containers that each host has, and that can be connected on one host at a time.
const ROAMING: [&str; 2] = ["r0", "r1"];
/// The time after which everything is reconciled.
const PHASE: Duration = Duration::from_secs(3);
/// The number of log lines to print on a failure.
const LINES: usize = 120;

/// A container, which is replaced when it ends.
pub(crate) struct Slot {
    pub(crate) id: String,
    pub(crate) container: Container,
    pub(crate) inside: u64,
}

pub(crate) struct HostScene {
    pub(crate) name: String,
    pub(crate) netns: NetNs,
    pub(crate) host: Host,
    pub(crate) slots: Vec<Slot>,
    pub(crate) workers: Vec<Actor>,
    /// The store's address for the host's processes.
    pub(crate) place: String,
    pub(crate) way: Option<Proxy>,
}

pub(crate) struct Scene {
    kind: &'static str,
    seed: u64,
    _lan: Lan,
    pub(crate) rng: Rng,
    pub(crate) hosts: Vec<HostScene>,
    pub(crate) etcd: Option<Etcd>,
    pub(crate) deaths: Option<Deaths>,
    witness: Witness,
    pub(crate) diary: Diary,
    pub(crate) directory: Directory,
    pub(crate) undos: Vec<(Instant, Undo)>,
    /// The host whose processes are all stopped.
    pub(crate) away: Option<usize>,
    pub(crate) happened: u64,
    /// The number of phases in which etcd considered hosts dead.
    died: usize,
    phase: u32,
    /// The hosts that etcd considered dead in this phase.
    excused: BTreeSet<usize>,
}

impl Scene {
    pub(crate) fn set(kind: &'static str, hosts: usize, seed: u64) -> Outcome<Self> {
        let directory = Directory::new()?;
        let lan = Lan::new(hosts)?;
        let etcd = if kind == "etcd" { Some(Etcd::start()?) } else { None };
        let mut all = Vec::new();
        for (number, netns) in lan.hosts.iter().enumerate() {
            let (name, port) = (format!("h{number}"), 2400 + u16::try_from(number)?);
            let way = etcd.as_ref().map(|etcd| Proxy::open(etcd, port)).transpose()?;
            let place = match way {
                Some(_) => format!("http://127.0.0.1:{port}"),
                None => directory.path().join("networks.db").display().to_string(),
            };
            let host = Host::in_netns(netns)?;
            let (netns, workers) = (netns.clone(), Vec::new());
            fs::create_dir_all(slot_path(directory.path(), &name))?;
            let own = (0..CONTAINERS).map(|at| format!("{name}-c{at}"));
            let mut slots = Vec::new();
            for id in own.chain(ROAMING.map(str::to_owned)) {
                slots.push(Slot::start(&id, &directory, &name)?);
            }
            all.push(HostScene { name, netns, host, slots, workers, place, way });
        }
        let diary = Diary::open(&directory.path().join("diary"), "scene")?;
        let deaths = etcd.as_ref().map(Deaths::watch).transpose()?;
        let witness = Witness::start(&lan, addresses(), diary.called("witness")?)?;
        let scene = Self {
            kind,
            seed,
            _lan: lan,
            rng: Rng::with_seed(seed),
            hosts: all,
            etcd,
            deaths,
            witness,
            diary,
            directory,
            undos: Vec::new(),
            away: None,
            happened: 0,
            died: 0,
            phase: 0,
            excused: BTreeSet::new(),
        };
        let networks = scene.session(0)?;
        for config in configs()? {
            networks.create(&config)?;
        }
        Ok(scene)
    }

    /// Runs for a time.
    pub(crate) fn play(mut self, time: Duration) -> Outcome {
        println!("{}: seed {}", self.kind, self.seed);
        let until = Instant::now() + time;
        let mut played = Ok(());
        while played.is_ok() && (Instant::now() < until || self.phase < 2) {
            // A failed check has printed its message.
            let done = catch_unwind(AssertUnwindSafe(|| self.one_phase()));
            played = done.unwrap_or_else(|_| Err("it panicked".into()));
            self.phase += 1;
        }
        let Count { rounds, answers, moments } = self.witness.count();
        println!(
            "{}: {} phases, in which {} things happened, and hosts were dead {} times; {answers} answers in \
             {rounds} rounds, of two for a moment {moments} times",
            self.kind, self.phase, self.happened, self.died
        );
        let last = self.diary.last(LINES)?;
        played.map_err(|stop| {
            format!("seed {}, phase {}: {stop:?}; the last of it:\n{last}", self.seed, self.phase)
                .into()
        })
    }

    /// Runs until everything is reconciled; in every second phase, one host is away for too long.
    fn one_phase(&mut self) -> Outcome {
        self.diary.turn_over()?;
        self.excused.clear();
        self.away = None;
        if let (Some(deaths), Some(etcd)) = (&mut self.deaths, &self.etcd) {
            deaths.forget(etcd)?;
        }
        for host in 0..self.hosts.len() {
            for _ in 0..WORKERS {
                self.start_worker(host)?;
            }
        }
        let mut until = Instant::now() + PHASE;
        if self.etcd.is_some() && self.phase % 2 == 1 {
            let away = TTL + Duration::from_secs(2);
            until += away;
            self.go_away(away)?;
        }
        while Instant::now() < until {
            std::thread::sleep(Duration::from_millis(self.rng.u64(20..160)));
            self.something_happens()?;
            self.undo(Instant::now())?;
            self.hear_the_witness()?;
        }
        self.heal()?;
        self.end_workers()?;
        if let (Some(deaths), Some(etcd)) = (&mut self.deaths, &self.etcd) {
            self.died += deaths.all(etcd)?.len();
        }
        self.agree()?;
        self.hear_the_witness()
    }

    pub(crate) fn stop_sign(&self) -> String {
        self.directory.path().join(format!("stop-{}", self.phase)).display().to_string()
    }

    pub(crate) fn start_worker(&mut self, host: usize) -> Outcome {
        let seed = self.rng.u64(..1_000_000).to_string();
        let (stop, directory) = (self.stop_sign(), self.directory.path().display().to_string());
        let one = &mut self.hosts[host];
        let (netns, who) = (path_of(&one.netns), format!("{}/{seed}", one.name));
        let arguments = [self.kind, &one.place, &netns, &one.name, &directory, &who, &seed, &stop];
        let start = || Actor::start("works", &arguments).map_err(|stop| format!("{stop:?}"));
        one.workers.push(match &self.etcd {
            Some(etcd) => etcd.netns().run(start)??,
            None => start()?,
        });
        Ok(())
    }

    /// Waits until all processes have ended successfully.
    fn end_workers(&mut self) -> Outcome {
        fs::write(self.stop_sign(), "")?;
        for host in &mut self.hosts {
            for mut worker in host.workers.drain(..) {
                let pid = worker.pid();
                let ended =
                    eventually(&format!("process {pid} does not end"), || worker.has_ended());
                ended.and_then(|()| worker.finish())?;
            }
        }
        fs::remove_file(self.stop_sign())?;
        Ok(())
    }

    /// Checks that no two containers had one address. A host that counted as dead may, until it has
    /// reconciled.
    pub(crate) fn hear_the_witness(&mut self) -> Outcome {
        let conflicts = self.witness.conflicts()?;
        if conflicts.is_empty() {
            return Ok(());
        }
        if let (Some(deaths), Some(etcd)) = (&mut self.deaths, &self.etcd) {
            let dead = deaths.all(etcd)?;
            let is_dead = |host: &usize| dead.contains(&self.hosts[*host].name);
            self.excused.extend((0..self.hosts.len()).filter(is_dead));
        }
        match conflicts.into_iter().find(|one| one.is_without(&self.excused)) {
            Some(conflict) => {
                let (address, who, dead) = (conflict.address, conflict.who, &self.excused);
                Err(format!("{address} is had by {who:02x?}; hosts that were dead: {dead:?}")
                    .into())
            }
            None => Ok(()),
        }
    }

    /// Opens a session on a host, as another process would.
    pub(crate) fn session(&self, host: usize) -> Outcome<Networks> {
        let one = &self.hosts[host];
        // etcd is there, but other programs may keep the disk busy.
        let open = || worker::open(self.kind, &one.place, one.host.clone(), &one.name, PATIENCE);
        let mut session = None;
        eventually("the store cannot be opened", || {
            let opened = match &self.etcd {
                Some(etcd) => etcd.netns().run(open)?,
                None => open(),
            };
            session = match opened {
                Err(error) if error.kind() == ErrorKind::StoreUnavailable => None,
                opened => Some(opened?),
            };
            Ok(session.is_some())
        })?;
        session.ok_or_else(|| "no session".into())
    }
}

impl Slot {
    fn start(id: &str, directory: &Directory, host: &str) -> Outcome<Self> {
        let container = Container::start()?;
        let netns = container.netns()?;
        answers_for_itself(&netns);
        let inside = netns.id().inode;
        let place = slot_path(directory.path(), host).join(id);
        let new = place.with_extension("new");
        fs::write(&new, format!("{} {inside}", container.pid()))?;
        fs::rename(new, place)?;
        Ok(Self { id: id.to_owned(), container, inside })
    }

    /// Ends the container, and starts a new one with the same id.
    pub(crate) fn restart(&mut self, directory: &Directory, host: &str) -> Outcome {
        *self = Self::start(&self.id, directory, host)?;
        Ok(())
    }
}

/// Makes a container reply for each of its addresses only from the link that has it, since it may
/// have several links on one LAN.
pub(crate) fn answers_for_itself(netns: &NetNs) {
    sysctl(netns, "ipv4/conf/all/arp_ignore", "1");
}

pub(crate) fn signal(worker: &Actor, signal: Signal) -> Outcome {
    Ok(kill(Pid::from_raw(i32::try_from(worker.pid())?), signal)?)
}

fn configs() -> Outcome<[NetworkConfig; 3]> {
    let subnet = |net: &str, before: &str| -> Outcome<Subnet> {
        let at = |at: u8| if net.contains(':') { format!("{at:x}") } else { at.to_string() };
        let range = format!("{before}{}-{before}{}", at(POOL.start), at(POOL.end - 1));
        Ok(Subnet::new(net)?.range(range.parse()?))
    };
    let lan = NetworkConfig::new("lan")
        .parent("ens33")
        .subnet(subnet("10.1.0.0/24", "10.1.0.")?)
        .subnet(subnet("fd00:1::/64", "fd00:1::")?)
        .mac_from(MacFrom::Container);
    let shared = NetworkConfig::new("shared")
        .parent("ens33")
        .subnet(subnet("10.2.0.0/24", "10.2.0.")?)
        .subnet(subnet("fd00:2::/64", "fd00:2::")?)
        .order(Order::Next)
        .block_size(2);
    let inner = NetworkConfig::new("inner").subnet(subnet("10.3.0.0/24", "10.3.0.")?);
    let inner = if need(Need::Dummy).is_ok() { inner } else { inner.parent("ens33") };
    Ok([lan, shared, inner])
}

/// Returns all addresses of the networks on the LAN.
fn addresses() -> Vec<IpAddr> {
    let each = |at: u8| {
        ["10.1.0.", "10.2.0."]
            .map(|net| format!("{net}{at}"))
            .into_iter()
            .chain(["fd00:1::", "fd00:2::"].map(|net| format!("{net}{at:x}")))
    };
    POOL.flat_map(each).filter_map(|text| text.parse().ok()).collect()
}
