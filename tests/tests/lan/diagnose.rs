//! The causes of a LAN that does not answer are found and named. Each case is created on purpose.
#![deny(dead_code)]

use std::net::IpAddr;
use std::process::Command;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use macvlan_core::{
    Attachment, Diagnosis, Endpoint, FindingKind, Handle, Link, MacvlanOptions, Mode, NetNs, Probe,
    Result,
};
use macvlan_tests::{
    Lab, Need, Outcome, PATIENCE, Stop, eventually, ip_do, ip_lines, ip_link, need, ping, quick,
    silent,
};
use nix::errno::Errno;

fn eth0() -> Result<Endpoint> {
    Ok(Endpoint::new("eth0", "ens33")?
        .address("192.168.15.10/24".parse()?)
        .address("fd15::10/64 nodad".parse()?))
}

/// A container on host a.
fn container(lab: &Lab) -> Outcome<(NetNs, Attachment)> {
    let inside = NetNs::anonymous()?;
    let attachment = lab.a.host.attach(&eth0()?, &inside)?;
    Ok((inside, attachment))
}

/// Makes a diagnosis, which has to find exactly this. It listens for a fifth of a second, in which
/// a busy machine may not answer; but it does not fail every time.
#[track_caller]
fn find(lab: &Lab, attachment: &Attachment, peer: &str, kinds: &[FindingKind]) -> Diagnosis {
    let started = Instant::now();
    loop {
        let diagnosis = diagnose(lab, attachment, peer);
        let found: Vec<_> = diagnosis.findings.iter().map(|finding| finding.kind).collect();
        assert!(diagnosis.findings.iter().all(|one| !one.remedy.is_empty()));
        if found == kinds {
            return diagnosis;
        }
        assert!(started.elapsed() < PATIENCE, "{diagnosis}");
    }
}

#[track_caller]
fn diagnose(lab: &Lab, attachment: &Attachment, peer: &str) -> Diagnosis {
    let peer: IpAddr = peer.parse().expect("no address");
    lab.a.host.diagnose(attachment, peer).expect("no diagnosis")
}

fn nothing_is_amiss() -> Outcome {
    need(Need::Ipv6)?;
    let lab = Lab::new()?;
    let (_inside, attachment) = container(&lab)?;
    for peer in ["192.168.15.2", "fd15::2"] {
        quick(Duration::from_millis(500), || {
            let started = Instant::now();
            let diagnosis = find(&lab, &attachment, peer, &[]);
            assert!(diagnosis.answered);
            assert!(diagnosis.to_string().starts_with("no problems found\n"), "{diagnosis}");
            Ok(started.elapsed())
        })?;
    }
    // A container beside it answers without a frame arriving at the parent.
    let beside = NetNs::anonymous()?;
    let other = Endpoint::new("eth0", "ens33")?.address("192.168.15.11/24".parse()?);
    lab.a.host.attach(&other, &beside)?;
    assert!(find(&lab, &attachment, "192.168.15.11", &[]).answered);
    Ok(())
}

fn links_that_are_down_or_gone() -> Outcome {
    let lab = Lab::new()?;
    let (inside, attachment) = container(&lab)?;
    ip_do(&inside, "link set dev eth0 down");
    let diagnosis = diagnose(&lab, &attachment, "192.168.15.2");
    assert!(diagnosis.has(FindingKind::LinkDown), "{diagnosis}");
    ip_do(&inside, "link set dev eth0 up");
    ip_do(&lab.a.netns, "link set dev ens33 down");
    let diagnosis = diagnose(&lab, &attachment, "192.168.15.2");
    assert!(diagnosis.has(FindingKind::ParentDown), "{diagnosis}");
    assert!(diagnosis.to_string().contains("`ip link set ens33 up` on the host"), "{diagnosis}");
    ip_do(&lab.a.netns, "link set dev ens33 up");
    ip_do(&lab.b.netns, "link set dev ens33 down");
    eventually("the missing carrier is not found", || {
        Ok(diagnose(&lab, &attachment, "192.168.15.2").has(FindingKind::NoCarrier))
    })?;
    ip_do(&lab.a.netns, "link del dev ens33");
    find(&lab, &attachment, "192.168.15.2", &[FindingKind::LinkGone]);
    Ok(())
}

