//! `macvlan_host`: an open session on the namespace that parent links live in.

pub mod access;
pub mod access_options;
pub mod crowd;
pub mod diagnosis;
pub mod ensure;
pub mod keep_event;
pub mod keeper;
pub mod moving;
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

/// An open session on the namespace that parent links live in: attaches endpoints to containers,
/// and detaches them. Open one and keep it. Freed with macvlan_host_free().
///
/// Needs CAP_NET_ADMIN in the user namespaces that own the host's and the container's network
/// namespaces, and CAP_SYS_ADMIN to enter the container's.
///
/// Threads: any number of threads may use it at once, until one frees it.
pub struct macvlan_host {
    _opaque: (),
}
object!(macvlan_host, Host);

/// On the namespace that the calling thread is in.
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

/// On another namespace: parents are looked for there.
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

/// A host on the same namespace, to be freed by the caller, whose functions return -EINTR when they are
/// cancelled while they wait: for a probe, the kernel's duplicate detection, blocking announcements, a
/// MAC address or a container's namespace that another has, or the events of a keeper. An attach is
/// undone whole. `host` itself is not changed.
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

/// Opens a handle on the namespace that parents are looked for in, to be freed by the caller.
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

/// Returns the verbs of `ip` on the host's namespace, to be freed by the caller.
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

/// Gives a container its interface, addresses and routes: all of it, or nothing and an error that
/// says why.
///
/// The link is created directly in the container's namespace, up, in one request; addresses and routes
/// follow in one send. When any of it is refused, the link is deleted again, and nothing else has been
/// changed.
///
/// The attachment does not refer to the other objects: each can be freed when it is not needed any
/// more. It is no owner of the interface either, which stays until it is detached or the container's
/// namespace ends.
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
        give(attachment, Attached::new(host.attach(&endpoint.endpoint, &netns.netns)?));
    })
}

/// Takes the interface away, and with it its addresses, routes and rules, also routes that lead
/// nowhere or through other links; and its parent, if that is a VLAN that was made on demand and
/// nobody else is on it. Waits until the kernel has finished, about 16 ms. What is gone already is no
/// failure, be it with the container's namespace; macvlan_host_detach_and_tell() tells.
///
/// If it fails it can be tried again. The attachment still has to be freed.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn macvlan_host_detach(
    host: *mut macvlan_host,
    attachment: *const macvlan_attachment,
    error: *mut *mut macvlan_error,
) -> c_int {
    boundary!(error, {
        shared!(host).detach(&shared!(attachment).attachment)?;
    })
}

/// As macvlan_host_detach(), and tells whether the interface was there, or gone already.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn macvlan_host_detach_and_tell(
    host: *mut macvlan_host,
    attachment: *const macvlan_attachment,
    was_there: *mut bool,
    error: *mut *mut macvlan_error,
) -> c_int {
    boundary!(error, {
        let was_there = out!(was_there = false);
        let detached = shared!(host).detach(&shared!(attachment).attachment)?;
        *was_there = detached == Detached::Removed;
    })
}

/// Removes VLANs that were made on demand and that nobody uses: those whose containers ended without
/// being detached.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn macvlan_host_remove_unused_parents(
    host: *mut macvlan_host,
    error: *mut *mut macvlan_error,
) -> c_int {
    boundary!(error, {
        shared!(host).remove_unused_parents()?;
    })
}

/// Returns the interfaces in a container that hang on this host's links: macvlans, macvtaps and
/// VLANs, whoever made them.
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
        give(attachments, parts::<macvlan_attachment>(found.into_iter().map(Attached::new)));
    })
}

/// Closes the session; does nothing to NULL. What was attached stays.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn macvlan_host_free(host: *mut macvlan_host) {
    // SAFETY: the header requires that no other thread uses it.
    unsafe { free(host) }
}
