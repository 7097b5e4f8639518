//! access: the host's macvlan beside its containers.

use std::io::Write as _;
use std::process::Stdio;

use macvlan_core::NetNs;
use macvlan_tests::{
    Container, Lab, Outcome, Stage, eventually, ip, ip_addresses, ip_do, ip_lines, ip_link, ping,
    silent,
};
use serde_json::json;

use crate::common::{command, fails, json as run_json, ok, output};

/// A container at 192.168.15.9 on host a.
fn attached() -> Outcome<Stage> {
    let stage = Stage::set()?;
    ok(&stage.lab.a.netns, &format!("attach ens33 {} 192.168.15.9/24", stage.container.pid()))?;
    Ok(stage)
}

fn macvlans(host: &NetNs) -> usize {
    ip(host, "link show type macvlan").as_array().map_or(0, Vec::len)
}

fn given_and_removed() -> Outcome {
    let Stage { lab, container, .. } = attached()?;
    let (host, pid) = (&lab.a.netns, container.pid());
    assert!(silent(host, "192.168.15.9"));
    assert_eq!(ok(host, &format!("access ens33 {pid}"))?, "ens33-host 192.168.15.9/32\n");
    assert!(ping(host, "192.168.15.9").is_some());
    let again = run_json(host, &format!("access ens33 {pid} --route 10.7.0.0/24"))?;
    assert_eq!(
        again,
        json!({ "name": "ens33-host", "routes": ["10.7.0.0/24", "192.168.15.9/32"] })
    );
    assert!(
        ip_lines(host, "route show dev ens33-host")
            .iter()
            .any(|route| route.starts_with("10.7.0.0/24"))
    );
    ok(host, "access remove ens33")?;
    assert_eq!(macvlans(host), 0);
    assert!(silent(host, "192.168.15.9"));
    for arguments in ["access remove ens33", "access ens33 --remove", "access back ens33"] {
        assert!(
            fails(host, 3, arguments)?
                .contains("on ens33: it does not exist; `macvlan access ens33` creates it")
        );
    }
    fails(host, 2, &format!("access ens33 {pid} --remove"))?;
    fails(host, 2, "access")?;
    Ok(())
}

/// The mark identifies the link, which may have another name and no address.
fn removed_by_its_mark() -> Outcome {
    let Stage { lab, container, .. } = attached()?;
    let host = &lab.a.netns;
    ok(host, &format!("access ens33 {} --name shim --address 192.168.15.250", container.pid()))?;
    assert_eq!(ip_addresses(host, "shim"), ["192.168.15.250/32"]);
    for line in [
        "link set shim down",
        "link set shim name other",
        "address flush dev ens33",
        "address flush dev other",
    ] {
        ip_do(host, line);
    }
    ok(host, "access ens33 --remove")?;
    assert_eq!(macvlans(host), 0);
    assert_eq!(ip_addresses(host, "ens33"), [""; 0], "no address was needed or added");
    Ok(())
}

