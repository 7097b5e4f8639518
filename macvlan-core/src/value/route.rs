//! A route to be added to a namespace.

use std::fmt;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::str::FromStr;

use ipnet::{IpNet, Ipv4Net, Ipv6Net};

use crate::error::{Error, Result};
use crate::value::address::Address;
use crate::value::name::{LinkId, LinkName};
use crate::value::net::{ip_in, parse_net, parse_number};
use crate::value::numbers::{MAIN, PROTOCOLS, TABLES};
use crate::value::scope::Scope;
use crate::value::text::{named, serde_as_text};

/// A route to be added or deleted.
///
/// The text form is that of `ip route`: `default via 10.0.0.1`, `10.1.0.0/16 via 10.0.0.2 dev eth0
/// metric 100 onlink`, `blackhole fd00:1::/32 table 7`. An IPv4 destination may have an IPv6
/// gateway: `default via inet6 fe80::1 dev eth0` (RFC 8950).
///
/// Without `table` a route is in table `main`. A link that is known only by its index 7 is `dev
/// if7`, as in `ip`, and `dev #7` when parsed; a link with such a name is set by [`Route::device`].
///
/// ```
/// use macvlan_core::Route;
/// let route = Route::default_via("10.0.0.1".parse()?).metric(100);
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
    table: u32,
    source: Option<IpAddr>,
    scope: Option<Scope>,
    mtu: Option<u32>,
    advmss: Option<u32>,
    on_link: bool,
    protocol: Option<u8>,
}

/// The type of a route: the treatment of packets that match it.
#[doc(alias = "rtm_type")]
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum RouteKind {
    /// Packets are sent to the gateway or the link.
    #[default]
    #[doc(alias = "RTN_UNICAST")]
    Unicast,
    /// Packets are dropped silently; local senders get `EINVAL`.
    #[doc(alias = "RTN_BLACKHOLE")]
    Blackhole,
    /// Packets are rejected with "host unreachable"; local senders get `EHOSTUNREACH`.
    #[doc(alias = "RTN_UNREACHABLE")]
    Unreachable,
    /// Packets are rejected with "administratively prohibited"; local senders get `EACCES`.
    #[doc(alias = "RTN_PROHIBIT")]
    Prohibit,
}

/// The limits to which the kernel reduces path MTUs and segment sizes (`ip_metrics_convert`).
const MOST_MTU: u32 = 65535 - 15;
const MOST_ADVMSS: u32 = 65535 - 40;

/// The metric of the routes that the kernel adds with IPv6 addresses (`IP6_RT_PRIO_ADDRCONF`).
const IP6_RT_PRIO_ADDRCONF: u32 = 256;
/// The metric of IPv6 routes that set none (`IP6_RT_PRIO_USER`).
pub(crate) const IP6_RT_PRIO_USER: u32 = 1024;

impl Route {
    /// Makes a unicast route to a subnet.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::InvalidValue`](crate::ErrorKind::InvalidValue) if the destination has host
    /// bits, which the kernel refuses too.
    pub fn new(destination: IpNet) -> Result<Self> {
        if destination.addr() != destination.network() {
            return Err(Error::invalid(
                format!("route to {destination}"),
                "the destination has host bits",
            )
            .with_hint(format!("use {}, the subnet", destination.trunc())));
        }
        Ok(Self::to(destination))
    }

    /// Makes a route to a subnet given as text, or a default route for `default`.
    ///
    /// A default route has the gateway's family, or IPv4 without a gateway, as for `ip route`. The
    /// gateway only selects the family; set it with [`Route::gateway`].
    ///
    /// # Errors
    ///
    /// [`ErrorKind::InvalidValue`](crate::ErrorKind::InvalidValue) as for [`Route::new`], and for
    /// malformed text.
    pub fn toward(destination: &str, gateway: Option<IpAddr>) -> Result<Self> {
        let route = match destination {
            "default" => Self::to(Self::default_net(gateway.is_none_or(|ip| ip.is_ipv4()))),
            net => Self::new(parse_net(net)?)?,
        };
        Ok(Self { gateway, ..route })
    }

