//! `macvlan_difference`: a difference between an endpoint and the actual state; and repairs.

use std::ffi::{c_char, c_int};
use std::ptr::{null, null_mut};

use macvlan_core::{Difference, Ensured};

use crate::base::boundary::{answer, boundary, free};
use crate::base::object::{give, object, out, shared};
use crate::base::optional::Bool;
use crate::base::record::record;
use crate::base::report::macvlan_error;
use crate::base::view::{Arena, Output, View, nth_record, views};
use crate::endpoint::attachment::{Attached, macvlan_attachment};
use crate::endpoint::macvlan_endpoint;
use crate::handle::netns::macvlan_netns;
use crate::host::macvlan_host;

/// A difference between an endpoint and the actual state.
#[derive(Clone, Copy)]
#[repr(C)]
pub struct macvlan_difference {
    /// The size of the struct.
    pub size: usize,
    /// The difference as text: "the MTU is 1500 and should be 1400".
    pub text: *const c_char,
    /// The kind: one of enum macvlan_difference_kinds.
    pub kind: u32,
    /// True if only a replacement of the link resolves the difference.
    pub needs_replacement: Bool,
}
record!(macvlan_difference);

/// The differences between an endpoint and the actual state, from macvlan_host_check(), or those
/// that were repaired, from macvlan_host_ensure(). Freed with macvlan_difference_list_free().
///
/// Threads: immutable, so any number of threads may use it at once.
pub struct macvlan_difference_list {
    _opaque: (),
}
object!(macvlan_difference_list, Vec<View<Difference>>);

/// The kind of a difference. Later versions may add some, so a program has to expect numbers that
/// are not listed here.
#[repr(C)]
pub enum macvlan_difference_kinds {
    /// A difference for which this version has no number.
    MACVLAN_DIFFERENCE_OTHER = 0,
    /// The link does not exist.
    MACVLAN_DIFFERENCE_LINK_MISSING = 1,
    /// The link is of another kind or has an option that cannot be changed. Needs replacement.
    MACVLAN_DIFFERENCE_IMMUTABLE = 2,
    /// The link is on another parent, or the parent no longer exists. Needs replacement.
    MACVLAN_DIFFERENCE_PARENT = 3,
    /// The MAC address differs.
    MACVLAN_DIFFERENCE_MAC = 4,
    /// The MTU differs.
    MACVLAN_DIFFERENCE_MTU = 5,
    /// Changeable options of a macvlan or macvtap differ.
    MACVLAN_DIFFERENCE_MACVLAN = 6,
    /// Changeable options of a VLAN differ.
    MACVLAN_DIFFERENCE_VLAN = 7,
    /// The link is down.
    MACVLAN_DIFFERENCE_DOWN = 8,
    /// The promisc flag differs.
    MACVLAN_DIFFERENCE_PROMISC = 9,
    /// The alias differs.
    MACVLAN_DIFFERENCE_ALIAS = 10,
    /// An alternative name is missing.
    MACVLAN_DIFFERENCE_ALTERNATIVE_NAME = 11,
    /// The group differs.
    MACVLAN_DIFFERENCE_GROUP = 12,
    /// The transmit queue length differs.
    MACVLAN_DIFFERENCE_TX_QUEUE_LEN = 13,
    /// The address generation mode differs.
    MACVLAN_DIFFERENCE_ADDR_GEN_MODE = 14,
    /// An address is missing.
    MACVLAN_DIFFERENCE_ADDRESS_MISSING = 15,
    /// A route is missing.
    MACVLAN_DIFFERENCE_ROUTE_MISSING = 16,
    /// A policy rule is missing.
    MACVLAN_DIFFERENCE_RULE_MISSING = 17,
    /// lo is down.
    MACVLAN_DIFFERENCE_LOOPBACK_DOWN = 18,
    /// The rate limit differs.
    MACVLAN_DIFFERENCE_RATE = 19,
    /// A sysctl of the link differs.
    MACVLAN_DIFFERENCE_SYSCTL = 20,
    /// Another host has an IPv6 address of the link.
    MACVLAN_DIFFERENCE_ADDRESS_DUPLICATE = 21,
    /// An IPv6 address of the link has been tentative for too long.
    MACVLAN_DIFFERENCE_ADDRESS_TENTATIVE = 22,
    /// The allmulti flag differs.
    MACVLAN_DIFFERENCE_ALLMULTICAST = 23,
    /// A policy rule for an address is left of an earlier state.
    MACVLAN_DIFFERENCE_RULE_OUTDATED = 24,
    /// An address has a limited lifetime.
    MACVLAN_DIFFERENCE_ADDRESS_EXPIRING = 25,
    /// ARP and neighbour discovery are off on the link.
    MACVLAN_DIFFERENCE_ARP_OFF = 26,
}

impl Output for Difference {
    type Record = macvlan_difference;

