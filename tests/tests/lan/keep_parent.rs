//! A keeper identifies a parent by more than its name.
#![deny(dead_code)]

use macvlan_core::{Attachment, Endpoint, KeepEvent, Keeper, MacAddr, NetNs};
use macvlan_tests::{Lab, Need, Outcome, ip_addresses, ip_do, ip_link, ip_try, need, ping};

use crate::keep::{gone, next, nothing_more};

/// A keeper of one endpoint on a parent, and the container's namespace.
fn keep(lab: &Lab, parent: &str) -> Outcome<(Keeper, NetNs)> {
    let inside = NetNs::anonymous()?;
    let eth0 = Endpoint::new("eth0", parent)?.address("192.168.15.10/24".parse()?);
    Ok((lab.a.host.keep([(eth0, inside.clone())])?, inside))
}

fn mac_of(lab: &Lab, name: &str) -> Outcome<MacAddr> {
    Ok(lab.a.handle.link(name)?.mac.ok_or("no MAC address")?)
}

/// Creates a card on host a, with a cable to host b, where its name is as before.
fn plug_in(lab: &Lab, name: &str, mac: MacAddr, at_b: &str) -> Outcome {
    let pair = format!("link add {name} address {mac} type veth peer name cable");
    ip_do(&lab.a.netns, &pair);
    lab.a.handle.move_link("cable", &lab.b.netns, Some(at_b.parse()?))?;
    lab.b.handle.set_up(at_b)?;
    if at_b == lab.b.parent.as_str() {
        lab.b.handle.add_address(at_b, &"192.168.15.2/24".parse()?)?;
    }
    lab.a.handle.set_up(name)?;
    Ok(())
}

/// Renames a link, for which it has to be down.
fn rename(lab: &Lab, from: &str, to: &str) {
    for change in [format!("{from} down"), format!("{from} name {to}"), format!("{to} up")] {
        ip_do(&lab.a.netns, &format!("link set dev {change}"));
    }
}

/// Waits until it is attached again, ignoring failures before that, to the link of this name.
fn attached(lab: &Lab, keeper: &mut Keeper, inside: &NetNs, parent: &str) -> Outcome<Attachment> {
    loop {
        match next(keeper)? {
            KeepEvent::Attached(attachment) => {
                assert_eq!(attachment.parent().to_string(), parent);
                assert_eq!(attachment.parent_index(), lab.a.handle.link(parent)?.index);
                assert_eq!(ip_link(inside, "eth0")["link_index"], attachment.parent_index());
                return Ok(*attachment);
            }
            KeepEvent::Failed(..) => {}
            other => return Err(other.to_string().into()),
        }
    }
}

/// Two cards have exchanged their names: the other one is never mistaken for the parent.
fn the_name_is_another_cards() -> Outcome {
    let lab = Lab::new()?;
    lab.cable("ens34")?;
    let (ours, other) = (mac_of(&lab, "ens33")?, mac_of(&lab, "ens34")?);
    let (mut keeper, inside) = keep(&lab, "ens33")?;
    for (from, to) in [("ens33", "tmp"), ("ens34", "ens33"), ("tmp", "ens34")] {
        rename(&lab, from, to);
    }
    for name in ["tmp", "ens34"] {
        match next(&mut keeper)? {
            KeepEvent::Renamed(attachment, to) => {
                assert_eq!((to.as_str(), attachment.parent().to_string().as_str()), (name, name));
            }
            other => return Err(other.to_string().into()),
        }
    }
    nothing_more(&mut keeper)?;
    ip_do(&lab.a.netns, "link del dev ens34");
    gone(&mut keeper)?;
    ip_do(&lab.a.netns, "link set dev ens33 down");
    ip_do(&lab.a.netns, "link set dev ens33 up");
    nothing_more(&mut keeper)?;
    // That one is plugged in again, too.
    ip_do(&lab.a.netns, "link del dev ens33");
    plug_in(&lab, "ens33", other, "ens34")?;
    nothing_more(&mut keeper)?;
    // The parent, under any name.
    plug_in(&lab, "usb0", ours, "ens33")?;
    attached(&lab, &mut keeper, &inside, "usb0")?;
    assert!(ping(&inside, "192.168.15.2").is_some());
    nothing_more(&mut keeper)
}

/// In another namespace and back: its links have existed all the time.
fn moved_and_back() -> Outcome {
    let lab = Lab::new()?;
    let mac = mac_of(&lab, "ens33")?;
    let (mut keeper, inside) = keep(&lab, "ens33")?;
    let before = ip_link(&inside, "eth0")["ifindex"].clone();
    let away = NetNs::anonymous()?;
    let index = lab.a.handle.link("ens33")?.index;
    for taken in [false, true] {
        lab.a.handle.move_link("ens33", &away, None)?;
        nothing_more(&mut keeper)?;
        if taken {
            // Its index and its name are in use by others by then.
            let pair = "type veth peer name peer";
            ip_do(&lab.a.netns, &format!("link add ens33 index {index} {pair}"));
        }
        nothing_more(&mut keeper)?;
        let name = if taken { "lan7" } else { "ens33" };
        macvlan_core::Handle::in_netns(&away)?.move_link(
            "ens33",
            &lab.a.netns,
            Some(name.parse()?),
        )?;
        lab.a.handle.set_up(name)?;
        if taken {
            match next(&mut keeper)? {
                KeepEvent::Renamed(_, name) => assert_eq!(name.as_str(), "lan7"),
                other => return Err(other.to_string().into()),
            }
        }
        nothing_more(&mut keeper)?;
        let now = lab.a.handle.link(name)?.index;
        assert_eq!(now != index, taken);
        let kept = keeper.attachments().next().ok_or("not attached")?;
        assert_eq!((kept.parent_index(), kept.parent().to_string()), (now, name.to_owned()));
        assert!(ping(&inside, "192.168.15.2").is_some());
        assert_eq!(ip_link(&inside, "eth0")["ifindex"], before);
        assert_eq!(ip_addresses(&inside, "eth0"), ["192.168.15.10/24"]);
    }
    ip_do(&lab.a.netns, "link del dev lan7");
    gone(&mut keeper)?;
    plug_in(&lab, "usb0", mac, "ens33")?;
    attached(&lab, &mut keeper, &inside, "usb0")?;
    Ok(())
}

