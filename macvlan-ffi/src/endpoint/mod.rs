//! `macvlan_endpoint`: the description of a container interface.

pub mod announce;
pub mod announcement;
pub mod attachment;
pub mod getters;
pub mod plan;
pub mod probe;
pub mod setters;

use std::ffi::{c_char, c_int};
use std::ptr::null;

use macvlan_core::{Endpoint, LinkName, Parent};

use crate::base::boundary::{answer, boundary, free};
use crate::base::object::{give, object, out, shared};
use crate::base::report::macvlan_error;
use crate::base::text::{self, c_string, text};
use crate::endpoint::plan::macvlan_plan;
use crate::value::options::macvlan_options;
use crate::value::parent::{self, macvlan_parent};
use crate::value::vlan::macvlan_vlan;

/// The description of a container interface: a value, made without any system call.
/// macvlan_host_attach() creates the interface in a container's namespace. Freed with
/// macvlan_endpoint_free().
///
/// Threads: concurrent reads and attaches are safe; a change needs exclusive access.
pub struct macvlan_endpoint {
    _opaque: (),
}
object!(macvlan_endpoint, Described);

pub(crate) struct Described {
    pub(crate) endpoint: Endpoint,
    pub(crate) texts: Texts,
}

/// Made at the first request.
#[derive(Default)]
pub(crate) struct Texts {
    pub(crate) name: text::Text,
    pub(crate) kind: text::Text,
    pub(crate) parent: text::Text,
    pub(crate) alias: text::Text,
    pub(crate) addresses: text::Texts,
    pub(crate) gateways: text::Texts,
    pub(crate) routes: text::Texts,
    pub(crate) alternative_names: text::Texts,
    pub(crate) rate: text::Text,
}

impl Described {
    fn new(endpoint: Endpoint) -> Self {
        Self { endpoint, texts: Texts::default() }
    }

    /// Returns the endpoint for a change, and drops the texts.
    pub(crate) fn changing(&mut self) -> &mut Endpoint {
        self.texts = Texts::default();
        &mut self.endpoint
    }
}

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
        give(endpoint, Described::new(Endpoint::new(name, text!(parent))?));
    })
}

/// Makes an endpoint like macvlan_endpoint_new(), on a parent that is an object and is copied.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn macvlan_endpoint_new_on(
    name: *const c_char,
    parent: *const macvlan_parent,
    endpoint: *mut *mut macvlan_endpoint,
    error: *mut *mut macvlan_error,
) -> c_int {
    boundary!(error, {
        let endpoint = out!(endpoint);
        let parent: &Parent = &shared!(parent).parent;
        give(endpoint, Described::new(Endpoint::new(text!(name), parent)?));
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
        give(endpoint, Described::new(Endpoint::macvtap(text!(name), text!(parent))?));
    })
}

/// Makes an endpoint like macvlan_endpoint_new_macvtap(), on a parent that is an object and is
/// copied.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn macvlan_endpoint_new_macvtap_on(
    name: *const c_char,
    parent: *const macvlan_parent,
    endpoint: *mut *mut macvlan_endpoint,
    error: *mut *mut macvlan_error,
) -> c_int {
    boundary!(error, {
        let endpoint = out!(endpoint);
        let parent: &Parent = &shared!(parent).parent;
        give(endpoint, Described::new(Endpoint::macvtap(text!(name), parent)?));
    })
}

/// Makes an endpoint that is a VLAN of the parent, without a macvlan. The VLAN's options are
/// copied; the other arguments are as in macvlan_endpoint_new().
///
/// It has the parent's MAC address by default. A parent that was made on demand is then never
/// removed, because the kernel does not show whether such a VLAN still exists.
///
/// The caller frees the endpoint with macvlan_endpoint_free().
#[unsafe(no_mangle)]
pub unsafe extern "C" fn macvlan_endpoint_new_vlan(
    name: *const c_char,
    parent: *const c_char,
    vlan: *const macvlan_vlan,
    endpoint: *mut *mut macvlan_endpoint,
    error: *mut *mut macvlan_error,
) -> c_int {
    boundary!(error, {
        let endpoint = out!(endpoint);
        let vlan = shared!(vlan).clone();
        give(endpoint, Described::new(Endpoint::vlan(text!(name), text!(parent), vlan)?));
    })
}

