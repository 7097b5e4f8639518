//! Values that can never be right, names that a terminal would obey, and containers that changed
//! their interface themselves.

use macvlan_tests::{Directory, Outcome, Stage, ip, ip_do, ip_lines};
use serde_json::Value;

use crate::common::{command, ends, fails, ok, output, texts};

fn addresses_that_no_host_can_have() -> Outcome {
    let Stage { lab, container, .. } = Stage::set()?;
    let (host, pid) = (&lab.a.netns, container.pid());
    for ip in ["0.0.0.0", "127.0.0.1", "224.0.0.1", "255.255.255.255", "::", "::1", "ff02::1"] {
        let said = fails(host, 2, &format!("probe ens33 192.168.15.99 {ip}"))?;
        assert!(said.contains(&format!("cannot probe {ip}: the address is")), "{said}");
    }
    ok(host, &format!("attach ens33 {pid} 192.168.15.9/24"))?;
    for ip in ["127.0.0.1", "224.0.0.1", "192.168.15.255", "ff02::1"] {
        let said = fails(host, 2, &format!("diagnose {pid} {ip}"))?;
        assert!(said.contains(ip), "{said}");
    }
    let said = fails(host, 3, "probe nope 192.168.15.99")?;
    assert!(said.starts_with("macvlan: parent \"nope\": cannot "), "{said}");
    Ok(())
}

fn endpoints_that_can_never_be() -> Outcome {
    let Stage { lab, container, .. } = Stage::set()?;
    let (host, pid) = (&lab.a.netns, container.pid());
    for (options, why) in [
        ("192.168.15.255/24", "broadcast address"),
        ("fd15::9/64 fd15::9/128", "is given twice"),
        (
            "192.168.15.9/24 --route 'blackhole 10.9.0.0/16' --route 'blackhole 10.9.0.0/16'",
            "twice",
        ),
        ("192.168.15.9/24 --replace-default-route", "without a gateway has no effect"),
        ("192.168.15.9/24 --gateway-metric 5", "without a gateway has no effect"),
        ("192.168.15.9/24 --on-link-gateways", "without a gateway has no effect"),
        ("--source-routing 7", "without an address has no effect"),
        ("192.168.15.9/24@192.168.15.1 -r --source-routing 7", "source"),
    ] {
        let said = fails(host, 2, &format!("attach ens33 {pid} {options}"))?;
        assert!(said.contains(why), "{options}: {said}");
    }
    assert!(fails(host, 2, &format!("attach #0 {pid}"))?.contains("index 0"));
    // These are at the edge, and right.
    ok(host, &format!("attach ens33 {pid} 192.168.16.0/31 192.168.17.255/32 192.168.18.0/24"))?;
    let directory = Directory::new()?;
    let db = directory.path().join("networks.db").display().to_string();
    for subnet in ["10.1.0.0/24@none", "10.1.0.0/24@10.1.0.5"] {
        let create = format!("network --db {db} create e --parent ens33 --subnet {subnet}");
        let said = fails(host, 2, &format!("{create} --gateway 10.1.0.1"))?;
        assert!(said.contains("is given with another"), "{said}");
    }
    Ok(())
}

/// The name sets a colour and clears the screen, on a terminal that gets it as it is.
fn names_do_not_reach_the_terminal() -> Outcome {
    let Stage { lab, inside, container } = Stage::set()?;
    let (host, pid) = (&lab.a.netns, container.pid());
    ok(host, &format!("attach ens33 {pid} 192.168.15.9/24"))?;
    ip_do(&inside, "link set eth0 down");
    ip_do(&inside, "link set eth0 name \u{1b}[31mX\u{9b}2J");
    ip_do(&inside, "link set \u{1b}[31mX\u{9b}2J up");
    let shown = "\\u001b[31mX\\u009b2J";
    let is_safe = |text: &str| !text.contains(['\u{1b}', '\u{9b}']) && text.contains(shown);
    let found = ok(host, &format!("diagnose {pid} 192.168.15.2"))?;
    assert!(is_safe(&found), "{found:?}");
    for call in ["announce PID", "detach PID -n"] {
        let found = ok(host, &call.replace("PID", &pid.to_string()))?;
        assert!(is_safe(&found), "{call}: {found:?}");
    }
    // Warns of namespaces that cannot be seen.
    for call in ["show", "show --format dot"] {
        let (found, _) = texts(&output(host, command(call))?);
        assert!(is_safe(&found), "{call}: {found:?}");
    }
    let said = fails(host, 3, &format!("detach {pid} nope"))?;
    assert!(is_safe(&said), "{said:?}");
    let (found, _) = texts(&output(host, command("show --json"))?);
    let found: Value = serde_json::from_str(&found)?;
    assert_eq!(found[0]["children"][0]["name"], "\u{1b}[31mX\u{9b}2J", "{found}");
    Ok(())
}

