//! Addresses and routes that change over from one link to another, without a moment in which the host
//! has none of them.

use std::net::IpAddr;
use std::time::{Duration, Instant};

use ipnet::IpNet;
use netlink_packet_route::RouteNetlinkMessage as Message;
use netlink_packet_route::address::{
    AddressAttribute, AddressFlags, AddressHeaderFlags, AddressMessage,
};
use netlink_packet_route::route::{RouteAttribute, RouteMessage};
use nix::errno::Errno;

use crate::error::errno_of;
use crate::error::{Error, ErrorKind, Result};
use crate::lan::announce::{Announce, Announcement};
use crate::netlink::{Connection, Failure, Request};
use crate::netns::NetNs;
use crate::rtnl::decode;
use crate::rtnl::encode::{self, LinkChange};
use crate::value::address::is_link_local;
use crate::value::filter::{Family, RouteFilter};
use crate::value::name::LinkName;
use crate::value::route::Route;

/// How long the kernel may take until an IPv6 address can be used.
const LOCAL_ROUTES_TAKE: Duration = Duration::from_millis(200);

/// A link, by index and name.
type Link = (u32, LinkName);

/// What is done, and what undoes it.
#[derive(Debug)]
struct Change {
    what: String,
    apply: Request,
    undo: Vec<Request>,
}

/// Changes that have been made.
#[derive(Debug)]
pub(super) struct Done {
    changes: Vec<Change>,
    /// How many of them come before the addresses leave.
    leaving: usize,
    from: Link,
    ips: Vec<IpAddr>,
}

/// An address as the kernel tells it, to be told again.
struct Told {
    ip: IpAddr,
    net: IpNet,
    message: AddressMessage,
}

/// What is a link's own and stays: addresses without a subnet, and the routes to containers.
pub(super) struct Own<'a>(pub(super) &'a [IpNet]);

impl Own<'_> {
    fn is_address(net: IpNet) -> bool {
        net.prefix_len() == net.max_prefix_len()
    }

    fn is_route(&self, route: &Route) -> bool {
        let destination = route.destination();
        route.get_gateway().is_none()
            && (Self::is_address(destination) || self.0.contains(&destination))
    }
}

/// Moves the addresses of one link, and the routes through it, to another: all of it but what is the
/// link's own, or nothing.
pub(super) fn move_over(host: &NetNs, from: Link, to: Link, own: Option<&Own<'_>>) -> Result<Done> {
    let (changes, leaving) = plan(host, from, to, own)?;
    let connection = host.connection()?;
    let ips: Vec<IpAddr> = told_addresses(connection, from.0)?.iter().map(|told| told.ip).collect();
    let made = Vec::with_capacity(changes.len());
    let mut done = Done { changes: made, leaving, from, ips };
    for (at, change) in changes.into_iter().enumerate() {
        if at == leaving {
            wait_for_local_routes(connection, to.0, &done.ips);
        }
        let outcome = connection.submit_one(change.apply.clone());
        let error = match outcome {
            Ok(()) => {
                done.changes.push(change);
                continue;
            }
            Err(failure) => {
                let what = format!("{}, to move the addresses of {}", change.what, from.1);
                // Nobody knows whether it was done.
                if matches!(failure, Failure::NoAnswer(_)) {
                    done.changes.push(change);
                }
                failure.into_error(what).on_link(to.1.as_str()).in_netns(host.in_words())
            }
        };
        return Err(match done.undo(host) {
            Ok(()) => error,
            Err(other) => error.leaves_too(other),
        });
    }
    announce(host, to, done.ips.clone());
    Ok(done)
}

impl Done {
    /// Puts everything back, last first.
    pub(super) fn undo(&self, host: &NetNs) -> Result<()> {
        let connection = host.connection()?;
        let mut outcome = Ok(());
        for (at, change) in self.changes.iter().enumerate().rev() {
            if at + 1 == self.leaving && self.changes.len() > self.leaving {
                wait_for_local_routes(connection, self.from.0, &self.ips);
            }
            for request in &change.undo {
                match connection.retry(request) {
                    // Refused so, it had not been done.
                    Ok(())
                    | Err(Failure::Refused {
                        errno: Errno::EEXIST | Errno::EADDRNOTAVAIL | Errno::ESRCH | Errno::ENODEV,
                        ..
                    }) => {}
                    Err(failure) => {
                        let left = format!("{} in {host}", change.what);
                        let error = match outcome {
                            Ok(()) => failure.into_error("move the addresses back"),
                            Err(error) => error,
                        };
                        outcome = Err(error.leaves(left));
                    }
                }
            }
        }
        announce(host, self.from, self.ips.clone());
        outcome
    }
}