    /// Makes a default route via a gateway, of the gateway's family.
    pub fn default_via(gateway: IpAddr) -> Self {
        Self::to(Self::default_net(gateway.is_ipv4())).gateway(gateway)
    }

    /// Makes an IPv4 default route without a gateway.
    pub fn default_v4() -> Self {
        Self::to(Self::default_net(true))
    }

    /// Makes an IPv6 default route without a gateway.
    pub fn default_v6() -> Self {
        Self::to(Self::default_net(false))
    }

    fn default_net(v4: bool) -> IpNet {
        if v4 {
            Ipv4Net::new_assert(Ipv4Addr::UNSPECIFIED, 0).into()
        } else {
            Ipv6Net::new_assert(Ipv6Addr::UNSPECIFIED, 0).into()
        }
    }

    /// Makes the connected route of an address's subnet, as the kernel adds it with the address.
    pub(crate) fn connected(address: &Address) -> Self {
        let route = Self::to(address.net().trunc());
        match address.ip() {
            IpAddr::V4(_) => route.scope(Scope::Link).source(address.ip()),
            IpAddr::V6(_) => route.metric(IP6_RT_PRIO_ADDRCONF),
        }
    }

    /// Makes a route to a destination that is not validated.
    pub(crate) fn to(destination: IpNet) -> Self {
        Self {
            kind: RouteKind::Unicast,
            destination,
            gateway: None,
            device: None,
            metric: None,
            table: MAIN,
            source: None,
            scope: None,
            mtu: None,
            advmss: None,
            on_link: false,
            protocol: None,
        }
    }

    /// Sets the next hop. An IPv4 destination may have an IPv6 gateway (Linux 5.2 and later).
    #[doc(alias = "RTA_GATEWAY")]
    #[doc(alias = "RTA_VIA")]
    pub fn gateway(mut self, gateway: IpAddr) -> Self {
        self.gateway = Some(gateway);
        self
    }

    /// Sets the link that packets leave by. Routes of an endpoint default to the endpoint's link.
    #[doc(alias = "dev")]
    #[doc(alias = "RTA_OIF")]
    pub fn device(mut self, link: impl Into<LinkId>) -> Self {
        self.device = Some(link.into());
        self
    }

    /// Sets the metric; routes with a lower one are preferred.
    ///
    /// Defaults to 0 for IPv4 and 1024 for IPv6, where 0 means 1024.
    #[doc(alias = "RTA_PRIORITY")]
    pub fn metric(mut self, metric: u32) -> Self {
        self.metric = Some(metric);
        self
    }

    /// Sets the routing table. Defaults to 254 (`main`).
    #[doc(alias = "RTA_TABLE")]
    pub fn table(mut self, table: u32) -> Self {
        self.table = table;
        self
    }

    /// Sets the preferred source address of packets whose sender chose none.
    #[doc(alias = "src")]
    #[doc(alias = "RTA_PREFSRC")]
    pub fn source(mut self, source: IpAddr) -> Self {
        self.source = Some(source);
        self
    }

    /// Sets the scope of the destination.
    ///
    /// Defaults to global with a gateway and to link without, as for `ip route`. IPv6 ignores it.
    #[doc(alias = "rtm_scope")]
    pub fn scope(mut self, scope: Scope) -> Self {
        self.scope = Some(scope);
        self
    }

    /// Sets the path MTU to the destination in bytes, 1 to 65520.
    #[doc(alias = "RTAX_MTU")]
    pub fn mtu(mut self, mtu: u32) -> Self {
        self.mtu = Some(mtu);
        self
    }

    /// Sets the maximum segment size advertised to TCP peers in bytes, 1 to 65495.
    #[doc(alias = "RTAX_ADVMSS")]
    pub fn advmss(mut self, advmss: u32) -> Self {
        self.advmss = Some(advmss);
        self
    }

    /// Sets whether the gateway is assumed to be on the link even if no subnet contains it.
    ///
    /// Defaults to false.
    #[doc(alias = "onlink")]
    #[doc(alias = "RTNH_F_ONLINK")]
    pub fn on_link(mut self, on_link: bool) -> Self {
        self.on_link = on_link;
        self
    }

