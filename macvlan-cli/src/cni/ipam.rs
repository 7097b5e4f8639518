//! The section `ipam` of the configuration.
//!
//! Ours has the fields of host-local, and those of whereabouts that say the same.

use std::collections::BTreeMap;
use std::env;
use std::net::IpAddr;
use std::path::PathBuf;
use std::time::Duration;

use ipnet::IpNet;
use macvlan_core::Route;
use macvlan_network::{AddressRange, NetworkConfig, Order, Subnet};
use serde::Deserialize;
use serde_json::Value;

use crate::cni::environment::IS_IPAM;
use crate::cni::error::{Error, Result};
use crate::cni::fields::Fields;
use crate::cni::result::RouteTo;
use crate::store::StoreOptions;
use crate::value::{MAIN_TABLE, set};

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

/// The store of leases, and the addresses of the network.
#[derive(Clone)]
pub(super) struct Leases {
    db: Option<PathBuf>,
    etcd: Vec<String>,
    host_name: Option<String>,
    /// Why they cannot be used, if so; a DEL does not need them.
    addresses: Result<Addresses>,
}

/// The addresses of a network, and how it gives them.
#[derive(Clone)]
pub(super) struct Addresses {
    subnets: Vec<Subnet>,
    /// Gateways that lead to no default route, with their subnets.
    gateways: Vec<(IpNet, IpAddr)>,
    /// True if the runtime gives the ranges, and has not done so.
    awaits_ranges: bool,
    ipv6: bool,
    routes: Vec<RouteTo>,
    /// The metric of the default routes.
    metric: Option<u32>,
    order: Option<Order>,
    block_size: Option<u32>,
    reservation_ttl: Option<Duration>,
    gw_priority: Option<i32>,
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

/// One range of whereabouts.
#[derive(Deserialize)]
struct Whereabouts {
    range: String,
    range_start: Option<IpAddr>,
    range_end: Option<IpAddr>,
    #[serde(default)]
    exclude: Vec<String>,
}

impl Ipam {
    /// Reads the section, and the capabilities that the runtime has used.
    pub(super) fn read(fields: Option<Fields<'_>>, runtime: Runtime<'_>) -> Result<Self> {
        let Some(fields) = fields else { return Ok(Self::Absent) };
        match fields.text("type")? {
            None => Ok(Self::Absent),
            Some(name) if name == OURS => {
                Ok(Self::Leases(Box::new(Leases::read(&fields, runtime)?)))
            }
            Some(name) if name.contains('/') || name == ".." => {
                Err(Error::config(format!("cannot use ipam type {name:?}: not the name of a file")))
            }
            Some(name) if env::var_os(IS_IPAM).is_some() => Err(Error::config(format!(
                "cannot use ipam type {name:?}: it is this plugin itself"
            ))),
            Some(name) => Ok(Self::Foreign(name)),
        }
    }
}

/// Where the runtime gives ranges: whether the configuration has the capability, and its values.
pub(super) type Runtime<'a> = (bool, Option<Fields<'a>>);

