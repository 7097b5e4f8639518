//! Every option of an endpoint, with `ip` as the witness.

use macvlan_core::NetNs;
use macvlan_tests::{Need, Outcome, Stage, ip, ip_addresses, ip_lines, ip_link, need, need_kernel};
use serde_json::{Value, json};

use crate::common::{fails, ok};

/// Attaches an interface with options, and returns it as `ip` shows it.
fn attached(stage: &Stage, options: &str) -> Outcome<Value> {
    let pid = stage.container.pid();
    ok(&stage.lab.a.netns, &format!("attach ens33 {pid} {options}"))?;
    Ok(ip_link(&stage.inside, "eth0"))
}

fn options_of_the_link() -> Outcome {
    let stage = Stage::set()?;
    let link = attached(
        &stage,
        "--kind macvlan --mac 02:00:00:00:00:09 --mac-conflict-timeout 1s --mtu 1400 --promisc \
         --alias 'the web server' --alternative-name web --altname www --group 7 --txqueuelen 300 \
         --numtxqueues 2 --numrxqueues 3 --lo-up off",
    )?;
    assert_eq!(link["address"], "02:00:00:00:00:09");
    assert_eq!((&link["mtu"], &link["ifalias"]), (&json!(1400), &json!("the web server")));
    assert_eq!((&link["altnames"], &link["group"]), (&json!(["web", "www"]), &json!("7")));
    assert_eq!((&link["num_tx_queues"], &link["txqlen"]), (&json!(2), &json!(300)));
    // A kernel without CONFIG_RPS does not report it.
    assert!(link["num_rx_queues"].is_null() || link["num_rx_queues"] == 3);
    assert!(has_flag(&link, "PROMISC"));
    assert!(!has_flag(&ip_link(&stage.inside, "lo"), "UP"));
    Ok(())
}

fn has_flag(link: &Value, flag: &str) -> bool {
    link["flags"].as_array().is_some_and(|flags| flags.contains(&json!(flag)))
}

fn switches_are_on_or_off() -> Outcome {
    let stage = Stage::set()?;
    let link = attached(&stage, "--promisc=off --allmulticast")?;
    assert!(!has_flag(&link, "PROMISC") && has_flag(&link, "ALLMULTI"));
    ok(&stage.lab.a.netns, &format!("ensure ens33 {} --allmulticast=off", stage.container.pid()))?;
    assert!(!has_flag(&ip_link(&stage.inside, "eth0"), "ALLMULTI"));
    let said = fails(&stage.lab.a.netns, 2, "attach ens33 1 --promisc=maybe")?;
    assert!(said.contains("invalid value 'maybe'"), "{said}");
    Ok(())
}

fn contradicting_options() -> Outcome {
    let stage = Stage::set()?;
    for arguments in [
        "attach ens33 1 10.0.0.2/24@10.0.0.1 --source-routing 7 --replace-default-route",
        "ensure ens33 1 10.0.0.2/24@10.0.0.1 -r --source-routing 7",
        "access move ens33 --yes --deadline 5s",
        "show --json --format plain",
    ] {
        let said = fails(&stage.lab.a.netns, 2, arguments)?;
        assert!(said.contains("cannot be used with"), "{said}");
    }
    Ok(())
}

fn options_of_a_macvlan() -> Outcome {
    let stage = Stage::set()?;
    let link = attached(
        &stage,
        "--mode source --nodst --source-mac 02:00:00:00:00:0a --source-mac 02:00:00:00:00:0b \
         --bcqueuelen 2000",
    )?;
    assert_eq!(link["linkinfo"]["info_data"]["mode"], "source");
    let shown = ip_lines(&stage.inside, "-d link show dev eth0").join(" ");
    for words in
        ["nodst", "bcqueuelen 2000", "remotes (2)", "02:00:00:00:00:0a", "02:00:00:00:00:0b"]
    {
        assert!(shown.contains(words), "{words}: {shown}");
    }
    Ok(())
}

fn the_cutoff_of_broadcasts() -> Outcome {
    need_kernel(6, 4)?;
    let stage = Stage::set()?;
    attached(&stage, "--bclim -1")?;
    let shown = ip_lines(&stage.inside, "-d link show dev eth0").join(" ");
    // Debian 12's iproute2 does not know the attribute yet.
    assert!(shown.contains("bclim -1") || !shown.contains("bclim"), "{shown}");
    let handle = macvlan_core::Handle::in_netns(&stage.inside)?;
    let options = handle.link("eth0")?.macvlan;
    assert_eq!(options.and_then(|options| options.get_bc_cutoff()), Some(-1));
    Ok(())
}

