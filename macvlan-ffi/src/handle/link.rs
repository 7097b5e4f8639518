//! `macvlan_link`: a link to be created.

use std::ffi::{c_char, c_int};

use macvlan_core::{Link, LinkId};

use crate::base::boundary::{boundary, free};
use crate::base::mac::mac;
use crate::base::object::{exclusive, give, object, optional, out, shared};
use crate::base::report::{Failure, macvlan_error};
use crate::base::text::{c_string, text};
use crate::handle::netns::macvlan_netns;
use crate::value::options::macvlan_options;
use crate::value::vlan::macvlan_vlan;

/// The description of a link, for macvlan_handle_add_link(): a value, made without any system call.
/// Freed with macvlan_link_free().
///
/// Threads: concurrent reads are safe; a change needs exclusive access.
pub struct macvlan_link {
    _opaque: (),
}
object!(macvlan_link, Link);

/// Writes the text for a link's index: "#7", up to 11 characters and a zero byte. Every argument
/// for a link's name accepts it. Returns the text, or NULL if that is NULL.
/// cbindgen:ptrs-as-arrays=[[text;16]]
#[unsafe(no_mangle)]
pub unsafe extern "C" fn macvlan_link_text(index: u32, text: *mut c_char) -> *const c_char {
    crate::base::boundary::answer(std::ptr::null(), || {
        if text.is_null() {
            return Err(Failure::misuse("text is NULL"));
        }
        let written = c_string(LinkId::Index(index));
        let bytes = written.as_bytes_with_nul();
        // SAFETY: the header requires 16 bytes, and the text of the largest index needs 12.
        unsafe { text.copy_from_nonoverlapping(bytes.as_ptr().cast(), bytes.len()) };
        Ok(text.cast_const())
    })
}

/// Describes a macvlan, like `ip link add link PARENT name NAME type macvlan mode ...`. The options
/// are copied. The caller frees it with macvlan_link_free().
#[unsafe(no_mangle)]
pub unsafe extern "C" fn macvlan_link_new_macvlan(
    name: *const c_char,
    parent: *const c_char,
    options: *const macvlan_options,
    link: *mut *mut macvlan_link,
    error: *mut *mut macvlan_error,
) -> c_int {
    boundary!(error, {
        let link = out!(link);
        let options = shared!(options).clone();
        give(link, Link::macvlan(text!(name), text!(parent), options)?);
    })
}

/// Describes a macvtap, like `ip link add link PARENT name NAME type macvtap mode ...`. The options
/// are copied. The caller frees it with macvlan_link_free().
#[unsafe(no_mangle)]
pub unsafe extern "C" fn macvlan_link_new_macvtap(
    name: *const c_char,
    parent: *const c_char,
    options: *const macvlan_options,
    link: *mut *mut macvlan_link,
    error: *mut *mut macvlan_error,
) -> c_int {
    boundary!(error, {
        let link = out!(link);
        let options = shared!(options).clone();
        give(link, Link::macvtap(text!(name), text!(parent), options)?);
    })
}

/// Describes a VLAN, like `ip link add link PARENT name NAME type vlan id ...`. The options are
/// copied. The caller frees it with macvlan_link_free().
#[unsafe(no_mangle)]
pub unsafe extern "C" fn macvlan_link_new_vlan(
    name: *const c_char,
    parent: *const c_char,
    vlan: *const macvlan_vlan,
    link: *mut *mut macvlan_link,
    error: *mut *mut macvlan_error,
) -> c_int {
    boundary!(error, {
        let link = out!(link);
        let vlan = shared!(vlan).clone();
        give(link, Link::vlan(text!(name), text!(parent), vlan)?);
    })
}

/// Describes a veth pair, like `ip link add NAME type veth peer name PEER [netns ...]`. If
/// `peer_netns` is NULL, the peer is created in the link's namespace. The caller frees it with
/// macvlan_link_free().
#[unsafe(no_mangle)]
pub unsafe extern "C" fn macvlan_link_new_veth(
    name: *const c_char,
    peer: *const c_char,
    peer_netns: *const macvlan_netns,
    link: *mut *mut macvlan_link,
    error: *mut *mut macvlan_error,
) -> c_int {
    boundary!(error, {
        let link = out!(link);
        let peer_netns = optional!(peer_netns).map(|netns| &netns.netns);
        give(link, Link::veth(text!(name), text!(peer), peer_netns)?);
    })
}

