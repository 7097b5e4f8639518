//! Measures times, and that they do not grow. They are printed; only what would be wrong on any
//! machine is asserted. Compare them in release mode.
#![deny(dead_code)]

mod common;

use std::io::{BufRead as _, BufReader};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use common::{behind, on_ens33, session, started, subnet};
use macvlan_core::{Address, Endpoint, NetNs};
use macvlan_network::{ConnectOptions, NetNsMark, Network, NetworkConfig, Networks, SqliteStore};
use macvlan_tests::{Directory, Lab, Outcome, eventually};
use rusqlite::{Connection, params};

/// The number of times that leases are listed; fewer without optimization, where times say little.
const LISTINGS: usize = if cfg!(debug_assertions) { 3 } else { 30 };
/// The number of other processes, likewise.
const PROCESSES: u32 = if cfg!(debug_assertions) { 150 } else { 1_500 };

/// Returns the median in microseconds.
fn median(mut all: Vec<Duration>) -> f64 {
    all.sort_unstable();
    all[all.len() / 2].as_secs_f64() * 1e6
}

/// Returns the processor time of this thread, which does not depend on the machine's load.
fn processor_time() -> Outcome<Duration> {
    use nix::time::{ClockId, clock_gettime};
    Ok(clock_gettime(ClockId::CLOCK_THREAD_CPUTIME_ID)?.into())
}

/// Returns the time to sync a few kilobytes to this disk.
fn a_sync(directory: &Directory) -> Outcome<f64> {
    use std::io::Write as _;
    let mut file = std::fs::File::create(directory.path().join("synced"))?;
    let mut took = Vec::new();
    for _ in 0..50 {
        file.write_all(&[7; 8192])?;
        let began = Instant::now();
        file.sync_data()?;
        took.push(began.elapsed());
    }
    Ok(median(took))
}

/// With a store on disk, and with one in memory, which shows the disk's part.
fn connecting_beside_attaching() -> Outcome {
    let (lab, directory) = (Lab::new()?, Directory::new()?);
    let networks = session(&lab.a, &directory, "a")?;
    let (attach, connect) = beside(&lab, &networks)?;
    let sync = a_sync(&directory)?;
    println!(
        "on a disk: attach {attach:.0} µs, connect {connect:.0} µs; a sync takes {sync:.0} µs"
    );
    let memory = Path::new("/dev/shm").join(format!("macvlan-network-{}.db", std::process::id()));
    if let Ok(store) = SqliteStore::open(&memory) {
        let networks = Networks::new(lab.a.host.clone(), store)?;
        let (attach, connect) = beside(&lab, &networks)?;
        println!("in memory: attach {attach:.0} µs, connect {connect:.0} µs");
        for end in ["", "-wal", "-shm"] {
            // The last two may be missing.
            let _ = std::fs::remove_file(format!("{}{end}", memory.display()));
        }
    }
    Ok(())
}

/// Returns the medians of attaching and connecting with the same addresses and routes, in
/// microseconds.
fn beside(lab: &Lab, networks: &Networks) -> Outcome<(f64, f64)> {
    let lan = networks.create(&on_ens33("lan", "10.1.0.0/16")?.subnet(subnet("fd00:1::/64")?))?;
    let (mut attach, mut connect) = (Vec::new(), Vec::new());
    for number in 0..25_u8 {
        let inside = NetNs::anonymous()?;
        let endpoint = Endpoint::new("eth0", "ens33")?
            .address(format!("10.2.0.{}/16", number + 2).parse()?)
            .address(format!("fd00:2::{}/64 nodad", number + 2).parse::<Address>()?)
            .gateway("10.2.0.1".parse()?)
            .gateway("fd00:2::1".parse()?);
        let began = Instant::now();
        let attachment = lab.a.host.attach(&endpoint, &inside)?;
        attach.push(began.elapsed());
        lab.a.host.detach(&attachment)?;

        let inside = NetNs::anonymous()?;
        let options = ConnectOptions::new(format!("c{number}"));
        let began = Instant::now();
        lan.connect(&options, &inside)?;
        connect.push(began.elapsed());
        lan.disconnect_from(&format!("c{number}"), &inside)?;
    }
    Ok((median(attach), median(connect)))
}

