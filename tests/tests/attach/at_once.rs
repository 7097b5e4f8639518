//! Several who make the same endpoint, or take it away, at the same moment end as if one had come after
//! the other.
#![deny(dead_code)]

use std::sync::Barrier;
use std::thread;

use macvlan_core::{Endpoint, Host, NetNs};
use macvlan_tests::{Lab, Outcome, is_guest, is_long};

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

/// Each by a handle of its own, as processes have them, or all by clones of one.
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
            // The one who comes second to attach is refused: it is there.
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

macvlan_tests::tests! {
    all_ensure,
    one_attaches_one_ensures_and_one_detaches,
}
