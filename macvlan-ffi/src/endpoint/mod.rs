//! `macvlan_endpoint`: the description of a container interface.

pub mod announce;
pub mod announcement;
pub mod attachment;
pub mod info;
pub mod plan;
pub mod probe;
pub mod setters;

use std::ffi::{c_char, c_int};

use macvlan_core::{Endpoint, LinkName, Parent};

use crate::base::boundary::{boundary, free};
use crate::base::input::input;
use crate::base::object::{give, object, out, shared};
use crate::base::report::macvlan_error;
use crate::base::text::{c_string, text};
use crate::base::view::View;
use crate::endpoint::plan::macvlan_plan;
use crate::value::parent::macvlan_parent;
use crate::value::vlan::macvlan_vlan_options;

/// The description of a container interface: a value, made without any system call.
/// macvlan_host_attach() creates the interface in a container's namespace. Freed with
/// macvlan_endpoint_free().
///
/// Threads: concurrent reads and attaches are safe; a change needs exclusive access.
pub struct macvlan_endpoint {
    _opaque: (),
}
object!(macvlan_endpoint, View<Endpoint>);

/// Makes an endpoint: a macvlan in mode bridge, called `name` in the container.
///
/// The parent is a link on the host: its name ("ens33"), or "#" and its index ("#7"). A name in
/// VLAN notation, "ens33.100", is the link with this name if it exists; otherwise it is VLAN 100 of
/// ens33, which is created for the first endpoint and removed with the last one. "eth0.20.200" is
/// VLAN 200 of VLAN 20 of eth0. A macvlan_parent has more options.
///
/// The caller frees the endpoint with macvlan_endpoint_free().
#[unsafe(no_mangle)]
pub unsafe extern "C" fn macvlan_endpoint_new(
    name: *const c_char,
    parent: *const c_char,
    endpoint: *mut *mut macvlan_endpoint,
    error: *mut *mut macvlan_error,
) -> c_int {
    boundary!(error, {
        let endpoint = out!(endpoint);
        let name: LinkName = text!(name).parse()?;
        give(endpoint, Endpoint::new(name, text!(parent))?.into());
    })
}

/// Makes an endpoint like macvlan_endpoint_new(), on a parent that is a struct. The caller frees
/// it with macvlan_endpoint_free().
#[unsafe(no_mangle)]
pub unsafe extern "C" fn macvlan_endpoint_new_on(
    name: *const c_char,
    parent: *const macvlan_parent,
    endpoint: *mut *mut macvlan_endpoint,
    error: *mut *mut macvlan_error,
) -> c_int {
    boundary!(error, {
        let endpoint = out!(endpoint);
        let parent: Parent = input!(parent);
        give(endpoint, Endpoint::new(text!(name), parent)?.into());
    })
}

/// Makes an endpoint: a macvtap in mode bridge, for a VM monitor in the container. See
/// macvlan_attachment_open_tap(). The arguments are as in macvlan_endpoint_new().
///
/// The caller frees the endpoint with macvlan_endpoint_free().
#[unsafe(no_mangle)]
pub unsafe extern "C" fn macvlan_endpoint_new_macvtap(
    name: *const c_char,
    parent: *const c_char,
    endpoint: *mut *mut macvlan_endpoint,
    error: *mut *mut macvlan_error,
) -> c_int {
    boundary!(error, {
        let endpoint = out!(endpoint);
        give(endpoint, Endpoint::macvtap(text!(name), text!(parent))?.into());
    })
}

/// Makes an endpoint like macvlan_endpoint_new_macvtap(), on a parent that is a struct. The caller
/// frees it with macvlan_endpoint_free().
#[unsafe(no_mangle)]
pub unsafe extern "C" fn macvlan_endpoint_new_macvtap_on(
    name: *const c_char,
    parent: *const macvlan_parent,
    endpoint: *mut *mut macvlan_endpoint,
    error: *mut *mut macvlan_error,
) -> c_int {
    boundary!(error, {
        let endpoint = out!(endpoint);
        let parent: Parent = input!(parent);
        give(endpoint, Endpoint::macvtap(text!(name), parent)?.into());
    })
}

/// Makes an endpoint that is a VLAN of the parent, without a macvlan. The other arguments are as in
/// macvlan_endpoint_new().
///
/// It has the parent's MAC address by default. A parent that was made on demand is then never
/// removed, because the kernel does not show whether such a VLAN still exists.
///
/// The caller frees the endpoint with macvlan_endpoint_free().
#[unsafe(no_mangle)]
pub unsafe extern "C" fn macvlan_endpoint_new_vlan(
    name: *const c_char,
    parent: *const c_char,
    vlan: *const macvlan_vlan_options,
    endpoint: *mut *mut macvlan_endpoint,
    error: *mut *mut macvlan_error,
) -> c_int {
    boundary!(error, {
        let endpoint = out!(endpoint);
        let vlan = input!(vlan);
        give(endpoint, Endpoint::vlan(text!(name), text!(parent), vlan)?.into());
    })
}

/// Makes an endpoint like macvlan_endpoint_new_vlan(), on a parent that is a struct. The caller frees
/// it with macvlan_endpoint_free().
#[unsafe(no_mangle)]
pub unsafe extern "C" fn macvlan_endpoint_new_vlan_on(
    name: *const c_char,
    parent: *const macvlan_parent,
    vlan: *const macvlan_vlan_options,
    endpoint: *mut *mut macvlan_endpoint,
    error: *mut *mut macvlan_error,
) -> c_int {
    boundary!(error, {
        let endpoint = out!(endpoint);
        let (parent, vlan): (Parent, _) = (input!(parent), input!(vlan));
        give(endpoint, Endpoint::vlan(text!(name), parent, vlan)?.into());
    })
}

/// Makes a copy, which the caller frees with macvlan_endpoint_free(); changes do not affect the
/// other.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn macvlan_endpoint_clone(
    endpoint: *const macvlan_endpoint,
    clone: *mut *mut macvlan_endpoint,
    error: *mut *mut macvlan_error,
) -> c_int {
    boundary!(error, {
        let clone = out!(clone);
        give(clone, shared!(endpoint).value.clone().into());
    })
}

/// Makes the plan of an attach. Validates the endpoint without any system call. The caller frees
/// the plan with macvlan_plan_free().
#[unsafe(no_mangle)]
pub unsafe extern "C" fn macvlan_endpoint_plan(
    endpoint: *const macvlan_endpoint,
    plan: *mut *mut macvlan_plan,
    error: *mut *mut macvlan_error,
) -> c_int {
    boundary!(error, {
        let plan = out!(plan);
        give(plan, c_string(shared!(endpoint).value.plan()?));
    })
}

/// Frees an endpoint. NULL is ignored. Attached interfaces stay.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn macvlan_endpoint_free(endpoint: *mut macvlan_endpoint) {
    // SAFETY: the header requires that no other thread uses it.
    unsafe { free(endpoint) }
}
