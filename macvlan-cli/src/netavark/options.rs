//! Options of a network, `podman network create -o`, and of a container in it.

use std::net::IpAddr;

use macvlan_core::{Announce, parse_ip};
use macvlan_network::{ConnectOptions, NetworkConfig, Subnet};

use crate::driver_option::{self, Value};
use crate::failure::{Done, Failure};
use crate::netavark::request::Options;
use crate::subnet_options::SubnetOptions;
use crate::value::{self, pair};

/// The option that lets the host and its containers reach each other.
const ACCESS: &str = "access";

/// The options of a network.
pub(super) struct NetworkOptions {
    /// True if the subnets have gateways.
    pub(super) gateway: bool,
    /// True if default routes may lead through the network.
    pub(super) default_route: bool,
    /// The announcement of containers' addresses.
    pub(super) announce: Option<Announce>,
    /// True if the host and its containers reach each other.
    pub(super) access: bool,
    subnets: SubnetOptions,
}

impl NetworkOptions {
    /// Reads the options of a network, with a configuration without subnets.
    ///
    /// An unknown option is refused by its name.
    pub(super) fn read(name: &str, options: Option<&Options>) -> Done<(Self, NetworkConfig)> {
        let mut config = NetworkConfig::new(name);
        let subnets = SubnetOptions::default();
        let mut all =
            Self { gateway: true, default_route: true, announce: None, access: false, subnets };
        for (key, value) in options.into_iter().flatten() {
            let one = Value { key, value };
            match key.as_str() {
                "gateway" if value == "none" => all.gateway = false,
                "gateway" => return Err(one.refused("only none is possible; use --gateway")),
                "no_default_route" => all.default_route = !one.switch()?,
                "announce" => all.announce = Some(one.with(value::announce)?),
                ACCESS => all.access = one.switch()?,
                "on_link_gateway" => all.subnets.on_link_gateway = one.switch()?,
                "exclude" => all.subnets.exclude = one.list(str::parse)?,
                "aux_address" => all.subnets.aux_address = one.list(pair)?,
                _ => {
                    let changed = driver_option::apply(&config, key, value)?;
                    config = changed.ok_or_else(|| unknown(one, "a network"))?;
                }
            }
        }
        Ok((all, config))
    }

    /// Applies the options to the subnets.
    pub(super) fn with_subnets(&self, subnets: Vec<Subnet>) -> Done<Vec<Subnet>> {
        self.subnets.apply(subnets)
    }
}

/// Returns whether a network has access, even if other options are not valid.
pub(super) fn has_access(options: Option<&Options>) -> bool {
    let access = options.and_then(|options| options.get(ACCESS));
    access.is_some_and(|value| Value { key: ACCESS, value }.switch().unwrap_or(false))
}

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

fn unknown(option: Value<'_>, of: &str) -> Failure {
    option.refused(format!("{of} has no option {:?}", option.key))
}
