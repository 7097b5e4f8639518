//! Tests of the lab itself: a check that sees no faults would let every test pass.
#![deny(dead_code)]

use std::net::IpAddr;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Duration;

use macvlan_core::NetNs;
use macvlan_tests::{
    Container, Lab, Matrix, Need, Outcome, Place, Snapshot, Stop, eventually, ip_addresses, ip_do,
    ip_try, need, ping, ping_from, silent, silent_from, sysctl,
};

fn a_snapshot_shows_every_change() -> Outcome {
    need(Need::Ipv6)?;
    let lab = Lab::new()?;
    for change in [
        "link set dev ens33 mtu 1400",
        "link set dev ens33 promisc on",
        "link set dev ens33 addrgenmode none",
        "link set dev lo down",
        "link add mv0 link ens33 type macvlan mode private",
        "link set dev mv0 type macvlan mode bridge",
        "link property add dev ens33 altname wan",
        "address add 10.0.0.1/8 dev ens33",
        "address change 10.0.0.1/8 dev ens33 valid_lft 1000 preferred_lft 500",
        "address add fd99::1/64 dev ens33 nodad",
        "route add 10.1.0.0/16 dev ens33",
        "route change 10.1.0.0/16 dev ens33 mtu 1300",
        "route add fd98::/64 via fd15::2",
        "route add blackhole 10.2.0.0/16 table 77",
        "rule add from 10.0.0.0/8 table 77",
        "-6 rule add from fd99::/64 table 77",
    ] {
        let before = Snapshot::of(&lab.a.netns);
        before.assert_same(&lab.a.netns);
        ip_do(&lab.a.netns, change);
        let difference = before.difference(&Snapshot::of(&lab.a.netns));
        let shown = difference.ok_or(format!("no difference after `ip {change}`"))?;
        assert!(shown.contains("\n+") || shown.contains("\n-"), "{change}: {shown}");
    }
    Ok(())
}

/// Changes that the kernel makes by itself are not counted.
fn a_lab_at_rest_does_not_change() -> Outcome {
    let lab = Lab::new()?;
    let before = Snapshot::of(&lab.a.netns);
    assert!(ping(&lab.a.netns, "192.168.15.2").is_some());
    std::thread::sleep(Duration::from_millis(1500));
    before.assert_same(&lab.a.netns);
    Ok(())
}

fn a_ping_knows_an_answer_from_silence() -> Outcome {
    need(Need::Ipv6)?;
    let lab = Lab::new()?;
    for ip in ["192.168.15.2", "fd15::2", "192.168.15.1", "::1"] {
        let echo = ping(&lab.a.netns, ip).ok_or(format!("no answer from {ip}"))?;
        assert_eq!(echo.ttl, 64, "{ip}");
        assert!(echo.time < Duration::from_secs(2), "{echo:?}");
        assert!(!silent(&lab.a.netns, ip));
    }
    for ip in ["192.168.15.9", "fd15::9", "10.1.1.1", "fd99::1"] {
        assert!(silent(&lab.a.netns, ip), "{ip}");
    }
    Ok(())
}

/// The answer's hop limit shows whether it was routed, and the source address is the given one.
fn a_ping_tells_where_it_came_through() -> Outcome {
    need(Need::Ipv6)?;
    let lab = Lab::new()?;
    lab.cable("ens34")?;
    for address in ["10.34.0.1/24", "fd34::1/64 nodad"] {
        lab.a.handle.add_address("ens34", &address.parse()?)?;
    }
    for address in ["10.34.0.2/24", "fd34::2/64 nodad"] {
        lab.b.handle.add_address("ens34", &address.parse()?)?;
    }
    let far = Lab::with_addresses(&["10.5.0.1/32", "fd05::1/128 nodad"], &[])?;
    let link = macvlan_core::Link::veth("ens35", "ens35", Some(&far.a.netns))?.up(true);
    lab.b.handle.add_link(&link)?;
    far.a.handle.set_up("ens35")?;
    for (netns, command) in [
        (&lab.b.netns, "address add 10.35.0.2/24 dev ens35"),
        (&lab.b.netns, "address add fd35::2/64 dev ens35 nodad"),
        (&far.a.netns, "address add 10.35.0.3/24 dev ens35"),
        (&far.a.netns, "address add fd35::3/64 dev ens35 nodad"),
        (&far.a.netns, "route add default via 10.35.0.2"),
        (&far.a.netns, "route add default via fd35::2"),
        (&far.a.netns, "route add blackhole 192.168.15.0/24"),
        (&lab.a.netns, "route add default via 10.34.0.2"),
        (&lab.a.netns, "route add default via fd34::2"),
    ] {
        ip_do(netns, command);
    }
    sysctl(&lab.b.netns, "ipv4/ip_forward", "1");
    sysctl(&lab.b.netns, "ipv6/conf/all/forwarding", "1");
    for ip in ["10.35.0.3", "fd35::3"] {
        let echo = ping(&lab.a.netns, ip).ok_or(format!("no answer from {ip}"))?;
        assert_eq!(echo.ttl, 63, "{ip}: one router in between");
    }
    assert!(ping_from(&lab.a.netns, "10.34.0.1", "10.35.0.3").is_some());
    assert!(silent_from(&lab.a.netns, "192.168.15.1", "10.35.0.3"));
    Ok(())
}

