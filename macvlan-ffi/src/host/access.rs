//! `macvlan_access`: a host's way to the containers on one of its parents.

use std::ffi::{CString, c_char, c_int};
use std::ptr::null;
use std::time::Duration;

use macvlan_core::{Detached, HostAccess};

use crate::base::boundary::{answer, boundary, free};
use crate::base::object::{exclusive, give, object, out, shared};
use crate::base::report::{Failure, macvlan_error};
use crate::base::text::{c_string, text};
use crate::endpoint::attachment::{Attached, macvlan_attachment};
use crate::endpoint::macvlan_endpoint;
use crate::handle::netns::macvlan_netns;
use crate::host::access_options::macvlan_access_options;
use crate::host::macvlan_host;
use crate::host::moving::macvlan_moving;

/// A host's way to the containers on one parent, by a macvlan of its own beside them: the kernel does
/// not let it reach them otherwise. Given by macvlan_host_access(). Freed with macvlan_access_free().
///
/// Containers that are attached by macvlan_access_attach() can be reached from the host, and can reach
/// it at the parent's addresses. It has to be mode bridge on both sides. When the last container is
/// detached by macvlan_access_detach(), or the access is closed or freed, the host's link goes, unless
/// it is to be kept; it comes back with the next container.
///
/// The link answers ARP only for what the host reaches by it (arp_filter), so that others on the
/// network go on using the parent. IPv6 knows no such thing: with borrowed addresses, others may learn
/// either MAC address, and both lead to the host.
///
/// Threads: any number may use it at once; it is closed and freed when nobody does.
pub struct macvlan_access {
    _opaque: (),
}
object!(macvlan_access, Way);

/// None when it has been closed.
pub(crate) struct Way(Option<HostAccess>);

impl Way {
    fn open(&self) -> Result<&HostAccess, Failure> {
        self.0.as_ref().ok_or_else(|| Failure::misuse("access has been closed"))
    }
}

/// Subnets, given by macvlan_access_routes(). Freed with macvlan_prefix_list_free().
///
/// Threads: immutable, so any number of threads may use it at once.
pub struct macvlan_prefix_list {
    _opaque: (),
}
object!(macvlan_prefix_list, Vec<CString>);

/// Lets the host reach the containers on a parent, with the parent's own addresses: makes the link, or
/// finds the one that was kept. If any of it fails, nothing has changed. The parent is as in
/// macvlan_endpoint_new().
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

/// Returns the same with options, which are copied.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn macvlan_host_access_by(
    host: *mut macvlan_host,
    options: *const macvlan_access_options,
    access: *mut *mut macvlan_access,
    error: *mut *mut macvlan_error,
) -> c_int {
    boundary!(error, {
        let access = out!(access);
        give(access, Way(Some(shared!(host).access_by(shared!(options).clone())?)));
    })
}

/// Writes the name that the host's link had when it was last looked at, at most 15 characters and a zero
/// byte. Whether there is a link: there is none when the last container has gone, and the name is empty
/// then.
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

/// Returns the index of the host's link; 0 if there is none at the moment.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn macvlan_access_index(access: *const macvlan_access) -> u32 {
    answer(0, || Ok(shared!(access).open()?.index().unwrap_or(0)))
}

/// Returns the destinations that the host reaches by it, at this moment.
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

/// As macvlan_host_attach(), and the host has a route to each of the container's addresses; all of it,
/// or nothing. The endpoint has to be a macvlan or macvtap in mode bridge on the same parent.
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
        let attached = shared!(access).open()?.attach(&endpoint.endpoint, &netns.netns)?;
        give(attachment, Attached::new(attached));
    })
}

/// Lets the host reach a container that is attached already.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn macvlan_access_add(
    access: *mut macvlan_access,
    attachment: *const macvlan_attachment,
    error: *mut *mut macvlan_error,
) -> c_int {
    boundary!(error, {
        shared!(access).open()?.add(&shared!(attachment).attachment)?;
    })
}

/// Lends the addresses that the parent has now, and makes the host's link again if it was deleted, with its
/// routes. Where all is right it only looks. To be called after events of a macvlan_watch that are about
/// addresses of the parent or about the host's link.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn macvlan_access_refresh(
    access: *mut macvlan_access,
    error: *mut *mut macvlan_error,
) -> c_int {
    boundary!(error, {
        shared!(access).open()?.refresh()?;
    })
}

/// Takes the host's routes to a container away, and leaves the container as it is; with the last
/// container the host's link goes, unless it is to be kept.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn macvlan_access_remove(
    access: *mut macvlan_access,
    attachment: *const macvlan_attachment,
    error: *mut *mut macvlan_error,
) -> c_int {
    boundary!(error, {
        shared!(access).open()?.remove(&shared!(attachment).attachment)?;
    })
}

/// As macvlan_host_detach(), and the host's routes to the container go; with the last container, the
/// host's link too, unless it is to be kept. `was_there`, which can be NULL, tells whether the
/// container's interface was there, or gone already. The attachment still has to be freed.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn macvlan_access_detach(
    access: *mut macvlan_access,
    attachment: *const macvlan_attachment,
    was_there: *mut bool,
    error: *mut *mut macvlan_error,
) -> c_int {
    boundary!(error, {
        let attachment = &shared!(attachment).attachment;
        let detached = shared!(access).open()?.detach(attachment)?;
        if !was_there.is_null() {
            // SAFETY: it is not null, and the header requires that an answer can be put there.
            unsafe { was_there.write(detached == Detached::Removed) };
        }
    })
}

/// Moves the parent's addresses, and the routes through it, to the host's link: from then on host and
/// containers are plain neighbours, with one connected subnet.
///
/// There is no moment without an address. If any of it fails, everything is as before. Unless
/// macvlan_moving_confirm() is called within so many milliseconds, it undoes itself, so that who has
/// cut himself off only has to wait; the thread that sees to it ends with the macvlan_moving. A process
/// that is killed leaves what it has done.
///
/// IPv4 and IPv6; addresses that the kernel made by itself (link-local, by a router's advertisement)
/// stay, and so do the routes that come from such advertisements. A DHCP client or a network manager
/// has to be told itself.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn macvlan_access_move_addresses(
    access: *mut macvlan_access,
    milliseconds: u32,
    moving: *mut *mut macvlan_moving,
    error: *mut *mut macvlan_error,
) -> c_int {
    boundary!(error, {
        let moving = out!(moving);
        let deadline = Duration::from_millis(milliseconds.into());
        give(moving, Some(shared!(access).open()?.move_addresses(deadline)?));
    })
}

/// Moves the addresses and routes back to the parent, if they have been moved, by this process or, with
/// a link that was kept, by another.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn macvlan_access_move_back(
    access: *mut macvlan_access,
    error: *mut *mut macvlan_error,
) -> c_int {
    boundary!(error, {
        shared!(access).open()?.move_back()?;
    })
}

/// Takes the host's link away with its routes, if it is not to be kept, and tells how that went.
/// Addresses that were moved are moved back before. The access still has to be freed.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn macvlan_access_close(
    access: *mut macvlan_access,
    error: *mut *mut macvlan_error,
) -> c_int {
    boundary!(error, {
        let taken = exclusive!(access).0.take();
        taken.ok_or_else(|| Failure::misuse("access has been closed already"))?.close()?;
    })
}

/// Frees an access, and closes it before, if that has not been done. NULL is ignored.
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
