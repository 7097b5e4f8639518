//! Plans an attach, without any system call.

use std::fmt;
use std::net::{IpAddr, Ipv6Addr};

use ipnet::IpNet;

use crate::endpoint::change::Change;
use crate::endpoint::difference::Difference;
use crate::endpoint::endpoint::Endpoint;
use crate::endpoint::on_demand;
use crate::endpoint::parent::Parent;
use crate::error::{Error, Result};
use crate::lan::announce::Announce;
use crate::lan::probe::Probe;
use crate::rtnl::NOTES_TABLE;
use crate::value::address::{Address, DuplicateDetection, never_a_hosts};
use crate::value::link::{IPV6_MIN_MTU, Ipv6Sysctl, LOOPBACK, Link, check_alias};
use crate::value::name::{LinkId, LinkName, ShellWord, check_alternative_name};
use crate::value::route::Route;
use crate::value::rule::Rule;

/// The minimum MTU of an Ethernet link (`ETH_MIN_MTU`).
const MIN_MTU: u32 = 68;

/// The steps of an attach of an [`Endpoint`], as phases in order.
///
/// Displayed as the equivalent `ip` commands:
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
    pub(super) name: LinkName,
    /// The VLANs that are created on demand if they do not exist, each after its base.
    vlans: Vec<Link>,
    pub(super) phases: Vec<Phase>,
}

/// A phase of a [`Plan`], which begins when those before it have succeeded.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub enum Phase {
    /// Creates the link in the container's namespace.
    Create(Link),
    /// Sets sysctls of the link before it is up.
    Sysctls(Vec<Ipv6Sysctl>),
    /// Makes changes in the container with one send.
    Batch(Vec<Change>),
    /// Makes changes in the container, probes addresses on the network, and waits for the kernel's
    /// duplicate detection of the addresses that the changes add.
    Probe {
        /// The way in which the addresses are probed.
        probe: Probe,
        /// The changes made before.
        changes: Vec<Change>,
        /// The addresses to probe.
        addresses: Vec<IpAddr>,
    },
    /// Announces addresses that the kernel does not announce.
    Announce(Announce, Vec<IpAddr>),
    /// Adds default routes and deletes all others of their families.
    ReplaceDefaultRoutes(Vec<Route>),
    /// Makes changes in the container one by one, which the kernel does not undo with the link.
    OneByOne(Vec<Change>),
}

impl Endpoint {
    /// Returns the steps of an attach. Validates the endpoint without any system call.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::InvalidValue`](crate::ErrorKind::InvalidValue) if a value is invalid, or values
    /// contradict each other.
    pub fn plan(&self) -> Result<Plan> {
        Plan::of(self)
    }
}

