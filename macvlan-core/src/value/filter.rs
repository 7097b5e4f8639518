//! Which links, addresses, routes and neighbours are wanted. The kernel leaves out the others.

use crate::value::name::LinkId;
use crate::value::route::RouteKind;

/// IPv4 or IPv6.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[allow(missing_docs)]
pub enum Family {
    V4,
    V6,
}

/// Which links are wanted; all, as long as nothing is said.
#[derive(Debug, Clone, Default, PartialEq, Eq, Hash)]
#[must_use]
pub struct LinkFilter {
    pub(crate) kind: Option<String>,
    pub(crate) controller: Option<LinkId>,
}

impl LinkFilter {
    /// All links.
    pub fn new() -> Self {
        Self::default()
    }

    /// Those of a kind: `"macvlan"`, `"vlan"`. A kind that the kernel has never heard of (its module
    /// is not loaded) filters nothing.
    #[doc(alias = "IFLA_INFO_KIND")]
    pub fn kind(mut self, kind: &str) -> Self {
        self.kind = Some(kind.to_owned());
        self
    }

    /// The ports of a bridge, bond or VRF.
    #[doc(alias = "IFLA_MASTER")]
    pub fn controller(mut self, link: impl Into<LinkId>) -> Self {
        self.controller = Some(link.into());
        self
    }
}

/// Which addresses are wanted; all, as long as nothing is said.
#[derive(Debug, Clone, Default, PartialEq, Eq, Hash)]
#[must_use]
pub struct AddressFilter {
    pub(crate) family: Option<Family>,
    pub(crate) link: Option<LinkId>,
}

impl AddressFilter {
    /// All addresses.
    pub fn new() -> Self {
        Self::default()
    }

    /// Those of a family.
    pub fn family(mut self, family: Family) -> Self {
        self.family = Some(family);
        self
    }

    /// Those of a link.
    pub fn link(mut self, link: impl Into<LinkId>) -> Self {
        self.link = Some(link.into());
        self
    }
}

/// Which routes are wanted; all in all tables, as long as nothing is said.
#[derive(Debug, Clone, Default, PartialEq, Eq, Hash)]
#[must_use]
pub struct RouteFilter {
    pub(crate) family: Option<Family>,
    pub(crate) table: Option<u32>,
    pub(crate) link: Option<LinkId>,
    pub(crate) kind: Option<RouteKind>,
    pub(crate) protocol: Option<u8>,
}

impl RouteFilter {
    /// All routes.
    pub fn new() -> Self {
        Self::default()
    }

    /// Those of a family.
    pub fn family(mut self, family: Family) -> Self {
        self.family = Some(family);
        self
    }

    /// Those in a table.
    #[doc(alias = "RTA_TABLE")]
    pub fn table(mut self, table: u32) -> Self {
        self.table = Some(table);
        self
    }

    /// Those through a link.
    #[doc(alias = "RTA_OIF")]
    pub fn link(mut self, link: impl Into<LinkId>) -> Self {
        self.link = Some(link.into());
        self
    }

    /// Those of a type.
    pub fn kind(mut self, kind: RouteKind) -> Self {
        self.kind = Some(kind);
        self
    }

    /// Those made by one (2 the kernel, 3 at boot, 4 an administrator; `rtnetlink(7)`).
    #[doc(alias = "rtm_protocol")]
    pub fn protocol(mut self, protocol: u8) -> Self {
        self.protocol = Some(protocol);
        self
    }
}

/// Which neighbours are wanted; all, as long as nothing is said.
#[derive(Debug, Clone, Default, PartialEq, Eq, Hash)]
#[must_use]
pub struct NeighbourFilter {
    pub(crate) family: Option<Family>,
    pub(crate) link: Option<LinkId>,
}

impl NeighbourFilter {
    /// All neighbours.
    pub fn new() -> Self {
        Self::default()
    }

    /// Those of a family.
    pub fn family(mut self, family: Family) -> Self {
        self.family = Some(family);
        self
    }

    /// Those reached by a link.
    #[doc(alias = "NDA_IFINDEX")]
    pub fn link(mut self, link: impl Into<LinkId>) -> Self {
        self.link = Some(link.into());
        self
    }
}
