//! Options of a container in a network.

use std::net::IpAddr;

use macvlan_core::parse_ip;
use macvlan_network::ConnectOptions;

use crate::driver_option::Value;
use crate::failure::Done;
use crate::network_options::{Options, unknown};

/// Applies the options of a container in a network, `podman run --network NAME:KEY=VALUE`.
pub(super) fn of_container(
    mut config: ConnectOptions,
    options: Option<&Options>,
) -> Done<ConnectOptions> {
    for (key, value) in options.into_iter().flatten() {
        let one = Value { key, value };
        config = match key.as_str() {
            "gw_priority" => config.gw_priority(one.parsed()?),
            "default_route" => config.default_route(one.switch()?),
            "replace_default_route" => config.replace_default_route(one.switch()?),
            "link_local_ip" => {
                let ips = one.list(parse_ip::<IpAddr>)?.into_iter();
                ips.fold(config, ConnectOptions::link_local_address)
            }
            _ => return Err(unknown(one, "a container")),
        };
    }
    Ok(config)
}
