//! Every option of a macvlan, macvtap or VLAN link, told twice: in our words on host a, in `ip`'s on
//! host b. `ip` must see no difference between the two, and we must read both as what was said.
#![deny(dead_code)]

use macvlan_core::{
    AddrGenMode, Handle, Link, LinkInfo, LinkName, MacAddr, Macvlan, MacvlanChange, Mode, NetNs,
    SourceMacs, Vlan, VlanProtocol,
};
use macvlan_tests::{Lab, Need, Outcome, ip_do, ip_link, need, need_kernel};
use serde_json::Value;

const FIRST: &str = "02:00:00:00:00:01";
const SECOND: &str = "02:00:00:00:00:02";

fn mac(text: &str) -> MacAddr {
    text.parse().unwrap_or_else(|error| panic!("{error}"))
}

/// What `ip -d -j` says of a link, but for what moves by itself; of the flags, those that are set.
fn seen(netns: &NetNs, name: &str) -> Value {
    let mut link = ip_link(netns, name);
    let set = ["UP", "PROMISC", "ALLMULTI", "MULTICAST"];
    if let Some(fields) = link.as_object_mut() {
        fields.remove("operstate");
    }
    if let Some(flags) = link["flags"].as_array_mut() {
        flags.retain(|flag| set.iter().any(|name| flag == name));
    }
    link
}

/// Checks that `ip` sees the same link on both hosts, and that we do; gives what we read.
#[track_caller]
fn assert_same(lab: &Lab, name: &str, said: &str) -> LinkInfo {
    let (mut ours, mut theirs) = (seen(&lab.a.netns, name), seen(&lab.b.netns, name));
    // Each passthru link has its own parent's MAC address.
    let passthru = ours["linkinfo"]["info_data"]["mode"] == "passthru";
    if passthru {
        (ours["address"], theirs["address"]) = (Value::Null, Value::Null);
    }
    assert_eq!(ours, theirs, "ip sees a difference when told {said:?}");
    let read = |handle: &Handle| handle.link(name).unwrap_or_else(|error| panic!("{error}"));
    let (mut ours, mut theirs) = (read(&lab.a.handle), read(&lab.b.handle));
    for info in [&mut ours, &mut theirs] {
        info.mac = info.mac.filter(|_| !passthru);
        info.statistics = <_>::default();
        info.state = <_>::default();
        info.carrier = None;
        info.flags &= 1 | 0x100 | 0x200; // UP, PROMISC, ALLMULTI
    }
    assert_eq!(ours, theirs, "we read a difference when told {said:?}");
    ours
}

/// Checks that the macvlan options that were read are those that were said.
#[track_caller]
fn assert_macvlan(info: &LinkInfo, said: &Macvlan) {
    let parts = |options: &Macvlan| {
        let mut macs = options.source_macs().to_vec();
        macs.sort();
        let queue = options.get_bc_queue_len().unwrap_or(1000);
        (options.mode(), options.is_nopromisc(), options.is_nodst(), macs, queue)
    };
    assert_eq!(info.macvlan.as_ref().map(parts), Some(parts(said)));
}

#[track_caller]
fn assert_vlan(info: &LinkInfo, said: &Vlan) {
    let parts = |vlan: &Vlan| {
        let flags = [
            vlan.get_reorder_hdr().unwrap_or(true),
            vlan.get_gvrp().unwrap_or(false),
            vlan.get_mvrp().unwrap_or(false),
            vlan.get_loose_binding().unwrap_or(false),
            vlan.get_bridge_binding().unwrap_or(false),
        ];
        let maps = (vlan.get_ingress_qos().to_vec(), vlan.get_egress_qos().to_vec());
        (vlan.id(), vlan.get_protocol(), flags, maps)
    };
    assert_eq!(info.vlan.as_ref().map(parts), Some(parts(said)));
}