impl Plan {
    fn of(endpoint: &Endpoint) -> Result<Self> {
        let link = link(endpoint)?;
        refuse_without_effect(endpoint)?;
        endpoint.alias.as_deref().map_or(Ok(()), check_alias)?;
        for (at, name) in endpoint.alternative_names.iter().enumerate() {
            check_alternative_name(name)?;
            if endpoint.name == **name || endpoint.alternative_names[..at].contains(name) {
                return Err(refused(endpoint, format!("the name {name:?} is given twice")));
            }
        }
        let mut phases = Vec::with_capacity(4);
        let mut settings = settings(endpoint, link.up);
        phases.push(Phase::Create(link));
        let sysctls = sysctls(endpoint)?;
        if !sysctls.is_empty() {
            phases.push(Phase::Sysctls(sysctls));
        }
        // Without addresses to probe, no carrier is needed.
        let asked = || endpoint.addresses.iter().filter(|one| one.is_probed());
        let mut batch = match endpoint.probe.filter(|_| asked().next().is_some()) {
            None => settings,
            Some(probe) => {
                // The kernel's detection of these runs while the others are probed.
                let checked = endpoint.addresses.iter().filter(|one| one.is_checked_by_kernel());
                settings.extend(checked.copied().map(Change::AddAddress));
                let addresses = asked().map(Address::ip).collect();
                phases.push(Phase::Probe { probe, changes: settings, addresses });
                Vec::with_capacity(endpoint.addresses.len() + endpoint.routes.len() + 2)
            }
        };
        for (at, address) in endpoint.addresses.iter().enumerate() {
            if address.ip() == Ipv6Addr::LOCALHOST {
                return Err(refused(endpoint, format!("{} is for lo only", address.ip())));
            }
            // IPv6 does not accept an address with two prefix lengths.
            let is_same = |other: &Address| match address.net() {
                IpNet::V4(net) => IpNet::V4(net) == other.net(),
                IpNet::V6(net) => IpAddr::V6(net.addr()) == other.ip(),
            };
            if endpoint.addresses[..at].iter().any(is_same) {
                return Err(refused(endpoint, format!("address {address} is given twice")));
            }
            let is_there = comes_up_with_its_addresses(endpoint) && address.ip().is_ipv4()
                || endpoint.probe.is_some() && address.is_checked_by_kernel();
            if !is_there {
                batch.push(Change::AddAddress(*address));
            }
        }

        let (mut last, lo) = (Vec::with_capacity(2), Change::SetLoopbackUp);
        let is_through_loopback = |route: &Route| match route.get_device() {
            Some(LinkId::Name(name)) => name.as_str() == "lo",
            device => device == Some(LinkId::Index(LOOPBACK)),
        };
        let mut defaults = default_routes(endpoint)?;
        let mut replaced = Vec::new();
        if let Some(table) = endpoint.source_routing {
            route_by_source(endpoint, table, &mut batch, &mut last)?;
            batch.extend(defaults.drain(..).map(|route| Change::AddRoute(route.table(table))));
        } else if endpoint.replace_default_route {
            replaced = defaults;
        } else {
            batch.extend(defaults.into_iter().map(Change::AddRoute));
        }
        for (at, route) in endpoint.routes.iter().enumerate() {
            check_route(endpoint, at, route)?;
            if route.goes_with(endpoint.name) {
                batch.push(Change::AddRoute(*route));
            } else if let Some(protocol) = route.get_protocol() {
                let why = format!(
                    "the route {route} does not lead through the link, so it cannot have the protocol {protocol}"
                );
                return Err(refused(endpoint, why)
                    .with_hint("leave out the protocol, which marks it as the endpoint's"));
            } else {
                // The kernel refuses a route through a link that is down.
                if is_through_loopback(route) && endpoint.lo_up && !last.contains(&lo) {
                    last.push(lo.clone());
                }
                last.push(Change::AddRoute(*route));
            }
        }
        phases.push(Phase::Batch(batch));
        let is_lo_up = last.contains(&lo);
        if let Some(announced) = announced(endpoint) {
            phases.push(announced);
        }
        if !replaced.is_empty() {
            phases.push(Phase::OneByOne(std::mem::take(&mut last)));
            phases.push(Phase::ReplaceDefaultRoutes(replaced));
        }
        if endpoint.lo_up && !is_lo_up {
            last.push(lo);
        }
        phases.push(Phase::OneByOne(last));
        let mut vlans = Vec::new();
        add_vlans(&endpoint.parent, &mut vlans)?;
        Ok(Self { name: endpoint.name, vlans, phases })
    }

    /// Returns the phases in order.
    pub fn phases(&self) -> &[Phase] {
        &self.phases
    }

    /// Returns the sysctls that the plan sets.
    pub(super) fn sysctls(&self) -> impl Iterator<Item = Ipv6Sysctl> {
        self.phases
            .iter()
            .flat_map(|phase| match phase {
                Phase::Sysctls(sysctls) => &sysctls[..],
                _ => &[],
            })
            .copied()
    }

    /// Returns whether a default route replaces others.
    pub(super) fn replaces_by(&self, route: &Route) -> bool {
        let replaces = |phase: &Phase| match phase {
            Phase::ReplaceDefaultRoutes(routes) => routes.contains(route),
            _ => false,
        };
        self.phases.iter().any(replaces)
    }

    /// Returns the changes of all phases in order, including replaced default routes.
    pub fn changes(&self) -> impl Iterator<Item = Change> {
        self.phases.iter().flat_map(|phase| {
            let defaults = match phase {
                Phase::ReplaceDefaultRoutes(routes) => &routes[..],
                _ => &[],
            };
            let defaults = defaults.iter().copied().map(Change::AddRoute);
            phase.changes().iter().cloned().chain(defaults)
        })
    }
}

impl Phase {
    /// Returns the changes that the phase makes by requests.
    fn changes(&self) -> &[Change] {
        match self {
            Self::Batch(changes) | Self::OneByOne(changes) | Self::Probe { changes, .. } => changes,
            Self::Create(_)
            | Self::Sysctls(_)
            | Self::Announce(..)
            | Self::ReplaceDefaultRoutes(_) => &[],
        }
    }
}

