//! Changes of networks that do not fit into one etcd transaction: they are atomic for concurrent
//! users, and at whatever moment the process ends.
#![deny(dead_code)]

use std::collections::{BTreeSet, HashSet};
use std::net::{IpAddr, Ipv4Addr};
use std::time::Duration;

use crate::common::{ask, in_etcd, ip, keys, on_ens33, session, sound, subnet, with_stores};
use crate::leases::People;
use crate::update::change_while_containers_come_and_go;
use macvlan_core::{Host, NetNs};
use macvlan_network::{
    ConnectOptions, ErrorKind, EtcdOptions, EtcdStore, Network, NetworkConfig, Networks, Subnet,
};
use macvlan_tests::{Actor, Directory, Etcd, Lab, Outcome, PATIENCE, eventually, is_long, path_of};

const COUNT: u32 = 400;

fn address(number: u32) -> IpAddr {
    Ipv4Addr::from_bits(0x0a01_0000 + number).into()
}

fn with(subnet: Subnet) -> NetworkConfig {
    NetworkConfig::new("lan").parent("ens33").subnet(subnet)
}

/// Reserves every fourth address.
fn reserved(offset: u32) -> Outcome<NetworkConfig> {
    let mut net = subnet("10.1.0.0/20")?;
    for number in 0..COUNT {
        net = net.reserve(format!("r{number}"), address(4 + 4 * number + offset));
    }
    Ok(with(net))
}

/// Gives two of four addresses.
fn ranges(offset: u32) -> Outcome<NetworkConfig> {
    let mut net = subnet("10.1.0.0/20")?;
    for number in 0..COUNT {
        let first = 4 + 4 * number + offset;
        net = net.range(format!("{}-{}", address(first), address(first + 1)).parse()?);
    }
    Ok(with(net))
}

fn many_addresses_are_reserved_and_free_again() -> Outcome {
    with_stores(|networks| {
        let plain = on_ens33("lan", "10.1.0.0/20")?;
        let lan = networks.create(&plain)?;
        let mut people = People::default();
        assert_eq!(people.one(&lan, "c1")?, "10.1.0.2");
        people.join(&lan, &ConnectOptions::new("c2").address(ip("10.1.1.101")))?;
        for offset in [0, 2, 0] {
            let changed = networks.network("lan")?.update(&reserved(offset)?)?;
            assert_eq!((changed.outdated.len(), changed.unaffected.len()), (0, 2));
            let last = address(4 * COUNT + offset);
            // Also with a handle on the network before the change.
            for network in [&lan, &changed.network, &networks.network("lan")?] {
                let taken = ConnectOptions::new("fixed").address(last);
                let error = network.connect(&taken, &NetNs::anonymous()?).unwrap_err();
                assert_eq!(error.kind(), ErrorKind::AddressUnusable, "{error}");
                let named =
                    network.connect(&ConnectOptions::new("n").name("r7"), &NetNs::anonymous()?)?;
                assert_eq!(named.addresses(), [address(4 + 4 * 7 + offset)]);
                network.disconnect("n")?;
            }
        }
        let in_the_way = reserved(1)?;
        let error = networks.network("lan")?.update(&in_the_way).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::NetworkInUse, "{error}");
        for end in [3, 5, 6, 7, 9] {
            let container = format!("n{end}");
            assert_eq!(people.one(&lan, &container)?, format!("10.1.0.{end}"));
        }
        let lan = networks.network("lan")?.update(&plain)?.network;
        for end in [4, 8] {
            let container = format!("n{end}");
            assert_eq!(people.one(&lan, &container)?, format!("10.1.0.{end}"));
        }
        let held = lan.leases()?;
        held.iter().try_for_each(|lease| lan.disconnect(&lease.container).map(drop))?;
        lan.update(&reserved(0)?)?.network.remove()?;
        networks.create(&plain)?.remove()?;
        Ok(())
    })
}

/// Returns the keys in etcd with a prefix, without the prefix, and their values.
fn entries(etcd: &Etcd, prefix: &str) -> Outcome<Vec<(String, String)>> {
    let options = etcd_client::GetOptions::new().with_prefix();
    let found = ask(etcd, |mut client| async move { client.get(prefix, Some(options)).await })?;
    let entry = |kv: &etcd_client::KeyValue| -> Outcome<(String, String)> {
        let key = kv.key_str()?.strip_prefix(prefix).unwrap_or_default();
        Ok((key.to_owned(), kv.value_str()?.to_owned()))
    };
    found.kvs().iter().map(entry).collect()
}

fn number(digits: &str) -> Outcome<u32> {
    let digits = digits.rsplit('/').next().unwrap_or_default();
    Ok(u32::try_from(u128::from_str_radix(digits, 16)? & 0xffff)?)
}

/// Checks that each address that a network gives is in exactly one of its gaps or has a holder, and
/// no other address is. Returns the prefix of its gaps' keys.
fn assert_gaps(etcd: &Etcd, lan: &Network) -> Outcome<String> {
    let record = || entries(etcd, &format!("/macvlan/net/{}", lan.id()));
    let mut now = Vec::new();
    let (mut gaps, mut held, mut prefix) = (Vec::new(), Vec::new(), String::new());
    // The last request of a killed process may still be executed.
    eventually("the network does not come to rest", || {
        now = record()?;
        let (_, text) = now.first().ok_or("no network")?;
        let stored: serde_json::Value = serde_json::from_str(text)?;
        let id = stored["gaps"].as_str().unwrap_or(lan.id());
        prefix = format!("/macvlan/gap/{id}/");
        gaps = entries(etcd, &prefix)?;
        held = entries(etcd, &format!("/macvlan/addr/{}/", lan.id()))?;
        Ok(record()? == now)
    })?;
    let mut free = BTreeSet::new();
    for (first, last) in &gaps {
        for one in number(first)?..=number(last)? {
            assert!(free.insert(one), "{one} is in two gaps");
        }
    }
    for (one, _) in &held {
        assert!(!free.remove(&number(one)?), "{one} is held and free");
    }
    // Some of the leased addresses are outside of the ranges.
    let given: BTreeSet<u32> = [0, 2]
        .into_iter()
        .find(|offset| ranges(*offset).is_ok_and(|config| config == *lan.config()))
        .map(|offset| (0..COUNT).flat_map(|n| [4 + 4 * n + offset, 5 + 4 * n + offset]).collect())
        .ok_or("it is neither as it was nor as it was to be")?;
    let held: BTreeSet<u32> = held.iter().map(|(one, _)| number(one)).collect::<Outcome<_>>()?;
    assert_eq!(free, given.difference(&held).copied().collect());
    Ok(prefix)
}

