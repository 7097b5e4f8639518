//! `macvlan_member`: how a container is to be connected to a network.

use std::ffi::{c_char, c_int};

use macvlan_network::Member;

use macvlan_core::parse_ip;

use crate::base::boundary::{boundary, free};
use crate::base::mac::mac;
use crate::base::object::{exclusive, give, object, out};
use crate::base::report::macvlan_error;
use crate::base::text::text;

/// How a container is to be connected to a network: a value, for macvlan_network_connect(). Freed
/// with macvlan_member_free().
///
/// Threads: concurrent reads are safe; a change needs exclusive access.
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

/// Sets the name by which others find it, which no other container of the network can have.
/// Defaults to none. Names are compared as DNS does, and stored in lower case.
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

/// Adds a further name by which others find it. Several containers may have the same: whoever asks for it
/// gets the addresses of all.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn macvlan_member_add_alias(
    member: *mut macvlan_member,
    alias: *const c_char,
    error: *mut *mut macvlan_error,
) -> c_int {
    boundary!(error, {
        let member = exclusive!(member);
        *member = member.clone().alias(text!(alias));
    })
}

/// Adds a link-local address, in 169.254.0.0/16 or fe80::/10. The network does not keep it from others.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn macvlan_member_add_link_local_address(
    member: *mut macvlan_member,
    address: *const c_char,
    error: *mut *mut macvlan_error,
) -> c_int {
    boundary!(error, {
        let member = exclusive!(member);
        *member = member.clone().link_local_address(parse_ip(text!(address))?);
    })
}

/// Adds an address that it is to have, "10.0.10.7". One is chosen of each family of which none is given.
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

/// Adds a pending lease, by its id, whose addresses and MAC address it takes: see macvlan_network_allocate(). No
/// address is chosen then.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn macvlan_member_take(
    member: *mut macvlan_member,
    id: *const c_char,
    error: *mut *mut macvlan_error,
) -> c_int {
    boundary!(error, {
        let member = exclusive!(member);
        *member = member.clone().take(text!(id));
    })
}

/// Sets the interface's name inside, which tells it from others of the container in the network: a name that none
/// of them has is that of a further one, with addresses of its own. Without it, the one that the container has is
/// meant; if it has none, its name is the first free "ethN".
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

/// Sets the interface's MAC address; derived when not set, see
/// macvlan_network_config_set_mac_from().
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

/// Sets whether the container's default routes lead through this network: never, if false; if true, in front
/// of all networks that the container is in, with a priority that is one higher than theirs. When not set,
/// macvlan_member_set_gw_priority() decides.
///
/// Routes do not lead through a network that is internal, or has no gateway of the family. When the network
/// that they lead through goes, the next takes its place.
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

/// Sets the network's priority among those that the container's default routes can lead through. The highest
/// gets them, and of several that have the same the one that was connected first. Defaults to 0.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn macvlan_member_set_gw_priority(
    member: *mut macvlan_member,
    priority: i32,
    error: *mut *mut macvlan_error,
) -> c_int {
    boundary!(error, {
        let member = exclusive!(member);
        *member = member.clone().gw_priority(priority);
    })
}

/// Sets whether default routes that the container has from somebody else are deleted, where this network's
/// take their place. Otherwise they stay, and no other of the family is added. They are not added again when
/// the container is disconnected.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn macvlan_member_set_replace_default_route(
    member: *mut macvlan_member,
    replace: bool,
    error: *mut *mut macvlan_error,
) -> c_int {
    boundary!(error, {
        let member = exclusive!(member);
        *member = member.clone().replace_default_route(replace);
    })
}

/// Frees a description of a container. NULL is ignored.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn macvlan_member_free(member: *mut macvlan_member) {
    // SAFETY: the header requires that no other thread uses it.
    unsafe { free(member) }
}