/// The numbers from the second parameter up to the third, and an address after `10.0.0.0` for each.
const NUMBERS: &str = "WITH RECURSIVE number(at) AS \
                       (VALUES(?2) UNION ALL SELECT at + 1 FROM number WHERE at + 1 < ?3), \
                       each AS (SELECT at, \
                       printf('10.%d.%d.%d/', at >> 16 & 255, at >> 8 & 255, at & 255) AS net, \
                       unhex(printf('00000000000000000000ffff0a%06x', at)) AS number FROM number)";

/// Enters leases directly, without the library, since there are not that many containers here.
///
/// They look like the library's. Their addresses have the given prefix length.
fn enter_leases(file: &Connection, network: i64, at: (u32, u32), length: u8) -> Outcome {
    let leases = format!(
        "INSERT INTO lease (network, container, name, host, endpoint, interface, mac, addresses, \
         default_route, boot, inode, cookie) {NUMBERS} \
         SELECT ?1, 'c' || at, 'n' || at, 'elsewhere', printf('%064x', at), 'eth0', \
         '02:42:0a:01:00:02', net || ?4, 1, 'b', 1, 1 FROM each"
    );
    file.execute(&leases, params![network, at.0, at.1, length])?;
    let addresses = format!(
        "INSERT INTO address (network, address, endpoint, since) {NUMBERS} \
         SELECT ?1, number, printf('%064x', at), 0 FROM each"
    );
    file.execute(&addresses, params![network, at.0, at.1])?;
    Ok(())
}

/// 50,000 addresses in one pool: the last ones take as long as the first.
fn a_large_pool_is_as_fast_as_a_small_one() -> Outcome {
    let (lab, directory) = (Lab::new()?, Directory::new()?);
    let networks = session(&lab.a, &directory, "a")?;
    let lan = networks
        .create(&NetworkConfig::new("lan").parent("ens33").subnet(subnet("10.1.0.0/16")?))?;
    // 50,000 leases, every tenth of which is released, which leaves as many gaps.
    let mut file = behind(&directory)?;
    let enter = file.transaction()?;
    let number: i64 = enter.query_row("SELECT number FROM network", [], |row| row.get(0))?;
    let from = 0x1_0000;
    enter_leases(&enter, number, (from + 2, from + 50_002), 16)?;
    enter.execute("DELETE FROM lease WHERE substr(container, 2) % 10 = 0", [])?;
    enter.execute("DELETE FROM gap", [])?;
    let gaps = format!(
        "INSERT INTO gap (network, pool, first, last) {NUMBERS} \
         SELECT ?1, 0, number, number FROM each WHERE at % 10 = 0"
    );
    enter.execute(&gaps, params![number, from + 2, from + 50_002])?;
    let rest = format!(
        "INSERT INTO gap (network, pool, first, last) {NUMBERS} \
         SELECT ?1, 0, min(number), max(number) FROM each"
    );
    enter.execute(&rest, params![number, from + 50_002, from + 65_535])?;
    enter.commit()?;
    common::sound(&directory)?;

    let small = networks.create(&on_ens33("small", "10.2.0.0/24")?)?;
    let (_container, inside) = started()?;
    let mut took = Vec::new();
    for network in [&small, &lan] {
        let mut each = Vec::new();
        for time in 0..15 {
            let id = format!("new{time}");
            let began = Instant::now();
            network.connect(&ConnectOptions::new(&id), &inside)?;
            each.push(began.elapsed());
            network.disconnect_from(&id, &inside)?;
        }
        took.push(median(each));
    }
    println!(
        "connect in a pool of 250: {:.0} µs; with 45,000 leases of 65,533: {:.0} µs",
        took[0], took[1]
    );
    Ok(())
}

