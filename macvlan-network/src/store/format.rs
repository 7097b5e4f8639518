//! The format of stored networks and leases: JSON that later versions can read.
//!
//! It is independent of the public types. A field that is added has a default here, so that older
//! records can be read. An older host ignores a field that it does not know; since records are
//! never written back from what was parsed, the field is not lost. If ignoring it would be wrong,
//! the record's version is raised, and the older host refuses the record. Other records keep the
//! older version.

use std::collections::BTreeMap;
use std::net::IpAddr;
use std::time::Duration;

use ipnet::IpNet;
use macvlan_core::{AcceptRa, LinkName, MacAddr, Mode, Route};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use crate::alive::NetNsMark;
use crate::config::NetworkConfig;
use crate::error::{Error, ErrorKind, Result};
use crate::lease::{Lease, LeaseState, OnParent};
use crate::mac::MacFrom;
use crate::parent_form::StoredParent;
use crate::pending::Pending;
use crate::pool::Order;
use crate::range::AddressRange;
use crate::record::NetworkRecord;
use crate::subnet::{Gateway, Subnet};

/// The latest version that can be read. The first version had no number.
const VERSION: u32 = 3;

const fn first() -> u32 {
    1
}

/// The configuration of a network.
#[derive(Serialize, Deserialize)]
pub(crate) struct StoredConfig {
    #[serde(default = "first")]
    version: u32,
    name: String,
    #[serde(default)]
    parent: Option<StoredParent>,
    #[serde(default)]
    mode: Mode,
    subnets: Vec<StoredSubnet>,
    #[serde(default)]
    internal: bool,
    #[serde(default)]
    mtu: Option<u32>,
    #[serde(default)]
    order: Order,
    #[serde(default)]
    mac_from: MacFrom,
    #[serde(default)]
    probe: bool,
    #[serde(default)]
    duplicate_detection: bool,
    #[serde(default)]
    share: Option<u32>,
    #[serde(default)]
    keep: Duration,
    #[serde(default)]
    options: BTreeMap<String, String>,
    #[serde(default)]
    labels: BTreeMap<String, String>,
    #[serde(flatten)]
    later: LaterConfig,
}

/// The fields of a network's configuration that version 2 has added.
#[derive(Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
struct LaterConfig {
    #[serde(skip_serializing_if = "is_default")]
    without_addresses: bool,
    #[serde(skip_serializing_if = "is_default")]
    ipv6: bool,
    #[serde(skip_serializing_if = "is_default")]
    routes: Vec<Route>,
    #[serde(skip_serializing_if = "is_default")]
    metric: Option<u32>,
    #[serde(skip_serializing_if = "is_default")]
    disable_ipv6: Option<bool>,
    #[serde(skip_serializing_if = "is_default")]
    accept_ra: Option<AcceptRa>,
    #[serde(skip_serializing_if = "is_default")]
    leave_ipv6: bool,
    #[serde(skip_serializing_if = "is_default")]
    allmulticast: Option<bool>,
}

#[derive(Serialize, Deserialize)]
struct StoredSubnet {
    net: IpNet,
    #[serde(default)]
    gateway: StoredGateway,
    /// The only range, if it is a subnet. Version 1 has no others.
    #[serde(default)]
    range: Option<IpNet>,
    #[serde(default)]
    reserved: BTreeMap<String, IpAddr>,
    #[serde(default, skip_serializing_if = "is_default")]
    ranges: Vec<String>,
    #[serde(default, skip_serializing_if = "is_default")]
    excluded: Vec<String>,
    #[serde(default, skip_serializing_if = "is_default")]
    on_link_gateway: bool,
    /// True if the subnet has no gateway while the network is internal. Older hosts read that it
    /// has none.
    #[serde(default, skip_serializing_if = "is_default")]
    gateway_later: bool,
}

fn is_default<T: Default + PartialEq>(value: &T) -> bool {
    *value == T::default()
}

