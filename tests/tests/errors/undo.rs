//! When the kernel refuses the link or one of its addresses, no changes remain, on the host or
//! inside, and the error names the refused object and the cause.
#![deny(dead_code)]

use macvlan_core::{Endpoint, ErrorKind, Link, MacvlanOptions, Mode, Result};
use macvlan_tests::{Container, Need, Outcome, Stage, ip, ip_do, ip_lines, ip_link, need, sysctl};

/// Objects that would work alone, and so have to be undone when a later one is refused.
fn eth0() -> Result<Endpoint> {
    Ok(Endpoint::new("eth0", "ens33")?
        .address("192.168.15.10/24".parse()?)
        .address("fd15::10/64 nodad".parse()?))
}

fn the_parent_does_not_exist() -> Outcome {
    let stage = Stage::set()?;
    for parent in ["ens99", "#4711"] {
        let endpoint = Endpoint::new("eth0", parent)?.address("192.168.15.10/24".parse()?);
        stage.refuse(&endpoint, ErrorKind::ParentNotFound, "the parent does not exist");
    }
    Ok(())
}

fn the_name_is_taken() -> Outcome {
    let stage = Stage::set()?;
    stage.lab.b.host.attach(&Endpoint::new("eth0", "ens33")?.lo_up(false), &stage.inside)?;
    let error = stage.refuse(&eth0()?, ErrorKind::NameTaken, "a link with this name exists there");
    assert!(error.is_exists());
    ip_do(&stage.inside, "link property add dev eth0 altname wan");
    let endpoint = Endpoint::new("wan", "ens33")?;
    stage.refuse(&endpoint, ErrorKind::NameTaken, "a link with this name exists there");
    Ok(())
}

fn the_mtu_is_above_the_parents() -> Outcome {
    let stage = Stage::set()?;
    stage.lab.a.handle.set_mtu("ens33", 1450)?;
    let words = "MTU 1500 is above the parent's 1450";
    stage.refuse(&eth0()?.mtu(1500), ErrorKind::MtuTooLarge, words);
    Ok(())
}

fn the_mac_address_is_the_parents() -> Outcome {
    let stage = Stage::set()?;
    let parents = stage.lab.a.handle.link("ens33")?.mac.ok_or("ens33 has no MAC address")?;
    let words = format!("the parent itself has the MAC address {parents}");
    stage.refuse(&eth0()?.mac(parents), ErrorKind::MacInUse, &words);
    Ok(())
}

fn the_mac_address_is_a_siblings() -> Outcome {
    let stage = Stage::set()?;
    let mac = "02:42:c0:a8:0f:14".parse()?;
    let sibling = Endpoint::new("net0", "ens33")?.mac(mac).lo_up(false);
    let elsewhere = Container::start()?;
    let attachment = stage.lab.a.host.attach(&sibling, &elsewhere.netns()?)?;
    let words = "on the same parent has the MAC address 02:42:c0:a8:0f:14";
    stage.refuse(&eth0()?.mac(mac), ErrorKind::MacInUse, words);
    stage.lab.a.host.detach(&attachment)?;

    stage.lab.a.host.attach(&sibling, &stage.inside)?;
    let words = "\"net0\" on the same parent has the MAC address 02:42:c0:a8:0f:14";
    stage.refuse(&eth0()?.mac(mac), ErrorKind::MacInUse, words);
    Ok(())
}

fn passthru_needs_the_parent_for_itself() -> Outcome {
    let stage = Stage::set()?;
    let sibling = Link::macvlan("mv0", "ens33", MacvlanOptions::new(Mode::Bridge))?.up(true);
    stage.lab.a.handle.add_link(&sibling)?;
    let passthru = eth0()?.mode(Mode::Passthru)?;
    let words = "passthru needs the parent for itself, and \"mv0\" is on it";
    stage.refuse(&passthru, ErrorKind::PassthruConflict, words);
    stage.lab.a.handle.delete_link("mv0")?;

    let owner = Link::macvlan("mv7", "ens33", MacvlanOptions::new(Mode::Passthru))?.up(true);
    stage.lab.a.handle.add_link(&owner)?;
    let words = "\"mv7\" has the parent in mode passthru";
    stage.refuse(&eth0()?, ErrorKind::PassthruConflict, words);
    Ok(())
}

