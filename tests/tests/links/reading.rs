//! Links as the library reads them, compared field by field with `ip`.
#![deny(dead_code)]

use macvlan_core::{
    Endpoint, ErrorKind, Handle, Link, LinkInfo, MacAddr, MacvlanOptions, Mode, NetNs,
};
use macvlan_tests::{Container, Lab, Outcome, eventually, ip, ip_do, ip_try, ping};
use serde_json::Value;

/// Flags with the names of `ip` and the kernel's bits.
const FLAGS: [(&str, u32); 8] = [
    ("UP", 1),
    ("BROADCAST", 2),
    ("LOOPBACK", 8),
    ("POINTOPOINT", 0x10),
    ("NOARP", 0x80),
    ("PROMISC", 0x100),
    ("ALLMULTI", 0x200),
    ("MULTICAST", 0x1000),
];

/// Compares the fields that both have.
#[track_caller]
fn assert_told(info: &LinkInfo, link: &Value, all: &[LinkInfo]) {
    let name = &info.name;
    let text = |field: &str| link[field].as_str().map(str::to_owned);
    let number = |field: &str| link[field].as_u64();
    let name_of = |index: Option<u32>| {
        all.iter().find(|link| Some(link.index) == index).map(|link| link.name.clone())
    };

    for (flag, bit) in FLAGS {
        let set = link["flags"].as_array().is_some_and(|flags| flags.contains(&flag.into()));
        assert_eq!(info.flags & bit != 0, set, "{name}: {flag}");
    }
    let group = if info.group == 0 { "default".to_owned() } else { info.group.to_string() };
    let offloads = &info.offloads;
    let told = [
        ("ifname", Some(name.clone())),
        ("operstate", Some(info.state.to_string())),
        ("group", Some(group)),
        ("qdisc", info.qdisc.clone()),
        ("ifalias", info.alias.clone()),
        ("inet6_addr_gen_mode", info.addr_gen_mode.map(|mode| mode.to_string())),
        ("master", name_of(info.controller)),
    ];
    for (field, value) in told {
        assert_eq!(value, text(field), "{name}: {field}");
    }
    assert_eq!(info.kind, link["linkinfo"]["info_kind"].as_str().map(str::to_owned), "{name}");
    let told = [
        ("ifindex", Some(info.index)),
        ("mtu", Some(info.mtu)),
        ("promiscuity", Some(info.promiscuity)),
        ("allmulti", info.allmulticast_count),
        ("min_mtu", Some(info.min_mtu)),
        ("max_mtu", Some(info.max_mtu)),
        ("txqlen", Some(info.tx_queue_len).filter(|length| *length > 0)),
        ("num_tx_queues", Some(info.tx_queues)),
        // A kernel for a single processor does not report these.
        ("num_rx_queues", Some(info.rx_queues).filter(|queues| *queues > 0)),
        ("gso_max_size", offloads.gso_max_size),
        ("gso_max_segs", offloads.gso_max_segs),
        ("tso_max_size", offloads.tso_max_size),
        ("tso_max_segs", offloads.tso_max_segs),
        ("gro_max_size", offloads.gro_max_size),
    ];
    for (field, value) in told {
        assert_eq!(value.map(u64::from), number(field), "{name}: {field}");
    }

    let mac = text("address").and_then(|address| address.parse::<MacAddr>().ok());
    assert_eq!(info.mac, mac, "{name}");
    let names: Vec<_> = link["altnames"].as_array().into_iter().flatten().collect();
    assert_eq!(info.alternative_names.iter().collect::<Vec<_>>(), names, "{name}");
    // By name if it is in the same namespace, otherwise by the numbers of both.
    assert_eq!(info.parent_netns.map(i64::from), link["link_netnsid"].as_i64(), "{name}");
    match info.parent_netns {
        None => assert_eq!(name_of(info.parent), text("link"), "{name}: link"),
        Some(_) => assert_eq!(info.parent.map(u64::from), number("link_index"), "{name}: link"),
    }
}

