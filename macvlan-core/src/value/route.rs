//! A route as a namespace is to have it.

use std::fmt;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::str::FromStr;

use ipnet::{IpNet, Ipv4Net, Ipv6Net};

use crate::error::{Error, Result};
use crate::value::address::Address;
use crate::value::name::{LinkId, LinkName};
use crate::value::net::{ip_in, parse_net, parse_number};
use crate::value::scope::Scope;
use crate::value::text::{named, serde_as_text};

/// Where packets for a destination go.
///
/// The text form is `ip route`'s: `default via 10.0.0.1`, `10.1.0.0/16 via 10.0.0.2 dev eth0 metric
/// 100 onlink`, `blackhole fd00:1::/32 table 7`. An IPv4 destination may have an IPv6 gateway:
/// `default via inet6 fe80::1 dev eth0` (RFC 5549).
///
/// ```
/// use macvlan_core::Route;
/// let route = Route::default_via("10.0.0.1".parse().unwrap()).metric(100);
/// assert_eq!(route.to_string(), "default via 10.0.0.1 metric 100");
/// assert_eq!("default via 10.0.0.1 metric 100".parse::<Route>()?, route);
/// # Ok::<(), macvlan_core::Error>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[must_use]
pub struct Route {
    kind: RouteKind,
    destination: IpNet,
    gateway: Option<IpAddr>,
    device: Option<LinkId>,
    metric: Option<u32>,
    table: Option<u32>,
    source: Option<IpAddr>,
    scope: Option<Scope>,
    mtu: Option<u32>,
    advmss: Option<u32>,
    on_link: bool,
    protocol: Option<u8>,
}

/// What happens to packets that a route matches.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum RouteKind {
    /// They go to the gateway or the link.
    #[default]
    #[doc(alias = "RTN_UNICAST")]
    Unicast,
    /// They vanish; local senders get `EINVAL`.
    #[doc(alias = "RTN_BLACKHOLE")]
    Blackhole,
    /// They vanish, and the sender is told "host unreachable" (local senders: `EHOSTUNREACH`).
    #[doc(alias = "RTN_UNREACHABLE")]
    Unreachable,
    /// They vanish, and the sender is told "administratively prohibited" (local senders: `EACCES`).
    #[doc(alias = "RTN_PROHIBIT")]
    Prohibit,
}

/// What the kernel cuts larger path MTUs and segment sizes to (`ip_metrics_convert`).
const MOST_MTU: u32 = 65535 - 15;
const MOST_ADVMSS: u32 = 65535 - 40;

/// The metric of the routes that the kernel adds with IPv6 addresses (`IP6_RT_PRIO_ADDRCONF`).
const IP6_RT_PRIO_ADDRCONF: u32 = 256;

impl Route {
    /// A route to a subnet; host bits in the destination are refused, as the kernel refuses them.
    pub fn new(destination: IpNet) -> Result<Self> {
        if destination.addr() != destination.network() {
            return Err(Error::invalid(
                format!("route to {destination}"),
                "the destination has bits beyond its prefix length",
            )
            .with_hint(format!("{} is the subnet", destination.trunc())));
        }
        Ok(Self::to(destination))
    }

    /// Returns the route to a subnet, or the one that `default` means beside a gateway: of the gateway's
    /// family, and of IPv4 without one, as `ip route` has it.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::InvalidValue`](crate::ErrorKind::InvalidValue) as of [`Route::new`], and for text that
    /// is neither.
    pub fn toward(destination: &str, gateway: Option<IpAddr>) -> Result<Self> {
        let route = match destination {
            "default" => Self::to(Self::everything(gateway.is_none_or(|ip| ip.is_ipv4()))),
            net => Self::new(parse_net(net)?)?,
        };
        Ok(Self { gateway, ..route })
    }

    /// The default route of the gateway's family.
    pub fn default_via(gateway: IpAddr) -> Self {
        Self::to(Self::everything(gateway.is_ipv4())).gateway(gateway)
    }

