//! A refused replacement leaves the old link, with all objects of others on it.
#![deny(dead_code)]

use std::process::Command;
use std::time::Duration;

use macvlan_core::{Endpoint, ErrorKind, Handle, Mode, NetNs, VlanOptions};
use macvlan_tests::{
    Need, Outcome, Snapshot, Stage, ip_do, ip_lines, ip_link, ip_try, need, settle, sysctl,
};

const MAC: &str = "02:42:c0:a8:0f:0a";

fn eth0() -> Outcome<Endpoint> {
    Ok(Endpoint::new("eth0", "ens33")?
        .mac(MAC.parse()?)
        .address("192.168.15.10/24".parse()?)
        .gateway("192.168.15.2".parse()?))
}

/// If a replacement is refused, all objects of others on the old link are restored, or are named in
/// the error; a link on it is not deleted with it.
fn a_refused_replacement_loses_nothing_of_others() -> Outcome {
    let stage = Stage::set()?;
    let host = &stage.lab.a.host;
    let refused = eth0()?.queues(2, 2).route("10.9.0.0/16 via 10.1.2.3".parse()?);
    let replace = |lost: &[&str]| -> Outcome {
        let error = host.ensure_or_replace(&refused, &stage.inside).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::GatewayUnreachable, "{error}");
        let left = error.leftovers();
        assert_eq!(left.len(), lost.len(), "{left:?}");
        assert!(lost.iter().all(|lost| left.iter().any(|left| left.contains(lost))), "{left:?}");
        Ok(())
    };
    host.attach(&eth0()?, &stage.inside)?;
    for command in [
        "link set eth0 allmulticast on",
        "link set eth0 arp off",
        "address add 192.168.15.77/24 dev eth0",
        "address add fd15::1/64 dev eth0 nodad",
        "address add fd15::2/64 dev eth0 nodad",
        "address add fd15::3/64 dev eth0 nodad",
        "route add local 10.73.0.0/16 dev eth0",
        "route add throw 10.74.0.0/16",
        "neighbour add 192.168.15.88 lladdr 02:00:00:00:00:07 dev eth0",
        "neighbour add fd15::88 lladdr 02:00:00:00:00:08 dev eth0 router",
        "neighbour add proxy 192.168.15.99 dev eth0",
    ] {
        if need(Need::Ipv6).is_ok() || !command.contains("fd15") {
            ip_do(&stage.inside, command);
        }
    }
    let sysctls = [
        ("ipv4/conf/eth0/rp_filter", "2"),
        ("ipv4/conf/eth0/proxy_arp", "1"),
        ("ipv4/neigh/eth0/gc_stale_time", "77"),
        ("ipv6/conf/eth0/hop_limit", "33"),
        ("ipv6/conf/eth0/forwarding", "1"),
    ];
    let sysctls =
        sysctls.iter().filter(|(name, _)| !name.contains("ipv6") || need(Need::Ipv6).is_ok());
    let sysctls: Vec<_> = sysctls.collect();
    for (name, value) in &sysctls {
        sysctl(&stage.inside, name, value);
    }
    let neighbours = || {
        let mut all = ip_lines(&stage.inside, "neighbour show nud permanent");
        all.extend(ip_lines(&stage.inside, "neighbour show proxy"));
        all
    };
    let before = (Snapshot::settled(&stage.inside), neighbours());
    assert!(before.1.len() >= 2, "{:?}", before.1);
    replace(&[])?;
    settle(&stage.inside);
    before.0.assert_same(&stage.inside);
    assert_eq!(neighbours(), before.1);
    for (name, value) in &sysctls {
        let path = format!("/proc/sys/net/{name}");
        let found = stage.inside.run(move || std::fs::read_to_string(path))??;
        assert_eq!(found.trim(), *value, "{name}");
    }

    ip_do(&stage.inside, "maddress add 01:00:5e:00:00:77 dev eth0");
    replace(&["the multicast address 01005e000077"])?;
    if ip_try(&stage.inside, "link add red type vrf table 5").is_ok() {
        ip_do(&stage.inside, "link set red up");
        ip_do(&stage.inside, "link set eth0 master red");
        ip_do(&stage.inside, "route add 10.75.0.0/16 via 192.168.15.3 vrf red");
        let before = Snapshot::settled(&stage.inside);
        replace(&[])?;
        settle(&stage.inside);
        before.assert_same(&stage.inside);
        ip_do(&stage.inside, "link set eth0 nomaster");
    }
    if ip_try(&stage.inside, "link add on-it link eth0 type vlan id 5").is_ok() {
        let before = Snapshot::settled(&stage.inside);
        let error = host.ensure_or_replace(&refused, &stage.inside).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::NeedsReplacement, "{error}");
        before.assert_same(&stage.inside);
    }
    Ok(())
}

