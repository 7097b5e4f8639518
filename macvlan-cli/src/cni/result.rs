//! The result of ADD, in the form of each version.

use std::net::IpAddr;

use ipnet::IpNet;
use serde::Deserialize;
use serde_json::{Map, Value, json};

use crate::cni::error::{Code, Error, Result};
use crate::cni::version::Version;
use crate::value::MAIN_TABLE;

/// The interfaces, addresses and routes of an attachment.
#[derive(Debug, Clone, Default, PartialEq)]
pub(super) struct Answer {
    pub(super) interfaces: Vec<Interface>,
    pub(super) ips: Vec<Ip>,
    pub(super) routes: Vec<RouteTo>,
    /// The DNS configuration, which nothing here looks into.
    pub(super) dns: Option<Value>,
}

#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Interface {
    pub(super) name: String,
    pub(super) mac: Option<String>,
    pub(super) mtu: Option<u32>,
    pub(super) sandbox: Option<String>,
    socket_path: Option<String>,
    #[serde(rename = "pciID")]
    pci_id: Option<String>,
}

#[derive(Debug, Clone, PartialEq, Deserialize)]
pub(super) struct Ip {
    pub(super) address: IpNet,
    pub(super) gateway: Option<IpAddr>,
    /// The place of its interface in the list.
    pub(super) interface: Option<usize>,
}

#[derive(Debug, Clone, PartialEq, Deserialize)]
pub(super) struct RouteTo {
    pub(super) dst: IpNet,
    pub(super) gw: Option<IpAddr>,
    pub(super) mtu: Option<u32>,
    pub(super) advmss: Option<u32>,
    pub(super) priority: Option<u32>,
    pub(super) table: Option<u32>,
    pub(super) scope: Option<u8>,
}

/// A result of version 0.3.0 or later.
#[derive(Default, Deserialize)]
struct Current {
    interfaces: Option<Vec<Interface>>,
    ips: Option<Vec<Ip>>,
    routes: Option<Vec<RouteTo>>,
    dns: Option<Value>,
}

/// A result of version 0.1.0 or 0.2.0: at most one address of each family.
#[derive(Default, Deserialize)]
struct Legacy {
    ip4: Option<LegacyIp>,
    ip6: Option<LegacyIp>,
    dns: Option<Value>,
}

#[derive(Deserialize)]
struct LegacyIp {
    ip: IpNet,
    gateway: Option<IpAddr>,
    routes: Option<Vec<RouteTo>>,
}

impl Interface {
    pub(super) fn new(name: &str, mac: String, mtu: Option<u32>, sandbox: &str) -> Self {
        let (mac, sandbox) = (Some(mac), Some(sandbox.to_owned()));
        Self { name: name.to_owned(), mac, mtu, sandbox, ..Self::default() }
    }

    fn json(self, version: Version) -> Value {
        let mut json = Map::new();
        json.insert("name".to_owned(), self.name.into());
        put(&mut json, "mac", self.mac);
        put(&mut json, "sandbox", self.sandbox);
        if version >= Version::V1_1_0 {
            put(&mut json, "mtu", self.mtu);
            put(&mut json, "socketPath", self.socket_path);
            put(&mut json, "pciID", self.pci_id);
        }
        json.into()
    }
}

impl Ip {
    fn json(self, version: Version) -> Value {
        let mut json = Map::new();
        if version < Version::V1_0_0 {
            let family = if self.address.addr().is_ipv4() { "4" } else { "6" };
            json.insert("version".to_owned(), family.into());
        }
        json.insert("address".to_owned(), self.address.to_string().into());
        put(&mut json, "gateway", self.gateway.map(|gateway| gateway.to_string()));
        put(&mut json, "interface", self.interface);
        json.into()
    }
}

impl RouteTo {
    pub(super) fn new(dst: IpNet, gw: Option<IpAddr>) -> Self {
        Self { dst, gw, mtu: None, advmss: None, priority: None, table: None, scope: None }
    }

    /// Returns whether it is a route that the kernel adds with an address of these, and no more.
    pub(super) fn is_connected(&self, nets: impl IntoIterator<Item = IpNet>) -> bool {
        let table = self.table.filter(|table| *table != MAIN_TABLE);
        Self { table, ..self.clone() } == Self::new(self.dst, None)
            && nets.into_iter().any(|net| net.trunc() == self.dst.trunc())
    }

    fn json(self, version: Version) -> Value {
        let mut json = Map::new();
        json.insert("dst".to_owned(), self.dst.to_string().into());
        put(&mut json, "gw", self.gw.map(|gateway| gateway.to_string()));
        if version >= Version::V1_1_0 {
            put(&mut json, "mtu", self.mtu);
            put(&mut json, "advmss", self.advmss);
            put(&mut json, "priority", self.priority);
            put(&mut json, "table", self.table);
            put(&mut json, "scope", self.scope);
        }
        json.into()
    }
}

fn put(json: &mut Map<String, Value>, key: &str, value: Option<impl Into<Value>>) {
    if let Some(value) = value {
        json.insert(key.to_owned(), value.into());
    }
}

