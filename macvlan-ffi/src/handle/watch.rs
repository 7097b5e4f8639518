//! `macvlan_watch`: the events of a namespace; and `macvlan_event`, one of them.

use std::ffi::c_int;
use std::os::fd::{AsFd, AsRawFd};
use std::ptr::null;
use std::time::Duration;

use macvlan_core::{Event, Watch};

use crate::base::boundary::{answer, boundary, free};
use crate::base::cancellation::macvlan_cancellation;
use crate::base::object::{exclusive, give, object, out, shared};
use crate::base::record::record;
use crate::base::report::macvlan_error;
use crate::base::view::{Arena, Output, View};
use crate::value::address::{self, macvlan_address};
use crate::value::link_info::macvlan_link_info;
use crate::value::route::{self, macvlan_route};

/// The events of a namespace's links, addresses and routes, since it was opened by
/// macvlan_handle_watch(). Freed with macvlan_watch_free().
///
/// Threads: one thread at a time.
pub struct macvlan_watch {
    _opaque: (),
}
object!(macvlan_watch, Watching);

/// An event of a namespace, from macvlan_watch_next(). Freed with macvlan_event_free().
///
/// Threads: immutable, so any number of threads may use it at once.
pub struct macvlan_event {
    _opaque: (),
}
object!(macvlan_event, View<Event>);

/// The contents of an event.
#[derive(Clone, Copy)]
#[repr(C)]
pub struct macvlan_event_info {
    /// The size of the struct.
    pub size: usize,
    /// The kind: one of enum macvlan_event_kinds.
    pub kind: u32,
    /// The link; NULL if the event has none.
    pub link: *const macvlan_link_info,
    /// The address; NULL if the event has none.
    pub address: *const macvlan_address,
    /// The route; NULL if the event has none.
    pub route: *const macvlan_route,
}
record!(macvlan_event_info);

/// The kind of an event. Later versions may add some: a program has to expect numbers that are not
/// listed here.
#[repr(C)]
pub enum macvlan_event_kinds {
    /// An event for which this version has no number.
    MACVLAN_EVENT_OTHER = 0,
    /// A link was created or changed.
    MACVLAN_EVENT_NEW_LINK = 1,
    /// A link was deleted or moved to another namespace.
    MACVLAN_EVENT_DEL_LINK = 2,
    /// An address was added or changed; for example, it is no longer tentative.
    MACVLAN_EVENT_NEW_ADDRESS = 3,
    /// An address was deleted.
    MACVLAN_EVENT_DEL_ADDRESS = 4,
    /// A route was added or replaced.
    MACVLAN_EVENT_NEW_ROUTE = 5,
    /// A route was deleted. The kernel does not report the IPv4 routes that are deleted with their
    /// link.
    MACVLAN_EVENT_DEL_ROUTE = 6,
    /// Events were lost because they were not read in time; objects have to be listed again.
    MACVLAN_EVENT_LOST = 7,
}

/// (A separate type, since the macro's calls would otherwise be those of an iterator.)
pub(crate) struct Watching(pub(crate) Watch);

impl Output for Event {
    type Record = macvlan_event_info;

    fn record(&self, arena: &mut Arena) -> macvlan_event_info {
        let mut record =
            macvlan_event_info { kind: self.kind() as u32, ..macvlan_event_info::new() };
        match self {
            Event::NewLink(info) | Event::DelLink(info) => record.link = arena.part(&**info),
            Event::NewAddress(info) | Event::DelAddress(info) => {
                record.address = arena.part(&address::Reported::from(info.clone()));
            }
            Event::NewRoute(info) | Event::DelRoute(info) => {
                record.route = arena.part(&route::Reported::from(info.clone()));
            }
            _ => {}
        }
        record
    }
}

/// Waits for the next event. Waits for at most `milliseconds`; without a limit if that is negative.
/// `event` is NULL, and the function returns 0, if there was none in that time. The caller frees
/// the event with macvlan_event_free(). Returns -EINTR if the watch is cancelled.
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

/// Sets a cancellation that ends waits: macvlan_watch_next() then returns -EINTR.
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

/// Returns a descriptor for poll(2) that is readable when there may be an event. It stays the
/// watch's. Events can come together: call macvlan_watch_next() with 0 milliseconds until it gives
/// none. -1 if the watch is invalid.
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

/// Returns the event's contents, which belong to it. NULL if the event is invalid.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn macvlan_event_get(
    event: *const macvlan_event,
) -> *const macvlan_event_info {
    answer(null(), || Ok(shared!(event).record()))
}

/// Frees an event. NULL is ignored.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn macvlan_event_free(event: *mut macvlan_event) {
    // SAFETY: the header requires that no other thread uses it.
    unsafe { free(event) }
}
