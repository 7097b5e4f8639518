//! attach, detach, ensure and check.

use std::collections::BTreeSet;
use std::process::Command;

use macvlan_core::{Endpoint, NetNs};
use macvlan_tests::{
    Container, Lab, Need, Outcome, Snapshot, Stage, eventually, ip, ip_addresses, ip_do, ip_lines,
    ip_link, need, ping,
};

use crate::common::{command, ends, fails, json, ok, output};

fn pipeworks_order() -> Outcome {
    let Stage { lab, inside, container } = Stage::set()?;
    let pid = container.pid();
    let said = ok(&lab.a.netns, &format!("attach ens33 {pid} 172.16.104.10/24@172.16.104.1"))?;
    let eth0 = ip_link(&inside, "eth0");
    assert_eq!(said, format!("eth0 {} 172.16.104.10/24\n", eth0["address"].as_str().unwrap()));
    assert_eq!(ip_lines(&inside, "route show default"), ["default via 172.16.104.1 dev eth0"]);
    assert_eq!(ok(&lab.a.netns, &format!("detach {pid}"))?, "");
    assert_eq!(ip(&inside, "link show").as_array().map(Vec::len), Some(1));
    // Options stand anywhere between the arguments.
    ok(
        &lab.a.netns,
        &format!("attach -i lan ens33 --mtu 1400 {pid} --mode=private 192.168.15.9/24"),
    )?;
    let lan = ip_link(&inside, "lan");
    assert_eq!(
        (&lan["mtu"], &lan["linkinfo"]["info_data"]["mode"]),
        (&1400.into(), &"private".into())
    );
    assert!(ping(&inside, "192.168.15.2").is_some());
    Ok(())
}

/// pipework's second method: the interface of a container without a network, in a namespace that
/// has a name, and by hand the same with `ip`.
fn as_by_hand() -> Outcome {
    let (by_command, by_hand) = (Stage::set()?, Stage::set()?);
    let pid = by_command.container.pid();
    ok(
        &by_command.lab.a.netns,
        &format!("attach ens33 {pid} 192.168.15.77/24@192.168.15.2 --mac 02:00:00:00:00:77"),
    )?;
    let pid = by_hand.container.pid();
    ip_do(
        &by_hand.lab.a.netns,
        &format!(
            "link add link ens33 name eth0 netns {pid} address 02:00:00:00:00:77 type macvlan mode bridge"
        ),
    );
    for line in [
        "link set eth0 up",
        "address add 192.168.15.77/24 broadcast + dev eth0",
        "link set lo up",
        "route add default via 192.168.15.2 dev eth0",
    ] {
        ip_do(&by_hand.inside, line);
    }
    let show = |stage: &Stage, what: &str| ip_lines(&stage.inside, what);
    for what in ["-4 route show table all", "-br -4 address show"] {
        // Sorted, because an older kernel lists links in the order of a hash of their indexes.
        let without_index = |lines: Vec<String>| {
            lines
                .into_iter()
                .map(|line| line.split('@').next().unwrap_or_default().to_owned())
                .collect::<BTreeSet<_>>()
        };
        assert_eq!(without_index(show(&by_command, what)), without_index(show(&by_hand, what)));
    }
    Ok(())
}

fn a_plan_does_nothing() -> Outcome {
    let Stage { lab, inside, container } = Stage::set()?;
    let before = Snapshot::of(&inside);
    let arguments = format!("attach ens33 {} 10.0.0.2/24@10.0.0.1 --plan", container.pid());
    let said = ok(&lab.a.netns, &arguments)?;
    let endpoint = Endpoint::new("eth0", "ens33")?.assignment("10.0.0.2/24@10.0.0.1".parse()?);
    assert_eq!(said, endpoint.plan()?.to_string());
    assert_eq!(
        json(&lab.a.netns, &arguments)?["plan"][0],
        "host:   ip link add link ens33 name eth0 up netns CONTAINER type macvlan mode bridge"
    );
    before.assert_same(&inside);
    Ok(())
}