/// Adds the VLANs of a parent that are created on demand.
fn add_vlans(parent: &Parent, vlans: &mut Vec<Link>) -> Result<()> {
    let Some((base, tag)) = parent.on_demand() else { return Ok(()) };
    add_vlans(base, vlans)?;
    if let LinkId::Name(name) = parent.id()? {
        let mut vlan = on_demand::link(name, tag);
        vlan.parent_alternative = base.get_alternative_name().map(Into::into);
        vlan.parent = if vlan.parent_alternative.is_none() { Some(base.id()?) } else { None };
        vlans.push(vlan);
    }
    Ok(())
}

/// Refuses options of default routes for an endpoint that has none, and source routing without an
/// address that it could be for.
fn refuse_without_effect(endpoint: &Endpoint) -> Result<()> {
    let without = |what: &str, need: &str| {
        Err(refused(endpoint, format!("{what} without {need} has no effect")))
    };
    if endpoint.gateways.is_empty() {
        if endpoint.replace_default_route {
            return without("the replacement of the default route", "a gateway");
        }
        if endpoint.gateway_metric.is_some() {
            return without("the metric of the default route", "a gateway");
        }
        if endpoint.on_link_gateways {
            return without("a gateway that is on the link", "a gateway");
        }
    }
    match endpoint.source_routing {
        Some(_) if endpoint.addresses.is_empty() => without("source routing", "an address"),
        Some(_) if endpoint.replace_default_route => {
            let why = "source routing adds no default route that could replace another one";
            Err(refused(endpoint, why.to_owned()))
        }
        _ => Ok(()),
    }
}

/// Returns the settings of the link, and the changes that it needs to come up.
fn settings(endpoint: &Endpoint, is_up: bool) -> Vec<Change> {
    let mut settings = Vec::with_capacity(endpoint.addresses.len() + endpoint.routes.len() + 2);
    if endpoint.kind.is_passthru() {
        settings.extend(endpoint.mac.map(Change::SetMac));
    }
    settings.extend(endpoint.addr_gen_mode.map(Change::SetAddrGenMode));
    settings.extend(endpoint.rate.map(Change::SetRate));
    if endpoint.arp_filter {
        settings.push(Change::FilterArp);
    }
    if endpoint.announce.is_some() && has_family(endpoint, true) {
        settings.push(Change::NotifyIpv4);
    }
    // The sysctls for announcements by the kernel have to be set before the link comes up.
    if comes_up_with_its_addresses(endpoint) {
        let v4 = endpoint.addresses.iter().filter(|address| address.ip().is_ipv4());
        settings.extend(v4.copied().map(Change::AddAddress));
    }
    if !is_up && !endpoint.left_down {
        settings.push(Change::SetUp);
    }
    settings.extend(endpoint.alias.clone().map(Change::SetAlias));
    settings.extend(endpoint.alternative_names.iter().cloned().map(Change::AddAlternativeName));
    settings
}

fn has_family(endpoint: &Endpoint, v4: bool) -> bool {
    endpoint.addresses.iter().any(|address| address.ip().is_ipv4() == v4)
}

/// Refuses the table of the notes, in which one could end the search for an endpoint's route.
fn check_table(endpoint: &Endpoint, table: u32) -> Result<()> {
    if table != u32::from(NOTES_TABLE) {
        return Ok(());
    }
    let why = format!("table {table} is reserved for notes about shared routes");
    Err(refused(endpoint, why).with_hint("use another table"))
}

/// Adds a route to each subnet in the endpoint's own table, and a rule for each address that
/// selects it.
fn route_by_source(
    endpoint: &Endpoint,
    table: u32,
    batch: &mut Vec<Change>,
    last: &mut Vec<Change>,
) -> Result<()> {
    if matches!(table, 0 | 253..=255) {
        let why = format!("table {table} is reserved");
        return Err(
            refused(endpoint, why).with_hint("use a table from 1 to 252 except 109, or above 255")
        );
    }
    check_table(endpoint, table)?;
    // Two addresses may be in one subnet.
    let (mut subnets, mut ips) = (Vec::new(), Vec::new());
    for address in &endpoint.addresses {
        let (subnet, ip) = (address.net().trunc(), IpNet::from(address.ip()));
        if !subnets.contains(&subnet) {
            subnets.push(subnet);
            batch.push(Change::AddRoute(Route::to(subnet).table(table)));
        }
        if !ips.contains(&ip) {
            ips.push(ip);
            last.push(Change::AddRule(Rule::new(table).from(ip).priority(Endpoint::RULE_PRIORITY)));
        }
    }
    Ok(())
}

