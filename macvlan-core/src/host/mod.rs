//! The session on the namespace with the parent links.

pub(crate) mod access;
pub(crate) mod crowd;
pub(crate) mod diagnose;
mod filter;
pub(crate) mod keep;
pub(crate) mod pool;
mod probe;

use crate::endpoint::{self, Attachment, Detached, Difference, Endpoint, Ensured};
use crate::error::Result;
use crate::handle::Handle;
use crate::netns::NetNs;
use crate::value::link::LinkInfo;
use crate::wait::Cancel;

/// A session on the network namespace with the parent links, which attaches and detaches endpoints.
///
/// Open one and keep it; threads can share it. Needs `CAP_NET_ADMIN` in the user namespaces that
/// own the host's and the container's network namespaces, and `CAP_SYS_ADMIN` to enter the
/// container's.
///
/// ```no_run
/// use macvlan_core::{Endpoint, Host, NetNs};
/// let host = Host::open()?;
/// let container = NetNs::from_pid(2084)?;
/// let endpoint = Endpoint::new("eth0", "ens33")?.assignment("10.0.0.2/24@10.0.0.1".parse()?);
/// let attachment = host.attach(&endpoint, &container)?;
/// assert!(host.check(&endpoint, &container)?.is_empty());
/// host.detach(&attachment)?;
/// # Ok::<(), macvlan_core::Error>(())
/// ```
#[derive(Debug, Clone)]
pub struct Host {
    netns: NetNs,
    cancels: Vec<Cancel>,
}

impl Host {
    /// Opens a session on the calling thread's network namespace.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::System`](crate::ErrorKind::System) if no more files may be opened.
    pub fn open() -> Result<Self> {
        Self::in_netns(&NetNs::current()?)
    }

    /// Opens a session on a network namespace that has the parent links.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::PermissionDenied`](crate::ErrorKind::PermissionDenied) if the namespace may not
    /// be entered; [`ErrorKind::System`](crate::ErrorKind::System) if no more files may be opened.
    pub fn in_netns(netns: &NetNs) -> Result<Self> {
        netns.connection()?;
        Ok(Self { netns: netns.clone(), cancels: Vec::new() })
    }

    /// Returns a host on the same namespace whose waits can be cancelled.
    ///
    /// These are the waits of [`Host::attach`], [`Host::ensure`] and [`Host::probe_addresses`], and
    /// of objects that the host makes, such as a [`Keeper`](crate::Keeper) or a
    /// [`Pool`](crate::Pool). The receiver and its clones are not affected. A host can have several
    /// tokens.
    #[must_use = "the receiver is not changed"]
    pub fn cancelled_by(&self, cancel: &Cancel) -> Self {
        let mut host = self.clone();
        host.cancels.push(cancel.clone());
        host
    }

    pub(crate) fn cancels(&self) -> &[Cancel] {
        &self.cancels
    }

    /// Returns the namespace with the parent links.
    pub fn netns(&self) -> &NetNs {
        &self.netns
    }

    /// Opens a handle on the host's namespace, for the operations of `ip`.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::System`](crate::ErrorKind::System) if no more files may be opened.
    pub fn handle(&self) -> Result<Handle> {
        Handle::in_netns(&self.netns)
    }

