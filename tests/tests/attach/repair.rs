//! A repair leaves objects of others unchanged, and never leaves the endpoint with neither the old
//! nor the new state.
#![deny(dead_code)]

use macvlan_core::{Difference, Endpoint};
use macvlan_tests::{Need, Outcome, Stage, ip_do, ip_lines, ip_try, need, settle};
use nix::errno::Errno;

use crate::fault_injection::{Fault, with_faults};

const MAC: &str = "02:42:c0:a8:0f:0a";

fn eth0() -> Outcome<Endpoint> {
    Ok(Endpoint::new("eth0", "ens33")?
        .mac(MAC.parse()?)
        .address("192.168.15.10/24".parse()?)
        .gateway("192.168.15.2".parse()?))
}

/// Objects of others that need the address stay when its prefix length is repaired, or are
/// restored.
fn prefix_length_repair_keeps_objects_of_others() -> Outcome {
    let stage = Stage::set()?;
    let host = &stage.lab.a.host;
    let v6 = need(Need::Ipv6).is_ok();
    let mut endpoint = eth0()?;
    let mut commands = vec![
        // The administrator's, on the changed address.
        "address delete 192.168.15.10/24 dev eth0",
        "address add 192.168.15.10/16 dev eth0",
        "address add 192.168.15.77/16 dev eth0 label eth0:x",
        "address add 192.168.15.78/16 dev eth0 noprefixroute",
        "address add 192.168.15.79/16 dev eth0 valid_lft 5000 preferred_lft 4000",
        "route add default via 192.168.15.2",
        "route add 10.70.0.0/16 via 192.168.15.3 metric 5 mtu lock 1200 proto static",
        "route append 10.70.0.0/16 via 192.168.15.4 metric 5 proto static",
        "route add 10.71.0.0/16 dev eth0 src 192.168.15.10",
        "route add 10.72.0.0/16 dev eth0 src 192.168.15.77",
        "route add default via 192.168.15.2 table 9",
        "route add local 10.73.0.0/16 dev eth0",
        "rule add from 192.168.15.10 table 9",
        "neighbour add 192.168.15.88 lladdr 02:00:00:00:00:07 dev eth0",
    ];
    if v6 {
        endpoint = endpoint.address("fd15::10/64 nodad".parse()?);
        commands.extend([
            "address delete fd15::10/64 dev eth0",
            "address add fd15::10/48 dev eth0 nodad",
            "address add fd15::77/48 dev eth0 nodad",
            "route add fd70::/64 via fd15::2 dev eth0 metric 5",
            "route add fd71::/64 dev eth0 src fd15::10",
        ]);
    }
    host.attach(&endpoint, &stage.inside)?;
    for command in commands {
        ip_do(&stage.inside, command);
    }
    let theirs = || {
        settle(&stage.inside);
        let mut all = ip_lines(&stage.inside, "-d -o address show dev eth0");
        all.retain(|line| line.contains(".7") || line.contains("::77"));
        // The first secondary address is no longer secondary, and lifetimes have decreased a
        // little.
        let bare = |line: String| line.replace("secondary ", "").replace("dynamic ", "");
        let mut all: Vec<String> = all
            .into_iter()
            .map(|line| bare(line).split("valid_lft").next().unwrap_or_default().to_owned())
            .collect();
        all.sort();
        for routes in ["-4 route show table all", "-6 route show table all"] {
            let mut found = ip_lines(&stage.inside, routes);
            let those = ["10.7", "default", "fd7"];
            found.retain(|line| those.iter().any(|one| line.contains(one)));
            all.extend(found);
        }
        all.extend(ip_lines(&stage.inside, "rule show"));
        all.extend(ip_lines(&stage.inside, "neighbour show nud permanent"));
        all
    };
    let before = theirs();
    assert!(before.len() >= 15, "{before:#?}");
    let mut expected =
        vec!["the address is 192.168.15.10/16 and should be 192.168.15.10/24".to_owned()];
    if v6 {
        expected
            .push("the address is fd15::10/48 nodad and should be fd15::10/64 nodad".to_owned());
    }
    assert_eq!(words(&host.ensure(&endpoint, &stage.inside)?.repaired), expected);
    assert_eq!(host.check(&endpoint, &stage.inside)?, []);
    assert_eq!(theirs(), before);
    let ours = ip_lines(&stage.inside, "-4 -o address show dev eth0 to 192.168.15.10");
    assert!(ours.len() == 1 && ours[0].contains("192.168.15.10/24"), "{ours:?}");
    Ok(())
}

/// A repair that fails at any call leaves the address with one of the two prefix lengths, and the
/// route with one of the two gateways.
fn a_repair_that_fails_leaves_the_old_or_the_new() -> Outcome {
    let stage = Stage::set()?;
    let host = &stage.lab.a.host;
    let endpoint = eth0()?.route("10.50.0.0/16 via 192.168.15.3".parse()?);
    host.attach(&endpoint, &stage.inside)?;
    for (spoil, seen) in [
        (
            &["address add 192.168.15.10/16 dev eth0", "address delete 192.168.15.10/24 dev eth0"]
                [..],
            "-4 -o address show dev eth0 to 192.168.15.10",
        ),
        (
            &["route replace 10.50.0.0/16 via 192.168.15.77 dev eth0"],
            "-4 route show to exact 10.50.0.0/16",
        ),
        (
            &[
                "route replace 10.50.0.0/16 via 192.168.15.77 dev eth0",
                "route append 10.50.0.0/16 via 192.168.15.78 dev eth0 proto static",
            ],
            "-4 route show to exact 10.50.0.0/16 proto boot",
        ),
    ] {
        for number in 0.. {
            for command in spoil {
                ip_do(&stage.inside, command);
            }
            let fault = Fault::Errno(Errno::ENOBUFS as i32);
            let (result, calls) =
                with_faults(number..=number, fault, || host.ensure(&endpoint, &stage.inside));
            let found = ip_lines(&stage.inside, seen);
            assert!(!found.is_empty(), "{number}: {result:?}");
            host.ensure(&endpoint, &stage.inside)?;
            assert_eq!(ip_lines(&stage.inside, seen).len(), 1, "{number}: {result:?}");
            if calls.len() <= number {
                break;
            }
            ip_try(&stage.inside, "route delete 10.50.0.0/16 proto static").ok();
        }
        ip_try(&stage.inside, "route delete 10.50.0.0/16 proto static").ok();
    }
    Ok(())
}

fn words(differences: &[Difference]) -> Vec<String> {
    differences.iter().map(ToString::to_string).collect()
}

macvlan_tests::tests! {
    same_on_every_kernel:
    prefix_length_repair_keeps_objects_of_others,
    a_repair_that_fails_leaves_the_old_or_the_new,
}
