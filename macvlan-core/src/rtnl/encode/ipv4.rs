//! A link's settings of IPv4, those that `/proc/sys/net/ipv4/conf` shows: no other way to set them
//! works without entering the namespace.

use netlink_packet_core::NLA_F_NESTED;
use nix::libc::{IFLA_AF_SPEC, RTM_NEWLINK};

use crate::netlink::Request;
use crate::rtnl::encode::link::link_header;
use crate::rtnl::uapi::{AF_INET, IFLA_INET_CONF, IPV4_DEVCONF_ARP_NOTIFY, IPV4_DEVCONF_ARPFILTER};

/// Has the kernel announce addresses when the link comes up (`arp_notify`).
pub(super) fn arp_notify(link: u32, on: bool) -> Request {
    set(link, IPV4_DEVCONF_ARP_NOTIFY, on)
}

/// Has the kernel answer ARP on the link only for what is reached by it (`arp_filter`).
pub(super) fn arp_filter(link: u32, on: bool) -> Request {
    set(link, IPV4_DEVCONF_ARPFILTER, on)
}

/// The kernel tells all settings as one array; it is told each as an attribute.
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
