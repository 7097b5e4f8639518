//! One subnet of a network: who its gateway is, and which of its addresses are given.

use std::collections::BTreeMap;
use std::fmt;
use std::net::IpAddr;

use ipnet::IpNet;
use macvlan_core::parse_net;

use crate::error::{Error, Result};
use crate::pool::{self, Gap};

/// A subnet that a network gives addresses from: a value, checked when the network is created.
///
/// ```
/// use macvlan_network::Subnet;
/// let subnet = Subnet::new("192.168.15.0/24")?  // the gateway is .1
///     .range("192.168.15.64/26".parse()?)       // this host gives .64 to .127
///     .reserve("printer", "192.168.15.70".parse()?);
/// # let _ = subnet;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
#[must_use]
pub struct Subnet {
    pub(crate) net: IpNet,
    pub(crate) gateway: Gateway,
    pub(crate) range: Option<IpNet>,
    pub(crate) reserved: BTreeMap<String, IpAddr>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Gateway {
    First,
    None,
    At(IpAddr),
}

impl Subnet {
    /// A subnet in CIDR notation; host bits are refused, since it could not be told what was meant.
    pub fn new(subnet: &str) -> Result<Self> {
        let refuse = |why: String| Error::invalid(format!("use {subnet:?} as a subnet"), why);
        let net = parse_net(subnet).map_err(|error| refuse(error.cause().to_owned()))?;
        if net.addr() != net.network() {
            return Err(refuse(format!("it has host bits; the subnet is {}", net.trunc())));
        }
        Ok(Self::from(net))
    }

    /// Its router; the first address of the subnet when not given, as Docker has it.
    pub fn gateway(mut self, gateway: IpAddr) -> Self {
        self.gateway = Gateway::At(gateway);
        self
    }

    /// No router: no default route, and the first address can be given to a container.
    pub fn without_gateway(mut self) -> Self {
        self.gateway = Gateway::None;
        self
    }

    /// The part of the subnet that addresses are given from: this host's share, where several hosts
    /// have one subnet and a store each. All of it when not given.
    #[doc(alias = "ip_range")]
    pub fn range(mut self, range: IpNet) -> Self {
        self.range = Some(range);
        self
    }

    /// One more address that is not given to a container, and whose it is.
    #[doc(alias = "aux_address")]
    pub fn reserve(mut self, name: impl Into<String>, address: IpAddr) -> Self {
        self.reserved.insert(name.into(), address);
        self
    }

    /// The subnet.
    pub fn net(&self) -> IpNet {
        self.net
    }

    /// The router's address, if there is one.
    pub fn get_gateway(&self) -> Option<IpAddr> {
        match self.gateway {
            Gateway::At(address) => Some(address),
            // A subnet of a single address, or of two hosts, has none to spare.
            Gateway::First if self.host_bits() < 2 => None,
            Gateway::First => Some(pool::address(pool::number(self.net.network()) + 1)),
            Gateway::None => None,
        }
    }

    /// The part that addresses are given from, if that was said.
    pub fn get_range(&self) -> Option<IpNet> {
        self.range
    }

    /// Addresses that are given to nobody, by name.
    pub fn get_reserved(&self) -> &BTreeMap<String, IpAddr> {
        &self.reserved
    }

    fn host_bits(&self) -> u8 {
        self.net.max_prefix_len() - self.net.prefix_len()
    }

    /// Whether an address can be a host's at all: not the subnet's own, which is every IPv6 router's,
    /// nor the broadcast address.
    fn hosts(&self) -> Gap {
        let (first, last) = ends(self.net);
        match (self.net, self.host_bits()) {
            (_, 0 | 1) => Gap { first, last },
            (IpNet::V4(_), _) => Gap { first: first + 1, last: last - 1 },
            (IpNet::V6(_), _) => Gap { first: first + 1, last },
        }
    }

    pub(crate) fn can_be_host(&self, address: IpAddr) -> bool {
        self.hosts().holds(pool::number(address))
    }

    /// From where to where addresses are given.
    pub(crate) fn given(&self) -> Gap {
        let (first, last) = self.range.map_or_else(|| ends(self.net), ends);
        let hosts = self.hosts();
        Gap { first: first.max(hosts.first), last: last.min(hosts.last) }
    }

    /// The addresses in between that are not given.
    pub(crate) fn kept_back(&self) -> impl Iterator<Item = IpAddr> {
        self.get_gateway().into_iter().chain(self.reserved.values().copied())
    }

    /// All gaps of a fresh pool.
    pub(crate) fn gaps(&self) -> Vec<Gap> {
        let mut gaps = vec![self.given()];
        for at in self.kept_back().map(pool::number) {
            gaps = gaps
                .into_iter()
                .flat_map(|gap| if gap.holds(at) { gap.without(at) } else { [Some(gap), None] })
                .flatten()
                .collect();
        }
        gaps
    }

