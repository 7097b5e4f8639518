//! Makes the kernel and the store agree.

use std::fmt;
use std::sync::Arc;

use macvlan_core::{Difference, ErrorKind as CoreKind, Handle, LinkInfo, NetNs, Presence};

use crate::alive;
use crate::alone::Busy;
use crate::collect::unless_removed;
use crate::error::{Error, Result};
use crate::lease::Lease;
use crate::mark::Mark;
use crate::network::Network;
use crate::networks::Networks;
use crate::standing::Standing;

/// One change that [`Networks::reconcile`] made, or that failed.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub enum Reconciled {
    /// A lease was released, because its namespace or its host is gone.
    Released(Lease),
    /// A connected container's interface was repaired, as described.
    Repaired(Lease, Vec<String>),
    /// A lease was entered for an interface that had none, or was bound to the container's
    /// namespace.
    ///
    /// It is bound if it was pending and its link was found in that namespace.
    Adopted(Lease),
    /// An interface was deleted, because its network no longer exists.
    Removed {
        /// The interface's name.
        interface: String,
        /// The container's id.
        container: String,
    },
    /// A repair failed, for the reason given; the others were made.
    Failed(String),
    /// This number of addresses that were kept for containers is free again.
    Expired(usize),
    /// An interface, or one of its addresses, was removed, because another container has it.
    ///
    /// This happens when the host had counted as dead.
    Displaced {
        /// The interface's name.
        interface: String,
        /// The container's id.
        container: String,
        /// A description with the host, and the container that has the address.
        text: String,
    },
}

/// The kind of a [`Reconciled`]. The numbers are stable and appear in the C ABI.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
#[repr(u32)]
pub enum ReconciledKind {
    /// A lease was released, because its namespace or its host is gone.
    Released = 1,
    /// A connected container's interface was repaired.
    Repaired = 2,
    /// A lease was entered for an interface that had none, or was bound to the container's
    /// namespace.
    Adopted = 3,
    /// An interface was deleted, because its network no longer exists.
    Removed = 4,
    /// A repair failed; the others were made.
    Failed = 5,
    /// Addresses that were kept for containers are free again.
    Expired = 6,
    /// An interface, or one of its addresses, was removed, because another container has it.
    Displaced = 7,
}

impl ReconciledKind {
    /// All kinds, ordered by number.
    pub const ALL: &[Self] = &[
        Self::Released,
        Self::Repaired,
        Self::Adopted,
        Self::Removed,
        Self::Failed,
        Self::Expired,
        Self::Displaced,
    ];

    /// Returns a stable name for logs and other languages.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Released => "released",
            Self::Repaired => "repaired",
            Self::Adopted => "adopted",
            Self::Removed => "removed",
            Self::Failed => "failed",
            Self::Expired => "expired",
            Self::Displaced => "displaced",
        }
    }
}

impl fmt::Display for ReconciledKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

impl Reconciled {
    /// Returns the kind of change.
    pub fn kind(&self) -> ReconciledKind {
        match self {
            Self::Released(_) => ReconciledKind::Released,
            Self::Repaired(..) => ReconciledKind::Repaired,
            Self::Adopted(_) => ReconciledKind::Adopted,
            Self::Removed { .. } => ReconciledKind::Removed,
            Self::Failed(_) => ReconciledKind::Failed,
            Self::Expired(_) => ReconciledKind::Expired,
            Self::Displaced { .. } => ReconciledKind::Displaced,
        }
    }

    /// Returns the lease that was released, entered or bound, or whose interface was repaired.
    pub fn lease(&self) -> Option<&Lease> {
        match self {
            Self::Released(lease) | Self::Repaired(lease, _) | Self::Adopted(lease) => Some(lease),
            _ => None,
        }
    }

    /// Returns the name of the interface.
    pub fn interface(&self) -> Option<&str> {
        match self {
            Self::Removed { interface, .. } | Self::Displaced { interface, .. } => Some(interface),
            _ => self.lease().map(|lease| lease.interface.as_str()),
        }
    }

