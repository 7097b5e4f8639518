//! Links on a parent that are in other namespaces than the parent: nothing but looking there shows them.

use std::ops::ControlFlow;

use crate::error::{Error, ErrorKind, Result};
use crate::netlink::Failure;
use crate::netns::{self, NetNs, Way};
use crate::rtnl::{decode, encode};
use crate::value::link::LinkInfo;

/// Returns a link on a parent of the host in one of so many other namespaces that this process sees and may
/// enter, but not in those that are `known`.
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

/// Returns whether such a link may be on a parent of the host in any other namespace: where one cannot be
/// looked at, it may.
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

/// Whether a namespace has ended, and its links with it.
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
        failure.into_error("look for links on the parent").in_netns(netns.in_words())
    };
    let there = netns.connection()?;
    // How it numbers the host, which tells whose link its links' parent is; -1 if it does not.
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