impl StoredSubnet {
    /// Returns whether a host that only knows version 1 would misinterpret it.
    fn is_later(&self) -> bool {
        !is_default(&self.ranges) || !is_default(&self.excluded) || self.on_link_gateway
    }
}

impl StoredConfig {
    /// Sets the lowest version that has all fields in use.
    fn with_version(mut self) -> Self {
        let is_text = matches!(self.parent, None | Some(StoredParent::Text(_)));
        let is_later =
            !is_text || !is_default(&self.later) || self.subnets.iter().any(StoredSubnet::is_later);
        self.version = if is_later { 2 } else { 1 };
        self
    }
}

#[derive(Default, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
enum StoredGateway {
    #[default]
    First,
    None,
    At(IpAddr),
}

/// A network, including the fields that SQLite has in columns of their own.
#[derive(Serialize, Deserialize)]
pub(crate) struct StoredNetwork {
    id: String,
    #[serde(default)]
    created: String,
    config: StoredConfig,
    /// The id under which its gaps are found, if it differs; version 3.
    #[serde(default, skip_serializing_if = "is_default")]
    gaps: Option<String>,
}

/// A lease.
#[derive(Serialize, Deserialize)]
pub(crate) struct StoredLease {
    #[serde(default = "first")]
    version: u32,
    network: String,
    container: String,
    #[serde(default)]
    name: Option<String>,
    #[serde(default)]
    aliases: Vec<String>,
    host: String,
    endpoint: String,
    interface: LinkName,
    #[serde(default)]
    mac: Option<MacAddr>,
    addresses: Vec<IpNet>,
    #[serde(default)]
    link_local: Vec<IpAddr>,
    #[serde(default)]
    default_route: bool,
    #[serde(default)]
    gw_priority: i32,
    #[serde(default)]
    sequence: u32,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    netns: Option<StoredMark>,
    #[serde(default)]
    netns_path: Option<String>,
    /// Version 3: the lease has no namespace yet.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pending: Option<StoredPending>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    link: Option<LinkName>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    parent: Option<String>,
}

#[derive(Serialize, Deserialize)]
struct StoredPending {
    boot: String,
    since: u64,
    uptime: u64,
}

#[derive(Serialize, Deserialize)]
struct StoredMark {
    boot: String,
    inode: u64,
    #[serde(default)]
    cookie: Option<u64>,
}

/// A type that is stored as JSON.
pub(crate) trait Stored: Sized {
    /// The type that is serialized.
    type Shape: Serialize + DeserializeOwned;
    fn shape(&self) -> Self::Shape;
    fn of_shape(shape: Self::Shape) -> Result<Self>;
    fn version(shape: &Self::Shape) -> u32;
}

/// Writes a record.
pub(crate) fn write<T: Stored>(record: &T) -> Result<String> {
    serde_json::to_string(&record.shape())
        .map_err(|error| Error::new(ErrorKind::StoreUnusable, "write a record", error.to_string()))
}

/// Writes a record over the given text, and keeps fields of it that are not known here.
#[cfg(feature = "etcd")] // SQLite has a lease's fields in columns
pub(crate) fn write_again<T: Stored>(text: &str, record: &T) -> Result<String> {
    let unusable = |error: serde_json::Error| {
        Error::new(ErrorKind::StoreUnusable, "write a record", error.to_string())
    };
    let mut all: serde_json::Map<String, serde_json::Value> =
        serde_json::from_str(text).map_err(unusable)?;
    match serde_json::to_value(record.shape()).map_err(unusable)? {
        serde_json::Value::Object(known) => all.extend(known),
        other => unreachable!("a record is an object: {other}"),
    }
    serde_json::to_string(&all).map_err(unusable)
}

/// Reads a record.
pub(crate) fn read<T: Stored>(text: &str) -> Result<T> {
    let unusable = |why: String| Error::new(ErrorKind::StoreUnusable, "read a record", why);
    let shape: T::Shape =
        serde_json::from_str(text).map_err(|error| unusable(error.to_string()))?;
    match T::version(&shape) {
        1..=VERSION => T::of_shape(shape).map_err(|error| unusable(error.cause().to_owned())),
        other => {
            Err(unusable(format!("its version is {other}, and this library reads up to {VERSION}")))
        }
    }
}

