//! `macvlan_member`: how a container is to be connected to a network.

use std::ffi::{c_char, c_int};

use macvlan_network::Member;

use macvlan_core::parse_ip;

use crate::base::boundary::{boundary, free};
use crate::base::mac::mac;
use crate::base::object::{exclusive, give, object, out};
use crate::base::report::macvlan_error;
use crate::base::text::text;

/// How a container is to be connected to a network: a value, for macvlan_network_connect(). Freed with
/// macvlan_member_free().
///
/// Threads: any number may look at it at once; whoever changes it needs it alone.
pub struct macvlan_member {
    _opaque: (),
}
object!(macvlan_member, Member);

/// A container, by an id that stays the same: when it returns, it gets its addresses again.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn macvlan_member_new(
    container: *const c_char,
    member: *mut *mut macvlan_member,
    error: *mut *mut macvlan_error,
) -> c_int {
    boundary!(error, {
        let member = out!(member);
        give(member, Member::new(text!(container)));
    })
}

/// The name by which others find it; none when not set.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn macvlan_member_set_name(
    member: *mut macvlan_member,
    name: *const c_char,
    error: *mut *mut macvlan_error,
) -> c_int {
    boundary!(error, {
        let member = exclusive!(member);
        *member = member.clone().name(text!(name));
    })
}

/// An address that it is to have, "10.0.10.7"; one a family. Chosen when not given.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn macvlan_member_add_address(
    member: *mut macvlan_member,
    address: *const c_char,
    error: *mut *mut macvlan_error,
) -> c_int {
    boundary!(error, {
        let member = exclusive!(member);
        *member = member.clone().address(parse_ip(text!(address))?);
    })
}

/// The interface's name inside; the first free "ethN" when not set.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn macvlan_member_set_interface(
    member: *mut macvlan_member,
    name: *const c_char,
    error: *mut *mut macvlan_error,
) -> c_int {
    boundary!(error, {
        let member = exclusive!(member);
        *member = member.clone().interface(text!(name));
    })
}

/// The interface's MAC address; derived when not set, see macvlan_network_config_set_mac_from().
/// cbindgen:ptrs-as-arrays=[[mac;6]]
#[unsafe(no_mangle)]
pub unsafe extern "C" fn macvlan_member_set_mac(
    member: *mut macvlan_member,
    mac: *const u8,
    error: *mut *mut macvlan_error,
) -> c_int {
    boundary!(error, {
        let member = exclusive!(member);
        *member = member.clone().mac(mac!(mac));
    })
}

/// Whether the container's default routes lead through this network. When not set, they do if they lead
/// through no other network that it is in.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn macvlan_member_set_default_route(
    member: *mut macvlan_member,
    default_route: bool,
    error: *mut *mut macvlan_error,
) -> c_int {
    boundary!(error, {
        let member = exclusive!(member);
        *member = member.clone().default_route(default_route);
    })
}

/// Frees a description of a container; does nothing to NULL.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn macvlan_member_free(member: *mut macvlan_member) {
    // SAFETY: the header says that nobody else uses it.
    unsafe { free(member) }
}
