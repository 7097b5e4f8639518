//! `macvlan network reserve`.

use std::net::IpAddr;

use clap::Args;
use macvlan_core::{MacAddr, parse_ip};
use macvlan_network::Allocation;

use crate::failure::Done;
use crate::output::texts;
use crate::value::{self, set};
use crate::verbs::network::context::Context;
use crate::verbs::network::describe::lease;

/// Lease addresses for a container that does not exist yet; it takes them by `connect --take`.
///
/// `collect`, `reconcile` and the agent release them if no container takes them within ten minutes,
/// or before the next boot.
#[derive(Args)]
pub(super) struct Reserve {
    /// The network's name or id
    network: String,
    /// An address to request (repeatable)
    #[arg(long, visible_alias = "ip6", value_name = "IP", value_parser = parse_ip::<IpAddr>)]
    ip: Vec<IpAddr>,
    /// Choose an IPv4 address if none is requested [default: on]
    #[arg(long, value_name = "on|off", value_parser = value::switch())]
    ipv4: Option<bool>,
    /// Choose an IPv6 address if none is requested [default: on]
    #[arg(long, value_name = "on|off", value_parser = value::switch())]
    ipv6: Option<bool>,
    /// The MAC address
    #[arg(long, visible_alias = "mac", value_name = "MAC")]
    mac_address: Option<MacAddr>,
}

impl Reserve {
    pub(super) fn run(self, context: &Context<'_>) -> Done {
        let network = context.networks.network(&self.network)?;
        let mut allocation = self.ip.into_iter().fold(Allocation::new(), Allocation::address);
        set!(allocation, ipv4 = self.ipv4, ipv6 = self.ipv6, mac = self.mac_address);
        let reserved = network.allocate(&allocation)?;
        let addresses = texts(&reserved.addresses).join(" ");
        context.session.print(
            || format!("{} {addresses}", reserved.container),
            || lease(&reserved, network.name()),
        )
    }
}
