//! One function finds parents: attachments are found whatever the parent is, and whatever name is
//! used.
#![deny(dead_code)]

use macvlan_core::{
    Attachment, Detached, Endpoint, ErrorKind, Host, IntoParent, Link, MacvlanOptions, Mode, NetNs,
    Parent,
};
use macvlan_tests::{Lab, Need, Outcome, ip_do, ip_link, need, on_each_kernel, ping};

fn eth0(parent: impl IntoParent) -> Outcome<Endpoint> {
    Ok(Endpoint::new("eth0", parent)?.address("192.168.15.10/24".parse()?))
}

/// Attaches, and checks that all lookups of the parent agree. Returns the attachment, and the one
/// that was found.
fn attached(host: &Host, endpoint: &Endpoint, inside: &NetNs) -> Outcome<[Attachment; 2]> {
    let attachment = host.attach(endpoint, inside)?;
    assert_eq!(host.check(endpoint, inside)?, [], "on {}", endpoint.get_parent());
    for ensure in [Host::ensure, Host::ensure_or_replace] {
        let ensured = ensure(host, endpoint, inside)?;
        assert_eq!(ensured.repaired, []);
        let [ours, found] = [&attachment, &ensured.attachment];
        assert_eq!((ours.index(), ours.parent_index()), (found.index(), found.parent_index()));
        assert_eq!(ours.parent(), found.parent());
    }
    let mut found = host.attachments(inside)?;
    assert_eq!(found.len(), 1, "on {}", endpoint.get_parent());
    let found = found.remove(0);
    assert_eq!((found.index(), found.mac()), (attachment.index(), attachment.mac()));
    Ok([attachment, found])
}

/// By its name, its index, and alternative names, short and of maximum length.
fn by_every_name() -> Outcome {
    on_each_kernel();
    let lab = Lab::new()?;
    let parent = lab.a.handle.link("ens33")?.index;
    let long = "x".repeat(127);
    for name in ["lan", &long] {
        ip_do(&lab.a.netns, &format!("link property add dev ens33 altname {name}"));
    }
    for name in ["ens33", "lan", &long, &format!("#{parent}")] {
        let inside = NetNs::anonymous()?;
        let [attachment, found] = attached(&lab.a.host, &eth0(name)?, &inside)?;
        assert_eq!((attachment.parent_index(), found.parent_index()), (parent, parent));
        assert_eq!(found.parent().to_string(), "ens33");
        assert!(ping(&inside, "192.168.15.2").is_some());
        assert_eq!(lab.a.host.detach(&found)?, Detached::Removed);
    }
    let error = lab.a.host.attach(&eth0("y".repeat(127))?, &NetNs::anonymous()?).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::ParentNotFound, "{error}");
    assert!(eth0(&long)?.plan()?.to_string().contains(&format!("link {long} name eth0")));
    Ok(())
}

/// A macvlan as parent: the kernel creates the new one on the link below.
fn a_macvlan_as_parent() -> Outcome {
    let lab = Lab::new()?;
    let lowest = lab.a.handle.link("ens33")?.index;
    for kind in ["macvlan", "macvtap"] {
        let inside = NetNs::anonymous()?;
        ip_do(&lab.a.netns, &format!("link add mv0 up link ens33 type {kind} mode bridge"));
        let endpoint = eth0("mv0")?;
        let [attachment, found] = attached(&lab.a.host, &endpoint, &inside)?;
        assert_eq!(ip_link(&inside, "eth0")["link_index"], lowest, "as the kernel has it");
        assert_eq!(attachment.parent().to_string(), "mv0");
        assert_eq!(found.parent_index(), lowest);
        // Requested on the lowest link itself, it is the same.
        assert_eq!(lab.a.host.check(&eth0("ens33")?, &inside)?, []);
        // The link below stays when the parent is deleted.
        ip_do(&lab.a.netns, "link del dev mv0");
        assert!(ping(&inside, "192.168.15.2").is_some());
        assert_eq!(lab.a.host.detach(&attachment)?, Detached::Removed);
    }
    Ok(())
}

