//! `macvlan_host`: a session on the namespace with the parent links.

pub mod access;
pub mod access_options;
pub mod crowd;
pub mod diagnosis;
pub mod ensure;
pub mod keep_event;
pub mod keeper;
pub mod pending_move;
pub mod pool;
pub mod probe;

use std::ffi::c_int;

use macvlan_core::{Detached, Host};

use crate::base::boundary::{boundary, free};
use crate::base::cancellation::macvlan_cancellation;
use crate::base::object::{give, object, out, parts, shared};
use crate::base::report::macvlan_error;
use crate::endpoint::attachment::{Attached, macvlan_attachment, macvlan_attachment_list};
use crate::endpoint::macvlan_endpoint;
use crate::handle::macvlan_handle;
use crate::handle::netns::{Namespace, macvlan_netns};

/// A session on the network namespace with the parent links, which attaches and detaches endpoints.
/// Open one and keep it. Freed with macvlan_host_free().
///
/// Needs CAP_NET_ADMIN in the user namespaces that own the host's and the container's network
/// namespaces, and CAP_SYS_ADMIN to enter the container's.
///
/// Threads: any number of threads may use it at once, until one frees it.
pub struct macvlan_host {
    _opaque: (),
}
object!(macvlan_host, Host);

/// Opens a session on the calling thread's network namespace. The caller frees it with
/// macvlan_host_free().
#[unsafe(no_mangle)]
pub unsafe extern "C" fn macvlan_host_open(
    host: *mut *mut macvlan_host,
    error: *mut *mut macvlan_error,
) -> c_int {
    boundary!(error, {
        let host = out!(host);
        give(host, Host::open()?);
    })
}

/// Opens a session on a network namespace that has the parent links. The caller frees it with
/// macvlan_host_free().
#[unsafe(no_mangle)]
pub unsafe extern "C" fn macvlan_host_open_in_netns(
    netns: *const macvlan_netns,
    host: *mut *mut macvlan_host,
    error: *mut *mut macvlan_error,
) -> c_int {
    boundary!(error, {
        let host = out!(host);
        give(host, Host::in_netns(&shared!(netns).netns)?);
    })
}

/// Makes a host on the same namespace whose waits can be cancelled, which the caller frees with
/// macvlan_host_free(). `host` itself is not affected.
///
/// Its functions return -EINTR if they are cancelled while they wait for a probe, duplicate address
/// detection, blocking announcements, a MAC address or container's namespace in use, or the events
/// of a keeper. An attach is undone completely.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn macvlan_host_cancelled_by(
    host: *const macvlan_host,
    cancellation: *const macvlan_cancellation,
    cancelled: *mut *mut macvlan_host,
    error: *mut *mut macvlan_error,
) -> c_int {
    boundary!(error, {
        let cancelled = out!(cancelled);
        give(cancelled, shared!(host).cancelled_by(shared!(cancellation)));
    })
}

/// Makes a handle on the namespace with the parent links, which the caller frees with
/// macvlan_netns_free().
#[unsafe(no_mangle)]
pub unsafe extern "C" fn macvlan_host_netns(
    host: *const macvlan_host,
    netns: *mut *mut macvlan_netns,
    error: *mut *mut macvlan_error,
) -> c_int {
    boundary!(error, {
        let netns = out!(netns);
        give(netns, Namespace::new(shared!(host).netns().clone()));
    })
}

/// Opens a handle on the host's namespace, for the operations of `ip`. The caller frees it with
/// macvlan_handle_free().
#[unsafe(no_mangle)]
pub unsafe extern "C" fn macvlan_host_handle(
    host: *const macvlan_host,
    handle: *mut *mut macvlan_handle,
    error: *mut *mut macvlan_error,
) -> c_int {
    boundary!(error, {
        let handle = out!(handle);
        give(handle, shared!(host).handle()?);
    })
}

/// Attaches an endpoint to a container: creates its link, addresses and routes, or changes nothing.
///
/// The link is created up, directly in the container's namespace, by one request; one more send
/// adds addresses and routes. If the kernel refuses any of this, the link is deleted again.
///
/// The caller frees the attachment with macvlan_attachment_free(); it does not refer to the other
/// objects. The interface stays until it is detached or the container's namespace ends.
///
/// Returns -EINTR if the host is cancelled during a wait, or if another process locks the
/// container's namespace for 20 seconds.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn macvlan_host_attach(
    host: *mut macvlan_host,
    endpoint: *const macvlan_endpoint,
    netns: *const macvlan_netns,
    attachment: *mut *mut macvlan_attachment,
    error: *mut *mut macvlan_error,
) -> c_int {
    boundary!(error, {
        let attachment = out!(attachment);
        let (host, endpoint, netns) = (shared!(host), shared!(endpoint), shared!(netns));
        give(attachment, Attached::from(host.attach(&endpoint.value, &netns.netns)?));
    })
}

/// Detaches an endpoint: deletes its link, addresses, routes and rules, including routes that do
/// not lead through the link.
///
/// Also removes the parent, if that is an unused VLAN that was made on demand. Returns when the
/// kernel has finished, after about 16 ms. Succeeds if the link or the container no longer exists;
/// macvlan_host_detach_and_tell() distinguishes this. Returns -EINTR if another process locks the
/// container's namespace for 20 seconds. A failed detach can be repeated. The attachment still has
/// to be freed.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn macvlan_host_detach(
    host: *mut macvlan_host,
    attachment: *const macvlan_attachment,
    error: *mut *mut macvlan_error,
) -> c_int {
    boundary!(error, {
        shared!(host).detach(&shared!(attachment).value)?;
    })
}

/// Detaches an endpoint like macvlan_host_detach(), and sets `was_there` to whether the interface
/// still existed.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn macvlan_host_detach_and_tell(
    host: *mut macvlan_host,
    attachment: *const macvlan_attachment,
    was_there: *mut bool,
    error: *mut *mut macvlan_error,
) -> c_int {
    boundary!(error, {
        let was_there = out!(was_there = false);
        let detached = shared!(host).detach(&shared!(attachment).value)?;
        *was_there = detached == Detached::Removed;
    })
}

/// Removes unused VLANs that were made on demand. They remain if a container ends without a detach.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn macvlan_host_remove_unused_parents(
    host: *mut macvlan_host,
    error: *mut *mut macvlan_error,
) -> c_int {
    boundary!(error, {
        shared!(host).remove_unused_parents()?;
    })
}

/// Lists the interfaces in a container that are on this host's links: macvlans, macvtaps and VLANs,
/// also those that other programs have created. The caller frees the list with
/// macvlan_attachment_list_free().
#[unsafe(no_mangle)]
pub unsafe extern "C" fn macvlan_host_attachments(
    host: *const macvlan_host,
    netns: *const macvlan_netns,
    attachments: *mut *mut macvlan_attachment_list,
    error: *mut *mut macvlan_error,
) -> c_int {
    boundary!(error, {
        let attachments = out!(attachments);
        let found = shared!(host).attachments(&shared!(netns).netns)?;
        give(attachments, parts::<macvlan_attachment>(found.into_iter().map(Attached::from)));
    })
}

/// Frees a session. NULL is ignored. Attached interfaces stay.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn macvlan_host_free(host: *mut macvlan_host) {
    // SAFETY: the header requires that no other thread uses it.
    unsafe { free(host) }
}
