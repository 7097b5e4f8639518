//! An address in use is found before it is used, and the probe changes no other host's state.
#![deny(dead_code)]

use std::net::IpAddr;
use std::time::{Duration, Instant};

use macvlan_core::{Endpoint, ErrorKind, Link, MacvlanOptions, Mode, NetNs, Probe, Result};
use macvlan_tests::{
    Container, Lab, Need, Outcome, PATIENCE, Snapshot, Stage, Wire, eventually, ip, ip_addresses,
    ip_do, ip_lines, ip_link, need, on_each_kernel, ping, quick, sysctl,
};

/// Quick, but patient with the kernel, whose check of an IPv6 address takes up to two seconds.
fn eth0() -> Result<Endpoint> {
    Ok(Endpoint::new("eth0", "ens33")?.probe(Probe::quick().deadline(PATIENCE)))
}

/// Returns the neighbour entries of a namespace as `ip` shows them, without their states.
fn neighbours(netns: &NetNs) -> Vec<String> {
    let told = ip(netns, "neigh show");
    let entry = |entry: &serde_json::Value| format!("{} {}", entry["dst"], entry["lladdr"]);
    told.as_array().into_iter().flatten().map(entry).collect()
}

/// A station on the other host that has 192.168.15.5 and `fd15::5`, and that the other host knows.
fn station(lab: &Lab) -> Outcome<Container> {
    let container = Container::start()?;
    let endpoint = Endpoint::new("eth0", "ens33")?
        .mac("02:42:00:00:00:05".parse()?)
        .address("192.168.15.5/24".parse()?)
        .address("fd15::5/64 nodad".parse()?);
    lab.b.host.attach(&endpoint, &container.netns()?)?;
    Ok(container)
}

/// A container next to the station that has talked to it.
fn acquaintance(lab: &Lab) -> Outcome<Container> {
    let container = Container::start()?;
    let endpoint = Endpoint::new("eth0", "ens33")?.address("192.168.15.7/24".parse()?);
    lab.b.host.attach(&endpoint, &container.netns()?)?;
    assert!(ping(&container.netns()?, "192.168.15.5").is_some());
    Ok(container)
}

/// The basic case: a station on the other host has the address.
fn an_address_in_use_is_refused_without_side_effects() -> Outcome {
    on_each_kernel();
    let stage = Stage::set()?;
    let _station = station(&stage.lab)?;
    let knows = acquaintance(&stage.lab)?.netns()?;
    // The hosts know it too: host b, which cannot reach its own macvlans, through host a.
    assert!(ping(&stage.lab.a.netns, "192.168.15.5").is_some());
    let everybody = [&stage.lab.a.netns, &stage.lab.b.netns, &knows];
    let before: Vec<_> = everybody.iter().map(|netns| neighbours(netns)).collect();
    assert!(before[2].iter().any(|entry| entry.contains("02:42:00:00:00:05")), "{before:?}");

    let wire = Wire::listen(&stage.lab.b.netns, "ens33")?;
    let endpoint = eth0()?.address("192.168.15.4/24".parse()?).address("192.168.15.5/24".parse()?);
    let words = "cannot use address 192.168.15.5: 02:42:00:00:00:05 on this network already has it";
    let error = stage.refuse(&endpoint, ErrorKind::AddressInUse, words);
    let holder = error.holder().ok_or("the error names no holder")?;
    assert_eq!(holder.address, "192.168.15.5".parse::<IpAddr>()?);
    assert_eq!(holder.mac, Some("02:42:00:00:00:05".parse()?));

    let after: Vec<_> = everybody.iter().map(|netns| neighbours(netns)).collect();
    assert_eq!(before, after);
    // The frames on the cable: probes, which have no sender address, and no other ARP; but after
    // some seconds, kernels check their known neighbours.
    let is_arp = |frame: &[u8]| frame[12..14] == [8, 6];
    assert!(wire.find(|frame| is_arp(frame) && frame[28..32] == [0; 4])?.is_some());
    let to_all = |frame: &[u8]| frame[..6] == [0xff; 6];
    let other = wire.find_now(|frame| is_arp(frame) && to_all(frame) && frame[28..32] != [0; 4])?;
    assert_eq!(other, None);
    Ok(())
}