/// Returns whether IPv4 addresses are added before the link comes up, so that the kernel announces
/// them; not if they are probed first.
fn comes_up_with_its_addresses(endpoint: &Endpoint) -> bool {
    (endpoint.announce.is_some() || endpoint.arp_filter)
        && endpoint.probe.is_none()
        && endpoint.addresses.iter().any(|address| address.ip().is_ipv4())
}

/// Returns the announcements that the kernel does not send: of IPv4 addresses that were probed on a
/// link that is up, of IPv6 addresses without duplicate detection, and repeated ones if attach
/// waits for them.
fn announced(endpoint: &Endpoint) -> Option<Phase> {
    let announce = endpoint.announce?;
    let ours = |address: &&Address| match address.duplicate_detection() {
        _ if address.ip().is_ipv4() => endpoint.probe.is_some(),
        how => how == DuplicateDetection::Skip,
    };
    let first: Vec<IpAddr> = endpoint.addresses.iter().filter(ours).map(Address::ip).collect();
    (!first.is_empty() || announce.rest().is_some()).then_some(Phase::Announce(announce, first))
}

/// Returns the IPv6 sysctls that were set.
fn sysctls(endpoint: &Endpoint) -> Result<Vec<Ipv6Sysctl>> {
    if endpoint.disable_ipv6 == Some(true) {
        let addresses = endpoint.addresses.iter().map(Address::ip);
        let mut all = addresses.chain(endpoint.gateways.iter().copied());
        if let Some(ip) = all.find(IpAddr::is_ipv6) {
            let why = format!("IPv6 is to be disabled, and {ip} is an IPv6 address");
            return Err(refused(endpoint, why));
        }
    }
    let ndisc_notify = endpoint.announce.is_some() && has_family(endpoint, false);
    Ok((endpoint.ipv6_sysctls())
        .chain(ndisc_notify.then_some(Ipv6Sysctl::NdiscNotify(true)))
        .collect())
}

/// Returns whether the link is created down: the address generation mode and IPv6 sysctls take
/// effect when it comes up.
fn comes_up_later(endpoint: &Endpoint) -> bool {
    endpoint.addr_gen_mode.is_some()
        || endpoint.ipv6_sysctls().next().is_some()
        || comes_up_with_its_addresses(endpoint)
}

/// Returns the link to be created, without the values that are chosen at creation.
fn link(endpoint: &Endpoint) -> Result<Link> {
    let alternative = endpoint.parent.get_alternative_name();
    let parent = if alternative.is_none() { Some(endpoint.parent.id()?) } else { None };
    if let Ok(LinkId::Index(0)) = endpoint.parent.bottom().id() {
        return Err(refused(endpoint, "no link has the index 0".to_owned()));
    }
    let mut link = Link::bare(endpoint.name, parent, (&endpoint.kind).into())
        .up(!endpoint.left_down && !comes_up_later(endpoint))
        .promisc(endpoint.promisc);
    link.allmulticast = endpoint.allmulticast == Some(true);
    if let Some(mtu) = endpoint.mtu.filter(|mtu| *mtu < MIN_MTU) {
        return Err(refused(endpoint, format!("MTU {mtu} is below the minimum, {MIN_MTU}")));
    }
    if let Some(mtu) = endpoint.mtu.filter(|mtu| *mtu < IPV6_MIN_MTU) {
        if has_family(endpoint, false) {
            let why = format!("MTU {mtu} is below {IPV6_MIN_MTU}, the minimum for IPv6 addresses");
            return Err(refused(endpoint, why));
        }
        if endpoint.addr_gen_mode.is_some() {
            let why = format!(
                "MTU {mtu} is below {IPV6_MIN_MTU}, the minimum for IPv6, which the address generation \
                 mode requires"
            );
            return Err(refused(endpoint, why));
        }
    }
    link.parent_alternative = alternative.map(Into::into);
    link.mtu = endpoint.mtu;
    // A passthru link gets its parent's MAC address in any case.
    link.mac = endpoint.mac.filter(|_| !endpoint.kind.is_passthru());
    link.group = endpoint.group;
    link.tx_queue_len = endpoint.tx_queue_len;
    link.tx_queues = endpoint.queues.map(|(transmit, _)| transmit);
    link.rx_queues = endpoint.queues.map(|(_, receive)| receive);
    link.check()?;
    Ok(link)
}

