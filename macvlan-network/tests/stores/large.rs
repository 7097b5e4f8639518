//! Networks with many gaps, addresses that are released concurrently, and an etcd that refuses.
#![deny(dead_code)]

use std::collections::HashSet;
use std::net::{IpAddr, Ipv4Addr};
use std::time::Duration;

use crate::common::{
    ask, behind, in_etcd, ip, keys, on_ens33, session, sound, subnet, with_stores,
};
use macvlan_core::{Host, NetNs};
use macvlan_network::{
    ConnectOptions, ErrorKind, EtcdOptions, EtcdStore, Network, NetworkConfig, Networks, Result,
};
use macvlan_tests::{Actor, Directory, Etcd, Lab, Outcome, PATIENCE, eventually, is_long, path_of};

/// Returns the configuration of a network with `count` reserved addresses, which are every fourth
/// one.
fn with_reserved(name: &str, net: &str, count: u32) -> Outcome<NetworkConfig> {
    let mut net = subnet(net)?;
    let IpAddr::V4(first) = net.get_net().addr() else { return Err("IPv4".into()) };
    for number in 0..count {
        let address = Ipv4Addr::from_bits(first.to_bits() + 4 + 4 * number);
        net = net.reserve(format!("r{number}"), address.into());
    }
    Ok(NetworkConfig::new(name).parent("ens33").subnet(net))
}

fn join(lan: &Network, container: &str) -> Outcome<Vec<IpAddr>> {
    Ok(lan.connect(&ConnectOptions::new(container), &NetNs::anonymous()?)?.addresses())
}

fn more_gaps_than_one_transaction_has_room_for() -> Outcome {
    with_stores(|networks| {
        for (number, count) in
            [98, 99, 100, 101, 120, 121, 125, 126, 127, 128, 300].into_iter().enumerate()
        {
            let net = format!("10.{number}.0.0/20");
            let lan = networks.create(&with_reserved(&format!("lan{count}"), &net, count)?)?;
            let last =
                Ipv4Addr::from_bits(0x0a00_0000 + (u32::try_from(number)? << 16) + 4 * count);
            let taken = ConnectOptions::new("fixed").address(last.into());
            let error = lan.connect(&taken, &NetNs::anonymous()?).unwrap_err();
            assert_eq!(error.kind(), ErrorKind::AddressUnusable, "{error}");
            assert_eq!(join(&lan, "c1")?, [ip(&format!("10.{number}.0.2"))]);
            assert_eq!(join(&lan, "c2")?, [ip(&format!("10.{number}.0.3"))]);
            assert_eq!(join(&lan, "c3")?, [ip(&format!("10.{number}.0.5"))]);
            let beyond = Ipv4Addr::from_bits(last.to_bits() + 1);
            let free = ConnectOptions::new("c4").address(beyond.into());
            lan.connect(&free, &NetNs::anonymous()?)?;
            let again = with_reserved(&format!("lan{count}"), "10.99.0.0/20", count)?;
            let error = networks.create(&again).unwrap_err();
            assert_eq!(error.kind(), ErrorKind::NetworkExists, "{error}");
        }
        let mut many = NetworkConfig::new("many").parent("ens33");
        for number in 0..64 {
            many = many.subnet(subnet(&format!("10.{}.0.0/24", 100 + number))?);
            many = many.subnet(subnet(&format!("fd00:{number}::/64"))?);
        }
        let many = networks.create(&many)?;
        assert_eq!(join(&many, "c1")?, [ip("10.100.0.2"), ip("fd00::2")]);
        Ok(())
    })
}

/// Creates and removes large networks until it is killed.
fn makes_networks(arguments: &[String]) -> Outcome {
    let [etcd, host] = arguments else { return Err("ETCD HOST".into()) };
    let ttl = Duration::from_secs(2);
    let options = EtcdOptions::new("maker", [Etcd::ENDPOINT]).timeout(PATIENCE).ttl(ttl);
    let store = NetNs::from_path(etcd)?.run(|| EtcdStore::open(&options))??;
    let networks = Networks::new(Host::in_netns(&NetNs::from_path(host)?)?, store)?;
    let config = with_reserved("made", "10.1.0.0/16", 400)?;
    println!("begin");
    loop {
        networks.create(&config)?.remove()?;
    }
}

