//! Host access stays with its parent, whatever the names of the parent and the host's own link.
#![deny(dead_code)]

use macvlan_core::{
    Access, Detached, Endpoint, ErrorKind, Handle, Host, HostAccess, NetNs, Result,
};
use macvlan_tests::{
    Lab, Need, Outcome, Snapshot, ip, ip_addresses, ip_do, ip_try, need, need_kernel, ping, settle,
    sysctl,
};

use crate::access::{
    SOON, assert_reach_each_other, assert_reaches_the_network, eth0, links, routed,
};

/// Returns the index of the link below the host's link, and the number of the host's macvlans.
fn below(lab: &Lab, access: &HostAccess) -> Outcome<(Option<u32>, usize)> {
    let link = lab.a.handle.link(access.index().ok_or("there is no link")?)?;
    let links = ip(&lab.a.netns, "link show type macvlan");
    Ok((link.parent, links.as_array().map_or(0, Vec::len)))
}

/// Renames links. Kernels before 6.2 cannot rename a link that is up: there, IPv6 has to keep the
/// addresses of a link that is down, by [`keep_addresses`].
fn rename(netns: &NetNs, names: &[(&str, &str)]) {
    for (from, to) in names {
        if ip_try(netns, &format!("link set dev {from} name {to}")).is_err() {
            for change in [format!("{from} down"), format!("{from} name {to}"), format!("{to} up")]
            {
                ip_do(netns, &format!("link set dev {change}"));
            }
        }
    }
    settle(netns);
}

/// Links that an older kernel has set down for renaming have their routes in another order.
fn assert_as_before(before: &Snapshot, netns: &NetNs) {
    if need_kernel(6, 2).is_ok() {
        before.assert_same(netns);
    }
}

fn keep_addresses(netns: &NetNs) {
    sysctl(netns, "ipv6/conf/all/keep_addr_on_down", "1");
}

/// Sessions before and after renaming the parent, and the link itself, share one link, and the host
/// stays reachable when its addresses are moved there.
fn sessions_before_and_after_a_rename_share_the_link() -> Outcome {
    // If a link has to be down for renaming, the routes through it are deleted.
    need_kernel(6, 2)?;
    let lab = routed()?;
    let before = Snapshot::settled(&lab.a.netns);
    let (one, other) = (NetNs::anonymous()?, NetNs::anonymous()?);
    let first = lab.a.host.access("ens33")?;
    let mut attached = vec![first.attach(&eth0(10)?, &one)?];
    rename(&lab.a.netns, &[("ens33", "lan0")]);
    let second = lab.a.host.access("lan0")?;
    assert_eq!(second.index(), first.index());
    rename(&lab.a.netns, &[("ens33-host", "mine")]);
    let third = lab.a.host.access("lan0")?;
    assert_eq!((third.index(), third.name()), (first.index(), Some("mine".parse()?)));
    assert_eq!(below(&lab, &first)?.1, 1);
    let eth0 = Endpoint::new("eth0", "lan0")?
        .address("192.168.15.11/24".parse()?)
        .address("fd15::b/64 nodad".parse()?);
    attached.push(first.attach(&eth0, &other)?);
    third.add(&attached[1])?;

    third.move_addresses(SOON)?.confirm()?;
    assert_eq!(ip_addresses(&lab.a.netns, "lan0"), [""; 0]);
    rename(&lab.a.netns, &[("lan0", "lan1"), ("mine", "yours")]);
    assert_reaches_the_network(&lab);
    assert_reach_each_other(&lab.a.netns, &one, 10);
    assert_reach_each_other(&lab.a.netns, &other, 11);
    lab.a.host.access("lan1")?.move_back()?;
    assert_reaches_the_network(&lab);
    for access in [third, second, first] {
        assert_reach_each_other(&lab.a.netns, &other, 11);
        access.close()?;
    }
    rename(&lab.a.netns, &[("lan1", "ens33")]);
    for attachment in attached {
        lab.a.host.detach(&attachment)?;
    }
    before.assert_same(&lab.a.netns);
    Ok(())
}

