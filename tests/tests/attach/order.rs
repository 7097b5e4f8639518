//! A container's interfaces are in the order in which they were created, whoever creates them: their
//! indexes increase.
#![deny(dead_code)]

use std::thread;

use macvlan_core::{Endpoint, Handle, Host, Link, NetNs};
use macvlan_tests::{Actor, Lab, Outcome, ip, on_each_kernel, path_of};

/// Not in the order of the alphabet.
const NAMES: [&str; 6] = ["c", "f", "a", "e", "b", "d"];

/// The kernel's highest index.
const LAST: u32 = 0x7fff_ffff;

/// Returns the names of a namespace's links except `lo`, by index.
fn by_index(netns: &NetNs) -> Vec<String> {
    let links = ip(netns, "link show").as_array().cloned().unwrap_or_default();
    let mut links: Vec<(Option<u64>, String)> = links
        .iter()
        .filter_map(|link| Some((link["ifindex"].as_u64(), link["ifname"].as_str()?.to_owned())))
        .filter(|(_, name)| name != "lo")
        .collect();
    links.sort_unstable();
    links.into_iter().map(|(_, name)| name).collect()
}

fn endpoint(name: &str) -> Outcome<Endpoint> {
    Ok(Endpoint::new(name, "ens33")?)
}

fn one_call() -> Outcome {
    on_each_kernel();
    let lab = Lab::new()?;
    let containers = [NetNs::anonymous()?, NetNs::anonymous()?];
    let endpoints = NAMES.map(endpoint).into_iter().collect::<Outcome<Vec<_>>>()?;
    let items =
        endpoints.iter().flat_map(|endpoint| containers.each_ref().map(|at| (endpoint, at)));
    for result in lab.a.host.attach_all(items) {
        result?;
    }
    for container in &containers {
        assert_eq!(by_index(container), NAMES);
    }
    Ok(())
}

/// Each thread's interfaces are in its order, and no index is refused.
fn several_threads() -> Outcome {
    let lab = Lab::new()?;
    let netns = NetNs::anonymous()?;
    let attach = |thread: usize| -> Outcome<Vec<String>> {
        let names = NAMES.map(|name| format!("{name}{thread}"));
        for name in &names {
            lab.a.host.attach(&endpoint(name)?, &netns)?;
        }
        Ok(names.into())
    };
    let orders = thread::scope(|scope| {
        let threads = [0, 1, 2, 3].map(|thread| scope.spawn(move || attach(thread)));
        threads.map(|thread| thread.join().unwrap())
    });
    let all = by_index(&netns);
    assert_eq!(all.len(), 4 * NAMES.len());
    for order in orders {
        let order = order?;
        let its: Vec<&String> = all.iter().filter(|name| order.contains(name)).collect();
        assert_eq!(its, order.iter().collect::<Vec<_>>());
    }
    Ok(())
}

fn several_processes() -> Outcome {
    let lab = Lab::new()?;
    let netns = NetNs::anonymous()?;
    let places = [path_of(&lab.a.netns), path_of(&netns)];
    for name in NAMES {
        Actor::start("attaches", &[&places[0], &places[1], name])?.finish()?;
    }
    assert_eq!(by_index(&netns), NAMES);
    Ok(())
}

/// A process that attaches one interface.
fn attaches(words: &[String]) -> Outcome {
    let [host, netns, name] = words else { return Err("three arguments".into()) };
    let host = Host::in_netns(&NetNs::from_path(host)?)?;
    host.attach(&endpoint(name)?, &NetNs::from_path(netns)?)?;
    Ok(())
}

/// Other links may have the indexes that come next, and the last of all.
fn indexes_of_others() -> Outcome {
    on_each_kernel();
    let lab = Lab::new()?;
    let netns = NetNs::anonymous()?;
    let inside = Handle::in_netns(&netns)?;
    let first = lab.a.host.attach(&endpoint("z")?, &netns)?;
    let next = first.index() + 1..first.index() + 20;
    for (number, index) in next.chain([LAST]).enumerate() {
        let (name, peer) = (format!("v{number}"), format!("w{number}"));
        inside.add_link(&Link::veth(&name, &peer, None)?.index(index))?;
    }
    let second = lab.a.host.attach(&endpoint("a")?, &netns)?;
    assert!(first.index() < second.index() && second.index() < LAST, "{first:?} {second:?}");
    let third = lab.a.host.attach(&endpoint("b")?, &netns)?;
    assert!(second.index() < third.index() && third.index() < LAST, "{second:?} {third:?}");
    Ok(())
}

/// A link that is moved keeps its index.
fn a_moved_link() -> Outcome {
    let lab = Lab::new()?;
    let (from, to) = (NetNs::anonymous()?, NetNs::anonymous()?);
    let first = lab.a.host.attach(&endpoint("z")?, &to)?;
    let moved = lab.a.host.attach(&endpoint("m")?, &from)?;
    let last = lab.a.host.attach(&endpoint("a")?, &to)?;
    Handle::in_netns(&from)?.move_link("m", &to, None)?;
    assert_eq!(by_index(&to), ["z", "m", "a"]);
    let index = ip(&to, "link show m")[0]["ifindex"].as_u64();
    assert_eq!(index, Some(moved.index().into()));
    assert!(first.index() < moved.index() && moved.index() < last.index());
    Ok(())
}

macvlan_tests::tests! {
    same_on_every_kernel:
    one_call,
    several_threads,
    several_processes,
    indexes_of_others,
    a_moved_link;
    parts: attaches,
}
