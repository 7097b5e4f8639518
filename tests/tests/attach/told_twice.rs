//! Routes and rules with the same text, added by the library in one namespace and by `ip` in
//! another: `ip` sees no difference, and the library reads both as they were given.
#![deny(dead_code)]

use macvlan_core::{Handle, Link, LinkId, NetNs, Route, RouteFilter, RouteKind, Rule};
use macvlan_tests::{Need, Outcome, ip, ip_do, ip_lines, need, settle};
use serde_json::Value;

/// Two equal namespaces: a cable with both ends there, and an address of each family.
fn alike() -> Outcome<[(NetNs, Handle); 2]> {
    for what in [Need::Root, Need::Ipv6] {
        need(what)?;
    }
    let one = || -> Outcome<(NetNs, Handle)> {
        let netns = NetNs::anonymous()?;
        let handle = Handle::in_netns(&netns)?;
        handle.add_link(&Link::veth("cable", "other", None)?.up(true))?;
        handle.set_up("other")?;
        for address in ["10.0.0.2/24", "fd00::2/64 nodad"] {
            handle.add_address("cable", &address.parse()?)?;
        }
        settle(&netns);
        Ok((netns, handle))
    };
    Ok([one()?, one()?])
}

/// Returns added routes, as `ip` shows them.
fn seen_routes(netns: &NetNs) -> Vec<Value> {
    let shown = |family| ip(netns, &format!("{family} route show table all proto boot"));
    let all = ["-4", "-6"].map(shown);
    all.iter().filter_map(Value::as_array).flatten().cloned().collect()
}

/// Checks that every given attribute of a route was read.
#[track_caller]
fn assert_route(read: &Route, said: &Route, device: u32) {
    assert_eq!(read.get_kind(), said.get_kind(), "{said}");
    assert_eq!(read.get_gateway(), said.get_gateway(), "{said}");
    assert_eq!(read.get_table(), said.get_table(), "{said}");
    assert_eq!(read.get_mtu(), said.get_mtu(), "{said}");
    assert_eq!(read.get_advmss(), said.get_advmss(), "{said}");
    assert_eq!(read.get_on_link(), said.get_on_link(), "{said}");
    assert_eq!(read.get_source(), said.get_source(), "{said}");
    if said.get_kind() == RouteKind::Unicast {
        assert_eq!(read.get_device(), Some(LinkId::Index(device)), "{said}");
    }
    let v4 = said.get_destination().addr().is_ipv4();
    let metric = said.get_metric().or((!v4).then_some(1024));
    assert_eq!(read.get_metric(), metric, "{said}");
    assert!(said.get_scope().is_none() || read.get_scope() == said.get_scope(), "{said}");
}

/// Each is added by the library here, with the same text by `ip` there, and shown equally.
fn routes_as_ip_sets_them() -> Outcome {
    let [(here, ours), (there, theirs)] = alike()?;
    let device = ours.link("cable")?.index;
    for words in [
        "10.1.0.0/16 via 10.0.0.9 dev cable metric 100",
        "10.2.0.0/16 dev cable table 77 scope link src 10.0.0.2",
        "10.3.0.0/16 via 10.0.0.9 mtu 1400 advmss 1300",
        "10.4.0.0/16 via 192.0.2.1 dev cable onlink",
        "10.5.0.0/16 via inet6 fd00::9 dev cable",
        "10.5.1.1/32 dev cable scope host",
        "10.5.2.0/24 dev cable scope site",
        "10.5.3.0/24 dev cable scope 17",
        "blackhole 10.6.0.0/16",
        "unreachable 10.7.0.0/16 metric 5 table 100000",
        "prohibit 10.8.0.0/16 table 255",
        "default via 10.0.0.9 metric 4000000000",
        "fd01::/32 via fd00::9 dev cable metric 5",
        "fd02::/32 dev cable table 77",
        "fd03::/32 via fd00::9 mtu 1300 advmss 1200",
        "fd04::/32 via fe80::1 dev cable onlink",
        "fd05::/32 dev cable src fd00::2",
        "blackhole fd06::/32",
        "unreachable fd07::1/128 metric 9",
        "prohibit fd08::/32 table 100000",
        "default via fd00::9",
    ] {
        let route: Route = words.parse()?;
        ours.add_route(&route)?;
        ip_do(&there, &format!("route add {words}"));
        let read = |handle: &Handle| -> Outcome<Route> {
            let mut found = handle.find_routes(&RouteFilter::new().protocol(3))?;
            found.retain(|info| info.route.get_destination() == route.get_destination());
            assert_eq!(found.len(), 1, "{words}: {found:?}");
            Ok(found[0].route)
        };
        assert_eq!(read(&ours)?, read(&theirs)?);
        assert_route(&read(&ours)?, &route, device);
    }
    let seen = seen_routes(&here);
    assert_eq!(seen, seen_routes(&there));
    assert_eq!(seen.len(), 21);

    ip_do(
        &here,
        "route add 10.9.0.0/16 nexthop via 10.0.0.8 weight 2 nexthop via 10.0.0.9 dev cable",
    );
    let several = ours.routes()?.into_iter().find(|info| !info.next_hops.is_empty());
    let hops = several.ok_or("no route with several next hops")?.next_hops;
    let hops: Vec<_> = hops.iter().map(|hop| (hop.link, hop.gateway, hop.weight)).collect();
    let gateway = |last| Some([10, 0, 0, last].into());
    assert_eq!(hops, [(device, gateway(8), 2), (device, gateway(9), 1)]);
    Ok(())
}

fn rules_as_ip_sets_them() -> Outcome {
    let [(here, ours), (there, theirs)] = alike()?;
    for words in [
        "from 10.0.0.2/32 table 100 priority 500",
        "from 10.0.0.0/24 to 10.9.0.0/16 table 4000000000 priority 501",
        "from all to 10.8.0.0/16 table main priority 4294967295",
        "from all table 7 priority 502",
        "from fd00::2/128 table 100 priority 500",
        "from fd00::/64 to fd01::/32 table 100000 priority 501",
        "from ::/0 table 9 priority 502",
        "from 10.0.0.3/32 table 8", // the kernel chooses the priority
    ] {
        let rule: Rule = words.parse()?;
        ours.add_rule(&rule)?;
        let family = if rule.get_ipv6() { "-6" } else { "-4" };
        ip_do(&there, &format!("{family} rule add {words}"));
        for handle in [&ours, &theirs] {
            let like = |read: &Rule| {
                (read.get_from(), read.get_to(), read.get_table(), read.get_ipv6())
                    == (rule.get_from(), rule.get_to(), rule.get_table(), rule.get_ipv6())
                    && (rule.get_priority().is_none() || read.get_priority() == rule.get_priority())
            };
            let found = handle.rules()?;
            assert!(found.iter().any(like), "no {words} in {found:?}");
        }
    }
    assert_eq!(ours.rules()?, theirs.rules()?);
    for family in ["-4", "-6"] {
        let shown = |netns| ip_lines(netns, &format!("{family} rule show"));
        assert_eq!(shown(&here), shown(&there));
    }
    Ok(())
}

macvlan_tests::tests! {
    same_on_every_kernel:
    routes_as_ip_sets_them,
    rules_as_ip_sets_them,
}
