//! Recovery: processes and namespaces that are gone, a reboot, a kernel or a store that another
//! program has changed.
#![deny(dead_code)]

use std::time::Instant;

use crate::common::{self, Scene, ended, ip, on_ens33, session, started, with_scenes};
use macvlan_core::{Detached, NetNs};
use macvlan_network::{ConnectOptions, MacFrom, NetNsMark, Network, Reconciled};
use macvlan_tests::{
    Container, Directory, Outcome, eventually, ip_addresses, ip_do, ip_lines, ping,
};
use nix::fcntl::{Flock, FlockArg};

/// Containers that are gone, and others that are only hard to find.
fn leases_of_namespaces_that_are_gone_are_collected() -> Outcome {
    with_scenes(|scene| {
        let lan = scene.networks.create(&on_ens33("lan", "10.1.0.0/24")?)?;
        let name = format!("macvlan-network-{}", std::process::id());
        let (process, descriptor, named) =
            (Container::start()?, NetNs::anonymous()?, NetNs::create(&name)?);
        let (thread, stop) = in_a_thread()?;
        let ends = Container::start()?;
        lan.connect(&ConnectOptions::new("ends"), &ends.netns()?)?;
        lan.connect(&ConnectOptions::new("process"), &process.netns()?)?;
        lan.connect(&ConnectOptions::new("descriptor"), &descriptor)?;
        lan.connect(&ConnectOptions::new("named"), &named)?;
        lan.connect(&ConnectOptions::new("thread"), &thread)?;
        drop((named, thread));
        assert!(scene.networks.collect()?.leases.is_empty(), "all of them live");
        drop(ends);
        let collected = scene.networks.collect()?;
        let who: Vec<&str> =
            collected.leases.iter().map(|lease| lease.container.as_str()).collect();
        assert_eq!(who, ["ends"]);
        NetNs::delete(&name)?;
        drop((descriptor, stop));
        drop(process);
        // The end of a thread is visible when the kernel has finished it.
        eventually("a lease is left", || {
            scene.networks.collect()?;
            Ok(lan.leases()?.is_empty())
        })?;
        assert_eq!(scene.leases()?, 0);
        Ok(())
    })
}

/// Returns a namespace with only a sleeping thread in it, which ends when the sender is dropped.
fn in_a_thread() -> Outcome<(NetNs, std::sync::mpsc::Sender<()>)> {
    let (stop, stopped) = std::sync::mpsc::channel::<()>();
    let (tell, told) = std::sync::mpsc::channel();
    std::thread::spawn(move || {
        let inside = nix::sched::unshare(nix::sched::CloneFlags::CLONE_NEWNET);
        // The receiver and the sender may be gone.
        let _ = tell.send(inside.map(|()| NetNs::current()));
        let _ = stopped.recv();
    });
    Ok((told.recv()???, stop))
}

/// A program that keeps the results keeps no container alive.
fn what_connect_returns_holds_no_namespace() -> Outcome {
    with_scenes(|scene| {
        let lan = scene.networks.create(&on_ens33("lan", "10.1.0.0/24")?)?;
        let (container, inside) = started()?;
        let first = lan.connect(&ConnectOptions::new("c1"), &inside)?;
        let second = lan.connect(&ConnectOptions::new("c1"), &inside)?;
        ended(container, inside)?;
        assert_eq!(scene.networks.collect()?.leases, [first.lease().clone()]);
        let error = second.attachment().netns().unwrap_err();
        assert_eq!(error.kind(), macvlan_core::ErrorKind::NamespaceGone, "{error}");
        Ok(())
    })
}

/// A container that was restarted with the same id has another namespace, but the same address.
fn a_container_that_returns_gets_its_address() -> Outcome {
    with_scenes(|scene| {
        let lan = scene.networks.create(&on_ens33("lan", "10.1.0.0/24")?)?;
        let (first, inside) = started()?;
        let (_other, other) = started()?;
        let options = ConnectOptions::new("c1").name("test101");
        lan.connect(&options, &inside)?;
        lan.connect(&ConnectOptions::new("c2"), &other)?;
        ended(first, inside)?;
        let (_again, inside) = started()?;
        // Without a collect in between.
        let connection = lan.connect(&options, &inside)?;
        assert_eq!(connection.addresses(), [ip("10.1.0.2")]);
        assert_eq!(ip_addresses(&inside, "eth0"), ["10.1.0.2/24"]);
        assert_eq!(lan.leases()?.len(), 2);
        Ok(())
    })
}

