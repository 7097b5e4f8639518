//! Addresses for a container that is not there yet.

use std::net::IpAddr;

use macvlan_core::MacAddr;

use crate::error::{Error, Result};
use crate::lease::{Lease, LeaseState};
use crate::member::Member;
use crate::network::Network;
use crate::pending::Pending;
use crate::random;
use crate::store::Granted;

/// Which addresses are to be allocated: a value.
#[derive(Debug, Clone, PartialEq, Eq)]
#[must_use]
pub struct Allocation {
    addresses: Vec<IpAddr>,
    families: [bool; 2],
    mac: Option<MacAddr>,
}

impl Default for Allocation {
    fn default() -> Self {
        Self::new()
    }
}

impl Allocation {
    /// Creates one of an address of each family that the network has.
    pub fn new() -> Self {
        Self { addresses: Vec::new(), families: [true; 2], mac: None }
    }

    /// Adds an address that it is to have. One is chosen of each family of which none is given.
    pub fn address(mut self, address: IpAddr) -> Self {
        self.addresses.push(address);
        self
    }

    /// Sets whether an IPv4 address is chosen where none is given. Defaults to true.
    pub fn ipv4(mut self, choose: bool) -> Self {
        self.families[0] = choose;
        self
    }

    /// Sets whether an IPv6 address is chosen where none is given. Defaults to true.
    pub fn ipv6(mut self, choose: bool) -> Self {
        self.families[1] = choose;
        self
    }

    /// Sets the MAC address. Defaults to one that is derived as
    /// [`NetworkConfig::mac_from`](crate::NetworkConfig::mac_from) says.
    pub fn mac(mut self, mac: MacAddr) -> Self {
        self.mac = Some(mac);
        self
    }
}

impl Network {
    /// Leases addresses before there is a container, for callers that are asked for an address first. Nobody
    /// else gets them.
    ///
    /// The lease is pending until a container takes it, by its id ([`Lease::endpoint`]) in
    /// [`Member::take`], or until it is given back by [`Network::disconnect`] with that id. One that is
    /// pending for longer than [`Networks::with_pending_age`](crate::Networks::with_pending_age) says, or since
    /// another boot, is taken back by [`Networks::collect`](crate::Networks::collect).
    ///
    /// # Errors
    ///
    /// - [`ErrorKind::InvalidValue`](crate::ErrorKind::InvalidValue): it would have no address, in a network that
    ///   has some.
    /// - Others as of [`Network::connect`].
    pub fn allocate(&self, allocation: &Allocation) -> Result<Lease> {
        let operation = "allocate addresses";
        let allocate = || loop {
            let mut member = Member::new(random::id());
            for address in &allocation.addresses {
                member = member.address(*address);
            }
            if let Some(mac) = allocation.mac {
                member = member.mac(mac);
            }
            let state = LeaseState::Pending(Pending::now()?);
            let mut wish = member.wish(&self.session.host_name, state)?;
            (wish.families, wish.is_moved) = (allocation.families, false);
            let is_bare = wish.addresses.is_empty()
                && ![false, true].into_iter().any(|v6| wish.chooses(&self.record, v6));
            if is_bare && !self.config().is_without_addresses() {
                let why = "the network has no subnet of a family that is asked for";
                return Err(Error::invalid(operation, why));
            }
            match self.granted(&wish)? {
                Granted::New { lease, .. } => match self.who_else(&lease, &[]) {
                    Ok(None) => return Ok(lease),
                    Ok(Some(other)) => self.gives_way((&lease, &[]), other, &wish)?,
                    Err(why) => return Err(self.undo_lease(&lease, &[], why)?),
                },
                // Nobody else has this id.
                Granted::Held { .. } => {}
                Granted::Changed(record) => {
                    return Self { record, ..self.clone() }.allocate(allocation);
                }
            }
        };
        allocate().map_err(|error: Error| error.during(operation).in_network(self.name()))
    }
}
