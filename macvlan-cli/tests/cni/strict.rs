//! The results of the specification, field by field, so that no other may be there.

use serde::Deserialize;
use serde_json::Value;

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct Error {
    #[serde(rename = "cniVersion")]
    pub(crate) _cni_version: String,
    pub(crate) code: u32,
    pub(crate) msg: String,
    pub(crate) details: Option<String>,
}

macro_rules! result {
    ($name:ident { $($field:ident $(as $key:literal)?: $type:ty),* $(,)? }) => {
        #[derive(Debug, Deserialize)]
        #[serde(deny_unknown_fields)]
        #[allow(dead_code, non_snake_case)] // what is read is checked by its type
        struct $name { $($(#[serde(rename = $key)])? $field: $type),* }
    };
}

result!(Dns {
    nameservers: Option<Vec<std::net::IpAddr>>,
    domain: Option<String>,
    search: Option<Vec<String>>,
    options: Option<Vec<String>>,
});
result!(Route { dst: Net, gw: Option<std::net::IpAddr> });
result!(Route110 {
    dst: Net,
    gw: Option<std::net::IpAddr>,
    mtu: Option<u32>,
    advmss: Option<u32>,
    priority: Option<u32>,
    table: Option<u32>,
    scope: Option<u8>,
});
result!(Interface { name: String, mac: Option<String>, sandbox: Option<String> });
result!(Interface110 {
    name: String,
    mac: Option<String>,
    sandbox: Option<String>,
    mtu: Option<u32>,
    socketPath: Option<String>,
    pciID: Option<String>,
});
result!(Ip020 { ip: Net, gateway: Option<std::net::IpAddr>, routes: Option<Vec<Route>> });
result!(Ip030 {
    version: String,
    address: Net,
    gateway: Option<std::net::IpAddr>,
    interface: Option<u32>,
});
result!(Ip100 { address: Net, gateway: Option<std::net::IpAddr>, interface: Option<u32> });
result!(Result010 { cniVersion: String, ip4: Option<Ip020>, ip6: Option<Ip020>, dns: Option<Dns> });
result!(Result030 {
    cniVersion: String,
    interfaces: Option<Vec<Interface>>,
    ips: Option<Vec<Ip030>>,
    routes: Option<Vec<Route>>,
    dns: Option<Dns>,
});
result!(Result100 {
    cniVersion: String,
    interfaces: Option<Vec<Interface>>,
    ips: Option<Vec<Ip100>>,
    routes: Option<Vec<Route>>,
    dns: Option<Dns>,
});
result!(Result110 {
    cniVersion: String,
    interfaces: Option<Vec<Interface110>>,
    ips: Option<Vec<Ip100>>,
    routes: Option<Vec<Route110>>,
    dns: Option<Dns>,
});

/// An address or a subnet with its prefix length.
#[derive(Debug)]
struct Net;

impl<'de> Deserialize<'de> for Net {
    fn deserialize<D: serde::Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        let text = String::deserialize(from)?;
        let net: Result<macvlan_core::Address, _> = text.parse();
        let is_any = matches!(&*text, "0.0.0.0/0" | "::/0");
        let is_subnet = macvlan_core::parse_net(&text).is_ok();
        if net.is_ok() || is_any || is_subnet {
            Ok(Self)
        } else {
            Err(serde::de::Error::custom(text))
        }
    }
}

/// Checks that a result is one of this version, and of no other.
#[track_caller]
pub(crate) fn check(version: &str, result: &Value) {
    fn read<T: serde::de::DeserializeOwned>(result: &Value) -> Result<(), String> {
        serde_json::from_value::<T>(result.clone()).map(drop).map_err(|error| error.to_string())
    }
    assert_eq!(result["cniVersion"], version, "{result}");
    let read = match version {
        "0.1.0" | "0.2.0" => read::<Result010>(result),
        "0.3.0" | "0.3.1" | "0.4.0" => read::<Result030>(result),
        "1.0.0" => read::<Result100>(result),
        "1.1.0" => read::<Result110>(result),
        other => panic!("{other}"),
    };
    if let Err(error) = read {
        panic!("{error}: {result}");
    }
}
