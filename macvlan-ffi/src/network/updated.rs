//! `macvlan_updated`: the result of changing a network.

use std::ffi::{c_char, c_int};
use std::ptr::null;

use ::macvlan_network::Updated;
use macvlan_core::Parent;

use crate::base::boundary::{answer, boundary, free};
use crate::base::input::input;
use crate::base::object::{give, object, out, shared};
use crate::base::optional::Bool;
use crate::base::record::record;
use crate::base::report::macvlan_error;
use crate::base::text::text;
use crate::base::view::{Arena, Output, View};
use crate::network::config::macvlan_network_config;
use crate::network::lease::{Held, macvlan_lease};
use crate::network::macvlan_network;
use crate::value::parent::macvlan_parent;

/// The result of changing a network, from macvlan_network_update(), macvlan_network_set_parent()
/// and macvlan_networks_ensure(). Freed with macvlan_updated_free().
///
/// Threads: any number of threads may use its parts at once, until one frees it.
pub struct macvlan_updated {
    _opaque: (),
}
object!(macvlan_updated, View<Updated>);

/// The contents of such a result.
#[derive(Clone, Copy)]
#[repr(C)]
pub struct macvlan_updated_info {
    /// The size of the struct.
    pub size: usize,
    /// The network with its current configuration.
    pub network: *const macvlan_network,
    /// The leases of containers whose interfaces differ from the new configuration.
    /// macvlan_network_connect() updates each of them, and so does macvlan_networks_reconcile() on
    /// their hosts.
    pub outdated: *const *const macvlan_lease,
    /// The number of these.
    pub outdated_count: usize,
    /// The leases of containers whose interfaces already agree with the new configuration.
    pub unaffected: *const *const macvlan_lease,
    /// The number of these.
    pub unaffected_count: usize,
    /// True if the network was created.
    pub created: Bool,
}
record!(macvlan_updated_info);

impl Output for Updated {
    type Record = macvlan_updated_info;

    fn record(&self, arena: &mut Arena) -> macvlan_updated_info {
        let (outdated, outdated_count) =
            arena.objects(self.outdated.iter().cloned().map(Held::from));
        let (unaffected, unaffected_count) =
            arena.objects(self.unaffected.iter().cloned().map(Held::from));
        macvlan_updated_info {
            network: arena.object_of(Some(self.network.clone().into())),
            outdated,
            outdated_count,
            unaffected,
            unaffected_count,
            created: self.created.into(),
            ..macvlan_updated_info::new()
        }
    }
}

/// Changes a network to another configuration, or changes nothing. Containers stay connected
/// unchanged; the result lists those to be connected again. The name stays. A configuration without
/// subnets keeps the existing ones. The caller frees the result with macvlan_updated_free().
///
/// Fails with MACVLAN_ERROR_NETWORK_IN_USE if a container has an address that would no longer be in
/// the network, and with MACVLAN_ERROR_NETWORK_CONTENDED if others have changed it since it was
/// read.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn macvlan_network_update(
    network: *const macvlan_network,
    config: *const macvlan_network_config,
    updated: *mut *mut macvlan_updated,
    error: *mut *mut macvlan_error,
) -> c_int {
    boundary!(error, {
        let updated = out!(updated);
        give(updated, shared!(network).value.update(&input!(config))?.into());
    })
}

/// Sets the parent of a network, independently of concurrent changes by others. The parent is as in
/// macvlan_network_config. Otherwise like macvlan_network_update(): the caller frees the result with
/// macvlan_updated_free().
#[unsafe(no_mangle)]
pub unsafe extern "C" fn macvlan_network_set_parent(
    network: *const macvlan_network,
    parent: *const c_char,
    updated: *mut *mut macvlan_updated,
    error: *mut *mut macvlan_error,
) -> c_int {
    boundary!(error, {
        let updated = out!(updated);
        give(updated, shared!(network).value.set_parent(text!(parent))?.into());
    })
}

/// Sets the parent of a network, with more options than text has. Otherwise like
/// macvlan_network_set_parent(): the caller frees the result with macvlan_updated_free().
#[unsafe(no_mangle)]
pub unsafe extern "C" fn macvlan_network_set_parent_options(
    network: *const macvlan_network,
    parent: *const macvlan_parent,
    updated: *mut *mut macvlan_updated,
    error: *mut *mut macvlan_error,
) -> c_int {
    boundary!(error, {
        let updated = out!(updated);
        let parent: Parent = input!(parent);
        give(updated, shared!(network).value.set_parent(parent)?.into());
    })
}

/// Returns the contents of the result, which belong to it. NULL if the object is invalid.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn macvlan_updated_get(
    updated: *const macvlan_updated,
) -> *const macvlan_updated_info {
    answer(null(), || Ok(shared!(updated).record()))
}

/// Frees the result. NULL is ignored.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn macvlan_updated_free(updated: *mut macvlan_updated) {
    // SAFETY: the header requires that no other thread uses it.
    unsafe { free(updated) }
}
