//! `check` reports every difference; `ensure` repairs it and otherwise only reads. Checked with
//! `ip`.
#![deny(dead_code)]

use std::process::Command;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use macvlan_core::{
    AddrGenMode, Announce, Detached, Difference, DifferenceKind, Endpoint, ErrorKind, Event,
    Handle, MacvlanOptions, Mode, NetNs, Probe, VlanOptions, VlanProtocol, Watch,
};
use macvlan_tests::{
    Lab, Need, Outcome, PATIENCE, Snapshot, Stage, Stop, ip, ip_addresses, ip_do, ip_lines,
    ip_link, ip_try, need, settle, sysctl,
};
use nix::errno::Errno;

use crate::fault_injection::{Fault, with_faults};

const MAC: &str = "02:42:c0:a8:0f:0a";

fn eth0() -> Outcome<Endpoint> {
    Ok(Endpoint::new("eth0", "ens33")?
        .mac(MAC.parse()?)
        .address("192.168.15.10/24".parse()?)
        .gateway("192.168.15.2".parse()?)
        .route("blackhole 10.8.0.0/16".parse()?))
}

fn words(differences: &[Difference]) -> Vec<String> {
    differences.iter().map(ToString::to_string).collect()
}

/// Watches both namespaces for changes, after the kernel's own have ended.
fn watches(stage: &Stage) -> Outcome<[Watch; 2]> {
    settle(&stage.lab.a.netns);
    settle(&stage.inside);
    Ok([stage.lab.a.handle.watch()?, Handle::in_netns(&stage.inside)?.watch()?])
}

/// The kernel reports every change, so without events there were no changes.
fn assert_silence(watches: &mut [Watch; 2]) -> Outcome {
    for watch in watches {
        let event: Option<Event> = watch.next_within(Duration::from_millis(30))?;
        assert!(event.is_none(), "{event:?}");
    }
    Ok(())
}

/// Attaches, damages the endpoint with `ip` commands, and repairs it. Checks the differences, that
/// `ip` shows the previous state, and that no further changes happen.
fn repair(stage: &Stage, endpoint: &Endpoint, spoil: &[&str], expected: &[&str]) -> Outcome {
    let host = &stage.lab.a.host;
    let attachment = host.attach(endpoint, &stage.inside)?;
    assert_eq!(words(&host.check(endpoint, &stage.inside)?), [""; 0], "just attached");
    let right = Snapshot::settled(&stage.inside);
    for command in spoil {
        ip_do(&stage.inside, command);
    }
    assert_eq!(words(&host.check(endpoint, &stage.inside)?), expected, "{spoil:?}");
    let ensured = host.ensure(endpoint, &stage.inside)?;
    assert_eq!(words(&ensured.repaired), expected, "{spoil:?}");
    let difference = right.difference(&Snapshot::settled(&stage.inside));
    assert!(difference.is_none(), "{spoil:?}: {}", difference.unwrap_or_default());
    assert_eq!(ensured.attachment.mac(), attachment.mac());
    assert_eq!(ensured.attachment.index(), attachment.index());

    let mut watches = watches(stage)?;
    assert_eq!(host.check(endpoint, &stage.inside)?, []);
    assert_eq!(host.ensure(endpoint, &stage.inside)?.repaired, []);
    assert_eq!(host.ensure_or_replace(endpoint, &stage.inside)?.repaired, []);
    assert_silence(&mut watches)?;

    // Its attachment can be detached like that of an attach.
    assert_eq!(host.detach(&ensured.attachment)?, Detached::Removed);
    assert_eq!(ip_lines(&stage.inside, "-4 route show table all type blackhole"), [""; 0]);
    assert_eq!(ip_lines(&stage.inside, "rule show").len(), 3);
    Ok(())
}

fn the_link_s_settings_are_repaired() -> Outcome {
    let stage = Stage::set()?;
    let endpoint = eth0()?.mtu(1400).group(7).tx_queue_len(100).promisc(true);
    let endpoint = endpoint.alias("uplink").alternative_name("wan");
    for (spoil, expected) in [
        (
            "link set eth0 address 02:42:c0:a8:0f:0b",
            "the MAC address is 02:42:c0:a8:0f:0b and should be 02:42:c0:a8:0f:0a",
        ),
        ("link set eth0 mtu 1300", "the MTU is 1300 and should be 1400"),
        ("link set eth0 group 8", "the group is not 7"),
        ("link set eth0 txqueuelen 99", "the transmit queue length is not 100"),
        ("link set eth0 promisc off", "promisc is off"),
        ("link set eth0 alias downlink", "the alias is not \"uplink\""),
        ("link property del dev eth0 altname wan", "the alternative name wan is missing"),
        ("link set lo down", "lo is down"),
    ] {
        repair(&stage, &endpoint, &[spoil], &[expected])?;
    }
    repair(&stage, &eth0()?, &["link set eth0 promisc on"], &["promisc is on"])?;
    Ok(())
}

