//! Links: `ip link`.

use std::os::fd::{AsFd, AsRawFd};

use netlink_packet_core::DefaultNla;
use netlink_packet_route::RouteNetlinkMessage as Message;
use netlink_packet_route::link::{InfoKind, LinkAttribute, LinkInfo, LinkMessage, Prop};
use rtnetlink::{LinkMessageBuilder, LinkUnspec};

use crate::netlink::Request;
use crate::netlink::attributes::Payload;
use crate::netns::NetNs;
use crate::rtnl::encode::family::flag;
use crate::rtnl::encode::kind;
use crate::value::link::{AddrGenMode, Link, MacvlanChange, Vlan};
use crate::value::mac::MacAddr;
use crate::value::name::{LinkId, LinkName};

// linux/if_link.h
const IFLA_ADDRESS: u16 = 1;
pub(super) const IFLA_IFNAME: u16 = 3;
const IFLA_MTU: u16 = 4;
const IFLA_LINK: u16 = 5;
const IFLA_TXQLEN: u16 = 13;
const IFLA_LINKINFO: u16 = 18;
const IFLA_IFALIAS: u16 = 20;
pub(super) const IFLA_AF_SPEC: u16 = 26;
const IFLA_GROUP: u16 = 27;
pub(super) const IFLA_NET_NS_FD: u16 = 28;
const IFLA_EXT_MASK: u16 = 29;
const IFLA_NUM_TX_QUEUES: u16 = 31;
const IFLA_NUM_RX_QUEUES: u16 = 32;
const IFLA_ALT_IFNAME: u16 = 53;
const IFLA_INET6_ADDR_GEN_MODE: u16 = 8;
// linux/socket.h
const AF_INET6: u16 = 10;
// linux/if.h
const IFF_UP: u32 = 1;
const IFF_PROMISC: u32 = 0x100;
const IFF_ALLMULTI: u32 = 0x200;
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
    message.nested(IFLA_LINKINFO, |info| kind::new(info, &link.kind));
    Request::create((RTM_NEWLINK, message))
}

/// `struct ifinfomsg`: a link, and which of its flags are to be as said.
pub(super) fn link_header(index: u32, flags: u32, change: u32) -> Payload {
    Payload::new(&[&[0; 4], &index.to_ne_bytes(), &flags.to_ne_bytes(), &change.to_ne_bytes()])
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
    let (flags, mask) = match *change {
        LinkChange::Up(up) => (flag(IFF_UP, up), IFF_UP),
        LinkChange::Promisc(on) => (flag(IFF_PROMISC, on), IFF_PROMISC),
        LinkChange::AllMulticast(on) => (flag(IFF_ALLMULTI, on), IFF_ALLMULTI),
        _ => (0, 0),
    };
    let mut message = link_header(index, flags, mask);
    match change {
        // The header says it.
        LinkChange::Up(_) | LinkChange::Promisc(_) | LinkChange::AllMulticast(_) => {}
        LinkChange::Name(name) => message.text(IFLA_IFNAME, name.as_str()),
        LinkChange::Mac(mac) => message.attribute(IFLA_ADDRESS, &mac.octets()),
        LinkChange::Mtu(mtu) => message.number(IFLA_MTU, *mtu),
        LinkChange::Alias(alias) => message.text(IFLA_IFALIAS, alias),
        LinkChange::Group(group) => message.number(IFLA_GROUP, *group),
        LinkChange::TxQueueLen(packets) => message.number(IFLA_TXQLEN, *packets),
        LinkChange::AddrGenMode(mode) => message.nested(IFLA_AF_SPEC, |families| {
            families.nested(AF_INET6, |v6| {
                v6.attribute(IFLA_INET6_ADDR_GEN_MODE, &[*mode as u8]);
            });
        }),
        LinkChange::NetNs(netns, name) => {
            message.attribute(IFLA_NET_NS_FD, &netns.as_fd().as_raw_fd().to_ne_bytes());
            if let Some(name) = name {
                message.text(IFLA_IFNAME, name.as_str());
            }
        }
        LinkChange::Macvlan(kind, change) => {
            message.nested(IFLA_LINKINFO, |info| kind::change_macvlan(info, kind, change));
        }
        LinkChange::Vlan(options) => {
            message.nested(IFLA_LINKINFO, |info| kind::change_vlan(info, options));
        }
    }
    // As `ip` does: RTM_NEWLINK without NLM_F_CREATE. RTM_SETLINK is the same to the kernel.
    Request::new((RTM_NEWLINK, message))
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