fn names_in_a_plan_are_words_of_a_shell() -> Outcome {
    let Stage { lab, container, .. } = Stage::set()?;
    let (host, pid) = (&lab.a.netns, container.pid());
    let attach = format!("attach ens33 {pid} 192.168.15.9/24@192.168.15.1 -i a;b --altname a$b");
    let plan = ok(host, &format!("{attach} -n"))?;
    for words in ["name 'a;b' up", "altname 'a$b'", "default via 192.168.15.1 dev 'a;b'\n"] {
        assert!(plan.contains(words), "{plan}");
    }
    ok(host, &attach)?;
    assert!(ok(host, &format!("detach {pid} -n"))?.ends_with("ip link delete dev 'a;b'\n"));
    Ok(())
}

fn routes_through_lo_come_after_it() -> Outcome {
    let Stage { lab, inside, container } = Stage::set()?;
    let (host, pid) = (&lab.a.netns, container.pid());
    let attach = format!("attach ens33 {pid} 192.168.15.9/24 --route '10.55.0.0/16 dev lo'");
    // A failure after that sets lo down again.
    let other = "--route 'unreachable 10.56.0.0/16 metric 5'";
    ip_do(&inside, "route add unreachable 10.56.0.0/16 metric 5");
    fails(host, 4, &format!("{attach} {other}"))?;
    assert_eq!(ip(&inside, "link show lo")[0]["operstate"], "DOWN");
    ok(host, &attach)?;
    assert_eq!(ip_lines(&inside, "route show 10.55.0.0/16 dev lo").len(), 1);
    Ok(())
}

/// Each address is there, but cannot be used, or not for long.
fn addresses_that_cannot_be_used() -> Outcome {
    let Stage { lab, inside, container } = Stage::set()?;
    let (host, pid) = (&lab.a.netns, container.pid());
    let endpoint =
        format!("ens33 {pid} 192.168.15.9/24@192.168.15.2 fd15::9/64 --source-routing 7");
    let (check, ensure) = (format!("check {endpoint}"), format!("ensure {endpoint}"));
    ok(host, &format!("attach {endpoint}"))?;
    for (changes, why) in [
        (
            &["route delete 192.168.15.0/24 dev eth0 table main"][..],
            "connected route 192.168.15.0/24",
        ),
        (&["-6 route delete fd15::/64 dev eth0 table main"], "connected route fd15::/64"),
        (
            &[
                "address delete 192.168.15.9/24 dev eth0",
                "address add 192.168.15.9/24 noprefixroute dev eth0",
            ],
            "connected route 192.168.15.0/24",
        ),
        (
            &["address change 192.168.15.9/24 dev eth0 valid_lft 90 preferred_lft 90"],
            "192.168.15.9 has a limited lifetime",
        ),
        (
            &["-6 address change fd15::9/64 dev eth0 valid_lft 90 preferred_lft 90"],
            "fd15::9 has a limited lifetime",
        ),
        (&["link set eth0 arp off"], "ARP is off"),
    ] {
        for change in changes {
            ip_do(&inside, change);
        }
        let found = ends(host, 6, &check)?;
        assert!(found.contains(why), "{changes:?}: {found}");
        ok(host, &ensure)?;
        assert_eq!(ok(host, &check)?, "", "{changes:?}");
    }
    for address in ["192.168.15.9", "fd15::9"] {
        let found = ip(&inside, &format!("address show dev eth0 to {address}"));
        let life = &found[0]["addr_info"][0]["valid_life_time"];
        assert_eq!(life, u32::MAX, "{found}");
    }
    Ok(())
}

