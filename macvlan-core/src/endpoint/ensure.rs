//! Making an endpoint what it should be, whatever it is now.

use netlink_packet_route::RouteNetlinkMessage as Message;
use nix::errno::Errno;

use crate::endpoint::attach::attach;
use crate::endpoint::attachment::Attachment;
use crate::endpoint::check::{Difference, Findings, check};
use crate::endpoint::detach::Deletion;
use crate::endpoint::detach::detach;
use crate::endpoint::endpoint::Endpoint;
use crate::endpoint::plan::Step;
use crate::error::{Error, ErrorKind, Result};
use crate::explain::{Attempt, Place};
use crate::lan::ask::{Asked, ask, held_by_parent};
use crate::lan::probe::{self};
use crate::netlink::{Connection, Failure, Request};
use crate::netns::NetNs;
use crate::rtnl::encode::{self, LinkChange};
use crate::value::link::LOOPBACK;
use crate::value::link::LinkInfo;
use crate::value::name::LinkId;
use crate::value::rate;

/// What [`Host::ensure`](crate::Host::ensure) found and left.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct Ensured {
    /// The endpoint, as it is now.
    pub attachment: Attachment,
    /// What was not as it should be, and is now; empty if nothing had to be done.
    pub repaired: Vec<Difference>,
}

/// Attaches what is missing and repairs what has drifted.
pub(crate) fn ensure(
    host: &NetNs,
    endpoint: &Endpoint,
    netns: &NetNs,
    replace: bool,
) -> Result<Ensured> {
    let Findings { link, parent_index, differences } = check(host, endpoint, netns)?;
    let Some(link) = link else {
        return attach_anew(host, endpoint, netns, differences);
    };
    if differences.iter().any(Difference::needs_replacement) {
        if !replace {
            return Err(needs_replacement(endpoint, netns, &differences));
        }
        let old = attachment(endpoint, netns, &link, parent_index.unwrap_or_default())?;
        detach(host, &old)?;
        return attach_anew(host, endpoint, netns, differences);
    }
    let inside = netns.connection()?;
    // A parent is there, or the difference would need replacement.
    let mut attachment = attachment(endpoint, netns, &link, parent_index.unwrap_or_default())?;
    ask_for_missing(host, endpoint, netns, &attachment, &differences)?;
    for difference in &differences {
        repair(netns, inside, &link, difference)?;
        match difference {
            Difference::Mac { wanted, .. } => attachment.mac = *wanted,
            Difference::Mtu { wanted, .. } => attachment.mtu = Some(*wanted),
            _ => {}
        }
    }
    Ok(Ensured { attachment, repaired: differences })
}

/// Addresses that are missing may be somebody else's by now.
fn ask_for_missing(
    host: &NetNs,
    endpoint: &Endpoint,
    netns: &NetNs,
    attachment: &Attachment,
    differences: &[Difference],
) -> Result<()> {
    let Some(probe) = endpoint.probe else { return Ok(()) };
    let missing = differences.iter().filter_map(|difference| match difference {
        Difference::AddressMissing(address) => Some(address.ip()),
        _ => None,
    });
    let missing: Vec<_> = missing.filter(std::net::IpAddr::is_ipv4).collect();
    if missing.is_empty() {
        return Ok(());
    }
    let name = endpoint.name;
    let asked = Asked { netns, link: name.as_str(), index: attachment.index, mac: attachment.mac };
    let mut held = held_by_parent(host, attachment.parent_index, &missing)?;
    // A link that is down is set up by another repair; nobody is asked through it.
    if held.is_empty() && !differences.contains(&Difference::Down) {
        asked.check_carrier()?;
        held = ask(&asked, &missing, &probe, true)?;
    }
    let found = |holder| probe::in_use(holder).on_link(name.as_str()).in_netns(netns.in_words());
    held.first().map_or(Ok(()), |holder| Err(found(*holder)))
}

fn attach_anew(
    host: &NetNs,
    endpoint: &Endpoint,
    netns: &NetNs,
    repaired: Vec<Difference>,
) -> Result<Ensured> {
    let attachment = attach(host, endpoint, netns, true)?;
    Ok(Ensured { attachment, repaired })
}

fn needs_replacement(endpoint: &Endpoint, netns: &NetNs, differences: &[Difference]) -> Error {
    let why: Vec<String> = differences
        .iter()
        .filter(|difference| difference.needs_replacement())
        .map(ToString::to_string)
        .collect();
    Error::new(
        ErrorKind::NeedsReplacement,
        "make the endpoint as it should be",
        format!("{}, which cannot be changed", why.join(", ")),
    )
    .on_link(endpoint.name.as_str())
    .on_parent(endpoint.parent.to_string())
    .in_netns(netns.in_words())
    .with_hint("have it replaced, or delete the link")
}

