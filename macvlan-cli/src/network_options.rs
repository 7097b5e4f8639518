//! Options of a network that a container runtime gives to its plugin, `network create -o KEY=VALUE`.

use std::collections::BTreeMap;
use std::net::IpAddr;

use macvlan_core::{Announce, Mode};
use macvlan_network::{NetworkConfig, Subnet};

use crate::driver_option::{self, Value};
use crate::failure::{Done, Failure};
use crate::subnet_options::SubnetOptions;
use crate::value::{self, pair};

/// Options by name.
pub(crate) type Options = BTreeMap<String, String>;

/// The option that lets the host and its containers reach each other.
const ACCESS: &str = "access";

/// The options of a network.
pub(crate) struct NetworkOptions {
    /// True if the subnets have gateways.
    pub(crate) gateway: bool,
    /// True if default routes may lead through the network.
    pub(crate) default_route: bool,
    /// The announcement of containers' addresses.
    pub(crate) announce: Option<Announce>,
    /// True if the host and its containers reach each other.
    pub(crate) access: bool,
    subnets: SubnetOptions,
}

impl NetworkOptions {
    /// Reads the options of a network, with a configuration without subnets.
    ///
    /// An unknown option is refused by its name.
    pub(crate) fn read(name: &str, options: Option<&Options>) -> Done<(Self, NetworkConfig)> {
        let mut config = NetworkConfig::new(name);
        let subnets = SubnetOptions::default();
        let mut all =
            Self { gateway: true, default_route: true, announce: None, access: false, subnets };
        for (key, value) in options.into_iter().flatten() {
            let one = Value { key, value };
            match key.as_str() {
                "gateway" if value == "none" => all.gateway = false,
                "gateway" => return Err(one.refused("expected none; give an address by --gateway")),
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

    /// Refuses options that would have no effect in the network.
    pub(crate) fn check(&self, config: &NetworkConfig) -> Done {
        let why = match (config.get_parent(), config.get_mode()) {
            (None, _) => "the network has no parent",
            (_, Mode::Private) => "the host reaches no container in mode private",
            (_, Mode::Passthru) => "the host has no link on a parent in mode passthru",
            _ if config.get_without_addresses() => "its containers have no addresses",
            _ => return Ok(()),
        };
        if self.access {
            return Err(Value { key: ACCESS, value: "on" }.refused(why));
        }
        Ok(())
    }

    /// Refuses a gateway that the user has given beside the option that there is none.
    pub(crate) fn check_gateway(&self, given: Option<IpAddr>) -> Done {
        match given {
            Some(gateway) if !self.gateway => Err(Value { key: "gateway", value: "none" }
                .refused(format!("the gateway {gateway} is given; leave one of them out"))),
            _ => Ok(()),
        }
    }

    /// Applies the options to the subnets.
    pub(crate) fn with_subnets(&self, subnets: Vec<Subnet>) -> Done<Vec<Subnet>> {
        self.subnets.apply(subnets)
    }
}

/// Returns whether a network has access, even if other options are not valid.
pub(crate) fn has_access(options: Option<&Options>) -> bool {
    let access = options.and_then(|options| options.get(ACCESS));
    access.is_some_and(|value| Value { key: ACCESS, value }.switch().unwrap_or(false))
}

/// Returns the error for an option that does not exist.
pub(crate) fn unknown(option: Value<'_>, of: &str) -> Failure {
    option.refused(format!("not an option of {of}"))
}
