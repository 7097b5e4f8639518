//! How long it takes, and that it does not grow: printed; what is asserted is only what would be
//! wrong on any machine. Run it in release mode to compare.
#![deny(dead_code)]

mod common;

use std::path::Path;
use std::time::{Duration, Instant};

use common::{behind, on_ens33, session, started, subnet};
use macvlan_core::{Address, Endpoint, NetNs};
use macvlan_network::{Member, NetworkConfig, Networks, SqliteStore};
use macvlan_tests::{Directory, Lab, Outcome};

/// In microseconds.
fn median(mut all: Vec<Duration>) -> f64 {
    all.sort_unstable();
    all[all.len() / 2].as_secs_f64() * 1e6
}

/// What this thread has used of the processor, whoever else is busy on the machine.
fn processor_time() -> Outcome<Duration> {
    use nix::time::{ClockId, clock_gettime};
    Ok(clock_gettime(ClockId::CLOCK_THREAD_CPUTIME_ID)?.into())
}

/// How long syncing a few kilobytes to this disk takes.
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

/// With a store on the disk, and with one in memory, which shows what the disk takes.
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
            // The last two go when the store is closed.
            let _ = std::fs::remove_file(format!("{}{end}", memory.display()));
        }
    }
    Ok(())
}

/// The medians of attaching and connecting, with the same addresses and routes, in microseconds.
fn beside(lab: &Lab, networks: &Networks) -> Outcome<(f64, f64)> {
    let lan = networks.create(&on_ens33("lan", "10.1.0.0/16")?.subnet(subnet("fd00:1::/64")?))?;
    let (mut attach, mut connect) = (Vec::new(), Vec::new());
    for number in 0..60_u8 {
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
        let member = Member::new(format!("c{number}"));
        let began = Instant::now();
        lan.connect(&member, &inside)?;
        connect.push(began.elapsed());
        lan.disconnect_from(&format!("c{number}"), &inside)?;
    }
    Ok((median(attach), median(connect)))
}

/// 50,000 addresses in one pool: the last take as long as the first.
fn a_large_pool_is_as_fast_as_a_small_one() -> Outcome {
    let (lab, directory) = (Lab::new()?, Directory::new()?);
    let networks = session(&lab.a, &directory, "a")?;
    let lan = networks
        .create(&NetworkConfig::new("lan").parent("ens33").subnet(subnet("10.1.0.0/16")?))?;
    // 50,000 leases, every tenth of which is given back: as many gaps. Entered behind the library's
    // back, as nobody has so many containers here; each of them as the library would.
    let mut file = behind(&directory)?;
    let enter = file.transaction()?;
    let number: i64 = enter.query_row("SELECT number FROM network", [], |row| row.get(0))?;
    enter.execute("DELETE FROM gap", [])?;
    let address = |at: u32| {
        u128::from(std::net::Ipv4Addr::new(10, 1, 0, 0).to_bits() + at) | 0xffff_0000_0000
    };
    let blob = |at: u32| address(at).to_be_bytes();
    for at in 2..50_002_u32 {
        if at % 10 == 0 {
            enter.execute(
                "INSERT INTO gap (network, pool, first, last) VALUES (?, 0, ?, ?)",
                rusqlite::params![number, blob(at), blob(at)],
            )?;
            continue;
        }
        let endpoint = format!("{at:064x}");
        let net = format!(
            "{}/16",
            std::net::Ipv4Addr::from_bits(u32::try_from(address(at) & 0xffff_ffff)?)
        );
        enter.execute(
            "INSERT INTO lease (network, container, name, host, endpoint, interface, mac, addresses, \
             default_route, boot, inode, cookie) \
             VALUES (?, ?, ?, 'elsewhere', ?, 'eth0', '02:42:0a:01:00:02', ?, 1, 'b', 1, 1)",
            rusqlite::params![number, format!("c{at}"), format!("n{at}"), endpoint, net],
        )?;
        enter.execute(
            "INSERT INTO address (network, address, endpoint, since) VALUES (?, ?, ?, 0)",
            rusqlite::params![number, blob(at), endpoint],
        )?;
    }
    enter.execute(
        "INSERT INTO gap (network, pool, first, last) VALUES (?, 0, ?, ?)",
        rusqlite::params![number, blob(50_002), blob(65_534)],
    )?;
    enter.commit()?;
    common::sound(&directory)?;

    let small = networks.create(&on_ens33("small", "10.2.0.0/24")?)?;
    let (_container, inside) = started()?;
    let mut took = Vec::new();
    for network in [&small, &lan] {
        let mut each = Vec::new();
        for time in 0..40 {
            let id = format!("new{time}");
            let began = Instant::now();
            network.connect(&Member::new(&id), &inside)?;
            each.push(began.elapsed());
            network.disconnect_from(&id, &inside)?;
        }
        took.push(median(each));
    }
    println!(
        "connect in a pool of 250: {:.0} µs; with 45,000 leases of 65,533: {:.0} µs",
        took[0], took[1]
    );

    let (began, worked) = (Instant::now(), processor_time()?);
    let all = lan.leases()?;
    let (took, worked) = (began.elapsed(), processor_time()?.saturating_sub(worked));
    assert_eq!(all.len(), 45_000);
    println!(
        "10,000 leases listed in {:.1?}, of which {:.1?} on the processor",
        took * 10 / 45,
        worked * 10 / 45
    );
    Ok(())
}

