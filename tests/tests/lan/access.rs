//! A host and its own containers reach each other, and moved addresses are restored completely.
#![deny(dead_code)]

use std::net::IpAddr;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use macvlan_core::{
    Access, AddressFilter, Attachment, Endpoint, ErrorKind, Event, Family, Host, HostAccess, Mode,
    NetNs, Result,
};
use macvlan_tests::{
    Actor, Lab, Need, Outcome, Snapshot, eventually, ip, ip_addresses, ip_batch, ip_do, ip_lines,
    need, on_each_kernel, path_of, ping, quick, settle, silent, sysctl, takes_long_in_the_guest,
};
use nix::sys::resource::{Resource, setrlimit};
use serde_json::{Deserializer, Value};

use crate::fault_injection::{Call, Fault, with_faults};

/// A deadline that is longer than any of these tests.
pub(crate) const SOON: Duration = Duration::from_secs(600);

pub(crate) fn eth0(last: u8) -> Result<Endpoint> {
    Ok(Endpoint::new("eth0", "ens33")?
        .address(format!("192.168.15.{last}/24").parse()?)
        .address(format!("fd15::{last:x}/64 nodad").parse()?))
}

pub(crate) fn links(netns: &NetNs) -> Vec<String> {
    let all = ip(netns, "link show");
    let names = all.as_array().into_iter().flatten().filter_map(|link| link["ifname"].as_str());
    names.map(str::to_owned).collect()
}

/// A host with a router: host b, 192.168.15.2 and `fd15::2`.
pub(crate) fn routed() -> Outcome<Lab> {
    need(Need::Ipv6)?;
    let lab = Lab::new()?;
    ip_do(&lab.a.netns, "route add default via 192.168.15.2 dev ens33 metric 100");
    ip_do(
        &lab.a.netns,
        "route add 10.9.0.0/16 via 192.168.15.2 dev ens33 src 192.168.15.1 mtu 1400",
    );
    ip_do(&lab.a.netns, "-6 route add default via fd15::2 dev ens33 metric 77");
    ip_do(&lab.a.netns, "route add 10.8.0.0/16 via 192.168.15.2 dev ens33 table 7");
    // Addresses behind the router.
    ip_do(&lab.b.netns, "address add 10.1.1.1/32 dev lo");
    ip_do(&lab.b.netns, "address add fd99::1/128 dev lo nodad");
    Ok(lab)
}

/// Checks that the host reaches its router and addresses behind it, and is reached from there.
#[track_caller]
pub(crate) fn assert_reaches_the_network(lab: &Lab) {
    for ip in ["192.168.15.2", "fd15::2", "10.1.1.1", "fd99::1"] {
        assert!(ping(&lab.a.netns, ip).is_some(), "the host does not reach {ip}");
    }
    for ip in ["192.168.15.1", "fd15::1"] {
        assert!(ping(&lab.b.netns, ip).is_some(), "{ip} cannot be reached");
    }
}

/// In both directions and families.
#[track_caller]
pub(crate) fn assert_reach_each_other(host: &NetNs, container: &NetNs, last: u8) {
    for (theirs, ours) in
        [(format!("192.168.15.{last}"), "192.168.15.1"), (format!("fd15::{last:x}"), "fd15::1")]
    {
        assert!(ping(host, theirs.as_str()).is_some(), "the host does not reach {theirs}");
        assert!(ping(container, ours).is_some(), "the container does not reach {ours}");
    }
}

fn without_it_they_do_not_reach_each_other() -> Outcome {
    let lab = Lab::new()?;
    let inside = NetNs::anonymous()?;
    lab.a.host.attach(&eth0(10)?, &inside)?;
    assert!(silent(&lab.a.netns, "192.168.15.10"));
    assert!(silent(&inside, "192.168.15.1"));
    Ok(())
}

/// With the parent's borrowed addresses. The link is deleted with the last container, and created
/// again.
fn host_and_containers_reach_each_other() -> Outcome {
    on_each_kernel();
    let lab = routed()?;
    let before = Snapshot::settled(&lab.a.netns);
    let access = lab.a.host.access("ens33")?;
    assert_eq!(access.name().map(|name| name.to_string()), Some("ens33-host".to_owned()));
    for _ in 0..2 {
        let (one, other) = (NetNs::anonymous()?, NetNs::anonymous()?);
        let first = access.attach(&eth0(10)?, &one)?;
        let second = access.attach(&eth0(11)?, &other)?;
        assert_reach_each_other(&lab.a.netns, &one, 10);
        assert_reach_each_other(&lab.a.netns, &other, 11);
        assert_reaches_the_network(&lab);
        assert_eq!(access.routes().len(), 4);

        access.detach(&first)?;
        assert!(silent(&lab.a.netns, "192.168.15.10"));
        assert_reach_each_other(&lab.a.netns, &other, 11);
        access.detach(&second)?;
        before.assert_same(&lab.a.netns);
        assert_eq!(access.name(), None);
    }
    assert_reaches_the_network(&lab);
    Ok(())
}

/// Other hosts keep the parent's MAC address for the host.
fn others_are_answered_by_the_parent() -> Outcome {
    let lab = Lab::new()?;
    let access = lab.a.host.access("ens33")?;
    let inside = NetNs::anonymous()?;
    access.attach(&eth0(10)?, &inside)?;
    let parents = lab.a.handle.link("ens33")?.mac.ok_or("no MAC address")?;
    for _ in 0..10 {
        ip_do(&lab.b.netns, "neigh flush all");
        assert!(ping(&lab.b.netns, "192.168.15.1").is_some());
        let entry = ip(&lab.b.netns, "neigh show 192.168.15.1");
        assert_eq!(entry[0]["lladdr"], parents.to_string());
    }
    Ok(())
}