fn an_interface_that_was_renamed_gets_no_twin() -> Outcome {
    let Stage { lab, inside, container } = Stage::set()?;
    let (host, pid) = (&lab.a.netns, container.pid());
    let endpoint = format!("ens33 {pid} 192.168.15.9/24");
    ok(host, &format!("attach {endpoint}"))?;
    ip_do(&inside, "link set eth0 down");
    ip_do(&inside, "link set eth0 name lan0");
    let said = fails(host, 4, &format!("ensure {endpoint}"))?;
    assert!(said.contains("\"lan0\" on this parent has the address 192.168.15.9"), "{said}");
    assert_eq!(ip_lines(&inside, "link show type macvlan").len(), 2);
    ip_do(&inside, "link set lan0 name eth0");
    ok(host, &format!("ensure {endpoint}"))?;
    Ok(())
}

fn rules_and_routes_of_a_link_that_is_gone() -> Outcome {
    let Stage { lab, inside, container } = Stage::set()?;
    let (host, pid) = (&lab.a.netns, container.pid());
    for name in ["", "eth0"] {
        let more = "--source-routing 5 --route 'blackhole 10.4.0.0/16'";
        ok(host, &format!("attach ens33 {pid} 192.168.15.9/24 {more}"))?;
        ip_do(&inside, "link delete eth0");
        assert_eq!(ip_lines(&inside, "route show type blackhole").len(), 1);
        ok(host, &format!("detach {pid} {name}"))?;
        assert!(ip_lines(&inside, "route show type blackhole").is_empty());
        assert!(ip_lines(&inside, "rule show priority 30000").is_empty());
    }
    assert!(fails(host, 3, &format!("detach {pid}"))?.contains("has none"));
    Ok(())
}

/// The link is fine, and the container's own rules and routes are not.
fn a_container_that_stops_its_own_traffic() -> Outcome {
    let Stage { lab, inside, container } = Stage::set()?;
    let (host, pid) = (&lab.a.netns, container.pid());
    ok(host, &format!("attach ens33 {pid} 192.168.15.9/24@192.168.15.2 fd15::9/64"))?;
    ip_do(&inside, "link add u0 type veth peer name u1");
    ip_do(&inside, "address add 10.77.0.1/24 dev u0");
    ip_do(&inside, "link set u0 up");
    ip_do(&inside, "link set u1 up");
    ip_do(&inside, "route add unreachable default table 8");
    for (peer, change, why) in [
        ("192.168.15.2", "rule add to 192.168.15.2 unreachable", "are dropped"),
        ("192.168.15.2", "route add prohibit 192.168.15.2/32", "are dropped"),
        ("192.168.15.2", "route add blackhole 192.168.15.2/32", "are dropped"),
        ("192.168.15.2", "route add 192.168.15.2/32 dev u0", "leave through u0"),
        ("fd15::2", "-6 route add unreachable fd15::2/128", "are dropped"),
        ("8.8.8.8", "rule add to 8.8.8.8 table 8", "are dropped"),
    ] {
        ip_do(&inside, change);
        let found = ends(host, 6, &format!("diagnose {pid} {peer}"))?;
        assert!(found.contains("routed-elsewhere: ") && found.contains(why), "{change}: {found}");
        ip_do(&inside, &change.replace(" add ", " delete "));
    }
    ip_do(&inside, "link set eth0 arp off");
    let found = ends(host, 6, &format!("diagnose {pid} 192.168.15.2"))?;
    assert!(found.starts_with("arp-off: "), "{found}");
    Ok(())
}

fn a_parent_in_mode_passthru_is_named() -> Outcome {
    let Stage { lab, container, .. } = Stage::set()?;
    let (host, pid) = (&lab.a.netns, container.pid());
    ip_do(host, "link add veth1 type veth peer name veth2");
    ip_do(host, "link add link veth1 name mv type macvlan mode passthru");
    let said = fails(host, 1, &format!("attach mv {pid}"))?;
    assert!(said.contains("\"mv\" has the parent in mode passthru"), "{said}");
    Ok(())
}

macvlan_tests::tests! {
    same_on_every_kernel:
    addresses_that_no_host_can_have,
    endpoints_that_can_never_be,
    names_do_not_reach_the_terminal,
    names_in_a_plan_are_words_of_a_shell,
    routes_through_lo_come_after_it,
    addresses_that_cannot_be_used,
    an_interface_that_was_renamed_gets_no_twin,
    rules_and_routes_of_a_link_that_is_gone,
    a_container_that_stops_its_own_traffic,
    a_parent_in_mode_passthru_is_named,
}
