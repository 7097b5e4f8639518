//! `macvlan_keeper`: attaches endpoints again when their parent returns.

use std::ffi::{c_char, c_int};
use std::os::fd::{AsFd, AsRawFd};
use std::time::Duration;

use macvlan_core::Keeper;

use crate::base::boundary::{answer, boundary, free};
use crate::base::cancellation::macvlan_cancellation;
use crate::base::object::{exclusive, give, many, object, out, parts, shared};
use crate::base::report::macvlan_error;
use crate::base::text::text;
use crate::endpoint::attachment::{Attached, macvlan_attachment, macvlan_attachment_list};
use crate::endpoint::macvlan_endpoint;
use crate::handle::netns::macvlan_netns;
use crate::host::keep_event::macvlan_keep_event;
use crate::host::macvlan_host;

/// Keeps endpoints attached across the removal of their parent. From macvlan_host_keep(). Freed
/// with macvlan_keeper_free().
///
/// A parent is removed if, for example, a network card is unplugged, a driver is reloaded or a VLAN
/// is created again. When it returns, also with another index or, identified by its MAC address,
/// with another name, the endpoints are attached again with the same name, MAC address, addresses
/// and routes. VLANs that are made on demand are created again.
///
/// The keeper does not react if a link goes down, since the kernel keeps its configuration, or if
/// the container's link is deleted while the parent exists.
///
/// It works while macvlan_keeper_next() is called: by a thread that waits there, or by an event
/// loop with macvlan_keeper_fd() and macvlan_keeper_patience() for poll(2).
///
/// Threads: one thread at a time.
pub struct macvlan_keeper {
    _opaque: (),
}
object!(macvlan_keeper, Keeping);

/// (A separate type, since the macro's calls would otherwise be those of an iterator.)
pub(crate) struct Keeping(Keeper);

/// Attaches `count` endpoints like macvlan_host_ensure(), and keeps them attached. Waits for
/// parents that do not exist yet. If one fails otherwise, those that were attached by this call are
/// detached again.
///
/// The arrays have `count` elements each: the endpoints and their namespaces. All are copied. The
/// caller frees the keeper with macvlan_keeper_free().
#[unsafe(no_mangle)]
pub unsafe extern "C" fn macvlan_host_keep(
    host: *mut macvlan_host,
    endpoints: *const *const macvlan_endpoint,
    namespaces: *const *const macvlan_netns,
    count: usize,
    keeper: *mut *mut macvlan_keeper,
    error: *mut *mut macvlan_error,
) -> c_int {
    boundary!(error, {
        let keeper = out!(keeper);
        // SAFETY: the header requires that each array has so many elements.
        let (endpoints, namespaces) = unsafe {
            (many(endpoints, count, "endpoints")?, many(namespaces, count, "namespaces")?)
        };
        let items = endpoints.iter().zip(&namespaces);
        let items = items.map(|(endpoint, netns)| (endpoint.value.clone(), netns.netns.clone()));
        give(keeper, Keeping(shared!(host).keep(items)?));
    })
}

/// Keeps another endpoint attached. It is copied.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn macvlan_keeper_add(
    keeper: *mut macvlan_keeper,
    endpoint: *const macvlan_endpoint,
    netns: *const macvlan_netns,
    error: *mut *mut macvlan_error,
) -> c_int {
    boundary!(error, {
        let Keeping(keeper) = exclusive!(keeper);
        keeper.add(shared!(endpoint).value.clone(), &shared!(netns).netns)?;
    })
}

/// Stops keeping an endpoint, which stays attached. Gives its attachment, which the caller frees;
/// NULL if there is none with this name in this namespace, or its parent is gone.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn macvlan_keeper_release(
    keeper: *mut macvlan_keeper,
    name: *const c_char,
    netns: *const macvlan_netns,
    attachment: *mut *mut macvlan_attachment,
    error: *mut *mut macvlan_error,
) -> c_int {
    boundary!(error, {
        let attachment = out!(attachment);
        let Keeping(keeper) = exclusive!(keeper);
        if let Some(left) = keeper.release(text!(name).parse()?, &shared!(netns).netns) {
            give(attachment, Attached::from(left));
        }
    })
}

/// Sets a cancellation that ends waits and the probes of the endpoints: macvlan_keeper_next() then
/// returns -EINTR. It replaces an earlier one, but not that of the host. The next call that is not
/// cancelled repeats the interrupted work.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn macvlan_keeper_set_cancellation(
    keeper: *mut macvlan_keeper,
    cancellation: *const macvlan_cancellation,
    error: *mut *mut macvlan_error,
) -> c_int {
    boundary!(error, {
        exclusive!(keeper).0.set_cancel(shared!(cancellation));
    })
}

/// Lists copies of the current attachments. The caller frees the list with
/// macvlan_attachment_list_free().
#[unsafe(no_mangle)]
pub unsafe extern "C" fn macvlan_keeper_attachments(
    keeper: *const macvlan_keeper,
    attachments: *mut *mut macvlan_attachment_list,
    error: *mut *mut macvlan_error,
) -> c_int {
    boundary!(error, {
        let attachments = out!(attachments);
        let attached = shared!(keeper).0.attachments().cloned().map(Attached::from);
        give(attachments, parts::<macvlan_attachment>(attached));
    })
}

/// Does the pending work, and waits for the next event. Waits for at most `milliseconds`; without a
/// limit if that is negative. `event` is NULL, and the function returns 0, if there was none in
/// that time. The caller frees the event with macvlan_keep_event_free(). Returns -EINTR if the
/// keeper or its host is cancelled.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn macvlan_keeper_next(
    keeper: *mut macvlan_keeper,
    milliseconds: c_int,
    event: *mut *mut macvlan_keep_event,
    error: *mut *mut macvlan_error,
) -> c_int {
    boundary!(error, {
        let event = out!(event);
        let Keeping(keeper) = exclusive!(keeper);
        let next = match u64::try_from(milliseconds) {
            Ok(milliseconds) => keeper.next_within(Duration::from_millis(milliseconds))?,
            Err(_) => keeper.next_within(Duration::MAX)?,
        };
        if let Some(next) = next {
            give(event, next.into());
        }
    })
}

/// Returns a descriptor for poll(2) that is readable when there is work. It stays the keeper's.
/// Call macvlan_keeper_next() with 0 milliseconds until it gives none, and again after
/// macvlan_keeper_patience(). -1 if the keeper is invalid.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn macvlan_keeper_fd(keeper: *const macvlan_keeper) -> c_int {
    answer(-1, || Ok(shared!(keeper).0.as_fd().as_raw_fd()))
}

/// Returns the timeout for poll(2) in milliseconds; -1 to wait without one.
///
/// When it has passed, macvlan_keeper_next() has to be called even if the descriptor is not
/// readable: a failed attach is due for a retry.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn macvlan_keeper_patience(keeper: *const macvlan_keeper) -> c_int {
    answer(-1, || {
        // Rounded up, so that the loop does not spin in the last millisecond.
        let whole = |left: Duration| left.as_nanos().div_ceil(1_000_000);
        let patience = shared!(keeper).0.patience().map(whole);
        Ok(patience.map_or(-1, |left| c_int::try_from(left).unwrap_or(c_int::MAX)))
    })
}

/// Frees a keeper. NULL is ignored. The endpoints stay attached.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn macvlan_keeper_free(keeper: *mut macvlan_keeper) {
    // SAFETY: the header requires that no other thread uses it.
    unsafe { free(keeper) }
}
