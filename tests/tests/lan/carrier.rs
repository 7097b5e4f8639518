//! Silence proves nothing without a carrier, which is checked before, during and at the end of a
//! probe; and the cause that ends a probe is named.
#![deny(dead_code)]

use std::time::Duration;

use macvlan_core::{Endpoint, Error, ErrorKind, NetNs, Probe};
use macvlan_tests::{
    Need, Outcome, PATIENCE, Snapshot, Stage, Wire, eventually, ip, ip_addresses, ip_do, ip_link,
    ip_try, need, on_each_kernel, ping, sysctl,
};

/// A probe that listens for longer than any timeout, unless it is ended.
fn endless() -> Probe {
    Probe::quick().wait(PATIENCE * 2).deadline(PATIENCE * 2)
}

fn eth0(probe: Probe) -> Outcome<Endpoint> {
    Ok(Endpoint::new("eth0", "ens33")?.probe(probe))
}

/// Returns the error of an attach during which this is done, after it has probed an IPv4 address or
/// the kernel checks an IPv6 one. No objects are left inside.
fn ended_by(
    stage: &Stage,
    endpoint: &Endpoint,
    what: impl FnOnce(&Stage) + Send,
) -> Outcome<Error> {
    let is_v4 = endpoint.get_addresses().iter().all(|address| address.ip().is_ipv4());
    if !is_v4 {
        need(Need::Ipv6)?;
        // The kernel sends one request per second.
        for (name, value) in [("accept_dad", "1"), ("dad_transmits", "3600")] {
            sysctl(&stage.inside, &format!("ipv6/conf/default/{name}"), value);
        }
    }
    let before = Snapshot::of(&stage.inside);
    let wire = Wire::listen(&stage.lab.b.netns, "ens33")?;
    let is_probe = |frame: &[u8]| frame[12..14] == [8, 6] && frame[28..32] == [0; 4];
    let error = std::thread::scope(|scope| {
        scope.spawn(move || {
            if is_v4 {
                assert!(wire.find(is_probe).unwrap().is_some());
            } else {
                eventually("no address is tentative", || Ok(tentative(&stage.inside) > 0)).unwrap();
            }
            what(stage);
        });
        stage.lab.a.host.attach(endpoint, &stage.inside).expect_err("it was attached")
    });
    before.assert_same(&stage.inside);
    assert!(error.leftovers().is_empty(), "{error}");
    assert_eq!(error.holder(), None, "{error}");
    Ok(error)
}

/// Returns the number of addresses, except link-local ones, that the kernel is checking.
fn tentative(inside: &NetNs) -> usize {
    ip_try(inside, "-j -6 address show dev eth0 tentative scope global")
        .map_or(0, |shown| shown.matches("\"local\"").count())
}

fn assert_is(error: &Error, kind: ErrorKind, words: &str) {
    assert_eq!(error.kind(), kind, "{error}");
    assert!(error.to_string().contains(words), "no {words:?} in: {error}");
    assert_eq!(error.link(), Some("eth0"), "{error}");
    assert_eq!(error.parent(), Some("ens33"), "{error}");
}

fn a_carrier_that_is_lost_ends_the_probe() -> Outcome {
    on_each_kernel();
    let stage = Stage::set()?;
    let endpoint = eth0(endless())?.address("192.168.15.9/24".parse()?);
    let error = ended_by(&stage, &endpoint, |stage| {
        ip_do(&stage.lab.b.netns, "link set dev ens33 down");
    })?;
    assert_is(&error, ErrorKind::ParentDown, "\"ens33\" has no carrier");
    Ok(())
}

/// Even if the carrier is back at the end.
fn a_carrier_that_was_lost_for_a_moment_proves_nothing() -> Outcome {
    let stage = Stage::set()?;
    let probe = Probe::quick().wait(Duration::from_secs(1));
    let endpoint = eth0(probe)?.address("192.168.15.9/24".parse()?);
    let error = ended_by(&stage, &endpoint, |stage| {
        ip_do(&stage.lab.b.netns, "link set dev ens33 down");
        ip_do(&stage.lab.b.netns, "link set dev ens33 up");
    })?;
    assert_is(&error, ErrorKind::ParentDown, "carrier");
    eventually("it is never attached", || {
        Ok(stage.lab.a.host.attach(&endpoint, &stage.inside).is_ok())
    })
}

/// Also while the kernel checks an IPv6 address.
fn a_carrier_that_is_lost_ends_duplicate_detection() -> Outcome {
    on_each_kernel();
    let stage = Stage::set()?;
    let endpoint = eth0(endless())?.address("fd15::9/64".parse()?);
    let error = ended_by(&stage, &endpoint, |stage| {
        ip_do(&stage.lab.b.netns, "link set dev ens33 down");
    })?;
    assert_is(&error, ErrorKind::ParentDown, "\"ens33\" has no carrier");
    Ok(())
}

fn a_parent_that_goes_down_ends_the_probe() -> Outcome {
    let stage = Stage::set()?;
    let endpoint = eth0(endless())?.address("192.168.15.9/24".parse()?);
    let error = ended_by(&stage, &endpoint, |stage| {
        ip_do(&stage.lab.a.netns, "link set dev ens33 down");
    })?;
    assert_is(&error, ErrorKind::ParentDown, "\"ens33\" is down");
    Ok(())
}

