//! Gateways and routes of an attached interface, and the effect on existing routes.
#![deny(dead_code)]

use macvlan_core::{Endpoint, NetNs, Result};
use macvlan_tests::{
    Container, Lab, Need, Outcome, Snapshot, ip_do, ip_lines, need, on_each_kernel, ping, sysctl,
};

/// The addresses of a host b that is a router: 10.99.0.1 and `fd99::1` are behind it.
const ROUTER: [&str; 4] =
    ["192.168.15.2/24", "fd15::2/64 nodad", "10.99.0.1/32", "fd99::1/128 nodad"];

fn eth0() -> Result<Endpoint> {
    Endpoint::new("eth0", "ens33")
}

/// A container that exists while its namespace is examined.
fn started() -> Outcome<(Container, NetNs)> {
    let container = Container::start()?;
    let inside = container.netns()?;
    Ok((container, inside))
}

fn default_routes_of_both_families() -> Outcome {
    need(Need::Ipv6)?;
    let lab = Lab::with_addresses(&[], &ROUTER)?;
    let (_container, inside) = started()?;
    let endpoint = eth0()?
        .address("192.168.15.10/24".parse()?)
        .address("fd15::10/64 nodad".parse()?)
        .gateway("fd15::2".parse()?)
        .gateway("192.168.15.2".parse()?)
        .on_link_gateways(true); // changes nothing where the gateway lies in an address's subnet
    lab.a.host.attach(&endpoint, &inside)?;
    assert_eq!(ip_lines(&inside, "-4 route show default"), ["default via 192.168.15.2 dev eth0"]);
    assert_eq!(
        ip_lines(&inside, "-6 route show default"),
        ["default via fd15::2 dev eth0 metric 1024 pref medium"]
    );
    for beyond in ["10.99.0.1", "fd99::1"] {
        assert!(ping(&inside, beyond).is_some(), "{beyond}");
    }
    Ok(())
}

/// A link-local gateway is on every link.
fn a_link_local_gateway() -> Outcome {
    need(Need::Ipv6)?;
    let lab = Lab::with_addresses(&[], &ROUTER)?;
    ip_do(&lab.b.netns, "address add fe80::2/64 dev ens33 nodad");
    let (_container, inside) = started()?;
    // The link's own fe80:: address is the source of the requests for the gateway's MAC address.
    sysctl(&inside, "ipv6/conf/default/accept_dad", "0");
    let endpoint = eth0()?
        .address("fd15::10/64 nodad".parse()?)
        .gateway("fe80::2".parse()?)
        .on_link_gateways(true);
    lab.a.host.attach(&endpoint, &inside)?;
    assert_eq!(
        ip_lines(&inside, "-6 route show default"),
        ["default via fe80::2 dev eth0 metric 1024 pref medium"]
    );
    assert!(ping(&inside, "fd99::1").is_some());
    Ok(())
}

/// Gateways outside every subnet, as hosting providers have them.
fn on_link_gateways() -> Outcome {
    need(Need::Ipv6)?;
    let lab = Lab::with_addresses(&[], &ROUTER)?;
    ip_do(&lab.b.netns, "route add 10.7.7.7/32 dev ens33");
    ip_do(&lab.b.netns, "-6 route add fd77::7/128 dev ens33");
    let (_container, inside) = started()?;
    let endpoint = eth0()?
        .address("10.7.7.7/32".parse()?)
        .address("fd77::7/128 nodad".parse()?)
        .gateway("192.168.15.2".parse()?)
        .gateway("fd15::2".parse()?)
        .on_link_gateways(true);
    lab.a.host.attach(&endpoint, &inside)?;
    assert_eq!(
        ip_lines(&inside, "-4 route show default"),
        ["default via 192.168.15.2 dev eth0 onlink"]
    );
    assert_eq!(
        ip_lines(&inside, "-6 route show default"),
        ["default via fd15::2 dev eth0 metric 1024 onlink pref medium"]
    );
    for beyond in ["10.99.0.1", "fd99::1"] {
        assert!(ping(&inside, beyond).is_some(), "{beyond}");
    }
    Ok(())
}