impl Leases {
    fn read(fields: &Fields<'_>, runtime: Runtime<'_>) -> Result<Self> {
        Ok(Self {
            db: fields.text("db")?.map(PathBuf::from),
            etcd: fields.get("etcd")?.unwrap_or_default(),
            host_name: fields.text("hostName")?,
            addresses: Addresses::read(fields, runtime),
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

    /// Returns the addresses, or why they cannot be used.
    pub(super) fn addresses(&self) -> Result<&Addresses> {
        if self.db.is_some() && !self.etcd.is_empty() {
            return Err(Error::config("cannot use both ipam db and etcd: the leases are in one"));
        }
        self.addresses.as_ref().map_err(Clone::clone)
    }
}

impl Addresses {
    fn read(fields: &Fields<'_>, (has_capability, runtime): Runtime<'_>) -> Result<Self> {
        if fields.text("resolvConf")?.is_some() {
            let why = "it is not read; set dns, outside of ipam";
            return Err(Error::config(format!("cannot use ipam resolvConf: {why}")));
        }
        let routes: Vec<RouteTo> = fields.get("routes")?.unwrap_or_default();
        let mut excluded: Vec<String> = fields.get("exclude")?.unwrap_or_default();
        let mut subnets = subnets(&ranges(fields, runtime, &mut excluded)?, &routes)?;
        let ipv6 = fields.get("ipv6")?.unwrap_or_default();
        let metric = default_metric(&routes)?;
        let mut gateways = Vec::new();
        let awaits_ranges = has_capability && subnets.is_empty();
        if !awaits_ranges {
            check_families(&routes, &subnets, ipv6)?;
        }
        let leads = [default_route(&routes, true)?, default_route(&routes, false)?];
        let is_idle = |net: &IpNet| leads[usize::from(net.addr().is_ipv6())].is_none();
        let is_mixed = leads.iter().any(Option::is_some);
        for subnet in subnets.iter_mut().filter(|one| is_mixed && is_idle(&one.get_net())) {
            let Some(gateway) = subnet.get_gateway() else { continue };
            gateways.push((subnet.get_net(), gateway));
            let changed = subnet.clone().without_gateway();
            // The address stays the gateway's.
            let is_in = changed.get_net().contains(&gateway);
            *subnet = if is_in { changed.exclude(gateway.into()) } else { changed };
        }
        excluded.iter().try_for_each(|text| exclude(&mut subnets, text))?;
        for (name, ip) in fields.get::<BTreeMap<String, IpAddr>>("reserved")?.unwrap_or_default() {
            let subnet = subnets.iter_mut().find(|one| one.get_net().contains(&ip));
            let subnet = subnet.ok_or_else(|| in_no_subnet(&format!("reserved {name} {ip}")))?;
            *subnet = subnet.clone().reserve(name, ip);
        }
        let gw_priority = fields.get("gwPriority")?;
        if gw_priority.is_some() && !routes.iter().any(|route| is_default(&route.dst)) {
            let why = "routes has no default route";
            return Err(Error::config(format!("cannot use ipam gwPriority: {why}")));
        }
        Ok(Self {
            awaits_ranges,
            subnets,
            gateways,
            ipv6,
            routes,
            metric,
            order: fields.get("order")?,
            block_size: fields.get("blockSize")?,
            reservation_ttl: fields.get("reservationTtl")?.map(Duration::from_secs),
            gw_priority,
        })
    }

    /// Adds the addresses and routes to the description of a network.
    pub(super) fn apply(&self, mut config: NetworkConfig) -> Result<NetworkConfig> {
        if self.awaits_ranges {
            let why = "the capability is declared, but the runtime has given none";
            return Err(Error::config(format!("cannot use runtimeConfig.ipRanges: {why}")));
        }
        config = self.subnets.iter().cloned().fold(config, NetworkConfig::subnet);
        let is_connected =
            |route: &RouteTo| route.is_connected(self.subnets.iter().map(Subnet::get_net));
        let routes = self.routes.iter().filter(|route| !is_default(&route.dst));
        for route in routes.filter(|route| !is_connected(route)) {
            let gateway = route.gw.map_or_else(|| self.gateway(&route.dst), Ok)?;
            config = config.route(to_route(route, Some(gateway))?);
        }
        config = config.ipv6(self.ipv6);
        set!(
            config,
            metric = self.metric,
            order = self.order,
            block_size = self.block_size,
            reservation_ttl = self.reservation_ttl,
        );
        Ok(config)
    }

    /// Returns whether the runtime gives the ranges to ADD, and has given none to this verb.
    pub(super) fn awaits_ranges(&self) -> bool {
        self.awaits_ranges
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

    /// Returns the gateway of an address through which no default route leads.
    pub(super) fn idle_gateway(&self, net: &IpNet) -> Option<IpAddr> {
        let mut its = self.gateways.iter().filter(|(subnet, _)| subnet.contains(&net.addr()));
        its.next().map(|(_, gateway)| *gateway)
    }

    /// Returns whether an address is reserved for a name.
    pub(super) fn reserves(&self, name: &str) -> bool {
        let mut all = self.subnets.iter().flat_map(|subnet| subnet.get_reserved().keys());
        all.any(|reserved| reserved.eq_ignore_ascii_case(name))
    }

    /// Returns the gateway of a route that names none.
    fn gateway(&self, dst: &IpNet) -> Result<IpAddr> {
        let is_v4 = dst.addr().is_ipv4();
        let same = self.subnets.iter().filter(|one| one.get_net().addr().is_ipv4() == is_v4);
        let gateways: Vec<Option<IpAddr>> = same
            .map(|one| one.get_gateway().or_else(|| self.idle_gateway(&one.get_net())))
            .collect();
        match *gateways {
            [Some(gateway)] => Ok(gateway),
            _ => Err(Error::config(format!(
                "cannot use ipam route {dst} without gw: there is not one subnet with a gateway"
            ))),
        }
    }
}

impl Range {
    /// Returns the addresses, unless they are the whole subnet.
    fn addresses(&self, net: IpNet) -> Result<Option<AddressRange>> {
        if self.first.is_none() && self.last.is_none() {
            return Ok(None);
        }
        let first = self.first.unwrap_or(net.network());
        let last = self.last.unwrap_or(net.broadcast());
        Ok(Some(AddressRange::new(first, last)?))
    }
}

impl Whereabouts {
    /// Returns it as host-local has it: a subnet, or the first and the last address with a prefix
    /// length.
    fn range(self, gateway: Option<IpAddr>) -> Result<Range> {
        let range = &self.range;
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
        Ok(Range {
            subnet: net.trunc().to_string(),
            first: self.range_start.or(first),
            last: self.range_end.or(first.map(|_| net.addr())),
            gateway,
        })
    }
}

/// Returns the ranges, however they are written: sets for one address each, of which each family may
/// have one.
fn ranges(
    fields: &Fields<'_>,
    runtime: Option<Fields<'_>>,
    excluded: &mut Vec<String>,
) -> Result<Vec<Range>> {
    let gateway: Option<IpAddr> = fields.get("gateway")?;
    let mut sets: Vec<Vec<Range>> = Vec::new();
    if let Some(runtime) = runtime {
        sets.extend(runtime.get::<Vec<_>>("ipRanges")?.unwrap_or_default());
    }
    let (subnet, range) = (fields.text("subnet")?, fields.text("range")?);
    let needs = |key: &str, other: &str| match fields.get::<Value>(key)? {
        Some(_) => Err(Error::config(format!("cannot use ipam {key}: {other} is missing"))),
        None => Ok(()),
    };
    if let Some(subnet) = subnet.clone() {
        let (first, last) = (fields.get("rangeStart")?, fields.get("rangeEnd")?);
        sets.push(vec![Range { subnet, first, last, gateway }]);
    } else {
        needs("rangeStart", "subnet")?;
        needs("rangeEnd", "subnet")?;
    }
    if let Some(range) = range.clone() {
        let (range_start, range_end) = (fields.get("range_start")?, fields.get("range_end")?);
        let one = Whereabouts { range, range_start, range_end, exclude: Vec::new() };
        sets.push(vec![one.range(gateway)?]);
    } else {
        needs("range_start", "range")?;
        needs("range_end", "range")?;
    }
    if subnet.is_none() && range.is_none() {
        needs("gateway", "subnet")?;
    }
    for mut one in fields.get::<Vec<Whereabouts>>("ipRanges")?.unwrap_or_default() {
        excluded.append(&mut one.exclude);
        sets.push(vec![one.range(None)?]);
    }
    sets.extend(fields.get::<Vec<_>>("ranges")?.unwrap_or_default());
    let mut families = Vec::new();
    for set in sets.iter().filter(|set| !set.is_empty()) {
        let is_v4 = |range: &Range| !range.subnet.contains(':');
        let family = is_v4(&set[0]);
        if set.iter().any(|range| is_v4(range) != family) {
            let why = "a set has subnets of both families; give each family a set";
            return Err(Error::config(format!("cannot use ipam ranges: {why}")));
        }
        if families.contains(&family) {
            let why = "an interface gets one address of each family";
            return Err(Error::config(format!(
                "cannot use ipam ranges: {why}; put subnets of one family into one set"
            )));
        }
        families.push(family);
    }
    Ok(sets.into_iter().flatten().collect())
}

/// Returns the subnets of ranges, with the gateways of these or of the default routes. Several ranges
/// may be of one subnet.
fn subnets(ranges: &[Range], routes: &[RouteTo]) -> Result<Vec<Subnet>> {
    let mut subnets: Vec<Subnet> = Vec::new();
    for (at, range) in ranges.iter().enumerate() {
        let mut subnet = Subnet::new(&range.subnet)?;
        let net = subnet.get_net();
        let is_its = |other: &&Range| other.subnet.parse() == Ok(net);
        if ranges[..at].iter().any(|other| is_its(&other)) {
            continue;
        }
        let its: Vec<&Range> = ranges.iter().filter(is_its).collect();
        let parts = its.iter().map(|one| one.addresses(net)).collect::<Result<Vec<_>>>()?;
        // One without addresses is the whole subnet.
        let parts = parts.into_iter().collect::<Option<Vec<_>>>().unwrap_or_default();
        subnet = parts.into_iter().fold(subnet, Subnet::range);
        let leads = default_route(routes, net.addr().is_ipv4())?.and_then(|route| route.gw);
        let mut gateways = its.iter().filter_map(|one| one.gateway);
        let gateway = gateways.next();
        let refuse = |why: String| Err(Error::config(format!("cannot use subnet {net}: {why}")));
        match (gateway, gateways.find(|other| gateway != Some(*other)), leads) {
            (Some(one), Some(other), _) => {
                return refuse(format!("its ranges have the gateways {one} and {other}"));
            }
            (Some(one), None, Some(other)) if one != other => {
                return refuse(format!(
                    "the default route leads to {other}, and the gateway is {one}"
                ));
            }
            (Some(gateway), ..) | (None, _, Some(gateway)) => subnet = subnet.gateway(gateway),
            (None, _, None) => {}
        }
        subnets.push(subnet);
    }
    Ok(subnets)
}

/// Returns the default route of a family. It has no settings of its own beside its priority.
fn default_route(routes: &[RouteTo], v4: bool) -> Result<Option<&RouteTo>> {
    let is_its = |route: &&RouteTo| is_default(&route.dst) && route.dst.addr().is_ipv4() == v4;
    let mut all = routes.iter().filter(is_its);
    let Some(route) = all.next() else { return Ok(None) };
    let refuse =
        |why: String| Err(Error::config(format!("cannot use ipam route {}: {why}", route.dst)));
    if all.next().is_some() {
        return refuse("it is given twice".to_owned());
    }
    let table = route.table.filter(|table| *table != MAIN_TABLE);
    let settings = [
        ("mtu", route.mtu),
        ("advmss", route.advmss),
        ("table", table),
        ("scope", route.scope.map(u32::from)),
    ];
    let given = settings.into_iter().find_map(|(key, value)| Some((key, value?)));
    match given.filter(|(_, value)| *value != 0) {
        Some(("table", table)) => {
            refuse(format!("a default route is in the main table, not {table}; use sourceRouting"))
        }
        Some((key, value)) => refuse(format!("a default route has no {key}, such as {value}")),
        None => Ok(Some(route)),
    }
}

/// Returns the priority of the default routes, which have the same one in both families.
fn default_metric(routes: &[RouteTo]) -> Result<Option<u32>> {
    match (default_route(routes, true)?, default_route(routes, false)?) {
        (Some(one), Some(other)) if one.priority != other.priority => {
            let why = "the default routes of both families have one";
            Err(Error::config(format!("cannot use different ipam route priorities: {why}")))
        }
        (one, other) => Ok(one.or(other).and_then(|route| route.priority)),
    }
}

/// Refuses a default route of a family that the network does not have, or one of one family only if
/// the other's subnet is not known yet.
fn check_families(routes: &[RouteTo], subnets: &[Subnet], ipv6: bool) -> Result {
    for v4 in [true, false] {
        let is_given = |v4: bool| subnets.iter().any(|one| one.get_net().addr().is_ipv4() == v4);
        let is_chosen = |v4: bool| !is_given(v4) && if v4 { subnets.is_empty() } else { ipv6 };
        let Some(route) = default_route(routes, v4)? else { continue };
        let why = if !is_given(v4) && !is_chosen(v4) {
            "the network has no subnet of this family"
        } else if is_chosen(!v4) && default_route(routes, !v4)?.is_none() {
            "the other family has no default route, and its subnet is chosen; give the subnet"
        } else {
            continue;
        };
        return Err(Error::config(format!("cannot use ipam route {}: {why}", route.dst)));
    }
    Ok(())
}

/// Excludes addresses from the subnets, as far as these have them.
fn exclude(subnets: &mut [Subnet], text: &str) -> Result {
    // As in whereabouts, an address with a prefix length is its subnet.
    let range: AddressRange =
        text.parse::<IpNet>().map_or_else(|_| text.parse(), |net| Ok(net.into()))?;
    let mut found = false;
    for subnet in subnets {
        let all = AddressRange::from(subnet.get_net());
        let (first, last) = (range.first().max(all.first()), range.last().min(all.last()));
        // Of another family, or beside the subnet.
        let Ok(part) = AddressRange::new(first, last) else { continue };
        *subnet = subnet.clone().exclude(part);
        found = true;
    }
    if found { Ok(()) } else { Err(in_no_subnet(&format!("exclude {text}"))) }
}

fn in_no_subnet(value: &str) -> Error {
    Error::config(format!("cannot use ipam {value}: it is in none of the subnets that are given"))
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
        mtu = route.mtu.filter(|mtu| *mtu != 0),
        advmss = route.advmss.filter(|size| *size != 0),
        table = route.table,
        scope = route.scope.map(Into::into),
    );
    Ok(made)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn leases(ipam: &serde_json::Value) -> Result<Addresses> {
        let json = json!({ "ipam": ipam });
        let fields = Fields::of(json.as_object().unwrap());
        match Ipam::read(fields.within("ipam")?, (false, None))? {
            Ipam::Leases(leases) => leases.addresses().cloned(),
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
        assert!(Ipam::read(fields.within("ipam").unwrap(), (false, None)).is_err());
    }
}
