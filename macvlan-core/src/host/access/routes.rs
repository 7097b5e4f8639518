//! Moves routes from one link to another while keeping their order.
//!
//! Of several routes with the same destination and metric, the kernel uses the first. IPv4 routes
//! are moved by adding the new one at the same end of such a row and deleting the old one; a
//! replacement would replace the first route of the row, whichever that is. IPv6 combines routes
//! with a gateway into one, which is replaced.

use ipnet::IpNet;
use netlink_packet_route::RouteNetlinkMessage as Message;
use netlink_packet_route::route::{RouteAttribute, RouteMessage};
use nix::errno::Errno;
use nix::libc::RTPROT_KERNEL;

use crate::error::{Error, ErrorKind, Result};
use crate::host::access::change::{Change, Link};
use crate::host::access::lend::Described;
use crate::netlink::{Connection, Request};
use crate::rtnl::{RTPROT_MACVLAN, RTPROT_RA, decode, encode};
use crate::value::filter::RouteFilter;
use crate::value::name::LinkId;
use crate::value::route::{RouteInfo, RouteKind};

/// The routes of a namespace, in the kernel's order.
pub(super) struct Table(Vec<Listed>);

struct Listed {
    info: RouteInfo,
    message: RouteMessage,
}

impl Table {
    pub(super) fn read(connection: &Connection) -> Result<Self> {
        let listed = |payload: &[u8]| {
            decode::raw_route(payload).map(|(info, message)| Listed { info, message })
        };
        connection
            .dump(&encode::get_routes(&RouteFilter::new(), None), listed)
            .map(Self)
            .map_err(|failure| failure.into_error("list the routes"))
    }

    /// Returns whether routes through other links are before and after this one in its row.
    fn others_of(&self, at: usize, from: Link, to: Link) -> (bool, bool) {
        let own = &self.0[at];
        let is_other = |(_, one): &(usize, &Listed)| {
            one.row() == own.row() && !one.leads_through(from.0) && !one.leads_through(to.0)
        };
        let mut others = self.0.iter().enumerate().filter(is_other);
        let before = self.0.iter().enumerate().filter(is_other).any(|(other, _)| other < at);
        (before, others.any(|(other, _)| other > at))
    }
}

impl Listed {
    /// Returns the key of a row: the kernel uses the first of the routes with the same key.
    fn row(&self) -> (IpNet, u32, u8, Option<u32>) {
        let route = &self.info.route;
        let tos = self.message.header.tos;
        (route.get_destination(), route.get_table(), tos, route.get_metric())
    }

    fn is_ipv4(&self) -> bool {
        self.info.route.get_destination().addr().is_ipv4()
    }

    fn leads_through(&self, link: u32) -> bool {
        self.info.route.get_device() == Some(LinkId::Index(link))
            || self.info.next_hops.iter().any(|hop| hop.link == link)
    }

    fn has_gateway(&self) -> bool {
        self.info.route.get_gateway().is_some() || !self.info.next_hops.is_empty()
    }

    /// Returns whether the route is moved: not if it comes from a router advertisement, was added
    /// by the kernel with an address, or is one of the host's routes to its containers.
    fn moves(&self, from: Link, by_hand: &[IpNet]) -> bool {
        let by_whom = match self.info.protocol {
            RTPROT_KERNEL => by_hand.contains(&self.info.route.get_destination()),
            protocol => ![RTPROT_RA, RTPROT_MACVLAN].contains(&protocol),
        };
        by_whom && self.info.route.get_kind() == RouteKind::Unicast && self.leads_through(from.0)
    }

    fn over(&self, from: Link, to: Link) -> Result<RouteMessage> {
        let mut message = self.message.clone();
        for attribute in &mut message.attributes {
            match attribute {
                RouteAttribute::Oif(index) if *index == from.0 => *index = to.0,
                RouteAttribute::MultiPath(next_hops) => {
                    for next_hop in next_hops.iter_mut().filter(|hop| hop.interface_index == from.0)
                    {
                        next_hop.interface_index = to.0;
                    }
                }
                RouteAttribute::NhId(_) => {
                    let why = format!("a route through {} uses a next hop object", from.1);
                    return Err(Error::new(ErrorKind::Unsupported, "move the routes", why)
                        .with_hint(
                            "move it by hand (`ip nexthop`), or set an address for the host's link",
                        ));
                }
                _ => {}
            }
        }
        Ok(message)
    }
}

