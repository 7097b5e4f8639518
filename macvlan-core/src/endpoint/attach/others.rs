//! Objects that the kernel deletes with an address: its secondary addresses, and the routes that
//! depend on it.

use ipnet::IpNet;
use netlink_packet_route::RouteNetlinkMessage as Message;
use netlink_packet_route::address::AddressMessage;
use netlink_packet_route::route::{RouteAttribute, RouteMessage};
use nix::errno::Errno;

use crate::netlink::{Connection, Failure, Request};
use crate::rtnl::{decode, encode};
use crate::value::filter::RouteFilter;

/// The addresses of a link and the routes of its namespace, as messages that add them again.
pub(super) struct Others {
    addresses: Vec<(IpNet, AddressMessage)>,
    routes: Vec<(String, RouteMessage)>,
}

impl Others {
    pub(super) fn read(inside: &Connection, link: u32) -> Result<Self, Failure> {
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
        let has = |all: &Self, route: &RouteMessage| {
            all.routes.iter().any(|(_, there)| decode::is_same_message(there, route))
        };
        for (words, route) in self.routes.iter().filter(|(_, route)| !has(&now, route)) {
            // IPv6 keeps a route whose source address is deleted, but without the source.
            let bare = without_source(route);
            if bare != *route && has(&now, &bare) && !has(self, &bare) {
                let delete = Request::new(Message::DelRoute(bare));
                requests.push((format!("the loss of the source of {words}"), delete));
            }
            let again = Request::append(Message::NewRoute(route.clone()));
            requests.push((format!("the loss of {words}"), again));
        }
        let refused =
            requests.into_iter().filter_map(|(words, request)| match inside.retry(&request) {
                Ok(()) | Err(Failure::Refused { errno: Errno::EEXIST | Errno::ESRCH, .. }) => None,
                Err(failure) => Some(format!("{}{words}", failure.maybe())),
            });
        refused.collect()
    }
}

fn without_source(route: &RouteMessage) -> RouteMessage {
    let mut bare = route.clone();
    bare.attributes.retain(|attribute| !matches!(attribute, RouteAttribute::PrefSource(_)));
    bare
}
