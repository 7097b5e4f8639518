//! VLAN parents that are created on demand and removed with their last user, and those that the
//! library must not remove.
#![deny(dead_code)]

use std::sync::Barrier;

use macvlan_core::{
    Attachment, Detached, Endpoint, ErrorKind, Handle, LinkId, NetNs, Parent, Result, VlanOptions,
    VlanProtocol,
};
use macvlan_tests::{
    Container, Lab, Need, Outcome, Snapshot, advertise, eventually, ip, ip_do, ip_lines, ip_link,
    ip_try, need, ping, settle, sysctl,
};

/// A lab whose other host has an address in VLAN 100.
fn lab() -> Outcome<Lab> {
    need(Need::Vlan)?;
    let lab = Lab::new()?;
    ip_do(&lab.b.netns, "link add link ens33 name ens33.100 up type vlan id 100");
    ip_do(&lab.b.netns, "address add 10.100.0.1/24 dev ens33.100");
    settle(&lab.b.netns);
    Ok(lab)
}

/// Returns an interface in VLAN 100.
fn endpoint(number: u8) -> Result<Endpoint> {
    Ok(Endpoint::new("eth0", "ens33.100")?.address(format!("10.100.0.{number}/24").parse()?))
}

/// Starts a container with that interface.
fn start(lab: &Lab, number: u8) -> Outcome<(Container, Attachment)> {
    let container = Container::start()?;
    let attachment = lab.a.host.attach(&endpoint(number)?, &container.netns()?)?;
    assert!(ping(&container.netns()?, "10.100.0.1").is_some());
    Ok((container, attachment))
}

fn exists(lab: &Lab, name: &str) -> bool {
    ip_try(&lab.a.netns, &format!("link show dev {name}")).is_ok()
}

/// As the library would create it: marked by its group.
fn ours(made: &str) -> String {
    made.replace(" type", &format!(" group {} type", Parent::ON_DEMAND_GROUP))
}

fn made_used_and_removed() -> Outcome {
    let lab = lab()?;
    let before = Snapshot::of(&lab.a.netns);
    let (first, one) = start(&lab, 11)?;
    let vlan = ip_link(&lab.a.netns, "ens33.100");
    assert_eq!(vlan["link"], "ens33");
    assert_eq!(vlan["linkinfo"]["info_data"]["id"], 100);
    assert_eq!(vlan["linkinfo"]["info_data"]["protocol"], "802.1Q");
    assert_eq!(vlan["group"], Parent::ON_DEMAND_GROUP.to_string());
    assert!(vlan["flags"].as_array().is_some_and(|flags| flags.contains(&"UP".into())));
    assert_eq!(one.parent(), LinkId::Name("ens33.100".parse()?));
    assert_eq!(vlan["ifindex"], one.parent_index());

    let (_second, two) = start(&lab, 12)?;
    assert_eq!(one.parent_index(), two.parent_index());
    assert!(ping(&first.netns()?, "10.100.0.12").is_some());
    lab.a.host.detach(&one)?;
    assert!(ping(&two.netns()?, "10.100.0.1").is_some(), "the second still uses it");
    lab.a.host.detach(&two)?;
    before.assert_same(&lab.a.netns);
    Ok(())
}

/// With another name, and as a service VLAN; a further request finds it by its name.
fn under_another_name_and_with_another_protocol() -> Outcome {
    let lab = lab()?;
    let before = Snapshot::of(&lab.a.netns);
    let parent = Parent::vlan("ens33", 4094)?.protocol(VlanProtocol::Dot1ad)?.name("service")?;
    let (one, two) = (Container::start()?, Container::start()?);
    let endpoint = Endpoint::new("eth0", &parent)?;
    let first = lab.a.host.attach(&endpoint, &one.netns()?)?;
    let second = lab.a.host.attach(&endpoint, &two.netns()?)?;
    let vlan = ip_link(&lab.a.netns, "service");
    assert_eq!(vlan["linkinfo"]["info_data"]["id"], 4094);
    assert_eq!(vlan["linkinfo"]["info_data"]["protocol"], "802.1ad");
    assert_eq!(first.parent_index(), second.parent_index());
    for attachment in [first, second] {
        lab.a.host.detach(&attachment)?;
    }
    before.assert_same(&lab.a.netns);
    Ok(())
}

