//! Long operations can be cancelled from another thread, and are undone completely.
#![deny(dead_code)]

use std::time::Instant;

use macvlan_core::{Announce, Cancel, Endpoint, Error, ErrorKind, Host, KeepEvent, NetNs, Probe};
use macvlan_tests::{
    Lab, Need, Outcome, PATIENCE, Snapshot, Stage, Wire, eventually, ip_addresses, ip_do, ip_try,
    need, ping, sysctl,
};

/// A probe that listens for longer than any timeout, unless it is ended.
fn endless() -> Probe {
    Probe::quick().wait(PATIENCE * 2).deadline(PATIENCE * 2)
}

fn eth0() -> Outcome<Endpoint> {
    Ok(Endpoint::new("eth0", "ens33")?.probe(endless()))
}

fn is_arp(frame: &[u8]) -> bool {
    frame[12..14] == [8, 6]
}

/// Returns the error of work that is cancelled as soon as the condition holds; it ends at once.
fn cancelled<T>(
    host: &Host,
    when: impl FnOnce() -> Outcome<()> + Send,
    work: impl FnOnce(&Host) -> macvlan_core::Result<T>,
) -> Outcome<Error> {
    let cancel = Cancel::new()?;
    let host = host.cancelled_by(&cancel);
    let (error, at) = std::thread::scope(|scope| {
        let canceller = scope.spawn(|| {
            let reached = when();
            cancel.cancel();
            reached.unwrap();
            Instant::now()
        });
        (work(&host).err(), canceller.join().unwrap())
    });
    let error = error.ok_or("it was not cancelled")?;
    assert!(at.elapsed() < PATIENCE, "{error}");
    assert_eq!(error.kind(), ErrorKind::Cancelled, "{error}");
    assert_eq!(error.errno(), None, "{error}");
    assert_eq!(ErrorKind::Cancelled.errno(), nix::libc::EINTR);
    assert!(error.to_string().contains("the operation was cancelled"), "{error}");
    assert!(error.leftovers().is_empty(), "{error}");
    Ok(error)
}

fn a_probe_that_is_cancelled_is_undone_whole() -> Outcome {
    let stage = Stage::set()?;
    let (outside, inside) = (Snapshot::of(&stage.lab.a.netns), Snapshot::of(&stage.inside));
    let wire = Wire::listen(&stage.lab.b.netns, "ens33")?;
    let endpoint = eth0()?.address("192.168.15.9/24".parse()?).gateway("192.168.15.2".parse()?);
    let when = || {
        assert!(wire.find(is_arp)?.is_some());
        Ok(())
    };
    let error = cancelled(&stage.lab.a.host, when, |host| host.attach(&endpoint, &stage.inside))?;
    assert_eq!((error.link(), error.parent()), (Some("eth0"), Some("ens33")));
    outside.assert_same(&stage.lab.a.netns);
    inside.assert_same(&stage.inside);
    Ok(())
}

/// An on-demand VLAN is removed too.
fn a_parent_that_was_made_for_it_goes_too() -> Outcome {
    need(Need::Vlan)?;
    let stage = Stage::set()?;
    let (outside, inside) = (Snapshot::of(&stage.lab.a.netns), Snapshot::of(&stage.inside));
    let wire = Wire::listen(&stage.lab.b.netns, "ens33")?;
    let endpoint =
        Endpoint::new("eth0", "ens33.7")?.probe(endless()).address("192.168.15.9/24".parse()?);
    let when = || {
        assert!(wire.find(|frame| is_arp(frame) || frame[12..14] == [0x81, 0])?.is_some());
        Ok(())
    };
    cancelled(&stage.lab.a.host, when, |host| host.attach(&endpoint, &stage.inside))?;
    outside.assert_same(&stage.lab.a.netns);
    inside.assert_same(&stage.inside);
    Ok(())
}

fn duplicate_detection_that_is_cancelled_is_undone_whole() -> Outcome {
    need(Need::Ipv6)?;
    let stage = Stage::set()?;
    for (name, value) in [("accept_dad", "1"), ("dad_transmits", "3600")] {
        sysctl(&stage.inside, &format!("ipv6/conf/default/{name}"), value);
    }
    let inside = Snapshot::of(&stage.inside);
    let endpoint = eth0()?.address("fd15::9/64".parse()?);
    let when = || {
        eventually("no address is tentative", || {
            let shown = ip_try(&stage.inside, "-6 address show dev eth0 tentative scope global");
            Ok(shown.is_ok_and(|shown| shown.contains("fd15::9")))
        })
    };
    cancelled(&stage.lab.a.host, when, |host| host.attach(&endpoint, &stage.inside))?;
    inside.assert_same(&stage.inside);
    Ok(())
}

