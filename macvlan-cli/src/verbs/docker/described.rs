//! Networks and containers as Docker describes them, `docker inspect`.

use std::collections::BTreeMap;
use std::fmt::Debug;
use std::net::IpAddr;

use serde::{Deserialize, Deserializer};
use serde_json::{Map, Value, json};

use crate::failure::{Done, Failure};

/// Texts by their names.
type Texts = BTreeMap<String, String>;

/// The options of a network of Docker's driver that the plugin has.
const OPTIONS: [&str; 3] = ["parent", "macvlan_mode", "com.docker.network.driver.mtu"];
/// The option of an endpoint with its MAC address. Docker itself takes one only for a container that
/// it creates, and leaves it out of a later connection.
const MAC: &str = "com.docker.network.endpoint.macaddress";
/// The options of an endpoint that are not a driver's own begin so.
const DOCKERS: &str = "com.docker.network.";

/// A network.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct Network {
    pub(super) name: String,
    pub(super) id: String,
    driver: String,
    #[serde(default, deserialize_with = "plain")]
    scope: String,
    /// Since Docker 28.
    #[serde(rename = "EnableIPv4")]
    v4: Option<bool>,
    #[serde(rename = "EnableIPv6", default)]
    v6: bool,
    #[serde(rename = "IPAM")]
    ipam: Ipam,
    #[serde(default)]
    internal: bool,
    #[serde(default)]
    attachable: bool,
    #[serde(default, deserialize_with = "plain")]
    config_from: ConfigFrom,
    #[serde(default)]
    config_only: bool,
    /// The running containers, by their ids.
    #[serde(default, deserialize_with = "plain")]
    containers: BTreeMap<String, Running>,
    #[serde(default, deserialize_with = "plain")]
    options: Texts,
    #[serde(default, deserialize_with = "plain")]
    labels: Texts,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Ipam {
    #[serde(default, deserialize_with = "plain")]
    driver: String,
    #[serde(default, deserialize_with = "plain")]
    options: Texts,
    #[serde(default, deserialize_with = "plain")]
    config: Vec<Subnet>,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Subnet {
    subnet: String,
    #[serde(rename = "IPRange", default, deserialize_with = "plain")]
    range: String,
    #[serde(default, deserialize_with = "plain")]
    gateway: String,
    #[serde(default, deserialize_with = "plain")]
    auxiliary_addresses: Texts,
}

#[derive(Debug, Clone, Default, Deserialize)]
#[serde(rename_all = "PascalCase")]
struct ConfigFrom {
    #[serde(default, deserialize_with = "plain")]
    network: String,
}

/// A running container, as its network has it.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Running {
    name: String,
    #[serde(default, deserialize_with = "plain")]
    mac_address: String,
    #[serde(rename = "IPv4Address", default, deserialize_with = "plain")]
    v4: String,
    #[serde(rename = "IPv6Address", default, deserialize_with = "plain")]
    v6: String,
}

/// A container, of which only its networks are read.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct Container {
    id: String,
    name: String,
    network_settings: Networks,
    #[serde(default, deserialize_with = "plain")]
    config: ContainerConfig,
    #[serde(default, deserialize_with = "plain")]
    host_config: HostConfig,
}

#[derive(Debug, Clone, Default, Deserialize)]
#[serde(rename_all = "PascalCase")]
struct ContainerConfig {
    /// Before Docker 25, that of the network with which the container was created.
    #[serde(default, deserialize_with = "plain")]
    mac_address: String,
}

