//! The documents of networks and of what is asked of them (`docs/formats.md`).
//!
//! They are independent of the stored formats, which the stores have to read for ever.

use std::collections::BTreeMap;
use std::net::IpAddr;

use macvlan_core::document::{
    Form, FromText, Seconds, Text, TextOr, document, in_field, required, serde_as, texts,
};
use macvlan_core::{AcceptRa, MacAddr, Mode, Parent, Route};

use crate::allocation::Allocation;
use crate::config::NetworkConfig;
use crate::connect_options::ConnectOptions;
use crate::mac::MacFrom;
use crate::pool::Order;
use crate::range::AddressRange;
use crate::subnet::{Gateway, Subnet};

document!(ConfigForm, "the configuration of a network", {
    name: Option<String>,
    parent: Option<Parent>,
    mode: Option<Mode>,
    subnets: Vec<Subnet>,
    without_addresses: bool,
    ipv6: bool,
    internal: bool,
    mtu: Option<u32>,
    routes: Vec<Route>,
    metric: Option<u32>,
    disable_ipv6: Option<bool>,
    accept_ra: Option<AcceptRa>,
    leave_ipv6: bool,
    allmulticast: Option<bool>,
    order: Option<Order>,
    mac_from: Option<MacFrom>,
    probe: bool,
    duplicate_detection: bool,
    block_size: Option<u32>,
    reservation_ttl: Option<Seconds>,
    options: BTreeMap<String, String>,
    labels: BTreeMap<String, String>,
});

document!(SubnetForm, "a subnet", {
    subnet: Option<String>,
    gateway: Option<Text<IpAddr>>,
    without_gateway: bool,
    on_link_gateway: bool,
    ranges: Vec<Text<AddressRange>>,
    excluded: Vec<Text<AddressRange>>,
    reserved: BTreeMap<String, Text<IpAddr>>,
});

document!(ConnectForm, "the options for connecting a container", {
    container: Option<String>,
    name: Option<String>,
    aliases: Vec<String>,
    addresses: Vec<Text<IpAddr>>,
    take: Vec<String>,
    link_local_addresses: Vec<Text<IpAddr>>,
    interface: Option<String>,
    mac: Option<MacAddr>,
    default_route: Option<bool>,
    gw_priority: Option<i32>,
    replace_default_route: bool,
});

document!(AllocationForm, "the options for allocating addresses", {
    addresses: Vec<Text<IpAddr>>,
    ipv4: Option<bool>,
    ipv6: Option<bool>,
    mac: Option<MacAddr>,
});

serde_as!(NetworkConfig, ConfigForm);
serde_as!(Subnet, TextOr<SubnetForm>);
serde_as!(ConnectOptions, ConnectForm);
serde_as!(Allocation, AllocationForm);

impl FromText for AddressRange {
    fn from_text(text: &str) -> Result<Self, String> {
        text.parse().map_err(|error: crate::Error| error.to_string())
    }
}

/// Returns a value that is not the default.
fn other<T: Default + PartialEq>(value: T) -> Option<T> {
    Some(value).filter(|value| *value != T::default())
}

fn plain<T>(values: Vec<Text<T>>) -> Vec<T> {
    values.into_iter().map(|Text(value)| value).collect()
}

impl Form<NetworkConfig> for ConfigForm {
    fn of(config: &NetworkConfig) -> Result<Self, String> {
        // A new field is an error here until it is in the document.
        let NetworkConfig {
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
        } = config.clone();
        Ok(Self {
            name: Some(name),
            parent: in_field("parent", parent.transpose())?,
            mode: other(mode),
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
            order: other(order),
            mac_from: other(mac_from),
            probe,
            duplicate_detection,
            block_size,
            reservation_ttl: other(reservation_ttl).map(Seconds),
            options,
            labels,
        })
    }