impl Answer {
    /// Reads a result of a version: `prevResult`, or what a delegated plugin printed.
    pub(super) fn parse(json: &Value, version: Version, what: &str) -> Result<Self> {
        // An older plugin may answer in an older version than it was asked in.
        let version = json["cniVersion"].as_str().and_then(Version::find).unwrap_or(version);
        let unreadable = |error: serde_json::Error| {
            Error::new(Code::DECODE, format!("cannot read {what} of version {version}: {error}"))
        };
        if version >= Version::V0_3_0 {
            let Current { interfaces, ips, routes, dns } =
                Current::deserialize(json).map_err(unreadable)?;
            return Ok(Self {
                interfaces: interfaces.unwrap_or_default(),
                ips: ips.unwrap_or_default(),
                routes: routes.unwrap_or_default(),
                dns,
            });
        }
        let Legacy { ip4, ip6, dns } = Legacy::deserialize(json).map_err(unreadable)?;
        let mut answer = Self { dns, ..Self::default() };
        for LegacyIp { ip, gateway, routes } in [ip4, ip6].into_iter().flatten() {
            answer.ips.push(Ip { address: ip, gateway, interface: None });
            answer.routes.extend(routes.unwrap_or_default());
        }
        Ok(answer)
    }

    /// Appends another plugin's result to that of the plugins before it in the chain.
    pub(super) fn after(self, previous: Self) -> Self {
        let mut all = previous;
        let first = all.interfaces.len();
        all.interfaces.extend(self.interfaces);
        all.ips.extend(
            self.ips
                .into_iter()
                .map(|ip| Ip { interface: ip.interface.map(|at| at + first), ..ip }),
        );
        all.routes.extend(self.routes);
        all.dns = self.dns.or(all.dns);
        all
    }

    /// Returns the addresses of the interface with this name in a sandbox.
    pub(super) fn of_interface(&self, name: &str, sandbox: &str) -> Option<(&Interface, Vec<&Ip>)> {
        let is_it = |one: &Interface| one.name == name && one.sandbox.as_deref() == Some(sandbox);
        let at = self.interfaces.iter().position(is_it)?;
        let ips = self.ips.iter().filter(|ip| ip.interface == Some(at)).collect();
        Some((&self.interfaces[at], ips))
    }

    /// Returns the result as it is printed.
    pub(super) fn json(self, version: Version) -> Value {
        let mut json = Map::new();
        json.insert("cniVersion".to_owned(), version.to_string().into());
        if version >= Version::V0_3_0 {
            let list = |list: Vec<Value>| Some(list).filter(|list| !list.is_empty());
            put(&mut json, "interfaces", list(each(self.interfaces, |one| one.json(version))));
            put(&mut json, "ips", list(each(self.ips, |one| one.json(version))));
            put(&mut json, "routes", list(each(self.routes, |one| one.json(version))));
        } else {
            for (key, is_ipv4) in [("ip4", true), ("ip6", false)] {
                let is_it = |net: &IpNet| net.addr().is_ipv4() == is_ipv4;
                let Some(ip) = self.ips.iter().find(|ip| is_it(&ip.address)) else { continue };
                let mut one = json!({ "ip": ip.address.to_string() });
                if let Some(gateway) = ip.gateway {
                    one["gateway"] = gateway.to_string().into();
                }
                let routes = self.routes.iter().filter(|route| is_it(&route.dst)).cloned();
                let routes = each(routes.collect(), |route| route.json(version));
                if !routes.is_empty() {
                    one["routes"] = routes.into();
                }
                json.insert(key.to_owned(), one);
            }
        }
        put(&mut json, "dns", self.dns);
        json.into()
    }
}

fn each<T>(list: Vec<T>, json: impl Fn(T) -> Value) -> Vec<Value> {
    list.into_iter().map(json).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_version_can_be_read_again() {
        let dual = Answer {
            interfaces: vec![Interface::new("eth0", "02:00:00:00:00:01".to_owned(), None, "/n")],
            ips: vec![
                Ip {
                    address: "10.0.0.2/24".parse().unwrap(),
                    gateway: "10.0.0.1".parse().ok(),
                    interface: Some(0),
                },
                Ip { address: "fd00::2/64".parse().unwrap(), gateway: None, interface: Some(0) },
            ],
            routes: vec![RouteTo::new("0.0.0.0/0".parse().unwrap(), "10.0.0.1".parse().ok())],
            dns: Some(json!({ "nameservers": ["10.0.0.53"] })),
        };
        for version in ["0.1.0", "0.2.0", "0.3.0", "0.3.1", "0.4.0", "1.0.0", "1.1.0"] {
            let version = Version::find(version).unwrap();
            let json = dual.clone().json(version);
            let mut read = Answer::parse(&json, version, "it").unwrap();
            if version < Version::V0_3_0 {
                assert!(read.interfaces.is_empty());
                read.interfaces.clone_from(&dual.interfaces);
                read.ips.iter_mut().for_each(|ip| ip.interface = Some(0));
            }
            assert_eq!(read, dual, "{version}");
        }
    }

    #[test]
    fn a_chain_keeps_what_came_before() {
        let one = |name: &str, ip: &str| Answer {
            interfaces: vec![Interface::new(name, String::new(), None, "/n")],
            ips: vec![Ip { address: ip.parse().unwrap(), gateway: None, interface: Some(0) }],
            ..Answer::default()
        };
        let all = one("net1", "10.1.0.2/24").after(one("eth0", "10.0.0.2/24"));
        let (_, ips) = all.of_interface("net1", "/n").unwrap();
        assert_eq!(ips.len(), 1);
        assert_eq!(ips[0].address.to_string(), "10.1.0.2/24");
        assert!(all.of_interface("net1", "/other").is_none());
    }
}
