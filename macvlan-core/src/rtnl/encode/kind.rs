//! The options of kinds of links: `ip link … type KIND …` (`IFLA_LINKINFO`).

use std::os::fd::{AsFd, AsRawFd};

use nix::libc::{IFLA_IFNAME, IFLA_INFO_DATA, IFLA_INFO_KIND, IFLA_NET_NS_FD};

use crate::netlink::attributes::Payload;
use crate::rtnl::uapi::{
    IFLA_MACVLAN_BC_CUTOFF, IFLA_MACVLAN_BC_QUEUE_LEN, IFLA_MACVLAN_FLAGS, IFLA_MACVLAN_MACADDR,
    IFLA_MACVLAN_MACADDR_DATA, IFLA_MACVLAN_MACADDR_MODE, IFLA_MACVLAN_MODE, IFLA_VLAN_EGRESS_QOS,
    IFLA_VLAN_FLAGS, IFLA_VLAN_ID, IFLA_VLAN_INGRESS_QOS, IFLA_VLAN_PROTOCOL,
    IFLA_VLAN_QOS_MAPPING, MACVLAN_MACADDR_ADD, MACVLAN_MACADDR_DEL, MACVLAN_MACADDR_FLUSH,
    MACVLAN_MACADDR_SET, VETH_INFO_PEER,
};
use crate::value::link::{LinkKind, MacvlanChange, MacvlanOptions, Mode, SourceMacs, VlanOptions};
use crate::value::mac::MacAddr;

// The length of `struct ifinfomsg`, which precedes the attributes of a veth's peer
// (`linux/veth.h`).
const LINK_HEADER: usize = 16;

/// Writes the options of a link to be created.
pub(super) fn new(info: &mut Payload, kind: &LinkKind) {
    info.text(IFLA_INFO_KIND, kind.as_str());
    match kind {
        LinkKind::Macvlan(options) | LinkKind::Macvtap(options) => {
            info.nested(IFLA_INFO_DATA, |data| macvlan(data, options));
        }
        LinkKind::Vlan(options) => info.nested(IFLA_INFO_DATA, |data| {
            data.attribute(IFLA_VLAN_PROTOCOL, &(options.get_protocol() as u16).to_be_bytes());
            data.attribute(IFLA_VLAN_ID, &options.get_id().to_ne_bytes());
            vlan(data, options);
        }),
        LinkKind::Veth { peer, peer_netns } => info.nested(IFLA_INFO_DATA, |data| {
            data.nested(VETH_INFO_PEER, |end| {
                end.push(&[0; LINK_HEADER]);
                end.text(IFLA_IFNAME, peer.as_str());
                if let Some(netns) = peer_netns {
                    end.attribute(IFLA_NET_NS_FD, &netns.as_fd().as_raw_fd().to_ne_bytes());
                }
            });
        }),
        LinkKind::Dummy | LinkKind::Bridge => {}
    }
}

/// Writes changed options of a macvlan or macvtap.
pub(super) fn change_macvlan(info: &mut Payload, kind: &str, change: &MacvlanChange) {
    info.text(IFLA_INFO_KIND, kind);
    info.nested(IFLA_INFO_DATA, |data| {
        if let Some(wanted) = change.mode {
            mode(data, wanted);
        }
        if let Some(flags) = change.flags {
            data.attribute(IFLA_MACVLAN_FLAGS, &flags.to_ne_bytes());
        }
        if let Some(change) = &change.source_macs {
            source_macs(data, change);
        }
        broadcasts(data, change.bc_queue_len, change.bc_cutoff);
    });
}

/// Writes changed options of a VLAN, whose id and protocol cannot be changed.
pub(super) fn change_vlan(info: &mut Payload, options: &VlanOptions) {
    info.text(IFLA_INFO_KIND, "vlan");
    info.nested(IFLA_INFO_DATA, |data| vlan(data, options));
}

fn macvlan(data: &mut Payload, options: &MacvlanOptions) {
    mode(data, options.get_mode());
    if options.flags() != 0 {
        data.attribute(IFLA_MACVLAN_FLAGS, &options.flags().to_ne_bytes());
    }
    if !options.get_source_macs().is_empty() {
        set_source_macs(data, options.get_source_macs());
    }
    broadcasts(data, options.get_bc_queue_len(), options.get_bc_cutoff());
}

fn mode(data: &mut Payload, mode: Mode) {
    data.number(IFLA_MACVLAN_MODE, mode as u32);
}

fn broadcasts(data: &mut Payload, queue_len: Option<u32>, cutoff: Option<i32>) {
    if let Some(frames) = queue_len {
        data.number(IFLA_MACVLAN_BC_QUEUE_LEN, frames);
    }
    if let Some(siblings) = cutoff {
        data.attribute(IFLA_MACVLAN_BC_CUTOFF, &siblings.to_ne_bytes());
    }
}

fn source_macs(data: &mut Payload, change: &SourceMacs) {
    let mut one = |what, mac: &MacAddr| {
        data.number(IFLA_MACVLAN_MACADDR_MODE, what);
        data.attribute(IFLA_MACVLAN_MACADDR, &mac.octets());
    };
    match change {
        SourceMacs::Add(mac) => one(MACVLAN_MACADDR_ADD, mac),
        SourceMacs::Delete(mac) => one(MACVLAN_MACADDR_DEL, mac),
        SourceMacs::Set(macs) => set_source_macs(data, macs),
        SourceMacs::Flush => data.number(IFLA_MACVLAN_MACADDR_MODE, MACVLAN_MACADDR_FLUSH),
    }
}

fn set_source_macs(data: &mut Payload, macs: &[MacAddr]) {
    data.number(IFLA_MACVLAN_MACADDR_MODE, MACVLAN_MACADDR_SET);
    data.nested(IFLA_MACVLAN_MACADDR_DATA, |list| {
        for mac in macs {
            list.attribute(IFLA_MACVLAN_MACADDR, &mac.octets());
        }
    });
}

fn vlan(data: &mut Payload, options: &VlanOptions) {
    let (flags, mask) = options.flags();
    if mask != 0 {
        // `struct ifla_vlan_flags`
        data.attribute(IFLA_VLAN_FLAGS, &pair(flags, mask));
    }
    let ingress =
        options.get_ingress_qos().iter().map(|(tag, inside)| pair((*tag).into(), *inside));
    priorities(data, IFLA_VLAN_INGRESS_QOS, ingress);
    let egress = options.get_egress_qos().iter().map(|(inside, tag)| pair(*inside, (*tag).into()));
    priorities(data, IFLA_VLAN_EGRESS_QOS, egress);
}

/// Writes a priority map (`struct ifla_vlan_qos_mapping`), unless it is empty.
fn priorities(data: &mut Payload, kind: u16, maps: impl ExactSizeIterator<Item = [u8; 8]>) {
    if maps.len() > 0 {
        data.nested(kind, |list| {
            maps.for_each(|map| list.attribute(IFLA_VLAN_QOS_MAPPING, &map));
        });
    }
}

fn pair(a: u32, b: u32) -> [u8; 8] {
    let mut pair = [0; 8];
    pair[..4].copy_from_slice(&a.to_ne_bytes());
    pair[4..].copy_from_slice(&b.to_ne_bytes());
    pair
}