/// Works with strict reverse path filtering.
fn strict_reverse_path_filtering_is_minded() -> Outcome {
    let lab = routed()?;
    for which in ["all", "default", "ens33"] {
        sysctl(&lab.a.netns, &format!("ipv4/conf/{which}/rp_filter"), "1");
    }
    let access = lab.a.host.access("ens33")?;
    let inside = NetNs::anonymous()?;
    access.attach(&eth0(10)?, &inside)?;
    assert_reach_each_other(&lab.a.netns, &inside, 10);
    assert_reaches_the_network(&lab);
    let moving = access.move_addresses(SOON)?;
    assert_reach_each_other(&lab.a.netns, &inside, 10);
    assert_reaches_the_network(&lab);
    moving.undo()?;
    assert_reaches_the_network(&lab);
    Ok(())
}

fn an_address_of_its_own_and_a_prefix() -> Outcome {
    need(Need::Ipv6)?;
    let lab = Lab::new()?;
    let wanted = Access::on("ens33")?
        .name("shim".parse()?)
        .address("192.168.15.250".parse()?)
        .address("fd15::250".parse()?)
        .route("192.168.15.64/26".parse().map_err(|_| "no prefix")?);
    let access = lab.a.host.access_by(wanted)?;
    assert_eq!(ip_addresses(&lab.a.netns, "shim"), ["192.168.15.250/32", "fd15::250/128"]);
    let inside = NetNs::anonymous()?;
    access.attach(&eth0(70)?, &inside)?;
    let routes = ip_lines(&lab.a.netns, "-4 route show dev shim");
    assert_eq!(routes, ["192.168.15.64/26 proto 109 scope link"]);
    for ip in ["192.168.15.70", "fd15::46"] {
        assert!(ping(&lab.a.netns, ip).is_some(), "{ip}");
    }
    for ip in ["192.168.15.250", "fd15::250"] {
        assert!(ping(&inside, ip).is_some(), "{ip}");
    }
    Ok(())
}

/// On an on-demand VLAN, which is deleted with its last user, even if that is the host.
fn on_a_vlan_that_is_made_on_demand() -> Outcome {
    need(Need::Vlan)?;
    let lab = Lab::new()?;
    let before = Snapshot::settled(&lab.a.netns);
    let bare = lab.a.host.access("ens33.100").unwrap_err();
    assert!(bare.to_string().contains("no address to borrow"), "{bare}");
    let wanted = Access::on("ens33.100")?.address("10.0.0.1".parse()?);
    let access = lab.a.host.access_by(wanted)?;
    let inside = NetNs::anonymous()?;
    let endpoint = Endpoint::new("eth0", "ens33.100")?.address("10.0.0.2/24".parse()?);
    let attachment = access.attach(&endpoint, &inside)?;
    assert!(ping(&lab.a.netns, "10.0.0.2").is_some());
    assert!(ping(&inside, "10.0.0.1").is_some());
    access.detach(&attachment)?;
    before.assert_same(&lab.a.netns);
    Ok(())
}

/// A container that was attached without access is added. Dropping the access deletes the link,
/// unless it is kept; then it is found again.
fn dropped_or_kept() -> Outcome {
    let lab = Lab::new()?;
    let inside = NetNs::anonymous()?;
    let attachment = lab.a.host.attach(&eth0(10)?, &inside)?;
    let before = Snapshot::settled(&lab.a.netns);
    let access = lab.a.host.access("ens33")?;
    access.add(&attachment)?;
    assert!(ping(&lab.a.netns, "192.168.15.10").is_some());
    drop(access);
    before.assert_same(&lab.a.netns);
    assert!(ping(&inside, "192.168.15.2").is_some(), "the container stays");

    let kept = || lab.a.host.access_by(Access::on("ens33")?.keep(true));
    let access = kept()?;
    access.add(&attachment)?;
    let index = access.index();
    drop(access);
    assert!(ping(&lab.a.netns, "192.168.15.10").is_some());
    let access = kept()?;
    assert_eq!(access.index(), index, "it is the same");
    access.add(&attachment)?;
    access.remove(&attachment)?;
    assert!(silent(&lab.a.netns, "192.168.15.10"));
    assert!(links(&lab.a.netns).contains(&"ens33-host".to_owned()));
    drop(access);
    lab.a.host.access("ens33")?.close()?;
    before.assert_same(&lab.a.netns);
    Ok(())
}

fn impossible_endpoints_are_refused() -> Outcome {
    let lab = Lab::new()?;
    let inside = NetNs::anonymous()?;
    let access = lab.a.host.access("ens33")?;
    let (outside, within) = (Snapshot::settled(&lab.a.netns), Snapshot::settled(&inside));
    let private = access.attach(&eth0(10)?.mode(Mode::Private)?, &inside);
    assert!(private.unwrap_err().is_invalid_value());
    let missing = access.attach(&Endpoint::new("eth0", "ens34")?, &inside).unwrap_err();
    assert_eq!(missing.kind(), ErrorKind::ParentNotFound, "{missing}");
    // A route of others.
    ip_do(&lab.a.netns, "route add 192.168.15.10/32 dev ens33");
    let taken = access.attach(&eth0(10)?, &inside).unwrap_err();
    assert_eq!(taken.kind(), ErrorKind::RouteExists, "{taken}");
    ip_do(&lab.a.netns, "route del 192.168.15.10/32 dev ens33");
    outside.assert_same(&lab.a.netns);
    within.assert_same(&inside);

    let bare = Lab::with_addresses(&[], &[])?;
    let error = bare.a.host.access("ens33").unwrap_err();
    assert!(error.to_string().contains("no address to borrow"), "{error}");
    let error = bare.a.host.access("ens99").unwrap_err();
    assert_eq!(error.kind(), ErrorKind::ParentNotFound, "{error}");
    Ok(())
}

