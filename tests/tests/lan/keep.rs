//! The parent disappears and returns, and the containers have their interfaces again, as they were.
#![deny(dead_code)]

use std::os::fd::AsFd;
use std::time::{Duration, Instant};

use macvlan_core::{
    Attachment, Endpoint, ErrorKind, KeepEvent, Keeper, Link, MacAddr, NetNs, Parent,
};
use macvlan_tests::{
    Container, Lab, Need, Outcome, PATIENCE, Snapshot, eventually, ip_addresses, ip_do, ip_lines,
    ip_link, is_guest, need, on_each_kernel, ping, quick, settle, silent, takes_long_in_the_guest,
};
use nix::poll::{PollFd, PollFlags, PollTimeout, poll};

use crate::fault_injection::{Fault, with_faults};

/// The limit from the parent's return to the previous state. In the guest, starting `ip` alone
/// takes longer.
fn at_once() -> Outcome<Duration> {
    Ok(if is_guest()? { Duration::from_secs(5) } else { Duration::from_millis(100) })
}

fn eth0(parent: &str) -> Outcome<Endpoint> {
    Ok(Endpoint::new("eth0", parent)?
        .address("192.168.15.10/24".parse()?)
        .address("fd15::10/64 nodad".parse()?)
        .gateway("192.168.15.2".parse()?)
        .route("10.7.0.0/16 via 192.168.15.2 metric 9".parse()?))
}

/// Removes the cable with both ends: the parent is gone on both hosts.
fn unplug(lab: &Lab) {
    ip_do(&lab.a.netns, "link del dev ens33");
}

/// Creates the cable again, on host a with this name and MAC address. Returns the time.
fn plug_in(lab: &Lab, name: &str, mac: MacAddr) -> Outcome<Instant> {
    let started = Instant::now();
    ip_do(&lab.a.netns, &format!("link add {name} address {mac} type veth peer name cable"));
    lab.a.handle.move_link("cable", &lab.b.netns, Some("ens33".parse()?))?;
    lab.b.handle.set_up("ens33")?;
    lab.b.handle.add_address("ens33", &"192.168.15.2/24".parse()?)?;
    if need(Need::Ipv6).is_ok() {
        lab.b.handle.add_address("ens33", &"fd15::2/64 nodad".parse()?)?;
    }
    lab.a.handle.set_up(name)?;
    Ok(started)
}

/// Waits for the next event.
pub(crate) fn next(keeper: &mut Keeper) -> Outcome<KeepEvent> {
    Ok(keeper.next_within(PATIENCE)?.ok_or("nothing is told")?)
}

pub(crate) fn nothing_more(keeper: &mut Keeper) -> Outcome {
    match keeper.next_within(Duration::from_millis(60))? {
        None => Ok(()),
        Some(event) => Err(event.to_string().into()),
    }
}

pub(crate) fn gone(keeper: &mut Keeper) -> Outcome {
    match next(keeper)? {
        KeepEvent::Gone(_) => Ok(()),
        other => Err(other.to_string().into()),
    }
}

/// Waits until it is attached again, ignoring failures before that.
pub(crate) fn attached(keeper: &mut Keeper) -> Outcome<Attachment> {
    loop {
        match next(keeper)? {
            KeepEvent::Attached(attachment) => return Ok(*attachment),
            KeepEvent::Failed(..) => {}
            other => return Err(other.to_string().into()),
        }
    }
}

/// Returns the container's view of its interface, without its index.
fn seen(inside: &NetNs) -> (String, Vec<String>, Vec<String>) {
    let mac = ip_link(inside, "eth0")["address"].to_string();
    (mac, ip_addresses(inside, "eth0"), ip_lines(inside, "route show dev eth0"))
}

/// Waits for the same view: routes show a moment later that the link works.
fn is_seen(inside: &NetNs, before: &(String, Vec<String>, Vec<String>)) -> Outcome {
    eventually("it is not as it was", || Ok(seen(inside) == *before))
}