/// An IPv6 address can be used when the kernel has made its local route, which it does some moments
/// after the address. Not waited for long: it is a matter of one lost packet.
fn wait_for_local_routes(connection: &Connection, link: u32, ips: &[IpAddr]) {
    let request = encode::get_routes(&RouteFilter::new().family(Family::V6), Some(link));
    let started = Instant::now();
    while started.elapsed() < LOCAL_ROUTES_TAKE {
        let Ok(there) = connection.dump(&request, decode::local_route) else { return };
        if ips.iter().all(|ip| ip.is_ipv4() || there.contains(ip)) {
            return;
        }
        std::thread::sleep(Duration::from_micros(500));
    }
}

/// Neighbours would learn it by themselves when their entries have grown old.
fn announce(host: &NetNs, link: Link, ips: Vec<IpAddr>) {
    let told = Announcement::of(Announce::once(), host, link.1, link.0, ips);
    let _ = told.and_then(|told| told.send());
}

/// In the order that leaves no moment without an address: added there, routes changed over, and only
/// then taken away here.
fn plan(host: &NetNs, from: Link, to: Link, own: Option<&Own<'_>>) -> Result<(Vec<Change>, usize)> {
    let connection = host.connection()?;
    let mut leaving = told_addresses(connection, from.0)?;
    leaving.retain(|told| own.is_none() || !Own::is_address(told.net));
    let there = told_addresses(connection, to.0)?;
    if leaving.is_empty() {
        return Err(Error::new(
            ErrorKind::NotFound,
            "move the addresses",
            format!("{} has none that could be moved", from.1),
        )
        .in_netns(host.in_words()));
    }
    let mut changes = Vec::new();
    for told in &leaving {
        let lent = there.iter().find(|lent| lent.ip == told.ip);
        match lent {
            // It is there already, to the bit.
            Some(lent) if lent.net == told.net => {}
            // IPv6 has an address on a link once: what was lent makes place.
            Some(lent) if told.ip.is_ipv6() => {
                changes.push(delete(lent, to));
                changes.push(add(told, from, to));
            }
            // Without any IPv4 address the link would lose its routes: what was lent stays.
            _ => changes.push(add(told, from, to)),
        }
    }
    let stays = |route: &Route| own.is_some_and(|own| own.is_route(route));
    for route in told_routes(connection, from.0, &leaving, &stays)? {
        changes.push(change_over(route, from, to)?);
    }
    // From now on the other link answers for them, and this one does not.
    changes.extend(leave_arp_to_the_other(host, from)?);
    let before = changes.len();
    // Secondary addresses go before their primary one, which would take them along.
    changes.extend(leaving.iter().rev().map(|told| delete(told, from)));
    Ok((changes, before))
}

fn told_addresses(connection: &Connection, link: u32) -> Result<Vec<Told>> {
    let told = |payload: &[u8]| {
        let info = decode::address(payload)?;
        let ip = info.address.ip();
        if info.link != link || is_link_local(ip) || info.came_by_itself() || info.is_duplicate() {
            return None;
        }
        Some(Told { ip, net: info.address.net(), message: decode::raw_address(payload)? })
    };
    connection
        .dump(&encode::get_addresses(None, Some(link)), told)
        .map_err(|failure| failure.into_error("list the addresses"))
}