fn routes_of_every_sort() -> Outcome {
    on_each_kernel();
    need(Need::Ipv6)?;
    let lab = Lab::with_addresses(&[], &ROUTER)?;
    let (_container, inside) = started()?;
    let mut endpoint =
        eth0()?.address("192.168.15.10/24".parse()?).address("fd15::10/64 nodad".parse()?);
    for route in [
        "10.99.0.0/16 via 192.168.15.2 metric 10",
        "10.98.0.0/16 via 192.168.15.2 src 192.168.15.10 mtu 1400 advmss 1300",
        "10.97.0.0/16",
        "10.96.0.0/16 via 192.168.15.2 dev eth0 table 1000",
        "default via inet6 fd15::2",
        "blackhole 10.95.0.0/16",
        "fd99::/16 via fd15::2",
        "unreachable fd95::/16 metric 3",
    ] {
        endpoint = endpoint.route(route.parse()?);
    }
    let before = Snapshot::of(&inside);
    let attachment = lab.a.host.attach(&endpoint.lo_up(false), &inside)?;
    assert_eq!(
        ip_lines(&inside, "-4 route show"),
        [
            "default via inet6 fd15::2 dev eth0",
            "blackhole 10.95.0.0/16 proto 109",
            "10.97.0.0/16 dev eth0 scope link",
            "10.98.0.0/16 via 192.168.15.2 dev eth0 src 192.168.15.10 mtu 1400 advmss 1300",
            "10.99.0.0/16 via 192.168.15.2 dev eth0 metric 10",
            "192.168.15.0/24 dev eth0 proto kernel scope link src 192.168.15.10",
        ]
    );
    assert_eq!(
        ip_lines(&inside, "-4 route show table 1000"),
        ["10.96.0.0/16 via 192.168.15.2 dev eth0"]
    );
    let v6 = ip_lines(&inside, "-6 route show");
    for route in [
        "fd99::/16 via fd15::2 dev eth0 metric 1024 pref medium",
        "unreachable fd95::/16 dev lo proto 109 metric 3 pref medium",
    ] {
        assert!(v6.contains(&route.to_owned()), "no {route:?} in {v6:#?}");
    }
    assert!(ping(&inside, "10.99.0.1").is_some());
    assert!(ping(&inside, "fd99::1").is_some());
    lab.a.host.detach(&attachment)?;
    before.assert_same(&inside);
    Ok(())
}

/// Detaching deletes exactly the routes that attaching added, and no similar ones.
fn detaching_leaves_others_routes() -> Outcome {
    need(Need::Ipv6)?;
    let lab = Lab::new()?;
    let (_container, inside) = started()?;
    for route in ["blackhole 10.1.0.0/16 metric 5", "blackhole fd01::/16 metric 5"] {
        ip_do(&inside, &format!("route add {route}"));
    }
    let before = Snapshot::of(&inside);
    let endpoint = eth0()?
        .route("blackhole 10.1.0.0/16".parse()?)
        .route("blackhole fd01::/16".parse()?)
        .lo_up(false);
    let mut attachment = lab.a.host.attach(&endpoint, &inside)?;
    assert_eq!(ip_lines(&inside, "-6 route show fd01::/16").len(), 2);
    attachment.refresh()?;
    lab.a.host.detach(&attachment)?;
    before.assert_same(&inside);
    Ok(())
}