/// Renamed between moving and moving back: the kernel changes the labels of addresses with the
/// names.
fn moved_back_under_other_names() -> Outcome {
    // If a link has to be down for renaming, the routes through it are deleted.
    need_kernel(6, 2)?;
    let lab = routed()?;
    ip_do(&lab.a.netns, "address add 172.30.0.1/16 dev ens33 label ens33:web");
    settle(&lab.a.netns);
    let labels = |dev: &str| -> Vec<String> {
        let shown = ip(&lab.a.netns, &format!("-4 address show dev {dev}"));
        let addresses = shown[0]["addr_info"].as_array().into_iter().flatten();
        addresses.filter_map(|one| one["label"].as_str()).map(str::to_owned).collect()
    };
    assert_eq!(labels("ens33"), ["ens33", "ens33:web"]);
    let access = lab.a.host.access("ens33")?;
    let moving = access.move_addresses(SOON)?;
    rename(&lab.a.netns, &[("ens33", "lan0"), ("ens33-host", "mine")]);
    assert_reaches_the_network(&lab);
    moving.undo()?;
    assert_eq!(labels("lan0"), ["lan0", "ens33:web"]);
    assert_eq!(
        ip_addresses(&lab.a.netns, "mine"),
        ["192.168.15.1/32", "172.30.0.1/32", "fd15::1/128"]
    );
    assert_reaches_the_network(&lab);
    access.close()?;
    assert_reaches_the_network(&lab);
    Ok(())
}

/// Two cards have exchanged their names: the session stays with its own, and the other card gets a
/// separate link.
fn the_name_is_another_cards() -> Outcome {
    let lab = Lab::new()?;
    keep_addresses(&lab.a.netns);
    lab.cable("ens34")?;
    ip_do(&lab.a.netns, "address add 192.168.34.1/24 dev ens34");
    let before = Snapshot::settled(&lab.a.netns);
    let ours = lab.a.handle.link("ens33")?.index;
    let access = lab.a.host.access("ens33")?;
    let (one, other) = (NetNs::anonymous()?, NetNs::anonymous()?);
    let first = access.attach(&eth0(10)?, &one)?;
    let exchange = [("ens33", "tmp"), ("ens34", "ens33"), ("tmp", "ens34")];
    rename(&lab.a.netns, &exchange);

    let wrong = access.attach(&eth0(11)?, &other).unwrap_err();
    assert!(wrong.is_invalid_value() && wrong.to_string().contains("another parent"), "{wrong}");
    assert_eq!(lab.a.host.attachments(&other)?.len(), 0);
    let elsewhere = lab.a.host.attach(&eth0(11)?, &other)?;
    assert!(access.add(&elsewhere).unwrap_err().is_invalid_value());
    lab.a.host.detach(&elsewhere)?;
    let right = Endpoint::new("eth0", "ens34")?
        .address("192.168.15.11/24".parse()?)
        .address("fd15::b/64 nodad".parse()?);
    let second = access.attach(&right, &other)?;
    assert_reach_each_other(&lab.a.netns, &one, 10);
    assert_reach_each_other(&lab.a.netns, &other, 11);

    let theirs = lab.a.host.access("ens33")?;
    assert_ne!(theirs.index(), access.index());
    assert_eq!(below(&lab, &theirs)?, (Some(lab.a.handle.link("ens33")?.index), 2));
    let chosen = Access::on("ens33")?.name("ens33-host".parse()?);
    assert_eq!(lab.a.host.access_by(chosen)?.index(), theirs.index(), "it is there already");
    theirs.close()?;
    let chosen = Access::on("ens33")?.name("ens33-host".parse()?);
    let taken = lab.a.host.access_by(chosen).unwrap_err();
    assert_eq!(taken.kind(), ErrorKind::NameTaken, "{taken}");

    // Created again, it is beside the same containers: after deletion by others, and with the last
    // container.
    ip_do(&lab.a.netns, "link delete ens33-host");
    access.refresh()?;
    assert_eq!(below(&lab, &access)?, (Some(ours), 1));
    access.detach(&first)?;
    access.detach(&second)?;
    assert_eq!(access.index(), None);
    let first = access.attach(&right, &one)?;
    assert_eq!(below(&lab, &access)?, (Some(ours), 1));
    assert_reach_each_other(&lab.a.netns, &one, 11);
    access.detach(&first)?;
    rename(&lab.a.netns, &exchange);
    assert_as_before(&before, &lab.a.netns);
    Ok(())
}

