//! What attaching an endpoint would do, in order. Pure: no system call.

use std::fmt;
use std::net::IpAddr;

use ipnet::IpNet;

use crate::endpoint::endpoint::Endpoint;
use crate::error::{Error, Result};
use crate::lan::announce::Announce;
use crate::lan::probe::Probe;
use crate::value::address::{Address, DuplicateDetection};
use crate::value::link::{AddrGenMode, Link, Macvlan, Mode, check_alias};
use crate::value::mac::MacAddr;
use crate::value::name::{LinkName, check_alternative_name};
use crate::value::rate::Rate;
use crate::value::route::Route;
use crate::value::rule::Rule;

/// The smallest MTU that the kernel gives an Ethernet link (`ETH_MIN_MTU`).
const MIN_MTU: u32 = 68;

/// The ordered requests that attach an [`Endpoint`].
///
/// Displayed as the `ip` commands that would do the same:
///
/// ```
/// # use macvlan_core::Endpoint;
/// let plan = Endpoint::new("eth0", "ens33")?.assignment("10.0.0.2/24@10.0.0.1".parse()?).plan()?;
/// assert_eq!(plan.to_string(), "\
/// host:   ip link add link ens33 name eth0 up netns CONTAINER type macvlan mode bridge
/// inside: ip address add 10.0.0.2/24 broadcast + dev eth0
/// inside: ip route add default via 10.0.0.1 dev eth0
/// inside: ip link set lo up
/// ");
/// # Ok::<(), macvlan_core::Error>(())
/// ```
#[derive(Debug, Clone)]
pub struct Plan {
    pub(super) link: Link,
    /// Whether the kernel is to announce IPv6 addresses, which is said before all others.
    pub(super) notify_ipv6: bool,
    /// What is done inside before the addresses are asked for, if they are.
    pub(super) before: Vec<Step>,
    /// How they are asked for.
    pub(super) probe: Option<(Probe, Vec<IpAddr>)>,
    /// What is done inside in one send.
    pub(super) inside: Vec<Step>,
    /// What is announced in frames of our own, and how often.
    pub(super) announce: Option<(Announce, Vec<IpAddr>)>,
    /// What changes more than the new link, each done when everything before has succeeded.
    pub(super) last: Vec<Step>,
}

/// One step of a [`Plan`].
#[derive(Debug, Clone)]
#[non_exhaustive]
pub enum Step {
    /// Creates the link, in the container's namespace.
    CreateLink(Link),
    /// Renames the link, where it was made beforehand (in a [`Pool`](crate::Pool)).
    SetName(LinkName),
    /// Sets the link's MAC address, where it could not be set at creation (mode passthru).
    SetMac(MacAddr),
    /// Says how the link-local address is made, which the kernel does not take at creation.
    SetAddrGenMode(AddrGenMode),
    /// Sets the link up, where it could not be at creation.
    SetUp,
    /// Sets the alias, which the kernel does not take at creation.
    SetAlias(String),
    /// Adds an alternative name.
    AddAlternativeName(String),
    /// Asks for addresses on the network, which nobody may have, and waits for the kernel's duplicate
    /// detection of those that were added.
    Probe(Probe, Vec<IpAddr>),
    /// Limits what the link sends.
    SetRate(Rate),
    /// Has the kernel answer ARP on the link only for what is reached by it.
    FilterArp,
    /// Has the kernel announce IPv4 addresses when the link comes up.
    NotifyIpv4,
    /// Has the kernel announce IPv6 addresses when they can be used.
    NotifyIpv6,
    /// Announces these addresses, beside what the kernel does.
    Announce(Announce, Vec<IpAddr>),
    /// Adds an address to the link.
    AddAddress(Address),
    /// Adds a route; those that do not go with the link (through another one, or leading nowhere)
    /// after everything that does.
    AddRoute(Route),
    /// Adds a policy rule.
    AddRule(Rule),
    /// Deletes the default routes that exist, and adds these.
    ReplaceDefaultRoutes(Vec<Route>),
    /// Sets the container's `lo` up.
    LoopbackUp,
}

