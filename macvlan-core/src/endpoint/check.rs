//! What is wrong with an endpoint, compared with what it should be.

use std::fmt;

use crate::endpoint::endpoint::{Endpoint, EndpointKind};
use crate::endpoint::plan::Step;
use crate::error::Result;
use crate::explain::{Attempt, Place};
use crate::netlink::{Connection, Failure};
use crate::netns::NetNs;
use crate::rtnl::{decode, encode};
use crate::value::address::Address;
use crate::value::filter::RouteFilter;
use crate::value::link::{
    AddrGenMode, LOOPBACK, LinkInfo, Macvlan, MacvlanChange, Mode, SourceMacs, Vlan,
};
use crate::value::mac::MacAddr;
use crate::value::name::LinkId;
use crate::value::rate::Rate;
use crate::value::route::{Route, RouteInfo, RouteKind};
use crate::value::rule::Rule;

/// One thing that is not as an endpoint says.
///
/// Displayed in words: `the MTU is 1500 and should be 1400`.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Difference {
    /// There is no link of that name.
    LinkMissing,
    /// The link is of another kind, or has an option that cannot be changed: the words say which.
    /// Needs replacement.
    Made(String),
    /// The link hangs on another parent, or the parent is gone. Needs replacement.
    Parent,
    /// The link's MAC address.
    Mac {
        /// What it is.
        found: Option<MacAddr>,
        /// What it should be.
        wanted: MacAddr,
    },
    /// The link's MTU in bytes.
    Mtu {
        /// What it is.
        found: u32,
        /// What it should be.
        wanted: u32,
    },
    /// Options of a macvlan or macvtap that can be changed.
    Macvlan(MacvlanChange),
    /// Options of a VLAN that can be changed.
    Vlan(Vlan),
    /// The link is down.
    Down,
    /// The link's promisc flag; what it should be.
    Promisc(bool),
    /// The link's alias; what it should be.
    Alias(String),
    /// An alternative name is missing.
    AlternativeName(String),
    /// The link's group; what it should be.
    Group(u32),
    /// The link's transmit queue length; what it should be.
    TxQueueLen(u32),
    /// The link's address generation mode; what it should be.
    AddrGenMode(AddrGenMode),
    /// An address is missing.
    AddressMissing(Address),
    /// A route is missing.
    RouteMissing(Route),
    /// A policy rule is missing.
    RuleMissing(Rule),
    /// `lo` is down.
    LoopbackDown,
    /// How much the link may send.
    Rate {
        /// What it may; none if there is no limit, or another than
        /// [`Endpoint::rate`](crate::Endpoint::rate) sets.
        found: Option<Rate>,
        /// What it should.
        wanted: Rate,
    },
}

impl Difference {
    /// Whether it cannot be changed on the link as it is.
    pub fn needs_replacement(&self) -> bool {
        matches!(self, Self::Made(_) | Self::Parent)
    }
}

impl fmt::Display for Difference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::LinkMissing => f.write_str("there is no such link"),
            Self::Made(what) => f.write_str(what),
            Self::Parent => f.write_str("the link is not on that parent"),
            Self::Mac { found: Some(found), wanted } => {
                write!(f, "the MAC address is {found} and should be {wanted}")
            }
            Self::Mac { found: None, wanted } => write!(f, "the MAC address should be {wanted}"),
            Self::Mtu { found, wanted } => write!(f, "the MTU is {found} and should be {wanted}"),
            Self::Macvlan(_) => f.write_str("the macvlan options are others"),
            Self::Vlan(_) => f.write_str("the VLAN options are others"),
            Self::Down => f.write_str("the link is down"),
            Self::Promisc(true) => f.write_str("promisc is off"),
            Self::Promisc(false) => f.write_str("promisc is on"),
            Self::Alias(wanted) => write!(f, "the alias is not {wanted:?}"),
            Self::AlternativeName(name) => write!(f, "the alternative name {name} is missing"),
            Self::Group(wanted) => write!(f, "the group is not {wanted}"),
            Self::TxQueueLen(wanted) => write!(f, "the transmit queue length is not {wanted}"),
            Self::AddrGenMode(wanted) => write!(f, "the address generation mode is not {wanted}"),
            Self::AddressMissing(address) => write!(f, "the address {address} is missing"),
            Self::RouteMissing(route) => write!(f, "the route {route} is missing"),
            Self::RuleMissing(rule) => write!(f, "the rule {rule} is missing"),
            Self::LoopbackDown => f.write_str("lo is down"),
            Self::Rate { found: Some(found), wanted } => {
                write!(f, "the rate is {found} and should be {wanted}")
            }
            Self::Rate { found: None, wanted } => {
                write!(f, "the rate is not limited to {wanted}")
            }
        }
    }
}

