//! `macvlan_network`: an existing network and its containers; and lists of networks.

pub mod allocation;
pub mod config;
pub mod conflicting_address;
pub mod connect_options;
pub mod connection;
pub mod etcd_options;
pub mod host_link;
pub mod host_status;
pub mod lease;
pub mod names;
pub mod networks;
pub mod reconciled;
mod report;
pub mod retained;
pub mod subnet;
pub mod updated;

use std::ffi::{c_char, c_int};
use std::ptr::null;

use ::macvlan_network::Network;
use macvlan_core::Detached;

use crate::base::boundary::{answer, boundary, free};
use crate::base::input::input;
use crate::base::object::{Tagged, give, nth, object, out, shared};
use crate::base::record::record;
use crate::base::report::macvlan_error;
use crate::base::text::text;
use crate::base::view::{Arena, Output, View};
use crate::handle::netns::macvlan_netns;
use crate::network::config::macvlan_network_config;
use crate::network::connect_options::macvlan_connect_options;
use crate::network::connection::macvlan_connection;
use crate::network::lease::{macvlan_lease, macvlan_lease_list};

/// An existing network, from macvlan_networks_create() and macvlan_networks_get(): connects
/// containers to it, and lists them. Freed with macvlan_network_free(), unless it is a part of a
/// list; the network stays.
///
/// Threads: any number of threads may use it at once, until one frees it.
pub struct macvlan_network {
    _opaque: (),
}
object!(macvlan_network, Known);

pub(crate) type Known = View<Network>;

/// Networks, from macvlan_networks_list(). Freed with macvlan_network_list_free().
///
/// Threads: any number of threads may use its parts at once, until one frees it.
pub struct macvlan_network_list {
    _opaque: (),
}
object!(macvlan_network_list, Vec<Tagged<Known>>);

/// The contents of a network.
#[derive(Clone, Copy)]
#[repr(C)]
pub struct macvlan_network_info {
    /// The size of the struct.
    pub size: usize,
    /// The network's id: 64 hexadecimal digits.
    pub id: *const c_char,
    /// The network's name.
    pub name: *const c_char,
    /// The time of its creation: "2024-05-01T12:00:00Z".
    pub created: *const c_char,
    /// The link that the containers' links are on: the parent, or, for an isolated network, its own
    /// dummy link.
    pub parent: *const c_char,
    /// The configuration, with the subnet that was chosen if none was given. It can be passed to
    /// other functions.
    pub config: *const macvlan_network_config,
    /// The warnings, as sentences: problems, such as a parent that does not exist, that would have
    /// prevented a connection when the network was created or changed by this object. None for a
    /// network that was found.
    pub warnings: *const *const c_char,
    /// The number of warnings.
    pub warning_count: usize,
}
record!(macvlan_network_info);

impl Output for Network {
    type Record = macvlan_network_info;

    fn record(&self, arena: &mut Arena) -> macvlan_network_info {
        let (warnings, warning_count) = arena.texts(self.warnings());
        macvlan_network_info {
            id: arena.text(self.id()),
            name: arena.text(self.name()),
            created: arena.text(self.created()),
            parent: arena.text(self.parent()),
            config: arena.part(self.config()),
            warnings,
            warning_count,
            ..macvlan_network_info::new()
        }
    }
}

/// Returns the network's contents, which belong to the object. NULL if the network is invalid.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn macvlan_network_get(
    network: *const macvlan_network,
) -> *const macvlan_network_info {
    answer(null(), || Ok(shared!(network).record()))
}

/// Connects a container: leases its addresses and attaches its interface, or changes nothing. The
/// caller frees the connection with macvlan_connection_free().
///
/// A container that is already connected in the same namespace stays connected; differences of its
/// interface are repaired. If the namespace in which it was connected no longer exists, as after a
/// restart of the container or a reboot, it is connected again with the same addresses, and with the
/// same name, aliases, link-local addresses and priority, unless the options set others. So it is if
/// its lease was collected in between, except for a name that another container has by now.
///
/// Waits while another process connects or disconnects the container.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn macvlan_network_connect(
    network: *const macvlan_network,
    options: *const macvlan_connect_options,
    netns: *const macvlan_netns,
    connection: *mut *mut macvlan_connection,
    error: *mut *mut macvlan_error,
) -> c_int {
    boundary!(error, {
        let connection = out!(connection);
        let (known, options, netns) = (shared!(network), input!(options), shared!(netns));
        give(connection, known.value.connect(&options, &netns.netns)?.into());
    })
}