/// A link is not mistaken for the described VLAN because of its name: the container would be in
/// another network.
fn a_name_that_something_else_has() -> Outcome {
    let lab = lab()?;
    let inside = Container::start()?.netns()?;
    let vlan = || Parent::vlan("ens33", 20);
    let service = || vlan()?.protocol(VlanProtocol::Dot1ad);
    for (made, parent, words) in [
        ("ens33.20 type vlan id 20", service()?, "ens33.20 exists and is not VLAN 20 (802.1ad)"),
        ("lan type vlan id 7", vlan()?.name("lan")?, "lan exists and is not VLAN 20 (802.1Q)"),
        ("lan type macvlan", vlan()?.name("lan")?, "lan exists and is not VLAN 20 (802.1Q)"),
        (
            "lan type vlan id 20 protocol 802.1ad",
            vlan()?.name("lan")?,
            "lan exists and is not VLAN 20 (802.1Q)",
        ),
    ] {
        ip_do(&lab.a.netns, &format!("link add link ens33 name {made}"));
        let error = lab.a.host.attach(&Endpoint::new("eth0", parent)?, &inside).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::NameTaken, "{error}");
        assert!(error.to_string().contains(words), "{error}");
        ip_do(&lab.a.netns, &format!("link delete {}", made.split(' ').next().unwrap_or_default()));
    }
    // Nor is a link whose parent has the wrong tag.
    ip_do(&lab.a.netns, "link add link ens33 name ens33.20 up type vlan id 20");
    ip_do(&lab.a.netns, "link add link ens33.20 name ens33.20.200 up type vlan id 200");
    let endpoint = Endpoint::new("eth0", Parent::vlan(service()?, 200)?)?;
    let error = lab.a.host.attach(&endpoint, &inside).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::NameTaken, "{error}");
    ip_do(&lab.a.netns, "link delete ens33.20");
    // On another base, it is another VLAN.
    lab.cable("ens34")?;
    ip_do(&lab.a.netns, "link add link ens34 name lan up type vlan id 20");
    let endpoint = Endpoint::new("eth0", vlan()?.name("lan")?)?;
    let error = lab.a.host.attach(&endpoint, &inside).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::NameTaken, "{error}");
    ip_do(&lab.a.netns, "link delete lan");
    // And this is the right one.
    ip_do(&lab.a.netns, "link add link ens33 name lan up type vlan id 20");
    let attachment = lab.a.host.attach(&endpoint, &inside)?;
    assert_eq!(ip_link(&lab.a.netns, "lan")["ifindex"], attachment.parent_index());
    lab.a.host.detach(&attachment)?;
    assert!(exists(&lab, "lan"));
    Ok(())
}

fn both_levels_of_qinq_go() -> Outcome {
    let lab = lab()?;
    let before = Snapshot::of(&lab.a.netns);
    let (one, two) = (Container::start()?, Container::start()?);
    let inner = Endpoint::new("eth0", "ens33.20.200")?;
    let outer = Endpoint::new("eth0", "ens33.20")?;
    let inner = lab.a.host.attach(&inner, &one.netns()?)?;
    assert_eq!(ip_link(&lab.a.netns, "ens33.20.200")["link"], "ens33.20");
    // A user on the outer one keeps that, but not the inner one.
    let outer = lab.a.host.attach(&outer, &two.netns()?)?;
    lab.a.host.detach(&inner)?;
    assert!(!exists(&lab, "ens33.20.200") && exists(&lab, "ens33.20"));
    lab.a.host.detach(&outer)?;
    before.assert_same(&lab.a.netns);

    let inner = Endpoint::new("eth0", "ens33.20.200")?;
    let inner = lab.a.host.attach(&inner, &one.netns()?)?;
    lab.a.host.detach(&inner)?;
    before.assert_same(&lab.a.netns);
    Ok(())
}

