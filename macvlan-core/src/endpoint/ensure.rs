//! Making an endpoint what it should be, whatever it is now.

use nix::errno::Errno;

use crate::endpoint::attach::attach;
use crate::endpoint::attachment::Attachment;
use crate::endpoint::change::{Change, Target};
use crate::endpoint::check::{Findings, check};
use crate::endpoint::deletion::Deletion;
use crate::endpoint::detach::detach;
use crate::endpoint::difference::Difference;
use crate::endpoint::endpoint::Endpoint;
use crate::endpoint::plan::{Phase, Plan};
use crate::error::{Error, ErrorKind, Result};
use crate::explain::Place;
use crate::lan::ask::{Asked, ask, held_by_parent};
use crate::lan::probe::in_use;
use crate::netlink::Failure;
use crate::netns::NetNs;
use crate::rtnl::{decode, encode};
use crate::value::filter::RouteFilter;
use crate::value::link::LinkInfo;

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
    let Findings { plan, link, parent, differences } = check(host, endpoint, netns)?;
    let Some(link) = link else {
        return attach_anew(host, endpoint, netns, differences);
    };
    let replaces = differences.iter().any(Difference::needs_replacement);
    if replaces && !replace {
        return Err(needs_replacement(endpoint, netns, &differences));
    }
    let mut attachment =
        attachment(endpoint, netns, &plan, &link, parent.map_or(0, |parent| parent.index))?;
    if replaces {
        detach(host, &attachment)?;
        return attach_anew(host, endpoint, netns, differences);
    }
    ask_for_missing(host, endpoint, netns, &attachment, &differences)?;
    for difference in &differences {
        let Difference::Change { change, .. } = difference else { continue };
        repair(&endpoint.target(netns, link.index), change)?;
        match change {
            Change::SetMac(mac) => attachment.mac = *mac,
            Change::SetMtu(mtu) => attachment.mtu = Some(*mtu),
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
        Difference::Change { change: Change::AddAddress(address), .. } => Some(address.ip()),
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
    if held.is_empty() && !differences.contains(&Difference::missing(Change::SetUp)) {
        asked.check_carrier()?;
        held = ask(&asked, &missing, &probe, true)?;
    }
    let found = |holder| in_use(holder).on_link(name.as_str()).in_netns(netns.in_words());
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
    plan: &Plan,
    link: &LinkInfo,
    parent_index: u32,
) -> Result<Attachment> {
    let (mut routes, mut rules, mut deletions) = (Vec::new(), Vec::new(), Vec::new());
    for change in plan.changes() {
        match change {
            Change::AddRoute(route) => routes.push(route),
            Change::AddRule(rule) => rules.push(rule),
            _ => {}
        }
    }
    let target = endpoint.target(netns, link.index);
    for phase in plan.phases() {
        let Phase::OneByOne(changes) = phase else { continue };
        for change in changes {
            deletions.extend(Deletion::of(change, &target)?);
        }
    }
    Ok(Attachment {
        name: endpoint.name,
        kind: endpoint.kind.as_str(),
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

/// Makes a change. A route to the same destination that is in the way is replaced if it is this link's
/// own.
fn repair(link: &Target<'_>, change: &Change) -> Result<()> {
    let inside = link.netns.connection()?;
    let attempt = change.attempt(link.name.into(), link.kind);
    let explain = |failure| attempt.explain(failure, &Place::host(link.netns));
    let Change::AddRoute(route) = change else {
        return inside.submit_one(change.request(link, true)?).map_err(explain);
    };
    match inside.submit_one(change.request(link, false)?) {
        Err(Failure::Refused { errno: Errno::EEXIST, message, at }) => {
            let own = encode::get_routes(&RouteFilter::new(), Some(link.index));
            let own = inside.dump(&own, decode::route).map_err(explain)?;
            if own.iter().any(|own| own.route.destination() == route.destination()) {
                return inside.submit_one(change.request(link, true)?).map_err(explain);
            }
            Err(explain(Failure::Refused { at, errno: Errno::EEXIST, message }))
        }
        other => other.map_err(explain),
    }
}
