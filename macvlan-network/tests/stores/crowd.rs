//! Many concurrent processes, and kills of processes and of etcd: no address is given twice, and
//! none is lost.
#![deny(dead_code)]

use std::path::Path;
use std::time::{Duration, Instant};

use crate::common::{behind, on_ens33, sound};
use macvlan_core::{Host, NetNs};
use macvlan_network::{
    ConnectOptions, ErrorKind, EtcdOptions, EtcdStore, Network, Networks, SqliteStore,
};
use macvlan_tests::{
    Actor, Directory, Etcd, Lab, Outcome, PATIENCE, eventually, ip_lines, is_long, path_of,
};

/// The number of processes.
const CROWD: usize = 16;

/// The time to wait for etcd's answer if it is away repeatedly.
const SHORT: Duration = Duration::from_secs(2);

/// Opens a session like another process: `sqlite FILE` or `etcd ENDPOINT`, and the host.
fn open(kind: &str, place: &str, host: &str, timeout: Duration) -> Outcome<Networks> {
    let host = Host::in_netns(&NetNs::from_path(host)?)?;
    if kind == "sqlite" {
        return Ok(Networks::new(host, SqliteStore::open(place)?)?.with_host_name("a")?);
    }
    let options = EtcdOptions::new("a", [place]).timeout(timeout);
    Ok(Networks::new(host, EtcdStore::open(&options)?)?)
}

