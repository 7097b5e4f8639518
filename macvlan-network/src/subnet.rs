//! One subnet of a network, with its gateway and its addresses.

use std::collections::BTreeMap;
use std::fmt;
use std::net::IpAddr;

use ipnet::IpNet;
use macvlan_core::parse_net;

use crate::error::{Error, Result};
use crate::net::{check_net, v4};
use crate::pool;
use crate::range::AddressRange;

/// A subnet that a network gives addresses from, checked when the network is created.
///
/// ```
/// use macvlan_network::Subnet;
/// let subnet = Subnet::new("192.168.15.0/24")?  // the gateway is .1
///     .range("192.168.15.64/26".parse()?)       // .64 to .127 are given,
///     .range("192.168.15.200-192.168.15.220".parse()?)
///     .exclude("192.168.15.96/28".parse()?)     // but not .96 to .111
///     .reserve("printer", "192.168.15.70".parse()?);
/// # let _ = subnet;
/// # Ok::<(), macvlan_network::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
#[must_use]
pub struct Subnet {
    pub(crate) net: IpNet,
    pub(crate) gateway: Gateway,
    pub(crate) on_link_gateway: bool,
    pub(crate) ranges: Vec<AddressRange>,
    pub(crate) excluded: Vec<AddressRange>,
    pub(crate) reserved: BTreeMap<String, IpAddr>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Gateway {
    First,
    None,
    At(IpAddr),
    /// None, because the network is internal; the first address when it is not any longer.
    Later,
}

impl Subnet {
    /// Makes a subnet from CIDR notation, without host bits.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::InvalidValue`](crate::ErrorKind::InvalidValue) if it has host bits, since the
    /// intended value is not clear, or if no LAN can have it: unspecified, loopback, link-local,
    /// multicast, class E and IPv4-mapped.
    pub fn new(subnet: &str) -> Result<Self> {
        let refuse = |why: String| Error::invalid(format!("use {subnet:?} as a subnet"), why);
        let net = parse_net(subnet).map_err(|error| refuse(error.cause().to_owned()))?;
        if net.addr() != net.network() {
            return Err(refuse(format!("host bits are set; the subnet is {}", net.trunc())));
        }
        check_net(net).map_err(refuse)?;
        Ok(Self::from(net))
    }

    /// Sets the gateway. Defaults to the first address of the subnet, as in Docker.
    ///
    /// The gateway is in the subnet, a link-local IPv6 address, or any address with
    /// [`Subnet::on_link_gateway`].
    pub fn gateway(mut self, gateway: IpAddr) -> Self {
        self.gateway = Gateway::At(gateway);
        self
    }

    /// Sets whether a gateway outside of the subnet is assumed to be on the link (`onlink`).
    ///
    /// Defaults to false, which refuses such a gateway.
    pub fn on_link_gateway(mut self, on_link: bool) -> Self {
        self.on_link_gateway = on_link;
        self
    }

    /// Removes the gateway: no default route, and the first address can be given to a container.
    pub fn without_gateway(mut self) -> Self {
        self.gateway = Gateway::None;
        self
    }

    /// Adds a range to give addresses from. Defaults to the whole subnet.
    ///
    /// Several hosts that share a subnet, but each have their own store, use different ranges.
    #[doc(alias = "ip_range")]
    #[doc(alias = "rangeStart")]
    pub fn range(mut self, range: AddressRange) -> Self {
        self.ranges.push(range);
        self
    }

    /// Removes the ranges, so that addresses are given from the whole subnet.
    pub fn clear_ranges(mut self) -> Self {
        self.ranges.clear();
        self
    }

    /// Adds addresses that are never given to a container, such as those of a DHCP server.
    pub fn exclude(mut self, excluded: AddressRange) -> Self {
        self.excluded.push(excluded);
        self
    }

    /// Removes the excluded addresses.
    pub fn clear_excluded(mut self) -> Self {
        self.excluded.clear();
        self
    }

    /// Reserves an address for the container of this name
    /// ([`ConnectOptions::name`](crate::ConnectOptions::name)).
    ///
    /// The container gets it without requesting it, and no other container gets it. Names are
    /// compared as in DNS.
    #[doc(alias = "aux_address")]
    pub fn reserve(mut self, name: impl Into<String>, address: IpAddr) -> Self {
        self.reserved.insert(name.into(), address);
        self
    }