    pub(crate) fn check(&self) -> Result<()> {
        let refuse = |why: String| Err(Error::invalid(format!("use subnet {}", self.net), why));
        if self.net.prefix_len() == 0 || self.net.addr().is_multicast() {
            return refuse("it is no subnet that hosts can be in".to_owned());
        }
        if let Gateway::At(gateway) = self.gateway {
            if !self.net.contains(&gateway) {
                return refuse(format!("its gateway {gateway} is outside it"));
            }
            if !self.hosts().holds(pool::number(gateway)) {
                return refuse(format!("its gateway {gateway} is no host's address"));
            }
        }
        if let Some(range) = self.range {
            if !self.net.contains(&range) {
                return refuse(format!("its range {range} is not within it"));
            }
            if range.addr() != range.network() {
                return refuse(format!("its range {range} has host bits; it is {}", range.trunc()));
            }
        }
        for (name, address) in &self.reserved {
            if !self.net.contains(address) {
                return refuse(format!("{address}, reserved for {name:?}, is outside it"));
            }
        }
        let given = self.given();
        if given.first > given.last || self.gaps().is_empty() {
            return refuse("no address of it is left for containers".to_owned());
        }
        Ok(())
    }

    pub(crate) fn overlaps(&self, other: &Self) -> bool {
        self.net.contains(&other.net) || other.net.contains(&self.net)
    }
}

fn ends(net: IpNet) -> (u128, u128) {
    (pool::number(net.network()), pool::number(net.broadcast()))
}

impl From<IpNet> for Subnet {
    fn from(net: IpNet) -> Self {
        Self { net: net.trunc(), gateway: Gateway::First, range: None, reserved: BTreeMap::new() }
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

    fn gaps(subnet: &Subnet) -> Vec<(String, String)> {
        let text = |number| pool::address(number).to_string();
        subnet.gaps().into_iter().map(|gap| (text(gap.first), text(gap.last))).collect()
    }

    fn pair(first: &str, last: &str) -> (String, String) {
        (first.to_owned(), last.to_owned())
    }

    #[test]
    fn what_is_given() {
        let net = |text: &str| Subnet::new(text).unwrap();
        assert_eq!(gaps(&net("10.0.10.0/24")), [pair("10.0.10.2", "10.0.10.254")]);
        assert_eq!(
            gaps(&net("10.0.10.0/24").without_gateway()),
            [pair("10.0.10.1", "10.0.10.254")]
        );
        assert_eq!(gaps(&net("10.0.10.0/31")), [pair("10.0.10.0", "10.0.10.1")]);
        assert_eq!(gaps(&net("10.0.10.7/32")), [pair("10.0.10.7", "10.0.10.7")]);
        assert_eq!(
            gaps(&net("fd00:10::/64")),
            [pair("fd00:10::2", "fd00:10::ffff:ffff:ffff:ffff")]
        );
        let shared = net("10.0.10.0/24")
            .range("10.0.10.64/26".parse().unwrap())
            .gateway("10.0.10.127".parse().unwrap())
            .reserve("printer", "10.0.10.70".parse().unwrap());
        assert_eq!(
            gaps(&shared),
            [pair("10.0.10.64", "10.0.10.69"), pair("10.0.10.71", "10.0.10.126")]
        );
        shared.check().unwrap();
    }

    #[test]
    fn what_is_refused_says_why() {
        let net = |text: &str| Subnet::new(text).unwrap();
        let ip = |text: &str| text.parse::<IpAddr>().unwrap();
        for (subnet, words) in [
            (net("10.0.10.0/24").gateway(ip("10.0.11.1")), "its gateway 10.0.11.1 is outside it"),
            (net("10.0.10.0/24").gateway(ip("10.0.10.255")), "is no host's address"),
            (net("10.0.10.0/24").gateway(ip("fd00::1")), "is outside it"),
            (net("10.0.10.0/24").range("10.0.11.0/25".parse().unwrap()), "is not within it"),
            (net("10.0.10.0/24").range("10.0.0.0/16".parse().unwrap()), "is not within it"),
            (net("10.0.10.0/24").range("10.0.10.65/26".parse().unwrap()), "it is 10.0.10.64/26"),
            (net("10.0.10.0/24").reserve("x", ip("10.0.9.1")), "reserved for \"x\", is outside"),
            (net("10.0.10.0/30").reserve("x", ip("10.0.10.2")), "no address of it is left"),
            (net("224.0.0.0/8"), "no subnet"),
        ] {
            let error = subnet.check().unwrap_err().to_string();
            assert!(error.contains(words), "{error}");
        }
        let error = Subnet::new("10.0.10.1/24").unwrap_err().to_string();
        assert!(error.contains("the subnet is 10.0.10.0/24"), "{error}");
        assert!(Subnet::new("10.0.10.0").is_err());
    }
}