/// What was found of an endpoint.
pub(crate) struct Findings {
    /// The link, if there is one of that name.
    pub(crate) link: Option<LinkInfo>,
    pub(crate) parent_index: Option<u32>,
    pub(crate) differences: Vec<Difference>,
}

/// Compares, reading only.
pub(crate) fn check(host: &NetNs, endpoint: &Endpoint, netns: &NetNs) -> Result<Findings> {
    let plan = endpoint.plan()?;
    let attempt = Attempt::Other(LinkId::Name(endpoint.name), "check the link".into());
    let explain = |failure| attempt.explain(failure, &Place::host(netns));
    let outside = host.connection()?;
    let inside = netns.connection()?;
    let parent_index = match endpoint.parent.id()? {
        LinkId::Index(index) => Some(index),
        LinkId::Name(name) => outside.index_of(&name).ok(),
    };
    let missing =
        || Findings { link: None, parent_index, differences: vec![Difference::LinkMissing] };
    let Some(link) = inside.find_link(endpoint.name).map_err(explain)? else {
        return Ok(missing());
    };
    let mut differences = Vec::new();
    let number = if netns.same_as(host) {
        None
    } else {
        Some(inside.get(encode::get_netns_id(host), decode::netns_id).map_err(explain)?)
    };
    if link.parent != parent_index || link.parent.is_none() || link.parent_netns != number {
        differences.push(Difference::Parent);
    }
    kind(endpoint, &link, &mut differences);
    settings(endpoint, &link, &mut differences);
    rate(endpoint, inside, &link, &mut differences).map_err(explain)?;
    contents(&plan.inside, inside, &link, &mut differences).map_err(explain)?;
    contents(&plan.last, inside, &link, &mut differences).map_err(explain)?;
    Ok(Findings { link: Some(link), parent_index, differences })
}

fn kind(endpoint: &Endpoint, link: &LinkInfo, differences: &mut Vec<Difference>) {
    let found = link.kind.as_deref();
    match (&endpoint.kind, found, &link.macvlan, &link.vlan) {
        (EndpointKind::Macvlan(wanted), Some("macvlan"), Some(found), _)
        | (EndpointKind::Macvtap(wanted), Some("macvtap"), Some(found), _) => {
            macvlan(wanted, found, differences);
        }
        (EndpointKind::Vlan(wanted), Some("vlan"), _, Some(found)) => {
            vlan(wanted, found, differences);
        }
        _ => differences.push(Difference::Made(format!(
            "the link is {}",
            found.map_or_else(|| "no virtual link".to_owned(), |kind| format!("a {kind}"))
        ))),
    }
    if let Some((transmit, receive)) = endpoint.queues {
        // A kernel without receive packet steering has no number of receive queues to tell.
        let receive_differs = link.rx_queues != 0 && link.rx_queues != receive;
        if transmit != link.tx_queues || receive_differs {
            let found =
                format!("{} transmit and {} receive queues", link.tx_queues, link.rx_queues);
            differences.push(Difference::Made(format!("the link has {found}")));
        }
    }
}

