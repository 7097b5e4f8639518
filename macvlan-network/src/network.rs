//! A handle on one network.

use std::net::IpAddr;
use std::sync::Arc;

use macvlan_core::Route;

use crate::config::NetworkConfig;
use crate::container_ref::ContainerRef;
use crate::error::{Error, ErrorKind, Result};
use crate::lease::{ConflictingAddress, Lease};
use crate::record::NetworkRecord;
use crate::session::Session;
use crate::store::refusal::taken;

/// A handle on a network that exists, which connects containers to it.
///
/// ```no_run
/// # use macvlan_core::NetNs;
/// # use macvlan_network::{ConnectOptions, Networks};
/// # fn example(networks: &Networks, container: &NetNs) -> macvlan_network::Result<()> {
/// let vlan10 = networks.network("vlan10")?;
/// vlan10.connect(&ConnectOptions::new("4f1c9a"), container)?;
/// for lease in vlan10.leases()? {
///     println!("{} has {:?}", lease.container, lease.addresses);
/// }
/// # Ok(())
/// # }
/// ```
#[derive(Debug, Clone)]
pub struct Network {
    pub(crate) session: Arc<Session>,
    pub(crate) record: NetworkRecord,
    pub(crate) warnings: Vec<String>,
}

impl Network {
    /// Returns the id: 64 hexadecimal digits.
    pub fn id(&self) -> &str {
        &self.record.id
    }

    /// Returns the name.
    pub fn name(&self) -> &str {
        self.record.name()
    }

    /// Returns the time of creation, in UTC: `2024-05-01T12:00:00Z`.
    pub fn created(&self) -> &str {
        &self.record.created
    }

    /// Returns the network's record in the store.
    ///
    /// [`Networks::with_record`](crate::Networks::with_record) makes a handle of it again.
    pub fn record(&self) -> &NetworkRecord {
        &self.record
    }

    /// Returns warnings about anything that would keep containers from being connected.
    ///
    /// They describe the moment when this handle created or changed the network. A network that was
    /// found has none.
    pub fn warnings(&self) -> &[String] {
        &self.warnings
    }

    /// Returns the configuration.
    pub fn config(&self) -> &NetworkConfig {
        &self.record.config
    }

    /// Returns the name of the link that the containers' interfaces are created on.
    ///
    /// This is the parent, or the network's own dummy link if the network is isolated.
    pub fn parent(&self) -> String {
        self.record.parent()
    }

    /// Returns the leases of all containers on all hosts that can be read.
    ///
    /// [`Networks::unreadable`](crate::Networks::unreadable) returns the others.
    ///
    /// # Errors
    ///
    /// As for every [`Store`](crate::Store#errors).
    pub fn leases(&self) -> Result<Vec<Lease>> {
        self.session.store.leases(Some(&self.record))
    }

    /// Returns the lease of a container (`lease("c1")`) or an interface (`lease("c1/eth1")`).
    ///
    /// If the container has several leases, this is the one that was connected first.
    ///
    /// # Errors
    ///
    /// As for every [`Store`](crate::Store#errors).
    pub fn lease<'a>(&self, of: impl Into<ContainerRef<'a>>) -> Result<Option<Lease>> {
        Ok(self.leases_of(of)?.into_iter().next())
    }

    /// Returns a container's leases in this network, one for each interface, oldest first.
    ///
    /// # Errors
    ///
    /// As for every [`Store`](crate::Store#errors).
    pub fn leases_of<'a>(&self, of: impl Into<ContainerRef<'a>>) -> Result<Vec<Lease>> {
        let of = of.into();
        let mut leases = self.session.store.find(&self.record, of.container)?;
        leases.retain(|lease| of.means(lease));
        leases.sort_by_key(|lease| lease.sequence);
        Ok(leases)
    }

    /// Returns whether something is remembered of a container that was disconnected.
    #[doc(hidden)] // for the command, which must not take its id for another container's name
    pub fn remembers(&self, container: &str) -> Result<bool> {
        self.session.store.remembers(&self.record, container)
    }

    /// Returns the current state of a lease, with the container's other leases in this network.
    ///
    /// `None` if it no longer exists.
    pub(crate) fn still(&self, lease: &Lease) -> Result<Option<(Lease, Vec<Lease>)>> {
        let mut all = self.leases_of(&lease.container)?;
        let at = all.iter().position(|one| one.endpoint == lease.endpoint);
        Ok(at.map(|at| (all.remove(at), all)))
    }

    /// Returns the network's routes that a container has by a lease.
    ///
    /// If a container has several interfaces in the network, only the oldest has them.
    ///
    /// # Errors
    ///
    /// As for every [`Store`](crate::Store#errors).
    #[doc(hidden)] // for the plugins of macvlan-cli
    pub fn routes_by(&self, lease: &Lease) -> Result<Vec<Route>> {
        Ok(self.routes_of(lease, &self.leases_of(&lease.container)?))
    }

    /// Returns whether an address of a family is left that a container gets without requesting it.
    ///
    /// # Errors
    ///
    /// As for every [`Store`](crate::Store#errors).
    #[doc(hidden)] // for the plugins of macvlan-cli
    pub fn has_free_address(&self, v6: bool) -> Result<bool> {
        self.session.store.has_free(&self.record, v6)
    }

    /// Records that a host outside of this network has an address, which is then no longer given.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::AddressUnusable`] if no subnet of the network contains the address;
    /// [`ErrorKind::AddressTaken`] if a container has it; otherwise as for every
    /// [`Store`](crate::Store#errors).
    pub fn add_conflicting_address(&self, address: IpAddr) -> Result<()> {
        self.record.subnet_of(address).ok_or_else(|| {
            let why = "no subnet of the network contains it";
            Error::new(ErrorKind::AddressUnusable, format!("record {address} as conflicting"), why)
                .in_network(self.name())
        })?;
        if self.session.store.add_conflicting_address(&self.record, address)? {
            return Ok(());
        }
        let holder = self
            .leases()?
            .into_iter()
            .find(|lease| lease.addresses.iter().any(|one| one.addr() == address));
        Err(taken(
            &self.record,
            address,
            Some(holder.as_ref().map_or("", |lease| &lease.container)),
        ))
    }

    /// Deletes the record that another host has an address; false if there was none.
    ///
    /// # Errors
    ///
    /// As for every [`Store`](crate::Store#errors).
    pub fn remove_conflicting_address(&self, address: IpAddr) -> Result<bool> {
        self.session.store.remove_conflicting_address(&self.record, address)
    }

    /// Returns the addresses that are recorded as conflicting.
    ///
    /// # Errors
    ///
    /// As for every [`Store`](crate::Store#errors).
    pub fn conflicting_addresses(&self) -> Result<Vec<ConflictingAddress>> {
        self.session.store.conflicting_addresses(&self.record)
    }

    /// Deletes the network, and its dummy link if it is isolated.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::NetworkInUse`] while containers are connected; [`ErrorKind::Kernel`] if the
    /// dummy link cannot be deleted; otherwise as for every [`Store`](crate::Store#errors).
    pub fn remove(self) -> Result<()> {
        self.session.store.remove_network(&self.record)?;
        self.session.remove_dummy(&self.record)
    }
}
