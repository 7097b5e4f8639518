//! Reports of links are decoded as the kernel means them.

use super::{Captured, decoded};
use crate::rtnl::decode;
use crate::value::link::{
    AcceptRa, AddrGenMode, LinkInfo, LinkState, LinkStatistics, MacvlanOptions, Mode, Offloads,
    VlanOptions, VlanProtocol,
};

/// Makes an Ethernet link that is down and has the defaults.
fn link(index: u32, name: &str, mac: &str) -> LinkInfo {
    LinkInfo {
        index,
        name: name.into(),
        mac: Some(mac.parse().unwrap()),
        mtu: 1500,
        min_mtu: 68,
        max_mtu: 65535,
        flags: BROADCAST | MULTICAST,
        state: LinkState::Down,
        allmulticast_count: Some(0),
        tx_queue_len: 1000,
        tx_queues: 1,
        rx_queues: 1,
        qdisc: Some("noop".into()),
        carrier: Some(true),
        addr_gen_mode: Some(AddrGenMode::Eui64),
        accept_ra: Some(AcceptRa::UnlessForwarding),
        autoconf: Some(true),
        disable_ipv6: Some(false),
        ndisc_notify: Some(false),
        arp_filter: Some(false),
        arp_notify: Some(false),
        offloads: Offloads {
            gso_max_size: Some(65536),
            gso_max_segs: Some(65535),
            gso_ipv4_max_size: Some(65536),
            tso_max_size: Some(524_280),
            tso_max_segs: Some(65535),
            gro_max_size: Some(65536),
            gro_ipv4_max_size: Some(65536),
        },
        ..LinkInfo::default()
    }
}

// linux/if.h
const UP: u32 = 0x1;
const BROADCAST: u32 = 0x2;
const LOOPBACK: u32 = 0x8;
const RUNNING: u32 = 0x40;
const PROMISC: u32 = 0x100;
const MULTICAST: u32 = 0x1000;
const LOWER_UP: u32 = 0x1_0000;

#[test]
fn links() {
    let mut captured = Captured::read(include_str!("links.txt"));
    let mut told = |command: &str| decoded(&captured.take(command), decode::link);

    assert_eq!(
        told("ip -d link show dev lo"),
        [LinkInfo {
            // The kernel reports a MAC address of zeros.
            mac: None,
            mtu: 65536,
            min_mtu: 0,
            max_mtu: 0,
            flags: UP | LOOPBACK | RUNNING | LOWER_UP,
            state: LinkState::Unknown,
            qdisc: Some("noqueue".into()),
            ..link(1, "lo", "02:00:00:00:00:01")
        }]
    );
    assert_eq!(
        told("ip -d link show dev ens33"),
        [LinkInfo {
            kind: Some("veth".into()),
            parent: Some(3),
            flags: UP | BROADCAST | RUNNING | PROMISC | MULTICAST | LOWER_UP,
            state: LinkState::Up,
            promiscuity: 1,
            alternative_names: vec!["enp2s1".into()],
            alias: Some("to the switch".into()),
            tx_queues: 2,
            rx_queues: 2,
            qdisc: Some("noqueue".into()),
            statistics: LinkStatistics {
                rx_packets: 3,
                tx_packets: 4,
                rx_bytes: 266,
                tx_bytes: 356,
                ..LinkStatistics::default()
            },
            ..link(2, "ens33", "02:00:00:00:00:02")
        }]
    );
    assert_eq!(
        told("ip -n blue -d link show dev eth0"),
        [LinkInfo {
            kind: Some("macvlan".into()),
            macvlan: Some(MacvlanOptions::new(Mode::Bridge).bc_queue_len(1000)),
            parent: Some(2),
            parent_netns: Some(0),
            mtu: 1400,
            ..link(70000, "eth0", "02:42:ac:10:d5:b4")
        }]
    );
    assert_eq!(
        told("ip -d link show dev mv0"),
        [LinkInfo {
            kind: Some("macvlan".into()),
            // The kernel reports the list in the order of its hash table.
            macvlan: Some(
                MacvlanOptions::new(Mode::Source)
                    .nodst(true)
                    .bc_queue_len(2000)
                    .source_mac("02:00:00:00:00:02".parse().unwrap())
                    .source_mac("02:00:00:00:00:01".parse().unwrap())
            ),
            parent: Some(2),
            group: 7,
            ..link(12, "mv0", "02:00:00:00:00:10")
        }]
    );
    assert_eq!(
        told("ip -d link show dev br0"),
        [LinkInfo {
            kind: Some("bridge".into()),
            carrier: Some(false),
            ..link(10, "br0", "02:00:00:00:00:11")
        }]
    );
    // A port of a bridge, whose peer is elsewhere; the bridge makes it promiscuous without the
    // flag.
    assert_eq!(
        told("ip -d link show dev port"),
        [LinkInfo {
            kind: Some("veth".into()),
            parent: Some(5),
            parent_netns: Some(0),
            controller: Some(10),
            promiscuity: 1,
            allmulticast_count: Some(1),
            tx_queues: 2,
            rx_queues: 2,
            carrier: Some(false),
            ..link(11, "port", "02:00:00:00:00:12")
        }]
    );
    captured.nothing_is_left();
}