/// Moves the routes of one link to another. Routes without a gateway are added first and deleted
/// last, because gateways may be reached by them.
pub(super) fn change_over(
    table: &Table,
    by_hand: &[IpNet],
    from: Link,
    to: Link,
) -> Result<Vec<Change>> {
    let (mut adds, mut deletes) = (Vec::new(), Vec::new());
    for has_gateway in [false, true] {
        let moves = |(_, one): &(usize, &Listed)| {
            one.moves(from, by_hand) && one.has_gateway() == has_gateway
        };
        // Routes at the beginning of a row are added there in reverse order.
        let (mut behind, mut before) = (Vec::new(), Vec::new());
        for (at, one) in table.0.iter().enumerate().filter(moves) {
            let others = table.others_of(at, from, to);
            let pair = one.changes(others, from, to)?;
            if others.0 { behind.push(pair) } else { before.push(pair) }
        }
        let (first_adds, first_deletes): (Vec<_>, Vec<_>) = before.into_iter().unzip();
        let (last_adds, last_deletes): (Vec<_>, Vec<_>) = behind.into_iter().unzip();
        adds.extend(first_adds.into_iter().rev().chain(last_adds));
        // Routes that are deleted first are restored last.
        let gone = first_deletes.into_iter().chain(last_deletes.into_iter().rev());
        deletes.insert(0, gone.flatten().collect::<Vec<_>>());
    }
    Ok(adds.into_iter().chain(deletes.into_iter().flatten()).collect())
}

impl Listed {
    /// Returns the change that adds the route on the other link, and the one that deletes it here,
    /// if separate.
    fn changes(
        &self,
        (before, behind): (bool, bool),
        from: Link,
        to: Link,
    ) -> Result<(Change, Option<Change>)> {
        let there = self.over(from, to)?;
        let destination = self.info.route.get_destination();
        let replace = |message: &RouteMessage| Request::replace(Message::NewRoute(message.clone()));
        if !self.is_ipv4() && (self.has_gateway() || !before && !behind) {
            let change = Change {
                what: format!("lead the route to {destination} over {}", to.1),
                apply: replace(&there),
                unless: None,
                undo: vec![replace(&self.message)],
            };
            return Ok((change, None));
        }
        let add = Change {
            what: format!("add a route to {destination} over {}", to.1),
            apply: put(&there, before),
            unless: Some(Errno::EEXIST),
            undo: vec![delete(&there)],
        };
        let gone = Change {
            what: format!("delete the route to {destination} over {}", from.1),
            apply: delete(&self.message),
            unless: Some(Errno::ESRCH),
            undo: vec![put(&self.message, before)],
        };
        Ok((add, Some(gone)))
    }
}

/// The kernel adds the connected route of an address after those of other links. If it was before
/// them, returns the change that moves it there on the other link, and the one that does so here
/// when the address returns.
pub(super) fn order_of_subnet(
    table: &Table,
    address: &Described,
    from: Link,
    to: Link,
) -> Result<(Vec<Change>, Vec<Request>)> {
    let is_its = |one: &Listed| {
        one.info.protocol == RTPROT_KERNEL
            && one.is_ipv4()
            && one.info.route.get_destination() == address.net.trunc()
            && one.info.route.get_source() == Some(address.ip)
            && one.info.route.get_device() == Some(LinkId::Index(from.0))
    };
    let its = table.0.iter().enumerate().find(|(_, one)| is_its(one));
    let Some((at, one)) = its else { return Ok((Vec::new(), Vec::new())) };
    if table.others_of(at, from, to) != (false, true) {
        return Ok((Vec::new(), Vec::new()));
    }
    let there = one.over(from, to)?;
    let what = format!("put the route to {} over {} first", address.net.trunc(), to.1);
    let step = |apply, unless| Change {
        what: what.clone(),
        apply,
        unless: Some(unless),
        undo: Vec::new(),
    };
    let changes = vec![step(delete(&there), Errno::ESRCH), step(put(&there, false), Errno::EEXIST)];
    Ok((changes, vec![delete(&one.message), put(&one.message, false)]))
}

/// Adds a route at the end or at the beginning of its row.
fn put(message: &RouteMessage, at_the_end: bool) -> Request {
    let message = Message::NewRoute(message.clone());
    if at_the_end { Request::append(message) } else { Request::beside(message) }
}

fn delete(message: &RouteMessage) -> Request {
    Request::new(Message::DelRoute(message.clone()))
}