fn addresses_and_routes_that_are_missing() -> Outcome {
    let lab = Lab::new()?;
    let endpoint = Endpoint::new("eth0", "ens33")?.address("192.168.15.10/24".parse()?);
    let inside = NetNs::anonymous()?;
    let attachment = lab.a.host.attach(&endpoint, &inside)?;
    find(&lab, &attachment, "fd15::2", &[FindingKind::NoAddress]);
    find(&lab, &attachment, "10.1.1.1", &[FindingKind::NoRoute]);
    // With a gateway, the gateway is asked.
    ip_do(&inside, "route add default via 192.168.15.2");
    let diagnosis = find(&lab, &attachment, "10.1.1.1", &[]);
    assert!(diagnosis.to_string().contains("10.1.1.1 is behind 192.168.15.2"), "{diagnosis}");
    ip_do(&inside, "route change default via 192.168.15.99");
    find(&lab, &attachment, "10.1.1.1", &[FindingKind::NoAnswer]);
    Ok(())
}

/// The address exists, but cannot be used: the route to its subnet is missing, or another container
/// had it first.
fn addresses_that_cannot_be_used() -> Outcome {
    need(Need::Ipv6)?;
    let lab = Lab::new()?;
    let (netns, attachment) = container(&lab)?;
    ip_do(&netns, "route delete 192.168.15.0/24 dev eth0");
    let missing = [FindingKind::ConnectedRouteMissing, FindingKind::NoRoute];
    find(&lab, &attachment, "192.168.15.2", &missing);
    let endpoint = Endpoint::new("eth0", "ens33")?.address("fd15::10/64".parse()?);
    let inside = NetNs::anonymous()?;
    let second = lab.a.host.attach(&endpoint, &inside)?;
    let duplicate = [FindingKind::AddressDuplicate, FindingKind::NoAddress];
    let found =
        |diagnosis: &Diagnosis| diagnosis.findings.iter().map(|finding| finding.kind).eq(duplicate);
    eventually("the kernel finds no duplicate", || Ok(found(&diagnose(&lab, &second, "fd99::1"))))
}

fn a_peer_that_is_off() -> Outcome {
    need(Need::Ipv6)?;
    let lab = Lab::new()?;
    let (_inside, attachment) = container(&lab)?;
    let promiscuity = ip_link(&lab.a.netns, "ens33")["promiscuity"].clone();
    for peer in ["192.168.15.99", "fd15::99"] {
        let diagnosis = find(&lab, &attachment, peer, &[FindingKind::NoAnswer]);
        assert!(!diagnosis.answered);
        assert!(diagnosis.to_string().contains("seen leaving ens33: yes"), "{diagnosis}");
    }
    // A process that another thread is just starting has its sockets for a moment longer.
    eventually("the parent stays promiscuous", || {
        Ok(ip_link(&lab.a.netns, "ens33")["promiscuity"] == promiscuity)
    })
}

fn the_peer_is_the_host_itself() -> Outcome {
    let lab = Lab::new()?;
    let (_inside, attachment) = container(&lab)?;
    let diagnosis = find(&lab, &attachment, "192.168.15.1", &[FindingKind::PeerIsHost]);
    assert!(diagnosis.findings[0].remedy.contains("give the host access"));
    let access = lab.a.host.access("ens33")?;
    access.add(&attachment)?;
    assert!(find(&lab, &attachment, "192.168.15.1", &[]).answered);
    // With access, it is the mode that keeps another container from the host.
    let inside = NetNs::anonymous()?;
    let endpoint = Endpoint::new("eth0", "ens33")?.mode(Mode::Private)?;
    let private = lab.a.host.attach(&endpoint.address("192.168.15.11/24".parse()?), &inside)?;
    let diagnosis = find(&lab, &private, "192.168.15.1", &[FindingKind::SiblingMode]);
    let text = &diagnosis.findings[0].text;
    assert!(text.contains("and ens33-host of the host in mode bridge"), "{text}");
    Ok(())
}

