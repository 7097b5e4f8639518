//! `macvlan_network`: a network that exists, and who is connected to it; and lists of them.

pub mod allocation;
pub mod config;
pub mod config_getters;
pub mod connection;
pub mod etcd_options;
pub mod foreign;
pub mod host_link;
pub mod lease;
pub mod member;
pub mod names;
pub mod networks;
pub mod reconciled;
pub mod retained;
pub mod subnet;
pub mod updated;

use std::ffi::{c_char, c_int};
use std::ptr::null;

use ::macvlan_network::Network;
use macvlan_core::Detached;

use crate::base::boundary::{answer, boundary, free};
use crate::base::object::{Tagged, give, nth, object, out, part, shared};
use crate::base::report::macvlan_error;
use crate::base::text::{Text, Texts, text};
use crate::handle::netns::macvlan_netns;
use crate::network::config::macvlan_network_config;
use crate::network::connection::macvlan_connection;
use crate::network::lease::{macvlan_lease, macvlan_lease_list};
use crate::network::member::macvlan_member;

/// A network that exists, given by macvlan_networks_create() and macvlan_networks_get(): connects
/// containers to it, and tells who is. Freed with macvlan_network_free(), unless it is a part of a
/// list; the network stays.
///
/// Threads: any number of threads may use it at once, until one frees it.
pub struct macvlan_network {
    _opaque: (),
}
object!(macvlan_network, Known);

/// Networks, given by macvlan_networks_list(). Freed with macvlan_network_list_free().
///
/// Threads: any number of threads may use its parts at once, until one frees it.
pub struct macvlan_network_list {
    _opaque: (),
}
object!(macvlan_network_list, Vec<Tagged<Known>>);

pub(crate) struct Known {
    pub(crate) network: Network,
    config: Tagged<config::Described>,
    id: Text,
    name: Text,
    created: Text,
    parent: Text,
    warnings: Texts,
}

impl From<Network> for Known {
    fn from(network: Network) -> Self {
        let config = part::<macvlan_network_config>(network.config().clone().into());
        let text = Text::default;
        let warnings = Texts::default();
        Self {
            network,
            config,
            id: text(),
            name: text(),
            created: text(),
            parent: text(),
            warnings,
        }
    }
}

/// Returns its id: 64 hexadecimal digits. This and all other texts, and what it was created as,
/// belong to the object. NULL if the network is invalid.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn macvlan_network_id(network: *const macvlan_network) -> *const c_char {
    answer(null(), || {
        let known = shared!(network);
        Ok(known.id.of(known.network.id()))
    })
}

/// Returns its name.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn macvlan_network_name(network: *const macvlan_network) -> *const c_char {
    answer(null(), || {
        let known = shared!(network);
        Ok(known.name.of(known.network.name()))
    })
}

/// When it was created: "2024-05-01T12:00:00Z".
#[unsafe(no_mangle)]
pub unsafe extern "C" fn macvlan_network_created(network: *const macvlan_network) -> *const c_char {
    answer(null(), || {
        let known = shared!(network);
        Ok(known.created.of(known.network.created()))
    })
}

/// Returns the link that its containers hang on: the parent, or, for an isolated network, the dummy
/// link of its own.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn macvlan_network_parent(network: *const macvlan_network) -> *const c_char {
    answer(null(), || {
        let known = shared!(network);
        Ok(known.parent.of(known.network.parent()))
    })
}

/// What it was created as, and with which subnet if none was given. NULL if the network is invalid.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn macvlan_network_get_config(
    network: *const macvlan_network,
) -> *const macvlan_network_config {
    answer(null(), || Ok(shared!(network).config.pointer()))
}

/// Returns how many reasons there were that would have kept containers from being connected when it was created
/// or changed by this object, such as a parent that does not exist; 0 of a network that was found.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn macvlan_network_warning_count(network: *const macvlan_network) -> usize {
    answer(0, || Ok(shared!(network).network.warnings().len()))
}

