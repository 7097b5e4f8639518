//! A store that was opened before a fork belongs to the process that opened it: a child is refused
//! at once, and does not harm its parent.
#![deny(dead_code)]

use std::sync::atomic::{AtomicBool, Ordering};

use crate::common::on_ens33;
use macvlan_core::{Host, NetNs};
use macvlan_network::{
    ConnectOptions, ErrorKind, EtcdOptions, EtcdStore, Network, Networks, Result, SqliteStore,
    Store as _,
};
use macvlan_tests::{Actor, Directory, Etcd, Lab, Outcome, PATIENCE, eventually, path_of};
use nix::sys::signal::{Signal, kill};
use nix::sys::wait::{WaitPidFlag, WaitStatus, waitpid};
use nix::unistd::{ForkResult, Pid, fork};

const CHILDREN: u32 = 8;

fn open(kind: &str, place: &str, host: &str) -> Outcome<Result<Networks>> {
    let host = Host::in_netns(&NetNs::from_path(host)?)?;
    if kind == "sqlite" {
        return Ok(SqliteStore::open(place).and_then(|store| Networks::new(host, store)));
    }
    let options = EtcdOptions::new("a", [Etcd::ENDPOINT]).timeout(PATIENCE).ttl(10 * PATIENCE);
    let store = NetNs::from_path(place)?.run(|| EtcdStore::open(&options))?;
    if let Ok(store) = &store {
        // The keys of its processes are deleted as they end.
        store.declare_host("a")?;
    }
    Ok(store.and_then(|store| Networks::new(host, store)))
}

/// Runs the child, which is refused any use of its parent's store.
fn child(networks: Networks, lan: Network, opened: Result<Networks>, kind: &str) -> Outcome {
    let inside = NetNs::anonymous()?;
    let refused = [
        networks.list().map(drop),
        networks.collect().map(drop),
        networks.reconcile().map(drop),
        lan.leases().map(drop),
        lan.connect(&ConnectOptions::new("child"), &inside).map(drop),
        lan.disconnect("parent").map(drop),
    ];
    for refused in refused {
        let error = refused.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::InvalidValue, "{error}");
        assert!(error.to_string().contains("before a fork"), "{error}");
    }
    drop((networks, lan));
    match opened {
        // Each process has a connection to etcd of its own.
        Ok(own) => {
            assert_eq!(kind, "etcd");
            let lan = own.network("lan")?;
            lan.connect(&ConnectOptions::new("child"), &inside)?;
            lan.disconnect_from("child", &inside)?;
        }
        Err(error) => {
            assert_eq!((kind, error.kind()), ("sqlite", ErrorKind::InvalidValue), "{error}");
            assert!(error.to_string().contains("before a fork"), "{error}");
        }
    }
    Ok(())
}

/// Waits until a child has ended without an error. One that hangs is killed, after telling in which
/// system calls its threads are.
fn assert_succeeds(child: Pid) -> Outcome {
    let mut status = WaitStatus::StillAlive;
    let waited = eventually("a child does not end", || {
        status = waitpid(child, Some(WaitPidFlag::WNOHANG))?;
        Ok(status != WaitStatus::StillAlive)
    });
    if let Err(stop) = waited {
        let mut threads = Vec::new();
        for thread in std::fs::read_dir(format!("/proc/{child}/task"))? {
            let thread = thread?.path();
            let read = |name| std::fs::read_to_string(thread.join(name));
            threads.push([read("comm")?, read("syscall")?]);
        }
        kill(child, Signal::SIGKILL)?;
        waitpid(child, None)?;
        return Err(format!("{stop:?}: {threads:?}").into());
    }
    assert_eq!(status, WaitStatus::Exited(child, 0));
    Ok(())
}

/// Runs a process that forks while another of its threads uses the store.
#[allow(unsafe_code)]
fn parent(arguments: &[String]) -> Outcome {
    let [kind, place, host] = arguments else { return Err("KIND PLACE HOST".into()) };
    let networks = open(kind, place, host)??;
    let lan = networks.create(&on_ens33("lan", "10.1.0.0/24")?)?;
    let inside = NetNs::anonymous()?;
    lan.connect(&ConnectOptions::new("parent"), &inside)?;
    let over = AtomicBool::new(false);
    std::thread::scope(|scope| -> Outcome {
        let busy = scope.spawn(|| -> Result<()> {
            while !over.load(Ordering::Acquire) {
                lan.leases()?;
            }
            Ok(())
        });
        let children = || -> Outcome {
            for _ in 0..CHILDREN {
                // SAFETY: the child uses nothing that the other thread may have locked, except the
                // allocator, whose locks the C library takes for the fork.
                match unsafe { fork() }? {
                    ForkResult::Child => {
                        let done = open(kind, place, host)
                            .and_then(|opened| child(networks.clone(), lan.clone(), opened, kind));
                        if let Err(error) = &done {
                            println!("{error:?}");
                        }
                        std::process::exit(i32::from(done.is_err()));
                    }
                    ForkResult::Parent { child } => assert_succeeds(child)?,
                }
            }
            Ok(())
        };
        let done = children();
        over.store(true, Ordering::Release);
        busy.join().map_err(|_| "the other thread panicked")??;
        done
    })?;
    if kind == "etcd" {
        let hosts = networks.hosts()?;
        assert_eq!(hosts[0].processes, 1, "a child has ended its parent: {hosts:?}");
    }
    lan.connect(&ConnectOptions::new("parent"), &inside)?;
    assert_eq!(lan.leases()?.len(), 1);
    lan.disconnect_from("parent", &inside)?;
    drop((networks, lan));
    // While no store is open, children are not restricted. SAFETY: this process has no other thread
    // any more.
    if let ForkResult::Parent { child } = unsafe { fork() }? {
        return assert_succeeds(child);
    }
    let works = || -> Outcome { Ok(open(kind, place, host)??.list().map(drop)?) };
    std::process::exit(i32::from(works().is_err()));
}

fn a_child_is_refused_a_file() -> Outcome {
    let (lab, directory) = (Lab::new()?, Directory::new()?);
    let place = directory.path().join("networks.db").display().to_string();
    Actor::start("parent", &["sqlite", &place, &path_of(&lab.a.netns)])?.finish()?;
    assert_eq!(crate::common::sound(&directory)?, 0);
    Ok(())
}

fn a_child_is_refused_a_connection_to_etcd() -> Outcome {
    let (lab, etcd) = (Lab::new()?, Etcd::start()?);
    let (host, place) = (path_of(&lab.a.netns), path_of(etcd.netns()));
    Actor::start("parent", &["etcd", &place, &host])?.finish()?;
    Ok(())
}

macvlan_tests::tests! {
    same_on_every_kernel:
    a_child_is_refused_a_file,
    a_child_is_refused_a_connection_to_etcd;
    parts: parent,
}
