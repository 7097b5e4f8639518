//! Where something was attempted.

use crate::netns::NetNs;
use crate::value::link::LinkInfo;

/// Where something was attempted.
pub(crate) struct Place<'a> {
    /// Where the parent lives.
    pub(crate) host: &'a NetNs,
    /// Where the link is to live, if that is another namespace.
    pub(crate) inside: Option<&'a NetNs>,
    /// The parent's index, if there is a parent.
    pub(crate) parent: Option<u32>,
}

impl<'a> Place<'a> {
    /// In one namespace, and with no parent.
    pub(crate) fn host(host: &'a NetNs) -> Self {
        Self { host, inside: None, parent: None }
    }

    /// The namespace that the link is to live in.
    pub(super) fn target(&self) -> &'a NetNs {
        self.inside.unwrap_or(self.host)
    }
}

pub(super) fn link_at(netns: &NetNs, index: u32) -> Option<LinkInfo> {
    netns.connection().ok().and_then(|connection| connection.link(index).ok())
}
