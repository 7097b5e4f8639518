//! `macvlan_endpoint_info`: all options of an endpoint.

use std::ffi::c_char;
use std::ptr::null;

use macvlan_core::Endpoint;

use crate::base::boundary::answer;
use crate::base::object::shared;
use crate::base::optional::{Bool, macvlan_opt_bool, macvlan_opt_mac, macvlan_opt_u32};
use crate::base::record::record;
use crate::base::text::milliseconds;
use crate::base::view::{Arena, Output};
use crate::endpoint::announce::macvlan_announce;
use crate::endpoint::macvlan_endpoint;
use crate::endpoint::probe::macvlan_probe;
use crate::value::options::macvlan_options;
use crate::value::parent::macvlan_parent;
use crate::value::vlan::macvlan_vlan_options;

/// All options of an endpoint. A value that is not set, NULL or 0 is the default of its setter.
#[derive(Clone, Copy)]
#[repr(C)]
pub struct macvlan_endpoint_info {
    /// The size of the struct.
    pub size: usize,
    /// The name in the container.
    pub name: *const c_char,
    /// The kernel's name for the kind of link: "macvlan", "macvtap" or "vlan".
    pub kind: *const c_char,
    /// The parent on the host, as text.
    pub parent: *const c_char,
    /// The parent with all options.
    pub parent_options: *const macvlan_parent,
    /// The options of a macvlan or macvtap; NULL for a VLAN.
    pub options: *const macvlan_options,
    /// The options of a VLAN; NULL for other kinds.
    pub vlan: *const macvlan_vlan_options,
    /// The addresses, in the format of macvlan_endpoint_add_address().
    pub addresses: *const *const c_char,
    /// The number of addresses.
    pub address_count: usize,
    /// The gateways.
    pub gateways: *const *const c_char,
    /// The number of gateways.
    pub gateway_count: usize,
    /// The routes, without the gateways' default routes.
    pub routes: *const *const c_char,
    /// The number of routes.
    pub route_count: usize,
    /// The alternative names.
    pub alternative_names: *const *const c_char,
    /// The number of alternative names.
    pub alternative_name_count: usize,
    /// The alias.
    pub alias: *const c_char,
    /// The rate limit for sent packets, in the format of macvlan_endpoint_set_rate().
    pub rate: *const c_char,
    /// The rate limit in bits per second.
    pub rate_bits: u64,
    /// The probe; NULL if addresses are not probed.
    pub probe: *const macvlan_probe,
    /// The announcements; NULL if addresses are not announced.
    pub announce: *const macvlan_announce,
    /// The MTU in bytes.
    pub mtu: u32,
    /// The table of the source routing.
    pub source_routing: u32,
    /// The metric of the gateways' default routes.
    pub gateway_metric: macvlan_opt_u32,
    /// The link group.
    pub group: macvlan_opt_u32,
    /// The length of the transmit queue in packets.
    pub tx_queue_len: macvlan_opt_u32,
    /// The number of transmit queues.
    pub tx_queues: macvlan_opt_u32,
    /// The number of receive queues.
    pub rx_queues: macvlan_opt_u32,
    /// Generation of the IPv6 link-local address: one of enum in6_addr_gen_mode.
    pub addr_gen_mode: macvlan_opt_u32,
    /// Acceptance of router advertisements: a value of the sysctl accept_ra.
    pub accept_ra: macvlan_opt_u32,
    /// The time to retry while another link has the MAC address, in milliseconds.
    pub mac_conflict_timeout_ms: u32,
    /// The MAC address.
    pub mac: macvlan_opt_mac,
    /// True if addresses are configured from advertised prefixes.
    pub autoconf: macvlan_opt_bool,
    /// True if IPv6 is disabled on the link.
    pub disable_ipv6: macvlan_opt_bool,
    /// True if the link receives all multicast frames.
    pub allmulticast: macvlan_opt_bool,
    /// True if the link is promiscuous.
    pub promisc: Bool,
    /// True if the container's lo is set up.
    pub lo_up: Bool,
    /// True if the container's default routes are replaced.
    pub replace_default_route: Bool,
    /// True if gateways outside all subnets are assumed to be on the link.
    pub on_link_gateways: Bool,
    /// True if an attach may have to wait, as for a probe, repeated announcements or a MAC address
    /// in use.
    pub waits: Bool,
}
record!(macvlan_endpoint_info);

impl Output for Endpoint {
    type Record = macvlan_endpoint_info;

    fn record(&self, arena: &mut Arena) -> macvlan_endpoint_info {
        let (addresses, address_count) = arena.texts(self.get_addresses());
        let (gateways, gateway_count) = arena.texts(self.get_gateways());
        let (routes, route_count) = arena.texts(self.get_routes());
        let (alternative_names, alternative_name_count) = arena.texts(self.get_alternative_names());
        let (tx_queues, rx_queues) = self.get_queues().unzip();
        macvlan_endpoint_info {
            name: arena.text(self.get_name()),
            kind: arena.text(self.get_kind().as_str()),
            parent: arena.text(self.get_parent()),
            parent_options: arena.part(self.get_parent()),
            options: arena.part_of(self.get_kind().macvlan().ok()),
            vlan: arena.part_of(self.get_kind().vlan().ok()),
            addresses,
            address_count,
            gateways,
            gateway_count,
            routes,
            route_count,
            alternative_names,
            alternative_name_count,
            alias: arena.text_of(self.get_alias()),
            rate: arena.text_of(self.get_rate()),
            rate_bits: self.get_rate().map_or(0, |rate| rate.get_bits_per_second()),
            probe: arena.part_of(self.get_probe().as_ref()),
            announce: arena.part_of(self.get_announce().as_ref()),
            mtu: self.get_mtu().unwrap_or(0),
            source_routing: self.get_source_routing().unwrap_or(0),
            gateway_metric: self.get_gateway_metric().into(),
            group: self.get_group().into(),
            tx_queue_len: self.get_tx_queue_len().into(),
            tx_queues: tx_queues.into(),
            rx_queues: rx_queues.into(),
            addr_gen_mode: self.get_addr_gen_mode().map(|mode| mode as u32).into(),
            accept_ra: self.get_accept_ra().map(|accept| accept as u32).into(),
            mac_conflict_timeout_ms: milliseconds(self.get_mac_conflict_timeout()),
            mac: self.get_mac().into(),
            autoconf: self.get_autoconf().into(),
            disable_ipv6: self.get_disable_ipv6().into(),
            allmulticast: self.get_allmulticast().into(),
            promisc: self.get_promisc().into(),
            lo_up: self.get_lo_up().into(),
            replace_default_route: self.get_replace_default_route().into(),
            on_link_gateways: self.get_on_link_gateways().into(),
            waits: self.waits().into(),
            ..macvlan_endpoint_info::new()
        }
    }
}

/// Returns the endpoint's options, which belong to it until it is changed or freed. NULL if the
/// endpoint is invalid.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn macvlan_endpoint_get(
    endpoint: *const macvlan_endpoint,
) -> *const macvlan_endpoint_info {
    answer(null(), || Ok(shared!(endpoint).record()))
}
