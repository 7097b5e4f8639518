//! A keeper recovers from lost events and failed reads.
#![deny(dead_code)]

use std::time::Duration;

use macvlan_core::{Endpoint, ErrorKind, KeepEvent, Keeper};
use macvlan_tests::{Container, Lab, Outcome, eventually, ip_do, ip_link, path_of, ping, silent};
use nix::errno::Errno;

use crate::fault_injection::{Fault, with_faults};

use super::keep::{attached, gone, next, nothing_more};

fn endpoint(name: &str, address: &str) -> Outcome<Endpoint> {
    Ok(Endpoint::new(name, "ens33")?.address(address.parse()?))
}

/// Causes so many events on the host that the buffer overflows for the following ones.
fn flood(lab: &Lab) -> Outcome {
    let most = std::fs::read_to_string("/proc/sys/net/core/rmem_max")?.trim().parse::<usize>()?;
    for round in 0..most.min(8 << 20) / 256 {
        lab.a.handle.set_mtu("lo", if round % 2 == 0 { 1500 } else { 1600 })?;
    }
    Ok(())
}

/// A container ends, the parent disappears and returns, and a parent is renamed: all these events
/// are lost.
fn events_are_lost() -> Outcome {
    let lab = Lab::new()?;
    let (stays, ends) = (Container::start()?, Container::start()?);
    let eth0 = endpoint("eth0", "192.168.15.10/24")?;
    let wan0 = endpoint("wan0", "192.168.15.11/24")?;
    let mac = lab.a.handle.link("ens33")?.mac.ok_or("no MAC address")?;
    let mut keeper = lab.a.host.keep([(eth0, ends.netns()?), (wan0, stays.netns()?)])?;
    let ended = ends.netns()?.id();
    nothing_more(&mut keeper)?;

    flood(&lab)?;
    drop(ends);
    eventually("it is still on the LAN", || Ok(silent(&lab.b.netns, "192.168.15.10")))?;
    let event = next(&mut keeper)?;
    let KeepEvent::Ended(name, _, error) = &event else { return Err(event.to_string().into()) };
    assert_eq!((name.as_str(), error.kind()), ("eth0", ErrorKind::NamespaceGone));
    assert_eq!(event.netns_id(), ended);
    nothing_more(&mut keeper)?;
    assert_eq!(keeper.patience(), None);

    flood(&lab)?;
    ip_do(&lab.a.netns, "link del dev ens33");
    ip_do(&lab.a.netns, &format!("link add ens33 address {mac} type veth peer name cable"));
    ip_do(&lab.a.netns, "link set dev ens33 up");
    gone(&mut keeper)?;
    attached(&mut keeper)?;
    nothing_more(&mut keeper)?;

    flood(&lab)?;
    ip_do(&lab.a.netns, "link set dev ens33 down");
    ip_do(&lab.a.netns, "link set dev ens33 name lan7");
    let event = next(&mut keeper)?;
    assert_eq!(event.parent().map(|parent| parent.to_string()), Some("lan7".into()), "{event}");
    nothing_more(&mut keeper)
}

/// Returns a keeper's events until it is idle.
fn until_quiet(keeper: &mut Keeper) -> Outcome<Vec<KeepEvent>> {
    let mut told = Vec::new();
    eventually("it has something to do for ever", || {
        while let Some(event) = keeper.next_within(Duration::from_millis(20))? {
            told.push(event);
        }
        Ok(keeper.patience().is_none())
    })?;
    Ok(told)
}

/// Runs a function during which one system call on netlink fails, each in turn.
fn each_call_fails(mut work: impl FnMut() -> Outcome) -> Outcome<usize> {
    for call in 0.. {
        let fault = Fault::Errno(Errno::ENOBUFS as i32);
        let (done, calls) = with_faults(call..=call, fault, &mut work);
        done.inspect_err(|_| println!("call {call}"))?;
        if calls.len() <= call {
            return Ok(call);
        }
    }
    Ok(0)
}

