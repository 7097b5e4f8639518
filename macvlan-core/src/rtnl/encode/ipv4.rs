//! A link's settings of IPv4, those that `/proc/sys/net/ipv4/conf` shows: no other way to set them
//! works without entering the namespace.

use crate::netlink::Request;
use crate::netlink::attributes::NESTED;
use crate::rtnl::encode::link::{IFLA_AF_SPEC, RTM_NEWLINK, link_header};

// linux/if_link.h, linux/ip.h
const IFLA_INET_CONF: u16 = 1;
const IPV4_DEVCONF_ARPFILTER: u16 = 13;
const IPV4_DEVCONF_ARP_NOTIFY: u16 = 22;
const AF_INET: u16 = 2;

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
    message.nested(IFLA_AF_SPEC | NESTED, |families| {
        families.nested(AF_INET | NESTED, |ipv4| {
            ipv4.nested(IFLA_INET_CONF | NESTED, |settings| {
                settings.number(setting, u32::from(on));
            });
        });
    });
    Request::new((RTM_NEWLINK, message))
}