fn default_routes(endpoint: &Endpoint) -> Result<Vec<Route>> {
    let mut routes: Vec<Route> = Vec::with_capacity(endpoint.gateways.len());
    for gateway in &endpoint.gateways {
        check_gateway(endpoint, *gateway)?;
        let same_family =
            |route: &&Route| route.get_destination().addr().is_ipv4() == gateway.is_ipv4();
        if let Some(other) = routes.iter().find(same_family).and_then(Route::get_gateway) {
            return Err(refused(
                endpoint,
                format!(
                    "{other} and {gateway} cannot both be the gateway of one family's default route"
                ),
            ));
        }
        let on_link = endpoint.on_link_gateways && !is_covered(endpoint, gateway);
        let route = Route::default_via(*gateway).on_link(on_link);
        routes.push(endpoint.gateway_metric.map_or(route, |metric| route.metric(metric)));
    }
    Ok(routes)
}

/// Checks a route of the endpoint, by its place in the list.
fn check_route(endpoint: &Endpoint, at: usize, route: &Route) -> Result<()> {
    route.check()?;
    check_table(endpoint, route.get_table())?;
    if endpoint.routes[..at].contains(route) {
        return Err(refused(endpoint, format!("the route {route} is given twice")));
    }
    if let Some(gateway) = route.get_gateway() {
        check_gateway(endpoint, gateway)?;
    }
    if route.contradicts_its_scope() {
        let why = format!("the scope of the route {route} is for routes without a gateway");
        return Err(refused(endpoint, why).with_hint("leave out the scope"));
    }
    Ok(())
}

/// Checks that a router on the endpoint's link can have an address.
fn check_gateway(endpoint: &Endpoint, gateway: IpAddr) -> Result<()> {
    let why = if let Some(why) = never_a_hosts(gateway) {
        format!(": {why}")
    } else if endpoint.addresses.iter().any(|address| address.ip() == gateway) {
        ": it is the endpoint's own address".to_owned()
    } else if gateway.is_loopback() {
        ": it is a loopback address".to_owned()
    } else if let Some(address) = endpoint
        .addresses
        .iter()
        .find(|address| address.broadcast().is_some_and(|broadcast| gateway == broadcast))
    {
        format!(": it is the broadcast address of {}", address.net().trunc())
    } else {
        return Ok(());
    };
    Err(refused(endpoint, format!("{gateway} cannot be a gateway{why}")))
}

/// Returns whether the gateway is in the subnet of one of the endpoint's addresses; IPv6 link-local
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
        let name = self.name;
        for vlan in &self.vlans {
            writeln!(f, "host:   {}  # unless it exists", CreateCommand(vlan, ""))?;
        }
        for phase in &self.phases {
            for change in phase.changes() {
                writeln!(f, "inside: {}", Command(change, name))?;
            }
            match phase {
                Phase::Create(link) => {
                    writeln!(f, "host:   {}", CreateCommand(link, " netns CONTAINER"))?;
                }
                Phase::Sysctls(sysctls) => {
                    for sysctl in sysctls {
                        write_sysctl(f, name, *sysctl)?;
                    }
                }
                Phase::Batch(_) | Phase::OneByOne(_) => {}
                Phase::Probe { probe, addresses, .. } => {
                    for ip in addresses {
                        write_probe(f, *ip, probe)?;
                    }
                }
                Phase::Announce(announce, ips) => {
                    for ip in ips {
                        writeln!(f, "inside: announce {ip}")?;
                    }
                    if let Some(rest) = announce.rest() {
                        writeln!(f, "inside: announce all, {rest}")?;
                    }
                }
                Phase::ReplaceDefaultRoutes(routes) => {
                    for route in routes {
                        write_only_default_route(f, name, *route)?;
                    }
                }
            }
        }
        Ok(())
    }
}

/// The repairs by which [`ensure`](crate::Host::ensure) resolves differences of a link that need no
/// replacement, displayed like the steps of a [`Plan`].
pub(super) struct Repairs<'a> {
    pub(super) endpoint: &'a Endpoint,
    pub(super) plan: &'a Plan,
    pub(super) differences: &'a [Difference],
}

