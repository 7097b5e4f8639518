//! The addresses of a host's link: its own, or borrowed from its parent.

use std::net::IpAddr;

use ipnet::IpNet;
use netlink_packet_route::address::{
    AddressAttribute, AddressFlags, AddressHeaderFlags, AddressMessage, AddressProtocol, CacheInfo,
};
use netlink_packet_route::{AddressFamily, RouteNetlinkMessage as Message};
use nix::errno::Errno;

use crate::error::{Error, Result};
use crate::netlink::{Connection, Failure, Request};
use crate::netns::NetNs;
use crate::rtnl::{RTPROT_MACVLAN, decode, encode};
use crate::value::address::is_link_local;
use crate::value::link::LinkInfo;
use crate::value::name::LinkName;

/// Valid forever (`INFINITY_LIFE_TIME`).
const FOR_EVER: u32 = u32::MAX;

/// An address as reported by the kernel, for a request that adds it again.
#[derive(Debug, Clone)]
pub(super) struct Described {
    pub(super) ip: IpAddr,
    pub(super) net: IpNet,
    /// True if it has our mark (`IFA_PROTO`, Linux 5.18 and later): an address that was added to the
    /// host's link, not one that was moved there.
    pub(super) marked: bool,
    pub(super) came_by_itself: bool,
    pub(super) message: AddressMessage,
}

impl Described {
    pub(super) fn flags(&self) -> AddressFlags {
        let flags = self.message.attributes.iter().find_map(|attribute| match attribute {
            AddressAttribute::Flags(flags) => Some(*flags),
            _ => None,
        });
        flags.unwrap_or(AddressFlags::from_bits_retain(self.message.header.flags.bits().into()))
    }

    pub(super) fn is_for_a_host(&self) -> bool {
        self.net.prefix_len() == self.net.max_prefix_len()
    }

    fn label(&self) -> Option<&str> {
        self.message.attributes.iter().find_map(|attribute| match attribute {
            AddressAttribute::Label(label) => Some(label.as_str()),
            _ => None,
        })
    }

    /// Returns the preferred and the valid lifetime in seconds.
    fn lifetimes(&self) -> (u32, u32) {
        let found = self.message.attributes.iter().find_map(|attribute| match attribute {
            AddressAttribute::CacheInfo(info) => Some((info.ifa_preferred, info.ifa_valid)),
            _ => None,
        });
        found.unwrap_or((FOR_EVER, FOR_EVER))
    }

    /// Returns whether the parent lends the address: not a duplicate, and of IPv6 no temporary (RFC
    /// 8981) or deprecated one.
    fn is_lent(&self) -> bool {
        let flags = self.flags();
        let passes = AddressFlags::Secondary | AddressFlags::Deprecated;
        !flags.contains(AddressFlags::Dadfailed) && (self.ip.is_ipv4() || !flags.intersects(passes))
    }

    /// Returns the address with the full prefix length and our mark. An IPv6 address has at most
    /// the parent's lifetime.
    fn lent(&self, from: &str, to: u32) -> AddressMessage {
        let mut lent = own(self.ip, to);
        let (preferred, valid) = self.lifetimes();
        if self.ip.is_ipv6() && valid != FOR_EVER {
            let mut info = CacheInfo::default();
            (info.ifa_preferred, info.ifa_valid) = (preferred, valid);
            lent.attributes.push(AddressAttribute::CacheInfo(info));
        }
        // Attributes of an address that was moved to the link, which a change has to keep.
        if self.is_for_a_host() && self.ip.is_ipv4() {
            lent.header.scope = self.message.header.scope;
            lent.attributes
                .push(AddressAttribute::Flags(self.flags() & AddressFlags::Noprefixroute));
            let label = self.label().filter(|label| *label != from);
            lent.attributes.extend(label.map(|label| AddressAttribute::Label(label.to_owned())));
        }
        lent
    }
}

/// Returns an address with the full prefix length and our mark.
pub(super) fn own(ip: IpAddr, link: u32) -> AddressMessage {
    let net = IpNet::from(ip);
    let mut message = AddressMessage::default();
    message.header.family = if ip.is_ipv4() { AddressFamily::Inet } else { AddressFamily::Inet6 };
    message.header.prefix_len = net.prefix_len();
    message.header.index = link;
    // The parent has it, or the caller has probed it.
    if ip.is_ipv6() {
        message.header.flags = AddressHeaderFlags::Nodad;
    }
    message.attributes = vec![
        AddressAttribute::Address(ip),
        AddressAttribute::Local(ip),
        AddressAttribute::Protocol(AddressProtocol::Other(RTPROT_MACVLAN)),
    ];
    message
}

/// Makes the deletion of an address, without its label: the kernel changes the label when the link
/// is renamed, and deletes no address with another label.
pub(super) fn deletion(message: &AddressMessage) -> Request {
    let mut message = message.clone();
    message.attributes.retain(|attribute| !matches!(attribute, AddressAttribute::Label(_)));
    Request::new(Message::DelAddress(message))
}

