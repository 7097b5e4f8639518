//! `macvlan_updated`: the result of changing a network.

use std::ffi::{c_char, c_int};
use std::ptr::null;

use ::macvlan_network::Updated;
use macvlan_core::Parent;

use crate::base::boundary::{answer, boundary, free};
use crate::base::object::{Tagged, give, nth, object, out, part, shared};
use crate::base::report::macvlan_error;
use crate::base::text::text;
use crate::network::config::macvlan_network_config;
use crate::network::lease::{self, Held, macvlan_lease};
use crate::network::{Known, macvlan_network};
use crate::value::parent::macvlan_parent;

/// The result of changing a network, from macvlan_network_update(), macvlan_network_set_parent()
/// and macvlan_networks_ensure(). Freed with macvlan_updated_free().
///
/// Threads: any number of threads may use its parts at once, until one frees it.
pub struct macvlan_updated {
    _opaque: (),
}
object!(macvlan_updated, Done);

pub(crate) struct Done {
    network: Tagged<Known>,
    outdated: Vec<Tagged<Held>>,
    unaffected: Vec<Tagged<Held>>,
    created: bool,
}

impl From<Updated> for Done {
    fn from(updated: Updated) -> Self {
        Self {
            network: part::<macvlan_network>(updated.network.into()),
            outdated: lease::list(updated.outdated),
            unaffected: lease::list(updated.unaffected),
            created: updated.created,
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
        give(updated, shared!(network).network.update(&shared!(config).config)?.into());
    })
}

/// Sets the parent of a network, independently of concurrent changes by others. The parent is as in
/// macvlan_network_config_set_parent(). Otherwise like macvlan_network_update().
#[unsafe(no_mangle)]
pub unsafe extern "C" fn macvlan_network_set_parent(
    network: *const macvlan_network,
    parent: *const c_char,
    updated: *mut *mut macvlan_updated,
    error: *mut *mut macvlan_error,
) -> c_int {
    boundary!(error, {
        let updated = out!(updated);
        give(updated, shared!(network).network.set_parent(text!(parent))?.into());
    })
}

/// Sets the parent of a network to an object, which is copied. Otherwise like
/// macvlan_network_set_parent().
#[unsafe(no_mangle)]
pub unsafe extern "C" fn macvlan_network_set_parent_object(
    network: *const macvlan_network,
    parent: *const macvlan_parent,
    updated: *mut *mut macvlan_updated,
    error: *mut *mut macvlan_error,
) -> c_int {
    boundary!(error, {
        let updated = out!(updated);
        let parent: &Parent = &shared!(parent).parent;
        give(updated, shared!(network).network.set_parent(parent)?.into());
    })
}

/// Returns the network with its current configuration. It belongs to the object. NULL if the object
/// is invalid.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn macvlan_updated_network(
    updated: *const macvlan_updated,
) -> *const macvlan_network {
    answer(null(), || Ok(shared!(updated).network.pointer()))
}

/// Returns the number of containers whose interfaces differ from the new configuration.
/// macvlan_network_connect() updates each of them, and so does macvlan_networks_reconcile() on
/// their hosts.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn macvlan_updated_outdated_count(updated: *const macvlan_updated) -> usize {
    answer(0, || Ok(shared!(updated).outdated.len()))
}

/// Returns the lease of one of these containers, counted from 0. It belongs to the object. NULL past the end.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn macvlan_updated_outdated(
    updated: *const macvlan_updated,
    index: usize,
) -> *const macvlan_lease {
    answer(null(), || Ok(nth(&shared!(updated).outdated, index)))
}

/// Returns the number of containers whose interfaces already agree with the new configuration.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn macvlan_updated_unaffected_count(
    updated: *const macvlan_updated,
) -> usize {
    answer(0, || Ok(shared!(updated).unaffected.len()))
}

/// Returns the lease of one of these containers, counted from 0. It belongs to the object. NULL past the end.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn macvlan_updated_unaffected(
    updated: *const macvlan_updated,
    index: usize,
) -> *const macvlan_lease {
    answer(null(), || Ok(nth(&shared!(updated).unaffected, index)))
}

/// Returns whether the network was created.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn macvlan_updated_created(updated: *const macvlan_updated) -> bool {
    answer(false, || Ok(shared!(updated).created))
}

/// Frees the result. NULL is ignored.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn macvlan_updated_free(updated: *mut macvlan_updated) {
    // SAFETY: the header requires that no other thread uses it.
    unsafe { free(updated) }
}
