//! The state of a session: its parent, its link, and its containers.

use ipnet::IpNet;

use crate::endpoint::Attachment;
use crate::host::access::parent::Known;
use crate::host::access::shim::Shim;
use crate::netns::NetNsId;

#[derive(Default)]
pub(super) struct State {
    pub(super) parent: Known,
    pub(super) shim: Option<Shim>,
    containers: Vec<Container>,
}

/// A container to which the host has routes.
struct Container {
    netns: NetNsId,
    index: u32,
    routes: Routes,
}

impl Container {
    fn is(&self, attachment: &Attachment) -> bool {
        (self.netns, self.index) == (attachment.netns_id(), attachment.index())
    }
}

/// The host's routes to a container.
#[derive(Default)]
pub(super) struct Routes {
    pub(super) all: Vec<IpNet>,
    /// The routes that are new.
    pub(super) added: Vec<IpNet>,
    /// True if the link was created for them.
    pub(super) with_link: bool,
}

impl State {
    pub(super) fn routes(&self) -> impl Iterator<Item = IpNet> {
        self.containers.iter().flat_map(|one| one.routes.all.iter().copied())
    }

    pub(super) fn added(&self) -> Vec<IpNet> {
        self.containers.iter().flat_map(|one| one.routes.added.iter().copied()).collect()
    }

    /// Returns whether there is no container.
    pub(super) fn is_empty(&self) -> bool {
        self.containers.is_empty()
    }

    /// Records a container with its routes, and returns the routes that it had before.
    pub(super) fn enter(&mut self, attachment: &Attachment, mut routes: Routes) -> Routes {
        if let Some(known) = self.containers.iter_mut().find(|one| one.is(attachment)) {
            let stay = known.routes.added.iter().filter(|route| routes.all.contains(route));
            routes.added.extend(stay);
            return std::mem::replace(&mut known.routes, routes);
        }
        let (netns, index) = (attachment.netns_id(), attachment.index());
        self.containers.push(Container { netns, index, routes });
        Routes::default()
    }

    /// Removes a container and returns the routes to it, if it is known.
    pub(super) fn leave(&mut self, attachment: &Attachment) -> Option<Routes> {
        let at = self.containers.iter().position(|one| one.is(attachment))?;
        Some(self.containers.remove(at).routes)
    }

    /// Removes the link and the containers, and keeps the parent.
    pub(super) fn end(&mut self) {
        self.shim = None;
        self.containers.clear();
    }
}
