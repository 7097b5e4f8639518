//! Many hosts with one etcd: shares, names, hosts that die, and an etcd that is away.
#![deny(dead_code)]

use std::collections::HashSet;
use std::net::IpAddr;
use std::time::{Duration, Instant};

use crate::common::{ip, on_ens33, pairs, started};
use macvlan_core::NetNs;
use macvlan_network::{
    Allocation, ConnectOptions, ErrorKind, EtcdOptions, EtcdStore, Networks, Result,
};
use macvlan_tests::{
    Etcd, Fault, Lab, LabHost, Outcome, PATIENCE, Way, eventually, ip_addresses, ip_lines, ping,
};

/// Opens a session that waits patiently for etcd, and counts as alive for the whole test.
fn session(etcd: &Etcd, host: &LabHost, name: &str) -> Outcome<Networks> {
    session_for(etcd, host, name, PATIENCE, 10 * PATIENCE)
}

/// Opens a session that soon reports that etcd is away, and soon counts as dead after its process.
fn brief_session(etcd: &Etcd, host: &LabHost, name: &str) -> Outcome<Networks> {
    session_for(etcd, host, name, Duration::from_secs(2), Duration::from_secs(2))
}

fn session_for(
    etcd: &Etcd,
    host: &LabHost,
    name: &str,
    timeout: Duration,
    ttl: Duration,
) -> Outcome<Networks> {
    let options = EtcdOptions::new(name, [Etcd::ENDPOINT]).timeout(timeout).ttl(ttl);
    let store = etcd.netns().run(|| EtcdStore::open(&options))??;
    Ok(Networks::new(host.host.clone(), store)?)
}

/// One network with containers on both hosts: no address is given twice, and all are found by name.
fn a_network_over_two_hosts() -> Outcome {
    let (lab, etcd) = (Lab::with_addresses(&[], &[])?, Etcd::start()?);
    let (a, b) = (session(&etcd, &lab.a, "a")?, session(&etcd, &lab.b, "b")?);
    a.create(&on_ens33("lan", "10.1.0.0/24")?)?;
    let (on_a, on_b) = (a.network("lan")?, b.network("lan")?);
    let mut people = Vec::new();
    for number in 0..4 {
        let (container, inside) = started()?;
        let network = if number % 2 == 0 { &on_a } else { &on_b };
        let options = ConnectOptions::new(format!("c{number}")).name(format!("test{number}"));
        network.connect(&options, &inside)?;
        people.push((container, inside));
    }
    for number in 0..4 {
        let name = format!("test{number}");
        let found = on_b.resolve(&name)?;
        assert_eq!(found, on_a.resolve(&name)?);
        assert_eq!(found, [ip(&format!("10.1.0.{}", number + 2))]);
        for (_, inside) in &people {
            assert!(ping(inside, found[0].to_string().as_str()).is_some(), "{name}");
        }
    }
    assert_eq!(on_b.hosts()?.lines().count(), 4);
    assert_eq!(on_a.inspect()?["Scope"], "global");
    // A container on another host is neither disconnected nor collected here.
    let error = on_a.disconnect("c1").unwrap_err();
    assert!(error.to_string().contains("connected on host \"b\""), "{error}");
    assert!(a.collect()?.leases.is_empty() && b.collect()?.leases.is_empty());
    assert!(a.reconcile()?.is_empty() && b.reconcile()?.is_empty());
    Ok(())
}