/// Disconnects a container, by its id, or one of its interfaces, by "ID/INTERFACE": detaches its
/// interfaces and releases its addresses.
///
/// A pending lease is released, by the id of its container, or by its own id if it has none, and
/// the link that was created for it is deleted. The container's namespace is looked up; if it no
/// longer exists, nothing has to be detached. `was_there`, which can be NULL, is set to whether the
/// interface still existed.
///
/// Refused for a container of another host while that host is alive.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn macvlan_network_disconnect(
    network: *const macvlan_network,
    container: *const c_char,
    was_there: *mut bool,
    error: *mut *mut macvlan_error,
) -> c_int {
    boundary!(error, {
        tell(shared!(network).value.disconnect(text!(container))?, was_there);
    })
}

/// Disconnects a container like macvlan_network_disconnect(), with a handle on its namespace, which
/// saves the lookup. Refused if the container is now connected in another one.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn macvlan_network_disconnect_from(
    network: *const macvlan_network,
    container: *const c_char,
    netns: *const macvlan_netns,
    was_there: *mut bool,
    error: *mut *mut macvlan_error,
) -> c_int {
    boundary!(error, {
        let (known, netns) = (shared!(network), shared!(netns));
        tell(known.value.disconnect_from(text!(container), &netns.netns)?, was_there);
    })
}

fn tell(detached: Detached, was_there: *mut bool) {
    if !was_there.is_null() {
        // SAFETY: it is not null, and the header requires that an answer can be put there.
        unsafe { was_there.write(detached == Detached::Removed) };
    }
}

/// Lists the leases of the containers of all hosts, with one for each interface, and the pending
/// ones. The caller frees the list with macvlan_lease_list_free().
#[unsafe(no_mangle)]
pub unsafe extern "C" fn macvlan_network_leases(
    network: *const macvlan_network,
    leases: *mut *mut macvlan_lease_list,
    error: *mut *mut macvlan_error,
) -> c_int {
    boundary!(error, {
        let leases = out!(leases);
        give(leases, lease::list(shared!(network).value.leases()?));
    })
}

/// Lists the leases of a container, by its id, or of one of its interfaces, by "ID/INTERFACE", in
/// the order of their connection. The caller frees the list with macvlan_lease_list_free().
#[unsafe(no_mangle)]
pub unsafe extern "C" fn macvlan_network_leases_of(
    network: *const macvlan_network,
    container: *const c_char,
    leases: *mut *mut macvlan_lease_list,
    error: *mut *mut macvlan_error,
) -> c_int {
    boundary!(error, {
        let leases = out!(leases);
        give(leases, lease::list(shared!(network).value.leases_of(text!(container))?));
    })
}

/// Gets the lease of a container, by its id, or of one of its interfaces, by "ID/INTERFACE"; the
/// first one if it has several. NULL without an error if it is not connected. The caller frees the
/// lease with macvlan_lease_free().
#[unsafe(no_mangle)]
pub unsafe extern "C" fn macvlan_network_lease(
    network: *const macvlan_network,
    container: *const c_char,
    lease: *mut *mut macvlan_lease,
    error: *mut *mut macvlan_error,
) -> c_int {
    boundary!(error, {
        let lease = out!(lease);
        if let Some(found) = shared!(network).value.lease(text!(container))? {
            give(lease, found.into());
        }
    })
}

/// Removes the network from the store, and, if it is isolated, its dummy link. Refused while
/// containers are connected. The object still has to be freed.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn macvlan_network_remove(
    network: *const macvlan_network,
    error: *mut *mut macvlan_error,
) -> c_int {
    boundary!(error, {
        shared!(network).value.clone().remove()?;
    })
}

/// Frees the object. NULL is ignored. The network stays.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn macvlan_network_free(network: *mut macvlan_network) {
    // SAFETY: the header requires that no other thread uses it.
    unsafe { free(network) }
}

/// Returns the number of networks.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn macvlan_network_list_count(list: *const macvlan_network_list) -> usize {
    answer(0, || Ok(shared!(list).len()))
}

/// Returns one of the networks, counted from 0. It belongs to the list. NULL past the end.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn macvlan_network_list_get(
    list: *const macvlan_network_list,
    index: usize,
) -> *const macvlan_network {
    answer(null(), || Ok(nth(shared!(list), index)))
}

/// Frees a list. NULL is ignored.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn macvlan_network_list_free(list: *mut macvlan_network_list) {
    // SAFETY: the header requires that no other thread uses it.
    unsafe { free(list) }
}