fn a_failure_leaves_nothing() -> Outcome {
    let Stage { lab, container, .. } = attached()?;
    let (host, pid) = (&lab.a.netns, container.pid());
    // A container's address that the host reaches elsewhere.
    ip_do(host, "route add 192.168.15.9/32 dev lo");
    assert!(fails(host, 4, &format!("access ens33 {pid}"))?.contains("192.168.15.9"));
    assert_eq!(macvlans(host), 0);
    // A link that existed before stays, with its routes.
    let other = Container::start()?;
    ok(host, &format!("attach ens33 {} 192.168.15.8/24", other.pid()))?;
    ok(host, &format!("access ens33 {}", other.pid()))?;
    fails(host, 4, &format!("access ens33 {} {pid}", other.pid()))?;
    assert_eq!(macvlans(host), 1);
    assert!(ping(host, "192.168.15.8").is_some());
    // With an address that the link is to have from now on, it goes on borrowing the parent's.
    let shim =
        || (ip_addresses(host, "ens33-host"), ip_link(host, "ens33-host")["ifalias"].clone());
    let before = shim();
    fails(host, 4, &format!("access ens33 {pid} --address 192.168.15.250"))?;
    assert_eq!(shim(), before);
    fails(host, 4, "access ens33 --route 192.168.15.9/32 --address 192.168.15.250")?;
    assert_eq!(shim(), before);
    ip_do(host, "address add 192.168.15.7/24 dev ens33");
    ok(host, "access ens33")?;
    assert!(ip_addresses(host, "ens33-host").contains(&"192.168.15.7/32".to_owned()));
    // Of several addresses, one is refused by the kernel.
    ip_do(host, "address delete 192.168.15.7/24 dev ens33");
    ok(host, "access ens33 --address 192.168.15.251")?;
    fails(host, 1, "access ens33 --address 192.168.15.250 --address fd15::250 --address ff02::1")?;
    assert_eq!(ip_addresses(host, "ens33-host"), ["192.168.15.251/32"]);
    let elsewhere = Container::start()?;
    assert!(fails(host, 3, &format!("access ens33 {}", elsewhere.pid()))?.contains("has none"));
    Ok(())
}

/// A container with the host's network, such as a process of the host: its link is not an
/// endpoint's.
fn the_link_is_not_detached() -> Outcome {
    let Stage { lab, container, .. } = attached()?;
    let host = &lab.a.netns;
    let on_host = Container::start_in(host)?;
    let all = || {
        let mut all = ip_lines(host, "address show");
        all.extend(ip_lines(host, "route show table all"));
        all
    };
    ip_do(host, "route add default via 192.168.15.2");
    ok(host, &format!("access ens33 {}", container.pid()))?;
    ok(host, "access move ens33 --yes")?;
    let before = all();
    let pid = on_host.pid();
    for arguments in [format!("detach {pid}"), format!("detach {pid} --all")] {
        assert!(fails(host, 3, &arguments)?.contains("has none on this host's links"));
    }
    assert!(
        fails(host, 2, &format!("detach {pid} ens33-host"))?
            .contains("`macvlan access remove ens33` removes it")
    );
    ok(host, &format!("attach ens33 {pid} 192.168.15.30/24 --interface own"))?;
    ok(host, &format!("detach {pid}"))?;
    assert_eq!(before, all());
    Ok(())
}

/// A container cannot lead the host's traffic to itself: its interface can have any address.
fn only_addresses_of_containers_get_routes() -> Outcome {
    let stage = attached()?;
    let (host, pid) = (&stage.lab.a.netns, stage.container.pid());
    ip_do(host, "route add default via 192.168.15.2");
    let others = ["192.168.15.2", "192.168.15.1", "8.8.8.8", "127.0.0.9"];
    for address in others {
        ip_do(&stage.inside, &format!("address add {address}/32 dev eth0"));
    }
    let before = ["192.168.15.1", "192.168.15.2", "8.8.8.8", "127.0.0.9"]
        .map(|address| ip_lines(host, &format!("route get {address}")));
    let output = output(host, command(&format!("access ens33 {pid}")))?;
    assert_eq!(String::from_utf8(output.stdout)?, "ens33-host 192.168.15.9/32\n");
    let warned = String::from_utf8(output.stderr)?;
    assert!(others.iter().all(|address| warned.contains(address)), "{warned}");
    let after = ["192.168.15.1", "192.168.15.2", "8.8.8.8", "127.0.0.9"]
        .map(|address| ip_lines(host, &format!("route get {address}")));
    assert_eq!(before, after);
    assert_eq!(ip_lines(host, "route show proto 109"), ["192.168.15.9 dev ens33-host scope link"]);
    ip_do(&stage.inside, "address delete 192.168.15.9/24 dev eth0");
    ok(host, "access remove ens33")?;
    assert!(
        fails(host, 2, &format!("access ens33 {pid}"))?
            .contains("cannot give the host access to the container: its address ")
    );
    assert_eq!(macvlans(host), 0);
    Ok(())
}