/// Each host takes eight addresses at a time; those of a dead host are returned.
fn shares_of_hosts() -> Outcome {
    let (lab, etcd) = (Lab::with_addresses(&[], &[])?, Etcd::start()?);
    let (a, b) = (session(&etcd, &lab.a, "a")?, brief_session(&etcd, &lab.b, "b")?);
    a.create(&on_ens33("lan", "10.1.0.0/27")?.block_size(8))?;
    let (on_a, on_b) = (a.network("lan")?, b.network("lan")?);
    let mut people = Vec::new();
    let mut join = |network: &macvlan_network::Network, container: &str| -> Outcome<String> {
        let inside = NetNs::anonymous()?;
        let connection = network.connect(&ConnectOptions::new(container), &inside)?;
        people.push(inside);
        Ok(connection.addresses()[0].to_string())
    };
    assert_eq!(join(&on_a, "a0")?, "10.1.0.2");
    assert_eq!(join(&on_b, "b0")?, "10.1.0.10");
    assert_eq!(join(&on_a, "a1")?, "10.1.0.3");
    for number in 2..9 {
        join(&on_a, &format!("a{number}"))?;
    }
    assert_eq!(join(&on_a, "a9")?, "10.1.0.19", "a second share");
    // Host b dies, with its container and seven addresses that it has not given.
    drop((on_b, b));
    let mut collected = Vec::new();
    eventually("the host does not die", || {
        let is_dead = a.store().living_hosts()? == Some(vec!["a".to_owned()]);
        collected = a.collect()?.leases;
        assert!(!is_dead || !collected.is_empty(), "nothing is collected of a dead host");
        Ok(!collected.is_empty())
    })?;
    assert_eq!(collected.len(), 1);
    assert_eq!((collected[0].container.as_str(), collected[0].host.as_str()), ("b0", "b"));
    let mut all = HashSet::new();
    for number in 10..29 {
        assert!(all.insert(join(&on_a, &format!("a{number}"))?));
    }
    assert!(all.contains("10.1.0.10") && all.contains("10.1.0.17"), "{all:?}");
    let error = on_a.connect(&ConnectOptions::new("late"), &NetNs::anonymous()?).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::PoolExhausted, "{error}");
    // The host returns: its container still has its address, which another one was given.
    let b = session(&etcd, &lab.b, "b")?;
    let done = b.reconcile()?;
    assert_eq!(done.len(), 1, "{done:?}");
    assert!(done[0].to_string().contains("10.1.0.10"), "{}", done[0]);
    Ok(())
}

/// A dead host keeps no lease that another container needs: its containers can be disconnected, and
/// their addresses and names given. While it is alive, they cannot.
fn what_a_dead_host_has_is_given() -> Outcome {
    let (lab, etcd) = (Lab::with_addresses(&[], &[])?, Etcd::start()?);
    let (a, b) = (session(&etcd, &lab.a, "a")?, brief_session(&etcd, &lab.b, "b")?);
    a.create(&on_ens33("lan", "10.1.0.0/24")?)?;
    let (on_a, on_b) = (a.network("lan")?, b.network("lan")?);
    let inside = [NetNs::anonymous()?, NetNs::anonymous()?, NetNs::anonymous()?];
    let request = |id: &str| ConnectOptions::new(id).name("web").address(ip("10.1.0.9"));
    on_b.connect(&request("b1"), &inside[0])?;
    on_b.connect(&ConnectOptions::new("b2"), &inside[1])?;
    let options = ConnectOptions::new("a1").address(ip("10.1.0.9"));
    let error = on_a.connect(&options, &inside[2]).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::AddressTaken, "{error}");
    let error = on_a.disconnect("b2").unwrap_err();
    assert!(error.to_string().contains("connected on host \"b\""), "{error}");
    assert_eq!(on_a.inspect()?["Containers"]["b2"]["Namespace"], "unknown");
    drop((on_b, b));
    eventually("the host does not die", || {
        Ok(a.store().living_hosts()? == Some(vec!["a".to_owned()]))
    })?;
    assert_eq!(on_a.inspect()?["Containers"]["b2"]["Namespace"], "gone");
    on_a.connect(&request("a1"), &inside[2])?;
    on_a.disconnect("b2")?;
    let all: Vec<String> = on_a.leases()?.into_iter().map(|lease| lease.container).collect();
    assert_eq!(all, ["a1"]);
    Ok(())
}