fn the_parent_is_made_again() -> Outcome {
    on_each_kernel();
    let lab = Lab::new()?;
    let inside = NetNs::anonymous()?;
    let mac = lab.a.handle.link("ens33")?.mac.ok_or("no MAC address")?;
    let mut keeper = lab.a.host.keep([(eth0("ens33")?, inside.clone())])?;
    let before = seen(&inside);
    let round = |keeper: &mut Keeper| -> Outcome<Duration> {
        let index = keeper.attachments().next().ok_or("not attached")?.parent_index();
        unplug(&lab);
        gone(keeper)?;
        assert_eq!(keeper.attachments().count(), 0);
        // On a separate thread, as in a program.
        let (again, when) = std::thread::scope(|scope| -> Outcome<_> {
            let thread = scope.spawn(|| {
                let again = attached(keeper);
                (again, Instant::now())
            });
            let since = plug_in(&lab, "ens33", mac)?;
            let (again, at) = thread.join().map_err(|_| "the keeper panicked")?;
            Ok((again?, at.saturating_duration_since(since)))
        })?;
        println!("attached again after {when:?}");
        assert_ne!(again.parent_index(), index);
        is_seen(&inside, &before)?;
        assert!(ping(&inside, "192.168.15.2").is_some());
        Ok(when)
    };
    for _ in 0..3 {
        quick(at_once()?, || round(&mut keeper))?;
    }
    nothing_more(&mut keeper)
}

/// Identified by its MAC address.
fn the_parent_comes_back_under_another_name() -> Outcome {
    let lab = Lab::new()?;
    let inside = NetNs::anonymous()?;
    let mac = lab.a.handle.link("ens33")?.mac.ok_or("no MAC address")?;
    let mut keeper = lab.a.host.keep([(eth0("ens33")?, inside.clone())])?;
    let before = seen(&inside);
    unplug(&lab);
    gone(&mut keeper)?;
    // Links of others are ignored.
    lab.a.handle.add_link(&Link::veth("usb0", "usb1", None)?.up(true))?;
    nothing_more(&mut keeper)?;
    plug_in(&lab, "lan7", mac)?;
    let again = attached(&mut keeper)?;
    assert_eq!(again.parent().to_string(), "lan7");
    is_seen(&inside, &before)?;
    assert!(ping(&inside, "192.168.15.2").is_some());
    Ok(())
}

/// A parent that is renamed in place keeps its links. After it has disappeared, it is found under
/// its new name.
fn the_parent_is_renamed() -> Outcome {
    let lab = Lab::new()?;
    let inside = NetNs::anonymous()?;
    let mut keeper = lab.a.host.keep([(eth0("ens33")?, inside.clone())])?;
    let before = Snapshot::settled(&inside);
    ip_do(&lab.a.netns, "link set dev ens33 down");
    ip_do(&lab.a.netns, "link set dev ens33 name lan7");
    ip_do(&lab.a.netns, "link set dev lan7 up");
    match next(&mut keeper)? {
        KeepEvent::Renamed(_, name) => assert_eq!(name.as_str(), "lan7"),
        other => return Err(other.to_string().into()),
    }
    nothing_more(&mut keeper)?;
    assert!(ping(&inside, "192.168.15.2").is_some());
    before.assert_same(&inside);
    ip_do(&lab.a.netns, "link del dev lan7");
    gone(&mut keeper)?;
    plug_in(&lab, "lan7", "02:00:00:00:77:77".parse()?)?; // and another card
    assert_eq!(attached(&mut keeper)?.parent().to_string(), "lan7");
    assert!(ping(&inside, "192.168.15.2").is_some());
    Ok(())
}

