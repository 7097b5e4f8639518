//! Events of endpoints that are kept attached.

use std::fmt;

use crate::endpoint::Attachment;
use crate::error::{Error, Result};
use crate::netns::{NetNs, NetNsId, WeakNetNs};
use crate::value::name::LinkName;
use crate::value::text::kinds;

/// An event from a [`Keeper`](crate::Keeper).
#[derive(Debug, Clone)]
#[non_exhaustive]
pub enum KeepEvent {
    /// The parent of this attachment is gone, and its link with it.
    ///
    /// The keeper waits for the parent.
    Gone(Box<Attachment>),
    /// The endpoint was attached again, with the same name, MAC address, addresses and routes.
    Attached(Box<Attachment>),
    /// The parent of this attachment was renamed.
    Renamed(Box<Attachment>, LinkName),
    /// The endpoint with this name in this namespace could not be attached or checked.
    ///
    /// It is retried.
    ///
    /// Reported only when the error changes.
    Failed(LinkName, WeakNetNs, Error),
    /// The container has ended or its namespace cannot be opened, so its endpoint is no longer
    /// kept.
    Ended(LinkName, WeakNetNs, Error),
}

/// The kind of a [`KeepEvent`]. The numbers are stable and part of the C ABI.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
#[repr(u32)]
pub enum KeepEventKind {
    /// The parent of an attachment is gone, and its link with it.
    Gone = 1,
    /// An endpoint was attached again.
    Attached = 2,
    /// The parent of an attachment was renamed.
    Renamed = 3,
    /// An endpoint could not be attached or checked.
    Failed = 4,
    /// The container has ended, or its namespace cannot be opened any more.
    Ended = 5,
}

kinds!(
    KeepEventKind,
    "kind of event",
    [Gone = "gone", Attached = "attached", Renamed = "renamed", Failed = "failed", Ended = "ended",]
);

impl KeepEvent {
    /// Returns the kind of the event.
    pub fn kind(&self) -> KeepEventKind {
        match self {
            Self::Gone(_) => KeepEventKind::Gone,
            Self::Attached(_) => KeepEventKind::Attached,
            Self::Renamed(..) => KeepEventKind::Renamed,
            Self::Failed(..) => KeepEventKind::Failed,
            Self::Ended(..) => KeepEventKind::Ended,
        }
    }

    /// Returns the attachment; `None` for [`KeepEvent::Failed`] and [`KeepEvent::Ended`].
    pub fn attachment(&self) -> Option<&Attachment> {
        match self {
            Self::Gone(attachment) | Self::Attached(attachment) | Self::Renamed(attachment, _) => {
                Some(attachment)
            }
            Self::Failed(..) | Self::Ended(..) => None,
        }
    }

    /// Returns the parent's new name, for [`KeepEvent::Renamed`].
    pub fn parent(&self) -> Option<LinkName> {
        match self {
            Self::Renamed(_, parent) => Some(*parent),
            _ => None,
        }
    }

    /// Returns the error, for [`KeepEvent::Failed`] and [`KeepEvent::Ended`].
    pub fn error(&self) -> Option<&Error> {
        match self {
            Self::Failed(_, _, error) | Self::Ended(_, _, error) => Some(error),
            _ => None,
        }
    }

    /// Returns the name of the endpoint.
    pub fn name(&self) -> LinkName {
        match self {
            Self::Gone(attachment) | Self::Attached(attachment) | Self::Renamed(attachment, _) => {
                attachment.name()
            }
            Self::Failed(name, ..) | Self::Ended(name, ..) => *name,
        }
    }

    /// Opens a handle on the namespace of the container, like [`Attachment::netns`].
    ///
    /// # Errors
    ///
    /// [`ErrorKind::NamespaceGone`](crate::ErrorKind::NamespaceGone) if the container has ended;
    /// otherwise as for [`Attachment::netns`].
    pub fn netns(&self) -> Result<NetNs> {
        self.place().open()
    }

    /// Returns the identity of the container's namespace.
    pub fn netns_id(&self) -> NetNsId {
        self.place().id()
    }

    fn place(&self) -> &WeakNetNs {
        match self {
            Self::Gone(attachment) | Self::Attached(attachment) | Self::Renamed(attachment, _) => {
                attachment.weak_netns()
            }
            Self::Failed(_, netns, _) | Self::Ended(_, netns, _) => netns,
        }
    }
}

impl fmt::Display for KeepEvent {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (name, netns) = (self.name(), self.place());
        match self {
            Self::Gone(attachment) => {
                write!(f, "{name} in {netns}: the parent {} is gone", attachment.parent())
            }
            Self::Attached(attachment) => {
                write!(f, "{name} in {netns}: attached again to {}", attachment.parent())
            }
            Self::Renamed(_, parent) => {
                write!(f, "{name} in {netns}: the parent was renamed to {parent}")
            }
            Self::Failed(_, _, error) => {
                write!(f, "{name} in {netns}: failed, will retry: {error}")
            }
            Self::Ended(_, _, error) => write!(f, "{name} in {netns}: no longer kept: {error}"),
        }
    }
}
