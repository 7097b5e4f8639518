//! Each request that creates, changes or deletes a link equals that of `ip`.
//!
//! Where ours differs, the test changes the request of `ip` into ours and says why.

use std::os::fd::{AsFd, AsRawFd};

use nix::libc::{IFLA_ALT_IFNAME, IFLA_INFO_DATA, IFLA_LINKINFO, IFLA_NET_NS_FD};

use super::Captured;
use super::message::{Message, sent};
use crate::netns::NetNs;
use crate::rtnl::encode::{self, LinkChange};
use crate::rtnl::uapi::{IFLA_MACVLAN_BC_CUTOFF, IFLA_VLAN_PROTOCOL, VETH_INFO_PEER};
use crate::value::link::{
    AddrGenMode, Link, MacvlanChange, MacvlanOptions, Mode, SourceMacs, VlanOptions, VlanProtocol,
};
use crate::value::mac::MacAddr;

// The links of `scenarios.py`.
const LO: u32 = 1;
const ENS33: u32 = 2;
const CABLE: u32 = 3;
const MV0: u32 = 12;

const IFI_INDEX: usize = 4;

fn mac(text: &str) -> MacAddr {
    text.parse().unwrap()
}

fn macvlan(name: &str, options: MacvlanOptions) -> Link {
    Link::macvlan(name, ENS33, options).unwrap()
}

#[test]
fn add() {
    let mut captured = Captured::read(include_str!("link-requests.txt"));
    let mut ip = |command: &str| Message::parse(&captured.take(&format!("ip link add {command}")));
    let add = |link: &Link| sent(encode::create_link(link, link.parent.map(|_| ENS33)));
    let netns = NetNs::current().unwrap();
    let netns_fd = netns.as_fd().as_raw_fd().to_le_bytes();

    for (at, mode) in [Mode::Private, Mode::Vepa, Mode::Bridge, Mode::Passthru, Mode::Source]
        .into_iter()
        .enumerate()
    {
        assert_eq!(
            add(&macvlan(&format!("mv{at}"), MacvlanOptions::new(mode))),
            ip(&format!("link ens33 name mv{at} type macvlan mode {mode}"))
        );
    }
    assert_eq!(
        add(&macvlan("eth0", MacvlanOptions::new(Mode::Bridge))
            .index(70000)
            .mac(mac("02:42:ac:10:d5:b4"))
            .mtu(1400)
            .netns(&netns)),
        ip("link ens33 name eth0 index 70000 address 02:42:ac:10:d5:b4 mtu 1400 netns blue \
            type macvlan mode bridge")
        .with(&[IFLA_NET_NS_FD], &netns_fd)
    );
    assert_eq!(
        add(&macvlan("eth0", MacvlanOptions::new(Mode::Bridge)).up(true).promisc(true)),
        ip("link ens33 name eth0 up promisc on type macvlan mode bridge")
    );
    assert_eq!(
        add(&macvlan("mv5", MacvlanOptions::new(Mode::Vepa))
            .group(7)
            .tx_queue_len(500)
            .queues(2, 3)),
        ip("link ens33 name mv5 group 7 txqueuelen 500 numtxqueues 2 numrxqueues 3 \
            type macvlan mode vepa")
    );
    assert_eq!(
        add(&macvlan("mv6", MacvlanOptions::new(Mode::Passthru).nopromisc(true))),
        ip("link ens33 name mv6 type macvlan mode passthru nopromisc")
    );
    let source = MacvlanOptions::new(Mode::Source)
        .nodst(true)
        .bc_queue_len(2000)
        .source_mac(mac("02:00:00:00:00:01"))
        .source_mac(mac("02:00:00:00:00:02"));
    let by_ip = ip("link ens33 name mv7 type macvlan mode source nodst bcqueuelen 2000 \
                    macaddr set 02:00:00:00:00:01 02:00:00:00:00:02");
    assert_eq!(add(&macvlan("mv7", source.clone())), by_ip);
    // This version of `ip` lacks "bclim".
    assert_eq!(
        add(&macvlan("mv7", source.bc_cutoff(-1))),
        by_ip.with(&[IFLA_LINKINFO, IFLA_INFO_DATA, IFLA_MACVLAN_BC_CUTOFF], &[0xff; 4])
    );
    assert_eq!(
        add(&Link::macvtap("tap0", ENS33, MacvlanOptions::new(Mode::Bridge)).unwrap()),
        ip("link ens33 name tap0 type macvtap mode bridge")
    );
    // The protocol is always sent, in network byte order.
    assert_eq!(
        add(&Link::vlan("ens33.100", ENS33, VlanOptions::new(100).unwrap()).unwrap()),
        ip("link ens33 name ens33.100 type vlan id 100")
            .with(&[IFLA_LINKINFO, IFLA_INFO_DATA, IFLA_VLAN_PROTOCOL], &[0x81, 0x00])
    );
    let vlan = VlanOptions::new(200)
        .unwrap()
        .protocol(VlanProtocol::Dot1ad)
        .reorder_hdr(false)
        .gvrp(true)
        .loose_binding(true)
        .mvrp(false)
        .bridge_binding(true)
        .ingress_qos(1, 2)
        .and_then(|vlan| vlan.ingress_qos(3, 4))
        .and_then(|vlan| vlan.egress_qos(0, 3))
        .and_then(|vlan| vlan.egress_qos(5, 6))
        .unwrap();
    assert_eq!(
        add(&Link::vlan("ens33.200", ENS33, vlan).unwrap()),
        ip("link ens33 name ens33.200 type vlan protocol 802.1ad id 200 reorder_hdr off gvrp on \
            loose_binding on mvrp off bridge_binding on ingress-qos-map 1:2 3:4 \
            egress-qos-map 0:3 5:6")
    );
    assert_eq!(add(&Link::veth("ve0", "ve1", None).unwrap()), ip("ve0 type veth peer name ve1"));
    assert_eq!(
        add(&Link::veth("ve0", "ve1", Some(&netns)).unwrap()),
        ip("ve0 type veth peer name ve1 netns blue")
            .with(&[IFLA_LINKINFO, IFLA_INFO_DATA, VETH_INFO_PEER, IFLA_NET_NS_FD], &netns_fd)
    );
    assert_eq!(add(&Link::dummy("dummy0").unwrap()), ip("dummy0 type dummy"));
    assert_eq!(add(&Link::bridge("br0").unwrap()), ip("br0 type bridge"));
    captured.nothing_is_left();
}