fn macvlan_options_are_repaired() -> Outcome {
    let stage = Stage::set()?;
    let others = ["the macvlan options differ"];
    for spoil in [
        "link set eth0 type macvlan mode private",
        "link set eth0 type macvlan mode vepa",
        "link set eth0 type macvlan mode bridge bcqueuelen 77",
    ] {
        let options = MacvlanOptions::new(Mode::Bridge).bc_queue_len(55);
        repair(&stage, &eth0()?.options(options)?, &[spoil], &others)?;
    }
    let source = MacvlanOptions::new(Mode::Source)
        .source_mac("02:00:00:00:00:01".parse()?)
        .source_mac("02:00:00:00:00:02".parse()?);
    for spoil in [
        "link set eth0 type macvlan macaddr del 02:00:00:00:00:02",
        "link set eth0 type macvlan macaddr flush",
    ] {
        let host = &stage.lab.a.host;
        let endpoint = eth0()?.options(source.clone())?;
        let attachment = host.attach(&endpoint, &stage.inside)?;
        ip_do(&stage.inside, spoil);
        assert_eq!(words(&host.ensure(&endpoint, &stage.inside)?.repaired), others);
        // The kernel lists them in any order.
        let data = &ip_link(&stage.inside, "eth0")["linkinfo"]["info_data"];
        assert_eq!(data["mode"], "source");
        let macs = data["macaddr_data"].as_array().map(Vec::len);
        assert_eq!(macs, Some(2), "{data}");
        assert_eq!(host.check(&endpoint, &stage.inside)?, []);
        host.detach(&attachment)?;
    }
    // `ip` can only switch it on.
    let host = &stage.lab.a.host;
    let endpoint = Endpoint::new("eth0", "ens33")?.mode(Mode::Passthru)?;
    let attachment = host.attach(&endpoint, &stage.inside)?;
    ip_do(&stage.inside, "link set eth0 type macvlan mode passthru nopromisc");
    assert_eq!(words(&host.ensure(&endpoint, &stage.inside)?.repaired), others);
    assert_eq!(ip_link(&stage.lab.a.netns, "ens33")["promiscuity"], 1);
    assert_eq!(host.check(&endpoint, &stage.inside)?, []);
    host.detach(&attachment)?;
    Ok(())
}

fn addresses_routes_and_rules_are_repaired() -> Outcome {
    let stage = Stage::set()?;
    repair(
        &stage,
        &eth0()?,
        &["address delete 192.168.15.10/24 dev eth0"],
        &[
            "the address 192.168.15.10/24 is missing",
            // It was deleted with the subnet of its gateway.
            "the route default via 192.168.15.2 is missing",
        ],
    )?;
    let missing = ["the route default via 192.168.15.2 is missing"];
    repair(&stage, &eth0()?, &["route delete default"], &missing)?;
    let wrong = ["route replace default via 192.168.15.1 dev eth0"];
    repair(&stage, &eth0()?, &wrong, &missing)?;
    let elsewhere = ["the route blackhole 10.8.0.0/16 is missing"];
    repair(&stage, &eth0()?, &["route delete blackhole 10.8.0.0/16"], &elsewhere)?;
    let routed = Endpoint::new("eth0", "ens33")?
        .mac(MAC.parse()?)
        .address("192.168.15.10/24".parse()?)
        .source_routing(77);
    repair(
        &stage,
        &routed,
        &["rule delete from 192.168.15.10 table 77"],
        &["the rule from 192.168.15.10/32 table 77 priority 30000 is missing"],
    )?;
    repair(
        &stage,
        &routed,
        &["route flush table 77"],
        &["the route 192.168.15.0/24 table 77 is missing"],
    )
}

fn ipv6_is_repaired() -> Outcome {
    need(Need::Ipv6)?;
    let stage = Stage::set()?;
    let endpoint = Endpoint::new("eth0", "ens33")?
        .mac(MAC.parse()?)
        .addr_gen_mode(AddrGenMode::None)
        .address("fd15::10/64 nodad".parse()?)
        .gateway("fd15::2".parse()?);
    let gone = ["the address fd15::10/64 nodad is missing"];
    repair(&stage, &endpoint, &["-6 address delete fd15::10/64 dev eth0"], &gone)?;
    let missing = ["the route default via fd15::2 is missing"];
    repair(&stage, &endpoint, &["-6 route delete default"], &missing)?;
    let wrong = ["-6 route replace default via fd15::1 dev eth0"];
    repair(&stage, &endpoint, &wrong, &missing)?;
    let mode = ["the address generation mode is not none"];
    repair(&stage, &endpoint, &["link set eth0 addrgenmode eui64"], &mode)
}