    /// Sets the protocol number, which names the route's origin (`/etc/iproute2/rt_protos`).
    ///
    /// Defaults to 3 (`boot`), as for `ip route`.
    ///
    /// To delete a route, its protocol must match. The one that the kernel reports is in
    /// [`RouteInfo::protocol`].
    #[doc(alias = "rtm_protocol")]
    pub fn protocol(mut self, protocol: u8) -> Self {
        self.protocol = Some(protocol);
        self
    }

    /// Sets the type of the route. Defaults to [`RouteKind::Unicast`].
    #[doc(alias = "rtm_type")]
    pub fn kind(mut self, kind: RouteKind) -> Self {
        self.kind = kind;
        self
    }

    /// Returns the destination.
    #[doc(alias = "RTA_DST")]
    pub fn get_destination(&self) -> IpNet {
        self.destination
    }

    /// Returns whether this is a default route.
    pub fn is_default(&self) -> bool {
        self.destination.prefix_len() == 0
    }

    /// Returns the next hop.
    #[doc(alias = "RTA_GATEWAY")]
    #[doc(alias = "RTA_VIA")]
    pub fn get_gateway(&self) -> Option<IpAddr> {
        self.gateway
    }

    /// Returns the link that packets leave by.
    #[doc(alias = "RTA_OIF")]
    pub fn get_device(&self) -> Option<LinkId> {
        self.device
    }

    /// Returns the metric.
    #[doc(alias = "RTA_PRIORITY")]
    pub fn get_metric(&self) -> Option<u32> {
        self.metric
    }

    /// Returns the metric that the kernel gives the route: its own, or the family's default.
    #[doc(hidden)] // for macvlan-network
    pub fn get_actual_metric(&self) -> u32 {
        match self.metric {
            // IPv6 treats 0 as the default.
            None | Some(0) if self.destination.addr().is_ipv6() => IP6_RT_PRIO_USER,
            metric => metric.unwrap_or(0),
        }
    }

    /// Returns the routing table.
    #[doc(alias = "RTA_TABLE")]
    pub fn get_table(&self) -> u32 {
        self.table
    }

    /// Returns the preferred source address.
    #[doc(alias = "RTA_PREFSRC")]
    pub fn get_source(&self) -> Option<IpAddr> {
        self.source
    }

    /// Returns the scope.
    pub fn get_scope(&self) -> Option<Scope> {
        self.scope
    }

    /// Returns the path MTU in bytes.
    #[doc(alias = "RTAX_MTU")]
    pub fn get_mtu(&self) -> Option<u32> {
        self.mtu
    }

    /// Returns the advertised maximum segment size in bytes.
    #[doc(alias = "RTAX_ADVMSS")]
    pub fn get_advmss(&self) -> Option<u32> {
        self.advmss
    }

    /// Returns whether the gateway is assumed to be on the link.
    #[doc(alias = "RTNH_F_ONLINK")]
    pub fn get_on_link(&self) -> bool {
        self.on_link
    }

    /// Returns the protocol number, if it was set.
    pub fn get_protocol(&self) -> Option<u8> {
        self.protocol
    }

    /// Returns the type of the route.
    pub fn get_kind(&self) -> RouteKind {
        self.kind
    }

    /// Returns whether the kernel deletes the route with this link.
    pub(crate) fn goes_with(&self, link: LinkName) -> bool {
        self.needs_device() || self.device == Some(LinkId::Name(link))
    }

    /// Returns whether the route needs a link and has none.
    pub(crate) fn needs_device(&self) -> bool {
        self.device.is_none() && self.kind == RouteKind::Unicast
    }

    /// Returns whether the route has a gateway and a scope for routes without one. IPv6 routes have
    /// no scope.
    pub(crate) fn contradicts_its_scope(&self) -> bool {
        let is_narrow = |scope| u8::from(scope) >= u8::from(Scope::Link);
        self.gateway.is_some()
            && self.destination.addr().is_ipv4()
            && self.scope.is_some_and(is_narrow)
    }

