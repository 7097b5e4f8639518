//! The pool: namespaces with their link already inside.
#![deny(dead_code)]

use macvlan_core::{
    Detached, Endpoint, Error, ErrorKind, Link, MacvlanOptions, Mode, NetNs, Parent,
};
use macvlan_tests::{
    Container, Lab, Need, Outcome, PATIENCE, eventually, ip, ip_addresses, ip_lines, ip_link, need,
    ping, settle,
};

fn full(name: &str) -> Outcome<Endpoint> {
    Ok(Endpoint::new(name, "ens33")?
        .mac("02:42:c0:a8:0f:0a".parse()?)
        .address("192.168.15.10/24".parse()?)
        .address("fd15::10/64 nodad".parse()?)
        .gateway("192.168.15.2".parse()?)
        .gateway("fd15::2".parse()?)
        .route("10.9.0.0/16 via 192.168.15.2".parse()?)
        .alias("from the pool"))
}

/// Returns the state of a namespace as `ip` shows it, except values that are not the endpoint's:
/// indices, counters and lifetimes.
fn told(netns: &NetNs) -> Vec<String> {
    settle(netns);
    let mut lines = Vec::new();
    for what in ["-4 route show table all", "-6 route show table all", "rule show"] {
        lines.extend(ip_lines(netns, what));
    }
    lines.extend(ip_addresses(netns, "eth0"));
    let shown = ip(netns, "link show");
    for link in shown.as_array().into_iter().flatten() {
        for what in ["ifname", "flags", "mtu", "address", "group", "txqlen", "linkinfo", "ifalias"]
        {
            lines.push(format!("{what}: {}", link[what]));
        }
    }
    lines
}

fn pool_has_prepared_links() -> Outcome {
    let lab = Lab::new()?;
    let pool = lab.a.host.pool("ens33", 3)?;
    assert_eq!((pool.len(), pool.is_empty()), (3, false));
    let parent = ip_link(&lab.a.netns, "ens33")["ifindex"].clone();
    for netns in pool.namespaces() {
        let link = ip_link(&netns, "eth0");
        assert_eq!(link["linkinfo"]["info_data"]["mode"], "bridge");
        assert_eq!(link["link_index"], parent);
        assert!(!link["flags"].to_string().contains("\"UP\""), "{link}");
        assert!(ip_link(&netns, "lo")["flags"].to_string().contains("\"UP\""));
        assert!(ip_lines(&netns, "-4 route show").is_empty());
    }
    Ok(())
}

/// An endpoint from the pool is equal to one attached directly.
fn attached_from_the_pool_it_is_as_attached() -> Outcome {
    need(Need::Ipv6)?;
    let lab = Lab::new()?;
    let plain = NetNs::anonymous()?;
    lab.a.host.detach(&lab.a.host.attach(&full("eth0")?, &plain)?)?;
    lab.a.host.attach(&full("eth0")?, &plain)?;
    let wanted = told(&plain);
    drop(plain);

    let pool = lab.a.host.pool("ens33", 2)?;
    let first = pool.namespaces().remove(0);
    let endpoint = full("eth0")?.mac_conflict_timeout(PATIENCE);
    let mut attachment = pool.attach(&endpoint);
    // The plain one has the MAC address until its namespace has ended.
    eventually("its namespace does not die", || {
        let is_taken = |error: &Error| error.kind() == ErrorKind::MacInUse;
        let taken = attachment.as_ref().is_err_and(is_taken);
        if taken {
            attachment = pool.attach(&endpoint);
        }
        Ok(!taken)
    })?;
    let (netns, attachment) = attachment?;
    assert!(pool.len() < 2);
    if pool.len() == 1 {
        assert!(netns.same_as(&first), "the first that was ready");
    }
    assert_eq!(told(&netns), wanted);
    assert_eq!(attachment.mac().to_string(), "02:42:c0:a8:0f:0a");
    assert_eq!(ip_link(&netns, "eth0")["ifindex"], attachment.index());
    assert_eq!(attachment.addresses().len(), 2);
    Ok(())
}