fn told_routes(
    connection: &Connection,
    link: u32,
    leaving: &[Told],
    stays: &dyn Fn(&Route) -> bool,
) -> Result<Vec<RouteMessage>> {
    // The kernel makes a subnet's route with its address, unless it is told not to.
    let by_hand: Vec<IpNet> = leaving
        .iter()
        .filter(|told| flags(&told.message).contains(AddressFlags::Noprefixroute))
        .map(|told| told.net.trunc())
        .collect();
    connection
        .dump(&encode::get_routes(&RouteFilter::new(), None), |payload| {
            decode::route_through(payload, link, &by_hand, stays)
        })
        .map_err(|failure| failure.into_error("list the routes"))
}

fn flags(message: &AddressMessage) -> AddressFlags {
    let told = message.attributes.iter().find_map(|attribute| match attribute {
        AddressAttribute::Flags(flags) => Some(*flags),
        _ => None,
    });
    told.unwrap_or(AddressFlags::from_bits_retain(message.header.flags.bits().into()))
}

/// The same address on a link, to be used at once.
fn on_link(message: &AddressMessage, link: u32, nodad: bool) -> AddressMessage {
    let mut message = message.clone();
    message.header.index = link;
    if nodad {
        message.header.flags |= AddressHeaderFlags::Nodad;
        for attribute in &mut message.attributes {
            if let AddressAttribute::Flags(flags) = attribute {
                *flags |= AddressFlags::Nodad;
            }
        }
    }
    message
}

fn add(told: &Told, from: Link, to: Link) -> Change {
    let mut there = on_link(&told.message, to.0, told.ip.is_ipv6());
    // A label is a name of the link that it is on.
    there.attributes.retain(|attribute| !matches!(attribute, AddressAttribute::Label(_)));
    Change {
        what: format!("add address {} of {} to {}", told.net, from.1, to.1),
        apply: Request::create(Message::NewAddress(there.clone())),
        undo: vec![Request::new(Message::DelAddress(there))],
    }
}

fn delete(told: &Told, link: Link) -> Change {
    let checked = told.ip.is_ipv6() && !flags(&told.message).contains(AddressFlags::Nodad);
    let mut undo =
        vec![Request::create(Message::NewAddress(on_link(&told.message, link.0, checked)))];
    if checked {
        // It was checked when it came; put back, it is to be used at once, and look as before.
        undo.push(Request::replace(Message::NewAddress(told.message.clone())));
    }
    Change {
        what: format!("delete address {} from {}", told.net, link.1),
        apply: Request::new(Message::DelAddress(told.message.clone())),
        undo,
    }
}

fn change_over(route: RouteMessage, from: Link, to: Link) -> Result<Change> {
    let mut there = route.clone();
    for attribute in &mut there.attributes {
        match attribute {
            RouteAttribute::Oif(index) if *index == from.0 => *index = to.0,
            RouteAttribute::MultiPath(next_hops) => {
                for next_hop in next_hops.iter_mut().filter(|hop| hop.interface_index == from.0) {
                    next_hop.interface_index = to.0;
                }
            }
            RouteAttribute::NhId(_) => {
                return Err(Error::new(
                    ErrorKind::Unsupported,
                    "move the routes",
                    format!("a route through {} is by a next hop object", from.1),
                )
                .with_hint("`ip nexthop` shows it; move it by hand, or give the link an address of its own"));
            }
            _ => {}
        }
    }
    let length = route.header.destination_prefix_length;
    Ok(Change {
        what: format!("lead a route with a prefix of {length} bits over {}", to.1),
        apply: Request::replace(Message::NewRoute(there)),
        undo: vec![Request::replace(Message::NewRoute(route))],
    })
}

/// Has a link answer ARP only for what is reached by it.
fn leave_arp_to_the_other(host: &NetNs, link: Link) -> Result<Option<Change>> {
    let path = format!("/proc/sys/net/ipv4/conf/{}/arp_filter", link.1);
    let before = host.visit(|| std::fs::read_to_string(&path))?.map_err(|error| {
        Error::system(format!("read {path}"), errno_of(&error)).in_netns(host.in_words())
    })?;
    if before.trim() != "0" {
        return Ok(None);
    }
    let set = |on: bool| encode::set_link(link.0, &LinkChange::ArpFilter(on));
    let what = format!("have {} answer ARP only for what is reached by it", link.1);
    Ok(Some(Change { what, apply: set(true), undo: vec![set(false)] }))
}