fn a_parent_that_is_deleted_is_said_to_be_gone() -> Outcome {
    for address in ["192.168.15.9/24", "fd15::9/64"] {
        let stage = Stage::set()?;
        let endpoint = eth0(endless())?.address(address.parse()?);
        let error = ended_by(&stage, &endpoint, |stage| {
            ip_do(&stage.lab.a.netns, "link delete dev ens33");
        })?;
        assert_is(&error, ErrorKind::ParentNotFound, "the parent was deleted or moved");
    }
    Ok(())
}

fn a_deleted_or_downed_link_is_named() -> Outcome {
    let stage = Stage::set()?;
    for address in ["192.168.15.9/24", "fd15::9/64"] {
        let endpoint = eth0(endless())?.address(address.parse()?);
        let error = ended_by(&stage, &endpoint, |stage| {
            ip_do(&stage.inside, "link delete dev eth0");
        })?;
        assert_is(&error, ErrorKind::NotFound, "the link was deleted or moved");
        let error = ended_by(&stage, &endpoint, |stage| {
            ip_do(&stage.inside, "link set dev eth0 down");
        })?;
        assert_is(&error, ErrorKind::System, "the link is down");
        assert_eq!(error.errno(), Some(nix::libc::ENETDOWN));
    }
    Ok(())
}

/// An address that is deleted by others is not a duplicate.
fn an_address_that_is_deleted_is_not_a_duplicate() -> Outcome {
    let stage = Stage::set()?;
    let endpoint = eth0(endless())?.address("fd15::9/64".parse()?);
    let error = ended_by(&stage, &endpoint, |stage| {
        ip_do(&stage.inside, "-6 address delete fd15::9/64 dev eth0");
    })?;
    assert_is(
        &error,
        ErrorKind::NotFound,
        "fd15::9 was deleted from the link during the detection",
    );
    Ok(())
}

/// The parent's parent counts as well: a macvlan on a macvlan.
fn links_below_the_parent_need_a_carrier() -> Outcome {
    let stage = Stage::set()?;
    ip_do(&stage.lab.a.netns, "link add mv7 link ens33 up type macvlan mode bridge");
    ip_do(&stage.lab.b.netns, "link set dev ens33 down");
    let endpoint =
        Endpoint::new("eth0", "mv7")?.probe(endless()).address("192.168.15.9/24".parse()?);
    let error = stage.lab.a.host.attach(&endpoint, &stage.inside).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::ParentDown, "{error}");
    assert!(error.to_string().contains("\"ens33\" has no carrier"), "{error}");
    Ok(())
}

/// Without addresses to probe, no carrier is needed.
fn with_nothing_to_ask_no_carrier_is_needed() -> Outcome {
    let stage = Stage::set()?;
    ip_do(&stage.lab.b.netns, "link set dev ens33 down");
    let host = &stage.lab.a.host;
    let bare = eth0(Probe::quick())?;
    host.detach(&host.attach(&bare, &stage.inside)?)?;
    assert_eq!(host.probe_addresses("ens33", &[], &Probe::quick())?, []);
    need(Need::Ipv6)?;
    host.attach(&bare.address("fd15::9/64 nodad".parse()?), &stage.inside)?;
    assert!(ip_addresses(&stage.inside, "eth0").contains(&"fd15::9/64".to_owned()));
    Ok(())
}

/// `ensure` sets a link up that is down, and probes through it before it adds an address.
fn ensure_asks_through_a_link_that_was_down() -> Outcome {
    let stage = Stage::set()?;
    let host = &stage.lab.a.host;
    host.attach(&Endpoint::new("eth0", "ens33")?, &stage.inside)?;
    let probe = Probe::quick().deadline(PATIENCE);
    // The other host's.
    let theirs = eth0(probe)?.address("192.168.15.2/24".parse()?);
    let free = eth0(probe)?.address("192.168.15.9/24".parse()?);
    ip_do(&stage.inside, "link set dev eth0 down");
    let error = host.ensure(&theirs, &stage.inside).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::AddressInUse, "{error}");
    assert!(!ip(&stage.inside, "address show dev eth0").to_string().contains("192.168.15.2"));

    ip_do(&stage.inside, "link set dev eth0 down");
    host.ensure(&free, &stage.inside)?;
    assert!(ip_addresses(&stage.inside, "eth0").contains(&"192.168.15.9/24".to_owned()));
    assert!(ping(&stage.inside, "192.168.15.2").is_some());

    ip_do(&stage.inside, "address delete 192.168.15.9/24 dev eth0");
    ip_do(&stage.lab.b.netns, "link set dev ens33 down");
    eventually("the carrier stays", || {
        Ok(ip_link(&stage.lab.a.netns, "ens33")["operstate"] != "UP")
    })?;
    let error = host.ensure(&free, &stage.inside).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::ParentDown, "{error}");
    Ok(())
}

macvlan_tests::tests! {
    same_on_every_kernel:
    a_carrier_that_is_lost_ends_the_probe,
    a_carrier_that_was_lost_for_a_moment_proves_nothing,
    a_carrier_that_is_lost_ends_duplicate_detection,
    a_parent_that_goes_down_ends_the_probe,
    a_parent_that_is_deleted_is_said_to_be_gone,
    a_deleted_or_downed_link_is_named,
    an_address_that_is_deleted_is_not_a_duplicate,
    links_below_the_parent_need_a_carrier,
    with_nothing_to_ask_no_carrier_is_needed,
    ensure_asks_through_a_link_that_was_down,
}