/// Settings that only others make: limits of offloads, the carrier, the token, a rate limit with its
/// own burst.
fn a_refused_replacement_restores_settings_of_others() -> Outcome {
    let stage = Stage::set()?;
    let (host, inside) = (&stage.lab.a.host, &stage.inside);
    let refused = eth0()?.queues(2, 2).route("10.9.0.0/16 via 10.1.2.3".parse()?);
    host.attach(&eth0()?, inside)?;
    ip_do(inside, "link set eth0 gso_max_size 30000 gso_max_segs 100");
    let has_v6 = need(Need::Ipv6).is_ok();
    if has_v6 {
        sysctl(inside, "ipv6/conf/eth0/accept_ra", "1");
        ip_do(inside, "token set ::5 dev eth0");
    }
    ip_do(inside, "link set eth0 protodown on");
    ip_do(inside, "link set eth0 protodown_reason 1 on");
    let found = || {
        let link = ip_link(inside, "eth0");
        let fields = ["gso_max_size", "gso_max_segs", "gro_max_size", "proto_down"];
        let fields = fields.map(|field| link[field].to_string());
        let token = if has_v6 { ip_lines(inside, "token get dev eth0") } else { Vec::new() };
        (fields, link["proto_down_reason"].to_string(), token)
    };
    let before = found();
    assert_eq!((before.0[0].as_str(), before.0[3].as_str()), ("30000", "true"), "{before:?}");
    assert!(!has_v6 || before.2.concat().contains("::5"), "{before:?}");
    let error = host.ensure_or_replace(&refused, inside).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::GatewayUnreachable, "{error}");
    assert_eq!(error.leftovers(), [""; 0], "{error}");
    assert_eq!(found(), before);

    let tc = "qdisc replace dev eth0 root tbf rate 10mbit burst 256k latency 400ms";
    let limited = inside.run(|| Command::new("tc").args(tc.split(' ')).status())??;
    if limited.success() {
        let error = host.ensure_or_replace(&refused, inside).unwrap_err();
        let left = error.leftovers();
        assert!(matches!(left, [left] if left.contains("the burst and the limit")), "{error}");
        // The link has the library's own burst and limit now, and loses none.
        let error = host.ensure_or_replace(&refused, inside).unwrap_err();
        assert_eq!(error.leftovers(), [""; 0], "{error}");
    }
    Ok(())
}

/// Problems that can be known beforehand are refused before the old link is deleted.
fn a_replacement_that_cannot_be_tried_out_is_refused_beforehand() -> Outcome {
    let stage = Stage::set()?;
    let host = &stage.lab.a.host;
    stage.lab.cable("ens34")?;
    host.attach(&eth0()?, &stage.inside)?;
    let other = NetNs::anonymous()?;
    host.attach(&Endpoint::new("sibling", "ens33")?, &other)?;
    host.attach(&Endpoint::new("sibling34", "ens34")?, &other)?;
    let passthru = |parent: &str| Endpoint::new("eth0", parent)?.mode(Mode::Passthru);
    let before = Snapshot::settled(&stage.inside);
    let mut watch = Handle::in_netns(&stage.inside)?.watch()?;
    for (endpoint, kind) in [
        (passthru("missing")?, ErrorKind::ParentNotFound),
        (Endpoint::vlan("eth0", "missing", VlanOptions::new(100)?)?, ErrorKind::ParentNotFound),
        (passthru("ens33")?.mtu(9000), ErrorKind::MtuTooLarge),
        (passthru("ens33")?, ErrorKind::PassthruConflict),
        (passthru("ens34")?, ErrorKind::PassthruConflict),
    ] {
        let error = host.ensure_or_replace(&endpoint, &stage.inside).unwrap_err();
        assert_eq!(error.kind(), kind, "{error}");
        let event = watch.next_within(Duration::from_millis(30))?;
        assert!(event.is_none(), "{endpoint:?}: {event:?}");
    }
    before.assert_same(&stage.inside);
    Ok(())
}