    /// Validates the route, as adding it does before any system call.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::InvalidValue`](crate::ErrorKind::InvalidValue) if the families differ, if the
    /// protocol is 0 (which matches any) or the table is 0 (which means `main`), and for an MTU or
    /// segment size that the kernel would ignore or reduce.
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
            return refuse("onlink requires a gateway".into());
        }
        if let Some(source) = self.source.filter(|source| source.is_ipv4() != v4) {
            return refuse(format!("the source {source} is of another address family"));
        }
        if self.protocol == Some(0) {
            return refuse("the protocol must not be 0".into());
        }
        if self.table == 0 {
            return refuse("the table must not be 0".into());
        }
        for (what, said, most) in
            [("mtu", self.mtu, MOST_MTU), ("advmss", self.advmss, MOST_ADVMSS)]
        {
            if let Some(bytes) = said.filter(|bytes| !(1..=most).contains(bytes)) {
                return refuse(format!("{what} {bytes} is not from 1 to {most}"));
            }
        }
        if self.kind != RouteKind::Unicast && (self.gateway.is_some() || self.device.is_some()) {
            return refuse("only a unicast route can have a gateway or a link".into());
        }
        Ok(())
    }
}

/// A route as reported by the kernel.
///
/// It is displayed in the form of `ip route show table all`: `10.0.0.0/24 dev eth0 proto kernel
/// scope link src 10.0.0.5`.
#[doc(alias = "RTM_NEWROUTE")]
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[non_exhaustive]
pub struct RouteInfo {
    /// The route; its link is an index.
    pub route: Route,
    /// The name of the link when the route was listed; `None` in events, in which the kernel
    /// reports the index alone.
    pub link_name: Option<LinkName>,
    /// The protocol number: 2 kernel, 3 boot (and `ip`), 4 static; see `rtnetlink(7)`.
    #[doc(alias = "rtm_protocol")]
    pub protocol: u8,
    /// The next hops of a multipath route.
    #[doc(alias = "RTA_MULTIPATH")]
    pub next_hops: Vec<NextHop>,
}

/// A next hop of a multipath route.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[non_exhaustive]
pub struct NextHop {
    /// The index of the link.
    pub link: u32,
    /// The name of the link, as in [`RouteInfo::link_name`].
    pub link_name: Option<LinkName>,
    /// The gateway, if the next hop has one.
    pub gateway: Option<IpAddr>,
    /// The weight, 1 to 256: this next hop's share of the packets.
    pub weight: u16,
}

impl RouteInfo {
    /// Sets the names of the links.
    pub(crate) fn named(mut self, name: impl Fn(u32) -> Option<LinkName>) -> Self {
        if let Some(LinkId::Index(index)) = self.route.device {
            self.link_name = name(index);
        }
        for hop in &mut self.next_hops {
            hop.link_name = name(hop.link);
        }
        self
    }
}

impl fmt::Display for RouteInfo {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut route = self.route;
        if let Some(LinkId::Index(index)) = route.device {
            route = route.device(named(index, self.link_name));
        }
        // Like `ip`, which leaves out the scope of most routes, and the protocol of its own.
        route.scope = route.scope.filter(|scope| *scope != Scope::Global);
        if self.protocol != nix::libc::RTPROT_BOOT {
            route = route.protocol(self.protocol);
        }
        route.fmt(f)?;
        for hop in &self.next_hops {
            f.write_str(" nexthop")?;
            route.way(f, hop.gateway, Some(named(hop.link, hop.link_name)))?;
            write!(f, " weight {}", hop.weight)?;
        }
        Ok(())
    }
}

fn named(index: u32, name: Option<LinkName>) -> LinkId {
    name.map_or(LinkId::Index(index), LinkId::Name)
}

