//! Links: `ip link`.

use std::os::fd::{AsFd, AsRawFd};

use netlink_packet_core::DefaultNla;
use netlink_packet_route::RouteNetlinkMessage as Message;
use netlink_packet_route::link::{InfoKind, LinkAttribute, LinkInfo, LinkMessage};
use nix::libc::{
    IFLA_ADDRESS, IFLA_ALT_IFNAME, IFLA_EXT_MASK, IFLA_GROUP, IFLA_IFNAME, IFLA_LINK,
    IFLA_LINKINFO, IFLA_MTU, IFLA_NET_NS_FD, IFLA_NUM_RX_QUEUES, IFLA_NUM_TX_QUEUES, IFLA_TXQLEN,
    RTM_GETLINK, RTM_NEWLINK,
};
use rtnetlink::{LinkMessageBuilder, LinkUnspec};

use crate::netlink::Request;
use crate::netlink::attributes::Payload;
use crate::rtnl::encode::family::flag;
use crate::rtnl::encode::kind;
use crate::rtnl::uapi::{
    IFF_ALLMULTI, IFF_PROMISC, IFF_UP, IFLA_TARGET_NETNSID, RTEXT_FILTER_SKIP_STATS,
};
use crate::value::link::Link;
use crate::value::name::{LinkId, LinkName};

/// `ip link add`.
///
/// Always with `NLM_F_EXCL`: without it the kernel would move an existing link of this name from
/// the sender's namespace to the target's and report success.
pub(crate) fn create_link(link: &Link, parent: Option<u32>) -> Request {
    let flags = flag(IFF_UP, link.up)
        | flag(IFF_PROMISC, link.promisc)
        | flag(IFF_ALLMULTI, link.allmulticast);
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

/// Writes `struct ifinfomsg`: the link, its flags, and which flags change.
pub(super) fn link_header(index: u32, flags: u32, change: u32) -> Payload {
    Payload::new(&[&[0; 4], &index.to_ne_bytes(), &flags.to_ne_bytes(), &change.to_ne_bytes()])
}

/// `ip link delete` by an alternative name only, so that nothing is deleted if the name is gone.
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

/// As [`get_link`], without statistics, for the index only. Accepts an alternative name, which may
/// be longer than a link's name.
pub(crate) fn get_link_index(name: &str) -> Request {
    let kind = if name.len() > LinkName::MAX_LEN { IFLA_ALT_IFNAME } else { IFLA_IFNAME };
    let mut message = link_header(0, 0, 0);
    message.text(kind, name);
    message.number(IFLA_EXT_MASK, RTEXT_FILTER_SKIP_STATS);
    Request::new((RTM_GETLINK, message))
}

/// As [`get_link`], for a link in the namespace with this id.
pub(crate) fn get_link_in(netns: i32, index: u32) -> Request {
    let mut message = identified(index.into());
    message.attribute(IFLA_TARGET_NETNSID, &netns.to_ne_bytes());
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
