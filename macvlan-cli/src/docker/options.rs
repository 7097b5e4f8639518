//! Options of a network, `docker network create -o`, and of an endpoint.

use std::time::Duration;

use macvlan_core::{LinkName, MacAddr, Route, RouteKind};
use macvlan_network::NetworkConfig;
use serde_json::{Map, Value};

use crate::docker::PREFIX;
use crate::driver_option;
use crate::failure::{Done, Failure};
use crate::network_options::{NetworkOptions, Options, unknown};
use crate::value::duration;

/// The key of Docker's requests with the options of the user.
const GENERIC: &str = "com.docker.network.generic";
/// The time for which an address is kept, if none is said.
const KEEP: Duration = Duration::from_secs(30 * 24 * 3600);
/// The beginning of the options that Docker itself adds to an endpoint.
const DOCKERS: &str = "com.docker.network.";

/// The options of a network.
pub(super) struct DockerOptions {
    /// The options that all plugins have.
    pub(super) shared: NetworkOptions,
    /// The network's name in the store, if it is not to be chosen.
    pub(super) name: Option<String>,
    /// True if links are made inside the containers.
    pub(super) direct: bool,
}

impl DockerOptions {
    /// Reads the options, with a configuration without subnets.
    ///
    /// An unknown option is refused by its name, as is one that has no effect because Docker sets
    /// the interface up.
    pub(super) fn read(name: &str, options: &Options) -> Done<(Self, NetworkConfig)> {
        let (mut its, mut direct, mut keep) = (None, false, Duration::ZERO);
        let (mut routes, mut rest) = (Vec::new(), Options::new());
        for (key, value) in options {
            let one = driver_option::Value { key, value };
            match key.as_str() {
                "name" => its = Some(value.clone()),
                "direct" => direct = one.switch()?,
                "keep" => {
                    keep = match one.switch() {
                        Ok(true) => KEEP,
                        Ok(false) => Duration::ZERO,
                        Err(_) => one.with(duration)?,
                    }
                }
                "routes" => routes = one.list(route)?,
                "metric"
                | "disable_ipv6"
                | "accept_ra"
                | "leave_ipv6"
                | "allmulticast"
                | "duplicate_detection"
                | "reservation_ttl" => {
                    return Err(one.refused("Docker itself configures the container's interface"));
                }
                _ => drop(rest.insert(key.clone(), value.clone())),
            }
        }
        let name = its.as_deref().unwrap_or(name);
        let (shared, config) = NetworkOptions::read(name, Some(&rest))?;
        let config = config.reservation_ttl(keep);
        let config = routes.into_iter().fold(config, NetworkConfig::route);
        Ok((Self { shared, name: its, direct }, config))
    }

    /// Reads the options of a network that was created with them.
    pub(super) fn of(config: &NetworkConfig) -> Done<Self> {
        let mut options = config.get_options().clone();
        options.retain(|key, _| !key.starts_with(NETWORK));
        Ok(Self::read(config.get_name(), &options)?.0)
    }
}

/// The option of a network in the store for each network of Docker, with the pools of that.
pub(super) const NETWORK: &str = "docker:";

/// Returns the options of the user in a request.
pub(super) fn given(all: &Map<String, Value>) -> Done<Options> {
    match all.get(GENERIC) {
        None | Some(Value::Null) => Ok(Options::new()),
        Some(options) => serde_json::from_value(options.clone())
            .map_err(|error| Failure::usage(format!("cannot read the options: {error}"))),
    }
}

/// Parses a route that Docker can add: without more than its gateway.
fn route(text: &str) -> Result<Route, String> {
    let route: Route = text.parse().map_err(|error: macvlan_core::Error| error.to_string())?;
    let plain = Route::new(route.get_destination()).map_err(|error| error.to_string())?;
    let plain = route.get_gateway().into_iter().fold(plain, Route::gateway);
    if route != plain || route.get_kind() != RouteKind::Unicast {
        return Err(format!(
            "{text}: Docker adds routes in the form DESTINATION [via GATEWAY] only"
        ));
    }
    Ok(route)
}

/// The option of an endpoint with its MAC address. Docker itself takes one only for a container that
/// it creates, and leaves it out of a later connection.
const MAC: &str = "com.docker.network.endpoint.macaddress";

/// The option of an endpoint with sysctls, which Docker itself sets for an interface that it knows.
const SYSCTLS: &str = "com.docker.network.endpoint.sysctls";

/// The options of an endpoint, `--network name=NAME,driver-opt=KEY=VALUE`.
#[derive(Debug, Default)]
pub(super) struct EndpointOptions {
    /// The interface's name.
    pub(super) interface: Option<LinkName>,
    /// The MAC address: the user's, or Docker's own in another form, which it has said already.
    mac: Option<String>,
    sysctls: Option<String>,
}

impl EndpointOptions {
    /// Returns the MAC address that the user has given, if Docker has said none.
    pub(super) fn mac(&self) -> Done<Option<MacAddr>> {
        let parse = |value: &String| driver_option::Value { key: MAC, value }.parsed();
        self.mac.as_ref().map(parse).transpose()
    }

    /// Refuses an option that only has an effect on an interface that Docker moves.
    pub(super) fn refuse_of_moved(&self) -> Done {
        match &self.sysctls {
            Some(value) => Err(driver_option::Value { key: SYSCTLS, value }
                .refused("Docker does not know an interface that is made inside, with direct=on")),
            None => Ok(()),
        }
    }

    /// Reads the options of the user among those that Docker adds itself.
    pub(super) fn read(all: &Map<String, Value>) -> Done<Self> {
        let mut options = Self::default();
        for (key, value) in all {
            let text = value.as_str().unwrap_or_default();
            let one = driver_option::Value { key, value: text };
            match key.as_str() {
                "com.docker.network.endpoint.ifname" if text == PREFIX => {
                    return Err(one.refused("Docker numbers interfaces of this name; add a number"));
                }
                "com.docker.network.endpoint.ifname" => options.interface = Some(one.parsed()?),
                MAC => options.mac = Some(text.to_owned()),
                SYSCTLS => options.sysctls = Some(text.to_owned()),
                // A text is the user's, as all of `driver-opt` are.
                _ if key.starts_with(DOCKERS) && !value.is_string() => {}
                _ => return Err(unknown(one, "an endpoint")),
            }
        }
        Ok(options)
    }
}
