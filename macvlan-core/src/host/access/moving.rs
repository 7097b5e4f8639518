//! Moves addresses and routes from one link to another, so that the host has them at all times.

use std::net::{IpAddr, Ipv4Addr};
use std::time::{Duration, Instant};

use ipnet::IpNet;
use netlink_packet_route::RouteNetlinkMessage as Message;
use netlink_packet_route::address::{
    AddressAttribute, AddressFlags, AddressHeaderFlags, AddressMessage, AddressProtocol,
    AddressScope,
};
use nix::errno::Errno;

use crate::error::{Error, ErrorKind, Result};
use crate::host::access::change::{Change, Link};
use crate::host::access::lend::{self, Described, described};
use crate::host::access::mark::Mark;
use crate::host::access::routes::{self, Table};
use crate::lan::announce::{Announce, Announcement};
use crate::netlink::{Connection, Failure, Request};
use crate::netns::NetNs;
use crate::rtnl::encode::{self, LinkChange};
use crate::rtnl::{RTPROT_MACVLAN, decode};
use crate::value::filter::{Family, RouteFilter};

/// The time that the kernel may take until an IPv6 address is usable.
const LOCAL_ROUTES_TAKE: Duration = Duration::from_millis(200);

/// A temporary address, so that a link always has an IPv4 address during an exchange.
const PLACE_HOLDER: Ipv4Addr = Ipv4Addr::new(127, 0, 0, RTPROT_MACVLAN);

/// The changes that were made.
#[derive(Debug)]
pub(super) struct Done {
    changes: Vec<Change>,
    /// The index of the first change that deletes addresses from the original link, if it was
    /// reached.
    leaving: Option<usize>,
    from: Link,
    ips: Vec<IpAddr>,
}

/// The changes to be made.
#[derive(Default)]
struct Plan {
    changes: Vec<Change>,
    /// The number of changes before addresses are deleted from the original link.
    leaving: usize,
    ips: Vec<IpAddr>,
}

/// The way in which addresses are moved back.
#[derive(Clone, Copy)]
pub(super) struct Back {
    pub(super) mark: Mark,
    /// True if the host's link borrows its parent's addresses.
    pub(super) borrows: bool,
}

/// Moves a parent's addresses and routes to the host's link, completely or not at all. The link's
/// mark records the move before it begins; `own` says that the link has its own addresses.
pub(super) fn move_to_host_link(host: &NetNs, parent: Link, link: Link, own: bool) -> Result<Done> {
    let connection = host.connection()?;
    let mut leaving = described(connection, parent.0)?;
    leaving.retain(|one| !one.came_by_itself && !one.flags().contains(AddressFlags::Dadfailed));
    let fails =
        |kind, why| Err(Error::new(kind, "move the addresses", why).in_netns(host.describe()));
    if leaving.is_empty() {
        return fails(ErrorKind::NotFound, format!("{} has no addresses to move", parent.1));
    }
    let lent = described(connection, link.0)?;
    let by_prefix = lent.iter().any(|one| one.is_for_a_host() && !one.marked);
    if let Some(one) = leaving.iter().find(|one| by_prefix && one.is_for_a_host()) {
        let why = format!("moving {} requires marks on addresses (Linux 5.18)", one.net);
        return fails(ErrorKind::Unsupported, why);
    }
    let filter = arp_filter_to_set(connection, parent)?;
    let moved = Some(parent.0);
    // The host relies on the link while it has the addresses.
    let (arp_filter_was_off, transient) = (filter.is_some(), false);
    let mark = Mark { moved, by_prefix, arp_filter_was_off, own, transient };
    let mut plan = Plan::default();
    plan.changes.push(say(link, mark, Mark { own, ..Mark::default() }));
    let kept = move_over(host, &mut plan, &leaving, parent, link)?;
    plan.changes.extend(filter);
    plan.leaving = plan.changes.len();
    plan.leave(kept, parent);
    plan.carry_out(host, parent, link)
}

/// Moves back the addresses and routes that the marks record, including those of an incomplete
/// move.
pub(super) fn move_back(host: &NetNs, link: Link, parent: Link, how: Back) -> Result<()> {
    let connection = host.connection()?;
    let mut leaving = described(connection, link.0)?;
    let stayed = |one: &Described| one.marked || how.mark.by_prefix && one.is_for_a_host();
    leaving.retain(|one| !stayed(one) && !one.came_by_itself);
    let mut plan = Plan::default();
    let kept = move_over(host, &mut plan, &leaving, link, parent)?;
    plan.leaving = plan.changes.len();
    // The link keeps its borrowed addresses; without any it would lose its routes.
    let lent_again: Vec<Described> = (leaving.iter())
        .filter(|one| how.borrows && one.ip.is_ipv4() && one.is_for_a_host())
        .cloned()
        .collect();
    plan.changes.extend((!lent_again.is_empty()).then(|| hold_place(link, true)));
    plan.leave(kept, link);
    plan.changes.extend(lent_again.iter().map(|one| lend_again(one, link)));
    plan.changes.extend((!lent_again.is_empty()).then(|| hold_place(link, false)));
    if how.mark.arp_filter_was_off {
        plan.changes.push(filter_arp(parent, false));
    }
    let unmoved = Mark { own: how.mark.own, ..Mark::default() };
    plan.changes.push(say(link, unmoved, how.mark));
    plan.carry_out(host, link, parent).map(drop)
}

