//! Every option of a macvlan, macvtap or VLAN link, set by the library on host a and by `ip` on
//! host b. `ip` must see no difference, and the library must read both as they were set.
#![deny(dead_code)]

use macvlan_core::{
    Link, LinkInfo, MacAddr, MacvlanChange, MacvlanOptions, Mode, SourceMacs, VlanOptions,
    VlanProtocol,
};
use macvlan_tests::{Lab, Need, Outcome, Twins, ip_link, is_guest, is_long, need, need_kernel};

const FIRST: &str = "02:00:00:00:00:01";
const SECOND: &str = "02:00:00:00:00:02";

fn mac(text: &str) -> MacAddr {
    text.parse().unwrap_or_else(|error| panic!("{error}"))
}

/// Checks that the macvlan options that were read are those that were set.
#[track_caller]
fn assert_macvlan(info: &LinkInfo, said: &MacvlanOptions) {
    let parts = |options: &MacvlanOptions| {
        let mut macs = options.get_source_macs().to_vec();
        macs.sort();
        let queue = options.get_bc_queue_len().unwrap_or(1000);
        (options.get_mode(), options.get_nopromisc(), options.get_nodst(), macs, queue)
    };
    assert_eq!(info.macvlan.as_ref().map(parts), Some(parts(said)));
}

#[track_caller]
fn assert_vlan(info: &LinkInfo, said: &VlanOptions) {
    let parts = |vlan: &VlanOptions| {
        let flags = [
            vlan.get_reorder_hdr().unwrap_or(true),
            vlan.get_gvrp().unwrap_or(false),
            vlan.get_mvrp().unwrap_or(false),
            vlan.get_loose_binding().unwrap_or(false),
            vlan.get_bridge_binding().unwrap_or(false),
        ];
        let maps = (vlan.get_ingress_qos().to_vec(), vlan.get_egress_qos().to_vec());
        (vlan.get_id(), vlan.get_protocol(), flags, maps)
    };
    assert_eq!(info.vlan.as_ref().map(parts), Some(parts(said)));
}

/// A macvtap has the same options, read and set by the same code of the kernel. The guest, which is
/// slow, tries only one of the two.
fn kinds() -> Outcome<&'static [&'static str]> {
    need(Need::Macvtap)?;
    Ok(if is_guest()? && !is_long() { &["macvtap"] } else { &["macvlan", "macvtap"] })
}

fn macvlan_and_macvtap_options_at_creation() -> Outcome {
    let kinds = kinds()?;
    let twins = Twins::new()?;
    let (first, second) = (mac(FIRST), mac(SECOND));
    let source = MacvlanOptions::new(Mode::Source);
    let rows = [
        ("mode private", MacvlanOptions::new(Mode::Private)),
        ("mode vepa", MacvlanOptions::new(Mode::Vepa)),
        ("mode bridge", MacvlanOptions::new(Mode::Bridge)),
        ("mode passthru", MacvlanOptions::new(Mode::Passthru)),
        ("mode passthru nopromisc", MacvlanOptions::new(Mode::Passthru).nopromisc(true)),
        ("mode source", source.clone()),
        ("mode source nodst", source.clone().nodst(true)),
        ("mode source macaddr add 02:00:00:00:00:01", source.clone().source_mac(first)),
        (
            "mode source macaddr set 02:00:00:00:00:01 02:00:00:00:00:02",
            source.source_mac(first).source_mac(second),
        ),
        ("mode bridge bcqueuelen 77", MacvlanOptions::new(Mode::Bridge).bc_queue_len(77)),
    ];
    for (words, options) in rows {
        for kind in kinds {
            let link = of_kind(kind, options.clone())?;
            twins.make(link, "", &format!("{kind} {words}"))?;
            let info = twins.assert_same("new0", words)?;
            assert_eq!(info.kind.as_deref(), Some(*kind));
            assert_macvlan(&info, &options);
            twins.unmake()?;
        }
    }
    Ok(())
}

fn of_kind(kind: &str, options: MacvlanOptions) -> Outcome<Link> {
    Ok(match kind {
        "macvtap" => Link::macvtap("new0", "ens33", options)?,
        _ => Link::macvlan("new0", "ens33", options)?,
    })
}

