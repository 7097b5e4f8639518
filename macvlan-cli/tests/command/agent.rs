//! The agent, and the hosts of a store in etcd.

use std::fs;
use std::io::{BufRead as _, BufReader};
use std::os::unix::net::UnixDatagram;
use std::process::{Child, ChildStderr, Stdio};
use std::sync::mpsc::{Receiver, Sender, channel};

use macvlan_core::NetNs;
use macvlan_tests::{
    Container, Directory, Etcd, Lab, LabHost, Outcome, PATIENCE, eventually, ip_addresses, ip_do,
    ip_lines, path_of, ping,
};
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use serde_json::Value;

use crate::common::{command, output, texts};

/// A host of the lab with a configuration, the namespace in which the command runs, and what the
/// service manager is told.
pub(crate) struct Configured<'a> {
    runs_in: &'a NetNs,
    host: &'a LabHost,
    pub(crate) directory: Directory,
    manager: Receiver<String>,
}

impl<'a> Configured<'a> {
    pub(crate) fn set(runs_in: &'a NetNs, host: &'a LabHost, config: &str) -> Outcome<Self> {
        let directory = Directory::new()?;
        fs::write(directory.path().join("macvlan.toml"), config)?;
        let manager = UnixDatagram::bind(directory.path().join("notify"))?;
        let (telling, told) = channel();
        // It ends with the process.
        std::thread::spawn(move || read(&manager, &telling));
        Ok(Self { runs_in, host, directory, manager: told })
    }

    pub(crate) fn command(&self, arguments: &str) -> std::process::Command {
        let host = path_of(&self.host.netns);
        let mut command = command(&format!("{arguments} --host {host}"));
        command.env("MACVLAN_CONFIG", self.directory.path().join("macvlan.toml"));
        command
    }

    /// Runs the command, and returns its status, its output and its errors.
    fn runs(&self, arguments: &str) -> Outcome<(Option<i32>, String, String)> {
        let ended = output(self.runs_in, self.command(arguments))?;
        let (out, err) = texts(&ended);
        Ok((ended.status.code(), out, err))
    }

    #[track_caller]
    pub(crate) fn ok(&self, arguments: &str) -> Outcome<String> {
        let (status, out, err) = self.runs(arguments)?;
        assert_eq!((status, err.as_str()), (Some(0), ""), "{arguments}");
        Ok(out)
    }

    #[track_caller]
    fn json(&self, arguments: &str) -> Outcome<Value> {
        Ok(serde_json::from_str(&self.ok(&format!("{arguments} --json"))?)?)
    }

    #[track_caller]
    pub(crate) fn fails(&self, status: i32, words: &str, arguments: &str) -> Outcome {
        let (ended, _, err) = self.runs(arguments)?;
        assert!(ended == Some(status) && err.contains(words), "{arguments}: {ended:?} {err}");
        Ok(())
    }

    pub(crate) fn agent(&self) -> Outcome<Agent> {
        self.started(self.command("agent"))
    }

    /// Starts a command that is an agent.
    pub(crate) fn started(&self, mut command: std::process::Command) -> Outcome<Agent> {
        command.env("NOTIFY_SOCKET", self.directory.path().join("notify"));
        command.env("WATCHDOG_USEC", "300000").stderr(Stdio::piped());
        let mut child = self.runs_in.run(|| command.spawn())??;
        let log = BufReader::new(child.stderr.take().ok_or("a pipe")?);
        Ok(Agent { child, log })
    }

    /// Waits until the service manager has been told these words.
    fn told(&self, words: &str) -> Outcome {
        let mut all = Vec::new();
        loop {
            let said = self.manager.recv_timeout(PATIENCE).map_err(|error| {
                format!("the service manager is not told {words:?}: {error}: {all:?}")
            })?;
            if said.lines().any(|line| line == words) {
                return Ok(());
            }
            all.push(said);
        }
    }
}

/// Reads what services tell, as systemd does: a full socket would stop them.
fn read(manager: &UnixDatagram, told: &Sender<String>) {
    let mut buffer = [0; 1000];
    while let Ok(length) = manager.recv(&mut buffer) {
        if told.send(String::from_utf8_lossy(&buffer[..length]).into_owned()).is_err() {
            return;
        }
    }
}

