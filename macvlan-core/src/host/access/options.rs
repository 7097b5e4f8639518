//! The options of a host access.

use std::net::IpAddr;

use ipnet::IpNet;

use crate::endpoint::{IntoParent, Parent};
use crate::error::Result;
use crate::value::name::LinkName;

/// The options of the host's access to the containers on a parent, made without any system call.
///
/// ```no_run
/// use macvlan_core::{Access, Host};
/// let host = Host::open()?;
/// let access = host.access_by(Access::on("ens33")?.address("192.168.15.250".parse()?))?;
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
    pub(super) transient: bool,
}

impl Access {
    /// Makes options with the parent's addresses, which are borrowed, and a route to each
    /// container.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::InvalidValue`](crate::ErrorKind::InvalidValue) if the parent's name is invalid.
    pub fn on(parent: impl IntoParent) -> Result<Self> {
        let parent = parent.try_into().map_err(Into::into)?;
        let (addresses, prefixes) = (Vec::new(), Vec::new());
        Ok(Self { parent, name: None, addresses, prefixes, keep: false, transient: false })
    }

    /// Sets the name of the host's macvlan, if it has to be created.
    ///
    /// Defaults to the parent's name and `-host`, or, if this is too long or in use by another
    /// parent's link, to `mvh` and the parent's index.
    pub fn name(mut self, name: LinkName) -> Self {
        self.name = Some(name);
        self
    }

    /// Adds an address for the host's link, which then does not borrow the parent's.
    ///
    /// It has the full prefix length (`/32` or `/128`) and must not be in use.
    pub fn address(mut self, address: IpAddr) -> Self {
        self.addresses.push(address);
        self
    }

    /// Adds a subnet that only contains containers.
    ///
    /// One route leads to all of it, instead of one to each container in it.
    pub fn route(mut self, prefix: IpNet) -> Self {
        self.prefixes.push(prefix.trunc());
        self
    }

    /// Sets whether the link and its routes are kept without a container and after a drop.
    ///
    /// Defaults to false.
    ///
    /// [`Host::access`](crate::Host::access) finds a link that was kept.
    pub fn keep(mut self, keep: bool) -> Self {
        self.keep = keep;
        self
    }

    /// Sets whether a link that is created is deleted with its last route by
    /// [`Host::remove_access_to`](crate::Host::remove_access_to).
    ///
    /// An access without this counts on the link, so it stays from then on.
    #[doc(hidden)] // for the command
    pub fn transient(mut self, transient: bool) -> Self {
        self.transient = transient;
        self
    }
}