    /// Returns the id of the container.
    pub fn container(&self) -> Option<&str> {
        match self {
            Self::Removed { container, .. } | Self::Displaced { container, .. } => Some(container),
            _ => self.lease().map(|lease| lease.container.as_str()),
        }
    }

    /// Returns the number of addresses that were kept and are free again.
    pub fn expired(&self) -> usize {
        match self {
            Self::Expired(count) => *count,
            _ => 0,
        }
    }
}

impl fmt::Display for Reconciled {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Released(lease) => {
                write!(f, "released the lease of container {:?}, which has ended", lease.container)
            }
            Self::Repaired(lease, what) => write!(
                f,
                "repaired {:?} of container {:?}: {}",
                lease.interface.as_str(),
                lease.container,
                what.join(", ")
            ),
            Self::Adopted(lease) => write!(
                f,
                "interface {:?} of container {:?} has a lease again",
                lease.interface.as_str(),
                lease.container
            ),
            Self::Removed { interface, container } => write!(
                f,
                "removed {interface:?} of container {container:?}, whose network does not exist"
            ),
            Self::Failed(text) | Self::Displaced { text, .. } => f.write_str(text),
            Self::Expired(count) => write!(f, "released {count} kept addresses"),
        }
    }
}

impl Networks {
    /// Makes the kernel and the store agree on this host, and returns the changes.
    ///
    /// Call it when a program starts, whatever has happened before. The store knows which
    /// containers are connected, the kernel which of them exist:
    ///
    /// - Leases whose namespace is gone are released, like [`Networks::collect`] does.
    /// - Interfaces that are missing or were changed are repaired.
    /// - Interfaces without a lease get one for those of their addresses that no other container
    ///   has; the other addresses are removed.
    /// - Interfaces that would have no address left, whose container is connected elsewhere, or
    ///   whose network no longer exists, are deleted. One with an address that its own container
    ///   has a lease for is reported as [`Reconciled::Failed`] and left unchanged.
    ///
    /// Interfaces are recognized by their alias, which only the store can have made. One with a
    /// forged alias is reported as [`Reconciled::Failed`] and left unchanged. Interfaces of another
    /// store's networks are ignored. A container's namespace that another process holds for five
    /// seconds is left unchanged and reported, without waiting for it again.
    ///
    /// # Errors
    ///
    /// As for [`Networks::collect`] and [`Networks::list`]. Failures of single containers are
    /// returned as [`Reconciled::Failed`].
    pub fn reconcile(&self) -> Result<Vec<Reconciled>> {
        let collected = self.collect()?;
        let mut done: Vec<Reconciled> =
            collected.leases.into_iter().map(Reconciled::Released).collect();
        if collected.expired > 0 {
            done.push(Reconciled::Expired(collected.expired));
        }
        let networks = self.list()?;
        let (mut here, mut busy) = (Vec::new(), Busy::default());
        for network in &networks {
            let leases = unless_removed(network.leases())?.into_iter();
            // Links that a runtime moves and sets up are its own to repair.
            let may =
                |one: &Lease| self.0.is_here(one) && one.netns().is_some() && one.link.is_none();
            here.extend(leases.filter(may).map(|lease| (network, lease)));
        }
        let marks: Vec<_> = here.iter().filter_map(|(_, lease)| lease.netns()).collect();
        alive::find_all(&marks, |at, presence| {
            let (network, lease) = &here[at];
            match presence {
                Presence::There(netns) => done.extend(network.repair(lease, &netns, &mut busy)),
                // It has ended in the meantime.
                Presence::Gone => {}
                Presence::Unknown(error) => {
                    done.push(network.not_repaired(lease, alive::unknown(error)));
                }
            }
        })?;
        for netns in NetNs::visible().namespaces {
            let opened = netns.open().and_then(|netns| {
                let links = Handle::in_netns(&netns)?.links()?;
                Ok((netns, links))
            });
            let (netns, links) = match opened {
                Ok(opened) => opened,
                // It has ended in the meantime, or may not be entered. Nothing in it is adopted.
                Err(error) if is_beyond(&error) => continue,
                Err(error) => {
                    let error = Error::kernel("look for interfaces without a lease", error);
                    done.push(Reconciled::Failed(error.to_string()));
                    continue;
                }
            };
            let has_mark = |link: &LinkInfo| {
                link.alias.as_deref().is_some_and(|alias| Mark::read(alias, self.store()).is_some())
            };
            let marked: Vec<LinkInfo> = links.into_iter().filter(has_mark).collect();
            if marked.is_empty() {
                continue;
            }
            let failed = |error: Error| Reconciled::Failed(error.to_string());
            let _alone = match busy.lock(&netns) {
                Ok(alone) => alone,
                Err(error) => {
                    done.push(failed(error));
                    continue;
                }
            };
            let mut are_led = None;
            for link in marked {
                let alias = link.alias.clone().unwrap_or_default();
                if let Some(mark) = Mark::read(&alias, self.store()) {
                    let looked = self.look_at(&networks, &netns, &link, mark, &mut are_led);
                    done.extend(looked.unwrap_or_else(|error| vec![failed(error)]));
                }
            }
        }
        // They remain from networks that were deleted on another host.
        if let Err(error) = self.0.remove_unused_parents() {
            done.push(Reconciled::Failed(error.to_string()));
        }
        Ok(done)
    }
}

