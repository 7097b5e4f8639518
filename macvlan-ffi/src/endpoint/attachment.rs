//! `macvlan_attachment`: an attached endpoint; and lists of them.

use std::ffi::{c_char, c_int};
use std::os::fd::IntoRawFd;
use std::ptr::null;

use macvlan_core::Attachment;

use crate::base::boundary::{answer, boundary, free};
use crate::base::change::change;
use crate::base::object::{Tagged, exclusive, give, nth, object, out, shared};
use crate::base::record::record;
use crate::base::report::macvlan_error;
use crate::base::view::{Arena, Output, View};
use crate::handle::netns::{Namespace, macvlan_netns};

/// An attached endpoint: a container interface as it was set up. Freed with
/// macvlan_attachment_free(), unless it is a part of a list; this does not change the interface.
///
/// macvlan_attachment_get() returns the values that were set, without asking the kernel;
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

pub(crate) type Attached = View<Attachment>;

/// Attached endpoints, from macvlan_host_attachments() and macvlan_keeper_attachments(). Freed with
/// macvlan_attachment_list_free().
///
/// Threads: immutable, so any number of threads may use it at once.
pub struct macvlan_attachment_list {
    _opaque: (),
}
object!(macvlan_attachment_list, Vec<Tagged<Attached>>);

/// The contents of an attachment.
#[derive(Clone, Copy)]
#[repr(C)]
pub struct macvlan_attachment_info {
    /// The size of the struct.
    pub size: usize,
    /// The link's name in the container.
    pub name: *const c_char,
    /// The kernel's name for the kind of link: "macvlan", "macvtap" or "vlan".
    pub kind: *const c_char,
    /// The parent on the host: its name, or "#" and its index.
    pub parent: *const c_char,
    /// The device file of a macvtap, "/dev/tapN" with the link's index. NULL for other kinds.
    pub tap_path: *const c_char,
    /// The addresses of the link, in the format of macvlan_endpoint_add_address().
    pub addresses: *const *const c_char,
    /// The number of addresses.
    pub address_count: usize,
    /// The endpoint's routes, including those that lead through other links, in the format of
    /// macvlan_endpoint_add_route().
    pub routes: *const *const c_char,
    /// The number of routes.
    pub route_count: usize,
    /// The policy rules of macvlan_endpoint_set_source_routing(): "from 10.0.0.2/32 table 100".
    pub rules: *const *const c_char,
    /// The number of rules.
    pub rule_count: usize,
    /// The identity of the container's namespace, as from macvlan_netns_id().
    pub netns_device: u64,
    /// The other half of it.
    pub netns_inode: u64,
    /// The link's index in the container.
    pub index: u32,
    /// The parent's index on the host.
    pub parent_index: u32,
    /// The link's MTU in bytes; 0 if it was not set and there was no macvlan_attachment_refresh().
    pub mtu: u32,
    /// The link's MAC address, including one that was chosen at random.
    pub mac: [u8; 6],
}
record!(macvlan_attachment_info);

impl Output for Attachment {
    type Record = macvlan_attachment_info;

    fn record(&self, arena: &mut Arena) -> macvlan_attachment_info {
        let (addresses, address_count) = arena.texts(self.addresses());
        let (routes, route_count) = arena.texts(self.routes());
        let (rules, rule_count) = arena.texts(self.rules());
        macvlan_attachment_info {
            name: arena.text(self.name()),
            kind: arena.text(self.kind()),
            parent: arena.text(self.parent()),
            tap_path: arena.text_of(self.tap_path().as_ref().map(|path| path.display())),
            addresses,
            address_count,
            routes,
            route_count,
            rules,
            rule_count,
            netns_device: self.netns_id().device,
            netns_inode: self.netns_id().inode,
            index: self.index(),
            parent_index: self.parent_index(),
            mtu: self.mtu().unwrap_or(0),
            mac: self.mac().octets(),
            ..macvlan_attachment_info::new()
        }
    }
}

/// Returns the attachment's contents, which belong to it until it is refreshed or freed. NULL if the
/// attachment is invalid.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn macvlan_attachment_get(
    attachment: *const macvlan_attachment,
) -> *const macvlan_attachment_info {
    answer(null(), || Ok(shared!(attachment).record()))
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
        give(netns, Namespace::new(shared!(attachment).value.netns()?));
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
        change(exclusive!(attachment), |mut attachment| {
            attachment.set_netns(&shared!(netns).netns)?;
            Ok(attachment)
        })?;
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
        *fd = shared!(attachment).value.open_tap()?.into_raw_fd();
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
        change(exclusive!(attachment), |mut attachment| {
            attachment.refresh()?;
            Ok(attachment)
        })?;
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
        give(clone, Attached::from(shared!(attachment).value.clone()));
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