fn a_matrix_tells_surprises() -> Outcome {
    let lab = Lab::new()?;
    let nobody: IpAddr = "192.168.15.9".parse()?;
    let places = [
        Place::new("a", &lab.a.netns, "192.168.15.1"),
        Place::new("b", &lab.b.netns, "192.168.15.2"),
        Place::new("nobody", &NetNs::anonymous()?, nobody),
    ];
    let matrix = Matrix::ping(&places, |from, to| from != 2 && to != 2);
    assert_eq!(matrix.surprises(), [""; 0]);
    assert!(!matrix.to_string().contains("SILENT"));
    // A ping to an unused address gets no answer.
    let patience = Duration::from_secs(2);
    let matrix = Matrix::ping_for(patience, &places, |from, to| (from, to) != (0, 1) && from != 2);
    assert_eq!(
        matrix.surprises(),
        ["a reaches b", "a does not reach nobody", "b does not reach nobody"]
    );
    let text = matrix.to_string();
    assert!(text.contains("ANSWERS") && text.contains("SILENT"), "{text}");
    Ok(())
}

fn a_container_has_nothing_but_lo_and_ends_when_dropped() -> Outcome {
    let container = Container::start()?;
    let netns = container.netns()?;
    assert!(!netns.same_as(&NetNs::current()?));
    assert_eq!(ip_addresses(&netns, "lo"), [""; 0], "it is down");
    let process = format!("/proc/{}", container.pid());
    assert!(Path::new(&process).exists());
    let neighbour = Container::start_in(&netns)?;
    assert!(neighbour.netns()?.same_as(&netns));
    drop(container);
    assert!(!Path::new(&process).exists());
    Ok(())
}

/// Killed tests leave no containers behind.
fn a_container_ends_with_the_process_that_started_it() -> Outcome {
    if std::env::var_os("MACVLAN_TESTS_START_AND_WAIT").is_some() {
        let container = Container::start()?;
        println!("pid={}", container.pid());
        std::thread::sleep(Duration::from_secs(600));
    }
    need(Need::Root)?;
    let mut starter = Command::new(std::env::current_exe()?)
        .args(["--exact", "a_container_ends_with_the_process_that_started_it", "--nocapture"])
        .env("MACVLAN_TESTS_START_AND_WAIT", "1")
        .stdout(Stdio::piped())
        .spawn()?;
    let stdout = starter.stdout.take().ok_or("no standard output")?;
    let lines = std::io::BufRead::lines(std::io::BufReader::new(stdout));
    let pid = lines
        .map_while(Result::ok)
        .find_map(|line| line.split_once("pid=").map(|(_, pid)| pid.to_owned()))
        .ok_or("it told no pid")?;
    let process = format!("/proc/{pid}");
    assert!(Path::new(&process).exists());
    starter.kill()?;
    starter.wait()?;
    // Its new parent may be slow to wait for it: a zombie has ended.
    let has_ended = || {
        let status = std::fs::read_to_string(format!("{process}/stat"));
        status.map_or(true, |status| status.contains(") Z "))
    };
    eventually("it is still there", || Ok(has_ended()))
}

fn a_failure_says_where_and_a_need_says_what() -> Outcome {
    fn fails() -> Outcome {
        Err("it broke")?;
        Ok(())
    }
    match fails() {
        Err(Stop::Failed(why)) => {
            assert!(why.contains("tests/lab.rs:") && why.ends_with(": it broke"), "{why}");
        }
        other => return Err(format!("it came to {other:?}").into()),
    }
    need(Need::Root)?;
    let complaint = ip_try(&NetNs::anonymous()?, "link show dev nothing").unwrap_err();
    assert!(complaint.contains("`ip link show dev nothing`"), "{complaint}");
    assert!(complaint.contains("does not exist"), "{complaint}");
    Ok(())
}

macvlan_tests::tests! {
    same_on_every_kernel:
    a_snapshot_shows_every_change,
    a_lab_at_rest_does_not_change,
    a_ping_knows_an_answer_from_silence,
    a_ping_tells_where_it_came_through,
    a_matrix_tells_surprises,
    a_container_has_nothing_but_lo_and_ends_when_dropped,
    a_container_ends_with_the_process_that_started_it,
    a_failure_says_where_and_a_need_says_what,
}
macvlan_tests::main! {}