impl Network {
    /// Makes the kernel and the store agree, for all networks of this host.
    ///
    /// This is [`Networks::reconcile`], which checks all networks at once.
    ///
    /// # Errors
    ///
    /// As for [`Networks::reconcile`].
    pub fn reconcile(&self) -> Result<Vec<Reconciled>> {
        Networks(Arc::clone(&self.session)).reconcile()
    }

    fn repair(&self, lease: &Lease, netns: &NetNs, busy: &mut Busy) -> Option<Reconciled> {
        let mut repair = || -> Result<Vec<String>> {
            let _alone = busy.lock(netns)?;
            let mut standing = Standing::begin(&*self.session.store);
            // It may have changed since it was listed, and so may the network.
            let Some((lease, _)) = self.still(lease)? else { return Ok(Vec::new()) };
            let now = Networks(Arc::clone(&self.session)).network(self.id())?;
            if !self.session.store.take_up(&now.record, &lease)? {
                return Ok(Vec::new());
            }
            let mut others = self.session.store.leases_of(&lease.container)?;
            others.retain(|other| other.endpoint != lease.endpoint);
            let ensure = || {
                let ensured = now.ensure(&lease, &others, netns)?;
                let link = Some(ensured.attachment.index());
                let routes = now.set_default_routes((&lease, link), &others, netns, false)?;
                let mut done: Vec<String> =
                    ensured.repaired.iter().map(ToString::to_string).collect();
                // A link that was missing had no routes, so these are not worth mentioning.
                if !ensured.repaired.iter().any(|one| matches!(one, Difference::LinkMissing)) {
                    done.extend(routes);
                }
                Ok(done)
            };
            now.while_standing(&mut standing, (&lease, &others, netns), false, ensure)
        };
        match repair() {
            Ok(done) if done.is_empty() => None,
            Ok(done) => Some(Reconciled::Repaired(lease.clone(), done)),
            Err(error) => Some(self.not_repaired(lease, error)),
        }
    }

    fn not_repaired(&self, lease: &Lease, error: Error) -> Reconciled {
        let operation = format!("repair the interface of container {:?}", lease.container);
        Reconciled::Failed(error.during(operation).in_network(self.name()).to_string())
    }
}

/// Returns whether a namespace has ended, or may not be entered.
fn is_beyond(error: &macvlan_core::Error) -> bool {
    matches!(error.kind(), CoreKind::NamespaceGone | CoreKind::PermissionDenied)
}
