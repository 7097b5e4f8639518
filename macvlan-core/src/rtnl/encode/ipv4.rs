//! The IPv4 settings of a link, those in `/proc/sys/net/ipv4/conf`. Only requests can set them
//! without entering the namespace.

use netlink_packet_core::NLA_F_NESTED;
use nix::libc::{IFLA_AF_SPEC, RTM_NEWLINK};

use crate::netlink::Request;
use crate::rtnl::encode::link::link_header;
use crate::rtnl::uapi::{AF_INET, IFLA_INET_CONF, IPV4_DEVCONF_ARP_NOTIFY, IPV4_DEVCONF_ARPFILTER};

/// Sets `arp_notify`: the kernel announces addresses when the link comes up.
pub(super) fn arp_notify(link: u32, on: bool) -> Request {
    set(link, IPV4_DEVCONF_ARP_NOTIFY, on)
}

/// Sets `arp_filter`: the kernel answers ARP only for addresses that are routed through the link.
pub(super) fn arp_filter(link: u32, on: bool) -> Request {
    set(link, IPV4_DEVCONF_ARPFILTER, on)
}

/// Each setting is sent as an attribute; the kernel reports all as one array.
fn set(link: u32, setting: u16, on: bool) -> Request {
    let mut message = link_header(link, 0, 0);
    message.nested(IFLA_AF_SPEC | NLA_F_NESTED, |families| {
        families.nested(AF_INET | NLA_F_NESTED, |ipv4| {
            ipv4.nested(IFLA_INET_CONF | NLA_F_NESTED, |settings| {
                settings.number(setting, u32::from(on));
            });
        });
    });
    Request::new((RTM_NEWLINK, message))
}