/// Free addresses are probed together: four take as long as one.
fn free_addresses_are_asked_for_at_once() -> Outcome {
    let lab = Lab::new()?;
    let inside = NetNs::anonymous()?;
    let mut endpoint = eth0()?.gateway("192.168.15.2".parse()?);
    for last in 10..14 {
        endpoint = endpoint.address(format!("192.168.15.{last}/24").parse()?);
    }
    let wire = Wire::listen(&lab.b.netns, "ens33")?;
    quick(Duration::from_secs(2), || {
        for attachment in lab.a.host.attachments(&inside)? {
            lab.a.host.detach(&attachment)?;
        }
        let started = Instant::now();
        lab.a.host.attach(&endpoint, &inside)?;
        let took = started.elapsed();
        assert!(took >= Duration::from_millis(250), "{took:?}");
        Ok(took)
    })?;
    assert_eq!(ip_addresses(&inside, "eth0").len(), 4);
    assert!(ping(&inside, "192.168.15.2").is_some());
    for last in 10..14 {
        let asked = |frame: &[u8]| {
            frame[12..14] == [8, 6]
                && frame[28..32] == [0; 4]
                && frame[38..42] == [192, 168, 15, last]
        };
        assert!(wire.find(asked)?.is_some(), "nobody asked for .{last}");
    }
    Ok(())
}

/// IPv6: the kernel finds the duplicate, its result is waited for, and the holder is named.
fn the_kernels_verdict_is_waited_for() -> Outcome {
    on_each_kernel();
    need(Need::Ipv6)?;
    let stage = Stage::set()?;
    let _station = station(&stage.lab)?;
    sysctl(&stage.inside, "ipv6/conf/default/accept_dad", "1");
    let endpoint = eth0()?.address("fd15::5/64".parse()?);
    let words = "cannot use address fd15::5: 02:42:00:00:00:05 on this network already has it";
    let error = stage.refuse(&endpoint, ErrorKind::AddressInUse, words);
    assert_eq!(error.holder().map(|holder| holder.address), Some("fd15::5".parse()?));

    let free = eth0()?.address("fd15::6/64".parse()?).address("192.168.15.6/24".parse()?);
    let started = Instant::now();
    stage.lab.a.host.attach(&free, &stage.inside)?;
    let took = started.elapsed();
    assert!(took >= Duration::from_millis(900), "{took:?}");
    // No longer tentative: it can be used at once.
    let shown = ip_lines(&stage.inside, "-6 address show dev eth0 tentative scope global");
    assert_eq!(shown, [""; 0]);
    assert!(ping(&stage.inside, "fd15::2").is_some());
    Ok(())
}

/// Optimistic and `nodad` addresses are not waited for; a deadline that is too short is an error.
fn duplicate_detection_can_be_left_out_or_come_too_late() -> Outcome {
    need(Need::Ipv6)?;
    let stage = Stage::set()?;
    sysctl(&stage.inside, "ipv6/conf/default/accept_dad", "1");
    let short = Probe::quick().deadline(Duration::from_millis(20));
    let late = eth0()?.probe(short).address("fd15::6/64".parse()?);
    stage.refuse(&late, ErrorKind::TimedOut, "the detection of fd15::6 has not ended after 20ms");
    for how in ["nodad", "optimistic"] {
        let endpoint = eth0()?.probe(short).address(format!("fd15::6/64 {how}").parse()?);
        quick(Duration::from_millis(900), || {
            let started = Instant::now();
            let attachment = stage.lab.a.host.attach(&endpoint, &stage.inside)?;
            let took = started.elapsed();
            stage.lab.a.host.detach(&attachment)?;
            Ok(took)
        })?;
    }
    Ok(())
}

/// A macvlan does not hear its parent, so the parent's own addresses are looked up.
fn the_parents_own_address_is_in_use() -> Outcome {
    let stage = Stage::set()?;
    let parents = stage.lab.a.handle.link("ens33")?.mac.ok_or("no MAC address")?;
    let endpoint = eth0()?.address("192.168.15.1/24".parse()?);
    let words = format!("cannot use address 192.168.15.1: {parents} on this network");
    stage.refuse(&endpoint, ErrorKind::AddressInUse, &words);
    Ok(())
}

/// A container beside it has it.
fn a_siblings_address_is_in_use() -> Outcome {
    let stage = Stage::set()?;
    let sibling = Container::start()?;
    let theirs = Endpoint::new("eth0", "ens33")?
        .mac("02:42:00:00:00:08".parse()?)
        .address("192.168.15.8/24".parse()?);
    stage.lab.a.host.attach(&theirs, &sibling.netns()?)?;
    let words = "02:42:00:00:00:08 on this network";
    let endpoint = eth0()?.address("192.168.15.8/24".parse()?);
    stage.refuse(&endpoint, ErrorKind::AddressInUse, words);
    Ok(())
}

/// Silence proves nothing without a carrier.
fn without_a_carrier_nothing_is_free() -> Outcome {
    let stage = Stage::set()?;
    ip_do(&stage.lab.b.netns, "link set dev ens33 down");
    eventually("the carrier stays", || {
        Ok(ip_link(&stage.lab.a.netns, "ens33")["operstate"] != "UP")
    })?;
    Snapshot::settled(&stage.lab.a.netns);
    let endpoint = eth0()?.address("192.168.15.9/24".parse()?);
    let words = "\"ens33\" has no carrier";
    stage.refuse(&endpoint, ErrorKind::ParentDown, words);
    Ok(())
}