#[derive(Debug, Clone, Default, Deserialize)]
#[serde(rename_all = "PascalCase")]
struct HostConfig {
    #[serde(default, deserialize_with = "plain")]
    network_mode: String,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Networks {
    #[serde(default, deserialize_with = "plain")]
    networks: BTreeMap<String, Settings>,
}

/// A container's settings in a network.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
struct Settings {
    #[serde(rename = "NetworkID", deserialize_with = "plain")]
    network_id: String,
    #[serde(rename = "IPAMConfig", deserialize_with = "plain")]
    ipam: Fixed,
    #[serde(deserialize_with = "plain")]
    links: Vec<String>,
    #[serde(deserialize_with = "plain")]
    aliases: Vec<String>,
    #[serde(deserialize_with = "plain")]
    mac_address: String,
    #[serde(rename = "IPAddress", deserialize_with = "plain")]
    v4: String,
    #[serde(rename = "GlobalIPv6Address", deserialize_with = "plain")]
    v6: String,
    #[serde(deserialize_with = "plain")]
    driver_opts: Texts,
    #[serde(deserialize_with = "plain")]
    gw_priority: i64,
}

/// The addresses that were asked for.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
struct Fixed {
    #[serde(rename = "IPv4Address", deserialize_with = "plain")]
    v4: String,
    #[serde(rename = "IPv6Address", deserialize_with = "plain")]
    v6: String,
    #[serde(rename = "LinkLocalIPs", deserialize_with = "plain")]
    link_local: Vec<String>,
}

/// A container in a network, as it is connected.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Endpoint {
    /// The container's name.
    pub(super) container: String,
    v4: Option<IpAddr>,
    v6: Option<IpAddr>,
    mac: Option<String>,
    link_local: Vec<String>,
    aliases: Vec<String>,
    links: Vec<String>,
    driver_opts: Texts,
    gw_priority: i64,
}

/// Reads a field that may also be null.
fn plain<'de, D: Deserializer<'de>, T: Deserialize<'de> + Default>(from: D) -> Result<T, D::Error> {
    Ok(Option::deserialize(from)?.unwrap_or_default())
}

/// Reads an object of Docker's.
pub(super) fn read<T: for<'de> Deserialize<'de>>(what: &str, value: &Value) -> Done<T> {
    T::deserialize(value)
        .map_err(|error| Failure::usage(format!("cannot read {what} of Docker: {error}")))
}

impl Network {
    /// Refuses a network that cannot be moved.
    pub(super) fn check(&self, driver: &str) -> Done {
        let why = if self.driver == driver {
            format!("it is one of driver {driver:?} already")
        } else if self.driver != "macvlan" {
            format!("its driver is {:?}, not \"macvlan\"", self.driver)
        } else if self.scope == "swarm" {
            "it is a network of a swarm, which Docker manages; create it on each node".to_owned()
        } else if self.config_only {
            "it is only a configuration for networks of a swarm".to_owned()
        } else if self.ipam.config.is_empty() {
            "it has no subnet".to_owned()
        } else {
            return Ok(());
        };
        Err(Failure::usage(format!("cannot migrate network {:?}: {why}", self.name)))
    }

    /// Turns it into a network of the plugin, with further options; returns the parts for which that
    /// has no counterpart.
    pub(super) fn for_plugin(&mut self, further: Vec<(String, String)>) -> Vec<String> {
        let mut all = Vec::new();
        self.options.retain(|key, value| {
            let stays = OPTIONS.contains(&key.as_str());
            if !stays {
                all.push(format!("network option {key}={value}"));
            }
            stays
        });
        self.options.extend(further);
        if !matches!(self.ipam.driver.as_str(), "" | "default") {
            all.push(format!("IPAM driver {:?}", self.ipam.driver));
        }
        for (key, value) in &self.ipam.options {
            all.push(format!("IPAM option {key}={value}"));
        }
        if !self.config_from.network.is_empty() {
            all.push(format!("configuration network {:?}", self.config_from.network));
        }
        all
    }