/// Makes the link on host a, and on b as the words say; both have the same MAC address.
fn make(lab: &Lab, link: Link, common: &str, kind: &str) -> Outcome {
    lab.a.handle.add_link(&link.mac(mac("02:00:00:00:00:0f")))?;
    let common = format!("link ens33 name new0 address 02:00:00:00:00:0f {common}");
    ip_do(&lab.b.netns, &format!("link add {common} type {kind}"));
    Ok(())
}

fn unmake(lab: &Lab) -> Outcome {
    lab.a.handle.delete_link("new0")?;
    Ok(lab.b.handle.delete_link("new0")?)
}

fn macvlan_and_macvtap_options_at_creation() -> Outcome {
    need(Need::Macvtap)?;
    let lab = Lab::new()?;
    let (first, second) = (mac(FIRST), mac(SECOND));
    let source = Macvlan::new(Mode::Source);
    let rows = [
        ("mode private", Macvlan::new(Mode::Private)),
        ("mode vepa", Macvlan::new(Mode::Vepa)),
        ("mode bridge", Macvlan::new(Mode::Bridge)),
        ("mode passthru", Macvlan::new(Mode::Passthru)),
        ("mode passthru nopromisc", Macvlan::new(Mode::Passthru).nopromisc(true)),
        ("mode source", source.clone()),
        ("mode source nodst", source.clone().nodst(true)),
        ("mode source macaddr add 02:00:00:00:00:01", source.clone().source_mac(first)),
        (
            "mode source macaddr set 02:00:00:00:00:01 02:00:00:00:00:02",
            source.source_mac(first).source_mac(second),
        ),
        ("mode bridge bcqueuelen 77", Macvlan::new(Mode::Bridge).bc_queue_len(77)),
    ];
    for (words, options) in rows {
        let macvlan = Link::macvlan("new0", "ens33", options.clone())?;
        let macvtap = Link::macvtap("new0", "ens33", options.clone())?;
        for (kind, link) in [("macvlan", macvlan), ("macvtap", macvtap)] {
            make(&lab, link, "", &format!("{kind} {words}"))?;
            let info = assert_same(&lab, "new0", words);
            assert_eq!(info.kind.as_deref(), Some(kind));
            assert_macvlan(&info, &options);
            unmake(&lab)?;
        }
    }
    Ok(())
}

fn macvlan_options_changed_on_a_living_link() -> Outcome {
    need(Need::Macvtap)?;
    let lab = Lab::new()?;
    let change = MacvlanChange::new;
    let macs = |change: SourceMacs| MacvlanChange::new().source_macs(change);
    let (first, second) = (mac(FIRST), mac(SECOND));
    let source = Macvlan::new(Mode::Source);
    // Each row goes on from the one before it, and ends as its third column says.
    let rows = [
        ("mode private", change().mode(Mode::Private), Macvlan::new(Mode::Private)),
        ("mode vepa", change().mode(Mode::Vepa), Macvlan::new(Mode::Vepa)),
        ("bcqueuelen 55", change().bc_queue_len(55), Macvlan::new(Mode::Vepa).bc_queue_len(55)),
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
        // Leaving the mode, it leaves its list behind.
        ("mode bridge", change().mode(Mode::Bridge), Macvlan::new(Mode::Bridge)),
    ];
    for kind in ["macvlan", "macvtap"] {
        let options = Macvlan::new(Mode::Bridge);
        let link = match kind {
            "macvtap" => Link::macvtap("new0", "ens33", options)?,
            _ => Link::macvlan("new0", "ens33", options)?,
        };
        make(&lab, link.up(true), "up", &format!("{kind} mode bridge"))?;
        for (words, change, becomes) in &rows {
            lab.a.handle.set_macvlan("new0", change)?;
            ip_do(&lab.b.netns, &format!("link set new0 type {kind} {words}"));
            assert_macvlan(&assert_same(&lab, "new0", words), becomes);
        }
        unmake(&lab)?;
    }
    Ok(())
}