/// A link that is down has lost its routes and its IPv6 addresses.
fn a_link_that_is_down_is_set_up_with_all_it_lost() -> Outcome {
    let stage = Stage::set()?;
    let mut endpoint = eth0()?;
    let mut expected = vec!["the link is down"];
    if need(Need::Ipv6).is_ok() {
        endpoint = endpoint
            .address("fd15::10/64 nodad".parse()?)
            .gateway("fd15::2".parse()?)
            .addr_gen_mode(AddrGenMode::None);
        expected.push("the address fd15::10/64 nodad is missing");
    }
    expected.push("the route default via 192.168.15.2 is missing");
    if need(Need::Ipv6).is_ok() {
        expected.push("the route default via fd15::2 is missing");
    }
    repair(&stage, &endpoint, &["link set eth0 down"], &expected)
}

fn ensure_attaches_a_missing_link() -> Outcome {
    let stage = Stage::set()?;
    let host = &stage.lab.a.host;
    let missing = [Difference::LinkMissing];
    assert_eq!(host.check(&eth0()?, &stage.inside)?, missing);
    let ensured = host.ensure(&eth0()?, &stage.inside)?;
    assert_eq!(ensured.repaired, missing);
    assert_eq!(ip_link(&stage.inside, "eth0")["address"], MAC);
    assert_eq!(ip_addresses(&stage.inside, "eth0"), ["192.168.15.10/24"]);
    // Deleted by hand. The blackhole route, which is not deleted with the link, does not interfere.
    ip_do(&stage.inside, "link delete eth0");
    assert_eq!(host.ensure(&eth0()?, &stage.inside)?.repaired, missing);
    assert_eq!(
        ip_lines(&stage.inside, "-4 route show"),
        [
            "default via 192.168.15.2 dev eth0",
            "blackhole 10.8.0.0/16 proto 109",
            "192.168.15.0/24 dev eth0 proto kernel scope link src 192.168.15.10"
        ]
    );
    assert_eq!(host.check(&eth0()?, &stage.inside)?, []);
    Ok(())
}

/// Refused without changes, unless replacement is requested.
fn replace(stage: &Stage, wrong: &[&str], endpoint: &Endpoint, why: &str) -> Outcome {
    let host = &stage.lab.a.host;
    for command in wrong {
        ip_do(&stage.inside, command);
    }
    let before = Snapshot::settled(&stage.inside);
    let differences = host.check(endpoint, &stage.inside)?;
    assert!(differences.iter().any(Difference::needs_replacement), "{differences:?}");
    let mut watches = watches(stage)?;
    let error = host.ensure(endpoint, &stage.inside).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::NeedsReplacement, "{error}");
    assert_eq!(
        error.to_string(),
        format!(
            "\"eth0\" on parent \"{}\" in {}: cannot ensure the endpoint: {why}, \
             which cannot be changed; delete the link, or allow its replacement",
            endpoint.get_parent(),
            stage.inside
        )
    );
    assert_silence(&mut watches)?;
    before.assert_same(&stage.inside);

    let ensured = host.ensure_or_replace(endpoint, &stage.inside)?;
    assert_eq!(words(&ensured.repaired), words(&differences));
    assert_eq!(words(&host.check(endpoint, &stage.inside)?), [""; 0]);
    assert_eq!(ip_addresses(&stage.inside, "eth0"), ["192.168.15.10/24"]);
    host.detach(&ensured.attachment)?;
    Ok(())
}

fn immutable_links_are_replaced_only_on_request() -> Outcome {
    let stage = Stage::set()?;
    let host = &stage.lab.a.host;
    host.attach(&eth0()?.mode(Mode::Passthru)?, &stage.inside)?;
    replace(&stage, &[], &eth0()?, "the mode is passthru and should be bridge")?;
    host.attach(&eth0()?, &stage.inside)?;
    let passthru = eth0()?.mode(Mode::Passthru)?;
    replace(&stage, &[], &passthru, "the mode is bridge and should be passthru")?;
    host.attach(&eth0()?.queues(2, 2), &stage.inside)?;
    // A kernel without receive packet steering does not report any.
    let receive = Handle::in_netns(&stage.inside)?.link("eth0")?.rx_queues;
    let why =
        format!("the link has 2 transmit and {receive} receive queues and should have 1 and 4");
    replace(&stage, &[], &eth0()?.queues(1, 4), &why)?;

    stage.lab.cable("ens34")?;
    host.attach(&Endpoint::new("eth0", "ens34")?, &stage.inside)?;
    replace(&stage, &[], &eth0()?, "the link is not on this parent")?;
    Ok(())
}