fn passthru_without_promiscuity() -> Outcome {
    let stage = Stage::set()?;
    attached(&stage, "-m passthru --nopromisc")?;
    assert_eq!(ip_link(&stage.lab.a.netns, "ens33")["promiscuity"], 0);
    Ok(())
}

fn macvtap() -> Outcome {
    need(Need::Macvtap)?;
    let stage = Stage::set()?;
    let pid = stage.container.pid();
    let told = crate::common::json(&stage.lab.a.netns, &format!("attach ens33 {pid} -k macvtap"))?;
    let index = ip_link(&stage.inside, "eth0")["ifindex"].clone();
    assert_eq!(
        (&told["kind"], &told["tap"]),
        (&json!("macvtap"), &json!(format!("/dev/tap{index}")))
    );
    Ok(())
}

fn options_of_addresses_and_routes() -> Outcome {
    let stage = Stage::set()?;
    attached(
        &stage,
        "10.0.0.2/24 10.0.1.2/24@10.0.1.1 'fd00::2/64 nodad' --gateway fd01::1 --on-link-gateways \
         --gateway-metric 50 --route '10.1.0.0/16 via 10.0.0.3' --route '10.2.0.0/16 metric 7'",
    )?;
    assert_eq!(ip_addresses(&stage.inside, "eth0"), ["10.0.0.2/24", "10.0.1.2/24", "fd00::2/64"]);
    let routes = ip_lines(&stage.inside, "route show");
    for route in [
        "default via 10.0.1.1 dev eth0 metric 50",
        "10.1.0.0/16 via 10.0.0.3 dev eth0",
        "10.2.0.0/16 dev eth0 scope link metric 7",
    ] {
        assert!(routes.iter().any(|one| one.trim_end() == route), "{route}: {routes:?}");
    }
    let routes = ip_lines(&stage.inside, "-6 route show default");
    assert!(
        routes[0].starts_with("default via fd01::1 dev eth0") && routes[0].contains("onlink"),
        "{routes:?}"
    );
    Ok(())
}

fn the_default_route_is_replaced() -> Outcome {
    let stage = Stage::with_default_routes(&["default via 192.168.15.2 dev net0"])?;
    let pid = stage.container.pid();
    let endpoint = format!("attach ens33 {pid} 10.0.0.2/24@10.0.0.1");
    let said = fails(&stage.lab.a.netns, 4, &endpoint)?;
    assert!(said.contains("cannot add route default via 10.0.0.1"), "{said}");
    ok(&stage.lab.a.netns, &format!("{endpoint} -r"))?;
    assert_eq!(ip_lines(&stage.inside, "route show default"), ["default via 10.0.0.1 dev eth0"]);
    Ok(())
}

fn source_routing() -> Outcome {
    let stage = Stage::set()?;
    attached(&stage, "10.0.0.2/24@10.0.0.1 --source-routing 100")?;
    assert_eq!(ip_lines(&stage.inside, "route show table 100")[0], "default via 10.0.0.1 dev eth0");
    let rules = ip_lines(&stage.inside, "rule show");
    assert!(
        rules.iter().any(|rule| rule.starts_with("30000:\tfrom 10.0.0.2 lookup 100")),
        "{rules:?}"
    );
    assert_eq!(ip_lines(&stage.inside, "route show default"), [""; 0]);
    Ok(())
}

fn ipv6_settings() -> Outcome {
    need(Need::Ipv6)?;
    let stage = Stage::set()?;
    let link = attached(&stage, "--addrgenmode none --accept-ra never --autoconf off")?;
    assert_eq!(link["inet6_addr_gen_mode"], "none");
    assert_eq!(ip(&stage.inside, "-6 address show dev eth0"), json!([]));
    for (name, value) in [("accept_ra", "0"), ("autoconf", "0"), ("disable_ipv6", "0")] {
        assert_eq!(sysctl_of(&stage.inside, name)?, value, "{name}");
    }
    ok(&stage.lab.a.netns, &format!("detach {}", stage.container.pid()))?;
    attached(&stage, "--disable-ipv6")?;
    assert_eq!(sysctl_of(&stage.inside, "disable_ipv6")?, "1");
    Ok(())
}

