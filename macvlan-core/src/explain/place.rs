//! The namespaces and the parent of an operation.

use crate::netns::NetNs;
use crate::value::link::LinkInfo;

/// The namespaces and the parent of an operation.
pub(crate) struct Place<'a> {
    /// The namespace of the parent.
    pub(crate) host: &'a NetNs,
    /// The namespace of the link, if it is another one.
    pub(crate) inside: Option<&'a NetNs>,
    /// The index of the parent, if there is one.
    pub(crate) parent: Option<u32>,
}

impl<'a> Place<'a> {
    /// Makes a place in one namespace, without a parent.
    pub(crate) fn host(host: &'a NetNs) -> Self {
        Self { host, inside: None, parent: None }
    }

    /// Returns the namespace of the link.
    pub(super) fn target(&self) -> &'a NetNs {
        self.inside.unwrap_or(self.host)
    }
}

pub(super) fn link_at(netns: &NetNs, index: u32) -> Option<LinkInfo> {
    netns.connection().ok().and_then(|connection| connection.link(index).ok())
}
