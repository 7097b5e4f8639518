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
#[allow(clippy::struct_excessive_bools)] // as Docker has them
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
    #[serde(rename = "Subnet")]
    net: String,
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
            words.add("--subnet", &one.net);
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
                [("Subnet", &one.net), ("IPRange", &one.range), ("Gateway", &one.gateway)]
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

#[cfg(test)]
mod tests {
    use super::*;

    /// A network as Docker describes it, with changes.
    fn network(changes: &Value) -> Network {
        let mut value = json!({
            "Name": "net10", "Id": "d46863b74bab", "Created": "2026-11-30T07:53:57.809070651Z",
            "Scope": "local", "Driver": "macvlan", "EnableIPv6": false,
            "IPAM": { "Driver": "default", "Options": {}, "Config": [
                { "Subnet": "10.0.10.0/24", "Gateway": "10.0.10.1" },
            ]},
            "Internal": false, "Attachable": false, "Ingress": false,
            "ConfigFrom": { "Network": "" }, "ConfigOnly": false,
            "Containers": {}, "Options": { "parent": "ens33.10" }, "Labels": {},
        });
        for (key, changed) in changes.as_object().unwrap() {
            value[key] = changed.clone();
        }
        read("the network", &value).unwrap()
    }

    #[track_caller]
    fn has_options(changes: &Value, expected: &str) {
        let mut network = network(changes);
        network.check("lan").unwrap();
        assert_eq!(network.for_plugin(Vec::new()), Vec::<String>::new());
        let options = network.options("lan").join(" ");
        assert_eq!(options, format!("-d lan --ipam-driver lan {expected}"));
    }

    #[test]
    fn networks_have_the_options_of_docker() {
        let v4 = "--subnet 10.0.10.0/24 --gateway 10.0.10.1";
        has_options(&json!({}), &format!("{v4} -o parent=ens33.10"));
        has_options(&json!({ "Internal": true, "Options": {} }), &format!("{v4} --internal"));
        has_options(&json!({ "Options": null, "Labels": null, "Containers": null }), v4);
        // Two subnets of a family, and what containers may not get.
        let two = json!({ "Driver": "default", "Options": null, "Config": [
            { "Subnet": "10.0.10.0/24", "IPRange": "10.0.10.64/26",
              "AuxiliaryAddresses": { "a": "10.0.10.65", "b": "10.0.10.66" } },
            { "Subnet": "10.0.11.0/24" },
        ]});
        has_options(
            &json!({ "IPAM": two, "Labels": { "tier": "web" } }),
            "--subnet 10.0.10.0/24 --ip-range 10.0.10.64/26 --aux-address a=10.0.10.65 \
             --aux-address b=10.0.10.66 --subnet 10.0.11.0/24 -o parent=ens33.10 --label tier=web",
        );
        // IPv6 alone, of Docker 28.
        let v6 =
            json!({ "Driver": "default", "Options": {}, "Config": [{ "Subnet": "fd10::/64" }] });
        has_options(
            &json!({ "EnableIPv4": false, "EnableIPv6": true, "IPAM": v6 }),
            "--subnet fd10::/64 --ipv4=false --ipv6 -o parent=ens33.10",
        );
    }

    #[test]
    fn parts_without_a_counterpart_are_named() {
        let ipam = json!({ "Driver": "dhcp", "Options": { "lease": "1h" },
            "Config": [{ "Subnet": "10.0.10.0/24" }] });
        let mut one = network(&json!({
            "IPAM": ipam, "ConfigFrom": { "Network": "base" },
            "Options": { "parent": "ens33", "host_iface": "x", "macvlan_mode": "vepa" },
        }));
        let left_out = one.for_plugin(vec![("probe".to_owned(), "on".to_owned())]);
        assert_eq!(
            left_out,
            [
                "network option host_iface=x",
                "IPAM driver \"dhcp\"",
                "IPAM option lease=1h",
                "configuration network \"base\"",
            ]
        );
        assert_eq!(
            one.body("new", "lan")["Options"],
            json!({ "parent": "ens33", "macvlan_mode": "vepa", "probe": "on" })
        );
        for (changes, words) in [
            (json!({ "Driver": "lan" }), "it is one of driver \"lan\" already"),
            (json!({ "Driver": "ipvlan" }), "its driver is \"ipvlan\""),
            (json!({ "Scope": "swarm" }), "a network of a swarm"),
            (json!({ "ConfigOnly": true }), "only a configuration"),
            (json!({ "IPAM": { "Config": null } }), "it has no subnet"),
        ] {
            let failure = network(&changes).check("lan").unwrap_err();
            assert!(failure.first_message().contains(words), "{failure:?}");
        }
        let failure = read::<Network>("the network", &json!({ "Name": 1 })).unwrap_err();
        assert!(failure.first_message().starts_with("cannot read the network of Docker: "));
    }

