//! Many processes use one on-demand VLAN, and some are killed: none may lose it while using it, and
//! the last one removes it.
#![deny(dead_code)]

use std::collections::BTreeSet;
use std::hash::{BuildHasher, Hasher, RandomState};
use std::time::Duration;

use macvlan_core::{Detached, Endpoint, Handle, Host, NetNs};
use macvlan_tests::{
    Actor, Lab, Need, Outcome, Snapshot, eventually, ip_do, is_guest, is_long, need, path_of, ping,
};
use nix::sys::resource::{Resource, setrlimit};

use crate::fault_injection::{Fault, with_faults};

/// The peer in the VLAN, on the other host.
const ANSWERS: &str = "10.100.255.254";

fn lab() -> Outcome<Lab> {
    need(Need::Vlan)?;
    let lab = Lab::new()?;
    ip_do(&lab.b.netns, "link add link ens33 name ens33.100 up type vlan id 100");
    ip_do(&lab.b.netns, &format!("address add {ANSWERS}/16 dev ens33.100"));
    Ok(lab)
}

/// Returns a random number below the limit.
fn below(limit: u64) -> u64 {
    RandomState::new().build_hasher().finish() % limit
}

fn pause(most_milliseconds: u64) {
    std::thread::sleep(Duration::from_micros(below(1000 * most_milliseconds + 1)));
}

fn endpoint(number: u64) -> Outcome<Endpoint> {
    let address = format!("10.100.{}.{}/16", number / 100, number % 100 + 1);
    Ok(Endpoint::new("eth0", "ens33.100")?.address(address.parse()?))
}

/// Attaches and detaches repeatedly. The arguments are the host's namespace, a number, the
/// repetitions, and the maximum time attached and detached, in milliseconds. Prints the index of
/// the VLAN that it was on.
fn visitor(arguments: &[String]) -> Outcome {
    let [host, number, rounds, stays] = arguments else { return Err("four arguments".into()) };
    let host = Host::in_netns(&NetNs::from_path(host)?)?;
    let endpoint = endpoint(number.parse()?)?;
    let stays = stays.parse()?;
    for _ in 0..rounds.parse()? {
        pause(stays);
        let inside = NetNs::anonymous()?;
        let attachment = host.attach(&endpoint, &inside)?;
        let parent = attachment.parent_index();
        for what in ["at once", "after a while"] {
            if ping(&inside, ANSWERS).is_none() {
                return Err(format!("nobody answers {what}").into());
            }
            pause(stays);
        }
        let eth0 = Handle::in_netns(&inside)?.link("eth0")?;
        if eth0.parent != Some(parent) {
            return Err(format!("{eth0:?} is not on link {parent}").into());
        }
        match host.detach(&attachment)? {
            Detached::Removed => println!("{parent}"),
            other => return Err(format!("the link was taken away: {other:?}").into()),
        }
    }
    Ok(())
}

/// Runs many such processes, and returns the indices of their VLANs.
fn visits(lab: &Lab, visitors: u64, rounds: &str, stays: &str) -> Outcome<BTreeSet<String>> {
    let host = path_of(&lab.a.netns);
    let visit = |number: u64| Actor::start("visitor", &[&host, &number.to_string(), rounds, stays]);
    let actors = (0..visitors).map(visit).collect::<Outcome<Vec<_>>>()?;
    let mut parents = BTreeSet::new();
    for actor in actors {
        parents.extend(actor.finish()?);
    }
    Ok(parents)
}

fn many_processes_come_and_go() -> Outcome {
    let lab = lab()?;
    let before = Snapshot::of(&lab.a.netns);
    let (visitors, rounds) = match (is_long(), is_guest()?) {
        (true, _) => (50, "2"),
        (false, false) => (50, "1"),
        (false, true) => (15, "1"),
    };
    assert!(!visits(&lab, visitors, rounds, "40")?.is_empty());
    before.assert_same(&lab.a.netns);
    Ok(())
}

/// So few and so short that the VLAN is created and removed all the time.
fn a_few_processes_that_meet_at_the_door() -> Outcome {
    let lab = lab()?;
    let before = Snapshot::of(&lab.a.netns);
    let rounds = if is_guest()? && !is_long() { "4" } else { "10" };
    let mut parents = BTreeSet::new();
    eventually("it is not made and removed all the time", || {
        parents.extend(visits(&lab, 3, rounds, "2")?);
        Ok(parents.len() > 5)
    })?;
    before.assert_same(&lab.a.netns);
    Ok(())
}

/// Attaches and detaches once, and is killed before one of its system calls, unless it has ended by
/// then. The arguments are the host's namespace, the container's, and the call.
fn victim(arguments: &[String]) -> Outcome {
    let [host, inside, call] = arguments else { return Err("three arguments".into()) };
    let (host, inside) = (Host::in_netns(&NetNs::from_path(host)?)?, NetNs::from_path(inside)?);
    let call = call.parse()?;
    setrlimit(Resource::RLIMIT_CORE, 0, 0)?;
    let (result, _) = with_faults(call..=call, Fault::Abort, || -> Outcome {
        host.detach(&host.attach(&endpoint(1)?, &inside)?)?;
        Ok(())
    });
    result
}

/// A process is killed at each of the netlink system calls of attaching and detaching. Its remains
/// do not disturb others, and are removed by the next one that detaches.
fn killed_at_any_moment() -> Outcome {
    let lab = lab()?;
    let before = Snapshot::of(&lab.a.netns);
    let (theirs, ours) = (NetNs::anonymous()?, NetNs::anonymous()?);
    let mut seen = BTreeSet::new();
    let step = match (is_long(), is_guest()?) {
        (true, _) => 1,
        (false, false) => 4,
        (false, true) => 12,
    };
    for call in (0_usize..).step_by(step) {
        let arguments = [path_of(&lab.a.netns), path_of(&theirs), call.to_string()];
        let victim = Actor::start("victim", &arguments.each_ref().map(String::as_str))?;
        let killed = victim.finish().is_err();
        assert!(call < 1000, "it never gets through");
        let mut links = lab.a.handle.links()?;
        links.sort_by_key(|link| link.index);
        let kinds = links.into_iter().filter_map(|link| link.kind);
        seen.insert(kinds.collect::<Vec<_>>().join(" "));

        let attachment = lab.a.host.attach(&endpoint(2)?, &ours)?;
        for left in lab.a.host.attachments(&theirs)? {
            lab.a.host.detach(&left)?;
        }
        assert!(ping(&ours, ANSWERS).is_some(), "the next one is on the VLAN, and stays on it");
        lab.a.host.detach(&attachment)?;
        assert_eq!(lab.a.handle.links()?.len(), 2, "there are lo and ens33");
        if !killed {
            break;
        }
    }
    // Nothing, the VLAN, and a remover's probe on it.
    let all = ["veth", "veth vlan", "veth vlan macvlan"].map(str::to_owned);
    let all = BTreeSet::from(all);
    // In large steps, some may not be seen.
    assert!(seen == all || step > 4 && seen.len() > 1 && seen.is_subset(&all), "{seen:?}");
    before.assert_same(&lab.a.netns);
    Ok(())
}

macvlan_tests::tests! {
    many_processes_come_and_go,
    a_few_processes_that_meet_at_the_door,
    killed_at_any_moment;
    parts: visitor, victim,
}