fn another_mode_is_warned_of() -> Outcome {
    let Stage { lab, container, .. } = Stage::set()?;
    let (host, pid) = (&lab.a.netns, container.pid());
    ok(host, &format!("attach ens33 {pid} 192.168.15.9/24 -m private"))?;
    let output = output(host, command(&format!("access ens33 {pid}")))?;
    assert!(output.status.success(), "{output:?}");
    let text = String::from_utf8_lossy(&output.stderr);
    assert!(text.contains("eth0 is in mode private; only macvlans in mode bridge"), "{text}");
    Ok(())
}

/// A command that names no address keeps the link's own one, whether the parent has an address or
/// not, and one that fails changes nothing.
fn an_own_address_is_kept() -> Outcome {
    let Stage { lab, container, .. } = attached()?;
    let (host, pid) = (&lab.a.netns, container.pid());
    let other = Container::start()?;
    ok(host, &format!("attach ens33 {} 192.168.15.8/24", other.pid()))?;
    let own = |routes: usize| {
        assert_eq!(ip_addresses(host, "ens33-host"), ["192.168.15.250/32"]);
        assert_eq!(ip_lines(host, "route show dev ens33-host").len(), routes);
        assert!(ping(host, "192.168.15.9").is_some());
    };
    ok(host, &format!("access ens33 {pid} --address 192.168.15.250"))?;
    ok(host, &format!("access ens33 {}", other.pid()))?;
    own(2);
    ok(host, "access back ens33")?;
    own(2);
    ok(host, "access move ens33 --yes")?;
    ok(host, "access back ens33")?;
    own(2);
    assert!(ip_addresses(host, "ens33").contains(&"192.168.15.1/24".to_owned()));
    ip_do(host, "route add 10.7.0.0/24 dev lo");
    for arguments in ["", "--address 192.168.15.251"] {
        fails(
            host,
            4,
            &format!("access ens33 --route 10.8.0.0/24 --route 10.7.0.0/24 {arguments}"),
        )?;
        own(2);
    }
    ok(host, "access remove ens33")?;
    ip_do(host, "address flush dev ens33");
    assert!(fails(host, 2, "access ens33")?.contains("no address to borrow"));
    assert_eq!(macvlans(host), 0);
    // The parent has no subnet.
    let outside = format!("access ens33 {pid} --address 192.168.15.250");
    assert!(
        fails(host, 2, &outside)?.ends_with("give the access a route to its subnet: `--route`\n")
    );
    assert_eq!(macvlans(host), 0);
    ok(host, &format!("{outside} --route 192.168.15.0/28"))?;
    ok(host, &format!("access ens33 {}", other.pid()))?;
    own(2);
    assert!(fails(host, 3, "access move ens33 --yes")?.contains("no addresses to move"));
    own(2);
    ok(host, "access back ens33")?;
    own(2);
    ok(host, "access ens33 --address 192.168.15.251")?;
    assert_eq!(ip_addresses(host, "ens33-host"), ["192.168.15.251/32"]);
    // Nothing is left to keep, and nothing to borrow.
    ip_do(host, "address flush dev ens33-host");
    assert!(fails(host, 2, "access ens33")?.contains("no address to borrow"));
    ip_do(host, "address add 192.168.15.1/24 dev ens33");
    ok(host, "access ens33")?;
    assert_eq!(ip_addresses(host, "ens33-host"), ["192.168.15.1/32"]);
    Ok(())
}