/// Uses that keep a VLAN: each begins while it is in use, and the VLAN must exist afterwards.
fn vlans_of_others_or_in_use_stay() -> Outcome {
    need(Need::Bridge)?;
    let lab = lab()?;
    let made = "link add link ens33 name ens33.100 up type vlan id 100";
    for (before, meanwhile) in [
        (made, ""),
        ("", "address add 192.168.7.1/24 dev ens33.100"),
        ("", "address add fd07::1/64 dev ens33.100"),
        ("", "link add link ens33.100 name ens33.100.7 type vlan id 7"),
        ("", "link add link ens33.100 name mv0 type macvlan mode bridge"),
        ("", "link set ens33.100 group 0"),
    ] {
        if !before.is_empty() {
            ip_do(&lab.a.netns, before);
        }
        let (_container, attachment) = start(&lab, 11)?;
        if !meanwhile.is_empty() {
            ip_do(&lab.a.netns, meanwhile);
        }
        lab.a.host.detach(&attachment)?;
        assert!(exists(&lab, "ens33.100"), "{before}{meanwhile}");
        let left = ip(&lab.a.netns, "link show type macvlan");
        let left = left.as_array().map(Vec::len);
        assert_eq!(left, Some(usize::from(meanwhile.contains("mv0"))), "no probe is left");
        ip_do(&lab.a.netns, "link delete ens33.100");
    }

    // An on-demand VLAN that became a port of a bridge is not removed either.
    ip_do(&lab.a.netns, &ours(made));
    ip_do(&lab.a.netns, "link add br0 type bridge");
    ip_do(&lab.a.netns, "link set ens33.100 master br0");
    let error = lab.a.host.attach(&endpoint(11)?, &Container::start()?.netns()?).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::ParentBusy, "{error}");
    assert_eq!(ip_link(&lab.a.netns, "ens33.100")["master"], "br0");
    // But it is after it has left the bridge.
    ip_do(&lab.a.netns, "link set ens33.100 nomaster");
    let (_container, attachment) = start(&lab, 11)?;
    lab.a.host.detach(&attachment)?;
    assert!(!exists(&lab, "ens33.100"));
    Ok(())
}

/// The host's automatic addresses from a router on the VLAN do not count as use.
fn an_address_that_comes_by_itself_does_not_keep_it() -> Outcome {
    need(Need::Ipv6)?;
    let lab = lab()?;
    let before = Snapshot::of(&lab.a.netns);
    sysctl(&lab.a.netns, "ipv6/conf/default/use_tempaddr", "2");
    let (_container, attachment) = start(&lab, 11)?;
    let dynamic = "-6 address show dev ens33.100 scope global dynamic";
    eventually("the VLAN heeds no router", || {
        advertise(&lab.b.netns, "ens33.100", "fd42::")?;
        Ok(!ip_lines(&lab.a.netns, dynamic).is_empty())
    })?;
    lab.a.host.detach(&attachment)?;
    assert!(!exists(&lab, "ens33.100"));
    before.assert_same(&lab.a.netns);

    // Unlike one that was added, even with a lifetime.
    let (_container, attachment) = start(&lab, 11)?;
    ip_do(&lab.a.netns, "address add fd43::1/64 dev ens33.100 valid_lft 1000 preferred_lft 1000");
    lab.a.host.detach(&attachment)?;
    assert!(exists(&lab, "ens33.100"));
    Ok(())
}

/// Both find no VLAN, and both get the one that either creates.
fn two_at_once() -> Outcome {
    let lab = lab()?;
    let before = Snapshot::of(&lab.a.netns);
    let containers = [Container::start()?, Container::start()?];
    for _ in 0..5 {
        let together = Barrier::new(2);
        let visit = |container: &Container| -> Outcome<u32> {
            let inside = container.netns()?;
            together.wait();
            let attachment = lab.a.host.attach(&endpoint(11)?, &inside)?;
            let parent = attachment.parent_index();
            Handle::in_netns(&inside)?.link("eth0")?;
            together.wait();
            lab.a.host.detach(&attachment)?;
            Ok(parent)
        };
        let [one, other] = std::thread::scope(|scope| {
            let both = [0, 1].map(|at| {
                scope.spawn({
                    let (visit, containers) = (&visit, &containers);
                    move || visit(&containers[at])
                })
            });
            both.map(|thread| {
                thread.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic))
            })
        });
        assert_eq!(one?, other?, "they were on one VLAN");
        assert!(!exists(&lab, "ens33.100"));
    }
    before.assert_same(&lab.a.netns);
    Ok(())
}

/// A container's own VLAN interface cannot be seen from the host, so the VLAN below it stays.
fn a_vlan_interface_keeps_its_parent() -> Outcome {
    let lab = lab()?;
    let container = Container::start()?;
    let inside = container.netns()?;
    let endpoint = Endpoint::vlan("eth0", "ens33.20", VlanOptions::new(200)?)?;
    let attachment = lab.a.host.attach(&endpoint, &inside)?;
    assert_eq!(ip_link(&inside, "eth0")["link_index"], attachment.parent_index());
    assert_eq!(ip_link(&lab.a.netns, "ens33.20")["group"], "default");
    // A macvlan beside it, which is detached first, does not remove it either.
    let other = Container::start()?;
    let beside = lab.a.host.attach(&Endpoint::new("eth0", "ens33.20")?, &other.netns()?)?;
    lab.a.host.detach(&beside)?;
    assert_eq!(ip_link(&inside, "eth0")["linkinfo"]["info_data"]["id"], 200);
    lab.a.host.detach(&attachment)?;
    assert!(exists(&lab, "ens33.20"));
    Ok(())
}