/// A container that is a host for others: its parent is a macvlan, on a link in another namespace.
fn a_host_in_a_container() -> Outcome {
    let lab = Lab::new()?;
    let outer = NetNs::anonymous()?;
    lab.a.host.attach(&eth0("ens33")?, &outer)?;
    let host = Host::in_netns(&outer)?;
    let parent = host.handle()?.link("eth0")?.index;
    let endpoint = Endpoint::new("eth1", "eth0")?.address("192.168.15.11/24".parse()?);
    // In its own container, in the namespace of the parent's parent, and beside the parent.
    for inside in [NetNs::anonymous()?, lab.a.netns.clone(), outer.clone()] {
        let attachment = host.attach(&endpoint, &inside)?;
        assert_eq!(host.check(&endpoint, &inside)?, [], "in {inside:?}");
        assert_eq!(host.ensure(&endpoint, &inside)?.repaired, []);
        assert_eq!(attachment.parent_index(), parent);
        assert_eq!(host.detach(&attachment)?, Detached::Removed);
    }
    let inside = NetNs::anonymous()?;
    let [_, found] = attached(&host, &endpoint, &inside)?;
    assert_eq!((found.parent().to_string(), found.parent_index()), ("eth0".to_owned(), parent));
    assert!(ping(&inside, "192.168.15.2").is_some());
    assert_eq!(host.detach(&found)?, Detached::Removed);

    // On another host's card, it is on another parent, although the indexes are equal.
    let (other, card) = (NetNs::anonymous()?, lab.a.handle.link("ens33")?.index);
    let like_it = Host::in_netns(&NetNs::anonymous()?)?;
    // The kernel does not reuse an index immediately.
    ip_do(like_it.netns(), "link add eth0 type veth peer name peer");
    ip_do(like_it.netns(), "link del dev eth0");
    ip_do(like_it.netns(), &format!("link add eth0 index {card} type veth peer name peer"));
    ip_do(like_it.netns(), "link set dev eth0 up");
    like_it.attach(&endpoint, &other)?;
    let differences = host.check(&endpoint, &other)?;
    assert_eq!(differences.len(), 1, "{differences:?}");
    assert!(differences[0].needs_replacement());
    assert!(host.attachments(&other)?.is_empty());
    Ok(())
}

/// A VLAN that the operator created, under another name, and on a base given by an alternative
/// name.
fn a_vlan_under_another_name() -> Outcome {
    need(Need::Vlan)?;
    let lab = Lab::new()?;
    let base = format!("card-{}", "x".repeat(100));
    ip_do(&lab.a.netns, &format!("link property add dev ens33 altname {base}"));
    ip_do(&lab.a.netns, "link add link ens33 name lan100 up type vlan id 100");
    let vlan = lab.a.handle.link("lan100")?.index;
    let by_base = Parent::vlan(base.as_str(), 100)?.name("mine")?;
    for parent in ["ens33.100".parse()?, by_base, "lan100".parse()?] {
        let inside = NetNs::anonymous()?;
        let [attachment, found] = attached(&lab.a.host, &eth0(&parent)?, &inside)?;
        assert_eq!((attachment.parent_index(), found.parent_index()), (vlan, vlan));
        assert_eq!(attachment.parent().to_string(), "lan100");
        assert_eq!(lab.a.host.detach(&attachment)?, Detached::Removed);
    }
    assert_eq!(lab.a.handle.link("lan100")?.index, vlan, "it is the operator's");
    Ok(())
}

/// A parent's description is verified: a base that is not found is not a match.
fn a_vlan_on_a_base_that_has_gone() -> Outcome {
    need(Need::Vlan)?;
    let lab = Lab::new()?;
    ip_do(&lab.a.netns, "link add link ens33 name lan up type vlan id 100");
    let parent = Parent::vlan("usb0", 100)?.name("lan")?;
    let error = lab.a.host.attach(&eth0(&parent)?, &NetNs::anonymous()?).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::ParentNotFound, "{error}");
    assert!(error.to_string().contains("the base usb0 of VLAN lan does not exist"), "{error}");
    // Another base is another network.
    lab.cable("usb0")?;
    let error = lab.a.host.attach(&eth0(&parent)?, &NetNs::anonymous()?).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::NameTaken, "{error}");
    Ok(())
}

/// A session of host access accepts endpoints on the same lowest link, by any name.
fn host_access_through_a_macvlan() -> Outcome {
    let lab = Lab::new()?;
    let inside = NetNs::anonymous()?;
    let bridge = MacvlanOptions::new(Mode::Bridge);
    lab.a.handle.add_link(&Link::macvlan("mv0", "ens33", bridge)?.up(true))?;
    let access = lab.a.host.access("ens33")?;
    access.attach(&eth0("mv0")?, &inside)?;
    assert!(ping(&lab.a.netns, "192.168.15.10").is_some());
    Ok(())
}

macvlan_tests::tests! {
    same_on_every_kernel:
    by_every_name,
    a_macvlan_as_parent,
    a_host_in_a_container,
    a_vlan_under_another_name,
    a_vlan_on_a_base_that_has_gone,
    host_access_through_a_macvlan,
}