/// Down and up again: no action, and no event.
fn a_link_that_goes_down_is_kept() -> Outcome {
    let lab = Lab::new()?;
    let inside = NetNs::anonymous()?;
    let mut keeper = lab.a.host.keep([(eth0("ens33")?, inside.clone())])?;
    let index = ip_link(&inside, "eth0")["ifindex"].clone();
    for state in ["down", "up"] {
        ip_do(&lab.a.netns, &format!("link set dev ens33 {state}"));
        nothing_more(&mut keeper)?;
    }
    assert_eq!(ip_link(&inside, "eth0")["ifindex"], index);
    assert!(ping(&inside, "192.168.15.2").is_some());
    Ok(())
}

/// An on-demand VLAN is created again when its base is back, and works when the base is up.
fn a_vlan_is_made_again() -> Outcome {
    need(Need::Vlan)?;
    let lab = Lab::new()?;
    let (inside, peer) = (NetNs::anonymous()?, NetNs::anonymous()?);
    let mac = lab.a.handle.link("ens33")?.mac.ok_or("no MAC address")?;
    let mut keeper = lab.a.host.keep([(eth0("ens33.100")?, inside.clone())])?;
    let before = seen(&inside);
    quick(at_once()?, || {
        unplug(&lab);
        gone(&mut keeper)?;
        plug_in(&lab, "ens33", mac)?;
        let up = Instant::now();
        let again = attached(&mut keeper)?;
        let took = up.elapsed();
        assert_eq!(again.parent().to_string(), "ens33.100");
        is_seen(&inside, &before)?;
        Ok(took)
    })?;
    let theirs = Endpoint::new("eth0", "ens33.100")?.address("192.168.15.20/24".parse()?);
    lab.b.host.attach(&theirs, &peer)?;
    assert!(ping(&inside, "192.168.15.20").is_some());
    nothing_more(&mut keeper)?;

    // Only the VLAN is deleted.
    ip_do(&lab.a.netns, "link del dev ens33.100");
    gone(&mut keeper)?;
    attached(&mut keeper)?;
    assert!(ping(&inside, "192.168.15.20").is_some());
    Ok(())
}

/// Its parent does not exist yet; two endpoints, and one that is released.
fn a_parent_is_waited_for() -> Outcome {
    let lab = Lab::new()?;
    let (one, other) = (NetNs::anonymous()?, NetNs::anonymous()?);
    let second = |parent: &str| -> Outcome<Endpoint> {
        Ok(Endpoint::new("wan0", parent)?.address("192.168.15.11/24".parse()?))
    };
    let mut keeper =
        lab.a.host.keep([(eth0("lan7")?, one.clone()), (second("ens33")?, other.clone())])?;
    assert_eq!(keeper.attachments().count(), 1);
    nothing_more(&mut keeper)?;
    lab.cable("lan7")?;
    assert_eq!(attached(&mut keeper)?.name().as_str(), "eth0");
    assert_eq!(keeper.attachments().count(), 2);

    let released = keeper.release("wan0".parse()?, &other).ok_or("not kept")?;
    unplug(&lab);
    nothing_more(&mut keeper)?;
    assert_eq!(released.name().as_str(), "wan0");
    assert!(keeper.release("wan0".parse()?, &other).is_none());
    keeper.add(second("lan7")?, &other)?;
    assert_eq!(keeper.attachments().count(), 2);
    drop(keeper);
    assert_eq!(ip_addresses(&other, "wan0"), ["192.168.15.11/24"], "dropped, it leaves all");
    Ok(())
}

/// One cannot be attached: those attached by this call are detached again.
fn all_are_kept_or_none() -> Outcome {
    let lab = Lab::new()?;
    let (one, other) = (NetNs::anonymous()?, NetNs::anonymous()?);
    let wrong = eth0("ens33")?.mtu(9000);
    let error = lab.a.host.keep([(eth0("ens33")?, one.clone()), (wrong, other)]).unwrap_err();
    assert!(error.to_string().contains("MTU 9000"), "{error}");
    assert!(lab.a.host.attachments(&one)?.is_empty());
    Ok(())
}