fn sysctl_of(netns: &NetNs, name: &str) -> Outcome<String> {
    let path = format!("/proc/sys/net/ipv6/conf/eth0/{name}");
    Ok(netns.run(|| std::fs::read_to_string(path))??.trim().to_owned())
}

fn a_rate() -> Outcome {
    let stage = Stage::set()?;
    let pid = stage.container.pid();
    // A kernel without tbf refuses it.
    let output = crate::common::output(
        &stage.lab.a.netns,
        crate::common::command(&format!("attach ens33 {pid} --rate 10mbit")),
    )?;
    let (_, err) = crate::common::texts(&output);
    if output.status.success() {
        assert_eq!(ip_link(&stage.inside, "eth0")["qdisc"], "tbf");
    } else {
        assert!(err.contains("rate"), "{err}");
    }
    Ok(())
}

fn options_of_a_vlan() -> Outcome {
    need(Need::Vlan)?;
    let stage = Stage::set()?;
    let link = attached(
        &stage,
        "--kind vlan --vlan-id 7 --vlan-protocol 802.1ad --reorder-hdr off --gvrp on --mvrp off \
         --loose-binding on --bridge-binding off --ingress-qos-map 1:5 --egress-qos-map 6:2",
    )?;
    let data = &link["linkinfo"]["info_data"];
    assert_eq!((&data["id"], &data["protocol"]), (&json!(7), &json!("802.1ad")));
    assert_eq!(data["flags"], json!(["GVRP", "LOOSE_BINDING"]));
    assert_eq!(data["ingress_qos"], json!([{ "from": 1, "to": 5 }]));
    assert_eq!(data["egress_qos"], json!([{ "from": 6, "to": 2 }]));
    Ok(())
}

fn a_parent_with_a_protocol_and_a_name() -> Outcome {
    need(Need::Vlan)?;
    let stage = Stage::set()?;
    let pid = stage.container.pid();
    let host = &stage.lab.a.netns;
    ok(host, &format!("attach ens33.30 {pid} --parent-protocol 802.1ad --parent-name customer"))?;
    let parent = ip_link(host, "customer");
    assert_eq!(parent["linkinfo"]["info_data"]["protocol"], "802.1ad");
    assert_eq!(parent["linkinfo"]["info_data"]["id"], 30);
    ok(host, &format!("detach {pid}"))?;
    Ok(())
}

fn what_does_not_fit_together() -> Outcome {
    let stage = Stage::set()?;
    let pid = stage.container.pid();
    for (options, words) in [
        ("--kind vlan", "cannot use kind vlan: the id is missing; give --vlan-id"),
        (
            "--vlan-id 7",
            "cannot use options of a VLAN: the interface is a macvlan; give --kind vlan",
        ),
        ("--kind vlan --vlan-id 4095", "4095"),
        ("--kind vlan --vlan-id 7 --mode bridge", "of kind vlan"),
        ("--parent-name x", "cannot use --parent-name: the parent is not a VLAN such as ens33.100"),
        ("--parent-protocol 802.1ad", "not described as a VLAN"),
        ("10.0.0.2/24@10.0.0.2", "own address"),
        ("10.0.0.300/24", "cannot parse"),
        ("--mtu much", "invalid value 'much' for '--mtu <BYTES>'"),
        ("--mode x", "possible values: private, vepa, bridge, passthru, source"),
        ("--probe slow", "expected quick or rfc"),
        ("--what", "unexpected argument '--what'"),
    ] {
        let said = fails(&stage.lab.a.netns, 2, &format!("attach ens33 {pid} {options}"))?;
        assert!(said.contains(words), "{options}: {said}");
    }
    assert_eq!(ip(&stage.inside, "link show").as_array().map(Vec::len), Some(1));
    Ok(())
}

macvlan_tests::tests! {
    same_on_every_kernel:
    options_of_the_link,
    switches_are_on_or_off,
    contradicting_options,
    options_of_a_macvlan,
    the_cutoff_of_broadcasts,
    passthru_without_promiscuity,
    macvtap,
    options_of_addresses_and_routes,
    the_default_route_is_replaced,
    source_routing,
    ipv6_settings,
    a_rate,
    options_of_a_vlan,
    a_parent_with_a_protocol_and_a_name,
    what_does_not_fit_together,
}
