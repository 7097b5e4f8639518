//! Operations with fewer privileges than root, and the errors for the rest.
//!
//! Each test starts its own binary again under `unshare` or `setpriv`, because a process cannot
//! regain privileges.
#![deny(dead_code)]

use std::process::Command;

use macvlan_core::{Detached, Endpoint, ErrorKind, Handle, Host, Link, NetNs};
use macvlan_tests::{
    Container, Lab, Need, Outcome, Stage, ip_lines, need, on_each_kernel, ping, silent,
};
use rustix::thread::{CapabilitySet, CapabilitySets, set_capabilities};

use super::seeds::stories;

/// Set for the second start.
const INSIDE: &str = "MACVLAN_TESTS_INSIDE";

/// Root in a new user namespace.
const IN_A_USER_NAMESPACE: [&str; 3] = ["unshare", "--user", "--map-root-user"];
/// Root, without one capability.
const WITHOUT_NET_ADMIN: [&str; 2] = ["setpriv", "--bounding-set=-net_admin"];

/// Starts this binary again for one test, in a temporary network namespace. Returns true in that
/// second process.
fn started_again(name: &str, front: &[&str]) -> Outcome<bool> {
    if std::env::var_os(INSIDE).is_some() {
        return Ok(true);
    }
    need(Need::Root)?;
    let stage = NetNs::anonymous()?;
    let output = stage.run(|| {
        Command::new(front[0])
            .args(&front[1..])
            .arg(std::env::current_exe()?)
            .args(["--exact", &format!("rootless::{name}")])
            .env(INSIDE, "1")
            .output()
    })??;
    let text = String::from_utf8_lossy(&output.stdout);
    let complaints = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{front:?}:\n{text}\n{complaints}");
    assert!(text.contains("1 passed"), "it did not run: {text}");
    Ok(false)
}

/// Everything works between network namespaces of the user's own.
fn a_user_namespace_has_room_for_a_lab() -> Outcome {
    on_each_kernel();
    if !started_again("a_user_namespace_has_room_for_a_lab", &IN_A_USER_NAMESPACE)? {
        return Ok(());
    }
    let home = std::fs::read_link("/proc/thread-self/ns/net")?;
    let lab = Lab::new()?;
    let container = Container::start()?;
    let inside = container.netns()?;
    let endpoint =
        Endpoint::new("eth0", "ens33")?.assignment("192.168.15.10/24@192.168.15.2".parse()?);
    let attachment = lab.a.host.attach(&endpoint, &inside)?;
    assert_eq!(ip_lines(&inside, "route show default"), ["default via 192.168.15.2 dev eth0"]);
    assert!(ping(&inside, "192.168.15.2").is_some());
    assert!(silent(&inside, "192.168.15.1"));
    lab.a.host.detach(&attachment)?;
    assert_eq!(std::fs::read_link("/proc/thread-self/ns/net")?, home);
    Ok(())
}

/// The three scenarios, run by an ordinary user.
fn the_seeds_grow_in_a_user_namespace() -> Outcome {
    if !started_again("the_seeds_grow_in_a_user_namespace", &IN_A_USER_NAMESPACE)? {
        return Ok(());
    }
    stories::four_containers_on_two_hosts()?;
    stories::a_container_gets_its_place_by_pid()?;
    stories::pipework_moves_the_default_route()
}

/// With only `CAP_NET_ADMIN`, a namespace cannot be entered, but a socket that was opened inside
/// before is enough for attaching.
fn net_admin_is_enough_where_a_socket_is_open() -> Outcome {
    on_each_kernel();
    let stage = Stage::set()?;
    let (host, inside) = (&stage.lab.a.host, &stage.inside);
    let never_entered = NetNs::anonymous()?;
    Handle::in_netns(inside)?;
    let witness = Handle::in_netns(inside)?;
    // Capabilities belong to a thread.
    std::thread::scope(|scope| {
        let unprivileged = || -> Outcome {
            let net_admin = CapabilitySet::NET_ADMIN;
            set_capabilities(
                None,
                CapabilitySets {
                    effective: net_admin,
                    permitted: net_admin,
                    inheritable: CapabilitySet::empty(),
                },
            )?;
            let error = inside.run(|| ()).unwrap_err();
            assert_eq!(error.kind(), ErrorKind::PermissionDenied, "{error}");
            let endpoint = Endpoint::new("eth0", "ens33")?
                .assignment("192.168.15.10/24@192.168.15.2".parse()?)
                .route("blackhole 10.8.0.0/16".parse()?);
            let attachment = host.attach(&endpoint, inside)?;
            assert_eq!(witness.link("eth0")?.mac, Some(attachment.mac()));
            assert_eq!(host.check(&endpoint, inside)?, []);
            assert_eq!(host.detach(&attachment)?, Detached::Removed);
            // Without such a socket, the message names the missing capability.
            let error = host.attach(&endpoint, &never_entered).unwrap_err();
            assert_eq!(
                error.to_string(),
                format!(
                    "cannot enter {never_entered}: Operation not permitted (EPERM); run with \
                     CAP_SYS_ADMIN here and in the user namespace that owns the network namespace"
                )
            );
            Ok(())
        };
        scope.spawn(unprivileged).join().unwrap_or_else(|panic| std::panic::resume_unwind(panic))
    })?;
    assert_eq!(ip_lines(inside, "-o link show").len(), 1);
    Ok(())
}