/// Lists a link's addresses, except link-local ones, in the order in which they were added; the
/// kernel lists IPv6 addresses in reverse.
pub(super) fn described(connection: &Connection, link: u32) -> Result<Vec<Described>> {
    let describe = |payload: &[u8]| {
        let info = decode::address(payload)?;
        let ip = info.address.ip();
        if info.link != link || is_link_local(ip) {
            return None;
        }
        Some(Described {
            ip,
            net: info.address.net(),
            marked: info.protocol == Some(RTPROT_MACVLAN),
            came_by_itself: info.came_by_itself(),
            message: decode::raw_address(payload)?,
        })
    };
    let listed = connection
        .dump(&encode::get_addresses(None, Some(link)), describe)
        .map_err(|failure| failure.into_error("list the addresses"))?;
    let (mut addresses, v6): (Vec<_>, Vec<_>) =
        listed.into_iter().partition(|one| one.ip.is_ipv4());
    addresses.extend(v6.into_iter().rev());
    Ok(addresses)
}

/// Lists the addresses that a parent lends.
pub(super) fn lendable(
    connection: &Connection,
    parent: &LinkInfo,
    link: u32,
) -> Result<Vec<AddressMessage>> {
    let listed = described(connection, parent.index)?;
    let mut lent: Vec<(IpAddr, AddressMessage)> = Vec::new();
    for address in listed.iter().filter(|address| address.is_lent()) {
        if lent.iter().all(|(ip, _)| *ip != address.ip) {
            lent.push((address.ip, address.lent(&parent.name, link)));
        }
    }
    Ok(lent.into_iter().map(|(_, message)| message).collect())
}

/// Makes the link's own addresses.
pub(super) fn owned(ips: &[IpAddr], link: u32) -> Vec<AddressMessage> {
    ips.iter().map(|ip| own(*ip, link)).collect()
}

/// Adds missing addresses to a link, and deletes those that have our mark, may be deleted and are
/// not among these; all of it or nothing. Returns whether any was deleted.
pub(super) fn give(
    host: &NetNs,
    link: (u32, &LinkName),
    wanted: &[AddressMessage],
    may_go: &dyn Fn(IpAddr) -> bool,
) -> Result<bool> {
    let connection = host.connection()?;
    let there = described(connection, link.0)?;
    let fails = |verb: &str, ip: IpAddr, failure: Failure| {
        let what = format!("{verb} address {ip}");
        failure.into_error(what).on_link(link.1.as_str()).in_netns(host.describe())
    };
    let undo = |done: Vec<Request>, error: Error| {
        let undone = done.iter().rev().try_for_each(|request| connection.retry(request));
        match undone {
            Ok(()) => error,
            Err(failure) => error.leaves_too(failure.into_error("restore the addresses")),
        }
    };
    let (mut wanted_ips, mut done) = (Vec::new(), Vec::new());
    // Additions come first: without any IPv4 address the link would lose its routes.
    for message in wanted {
        let Some(ip) = ip_of(message) else { continue };
        wanted_ips.push(ip);
        let same = |one: &&Described| one.ip == ip && one.is_for_a_host();
        // IPv6 has an address once per link; one that was moved there suffices.
        let enough = |one: &&Described| same(one) || one.ip == ip && ip.is_ipv6();
        let request = match there.iter().find(enough) {
            None => Request::create(Message::NewAddress(message.clone())),
            Some(one) if one.marked && has_lifetimes(message) => {
                Request::replace(Message::NewAddress(message.clone()))
            }
            Some(_) => continue,
        };
        match connection.submit_one(request) {
            Ok(()) if there.iter().any(|one| enough(&one)) => {}
            Ok(()) => done.push(deletion(message)),
            Err(failure) => return Err(undo(done, fails("add", ip, failure))),
        }
    }
    let mut went = false;
    for one in there.iter().filter(|one| one.marked && may_go(one.ip)) {
        if wanted_ips.contains(&one.ip) {
            continue;
        }
        match connection.retry(&deletion(&one.message)) {
            Ok(()) => {
                went = true;
                done.push(Request::create(Message::NewAddress(one.message.clone())));
            }
            Err(Failure::Refused { errno: Errno::EADDRNOTAVAIL, .. }) => {}
            Err(failure) => return Err(undo(done, fails("delete", one.ip, failure))),
        }
    }
    Ok(went)
}

pub(super) fn ip_of(message: &AddressMessage) -> Option<IpAddr> {
    message.attributes.iter().find_map(|attribute| match attribute {
        AddressAttribute::Local(ip) => Some(*ip),
        _ => None,
    })
}

fn has_lifetimes(message: &AddressMessage) -> bool {
    message.attributes.iter().any(|one| matches!(one, AddressAttribute::CacheInfo(_)))
}