/// A conflict is reported once, and retried until it has gone.
fn failures_are_reported_and_retried() -> Outcome {
    let lab = Lab::new()?;
    let inside = NetNs::anonymous()?;
    let mac = lab.a.handle.link("ens33")?.mac.ok_or("no MAC address")?;
    let mut keeper = lab.a.host.keep([(eth0("ens33")?.mtu(1400), inside.clone())])?;
    unplug(&lab);
    gone(&mut keeper)?;
    ip_do(
        &lab.a.netns,
        &format!("link add ens33 address {mac} mtu 1300 type veth peer name other"),
    );
    let KeepEvent::Failed(name, _, error) = next(&mut keeper)? else {
        return Err("it did not fail".into());
    };
    assert_eq!(name.as_str(), "eth0");
    assert!(error.to_string().contains("1300"), "{error}");
    assert!(keeper.patience().is_some());
    nothing_more(&mut keeper)?;
    ip_do(&lab.a.netns, "link set dev ens33 mtu 1500");
    attached(&mut keeper)?;
    assert_eq!(keeper.patience(), None);
    Ok(())
}

/// The parent is back long before it is set up; endpoints that need it up are attached then.
fn a_parent_that_is_set_up_late() -> Outcome {
    let lab = Lab::new()?;
    let inside = NetNs::anonymous()?;
    let mac = lab.a.handle.link("ens33")?.mac.ok_or("no MAC address")?;
    let mut keeper = lab.a.host.keep([(eth0("ens33")?.mtu(1400), inside.clone())])?;
    quick(at_once()?, || {
        unplug(&lab);
        gone(&mut keeper)?;
        ip_do(
            &lab.a.netns,
            &format!("link add ens33 address {mac} mtu 1300 type veth peer name other"),
        );
        let until = Instant::now() + Duration::from_millis(1500);
        while Instant::now() < until {
            keeper.next_within(Duration::from_millis(50))?; // the delay grows
        }
        lab.a.handle.set_mtu("ens33", 1500)?;
        let started = Instant::now();
        attached(&mut keeper)?;
        Ok(started.elapsed())
    })
}

/// In the caller's own loop: the descriptor becomes readable.
fn it_fits_into_a_loop() -> Outcome {
    let lab = Lab::new()?;
    let inside = NetNs::anonymous()?;
    let mut keeper = lab.a.host.keep([(eth0("ens33")?, inside.clone())])?;
    while keeper.next_within(Duration::ZERO)?.is_some() {}
    unplug(&lab);
    let patience = PollTimeout::try_from(PATIENCE)?;
    // It may be readable because of internal events.
    let event = loop {
        let mut fds = [PollFd::new(keeper.as_fd(), PollFlags::POLLIN)];
        assert_eq!(poll(&mut fds, patience)?, 1);
        if let Some(event) = keeper.next_within(Duration::ZERO)? {
            break event;
        }
    };
    assert!(event.to_string().contains("the parent ens33 is gone"), "{event}");
    Ok(())
}

/// A parent given by its index is identified by its name afterwards, because the index is reused.
fn a_parent_by_its_index() -> Outcome {
    let lab = Lab::new()?;
    let inside = NetNs::anonymous()?;
    let parent = lab.a.handle.link("ens33")?;
    let endpoint = Endpoint::new("eth0", Parent::link(parent.index))?;
    let mut keeper = lab.a.host.keep([(endpoint, inside.clone())])?;
    unplug(&lab);
    gone(&mut keeper)?;
    plug_in(&lab, "ens33", parent.mac.ok_or("no MAC address")?)?;
    attached(&mut keeper)?;
    Ok(())
}

