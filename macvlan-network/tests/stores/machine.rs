//! A file belongs to one machine, and so does a host's name in etcd.
#![deny(dead_code)]

use std::fs;
use std::path::Path;
use std::time::Duration;

use crate::common::{behind, in_etcd, on_ens33};
use macvlan_core::{Host, NetNs};
use macvlan_network::{ConnectOptions, EtcdOptions, EtcdStore, Networks, Result, SqliteStore};
use macvlan_tests::{
    Actor, Directory, Etcd, Lab, Outcome, PATIENCE, eventually, path_of, takes_long_in_the_guest,
};
use nix::mount::{MsFlags, mount};
use nix::sched::{CloneFlags, unshare};
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;

/// Boot ids.
const BOOTS: [&str; 4] = [
    "00000000-0000-0000-0000-00000000000a",
    "00000000-0000-0000-0000-00000000000b",
    "00000000-0000-0000-0000-00000000000c",
    "00000000-0000-0000-0000-00000000000d",
];
const ONE: &str = "11111111111111111111111111111111";
const OTHER: &str = "22222222222222222222222222222222";
/// The machine-id of a machine or container without one.
const NONE: &str = "";

/// Gives this process another boot id and machine-id, in files that are mounted over the real ones.
pub(crate) fn become_machine(boot: &str, id: &str) -> Outcome {
    unshare(CloneFlags::CLONE_NEWNS)?;
    let (none, file) = (None::<&str>, "/etc/boot_id");
    mount(none, "/", none, MsFlags::MS_REC | MsFlags::MS_PRIVATE, none)?;
    mount(Some("tmpfs"), "/etc", Some("tmpfs"), MsFlags::empty(), none)?;
    fs::write(file, format!("{boot}\n"))?;
    mount(Some(file), "/proc/sys/kernel/random/boot_id", none, MsFlags::MS_BIND, none)?;
    if !id.is_empty() {
        fs::write("/etc/machine-id", format!("{id}\n"))?;
    }
    Ok(())
}

/// Uses a file on another machine, and prints the result.
fn on_machine(arguments: &[String]) -> Outcome {
    let [boot, id, place, host, does] = arguments else {
        return Err("BOOT ID PLACE HOST DOES".into());
    };
    become_machine(boot, id)?;
    let host = Host::in_netns(&NetNs::from_path(host)?)?;
    let inside = NetNs::anonymous()?;
    let work = || -> Result<usize> {
        let (moved, does) =
            does.strip_prefix("moved ").map_or((false, does.as_str()), |does| (true, does));
        let store = if moved { SqliteStore::open_moved(place)? } else { SqliteStore::open(place)? };
        let networks = Networks::new(host, store)?;
        match does {
            "list" => Ok(networks.list()?.len()),
            "connect" => {
                networks.network("lan")?.connect(&ConnectOptions::new(boot), &inside)?;
                Ok(networks.network("lan")?.leases()?.len())
            }
            "collect" => Ok(networks.collect()?.leases.len()),
            _ => unreachable!("{does}"),
        }
    };
    match work() {
        Ok(number) => println!("{number}"),
        Err(error) => println!("{}: {error}", error.kind()),
    }
    Ok(())
}

/// A lab, and a store's file.
struct Scene {
    lab: Lab,
    directory: Directory,
}

impl Scene {
    /// Makes a file with one network, which belongs to a machine.
    fn with_owner(boot: Option<&str>, id: Option<&str>) -> Outcome<Self> {
        let scene = Self { lab: Lab::new()?, directory: Directory::new()? };
        let file = scene.directory.path().join("networks.db");
        let here = Networks::new(scene.lab.a.host.clone(), SqliteStore::open(&file)?)?;
        here.create(&on_ens33("lan", "10.1.0.0/24")?)?;
        drop(here);
        let set = "UPDATE store SET boot = ?, machine = ?";
        behind(&scene.directory)?.execute(set, [boot, id])?;
        Ok(scene)
    }

    /// Returns the output of a process that uses the file on a machine.
    fn on(&self, boot: usize, id: &str, does: &str) -> Outcome<String> {
        let place = self.directory.path().join("networks.db").display().to_string();
        let arguments = [BOOTS[boot], id, &place, &path_of(&self.lab.a.netns), does];
        Ok(Actor::start("on_machine", &arguments)?.finish()?.join("\n"))
    }

    fn owner(&self) -> Outcome<(String, Option<String>)> {
        let read = |row: &rusqlite::Row<'_>| Ok((row.get(0)?, row.get(1)?));
        Ok(behind(&self.directory)?.query_row("SELECT boot, machine FROM store", [], read)?)
    }

    /// Checks that the file is refused on another machine, with an error that names both.
    fn refused(&self, boot: usize, id: &str, owner: &str) -> Outcome {
        for does in ["list", "connect", "collect"] {
            let error = self.on(boot, id, does)?;
            assert!(error.starts_with("network-other-machine: "), "{does}: {error}");
            for words in [id, owner, "networks.db", "moved here"] {
                assert!(error.contains(words), "no {words:?} in: {error}");
            }
        }
        Ok(())
    }
}