/// etcd is away: connected containers are not affected, no other can be connected, no address is
/// given twice, and everything works when etcd returns.
fn etcd_is_away() -> Outcome {
    let (lab, mut etcd) = (Lab::with_addresses(&[], &[])?, Etcd::start()?);
    let (a, b) = (brief_session(&etcd, &lab.a, "a")?, brief_session(&etcd, &lab.b, "b")?);
    a.create(&on_ens33("lan", "10.1.0.0/24")?)?;
    let (on_a, on_b) = (a.network("lan")?, b.network("lan")?);
    let (_one, one) = started()?;
    let (_two, two) = started()?;
    let (_three, three) = started()?;
    on_a.connect(&ConnectOptions::new("c1"), &one)?;
    on_b.connect(&ConnectOptions::new("c2"), &two)?;
    for is_long in [true, false] {
        etcd.stop()?;
        for network in [&on_a, &on_b] {
            let began = Instant::now();
            let error = network.connect(&ConnectOptions::new("c3"), &three).unwrap_err();
            assert_eq!(error.kind(), ErrorKind::StoreUnavailable, "{error}");
            assert!(began.elapsed() < PATIENCE);
        }
        let error = on_a.disconnect("c1").unwrap_err();
        assert_eq!(error.kind(), ErrorKind::StoreUnavailable, "{error}");
        assert_eq!(ip_lines(&three, "-o link show").len(), 1);
        assert!(ping(&one, "10.1.0.3").is_some(), "what runs goes on");
        if is_long {
            // For longer than a host may be silent.
            std::thread::sleep(Duration::from_secs(3));
        }
        etcd.start_again()?;
        let connection = on_b.connect(&ConnectOptions::new("c3"), &three)?;
        assert_eq!(connection.addresses(), [ip("10.1.0.4")]);
        assert!(ping(&three, "10.1.0.2").is_some());
        on_b.disconnect("c3")?;
    }
    assert_eq!(on_a.leases()?.len(), 2);
    assert!(a.reconcile()?.is_empty() && b.reconcile()?.is_empty());
    drop((a, on_a));
    etcd.stop()?;
    let options = EtcdOptions::new("a", [Etcd::ENDPOINT]).timeout(Duration::from_secs(1));
    let error = etcd.netns().run(|| EtcdStore::open(&options))?.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::StoreUnavailable, "{error}");
    Ok(())
}

/// Retries until etcd can be reached again, like a caller that has lost its connection.
fn when_there<T>(work: impl Fn() -> Result<T>) -> Outcome<T> {
    let mut done = None;
    eventually("etcd cannot be reached", || {
        done = match work() {
            Err(error) if error.kind() == ErrorKind::StoreUnavailable => None,
            result => Some(result?),
        };
        Ok(done.is_some())
    })?;
    Ok(done.ok_or("nothing was done")?)
}

/// Two processes of one host connect one container. etcd's answer to the first is lost, or comes
/// too late: the second finds the lease and keeps it in either case.
fn what_goes_unanswered_does_not_come_late() -> Outcome {
    let (lab, etcd) = (Lab::with_addresses(&[], &[])?, Etcd::start()?);
    let way = Way::open(&etcd)?;
    let options = EtcdOptions::new("a", [Way::ENDPOINT]).timeout(Duration::from_secs(2));
    let store = etcd.netns().run(|| EtcdStore::open(&options))??;
    let (first, second) = (Networks::new(lab.a.host.clone(), store)?, session(&etcd, &lab.a, "a")?);
    second.create(&on_ens33("lan", "10.1.0.0/24")?)?;
    let (by_first, by_second) = (first.network("lan")?, second.network("lan")?);
    let (_one, one) = started()?;
    let (_other, other) = started()?;
    let (c1, c2) = (ConnectOptions::new("c1"), ConnectOptions::new("c2"));

    // The lease is stored, but the first process gets no answer.
    way.goes_wrong("\"endpoint\"", Fault::AnswerLost);
    let error = by_first.connect(&c1, &one).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::StoreUnavailable, "{error}");
    let lease = by_second.lease("c1")?.ok_or("etcd was not asked")?;
    assert_eq!(by_second.connect(&c1, &one)?.lease(), &lease);
    way.works_again();
    // A lease that it may have left is released before anything else.
    let connected = when_there(|| by_first.connect(&c2, &other))?;
    assert_eq!(connected.addresses(), [ip("10.1.0.3")]);
    assert_eq!(by_second.lease("c1")?, Some(lease.clone()));

    // The interface is gone and the lease about to be released, when the other process connects
    // again.
    let connects = || by_second.connect(&c1, &one).map(|again| assert_eq!(again.lease(), &lease));
    let reconciles = || second.reconcile().map(|done| assert_eq!(done.len(), 1, "{done:?}"));
    for goes_on in [&connects as &dyn Fn() -> Result<()>, &reconciles] {
        way.goes_wrong("\"released\"", Fault::RequestLate);
        let error = by_first.disconnect_from("c1", &one).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::StoreUnavailable, "{error}");
        goes_on()?;
        way.works_again();
        when_there(|| by_first.lease("c2"))?;
        std::thread::sleep(Duration::from_millis(500));
        assert_eq!(by_second.lease("c1")?.as_ref(), Some(&lease));
        assert_eq!(ip_addresses(&one, "eth0"), ["10.1.0.2/24"]);
    }

    // No process has confirmed the unknown lease, so it is released.
    way.goes_wrong("\"endpoint\"", Fault::AnswerLost);
    let error = by_first.connect(&ConnectOptions::new("c3"), &other).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::StoreUnavailable, "{error}");
    assert!(by_second.lease("c3")?.is_some());
    way.works_again();
    assert_eq!(when_there(|| by_first.leases())?.len(), 2);
    assert_eq!(by_second.lease("c3")?, None);
    Ok(())
}