/// Every kind of default route is replaced. Other routes stay, and so do the endpoint's own further
/// ones.
fn default_routes_are_replaced() -> Outcome {
    on_each_kernel();
    need(Need::Ipv6)?;
    let lab = Lab::with_addresses(&[], &ROUTER)?;
    let (_container, inside) = started()?;
    let first = Endpoint::new("net0", "ens33")?
        .address("192.168.15.20/24".parse()?)
        .address("fd15::20/64 nodad".parse()?);
    lab.a.host.attach(&first, &inside)?;
    ip_do(&inside, "nexthop add id 1 via 192.168.15.2 dev net0");
    for route in [
        "default via 192.168.15.2",
        "default via 192.168.15.2 metric 5 mtu 1400",
        "default metric 7 nexthop via 192.168.15.2 nexthop via 192.168.15.1",
        "default nhid 1 metric 9",
        "unreachable default metric 4000",
        "default via fd15::2 metric 5",
        "default metric 7 nexthop via fd15::1 nexthop via fd15::2",
        "default via 192.168.15.2 table 77",
        "0.0.0.0/1 via 192.168.15.2",
    ] {
        ip_do(&inside, &format!("route add {route}"));
    }
    let endpoint = eth0()?
        .address("192.168.15.10/24".parse()?)
        .address("fd15::10/64 nodad".parse()?)
        .gateway("192.168.15.2".parse()?)
        .route("default via 192.168.15.1 metric 50".parse()?)
        .replace_default_route(true);
    lab.a.host.attach(&endpoint, &inside)?;
    assert_eq!(
        ip_lines(&inside, "-4 route show default"),
        ["default via 192.168.15.2 dev eth0", "default via 192.168.15.1 dev eth0 metric 50"]
    );
    assert_eq!(ip_lines(&inside, "-6 route show default").len(), 4, "IPv6 was not asked for");
    assert_eq!(ip_lines(&inside, "-4 route show table 77").len(), 1);
    assert_eq!(ip_lines(&inside, "-4 route show 0.0.0.0/1").len(), 1);

    let endpoint = Endpoint::new("eth1", "ens33")?
        .address("fd15::11/64 nodad".parse()?)
        .gateway("fd15::2".parse()?)
        .replace_default_route(true);
    lab.a.host.attach(&endpoint, &inside)?;
    assert_eq!(
        ip_lines(&inside, "-6 route show default"),
        ["default via fd15::2 dev eth1 metric 1024 pref medium"]
    );
    assert_eq!(ip_lines(&inside, "-4 route show default").len(), 2, "IPv4 was not asked for");
    Ok(())
}

/// A default route of others that came later is found, and replaced as by an attach.
fn later_default_routes_are_replaced() -> Outcome {
    need(Need::Ipv6)?;
    let (lab, (_container, inside)) = (Lab::new()?, started()?);
    for line in [
        "link add other type veth peer name end",
        "link set other up",
        "link set end up",
        "address add 10.60.0.2/24 dev other",
        "address add fd60::2/64 dev other nodad",
    ] {
        ip_do(&inside, line);
    }
    let endpoint = eth0()?
        .address("192.168.15.10/24".parse()?)
        .address("fd15::10/64 nodad".parse()?)
        .gateway("192.168.15.2".parse()?)
        .gateway("fd15::2".parse()?);
    let replacing = endpoint.clone().replace_default_route(true);
    lab.a.host.attach(&replacing, &inside)?;
    assert_eq!(lab.a.host.check(&replacing, &inside)?, []);
    let defaults = || {
        let mut all = ip_lines(&inside, "-4 route show default");
        all.extend(ip_lines(&inside, "-6 route show default"));
        all
    };
    let before = defaults();
    for (line, words) in [
        ("route add default via 10.60.0.1 metric 100", "via 10.60.0.1"),
        ("route prepend default via 10.60.0.1", "via 10.60.0.1"),
        ("route add default metric 5 nexthop via 10.60.0.1 nexthop via 10.60.0.3", "metric 5"),
        ("-6 route add default via fd60::1 metric 100", "via fd60::1"),
    ] {
        ip_do(&inside, line);
        assert_eq!(lab.a.host.check(&endpoint, &inside)?, [], "{line}");
        let found = lab.a.host.check(&replacing, &inside)?;
        let text = found.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ");
        assert!(text.contains(words) && text.contains("should be replaced by"), "{line}: {text}");
        assert_eq!(lab.a.host.ensure(&replacing, &inside)?.repaired, found, "{line}");
        assert_eq!(defaults(), before, "{line}");
        assert_eq!(lab.a.host.check(&replacing, &inside)?, []);
    }
    Ok(())
}

macvlan_tests::tests! {
    same_on_every_kernel:
    default_routes_of_both_families,
    a_link_local_gateway,
    on_link_gateways,
    routes_of_every_sort,
    detaching_leaves_others_routes,
    default_routes_are_replaced,
    later_default_routes_are_replaced,
}