fn a_file_serves_one_machine() -> Outcome {
    let scene = Scene::with_owner(None, None)?;

    // It has no owner yet.
    assert_eq!(scene.on(0, ONE, "list")?, "1");
    assert_eq!(scene.on(1, OTHER, "list")?, "1");
    assert_eq!(scene.on(0, ONE, "connect")?, "1");
    assert_eq!(scene.owner()?, (BOOTS[0].to_owned(), Some(ONE.to_owned())));
    scene.refused(1, OTHER, ONE)?;
    // Containers of one kernel are on one machine, whatever their /etc contains.
    assert_eq!(scene.on(0, OTHER, "list")?, "1");
    assert_eq!(scene.on(0, NONE, "list")?, "1");
    assert_eq!(scene.on(0, OTHER, "collect")?, "1");
    assert_eq!(scene.owner()?, (BOOTS[0].to_owned(), Some(ONE.to_owned())));
    Ok(())
}

fn a_machine_that_was_rebooted_keeps_its_file() -> Outcome {
    let scene = Scene::with_owner(Some(BOOTS[0]), Some(ONE))?;

    // Reading leaves the file unchanged.
    assert_eq!(scene.on(2, ONE, "list")?, "1");
    assert_eq!(scene.owner()?, (BOOTS[0].to_owned(), Some(ONE.to_owned())));
    assert_eq!(scene.on(2, ONE, "connect")?, "1");
    assert_eq!(scene.owner()?, (BOOTS[2].to_owned(), Some(ONE.to_owned())));
    // A container without a machine-id after a reboot cannot be distinguished from another machine.
    assert_eq!(scene.on(3, NONE, "collect")?, "1");
    assert_eq!(scene.owner()?, (BOOTS[3].to_owned(), Some(ONE.to_owned())));
    scene.refused(1, OTHER, ONE)?;
    assert_eq!(scene.on(0, ONE, "list")?, "1");
    Ok(())
}

fn a_file_that_was_moved_is_taken_over() -> Outcome {
    let scene = Scene::with_owner(Some(BOOTS[0]), Some(ONE))?;
    assert_eq!(scene.on(0, ONE, "connect")?, "1");

    assert_eq!(scene.on(1, OTHER, "moved list")?, "1");
    scene.refused(1, OTHER, ONE)?;
    // The container was left behind.
    assert_eq!(scene.on(1, OTHER, "moved collect")?, "1");
    assert_eq!(scene.owner()?, (BOOTS[1].to_owned(), Some(OTHER.to_owned())));
    assert_eq!(scene.on(1, OTHER, "connect")?, "1");
    scene.refused(0, ONE, OTHER)?;
    assert_eq!(scene.on(2, OTHER, "list")?, "1");
    // A machine can also open its own file this way; without a machine-id, the file gets none.
    assert_eq!(scene.on(1, OTHER, "moved list")?, "1");
    Ok(())
}

/// Uses the name "a" in etcd on another machine, and reports whether this is refused; then connects
/// a container each time that a file appears.
fn is_called_a(arguments: &[String]) -> Outcome {
    let [boot, id, etcd, host, ttl, signs] = arguments else {
        return Err("BOOT ID ETCD HOST TTL SIGNS".into());
    };
    become_machine(boot, id)?;
    let host = Host::in_netns(&NetNs::from_path(host)?)?;
    let (signs, etcd) = (Path::new(signs), NetNs::from_path(etcd)?);
    let ttl = Duration::from_secs(ttl.parse()?);
    let options = EtcdOptions::new("a", [Etcd::ENDPOINT]).timeout(PATIENCE).ttl(ttl);
    println!("begin");
    eventually("no sign to begin", || Ok(signs.join("begin").exists()))?;
    let opened = etcd.run(|| EtcdStore::open(&options))?;
    let networks = match opened.and_then(|store| Networks::new(host, store)) {
        Ok(networks) => networks,
        Err(error) => {
            println!("{}: {error}", error.kind());
            return Ok(());
        }
    };
    println!("opened");
    eventually("no sign to connect", || Ok(signs.join("connect").exists()))?;
    let done = networks.network("lan")?.connect(&ConnectOptions::new(boot), &NetNs::anonymous()?);
    match done {
        Ok(_) => println!("connected"),
        Err(error) => println!("{}: {error}", error.kind()),
    }
    Ok(())
}

/// An etcd, and signal files for machines with the name "a".
struct Named {
    lab: Lab,
    etcd: Etcd,
    signs: Directory,
}

impl Named {
    fn set() -> Outcome<Self> {
        Ok(Self { lab: Lab::new()?, etcd: Etcd::start()?, signs: Directory::new()? })
    }

    fn sign(&self, what: &str) -> Outcome {
        Ok(fs::write(self.signs.path().join(what), "")?)
    }

