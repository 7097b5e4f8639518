//! `macvlan_keep_event`: the events of a keeper.

use std::ffi::{c_char, c_int};
use std::ptr::null;

use macvlan_core::KeepEvent;

use crate::base::boundary::{answer, boundary, free};
use crate::base::object::{give, object, out, shared};
use crate::base::record::record;
use crate::base::report::{Report, macvlan_error};
use crate::base::view::{Arena, Output, View};
use crate::endpoint::attachment::{Attached, macvlan_attachment};
use crate::handle::netns::{Namespace, macvlan_netns};

/// An event of a keeper, from macvlan_keeper_next(). Freed with macvlan_keep_event_free(), with all
/// its parts.
///
/// Threads: immutable, so any number of threads may use it at once.
pub struct macvlan_keep_event {
    _opaque: (),
}
object!(macvlan_keep_event, View<KeepEvent>);

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

/// The contents of an event.
#[derive(Clone, Copy)]
#[repr(C)]
pub struct macvlan_keep_event_info {
    /// The size of the struct.
    pub size: usize,
    /// The kind: one of enum macvlan_keep_event_kinds.
    pub kind: u32,
    /// The event as text: "eth0 in the network namespace of pid 2084: the parent ens33 is gone".
    pub text: *const c_char,
    /// The name of the endpoint.
    pub name: *const c_char,
    /// The parent's new name; NULL if it was not renamed.
    pub parent: *const c_char,
    /// The attachment; NULL for a failed or ended one.
    pub attachment: *const macvlan_attachment,
    /// The reason for a failed or ended one; NULL for other events.
    pub error: *const macvlan_error,
    /// The identity of the container's namespace, also of one that has ended, as from
    /// macvlan_netns_id().
    pub netns_device: u64,
    /// The other half of it.
    pub netns_inode: u64,
}
record!(macvlan_keep_event_info);

impl Output for KeepEvent {
    type Record = macvlan_keep_event_info;

    fn record(&self, arena: &mut Arena) -> macvlan_keep_event_info {
        let attachment = self.attachment().cloned().map(Attached::from);
        let error = self.error().map(|error| Report::of_core(error).into());
        macvlan_keep_event_info {
            kind: self.kind() as u32,
            text: arena.text(self),
            name: arena.text(self.name()),
            parent: arena.text_of(self.parent()),
            attachment: arena.object_of(attachment),
            error: arena.object_of(error),
            netns_device: self.netns_id().device,
            netns_inode: self.netns_id().inode,
            ..macvlan_keep_event_info::new()
        }
    }
}

/// Returns the contents of the event, which belong to it. NULL if the event is invalid.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn macvlan_keep_event_get(
    event: *const macvlan_keep_event,
) -> *const macvlan_keep_event_info {
    answer(null(), || Ok(shared!(event).record()))
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
        give(netns, Namespace::new(shared!(event).value.netns()?));
    })
}

/// Frees an event. NULL is ignored.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn macvlan_keep_event_free(event: *mut macvlan_keep_event) {
    // SAFETY: the header requires that no other thread uses it.
    unsafe { free(event) }
}