/// Networks are created atomically, and the remains of a process that was killed are deleted.
fn what_a_maker_left_is_deleted() -> Outcome {
    let (lab, etcd) = (Lab::new()?, Etcd::start()?);
    let networks = in_etcd(&lab.a, &etcd, "a")?;
    let (at, host) = (path_of(etcd.netns()), path_of(&lab.b.netns));
    let (mut kills, mut left) = (0, HashSet::new());
    let wanted = if is_long() { 50 } else { 2 };
    eventually("no maker is killed while it makes a network", || {
        let mut maker = Actor::start("makes_networks", &[&at, &host])?;
        assert_eq!(maker.line()?, "begin");
        eventually("it makes none", || {
            Ok(keys(&etcd, "/macvlan/making/")?.iter().any(|key| !left.contains(key)))
        })?;
        std::thread::sleep(Duration::from_micros(kills * 7919 % 5_000));
        maker.kill()?;
        kills += 1;
        left.extend(keys(&etcd, "/macvlan/making/")?);
        if let Some(made) = networks.list()?.into_iter().find(|one| one.name() == "made") {
            let gaps = keys(&etcd, &format!("/macvlan/gap/{}/", made.id()))?;
            assert_eq!(gaps.len(), 401);
            made.remove()?;
        }
        // An unfinished network may belong to a process that is alive.
        let other = networks.create(&on_ens33("other", "10.2.0.0/24")?)?;
        other.remove()?;
        Ok(left.len() >= wanted)
    })?;
    let lan = networks.create(&on_ens33("lan", "10.2.0.0/24")?)?;
    eventually("what was left is not deleted", || {
        // The last one may have been created when its process was gone.
        networks
            .list()?
            .into_iter()
            .filter(|one| one.name() == "made")
            .try_for_each(Network::remove)?;
        networks.collect()?;
        Ok(keys(&etcd, "/macvlan/making/")?.is_empty())
    })?;
    let gaps = keys(&etcd, "/macvlan/gap/")?;
    assert_eq!(gaps.len(), 1, "{gaps:?}");
    assert_eq!(join(&lan, "c1")?, [ip("10.2.0.2")]);
    println!("{kills} killed, {} of them while they made a network", left.len());
    Ok(())
}

/// Releases addresses from threads that start at the same moment.
fn give_back_at_once(lan: &Network, addresses: &[IpAddr]) {
    let barrier = std::sync::Barrier::new(addresses.len());
    let give_back = |address: IpAddr| -> Result<bool> {
        barrier.wait();
        lan.remove_conflicting_address(address)
    };
    let give_back = &give_back;
    std::thread::scope(|scope| {
        let all: Vec<_> =
            addresses.iter().map(|address| scope.spawn(move || give_back(*address))).collect();
        for one in all {
            assert!(one.join().unwrap().unwrap());
        }
    });
}

/// Releases neighbours, which leave one gap, and every second one, which leaves the others.
fn gaps_are_one(networks: &Networks, gaps: impl Fn(&Network) -> Outcome<usize>) -> Outcome {
    let config = on_ens33("lan", "10.1.0.0/24")?.subnet(subnet("fd00:1::/64")?);
    let lan = networks.create(&config)?;
    let addresses = |hosts: std::iter::StepBy<std::ops::Range<u8>>| -> Vec<IpAddr> {
        hosts
            .flat_map(|host| [ip(&format!("10.1.0.{host}")), ip(&format!("fd00:1::{host:x}"))])
            .collect()
    };
    let (some, others) = (addresses((2..18).step_by(2)), addresses((3..18).step_by(2)));
    let all = [&some[..], &others].concat();
    let rounds = if is_long() { 100 } else { 6 };
    for round in 0..rounds {
        all.iter().try_for_each(|address| lan.add_conflicting_address(*address))?;
        assert_eq!(gaps(&lan)?, 2, "round {round}");
        if round % 2 == 1 {
            give_back_at_once(&lan, &some);
            assert_eq!(gaps(&lan)?, 2 * 9, "round {round}");
            give_back_at_once(&lan, &others);
        } else {
            give_back_at_once(&lan, &all);
        }
        assert_eq!(gaps(&lan)?, 2, "round {round}");
    }
    Ok(())
}

fn neighbours_leave_one_gap_in_a_file() -> Outcome {
    let (lab, directory) = (Lab::new()?, Directory::new()?);
    let networks = session(&lab.a, &directory, "a")?;
    gaps_are_one(&networks, |_| {
        sound(&directory)?;
        Ok(behind(&directory)?.query_row("SELECT count(*) FROM gap", [], |row| row.get(0))?)
    })
}

