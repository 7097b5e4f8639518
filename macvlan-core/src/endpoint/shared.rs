//! Rules and routes that several endpoints of a namespace share.
//!
//! The kernel has each rule and route once and does not record who requested it. An endpoint that
//! finds one of ours which may be another endpoint's leaves a note in the kernel: a route of type
//! `throw` in a table that no rule selects. Objects with a note stay until the last endpoint of the
//! namespace is detached. Then everything with our mark is deleted.

use ipnet::IpNet;
use nix::errno::Errno;

use crate::endpoint::change::Change;
use crate::endpoint::deletion::{Deletion, delete_all};
use crate::endpoint::endpoint::Endpoint;
use crate::endpoint::find_parent::is_macvlan;
use crate::error::Result;
use crate::netlink::{Connection, Failure, Request};
use crate::netns::{NetNs, WeakNetNs};
use crate::rtnl::{Note, RTPROT_MACVLAN, decode, encode};
use crate::value::address::Address;
use crate::value::filter::RouteFilter;
use crate::value::link::LinkInfo;
use crate::value::route::RouteInfo;
use crate::value::rule::Rule;

/// Leaves a note that an existing object may be another endpoint's, if there is another one.
/// Returns the deletion of the note, if it is new.
pub(super) fn note(
    inside: &Connection,
    link: u32,
    found: &Deletion,
) -> std::result::Result<Option<Deletion>, Failure> {
    let may_be_anothers = match found {
        Deletion::Rule(rule) => is_for_another(inside, link, rule)?,
        _ => has_another(inside, Some(link))?,
    };
    let Some(note) = found.note().filter(|_| may_be_anothers) else { return Ok(None) };
    match inside.retry(&note.add()) {
        Ok(()) => Ok(Some(Deletion::Note(note))),
        Err(Failure::Refused { errno: Errno::EEXIST, .. }) => Ok(None),
        Err(failure) => Err(failure),
    }
}

/// Returns the objects that no other endpoint shares.
pub(super) fn unshared<'a>(
    inside: &Connection,
    deletions: &'a [Deletion],
) -> std::result::Result<Vec<&'a Deletion>, Failure> {
    if deletions.is_empty() {
        return Ok(Vec::new());
    }
    let notes = inside.dump(&marked_routes(), Note::read)?;
    let is_shared = |one: &&Deletion| one.note().is_some_and(|note| notes.contains(&note));
    Ok(deletions.iter().filter(|one| !is_shared(one)).collect())
}

/// Deletes everything with our mark, if no other endpoint is left in the namespace; returns whether
/// it deleted something.
pub(super) fn sweep(netns: &NetNs, inside: &Connection, there: &WeakNetNs) -> Result<bool> {
    let fails = |failure: Failure| {
        let error = failure.into_error("delete rules and routes without an endpoint");
        error.in_netns(netns.describe())
    };
    let look = || {
        let found = list(inside)?;
        let is_over = found.is_empty() || has_another(inside, None)?;
        Ok(if is_over { Vec::new() } else { found })
    };
    let found = look().or_else(|_: Failure| look()).map_err(|failure| {
        fails(failure).leaves(format!("perhaps rules and routes of protocol 109 in {there}"))
    })?;
    let mut marked = Vec::new();
    for one in found {
        marked.push(match one {
            Marked::Note(note) => Deletion::Note(note),
            Marked::Route(info) => Deletion::marked_route(info.route)?,
            Marked::Rule(rule) => Deletion::Rule(rule),
        });
    }
    let (deleted, left) = delete_all(inside, marked.iter());
    deleted.map(|()| !marked.is_empty()).map_err(|failure| {
        left.into_iter()
            .fold(fails(failure), |error, left| error.leaves(format!("{left} in {there}")))
    })
}

/// Returns the rules for an endpoint's addresses that an earlier state of it has left: they have
/// our mark, select another table, and belong to no other link with the address.
pub(super) fn outdated(
    inside: &Connection,
    link: u32,
    changes: &[Change],
    marked: &[Rule],
) -> std::result::Result<Vec<Rule>, Failure> {
    let has_it = |rule: &Rule| {
        changes.iter().any(|change| match change {
            Change::AddAddress(address) => rule.get_from() == Some(IpNet::from(address.ip())),
            _ => false,
        })
    };
    let mut found = Vec::new();
    for rule in marked {
        if rule.get_priority() == Some(Endpoint::RULE_PRIORITY)
            && has_it(rule)
            && !changes.contains(&Change::AddRule(*rule))
            && !is_for_another(inside, link, rule)?
        {
            found.push(*rule);
        }
    }
    Ok(found)
}

/// An object with our mark.
enum Marked {
    Note(Note),
    Route(RouteInfo),
    Rule(Rule),
}

fn list(inside: &Connection) -> std::result::Result<Vec<Marked>, Failure> {
    let mut found = inside.dump(&marked_routes(), |payload| match Note::read(payload) {
        Some(note) => Some(Marked::Note(note)),
        None => {
            decode::route(payload).filter(|info| info.protocol == RTPROT_MACVLAN).map(Marked::Route)
        }
    })?;
    let rules = inside.dump(&encode::get_rules(None), decode::marked_rule)?;
    found.extend(rules.into_iter().map(Marked::Rule));
    Ok(found)
}

fn marked_routes() -> Request {
    encode::get_routes(&RouteFilter::new().protocol(RTPROT_MACVLAN), None)
}

/// Returns whether a link may be an endpoint's, or of a host access, whose routes are marked too.
///
/// A container can itself be a host, with endpoints on its own links, here or in other namespaces.
pub(super) fn may_be_endpoint(link: &LinkInfo) -> bool {
    is_macvlan(link) || link.vlan.is_some()
}

/// Returns whether there is another link that may be an endpoint's.
fn has_another(inside: &Connection, but: Option<u32>) -> std::result::Result<bool, Failure> {
    let is_another = |link: &LinkInfo| Some(link.index) != but && may_be_endpoint(link);
    let found = inside
        .dump(&encode::get_links(None, None), |payload| decode::link(payload).filter(is_another))?;
    Ok(!found.is_empty())
}

/// Returns whether another link has the address of a rule.
fn is_for_another(
    inside: &Connection,
    link: u32,
    rule: &Rule,
) -> std::result::Result<bool, Failure> {
    let has_it = |address: &Address| rule.get_from() == Some(IpNet::from(address.ip()));
    let found = inside.dump(&encode::get_addresses(None, None), |payload| {
        decode::address(payload).filter(|info| info.link != link && has_it(&info.address))
    })?;
    Ok(!found.is_empty())
}
