//! Filters for listings of links, addresses, routes and neighbours, evaluated by the kernel.

use crate::value::name::LinkId;
use crate::value::route::RouteKind;

/// An address family.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[allow(missing_docs)]
pub enum Family {
    V4,
    V6,
}

/// A filter for links. By default it matches all links.
///
/// ```no_run
/// use macvlan_core::{Handle, LinkFilter};
/// let macvlans = Handle::open()?.find_links(&LinkFilter::new().kind("macvlan"))?;
/// # let _ = macvlans;
/// # Ok::<(), macvlan_core::Error>(())
/// ```
#[derive(Debug, Clone, Default, PartialEq, Eq, Hash)]
#[must_use]
pub struct LinkFilter {
    pub(crate) kind: Option<String>,
    pub(crate) controller: Option<LinkId>,
}

impl LinkFilter {
    /// Makes a filter that matches all links.
    pub fn new() -> Self {
        Self::default()
    }

    /// Matches links of a kind, such as `"macvlan"` or `"vlan"`.
    ///
    /// The kernel ignores a kind that it does not know because its module is not loaded.
    #[doc(alias = "IFLA_INFO_KIND")]
    pub fn kind(mut self, kind: &str) -> Self {
        self.kind = Some(kind.to_owned());
        self
    }

    /// Matches the ports of a bridge, bond or VRF.
    #[doc(alias = "master")]
    #[doc(alias = "IFLA_MASTER")]
    pub fn controller(mut self, link: impl Into<LinkId>) -> Self {
        self.controller = Some(link.into());
        self
    }
}

/// A filter for addresses. By default it matches all addresses.
#[derive(Debug, Clone, Default, PartialEq, Eq, Hash)]
#[must_use]
pub struct AddressFilter {
    pub(crate) family: Option<Family>,
    pub(crate) link: Option<LinkId>,
}

impl AddressFilter {
    /// Makes a filter that matches all addresses.
    pub fn new() -> Self {
        Self::default()
    }

    /// Matches addresses of a family.
    pub fn family(mut self, family: Family) -> Self {
        self.family = Some(family);
        self
    }

    /// Matches addresses of a link.
    pub fn link(mut self, link: impl Into<LinkId>) -> Self {
        self.link = Some(link.into());
        self
    }
}

/// A filter for routes. By default it matches all routes in all tables.
///
/// ```no_run
/// use macvlan_core::{Family, Handle, RouteFilter};
/// let main = RouteFilter::new().family(Family::V4).table(254);
/// for info in Handle::open()?.find_routes(&main)? {
///     println!("{}", info.route);
/// }
/// # Ok::<(), macvlan_core::Error>(())
/// ```
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
    /// Makes a filter that matches all routes.
    pub fn new() -> Self {
        Self::default()
    }

    /// Matches routes of a family.
    pub fn family(mut self, family: Family) -> Self {
        self.family = Some(family);
        self
    }

    /// Matches routes in a routing table.
    #[doc(alias = "RTA_TABLE")]
    pub fn table(mut self, table: u32) -> Self {
        self.table = Some(table);
        self
    }

    /// Matches routes through a link.
    #[doc(alias = "dev")]
    #[doc(alias = "RTA_OIF")]
    pub fn link(mut self, link: impl Into<LinkId>) -> Self {
        self.link = Some(link.into());
        self
    }

    /// Matches routes of a type.
    #[doc(alias = "rtm_type")]
    pub fn kind(mut self, kind: RouteKind) -> Self {
        self.kind = Some(kind);
        self
    }

    /// Matches routes with a protocol number (2 kernel, 3 boot, 4 static; `rtnetlink(7)`).
    #[doc(alias = "rtm_protocol")]
    pub fn protocol(mut self, protocol: u8) -> Self {
        self.protocol = Some(protocol);
        self
    }
}

/// A filter for neighbour entries. By default it matches all entries.
#[derive(Debug, Clone, Default, PartialEq, Eq, Hash)]
#[must_use]
pub struct NeighbourFilter {
    pub(crate) family: Option<Family>,
    pub(crate) link: Option<LinkId>,
}

impl NeighbourFilter {
    /// Makes a filter that matches all entries.
    pub fn new() -> Self {
        Self::default()
    }

    /// Matches entries of a family.
    pub fn family(mut self, family: Family) -> Self {
        self.family = Some(family);
        self
    }

    /// Matches entries of a link.
    #[doc(alias = "NDA_IFINDEX")]
    pub fn link(mut self, link: impl Into<LinkId>) -> Self {
        self.link = Some(link.into());
        self
    }
}