impl Stored for NetworkConfig {
    type Shape = StoredConfig;

    fn shape(&self) -> StoredConfig {
        // A new field is a compile error here until it is stored.
        let Self {
            name,
            parent,
            mode,
            subnets,
            without_addresses,
            ipv6,
            internal,
            mtu,
            routes,
            metric,
            disable_ipv6,
            accept_ra,
            leave_ipv6,
            allmulticast,
            order,
            mac_from,
            probe,
            duplicate_detection,
            block_size,
            reservation_ttl,
            options,
            labels,
        } = self.clone();
        let later = LaterConfig {
            without_addresses,
            ipv6,
            routes,
            metric,
            disable_ipv6,
            accept_ra,
            leave_ipv6,
            allmulticast,
        };
        StoredConfig {
            version: 1,
            name,
            // An invalid parent is never stored.
            parent: parent.as_ref().and_then(|parent| parent.as_ref().ok()).map(StoredParent::from),
            mode,
            subnets: subnets.into_iter().map(StoredSubnet::from).collect(),
            internal,
            mtu,
            order,
            mac_from,
            probe,
            duplicate_detection,
            share: block_size,
            keep: reservation_ttl,
            options,
            labels,
            later,
        }
        .with_version()
    }

    fn of_shape(shape: StoredConfig) -> Result<Self> {
        let parent = shape.parent.map(StoredParent::read).transpose();
        let parent = parent.map_err(|error| Error::kernel("read a parent", error))?;
        Ok(Self {
            name: shape.name,
            parent: parent.map(Ok),
            mode: shape.mode,
            subnets: shape.subnets.into_iter().map(StoredSubnet::read).collect::<Result<_>>()?,
            internal: shape.internal,
            mtu: shape.mtu,
            without_addresses: shape.later.without_addresses,
            ipv6: shape.later.ipv6,
            routes: shape.later.routes,
            metric: shape.later.metric,
            disable_ipv6: shape.later.disable_ipv6,
            accept_ra: shape.later.accept_ra,
            leave_ipv6: shape.later.leave_ipv6,
            allmulticast: shape.later.allmulticast,
            order: shape.order,
            mac_from: shape.mac_from,
            probe: shape.probe,
            duplicate_detection: shape.duplicate_detection,
            block_size: shape.share,
            reservation_ttl: shape.keep,
            options: shape.options,
            labels: shape.labels,
        })
    }

    fn version(shape: &StoredConfig) -> u32 {
        shape.version
    }
}

impl From<Subnet> for StoredSubnet {
    fn from(subnet: Subnet) -> Self {
        let Subnet { net, gateway, on_link_gateway, ranges, excluded, reserved } = subnet;
        let gateway_later = gateway == Gateway::Later;
        let gateway = match gateway {
            Gateway::First => StoredGateway::First,
            Gateway::None | Gateway::Later => StoredGateway::None,
            Gateway::At(address) => StoredGateway::At(address),
        };
        let texts = |ranges: &[AddressRange]| ranges.iter().map(ToString::to_string).collect();
        let range = match ranges.as_slice() {
            [one] => one.net(),
            _ => None,
        };
        let ranges = if range.is_some() { Vec::new() } else { texts(&ranges) };
        let excluded = texts(&excluded);
        Self { net, gateway, range, reserved, ranges, excluded, on_link_gateway, gateway_later }
    }
}

impl StoredSubnet {
    fn read(self) -> Result<Subnet> {
        let gateway = match self.gateway {
            StoredGateway::First => Gateway::First,
            StoredGateway::None if self.gateway_later => Gateway::Later,
            StoredGateway::None => Gateway::None,
            StoredGateway::At(address) => Gateway::At(address),
        };
        let read = |ranges: Vec<String>| ranges.iter().map(|range| range.parse()).collect();
        let ranges: Result<Vec<AddressRange>> = read(self.ranges);
        let ranges = self.range.map(AddressRange::from).into_iter().chain(ranges?).collect();
        let (excluded, reserved) = (read(self.excluded)?, self.reserved);
        let (net, on_link_gateway) = (self.net, self.on_link_gateway);
        Ok(Subnet { net, gateway, on_link_gateway, ranges, excluded, reserved })
    }
}