impl fmt::Display for Route {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.kind != RouteKind::Unicast {
            write!(f, "{} ", self.kind)?;
        }
        // "default" does not say the family, but the gateway after `via` does.
        if self.is_default() && self.gateway.is_some() {
            f.write_str("default")?;
        } else {
            write!(f, "{}", self.destination)?;
        }
        self.way(f, self.gateway, self.device)?;
        if self.table != MAIN {
            write!(f, " table {}", TABLES.of(self.table))?;
        }
        if let Some(protocol) = self.protocol {
            write!(f, " proto {}", PROTOCOLS.of(protocol.into()))?;
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

impl Route {
    /// Writes a gateway and a link that packets to the destination are sent to.
    fn way(
        &self,
        f: &mut fmt::Formatter<'_>,
        gateway: Option<IpAddr>,
        device: Option<LinkId>,
    ) -> fmt::Result {
        if let Some(gateway) = gateway {
            let v4 = self.destination.addr().is_ipv4();
            let other_family = if v4 && gateway.is_ipv6() { "inet6 " } else { "" };
            write!(f, " via {other_family}{gateway}")?;
        }
        match device {
            Some(LinkId::Name(name)) => write!(f, " dev {name}"),
            Some(LinkId::Index(index)) => write!(f, " dev if{index}"),
            None => Ok(()),
        }
    }
}

impl FromStr for Route {
    type Err = Error;
    fn from_str(text: &str) -> Result<Self> {
        let operation = || format!("parse route {text:?}");
        let mut words = text.split_ascii_whitespace().peekable();
        let kind = words.next_if(|word| word.parse::<RouteKind>().is_ok());
        let destination = words
            .next()
            .ok_or_else(|| Error::invalid(operation(), "the destination is missing"))?;
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
                        format!("{key} {value:?} is not a number from 0 to {}", u32::MAX),
                    )
                })
            };
            match key {
                "via" => {
                    route.gateway = Some(ip()?);
                    // The family of "default" is known once "via" is read.
                    if !other_family {
                        let toward = Self::toward(destination, route.gateway)?;
                        route.destination = toward.destination;
                    }
                }
                "dev" => route.device = Some(parse_device(value)?),
                "metric" => route.metric = Some(number()?),
                "table" => route.table = TABLES.parse(value).map_or_else(number, Ok)?,
                "proto" => {
                    let number = PROTOCOLS.parse(value).and_then(|one| u8::try_from(one).ok());
                    route.protocol = Some(number.ok_or_else(|| {
                        let why = format!("proto {value:?} is neither a number from 0 to 255 nor one of the kernel's names");
                        Error::invalid(operation(), why)
                    })?);
                }
                "src" => route.source = Some(ip()?),
                "scope" => route.scope = Some(value.parse()?),
                "mtu" => route.mtu = Some(number()?),
                "advmss" => route.advmss = Some(number()?),
                _ => return Err(Error::invalid(operation(), format!("unknown keyword {key:?}"))),
            }
        }
        route.check()?;
        Ok(route)
    }
}

/// Parses a link's name, or its index as [`Route`] displays it.
fn parse_device(text: &str) -> Result<LinkId> {
    let index = text.strip_prefix("if").and_then(parse_number).filter(|index| *index != 0);
    index.map_or_else(|| text.parse(), |index| Ok(LinkId::Index(index)))
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
            "10.0.0.0/8 dev if4549492 table local",
            "10.0.0.0/8 dev ifb0 table default",
        ] {
            assert_eq!(
                text.parse::<Route>().unwrap_or_else(|error| panic!("{error}")).to_string(),
                text
            );
        }
        for (text, shown) in [
            ("default via 10.0.0.1 table main", "default via 10.0.0.1"),
            ("10.0.0.0/8 dev #7 table 255", "10.0.0.0/8 dev if7 table local"),
            ("default via 10.0.0.1 dev eth0 proto 16", "default via 10.0.0.1 dev eth0 proto dhcp"),
        ] {
            let route = text.parse::<Route>().unwrap();
            assert_eq!(route.to_string(), shown);
            assert_eq!(shown.parse::<Route>().unwrap(), route);
        }
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
            "default via 10.0.0.1 proto dhpc",
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
            Some("use 10.0.0.0/8, the subnet")
        );
    }
}
