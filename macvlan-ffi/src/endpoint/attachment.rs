//! `macvlan_attachment`: one container interface, as it was set up; and lists of them.

use std::ffi::{c_char, c_int};
use std::os::fd::IntoRawFd;
use std::ptr::null;

use macvlan_core::Attachment;

use crate::base::boundary::{answer, boundary, free};
use crate::base::mac::{mac_out, put};
use crate::base::object::{Tagged, exclusive, give, nth, object, out, shared};
use crate::base::report::macvlan_error;
use crate::base::text::{Text, Texts};
use crate::handle::netns::{Namespace, macvlan_netns, put_id};

/// One container interface, as it was set up. Freed with macvlan_attachment_free(), unless it is a
/// part of a list; that changes nothing about the interface.
///
/// It tells what was set without asking the kernel again; macvlan_attachment_refresh() asks. It does not
/// hold the container's namespace open, which ends with the container, and the link and its address on the
/// LAN with it. It finds the namespace by the macvlan_netns that the endpoint was attached by, until that
/// is freed, and then opens it again in the same way: by pid, pidfd, name or path. What it finds there is
/// the same namespace, or an error. Who opened it by a descriptor alone keeps that handle, or gives another
/// by macvlan_attachment_set_netns().
///
/// Threads: any number may look at it at once; macvlan_attachment_refresh() and
/// macvlan_attachment_set_netns() need it alone.
pub struct macvlan_attachment {
    _opaque: (),
}
object!(macvlan_attachment, Attached);

/// Container interfaces, given by macvlan_host_attachments() and macvlan_keeper_attachments(). Freed
/// with macvlan_attachment_list_free().
///
/// Threads: it never changes, so any number may look at it at once.
pub struct macvlan_attachment_list {
    _opaque: (),
}
object!(macvlan_attachment_list, Vec<Tagged<Attached>>);

pub(crate) struct Attached {
    pub(crate) attachment: Attachment,
    name: Text,
    kind: Text,
    parent: Text,
    tap_path: Text,
    addresses: Texts,
    routes: Texts,
    rules: Texts,
}

impl Attached {
    pub(crate) fn new(attachment: Attachment) -> Self {
        Self {
            attachment,
            name: Text::default(),
            kind: Text::default(),
            parent: Text::default(),
            tap_path: Text::default(),
            addresses: Texts::default(),
            routes: Texts::default(),
            rules: Texts::default(),
        }
    }
}

/// The link's name inside. This and all other texts belong to the attachment, until it is refreshed or
/// freed. NULL if the attachment is none.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn macvlan_attachment_name(
    attachment: *const macvlan_attachment,
) -> *const c_char {
    answer(null(), || {
        let attached = shared!(attachment);
        Ok(attached.name.of(attached.attachment.name()))
    })
}

/// The kernel's name for the link's kind: "macvlan", "macvtap" or "vlan".
#[unsafe(no_mangle)]
pub unsafe extern "C" fn macvlan_attachment_kind(
    attachment: *const macvlan_attachment,
) -> *const c_char {
    answer(null(), || {
        let attached = shared!(attachment);
        Ok(attached.kind.of(attached.attachment.kind()))
    })
}

/// The link's index inside; 0 if the attachment is none.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn macvlan_attachment_index(attachment: *const macvlan_attachment) -> u32 {
    answer(0, || Ok(shared!(attachment).attachment.index()))
}

/// The link's MAC address, also when nobody gave one. Zeroes if the attachment is none.
/// cbindgen:ptrs-as-arrays=[[mac;6]]
#[unsafe(no_mangle)]
pub unsafe extern "C" fn macvlan_attachment_mac(
    attachment: *const macvlan_attachment,
    mac: *mut u8,
) {
    answer((), || {
        let mac = mac_out!(mac);
        *mac = [0; 6];
        put(shared!(attachment).attachment.mac(), mac);
        Ok(())
    });
}

/// The link's MTU in bytes; 0 before macvlan_attachment_refresh() if the endpoint gave none, and the
/// link has its parent's.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn macvlan_attachment_mtu(attachment: *const macvlan_attachment) -> u32 {
    answer(0, || Ok(shared!(attachment).attachment.mtu().unwrap_or(0)))
}

/// The parent on the host: its name, or "#" and its index.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn macvlan_attachment_parent(
    attachment: *const macvlan_attachment,
) -> *const c_char {
    answer(null(), || {
        let attached = shared!(attachment);
        Ok(attached.parent.of(attached.attachment.parent()))
    })
}

/// The parent's index on the host; 0 if the attachment is none.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn macvlan_attachment_parent_index(
    attachment: *const macvlan_attachment,
) -> u32 {
    answer(0, || Ok(shared!(attachment).attachment.parent_index()))
}

/// A handle on the container's namespace, which is held open by it; to be freed by the caller. Fails with
/// MACVLAN_ERROR_NAMESPACE_GONE if the way by which it was opened leads nowhere any more, or to another
/// namespace, and with MACVLAN_ERROR_INVALID_VALUE if it was opened by a descriptor that is closed now.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn macvlan_attachment_netns(
    attachment: *const macvlan_attachment,
    netns: *mut *mut macvlan_netns,
    error: *mut *mut macvlan_error,
) -> c_int {
    boundary!(error, {
        let netns = out!(netns);
        give(netns, Namespace::new(shared!(attachment).attachment.netns()?));
    })
}

