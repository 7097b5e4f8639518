//! `macvlan_allocation`: addresses to be leased before the container exists.

use std::ffi::{c_char, c_int};

use ::macvlan_network::Allocation;
use macvlan_core::parse_ip;

use crate::base::boundary::{boundary, free};
use crate::base::mac::mac;
use crate::base::object::{exclusive, give, object, out, shared};
use crate::base::report::macvlan_error;
use crate::base::text::text;
use crate::network::lease::macvlan_lease;
use crate::network::macvlan_network;

/// The addresses to be leased before the container exists: a value, for macvlan_network_allocate().
/// Freed with macvlan_allocation_free().
///
/// Threads: concurrent reads are safe; a change needs exclusive access.
pub struct macvlan_allocation {
    _opaque: (),
}
object!(macvlan_allocation, Allocation);

/// Makes an allocation of one address of each family that the network has. The caller frees it with
/// macvlan_allocation_free().
#[unsafe(no_mangle)]
pub unsafe extern "C" fn macvlan_allocation_new(
    allocation: *mut *mut macvlan_allocation,
    error: *mut *mut macvlan_error,
) -> c_int {
    boundary!(error, {
        let allocation = out!(allocation);
        give(allocation, Allocation::new());
    })
}

/// Adds a requested address, "10.0.10.7". One is chosen of each family without a requested one.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn macvlan_allocation_add_address(
    allocation: *mut macvlan_allocation,
    address: *const c_char,
    error: *mut *mut macvlan_error,
) -> c_int {
    boundary!(error, {
        let allocation = exclusive!(allocation);
        *allocation = allocation.clone().address(parse_ip(text!(address))?);
    })
}

/// Sets whether an IPv4 and whether an IPv6 address is chosen if none is requested. Both default to
/// true.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn macvlan_allocation_set_families(
    allocation: *mut macvlan_allocation,
    ipv4: bool,
    ipv6: bool,
    error: *mut *mut macvlan_error,
) -> c_int {
    boundary!(error, {
        let allocation = exclusive!(allocation);
        *allocation = allocation.clone().ipv4(ipv4).ipv6(ipv6);
    })
}

/// Sets the MAC address. Defaults to a derived one, see macvlan_network_config_set_mac_from().
/// cbindgen:ptrs-as-arrays=[[mac;6]]
#[unsafe(no_mangle)]
pub unsafe extern "C" fn macvlan_allocation_set_mac(
    allocation: *mut macvlan_allocation,
    mac: *const u8,
    error: *mut *mut macvlan_error,
) -> c_int {
    boundary!(error, {
        let allocation = exclusive!(allocation);
        *allocation = allocation.clone().mac(mac!(mac));
    })
}

/// Leases addresses before the container exists, for callers that are asked for an address first.
/// The caller frees `lease` with macvlan_lease_free().
///
/// The lease is pending until a container takes it, by its id (macvlan_lease_endpoint()) in
/// macvlan_connect_options_take(), or until it is released by macvlan_network_disconnect() with
/// that id. macvlan_networks_collect() releases one that is pending for longer than
/// macvlan_networks_set_pending_age(), or since another boot.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn macvlan_network_allocate(
    network: *const macvlan_network,
    allocation: *const macvlan_allocation,
    lease: *mut *mut macvlan_lease,
    error: *mut *mut macvlan_error,
) -> c_int {
    boundary!(error, {
        let lease = out!(lease);
        let allocated = shared!(network).network.allocate(shared!(allocation))?;
        give(lease, allocated.into());
    })
}

/// Frees an allocation. NULL is ignored. Leased addresses stay leased.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn macvlan_allocation_free(allocation: *mut macvlan_allocation) {
    // SAFETY: the header requires that no other thread uses it.
    unsafe { free(allocation) }
}