/// No route leads to an address that cannot be a container's: an endpoint with one is refused, and
/// one that was added inside gets none.
fn others_addresses_get_no_route() -> Outcome {
    let lab = routed()?;
    let inside = NetNs::anonymous()?;
    let access = lab.a.host.access("ens33")?;
    let before = Snapshot::settled(&lab.a.netns);
    for (address, why) in [
        ("192.168.15.2/24", "is that of a gateway of the host"),
        ("192.168.15.1/24", "is also an address of the host"),
        ("fd15::2/64 nodad", "is that of a gateway of the host"),
    ] {
        let error = access.attach(&eth0(10)?.address(address.parse()?), &inside).unwrap_err();
        assert!(error.is_invalid_value() && error.to_string().contains(why), "{error}");
        before.assert_same(&lab.a.netns);
    }
    // Addresses that the caller has chosen may be in any other subnet.
    let outside = Endpoint::new("eth0", "ens33")?.address("10.30.0.5/24".parse()?);
    let attachment = access.attach(&outside, &inside)?;
    assert_eq!(access.routes(), ["10.30.0.5/32".parse()?]);
    access.detach(&attachment)?;
    let attachment = lab.a.host.attach(&eth0(10)?, &inside)?;
    for address in ["192.168.15.2/32", "192.168.15.1/32", "8.8.8.8/32", "fd15::2/128 nodad"] {
        ip_do(&inside, &format!("address add {address} dev eth0"));
    }
    for found in lab.a.host.attachments(&inside)? {
        access.add(&found)?;
    }
    let mut routes: Vec<String> = access.routes().iter().map(ToString::to_string).collect();
    routes.sort();
    assert_eq!(routes, ["192.168.15.10/32", "fd15::a/128"]);
    assert_reaches_the_network(&lab);
    // The router's routes lead through the host's link while the addresses are there.
    let moved = access.move_addresses(SOON)?;
    for found in lab.a.host.attachments(&inside)? {
        access.add(&found)?;
    }
    moved.undo()?;
    assert_eq!(access.routes().len(), 2);
    assert_reaches_the_network(&lab);
    access.detach(&attachment)?;
    // A subnet that the caller names, in this or an earlier session.
    ip_do(&lab.a.netns, "route delete default");
    let named = Access::on("ens33")?.route("10.20.0.0/24".parse()?).keep(true);
    let access = lab.a.host.access_by(named)?;
    let endpoint = Endpoint::new("eth0", "ens33")?.address("10.20.0.5/24".parse()?);
    let attachment = access.attach(&endpoint, &inside)?;
    drop(access);
    let access = lab.a.host.access("ens33")?;
    access.add(&attachment)?;
    assert_eq!(ip(&lab.a.netns, "route get 10.20.0.5")[0]["dev"], "ens33-host");
    Ok(())
}

/// Returns addresses, routes, rules and the changed sysctl, without order: the order of two local
/// routes to one address does not matter.
fn seen(netns: &NetNs) -> Vec<String> {
    let mut all = Vec::new();
    let routes = "route show table all";
    for (options, questions) in [
        ("-d -j", vec!["address show"]),
        ("-j -4", vec![routes, "rule"]),
        ("-j -6", vec![routes, "rule"]),
    ] {
        let answers = ip_batch(netns, options, &questions);
        let answers = Deserializer::from_str(&answers).into_iter::<Value>().flatten();
        for mut one in answers.flat_map(|answer| answer.as_array().cloned().unwrap_or_default()) {
            // Other parts of a link's state change by themselves; this is about its addresses.
            let addresses = one["addr_info"].as_array_mut().map(std::mem::take);
            for address in addresses.into_iter().flatten() {
                all.push(format!("{}: {address}", one["ifname"]));
            }
            if one["ifname"].is_null() {
                all.push(format!("{options}: {one}"));
            }
        }
    }
    let filter = netns.run(|| std::fs::read_to_string("/proc/sys/net/ipv4/conf/ens33/arp_filter"));
    all.push(format!("{filter:?}"));
    all.sort();
    all
}

/// A host with access, and a container at .10.
fn ready(lab: &Lab) -> Outcome<(HostAccess, NetNs)> {
    let access = lab.a.host.access("ens33")?;
    let inside = NetNs::anonymous()?;
    access.attach(&eth0(10)?, &inside)?;
    Ok((access, inside))
}

