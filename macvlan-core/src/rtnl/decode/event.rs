//! Decodes events.

use nix::libc;

use crate::rtnl::decode::address::address;
use crate::rtnl::decode::link::link;
use crate::rtnl::decode::netns_id;
use crate::rtnl::decode::route::route;
use crate::value::event::Event;
use crate::value::link::LinkInfo;

/// Decodes the event in a message; `None` for other messages.
pub(crate) fn event(kind: u16, payload: &[u8]) -> Option<Event> {
    Some(match kind {
        libc::RTM_NEWLINK => Event::NewLink(Box::new(link_event(payload)?)),
        libc::RTM_DELLINK => Event::DelLink(Box::new(link_event(payload)?)),
        libc::RTM_NEWADDR => Event::NewAddress(address(payload)?),
        libc::RTM_DELADDR => Event::DelAddress(address(payload)?),
        libc::RTM_NEWROUTE => Event::NewRoute(route(payload)?),
        libc::RTM_DELROUTE => Event::DelRoute(route(payload)?),
        _ => return None,
    })
}

/// Returns the id of a namespace that has ended; `None` for other messages.
pub(crate) fn ended(kind: u16, payload: &[u8]) -> Option<i32> {
    if kind == libc::RTM_DELNSID { netns_id(payload) } else { None }
}

/// Decodes a link event; `None` for bridge port events, which have another family.
fn link_event(payload: &[u8]) -> Option<LinkInfo> {
    let family = i32::from(*payload.first()?);
    (family == libc::AF_UNSPEC).then(|| link(payload)).flatten()
}
