//! The getters of `macvlan_endpoint`.

use std::ffi::{c_char, c_int};
use std::ptr::null;

use crate::base::boundary::{answer, boundary};
use crate::base::mac::{mac_out, put};
use crate::base::object::{give, out, shared};
use crate::base::report::macvlan_error;
use crate::base::text::milliseconds;
use crate::endpoint::announce::macvlan_announce;
use crate::endpoint::macvlan_endpoint;
use crate::endpoint::probe::macvlan_probe;

/// Writes the MAC address, and returns whether it was set; zeroes if not.
/// cbindgen:ptrs-as-arrays=[[mac;6]]
#[unsafe(no_mangle)]
pub unsafe extern "C" fn macvlan_endpoint_mac(
    endpoint: *const macvlan_endpoint,
    mac: *mut u8,
) -> bool {
    answer(false, || {
        let mac = mac_out!(mac);
        *mac = [0; 6];
        let own = shared!(endpoint).endpoint.get_mac();
        if let Some(own) = own {
            put(own, mac);
        }
        Ok(own.is_some())
    })
}

/// Returns the MTU in bytes; 0 if it was not set.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn macvlan_endpoint_mtu(endpoint: *const macvlan_endpoint) -> u32 {
    answer(0, || Ok(shared!(endpoint).endpoint.get_mtu().unwrap_or(0)))
}

/// Returns the number of addresses.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn macvlan_endpoint_address_count(
    endpoint: *const macvlan_endpoint,
) -> usize {
    answer(0, || Ok(shared!(endpoint).endpoint.get_addresses().len()))
}

/// Returns one of the addresses, counted from 0, in the format of macvlan_endpoint_add_address().
/// NULL past the end.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn macvlan_endpoint_address(
    endpoint: *const macvlan_endpoint,
    index: usize,
) -> *const c_char {
    answer(null(), || {
        let described = shared!(endpoint);
        Ok(described.texts.addresses.of(described.endpoint.get_addresses(), index))
    })
}

/// Returns the number of gateways.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn macvlan_endpoint_gateway_count(
    endpoint: *const macvlan_endpoint,
) -> usize {
    answer(0, || Ok(shared!(endpoint).endpoint.get_gateways().len()))
}

/// Returns one of the gateways, counted from 0. NULL past the end.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn macvlan_endpoint_gateway(
    endpoint: *const macvlan_endpoint,
    index: usize,
) -> *const c_char {
    answer(null(), || {
        let described = shared!(endpoint);
        Ok(described.texts.gateways.of(described.endpoint.get_gateways(), index))
    })
}

/// Returns the number of routes.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn macvlan_endpoint_route_count(endpoint: *const macvlan_endpoint) -> usize {
    answer(0, || Ok(shared!(endpoint).endpoint.get_routes().len()))
}

/// Returns one of the routes, counted from 0, without the gateways' default routes. NULL past the
/// end.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn macvlan_endpoint_route(
    endpoint: *const macvlan_endpoint,
    index: usize,
) -> *const c_char {
    answer(null(), || {
        let described = shared!(endpoint);
        Ok(described.texts.routes.of(described.endpoint.get_routes(), index))
    })
}

/// Returns the number of alternative names.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn macvlan_endpoint_alternative_name_count(
    endpoint: *const macvlan_endpoint,
) -> usize {
    answer(0, || Ok(shared!(endpoint).endpoint.get_alternative_names().len()))
}

/// Returns one of the alternative names, counted from 0. NULL past the end.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn macvlan_endpoint_alternative_name(
    endpoint: *const macvlan_endpoint,
    index: usize,
) -> *const c_char {
    answer(null(), || {
        let described = shared!(endpoint);
        Ok(described.texts.alternative_names.of(described.endpoint.get_alternative_names(), index))
    })
}

/// Returns the alias; NULL if it was not set.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn macvlan_endpoint_alias(
    endpoint: *const macvlan_endpoint,
) -> *const c_char {
    answer(null(), || {
        let described = shared!(endpoint);
        Ok(described.texts.alias.of_some(described.endpoint.get_alias()))
    })
}

/// Returns whether gateways outside all subnets are assumed to be on the link.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn macvlan_endpoint_is_on_link_gateways(
    endpoint: *const macvlan_endpoint,
) -> bool {
    answer(false, || Ok(shared!(endpoint).endpoint.get_on_link_gateways()))
}

/// Writes the metric of the gateways' default routes, and returns whether it was set.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn macvlan_endpoint_gateway_metric(
    endpoint: *const macvlan_endpoint,
    metric: *mut u32,
) -> bool {
    answer(false, || {
        let metric = out!(metric = 0);
        let own = shared!(endpoint).endpoint.get_gateway_metric();
        *metric = own.unwrap_or(0);
        Ok(own.is_some())
    })
}

/// Returns whether the link receives all multicast frames, 0 or 1; -1 if it was not set.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn macvlan_endpoint_allmulticast(endpoint: *const macvlan_endpoint) -> c_int {
    answer(-1, || Ok(shared!(endpoint).endpoint.get_allmulticast().map_or(-1, c_int::from)))
}

/// Returns whether the link is promiscuous.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn macvlan_endpoint_is_promisc(endpoint: *const macvlan_endpoint) -> bool {
    answer(false, || Ok(shared!(endpoint).endpoint.get_promisc()))
}

/// Returns whether the container's lo is set up.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn macvlan_endpoint_is_lo_up(endpoint: *const macvlan_endpoint) -> bool {
    answer(false, || Ok(shared!(endpoint).endpoint.get_lo_up()))
}