/// Two containers on one parent, of which one is in another mode than bridge.
fn a_mode_keeps_siblings_apart() -> Outcome {
    let lab = Lab::new()?;
    let beside = NetNs::anonymous()?;
    let other = Endpoint::new("eth0", "ens33")?.address("192.168.15.11/24".parse()?);
    let (bridge, private, vepa) = (Mode::Bridge, Mode::Private, Mode::Vepa);
    for (mine, its) in [(private, bridge), (bridge, private), (vepa, vepa)] {
        let inside = NetNs::anonymous()?;
        let attachment = lab.a.host.attach(&eth0()?.mode(mine)?, &inside)?;
        let sibling = lab.a.host.attach(&other.clone().mode(its)?, &beside)?;
        let diagnosis = find(&lab, &attachment, "192.168.15.11", &[FindingKind::SiblingMode]);
        let (text, remedy) = (&diagnosis.findings[0].text, &diagnosis.findings[0].remedy);
        assert!(text.contains(&format!("eth0 is in mode {mine}, and eth0 in ")), "{text}");
        assert!(text.contains(&format!("in mode {its}; only macvlans in mode bridge")), "{text}");
        assert_eq!(remedy, "set the mode of both to bridge");
        // The same peer elsewhere is reached.
        assert!(find(&lab, &attachment, "192.168.15.2", &[]).answered);
        lab.a.host.detach(&sibling)?;
        lab.a.host.detach(&attachment)?;
    }
    // Both in mode bridge, and one without the address: that is not because of the mode.
    let inside = NetNs::anonymous()?;
    let attachment = lab.a.host.attach(&eth0()?, &inside)?;
    lab.a.host.attach(&other, &beside)?;
    assert!(find(&lab, &attachment, "192.168.15.11", &[]).answered);
    ip_do(&beside, "link set dev eth0 down");
    let diagnosis = diagnose(&lab, &attachment, "192.168.15.11");
    assert!(!diagnosis.has(FindingKind::SiblingMode), "{diagnosis}");
    Ok(())
}

/// A switch port, or a hypervisor, that passes only the parent's MAC address, simulated by the
/// other host's macvlan in mode source, which accepts frames only from listed MAC addresses.
fn only_the_parents_mac_address_gets_through() -> Outcome {
    let lab = Lab::new()?;
    let parents = lab.a.handle.link("ens33")?.mac.ok_or("no MAC address")?;
    let strict = NetNs::anonymous()?;
    let options = MacvlanOptions::new(Mode::Source).source_mac(parents);
    let endpoint =
        Endpoint::new("eth0", "ens33")?.options(options)?.address("192.168.15.77/24".parse()?);
    lab.b.host.attach(&endpoint, &strict)?;
    assert!(ping(&lab.a.netns, "192.168.15.77").is_some());
    let (inside, attachment) = container(&lab)?;
    assert!(silent(&inside, "192.168.15.77"));
    let diagnosis = find(&lab, &attachment, "192.168.15.77", &[FindingKind::MacFiltered]);
    assert!(!diagnosis.answered);
    Ok(())
}

fn several_answer_and_a_wrong_entry() -> Outcome {
    let lab = Lab::new()?;
    let (inside, attachment) = container(&lab)?;
    let mut both = Vec::new();
    for mac in ["02:42:00:00:00:01", "02:42:00:00:00:02"] {
        let endpoint =
            Endpoint::new("eth0", "ens33")?.mac(mac.parse()?).address("192.168.15.77/24".parse()?);
        let inside = NetNs::anonymous()?;
        both.push((lab.b.host.attach(&endpoint, &inside)?, inside));
    }
    let diagnosis = find(&lab, &attachment, "192.168.15.77", &[FindingKind::SeveralAnswer]);
    let text = &diagnosis.findings[0].text;
    assert!(text.contains("02:42:00:00:00:01 and 02:42:00:00:00:02"), "{text}");

    let entry = "192.168.15.2 lladdr 02:42:00:00:00:99 dev eth0 nud permanent";
    ip_do(&inside, &format!("neigh replace {entry}"));
    find(&lab, &attachment, "192.168.15.2", &[FindingKind::WrongNeighbour]);
    Ok(())
}