fn while_containers_come_and_go_in_a_file() -> Outcome {
    let (lab, directory) = (Lab::new()?, Directory::new()?);
    let networks = session(&lab.a, &directory, "a")?;
    change_while_containers_come_and_go(&networks, &[ranges(0)?, ranges(2)?], 3)?;
    assert_eq!(sound(&directory)?, 12);
    Ok(())
}

fn while_containers_come_and_go_in_etcd() -> Outcome {
    let (lab, etcd) = (Lab::new()?, Etcd::start()?);
    let options = EtcdOptions::new("a", [Etcd::ENDPOINT]).timeout(PATIENCE);
    let store = etcd.netns().run(|| EtcdStore::open(&options))??;
    let networks = Networks::new(lab.a.host.clone(), store)?;
    change_while_containers_come_and_go(&networks, &[ranges(0)?, ranges(2)?], 3)?;
    let prefix = assert_gaps(&etcd, &networks.network("lan")?)?;
    assert_eq!(keys(&etcd, "/macvlan/gap/")?, keys(&etcd, &prefix)?, "nothing is left");
    assert!(keys(&etcd, "/macvlan/making/")?.is_empty());
    Ok(())
}

/// Changes a network back and forth until it is killed.
fn changes_a_network(arguments: &[String]) -> Outcome {
    let [etcd, host] = arguments else { return Err("ETCD HOST".into()) };
    let ttl = Duration::from_secs(2);
    let options = EtcdOptions::new("changer", [Etcd::ENDPOINT]).timeout(PATIENCE).ttl(ttl);
    let store = NetNs::from_path(etcd)?.run(|| EtcdStore::open(&options))??;
    let networks = Networks::new(Host::in_netns(&NetNs::from_path(host)?)?, store)?;
    let configs = [ranges(0)?, ranges(2)?];
    println!("begin");
    for config in configs.iter().cycle() {
        networks.network("lan")?.update(config)?;
    }
    Ok(())
}

fn a_network_is_as_it_was_or_as_it_was_to_be() -> Outcome {
    let (lab, etcd) = (Lab::new()?, Etcd::start()?);
    let networks = in_etcd(&lab.a, &etcd, "a")?;
    let lan = networks.create(&ranges(0)?)?;
    let mut people = People::default();
    assert_eq!(people.one(&lan, "stays")?, "10.1.0.4");
    let (at, host) = (path_of(etcd.netns()), path_of(&lab.b.netns));
    let (mut kills, mut left) = (0, HashSet::new());
    let wanted = if is_long() { 50 } else { 3 };
    eventually("no process is killed while it changes the network", || {
        let mut changer = Actor::start("changes_a_network", &[&at, &host])?;
        assert_eq!(changer.line()?, "begin");
        eventually("it changes none", || {
            Ok(keys(&etcd, "/macvlan/making/")?.iter().any(|key| !left.contains(key)))
        })?;
        std::thread::sleep(Duration::from_micros(kills * 7919 % 20_000));
        changer.kill()?;
        kills += 1;
        left.extend(keys(&etcd, "/macvlan/making/")?);
        let mut prefix = String::new();
        eventually("what it has asked for last is not done", || {
            let before = networks.network("lan")?;
            prefix = assert_gaps(&etcd, &before)?;
            Ok(networks.network("lan")?.config() == before.config())
        })?;
        // The containers do not notice.
        let inside = NetNs::anonymous()?;
        lan.connect(&ConnectOptions::new(format!("c{kills}")), &inside)?;
        assert_eq!(assert_gaps(&etcd, &networks.network("lan")?)?, prefix);
        Ok(left.len() >= wanted)
    })?;
    eventually("what was left is not deleted", || {
        networks.collect()?;
        Ok(keys(&etcd, "/macvlan/making/")?.is_empty())
    })?;
    let lan = networks.network("lan")?;
    let prefix = assert_gaps(&etcd, &lan)?;
    assert_eq!(keys(&etcd, "/macvlan/gap/")?, keys(&etcd, &prefix)?);
    // In any state, it can be changed and removed.
    let lan = lan.update(&ranges(0)?)?.network;
    let lan = lan.update(&ranges(2)?)?.network;
    assert_gaps(&etcd, &lan)?;
    lan.disconnect("stays")?;
    networks.collect()?;
    lan.remove()?;
    assert!(keys(&etcd, "/macvlan/gap/")?.is_empty());
    println!("{kills} killed, {} of them while they changed a network", left.len());
    Ok(())
}

macvlan_tests::tests! {
    same_on_every_kernel:
    many_addresses_are_reserved_and_free_again,
    while_containers_come_and_go_in_a_file,
    while_containers_come_and_go_in_etcd,
    a_network_is_as_it_was_or_as_it_was_to_be;
    parts: changes_a_network,
}
