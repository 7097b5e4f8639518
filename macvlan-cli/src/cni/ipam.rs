//! The section `ipam` of the configuration.
//!
//! Ours has the fields of host-local, and those of whereabouts that say the same.

use std::collections::BTreeMap;
use std::net::IpAddr;
use std::path::PathBuf;
use std::time::Duration;

use ipnet::IpNet;
use macvlan_core::Route;
use macvlan_network::{AddressRange, NetworkConfig, Order, Subnet};
use serde::Deserialize;

use crate::cni::error::{Error, Result};
use crate::cni::fields::Fields;
use crate::cni::result::RouteTo;
use crate::store::StoreOptions;
use crate::value::set;

/// The type of the section that means the lease store.
const OURS: &str = "lan";

/// Where the addresses come from.
#[derive(Clone)]
pub(super) enum Ipam {
    /// There are none.
    Absent,
    /// Another plugin, by its name.
    Foreign(String),
    /// The lease store.
    Leases(Box<Leases>),
}

/// The addresses of a network, and the store of its leases.
#[derive(Clone)]
pub(super) struct Leases {
    subnets: Vec<Subnet>,
    ipv6: bool,
    routes: Vec<RouteTo>,
    order: Option<Order>,
    block_size: Option<u32>,
    reservation_ttl: Option<Duration>,
    gw_priority: Option<i32>,
    db: Option<PathBuf>,
    etcd: Vec<String>,
    host_name: Option<String>,
}

/// One range of host-local.
#[derive(Deserialize)]
struct Range {
    subnet: String,
    #[serde(rename = "rangeStart")]
    first: Option<IpAddr>,
    #[serde(rename = "rangeEnd")]
    last: Option<IpAddr>,
    gateway: Option<IpAddr>,
}

impl Ipam {
    pub(super) fn read(fields: Option<Fields<'_>>) -> Result<Self> {
        let Some(fields) = fields else { return Ok(Self::Absent) };
        match fields.text("type")? {
            None => Ok(Self::Absent),
            Some(name) if name == OURS => Ok(Self::Leases(Box::new(Leases::read(&fields)?))),
            Some(name) if name.contains('/') || name == ".." => {
                Err(Error::config(format!("cannot use ipam type {name:?}: not the name of a file")))
            }
            Some(name) => Ok(Self::Foreign(name)),
        }
    }
}

impl Leases {
    fn read(fields: &Fields<'_>) -> Result<Self> {
        let routes: Vec<RouteTo> = fields.get("routes")?.unwrap_or_default();
        let default_gateway = |v4: bool| {
            let leads =
                |route: &&RouteTo| is_default(&route.dst) && route.dst.addr().is_ipv4() == v4;
            routes.iter().find(leads).and_then(|route| route.gw)
        };
        let excluded: Vec<String> = fields.get("exclude")?.unwrap_or_default();
        let excluded = excluded.iter().map(|one| Ok(one.parse()?)).collect::<Result<Vec<_>>>()?;
        let reserved: BTreeMap<String, IpAddr> = fields.get("reserved")?.unwrap_or_default();
        let mut subnets = Vec::new();
        for range in ranges(fields)? {
            let mut subnet = range.subnet()?;
            let net = subnet.get_net();
            let leads = default_gateway(net.addr().is_ipv4());
            subnet = match (range.gateway, leads) {
                (Some(one), Some(other)) if one != other => {
                    let why =
                        format!("the default route leads to {other}, and the gateway is {one}");
                    return Err(Error::config(format!("cannot use subnet {net}: {why}")));
                }
                (Some(gateway), _) | (None, Some(gateway)) => subnet.gateway(gateway),
                (None, None) => subnet,
            };
            let is_in = |one: &&AddressRange| net.contains(&one.first());
            subnet = excluded.iter().filter(is_in).copied().fold(subnet, Subnet::exclude);
            for (name, ip) in reserved.iter().filter(|(_, ip)| net.contains(*ip)) {
                subnet = subnet.reserve(name, *ip);
            }
            subnets.push(subnet);
        }
        Ok(Self {
            subnets,
            ipv6: fields.get("ipv6")?.unwrap_or_default(),
            routes,
            order: fields.get("order")?,
            block_size: fields.get("blockSize")?,
            reservation_ttl: fields.get("reservationTtl")?.map(Duration::from_secs),
            gw_priority: fields.get("gwPriority")?,
            db: fields.text("db")?.map(PathBuf::from),
            etcd: fields.get("etcd")?.unwrap_or_default(),
            host_name: fields.text("hostName")?,
        })
    }