/// Moved, confirmed, and moved back when the access is closed.
fn addresses_are_moved_and_moved_back() -> Outcome {
    on_each_kernel();
    let lab = routed()?;
    ip_do(&lab.a.netns, "address add 192.168.15.101/24 dev ens33"); // a secondary one
    ip_do(&lab.a.netns, "address add 172.30.0.1/16 dev ens33 noprefixroute");
    ip_do(&lab.a.netns, "route add 172.30.0.0/16 dev ens33 proto kernel scope link metric 5");
    let inside = NetNs::anonymous()?;
    let attachment = lab.a.host.attach(&eth0(10)?, &inside)?;
    let before = Snapshot::settled(&lab.a.netns);
    let access = lab.a.host.access("ens33")?;
    access.add(&attachment)?;
    let moving = access.move_addresses(SOON)?;
    assert!(moving.is_pending());
    assert_eq!(ip_addresses(&lab.a.netns, "ens33"), [""; 0]);
    let default = ip_lines(&lab.a.netns, "route show default");
    assert_eq!(default, ["default via 192.168.15.2 dev ens33-host metric 100"]);
    let routes = ip_lines(&lab.a.netns, "route show table all dev ens33 type unicast");
    assert!(!routes.iter().any(|route| route.contains("via")), "{routes:?}");
    assert_reaches_the_network(&lab);
    assert_reach_each_other(&lab.a.netns, &inside, 10);
    moving.confirm()?;
    assert_reaches_the_network(&lab);
    let again = access.move_addresses(SOON).unwrap_err();
    assert!(again.is_invalid_value(), "{again}");
    access.close()?;
    before.assert_same(&lab.a.netns);
    assert_reaches_the_network(&lab);
    Ok(())
}

/// Without confirmation, everything is restored at the deadline.
fn unconfirmed_it_undoes_itself() -> Outcome {
    let lab = routed()?;
    let (access, inside) = ready(&lab)?;
    Snapshot::settled(&lab.a.netns);
    let before = seen(&lab.a.netns);
    let of_parent = || -> Outcome<usize> {
        let wanted = AddressFilter::new().family(Family::V4).link(lab.a.parent);
        Ok(lab.a.handle.find_addresses(&wanted)?.len())
    };
    let moving = access.move_addresses(Duration::from_secs(4))?;
    assert_eq!(of_parent()?, 0);
    assert!(moving.is_pending());
    eventually("it does not undo itself", || Ok(!moving.is_pending()))?;
    assert_eq!(of_parent()?, 1);
    settle(&lab.a.netns);
    assert_eq!(seen(&lab.a.netns), before);
    assert_eq!(moving.confirm().unwrap_err().kind(), ErrorKind::TimedOut);
    assert_reaches_the_network(&lab);
    assert_reach_each_other(&lab.a.netns, &inside, 10);

    drop(access.move_addresses(SOON)?); // immediately
    settle(&lab.a.netns);
    assert_eq!(seen(&lab.a.netns), before);
    let _moving = access.move_addresses(SOON)?;
    access.close()?; // deletes the link, and so has to move them back before
    assert_reaches_the_network(&lab);
    Ok(())
}

/// A configuration as set up by cloud images and network managers: a single-host address with its
/// gateway on the link, addresses with a label, without a subnet route and with a metric, and
/// routes of others that differ only in the link.
fn managed() -> Outcome<Lab> {
    let lab = routed()?;
    for command in [
        "link add q0 type veth peer name q1",
        "link set q0 up",
        "link set q1 up",
        "address add 192.168.7.2/24 dev q0",
        "address add 192.168.15.101/24 dev ens33 label ens33:web",
        "address add 10.77.0.5/32 dev ens33 label ens33:one noprefixroute",
        "route add 10.77.0.1 dev ens33 src 10.77.0.5",
        "route add 10.6.0.0/16 via 10.77.0.1 dev ens33",
        "route add 10.5.0.0/16 via 10.77.0.9 dev ens33 onlink",
        "address add 172.30.0.5/16 dev ens33 noprefixroute",
        "route add 172.30.0.0/16 dev ens33 proto kernel scope link src 172.30.0.5 metric 100",
        "route add 10.4.0.0/16 via 172.30.0.1 dev ens33 proto dhcp metric 100",
        "address add 172.31.0.5/16 dev ens33 metric 200",
        "address add 192.168.15.77/24 dev q0",
        "route append 10.9.0.0/16 via 192.168.7.1 dev q0",
        "route add 10.3.0.0/16 via 192.168.7.1 dev q0",
        "route append 10.3.0.0/16 via 192.168.15.2 dev ens33",
        "route append 10.3.0.0/16 via 192.168.15.3 dev ens33",
        "-6 address add fd15::77/128 dev ens33 nodad",
        "-6 address add fd16::1/64 dev ens33 nodad noprefixroute",
        "-6 route add fd16::/64 dev ens33 metric 100",
    ] {
        ip_do(&lab.a.netns, command);
    }
    // The host may choose any of its addresses as the source.
    ip_do(&lab.b.netns, "-6 route add fd16::/64 via fd15::1");
    Ok(lab)
}

/// Returns routes and the parent's addresses, in the kernel's order.
fn in_order(lab: &Lab) -> Vec<String> {
    let mut all = ip_lines(&lab.a.netns, "-4 route show table main");
    all.extend(ip_lines(&lab.a.netns, "-6 route show table main"));
    all.extend(ip_addresses(&lab.a.netns, "ens33"));
    all
}

/// The process that moved them has ended without deleting the link: another finds it and moves them
/// back.
fn another_process_moves_them_back() -> Outcome {
    let lab = managed()?;
    Snapshot::settled(&lab.a.netns);
    let before = seen(&lab.a.netns);
    let routes = || in_order(&lab);
    let ordered = routes();
    let access = lab.a.host.access_by(Access::on("ens33")?.keep(true))?;
    access.move_addresses(SOON)?.confirm()?;
    drop(access);
    assert_reaches_the_network(&lab);
    assert_eq!(ip_addresses(&lab.a.netns, "ens33"), [""; 0]);
    let first = &ip_lines(&lab.a.netns, "route show 192.168.15.0/24")[0];
    assert!(first.contains("dev ens33-host"), "another link's subnet comes first: {first}");
    let access = lab.a.host.access("ens33")?;
    let again = access.move_addresses(SOON).unwrap_err();
    assert!(again.is_invalid_value(), "{again}");
    access.move_back()?;
    assert_reaches_the_network(&lab);
    access.close()?;
    settle(&lab.a.netns);
    assert_eq!(seen(&lab.a.netns), before);
    assert_eq!(routes(), ordered);
    Ok(())
}

