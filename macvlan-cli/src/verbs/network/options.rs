//! The options that describe a network.

use std::time::Duration;

use clap::Args;
use macvlan_core::{AcceptRa, Mode, Parent, Route};
use macvlan_network::{MacFrom, NetworkConfig, Order, Subnet};

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
    #[command(flatten)]
    subnets: SubnetOptions,
    /// The mode of the macvlans [default: bridge]
    #[arg(short, long, value_parser = value::words::<Mode>(MODES))]
    mode: Option<Mode>,
    /// Leave interfaces without addresses, for DHCP or router advertisements
    #[arg(long)]
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
    #[arg(long, value_parser = value::choice(MacFrom::ALL, &["address", "container"]))]
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
    /// Reserve a released address for its container for this time
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
}

impl NetworkOptions {
    /// Returns the configuration of a new network.
    pub(super) fn config(self, name: &str) -> Done<NetworkConfig> {
        self.apply(NetworkConfig::new(name), Vec::new())
    }

    /// Returns a configuration with these changes. Lists that are given replace the old ones.
    pub(super) fn change(self, old: &NetworkConfig) -> Done<NetworkConfig> {
        let mut config = NetworkConfig::new(old.get_name())
            .mode(old.get_mode())
            .ipv6(old.get_ipv6())
            .internal(old.get_internal())
            .leave_ipv6(old.get_leave_ipv6())
            .order(old.get_order())
            .mac_from(old.get_mac_from())
            .probe(old.get_probe())
            .duplicate_detection(old.get_duplicate_detection())
            .reservation_ttl(old.get_reservation_ttl());
        set!(
            config,
            parent = old.get_parent(),
            mtu = old.get_mtu(),
            metric = old.get_metric(),
            disable_ipv6 = old.get_disable_ipv6(),
            accept_ra = old.get_accept_ra(),
            allmulticast = old.get_allmulticast(),
            block_size = old.get_block_size(),
        );
        if old.get_without_addresses() && !self.subnets.is_given() {
            config = config.without_addresses();
        }
        if self.route.is_empty() {
            config = old.get_routes().iter().copied().fold(config, NetworkConfig::route);
        }
        for (key, value) in old.get_options() {
            config = config.option(key, value);
        }
        for (key, value) in old.get_labels() {
            config = config.label(key, value);
        }
        let subnets = if self.without_addresses { Vec::new() } else { old.get_subnets().to_vec() };
        self.apply(config, subnets)
    }

    /// Applies the options to a configuration without subnets, and to the subnets that it had.
    fn apply(self, mut config: NetworkConfig, subnets: Vec<Subnet>) -> Done<NetworkConfig> {
        for (key, value) in self.option {
            config = match driver_option::apply(&config, &key, &value)? {
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
        if self.on_demand.is_given() {
            let Some(parent) = config.get_parent() else {
                return Err(Failure::usage(
                    "--parent-protocol and --parent-name are for a parent such as ens33.100",
                ));
            };
            let parent = self.on_demand.apply(parent.clone())?;
            config = config.parent(parent);
        }
        if self.without_addresses {
            config = config.without_addresses();
        }
        config = self.route.into_iter().fold(config, NetworkConfig::route);
        for (key, value) in self.label {
            config = config.label(key, value);
        }
        let subnets = self.subnets.apply(subnets)?;
        Ok(subnets.into_iter().fold(config, NetworkConfig::subnet))
    }
}