/// On parents of the machine, it fails, and the message names the missing capability.
fn the_machines_parents_are_out_of_reach() -> Outcome {
    if !started_again("the_machines_parents_are_out_of_reach", &IN_A_USER_NAMESPACE)? {
        return Ok(());
    }
    let container = Container::start()?;
    let error = Host::open()?
        .attach(&Endpoint::new("eth0", "lo")?, &container.netns()?)
        .expect_err("the network namespace is not ours");
    assert_eq!(error.kind(), ErrorKind::PermissionDenied, "{error}");
    let message = error.to_string();
    for part in [
        "CAP_NET_ADMIN is missing in the user namespace that owns this network namespace",
        "\"eth0\" on parent \"lo\"",
        "rootless",
    ] {
        assert!(message.contains(part), "no {part:?} in: {message}");
    }
    assert_eq!(ip_lines(&container.netns()?, "-o link show").len(), 1);
    Ok(())
}

/// Namespaces of others cannot be entered either.
fn others_namespaces_cannot_be_entered() -> Outcome {
    if !started_again("others_namespaces_cannot_be_entered", &IN_A_USER_NAMESPACE)? {
        return Ok(());
    }
    let home = std::fs::read_link("/proc/thread-self/ns/net")?;
    let outside = NetNs::current()?;
    let ours = NetNs::anonymous()?;
    // A thread in the user's own namespace could not return.
    let error = ours.run(|| outside.run(|| ()).unwrap_err())?;
    assert_eq!(error.kind(), ErrorKind::PermissionDenied, "{error}");
    assert!(error.to_string().contains("CAP_SYS_ADMIN"), "{error}");
    let error = ours.run(|| Handle::in_netns(&outside).unwrap_err())?;
    assert_eq!(error.kind(), ErrorKind::PermissionDenied, "{error}");
    assert_eq!(std::fs::read_link("/proc/thread-self/ns/net")?, home);
    Ok(())
}

/// Without `CAP_NET_ADMIN`, the message names it.
fn the_missing_capability_is_named() -> Outcome {
    if !started_again("the_missing_capability_is_named", &WITHOUT_NET_ADMIN)? {
        return Ok(());
    }
    let (host, container) = (NetNs::anonymous()?, NetNs::anonymous()?);
    let handle = Handle::in_netns(&host)?;
    assert_eq!(handle.links()?.len(), 1, "looking is allowed");
    let endpoint = Endpoint::new("eth0", "lo")?;
    for error in [
        handle.add_link(&Link::veth("one", "other", None)?).unwrap_err(),
        handle.set_up("lo").unwrap_err(),
        handle.add_address("lo", &"10.0.0.1/8".parse()?).unwrap_err(),
        handle.add_route(&"10.0.0.0/8 dev lo".parse()?).unwrap_err(),
        Host::in_netns(&host)?.attach(&endpoint, &container).unwrap_err(),
    ] {
        assert_eq!(error.kind(), ErrorKind::PermissionDenied, "{error}");
        assert!(error.is_permission_denied());
        assert!(error.to_string().contains("the process lacks CAP_NET_ADMIN"), "{error}");
    }
    Ok(())
}

macvlan_tests::tests! {
    same_on_every_kernel:
    a_user_namespace_has_room_for_a_lab,
    the_machines_parents_are_out_of_reach,
    others_namespaces_cannot_be_entered,
    the_seeds_grow_in_a_user_namespace,
    net_admin_is_enough_where_a_socket_is_open,
    the_missing_capability_is_named,
}
