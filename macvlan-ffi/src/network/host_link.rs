//! `macvlan_host_link`: a link in the host's namespace that the caller moves to the container.

use std::ffi::{c_char, c_int};
use std::ptr::null;

use ::macvlan_network::HostLink;

use crate::base::boundary::{answer, boundary, free};
use crate::base::mac::{mac_out, put};
use crate::base::object::{Tagged, give, object, out, part, shared};
use crate::base::report::macvlan_error;
use crate::base::text::{Text, Texts, text};
use crate::handle::netns::macvlan_netns;
use crate::network::connect_options::macvlan_connect_options;
use crate::network::lease::{Held, macvlan_lease};
use crate::network::macvlan_network;

/// A link in the host's namespace that the caller moves to a container, and its configuration
/// there. From macvlan_network_create_link(). Freed with macvlan_host_link_free(), which does not
/// delete the link.
///
/// Threads: immutable, so any number of threads may use it at once.
pub struct macvlan_host_link {
    _opaque: (),
}
object!(macvlan_host_link, Created);

pub(crate) struct Created {
    link: HostLink,
    lease: Tagged<Held>,
    name: Text,
    gateways: Texts,
    routes: Texts,
}

impl From<HostLink> for Created {
    fn from(link: HostLink) -> Self {
        let lease = part::<macvlan_lease>(link.lease().clone().into());
        let (gateways, routes) = (Texts::default(), Texts::default());
        Self { link, lease, name: Text::default(), gateways, routes }
    }
}

/// Leases addresses for a container and creates its link in the host's namespace. The link is down
/// and without addresses, for a caller that moves it to the container and configures it there. On a
/// failure nothing is changed. The caller frees the object with macvlan_host_link_free().
///
/// The lease is pending until macvlan_network_bind() or macvlan_networks_reconcile() finds the link
/// in the container's namespace. Until then, macvlan_networks_collect() releases the lease and
/// deletes the link if it is older than macvlan_networks_set_pending_age().
/// macvlan_network_disconnect() deletes the link, also if it was moved back.
///
/// The caller manages addresses and routes in the container: they are not repaired, and the
/// container's default routes lead only through its other networks, unless
/// macvlan_connect_options_set_default_route() is used.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn macvlan_network_create_link(
    network: *const macvlan_network,
    options: *const macvlan_connect_options,
    link: *mut *mut macvlan_host_link,
    error: *mut *mut macvlan_error,
) -> c_int {
    boundary!(error, {
        let link = out!(link);
        give(link, shared!(network).network.create_link(shared!(options))?.into());
    })
}

/// Binds a container's pending lease, by its id, or by "ID/INTERFACE" if it has several, to the
/// namespace to which its link was moved, with the link's name there. A lease that is already bound
/// to it is unchanged.
///
/// `lease` is the lease as bound; the caller frees it with macvlan_lease_free().
#[unsafe(no_mangle)]
pub unsafe extern "C" fn macvlan_network_bind(
    network: *const macvlan_network,
    container: *const c_char,
    netns: *const macvlan_netns,
    lease: *mut *mut macvlan_lease,
    error: *mut *mut macvlan_error,
) -> c_int {
    boundary!(error, {
        let lease = out!(lease);
        let (known, netns) = (shared!(network), shared!(netns));
        give(lease, known.network.bind(text!(container), &netns.netns)?.into());
    })
}

/// Returns the lease, with the addresses for the container. It belongs to the object. NULL if the
/// link is invalid.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn macvlan_host_link_lease(
    link: *const macvlan_host_link,
) -> *const macvlan_lease {
    answer(null(), || Ok(shared!(link).lease.pointer()))
}

/// Returns the link's name in the host's namespace, "mv-" and 12 hexadecimal digits. It belongs to
/// the object. NULL if the link is invalid.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn macvlan_host_link_name(link: *const macvlan_host_link) -> *const c_char {
    answer(null(), || {
        let created = shared!(link);
        Ok(created.name.of(created.link.name()))
    })
}

/// Returns the link's index in the host's namespace; 0 if the link is invalid.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn macvlan_host_link_index(link: *const macvlan_host_link) -> u32 {
    answer(0, || Ok(shared!(link).link.index()))
}

/// Writes the link's MAC address, which it keeps when it is moved. Zeroes if the link is invalid.
/// cbindgen:ptrs-as-arrays=[[mac;6]]
#[unsafe(no_mangle)]
pub unsafe extern "C" fn macvlan_host_link_mac(link: *const macvlan_host_link, mac: *mut u8) {
    answer((), || {
        let mac = mac_out!(mac);
        *mac = [0; 6];
        put(shared!(link).link.mac(), mac);
        Ok(())
    });
}

/// Returns the number of gateways: one of each family that has one, none in an internal network.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn macvlan_host_link_gateway_count(link: *const macvlan_host_link) -> usize {
    answer(0, || Ok(shared!(link).link.gateways().len()))
}

/// Returns one of the gateways, counted from 0. It belongs to the object. NULL past the end.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn macvlan_host_link_gateway(
    link: *const macvlan_host_link,
    index: usize,
) -> *const c_char {
    answer(null(), || {
        let created = shared!(link);
        Ok(created.gateways.of(created.link.gateways(), index))
    })
}

/// Returns the number of routes of the network that lead through the link.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn macvlan_host_link_route_count(link: *const macvlan_host_link) -> usize {
    answer(0, || Ok(shared!(link).link.routes().len()))
}

/// Returns one of these routes, counted from 0, in the format of macvlan_endpoint_add_route(). It
/// belongs to the object. NULL past the end.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn macvlan_host_link_route(
    link: *const macvlan_host_link,
    index: usize,
) -> *const c_char {
    answer(null(), || {
        let created = shared!(link);
        Ok(created.routes.of(created.link.routes(), index))
    })
}

/// Frees the object. NULL is ignored. The link stays.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn macvlan_host_link_free(link: *mut macvlan_host_link) {
    // SAFETY: the header requires that no other thread uses it.
    unsafe { free(link) }
}