/// Connects and disconnects repeatedly. Each address is marked by a file that can only be created
/// once.
fn comes_and_goes(arguments: &[String]) -> Outcome {
    let [kind, place, host, marks, who, times] = arguments else {
        return Err("KIND PLACE HOST MARKS WHO TIMES".into());
    };
    let lan = open(kind, place, host, PATIENCE)?.network("lan")?;
    let inside = NetNs::anonymous()?;
    let times: usize = times.parse()?;
    println!("begin");
    for time in 0..times {
        let id = format!("c{who}-{}", time % 3);
        let connection = lan.connect(&ConnectOptions::new(&id), &inside)?;
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

/// In the end everything is free: addresses that were never given are in gaps, and the others rest.
fn assert_all_free(directory: &Directory) -> Outcome {
    assert_eq!(sound(directory)?, 0);
    let file = behind(directory)?;
    let mut gaps = file.prepare("SELECT first, last FROM gap")?;
    let mut free = 0;
    for gap in gaps.query_map([], |row| Ok((row.get::<_, [u8; 16]>(0)?, row.get(1)?)))? {
        let (first, last) = gap?;
        free += u128::from_be_bytes(last) - u128::from_be_bytes(first) + 1;
    }
    let count = |table: &str| -> Outcome<u128> {
        let count = format!("SELECT count(*) FROM {table}");
        Ok(file.query_row(&count, [], |row| row.get::<_, u32>(0))?.into())
    };
    let (rests, held) = (count("memory WHERE rests = 1")?, count("address")?);
    assert_eq!((free + rests, held), (61, 0), "{free} are in gaps, {rests} rest");
    Ok(())
}

fn many_processes_on_one_file() -> Outcome {
    let (lab, directory) = (Lab::new()?, Directory::new()?);
    let networks = crate::common::session(&lab.a, &directory, "a")?;
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
    let store = etcd
        .netns()
        .run(|| EtcdStore::open(&EtcdOptions::new("a", [Etcd::ENDPOINT]).timeout(PATIENCE)))??;
    let networks = Networks::new(lab.a.host.clone(), store)?;
    let lan = networks.create(&on_ens33("lan", "10.1.0.0/26")?)?;
    let times = if is_long() { 1000 } else { 6 };
    crowd("etcd", Etcd::ENDPOINT, &lab, times, &start)?;
    all_can_be_given_once_more(&lan)
}

/// None of the 61 addresses is in use, and there are no others.
fn all_can_be_given_once_more(lan: &Network) -> Outcome {
    assert_eq!(lan.leases()?, []);
    let inside: Vec<NetNs> = (0..61).map(|_| NetNs::anonymous()).collect::<Result<_, _>>()?;
    for (number, inside) in inside.iter().enumerate() {
        lan.connect(&ConnectOptions::new(format!("n{number}")), inside)?;
    }
    let error = lan.connect(&ConnectOptions::new("late"), &NetNs::anonymous()?).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::PoolExhausted, "{error}");
    Ok(())
}

/// Like [`comes_and_goes`], but retries while etcd is away, and reports that.
fn carries_on(arguments: &[String]) -> Outcome {
    let [place, host, marks, who, times] = arguments else {
        return Err("PLACE HOST MARKS WHO TIMES".into());
    };
    let lan = open("etcd", place, host, SHORT)?.network("lan")?;
    let inside = NetNs::anonymous()?;
    let (times, marks): (usize, _) = (times.parse()?, Path::new(marks));
    let (mut is_away, mut refused, mut rounds) = (false, 0, 0);
    // Retries until etcd accepts it.
    let mut retry = |what: &dyn Fn() -> macvlan_network::Result<()>| -> Outcome {
        loop {
            let began = Instant::now();
            match what() {
                Ok(()) => {
                    if std::mem::take(&mut is_away) {
                        println!("back");
                    }
                    return Ok(());
                }
                Err(error) if error.kind() == ErrorKind::StoreUnavailable => {
                    assert!(began.elapsed() < 10 * SHORT, "it took {:?}", began.elapsed());
                    refused += 1;
                    if !std::mem::replace(&mut is_away, true) {
                        println!("away");
                    }
                    std::thread::sleep(Duration::from_millis(20));
                }
                Err(error) => return Err(error.into()),
            }
        }
    };
    println!("begin");
    while rounds < times || !marks.join("enough").exists() {
        let id = format!("c{who}-{}", rounds % 3);
        let connection = std::cell::Cell::new(None);
        retry(&|| {
            connection.set(Some(lan.connect(&ConnectOptions::new(&id), &inside)?));
            Ok(())
        })?;
        let connection = connection.take().ok_or("no connection")?;
        let mark = marks.join(connection.addresses()[0].to_string());
        std::fs::File::create_new(&mark)?;
        std::fs::remove_file(&mark)?;
        retry(&|| match lan.disconnect_from(&id, &inside) {
            // It was done when etcd failed, before the answer.
            Err(error) if error.kind() == ErrorKind::NotConnected => Ok(()),
            result => result.map(drop),
        })?;
        assert_eq!(ip_lines(&inside, "-o link show").len(), 1);
        rounds += 1;
    }
    println!("{rounds} {refused}");
    Ok(())
}

/// etcd is ended, killed and suspended while all processes use it. They get errors, and continue
/// when it is back.
fn many_processes_and_an_etcd_that_goes() -> Outcome {
    let (lab, mut etcd, marks) = (Lab::new()?, Etcd::start()?, Directory::new()?);
    let store = etcd
        .netns()
        .run(|| EtcdStore::open(&EtcdOptions::new("a", [Etcd::ENDPOINT]).timeout(PATIENCE)))??;
    let networks = Networks::new(lab.a.host.clone(), store)?;
    let lan = networks.create(&on_ens33("lan", "10.1.0.0/26")?)?;
    let (times, absences, pause) = if is_long() { (1000, 30, 2000) } else { (1, 3, 100) };
    let (host, place) = (path_of(&lab.a.netns), marks.path().to_string_lossy().into_owned());
    let began = Instant::now();
    let mut actors = Vec::new();
    for who in 0..CROWD {
        let (who, times) = (who.to_string(), times.to_string());
        let arguments = [Etcd::ENDPOINT, &host, &place, &who, &times];
        let start = || Actor::start("carries_on", &arguments).map_err(|stop| format!("{stop:?}"));
        actors.push(etcd.netns().run(start)??);
    }
    let all_say = |actors: &mut [Actor], what: &str| -> Outcome {
        for actor in actors {
            assert_eq!(actor.line()?, what);
        }
        Ok(())
    };
    all_say(&mut actors, "begin")?;
    for absence in 0..absences {
        std::thread::sleep(Duration::from_millis(pause));
        match absence % 3 {
            0 => etcd.end()?,
            1 => etcd.stop()?,
            _ => etcd.hang()?,
        }
        all_say(&mut actors, "away")?;
        match absence % 3 {
            2 => etcd.go_on()?,
            _ => etcd.start_again()?,
        }
        all_say(&mut actors, "back")?;
    }
    std::fs::File::create(marks.path().join("enough"))?;
    let (mut rounds, mut refused) = (0, 0);
    for actor in actors {
        let lines = actor.finish()?;
        let last = lines.last().and_then(|line| line.split_once(' ')).ok_or("no last words")?;
        rounds += last.0.parse::<usize>()?;
        refused += last.1.parse::<usize>()?;
    }
    assert!(rounds >= CROWD * times && refused >= CROWD * absences, "{rounds} and {refused}");
    println!(
        "{CROWD} processes, {rounds} times connected in {:.1?}; etcd was away {absences} times, \
         which they were told {refused} times",
        began.elapsed()
    );
    all_can_be_given_once_more(&lan)
}

/// Connects and disconnects one container until it is killed.
fn never_ends(arguments: &[String]) -> Outcome {
    let [kind, place, host, inside] = arguments else {
        return Err("KIND PLACE HOST INSIDE".into());
    };
    let lan = open(kind, place, host, PATIENCE)?.network("lan")?;
    let inside = NetNs::from_path(inside)?;
    println!("begin");
    loop {
        lan.connect(&ConnectOptions::new("victim").name("victim"), &inside)?;
        lan.disconnect_from("victim", &inside)?;
    }
}

/// Kills at many moments; each time another process repairs everything and continues.
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
        // A round takes about 20 ms; a prime step visits all its moments in random order.
        std::thread::sleep(Duration::from_micros(number * 7919 % 25_000));
        victim.kill()?;
        // Its last request to etcd may still be executed.
        let mut before = None;
        eventually("the store does not come to rest", || {
            let now = Some(lan.leases()?);
            let same = before == now;
            before = now;
            Ok(same)
        })?;
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
    let networks = crate::common::session(&lab.a, &directory, "a")?;
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
    let store = etcd
        .netns()
        .run(|| EtcdStore::open(&EtcdOptions::new("a", [Etcd::ENDPOINT]).timeout(PATIENCE)))??;
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
    same_on_every_kernel:
    many_processes_on_one_file,
    many_processes_on_one_etcd,
    many_processes_and_an_etcd_that_goes,
    killed_with_a_file,
    killed_with_etcd;
    parts: comes_and_goes, carries_on, never_ends
}
