//! Promiscuous links: the flag, which has no owner, and counted holds.
#![deny(dead_code)]

use macvlan_core::{Endpoint, Handle, Mode, NetNs};
use macvlan_tests::{Actor, Container, Lab, Outcome, eventually, ip_do, ip_link, path_of};

/// Returns the flag and the promiscuity count, as `ip` shows them.
fn seen(netns: &NetNs, link: &str) -> (bool, u64) {
    let link = ip_link(netns, link);
    let flags = link["flags"].as_array().cloned().unwrap_or_default();
    (flags.contains(&"PROMISC".into()), link["promiscuity"].as_u64().unwrap_or_default())
}

/// Returns the same as the library reads it.
fn read(handle: &Handle, link: &str) -> Outcome<(bool, u64)> {
    let info = handle.link(link)?;
    Ok((info.is_promisc(), info.promiscuity.into()))
}

/// Checks both.
#[track_caller]
fn assert_is(handle: &Handle, expected: (bool, u64)) -> Outcome {
    assert_eq!(seen(handle.netns(), "ens33"), expected);
    assert_eq!(read(handle, "ens33")?, expected);
    Ok(())
}

/// Waits for this state: a process that another thread is just starting has the holder's descriptor
/// for a moment longer.
#[track_caller]
fn comes_to(handle: &Handle, expected: (bool, u64)) -> Outcome {
    eventually("it is not let go", || Ok(seen(handle.netns(), "ens33") == expected))?;
    assert_is(handle, expected)
}

/// Setting it twice has no further effect.
fn the_flag_does_not_count() -> Outcome {
    let lab = Lab::new()?;
    let handle = &lab.a.handle;
    assert_is(handle, (false, 0))?;
    for (on, expected) in [(true, (true, 1)), (true, (true, 1)), (false, (false, 0))] {
        handle.set_promisc("ens33", on)?;
        assert_is(handle, expected)?;
    }
    Ok(())
}

fn holders_are_counted_beside_the_flag() -> Outcome {
    let lab = Lab::new()?;
    let handle = &lab.a.handle;
    let first = handle.hold_promisc("ens33")?;
    assert_is(handle, (false, 1))?;
    let second = handle.hold_promisc("ens33")?;
    assert_is(handle, (false, 2))?;
    handle.set_promisc("ens33", true)?;
    assert_is(handle, (true, 3))?;
    drop(first);
    comes_to(handle, (true, 2))?;
    // Clearing the flag does not affect a hold.
    ip_do(&lab.a.netns, "link set ens33 promisc off");
    assert_is(handle, (false, 1))?;
    drop(second);
    comes_to(handle, (false, 0))?;
    assert!(handle.hold_promisc("ens99").is_err_and(|error| error.is_not_found()));
    Ok(())
}

/// Holds the link promiscuous until it is killed.
fn holder(arguments: &[String]) -> Outcome {
    let [netns, link] = arguments else { return Err("which namespace and link?".into()) };
    let handle = Handle::in_netns(&NetNs::from_path(netns)?)?;
    let _guard = handle.hold_promisc(link.as_str())?;
    println!("held");
    loop {
        std::thread::park();
    }
}

fn a_holder_that_is_killed_lets_go() -> Outcome {
    let lab = Lab::new()?;
    let handle = &lab.a.handle;
    let mut actors = Vec::new();
    for count in 1..=3 {
        let mut actor = Actor::start("holder", &[&path_of(&lab.a.netns), "ens33"])?;
        assert_eq!(actor.line()?, "held");
        actors.push(actor);
        assert_is(handle, (false, count))?;
    }
    for left in (0..3).rev() {
        actors.remove(0).kill()?;
        comes_to(handle, (false, left))?;
    }
    Ok(())
}

/// A promiscuous endpoint makes its parent promiscuous while it exists and is up. (A cable cannot
/// filter by a second MAC address, so any macvlan that is up adds one to its count.)
fn an_endpoint_takes_its_parent_along() -> Outcome {
    let lab = Lab::new()?;
    let container = Container::start()?;
    let inside = container.netns()?;
    let endpoint = Endpoint::new("eth0", "ens33")?.mode(Mode::Bridge)?;
    for (promisc, reasons) in [(false, 1), (true, 2)] {
        let attachment = lab.a.host.attach(&endpoint.clone().promisc(promisc), &inside)?;
        assert_eq!(seen(&inside, "eth0"), (promisc, u64::from(promisc)));
        assert_is(&lab.a.handle, (false, reasons))?;
        Handle::in_netns(&inside)?.set_down("eth0")?;
        assert_is(&lab.a.handle, (false, 0))?;
        Handle::in_netns(&inside)?.set_up("eth0")?;
        assert_is(&lab.a.handle, (false, reasons))?;
        lab.a.host.detach(&attachment)?;
        assert_is(&lab.a.handle, (false, 0))?;
    }
    Ok(())
}

macvlan_tests::tests! {
    same_on_every_kernel:
    the_flag_does_not_count,
    holders_are_counted_beside_the_flag,
    a_holder_that_is_killed_lets_go,
    an_endpoint_takes_its_parent_along;
    parts: holder,
}
