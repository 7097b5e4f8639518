//! Rules and routes that are not deleted with a link, in a container with several endpoints: each
//! has them as long as it is attached, and the last one deletes them.
#![deny(dead_code)]

use macvlan_core::{
    Access, Attachment, Difference, DifferenceKind, Endpoint, ErrorKind, Host, NetNs,
};
use macvlan_tests::{Need, Outcome, Snapshot, Stage, ip_do, ip_lines, need, settle};

/// A container with `lo` up and another link, for routes.
fn stage() -> Outcome<Stage> {
    let stage = Stage::set()?;
    for command in [
        "link set lo up",
        "link add other type veth peer name end",
        "link set other up",
        "link set end up",
        "address add 10.60.0.2/24 dev other",
    ] {
        ip_do(&stage.inside, command);
    }
    Ok(stage)
}

/// Returns one of several endpoints, whose address ends in this number.
fn endpoint(name: &str, last: u8) -> Outcome<Endpoint> {
    Ok(Endpoint::new(name, "ens33")?.address(format!("192.168.15.{last}/24").parse()?))
}

/// Routes that both request.
fn with_routes(endpoint: Endpoint) -> Outcome<Endpoint> {
    let mut endpoint = endpoint
        .route("blackhole 10.8.0.0/16".parse()?)
        .route("unreachable 10.9.0.0/16 metric 5 table 77".parse()?)
        .route("10.3.0.0/16 via 10.60.0.1 dev other".parse()?);
    if need(Need::Ipv6).is_ok() {
        endpoint = endpoint.route("blackhole fd08::/16".parse()?);
    }
    Ok(endpoint)
}

/// Returns all objects with the mark in a container, including the notes.
fn marked(stage: &Stage) -> Vec<String> {
    let mut all = ip_lines(&stage.inside, "-4 route show table all proto 109");
    all.extend(ip_lines(&stage.inside, "-6 route show table all proto 109"));
    let rules = ip_lines(&stage.inside, "rule show");
    all.extend(rules.into_iter().filter(|rule| rule.contains("proto 109")));
    all
}

fn shared_routes_stay_until_both_are_detached() -> Outcome {
    let stage = stage()?;
    let host = &stage.lab.a.host;
    let before = Snapshot::settled(&stage.inside);
    for first in [0, 1] {
        let both = [with_routes(endpoint("eth0", 10)?)?, with_routes(endpoint("eth1", 11)?)?];
        let attached: Vec<Attachment> =
            both.iter().map(|one| host.attach(one, &stage.inside)).collect::<Result<_, _>>()?;
        host.detach(&attached[first])?;
        assert_eq!(host.check(&both[1 - first], &stage.inside)?, []);
        // Attached and detached again, while the other one stays.
        let again = host.ensure(&both[first], &stage.inside)?.attachment;
        host.detach(&again)?;
        assert_eq!(host.check(&both[1 - first], &stage.inside)?, []);
        host.detach(&attached[1 - first])?;
        settle(&stage.inside);
        before.assert_same(&stage.inside);
    }
    Ok(())
}

/// A container can itself be a host: the routes, rules and links of its own endpoints stay.
fn an_inner_host_keeps_its_own() -> Outcome {
    let stage = stage()?;
    let (host, inside) = (&stage.lab.a.host, &stage.inside);
    let inner = Host::in_netns(inside)?;
    let container = NetNs::anonymous()?;
    for endpoints in [1, 2] {
        let outer: Vec<Attachment> = [("eth0", 10), ("eth1", 11)][..endpoints]
            .iter()
            .map(|(name, last)| Ok(host.attach(&endpoint(name, *last)?, inside)?))
            .collect::<Outcome<_>>()?;
        let on_other = |name: &str, address: &str| -> Outcome<Endpoint> {
            Ok(Endpoint::new(name, "other")?.address(address.parse()?))
        };
        let below = inner.attach(&on_other("eth0", "10.60.0.9/24")?, &container)?;
        let access = inner.access_by(Access::on("other")?.keep(true))?;
        access.add(&below)?;
        let own = on_other("mv0", "10.60.0.8/24")?
            .source_routing(7)
            .route("blackhole 10.8.0.0/16".parse()?);
        let own = inner.attach(&own, inside)?;
        let before = marked(&stage);
        assert!(before.iter().any(|route| route.contains("10.60.0.9 dev other-host")));
        // As it was attached, or as it is found.
        let attached = if endpoints == 1 { host.attachments(inside)? } else { outer };
        assert_eq!(attached.len(), endpoints);
        for result in host.detach_all(&attached) {
            result?;
        }
        assert_eq!(marked(&stage), before);
        inner.detach(&own)?;
        assert_eq!(marked(&stage).len(), 1, "{:?}", marked(&stage));
        drop(access);
        inner.access("other")?.close()?;
        inner.detach(&below)?;
        assert_eq!(marked(&stage), [""; 0]);
    }
    Ok(())
}

