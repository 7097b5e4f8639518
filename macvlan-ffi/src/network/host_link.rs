//! `macvlan_host_link`: a link in the host's namespace that the caller moves to the container.

use std::ffi::{c_char, c_int};
use std::ptr::null;

use ::macvlan_network::HostLink;

use crate::base::boundary::{answer, boundary, free};
use crate::base::input::input;
use crate::base::object::{give, object, out, shared};
use crate::base::record::record;
use crate::base::report::macvlan_error;
use crate::base::text::text;
use crate::base::view::{Arena, Output, View};
use crate::handle::netns::macvlan_netns;
use crate::network::connect_options::macvlan_connect_options;
use crate::network::lease::macvlan_lease;
use crate::network::macvlan_network;

/// A link in the host's namespace that the caller moves to a container, and its configuration
/// there. From macvlan_network_create_link(). Freed with macvlan_host_link_free(), which does not
/// delete the link.
///
/// Threads: immutable, so any number of threads may use it at once.
pub struct macvlan_host_link {
    _opaque: (),
}
object!(macvlan_host_link, View<HostLink>);

/// The contents of a link in the host's namespace.
#[derive(Clone, Copy)]
#[repr(C)]
pub struct macvlan_host_link_info {
    /// The size of the struct.
    pub size: usize,
    /// The lease, with the addresses for the container.
    pub lease: *const macvlan_lease,
    /// The link's name in the host's namespace, "mv-" and 12 hexadecimal digits.
    pub name: *const c_char,
    /// The gateways: one of each family that has one, none in an internal network.
    pub gateways: *const *const c_char,
    /// The number of gateways.
    pub gateway_count: usize,
    /// The routes of the network that lead through the link, in the format of
    /// macvlan_endpoint_add_route().
    pub routes: *const *const c_char,
    /// The number of routes.
    pub route_count: usize,
    /// The link's index in the host's namespace.
    pub index: u32,
    /// The link's MAC address, which it keeps when it is moved.
    pub mac: [u8; 6],
}
record!(macvlan_host_link_info);

impl Output for HostLink {
    type Record = macvlan_host_link_info;

    fn record(&self, arena: &mut Arena) -> macvlan_host_link_info {
        let (gateways, gateway_count) = arena.texts(self.gateways());
        let (routes, route_count) = arena.texts(self.routes());
        macvlan_host_link_info {
            lease: arena.object_of(Some(self.lease().clone().into())),
            name: arena.text(self.name()),
            gateways,
            gateway_count,
            routes,
            route_count,
            index: self.index(),
            mac: self.mac().octets(),
            ..macvlan_host_link_info::new()
        }
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
/// default_route is set in macvlan_connect_options.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn macvlan_network_create_link(
    network: *const macvlan_network,
    options: *const macvlan_connect_options,
    link: *mut *mut macvlan_host_link,
    error: *mut *mut macvlan_error,
) -> c_int {
    boundary!(error, {
        let link = out!(link);
        give(link, shared!(network).value.create_link(&input!(options))?.into());
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
        give(lease, known.value.bind(text!(container), &netns.netns)?.into());
    })
}

/// Returns the link's contents, which belong to the object. NULL if the link is invalid.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn macvlan_host_link_get(
    link: *const macvlan_host_link,
) -> *const macvlan_host_link_info {
    answer(null(), || Ok(shared!(link).record()))
}

/// Frees the object. NULL is ignored. The link stays.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn macvlan_host_link_free(link: *mut macvlan_host_link) {
    // SAFETY: the header requires that no other thread uses it.
    unsafe { free(link) }
}