/// Compares all links of a namespace, and returns the library's.
#[track_caller]
fn assert_all_told(netns: &NetNs) -> Outcome<Vec<LinkInfo>> {
    let handle = Handle::in_netns(netns)?;
    let read = || -> Outcome<Vec<LinkInfo>> {
        let mut infos = handle.links()?;
        infos.sort_by_key(|info| info.index);
        for info in &mut infos {
            info.statistics = <_>::default();
        }
        Ok(infos)
    };
    // The operational state changes a moment after a link is up: all three have to be read at the
    // same time.
    let (mut infos, mut links) = (Vec::new(), Value::Null);
    eventually("what is told of links changes", || {
        let before = read()?;
        links = ip(netns, "link show");
        infos = read()?;
        Ok(before == infos)
    })?;
    let links = links.as_array().ok_or("ip shows no links")?;
    assert_eq!(infos.len(), links.len());
    for (info, link) in infos.iter().zip(links) {
        assert_told(info, link, &infos);
        assert_eq!(handle.link(info.index)?.name, info.name);
    }
    Ok(infos)
}

/// All kinds of the kernel: unknown kinds are read like the others.
fn links_of_every_kind() -> Outcome {
    let lab = Lab::new()?;
    let rows = [
        ("veth", "link add x0 type veth peer name x1 numtxqueues 4"),
        ("bridge", "link add br0 type bridge vlan_filtering 1"),
        ("vrf", "link add vrf0 type vrf table 10"),
        ("tun", "tuntap add tun0 mode tun"),
        ("tun", "tuntap add tap0 mode tap multi_queue"),
        ("macvlan", "link add link ens33 name mv0 up type macvlan mode source macaddr add 02::1"),
        ("macvlan", "link add link ens33 name mv1 group 7 type macvlan mode vepa"),
        ("macvtap", "link add link ens33 name mt0 type macvtap mode bridge"),
        ("vlan", "link add link ens33 name v100 up type vlan id 100"),
        ("vlan", "link add link v100 name v200 up type vlan id 200 protocol 802.1ad mvrp on"),
        ("dummy", "link add dum0 numrxqueues 3 type dummy"),
        ("ifb", "link add ifb0 type ifb"),
        ("bond", "link add bond0 type bond mode active-backup"),
        ("vxlan", "link add vx0 type vxlan id 7 dstport 4789 local 192.168.15.1"),
        ("gre", "link add gre1 type gre local 192.168.15.1 remote 192.168.15.2"),
        ("sit", "link add sit1 type sit local 192.168.15.1 remote 192.168.15.2"),
        ("ip6tnl", "link add tnl1 type ip6tnl local fd15::1 remote fd15::2"),
        ("wireguard", "link add wg0 type wireguard"),
    ];
    let mut made = Vec::new();
    for (kind, words) in rows {
        let words = words.replace("02::1", "02:00:00:00:00:01");
        match ip_try(&lab.a.netns, &words) {
            Ok(_) => made.push(kind),
            Err(why) if why.contains("Unknown device type") || why.contains("not supported") => {}
            // Links on the VLAN need it, and /dev/net/tun may be missing.
            Err(why) if why.contains("Cannot find device") || kind == "tun" => {}
            Err(why) => return Err(why.into()),
        }
    }
    for kind in ["veth", "macvlan"] {
        assert!(made.contains(&kind), "{made:?}");
    }
    if made.contains(&"bridge") {
        ip_do(&lab.a.netns, "link set x0 master br0 up alias to-the-left");
        ip_do(&lab.a.netns, "link property add dev x1 altname first altname second");
        ip_do(&lab.a.netns, "link set br0 up promisc on allmulticast on");
    }
    let told = assert_all_told(&lab.a.netns)?;
    for kind in made {
        assert!(told.iter().any(|link| link.kind.as_deref() == Some(kind)), "{kind}");
    }
    Ok(())
}

/// The parent's index is the host namespace's, to which the container's assigns a number.
fn a_parent_in_another_namespace() -> Outcome {
    let lab = Lab::new()?;
    let (first, second) = (Container::start()?, Container::start()?);
    for (container, host) in [(&first, &lab.a), (&second, &lab.a), (&second, &lab.b)] {
        let name = if host.netns.same_as(&lab.a.netns) { "eth0" } else { "eth1" };
        host.host.attach(&Endpoint::new(name, "ens33")?, &container.netns()?)?;
    }
    let ens33 = |host: &Handle| host.link("ens33").map(|link| link.index);
    let (on_a, on_b) = (ens33(&lab.a.handle)?, ens33(&lab.b.handle)?);
    let one = assert_all_told(&first.netns()?)?;
    let two = assert_all_told(&second.netns()?)?;
    let find = |links: &[LinkInfo], name: &str| -> Outcome<(Option<u32>, Option<i32>)> {
        let link = links.iter().find(|link| link.name == name).ok_or("it is not there")?;
        Ok((link.parent, link.parent_netns))
    };
    assert_eq!(find(&one, "eth0")?.0, Some(on_a));
    let ((parent_0, netns_0), (parent_1, netns_1)) = (find(&two, "eth0")?, find(&two, "eth1")?);
    assert_eq!((parent_0, parent_1), (Some(on_a), Some(on_b)));
    assert!(netns_0.is_some() && netns_1.is_some() && netns_0 != netns_1);
    Ok(())
}