fn ten_thousand_leases_are_listed() -> Outcome {
    let (lab, directory) = (Lab::new()?, Directory::new()?);
    let networks = session(&lab.a, &directory, "a")?;
    let lan = networks.create(&on_ens33("lan", "10.0.0.0/8")?)?;
    let mut file = behind(&directory)?;
    let enter = file.transaction()?;
    enter_leases(&enter, 1, (2, 10_002), 8)?;
    // As long as real ones.
    let boot = "UPDATE lease SET boot = '5a1e2b8c-0000-0000-0000-000000000000', \
                netns_path = '/run/netns/' || container";
    enter.execute(boot, [])?;
    enter.commit()?;
    let mut took = Vec::new();
    for _ in 0..LISTINGS {
        let (began, worked) = (Instant::now(), processor_time()?);
        let all = lan.leases()?;
        took.push((began.elapsed(), processor_time()?.saturating_sub(worked)));
        assert_eq!(all.len(), 10_000);
    }
    for (what, of) in [("", 0), (" on the processor", 1)] {
        let all = took.iter().map(|both| if of == 0 { both.0 } else { both.1 });
        let least = all.clone().min().unwrap_or_default();
        let median = median(all.collect()) / 1e3;
        println!("10,000 leases are listed in {median:.1} ms{what}, at best in {least:.1?}");
    }
    Ok(())
}

/// Returns the time of an operation that must return true, in microseconds.
fn taking(mut work: impl FnMut() -> Outcome<bool>) -> Outcome<f64> {
    let mut took = Vec::new();
    for _ in 0..100 {
        let began = Instant::now();
        assert!(work()?);
        took.push(began.elapsed());
    }
    Ok(median(took))
}

/// A name among 10 leases and among 50,000; a network among 10 and among 3,000.
fn what_is_looked_up_is_found_at_once() -> Outcome {
    let (lab, directory) = (Lab::new()?, Directory::new()?);
    let networks = session(&lab.a, &directory, "a")?;
    let lan = networks.create(&on_ens33("lan", "10.0.0.0/8")?)?;
    let mut file = behind(&directory)?;
    let mut took = Vec::new();
    for (leases, others) in [(2..12_u32, 0..10_u32), (12..50_000, 10..3_000)] {
        let enter = file.transaction()?;
        enter_leases(&enter, 1, (leases.start, leases.end), 8)?;
        let networks_too = format!(
            "INSERT INTO network (id, name, created, config) {NUMBERS} \
             SELECT printf('%064x', at), 'other' || at, '', \
             json_object('name', 'other' || at, 'subnets', json_array()) FROM each WHERE ?1"
        );
        enter.execute(&networks_too, params![1, others.start, others.end])?;
        enter.commit()?;
        let (name, network) = (format!("n{}", leases.end - 1), format!("other{}", others.end - 1));
        took.push([
            taking(|| Ok(lan.resolve(&name)?.len() == 1))?,
            taking(|| Ok(lan.resolve("nobody")?.is_empty()))?,
            taking(|| Ok(networks.network(&network)?.name() == network))?,
        ]);
    }
    for (what, (few, many)) in
        ["a name", "no name", "a network"].iter().zip(took[0].iter().zip(took[1]))
    {
        println!(
            "{what} is found in {few:.0} µs among few, {:.2} times that among many",
            many / few
        );
    }
    Ok(())
}

/// Further processes in a namespace, which end when this is dropped.
struct Crowd(Child);

impl Crowd {
    fn start_in(netns: &NetNs, many: u32) -> Outcome<Self> {
        // Each of them reads from a pipe that is never written to.
        let script = format!(
            "exec 3<&0; i=0; \
             while [ $i -lt {many} ]; do (read line <&3) & i=$((i + 1)); done; echo begun; wait"
        );
        let mut shell = Command::new("sh");
        shell.args(["-c", &script]).stdin(Stdio::piped()).stdout(Stdio::piped()).current_dir("/");
        let mut crowd = Self(netns.run(|| shell.spawn())??);
        let mut line = String::new();
        BufReader::new(crowd.0.stdout.take().ok_or("no voice")?).read_line(&mut line)?;
        assert_eq!(line, "begun\n");
        Ok(crowd)
    }
}