/// After an undo by the same process, routes of others with equal destination and metric have their
/// old positions.
fn equal_routes_of_others_are_left_alone() -> Outcome {
    let lab = managed()?;
    Snapshot::settled(&lab.a.netns);
    let before = seen(&lab.a.netns);
    let routes = || in_order(&lab);
    let of_others = || ip_lines(&lab.a.netns, "-4 route show table main dev q0");
    let (ordered, others) = (routes(), of_others());
    let access = lab.a.host.access("ens33")?;
    let moving = access.move_addresses(SOON)?;
    assert_eq!(of_others(), others);
    assert_eq!(ip_lines(&lab.a.netns, "route show dev ens33"), [""; 0]);
    moving.undo()?;
    access.close()?;
    settle(&lab.a.netns);
    assert_eq!(seen(&lab.a.netns), before);
    assert_eq!(routes(), ordered);
    Ok(())
}

/// A process that ends at any stage of the move leaves marks by which another restores everything.
fn a_move_that_was_cut_off_is_put_back_by_another() -> Outcome {
    takes_long_in_the_guest()?;
    let lab = managed()?;
    let access = || lab.a.host.access_by(Access::on("ens33")?.keep(true));
    let first = access()?;
    Snapshot::settled(&lab.a.netns);
    let before = seen(&lab.a.netns);
    let (moved, calls) =
        with_faults(usize::MAX..=usize::MAX, Fault::Abort, || first.move_addresses(SOON));
    moved?.undo()?;
    drop(first);
    let sends = calls.iter().enumerate().filter(|(_, call)| **call == Call::Send);
    let mut cut_off = 0;
    for (at, _) in sends {
        let session = access()?;
        // From there on all sends fail, including those of the undo.
        let fault = Fault::Errno(nix::errno::Errno::EPERM as i32);
        let (moved, _) = with_faults(at..=usize::MAX, fault, || session.move_addresses(SOON));
        cut_off += usize::from(moved.is_err());
        drop(moved);
        drop(session);
        let other = access()?;
        other.move_back()?;
        drop(other);
        settle(&lab.a.netns);
        assert_eq!(seen(&lab.a.netns), before, "cut off at call {at}");
    }
    assert!(cut_off > 20, "{cut_off}");
    assert_reaches_the_network(&lab);
    Ok(())
}

/// A link of this name that was not created for host access is neither changed nor deleted.
fn a_link_of_others_is_refused() -> Outcome {
    let lab = Lab::new()?;
    for command in [
        "link add ens33-host link ens33 type macvlan mode bridge",
        "address add 192.168.15.33/32 dev ens33-host",
        "link set ens33-host up",
        "route add 10.44.0.0/24 dev ens33-host",
    ] {
        ip_do(&lab.a.netns, command);
    }
    let before = Snapshot::settled(&lab.a.netns);
    let error = lab.a.host.access("ens33").unwrap_err();
    assert_eq!(error.kind(), ErrorKind::NameTaken, "{error}");
    assert!(error.to_string().contains("was not made for host access"), "{error}");
    before.assert_same(&lab.a.netns);
    lab.a.host.access_by(Access::on("ens33")?.name("mine".parse()?))?.close()?;
    before.assert_same(&lab.a.netns);
    Ok(())
}

/// Two sessions share one link. The first to end removes only its own routes, the last one
/// everything.
fn two_sessions_share_the_link() -> Outcome {
    let lab = Lab::new()?;
    let before = Snapshot::settled(&lab.a.netns);
    let (one, other) = (NetNs::anonymous()?, NetNs::anonymous()?);
    for first_goes_first in [true, false] {
        let first = lab.a.host.access("ens33")?;
        let second = lab.a.host.access("ens33")?;
        assert_eq!(first.index(), second.index());
        let attached = [first.attach(&eth0(10)?, &one)?, second.attach(&eth0(11)?, &other)?];
        let (goes, stays, left, last) =
            if first_goes_first { (first, second, &other, 11) } else { (second, first, &one, 10) };
        goes.close()?;
        assert_reach_each_other(&lab.a.netns, left, last);
        let gone = if first_goes_first { "192.168.15.10" } else { "192.168.15.11" };
        assert!(silent(&lab.a.netns, gone));
        stays.close()?;
        for attachment in attached {
            lab.a.host.detach(&attachment)?;
        }
        before.assert_same(&lab.a.netns);
    }
    Ok(())
}

