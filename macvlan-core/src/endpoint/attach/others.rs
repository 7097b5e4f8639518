//! Objects that the kernel deletes with an address, or with a link: secondary addresses, and the
//! routes that depend on an address.

use ipnet::IpNet;
use netlink_packet_route::AddressFamily;
use netlink_packet_route::RouteNetlinkMessage as Message;
use netlink_packet_route::address::AddressMessage;
use netlink_packet_route::route::{RouteAttribute, RouteMessage, RouteProtocol};
use nix::errno::Errno;

use crate::netlink::{Connection, Failure, Request};
use crate::rtnl::{decode, encode};
use crate::value::filter::RouteFilter;

/// The addresses of a link and the routes of its namespace, as messages that add them again.
pub(in crate::endpoint) struct Others {
    addresses: Vec<(IpNet, AddressMessage)>,
    routes: Vec<(String, RouteMessage)>,
}

impl Others {
    pub(in crate::endpoint) fn read(inside: &Connection, link: u32) -> Result<Self, Failure> {
        let address = |payload: &[u8]| {
            Some((decode::address(payload)?.address.net(), decode::raw_address(payload)?))
        };
        let route = |payload: &[u8]| {
            let words = decode::route(payload).map(|told| format!("the route {}", told.route));
            let words = words.unwrap_or_else(|| "a route".to_owned());
            Some((words, decode::made_route(payload)?))
        };
        Ok(Self {
            addresses: inside.dump(&encode::get_addresses(None, Some(link)), address)?,
            routes: inside.dump(&encode::get_routes(&RouteFilter::new(), None), route)?,
        })
    }

    /// Returns the request that adds an address again.
    pub(super) fn request(&self, address: IpNet) -> Option<Request> {
        let message = &self.addresses.iter().find(|(net, _)| *net == address)?.1;
        Some(Request::create(Message::NewAddress(message.clone())))
    }

    /// Adds again the routes that a deleted link, which is there again with its addresses, has
    /// taken with it. Returns descriptions of those that failed. Router advertisements bring theirs
    /// back.
    pub(in crate::endpoint) fn put_back_routes(
        &self,
        inside: &Connection,
        link: u32,
    ) -> Result<Vec<String>, Failure> {
        let by_others = |route: &RouteMessage| route.header.protocol != RouteProtocol::Ra;
        let missing = self.missing_routes(&Self::read(inside, link)?, by_others);
        Ok(refused(inside, missing))
    }

    /// Returns the requests that add missing routes again, with descriptions of the losses.
    fn missing_routes(
        &self,
        now: &Self,
        is_wanted: impl Fn(&RouteMessage) -> bool,
    ) -> Vec<(String, Request)> {
        let mut requests = Vec::new();
        let has = |all: &Self, route: &RouteMessage| {
            all.routes.iter().any(|(_, there)| decode::is_same_message(there, route))
        };
        for (words, route) in
            self.routes.iter().filter(|(_, route)| is_wanted(route) && !has(now, route))
        {
            // IPv6 keeps a route whose source address is deleted, but without the source, and one
            // with several next hops without those through a deleted link.
            let is_rest =
                |there: &RouteMessage| without_source(route) == *there || is_part_of(there, route);
            let rest = now.routes.iter().map(|(_, there)| there);
            for rest in rest.filter(|there| is_rest(there) && !has(self, there)) {
                let delete = Request::new(Message::DelRoute(rest.clone()));
                requests.push((format!("the loss of a part of {words}"), delete));
            }
            let again = Request::append(Message::NewRoute(route.clone()));
            requests.push((format!("the loss of {words}"), again));
        }
        requests
    }

    /// Adds missing objects again, except one address. Returns descriptions of those that failed.
    pub(super) fn put_back(&self, inside: &Connection, link: u32, but: IpNet) -> Vec<String> {
        let now = match Self::read(inside, link) {
            Ok(now) => now,
            Err(_unknown) => {
                return vec![format!(
                    "perhaps the loss of objects that depend on the address {but}"
                )];
            }
        };
        let is_there = |address: IpNet| now.addresses.iter().any(|(net, _)| *net == address);
        let mut requests = Vec::new();
        for (net, _) in self.addresses.iter().filter(|(net, _)| *net != but && !is_there(*net)) {
            requests.extend(
                self.request(*net).map(|add| (format!("the loss of the address {net}"), add)),
            );
        }
        requests.extend(self.missing_routes(&now, |_| true));
        refused(inside, requests)
    }
}

/// Makes the requests, and returns the descriptions of those that were refused.
fn refused(inside: &Connection, requests: Vec<(String, Request)>) -> Vec<String> {
    let refused =
        requests.into_iter().filter_map(|(words, request)| match inside.retry(&request) {
            Ok(()) | Err(Failure::Refused { errno: Errno::EEXIST | Errno::ESRCH, .. }) => None,
            Err(failure) => Some(format!("{}{words}", failure.maybe())),
        });
    refused.collect()
}

/// Returns whether a route of IPv6 has one or more of the next hops of another, which is otherwise
/// the same.
fn is_part_of(part: &RouteMessage, whole: &RouteMessage) -> bool {
    let hops = |route: &RouteMessage| {
        route.attributes.iter().find_map(|attribute| match attribute {
            RouteAttribute::MultiPath(hops) => Some(hops.clone()),
            _ => None,
        })
    };
    let row = |route: &RouteMessage| {
        let of = route.attributes.iter().filter(|attribute| {
            matches!(
                attribute,
                RouteAttribute::Destination(_)
                    | RouteAttribute::Table(_)
                    | RouteAttribute::Priority(_)
            )
        });
        of.cloned().collect::<Vec<_>>()
    };
    let Some(all) = hops(whole) else { return false };
    let is_v6 = whole.header.address_family == AddressFamily::Inet6;
    let is_among = match hops(part) {
        Some(some) => some.iter().all(|hop| all.contains(hop)),
        None => all.iter().any(|hop| {
            let through = RouteAttribute::Oif(hop.interface_index);
            part.attributes.contains(&through)
                && hop.attributes.iter().all(|of| part.attributes.contains(of))
        }),
    };
    is_v6 && part.header == whole.header && row(part) == row(whole) && is_among
}

fn without_source(route: &RouteMessage) -> RouteMessage {
    let mut bare = route.clone();
    bare.attributes.retain(|attribute| !matches!(attribute, RouteAttribute::PrefSource(_)));
    bare
}