fn asking_for_a_pool_can_be_cancelled() -> Outcome {
    let lab = Lab::new()?;
    let outside = Snapshot::settled(&lab.a.netns);
    let wire = Wire::listen(&lab.b.netns, "ens33")?;
    let wanted = ["192.168.15.9".parse()?, "192.168.15.10".parse()?];
    let when = || {
        assert!(wire.find(is_arp)?.is_some());
        Ok(())
    };
    cancelled(&lab.a.host, when, |host| host.probe_addresses("ens33", &wanted, &endless()))?;
    outside.assert_same(&lab.a.netns);
    Ok(())
}

/// An address whose probe is cancelled is not added; the link stays as it was.
fn ensuring_can_be_cancelled() -> Outcome {
    let stage = Stage::set()?;
    let bare = Endpoint::new("eth0", "ens33")?;
    stage.lab.a.host.attach(&bare, &stage.inside)?;
    let inside = Snapshot::settled(&stage.inside);
    let wire = Wire::listen(&stage.lab.b.netns, "ens33")?;
    let endpoint = eth0()?.address("192.168.15.9/24".parse()?);
    let when = || {
        assert!(wire.find(is_arp)?.is_some());
        Ok(())
    };
    cancelled(&stage.lab.a.host, when, |host| host.ensure(&endpoint, &stage.inside))?;
    inside.assert_same(&stage.inside);
    Ok(())
}

/// A cancelled replacement leaves the old link, with its address.
fn a_replacement_that_is_cancelled_puts_the_old_link_back() -> Outcome {
    let stage = Stage::set()?;
    let old = Endpoint::new("eth0", "ens33")?.queues(1, 1).address("192.168.15.8/24".parse()?);
    stage.lab.a.host.attach(&old, &stage.inside)?;
    let inside = Snapshot::settled(&stage.inside);
    let wire = Wire::listen(&stage.lab.b.netns, "ens33")?;
    let endpoint = eth0()?.queues(2, 2).address("192.168.15.9/24".parse()?);
    let asks = |frame: &[u8]| is_arp(frame) && frame[38..42] == [192, 168, 15, 9];
    let when = || {
        assert!(wire.find(asks)?.is_some());
        Ok(())
    };
    cancelled(&stage.lab.a.host, when, |host| host.ensure_or_replace(&endpoint, &stage.inside))?;
    inside.assert_same(&stage.inside);
    assert!(ping(&stage.inside, "192.168.15.2").is_some());
    Ok(())
}

/// Other waits of seconds: for a MAC address in use, for a namespace that others work on, for
/// blocking announcements.
fn other_waits_can_be_cancelled() -> Outcome {
    let stage = Stage::set()?;
    let host = &stage.lab.a.host;
    let other = NetNs::anonymous()?;
    let mac = "02:42:00:00:00:09".parse()?;
    host.attach(&Endpoint::new("eth0", "ens33")?.mac(mac), &other)?;
    let inside = Snapshot::of(&stage.inside);
    let at_once = || Ok(());

    let taken = Endpoint::new("eth0", "ens33")?.mac(mac).mac_conflict_timeout(PATIENCE * 2);
    cancelled(host, at_once, |host| host.attach(&taken, &stage.inside))?;
    inside.assert_same(&stage.inside);

    let bare = Endpoint::new("eth0", "ens33")?;
    let held = stage.inside.lock()?;
    std::thread::scope(|scope| {
        let waits = || cancelled(host, at_once, |host| host.attach(&bare, &stage.inside)).map(drop);
        scope.spawn(waits).join().unwrap()
    })?;
    drop(held);
    inside.assert_same(&stage.inside);

    let announce = Announce::once().count(2)?.interval(PATIENCE * 2).blocking(true);
    let loud = bare.clone().address("192.168.15.9/24".parse()?).announce(announce);
    let wire = Wire::listen(&stage.lab.b.netns, "ens33")?;
    let when = || {
        assert!(wire.find(is_arp)?.is_some());
        Ok(())
    };
    cancelled(host, when, |host| host.attach(&loud, &stage.inside))?;
    inside.assert_same(&stage.inside);
    Ok(())
}

