//! Links on a parent that are in other namespaces than the parent: nothing but looking there shows them.

use std::ops::ControlFlow;

use crate::netns::{self, NetNs, Reach};
use crate::rtnl::{decode, encode};
use crate::value::link::LinkInfo;

/// Returns a link on a parent of the host in some other namespace within reach that is not one of those
/// that are `known`.
pub(crate) fn find_elsewhere(
    host: &NetNs,
    parent: u32,
    known: &[&NetNs],
    (reach, at_most): (Reach, usize),
    wanted: impl Fn(&LinkInfo) -> bool,
) -> Option<(NetNs, LinkInfo)> {
    let mut looked_at: Vec<_> = known.iter().map(|netns| netns.id()).chain([host.id()]).collect();
    let last = at_most.saturating_add(looked_at.len());
    let found = netns::ways(reach, &mut Vec::new(), |id, way| {
        if looked_at.contains(&id) {
            return ControlFlow::Continue(());
        }
        // A namespace that ends meanwhile has no links.
        let Ok(netns) = way.open() else { return ControlFlow::Continue(()) };
        if looked_at.len() == last {
            return ControlFlow::Break(None);
        }
        looked_at.push(id);
        match link_on(host, &netns, parent, &wanted) {
            Some(link) => ControlFlow::Break(Some((netns, link))),
            None => ControlFlow::Continue(()),
        }
    });
    found.break_value().flatten()
}

fn link_on(
    host: &NetNs,
    netns: &NetNs,
    parent: u32,
    wanted: impl Fn(&LinkInfo) -> bool,
) -> Option<LinkInfo> {
    let there = netns.connection().ok()?;
    // How it numbers the host, which tells whose link its links' parent is.
    let number = there.get(encode::get_netns_id(host), decode::netns_id).ok();
    let number = number.filter(|number| *number >= 0)?;
    let is_on_it = |link: &LinkInfo| {
        link.parent == Some(parent) && link.parent_netns == Some(number) && wanted(link)
    };
    let list = |payload: &[u8]| decode::link(payload).filter(is_on_it);
    there.dump(&encode::get_links(None, None), list).ok()?.into_iter().next()
}