    /// The IPv4 default route, gateway to be set or not.
    pub fn default_v4() -> Self {
        Self::to(Self::everything(true))
    }

    /// The IPv6 default route, gateway to be set or not.
    pub fn default_v6() -> Self {
        Self::to(Self::everything(false))
    }

    fn everything(v4: bool) -> IpNet {
        if v4 {
            Ipv4Net::new_assert(Ipv4Addr::UNSPECIFIED, 0).into()
        } else {
            Ipv6Net::new_assert(Ipv6Addr::UNSPECIFIED, 0).into()
        }
    }

    /// Returns the route to an address's subnet, as the kernel adds it with the address.
    pub(crate) fn connected(address: &Address) -> Self {
        let route = Self::to(address.net().trunc());
        match address.ip() {
            IpAddr::V4(_) => route.scope(Scope::Link).source(address.ip()),
            IpAddr::V6(_) => route.metric(IP6_RT_PRIO_ADDRCONF),
        }
    }

    /// Unchecked: what the kernel tells, or what cannot be wrong.
    pub(crate) fn to(destination: IpNet) -> Self {
        Self {
            kind: RouteKind::Unicast,
            destination,
            gateway: None,
            device: None,
            metric: None,
            table: None,
            source: None,
            scope: None,
            mtu: None,
            advmss: None,
            on_link: false,
            protocol: None,
        }
    }

    /// The next hop. An IPv4 destination may have an IPv6 gateway (Linux 5.2 and later).
    #[doc(alias = "RTA_GATEWAY")]
    #[doc(alias = "RTA_VIA")]
    pub fn gateway(mut self, gateway: IpAddr) -> Self {
        self.gateway = Some(gateway);
        self
    }

    /// The link that packets leave by. An endpoint's routes use the endpoint's link unless they say
    /// otherwise.
    #[doc(alias = "RTA_OIF")]
    pub fn device(mut self, link: impl Into<LinkId>) -> Self {
        self.device = Some(link.into());
        self
    }

    /// The smaller, the better; 0 for IPv4 and 1024 for IPv6 when not given. IPv6 takes 0 for 1024.
    #[doc(alias = "RTA_PRIORITY")]
    pub fn metric(mut self, metric: u32) -> Self {
        self.metric = Some(metric);
        self
    }

    /// The routing table; `main` (254) when not given.
    #[doc(alias = "RTA_TABLE")]
    pub fn table(mut self, table: u32) -> Self {
        self.table = Some(table);
        self
    }

    /// The address that packets get as their source when the sender chose none.
    #[doc(alias = "RTA_PREFSRC")]
    pub fn source(mut self, source: IpAddr) -> Self {
        self.source = Some(source);
        self
    }

    /// How far away the destination is; when not given, global with a gateway and link without, as
    /// `ip route` has it. IPv6 ignores it.
    pub fn scope(mut self, scope: Scope) -> Self {
        self.scope = Some(scope);
        self
    }

    /// The path MTU to the destination in bytes, 1 to 65520.
    #[doc(alias = "RTAX_MTU")]
    pub fn mtu(mut self, mtu: u32) -> Self {
        self.mtu = Some(mtu);
        self
    }

    /// The maximal segment size to advertise to TCP peers in bytes, 1 to 65495.
    #[doc(alias = "RTAX_ADVMSS")]
    pub fn advmss(mut self, advmss: u32) -> Self {
        self.advmss = Some(advmss);
        self
    }

    /// The gateway is directly on the link, whatever the addresses say.
    #[doc(alias = "RTNH_F_ONLINK")]
    pub fn on_link(mut self, on_link: bool) -> Self {
        self.on_link = on_link;
        self
    }

    /// Sets who adds it, by a number of `rt_protos`; 3 (`boot`) when not given, as `ip route` has it. A
    /// route that is deleted has to carry it. What the kernel tells is [`RouteInfo::protocol`].
    #[doc(alias = "rtm_protocol")]
    pub fn protocol(mut self, protocol: u8) -> Self {
        self.protocol = Some(protocol);
        self
    }