/// Returns one of these reasons as a sentence, counted from 0. NULL past the end.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn macvlan_network_warning(
    network: *const macvlan_network,
    index: usize,
) -> *const c_char {
    answer(null(), || {
        let known = shared!(network);
        Ok(known.warnings.of(known.network.warnings(), index))
    })
}

/// Connects a container: leases its addresses and attaches its interface; all of it, or nothing and an
/// error that says why.
///
/// A container that is connected already, in the same namespace, stays as it is; what is missing of its
/// interface is repaired. If the namespace in which it was connected is gone, as after a restart of the
/// container, it is connected anew, with the addresses it had.
///
/// While somebody else connects or disconnects the container, in whatever process, this waits.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn macvlan_network_connect(
    network: *const macvlan_network,
    member: *const macvlan_member,
    netns: *const macvlan_netns,
    connection: *mut *mut macvlan_connection,
    error: *mut *mut macvlan_error,
) -> c_int {
    boundary!(error, {
        let connection = out!(connection);
        let (known, member, netns) = (shared!(network), shared!(member), shared!(netns));
        give(connection, known.network.connect(member, &netns.netns)?.into());
    })
}

/// Takes a container out of the network, by its id, or one of its interfaces, by "ID/INTERFACE": detaches its
/// interfaces, and gives its addresses back. A pending lease is given back, by the container that it is for, or
/// by its own id if it is for none, and the link that was created for it is removed. Its namespace is looked for; if it is gone, nothing is left to be detached. `was_there`, which
/// can be NULL, tells whether the interface was there.
///
/// On another host than the one that it runs on it is refused while that host lives.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn macvlan_network_disconnect(
    network: *const macvlan_network,
    container: *const c_char,
    was_there: *mut bool,
    error: *mut *mut macvlan_error,
) -> c_int {
    boundary!(error, {
        tell(shared!(network).network.disconnect(text!(container))?, was_there);
    })
}

/// As macvlan_network_disconnect(), by one who has a handle on the namespace, which saves looking for
/// it; refused if the container is connected in another one by now.
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
        tell(known.network.disconnect_from(text!(container), &netns.netns)?, was_there);
    })
}

fn tell(detached: Detached, was_there: *mut bool) {
    if !was_there.is_null() {
        // SAFETY: it is not null, and the header requires that an answer can be put there.
        unsafe { was_there.write(detached == Detached::Removed) };
    }
}

/// Tells who is connected, on all hosts, with the leases that are pending. A container has one for each of its
/// interfaces.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn macvlan_network_leases(
    network: *const macvlan_network,
    leases: *mut *mut macvlan_lease_list,
    error: *mut *mut macvlan_error,
) -> c_int {
    boundary!(error, {
        let leases = out!(leases);
        give(leases, lease::list(shared!(network).network.leases()?));
    })
}

/// Returns the leases of a container, by its id, or of one of its interfaces, by "ID/INTERFACE", in the order in
/// which they were connected.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn macvlan_network_leases_of(
    network: *const macvlan_network,
    container: *const c_char,
    leases: *mut *mut macvlan_lease_list,
    error: *mut *mut macvlan_error,
) -> c_int {
    boundary!(error, {
        let leases = out!(leases);
        give(leases, lease::list(shared!(network).network.leases_of(text!(container))?));
    })
}

/// Returns the lease of a container, by its id, or of one of its interfaces, by "ID/INTERFACE"; of several that
/// of the first that was connected. NULL if it is not connected, which is no failure.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn macvlan_network_lease(
    network: *const macvlan_network,
    container: *const c_char,
    lease: *mut *mut macvlan_lease,
    error: *mut *mut macvlan_error,
) -> c_int {
    boundary!(error, {
        let lease = out!(lease);
        if let Some(found) = shared!(network).network.lease(text!(container))? {
            give(lease, found.into());
        }
    })
}

/// Removes it from the store, and the link that it made, if it is isolated; refused while somebody is
/// connected. The object still has to be freed.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn macvlan_network_remove(
    network: *const macvlan_network,
    error: *mut *mut macvlan_error,
) -> c_int {
    boundary!(error, {
        shared!(network).network.clone().remove()?;
    })
}

/// Frees a network's object. NULL is ignored. The network stays.
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
