//! Changes of an existing link: `ip link set`, and settings with requests of their own.

use std::fmt;
use std::net::Ipv6Addr;
use std::os::fd::{AsFd, AsRawFd};

use netlink_packet_core::NLA_F_NESTED;
use netlink_packet_route::RouteNetlinkMessage as Message;
use netlink_packet_route::link::{LinkAttribute, LinkMessage, Prop};
use nix::libc::{
    IFLA_ADDRESS, IFLA_AF_SPEC, IFLA_GRO_MAX_SIZE, IFLA_GROUP, IFLA_GSO_MAX_SEGS,
    IFLA_GSO_MAX_SIZE, IFLA_IFALIAS, IFLA_IFNAME, IFLA_LINKINFO, IFLA_MASTER, IFLA_MTU,
    IFLA_NET_NS_FD, IFLA_TXQLEN, RTM_NEWLINK,
};
use rtnetlink::{LinkMessageBuilder, LinkUnspec};

use crate::netlink::Request;
use crate::netns::NetNs;
use crate::rtnl::encode::family::flag;
use crate::rtnl::encode::ipv4::{arp_filter, arp_notify};
use crate::rtnl::encode::kind;
use crate::rtnl::encode::link::link_header;
use crate::rtnl::encode::rate::replace_rate;
use crate::rtnl::uapi::{
    AF_INET6, IFF_ALLMULTI, IFF_NOARP, IFF_OTHERS, IFF_PROMISC, IFF_UP, IFLA_GRO_IPV4_MAX_SIZE,
    IFLA_GSO_IPV4_MAX_SIZE, IFLA_INET6_ADDR_GEN_MODE, IFLA_INET6_TOKEN, IFLA_PROTO_DOWN,
    IFLA_PROTO_DOWN_REASON, IFLA_PROTO_DOWN_REASON_VALUE,
};
use crate::value::link::{AddrGenMode, MacvlanChange, Offloads, VlanOptions};
use crate::value::mac::MacAddr;
use crate::value::name::LinkName;
use crate::value::rate::Rate;