/// A running agent; killed when dropped.
pub(crate) struct Agent {
    pub(crate) child: Child,
    log: BufReader<ChildStderr>,
}

impl Agent {
    /// Waits for a line of the log with these words.
    #[track_caller]
    pub(crate) fn logs(&mut self, words: &str) -> Outcome {
        let mut all = String::new();
        loop {
            let before = all.len();
            let read = self.log.read_line(&mut all)?;
            assert_ne!(read, 0, "no {words:?} in the log: {all}");
            if all[before..].contains(words) {
                return Ok(());
            }
        }
    }

    fn signal(&self, signal: Signal) -> Outcome {
        Ok(kill(Pid::from_raw(i32::try_from(self.child.id())?), signal)?)
    }

    pub(crate) fn ends(&mut self, signal: Signal) -> Outcome<Option<i32>> {
        self.signal(signal)?;
        Ok(self.child.wait()?.code())
    }
}

impl Drop for Agent {
    fn drop(&mut self) {
        // Both fail only if it has ended and was waited for.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

pub(crate) fn in_etcd(name: &str, life: &str) -> String {
    format!(
        "[etcd]\nendpoints = [{:?}]\nhost = {name:?}\nttl = \"2s\"\n{life}\n[agent]\ninterval = \"1s\"\n",
        Etcd::ENDPOINT
    )
}

const CREATE: &str = "network create lan --parent ens33 --subnet 10.1.0.0/24";

fn leases_outlive_the_command() -> Outcome {
    let (lab, mut etcd) = (Lab::with_addresses(&[], &[])?, Etcd::start()?);
    let netns = etcd.netns().clone();
    let a = Configured::set(&netns, &lab.a, &in_etcd("a", ""))?;
    let b = Configured::set(&netns, &lab.b, &in_etcd("b", "life = \"process\""))?;
    a.ok(CREATE)?;
    let (first, second) = (Container::start()?, Container::start()?);
    let inside = first.netns()?;
    let connect =
        |id: &str, container: &Container| format!("network connect lan {id} {}", container.pid());
    a.fails(
        1,
        "start an agent, or declare the host: `macvlan network host add`",
        &connect("c1", &first),
    )?;
    assert_eq!(a.json("network leases")?, serde_json::json!([]));

    // The agent waits for etcd.
    etcd.stop()?;
    let mut agent = a.agent()?;
    agent.logs("etcd cannot be reached")?;
    a.told("READY=1")?;
    etcd.start_again()?;
    agent.logs("the agent of host \"a\" runs")?;
    a.told("STATUS=running")?;
    a.told("WATCHDOG=1")?;
    a.ok(&connect("c1", &first))?;
    a.ok(&connect("c2", &second))?;
    let host = &a.json("network host list")?[0];
    assert_eq!(
        (&host["host"], &host["agents"], &host["leases"]),
        (&"a".into(), &1.into(), &2.into())
    );
    assert_eq!((&host["alive"], &host["declared"]), (&true.into(), &false.into()));
    let table = a.ok("network host ls")?;
    assert!(table.starts_with("HOST  STATE  KEPT BY") && table.contains("a     alive  agent"));

    // A container that was removed without the command.
    drop(second);
    agent.logs("released the lease of container \"c2\"")?;
    assert_eq!(a.json("network leases")?.as_array().map(Vec::len), Some(1));

    // The end of an agent releases nothing, and the next one starts in time.
    assert_eq!(agent.ends(Signal::SIGTERM)?, Some(0));
    agent.logs("containers keep their leases")?;
    a.told("STOPPING=1")?;
    let mut next = a.agent()?;
    next.logs("runs")?;
    eventually("the first one counts as alive", || {
        Ok(a.json("network host list")?[0]["agents"] == 1)
    })?;
    assert_eq!(b.json("network collect")?["released"], serde_json::json!([]));
    assert_eq!(ip_addresses(&inside, "eth0"), ["10.1.0.2/24"]);

    // Without the next one, other hosts may collect.
    assert_eq!(next.ends(Signal::SIGKILL)?, None);
    eventually("it counts as alive", || Ok(b.json("network host list")?[0]["alive"] == false))?;
    let mut of_b = b.agent()?;
    of_b.logs("runs")?;
    b.told("STATUS=running")?;
    assert_eq!(b.json("network leases")?.as_array().map(Vec::len), Some(1), "an agent did that");
    assert_eq!(b.json("network collect")?["released"][0]["container"], "c1");
    Ok(())
}

fn hosts_are_declared_and_removed() -> Outcome {
    let (lab, etcd) = (Lab::with_addresses(&[], &[])?, Etcd::start()?);
    let a = Configured::set(etcd.netns(), &lab.a, &in_etcd("a", "life = \"declared\""))?;
    let b = Configured::set(etcd.netns(), &lab.b, &in_etcd("b", ""))?;
    a.ok(CREATE)?;
    let container = Container::start()?;
    let connect = format!("network connect lan c1 {}", container.pid());
    a.fails(1, "host \"a\" is not declared; declare it", &connect)?;
    assert_eq!(a.json("network host add")?["new"], true);
    assert_eq!(a.json("network host add")?["new"], false);
    assert_eq!(a.ok("network host add later")?, "");
    a.fails(2, "cannot", "network host add a/b")?;
    a.ok(&connect)?;
    eventually("processes count as alive", || {
        Ok(b.json("network host list")?[0]["processes"] == 0)
    })?;
    let table = b.ok("network host list")?;
    assert!(table.contains("a      alive  declaration"), "{table}");
    assert!(table.contains("later  alive  declaration"), "{table}");
    assert_eq!(b.json("network collect")?["released"], serde_json::json!([]));
    a.fails(1, "1 of its leases remain", "network host remove")?;
    b.ok("network host remove a")?;
    b.fails(3, "host \"a\": it is not declared", "network host rm a")?;
    assert_eq!(b.json("network collect")?["released"][0]["container"], "c1");
    Ok(())
}

/// Creates a network in a database, with an agent's configuration that gives the host access.
fn lan_with_access<'a>(lab: &'a Lab, directory: &Directory) -> Outcome<Configured<'a>> {
    let db = directory.path().join("networks.db").display().to_string();
    let config = format!("db = {db:?}\n[agent]\ninterval = \"1s\"\naccess = [\"ens33\"]\n");
    let a = Configured::set(&lab.a.netns, &lab.a, &config)?;
    a.ok("network create lan --parent ens33 --subnet 192.168.15.0/24 --ip-range 192.168.15.64/26")?;
    Ok(a)
}

