//! What happens to endpoints that are kept.

use std::fmt;

use crate::endpoint::Attachment;
use crate::error::{Error, Result};
use crate::netns::{NetNs, NetNsId, WeakNetNs};
use crate::value::name::LinkName;
use crate::value::text::kinds;

/// What a [`Keeper`](crate::Keeper) has seen or done.
#[derive(Debug)]
#[non_exhaustive]
pub enum KeepEvent {
    /// The parent of this attachment is gone, and its link with it. It is waited for.
    Gone(Box<Attachment>),
    /// The endpoint is attached again: same name, MAC address, addresses and routes.
    Attached(Box<Attachment>),
    /// The parent of this attachment has another name now. Nothing had to be done.
    Renamed(Box<Attachment>, LinkName),
    /// The endpoint with this name in this namespace could not be attached, or it could not be found out
    /// whether it still is; it will be tried again. Reported when the reason is another than the last time.
    Failed(LinkName, WeakNetNs, Error),
    /// The container has ended, or nothing leads to its namespace any more: its endpoint is not kept from now
    /// on.
    Ended(LinkName, WeakNetNs, Error),
}

/// The kind of a [`KeepEvent`]. The numbers are stable, and the C ABI shows them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
#[repr(u32)]
pub enum KeepEventKind {
    /// The parent of an attachment is gone, and its link with it.
    Gone = 1,
    /// An endpoint is attached again.
    Attached = 2,
    /// The parent of an attachment has another name now.
    Renamed = 3,
    /// An endpoint could not be attached, or it could not be found out whether it still is.
    Failed = 4,
    /// The container has ended, or nothing leads to its namespace any more.
    Ended = 5,
}

kinds!(
    KeepEventKind,
    "kind of event",
    [Gone = "gone", Attached = "attached", Renamed = "renamed", Failed = "failed", Ended = "ended",]
);

impl KeepEvent {
    /// Returns what has happened, without what it is about.
    pub fn kind(&self) -> KeepEventKind {
        match self {
            Self::Gone(_) => KeepEventKind::Gone,
            Self::Attached(_) => KeepEventKind::Attached,
            Self::Renamed(..) => KeepEventKind::Renamed,
            Self::Failed(..) => KeepEventKind::Failed,
            Self::Ended(..) => KeepEventKind::Ended,
        }
    }

    /// Returns the attachment that it is about; none when it failed or ended.
    pub fn attachment(&self) -> Option<&Attachment> {
        match self {
            Self::Gone(attachment) | Self::Attached(attachment) | Self::Renamed(attachment, _) => {
                Some(attachment)
            }
            Self::Failed(..) | Self::Ended(..) => None,
        }
    }

    /// Returns the parent's new name, of [`KeepEvent::Renamed`].
    pub fn parent(&self) -> Option<LinkName> {
        match self {
            Self::Renamed(_, parent) => Some(*parent),
            _ => None,
        }
    }

    /// Returns why it failed or ended.
    pub fn error(&self) -> Option<&Error> {
        match self {
            Self::Failed(_, _, error) | Self::Ended(_, _, error) => Some(error),
            _ => None,
        }
    }

    /// The name of the endpoint that it is about.
    pub fn name(&self) -> LinkName {
        match self {
            Self::Gone(attachment) | Self::Attached(attachment) | Self::Renamed(attachment, _) => {
                attachment.name()
            }
            Self::Failed(name, ..) | Self::Ended(name, ..) => *name,
        }
    }

    /// Returns a handle on the namespace of the container that it is about, as [`Attachment::netns`] does.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::NamespaceGone`](crate::ErrorKind::NamespaceGone) if the container has ended.
    pub fn netns(&self) -> Result<NetNs> {
        self.place().open()
    }

    /// Returns what identifies that namespace, or did.
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
                write!(f, "{name} in {netns}: its parent {} is gone", attachment.parent())
            }
            Self::Attached(attachment) => {
                write!(f, "{name} in {netns}: attached again to {}", attachment.parent())
            }
            Self::Renamed(_, parent) => {
                write!(f, "{name} in {netns}: its parent is called {parent} now")
            }
            Self::Failed(_, _, error) => write!(f, "{name} in {netns}: not yet: {error}"),
            Self::Ended(_, _, error) => write!(f, "{name} in {netns}: not kept any more: {error}"),
        }
    }
}