/// A failure leaves no VLAN that it created, and removes none that it did not create.
fn a_failed_attach_removes_its_vlan() -> Outcome {
    let lab = lab()?;
    let container = Container::start()?;
    let before = (Snapshot::of(&lab.a.netns), Snapshot::of(&container.netns()?));
    let unreachable = "10.9.9.9".parse()?;
    let endpoints = |parent: &str| -> Outcome<Vec<(Endpoint, ErrorKind)>> {
        Ok(vec![
            (Endpoint::new("eth0", parent)?.gateway(unreachable), ErrorKind::GatewayUnreachable),
            (Endpoint::new("eth0", parent)?.mtu(9000), ErrorKind::MtuTooLarge),
            (Endpoint::new("lo", parent)?, ErrorKind::NameTaken),
            (
                Endpoint::vlan("eth0", parent, VlanOptions::new(7)?)?.gateway(unreachable),
                ErrorKind::GatewayUnreachable,
            ),
            (Endpoint::vlan("lo", parent, VlanOptions::new(7)?)?, ErrorKind::NameTaken),
        ])
    };
    for parent in ["ens33.100", "ens33.20.200"] {
        for (endpoint, kind) in endpoints(parent)? {
            let error = lab.a.host.attach(&endpoint, &container.netns()?).unwrap_err();
            assert_eq!(error.kind(), kind, "{error}");
            assert!(error.leftovers().is_empty(), "{error}");
            let links = lab.a.handle.links()?;
            assert_eq!(links.len(), 2, "lo and ens33: {error}: {links:?}");
        }
    }
    before.0.assert_same(&lab.a.netns);
    before.1.assert_same(&container.netns()?);
    let (_other, attachment) = start(&lab, 11)?;
    let before = Snapshot::of(&lab.a.netns);
    for (endpoint, kind) in endpoints("ens33.100")?.drain(..3) {
        let error = lab.a.host.attach(&endpoint, &container.netns()?).unwrap_err();
        assert_eq!(error.kind(), kind, "{error}");
    }
    before.assert_same(&lab.a.netns);
    lab.a.host.detach(&attachment)?;
    assert!(!exists(&lab, "ens33.100"));
    Ok(())
}

/// A VLAN can exist only once on a base, under any name.
fn a_vlan_that_exists_elsewhere() -> Outcome {
    let lab = lab()?;
    ip_do(&lab.a.netns, "link add link ens33 name lan up type vlan id 100");
    let (_container, attachment) = start(&lab, 11)?;
    assert_eq!(ip_link(&lab.a.netns, "lan")["ifindex"], attachment.parent_index());
    assert_eq!(attachment.parent(), LinkId::Name("lan".parse()?), "what it is called");
    assert!(!exists(&lab, "ens33.100"));
    lab.a.host.detach(&attachment)?;
    assert!(exists(&lab, "lan"));

    // In another namespace it cannot be reached.
    let other = Container::start()?;
    lab.a.handle.move_link("lan", &other.netns()?, None)?;
    let before = Snapshot::of(&lab.a.netns);
    let error = lab.a.host.attach(&endpoint(11)?, &Container::start()?.netns()?).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::NameTaken, "{error}");
    let words = "VLAN 100 of \"ens33\" already exists, as \"lan\" in the network namespace of pid";
    assert!(error.to_string().contains(words), "{error}");
    before.assert_same(&lab.a.netns);
    Ok(())
}

/// Attaching a VLAN takes the parent out of the group; after a failed attach, the parent is in it
/// again, whatever process created it.
fn a_failed_attach_leaves_the_mark_of_the_parent() -> Outcome {
    let lab = lab()?;
    let before = Snapshot::of(&lab.a.netns);
    let (_container, attachment) = start(&lab, 11)?;
    let made = Snapshot::of(&lab.a.netns);
    let vlan = Endpoint::vlan("eth0", "ens33.100", VlanOptions::new(7)?)?;
    let refused = vlan.route("10.0.0.0/8 via 192.168.99.1".parse()?);
    let error = lab.a.host.attach(&refused, &Container::start()?.netns()?).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::GatewayUnreachable, "{error}");
    assert!(error.leftovers().is_empty(), "{error}");
    made.assert_same(&lab.a.netns);
    lab.a.host.detach(&attachment)?;
    before.assert_same(&lab.a.netns);
    Ok(())
}

