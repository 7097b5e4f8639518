//! The options of an endpoint's addresses and routes.

use std::net::IpAddr;

use clap::Args;
use macvlan_core::{AcceptRa, AddrGenMode, Announce, Assignment, Endpoint, Probe, Route, parse_ip};

use crate::value::{self, set};

/// Options of addresses and routes.
#[derive(Args)]
#[command(next_help_heading = "Address and route options")]
pub(super) struct AddressOptions {
    /// The gateway of the default route (once per family)
    #[arg(long, value_name = "IP", value_parser = parse_ip::<IpAddr>)]
    gateway: Vec<IpAddr>,
    /// Allow gateways outside of all subnets, which are assumed to be on the link
    #[arg(long)]
    on_link_gateways: bool,
    /// The metric of the default routes
    #[arg(long, value_name = "NUMBER")]
    gateway_metric: Option<u32>,
    /// A further route, as for `ip route`: "10.1.0.0/16 via 10.0.0.3" (repeatable)
    #[arg(long)]
    route: Vec<Route>,
    /// Replace the container's default routes
    #[arg(short, long, conflicts_with = "source_routing")]
    replace_default_route: bool,
    /// A table for the packets from the interface's addresses, in place of default routes
    #[arg(long, value_name = "TABLE")]
    source_routing: Option<u32>,
    /// Probe the addresses before they are used: quick or rfc[,count=N][,wait=TIME]...
    #[arg(long, value_parser = value::probe)]
    probe: Option<Probe>,
    /// Announce the addresses to the neighbours: once or rfc[,count=N][,interval=TIME]
    #[arg(long, value_parser = value::announce)]
    announce: Option<Announce>,
    /// The generation mode of the IPv6 link-local address
    #[arg(long, alias = "addr-gen-mode", value_name = "MODE", value_parser = value::words::<AddrGenMode>(&["eui64", "none", "stable_secret", "random"]))]
    addrgenmode: Option<AddrGenMode>,
    /// Accept router advertisements
    #[arg(long, value_name = "WHEN", value_parser = value::words::<AcceptRa>(&["never", "unless-forwarding", "always"]))]
    accept_ra: Option<AcceptRa>,
    /// Make addresses from advertised prefixes
    #[arg(long, value_name = "on|off", value_parser = value::switch())]
    autoconf: Option<bool>,
    /// Disable IPv6 on the interface
    #[arg(long, value_name = "on|off", num_args = 0..=1, require_equals = true, default_missing_value = "on", value_parser = value::switch())]
    disable_ipv6: Option<bool>,
}

impl AddressOptions {
    pub(super) fn apply(
        &self,
        all: impl Iterator<Item = Assignment>,
        endpoint: Endpoint,
    ) -> Endpoint {
        let mut endpoint = all
            .fold(endpoint, Endpoint::assignment)
            .on_link_gateways(self.on_link_gateways)
            .replace_default_route(self.replace_default_route);
        set!(
            endpoint,
            gateway_metric = self.gateway_metric,
            source_routing = self.source_routing,
            probe = self.probe,
            announce = self.announce,
            addr_gen_mode = self.addrgenmode,
            accept_ra = self.accept_ra,
            autoconf = self.autoconf,
            disable_ipv6 = self.disable_ipv6,
        );
        endpoint = self.gateway.iter().copied().fold(endpoint, Endpoint::gateway);
        self.route.iter().copied().fold(endpoint, Endpoint::route)
    }
}
