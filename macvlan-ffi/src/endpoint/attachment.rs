//! `macvlan_attachment`: an attached endpoint; and lists of them.

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

/// An attached endpoint: a container interface as it was set up. Freed with
/// macvlan_attachment_free(), unless it is a part of a list; this does not change the interface.
///
/// Its getters return the values that were set, without asking the kernel;
/// macvlan_attachment_refresh() reads the current ones. It does not keep the container's namespace
/// in existence, so link and address disappear with the container.
///
/// To detach, it finds the namespace by the macvlan_netns that was used to attach, until that is
/// freed, and then opens it again in the same way: by pid, pidfd, name or path. This succeeds only
/// for the same namespace. A namespace that was opened by a descriptor needs that handle, or
/// another one set with macvlan_attachment_set_netns().
///
/// Threads: concurrent reads are safe; macvlan_attachment_refresh() and
/// macvlan_attachment_set_netns() need exclusive access.
pub struct macvlan_attachment {
    _opaque: (),
}
object!(macvlan_attachment, Attached);

/// Attached endpoints, from macvlan_host_attachments() and macvlan_keeper_attachments(). Freed with
/// macvlan_attachment_list_free().
///
/// Threads: immutable, so any number of threads may use it at once.
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

/// Returns the link's name in the container. This and all other texts belong to the attachment,
/// until it is refreshed or freed. NULL if the attachment is invalid.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn macvlan_attachment_name(
    attachment: *const macvlan_attachment,
) -> *const c_char {
    answer(null(), || {
        let attached = shared!(attachment);
        Ok(attached.name.of(attached.attachment.name()))
    })
}

/// Returns the kernel's name for the kind of link: "macvlan", "macvtap" or "vlan".
#[unsafe(no_mangle)]
pub unsafe extern "C" fn macvlan_attachment_kind(
    attachment: *const macvlan_attachment,
) -> *const c_char {
    answer(null(), || {
        let attached = shared!(attachment);
        Ok(attached.kind.of(attached.attachment.kind()))
    })
}

/// Returns the link's index in the container; 0 if the attachment is invalid.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn macvlan_attachment_index(attachment: *const macvlan_attachment) -> u32 {
    answer(0, || Ok(shared!(attachment).attachment.index()))
}

/// Writes the link's MAC address, including one that was chosen at random. Zeroes if the attachment
/// is invalid.
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

/// Returns the link's MTU in bytes; 0 if it was not set and there was no
/// macvlan_attachment_refresh().
#[unsafe(no_mangle)]
pub unsafe extern "C" fn macvlan_attachment_mtu(attachment: *const macvlan_attachment) -> u32 {
    answer(0, || Ok(shared!(attachment).attachment.mtu().unwrap_or(0)))
}

/// Returns the parent on the host: its name, or "#" and its index.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn macvlan_attachment_parent(
    attachment: *const macvlan_attachment,
) -> *const c_char {
    answer(null(), || {
        let attached = shared!(attachment);
        Ok(attached.parent.of(attached.attachment.parent()))
    })
}

/// Returns the parent's index on the host; 0 if the attachment is invalid.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn macvlan_attachment_parent_index(
    attachment: *const macvlan_attachment,
) -> u32 {
    answer(0, || Ok(shared!(attachment).attachment.parent_index()))
}

/// Opens a handle on the container's namespace, which the caller frees with macvlan_netns_free().
///
/// Fails with MACVLAN_ERROR_NAMESPACE_GONE if the namespace was opened in a way that no longer
/// leads to it, and with MACVLAN_ERROR_INVALID_VALUE if it was opened by a descriptor that is
/// closed.
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

/// Sets the handle by which the container's namespace is found, until that is freed. A handle on
/// another namespace is refused.
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

/// Writes the identity of the container's namespace, as macvlan_netns_id(). Both pointers can be
/// NULL.
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

/// Returns the number of addresses of the link.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn macvlan_attachment_address_count(
    attachment: *const macvlan_attachment,
) -> usize {
    answer(0, || Ok(shared!(attachment).attachment.addresses().len()))
}

/// Returns one of the addresses, counted from 0, in the format of macvlan_endpoint_add_address().
/// NULL past the end.
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

/// Returns the number of the endpoint's routes, including those that lead through other links.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn macvlan_attachment_route_count(
    attachment: *const macvlan_attachment,
) -> usize {
    answer(0, || Ok(shared!(attachment).attachment.routes().len()))
}

/// Returns one of the routes, counted from 0, in the format of macvlan_endpoint_add_route(). NULL
/// past the end.
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

/// Returns the number of the policy rules of macvlan_endpoint_set_source_routing().
#[unsafe(no_mangle)]
pub unsafe extern "C" fn macvlan_attachment_rule_count(
    attachment: *const macvlan_attachment,
) -> usize {
    answer(0, || Ok(shared!(attachment).attachment.rules().len()))
}

/// Returns one of the policy rules, counted from 0: "from 10.0.0.2/32 table 100". NULL past the
/// end.
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

/// Returns the device file of a macvtap, "/dev/tapN" with the link's index. NULL for other kinds.
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

/// Opens the device file of a macvtap for reading and writing, as for QEMU's `-netdev tap,fd=`.
/// Each call adds a queue.
///
/// The caller closes the descriptor with close(2); it is close-on-exec.
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

/// Reads the current state from the kernel. This includes the name, the MAC address, the MTU, the
/// addresses, the routes through the link in all tables, including the connected ones, and the
/// rules for packets from its addresses. On a failure the attachment is unchanged.
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

/// Makes a copy, which the caller frees with macvlan_attachment_free(); for example of a part, to
/// outlive its list.
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

/// Frees an attachment. NULL and parts of a list are ignored. The interface stays.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn macvlan_attachment_free(attachment: *mut macvlan_attachment) {
    // SAFETY: the header requires that no other thread uses it.
    unsafe { free(attachment) }
}

/// Returns the number of attachments.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn macvlan_attachment_list_count(
    list: *const macvlan_attachment_list,
) -> usize {
    answer(0, || Ok(shared!(list).len()))
}

/// Returns one of the attachments, counted from 0. It belongs to the list. NULL past the end.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn macvlan_attachment_list_get(
    list: *const macvlan_attachment_list,
    index: usize,
) -> *const macvlan_attachment {
    answer(null(), || Ok(nth(shared!(list), index)))
}

/// Frees a list. NULL is ignored.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn macvlan_attachment_list_free(list: *mut macvlan_attachment_list) {
    // SAFETY: the header requires that no other thread uses it.
    unsafe { free(list) }
}
