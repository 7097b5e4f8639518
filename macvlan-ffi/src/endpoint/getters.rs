//! What a `macvlan_endpoint` was told, read back.

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

/// Its MAC address. Whether one was set; zeroes if not.
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

/// Its MTU in bytes; 0 if it was not set.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn macvlan_endpoint_mtu(endpoint: *const macvlan_endpoint) -> u32 {
    answer(0, || Ok(shared!(endpoint).endpoint.get_mtu().unwrap_or(0)))
}

/// How many addresses it has.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn macvlan_endpoint_address_count(
    endpoint: *const macvlan_endpoint,
) -> usize {
    answer(0, || Ok(shared!(endpoint).endpoint.get_addresses().len()))
}

/// One of its addresses, counted from 0, as macvlan_endpoint_add_address() takes it. NULL past the end.
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

/// How many gateways it has.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn macvlan_endpoint_gateway_count(
    endpoint: *const macvlan_endpoint,
) -> usize {
    answer(0, || Ok(shared!(endpoint).endpoint.get_gateways().len()))
}

/// One of its gateways, counted from 0. NULL past the end.
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

/// How many routes it has.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn macvlan_endpoint_route_count(endpoint: *const macvlan_endpoint) -> usize {
    answer(0, || Ok(shared!(endpoint).endpoint.get_routes().len()))
}

/// One of its routes, counted from 0, without the default routes of its gateways. NULL past the end.
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

/// How many further names it has.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn macvlan_endpoint_alternative_name_count(
    endpoint: *const macvlan_endpoint,
) -> usize {
    answer(0, || Ok(shared!(endpoint).endpoint.get_alternative_names().len()))
}

/// One of its further names, counted from 0. NULL past the end.
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

/// Its alias; NULL if none was set.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn macvlan_endpoint_alias(
    endpoint: *const macvlan_endpoint,
) -> *const c_char {
    answer(null(), || {
        let described = shared!(endpoint);
        Ok(described.texts.alias.of_some(described.endpoint.get_alias()))
    })
}

/// Whether gateways outside every subnet are taken to be on the link.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn macvlan_endpoint_is_on_link_gateways(
    endpoint: *const macvlan_endpoint,
) -> bool {
    answer(false, || Ok(shared!(endpoint).endpoint.is_on_link_gateways()))
}

/// Returns whether the metric of the gateways' default routes was set, and which.
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

/// Returns whether it takes all multicast frames, 0 or 1; -1 if it was not set.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn macvlan_endpoint_allmulticast(endpoint: *const macvlan_endpoint) -> c_int {
    answer(-1, || Ok(shared!(endpoint).endpoint.get_allmulticast().map_or(-1, c_int::from)))
}

/// Whether it is promiscuous.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn macvlan_endpoint_is_promisc(endpoint: *const macvlan_endpoint) -> bool {
    answer(false, || Ok(shared!(endpoint).endpoint.is_promisc()))
}

/// Whether the container's lo is set up as well.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn macvlan_endpoint_is_lo_up(endpoint: *const macvlan_endpoint) -> bool {
    answer(false, || Ok(shared!(endpoint).endpoint.is_lo_up()))
}

/// Whether the container's default routes are replaced.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn macvlan_endpoint_is_replace_default_route(
    endpoint: *const macvlan_endpoint,
) -> bool {
    answer(false, || Ok(shared!(endpoint).endpoint.is_replace_default_route()))
}

/// The table of its source routing; 0 if none was set.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn macvlan_endpoint_source_routing(endpoint: *const macvlan_endpoint) -> u32 {
    answer(0, || Ok(shared!(endpoint).endpoint.get_source_routing().unwrap_or(0)))
}

/// Its group. Whether one was set.
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

/// Its transmit queue's length in packets. Whether one was set.
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

/// Its numbers of transmit and receive queues. Whether they were set.
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

/// How its IPv6 link-local address is made: one of enum in6_addr_gen_mode, or -1 if it was not set.
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

/// Returns whether the kernel adds addresses of advertised prefixes, 0 or 1; -1 if it was not set.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn macvlan_endpoint_autoconf(endpoint: *const macvlan_endpoint) -> c_int {
    answer(-1, || Ok(shared!(endpoint).endpoint.get_autoconf().map_or(-1, c_int::from)))
}

/// Returns whether the link is without IPv6, 0 or 1; -1 if it was not set.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn macvlan_endpoint_disable_ipv6(endpoint: *const macvlan_endpoint) -> c_int {
    answer(-1, || Ok(shared!(endpoint).endpoint.get_disable_ipv6().map_or(-1, c_int::from)))
}

/// How long to try again, in milliseconds, while somebody else has the MAC address; 0 for not at all.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn macvlan_endpoint_wait_for_mac(endpoint: *const macvlan_endpoint) -> u32 {
    answer(0, || Ok(milliseconds(shared!(endpoint).endpoint.get_wait_for_mac())))
}

/// A copy of how its addresses are asked for, to be freed with macvlan_probe_free(); NULL if they are
/// not.
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

/// A copy of how the neighbours are told of its addresses, to be freed with macvlan_announce_free();
/// NULL if they are not.
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

/// How fast it may send at most, as macvlan_endpoint_set_rate() takes it; NULL if that was not set.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn macvlan_endpoint_rate(endpoint: *const macvlan_endpoint) -> *const c_char {
    answer(null(), || {
        let described = shared!(endpoint);
        Ok(described.texts.rate.of_some(described.endpoint.get_rate()))
    })
}

/// The same in bits a second; 0 if that was not set.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn macvlan_endpoint_rate_bits(endpoint: *const macvlan_endpoint) -> u64 {
    answer(0, || {
        let rate = shared!(endpoint).endpoint.get_rate();
        Ok(rate.map_or(0, |rate| rate.get_bits_per_second()))
    })
}

/// Returns whether attaching it may take longer than the kernel needs: it asks the network for its
/// addresses, announces them several times, or waits for its MAC address. false if the endpoint is none.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn macvlan_endpoint_waits(endpoint: *const macvlan_endpoint) -> bool {
    answer(false, || Ok(shared!(endpoint).endpoint.waits()))
}
