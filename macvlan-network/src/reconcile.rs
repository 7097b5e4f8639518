//! Bringing kernel and store together, whichever of them is ahead.

use std::fmt;
use std::sync::Arc;

use macvlan_core::{Difference, ErrorKind as CoreKind, Handle, NetNs, Presence};

use crate::alive;
use crate::alone::alone_soon;
use crate::error::{Error, Result};
use crate::lease::Lease;
use crate::mark::Mark;
use crate::network::Network;
use crate::networks::Networks;
use crate::standing::Standing;

/// One thing that was brought together.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub enum Reconciled {
    /// A lease whose namespace, or host, is gone was taken back.
    Released(Lease),
    /// A connected container's interface was missing or had changed; what was repaired.
    Repaired(Lease, Vec<String>),
    /// A container's interface was there, and no lease for it; it has one again. Or its lease was pending, and
    /// its link was found in the container's namespace, to which the lease is bound now.
    Adopted(Lease),
    /// An interface of a container in a network that does not exist any more was taken away: which
    /// one, of which container.
    Removed {
        /// The interface's name.
        interface: String,
        /// The container's id.
        container: String,
    },
    /// Something could not be brought together; the rest was.
    Failed(String),
    /// Addresses that were kept for containers are free again.
    Expired(usize),
    /// A container's interface, or an address of it, was removed since it is another's by now: its host had
    /// counted as dead.
    Displaced {
        /// The interface's name.
        interface: String,
        /// The container's id.
        container: String,
        /// What was removed, of which container on which host, and who has it.
        text: String,
    },
}

/// The kind of a [`Reconciled`]. The numbers are stable, and the C ABI shows them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
#[repr(u32)]
pub enum ReconciledKind {
    /// A lease whose namespace, or host, is gone was taken back.
    Released = 1,
    /// A connected container's interface was missing or had changed, and is as it should be.
    Repaired = 2,
    /// A container's interface has a lease again.
    Adopted = 3,
    /// An interface of a container in a network that does not exist any more was taken away.
    Removed = 4,
    /// Something could not be brought together; the rest was.
    Failed = 5,
    /// Addresses that were kept for containers are free again.
    Expired = 6,
    /// A container's interface, or an address of it, was removed since it is another's by now.
    Displaced = 7,
}

impl ReconciledKind {
    /// All kinds, by their numbers.
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
    /// Returns what was done, without what it is about.
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

    /// The lease that was taken back, entered, or whose interface was repaired.
    pub fn lease(&self) -> Option<&Lease> {
        match self {
            Self::Released(lease) | Self::Repaired(lease, _) | Self::Adopted(lease) => Some(lease),
            _ => None,
        }
    }

    /// The name of the interface that it is about.
    pub fn interface(&self) -> Option<&str> {
        match self {
            Self::Removed { interface, .. } | Self::Displaced { interface, .. } => Some(interface),
            _ => self.lease().map(|lease| lease.interface.as_str()),
        }
    }

    /// The id of the container that it is about.
    pub fn container(&self) -> Option<&str> {
        match self {
            Self::Removed { container, .. } | Self::Displaced { container, .. } => Some(container),
            _ => self.lease().map(|lease| lease.container.as_str()),
        }
    }

    /// How many addresses that were kept are free again.
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
                write!(f, "released the lease of container {:?}, which is gone", lease.container)
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
                "entered a lease for container {:?}, whose interface {:?} had none",
                lease.container,
                lease.interface.as_str()
            ),
            Self::Removed { interface, container } => write!(
                f,
                "removed {interface:?} of container {container:?}, whose network does not exist"
            ),
            Self::Failed(text) | Self::Displaced { text, .. } => f.write_str(text),
            Self::Expired(count) => write!(f, "freed {count} addresses that had been kept"),
        }
    }
}