    /// Attaches an endpoint to a container: creates its link, addresses and routes, or changes
    /// nothing.
    ///
    /// The link is created up, directly in the container's namespace, by one request; one more send
    /// adds addresses and routes. If the kernel refuses any of this, the link is deleted again.
    ///
    /// # Errors
    ///
    /// - [`ErrorKind::InvalidValue`](crate::ErrorKind::InvalidValue) as for [`Endpoint::plan`];
    /// - [`ErrorKind::ParentNotFound`](crate::ErrorKind::ParentNotFound),
    ///   [`ErrorKind::ParentBusy`](crate::ErrorKind::ParentBusy),
    ///   [`ErrorKind::ParentDown`](crate::ErrorKind::ParentDown),
    ///   [`ErrorKind::PassthruConflict`](crate::ErrorKind::PassthruConflict),
    ///   [`ErrorKind::MtuTooLarge`](crate::ErrorKind::MtuTooLarge),
    ///   [`ErrorKind::MacInUse`](crate::ErrorKind::MacInUse) and
    ///   [`ErrorKind::NameTaken`](crate::ErrorKind::NameTaken) if the parent or the container
    ///   cannot have the link;
    /// - [`ErrorKind::GatewayUnreachable`](crate::ErrorKind::GatewayUnreachable),
    ///   [`ErrorKind::RouteExists`](crate::ErrorKind::RouteExists) and
    ///   [`ErrorKind::Ipv6Disabled`](crate::ErrorKind::Ipv6Disabled) for addresses and routes;
    /// - [`ErrorKind::AddressInUse`](crate::ErrorKind::AddressInUse) if a probe finds another host;
    /// - [`ErrorKind::NamespaceGone`](crate::ErrorKind::NamespaceGone) if the container has ended,
    ///   [`ErrorKind::Interrupted`](crate::ErrorKind::Interrupted) if its namespace was locked for
    ///   20 s;
    /// - [`ErrorKind::PermissionDenied`](crate::ErrorKind::PermissionDenied) without the
    ///   capabilities, [`ErrorKind::Cancelled`](crate::ErrorKind::Cancelled) if cancelled;
    /// - [`ErrorKind::Unsupported`](crate::ErrorKind::Unsupported),
    ///   [`ErrorKind::System`](crate::ErrorKind::System) and
    ///   [`ErrorKind::Protocol`](crate::ErrorKind::Protocol) for other failures of the kernel.
    ///
    /// If an undo fails, [`Error::leftovers`](crate::Error::leftovers) lists what remains.
    pub fn attach(&self, endpoint: &Endpoint, netns: &NetNs) -> Result<Attachment> {
        endpoint::attach(&self.netns, endpoint, netns, self.cancels())
    }

    /// Detaches an endpoint: deletes its link, addresses, routes and rules.
    ///
    /// This includes routes that do not lead through the link.
    ///
    /// Also removes the parent, if that is an unused VLAN that was made on demand. Returns when the
    /// kernel has finished, after about 16 ms. Succeeds with [`Detached::AlreadyGone`] if the link
    /// or the container no longer exists. A failed detach can be repeated.
    ///
    /// Rules and routes that another endpoint of the container may have requested are deleted with
    /// the last endpoint, together with all others that have the protocol [`Endpoint::PROTOCOL`].
    ///
    /// # Errors
    ///
    /// [`ErrorKind::InvalidValue`](crate::ErrorKind::InvalidValue) if the container's namespace was
    /// opened by a descriptor and the last handle was dropped ([`Attachment::set_netns`]);
    /// [`ErrorKind::PermissionDenied`](crate::ErrorKind::PermissionDenied) without the
    /// capabilities; [`ErrorKind::Interrupted`](crate::ErrorKind::Interrupted) if the namespace was
    /// locked for 20 s; [`ErrorKind::System`](crate::ErrorKind::System) and
    /// [`ErrorKind::Protocol`](crate::ErrorKind::Protocol) for other failures of the kernel.
    pub fn detach(&self, attachment: &Attachment) -> Result<Detached> {
        endpoint::detach(&self.netns, attachment)
    }

    /// Finds the interfaces in a container that are on this host's links.
    ///
    /// These are macvlans, macvtaps and VLANs, also those that other programs have created. The link
    /// of a [`HostAccess`](crate::HostAccess) is not one of the host's own interfaces.
    ///
    /// Rules and routes that the kernel does not delete with a link are included if they have the
    /// protocol [`Endpoint::PROTOCOL`]: rules with the interface that has their address, routes
    /// only if there is one interface and no other link that may be an endpoint's, because the
    /// kernel does not record to which they belong. Detaching all of them deletes the others as well.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::PermissionDenied`](crate::ErrorKind::PermissionDenied) if the namespace may not
    /// be entered; [`ErrorKind::Interrupted`](crate::ErrorKind::Interrupted) if the links changed
    /// repeatedly during the listing.
    pub fn attachments(&self, netns: &NetNs) -> Result<Vec<Attachment>> {
        endpoint::attachments(&self.netns, netns)
    }

    /// Finds the links in a container that are on this host's links, with the parents' indexes.
    ///
    /// Like [`Host::attachments`], but reads only the links.
    ///
    /// # Errors
    ///
    /// As for [`Host::attachments`].
    #[doc(hidden)] // for the command
    pub fn interfaces(&self, netns: &NetNs) -> Result<Vec<(u32, LinkInfo)>> {
        endpoint::interfaces(&self.netns, netns)
    }

