//! `macvlan_keeper`: attaches endpoints again when their parent comes back.

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

/// Keeps endpoints attached: when their parent disappears (a network card that is pulled out, a
/// driver that is loaded anew, a VLAN that somebody makes again) and comes back, also with another
/// index, or, known by its MAC address, with another name, they are attached again, with the same
/// name, MAC address, addresses and routes. VLANs that are made on demand are made again. Given by
/// macvlan_host_keep(). Freed with macvlan_keeper_free().
///
/// That a link goes down is no reason to do anything: the kernel keeps what is on it. Nor is it
/// that somebody takes the container's link away while its parent stands.
///
/// It works when macvlan_keeper_next() is called: on a thread that waits there, or in a loop over
/// descriptors, with macvlan_keeper_fd() and macvlan_keeper_patience() for poll(2).
///
/// Threads: one thread at a time.
pub struct macvlan_keeper {
    _opaque: (),
}
object!(macvlan_keeper, Keeping);

/// (A type of its own, or the calls on it would be those of an iterator.)
pub(crate) struct Keeping(Keeper);

/// Attaches `count` endpoints, or finds them attached (macvlan_host_ensure()), and keeps them so; those
/// whose parent does not exist yet are waited for. If one fails otherwise, those that were attached by
/// this call are detached again.
///
/// The arrays have `count` places each: the endpoints, and the namespaces that they go to. All are
/// copied.
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
        // SAFETY: the header requires that each array has so many places.
        let (endpoints, namespaces) = unsafe {
            (many(endpoints, count, "endpoints")?, many(namespaces, count, "namespaces")?)
        };
        let items = endpoints.iter().zip(&namespaces);
        let items = items.map(|(endpoint, netns)| (endpoint.endpoint.clone(), netns.netns.clone()));
        give(keeper, Keeping(shared!(host).keep(items)?));
    })
}

/// Keeps one more endpoint, which is copied.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn macvlan_keeper_add(
    keeper: *mut macvlan_keeper,
    endpoint: *const macvlan_endpoint,
    netns: *const macvlan_netns,
    error: *mut *mut macvlan_error,
) -> c_int {
    boundary!(error, {
        let Keeping(keeper) = exclusive!(keeper);
        keeper.add(shared!(endpoint).endpoint.clone(), &shared!(netns).netns)?;
    })
}

/// Does not keep an endpoint any more, and gives its attachment, as it is; NULL if there is none with
/// this name in this namespace, or its parent is gone at this moment.
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
            give(attachment, Attached::new(left));
        }
    })
}

/// Has a keeper end its waits and its endpoints' probes when that is cancelled: macvlan_keeper_next() then
/// returns -EINTR. It replaces what was set before, not what cancels the host. What was broken off is begun
/// again with the next call that is not cancelled.
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

/// What is attached at this moment; copies.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn macvlan_keeper_attachments(
    keeper: *const macvlan_keeper,
    attachments: *mut *mut macvlan_attachment_list,
    error: *mut *mut macvlan_error,
) -> c_int {
    boundary!(error, {
        let attachments = out!(attachments);
        let attached = shared!(keeper).0.attachments().cloned().map(Attached::new);
        give(attachments, parts::<macvlan_attachment>(attached));
    })
}

/// Sees to what has happened, and waits for the next event, at most so many milliseconds; as long as
/// it takes if that is negative. If none has come by then, `event` is NULL and the function returns 0.
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

/// A descriptor that is readable when something has happened, for poll(2); it stays the keeper's.
/// Call macvlan_keeper_next() with 0 milliseconds until it gives none, and again after
/// macvlan_keeper_patience(). -1 if the keeper is invalid.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn macvlan_keeper_fd(keeper: *const macvlan_keeper) -> c_int {
    answer(-1, || Ok(shared!(keeper).0.as_fd().as_raw_fd()))
}

/// How many milliseconds poll(2) may wait at most until macvlan_keeper_next() is called, though the
/// descriptor has not become readable: something that failed is to be tried again then. -1 for ever.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn macvlan_keeper_patience(keeper: *const macvlan_keeper) -> c_int {
    answer(-1, || {
        // Rounded up, or the loop would turn on the spot in the last millisecond.
        let whole = |left: Duration| left.as_nanos().div_ceil(1_000_000);
        let patience = shared!(keeper).0.patience().map(whole);
        Ok(patience.map_or(-1, |left| c_int::try_from(left).unwrap_or(c_int::MAX)))
    })
}

/// Frees a keeper. NULL is ignored. The endpoints stay as they are.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn macvlan_keeper_free(keeper: *mut macvlan_keeper) {
    // SAFETY: the header requires that no other thread uses it.
    unsafe { free(keeper) }
}