fn macvlan_options_changed_on_a_living_link() -> Outcome {
    let kinds = kinds()?;
    let twins = Twins::new()?;
    let change = MacvlanChange::new;
    let macs = |change: SourceMacs| MacvlanChange::new().source_macs(change);
    let (first, second) = (mac(FIRST), mac(SECOND));
    let source = MacvlanOptions::new(Mode::Source);
    // Each row continues from the previous one, and ends in the state of its third column.
    let rows = [
        ("mode private", change().mode(Mode::Private), MacvlanOptions::new(Mode::Private)),
        ("mode vepa", change().mode(Mode::Vepa), MacvlanOptions::new(Mode::Vepa)),
        (
            "bcqueuelen 55",
            change().bc_queue_len(55),
            MacvlanOptions::new(Mode::Vepa).bc_queue_len(55),
        ),
        (
            "mode source bcqueuelen 1000",
            change().mode(Mode::Source).bc_queue_len(1000),
            source.clone(),
        ),
        (
            "macaddr add 02:00:00:00:00:01",
            macs(SourceMacs::Add(first)),
            source.clone().source_mac(first),
        ),
        (
            "macaddr add 02:00:00:00:00:02",
            macs(SourceMacs::Add(second)),
            source.clone().source_mac(first).source_mac(second),
        ),
        (
            "macaddr del 02:00:00:00:00:01",
            macs(SourceMacs::Delete(first)),
            source.clone().source_mac(second),
        ),
        (
            "macaddr set 02:00:00:00:00:01",
            macs(SourceMacs::Set(vec![first])),
            source.clone().source_mac(first),
        ),
        (
            "mode source nodst",
            change().mode(Mode::Source).flags(false, true),
            source.clone().nodst(true).source_mac(first),
        ),
        ("macaddr flush", macs(SourceMacs::Flush), source.clone().nodst(true)),
        ("mode source flag null", change().mode(Mode::Source).flags(false, false), source.clone()),
        ("macaddr add 02:00:00:00:00:01", macs(SourceMacs::Add(first)), source.source_mac(first)),
        // Leaving the mode keeps its list.
        ("mode bridge", change().mode(Mode::Bridge), MacvlanOptions::new(Mode::Bridge)),
    ];
    for kind in kinds {
        let link = of_kind(kind, MacvlanOptions::new(Mode::Bridge))?;
        twins.make(link.up(true), "up", &format!("{kind} mode bridge"))?;
        for (words, change, becomes) in &rows {
            let command = format!("link set new0 type {kind} {words}");
            twins.change(|a| a.set_macvlan("new0", change), &command)?;
            assert_macvlan(&twins.assert_same("new0", words)?, becomes);
        }
        twins.unmake()?;
    }
    Ok(())
}

/// Without its flag, a passthru link makes the parent promiscuous, immediately when the flag
/// changes.
fn nopromisc_changed_on_a_living_link() -> Outcome {
    let twins = Twins::new()?;
    let passthru = MacvlanOptions::new(Mode::Passthru);
    twins.make(
        Link::macvlan("new0", "ens33", passthru.clone().nopromisc(true))?.up(true),
        "up",
        "macvlan mode passthru nopromisc",
    )?;
    for (words, nopromisc) in [("flag null", false), ("nopromisc", true)] {
        let change = MacvlanChange::new().flags(nopromisc, false);
        let command = format!("link set new0 type macvlan mode passthru {words}");
        twins.change(|a| a.set_macvlan("new0", &change), &command)?;
        let info = twins.assert_same("new0", words)?;
        assert_macvlan(&info, &passthru.clone().nopromisc(nopromisc));
        for host in [&twins.lab.a, &twins.lab.b] {
            assert_eq!(
                ip_link(&host.netns, "ens33")["promiscuity"],
                u32::from(!nopromisc),
                "{words}"
            );
        }
    }
    Ok(())
}

/// One number for all on a parent. (`ip` supports it as `bclim` from iproute2 6.4 on.)
fn broadcast_cutoff() -> Outcome {
    need_kernel(6, 4)?;
    let lab = Lab::new()?;
    let cutoff = |name: &str| -> Outcome<Option<i32>> {
        Ok(lab.a.handle.link(name)?.macvlan.and_then(|macvlan| macvlan.get_bc_cutoff()))
    };
    let link = |name: &str, options| Link::macvlan(name, "ens33", options);
    lab.a.handle.add_link(&link("mv0", MacvlanOptions::new(Mode::Bridge))?)?;
    assert_eq!(cutoff("mv0")?, None, "the kernel does not tell the default, 1");
    lab.a.handle.add_link(&link("mv1", MacvlanOptions::new(Mode::Bridge).bc_cutoff(-1))?)?;
    assert_eq!((cutoff("mv0")?, cutoff("mv1")?), (Some(-1), Some(-1)));
    lab.a.handle.set_macvlan("mv0", &MacvlanChange::new().bc_cutoff(7))?;
    assert_eq!((cutoff("mv0")?, cutoff("mv1")?), (Some(7), Some(7)));
    Ok(())
}

