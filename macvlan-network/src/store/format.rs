//! How networks and leases are stored: as JSON, in shapes that later versions go on reading.
//!
//! Public types have no part in that. A field that comes later has a default here, so that older records
//! are read; one that an older host does not know, it passes over, and as no record is written from what
//! was read of it, none is lost. Where passing over would be wrong, the record's version is raised, and
//! the older host does not read it.

use std::collections::BTreeMap;
use std::net::IpAddr;
use std::time::Duration;

use ipnet::IpNet;
use macvlan_core::{LinkName, MacAddr, Mode};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use crate::alive::NetNsMark;
use crate::config::NetworkConfig;
use crate::error::{Error, ErrorKind, Result};
use crate::lease::Lease;
use crate::mac::MacFrom;
use crate::pool::Order;
use crate::record::NetworkRecord;
use crate::subnet::{Gateway, Subnet};

/// The version that is written, and the latest that is read. The first had no number.
const VERSION: u32 = 1;

const fn first() -> u32 {
    1
}

/// A network's configuration.
#[derive(Serialize, Deserialize)]
pub(crate) struct StoredConfig {
    #[serde(default = "first")]
    version: u32,
    name: String,
    #[serde(default)]
    parent: Option<String>,
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
}

#[derive(Serialize, Deserialize)]
struct StoredSubnet {
    net: IpNet,
    #[serde(default)]
    gateway: StoredGateway,
    #[serde(default)]
    range: Option<IpNet>,
    #[serde(default)]
    reserved: BTreeMap<String, IpAddr>,
}

#[derive(Default, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
enum StoredGateway {
    #[default]
    First,
    None,
    At(IpAddr),
}

/// A network, with what SQLite has in columns of their own.
#[derive(Serialize, Deserialize)]
pub(crate) struct StoredNetwork {
    id: String,
    #[serde(default)]
    created: String,
    config: StoredConfig,
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
    netns: StoredMark,
    #[serde(default)]
    netns_path: Option<String>,
}

#[derive(Serialize, Deserialize)]
struct StoredMark {
    boot: String,
    inode: u64,
    #[serde(default)]
    cookie: Option<u64>,
}

/// What is stored as JSON, and how.
pub(crate) trait Stored: Sized {
    /// The shape that it has there.
    type Shape: Serialize + DeserializeOwned;
    fn shape(&self) -> Self::Shape;
    fn of_shape(shape: Self::Shape) -> Self;
    fn version(shape: &Self::Shape) -> u32;
}

/// Writes a record.
pub(crate) fn write<T: Stored>(record: &T) -> Result<String> {
    serde_json::to_string(&record.shape())
        .map_err(|error| Error::new(ErrorKind::StoreUnusable, "write a record", error.to_string()))
}

/// Writes a record again that was found as this text: fields of it that are not known here stay.
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
        VERSION => Ok(T::of_shape(shape)),
        other => Err(unusable(format!("it has version {other}, and this library knows {VERSION}"))),
    }
}

impl Stored for NetworkConfig {
    type Shape = StoredConfig;

    fn shape(&self) -> StoredConfig {
        // Whoever adds a field has to say here how it is stored.
        let Self {
            name,
            parent,
            mode,
            subnets,
            internal,
            mtu,
            order,
            mac_from,
            probe,
            duplicate_detection,
            share,
            keep,
            options,
            labels,
        } = self.clone();
        StoredConfig {
            version: VERSION,
            name,
            parent,
            mode,
            subnets: subnets.into_iter().map(StoredSubnet::from).collect(),
            internal,
            mtu,
            order,
            mac_from,
            probe,
            duplicate_detection,
            share,
            keep,
            options,
            labels,
        }
    }

    fn of_shape(shape: StoredConfig) -> Self {
        Self {
            name: shape.name,
            parent: shape.parent,
            mode: shape.mode,
            subnets: shape.subnets.into_iter().map(Subnet::from).collect(),
            internal: shape.internal,
            mtu: shape.mtu,
            order: shape.order,
            mac_from: shape.mac_from,
            probe: shape.probe,
            duplicate_detection: shape.duplicate_detection,
            share: shape.share,
            keep: shape.keep,
            options: shape.options,
            labels: shape.labels,
        }
    }

    fn version(shape: &StoredConfig) -> u32 {
        shape.version
    }
}

impl From<Subnet> for StoredSubnet {
    fn from(Subnet { net, gateway, range, reserved }: Subnet) -> Self {
        let gateway = match gateway {
            Gateway::First => StoredGateway::First,
            Gateway::None => StoredGateway::None,
            Gateway::At(address) => StoredGateway::At(address),
        };
        Self { net, gateway, range, reserved }
    }
}

impl From<StoredSubnet> for Subnet {
    fn from(StoredSubnet { net, gateway, range, reserved }: StoredSubnet) -> Self {
        let gateway = match gateway {
            StoredGateway::First => Gateway::First,
            StoredGateway::None => Gateway::None,
            StoredGateway::At(address) => Gateway::At(address),
        };
        Self { net, gateway, range, reserved }
    }
}

impl Stored for NetworkRecord {
    type Shape = StoredNetwork;

    fn shape(&self) -> StoredNetwork {
        let Self { id, created, config } = self;
        StoredNetwork { id: id.clone(), created: created.clone(), config: config.shape() }
    }

    fn of_shape(shape: StoredNetwork) -> Self {
        let config = NetworkConfig::of_shape(shape.config);
        Self { id: shape.id, created: shape.created, config }
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
            netns: NetNsMark { boot, inode, cookie },
            netns_path,
        } = self.clone();
        StoredLease {
            version: VERSION,
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
            netns: StoredMark { boot, inode, cookie },
            netns_path,
        }
    }

    fn of_shape(shape: StoredLease) -> Self {
        let StoredMark { boot, inode, cookie } = shape.netns;
        Self {
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
            netns: NetNsMark { boot, inode, cookie },
            netns_path: shape.netns_path,
        }
    }

    fn version(shape: &StoredLease) -> u32 {
        shape.version
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Nothing but a name and subnets: what a first version might have had.
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
            .keep(Duration::from_secs(60))
            .label("a", "b");
        let text = write(&config).unwrap();
        assert!(text.starts_with(r#"{"version":1,"#), "{text}");
        assert_eq!(read::<NetworkConfig>(&text).unwrap(), config);
        let later = text.replace(r#""version":1"#, r#""version":2"#);
        let error = read::<NetworkConfig>(&later).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::StoreUnusable);
        assert!(error.to_string().contains("it has version 2"), "{error}");
    }
}
