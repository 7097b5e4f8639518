//! Deletions of rules and routes that the kernel does not delete with the link.

use std::fmt;

use netlink_packet_route::RouteNetlinkMessage as Message;

use crate::endpoint::change::{Change, Target};
use crate::error::Result;
use crate::netlink::{Connection, Failure, Request};
use crate::rtnl::{Note, RTPROT_MACVLAN, encode};
use crate::value::name::LinkId;
use crate::value::route::Route;
use crate::value::rule::Rule;

/// A deletion of an object that the kernel does not delete with the link.
#[derive(Debug, Clone)]
pub(crate) enum Deletion {
    /// A route, and a request that deletes exactly this one.
    Route(Route, Request),
    Rule(Rule),
    /// A note that several endpoints may have requested an object.
    Note(Note),
}

impl Deletion {
    /// Returns the deletion that undoes a change; `None` if the kernel undoes it with the link.
    pub(super) fn of(change: &Change, link: &Target<'_>) -> Result<Option<Self>> {
        Ok(match change {
            Change::AddRoute(route) => {
                let (device, protocol) = (link.device(route)?, link.protocol(route));
                let request = encode::delete_route_exactly(route, device, protocol)?;
                Some(Self::Route(*route, request))
            }
            Change::AddRule(rule) => Some(Self::Rule(*rule)),
            _ => None,
        })
    }

    /// Returns the deletion of a route that has our mark.
    pub(super) fn marked_route(route: Route) -> Result<Self> {
        let device = match route.get_device() {
            Some(LinkId::Index(index)) => Some(index),
            _ => None,
        };
        let request = encode::delete_route_exactly(&route, device, RTPROT_MACVLAN)?;
        Ok(Self::Route(route, request))
    }

    /// Returns the note about the object, if several endpoints may have requested it.
    pub(super) fn note(&self) -> Option<Note> {
        match self {
            Self::Route(route, _) => Some(Note {
                net: route.get_destination().trunc(),
                number: route.get_actual_metric(),
            }),
            Self::Rule(rule) => {
                Some(Note { net: rule.get_from()?.trunc(), number: rule.get_table() })
            }
            Self::Note(_) => None,
        }
    }

    fn request(&self) -> Result<Request> {
        Ok(match self {
            Self::Note(note) => note.delete(),
            Self::Route(_, request) => request.clone(),
            Self::Rule(rule) => Request::new(Message::DelRule(encode::rule(rule, RTPROT_MACVLAN)?)),
        })
    }
}

impl fmt::Display for Deletion {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Route(route, _) => write!(f, "route {route}"),
            Self::Rule(rule) => write!(f, "rule {rule}"),
            Self::Note(note) => {
                write!(f, "route throw {} metric {} table 109", note.net, note.number)
            }
        }
    }
}

/// Deletes objects in reverse order; those that no longer exist are skipped. On a failure, also
/// returns a description of what remains.
pub(super) fn delete_all<'a>(
    inside: &Connection,
    deletions: impl DoubleEndedIterator<Item = &'a Deletion>,
) -> (std::result::Result<(), Failure>, Vec<String>) {
    let mut outcome = Ok(());
    let mut left = Vec::new();
    for deletion in deletions.rev() {
        let Ok(request) = deletion.request() else { continue };
        match inside.retry(&request) {
            Ok(()) => {}
            Err(failure) if failure.says_gone() => {}
            Err(failure) => {
                left.push(format!("{}{deletion}", failure.maybe()));
                outcome = Err(failure);
            }
        }
    }
    (outcome, left)
}