fn statistics_grow_with_the_traffic() -> Outcome {
    let lab = Lab::new()?;
    let container = Container::start()?;
    let inside = container.netns()?;
    let endpoint = Endpoint::new("eth0", "ens33")?.address("192.168.15.10/24".parse()?);
    lab.a.host.attach(&endpoint, &inside)?;
    let handle = Handle::in_netns(&inside)?;
    let before = handle.link("eth0")?.statistics;
    for _ in 0..10 {
        assert!(ping(&inside, "192.168.15.2").is_some());
    }
    let after = handle.link("eth0")?.statistics;
    let told = ip(&inside, "-s link show dev eth0")[0]["stats64"].take();
    let later = handle.link("eth0")?.statistics;

    // Ten pings of 8 bytes, after 20 of IP and 14 of Ethernet.
    assert!(after.tx_packets >= before.tx_packets + 10, "{before:?} {after:?}");
    assert!(after.rx_packets >= before.rx_packets + 10, "{before:?} {after:?}");
    assert!(after.tx_bytes >= before.tx_bytes + 420, "{before:?} {after:?}");
    let counters = [
        ("/rx/packets", after.rx_packets, later.rx_packets),
        ("/tx/packets", after.tx_packets, later.tx_packets),
        ("/rx/bytes", after.rx_bytes, later.rx_bytes),
        ("/tx/bytes", after.tx_bytes, later.tx_bytes),
        ("/rx/errors", after.rx_errors, later.rx_errors),
        ("/tx/errors", after.tx_errors, later.tx_errors),
        ("/rx/dropped", after.rx_dropped, later.rx_dropped),
        ("/tx/dropped", after.tx_dropped, later.tx_dropped),
        ("/rx/multicast", after.multicast, later.multicast),
        ("/tx/collisions", after.collisions, later.collisions),
    ];
    for (counter, least, most) in counters {
        let told = told.pointer(counter).and_then(Value::as_u64);
        assert!(
            told.is_some_and(|told| (least..=most).contains(&told)),
            "{counter}: {told:?} is not in {least}..={most}"
        );
    }
    Ok(())
}

fn the_bounds_of_the_mtu() -> Outcome {
    let lab = Lab::new()?;
    let handle = &lab.a.handle;
    handle.add_link(&Link::macvlan("mv0", "ens33", MacvlanOptions::new(Mode::Bridge))?)?;
    let bounds = handle.link("mv0")?;
    assert_eq!((bounds.min_mtu, bounds.max_mtu), (68, 65535));
    for (link, mtu) in [("mv0", 68), ("mv0", 1500), ("ens33", 68), ("ens33", 65535), ("mv0", 65535)]
    {
        handle.set_mtu(link, mtu)?;
        assert_eq!(handle.link(link)?.mtu, mtu);
    }
    handle.set_mtu("ens33", 1500)?;
    assert_eq!(
        handle.link("mv0")?.mtu,
        1500,
        "a parent takes its children along when it goes down"
    );
    for (link, mtu, kind, words) in [
        ("mv0", 1501, ErrorKind::MtuTooLarge, "MTU 1501 is above the parent's 1500"),
        ("ens33", 65536, ErrorKind::MtuTooLarge, "above the link's maximum, 65535"),
        ("ens33", 67, ErrorKind::System, "mtu less than device minimum"),
        ("mv0", 67, ErrorKind::System, "mtu less than device minimum"),
    ] {
        let error = handle.set_mtu(link, mtu).unwrap_err();
        assert_eq!(error.kind(), kind, "{error}");
        assert!(error.to_string().contains(words), "{error}");
    }
    Ok(())
}

macvlan_tests::tests! {
    links_of_every_kind,
    a_parent_in_another_namespace,
    statistics_grow_with_the_traffic,
    the_bounds_of_the_mtu,
}