/// A process joins the namespace, and is on the network.
fn a_container_starts_in_it() -> Outcome {
    let lab = Lab::new()?;
    let pool = lab.a.host.pool("ens33", 1)?;
    let endpoint = Endpoint::new("net7", "ens33")?.address("192.168.15.10/24".parse()?);
    let (netns, attachment) = pool.attach(&endpoint)?;
    let container = Container::start_in(&netns)?;
    let inside = container.netns()?;
    assert!(inside.same_as(&attachment.netns()?));
    drop(netns);
    assert_eq!(attachment.name().as_str(), "net7");
    assert_eq!(ip_link(&inside, "net7")["address"], attachment.mac().to_string());
    assert!(ping(&inside, "192.168.15.2").is_some());
    assert!(pool.is_empty());
    // An empty pool creates one on demand.
    let (more, _) =
        pool.attach(&Endpoint::new("eth0", "ens33")?.address("192.168.15.11/24".parse()?))?;
    assert!(ping(&more, "192.168.15.10").is_some());
    assert_eq!(pool.fill()?, 1);
    assert_eq!(pool.fill()?, 0);
    assert_eq!(lab.a.host.detach(&attachment)?, Detached::Removed);
    assert_eq!(ip(&inside, "link show").as_array().map(Vec::len), Some(1));
    Ok(())
}

/// Options that can no longer be set are refused, and the pool is unchanged.
fn pool_refuses_endpoints_with_other_options() -> Outcome {
    let lab = Lab::new()?;
    let pool = lab.a.host.pool("ens33", 1)?;
    for endpoint in [
        full("eth0")?.mtu(1400),
        full("eth0")?.mode(Mode::Private)?,
        full("eth0")?.lo_up(false),
        Endpoint::new("eth0", "ens34")?,
        Endpoint::macvtap("eth0", "ens33")?,
    ] {
        let error = pool.attach(&endpoint).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::InvalidValue, "{error}");
    }
    assert_eq!(pool.len(), 1);
    let pool = lab.a.host.pool_of(Endpoint::new("eth0", "ens33")?.mtu(1400), 1)?;
    let (netns, _) = pool.attach(&Endpoint::new("eth0", "ens33")?.mtu(1400))?;
    assert_eq!(ip_link(&netns, "eth0")["mtu"], 1400);
    Ok(())
}

/// A refusal by the kernel costs the namespace, and the error names the cause. Without a parent,
/// creating the pool fails.
fn pool_reports_refusals_of_the_kernel() -> Outcome {
    let lab = Lab::new()?;
    let pool = lab.a.host.pool("ens33", 2)?;
    let taken = pool.namespaces().remove(0);
    let error = pool.attach(&full("eth0")?.gateway("10.1.2.3".parse()?)).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::InvalidValue, "two gateways of one family: {error}");
    assert_eq!(pool.len(), 2, "what is wrong with the values costs no namespace");
    let wrong = Endpoint::new("eth0", "ens33")?.gateway("10.1.2.3".parse()?);
    let error = pool.attach(&wrong).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::GatewayUnreachable, "{error}");
    assert!(error.leftovers().is_empty(), "{error}");
    assert_eq!(ip(&taken, "link show").as_array().map(Vec::len), Some(1));
    assert!(pool.attach(&full("eth0")?).is_ok());
    let error = lab.a.host.pool("ens99", 1).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::ParentNotFound);
    Ok(())
}

/// A pool leaves no links on the parent: a passthru link, which needs it exclusively, is possible
/// again as soon as the namespaces have ended.
fn unused_links_are_deleted_with_the_pool() -> Outcome {
    let lab = Lab::new()?;
    let alone = Link::macvlan("alone", "ens33", MacvlanOptions::new(Mode::Passthru))?;
    let pool = lab.a.host.pool("ens33", 3)?;
    let error = lab.a.handle.add_link(&alone).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::PassthruConflict, "{error}");
    drop(pool);
    eventually("something of it is on the parent", || Ok(lab.a.handle.add_link(&alone).is_ok()))
}

/// A VLAN is created for the pool, and exists until its last user is gone.
fn on_a_parent_made_on_demand() -> Outcome {
    need(Need::Vlan)?;
    let lab = Lab::new()?;
    let pool = lab.a.host.pool("ens33.100", 2)?;
    assert_eq!(ip_link(&lab.a.netns, "ens33.100")["group"], Parent::ON_DEMAND_GROUP.to_string());
    let endpoint = Endpoint::new("eth0", "ens33.100")?.address("10.100.0.2/24".parse()?);
    let (_netns, attachment) = pool.attach(&endpoint)?;
    lab.a.host.detach(&attachment)?;
    assert!(lab.a.handle.link("ens33.100").is_ok(), "the pool still uses it");
    drop(pool);
    eventually("it is still there", || {
        lab.a.host.remove_unused_parents()?;
        Ok(lab.a.handle.link("ens33.100").is_err())
    })
}

macvlan_tests::tests! {
    same_on_every_kernel:
    pool_has_prepared_links,
    attached_from_the_pool_it_is_as_attached,
    a_container_starts_in_it,
    pool_refuses_endpoints_with_other_options,
    pool_reports_refusals_of_the_kernel,
    unused_links_are_deleted_with_the_pool,
    on_a_parent_made_on_demand,
}