/// An address is requested while the share that has it moves to the common pool.
fn an_address_of_a_share_that_moves_is_in_no_gap() -> Outcome {
    let (lab, etcd) = (Lab::with_addresses(&[], &[])?, Etcd::start()?);
    let (one, two) = (session(&etcd, &lab.a, "a")?, session(&etcd, &lab.a, "a")?);
    one.create(&on_ens33("lan", "10.1.0.0/24")?.block_size(8))?;
    let (lan, mut tried) = (one.network("lan")?, 0);
    for round in 0..10_u64 {
        let name = format!("c{round}");
        let dying = brief_session(&etcd, &lab.b, &name)?;
        let on_it = dying.network("lan")?;
        let first = on_it.allocate(&Allocation::new())?;
        on_it.disconnect(&first.container)?;
        drop((on_it, dying));
        eventually("the host does not die", || {
            Ok(one.store().living_hosts()? == Some(vec!["a".to_owned()]))
        })?;
        let number = |address: IpAddr| match address {
            IpAddr::V4(v4) => 0xffff_0000_0000 + u128::from(u32::from(v4)),
            IpAddr::V6(v6) => v6.into(),
        };
        let wanted = match first.addresses[0].addr() {
            IpAddr::V4(v4) => IpAddr::from((u32::from(v4) + 1).to_be_bytes()),
            IpAddr::V6(_) => return Err("it is IPv6".into()),
        };
        let leased = std::thread::scope(|scope| -> Outcome<_> {
            let leasing = scope.spawn(|| lan.allocate(&Allocation::new().address(wanted)));
            std::thread::sleep(Duration::from_micros(150 * round));
            two.collect()?;
            Ok(leasing.join().map_err(|_| "it panicked")??)
        })?;
        for (key, last) in pairs(&etcd, "/macvlan/gap/")? {
            let first = key.rsplit('/').next().unwrap_or_default();
            let (first, last) =
                (u128::from_str_radix(first, 16)?, u128::from_str_radix(&last, 16)?);
            let at = number(wanted);
            assert!(!(first..=last).contains(&at), "in round {round}, {wanted} is in {key}");
            tried += 1;
        }
        lan.disconnect(&leased.container)?;
    }
    assert!(tried > 0);
    Ok(())
}

macvlan_tests::tests! {
    same_on_every_kernel:
    a_network_over_two_hosts,
    shares_of_hosts,
    an_address_of_a_share_that_moves_is_in_no_gap,
    what_a_dead_host_has_is_given,
    etcd_is_away,
    what_goes_unanswered_does_not_come_late,
}