/// Routes through other links that the kernel deletes with the link: those with an address of it as
/// their source, and one next hop of several.
fn routes_through_other_links_come_back() -> Outcome {
    need(Need::Ipv6)?;
    let stage = Stage::set()?;
    let (host, inside) = (&stage.lab.a.host, &stage.inside);
    host.attach(&eth0()?.address("fd15::10/64 nodad".parse()?), inside)?;
    for command in [
        "link add other type veth peer name end",
        "link set other up",
        "link set end up",
        "address add 10.60.0.2/24 dev other",
        "address add fd60::2/64 dev other nodad",
        "route add 10.20.0.0/16 via 10.60.0.1 dev other src 192.168.15.10",
        "-6 route add fd20::/16 via fd60::1 dev other src fd15::10",
        "-6 route add fd21::/16 nexthop via fd60::1 dev other nexthop via fd15::2 dev eth0",
        "-6 route add fd22::/16 nexthop via fd60::1 dev other nexthop via fd60::3 dev other \
         nexthop via fd15::2 dev eth0",
    ] {
        ip_do(inside, command);
    }
    settle(inside);
    // The order of the links' own routes changes.
    let routes = || {
        let mut all = ip_lines(inside, "-4 route show table all");
        all.extend(ip_lines(inside, "-6 -o route show table all"));
        all.sort();
        all
    };
    let before = routes();
    assert_eq!(before.iter().filter(|route| route.contains("fd2")).count(), 3, "{before:#?}");
    let refused = eth0()?.queues(2, 2).route("10.9.0.0/16 via 10.1.2.3".parse()?);
    let error = host.ensure_or_replace(&refused, inside).unwrap_err();
    assert_eq!(error.leftovers(), [""; 0], "{error}");
    settle(inside);
    assert_eq!(routes(), before);
    Ok(())
}

/// The kernel gives a parent its own MAC address back when the passthru link is deleted.
fn a_passthru_link_keeps_its_mac() -> Outcome {
    let stage = Stage::set()?;
    let host = &stage.lab.a.host;
    let passthru = Endpoint::new("eth0", "ens33")?.mode(Mode::Passthru)?;
    let passthru = passthru.mac(MAC.parse()?).address("192.168.15.10/24".parse()?);
    host.attach(&passthru, &stage.inside)?;
    let before = Snapshot::settled(&stage.lab.a.netns);
    let refused = eth0()?.route("10.9.0.0/16 via 10.1.2.3".parse()?);
    let error = host.ensure_or_replace(&refused, &stage.inside).unwrap_err();
    assert_eq!(error.leftovers(), [""; 0], "{error}");
    settle(&stage.inside);
    before.assert_same(&stage.lab.a.netns);
    assert_eq!(host.check(&passthru, &stage.inside)?, []);
    Ok(())
}

/// A parent that was created for a refused replacement is deleted again.
fn a_parent_made_for_a_refused_replacement_goes() -> Outcome {
    need(Need::Vlan)?;
    let stage = Stage::set()?;
    let host = &stage.lab.a.host;
    host.attach(&eth0()?, &stage.inside)?;
    let before = (Snapshot::settled(&stage.inside), Snapshot::settled(&stage.lab.a.netns));
    for endpoint in [
        Endpoint::new("eth0", "ens33.200")?.mode(Mode::Passthru)?.mtu(9000),
        Endpoint::vlan("eth0", "ens33.200", VlanOptions::new(100)?)?.mtu(9000),
        Endpoint::new("eth0", "ens33.200")?.mode(Mode::Passthru)?.gateway("10.1.2.3".parse()?),
    ] {
        host.ensure_or_replace(&endpoint, &stage.inside).unwrap_err();
        settle(&stage.inside);
        before.0.assert_same(&stage.inside);
        before.1.assert_same(&stage.lab.a.netns);
    }
    Ok(())
}

macvlan_tests::tests! {
    same_on_every_kernel:
    a_refused_replacement_loses_nothing_of_others,
    a_refused_replacement_restores_settings_of_others,
    routes_through_other_links_come_back,
    a_passthru_link_keeps_its_mac,
    a_replacement_that_cannot_be_tried_out_is_refused_beforehand,
    a_parent_made_for_a_refused_replacement_goes,
}