/// After a reboot, inode numbers and cookies are used again, so they may match by chance.
fn after_a_reboot_nobody_is_connected() -> Outcome {
    with_scenes(|scene| {
        let lan = scene.networks.create(&on_ens33("lan", "10.1.0.0/24")?)?;
        let (_container, inside) = started()?;
        lan.connect(&ConnectOptions::new("c1"), &inside)?;
        assert!(scene.networks.reconcile()?.is_empty());
        let mark = NetNsMark::of(&inside)?;
        let mut earlier = mark.clone();
        "5a1e2b8c-0000-0000-0000-000000000000".clone_into(&mut earlier.boot);
        scene.change_netns(&mark, &earlier)?;
        assert_eq!(scene.networks.collect()?.leases.len(), 1);
        assert_eq!(lan.leases()?, []);
        // A namespace with the inode number of a former one is a different one.
        ip_do(&inside, "link delete eth0");
        lan.connect(&ConnectOptions::new("c1"), &inside)?;
        let mut former = mark.clone();
        former.cookie = mark.cookie.map(|cookie| cookie + 1_000_000);
        scene.change_netns(&mark, &former)?;
        assert_eq!(scene.networks.collect()?.leases, [], "an interface has its MAC address");
        ip_do(&inside, "link delete eth0");
        assert_eq!(scene.networks.collect()?.leases.len(), 1);
        Ok(())
    })
}

/// The host name has changed, as by DHCP, or the program runs in a container that was recreated.
///
/// This is of a file alone. In etcd, the name is what tells one machine from another.
fn another_host_name_is_the_same_machine() -> Outcome {
    let scene = Scene::set()?;
    let lan = scene.networks.create(&on_ens33("lan", "10.1.0.0/24")?.internal(true))?;
    let (_stays, stays) = started()?;
    let (ends, inside) = started()?;
    let (returns, was_inside) = started()?;
    lan.connect(&ConnectOptions::new("stays"), &stays)?;
    lan.connect(&ConnectOptions::new("ends"), &inside)?;
    lan.connect(&ConnectOptions::new("returns"), &was_inside)?;
    ended(ends, inside)?;
    ended(returns, was_inside)?;
    ip_do(&stays, "link set eth0 down");

    let other = session(&scene.lab.a, &scene.directory, "other")?;
    let lan = other.network("lan")?;
    let (_again, again) = started()?;
    let returned = lan.connect(&ConnectOptions::new("returns"), &again)?;
    assert_eq!(returned.addresses(), [ip("10.1.0.3")]);
    let done: Vec<String> = other.reconcile()?.iter().map(ToString::to_string).collect();
    assert_eq!(
        done,
        [
            "released the lease of container \"ends\", which has ended",
            "repaired \"eth0\" of container \"stays\": the link is down",
        ]
    );
    assert_eq!(lan.disconnect("stays")?, Detached::Removed);
    assert_eq!(lan.disconnect("returns")?, Detached::Removed);
    lan.remove()?;
    Ok(())
}

/// A process that restarts repairs the changes of other programs, and of a store that was restored
/// from a backup.
fn kernel_and_store_are_brought_together() -> Outcome {
    with_scenes(|scene| {
        let lan = scene.networks.create(&on_ens33("lan", "192.168.15.0/24")?)?;
        let [missing, changed, right, ended, unknown, stray] =
            [started()?, started()?, started()?, started()?, started()?, started()?];
        let connect = |network: &Network, container: &str, inside: &NetNs| {
            network.connect(&ConnectOptions::new(container).name(container), inside)
        };
        connect(&lan, "missing", &missing.1)?;
        connect(&lan, "changed", &changed.1)?;
        connect(&lan, "right", &right.1)?;
        connect(&lan, "ended", &ended.1)?;
        let backup = scene.back_up()?;
        let gone = scene.networks.create(&on_ens33("gone", "10.2.0.0/24")?)?;
        connect(&lan, "unknown", &unknown.1)?;
        connect(&gone, "stray", &stray.1)?;
        ip_do(&missing.1, "link delete eth0");
        ip_do(&changed.1, "link set eth0 mtu 1300 down");
        ip_do(&changed.1, "address flush dev eth0 scope global");
        scene.restore(&backup)?;
        common::ended(ended.0, ended.1)?;

        let networks = scene.session()?;
        let done = networks.reconcile()?;
        let mut words: Vec<String> = done.iter().map(ToString::to_string).collect();
        words.sort();
        assert_eq!(words.len(), 5, "{words:#?}");
        assert_eq!(words[0], "interface \"eth0\" of container \"unknown\" has a lease again");
        assert_eq!(words[1], "released the lease of container \"ended\", which has ended");
        assert_eq!(
            words[2],
            "removed \"eth0\" of container \"stray\", whose network does not exist"
        );
        assert!(
            words[3].starts_with("repaired \"eth0\" of container \"changed\": "),
            "{}",
            words[3]
        );
        assert_eq!(words[4], "repaired \"eth0\" of container \"missing\": the link does not exist");
        assert!(matches!(done[0], Reconciled::Released(_)));

        for ((_, inside), address) in
            [(&missing, "192.168.15.2"), (&changed, "192.168.15.3"), (&unknown, "192.168.15.6")]
        {
            assert_eq!(ip_addresses(inside, "eth0"), [format!("{address}/24")]);
        }
        assert!(ping(&right.1, "192.168.15.3").is_some());
        assert_eq!(ip_lines(&stray.1, "-o link show").len(), 1);
        let lan = networks.network("lan")?;
        let adopted = lan.lease("unknown")?.ok_or("the lease is missing")?;
        assert_eq!(adopted.addresses.len(), 1);
        assert!(networks.reconcile()?.is_empty(), "all is right");
        // Adopted addresses are not given to others, and can be disconnected like all others.
        let (_new, new) = started()?;
        let connection = lan.connect(&ConnectOptions::new("new"), &new)?;
        assert_eq!(connection.addresses(), [ip("192.168.15.7")]);
        assert_eq!(lan.disconnect("unknown")?, Detached::Removed);
        assert_eq!(scene.leases()?, 4);
        Ok(())
    })
}