/// It stays cancelled, also for its clones. Operations without waits are executed, and the original
/// host continues.
fn it_stays_cancelled() -> Outcome {
    let stage = Stage::set()?;
    let cancel = Cancel::new()?;
    let host = stage.lab.a.host.cancelled_by(&cancel);
    assert!(!cancel.is_cancelled());
    cancel.clone().cancel();
    assert!(cancel.is_cancelled());
    let endpoint = Endpoint::new("eth0", "ens33")?.address("192.168.15.9/24".parse()?);
    let asking = endpoint.clone().probe(Probe::quick());
    for _ in 0..2 {
        let error = host.attach(&asking, &stage.inside).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Cancelled, "{error}");
    }
    host.detach(&host.attach(&endpoint, &stage.inside)?)?;
    stage.lab.a.host.attach(&asking, &stage.inside)?;
    assert_eq!(ip_addresses(&stage.inside, "eth0").len(), 1);
    Ok(())
}

/// As iterators they end, and waits with a timeout return that.
fn a_watch_and_a_keeper_end_when_they_are_cancelled() -> Outcome {
    let lab = Lab::new()?;
    let container = NetNs::anonymous()?;
    let cancel = Cancel::new()?;
    let mut watch = lab.a.handle.watch()?;
    watch.set_cancel(&cancel);
    let endpoint = Endpoint::new("eth0", "ens33")?;
    let mut keeper = lab.a.host.cancelled_by(&cancel).keep([(endpoint, container.clone())])?;
    std::thread::scope(|scope| {
        let watching = scope.spawn(|| watch.by_ref().all(|event| event.is_ok()));
        let keeping = scope.spawn(|| keeper.by_ref().all(|event| event.is_ok()));
        cancel.cancel();
        assert!(watching.join().unwrap());
        assert!(keeping.join().unwrap());
    });
    let error = watch.next_within(PATIENCE).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Cancelled, "{error}");
    let error = keeper.next_within(PATIENCE).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Cancelled, "{error}");
    assert_eq!(keeper.attachments().count(), 1);
    Ok(())
}

/// A keeper that probes when the parent is back ends as well, and leaves no partial attachment.
fn a_keeper_that_probes_can_be_cancelled() -> Outcome {
    let lab = Lab::new()?;
    let container = NetNs::anonymous()?;
    let inside = Snapshot::of(&container);
    let endpoint = Endpoint::new("eth0", "later")?.probe(endless());
    let endpoint = endpoint.address("192.168.15.9/24".parse()?);
    let cancel = Cancel::new()?;
    let mut keeper = lab.a.host.cancelled_by(&cancel).keep([(endpoint, container.clone())])?;
    std::thread::scope(|scope| {
        // It fails until the parent is up again.
        let keeping = scope.spawn(move || {
            loop {
                match keeper.next_within(PATIENCE * 2) {
                    Ok(Some(KeepEvent::Failed(..))) => {}
                    other => return other,
                }
            }
        });
        for what in ["ens33 down", "ens33 name later", "later up"] {
            ip_do(&lab.a.netns, &format!("link set dev {what}"));
        }
        let begun = eventually("it does not attach", || {
            Ok(ip_try(&container, "link show dev eth0").is_ok())
        });
        cancel.cancel();
        let error = keeping.join().unwrap().unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Cancelled, "{error}");
        begun
    })?;
    inside.assert_same(&container);
    Ok(())
}

fn an_announcement_can_be_cancelled() -> Outcome {
    let stage = Stage::set()?;
    let endpoint = Endpoint::new("eth0", "ens33")?.address("192.168.15.9/24".parse()?);
    let attachment = stage.lab.a.host.attach(&endpoint, &stage.inside)?;
    let announcement = attachment.announce(Announce::rfc().interval(PATIENCE * 2))?;
    let wire = Wire::listen(&stage.lab.b.netns, "ens33")?;
    let cancel = Cancel::new()?;
    let error = std::thread::scope(|scope| -> Outcome<Error> {
        let running = scope.spawn(|| announcement.run_until(&cancel));
        let announced = wire.find(is_arp);
        cancel.cancel();
        assert!(announced?.is_some());
        running.join().unwrap().err().ok_or_else(|| "it was not cancelled".into())
    })?;
    assert_eq!(error.kind(), ErrorKind::Cancelled, "{error}");
    assert!(announcement.send()? > 0, "another can be sent all the same");
    Ok(())
}

macvlan_tests::tests! {
    same_on_every_kernel:
    an_announcement_can_be_cancelled,
    a_watch_and_a_keeper_end_when_they_are_cancelled,
    a_keeper_that_probes_can_be_cancelled,
    a_probe_that_is_cancelled_is_undone_whole,
    a_parent_that_was_made_for_it_goes_too,
    duplicate_detection_that_is_cancelled_is_undone_whole,
    asking_for_a_pool_can_be_cancelled,
    ensuring_can_be_cancelled,
    a_replacement_that_is_cancelled_puts_the_old_link_back,
    other_waits_can_be_cancelled,
    it_stays_cancelled,
}