/// Any call fails while the parent disappears, returns, and is renamed: in the end the endpoint is
/// attached once, and the parent is known.
fn failed_checks_are_repeated() -> Outcome {
    let lab = Lab::new()?;
    let container = Container::start()?;
    let inside = container.netns()?;
    let mac = lab.a.handle.link("ens33")?.mac.ok_or("no MAC address")?;
    let eth0 = endpoint("eth0", "192.168.15.10/24")?;
    let mut keeper = lab.a.host.keep([(eth0, inside.clone())])?;
    let of_kind = |told: &[KeepEvent], wanted: fn(&KeepEvent) -> bool| -> Outcome {
        let failed = |event: &&KeepEvent| !matches!(event, KeepEvent::Failed(..));
        let others: Vec<_> = told.iter().filter(failed).collect();
        let [event] = others[..] else { return Err(format!("{told:?}").into()) };
        if wanted(event) { Ok(()) } else { Err(event.to_string().into()) }
    };
    // The calls of `ip` are not this thread's.
    let calls = each_call_fails(|| {
        ip_do(&lab.a.netns, "link del dev ens33");
        of_kind(&until_quiet(&mut keeper)?, |event| matches!(event, KeepEvent::Gone(_)))?;
        ip_do(&lab.a.netns, &format!("link add ens33 address {mac} type veth peer name cable"));
        ip_do(&lab.a.netns, "link set dev ens33 up");
        of_kind(&until_quiet(&mut keeper)?, |event| matches!(event, KeepEvent::Attached(_)))?;
        let attached = keeper.attachments().next().ok_or("not attached")?.clone();
        assert_eq!(ip_link(&inside, "eth0")["ifindex"], attached.index());
        // The known parent is followed: renamed, and away and back.
        ip_do(&lab.a.netns, "link set dev ens33 down");
        ip_do(&lab.a.netns, "link set dev ens33 name lan7");
        of_kind(&until_quiet(&mut keeper)?, |event| matches!(event, KeepEvent::Renamed(..)))?;
        ip_do(&lab.a.netns, "link set dev lan7 name ens33");
        of_kind(&until_quiet(&mut keeper)?, |event| matches!(event, KeepEvent::Renamed(..)))
    })?;
    println!("{calls} calls");
    assert!(calls > 20, "{calls}");
    Ok(())
}

/// The card returns from another namespace under another index, with its links, and one call fails.
fn a_parent_that_was_away_is_found() -> Outcome {
    let lab = Lab::new()?;
    let container = Container::start()?;
    let eth0 = endpoint("eth0", "192.168.15.10/24")?;
    let mut keeper = lab.a.host.keep([(eth0, container.netns()?)])?;
    let elsewhere = Container::start()?;
    let mut taken = 0;
    each_call_fails(|| {
        ip_do(&lab.a.netns, &format!("link set dev ens33 netns {}", elsewhere.pid()));
        // Its index is reused.
        let index = keeper.attachments().next().ok_or("not attached")?.parent_index();
        taken += 1;
        let other = format!("link add taken{taken} index {index} type veth peer name peer{taken}");
        ip_do(&lab.a.netns, &other);
        let told = until_quiet(&mut keeper)?;
        assert!(told.iter().all(|event| matches!(event, KeepEvent::Failed(..))), "{told:?}");
        ip_do(&elsewhere.netns()?, &format!("link set dev ens33 netns {}", path_of(&lab.a.netns)));
        until_quiet(&mut keeper)?;
        let now = ip_link(&lab.a.netns, "ens33")["ifindex"].clone();
        let attached = keeper.attachments().next().ok_or("not attached")?;
        assert_eq!(now, attached.parent_index());
        Ok(())
    })?;
    lab.a.handle.set_up("ens33")?;
    eventually("it is not on the LAN", || Ok(ping(&container.netns()?, "192.168.15.2").is_some()))?;
    Ok(())
}

macvlan_tests::tests! {
    same_on_every_kernel:
    events_are_lost,
    failed_checks_are_repeated,
    a_parent_that_was_away_is_found,
}