/// A container that ends is released, with an event; its namespace is not kept alive.
fn a_container_that_ends() -> Outcome {
    on_each_kernel();
    let lab = Lab::new()?;
    let (stays, ends) = (Container::start()?, Container::start()?);
    let wan0 = Endpoint::new("wan0", "ens33")?.address("192.168.15.11/24".parse()?);
    let gone = ends.netns()?.id();
    let mut keeper = lab.a.host.keep([(eth0("ens33")?, ends.netns()?), (wan0, stays.netns()?)])?;
    nothing_more(&mut keeper)?;
    assert!(ping(&lab.b.netns, "192.168.15.10").is_some());
    drop(ends);
    let event = next(&mut keeper)?;
    let KeepEvent::Ended(name, _, error) = &event else { return Err(event.to_string().into()) };
    assert_eq!((name.as_str(), error.kind()), ("eth0", ErrorKind::NamespaceGone));
    assert_eq!(event.netns_id(), gone);
    assert_eq!(event.netns().unwrap_err().kind(), ErrorKind::NamespaceGone);
    eventually("it is still on the LAN", || Ok(silent(&lab.b.netns, "192.168.15.10")))?;
    assert_eq!(keeper.attachments().count(), 1);
    assert!(keeper.release("eth0".parse()?, &stays.netns()?).is_none());
    // The parent comes back, for the remaining one.
    let mac = lab.a.handle.link("ens33")?.mac.ok_or("no MAC address")?;
    unplug(&lab);
    gone_is(&mut keeper, "wan0")?;
    plug_in(&lab, "ens33", mac)?;
    assert_eq!(attached(&mut keeper)?.name().as_str(), "wan0");
    assert!(silent(&lab.b.netns, "192.168.15.10"));
    nothing_more(&mut keeper)
}

fn gone_is(keeper: &mut Keeper, name: &str) -> Outcome {
    match next(keeper)? {
        KeepEvent::Gone(attachment) if attachment.name().as_str() == name => Ok(()),
        other => Err(other.to_string().into()),
    }
}

/// Also while its parent is away, and for one that was given only by a descriptor.
fn a_container_that_ends_without_a_parent() -> Outcome {
    let lab = Lab::new()?;
    let inside = NetNs::anonymous()?;
    let mut keeper = lab.a.host.keep([(eth0("ens33")?, inside.clone())])?;
    unplug(&lab);
    gone(&mut keeper)?;
    drop(inside);
    match next(&mut keeper)? {
        KeepEvent::Ended(..) => nothing_more(&mut keeper),
        other => Err(other.to_string().into()),
    }
}

/// A keeper that cannot be created leaves no objects behind, whatever fails.
fn a_failed_keep_leaves_nothing() -> Outcome {
    takes_long_in_the_guest()?;
    let lab = Lab::new()?;
    let inside = NetNs::anonymous()?;
    let before = Snapshot::settled(&inside);
    let endpoint =
        Endpoint::new("eth0", "ens33")?.address("192.168.15.10/24".parse()?).lo_up(false);
    let mut failed = 0;
    for call in 0.. {
        let fault = Fault::Errno(nix::errno::Errno::ENOBUFS as i32);
        let keep = || lab.a.host.keep([(endpoint.clone(), inside.clone())]);
        let (kept, calls) = with_faults(call..=call, fault, keep);
        match kept {
            Ok(keeper) => {
                for attachment in keeper.attachments() {
                    lab.a.host.detach(attachment)?;
                }
            }
            Err(error) => {
                failed += 1;
                assert_eq!(error.leftovers(), [""; 0], "call {call}: {error}");
            }
        }
        settle(&inside);
        before.assert_same(&inside);
        if calls.len() <= call {
            break;
        }
    }
    assert!(failed > 10, "{failed}");
    Ok(())
}

macvlan_tests::tests! {
    same_on_every_kernel:
    a_failed_keep_leaves_nothing,
    the_parent_is_made_again,
    the_parent_comes_back_under_another_name,
    the_parent_is_renamed,
    a_link_that_goes_down_is_kept,
    a_vlan_is_made_again,
    a_parent_is_waited_for,
    all_are_kept_or_none,
    failures_are_reported_and_retried,
    a_parent_that_is_set_up_late,
    it_fits_into_a_loop,
    a_parent_by_its_index,
    a_container_that_ends,
    a_container_that_ends_without_a_parent,
}