fn macvlan(wanted: &Macvlan, found: &Macvlan, differences: &mut Vec<Difference>) {
    let passthru = |options: &Macvlan| options.mode() == Mode::Passthru;
    if passthru(wanted) != passthru(found) {
        differences.push(Difference::Made(format!("the link is in mode {}", found.mode())));
        return;
    }
    let mut change = MacvlanChange::new();
    if wanted.mode() != found.mode() {
        change = change.mode(wanted.mode());
    }
    if wanted.flags() != found.flags() {
        change = change.flags(wanted.is_nopromisc(), wanted.is_nodst());
    }
    let sorted = |options: &Macvlan| {
        let mut macs = options.source_macs().to_vec();
        macs.sort_unstable();
        macs.dedup();
        macs
    };
    if wanted.mode() == Mode::Source && sorted(wanted) != sorted(found) {
        change = change.source_macs(match wanted.source_macs() {
            [] => SourceMacs::Flush,
            macs => SourceMacs::Set(macs.to_vec()),
        });
    }
    if let Some(frames) =
        wanted.get_bc_queue_len().filter(|_| wanted.get_bc_queue_len() != found.get_bc_queue_len())
    {
        change = change.bc_queue_len(frames);
    }
    // Kernels before 6.4 know no cutoff, and tell none.
    if let (Some(siblings), Some(other)) = (wanted.get_bc_cutoff(), found.get_bc_cutoff()) {
        if siblings != other {
            change = change.bc_cutoff(siblings);
        }
    }
    if change != MacvlanChange::new() {
        differences.push(Difference::Macvlan(change));
    }
}

fn vlan(wanted: &Vlan, found: &Vlan, differences: &mut Vec<Difference>) {
    if (wanted.id(), wanted.get_protocol()) != (found.id(), found.get_protocol()) {
        let what = format!("the link is VLAN {} {}", found.get_protocol(), found.id());
        differences.push(Difference::Made(what));
        return;
    }
    let (flags, mask) = wanted.flags();
    let (now, _) = found.flags();
    let qos = wanted.get_ingress_qos().iter().all(|map| found.get_ingress_qos().contains(map))
        && wanted.get_egress_qos().iter().all(|map| found.get_egress_qos().contains(map));
    if now & mask != flags || !qos {
        differences.push(Difference::Vlan(wanted.clone()));
    }
}

fn settings(endpoint: &Endpoint, link: &LinkInfo, differences: &mut Vec<Difference>) {
    if let Some(wanted) = endpoint.mac.filter(|mac| Some(*mac) != link.mac) {
        differences.push(Difference::Mac { found: link.mac, wanted });
    }
    if let Some(wanted) = endpoint.mtu.filter(|mtu| *mtu != link.mtu) {
        differences.push(Difference::Mtu { found: link.mtu, wanted });
    }
    if let Some(mode) = endpoint.addr_gen_mode.filter(|mode| Some(*mode) != link.addr_gen_mode) {
        differences.push(Difference::AddrGenMode(mode));
    }
    if !link.is_up() {
        differences.push(Difference::Down);
    }
    if link.is_promisc() != endpoint.promisc {
        differences.push(Difference::Promisc(endpoint.promisc));
    }
    if let Some(alias) = endpoint.alias.as_ref().filter(|alias| Some(*alias) != link.alias.as_ref())
    {
        differences.push(Difference::Alias(alias.clone()));
    }
    for name in &endpoint.alternative_names {
        if !link.alternative_names.contains(name) {
            differences.push(Difference::AlternativeName(name.clone()));
        }
    }
    if let Some(group) = endpoint.group.filter(|group| *group != link.group) {
        differences.push(Difference::Group(group));
    }
    if let Some(packets) = endpoint.tx_queue_len.filter(|packets| *packets != link.tx_queue_len) {
        differences.push(Difference::TxQueueLen(packets));
    }
}