    fn record(&self, arena: &mut Arena) -> macvlan_difference {
        macvlan_difference {
            text: arena.text(self),
            kind: self.kind() as u32,
            needs_replacement: self.needs_replacement().into(),
            ..macvlan_difference::new()
        }
    }
}

/// Borrows the place for an optional result.
///
/// # Safety
///
/// The pointer is null, or a pointer can be put there.
unsafe fn optional_out<'a, T>(place: *mut *mut T) -> Option<&'a mut *mut T> {
    if place.is_null() {
        return None;
    }
    // SAFETY: it is not null, and the caller guarantees the rest.
    unsafe {
        place.write(null_mut());
        Some(&mut *place)
    }
}

fn ensured(
    attachment: &mut *mut macvlan_attachment,
    repaired: Option<&mut *mut macvlan_difference_list>,
    ensured: Ensured,
) {
    give(attachment, Attached::from(ensured.attachment));
    if let Some(repaired) = repaired {
        give(repaired, views(ensured.repaired));
    }
}

/// Lists the differences between an endpoint and its actual state; the list is empty if there are
/// none. Changes nothing. Additional objects, such as further addresses, are not differences.
///
/// The caller frees the list with macvlan_difference_list_free().
#[unsafe(no_mangle)]
pub unsafe extern "C" fn macvlan_host_check(
    host: *const macvlan_host,
    endpoint: *const macvlan_endpoint,
    netns: *const macvlan_netns,
    differences: *mut *mut macvlan_difference_list,
    error: *mut *mut macvlan_error,
) -> c_int {
    boundary!(error, {
        let differences = out!(differences);
        let (host, endpoint, netns) = (shared!(host), shared!(endpoint), shared!(netns));
        give(differences, views(host.check(&endpoint.value, &netns.netns)?));
    })
}

/// Ensures that an endpoint is attached as requested: attaches it if it is missing, and repairs
/// differences. Only reads if there are none.
///
/// Gives the attachment, and the differences that were repaired; `repaired` can be NULL. The caller
/// frees both.
///
/// A difference that cannot be changed on the link (kind, parent, number of queues, to or from mode
/// passthru) is refused with MACVLAN_ERROR_NEEDS_REPLACEMENT; see macvlan_host_ensure_or_replace().
/// A repair that is refused does not undo earlier ones. Returns -EINTR as macvlan_host_attach().
#[unsafe(no_mangle)]
pub unsafe extern "C" fn macvlan_host_ensure(
    host: *mut macvlan_host,
    endpoint: *const macvlan_endpoint,
    netns: *const macvlan_netns,
    attachment: *mut *mut macvlan_attachment,
    repaired: *mut *mut macvlan_difference_list,
    error: *mut *mut macvlan_error,
) -> c_int {
    boundary!(error, {
        let attachment = out!(attachment);
        // SAFETY: the header requires that it is NULL or that a pointer can be put there.
        let repaired = unsafe { optional_out(repaired) };
        let (host, endpoint, netns) = (shared!(host), shared!(endpoint), shared!(netns));
        ensured(attachment, repaired, host.ensure(&endpoint.value, &netns.netns)?);
    })
}

/// Ensures that an endpoint is attached as requested, and replaces a link that cannot be changed.
/// Otherwise like macvlan_host_ensure(): the caller frees the attachment and the differences.
///
/// The old link is deleted, with additional objects on it: addresses, routes, neighbour entries,
/// queueing disciplines. If the kernel refuses the new link, the old one is created again, and the
/// error lists the objects that it lost.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn macvlan_host_ensure_or_replace(
    host: *mut macvlan_host,
    endpoint: *const macvlan_endpoint,
    netns: *const macvlan_netns,
    attachment: *mut *mut macvlan_attachment,
    repaired: *mut *mut macvlan_difference_list,
    error: *mut *mut macvlan_error,
) -> c_int {
    boundary!(error, {
        let attachment = out!(attachment);
        // SAFETY: the header requires that it is NULL or that a pointer can be put there.
        let repaired = unsafe { optional_out(repaired) };
        let (host, endpoint, netns) = (shared!(host), shared!(endpoint), shared!(netns));
        let done = host.ensure_or_replace(&endpoint.value, &netns.netns)?;
        ensured(attachment, repaired, done);
    })
}

/// Returns the number of differences; 0 if there are none.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn macvlan_difference_list_count(
    list: *const macvlan_difference_list,
) -> usize {
    answer(0, || Ok(shared!(list).len()))
}

/// Returns one of the differences, counted from 0. It belongs to the list. NULL past the end.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn macvlan_difference_list_get(
    list: *const macvlan_difference_list,
    index: usize,
) -> *const macvlan_difference {
    answer(null(), || Ok(nth_record(shared!(list), index)))
}

/// Frees a list. NULL is ignored.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn macvlan_difference_list_free(list: *mut macvlan_difference_list) {
    // SAFETY: the header requires that no other thread uses it.
    unsafe { free(list) }
}
