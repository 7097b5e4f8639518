//! How a host is to reach its containers.

use std::net::IpAddr;

use ipnet::IpNet;

use crate::endpoint::{IntoParent, Parent};
use crate::error::Result;
use crate::value::name::LinkName;

/// How a host is to reach the containers on one of its parents: a value, made without any system call.
///
/// ```no_run
/// use macvlan_core::{Access, Host};
/// let host = Host::open()?;
/// let access = host.access_by(Access::on("ens33")?.address("192.168.15.250".parse().unwrap()))?;
/// # Ok::<(), macvlan_core::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
#[must_use]
pub struct Access {
    pub(super) parent: Parent,
    pub(super) name: Option<LinkName>,
    pub(super) addresses: Vec<IpAddr>,
    pub(super) prefixes: Vec<IpNet>,
    pub(super) keep: bool,
}

impl Access {
    /// With the parent's own addresses, borrowed, and a route to each container.
    pub fn on(parent: impl IntoParent) -> Result<Self> {
        let parent = parent.try_into().map_err(Into::into)?;
        Ok(Self { parent, name: None, addresses: Vec::new(), prefixes: Vec::new(), keep: false })
    }

    /// Sets the name of the host's macvlan where it has to be made. Defaults to the parent's name and
    /// `-host`, or, where that is too long or the name of such a link on another parent, to `mvh` and the
    /// parent's index.
    pub fn name(mut self, name: LinkName) -> Self {
        self.name = Some(name);
        self
    }

    /// An address of its own, one more each time, instead of the parent's. It is a host's address, as
    /// `/32` or `/128`, and nobody else may have it.
    pub fn address(mut self, address: IpAddr) -> Self {
        self.addresses.push(address);
        self
    }

    /// A subnet that is containers' alone: one route leads to all of it, and none to each container in
    /// it. More than one can be given.
    pub fn route(mut self, prefix: IpNet) -> Self {
        self.prefixes.push(prefix.trunc());
        self
    }

    /// Whether the link and its routes stay when the last container has gone and when [`HostAccess`](crate::HostAccess) is
    /// dropped; no when not given. What was kept is found again by [`Host::access`](crate::Host::access).
    pub fn keep(mut self, keep: bool) -> Self {
        self.keep = keep;
        self
    }
}