    /// Removes the reserved addresses.
    pub fn clear_reserved(mut self) -> Self {
        self.reserved.clear();
        self
    }

    /// Returns the subnet in CIDR notation.
    pub fn get_net(&self) -> IpNet {
        self.net
    }

    /// Returns the gateway, if there is one.
    pub fn get_gateway(&self) -> Option<IpAddr> {
        match self.gateway {
            Gateway::At(address) => Some(address),
            // A subnet of one or two addresses has none to spare.
            Gateway::First if self.host_bits() < 2 => None,
            Gateway::First => Some(pool::address(pool::number(self.net.network()) + 1)),
            Gateway::None | Gateway::Later => None,
        }
    }

    /// Returns whether a gateway outside of the subnet is assumed to be on the link.
    pub fn get_on_link_gateway(&self) -> bool {
        self.on_link_gateway
    }

    /// Returns the ranges to give addresses from; empty if this is the whole subnet.
    pub fn get_ranges(&self) -> &[AddressRange] {
        &self.ranges
    }

    /// Returns the addresses that are never given.
    pub fn get_excluded(&self) -> &[AddressRange] {
        &self.excluded
    }

    /// Returns the reserved addresses, by the containers' names.
    pub fn get_reserved(&self) -> &BTreeMap<String, IpAddr> {
        &self.reserved
    }

    /// Returns the subnet for a network that is internal or not, which decides whether it has a
    /// default gateway.
    pub(crate) fn settled(mut self, is_internal: bool) -> Self {
        self.gateway = match self.gateway {
            Gateway::First | Gateway::Later if is_internal => Gateway::Later,
            Gateway::First | Gateway::Later => Gateway::First,
            said => said,
        };
        self
    }

    pub(crate) fn host_bits(&self) -> u8 {
        self.net.max_prefix_len() - self.net.prefix_len()
    }

    pub(crate) fn check(&self) -> Result<()> {
        let refuse = |why: String| Err(Error::invalid(format!("use subnet {}", self.net), why));
        if let Err(why) = check_net(self.net) {
            return refuse(why);
        }
        if let Gateway::At(gateway) = self.gateway {
            self.check_gateway(gateway).or_else(refuse)?;
        }
        let parts = self.ranges.iter().map(|range| ("range", range));
        let parts = parts.chain(self.excluded.iter().map(|range| ("excluded range", range)));
        for (what, range) in parts {
            if !self.net.contains(&range.first()) || !self.net.contains(&range.last()) {
                return refuse(format!("its {what} {range} is outside of the subnet"));
            }
        }
        for (name, address) in &self.reserved {
            if !self.net.contains(address) {
                return refuse(format!(
                    "{address}, reserved for {name:?}, is outside of the subnet"
                ));
            }
        }
        Ok(())
    }

