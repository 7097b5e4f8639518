//! The properties of an attached interface, as `ip` shows them.
#![deny(dead_code)]

use macvlan_core::{Detached, Endpoint, LinkId, MacAddr, NetNs, Result};
use macvlan_tests::{
    Container, Lab, Need, Outcome, ip, ip_addresses, ip_do, ip_lines, ip_link, need, ping,
    ping_from, settle, sysctl,
};

fn eth0() -> Result<Endpoint> {
    Endpoint::new("eth0", "ens33")
}

/// A container that exists while its namespace is examined.
fn started() -> Outcome<(Container, NetNs)> {
    let container = Container::start()?;
    let inside = container.netns()?;
    Ok((container, inside))
}

fn flags(netns: &NetNs, link: &str) -> Vec<String> {
    let link = ip_link(netns, link);
    let flags = link["flags"].as_array().into_iter().flatten();
    flags.filter_map(|flag| flag.as_str()).map(str::to_owned).collect()
}

fn a_link_alone() -> Outcome {
    let lab = Lab::new()?;
    let (_container, inside) = started()?;
    let attachment = lab.a.host.attach(&eth0()?, &inside)?;
    assert_eq!(ip_addresses(&inside, "eth0"), [""; 0]);
    assert_eq!(ip_lines(&inside, "-4 route show table main"), [""; 0]);
    for link in ["eth0", "lo"] {
        assert!(flags(&inside, link).contains(&"UP".to_owned()), "{link}");
    }
    let mac = attachment.mac().octets();
    assert_eq!(mac[0] & 3, 2, "random addresses are unicast and locally administered");
    lab.a.host.detach(&attachment)?;
    assert_eq!(ip(&inside, "link show").as_array().map(Vec::len), Some(1));
    Ok(())
}

fn addresses_of_both_families() -> Outcome {
    need(Need::Ipv6)?;
    let lab = Lab::new()?;
    let (_container, inside) = started()?;
    let endpoint = eth0()?
        .address("192.168.15.10/24".parse()?)
        .address("10.1.2.3/31".parse()?)
        .address("10.1.2.9/32".parse()?)
        .address("192.168.15.11/24".parse()?)
        .address("fd15::10/64 nodad".parse()?)
        .address("fd16::10/128 nodad".parse()?);
    lab.a.host.attach(&endpoint, &inside)?;
    let mut found = ip_addresses(&inside, "eth0");
    found.sort();
    assert_eq!(
        found,
        [
            "10.1.2.3/31",
            "10.1.2.9/32",
            "192.168.15.10/24",
            "192.168.15.11/24",
            "fd15::10/64",
            "fd16::10/128"
        ]
    );
    for source in ["192.168.15.10", "192.168.15.11"] {
        assert!(ping_from(&inside, source, "192.168.15.2").is_some(), "from {source}");
    }
    assert!(ping(&inside, "fd15::2").is_some());
    assert!(ping(&lab.b.netns, "fd15::10").is_some());
    Ok(())
}

/// The library creates the same addresses as `ip add … broadcast +` on an equal link.
fn addresses_as_ip_sets_them() -> Outcome {
    need(Need::Ipv6)?;
    let lab = Lab::new()?;
    let (_one, ours) = started()?;
    let (_other, theirs) = started()?;
    for inside in [&ours, &theirs] {
        sysctl(inside, "ipv6/conf/default/accept_dad", "0"); // both have the same on one wire
    }
    let addresses = [
        "192.168.15.10/24",
        "10.0.0.1/8",
        "10.1.2.4/30",
        "10.1.2.3/31",
        "10.1.2.9/32",
        "fd15::10/64",
        "fd16::10/64 nodad",
        "fd17::10/127 nodad",
    ];
    let mut endpoint = eth0()?;
    lab.b.host.attach(&endpoint, &theirs)?;
    for address in addresses {
        endpoint = endpoint.address(address.parse()?);
        let broadcast = if address.contains(':') { "" } else { "broadcast +" };
        let wide = !["/31", "/32"].iter().any(|narrow| address.ends_with(narrow));
        let broadcast = if wide { broadcast } else { "" };
        ip_do(&theirs, &format!("address add {address} {broadcast} dev eth0"));
    }
    lab.a.host.attach(&endpoint, &ours)?;
    let told = |netns: &NetNs| {
        settle(netns);
        let mut told = ip(netns, "address show dev eth0")[0]["addr_info"].take();
        // The link-local address is derived from the MAC address.
        told.as_array_mut().into_iter().for_each(|all| all.retain(|one| one["scope"] != "link"));
        told
    };
    let ours = told(&ours);
    assert_eq!(ours, told(&theirs));
    assert_eq!(ours.as_array().map(Vec::len), Some(addresses.len()));
    Ok(())
}

