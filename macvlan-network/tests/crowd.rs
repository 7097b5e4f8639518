//! Many processes at once, and processes that are killed: no address twice, none lost.
#![deny(dead_code)]

mod common;

use std::path::Path;
use std::time::{Duration, Instant};

use common::{behind, on_ens33, sound};
use macvlan_core::{Host, NetNs};
use macvlan_network::{ErrorKind, EtcdOptions, EtcdStore, Member, Network, Networks, SqliteStore};
use macvlan_tests::{Actor, Directory, Etcd, Lab, Outcome, ip_lines, is_long, path_of};

/// How many processes.
const CROWD: usize = 16;

/// A session as a further process opens it: `sqlite FILE` or `etcd ENDPOINT`, and the host.
fn open(kind: &str, place: &str, host: &str) -> Outcome<Networks> {
    let host = Host::in_netns(&NetNs::from_path(host)?)?;
    Ok(match kind {
        "sqlite" => Networks::new(host, SqliteStore::open(place)?)?.with_host_name("a")?,
        _ => Networks::new(host, EtcdStore::open(&EtcdOptions::new("a", [place]))?)?,
    })
}

/// Connects and disconnects, time after time. Every address that it has it marks with a file that
/// only one can make.
fn comes_and_goes(arguments: &[String]) -> Outcome {
    let [kind, place, host, marks, who, times] = arguments else {
        return Err("KIND PLACE HOST MARKS WHO TIMES".into());
    };
    let lan = open(kind, place, host)?.network("lan")?;
    let inside = NetNs::anonymous()?;
    let times: usize = times.parse()?;
    println!("begin");
    for time in 0..times {
        let id = format!("c{who}-{}", time % 3);
        let connection = lan.connect(&Member::new(&id), &inside)?;
        let mark = Path::new(marks).join(connection.addresses()[0].to_string());
        std::fs::File::create_new(&mark)?;
        std::fs::remove_file(&mark)?;
        lan.disconnect_from(&id, &inside)?;
    }
    Ok(())
}

fn crowd(
    kind: &str,
    place: &str,
    lab: &Lab,
    times: usize,
    start: &dyn Fn(&[&str]) -> Outcome<Actor>,
) -> Outcome {
    let marks = Directory::new()?;
    let host = path_of(&lab.a.netns);
    let began = Instant::now();
    let mut actors = Vec::new();
    for who in 0..CROWD {
        let (who, times) = (who.to_string(), times.to_string());
        let marks = marks.path().to_string_lossy();
        actors.push(start(&[kind, place, &host, &marks, &who, &times])?);
    }
    for actor in actors {
        actor.finish()?;
    }
    let took = began.elapsed();
    let each = took.as_secs_f64() * 1000.0 / f64::from(u32::try_from(CROWD * times)?);
    println!("{kind}: {CROWD} processes × {times} in {took:.1?}, {each:.1} ms each");
    Ok(())
}

/// In the end everything is free, in a single gap.
fn assert_all_free(directory: &Directory) -> Outcome {
    assert_eq!(sound(directory)?, 0);
    let file = behind(directory)?;
    let gaps: usize = file.query_row("SELECT count(*) FROM gap", [], |row| row.get(0))?;
    let held: usize = file.query_row("SELECT count(*) FROM address", [], |row| row.get(0))?;
    assert_eq!((gaps, held), (1, 0));
    Ok(())
}

fn many_processes_on_one_file() -> Outcome {
    let (lab, directory) = (Lab::new()?, Directory::new()?);
    let networks = common::session(&lab.a, &directory, "a")?;
    networks.create(&on_ens33("lan", "10.1.0.0/26")?)?;
    let file = directory.path().join("networks.db");
    let times = if is_long() { 1000 } else { 12 };
    crowd("sqlite", &file.to_string_lossy(), &lab, times, &|arguments| {
        Actor::start("comes_and_goes", arguments)
    })?;
    assert_all_free(&directory)
}

fn many_processes_on_one_etcd() -> Outcome {
    let (lab, etcd) = (Lab::new()?, Etcd::start()?);
    let start = |arguments: &[&str]| {
        let started = etcd
            .netns()
            .run(|| Actor::start("comes_and_goes", arguments).map_err(|stop| format!("{stop:?}")));
        Ok(started??)
    };
    let store =
        etcd.netns().run(|| EtcdStore::open(&EtcdOptions::new("a", [Etcd::ENDPOINT])))??;
    let networks = Networks::new(lab.a.host.clone(), store)?;
    let lan = networks.create(&on_ens33("lan", "10.1.0.0/26")?)?;
    let times = if is_long() { 1000 } else { 6 };
    crowd("etcd", Etcd::ENDPOINT, &lab, times, &start)?;
    assert_eq!(lan.leases()?, []);
    // All of them can be given once more, and no more than that.
    let inside: Vec<NetNs> = (0..61).map(|_| NetNs::anonymous()).collect::<Result<_, _>>()?;
    for (number, inside) in inside.iter().enumerate() {
        lan.connect(&Member::new(format!("n{number}")), inside)?;
    }
    let error = lan.connect(&Member::new("late"), &NetNs::anonymous()?).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::PoolExhausted, "{error}");
    Ok(())
}