/// Makes an endpoint like macvlan_endpoint_new_vlan(), on a parent that is an object and is copied.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn macvlan_endpoint_new_vlan_on(
    name: *const c_char,
    parent: *const macvlan_parent,
    vlan: *const macvlan_vlan,
    endpoint: *mut *mut macvlan_endpoint,
    error: *mut *mut macvlan_error,
) -> c_int {
    boundary!(error, {
        let endpoint = out!(endpoint);
        let (parent, vlan): (&Parent, _) = (&shared!(parent).parent, shared!(vlan).clone());
        give(endpoint, Described::new(Endpoint::vlan(text!(name), parent, vlan)?));
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
        give(clone, Described::new(shared!(endpoint).endpoint.clone()));
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
        give(plan, c_string(shared!(endpoint).endpoint.plan()?));
    })
}

/// Returns the name in the container. This and all other texts belong to the endpoint, until it is
/// changed or freed. NULL if the endpoint is invalid.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn macvlan_endpoint_name(endpoint: *const macvlan_endpoint) -> *const c_char {
    answer(null(), || {
        let described = shared!(endpoint);
        Ok(described.texts.name.of(described.endpoint.get_name()))
    })
}

/// Returns the parent on the host, as text. NULL if the endpoint is invalid.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn macvlan_endpoint_parent(
    endpoint: *const macvlan_endpoint,
) -> *const c_char {
    answer(null(), || {
        let described = shared!(endpoint);
        Ok(described.texts.parent.of(described.endpoint.get_parent()))
    })
}

/// Makes a copy of the parent, which the caller frees with macvlan_parent_free().
#[unsafe(no_mangle)]
pub unsafe extern "C" fn macvlan_endpoint_parent_object(
    endpoint: *const macvlan_endpoint,
    parent: *mut *mut macvlan_parent,
    error: *mut *mut macvlan_error,
) -> c_int {
    boundary!(error, {
        let parent = out!(parent);
        give(parent, parent::Described::from(shared!(endpoint).endpoint.get_parent().clone()));
    })
}

/// Returns the kernel's name for the kind of link: "macvlan", "macvtap" or "vlan". NULL if the
/// endpoint is invalid.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn macvlan_endpoint_kind(endpoint: *const macvlan_endpoint) -> *const c_char {
    answer(null(), || {
        let described = shared!(endpoint);
        Ok(described.texts.kind.of(described.endpoint.get_kind().as_str()))
    })
}

/// Makes a copy of the options of a macvlan or macvtap, which the caller frees with
/// macvlan_options_free(). Fails with -EINVAL for a VLAN.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn macvlan_endpoint_options(
    endpoint: *const macvlan_endpoint,
    options: *mut *mut macvlan_options,
    error: *mut *mut macvlan_error,
) -> c_int {
    boundary!(error, {
        let options = out!(options);
        give(options, shared!(endpoint).endpoint.get_kind().macvlan()?.clone());
    })
}

/// Makes a copy of the options of a VLAN, which the caller frees with macvlan_vlan_free(). Fails
/// with -EINVAL for other kinds.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn macvlan_endpoint_vlan(
    endpoint: *const macvlan_endpoint,
    vlan: *mut *mut macvlan_vlan,
    error: *mut *mut macvlan_error,
) -> c_int {
    boundary!(error, {
        let vlan = out!(vlan);
        give(vlan, shared!(endpoint).endpoint.get_kind().vlan()?.clone());
    })
}

/// Frees an endpoint. NULL is ignored. Attached interfaces stay.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn macvlan_endpoint_free(endpoint: *mut macvlan_endpoint) {
    // SAFETY: the header requires that no other thread uses it.
    unsafe { free(endpoint) }
}