/// It was destroyed in another namespace, and another takes its place.
fn moved_and_destroyed_there() -> Outcome {
    let lab = Lab::new()?;
    let (mut keeper, inside) = keep(&lab, "ens33")?;
    let away = NetNs::anonymous()?;
    lab.a.handle.move_link("ens33", &away, None)?;
    nothing_more(&mut keeper)?;
    // A link of its name appears during that time: the container's link is still on the old one.
    ip_do(&lab.a.netns, "link add ens33 up type veth peer name peer");
    nothing_more(&mut keeper)?;
    assert_eq!(ip_addresses(&inside, "eth0"), ["192.168.15.10/24"]);
    ip_do(&lab.a.netns, "link del dev ens33");
    ip_do(&away, "link del dev ens33");
    plug_in(&lab, "ens33", "02:00:00:00:77:77".parse()?, "ens33")?;
    gone(&mut keeper)?;
    attached(&lab, &mut keeper, &inside, "ens33")?;
    assert!(ping(&inside, "192.168.15.2").is_some());
    Ok(())
}

/// By an alternative name, which a later link gets.
fn by_an_alternative_name() -> Outcome {
    let lab = Lab::new()?;
    let long = "card-".repeat(20);
    ip_do(&lab.a.netns, &format!("link property add dev ens33 altname {long}"));
    let (mut keeper, inside) = keep(&lab, &long)?;
    ip_do(&lab.a.netns, "link del dev ens33");
    gone(&mut keeper)?;
    plug_in(&lab, "lan7", "02:00:00:00:77:77".parse()?, "ens33")?;
    nothing_more(&mut keeper)?;
    ip_do(&lab.a.netns, &format!("link property add dev lan7 altname {long}"));
    attached(&lab, &mut keeper, &inside, "lan7")?;
    assert!(ping(&inside, "192.168.15.2").is_some());
    Ok(())
}

/// A macvlan as parent: the endpoint follows the link below both.
fn on_a_macvlan() -> Outcome {
    let lab = Lab::new()?;
    let mac = mac_of(&lab, "ens33")?;
    let macvlan = "link add mv0 up link ens33 type macvlan mode bridge";
    ip_do(&lab.a.netns, macvlan);
    let (mut keeper, inside) = keep(&lab, "mv0")?;
    ip_do(&lab.a.netns, "link del dev mv0");
    nothing_more(&mut keeper)?;
    ip_do(&lab.a.netns, "link del dev ens33");
    gone(&mut keeper)?;
    plug_in(&lab, "ens33", mac, "ens33")?;
    nothing_more(&mut keeper)?;
    ip_do(&lab.a.netns, macvlan);
    loop {
        match next(&mut keeper)? {
            KeepEvent::Attached(attachment) => {
                assert_eq!(attachment.parent().to_string(), "mv0");
                break;
            }
            KeepEvent::Failed(..) => {}
            other => return Err(other.to_string().into()),
        }
    }
    assert!(ping(&inside, "192.168.15.2").is_some());
    Ok(())
}

/// An on-demand VLAN that was deleted is created again on its card.
fn a_vlan_that_was_deleted() -> Outcome {
    need(Need::Vlan)?;
    let lab = Lab::new()?;
    lab.cable("ens34")?;
    let mac = mac_of(&lab, "ens33")?;
    let (mut keeper, inside) = keep(&lab, "ens33.100")?;
    ip_do(&lab.a.netns, "link del dev ens33.100");
    gone(&mut keeper)?;
    attached(&lab, &mut keeper, &inside, "ens33.100")?;
    for (from, to) in [("ens33", "tmp"), ("ens34", "ens33"), ("tmp", "lan7")] {
        rename(&lab, from, to);
    }
    nothing_more(&mut keeper)?;
    ip_do(&lab.a.netns, "link del dev ens33.100");
    gone(&mut keeper)?;
    attached(&lab, &mut keeper, &inside, "lan7.100")?;
    assert_eq!(ip_link(&lab.a.netns, "lan7.100")["link"], "lan7");
    // Its card disappears, and returns.
    ip_do(&lab.a.netns, "link del dev lan7");
    gone(&mut keeper)?;
    nothing_more(&mut keeper)?;
    assert!(ip_try(&lab.a.netns, "link show dev ens33.100").is_err());
    plug_in(&lab, "usb0", mac, "usb0")?;
    attached(&lab, &mut keeper, &inside, "usb0.100")?;
    nothing_more(&mut keeper)
}

macvlan_tests::tests! {
    same_on_every_kernel:
    the_name_is_another_cards,
    moved_and_back,
    moved_and_destroyed_there,
    by_an_alternative_name,
    on_a_macvlan,
    a_vlan_that_was_deleted,
}