/// A VLAN of others on it, in another namespace, would be deleted with it: in a namespace with a
/// process, and in one that only a descriptor leads to.
fn a_vlan_in_another_namespace_keeps_its_parent() -> Outcome {
    let container = Container::start()?;
    for somebody in [container.netns()?, NetNs::anonymous()?] {
        a_vlan_in(&somebody)?;
    }
    Ok(())
}

fn a_vlan_in(somebody: &NetNs) -> Outcome {
    let lab = lab()?;
    let before = Snapshot::of(&lab.a.netns);
    let (_container, attachment) = start(&lab, 11)?;
    ip_do(&lab.a.netns, "link add link ens33.100 name theirs type vlan id 7");
    lab.a.handle.move_link("theirs", somebody, None)?;
    let theirs = Snapshot::settled(somebody);
    lab.a.host.detach(&attachment)?;
    assert!(exists(&lab, "ens33.100"));
    theirs.assert_same(somebody);

    ip_do(somebody, "link delete theirs");
    lab.a.host.remove_unused_parents()?;
    before.assert_same(&lab.a.netns);
    Ok(())
}

fn a_base_that_is_down_or_missing() -> Outcome {
    let lab = lab()?;
    let inside = Container::start()?.netns()?;
    lab.a.handle.set_down("ens33")?;
    let before = Snapshot::of(&lab.a.netns);
    for (parent, kind, words) in [
        ("ens33.100", ErrorKind::ParentDown, "set the parent up first"),
        ("ens33.20.200", ErrorKind::ParentDown, "set the parent up first"),
        ("ens99.100", ErrorKind::ParentNotFound, "ens99"),
        ("ens99.20.200", ErrorKind::ParentNotFound, "ens99"),
        ("lo.100", ErrorKind::Unsupported, "the parent does not support this kind of link"),
    ] {
        let error = lab.a.host.attach(&Endpoint::new("eth0", parent)?, &inside).unwrap_err();
        assert_eq!(error.kind(), kind, "{parent}: {error}");
        assert!(error.to_string().contains(words), "{error}");
    }
    before.assert_same(&lab.a.netns);
    Ok(())
}

/// The container deleted its interface itself; the VLAN is removed nevertheless.
fn the_interface_is_gone_before_it_is_detached() -> Outcome {
    let lab = lab()?;
    let (container, attachment) = start(&lab, 11)?;
    ip_do(&container.netns()?, "link delete eth0");
    assert_eq!(lab.a.host.detach(&attachment)?, Detached::AlreadyGone);
    assert!(!exists(&lab, "ens33.100"));
    Ok(())
}

/// The remains of a killed remover: the alternative name, and its probe.
fn remains_of_a_killed_removal_are_cleaned_up() -> Outcome {
    let lab = lab()?;
    let before = Snapshot::of(&lab.a.netns);
    for probe in ["", "link add link ens33.100 name mvp0123456789ab type macvlan mode passthru"] {
        ip_do(&lab.a.netns, &ours("link add link ens33 name ens33.100 up type vlan id 100"));
        let name = "link property add dev ens33.100 altname macvlan-removal-0123456789abcdef0123";
        ip_do(&lab.a.netns, name);
        if !probe.is_empty() {
            ip_do(&lab.a.netns, &ours(probe));
        }
        let (_container, attachment) = start(&lab, 11)?;
        lab.a.host.detach(&attachment)?;
        before.assert_same(&lab.a.netns);
    }
    Ok(())
}

macvlan_tests::tests! {
    made_used_and_removed,
    under_another_name_and_with_another_protocol,
    a_name_that_something_else_has,
    both_levels_of_qinq_go,
    vlans_of_others_or_in_use_stay,
    an_address_that_comes_by_itself_does_not_keep_it,
    two_at_once,
    a_vlan_interface_keeps_its_parent,
    a_failed_attach_removes_its_vlan,
    a_vlan_that_exists_elsewhere,
    a_failed_attach_leaves_the_mark_of_the_parent,
    a_vlan_in_another_namespace_keeps_its_parent,
    a_base_that_is_down_or_missing,
    the_interface_is_gone_before_it_is_detached,
    remains_of_a_killed_removal_are_cleaned_up,
}