fn a_plan_of_a_detach_leaves_nothing() -> Outcome {
    let Stage { lab, inside, container } = Stage::set()?;
    let (host, pid) = (&lab.a.netns, container.pid());
    let before = Snapshot::of(&inside);
    ok(
        host,
        &format!(
            "attach ens33 {pid} 10.0.0.2/24@10.0.0.1 --source-routing 100 --lo-up off \
             --route 'blackhole 10.9.0.0/16'"
        ),
    )?;
    let attached = Snapshot::of(&inside);
    let plan = ok(host, &format!("detach {pid} --plan"))?;
    attached.assert_same(&inside);
    assert_eq!(
        json(host, &format!("detach {pid} -n"))?["plan"],
        serde_json::json!(plan.lines().collect::<Vec<_>>())
    );
    for line in plan.lines() {
        ip_do(&inside, line.strip_prefix("inside: ip ").ok_or("not a command of ip")?);
    }
    before.assert_same(&inside);
    Ok(())
}

/// Runs the lines of a plan in a shell, each where it says.
#[track_caller]
fn by_hand(plan: &str, host: &NetNs, inside: &NetNs, pid: u32) -> Outcome {
    for line in plan.lines() {
        let (place, line) = line.split_once(':').ok_or("a place")?;
        let netns = if place == "host" { host } else { inside };
        let mut shell = Command::new("sh");
        shell.args(["-c", &line.replace("CONTAINER", &pid.to_string())]);
        let output = output(netns, shell)?;
        assert!(output.status.success(), "{line}: {output:?}");
    }
    Ok(())
}

fn a_plan_of_ensure_is_the_attachs_if_the_link_is_missing() -> Outcome {
    let Stage { lab, inside, container } = Stage::set()?;
    let (host, pid) = (&lab.a.netns, container.pid());
    let before = Snapshot::of(&inside);
    let endpoint = format!("ens33 {pid} 10.0.0.2/24@10.0.0.1");
    let plan = ok(host, &format!("ensure {endpoint} --plan"))?;
    before.assert_same(&inside);
    assert_eq!(plan, ok(host, &format!("attach {endpoint} --plan"))?);
    by_hand(&plan, host, &inside, pid)?;
    assert_eq!(ok(host, &format!("check {endpoint}"))?, "");
    assert_eq!(ok(host, &format!("ensure {endpoint} --plan"))?, "");
    assert_eq!(json(host, &format!("ensure {endpoint} -n"))?, serde_json::json!({ "plan": [] }));
    Ok(())
}

/// The commands of the plan, run by hand, resolve what `check` finds.
fn a_plan_of_ensure_repairs_by_hand() -> Outcome {
    let Stage { lab, inside, container } = Stage::set()?;
    let (host, pid) = (&lab.a.netns, container.pid());
    let endpoint = format!(
        "ens33 {pid} 10.0.0.2/24 10.0.0.3/24 'fd00::2/64 nodad' --gateway 10.0.0.1 --mtu 1400 \
         --mode source --nodst --source-mac 02:00:00:00:00:01 --bcqueuelen 900 \
         --alias 'of $HOME' --altname web0 --group 7 --txqueuelen 55 --accept-ra never \
         --route '10.9.0.0/16 via 10.0.0.9' --mac 02:00:00:00:00:07 --probe quick"
    );
    ok(host, &format!("attach {endpoint}"))?;
    let attached = Snapshot::of(&inside);
    for line in [
        "link set eth0 mtu 1300 alias other group 0 txqueuelen 9 promisc on",
        "link set eth0 address 02:00:00:00:00:08",
        "link set eth0 type macvlan mode source flag null bcqueuelen 5 macaddr flush",
        "link property del dev eth0 altname web0",
        "route replace 10.9.0.0/16 via 10.0.0.1",
        "address delete 10.0.0.3/24 dev eth0",
        "address add 10.0.0.3/25 dev eth0",
        "address delete fd00::2/64 dev eth0",
        "address add fd00::2/72 nodad dev eth0",
        "link set lo down",
    ] {
        ip_do(&inside, line);
    }
    let changed = Snapshot::of(&inside);
    let plan = ok(host, &format!("ensure {endpoint} --plan"))?;
    changed.assert_same(&inside);
    for line in [
        "inside: probe 10.0.0.3 (",
        "inside: ip link set eth0 mtu 1400\n",
        "inside: ip link set eth0 alias \"of \\$HOME\"\n",
        "inside: ip link set eth0 type macvlan flag nodst bcqueuelen 900 macaddr set 02:00:00:00:00:01\n",
        "inside: ip address add 10.0.0.3/24 broadcast + dev eth0\ninside: ip address delete 10.0.0.3/25 dev eth0\n",
        "inside: ip address delete fd00::2/72 dev eth0\ninside: ip address add fd00::2/64 nodad dev eth0\n",
        "inside: ip route replace 10.9.0.0/16 via 10.0.0.9 dev eth0\n",
        "inside: ip link set lo up\n",
    ] {
        assert!(plan.contains(line), "no {line:?} in {plan}");
    }
    let commands: Vec<&str> = plan.lines().filter(|line| !line.contains(": probe ")).collect();
    by_hand(&commands.join("\n"), host, &inside, pid)?;
    assert_eq!(ok(host, &format!("check {endpoint}"))?, "");
    attached.assert_same(&inside);
    Ok(())
}