/// Returns whether the container's default routes are replaced.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn macvlan_endpoint_is_replace_default_route(
    endpoint: *const macvlan_endpoint,
) -> bool {
    answer(false, || Ok(shared!(endpoint).endpoint.get_replace_default_route()))
}

/// Returns the table of the source routing; 0 if it was not set.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn macvlan_endpoint_source_routing(endpoint: *const macvlan_endpoint) -> u32 {
    answer(0, || Ok(shared!(endpoint).endpoint.get_source_routing().unwrap_or(0)))
}

/// Writes the group, and returns whether it was set.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn macvlan_endpoint_group(
    endpoint: *const macvlan_endpoint,
    group: *mut u32,
) -> bool {
    answer(false, || {
        let group = out!(group = 0);
        let own = shared!(endpoint).endpoint.get_group();
        *group = own.unwrap_or(0);
        Ok(own.is_some())
    })
}

/// Writes the length of the transmit queue in packets, and returns whether it was set.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn macvlan_endpoint_tx_queue_len(
    endpoint: *const macvlan_endpoint,
    packets: *mut u32,
) -> bool {
    answer(false, || {
        let packets = out!(packets = 0);
        let own = shared!(endpoint).endpoint.get_tx_queue_len();
        *packets = own.unwrap_or(0);
        Ok(own.is_some())
    })
}

/// Writes the number of transmit and receive queues, and returns whether they were set.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn macvlan_endpoint_queues(
    endpoint: *const macvlan_endpoint,
    transmit: *mut u32,
    receive: *mut u32,
) -> bool {
    answer(false, || {
        let (transmit, receive) = (out!(transmit = 0), out!(receive = 0));
        let own = shared!(endpoint).endpoint.get_queues();
        (*transmit, *receive) = own.unwrap_or_default();
        Ok(own.is_some())
    })
}

/// Returns how the IPv6 link-local address is made: one of enum in6_addr_gen_mode, or -1 if it was
/// not set.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn macvlan_endpoint_addr_gen_mode(
    endpoint: *const macvlan_endpoint,
) -> c_int {
    answer(-1, || {
        Ok(shared!(endpoint).endpoint.get_addr_gen_mode().map_or(-1, |mode| mode as c_int))
    })
}

/// Returns whether router advertisements are accepted, a value of the sysctl accept_ra; -1 if it was not set.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn macvlan_endpoint_accept_ra(endpoint: *const macvlan_endpoint) -> c_int {
    answer(-1, || {
        Ok(shared!(endpoint).endpoint.get_accept_ra().map_or(-1, |accept| accept as c_int))
    })
}

/// Returns whether addresses are configured from advertised prefixes, 0 or 1; -1 if it was not set.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn macvlan_endpoint_autoconf(endpoint: *const macvlan_endpoint) -> c_int {
    answer(-1, || Ok(shared!(endpoint).endpoint.get_autoconf().map_or(-1, c_int::from)))
}

/// Returns whether IPv6 is disabled on the link, 0 or 1; -1 if it was not set.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn macvlan_endpoint_disable_ipv6(endpoint: *const macvlan_endpoint) -> c_int {
    answer(-1, || Ok(shared!(endpoint).endpoint.get_disable_ipv6().map_or(-1, c_int::from)))
}

/// Returns how long to retry while another link has the MAC address, in milliseconds; 0 if it is
/// not retried.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn macvlan_endpoint_mac_conflict_timeout(
    endpoint: *const macvlan_endpoint,
) -> u32 {
    answer(0, || Ok(milliseconds(shared!(endpoint).endpoint.get_mac_conflict_timeout())))
}

/// Makes a copy of the probe, which the caller frees with macvlan_probe_free(); NULL if addresses
/// are not probed.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn macvlan_endpoint_probe(
    endpoint: *const macvlan_endpoint,
    probe: *mut *mut macvlan_probe,
    error: *mut *mut macvlan_error,
) -> c_int {
    boundary!(error, {
        let probe = out!(probe);
        if let Some(own) = shared!(endpoint).endpoint.get_probe() {
            give(probe, own);
        }
    })
}

/// Makes a copy of the announcements, which the caller frees with macvlan_announce_free(); NULL if
/// addresses are not announced.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn macvlan_endpoint_announce(
    endpoint: *const macvlan_endpoint,
    announce: *mut *mut macvlan_announce,
    error: *mut *mut macvlan_error,
) -> c_int {
    boundary!(error, {
        let announce = out!(announce);
        if let Some(own) = shared!(endpoint).endpoint.get_announce() {
            give(announce, own);
        }
    })
}

/// Returns the rate limit for sent packets, in the format of macvlan_endpoint_set_rate(); NULL if
/// it was not set.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn macvlan_endpoint_rate(endpoint: *const macvlan_endpoint) -> *const c_char {
    answer(null(), || {
        let described = shared!(endpoint);
        Ok(described.texts.rate.of_some(described.endpoint.get_rate()))
    })
}

/// Returns the rate limit in bits per second; 0 if it was not set.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn macvlan_endpoint_rate_bits(endpoint: *const macvlan_endpoint) -> u64 {
    answer(0, || {
        let rate = shared!(endpoint).endpoint.get_rate();
        Ok(rate.map_or(0, |rate| rate.get_bits_per_second()))
    })
}

/// Returns whether an attach may have to wait, as for a probe, repeated announcements or a MAC
/// address in use. false if the endpoint is invalid.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn macvlan_endpoint_waits(endpoint: *const macvlan_endpoint) -> bool {
    answer(false, || Ok(shared!(endpoint).endpoint.waits()))
}