/// Sets the handle by which the container's namespace is found, until that is freed. One on another
/// namespace is refused.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn macvlan_attachment_set_netns(
    attachment: *mut macvlan_attachment,
    netns: *const macvlan_netns,
    error: *mut *mut macvlan_error,
) -> c_int {
    boundary!(error, {
        exclusive!(attachment).attachment.set_netns(&shared!(netns).netns)?;
    })
}

/// What identifies the container's namespace, as macvlan_netns_id() gives it. Both can be NULL.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn macvlan_attachment_netns_id(
    attachment: *const macvlan_attachment,
    device: *mut u64,
    inode: *mut u64,
) {
    answer((), || {
        put_id(shared!(attachment).attachment.netns_id(), device, inode);
        Ok(())
    });
}

/// How many addresses the link has.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn macvlan_attachment_address_count(
    attachment: *const macvlan_attachment,
) -> usize {
    answer(0, || Ok(shared!(attachment).attachment.addresses().len()))
}

/// One of the addresses, counted from 0, as macvlan_endpoint_add_address() takes it. NULL past the
/// end.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn macvlan_attachment_address(
    attachment: *const macvlan_attachment,
    index: usize,
) -> *const c_char {
    answer(null(), || {
        let attached = shared!(attachment);
        Ok(attached.addresses.of(attached.attachment.addresses(), index))
    })
}

/// How many routes there are: those through the link, and those that the endpoint brought along.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn macvlan_attachment_route_count(
    attachment: *const macvlan_attachment,
) -> usize {
    answer(0, || Ok(shared!(attachment).attachment.routes().len()))
}

/// One of the routes, counted from 0, as macvlan_endpoint_add_route() takes it. NULL past the end.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn macvlan_attachment_route(
    attachment: *const macvlan_attachment,
    index: usize,
) -> *const c_char {
    answer(null(), || {
        let attached = shared!(attachment);
        Ok(attached.routes.of(attached.attachment.routes(), index))
    })
}

/// How many policy rules were set, for macvlan_endpoint_set_source_routing().
#[unsafe(no_mangle)]
pub unsafe extern "C" fn macvlan_attachment_rule_count(
    attachment: *const macvlan_attachment,
) -> usize {
    answer(0, || Ok(shared!(attachment).attachment.rules().len()))
}

/// One of the policy rules, counted from 0: "from 10.0.0.2/32 table 100". NULL past the end.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn macvlan_attachment_rule(
    attachment: *const macvlan_attachment,
    index: usize,
) -> *const c_char {
    answer(null(), || {
        let attached = shared!(attachment);
        Ok(attached.rules.of(attached.attachment.rules(), index))
    })
}

/// Where a VM monitor finds a macvtap's frames: "/dev/tapN", N being the index. NULL for other kinds.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn macvlan_attachment_tap_path(
    attachment: *const macvlan_attachment,
) -> *const c_char {
    answer(null(), || {
        let attached = shared!(attachment);
        let path = attached.attachment.tap_path();
        Ok(attached.tap_path.of_some(path.as_ref().map(|path| path.display())))
    })
}

/// Opens a macvtap for a VM monitor, for reading and writing: the descriptor that QEMU takes as
/// `-netdev tap,fd=`. It is the caller's, to be closed with close(2), and closes on exec. Every opening
/// adds a queue.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn macvlan_attachment_open_tap(
    attachment: *const macvlan_attachment,
    fd: *mut c_int,
    error: *mut *mut macvlan_error,
) -> c_int {
    boundary!(error, {
        let fd = out!(fd = -1);
        *fd = shared!(attachment).attachment.open_tap()?.into_raw_fd();
    })
}

/// Reads back from the kernel what the link is now: name, MAC address, MTU, addresses, the routes
/// through it in all tables, with those that the kernel made for the addresses, and the rules for
/// packets from its addresses. If it fails, the attachment is as it was.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn macvlan_attachment_refresh(
    attachment: *mut macvlan_attachment,
    error: *mut *mut macvlan_error,
) -> c_int {
    boundary!(error, {
        let attached = exclusive!(attachment);
        let mut attachment = attached.attachment.clone();
        attachment.refresh()?;
        *attached = Attached::new(attachment);
    })
}

/// A copy, to be freed by the caller: of a list's part, for example, that is to outlive the list.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn macvlan_attachment_clone(
    attachment: *const macvlan_attachment,
    clone: *mut *mut macvlan_attachment,
    error: *mut *mut macvlan_error,
) -> c_int {
    boundary!(error, {
        let clone = out!(clone);
        give(clone, Attached::new(shared!(attachment).attachment.clone()));
    })
}

/// Frees an attachment; does nothing to NULL, or to a part of a list. The interface stays.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn macvlan_attachment_free(attachment: *mut macvlan_attachment) {
    // SAFETY: the header says that nobody else uses it.
    unsafe { free(attachment) }
}

/// How many there are.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn macvlan_attachment_list_count(
    list: *const macvlan_attachment_list,
) -> usize {
    answer(0, || Ok(shared!(list).len()))
}

/// One of them, counted from 0. It belongs to the list. NULL past the end.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn macvlan_attachment_list_get(
    list: *const macvlan_attachment_list,
    index: usize,
) -> *const macvlan_attachment {
    answer(null(), || Ok(nth(shared!(list), index)))
}

/// Frees a list; does nothing to NULL.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn macvlan_attachment_list_free(list: *mut macvlan_attachment_list) {
    // SAFETY: the header says that nobody else uses it.
    unsafe { free(list) }
}