/// An address that is to be deleted from a link, and the change that restores the order of its
/// subnet's routes when it returns.
struct Leaving<'a> {
    address: &'a Described,
    order: Vec<Request>,
}

/// Adds the addresses to the new link and changes the routes over, before they are deleted from the
/// old one.
fn move_over<'a>(
    host: &NetNs,
    plan: &mut Plan,
    leaving: &'a [Described],
    from: Link,
    to: Link,
) -> Result<Vec<Leaving<'a>>> {
    let connection = host.connection()?;
    let there = described(connection, to.0)?;
    plan.ips = leaving.iter().map(|one| one.ip).collect();
    // A link has an address once, so a borrowed one gives way. Without any IPv4 address the link
    // would lose its routes, so an IPv4 address stays if the other one has a subnet.
    let same = |one: &Described, lent: &&Described| {
        lent.ip == one.ip && (lent.net == one.net || one.ip.is_ipv6())
    };
    let swapped = |one: &Described| {
        one.ip.is_ipv4() && there.iter().any(|lent| lent.marked && same(one, &lent))
    };
    let holds = leaving.iter().any(swapped);
    plan.changes.extend(holds.then(|| hold_place(to, true)));
    for one in leaving {
        let lent = there.iter().find(|lent| same(one, lent));
        // An earlier move was interrupted here.
        if lent.is_some_and(|there| !there.marked && there.net == one.net) {
            continue;
        }
        plan.changes.extend(lent.map(|lent| delete(lent, to, Vec::new())));
        plan.changes.push(add(one, from, to));
    }
    plan.changes.extend(holds.then(|| hold_place(to, false)));
    let by_hand: Vec<IpNet> = leaving
        .iter()
        .filter(|one| one.flags().contains(AddressFlags::Noprefixroute))
        .map(|one| one.net.trunc())
        .collect();
    let table = Table::read(connection)?;
    let mut kept = Vec::new();
    for one in leaving {
        let (there, back) = routes::order_of_subnet(&table, one, from, to)?;
        plan.changes.extend(there);
        kept.push(Leaving { address: one, order: back });
    }
    plan.changes.extend(routes::change_over(&table, &by_hand, from, to)?);
    Ok(kept)
}

impl Plan {
    /// Deletes addresses: secondary ones first, because the kernel deletes them with their primary
    /// address.
    fn leave(&mut self, addresses: Vec<Leaving<'_>>, link: Link) {
        let last_first = addresses.into_iter().rev();
        self.changes.extend(last_first.map(|one| delete(one.address, link, one.order)));
    }

    fn carry_out(self, host: &NetNs, from: Link, to: Link) -> Result<Done> {
        let connection = host.connection()?;
        let made = Vec::with_capacity(self.changes.len());
        let mut done = Done { changes: made, leaving: None, from, ips: self.ips };
        for (at, change) in self.changes.into_iter().enumerate() {
            if at == self.leaving {
                wait_for_local_routes(connection, to.0, &done.ips);
                done.leaving = Some(done.changes.len());
            }
            let failure = match connection.submit_one(change.apply.clone()) {
                Ok(()) => {
                    done.changes.push(change);
                    continue;
                }
                Err(Failure::Refused { errno, .. }) if change.unless == Some(errno) => continue,
                Err(failure) => failure,
            };
            let what = format!("{}, to move the addresses of {}", change.what, from.1);
            // It is unknown whether the change was made.
            if matches!(failure, Failure::NoAnswer(_)) {
                done.changes.push(change);
            }
            let error = failure.into_error(what).on_link(to.1.as_str()).in_netns(host.describe());
            return Err(match done.undo(host) {
                Ok(()) => error,
                Err(other) => error.leaves_too(other),
            });
        }
        announce(host, to, done.ips.clone());
        Ok(done)
    }
}