fn with_a_database() -> Outcome {
    let (lab, directory) = (Lab::new()?, Directory::new()?);
    let host = &lab.a.netns;
    let a = lan_with_access(&lab, &directory)?;
    let mut agent = a.agent()?;
    agent.logs("runs")?;
    let (container, other) = (Container::start()?, Container::start()?);
    a.ok(&format!("network connect lan c1 {}", container.pid()))?;
    a.ok(&format!("network connect lan c2 {}", other.pid()))?;
    let inside = other.netns()?;
    let c2 = ip_addresses(&inside, "eth0")[0].trim_end_matches("/24").to_owned();
    eventually("the host does not reach the container", || Ok(ping(host, c2.as_str()).is_some()))?;
    drop(container);
    agent.logs("released the lease of container \"c1\"")?;
    // It repairs what was deleted.
    ip_do(&inside, &format!("address delete {c2}/24 dev eth0"));
    agent.logs("repaired \"eth0\" of container \"c2\"")?;
    assert_eq!(ip_addresses(&inside, "eth0"), [format!("{c2}/24")]);
    // Routes go with their containers.
    let has_route = || {
        let routes = ip_lines(host, "-4 route show dev ens33-host");
        routes.iter().any(|route| route.split(' ').next() == Some(c2.as_str()))
    };
    eventually("no route", || Ok(has_route()))?;
    drop((inside, other));
    agent.logs("released the lease of container \"c2\"")?;
    eventually("the route remains", || Ok(!has_route()))?;
    assert_eq!(a.ok("network host list")?, "");
    a.fails(2, "serves one machine", "network host add")?;
    a.fails(2, "less than 1s", "agent --interval 1ms")?;
    assert_eq!(agent.ends(Signal::SIGINT)?, Some(0));
    Ok(())
}

