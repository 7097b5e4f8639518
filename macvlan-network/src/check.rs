//! Checks a network's configuration, without regard to the host.

use std::ops::RangeInclusive;

use ipnet::IpNet;
use macvlan_core::Route;

use crate::config::NetworkConfig;
use crate::error::{Error, Result};
use crate::name::check_name;
use crate::subnet::Subnet;

/// The MTUs that the kernel allows for an Ethernet link, in bytes.
const MTUS: RangeInclusive<u32> = 68..=65_535;
/// The smallest MTU for IPv6 (RFC 8200), in bytes.
const IPV6_MIN_MTU: u32 = 1280;

impl NetworkConfig {
    /// Refuses invalid options for the containers' interfaces.
    fn check_interfaces(&self) -> Result<()> {
        let refuse = |why: String| Err(Error::invalid("create the network", why));
        if let Some(mtu) = self.mtu {
            if !MTUS.contains(&mtu) {
                let (least, most) = (MTUS.start(), MTUS.end());
                return refuse(format!("MTU {mtu} is not from {least} to {most}"));
            }
            let is_v6 = self.ipv6 || self.has_family(true) || self.is_without_ipv6() == Some(false);
            if is_v6 && mtu < IPV6_MIN_MTU {
                return refuse(format!("MTU {mtu} is below {IPV6_MIN_MTU}, the smallest for IPv6"));
            }
        }
        if self.disable_ipv6 == Some(true) && self.ipv6 {
            return refuse("an IPv6 subnet is requested, but IPv6 is disabled".to_owned());
        }
        if self.disable_ipv6 == Some(true) {
            if let Some(subnet) = self.subnets.iter().find(|one| one.get_net().addr().is_ipv6()) {
                return refuse(format!("{subnet} is an IPv6 subnet, but IPv6 is disabled"));
            }
            if self.accept_ra.is_some() {
                let why = "router advertisements need IPv6, which is disabled";
                return refuse(why.to_owned());
            }
        }
        self.check_routes()
    }