/// Two probe the same address at the same moment: at most one gets it.
fn two_probes_at_once_have_at_most_one_winner() -> Outcome {
    let lab = Lab::new()?;
    let namespaces = [NetNs::anonymous()?, NetNs::anonymous()?];
    let endpoint = eth0()?.address("192.168.15.9/24".parse()?);
    let attach = |host: &macvlan_core::Host, netns: &NetNs| host.attach(&endpoint, netns).is_ok();
    let got = std::thread::scope(|scope| {
        let a = scope.spawn(|| attach(&lab.a.host, &namespaces[0]));
        let b = scope.spawn(|| attach(&lab.b.host, &namespaces[1]));
        [a.join().unwrap_or(true), b.join().unwrap_or(true)]
    });
    assert!(got != [true, true]);
    Ok(())
}

/// Pools: prepared links probe as well.
fn a_link_of_a_pool_asks_too() -> Outcome {
    let lab = Lab::new()?;
    let _station = station(&lab)?;
    let pool = lab.a.host.pool("ens33", 1)?;
    let error = pool.attach(&eth0()?.address("192.168.15.5/24".parse()?)).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::AddressInUse, "{error}");
    let (netns, _) = pool.attach(&eth0()?.address("192.168.15.6/24".parse()?))?;
    assert!(ping(&netns, "192.168.15.2").is_some());
    Ok(())
}

/// A whole range of both families at once: the holders are returned, and no objects remain.
fn many_are_asked_for_at_once() -> Outcome {
    need(Need::Ipv6)?;
    let lab = Lab::new()?;
    let _station = station(&lab)?;
    let sibling = NetNs::anonymous()?;
    let here = Endpoint::new("eth0", "ens33")?
        .mac("02:42:00:00:00:08".parse()?)
        .address("192.168.15.8/24".parse()?)
        .address("fd15::8/64 nodad".parse()?);
    lab.a.host.attach(&here, &sibling)?;
    let mut wanted: Vec<IpAddr> = Vec::new();
    for last in 1..=254 {
        wanted.push(format!("192.168.15.{last}").parse()?);
        wanted.push(format!("fd15::{last:x}").parse()?);
    }
    let snapshot = Snapshot::settled(&lab.a.netns);
    let knows = neighbours(&lab.b.netns);
    let mut held = Vec::new();
    quick(Duration::from_secs(3), || {
        let started = Instant::now();
        held = lab.a.host.probe_addresses("ens33", &wanted, &Probe::quick())?;
        println!("508 addresses in {:?}", started.elapsed());
        Ok(started.elapsed())
    })?;
    snapshot.assert_same(&lab.a.netns);
    assert_eq!(neighbours(&lab.b.netns), knows);
    let mac = |netns: &NetNs| ip_link(netns, "ens33")["address"].as_str().map(str::to_owned);
    let told: Vec<String> = held.iter().map(ToString::to_string).collect();
    let mac_a = mac(&lab.a.netns).ok_or("no MAC address")?;
    let mac_b = mac(&lab.b.netns).ok_or("no MAC address")?;
    let mut expected = Vec::new();
    for net in ["192.168.15.", "fd15::"] {
        let who = [
            (1, mac_a.as_str()),
            (2, mac_b.as_str()),
            (5, "02:42:00:00:00:05"),
            (8, "02:42:00:00:00:08"),
        ];
        expected.extend(who.map(|(last, mac)| format!("{mac} has {net}{last}")));
    }
    assert_eq!(told, expected);
    Ok(())
}

/// Addresses that cannot be probed are refused, not reported as free.
fn a_passthru_parent_cannot_be_asked_on() -> Outcome {
    let lab = Lab::new()?;
    let owner = Link::macvlan("mv7", "ens33", MacvlanOptions::new(Mode::Passthru))?.up(true);
    lab.a.handle.add_link(&owner)?;
    let asked = lab.a.host.probe_addresses("ens33", &["192.168.15.9".parse()?], &Probe::quick());
    assert_eq!(asked.unwrap_err().kind(), ErrorKind::PassthruConflict);
    Ok(())
}

macvlan_tests::tests! {
    same_on_every_kernel:
    an_address_in_use_is_refused_without_side_effects,
    free_addresses_are_asked_for_at_once,
    the_kernels_verdict_is_waited_for,
    duplicate_detection_can_be_left_out_or_come_too_late,
    the_parents_own_address_is_in_use,
    a_siblings_address_is_in_use,
    without_a_carrier_nothing_is_free,
    two_probes_at_once_have_at_most_one_winner,
    a_link_of_a_pool_asks_too,
    many_are_asked_for_at_once,
    a_passthru_parent_cannot_be_asked_on,
}
