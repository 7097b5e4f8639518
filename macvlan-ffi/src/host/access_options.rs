//! `macvlan_access_options`: options of the host's access to the containers on a parent.

use std::ffi::{c_char, c_int};

use macvlan_core::{Access, parse_ip, parse_net};

use crate::base::boundary::{boundary, free};
use crate::base::object::{exclusive, give, object, out, shared};
use crate::base::report::macvlan_error;
use crate::base::text::text;
use crate::value::parent::macvlan_parent;

/// The options of the host's access to the containers on a parent: a value, for
/// macvlan_host_access_by(). Freed with macvlan_access_options_free().
///
/// Threads: concurrent reads are safe; a change needs exclusive access.
pub struct macvlan_access_options {
    _opaque: (),
}
object!(macvlan_access_options, Access);

/// Makes options with the parent's addresses, borrowed, and a route to each container. The parent
/// is as in macvlan_endpoint_new(). The caller frees them with macvlan_access_options_free().
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

/// Makes options like macvlan_access_options_new(), for a parent that is an object and is copied.
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

/// Sets the name of the host's link if it has to be created. Defaults to the parent's name and
/// "-host", or, if that is too long or the name of such a link on another parent, to "mvh" and the
/// parent's index.
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

/// Adds an address of the link's own, "192.168.15.250", which replaces the borrowed addresses of
/// the parent. It is added with the full prefix length, /32 or /128, and must not be used by
/// another host.
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

/// Adds a subnet of containers only, "192.168.15.128/25": one route leads to all of it, instead of
/// one to each container in it.
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

/// Sets whether the link and its routes are kept when the last container is detached and when the
/// access is closed or freed. Defaults to false. macvlan_host_access() finds a link that was kept.
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

/// Frees options. NULL is ignored. An access that was made with them has a copy.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn macvlan_access_options_free(options: *mut macvlan_access_options) {
    // SAFETY: the header requires that no other thread uses it.
    unsafe { free(options) }
}