    /// Starts a machine that is about to open the store.
    fn start(&self, boot: usize, id: &str, ttl: u32) -> Outcome<Actor> {
        let (etcd, host) = (path_of(self.etcd.netns()), path_of(&self.lab.a.netns));
        let (ttl, signs) = (ttl.to_string(), self.signs.path().display().to_string());
        let arguments = [BOOTS[boot], id, &etcd, &host, &ttl, &signs];
        let mut actor = Actor::start("is_called_a", &arguments)?;
        assert_eq!(actor.line()?, "begin");
        Ok(actor)
    }
}

fn a_second_machine_of_a_name_is_refused() -> Outcome {
    let scene = Named::set()?;
    scene.sign("begin")?;
    let mut first = scene.start(0, ONE, 3600)?;
    assert_eq!(first.line()?, "opened");
    let error = scene.start(1, OTHER, 3600)?.line()?;
    assert!(error.starts_with("network-other-machine: "), "{error}");
    for words in [ONE, OTHER, BOOTS[0], BOOTS[1], "\"a\"", "different name for each host"] {
        assert!(error.contains(words), "no {words:?} in: {error}");
    }
    // Another process, and those in containers with an /etc of their own.
    for (boot, id) in [(0, ONE), (0, OTHER), (0, NONE)] {
        assert_eq!(scene.start(boot, id, 3600)?.line()?, "opened", "{boot} {id:?}");
    }
    let b = in_etcd(&scene.lab.a, &scene.etcd, "b")?;
    assert_eq!(b.store().living_hosts()?, Some(vec!["a".to_owned(), "b".to_owned()]));
    Ok(())
}

/// It has the machine-id of the other one, like a reboot, but the other one is alive.
fn a_clone_is_refused_and_a_reboot_is_not() -> Outcome {
    takes_long_in_the_guest()?;
    let (scene, ttl) = (Named::set()?, 12);
    scene.sign("begin")?;
    let mut first = scene.start(0, ONE, ttl)?;
    assert_eq!(first.line()?, "opened");
    // Both ask at once.
    let mut clones = [(2, ONE), (3, NONE)]
        .map(|(boot, id)| scene.start(boot, id, ttl).map(|clone| (boot, clone)));
    for clone in &mut clones {
        let Ok((boot, clone)) = clone else { return Err("a clone did not start".into()) };
        let error = clone.line()?;
        assert!(error.starts_with("network-other-machine: "), "{error}");
        for words in [ONE, BOOTS[0], BOOTS[*boot]] {
            assert!(error.contains(words), "no {words:?} in: {error}");
        }
        assert_eq!(error.contains("cloned machine"), *boot == 2, "{error}");
    }
    // It still has the name, and no other lost it.
    assert_eq!(scene.start(0, ONE, ttl)?.line()?, "opened");

    // After a reboot its processes no longer refresh their registrations.
    first.kill()?;
    assert_eq!(scene.start(2, ONE, ttl)?.line()?, "opened");
    Ok(())
}

fn of_many_machines_of_a_name_one_is_accepted() -> Outcome {
    let rounds = if macvlan_tests::is_long() { 50 } else { 3 };
    for _ in 0..rounds {
        let scene = Named::set()?;
        let mut machines = Vec::new();
        for boot in 0..BOOTS.len() {
            machines.push(scene.start(boot, &format!("{boot}").repeat(32), 3600)?);
        }
        scene.sign("begin")?;
        let mut accepted = 0;
        for machine in &mut machines {
            let line = machine.line()?;
            accepted += usize::from(line == "opened");
            assert!(line == "opened" || line.starts_with("network-other-machine: "), "{line}");
        }
        assert_eq!(accepted, 1);
    }
    Ok(())
}

/// A machine that was away until it counted as dead, and whose name another one has taken.
fn a_name_that_was_taken_is_not_taken_back() -> Outcome {
    let scene = Named::set()?;
    let b = in_etcd(&scene.lab.a, &scene.etcd, "b")?;
    b.create(&on_ens33("lan", "10.1.0.0/24")?)?;
    scene.sign("begin")?;
    let mut first = scene.start(0, ONE, 2)?;
    assert_eq!(first.line()?, "opened");
    let pid = Pid::from_raw(i32::try_from(first.pid())?);
    kill(pid, Signal::SIGSTOP)?;
    eventually("it does not die", || Ok(b.store().living_hosts()? == Some(vec!["b".to_owned()])))?;
    let mut second = scene.start(1, OTHER, 3600)?;
    assert_eq!(second.line()?, "opened");
    kill(pid, Signal::SIGCONT)?;
    scene.sign("connect")?;
    let error = first.line()?;
    assert!(error.starts_with("network-other-machine: "), "{error}");
    assert_eq!(second.line()?, "connected");
    Ok(())
}

macvlan_tests::tests! {
    same_on_every_kernel:
    a_file_serves_one_machine,
    a_machine_that_was_rebooted_keeps_its_file,
    a_file_that_was_moved_is_taken_over,
    a_second_machine_of_a_name_is_refused,
    a_clone_is_refused_and_a_reboot_is_not,
    of_many_machines_of_a_name_one_is_accepted,
    a_name_that_was_taken_is_not_taken_back;
    parts: on_machine, is_called_a,
}