/// Another card that gets the name of one that has left is not mistaken for it. A card that returns
/// unchanged is accepted, and so is a new one of its name.
fn a_parent_that_left_is_waited_for() -> Outcome {
    let lab = Lab::new()?;
    keep_addresses(&lab.a.netns);
    lab.cable("ens34")?;
    ip_do(&lab.a.netns, "address add 192.168.34.1/24 dev ens34");
    let access = lab.a.host.access("ens33")?;
    let (one, other, away) = (NetNs::anonymous()?, NetNs::anonymous()?, NetNs::anonymous()?);
    let first = access.attach(&eth0(10)?, &one)?;
    lab.a.handle.move_link("ens33", &away, None)?;
    rename(&lab.a.netns, &[("ens34", "ens33")]);
    for refused in [access.refresh(), access.attach(&eth0(11)?, &other).map(drop)] {
        let error = refused.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::ParentNotFound, "{error}");
        assert!(error.to_string().contains("ens33 is now another link"), "{error}");
    }
    Handle::in_netns(&away)?.move_link("ens33", &lab.a.netns, Some("lan7".parse()?))?;
    ip_do(&lab.a.netns, "link set lan7 up");
    ip_do(&lab.a.netns, "address add 192.168.15.1/24 dev lan7");
    access.refresh()?;
    assert!(ping(&one, "192.168.15.1").is_some());
    assert!(ping(&lab.a.netns, "192.168.15.10").is_some());

    ip_do(&lab.a.netns, "link delete lan7");
    rename(&lab.a.netns, &[("ens33", "ens34")]);
    lab.cable("ens33")?;
    ip_do(&lab.a.netns, "address add 192.168.15.1/24 dev ens33");
    access.attach(&eth0(11)?, &other)?;
    assert!(ping(&lab.a.netns, "192.168.15.11").is_some());
    assert_eq!(lab.a.host.detach(&first)?, Detached::AlreadyGone);
    access.close()?;
    Ok(())
}

/// The parent was replaced: the link on the old one is deleted.
fn no_link_stays_on_a_parent_that_was_replaced() -> Outcome {
    let lab = Lab::new()?;
    let access = lab.a.host.access("ens33")?;
    let (one, away) = (NetNs::anonymous()?, NetNs::anonymous()?);
    lab.a.handle.move_link("ens33", &away, None)?;
    lab.b.handle.delete_link("ens33")?;
    lab.cable("ens33")?;
    ip_do(&lab.a.netns, "address add 192.168.15.9/24 dev ens33");
    let attached = access.attach(&eth0(10)?, &one)?;
    assert_eq!(below(&lab, &access)?, (Some(lab.a.handle.link("ens33")?.index), 1));
    assert!(ping(&one, "192.168.15.9").is_some());
    access.detach(&attached)?;
    assert_eq!(links(&lab.a.netns), ["lo", "ens33"]);
    Ok(())
}