impl Networks {
    /// Brings the kernel and the store together on this host, and says what it did; empty if all was
    /// right. For a program that starts again, after whatever happened.
    ///
    /// The store says who is connected, the kernel who exists: leases of namespaces that are gone are
    /// taken back, interfaces that are missing or have changed are made as they should be,
    /// interfaces that the store does not know get a lease if their network exists, and go if it
    /// does not. Those of another store's networks are nothing to it.
    ///
    /// An interface gets a lease for the addresses that nobody else has got since; others are removed from it,
    /// and so is an interface that would have none, or whose container is connected elsewhere by now. An
    /// interface is known by its alias, which only the store can have made for it; any other is reported as
    /// [`Reconciled::Failed`] and left as it is.
    pub fn reconcile(&self) -> Result<Vec<Reconciled>> {
        let collected = self.collect()?;
        let mut done: Vec<Reconciled> =
            collected.leases.into_iter().map(Reconciled::Released).collect();
        if collected.expired > 0 {
            done.push(Reconciled::Expired(collected.expired));
        }
        let networks = self.list()?;
        let mut here = Vec::new();
        for network in &networks {
            let leases = network.leases()?.into_iter();
            // Those that others move and set up are theirs to repair.
            let may =
                |one: &Lease| self.0.is_here(one) && one.netns().is_some() && one.link.is_none();
            here.extend(leases.filter(may).map(|lease| (network, lease)));
        }
        let marks: Vec<_> = here.iter().filter_map(|(_, lease)| lease.netns()).collect();
        alive::find_all(&marks, |at, presence| {
            let (network, lease) = &here[at];
            match presence {
                Presence::There(netns) => done.extend(network.repair(lease, &netns)),
                // It has ended since.
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
                // It went while we looked, or is not ours to look at: nothing in it is adopted.
                Err(error) if is_beyond(&error) => continue,
                Err(error) => {
                    let error = Error::kernel("look for interfaces without a lease", error);
                    done.push(Reconciled::Failed(error.to_string()));
                    continue;
                }
            };
            let mut are_led = None;
            for link in links {
                let alias = link.alias.clone().unwrap_or_default();
                if let Some(mark) = Mark::read(&alias, self.store()) {
                    let looked = self.look_at(&networks, &netns, &link, mark, &mut are_led);
                    let failed = |error: Error| vec![Reconciled::Failed(error.to_string())];
                    done.extend(looked.unwrap_or_else(failed));
                }
            }
        }
        // Of networks that were removed on another host.
        if let Err(error) = self.0.remove_unused_parents() {
            done.push(Reconciled::Failed(error.to_string()));
        }
        Ok(done)
    }
}

impl Network {
    /// As [`Networks::reconcile`], which does it for all networks of this host at once.
    pub fn reconcile(&self) -> Result<Vec<Reconciled>> {
        Networks(Arc::clone(&self.session)).reconcile()
    }

    fn repair(&self, lease: &Lease, netns: &NetNs) -> Option<Reconciled> {
        let repair = || -> Result<Vec<String>> {
            let _alone = alone_soon(netns)?;
            let mut standing = Standing::begin(&*self.session.store);
            // It may have changed since it was listed.
            let Some((lease, _)) = self.still(lease)? else { return Ok(Vec::new()) };
            if !self.session.store.take_up(&self.record, &lease)? {
                return Ok(Vec::new());
            }
            let mut others = self.session.store.leases_of(&lease.container)?;
            others.retain(|other| other.endpoint != lease.endpoint);
            let ensure = || {
                let ensured = self.ensure(&lease, &others, netns)?;
                let link = Some(ensured.attachment.index());
                let routes = self.set_default_routes((&lease, link), &others, netns, false)?;
                let mut done: Vec<String> =
                    ensured.repaired.iter().map(ToString::to_string).collect();
                // A link that was missing had none.
                if !ensured.repaired.iter().any(|one| matches!(one, Difference::LinkMissing)) {
                    done.extend(routes);
                }
                Ok(done)
            };
            self.while_standing(&mut standing, (&lease, &others, netns), false, ensure)
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

/// Whether a namespace has ended, or may not be entered.
fn is_beyond(error: &macvlan_core::Error) -> bool {
    matches!(error.kind(), CoreKind::NamespaceGone | CoreKind::PermissionDenied)
}