    /// Returns which store the leases are in.
    pub(super) fn store(&self) -> StoreOptions {
        StoreOptions {
            db: self.db.clone(),
            etcd: self.etcd.clone(),
            host_name: self.host_name.clone(),
            ..StoreOptions::of_plugin()
        }
    }

    /// Adds the addresses and routes to the description of a network.
    pub(super) fn apply(&self, mut config: NetworkConfig) -> Result<NetworkConfig> {
        config = self.subnets.iter().cloned().fold(config, NetworkConfig::subnet);
        for route in self.routes.iter().filter(|route| !is_default(&route.dst)) {
            config = config.route(to_route(route, route.gw.or_else(|| self.gateway(&route.dst)))?);
        }
        config = config.ipv6(self.ipv6);
        set!(
            config,
            metric = self
                .routes
                .iter()
                .find(|route| is_default(&route.dst))
                .and_then(|route| route.priority),
            order = self.order,
            block_size = self.block_size,
            reservation_ttl = self.reservation_ttl,
        );
        Ok(config)
    }

    /// Returns whether the container may get default routes through the network: if the routes
    /// have one, as with host-local.
    pub(super) fn has_default_route(&self) -> bool {
        self.routes.iter().any(|route| is_default(&route.dst))
    }

    /// Returns the priority of the network for the default routes.
    pub(super) fn gw_priority(&self) -> Option<i32> {
        self.gw_priority
    }

    /// Returns the gateway of a route that names none.
    fn gateway(&self, dst: &IpNet) -> Option<IpAddr> {
        let is_v4 = dst.addr().is_ipv4();
        let mut same = self.subnets.iter().filter(|one| one.get_net().addr().is_ipv4() == is_v4);
        same.find_map(Subnet::get_gateway)
    }
}

impl Range {
    fn subnet(&self) -> Result<Subnet> {
        let subnet = Subnet::new(&self.subnet)?;
        if self.first.is_none() && self.last.is_none() {
            return Ok(subnet);
        }
        let net = subnet.get_net();
        let first = self.first.unwrap_or(net.network());
        let last = self.last.unwrap_or(net.broadcast());
        Ok(subnet.range(format!("{first}-{last}").parse()?))
    }
}

/// Returns the ranges, however they are written.
fn ranges(fields: &Fields<'_>) -> Result<Vec<Range>> {
    let mut all = Vec::new();
    if let Some(subnet) = fields.text("subnet")? {
        all.push(Range {
            subnet,
            first: fields.get("rangeStart")?,
            last: fields.get("rangeEnd")?,
            gateway: fields.get("gateway")?,
        });
    }
    // As whereabouts has it: a subnet, or the first and the last address with a prefix length.
    if let Some(range) = fields.text("range")? {
        let (first, net) = match range.split_once('-') {
            Some((first, net)) => (Some(first.trim()), net.trim()),
            None => (None, range.as_str()),
        };
        let unusable = || {
            Error::config(format!(
                "cannot use ipam range {range:?}: expected SUBNET, or FIRST-LAST/LENGTH"
            ))
        };
        let net: IpNet = net.parse().map_err(|_| unusable())?;
        let first = first.map(str::parse::<IpAddr>).transpose().map_err(|_| unusable())?;
        all.push(Range {
            subnet: net.trunc().to_string(),
            first: fields.get("range_start")?.or(first),
            last: fields.get("range_end")?.or(first.map(|_| net.addr())),
            gateway: fields.get("gateway")?,
        });
    }
    let sets: Vec<Vec<Range>> = fields.get("ranges")?.unwrap_or_default();
    let mut families = Vec::new();
    for set in &sets {
        let is_v4 = set.first().is_some_and(|range| !range.subnet.contains(':'));
        if families.contains(&is_v4) {
            let why = "an interface gets one address of each family";
            return Err(Error::config(format!(
                "cannot use ipam ranges: {why}; put subnets of one family into one set"
            )));
        }
        families.push(is_v4);
    }
    all.extend(sets.into_iter().flatten());
    Ok(all)
}

pub(super) fn is_default(dst: &IpNet) -> bool {
    dst.prefix_len() == 0
}