impl Done {
    /// Undoes all changes in reverse order.
    pub(super) fn undo(&self, host: &NetNs) -> Result<()> {
        // A stuck lock on the namespace must not keep the host from its network.
        let _alone = host.lock();
        let connection = host.connection()?;
        let mut outcome = Ok(());
        for (at, change) in self.changes.iter().enumerate().rev() {
            if self.leaving == Some(at + 1) {
                wait_for_local_routes(connection, self.from.0, &self.ips);
            }
            for request in &change.undo {
                match connection.retry(request) {
                    Ok(()) | Err(Failure::Refused { errno: Errno::EEXIST, .. }) => {}
                    // There is nothing to be deleted.
                    Err(Failure::Refused {
                        errno: Errno::EADDRNOTAVAIL | Errno::ESRCH | Errno::ENODEV,
                        ..
                    }) if !request.creates() => {}
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

/// Waits until IPv6 addresses are usable, which is when the kernel has added their local routes,
/// shortly after the addresses. Limited to a short time, since only one packet may be lost.
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

/// Announces the addresses, which neighbours would otherwise learn when their entries expire.
fn announce(host: &NetNs, link: Link, ips: Vec<IpAddr>) {
    let announcement = Announcement::of(Announce::once(), host, link.1, link.0, ips);
    let _ = announcement.and_then(|announcement| announcement.send());
}

/// Returns the same address for this or another link. A label that equals the link's name is
/// omitted, so that the kernel sets it; other labels are kept.
fn on_link(one: &Described, (from, to): (Link, Link), nodad: bool) -> AddressMessage {
    let mut message = one.message.clone();
    message.header.index = to.0;
    message.attributes.retain(|attribute| match attribute {
        AddressAttribute::Label(label) => label != from.1.as_str(),
        _ => true,
    });
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

fn add(one: &Described, from: Link, to: Link) -> Change {
    // To be usable immediately.
    let there = on_link(one, (from, to), one.ip.is_ipv6());
    Change {
        what: format!("add address {} of {} to {}", one.net, from.1, to.1),
        apply: Request::create(Message::NewAddress(there.clone())),
        unless: None,
        undo: vec![lend::deletion(&there)],
    }
}

/// Adds or deletes a temporary address, so that a link always has an IPv4 address. Its mark
/// identifies it, should it remain.
fn hold_place(link: Link, add: bool) -> Change {
    let mut message = lend::own(PLACE_HOLDER.into(), link.0);
    message.header.scope = AddressScope::Host;
    let create = Request::create(Message::NewAddress(message.clone()));
    let delete = lend::deletion(&message);
    let (verb, apply, unless, undo) = if add {
        ("add", create, Errno::EEXIST, delete)
    } else {
        ("delete", delete, Errno::EADDRNOTAVAIL, create)
    };
    let what = format!("{verb} address {PLACE_HOLDER}");
    Change { what, apply, unless: Some(unless), undo: vec![undo] }
}

/// Borrows an address again that was moved.
fn lend_again(one: &Described, link: Link) -> Change {
    let mut lent = on_link(one, (link, link), false);
    lent.attributes.retain(|attribute| !matches!(attribute, AddressAttribute::Protocol(_)));
    let mark = AddressProtocol::Other(RTPROT_MACVLAN);
    lent.attributes.push(AddressAttribute::Protocol(mark));
    Change {
        what: format!("borrow address {} for {}", one.net, link.1),
        apply: Request::create(Message::NewAddress(lent.clone())),
        unless: Some(Errno::EEXIST),
        undo: vec![lend::deletion(&lent)],
    }
}

fn delete(one: &Described, link: Link, order: Vec<Request>) -> Change {
    let checked = one.ip.is_ipv6() && !one.flags().contains(AddressFlags::Nodad);
    let back = on_link(one, (link, link), checked);
    let mut undo = vec![Request::create(Message::NewAddress(back))];
    if checked {
        // The detection took place when it was first added; restored, it is usable immediately and
        // unchanged.
        undo.push(Request::replace(Message::NewAddress(one.message.clone())));
    }
    undo.extend(order);
    Change {
        what: format!("delete address {} from {}", one.net, link.1),
        apply: lend::deletion(&one.message),
        unless: Some(Errno::EADDRNOTAVAIL),
        undo,
    }
}

/// Records a move in the mark of a host's link.
fn say(link: Link, now: Mark, before: Mark) -> Change {
    let set = |mark: Mark| encode::set_link(link.0, &LinkChange::Alias(&mark.alias()));
    Change {
        what: format!("set the alias of {}", link.1),
        apply: set(now),
        unless: None,
        undo: vec![set(before)],
    }
}

/// Makes the change that enables `arp_filter` on a link; `None` if it is enabled.
fn arp_filter_to_set(connection: &Connection, link: Link) -> Result<Option<Change>> {
    let on = connection
        .get(encode::get_link(link.0.into()), |payload| decode::link(payload)?.arp_filter);
    let on = on.map_err(|failure| {
        failure.into_error("read the parent's arp_filter").on_link(link.1.as_str())
    })?;
    Ok((!on).then(|| filter_arp(link, true)))
}

fn filter_arp(link: Link, on: bool) -> Change {
    let set = |on: bool| encode::set_link(link.0, &LinkChange::ArpFilter(on));
    Change {
        what: format!("set arp_filter of {} to {}", link.1, u8::from(on)),
        apply: set(on),
        unless: None,
        undo: vec![set(!on)],
    }
}
