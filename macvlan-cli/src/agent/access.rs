//! Keeps the host's access to its containers on configured parents.

use std::collections::HashMap;
use std::net::IpAddr;

use macvlan_core::{Access, AddressFilter, Attachment, Host, HostAccess, NetNs, Parent};

use crate::failure::Done;

/// A container's interface: the inode of its namespace, and its index.
type Place = (u64, u32);

/// The parents on which the host and its containers reach each other.
pub(super) struct Accesses(Vec<OnParent>);

struct OnParent {
    parent: Parent,
    access: Option<HostAccess>,
    /// The containers' interfaces that the host has routes to.
    known: HashMap<Place, Attachment>,
}

impl Accesses {
    pub(super) fn on(parents: &[String]) -> Done<Self> {
        let on = |parent: &String| {
            Ok(OnParent { parent: parent.parse()?, access: None, known: HashMap::new() })
        };
        Ok(Self(parents.iter().map(on).collect::<Done<_>>()?))
    }

    /// Brings the host's links and its routes to containers up to date, and returns the faults.
    pub(super) fn pass(&mut self, host: &Host) -> Vec<String> {
        if self.0.is_empty() {
            return Vec::new();
        }
        let all = interfaces(host);
        self.0.iter_mut().flat_map(|one| one.pass(host, &all)).collect()
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

fn is_link_local(ip: IpAddr) -> bool {
    match ip {
        IpAddr::V4(ip) => ip.is_link_local(),
        IpAddr::V6(ip) => ip.is_unicast_link_local(),
    }
}

/// Returns the macvlans and macvtaps on this host's links in all other namespaces.
fn interfaces(host: &Host) -> HashMap<Place, Attachment> {
    let mut all = HashMap::new();
    for netns in NetNs::visible().namespaces {
        // It has ended in the meantime, or may not be entered.
        let Ok(netns) = netns.open() else { continue };
        if netns.id() == host.netns().id() {
            continue;
        }
        for attachment in host.attachments(&netns).into_iter().flatten() {
            if matches!(attachment.kind(), "macvlan" | "macvtap") {
                all.insert((netns.id().inode, attachment.index()), attachment);
            }
        }
    }
    all
}

impl OnParent {
    fn pass(&mut self, host: &Host, all: &HashMap<Place, Attachment>) -> Vec<String> {
        let Self { parent, access, known } = self;
        let mut bring = || -> macvlan_core::Result<u32> {
            match access {
                Some(access) => access.refresh()?,
                None => *access = Some(host.access_by(Access::on(&*parent)?.keep(true))?),
            }
            Ok(host.handle()?.link(parent.id()?)?.index)
        };
        let mut faults = Vec::new();
        let index = match bring() {
            Ok(index) => index,
            Err(error) => return vec![error.to_string()],
        };
        let Some(access) = access else { return faults };
        let mut tried = |result: macvlan_core::Result<()>| {
            result.map_err(|error| faults.push(error.to_string())).is_ok()
        };
        known.retain(|place, known| {
            let now = all.get(place).filter(|now| now.addresses() == known.addresses());
            if now.is_none() {
                tried(access.remove(known));
            }
            now.is_some()
        });
        for (place, attachment) in all.iter().filter(|(_, one)| one.parent_index() == index) {
            if !known.contains_key(place) && tried(access.add(attachment)) {
                known.insert(*place, attachment.clone());
            }
        }
        faults
    }
}