#[test]
fn change_and_delete() {
    let mut captured = Captured::read(include_str!("link-changes.txt"));
    let mut ip = |command: &str| Message::parse(&captured.take(&format!("ip link {command}")));
    let set = |index, change: &LinkChange<'_>| sent(encode::set_link(index, change));
    let netns = NetNs::current().unwrap();
    let netns_fd = netns.as_fd().as_raw_fd().to_le_bytes();

    for (change, words) in [
        (LinkChange::Up(true), "up"),
        (LinkChange::Up(false), "down"),
        (LinkChange::Promisc(true), "promisc on"),
        (LinkChange::Promisc(false), "promisc off"),
        (LinkChange::AllMulticast(true), "allmulticast on"),
        (LinkChange::AllMulticast(false), "allmulticast off"),
        (LinkChange::Mac(mac("02:42:ac:10:d5:b4")), "address 02:42:ac:10:d5:b4"),
        (LinkChange::Mtu(1400), "mtu 1400"),
        (LinkChange::Alias("to the switch"), "alias \"to the switch\""),
        (LinkChange::Group(7), "group 7"),
        (LinkChange::TxQueueLen(500), "txqueuelen 500"),
        (LinkChange::AddrGenMode(AddrGenMode::Eui64), "addrgenmode eui64"),
        (LinkChange::AddrGenMode(AddrGenMode::None), "addrgenmode none"),
        (LinkChange::AddrGenMode(AddrGenMode::StableSecret), "addrgenmode stable_secret"),
        (LinkChange::AddrGenMode(AddrGenMode::Random), "addrgenmode random"),
        (LinkChange::Name("wire".parse().unwrap()), "name wire"),
    ] {
        assert_eq!(set(ENS33, &change), ip(&format!("set dev ens33 {words}")));
    }

    let change = MacvlanChange::new;
    let (one, two) = (mac("02:00:00:00:00:01"), mac("02:00:00:00:00:02"));
    for (kind, change, words) in [
        ("macvlan", change().mode(Mode::Private), "mode private"),
        ("macvtap", change().mode(Mode::Vepa), "mode vepa"),
        (
            "macvlan",
            change().mode(Mode::Source).flags(false, true).bc_queue_len(2000),
            "mode source nodst bcqueuelen 2000",
        ),
        ("macvlan", change().source_macs(SourceMacs::Add(one)), "macaddr add 02:00:00:00:00:01"),
        ("macvlan", change().source_macs(SourceMacs::Delete(one)), "macaddr del 02:00:00:00:00:01"),
        (
            "macvlan",
            change().source_macs(SourceMacs::Set(vec![one, two])),
            "macaddr set 02:00:00:00:00:01 02:00:00:00:00:02",
        ),
        ("macvlan", change().source_macs(SourceMacs::Flush), "macaddr flush"),
    ] {
        assert_eq!(
            set(MV0, &LinkChange::Macvlan(kind, &change)),
            ip(&format!("set dev mv0 type {kind} {words}"))
        );
    }
    let vlan = VlanOptions::new(1).unwrap().gvrp(true).reorder_hdr(false).egress_qos(0, 3).unwrap();
    assert_eq!(
        set(ENS33, &LinkChange::Vlan(&vlan)),
        ip("set dev ens33 type vlan gvrp on reorder_hdr off egress-qos-map 0:3")
    );

    assert_eq!(
        set(CABLE, &LinkChange::NetNs(&netns, Some("eth0".parse().unwrap()))),
        ip("set dev cable netns blue name eth0").with(&[IFLA_NET_NS_FD], &netns_fd)
    );
    assert_eq!(
        set(ENS33, &LinkChange::NetNs(&netns, None)),
        ip("set dev wire netns blue").with(&[IFLA_NET_NS_FD], &netns_fd)
    );

    let other_name = "a-name-of-more-than-15-bytes";
    assert_eq!(
        set(ENS33, &LinkChange::AddAltName(other_name)),
        ip(&format!("property add dev ens33 altname {other_name}"))
    );
    assert_eq!(
        set(ENS33, &LinkChange::DeleteAltName(other_name)),
        ip(&format!("property del dev ens33 altname {other_name}"))
    );

    assert_eq!(sent(encode::delete_group(4711)), ip("delete group 4711"));
    let by_ip = ip("delete dev lo");
    assert_eq!(sent(encode::delete_link(LO)), by_ip);
    // `ip` resolves the name first; in between, the name may go to another link.
    assert_eq!(
        sent(encode::delete_link_by_altname(other_name)),
        by_ip.header(IFI_INDEX, &[0; 4]).with(&[IFLA_ALT_IFNAME], other_name.as_bytes())
    );
    captured.nothing_is_left();
}
