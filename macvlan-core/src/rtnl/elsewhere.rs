//! Searches other namespaces for links on a parent; only a look inside shows them.

use std::ops::ControlFlow;

use crate::error::{Error, ErrorKind, Result};
use crate::netlink::Failure;
use crate::netns::{self, NetNs, Way};
use crate::rtnl::{decode, encode};
use crate::value::link::LinkInfo;

/// Returns a link on a parent of the host in another visible namespace, except those that are
/// `known`. Searches a limited number of namespaces.
pub(crate) fn find_elsewhere(
    host: &NetNs,
    parent: u32,
    known: &[&NetNs],
    at_most: usize,
    wanted: impl Fn(&LinkInfo) -> bool,
) -> Result<Option<(Way, LinkInfo)>> {
    let mut looked_at: Vec<_> = known.iter().map(|netns| netns.id()).chain([host.id()]).collect();
    let last = at_most.saturating_add(looked_at.len());
    let found = netns::ways(&mut Vec::new(), |id, way| {
        if looked_at.contains(&id) {
            return ControlFlow::Continue(());
        }
        if looked_at.len() == last {
            return ControlFlow::Break(Ok(None));
        }
        looked_at.push(id);
        match way.open().and_then(|netns| link_on(host, &netns, parent, &wanted)) {
            Ok(Some(link)) => ControlFlow::Break(Ok(Some((way, link)))),
            Ok(None) => ControlFlow::Continue(()),
            Err(error) if has_ended(&error) || may_not_be_entered(&error) => {
                ControlFlow::Continue(())
            }
            Err(error) => ControlFlow::Break(Err(error)),
        }
    });
    match found {
        ControlFlow::Break(found) => found,
        ControlFlow::Continue(()) => Ok(None),
    }
}

/// Returns whether another namespace may have a link on a parent of the host; true if one cannot be
/// inspected.
pub(crate) fn may_be_elsewhere(
    host: &NetNs,
    parent: u32,
    wanted: impl Fn(&LinkInfo) -> bool,
) -> Result<bool> {
    let visible = NetNs::visible();
    for found in visible.namespaces.iter().filter(|found| found.id != host.id()) {
        match found.open().and_then(|netns| link_on(host, &netns, parent, &wanted)) {
            Ok(Some(_)) => return Ok(true),
            Ok(None) => {}
            Err(error) if has_ended(&error) => {}
            Err(error) if may_not_be_entered(&error) => return Ok(true),
            Err(error) => return Err(error),
        }
    }
    Ok(visible.may_lack_some())
}

/// Returns whether a namespace has ended, and its links with it.
fn has_ended(error: &Error) -> bool {
    matches!(error.kind(), ErrorKind::NamespaceGone | ErrorKind::NotANamespace)
}

fn may_not_be_entered(error: &Error) -> bool {
    error.kind() == ErrorKind::PermissionDenied
}

fn link_on(
    host: &NetNs,
    netns: &NetNs,
    parent: u32,
    wanted: impl Fn(&LinkInfo) -> bool,
) -> Result<Option<LinkInfo>> {
    let fails = |failure: Failure| {
        failure.into_error("search for links on the parent").in_netns(netns.describe())
    };
    let there = netns.connection()?;
    // The id of the host's namespace there, which identifies the parent of a link; -1 if it has
    // none.
    let number = there.get(encode::get_netns_id(host), decode::netns_id).map_err(fails)?;
    if number < 0 {
        return Ok(None);
    }
    let is_on_it = |link: &LinkInfo| {
        link.parent == Some(parent) && link.parent_netns == Some(number) && wanted(link)
    };
    let list = |payload: &[u8]| decode::link(payload).filter(is_on_it);
    let links = there.dump(&encode::get_links(None, None), list).map_err(fails)?;
    Ok(links.into_iter().next())
}
