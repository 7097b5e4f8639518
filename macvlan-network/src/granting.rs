//! Obtains leases from the store.
//!
//! Conflicting leases of containers that are gone are released first. A lease is released again if
//! another host turns out to have its address.

use std::net::IpAddr;

use ipnet::IpNet;

use crate::ending;
use crate::error::{Error, ErrorKind, Result};
use crate::lease::{Lease, LeaseRequest};
use crate::network::Network;
use crate::store::LeaseOutcome;
use crate::store::refusal::{self, is_the_hosts};

/// The holder of an address that no container has.
#[derive(Clone, Copy, PartialEq)]
pub(crate) enum Other {
    ThisHost,
    OnTheWire,
}

impl Network {
    /// Obtains a lease, after releasing conflicting leases of containers that are gone.
    pub(crate) fn granted(&self, request: &LeaseRequest) -> Result<LeaseOutcome> {
        loop {
            match self.session.store.lease(&self.record, request) {
                Err(error) if self.takes_from_the_dead(&error, request)? => {}
                Err(error) if error.kind() == ErrorKind::AddressConflict => {
                    return Err(self.of_this_host(request)?.unwrap_or(error));
                }
                granted => return granted,
            }
        }
    }

    /// Returns the error for a requested or reserved address that this host has.
    fn of_this_host(&self, request: &LeaseRequest) -> Result<Option<Error>> {
        for address in request.all_fixed(&self.record)? {
            if self.is_local(address)? {
                return Ok(Some(is_the_hosts(&self.record, address)));
            }
        }
        Ok(None)
    }

    fn is_local(&self, address: IpAddr) -> Result<bool> {
        let is_local = self.session.host.handle().and_then(|handle| handle.is_local(address));
        is_local.map_err(|error| Error::kernel("list this host's addresses", error))
    }

    /// Releases the leases that a request conflicts with, if their containers and interfaces are
    /// gone; false if none was.
    fn takes_from_the_dead(&self, refused: &Error, request: &LeaseRequest) -> Result<bool> {
        let (store, network) = (&self.session.store, &self.record);
        let mut holders = Vec::new();
        match refused.kind() {
            ErrorKind::AddressTaken => {
                for address in request.all_fixed(network)? {
                    holders.extend(store.holding(network, address)?);
                }
            }
            ErrorKind::NameTaken => {
                if let Some(name) = request.name.as_deref() {
                    let named = store.named(network, name)?.into_iter();
                    holders.extend(named.filter(|lease| lease.name.as_deref() == Some(name)));
                }
            }
            _ => return Ok(false),
        }
        let (mut taken, until) = (false, ending::deadline());
        for holder in holders {
            taken |= self.session.is_gone(&holder)?
                && !self.release_gone(vec![holder], until)?.is_empty();
        }
        Ok(taken)
    }

    /// Releases a lease, because another host has one of its addresses.
    ///
    /// Fails if that address was requested, or is reserved for the container.
    pub(crate) fn gives_way(
        &self,
        (lease, taken): (&Lease, &[Lease]),
        (address, holder): (IpAddr, Other),
        request: &LeaseRequest,
    ) -> Result<()> {
        self.session.store.undo_lease(&self.record, lease, taken)?;
        let is_requested = request.all_fixed(&self.record)?.contains(&address);
        if holder == Other::ThisHost && is_requested {
            return Err(is_the_hosts(&self.record, address));
        }
        self.session.store.add_conflicting_address(&self.record, address)?;
        if is_requested {
            return Err(refusal::taken(&self.record, address, None));
        }
        Ok(())
    }

    /// Releases a lease after an error, and returns that error, with a leftover if the release
    /// fails.
    pub(crate) fn undo_lease(&self, lease: &Lease, taken: &[Lease], why: Error) -> Result<Error> {
        match self.session.store.undo_lease(&self.record, lease, taken) {
            Ok(_) => Ok(why),
            Err(error) => Err(why.leaves(format!("a lease of {:?} ({error})", lease.container))),
        }
    }

    /// Returns an address of a lease that this host or a host on the LAN has.
    ///
    /// The addresses of the leases that it took were checked when they were allocated.
    pub(crate) fn who_else(
        &self,
        lease: &Lease,
        taken: &[Lease],
    ) -> Result<Option<(IpAddr, Other)>> {
        let (host, probe) = (&self.session.host, &self.session.probe);
        let was_asked = |net: &&IpNet| taken.iter().any(|one| one.addresses.contains(net));
        let fresh = lease.addresses.iter().filter(|net| !was_asked(net));
        let addresses: Vec<IpAddr> = fresh.map(IpNet::addr).collect();
        for address in &addresses {
            if self.is_local(*address)? {
                return Ok(Some((*address, Other::ThisHost)));
            }
        }
        if !self.config().get_probe() || addresses.is_empty() {
            return Ok(None);
        }
        let fails = |error| Error::kernel("probe the addresses", error);
        if self.is_isolated() {
            // It does not exist yet after a reboot or on another host.
            self.session.make_dummy(&self.record)?;
        }
        let parent = self.record.link().map_err(fails)?;
        let taken = probe.taken(host, &parent, &addresses).map_err(fails)?;
        let found = taken.into_iter().find(|address| addresses.contains(address));
        Ok(found.map(|address| (address, Other::OnTheWire)))
    }
}