fn addresses_are_moved_and_moved_back() -> Outcome {
    let Stage { lab, inside, container } = attached()?;
    let host = &lab.a.netns;
    ok(host, &format!("access ens33 {}", container.pid()))?;
    assert_eq!(ok(host, "access move ens33 --yes")?, "ens33-host\n");
    assert_eq!(ip_lines(host, "-4 address show dev ens33"), [""; 0]);
    assert!(ip_addresses(host, "ens33-host").contains(&"192.168.15.1/24".to_owned()));
    assert!(ping(&inside, "192.168.15.1").is_some() && ping(host, "192.168.15.2").is_some());
    assert!(
        fails(host, 2, "access move ens33 --yes")?
            .contains("already moved; move them back first: `macvlan access back ens33`")
    );
    assert_eq!(run_json(host, "access back ens33")?, json!({ "name": "ens33-host" }));
    assert!(ip_addresses(host, "ens33").contains(&"192.168.15.1/24".to_owned()));
    ok(host, "access move ens33 --yes")?;
    assert_eq!(run_json(host, "access remove ens33")?, json!({ "name": "ens33-host" }));
    assert!(ip_addresses(host, "ens33").contains(&"192.168.15.1/24".to_owned()));
    assert_eq!(macvlans(host), 0);
    Ok(())
}

/// Without a confirmation the addresses move back, and a link that was made for it goes.
fn a_move_has_to_be_confirmed() -> Outcome {
    let lab = Lab::new()?;
    let host = &lab.a.netns;
    assert!(fails(host, 1, "access move ens33 --deadline 10ms")?.contains("they were moved back"));
    assert_eq!(macvlans(host), 0);
    assert!(ip_addresses(host, "ens33").contains(&"192.168.15.1/24".to_owned()));
    // An empty line on standard input confirms, or a yes, and no other one.
    for (line, confirms) in
        [("no\n", false), ("n\n", false), ("", false), ("x", false), ("\n", true), ("Yes\n", true)]
    {
        let mut waiting = command("access move ens33 --deadline 1h");
        waiting.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut waiting = host.run(|| waiting.spawn())??;
        eventually("the addresses are not moved", || {
            Ok(macvlans(host) == 1 && ip_lines(host, "-4 address show dev ens33").is_empty())
        })?;
        waiting.stdin.take().ok_or("a pipe")?.write_all(line.as_bytes())?;
        let output = waiting.wait_with_output()?;
        let text = String::from_utf8_lossy(&output.stderr);
        assert_eq!(output.status.code(), Some(i32::from(!confirms)), "{line:?}: {text}");
        assert_eq!(text.contains("they were moved back"), !confirms, "{line:?}: {text}");
        let on = if confirms { "ens33-host" } else { "ens33" };
        assert!(ip_addresses(host, on).contains(&"192.168.15.1/24".to_owned()), "{line:?}");
        if confirms {
            ok(host, "access remove ens33")?;
        }
        assert_eq!(macvlans(host), 0);
    }
    Ok(())
}

/// Another command gives access to a container while the move waits.
fn a_move_back_leaves_the_routes_of_others() -> Outcome {
    let Stage { lab, container, .. } = attached()?;
    let host = &lab.a.netns;
    let mut waiting = command("access move ens33 --deadline 1h");
    waiting.stdin(Stdio::piped()).stderr(Stdio::piped());
    let mut waiting = host.run(|| waiting.spawn())??;
    eventually("the addresses are not moved", || {
        Ok(macvlans(host) == 1 && ip_lines(host, "-4 address show dev ens33").is_empty())
    })?;
    ok(host, &format!("access ens33 {}", container.pid()))?;
    waiting.stdin.take().ok_or("a pipe")?.write_all(b"no\n")?;
    assert_eq!(waiting.wait_with_output()?.status.code(), Some(1));
    assert!(ip_addresses(host, "ens33").contains(&"192.168.15.1/24".to_owned()));
    assert!(ping(host, "192.168.15.9").is_some());
    Ok(())
}

macvlan_tests::tests! {
    same_on_every_kernel:
    given_and_removed,
    removed_by_its_mark,
    a_failure_leaves_nothing,
    an_own_address_is_kept,
    the_link_is_not_detached,
        only_addresses_of_containers_get_routes,
        another_mode_is_warned_of,
    addresses_are_moved_and_moved_back,
    a_move_has_to_be_confirmed,
    a_move_back_leaves_the_routes_of_others,
}