/// A link that is not the library's, or could not be restored, is not replaced.
fn links_that_cannot_be_restored_are_not_replaced() -> Outcome {
    let stage = Stage::set()?;
    let host = &stage.lab.a.host;
    ip_do(&stage.inside, "link add eth0 type veth peer name other");
    let refused = |why: &str| {
        let before = Snapshot::settled(&stage.inside);
        let error = host.ensure_or_replace(&eth0()?, &stage.inside).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::NeedsReplacement, "{error}");
        assert!(error.to_string().contains(why), "{error}");
        before.assert_same(&stage.inside);
        Outcome::Ok(())
    };
    refused("an endpoint cannot be of its kind, veth")?;
    ip_do(&stage.inside, "link delete eth0");
    // A parent of the same index on another host is a different parent.
    stage.lab.b.host.attach(&Endpoint::new("eth0", "ens33")?, &stage.inside)?;
    refused("its parent is in another namespace")
}

/// Whatever the moment and cause of a refusal, the old link is restored completely.
fn a_refused_replacement_leaves_the_old_link() -> Outcome {
    let stage = Stage::set()?;
    let host = &stage.lab.a.host;
    let old = eth0()?
        .mode(Mode::Vepa)?
        .mtu(1400)
        .alias("mine")
        .alternative_name("uplink")
        .queues(2, 2)
        .rate("10mbit".parse()?)
        .source_routing(7);
    host.attach(&old, &stage.inside)?;
    for command in [
        "address add 192.168.15.77/24 dev eth0 label eth0:x noprefixroute",
        "address add fd15::77/64 dev eth0 nodad valid_lft 5000 preferred_lft 4000",
        "route add 10.70.0.0/16 via 192.168.15.2 dev eth0 metric 5 mtu lock 1200",
        "route append 10.70.0.0/16 via 192.168.15.3 dev eth0 metric 5",
        "rule add from 192.168.15.10 fwmark 5 table 7",
    ] {
        ip_do(&stage.inside, command);
    }
    stage.lab.cable("ens34")?;
    let elsewhere = Endpoint::new("eth0", "ens34")?;
    let other = NetNs::anonymous()?;
    let sibling = host.attach(&Endpoint::new("sibling", "ens34")?, &other)?;
    for (endpoint, kind) in [
        (eth0()?.queues(1, 1).mtu(9000), ErrorKind::MtuTooLarge),
        (Endpoint::new("eth0", "missing")?, ErrorKind::ParentNotFound),
        (elsewhere.clone().mode(Mode::Passthru)?, ErrorKind::PassthruConflict),
        (elsewhere.clone().gateway("10.1.2.3".parse()?), ErrorKind::GatewayUnreachable),
        (elsewhere.route("10.1.0.0/16 dev nowhere".parse()?), ErrorKind::NotFound),
    ] {
        let before = Snapshot::settled(&stage.inside);
        let error = host.ensure_or_replace(&endpoint, &stage.inside).unwrap_err();
        assert_eq!(error.kind(), kind, "{error}");
        assert_eq!(error.leftovers(), [""; 0], "{error}");
        settle(&stage.inside);
        before.assert_same(&stage.inside);
    }
    host.detach(&sibling)?;
    Ok(())
}

/// Conflicting objects of others are neither treated as the library's nor deleted.
fn conflicting_objects_of_others_stay() -> Outcome {
    let stage = Stage::set()?;
    let host = &stage.lab.a.host;
    let endpoint = eth0()?.source_routing(7).route("10.50.0.0/16 via 192.168.15.2".parse()?);
    let attachment = host.attach(&endpoint, &stage.inside)?;
    for command in [
        "link add other type veth peer name end",
        "link set other up",
        "address add 10.60.0.2/24 dev other",
        "route delete 10.50.0.0/16",
        "route add 10.50.0.0/16 via 10.60.0.1 dev other",
        "route delete blackhole 10.8.0.0/16",
        "route add blackhole 10.8.0.0/16",
        "rule add from 192.168.15.10 fwmark 5 table 7 priority 30000",
        "rule add from 192.168.15.10 table 7 priority 600",
    ] {
        ip_do(&stage.inside, command);
    }
    let theirs = || {
        let mut all = ip_lines(&stage.inside, "-4 route show");
        all.extend(ip_lines(&stage.inside, "-4 rule show"));
        all.retain(|line| {
            let others = ["dev other", "blackhole", "fwmark", "600:"];
            others.iter().any(|part| line.contains(part))
        });
        // The kernel notices the missing peer some moments later.
        all.iter().map(|line| line.replace(" linkdown", "")).collect::<Vec<_>>()
    };
    let before = theirs();
    assert_eq!(before.len(), 5, "{before:?}");
    let missing = ["the route 10.50.0.0/16 via 192.168.15.2 is missing"];
    assert_eq!(words(&host.check(&endpoint, &stage.inside)?)[..1], missing);
    let error = host.ensure(&endpoint, &stage.inside).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::RouteExists, "{error}");
    assert_eq!(theirs(), before);
    host.detach(&attachment)?;
    assert_eq!(theirs(), before);
    Ok(())
}

