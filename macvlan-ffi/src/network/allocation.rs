//! `macvlan_allocation`: addresses to be leased before the container exists.

use std::ffi::{c_char, c_int};

use ::macvlan_network::Allocation;
use macvlan_core::parse_ip;

use crate::base::boundary::boundary;
use crate::base::input::{Input, input_or_default};
use crate::base::object::{give, out, shared};
use crate::base::optional::{macvlan_opt_bool, macvlan_opt_mac};
use crate::base::record::record;
use crate::base::report::{Failure, macvlan_error};
use crate::base::text::texts_at;
use crate::network::lease::macvlan_lease;
use crate::network::macvlan_network;

/// The addresses to be leased before the container exists, for macvlan_network_allocate(). All
/// zero: one address of each family that the network has.
#[derive(Clone, Copy)]
#[repr(C)]
pub struct macvlan_allocation {
    /// The size of the struct.
    pub size: usize,
    /// Requested addresses, "10.0.10.7". One is chosen of each family without a requested one.
    pub addresses: *const *const c_char,
    /// The number of addresses.
    pub address_count: usize,
    /// The MAC address. Defaults to a derived one, see the mac_from of macvlan_network_config.
    pub mac: macvlan_opt_mac,
    /// True if an IPv4 address is chosen if none is requested. Defaults to true.
    pub ipv4: macvlan_opt_bool,
    /// True if an IPv6 address is chosen if none is requested. Defaults to true.
    pub ipv6: macvlan_opt_bool,
}
record!(macvlan_allocation);

impl Input for macvlan_allocation {
    type Value = Allocation;

    unsafe fn value(&self, argument: &str) -> Result<Allocation, Failure> {
        let name = format!("{argument}.addresses");
        // SAFETY: guaranteed by the caller.
        let addresses = unsafe { texts_at(self.addresses, self.address_count, &name)? };
        let mut allocation = Allocation::new()
            .ipv4(self.ipv4.get().unwrap_or(true))
            .ipv6(self.ipv6.get().unwrap_or(true));
        for address in addresses {
            allocation = allocation.address(parse_ip(address)?);
        }
        if let Some(mac) = self.mac.get()? {
            allocation = allocation.mac(mac);
        }
        Ok(allocation)
    }
}

/// Leases addresses before the container exists, for callers that are asked for an address first. The
/// allocation can be NULL for the defaults.
/// The caller frees `lease` with macvlan_lease_free().
///
/// The lease is pending until a container takes it, by its id (the endpoint of macvlan_lease_info)
/// in macvlan_connect_options, or until it is released by macvlan_network_disconnect() with that id.
/// macvlan_networks_collect() releases one that is pending for longer than
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
        let allocated = shared!(network).value.allocate(&input_or_default!(allocation))?;
        give(lease, allocated.into());
    })
}