/// Describes a dummy link, like `ip link add NAME type dummy`. The caller frees it with
/// macvlan_link_free().
#[unsafe(no_mangle)]
pub unsafe extern "C" fn macvlan_link_new_dummy(
    name: *const c_char,
    link: *mut *mut macvlan_link,
    error: *mut *mut macvlan_error,
) -> c_int {
    boundary!(error, {
        let link = out!(link);
        give(link, Link::dummy(text!(name))?);
    })
}

/// Describes a bridge, like `ip link add NAME type bridge`. The caller frees it with
/// macvlan_link_free().
#[unsafe(no_mangle)]
pub unsafe extern "C" fn macvlan_link_new_bridge(
    name: *const c_char,
    link: *mut *mut macvlan_link,
    error: *mut *mut macvlan_error,
) -> c_int {
    boundary!(error, {
        let link = out!(link);
        give(link, Link::bridge(text!(name))?);
    })
}

/// Sets the index. By default the kernel chooses it.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn macvlan_link_set_index(
    link: *mut macvlan_link,
    index: u32,
    error: *mut *mut macvlan_error,
) -> c_int {
    boundary!(error, {
        let link = exclusive!(link);
        *link = link.clone().index(index);
    })
}

/// Sets the MAC address. By default the kernel chooses it: random, or the parent's for passthru and
/// VLANs.
/// cbindgen:ptrs-as-arrays=[[mac;6]]
#[unsafe(no_mangle)]
pub unsafe extern "C" fn macvlan_link_set_mac(
    link: *mut macvlan_link,
    mac: *const u8,
    error: *mut *mut macvlan_error,
) -> c_int {
    boundary!(error, {
        let link = exclusive!(link);
        *link = link.clone().mac(mac!(mac));
    })
}

/// Sets the MTU in bytes. Defaults to the parent's.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn macvlan_link_set_mtu(
    link: *mut macvlan_link,
    mtu: u32,
    error: *mut *mut macvlan_error,
) -> c_int {
    boundary!(error, {
        let link = exclusive!(link);
        *link = link.clone().mtu(mtu);
    })
}

/// Sets whether the link is created up. Defaults to false.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn macvlan_link_set_up(
    link: *mut macvlan_link,
    up: bool,
    error: *mut *mut macvlan_error,
) -> c_int {
    boundary!(error, {
        let link = exclusive!(link);
        *link = link.clone().up(up);
    })
}

/// Sets whether the link is created promiscuous. Defaults to false.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn macvlan_link_set_promisc(
    link: *mut macvlan_link,
    promisc: bool,
    error: *mut *mut macvlan_error,
) -> c_int {
    boundary!(error, {
        let link = exclusive!(link);
        *link = link.clone().promisc(promisc);
    })
}

/// Sets the link group. Defaults to 0, the default group.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn macvlan_link_set_group(
    link: *mut macvlan_link,
    group: u32,
    error: *mut *mut macvlan_error,
) -> c_int {
    boundary!(error, {
        let link = exclusive!(link);
        *link = link.clone().group(group);
    })
}

/// Sets the length of the transmit queue in packets. Defaults to that of the kind.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn macvlan_link_set_tx_queue_len(
    link: *mut macvlan_link,
    packets: u32,
    error: *mut *mut macvlan_error,
) -> c_int {
    boundary!(error, {
        let link = exclusive!(link);
        *link = link.clone().tx_queue_len(packets);
    })
}

/// Sets the number of transmit and receive queues. Defaults to those of the kind (the parent's for
/// macvlan).
#[unsafe(no_mangle)]
pub unsafe extern "C" fn macvlan_link_set_queues(
    link: *mut macvlan_link,
    transmit: u32,
    receive: u32,
    error: *mut *mut macvlan_error,
) -> c_int {
    boundary!(error, {
        let link = exclusive!(link);
        *link = link.clone().queues(transmit, receive);
    })
}

/// Sets the namespace in which the link is created. Defaults to the handle's. The parent is in the
/// handle's namespace in either case. The link keeps the namespace open until it is freed.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn macvlan_link_set_netns(
    link: *mut macvlan_link,
    netns: *const macvlan_netns,
    error: *mut *mut macvlan_error,
) -> c_int {
    boundary!(error, {
        let link = exclusive!(link);
        *link = link.clone().netns(&shared!(netns).netns);
    })
}

/// Frees the description of a link. NULL is ignored. Created links stay.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn macvlan_link_free(link: *mut macvlan_link) {
    // SAFETY: the header requires that no other thread uses it.
    unsafe { free(link) }
}