/// The link or its parent was deleted. The next attach creates it again, with all routes.
fn deleted_links_are_created_again() -> Outcome {
    let lab = Lab::new()?;
    let before = Snapshot::settled(&lab.a.netns);
    let access = lab.a.host.access("ens33")?;
    let (one, other) = (NetNs::anonymous()?, NetNs::anonymous()?);
    let first = access.attach(&eth0(10)?, &one)?;
    ip_do(&lab.a.netns, "link delete ens33-host");
    let second = access.attach(&eth0(11)?, &other)?;
    assert_reach_each_other(&lab.a.netns, &one, 10);
    assert_reach_each_other(&lab.a.netns, &other, 11);
    let mut attached = vec![first, second];
    // Found under any name. Kernels before 6.0 cannot rename a link that is up.
    let inside = NetNs::anonymous()?;
    if lab.a.handle.rename("ens33", "ens99".parse()?).is_ok() {
        let endpoint = Endpoint::new("eth0", "ens99")?.address("192.168.15.12/24".parse()?);
        attached.push(access.attach(&endpoint, &inside)?);
        assert!(ping(&lab.a.netns, "192.168.15.12").is_some());
        lab.a.handle.rename("ens99", "ens33".parse()?)?;
    }
    access.close()?;
    for attachment in attached {
        lab.a.host.detach(&attachment)?;
    }
    before.assert_same(&lab.a.netns);
    Ok(())
}

/// A process is killed while it creates the link: the next one finds it, in any state.
fn killed_while_the_link_is_made() -> Outcome {
    takes_long_in_the_guest()?;
    let lab = Lab::new()?;
    let before = Snapshot::settled(&lab.a.netns);
    for call in 0_usize.. {
        assert!(call < 1000, "it never gets through");
        let arguments = [path_of(&lab.a.netns), call.to_string()];
        let victim = Actor::start("maker", &arguments.each_ref().map(String::as_str))?;
        let killed = victim.finish().is_err();
        lab.a.host.access("ens33")?.close()?;
        settle(&lab.a.netns);
        before.assert_same(&lab.a.netns);
        if !killed {
            return Ok(());
        }
    }
    Ok(())
}

/// The arguments: the host's namespace, and the system call before which it is killed.
fn maker(words: &[String]) -> Outcome {
    let [host, call] = words else { return Err("two arguments".into()) };
    setrlimit(Resource::RLIMIT_CORE, 0, 0)?;
    let host = Host::in_netns(&NetNs::from_path(host)?)?;
    let call = call.parse()?;
    let (access, _) = with_faults(call..=call, Fault::Abort, || host.access("ens33"));
    Ok(access?.close()?)
}

/// Two sessions have routes to one container; a session that ends leaves the other's route.
fn a_session_takes_away_only_its_own_routes() -> Outcome {
    let lab = Lab::new()?;
    let inside = NetNs::anonymous()?;
    let attachment = lab.a.host.attach(&eth0(10)?, &inside)?;
    let (one, other) = (lab.a.host.access("ens33")?, lab.a.host.access("ens33")?);
    one.add(&attachment)?;
    other.add(&attachment)?;
    other.remove(&attachment)?;
    assert_reach_each_other(&lab.a.netns, &inside, 10);
    one.remove(&attachment)?;
    assert!(silent(&lab.a.netns, "192.168.15.10"));
    Ok(())
}

/// Addresses and routes that others changed after a confirmed move are moved back as they are.
fn changes_after_a_move_are_moved_back() -> Outcome {
    let lab = routed()?;
    ip_do(&lab.a.netns, "address add 172.30.0.1/16 dev ens33");
    let access = lab.a.host.access("ens33")?;
    access.move_addresses(SOON)?.confirm()?;
    ip_do(&lab.a.netns, "address add 10.20.0.1/24 dev ens33-host");
    ip_do(&lab.a.netns, "route add 10.21.0.0/16 via 10.20.0.9");
    ip_do(&lab.a.netns, "address delete 172.30.0.1/16 dev ens33-host");
    access.close()?;
    let addresses = ip_addresses(&lab.a.netns, "ens33");
    assert_eq!(addresses, ["192.168.15.1/24", "10.20.0.1/24", "fd15::1/64"]);
    let routes = ip_lines(&lab.a.netns, "route show 10.21.0.0/16");
    assert_eq!(routes, ["10.21.0.0/16 via 10.20.0.9 dev ens33"]);
    Ok(())
}

/// The host's link borrows the addresses of a parent that has rules for them.
fn rules_of_the_parent_stay() -> Outcome {
    let (lab, inside) = (Lab::new()?, NetNs::anonymous()?);
    let endpoint =
        Endpoint::new("eth0", "ens33")?.address("192.168.15.10/24".parse()?).source_routing(100);
    lab.a.host.attach(&endpoint, &inside)?;
    let rules = ip_lines(&inside, "rule show");
    assert!(rules.iter().any(|rule| rule.contains("from 192.168.15.10 lookup 100")), "{rules:?}");
    let host = Host::in_netns(&inside)?;
    drop(host.access_by(Access::on("eth0")?.keep(true))?);
    assert!(host.remove_access("eth0")?);
    assert_eq!(ip_lines(&inside, "rule show"), rules);
    Ok(())
}

/// A link that could not be deleted with the last container is deleted by a further call.
fn a_failed_removal_is_repeated() -> Outcome {
    let (lab, inside) = (Lab::new()?, NetNs::anonymous()?);
    let attachment = lab.a.host.attach(&eth0(10)?, &inside)?;
    let before = Snapshot::settled(&lab.a.netns);
    let access = lab.a.host.access("ens33")?;
    let mut failed = 0;
    for call in 0.. {
        access.add(&attachment)?;
        let fault = Fault::Errno(nix::errno::Errno::EPERM as i32);
        let (removed, calls) = with_faults(call..=call, fault, || access.remove(&attachment));
        if calls.len() <= call {
            break;
        }
        failed += u32::from(removed.is_err());
        access.remove(&attachment)?;
        settle(&lab.a.netns);
        before.assert_same(&lab.a.netns);
    }
    assert!(failed > 0);
    Ok(())
}