    fn container(name: &str, networks: &Value) -> Container {
        let value = json!({
            "Id": format!("{name}0123456789abcdef"), "Name": format!("/{name}"),
            "Config": { "MacAddress": "02:00:00:00:00:01" }, "HostConfig": { "NetworkMode": "net10" },
            "NetworkSettings": { "Networks": networks },
        });
        read("a container", &value).unwrap()
    }

    #[test]
    fn containers_are_connected_as_they_were() {
        let running = json!({ "net10": {
            "IPAMConfig": { "IPv4Address": "10.0.10.7", "LinkLocalIPs": ["169.254.1.7"] },
            "Links": ["db:database"], "Aliases": ["www", "web012345678"],
            "MacAddress": "02:42:0a:00:0a:07", "NetworkID": "d46863b74bab",
            "IPAddress": "10.0.10.7", "GlobalIPv6Address": "fd10::7",
            "DriverOpts": { "com.docker.network.endpoint.ifname": "lan0", "colour": "red" },
            "GwPriority": 3,
        }});
        // It was created with Docker 20.10 and does not run.
        let stopped = json!({ "net10": {
            "IPAMConfig": null, "Links": null, "Aliases": null, "NetworkID": "", "EndpointID": "",
            "IPAddress": "", "GlobalIPv6Address": "", "MacAddress": "", "DriverOpts": null,
        }});
        let other = json!({ "bridge": { "NetworkID": "77", "IPAddress": "172.17.0.2" } });
        let net10 = network(&json!({ "Containers": {
            "web0123456789abcdef": { "Name": "web", "MacAddress": "02:42:0a:00:0a:07",
                "IPv4Address": "10.0.10.7/24", "IPv6Address": "" },
            "ffff": { "Name": "cache", "MacAddress": "02:42:0a:00:0a:09",
                "IPv4Address": "10.0.10.9/24", "IPv6Address": "fd10::9/64" },
        }}));
        let containers =
            [container("web", &running), container("stopped", &stopped), container("x", &other)];
        assert!(net10.has_undescribed(&containers));
        let endpoints = net10.endpoints(&containers);
        let names: Vec<&str> = endpoints.iter().map(|one| one.container.as_str()).collect();
        assert_eq!(names, ["cache", "stopped", "web"]);
        let options = |one: &Endpoint| {
            let (to_be, left_out) = one.for_plugin();
            (to_be.options().join(" "), left_out)
        };
        let mac = "--driver-opt com.docker.network.endpoint.macaddress=02:";
        assert_eq!(
            options(&endpoints[0]),
            (format!("--ip 10.0.10.9 --ip6 fd10::9 {mac}42:0a:00:0a:09"), Vec::new())
        );
        assert_eq!(options(&endpoints[1]), (format!("{mac}00:00:00:00:01"), Vec::new()));
        assert_eq!(
            options(&endpoints[2]),
            (
                format!(
                    "--ip 10.0.10.7 --ip6 fd10::7 --link-local-ip 169.254.1.7 --alias www --link \
                     db:database --driver-opt com.docker.network.endpoint.ifname=lan0 {mac}42:0a:00:0a:07 \
                     --gw-priority 3"
                ),
                vec!["option colour=red of container \"web\"".to_owned()]
            )
        );
        assert_eq!(
            endpoints[2].config(),
            json!({
                "IPAMConfig": { "IPv4Address": "10.0.10.7", "IPv6Address": "fd10::7",
                    "LinkLocalIPs": ["169.254.1.7"] },
                "MacAddress": "02:42:0a:00:0a:07", "Aliases": ["www"], "Links": ["db:database"],
                "DriverOpts": { "com.docker.network.endpoint.ifname": "lan0", "colour": "red" },
                "GwPriority": 3,
            })
        );
        let own: Vec<_> = endpoints.iter().map(Endpoint::mac_of_its_own).collect();
        assert_eq!(own, [None, Some("02:00:00:00:00:01"), None]);
    }
}