/// An on-demand VLAN, whose base exchanges names with another card.
fn a_vlan_stays_on_its_base() -> Outcome {
    need(Need::Vlan)?;
    let lab = Lab::new()?;
    keep_addresses(&lab.a.netns);
    lab.cable("ens34")?;
    let before = links(&lab.a.netns);
    let base = lab.a.handle.link("ens33")?.index;
    let own = "10.0.0.1".parse()?;
    let wanted = |parent: &str| Access::on(parent).map(|access| access.address(own));
    let endpoint = |parent: &str| -> Result<Endpoint> {
        Ok(Endpoint::new("eth0", parent)?.address("10.0.0.2/24".parse()?))
    };
    let access = lab.a.host.access_by(wanted("ens33.100")?)?;
    let inside = NetNs::anonymous()?;
    let exchange = [("ens33", "tmp"), ("ens34", "ens33"), ("tmp", "ens34")];
    rename(&lab.a.netns, &exchange);
    assert_eq!(lab.a.host.access_by(wanted("ens34.100")?)?.index(), access.index());
    for _ in 0..2 {
        let attachment = access.attach(&endpoint("ens34.100")?, &inside)?;
        assert!(ping(&lab.a.netns, "10.0.0.2").is_some());
        let vlan = below(&lab, &access)?.0.ok_or("it is on nothing")?;
        assert_eq!(lab.a.handle.link(vlan)?.parent, Some(base));
        access.detach(&attachment)?;
        assert_eq!(links(&lab.a.netns).len(), 3, "the VLAN has gone, too");
        let wrong = access.attach(&endpoint("ens33.100")?, &inside).unwrap_err();
        assert_eq!(wrong.kind(), ErrorKind::InvalidValue, "{wrong}");
        assert_eq!(links(&lab.a.netns).len(), 3);
    }
    rename(&lab.a.netns, &exchange);
    // Links that an older kernel had to set down have their routes in another order.
    assert_eq!(links(&lab.a.netns), before);
    Ok(())
}

/// A container whose own link is the parent for others: their links are on the link below, which is
/// in another namespace.
fn on_a_parent_that_is_a_macvlan_itself() -> Outcome {
    let lab = Lab::new()?;
    let (middle, inner) = (NetNs::anonymous()?, NetNs::anonymous()?);
    lab.a.host.attach(&eth0(10)?, &middle)?;
    let host = Host::in_netns(&middle)?;
    keep_addresses(&middle);
    let before = Snapshot::settled(&middle);
    let access = host.access("eth0")?;
    rename(&middle, &[("eth0", "wan")]);
    let endpoint = Endpoint::new("eth0", "wan")?
        .address("192.168.15.11/24".parse()?)
        .address("fd15::b/64 nodad".parse()?);
    let attachment = access.attach(&endpoint, &inner)?;
    for _ in 0..2 {
        let other = host.access("wan")?;
        assert_eq!(other.index(), access.index());
        other.add(&attachment)?;
        assert!(ping(&inner, "192.168.15.10").is_some());
        assert!(ping(&middle, "192.168.15.11").is_some());
    }
    access.detach(&attachment)?;
    rename(&middle, &[("wan", "eth0")]);
    assert_as_before(&before, &middle);
    Ok(())
}

/// Two parents on one link share the host's link, which records from which of them it has
/// addresses.
fn addresses_go_back_to_the_parent_that_they_came_from() -> Outcome {
    let lab = routed()?;
    for command in [
        "link add mv0 link ens33 type macvlan mode bridge",
        "link set mv0 up",
        "address add 192.168.15.20/32 dev mv0",
    ] {
        ip_do(&lab.a.netns, command);
    }
    let before = Snapshot::settled(&lab.a.netns);
    let kept = lab.a.host.access_by(Access::on("ens33")?.keep(true))?;
    let index = kept.index();
    kept.move_addresses(SOON)?.confirm()?;
    drop(kept);
    let other = lab.a.host.access("mv0")?;
    assert_eq!(other.index(), index);
    other.move_back()?;
    assert_eq!(ip_addresses(&lab.a.netns, "ens33"), ["192.168.15.1/24", "fd15::1/64"]);
    assert_eq!(ip_addresses(&lab.a.netns, "mv0"), ["192.168.15.20/32"]);
    assert_reaches_the_network(&lab);
    other.close()?;
    assert_as_before(&before, &lab.a.netns);
    Ok(())
}

macvlan_tests::tests! {
    same_on_every_kernel:
    sessions_before_and_after_a_rename_share_the_link,
    moved_back_under_other_names,
    the_name_is_another_cards,
    a_parent_that_left_is_waited_for,
    no_link_stays_on_a_parent_that_was_replaced,
    a_vlan_stays_on_its_base,
    on_a_parent_that_is_a_macvlan_itself,
    addresses_go_back_to_the_parent_that_they_came_from,
}