    /// What happens to matching packets.
    pub fn kind(mut self, kind: RouteKind) -> Self {
        self.kind = kind;
        self
    }

    /// Where it leads.
    pub fn destination(&self) -> IpNet {
        self.destination
    }

    /// Whether it matches everything that no other route does.
    pub fn is_default(&self) -> bool {
        self.destination.prefix_len() == 0
    }

    /// The next hop.
    pub fn get_gateway(&self) -> Option<IpAddr> {
        self.gateway
    }

    /// The link that packets leave by.
    pub fn get_device(&self) -> Option<LinkId> {
        self.device
    }

    /// The metric.
    pub fn get_metric(&self) -> Option<u32> {
        self.metric
    }

    /// The table.
    pub fn get_table(&self) -> Option<u32> {
        self.table
    }

    /// The preferred source address.
    pub fn get_source(&self) -> Option<IpAddr> {
        self.source
    }

    /// The scope.
    pub fn get_scope(&self) -> Option<Scope> {
        self.scope
    }

    /// The path MTU.
    pub fn get_mtu(&self) -> Option<u32> {
        self.mtu
    }

    /// The advertised maximal segment size.
    pub fn get_advmss(&self) -> Option<u32> {
        self.advmss
    }

    /// Whether the gateway is taken to be on the link.
    pub fn is_on_link(&self) -> bool {
        self.on_link
    }

    /// Returns who adds it, if that was said.
    pub fn get_protocol(&self) -> Option<u8> {
        self.protocol
    }

    /// What happens to matching packets.
    pub fn get_kind(&self) -> RouteKind {
        self.kind
    }

    /// Whether it goes when the link of this name goes, which it is added for.
    pub(crate) fn goes_with(&self, link: LinkName) -> bool {
        self.needs_device() || self.device == Some(LinkId::Name(link))
    }

    /// Whether it wants a link and names none.
    pub(crate) fn needs_device(&self) -> bool {
        self.device.is_none() && self.kind == RouteKind::Unicast
    }

    /// Whether it has a gateway, and its scope is for routes without. IPv6 has no scopes of routes.
    pub(crate) fn contradicts_its_scope(&self) -> bool {
        let is_narrow = |scope| u8::from(scope) >= u8::from(Scope::Link);
        self.gateway.is_some()
            && self.destination.addr().is_ipv4()
            && self.scope.is_some_and(is_narrow)
    }

    /// Refuses what no kernel can take, or takes as something else: families that do not fit together,
    /// protocol 0 (which would be any), table 0 (which would be `main`), an MTU or a segment size that is 0 (none) or cut to a maximum.
    pub fn check(&self) -> Result<()> {
        let refuse = |why: String| Err(Error::invalid(format!("use route {self}"), why));
        let v4 = self.destination.addr().is_ipv4();
        if let Some(gateway) = self.gateway {
            if gateway.is_ipv4() && !v4 {
                return refuse("an IPv6 destination cannot have an IPv4 gateway".into());
            }
            if gateway.is_unspecified() || gateway.is_multicast() {
                return refuse(format!("{gateway} cannot be a gateway"));
            }
        } else if self.on_link {
            return refuse("onlink says something about a gateway, and there is none".into());
        }
        if let Some(source) = self.source.filter(|source| source.is_ipv4() != v4) {
            return refuse(format!("the source {source} is of the other family"));
        }
        if self.protocol == Some(0) {
            return refuse("0 is no routing protocol".into());
        }
        if self.table == Some(0) {
            return refuse("0 is no routing table".into());
        }
        for (what, said, most) in
            [("mtu", self.mtu, MOST_MTU), ("advmss", self.advmss, MOST_ADVMSS)]
        {
            if let Some(bytes) = said.filter(|bytes| !(1..=most).contains(bytes)) {
                return refuse(format!("{what} {bytes} is no number from 1 to {most}"));
            }
        }
        if self.kind != RouteKind::Unicast && (self.gateway.is_some() || self.device.is_some()) {
            return refuse("only a unicast route has a gateway or a link".into());
        }
        Ok(())
    }
}