impl Plan {
    pub(super) fn of(endpoint: &Endpoint) -> Result<Self> {
        let link = link(endpoint)?;
        let mut inside = Vec::with_capacity(endpoint.addresses.len() + endpoint.routes.len() + 2);
        if is_passthru(&link) {
            inside.extend(endpoint.mac.map(Step::SetMac));
        }
        inside.extend(endpoint.addr_gen_mode.map(Step::SetAddrGenMode));
        inside.extend(endpoint.rate.map(Step::SetRate));
        let of_v4 = |address: &&Address| address.ip().is_ipv4();
        let v4: Vec<&Address> = endpoint.addresses.iter().filter(of_v4).collect();
        let notify_ipv4 = endpoint.announce.is_some() && !v4.is_empty();
        if endpoint.arp_filter {
            inside.push(Step::FilterArp);
        }
        if notify_ipv4 {
            inside.push(Step::NotifyIpv4);
        }
        // What the kernel is to announce by itself when the link comes up has to be there then.
        let before_up = comes_up_with_its_addresses(endpoint);
        if before_up {
            inside.extend(v4.iter().map(|address| Step::AddAddress(**address)));
        }
        if !link.up {
            inside.push(Step::SetUp);
        }
        endpoint.alias.as_deref().map_or(Ok(()), check_alias)?;
        for name in &endpoint.alternative_names {
            check_alternative_name(name)?;
        }
        inside.extend(endpoint.alias.clone().map(Step::SetAlias));
        inside.extend(endpoint.alternative_names.iter().cloned().map(Step::AddAlternativeName));
        let mut before = Vec::new();
        if endpoint.probe.is_some() {
            before.append(&mut inside);
        }
        for (at, address) in endpoint.addresses.iter().enumerate() {
            if endpoint.addresses[..at].iter().any(|other| other.net() == address.net()) {
                return Err(refused(endpoint, format!("address {address} is given twice")));
            }
            // These the kernel checks while the others are asked for.
            if before_up && address.ip().is_ipv4() {
                continue;
            }
            if endpoint.probe.is_some() && address.is_checked_by_kernel() {
                before.push(Step::AddAddress(*address));
            } else {
                inside.push(Step::AddAddress(*address));
            }
        }
        let ips = || endpoint.addresses.iter().filter(|one| one.is_probed()).map(Address::ip);
        let probe = endpoint.probe.map(|probe| (probe, ips().collect::<Vec<_>>()));

        let mut last = Vec::with_capacity(2);
        let mut defaults = default_routes(endpoint)?;
        if let Some(table) = endpoint.source_routing {
            if matches!(table, 0 | 253..=255) {
                let why = format!("table {table} is not one of the endpoint's own");
                return Err(refused(endpoint, why).with_hint("choose 1 to 252, or above 255"));
            }
            // Two addresses may be in one subnet.
            let (mut subnets, mut ips) = (Vec::new(), Vec::new());
            for address in &endpoint.addresses {
                let (subnet, ip) = (address.net().trunc(), IpNet::from(address.ip()));
                if !subnets.contains(&subnet) {
                    subnets.push(subnet);
                    inside.push(Step::AddRoute(Route::to(subnet).table(table)));
                }
                if !ips.contains(&ip) {
                    ips.push(ip);
                    last.push(Step::AddRule(Rule::new(table).from(ip)));
                }
            }
            inside.extend(defaults.drain(..).map(|route| Step::AddRoute(route.table(table))));
        } else if endpoint.replace_default_route {
            last.push(Step::ReplaceDefaultRoutes(defaults));
        } else {
            inside.extend(defaults.into_iter().map(Step::AddRoute));
        }
        for route in &endpoint.routes {
            route.check()?;
            let goes_with_the_link = route.get_device() == Some(endpoint.name.into());
            if route.needs_device() || goes_with_the_link {
                inside.push(Step::AddRoute(*route));
            } else {
                last.push(Step::AddRoute(*route));
            }
        }
        if endpoint.lo_up {
            last.push(Step::LoopbackUp);
        }
        let notify_ipv6 = endpoint.announce.is_some()
            && endpoint.addresses.iter().any(|address| address.ip().is_ipv6());
        Ok(Self { link, notify_ipv6, before, probe, inside, announce: announced(endpoint), last })
    }