/// Without its flag, a passthru link makes the parent promiscuous, at once when that changes.
fn nopromisc_changed_on_a_living_link() -> Outcome {
    let lab = Lab::new()?;
    let passthru = Macvlan::new(Mode::Passthru);
    make(
        &lab,
        Link::macvlan("new0", "ens33", passthru.clone().nopromisc(true))?.up(true),
        "up",
        "macvlan mode passthru nopromisc",
    )?;
    for (words, nopromisc) in [("flag null", false), ("nopromisc", true)] {
        lab.a.handle.set_macvlan("new0", &MacvlanChange::new().flags(nopromisc, false))?;
        ip_do(&lab.b.netns, &format!("link set new0 type macvlan mode passthru {words}"));
        let info = assert_same(&lab, "new0", words);
        assert_macvlan(&info, &passthru.clone().nopromisc(nopromisc));
        for host in [&lab.a, &lab.b] {
            assert_eq!(
                ip_link(&host.netns, "ens33")["promiscuity"],
                u32::from(!nopromisc),
                "{words}"
            );
        }
    }
    Ok(())
}

/// One number for all on a parent. (`ip` knows it as `bclim` from iproute2 6.4 on.)
fn broadcast_cutoff() -> Outcome {
    need_kernel(6, 4)?;
    let lab = Lab::new()?;
    let cutoff = |name: &str| -> Outcome<Option<i32>> {
        Ok(lab.a.handle.link(name)?.macvlan.and_then(|macvlan| macvlan.get_bc_cutoff()))
    };
    let link = |name: &str, options| Link::macvlan(name, "ens33", options);
    lab.a.handle.add_link(&link("mv0", Macvlan::new(Mode::Bridge))?)?;
    assert_eq!(cutoff("mv0")?, None, "the kernel does not tell the default, 1");
    lab.a.handle.add_link(&link("mv1", Macvlan::new(Mode::Bridge).bc_cutoff(-1))?)?;
    assert_eq!((cutoff("mv0")?, cutoff("mv1")?), (Some(-1), Some(-1)));
    lab.a.handle.set_macvlan("mv0", &MacvlanChange::new().bc_cutoff(7))?;
    assert_eq!((cutoff("mv0")?, cutoff("mv1")?), (Some(7), Some(7)));
    Ok(())
}

fn vlan_options_at_creation() -> Outcome {
    need(Need::Vlan)?;
    let lab = Lab::new()?;
    let of = Vlan::new;
    let rows = [
        ("id 1", of(1)?),
        ("id 4094", of(4094)?),
        ("id 0", Vlan::priority_tags()),
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
        make(&lab, link, "", &format!("vlan {words}"))?;
        assert_vlan(&assert_same(&lab, "new0", words), &options);
        unmake(&lab)?;
    }
    Ok(())
}

fn vlan_options_changed_on_a_living_link() -> Outcome {
    need(Need::Vlan)?;
    let lab = Lab::new()?;
    let of = || Vlan::new(20);
    // What is said changes; what is not said stays as it was.
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
    make(&lab, Link::vlan("new0", "ens33", of()?)?, "", "vlan id 20")?;
    for (words, change, becomes) in rows {
        lab.a.handle.set_vlan("new0", &change)?;
        ip_do(&lab.b.netns, &format!("link set new0 type vlan {words}"));
        assert_vlan(&assert_same(&lab, "new0", words), &becomes);
    }
    Ok(())
}

/// A VLAN of a bridge that follows the bridge's ports.
fn vlan_bound_to_a_bridge() -> Outcome {
    for what in [Need::Vlan, Need::Bridge] {
        need(what)?;
    }
    let lab = Lab::new()?;
    let options = Vlan::new(20)?.bridge_binding(true);
    for host in [&lab.a, &lab.b] {
        let bridge = Link::bridge("br0")?.mac(mac("02:00:00:00:00:0b")).index(70_000);
        host.handle.add_link(&bridge)?;
    }
    lab.a.handle.add_link(&Link::vlan("br0.20", "br0", options.clone())?)?;
    let words = "link add link br0 name br0.20 type vlan id 20 bridge_binding on";
    ip_do(&lab.b.netns, words);
    assert_vlan(&assert_same(&lab, "br0.20", words), &options);
    Ok(())
}

