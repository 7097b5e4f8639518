//! A host opened before a fork is used by the children and their parent at once: each gets the
//! kernel's answers to its own requests. Objects that wait for events, and destructors that delete
//! objects, work only in the process that opened them.
#![deny(dead_code)]

use std::time::Duration;

use macvlan_core::{Access, Endpoint, ErrorKind, Host, NetNs};
use macvlan_tests::{Actor, Lab, Outcome, ip_link, path_of};
use nix::sys::signal::{Signal, kill};
use nix::sys::wait::{WaitStatus, waitpid};
use nix::unistd::{ForkResult, Pid, fork, pause};

const CHILDREN: usize = 4;
const ROUNDS: usize = 25;

/// Attaches a valid endpoint, and checks that an invalid one is refused.
fn work(host: &Host) -> Outcome {
    let inside = NetNs::anonymous()?;
    let endpoint = Endpoint::new("eth0", "ens33")?.address("192.168.15.10/24".parse()?);
    for _ in 0..ROUNDS {
        let error = host.attach(&endpoint.clone().mtu(9000), &inside).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::MtuTooLarge, "{error}");
        let attachment = host.attach(&endpoint, &inside)?;
        assert_eq!(host.check(&endpoint, &inside)?, []);
        host.detach(&attachment)?;
    }
    Ok(())
}

/// A process with one thread, and its children.
#[allow(unsafe_code)]
fn family(words: &[String]) -> Outcome {
    let [host] = words else { return Err("one argument".into()) };
    let host = Host::in_netns(&NetNs::from_path(host)?)?;
    let (mut watch, mut keeper) = (host.handle()?.watch()?, host.keep([])?);
    let (access, pool) = (host.access("ens33")?, host.pool("ens33", 2)?);
    pool.fill()?;
    let container = NetNs::anonymous()?;
    let endpoint = Endpoint::new("eth0", "ens33")?;
    let mut children: Vec<Pid> = Vec::new();
    for _ in 0..CHILDREN {
        // SAFETY: this process has no other thread, so the child may do anything.
        match unsafe { fork() }? {
            ForkResult::Parent { child } => children.push(child),
            ForkResult::Child => {
                let refused = watch.next_within(Duration::ZERO).unwrap_err();
                assert_eq!(refused.kind(), ErrorKind::InvalidValue, "{refused}");
                let refused = keeper.next_within(Duration::ZERO).unwrap_err();
                assert_eq!(refused.kind(), ErrorKind::InvalidValue, "{refused}");
                let refused = [
                    pool.attach(&endpoint).map(drop),
                    access.attach(&endpoint, &container).map(drop),
                    access.refresh(),
                ];
                for refused in refused {
                    let refused = refused.unwrap_err();
                    assert!(refused.to_string().contains("before a fork"), "{refused}");
                }
                assert_eq!((pool.len(), access.name()), (0, None));
                work(&host)?;
                for _ in 0..ROUNDS {
                    host.ensure(&endpoint, &container)?;
                }
                drop((access, pool));
                std::process::exit(0);
            }
        }
    }
    work(&host)?;
    host.ensure(&endpoint, &container)?;
    // The children share the file, but not its lock.
    let other = NetNs::from_fd(&container)?;
    for _ in 0..ROUNDS {
        let _alone = container.lock()?;
        assert!(other.lock_within(Duration::from_millis(1)).is_err());
    }
    for child in children {
        assert_eq!(waitpid(child, None)?, WaitStatus::Exited(child, 0));
    }
    assert_eq!(host.attachments(&container)?.len(), 1);
    // The objects that the children dropped still exist.
    assert!(!ip_link(host.netns(), "ens33-host").is_null());
    drop(access);
    assert_eq!(pool.len(), 2);
    pool.attach(&endpoint)?;
    watch.next_within(Duration::ZERO)?;
    println!("done");
    Ok(())
}

/// A child has its parent's descriptors until it calls `exec`; objects that its parent closes are
/// closed nevertheless.
#[allow(unsafe_code)]
fn heir(words: &[String]) -> Outcome {
    let [host] = words else { return Err("one argument".into()) };
    let host = Host::in_netns(&NetNs::from_path(host)?)?;
    let access = host.access_by(Access::on("ens33")?.keep(true))?;
    // SAFETY: this process has no other thread, so the child may do anything.
    let child = match unsafe { fork() }? {
        ForkResult::Parent { child } => child,
        ForkResult::Child => loop {
            pause();
        },
    };
    drop(access);
    host.access("ens33")?.close()?;
    let left = host.handle()?.links()?.into_iter().map(|link| link.name).collect::<Vec<_>>();
    kill(child, Signal::SIGKILL)?;
    waitpid(child, None)?;
    println!("{}", left.join(" "));
    Ok(())
}

fn a_child_keeps_no_session_of_its_parent() -> Outcome {
    let lab = Lab::with_addresses(&["192.168.15.1/24"], &["192.168.15.2/24"])?;
    let said = Actor::start("heir", &[&path_of(&lab.a.netns)])?.finish()?;
    assert_eq!(said, ["lo ens33"]);
    Ok(())
}

fn parent_and_children_use_one_host() -> Outcome {
    let lab = Lab::with_addresses(&["192.168.15.1/24"], &["192.168.15.2/24"])?;
    let said = Actor::start("family", &[&path_of(&lab.a.netns)])?.finish()?;
    assert_eq!(said, ["done"]);
    Ok(())
}

macvlan_tests::tests! {
    same_on_every_kernel:
    parent_and_children_use_one_host,
    a_child_keeps_no_session_of_its_parent;
    parts: family, heir,
}