    fn check_routes(&self) -> Result<()> {
        let nets: Vec<IpNet> = self.subnets.iter().map(Subnet::get_net).collect();
        for (number, route) in self.routes.iter().enumerate() {
            let refuse = |why: &str, hint: &'static str| {
                let why = format!("route {route} {why}");
                Err(Error::invalid("create the network", why).with_hint(hint))
            };
            route.check().map_err(|error| Error::kernel("create the network", error))?;
            if route.is_default() {
                return refuse("is a default route", "set the subnet's gateway instead");
            }
            if route.get_device().is_some() {
                return refuse("has a device", "remove the device");
            }
            if !Self::reaches(route, &nets) {
                return refuse(
                    "has a gateway outside of all subnets",
                    "add onlink if the gateway is on the link",
                );
            }
            let place = |one: &Route| (one.get_destination(), one.get_table(), one.get_metric());
            if self.routes[..number].iter().any(|one| place(one) == place(route)) {
                return refuse(
                    "has the destination and metric of another route",
                    "remove one of them",
                );
            }
        }
        Ok(())
    }

    /// Refuses an invalid configuration.
    pub(crate) fn check(&self) -> Result<()> {
        let operation = "create the network";
        let in_network = |error: Error| error.in_network(&self.name);
        check_name(&self.name, "a network's name").map_err(in_network)?;
        match &self.parent {
            Some(Ok(parent)) if parent.get_alternative_name().is_none() => {
                parent.id().map_err(|error| in_network(Error::kernel(operation, error)))?;
            }
            Some(Err(why)) => return Err(in_network(Error::invalid(operation, why.clone()))),
            _ => {}
        }
        if self.without_addresses && (self.ipv6 || !self.subnets.is_empty()) {
            let why = "a network without addresses cannot have a subnet";
            return Err(in_network(Error::invalid(operation, why)));
        }
        self.check_interfaces().map_err(in_network)?;
        if self.block_size == Some(0) {
            return Err(in_network(Error::invalid(
                operation,
                "the block size must be at least one address",
            )));
        }
        for (number, given) in self.given().enumerate() {
            let subnet = given.subnet;
            subnet.check().map_err(in_network)?;
            let mut reserved = subnet.get_reserved().values();
            if given.gaps().is_empty() && !reserved.any(|one| subnet.can_be_host(*one)) {
                let why = "no address is left for containers";
                return Err(in_network(Error::invalid(format!("use subnet {subnet}"), why)));
            }
            if let Some(other) = self.subnets[..number].iter().find(|one| one.overlaps(subnet)) {
                let why = format!("subnets {other} and {subnet} overlap");
                return Err(in_network(Error::invalid(operation, why)));
            }
            let Some(gateway) = subnet.get_gateway() else { continue };
            let mut others = self.given().filter(|other| other.subnet != subnet);
            if let Some(other) = others.find(|other| other.gives(gateway)) {
                let other = other.subnet;
                let why = format!("{gateway}, the gateway of {subnet}, is in the range of {other}");
                return Err(in_network(
                    Error::invalid(operation, why).with_hint("exclude it from that subnet"),
                ));
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use macvlan_core::{AcceptRa, Parent};

    use super::*;

    #[test]
    fn what_is_refused_says_why() {
        let subnet = |text: &str| Subnet::new(text).unwrap();
        let net = || NetworkConfig::new("net").subnet(subnet("10.0.0.0/16"));
        let via = |gateway: &str| format!("10.9.0.0/16 via {gateway}").parse::<Route>().unwrap();
        let route = |text: &str| net().route(text.parse().unwrap());
        let small = || NetworkConfig::new("net");
        let excluded = || subnet("10.1.0.0/30").exclude("10.1.0.2".parse().unwrap());
        net().parent("ens33.10").check().unwrap();
        net().mtu(1279).check().unwrap();
        net().parent("a-long-alternative-name").check().unwrap();
        net()
            .parent(Parent::vlan("a-long-name", 4000).unwrap().name("lan").unwrap())
            .check()
            .unwrap();
        net().route(via("10.1.0.1").on_link(true)).check().unwrap();
        net().route(via("10.0.0.9")).route(via("10.0.0.8").metric(5)).check().unwrap();
        net().route("blackhole 10.9.0.0/16".parse().unwrap()).check().unwrap();
        for (config, words) in [
            (NetworkConfig::new("a/b"), "can only contain letters"),
            (NetworkConfig::new(""), "1 to 128"),
            (NetworkConfig::new("-x"), "must begin"),
            (net().subnet(subnet("10.0.10.0/24")), "10.0.0.0/16 and 10.0.10.0/24 overlap"),
            (net().parent("a name that is long"), "a name that is long"),
            (net().block_size(0), "block size"),
            (net().without_addresses(), "a network without addresses"),
            (NetworkConfig::new("net").without_addresses().ipv6(true), "without addresses"),
            (net().ipv6(true).mtu(1279), "below 1280"),
            (net().parent(Parent::vlan("a-long-name", 4000).unwrap()), "a shorter name"),
            (net().mtu(67), "MTU 67 is not from 68 to 65535"),
            (net().mtu(65_536), "MTU 65536 is not"),
            (net().mtu(1279).subnet(subnet("fd00::/64")), "below 1280, the smallest for IPv6"),
            (net().mtu(1279).disable_ipv6(false), "below 1280"),
            (net().mtu(1279).accept_ra(AcceptRa::Always), "below 1280"),
            (net().subnet(subnet("fd00::/64")).disable_ipv6(true), "fd00::/64 is an IPv6 subnet"),
            (net().accept_ra(AcceptRa::Always).disable_ipv6(true), "IPv6, which is disabled"),
            (route("default via 10.0.0.9"), "is a default route; set the subnet's gateway instead"),
            (route("10.9.0.0/16 via 10.1.0.1"), "has a gateway outside of all subnets; add onlink"),
            (route("10.9.0.0/16 dev eth1"), "has a device"),
            (small().subnet(excluded()), "no address is left"),
            (small().subnet(subnet("10.1.0.0/30")).route(via("10.1.0.2")), "no address is left"),
            (net().route(via("10.0.0.9").table(0)), "the table must not be 0"),
            (route("10.9.0.0/16 via 10.0.0.9").route(via("10.0.0.8")), "of another"),
        ] {
            let error = config.check().unwrap_err();
            assert_eq!(error.kind(), crate::ErrorKind::InvalidValue);
            assert!(error.to_string().contains(words), "{error}");
        }
    }
}