/// Runs `nft …` in a namespace; if the kernel or the machine lacks it, the test is ignored.
fn nft(netns: &NetNs, commands: &str) -> Outcome {
    let output = netns.run(|| Command::new("nft").arg(commands).output())?;
    let output = match output {
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
            return Err(Stop::Ignored("there is no nft".to_owned()));
        }
        other => other?,
    };
    let said = String::from_utf8_lossy(&output.stderr);
    if ["not supported", "No such file or directory"].iter().any(|lack| said.contains(lack)) {
        return Err(Stop::Ignored(format!("the kernel has no such filter: {}", said.trim())));
    }
    if output.status.success() { Ok(()) } else { Err(said.trim().into()) }
}

/// A chain on a link of the parent or the container, which drops everything in one direction.
fn let_nothing_through(netns: &NetNs, link: &str, way: &str) -> Outcome {
    let chain = format!("{{ type filter hook {way} device {link} priority 0; policy drop; }}");
    nft(netns, &format!("add table netdev dark; add chain netdev dark {way} {chain}"))
}

/// The peer answers, and a filter at the parent drops the answer before the container.
fn the_answer_is_lost_at_the_parent() -> Outcome {
    let lab = Lab::new()?;
    let (inside, attachment) = container(&lab)?;
    let_nothing_through(&lab.a.netns, "ens33", "ingress")?;
    assert!(silent(&inside, "192.168.15.2"));
    let diagnosis = find(&lab, &attachment, "192.168.15.2", &[FindingKind::AnswerLost]);
    assert!(!diagnosis.answered);
    let text = diagnosis.to_string();
    assert!(text.contains("the answer has reached ens33 but not eth0"), "{text}");
    assert!(
        text.contains("seen leaving ens33: yes; answer seen on ens33: yes; in eth0: no"),
        "{text}"
    );
    nft(&lab.a.netns, "delete table netdev dark")?;
    assert!(find(&lab, &attachment, "192.168.15.2", &[]).answered);
    Ok(())
}

/// A filter on the container's egress, or on the parent's, drops the request.
fn the_question_does_not_leave() -> Outcome {
    let lab = Lab::new()?;
    let (inside, attachment) = container(&lab)?;
    for (netns, link) in [(&inside, "eth0"), (&lab.a.netns, "ens33")] {
        let_nothing_through(netns, link, "egress")?;
        let started = Instant::now();
        let diagnosis = find(&lab, &attachment, "192.168.15.2", &[FindingKind::NotSent]);
        assert!(!diagnosis.answered);
        let text = diagnosis.to_string();
        assert!(text.contains("seen leaving ens33: no; answer seen on ens33: no"), "{text}");
        assert!(started.elapsed() < PATIENCE, "{:?}", started.elapsed());
        nft(netns, "delete table netdev dark")?;
        assert!(find(&lab, &attachment, "192.168.15.2", &[]).answered);
    }
    Ok(())
}

/// An address that cannot be probed is not considered free, and no call waits forever.
fn a_probe_that_does_not_leave() -> Outcome {
    let lab = Lab::new()?;
    let_nothing_through(&lab.a.netns, "ens33", "egress")?;
    let inside = NetNs::anonymous()?;
    let endpoint = Endpoint::new("eth0", "ens33")?.address("192.168.15.10/24".parse()?);
    let started = Instant::now();
    let error = lab.a.host.attach(&endpoint.probe(Probe::quick()), &inside).unwrap_err();
    assert_eq!(error.errno(), Some(Errno::ENOBUFS as i32), "{error}");
    assert!(started.elapsed() < PATIENCE, "{:?}", started.elapsed());
    assert_eq!(ip_lines(&inside, "-o link show").len(), 1);
    Ok(())
}

/// The link got another MAC address from inside. The peer answers that one.
fn the_mac_address_was_changed() -> Outcome {
    let lab = Lab::new()?;
    let (inside, attachment) = container(&lab)?;
    ip_do(&inside, "link set dev eth0 address 02:42:00:00:00:99");
    let diagnosis = find(&lab, &attachment, "192.168.15.2", &[FindingKind::MacChanged]);
    assert!(diagnosis.answered, "{diagnosis}");
    let words =
        format!("eth0 has the MAC address 02:42:00:00:00:99 and was given {}", attachment.mac());
    assert_eq!(diagnosis.findings[0].text, words);
    ip_do(&inside, &format!("link set dev eth0 address {}", attachment.mac()));
    assert!(find(&lab, &attachment, "192.168.15.2", &[]).answered);
    Ok(())
}