    /// The steps, in order.
    pub fn steps(&self) -> impl Iterator<Item = Step> {
        std::iter::once(Step::CreateLink(self.link.clone()))
            .chain(self.notify_ipv6.then_some(Step::NotifyIpv6))
            .chain(self.before.iter().cloned())
            .chain(self.probe.iter().map(|(probe, ips)| Step::Probe(*probe, ips.clone())))
            .chain(self.inside.iter().cloned())
            .chain(self.announce.iter().map(|(how, ips)| Step::Announce(*how, ips.clone())))
            .chain(self.last.iter().cloned())
    }
}

/// Whether IPv4 addresses are added before the link comes up, so that the kernel announces them; not
/// where they are asked for on the link first.
fn comes_up_with_its_addresses(endpoint: &Endpoint) -> bool {
    (endpoint.announce.is_some() || endpoint.arp_filter)
        && endpoint.probe.is_none()
        && endpoint.addresses.iter().any(|address| address.ip().is_ipv4())
}

/// What the kernel does not announce by itself: IPv4 addresses that were asked for on a link that was
/// up already, IPv6 addresses that it was told not to check, and everything again where that is to be
/// waited for.
fn announced(endpoint: &Endpoint) -> Option<(Announce, Vec<IpAddr>)> {
    let announce = endpoint.announce?;
    let ours = |address: &&Address| match address.duplicate_detection() {
        _ if address.ip().is_ipv4() => endpoint.probe.is_some(),
        how => how == DuplicateDetection::Skip,
    };
    let first: Vec<IpAddr> = endpoint.addresses.iter().filter(ours).map(Address::ip).collect();
    (!first.is_empty() || announce.rest().is_some()).then_some((announce, first))
}

/// The link to be created, but for what is chosen when it is.
fn link(endpoint: &Endpoint) -> Result<Link> {
    let mut link = Link::bare(endpoint.name, Some(endpoint.parent.id()?), (&endpoint.kind).into())
        // An address generation mode counts from when the link comes up.
        .up(endpoint.addr_gen_mode.is_none() && !comes_up_with_its_addresses(endpoint))
        .promisc(endpoint.promisc);
    if let Some(mtu) = endpoint.mtu.filter(|mtu| *mtu < MIN_MTU) {
        return Err(refused(endpoint, format!("MTU {mtu} is below the smallest, {MIN_MTU}")));
    }
    link.mtu = endpoint.mtu;
    // A passthru link gets its parent's MAC address, whatever was asked for.
    link.mac = endpoint.mac.filter(|_| !is_passthru(&link));
    link.group = endpoint.group;
    link.tx_queue_len = endpoint.tx_queue_len;
    link.tx_queues = endpoint.queues.map(|(transmit, _)| transmit);
    link.rx_queues = endpoint.queues.map(|(_, receive)| receive);
    link.check()?;
    Ok(link)
}

pub(super) fn is_passthru(link: &Link) -> bool {
    link.kind.macvlan().map(Macvlan::mode) == Some(Mode::Passthru)
}

fn default_routes(endpoint: &Endpoint) -> Result<Vec<Route>> {
    let mut routes: Vec<Route> = Vec::with_capacity(endpoint.gateways.len());
    for gateway in &endpoint.gateways {
        if gateway.is_unspecified() || gateway.is_multicast() {
            return Err(refused(endpoint, format!("{gateway} cannot be a gateway")));
        }
        let same_family =
            |route: &&Route| route.destination().addr().is_ipv4() == gateway.is_ipv4();
        if let Some(other) = routes.iter().find(same_family).and_then(Route::get_gateway) {
            return Err(refused(
                endpoint,
                format!(
                    "{other} and {gateway} cannot both be the gateway of one family's default route"
                ),
            ));
        }
        let on_link = endpoint.on_link_gateways && !is_covered(endpoint, gateway);
        routes.push(Route::default_via(*gateway).on_link(on_link));
    }
    Ok(routes)
}

