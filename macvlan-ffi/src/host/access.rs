//! `macvlan_access`: the host's access to the containers on one parent.

use std::ffi::{CString, c_char, c_int};
use std::ptr::null;
use std::time::Duration;

use macvlan_core::{Detached, HostAccess};

use crate::base::boundary::{answer, boundary, free};
use crate::base::input::input;
use crate::base::object::{exclusive, give, object, out, shared};
use crate::base::report::{Failure, macvlan_error};
use crate::base::text::{c_string, text};
use crate::endpoint::attachment::{Attached, macvlan_attachment};
use crate::endpoint::macvlan_endpoint;
use crate::handle::netns::macvlan_netns;
use crate::host::access_options::macvlan_access_options;
use crate::host::macvlan_host;
use crate::host::pending_move::macvlan_pending_move;

/// The host's access to the containers on one parent, through a macvlan of its own (a shim); the
/// host cannot reach them through the parent. From macvlan_host_access(). Freed with
/// macvlan_access_free().
///
/// The host can reach containers that are attached with macvlan_access_attach(), and these can
/// reach the host at the parent's addresses. Both sides must be in mode bridge. The host's link is
/// deleted when the last container is detached with macvlan_access_detach() or the access is closed
/// or freed, unless it is kept, and created again with the next container.
///
/// The link answers ARP only for addresses that the host reaches through it (arp_filter), so that
/// other hosts keep using the parent. IPv6 has no such filter: other hosts may learn either MAC
/// address for a borrowed address, and both lead to the host.
///
/// Threads: any number of threads may use it at once, until one closes or frees it.
pub struct macvlan_access {
    _opaque: (),
}
object!(macvlan_access, Way);

/// `None` after it was closed.
pub(crate) struct Way(Option<HostAccess>);

impl Way {
    fn open(&self) -> Result<&HostAccess, Failure> {
        self.0.as_ref().ok_or_else(|| Failure::misuse("access has been closed"))
    }
}

/// Subnets, from macvlan_access_routes(). Freed with macvlan_prefix_list_free().
///
/// Threads: immutable, so any number of threads may use it at once.
pub struct macvlan_prefix_list {
    _opaque: (),
}
object!(macvlan_prefix_list, Vec<CString>);

/// Gives the host access to the containers on a parent, with the parent's addresses: creates the
/// host's link, or finds one that was kept. On a failure nothing is changed. The parent is as in
/// macvlan_endpoint_new().
///
/// The caller frees the access with macvlan_access_free().
#[unsafe(no_mangle)]
pub unsafe extern "C" fn macvlan_host_access(
    host: *mut macvlan_host,
    parent: *const c_char,
    access: *mut *mut macvlan_access,
    error: *mut *mut macvlan_error,
) -> c_int {
    boundary!(error, {
        let access = out!(access);
        give(access, Way(Some(shared!(host).access(text!(parent))?)));
    })
}

/// Gives the host access to the containers on a parent, with options, which are copied. Otherwise
/// like macvlan_host_access(): the caller frees the access with macvlan_access_free().
#[unsafe(no_mangle)]
pub unsafe extern "C" fn macvlan_host_access_by(
    host: *mut macvlan_host,
    options: *const macvlan_access_options,
    access: *mut *mut macvlan_access,
    error: *mut *mut macvlan_error,
) -> c_int {
    boundary!(error, {
        let access = out!(access);
        give(access, Way(Some(shared!(host).access_by(input!(options))?)));
    })
}

/// Writes the last known name of the host's link, at most 15 characters and a zero byte. Returns
/// whether there is a link; without a container there is none, and the name is empty.
/// cbindgen:ptrs-as-arrays=[[name;16]]
#[unsafe(no_mangle)]
pub unsafe extern "C" fn macvlan_access_name(
    access: *const macvlan_access,
    name: *mut c_char,
) -> bool {
    answer(false, || {
        if name.is_null() {
            return Err(Failure::misuse("name is NULL"));
        }
        // SAFETY: it is not null, and the header requires 16 bytes.
        unsafe { name.write(0) };
        let Some(link) = shared!(access).open()?.name() else { return Ok(false) };
        let written = c_string(link);
        let bytes = written.as_bytes_with_nul();
        // SAFETY: the header requires 16 bytes, and no link has a longer name.
        unsafe { name.copy_from_nonoverlapping(bytes.as_ptr().cast(), bytes.len()) };
        Ok(true)
    })
}

/// Returns the index of the host's link; 0 while there is no link.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn macvlan_access_index(access: *const macvlan_access) -> u32 {
    answer(0, || Ok(shared!(access).open()?.index().unwrap_or(0)))
}

/// Lists the destinations that the host reaches through the link. The caller frees the list with
/// macvlan_prefix_list_free().
#[unsafe(no_mangle)]
pub unsafe extern "C" fn macvlan_access_routes(
    access: *const macvlan_access,
    routes: *mut *mut macvlan_prefix_list,
    error: *mut *mut macvlan_error,
) -> c_int {
    boundary!(error, {
        let routes = out!(routes);
        give(routes, shared!(access).open()?.routes().iter().map(c_string).collect());
    })
}