/// What every kind of link can be told, at creation.
fn common_options_at_creation() -> Outcome {
    let lab = Lab::new()?;
    let link = || Link::macvlan("new0", "ens33", Macvlan::new(Mode::Bridge));
    let rows = [
        ("index 70000", link()?.index(70_000)),
        ("mtu 1400", link()?.mtu(1400)),
        ("group 7", link()?.group(7)),
        ("txqueuelen 33", link()?.tx_queue_len(33)),
        ("numtxqueues 3 numrxqueues 2", link()?.queues(3, 2)),
        ("up", link()?.up(true)),
    ];
    for (words, link) in rows {
        make(&lab, link, words, "macvlan mode bridge")?;
        assert_same(&lab, "new0", words);
        unmake(&lab)?;
    }
    let promisc = link()?.promisc(true).up(true);
    make(&lab, promisc, "", "macvlan mode bridge")?;
    ip_do(&lab.b.netns, "link set new0 up promisc on"); // `link add … promisc on` does not work
    assert!(assert_same(&lab, "new0", "promisc").is_promisc());
    Ok(())
}

type Change = fn(&Handle) -> macvlan_core::Result<()>;

/// And on a living link, by the verbs of a handle.
fn common_options_changed_on_a_living_link() -> Outcome {
    let lab = Lab::new()?;
    make(
        &lab,
        Link::macvlan("new0", "ens33", Macvlan::new(Mode::Bridge))?,
        "",
        "macvlan mode bridge",
    )?;
    let long = "a name that says more than fifteen bytes can".replace(' ', "-");
    let rows: [(&str, Change); 16] = [
        ("link set new0 address 02:00:00:00:00:11", |a| {
            a.set_mac("new0", mac("02:00:00:00:00:11"))
        }),
        ("link set new0 mtu 1300", |a| a.set_mtu("new0", 1300)),
        ("link set new0 alias spare", |a| a.set_alias("new0", "spare")),
        ("link set new0 group 9", |a| a.set_group("new0", 9)),
        ("link set new0 txqueuelen 44", |a| a.set_tx_queue_len("new0", 44)),
        ("link set new0 addrgenmode none", |a| a.set_addr_gen_mode("new0", AddrGenMode::None)),
        ("link set new0 addrgenmode random", |a| a.set_addr_gen_mode("new0", AddrGenMode::Random)),
        ("link set new0 addrgenmode eui64", |a| a.set_addr_gen_mode("new0", AddrGenMode::Eui64)),
        ("link property add dev new0 altname wan", |a| a.add_alternative_name("new0", "wan")),
        ("link property add dev new0 altname a-name-that-says-more-than-fifteen-bytes-can", |a| {
            a.add_alternative_name("new0", "a-name-that-says-more-than-fifteen-bytes-can")
        }),
        ("link property del dev new0 altname wan", |a| a.delete_alternative_name("new0", "wan")),
        ("link set new0 promisc on", |a| a.set_promisc("new0", true)),
        ("link set new0 promisc off", |a| a.set_promisc("new0", false)),
        ("link set new0 allmulticast on", |a| a.set_allmulticast("new0", true)),
        ("link set new0 up", |a| a.set_up("new0")),
        ("link set new0 down", |a| a.set_down("new0")),
    ];
    for (words, change) in rows {
        change(&lab.a.handle)?;
        ip_do(&lab.b.netns, words);
        assert_same(&lab, "new0", words);
    }
    let info = lab.a.handle.link("new0")?;
    assert_eq!(info.alternative_names, [long]);
    assert_eq!(info.alias.as_deref(), Some("spare"));
    lab.a.handle.rename("new0", LinkName::new("new1")?)?;
    assert_eq!(ip_link(&lab.a.netns, "new1")["ifindex"], info.index);
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
    common_options_at_creation,
    common_options_changed_on_a_living_link,
}
