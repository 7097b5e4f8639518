//! Links: `ip link`.

use std::os::fd::{AsFd, AsRawFd};

use netlink_packet_core::DefaultNla;
use netlink_packet_route::RouteNetlinkMessage as Message;
use netlink_packet_route::link::{
    self as packet, AfSpecInet6, AfSpecUnspec, In6AddrGenMode, InfoData, InfoKind, InfoMacVlan,
    InfoVeth, InfoVlan, LinkAttribute, LinkInfo, LinkMessage, MacVlanFlags, MacVlanMacAddressMode,
    MacVlanMode, Prop, VlanFlags, VlanQosMapping,
};
use rtnetlink::{LinkMessageBuilder, LinkUnspec};

use crate::link::{AddrGenMode, Link, LinkKind, Macvlan, MacvlanChange, Mode, SourceMacs, Vlan};
use crate::mac::MacAddr;
use crate::name::{LinkId, LinkName};
use crate::netlink::Request;
use crate::netlink::encode::family::flag;
use crate::netlink::write::Payload;
use crate::netns::NetNs;

// linux/if_link.h
const IFLA_ADDRESS: u16 = 1;
const IFLA_IFNAME: u16 = 3;
const IFLA_MTU: u16 = 4;
const IFLA_LINK: u16 = 5;
const IFLA_TXQLEN: u16 = 13;
const IFLA_LINKINFO: u16 = 18;
const IFLA_GROUP: u16 = 27;
const IFLA_NET_NS_FD: u16 = 28;
const IFLA_EXT_MASK: u16 = 29;
const IFLA_NUM_TX_QUEUES: u16 = 31;
const IFLA_NUM_RX_QUEUES: u16 = 32;
const IFLA_ALT_IFNAME: u16 = 53;
const IFLA_INFO_KIND: u16 = 1;
// linux/if.h
const IFF_UP: u32 = 1;
const IFF_PROMISC: u32 = 0x100;
// linux/rtnetlink.h
pub(super) const RTM_NEWLINK: u16 = 16;
const RTM_GETLINK: u16 = 18;
const RTEXT_FILTER_SKIP_STATS: u32 = 8;

/// `ip link add`.
///
/// Always with `NLM_F_EXCL`: without it, a link of that name in the sender's namespace would be
/// moved into the target's, and the kernel would call that a success.
pub(crate) fn create_link(link: &Link, parent: Option<u32>) -> Request {
    let flags = flag(IFF_UP, link.up) | flag(IFF_PROMISC, link.promisc);
    let mut message = link_header(link.index.unwrap_or_default(), flags, flags);
    message.text(IFLA_IFNAME, link.name.as_str());
    if let Some(parent) = parent {
        message.number(IFLA_LINK, parent);
    }
    if let Some(mac) = link.mac {
        message.attribute(IFLA_ADDRESS, &mac.octets());
    }
    for (kind, number) in [
        (IFLA_MTU, link.mtu),
        (IFLA_GROUP, link.group),
        (IFLA_TXQLEN, link.tx_queue_len),
        (IFLA_NUM_TX_QUEUES, link.tx_queues),
        (IFLA_NUM_RX_QUEUES, link.rx_queues),
    ] {
        if let Some(number) = number {
            message.number(kind, number);
        }
    }
    if let Some(netns) = &link.netns {
        message.attribute(IFLA_NET_NS_FD, &netns.as_fd().as_raw_fd().to_ne_bytes());
    }
    message.nested(IFLA_LINKINFO, |info| {
        info.text(IFLA_INFO_KIND, link.kind.as_str());
        if let Some(data) = info_data(&link.kind) {
            info.emit(&LinkInfo::Data(data));
        }
    });
    Request::create((RTM_NEWLINK, message))
}

/// `struct ifinfomsg`: a link, and which of its flags are to be as said.
pub(super) fn link_header(index: u32, flags: u32, change: u32) -> Payload {
    Payload::new(&[&[0; 4], &index.to_ne_bytes(), &flags.to_ne_bytes(), &change.to_ne_bytes()])
}

/// Macvlan and macvtap have the same attributes, in types of their own.
fn info_data(kind: &LinkKind) -> Option<InfoData> {
    Some(match kind {
        LinkKind::Macvlan(options) | LinkKind::Macvtap(options) => {
            InfoData::MacVlan(macvlan_data(options))
        }
        LinkKind::Vlan(options) => InfoData::Vlan(vlan_data(options)),
        LinkKind::Veth { peer, peer_netns } => {
            let mut end = LinkMessageBuilder::<LinkUnspec>::new().name(peer.as_str());
            if let Some(netns) = peer_netns {
                end = end.setns_by_fd(netns.as_fd().as_raw_fd());
            }
            InfoData::Veth(InfoVeth::Peer(end.build()))
        }
        LinkKind::Dummy | LinkKind::Bridge => return None,
    })
}