/// A rule belongs to the endpoint with its address, and both may have the same.
fn shared_rules_stay_until_both_are_detached() -> Outcome {
    let stage = stage()?;
    let host = &stage.lab.a.host;
    let before = Snapshot::settled(&stage.inside);
    let one = endpoint("eth0", 10)?.source_routing(7);
    // Each has its own route to the subnet in that table.
    let other = Endpoint::new("eth1", "ens33")?.address("192.168.15.10/25".parse()?);
    let other = other.source_routing(7);
    let first = host.attach(&one, &stage.inside)?;
    host.attach(&other, &stage.inside)?;
    host.detach(&first)?;
    assert_eq!(host.check(&other, &stage.inside)?, []);
    for found in host.attachments(&stage.inside)? {
        host.detach(&found)?;
    }
    settle(&stage.inside);
    before.assert_same(&stage.inside);
    Ok(())
}

/// An object that only one requested is deleted with it, whatever other endpoints exist.
fn objects_of_one_endpoint_are_deleted_with_it() -> Outcome {
    let stage = stage()?;
    let host = &stage.lab.a.host;
    host.attach(&endpoint("eth1", 11)?.source_routing(8), &stage.inside)?;
    let before = Snapshot::settled(&stage.inside);
    let attached =
        host.attach(&with_routes(endpoint("eth0", 10)?)?.source_routing(7), &stage.inside)?;
    host.detach(&attached)?;
    settle(&stage.inside);
    before.assert_same(&stage.inside);
    Ok(())
}

/// A refused attach removes its note about an existing object.
fn a_refused_attach_shares_nothing() -> Outcome {
    let stage = stage()?;
    let host = &stage.lab.a.host;
    let attached = host.attach(&with_routes(endpoint("eth0", 10)?)?, &stage.inside)?;
    ip_do(&stage.inside, "route add blackhole 10.99.0.0/16");
    let before = Snapshot::settled(&stage.inside);
    let refused = with_routes(endpoint("eth1", 11)?)?.route("blackhole 10.99.0.0/16".parse()?);
    let error = host.attach(&refused, &stage.inside).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::RouteExists, "{error}");
    settle(&stage.inside);
    before.assert_same(&stage.inside);
    host.detach(&attached)?;
    assert_eq!(marked(&stage), [""; 0]);
    Ok(())
}

