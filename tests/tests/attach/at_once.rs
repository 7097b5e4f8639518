//! Attaching or detaching the same endpoint at the same moment ends as if one call had followed the
//! other.
#![deny(dead_code)]

use std::fs::File;
use std::sync::Barrier;
use std::thread;
use std::time::Duration;

use macvlan_core::{Endpoint, ErrorKind, Host, NetNs};
use macvlan_tests::{Actor, Lab, Need, Outcome, is_guest, is_long, need, path_of};
use nix::sched::{CloneFlags, setns};
use nix::unistd::{Uid, setuid};

const ROUTER: [&str; 1] = ["192.168.15.2/24"];

fn rounds() -> Outcome<usize> {
    Ok(match (is_long(), is_guest()?) {
        (true, false) => 10_000,
        (true, true) => 1_000,
        (false, false) => 60,
        (false, true) => 20,
    })
}

fn eth0() -> Outcome<Endpoint> {
    Ok(Endpoint::new("eth0", "ens33")?
        .address("192.168.15.10/24".parse()?)
        .gateway("192.168.15.2".parse()?)
        .source_routing(7)
        .route("blackhole 10.8.0.0/16".parse()?))
}

/// Each with a separate handle, as processes have them, or all with clones of one.
fn handles(lab: &Lab, clones: bool) -> Outcome<Vec<(Host, NetNs)>> {
    let netns = NetNs::anonymous()?;
    let mut all = vec![(lab.a.host.clone(), netns.clone())];
    for _ in 0..2 {
        let other = if clones { netns.clone() } else { NetNs::from_fd(&netns)? };
        all.push((lab.a.host.clone(), other));
    }
    Ok(all)
}

fn all_ensure() -> Outcome {
    let lab = Lab::with_addresses(&[], &ROUTER)?;
    for clones in [true, false] {
        let handles = handles(&lab, clones)?;
        let endpoint = eth0()?;
        for round in 0..rounds()? {
            let barrier = Barrier::new(handles.len());
            thread::scope(|scope| {
                let threads: Vec<_> = (handles.iter())
                    .map(|(host, netns)| {
                        scope.spawn(|| {
                            barrier.wait();
                            host.ensure(&endpoint, netns)
                        })
                    })
                    .collect();
                for thread in threads {
                    let ensured = thread.join().unwrap();
                    assert!(ensured.is_ok(), "round {round}: {}", ensured.unwrap_err());
                }
            });
            let (host, netns) = &handles[0];
            assert_eq!(host.check(&endpoint, netns)?, [], "round {round}");
            let mut found = host.attachments(netns)?;
            assert_eq!(found.len(), 1, "round {round}");
            host.detach(&found.remove(0))?;
        }
    }
    Ok(())
}

fn one_attaches_one_ensures_and_one_detaches() -> Outcome {
    let lab = Lab::with_addresses(&[], &ROUTER)?;
    let handles = handles(&lab, false)?;
    let endpoint = eth0()?;
    for round in 0..rounds()? {
        let barrier = Barrier::new(handles.len());
        let wait = || {
            barrier.wait();
        };
        thread::scope(|scope| {
            let attach = scope.spawn(|| {
                wait();
                handles[0].0.attach(&endpoint, &handles[0].1)
            });
            let ensure = scope.spawn(|| {
                wait();
                handles[1].0.ensure(&endpoint, &handles[1].1)
            });
            let detach = scope.spawn(|| {
                wait();
                let found = handles[2].0.attachments(&handles[2].1)?;
                found
                    .into_iter()
                    .map(|one| handles[2].0.detach(&one))
                    .collect::<Result<Vec<_>, _>>()
            });
            let (attached, ensured) = (attach.join().unwrap(), ensure.join().unwrap());
            // The second attach is refused, because the link exists.
            let taken = |error: &macvlan_core::Error| error.to_string().contains("exists");
            assert!(attached.as_ref().err().is_none_or(taken), "round {round}: {attached:?}");
            assert!(ensured.is_ok(), "round {round}: {}", ensured.unwrap_err());
            assert!(detach.join().unwrap().is_ok(), "round {round}");
        });
        let (host, netns) = &handles[0];
        for found in host.attachments(netns)? {
            assert_eq!(host.check(&endpoint, netns)?, [], "round {round}");
            host.detach(&found)?;
        }
    }
    Ok(())
}

/// A process that can open a namespace can hold it, and the error of waiting calls names it.
fn a_holder_without_rights_is_named() -> Outcome {
    need(Need::Root)?;
    let netns = NetNs::anonymous()?;
    let mut holder = Actor::start("holder", &[&path_of(&netns)])?;
    assert_eq!(holder.line()?, "held");
    let error = netns.lock_within(Duration::from_millis(20)).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Interrupted);
    let named = format!(
        "cannot lock the namespace: process {} (backup.sh) has held it for 0.02 s",
        holder.pid()
    );
    assert!(error.to_string().contains(&named), "{error}");
    holder.kill()?;
    let _held = netns.lock()?;
    Ok(())
}

/// A process of the user nobody that is in a namespace and holds it until it is killed.
fn holder(words: &[String]) -> Outcome {
    let [netns] = words else { return Err("one argument".into()) };
    setns(File::open(netns)?, CloneFlags::CLONE_NEWNET)?;
    std::fs::write("/proc/self/comm", "backup.sh")?;
    setuid(Uid::from_raw(65534))?;
    let itself = NetNs::from_path("/proc/self/ns/net")?;
    let _held = itself.lock()?;
    println!("held");
    loop {
        thread::park();
    }
}

macvlan_tests::tests! {
    same_on_every_kernel:
    all_ensure,
    one_attaches_one_ensures_and_one_detaches,
    a_holder_without_rights_is_named;
    parts: holder,
}