fn a_plan_of_ensure_tells_of_a_replacement() -> Outcome {
    let Stage { lab, inside, container } = Stage::set()?;
    lab.cable("ens34")?;
    let (host, pid) = (&lab.a.netns, container.pid());
    ok(host, &format!("attach ens33 {pid} 10.0.0.2/24"))?;
    let endpoint = format!("ens34 {pid} 10.0.0.2/24");
    let before = Snapshot::of(&inside);
    for plan in ["--plan", ""] {
        let said = fails(host, 1, &format!("ensure {endpoint} {plan}"))?;
        assert!(said.contains("the link is not on this parent, which cannot be changed"), "{said}");
        assert!(
            said.trim_end().ends_with("; delete the link, or allow its replacement: `--replace`"),
            "{said}"
        );
    }
    let unreachable = format!("attach ens33 {pid} 10.5.0.2/24@10.6.0.1 -i eth1");
    assert!(fails(host, 1, &unreachable)?.contains("or set onlink: `--on-link-gateways`"));
    let plan = ok(host, &format!("ensure {endpoint} --plan --replace"))?;
    assert!(plan.starts_with("inside: ip link delete dev eth0\nhost:   ip link add link ens34 "));
    before.assert_same(&inside);
    by_hand(&plan, host, &inside, pid)?;
    assert_eq!(ok(host, &format!("check {endpoint}"))?, "");
    Ok(())
}

/// The plans name the VLANs that an attach creates, and a detach removes.
fn plans_with_vlans_on_demand() -> Outcome {
    need(Need::Vlan)?;
    let Stage { lab, inside, container } = Stage::set()?;
    let (host, pid) = (&lab.a.netns, container.pid());
    let endpoint = format!("ens33.100 {pid} 10.0.0.2/24 --parent-protocol 802.1ad");
    let empty = Snapshot::of(host);
    let plan = ok(host, &format!("attach {endpoint} --plan"))?;
    assert!(
        plan.starts_with(
            "host:   ip link add link ens33 name ens33.100 group 1835098998 up type vlan \
             protocol 802.1ad id 100  # unless it exists\n"
        ),
        "{plan}"
    );
    by_hand(&plan, host, &inside, pid)?;
    assert_eq!(ok(host, &format!("check {endpoint}"))?, "");
    assert_eq!(ok(host, "parents list")?, "ens33.100\n");
    let plan = ok(host, &format!("detach {pid} --plan"))?;
    assert!(
        plan.ends_with("host:   ip link delete dev ens33.100  # if nothing is on it\n"),
        "{plan}"
    );
    by_hand(&plan, host, &inside, pid)?;
    // The kernel's changes of the parent's flags may still be under way.
    eventually("the VLAN is there", || Ok(ok(host, "parents list")?.is_empty()))?;
    empty.assert_same(host);
    Ok(())
}