/// A change of an existing link, displayed as a phrase: `set the MTU to 1400`.
#[derive(Clone, Copy)]
pub(crate) enum LinkChange<'a> {
    Up(bool),
    ArpOn,
    Promisc(bool),
    AllMulticast(bool),
    /// Sets these flags, except those that have a change of their own.
    OtherFlags(u32),
    /// Makes the link a port of a bridge, VRF or similar.
    Controller(u32),
    Name(LinkName),
    Mac(MacAddr),
    Mtu(u32),
    Alias(&'a str),
    Group(u32),
    TxQueueLen(u32),
    AddrGenMode(AddrGenMode),
    NetNs(&'a NetNs, Option<LinkName>),
    /// Changes the options of this kind, macvlan or macvtap.
    Macvlan(&'a str, &'a MacvlanChange),
    Vlan(&'a VlanOptions),
    AddAltName(&'a str),
    DeleteAltName(&'a str),
    /// The sysctl `arp_filter`.
    ArpFilter(bool),
    /// The sysctl `arp_notify`.
    ArpNotify(bool),
    /// Sets the rate limit.
    Rate(Rate),
    /// Sets those that can be set.
    Offloads(Offloads),
    /// Sets the interface identifier of addresses from router advertisements.
    Token(Ipv6Addr),
    /// Takes the carrier away, for these reasons.
    ProtoDown(u32),
}

impl fmt::Display for LinkChange<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let on_off = |on: bool| if on { "on" } else { "off" };
        match self {
            Self::Up(true) => f.write_str("set the link up"),
            Self::Up(false) => f.write_str("set the link down"),
            Self::ArpOn => f.write_str("set ARP on"),
            Self::Promisc(on) => write!(f, "set promisc {}", on_off(*on)),
            Self::AllMulticast(on) => write!(f, "set allmulticast {}", on_off(*on)),
            Self::OtherFlags(flags) => write!(f, "set the flags {:#x}", flags & IFF_OTHERS),
            Self::Controller(index) => write!(f, "make the link a port of link {index}"),
            Self::Name(name) => write!(f, "rename the link to {:?}", name.as_str()),
            Self::Mac(mac) => write!(f, "set the MAC address {mac}"),
            Self::Mtu(mtu) => write!(f, "set the MTU to {mtu}"),
            Self::Alias(alias) => write!(f, "set the alias {alias:?}"),
            Self::Group(group) => write!(f, "set the group {group}"),
            Self::TxQueueLen(packets) => write!(f, "set the transmit queue length {packets}"),
            Self::AddrGenMode(mode) => write!(f, "set the address generation mode {mode}"),
            Self::NetNs(netns, _) => write!(f, "move the link to {netns}"),
            Self::Macvlan(..) => f.write_str("change the macvlan options"),
            Self::Vlan(_) => f.write_str("change the VLAN options"),
            Self::AddAltName(name) => write!(f, "add the alternative name {name:?}"),
            Self::DeleteAltName(name) => write!(f, "delete the alternative name {name:?}"),
            Self::ArpFilter(on) => write!(f, "set arp_filter {}", on_off(*on)),
            Self::ArpNotify(on) => write!(f, "set arp_notify {}", on_off(*on)),
            Self::Rate(rate) => write!(f, "limit the sending rate to {rate}"),
            Self::Offloads(_) => f.write_str("set the limits of offloads"),
            Self::Token(token) => write!(f, "set the token {token}"),
            Self::ProtoDown(_) => f.write_str("set protodown on"),
        }
    }
}

/// Makes the request of `ip link set` for one change, or of `tc qdisc replace` for a rate.
pub(crate) fn set_link(index: u32, change: &LinkChange<'_>) -> Request {
    match *change {
        LinkChange::AddAltName(name) => return add_altname(index, name),
        LinkChange::DeleteAltName(name) => return delete_altname(index, name),
        LinkChange::ArpFilter(on) => return arp_filter(index, on),
        LinkChange::ArpNotify(on) => return arp_notify(index, on),
        LinkChange::Rate(rate) => return replace_rate(index, rate),
        _ => {}
    }
    let (flags, mask) = match *change {
        LinkChange::Up(up) => (flag(IFF_UP, up), IFF_UP),
        LinkChange::ArpOn => (0, IFF_NOARP),
        LinkChange::Promisc(on) => (flag(IFF_PROMISC, on), IFF_PROMISC),
        LinkChange::AllMulticast(on) => (flag(IFF_ALLMULTI, on), IFF_ALLMULTI),
        LinkChange::OtherFlags(flags) => (flags & IFF_OTHERS, IFF_OTHERS),
        _ => (0, 0),
    };
    let mut message = link_header(index, flags, mask);
    match change {
        // These are in the header.
        LinkChange::Up(_)
        | LinkChange::ArpOn
        | LinkChange::Promisc(_)
        | LinkChange::AllMulticast(_)
        | LinkChange::OtherFlags(_)
        // These have requests of their own, made above.
        | LinkChange::AddAltName(_)
        | LinkChange::DeleteAltName(_)
        | LinkChange::ArpFilter(_)
        | LinkChange::ArpNotify(_)
        | LinkChange::Rate(_) => {}
        LinkChange::Controller(index) => message.number(IFLA_MASTER, *index),
        LinkChange::Name(name) => message.text(IFLA_IFNAME, name.as_str()),
        LinkChange::Mac(mac) => message.attribute(IFLA_ADDRESS, &mac.octets()),
        LinkChange::Mtu(mtu) => message.number(IFLA_MTU, *mtu),
        // The longest alias has no room for a terminating zero; an empty one needs it.
        LinkChange::Alias("") => message.text(IFLA_IFALIAS, ""),
        LinkChange::Alias(alias) => message.attribute(IFLA_IFALIAS, alias.as_bytes()),
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
        // In one message: the kernel derives the sizes for IPv4 from the others.
        LinkChange::Offloads(limits) => {
            for (kind, limit) in [
                (IFLA_GSO_MAX_SEGS, limits.gso_max_segs),
                (IFLA_GSO_MAX_SIZE, limits.gso_max_size),
                (IFLA_GRO_MAX_SIZE, limits.gro_max_size),
                (IFLA_GSO_IPV4_MAX_SIZE, limits.gso_ipv4_max_size),
                (IFLA_GRO_IPV4_MAX_SIZE, limits.gro_ipv4_max_size),
            ] {
                if let Some(limit) = limit {
                    message.number(kind, limit);
                }
            }
        }
        LinkChange::Token(token) => message.nested(IFLA_AF_SPEC, |families| {
            families.nested(AF_INET6, |v6| v6.attribute(IFLA_INET6_TOKEN, &token.octets()));
        }),
        LinkChange::ProtoDown(reasons) => {
            message.attribute(IFLA_PROTO_DOWN, &[1]);
            if *reasons != 0 {
                message.nested(IFLA_PROTO_DOWN_REASON | NLA_F_NESTED, |reason| {
                    reason.number(IFLA_PROTO_DOWN_REASON_VALUE, *reasons);
                });
            }
        }
        LinkChange::Vlan(options) => {
            message.nested(IFLA_LINKINFO, |info| kind::change_vlan(info, options));
        }
    }
    // RTM_NEWLINK without NLM_F_CREATE, as `ip` sends it; equivalent to RTM_SETLINK.
    Request::new((RTM_NEWLINK, message))
}

/// `ip link property add altname`.
fn add_altname(index: u32, name: &str) -> Request {
    Request::create_or_append(Message::NewLinkProp(altname(index, name)))
}

/// `ip link property delete altname`.
fn delete_altname(index: u32, name: &str) -> Request {
    Request::new(Message::DelLinkProp(altname(index, name)))
}

fn altname(index: u32, name: &str) -> LinkMessage {
    let names = vec![Prop::AltIfName(name.to_owned())];
    LinkMessageBuilder::<LinkUnspec>::new()
        .index(index)
        .append_extra_attribute(LinkAttribute::PropList(names))
        .build()
}