fn of_kind(kind: InfoKind) -> LinkMessageBuilder<LinkUnspec> {
    LinkMessageBuilder::new_with_info_kind(kind)
}

fn macvlan(kind: InfoKind, data: Vec<InfoMacVlan>) -> LinkMessageBuilder<LinkUnspec> {
    of_kind(kind).set_info_data(InfoData::MacVlan(data))
}

fn macvlan_data(options: &Macvlan) -> Vec<InfoMacVlan> {
    let mut data = vec![mode_attribute(options.mode())];
    if options.flags() != 0 {
        data.push(InfoMacVlan::Flags(MacVlanFlags::from_bits_retain(options.flags())));
    }
    if !options.source_macs().is_empty() {
        data.extend(source_macs(&SourceMacs::Set(options.source_macs().to_vec())));
    }
    data.extend(options.get_bc_queue_len().map(InfoMacVlan::BcQueueLen));
    data.extend(options.get_bc_cutoff().map(InfoMacVlan::BcCutoff));
    data
}

fn mode_attribute(mode: Mode) -> InfoMacVlan {
    InfoMacVlan::Mode(MacVlanMode::from(mode as u32))
}

fn source_macs(change: &SourceMacs) -> Vec<InfoMacVlan> {
    let address = |mac: &MacAddr| InfoMacVlan::MacAddr(mac.octets());
    match change {
        SourceMacs::Add(mac) => {
            vec![InfoMacVlan::MacAddrMode(MacVlanMacAddressMode::Add), address(mac)]
        }
        SourceMacs::Delete(mac) => {
            vec![InfoMacVlan::MacAddrMode(MacVlanMacAddressMode::Del), address(mac)]
        }
        SourceMacs::Set(macs) => vec![
            InfoMacVlan::MacAddrMode(MacVlanMacAddressMode::Set),
            InfoMacVlan::MacAddrData(macs.iter().map(address).collect()),
        ],
        SourceMacs::Flush => vec![InfoMacVlan::MacAddrMode(MacVlanMacAddressMode::Flush)],
    }
}

fn vlan_data(options: &Vlan) -> Vec<InfoVlan> {
    let mut data = vec![
        InfoVlan::Protocol(packet::VlanProtocol::from(options.get_protocol() as u16)),
        InfoVlan::Id(options.id()),
    ];
    let (flags, mask) = options.flags();
    if mask != 0 {
        let bits = VlanFlags::from_bits_retain;
        data.push(InfoVlan::Flags((bits(flags), bits(mask))));
    }
    let ingress = options.get_ingress_qos().iter();
    let ingress: Vec<_> =
        ingress.map(|(from, to)| VlanQosMapping::Mapping((*from).into(), *to)).collect();
    let egress = options.get_egress_qos().iter();
    let egress: Vec<_> =
        egress.map(|(from, to)| VlanQosMapping::Mapping(*from, (*to).into())).collect();
    if !ingress.is_empty() {
        data.push(InfoVlan::IngressQos(ingress));
    }
    if !egress.is_empty() {
        data.push(InfoVlan::EgressQos(egress));
    }
    data
}

