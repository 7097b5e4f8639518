//! The lists of a network that can be emptied.

use clap::ValueEnum;
use macvlan_network::{NetworkConfig, Subnet};

/// A list, named as the option that adds to it.
#[derive(Clone, Copy, PartialEq, ValueEnum)]
pub(super) enum List {
    Route,
    Opt,
    Label,
    IpRange,
    Exclude,
    AuxAddress,
}

/// Returns a configuration with these lists emptied.
pub(super) fn clear(config: NetworkConfig, lists: &[List]) -> NetworkConfig {
    lists.iter().fold(config, |config, list| match list {
        List::Route => config.clear_routes(),
        List::Opt => config.clear_options(),
        List::Label => config.clear_labels(),
        List::IpRange => in_subnets(config, Subnet::clear_ranges),
        List::Exclude => in_subnets(config, Subnet::clear_excluded),
        List::AuxAddress => in_subnets(config, Subnet::clear_reserved),
    })
}

fn in_subnets(config: NetworkConfig, clear: fn(Subnet) -> Subnet) -> NetworkConfig {
    let subnets: Vec<Subnet> = config.get_subnets().iter().cloned().map(clear).collect();
    if subnets.is_empty() {
        // Also without addresses, which clear_subnets would undo.
        return config;
    }
    subnets.into_iter().fold(config.clear_subnets(), NetworkConfig::subnet)
}