/// A container's addresses change: the routes to those that stay are there at all times.
fn an_addition_follows_the_addresses() -> Outcome {
    let lab = Lab::new()?;
    let inside = NetNs::anonymous()?;
    lab.a.host.attach(&eth0(10)?, &inside)?;
    let now = || -> Outcome<Attachment> {
        Ok(lab.a.host.attachments(&inside)?.pop().ok_or("it is attached")?)
    };
    let access = lab.a.host.access("ens33")?;
    access.add(&now()?)?;
    ip_do(&inside, "address add 192.168.15.11/24 dev eth0");
    ip_do(&inside, "address delete fd15::a/64 dev eth0");
    let watch = lab.a.handle.watch()?;
    access.add(&now()?)?;
    let routes = || {
        let mut all: Vec<String> = access.routes().iter().map(ToString::to_string).collect();
        all.sort();
        all
    };
    assert_eq!(routes(), ["192.168.15.10/32", "192.168.15.11/32"]);
    ip_do(&lab.a.netns, "link add last type bridge");
    let mut deleted = Vec::new();
    for event in watch {
        match event? {
            Event::DelRoute(info) => deleted.push(info.route.get_destination().to_string()),
            Event::NewLink(link) if link.name.as_str() == "last" => break,
            _ => {}
        }
    }
    assert_eq!(deleted, ["fd15::a/128"]);
    assert!(ping(&lab.a.netns, "192.168.15.11").is_some());
    access.remove(&now()?)?;
    assert_eq!(ip_lines(&lab.a.netns, "route show proto 109"), [""; 0]);
    Ok(())
}

/// The parent's addresses change during the access, as by a DHCP client, and the link is deleted: a
/// program that watches the host follows.
fn the_parent_is_followed_by_events() -> Outcome {
    let lab = Lab::new()?;
    let access = lab.a.host.access("ens33")?;
    let inside = NetNs::anonymous()?;
    let attachment = access.attach(&eth0(10)?, &inside)?;
    settle(&lab.a.netns);
    let mut watch = lab.a.handle.watch()?;
    let mut follow = || -> Outcome<bool> {
        let mut happened = false;
        while watch.next_within(Duration::from_millis(20))?.is_some() {
            happened = true;
            access.refresh()?;
        }
        Ok(happened)
    };
    let v4 = || ip_lines(&lab.a.netns, "-4 -o address show dev ens33-host");
    assert!(!follow()?, "nothing has happened");
    ip_do(&lab.a.netns, "address delete 192.168.15.1/24 dev ens33");
    assert!(follow()?);
    assert_eq!(v4(), [""; 0], "an address that the parent has no more is borrowed for ever");
    ip_do(&lab.a.netns, "address add 192.168.15.9/24 dev ens33");
    assert!(follow()?);
    assert_eq!(v4().len(), 1);
    assert!(ping(&inside, "192.168.15.9").is_some());
    assert!(ping(&lab.a.netns, "192.168.15.10").is_some());

    let mac = || {
        ip_lines(&lab.a.netns, "-br link show dev ens33-host")[0]
            .split_whitespace()
            .nth(2)
            .map(str::to_owned)
    };
    let before = mac();
    ip_do(&lab.a.netns, "link delete ens33-host");
    assert!(follow()?);
    assert_eq!(mac(), before, "the container knows the host by it");
    assert!(ping(&inside, "192.168.15.9").is_some());
    assert!(ping(&lab.a.netns, "192.168.15.10").is_some());

    access.detach(&attachment)?;
    access.refresh()?;
    assert_eq!(access.index(), None);
    Ok(())
}

/// Addresses that the parent has lost are no longer borrowed, deprecated ones never are, and
/// lifetimes apply on the link too.
fn borrowed_addresses_follow_the_parents() -> Outcome {
    need(Need::Ipv6)?;
    let lab = Lab::new()?;
    for command in [
        "address add fd17::1/64 dev ens33 nodad preferred_lft 0",
        "address add fd17::2/64 dev ens33 nodad valid_lft 5000 preferred_lft 4000",
    ] {
        ip_do(&lab.a.netns, command);
    }
    let access = lab.a.host.access("ens33")?;
    let borrowed = || {
        let mut borrowed = ip_addresses(&lab.a.netns, "ens33-host");
        borrowed.sort();
        borrowed
    };
    assert_eq!(borrowed(), ["192.168.15.1/32", "fd15::1/128", "fd17::2/128"]);
    let expiring = ip_lines(&lab.a.netns, "-o address show dev ens33-host dynamic");
    assert_eq!(expiring.len(), 1, "{expiring:?}");
    let (one, other) = (NetNs::anonymous()?, NetNs::anonymous()?);
    let first = access.attach(&eth0(10)?, &one)?;
    ip_do(&lab.a.netns, "address delete 192.168.15.1/24 dev ens33");
    ip_do(&lab.a.netns, "address add 192.168.15.9/24 dev ens33");
    ip_do(&lab.a.netns, "address delete fd17::2/64 dev ens33");
    let second = access.attach(&eth0(11)?, &other)?;
    assert_eq!(borrowed(), ["192.168.15.9/32", "fd15::1/128"]);
    for netns in [&one, &other] {
        assert!(ping(netns, "192.168.15.9").is_some());
    }
    for last in ["192.168.15.10", "192.168.15.11", "fd15::a", "fd15::b"] {
        assert!(ping(&lab.a.netns, last).is_some(), "{last}");
    }
    access.detach(&first)?;
    access.detach(&second)?;
    Ok(())
}