fn the_result_as_json() -> Outcome {
    let Stage { lab, inside, container } = Stage::set()?;
    let told = json(
        &lab.a.netns,
        &format!("attach ens33 {} 10.0.0.2/24@10.0.0.1 'fd00::2/64 nodad'", container.pid()),
    )?;
    let eth0 = ip_link(&inside, "eth0");
    assert_eq!(
        told,
        serde_json::json!({
            "name": "eth0",
            "index": eth0["ifindex"],
            "kind": "macvlan",
            "mac": eth0["address"],
            "mtu": null,
            "parent": "ens33",
            "addresses": ["10.0.0.2/24", "fd00::2/64 nodad"],
            "routes": ["default via 10.0.0.1"],
            "rules": [],
        })
    );
    Ok(())
}

fn which_one_to_detach() -> Outcome {
    let Stage { lab, inside, container } = Stage::set()?;
    let (host, pid) = (&lab.a.netns, container.pid());
    let said = fails(host, 3, &format!("detach {pid}"))?;
    assert!(said.contains(&format!("container pid:{pid} has none on this host's links")), "{said}");
    for name in ["eth0", "eth1", "eth2"] {
        ok(host, &format!("attach ens33 {pid} -i {name}"))?;
    }
    ok(&lab.b.netns, &format!("attach ens33 {pid} -i other"))?;
    assert!(fails(host, 2, &format!("detach {pid}"))?.contains("has eth0, eth1, eth2; name those"));
    assert!(fails(host, 3, &format!("detach {pid} eth0 nope"))?.contains("cannot select nope"));
    fails(host, 2, &format!("detach {pid} --all eth0"))?;
    let names = || {
        let links = ip(&inside, "link show");
        let mut names: Vec<String> = links
            .as_array()
            .into_iter()
            .flatten()
            .map(|link| link["ifname"].as_str().unwrap_or_default().to_owned())
            .collect();
        names.sort_unstable();
        names
    };
    assert_eq!(names(), ["eth0", "eth1", "eth2", "lo", "other"], "no detach until now");
    ok(host, &format!("detach {pid} eth1"))?;
    assert_eq!(names(), ["eth0", "eth2", "lo", "other"]);
    let told = json(host, &format!("detach /proc/{pid}/ns/net --all"))?;
    assert_eq!(told[0], serde_json::json!({ "name": "eth0", "outcome": "removed" }));
    assert_eq!(names(), ["lo", "other"]);
    Ok(())
}

fn many_containers_at_once() -> Outcome {
    let lab = Lab::new()?;
    let containers = (0..3).map(|_| Container::start()).collect::<Outcome<Vec<_>>>()?;
    for container in &containers {
        ok(&lab.a.netns, &format!("attach ens33 {}", container.pid()))?;
    }
    let [first, second, third] = &containers[..] else { return Err("three".into()) };
    ok(
        &lab.a.netns,
        &format!("detach {} --all --also {} --also {}", first.pid(), second.pid(), third.pid()),
    )?;
    for container in &containers {
        assert_eq!(ip(&container.netns()?, "link show").as_array().map(Vec::len), Some(1));
    }
    Ok(())
}

fn ensure_repairs_what_check_finds() -> Outcome {
    let Stage { lab, inside, container } = Stage::set()?;
    let (host, pid) = (&lab.a.netns, container.pid());
    let endpoint = format!("ens33 {pid} 10.0.0.2/24@10.0.0.1 --mtu 1400");
    assert_eq!(
        ends(host, 6, &format!("check {endpoint}"))?.lines().next(),
        Some("the link does not exist")
    );
    assert!(ok(host, &format!("ensure {endpoint}"))?.contains("repaired: the link does not exist"));
    assert_eq!(ok(host, &format!("check {endpoint}"))?, "");
    ip_do(&inside, "link set eth0 mtu 1300");
    ip_do(&inside, "address add 10.9.9.9/32 dev eth0");
    let found = json_of(host, 6, &format!("check {endpoint}"))?;
    assert_eq!(
        found,
        serde_json::json!([{ "kind": "mtu", "text": "the MTU is 1300 and should be 1400", "needs_replacement": false }])
    );
    let told = json(host, &format!("ensure {endpoint}"))?;
    assert_eq!(told["repaired"], serde_json::json!(["the MTU is 1300 and should be 1400"]));
    assert_eq!(ip_link(&inside, "eth0")["mtu"], 1400);
    assert_eq!(ip_addresses(&inside, "eth0"), ["10.0.0.2/24", "10.9.9.9/32"]);
    assert_eq!(json(host, &format!("ensure {endpoint}"))?["repaired"], serde_json::json!([]));
    Ok(())
}

