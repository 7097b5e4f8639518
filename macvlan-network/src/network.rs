//! One network: the handle that connects containers to it.

use std::net::IpAddr;
use std::sync::Arc;

use crate::config::NetworkConfig;
use crate::container_ref::ContainerRef;
use crate::error::{Error, ErrorKind, Result};
use crate::lease::{Foreign, Lease};
use crate::record::NetworkRecord;
use crate::session::Session;
use crate::store::refusal::taken;

/// A network that exists: connects containers to it, and tells who is.
#[derive(Debug, Clone)]
pub struct Network {
    pub(crate) session: Arc<Session>,
    pub(crate) record: NetworkRecord,
    pub(crate) warnings: Vec<String>,
}

impl Network {
    /// Its id: 64 hexadecimal digits.
    pub fn id(&self) -> &str {
        &self.record.id
    }

    /// Its name.
    pub fn name(&self) -> &str {
        self.record.name()
    }

    /// When it was created: `2024-05-01T12:00:00Z`.
    pub fn created(&self) -> &str {
        &self.record.created
    }

    /// What the store has of it; [`Networks::with_record`](crate::Networks::with_record) leads back.
    pub fn record(&self) -> &NetworkRecord {
        &self.record
    }

    /// Returns what would have kept containers from being connected when it was created or changed by this
    /// handle, in sentences; none of a network that was found.
    pub fn warnings(&self) -> &[String] {
        &self.warnings
    }

    /// What it was created as.
    pub fn config(&self) -> &NetworkConfig {
        &self.record.config
    }

    /// The link that its containers hang on: the parent, or, for an isolated network, the dummy link
    /// of its own.
    pub fn parent(&self) -> String {
        self.record.parent()
    }

    /// Who is connected, on all hosts, as far as that can be read: see
    /// [`Networks::unreadable`](crate::Networks::unreadable).
    pub fn leases(&self) -> Result<Vec<Lease>> {
        self.session.store.leases(Some(&self.record))
    }

    /// Returns the lease of a container, or of one of its interfaces: `lease("c1")`, `lease("c1/eth1")`. Of
    /// several it is that of the first that was connected.
    pub fn lease<'a>(&self, of: impl Into<ContainerRef<'a>>) -> Result<Option<Lease>> {
        Ok(self.leases_of(of)?.into_iter().next())
    }

    /// Returns the leases of a container, one for each of its interfaces in this network, in the order in which
    /// they were connected.
    pub fn leases_of<'a>(&self, of: impl Into<ContainerRef<'a>>) -> Result<Vec<Lease>> {
        let of = of.into();
        let mut leases = self.session.store.find(&self.record, of.container)?;
        leases.retain(|lease| of.means(lease));
        leases.sort_by_key(|lease| lease.sequence);
        Ok(leases)
    }

    /// The lease as the store has it now, with the container's others in this network; none if it is not there
    /// any more.
    pub(crate) fn still(&self, lease: &Lease) -> Result<Option<(Lease, Vec<Lease>)>> {
        let mut all = self.leases_of(&lease.container)?;
        let at = all.iter().position(|one| one.endpoint == lease.endpoint);
        Ok(at.map(|at| (all.remove(at), all)))
    }

    /// Remembers that somebody has an address who is no container of this network: it is not given
    /// any more. Refused if a container has it.
    pub fn add_foreign(&self, address: IpAddr) -> Result<()> {
        self.record.subnet_of(address).ok_or_else(|| {
            let why = "it is in no subnet of the network";
            Error::new(ErrorKind::AddressUnusable, format!("keep {address} back"), why)
                .in_network(self.name())
        })?;
        if self.session.store.add_foreign(&self.record, address)? {
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

    /// Forgets that somebody has an address; false if it was not known.
    pub fn forget_foreign(&self, address: IpAddr) -> Result<bool> {
        self.session.store.forget_foreign(&self.record, address)
    }

    /// The addresses that somebody has who is no container of this network.
    pub fn foreign(&self) -> Result<Vec<Foreign>> {
        self.session.store.foreign(&self.record)
    }

    /// Removes it, and the link that it made, if it is isolated; refused while somebody is connected.
    pub fn remove(self) -> Result<()> {
        self.session.store.remove_network(&self.record)?;
        self.session.remove_dummy(&self.record)
    }
}
