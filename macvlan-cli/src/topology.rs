//! The host's links, and the links on them in all namespaces.

use std::collections::{BTreeMap, HashSet};
use std::num::NonZero;
use std::sync::OnceLock;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;

use macvlan_core::{AddressInfo, Handle, Host, LinkInfo, NetNs, VisibleNetNs};

use crate::container::name::Names;
use crate::failure::{Done, Failure};

/// A link, and the links on it.
pub(crate) struct Node {
    pub(crate) link: LinkInfo,
    pub(crate) addresses: Vec<macvlan_core::Address>,
    /// The namespace, if it is not the host's.
    pub(crate) place: Option<Place>,
    pub(crate) below: Vec<Node>,
}

impl Node {
    /// The order among the links on the same parent, as many containers have an eth0. Inodes say little
    /// about it: the kernel gives those of namespaces that have ended again.
    fn key(&self) -> impl Ord {
        let place = self.place.as_ref().map(|place| {
            let found = &place.found;
            (place.container.as_deref(), found.names.as_slice(), found.id.inode)
        });
        (&self.link.name, place)
    }
}

/// A namespace, and the container in it.
#[derive(Clone)]
pub(crate) struct Place {
    pub(crate) found: VisibleNetNs,
    pub(crate) container: Option<String>,
}

/// The links that were found.
pub(crate) struct Topology {
    /// The host's links that have links on them, or those that were asked for.
    pub(crate) nodes: Vec<Node>,
    /// Namespaces that could not be inspected.
    pub(crate) failures: Vec<Failure>,
}

/// Returns the links on a host's links, or on some of them.
pub(crate) fn topology(host: &Host, visible: Vec<VisibleNetNs>, wanted: &[u32]) -> Done<Topology> {
    let (mut nodes, mut on_host) = of_host(host)?;
    let (mut failures, mut names) = (Vec::new(), Names::default());
    for (found, inside) in inspect(host, visible) {
        let inside = match inside {
            Ok(inside) if !inside.is_empty() => inside,
            Ok(_) => continue,
            // It has just ended.
            Err(error) if error.is_not_found() => continue,
            Err(error) => {
                failures.push(error.into());
                continue;
            }
        };
        let container = names.container(&found);
        let place = Place { found, container };
        for (parent, link, addresses) in inside {
            if let Some(parent) = nodes.get_mut(&parent) {
                let place = Some(place.clone());
                parent.below.push(Node { link, addresses, place, below: Vec::new() });
            }
        }
    }
    for node in nodes.values_mut() {
        node.below.sort_by(|one, other| one.key().cmp(&other.key()));
    }
    let is_below: HashSet<u32> = on_host.iter().map(|(_, index)| *index).collect();
    let roots: Vec<u32> = match wanted {
        [] => nodes.keys().copied().filter(|index| !is_below.contains(index)).collect(),
        _ => wanted.to_vec(),
    };
    on_host.sort_by_key(|(_, index)| nodes.get(index).map(|node| node.link.name.clone()));
    let found = roots.iter().filter_map(|root| take(*root, &mut nodes, &on_host));
    let is_shown = |node: &Node| !wanted.is_empty() || !node.below.is_empty();
    let nodes = found.filter(is_shown).collect();
    Ok(Topology { nodes, failures })
}

/// Takes a link of the host with all links on it: first the host's own.
fn take(index: u32, nodes: &mut BTreeMap<u32, Node>, on_host: &[(u32, u32)]) -> Option<Node> {
    let mut node = nodes.remove(&index)?;
    let own = on_host.iter().filter(|(parent, _)| *parent == index);
    let mut own: Vec<Node> = own.filter_map(|(_, own)| take(*own, nodes, on_host)).collect();
    own.append(&mut node.below);
    node.below = own;
    Some(node)
}

/// Links by their indexes, and pairs of a parent and a link on it.
type OfHost = (BTreeMap<u32, Node>, Vec<(u32, u32)>);

fn of_host(host: &Host) -> Done<OfHost> {
    let handle = host.handle()?;
    let mut nodes = BTreeMap::new();
    let mut on_host = Vec::new();
    for link in handle.links()? {
        if (link.macvlan.is_some() || link.vlan.is_some()) && link.parent_netns.is_none() {
            on_host.extend(link.parent.map(|parent| (parent, link.index)));
        }
        let node = Node { link, addresses: Vec::new(), place: None, below: Vec::new() };
        nodes.insert(node.link.index, node);
    }
    for AddressInfo { link, address, .. } in handle.addresses()? {
        if let Some(node) = nodes.get_mut(&link) {
            node.addresses.push(address);
        }
    }
    Ok((nodes, on_host))
}

/// Looks into all namespaces but the host's, on as many threads as there are processors.
fn inspect(
    host: &Host,
    visible: Vec<VisibleNetNs>,
) -> impl Iterator<Item = (VisibleNetNs, macvlan_core::Result<Inside>)> {
    let others = visible.into_iter().filter(|found| found.id != host.netns().id());
    let others: Vec<VisibleNetNs> = others.collect();
    let results: Vec<OnceLock<_>> = others.iter().map(|_| OnceLock::new()).collect();
    let next = AtomicUsize::new(0);
    let work = || {
        while let Some((found, result)) = Some(next.fetch_add(1, Ordering::Relaxed))
            .and_then(|at| others.get(at).zip(results.get(at)))
        {
            // Each is inspected once.
            let _ = result.set(found.open().and_then(|netns| inside(host, &netns)));
        }
    };
    thread::scope(|scope| {
        // This thread works as well, so the work is done even if no thread can be started.
        for _ in 1..thread::available_parallelism().map_or(1, NonZero::get) {
            if thread::Builder::new().spawn_scoped(scope, work).is_err() {
                break;
            }
        }
        work();
    });
    let results: Vec<_> = results.into_iter().filter_map(OnceLock::into_inner).collect();
    others.into_iter().zip(results)
}

/// Parents, the links on them in a container, and their addresses.
type Inside = Vec<(u32, LinkInfo, Vec<macvlan_core::Address>)>;

fn inside(host: &Host, netns: &NetNs) -> macvlan_core::Result<Inside> {
    let interfaces = host.interfaces(netns)?;
    if interfaces.is_empty() {
        return Ok(Vec::new());
    }
    let addresses = Handle::in_netns(netns)?.addresses()?;
    let with_addresses = |(parent, link): (u32, LinkInfo)| {
        let own = addresses.iter().filter(|one| one.link == link.index);
        let own = own.map(|one| one.address).collect();
        (parent, link, own)
    };
    Ok(interfaces.into_iter().map(with_addresses).collect())
}