/// Two stores on one host, neither of which changes the other's containers.
fn what_another_store_knows_is_left_alone() -> Outcome {
    with_scenes(|scene| {
        let elsewhere = Directory::new()?;
        let other = session(&scene.lab.a, &elsewhere, "a")?;
        let lan = other.create(&on_ens33("lan", "192.168.15.0/24")?)?;
        let here = scene.networks.create(&on_ens33("lan", "192.168.16.0/24")?)?;
        assert_ne!(other.store().id(), scene.networks.store().id());
        let same = session(&scene.lab.a, &elsewhere, "a")?;
        assert_eq!(other.store().id(), same.store().id());
        let (_one, one) = started()?;
        let (_two, two) = started()?;
        lan.connect(&ConnectOptions::new("c1"), &one)?;
        here.connect(&ConnectOptions::new("c1"), &two)?;
        for networks in [&scene.networks, &same, &scene.session()?] {
            assert!(networks.reconcile()?.is_empty());
        }
        assert_eq!(ip_addresses(&one, "eth0"), ["192.168.15.2/24"]);
        assert_eq!(ip_addresses(&two, "eth0"), ["192.168.16.2/24"]);
        Ok(())
    })
}

/// If two containers have the same address, it stays with the one in the store.
fn what_cannot_be_adopted_is_removed() -> Outcome {
    with_scenes(|scene| {
        let config = on_ens33("lan", "10.1.0.0/24")?.mac_from(MacFrom::Container);
        let lan = scene.networks.create(&config)?;
        let (_one, one) = started()?;
        let (_two, two) = started()?;
        let backup = scene.back_up()?;
        lan.connect(&ConnectOptions::new("c1"), &one)?;
        scene.restore(&backup)?;
        lan.connect(&ConnectOptions::new("c2"), &two)?;
        let done = scene.networks.reconcile()?;
        let [Reconciled::Displaced { interface, container, text }] = done.as_slice() else {
            return Err(format!("{done:?}").into());
        };
        assert_eq!((interface.as_str(), container.as_str()), ("eth0", "c1"));
        assert!(text.contains("container \"c2\" on host \"a\" has 10.1.0.2"), "{text}");
        assert_eq!(ip_lines(&one, "-o link show").len(), 1);
        assert_eq!(ip_addresses(&two, "eth0"), ["10.1.0.2/24"]);
        Ok(())
    })
}

/// A process that holds its container's lock delays the repair of that container alone.
fn a_container_that_is_held_is_reported() -> Outcome {
    let scene = Scene::set()?;
    let lan = scene.networks.create(&on_ens33("lan", "10.1.0.0/24")?)?;
    let (holder, held) = started()?;
    let (_other, other) = started()?;
    for (id, inside) in [("c1", &held), ("c2", &other)] {
        lan.connect(&ConnectOptions::new(id), inside)?;
        ip_do(inside, "link delete eth0");
    }
    let file = std::fs::File::open(format!("/proc/{}/ns/net", holder.pid()))?;
    let lock = Flock::lock(file, FlockArg::LockExclusive).map_err(|(_, errno)| errno)?;
    let began = Instant::now();
    let mut done = scene.networks.reconcile()?;
    assert!((5..20).contains(&began.elapsed().as_secs()), "{:?}", began.elapsed());
    done.sort_by_key(Reconciled::kind);
    let [Reconciled::Repaired(lease, _), Reconciled::Failed(why)] = done.as_slice() else {
        return Err(format!("{done:?}").into());
    };
    assert_eq!(lease.container, "c2");
    assert!(why.contains("container \"c1\"") && why.contains("held it for 5 s"), "{why}");
    assert_eq!(ip_addresses(&other, "eth0"), ["10.1.0.3/24"]);
    drop(lock);
    assert_eq!(scene.networks.reconcile()?.len(), 1);
    assert_eq!(ip_addresses(&held, "eth0"), ["10.1.0.2/24"]);
    Ok(())
}

macvlan_tests::tests! {
    same_on_every_kernel:
    leases_of_namespaces_that_are_gone_are_collected,
    what_connect_returns_holds_no_namespace,
    a_container_that_returns_gets_its_address,
    after_a_reboot_nobody_is_connected,
    another_host_name_is_the_same_machine,
    kernel_and_store_are_brought_together,
    what_another_store_knows_is_left_alone,
    what_cannot_be_adopted_is_removed,
    a_container_that_is_held_is_reported,
}
