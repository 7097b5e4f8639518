//! Keeps the host's access to its containers on configured parents.

use std::collections::HashMap;

use macvlan_core::{Access, Attachment, Host, HostAccess, NetNs, Parent};

use crate::failure::Done;

/// The parents on which the host and its containers reach each other.
pub(super) struct Accesses(Vec<OnParent>);

struct OnParent {
    parent: Parent,
    access: Option<HostAccess>,
    /// The containers' interfaces that have routes, by namespace and index.
    known: HashMap<(u64, u32), Attachment>,
}

impl Accesses {
    pub(super) fn on(parents: &[String]) -> Done<Self> {
        let on = |parent: &String| {
            Ok(OnParent { parent: parent.parse()?, access: None, known: HashMap::new() })
        };
        Ok(Self(parents.iter().map(on).collect::<Done<_>>()?))
    }

    /// Makes the host's links, and its routes to containers, as they have to be now; returns the
    /// faults.
    pub(super) fn pass(&mut self, host: &Host) -> Vec<String> {
        if self.0.is_empty() {
            return Vec::new();
        }
        let mut all = HashMap::new();
        for netns in NetNs::visible().namespaces {
            // It has ended in the meantime, or may not be entered.
            let Ok(netns) = netns.open() else { continue };
            for attachment in host.attachments(&netns).into_iter().flatten() {
                all.insert((netns.id().inode, attachment.index()), attachment);
            }
        }
        self.0.iter_mut().flat_map(|one| one.pass(host, &all)).collect()
    }
}

impl OnParent {
    fn pass(&mut self, host: &Host, all: &HashMap<(u64, u32), Attachment>) -> Vec<String> {
        let mut faults = Vec::new();
        let mut tried = |result: macvlan_core::Result<()>| match result {
            Ok(()) => true,
            Err(error) => {
                faults.push(error.to_string());
                false
            }
        };
        let made = match &self.access {
            Some(access) => access.refresh(),
            None => Access::on(&self.parent)
                .and_then(|options| host.access_by(options.keep(true)))
                .map(|access| self.access = Some(access)),
        };
        let is_made = tried(made);
        let Some(access) = self.access.as_ref().filter(|_| is_made) else { return faults };
        let parent = self.parent.id().and_then(|id| Ok(host.handle()?.link(id)?.index)).ok();
        let is_gone = |place: &&(u64, u32)| !all.contains_key(*place);
        let gone: Vec<_> = self.known.keys().filter(is_gone).copied().collect();
        for place in gone {
            if let Some(attachment) = self.known.remove(&place) {
                tried(access.remove(&attachment));
            }
        }
        for (place, attachment) in all {
            let is_on_it = Some(attachment.parent_index()) == parent;
            if is_on_it && !self.known.contains_key(place) && tried(access.add(attachment)) {
                self.known.insert(*place, attachment.clone());
            }
        }
        faults
    }
}