/// A rule exists once, however often it is ensured, and is deleted with the endpoint.
fn a_rule_is_there_once() -> Outcome {
    let stage = Stage::set()?;
    let host = &stage.lab.a.host;
    let endpoint = eth0()?.source_routing(7);
    ip_do(&stage.inside, "link set lo up");
    settle(&stage.inside);
    let before = Snapshot::of(&stage.inside);
    for _ in 0..3 {
        host.attach(&endpoint, &stage.inside)?;
        ip_do(&stage.inside, "link delete eth0");
    }
    host.ensure(&endpoint, &stage.inside)?;
    let rules = ip_lines(&stage.inside, "rule show");
    assert_eq!(rules.iter().filter(|rule| rule.contains("lookup 7")).count(), 1, "{rules:?}");
    let found = host.attachments(&stage.inside)?.remove(0);
    host.detach(&found)?;
    before.assert_same(&stage.inside);
    Ok(())
}

fn vlans_are_repaired_and_replaced() -> Outcome {
    need(Need::Vlan)?;
    let stage = Stage::set()?;
    let vlan = |id: u16| -> Outcome<Endpoint> {
        Ok(Endpoint::vlan("eth0", "ens33", VlanOptions::new(id)?.gvrp(true).egress_qos(1, 2)?)?
            .address("192.168.15.10/24".parse()?))
    };
    let others = ["the VLAN options differ"];
    repair(&stage, &vlan(100)?, &["link set eth0 type vlan gvrp off"], &others)?;
    repair(&stage, &vlan(100)?, &["link set eth0 type vlan egress-qos-map 1:3"], &others)?;
    stage.lab.a.host.attach(&vlan(100)?, &stage.inside)?;
    replace(&stage, &[], &vlan(101)?, "the VLAN is 802.1Q 100 and should be 802.1Q 101")?;
    stage.lab.a.host.attach(&vlan(100)?, &stage.inside)?;
    let ad = VlanOptions::new(100)?.protocol(VlanProtocol::Dot1ad);
    let ad = Endpoint::vlan("eth0", "ens33", ad)?.address("192.168.15.10/24".parse()?);
    replace(&stage, &[], &ad, "the VLAN is 802.1Q 100 and should be 802.1ad 100")?;
    // On a VLAN parent that was deleted with all links on it.
    let endpoint = Endpoint::new("eth0", "ens33.200")?.address("192.168.15.10/24".parse()?);
    stage.lab.a.host.ensure(&endpoint, &stage.inside)?;
    ip_do(&stage.lab.a.netns, "link delete ens33.200");
    let ensured = stage.lab.a.host.ensure(&endpoint, &stage.inside)?;
    assert_eq!(ensured.repaired, [Difference::LinkMissing]);
    stage.lab.a.host.detach(&ensured.attachment)?;
    assert_eq!(ip(&stage.lab.a.netns, "link show type vlan"), serde_json::json!([]));
    Ok(())
}

fn detach_succeeds_if_the_link_is_gone() -> Outcome {
    let stage = Stage::set()?;
    let host = &stage.lab.a.host;
    let attachment = host.attach(&eth0()?, &stage.inside)?;
    ip_do(&stage.inside, "link delete eth0");
    assert_eq!(host.detach(&attachment.clone())?, Detached::AlreadyGone);
    assert_eq!(ip_lines(&stage.inside, "-4 route show"), [""; 0], "the blackhole went too");
    assert_eq!(host.detach(&attachment)?, Detached::AlreadyGone);

    // The process has ended, and with it its namespace, which the attachment does not hold.
    let Stage { lab, inside, container } = stage;
    let attachment = lab.a.host.attach(&eth0()?, &inside)?;
    drop((container, inside));
    assert_eq!(lab.a.host.detach(&attachment)?, Detached::AlreadyGone);

    // The parent was deleted, and with it its children.
    let stage = Stage::set()?;
    stage.lab.cable("ens34")?;
    let endpoint = Endpoint::new("eth0", "ens34")?;
    let attachment = stage.lab.a.host.attach(&endpoint, &stage.inside)?;
    ip_do(&stage.lab.a.netns, "link delete ens34");
    assert_eq!(stage.lab.a.host.detach(&attachment)?, Detached::AlreadyGone);
    let error = stage.lab.a.host.ensure(&endpoint, &stage.inside).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::ParentNotFound, "{error}");
    Ok(())
}