impl fmt::Display for Repairs<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { endpoint, plan, differences } = *self;
        let name = endpoint.name;
        for difference in differences {
            if let (Difference::Change { change: Change::AddAddress(address), .. }, Some(probe)) =
                (difference, &endpoint.probe)
            {
                if address.ip().is_ipv4() {
                    write_probe(f, address.ip(), probe)?;
                }
            }
        }
        for difference in differences {
            match difference {
                Difference::LinkMissing | Difference::Immutable(_) | Difference::Parent => {}
                Difference::Sysctl { sysctl, .. } => write_sysctl(f, name, *sysctl)?,
                Difference::Expiring(address) => {
                    let name = ShellWord(name.as_str());
                    writeln!(f, "inside: ip address replace {} dev {name}", address.net())?;
                }
                Difference::Duplicate(address) | Difference::Tentative(address) => {
                    write_deletion(f, name, address)?;
                    writeln!(f, "inside: {}", Command(&Change::AddAddress(*address), name))?;
                }
                Difference::Change { change, found } => {
                    self.write_change(f, plan, change, found.as_ref())?;
                }
            }
        }
        Ok(())
    }
}

impl Repairs<'_> {
    /// Writes the commands in the order of `Work::repair`.
    fn write_change(
        &self,
        f: &mut fmt::Formatter<'_>,
        plan: &Plan,
        change: &Change,
        found: Option<&Change>,
    ) -> fmt::Result {
        let name = self.endpoint.name;
        match (change, found) {
            (Change::AddRoute(route), _) if plan.replaces_by(route) => {
                write_only_default_route(f, name, *route)
            }
            (Change::AddRoute(route), Some(Change::AddRoute(_))) => {
                writeln!(f, "inside: {}", RouteCommand("replace", route, name))
            }
            // IPv6 does not accept an address with two prefix lengths.
            (Change::AddAddress(_), Some(Change::AddAddress(old))) if old.ip().is_ipv6() => {
                write_deletion(f, name, old)?;
                writeln!(f, "inside: {}", Command(change, name))
            }
            (Change::AddAddress(_), Some(Change::AddAddress(old))) => {
                writeln!(f, "inside: {}", Command(change, name))?;
                write_deletion(f, name, old)
            }
            _ => writeln!(f, "inside: {}", Command(change, name)),
        }
    }
}

fn write_sysctl(f: &mut fmt::Formatter<'_>, name: LinkName, sysctl: Ipv6Sysctl) -> fmt::Result {
    writeln!(f, "inside: sysctl net/ipv6/conf/{}/{sysctl}", ShellWord(name.as_str()))
}

fn write_probe(f: &mut fmt::Formatter<'_>, ip: IpAddr, probe: &Probe) -> fmt::Result {
    writeln!(f, "inside: probe {ip} ({probe})")
}

fn write_deletion(f: &mut fmt::Formatter<'_>, name: LinkName, address: &Address) -> fmt::Result {
    let name = ShellWord(name.as_str());
    writeln!(f, "inside: ip address delete {} dev {name}", address.net())
}

/// Writes the commands that replace all default routes of a family.
fn write_only_default_route(
    f: &mut fmt::Formatter<'_>,
    name: LinkName,
    route: Route,
) -> fmt::Result {
    let of = if route.get_destination().addr().is_ipv4() { "-4" } else { "-6" };
    writeln!(f, "inside: ip {of} route flush default table main")?;
    writeln!(f, "inside: {}", Command(&Change::AddRoute(route), name))
}

/// A change of a link, displayed as a command of iproute2 or sysctl.
struct Command<'a>(&'a Change, LinkName);

