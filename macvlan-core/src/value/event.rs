//! Events of a namespace.

use crate::value::address::AddressInfo;
use crate::value::link::LinkInfo;
use crate::value::route::RouteInfo;
use crate::value::text::kinds;

/// An event in a network namespace, from [`Watch`](crate::Watch).
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(tag = "kind", content = "object", rename_all = "kebab-case"))]
#[non_exhaustive]
pub enum Event {
    /// A link was created or changed.
    #[doc(alias = "RTM_NEWLINK")]
    NewLink(Box<LinkInfo>),
    /// A link was deleted or moved to another namespace.
    #[doc(alias = "RTM_DELLINK")]
    DelLink(Box<LinkInfo>),
    /// An address was added or changed; for example, it is no longer tentative.
    #[doc(alias = "RTM_NEWADDR")]
    NewAddress(AddressInfo),
    /// An address was deleted.
    #[doc(alias = "RTM_DELADDR")]
    DelAddress(AddressInfo),
    /// A route was added or replaced.
    #[doc(alias = "RTM_NEWROUTE")]
    NewRoute(RouteInfo),
    /// A route was deleted.
    ///
    /// The kernel does not report the IPv4 routes that are deleted with their link.
    #[doc(alias = "RTM_DELROUTE")]
    DelRoute(RouteInfo),
    /// Events were lost because they were not read in time; objects have to be listed again.
    #[doc(alias = "ENOBUFS")]
    Lost,
}

/// The kind of an [`Event`]. The numbers are stable and part of the C ABI.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
#[repr(u32)]
pub enum EventKind {
    /// A link was created or changed.
    NewLink = 1,
    /// A link was deleted or moved to another namespace.
    DelLink = 2,
    /// An address was added or changed.
    NewAddress = 3,
    /// An address was deleted.
    DelAddress = 4,
    /// A route was added or replaced.
    NewRoute = 5,
    /// A route was deleted.
    DelRoute = 6,
    /// Events were lost.
    Lost = 7,
}

kinds!(
    EventKind,
    "kind of event",
    [
        NewLink = "new-link",
        DelLink = "del-link",
        NewAddress = "new-address",
        DelAddress = "del-address",
        NewRoute = "new-route",
        DelRoute = "del-route",
        Lost = "lost",
    ]
);

impl Event {
    /// Returns the kind of the event.
    pub fn kind(&self) -> EventKind {
        match self {
            Self::NewLink(_) => EventKind::NewLink,
            Self::DelLink(_) => EventKind::DelLink,
            Self::NewAddress(_) => EventKind::NewAddress,
            Self::DelAddress(_) => EventKind::DelAddress,
            Self::NewRoute(_) => EventKind::NewRoute,
            Self::DelRoute(_) => EventKind::DelRoute,
            Self::Lost => EventKind::Lost,
        }
    }
}