/// Attaches an endpoint like macvlan_host_attach(), and adds routes to its addresses on the host.
/// On a failure nothing is changed.
///
/// The endpoint must be a macvlan or macvtap in mode bridge on the same parent. The caller frees
/// the attachment with macvlan_attachment_free().
#[unsafe(no_mangle)]
pub unsafe extern "C" fn macvlan_access_attach(
    access: *mut macvlan_access,
    endpoint: *const macvlan_endpoint,
    netns: *const macvlan_netns,
    attachment: *mut *mut macvlan_attachment,
    error: *mut *mut macvlan_error,
) -> c_int {
    boundary!(error, {
        let attachment = out!(attachment);
        let (endpoint, netns) = (shared!(endpoint), shared!(netns));
        let attached = shared!(access).open()?.attach(&endpoint.value, &netns.netns)?;
        give(attachment, Attached::from(attached));
    })
}

/// Adds routes to the addresses of a container that is already attached.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn macvlan_access_add(
    access: *mut macvlan_access,
    attachment: *const macvlan_attachment,
    error: *mut *mut macvlan_error,
) -> c_int {
    boundary!(error, {
        shared!(access).open()?.add(&shared!(attachment).value)?;
    })
}

/// Updates the borrowed addresses of the host's link, and restores a deleted link with its routes.
/// Only reads if there is nothing to do.
///
/// Call it after events of a macvlan_watch for addresses of the parent or for the host's link.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn macvlan_access_refresh(
    access: *mut macvlan_access,
    error: *mut *mut macvlan_error,
) -> c_int {
    boundary!(error, {
        shared!(access).open()?.refresh()?;
    })
}

/// Deletes the host's routes to a container without a change in the container. With the last
/// container, this also deletes the host's link, unless it is kept.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn macvlan_access_remove(
    access: *mut macvlan_access,
    attachment: *const macvlan_attachment,
    error: *mut *mut macvlan_error,
) -> c_int {
    boundary!(error, {
        shared!(access).open()?.remove(&shared!(attachment).value)?;
    })
}

/// Detaches like macvlan_host_detach(), and deletes the host's routes to the container. With the
/// last container, this also deletes the host's link, unless it is kept.
///
/// `was_there`, which can be NULL, is set to whether the container's interface still existed. The
/// attachment still has to be freed.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn macvlan_access_detach(
    access: *mut macvlan_access,
    attachment: *const macvlan_attachment,
    was_there: *mut bool,
    error: *mut *mut macvlan_error,
) -> c_int {
    boundary!(error, {
        let attachment = &shared!(attachment).value;
        let detached = shared!(access).open()?.detach(attachment)?;
        if !was_there.is_null() {
            // SAFETY: it is not null, and the header requires that an answer can be put there.
            unsafe { was_there.write(detached == Detached::Removed) };
        }
    })
}

/// Moves the parent's addresses, and the routes through it, to the host's link: host and containers
/// are then ordinary neighbours in one connected subnet. The caller frees the macvlan_pending_move with
/// macvlan_pending_move_free().
///
/// The host has its addresses at all times. On a failure nothing is changed. Unless
/// macvlan_pending_move_confirm() is called within `milliseconds`, the addresses are moved back, so an
/// administrator who is cut off only has to wait; a thread of the macvlan_pending_move does this. A
/// process that is killed leaves them moved; see macvlan_access_move_back().
///
/// For IPv4 and IPv6. Addresses that the kernel has added (link-local or from router
/// advertisements) and routes from router advertisements are not moved. A DHCP client or network
/// manager has to be reconfigured separately.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn macvlan_access_move_addresses(
    access: *mut macvlan_access,
    milliseconds: u32,
    pending: *mut *mut macvlan_pending_move,
    error: *mut *mut macvlan_error,
) -> c_int {
    boundary!(error, {
        let pending = out!(pending);
        let deadline = Duration::from_millis(milliseconds.into());
        give(pending, Some(shared!(access).open()?.move_addresses(deadline)?));
    })
}

/// Moves the addresses and routes back to the parent, if they were moved, by this process or, for a
/// link that was kept, by another one.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn macvlan_access_move_back(
    access: *mut macvlan_access,
    error: *mut *mut macvlan_error,
) -> c_int {
    boundary!(error, {
        shared!(access).open()?.move_back()?;
    })
}

/// Deletes the host's link with its routes, unless it is kept, and returns the result of that.
/// Moved addresses are moved back first. The access still has to be freed.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn macvlan_access_close(
    access: *mut macvlan_access,
    error: *mut *mut macvlan_error,
) -> c_int {
    boundary!(error, {
        let taken = exclusive!(access).0.take();
        taken.ok_or_else(|| Failure::misuse("access has already been closed"))?.close()?;
    })
}

/// Frees an access, and closes it first if that was not done. NULL is ignored.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn macvlan_access_free(access: *mut macvlan_access) {
    // SAFETY: the header requires that no other thread uses it.
    unsafe { free(access) }
}

/// Returns the number of subnets.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn macvlan_prefix_list_count(list: *const macvlan_prefix_list) -> usize {
    answer(0, || Ok(shared!(list).len()))
}

/// Returns one of the subnets as text, "192.168.15.3/32", counted from 0. It belongs to the list.
/// NULL past the end.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn macvlan_prefix_list_get(
    list: *const macvlan_prefix_list,
    index: usize,
) -> *const c_char {
    answer(null(), || Ok(shared!(list).get(index).map_or(null(), |text| text.as_ptr())))
}

/// Frees a list. NULL is ignored.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn macvlan_prefix_list_free(list: *mut macvlan_prefix_list) {
    // SAFETY: the header requires that no other thread uses it.
    unsafe { free(list) }
}