impl fmt::Display for Command<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self(change, link) = *self;
        let name = ShellWord(link.as_str());
        match change {
            Change::SetName(new) => {
                write!(f, "ip link set {name} name {}", ShellWord(new.as_str()))
            }
            Change::SetMac(mac) => write!(f, "ip link set {name} address {mac}"),
            Change::SetMtu(mtu) => write!(f, "ip link set {name} mtu {mtu}"),
            Change::SetUp => write!(f, "ip link set {name} up"),
            Change::SetArpOn => write!(f, "ip link set {name} arp on"),
            Change::SetAllmulticast(true) => write!(f, "ip link set {name} allmulticast on"),
            Change::SetAllmulticast(false) => write!(f, "ip link set {name} allmulticast off"),
            Change::SetPromisc(true) => write!(f, "ip link set {name} promisc on"),
            Change::SetPromisc(false) => write!(f, "ip link set {name} promisc off"),
            Change::SetAlias(alias) => {
                // A shell reads these two also within quotes.
                let quoted = format!("{alias:?}").replace('$', "\\$").replace('`', "\\`");
                write!(f, "ip link set {name} alias {quoted}")
            }
            Change::AddAlternativeName(other) => {
                write!(f, "ip link property add dev {name} altname {}", ShellWord(other))
            }
            Change::SetGroup(group) => write!(f, "ip link set {name} group {group}"),
            Change::SetTxQueueLen(packets) => write!(f, "ip link set {name} txqueuelen {packets}"),
            Change::SetAddrGenMode(mode) => write!(f, "ip link set {name} addrgenmode {mode}"),
            Change::SetMacvlan(change) => {
                write!(f, "ip link set {name} type macvlan{}", change.describe())
            }
            Change::SetVlan(vlan) => write!(f, "ip link set {name} type vlan{}", vlan.describe()),
            Change::SetRate(rate) => {
                let (burst, limit) = (rate.burst(), rate.limit());
                write!(
                    f,
                    "tc qdisc replace dev {name} root tbf rate {rate} burst {burst} limit {limit}"
                )
            }
            Change::FilterArp => write!(f, "sysctl net/ipv4/conf/{name}/arp_filter=1"),
            Change::NotifyIpv4 => write!(f, "sysctl net/ipv4/conf/{name}/arp_notify=1"),
            Change::AddAddress(address) => {
                let broadcast = if address.broadcast().is_some() { " broadcast +" } else { "" };
                write!(f, "ip address add {address}{broadcast} dev {name}")
            }
            Change::AddRoute(route) => RouteCommand("add", route, link).fmt(f),
            Change::AddConnectedRoute(address) => {
                write!(f, "ip route add {} dev {name} proto kernel", Route::connected(address))
            }
            Change::AddRule(rule) => {
                let family = if rule.get_ipv6() { " -6" } else { "" };
                write!(f, "ip{family} rule add {rule}")
            }
            Change::DeleteRule(rule) => {
                let family = if rule.get_ipv6() { " -6" } else { "" };
                write!(f, "ip{family} rule delete {rule}")
            }
            Change::SetLoopbackUp => f.write_str("ip link set lo up"),
        }
    }
}

/// A command of `ip route`, by its verb.
struct RouteCommand<'a>(&'static str, &'a Route, LinkName);

impl fmt::Display for RouteCommand<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self(verb, route, name) = *self;
        // Through the link, unless it names another one or drops packets.
        let route = if route.needs_device() { route.device(name) } else { *route };
        // `ip` infers the family of "default" from the gateway.
        let v4 = route.get_destination().addr().is_ipv4();
        let via_v6 = v4 && route.get_gateway().is_some_and(|gateway| gateway.is_ipv6());
        let family = if via_v6 { " -4" } else { "" };
        let mut words = route.to_string();
        if let Some(LinkId::Name(name)) = route.get_device() {
            let dev = |name: &dyn fmt::Display| format!(" dev {name}");
            words = words.replace(&dev(&name), &dev(&ShellWord(name.as_str())));
        }
        write!(f, "ip{family} route {verb} {words}")
    }
}

/// The command that creates a link, with the words that say where.
struct CreateCommand<'a>(&'a Link, &'static str);