/// What the endpoint is, from what was found and what was wanted.
fn attachment(
    endpoint: &Endpoint,
    netns: &NetNs,
    link: &LinkInfo,
    parent_index: u32,
) -> Result<Attachment> {
    let plan = endpoint.plan()?;
    let (mut routes, mut rules, mut deletions) = (Vec::new(), Vec::new(), Vec::new());
    for step in plan.inside.iter().chain(&plan.last) {
        match step {
            Step::AddRoute(route) => routes.push(*route),
            Step::ReplaceDefaultRoutes(defaults) => routes.extend(defaults),
            Step::AddRule(rule) => {
                rules.push(*rule);
                deletions.push(Deletion::Rule(*rule));
            }
            _ => {}
        }
    }
    // Routes that lead elsewhere do not go with the link.
    for step in &plan.last {
        if let Step::AddRoute(route) = step {
            let device = device(route, netns.connection()?, link);
            let request = encode::delete_route_exactly(route, device)?;
            deletions.push(Deletion::Route(*route, request));
        }
    }
    Ok(Attachment {
        name: endpoint.name,
        kind: plan.link.kind.as_str(),
        index: link.index,
        mac: link.mac.ok_or_else(|| {
            Error::new(ErrorKind::Protocol, "read the link", "it has no MAC address")
        })?,
        mtu: Some(link.mtu),
        parent: endpoint.parent.id()?,
        parent_index,
        addresses: endpoint.addresses.clone(),
        routes,
        rules,
        deletions,
        netns: netns.clone(),
    })
}

fn device(route: &crate::value::route::Route, inside: &Connection, link: &LinkInfo) -> Option<u32> {
    match route.get_device() {
        Some(LinkId::Index(index)) => Some(index),
        Some(LinkId::Name(name)) => inside.index_of(&name).ok(),
        None => route.needs_device().then_some(link.index),
    }
}

fn repair(
    netns: &NetNs,
    inside: &Connection,
    link: &LinkInfo,
    difference: &Difference,
) -> Result<()> {
    let name = || LinkId::try_from(&link.name).unwrap_or(LinkId::Index(link.index));
    let set = |change: &LinkChange<'_>| encode::set_link(link.index, change);
    let kind = link.kind.as_deref().unwrap_or_default();
    let request = match difference {
        // Found before.
        Difference::LinkMissing | Difference::Made(_) | Difference::Parent => return Ok(()),
        Difference::Mac { wanted, .. } => set(&LinkChange::Mac(*wanted)),
        Difference::Mtu { wanted, .. } => set(&LinkChange::Mtu(*wanted)),
        Difference::Macvlan(change) => set(&LinkChange::Macvlan(kind, change)),
        Difference::Vlan(vlan) => set(&LinkChange::Vlan(vlan)),
        Difference::Down => set(&LinkChange::Up(true)),
        Difference::Promisc(on) => set(&LinkChange::Promisc(*on)),
        Difference::Alias(alias) => set(&LinkChange::Alias(alias)),
        Difference::AlternativeName(name) => encode::add_altname(link.index, name),
        Difference::Group(group) => set(&LinkChange::Group(*group)),
        Difference::TxQueueLen(packets) => set(&LinkChange::TxQueueLen(*packets)),
        Difference::AddrGenMode(mode) => set(&LinkChange::AddrGenMode(*mode)),
        Difference::AddressMissing(address) => encode::replace_address(link.index, address),
        Difference::RouteMissing(route) => {
            return add_or_replace_route(netns, inside, link, route);
        }
        Difference::RuleMissing(rule) => Request::create(Message::NewRule(encode::rule(rule)?)),
        Difference::LoopbackDown => encode::set_link(LOOPBACK, &LinkChange::Up(true)),
        Difference::Rate { wanted, .. } => encode::replace_rate(link.index, *wanted),
    };
    let attempt = Attempt::Other(name(), format!("repair that {difference}").into());
    inside.submit_one(request).map_err(|failure| {
        let error = attempt.explain(failure, &Place::host(netns));
        match difference {
            Difference::Rate { .. } => rate::explain(error),
            _ => error,
        }
    })
}

/// A route to the same destination that is in the way is replaced if it is this link's own.
fn add_or_replace_route(
    netns: &NetNs,
    inside: &Connection,
    link: &LinkInfo,
    route: &crate::value::route::Route,
) -> Result<()> {
    use crate::rtnl::decode;
    use crate::value::filter::RouteFilter;
    let attempt = Attempt::Route("add", route, Some(LinkId::Index(link.index)));
    let explain = |failure| attempt.explain(failure, &Place::host(netns));
    let device = device(route, inside, link);
    let added = inside.submit_one(encode::add_route(route, device)?);
    let Err(Failure::Refused { errno: Errno::EEXIST, message: words, at }) = added else {
        return added.map_err(explain);
    };
    let own = inside
        .dump(&encode::get_routes(&RouteFilter::new(), Some(link.index)), decode::route)
        .map_err(explain)?;
    if own.iter().any(|own| own.route.destination() == route.destination()) {
        return inside.submit_one(encode::replace_route(route, device)?).map_err(explain);
    }
    Err(explain(Failure::Refused { at, errno: Errno::EEXIST, message: words }))
}
