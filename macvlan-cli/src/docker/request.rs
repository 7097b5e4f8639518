//! The requests of Docker's daemon, with the fields that the plugin reads.

use std::collections::BTreeMap;

use ipnet::IpNet;
use serde::de::{Deserialize, Deserializer};
use serde_json::{Map, Value};

/// Reads a field that may also be null, which Go writes for an empty list or map.
fn plain<'de, D: Deserializer<'de>, T: Deserialize<'de> + Default>(from: D) -> Result<T, D::Error> {
    Ok(Option::deserialize(from)?.unwrap_or_default())
}

/// Declares requests, all of whose fields may be missing or null.
macro_rules! requests {
    ($($(#[$doc:meta])* $name:ident { $($(#[$field:meta])* $key:literal $one:ident: $type:ty,)* })*) => {
        $(
            $(#[$doc])*
            #[derive(Debug, Default, serde::Deserialize)]
            #[serde(default)]
            pub(super) struct $name {
                $(
                    $(#[$field])*
                    #[serde(rename = $key, deserialize_with = "plain")]
                    pub(super) $one: $type,
                )*
            }
        )*
    };
}

requests! {
    /// `IpamDriver.RequestPool`
    RequestPool {
        "Pool" pool: String,
        /// `--ip-range`
        "SubPool" range: String,
        /// `--ipam-opt`
        "Options" options: BTreeMap<String, String>,
        "V6" v6: bool,
    }
    /// `IpamDriver.ReleasePool`
    ReleasePool {
        "PoolID" pool: String,
    }
    /// `IpamDriver.RequestAddress`
    RequestAddress {
        "PoolID" pool: String,
        /// Without one, an address is to be chosen.
        "Address" address: String,
        "Options" options: BTreeMap<String, String>,
    }
    /// `IpamDriver.ReleaseAddress`
    ReleaseAddress {
        "PoolID" pool: String,
        "Address" address: String,
    }
    /// `NetworkDriver.CreateNetwork`
    CreateNetwork {
        "NetworkID" network: String,
        "Options" options: Map<String, Value>,
        "IPv4Data" v4: Vec<PoolData>,
        "IPv6Data" v6: Vec<PoolData>,
    }
    /// A subnet of a network, without the id of its pool.
    PoolData {
        "AddressSpace" space: String,
        "Pool" pool: Option<IpNet>,
        "Gateway" gateway: Option<IpNet>,
        /// `--aux-address`
        "AuxAddresses" aux: BTreeMap<String, IpNet>,
    }
    /// `NetworkDriver.DeleteNetwork`
    DeleteNetwork {
        "NetworkID" network: String,
    }
    /// `NetworkDriver.GwAllocCheck`
    GwAllocCheck {
        "Options" options: Map<String, Value>,
    }
    /// `NetworkDriver.CreateEndpoint`
    CreateEndpoint {
        "NetworkID" network: String,
        "EndpointID" endpoint: String,
        "Interface" interface: Interface,
        "Options" options: Map<String, Value>,
    }
    /// The interface of an endpoint, as far as Docker has chosen it.
    Interface {
        "Address" v4: String,
        "AddressIPv6" v6: String,
        "MacAddress" mac: String,
    }
    /// `NetworkDriver.Join`, `Leave`, `DeleteEndpoint` and `EndpointOperInfo`
    OfEndpoint {
        "NetworkID" network: String,
        "EndpointID" endpoint: String,
        /// Of Join: the file of the container's namespace.
        "SandboxKey" sandbox: String,
    }
}