fn the_parent_is_a_port_of_a_bridge() -> Outcome {
    need(Need::Bridge)?;
    let stage = Stage::set()?;
    stage.lab.a.handle.add_link(&Link::bridge("br0")?)?;
    ip_do(&stage.lab.a.netns, "link set dev ens33 master br0");
    let words = "the parent is a port of the bridge \"br0\"";
    stage.refuse(&eth0()?, ErrorKind::ParentBusy, words);
    Ok(())
}

fn the_parent_carries_ipvlan() -> Outcome {
    need(Need::Ipvlan)?;
    let stage = Stage::set()?;
    ip_do(&stage.lab.a.netns, "link add link ens33 name ipv0 type ipvlan mode l2");
    let words = "the parent has ipvlan links such as \"ipv0\"";
    stage.refuse(&eth0()?, ErrorKind::ParentBusy, words);
    Ok(())
}

fn the_parent_is_not_an_ethernet_link() -> Outcome {
    let stage = Stage::set()?;
    let endpoint = Endpoint::new("eth0", "lo")?;
    stage.refuse(&endpoint, ErrorKind::Unsupported, "the parent is not an Ethernet link");
    Ok(())
}

fn ipv6_is_switched_off_in_the_container() -> Outcome {
    need(Need::Ipv6)?;
    let stage = Stage::set()?;
    sysctl(&stage.inside, "ipv6/conf/default/disable_ipv6", "1");
    let words = "cannot add address fd15::10/64 nodad: IPv6 is disabled on the link";
    stage.refuse(&eth0()?, ErrorKind::Ipv6Disabled, words);
    Ok(())
}

/// A passthru link gives its parent its MAC address, and restores the parent's when it is deleted.
fn the_parent_has_its_own_mac_address_again() -> Outcome {
    let stage = Stage::set()?;
    let before = ip_link(&stage.lab.a.netns, "ens33")["address"].clone();
    let endpoint = eth0()?
        .mode(Mode::Passthru)?
        .mac("02:42:c0:a8:0f:0a".parse()?)
        .gateway("10.1.2.3".parse()?);
    stage.refuse(&endpoint, ErrorKind::GatewayUnreachable, "the gateway is not on a subnet");
    assert_eq!(ip_link(&stage.lab.a.netns, "ens33")["address"], before);
    Ok(())
}

fn the_parent_is_not_promiscuous_any_more() -> Outcome {
    let stage = Stage::set()?;
    let endpoint = eth0()?.promisc(true).gateway("10.1.2.3".parse()?);
    stage.refuse(&endpoint, ErrorKind::GatewayUnreachable, "the gateway is not on a subnet");
    assert_eq!(ip_link(&stage.lab.a.netns, "ens33")["promiscuity"], 0);
    Ok(())
}

/// After each refusal, the corrected endpoint can be attached.
fn a_corrected_endpoint_is_attached() -> Outcome {
    let stage = Stage::set()?;
    let mac = "02:42:c0:a8:0f:0a".parse()?;
    let endpoint = eth0()?.mac(mac).gateway("192.168.15.2".parse()?);
    let wrong = endpoint.clone().route("10.1.0.0/16 via 10.2.0.1".parse()?);
    for _ in 0..2 {
        stage.refuse(&wrong, ErrorKind::GatewayUnreachable, "the gateway is not on a subnet");
        let attachment = stage.lab.a.host.attach(&endpoint, &stage.inside)?;
        assert_eq!(ip_link(&stage.inside, "eth0")["address"], mac.to_string());
        assert_eq!(
            ip_lines(&stage.inside, "route show default"),
            ["default via 192.168.15.2 dev eth0"]
        );
        stage.lab.a.host.detach(&attachment)?;
        assert_eq!(ip(&stage.inside, "link show").as_array().map(Vec::len), Some(1));
        ip_do(&stage.inside, "link set lo down");
    }
    Ok(())
}

macvlan_tests::tests! {
    same_on_every_kernel:
    the_parent_does_not_exist,
    the_name_is_taken,
    the_mtu_is_above_the_parents,
    the_mac_address_is_the_parents,
    the_mac_address_is_a_siblings,
    passthru_needs_the_parent_for_itself,
    the_parent_is_a_port_of_a_bridge,
    the_parent_carries_ipvlan,
    the_parent_is_not_an_ethernet_link,
    ipv6_is_switched_off_in_the_container,
    the_parent_has_its_own_mac_address_again,
    the_parent_is_not_promiscuous_any_more,
    a_corrected_endpoint_is_attached,
}
