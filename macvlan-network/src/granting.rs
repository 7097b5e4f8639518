//! What a store grants: at the expense of those that are gone, and given back where somebody else turns out to
//! have an address.

use std::net::IpAddr;

use ipnet::IpNet;

use crate::error::{Error, ErrorKind, Result};
use crate::lease::{Lease, Wish};
use crate::network::Network;
use crate::store::Granted;
use crate::store::refusal::{self, is_the_hosts};

/// Who has an address that is no container's.
#[derive(Clone, Copy, PartialEq)]
pub(crate) enum Other {
    ThisHost,
    OnTheWire,
}

impl Network {
    /// Has a wish granted, if need be at the expense of those that are gone.
    pub(crate) fn granted(&self, wish: &Wish) -> Result<Granted> {
        loop {
            match self.session.store.lease(&self.record, wish) {
                Err(error) if self.takes_from_the_dead(&error, wish)? => {}
                Err(error) if error.kind() == ErrorKind::AddressForeign => {
                    return Err(self.of_this_host(wish)?.unwrap_or(error));
                }
                granted => return granted,
            }
        }
    }

    /// The error for an address that is wished for, and that this host has itself.
    fn of_this_host(&self, wish: &Wish) -> Result<Option<Error>> {
        for address in &wish.addresses {
            if self.is_local(*address)? {
                return Ok(Some(is_the_hosts(&self.record, *address)));
            }
        }
        Ok(None)
    }

    fn is_local(&self, address: IpAddr) -> Result<bool> {
        let is_local = self.session.host.handle().and_then(|handle| handle.is_local(address));
        is_local.map_err(|error| Error::kernel("look for the address on this host", error))
    }

    /// Whether a wish was refused for a container that is gone, whose lease was taken back now.
    fn takes_from_the_dead(&self, refused: &Error, wish: &Wish) -> Result<bool> {
        let (store, network) = (&self.session.store, &self.record);
        let mut holders = Vec::new();
        match refused.kind() {
            ErrorKind::AddressTaken => {
                for address in &wish.addresses {
                    holders.extend(store.holding(network, *address)?);
                }
            }
            ErrorKind::NameTaken => {
                if let Some(name) = wish.name.as_deref() {
                    let named = store.named(network, name)?.into_iter();
                    holders.extend(named.filter(|lease| lease.name.as_deref() == Some(name)));
                }
            }
            _ => return Ok(false),
        }
        let mut taken = false;
        for holder in holders {
            if self.session.is_gone(&holder)? {
                taken |= store.release(network, &holder)?;
            }
        }
        Ok(taken)
    }

    /// Gives a lease back of which somebody else has an address. Fails if it is one that was wished for.
    pub(crate) fn gives_way(
        &self,
        (lease, taken): (&Lease, &[Lease]),
        (address, holder): (IpAddr, Other),
        wish: &Wish,
    ) -> Result<()> {
        self.give_back(lease, taken)?;
        let is_wished = wish.addresses.contains(&address);
        if holder == Other::ThisHost && is_wished {
            return Err(is_the_hosts(&self.record, address));
        }
        self.session.store.add_foreign(&self.record, address)?;
        if is_wished {
            return Err(refusal::taken(&self.record, address, None));
        }
        Ok(())
    }

    /// Gives a lease back after an error, and returns that one; with what is left if that fails.
    pub(crate) fn undo_lease(&self, lease: &Lease, taken: &[Lease], why: Error) -> Result<Error> {
        match self.give_back(lease, taken) {
            Ok(()) => Ok(why),
            Err(error) => Err(why.leaves(format!("a lease of {:?} ({error})", lease.container))),
        }
    }

    /// Gives a lease back. Those that it took are pending again.
    fn give_back(&self, lease: &Lease, taken: &[Lease]) -> Result<()> {
        let store = &self.session.store;
        store.release(&self.record, lease)?;
        taken.iter().try_for_each(|pending| store.adopt(&self.record, pending))
    }

    /// An address of a lease that somebody else has: this host, or somebody on the wire. Those of leases that
    /// it took were asked for before.
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
        if !self.config().is_probe() || addresses.is_empty() {
            return Ok(None);
        }
        let fails = |error| Error::kernel("probe the addresses", error);
        if self.is_isolated() {
            // After a reboot, or on another host, it is not there yet.
            self.session.make_dummy(&self.record)?;
        }
        let parent = self.record.link().map_err(fails)?;
        let taken = probe.taken(host, &parent, &addresses).map_err(fails)?;
        let found = taken.into_iter().find(|address| addresses.contains(address));
        Ok(found.map(|address| (address, Other::OnTheWire)))
    }
}