impl Stored for NetworkRecord {
    type Shape = StoredNetwork;

    fn shape(&self) -> StoredNetwork {
        let Self { id, created, config, gaps } = self.clone();
        let mut config = config.shape();
        if gaps.is_some() {
            config.version = 3;
        }
        StoredNetwork { id, created, config, gaps }
    }

    fn of_shape(shape: StoredNetwork) -> Result<Self> {
        let config = NetworkConfig::of_shape(shape.config)?;
        Ok(Self { id: shape.id, created: shape.created, config, gaps: shape.gaps })
    }

    fn version(shape: &StoredNetwork) -> u32 {
        shape.config.version
    }
}

impl Stored for Lease {
    type Shape = StoredLease;

    fn shape(&self) -> StoredLease {
        let Self {
            network,
            container,
            name,
            aliases,
            host,
            endpoint,
            interface,
            mac,
            addresses,
            link_local,
            default_route,
            gw_priority,
            sequence,
            state,
            link,
            parent,
        } = self.clone();
        let (netns, netns_path, pending) = match state {
            LeaseState::Connected { netns: NetNsMark { boot, inode, cookie }, path } => {
                (Some(StoredMark { boot, inode, cookie }), path, None)
            }
            LeaseState::Pending(Pending { boot, since, uptime }) => {
                (None, None, Some(StoredPending { boot, since, uptime }))
            }
        };
        StoredLease {
            // An older host would take it for a lease of a container that is gone.
            version: if pending.is_some() { 3 } else { 1 },
            network,
            container,
            name,
            aliases,
            host,
            endpoint,
            interface,
            mac,
            addresses,
            link_local,
            default_route,
            gw_priority,
            sequence,
            netns,
            netns_path,
            pending,
            link,
            parent: parent.0,
        }
    }

    fn of_shape(shape: StoredLease) -> Result<Self> {
        let state = match (shape.netns, shape.pending) {
            (Some(StoredMark { boot, inode, cookie }), _) => LeaseState::Connected {
                netns: NetNsMark { boot, inode, cookie },
                path: shape.netns_path,
            },
            (None, Some(StoredPending { boot, since, uptime })) => {
                LeaseState::Pending(Pending { boot, since, uptime })
            }
            (None, None) => {
                let why = "the lease has no namespace and is not pending";
                return Err(Error::new(ErrorKind::StoreUnusable, "read a lease", why));
            }
        };
        Ok(Self {
            network: shape.network,
            container: shape.container,
            name: shape.name,
            aliases: shape.aliases,
            host: shape.host,
            endpoint: shape.endpoint,
            interface: shape.interface,
            mac: shape.mac,
            addresses: shape.addresses,
            link_local: shape.link_local,
            default_route: shape.default_route,
            gw_priority: shape.gw_priority,
            sequence: shape.sequence,
            state,
            link: shape.link,
            parent: OnParent(shape.parent),
        })
    }

    fn version(shape: &StoredLease) -> u32 {
        shape.version
    }
}

#[cfg(test)]
mod tests {
    use macvlan_core::{Parent, VlanProtocol};

    use super::*;