/// A route as the kernel describes it.
#[doc(alias = "RTM_NEWROUTE")]
#[derive(Debug, Clone, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
#[non_exhaustive]
pub struct RouteInfo {
    /// The route, with its table always given.
    pub route: Route,
    /// Who made it: 2 the kernel, 3 somebody at boot (and `ip`), 4 an administrator; see
    /// `rtnetlink(7)`.
    #[doc(alias = "rtm_protocol")]
    pub protocol: u8,
    /// The next hops, where there are several.
    #[doc(alias = "RTA_MULTIPATH")]
    pub next_hops: Vec<NextHop>,
}

/// One next hop of several.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
#[non_exhaustive]
pub struct NextHop {
    /// The link's index.
    pub link: u32,
    /// The gateway, if there is one.
    pub gateway: Option<IpAddr>,
    /// The share of packets that it gets, 1 to 256.
    pub weight: u16,
}

impl fmt::Display for Route {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.kind != RouteKind::Unicast {
            write!(f, "{} ", self.kind)?;
        }
        let v4 = self.destination.addr().is_ipv4();
        // "default" alone would not tell the family; with a gateway, `via` tells it.
        if self.is_default() && self.gateway.is_some() {
            f.write_str("default")?;
        } else {
            write!(f, "{}", self.destination)?;
        }
        if let Some(gateway) = self.gateway {
            let other_family = if v4 && gateway.is_ipv6() { "inet6 " } else { "" };
            write!(f, " via {other_family}{gateway}")?;
        }
        if let Some(device) = self.device {
            write!(f, " dev {device}")?;
        }
        if let Some(table) = self.table {
            write!(f, " table {table}")?;
        }
        if let Some(protocol) = self.protocol {
            write!(f, " proto {protocol}")?;
        }
        if let Some(scope) = self.scope {
            write!(f, " scope {scope}")?;
        }
        if let Some(source) = self.source {
            write!(f, " src {source}")?;
        }
        if let Some(metric) = self.metric {
            write!(f, " metric {metric}")?;
        }
        if let Some(mtu) = self.mtu {
            write!(f, " mtu {mtu}")?;
        }
        if let Some(advmss) = self.advmss {
            write!(f, " advmss {advmss}")?;
        }
        if self.on_link {
            f.write_str(" onlink")?;
        }
        Ok(())
    }
}

impl FromStr for Route {
    type Err = Error;
    fn from_str(text: &str) -> Result<Self> {
        let operation = || format!("parse route {text:?}");
        let mut words = text.split_ascii_whitespace().peekable();
        let kind = words.next_if(|word| word.parse::<RouteKind>().is_ok());
        let destination =
            words.next().ok_or_else(|| Error::invalid(operation(), "it has no destination"))?;
        let mut route = Self::toward(destination, None)?;
        if let Some(kind) = kind {
            route.kind = kind.parse()?;
        }
        while let Some(key) = words.next() {
            if key == "onlink" {
                route.on_link = true;
                continue;
            }
            let mut value = words.next();
            let other_family = key == "via" && value == Some("inet6");
            if other_family {
                value = words.next();
            }
            let value = value
                .ok_or_else(|| Error::invalid(operation(), format!("{key:?} has no value")))?;
            let ip = || ip_in(value, &operation);
            let number = || {
                parse_number::<u32>(value).ok_or_else(|| {
                    Error::invalid(
                        operation(),
                        format!("{key} {value:?} is no number from 0 to {}", u32::MAX),
                    )
                })
            };
            match key {
                "via" => {
                    route.gateway = Some(ip()?);
                    // The family of "default" is known when "via" is.
                    if !other_family {
                        let toward = Self::toward(destination, route.gateway)?;
                        route.destination = toward.destination;
                    }
                }
                "dev" => route.device = Some(LinkId::try_from(value)?),
                "metric" => route.metric = Some(number()?),
                "table" => {
                    route.table = Some(match value {
                        "main" => 254,
                        "local" => 255,
                        "default" => 253,
                        _ => number()?,
                    });
                }
                "proto" => {
                    let number = parse_number::<u8>(value).ok_or_else(|| {
                        let why = format!("proto {value:?} is no number from 0 to 255");
                        Error::invalid(operation(), why)
                    });
                    route.protocol = Some(number?);
                }
                "src" => route.source = Some(ip()?),
                "scope" => route.scope = Some(value.parse()?),
                "mtu" => route.mtu = Some(number()?),
                "advmss" => route.advmss = Some(number()?),
                _ => return Err(Error::invalid(operation(), format!("{key:?} is not understood"))),
            }
        }
        route.check()?;
        Ok(route)
    }
}