/// Router advertisements are handled by the parent.
fn the_link_takes_no_advertisements() -> Outcome {
    need(Need::Ipv6)?;
    let lab = Lab::new()?;
    let _access = lab.a.host.access("ens33")?;
    for setting in ["accept_ra", "autoconf"] {
        let path = format!("/proc/sys/net/ipv6/conf/ens33-host/{setting}");
        assert_eq!(lab.a.netns.run(|| std::fs::read_to_string(path))??.trim(), "0");
    }
    Ok(())
}

/// If any request fails, or loses its answer, the host is as before, with its default route.
fn a_fault_in_any_step_leaves_everything_as_before() -> Outcome {
    takes_long_in_the_guest()?;
    let lab = routed()?;
    let (access, inside) = ready(&lab)?;
    Snapshot::settled(&lab.a.netns);
    let before = seen(&lab.a.netns);
    let (moved, calls) =
        with_faults(usize::MAX..=usize::MAX, Fault::Abort, || access.move_addresses(SOON));
    moved?.undo()?;
    settle(&lab.a.netns);
    assert_eq!(seen(&lab.a.netns), before);
    let sends = calls.iter().filter(|call| **call == Call::Send).count();
    assert!(sends > 10, "{calls:?}");
    let mut failed = 0;
    for (at, call) in calls.iter().enumerate() {
        // A request that is not sent has no effect; one without an answer may have been executed.
        let fault = match call {
            Call::Receive => Fault::NoReply,
            _ => Fault::Errno(nix::errno::Errno::EPERM as i32),
        };
        let (moved, _) = with_faults(at..=at, fault, || access.move_addresses(SOON));
        match moved {
            Ok(moving) => moving.undo()?,
            Err(error) => {
                failed += 1;
                assert!(error.leftovers().is_empty(), "call {at}, {fault:?}: {error}");
            }
        }
        settle(&lab.a.netns);
        assert_eq!(seen(&lab.a.netns), before);
    }
    assert!(failed > 10, "{failed}");
    assert_reaches_the_network(&lab);
    assert_reach_each_other(&lab.a.netns, &inside, 10);
    Ok(())
}

/// Returns the longest time without an answer while the addresses are moved and moved back, probed
/// every millisecond from the other host and by the host itself.
fn there_is_hardly_a_moment_without_connectivity() -> Outcome {
    let lab = routed()?;
    let (access, _inside) = ready(&lab)?;
    // A lost echo is sent again after 200 ms: at most one per host was.
    quick(Duration::from_secs(1), || longest_gap(&lab, &access))
}

/// While they are moved and moved back.
fn longest_gap(lab: &Lab, access: &HostAccess) -> Outcome<Duration> {
    let over = AtomicBool::new(false);
    let longest_gap = |netns: &NetNs, ip: &str| -> Outcome<Duration> {
        let ip: IpAddr = ip.parse()?;
        let (mut last, mut longest) = (Instant::now(), Duration::ZERO);
        while !over.load(Ordering::Relaxed) {
            if ping(netns, ip).is_some() {
                longest = longest.max(last.elapsed());
                last = Instant::now();
            }
        }
        Ok(longest)
    };
    let gaps = std::thread::scope(|scope| -> Outcome<Vec<Duration>> {
        let pairs =
            [(&lab.b.netns, "192.168.15.1"), (&lab.b.netns, "fd15::1"), (&lab.a.netns, "10.1.1.1")];
        let threads = pairs.map(|(netns, ip)| scope.spawn(move || longest_gap(netns, ip)));
        std::thread::sleep(Duration::from_millis(300));
        let started = Instant::now();
        let moved = access.move_addresses(SOON);
        let took = started.elapsed();
        std::thread::sleep(Duration::from_millis(300));
        let back = moved.and_then(macvlan_core::PendingMove::undo);
        std::thread::sleep(Duration::from_millis(300));
        over.store(true, Ordering::Relaxed);
        back?;
        println!("moved in {took:?}");
        let gaps = threads.into_iter().map(std::thread::ScopedJoinHandle::join);
        gaps.map(|gap| gap.map_err(|_| "a thread panicked")?).collect()
    })?;
    println!("longest times without an answer: {gaps:?}");
    Ok(gaps.into_iter().max().unwrap_or_default())
}

macvlan_tests::tests! {
    same_on_every_kernel:
    without_it_they_do_not_reach_each_other,
    host_and_containers_reach_each_other,
    others_are_answered_by_the_parent,
    strict_reverse_path_filtering_is_minded,
    an_address_of_its_own_and_a_prefix,
    on_a_vlan_that_is_made_on_demand,
    dropped_or_kept,
    impossible_endpoints_are_refused,
    others_addresses_get_no_route,
    addresses_are_moved_and_moved_back,
    unconfirmed_it_undoes_itself,
    another_process_moves_them_back,
    equal_routes_of_others_are_left_alone,
    a_move_that_was_cut_off_is_put_back_by_another,
    a_link_of_others_is_refused,
    two_sessions_share_the_link,
    deleted_links_are_created_again,
    killed_while_the_link_is_made,
    a_session_takes_away_only_its_own_routes,
    changes_after_a_move_are_moved_back,
    rules_of_the_parent_stay,
    a_failed_removal_is_repeated,
    an_addition_follows_the_addresses,
    the_parent_is_followed_by_events,
    borrowed_addresses_follow_the_parents,
    the_link_takes_no_advertisements,
    a_fault_in_any_step_leaves_everything_as_before,
    there_is_hardly_a_moment_without_connectivity;
    parts: maker,
}