/// Whether the gateway lies in the subnet of one of the endpoint's addresses; IPv6's link-local
/// addresses are on every link.
fn is_covered(endpoint: &Endpoint, gateway: &IpAddr) -> bool {
    matches!(gateway, IpAddr::V6(ip) if ip.is_unicast_link_local())
        || endpoint.addresses.iter().any(|address| address.net().contains(gateway))
}

fn refused(endpoint: &Endpoint, why: String) -> Error {
    Error::invalid("plan the endpoint", why)
        .on_link(endpoint.name.as_str())
        .on_parent(endpoint.parent.to_string())
}

impl fmt::Display for Plan {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let name = self.link.name;
        for step in self.steps() {
            match step {
                Step::CreateLink(link) => writeln!(f, "host:   {}", CreateCommand(&link))?,
                Step::SetName(new) => writeln!(f, "inside: ip link set {name} name {new}")?,
                Step::SetMac(mac) => writeln!(f, "inside: ip link set {name} address {mac}")?,
                Step::SetAddrGenMode(mode) => {
                    writeln!(f, "inside: ip link set {name} addrgenmode {mode}")?;
                }
                Step::SetUp => writeln!(f, "inside: ip link set {name} up")?,
                Step::SetAlias(alias) => {
                    writeln!(f, "inside: ip link set {name} alias {alias:?}")?;
                }
                Step::AddAlternativeName(other) => {
                    writeln!(f, "inside: ip link property add dev {name} altname {other}")?;
                }
                Step::AddRule(rule) => {
                    let family = if rule.is_ipv6() { " -6" } else { "" };
                    writeln!(f, "inside: ip{family} rule add {rule}")?;
                }
                Step::SetRate(rate) => {
                    let (burst, limit) = (rate.burst(), rate.limit());
                    writeln!(
                        f,
                        "inside: tc qdisc add dev {name} root handle 1: tbf rate {rate} burst {burst} limit {limit}"
                    )?;
                }
                Step::FilterArp => {
                    writeln!(f, "inside: sysctl net/ipv4/conf/{name}/arp_filter=1")?;
                }
                Step::NotifyIpv4 => {
                    writeln!(f, "inside: sysctl net/ipv4/conf/{name}/arp_notify=1")?;
                }
                Step::NotifyIpv6 => {
                    writeln!(f, "inside: sysctl net/ipv6/conf/{name}/ndisc_notify=1")?;
                }
                Step::Announce(announce, ips) => {
                    for ip in &ips {
                        writeln!(f, "inside: {ip} is here")?;
                    }
                    if let Some(rest) = announce.rest() {
                        writeln!(f, "inside: all are here, {rest}")?;
                    }
                }
                Step::Probe(probe, ips) => {
                    for ip in &ips {
                        writeln!(f, "inside: who has {ip}? ({probe})")?;
                    }
                }
                Step::AddAddress(address) => {
                    let broadcast = if address.broadcast().is_some() { " broadcast +" } else { "" };
                    writeln!(f, "inside: ip address add {address}{broadcast} dev {name}")?;
                }
                Step::AddRoute(route) => {
                    let route = on_device(&route, &self.link);
                    writeln!(f, "inside: ip{} route add {route}", family(&route))?;
                }
                Step::ReplaceDefaultRoutes(routes) => {
                    for route in routes {
                        let route = on_device(&route, &self.link);
                        let of = if route.destination().addr().is_ipv4() { "-4" } else { "-6" };
                        writeln!(f, "inside: ip {of} route flush default table main")?;
                        writeln!(f, "inside: ip{} route add {route}", family(&route))?;
                    }
                }
                Step::LoopbackUp => writeln!(f, "inside: ip link set lo up")?,
            }
        }
        Ok(())
    }
}

/// A route through the endpoint's link, unless it names another or leads nowhere.
fn on_device(route: &Route, link: &Link) -> Route {
    if route.needs_device() { route.device(link.name) } else { *route }
}

/// `ip` takes the family of "default" from the gateway, unless it is told.
fn family(route: &Route) -> &'static str {
    let v4 = route.destination().addr().is_ipv4();
    if v4 && route.get_gateway().is_some_and(|gateway| gateway.is_ipv6()) { " -4" } else { "" }
}