/// With duplicate detection an address is tentative for a while; without it, it works at once.
fn duplicate_detection_is_as_said() -> Outcome {
    need(Need::Ipv6)?;
    let lab = Lab::new()?;
    let (_container, inside) = started()?;
    sysctl(&inside, "ipv6/conf/default/accept_dad", "1");
    sysctl(&inside, "ipv6/conf/default/dad_transmits", "60"); // so many seconds
    let endpoint = eth0()?.address("fd15::10/64".parse()?).address("fd15::11/64 nodad".parse()?);
    lab.a.host.attach(&endpoint, &inside)?;
    let told = ip(&inside, "-6 address show dev eth0 scope global");
    for (address, tentative) in [("fd15::10", true), ("fd15::11", false)] {
        let all = told[0]["addr_info"].as_array().ok_or("no addresses")?;
        let one = all.iter().find(|one| one["local"] == address).ok_or("not there")?;
        assert_eq!(one["tentative"] == true, tentative, "{one}");
        assert_eq!(one["nodad"] == true, !tentative, "{one}");
    }
    assert!(ping_from(&inside, "fd15::11", "fd15::2").is_some());
    Ok(())
}

fn lo_is_set_up_or_left_alone() -> Outcome {
    let lab = Lab::new()?;
    for wanted in [true, false] {
        let (_container, inside) = started()?;
        lab.a.host.attach(&eth0()?.lo_up(wanted), &inside)?;
        assert_eq!(flags(&inside, "lo").contains(&"UP".to_owned()), wanted);
    }
    // Left alone means that it stays up.
    let (_container, inside) = started()?;
    ip_do(&inside, "link set lo up");
    lab.a.host.attach(&eth0()?.lo_up(false), &inside)?;
    assert!(flags(&inside, "lo").contains(&"UP".to_owned()));
    Ok(())
}

fn mac_mtu_and_promisc_are_as_said() -> Outcome {
    let lab = Lab::new()?;
    let (_container, inside) = started()?;
    let promiscuity = || ip_link(&lab.a.netns, "ens33")["promiscuity"].as_u64();
    let before = promiscuity();
    let mac: MacAddr = "02:42:c0:a8:0f:0a".parse()?;
    let endpoint = eth0()?.mac(mac).mtu(1400).promisc(true);
    let attachment = lab.a.host.attach(&endpoint, &inside)?;
    let told = ip_link(&inside, "eth0");
    assert_eq!(told["address"], "02:42:c0:a8:0f:0a");
    assert_eq!(told["mtu"], 1400);
    assert!(flags(&inside, "eth0").contains(&"PROMISC".to_owned()));
    assert!(promiscuity() > before, "the parent is promiscuous as well");
    assert_eq!((attachment.mac(), attachment.mtu()), (mac, Some(1400)));
    lab.a.host.detach(&attachment)?;
    assert_eq!(promiscuity(), before);
    Ok(())
}

/// The parent may be given by its index, and the container's namespace may be the host's own.
fn a_parent_by_index_and_a_link_on_the_host() -> Outcome {
    let lab = Lab::new()?;
    let parent = lab.a.handle.link("ens33")?.index;
    let endpoint = Endpoint::new("eth0", parent)?.address("192.168.15.10/24".parse()?);
    let attachment = lab.a.host.attach(&endpoint, &lab.a.netns)?;
    assert_eq!(ip_link(&lab.a.netns, "eth0")["link"], "ens33");
    assert_eq!(attachment.parent(), LinkId::Index(parent));
    assert!(ping_from(&lab.a.netns, "192.168.15.10", "192.168.15.2").is_some());
    lab.a.host.detach(&attachment)?;
    Ok(())
}