    /// Returns the options of `docker network create`.
    pub(super) fn options(&self, driver: &str) -> Vec<String> {
        let mut words = Words::default();
        words.add("-d", driver);
        words.add("--ipam-driver", driver);
        for one in &self.ipam.config {
            words.add("--subnet", &one.subnet);
            words.add("--gateway", &one.gateway);
            words.add("--ip-range", &one.range);
            for (name, ip) in &one.auxiliary_addresses {
                words.add("--aux-address", &format!("{name}={ip}"));
            }
        }
        let switches = [
            ("--ipv4=false", self.v4 == Some(false)),
            ("--ipv6", self.v6),
            ("--internal", self.internal),
            ("--attachable", self.attachable),
        ];
        words.0.extend(switches.iter().filter(|one| one.1).map(|one| one.0.to_owned()));
        for (key, value) in &self.options {
            words.add("-o", &format!("{key}={value}"));
        }
        for (key, value) in &self.labels {
            words.add("--label", &format!("{key}={value}"));
        }
        words.0
    }

    /// Returns the body of the request to create it.
    pub(super) fn body(&self, name: &str, driver: &str) -> Value {
        let subnet = |one: &Subnet| {
            let mut object = Map::new();
            for (key, value) in
                [("Subnet", &one.subnet), ("IPRange", &one.range), ("Gateway", &one.gateway)]
            {
                if !value.is_empty() {
                    object.insert(key.to_owned(), json!(value));
                }
            }
            if !one.auxiliary_addresses.is_empty() {
                object.insert("AuxiliaryAddresses".to_owned(), json!(one.auxiliary_addresses));
            }
            Value::Object(object)
        };
        let config: Vec<Value> = self.ipam.config.iter().map(subnet).collect();
        let mut body = json!({
            "Name": name, "Driver": driver, "CheckDuplicate": true, "EnableIPv6": self.v6,
            "Internal": self.internal, "Attachable": self.attachable,
            "IPAM": { "Driver": driver, "Config": config },
            "Options": self.options, "Labels": self.labels,
        });
        if self.v4 == Some(false) {
            body["EnableIPv4"] = json!(false);
        }
        body
    }

    /// Returns the containers in the network, ordered by name: those that are described, and the
    /// running ones that are not.
    pub(super) fn endpoints(&self, containers: &[Container]) -> Vec<Endpoint> {
        let described = containers.iter().filter_map(|one| {
            let is_ours = |(name, settings): &(&String, &Settings)| {
                **name == self.name || (settings.network_id == self.id && !self.id.is_empty())
            };
            let (_, settings) = one.network_settings.networks.iter().find(is_ours)?;
            Some(settings.endpoint(one, one.host_config.network_mode == self.name))
        });
        let is_described = |id: &String| containers.iter().any(|one| one.id == *id);
        let running = self.containers.iter().filter(|(id, _)| !is_described(id));
        let mut all: Vec<Endpoint> =
            described.chain(running.map(|(_, running)| running.endpoint())).collect();
        all.sort_unstable_by(|one, other| one.container.cmp(&other.container));
        all
    }

    /// Returns whether a container that runs is not described.
    pub(super) fn has_undescribed(&self, containers: &[Container]) -> bool {
        self.containers.keys().any(|id| !containers.iter().any(|one| one.id == *id))
    }
}

impl Running {
    fn endpoint(&self) -> Endpoint {
        Endpoint {
            container: self.name.clone(),
            v4: address(&self.v4),
            v6: address(&self.v6),
            mac: given(&self.mac_address),
            ..Endpoint::default()
        }
    }
}

impl Settings {
    /// Returns the endpoint: as it is if the container runs, else as it was asked for.
    fn endpoint(&self, container: &Container, is_first: bool) -> Endpoint {
        // Docker before 25 adds the beginning of the id.
        let is_name = |alias: &&String| !container.id.starts_with(alias.as_str());
        let of_container = given(&container.config.mac_address).filter(|_| is_first);
        Endpoint {
            container: container.name.trim_start_matches('/').to_owned(),
            v4: address(&self.v4).or_else(|| address(&self.ipam.v4)),
            v6: address(&self.v6).or_else(|| address(&self.ipam.v6)),
            mac: given(&self.mac_address).or(of_container),
            link_local: self.ipam.link_local.clone(),
            aliases: self.aliases.iter().filter(is_name).cloned().collect(),
            links: self.links.clone(),
            driver_opts: self.driver_opts.clone(),
            gw_priority: self.gw_priority,
        }
    }
}