    fn read(self) -> Result<NetworkConfig, String> {
        Ok(NetworkConfig {
            name: required("name", self.name)?,
            parent: self.parent.map(Ok),
            mode: self.mode.unwrap_or_default(),
            subnets: self.subnets,
            without_addresses: self.without_addresses,
            ipv6: self.ipv6,
            internal: self.internal,
            mtu: self.mtu,
            routes: self.routes,
            metric: self.metric,
            disable_ipv6: self.disable_ipv6,
            accept_ra: self.accept_ra,
            leave_ipv6: self.leave_ipv6,
            allmulticast: self.allmulticast,
            order: self.order.unwrap_or_default(),
            mac_from: self.mac_from.unwrap_or_default(),
            probe: self.probe,
            duplicate_detection: self.duplicate_detection,
            block_size: self.block_size,
            reservation_ttl: self.reservation_ttl.unwrap_or_default().0,
            options: self.options,
            labels: self.labels,
        })
    }
}

impl Form<Subnet> for TextOr<SubnetForm> {
    fn of(subnet: &Subnet) -> Result<Self, String> {
        let Subnet { net, gateway, on_link_gateway, ranges, excluded, reserved } = subnet.clone();
        let form = SubnetForm {
            gateway: match gateway {
                Gateway::At(gateway) => Some(Text(gateway)),
                // Whether the network is internal decides again where it is read.
                Gateway::First | Gateway::Later | Gateway::None => None,
            },
            without_gateway: gateway == Gateway::None,
            on_link_gateway,
            ranges: texts(ranges),
            excluded: texts(excluded),
            reserved: reserved.into_iter().map(|(name, address)| (name, Text(address))).collect(),
            subnet: None,
        };
        if form == SubnetForm::default() {
            return Ok(Self::Text(net.to_string()));
        }
        Ok(Self::Form(SubnetForm { subnet: Some(net.to_string()), ..form }))
    }

    fn read(self) -> Result<Subnet, String> {
        let form = match self {
            Self::Text(text) => return Subnet::new(&text).map_err(|error| error.to_string()),
            Self::Form(form) => form,
        };
        let subnet = in_field("subnet", Subnet::new(&required("subnet", form.subnet)?))?;
        let subnet = match form.gateway {
            Some(_) if form.without_gateway => {
                return Err("gateway: without_gateway says that there is none".to_owned());
            }
            Some(Text(gateway)) => subnet.gateway(gateway),
            None if form.without_gateway => subnet.without_gateway(),
            None => subnet,
        };
        Ok(Subnet {
            on_link_gateway: form.on_link_gateway,
            ranges: plain(form.ranges),
            excluded: plain(form.excluded),
            reserved: form.reserved.into_iter().map(|(name, Text(ip))| (name, ip)).collect(),
            ..subnet
        })
    }
}

impl Form<ConnectOptions> for ConnectForm {
    fn of(options: &ConnectOptions) -> Result<Self, String> {
        let ConnectOptions {
            container,
            name,
            aliases,
            addresses,
            take,
            link_local,
            interface,
            mac,
            default_route,
            gw_priority,
            replace_default_route,
        } = options.clone();
        Ok(Self {
            container: Some(container),
            name,
            aliases,
            addresses: texts(addresses),
            take,
            link_local_addresses: texts(link_local),
            interface,
            mac,
            default_route,
            gw_priority,
            replace_default_route,
        })
    }

    fn read(self) -> Result<ConnectOptions, String> {
        let mut options = ConnectOptions::new(required("container", self.container)?);
        if let Some(name) = self.name {
            options = options.name(name);
        }
        options = self.aliases.into_iter().fold(options, ConnectOptions::alias);
        Ok(ConnectOptions {
            addresses: plain(self.addresses),
            take: self.take,
            link_local: plain(self.link_local_addresses),
            interface: self.interface,
            mac: self.mac,
            default_route: self.default_route,
            gw_priority: self.gw_priority,
            replace_default_route: self.replace_default_route,
            ..options
        })
    }
}

impl Form<Allocation> for AllocationForm {
    fn of(allocation: &Allocation) -> Result<Self, String> {
        let Allocation { addresses, families, mac } = allocation.clone();
        let [ipv4, ipv6] = families.map(|choose| Some(choose).filter(|choose| !choose));
        Ok(Self { addresses: texts(addresses), ipv4, ipv6, mac })
    }

    fn read(self) -> Result<Allocation, String> {
        let families = [self.ipv4, self.ipv6].map(|choose| choose.unwrap_or(true));
        Ok(Allocation { addresses: plain(self.addresses), families, mac: self.mac })
    }
}