/// The process that attached them is gone, and possibly links too: detaching the attachments that
/// are found leaves no objects, in any order and by any method.
fn detaching_found_attachments_leaves_nothing() -> Outcome {
    let stage = stage()?;
    let host = &stage.lab.a.host;
    let before = Snapshot::settled(&stage.inside);
    for way in 0..5 {
        let mut attached = Vec::new();
        for (name, last) in [("eth0", 10), ("eth1", 11), ("eth2", 12)] {
            let mut endpoint = endpoint(name, last)?.source_routing(u32::from(last));
            endpoint = endpoint.route(format!("blackhole 10.{last}.0.0/16").parse()?);
            endpoint = if last == 10 { endpoint } else { with_routes(endpoint)? };
            attached.push(host.attach(&endpoint, &stage.inside)?);
        }
        let mut found = host.attachments(&stage.inside)?;
        assert_eq!(found.len(), 3);
        match way {
            0 => found.iter().try_for_each(|one| host.detach(one).map(drop))?,
            1 => found.iter().rev().try_for_each(|one| host.detach(one).map(drop))?,
            2 => host.detach_all(&found).into_iter().try_for_each(|one| one.map(drop))?,
            // One belongs to a process that still has it, and is detached last.
            3 => {
                found.retain(|one| one.name().as_str() != "eth0");
                host.detach(&found[0])?;
                host.detach(&found[1])?;
                assert!(marked(&stage).iter().any(|line| line.contains("10.10.0.0/16")));
                host.detach(&attached[0])?;
            }
            _ => {
                ip_do(&stage.inside, "link delete eth0");
                ip_do(&stage.inside, "link delete eth2");
                let found = host.attachments(&stage.inside)?;
                assert_eq!(found.len(), 1);
                host.detach(&found[0])?;
            }
        }
        settle(&stage.inside);
        assert_eq!(marked(&stage), [""; 0], "{way}");
        before.assert_same(&stage.inside);
    }
    Ok(())
}

/// A rule of an earlier state would come first, so it is found and deleted; rules of others stay.
fn rules_of_an_earlier_state_are_deleted() -> Outcome {
    let stage = stage()?;
    let (host, inside) = (&stage.lab.a.host, &stage.inside);
    host.attach(&endpoint("eth1", 11)?.source_routing(8), inside)?;
    for rule in ["from 192.168.15.10 table 98 priority 30000", "from 192.168.15.10 table 99"] {
        ip_do(inside, &format!("rule add {rule}"));
    }
    let others = ip_lines(inside, "rule show");
    let ours = || {
        let mut rules = ip_lines(inside, "rule show");
        rules.retain(|rule| !others.contains(rule));
        rules
    };
    let plain = endpoint("eth0", 10)?;
    let (old, new) = (plain.clone().source_routing(20), plain.clone().source_routing(30));
    host.attach(&old, inside)?;
    let found = host.check(&new, inside)?;
    let outdated: Vec<_> =
        found.iter().filter(|one| one.kind() == DifferenceKind::RuleOutdated).collect();
    assert_eq!(outdated.len(), 1, "{found:?}");
    assert!(outdated[0].to_string().contains("table 20"), "{found:?}");
    assert!(
        host.plan_ensure(&new, inside, false)?
            .ends_with("inside: ip rule delete from 192.168.15.10/32 table 20 priority 30000\n")
    );
    assert_eq!(host.ensure(&new, inside)?.repaired, found);
    assert_eq!(host.check(&new, inside)?, []);
    assert!(matches!(&ours()[..], [rule] if rule.contains("lookup 30")), "{:?}", ours());
    // A link that is gone has left its rule.
    ip_do(inside, "link delete eth0");
    let repaired = host.ensure(&old, inside)?.repaired;
    let kinds: Vec<_> = repaired.iter().map(Difference::kind).collect();
    assert_eq!(kinds, [DifferenceKind::LinkMissing, DifferenceKind::RuleOutdated]);
    assert!(matches!(&ours()[..], [rule] if rule.contains("lookup 20")), "{:?}", ours());
    // Another endpoint with the address has the rule too.
    let other = Endpoint::new("eth2", "ens33")?.address("192.168.15.10/25".parse()?);
    let other = host.attach(&other.source_routing(20), inside)?;
    assert_eq!(host.check(&plain, inside)?, []);
    ip_do(inside, "link delete eth2");
    host.ensure(&plain, inside)?;
    assert_eq!(ours(), [""; 0]);
    host.detach(&other)?;
    assert_eq!(ip_lines(inside, "rule show"), others);
    Ok(())
}

macvlan_tests::tests! {
    same_on_every_kernel:
    shared_routes_stay_until_both_are_detached,
    an_inner_host_keeps_its_own,
    shared_rules_stay_until_both_are_detached,
    objects_of_one_endpoint_are_deleted_with_it,
    a_refused_attach_shares_nothing,
    detaching_found_attachments_leaves_nothing,
    rules_of_an_earlier_state_are_deleted,
}