/// Connects and disconnects one container until it is killed.
fn never_ends(arguments: &[String]) -> Outcome {
    let [kind, place, host, inside] = arguments else {
        return Err("KIND PLACE HOST INSIDE".into());
    };
    let lan = open(kind, place, host)?.network("lan")?;
    let inside = NetNs::from_path(inside)?;
    println!("begin");
    loop {
        lan.connect(&Member::new("victim").name("victim"), &inside)?;
        lan.disconnect_from("victim", &inside)?;
    }
}

/// Kills at many moments; each time somebody brings it in order and goes on.
fn kill(
    lan: &Network,
    networks: &Networks,
    arguments: &[&str],
    inside: &NetNs,
    kills: u64,
    start: &dyn Fn(&[&str]) -> Outcome<Actor>,
    check: &dyn Fn() -> Outcome,
) -> Outcome {
    let (mut halfway, mut with_lease) = (0, 0);
    for number in 0..kills {
        let mut victim = start(arguments)?;
        assert_eq!(victim.line()?, "begin");
        // A round takes some 20 ms; a prime step visits all its moments out of order.
        std::thread::sleep(Duration::from_micros(number * 7919 % 25_000));
        victim.kill()?;
        let links = ip_lines(inside, "-o link show").len() - 1;
        let leases = lan.leases()?.len();
        assert!(links <= leases, "an interface without a lease, after kill {number}");
        with_lease += leases;
        halfway += usize::from(links != leases);
        for done in networks.reconcile()? {
            assert!(done.to_string().starts_with("repaired"), "after kill {number}: {done}");
        }
        if leases == 1 {
            assert_eq!(ip_lines(inside, "-o link show").len(), 2, "after kill {number}");
            lan.disconnect_from("victim", inside)?;
        }
        assert_eq!(ip_lines(inside, "-o link show").len(), 1, "after kill {number}");
        check()?;
    }
    println!("{kills} killed: {with_lease} with a lease, {halfway} of these without an interface");
    Ok(())
}

fn kills() -> u64 {
    if is_long() { 200 } else { 15 }
}

fn killed_with_a_file() -> Outcome {
    let (lab, directory) = (Lab::new()?, Directory::new()?);
    let networks = common::session(&lab.a, &directory, "a")?;
    let lan = networks.create(&on_ens33("lan", "10.1.0.0/26")?)?;
    let file = directory.path().join("networks.db");
    let inside = NetNs::anonymous()?;
    let (host, path) = (path_of(&lab.a.netns), path_of(&inside));
    kill(
        &lan,
        &networks,
        &["sqlite", &file.to_string_lossy(), &host, &path],
        &inside,
        kills(),
        &|arguments| Actor::start("never_ends", arguments),
        &|| assert_all_free(&directory),
    )
}

fn killed_with_etcd() -> Outcome {
    let (lab, etcd) = (Lab::new()?, Etcd::start()?);
    let store =
        etcd.netns().run(|| EtcdStore::open(&EtcdOptions::new("a", [Etcd::ENDPOINT])))??;
    let networks = Networks::new(lab.a.host.clone(), store)?;
    let lan = networks.create(&on_ens33("lan", "10.1.0.0/26")?)?;
    let inside = NetNs::anonymous()?;
    let (host, path) = (path_of(&lab.a.netns), path_of(&inside));
    let start = |arguments: &[&str]| {
        let started = etcd
            .netns()
            .run(|| Actor::start("never_ends", arguments).map_err(|stop| format!("{stop:?}")));
        Ok(started??)
    };
    let check = || -> Outcome {
        assert_eq!(lan.leases()?, []);
        Ok(())
    };
    let arguments = ["etcd", Etcd::ENDPOINT, &host, &path];
    kill(&lan, &networks, &arguments, &inside, kills(), &start, &check)
}

macvlan_tests::tests! {
    many_processes_on_one_file,
    many_processes_on_one_etcd,
    killed_with_a_file,
    killed_with_etcd;
    parts: comes_and_goes, never_ends
}
