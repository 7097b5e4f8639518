//! Keeps the host's access to its containers on configured parents.
//!
//! A container can give its interface any address. One with a lease gets routes only to what it has
//! leased; no other gets a route to an address that is leased.

use std::collections::{HashMap, HashSet};
use std::net::IpAddr;

use ipnet::IpNet;
use macvlan_core::{
    Access, Address, AddressFilter, Attachment, ErrorKind, Host, HostAccess, NetNs, Parent,
};
use macvlan_network::{Lease, NetNsMark, Networks};

use crate::failure::Done;
use crate::value::is_link_local;

/// A container's interface: the inode of its namespace, and its index.
type Place = (u64, u32);

/// The parents on which the host and its containers reach each other.
pub(super) struct Accesses(Vec<OnParent>);

struct OnParent {
    parent: Parent,
    access: Option<HostAccess>,
    /// The containers' interfaces that the host has routes to, and the addresses.
    known: HashMap<Place, (Attachment, Vec<Address>)>,
}

impl Accesses {
    pub(super) fn on(parents: &[String]) -> Done<Self> {
        let on = |parent: &String| {
            Ok(OnParent { parent: parent.parse()?, access: None, known: HashMap::new() })
        };
        Ok(Self(parents.iter().map(on).collect::<Done<_>>()?))
    }

    /// Brings the host's links and its routes to containers up to date, and returns the faults.
    pub(super) fn pass(&mut self, networks: &Networks) -> Vec<String> {
        if self.0.is_empty() {
            return Vec::new();
        }
        let host = networks.host();
        let mut faults = Vec::new();
        let mut fault = |error: macvlan_core::Error| faults.push(error.to_string());
        let mut ready = Vec::new();
        for one in &mut self.0 {
            match one.bring(host) {
                Ok(found) => ready.push((one, found)),
                Err(error) => fault(error),
            }
        }
        // A route that is older than this list and whose container is not in it has none.
        let found = match Found::read(networks) {
            Ok(found) => found,
            Err(error) => {
                faults.push(error.to_string());
                return faults;
            }
        };
        for (one, (index, unknown)) in ready {
            faults.extend(one.pass(&found, index, &unknown));
        }
        faults
    }

    /// Returns the addresses at which containers reach the host.
    pub(super) fn addresses(&self, host: &Host) -> Vec<IpAddr> {
        let links = self.0.iter().filter_map(|one| one.access.as_ref()?.name());
        let of_link = |link| host.handle()?.find_addresses(&AddressFilter::new().link(link));
        // A link that has just been deleted has none.
        let found = links.filter_map(|link| of_link(link).ok()).flatten();
        found.map(|info| info.address.ip()).filter(|ip| !is_link_local(*ip)).collect()
    }
}

/// The macvlans and macvtaps on this host's links in all other namespaces, and the addresses to
/// which the host may have routes.
#[derive(Default)]
struct Found {
    all: HashMap<Place, (Attachment, Vec<Address>)>,
    /// The containers with a lease.
    leased: HashSet<Place>,
    /// The namespaces that could not be examined.
    unseen: HashSet<u64>,
}

impl Found {
    fn read(networks: &Networks) -> macvlan_network::Result<Self> {
        let host = networks.host();
        let mut leases = Vec::new();
        for network in networks.list()? {
            leases.extend(network.leases()?);
        }
        let mut found = Self::default();
        for netns in NetNs::visible().namespaces {
            if netns.id == host.netns().id() {
                continue;
            }
            let attachments = netns
                .open()
                .and_then(|netns| Ok((host.attachments(&netns)?, NetNsMark::of(&netns))));
            match attachments {
                Ok((attachments, _)) if attachments.is_empty() => {}
                Ok((attachments, mark)) => {
                    let mark = mark?;
                    for one in attachments {
                        if matches!(one.kind(), "macvlan" | "macvtap") {
                            let place = (mark.inode, one.index());
                            let (addresses, are_leased) = given(&leases, &mark, one.addresses());
                            if are_leased {
                                found.leased.insert(place);
                            }
                            found.all.insert(place, (one, addresses));
                        }
                    }
                }
                Err(error) if error.kind() == ErrorKind::NamespaceGone => {}
                Err(_refused) => {
                    found.unseen.insert(netns.id.inode);
                }
            }
        }
        Ok(found)
    }
}

/// Returns the addresses that were given to a container, among those that its interface has, and
/// whether they are leased.
fn given(leases: &[Lease], mark: &NetNsMark, addresses: &[Address]) -> (Vec<Address>, bool) {
    let is_its = |lease: &&Lease| lease.netns() == Some(mark);
    let has = |lease: &Lease, address: &Address| {
        lease.addresses.iter().any(|leased| leased.addr() == address.ip())
    };
    let is_leased_to_it = leases.iter().any(|lease| is_its(&lease));
    let may_have = |address: &&Address| {
        if is_leased_to_it {
            leases.iter().filter(is_its).any(|lease| has(lease, address))
        } else {
            !leases.iter().any(|lease| has(lease, address))
        }
    };
    (addresses.iter().filter(may_have).copied().collect(), is_leased_to_it)
}

impl OnParent {
    /// Brings the host's link up to date. Returns the parent's index, and the destinations of
    /// routes through the link that may be left of an earlier agent.
    fn bring(&mut self, host: &Host) -> macvlan_core::Result<(u32, Vec<IpNet>)> {
        let Self { parent, access, .. } = self;
        let access = match access {
            Some(access) => {
                access.refresh()?;
                access
            }
            None => access.insert(host.access_by(Access::on(&*parent)?.keep(true))?),
        };
        Ok((host.handle()?.link(parent.id()?)?.index, access.unknown_routes()?))
    }

    fn pass(&mut self, found: &Found, index: u32, unknown: &[IpNet]) -> Vec<String> {
        let Self { access: Some(access), known, .. } = self else { return Vec::new() };
        let mut faults = Vec::new();
        let mut tried = |result: macvlan_core::Result<()>| {
            result.map_err(|error| faults.push(error.to_string())).is_ok()
        };
        known.retain(|place, (attachment, _)| {
            let is_there = match found.all.get(place) {
                Some((_, addresses)) => !addresses.is_empty(),
                None => found.unseen.contains(&place.0),
            };
            if !is_there {
                tried(access.remove(attachment));
            }
            is_there
        });
        let beside = |(_, (one, _)): &(&Place, &(Attachment, _))| one.parent_index() == index;
        for (place, now @ (attachment, addresses)) in found.all.iter().filter(beside) {
            let is_same = known.get(place).is_some_and(|(_, known)| known == addresses);
            if is_same || addresses.is_empty() {
                continue;
            }
            if tried(access.add_addresses(attachment, addresses, found.leased.contains(place))) {
                known.insert(*place, now.clone());
            } else if known.remove(place).is_some() {
                tried(access.remove(attachment));
            }
        }
        if found.unseen.is_empty() {
            let has = |net: &IpNet| {
                let mut given = found.all.values().flat_map(|(_, addresses)| addresses);
                given.any(|address| address.ip() == net.addr())
            };
            let left: Vec<IpNet> = unknown.iter().copied().filter(|net| !has(net)).collect();
            tried(access.delete_routes(&left));
        }
        faults
    }
}