fn neighbours_leave_one_gap_in_etcd() -> Outcome {
    let (lab, etcd) = (Lab::new()?, Etcd::start()?);
    let options = EtcdOptions::new("a", [Etcd::ENDPOINT]).timeout(PATIENCE);
    let store = etcd.netns().run(|| EtcdStore::open(&options))??;
    let networks = Networks::new(lab.a.host.clone(), store)?;
    gaps_are_one(&networks, |lan| Ok(keys(&etcd, &format!("/macvlan/gap/{}/", lan.id()))?.len()))
}

/// etcd's space is used up: it answers, but accepts no changes.
fn a_refused_change_does_not_stop_reads() -> Outcome {
    let lab = Lab::new()?;
    let etcd = Etcd::with_options(["--quota-backend-bytes", "4194304"])?;
    let networks = in_etcd(&lab.a, &etcd, "a")?;
    let lan = networks.create(&on_ens33("lan", "10.1.0.0/24")?)?;
    join(&lan, "c1")?;
    let filler = "x".repeat(500_000);
    let full =
        (0..100).find_map(|number| crate::common::put(&etcd, &format!("/{number}"), &filler).err());
    assert!(full.is_some(), "etcd has room for all of it");
    for _ in 0..2 {
        let error = lan.connect(&ConnectOptions::new("c2"), &NetNs::anonymous()?).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::StoreUnavailable, "{error}");
        assert!(error.to_string().contains("its space is used up"), "{error}");
        assert_eq!(lan.leases()?.len(), 1);
        assert!(lan.lease("c1")?.is_some() && lan.lease("c2")?.is_none());
        assert_eq!(networks.list()?.len(), 1);
        assert_eq!(lan.resolve("c1")?, [ip("10.1.0.2")]);
    }
    // Nothing has to be cleaned up when there is space again.
    let alarm = |action| {
        ask(&etcd, |mut client| async move {
            client.alarm(action, etcd_client::AlarmType::Nospace, None).await.map(drop)
        })
    };
    alarm(etcd_client::AlarmAction::Deactivate)?;
    let deleted = etcd_client::DeleteOptions::new().with_range("/:");
    ask(&etcd, |mut client| async move { client.delete("/0", Some(deleted)).await.map(drop) })?;
    assert_eq!(lan.leases()?.len(), 1);
    Ok(())
}

/// Each reason why etcd cannot be used is described, without gRPC's terms.
fn why_etcd_cannot_be_used_is_plain() -> Outcome {
    let etcd = Etcd::start()?;
    let open = |endpoint: &str| {
        let options = EtcdOptions::new("a", [endpoint]).timeout(Duration::from_secs(2));
        etcd.netns().run(|| EtcdStore::open(&options))
    };
    for (endpoint, kind, words) in [
        ("http://127.0.0.1:1", ErrorKind::StoreUnavailable, "connection refused"),
        ("http://10.9.9.9:2379", ErrorKind::StoreUnavailable, "network is unreachable"),
        ("http://root:pw@127.0.0.1:2379", ErrorKind::InvalidValue, "has a user in it"),
        ("https://127.0.0.1:2379", ErrorKind::InvalidValue, "takes a CA"),
    ] {
        let error = open(endpoint)?.unwrap_err();
        assert_eq!(error.kind(), kind, "{error}");
        assert!(error.to_string().contains(words), "no {words:?} in: {error}");
        assert!(!error.to_string().contains("os error"), "{error}");
        assert_plain(&error);
    }
    let none: [&str; 0] = [];
    let error = EtcdStore::open(&EtcdOptions::new("a", none)).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::InvalidValue, "{error}");
    open("127.0.0.1:2379")??;
    Ok(())
}

#[track_caller]
pub(crate) fn assert_plain(error: &macvlan_network::Error) {
    let mut whole = vec![error.to_string()];
    let mut source = std::error::Error::source(error);
    while let Some(error) = source {
        whole.push(error.to_string());
        source = error.source();
    }
    let whole = whole.join("; ");
    for raw in ["grpc", "status:", "details:", "metadata", "etcdserver", "tonic", "Unavailable"] {
        assert!(!whole.contains(raw), "{raw:?} in: {whole}");
    }
}

macvlan_tests::tests! {
    same_on_every_kernel:
    more_gaps_than_one_transaction_has_room_for,
    what_a_maker_left_is_deleted,
    neighbours_leave_one_gap_in_a_file,
    neighbours_leave_one_gap_in_etcd,
    a_refused_change_does_not_stop_reads,
    why_etcd_cannot_be_used_is_plain;
    parts: makes_networks,
}