named!(
    RouteKind,
    "route type",
    [
        Unicast = "unicast",
        Blackhole = "blackhole",
        Unreachable = "unreachable",
        Prohibit = "prohibit",
    ]
);
serde_as_text!(Route);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn round_trip() {
        for text in [
            "default via 10.0.0.1",
            "default via fd00::1",
            "default via inet6 fe80::1 dev eth0",
            "0.0.0.0/0",
            "::/0",
            "10.1.0.0/16 via 10.0.0.2 dev eth0 table 100 src 10.0.0.5 metric 7 mtu 1400 advmss 1360 onlink",
            "192.168.0.0/24 scope link",
            "blackhole 10.9.0.0/16",
            "default via 10.0.0.1 dev eth0 table 7 proto 109 metric 5",
            "unreachable fd00:1::/32 table 7",
            "prohibit 0.0.0.0/0",
            "10.0.0.0/8 scope 17",
        ] {
            assert_eq!(
                text.parse::<Route>().unwrap_or_else(|error| panic!("{error}")).to_string(),
                text
            );
        }
        assert_eq!(
            "default via 10.0.0.1 table main".parse::<Route>().unwrap().get_table(),
            Some(254)
        );
        assert_eq!(
            "blackhole default".parse::<Route>().unwrap().to_string(),
            "blackhole 0.0.0.0/0"
        );
    }

    #[test]
    fn a_default_is_of_the_gateway_s_family() {
        let toward = |gateway: Option<&str>| {
            let gateway = gateway.map(|ip| ip.parse().unwrap());
            Route::toward("default", gateway).unwrap().to_string()
        };
        assert_eq!(toward(None), "0.0.0.0/0");
        assert_eq!(toward(Some("10.0.0.1")), "default via 10.0.0.1");
        assert_eq!(toward(Some("fd00::1")), "default via fd00::1");
    }

    #[test]
    fn refused() {
        for text in [
            "",
            "blackhole",
            "10.0.0.1/8",
            "10.0.0.0",
            "default via",
            "default via x",
            "default metric -1",
            "default via 10.0.0.1 proto 0",
            "default via 10.0.0.1 proto 256",
            "default via 10.0.0.1 sideways",
            "::/0 via 10.0.0.1",
            "10.0.0.0/8 src fd00::1",
            "10.0.0.0/8 onlink",
            "blackhole 10.0.0.0/8 via 10.0.0.1",
            "10.0.0.0/8 scope here",
            "default via 0.0.0.0",
            "default via inet6",
            "default via 224.0.0.1",
            "10.0.0.0/8 dev a/b",
            "10.0.0.0/08",
            "10.0.0.0/8 metric 010",
            "10.0.0.0/8 metric +1",
            "10.0.0.0/8 table 0",
            "10.0.0.0/8 mtu 0",
            "10.0.0.0/8 mtu 65521",
            "10.0.0.0/8 advmss 65496",
        ] {
            assert!(text.parse::<Route>().is_err(), "{text:?} was taken");
        }
    }

    #[test]
    fn host_bits_get_a_proposal() {
        assert_eq!(
            "10.0.0.1/8".parse::<Route>().unwrap_err().hint(),
            Some("10.0.0.0/8 is the subnet")
        );
    }
}