impl Drop for Crowd {
    fn drop(&mut self) {
        drop(self.0.stdin.take());
        // It waits for the others, which end as well.
        let _ = self.0.wait();
    }
}

/// Returns the time that this thread works without waiting, in microseconds.
fn working(mut work: impl FnMut() -> Outcome) -> Outcome<f64> {
    let began = processor_time()?;
    work()?;
    Ok(processor_time()?.saturating_sub(began).as_secs_f64() * 1e6)
}

/// A container is disconnected by its id and, after a restart, connected again, where its process
/// is one of few and one of many.
fn containers_among_many_processes() -> Outcome {
    let (lab, directory) = (Lab::new()?, Directory::new()?);
    let networks = session(&lab.a, &directory, "a")?;
    let lan = networks.create(&on_ens33("lan", "10.1.0.0/16")?)?;
    let (container, _) = started()?;
    let inside = NetNs::from_pid(container.pid())?;
    let (_other, other) = started()?;
    let (mut crowd, mut took) = (None, Vec::new());
    for more in [0, PROCESSES] {
        if more > 0 {
            crowd = Some(Crowd::start_in(&other, more)?);
        }
        let (mut disconnects, mut restarts) = (Vec::new(), Vec::new());
        for _ in 0..15 {
            lan.connect(&ConnectOptions::new("c1"), &inside)?;
            disconnects.push(working(|| Ok(lan.disconnect("c1").map(drop)?))?);
        }
        for _ in 0..15 {
            let (container, inside) = started()?;
            restarts.push(working(|| {
                Ok(lan.connect(&ConnectOptions::new("c2"), &inside).map(drop)?)
            })?);
            let mark = NetNsMark::of(&inside)?;
            drop((container, inside));
            eventually("the namespace does not end", || Ok(has_ended(&mark)))?;
        }
        took.push([disconnects, restarts].map(|mut all| {
            all.sort_unstable_by(f64::total_cmp);
            all[all.len() / 2]
        }));
    }
    let one = collecting(&networks, &lan, 1)?;
    let all = collecting(&networks, &lan, 40)?;
    drop(crowd);
    println!(
        "collecting 40 dead takes {:.2} times as long as one, which takes {one:.0} µs, among {PROCESSES} \
         processes",
        all / one
    );
    for (what, (few, many)) in
        ["disconnecting by id", "restarting under an id"].iter().zip(took[0].iter().zip(took[1]))
    {
        let ratio = many / few;
        println!(
            "{what} works for {few:.0} µs, {ratio:.2} times that among {PROCESSES} more processes"
        );
    }
    Ok(())
}

/// Returns the time to collect the leases of containers that have ended, in microseconds.
fn collecting(networks: &Networks, lan: &Network, dead: usize) -> Outcome<f64> {
    // Of the containers before.
    networks.collect()?;
    let mut took = Vec::new();
    for _ in 0..5 {
        let mut marks = Vec::new();
        for number in 0..dead {
            let (_container, inside) = started()?;
            lan.connect(&ConnectOptions::new(format!("dead{number}")), &inside)?;
            marks.push(NetNsMark::of(&inside)?);
        }
        eventually("the namespaces do not end", || Ok(marks.iter().all(has_ended)))?;
        took.push(working(|| {
            let released = networks.collect()?.leases.len();
            assert_eq!(released, dead);
            Ok(())
        })?);
    }
    took.sort_unstable_by(f64::total_cmp);
    Ok(took[2])
}

/// Returns whether the kernel has ended a namespace, as far as this can be seen.
fn has_ended(mark: &NetNsMark) -> bool {
    let mut gone = false;
    NetNs::find_all(&[(mark.inode, mark.cookie)], |_, presence| {
        gone = !matches!(presence, macvlan_core::Presence::There(_));
    });
    gone
}

macvlan_tests::tests! {
    same_on_every_kernel:
    connecting_beside_attaching,
    a_large_pool_is_as_fast_as_a_small_one,
    ten_thousand_leases_are_listed,
    what_is_looked_up_is_found_at_once,
    containers_among_many_processes,
}
macvlan_tests::main! {}