/// Makes a route of CNI's form.
pub(super) fn to_route(route: &RouteTo, gateway: Option<IpAddr>) -> Result<Route> {
    let mut made = Route::new(route.dst.trunc())?;
    set!(
        made,
        gateway = gateway,
        metric = route.priority,
        mtu = route.mtu,
        advmss = route.advmss,
        table = route.table,
        scope = route.scope.map(Into::into),
    );
    Ok(made)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn leases(ipam: &serde_json::Value) -> Result<Leases> {
        let json = json!({ "ipam": ipam });
        let fields = Fields::of(json.as_object().unwrap());
        match Ipam::read(fields.within("ipam")?)? {
            Ipam::Leases(leases) => Ok(*leases),
            _ => Err(Error::config("another type")),
        }
    }

    fn subnets(ipam: &serde_json::Value) -> String {
        serde_json::to_string(&leases(ipam).unwrap().subnets).unwrap()
    }

    #[test]
    fn ranges_are_host_locals_and_whereabouts() {
        let flat = json!({
            "type": "lan", "subnet": "10.0.0.0/24", "rangeStart": "10.0.0.10",
            "rangeEnd": "10.0.0.20", "gateway": "10.0.0.254",
        });
        let sets = json!({ "type": "lan", "ranges": [[{
            "subnet": "10.0.0.0/24", "rangeStart": "10.0.0.10", "rangeEnd": "10.0.0.20",
            "gateway": "10.0.0.254",
        }]] });
        let whereabouts = json!({
            "type": "lan", "range": "10.0.0.10-10.0.0.20/24", "gateway": "10.0.0.254",
        });
        let starts = json!({
            "type": "lan", "range": "10.0.0.0/24", "range_start": "10.0.0.10",
            "range_end": "10.0.0.20", "gateway": "10.0.0.254",
        });
        let expected = subnets(&flat);
        assert!(expected.contains("10.0.0.10-10.0.0.20"), "{expected}");
        for other in [sets, whereabouts, starts] {
            assert_eq!(subnets(&other), expected);
        }
        assert_eq!(
            subnets(&json!({ "type": "lan", "range": "10.0.0.0/24" })),
            r#"["10.0.0.0/24"]"#
        );
    }

    #[test]
    fn a_default_route_decides_the_gateway() {
        let default = json!([{ "dst": "0.0.0.0/0", "gw": "10.0.0.9", "priority": 5 }]);
        let leases_of = |gateway: Option<&str>| {
            leases(&json!({
                "type": "lan", "subnet": "10.0.0.0/24", "gateway": gateway, "routes": default,
            }))
        };
        let with = leases_of(None).unwrap();
        assert!(with.has_default_route());
        assert_eq!(with.subnets[0].get_gateway(), "10.0.0.9".parse().ok());
        let config = with.apply(NetworkConfig::new("x")).unwrap();
        assert!(config.get_routes().is_empty() && config.get_metric() == Some(5));
        assert!(leases_of(Some("10.0.0.9")).is_ok() && leases_of(Some("10.0.0.8")).is_err());
        assert!(!leases(&json!({ "type": "lan" })).unwrap().has_default_route());
    }

    #[test]
    fn further_routes_lead_through_the_gateway() {
        let config = leases(&json!({
            "type": "lan", "subnet": "10.0.0.0/24", "exclude": ["10.0.0.64/29"],
            "routes": [{ "dst": "10.9.0.0/16" }, { "dst": "10.8.0.0/16", "gw": "10.0.0.7" }],
        }));
        let config = config.unwrap().apply(NetworkConfig::new("x")).unwrap();
        let routes: Vec<String> = config.get_routes().iter().map(ToString::to_string).collect();
        assert_eq!(routes, ["10.9.0.0/16 via 10.0.0.1", "10.8.0.0/16 via 10.0.0.7"]);
        assert_eq!(config.get_subnets()[0].get_excluded().len(), 1);
    }

    #[test]
    fn wrong_values_are_refused() {
        for wrong in [
            json!({ "type": "lan", "subnet": 7 }),
            json!({ "type": "lan", "subnet": "10.0.0.0" }),
            json!({ "type": "lan", "range": "10.0.0.1-x/24" }),
            json!({ "type": "lan", "ranges": [[{ "subnet": "10.0.0.0/24" }], [{ "subnet": "10.1.0.0/24" }]] }),
            json!({ "type": "lan", "order": "best" }),
        ] {
            assert!(leases(&wrong).is_err(), "{wrong}");
        }
        let path = json!({ "ipam": { "type": "../x" } });
        let fields = Fields::of(path.as_object().unwrap());
        assert!(Ipam::read(fields.within("ipam").unwrap()).is_err());
    }
}