/// An attach is interrupted at every call, without any undo, as if the process was killed: `ensure`
/// completes it.
fn ensure_completes_an_interrupted_attach() -> Outcome {
    let lab = Lab::new()?;
    let endpoint = eth0()?.source_routing(77).route("10.3.0.0/16 via 192.168.15.2".parse()?);
    let mut halfway = 0;
    for number in 0.. {
        let container = macvlan_core::NetNs::anonymous()?;
        let dead = Fault::Errno(Errno::EPERM as i32);
        let (result, calls) =
            with_faults(number..=usize::MAX, dead, || lab.a.host.attach(&endpoint, &container));
        if calls.len() <= number {
            assert!(result.is_ok());
            break;
        }
        let error = result.unwrap_err();
        halfway += usize::from(!error.leftovers().is_empty());
        let ensured = lab.a.host.ensure(&endpoint, &container)?;
        assert_eq!(words(&lab.a.host.check(&endpoint, &container)?), [""; 0], "{error}");
        assert_eq!(ip_addresses(&container, "eth0"), ["192.168.15.10/24"]);
        assert_eq!(lab.a.host.detach(&ensured.attachment)?, Detached::Removed);
        assert_eq!(ip_lines(&container, "rule show").len(), 3, "{error}");
        assert_eq!(ip_lines(&container, "-4 route show type blackhole"), [""; 0], "{error}");
    }
    assert!(halfway > 5, "{halfway}");
    Ok(())
}

/// Each call of a new attach fails or loses its reply, also the deletion of a rule that an earlier
/// link has left: the link is there with all that it needs, or it is not there.
fn a_rule_of_an_earlier_link_is_deleted_or_nothing_is_attached() -> Outcome {
    let lab = Lab::new()?;
    let endpoint = eth0()?;
    for fault in [Fault::NoReply, Fault::Errno(Errno::EPERM as i32)] {
        let mut refused = 0;
        for number in 0.. {
            let container = NetNs::anonymous()?;
            ip_do(&container, "rule add from 192.168.15.10 table 7 priority 30000 protocol 109");
            let (result, calls) =
                with_faults(number..=number, fault, || lab.a.host.ensure(&endpoint, &container));
            let is_there = ip_try(&container, "link show dev eth0").is_ok();
            match result {
                Ok(ensured) => {
                    assert!(is_there, "{number}: {fault:?}");
                    assert_eq!(lab.a.host.check(&endpoint, &container)?, [], "{number}: {fault:?}");
                    assert_eq!(ip_lines(&container, "rule show").len(), 3, "{number}: {fault:?}");
                    lab.a.host.detach(&ensured.attachment)?;
                }
                Err(error) => {
                    refused += 1;
                    assert_ne!(error.kind(), ErrorKind::NotFound, "{number}: {fault:?}: {error}");
                    let named = error.leftovers().iter().any(|left| left.contains("link \"eth0"));
                    assert!(!is_there || named, "{number}: {fault:?}: {error}");
                }
            }
            if calls.len() <= number {
                break;
            }
        }
        assert!(refused > 0, "{fault:?}");
    }
    Ok(())
}

/// Addresses that the kernel checks during the probe are part of the endpoint.
fn an_address_that_a_probe_adds_first_is_repaired() -> Outcome {
    need(Need::Ipv6)?;
    let stage = Stage::set()?;
    let endpoint = eth0()?.address("fd15::10/64".parse()?).probe(Probe::quick());
    let spoil = ["address delete fd15::10/64 dev eth0"];
    repair(&stage, &endpoint, &spoil, &["the address fd15::10/64 is missing"])
}

/// A route is only installed through the link that it names.
fn a_route_through_a_link_that_does_not_exist_is_refused_by_all() -> Outcome {
    let stage = Stage::set()?;
    let host = &stage.lab.a.host;
    let route = "10.9.0.0/16 via 192.168.15.9 dev nope".parse()?;
    let endpoint = eth0()?.route(route);
    let before = Snapshot::settled(&stage.inside);
    let refused = host.attach(&endpoint, &stage.inside).unwrap_err();
    before.assert_same(&stage.inside);
    host.attach(&eth0()?, &stage.inside)?;
    let before = Snapshot::settled(&stage.inside);
    for error in [
        refused,
        host.check(&endpoint, &stage.inside).unwrap_err(),
        host.ensure(&endpoint, &stage.inside).unwrap_err(),
        host.ensure_or_replace(&endpoint, &stage.inside).unwrap_err(),
        Handle::in_netns(&stage.inside)?.add_route(&route).unwrap_err(),
    ] {
        assert_eq!(error.kind(), ErrorKind::NotFound, "{error}");
        assert_eq!(error.operation(), format!("add route {route}"));
        assert_eq!(error.link(), Some("nope"));
    }
    before.assert_same(&stage.inside);
    Ok(())
}