/// The attachment's properties match `ip` without a query; `refresh` reads changes.
fn attachment_matches_ip() -> Outcome {
    need(Need::Ipv6)?;
    let lab = Lab::new()?;
    let (container, inside) = started()?;
    lab.a.handle.set_mtu("ens33", 1450)?;
    let endpoint = eth0()?
        .address("192.168.15.10/24".parse()?)
        .address("fd15::10/64 nodad".parse()?)
        .gateway("192.168.15.2".parse()?)
        .route("10.1.0.0/16 via 192.168.15.2".parse()?);
    let mut attachment = lab.a.host.attach(&endpoint, &inside)?;

    let told = ip_link(&inside, "eth0");
    assert_eq!(told["ifname"], attachment.name().as_str());
    assert_eq!(told["ifindex"], attachment.index());
    assert_eq!(told["address"], attachment.mac().to_string());
    assert_eq!(told["link_index"], attachment.parent_index());
    assert_eq!(ip_link(&lab.a.netns, "ens33")["ifindex"], attachment.parent_index());
    assert_eq!(attachment.parent().to_string(), "ens33");
    assert_eq!(attachment.mtu(), None, "nobody asked");
    let listed: Vec<_> = attachment.addresses().iter().map(|one| one.net().to_string()).collect();
    assert_eq!(listed, ip_addresses(&inside, "eth0"));
    let routes: Vec<_> = attachment.routes().iter().map(ToString::to_string).collect();
    assert_eq!(routes, ["default via 192.168.15.2", "10.1.0.0/16 via 192.168.15.2"]);
    let link = std::fs::read_link(format!("/proc/{}/ns/net", container.pid()))?;
    assert_eq!(attachment.netns_id().to_string(), link.to_string_lossy());

    ip_do(&inside, "address del 192.168.15.10/24 dev eth0"); // takes its routes along
    ip_do(&inside, "address add 192.168.15.11/24 dev eth0");
    ip_do(&inside, "route add 10.2.0.0/16 dev eth0 table 7");
    ip_do(&inside, "link set dev eth0 address 02:42:c0:a8:0f:0b mtu 1300 down");
    ip_do(&inside, "link set dev eth0 name wan0 up");
    ip_do(&inside, "route add 10.2.0.0/16 dev wan0 table 7");
    attachment.refresh()?;
    assert_eq!(attachment.name(), "wan0");
    assert_eq!(attachment.mac().to_string(), "02:42:c0:a8:0f:0b");
    assert_eq!(attachment.mtu(), Some(1300));
    let listed: Vec<_> = attachment.addresses().iter().map(|one| one.net().to_string()).collect();
    assert!(listed.contains(&"192.168.15.11/24".to_owned()), "{listed:?}");
    assert!(!listed.contains(&"192.168.15.10/24".to_owned()), "{listed:?}");
    let routes: Vec<_> =
        attachment.routes().iter().map(|one| one.get_destination().to_string()).collect();
    assert!(routes.contains(&"10.2.0.0/16".to_owned()), "{routes:?}");
    assert!(!routes.contains(&"10.1.0.0/16".to_owned()), "{routes:?}");

    lab.a.host.detach(&attachment.clone())?;
    let error = attachment.refresh().unwrap_err();
    assert!(error.is_not_found(), "{error}");
    assert_eq!(lab.a.host.detach(&attachment)?, Detached::AlreadyGone);
    Ok(())
}

macvlan_tests::tests! {
    a_link_alone,
    addresses_of_both_families,
    addresses_as_ip_sets_them,
    duplicate_detection_is_as_said,
    lo_is_set_up_or_left_alone,
    mac_mtu_and_promisc_are_as_said,
    a_parent_by_index_and_a_link_on_the_host,
    attachment_matches_ip,
}
