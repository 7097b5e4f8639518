//! `macvlan_access_options`: how a host is to reach the containers on one of its parents.

use std::ffi::{c_char, c_int};

use macvlan_core::{Access, parse_ip, parse_net};

use crate::base::boundary::{boundary, free};
use crate::base::object::{exclusive, give, object, out, shared};
use crate::base::report::macvlan_error;
use crate::base::text::text;
use crate::value::parent::macvlan_parent;

/// How a host is to reach the containers on one of its parents: a value, for
/// macvlan_host_access_by(). Freed with macvlan_access_options_free().
///
/// Threads: concurrent reads are safe; a change needs exclusive access.
pub struct macvlan_access_options {
    _opaque: (),
}
object!(macvlan_access_options, Access);

/// With the parent's own addresses, borrowed, and a route to each container. The parent is as in
/// macvlan_endpoint_new().
#[unsafe(no_mangle)]
pub unsafe extern "C" fn macvlan_access_options_new(
    parent: *const c_char,
    options: *mut *mut macvlan_access_options,
    error: *mut *mut macvlan_error,
) -> c_int {
    boundary!(error, {
        let options = out!(options);
        give(options, Access::on(text!(parent))?);
    })
}

/// Returns the same on a parent that is an object, which is copied.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn macvlan_access_options_new_on(
    parent: *const macvlan_parent,
    options: *mut *mut macvlan_access_options,
    error: *mut *mut macvlan_error,
) -> c_int {
    boundary!(error, {
        let options = out!(options);
        give(options, Access::on(&shared!(parent).parent)?);
    })
}

/// Sets the name of the host's macvlan where it has to be made. Defaults to the parent's name and "-host",
/// or, where that is too long or the name of such a link on another parent, to "mvh" and the parent's
/// index.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn macvlan_access_options_set_name(
    options: *mut macvlan_access_options,
    name: *const c_char,
    error: *mut *mut macvlan_error,
) -> c_int {
    boundary!(error, {
        let options = exclusive!(options);
        *options = options.clone().name(text!(name).parse()?);
    })
}

/// An address of its own, "192.168.15.250", one more each time, instead of the parent's. It is a host's
/// address, as /32 or /128, and nobody else may have it.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn macvlan_access_options_add_address(
    options: *mut macvlan_access_options,
    address: *const c_char,
    error: *mut *mut macvlan_error,
) -> c_int {
    boundary!(error, {
        let options = exclusive!(options);
        *options = options.clone().address(parse_ip(text!(address))?);
    })
}

/// A subnet that is containers' alone, "192.168.15.128/25", one more each time: one route leads to all
/// of it, and none to each container in it.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn macvlan_access_options_add_route(
    options: *mut macvlan_access_options,
    prefix: *const c_char,
    error: *mut *mut macvlan_error,
) -> c_int {
    boundary!(error, {
        let options = exclusive!(options);
        *options = options.clone().route(parse_net(text!(prefix))?);
    })
}

/// Sets whether the link and its routes stay when the last container has gone and when the access
/// is closed or freed. Defaults to false. What was kept is found again by macvlan_host_access().
#[unsafe(no_mangle)]
pub unsafe extern "C" fn macvlan_access_options_set_keep(
    options: *mut macvlan_access_options,
    keep: bool,
    error: *mut *mut macvlan_error,
) -> c_int {
    boundary!(error, {
        let options = exclusive!(options);
        *options = options.clone().keep(keep);
    })
}

/// Frees it. NULL is ignored. What was made with it has a copy.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn macvlan_access_options_free(options: *mut macvlan_access_options) {
    // SAFETY: the header requires that no other thread uses it.
    unsafe { free(options) }
}