fn vlan_options_at_creation() -> Outcome {
    need(Need::Vlan)?;
    let twins = Twins::new()?;
    let of = VlanOptions::new;
    let rows = [
        ("id 1", of(1)?),
        ("id 4094", of(4094)?),
        ("id 0", VlanOptions::priority_tags()),
        ("id 20 protocol 802.1ad", of(20)?.protocol(VlanProtocol::Dot1ad)),
        ("id 20 protocol 802.1Q", of(20)?.protocol(VlanProtocol::Dot1q)),
        ("id 20 reorder_hdr off", of(20)?.reorder_hdr(false)),
        ("id 20 reorder_hdr on gvrp on", of(20)?.reorder_hdr(true).gvrp(true)),
        ("id 20 mvrp on loose_binding on", of(20)?.mvrp(true).loose_binding(true)),
        ("id 20 gvrp off mvrp off", of(20)?.gvrp(false).mvrp(false)),
        (
            "id 20 ingress-qos-map 1:2 7:4000000",
            of(20)?.ingress_qos(1, 2)?.ingress_qos(7, 4_000_000)?,
        ),
        (
            "id 20 egress-qos-map 5:6 6:7 ingress-qos-map 0:3",
            of(20)?.egress_qos(5, 6)?.egress_qos(6, 7)?.ingress_qos(0, 3)?,
        ),
    ];
    for (words, options) in rows {
        let link = Link::vlan("new0", "ens33", options.clone())?;
        twins.make(link, "", &format!("vlan {words}"))?;
        assert_vlan(&twins.assert_same("new0", words)?, &options);
        twins.unmake()?;
    }
    Ok(())
}

fn vlan_options_changed_on_a_living_link() -> Outcome {
    need(Need::Vlan)?;
    let twins = Twins::new()?;
    let of = || VlanOptions::new(20);
    // Given options change; others stay as they were.
    let rows = [
        ("gvrp on", of()?.gvrp(true), of()?.gvrp(true)),
        ("reorder_hdr off", of()?.reorder_hdr(false), of()?.gvrp(true).reorder_hdr(false)),
        (
            "gvrp off mvrp on loose_binding on reorder_hdr on",
            of()?.gvrp(false).mvrp(true).loose_binding(true).reorder_hdr(true),
            of()?.mvrp(true).loose_binding(true),
        ),
        ("mvrp off loose_binding off", of()?.mvrp(false).loose_binding(false), of()?),
        (
            "egress-qos-map 1:1 ingress-qos-map 2:2",
            of()?.egress_qos(1, 1)?.ingress_qos(2, 2)?,
            of()?.egress_qos(1, 1)?.ingress_qos(2, 2)?,
        ),
        (
            "egress-qos-map 1:3 ingress-qos-map 4:5",
            of()?.egress_qos(1, 3)?.ingress_qos(4, 5)?,
            of()?.egress_qos(1, 3)?.ingress_qos(2, 2)?.ingress_qos(4, 5)?,
        ),
    ];
    twins.make(Link::vlan("new0", "ens33", of()?)?, "", "vlan id 20")?;
    for (words, change, becomes) in rows {
        let command = format!("link set new0 type vlan {words}");
        twins.change(|a| a.set_vlan("new0", &change), &command)?;
        assert_vlan(&twins.assert_same("new0", words)?, &becomes);
    }
    Ok(())
}

/// A VLAN of a bridge that follows the bridge's ports.
fn vlan_bound_to_a_bridge() -> Outcome {
    for what in [Need::Vlan, Need::Bridge] {
        need(what)?;
    }
    let twins = Twins::new()?;
    let options = VlanOptions::new(20)?.bridge_binding(true);
    for host in [&twins.lab.a, &twins.lab.b] {
        let bridge = Link::bridge("br0")?.mac(mac("02:00:00:00:00:0b")).index(70_000);
        host.handle.add_link(&bridge)?;
    }
    let vlan = Link::vlan("br0.20", "br0", options.clone())?;
    let words = "link add link br0 name br0.20 type vlan id 20 bridge_binding on";
    twins.change(|a| a.add_link(&vlan), words)?;
    assert_vlan(&twins.assert_same("br0.20", words)?, &options);
    Ok(())
}

macvlan_tests::tests! {
    macvlan_and_macvtap_options_at_creation,
    macvlan_options_changed_on_a_living_link,
    nopromisc_changed_on_a_living_link,
    broadcast_cutoff,
    vlan_options_at_creation,
    vlan_options_changed_on_a_living_link,
    vlan_bound_to_a_bridge,
}
