//! The options that describe a network.

use std::time::Duration;

use clap::Args;
use macvlan_core::{AcceptRa, Mode, Parent, Route};
use macvlan_network::{MacFrom, NetworkConfig, Order};

use crate::driver_option;
use crate::endpoint::kind::MODES;
use crate::endpoint::on_demand::OnDemandOptions;
use crate::failure::{Done, Failure};
use crate::subnet_options::SubnetOptions;
use crate::value::{self, set};

/// The description of a network; what is not given keeps its value when a network is changed.
#[derive(Args)]
pub(super) struct NetworkOptions {
    /// The link of the host that the interfaces are on; without one the network is isolated
    #[arg(long)]
    parent: Option<Parent>,
    #[command(flatten)]
    on_demand: OnDemandOptions,
    /// The mode of the macvlans [default: bridge]
    #[arg(short, long, value_parser = value::words::<Mode>(MODES))]
    mode: Option<Mode>,
    /// Leave interfaces without addresses, for DHCP or router advertisements
    #[arg(long, conflicts_with_all = ["subnet", "gateway", "ip_range", "exclude", "aux_address", "on_link_gateway"])]
    without_addresses: bool,
    /// Choose an IPv6 subnet too
    #[arg(long, value_name = "on|off", num_args = 0..=1, require_equals = true, default_missing_value = "on", value_parser = value::switch())]
    ipv6: Option<bool>,
    /// No default route through the network
    #[arg(long, value_name = "on|off", num_args = 0..=1, require_equals = true, default_missing_value = "on", value_parser = value::switch())]
    internal: Option<bool>,
    /// The MTU of the interfaces [default: the parent's]
    #[arg(long, value_name = "BYTES")]
    mtu: Option<u32>,
    /// A route of each container, as for `ip route` (repeatable)
    #[arg(long)]
    route: Vec<Route>,
    /// The metric of the default routes
    #[arg(long, value_name = "NUMBER")]
    metric: Option<u32>,
    /// Disable IPv6 on the interfaces
    #[arg(long, value_name = "on|off", num_args = 0..=1, require_equals = true, default_missing_value = "on", value_parser = value::switch())]
    disable_ipv6: Option<bool>,
    /// Accept router advertisements [default: never]
    #[arg(long, value_name = "WHEN", value_parser = value::words::<AcceptRa>(&["never", "unless-forwarding", "always"]))]
    accept_ra: Option<AcceptRa>,
    /// Leave the containers' own IPv6 sysctls unchanged
    #[arg(long, value_name = "on|off", num_args = 0..=1, require_equals = true, default_missing_value = "on", value_parser = value::switch())]
    leave_ipv6: Option<bool>,
    /// Receive all multicast frames
    #[arg(long, value_name = "on|off", num_args = 0..=1, require_equals = true, default_missing_value = "on", value_parser = value::switch())]
    allmulticast: Option<bool>,
    /// Which free address is given [default: first]
    #[arg(long, value_parser = value::choice(Order::ALL, &["first", "next", "random"]))]
    order: Option<Order>,
    /// The source of MAC addresses [default: address]
    #[arg(long, value_name = "SOURCE", value_parser = value::choice(MacFrom::ALL, &["address", "container"]))]
    mac_from: Option<MacFrom>,
    /// Skip addresses that another host on the LAN has
    #[arg(long, value_name = "on|off", num_args = 0..=1, require_equals = true, default_missing_value = "on", value_parser = value::switch())]
    probe: Option<bool>,
    /// Leave the kernel's duplicate address detection on
    #[arg(long, value_name = "on|off", num_args = 0..=1, require_equals = true, default_missing_value = "on", value_parser = value::switch())]
    duplicate_detection: Option<bool>,
    /// The number of addresses that a host takes at a time, if many share the network
    #[arg(long, value_name = "NUMBER")]
    block_size: Option<u32>,
    /// Give a released address to another container during this time only if no other is left
    #[arg(long, value_name = "TIME", value_parser = value::duration)]
    reservation_ttl: Option<Duration>,
    /// An option of Docker's driver, such as parent=ens33; unknown ones are only shown
    #[arg(short = 'o', long = "opt", alias = "option", value_name = "KEY=VALUE", value_parser = value::pair)]
    option: Vec<(String, String)>,
    /// A label (repeatable)
    #[arg(long, value_name = "KEY=VALUE", value_parser = value::pair)]
    label: Vec<(String, String)>,
    /// Only macvlan, as for `docker network create`
    #[arg(short, long, value_parser = ["macvlan"], hide = true)]
    driver: Option<String>,
    // Last, because its heading is that of all options that follow.
    #[command(flatten)]
    subnets: SubnetOptions,
}

impl NetworkOptions {
    /// Returns the configuration of a new network.
    pub(super) fn config(self, name: &str) -> Done<NetworkConfig> {
        self.change(NetworkConfig::new(name))
    }

    /// Returns a configuration with these changes.
    ///
    /// Lists replace the old ones. What has a name or a key is added, or replaces the one with the
    /// same.
    pub(super) fn change(self, mut config: NetworkConfig) -> Done<NetworkConfig> {
        let had = if self.without_addresses { Vec::new() } else { config.get_subnets().to_vec() };
        let is_bare = config.get_without_addresses() && !self.subnets.is_given();
        let subnets = self.subnets.apply(had)?;
        config = subnets.into_iter().fold(config.clear_subnets(), NetworkConfig::subnet);
        if self.without_addresses || is_bare {
            config = config.without_addresses();
        }
        if !self.route.is_empty() {
            config = config.clear_routes();
        }
        config = self.route.into_iter().fold(config, NetworkConfig::route);
        for (key, value) in self.label {
            config = config.label(key, value);
        }
        for (key, value) in &self.option {
            config = match driver_option::apply(&config, key, value)? {
                Some(changed) => changed,
                None => config.option(key, value),
            };
        }
        set!(
            config,
            parent = self.parent,
            mode = self.mode,
            ipv6 = self.ipv6,
            internal = self.internal,
            mtu = self.mtu,
            metric = self.metric,
            disable_ipv6 = self.disable_ipv6,
            accept_ra = self.accept_ra,
            leave_ipv6 = self.leave_ipv6,
            allmulticast = self.allmulticast,
            order = self.order,
            mac_from = self.mac_from,
            probe = self.probe,
            duplicate_detection = self.duplicate_detection,
            block_size = self.block_size,
            reservation_ttl = self.reservation_ttl,
        );
        for (key, value) in &self.option {
            let applied = driver_option::apply(&config, key, value)?;
            if applied.is_some_and(|applied| applied != config) {
                let why = "another option says otherwise; give one of them";
                return Err(Failure::usage(format!("cannot use option {key}={value}: {why}")));
            }
        }
        if self.on_demand.is_given() {
            let Some(parent) = config.get_parent() else {
                return Err(Failure::usage(
                    "cannot use --parent-protocol and --parent-name: the parent is missing; give --parent",
                ));
            };
            let parent = self.on_demand.apply(parent.clone())?;
            config = config.parent(parent);
        }
        Ok(config)
    }
}
