//! An open session on the namespace that parent links live in.

pub(crate) mod access;
pub(crate) mod crowd;
pub(crate) mod diagnose;
pub(crate) mod keep;
pub(crate) mod pool;
mod probe;

use crate::endpoint::{self, Attachment, Detached, Difference, Endpoint, Ensured};
use crate::error::Result;
use crate::handle::Handle;
use crate::netns::NetNs;
use crate::wait::Cancel;

/// Attaches endpoints to containers, and detaches them.
///
/// Open one and keep it; it can be shared by threads. Needs `CAP_NET_ADMIN` in the user namespaces
/// that own the host's and the container's network namespaces, and `CAP_SYS_ADMIN` to enter the
/// container's.
#[derive(Debug, Clone)]
pub struct Host {
    netns: NetNs,
    cancels: Vec<Cancel>,
}

impl Host {
    /// On the namespace that the calling thread is in.
    pub fn open() -> Result<Self> {
        Self::in_netns(&NetNs::current()?)
    }

    /// On another namespace: parents are looked for there.
    pub fn in_netns(netns: &NetNs) -> Result<Self> {
        netns.connection()?;
        Ok(Self { netns: netns.clone(), cancels: Vec::new() })
    }

    /// Returns a host on the same namespace whose waits end when they are cancelled: those of
    /// [`Host::attach`], [`Host::ensure`], [`Host::probe_free`], and of whatever is made by it, such as a
    /// [`Keeper`](crate::Keeper) or a [`Pool`](crate::Pool).
    ///
    /// Clones that were made before are not cancelled. Called again, it ends by either.
    #[must_use = "the host that it is called on is not changed"]
    pub fn cancelled_by(&self, cancel: &Cancel) -> Self {
        let mut host = self.clone();
        host.cancels.push(cancel.clone());
        host
    }

    pub(crate) fn cancels(&self) -> &[Cancel] {
        &self.cancels
    }

    /// The namespace that parents are looked for in.
    pub fn netns(&self) -> &NetNs {
        &self.netns
    }

    /// The verbs of `ip` on the host's namespace.
    pub fn handle(&self) -> Result<Handle> {
        Handle::in_netns(&self.netns)
    }

    /// Gives a container its interface, addresses and routes: all of it, or nothing and an error
    /// that says why.
    ///
    /// The link is created directly in the container's namespace, up, in one request; addresses and
    /// routes follow in one send. When any of it is refused, the link is deleted again, and nothing
    /// else has been changed.
    pub fn attach(&self, endpoint: &Endpoint, netns: &NetNs) -> Result<Attachment> {
        endpoint::attach(&self.netns, endpoint, netns, self.cancels())
    }

    /// Takes the interface away, and with it its addresses, routes and rules, also routes that
    /// lead nowhere or through other links; and its parent, if that is a VLAN that was made on demand and
    /// nobody else is on it. Waits until the kernel has finished, about 16 ms. What is gone already is no
    /// failure, be it with the container's namespace. One that failed can be tried again.
    ///
    /// A rule or a route that another endpoint of the container may have asked for too stays until the last
    /// of them is detached. With that one everything goes that carries [`Endpoint::PROTOCOL`].
    ///
    /// # Errors
    ///
    /// [`ErrorKind::InvalidValue`](crate::ErrorKind::InvalidValue) if the container's namespace was opened by
    /// a descriptor that is closed now ([`Attachment::set_netns`]).
    pub fn detach(&self, attachment: &Attachment) -> Result<Detached> {
        endpoint::detach(&self.netns, attachment)
    }

    /// The interfaces in a container that hang on this host's links: macvlans, macvtaps and VLANs,
    /// whoever made them. Of the rules and routes that do not go with a link only those are told that
    /// carry [`Endpoint::PROTOCOL`]: rules with the interface whose address they are for, routes if there
    /// is one interface only, since the kernel does not tell whose they are. Detaching all of them leaves
    /// none: what is not told goes with the last one.
    pub fn attachments(&self, netns: &NetNs) -> Result<Vec<Attachment>> {
        endpoint::attachments(&self.netns, netns)
    }

    /// What is not as the endpoint says; empty if all is right. Reads only. What is there besides,
    /// such as further addresses, is no difference.
    pub fn check(&self, endpoint: &Endpoint, netns: &NetNs) -> Result<Vec<Difference>> {
        endpoint::check(&self.netns, endpoint, netns).map(|findings| findings.differences)
    }

    /// Makes it so: attaches the endpoint when it is missing, repairs what has drifted, and does
    /// nothing but read when all is right.
    ///
    /// What cannot be changed in place (kind, parent, number of queues, to or from mode passthru)
    /// is refused with [`ErrorKind::NeedsReplacement`](crate::ErrorKind::NeedsReplacement); see
    /// [`Host::ensure_or_replace`]. A repair that is refused leaves the earlier ones done.
    pub fn ensure(&self, endpoint: &Endpoint, netns: &NetNs) -> Result<Ensured> {
        endpoint::ensure(&self.netns, endpoint, netns, false, self.cancels())
    }

    /// As [`Host::ensure`], but replaces a link that cannot be changed in place.
    ///
    /// The old link is deleted, and with it what others have on it: addresses, routes through it,
    /// neighbours, sysctls, queueing disciplines with their filters, multicast addresses, and its place as a
    /// port of a VRF or bridge. The new link is tried out first where both can exist at once. If it is
    /// refused, the old one is created again with all of that but queueing disciplines other than a rate,
    /// multicast addresses and settings of a bridge's port, which the error names
    /// ([`Error::leftovers`](crate::Error::leftovers)).
    ///
    /// # Errors
    ///
    /// As [`Host::ensure`] and [`Host::attach`]; and
    /// [`ErrorKind::NeedsReplacement`](crate::ErrorKind::NeedsReplacement), with nothing changed, for a link
    /// that could not be created again, or that others in the container are on.
    pub fn ensure_or_replace(&self, endpoint: &Endpoint, netns: &NetNs) -> Result<Ensured> {
        endpoint::ensure(&self.netns, endpoint, netns, true, self.cancels())
    }

    /// Removes VLANs that were made on demand and that nobody uses: those whose containers ended
    /// without being detached.
    pub fn remove_unused_parents(&self) -> Result<()> {
        endpoint::remove_unused_parents(&self.netns)
    }
}