struct CreateCommand<'a>(&'a Link);

impl fmt::Display for CreateCommand<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let link = self.0;
        f.write_str("ip link add")?;
        if let Some(parent) = link.parent {
            write!(f, " link {parent}")?;
        }
        write!(f, " name {}", link.name)?;
        if let Some(mac) = link.mac {
            write!(f, " address {mac}")?;
        }
        if let Some(mtu) = link.mtu {
            write!(f, " mtu {mtu}")?;
        }
        if let Some(group) = link.group {
            write!(f, " group {group}")?;
        }
        if let Some(packets) = link.tx_queue_len {
            write!(f, " txqueuelen {packets}")?;
        }
        if let Some(queues) = link.tx_queues {
            write!(f, " numtxqueues {queues}")?;
        }
        if let Some(queues) = link.rx_queues {
            write!(f, " numrxqueues {queues}")?;
        }
        if link.up {
            f.write_str(" up")?;
        }
        if link.promisc {
            f.write_str(" promisc on")?;
        }
        // What follows the type is the type's own.
        f.write_str(" netns CONTAINER")?;
        write!(f, " type {}{}", link.kind.as_str(), link.kind.options_in_words())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn endpoint() -> Endpoint {
        Endpoint::new("eth0", "ens33").unwrap()
    }

    #[test]
    fn a_full_plan_prints_as_commands() {
        let plan = endpoint()
            .mode(Mode::Private)
            .mac("02:42:ac:10:68:0a".parse().unwrap())
            .mtu(1400)
            .promisc(true)
            .assignment("172.16.104.10/24@172.16.104.1".parse().unwrap())
            .address("fd00::2/64 nodad".parse().unwrap())
            .gateway("fd01::1".parse().unwrap())
            .on_link_gateways(true)
            .route("10.0.0.0/8 via 172.16.104.2".parse().unwrap())
            .route("default via inet6 fe80::1 table 100".parse().unwrap())
            .route("blackhole 10.9.0.0/16".parse().unwrap())
            .plan()
            .unwrap();
        assert_eq!(
            plan.to_string(),
            "host:   ip link add link ens33 name eth0 address 02:42:ac:10:68:0a mtu 1400 up promisc on \
             netns CONTAINER type macvlan mode private\n\
             inside: ip address add 172.16.104.10/24 broadcast + dev eth0\n\
             inside: ip address add fd00::2/64 nodad dev eth0\n\
             inside: ip route add default via 172.16.104.1 dev eth0\n\
             inside: ip route add default via fd01::1 dev eth0 onlink\n\
             inside: ip route add 10.0.0.0/8 via 172.16.104.2 dev eth0\n\
             inside: ip -4 route add default via inet6 fe80::1 dev eth0 table 100\n\
             inside: ip route add blackhole 10.9.0.0/16\n\
             inside: ip link set lo up\n"
        );
    }

    #[test]
    fn addresses_are_asked_for_on_a_link_that_is_up_before_they_are_added() {
        let plan = endpoint()
            .address("10.0.0.2/24".parse().unwrap())
            .address("fd00::2/64".parse().unwrap())
            .address("fd00::3/64 nodad".parse().unwrap())
            .alias("x")
            .gateway("10.0.0.1".parse().unwrap())
            .probe(Probe::quick())
            .plan()
            .unwrap();
        assert_eq!(
            plan.to_string(),
            "host:   ip link add link ens33 name eth0 up netns CONTAINER type macvlan mode bridge\n\
             inside: ip link set eth0 alias \"x\"\n\
             inside: ip address add fd00::2/64 dev eth0\n\
             inside: who has 10.0.0.2? (3 probes, within 250ms)\n\
             inside: who has fd00::2? (3 probes, within 250ms)\n\
             inside: ip address add 10.0.0.2/24 broadcast + dev eth0\n\
             inside: ip address add fd00::3/64 nodad dev eth0\n\
             inside: ip route add default via 10.0.0.1 dev eth0\n\
             inside: ip link set lo up\n"
        );
    }

    #[test]
    fn what_the_kernel_announces_is_there_when_the_link_comes_up() {
        let announced = endpoint()
            .address("10.0.0.2/24".parse().unwrap())
            .address("fd00::2/64".parse().unwrap())
            .gateway("10.0.0.1".parse().unwrap())
            .announce(Announce::once());
        assert_eq!(
            announced.plan().unwrap().to_string(),
            "host:   ip link add link ens33 name eth0 netns CONTAINER type macvlan mode bridge\n\
             inside: sysctl net/ipv6/conf/eth0/ndisc_notify=1\n\
             inside: sysctl net/ipv4/conf/eth0/arp_notify=1\n\
             inside: ip address add 10.0.0.2/24 broadcast + dev eth0\n\
             inside: ip link set eth0 up\n\
             inside: ip address add fd00::2/64 dev eth0\n\
             inside: ip route add default via 10.0.0.1 dev eth0\n\
             inside: ip link set lo up\n"
        );
        let plan = announced.probe(Probe::quick()).plan().unwrap().to_string();
        assert!(plan.contains("name eth0 up netns"), "{plan}");
        assert!(
            plan.contains("dev eth0\ninside: 10.0.0.2 is here\ninside: ip link set lo"),
            "{plan}"
        );
    }

    #[test]
    fn replacing_the_default_route_comes_after_everything_that_can_fail_alone() {
        let plan = endpoint()
            .replace_default_route(true)
            .assignment("10.0.0.2/24@10.0.0.1".parse().unwrap())
            .plan()
            .unwrap();
        assert!(matches!(
            plan.steps().collect::<Vec<_>>()[..],
            [
                Step::CreateLink(_),
                Step::AddAddress(_),
                Step::ReplaceDefaultRoutes(_),
                Step::LoopbackUp
            ]
        ));
    }

    #[test]
    fn two_addresses_of_one_subnet_have_one_route_in_the_table() {
        let plan = endpoint()
            .address("10.0.0.2/24".parse().unwrap())
            .address("10.0.0.3/24".parse().unwrap())
            .source_routing(7)
            .plan()
            .unwrap();
        let printed = plan.to_string();
        let lines: Vec<_> = printed.lines().filter(|line| line.contains("table 7")).collect();
        assert_eq!(
            lines,
            [
                "inside: ip route add 10.0.0.0/24 dev eth0 table 7",
                "inside: ip rule add from 10.0.0.2/32 table 7",
                "inside: ip rule add from 10.0.0.3/32 table 7",
            ]
        );
    }

    #[test]
    fn passthru_takes_its_mac_address_after_creation() {
        let plan = endpoint()
            .mode(Mode::Passthru)
            .mac("02:00:00:00:00:01".parse().unwrap())
            .plan()
            .unwrap();
        assert!(plan.to_string().contains("inside: ip link set eth0 address 02:00:00:00:00:01"));
        assert!(!plan.to_string().contains("name eth0 address"));
    }

    #[test]
    fn refused_before_any_system_call() {
        let two =
            |a: &str, b: &str| endpoint().gateway(a.parse().unwrap()).gateway(b.parse().unwrap());
        for (endpoint, why) in [
            (endpoint().mtu(67), "MTU 67 is below the smallest, 68"),
            (two("10.0.0.1", "10.0.0.2"), "cannot both be the gateway"),
            (two("fd00::1", "fd00::2"), "cannot both be the gateway"),
            (endpoint().gateway("0.0.0.0".parse().unwrap()), "cannot be a gateway"),
            (
                endpoint()
                    .address("10.0.0.1/8".parse().unwrap())
                    .address("10.0.0.1/8".parse().unwrap()),
                "is given twice",
            ),
            (
                endpoint().route(Route::default_v6().gateway("10.0.0.1".parse().unwrap())),
                "IPv4 gateway",
            ),
        ] {
            let error = endpoint.plan().unwrap_err();
            assert!(error.is_invalid_value());
            assert!(error.to_string().contains(why), "{error}");
        }
        assert!(two("10.0.0.1", "fd00::1").plan().is_ok());
    }
}