/// How much the link may send, if that was said. The burst and what may wait are not compared: they
/// follow from the rate.
fn rate(
    endpoint: &Endpoint,
    inside: &Connection,
    link: &LinkInfo,
    differences: &mut Vec<Difference>,
) -> std::result::Result<(), Failure> {
    let Some(wanted) = endpoint.rate else { return Ok(()) };
    let found = if link.qdisc.as_deref() == Some("tbf") {
        let all = inside.dump(&encode::get_qdiscs(), decode::rate)?;
        all.into_iter().find(|(index, _)| *index == link.index).map(|(_, rate)| rate)
    } else {
        None
    };
    if found.map(Rate::bytes_per_second) != Some(wanted.bytes_per_second()) {
        differences.push(Difference::Rate { found, wanted });
    }
    Ok(())
}

/// The addresses, routes and rules of a plan, and `lo`.
fn contents(
    steps: &[Step],
    inside: &Connection,
    link: &LinkInfo,
    differences: &mut Vec<Difference>,
) -> std::result::Result<(), Failure> {
    if steps.iter().any(|step| matches!(step, Step::AddAddress(_))) {
        let found = inside.dump(&encode::get_addresses(None, Some(link.index)), decode::address)?;
        for step in steps {
            let Step::AddAddress(wanted) = step else { continue };
            if !found.iter().any(|info| info.address.net() == wanted.net()) {
                differences.push(Difference::AddressMissing(*wanted));
            }
        }
    }
    let routes: Vec<Route> = steps
        .iter()
        .flat_map(|step| match step {
            Step::AddRoute(route) => vec![*route],
            Step::ReplaceDefaultRoutes(routes) => routes.clone(),
            _ => Vec::new(),
        })
        .collect();
    if !routes.is_empty() {
        let found = inside.dump(&encode::get_routes(&RouteFilter::new(), None), decode::route)?;
        for wanted in routes {
            let device = match wanted.get_device() {
                Some(LinkId::Index(index)) => Some(index),
                Some(LinkId::Name(name)) => inside.index_of(&name).ok(),
                None => (wanted.get_kind() == RouteKind::Unicast).then_some(link.index),
            };
            if !found.iter().any(|found| is_same_route(&wanted, device, found)) {
                differences.push(Difference::RouteMissing(wanted));
            }
        }
    }
    if steps.iter().any(|step| matches!(step, Step::AddRule(_))) {
        let found = inside.dump(&encode::get_rules(None), decode::rule)?;
        for step in steps {
            let Step::AddRule(wanted) = step else { continue };
            let same = |rule: &Rule| {
                (rule.get_from(), rule.get_to(), rule.table())
                    == (wanted.get_from(), wanted.get_to(), wanted.table())
            };
            if !found.iter().any(same) {
                differences.push(Difference::RuleMissing(*wanted));
            }
        }
    }
    if steps.iter().any(|step| matches!(step, Step::LoopbackUp)) {
        let lo = inside.link(LOOPBACK)?;
        if !lo.is_up() {
            differences.push(Difference::LoopbackDown);
        }
    }
    Ok(())
}

/// Whether a route is there, what it does not say being the kernel's defaults.
fn is_same_route(wanted: &Route, device: Option<u32>, found: &RouteInfo) -> bool {
    let route = &found.route;
    let v4 = wanted.destination().addr().is_ipv4();
    let default_metric = if v4 { 0 } else { 1024 };
    let metric = |route: &Route| route.get_metric().unwrap_or(default_metric);
    let said = |wanted: Option<u32>, found: Option<u32>| wanted.is_none() || wanted == found;
    wanted.get_kind() == route.get_kind()
        && wanted.destination() == route.destination()
        && wanted.get_gateway() == route.get_gateway()
        && wanted.get_table().unwrap_or(encode::MAIN_TABLE) == route.get_table().unwrap_or_default()
        && device.map(LinkId::Index) == route.get_device()
        && metric(wanted) == metric(route)
        && (wanted.get_source().is_none() || wanted.get_source() == route.get_source())
        && (!v4 || wanted.get_scope().is_none() || wanted.get_scope() == route.get_scope())
        && said(wanted.get_mtu(), route.get_mtu())
        && said(wanted.get_advmss(), route.get_advmss())
}
