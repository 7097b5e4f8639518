//! What an endpoint was told, read back: for other languages, and for whoever shows or stores it.

use std::net::IpAddr;
use std::time::Duration;

use crate::endpoint::endpoint::{Endpoint, EndpointKind};
use crate::lan::announce::Announce;
use crate::lan::probe::Probe;
use crate::value::address::Address;
use crate::value::link::{AddrGenMode, Macvlan};
use crate::value::mac::MacAddr;
use crate::value::rate::Rate;
use crate::value::route::Route;

impl Endpoint {
    /// The options of a macvlan or macvtap; none for a VLAN.
    pub fn get_options(&self) -> Option<&Macvlan> {
        match &self.kind {
            EndpointKind::Macvlan(options) | EndpointKind::Macvtap(options) => Some(options),
            EndpointKind::Vlan(_) => None,
        }
    }

    /// Its MAC address, if one was given.
    pub fn get_mac(&self) -> Option<MacAddr> {
        self.mac
    }

    /// How long to try again while somebody else has the MAC address.
    pub fn get_wait_for_mac(&self) -> Duration {
        self.mac_patience
    }

    /// Its MTU in bytes, if one was given.
    pub fn get_mtu(&self) -> Option<u32> {
        self.mtu
    }

    /// Its addresses.
    pub fn get_addresses(&self) -> &[Address] {
        &self.addresses
    }

    /// The gateways of its default routes.
    pub fn get_gateways(&self) -> &[IpAddr] {
        &self.gateways
    }

    /// Whether gateways outside every subnet are taken to be on the link.
    pub fn is_on_link_gateways(&self) -> bool {
        self.on_link_gateways
    }

    /// Its routes, without the default routes of its gateways.
    pub fn get_routes(&self) -> &[Route] {
        &self.routes
    }

    /// Whether it is promiscuous.
    pub fn is_promisc(&self) -> bool {
        self.promisc
    }

    /// Whether the container's `lo` is set up as well.
    pub fn is_lo_up(&self) -> bool {
        self.lo_up
    }

    /// Whether the container's default routes are replaced.
    pub fn is_replace_default_route(&self) -> bool {
        self.replace_default_route
    }

    /// The table of its source routing.
    pub fn get_source_routing(&self) -> Option<u32> {
        self.source_routing
    }

    /// Its alias.
    pub fn get_alias(&self) -> Option<&str> {
        self.alias.as_deref()
    }

    /// Its further names.
    pub fn get_alternative_names(&self) -> &[String] {
        &self.alternative_names
    }

    /// Its group, if one was given.
    pub fn get_group(&self) -> Option<u32> {
        self.group
    }

    /// Its transmit queue's length in packets, if one was given.
    pub fn get_tx_queue_len(&self) -> Option<u32> {
        self.tx_queue_len
    }

    /// Its numbers of transmit and receive queues, if they were given.
    pub fn get_queues(&self) -> Option<(u32, u32)> {
        self.queues
    }

    /// How its addresses are asked for before they are used.
    pub fn get_probe(&self) -> Option<Probe> {
        self.probe
    }

    /// How the neighbours are told of its addresses.
    pub fn get_announce(&self) -> Option<Announce> {
        self.announce
    }

    /// How fast it may send at most, if that was said.
    pub fn get_rate(&self) -> Option<Rate> {
        self.rate
    }

    /// How its IPv6 link-local address is made, if that was said.
    pub fn get_addr_gen_mode(&self) -> Option<AddrGenMode> {
        self.addr_gen_mode
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_told_is_read_back() {
        let endpoint = Endpoint::new("eth0", "ens33.100")
            .unwrap()
            .mtu(1400)
            .address("10.0.0.2/24".parse().unwrap())
            .gateway("10.0.0.1".parse().unwrap())
            .route("10.1.0.0/16 via 10.0.0.3".parse().unwrap())
            .alias("a")
            .queues(2, 3);
        assert_eq!(endpoint.get_options(), Some(&Macvlan::default()));
        assert_eq!(endpoint.get_mtu(), Some(1400));
        assert_eq!(endpoint.get_addresses(), ["10.0.0.2/24".parse().unwrap()]);
        assert_eq!(endpoint.get_gateways(), ["10.0.0.1".parse::<IpAddr>().unwrap()]);
        assert_eq!(endpoint.get_routes(), ["10.1.0.0/16 via 10.0.0.3".parse().unwrap()]);
        assert_eq!(endpoint.get_alias(), Some("a"));
        assert_eq!(endpoint.get_queues(), Some((2, 3)));
        assert!(endpoint.is_lo_up() && !endpoint.is_promisc());
        assert_eq!((endpoint.get_mac(), endpoint.get_group()), (None, None));
    }
}