    /// Returns the differences between an endpoint and its actual state; empty if there are none.
    ///
    /// Changes nothing. Additional objects, such as further addresses, are not differences.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::InvalidValue`](crate::ErrorKind::InvalidValue) as for [`Endpoint::plan`];
    /// [`ErrorKind::PermissionDenied`](crate::ErrorKind::PermissionDenied) if the namespace may not
    /// be entered.
    pub fn check(&self, endpoint: &Endpoint, netns: &NetNs) -> Result<Vec<Difference>> {
        endpoint::check(&self.netns, endpoint, netns).map(|findings| findings.differences)
    }

    /// Deletes the rules and routes that are left of endpoints whose links are gone, if the
    /// namespace has no endpoint; returns whether there were any.
    ///
    /// # Errors
    ///
    /// The kernel's refusal, with those that were not deleted in
    /// [`Error::leftovers`](crate::Error::leftovers).
    #[doc(hidden)] // for the command
    pub fn sweep(&self, netns: &NetNs) -> Result<bool> {
        endpoint::sweep(netns)
    }

    /// Ensures that an endpoint is attached as requested.
    ///
    /// Attaches it if it is missing, and repairs differences.
    ///
    /// Only reads if there are none. A repair that is refused does not undo earlier ones.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::NeedsReplacement`](crate::ErrorKind::NeedsReplacement) if a difference cannot
    /// be changed on the link (kind, parent, number of queues, to or from mode passthru; see
    /// [`Host::ensure_or_replace`]); otherwise as for [`Host::attach`].
    pub fn ensure(&self, endpoint: &Endpoint, netns: &NetNs) -> Result<Ensured> {
        endpoint::ensure(&self.netns, endpoint, netns, false, self.cancels())
    }

    /// Ensures that an endpoint is attached as requested, and replaces a link that cannot be
    /// changed.
    ///
    /// Otherwise like [`Host::ensure`].
    ///
    /// The old link is deleted, with all its addresses, routes, neighbour entries, sysctls,
    /// queueing disciplines and multicast addresses, and its place as a port of a VRF or bridge. If
    /// possible, the new link is tried first. If the kernel refuses it, the old one is created
    /// again with all of this except queueing disciplines other than a rate limit, a rate limit's
    /// own burst and limit, multicast addresses, an XDP program and the settings of a bridge port,
    /// which [`Error::leftovers`](crate::Error::leftovers) lists. Features that `ethtool` has set
    /// are lost.
    ///
    /// # Errors
    ///
    /// As for [`Host::ensure`] and [`Host::attach`].
    /// [`ErrorKind::NeedsReplacement`](crate::ErrorKind::NeedsReplacement) means that nothing was
    /// changed, because the link could not be created again or another link in the container is on
    /// it.
    pub fn ensure_or_replace(&self, endpoint: &Endpoint, netns: &NetNs) -> Result<Ensured> {
        endpoint::ensure(&self.netns, endpoint, netns, true, self.cancels())
    }

    /// Returns the steps of [`Host::ensure`] or [`Host::ensure_or_replace`] as text.
    ///
    /// Changes nothing. The text is as that of an [`Endpoint::plan`], and empty if nothing differs.
    ///
    /// # Errors
    ///
    /// As for [`Host::check`]; [`ErrorKind::NeedsReplacement`](crate::ErrorKind::NeedsReplacement)
    /// as for [`Host::ensure`].
    #[doc(hidden)] // for the command
    pub fn plan_ensure(&self, endpoint: &Endpoint, netns: &NetNs, replace: bool) -> Result<String> {
        endpoint::plan_ensure(&self.netns, endpoint, netns, replace)
    }

    /// Removes unused VLANs that were made on demand.
    ///
    /// They remain if a container ends without a detach.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::PermissionDenied`](crate::ErrorKind::PermissionDenied) without `CAP_NET_ADMIN`;
    /// [`ErrorKind::System`](crate::ErrorKind::System) and
    /// [`ErrorKind::Protocol`](crate::ErrorKind::Protocol) for other failures of the kernel.
    pub fn remove_unused_parents(&self) -> Result<()> {
        endpoint::remove_unused_parents(&self.netns)
    }
}
