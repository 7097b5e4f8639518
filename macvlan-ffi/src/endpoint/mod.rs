//! `macvlan_endpoint`: what one container interface should be.

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

/// What one container interface should be: a value; making and changing it asks nothing of the
/// kernel. Given to macvlan_host_attach(), which makes it so in a container's namespace. Freed with
/// macvlan_endpoint_free().
///
/// Threads: any number may look at it and attach it at once; whoever changes it needs it alone.
pub struct macvlan_endpoint {
    _opaque: (),
}
object!(macvlan_endpoint, Described);

pub(crate) struct Described {
    pub(crate) endpoint: Endpoint,
    pub(crate) texts: Texts,
}

/// Made when they are first asked for.
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

    /// The endpoint, to be changed; texts that were given of it are not valid any more.
    pub(crate) fn changing(&mut self) -> &mut Endpoint {
        self.texts = Texts::default();
        &mut self.endpoint
    }
}

/// A macvlan called `name` inside, on a parent link on the host; in mode bridge.
///
/// The parent is a link's name ("ens33"), or its index behind a "#" ("#7"). A name in VLAN notation,
/// "ens33.100", is that link if it exists; otherwise VLAN 100 of ens33, which is made when the first
/// endpoint needs it and removed when the last one leaves. "eth0.20.200" is VLAN 200 of VLAN 20 of
/// eth0. What text cannot say, a macvlan_parent can.
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

/// The same on a parent that is an object, which is copied.
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

/// A macvtap called `name` inside, for a VM monitor there; in mode bridge. See
/// macvlan_attachment_open_tap(). The parent is as in macvlan_endpoint_new().
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

/// The same on a parent that is an object, which is copied.
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

/// A VLAN of the parent, called `name` inside, without a macvlan. The VLAN's options are copied; the
/// parent is as in macvlan_endpoint_new().
///
/// It has the parent's MAC address unless it is given another. On a parent that was made on demand,
/// that parent is then kept for good: the kernel does not tell when such a VLAN is gone.
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

/// The same on a parent that is an object, which is copied.
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

/// A copy, to be changed by itself.
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

/// What attaching it would do, in order. Everything that is wrong with the values alone is found here,
/// without any system call.
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

/// The name inside. This and all other texts belong to the endpoint, until it is changed or freed. NULL
/// if the endpoint is none.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn macvlan_endpoint_name(endpoint: *const macvlan_endpoint) -> *const c_char {
    answer(null(), || {
        let described = shared!(endpoint);
        Ok(described.texts.name.of(described.endpoint.name()))
    })
}

/// The parent on the host, as text. NULL if the endpoint is none.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn macvlan_endpoint_parent(
    endpoint: *const macvlan_endpoint,
) -> *const c_char {
    answer(null(), || {
        let described = shared!(endpoint);
        Ok(described.texts.parent.of(described.endpoint.parent()))
    })
}

/// A copy of the parent, to be freed with macvlan_parent_free().
#[unsafe(no_mangle)]
pub unsafe extern "C" fn macvlan_endpoint_parent_object(
    endpoint: *const macvlan_endpoint,
    parent: *mut *mut macvlan_parent,
    error: *mut *mut macvlan_error,
) -> c_int {
    boundary!(error, {
        let parent = out!(parent);
        give(parent, parent::Described::from(shared!(endpoint).endpoint.parent().clone()));
    })
}

/// The kernel's name for the link's kind: "macvlan", "macvtap" or "vlan". NULL if the endpoint is
/// none.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn macvlan_endpoint_kind(endpoint: *const macvlan_endpoint) -> *const c_char {
    answer(null(), || {
        let described = shared!(endpoint);
        Ok(described.texts.kind.of(described.endpoint.kind().as_str()))
    })
}

/// A copy of a macvlan's or macvtap's options, to be freed with macvlan_options_free(). A VLAN has
/// none: -EINVAL.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn macvlan_endpoint_options(
    endpoint: *const macvlan_endpoint,
    options: *mut *mut macvlan_options,
    error: *mut *mut macvlan_error,
) -> c_int {
    boundary!(error, {
        let options = out!(options);
        give(options, shared!(endpoint).endpoint.kind().macvlan()?.clone());
    })
}

/// A copy of a VLAN's options, to be freed with macvlan_vlan_free(). Others have none: -EINVAL.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn macvlan_endpoint_vlan(
    endpoint: *const macvlan_endpoint,
    vlan: *mut *mut macvlan_vlan,
    error: *mut *mut macvlan_error,
) -> c_int {
    boundary!(error, {
        let vlan = out!(vlan);
        give(vlan, shared!(endpoint).endpoint.kind().vlan()?.clone());
    })
}

/// Frees an endpoint; does nothing to NULL. What was attached with it stays.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn macvlan_endpoint_free(endpoint: *mut macvlan_endpoint) {
    // SAFETY: the header says that nobody else uses it.
    unsafe { free(endpoint) }
}