/// A route through the endpoint's own link with a foreign protocol number stays, and is in
/// conflict. One without is restored completely if the kernel refuses its replacement.
fn conflicting_routes_of_others_are_not_replaced() -> Outcome {
    let stage = Stage::set()?;
    let host = &stage.lab.a.host;
    let endpoint = eth0()?.route("10.50.0.0/16 via 192.168.15.3".parse()?);
    host.attach(&endpoint, &stage.inside)?;
    let theirs = "10.50.0.0/16 via 192.168.15.77 dev eth0 proto static initcwnd 20";
    ip_do(&stage.inside, &format!("route replace {theirs}"));
    let before = Snapshot::settled(&stage.inside);
    let error = host.ensure(&endpoint, &stage.inside).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::RouteExists, "{error}");
    before.assert_same(&stage.inside);

    ip_do(&stage.inside, "route replace 10.50.0.0/16 via 192.168.15.77 dev eth0 initcwnd 20");
    let before = Snapshot::settled(&stage.inside);
    let wrong = eth0()?.route("10.50.0.0/16 via 192.168.99.1".parse()?);
    let error = host.ensure(&wrong, &stage.inside).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::GatewayUnreachable, "{error}");
    before.assert_same(&stage.inside);
    host.ensure(&endpoint, &stage.inside)?;
    assert_eq!(host.check(&endpoint, &stage.inside)?, []);
    Ok(())
}

/// IPv6 addresses are probed too, before they are added permanently.
fn a_missing_ipv6_address_that_another_has_is_not_added() -> Outcome {
    need(Need::Ipv6)?;
    let stage = Stage::set()?;
    let host = &stage.lab.a.host;
    sysctl(&stage.inside, "ipv6/conf/default/accept_dad", "1");
    let other = NetNs::anonymous()?;
    let address = "fd15::77/64".parse()?;
    let has_it = Endpoint::new("eth0", "ens33")?.address(address);
    let probe = Probe::quick().deadline(Duration::from_secs(20));
    let endpoint = Endpoint::new("eth0", "ens33")?.address(address).probe(probe);
    host.attach(&endpoint, &stage.inside)?;
    ip_do(&stage.inside, "address delete fd15::77/64 dev eth0");
    let attachment = host.attach(&has_it, &other)?;
    settle(&other);
    let error = host.ensure(&endpoint, &stage.inside).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::AddressInUse, "{error}");
    assert_eq!(ip_lines(&stage.inside, "-6 address show dev eth0 scope global"), [""; 0]);
    host.detach(&attachment)?;
    host.ensure(&endpoint, &stage.inside)?;
    assert_eq!(host.check(&endpoint, &stage.inside)?, []);
    Ok(())
}

/// An address may be requested with two prefix lengths: one does not replace the other.
fn one_address_with_two_prefix_lengths() -> Outcome {
    let stage = Stage::set()?;
    let host = &stage.lab.a.host;
    let endpoint = Endpoint::new("eth0", "ens33")?
        .address("192.168.15.10/24".parse()?)
        .address("192.168.15.10/16".parse()?);
    host.attach(&endpoint, &stage.inside)?;
    assert_eq!(host.check(&endpoint, &stage.inside)?, []);
    ip_do(&stage.inside, "address delete 192.168.15.10/16 dev eth0");
    let repaired = host.ensure(&endpoint, &stage.inside)?.repaired;
    assert_eq!(words(&repaired), ["the address 192.168.15.10/16 is missing"]);
    assert_eq!(host.check(&endpoint, &stage.inside)?, []);
    Ok(())
}

/// The kind of link is compared, even if its options are missing.
fn a_link_without_a_mac_address_needs_replacement() -> Outcome {
    let stage = Stage::set()?;
    if let Err(why) = ip_try(&stage.inside, "tuntap add eth0 mode tun") {
        return Err(Stop::Ignored(format!("there is no tun: {why}")));
    }
    let before = Snapshot::settled(&stage.inside);
    let error = stage.lab.a.host.ensure(&eth0()?, &stage.inside).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::NeedsReplacement, "{error}");
    assert!(error.to_string().contains("the link is a tun and should be a macvlan"), "{error}");
    before.assert_same(&stage.inside);
    Ok(())
}