/// How long something takes that has to be so, in microseconds.
fn taking(mut work: impl FnMut() -> Outcome<bool>) -> Outcome<f64> {
    let mut took = Vec::new();
    for _ in 0..200 {
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
    for (leases, others) in [(0..10_u32, 0..10_u32), (10..50_000, 10..3_000)] {
        let enter = file.transaction()?;
        for at in leases.clone() {
            enter.execute(
                "INSERT INTO lease (network, container, name, host, endpoint, interface, mac, addresses, \
                 default_route, boot, inode, cookie) \
                 VALUES (1, ?, ?, 'elsewhere', ?, 'eth0', '02:42:0a:01:00:02', ?, 1, 'b', 1, 1)",
                rusqlite::params![
                    format!("c{at}"),
                    format!("n{at}"),
                    format!("{at:064x}"),
                    format!("{}/8", std::net::Ipv4Addr::from_bits(0x0a00_0002 + at)),
                ],
            )?;
        }
        for at in others.clone() {
            enter.execute(
                "INSERT INTO network (id, name, created, config) VALUES (?, ?, '', ?)",
                rusqlite::params![
                    format!("{at:064x}"),
                    format!("other{at}"),
                    format!(r#"{{"name":"other{at}","subnets":[]}}"#)
                ],
            )?;
        }
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

/// Disconnected by its id, where its process is one of few, and of many more.
fn disconnecting_among_many_processes() -> Outcome {
    let (lab, directory) = (Lab::new()?, Directory::new()?);
    let networks = session(&lab.a, &directory, "a")?;
    let lan = networks.create(&on_ens33("lan", "10.1.0.0/16")?)?;
    let (container, _) = started()?;
    let inside = NetNs::from_pid(container.pid())?;
    let (_other, other) = started()?;
    let mut many = Vec::new();
    let mut took = Vec::new();
    for more in [0, 1_500] {
        for _ in 0..more {
            many.push(macvlan_tests::Container::start_in(&other)?);
        }
        let mut each = Vec::new();
        for _ in 0..30 {
            lan.connect(&Member::new("c1"), &inside)?;
            let began = processor_time()?;
            lan.disconnect("c1")?;
            each.push(processor_time()?.saturating_sub(began));
        }
        took.push(median(each));
    }
    println!(
        "disconnecting by id works for {:.0} µs, {:.2} times that among 1,500 more processes",
        took[0],
        took[1] / took[0]
    );
    Ok(())
}

macvlan_tests::tests! {
    same_on_every_kernel:
    connecting_beside_attaching,
    a_large_pool_is_as_fast_as_a_small_one,
    what_is_looked_up_is_found_at_once,
    disconnecting_among_many_processes,
}
macvlan_tests::main! {}
