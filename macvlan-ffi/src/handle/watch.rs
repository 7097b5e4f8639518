//! `macvlan_watch`: what happens in a namespace; and `macvlan_event`, one thing that happened.

use std::ffi::c_int;
use std::os::fd::{AsFd, AsRawFd};
use std::ptr::null;
use std::time::Duration;

use macvlan_core::{Event, EventKind, Watch};

use crate::base::boundary::{answer, boundary, free};
use crate::base::cancellation::macvlan_cancellation;
use crate::base::kernel::number;
use crate::base::object::{Object, Tagged, exclusive, give, object, out, part, shared};
use crate::base::report::macvlan_error;
use crate::value::address::macvlan_address_info;
use crate::value::link_info::macvlan_link_info;
use crate::value::route::macvlan_route_info;

/// What happens to the links, addresses and routes of a namespace, from when it was opened by
/// macvlan_handle_watch(). Freed with macvlan_watch_free().
///
/// Threads: one thread at a time.
pub struct macvlan_watch {
    _opaque: (),
}
object!(macvlan_watch, Watching);

/// Something that happened in a namespace, given by macvlan_watch_next(). Freed with
/// macvlan_event_free().
///
/// Threads: immutable, so any number of threads may use it at once.
pub struct macvlan_event {
    _opaque: (),
}
object!(macvlan_event, Happened);

/// What happened. More may come: a program has to expect numbers that are not listed here.
#[repr(C)]
pub enum macvlan_event_kinds {
    /// Something that this version has no number for.
    MACVLAN_EVENT_OTHER = 0,
    /// A link was made, or has changed.
    MACVLAN_EVENT_NEW_LINK = 1,
    /// A link was deleted, or has left for another namespace.
    MACVLAN_EVENT_DEL_LINK = 2,
    /// An address was added, or has changed: it is not tentative any more, for example.
    MACVLAN_EVENT_NEW_ADDRESS = 3,
    /// An address was deleted.
    MACVLAN_EVENT_DEL_ADDRESS = 4,
    /// A route was added or replaced. That a link took its routes along when it went, the kernel does
    /// not tell for IPv4.
    MACVLAN_EVENT_NEW_ROUTE = 5,
    /// A route was deleted.
    MACVLAN_EVENT_DEL_ROUTE = 6,
    /// Events were lost, because they were not read as fast as they came: whoever keeps a picture of
    /// the namespace has to list everything anew.
    MACVLAN_EVENT_LOST = 7,
}

/// (A type of its own, or the calls on it would be those of an iterator.)
pub(crate) struct Watching(pub(crate) Watch);

/// An event, and what it is about as C takes it.
pub(crate) struct Happened {
    kind: EventKind,
    link: Option<Tagged<<macvlan_link_info as Object>::Inner>>,
    address: Option<Tagged<<macvlan_address_info as Object>::Inner>>,
    route: Option<Tagged<<macvlan_route_info as Object>::Inner>>,
}

impl From<Event> for Happened {
    fn from(event: Event) -> Self {
        let (kind, mut link, mut address, mut route) = (event.kind(), None, None, None);
        match event {
            Event::NewLink(info) | Event::DelLink(info) => {
                link = Some(part::<macvlan_link_info>((*info).into()));
            }
            Event::NewAddress(info) | Event::DelAddress(info) => {
                address = Some(part::<macvlan_address_info>(info.into()));
            }
            Event::NewRoute(info) | Event::DelRoute(info) => {
                route = Some(part::<macvlan_route_info>(info.into()));
            }
            _ => {}
        }
        Self { kind, link, address, route }
    }
}

/// Waits for the next event, at most so many milliseconds; as long as it takes if that is negative.
/// If none has come by then, `event` is NULL and the function returns 0.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn macvlan_watch_next(
    watch: *mut macvlan_watch,
    milliseconds: c_int,
    event: *mut *mut macvlan_event,
    error: *mut *mut macvlan_error,
) -> c_int {
    boundary!(error, {
        let event = out!(event);
        let Watching(watch) = exclusive!(watch);
        let next = match u64::try_from(milliseconds) {
            Ok(milliseconds) => watch.next_within(Duration::from_millis(milliseconds))?,
            Err(_) => watch.next_within(Duration::MAX)?,
        };
        if let Some(next) = next {
            give(event, next.into());
        }
    })
}

/// Has a watch end its waits when that is cancelled: macvlan_watch_next() then returns -EINTR.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn macvlan_watch_set_cancellation(
    watch: *mut macvlan_watch,
    cancellation: *const macvlan_cancellation,
    error: *mut *mut macvlan_error,
) -> c_int {
    boundary!(error, {
        exclusive!(watch).0.set_cancel(shared!(cancellation));
    })
}

/// A descriptor that is readable when there is an event, or may be, for poll(2); it stays the
/// watch's. Events that came together are handed out one by one: call macvlan_watch_next() with 0
/// milliseconds until it gives none. -1 if the watch is invalid.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn macvlan_watch_fd(watch: *const macvlan_watch) -> c_int {
    answer(-1, || Ok(shared!(watch).0.as_fd().as_raw_fd()))
}

/// Ends a watch; does nothing to NULL.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn macvlan_watch_free(watch: *mut macvlan_watch) {
    // SAFETY: the header requires that no other thread uses it.
    unsafe { free(watch) }
}

/// What happened: one of enum macvlan_event_kinds.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn macvlan_event_kind(event: *const macvlan_event) -> c_int {
    answer(0, || Ok(number(shared!(event).kind as u32)))
}

/// Returns the link that it is about, which belongs to the event; NULL if it is about none.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn macvlan_event_link(
    event: *const macvlan_event,
) -> *const macvlan_link_info {
    answer(null(), || Ok(shared!(event).link.as_ref().map_or(null(), Tagged::pointer)))
}

/// Returns the address that it is about, which belongs to the event; NULL if it is about none.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn macvlan_event_address(
    event: *const macvlan_event,
) -> *const macvlan_address_info {
    answer(null(), || Ok(shared!(event).address.as_ref().map_or(null(), Tagged::pointer)))
}

/// Returns the route that it is about, which belongs to the event; NULL if it is about none.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn macvlan_event_route(
    event: *const macvlan_event,
) -> *const macvlan_route_info {
    answer(null(), || Ok(shared!(event).route.as_ref().map_or(null(), Tagged::pointer)))
}

/// Frees an event. NULL is ignored.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn macvlan_event_free(event: *mut macvlan_event) {
    // SAFETY: the header requires that no other thread uses it.
    unsafe { free(event) }
}