/// The host has routes to what containers have leased, not to what they say; and to those of no
/// container any more, not even of one that ended while there was no agent.
fn routes_lead_to_leases() -> Outcome {
    let (lab, directory) = (Lab::new()?, Directory::new()?);
    let host = &lab.a.netns;
    let a = lan_with_access(&lab, &directory)?;
    let (leased, gone, plain) = (Container::start()?, Container::start()?, Container::start()?);
    a.ok(&format!("network connect lan c1 {} --ip 192.168.15.70", leased.pid()))?;
    a.ok(&format!("network connect lan c2 {} --ip 192.168.15.71", gone.pid()))?;
    a.ok(&format!("attach ens33 {} 192.168.15.20/24", plain.pid()))?;
    for address in ["192.168.15.2", "192.168.15.50", "8.8.8.8"] {
        ip_do(&leased.netns()?, &format!("address add {address}/32 dev eth0"));
    }
    for address in ["192.168.15.70", "8.8.4.4"] {
        ip_do(&plain.netns()?, &format!("address add {address}/32 dev eth0"));
    }
    ip_do(host, "route add default via 192.168.15.2");
    let routes = || {
        let lines = ip_lines(host, "-4 route show proto 109");
        let mut lines: Vec<String> =
            lines.iter().filter_map(|line| Some(line.split(' ').next()?.to_owned())).collect();
        lines.sort();
        lines
    };
    let all = ["192.168.15.20", "192.168.15.70", "192.168.15.71"];
    let mut agent = a.agent()?;
    agent.logs("runs")?;
    eventually("the routes are missing", || Ok(routes() == all))?;
    // A subnet that was named.
    assert_eq!(agent.ends(Signal::SIGKILL)?, None);
    a.ok("access ens33 --route 10.20.0.0/24")?;
    drop(gone);
    assert_eq!(routes().len(), 4);
    let mut agent = a.agent()?;
    agent.logs("runs")?;
    let rest = ["10.20.0.0/24", "192.168.15.20", "192.168.15.70"];
    eventually("the route remains", || Ok(routes() == rest))?;
    assert_eq!(agent.ends(Signal::SIGINT)?, Some(0));
    assert_eq!(routes(), rest);
    Ok(())
}

/// A backup in the place of the database is used at once. If it is another database, or none, the
/// agent ends, so that the service manager starts it again.
fn the_database_is_replaced() -> Outcome {
    let lab = Lab::new()?;
    let directory = Directory::new()?;
    let path = |name: &str| directory.path().join(name).display().to_string();
    let db = path("networks.db");
    let config = format!("db = {db:?}\n[agent]\ninterval = \"1s\"\n");
    let a = Configured::set(&lab.a.netns, &lab.a, &config)?;
    a.ok(CREATE)?;
    let mut agent = a.agent()?;
    agent.logs("runs")?;
    // With its log, if it has one, which contains the latest changes. The agent is stopped, because it
    // could open the one without the other.
    let put = |agent: &Agent, other: &str| -> Outcome {
        agent.signal(Signal::SIGSTOP)?;
        let log = format!("{other}-wal");
        fs::remove_file(format!("{db}-shm"))?;
        fs::remove_file(format!("{db}-wal"))?;
        if fs::exists(&log)? {
            fs::rename(log, format!("{db}-wal"))?;
        }
        fs::rename(other, &db)?;
        agent.signal(Signal::SIGCONT)
    };
    let backup = path("backup.db");
    fs::copy(&db, &backup)?;
    fs::copy(format!("{db}-wal"), format!("{backup}-wal"))?;
    put(&agent, &backup)?;
    let container = Container::start()?;
    a.ok(&format!("network connect lan c1 {}", container.pid()))?;
    drop(container);
    agent.logs("released the lease of container \"c1\"")?;

    let other = path("other.db");
    a.ok(&format!("network --db {other} create other --parent ens33 --subnet 10.2.0.0/24"))?;
    put(&agent, &other)?;
    agent.logs("the store's file was deleted or replaced")?;
    assert_eq!(agent.child.wait()?.code(), Some(1));
    let mut next = a.agent()?;
    next.logs("runs")?;
    assert_eq!(a.json("network list")?[0]["Name"], "other");
    fs::remove_file(&db)?;
    next.logs("the store's file was deleted or replaced")?;
    assert_eq!(next.child.wait()?.code(), Some(1));
    Ok(())
}

macvlan_tests::tests! {
    same_on_every_kernel:
        leases_outlive_the_command,
        hosts_are_declared_and_removed,
    with_a_database,
    routes_lead_to_leases,
    the_database_is_replaced,
}