    /// Only a name and subnets, as a first version might have had.
    #[test]
    fn fields_that_are_not_there_have_defaults() {
        let read: NetworkConfig =
            read(r#"{"name":"lan","subnets":[{"net":"10.0.0.0/24"}],"later":[1]}"#).unwrap();
        let subnet = Subnet::new("10.0.0.0/24").unwrap();
        assert_eq!(read, NetworkConfig::new("lan").subnet(subnet));
    }

    #[test]
    fn what_is_written_is_read() {
        let config = NetworkConfig::new("net")
            .parent("ens33.10")
            .mode(Mode::Private)
            .subnet(Subnet::new("10.0.0.0/16").unwrap().reserve("x", "10.0.0.9".parse().unwrap()))
            .reservation_ttl(Duration::from_secs(60))
            .label("a", "b");
        let text = write(&config).unwrap();
        assert!(text.starts_with(r#"{"version":1,"#), "{text}");
        assert_eq!(read::<NetworkConfig>(&text).unwrap(), config);
        let later = text.replace(r#""version":1"#, r#""version":9"#);
        let error = read::<NetworkConfig>(&later).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::StoreUnusable);
        assert!(error.to_string().contains("its version is 9"), "{error}");
    }

    #[test]
    fn a_network_whose_gaps_are_elsewhere_is_not_an_older_hosts() {
        let config = NetworkConfig::new("lan").subnet(Subnet::new("10.0.0.0/24").unwrap());
        let mut record =
            NetworkRecord { id: "1".to_owned(), created: String::new(), config, gaps: None };
        for (gaps, version, has) in [(None, 1, false), (Some("2".to_owned()), 3, true)] {
            record.gaps = gaps;
            let text = write(&record).unwrap();
            assert!(text.contains(&format!(r#""config":{{"version":{version},"#)), "{text}");
            assert_eq!(text.contains("gaps"), has, "{text}");
            assert_eq!(read::<NetworkRecord>(&text).unwrap(), record);
        }
    }

    #[test]
    fn what_an_older_host_would_get_wrong_it_does_not_read() {
        let subnet = || Subnet::new("10.0.0.0/16").unwrap();
        let range = |text: &str| text.parse::<AddressRange>().unwrap();
        let ip = |text: &str| text.parse().unwrap();
        for (subnet, version) in [
            (subnet().range(range("10.0.1.0/24")), 1),
            (subnet().range(range("10.0.1.0-10.0.1.9")), 2),
            (subnet().range(range("10.0.1.0/24")).range(range("10.0.3.0/24")), 2),
            (subnet().exclude(range("10.0.1.0/24")), 2),
            (subnet().gateway(ip("10.1.0.1")).on_link_gateway(true), 2),
        ] {
            assert_version(&NetworkConfig::new("net").subnet(subnet), version);
        }
        let net = || NetworkConfig::new("net").subnet(subnet());
        assert_version(&net().mtu(1400).internal(true), 1);
        assert_version(&net().internal(true).settled(), 1);
        assert_version(&net().route("10.9.0.0/16 via 10.0.0.9 metric 7".parse().unwrap()), 2);
        assert_version(&net().metric(7), 2);
        assert_version(&net().disable_ipv6(false), 2);
        assert_version(&net().accept_ra(AcceptRa::Always).leave_ipv6(true), 2);
        assert_version(&net().allmulticast(true), 2);
        assert_version(&net().ipv6(true), 2);
        assert_version(&NetworkConfig::new("net").without_addresses(), 2);
        for text in ["ens33", "ens33.20", "ens33.20.30", "#7", "an-alternative-name"] {
            assert_version(&net().parent(text), 1);
        }
        let service = Parent::vlan("eth0", 20).unwrap().protocol(VlanProtocol::Dot1ad).unwrap();
        let customer = Parent::vlan(&service, 200).unwrap().name("customer").unwrap();
        let alternative = Parent::vlan("an-alternative-name", 5).unwrap().name("lan").unwrap();
        let looks_like_one = Parent::link("eth0.20".parse::<LinkName>().unwrap());
        for parent in [service, customer, alternative, looks_like_one] {
            assert_version(&net().parent(parent), 2);
        }
    }

    fn assert_version(config: &NetworkConfig, version: u32) {
        let text = write(config).unwrap();
        assert!(text.starts_with(&format!(r#"{{"version":{version},"#)), "{text}");
        assert_eq!(read::<NetworkConfig>(&text).unwrap(), *config);
    }
}
