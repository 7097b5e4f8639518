//! Links on a parent that are in other namespaces than the parent: nothing but looking there shows them.

use std::ops::ControlFlow;

use crate::error::{Error, ErrorKind, Result};
use crate::netlink::Failure;
use crate::netns::{self, NetNs, Reach, Way};
use crate::rtnl::{decode, encode};
use crate::value::link::LinkInfo;

/// Returns a link on a parent of the host in some other namespace within reach that is not one of those
/// that are `known`. Namespaces that may not be entered are out of sight.
pub(crate) fn find_elsewhere(
    host: &NetNs,
    parent: u32,
    known: &[&NetNs],
    (reach, at_most): (Reach, usize),
    wanted: impl Fn(&LinkInfo) -> bool,
) -> Result<Option<(Way, LinkInfo)>> {
    let mut looked_at: Vec<_> = known.iter().map(|netns| netns.id()).chain([host.id()]).collect();
    let last = at_most.saturating_add(looked_at.len());
    let found = netns::ways(reach, &mut Vec::new(), |id, way| {
        if looked_at.contains(&id) {
            return ControlFlow::Continue(());
        }
        if looked_at.len() == last {
            return ControlFlow::Break(Ok(None));
        }
        looked_at.push(id);
        match way.open_file().and_then(|netns| link_on(host, &netns, parent, &wanted)) {
            Ok(Some(link)) => ControlFlow::Break(Ok(Some((way, link)))),
            Ok(None) => ControlFlow::Continue(()),
            Err(error) if is_out_of_sight(&error) => ControlFlow::Continue(()),
            Err(error) => ControlFlow::Break(Err(error)),
        }
    });
    match found {
        ControlFlow::Break(found) => found,
        ControlFlow::Continue(()) => Ok(None),
    }
}

/// Whether a namespace has ended meanwhile, and has no links, or may not be entered.
fn is_out_of_sight(error: &Error) -> bool {
    matches!(
        error.kind(),
        ErrorKind::NamespaceGone | ErrorKind::NotANamespace | ErrorKind::PermissionDenied
    )
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
