//! `macvlan_keep_event`: the events of a keeper.

use std::ffi::{CString, c_char, c_int};
use std::ptr::null;

use macvlan_core::{KeepEvent, KeepEventKind};

use crate::base::boundary::{answer, boundary, free};
use crate::base::kernel::number;
use crate::base::object::{Tagged, give, object, out, part, shared};
use crate::base::report::{Report, macvlan_error};
use crate::base::text::c_string;
use crate::endpoint::attachment::{Attached, macvlan_attachment};
use crate::handle::netns::{Namespace, macvlan_netns, put_id};

/// An event of a keeper, from macvlan_keeper_next(). Freed with macvlan_keep_event_free(), with all
/// its parts.
///
/// Threads: immutable, so any number of threads may use it at once.
pub struct macvlan_keep_event {
    _opaque: (),
}
object!(macvlan_keep_event, Told);

/// The kind of an event of a keeper. Later versions may add some, so a program has to expect
/// numbers that are not listed here.
#[repr(C)]
pub enum macvlan_keep_event_kinds {
    /// An event for which this version has no number.
    MACVLAN_KEEP_EVENT_OTHER = 0,
    /// The parent of an attachment is gone, and its link with it. The keeper waits for the parent.
    MACVLAN_KEEP_EVENT_GONE = 1,
    /// The endpoint was attached again, with the same name, MAC address, addresses and routes.
    MACVLAN_KEEP_EVENT_ATTACHED = 2,
    /// The parent of an attachment was renamed.
    MACVLAN_KEEP_EVENT_RENAMED = 3,
    /// An endpoint could not be attached or checked. It is retried. Reported only when the error
    /// changes.
    MACVLAN_KEEP_EVENT_FAILED = 4,
    /// The container has ended or its namespace cannot be opened, so its endpoint is no longer
    /// kept.
    MACVLAN_KEEP_EVENT_ENDED = 5,
}

/// An event with its parts for C.
pub(crate) struct Told {
    kind: KeepEventKind,
    text: CString,
    name: CString,
    event: KeepEvent,
    attachment: Option<Tagged<Attached>>,
    parent: Option<CString>,
    error: Option<Tagged<Report>>,
}

impl From<KeepEvent> for Told {
    fn from(event: KeepEvent) -> Self {
        let (text, name) = (c_string(&event), c_string(event.name()));
        let report = |error: &macvlan_core::Error| part::<macvlan_error>(Report::of_core(error));
        Self {
            kind: event.kind(),
            text,
            name,
            attachment: event
                .attachment()
                .cloned()
                .map(Attached::new)
                .map(part::<macvlan_attachment>),
            parent: event.parent().map(c_string),
            error: event.error().map(report),
            event,
        }
    }
}

/// Returns the kind of the event: one of enum macvlan_keep_event_kinds.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn macvlan_keep_event_kind(event: *const macvlan_keep_event) -> c_int {
    answer(0, || Ok(number(shared!(event).kind as u32)))
}

/// Returns the event as text: "eth0 in the network namespace of pid 2084: its parent ens33 is
/// gone". NULL if the event is invalid.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn macvlan_keep_event_text(
    event: *const macvlan_keep_event,
) -> *const c_char {
    answer(null(), || Ok(shared!(event).text.as_ptr()))
}

/// Returns the name of the endpoint. NULL if the event is invalid.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn macvlan_keep_event_name(
    event: *const macvlan_keep_event,
) -> *const c_char {
    answer(null(), || Ok(shared!(event).name.as_ptr()))
}

/// Opens a handle on the container's namespace, which the caller frees with macvlan_netns_free().
/// Fails with MACVLAN_ERROR_NAMESPACE_GONE if the container has ended.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn macvlan_keep_event_netns(
    event: *const macvlan_keep_event,
    netns: *mut *mut macvlan_netns,
    error: *mut *mut macvlan_error,
) -> c_int {
    boundary!(error, {
        let netns = out!(netns);
        give(netns, Namespace::new(shared!(event).event.netns()?));
    })
}

/// Writes the identity of that namespace, also of one that has ended, as macvlan_netns_id(). Both
/// pointers can be NULL.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn macvlan_keep_event_netns_id(
    event: *const macvlan_keep_event,
    device: *mut u64,
    inode: *mut u64,
) {
    answer((), || {
        put_id(shared!(event).event.netns_id(), device, inode);
        Ok(())
    });
}

/// Returns the attachment, which belongs to the event; NULL for a failed or ended one.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn macvlan_keep_event_attachment(
    event: *const macvlan_keep_event,
) -> *const macvlan_attachment {
    answer(null(), || Ok(shared!(event).attachment.as_ref().map_or(null(), Tagged::pointer)))
}

/// Returns the parent's new name; NULL if it was not renamed.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn macvlan_keep_event_parent(
    event: *const macvlan_keep_event,
) -> *const c_char {
    answer(null(), || Ok(shared!(event).parent.as_ref().map_or(null(), |text| text.as_ptr())))
}

/// Returns the reason for a failed or ended one, which belongs to the event; NULL for other events.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn macvlan_keep_event_error(
    event: *const macvlan_keep_event,
) -> *const macvlan_error {
    answer(null(), || Ok(shared!(event).error.as_ref().map_or(null(), Tagged::pointer)))
}

/// Frees an event. NULL is ignored.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn macvlan_keep_event_free(event: *mut macvlan_keep_event) {
    // SAFETY: the header requires that no other thread uses it.
    unsafe { free(event) }
}