impl fmt::Display for CreateCommand<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self(link, place) = *self;
        f.write_str("ip link add")?;
        match link.parent {
            Some(LinkId::Name(parent)) => write!(f, " link {}", ShellWord(parent.as_str()))?,
            Some(parent) => write!(f, " link {parent}")?,
            None => {}
        }
        if let Some(parent) = &link.parent_alternative {
            write!(f, " link {}", ShellWord(parent))?;
        }
        write!(f, " name {}", ShellWord(link.name.as_str()))?;
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
        if link.allmulticast {
            f.write_str(" allmulticast on")?;
        }
        // Options after the type belong to the type.
        write!(f, "{place} type {}{}", link.kind.as_str(), link.kind.describe_options())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::value::link::Mode;

    fn endpoint() -> Endpoint {
        Endpoint::new("eth0", "ens33").unwrap()
    }

    #[test]
    fn a_metric_is_of_the_gateways_routes() {
        let plan = endpoint()
            .assignment("10.0.0.2/24@10.0.0.1".parse().unwrap())
            .assignment("fd00::2/64@fe80::1".parse().unwrap())
            .route("10.9.0.0/16 via 10.0.0.9".parse().unwrap())
            .gateway_metric(50)
            .allmulticast(true)
            .plan()
            .unwrap()
            .to_string();
        for words in [
            "up allmulticast on netns CONTAINER",
            "default via 10.0.0.1 dev eth0 metric 50\n",
            "default via fe80::1 dev eth0 metric 50\n",
            "10.9.0.0/16 via 10.0.0.9 dev eth0\n",
        ] {
            assert!(plan.contains(words), "no {words:?} in {plan}");
        }
    }

    #[test]
    fn vlans_on_demand_are_created_first() {
        let inner = Parent::vlan("ens33.100", 7).unwrap();
        let plan = Endpoint::new("eth0", inner).unwrap().lo_up(false).plan().unwrap();
        assert_eq!(
            plan.to_string(),
            "host:   ip link add link ens33 name ens33.100 group 1835098998 up type vlan protocol \
             802.1Q id 100  # unless it exists\n\
             host:   ip link add link ens33.100 name ens33.100.7 group 1835098998 up type vlan \
             protocol 802.1Q id 7  # unless it exists\n\
             host:   ip link add link ens33.100.7 name eth0 up netns CONTAINER type macvlan mode \
             bridge\n"
        );
        let base = Parent::alternative_name("the-uplink-of-the-rack").unwrap();
        let vlan = Parent::vlan(base, 100).unwrap().name("rack.100").unwrap();
        let plan = Endpoint::new("eth0", vlan).unwrap().plan().unwrap().to_string();
        assert!(plan.starts_with("host:   ip link add link the-uplink-of-the-rack name rack.100 "));
    }

    #[test]
    fn a_full_plan_prints_as_commands() {
        let plan = endpoint()
            .mode(Mode::Private)
            .unwrap()
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
             inside: probe 10.0.0.2 (3 probes, within 250ms)\n\
             inside: probe fd00::2 (3 probes, within 250ms)\n\
             inside: ip address add 10.0.0.2/24 broadcast + dev eth0\n\
             inside: ip address add fd00::3/64 nodad dev eth0\n\
             inside: ip route add default via 10.0.0.1 dev eth0\n\
             inside: ip link set lo up\n"
        );
    }

    #[test]
    fn announced_addresses_are_added_before_the_link_is_up() {
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
            plan.contains("dev eth0\ninside: announce 10.0.0.2\ninside: ip link set lo"),
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
        let [
            Phase::Create(_),
            Phase::Batch(batch),
            Phase::OneByOne(before),
            Phase::ReplaceDefaultRoutes(_),
            Phase::OneByOne(last),
        ] = plan.phases()
        else {
            panic!("{plan:?}");
        };
        assert!(matches!(batch[..], [Change::AddAddress(_)]), "{batch:?}");
        assert_eq!(before, &[]);
        assert_eq!(last, &[Change::SetLoopbackUp]);
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
                "inside: ip rule add from 10.0.0.2/32 table 7 priority 30000",
                "inside: ip rule add from 10.0.0.3/32 table 7 priority 30000",
            ]
        );
    }

    #[test]
    fn passthru_takes_its_mac_address_after_creation() {
        let plan = endpoint()
            .mode(Mode::Passthru)
            .unwrap()
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
            (endpoint().mtu(67), "MTU 67 is below the minimum, 68"),
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
            (
                endpoint().route("blackhole 10.9.0.0/16 proto 5".parse().unwrap()),
                "cannot have the protocol 5",
            ),
            (
                endpoint().address("10.0.0.2/24".parse().unwrap()).source_routing(109),
                "table 109 is reserved for notes",
            ),
            (
                endpoint().address("10.0.0.2/24".parse().unwrap()).source_routing(254),
                "table 254 is reserved",
            ),
            (
                endpoint().route("10.9.0.0/16 dev eth0 table 109".parse().unwrap()),
                "table 109 is reserved for notes",
            ),
            (
                endpoint().route("unreachable 10.9.0.0/16 table 109".parse().unwrap()),
                "table 109 is reserved for notes",
            ),
        ] {
            let error = endpoint.plan().unwrap_err();
            assert!(error.is_invalid_value());
            assert!(error.to_string().contains(why), "{error}");
        }
        assert!(two("10.0.0.1", "fd00::1").plan().is_ok());
    }
}