    fn check_gateway(&self, gateway: IpAddr) -> std::result::Result<(), String> {
        let no_host = || format!("its gateway {gateway} is not a host address");
        if self.net.contains(&gateway) {
            return if self.can_be_host(gateway) { Ok(()) } else { Err(no_host()) };
        }
        if gateway.is_ipv4() != self.net.addr().is_ipv4() {
            return Err(format!(
                "its gateway {gateway} is outside of the subnet, and of the other family"
            ));
        }
        if matches!(gateway, IpAddr::V6(ip) if ip.is_unicast_link_local()) {
            return Ok(());
        }
        if !self.on_link_gateway {
            let hint = "set the gateway on the link if it is reachable there";
            return Err(format!("its gateway {gateway} is outside of the subnet; {hint}"));
        }
        let only = IpNet::from(gateway);
        let link_local = v4(169, 254, 16);
        let may_be = check_net(only).is_ok() || link_local.contains(&only);
        if may_be { Ok(()) } else { Err(no_host()) }
    }
}

impl From<IpNet> for Subnet {
    fn from(net: IpNet) -> Self {
        Self {
            net: net.trunc(),
            gateway: Gateway::First,
            on_link_gateway: false,
            ranges: Vec::new(),
            excluded: Vec::new(),
            reserved: BTreeMap::new(),
        }
    }
}

impl fmt::Display for Subnet {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.net.fmt(f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_no_lan_has_is_refused_when_it_is_said() {
        for (text, words) in [
            ("0.0.0.0/0", "unspecified"),
            ("0.0.0.0/1", "unspecified"),
            ("::/0", "unspecified"),
            ("::/64", "unspecified"),
            ("127.0.0.0/8", "loopback"),
            ("127.1.0.0/16", "loopback"),
            ("::1/128", "unspecified"),
            ("169.254.0.0/16", "link-local"),
            ("fe80::/64", "link-local"),
            ("224.0.0.0/8", "multicast"),
            ("ff00::/8", "multicast"),
            ("240.0.0.0/4", "class E"),
            ("255.255.255.0/24", "class E"),
            ("::ffff:10.0.0.0/120", "IPv4-mapped"),
            ("192.168.015.0/24", "not an IP address"),
            ("192.168.15.0/24 ", "prefix length"),
            ("fd00::/64%x", "prefix length"),
        ] {
            let error = Subnet::new(text).unwrap_err();
            assert!(error.is_invalid_value() && error.to_string().contains(words), "{error}");
        }
        let mapped: IpNet = "::ffff:10.0.0.0/120".parse().unwrap();
        assert!(Subnet::from(mapped).check().unwrap_err().is_invalid_value());
        for text in ["10.0.0.0/8", "100.64.0.0/10", "192.0.2.7/32", "2000::/3", "fd00::/8"] {
            Subnet::new(text).unwrap().check().unwrap();
        }
    }

    #[test]
    fn gateways_may_be_elsewhere() {
        let ip = |text: &str| text.parse::<IpAddr>().unwrap();
        let v4 = || Subnet::new("203.0.113.16/28").unwrap();
        let v6 = || Subnet::new("fd00:10::/64").unwrap();
        v6().gateway(ip("fe80::1")).check().unwrap();
        v4().gateway(ip("10.99.0.1")).on_link_gateway(true).check().unwrap();
        v4().gateway(ip("169.254.1.1")).on_link_gateway(true).check().unwrap();
        v6().gateway(ip("2001:db8::1")).on_link_gateway(true).check().unwrap();
        let one = Subnet::new("203.0.113.20/32").unwrap();
        one.gateway(ip("203.0.113.1")).on_link_gateway(true).check().unwrap();
        for (subnet, words) in [
            (
                v4().gateway(ip("10.99.0.1")),
                "is outside of the subnet; set the gateway on the link",
            ),
            (v4().gateway(ip("fe80::1")), "of the other family"),
            (v6().gateway(ip("10.0.0.1")).on_link_gateway(true), "of the other family"),
            (v4().gateway(ip("224.0.0.1")).on_link_gateway(true), "not a host address"),
            (v6().gateway(ip("::")).on_link_gateway(true), "not a host address"),
            (v4().gateway(ip("127.0.0.1")).on_link_gateway(true), "not a host address"),
            (v4().gateway(ip("203.0.113.31")).on_link_gateway(true), "not a host address"),
        ] {
            let error = subnet.check().unwrap_err().to_string();
            assert!(error.contains(words), "{error}");
        }
    }

    #[test]
    fn what_is_refused_says_why() {
        let net = |text: &str| Subnet::new(text).unwrap();
        let ip = |text: &str| text.parse::<IpAddr>().unwrap();
        for (subnet, words) in [
            (
                net("10.0.10.0/24").gateway(ip("10.0.11.1")),
                "its gateway 10.0.11.1 is outside of the subnet",
            ),
            (net("10.0.10.0/24").gateway(ip("10.0.10.255")), "is not a host address"),
            (
                net("10.0.10.0/24").range("10.0.11.0/25".parse().unwrap()),
                "is outside of the subnet",
            ),
            (net("10.0.10.0/24").range("10.0.0.0/16".parse().unwrap()), "is outside of the subnet"),
            (
                net("10.0.10.0/24").exclude("10.0.9.0/24".parse().unwrap()),
                "excluded range 10.0.9.0/24",
            ),
            (net("10.0.10.0/24").reserve("x", ip("10.0.9.1")), "reserved for \"x\", is outside"),
        ] {
            let error = subnet.check().unwrap_err().to_string();
            assert!(error.contains(words), "{error}");
        }
        let error = Subnet::new("10.0.10.1/24").unwrap_err().to_string();
        assert!(error.contains("the subnet is 10.0.10.0/24"), "{error}");
        assert!(Subnet::new("10.0.10.0").is_err());
    }
}