/// Adapts a link to an older kernel, which reports less.
fn older(info: LinkInfo) -> LinkInfo {
    let offloads = Offloads { gso_ipv4_max_size: None, gro_ipv4_max_size: None, ..info.offloads };
    // Without CONFIG_RPS, it does not count receive queues.
    LinkInfo { offloads, rx_queues: 0, ..info }
}

#[test]
fn vlans_and_macvtaps() {
    let mut captured = Captured::read(include_str!("vlans.txt"));
    let mut told = |command: &str| decoded(&captured.take(command), decode::link);

    let said = |vlan: VlanOptions| vlan.gvrp(false).mvrp(false).bridge_binding(false);
    assert_eq!(
        told("ip -d link show dev ens33.100"),
        [older(LinkInfo {
            kind: Some("vlan".into()),
            vlan: Some(said(VlanOptions::new(100).unwrap().reorder_hdr(true).loose_binding(false))),
            parent: Some(2),
            min_mtu: 0,
            flags: UP | BROADCAST | RUNNING | MULTICAST | LOWER_UP,
            state: LinkState::Up,
            qdisc: Some("noqueue".into()),
            statistics: LinkStatistics {
                tx_packets: 4,
                tx_bytes: 356,
                ..LinkStatistics::default()
            },
            ..link(20, "ens33.100", "02:00:00:00:00:20")
        })]
    );
    let vlan = VlanOptions::new(200)
        .unwrap()
        .protocol(VlanProtocol::Dot1ad)
        .reorder_hdr(false)
        .loose_binding(true)
        .ingress_qos(1, 2)
        .and_then(|vlan| vlan.ingress_qos(3, 4))
        .and_then(|vlan| vlan.egress_qos(0, 3))
        .and_then(|vlan| vlan.egress_qos(5, 6));
    assert_eq!(
        told("ip -d link show dev ens33.200"),
        [older(LinkInfo {
            kind: Some("vlan".into()),
            vlan: Some(said(vlan.unwrap())),
            parent: Some(2),
            min_mtu: 0,
            ..link(21, "ens33.200", "02:00:00:00:00:21")
        })]
    );
    assert_eq!(
        told("ip -d link show dev tap0"),
        [older(LinkInfo {
            kind: Some("macvtap".into()),
            macvlan: Some(MacvlanOptions::new(Mode::Vepa).bc_queue_len(1000)),
            parent: Some(20),
            tx_queue_len: 500,
            ..link(22, "tap0", "02:00:00:00:00:22")
        })]
    );
    captured.nothing_is_left();
}