impl Endpoint {
    /// Returns it for the plugin, and the options for which that has no counterpart.
    pub(super) fn for_plugin(&self) -> (Self, Vec<String>) {
        let mut endpoint = self.clone();
        endpoint.driver_opts.retain(|key, _| key.starts_with(DOCKERS));
        if let Some(mac) = &self.mac {
            endpoint.driver_opts.insert(MAC.to_owned(), mac.clone());
        }
        let left_out = self.driver_opts.iter().filter(|(key, _)| !key.starts_with(DOCKERS));
        let name = |(key, value)| format!("option {key}={value} of container {:?}", self.container);
        (endpoint, left_out.map(name).collect())
    }

    /// Returns the MAC address, unless Docker derives it from the IPv4 address.
    pub(super) fn mac_of_its_own(&self) -> Option<&str> {
        let derived = match self.v4 {
            Some(IpAddr::V4(ip)) => {
                let [a, b, c, d] = ip.octets();
                format!("02:42:{a:02x}:{b:02x}:{c:02x}:{d:02x}")
            }
            _ => String::new(),
        };
        self.mac.as_deref().filter(|mac| *mac != derived)
    }

    /// Returns the options of `docker network connect`.
    pub(super) fn options(&self) -> Vec<String> {
        let mut words = Words::default();
        let text = |ip: Option<IpAddr>| ip.map(|ip| ip.to_string()).unwrap_or_default();
        words.add("--ip", &text(self.v4));
        words.add("--ip6", &text(self.v6));
        for (option, values) in [
            ("--link-local-ip", &self.link_local),
            ("--alias", &self.aliases),
            ("--link", &self.links),
        ] {
            for value in values {
                words.add(option, value);
            }
        }
        for (key, value) in &self.driver_opts {
            words.add("--driver-opt", &format!("{key}={value}"));
        }
        if self.gw_priority != 0 {
            words.add("--gw-priority", &self.gw_priority.to_string());
        }
        words.0
    }

    /// Returns the settings for the request to connect it.
    pub(super) fn config(&self) -> Value {
        let mut ipam = Map::new();
        for (key, ip) in [("IPv4Address", self.v4), ("IPv6Address", self.v6)] {
            ip.map(|ip| ipam.insert(key.to_owned(), json!(ip.to_string())));
        }
        if !self.link_local.is_empty() {
            ipam.insert("LinkLocalIPs".to_owned(), json!(self.link_local));
        }
        let mut config = json!({ "IPAMConfig": ipam });
        let further = [
            ("MacAddress", json!(self.mac), self.mac.is_some()),
            ("Aliases", json!(self.aliases), !self.aliases.is_empty()),
            ("Links", json!(self.links), !self.links.is_empty()),
            ("DriverOpts", json!(self.driver_opts), !self.driver_opts.is_empty()),
            ("GwPriority", json!(self.gw_priority), self.gw_priority != 0),
        ];
        for (key, value, is_given) in further {
            if is_given {
                config[key] = value;
            }
        }
        config
    }
}

/// Options for a command, without those that have no value.
#[derive(Default)]
struct Words(Vec<String>);

impl Words {
    fn add(&mut self, option: &str, value: &str) {
        if !value.is_empty() {
            self.0.extend([option.to_owned(), value.to_owned()]);
        }
    }
}

/// Parses an address, which may have a prefix length.
fn address(text: &str) -> Option<IpAddr> {
    text.split('/').next()?.parse().ok()
}

fn given(text: &str) -> Option<String> {
    Some(text.to_owned()).filter(|text| !text.is_empty())
}