/// The sysctls that an announcement sets stay as they are.
fn announcement_sysctls_are_repaired() -> Outcome {
    let stage = Stage::set()?;
    let endpoint = eth0()?.address("fd15::10/64 nodad".parse()?).announce(Announce::once());
    stage.lab.a.host.attach(&endpoint, &stage.inside)?;
    assert_eq!(stage.lab.a.host.check(&endpoint, &stage.inside)?, []);
    let mut expected = vec!["arp_notify is off"];
    sysctl(&stage.inside, "ipv4/conf/eth0/arp_notify", "0");
    if need(Need::Ipv6).is_ok() {
        sysctl(&stage.inside, "ipv6/conf/eth0/ndisc_notify", "0");
        expected.insert(0, "ndisc_notify is 0 and should be 1");
    }
    let found = stage.lab.a.host.check(&endpoint, &stage.inside)?;
    assert_eq!(words(&found), expected);
    assert!(found.iter().all(|one| one.kind() == DifferenceKind::Sysctl));
    assert_eq!(words(&stage.lab.a.host.ensure(&endpoint, &stage.inside)?.repaired), expected);
    assert_eq!(stage.lab.a.host.check(&endpoint, &stage.inside)?, []);
    Ok(())
}

/// If peers reach the host by two links, each link answers for its own addresses.
fn the_arp_filter_of_an_access_link_is_repaired() -> Outcome {
    let stage = Stage::set()?;
    let access = || stage.lab.a.host.access("ens33");
    let first = access()?;
    let path = format!("ipv4/conf/{}/arp_filter", first.name().ok_or("no link")?);
    let is_on = || -> Outcome<bool> {
        let read = || std::fs::read_to_string(format!("/proc/sys/net/{path}"));
        Ok(stage.lab.a.netns.run(read)??.trim() == "1")
    };
    assert!(is_on()?);
    sysctl(&stage.lab.a.netns, &path, "0");
    let _second = access()?;
    assert!(is_on()?);
    Ok(())
}

/// If others damage the endpoint as fast as it is repaired, the error lists the differences.
fn ensure_lists_remaining_differences() -> Outcome {
    // This needs several processors.
    let stage = Stage::set()?;
    let endpoint = eth0()?.mtu(1400);
    stage.lab.a.host.attach(&endpoint, &stage.inside)?;
    let stop = AtomicBool::new(false);
    std::thread::scope(|scope| {
        scope.spawn(|| {
            let handle = Handle::in_netns(&stage.inside).unwrap();
            // In real time: it has to run at the same moment as the repair, on busy machines too.
            let thread = nix::unistd::gettid().to_string();
            Command::new("chrt").args(["--fifo", "--pid", "1", &thread]).status().unwrap();
            while !stop.load(Ordering::Relaxed) {
                handle.set_mtu("eth0", 1300).unwrap();
            }
        });
        let started = Instant::now();
        let mut error = None;
        while error.is_none() && started.elapsed() < PATIENCE {
            error = stage.lab.a.host.ensure(&endpoint, &stage.inside).err();
        }
        stop.store(true, Ordering::Relaxed);
        let error = error.ok_or("it was always repaired")?.to_string();
        let expected = "after 4 successful repairs, the MTU is 1300 and should be 1400";
        assert!(error.contains(expected), "{error}");
        Ok(())
    })
}

macvlan_tests::tests! {
    same_on_every_kernel:
    announcement_sysctls_are_repaired,
    the_arp_filter_of_an_access_link_is_repaired,
    ensure_lists_remaining_differences,
    links_that_cannot_be_restored_are_not_replaced,
    a_refused_replacement_leaves_the_old_link,
    conflicting_objects_of_others_stay,
    a_rule_is_there_once,
    the_link_s_settings_are_repaired,
    macvlan_options_are_repaired,
    addresses_routes_and_rules_are_repaired,
    ipv6_is_repaired,
    a_link_that_is_down_is_set_up_with_all_it_lost,
    ensure_attaches_a_missing_link,
    immutable_links_are_replaced_only_on_request,
    vlans_are_repaired_and_replaced,
    detach_succeeds_if_the_link_is_gone,
    ensure_completes_an_interrupted_attach,
    a_rule_of_an_earlier_link_is_deleted_or_nothing_is_attached,
    conflicting_routes_of_others_are_not_replaced,
    a_missing_ipv6_address_that_another_has_is_not_added,
    one_address_with_two_prefix_lengths,
    an_address_that_a_probe_adds_first_is_repaired,
    a_route_through_a_link_that_does_not_exist_is_refused_by_all,
    a_link_without_a_mac_address_needs_replacement,
}