fn a_link_is_replaced_only_if_allowed() -> Outcome {
    let Stage { lab, inside, container } = Stage::set()?;
    lab.cable("ens34")?;
    let (host, pid) = (&lab.a.netns, container.pid());
    ok(host, &format!("attach ens33 {pid} 10.0.0.2/24"))?;
    let index = ip_link(&inside, "eth0")["ifindex"].clone();
    let said = fails(host, 1, &format!("ensure ens34 {pid} 10.0.0.2/24"))?;
    assert!(said.contains("eth0"), "{said}");
    assert_eq!(ip_link(&inside, "eth0")["ifindex"], index);
    ok(host, &format!("ensure ens34 {pid} 10.0.0.2/24 --replace"))?;
    ok(host, &format!("check ens34 {pid} 10.0.0.2/24"))?;
    ends(host, 6, &format!("check ens33 {pid} 10.0.0.2/24"))?;
    Ok(())
}

/// VLAN 10 and 20 of one parent, and a container on both.
fn vlans_with_a_container_on_both() -> Outcome {
    need(Need::Vlan)?;
    let Stage { lab, inside, container } = Stage::set()?;
    let (host, pid) = (&lab.a.netns, container.pid());
    for (vlan, interface) in [(10, "eth0"), (20, "eth1")] {
        ok(host, &format!("attach ens33.{vlan} {pid} 10.0.{vlan}.2/24 -i {interface}"))?;
        let other = Container::start()?;
        ok(&lab.b.netns, &format!("attach ens33.{vlan} {} 10.0.{vlan}.3/24", other.pid()))?;
        assert!(ping(&inside, format!("10.0.{vlan}.3").as_str()).is_some());
        ok(&lab.b.netns, &format!("detach {}", other.pid()))?;
    }
    assert_eq!(ok(host, "parents list")?, "ens33.10\nens33.20\n");
    ok(host, &format!("detach {pid} --all"))?;
    assert_eq!(ip(host, "link show type vlan"), serde_json::json!([]));
    Ok(())
}

fn parents_that_nothing_uses_are_pruned() -> Outcome {
    need(Need::Vlan)?;
    let Stage { lab, inside, container } = Stage::set()?;
    let host = &lab.a.netns;
    ok(host, &format!("attach ens33.10 {}", container.pid()))?;
    assert_eq!(ok(host, "parents prune")?, "");
    ip_do(&inside, "link delete eth0");
    assert_eq!(json(host, "parents prune")?, serde_json::json!(["ens33.10"]));
    assert_eq!(ip(host, "link show type vlan"), serde_json::json!([]));
    Ok(())
}

/// Runs the command with `--json`, which has to end with this status.
fn json_of(host: &macvlan_core::NetNs, status: i32, arguments: &str) -> Outcome<serde_json::Value> {
    let output = output(host, command(&format!("{arguments} --format json")))?;
    assert_eq!(output.status.code(), Some(status), "{output:?}");
    Ok(serde_json::from_slice(&output.stdout)?)
}

macvlan_tests::tests! {
    same_on_every_kernel:
    pipeworks_order,
    as_by_hand,
    a_plan_does_nothing,
    a_plan_of_a_detach_leaves_nothing,
    a_plan_of_ensure_is_the_attachs_if_the_link_is_missing,
    a_plan_of_ensure_repairs_by_hand,
    a_plan_of_ensure_tells_of_a_replacement,
    plans_with_vlans_on_demand,
    the_result_as_json,
    which_one_to_detach,
    many_containers_at_once,
    ensure_repairs_what_check_finds,
    a_link_is_replaced_only_if_allowed,
    vlans_with_a_container_on_both,
    parents_that_nothing_uses_are_pruned,
}