/// What can be changed on a link that exists.
pub(crate) enum LinkChange<'a> {
    Up(bool),
    Promisc(bool),
    AllMulticast(bool),
    Name(LinkName),
    Mac(MacAddr),
    Mtu(u32),
    Alias(&'a str),
    Group(u32),
    TxQueueLen(u32),
    AddrGenMode(AddrGenMode),
    NetNs(&'a NetNs, Option<LinkName>),
    /// For a link of this kind, macvlan or macvtap.
    Macvlan(&'a str, &'a MacvlanChange),
    Vlan(&'a Vlan),
}

/// `ip link set`: one request that changes one link.
pub(crate) fn set_link(index: u32, change: &LinkChange<'_>) -> Request {
    let builder = match change {
        LinkChange::Up(up) => {
            let message = link_header(index, flag(IFF_UP, *up), IFF_UP);
            return Request::new((RTM_NEWLINK, message));
        }
        LinkChange::Macvlan("macvtap", change) => {
            macvlan(InfoKind::MacVtap, macvlan_change(change))
        }
        LinkChange::Macvlan(_, change) => macvlan(InfoKind::MacVlan, macvlan_change(change)),
        LinkChange::Vlan(options) => {
            // Id and protocol cannot be changed.
            let data = vlan_data(options).split_off(2);
            of_kind(InfoKind::Vlan).set_info_data(InfoData::Vlan(data))
        }
        _ => LinkMessageBuilder::<LinkUnspec>::new(),
    };
    let builder = builder.index(index);
    let message = match change {
        LinkChange::Promisc(on) => builder.promiscuous(*on),
        LinkChange::AllMulticast(on) => builder.allmulticast(*on),
        LinkChange::Name(name) => builder.name(name.as_str()),
        LinkChange::Mac(mac) => builder.address(mac.octets().to_vec()),
        LinkChange::Mtu(mtu) => builder.mtu(*mtu),
        LinkChange::Alias(alias) => builder.alias(*alias),
        LinkChange::Group(group) => builder.link_group(*group),
        LinkChange::TxQueueLen(packets) => builder.txqueuelen(*packets),
        LinkChange::AddrGenMode(mode) => {
            let mode = AfSpecInet6::AddrGenMode(In6AddrGenMode::from(*mode as u8));
            builder.append_extra_attribute(LinkAttribute::AfSpecUnspec(vec![AfSpecUnspec::Inet6(
                vec![mode],
            )]))
        }
        LinkChange::NetNs(netns, name) => {
            let builder = builder.setns_by_fd(netns.as_fd().as_raw_fd());
            match name {
                Some(name) => builder.name(name.as_str()),
                None => builder,
            }
        }
        LinkChange::Up(_) | LinkChange::Macvlan(..) | LinkChange::Vlan(_) => builder,
    };
    // As `ip` does: RTM_NEWLINK without NLM_F_CREATE. RTM_SETLINK is the same to the kernel.
    Request::new(Message::NewLink(message.build()))
}

fn macvlan_change(change: &MacvlanChange) -> Vec<InfoMacVlan> {
    let mut data = Vec::new();
    data.extend(change.mode.map(mode_attribute));
    data.extend(
        change.flags.map(|flags| InfoMacVlan::Flags(MacVlanFlags::from_bits_retain(flags))),
    );
    data.extend(change.source_macs.iter().flat_map(source_macs));
    data.extend(change.bc_queue_len.map(InfoMacVlan::BcQueueLen));
    data.extend(change.bc_cutoff.map(InfoMacVlan::BcCutoff));
    data
}

/// `ip link property add altname`.
pub(crate) fn add_altname(index: u32, name: &str) -> Request {
    Request::create_or_append(Message::NewLinkProp(altname(index, name)))
}

/// `ip link property delete altname`.
pub(crate) fn delete_altname(index: u32, name: &str) -> Request {
    Request::new(Message::DelLinkProp(altname(index, name)))
}

fn altname(index: u32, name: &str) -> LinkMessage {
    let names = vec![Prop::AltIfName(name.to_owned())];
    LinkMessageBuilder::<LinkUnspec>::new()
        .index(index)
        .append_extra_attribute(LinkAttribute::PropList(names))
        .build()
}

/// `ip link delete` by an alternative name alone: if the name is gone, nothing is deleted.
pub(crate) fn delete_link_by_altname(name: &str) -> Request {
    let name = DefaultNla::new(IFLA_ALT_IFNAME, [name.as_bytes(), b"\0"].concat());
    let message = LinkMessageBuilder::<LinkUnspec>::new()
        .append_extra_attribute(LinkAttribute::Other(name))
        .build();
    Request::new(Message::DelLink(message))
}

/// `ip link delete`.
pub(crate) fn delete_link(index: u32) -> Request {
    Request::new(Message::DelLink(by_index(index)))
}

/// `ip link delete group`.
pub(crate) fn delete_group(group: u32) -> Request {
    let message = LinkMessageBuilder::<LinkUnspec>::new().link_group(group).build();
    Request::new(Message::DelLink(message))
}

/// `ip link show dev`.
pub(crate) fn get_link(link: LinkId) -> Request {
    Request::new((RTM_GETLINK, identified(link)))
}

/// As [`get_link`], for who wants to know the index alone: without statistics.
pub(crate) fn get_link_index(name: &LinkName) -> Request {
    let mut message = identified(name.into());
    message.number(IFLA_EXT_MASK, RTEXT_FILTER_SKIP_STATS);
    Request::new((RTM_GETLINK, message))
}

fn identified(link: LinkId) -> Payload {
    match link {
        LinkId::Index(index) => link_header(index, 0, 0),
        LinkId::Name(name) => {
            let mut message = link_header(0, 0, 0);
            message.text(IFLA_IFNAME, name.as_str());
            message
        }
    }
}

/// `ip link show [type KIND] [master LINK]`.
pub(crate) fn get_links(kind: Option<&str>, controller: Option<u32>) -> Request {
    let mut message = by_index(0);
    message.attributes.extend(controller.map(LinkAttribute::Controller));
    if let Some(kind) = kind {
        let kind = InfoKind::Other(kind.to_owned());
        message.attributes.push(LinkAttribute::LinkInfo(vec![LinkInfo::Kind(kind)]));
    }
    Request::new(Message::GetLink(message))
}

fn by_index(index: u32) -> LinkMessage {
    LinkMessageBuilder::<LinkUnspec>::new().index(index).build()
}