/// Another host on the wire has the container's MAC address.
fn the_mac_address_is_elsewhere_too() -> Outcome {
    let lab = Lab::new()?;
    let (_inside, attachment) = container(&lab)?;
    let twin = NetNs::anonymous()?;
    let link = Link::macvlan("eth0", "ens33", MacvlanOptions::new(Mode::Bridge))?
        .mac(attachment.mac())
        .netns(&twin)
        .up(true);
    lab.b.handle.add_link(&link)?;
    let handle = Handle::in_netns(&twin)?;
    handle.add_address("eth0", &"192.168.15.66/24".parse()?)?;
    while_it_talks(&twin, || {
        eventually("the other is not found", || {
            Ok(diagnose(&lab, &attachment, "192.168.15.98").has(FindingKind::MacElsewhere))
        })
    })
}

/// Runs a function during a diagnosis of an absent peer.
fn while_it_talks<T>(netns: &NetNs, work: impl FnOnce() -> T) -> T {
    let over = AtomicBool::new(false);
    std::thread::scope(|scope| {
        scope.spawn(|| {
            while !over.load(Ordering::Relaxed) {
                silent(netns, "192.168.15.99");
            }
        });
        let done = work();
        over.store(true, Ordering::Relaxed);
        done
    })
}

/// The container is on VLAN 100, and the wire carries 200.
fn another_vlan_is_on_the_wire() -> Outcome {
    need(Need::Vlan)?;
    let lab = Lab::new()?;
    let endpoint = Endpoint::new("eth0", "ens33.100")?.address("192.168.15.10/24".parse()?);
    let inside = NetNs::anonymous()?;
    let attachment = lab.a.host.attach(&endpoint, &inside)?;
    let (there, theirs) = (NetNs::anonymous()?, "ens33.200");
    let endpoint = Endpoint::new("eth0", theirs)?.address("192.168.15.20/24".parse()?);
    lab.b.host.attach(&endpoint, &there)?;
    while_it_talks(&there, || {
        eventually("the other VLAN is not found", || {
            let diagnosis = diagnose(&lab, &attachment, "192.168.15.20");
            assert!(diagnosis.has(FindingKind::NoAnswer), "{diagnosis}");
            let found = diagnosis.has(FindingKind::OtherVlans);
            assert!(!found || diagnosis.to_string().contains("carries VLAN 200"), "{diagnosis}");
            Ok(found)
        })
    })
}

/// A VLAN's base that is a port of a bridge passes its frames to the bridge.
fn the_parent_is_a_port() -> Outcome {
    need(Need::Vlan)?;
    need(Need::Bridge)?;
    let lab = Lab::new()?;
    let endpoint = Endpoint::new("eth0", "ens33.100")?.address("192.168.15.10/24".parse()?);
    let inside = NetNs::anonymous()?;
    let attachment = lab.a.host.attach(&endpoint, &inside)?;
    lab.a.handle.add_link(&Link::bridge("br0")?)?;
    ip_do(&lab.a.netns, "link set dev ens33 master br0");
    let diagnosis = diagnose(&lab, &attachment, "192.168.15.2");
    assert!(diagnosis.has(FindingKind::ParentIsPort), "{diagnosis}");
    Ok(())
}

macvlan_tests::tests! {
    same_on_every_kernel:
    nothing_is_amiss,
    links_that_are_down_or_gone,
    addresses_and_routes_that_are_missing,
    addresses_that_cannot_be_used,
    a_peer_that_is_off,
    the_peer_is_the_host_itself,
    a_mode_keeps_siblings_apart,
    only_the_parents_mac_address_gets_through,
    several_answer_and_a_wrong_entry,
    the_answer_is_lost_at_the_parent,
    the_question_does_not_leave,
    a_probe_that_does_not_leave,
    the_mac_address_was_changed,
    the_mac_address_is_elsewhere_too,
    another_vlan_is_on_the_wire,
    the_parent_is_a_port,
}
